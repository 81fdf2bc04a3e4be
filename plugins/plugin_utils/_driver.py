# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Performs the steps that a rotation's table decides, until a task file has to be run.

That is a hook, or a task file of a store. Then the call returns which one, with the state for the next call of the run;
the role includes that file, and calls again. So one run is several calls, each in a worker of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Generic

from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.plugin_utils import _lock
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordChanged, RecordError
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
    Settle,
    SomeProbe,
    SomeRecord,
    SomeSettings,
    Step,
    Stop,
    after,
    decide,
    required,
)
from ansible_collections.community.twilio.plugins.plugin_utils._stores import (
    DirectStore,
    FileStore,
    NeedsRecord,
    TaskStore,
)

#: The task files of a store, which the role runs between two calls, as it does hooks.
LOAD, SAVE, HOOKS = "load", "save", "hooks"

_TAKEN_OVER = (
    "The record was changed by somebody else in the meantime: another run has taken over, and this one ends. Nothing"
    " was saved since."
)


class Rotation(ABC, Generic[SomeRecord, SomeProbe, SomeSettings]):
    """What differs between the types of rotation: the table, the record, and how a step is performed.

    :ivar table: the rows.
    :ivar name: the record's name in the store.
    :ivar label: what is rotated, for messages.
    :ivar settings: what the table depends on.
    :ivar hooks: hook to its task file; a hook that has none is skipped.
    :ivar own_files: the files of hooks that are this collection's own.
    :cvar handing_hooks: the hooks that hand something over, on which the next step depends.
    :ivar first_record: what a rotation without a record begins with; None where its table makes the first one.
    """

    table: Sequence[Row]
    name: str
    label: str
    settings: SomeSettings
    hooks: Mapping[str, str]
    own_files: Collection[str] = ()
    handing_hooks: ClassVar[Collection[str]] = ()
    first_record: SomeRecord | None = None

    def first_case(self, record: SomeRecord | None, run: Run) -> Case[SomeRecord, SomeProbe, SomeSettings]:
        """Return the case that a call begins with."""
        return Case(record or self.first_record, run, self.settings)

    @abstractmethod
    def read(self, stored: Mapping[str, Any]) -> SomeRecord:
        """Return a record as it was loaded.

        :raises RotationError: where it can't be used.
        :raises DateError: where a date in it is in the future.
        """

    def new(self, fields: Mapping[str, Any]) -> SomeRecord:
        """Return the record that the table's first Save makes, where there is no :attr:`first_record`."""
        raise AssertionError("there is a record from the beginning")

    @abstractmethod
    def stored(self, record: SomeRecord) -> dict[str, Any]:
        """Return a record as it is kept, secrets included."""

    @abstractmethod
    def probe(self, case: Any) -> SomeProbe:
        """Read what is there.

        :raises TwilioError: where that can't be determined.
        """

    @abstractmethod
    def request(self, case: Any, step: Request) -> Answer:
        """Perform a request.

        :raises TwilioError: where the run can't go on, and nothing was changed.
        :raises NeedsRecord: where another record is needed, from a store that is task files.
        """

    def after(self, case: Any, step: Step, result: Any = None) -> Any:
        """Return the case that a step leads to; see :func:`_rotation.after`."""
        return after(case, step, result)

    def hook_result(self, step: RunHook, report: HookReport) -> Any:
        """Return the result of a hook that succeeded, as :meth:`after` takes it.

        :param report: what the role reports of it.
        :raises RotationError: where what it handed over is not valid.
        """
        return True

    @abstractmethod
    def result(self, case: Any, failed: bool) -> dict[str, Any]:
        """Return the role's result; ``due_in_days`` in it is None where the run failed, or that is not known."""

    def remarks(self, case: Any) -> Sequence[str]:
        """Return what a run's message reports besides what was done, as parts of a sentence."""
        return ()


