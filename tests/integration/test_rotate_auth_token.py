# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``rotate_auth_token``: each row of its table, its hooks, its store and its lock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from harness import make_sid
from rotations import LONG_AGO
from token_rotations import HOOKS, OTHER, PENDING, PRIMARY, Accounts, Outcome, Rotation, only

from ansible_collections.community.twilio.plugins.plugin_utils import _lock

STAGED_AT = "2026-01-31T04:00:00Z"
BOTH = {"secondary_auth_token": PENDING}
IDLE = {"phase": "idle", "primary": PRIMARY}
STAGED = {"phase": "staged", "primary": PRIMARY, "pending": PENDING, "staged_at": STAGED_AT}
VERIFIED = {**STAGED, "phase": "verified"}
#: Nothing that a run finds in the environment counts once there is a record.
ENVIRONMENT = {"TWILIO_AUTH_TOKEN": "f" * 32, "TWILIO_ACCOUNT_SID": make_sid("AC", 1)}


def now(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def lock(**changes: Any) -> dict[str, Any]:
    """Return the lock of a live run: that of this process's parent."""
    held = _lock.ours(datetime.now(timezone.utc), "another").as_dict()
    return {**held, "pid": os.getppid(), "start": _lock._start_of(os.getppid()), **changes}


CLEANING = {**IDLE, "phase": "cleaning", "rotated_at": now()}
ROWS = [
    Rotation("no record", variables={"initial_auth_token": PRIMARY}),
    Rotation("no record, date known", variables={"initial_auth_token": PRIMARY, "initial_rotated_at": now(days=80)}),
    Rotation("no record, due", variables={"initial_auth_token": PRIMARY, "initial_rotated_at": "2020-01-31"}),
    Rotation("no record, not valid", variables={"initial_auth_token": OTHER}),
    Rotation("not due", record={**IDLE, "rotated_at": now(days=80)}),
    Rotation("due", record=IDLE),
    Rotation("forced", record={**IDLE, "rotated_at": now()}, variables={"force": True}),
    Rotation("a foreign token", account=BOTH, record=IDLE),
    Rotation("a foreign token, replaced", account=BOTH, record=IDLE, variables={"replace_unknown": True}),
    Rotation("not enabled", account={"secondary_enabled": False}, record=IDLE),
    Rotation("staging, nothing there", record={**IDLE, "phase": "staging"}),
    Rotation("staging, one there", account=BOTH, record={**IDLE, "phase": "staging"}),
    Rotation("staging, one there, a text", BOTH, {**IDLE, "phase": "staging"}, {"replace_unknown": "false"}),
    Rotation("staged", account=BOTH, record=STAGED),
    Rotation("staged, deleted", record=STAGED),
    Rotation("staged, promoted", account={"auth_token": PENDING}, record=STAGED),
    Rotation("verified", account=BOTH, record=VERIFIED),
    Rotation("verified, deleted", record=VERIFIED),
    Rotation("verified, promoted", account={"auth_token": PENDING}, record=VERIFIED),
    Rotation("cleaning", record=CLEANING),
    Rotation("cleaning, and due", record={**IDLE, "phase": "cleaning"}),
    Rotation("lost", account={"auth_token": OTHER}, record=IDLE),
    Rotation("lost, another known", {"auth_token": OTHER}, IDLE, {"initial_auth_token": OTHER}),
    Rotation("lost while staged", {"auth_token": OTHER}, STAGED, {"initial_auth_token": OTHER}),
    Rotation("suspended", account={"status": "suspended"}, record=IDLE),
    Rotation("another account's record", record={**IDLE, "account_sid": make_sid("AC", 9)}),
    Rotation("wrong password", record=IDLE, variables={"store_password": "not the password"}),
    Rotation("wrong account", record=IDLE, variables={"account_sid": "AC1"}),
    Rotation("future date", variables={"initial_auth_token": PRIMARY, "initial_rotated_at": "2222-01-31"}),
    Rotation("relative store", record=IDLE, variables={"store_path": "store"}),
    Rotation("no such hook", record=IDLE, variables={"distribute_tasks": "hooks/none.yml", "on_failure": "rollback"}),
    Rotation("no parent", record=IDLE, variables={"parent_account_sid": "", "parent_auth_token": OTHER}),
    Rotation("verify fails", record=IDLE, failing=["verify"]),
    Rotation("distribute fails, back", record=IDLE, failing=["distribute"], variables={"on_failure": "rollback"}),
    Rotation("verify fails, back", record=IDLE, failing=["verify"], variables={"on_failure": "rollback"}),
    Rotation("found, verify fails, back", BOTH, VERIFIED, {"on_failure": "rollback"}, failing=["verify"]),
    Rotation("promoted, verify fails", {"auth_token": PENDING}, STAGED, {"on_failure": "rollback"}, failing=["verify"]),
    Rotation("clean fails", record=IDLE, failing=["clean"]),
    Rotation("no hooks", record=IDLE, variables={f"{hook}_tasks": "" for hook in HOOKS}),
    Rotation("held by another", record={**IDLE, "lock": lock()}),
    Rotation("held by the dead", record={**IDLE, "lock": lock(start="1")}),
    Rotation("held before a restart", record={**CLEANING, "lock": lock(boot_id="another")}),
    Rotation("held elsewhere", record={**IDLE, "lock": lock(host="elsewhere")}),
    Rotation("held elsewhere, long ago", record={**CLEANING, "lock": lock(host="elsewhere", renewed_at=now(hours=2))}),
    Rotation("held, not due", record={**IDLE, "rotated_at": now(), "lock": lock()}),
]


@pytest.fixture(scope="module")
def table(running_simulator, tmp_path_factory) -> dict[str, Outcome]:
    """Run the table in check mode, assert that this changed nothing anywhere, and run it for real."""
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("rows"))
    accounts.in_process = True
    accounts.seed(ROWS)
    running_simulator.settings(forbid_writes=True)
    planned = accounts.run(ROWS, "--check", "--diff", **ENVIRONMENT)
    assert running_simulator.health()["forbidden_writes"] == 0
    running_simulator.settings(forbid_writes=False)
    for name, plan in planned.items():
        assert plan.unchanged, name
        assert plan.hooks == [], name
    done = accounts.run(ROWS, **ENVIRONMENT)
    # Check mode predicts each change; a run that is refused may have been predicted to change something.
    for name, rotated in done.items():
        if rotated.failure is None:
            assert planned[name].changed == rotated.changed, name
    return done


