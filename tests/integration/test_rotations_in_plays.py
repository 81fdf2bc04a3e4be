# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotation roles in all kinds of plays: what a play may change, what it may not, and the messages and cost of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import credential_rotations
import pytest
from credential_rotations import OLD
from harness import ansible_playbook, make_sid, play
from rotations import PASSWORD
from token_rotations import HOOKS, KNOWN, OTHER, PENDING, PRIMARY, Accounts, Outcome, Rotation, only

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

IDLE = {"phase": "idle", "primary": PRIMARY}
#: The tests' records state that their primary is the account's primary, except these.
UNKNOWN = {"primary": PRIMARY, "primary_known": False}
STAGED = {"phase": "staged", "primary": PRIMARY, "pending": PENDING, "staged_at": "2026-01-31T04:00:00Z"}
BOTH = {"secondary_auth_token": PENDING}
BACK = {"on_failure": "rollback"}

STEP = "community.twilio.rotation_step"


def assert_kept(rotated: Outcome) -> None:
    """Assert that a rotation stopped before the promotion with a reason, with both tokens valid and recorded."""
    assert rotated.failure
    assert "Both tokens are valid" in rotated.failure
    assert rotated.record["phase"] == "staged"
    assert rotated.valid == {PRIMARY, rotated.record["pending"]}
    assert rotated.writes == ["POST Secondary"]


def assert_rolled_back(rotated: Outcome) -> None:
    """Assert that a rotation failed, and left nothing behind."""
    assert rotated.failure
    assert rotated.record["phase"] == "idle"
    assert rotated.valid == {PRIMARY}
    assert rotated.writes == ["POST Secondary", "DELETE Secondary"]


def lines(accounts: Accounts, rotated: Outcome) -> list[str]:
    """Return the messages of a rotation's steps in the last run."""
    results = accounts.last.results
    return [result["msg"] for result in results if result.action == STEP and result.host == rotated.account_sid]


def test_a_play_that_ignores_errors_goes_on_but_the_role_does_not(simulator, tmp_path):
    rotations = [
        Rotation("verify fails", record=IDLE, failing=["verify"]),
        Rotation("verify fails, back", record=IDLE, failing=["verify"], variables=BACK),
        Rotation("locked out", account={"auth_token": OTHER}, record=IDLE),
        Rotation("wrong account", record=IDLE, variables={"account_sid": "AC1"}),
    ]
    accounts = Accounts(simulator, tmp_path, {"ignore_errors": True})
    accounts.afterwards = [
        {"hosts": "all", "gather_facts": False, "tasks": [{"name": "go on", "ansible.builtin.debug": {"msg": ""}}]}
    ]
    accounts.seed(rotations)
    done = accounts.run(rotations)
    assert accounts.last.status == 0
    gone_on = {result.host for result in accounts.last.results if result.task == "go on"}
    assert gone_on == {rotated.account_sid for rotated in done.values()}
    assert_kept(done["verify fails"])
    assert_rolled_back(done["verify fails, back"])
    for name in ("locked out", "wrong account"):
        assert done[name].failure, name
        assert done[name].writes == [], name
        assert done[name].record["phase"] == "idle", name


def test_a_variable_may_be_omitted(tmp_path):
    variables = {
        "rotate_api_key_friendly_name": "shop",
        "rotate_api_key_account_sid": make_sid("AC", 1),
        "rotate_api_key_region": "{{ nothing | default(omit) }}",
    }
    run = ansible_playbook(tmp_path, [play([], roles=[{"role": "community.twilio.rotate_api_key", "vars": variables}])])
    (failed,) = [result for result in run.results if result.failed]
    assert failed["msg"].startswith("rotate_api_key_auth_token: expected the account's auth token")


