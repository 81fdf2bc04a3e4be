# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TCP connections: each has a number and detects its end; those that carried API requests are counted."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

MAXIMUM_BODY = 64 * 1024 * 1024


class Connections:
    """The count of connections that carried an API request since it was last cleared."""

    def __init__(self) -> None:
        self._numbers = 0
        self.clear()

    def clear(self) -> None:
        """Reset the count; an open connection counts again at its next API request."""
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._maximum = 0

    def next_number(self) -> int:
        """Return the number of a new connection."""
        self._numbers += 1
        return self._numbers

    def used(self, number: int) -> None:
        """Record that a connection carries an API request."""
        if number not in self._seen:
            self._seen.add(number)
            self._open.add(number)
            self._maximum = max(self._maximum, len(self._open))

    def lost(self, number: int) -> None:
        """Record that a connection was lost."""
        self._open.discard(number)

    def as_dict(self) -> dict[str, int]:
        """Return the counts as the control API shows them."""
        return {"total": len(self._seen), "open": len(self._open), "maximum_open": self._maximum}


class Connection(RequestHandler):
    """aiohttp's connection, with a number and an event that is set at its end."""

    def __init__(self, manager: ConnectionServer, **options: Any) -> None:
        super().__init__(manager, **options)
        self.number = manager.numbers.next_number()
        self.lost = asyncio.Event()
        self._numbers = manager.numbers

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.lost.wait(), seconds)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake everything that waits for the client to disconnect."""
        self.lost.set()
        self._numbers.lost(self.number)
        super().connection_lost(exc)


class ConnectionServer(web.Server):
    """aiohttp's low-level server (no routes, no middleware: it costs half of what an application does)."""

    def __init__(self, handler: Any, numbers: Connections) -> None:
        super().__init__(handler, request_factory=self._request, access_log=None, lingering_time=0)
        self.numbers = numbers

    def __call__(self) -> RequestHandler:
        """Return a new connection."""
        return Connection(self, loop=self._loop, **self._kwargs)

    def _request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=MAXIMUM_BODY)


def reset(transport: asyncio.Transport) -> None:
    """End a connection with a TCP RST: closing with a linger time of zero discards unsent data."""
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
