# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS credentials: each state, faults, and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness import KEY_PAIR, KEY_SECRET, Cell, CellRun, fingerprint, make_sid, run_cells

NAMED = {"friendly_name": "recordings"}
CREATE = {**NAMED, **KEY_PAIR}
FOLLOW = {**CREATE, "update_secret": "when_changed"}
REPLACE = {**FOLLOW, "remove_replaced": True}
ALWAYS = {**CREATE, "update_secret": "always"}
MODULE = "community.twilio.twilio_aws_credential"
INFO = "community.twilio.twilio_aws_credential_info"
POST = {"method": "POST", "path": "Credentials/AWS$"}
DELETE = {"method": "DELETE", "path": "Credentials/AWS/"}


def account_with(*names: str | None):
    """Return an account that holds credentials of these names, CR…1, CR…2 and so on; {} stands for the signature."""

    def account(account_sid: str):
        return {
            "aws_credentials": [
                {
                    "sid": make_sid("CR", number),
                    "friendly_name": name and name.format(fingerprint(account_sid)),
                    "date_created": f"2026-01-{number:02}T04:00:00Z",
                }
                for number, name in enumerate(names, start=1)
            ]
        }

    return account


FIRST, SECOND = make_sid("CR", 1), make_sid("CR", 2)
OLD = "recordings #0123456789"

CELLS = [
    Cell("create", CREATE),
    Cell("create beside others", CREATE, account_with("other", None)),
    Cell("there already", CREATE, account_with("recordings")),
    Cell("there already, no key given", NAMED, account_with("recordings")),
    Cell("there already, signed", NAMED, account_with(OLD)),
    Cell("no key to create with", NAMED),
    Cell("several of that name", CREATE, account_with("recordings", OLD)),
    Cell("create signed", FOLLOW),
    Cell("signed as wanted", FOLLOW, account_with("recordings #{}")),
    Cell("signed otherwise", FOLLOW, account_with(OLD)),
    Cell("signed otherwise, removed", REPLACE, account_with(OLD, "recordings")),
    Cell("left by a run that was cut short", REPLACE, account_with(OLD, "recordings #{}")),
    Cell("not signed", FOLLOW, account_with("recordings")),
    Cell("not signed, adopted", {**FOLLOW, "unsigned": "adopt"}, account_with("recordings")),
    Cell("not signed, replaced", {**REPLACE, "unsigned": "replace"}, account_with("recordings")),
    Cell("not signed, a failure", {**FOLLOW, "unsigned": "fail"}, account_with("recordings")),
    Cell("several not signed", {**FOLLOW, "unsigned": "adopt"}, account_with("recordings", "recordings")),
    Cell("several not signed, replaced", {**FOLLOW, "unsigned": "replace"}, account_with("recordings", "recordings")),
    Cell("two signed alike", FOLLOW, account_with("recordings #{}", "recordings #{}")),
    Cell("always", ALWAYS, account_with("recordings")),
    Cell("always, removed", {**ALWAYS, "remove_replaced": True}, account_with("recordings")),
    Cell("rename", {"sid": FIRST, "friendly_name": "new"}, account_with("recordings", "other")),
    Cell("rename signed", {"sid": FIRST, "friendly_name": "new"}, account_with(OLD)),
    Cell("rename signed, too long", {"sid": FIRST, "friendly_name": "n" * 53}, account_with(OLD)),
    Cell("rename unnamed", {"sid": FIRST, "friendly_name": "new"}, account_with(None)),
    Cell(
        "rename to a name that is taken",
        {"sid": FIRST, "friendly_name": "other"},
        account_with("recordings", "other #0123456789"),
    ),
    Cell("sid as it is", {"sid": FIRST}, account_with("recordings")),
    Cell("sid unknown", {"sid": FIRST, **CREATE}),
    Cell("absent", {**NAMED, "state": "absent"}, account_with("recordings", "other")),
    Cell("absent, signed", {**NAMED, "state": "absent"}, account_with(OLD)),
    Cell("absent already", {**NAMED, "state": "absent"}, account_with("other")),
    Cell("absent by sid", {"sid": FIRST, "state": "absent"}, account_with("recordings")),
    Cell("absent by unknown sid", {"sid": FIRST, "state": "absent"}),
    Cell("absent, several", {**NAMED, "state": "absent"}, account_with("recordings", OLD)),
    Cell("look up", NAMED, account_with("recordings", "other", OLD), module=INFO),
    Cell("look up all", {}, account_with("recordings", None), module=INFO),
    Cell("look up by sid", {"sid": SECOND}, account_with("recordings", "other"), module=INFO),
    Cell("look up what is not there", {"sid": SECOND}, account_with("recordings"), module=INFO),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


def names(run: CellRun) -> list[str | None]:
    """Return the stored names that the account holds, its signature as {}."""
    signature = fingerprint(run.account_sid)
    stored = [credential["friendly_name"] for credential in run.state["aws_credentials"]]
    return [name and name.replace(signature, "{}") for name in stored]


@pytest.mark.parametrize(
    ("cell", "after"),
    [
        ("create", ["recordings"]),
        ("create beside others", ["other", None, "recordings"]),
        ("create signed", ["recordings #{}"]),
        ("signed otherwise", [OLD, "recordings #{}"]),
        ("signed otherwise, removed", ["recordings #{}"]),
        ("left by a run that was cut short", ["recordings #{}"]),
        ("not signed, adopted", ["recordings #{}"]),
        ("not signed, replaced", ["recordings #{}"]),
        ("several not signed, replaced", ["recordings", "recordings", "recordings #{}"]),
        ("rename", ["new", "other"]),
        ("rename signed", ["new #0123456789"]),
        ("rename unnamed", ["new"]),
        ("absent", ["other"]),
        ("absent, signed", []),
        ("absent by sid", []),
    ],
)
def test_what_changes(runs, cell, after):
    runs[cell].assert_changes_once()
    assert names(runs[cell]) == after


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("look up", [(FIRST, "recordings", None), (make_sid("CR", 3), "recordings", "0123456789")]),
        ("look up all", [(FIRST, "recordings", None), (SECOND, None, None)]),
        ("look up by sid", [(SECOND, "other", None)]),
        ("look up what is not there", []),
    ],
)
def test_what_is_looked_up(runs, cell, found):
    runs[cell].assert_unchanged()
    credentials = runs[cell].apply["credentials"]
    assert sorted((each["sid"], each["friendly_name"], each["fingerprint"]) for each in credentials) == found


