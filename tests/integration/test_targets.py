# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the targets, one for each module and role: typical uses in YAML. Neither warnings nor writes in check mode.

Modules run in process here; test_in_process.py compares the results with those of module processes.
"""

from __future__ import annotations

from typing import Any

import pytest
from harness import HERE, Run, ansible_playbook, play

TARGETS = sorted(folder.name for folder in (HERE / "targets").iterdir())

#: The target after which the account has another auth token than the environment: it is the last one.
REPLACES_THE_TOKEN = "rotate_auth_token"


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


def play_of(target: str) -> dict[str, Any]:
    """Return a target's play, on a host of its own; after a failure the other plays run."""
    failure = "{{ ansible_failed_task.name }}: {{ ansible_failed_result }}"
    rescue = {"name": "The target failed", "ansible.builtin.debug": {"msg": failure}}
    tasks = [{"block": [{"ansible.builtin.import_role": {"name": target}}], "rescue": [rescue]}]
    return play(tasks, hosts=target, name=target)


@pytest.fixture(scope="module")
def ran(request, running_simulator, tmp_path_factory) -> Run:
    """Return the one run of all targets that are tested."""
    running_simulator.reset()
    items = [item for item in request.session.items if getattr(item, "originalname", "") == test_target.__name__]
    targets = sorted({item.callspec.params["target"] for item in items}, key=REPLACES_THE_TOKEN.__eq__)
    return ansible_playbook(
        tmp_path_factory.mktemp("targets"),
        [play_of(target) for target in targets],
        *("-i", f"{','.join(targets)},"),
        **environment(running_simulator),
    )


@pytest.mark.parametrize("target", TARGETS)
def test_target(ran, target):
    results = [result for result in ran.results if result.host == target]
    assert results, ran.output
    assert [result["msg"] for result in results if result.task == "The target failed"] == []


def test_no_target_warns(ran):
    assert warnings(ran.output) == []
    assert ran.status == 0, ran.output


def test_the_demonstration(simulator, tmp_path):
    playbook = [{"import_playbook": "community.twilio.demo"}]
    simulator.settings(forbid_writes=True)
    dry = ansible_playbook(tmp_path, playbook, "--check", "--diff", **environment(simulator))
    assert dry.status == 0, dry.output
    assert simulator.health()["forbidden_writes"] == 0
    simulator.settings(forbid_writes=False)
    run = ansible_playbook(tmp_path, playbook * 2, **environment(simulator))
    assert run.status == 0, run.output
    assert len(run.results) == 2 * len(dry.results)
    changed, costs = [], []
    for results in (run.results[: len(dry.results)], run.results[len(dry.results) :]):
        changed.append([result.task for result in results if result.get("changed")])
        records = [record for result in results for record in result.get("records") or []]
        costs.append([record["price"] for record in records])
    # What the first run created doesn't make the second one show another cost.
    assert costs[0]
    assert costs[0] == costs[1]
    assert changed == [[result.task for result in dry.results if result.get("changed")], []]
