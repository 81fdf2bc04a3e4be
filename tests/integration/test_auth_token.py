# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Auth tokens: each state of both tokens, faults, and secrecy.

In every cell, A is given as ``auth_token`` and, where there are two, B as ``secondary_auth_token``; C is a token that
the task doesn't know.
"""

from __future__ import annotations

import pytest
from harness import OMIT, Cell, CellRun, ansible_playbook, make_sid, play, run_cells

MODULE = "community.twilio.twilio_auth_token"
INFO = "community.twilio.twilio_auth_token_info"
A, B, C = "a" * 32, "b" * 32, "c" * 32
ONE = {"auth_token": A}
TWO = {**ONE, "secondary_auth_token": B}
SAME = {**ONE, "secondary_auth_token": A}
PROMOTED, ABSENT = {"state": "promoted"}, {"state": "absent"}
REPLACE = {"replace_unknown": True}
QUIETLY = {"suppress_email_notification": True}

# The accounts: the primary token, and the secondary one.
A_NONE = {"auth_token": A}
A_B = {"auth_token": A, "secondary_auth_token": B}
A_C = {"auth_token": A, "secondary_auth_token": C}
B_NONE = {"auth_token": B}
B_A = {"auth_token": B, "secondary_auth_token": A}
C_NONE = {"auth_token": C}
DISABLED = {"secondary_enabled": False}

RUN = ("apply", "repeat")
ONCE = ("apply",)
KEY = {"sid": make_sid("SK", 1), "secret": "5" * 32, "kind": "main"}
WITH_KEY = {"api_key_sid": KEY["sid"], "api_key_secret": KEY["secret"]}

CELLS = [
    Cell("known", TWO, A_B),
    Cell("known, though replaced if not", {**TWO, **REPLACE}, A_B),
    Cell("none", ONE, A_NONE),
    Cell("none, replaced if any", {**ONE, **REPLACE}, A_NONE),
    Cell("known no more", TWO, A_NONE),
    Cell("unknown", ONE, A_C),
    Cell("another than the known", TWO, A_C),
    Cell("unknown, replaced", {**ONE, **REPLACE}, A_C),
    Cell("another than the known, replaced", {**TWO, **REPLACE}, A_C),
    Cell("known is the primary", SAME, A_NONE),
    Cell("known is the primary by now", TWO, B_NONE),
    Cell("both dead", TWO, C_NONE),
    Cell("the only one dead", ONE, C_NONE),
    Cell("promoted | staged", {**TWO, **PROMOTED}, A_B),
    Cell("promoted | done", {**TWO, **PROMOTED}, B_NONE),
    Cell("promoted | the primary", {**SAME, **PROMOTED}, A_NONE),
    Cell("promoted | the primary, another staged", {**SAME, **PROMOTED}, A_C),
    Cell("promoted | never staged", {**TWO, **PROMOTED}, A_NONE),
    Cell("promoted | another staged", {**TWO, **PROMOTED}, A_C),
    Cell("promoted | both dead", {**TWO, **PROMOTED}, C_NONE),
    Cell("promoted | one twice, dead", {**SAME, **PROMOTED}, C_NONE),
    Cell("promoted | not told which", {**ONE, **PROMOTED}, A_B),
    Cell("promoted | swapped", {**TWO, **PROMOTED}, B_A, steps=ONCE),
    Cell("absent | known", {**TWO, **ABSENT}, A_B),
    Cell("absent | not told", {**ONE, **ABSENT}, A_B),
    Cell("absent | not told, none", {**ONE, **ABSENT}, A_NONE),
    Cell("absent | the primary told, none", {**SAME, **ABSENT}, A_NONE),
    Cell("absent | none", {**TWO, **ABSENT}, A_NONE),
    Cell("absent | another", {**TWO, **ABSENT}, A_C),
    Cell("absent | the primary by now", {**TWO, **ABSENT}, B_NONE),
    Cell("absent | both dead", {**TWO, **ABSENT}, C_NONE),
    Cell("absent | the only one dead", {**ONE, **ABSENT}, C_NONE),
    Cell("none, quietly", {**ONE, **QUIETLY}, A_NONE, steps=ONCE),
    Cell("promoted | quietly", {**TWO, **PROMOTED, **QUIETLY}, A_B, steps=ONCE),
    Cell("absent | quietly", {**TWO, **ABSENT, **QUIETLY}, A_B, steps=ONCE),
    Cell("not enabled", ONE, {**A_NONE, **DISABLED}, steps=ONCE),
    Cell("promoted | not enabled", {**TWO, **PROMOTED}, {**A_B, **DISABLED}, steps=ONCE),
    Cell("absent | not enabled", {**ONE, **ABSENT}, {**A_NONE, **DISABLED}, steps=ONCE),
    Cell("with an API key", {**ONE, **WITH_KEY}, {**A_NONE, "api_keys": [KEY]}, steps=ONCE),
]


def tokens(run: CellRun) -> tuple[str, str | None]:
    """Return the account's primary and secondary token."""
    return run.state["auth_token"], run.state["secondary_auth_token"]


