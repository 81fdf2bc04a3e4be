# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explores a rotation's table: every order in which runs, requests and disturbances can occur.

The explorer calls the real ``decide()`` and ``after()`` in a simulated world, whose state is an immutable value. It
models what all kinds of rotation have in common: runs that load a record, lock it, save it by compare-and-set, wait for
a request, run a hook, or die. A :class:`World` models what depends on the kind: the state of Twilio and the consumers,
the effects of requests, what somebody else may do, and the rules.

Assumptions about time, which the driver guarantees:

- A run that has just checked its lock can lose it only while it waits for a request, for a hook or for settling: only
  these can take as long as a lease.
- A request is applied, if ever, before a run that took over has settled.
- A hook ends before the lease does, so here it is a single event.
"""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any, Generic, NamedTuple, TypeVar

from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Case,
    Finish,
    Probe,
    Request,
    Row,
    Run,
    RunHook,
    Save,
    Settings,
    Settle,
    Step,
    Stop,
    after,
    decide,
)

#: The disturbances of all kinds of rotation; a world adds its own.
CRASH, LOST_ANSWER, FAULT, OVERLAP, HOOK, RESTORE = "crash", "lost answer", "fault", "overlap", "hook", "restore"

#: More steps than any run takes.
MOST_STEPS = 80


class Violation(AssertionError):
    """A rule is broken; the message says which one, and by which events."""


Things = TypeVar("Things", bound=Hashable)


class Outgoing(NamedTuple):
    """A request that a run has sent.

    :param name: its name.
    :param argument: all that its effect depends on, hashable.
    """

    name: str
    argument: Any


class World(ABC, Generic[Things]):
    """The model of one kind of rotation. ``Things`` is the state of everything except the runs and the store.

    :ivar table: the rows.
    :ivar settings: the settings of every run.
    :ivar distributing: the hook that may report success without having done anything, which the verify hook detects.
    :ivar passing: the disturbances of its own that end without a trace, and so excuse nothing.
    """

    table: Sequence[Row]
    settings: Settings
    passing: Collection[str] = ()
    distributing: str = ""

    @abstractmethod
    def starts(self) -> Iterable[tuple[str, Things, Any]]:
        """Return the initial states, each with a description, the things, and the record or None."""

    def first_case(self, record: Any) -> Case[Any, Any, Any]:
        """Return the case that a run begins with."""
        return Case(record, Run(), self.settings)

    def after(self, case: Any, step: Step, result: Any) -> Any:
        """Return the case that a step leads to."""
        return after(case, step, result)

    @abstractmethod
    def first_record(self, fields: Mapping[str, Any]) -> Any:
        """Return the record that a Save creates if there was none."""

    @abstractmethod
    def look(self, things: Things, case: Case[Any, Any, Any], seen: Any) -> tuple[Any, Any]:
        """Send the next request of a Probe.

        :param seen: the findings of its earlier requests, None at first.
        :returns: the findings so far and None; or, at the end of the probe, None and its result.
        """

    @abstractmethod
    def read(self, things: Things, case: Case[Any, Any, Any], step: Request) -> Answer:
        """Return the answer to a request that changes nothing."""

    @abstractmethod
    def send(self, case: Case[Any, Any, Any], step: Request) -> Outgoing:
        """Return the request that a step sends."""

    @abstractmethod
    def apply(self, things: Things, request: Outgoing, free: Callable[[], int]) -> tuple[Things, Answer]:
        """Apply a request.

        :param free: returns an unused number, to name something new.
        """

    def check_effect(self, things: Things, then: Things, request: Outgoing, excused: bool) -> None:
        """Check the effect of a request.

        :param excused: whether somebody else acted after the run's last probe.
        :raises Violation: if it breaks a rule.
        """

    def check_message(self, things: Things, case: Case[Any, Any, Any], message: str) -> None:
        """Check that a failure's message is true, provided that nothing has happened since the run's last probe.

        :raises Violation: if it is not.
        """

    def faults(self, request: Outgoing) -> Iterable[Answer]:
        """Return the error answers to a request that mean it is not applied."""
        return ()

    def is_repeated(self, request: Outgoing) -> bool:
        """Return whether the client repeats an unanswered request, so that the first attempt may be applied late."""
        return False

    @abstractmethod
    def unknown(self, request: Outgoing) -> Answer:
        """Return the answer that a run assumes if it gets none."""

    @abstractmethod
    def hook(
        self, things: Things, case: Case[Any, Any, Any], step: RunHook, free: Callable[[], int]
    ) -> tuple[Things, Any]:
        """Return the things after a successful hook, and its result as ``after`` accepts it.

        :param free: as for :meth:`apply`.
        """

    def hook_faults(self, things: Things, done: Things, step: RunHook) -> Iterable[tuple[str, Things, Any]]:
        """Return how a hook may fail: a description, the things afterwards, and its result.

        :param done: the things after a successful hook.
        """
        yield "fails", things, False
        if done != things:
            yield "fails after it worked", done, False
            if step.name == self.distributing:
                yield "succeeds, but does nothing", things, True

    def others(
        self, things: Things, record: Any, between_runs: bool, free: Callable[[], int]
    ) -> Iterable[tuple[str, str, Things]]:
        """Return what somebody else may do: the disturbance, a description, and the things afterwards.

        :param between_runs: whether no run is alive.
        """
        return ()

    def when_run_begins(self, things: Things) -> Things:
        """Return the things when a run begins and no other is alive."""
        return things

    def recoveries(self, things: Things, in_probes: Sequence[Any]) -> Iterable[tuple[str, Things]]:
        """Return how a disturbance may end; the end itself is no disturbance.

        :param in_probes: the findings of the runs that are in the middle of a Probe.
        """
        return ()

    def undisturbed(self, things: Things) -> Things:
        """Return the things after every lasting disturbance has ended."""
        return things

    def restored(self, things: Things, requests: Sequence[Outgoing], record: Any) -> tuple[Things, Sequence[Outgoing]]:
        """Return the things and the pending requests after an old record was restored into the store."""
        return things, requests

    def names(self, value: Any) -> int:
        """Return the numbers that occur in a value, as bits.

        :param value: things, a record, a request, or the fields of a case without its settings.
        """
        return 0

    def in_words(self, record: Any) -> str:
        """Return a record in words, for the message of a broken rule."""
        return str(record)

    # The rules. Each check raises a Violation.

    def check_record(self, record: Any) -> None:
        """Check a record that is saved."""

    def check_decision(self, case: Case[Any, Any, Any], row: Row, step: Step) -> None:
        """Check a decision on its own."""

    @abstractmethod
    def check_change(
        self, things: Things, record: Any, then: Things, then_record: Any, ours: bool, excused: bool
    ) -> None:
        """Check a change of the world.

        :param ours: whether a run made it.
        :param excused: whether somebody else acted after that run's last probe.
        """

    @abstractmethod
    def check_undisturbed(self, before: Ended, run: Ended) -> None:
        """Check a run that was not disturbed.

        :param before: the things before it.
        :param run: how it ended.
        """


class Ended(NamedTuple):
    """How an undisturbed run ended.

    :param step: its last step, a Stop or a Finish.
    :param requests: the number of requests that it sent.
    :param saves: the number of times that it saved the record.
    :param hooks: the number of hooks that it ran.
    :param path: the names of the rows that decided, in order.
    """

    things: Any
    record: Any
    step: Step | None = None
    requests: int = 0
    saves: int = 0
    hooks: int = 0
    path: tuple[str, ...] = ()


class _Run(NamedTuple):
    """A run that is alive.

    :param case: the number of its case.
    :param stale: whether the store holds another record than it last loaded or saved.
    :param excused: whether somebody else has acted since its last probe.
    :param outdated: whether that, or a request applied late, has changed what it found.
    :param waits: the request that it waits for.
    :param seen: its findings so far, in the middle of a Probe.
    """

    case: int
    stale: bool = False
    excused: bool = False
    outdated: bool = False
    waits: Outgoing | None = None
    seen: Any = None


class _State(NamedTuple):
    """The state of everything.

    :param record: the number of the record in the store, 0 if there is none.
    :param previous: the number of the previous record, which may be restored.
    :param runs: the runs that are alive.
    :param pending: requests that no run waits for, and whether somebody else acted since.
    """

    things: Any
    record: int
    previous: int
    runs: tuple[_Run, ...] = ()
    pending: tuple[tuple[Outgoing, bool], ...] = ()


class _Cases:
    """The table's decisions, cached; cases and records are represented by numbers to keep states small."""

    def __init__(self, world: World[Any]) -> None:
        self.world = world
        self.records: list[Any] = [None]
        self.record_names: list[int] = [0]
        self.cases: list[Case[Any, Any, Any]] = []
        self.record_of: list[int] = []
        self.names: list[int] = []
        self._record_numbers: dict[Any, int] = {}
        self._case_numbers: dict[Any, int] = {}
        self._decided: dict[int, tuple[int, Step]] = {}
        self._followed: dict[tuple[int, Any], int] = {}
        self._first: dict[int, int] = {}
        self._saved: set[int] = set()
        self.rows: dict[str, int] = {row.name: number for number, row in enumerate(world.table)}
        assert len(self.rows) == len(world.table), "row names must be unique"
        self.used_rows: set[int] = set()

    def record_number(self, record: Any) -> int:
        if record is None:
            return 0
        number = self._record_numbers.get(record)
        if number is None:
            number = self._record_numbers[record] = len(self.records)
            self.records.append(record)
            self.record_names.append(self.world.names(record))
        return number

    def saved(self, number: int) -> Any:
        """Return a saved record, after checking that it can be read again."""
        if number not in self._saved:
            self.world.check_record(self.records[number])
            self._saved.add(number)
        return self.records[number]

    def number(self, case: Case[Any, Any, Any]) -> int:
        # The settings are the same in all cases, and slow to hash.
        held = {name: getattr(case, name) for name in case.__dataclass_fields__ if name != "settings"}
        key = tuple(held.values())
        number = self._case_numbers.get(key)
        if number is None:
            number = self._case_numbers[key] = len(self.cases)
            self.cases.append(case)
            self.record_of.append(self.record_number(case.record))
            self.names.append(reduce(or_, (self.world.names(value) for value in held.values() if value is not None), 0))
        return number

    def first(self, record: int) -> int:
        """Return the case that a run begins with."""
        number = self._first.get(record)
        if number is None:
            number = self._first[record] = self.number(self.world.first_case(self.records[record]))
        return number

    def decided(self, number: int) -> tuple[int, Step]:
        """Return the row that decides a case, and its step."""
        decided = self._decided.get(number)
        if decided is None:
            case = self.cases[number]
            row, step = decide(self.world.table, case)
            if isinstance(step, (Request, RunHook)) and not step.reads and not case.run.locked:
                raise Violation(f"{row.name!r} acts without the record's lock")
            self.world.check_decision(case, row, step)
            decided = self._decided[number] = (self.rows[row.name], step)
            self.used_rows.add(decided[0])
        return decided

    def then(self, number: int, step: Step, result: Any = None) -> int:
        """Return the case that a step leads to."""
        key = (number, result)
        following = self._followed.get(key)
        if following is None:
            following = self._followed[key] = self.number(self.world.after(self.cases[number], step, result))
        return following

    def held(self, number: int) -> int:
        """Return the case after a check of the lock, as the driver makes it."""
        key = (number, "held")
        following = self._followed.get(key)
        if following is None:
            case = self.cases[number]
            following = self._followed[key] = self.number(replace(case, run=replace(case.run, held=True)))
        return following


