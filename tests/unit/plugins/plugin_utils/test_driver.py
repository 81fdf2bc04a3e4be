# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages at the end of a run, and that a run ends; its steps are tested by exploration and in playbooks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.plugin_utils import _credential_rotation as table
from ansible_collections.community.twilio.plugins.plugin_utils._credential_driver import CredentialRotation
from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    AWS_CREDENTIAL,
    CREATED,
    CredentialSettings,
    Listed,
)
from ansible_collections.community.twilio.plugins.plugin_utils._driver import (
    LOAD,
    SAVE,
    Called,
    Driver,
    HookReport,
    State,
    due_in_words,
    in_tenths,
)
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordChanged, RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Finish,
    Probe,
    Row,
    RunHook,
)
from ansible_collections.community.twilio.plugins.plugin_utils._stores import DirectStore, Stored, TaskStore


@pytest.mark.parametrize(
    ("days", "rounded", "words"),
    [
        (83.24, "83.2", "due in 83.2 days"),
        (0.05, "0.1", "due in 0.1 days"),
        (0.049, "0.0", "due now"),
        (-0.04, "0.0", "due now"),
        (-0.06, "-0.1", "overdue by 0.1 days"),
        (-2129, "-2129", "overdue by 2129.0 days"),
        (None, "None", "when it is due is not known"),
    ],
)
def test_the_due_date_is_given_in_days(days, rounded, words):
    assert str(in_tenths(days)) == rounded
    assert due_in_words(in_tenths(days)) == words


ACCOUNT, OLD, NEW = "AC" + "0" * 32, "CR" + "1" * 32, "CR" + "2" * 32
NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
HOOKS = {name: f"/{name}.yml" for name in (table.ISSUE, table.LIST, table.REVOKE, table.REPOINT, table.VERIFY)}


class World:
    """Twilio, IAM and a store of task files, in memory."""

    def __init__(self) -> None:
        self.listed = [Listed(OLD, None, "2020-01-31T00:00:00Z")]
        self.keys = ["old key"]
        self.issued: dict[str, str] = {}
        self.stored: list[Mapping[str, Any]] = []
        self.performed: list[str] = []

    @property
    def record(self) -> Mapping[str, Any]:
        return self.stored[-1] if self.stored else {}

    def perform(self, called: Called) -> HookReport:
        """Do what the call requires of the role, and return its report, which persists between calls."""
        assert called.next is not None
        self.performed.append(called.next.name)
        if called.next.name == SAVE:
            assert called.next.record is not None
            self.stored.append(called.next.record)
        elif called.next.name == table.ISSUE:
            self.keys.append("new key")
            self.issued = {"aws_access_key_id": "new key", "aws_secret_access_key": "the secret"}
        elif called.next.name == table.REVOKE:
            self.keys.remove(called.next.variables["key_id"])
        return HookReport(
            saved={"version": str(len(self.stored))},
            handed_over={"keys": [{"id": key, "used": False} for key in self.keys]},
        )


class InMemory(CredentialRotation):
    """A rotation of an AWS credential whose requests are answered by a world."""

    def __init__(self, world: World, hooks: Mapping[str, str] = HOOKS, own: Collection[str] = ()) -> None:
        settings = CredentialSettings(NOW, 90.0, False, credential_type=AWS_CREDENTIAL, grace_days=0.0, lists_keys=True)
        super().__init__(SimpleNamespace(account_sid=ACCOUNT), settings, "name", hooks, world.issued)
        self.own_files = [hooks[name] for name in own]
        self._world = world

    def probe(self, case):
        return tuple(self._world.listed)

    def request(self, case, step):
        if step.name == table.CREATE:
            self._world.listed.append(Listed(NEW, case.record.new.fingerprint, "2026-01-31T04:00:00Z"))
            return Answer(CREATED, NEW)
        self._world.listed = [each for each in self._world.listed if each.sid != step.argument]
        return Answer(table.DELETED)


def call(
    world: World,
    state: State | None,
    outcome: HookReport,
    record: Mapping[str, Any] | None,
    hooks: Mapping[str, str] = HOOKS,
    own: Collection[str] = (),
) -> Called:
    """Make one call of a run, as the action plugin does."""
    rotation = InMemory(world, hooks, own)
    loads = state is not None and state.waits_for == LOAD
    loaded = {rotation.name: Stored(world.record, str(len(world.stored)))} if loads else {}
    store = TaskStore({LOAD: "/load.yml", SAVE: "/save.yml"}, loaded)
    driver = Driver(rotation, store, clock=Clock(), now=NOW, settle_seconds=0, lease_seconds=3600, check_mode=False)
    return driver.call(state, outcome, record)


def rotate(world: World, hooks: Mapping[str, str] = HOOKS, own: Collection[str] = ()) -> list[Called]:
    """Make the calls of a whole run."""
    calls = [call(world, None, HookReport(), None, hooks, own)]
    while calls[-1].next is not None and len(calls) < 60:
        outcome = world.perform(calls[-1])
        # As Ansible keeps it.
        state = State.from_dict(json.loads(json.dumps(calls[-1].state.as_dict())))
        calls.append(call(world, state, outcome, calls[-1].record, hooks, own))
    return calls