def test_a_first_token_is_adopted(table):
    adopted = table["no record"]
    assert adopted.failure is None
    assert adopted.sent == ["GET AWS"]
    assert {name: adopted.record[name] for name in ("primary", "pending", "phase")} == {
        "primary": PRIMARY,
        "pending": None,
        "phase": "idle",
    }
    assert adopted.record["account_sid"] == adopted.account_sid
    assert adopted.result == {"phase": "idle", "rotated": False, "due_in_days": 90.0}
    assert table["no record, date known"].result["due_in_days"] == 10.0
    table["no record, due"].assert_rotated(*HOOKS)


def test_a_first_token_that_is_not_valid_is_not_saved(table):
    refused = table["no record, not valid"]
    assert "rotate_auth_token_initial_auth_token" in refused.failure
    assert refused.record == {}


def test_nothing_due_is_one_request_and_no_change(table):
    for name in ("not due", "held, not due"):
        idle = table[name]
        assert idle.failure is None
        assert idle.sent == ["GET AWS"]
        assert idle.unchanged
        assert not idle.changed
        assert idle.hooks == []
    assert table["not due"].result == {"phase": "idle", "rotated": False, "due_in_days": 10.0}


@pytest.mark.parametrize("name", ["due", "forced", "staging, nothing there", "cleaning, and due"])
def test_a_rotation(table, name):
    rotated = table[name]
    hooks = ["clean", *HOOKS] if name == "cleaning, and due" else HOOKS
    rotated.assert_rotated(*hooks)
    assert rotated.writes == ["POST Secondary", "POST Promote"]
    assert rotated.result == {"phase": "idle", "rotated": True, "due_in_days": 90.0}
    new = rotated.record["primary"]
    given = [(hook["hook"], hook["primary"], hook["pending"]) for hook in rotated.hooks[-3:]]
    assert given == [("distribute", PRIMARY, new), ("verify", PRIMARY, new), ("clean", new, "")]


