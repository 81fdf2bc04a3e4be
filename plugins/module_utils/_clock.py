# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Time and chance, handed in wherever the engine waits, so that a test decides about both."""

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

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        :param seconds: how long; nothing is waited where it is not above 0.
        :raises Cancelled: once the work was cancelled.
        """
        if self._cancelled.wait(max(0.0, seconds)):
            raise Cancelled

    def random(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return random.random()

    def check(self) -> None:
        """Pass while work may go on.

        :raises Cancelled: once the work was cancelled.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """End all waiting, now and from now on."""
        self._cancelled.set()
