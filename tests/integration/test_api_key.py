# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API keys: each state, faults, and refusals."""

from __future__ import annotations

from typing import Any

import pytest
from harness import OMIT, Cell, CellRun, ansible_playbook, make_sid, play, run_cells, run_task

MODULE = "community.twilio.twilio_api_key"
INFO = "community.twilio.twilio_api_key_info"
NAMED = {"friendly_name": "service"}
READ, SEND = "/twilio/messaging/messages/read", "/twilio/messaging/messages/create"
LIMITED = {**NAMED, "permissions": [SEND, READ, SEND]}
ABSENT = {**NAMED, "state": "absent"}
FIRST, SECOND = make_sid("SK", 1), make_sid("SK", 2)
MARKED = "service #0123456789"
POST = {"method": "POST", "path": "/v1/Keys$"}
LIST = {"method": "GET", "path": "/v1/Keys$"}
DELETE = {"method": "DELETE", "path": "/v1/Keys/"}
RUN, ONCE = ("apply", "repeat"), ("apply",)


def account_with(*keys: Any) -> dict[str, Any]:
    """Return an account with these keys, SK…1, SK…2 and so on: names, or what else is seeded."""
    return {
        "api_keys": [
            {
                "sid": make_sid("SK", number),
                "date_created": f"2026-01-{number:02}T04:00:00Z",
                **(key if isinstance(key, dict) else {"friendly_name": key}),
            }
            for number, key in enumerate(keys, start=1)
        ]
    }


def restricted(*permissions: str, name: str = "service") -> dict[str, Any]:
    return {"friendly_name": name, "permissions": list(permissions)}


def own(account_sid: str) -> str:
    """Return the SID of the key that a cell of :func:`with_key` authenticates with, unique to the account."""
    return f"SK{account_sid[2:].replace('0', 'f')}"


def with_key(kind: str, *others: Any, own_sid: bool = False, **more: Any) -> dict[str, Any]:
    """Return the arguments and the account of a cell that authenticates with a key of this kind.

    :param others: the account's other keys.
    :param own_sid: whether the task is about that very key, by its SID.
    """
    secret = "0123456789abcdef" * 2

    def arguments(account_sid: str) -> dict[str, Any]:
        connection = {"auth_token": OMIT, "api_key_sid": own(account_sid), "api_key_secret": secret}
        return {**connection, **more, **({"sid": own(account_sid)} if own_sid else {})}

    def account(account_sid: str) -> dict[str, Any]:
        key = {"sid": own(account_sid), "secret": secret, "kind": kind, "friendly_name": "own"}
        if kind == "restricted":
            key["permissions"] = [READ]
        return {"api_keys": [*account_with(*others)["api_keys"], key]}

    return {"arguments": arguments, "account": account}


def subaccount_of(account_sid: str) -> str:
    return make_sid("AC", 10_000 + int(account_sid[2:], 16))


