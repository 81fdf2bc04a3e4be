# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts: each state, faults, refusals, look-ups, and usage."""

from __future__ import annotations

from datetime import date

import pytest
from harness import OMIT, Cell, CellRun, ansible_playbook, make_sid, play, run_cells, run_task

MODULE = "community.twilio.twilio_account"
INFO = "community.twilio.twilio_account_info"
USAGE = "community.twilio.twilio_usage_info"
SHOP = {"friendly_name": "shop"}
OTHER = {"friendly_name": "other"}
SUSPENDED, CLOSED = {"status": "suspended"}, {"status": "closed"}
SUSPEND, CLOSE = {"state": "suspended"}, {"state": "closed"}
TOKEN = "7" * 32
KEY = {"sid": make_sid("SK", 1), "secret": "5" * 32, "kind": "main"}
ONLY_KEY = {"auth_token": OMIT, "api_key_sid": KEY["sid"], "api_key_secret": KEY["secret"]}
RUN = ("apply", "repeat")
ONCE = ("apply",)


def sub(account_sid: str, number: int = 1) -> str:
    """Return the SID of an account's subaccount."""
    return f"AC{number}{account_sid[3:]}"


def account_with_subaccounts(*subaccounts: dict, **more):
    """Return an account with these subaccounts, the first of which :func:`sub` names 1."""

    def account(account_sid: str):
        seeds = [
            {"sid": sub(account_sid, number), "date_created": f"2026-01-{number:02}T04:00:00Z", **subaccount}
            for number, subaccount in enumerate(subaccounts, start=1)
        ]
        return {"subaccounts": seeds, **more}

    return account


def by_sid(**arguments):
    """Return arguments with the SID of the first subaccount."""
    return lambda account_sid: {"sid": sub(account_sid), **arguments}


def own(**arguments):
    """Return arguments with the account's own SID."""
    return lambda account_sid: {"sid": account_sid, **arguments}


