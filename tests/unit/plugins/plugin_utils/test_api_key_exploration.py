# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of API keys, explored: the rules of ``_api_key_rotation.py`` hold whatever happens, in any order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cache
from typing import Any, NamedTuple

import pytest
from unit.plugins.plugin_utils.exploration import (
    CRASH,
    FAULT,
    HOOK,
    LOST_ANSWER,
    OVERLAP,
    RESTORE,
    Ended,
    Explored,
    Explorer,
    Outgoing,
    Violation,
    World,
)

from ansible_collections.community.twilio.plugins.plugin_utils import _api_key_rotation as api_keys
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_record import (
    CREATING,
    IDLE,
    NO_KEY,
    VERIFIED,
    ApiKey,
    ApiKeyProbe,
    ApiKeyRecord,
    ApiKeySettings,
    Listed,
    first_record,
    read_record,
    stored,
)
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_rotation import (
    CREATE,
    CURRENT,
    DELETE,
    DELETED,
    DISTRIBUTE,
    DISTRIBUTE_CURRENT,
    GIVEN_UP,
    MADE,
    NEW,
    REFUSED,
    REMOVED,
    TABLE,
    UNKNOWN,
    VERIFIED_AGAIN,
    VERIFY,
    ApiKeyCase,
)
from ansible_collections.community.twilio.plugins.plugin_utils._dates import days_between
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Case,
    Finish,
    Probe,
    Request,
    RotationError,
    Row,
    Run,
    RunHook,
    Save,
    Step,
    Stop,
    after,
)

ACCOUNT, NAME = "AC" + "0" * 32, "shop"
NOW = datetime(2026, 10, 1, tzinfo=timezone.utc)
LONG_AGO, YESTERDAY = "2026-01-01T00:00:00Z", "2026-09-30T00:00:00Z"

#: The least number of combined disturbances, to explore more than the default.
MORE = int(os.environ.get("EXPLORE_DISTURBANCES", "0"))

#: The disturbances that only API keys know: somebody else deletes a key, or creates one of the same name; a consumer is
#: given the current key again.
FOREIGN_DELETE, FOREIGN_CREATE, CONSUMER = "delete", "create", "consumer"
EVERYTHING = (CRASH, LOST_ANSWER, FAULT, OVERLAP, HOOK, RESTORE, FOREIGN_DELETE, FOREIGN_CREATE, CONSUMER)

#: Replaces the random mark in the settings; a record's mark is derived from the key that is replaced.
RANDOM = "a" * 10
#: The mark of keys that belong to no record any more.
ANOTHER = "b" * 10


class Held(NamedTuple):
    """A key at Twilio.

    :param sid: a number.
    :param mark: what its name ends in, empty where it is the name alone.
    :param ours: whether a run created it.
    :param forgotten: whether no record can know it any more, as an old one was put back.
    """

    sid: int
    mark: str = ""
    ours: bool = False
    forgotten: bool = False


class Account(NamedTuple):
    """The state of Twilio and the consumers.

    :param keys: the valid keys of the name, by number.
    :param consumers: the key that they use, None where they have none.
    """

    keys: tuple[Held, ...] = ()
    consumers: int | None = None

    def has(self, sid: int | None) -> bool:
        """Whether a key is valid."""
        return any(key.sid == sid for key in self.keys)

    def without(self, sid: int | None) -> Account:
        """Return the account without a key."""
        return self._replace(keys=tuple(key for key in self.keys if key.sid != sid))

    def having(self, key: Held) -> Account:
        """Return the account with one more key."""
        return self._replace(keys=tuple(sorted((*self.keys, key))))


class Sent(NamedTuple):
    """The argument of a request.

    :param sid: of the key that is deleted.
    :param mark: of the one that is created.
    :param adopted: whether what is deleted was adopted.
    :param forgotten: whether what is created can't be known any more.
    """

    sid: int | None = None
    mark: str = ""
    adopted: bool = False
    forgotten: bool = False


def key_of(number: int, created_at: str = LONG_AGO, *, adopted: bool = False) -> ApiKey:
    """Return what a record holds of a key."""
    return ApiKey(f"SK{number}", None if adopted else f"secret {number}", created_at)


