# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SafeList numbers: each state, many at once, faults, and refusals."""

from __future__ import annotations

import pytest
from harness import Cell, CellRun, run_cells, run_task

MODULE = "community.twilio.twilio_safelist_number"
INFO = "community.twilio.twilio_safelist_number_info"
ONE, TWO, THREE, BLOCK = "+14155552671", "+14155552672", "+14155552673", "+18001234xxx"
ADD = {"phone_number": ONE}
REMOVE = {"phone_number": ONE, "state": "absent"}
THERE = {"safelist": [ONE]}
RUN = ("apply", "repeat")
ONCE = ("apply",)
NO_NUMBER = {"kind": "status", "status": 400, "code": 21211, "message": "Not a number"}

FAULTS = {
    "429": {"kind": "429"},
    "429 with Retry-After": {"kind": "429", "retry_after": 1},
    "500 before": {"kind": "500"},
    "500 after": {"kind": "500", "applied": True},
    "503 after": {"kind": "503", "applied": True},
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "html 404": {"kind": "html", "status": 404},
    "wrong shape": {"kind": "wrong_shape", "variant": "wrong_types"},
    "hang after": {"kind": "hang", "applied": True},
}


def faulty(name: str, method: str, arguments: dict, account: dict) -> list[Cell]:
    return [
        Cell(f"{name} | {fault}", {**arguments, "timeout": 1}, account, [{"method": method, **how}], RUN)
        for fault, how in FAULTS.items()
    ]


THREE_IN_TURN = {"phone_number": [ONE, TWO, THREE], "concurrency": 1}
EXISTS = {"method": "POST", "kind": "status", "status": 400, "code": 60411, "message": "Exists"}
GONE = {"method": "DELETE", "kind": "status", "status": 404, "code": 20404, "message": "Gone"}
FORBIDDEN = {"method": "POST", "skip": 1, "kind": "status", "status": 403, "code": 20003, "message": "Forbidden"}