def test_check_mode_may_come_from_a_keyword(simulator, tmp_path):
    rotations = [
        Rotation("no record", variables={"initial_auth_token": PRIMARY}),
        Rotation("due", record=IDLE),
        Rotation("staging", account=BOTH, record={**IDLE, "phase": "staging"}),
        Rotation("staged", account=BOTH, record=STAGED),
    ]
    accounts = Accounts(simulator, tmp_path, {"check_mode": True})
    accounts.seed(rotations)
    done = accounts.run(rotations)
    for name, planned in done.items():
        assert planned.failure is None, name
        assert planned.writes == [], name
        assert planned.hooks == [], name
        assert planned.unchanged, name
        assert planned.changed, name
    (line,) = lines(accounts, done["due"])
    due_in_days = done["due"].result["due_in_days"]
    assert due_in_days < 0
    assert line.startswith(f"{done['due'].account_sid}: Due: stage a token, ")
    assert line.endswith(f"; overdue by {-due_in_days} days")


def test_check_mode_by_a_keyword_plans_credentials_too(simulator, tmp_path):
    due = credential_rotations.Rotation("due", [credential_rotations.credential(OLD, None)])
    folder = {"private_key_folder": str(tmp_path / "private")}
    accounts = credential_rotations.Accounts(simulator, tmp_path, "public_key", folder, keywords={"check_mode": True})
    accounts.seed([due])
    planned = accounts.run([due])["due"]
    assert planned.failure is None
    assert planned.methods == ["GET"]
    assert planned.unchanged
    assert planned.changed
    assert planned.hooks == []
    assert not (tmp_path / "private").exists()


#: How a play may run its hosts. Where some fail, nothing differs for the others.
ORDERS = {"free": {"strategy": "free"}, "host_pinned": {"strategy": "host_pinned"}, "serial": {"serial": 2}}
#: A hook that ends more than the role.
ENDS = {"ends the host": {"ansible.builtin.meta": "end_host"}, "ends the play": {"ansible.builtin.meta": "end_play"}}


@pytest.fixture(scope="module")
def in_plays(running_simulator, tmp_path_factory) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    """Run one play of each kind, in one run, and then all together; return what came of each run."""
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("plays"))
    plays: list[tuple[dict[str, Any], list[Rotation]]] = []
    for order, keywords in ORDERS.items():
        rotations = [
            Rotation(f"{order}, due", record=IDLE, variables=only("distribute")),
            Rotation(f"{order}, verify fails", record=IDLE, variables=only("verify"), failing=["verify"]),
            Rotation(f"{order}, no hooks", record=IDLE, variables=only()),
        ]
        plays.append((keywords, rotations))
    for ends, task in ENDS.items():
        hook = accounts.folder / f"{ends}.yml"
        hook.write_text(json.dumps([task]), encoding="utf-8")
        rotations = [
            Rotation(ends, record=IDLE, variables={**only(), "distribute_tasks": str(hook)}),
            Rotation(f"{ends}, another", record=IDLE, variables=only("distribute")),
        ]
        plays.append(({}, rotations))
    once = [Rotation(f"once, {name}", record=IDLE, variables=only("distribute")) for name in ("first", "second")]
    plays.append(({"run_once": True}, once))
    shared = {**only("distribute"), "account_sid": accounts.sid("twice")}
    plays.append(({}, [Rotation("twice", record=IDLE, variables=shared), Rotation("twice, another", variables=shared)]))
    fatal = [Rotation("fatal", record=IDLE, variables=only("verify"), failing=["verify"])]
    fatal.append(Rotation("fatal, another", record=IDLE, variables=only("verify")))
    # Its failure ends the run.
    plays.append(({"any_errors_fatal": True}, fatal))
    accounts.plays = [(keywords, [rotation.name for rotation in rotations]) for keywords, rotations in plays]
    all_of_them = [rotation for _keywords, rotations in plays for rotation in rotations]
    accounts.seed(all_of_them)
    first = accounts.run(all_of_them)
    accounts.plays = []
    left = [rotation for rotation in all_of_them if first[rotation.name].record.get("phase") == "staged"]
    variables = only("distribute")
    return first, accounts.run([replace(each, record=None, failing=(), variables=variables) for each in left])


