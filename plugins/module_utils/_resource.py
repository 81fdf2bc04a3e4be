# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How every resource is brought to its wanted state: read, plan, apply.

In check mode ``apply`` is not called; :func:`converge` is the only place that handles it.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Generic, TypeVar

from ._clock import Cancelled
from ._errors import TwilioError

#: Seconds to wait for threads to end after an interrupt.
_JOIN_TIMEOUT = 0.5

Actual = TypeVar("Actual")
Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task.

    :param changed: whether something was changed, or would be.
    :param result: the keys that are returned.
    :param before: the resource before, as it is returned; empty where there was none. None, like ``after``, where the
        task only reads.
    :param after: the resource after.
    :param warnings: sentences for the user.
    :param replaced: the records that were deleted because the resource replaces them, as the diff shows them.
    :param applied: whether this has happened; otherwise it is a prediction, and null in ``after`` means unknown.
    """

    changed: bool
    result: Mapping[str, Any]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    warnings: Sequence[str] = ()
    replaced: Sequence[Mapping[str, Any]] = ()
    applied: bool = True

    def diff(self) -> dict[str, dict[str, Any]] | None:
        """Return what ``--diff`` shows, None where the task only reads.

        Keys that are null on both sides are left out, and so are those whose later value isn't known yet. The latter
        stay in ``before`` where another record replaces this one: its SID is what changes.
        """
        if self.before is None or self.after is None:
            return None
        before, after = dict(self.before), dict(self.after)
        same_record = before.get("sid") == after.get("sid")
        for key in {*before, *after}:
            if before.get(key) is None and after.get(key) is None:
                before.pop(key, None)
                after.pop(key, None)
            elif not self.applied and after.get(key, key) is None:
                after.pop(key)
                if same_record:
                    before.pop(key)
        if self.replaced:
            before["replaced"], after["replaced"] = [dict(record) for record in self.replaced], []
        return {"before": before, "after": after}


@dataclass(frozen=True)
class Plan:
    """What is to be done, and its predicted outcome: decided from actual and wanted state, without any request.

    :param steps: the writes, in their order; none where the wanted state is there already.
    :param result: the keys that are returned if the plan is not applied, null where unknown.
    :param before: the resource before.
    :param after: the resource after, as far as it can be known.
    :param warnings: sentences for the user.
    :param foreseen: whether the steps are expected to change something, which is not certain for a deletion.
    :param replaced: the records that would be deleted because the resource replaces them.
    """

    steps: Sequence[Any]
    result: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    warnings: Sequence[str] = ()
    foreseen: bool = True
    replaced: Sequence[Mapping[str, Any]] = ()

    def outcome(self) -> Outcome:
        """Return the predicted outcome."""
        changed = bool(self.steps) and self.foreseen
        return Outcome(
            changed, self.result, self.before, self.after, self.warnings, replaced=self.replaced, applied=False
        )


class Resource(ABC, Generic[Actual]):
    """Something that a task describes: how it is read, what has to be done, and how that is done."""

    @abstractmethod
    def read(self) -> Actual:
        """Read what is there. It writes nothing.

        :raises TwilioError: where that can't be determined.
        """

    @abstractmethod
    def plan(self, actual: Actual) -> Plan:
        """Decide what is to be done. It sends no request and writes nothing.

        :raises AmbiguousState: where only the user can decide.
        """

    @abstractmethod
    def apply(self, actual: Actual, plan: Plan) -> Outcome:
        """Perform the plan's steps, and return their outcome.

        :raises TwilioError: with what was done so far in ``result``, and in ``diff`` where that isn't the whole plan;
            see :func:`add_what_was_done`.
        """


def add_what_was_done(error: TwilioError, done: Outcome) -> None:
    """Add to a failure what was done before it; a failure before any change stays as it is.

    :param error: what stopped the rest.
    :param done: what was done.
    """
    if done.changed:
        error.result.update(done.result, changed=True)
        error.diff = done.diff()


def converge(resource: Resource[Any], dry_run: bool) -> Outcome:
    """Bring a resource to its wanted state, or predict what that would change.

    :param resource: what is wanted, and how it is read, planned and applied.
    :param dry_run: check mode: nothing is written.
    :returns: the outcome; the predicted one where nothing was written.
    :raises TwilioError: anything that stops it; where something was changed before, its ``diff`` shows what.
    """
    actual = resource.read()
    plan = resource.plan(actual)
    if dry_run or not plan.steps:
        return plan.outcome()
    try:
        return resource.apply(actual, plan)
    except TwilioError as error:
        if error.result.get("changed") and error.diff is None:
            error.diff = plan.outcome().diff()
        raise


def for_each(
    items: Sequence[Item],
    work: Callable[[Item], Value],
    concurrency: int,
    stop_at: Callable[[TwilioError], bool],
    cancel: Callable[[], None],
) -> list[Value | TwilioError | None]:
    """Do the work for all items, some at once.

    An exception other than a TwilioError is a bug or an interrupt: it stops everything and is raised again.

    :param items: what to work on; none is None.
    :param work: does the work for one item; it is called in several threads.
    :param concurrency: how many items at once; the calling thread counts as one.
    :param stop_at: whether nothing further is to be started after this error.
    :param cancel: aborts the work in progress; called on an interrupt, after which threads get little time to end.
    :returns: for each item, in their order, its value, the TwilioError that ended its work, or None where it was not
        tried.
    """
    ends: list[Value | TwilioError | None] = [None] * len(items)
    waiting: Iterator[tuple[int, Item]] = iter(enumerate(items))
    lock = threading.Lock()
    stopped = threading.Event()
    bugs: list[BaseException] = []

    def run() -> None:
        while not stopped.is_set():
            with lock:
                position, item = next(waiting, (-1, None))
            if item is None:
                return
            try:
                ends[position] = work(item)
            except TwilioError as error:
                ends[position] = error
                if stop_at(error):
                    stopped.set()
            except (Exception, Cancelled) as bug:
                bugs.append(bug)
                stopped.set()

    threads = [threading.Thread(target=run, daemon=True) for _unused in range(min(concurrency, len(items)) - 1)]
    try:
        for thread in threads:
            thread.start()
        run()
        for thread in threads:
            thread.join()
    except BaseException:
        # Threads are daemons: one that can't be ended, since it looks up a host name, does not outlive the process.
        stopped.set()
        cancel()
        for thread in threads:
            if thread.is_alive():
                thread.join(_JOIN_TIMEOUT / len(threads))
        raise
    if bugs:
        raise bugs[0]
    return ends
