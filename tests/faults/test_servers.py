# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vault, called by its collection's lookups, and the simulated IAM, called by modules, in runs that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import harness
import other_collections
import pytest
import requests
import token_fixtures
import vault_server
from harness import play
from iam import Iam
from kills import ANSWER, REQUEST, Fixture, Point, RunResult, Server, run
from rules import TokenInvariants
from simulator.client import Simulator
from token_fixtures import Start, Tokens
from vault_server import Vault

needs_other_collections = pytest.mark.skipif(
    not other_collections.FOLDER.exists(),
    reason="tests/faults/other_collections.py did not fetch the other collections",
)


@pytest.fixture(scope="module")
def iam() -> Iterator[Iam]:
    with Iam() as running:
        yield running


def make_fixture(
    folder: Path, server: Server, caller: str, tasks: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> Fixture:
    """Return a fixture whose play calls modules of other collections."""
    folder.mkdir()
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    return Fixture(
        folder,
        play(tasks),
        callers=[(server, caller)],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections, **environment},
    )


def points_around_second_request(ran: RunResult) -> list[tuple[Point, bool]]:
    """Return the points before and after a run's second request, which writes, and whether it was applied by then."""
    points = [point for point in ran.points if point.kind in (REQUEST, ANSWER) and point.number == 2]
    return [(point, point.kind == ANSWER) for point in points]


# -- Vault ----------------------------------------------------------------------------------------------------------


def test_the_server_ends_with_the_process_that_started_it() -> None:
    program = (
        "import os, signal, vault_server\n"
        "with vault_server.Vault() as vault:\n"
        "    print(vault.address, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(vault_server.__file__).parent)}
    killed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    def answers() -> bool:
        try:
            requests.get(killed.stdout.strip(), timeout=60)
        except requests.ConnectionError:
            return False
        return True

    end = time.monotonic() + 60
    while answers():
        assert time.monotonic() < end
        time.sleep(0.01)


def record_due(tokens: Tokens) -> Start:
    """Return an account whose token is due."""
    return Start({"auth_token": tokens.first}, {"phase": "idle", "primary": tokens.first}, [tokens.first])


@needs_other_collections
def test_vault_killed(simulator: Simulator, vault: Vault, tmp_path: Path) -> None:
    def prepare(name: str) -> TokenInvariants:
        folder = tmp_path / name
        folder.mkdir()
        return token_fixtures.prepare(simulator, folder, record_due, vault=vault)

    undisturbed = prepare("undisturbed")
    ran = run(undisturbed.fixture, "undisturbed")
    assert ran.result.status == 0, ran.result.output
    first_save = next(point for point in ran.points if point.what.startswith("POST /v1/secret/data/twilio/"))

    for kind, versions in ((REQUEST, 1), (ANSWER, 2)):
        killed = prepare(kind)
        run(killed.fixture, "killed", Point(kind, first_save.number, first_save.what))
        assert len(killed.store.holdings()) == versions, kind


# -- IAM ------------------------------------------------------------------------------------------------------------


@needs_other_collections
def test_iam_killed(iam: Iam, tmp_path: Path) -> None:
    def prepare(name: str) -> tuple[Fixture, str, str]:
        user, caller = f"user-{token_hex(4)}", iam.caller()
        iam.add_user(user)
        old, _secret = iam.add_key(user)
        tasks: list[dict[str, Any]] = [
            {"name": "Create", "amazon.aws.iam_access_key": {"user_name": user}, "no_log": True},
            {"name": "Delete", "amazon.aws.iam_access_key": {"user_name": user, "id": old, "state": "absent"}},
        ]
        return make_fixture(tmp_path / name, iam, caller, tasks, iam.environment(caller)), user, old

    undisturbed, user, old = prepare("undisturbed")
    ran = run(undisturbed, "undisturbed")
    assert ran.result.status == 0, ran.result.output
    assert len(iam.keys(user)) == 1
    assert old not in iam.keys(user)
    create, delete, listing = "CreateAccessKey", "DeleteAccessKey", "ListAccessKeys"
    assert [request.what for request in ran.requests[iam.name]] == [listing, create, listing, delete]

    for point, applied in points_around_second_request(ran):
        killed, user, old = prepare(point.kind)
        run(killed, "killed", point)
        assert len(iam.keys(user)) == 1 + applied, point
        assert old in iam.keys(user), point