@dataclass
class Explored:
    """The result of an exploration.

    :param states: the number of states.
    :param transitions: the number of transitions between them.
    :param quiet: the number of states from which an undisturbed run was started.
    :param rows: the names of the rows that decided.
    """

    states: int = 0
    transitions: int = 0
    quiet: int = 0
    rows: set[str] = field(default_factory=set)


#: An event, its cost, and the state after it.
_Event = tuple[str, int, _State]


class Explorer:
    """Explores a world.

    :param world: the model of one kind of rotation.
    :param disturbances: the disturbances that occur.
    :param budget: how many of them occur in total.
    """

    def __init__(self, world: World[Any], disturbances: Collection[str], budget: int) -> None:
        self._world = world
        self._disturbances = frozenset(disturbances)
        self._budget = budget
        self._cases = _Cases(world)
        self._came_from: dict[_State, tuple[_State | None, str]] = {}
        self._checked: set[tuple[Any, int]] = set()
        self._undisturbed: dict[tuple[Any, int], tuple[Ended, int]] = {}
        self._path: list[str] = []
        self._labels = [[f"{number}: {row.name}" for row in world.table] for number in range(2)]

    def explore(self) -> Explored:
        """Visit and check every state.

        :raises Violation: at the first state that breaks a rule, with the events that led to it.
        """
        layers: list[dict[_State, tuple[_State | None, str]]] = [{} for _left in range(self._budget + 1)]
        for word, things, record in self._world.starts():
            number = self._cases.record_number(record)
            layers[self._budget][_State(things, number, number)] = (None, word)
        explored = Explored()
        # Everything allocated here stays in use until the end, so collecting garbage would only cost time.
        gc.disable()
        try:
            self._reach(layers, explored)
        finally:
            gc.enable()
        explored.states = len(self._came_from)
        explored.quiet = len(self._checked)
        explored.rows = {self._world.table[number].name for number in self._cases.used_rows}
        return explored

    def _reach(self, layers: list[dict[_State, tuple[_State | None, str]]], explored: Explored) -> None:
        came_from = self._came_from
        # In order of decreasing remaining budget, so that each state is first reached with its largest one.
        for left in range(self._budget, -1, -1):
            waiting: deque[_State] = deque()
            for state, origin in layers[left].items():
                if state not in came_from:
                    came_from[state] = origin
                    waiting.append(state)
            layers[left].clear()
            while waiting:
                state = waiting.popleft()
                self._path = []
                try:
                    for label, cost, following in self._events(state, left):
                        explored.transitions += 1
                        if following in came_from:
                            continue
                        if cost:
                            layers[left - cost].setdefault(following, (state, label))
                        else:
                            came_from[following] = (state, label)
                            waiting.append(following)
                except AssertionError as error:
                    raise Violation(f"{error}\n{self._history(state)}") from error

    def _history(self, state: _State) -> str:
        """Return the events that led to a state, one a line."""
        lines = []
        at: _State | None = state
        while at is not None:
            before, label = self._came_from[at]
            lines.append(f"{label:75}{self._in_words(at)}")
            at = before
        return "\n".join([*reversed(lines), *self._path])

    def _in_words(self, state: _State) -> str:
        record = self._cases.records[state.record]
        return f"-> {state.things}, record {record and self._world.in_words(record)}, {state.pending or ''}"

    # -- events ---------------------------------------------------------------------------------------------

    def _events(self, state: _State, left: int) -> Iterator[_Event]:
        runs = state.runs
        if not runs:
            self._check_quiet(state)
            begun = (_Run(self._cases.first(state.record)),)
            yield "a run begins", 0, state._replace(things=self._world.when_run_begins(state.things), runs=begun)
        for number in range(len(runs)):
            yield from self._run_events(state, number, left)
        for number, (request, excused) in enumerate(state.pending):
            things, _answer = self._applied(state, request, excused)
            others = state.pending[:number] + state.pending[number + 1 :]
            outdated = runs if things == state.things else tuple(run._replace(outdated=True) for run in runs)
            late = state._replace(things=things, runs=outdated, pending=others)
            yield f"{request.name} is applied late", 0, late
        in_probes = [run.seen for run in runs if run.seen is not None]
        for label, things in self._world.recoveries(state.things, in_probes):
            outdated = tuple(run._replace(outdated=True) for run in runs)
            yield label, 0, state._replace(things=things, runs=outdated)
        if left:
            yield from self._disturbances_of(state)

    def _disturbances_of(self, state: _State) -> Iterator[_Event]:
        runs, record = state.runs, self._cases.records[state.record]
        for kind, label, things in self._world.others(state.things, record, not runs, lambda: self._free(state)):
            if kind in self._disturbances:
                self._world.check_change(state.things, record, things, record, ours=False, excused=False)
                excuses = kind not in self._world.passing
                changed = state._replace(
                    things=things,
                    runs=tuple(run._replace(excused=run.excused or excuses, outdated=True) for run in runs),
                    pending=tuple((request, excused or excuses) for request, excused in state.pending),
                )
                yield label, 1, changed
        if OVERLAP in self._disturbances and len(runs) == 1:
            yield "another run begins", 1, _with(state, None, _Run(self._cases.first(state.record)))
        if RESTORE in self._disturbances and not runs and state.previous not in (0, state.record):
            late = [request for request, _excused in state.pending]
            things, requests = self._world.restored(state.things, late, self._cases.records[state.previous])
            restored = state._replace(
                things=things,
                record=state.previous,
                pending=tuple((request, True) for request in requests),
            )
            yield "an old record is put back", 1, restored

    def _run_events(self, state: _State, number: int, left: int) -> Iterator[_Event]:
        run = state.runs[number]
        disturbances = self._disturbances if left else frozenset()
        if CRASH in disturbances:
            lost = ((run.waits, run.excused),) if run.waits else ()
            yield "the run dies", 1, _with(state, number, None)._replace(pending=state.pending + lost)
        row, step = self._cases.decided(run.case)
        label = self._labels[number][row]
        if run.waits:
            yield from self._answers(state, number, step, disturbances)
        elif isinstance(step, Probe):
            yield label, 0, _with(state, number, self._looked(state.things, run, step))
        elif isinstance(step, Settle):
            # The other run's request is answered or times out before this run has settled.
            if not any(other.waits for other in state.runs):
                settled = _with(state, number, run._replace(case=self._cases.then(run.case, step)))
                yield label, 0, settled._replace(pending=())
        elif isinstance(step, Save):
            yield label, 0, self._saved(state, number, step)
        elif isinstance(step, (Stop, Finish)):
            if isinstance(step, Stop) and not run.stale and not run.outdated:
                self._world.check_message(state.things, self._cases.cases[run.case], step.message)
            yield label, 0, _with(state, number, None)
        elif isinstance(step, RunHook):
            yield from self._hook_events(state, number, step, label, disturbances)
        elif isinstance(step, Request) and step.reads:
            answer = self._world.read(state.things, self._cases.cases[run.case], step)
            yield label, 0, _with(state, number, run._replace(case=self._cases.then(run.case, step, answer)))
        elif isinstance(step, Request):
            case = self._cases.cases[run.case]
            if run.stale and not case.run.held:
                yield f"{number}: the record was taken over", 0, _with(state, number, None)
            else:
                held = self._cases.held(run.case)
                yield label, 0, _with(state, number, run._replace(case=held, waits=self._world.send(case, step)))

    def _looked(self, things: Any, run: _Run, step: Probe) -> _Run:
        case = self._cases.cases[run.case]
        seen, probe = self._world.look(things, case, run.seen)
        excused, outdated = run.excused, run.outdated
        if run.seen is None:
            # A Probe does not refresh an earlier answer.
            excused, outdated = False, outdated and case.answer is not None
        if probe is None:
            return _Run(run.case, run.stale, excused, outdated, None, seen)
        return _Run(self._cases.then(run.case, step, probe), run.stale, excused, outdated)

    def _answers(self, state: _State, number: int, step: Step, disturbances: Collection[str]) -> Iterator[_Event]:
        """Yield the possible ends of a request."""
        run = state.runs[number]
        request = run.waits
        assert request is not None
        things, answer = self._applied(state, request, run.excused)

        def then(said: Answer) -> _State:
            answered = _Run(self._cases.then(run.case, step, said), run.stale, run.excused, run.outdated)
            return _with(state, number, answered)

        yield f"{number}: {request.name} is answered with {answer.kind!r}", 0, then(answer)._replace(things=things)
        if LOST_ANSWER in disturbances:
            pending = (*state.pending, (request, run.excused))
            unknown = then(self._world.unknown(request))
            yield f"{number}: no answer to {request.name}", 1, unknown._replace(pending=pending)
            if self._world.is_repeated(request):
                repeated = then(answer)._replace(things=things, pending=pending)
                yield f"{number}: no answer to {request.name}, but to the next attempt", 1, repeated
        if FAULT in disturbances:
            for fault in self._world.faults(request):
                yield f"{number}: {request.name} is wrongly answered with {fault.kind!r}", 1, then(fault)

    def _hook_events(
        self, state: _State, number: int, step: RunHook, label: str, disturbances: Collection[str]
    ) -> Iterator[_Event]:
        run, world = state.runs[number], self._world
        case = self._cases.cases[run.case]
        # Before a hook that only reads, the lock may not be checked.
        if run.stale and not case.run.held and not step.reads:
            yield f"{number}: the record was taken over", 0, _with(state, number, None)
            return
        done, result = world.hook(state.things, case, step, lambda: self._free(state))
        record = self._cases.records[state.record]

        def then(things: Any, result: Any) -> _State:
            world.check_change(state.things, record, things, record, ours=True, excused=run.excused)
            ended = run._replace(case=self._cases.then(run.case, step, result))
            return _with(state, number, ended)._replace(things=things)

        yield label, 0, then(done, result)
        if HOOK in disturbances:
            for words, things, instead in world.hook_faults(state.things, done, step):
                yield f"{label}, which {words}", 1, then(things, instead)

    def _saved(self, state: _State, number: int, step: Save) -> _State:
        """Return the result of a Save: the record is replaced, or the run ends."""
        run, cases = state.runs[number], self._cases
        case = cases.cases[run.case]
        if run.stale or (not case.run.locked and any(self._holds(other) for other in state.runs)):
            return _with(state, number, None)
        then = cases.then(run.case, step, self._first_record(run.case, step))
        record = cases.record_of[then]
        before, saved = cases.records[state.record], cases.saved(record)
        self._world.check_change(state.things, before, state.things, saved, ours=True, excused=run.excused)
        runs = tuple(
            run._replace(case=then) if index == number else other._replace(stale=True)
            for index, other in enumerate(state.runs)
        )
        previous = state.previous
        if RESTORE in self._disturbances and record != state.record:
            previous = state.record
        return state._replace(record=record, previous=previous, runs=runs)

    def _first_record(self, case: int, step: Save) -> Any:
        return None if self._cases.record_of[case] else self._world.first_record(step.changes)

    def _holds(self, run: _Run) -> bool:
        """Return whether a run holds its lock, so that no other run can take over."""
        known = self._cases.cases[run.case].run
        return known.locked and known.held and not run.stale and not run.waits

    def _applied(self, state: _State, request: Outgoing, excused: bool) -> tuple[Any, Answer]:
        things, answer = self._world.apply(state.things, request, lambda: self._free(state))
        if things != state.things:
            record = self._cases.records[state.record]
            self._world.check_effect(state.things, things, request, excused)
            self._world.check_change(state.things, record, things, record, ours=True, excused=excused)
        return things, answer

    def _free(self, state: _State) -> int:
        """Return the lowest unused number, so that states that differ only in names are equal."""
        world, cases = self._world, self._cases
        names = world.names(state.things) | cases.record_names[state.record] | cases.record_names[state.previous]
        for run in state.runs:
            names |= cases.names[run.case]
            if run.waits:
                names |= world.names(run.waits)
        for request, _excused in state.pending:
            names |= world.names(request)
        return (~names & (names + 1)).bit_length() - 1

    # -- undisturbed runs ----------------------------------------------------------------------------------

    def _check_quiet(self, state: _State) -> None:
        """Check that undisturbed runs end, and how."""
        key = (state.things, state.record)
        if key in self._checked:
            return
        self._checked.add(key)
        self._run_undisturbed(state.things, state.record)
        calm = self._world.undisturbed(state.things)
        first, record = self._run_undisturbed(calm, state.record)
        self._run_undisturbed(first.things, record)

    def _run_undisturbed(self, things: Any, record: int) -> tuple[Ended, int]:
        """Return how an undisturbed run ends, and the number of its record."""
        key = (things, record)
        if key not in self._undisturbed:
            self._undisturbed[key] = self._undisturbed_run(things, record)
        return self._undisturbed[key]

    def _undisturbed_run(self, things: Any, record: int) -> tuple[Ended, int]:
        state = _State(things, record, record, (_Run(self._cases.first(record)),))
        before = Ended(things, self._cases.records[record])
        requests = saves = hooks = 0
        rows: list[str] = []
        while True:
            run = state.runs[0]
            row, step = self._cases.decided(run.case)
            if not run.waits and run.seen is None:
                rows.append(self._world.table[row].name)
                self._path.append(f"    undisturbed: {rows[-1]}")
            if isinstance(step, (Stop, Finish)):
                break
            requests += bool(run.waits or isinstance(step, Probe) or (isinstance(step, Request) and step.reads))
            saves += isinstance(step, Save)
            hooks += isinstance(step, RunHook)
            if len(rows) > MOST_STEPS:
                raise Violation(f"a run takes more than {MOST_STEPS} steps")
            _label, _cost, state = next(self._run_events(state, 0, 0))
        ended = Ended(state.things, self._cases.records[state.record], step, requests, saves, hooks, tuple(rows))
        self._world.check_undisturbed(before, ended)
        return ended, state.record


def _with(state: _State, number: int | None, run: _Run | None) -> _State:
    """Return a state with one run replaced, removed or added."""
    things, record, previous, runs, pending = state
    if number is None:
        assert run is not None
        runs = (*runs, run)
    else:
        runs = (*runs[:number], *(() if run is None else (run,)), *runs[number + 1 :])
    return _State(things, record, previous, runs, pending)