@pytest.mark.parametrize("order", ORDERS)
def test_in_whatever_order_hosts_run_each_rotation_is_the_same(in_plays, order):
    first, _second = in_plays
    first[f"{order}, due"].assert_rotated("distribute")
    first[f"{order}, no hooks"].assert_rotated()
    assert_kept(first[f"{order}, verify fails"])


@pytest.mark.parametrize("ends", ENDS)
def test_a_hook_that_ends_more_than_the_role_promotes_nothing(in_plays, ends):
    first, _second = in_plays
    assert first[ends].record["phase"] == "staged"
    assert first[ends].valid == {PRIMARY, first[ends].record["pending"]}
    assert first[ends].result == {}
    another = first[f"{ends}, another"]
    if ends == "ends the host":
        another.assert_rotated("distribute")
    else:
        assert another.record["phase"] == "staged"
        assert another.valid == {PRIMARY, another.record["pending"]}


def test_of_a_play_that_runs_once_the_first_host_is_rotated(in_plays):
    first, _second = in_plays
    first["once, first"].assert_rotated("distribute")
    assert first["once, second"].requests == []
    assert first["once, second"].unchanged


def test_of_two_hosts_for_one_account_one_rotates_and_the_other_reports_it(in_plays):
    first, _second = in_plays
    both = [first["twice"], first["twice, another"]]
    (rotated,) = [each for each in both if each.failure is None]
    (refused,) = [each for each in both if each.failure]
    assert rotated.result["rotated"] is True
    assert "another host of this play names the same account" in refused.failure
    assert first["twice"].writes == ["POST Secondary", "POST Promote"]
    assert first["twice"].valid == {first["twice"].record["primary"]}


def test_a_failure_that_counts_for_all_hosts_ends_each_with_a_reason(in_plays):
    first, _second = in_plays
    for name, reason in (("fatal", " in its task 'Consumer: verify'."), ("fatal, another", ", as another host has")):
        assert_kept(first[name])
        assert f"The hook 'verify' failed{reason}" in first[name].failure
        assert first[name].record["lock"] is None


def test_the_next_run_ends_what_a_play_left(in_plays):
    first, second = in_plays
    assert {*second} >= {*ENDS, "fatal", "fatal, another"}
    for name, rotated in second.items():
        rotated.assert_rotated("distribute")
        assert rotated.writes == ["POST Promote"], name
        assert rotated.record["primary"] == first[name].record["pending"], name


#: A hook with a loop, and so with an ``item`` of its own; it fails for one of the accounts.
HOOK = [
    {
        "name": "Write down who is meant",
        "ansible.builtin.lineinfile": {
            "path": "{{ playbook_dir }}/{{ item }}",
            "line": "{{ rotate_auth_token_account_sid }}",
            "create": True,
            "mode": "0600",
        },
        "loop": ["one", "another"],
    },
    {
        "name": "Refuse",
        "ansible.builtin.assert": {"that": "rotate_auth_token_account_sid != refusing", "quiet": True},
    },
]