@pytest.mark.parametrize(
    "cell",
    [
        "there already",
        "there already, no key given",
        "there already, signed",
        "signed as wanted",
        "not signed",
        "sid as it is",
        "absent already",
        "absent by unknown sid",
    ],
)
def test_what_stays(runs, cell):
    runs[cell].assert_unchanged()


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("no key to create with", ["aws_access_key_id", "required"]),
        ("several of that name", [FIRST, SECOND, "2026-01-01T04:00:00Z"]),
        ("two signed alike", [FIRST, SECOND]),
        ("not signed, a failure", [FIRST, "unsigned: adopt", "unsigned: replace"]),
        ("several not signed", [FIRST, SECOND, "state: absent", "unsigned: replace"]),
        ("rename to a name that is taken", ["friendly_name", SECOND]),
        ("rename signed, too long", ["friendly_name", "52"]),
        ("sid unknown", ["sid", FIRST]),
        ("absent, several", [FIRST, SECOND]),
    ],
)
def test_what_is_refused(runs, cell, words):
    runs[cell].assert_refused(*words)


@pytest.mark.parametrize(("cell", "after"), [("always", 3), ("always, removed", 1)])
def test_always_makes_a_new_one_in_each_run(runs, cell, after):
    run = runs[cell]
    assert [run.results[step]["changed"] for step in ("check", "apply", "repeat")] == [True, True, True]
    assert set(run.methods("check")) == {"GET"}
    assert len(names(run)) == after
    assert run.apply["replaced_sids"] == [FIRST]


def test_what_a_run_takes(runs):
    assert runs["there already"].methods("repeat") == ["GET"]
    assert runs["create"].methods("apply") == ["GET", "POST"]
    assert runs["sid as it is"].methods("apply") == ["GET"]