def test_a_foreign_token_is_left_alone(table):
    refused = table["a foreign token"]
    assert "replace_unknown" in refused.failure
    assert refused.valid == {PRIMARY, PENDING}
    assert refused.record["phase"] == "idle"
    assert refused.hooks == []
    table["a foreign token, replaced"].assert_rotated(*HOOKS)


def test_an_account_without_secondary_tokens(table):
    refused = table["not enabled"]
    assert "not enabled" in refused.failure
    assert refused.record["phase"] == "idle"


@pytest.mark.parametrize("name", ["staging, one there", "staging, one there, a text"])
def test_a_token_that_a_run_may_have_lost_is_replaced(table, name):
    rotated = table[name]
    rotated.assert_rotated(*HOOKS)
    assert rotated.writes == ["POST Secondary", "DELETE Secondary", "POST Secondary", "POST Promote"]


@pytest.mark.parametrize("name", ["staged", "verified"])
def test_a_staged_token_is_distributed_and_verified_again(table, name):
    rotated = table[name]
    rotated.assert_rotated(*HOOKS)
    assert rotated.record["primary"] == PENDING
    assert rotated.record["rotated_at"] == STAGED_AT
    assert rotated.writes == ["POST Promote"]


@pytest.mark.parametrize("name", ["staged, deleted", "verified, deleted"])
def test_a_token_that_somebody_deleted_is_taken_back_and_another_staged(table, name):
    rotated = table[name]
    rotated.assert_rotated("clean", *HOOKS)
    assert (rotated.hooks[0]["primary"], rotated.hooks[0]["pending"]) == (PRIMARY, "")
    assert rotated.record["primary"] != PENDING


def test_a_token_that_somebody_promoted_is_the_primary(table):
    table["staged, promoted"].assert_rotated(*HOOKS)
    table["verified, promoted"].assert_rotated("clean")
    for name in ("staged, promoted", "verified, promoted"):
        assert table[name].writes == []
        assert table[name].record["primary"] == PENDING
        assert table[name].record["rotated_at"] == STAGED_AT


def test_cleaning_is_resumed(table):
    cleaned = table["cleaning"]
    assert cleaned.failure is None
    assert cleaned.passed == ["clean"]
    assert cleaned.record["phase"] == "idle"
    assert cleaned.writes == []


def test_locked_out(table):
    refused = table["lost"]
    assert "locked out, or the account is suspended or closed" in refused.failure
    assert "rotate_auth_token_initial_auth_token" in refused.failure
    assert "rotate_auth_token_parent_auth_token" in refused.failure
    assert refused.writes == []
    assert {**refused.record, "lock": None} == {
        **IDLE,
        "account_sid": refused.account_sid,
        "pending": None,
        "rotated_at": LONG_AGO,
        "staged_at": None,
        "primary_known": True,
        "lock": None,
    }


@pytest.mark.parametrize("name", ["lost, another known", "lost while staged"])
def test_another_valid_token_is_used(table, name):
    rotated = table[name]
    rotated.assert_rotated(*HOOKS)
    assert rotated.record["primary"] == OTHER
    assert rotated.writes == []


def test_an_unknown_outcome_stops_the_run(table):
    refused = table["suspended"]
    assert "suspended" in refused.failure
    assert refused.unchanged


def test_a_record_that_can_not_be_right_stops_the_run_before_any_request(table):
    for name in ("another account's record", "wrong password"):
        assert table[name].sent == [], name
        assert table[name].unchanged, name


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("wrong account", "rotate_auth_token_account_sid"),
        ("future date", "rotate_auth_token_initial_rotated_at"),
        ("relative store", "rotate_auth_token_store_path"),
        ("no parent", "rotate_auth_token_parent_account_sid"),
        ("no such hook", "/hooks/none.yml"),
    ],
)
def test_a_variable_that_can_not_be_right_stops_the_run_before_any_request(table, name, named):
    refused = table[name]
    assert named in refused.failure
    assert refused.sent == []
    assert refused.unchanged
    assert refused.result == {"phase": "none", "rotated": False, "due_in_days": None}


