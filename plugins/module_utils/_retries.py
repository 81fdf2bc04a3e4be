# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where it is decided whether a request is sent again, and when.

Twilio has no idempotency keys, so an attempt's outcome and the request's meaning decide:

- refused with 429: it was never processed, so any request is sent again;
- no connection was made: likewise;
- no answer, 5xx, or an answer that can't be read: it may have been applied. Only a request that can be repeated
  without harm is sent again; the fate of any other is settled by the resource, which looks at what is there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum

from ._clock import Clock

#: A longer Retry-After (seconds) ends the task instead: a scheduled run should fail while somebody can still see why.
LONGEST_RETRY_AFTER = 300.0

_BACKOFF_BASE = 0.5
_BACKOFF_CAP = 30.0
#: Five of these, doubled each time, outlast the SafeList's limit of 500 requests a minute.
_PAUSE_BASE = 2.0
_PAUSE_CAP = 64.0
#: What the rate gains in each second without a refusal.
_RATE_GAIN = 0.05


class Outcome(Enum):
    """How one attempt at a request ended."""

    ANSWERED = "answered"
    REFUSED = "refused for now (429)"
    NOT_SENT = "not sent"
    UNKNOWN = "of unknown fate"


def may_repeat(outcome: Outcome, repeatable: bool, attempts_left: int) -> bool:
    """Decide whether a request is sent again.

    :param outcome: how the attempt ended.
    :param repeatable: whether sending it twice leaves what sending it once does.
    :param attempts_left: further attempts that the user allows (``max_retries``).
    """
    if outcome is Outcome.ANSWERED or attempts_left <= 0:
        return False
    return repeatable or outcome is not Outcome.UNKNOWN


def _doubled(base: float, times: int, cap: float) -> float:
    # Past 2 ** 10 every cap is reached, and a float's range is not.
    return min(cap, base * 2.0 ** min(times, 10))


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after an attempt without success: exponential, with full jitter.

    :param attempt: 0 for the first.
    :param chance: a number from 0 to 1, the jitter: which part of the exponential wait is waited.
    :returns: 0 to 0.5 seconds after the first, and twice that after each further one, 30 seconds at most.
    """
    return chance * _doubled(_BACKOFF_BASE, attempt, _BACKOFF_CAP)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), None where there is none to read."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


class Pacer:
    """Holds all requests of one account to the rate that Twilio accepts.

    Nothing is held back until the first 429. Then all threads pause together, go on at half the rate that was measured,
    and the rate rises slowly until the next refusal. Refusals of requests that were sent before a pause began belong to
    that pause: they only wait.

    :param clock: time, waiting, and chance for the jitter.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._interval = 0.0
        self._next_slot = float("-inf")
        self._pauses = 0
        self._pause_began = float("-inf")
        self._refusals_in_a_row = 0
        self._measured_from: float | None = None
        self._accepted = 0

    def wait(self) -> float:
        """Wait until a request may be sent, and return the time of that, for :meth:`refused`."""
        if self._measured_from is not None and not self._interval:
            return self._clock.now()
        while True:
            with self._lock:
                now = self._clock.now()
                if self._measured_from is None:
                    self._measured_from = now
                pauses = self._pauses
                slot = max(now, self._next_slot)
                self._next_slot = slot + self._interval
            if slot > now:
                self._clock.sleep(slot - now)
            if pauses == self._pauses:
                return self._clock.now()

    def accepted(self) -> None:
        """Note that a request was processed, whatever its answer."""
        with self._lock:
            self._accepted += 1
            self._refusals_in_a_row = 0
            self._interval /= 1.0 + _RATE_GAIN * self._interval

    def refused(self, sent_at: float, wait_for: float | None) -> None:
        """Note a 429: unless its request was sent before the present pause began, all pause and slow down.

        :param sent_at: what :meth:`wait` returned.
        :param wait_for: seconds of its Retry-After, None where there was none.
        """
        with self._lock:
            now = self._clock.now()
            if sent_at <= self._pause_began:
                return
            exponential = _doubled(_PAUSE_BASE, self._refusals_in_a_row, _PAUSE_CAP) * (1.0 + self._clock.random())
            if wait_for is None:
                pause = exponential
            elif self._refusals_in_a_row:
                pause = max(wait_for, exponential)
            else:
                pause = wait_for
            self._interval = 2.0 * (self._interval or self._measured_interval(now))
            self._refusals_in_a_row += 1
            self._pauses += 1
            self._pause_began = now
            self._next_slot = now + pause

    def _measured_interval(self, now: float) -> float:
        since = now if self._measured_from is None else self._measured_from
        return (now - since) / max(1, self._accepted)