def test_the_result_and_the_diff(runs):
    run = runs["signed otherwise, removed"]
    made = run.state["aws_credentials"][0]
    assert made["credentials"] == f"{KEY_PAIR['aws_access_key_id']}:{KEY_SECRET}"
    expected = {
        "sid": made["sid"],
        "account_sid": run.account_sid,
        "friendly_name": "recordings",
        "fingerprint": fingerprint(run.account_sid),
        "date_updated": None,
    }
    returned = run.apply["credential"]
    assert {key: returned[key] for key in expected} == expected
    assert returned["date_created"].endswith("Z")
    assert returned["url"].endswith(made["sid"])
    assert sorted(run.apply["replaced_sids"]) == [FIRST, SECOND]
    replaced = [replaced_entry(SECOND), replaced_entry(FIRST, "0123456789")]
    diff = run.apply["diff"]
    assert diff["after"] == {**without_nulls(returned), "replaced": []}
    assert (diff["before"]["sid"], diff["before"]["replaced"]) == (SECOND, replaced)
    foreseen = run.results["check"]["credential"]
    assert foreseen == {**expected, "sid": None, "date_created": None, "url": None}
    assert run.results["check"]["diff"]["before"] == diff["before"]
    assert run.results["check"]["diff"]["after"] == {**without_nulls(foreseen), "replaced": []}
    assert run.results["repeat"]["credential"] == returned
    assert run.results["repeat"]["replaced_sids"] == []


def replaced_entry(sid: str, signature: str | None = None) -> dict[str, str | None]:
    """Return the entry in the diff of a credential that was replaced."""
    return {"sid": sid, "friendly_name": "recordings", "fingerprint": signature}


def without_nulls(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if value is not None}


@pytest.mark.parametrize("step", ["check", "apply"])
def test_a_deletion_beside_what_stays_is_in_the_diff(runs, step):
    run = runs["left by a run that was cut short"]
    before, after = (run.results[step]["diff"][side] for side in ("before", "after"))
    assert (before.pop("replaced"), after.pop("replaced")) == ([replaced_entry(FIRST, "0123456789")], [])
    assert before == after == without_nulls(run.apply["credential"])
    assert "replaced" not in str(run.results["repeat"]["diff"])


def test_what_is_adopted_keeps_its_sid_and_follows_its_key(runs):
    run = runs["not signed, adopted"]
    assert run.apply["credential"]["sid"] == FIRST
    assert run.apply["credential"]["fingerprint"] == fingerprint(run.account_sid)
    assert run.apply["replaced_sids"] == []
    assert run.methods("apply") == ["GET", "POST"]
    assert run.apply["diff"]["before"]["fingerprint"] is None
    assert run.results["check"]["credential"]["sid"] == FIRST
    assert not run.apply.get("warnings")


def test_the_diff_of_what_comes_and_goes(runs):
    assert runs["create"].apply["diff"]["before"] == {}
    assert runs["absent"].apply["diff"]["after"] == {}
    assert runs["absent"].apply["credential"] is None
    assert runs["absent"].results["check"]["diff"]["before"]["sid"] == FIRST
    stays = runs["there already"].apply["diff"]
    assert stays["before"] == stays["after"]


def test_a_credential_that_is_not_signed_is_warned_about(runs):
    for choice in ("adopt", "replace", "fail"):
        assert f"unsigned: {choice}" in str(runs["not signed"].apply["warnings"])


# Faults. In the end exactly one credential exists.

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
LOST = {"hang before": {"kind": "hang"}, "hang after": {"kind": "hang", "applied": True}}
TWICE = {"500 after, twice": {"kind": "500", "applied": False, "count": 2}}
LATE = {"late, within Retry-After": {"kind": "late", "delay": 1.0, "status": 503, "retry_after": 2}}
RUN = ("apply", "repeat")


def at(place: dict[str, str], faults: dict[str, dict]) -> dict[str, dict]:
    return {name: {**place, **fault} for name, fault in faults.items()}