def test_a_hook_that_fails_leaves_both_tokens(table):
    stopped = table["verify fails"]
    assert "'verify' failed in its task 'Consumer: verify'" in stopped.failure
    assert stopped.record["phase"] == "staged"
    assert stopped.valid == {PRIMARY, stopped.record["pending"]}
    assert stopped.passed == ["distribute", "verify"]
    assert stopped.record["lock"] is None


@pytest.mark.parametrize("name", ["distribute fails, back", "verify fails, back", "found, verify fails, back"])
def test_a_hook_that_fails_is_rolled_back(table, name):
    back = table[name]
    assert "failed in its task" in back.failure
    assert back.record["phase"] == "idle"
    assert back.record["pending"] is None
    assert back.record["primary"] == PRIMARY
    assert back.valid == {PRIMARY}
    assert (back.hooks[-1]["hook"], back.hooks[-1]["primary"], back.hooks[-1]["pending"]) == ("clean", PRIMARY, "")
    (deletion,) = [entry for entry in back.requests if entry["method"] == "DELETE"]
    assert deletion["authenticated_with"] == "secondary"


def test_what_was_promoted_is_not_rolled_back(table):
    stopped = table["promoted, verify fails"]
    assert "failed in its task" in stopped.failure
    assert stopped.record["phase"] == "staged"
    assert stopped.valid == {PENDING}
    assert stopped.writes == []


def test_cleaning_that_failed_is_resumed(table):
    stopped = table["clean fails"]
    assert stopped.record["phase"] == "cleaning"
    assert stopped.valid == {stopped.record["primary"]}


def test_without_hooks(table):
    table["no hooks"].assert_rotated()


@pytest.mark.parametrize("name", ["held by another", "held elsewhere"])
def test_a_record_that_another_run_holds_is_left_alone(table, name):
    refused = table[name]
    assert "Another run holds the record" in refused.failure
    assert refused.unchanged
    assert refused.writes == []


def test_a_stale_lock_is_taken_over(table):
    table["held by the dead"].assert_rotated(*HOOKS)
    for name in ("held before a restart", "held elsewhere, long ago"):
        assert table[name].passed == ["clean"]
        assert table[name].record["lock"] is None


SECOND = [
    "due",
    "forced",
    "no record",
    "cleaning",
    "lost, another known",
    "verify fails",
    "clean fails",
    "held by another",
]


def test_the_second_run(simulator, tmp_path):
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    rows = [rotation for rotation in ROWS if rotation.name in SECOND]
    accounts.seed(rows)
    first = accounts.run(rows)
    again = [replace(rotation, failing=(), variables={}) for rotation in rows]
    second = accounts.run(again)
    for name in SECOND[:5]:
        assert second[name].sent == ["GET AWS"], name
        assert second[name].unchanged, name
        assert not second[name].changed, name
    second["verify fails"].assert_rotated(*HOOKS)
    assert second["verify fails"].record["primary"] == first["verify fails"].record["pending"]
    assert second["clean fails"].passed == ["clean"]
    assert second["clean fails"].record["phase"] == "idle"


LOST = [
    Rotation("no answer, created", record=IDLE, faults=[{"kind": "reset", "path": "Secondary", "applied": True}]),
    Rotation("no answer, not created", record=IDLE, faults=[{"kind": "reset", "path": "Secondary"}]),
    Rotation("no answer, created late", record=IDLE, faults=[{"kind": "late", "path": "Secondary"}]),
    Rotation("no answer, promoted late", record=IDLE, faults=[{"kind": "late", "path": "Promote"}]),
    Rotation("503, created", record=IDLE, faults=[{"kind": "503", "path": "Secondary", "applied": True}]),
    Rotation(
        "a proxy's 408, created",
        record=IDLE,
        faults=[{"kind": "html", "status": 408, "path": "Secondary", "applied": True}],
    ),
    Rotation("half an answer", record=IDLE, faults=[{"kind": "truncated", "path": "Secondary"}]),
    Rotation("no answer, promoted", record=IDLE, faults=[{"kind": "reset", "path": "Promote", "applied": True}]),
    Rotation("no answer, not promoted", record=IDLE, faults=[{"kind": "reset", "path": "Promote"}]),
    Rotation("another answer", record=IDLE, faults=[{"kind": "wrong_shape", "path": "Promote"}]),
    Rotation(
        "401 to promote", record=IDLE, faults=[{"kind": "status", "status": 401, "code": 20003, "path": "Promote"}]
    ),
    Rotation(
        "404 to promote",
        record=IDLE,
        faults=[{"kind": "status", "status": 404, "code": 20404, "path": "Promote", "count": None}],
    ),
    Rotation("busy", record=IDLE, faults=[{"kind": "429", "path": "Secondary"}, {"kind": "429", "path": "Promote"}]),
    Rotation("a fault while looking", record=IDLE, faults=[{"kind": "503", "path": "Credentials", "skip": 1}]),
]


