# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a request is sent again, and how a limit's rate is found."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._retries import (
    Outcome,
    Pacer,
    backoff,
    may_repeat,
    retry_after,
)


@pytest.mark.parametrize(
    ("outcome", "repeatable", "attempts_left", "expected"),
    [
        (Outcome.ANSWERED, True, 5, False),
        (Outcome.REFUSED, False, 1, True),
        (Outcome.REFUSED, False, 0, False),
        (Outcome.NOT_SENT, False, 1, True),
        (Outcome.UNKNOWN, False, 5, False),
        (Outcome.UNKNOWN, True, 1, True),
        (Outcome.UNKNOWN, True, 0, False),
    ],
)
def test_what_a_request_means_decides_whether_it_is_repeated(outcome, repeatable, attempts_left, expected):
    assert may_repeat(outcome, repeatable, attempts_left) is expected


def test_backoff_is_exponential_with_full_jitter_and_bounded():
    assert [backoff(attempt, 1.0) for attempt in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff(3, 0.0) == 0.0
    assert backoff(2000, 1.0) == 30.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7.0), ("", None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("-3", None)],
)
def test_retry_after_is_seconds_or_a_date(value, expected):
    assert retry_after({"Retry-After": value}) == expected


class SimulatedClock(Clock):
    """A clock that only sleeping and serving move."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.moment = 0.0
        self.chance = chance

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += seconds

    def random(self) -> float:
        return self.chance


class World:
    """A server that lets some requests through in each window."""

    def __init__(self, allowed: int, window: float) -> None:
        self.clock = SimulatedClock(chance=0.0)
        self.allowed = allowed
        self.window = window
        self.let_through: list[float] = []
        self.refused = 0

    def serve(self, pacer: Pacer, latency: float) -> bool:
        sent_at = pacer.wait()
        self.clock.moment += latency
        now = self.clock.moment
        recent = [moment for moment in self.let_through if moment > now - self.window]
        if len(recent) < self.allowed:
            self.let_through.append(now)
            pacer.accepted()
            return True
        self.refused += 1
        pacer.refused(sent_at, None)
        return False


@pytest.mark.parametrize(("allowed", "window"), [(100, 1.0), (500, 60.0), (10, 1.0)])
def test_the_rate_settles_near_the_limit_with_few_refusals(allowed, window):
    world = World(allowed, window)
    pacer = Pacer(world.clock)
    refusals_in_a_row = longest = 0
    while len(world.let_through) < 1000:
        refusals_in_a_row = 0 if world.serve(pacer, latency=0.001) else refusals_in_a_row + 1
        longest = max(longest, refusals_in_a_row)
    assert world.refused < 1000 / 20
    # A request may be sent six times (max_retries: 5), so a single thread must never be refused more often than that.
    assert longest <= 5


def test_refusals_of_requests_sent_before_a_pause_count_once():
    clock = SimulatedClock(chance=0.0)
    pacer = Pacer(clock)
    sent = [pacer.wait() for _request in range(32)]
    clock.moment = 1.0
    for sent_at in sent:
        pacer.refused(sent_at, 3.0)
    assert pacer.wait() == 4.0


def test_a_retry_after_is_honoured():
    clock = SimulatedClock(chance=1.0)
    pacer = Pacer(clock)
    sent_at = pacer.wait()
    clock.moment = 0.1
    pacer.refused(sent_at, 17.0)
    assert pacer.wait() == pytest.approx(17.1)