def test_with_a_store_of_task_files_what_a_hook_returned_survives_a_check_of_the_lock():
    world = World()
    called = rotate(world)[-1]
    assert called.next is None, world.performed
    assert not called.failed, called.message
    assert world.record["phase"] == "idle"
    assert world.record["current"]["sid"] == NEW
    assert [each.sid for each in world.listed] == [NEW]
    assert world.keys == ["new key"]
    # The keys are listed before the first is made, when it is made, and before the old one goes.
    assert world.performed.count(table.LIST) <= 4


class InMemoryStore(DirectStore):
    """A store of a world that a call reads and writes itself, and whose saves may fail."""

    def __init__(self, world: World, failure: RecordError | None = None) -> None:
        self._world, self._failure = world, failure

    def load(self, name):
        return Stored(self._world.record, self.version(name))

    def version(self, name):
        return str(len(self._world.stored))

    def save(self, name, record, replaces):
        if self._failure:
            raise self._failure
        assert replaces == self.version(name)
        self._world.stored.append(record)
        return self.version(name)


def call_directly(
    world: World,
    store: DirectStore,
    state: State | None = None,
    record: Mapping[str, Any] | None = None,
    report: HookReport | None = None,
) -> Called:
    """Make one call of a run with a store that the call reads and writes itself."""
    driver = Driver(
        InMemory(world), store, clock=Clock(), now=NOW, settle_seconds=0, lease_seconds=3600, check_mode=False
    )
    keys = HookReport(handed_over={"keys": [{"id": key, "used": False} for key in world.keys]})
    return driver.call(state, report or keys, record)


def begun(world: World, store: DirectStore) -> Called:
    """Make the calls of a run up to the first hook that comes after a save."""
    listing = call_directly(world, store)
    called = call_directly(world, store, listing.state, listing.record)
    assert called.next is not None
    assert world.stored
    return called


def test_with_a_store_that_a_call_reads_itself_the_run_goes_on_from_what_is_stored():
    world = World()
    called = call_directly(world, InMemoryStore(world))
    for _step in range(20):
        if called.next is None:
            break
        report = world.perform(called)
        called = call_directly(world, InMemoryStore(world), called.state, {"phase": "not read"}, report)

    assert not called.failed, called.message
    assert LOAD not in world.performed
    assert world.record["current"]["sid"] == NEW
    assert world.keys == ["new key"]


@pytest.mark.parametrize("read_by_hooks", [False, True])
def test_a_hook_is_handed_the_record_unless_it_reads_the_store(read_by_hooks):
    world = World()
    store = InMemoryStore(world)
    store.read_by_hooks = read_by_hooks

    called = begun(world, store)

    assert called.record == (None if read_by_hooks else world.record)
    assert world.record["lock"]["run_id"] == called.state.run_id


def test_a_call_does_not_trust_the_record_that_was_handed_to_a_hook():
    world = World()
    store = InMemoryStore(world)
    called = begun(world, store)
    world.stored.append({**world.record, "lock": None})
    before = len(world.stored)

    following = call_directly(world, store, called.state, called.record)

    assert following.failed
    assert "The record was changed by somebody else in the meantime" in following.message
    assert len(world.stored) == before


@pytest.mark.parametrize("lock", [None, {"run_id": "another run"}, "text"])
def test_a_lock_of_another_run_is_recognized_by_itself(lock):
    world = World()
    store = InMemoryStore(world)
    called = begun(world, store)
    # As in a store that counts from 1 again, where a record was deleted and another run began anew.
    world.stored[-1] = {**world.record, "lock": lock}
    before = list(world.stored)

    following = call_directly(world, store, called.state, called.record)

    assert following.failed
    assert "The record was changed by somebody else in the meantime" in following.message
    assert world.stored == before


def test_a_lock_of_another_run_is_recognized_within_a_call_too():
    world = World()
    begun(world, InMemoryStore(world))
    # That run is dead. The next one waits for late requests, and meanwhile the record is begun anew by another.
    world.stored[-1] = {**world.record, "lock": None}

    class BegunAnew(InMemoryStore):
        """A store that counts from 1 again, so that the second read of a call returns the same version of another."""

        reads = 0

        def load(self, name):
            self.reads += 1
            found = super().load(name)
            return found if self.reads == 1 else Stored({**found.record, "lock": {"run_id": "another"}}, found.version)

    following = call_directly(world, BegunAnew(world))

    assert following.failed, following
    assert "The record was changed by somebody else in the meantime" in following.message


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (RecordChanged("It was changed."), "This very run of ansible-playbook holds the record already"),
        (RecordError("It is full."), "The record was not saved. It is full."),
    ],
)
def test_a_first_save_that_fails_says_who_holds_the_record_only_where_it_was_changed(failure, sentence):
    world = World()
    begun(world, InMemoryStore(world))
    held = world.record
    world.stored.append({**held, "lock": None})

    class Late(InMemoryStore):
        """Another run takes the record between the load and the save."""

        def save(self, name, record, replaces):
            self._world.stored.append(held)
            return super().save(name, record, replaces)

    stopped = call_directly(world, Late(world, failure))

    assert stopped.failed
    assert sentence in stopped.message