def test_lost_answers(simulator, tmp_path):
    """The first run stops if an outcome is unknown, or finds it out; the second one completes the rotation."""
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    accounts.seed(LOST)
    first = accounts.run(LOST)
    created = (
        "no answer, created",
        "no answer, created late",
        "503, created",
        "a proxy's 408, created",
        "half an answer",
    )
    for name in (*created, "no answer, not created"):
        assert first[name].record["phase"] == "staging", name
        assert first[name].writes == ["POST Secondary"], name
        assert first[name].failure, name
    for name in ("no answer, promoted", "another answer", "401 to promote", "busy", "a fault while looking"):
        first[name].assert_rotated(*HOOKS)
    assert first["no answer, promoted"].writes == ["POST Secondary", "POST Promote"]
    assert first["busy"].writes == ["POST Secondary", "POST Secondary", "POST Promote", "POST Promote"]
    for name in ("no answer, not promoted", "no answer, promoted late"):
        assert first[name].record["phase"] == "verified", name
        assert first[name].writes == ["POST Secondary", "POST Promote"], name
    assert first["404 to promote"].writes == ["POST Secondary"] + 3 * ["POST Promote"]
    simulator.clear_faults()
    unfinished = [replace(rotation, faults=()) for rotation in LOST if first[rotation.name].failure]
    second = accounts.run(unfinished)
    for rotation in unfinished:
        hooks = ["clean"] if rotation.name == "no answer, promoted late" else HOOKS
        second[rotation.name].assert_rotated(*hooks)
    for name in created:
        assert second[name].writes == ["POST Secondary", "DELETE Secondary", "POST Secondary", "POST Promote"], name
    assert second["no answer, promoted late"].writes == []
    for name in ("no answer, not promoted", "no answer, promoted late", "404 to promote"):
        assert second[name].record["primary"] == first[name].record["pending"], name


def test_a_new_token_that_can_not_delete_itself_is_deleted_with_the_primary(simulator, tmp_path):
    simulator.settings(secondary_may_delete=False)
    back = Rotation("back", record=IDLE, failing=["verify"], variables={"on_failure": "rollback"})
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    accounts.seed([back])
    rotated = accounts.run([back])["back"]
    assert rotated.record["phase"] == "idle"
    assert rotated.valid == {PRIMARY}
    assert [entry["authenticated_with"] for entry in rotated.requests if entry["method"] == "DELETE"] == [
        "secondary",
        "primary",
    ]


#: A store that sets facts, where that of the other tests registers results.
LOAD = """\
- name: Load it
  ansible.builtin.set_fact:
    rotation_record_found:
      record: "{{ lookup('ansible.builtin.file', own_file) | from_json if own_file is exists else {} }}"
      version: "{{ lookup('ansible.builtin.file', own_file) | hash('sha256') if own_file is exists else '' }}"
  vars:
    own_file: "{{ own_store }}/{{ rotation_record_name }}.json"
"""
SAVE = """\
- name: Save it
  ansible.legacy.own_store:
    path: "{{ own_store }}/{{ rotation_record_name }}.json"
    record: "{{ rotation_record_new }}"
  register: own_store_saved

- name: Keep its version
  ansible.builtin.set_fact:
    rotation_record_saved:
      version: "{{ own_store_saved.version }}"
"""