def writes(run: CellRun, step: str) -> list[str]:
    """Return the requests of a step that change tokens."""
    log = run.requests[step]
    return [f"{entry['method']} {entry['path'].rsplit('/', 1)[1]}" for entry in log if entry["method"] != "GET"]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


@pytest.mark.parametrize("cell", ["none", "none, replaced if any", "known no more"])
def test_a_secondary_token_is_created_and_returned_once(runs, cell):
    run = runs[cell]
    assert run.results["check"]["changed"] is True
    assert run.results["check"]["secondary_auth_token"] is None
    assert writes(run, "check") == []
    assert run.apply["changed"] is True
    assert writes(run, "apply") == ["POST Secondary"]
    assert run.apply["date_created"].endswith("Z")
    created = run.apply["secondary_auth_token"]
    again = run.results["repeat"]
    if again.failed:
        assert again["code"] == 70002
        assert tokens(run) == (A, created)
        assert run.state["emails"] == ["create"]
    else:
        # The second run does not know the token that the first one created.
        assert tokens(run) == (A, again["secondary_auth_token"])
        assert run.state["emails"] == ["create", "delete", "create"]
        assert again["secondary_auth_token"] != created


#: Whether auth_token is the account's primary token or the secondary one, which the account may report.
OF_WHICH = [
    Cell("the primary", {**ONE, **REPLACE}, A_C, steps=ONCE),
    Cell("the secondary", {**ONE, **REPLACE}, B_A, steps=ONCE),
]


def test_the_authenticating_token_is_not_deleted_if_the_account_reports_it_as_secondary(simulator):
    runs = run_cells(simulator, MODULE, OF_WHICH, {"own_auth_token": True})
    replaced, refused = runs["the primary"], runs["the secondary"]
    assert writes(replaced, "apply") == ["POST Secondary", "DELETE Secondary", "POST Secondary"]
    assert tokens(replaced) == (A, replaced.apply["secondary_auth_token"])
    assert refused.apply.failed
    assert "secondary one, so that replace_unknown would delete it" in refused.apply["msg"]
    assert refused.apply.get("changed") is not True
    assert writes(refused, "apply") == ["POST Secondary"]
    assert tokens(refused) == (B, A)


def test_a_token_that_deleted_itself_unnoticed_is_reported(simulator):
    runs = run_cells(simulator, MODULE, OF_WHICH)
    assert runs["the primary"].apply["changed"] is True
    gone = runs["the secondary"]
    assert gone.apply.failed
    assert gone.apply["changed"] is True
    assert "It was deleted with replace_unknown, and is not valid any more" in gone.apply["msg"]
    assert (gone.apply["status"], gone.apply["code"]) == (401, 20003)
    assert tokens(gone) == (B, None)


@pytest.mark.parametrize("cell", ["unknown", "another than the known"])
def test_an_unknown_token_is_left_alone(runs, cell):
    run = runs[cell]
    assert run.results["check"]["changed"] is True
    assert writes(run, "check") == []
    for step in RUN:
        result = run.results[step]
        assert result.failed
        assert result.get("changed") is not True
        assert (result["status"], result["code"]) == (400, 70002)
        assert "'replace_unknown: true'" in result["msg"]
    assert tokens(run) == (A, C)