def test_a_loop_over_accounts_on_one_host(simulator, tmp_path):
    """Nothing of one account is left for the next, and where errors are ignored, a failure of one is not the next's."""
    parent, failing, first, second = (make_sid("AC", number) for number in (4, 5, 6, 7))
    owned = {"auth_token": PRIMARY, "owner_account_sid": parent}
    simulator.seed(
        {
            "accounts": [
                {"sid": parent, "auth_token": "5" * 32},
                {"sid": failing, **owned},
                {"sid": first, **owned},
                {"sid": second, "auth_token": OTHER},
            ]
        }
    )
    (tmp_path / "hook.yml").write_text(json.dumps(HOOK), encoding="utf-8")
    rotate = {
        "name": "rotate",
        "ansible.builtin.include_role": {"name": "community.twilio.rotate_auth_token"},
        "loop": [
            {"sid": failing, "parent": "5" * 32, "force": True},
            {"sid": first, "parent": "5" * 32, "force": True},
            {"sid": second, "parent": "", "force": False},
        ],
        "vars": {
            "rotate_auth_token_account_sid": "{{ item.sid }}",
            "rotate_auth_token_parent_account_sid": parent,
            "rotate_auth_token_parent_auth_token": "{{ item.parent }}",
            "rotate_auth_token_force": "{{ item.force }}",
            "rotate_auth_token_base_url": simulator.url,
            "rotate_auth_token_store_path": str(tmp_path / "store"),
            "rotate_auth_token_store_password": PASSWORD,
            "rotate_auth_token_settle_seconds": 0,
            "rotate_auth_token_distribute_tasks": "hook.yml",
            "refusing": failing,
        },
    }
    show = {"name": "result", "ansible.builtin.debug": {"var": "rotate_auth_token_result"}}
    tasks = [{"name": "ignore", "ignore_errors": True, "block": [rotate]}, show]
    run = ansible_playbook(tmp_path, [play(tasks)], TWILIO_AUTH_TOKEN=OTHER)
    assert run.status == 0, run.output
    assert run.of("result")["rotate_auth_token_result"]["rotated"] is False
    assert "failed in its task 'Refuse'" in run.output
    for name in ("one", "another"):
        assert (tmp_path / name).read_text(encoding="utf-8").splitlines() == [failing, first]
    valid = {account["sid"]: account for account in simulator.state()["accounts"]}
    assert valid[failing]["auth_token"] == PRIMARY
    assert valid[failing]["secondary_auth_token"]
    assert valid[first]["auth_token"] != PRIMARY
    assert valid[second]["auth_token"] == OTHER


@pytest.mark.parametrize("reached", [True, False])
def test_tags_reach_the_role_and_its_hooks_or_neither(simulator, tmp_path, reached):
    """A tag on include_role alone is not inherited, so that the role is included but runs nothing."""
    due = Rotation("due", record=IDLE)
    accounts = Accounts(simulator, tmp_path, {"tags": "rotate"} if reached else {})
    accounts.seed([due])
    rotated = accounts.run([due], "--tags", "rotate")["due"]
    if reached:
        rotated.assert_rotated(*HOOKS)
    else:
        assert rotated.requests == []
        assert rotated.unchanged


def test_a_hook_is_run_whole_or_the_rotation_not_at_all(simulator, tmp_path):
    """A hook whose tasks were skipped would count as passed, and an unverified token would be promoted."""
    verify = tmp_path / "own_verify.yml"
    task = {"name": "Look", "ansible.builtin.fail": {"msg": "Not there."}, "tags": ["slow"]}
    verify.write_text(json.dumps([{"block": [task]}]), encoding="utf-8")
    due = Rotation("due", record=IDLE, variables={"verify_tasks": str(verify)})
    accounts = Accounts(simulator, tmp_path)
    accounts.seed([due])
    refused = accounts.run([due], "--skip-tags", "slow")["due"]
    assert f"--skip-tags would skip tasks of 'verify' ({verify})" in refused.failure
    assert refused.requests == []
    assert refused.unchanged
    accounts.run([replace(due, variables={})], "--skip-tags", "another")["due"].assert_rotated(*HOOKS)


