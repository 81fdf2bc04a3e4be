# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One attempt at a request: whether anything was sent, and an end at its deadline or when it is cancelled.

A socket's own timeout starts anew with each byte that comes. So a thread watches all attempts of a transport, and
shuts down the socket of one that takes longer as a whole: while it connects, shakes hands, sends or reads. The lookup
of a host name is the one part that can't be ended so.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import cache
from typing import Any


class Attempt:
    """An attempt under way.

    :param deadline: when it must be over, by ``time.monotonic``.
    :ivar sent: whether its connection stood, so that the request may have been processed.
    :ivar ended: whether its end was called for.
    :ivar expired: whether that was at its deadline.
    """

    __slots__ = ("answering", "connection", "deadline", "ended", "expired", "sent")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.connection: WatchedConnection | None = None
        self.answering: socket.socket | None = None
        self.sent = False
        self.ended = False
        self.expired = False

    def end(self) -> None:
        """Shut down the attempt's socket, so that whoever waits for it gets an error."""
        self.ended = True
        connection = self.connection
        if connection is None or connection.attempt is not self:
            return
        for line in (connection.line, getattr(connection, "sock", None), self.answering):
            # Not connected yet, or closed already; the class's method, since that of a TLS socket would change it
            # under the thread that reads.
            with contextlib.suppress(OSError, TypeError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)  # type: ignore[arg-type]  # None: TypeError


_CURRENT = threading.local()


class WatchedConnection:
    """What a connection of urllib3 is mixed with, to tell the thread's attempt how far it came."""

    #: The attempt that the connection serves, or served last.
    attempt: Attempt | None = None
    host: str
    port: int
    #: Seconds for connecting; the transport always gives some.
    timeout: float
    #: The connecting socket once more: a TLS handshake takes the first one away.
    line: socket.socket | None = None

    def connect(self) -> None:
        """Connect; until that is done, tunnel and handshake included, nothing of the request was sent."""
        attempt = self._serve()
        try:
            super().connect()  # type: ignore[misc]  # urllib3's class comes behind
        finally:
            line, self.line = self.line, None
            if line is not None:
                line.close()
        if attempt.ended:
            # Of a socket that was shut down before its handshake the standard library makes one that needs none.
            raise TimeoutError
        attempt.sent = True

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request; on a connection that stands already it may be processed from now on."""
        attempt = self._serve()
        if attempt.ended:
            raise TimeoutError
        attempt.sent = getattr(self, "sock", None) is not None
        super().putrequest(*args, **kwargs)  # type: ignore[misc]  # urllib3's class comes behind

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer; one that ends with its connection takes the socket away, and is read from it."""
        _CURRENT.attempt.answering = getattr(self, "sock", None)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]  # urllib3's class comes behind

    def _new_conn(self) -> socket.socket:
        """Open the socket; a host's addresses, which are tried in turn, share the time that there is for them all."""
        timeout = self.timeout
        self.timeout = timeout / self._number_of_addresses()
        try:
            opened: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's class comes behind
        finally:
            self.timeout = timeout
        with contextlib.suppress(OSError):
            self.line = opened.dup()
        return opened

    def _number_of_addresses(self) -> int:
        if hasattr(self, "_socks_options"):
            # The proxy looks the name up, not this machine.
            return 1
        try:
            return len(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))
        except (OSError, ValueError):
            return 1

    def _serve(self) -> Attempt:
        attempt: Attempt = _CURRENT.attempt
        self.attempt = attempt
        attempt.connection = self
        return attempt


@cache
def _watched(pool: type[Any]) -> type[Any]:
    connection = type(pool.ConnectionCls.__name__, (WatchedConnection, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


def watch_connections(manager: Any) -> None:
    """Have the connections of a pool manager tell their attempts how far they came.

    :param manager: urllib3's, for direct connections or those by a proxy; twice does no harm.
    """
    manager.pool_classes_by_scheme = {
        scheme: pool if issubclass(pool.ConnectionCls, WatchedConnection) else _watched(pool)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


class Watch:
    """Ends the attempts of one transport at their deadlines.

    :param timeout: seconds for each attempt. It is the same for all, so that the oldest attempt is due first.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._lock = threading.Condition()
        self._attempts: dict[int, Attempt] = {}
        self._watching = False

    @contextlib.contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Give an attempt that is ended after the timeout, unless the block is left before."""
        attempt = Attempt(time.monotonic() + self._timeout)
        with self._lock:
            self._attempts[id(attempt)] = attempt
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._run, daemon=True).start()
        _CURRENT.attempt = attempt
        try:
            yield attempt
        finally:
            with self._lock:
                del self._attempts[id(attempt)]

    def rest(self) -> None:
        """Let the thread that watches end, where it has nothing to watch; the next attempt starts another one."""
        with self._lock:
            self._lock.notify()

    def end_all(self) -> None:
        """End all attempts now."""
        with self._lock:
            for attempt in self._attempts.values():
                attempt.end()

    def _run(self) -> None:
        """Sleep until the oldest attempt is due, again and again; no attempt that begins meanwhile is due earlier."""
        with self._lock:
            while self._attempts:
                self._end_due()
                due = min(attempt.deadline for attempt in self._attempts.values())
                self._lock.wait(max(0.0, due - time.monotonic()))
            self._watching = False

    def _end_due(self) -> None:
        now = time.monotonic()
        for attempt in self._attempts.values():
            if attempt.deadline <= now:
                attempt.expired = True
                attempt.end()
                # It leaves on its own; only one that looks up a name may come to need a second end.
                attempt.deadline = now + self._timeout
