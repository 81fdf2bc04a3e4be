# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Decides whether a request is sent again, and when.

Twilio has no idempotency keys, so an attempt's outcome and the request's meaning decide:

- refused with 429: it was never processed, so any request is sent again;
- no connection was made: likewise;
- no answer, 5xx, or an answer that can't be read: it may have been applied. Only a request that can be repeated
  without harm is sent again; the outcome of any other is settled by the resource, which reads the actual state.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from types import TracebackType

from ._clock import Clock

#: A longer Retry-After (seconds) ends the task instead: a scheduled run should fail while somebody can still see why.
LONGEST_RETRY_AFTER = 300.0

#: Seconds of refusals after which the next one ends the task; long enough to outlast a limit per minute.
LONGEST_REFUSAL = 130.0

_BACKOFF_BASE = 0.5
_BACKOFF_CAP = 30.0
#: A longer Retry-After is cut to this (seconds).
_FARTHEST = 365 * 86400.0

#: The time since the first refusal, plus these seconds, grows from probe to probe by a factor between the next two.
_PROBES_FROM = 0.5
_FASTEST_PROBES = 1.2
_SLOWEST_PROBES = 3.0
#: The wait for a probe grows by a random part, up to this, so that tasks refused together do not come back together.
_JITTER = 0.1

#: What an answer adds to a rate above the one known to be accepted; so the rate grows by a twentieth each second.
_RATE_GAIN = 0.05
#: Requests per second: the lowest rate, and the one from which on nothing is held back.
_SLOWEST_RATE = 1.0
_FASTEST_RATE = 1000.0


class AttemptOutcome(Enum):
    """How one attempt at a request ended."""

    ANSWERED = "answered"
    REFUSED = "refused for now (429)"
    NOT_SENT = "not sent"
    UNKNOWN = "of unknown outcome"


