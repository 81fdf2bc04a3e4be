# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand numbers against servers that refuse: on a simulated clock, so that minutes take a fraction of a second.

``pytest -s`` on this file prints what each case took.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Callable, NamedTuple

import pytest

from ansible_collections.community.twilio.plugins.module_utils import _resource
from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._clock import Cancelled, Clock
from ansible_collections.community.twilio.plugins.module_utils._errors import PartialFailure
from ansible_collections.community.twilio.plugins.module_utils._resources import safelist
from ansible_collections.community.twilio.plugins.module_utils._retries import Pacer
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils._transport import NoReply, Reply, Request

ACCOUNT = "AC" + "a" * 32
LATENCY = 0.05
NUMBERS = [f"+1415555{number:04}" for number in range(1000)]


class SimulatedEvent(threading.Event):
    """An event that wakes the simulated thread which waits for it."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__()
        self._clock = clock
        self.sleeper: SimulatedThread | None = None

    def set(self) -> None:
        super().set()
        if self.sleeper is not None:
            self._clock.schedule(self._clock.moment, self.sleeper)


class SimulatedThread:
    """A thread that runs only while all others of its clock wait, in an order that is always the same."""

    def __init__(self, clock: SimulatedClock, target: Callable[[], None] = lambda: None, daemon: bool = True) -> None:
        self._clock = clock
        self._target = target
        self.baton = threading.Semaphore(0)
        self.naps = 0
        self._over = SimulatedEvent(clock)

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()
        self._clock.schedule(self._clock.moment, self)

    def _run(self) -> None:
        self.baton.acquire()
        self._target()
        self._over.set()
        self._clock.switch()

    def join(self) -> None:
        if not self._over.is_set():
            self._clock.park(None, self._over)


class SimulatedClock(Clock):
    """Time that passes only while everybody waits."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.moment = 0.0
        self._random = random.Random(seed)
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, int, SimulatedThread]] = []
        self._main = self._running = SimulatedThread(self)

    def now(self) -> float:
        return self.moment

    def random(self) -> float:
        return self._random.random()

    def sleep(self, seconds: float) -> None:
        self.check()
        self.park(self.moment + max(seconds, 1e-9), None)
        self.check()

    def event(self) -> SimulatedEvent:
        return SimulatedEvent(self)

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        assert isinstance(event, SimulatedEvent)
        self._awaited.add(event)
        self.check()
        if not event.is_set():
            self.park(None if seconds is None else self.moment + max(seconds, 1e-9), event)
        self._awaited.discard(event)
        self.check()

    def schedule(self, moment: float, thread: SimulatedThread) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), thread.naps, thread))

    def park(self, until: float | None, event: SimulatedEvent | None) -> None:
        """Let the others run until a moment has come, or an event is set."""
        me = self._running
        me.naps += 1
        if until is not None:
            self.schedule(until, me)
        if event is not None:
            event.sleeper = me
        self.switch()
        me.baton.acquire()
        if event is not None:
            event.sleeper = None

    def switch(self) -> None:
        """Hand over to the thread whose turn is next."""
        while self._agenda:
            moment, _order, nap, thread = heapq.heappop(self._agenda)
            if nap == thread.naps:
                thread.naps += 1
                self.moment = max(self.moment, moment)
                self._running = thread
                thread.baton.release()
                return
        self._main.baton.release()
        raise AssertionError("all threads wait for each other")


class Refusal(NamedTuple):
    """An answer instead of the one that was asked for."""

    status: int = 429
    retry_after: str | None = None


Policy = Callable[[float], "Refusal | None"]


