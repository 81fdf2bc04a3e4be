# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machinery itself: a correct toy rotation keeps the rules at each point, and each flaw is detected by its rule."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import store
import toy
from harness import play
from kills import ANSWER, REQUEST, SAVE, TASK_END, Fixture, Point, run
from proofs import Proof, Scenario
from simulator.client import Simulator


def test_a_correct_rotation_keeps_all_rules(prove: Callable[[Scenario], Proof]) -> None:
    final_record = {"phase": "idle", "pending": None}

    proof = prove(Scenario("toy", toy.prepare, final_record, kills_at=lambda point: point.kind == ANSWER))

    assert {point.kind for point in proof.points} == {TASK_END, SAVE, REQUEST, ANSWER}


#: When the answer to the request for a new token has arrived.
STAGED = Point(ANSWER, 2, "POST /v1/AuthTokens/Secondary")


@pytest.mark.parametrize(
    ("flaw", "rule"),
    [
        ("saves late", "rule 1"),
        ("loses tokens", "rule 2"),
        ("distributes late", "rule 3"),
        ("prints", "rule 4"),
        ("passes as an argument", "rule 4"),
        ("is never idle", "rule 5"),
    ],
)
def test_each_flaw_is_detected_by_its_rule(
    simulator: Simulator, tmp_path: Path, seen: Path, flaw: str, rule: str
) -> None:
    # Only one of them shows when a run is killed, and all others as soon as one is stopped.
    scenario = Scenario(flaw, functools.partial(toy.prepare, flaw=flaw), kills_at=lambda point: point == STAGED)

    problems = Proof(scenario, simulator, tmp_path, seen).problems()

    assert any(rule in problem for problem in problems), problems


def test_no_process_is_left(tmp_path: Path) -> None:
    """Not even one that left the process group, and whose parent has ended."""
    tasks: list[dict[str, Any]] = [
        {"name": "Leave", "ansible.builtin.command": {"argv": ["sleep", "1000.5"]}, "async": 1000, "poll": 0},
        {"name": "Wait", "ansible.builtin.pause": {"seconds": 1}},
        {"name": "End", "ansible.builtin.meta": "noop"},
    ]
    started = Fixture(tmp_path, play(tasks), callers=[])

    ran = run(started, "killed", Point(TASK_END, 2, "Wait"))

    assert "1000.5" in ran.programs
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(b"1000.5" in command for command in commands)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_killed_while_saving_leaves_the_old_or_the_new_record(tmp_path: Path, number: int) -> None:
    record = tmp_path / "records" / "AC1.yml"
    store.write(record, "password", {"phase": "old"})
    save = {"toy_record": {"path": str(record), "password": "password", "changes": {"phase": "new"}}}
    killed = Fixture(tmp_path, play([{"name": "Save", **save}]), callers=[], saves_below=[record.parent])

    run(killed, "killed", Point(SAVE, number, "flush, rename, flush of the folder"))

    is_renamed = number == 3
    assert store.read(record, "password") == {"phase": "new" if is_renamed else "old"}
    assert len(list(record.parent.iterdir())) == (1 if is_renamed else 2)
