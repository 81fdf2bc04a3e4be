# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the targets, one for each module and role: typical uses in YAML. Neither warnings nor writes in check mode.

Modules run in process here; test_in_process.py compares the results with those of module processes.
"""

from __future__ import annotations

import pytest
from harness import HERE, ansible_playbook, play

TARGETS = sorted(folder.name for folder in (HERE / "targets").iterdir())


def environment(simulator) -> dict[str, str]:
    return {
        "ANSIBLE_ROLES_PATH": str(HERE / "targets"),
        "TWILIO_ACCOUNT_SID": simulator.account_sid,
        "TWILIO_AUTH_TOKEN": simulator.auth_token,
        "TWILIO_BASE_URL": simulator.url,
    }


def warnings(output: str) -> list[str]:
    """Return the warnings of a run, except that for a target that deletes a token without naming it."""
    lines = [line for line in output.splitlines() if line.startswith(("[WARNING]", "[DEPRECATION"))]
    return [line for line in lines if "Whether a secondary token exists can't be determined" not in line]


@pytest.mark.parametrize("target", TARGETS)
def test_target(simulator, tmp_path, target):
    run = ansible_playbook(tmp_path, [play([], roles=[target])], **environment(simulator))
    assert run.status == 0, run.output
    assert warnings(run.output) == []


@pytest.mark.parametrize("name", ["demo"])
def test_playbooks_of_the_collection(simulator, tmp_path, name):
    playbook = [{"import_playbook": f"community.twilio.{name}"}]
    simulator.settings(forbid_writes=True)
    dry = ansible_playbook(tmp_path, playbook, "--check", "--diff", **environment(simulator))
    assert dry.status == 0, dry.output
    assert simulator.health()["forbidden_writes"] == 0
    simulator.settings(forbid_writes=False)
    changed, costs = [], []
    for _time in range(2):
        run = ansible_playbook(tmp_path, playbook, **environment(simulator))
        assert run.status == 0, run.output
        changed.append([result.task for result in run.results if result.get("changed")])
        records = [record for result in run.results for record in result.get("records") or []]
        costs.append([record["price"] for record in records])
    # What the first run created doesn't make the second one show another cost.
    assert costs[0]
    assert costs[0] == costs[1]
    assert changed == [[result.task for result in dry.results if result.get("changed")], []]
