# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read, plan, apply; and many items in parallel, until they are done, stopped or interrupted."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.community.twilio.plugins.module_utils._clock import Cancelled, Clock
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import (
    Outcome,
    Plan,
    Resource,
    converge,
    for_each,
)

#: Seconds after which a thread is taken for one that never ends.
AT_LAST = 60.0


class Box(Resource):
    """A resource that notes what is done with it."""

    def __init__(self, *steps: str, foreseen: bool = True) -> None:
        self.done: list[str] = []
        self._plan = Plan(steps, {"planned": True}, {"a": 1}, {"a": 2}, ["mind"], foreseen)

    def read(self) -> str:
        self.done.append("read")
        return "actual"

    def plan(self, actual: str) -> Plan:
        self.done.append(f"plan for {actual}")
        return self._plan

    def apply(self, actual: str, plan: Plan) -> Outcome:
        self.done.append(f"apply {', '.join(plan.steps)} to {actual}")
        return Outcome(True, {"applied": True})


def test_check_mode_is_not_to_apply():
    box = Box("add")
    outcome = converge(box, dry_run=True)
    assert box.done == ["read", "plan for actual"]
    assert outcome == Outcome(True, {"planned": True}, {"a": 1}, {"a": 2}, ["mind"], applied=False)


def test_a_plan_with_steps_is_applied():
    box = Box("add", "rename")
    assert converge(box, dry_run=False) == Outcome(True, {"applied": True})
    assert box.done == ["read", "plan for actual", "apply add, rename to actual"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_plan_without_steps_is_not_applied(dry_run):
    box = Box()
    assert converge(box, dry_run).changed is False
    assert box.done == ["read", "plan for actual"]


def test_what_can_t_be_foreseen_is_no_change_in_check_mode():
    assert converge(Box("add", foreseen=False), dry_run=True).changed is False


def never() -> None:
    raise AssertionError("cancelled")


@pytest.mark.parametrize("concurrency", [1, 3, 100])
def test_ends_are_in_the_order_of_their_items(concurrency):
    def work(item: int) -> int:
        if item % 3 == 0:
            raise TwilioError(str(item))
        return item * 2

    ends = for_each(range(10), work, concurrency, lambda error: False, never)
    assert [str(end) if isinstance(end, TwilioError) else end for end in ends] == [
        "0", 2, 4, "3", 8, 10, "6", 14, 16, "9",
    ]  # fmt: skip
    assert for_each([], work, concurrency, lambda error: False, never) == []


def test_so_many_run_at_once_and_no_more():
    together = threading.Barrier(4)
    names = set()

    def work(item: int) -> None:
        names.add(threading.current_thread().name)
        # It passes only when four are here, and breaks where one is missing.
        together.wait(AT_LAST)

    assert for_each(range(8), work, 4, lambda error: False, never) == [None] * 8
    assert len(names) == 4
    assert threading.current_thread().name in names


def test_after_an_error_that_stops_all_nothing_begins():
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise TwilioError("no")
        return item

    ends = for_each(range(10), work, 1, lambda error: str(error) == "no", never)
    assert begun == [0, 1, 2]
    assert ends[:2] == [0, 1]
    assert isinstance(ends[2], TwilioError)
    assert ends[3:] == [None] * 7


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_bug_stops_everything_and_is_raised_again(concurrency):
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        raise ZeroDivisionError(str(item))

    with pytest.raises(ZeroDivisionError):
        for_each(range(100), work, concurrency, lambda error: False, never)
    assert len(begun) <= concurrency


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_cancels_ends_the_others_and_lets_nothing_begin(interrupt):
    clock = Clock()
    main = threading.current_thread()
    waiting = threading.Barrier(4)
    begun, cancelled = [], []

    def work(item: int) -> None:
        begun.append(item)
        waiting.wait(AT_LAST)
        if threading.current_thread() is main:
            raise interrupt
        try:
            clock.sleep(AT_LAST)
        except Cancelled:
            cancelled.append(item)
            raise

    before = set(threading.enumerate())
    with pytest.raises(interrupt):
        for_each(range(100), work, 4, lambda error: False, clock.cancel)
    for thread in set(threading.enumerate()) - before:
        thread.join(AT_LAST)
    assert len(begun) == 4
    assert len(cancelled) == 3


def test_a_thread_that_can_t_be_ended_is_not_waited_for():
    main = threading.current_thread()
    both, ever = threading.Barrier(2), threading.Event()

    def work(item: int) -> None:
        both.wait(AT_LAST)
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        assert ever.wait(AT_LAST), "it was waited for"

    with pytest.raises(KeyboardInterrupt):
        for_each(range(2), work, 2, lambda error: False, lambda: None)
    assert all(thread.daemon for thread in threading.enumerate() if thread is not main)
    ever.set()
