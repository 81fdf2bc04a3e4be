# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messaging geo permissions: changes and their requests, refusals, and faults."""

from __future__ import annotations

import json

import pytest
from harness import Cell, CellRun, run_cells

MODULE = "community.twilio.twilio_messaging_geo_permission"
INFO = "community.twilio.twilio_messaging_geo_permission_info"
THERE = {"enabled_countries": ["DE", "FR", "PK", "US"]}
ONLY = {"enabled": ["NO", "US"], "disabled": ["DE"]}
RUN = ("apply", "repeat")
ONCE = ("apply",)

FAULTS = {
    "429": {"kind": "429"},
    "500 before": {"kind": "500"},
    "500 after": {"kind": "500", "applied": True},
    "503 after": {"kind": "503", "applied": True},
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "html 404": {"kind": "html", "status": 404},
    "wrong shape": {"kind": "wrong_shape", "variant": "wrong_types"},
    "no items": {"kind": "null_items", "value": []},
    "an item without its country": {"kind": "wrong_field", "field": "country_code", "limit": 1},
    "items of another country": {"kind": "wrong_field", "field": "country_code", "value": "SE", "limit": 2},
    "hang after": {"kind": "hang", "applied": True},
}
ANOTHER_VALUE = {"method": "PATCH", "kind": "wrong_field", "field": "enabled", "value": False, "count": None}


def faulty(method: str) -> list[Cell]:
    faults = {name: {"method": method, **how} for name, how in FAULTS.items()}
    return [Cell(f"{method} | {name}", {**ONLY, "timeout": 1}, THERE, [how], RUN) for name, how in faults.items()]