@pytest.mark.parametrize("cell", ["unknown, replaced", "another than the known, replaced"])
def test_an_unknown_token_is_replaced_on_request(runs, cell):
    run = runs[cell]
    assert [run.results[step]["changed"] for step in run.results] == [True, True, True]
    assert writes(run, "check") == []
    assert writes(run, "apply") == ["POST Secondary", "DELETE Secondary", "POST Secondary"]
    assert tokens(run) == (A, run.results["repeat"]["secondary_auth_token"])
    assert len({C, run.apply["secondary_auth_token"], run.results["repeat"]["secondary_auth_token"]}) == 3


def test_a_staged_token_is_promoted(runs):
    run = runs["promoted | staged"]
    run.assert_changes_once()
    assert writes(run, "apply") == ["POST Promote"]
    promotion = next(entry for entry in run.requests["apply"] if entry["method"] == "POST")
    assert promotion["authenticated_with"] == "secondary"
    assert tokens(run) == (B, None)
    assert run.state["emails"] == ["promote"]


@pytest.mark.parametrize(
    ("cell", "after"),
    [
        ("known", (A, B)),
        ("known, though replaced if not", (A, B)),
        ("promoted | done", (B, None)),
        ("promoted | the primary", (A, None)),
        ("promoted | the primary, another staged", (A, C)),
    ],
)
def test_what_stays(runs, cell, after):
    runs[cell].assert_unchanged()
    assert tokens(runs[cell]) == after


@pytest.mark.parametrize(
    ("cell", "words", "after"),
    [
        ("known is the primary", ["secondary_auth_token: ", "that is the primary"], (A, None)),
        ("known is the primary by now", ["promoted already", "Pass it as auth_token"], (B, None)),
        ("both dead", ["locked out", "Ways out"], (C, None)),
        ("the only one dead", ["401/20003"], (C, None)),
        ("promoted | never staged", ["never staged, or was deleted"], (A, None)),
        ("promoted | another staged", ["never staged, or was deleted"], (A, C)),
        ("promoted | both dead", ["locked out", "Ways out"], (C, None)),
        ("promoted | one twice, dead", ["locked out", "Ways out"], (C, None)),
        ("promoted | not told which", ["secondary_auth_token"], (A, B)),
        ("absent | the primary by now", ["promoted already", "Pass it as auth_token"], (B, None)),
        ("absent | both dead", ["locked out", "Ways out"], (C, None)),
        ("absent | the only one dead", ["401/20003"], (C, None)),
    ],
)
def test_what_is_refused(runs, cell, words, after):
    runs[cell].assert_refused(*words)
    assert tokens(runs[cell]) == after


@pytest.mark.parametrize(
    ("cell", "changed", "guessed"),
    [
        ("absent | known", [True, True, False], False),
        ("absent | not told", [True, True, False], True),
        ("absent | not told, none", [True, False, False], True),
        ("absent | the primary told, none", [True, False, False], True),
        ("absent | none", [False, False, False], False),
        # Check mode can't predict whether another token exists than the given one.
        ("absent | another", [False, True, False], False),
    ],
)
def test_a_secondary_token_is_removed(runs, cell, changed, guessed):
    run = runs[cell]
    assert [result["changed"] for result in run.results.values()] == changed
    assert writes(run, "check") == []
    assert writes(run, "apply") == ["DELETE Secondary"]
    assert ("prediction" in str(run.results["check"].get("warnings"))) == guessed
    assert tokens(run) == (A, None)
    assert run.state["emails"] == (["delete"] if changed[1] else [])


def test_swapped_tokens_are_reported(runs):
    run = runs["promoted | swapped"]
    assert run.apply.failed
    assert "swapped" in run.apply["msg"]
    assert run.apply["changed"] is True
    assert tokens(run) == (A, None)


@pytest.mark.parametrize("cell", ["none, quietly", "promoted | quietly", "absent | quietly"])
def test_no_email_is_sent_on_request(runs, cell):
    run = runs[cell]
    assert run.apply["changed"] is True
    assert run.state["emails"] == []
    (write,) = [entry for entry in run.requests["apply"] if entry["method"] != "GET"]
    # Twilio takes it from the query of a DELETE, and from a POST's form.
    place, other = ("query", "form") if write["method"] == "DELETE" else ("form", "query")
    assert write[place] == {"SuppressEmailNotification": "true"}
    assert write[other] == {}