class Server:
    """A SafeList behind a policy that refuses, as a transport.

    :param clock: whose time it lives in.
    :param policy: the refusal of a request that arrives now, None where it is let through.
    """

    def __init__(self, clock: SimulatedClock, policy: Policy) -> None:
        self.clock = clock
        self.pacer = Pacer(clock)
        self.policy = policy
        self.listed: set[str] = set()
        self.begun: list[float] = []
        self.refused = 0
        #: How many others were under way when a request began.
        self.beside: list[int] = []
        self.under_way = 0
        self.attempts: Counter[tuple[str, str]] = Counter()

    def send(self, request: Request) -> Reply:
        self.clock.check()
        self.begun.append(self.clock.moment)
        self.beside.append(self.under_way)
        number = str({**(request.query or {}), **(request.form or {})}["PhoneNumber"])
        self.attempts[request.method, number] += 1
        self.under_way += 1
        self.clock.sleep(LATENCY)
        self.under_way -= 1
        refusal = self.policy(self.clock.moment)
        if refusal is not None:
            self.refused += 1
            headers = {} if refusal.retry_after is None else {"Retry-After": refusal.retry_after}
            return Reply(refusal.status, headers, b'{"code": 20429, "message": "Too Many Requests"}')
        if request.method == "POST":
            assert number not in self.listed, "added twice"
            self.listed.add(number)
            status = 201
        elif number in self.listed:
            status = 200
        else:
            return Reply(404, {}, b'{"code": 20404, "message": "Not found"}')
        return Reply(status, {}, json.dumps({"sid": "GN" + "0" * 32, "phone_number": number}).encode())


class Run(NamedTuple):
    """What a task came to."""

    server: Server
    seconds: float
    entries: list[dict]
    message: str

    @property
    def failed(self) -> list[str]:
        return [entry["msg"] for entry in self.entries if entry.get("failed")]

    def report(self, ideal: float | None = None) -> None:
        """Print what is worth knowing, for ``pytest -s``."""
        most = max(self.server.attempts.values())
        compared = "" if ideal is None else f"; ideal {ideal:.1f} s, {self.seconds / ideal:.2f} x"
        print(
            f"\n  {self.seconds:.1f} s{compared}; {len(self.server.begun)} requests, {self.server.refused} refused, "
            f"{most} attempts at most, {len(self.failed)} numbers failed",
            end="",
        )


@pytest.fixture
def run(monkeypatch):
    """Return what lets the module work on numbers, on a simulated clock."""

    def run(policy=None, threads=8, numbers=NUMBERS, seed=0, add=False, max_retries=5, server=None) -> Run:
        server = server or Server(SimulatedClock(seed), policy)
        clock = server.clock
        simulated = SimpleNamespace(
            Thread=lambda **options: SimulatedThread(clock, **options), Lock=threading.Lock, Event=threading.Event
        )
        monkeypatch.setattr(_resource, "threading", simulated)
        client = Client(Connection(ACCOUNT, Secret("f" * 32), max_retries=max_retries), server)
        options = {"phone_number": numbers, "state": "present", "concurrency": threads}
        began = clock.moment
        message = ""
        try:
            result = safelist.reconcile(client, options, False).result if add else safelist.look_up(client, options)
        except PartialFailure as failure:
            result, message = failure.result, failure.message
        return Run(server, clock.moment - began, result["numbers"], message)

    return run


def outage(began: float, ended: float, tells: bool = False, status: int = 429) -> Policy:
    """Refuse everything from a moment to another."""

    def policy(now: float) -> Refusal | None:
        if not began <= now < ended:
            return None
        return Refusal(status, str(math.ceil(ended - now)) if tells else None)

    return policy


def bucket(rate: float, size: float) -> Policy:
    """Let a request through for each token; so many come in a second, and no more than a bucketful is kept."""
    tokens, filled = size, 0.0

    def policy(now: float) -> Refusal | None:
        nonlocal tokens, filled
        tokens, filled = min(size, tokens + rate * (now - filled)), now
        if tokens < 1.0:
            return Refusal()
        tokens -= 1.0
        return None

    return policy