CELLS = [
    Cell("create", NAMED),
    Cell("create beside others", NAMED, account_with("other", None)),
    Cell("create restricted", LIMITED),
    Cell("create without a permission", {**NAMED, "permissions": []}),
    Cell("there already", NAMED, account_with("service", "other")),
    Cell("there already, marked", NAMED, account_with(MARKED)),
    Cell("there already, restricted", NAMED, account_with(restricted(READ))),
    Cell("permissions as wanted", LIMITED, account_with("other", restricted(READ, SEND))),
    Cell("permissions in another order", LIMITED, account_with(restricted(SEND, READ))),
    Cell("other permissions", LIMITED, account_with(restricted(READ))),
    Cell("no permission any more", {**NAMED, "permissions": []}, account_with(restricted(READ))),
    Cell("other permissions by sid", {"sid": FIRST, "permissions": [SEND]}, account_with(restricted(READ, name="x"))),
    Cell("permissions for a standard key", LIMITED, account_with("service")),
    Cell("permissions for a main key", LIMITED, account_with({"friendly_name": "service", "kind": "main"})),
    Cell("several of that name", NAMED, account_with("service", MARKED)),
    Cell("rename", {"sid": FIRST, "friendly_name": "new"}, account_with("service", "other")),
    Cell("rename marked", {"sid": FIRST, "friendly_name": "new"}, account_with(MARKED)),
    Cell("rename unnamed", {"sid": FIRST, "friendly_name": "new"}, account_with(None)),
    Cell(
        "rename restricted, other permissions",
        {"sid": FIRST, "friendly_name": "new", "permissions": [SEND]},
        account_with(restricted(READ)),
    ),
    Cell("rename to a name that is taken", {"sid": FIRST, "friendly_name": "other"}, account_with("service", "other")),
    Cell("sid as it is", {"sid": FIRST}, account_with(restricted(READ))),
    Cell("sid unknown", {"sid": FIRST, **NAMED}),
    Cell("absent", ABSENT, account_with("service", "other")),
    Cell("absent, marked", ABSENT, account_with(MARKED)),
    Cell("absent already", ABSENT, account_with("other")),
    Cell("absent by sid", {"sid": FIRST, "state": "absent"}, account_with("service")),
    Cell("absent by unknown sid", {"sid": FIRST, "state": "absent"}),
    Cell("absent, several", ABSENT, account_with("service", MARKED)),
    Cell("create with a main key", **with_key("main", **NAMED)),
    Cell("absent with a main key", **with_key("main", "service", **ABSENT)),
    Cell("own key by name", **with_key("main", "service", friendly_name="own", state="absent")),
    Cell("own key by sid", **with_key("main", own_sid=True, state="absent")),
    Cell("with a standard key", **with_key("standard", **NAMED)),
    Cell("with a restricted key", **with_key("restricted", **NAMED)),
    Cell(
        "as subaccount",
        lambda sid: {**NAMED, "subaccount_sid": subaccount_of(sid)},
        lambda sid: {**account_with("service"), "subaccounts": [{"sid": subaccount_of(sid), "auth_token": "5" * 32}]},
    ),
    Cell("look up", NAMED, account_with("service", "other", MARKED, restricted(READ)), module=INFO),
    Cell("look up all", {}, account_with("service", None), module=INFO),
    Cell(
        "look up with permissions",
        {"with_permissions": True},
        account_with("service", restricted(SEND, READ), restricted(name="none")),
        module=INFO,
    ),
    Cell("look up by sid", {"sid": SECOND}, account_with("service", restricted(READ)), module=INFO),
    Cell("look up what is not there", {"sid": SECOND}, account_with("service"), module=INFO),
    Cell("look up 2300", {}, {"api_keys": {"count": 2300, "prefix": "bulk "}}, module=INFO, steps=ONCE),
    Cell("create beside 2300", NAMED, {"api_keys": {"count": 2300, "prefix": "bulk "}}, steps=RUN),
    Cell("look up with a standard key", **with_key("standard"), module=INFO),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


def keys(run: CellRun) -> list[Any]:
    """Return the names of the account's keys, with their permissions where they are restricted."""
    return [
        key["friendly_name"] if key["permissions"] is None else (key["friendly_name"], *key["permissions"])
        for key in run.state["api_keys"]
    ]


@pytest.mark.parametrize(
    ("cell", "after", "requests"),
    [
        ("create", ["service"], ["GET", "POST"]),
        ("create beside others", ["other", None, "service"], ["GET", "POST"]),
        ("create restricted", [("service", SEND, READ)], ["GET", "POST"]),
        ("create without a permission", [("service",)], ["GET", "POST"]),
        ("other permissions", [("service", SEND, READ)], ["GET", "GET", "POST"]),
        ("no permission any more", [("service",)], ["GET", "GET", "POST"]),
        ("other permissions by sid", [("x", SEND)], ["GET", "POST"]),
        ("rename", ["new", "other"], ["GET", "POST"]),
        ("rename marked", ["new #0123456789"], ["GET", "POST"]),
        ("rename unnamed", ["new"], ["GET", "POST"]),
        ("rename restricted, other permissions", [("new", SEND)], ["GET", "GET", "POST"]),
        ("absent", ["other"], ["GET", "DELETE"]),
        ("absent, marked", [], ["GET", "DELETE"]),
        ("absent by sid", [], ["GET", "DELETE"]),
        ("create with a main key", ["own", "service"], ["GET", "POST"]),
        ("absent with a main key", ["own"], ["GET", "DELETE"]),
    ],
)
def test_what_changes(runs, cell, after, requests):
    runs[cell].assert_changes_once()
    assert keys(runs[cell]) == after
    assert runs[cell].methods("apply") == requests


@pytest.mark.parametrize(
    ("cell", "requests"),
    [
        ("there already", 1),
        ("there already, marked", 1),
        ("there already, restricted", 1),
        ("permissions as wanted", 2),
        ("permissions in another order", 2),
        ("sid as it is", 1),
        ("absent already", 1),
        ("absent by unknown sid", 1),
    ],
)
def test_what_stays(runs, cell, requests):
    runs[cell].assert_unchanged()
    assert [len(runs[cell].methods(step)) for step in runs[cell].results] == [requests] * 3
    assert runs[cell].apply["secret"] is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("permissions for a standard key", ["permissions", FIRST, "type"]),
        ("permissions for a main key", ["permissions", FIRST, "type"]),
        ("several of that name", [FIRST, SECOND, "2026-01-01T04:00:00Z"]),
        ("rename to a name that is taken", ["friendly_name", SECOND]),
        ("sid unknown", ["sid", FIRST]),
        ("absent, several", [FIRST, SECOND]),
        ("own key by name", ["'own' is SK", "api_key_sid"]),
        ("own key by sid", ["sid", "api_key_sid"]),
        ("with a standard key", ["20003", "auth token", "Main API key"]),
        ("with a restricted key", ["20003", "auth token", "Main API key"]),
        ("look up with a standard key", ["20003", "auth token", "Main API key"]),
    ],
)
def test_what_is_refused(runs, cell, words):
    runs[cell].assert_refused(*words)
    assert all(result.get("secret") is None for result in runs[cell].results.values())


