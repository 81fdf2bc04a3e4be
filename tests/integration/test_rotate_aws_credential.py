# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``rotate_aws_credential``: the rows of its table, with made-up access keys, and then with those of IAM."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from credential_rotations import (
    NAME,
    NEW,
    NEW_FINGERPRINT,
    OLD,
    OLD_FINGERPRINT,
    Accounts,
    Outcome,
    Rotation,
    credential,
)
from harness import CHECKOUT, COLLECTIONS, HERE, fingerprint, make_sid
from rotations import LONG_AGO

from ansible_collections.community.twilio.plugins.plugin_utils import _lock

OLD_KEY, NEW_KEY, OTHER_KEY = ("AKIA" + letter * 16 for letter in "ONX")
CURRENT = {"sid": OLD, "key_id": OLD_KEY, "fingerprint": OLD_FINGERPRINT}
IDLE = {"phase": "idle", "current": CURRENT}
ISSUING = {"phase": "issuing", "current": CURRENT, "present": [OLD_KEY]}
ISSUED = {**ISSUING, "phase": "issued", "new": {"key_id": NEW_KEY, "fingerprint": NEW_FINGERPRINT}}
CREATED = {**ISSUED, "phase": "created", "new": {**ISSUED["new"], "sid": NEW}}
VERIFIED = {**CREATED, "phase": "verified", "verified_at": LONG_AGO}
REVOKING = {**VERIFIED, "phase": "revoking"}
FIRST = {"current": {"key_id": "", "fingerprint": None}, "present": []}