def number_of(sid: str) -> int | None:
    """Return the number of a SID, None of none."""
    return int(sid[2:]) if sid else None


def mark_of(number: int | None) -> str:
    """Return the mark of a rotation that replaces a key."""
    return "f" * 10 if number is None else f"{number:010d}"


def marked_by(mark: str) -> int | None:
    """Return the key that was replaced when a mark was made."""
    return int(mark) if mark.isdecimal() else None


def bits(*of: int | None) -> int:
    """Return a set of numbers."""
    found = 0
    for number in of:
        if number is not None:
            found |= 1 << number
    return found


def record_of(phase: str, current: ApiKey, new: ApiKey = NO_KEY, verified_at: str | None = None) -> ApiKeyRecord:
    """Return a record."""
    mark = "" if phase == IDLE else mark_of(number_of(current.sid))
    return ApiKeyRecord(ACCOUNT, NAME, phase, current, new, mark, verified_at)


FIRST, SECOND = Held(0, ANOTHER, ours=True), Held(1, mark_of(0), ours=True)
BY_HAND, BY_SOMEBODY = Held(0), Held(1)

#: The states that the role may find in its first run.
STARTS: Mapping[str, tuple[Account, ApiKeyRecord | None]] = {
    "no key": (Account(), None),
    "one of the name": (Account((BY_HAND,), 0), None),
    "several of the name": (Account((BY_HAND, BY_SOMEBODY), 0), None),
    "due": (Account((FIRST,), 0), record_of(IDLE, key_of(0))),
    "not due": (Account((FIRST,), 0), record_of(IDLE, key_of(0, YESTERDAY))),
    "creating, one is lost": (Account((FIRST, SECOND), 0), record_of(CREATING, key_of(0))),
    "in grace": (
        Account((FIRST, SECOND), 1),
        record_of(VERIFIED, key_of(0), key_of(1, YESTERDAY), NOW.isoformat()),
    ),
    "grace over": (Account((FIRST, SECOND), 1), record_of(VERIFIED, key_of(0), key_of(1, YESTERDAY), LONG_AGO)),
    "grace over, adopted": (
        Account((BY_HAND, SECOND), 1),
        record_of(VERIFIED, key_of(0, adopted=True), key_of(1, YESTERDAY), LONG_AGO),
    ),
}


@dataclass(frozen=True)
class Scenario:
    """A scenario to explore.

    :param starts: of STARTS.
    :param authenticates: the key that the runs authenticate with.
    """

    starts: Sequence[str] = ("due",)
    grace_days: float = 0
    roll_back: bool = False
    delete_adopted: bool = False
    force: bool = False
    authenticates: str = ""
    disturbances: Sequence[str] = EVERYTHING
    budget: int = 2


