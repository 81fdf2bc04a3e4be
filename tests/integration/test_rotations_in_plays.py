# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotation roles in all kinds of plays: what a play may change, what it may not, and the messages and cost of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from harness import HERE, Result, ansible_playbook, make_sid, play
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


#: How a play may run its hosts. Where some fail, nothing differs for the others.
ORDERS = {"free": {"strategy": "free"}, "host_pinned, serial": {"strategy": "host_pinned", "serial": 2}}
#: A hook that ends more than the role.
ENDS = {"ends the host": {"ansible.builtin.meta": "end_host"}, "ends the play": {"ansible.builtin.meta": "end_play"}}
#: Where a play ignores errors.
IGNORED = [
    Rotation("ignored, verify fails", record=IDLE, failing=["verify"], variables=only("verify")),
    Rotation("ignored, verify fails, back", record=IDLE, failing=["verify"], variables={**only("verify"), **BACK}),
    Rotation("ignored, locked out", account={"auth_token": OTHER}, record=IDLE),
    Rotation("ignored, wrong account", record=IDLE, variables={"account_sid": "AC1"}),
]
GO_ON = {"name": "go on", "ansible.builtin.debug": {"msg": ""}}
#: Where check mode comes from a keyword.
PLANNED = [
    Rotation("planned, no record", variables={"initial_auth_token": PRIMARY}),
    Rotation("planned, due", record=IDLE),
    Rotation("planned, staging", account=BOTH, record={**IDLE, "phase": "staging"}),
    Rotation("planned, staged", account=BOTH, record=STAGED),
]
#: Where nothing is due, and where all hooks run.
COUNTED = [
    Rotation("not due", record=IDLE, variables={"max_age_days": 36500}),
    Rotation("forced", record=IDLE, variables={"max_age_days": 36500, "force": True}),
]


@dataclass(frozen=True)
class Plays:
    """What came of plays of each kind in one run, and then of what they left, in this process.

    :param results: the results of the first run.
    """

    first: Mapping[str, Outcome]
    results: Sequence[Result]
    second: Mapping[str, Outcome]

    def results_of(self, name: str) -> list[Result]:
        """Return the results of one rotation in the first run."""
        return [result for result in self.results if result.host == self.first[name].account_sid]

    def lines_of(self, name: str) -> list[str]:
        """Return the messages of one rotation's steps in the first run."""
        return [result["msg"] for result in self.results_of(name) if result.action == STEP]


@pytest.fixture(scope="module")
def in_plays(running_simulator, tmp_path_factory) -> Plays:
    """Run one play of each kind, in one run, and then what they left all together."""
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
    ending = {}
    for ends, task in ENDS.items():
        hook = accounts.folder / f"{ends}.yml"
        hook.write_text(json.dumps([task]), encoding="utf-8")
        ending[ends] = Rotation(ends, record=IDLE, variables={**only(), "distribute_tasks": str(hook)})
    unnamed = accounts.folder / "unnamed.yml"
    unnamed.write_text(json.dumps([{"ansible.builtin.fail": {"msg": "No."}}]), encoding="utf-8")
    shared = {**only("distribute"), "account_sid": accounts.sid("twice")}
    linear = [
        ending["ends the host"],
        Rotation("twice", record=IDLE, variables=shared),
        Rotation("twice, another", variables=shared),
        Rotation("unnamed", record=IDLE, variables={**only(), "verify_tasks": str(unnamed)}),
        *COUNTED,
    ]
    plays.append(({}, linear))
    another = Rotation("ends the play, another", record=IDLE, variables=only("distribute"))
    plays.append(({}, [ending["ends the play"], another]))
    once = [Rotation(f"once, {name}", record=IDLE, variables=only("distribute")) for name in ("first", "second")]
    plays.append(({"run_once": True}, once))
    plays.append(({"ignore_errors": True, "post_tasks": [GO_ON]}, IGNORED))
    plays.append(({"check_mode": True}, PLANNED))
    fatal = [Rotation("fatal", record=IDLE, variables=only("verify"), failing=["verify"])]
    fatal.append(Rotation("fatal, another", record=IDLE, variables=only("verify")))
    # Its failure ends the run.
    plays.append(({"any_errors_fatal": True}, fatal))
    accounts.plays = [(keywords, [rotation.name for rotation in rotations]) for keywords, rotations in plays]
    all_of_them = [rotation for _keywords, rotations in plays for rotation in rotations]
    accounts.seed(all_of_them)
    first = accounts.run(all_of_them)
    results = accounts.last.results
    accounts.in_process = True
    planned = [rotation.name for rotation in PLANNED]
    left = [each for each in all_of_them if first[each.name].record.get("phase") == "staged"]
    variables = only("distribute")
    left = [replace(each, record=None, failing=(), variables=variables) for each in left if each.name not in planned]
    return Plays(first, results, accounts.run(left))


