# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of every rotation: steps, a table of rows that decides the next one, and the case that a step leads to.

Everything here is pure: no I/O, no Ansible, no clock. A table is a sequence of rows, and the first row that fits a case
decides its step. The driver (``_driver.py``) performs the step and calls :func:`after`; the tests explore the same two
functions. The tables are in ``_token_rotation.py``, ``_credential_rotation.py`` and ``_api_key_rotation.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Thing = TypeVar("Thing")


class RotationError(Exception):
    """Ends a run; the message is a sentence for the user, and holds no secret."""


@dataclass(frozen=True)
class Run:
    """What one run has done so far. Each call passes it to the next, so it holds no secret.

    :param locked: whether the run holds the record's lock.
    :param held: whether the lock was checked, and nothing that takes time was done since.
    :param saved: whether this run has saved a phase; otherwise the record's phase is another run's, which ended there.
    :param settled: whether this run has waited for requests of an earlier run.
    :param rotated: whether this run has put a new secret in place: it rotates once.
    :param passed: the hook that succeeded since the last save, the latest one.
    :param failed: the hook that failed, or the first of those of which one failed.
    :param failed_or: the others of those.
    :param failed_in: where and why, as the rest of a sentence.
    :param failure: why the run ends as a failure, once that is decided.
    :param notes: the events that rows depend on, in order.
    """

    locked: bool = False
    held: bool = False
    saved: bool = False
    settled: bool = False
    rotated: bool = False
    passed: str | None = None
    failed: str | None = None
    failed_or: tuple[str, ...] = ()
    failed_in: str = ""
    failure: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def resumed(self) -> bool:
        """Whether the record's phase was saved by another run."""
        return not self.saved

    @property
    def failed_hook(self) -> str:
        """A sentence about the hook that failed."""
        hooks = " or ".join(f"'{hook}'" for hook in (self.failed, *self.failed_or))
        return f"The hook {hooks} failed{self.failed_in or '.'}"


@dataclass(frozen=True)
class Settings:
    """The settings of every rotation.

    :param now: the time, with its zone.
    :param max_age_days: how old the secret may get; 0 is due in every run.
    :param force: whether it is due whatever its age.
    """

    now: datetime
    max_age_days: float
    force: bool

    @property
    def today(self) -> str:
        """The time as a record holds it."""
        return timestamp(self.now)


def required(thing: Thing | None) -> Thing:
    """Return a value that can't be None here, because of the rows above or the step before.

    :raises AssertionError: where it is None, which is a mistake in the table.
    """
    if thing is None:
        raise AssertionError("a row or a step came before what it depends on")
    return thing


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as records hold it: ISO 8601, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stays(sid: str) -> str:
    """Return what a run's message says of an old one in its days of grace.

    :param sid: the old one's.
    """
    return f"the old one, {sid}, stays until its days of grace are over"


def unusable(problem: str) -> RotationError:
    """Return the failure of a record that contradicts itself.

    :param problem: in what, as a part of a sentence.
    """
    return RotationError(
        f"The record can't be used: {problem}. Nothing was done. To repair it by hand, see the guide 'Failure and"
        " recovery' (docs/docsite/rst/guide_failure.rst)."
    )


class Record(Protocol):
    """A record of one type of rotation: a frozen dataclass."""

    @property
    def phase(self) -> str:
        """The phase that the rotation is in."""

    @property
    def __dataclass_fields__(self) -> dict[str, Any]: ...


SomeRecord = TypeVar("SomeRecord", bound=Record)
SomeProbe = TypeVar("SomeProbe")
SomeSettings = TypeVar("SomeSettings", bound=Settings)


class Answer(NamedTuple):
    """How the last request ended.

    :param kind: one of the table's words for it.
    :param value: what it returned, such as a new secret.
    :param message: of a failure, the sentence for the user.
    """

    kind: str
    value: Any = None
    message: str = ""


@dataclass(frozen=True)
class Case(Generic[SomeRecord, SomeProbe, SomeSettings]):
    """All that a decision depends on.

    :param record: as it was loaded or saved last; None where there is none.
    :param probe: the actual state, as read for this decision; None where it has to be read first.
    :param answer: how the last request ended; None once its result is saved.
    """

    record: SomeRecord | None
    run: Run
    settings: SomeSettings
    probe: SomeProbe | None = None
    answer: Answer | None = None

    def noted(self, note: str) -> int:
        """Return how often something was noted in this run."""
        return self.run.notes.count(note)

    def answered(self, *kinds: str) -> bool:
        """Return whether the last request ended in one of these ways."""
        return self.answer is not None and self.answer.kind in kinds