CELLS = [
    Cell("add", ADD),
    Cell("there already", ADD, THERE),
    Cell("remove", REMOVE, THERE),
    Cell("absent already", REMOVE),
    Cell("a block", {"phone_number": BLOCK}),
    Cell("several", {"phone_number": [TWO, ONE, TWO, BLOCK]}, THERE),
    Cell("none", {"phone_number": []}),
    Cell("look up", {"phone_number": [TWO, ONE]}, THERE, module=INFO),
    *faulty("look", "GET", ADD, {}),
    *faulty("add", "POST", ADD, {}),
    *faulty("remove", "DELETE", REMOVE, THERE),
    Cell("added by somebody else", ADD, faults=[EXISTS], steps=ONCE),
    Cell("removed by somebody else", REMOVE, THERE, [GONE], ONCE),
    Cell("one of three fails", THREE_IN_TURN, {}, [{"method": "POST", "skip": 1, **NO_NUMBER}], RUN),
    Cell("look up, one fails", THREE_IN_TURN, THERE, [{"method": "GET", "skip": 1, **NO_NUMBER}], ONCE, INFO),
    Cell(
        "told to wait too long", THREE_IN_TURN, faults=[{"kind": "429", "retry_after": 3600, "count": None}], steps=ONCE
    ),
    Cell("not let in", {**THREE_IN_TURN, "auth_token": "f" * 32}, steps=ONCE),
    Cell("forbidden", THREE_IN_TURN, {}, [FORBIDDEN], ONCE),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


def list_numbers(run: CellRun) -> list[str]:
    return sorted(entry["phone_number"] for entry in run.state["safelist"])


@pytest.mark.parametrize(
    ("cell", "after"),
    [("add", [ONE]), ("remove", []), ("a block", [BLOCK]), ("several", [ONE, TWO, BLOCK])],
)
def test_what_changes(runs, cell, after):
    runs[cell].assert_changes_once()
    assert list_numbers(runs[cell]) == after


@pytest.mark.parametrize("cell", ["there already", "absent already", "none"])
def test_what_stays(runs, cell):
    runs[cell].assert_unchanged()


def test_what_a_run_takes(runs):
    assert runs["there already"].methods("apply") == ["GET"]
    assert runs["add"].methods("apply") == ["GET", "POST"]
    assert runs["remove"].methods("apply") == ["GET", "DELETE"]


def test_each_number_is_returned_once_in_the_order_given(runs):
    run = runs["several"]
    sids = {entry["phone_number"]: entry["sid"] for entry in run.state["safelist"]}
    assert run.apply["numbers"] == [
        {"phone_number": TWO, "sid": sids[TWO], "changed": True},
        {"phone_number": ONE, "sid": sids[ONE], "changed": False},
        {"phone_number": BLOCK, "sid": sids[BLOCK], "changed": True},
    ]
    assert run.results["check"]["numbers"][0] == {"phone_number": TWO, "sid": None, "changed": True}
    assert run.apply["diff"] == run.results["check"]["diff"]
    assert run.apply["diff"] == {
        "before": {TWO: "absent", ONE: "present", BLOCK: "absent"},
        "after": {TWO: "present", ONE: "present", BLOCK: "present"},
    }
    assert runs["remove"].apply["numbers"] == [{"phone_number": ONE, "sid": None, "changed": True}]


def test_looking_up(runs):
    runs["look up"].assert_unchanged()
    assert "diff" not in runs["look up"].apply.values
    assert runs["look up"].apply["numbers"] == [
        {"phone_number": TWO, "sid": None, "exists": False},
        {"phone_number": ONE, "sid": runs["look up"].state["safelist"][0]["sid"], "exists": True},
    ]


@pytest.mark.parametrize("cell", [cell.name for cell in CELLS if " | " in cell.name])
def test_each_fault_is_survived(runs, cell):
    run = runs[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert list_numbers(run) == ([] if cell.startswith("remove") else [ONE])
    assert run.apply["numbers"][0]["sid"] == (run.state["safelist"][0]["sid"] if list_numbers(run) else None)


@pytest.mark.parametrize("cell", ["added by somebody else", "removed by somebody else"])
def test_a_change_by_somebody_else_is_no_change(runs, cell):
    assert not runs[cell].apply.failed
    assert runs[cell].apply["changed"] is False
    assert runs[cell].apply["numbers"][0]["changed"] is False


def test_one_that_fails_leaves_the_others_alone_and_a_second_run_does_the_rest(runs):
    run = runs["one of three fails"]
    assert run.apply.failed
    assert run.apply["changed"] is True
    assert (run.apply["status"], run.apply["code"]) == (400, 21211)
    assert "1 of 3" in run.apply["msg"]
    assert TWO in run.apply["msg"]
    assert [(entry["changed"], entry.get("failed", False)) for entry in run.apply["numbers"]] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    failed = run.apply["numbers"][1]
    assert (failed["code"], failed["status"]) == (21211, 400)
    assert "Not a number" in failed["msg"]
    assert run.results["repeat"]["changed"] is True
    assert run.methods("repeat").count("POST") == 1
    assert list_numbers(run) == [ONE, TWO, THREE]
    assert run.apply["diff"] == {
        "before": {ONE: "absent", THREE: "absent"},
        "after": {ONE: "present", THREE: "present"},
    }
    assert "diff" not in runs["not let in"].apply.values


def test_a_number_that_cannot_be_looked_up(runs):
    run = runs["look up, one fails"]
    assert run.apply.failed
    assert [entry["exists"] for entry in run.apply["numbers"]] == [True, None, False]


def test_a_retry_after_that_is_too_long_ends_it_at_once(runs):
    run = runs["told to wait too long"]
    assert (run.apply["status"], run.apply["code"]) == (429, 20429)
    assert "wait for 3600 seconds" in run.apply["msg"]
    assert ["Twilio refuses all" in entry["msg"] for entry in run.apply["numbers"]] == [False, True, True]
    assert run.methods("apply") == ["GET"]


@pytest.mark.parametrize(("cell", "status", "tried"), [("not let in", 401, 1), ("forbidden", 403, 2)])
def test_credentials_that_are_refused_end_it_at_once(runs, cell, status, tried):
    run = runs[cell]
    assert run.apply.failed
    assert run.apply["status"] == status
    not_tried = ["Not tried" in entry.get("msg", "") for entry in run.apply["numbers"]]
    assert not_tried == [False] * tried + [True] * (3 - tried)
    assert run.methods("apply").count("GET") == tried


WRONG = {
    "no plus sign": "4155552671",
    "read as a number": 14155552671,
    "leading zero": "+0123456",
    "spaces": "+1 415 555 2671",
    "a URI": "tel:+14155552671",
    "17 digits": "+12345678901234567",
    "an unfinished block": "+18001234xx",
}


@pytest.fixture(scope="module")
def wrong(running_simulator) -> dict[str, CellRun]:
    cells = [Cell(name, {"phone_number": [ONE, number]}, steps=ONCE) for name, number in WRONG.items()]
    cells.append(Cell("concurrency", {**ADD, "concurrency": 0}, steps=ONCE))
    return run_cells(running_simulator, MODULE, cells)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_numbers_are_refused_before_any_request(wrong, name):
    assert wrong[name].apply.failed
    assert "phone_number: expected E.164" in wrong[name].apply["msg"]
    assert ("quote it" in wrong[name].apply["msg"]) == (name in ("no plus sign", "read as a number"))
    assert wrong[name].requests["apply"] == []


def test_a_wrong_concurrency_is_refused_before_any_request(wrong):
    assert "concurrency: expected 1 to 100" in wrong["concurrency"].apply["msg"]
    assert wrong["concurrency"].requests["apply"] == []


def add_many(simulator, count: int):
    """Add that many numbers in one task, with 32 requests at once."""
    arguments = {
        "account_sid": simulator.account_sid,
        "auth_token": simulator.auth_token,
        "base_url": simulator.url,
        "phone_number": [f"+1415555{number:04}" for number in range(count)],
        "concurrency": 32,
    }
    result = run_task(MODULE, arguments)
    assert not result.failed, result
    assert len(simulator.state(simulator.account_sid)["safelist"]) == count


def test_four_hundred_numbers_under_a_limit_of_a_hundred_a_second(simulator):
    simulator.settings(safelist_rate=100)
    add_many(simulator, 400)
    log = simulator.requests()
    assert sum(entry["status"] == 429 for entry in log) < len(log) / 3


def test_connections_are_kept_alive_and_no_more_than_the_concurrency(simulator):
    simulator.settings(latency_ms=20)
    simulator.control("DELETE", "connections")
    add_many(simulator, 300)
    assert simulator.request_count() == 600
    assert simulator.connections()["total"] <= 32