PARENT, PARENTS_TOKEN = make_sid("AC", 5), "5" * 32
OWNED = {"owner_account_sid": PARENT}
LOST = {**OWNED, "auth_token": OTHER}
FROM_STORE = {"parent_account_sid": PARENT, "parent_from_store": True}
#: The token that is the record's primary is the account's secondary one.
OF_ANOTHER = {**OWNED, "auth_token": OTHER, "secondary_auth_token": PRIMARY}
STAGING = {"phase": "staging", **UNKNOWN}
TOLD = [
    Rotation("no parent", account=OWNED, variables={"parent_account_sid": PARENT}),
    Rotation("negative age", record=IDLE, variables={"max_age_days": -1}),
    Rotation("no age", record=IDLE, variables={"max_age_days": float("nan")}),
    Rotation("every run", record=IDLE, variables={**only(), "max_age_days": 0}),
    Rotation("staging, one there", BOTH, STAGING),
    Rotation("staging, one there, said to be the primary", BOTH, STAGING, {**only(), "initial_is_primary": True}),
    Rotation("idle, one there", BOTH, {"phase": "idle", **UNKNOWN}, {"replace_unknown": True}),
    Rotation("staging, read to be the secondary", OF_ANOTHER, STAGING, FROM_STORE),
    Rotation("staging, read to be the primary", {**OWNED, **BOTH}, STAGING, {**only(), **FROM_STORE}),
]
#: Invalid stores of the user's own, with the task of their load.yml.
STORES = {
    "a store that fails": {"name": "Look into the store", "ansible.builtin.fail": {"msg": "No."}},
    "a store that returns nothing": {"ansible.builtin.meta": "noop"},
}
#: With records in files, and in a store of the user's own.
NEW_AND_LOST = [
    Rotation("new", account=OWNED, variables=FROM_STORE),
    Rotation("lost", account=LOST, record=IDLE, variables={**only("distribute"), **FROM_STORE}),
]


@pytest.fixture(scope="module")
def outcomes(running_simulator, tmp_path_factory) -> dict[str, Outcome]:
    """Run both tables in one run; both stores hold the parent's record, which is not rotated."""
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("outcomes"))
    running_simulator.seed({"accounts": [{"sid": PARENT, "auth_token": PARENTS_TOKEN}]})
    parents = {"account_sid": PARENT, **KNOWN, "phase": "idle", "primary": PARENTS_TOKEN}
    RecordFile(str(accounts.store / f"{PARENT}.yml"), PASSWORD).save(parents, NO_VERSION)
    for name, task in STORES.items():
        (accounts.folder / name).mkdir()
        (accounts.folder / name / "load.yml").write_text(json.dumps([task]), encoding="utf-8")
        (accounts.folder / name / "save.yml").write_text("[]", encoding="utf-8")
    unnamed = accounts.folder / "unnamed.yml"
    unnamed.write_text(json.dumps([{"ansible.builtin.fail": {"msg": "No."}}]), encoding="utf-8")
    rotations = [
        *TOLD,
        *NEW_AND_LOST,
        Rotation("unnamed", record=IDLE, variables={**only(), "verify_tasks": str(unnamed)}),
        *(Rotation(name, variables={"store": str(accounts.folder / name)}) for name in STORES),
    ]
    store = {"store": accounts.make_own_store()}
    for each in NEW_AND_LOST:
        rotations.append(replace(each, name=f"{each.name}, own store", variables={**each.variables, **store}))
    accounts.seed(rotations)
    (accounts.own_store / f"{PARENT}.json").write_text(json.dumps(parents), encoding="utf-8")
    return accounts.run(rotations)


def test_a_new_subaccount_needs_no_token_if_its_parents_record_is_in_the_store(outcomes):
    for name in ("new", "new, own store"):
        assert outcomes[name].failure is None, name
        # The reading is its parent's request.
        assert {*outcomes[name].sent} == {"GET AWS"}, name
        assert outcomes[name].result["phase"] == "idle", name
        assert outcomes[name].valid == {PRIMARY}, name
        assert outcomes[name].record["primary"] == PRIMARY, name
        assert outcomes[name].record["primary_known"] is True, name


def test_a_token_that_is_lost_is_read_with_the_parents_record(outcomes):
    for name in ("lost", "lost, own store"):
        assert outcomes[name].failure is None, name
        assert outcomes[name].result["rotated"] is True, name
        assert outcomes[name].valid == {OTHER}, name
        assert outcomes[name].passed == ["distribute"], name
        assert outcomes[name].record["primary"] == OTHER, name


def test_without_a_first_token_the_failure_names_the_parents_variables(outcomes):
    assert outcomes["no parent"].requests == []
    for way_out in ("rotate_auth_token_parent_auth_token", "'rotate_auth_token_parent_from_store: true'"):
        assert way_out in outcomes["no parent"].failure


