# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One attempt at a request: whether anything was sent, and its end at the deadline or when it is cancelled.

A socket's own timeout starts anew with each byte received. So a thread watches all attempts of a transport, and shuts
down the socket of one that takes too long as a whole: while it connects, shakes hands, sends or reads. Only the lookup
of a host name can't be ended this way.
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
    """An attempt in progress.

    :param deadline: when it must be over, by ``time.monotonic``.
    :ivar sent: whether its connection was established, so that the request may have been processed.
    :ivar ended: whether :meth:`end` was called.
    :ivar expired: whether its deadline has passed.
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
        """Shut down the attempt's socket, so that the thread that waits on it gets an error."""
        self.ended = True
        connection = self.connection
        if connection is None or connection.attempt is not self:
            return
        for each in (connection.socket_copy, getattr(connection, "sock", None), self.answering):
            # It may not be connected yet, or be closed already. The base class's method, because a TLS socket's own
            # would change that socket while another thread reads from it.
            with contextlib.suppress(OSError, TypeError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)  # type: ignore[arg-type]  # None: TypeError


_CURRENT = threading.local()


class WatchedConnection:
    """Mixin for urllib3's connections, which reports to the thread's attempt how far the request got."""

    #: The attempt that the connection serves, or served last.
    attempt: Attempt | None = None
    host: str
    port: int
    #: Seconds for connecting; the transport always sets them.
    timeout: float
    #: A duplicate of the connecting socket: a TLS handshake detaches the original.
    socket_copy: socket.socket | None = None

    def connect(self) -> None:
        """Connect; until that is done, tunnel and handshake included, nothing of the request was sent."""
        attempt = self._serve()
        try:
            super().connect()  # type: ignore[misc]  # urllib3's class is the next base
        finally:
            socket_copy, self.socket_copy = self.socket_copy, None
            if socket_copy is not None:
                socket_copy.close()
        if attempt.ended:
            # The standard library silently skips the handshake of a socket that was shut down before it.
            raise TimeoutError
        attempt.sent = True

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request; on a connection that is already established it may be processed from now on."""
        attempt = self._serve()
        if attempt.ended:
            raise TimeoutError
        attempt.sent = getattr(self, "sock", None) is not None
        super().putrequest(*args, **kwargs)  # type: ignore[misc]  # urllib3's class is the next base

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer; one that ends with its connection takes the socket away, and is read from it."""
        _CURRENT.attempt.answering = getattr(self, "sock", None)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]  # urllib3's class is the next base

    def _new_conn(self) -> socket.socket:
        """Open the socket; a host's addresses, which are tried in turn, share the timeout."""
        timeout = self.timeout
        self.timeout = timeout / self._number_of_addresses()
        try:
            opened: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's class is the next base
        finally:
            self.timeout = timeout
        with contextlib.suppress(OSError):
            self.socket_copy = opened.dup()
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
    """Have the connections of a pool manager report to their attempts how far the request got.

    :param manager: urllib3's, for direct or proxied connections; a repeated call changes nothing.
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
        """Yield an attempt that is ended after the timeout, unless the block is left before."""
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
        """Let the watching thread end where there is nothing to watch; the next attempt starts another one."""
        with self._lock:
            self._lock.notify()

    def end_all(self) -> None:
        """End all attempts now."""
        with self._lock:
            for attempt in self._attempts.values():
                attempt.end()

    def _run(self) -> None:
        """Sleep until the oldest attempt is due, repeatedly; no attempt that begins meanwhile is due earlier."""
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
                # It then removes itself; one that is still looking up a host name may have to be ended again.
                attempt.deadline = now + self._timeout