def test_its_own_sid_is_refused_before_any_request(runs):
    assert runs["own key by sid"].requests["apply"] == []


@pytest.mark.parametrize("cell", ["create", "create restricted", "create with a main key", "as subaccount"])
def test_a_secret_is_returned_once_and_shown_nowhere_else(runs, cell):
    run = runs[cell]
    (owner,) = run.subaccounts or [run.state]
    made = next(key for key in owner["api_keys"] if key["friendly_name"] == "service")
    assert (run.apply["secret"], run.apply["api_key"]["sid"]) == (made["secret"], made["sid"])
    assert run.results["check"]["secret"] is run.results["repeat"]["secret"] is None
    rest = {key: value for key, value in run.apply.values.items() if key != "secret"}
    assert made["secret"] not in str([rest, run.results["check"].values, run.results["repeat"].values])


def test_the_result_and_the_diff(runs):
    run = runs["other permissions"]
    expected = {
        "sid": FIRST,
        "account_sid": run.account_sid,
        "friendly_name": "service",
        "permissions": sorted([READ, SEND]),
        "date_created": "2026-01-01T04:00:00Z",
    }
    assert {key: run.apply["api_key"][key] for key in expected} == expected
    assert run.results["check"]["api_key"] == {**expected, "date_updated": None}
    assert run.apply["diff"]["before"]["permissions"] == [READ]
    assert run.apply["diff"]["after"] == run.apply["api_key"]
    create = runs["create restricted"]
    foreseen = create.results["check"]["api_key"]
    assert foreseen == {**foreseen, "sid": None, "permissions": sorted([READ, SEND]), "date_created": None}
    assert create.apply["diff"]["before"] == runs["absent"].apply["diff"]["after"] == {}
    assert runs["absent"].apply["api_key"] is None
    assert runs["there already, marked"].apply["api_key"]["friendly_name"] == "service"
    assert runs["there already, restricted"].apply["api_key"]["permissions"] is None
    assert runs["sid as it is"].apply["api_key"]["permissions"] == [READ]