@pytest.mark.parametrize("order", ORDERS)
def test_in_whatever_order_hosts_run_each_rotation_is_the_same(in_plays, order):
    in_plays.first[f"{order}, due"].assert_rotated("distribute")
    in_plays.first[f"{order}, no hooks"].assert_rotated()
    assert_kept(in_plays.first[f"{order}, verify fails"])


@pytest.mark.parametrize("ends", ENDS)
def test_a_hook_that_ends_more_than_the_role_promotes_nothing(in_plays, ends):
    ended = in_plays.first[ends]
    assert ended.record["phase"] == "staged"
    assert ended.valid == {PRIMARY, ended.record["pending"]}
    assert ended.result == {}
    if ends == "ends the host":
        in_plays.first["forced"].assert_rotated(*HOOKS)
    else:
        another = in_plays.first[f"{ends}, another"]
        assert another.record["phase"] == "staged"
        assert another.valid == {PRIMARY, another.record["pending"]}


def test_of_a_play_that_runs_once_the_first_host_is_rotated(in_plays):
    in_plays.first["once, first"].assert_rotated("distribute")
    assert in_plays.first["once, second"].requests == []
    assert in_plays.first["once, second"].unchanged


def test_of_two_hosts_for_one_account_one_rotates_and_the_other_reports_it(in_plays):
    both = [in_plays.first[name] for name in ("twice", "twice, another")]
    (rotated,) = [each for each in both if each.failure is None]
    (refused,) = [each for each in both if each.failure]
    assert rotated.result["rotated"] is True
    assert "another host of this play names the same account" in refused.failure
    assert both[0].writes == ["POST Secondary", "POST Promote"]
    assert both[0].valid == {both[0].record["primary"]}


def test_a_failure_that_counts_for_all_hosts_ends_each_with_a_reason(in_plays):
    ended = ", but in no task: its file could not be included, or another host has ended the play."
    for name, reason in (("fatal", " in its task 'Consumer: verify'."), ("fatal, another", ended)):
        assert_kept(in_plays.first[name])
        assert f"The hook 'verify' failed{reason}" in in_plays.first[name].failure
        assert in_plays.first[name].record["lock"] is None


def test_a_play_that_ignores_errors_goes_on_but_the_role_does_not(in_plays):
    gone_on = [result.host for result in in_plays.results if result.task == GO_ON["name"]]
    assert sorted(gone_on) == sorted(in_plays.first[rotation.name].account_sid for rotation in IGNORED)
    assert_kept(in_plays.first["ignored, verify fails"])
    assert_rolled_back(in_plays.first["ignored, verify fails, back"])
    for name in ("ignored, locked out", "ignored, wrong account"):
        assert in_plays.first[name].failure, name
        assert in_plays.first[name].writes == [], name
        assert in_plays.first[name].record["phase"] == "idle", name


def test_check_mode_may_come_from_a_keyword(in_plays):
    """That it does so for the other roles, too, is shown where they run in this process, by the keyword alone."""
    for rotation in PLANNED:
        planned = in_plays.first[rotation.name]
        assert planned.failure is None, rotation.name
        assert planned.writes == [], rotation.name
        assert planned.hooks == [], rotation.name
        assert planned.unchanged, rotation.name
        assert planned.changed, rotation.name
    due = in_plays.first["planned, due"]
    (line,) = in_plays.lines_of("planned, due")
    due_in_days = due.result["due_in_days"]
    assert due_in_days < 0
    assert line.startswith(f"{due.account_sid}: Due: stage a token, ")
    assert line.endswith(f"; overdue by {-due_in_days} days")


def test_a_hooks_task_without_a_name_is_named_by_its_action(in_plays):
    stopped = in_plays.first["unnamed"]
    assert_kept(stopped)
    assert "The hook 'verify' failed in its task 'ansible.builtin.fail'. Both" in stopped.failure


def test_few_tasks_run_where_nothing_is_due_and_not_many_in_a_rotation(in_plays):
    in_plays.first["forced"].assert_rotated(*HOOKS)
    not_due = in_plays.first["not due"]
    assert not_due.sent == ["GET AWS"]
    (line,) = in_plays.lines_of("not due")
    assert line.startswith(f"{not_due.account_sid}: not rotated; due in ")
    shown = "rotate_auth_token_result"
    for name, most in (("not due", 6), ("forced", 25)):
        tasks = [result.task for result in in_plays.results_of(name) if result.task != shown]
        assert len(tasks) <= most, tasks
    assert [line.partition(": ")[2] for line in in_plays.lines_of("forced")] == [
        "staged a new token; next: distribute, verify",
        "consumers accept both tokens; the new token is the primary; next: clean",
        "rotated; due in 36500.0 days",
    ]


def test_the_next_run_ends_what_a_play_left(in_plays):
    assert {*in_plays.second} >= {*ENDS, "fatal", "fatal, another", "ignored, verify fails"}
    for name, rotated in in_plays.second.items():
        rotated.assert_rotated("distribute")
        assert rotated.writes == ["POST Promote"], name
        assert rotated.record["primary"] == in_plays.first[name].record["pending"], name