def window(allowed: int, seconds: float) -> Policy:
    """Let so many requests through in each window; all windows begin at a multiple of their length."""
    counts: Counter[int] = Counter()

    def policy(now: float) -> Refusal | None:
        counts[int(now // seconds)] += 1
        return Refusal() if counts[int(now // seconds)] > allowed else None

    return policy


def alone_while_refused(server: Server, threads: int, ended: float) -> bool:
    """Tell whether no two requests were under way at once while all were refused, the first of each thread aside."""
    during = [beside for begun, beside in zip(server.begun, server.beside) if begun < ended - LATENCY]
    return not any(during[threads:])


@pytest.mark.parametrize("tells", [False, True], ids=["", "Retry-After"])
@pytest.mark.parametrize("threads", [8, 32])
@pytest.mark.parametrize("seconds", [2, 5, 10, 20, 30, 45, 60, 65, 90, 120])
def test_an_outage_costs_little_more_than_it_lasts(run, seconds, threads, tells):
    done = run(outage(0, seconds, tells), threads, seed=seconds)
    ideal = seconds + len(NUMBERS) * LATENCY / threads
    done.report(ideal)
    assert done.failed == []
    assert done.seconds <= 1.25 * ideal
    assert max(done.server.attempts.values()) <= 6
    assert alone_while_refused(done.server, threads, seconds)
    if tells:
        assert done.server.refused == threads


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("threads", [8, 32])
@pytest.mark.parametrize("seconds", [2, 30, 120])
def test_an_outage_in_the_middle_does_neither(run, seconds, threads, status):
    work = 2 * len(NUMBERS) * LATENCY / threads
    # A 503 pauses all only where it has a Retry-After.
    done = run(outage(work / 2, work / 2 + seconds, status == 503, status), threads, add=True, seed=seconds)
    done.report(seconds + work)
    assert done.failed == []
    assert done.seconds <= 1.25 * (seconds + work)
    assert max(done.server.attempts.values()) <= 6
    assert done.server.listed == set(NUMBERS)
    assert all(entry["changed"] for entry in done.entries)


@pytest.mark.parametrize("threads", [1, 8, 32])
@pytest.mark.parametrize(
    ("policy", "waits", "then"),
    [
        (lambda: bucket(100, 10), 9.9, 1),
        (lambda: bucket(100, 100), 9.0, 1),
        (lambda: window(100, 1), 9.0, 100),
        (lambda: window(10, 1), 99.0, 10),
        (lambda: bucket(500 / 60, 500), 60.0, 1),
        (lambda: window(500, 60), 60.0, 500),
    ],
    ids=["100/s", "100/s, bursts", "100 in each second", "10 in each second", "500/min", "500 in each minute"],
)
def test_the_rate_settles_near_a_limit_with_few_refusals(run, policy, waits, then, threads):
    done = run(policy(), threads)
    # The limit makes the last so many wait so long.
    ideal = max(waits + then * LATENCY / threads, len(NUMBERS) * LATENCY / threads)
    done.report(ideal)
    assert done.failed == []
    assert done.seconds <= 1.25 * ideal
    # What is under way when the first refusal comes can't be taken back.
    assert done.server.refused - threads < 0.05 * len(done.server.begun)
    assert max(done.server.attempts.values()) <= 6


@pytest.mark.parametrize("max_retries", [0, 5])
@pytest.mark.parametrize("threads", [1, 8, 32])
@pytest.mark.parametrize("refusal", [Refusal(), Refusal(429, "1"), Refusal(503, "10")], ids=str)
def test_a_task_that_is_refused_for_good_ends_soon(run, refusal, threads, max_retries):
    done = run(lambda now: refusal, threads, max_retries=max_retries)
    done.report()
    assert 120 < done.seconds < 180
    assert len(done.server.begun) <= threads + 36
    assert max(done.server.attempts.values()) <= max_retries + 1
    assert alone_while_refused(done.server, threads, done.seconds)
    assert len(done.failed) == len(NUMBERS)
    assert done.message.startswith("1000 of 1000 numbers failed: Could not look up")
    assert "refused every request for 1" in done.message
    assert "run the task again later" in done.message
    assert done.failed[-1] == "Not tried, because Twilio refuses all requests for now."


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("threads", [1, 32])
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_that_is_too_long_ends_the_task_at_once(run, status, threads, add):
    done = run(lambda now: Refusal(status, "3600"), threads, add=add)
    done.report()
    assert done.seconds == pytest.approx(LATENCY)
    assert len(done.server.begun) == threads
    assert "wait for 3600 seconds" in done.message
    assert done.failed[threads:] == ["Not tried, because Twilio refuses all requests for now."] * (1000 - threads)


@pytest.mark.parametrize("max_retries", [0, 1, 5])
def test_a_single_request_is_tried_as_often_as_it_may_be(run, max_retries):
    done = run(outage(0, 1e9), numbers=NUMBERS[:1], max_retries=max_retries)
    assert len(done.server.begun) == max_retries + 1
    assert len(done.failed) == 1


def test_a_single_request_outlasts_a_limit_by_the_minute(run):
    assert run(outage(0, 60), numbers=NUMBERS[:1]).failed == []


@pytest.mark.parametrize("refusal", [Refusal(), Refusal(429, "3600")], ids=str)
def test_the_next_task_over_the_same_connections_probes_anew(run, refusal):
    server = run(lambda now: refusal, threads=8).server
    before, began = len(server.begun), server.clock.moment
    server.policy = outage(server.clock.moment, server.clock.moment + 10)
    following = run(server=server, threads=8)
    following.report()
    assert server.begun[before] == began
    assert following.failed == []
    assert following.seconds <= 1.25 * (10 + len(NUMBERS) * LATENCY / 8)


def test_a_post_that_was_applied_is_settled_by_a_read(run):
    server = Server(SimulatedClock(0), lambda now: None)
    answer = server.send

    def applied(request: Request) -> Reply:
        reply = answer(request)
        return Reply(503, {"Retry-After": "2"}, b"") if request.method == "POST" else reply

    server.send = applied
    done = run(server=server, numbers=NUMBERS[:8], add=True)
    assert done.failed == []
    assert all(entry["changed"] for entry in done.entries)
    assert all(count == 1 for (method, _number), count in server.attempts.items() if method == "POST")


def test_attempts_of_unknown_outcome_and_refusals_share_a_budget(run):
    server = Server(SimulatedClock(0), lambda now: None)
    answer = server.send
    statuses = itertools.cycle([429, 429, 503])

    def unwilling(request: Request) -> Reply:
        if request.method == "GET":
            return answer(request)
        server.attempts["POST", NUMBERS[0]] += 1
        return Reply(next(statuses), {}, b"")

    server.send = unwilling
    done = run(server=server, numbers=NUMBERS[:1], add=True)
    assert len(done.failed) == 1
    assert server.attempts["POST", NUMBERS[0]] == 6


def test_a_probe_that_is_lost_passes_to_another(run):
    server = Server(SimulatedClock(0), outage(0, 2))
    answer = server.send
    lost: list[str] = []

    def losing(request: Request) -> Reply:
        reply = answer(request)
        if 1.0 < server.clock.moment < 2.0:
            lost.append(str((request.query or {})["PhoneNumber"]))
            raise NoReply("the connection broke", sent=True)
        return reply

    server.send = losing
    done = run(server=server, threads=8, numbers=NUMBERS[:100])
    assert done.failed == []
    assert len(set(lost)) > 1


def test_cancelling_ends_all_waiting_and_begins_no_request(run):
    server = Server(SimulatedClock(0), outage(0, 1e9))

    def cancel() -> None:
        server.clock.sleep(20.0)
        server.clock.cancel()

    SimulatedThread(server.clock, cancel).start()
    with pytest.raises(Cancelled):
        run(server=server, threads=32)
    assert server.clock.moment < 20.0 + 2 * LATENCY
    assert server.begun[-1] <= 20.0


def test_cancelling_wakes_who_waits_for_an_event():
    clock = Clock()
    event = clock.event()
    ends: list[BaseException] = []

    def wait() -> None:
        try:
            clock.wait(event, None)
        except Cancelled as cancelled:
            ends.append(cancelled)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    clock.cancel()
    thread.join(60.0)
    assert len(ends) == 1


def test_nothing_is_sent_once_it_was_cancelled():
    clock = Clock()
    pacer = Pacer(clock)
    clock.cancel()
    with pytest.raises(Cancelled):
        pacer.wait()


def test_an_event_ends_the_wait_for_it():
    clock = Clock()
    event = clock.event()
    event.set()
    clock.wait(event, None)


def test_no_lock_is_taken_where_nothing_was_refused():
    pacer = Pacer(SimulatedClock(0))
    pacer._lock = None
    with pacer.wait() as turn:
        pacer.accepted(turn)


def test_refusals_of_requests_sent_before_a_pause_count_once():
    clock = SimulatedClock(0)
    pacer = Pacer(clock)
    turns = [pacer.wait() for _request in range(32)]
    clock.moment = 1.0
    for turn in turns:
        with turn:
            assert pacer.refused(turn, 3.0) is None
    with pacer.wait():
        assert clock.moment == pytest.approx(4.0)


def test_a_late_refusal_of_a_request_sent_before_a_pause_ends_nothing():
    clock = SimulatedClock(0)
    pacer = Pacer(clock)
    turns = [pacer.wait(), pacer.wait()]
    for turn in turns:
        with turn:
            assert pacer.refused(turn, None) is None
        clock.moment += 200.0