def test_acting_as_a_subaccount(runs):
    run = runs["as subaccount"]
    assert [result["changed"] for result in run.results.values()] == [True, True, False]
    assert keys(run) == ["service"]
    (subaccount,) = run.subaccounts
    assert run.apply["api_key"]["account_sid"] == subaccount["sid"]
    # The subaccount's token is read with the parent's, and the keys with the subaccount's.
    assert run.methods("apply") == ["GET"]


@pytest.mark.parametrize(
    ("cell", "found", "requests"),
    [
        (
            "look up",
            [(FIRST, "service", None), (make_sid("SK", 3), "service", None), (make_sid("SK", 4), "service", None)],
            1,
        ),
        ("look up all", [(FIRST, "service", None), (SECOND, None, None)], 1),
        (
            "look up with permissions",
            [(FIRST, "service", None), (SECOND, "service", sorted([READ, SEND])), (make_sid("SK", 3), "none", [])],
            4,
        ),
        ("look up by sid", [(SECOND, "service", [READ])], 1),
        ("look up what is not there", [], 1),
    ],
)
def test_looking_up(runs, cell, found, requests):
    runs[cell].assert_unchanged()
    assert (
        sorted((key["sid"], key["friendly_name"], key["permissions"]) for key in runs[cell].apply["api_keys"]) == found
    )
    assert len(runs[cell].methods("apply")) == requests


def test_2300_keys_are_three_pages(runs):
    assert len({key["sid"] for key in runs["look up 2300"].apply["api_keys"]}) == 2300
    assert runs["look up 2300"].methods("apply") == ["GET"] * 3
    assert runs["create beside 2300"].methods("apply") == ["GET"] * 3 + ["POST"]
    assert runs["create beside 2300"].methods("repeat") == ["GET"] * 3


# Faults. In the end exactly one key exists, and its secret is known.

ENDS_WELL = {
    "429": {"kind": "429"},
    "429 with Retry-After": {"kind": "429", "retry_after": 1},
    "500 before": {"kind": "500"},
    "500 after": {"kind": "500", "applied": True},
    "502 after": {"kind": "502", "applied": True},
    "503 before": {"kind": "503", "retry_after": 1},
    "503 after": {"kind": "503", "applied": True},
    "504 after": {"kind": "504", "applied": True},
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html": {"kind": "html"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "html 404": {"kind": "html", "status": 404},
    "list": {"kind": "wrong_shape", "variant": "list"},
    "empty object": {"kind": "wrong_shape", "variant": "empty_object"},
    "wrong types": {"kind": "wrong_shape", "variant": "wrong_types"},
}
CREATION_ENDS_WELL = {
    **ENDS_WELL,
    "no secret": {"kind": "wrong_field", "field": "secret"},
    "500 after, twice": {"kind": "500", "applied": True, "count": 2},
    "late, within Retry-After": {"kind": "late", "delay": 1.0, "status": 503, "retry_after": 2},
    # The second request is processed first; so the first one's key is seen when it is looked once more.
    "late, after the next request": {"kind": "late", "after_requests": 2},
}
SLOW = {"hang before": {"kind": "hang"}, "hang after": {"kind": "hang", "applied": True}}


def at(place: dict[str, str], faults: dict[str, dict]) -> dict[str, dict]:
    return {name: {**place, **fault} for name, fault in faults.items()}


REFUSED = {"kind": "status", "status": 400, "code": 20001, "message": "No"}
GONE = {"kind": "status", "status": 404, "code": 20404, "message": "Gone"}