def now(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def key(key_id: str, used: bool | None = True) -> dict[str, Any]:
    return {"id": key_id, "used": used}


OLD_ONE = credential(OLD, OLD_FINGERPRINT)
NEW_ONE = credential(NEW, NEW_FINGERPRINT, now(days=80))
TWIN = credential(make_sid("CR", 3), NEW_FINGERPRINT, now(days=80))
BOTH = [OLD_ONE, NEW_ONE]
BOTH_KEYS = [key(OLD_KEY), key(NEW_KEY)]
AT_ONCE = {"grace_days": 0}
HELD = {
    **_lock.ours(datetime.now(timezone.utc), "another").as_dict(),
    "pid": os.getppid(),
    "start": _lock._start_of(os.getppid()),
}
DEAD = {**HELD, "start": "1"}
POST = {"method": "POST", "path": "Credentials/AWS$"}
ROWS = [
    Rotation("first"),
    Rotation("first, at once", variables=AT_ONCE),
    Rotation("first, with a key", keys=[key(OLD_KEY)], variables=AT_ONCE),
    Rotation("not known, not due", [credential(OLD, None, now(days=80))], keys=[key(OLD_KEY)]),
    Rotation("not known, due", [OLD_ONE], keys=[key(OLD_KEY)], variables=AT_ONCE),
    Rotation("not known, several", BOTH, keys=[key(NEW_KEY)], variables={**AT_ONCE, "max_age_days": 70}),
    Rotation("not known, two keys", [OLD_ONE], keys=BOTH_KEYS),
    Rotation("not due", [credential(OLD, OLD_FINGERPRINT, now(days=80))], IDLE, keys=[key(OLD_KEY)]),
    Rotation("not due, held", [credential(OLD, None, now(days=80))], {**IDLE, "lock": HELD}, keys=[key(OLD_KEY)]),
    Rotation("due", [OLD_ONE], IDLE, keys=[key(OLD_KEY)]),
    Rotation("due, at once", [OLD_ONE], IDLE, AT_ONCE, [key(OLD_KEY)]),
    Rotation("due, held", [OLD_ONE], {**IDLE, "lock": HELD}, keys=[key(OLD_KEY)]),
    Rotation("due, a second key", [OLD_ONE], IDLE, keys=[key(OLD_KEY), key(OTHER_KEY)]),
    Rotation("due, deleted", [], IDLE, {**AT_ONCE, "list_tasks": ""}, [key(OLD_KEY)]),
    Rotation("due, replaced by hand", [NEW_ONE], IDLE, {**AT_ONCE, "max_age_days": 70}, [key(OTHER_KEY)]),
    Rotation("forced", [credential(OLD, None, now())], IDLE, {**AT_ONCE, "force": True}, [key(OLD_KEY)]),
    Rotation("re-pointing fails", [OLD_ONE], IDLE, AT_ONCE, [key(OLD_KEY)], failing=["repoint"]),
    Rotation("verifying fails", [OLD_ONE], IDLE, AT_ONCE, [key(OLD_KEY)], failing=["verify"]),
    Rotation("answer lost", [OLD_ONE], IDLE, AT_ONCE, [key(OLD_KEY)], [{**POST, "kind": "reset", "applied": True}]),
    Rotation("refused", [OLD_ONE], IDLE, AT_ONCE, [key(OLD_KEY)], [{**POST, "kind": "status", "code": 70106}]),
    Rotation("issuing", [OLD_ONE], {**ISSUING, "lock": DEAD}, AT_ONCE, [key(OLD_KEY)]),
    Rotation("issuing, one lost", [OLD_ONE], ISSUING, AT_ONCE, [key(OLD_KEY), key(OTHER_KEY, False)]),
    Rotation("issuing, one used", [OLD_ONE], ISSUING, AT_ONCE, [key(OLD_KEY), key(OTHER_KEY)]),
    Rotation("issuing, one unknown", [OLD_ONE], ISSUING, AT_ONCE, [key(OLD_KEY), key(OTHER_KEY, None)]),
    Rotation("issued, created", BOTH, ISSUED, AT_ONCE, BOTH_KEYS),
    Rotation("issued, created twice", [*BOTH, TWIN], ISSUED, AT_ONCE, BOTH_KEYS),
    Rotation("issued, not created", [OLD_ONE], ISSUED, AT_ONCE, BOTH_KEYS),
    Rotation("created", BOTH, CREATED, AT_ONCE, BOTH_KEYS),
    Rotation("created, deleted", [OLD_ONE], CREATED, AT_ONCE, BOTH_KEYS),
    Rotation("created, deleted, first", [], {**CREATED, **FIRST}, AT_ONCE, [key(NEW_KEY)]),
    Rotation("in grace", BOTH, {**VERIFIED, "verified_at": now(days=6.9)}, keys=BOTH_KEYS),
    Rotation("in grace, forced", BOTH, {**VERIFIED, "verified_at": now()}, {"force": True}, BOTH_KEYS),
    Rotation("in grace, deleted", [OLD_ONE], {**VERIFIED, "verified_at": now()}, keys=BOTH_KEYS),
    Rotation("over", BOTH, {**VERIFIED, "verified_at": now(days=7.1)}, keys=BOTH_KEYS),
    Rotation("over, verifying fails", BOTH, VERIFIED, keys=BOTH_KEYS, failing=["verify"]),
    Rotation("over, old one deleted", [NEW_ONE], VERIFIED, keys=BOTH_KEYS),
    Rotation("over, new key deleted", BOTH, VERIFIED, keys=[key(OLD_KEY)]),
    Rotation("over, first", [NEW_ONE], {**VERIFIED, **FIRST}, keys=[key(NEW_KEY)]),
    Rotation("revoking", [NEW_ONE], REVOKING, keys=BOTH_KEYS),
    Rotation("revoking, revoked", [NEW_ONE], REVOKING, keys=[key(NEW_KEY)]),
    Rotation("revoking, the last one", [NEW_ONE], REVOKING, keys=[key(OLD_KEY)]),
    Rotation("of another name", [OLD_ONE], {**IDLE, "friendly_name": "another"}),
    Rotation("of another account", [OLD_ONE], {**IDLE, "account_sid": make_sid("AC", 9)}),
    Rotation("no hooks", [OLD_ONE], IDLE, {**AT_ONCE, "repoint_tasks": "", "verify_tasks": ""}, [key(OLD_KEY)]),
    Rotation("issues the old one", [OLD_ONE], IDLE, {"issue_tasks": "{}/old.yml"}, [key(OLD_KEY)]),
    Rotation("issues a known one", variables={"issue_tasks": "{}/old.yml", "list_tasks": ""}, keys=[key(OLD_KEY)]),
    Rotation("long grace", [OLD_ONE], variables={"grace_days": 90}),
    Rotation("long name", variables={"friendly_name": "n" * 53}),
    Rotation("signed name", variables={"friendly_name": f"{NAME} #{OLD_FINGERPRINT}"}),
    Rotation("no user", variables={"issue_tasks": ""}),
    Rotation("wrong account", variables={"account_sid": "AC1"}),
    Rotation("relative store", variables={"store_path": "store"}),
    Rotation("no such file", variables={"verify_tasks": "nowhere.yml"}),
]
REFUSED_AT_ONCE = {
    "long grace": "rotate_aws_credential_grace_days",
    "long name": "rotate_aws_credential_friendly_name",
    "signed name": "rotate_aws_credential_friendly_name",
    "no user": "rotate_aws_credential_iam_user",
    "wrong account": "rotate_aws_credential_account_sid",
    "relative store": "rotate_aws_credential_store_path",
    "no such file": "/nowhere.yml",
}

FILES = HERE / "targets" / "rotate_aws_credential" / "files"
MADE_UP = {f"{what}_tasks": str(FILES / f"{what}.yml") for what in ("issue", "list", "revoke")}
OLD_PAIR = {"aws_access_key_id": OLD_KEY, "aws_secret_access_key": "s" * 40}
ISSUES_THE_OLD_ONE = [{"name": "Issue", "ansible.builtin.set_fact": {"rotate_aws_credential_issued": OLD_PAIR}}]


@pytest.fixture(scope="module")
def accounts(running_simulator, tmp_path_factory) -> Accounts:
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("rows"), "aws_credential", MADE_UP)
    accounts.in_process = True
    return accounts