def test_a_store_of_the_users_own(simulator, tmp_path):
    """The first run is Ansible's, since the store's tasks are."""
    accounts = Accounts(simulator, tmp_path)
    tasks = tmp_path / "tasks"
    for folder in (tasks, accounts.own_store):
        folder.mkdir()
    (tasks / "load.yml").write_text(LOAD, encoding="utf-8")
    (tasks / "save.yml").write_text(SAVE, encoding="utf-8")
    first = {"initial_auth_token": PRIMARY, "initial_rotated_at": LONG_AGO}
    rotation = Rotation("own", variables={**only("clean"), "store": str(tasks), **first})
    accounts.seed([rotation])
    accounts.run([rotation])["own"].assert_rotated("clean")
    assert not accounts.path(rotation).exists()
    accounts.in_process = True
    again = accounts.run([rotation])["own"]
    assert again.sent == ["GET AWS"]
    assert again.result["rotated"] is False
    (tasks / "save.yml").write_text("- name: Save\n  ansible.builtin.fail:\n    msg: Disk full.\n", encoding="utf-8")
    forced = replace(rotation, variables={**rotation.variables, "force": True})
    stopped = accounts.run([forced])["own"]
    assert "was not saved" in stopped.failure
    assert "'Save'" in stopped.failure
    assert stopped.writes == []


def test_the_files_of_the_store_are_their_owners_alone(simulator, tmp_path):
    rotation = Rotation("one", record=IDLE)
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    accounts.seed([rotation])
    accounts.run([rotation])["one"].assert_rotated(*HOOKS)
    assert accounts.store.stat().st_mode & 0o777 == 0o700
    assert [oct(path.stat().st_mode & 0o777) for path in accounts.store.iterdir()] == ["0o600", "0o600"]
    assert accounts.path(rotation).read_bytes().startswith(b"$ANSIBLE_VAULT;")


@pytest.mark.parametrize(
    ("variables", "failure"),
    [
        ({"store_path": "/tmp"}, "rotate_auth_token_store_path: /tmp has the mode 1777"),
        ({"store_password": "a password\n"}, "rotate_auth_token_store_password: there is white space at an end"),
        ({"store_password": 123456}, "rotate_auth_token_store_password: expected a text, got what YAML takes for"),
    ],
)
def test_a_store_that_can_not_be_right_is_refused_and_left_as_it_is(simulator, tmp_path, variables, failure):
    before = os.stat("/tmp").st_mode
    rotation = Rotation("one", record=IDLE, variables=variables)
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    accounts.seed([rotation])
    stopped = accounts.run([rotation])["one"]
    assert failure in stopped.failure
    assert stopped.writes == []
    assert os.stat("/tmp").st_mode == before


PARENT = {"parent_account_sid": make_sid("AC", 5), "parent_auth_token": "5" * 32}


def parents() -> Mapping[str, Any]:
    return {"accounts": [{"sid": PARENT["parent_account_sid"], "auth_token": PARENT["parent_auth_token"]}]}


def test_a_subaccounts_token_is_read_with_its_parents(simulator, tmp_path):
    simulator.seed(parents())
    owned = {"owner_account_sid": PARENT["parent_account_sid"]}
    rotations = [
        Rotation("first", account=owned, variables=PARENT),
        Rotation("lost", account={**owned, "auth_token": OTHER}, record=IDLE, variables=PARENT),
        Rotation("lost, wrong parent", {"auth_token": OTHER}, IDLE, variables=PARENT),
        Rotation("lost, wrong token", {"auth_token": OTHER}, IDLE, variables={**PARENT, "parent_auth_token": PENDING}),
    ]
    accounts = Accounts(simulator, tmp_path)
    accounts.in_process = True
    accounts.seed(rotations)
    done = accounts.run(rotations)
    assert done["first"].record["primary"] == PRIMARY
    assert done["first"].writes == []
    done["lost"].assert_rotated(*HOOKS)
    assert done["lost"].record["primary"] == OTHER
    assert done["lost, wrong parent"].failure
    assert done["lost, wrong parent"].writes == []
    assert "locked out" in done["lost, wrong token"].failure