@dataclass(frozen=True)
class HookReport:
    """What the role reports of the task file that it ran.

    :param failed_task: the task that failed, by its name; None where none did, empty where no task of this host did: a
        file could not be included, or another host has ended the play.
    :param failed_hook: the hook whose task that is; empty where several may be.
    :param message: that task's message, where its file is one of this collection's own.
    :param saved: what a store's ``save`` returned.
    :param handed_over: what a hook handed over, by the names of the facts that it sets.
    """

    failed_task: str | None = None
    failed_hook: str = ""
    message: str = ""
    saved: Mapping[str, Any] | None = None
    handed_over: Mapping[str, Any] = field(default_factory=dict)

    def where(self) -> str:
        """Return where and why it failed, as the rest of a sentence; empty where it did not."""
        if self.failed_task is None:
            return ""
        message = f" {self.message}" if self.message else ""
        if not self.failed_task:
            return f", but in no task: its file could not be included, or another host has ended the play.{message}"
        return f" in its task '{self.failed_task}'.{message}"


@dataclass(frozen=True)
class State:
    """What a call passes to the next call of its run. It holds no secret.

    :param run_id: the run's.
    :param run: what it has done.
    :param loaded: whether the record was loaded.
    :param version: of the record that was loaded or saved last.
    :param phase: the record's, for messages.
    :param step: counts the calls, so that what the role reports is known to be about the last one.
    :param waits_for: what the role has to run: HOOKS, LOAD or SAVE.
    :param hooks: the hooks, each with its step's note; see :class:`_rotation.Step`.
    :param wanted: the record that is to be loaded.
    :param handed_by: where the role has to LOAD, the hook before it, if what that handed over is still needed.
    :param ending: the message of the failure that the run ends with, once its lock is released; empty: it succeeds.
    :param ends: whether the run ends once its record is saved.
    """

    run_id: str
    run: Run = field(default_factory=Run)
    loaded: bool = False
    version: Any = None
    phase: str = "none"
    step: int = 0
    waits_for: str = ""
    hooks: tuple[tuple[str, str], ...] = ()
    wanted: str = ""
    handed_by: str = ""
    ending: str = ""
    ends: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what a task's result can hold."""
        fields = asdict(self)
        fields["run"].update(notes=[*self.run.notes], failed_or=[*self.run.failed_or])
        fields["hooks"] = [[*hook] for hook in self.hooks]
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> State:
        """Return the state of which :meth:`as_dict` made a dictionary."""
        run = fields["run"]
        run = Run(**{**run, "notes": tuple(run["notes"]), "failed_or": tuple(run["failed_or"])})
        return cls(**{**fields, "run": run, "hooks": tuple((name, note) for name, note in fields["hooks"])})


