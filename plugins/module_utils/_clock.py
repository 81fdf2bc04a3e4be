# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Time and random numbers, passed in wherever the engine waits, so that a test controls both."""

from __future__ import annotations

import random
import threading
import time


class Cancelled(BaseException):
    """The work was cancelled while it waited; like KeyboardInterrupt, it is no failure that a task reports."""


class Clock:
    """Time that passes, and waiting that :meth:`cancel` ends in all threads."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._awaited: set[threading.Event] = set()

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        :param seconds: how long; there is no wait where it is 0 or less.
        :raises Cancelled: once the work was cancelled.
        """
        if self._cancelled.wait(max(0.0, seconds)):
            raise Cancelled

    def event(self) -> threading.Event:
        """Return an event that :meth:`wait` can wait for."""
        return threading.Event()

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Wait until an event is set by another thread.

        :param event: what to wait for, by :meth:`event`.
        :param seconds: for how long at most; None for as long as it takes.
        :raises Cancelled: once the work was cancelled.
        """
        self._awaited.add(event)
        try:
            # After the event was added: a cancellation is either seen here, or sets the event.
            self.check()
            event.wait(seconds)
        finally:
            self._awaited.discard(event)
        self.check()

    def random(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return random.random()

    def check(self) -> None:
        """Return while work may go on.

        :raises Cancelled: once the work was cancelled.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """End all waiting, now and in future. It takes no lock, so that a signal handler may call it."""
        self._cancelled.set()
        for event in self._awaited.copy():
            event.set()