FAULTY = [
    *[
        Cell(f"create | {name}", FOLLOW, faults=[fault], steps=RUN)
        for name, fault in at(POST, {**ENDS_WELL, **TWICE, **LATE}).items()
    ],
    *[
        Cell(f"create | {name}", {**FOLLOW, "timeout": 1}, faults=[fault], steps=RUN)
        for name, fault in at(POST, LOST).items()
    ],
    *[
        Cell(f"create unsigned | {name}", CREATE, faults=[fault], steps=RUN)
        for name, fault in at(
            POST, {"reset after": ENDS_WELL["reset after"], "reset before": ENDS_WELL["reset before"]}
        ).items()
    ],
    *[
        Cell(f"list | {name}", FOLLOW, faults=[fault], steps=RUN)
        for name, fault in at({"method": "GET"}, ENDS_WELL).items()
    ],
    *[
        Cell(f"delete | {name}", {**NAMED, "state": "absent"}, account_with("recordings"), [fault], RUN)
        for name, fault in at(DELETE, ENDS_WELL).items()
    ],
    Cell(
        "always | reset after",
        ALWAYS,
        account_with("recordings #{}"),
        [{**POST, "kind": "reset", "applied": True}],
        ("apply",),
    ),
    Cell(
        "rename | 500 after",
        {"sid": FIRST, "friendly_name": "new"},
        account_with("old"),
        [{"method": "POST", "kind": "500", "applied": True}],
        RUN,
    ),
    Cell(
        "replace | delete refused",
        REPLACE,
        account_with(OLD),
        [{**DELETE, "kind": "status", "status": 400, "code": 20001, "message": "No"}],
        RUN,
    ),
    Cell(
        "replace | second delete refused",
        REPLACE,
        account_with(OLD, "recordings"),
        [{**DELETE, "skip": 1, "kind": "status", "status": 400, "code": 20001, "message": "No"}],
        RUN,
    ),
    Cell(
        "remove what was left | second delete refused",
        REPLACE,
        account_with(OLD, "recordings", "recordings #{}"),
        [{**DELETE, "skip": 1, "kind": "status", "status": 400, "code": 20001, "message": "No"}],
        RUN,
    ),
    Cell(
        "remove what was left | deleted by somebody else",
        REPLACE,
        account_with(OLD, "recordings #{}"),
        [{**DELETE, "kind": "status", "status": 404, "code": 20404, "message": "Gone"}],
        ("apply",),
    ),
    Cell(
        "adopt | 500 after",
        {**FOLLOW, "unsigned": "adopt"},
        account_with("recordings"),
        [{"method": "POST", "kind": "500", "applied": True}],
        RUN,
    ),
    Cell("another account", FOLLOW, account_with("recordings #{}"), [{"method": "GET", "kind": "wrong_account"}], RUN),
    Cell("created in another account", CREATE, faults=[{**POST, "kind": "wrong_account"}], steps=("apply",)),
    Cell(
        "deleted by somebody else",
        {**NAMED, "state": "absent"},
        account_with("recordings"),
        [{**DELETE, "kind": "status", "status": 404, "code": 20404, "message": "Gone"}],
        ("apply",),
    ),
    Cell(
        "never answered",
        {**FOLLOW, "max_retries": 1},
        faults=[{**POST, "kind": "500", "count": None}],
        steps=("apply",),
    ),
    Cell(
        "always refused",
        {**FOLLOW, "max_retries": 1},
        faults=[{**POST, "kind": "429", "retry_after": 0, "count": None}],
        steps=("apply",),
    ),
    Cell(
        "made twice",
        FOLLOW,
        # The second request waits until the first is applied.
        faults=[{**POST, "kind": "late", "delay": 0.8}, {**POST, "kind": "429", "retry_after": 1}],
        steps=("apply",),
    ),
    Cell("told to wait too long", FOLLOW, faults=[{**POST, "kind": "429", "retry_after": 3600}], steps=("apply",)),
    Cell(
        "not accepted",
        FOLLOW,
        faults=[{**POST, "kind": "status", "status": 400, "code": 70106, "message": "Invalid"}],
        steps=("apply",),
    ),
    Cell("not let in", {**NAMED, "auth_token": "f" * 32}, steps=("apply",)),
]


@pytest.fixture(scope="module")
def faulty(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, FAULTY)