FAULTY = [
    *[
        Cell(f"create | {name}", NAMED, account_with("other"), [fault], RUN)
        for name, fault in at(POST, CREATION_ENDS_WELL).items()
    ],
    *[
        Cell(f"create restricted | {name}", LIMITED, account_with(restricted(READ, name="other")), [fault], RUN)
        for name, fault in at(POST, {name: ENDS_WELL[name] for name in ("reset before", "reset after")}).items()
    ],
    *[
        Cell(f"create slowly | {name}", {**NAMED, "timeout": 1}, account_with("other"), [fault], RUN)
        for name, fault in at(POST, SLOW).items()
    ],
    *[
        Cell(f"list | {name}", NAMED, account_with("other"), [fault], RUN)
        for name, fault in at(LIST, ENDS_WELL).items()
    ],
    *[
        Cell(f"delete | {name}", ABSENT, account_with("service"), [fault], RUN)
        for name, fault in at(DELETE, ENDS_WELL).items()
    ],
    Cell(
        "delete the lost one | reset after",
        NAMED,
        account_with("other"),
        [{**POST, "kind": "reset", "applied": True}, {**DELETE, "kind": "reset", "applied": True}],
        RUN,
    ),
    Cell(
        "update | 500 after",
        LIMITED,
        account_with(restricted(READ)),
        [{"method": "POST", "kind": "500", "applied": True}],
        RUN,
    ),
    Cell("deleted by somebody else", ABSENT, account_with("service"), [{**DELETE, **GONE}], ONCE),
    Cell("never answered", {**NAMED, "max_retries": 1}, faults=[{**POST, "kind": "500", "count": None}], steps=ONCE),
    Cell(
        "never answered, but made",
        {**NAMED, "max_retries": 1},
        faults=[{**POST, "kind": "500", "applied": True, "count": None}],
        steps=ONCE,
    ),
    Cell(
        "one attempt",
        {**NAMED, "max_retries": 0},
        faults=[{**POST, "kind": "reset", "applied": True}],
        steps=RUN,
    ),
    Cell(
        "can't be settled",
        {**NAMED, "max_retries": 1},
        faults=[{**POST, "kind": "reset", "applied": True}, {**LIST, "skip": 1, **REFUSED}],
        steps=ONCE,
    ),
    Cell(
        "refused after a lost answer",
        NAMED,
        faults=[{**POST, "kind": "reset"}, {**POST, **REFUSED}],
        steps=ONCE,
    ),
    Cell(
        "listed, but not there",
        LIMITED,
        account_with(restricted(READ)),
        [{"method": "GET", "path": f"Keys/{FIRST}", **GONE}],
        ONCE,
    ),
    Cell("not accepted", NAMED, faults=[{**POST, "kind": "status", "status": 400, "code": 70001}], steps=ONCE),
    Cell("not let in", {**NAMED, "auth_token": "f" * 32}, steps=ONCE),
    Cell(
        "look up with permissions, one is deleted meanwhile",
        {"with_permissions": True},
        account_with("service", "other"),
        [{"method": "GET", "path": f"Keys/{FIRST}", **GONE}],
        ONCE,
        INFO,
    ),
    Cell(
        "look up with permissions, one is refused",
        {"with_permissions": True},
        account_with("service", "other"),
        [{"method": "GET", "path": f"Keys/{FIRST}", **REFUSED}],
        ONCE,
        INFO,
    ),
]


@pytest.fixture(scope="module")
def faulty(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, FAULTY)


def ends(*prefixes: str) -> list[str]:
    return [cell.name for cell in FAULTY if cell.name.partition(" | ")[0] in prefixes and " | " in cell.name]