def may_repeat(outcome: AttemptOutcome, repeatable: bool, attempts_left: int) -> bool:
    """Decide whether a request is sent again.

    :param outcome: how the attempt ended.
    :param repeatable: whether sending it twice leaves what sending it once does.
    :param attempts_left: further attempts that the user allows (``max_retries``).
    """
    if outcome is AttemptOutcome.ANSWERED or attempts_left <= 0:
        return False
    return repeatable or outcome is not AttemptOutcome.UNKNOWN


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after an attempt without success: exponential, with full jitter.

    :param attempt: 0 for the first.
    :param chance: a number from 0 to 1, the jitter: which part of the exponential wait is waited.
    :returns: 0 to 0.5 seconds after the first, and twice that after each further one, 30 seconds at most.
    """
    # Past 2 ** 10 the cap is reached, and a float's range is not.
    return chance * min(_BACKOFF_CAP, _BACKOFF_BASE * 2.0 ** min(attempt, 10))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), None where there is none to read."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]+", value):
        return min(float(value), _FARTHEST)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return min(max(0.0, seconds), _FARTHEST)


class GivenUp(Exception):
    """Nothing is sent, because Twilio refuses everything; the message states for how long, and what to do about it."""


class Turn:
    """Permission to send one request: a context in which it is sent and its answer is reported to :class:`Pacer`.

    :ivar sent_at: when it began.
    """

    __slots__ = ("_pacer", "epoch", "sent_at")

    def __init__(self, pacer: Pacer, epoch: int, sent_at: float) -> None:
        self._pacer = pacer
        self.epoch = epoch
        self.sent_at = sent_at

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pacer.ended(self)


class _Waiter:
    """A request that is held back."""

    def __init__(self, wake: threading.Event, tries: int) -> None:
        self.wake = wake
        self.tries = tries
        self.given_up: str | None = None


class Pacer:
    """Limits all requests of one account to the rate that Twilio accepts.

    Nothing is held back until the first refusal. Then everything pauses, and one request at a time probes: the one that
    has the most attempts left, so that none uses up its own alone. A probe that is accepted ends the pause for all.
    They go on slowly, soon reach the rate that was accepted before, and then speed up until the next refusal.

    Where Twilio refuses for too long, all that wait are given up. A later request probes anew.

    :param clock: time, waiting, and chance for the jitter.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        #: Whether requests go out at once. Like the count of accepted requests, it is used without the lock.
        self._free = True
        #: In order of arrival. The first waits for the time of the next request; the others sleep until they are woken.
        self._waiting: list[_Waiter] = []
        #: Incremented when a pause begins or ends: answers to requests from before that are outdated.
        self._epoch = 0
        self._counted_from: float | None = None
        self._accepted = 0

        # During a pause: the first refusal (None: none since the waiting requests were given up), the last one, the
        # end of its Retry-After, which part of the usual wait follows it, and the request that probes.
        self._pausing = False
        self._refused_since: float | None = None
        self._refused_at = 0.0
        self._not_before = 0.0
        self._stretch = 0.0
        self._probing: _Waiter | Turn | None = None

        # After a pause: requests per second, by how much an answer raises that, and up to where.
        self._rate = 0.0
        self._rate_step = 0.0
        self._known_rate: float | None = None
        self._sent_at = 0.0

    def wait(self, tries: int = 1) -> Turn:
        """Wait until a request may be sent.

        :param tries: how many more attempts the request may take, this one included.
        :returns: a context: within it the request is sent, and :meth:`accepted` or :meth:`refused` is called.
        :raises GivenUp: Twilio has refused everything for too long.
        :raises Cancelled: once the work was cancelled.
        """
        self._clock.check()
        # Read before the state: a turn granted while a pause begins must count as one from before it.
        epoch = self._epoch
        if self._free:
            now = self._clock.now()
            if self._counted_from is None:
                self._counted_from = now
            return Turn(self, epoch, now)
        waiter = _Waiter(self._clock.event(), tries)
        with self._lock:
            self._waiting.append(waiter)
            self._wake_first()
        try:
            while True:
                with self._lock:
                    waiter.wake.clear()
                    turn = self._turn_for(waiter)
                    seconds = self._seconds_left() if waiter is self._waiting[0] else None
                if turn is not None:
                    return turn
                self._clock.wait(waiter.wake, seconds)
        finally:
            with self._lock:
                self._waiting.remove(waiter)
                if self._probing is waiter:
                    self._probing = None
                self._wake_first()

    def accepted(self, turn: Turn) -> None:
        """Note that a request was processed, whatever its answer."""
        self._accepted += 1
        if self._free:
            return
        with self._lock:
            if turn.epoch != self._epoch:
                return
            now = self._clock.now()
            if self._pausing:
                self._end_pause(now, turn)
            elif self._known_rate is None or self._rate < self._known_rate:
                self._rate = min(self._rate + self._rate_step, self._known_rate or _FASTEST_RATE)
            else:
                self._rate += _RATE_GAIN
            self._free = self._rate >= _FASTEST_RATE
            self._wake_first()

    def refused(self, turn: Turn, wait_for: float | None) -> str | None:
        """Note that Twilio takes no requests for now.

        :param turn: the request's.
        :param wait_for: seconds of its Retry-After, None where there was none.
        :returns: None; or, where no further attempt is allowed, why not and when to try again.
        """
        with self._lock:
            now = self._clock.now()
            if wait_for is not None and wait_for > LONGEST_RETRY_AFTER:
                return self._give_up(
                    now, f"Twilio asks to wait for {wait_for:.0f} seconds: run the task again after that."
                )
            if turn.epoch != self._epoch:
                # Sent before the pause began, so it counts as what began it.
                if self._pausing:
                    self._not_before = max(self._not_before, now + (wait_for or 0.0))
                return None
            if not self._pausing:
                self._begin_pause(now)
            since = self._refused_since
            if since is not None and now - since >= LONGEST_REFUSAL:
                return self._give_up(
                    now,
                    f"Twilio has refused every request for {now - since:.0f} seconds: run the task again later, with a "
                    "lower concurrency.",
                )
            # The first Retry-After is trusted; once one was too short, the usual wait applies as well.
            trusted = since is None and wait_for is not None
            self._stretch = 0.0 if trusted else 1.0 + _JITTER * self._clock.random()
            self._refused_since = now if since is None else since
            self._refused_at = now
            self._not_before = now + (wait_for or 0.0)
            self._wake_first()
            return None

    def ended(self, turn: Turn) -> None:
        """Note that a request is over, answered or not."""
        if self._probing is turn:
            with self._lock:
                self._probing = None
                self._wake_first()

    def _turn_for(self, waiter: _Waiter) -> Turn | None:
        """Return a waiting request's turn, None where it goes on waiting."""
        now = self._clock.now()
        if waiter.given_up is not None:
            raise GivenUp(waiter.given_up)
        if self._pausing:
            if self._probing is None and self._seconds_left() == 0.0:
                self._probing = max(self._waiting, key=lambda other: other.tries)
                self._probing.wake.set()
            if self._probing is not waiter:
                return None
            self._probing = turn = Turn(self, self._epoch, now)
            return turn
        if waiter is not self._waiting[0] or self._seconds_left():
            return None
        self._sent_at = now
        return Turn(self, self._epoch, now)

    def _seconds_left(self) -> float | None:
        """Return the seconds until the next request may be sent, None while a probe is on its way."""
        if not self._pausing:
            due = self._sent_at + (0.0 if self._free else 1.0 / self._rate)
        elif self._probing is not None:
            return None
        elif self._refused_since is None:
            return 0.0
        else:
            # The attempts of all that wait are spread over the time that is left.
            tries = sum(waiter.tries for waiter in self._waiting)
            lasted = _PROBES_FROM + self._refused_at - self._refused_since
            factor = max(1.0, (LONGEST_REFUSAL + _PROBES_FROM) / lasted) ** (1.0 / tries)
            usual = lasted * (min(_SLOWEST_PROBES, max(_FASTEST_PROBES, factor)) - 1.0)
            due = max(self._not_before, self._refused_at + usual * self._stretch)
        return max(0.0, due - self._clock.now())

    def _begin_pause(self, now: float) -> None:
        if self._counted_from is not None and self._accepted:
            accepted_rate = self._accepted / max(now - self._counted_from, 1.0 / _FASTEST_RATE)
            self._known_rate = max(_SLOWEST_RATE, accepted_rate)
        # The next count includes this pause: a limit per window lets everything through at the window's start.
        self._counted_from = now
        self._accepted = 0
        self._epoch += 1
        self._free = False
        self._pausing = True
        self._refused_since = None

    def _end_pause(self, now: float, probe: Turn) -> None:
        self._epoch += 1
        self._pausing = False
        self._probing = None
        # Each answer adds one request per response time, so that the rate doubles in that time.
        self._rate_step = 1.0 / max(now - probe.sent_at, 1.0 / _FASTEST_RATE)
        self._rate = min(self._rate_step, self._known_rate or _FASTEST_RATE)
        self._sent_at = float("-inf")

    def _give_up(self, now: float, why: str) -> str:
        if not self._pausing:
            self._begin_pause(now)
        self._epoch += 1
        self._refused_since = None
        self._probing = None
        for waiter in self._waiting:
            waiter.given_up = why
            waiter.wake.set()
        return why

    def _wake_first(self) -> None:
        if self._waiting:
            self._waiting[0].wake.set()
