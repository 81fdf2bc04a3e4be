# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Voice settings: how many requests a change takes, and what goes wrong."""

from __future__ import annotations

import pytest
from harness import Cell, CellRun, run_cells

MODULE = "community.twilio.twilio_voice_settings"
INFO = "community.twilio.twilio_voice_settings_info"
KEY = "dialing_permissions_inheritance"
OWN = {KEY: False}
RUN = ("apply", "repeat")

FAULTS = {
    "429": {"kind": "429"},
    "500 before": {"kind": "500"},
    "500 after": {"kind": "500", "applied": True},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "wrong shape": {"kind": "wrong_shape", "variant": "wrong_types"},
    "hang after": {"kind": "hang", "applied": True},
}

CELLS = [
    Cell("change", OWN),
    Cell("back", {KEY: True}, {"inherits_dialing_permissions": False}),
    Cell("as wanted", {KEY: True}),
    Cell("look up", {}, {"inherits_dialing_permissions": False}, module=INFO),
    Cell("nothing wanted", {}),
    Cell("not let in", {**OWN, "auth_token": "f" * 32}, steps=("apply",)),
    *(
        Cell(f"{method} | {name}", {**OWN, "timeout": 1}, faults=[{"method": method, **how}], steps=RUN)
        for method in ("GET", "POST")
        for name, how in FAULTS.items()
    ),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


@pytest.mark.parametrize(("cell", "wanted"), [("change", False), ("back", True)])
def test_what_changes_takes_two_requests_and_nothing_takes_one(runs, cell, wanted):
    run = runs[cell]
    run.assert_changes_once()
    assert [run.methods(step) for step in ("check", "apply", "repeat")] == [["GET"], ["GET", "POST"], ["GET"]]
    assert run.state["inherits_dialing_permissions"] is wanted
    assert run.apply["settings"] == run.results["check"]["settings"] == {KEY: wanted}
    assert run.apply["diff"] == run.results["check"]["diff"] == {"before": {KEY: not wanted}, "after": {KEY: wanted}}


@pytest.mark.parametrize("cell", ["as wanted", "look up"])
def test_what_stays(runs, cell):
    runs[cell].assert_unchanged()
    assert runs[cell].methods("apply") == ["GET"]


def test_they_are_looked_up(runs):
    assert runs["look up"].apply["settings"] == OWN


def test_what_is_refused(runs):
    runs["nothing wanted"].assert_refused("missing required arguments: " + KEY)
    runs["not let in"].assert_refused("Could not read the voice settings")


@pytest.mark.parametrize("cell", [cell.name for cell in CELLS if cell.faults])
def test_a_fault_is_survived(runs, cell):
    run = runs[cell]
    assert not run.apply.failed, run.apply
    assert run.apply["changed"] is True
    assert run.results["repeat"]["changed"] is False
    assert run.state["inherits_dialing_permissions"] is False