@pytest.fixture(scope="module")
def table(running_simulator, accounts) -> dict[str, Outcome]:
    """Run the table in check mode, assert that this changed nothing anywhere, and run it for real."""
    rows = []
    for row in ROWS:
        if row.name.startswith("issues "):
            row = replace(row, variables={**row.variables, "issue_tasks": str(accounts.folder / "old.yml")})
        if row.name == "issues a known one":
            row = replace(row, credentials=[credential(OLD, fingerprint(accounts.sid(row.name), OLD_PAIR))])
        rows.append(row)
    (accounts.folder / "old.yml").write_text(json.dumps(ISSUES_THE_OLD_ONE), encoding="utf-8")
    accounts.seed(rows)
    running_simulator.settings(forbid_writes=True)
    planned = accounts.run([replace(row, faults=()) for row in rows], "--check", "--diff")
    assert running_simulator.health()["forbidden_writes"] == 0
    running_simulator.settings(forbid_writes=False)
    for row in rows:
        plan = planned[row.name]
        assert plan.unchanged, row.name
        assert plan.hooks == [], row.name
        assert [*plan.keys] == [each["id"] for each in row.keys], row.name
        assert plan.methods in ([], ["GET"]), row.name
    done = accounts.run(rows)
    # Check mode predicts each change; a run that fails may have been predicted to change something.
    for name, rotated in done.items():
        if rotated.failure is None:
            assert planned[name].changed == rotated.changed, name
    return done


@pytest.mark.parametrize("name", [*REFUSED_AT_ONCE])
def test_wrong_variables_are_refused_before_any_request(table, name):
    refused = table[name]
    refused.assert_refused(REFUSED_AT_ONCE[name])
    assert refused.requests == []
    assert refused.record == {}


def test_a_first_one_is_issued(table):
    first = table["first"]
    sid = first.assert_moved()
    assert first.record["phase"] == first.result["phase"] == "verified"
    assert first.sids == [sid]
    assert first.keys == [first.record["new"]["key_id"]]
    assert first.result["due_in_days"] == 90.0
    for name in ("first, at once", "first, with a key"):
        at_once = table[name]
        at_once.assert_finished(at_once.assert_moved())
        assert at_once.keys == [at_once.record["current"]["key_id"]]
        assert at_once.keys != [OLD_KEY]


@pytest.mark.parametrize("name", ["not known, not due", "not due", "not due, held", "in grace", "in grace, forced"])
def test_nothing_due_is_one_request_and_no_change(table, name):
    idle = table[name]
    idle.assert_untouched()
    assert idle.failure is None
    assert idle.methods == ["GET"]
    in_grace = name.startswith("in grace")
    assert idle.result == {
        "phase": "verified" if in_grace else "idle",
        "rotated": False,
        "due_in_days": 10.0,
        "sid": NEW if in_grace else OLD,
    }