class ApiKeyWorld(World[Account]):
    """An account, its consumers, and the table of API keys.

    :param scenario: the scenario to explore.
    :param table: the rows.
    """

    distributing = DISTRIBUTE

    def __init__(self, scenario: Scenario, table: Sequence[Row] = TABLE) -> None:
        self.scenario = scenario
        self.table = table
        self.settings: ApiKeySettings = ApiKeySettings(
            now=NOW,
            max_age_days=90,
            force=scenario.force,
            grace_days=scenario.grace_days,
            roll_back=scenario.roll_back,
            delete_adopted=scenario.delete_adopted,
            authenticates=scenario.authenticates,
            mark=RANDOM,
        )

    def starts(self) -> Iterator[tuple[str, Account, ApiKeyRecord | None]]:
        """Return the states that the role may find."""
        for name in self.scenario.starts:
            yield (name, *STARTS[name])

    def first_case(self, record: ApiKeyRecord | None) -> ApiKeyCase:
        """Return the case that a run begins with."""
        return Case(record or first_record(ACCOUNT, NAME), Run(), self.settings)

    def first_record(self, fields: Mapping[str, Any]) -> ApiKeyRecord:
        """A rotation of an API key has a record from the beginning."""
        raise AssertionError("there is a record")

    def after(self, case: ApiKeyCase, step: Step, result: Any) -> ApiKeyCase:
        """Return the case that a step leads to, with a mark that differs from others."""
        then = after(case, step, result)
        if then.record is None or then.record.mark != RANDOM:
            return then
        return replace(then, record=replace(then.record, mark=mark_of(number_of(then.record.current.sid))))

    def in_words(self, record: ApiKeyRecord) -> str:
        """Return a record in short."""
        return f"{record.phase} {record.current.sid}/{record.new.sid} #{record.mark}"

    def names(self, value: Any) -> int:
        """Return the keys that something names, or is named by."""
        if isinstance(value, Account):
            # The name of the authenticating key never changes.
            given = number_of(self.scenario.authenticates)
            named = (number for key in value.keys for number in (key.sid, marked_by(key.mark)))
            return bits(given, value.consumers, *named)
        if isinstance(value, ApiKeyRecord):
            return bits(number_of(value.current.sid), number_of(value.new.sid), marked_by(value.mark))
        if isinstance(value, ApiKeyProbe):
            return bits(*(number_of(key.sid) for key in value.keys))
        if isinstance(value, Outgoing):
            return bits(value.argument.sid, marked_by(value.argument.mark))
        if isinstance(value, Run):
            return bits(*(number_of(note.removeprefix(REMOVED)) for note in value.notes if note.startswith(REMOVED)))
        if isinstance(value, Answer) and isinstance(value.value, ApiKey):
            return bits(number_of(value.value.sid))
        return 0

    # -- requests ----------------------------------------------------------------------------------------------------

    def look(self, things: Account, case: ApiKeyCase, seen: ApiKeyProbe | None) -> tuple[Any, Any]:
        """List the keys, then try those of the record that the table wants to know of."""
        if seen is None:
            seen = ApiKeyProbe(tuple(Listed(f"SK{key.sid}", key.mark, LONG_AGO) for key in things.keys))
        else:
            record = self._record(case)
            which = api_keys.next_try(case, seen)
            assert which is not None
            key = {NEW: record.new, CURRENT: record.current}[which]
            seen = seen._replace(**{which: things.has(number_of(key.sid))})
        return (seen, None) if api_keys.next_try(case, seen) else (None, seen)

    def read(self, things: Account, case: ApiKeyCase, step: Request) -> Answer:
        """No request of the table reads."""
        raise AssertionError("no request reads")

    def send(self, case: ApiKeyCase, step: Request) -> Outgoing:
        """Return a request."""
        record = self._record(case)
        if step.name == CREATE:
            return Outgoing(CREATE, Sent(mark=record.mark))
        adopted = record.current.secret is None and step.argument == record.current.sid
        return Outgoing(DELETE, Sent(number_of(step.argument), adopted=adopted))

    def apply(self, things: Account, request: Outgoing, free: Callable[[], int]) -> tuple[Account, Answer]:
        """Apply a request as Twilio does."""
        sent: Sent = request.argument
        if request.name == DELETE:
            return things.without(sent.sid), Answer(DELETED)
        made = free()
        then = things.having(Held(made, sent.mark, ours=True, forgotten=sent.forgotten))
        return then, Answer(MADE, replace(key_of(made), created_at=""))

    def faults(self, request: Outgoing) -> Iterable[Answer]:
        """Return refusals."""
        return [Answer(REFUSED, message=f"{request.name}: refused.")]

    def is_repeated(self, request: Outgoing) -> bool:
        """Whether the client repeats a request."""
        return request.name == DELETE

    def unknown(self, request: Outgoing) -> Answer:
        """Return the answer that a run assumes for an unanswered request."""
        return Answer(UNKNOWN, message=f"{request.name}: no answer.")

    # -- hooks, and others -------------------------------------------------------------------------------------------

    def hook(self, things: Account, case: ApiKeyCase, step: RunHook, free: Callable[[], int]) -> tuple[Account, bool]:
        """Give the consumers a key, or verify that they work with the new one."""
        record = self._record(case)
        if step.name == VERIFY:
            assert step.variables["sid"] == record.new.sid
            return things, things.consumers == number_of(record.new.sid) and things.has(things.consumers)
        wanted = record.current if step.name == DISTRIBUTE_CURRENT else record.new
        if not wanted.secret or step.variables["sid"] != wanted.sid:
            raise Violation(f"{step.name} gets a key whose secret is not known")
        return things._replace(consumers=number_of(wanted.sid)), True

    def others(
        self, things: Account, record: ApiKeyRecord | None, between_runs: bool, free: Callable[[], int]
    ) -> Iterator[tuple[str, str, Account]]:
        """Return the actions of somebody else."""
        for key in things.keys:
            yield FOREIGN_DELETE, f"somebody deletes SK{key.sid}", things.without(key.sid)
        if not any(not key.ours and key.sid for key in things.keys):
            yield FOREIGN_CREATE, "somebody creates a key of the name", things.having(Held(free()))
        current = number_of(record.current.sid) if record else None
        if between_runs and things.has(current) and things.consumers != current:
            yield CONSUMER, "a consumer is given the current key again", things._replace(consumers=current)

    def restored(
        self, things: Account, requests: Sequence[Outgoing], record: ApiKeyRecord
    ) -> tuple[Account, Sequence[Outgoing]]:
        """Forget what a run created since, unless its mark is the old record's: a later mark is another one."""
        held = (record.current.sid, record.new.sid)
        keys = tuple(
            key
            if f"SK{key.sid}" in held or key.mark == record.mark
            else key._replace(mark=key.mark and ANOTHER, forgotten=key.ours)
            for key in things.keys
        )
        late = [
            request
            if request.name == DELETE or request.argument.mark == record.mark
            else request._replace(argument=request.argument._replace(mark=ANOTHER, forgotten=True))
            for request in requests
        ]
        return things._replace(keys=keys), late

    # -- the rules ----------------------------------------------------------------------------------------------

    @staticmethod
    def _record(case: ApiKeyCase) -> ApiKeyRecord:
        assert case.record is not None
        return case.record

    @staticmethod
    def _known(record: ApiKeyRecord | None) -> set[int | None]:
        """Return the keys whose secrets a record holds."""
        return {number_of(key.sid) for key in (record.current, record.new) if key.secret} if record else set()

    def _unknown(self, things: Account, record: ApiKeyRecord) -> list[Held]:
        """Return the keys that a run created and the record does not hold."""
        known = self._known(record)
        return [key for key in things.keys if key.ours and not key.forgotten and key.sid not in known]

    def check_record(self, record: ApiKeyRecord) -> None:
        """Check that the next run can read a record."""
        try:
            found = read_record(stored(record), ACCOUNT, NAME, NOW)
        except RotationError as error:
            raise Violation(f"a record is saved that can't be read: {error}") from None
        if stored(found) != stored(record):
            raise Violation(f"{record} is read as {found}")

    def check_decision(self, case: ApiKeyCase, row: Row, step: Step) -> None:
        """Check a decision on its own."""
        record, probe, run = self._record(case), case.probe, case.run
        if case.answered(MADE) and not isinstance(step, Save):
            raise Violation(f"{row.name!r} comes before the key that was created is saved")
        if isinstance(step, Request) and step.name == CREATE and record.phase != CREATING:
            raise Violation(f"{row.name!r} creates a key, and the record does not say so before")
        if not isinstance(step, Request) or step.name != DELETE:
            return
        if probe is None:
            raise Violation(f"{row.name!r} does not come directly after a look")
        if step.argument == case.settings.authenticates:
            raise Violation("rule 5: the key that the run authenticates with is deleted")
        is_old = step.argument == record.current.sid
        if is_old and days_between(record.verified_at, NOW) < case.settings.grace_days:
            raise Violation("the old key goes before its time")
        if run.failed:
            if not probe.current or run.passed != DISTRIBUTE_CURRENT:
                raise Violation("rule 3: the new key goes, though consumers were not given a current one that is valid")
        elif not probe.new or (run.passed != VERIFY and not run.saved):
            raise Violation("rule 3: a key goes, though the new one was not seen to be valid and to work")
        if is_old:
            if record.phase != VERIFIED or not (run.saved or case.noted(VERIFIED_AGAIN)):
                raise Violation("rule 3: the old key goes before consumers were verified in this run")
            if record.current.secret is None and not case.settings.delete_adopted:
                raise Violation("rule 5: an adopted key is deleted without a request")

    def check_effect(self, things: Account, then: Account, request: Outgoing, excused: bool) -> None:
        """Check the effect of a request."""
        sent: Sent = request.argument
        if excused or request.name == CREATE:
            return
        (gone,) = [key for key in things.keys if key.sid == sent.sid]
        if gone.forgotten or not (gone.ours or sent.adopted):
            raise Violation("rule 5: a key is deleted that is somebody else's, or that the record does not know")

    def check_change(
        self,
        things: Account,
        record: ApiKeyRecord | None,
        then: Account,
        then_record: ApiKeyRecord | None,
        ours: bool,
        excused: bool,
    ) -> None:
        """Check a change of the account, the consumers or the record."""
        if then_record is None:
            return
        if any(key.mark != then_record.mark for key in self._unknown(then, then_record)):
            raise Violation("rule 2: a key that a run created is not known any more")
        if not ours or excused:
            return
        before, now = self._known(record), self._known(then_record)
        if any(map(things.has, before)) and not any(map(then.has, now)):
            raise Violation("rule 1: no key of the record is valid any more")
        if things.has(things.consumers) and not then.has(then.consumers):
            raise Violation("rule 3: consumers have no valid key any more")

    def check_message(self, things: Account, case: ApiKeyCase, message: str) -> None:
        """Check what a failure's message says about the keys."""
        record = self._record(case)
        current, new = number_of(record.current.sid), number_of(record.new.sid)
        usable = record.current.secret is not None and things.has(current)
        if case.noted(GIVEN_UP) and not case.run.failed and usable and not things.has(things.consumers):
            raise Violation("rule 3: a run ends, and consumers don't have the key that is valid")
        for sentence, is_true in {
            f"consumers have SK{current}": things.consumers == current,
            f"SK{current} is not valid any more": not things.has(current),
            f"Twilio lists SK{new}, but": False,
            f"with SK{new}": new is not None,
            "There are several API keys": len(things.keys) > 1,
        }.items():
            if sentence in message and not is_true:
                raise Violation(f"the message of the failure is not true: {message}")

    def check_undisturbed(self, before: Ended, run: Ended) -> None:
        """Check a run that was not disturbed."""
        things: Account = before.things
        record: ApiKeyRecord = before.record or first_record(ACCOUNT, NAME)
        kept: ApiKeyRecord = run.record or record
        message = run.step.message if isinstance(run.step, Stop) else ""
        current, new = number_of(record.current.sid), number_of(record.new.sid)
        is_due = self.settings.force or record.current.created_at == LONG_AGO or not things.has(current)
        in_grace = record.phase == VERIFIED and self.scenario.grace_days > 0 and record.verified_at != LONG_AGO
        nothing_due = not is_due if record.phase == IDLE else in_grace and things.has(new)
        if nothing_due and record.current.secret is not None:
            if (run.step, run.requests, run.saves, run.hooks) != (Finish(), 1, 0, 0):
                raise Violation("rule 4: a run with nothing due does more than one request")
            return
        if before.record is None and len(things.keys) > 1 and not message:
            raise Violation("rule 5: one of several keys is adopted")
        if message:
            is_verified = record.phase == VERIFIED and things.consumers != new
            if not (
                "There are several" in message
                or "authenticates with" in message
                or (is_verified and "The hook 'verify' failed" in message)
            ):
                raise Violation(f"an undisturbed run fails: {message}")
            return
        used = kept.new if kept.phase == VERIFIED else kept.current
        if kept.phase not in (IDLE, VERIFIED) or not run.things.has(number_of(used.sid)):
            raise Violation("a run succeeds, and its record is not as the account is")
        if run.things.consumers != number_of(used.sid):
            raise Violation("a run succeeds, and consumers don't have the key")
        if self._unknown(run.things, kept):
            raise Violation("rule 2: a key that a run created is not known after the next run")
        if record.phase == IDLE and is_due and used == record.current:
            raise Violation("a run succeeds, and what was due was not rotated")