CELLS = [
    Cell("change", ONLY, THERE),
    Cell("as wanted", {"enabled": ["US"], "disabled": ["NO"]}, THERE),
    Cell("all others", {"enabled": ["US", "PK"], "disabled": ["NO"], "others": "disabled"}, THERE),
    Cell("others as wanted", {"enabled": ["US"], "others": "disabled"}),
    Cell("none at all", {"others": "disabled"}, {"enabled_countries": ["DE", "US"]}),
    Cell("nothing named", {"enabled": [], "disabled": []}, THERE),
    Cell("refused", {"disabled": ["DE", "PK", "FR"]}, THERE),
    Cell("refused alone", {"enabled": ["BD"]}, THERE),
    Cell("unsupported", {"enabled": ["CU", "NO"]}, THERE),
    Cell("high-risk as wanted", {"enabled": ["PK"], "disabled": ["BD"]}, THERE),
    Cell("high-risk among others", {"enabled": ["US"], "others": "disabled"}, THERE),
    Cell("another value", ONLY, THERE, [ANOTHER_VALUE], ("apply",)),
    Cell("look up", {"country_code": ["US", "NO", "US"]}, THERE, module=INFO),
    Cell("look up all", {}, THERE, module=INFO),
    Cell("not let in", {**ONLY, "auth_token": "f" * 32}, steps=ONCE),
    *faulty("GET"),
    *faulty("PATCH"),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


def changes_sent(run: CellRun, step: str) -> list[dict[str, bool]]:
    """Return the changes in each PATCH of a step."""
    changes = [map(json.loads, entry["form"]["Permissions"]) for entry in run.requests[step] if entry["form"]]
    return [{change["country_code"]: change["enabled"] for change in each} for each in changes]


@pytest.mark.parametrize(
    ("cell", "changes", "after"),
    [
        ("change", {"NO": True, "DE": False}, ["FR", "NO", "PK", "US"]),
        ("all others", {"DE": False, "FR": False}, ["PK", "US"]),
        ("none at all", {"DE": False, "US": False}, []),
    ],
)
def test_what_changes_takes_two_requests_and_nothing_takes_one(runs, cell, changes, after):
    run = runs[cell]
    run.assert_changes_once()
    assert [run.methods(step) for step in ("check", "apply", "repeat")] == [["GET"], ["GET", "PATCH"], ["GET"]]
    assert changes_sent(run, "apply") == [changes]
    assert run.state["enabled_countries"] == after
    assert run.apply["diff"] == run.results["check"]["diff"]
    assert run.apply["countries"] == run.results["check"]["countries"]
    assert run.apply["diff"]["after"] == {code: "enabled" if now else "disabled" for code, now in changes.items()}


def test_each_country_that_is_named_or_changed_is_returned(runs):
    assert runs["all others"].apply["countries"] == [
        {"country_code": "US", "enabled": True, "changed": False},
        {"country_code": "PK", "enabled": True, "changed": False},
        {"country_code": "NO", "enabled": False, "changed": False},
        {"country_code": "DE", "enabled": False, "changed": True},
        {"country_code": "FR", "enabled": False, "changed": True},
    ]


@pytest.mark.parametrize(
    ("cell", "methods"),
    [
        ("as wanted", ["GET"]),
        ("others as wanted", ["GET"]),
        ("high-risk as wanted", ["GET"]),
        ("nothing named", []),
        ("look up", ["GET"]),
        ("look up all", ["GET"]),
    ],
)
def test_what_stays(runs, cell, methods):
    runs[cell].assert_unchanged()
    assert runs[cell].methods("apply") == methods


def test_a_country_that_is_refused_leaves_the_others_done_and_a_second_run_does_only_that(runs):
    run = runs["refused"]
    assert not run.results["check"].failed
    assert run.apply.failed
    assert (run.apply["changed"], run.apply["code"], run.apply["status"]) == (True, 30649, 200)
    assert run.apply["msg"].startswith(
        "1 of 3 countries failed: Could not disable messages to PK: Twilio answered 30649, High risk country"
        " permission cannot be updated. Twilio lets high-risk countries be changed in its Console alone"
    )
    done, refused, other = run.apply["countries"]
    assert (done, other) == (
        {"country_code": "DE", "enabled": False, "changed": True},
        {"country_code": "FR", "enabled": False, "changed": True},
    )
    assert {key: refused[key] for key in refused if key != "msg"} == {
        "country_code": "PK",
        "enabled": True,
        "changed": False,
        "failed": True,
        "code": 30649,
    }
    assert run.apply["msg"].endswith(refused["msg"])
    assert run.apply["diff"] == {
        "before": {"DE": "enabled", "FR": "enabled"},
        "after": {"DE": "disabled", "FR": "disabled"},
    }
    again = run.results["repeat"]
    assert again.failed
    assert again["changed"] is False
    assert "diff" not in again.values
    assert changes_sent(run, "repeat") == [{"PK": False}]
    assert run.state["enabled_countries"] == ["PK", "US"]


@pytest.mark.parametrize(
    ("cell", "changed", "after"),
    [
        ("refused alone", False, ["DE", "FR", "PK", "US"]),
        ("unsupported", True, ["DE", "FR", "NO", "PK", "US"]),
        ("high-risk among others", True, ["PK", "US"]),
    ],
)
def test_what_is_refused_fails_each_time(runs, cell, changed, after):
    run = runs[cell]
    assert (run.apply.failed, run.apply["changed"]) == (True, changed)
    assert (run.results["repeat"].failed, run.results["repeat"]["changed"]) == (True, False)
    assert run.state["enabled_countries"] == after


@pytest.mark.parametrize("cell", [cell.name for cell in CELLS if " | " in cell.name])
def test_each_fault_is_survived(runs, cell):
    run = runs[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert run.state["enabled_countries"] == ["FR", "NO", "PK", "US"]


def test_an_answer_with_another_value_than_requested_is_not_trusted(runs):
    run = runs["another value"]
    assert run.apply.failed
    assert "Could not change the messaging geo permissions of NO, DE: " in run.apply["msg"]
    assert "expected enabled to be true for NO, as requested" in run.apply["msg"]
    assert run.methods("apply") == ["GET", *["PATCH"] * 6]


def test_looking_up(runs):
    assert runs["look up"].apply["countries"] == [
        {"country_code": "US", "enabled": True, "prefix": "+1", "message": ""},
        {"country_code": "NO", "enabled": False, "prefix": "+47", "message": ""},
    ]
    countries = runs["look up all"].apply["countries"]
    assert len(countries) > 200
    assert [each["country_code"] for each in countries if each["enabled"]] == ["DE", "FR", "PK", "US"]
    assert "diff" not in runs["look up"].apply.values


def test_credentials_that_are_refused(runs):
    assert (runs["not let in"].apply["status"], runs["not let in"].apply["code"]) == (401, 20003)
    assert runs["not let in"].methods("apply") == ["GET"]


#: Invalid arguments, and parts of the message.
WRONG = {
    "in both": ({"enabled": ["DE", "US"], "disabled": ["US"]}, "disabled: expected other countries than in enabled"),
    "lower case": ({"enabled": ["de"]}, "enabled: expected country codes of ISO 3166"),
    "three letters": ({"disabled": ["USA"]}, "disabled: expected country codes of ISO 3166"),
    # As YAML reads an unquoted NO: within a list, and in place of one.
    "Norway": ({"enabled": ["DE", False]}, "(YAML reads an unquoted NO as false: quote it)"),
    "only Norway": ({"disabled": False}, "(YAML reads an unquoted NO as false: quote it)"),
    "others": ({"enabled": ["DE"], "others": "enabled"}, "value of others must be one of: keep, disabled"),
}


@pytest.fixture(scope="module")
def wrong(running_simulator) -> dict[str, CellRun]:
    cells = [Cell(name, arguments) for name, (arguments, _words) in WRONG.items()]
    cells.append(Cell("look up Norway", {"country_code": [False]}, module=INFO))
    cells.append(Cell("not listed", {"enabled": ["NO"], "disabled": ["UK"]}))
    cells.append(Cell("look up one not listed", {"country_code": ["US", "UK"]}, module=INFO))
    cells.append(Cell("not listed any more", {"disabled": ["CU"]}))
    return run_cells(running_simulator, MODULE, cells, {"unsupported_countries_listed": False})


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused_before_any_request(wrong, name):
    wrong[name].assert_refused(WRONG[name][1])
    assert [*wrong[name].requests.values()] == [[], [], []]


def test_norway_is_looked_up_in_quotes_only(wrong):
    wrong["look up Norway"].assert_refused("country_code: ", "quote it")
    assert wrong["look up Norway"].requests["apply"] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not listed", "disabled: Twilio lists no messaging geo permission for UK."),
        ("look up one not listed", "country_code: Twilio lists no messaging geo permission for UK."),
        ("not listed any more", "disabled: Twilio lists no messaging geo permission for CU."),
    ],
)
def test_a_country_that_is_not_listed_fails_before_anything_is_written(wrong, name, message):
    wrong[name].assert_refused(message)
    assert wrong[name].methods("apply") == ["GET"]
    assert wrong[name].state["enabled_countries"] == ["US"]