@pytest.mark.parametrize(
    "name", ["due, at once", "not known, due", "forced", "issuing", "issuing, one lost", "issued, not created"]
)
def test_a_rotation(table, name):
    rotated = table[name]
    sid = rotated.assert_moved(OLD)
    rotated.assert_finished(sid)
    assert len(rotated.passed) == 2
    assert rotated.writes == ["POST", "DELETE"]
    assert rotated.keys == [rotated.record["current"]["key_id"]]
    assert {OLD_KEY, NEW_KEY, OTHER_KEY}.isdisjoint(rotated.keys)
    assert rotated.record["current"]["fingerprint"] in rotated.credentials[0]["friendly_name"]
    assert rotated.result == {"phase": "idle", "rotated": True, "due_in_days": 90.0, "sid": sid}


def test_the_old_one_stays_for_the_days_of_grace(table):
    waiting = table["due"]
    sid = waiting.assert_moved(OLD)
    assert waiting.sids == [OLD, sid]
    assert waiting.keys == [OLD_KEY, waiting.record["new"]["key_id"]]
    assert waiting.record["phase"] == "verified"
    assert waiting.record["current"] == CURRENT
    assert waiting.record["new"]["sid"] == sid
    assert waiting.writes == ["POST"]


@pytest.mark.parametrize("name", ["over", "over, old one deleted", "over, first"])
def test_after_the_days_of_grace_it_goes(table, name):
    over = table[name]
    over.assert_finished(NEW)
    old = "" if name == "over, first" else OLD
    assert over.passed == [("verify", NEW, old)]
    assert over.writes == (["DELETE"] if name == "over" else [])
    assert over.keys == [NEW_KEY]
    assert over.result == {"phase": "idle", "rotated": False, "due_in_days": 10.0, "sid": NEW}


def test_without_a_record_the_newest_credential_is_the_current_one(table):
    several = table["not known, several"]
    sid = several.assert_moved(NEW)
    assert several.sids == [OLD, sid]
    by_hand = table["due, replaced by hand"]
    by_hand.assert_finished(by_hand.assert_moved(NEW))
    assert by_hand.keys == [by_hand.record["current"]["key_id"]]


@pytest.mark.parametrize(
    ("name", "first", "second"), [("due, a second key", OLD_KEY, OTHER_KEY), ("not known, two keys", NEW_KEY, OLD_KEY)]
)
def test_a_second_key_is_refused_before_any_change(table, name, first, second):
    refused = table[name]
    refused.assert_refused(first, second)
    assert refused.unchanged
    assert {*refused.keys} == {first, second}


def test_a_record_that_another_run_holds_is_left_alone(table):
    refused = table["due, held"]
    assert "Another run holds the record" in refused.failure
    assert refused.unchanged
    assert refused.writes == []
    assert refused.keys == [OLD_KEY]


@pytest.mark.parametrize("name", ["re-pointing fails", "verifying fails"])
def test_a_failing_hook_leaves_both(accounts, table, name):
    failed = table[name]
    assert "Consumer: " in failed.failure
    assert "told to refuse" not in failed.failure
    assert failed.record["phase"] == failed.result["phase"] == "created"
    assert failed.record.get("lock") is None
    assert failed.result["rotated"] is False
    sid = failed.record["new"]["sid"]
    assert failed.sids == [OLD, sid]
    assert len(failed.keys) == 2
    again = accounts.run([next(replace(row, failing=()) for row in ROWS if row.name == name)])[name]
    assert again.assert_moved(OLD) == sid
    again.assert_finished(sid)
    assert again.writes == ["DELETE"]


def test_one_that_does_not_work_after_the_days_of_grace_is_not_kept_for_verified(table):
    failed = table["over, verifying fails"]
    assert "'verify' failed in its task 'Consumer: verify'. No credential was removed" in failed.failure
    assert failed.record["phase"] == "created"
    assert failed.record["verified_at"] is None
    assert failed.sids == [OLD, NEW]
    assert failed.keys == [OLD_KEY, NEW_KEY]


def test_an_answer_that_was_lost_makes_no_second_one(table):
    settled = table["answer lost"]
    settled.assert_finished(settled.assert_moved(OLD))
    assert settled.writes == ["POST", "DELETE"]


def test_a_key_that_twilio_refuses_is_replaced_by_the_next_run(accounts, table):
    refused = table["refused"]
    assert "70106" in refused.failure
    assert refused.record["phase"] == "issued"
    assert refused.sids == [OLD]
    again = accounts.run([next(replace(row, faults=()) for row in ROWS if row.name == "refused")])["refused"]
    again.assert_finished(again.assert_moved(OLD))
    assert {*refused.keys}.isdisjoint(again.keys)
    assert len(again.keys) == 1


