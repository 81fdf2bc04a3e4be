# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP and time for tests of the engine: scripted answers, and a clock that only waiting moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import Any, Union

from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._retries import Pacer
from ansible_collections.community.twilio.plugins.module_utils._transport import NoReply, Reply, Request

Scripted = Union[Reply, Exception]

#: No answer: before the request was sent, after it, and for a reason that another attempt can't change.
NOT_SENT = NoReply("no connection (Connection refused)", sent=False)
SENT = NoReply("the connection broke", sent=True)
FINAL = NoReply("the certificate was not trusted", sent=False, final=True)


class FakeClock(Clock):
    """A clock that only waiting moves; ``slept`` holds each wait in seconds.

    :param chance: what :meth:`random` returns.
    """

    def __init__(self, chance: float = 0.5) -> None:
        super().__init__()
        self.time = 1000.0
        self.slept: list[float] = []
        self._chance = chance

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.check()
        self.slept.append(seconds)
        self.time += max(0.0, seconds)

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Let the seconds pass at once, unless the event is set already."""
        assert seconds is not None, "no other thread could set the event"
        if not event.is_set():
            self.sleep(seconds)

    def random(self) -> float:
        """Return the chosen number."""
        return self._chance


class SkippingClock(Clock):
    """Real time that waiting sets forward at once, for threads that share it; ``slept`` holds by how many seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since some fixed moment, those included that were not waited."""
        return super().now() + self.slept

    def sleep(self, seconds: float) -> None:
        """Set the clock forward."""
        self.check()
        with self._lock:
            self.slept += max(0.0, seconds)

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Set the clock forward, unless the event is set already; wait for it where another thread keeps the time."""
        if seconds is None:
            super().wait(event, None)
        elif not event.is_set():
            self.sleep(seconds)


class FakeTransport:
    """Answers requests with scripted replies, in order; ``requests`` lists the requests.

    :param script: the replies, or exceptions to raise; a request beyond them fails the test.
    """

    def __init__(self, script: Iterable[Scripted]) -> None:
        self.clock = FakeClock()
        self.pacer = Pacer(self.clock)
        self.requests: list[Request] = []
        self._script = iter(script)

    def send(self, request: Request) -> Reply:
        """Return the next reply, or raise the next exception."""
        self.requests.append(request)
        try:
            scripted = next(self._script)
        except StopIteration:
            raise AssertionError(f"a request too many: {request}") from None
        if isinstance(scripted, Exception):
            raise scripted
        return scripted

    def cancel(self) -> None:
        """End all waiting."""
        self.clock.cancel()


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    """Return a reply.

    :param body: encoded as JSON unless it is bytes.
    :param headers: their names, with underscores instead of hyphens, and values.
    """
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": "application/json", **named}, content)