@pytest.mark.parametrize("cell", ends("create", "create restricted", "create slowly", "list", "delete the lost one"))
def test_a_creation_ends_with_one_key_whose_secret_is_known(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    other, made = run.state["api_keys"]
    assert (other["sid"], made["sid"]) == (FIRST, run.apply["api_key"]["sid"])
    assert made["secret"] == run.apply["secret"]


@pytest.mark.parametrize("cell", ends("delete"))
def test_a_deletion_survives_each_fault(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert keys(run) == []


def test_an_update_is_repeated(faulty):
    run = faulty["update | 500 after"]
    assert [result["changed"] for result in run.results.values()] == [True, False]
    assert keys(run) == [("service", SEND, READ)]


def test_a_deletion_by_somebody_else_is_no_change(faulty):
    assert faulty["deleted by somebody else"].apply["changed"] is False


@pytest.mark.parametrize("cell", ["never answered", "never answered, but made"])
def test_a_task_that_runs_out_of_retries_leaves_no_key(faulty, cell):
    run = faulty[cell]
    assert run.apply["status"] == 500
    assert "state: absent" in run.apply["msg"]
    assert run.methods("apply").count("POST") == 2
    assert keys(run) == []


def test_one_attempt_leaves_no_key_and_the_next_run_makes_it(faulty):
    run = faulty["one attempt"]
    assert [result.failed for result in run.results.values()] == [True, False]
    (made,) = run.state["api_keys"]
    assert made["secret"] == run.results["repeat"]["secret"]


def test_a_refusal_after_a_lost_answer_names_both(faulty):
    """What was lost may be applied late."""
    result = faulty["refused after a lost answer"].apply
    assert (result["status"], result["code"]) == (400, 20001)
    assert "whose secret nobody knows" in result["msg"]


def test_an_unknown_outcome_is_reported(faulty):
    run = faulty["can't be settled"]
    assert run.apply.failed
    assert "whose secret nobody knows" in run.apply["msg"]
    assert keys(run) == ["service"]


def test_a_key_that_is_listed_and_not_there_is_not_made_again(faulty):
    run = faulty["listed, but not there"]
    assert run.apply.failed
    assert FIRST in run.apply["msg"]
    assert run.methods("apply") == ["GET", "GET"]


def test_a_refusal_names_the_call_and_the_reason(faulty):
    result = faulty["not accepted"].apply
    assert (result["status"], result["code"]) == (400, 70001)
    assert "create the API key 'service'" in result["msg"]
    assert faulty["not let in"].methods("apply") == ["GET"]
    assert (faulty["not let in"].apply["status"], faulty["not let in"].apply["code"]) == (401, 20003)


def test_reading_permissions_survives_a_deletion_and_reports_a_refusal(faulty):
    (left,) = faulty["look up with permissions, one is deleted meanwhile"].apply["api_keys"]
    assert left["sid"] == SECOND
    assert faulty["look up with permissions, one is refused"].apply["code"] == 20001


def make_meanwhile(simulator, *alike: dict[str, Any]) -> list[str]:
    """Create keys as somebody else while a creation's answer is lost, so that they are missing in the first list."""
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": list(alike)}]})
    return [key["sid"] for key in simulator.state(simulator.account_sid)["api_keys"]]


def connection(simulator) -> dict[str, str]:
    return {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}


EMPTY = {"kind": "json", "body": '{"keys": [], "meta": {"key": "keys", "next_page_url": null}}'}


def test_keys_that_can_not_be_distinguished_are_all_kept(simulator):
    """The first list comes before two others make keys of that name: so it is answered as it was."""
    others = make_meanwhile(simulator, {"friendly_name": "service"})
    simulator.faults([{**LIST, **EMPTY}, {**POST, "kind": "reset", "applied": True}])
    result = run_task(MODULE, {**connection(simulator), **NAMED})
    assert result.failed
    assert result["changed"] is True
    there = {key["sid"] for key in simulator.state(simulator.account_sid)["api_keys"]}
    assert len(there) == 2
    assert there > {*others}
    for sid in there:
        assert sid in result["msg"]
    assert "None of them was deleted" in result["msg"]


@pytest.mark.parametrize(
    "other",
    [
        {"friendly_name": "service", "permissions": [READ]},
        {"friendly_name": "service #0123456789"},
        {"friendly_name": "Service"},
    ],
)
def test_keys_of_another_name_or_type_are_never_deleted(simulator, other):
    others = make_meanwhile(simulator, other)
    simulator.faults([{**LIST, **EMPTY}, {**POST, "kind": "reset", "applied": True}])
    result = run_task(MODULE, {**connection(simulator), **NAMED})
    assert not result.failed, result
    there = {key["sid"]: key["secret"] for key in simulator.state(simulator.account_sid)["api_keys"]}
    assert set(there) == {*others, result["api_key"]["sid"]}
    assert there[result["api_key"]["sid"]] == result["secret"]


def test_a_failure_after_the_creation_returns_the_secret(simulator):
    """After the creation, keys are listed again to find those of lost requests; if that fails, all is reported."""
    simulator.faults([{**POST, "kind": "reset"}, {**LIST, "skip": 2, **REFUSED}])
    result = run_task(MODULE, {**connection(simulator), **NAMED})
    assert result.failed
    assert result["changed"] is True
    (made,) = simulator.state(simulator.account_sid)["api_keys"]
    assert (result["api_key"]["sid"], result["secret"]) == (made["sid"], made["secret"])
    assert made["secret"] not in result["msg"]
    assert made["secret"] not in str(result["diff"])


# Refused before any request.

WRONG = {
    "sid": ({"sid": "SK1"}, "sid"),
    "neither sid nor name": ({}, "friendly_name"),
    "name of 65": ({"friendly_name": "n" * 65}, "friendly_name"),
    "empty name": ({"friendly_name": " "}, "friendly_name"),
    "name that looks marked": ({"friendly_name": MARKED}, "friendly_name"),
    "no permission": ({**NAMED, "permissions": ["messages"]}, "permissions"),
    "101 permissions": ({**NAMED, "permissions": [f"/twilio/{number}" for number in range(101)]}, "permissions"),
    "state": ({**NAMED, "state": "gone"}, "state"),
    "subaccount_sid": ({**NAMED, "subaccount_sid": "AC1"}, "subaccount_sid"),
}


@pytest.fixture(scope="module")
def wrong(running_simulator) -> dict[str, CellRun]:
    cells = [Cell(name, arguments, steps=ONCE) for name, (arguments, _option) in WRONG.items()]
    return run_cells(running_simulator, MODULE, cells)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_refused_before_any_request(wrong, name):
    assert wrong[name].apply.failed
    assert WRONG[name][1] in wrong[name].apply["msg"]
    assert wrong[name].requests["apply"] == []


def test_a_secret_is_printed_nowhere(simulator, tmp_path, execution):
    """As documented, with no_log: not at -vvvv, not in a diff, not where a later step fails."""
    options = {"auth_token": "{{ lookup('ansible.builtin.env', 'TOKEN') }}"}
    options = {**connection(simulator), **options}
    tasks = [
        {"name": "create", MODULE: {**options, **NAMED}, "no_log": True, "register": "made"},
        {"name": "permissions", MODULE: {**options, **LIMITED}, "ignore_errors": True},
        {
            "name": "use it",
            INFO: {**options, "api_key_sid": "{{ made.api_key.sid }}", "api_key_secret": "{{ made.secret }}"},
            "ignore_errors": True,
        },
        {"name": "remove", MODULE: {**options, **ABSENT}},
    ]
    run = ansible_playbook(tmp_path, [play(tasks)], "-vvvv", "--diff", TOKEN=simulator.auth_token, **execution)
    assert run.status == 0, run.output
    assert [result.failed for result in run.results] == [False, True, True, False]
    (life,) = simulator.key_history(simulator.account_sid)
    assert life["secret"] not in run.output
    assert simulator.auth_token not in run.output