@pytest.mark.parametrize(
    ("name", "words"), [("issuing, one used", "was used"), ("issuing, one unknown", "may have been used")]
)
def test_a_key_that_may_be_somebody_elses_is_not_deleted(table, name, words):
    refused = table[name]
    refused.assert_refused(OTHER_KEY, words)
    assert refused.keys == [OLD_KEY, OTHER_KEY]
    assert refused.record["phase"] == "issuing"


def test_of_two_credentials_that_a_late_request_created_one_remains(table):
    rotated = table["issued, created twice"]
    rotated.assert_finished(rotated.assert_moved(OLD))
    assert rotated.writes == ["DELETE", "DELETE"]
    assert rotated.keys == [NEW_KEY]


def test_the_old_one_stays_where_the_new_key_is_gone(table):
    refused = table["over, new key deleted"]
    refused.assert_refused(NEW_KEY, OLD_KEY)
    assert refused.record["phase"] == "verified"
    assert refused.sids == [OLD, NEW]
    assert refused.keys == [OLD_KEY]


def test_the_key_of_one_that_somebody_deleted_is_still_revoked(table):
    rotated = table["due, deleted"]
    rotated.assert_finished(rotated.assert_moved())
    assert rotated.keys == [rotated.record["current"]["key_id"]]


@pytest.mark.parametrize("name", ["issued, created", "created"])
def test_a_run_resumes_where_another_ended(table, name):
    rotated = table[name]
    assert rotated.assert_moved(OLD) == NEW
    rotated.assert_finished(NEW)
    assert rotated.writes == ["DELETE"]
    assert rotated.keys == [NEW_KEY]
    assert rotated.record["current"] == CREATED["new"]


@pytest.mark.parametrize("name", ["created, deleted", "in grace, deleted"])
def test_a_new_credential_that_somebody_deleted_is_abandoned(table, name):
    back = table[name]
    assert back.failure is None
    assert back.passed == [("repoint", OLD, NEW)]
    assert back.keys == [OLD_KEY]
    assert back.sids == [OLD]
    assert back.writes == []
    assert back.record["phase"] == "idle"
    assert back.record["current"] == CURRENT
    assert back.record["new"] is None
    assert back.result["rotated"] is False


def test_a_first_credential_that_somebody_deleted_is_abandoned(table):
    back = table["created, deleted, first"]
    assert back.failure is None
    assert back.hooks == []
    assert back.keys == []
    assert back.record["phase"] == "idle"


@pytest.mark.parametrize("name", ["revoking", "revoking, revoked"])
def test_the_old_key_is_revoked(table, name):
    rotated = table[name]
    rotated.assert_finished(NEW)
    assert rotated.keys == [NEW_KEY]
    assert rotated.writes == []
    assert rotated.hooks == []


def test_the_last_key_is_never_revoked(table):
    refused = table["revoking, the last one"]
    refused.assert_refused(NEW_KEY, OLD_KEY)
    assert refused.keys == [OLD_KEY]


@pytest.mark.parametrize("name", ["of another name", "of another account"])
def test_a_record_of_something_else_is_refused(table, name):
    table[name].assert_refused("The record is about")
    assert table[name].unchanged


def test_hooks_may_be_missing(table):
    rotated = table["no hooks"]
    rotated.assert_finished(rotated.result["sid"])
    assert rotated.hooks == []
    assert rotated.writes == ["POST", "DELETE"]


@pytest.mark.parametrize("name", ["issues the old one", "issues a known one"])
def test_a_key_must_be_a_new_one(table, name):
    refused = table[name]
    refused.assert_refused("rotate_aws_credential_issue_tasks")
    assert refused.record["phase"] == "issuing"


def test_two_names_of_one_account_are_two_rotations(running_simulator, tmp_path):
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path, "aws_credential", {**MADE_UP, **AT_ONCE})
    accounts.in_process = True
    for name in ("A name", "a-name"):
        one = Rotation("one account", variables={"friendly_name": name, "force": True})
        if name == "A name":
            accounts.seed([one])
        rotated = accounts.run([replace(one, keys=())])["one account"]
        assert rotated.failure is None, rotated.failure
        accounts.forget_keys()
        assert rotated.record["friendly_name"] == name
    assert len([*accounts.store.glob("*.yml")]) == 2
    assert len(rotated.sids) == 2