@pytest.mark.parametrize("verifies", [True, False])
def test_only_a_hook_shows_that_consumers_work(verifies):
    hooks = {name: file for name, file in HOOKS.items() if verifies or name != table.VERIFY}
    log = "\n".join(called.message for called in rotate(World(), hooks))
    assert (f"consumers work with {NEW}" in log) == verifies
    assert f"created {NEW}" in log


@pytest.mark.parametrize(
    ("own", "performed"),
    [((), ["repoint, verify"]), (("verify",), ["repoint", "verify"]), (("repoint",), ["repoint", "verify"])],
)
def test_hooks_that_only_verify_run_with_the_one_before_unless_their_messages_are_repeated(own, performed):
    world = World()
    last = rotate(world, own=own)[-1]
    assert not last.failed, last.message
    assert [name for name in world.performed if table.REPOINT in name or table.VERIFY in name] == performed
    assert world.record["current"]["sid"] == NEW


@pytest.mark.parametrize(
    ("fails", "own", "hook", "named"),
    [
        ("repoint, verify", (), "", "The hook 'repoint' or 'verify' failed in its task 'Ask'."),
        ("repoint, verify", (), "verify", "The hook 'verify' failed in its task 'Ask'."),
        ("repoint, verify", (), "repoint", "The hook 'repoint' failed in its task 'Ask'."),
        ("verify", ("verify",), "", "The hook 'verify' failed in its task 'Ask'."),
    ],
)
def test_a_failure_names_the_hooks_that_it_may_be_of(fails, own, hook, named):
    class Failing(World):
        """A task of some hooks fails."""

        def perform(self, called):
            report = super().perform(called)
            failed = replace(report, failed_task="Ask", failed_hook=hook)
            return failed if called.next.name == fails else report

    world = Failing()
    last = rotate(world, own=own)[-1]
    assert last.failed
    assert last.message.startswith(f"name, {ACCOUNT} (created): {named}")
    assert [each.sid for each in world.listed] == [OLD, NEW]
    assert world.keys == ["old key", "new key"]


def test_what_a_hook_hands_over_is_looked_at_before_another_runs():
    world = World()
    rotate(world)
    assert not [name for name in world.performed if "," in name and (table.LIST in name or table.ISSUE in name)]


@pytest.mark.parametrize(
    ("following", "files"),
    [
        (RunHook(table.VERIFY, reads=True), [table.REPOINT, table.VERIFY]),
        (RunHook(table.VERIFY), [table.REPOINT]),
        (RunHook(table.VERIFY, {"sid": NEW}, reads=True), [table.REPOINT]),
        (RunHook("has no file", reads=True), [table.REPOINT]),
        (Probe(), [table.REPOINT]),
    ],
)
def test_a_hook_runs_with_the_one_before_only_where_nothing_is_to_be_done_before_it(following, files):
    rotation = InMemory(World())
    rotation.table = (
        Row("first", lambda c: c.run.passed is None, lambda c: RunHook(table.REPOINT)),
        Row("following", lambda c: c.run.passed == table.REPOINT, lambda c: following),
        Row("last", lambda c: True, lambda c: Finish()),
    )
    store = InMemoryStore(World())
    driver = Driver(rotation, store, clock=Clock(), now=NOW, settle_seconds=0, lease_seconds=3600, check_mode=False)
    called = driver.call(None, HookReport(), None)
    assert called.next is not None
    assert [*called.next.files] == files
    assert [name for name, _note in called.state.hooks] == files


def test_what_fails_on_the_way_back_from_a_failed_hook_does_not_hide_it():
    class Unanswered(InMemory):
        """A rotation whose probe is not answered."""

        def probe(self, case):
            raise TwilioError("Twilio gave no answer.")

    rotation = Unanswered(World())
    rotation.table = (
        Row("first", lambda c: not c.run.failed, lambda c: RunHook(table.REPOINT)),
        Row("last", lambda c: True, lambda c: Probe()),
    )
    store = InMemoryStore(World())
    driver = Driver(rotation, store, clock=Clock(), now=NOW, settle_seconds=0, lease_seconds=3600, check_mode=False)
    called = driver.call(None, HookReport(), None)
    assert called.state is not None
    last = driver.call(called.state, HookReport(failed_task="Ask"), None)
    assert last.failed
    assert last.message.endswith("The hook 'repoint' failed in its task 'Ask'. Twilio gave no answer.")


def test_a_hook_that_failed_in_no_task_says_so():
    assert HookReport().where() == ""
    assert "its file could not be included" in HookReport(failed_task="").where()