@pytest.mark.parametrize("name", ["negative age", "no age"])
def test_an_age_that_is_no_number_of_days_is_refused_before_any_request(outcomes, name):
    refused = outcomes[name]
    assert refused.failure == "rotate_auth_token_max_age_days: expected 0, which is due in every run, or more."
    assert refused.requests == []
    assert refused.unchanged


def test_what_is_due_in_every_run_is_due_now_and_not_overdue(outcomes):
    outcomes["every run"].assert_rotated()
    assert outcomes["every run"].result["due_in_days"] == 0


def test_a_hooks_task_without_a_name_is_named_by_its_action(outcomes):
    stopped = outcomes["unnamed"]
    assert_kept(stopped)
    assert "The hook 'verify' failed in its task 'ansible.builtin.fail'. Both" in stopped.failure


def test_a_store_of_the_users_own_that_fails_or_returns_nothing_is_reported(outcomes):
    failing, empty = outcomes["a store that fails"], outcomes["a store that returns nothing"]
    assert "The record could not be read. The task that failed: 'Look into the store'." in failing.failure
    assert "expected it to set the fact rotation_record_found" in empty.failure
    assert failing.requests == empty.requests == []


@pytest.mark.parametrize("name", ["staging, one there", "idle, one there"])
def test_no_token_is_deleted_where_the_records_may_be_the_secondary(outcomes, name):
    refused = outcomes[name]
    assert "'rotate_auth_token_initial_is_primary: true'" in refused.failure
    assert refused.valid == {PRIMARY, PENDING}
    assert refused.writes == ["POST Secondary"]
    # What may have been lost by a run before stays known.
    assert refused.record["phase"] == name.partition(",")[0]
    assert refused.record["lock"] is None


@pytest.mark.parametrize("name", ["staging, one there, said to be the primary", "staging, read to be the primary"])
def test_where_the_records_token_is_known_to_be_the_primary_the_other_is_deleted(outcomes, name):
    outcomes[name].assert_rotated()
    assert outcomes[name].writes[-3:] == ["DELETE Secondary", "POST Secondary", "POST Promote"]
    assert {*outcomes[name].writes[:-3]} == {"POST Secondary"}


def test_a_record_that_holds_the_secondary_is_refused_with_a_reason(outcomes):
    refused = outcomes["staging, read to be the secondary"]
    assert "it is the account's secondary token" in refused.failure
    assert "rotate_auth_token_initial_auth_token" in refused.failure
    assert refused.valid == {PRIMARY, OTHER}
    assert refused.writes == ["POST Secondary"]


def test_few_tasks_run_where_nothing_is_due_and_not_many_in_a_rotation(simulator, tmp_path):
    rotations = [
        Rotation("not due", record=IDLE, variables={"max_age_days": 36500}),
        Rotation("forced", record=IDLE, variables={"max_age_days": 36500, "force": True}),
    ]
    accounts = Accounts(simulator, tmp_path)
    accounts.seed(rotations)
    done = accounts.run(rotations)
    done["forced"].assert_rotated(*HOOKS)
    assert done["not due"].sent == ["GET AWS"]
    (line,) = lines(accounts, done["not due"])
    assert line.startswith(f"{done['not due'].account_sid}: not rotated; due in ")
    shown = "rotate_auth_token_result"
    tasks = {
        name: [result.task for result in accounts.last.results if result.host == rotated.account_sid]
        for name, rotated in done.items()
    }
    assert len([task for task in tasks["not due"] if task != shown]) <= 6, tasks["not due"]
    assert len([task for task in tasks["forced"] if task != shown]) <= 25, tasks["forced"]
    said = [line.partition(": ")[2] for line in lines(accounts, done["forced"])]
    assert said[:3] == [
        "staged a new token; next: distribute",
        "next: verify",
        "consumers accept both tokens; the new token is the primary; next: clean",
    ]
    assert said[3] == "rotated; due in 36500.0 days"