# With access keys of IAM


class Iam:
    """A simulated IAM: moto, on a port of this machine.

    :param url: its address.
    """

    def __init__(self, url: str) -> None:
        boto3 = pytest.importorskip("boto3")
        self.url = url
        self._client = boto3.client(
            "iam",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="AKIATHETESTSOWNKEY00",
            aws_secret_access_key="a secret of no worth",
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make the modules of amazon.aws call it."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIATHEROLESOWNKEY00",
            "AWS_SECRET_ACCESS_KEY": "another secret of no worth",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
        }

    def add_user(self, name: str) -> str:
        """Create a user with an access key, and return its id."""
        self._client.create_user(UserName=name)
        return self.user_key(name)

    def used_key(self, name: str) -> str:
        """Create a key of a user, use it, and return its id."""
        key_id = self.user_key(name)
        client = pytest.importorskip("boto3").client(
            "iam",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key="a secret of no worth",
        )
        client.list_users()
        return key_id

    def user_key(self, name: str) -> str:
        """Create a key of a user, and return its id."""
        key_id: str = self._client.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        return key_id

    def keys(self, name: str) -> list[str]:
        """Return the ids of a user's access keys."""
        return [each["AccessKeyId"] for each in self._client.list_access_keys(UserName=name)["AccessKeyMetadata"]]


@pytest.fixture(scope="module")
def iam() -> Iterator[Iam]:
    """Run a simulated IAM until the last test is over."""
    server_module = pytest.importorskip("moto.server")
    if not (COLLECTIONS.with_name("collections-of-others") / "ansible_collections" / "amazon" / "aws").is_dir():
        pytest.skip("the collection amazon.aws is not in .cache/collections-of-others")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Iam(f"http://{host}:{port}")
    finally:
        server.stop()


@pytest.fixture(scope="module")
def with_iam(running_simulator, iam, tmp_path_factory) -> tuple[Mapping[str, Outcome], Mapping[str, list[str]]]:
    """Run a few rows with access keys of IAM; return their outcomes, and the access keys before.

    The one that lost a key calls IAM for all there is: it lists the keys and asks whether they were used, removes the
    one that was lost, issues one, and at the end lists them unasked and removes the old one.
    """
    running_simulator.reset()
    accounts = Accounts(
        running_simulator, tmp_path_factory.mktemp("iam"), "aws_credential", {**AT_ONCE, "iam_user": "{}"}, iam.keys
    )
    accounts.in_process = True
    before: dict[str, list[str]] = {}
    rotations = []
    for name in ("lost", "used", "asked in vain"):
        user = accounts.sid(name)
        old = iam.add_user(user)
        before[name] = [old, iam.used_key(user) if name == "used" else iam.user_key(user)]
        record = {**ISSUING, "current": {**CURRENT, "key_id": old}, "present": [old]}
        variables = {"list_tasks": str(accounts.folder / "list.yml")} if name == "asked in vain" else {}
        rotations.append(Rotation(name, [OLD_ONE], record, variables))
    own = CHECKOUT / "roles" / "rotate_aws_credential" / "tasks" / "list.yml"
    in_vain = own.read_text(encoding="utf-8").replace("'-', ", "'-', '--no-such-option', ")
    (accounts.folder / "list.yml").write_text(in_vain, encoding="utf-8")
    accounts.seed(rotations)
    return accounts.run(rotations, **iam.environment), before


def test_iam_rotates(with_iam):
    rotated, before = with_iam[0]["lost"], with_iam[1]["lost"]
    rotated.assert_finished(rotated.assert_moved(OLD))
    assert rotated.keys == [rotated.record["current"]["key_id"]]
    assert {*before}.isdisjoint(rotated.keys)
    held = rotated.credentials[0]["credentials"].partition(":")[0]
    assert rotated.keys == [held]


@pytest.mark.parametrize(("name", "words"), [("used", "was used"), ("asked in vain", "may have been used")])
def test_iam_keeps_a_key_that_may_be_somebody_elses(with_iam, name, words):
    refused, before = with_iam[0][name], with_iam[1][name]
    refused.assert_refused(before[1], words)
    assert {*refused.keys} == {*before}