SomeCase = TypeVar("SomeCase", bound=Case[Any, Any, Any])


@dataclass(frozen=True)
class Step:
    """What is done next.

    :param note: what is noted of it for the rest of the run.
    :param warning: a sentence for the user.
    """

    note: str = field(default="", kw_only=True)
    warning: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Probe(Step):
    """Read what is there: requests that change nothing."""


@dataclass(frozen=True)
class Settle(Step):
    """Wait until no request of an earlier run can be on its way any more."""


@dataclass(frozen=True)
class Save(Step):
    """Replace the record, if it is still the one that was loaded, and take or keep its lock.

    :param changes: the record's fields that change.
    :param event: what happened, as a part of a sentence for the log.
    :param shown_by: the hook that shows the event; where it has no task file, nothing does.
    :param release: whether the lock is released with it.
    :param rotated: whether a new secret is in place with it.
    :param failure: why the run ends after it; empty where it goes on.
    :param probe: what was read just before about the secrets that are saved; None where it has to be read anew.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    event: str = field(default="", kw_only=True)
    shown_by: str = field(default="", kw_only=True)
    release: bool = field(default=False, kw_only=True)
    rotated: bool = field(default=False, kw_only=True)
    failure: str = field(default="", kw_only=True)
    probe: Any = field(default=None, kw_only=True)


@dataclass(frozen=True)
class RunHook(Step):
    """Run a task file.

    :param name: the hook's.
    :param variables: those that it gets besides those of every hook.
    :param reads: whether it changes nothing, so that it needs no lock, and may run with the hook before it.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    reads: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Request(Step):
    """Send a request, or do something else outside of the record.

    :param name: which one; the rotation's driver performs it.
    :param argument: what it is about.
    :param reads: whether it changes nothing, so that it is sent in check mode, too, and the probe stays valid.
    """

    name: str
    argument: Any = None
    reads: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Stop(Step):
    """End as a failure.

    :param message: why, and what to do.
    """

    message: str


@dataclass(frozen=True)
class Finish(Step):
    """End: nothing more is due."""


class Row(NamedTuple):
    """A row of a table.

    :param name: the case in words.
    :param fits: whether the row applies to a case, if none above does.
    :param step: what is done then.
    :param plan: what this step and those that follow it would do, as a sentence for check mode.
    """

    name: str
    fits: Callable[[Any], bool]
    step: Callable[[Any], Step]
    plan: str = ""


def decide(table: Sequence[Row], case: Case[Any, Any, Any]) -> tuple[Row, Step]:
    """Return the first row that fits, and its step.

    :raises AssertionError: where none fits, which the exploration shows never happens.
    """
    for row in table:
        if row.fits(case):
            return row, row.step(case)
    raise AssertionError("no row fits")


def after(case: SomeCase, step: Step, result: Any = None) -> SomeCase:
    """Return the case that a step leads to, once it was performed.

    :param case: the case in which the step was decided.
    :param step: the step.
    :param result: of a Probe, what is there; of a Request, its :class:`Answer`; of a RunHook, whether it succeeded; of
        a Save where there was no record, the record.
    """
    run = replace(case.run, notes=(*case.run.notes, step.note)) if step.note else case.run
    if isinstance(step, Probe):
        return replace(case, run=run, probe=result)
    if isinstance(step, Settle):
        return replace(case, run=replace(run, settled=True, held=False), probe=None, answer=None)
    if isinstance(step, Request) and step.reads:
        return replace(case, run=run, answer=result)
    if isinstance(step, Request):
        # With its retries and pauses, a request may take longer than the lease.
        return replace(case, run=replace(run, held=False), probe=None, answer=result)
    if isinstance(step, RunHook):
        ended = replace(run, passed=step.name) if result else replace(run, failed=step.name)
        return replace(case, run=replace(ended, held=False), probe=None, answer=None)
    if isinstance(step, Save):
        saved = replace(
            run,
            locked=not (step.release or step.failure),
            held=True,
            saved=run.saved or "phase" in step.changes,
            rotated=run.rotated or step.rotated,
            passed=None,
            failure=step.failure or run.failure,
        )
        record = result if case.record is None else replace(case.record, **step.changes)
        return replace(case, run=saved, record=record, probe=step.probe, answer=None)
    raise AssertionError(f"nothing follows {step}")