CELLS = [
    Cell("create", SHOP),
    Cell("create beside others", SHOP, account_with_subaccounts(OTHER, {})),
    Cell("create beside a closed one", SHOP, account_with_subaccounts({**SHOP, **CLOSED})),
    Cell("create with the account's own name", {"friendly_name": "Main account"}),
    Cell("create with a key", {**SHOP, **ONLY_KEY}, {"api_keys": [KEY]}),
    Cell("create and get the token", {**SHOP, "return_auth_token": True}),
    Cell("there already", SHOP, account_with_subaccounts(SHOP, OTHER)),
    Cell("suspend", {**SHOP, **SUSPEND}, account_with_subaccounts(SHOP)),
    Cell("suspend by sid", by_sid(**SUSPEND), account_with_subaccounts(SHOP)),
    Cell("suspended already", {**SHOP, **SUSPEND}, account_with_subaccounts({**SHOP, **SUSPENDED})),
    Cell("reactivate", SHOP, account_with_subaccounts({**SHOP, **SUSPENDED})),
    Cell("rename", by_sid(friendly_name="new"), account_with_subaccounts(SHOP, OTHER)),
    Cell("rename and suspend", by_sid(friendly_name="new", **SUSPEND), account_with_subaccounts(SHOP)),
    Cell("sid as it is", by_sid(), account_with_subaccounts(SHOP)),
    Cell("sid and name as they are", by_sid(**SHOP), account_with_subaccounts(SHOP, SHOP)),
    Cell("close", by_sid(**CLOSE), account_with_subaccounts(SHOP, SHOP)),
    Cell("close a suspended one", by_sid(**CLOSE), account_with_subaccounts({**SHOP, **SUSPENDED})),
    Cell("closed already", by_sid(**CLOSE), account_with_subaccounts({**SHOP, **CLOSED})),
    Cell("get the token", {**SHOP, "return_auth_token": True}, account_with_subaccounts({**SHOP, "auth_token": TOKEN})),
    Cell("rename the own one", own(friendly_name="head office")),
    Cell("the own one as it is", own(return_auth_token=True)),
    Cell("several", SHOP, account_with_subaccounts(SHOP, {**SHOP, **SUSPENDED})),
    Cell("suspend none", {**SHOP, **SUSPEND}, account_with_subaccounts(OTHER)),
    Cell("suspend none but a closed one", {**SHOP, **SUSPEND}, account_with_subaccounts({**SHOP, **CLOSED})),
    Cell("close by name", {**SHOP, **CLOSE}, account_with_subaccounts(SHOP)),
    Cell("reopen", by_sid(), account_with_subaccounts({**SHOP, **CLOSED})),
    Cell("suspend a closed one", by_sid(**SUSPEND), account_with_subaccounts({**SHOP, **CLOSED})),
    Cell("suspend the own one", own(**SUSPEND)),
    Cell("close the own one", own(**CLOSE)),
    Cell("unknown sid", by_sid(**SHOP)),
    Cell("a token for a key", {**SHOP, **ONLY_KEY, "return_auth_token": True}),
    Cell("name of 65", {"friendly_name": "n" * 65}),
    Cell("empty name", {"friendly_name": " "}),
    Cell("malformed sid", {"sid": "AC1"}),
    Cell("nothing named", {}),
    Cell("unknown state", {**SHOP, "state": "absent"}),
    Cell(
        "create below a subaccount",
        lambda account_sid: {**SHOP, "account_sid": sub(account_sid), "auth_token": TOKEN},
        account_with_subaccounts({**OTHER, "auth_token": TOKEN}),
        steps=ONCE,
    ),
    Cell("create one too many", SHOP, {}, [{"method": "POST", "kind": "status", "status": 400, "code": 21480}], ONCE),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    # Even if Twilio returns an account's own token, the module does not.
    return run_cells(running_simulator, MODULE, CELLS, {"own_auth_token": True})


def subaccounts(run: CellRun) -> list[tuple[str, str]]:
    """Return the name and the status of each subaccount."""
    return [(account["friendly_name"], account["status"]) for account in run.subaccounts]


@pytest.mark.parametrize(
    ("cell", "after"),
    [
        ("create", [("shop", "active")]),
        ("create beside a closed one", [("shop", "closed"), ("shop", "active")]),
        ("create with the account's own name", [("Main account", "active")]),
        ("create with a key", [("shop", "active")]),
        ("create and get the token", [("shop", "active")]),
        ("suspend", [("shop", "suspended")]),
        ("suspend by sid", [("shop", "suspended")]),
        ("reactivate", [("shop", "active")]),
        ("rename", [("new", "active"), ("other", "active")]),
        ("rename and suspend", [("new", "suspended")]),
        ("close", [("shop", "closed"), ("shop", "active")]),
        ("close a suspended one", [("shop", "closed")]),
        ("rename the own one", []),
    ],
)
def test_what_changes(runs, cell, after):
    runs[cell].assert_changes_once()
    assert runs[cell].methods("apply") == ["GET", "POST"]
    assert subaccounts(runs[cell]) == after


def test_others_are_left_alone(runs):
    run = runs["create beside others"]
    run.assert_changes_once()
    assert len(run.subaccounts) == 3
    assert runs["rename the own one"].state["friendly_name"] == "head office"


@pytest.mark.parametrize(
    "cell",
    [
        "there already",
        "suspended already",
        "sid as it is",
        "sid and name as they are",
        "closed already",
        "get the token",
        "the own one as it is",
    ],
)
def test_what_stays(runs, cell):
    runs[cell].assert_unchanged()
    assert runs[cell].methods("apply") == ["GET"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("several", ["friendly_name", "(active, created 2026-01-01T04:00:00Z)", "(suspended, created 2026-01-02"]),
        ("suspend none", ["friendly_name", "'shop'"]),
        ("suspend none but a closed one", ["friendly_name", "'shop'"]),
        ("reopen", ["state", "can't be undone"]),
        ("suspend a closed one", ["state", "can't be undone"]),
        ("suspend the own one", ["state", "only be renamed"]),
        ("close the own one", ["state", "only be renamed"]),
        ("unknown sid", ["sid", "a SID can't be chosen"]),
    ],
)
def test_what_is_refused(runs, cell, words):
    run = runs[cell]
    run.assert_refused(*words)
    if cell == "several":
        run.assert_refused(sub(run.account_sid, 1), sub(run.account_sid, 2))
    if cell in ("reopen", "suspend a closed one"):
        assert (run.apply["status"], run.apply["code"]) == (400, 21479)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("close by name", ["sid", "never reached by name"]),
        ("a token for a key", ["return_auth_token", "auth_token"]),
        ("name of 65", ["friendly_name", "64"]),
        ("empty name", ["friendly_name"]),
        ("malformed sid", ["sid: expected a SID"]),
        ("nothing named", ["sid, friendly_name"]),
        ("unknown state", ["state"]),
    ],
)
def test_what_is_refused_before_any_request(runs, cell, words):
    runs[cell].assert_refused(*words)
    assert not any(runs[cell].requests.values())