@dataclass(frozen=True)
class Next:
    """What the role has to run before it calls again.

    :param files: the task files, by the hooks' names, or by LOAD or SAVE.
    :param variables: the variables of the files.
    :param record: what is to be saved, secrets included; None but for SAVE.
    :param is_own: whether it is a hook of this collection's own, so that its messages may be repeated.
    """

    files: Mapping[str, str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    is_own: bool = False

    @property
    def name(self) -> str:
        """The hooks' names, or LOAD or SAVE."""
        return ", ".join(self.files)

    @property
    def is_hook(self) -> bool:
        """Whether it is a hook, and not the store's."""
        return not {LOAD, SAVE}.intersection(self.files)


@dataclass
class Called:
    """The outcome of a call.

    :param message: what happened, in one line.
    :param changed: whether it changed anything, or would in check mode.
    :param label: what is rotated.
    :param next: what the role runs next; None at the end.
    :param state: for the next call; None at the end.
    :param record: as it was loaded or saved last, unless a hook's variables read it from the store. Where the store is
        task files, the next call needs it, too.
    :param result: the role's result; None unless this is the end.
    :param failed: whether the run ends as a failure.
    """

    message: str
    changed: bool
    warnings: list[str]
    label: str
    next: Next | None = None
    state: State | None = None
    record: Mapping[str, Any] | None = None
    result: dict[str, Any] | None = None
    failed: bool = False


class Driver:
    """One call of a run.

    :param rotation: what is rotated.
    :param store: where its record is.
    :param clock: time, for settling.
    :param now: the time of day, with its zone.
    :param settle_seconds: how long a request of a run that died may still be on its way.
    :param lease_seconds: how long a lock is valid without being renewed.
    :param check_mode: whether only to plan.
    """

    def __init__(
        self,
        rotation: Rotation[Any, Any, Any],
        store: DirectStore | TaskStore,
        *,
        clock: Clock,
        now: datetime,
        settle_seconds: float,
        lease_seconds: float,
        check_mode: bool,
    ) -> None:
        self._rotation = rotation
        self._store = store
        self._clock = clock
        self._now = now
        self._settle_seconds = settle_seconds
        self._lease_seconds = lease_seconds
        self._check_mode = check_mode
        self._warnings: list[str] = []
        self._events: list[str] = []
        self._adopts = ""
        self._lock_was_checked = False
        self._handed_by = ""
        self._changed = False
        self._case: Case[Any, Any, Any] = rotation.first_case(None, Run())
        self._state = State(run_id="")
        self._lock: Mapping[str, Any] = {}

    def call(self, state: State | None, report: HookReport, record: Mapping[str, Any] | None) -> Called:
        """Go on until the role has to do something, or to the end.

        :param state: what the call before returned; None in the first call of a run.
        :param report: what the role reports.
        :param record: what the call before returned with its state; a store that is read directly makes it irrelevant.
        """
        try:
            self._begin(state, report, record)
            if self._state.ends:
                return self._end(self._state.ending)
            return self._go_on()
        except NeedsRecord as needed:
            return self._left_to_role(self._store_task(LOAD), wanted=needed.name, handed_by=self._handed_by)
        except (RotationError, RecordError, DateError, _lock.LockError) as error:
            return self._stop(self._after_failed_hook(str(error)))
        except TwilioError as error:
            return self._stop(self._after_failed_hook(error.message))

    # -- the beginning of a call -------------------------------------------------------------------------------------

    def _begin(self, state: State | None, report: HookReport, record: Mapping[str, Any] | None) -> None:
        if state is None:
            state = State(run_id=_lock.new_run_id())
            if self._check_mode:
                # Nothing is written, so there is nothing to lock, and nothing to wait for.
                state = replace(state, run=replace(state.run, locked=True, settled=True))
        self._state = state
        if report.failed_task is not None and state.waits_for in (LOAD, SAVE):
            self._forget_lock()
            self._store_failed(state.waits_for, report)
        if state.waits_for == SAVE and report.failed_task is None:
            self._state = replace(state, version=(report.saved or {}).get("version"))
        if record is not None and isinstance(self._store, TaskStore):
            self._use(record, held=state.waits_for == SAVE)
        if state.ends:
            return
        if isinstance(self._store, DirectStore) or not state.loaded or self._role_has_loaded():
            self._load(state.run if state.loaded else None)
        if state.waits_for == HOOKS:
            self._after_hooks([RunHook(name, note=note) for name, note in state.hooks], report)
        elif state.handed_by:
            # The call after this hook ended in order to check the lock; it must not start over because of that.
            self._after_hooks([RunHook(state.handed_by)], report)

    def _after_hooks(self, steps: Sequence[RunHook], report: HookReport) -> None:
        # A record that was loaded just now was loaded after the hooks.
        held = self._case.run.held
        for step in steps:
            if report.failed_task is not None and report.failed_hook in ("", step.name):
                # Where several may have failed, the first did: then the least counts as done.
                self._case = self._rotation.after(self._case, step, False)
                others = () if report.failed_hook else (each.name for each in steps[1:])
                failed = replace(self._case.run, failed_or=tuple(others), failed_in=report.where())
                self._case = replace(self._case, run=failed)
                break
            self._case = self._rotation.after(self._case, step, self._hook_result(step, report))
        self._case = replace(self._case, run=replace(self._case.run, held=held))

    def _hook_result(self, step: RunHook, report: HookReport) -> Any:
        if step.name in self._rotation.handing_hooks:
            self._handed_by = step.name
        return self._rotation.hook_result(step, report)

    def _role_has_loaded(self) -> bool:
        return self._state.waits_for == LOAD and self._state.wanted == self._rotation.name

    def _load(self, known_to: Run | None) -> None:
        """Load the record, or check that it is still the one that a run knows.

        :param known_to: that run as it is now; None where it has not loaded the record before.
        """
        stored = self._store.load(self._rotation.name)
        if known_to is not None:
            self._check_version(stored.version)
        self._state = replace(self._state, loaded=True, version=stored.version)
        self._use(stored.record, held=True)
        if known_to is not None and known_to.locked and not self._check_mode:
            self._check_owner()

    def _check_version(self, version: Any) -> None:
        """Check that a version is the one that this run knows.

        :raises RotationError: where it is not.
        """
        if str(version) != str(self._state.version):
            self._forget_lock()
            raise RotationError(_TAKEN_OVER)

    def _check_owner(self) -> None:
        """Check that the record's lock is this run's: of a record that was deleted, versions are counted anew.

        :raises RotationError: where it is not.
        """
        owner = self._lock.get("run_id") if isinstance(self._lock, Mapping) else None
        if owner != self._state.run_id:
            self._forget_lock()
            raise RotationError(_TAKEN_OVER)

    def _use(self, stored: Mapping[str, Any], held: bool) -> None:
        self._lock_was_checked = held
        record = self._rotation.read(stored) if stored else None
        self._lock = (stored or {}).get("lock") or {}
        run = replace(self._state.run, held=held)
        self._state = replace(self._state, phase=record.phase if record else "none")
        self._case = self._rotation.first_case(record, run)

    def _store_failed(self, what: str, report: HookReport) -> None:
        """Report that a task file of the store failed.

        :raises RotationError: unless the run is ending with another failure already, which is the one to report.
        """
        problem = "was not saved" if what == SAVE else "could not be read"
        message = f"The record {problem}. The task that failed: '{report.failed_task or '(not known)'}'."
        if not self._state.ends:
            raise RotationError(message)
        self._warn_of_lock(message)

    # -- the loop ----------------------------------------------------------------------------------------------------

    def _go_on(self) -> Called:
        while True:
            row, step = decide(self._rotation.table, self._case)
            if step.warning:
                self._warn(step.warning)
            if isinstance(step, Stop):
                return self._stop(step.message)
            if self._check_mode and not self._only_reads(step):
                return self._plan(row, step)
            if isinstance(step, Finish):
                return self._finish()
            if isinstance(step, Save):
                saving = self._save(step, row.plan)
                if saving:
                    return saving
            elif isinstance(step, RunHook):
                running = self._run_hook(step)
                if running:
                    return running
            else:
                self._case = self._rotation.after(self._case, step, self._perform(step))

    def _only_reads(self, step: Step) -> bool:
        first_save = isinstance(step, Save) and self._case.record is None
        return first_save or isinstance(step, Probe) or (isinstance(step, Request) and step.reads)

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Probe):
            return self._rotation.probe(self._case)
        if isinstance(step, Settle):
            self._lock_was_checked = False
            self._clock.sleep(self._settle_seconds)
            return None
        if not isinstance(step, Request):
            raise AssertionError(f"nothing performs {step}")
        if not step.reads:
            self._check_lock()
            self._changed = True
        return self._rotation.request(self._case, step)

    def _check_lock(self) -> None:
        """Check that this run still holds the record, unless that was checked just before.

        :raises RotationError: where another run has taken over.
        :raises NeedsRecord: where the role has to load the record.
        """
        # Loading from task files ends the call, which loses the last request's answer: once per call is enough.
        was_checked = self._lock_was_checked if isinstance(self._store, TaskStore) else self._case.run.held
        if not was_checked:
            case = self._case
            if isinstance(self._store, FileStore):
                self._check_version(self._store.version(self._rotation.name))
            else:
                self._load(case.run)
            self._case = replace(case, run=replace(case.run, held=True))

    def _run_hook(self, step: RunHook) -> Called | None:
        if not self._rotation.hooks.get(step.name):
            self._case = self._rotation.after(self._case, step, True)
            return None
        self._check_lock()
        steps = [step, *self._verifying(step)]
        files = {each.name: self._rotation.hooks[each.name] for each in steps}
        following = Next(files, step.variables, is_own=self._is_own(step))
        return self._left_to_role(following, hooks=tuple((each.name, each.note) for each in steps))

    def _verifying(self, step: RunHook) -> Iterator[RunHook]:
        """Yield the hooks that run with one, without a call in between: those that follow it at once, and only read.

        Which of them fails is not known. So a hook of this collection's own, whose message is repeated, runs alone.
        """
        case, variables = self._case, step.variables
        while step.name not in self._rotation.handing_hooks and not self._is_own(step):
            case = self._rotation.after(case, step, True)
            _row, following = decide(self._rotation.table, case)
            if not isinstance(following, RunHook) or not following.reads or following.variables != variables:
                return
            if not self._rotation.hooks.get(following.name) or self._is_own(following):
                return
            yield following
            step = following

    def _is_own(self, step: RunHook) -> bool:
        return self._rotation.hooks[step.name] in self._rotation.own_files

    def _save(self, step: Save, plan: str) -> Called | None:
        record = self._case.record
        saved = self._rotation.new(step.changes) if record is None else replace(record, **step.changes)
        if self._check_mode:
            self._adopts = plan
            self._case = self._rotation.after(self._case, step, saved)
            self._case = replace(self._case, run=replace(self._case.run, locked=True))
            return None
        released = step.release or bool(step.failure)
        case = self._rotation.after(self._case, step, saved)
        if step.event and (not step.shown_by or self._rotation.hooks.get(step.shown_by)):
            self._events.append(step.event)
        self._changed = True
        return self._keep(case, None if released else self._held_lock())

    def _held_lock(self) -> dict[str, Any]:
        """Return the lock that this run saves with its record.

        :raises RotationError: where another run holds the record.
        """
        if not self._case.run.locked:
            self._refuse_if_held(self._lock)
        return self._own_lock().as_dict()

    def _own_lock(self) -> _lock.Lock:
        return _lock.ours(self._now, self._state.run_id)

    def _refuse_if_held(self, lock: Mapping[str, Any]) -> None:
        other = _lock.holder(lock, self._own_lock(), self._lease_seconds, self._now)
        if other:
            raise RotationError(f"{other} Nothing was done.")

    def _keep(
        self, case: Case[Any, Any, Any], lock: Mapping[str, Any] | None, ends: bool = False, ending: str = ""
    ) -> Called | None:
        content = {**self._rotation.stored(case.record), "lock": lock}
        if isinstance(self._store, DirectStore):
            try:
                version = self._store.save(self._rotation.name, content, self._state.version)
            except RecordError as error:
                had_lock = self._case.run.locked
                self._forget_lock()
                if isinstance(error, RecordChanged) and not had_lock:
                    # Another run may have taken the record since it was loaded.
                    self._refuse_if_held(self._store.load(self._rotation.name).record.get("lock") or {})
                raise RotationError(f"The record was not saved. {error}") from None
            self._state = replace(self._state, version=version, phase=required(case.record).phase)
            self._case, self._lock = case, lock or {}
            return None
        self._case = case
        self._state = replace(self._state, phase=required(case.record).phase)
        return self._left_to_role(self._store_task(SAVE, content), ends=ends, ending=ending, record=content)

    def _store_task(self, name: str, record: Mapping[str, Any] | None = None) -> Next:
        if not isinstance(self._store, TaskStore):
            raise AssertionError("only a store that is task files has any")
        return Next({name: self._store.files[name]}, record=record)

    def _forget_lock(self) -> None:
        """Go on as a run that holds no lock: what is in the store is somebody else's, or not known."""
        self._case = replace(self._case, run=replace(self._case.run, locked=False))
        self._state = replace(self._state, run=replace(self._state.run, locked=False))

    # -- the end of a call -------------------------------------------------------------------------------------------

    def _left_to_role(
        self,
        following: Next,
        *,
        wanted: str = "",
        hooks: tuple[tuple[str, str], ...] = (),
        handed_by: str = "",
        ends: bool = False,
        ending: str = "",
        record: Mapping[str, Any] | None = None,
    ) -> Called:
        state = replace(
            self._state,
            run=self._case.run,
            step=self._state.step + 1,
            waits_for=HOOKS if hooks else following.name,
            hooks=hooks,
            wanted=wanted or self._rotation.name,
            handed_by=handed_by,
            ends=ends,
            ending=ending,
        )
        if record is None and not self._store.read_by_hooks and self._case.record is not None:
            record = {**self._rotation.stored(self._case.record), "lock": self._lock or None}
        # A line for each hook: these lines show the phases in the log.
        coming = [f"next: {following.name}"] if following.is_hook else []
        return Called(
            self._line("; ".join([*self._events, *coming])),
            self._changed,
            self._warnings,
            self._rotation.label,
            following,
            state,
            record,
        )

    def _plan(self, row: Row, step: Step) -> Called:
        """Return what would be done; the plan of a row that does nothing says that nothing is due."""
        adopted = [self._adopts] if self._adopts else []
        changed = bool(self._adopts) or not isinstance(step, Finish)
        return self._called(" ".join([*adopted, row.plan]), changed=changed)

    def _finish(self) -> Called:
        if self._case.run.locked:
            releasing = self._release()
            if releasing:
                return releasing
        return self._end("")

    def _after_failed_hook(self, message: str) -> str:
        """Return why a run can't go on; where that is the way back from a hook that failed, with that failure first."""
        run = self._case.run
        return f"{run.failed_hook} {message}" if run.failed and not run.failure else message

    def _stop(self, message: str) -> Called:
        """End as a failure, and release the lock; the reason is reported even where the release fails."""
        run = self._case.run
        if run.locked and not self._check_mode and self._case.record is not None and not self._state.ends:
            self._case = replace(self._case, answer=None)
            try:
                releasing = self._release(message)
            except RotationError as error:
                self._warn_of_lock(str(error))
            else:
                if releasing:
                    return releasing
        return self._end(message)

    def _warn_of_lock(self, message: str) -> None:
        self._warn(
            f"{message} If this run still holds the record, its lock ends with this process, or on other machines after"
            f" {self._lease_seconds:g} seconds."
        )

    def _warn(self, message: str) -> None:
        self._warnings.append(f"{self._rotation.label}: {message}")

    def _release(self, ending: str = "") -> Called | None:
        case = replace(self._case, run=replace(self._case.run, locked=False))
        return self._keep(case, None, ends=True, ending=ending)

    def _end(self, failure: str) -> Called:
        if failure:
            label = f"{self._rotation.label} ({self._state.phase})"
            ended = Called(f"{label}: {failure}", self._changed, self._warnings, self._rotation.label, failed=True)
            ended.result = self._result(failed=True)
            return ended
        rotated = self._case.run.rotated
        return self._called("rotated" if rotated else "not rotated", changed=self._changed)

    def _called(self, message: str, changed: bool) -> Called:
        result = self._result(failed=False)
        parts = [message.rstrip("."), *self._events, *self._rotation.remarks(self._case)]
        line = self._line("; ".join([*parts, due_in_words(result["due_in_days"])]))
        return Called(line, changed, self._warnings, self._rotation.label, result=result)

    def _result(self, failed: bool) -> dict[str, Any]:
        result = self._rotation.result(self._case, failed)
        return {**result, "due_in_days": in_tenths(result["due_in_days"])}

    def _line(self, message: str) -> str:
        return f"{self._rotation.label}: {message}" if message else self._rotation.label


def in_tenths(days: float | None) -> float | None:
    """Return days rounded to a tenth, and 0.0 instead of -0.0."""
    return None if days is None else round(days, 1) or 0.0


def due_in_words(days: float | None) -> str:
    """Return when a rotation is due, as a part of a sentence.

    :param days: until then, in tenths; None where that is not known.
    """
    if days is None:
        return "when it is due is not known"
    if days == 0:
        return "due now"
    return f"due in {days:.1f} days" if days > 0 else f"overdue by {-days:.1f} days"
