# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``rotate_api_key``: the rows of its table, and which keys it deletes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from harness import make_sid
from key_rotations import ANOTHER_MARK, MARK, NAME, Accounts, Outcome, Rotation, key, key_record
from rotations import LONG_AGO

_NUMBERS = itertools.count(1)


def pair() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a key of the previous rotation and a key of this one."""
    return key(next(_NUMBERS), ANOTHER_MARK), key(next(_NUMBERS), MARK)


def ago(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def due(name: str, record: Mapping[str, Any] | None = None, **more: Any) -> Rotation:
    """Return a rotation of an account with a key, which is due by default."""
    old, _new = pair()
    more["variables"] = {"grace_days": 0, **more.get("variables", {})}
    return Rotation(name, [old, *more.pop("keys", ())], {"phase": "idle", **key_record(old), **(record or {})}, **more)


def interrupted(name: str, phase: str, *, new_is_there: bool = True, **more: Any) -> Rotation:
    """Return a rotation that an earlier run left in a phase."""
    old, new = pair()
    record = {"phase": phase, **key_record(old), "mark": MARK, **more.pop("record", {})}
    if phase != "creating":
        record["new"] = key_record(new, ago(days=1))
    more["variables"] = {"grace_days": 0, **more.get("variables", {})}
    return Rotation(name, [old, new] if new_is_there else [old], record, **more)


BACK, AT_ONCE = {"on_failure": "rollback"}, {"grace_days": 0}
POST = {"method": "POST", "path": "Keys$"}
OWN = {"verify_tasks": "verify_api_key.yml"}
RESTRICTED = {"permissions": ["/twilio/simulated/list_aws_credentials"]}
BY_HAND = [key(next(_NUMBERS), date_created=LONG_AGO) for _number in range(5)]
MAIN = key(next(_NUMBERS), kind="main")
AS_MAIN = {"api_key_sid": MAIN["sid"], "api_key_secret": MAIN["secret"], "auth_token": ""}
PARENT, PARENT_TOKEN = make_sid("AC", 77), "7" * 32
AS_PARENT = {"account_sid": PARENT, "auth_token": PARENT_TOKEN}

ROWS = [
    Rotation("first", variables=AT_ONCE),
    Rotation("adopted", BY_HAND[:1], variables=AT_ONCE),
    Rotation("adopted, deleted", BY_HAND[1:2], variables={**AT_ONCE, "delete_adopted": True}),
    Rotation("several", BY_HAND[2:4]),
    due("not due", {"created_at": ago(days=80)}),
    due("due", variables={"grace_days": 1}),
    due("due, at once"),
    due("due, Twilio is asked", variables=OWN),
    due("restricted, Twilio is asked", variables={**OWN, **RESTRICTED}),
    due("a Main key", variables=AS_MAIN, keys=[{**MAIN, "friendly_name": "of the controller"}]),
    due("the current one is gone", {"sid": f"SK{'f' * 32}", "created_at": ago(days=1)}),
    due("distribute fails", failing=["distribute"]),
    due("distribute fails, back", failing=["distribute"], variables=BACK),
    due("verify fails, back", failing=["verify"], variables=BACK),
    due("answer lost", faults=[{**POST, "kind": "reset", "applied": True}]),
    due("refused", faults=[{**POST, "kind": "status", "code": 70001}]),
    interrupted("creating, one is lost", "creating"),
    interrupted("created", "created"),
    interrupted("created, deleted", "created", new_is_there=False),
    interrupted("in grace", "verified", record={"verified_at": ago(hours=3)}, variables={"grace_days": 1}),
    interrupted("over", "verified", record={"verified_at": LONG_AGO}, variables={"grace_days": 1}),
    interrupted("over, verify fails", "verified", record={"verified_at": LONG_AGO}, failing=["verify"]),
    Rotation("a subaccount", account={"owner_account_sid": PARENT}, variables={**AS_PARENT, **AT_ONCE}),
    due("grace too long", variables={"grace_days": 90}),
    due("no credentials", variables={"auth_token": ""}),
    due("not a permission", variables={"permissions": ["messages"]}),
]


@pytest.fixture(scope="module")
def accounts(running_simulator, tmp_path_factory) -> Accounts:
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("rows"))
    accounts.in_process = True
    return accounts


def with_own_sid(accounts: Accounts, row: Rotation) -> Rotation:
    """Return a row with the SID of its subaccount, if it has one."""
    if "owner_account_sid" not in row.account:
        return row
    return replace(row, variables={**row.variables, "subaccount_sid": accounts.sid(row.name)})


@pytest.fixture(scope="module")
def table(running_simulator, accounts) -> dict[str, Outcome]:
    """Run the table in check mode, assert that this changed nothing anywhere, and run it for real."""
    store = {"store": accounts.make_own_store()}
    rows = [with_own_sid(accounts, row) for row in ROWS]
    old = due("own store", variables=store)
    rows.append(old)
    running_simulator.seed({"accounts": [{"sid": PARENT, "auth_token": PARENT_TOKEN}]})
    accounts.seed(rows)
    running_simulator.settings(forbid_writes=True)
    planned = accounts.run([replace(row, faults=()) for row in rows], "--check", "--diff")
    assert running_simulator.health()["forbidden_writes"] == 0
    running_simulator.settings(forbid_writes=False)
    for name, plan in planned.items():
        assert plan.unchanged, name
        assert plan.hooks == [], name
        assert set(plan.methods) <= {"GET"}, name
    done = accounts.run(rows)
    # Check mode predicts each change; a run that fails may have been predicted to change something.
    for name, rotated in done.items():
        if rotated.failure is None:
            assert planned[name].changed == rotated.changed, name
    return done


def old_of(name: str) -> str:
    """Return the SID of the key that a row begins with."""
    (row,) = [row for row in ROWS if row.name == name]
    return str(row.record["sid"])


def new_of(name: str) -> str:
    """Return the SID of the key that its record calls the new one, or whose mark it holds."""
    (row,) = [row for row in ROWS if row.name == name]
    return str(row.keys[1]["sid"])


@pytest.mark.parametrize(
    "name", ["due, at once", "due, Twilio is asked", "restricted, Twilio is asked", "creating, one is lost"]
)
def test_a_rotation(table, name):
    rotated = table[name]
    old = old_of(name)
    sid = rotated.assert_finished()
    hooks = ["distribute"] if "asked" in name else ["distribute", "verify"]
    assert rotated.passed == [(hook, sid, old) for hook in hooks]
    assert rotated.writes == ["POST", *(["DELETE"] if "lost" in name else []), "DELETE"]
    (made,) = rotated.keys
    assert made["friendly_name"].startswith(f"{NAME} #")
    assert made["permissions"] == (RESTRICTED["permissions"] if "restricted" in name else None)
    assert rotated.result["due_in_days"] == 90.0


def test_with_a_store_of_task_files(table):
    table["own store"].assert_finished()
    assert [hook for hook, _sid, _previous in table["own store"].passed] == ["distribute", "verify"]


def test_requests_are_few(table):
    # The list; the key; the list and a try; the old one; the list once more, for what else bears the name.
    assert table["due, at once"].methods == ["GET", "POST", "GET", "GET", "DELETE", "GET"]
    assert table["over"].methods == ["GET", "GET", "GET", "GET", "DELETE", "GET"]


def test_a_first_key_is_given_to_the_consumers(table):
    sid = table["first"].assert_finished()
    assert table["first"].passed == [("distribute", sid, ""), ("verify", sid, "")]
    assert table["first"].writes == ["POST"]


def test_what_is_adopted_stays_unless_it_is_to_be_deleted(table):
    by_hand = BY_HAND[0]["sid"]
    sid = table["adopted"].assert_finished(by_hand)
    assert table["adopted"].passed == [("distribute", sid, by_hand), ("verify", sid, by_hand)]
    assert f"left as it is: {by_hand}" in table["adopted"].result["msg"]
    table["adopted, deleted"].assert_finished()
    assert "left as it is" not in table["adopted, deleted"].result["msg"]
    assert table["adopted, deleted"].writes == ["POST", "DELETE"]


def test_of_several_none_is_adopted(table):
    several = table["several"]
    assert several.failure is not None
    assert all(each["sid"] in several.failure for each in BY_HAND[2:4])
    several.assert_untouched()


@pytest.mark.parametrize("name", ["not due", "in grace"])
def test_nothing_due_is_one_request_and_no_change(table, name):
    table[name].assert_untouched()
    assert table[name].failure is None
    assert table[name].methods == ["GET"]
    assert table[name].result["due_in_days"] == (10.0 if name == "not due" else 89.0)


def test_the_old_one_stays_for_the_days_of_grace(table):
    waiting = table["due"]
    assert waiting.failure is None
    assert waiting.result["phase"] == "verified"
    assert sorted(waiting.sids) == sorted([old_of("due"), waiting.result["sid"]])
    assert waiting.record["secret"] is not None
    assert waiting.record["new"]["sid"] == waiting.result["sid"]
    waiting.assert_given()


def test_after_the_days_of_grace_it_goes(table):
    over = table["over"]
    assert over.failure is None
    assert over.sids == [new_of("over")]
    assert over.passed == [("verify", new_of("over"), old_of("over"))]
    assert over.record["secret"] == over.keys[0]["secret"]


def test_consumers_that_fail_after_the_days_of_grace_are_given_the_new_one_again(accounts, table):
    failed = table["over, verify fails"]
    assert failed.failure is not None
    assert failed.record["phase"] == "created"
    assert failed.writes == []
    (row,) = [row for row in ROWS if row.name == "over, verify fails"]
    again = accounts.run([replace(row, failing=())])[row.name]
    again.assert_finished()
    assert [hook for hook, _sid, _previous in again.passed] == ["distribute", "verify"]


def test_a_main_key_authenticates_and_stays(table):
    rotated = table["a Main key"]
    assert rotated.failure is None
    assert sorted(rotated.sids) == sorted([MAIN["sid"], rotated.result["sid"]])


def test_a_key_that_is_gone_is_replaced_however_young_it_was(table):
    rotated = table["the current one is gone"]
    (old,) = [row.keys[0]["sid"] for row in ROWS if row.name == "the current one is gone"]
    rotated.assert_finished(old)


def test_a_hook_that_fails_leaves_both(accounts, table):
    kept = table["distribute fails"]
    assert "distribute" in kept.failure
    assert kept.record["phase"] == "created"
    assert sorted(kept.sids) == sorted([old_of("distribute fails"), kept.record["new"]["sid"]])
    (row,) = [row for row in ROWS if row.name == "distribute fails"]
    assert accounts.run([replace(row, failing=())])[row.name].assert_finished() == kept.record["new"]["sid"]


def test_a_hook_that_fails_may_be_rolled_back(table):
    back, old = table["verify fails, back"], old_of("verify fails, back")
    assert "was deleted again" in back.failure
    assert back.sids == [old]
    assert [(hook, sid) for hook, sid, _previous in back.passed][-1] == ("distribute", old)
    assert (back.record["phase"], back.record["sid"]) == ("idle", old)
    # The very hook that gives consumers a key is what failed, so that they can't be given the old one.
    failed = table["distribute fails, back"]
    assert len(failed.sids) == 2
    assert failed.record["phase"] == "created"


@pytest.mark.parametrize("name", ["answer lost", "refused"])
def test_what_was_lost_goes_in_the_next_run(accounts, table, name):
    failed = table[name]
    assert failed.failure is not None
    assert failed.record["phase"] == "creating"
    assert failed.record.get("lock") is None
    assert len(failed.sids) == (2 if name == "answer lost" else 1)
    (row,) = [row for row in ROWS if row.name == name]
    again = accounts.run([replace(row, faults=())])[name]
    again.assert_finished()
    assert again.writes == ["POST", "DELETE", *(["DELETE"] if name == "answer lost" else [])]


def test_one_that_was_created_is_distributed(table):
    assert table["created"].assert_finished() == new_of("created")
    assert table["created"].writes == ["DELETE"]


def test_a_new_one_that_somebody_deleted_is_replaced(table):
    replaced, old = table["created, deleted"], old_of("created, deleted")
    sid = replaced.assert_finished()
    assert [(hook, given) for hook, given, _previous in replaced.passed] == [
        ("distribute", old),
        ("distribute", sid),
        ("verify", sid),
    ]


def test_a_subaccount_has_keys_of_its_own(table):
    sub = table["a subaccount"]
    sub.assert_finished()
    assert sub.writes == ["POST"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [("grace too long", "grace_days"), ("no credentials", "auth_token"), ("not a permission", "permissions")],
)
def test_a_mistake_is_refused_before_any_request(table, name, variable):
    assert f"rotate_api_key_{variable}" in table[name].failure
    assert table[name].requests == []
    assert table[name].unchanged


def test_only_what_the_record_held_or_marked_is_deleted(table):
    rows = {row.name: row for row in ROWS}
    for name in set(table).intersection(rows):
        row, rotated = rows[name], table[name]
        gone = {each["sid"] for each in row.keys if each["sid"] not in rotated.sids}
        marked = {each["sid"] for each in row.keys if each["friendly_name"].endswith(f" #{MARK}")}
        allowed = {row.record["sid"]} if row.record else {BY_HAND[1]["sid"]}
        assert gone <= allowed | marked, name