def test_by_default_twilio_decides_whether_to_send_an_email(runs):
    for run in runs.values():
        if "quietly" not in run.results["apply"].task:
            assert not any("SuppressEmailNotification" in str(entry) for log in run.requests.values() for entry in log)


def test_an_account_without_secondary_tokens_is_reported(runs):
    for cell in ("not enabled", "promoted | not enabled"):
        assert runs[cell].apply.failed
        assert (runs[cell].apply["status"], runs[cell].apply["code"]) == (404, 20404)
        assert "not enabled for this account: ask Twilio's support" in runs[cell].apply["msg"]
    assert runs["absent | not enabled"].apply["changed"] is False


def test_an_api_key_is_ignored(runs):
    run = runs["with an API key"]
    assert run.apply["changed"] is True
    assert {entry["authenticated_with"] for entry in run.requests["apply"]} == {"primary"}


def test_the_result_and_the_diff(runs):
    for run in runs.values():
        for result in run.results.values():
            if not result.failed:
                assert result["account_sid"] == run.account_sid
                assert {"date_created", "date_updated", "secondary_auth_token"} <= result.values.keys()
                shown = str([result["secondary_auth_token"], result["diff"]])
                assert not [value for value in (A, B, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER") if value in shown]
    diff = runs["none"].apply["diff"]
    assert diff["before"] == {}
    assert diff["after"].keys() == {"account_sid", "date_created", "date_updated"}
    assert runs["promoted | staged"].apply["diff"]["after"] == {}
    assert runs["promoted | staged"].apply["secondary_auth_token"] is None
    assert runs["promoted | staged"].apply["date_updated"].endswith("Z")
    assert runs["absent | known"].apply["diff"]["after"] == {}


@pytest.mark.parametrize("cell", ["unknown, replaced", "another than the known, replaced"])
def test_a_token_that_is_deleted_for_another_is_in_the_diff(runs, cell):
    run = runs[cell]
    diff = run.apply["diff"]
    assert diff["before"] == {"replaced": [{"account_sid": run.account_sid}]}
    assert diff["after"].keys() == {"account_sid", "date_created", "date_updated", "replaced"}
    assert diff["after"]["replaced"] == []
    assert "replaced" not in runs["none, replaced if any"].apply["diff"]["before"]


def test_what_was_deleted_against_expectation_is_in_the_diff(runs):
    run = runs["absent | another"]
    assert run.apply["changed"] is True
    assert run.apply["diff"] == {"before": {"account_sid": run.account_sid}, "after": {}}


# Faults.

ENDS_WELL = {
    "429": {"kind": "429", "retry_after": 1},
    "500 before": {"kind": "500"},
    "503 before": {"kind": "503"},
    "reset before": {"kind": "reset"},
}
APPLIED = {
    "500 after": {"kind": "500", "applied": True},
    "503 after": {"kind": "503", "applied": True},
    "502 after": {"kind": "502", "applied": True},
    "reset after": {"kind": "reset", "applied": True},
    "truncated": {"kind": "truncated"},
    "html 200": {"kind": "html", "status": 200, "applied": True},
    "no token in it": {"kind": "wrong_shape", "variant": "empty_object"},
    "wrong types": {"kind": "wrong_shape", "variant": "wrong_types"},
}
CREATE = {"method": "POST", "path": "Secondary$"}
PROMOTE = {"method": "POST", "path": "Promote$"}
DELETE = {"method": "DELETE", "path": "Secondary$"}
TRY = {"method": "GET"}
NOT_FOUND = {"kind": "status", "status": 404, "code": 20404}
SUSPENDED = {"auth_token": A, "secondary_auth_token": B, "status": "suspended"}


def at(
    place: dict, faults: dict, name: str, arguments: dict, account: dict, steps: tuple[str, ...] = ONCE
) -> list[Cell]:
    return [Cell(f"{name} | {fault}", arguments, account, [{**place, **how}], steps) for fault, how in faults.items()]


FAULTY = [
    *at(CREATE, ENDS_WELL, "create", ONE, A_NONE),
    *at(CREATE, APPLIED, "create, lost", ONE, A_NONE),
    *at(CREATE, {**ENDS_WELL, **APPLIED}, "create or replace", {**ONE, **REPLACE}, A_NONE),
    *at({**CREATE, "skip": 1}, {**ENDS_WELL, **APPLIED}, "replace", {**ONE, **REPLACE}, A_C),
    *at(DELETE, {**ENDS_WELL, **APPLIED}, "replace, deleting", {**ONE, **REPLACE}, A_C),
    *at(PROMOTE, {**ENDS_WELL, **APPLIED}, "promote", {**TWO, **PROMOTED}, A_B, RUN),
    *at(DELETE, {**ENDS_WELL, **APPLIED}, "delete", {**TWO, **ABSENT}, A_B, RUN),
    *at(TRY, {**ENDS_WELL, **APPLIED}, "try", {**TWO, **PROMOTED}, A_B, RUN),
    *at(
        CREATE,
        {"500": {"kind": "500", "count": None}, "reset": {"kind": "reset", "count": None}},
        "never created",
        {**ONE, "max_retries": 1},
        A_NONE,
    ),
    Cell(
        "replace, refused after the deletion",
        {**ONE, **REPLACE},
        A_C,
        [{**CREATE, "skip": 1, "kind": "status", "status": 400, "code": 20001}],
        ONCE,
    ),
    Cell(
        "replace, always lost",
        {**ONE, **REPLACE, "max_retries": 1},
        A_C,
        [{**CREATE, "skip": skip, "kind": "500", "applied": True} for skip in (1, 2)],
        ONCE,
    ),
    # The look after the first attempt finds nothing done, and the repeat finds nothing to do.
    Cell(
        "promote, settled late",
        {**TWO, **PROMOTED},
        A_B,
        [{**PROMOTE, "kind": "reset"}, {**PROMOTE, **NOT_FOUND, "applied": True}],
        ONCE,
    ),
    Cell("promoted by somebody else", {**TWO, **PROMOTED}, A_B, [{**PROMOTE, **NOT_FOUND, "applied": True}], ONCE),
    Cell("promote, swapped and lost", {**TWO, **PROMOTED}, B_A, [{**PROMOTE, "kind": "reset", "applied": True}], ONCE),
    Cell("deleted by somebody else", {**TWO, **ABSENT}, A_B, [{**DELETE, **NOT_FOUND, "applied": True}], ONCE),
    Cell("another 401", {**TWO, **PROMOTED}, A_B, [{**TRY, "kind": "status", "status": 401, "code": 20006}], ONCE),
    Cell("a 403", {**TWO, **PROMOTED}, A_B, [{**TRY, "kind": "status", "status": 403, "code": 20003}], ONCE),
    Cell(
        "a message that repeats the token",
        {**TWO, **PROMOTED},
        A_B,
        [{**PROMOTE, "kind": "status", "status": 400, "code": 20001, "message": f"No: {B}"}],
        ONCE,
    ),
]


@pytest.fixture(scope="module")
def faulty(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, FAULTY)


def ends(*prefixes: str) -> list[str]:
    return [cell.name for cell in FAULTY if cell.name.split(" | ")[0] in prefixes]


@pytest.mark.parametrize("cell", ends("create", "create or replace", "replace", "replace, deleting"))
def test_the_token_that_is_created_is_the_one_returned(faulty, cell):
    run = faulty[cell]
    assert run.apply.get("changed") is True, run.apply
    assert not run.apply.failed
    assert tokens(run) == (A, run.apply["secondary_auth_token"])


@pytest.mark.parametrize("cell", ends("create, lost"))
def test_a_token_whose_answer_was_lost_is_not_deleted_by_default(faulty, cell):
    run = faulty[cell]
    assert run.apply.failed
    assert run.apply["code"] == 70002
    assert "replace_unknown" in run.apply["msg"]
    assert writes(run, "apply") == ["POST Secondary", "POST Secondary"]


@pytest.mark.parametrize("cell", ends("never created"))
def test_a_task_that_runs_out_of_retries_reports_that_a_token_may_exist(faulty, cell):
    run = faulty[cell]
    assert run.apply.failed
    assert "replace_unknown" in run.apply["msg"]
    assert writes(run, "apply") == ["POST Secondary", "POST Secondary"]
    assert tokens(run) == (A, None)


def test_a_deletion_before_a_failure_is_reported(faulty):
    run = faulty["replace, refused after the deletion"]
    assert run.apply.failed
    assert run.apply["changed"] is True
    replaced = [{"account_sid": run.account_sid}]
    assert run.apply["diff"] == {"before": {"replaced": replaced}, "after": {"replaced": []}}
    assert tokens(run) == (A, None)


def test_tokens_are_not_replaced_for_ever(faulty):
    run = faulty["replace, always lost"]
    assert run.apply.failed
    assert run.apply["code"] == 70002
    assert run.apply["changed"] is True
    assert writes(run, "apply").count("DELETE Secondary") == 1


@pytest.mark.parametrize("cell", ends("promote"))
def test_a_promotion_survives_each_fault(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert tokens(run) == (B, None)
    assert run.state["emails"] == ["promote"]


@pytest.mark.parametrize(("cell", "changed"), [("promote, settled late", True), ("promoted by somebody else", False)])
def test_nothing_to_promote_any_more_means_that_it_is_done(faulty, cell, changed):
    run = faulty[cell]
    assert not run.apply.failed, run.apply
    assert run.apply["changed"] is changed
    assert tokens(run) == (B, None)


def test_swapped_tokens_are_recognized_even_if_the_answer_is_lost(faulty):
    run = faulty["promote, swapped and lost"]
    assert run.apply.failed
    assert "swapped" in run.apply["msg"]
    assert tokens(run) == (A, None)


@pytest.mark.parametrize("cell", ends("delete"))
def test_a_deletion_survives_each_fault(faulty, cell):
    run = faulty[cell]
    assert [(result.failed, result["changed"]) for result in run.results.values()] == [(False, True), (False, False)]
    assert tokens(run) == (A, None)


def test_a_deletion_by_somebody_else_is_no_change(faulty):
    assert not faulty["deleted by somebody else"].apply.failed
    assert faulty["deleted by somebody else"].apply["changed"] is False


@pytest.mark.parametrize("cell", ends("try"))
def test_a_token_is_tried_until_its_validity_is_known(faulty, cell):
    assert [result.get("changed") for result in faulty[cell].results.values()] == [True, False]
    assert tokens(faulty[cell]) == (B, None)


@pytest.mark.parametrize("cell", ["another 401", "a 403"])
def test_only_one_refusal_means_that_a_token_is_not_valid(faulty, cell):
    run = faulty[cell]
    assert run.apply.failed
    assert "try an auth token" in run.apply["msg"]
    assert run.methods("apply") == ["GET"]
    assert tokens(run) == (A, B)


def test_no_failure_repeats_a_token(faulty):
    for run in faulty.values():
        assert not [token for token in (A, B) if token in str(run.apply.values)]
    assert "Could not promote" in faulty["a message that repeats the token"].apply["msg"]


# The other possible behaviour of Twilio.


@pytest.fixture(scope="module")
def replacing(running_simulator) -> dict[str, CellRun]:
    cells = [
        *at(CREATE, APPLIED, "create", ONE, A_NONE),
        Cell("unknown", ONE, A_C, steps=ONCE),
        Cell("unknown, replaced", {**ONE, **REPLACE}, A_C, steps=ONCE),
    ]
    return run_cells(running_simulator, MODULE, cells, {"secondary_exists": "replace"})


def test_where_twilio_replaces_a_token_the_one_that_works_is_returned(replacing):
    for run in replacing.values():
        assert run.apply.get("changed") is True, run.apply
        assert tokens(run) == (A, run.apply["secondary_auth_token"])
        assert "DELETE Secondary" not in writes(run, "apply")


@pytest.mark.parametrize("status", [401, 403])
def test_a_suspended_account_has_valid_tokens(running_simulator, status):
    cells = [
        Cell("present", TWO, SUSPENDED),
        Cell("promoted", {**TWO, **PROMOTED}, SUSPENDED),
        Cell("absent", {**TWO, **ABSENT}, SUSPENDED),
        Cell("info", TWO, SUSPENDED, module=INFO),
    ]
    for run in run_cells(running_simulator, MODULE, cells, {"suspended_status": status}).values():
        run.assert_refused("suspended")
        assert {(result["status"], result["code"]) for result in run.results.values()} == {(status, 20005)}
        assert tokens(run) == (A, B)


# What is queries, and what is refused before any request.

PHASES = {
    "single": (ONE, A_NONE, True, None),
    "single, another staged": (ONE, A_C, True, None),
    "single, secondary not valid": (TWO, A_NONE, True, False),
    "single, one twice": (SAME, A_NONE, True, True),
    "staged": (TWO, A_B, True, True),
    "promoted": (TWO, B_NONE, False, True),
    "locked_out": (TWO, C_NONE, False, False),
    "locked_out, only one given": (ONE, C_NONE, False, None),
    "locked_out, one twice": (SAME, C_NONE, False, False),
}
WRONG = {
    "line end": ({**TWO, "secondary_auth_token": f"{B}\n"}, "secondary_auth_token: expected"),
    "empty": ({**TWO, "secondary_auth_token": ""}, "secondary_auth_token: expected"),
    "only an API key": ({"auth_token": OMIT, **WITH_KEY}, "auth_token"),
    "state": ({**TWO, "state": "gone"}, "state"),
}


@pytest.fixture(scope="module")
def queries(running_simulator) -> dict[str, CellRun]:
    cells = [
        *[Cell(name, given, account, module=INFO) for name, (given, account, *_valid) in PHASES.items()],
        *[Cell(name, given, {**A_NONE, "api_keys": [KEY]}, steps=ONCE) for name, (given, _words) in WRONG.items()],
        Cell("asked with only an API key", WRONG["only an API key"][0], A_NONE, steps=ONCE, module=INFO),
    ]
    return run_cells(running_simulator, MODULE, cells)


@pytest.mark.parametrize("cell", PHASES)
def test_the_phase(queries, cell):
    _given, _account, primary, secondary = PHASES[cell]
    run = queries[cell]
    run.assert_unchanged()
    for result in run.results.values():
        assert result["phase"] == cell.split(",")[0]
        assert (result["auth_token_valid"], result["secondary_auth_token_valid"]) == (primary, secondary)


@pytest.mark.parametrize("cell", [*WRONG, "asked with only an API key"])
def test_wrong_input_is_refused_before_any_request(queries, cell):
    result = queries[cell].apply
    assert result.failed
    assert WRONG.get(cell, ("", "auth_token"))[1] in result["msg"]
    assert queries[cell].requests["apply"] == []


def connection(simulator, **more) -> dict:
    return {
        "account_sid": simulator.account_sid,
        "auth_token": simulator.auth_token,
        "base_url": simulator.url,
        **more,
    }


def test_no_token_is_shown_at_any_verbosity(simulator, tmp_path, execution):
    """Without no_log, none that came in; with no_log, as documented, none that was created either."""
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "secondary_auth_token": B}]})
    # From the environment, since the playbook itself could be printed.
    a, b = (f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}" for name in ("A", "B"))
    primary, secondary, promoted = {"auth_token": a}, {"secondary_auth_token": b}, {"auth_token": b}
    tasks = [
        {"name": "ask", INFO: connection(simulator, **primary, **secondary)},
        {"name": "there", MODULE: connection(simulator, **primary, **secondary)},
        {"name": "unknown", MODULE: connection(simulator, **primary), "ignore_errors": True},
        {"name": "promote", MODULE: connection(simulator, **primary, **secondary, **PROMOTED)},
        {"name": "locked out", MODULE: connection(simulator, **primary), "ignore_errors": True},
        {"name": "stage", MODULE: connection(simulator, **promoted), "no_log": True, "register": "staged"},
        {
            "name": "promote it",
            MODULE: connection(
                simulator, **promoted, secondary_auth_token="{{ staged.secondary_auth_token }}", **PROMOTED
            ),
            "no_log": True,
        },
    ]
    plays = [play({**task, "diff": True} for task in tasks)]
    finished = ansible_playbook(tmp_path, plays, "-vvvv", A=simulator.auth_token, B=B, **execution)
    assert finished.status == 0, finished.output
    assert [result.task for result in finished.results if result.failed] == ["unknown", "locked out"]
    lives = simulator.history(simulator.account_sid)
    assert [life["invalid_by"] for life in lives] == ["promote", "promote", None]
    assert not [life for life in lives if life["token"] in finished.output]