def ends(prefix: str) -> list[str]:
    return [cell.name for cell in FAULTY if cell.name.startswith(f"{prefix} | ")]


@pytest.mark.parametrize("cell", [*ends("create"), *ends("create unsigned"), *ends("list")])
def test_a_creation_survives_each_fault_and_exactly_one_exists(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert len(names(run)) == 1
    assert run.apply["credential"]["sid"] == run.state["aws_credentials"][0]["sid"]


@pytest.mark.parametrize("cell", ends("delete"))
def test_a_deletion_survives_each_fault(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert names(run) == []


def test_two_created_credentials_are_reported(faulty):
    result = faulty["made twice"].apply
    assert result.failed
    assert result["changed"] is True
    for credential in faulty["made twice"].state["aws_credentials"]:
        assert credential["sid"] in result["msg"]
    assert len(names(faulty["made twice"])) == 2


def test_always_is_settled_by_the_sids_before_and_after(faulty):
    run = faulty["always | reset after"]
    assert run.apply["changed"] is True
    assert run.apply["replaced_sids"] == [FIRST]
    assert len(names(run)) == 2
    assert run.apply["credential"]["sid"] != FIRST


def test_a_rename_is_repeated(faulty):
    run = faulty["rename | 500 after"]
    assert [result["changed"] for result in run.results.values()] == [True, False]
    assert names(run) == ["new"]
    adopted = faulty["adopt | 500 after"]
    assert [result["changed"] for result in adopted.results.values()] == [True, False]
    assert names(adopted) == ["recordings #{}"]


def test_what_was_done_before_a_failure_is_reported_and_the_next_run_continues(faulty):
    run = faulty["replace | delete refused"]
    assert run.apply.failed
    assert run.apply["changed"] is True
    assert run.apply["credential"]["fingerprint"] == fingerprint(run.account_sid)
    assert run.results["repeat"]["changed"] is True
    assert run.results["repeat"]["replaced_sids"] == [FIRST]
    assert names(run) == ["recordings #{}"]


def test_the_diff_of_a_failure_shows_what_was_done_before_it(faulty):
    diff = faulty["replace | delete refused"].apply["diff"]
    assert diff["before"]["sid"] == FIRST
    assert diff["after"] == without_nulls(faulty["replace | delete refused"].apply["credential"])
    second = faulty["replace | second delete refused"]
    assert second.apply["diff"]["before"]["replaced"] == [replaced_entry(SECOND)]
    assert second.apply["diff"]["after"]["replaced"] == []
    assert second.apply["diff"]["after"]["sid"] == second.apply["credential"]["sid"]
    rest = faulty["remove what was left | second delete refused"]
    assert rest.apply.failed
    assert rest.apply["changed"] is True
    before, after = (dict(rest.apply["diff"][side]) for side in ("before", "after"))
    assert (before.pop("replaced"), after.pop("replaced")) == ([replaced_entry(SECOND)], [])
    assert before == after
    for run in (second, rest):
        assert run.results["repeat"]["diff"]["before"]["replaced"] == [replaced_entry(FIRST, "0123456789")]
        assert names(run) == ["recordings #{}"]
    assert "diff" not in faulty["not accepted"].apply.values


def test_a_deletion_by_somebody_else_is_not_in_the_diff(faulty):
    result = faulty["remove what was left | deleted by somebody else"].apply
    assert result["changed"] is False
    assert result["diff"]["before"] == result["diff"]["after"]
    assert "replaced" not in result["diff"]["before"]


def test_an_answer_about_another_account_is_not_trusted(faulty):
    run = faulty["another account"]
    assert run.apply.failed
    assert "not " + run.account_sid in run.apply["msg"]
    assert run.methods("apply") == ["GET"]


def test_a_creation_that_is_answered_about_another_account_is_looked_up(faulty):
    run = faulty["created in another account"]
    assert run.apply["changed"], run.apply
    assert run.apply["credential"]["sid"] in [credential["sid"] for credential in run.state["aws_credentials"]]
    assert run.methods("apply").count("POST") == 1


def test_a_deletion_by_somebody_else_is_no_change(faulty):
    assert faulty["deleted by somebody else"].apply["changed"] is False


def test_a_task_that_runs_out_of_retries(faulty):
    run = faulty["never answered"]
    assert run.apply["status"] == 500
    assert run.methods("apply") == ["GET", "POST", "GET", "POST", "GET"]
    assert faulty["always refused"].methods("apply") == ["GET", "POST", "POST"]
    assert faulty["always refused"].apply["code"] == 20429
    assert faulty["told to wait too long"].methods("apply") == ["GET", "POST"]


def test_a_refusal_names_the_call_the_account_and_the_reason(faulty):
    result = faulty["not accepted"].apply
    assert (result["status"], result["code"]) == (400, 70106)
    assert result["request_id"].startswith("RQ")
    assert result["more_info"].startswith("https://")
    for words in ("create the AWS credential 'recordings'", "70106", "Check aws_access_key_id"):
        assert words in result["msg"]


def test_wrong_credentials_are_tried_once(faulty):
    run = faulty["not let in"]
    assert run.methods("apply") == ["GET"]
    assert (run.apply["status"], run.apply["code"]) == (401, 20003)
    assert run.apply["request_id"].startswith("RQ")


# Refused before any request.

WRONG = {
    "account_sid": ({**CREATE, "account_sid": "AC123"}, "account_sid"),
    "two identities of a connection": ({**CREATE, "api_key_sid": make_sid("SK", 1)}, "api_key_secret"),
    "api_key_sid": ({**CREATE, "api_key_sid": "SK1", "api_key_secret": "hunter2hunter2"}, "api_key_sid"),
    "auth_token": ({**CREATE, "auth_token": "hunter2 hunter2"}, "auth_token"),
    "region": ({**CREATE, "region": "ie1/"}, "region"),
    "edge": ({**CREATE, "edge": "Dublin"}, "edge"),
    "base_url": ({**CREATE, "base_url": "accounts.twilio.com"}, "base_url"),
    "timeout": ({**CREATE, "timeout": 0}, "timeout"),
    "max_retries": ({**CREATE, "max_retries": -1}, "max_retries"),
    "subaccount_sid": ({**CREATE, "subaccount_sid": "AC1"}, "subaccount_sid"),
    "sid": ({"sid": "CR1"}, "sid"),
    "neither sid nor name": (KEY_PAIR, "friendly_name"),
    "name of 65": ({**CREATE, "friendly_name": "n" * 65}, "friendly_name"),
    "signed name of 53": ({**FOLLOW, "friendly_name": "n" * 53}, "friendly_name"),
    "empty name": ({**CREATE, "friendly_name": " "}, "friendly_name"),
    "name that looks signed": ({**CREATE, "friendly_name": OLD}, "friendly_name"),
    "key id": ({**CREATE, "aws_access_key_id": "akia"}, "aws_access_key_id"),
    "secret": ({**CREATE, "aws_secret_access_key": "hunter2hunter2"}, "aws_secret_access_key"),
    "half a pair": ({**NAMED, "aws_access_key_id": KEY_PAIR["aws_access_key_id"]}, "aws_secret_access_key"),
    "no pair to compare": ({**NAMED, "update_secret": "when_changed"}, "aws_access_key_id"),
    "sid to replace": ({**FOLLOW, "sid": FIRST}, "sid"),
    "state": ({**CREATE, "state": "gone"}, "state"),
    "unsigned": ({**FOLLOW, "unsigned": "yes"}, "unsigned"),
    "name of 53 to adopt": ({**FOLLOW, "friendly_name": "n" * 53, "unsigned": "adopt"}, "friendly_name"),
}


@pytest.fixture(scope="module")
def wrong(running_simulator) -> dict[str, CellRun]:
    cells = [Cell(name, arguments, steps=("apply",)) for name, (arguments, _option) in WRONG.items()]
    return run_cells(running_simulator, MODULE, cells)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_refused_before_any_request(wrong, running_simulator, name):
    result = wrong[name].apply
    assert result.failed
    assert WRONG[name][1] in result["msg"]
    assert "hunter2" not in str(result.values)
    assert wrong[name].requests["apply"] == []
