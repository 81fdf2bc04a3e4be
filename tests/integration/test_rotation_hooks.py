# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks that must not pass: their host can't be reached, or what they check claims that there was nothing to check."""

from __future__ import annotations

import json
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from serving import QuietHandler, serving
from simulator.client import Simulator
from token_rotations import PRIMARY, Accounts, Rotation, only

IDLE = {"phase": "idle", "primary": PRIMARY}

#: A host at whose port nobody listens.
GONE = {
    "ansible_connection": "ssh",
    "ansible_host": "127.0.0.1",
    "ansible_port": 1,
    "ansible_ssh_common_args": "-o BatchMode=yes",
}


@pytest.mark.parametrize("hook", ["distribute", "verify"])
def test_a_host_that_can_not_be_reached_is_no_success(simulator: Simulator, tmp_path: Path, hook: str) -> None:
    path = tmp_path / "push.yml"
    push = {"name": "Give the consumer both", "ansible.builtin.raw": "true", "delegate_to": "shop", "vars": GONE}
    path.write_text(json.dumps([push]), encoding="utf-8")
    rotations = [Rotation("gone", record=IDLE, variables={**only(), f"{hook}_tasks": str(path)})]
    accounts = Accounts(simulator, tmp_path, {"ignore_unreachable": True})
    accounts.seed(rotations)

    rotated = accounts.run(rotations)["gone"]

    assert rotated.writes == ["POST Secondary"]
    assert rotated.record["phase"] == "staged"
    assert rotated.valid == {PRIMARY, rotated.record["pending"]}


def test_a_consumer_that_accepts_everything_can_not_claim_that_nothing_was_sent(
    simulator: Simulator, tmp_path: Path
) -> None:
    class Consumer(QuietHandler):
        def do_POST(self) -> None:
            self.read_body()
            self.send_response(200)
            # The module's result has it as a key.
            self.send_header("Skipped", "true")
            self.send_header("Content-Length", "0")
            self.end_headers()

    accounts = Accounts(simulator, tmp_path)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Consumer)) as url:
        variables = {**only(), "verify_tasks": "verify_webhook.yml", "webhook_url": url}
        rotations = [Rotation("all", record=IDLE, variables=variables)]
        accounts.seed(rotations)
        rotated = accounts.run(rotations)["all"]

    assert "accepts a request that is signed with a random key" in str(rotated.failure)
    assert rotated.valid == {PRIMARY, rotated.record["pending"]}