@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        ("create below a subaccount", 21101, "use the main account's credentials"),
        ("create one too many", 21480, "Twilio's support can raise the limit"),
    ],
)
def test_what_twilio_refuses_comes_with_advice(runs, cell, code, words):
    result = runs[cell].apply
    assert result.failed
    assert result["code"] == code
    assert "create the subaccount 'shop'" in result["msg"]
    assert words in result["msg"]


def test_the_result_and_the_diff(runs):
    run = runs["create"]
    (made,) = run.subaccounts
    returned = run.apply["account"]
    assert returned == {
        "sid": made["sid"],
        "friendly_name": "shop",
        "status": "active",
        "type": "Full",
        "owner_account_sid": run.account_sid,
        "date_created": returned["date_created"],
        "date_updated": returned["date_updated"],
    }
    assert returned["date_created"].endswith("Z")
    foreseen = run.results["check"]["account"]
    assert foreseen == {**dict.fromkeys(returned), **SHOP, "status": "active", "owner_account_sid": run.account_sid}
    assert run.apply["diff"] == {"before": {}, "after": returned}
    known = {key: value for key, value in foreseen.items() if value is not None}
    assert run.results["check"]["diff"] == {"before": {}, "after": known}
    assert run.results["repeat"]["account"] == returned
    diff = runs["rename and suspend"].apply["diff"]
    assert [(side["friendly_name"], side["status"]) for side in diff.values()] == [
        ("shop", "active"),
        ("new", "suspended"),
    ]


def test_a_token_is_returned_on_request_alone_and_only_a_subaccounts(runs):
    assert [result["account"]["auth_token"] for result in runs["get the token"].results.values()] == [TOKEN] * 3
    run = runs["create and get the token"]
    assert run.results["check"]["account"]["auth_token"] is None
    assert run.apply["account"]["auth_token"] == run.subaccounts[0]["auth_token"]
    assert runs["the own one as it is"].apply["account"]["auth_token"] is None
    for name, run in runs.items():
        for result in run.results.values():
            assert "auth_token" not in str(result.get("diff"))
            assert ("auth_token" in (result.get("account") or {})) == (name in TOLD)
        assert run.state["auth_token"] not in str(run.apply.values)


TOLD = ("get the token", "create and get the token", "the own one as it is")


# Faults. In the end exactly one subaccount exists.

FAULTS = {
    "429": {"kind": "429", "retry_after": 1},
    "500 before": {"kind": "500"},
    "500 after": {"kind": "500", "applied": True},
    "502 after": {"kind": "502", "applied": True},
    "503 before": {"kind": "503"},
    "503 after": {"kind": "503", "applied": True},
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "html 404": {"kind": "html", "status": 404},
    "list": {"kind": "wrong_shape", "variant": "list"},
    "empty object": {"kind": "wrong_shape", "variant": "empty_object"},
    "wrong types": {"kind": "wrong_shape", "variant": "wrong_types"},
    "hang after": {"kind": "hang", "applied": True},
}
POST, GET = {"method": "POST"}, {"method": "GET"}


def at(place: dict, name: str, arguments, account=None) -> list[Cell]:
    def arguments_for(account_sid: str):
        return {**(arguments(account_sid) if callable(arguments) else arguments), "timeout": 1}

    return [
        Cell(f"{name} | {fault}", arguments_for, account or {}, [{**place, **how}], RUN)
        for fault, how in FAULTS.items()
    ]