def explore(scenario: Scenario, table: Sequence[Row] = TABLE) -> Explored:
    """Explore a scenario."""
    return Explorer(ApiKeyWorld(scenario, table), scenario.disturbances, scenario.budget).explore()


SCENARIOS: Mapping[str, Scenario] = {
    "due, at once": Scenario(starts=("due", "not due", "creating, one is lost")),
    "due, rolls back": Scenario(roll_back=True),
    "with grace": Scenario(starts=("due", "in grace", "grace over"), grace_days=1, roll_back=True, budget=2),
    "the first run": Scenario(starts=("no key", "one of the name", "several of the name"), roll_back=True),
    "adopted, and deleted": Scenario(
        starts=("one of the name", "grace over, adopted"), delete_adopted=True, roll_back=True
    ),
    "adopted, and authenticates": Scenario(
        starts=("one of the name", "grace over, adopted"), delete_adopted=True, authenticates="SK0", budget=1
    ),
    "each run rotates": Scenario(force=True, budget=1),
    "runs that die and overlap": Scenario(disturbances=(CRASH, LOST_ANSWER, OVERLAP), budget=3),
    "somebody deletes": Scenario(disturbances=(FOREIGN_DELETE,), budget=3),
}


@cache
def explore_once(name: str) -> Explored:
    """Explore a scenario, once."""
    scenario = SCENARIOS[name]
    return explore(replace(scenario, budget=max(scenario.budget, MORE)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_rules_hold_in_every_state(name: str) -> None:
    """The exploration checks the rules; a broken one raises an error with the events that led to it."""
    came_to = explore_once(name)
    print(f"{name}: {came_to.states} states, {came_to.transitions} transitions, {came_to.quiet} ends")
    assert came_to.quiet


def test_each_row_decides_somewhere() -> None:
    """A row that never decides is superfluous."""
    used = set().union(*(explore_once(name).rows for name in SCENARIOS))
    assert [row.name for row in TABLE if row.name not in used] == []


# -- tables with one rule removed ------------------------------------------------------------------------------


def table_without(*names: str) -> list[Row]:
    """Return the table without some rows."""
    assert set(names) <= {row.name for row in TABLE}
    return [row for row in TABLE if row.name not in names]


def table_with(name: str, **changes: Any) -> list[Row]:
    """Return the table with another condition, or another step, in one row."""
    assert name in {row.name for row in TABLE}
    return [row._replace(**changes) if row.name == name else row for row in TABLE]


def phase_is(case: ApiKeyCase, phase: str) -> bool:
    """Whether the record's phase is this one."""
    return case.record is not None and case.record.phase == phase


def deletes_lost_first(case: ApiKeyCase) -> Step:
    """Delete what bears the mark, before another one is created."""
    assert case.record is not None
    if case.probe is None:
        return Probe()
    lost = [key.sid for key in case.probe.keys if key.mark == case.record.mark]
    return Request(DELETE, lost[0]) if lost else Request(CREATE)


class Mutation(NamedTuple):
    """A table with a rule removed.

    :param table: the rows without the rule.
    :param caught: a part of the expected violation.
    :param scenario: the scenario in which it occurs.
    """

    table: Sequence[Row]
    caught: str
    scenario: Scenario


MUTATIONS: Mapping[str, Mutation] = {
    "a run that takes over does not settle": Mutation(
        table_without("resumed, a request may be on its way"), "rule 2", Scenario(disturbances=(CRASH, LOST_ANSWER))
    ),
    "a run that takes over does not lock": Mutation(
        table_without("resumed, not locked"), "without the record's lock", Scenario(disturbances=(CRASH,))
    ),
    "that a key is created is not saved before": Mutation(
        table_with("idle, due", step=lambda c: Request(CREATE) if c.run.locked else Save()),
        "the record does not say so before",
        Scenario(disturbances=()),
    ),
    "the answer is not saved first": Mutation(
        [*table_without("creating, created"), *(row for row in TABLE if row.name == "creating, created")],
        "before the key that was created is saved",
        Scenario(disturbances=()),
    ),
    "what was lost stays": Mutation(
        table_without("created, consumers work, a key was lost"), "rule 2", Scenario(disturbances=(CRASH,))
    ),
    "the mark is forgotten with the key that is given up": Mutation(
        table_with(
            "deleted", step=lambda c: Save({"phase": CREATING, "new": NO_KEY, "verified_at": None, "mark": "c" * 10})
        ),
        "rule 2",
        Scenario(disturbances=(CRASH, FOREIGN_DELETE)),
    ),
    "what was lost goes before consumers have another": Mutation(
        table_with("creating", step=deletes_lost_first), "rule 3", Scenario(disturbances=(RESTORE, CRASH))
    ),
    "the old one goes before its time": Mutation(
        table_without("in grace"), "before its time", Scenario(("in grace",), grace_days=1, disturbances=())
    ),
    "the old one goes before consumers are verified again": Mutation(
        table_without("verified, grace over, not verified again"),
        "rule 3",
        Scenario(("grace over",), grace_days=1, disturbances=()),
    ),
    "the old one goes without a look": Mutation(
        table_with("not read", fits=lambda c: c.probe is None and phase_is(c, IDLE)),
        "does not come directly after a look",
        Scenario(("grace over",), disturbances=()),
    ),
    "the hook is not asked whether consumers work": Mutation(
        table_with("created, distributed", step=lambda c: Save({"phase": VERIFIED, "verified_at": c.settings.today})),
        "rule 3: consumers have no valid key",
        Scenario(disturbances=(HOOK,)),
    ),
    "a new key that is not valid is not missed": Mutation(
        table_without(*(row.name for row in TABLE if row.name.startswith(("deleted", "not valid")))),
        "an undisturbed run fails",
        Scenario(disturbances=(FOREIGN_DELETE, CRASH)),
    ),
    "consumers of a key that is gone keep it": Mutation(
        table_without("deleted, consumers may have it"),
        "rule 3: a run ends",
        Scenario(disturbances=(FOREIGN_DELETE, FAULT)),
    ),
    "whichever key of the name is adopted": Mutation(
        table_without("idle, no record, several of the name"),
        "rule 5",
        Scenario(("several of the name",), delete_adopted=True, disturbances=()),
    ),
    "an adopted key is deleted unasked": Mutation(
        table_with(
            "verified, the old one is to be deleted", fits=lambda c: phase_is(c, VERIFIED) and c.record.current.sid
        ),
        "rule 5: an adopted key",
        Scenario(("one of the name",), disturbances=()),
    ),
    "the key that authenticates is deleted": Mutation(
        table_without("verified, the old one authenticates"),
        "rule 5: the key that the run authenticates with",
        Scenario(("one of the name",), delete_adopted=True, authenticates="SK0", disturbances=()),
    ),
    "it is rolled back to a key that is not valid": Mutation(
        table_without("roll back, the current one is not valid"),
        "rule 3",
        Scenario(roll_back=True, disturbances=(HOOK, FOREIGN_DELETE)),
    ),
    "it is rolled back, and consumers keep the new key": Mutation(
        table_without("roll back, consumers may have the new one"),
        "rule 3",
        Scenario(roll_back=True, disturbances=(HOOK,)),
    ),
    "it is rolled back while the old one is being deleted": Mutation(
        table_without("roll back, a request may be on its way"),
        "rule 3",
        Scenario(roll_back=True, disturbances=(HOOK, CRASH, LOST_ANSWER, OVERLAP)),
    ),
    "what is not due is rotated": Mutation(
        table_with("idle, nothing due", fits=lambda c: False), "rule 4", Scenario(("not due",), disturbances=())
    ),
    "a run rotates more than once": Mutation(
        table_without("idle, saved by this run"), "more than", Scenario(force=True, disturbances=())
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_removing_a_rule_is_detected(name: str) -> None:
    """Each rule prevents something that can happen."""
    table, caught, scenario = MUTATIONS[name]
    with pytest.raises(Violation, match=caught):
        explore(scenario, table)