#: A hook with a loop, and so with an ``item`` of its own; it fails for one of the accounts.
HOOK = [
    {
        "name": "Write down who is meant",
        "ansible.legacy.consumer": {
            "path": "{{ playbook_dir }}/{{ item }}",
            "meant": "{{ rotate_auth_token_account_sid }}",
        },
        "loop": ["one", "another"],
    },
    {
        "name": "Refuse",
        "ansible.builtin.assert": {"that": "rotate_auth_token_account_sid != refusing", "quiet": True},
    },
]


def test_a_loop_over_accounts_on_one_host(simulator, tmp_path):
    """Nothing of one account is left for the next, and where errors are ignored, a failure of one is not the next's.

    At the end there is a play of its own, in which a variable is omitted.
    """
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
    omitted = {
        "rotate_api_key_friendly_name": "shop",
        "rotate_api_key_account_sid": "AC1",
        "rotate_api_key_region": "{{ nothing | default(omit) }}",
    }
    roles = [{"role": "community.twilio.rotate_api_key", "vars": omitted}]
    run = ansible_playbook(
        tmp_path,
        [play(tasks), play([], roles=roles, ignore_errors=True)],
        TWILIO_AUTH_TOKEN=OTHER,
        ANSIBLE_ACTION_PLUGINS=str(HERE / "action_plugins"),
    )
    assert run.status == 0, run.output
    assert run.of("result")["rotate_auth_token_result"]["rotated"] is False
    assert "failed in its task 'Refuse'" in run.output
    for name in ("one", "another"):
        meant = [json.loads(line)["meant"] for line in (tmp_path / name).read_text(encoding="utf-8").splitlines()]
        assert meant == [failing, first]
    valid = {account["sid"]: account for account in simulator.state()["accounts"]}
    assert valid[failing]["auth_token"] == PRIMARY
    assert valid[failing]["secondary_auth_token"]
    assert valid[first]["auth_token"] != PRIMARY
    assert valid[second]["auth_token"] == OTHER
    *_others, last = [result for result in run.results if result.failed]
    assert last["msg"].startswith("rotate_api_key_account_sid: expected")


def test_tags_reach_the_role_and_its_hooks_or_neither(simulator, tmp_path):
    """A hook whose tasks were skipped would count as passed, and an unverified token would be promoted."""
    verify = tmp_path / "own_verify.yml"
    task = {"name": "Look", "ansible.builtin.fail": {"msg": "Not there."}, "tags": ["slow"]}
    verify.write_text(json.dumps([{"block": [task]}]), encoding="utf-8")
    rotations = [
        Rotation("reached", record=IDLE),
        Rotation("a task would be skipped", record=IDLE, variables={"verify_tasks": str(verify)}),
        Rotation("not reached", record=IDLE),
    ]
    *tagged, other = [rotation.name for rotation in rotations]
    accounts = Accounts(simulator, tmp_path)
    accounts.plays = [({"tags": "rotate"}, tagged), ({}, [other])]
    accounts.seed(rotations)
    done = accounts.run(rotations, "--tags", "rotate", "--skip-tags", "slow")
    done["reached"].assert_rotated(*HOOKS)
    refused = done["a task would be skipped"]
    assert f"--skip-tags would skip tasks of 'verify' ({verify})" in refused.failure
    for rotated in (refused, done["not reached"]):
        assert rotated.requests == []
        assert rotated.unchanged


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
    "a store that returns nothing": {"ansible.builtin.debug": {"msg": ""}},
}
#: With records in files, and in a store of the user's own.
NEW_AND_LOST = [
    Rotation("new", account=OWNED, variables=FROM_STORE),
    Rotation("lost", account=LOST, record=IDLE, variables={**only("distribute"), **FROM_STORE}),
]


@pytest.fixture(scope="module")
def outcomes(running_simulator, tmp_path_factory) -> dict[str, Outcome]:
    """Run both tables in this process; both stores hold the parent's record, which is not rotated."""
    running_simulator.reset()
    accounts = Accounts(running_simulator, tmp_path_factory.mktemp("outcomes"))
    accounts.in_process = True
    running_simulator.seed({"accounts": [{"sid": PARENT, "auth_token": PARENTS_TOKEN}]})
    parents = {"account_sid": PARENT, **KNOWN, "phase": "idle", "primary": PARENTS_TOKEN}
    RecordFile(str(accounts.store / f"{PARENT}.yml"), PASSWORD).save(parents, NO_VERSION)
    for name, task in STORES.items():
        (accounts.folder / name).mkdir()
        (accounts.folder / name / "load.yml").write_text(json.dumps([task]), encoding="utf-8")
        (accounts.folder / name / "save.yml").write_text("[]", encoding="utf-8")
    rotations = [
        *TOLD,
        *NEW_AND_LOST,
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