FAULTY = [
    *at(POST, "create", SHOP),
    *at(GET, "create, asking", SHOP),
    *at(POST, "change", by_sid(friendly_name="new", **SUSPEND), account_with_subaccounts(SHOP)),
    *at(GET, "change, asking", by_sid(friendly_name="new", **SUSPEND), account_with_subaccounts(SHOP)),
    *at(POST, "close", by_sid(**CLOSE), account_with_subaccounts(SHOP)),
    Cell(
        "another account",
        by_sid(friendly_name="new"),
        account_with_subaccounts(SHOP),
        [{**GET, "kind": "wrong_account"}],
        ONCE,
    ),
    Cell(
        "another account changed",
        by_sid(friendly_name="new"),
        account_with_subaccounts(SHOP),
        [{**POST, "kind": "wrong_account"}],
        ONCE,
    ),
]


@pytest.fixture(scope="module")
def faulty(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, FAULTY)


@pytest.mark.parametrize("cell", [cell.name for cell in FAULTY if " | " in cell.name])
def test_each_fault_is_survived(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    after = {"create": ("shop", "active"), "change": ("new", "suspended"), "close": ("shop", "closed")}
    assert subaccounts(run) == [after[cell.split(" | ")[0].split(",")[0]]]
    assert run.apply["account"]["sid"] == run.subaccounts[0]["sid"]


def test_an_answer_about_another_account_is_not_trusted(faulty):
    run = faulty["another account"]
    assert run.apply.failed
    assert f"not '{sub(run.account_sid)}'" in run.apply["msg"]


def test_a_change_that_is_answered_about_another_account_is_looked_up(faulty):
    run = faulty["another account changed"]
    assert run.apply["changed"], run.apply
    assert run.apply["account"]["sid"] == sub(run.account_sid)
    assert run.methods("apply") == ["GET", "POST", "GET"]


# Looking accounts up.

FLEET = account_with_subaccounts(SHOP, {**SHOP, **SUSPENDED}, {**OTHER, **CLOSED})
FOUND = {
    "all": ({}, [0, 1, 2, 3]),
    "by name": (SHOP, [1, 2]),
    "by status": ({"status": "closed"}, [3]),
    "by both": ({**SHOP, "status": "suspended"}, [2]),
    "by an unknown name": ({"friendly_name": "sho"}, []),
    "by sid": (by_sid(), [1]),
    "by sid, of another name": (by_sid(**OTHER), []),
    "by sid, of another status": (by_sid(status="closed"), []),
    "by the own sid": (own(), [0]),
    "by an unknown sid": (lambda account_sid: {"sid": sub(account_sid, 9)}, []),
}

# Usage.

DAYS = [
    {"date": "2025-12-31", "category": "sms", "usage": "3", "count": "3", "price": "0.25"},
    {"date": "2026-01-01", "category": "sms", "usage": "2", "count": "2", "price": "0.5"},
    {"date": "2026-01-02", "category": "sms", "usage": "1", "count": "1", "price": "0.25"},
    {"date": "2026-01-02", "category": "calls", "usage": "1.5", "price": "-0.125"},
]
SUBACCOUNTS_DAYS = [{"date": "2026-01-01", "category": "sms", "usage": "40", "count": "40", "price": "4"}]
USED = account_with_subaccounts({"usage": SUBACCOUNTS_DAYS}, usage=DAYS)
WINTER = {"start_date": "2025-12-01", "end_date": "2026-01-31"}
SMS = {"category": "sms", "include_subaccounts": False}
#: The arguments, and what is found: the category, the first and the last day, usage, count and price.
RECORDS = {
    "range": (
        {"include_subaccounts": False, **WINTER},
        [
            ("calls", "2025-12-01", "2026-01-31", 1.5, None, -0.125),
            ("sms", "2025-12-01", "2026-01-31", 6, 6, 1.0),
        ],
    ),
    "category": ({**SMS, **WINTER}, [("sms", "2025-12-01", "2026-01-31", 6, 6, 1.0)]),
    "subaccounts too": ({"category": "sms", **WINTER}, [("sms", "2025-12-01", "2026-01-31", 46, 46, 5.0)]),
    "of a subaccount": (by_sid(**SMS, **WINTER), [("sms", "2025-12-01", "2026-01-31", 40, 40, 4)]),
    "daily": (
        {**SMS, "interval": "daily", "start_date": "2026-01-01", "end_date": "2026-01-02"},
        [("sms", "2026-01-02", "2026-01-02", 1, 1, 0.25), ("sms", "2026-01-01", "2026-01-01", 2, 2, 0.5)],
    ),
    "monthly": (
        {**SMS, "interval": "monthly", **WINTER},
        [("sms", "2026-01-01", "2026-01-31", 3, 3, 0.75), ("sms", "2025-12-01", "2025-12-31", 3, 3, 0.25)],
    ),
    "yearly": (
        {**SMS, "interval": "yearly", **WINTER},
        [("sms", "2026-01-01", "2026-01-31", 3, 3, 0.75), ("sms", "2025-12-01", "2025-12-31", 3, 3, 0.25)],
    ),
    "one day": (
        {**SMS, "start_date": "2026-01-01", "end_date": "2026-01-01"},
        [("sms", "2026-01-01", "2026-01-01", 2, 2, 0.5)],
    ),
    "dates that YAML reads as dates": (
        {**SMS, "start_date": date(2026, 1, 1), "end_date": date(2026, 1, 1)},
        [("sms", "2026-01-01", "2026-01-01", 2, 2, 0.5)],
    ),
    "nothing used": ({**SMS, "start_date": "2025-01-01", "end_date": "2025-01-31"}, []),
}
INTERVALS = ("range", "daily", "monthly", "yearly", "all_time", "today", "yesterday", "this_month", "last_month")
IN_EACH_INTERVAL = [
    {"interval": interval, "category": "marked", "usage": str(number), "count": str(number), "price": f"{number}.5"}
    for number, interval in enumerate(INTERVALS)
]
WRONG = {
    "a day of one digit": ({"start_date": "2026-1-1"}, "start_date: expected a date"),
    "no day": ({"end_date": "2026-02-30"}, "end_date: expected a date"),
    "relative": ({"start_date": "-30days"}, "start_date: expected a date"),
    "backwards": ({"start_date": "2026-01-02", "end_date": "2026-01-01"}, "end_date: expected 2026-01-02"),
    "a start of its own": ({"interval": "today", "start_date": "2026-01-01"}, "start_date: can't be given"),
    "an end of its own": ({"interval": "last_month", "end_date": "2026-01-01"}, "end_date: can't be given"),
    "unknown interval": ({"interval": "weekly"}, "interval"),
    "malformed sid": ({"sid": "AC1"}, "sid: expected"),
}


@pytest.fixture(scope="module")
def queries(running_simulator) -> dict[str, CellRun]:
    cells = [
        *[Cell(name, arguments, FLEET, module=INFO) for name, (arguments, _found) in FOUND.items()],
        Cell("unknown status", {"status": "open"}, steps=ONCE, module=INFO),
        *[Cell(name, arguments, USED, steps=("check", "apply")) for name, (arguments, _found) in RECORDS.items()],
        *[
            Cell(f"in | {name}", {"interval": name, "category": "marked"}, {"usage": IN_EACH_INTERVAL}, steps=ONCE)
            for name in INTERVALS
        ],
        *[Cell(f"wrong | {name}", arguments, steps=ONCE) for name, (arguments, _words) in WRONG.items()],
        Cell("usage of an unknown sid", lambda account_sid: {"sid": sub(account_sid, 9)}, steps=ONCE),
    ]
    # Even if Twilio returns an account's own token, the module does not.
    return run_cells(running_simulator, USAGE, cells, {"own_auth_token": True})


@pytest.mark.parametrize("cell", FOUND)
def test_looking_accounts_up(queries, cell):
    run = queries[cell]
    run.assert_unchanged()
    fleet = [run.state, *run.subaccounts]
    for result in run.results.values():
        assert sorted(account["sid"] for account in result["accounts"]) == sorted(
            fleet[number]["sid"] for number in FOUND[cell][1]
        )
        for account in result["accounts"]:
            assert account.keys() == {
                "sid",
                "friendly_name",
                "status",
                "type",
                "owner_account_sid",
                "date_created",
                "date_updated",
            }
        assert not [account for account in fleet if account["auth_token"] in str(result.values)]


def test_an_unknown_status_is_refused_before_any_request(queries):
    assert queries["unknown status"].apply.failed
    assert "status" in queries["unknown status"].apply["msg"]
    assert queries["unknown status"].requests["apply"] == []


@pytest.mark.parametrize("cell", RECORDS)
def test_what_was_used(queries, cell):
    run = queries[cell]
    run.assert_unchanged()
    keys = ("category", "start_date", "end_date", "usage", "count", "price")
    for result in run.results.values():
        assert [tuple(record[key] for key in keys) for record in result["records"]] == RECORDS[cell][1]
        for record in result["records"]:
            assert not any(isinstance(record[key], (str, bool)) for key in ("usage", "count", "price"))
            assert record["account_sid"] == (sub(run.account_sid) if cell == "of a subaccount" else run.account_sid)
            assert record["as_of"].endswith("Z")


@pytest.mark.parametrize(("number", "interval"), list(enumerate(INTERVALS)))
def test_each_interval(queries, number, interval):
    (record,) = queries[f"in | {interval}"].apply["records"]
    assert (record["category"], record["usage"], record["count"], record["price"]) == (
        "marked",
        number,
        number,
        number + 0.5,
    )


@pytest.mark.parametrize("name", WRONG)
def test_wrong_questions_are_refused_before_any_request(queries, name):
    run = queries[f"wrong | {name}"]
    assert run.apply.failed
    assert WRONG[name][1] in run.apply["msg"]
    assert run.requests["apply"] == []


def test_the_usage_of_an_account_that_is_not_ones_own(queries):
    run = queries["usage of an unknown sid"]
    assert run.apply.failed
    assert run.apply["status"] == 404
    assert sub(run.account_sid, 9) in run.apply["msg"]


# Many of them.


def connection(simulator, **more) -> dict:
    return {
        "account_sid": simulator.account_sid,
        "auth_token": simulator.auth_token,
        "base_url": simulator.url,
        **more,
    }


def create_subaccounts(simulator, count: int) -> set[str]:
    """Give the account that many subaccounts, and return the SIDs of all."""
    seeds = [{"friendly_name": f"shop {number}", "owner_account_sid": simulator.account_sid} for number in range(count)]
    made = simulator.seed({"accounts": seeds})["accounts"]
    return {simulator.account_sid, *(account["sid"] for account in made)}


@pytest.mark.parametrize(("count", "prefix", "requests"), [(120, "", 1), (2300, "", 3), (1205, "/gateway/twilio", 2)])
def test_all_accounts_are_listed_in_pages(simulator, count, prefix, requests):
    simulator.settings(path_prefix=prefix)
    sids = create_subaccounts(simulator, count)
    result = run_task(INFO, connection(simulator, base_url=simulator.url + prefix))
    assert len(result["accounts"]) == count + 1
    assert {account["sid"] for account in result["accounts"]} == sids
    assert simulator.request_count() == requests


def test_a_name_is_looked_for_at_twilio(simulator):
    create_subaccounts(simulator, 120)
    result = run_task(MODULE, connection(simulator, friendly_name="shop 7"))
    assert result["changed"] is False
    assert [entry["query"]["FriendlyName"] for entry in simulator.requests()] == ["shop 7"]


def test_a_year_of_days_takes_two_pages(simulator):
    days = {"interval": "daily", "start_date": "2025-01-01", "end_date": "2025-12-31"}
    result = run_task(USAGE, connection(simulator, **days))
    assert len(result["records"]) == 3 * 365
    assert simulator.request_count() == 2


# With no_log if a token is requested, as documented.
@pytest.mark.parametrize("wanted", [True, False])
def test_no_token_is_shown_at_any_verbosity(simulator, tmp_path, execution, wanted):
    task = {"name": "task", MODULE: connection(simulator, **SHOP, return_auth_token=wanted), "no_log": wanted}
    run = ansible_playbook(tmp_path, [play([task])], "-vvvv", "--diff", **execution)
    assert run.status == 0, run.output
    assert len(simulator.state()["accounts"]) == 2
    assert not [account for account in simulator.state()["accounts"] if account["auth_token"] in run.output]
