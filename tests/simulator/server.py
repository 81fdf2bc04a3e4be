# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server: reads requests, lets the simulation answer them, and carries out faults on the connection."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

from aiohttp import web

from . import faults
from .authentication import identify
from .call import Answer
from .connections import Connection, Connections, ConnectionServer, reset
from .control import PREFIX, control
from .errors import ApiError
from .faults import Fault
from .simulation import READING, VERSION_2010, Request, Simulation, encode, read_path

BLANKS = b" " * 65536
REASONS = {200: "OK", 201: "Created", 204: "No Content"}


def url(scheme: str, host: str, port: int) -> str:
    """Return the URL of a socket, with brackets around an IPv6 address."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@dataclass(eq=False)
class LateRequest:
    """A request whose client has disconnected. It was authenticated on arrival."""

    request: Request
    entry: dict[str, Any]
    #: How many further requests of the account are processed first, if it doesn't wait for a timer.
    requests_before: int | None
    timer: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Stop the timer."""
        if self.timer is not None:
            self.timer.cancel()


class SimulatorServer:
    """A simulation behind a listening socket."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.connections = Connections()
        self._late: list[LateRequest] = []
        self._in_flight = 0
        # aiohttp logs connections that faults break on purpose.
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)

    async def run(
        self, host: str, port: int, context: ssl.SSLContext | None, started: Callable[[str], None], stop: asyncio.Event
    ) -> None:
        """Accept connections until `stop` is set; `started` gets the URL."""
        handler = ConnectionServer(self._handle, self.connections)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(handler, host, port, ssl=context, backlog=1024)
        started(url("https" if context else "http", *listener.sockets[0].getsockname()[:2]))
        await stop.wait()
        listener.close()
        self.reset()
        await handler.shutdown(0.05)

    @property
    def late_requests_waiting(self) -> int:
        """The number of late requests that have not been applied yet."""
        return len(self._late)

    def apply_late(self) -> None:
        """Apply the waiting late requests, in order of arrival."""
        for late in list(self._late):
            self._apply(late)

    def reset(self) -> None:
        """Restore the initial state, and drop the waiting late requests."""
        for late in self._late:
            late.cancel()
        self._late.clear()
        self.simulation.reset()
        self.connections.clear()

    # -- one request ---------------------------------------------------------------------------------------------

    async def _handle(self, raw: web.BaseRequest) -> web.StreamResponse:
        path, query = read_path(raw.raw_path)
        body = await raw.read() if raw.can_read_body else b""
        if path.startswith(PREFIX):
            status, data = control(self, raw.method, path, query, body)
            return web.Response(status=status, body=json.dumps(data).encode(), content_type="application/json")
        self._in_flight += 1
        try:
            return await self._api(raw, path, query, body)
        finally:
            self._in_flight -= 1

    async def _api(self, raw: web.BaseRequest, path: str, query: str, body: bytes) -> web.StreamResponse:
        connection: Any = raw.protocol
        self.connections.used(connection.number)
        scheme = "https" if raw.transport and raw.transport.get_extra_info("sslcontext") else "http"
        request = self._read(raw.method, path, query, raw.headers, body, scheme)
        entry = self.simulation.record(request, connection.number, raw.headers.get("User-Agent"))
        fault = self._take_fault(request, entry)
        if fault is not None:
            return await self._fail(fault, raw, request, connection, entry)
        answer = self._answer(request, entry)
        await self._wait(connection)
        return self._respond(answer, entry)

    def answer_directly(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Answer a request that came without a socket, at once.

        :param target: path and query.
        :returns: the status, the headers, and the body; None where a fault of the connection prevents that, which the
            log's last entry names.
        """
        path, query = read_path(target)
        request = self._read(method, path, query, headers, body, "http")
        entry = self.simulation.record(request, 0, headers.get("User-Agent"))
        fault = self._take_fault(request, entry)
        if fault is None:
            answer = self._answer(request, entry)
            self._note(answer, entry)
            return answer.status, self._headers(answer, entry), encode(answer)
        true = self._begin_fault(fault, request, entry)
        response = self._faulty_response(fault, request, true, entry)
        if response is None:
            if true is not None and fault.kind in faults.ALWAYS_APPLIED:
                self._note(true, entry)
            return None
        sent = response.body
        return response.status, dict(response.headers), sent if isinstance(sent, bytes) else b""

    def _read(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, scheme: str
    ) -> Request:
        prefix = self.simulation.settings.path_prefix
        if prefix:
            # Remove a gateway's prefix, which answers don't contain.
            path = path[len(prefix) :] if path.startswith(prefix + "/") else "/"
        return Request(
            method=method,
            path=path,
            query=query,
            body=body,
            content_type=headers.get("Content-Type", ""),
            origin=f"{scheme}://{headers.get('Host', 'localhost')}",
            caller=identify(self.simulation.world, headers.get("Authorization")),
        )

    def _is_forbidden(self, request: Request) -> bool:
        return self.simulation.settings.forbid_writes and request.method not in READING

    def _take_fault(self, request: Request, entry: dict[str, Any]) -> Fault | None:
        if not self.simulation.faults.waiting or self._is_forbidden(request):
            return None
        return self.simulation.faults.take(request.method, request.path, entry["account_sid"])

    def _answer(self, request: Request, entry: dict[str, Any]) -> Answer:
        if self._is_forbidden(request):
            return self.simulation.forbidden()
        answer = self._process(request, entry)
        self._count_for_late(entry)
        return answer

    def _process(self, request: Request, entry: dict[str, Any]) -> Answer:
        answer = self.simulation.process(request)
        entry["applied"] = answer.status < 300
        return answer

    async def _wait(self, connection: Connection) -> None:
        if self.simulation.settings.latency_ms:
            await connection.pause(self.simulation.settings.latency_ms / 1000)

    def _respond(self, answer: Answer, entry: dict[str, Any]) -> web.Response:
        """Complete the log entry, and return the HTTP response."""
        self._note(answer, entry)
        return web.Response(status=answer.status, body=encode(answer), headers=self._headers(answer, entry))

    def _note(self, answer: Answer, entry: dict[str, Any]) -> None:
        entry["status"] = answer.status
        entry["code"] = answer.body.get("code") if isinstance(answer.body, dict) and answer.status >= 400 else None

    def _headers(self, answer: Answer, entry: dict[str, Any]) -> dict[str, str]:
        settings = self.simulation.settings
        headers = {
            "Twilio-Request-Id": entry["request_id"],
            "Twilio-Concurrent-Requests": str(self._in_flight),
        }
        if answer.body is not None:
            content_type = answer.content_type
            if entry["path"].startswith(VERSION_2010) and content_type == "application/json":
                content_type = "application/json;charset=utf-8"
            headers["Content-Type"] = content_type
        if answer.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        if answer.status == 429 and entry["fault"] is None and settings.safelist_retry_after is not None:
            headers["Retry-After"] = f"{settings.safelist_retry_after:g}"
        return headers

    # -- faults --------------------------------------------------------------------------------------------------

    async def _fail(
        self, fault: Fault, raw: web.BaseRequest, request: Request, connection: Connection, entry: dict[str, Any]
    ) -> web.StreamResponse:
        """Play a fault, some of them on the connection."""
        kind, options = fault.kind, fault.options
        transport: Any = raw.transport
        answer = self._begin_fault(fault, request, entry)
        await self._wait(connection)
        response = self._faulty_response(fault, request, answer, entry)
        if response is not None:
            return response
        if kind == "hang":
            await connection.lost.wait()
        elif kind == "reset":
            reset(transport)
        elif answer is None:  # late
            transport.close()
        elif kind == "truncated":
            self._truncate(transport, answer, entry)
        elif kind == "drip":
            await self._drip(transport, connection, answer, entry, options)
        else:
            return await self._send_big_body(raw, answer, entry, options)
        # aiohttp needs a response, although the connection is closed.
        return web.Response(status=500)

    def _begin_fault(self, fault: Fault, request: Request, entry: dict[str, Any]) -> Answer | None:
        """Let a request do its work where its fault says so, and return the true answer."""
        entry["fault"] = fault.kind
        answer = self._process(request, entry) if fault.applied else None
        self._count_for_late(entry)
        if fault.kind == "late":
            self._put_off(fault, request, entry)
        return answer

    def _faulty_response(
        self, fault: Fault, request: Request, answer: Answer | None, entry: dict[str, Any]
    ) -> web.Response | None:
        """Return the response of a fault, None where it has no whole one."""
        kind = fault.kind
        if kind in ("hang", "reset", "truncated", "drip", "big_body") or (
            kind == "late" and fault.options["status"] is None
        ):
            return None
        if kind == "json" or kind in faults.CHANGES:
            return self._change(fault, request, answer, entry)
        return self._failure(fault, request, entry)

    def _failure(self, fault: Fault, request: Request, entry: dict[str, Any]) -> web.Response:
        found = faults.failure(fault)
        if isinstance(found, ApiError):
            response = self._respond(self.simulation.refusal(found, request.path), entry)
        else:
            entry["status"] = found.status
            response = web.Response(status=found.status, body=found.body, content_type=found.content_type)
        if fault.options.get("retry_after") is not None:
            response.headers["Retry-After"] = str(fault.options["retry_after"])
        return response

    def _change(self, fault: Fault, request: Request, answer: Answer | None, entry: dict[str, Any]) -> web.Response:
        """Return the true answer with the fault's change, or the fault's own answer."""
        if answer is None:
            answer = Answer(fault.options["status"], {})
        origin = "" if request.path.startswith(VERSION_2010) else request.origin
        address = f"{origin}{request.path}" + (f"?{request.query}" if request.query else "")
        body = faults.changed(fault, answer.body, address, entry["number"])
        status = fault.options.get("status", answer.status)
        if body is not None and status == 204:
            status = 200
        sent = Answer(status, answer.body if body is None else answer.body or {}, answer.content_type)
        self._note(sent, entry)
        headers = {**self._headers(sent, entry), **{k: str(v) for k, v in fault.options.get("headers", {}).items()}}
        return web.Response(status=status, body=body, headers=headers)

    def _head(self, answer: Answer, entry: dict[str, Any], **more: str) -> bytes:
        """Return the status line and headers for a response that is written directly; 204 becomes 200."""
        self._note(answer, entry)
        status = 200 if answer.status == 204 else answer.status
        headers = {**self._headers(answer, entry), **more}
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}", *(f"{key}: {headers[key]}" for key in headers)]
        return "\r\n".join([*lines, "", ""]).encode()

    def _truncate(self, transport: Any, answer: Answer, entry: dict[str, Any]) -> None:
        """Announce the whole body, send half of it, and close the connection."""
        body = encode(answer) or b"{}"
        transport.write(self._head(answer, entry, **{"Content-Length": str(len(body))}) + body[: len(body) // 2])
        transport.close()

    async def _drip(
        self,
        transport: Any,
        connection: Connection,
        answer: Answer,
        entry: dict[str, Any],
        options: dict[str, Any],
    ) -> None:
        """Send the headers or the body a few bytes at a time, without an end: blanks, once all of it is sent."""
        head, body = self._head(answer, entry, Connection="close"), encode(answer) or b"{}"
        if options["part"] == "headers":
            slow = chain(head[:-4] + b"\r\nX-Slow: ", repeat(ord("0")))
        else:
            transport.write(head)
            slow = chain(body, repeat(ord(" ")))
        while not connection.lost.is_set():
            transport.write(bytes(islice(slow, options["size"])))
            await connection.pause(options["interval"])

    async def _send_big_body(
        self, raw: web.BaseRequest, answer: Answer, entry: dict[str, Any], options: dict[str, Any]
    ) -> web.StreamResponse:
        """Send the true answer and blanks up to the size; no more of it is in memory than what waits to be sent."""
        self._note(answer, entry)
        response = web.StreamResponse(
            status=200 if answer.status == 204 else answer.status, headers=self._headers(answer, entry)
        )
        if options["length"]:
            response.content_length = options["size"]
        else:
            response.enable_chunked_encoding()
        body, left = encode(answer)[: options["size"]], options["size"]
        # The client may disconnect at any time.
        with suppress(ConnectionError):
            await response.prepare(raw)
            while left:
                await response.write(body)
                left -= len(body)
                body = BLANKS[:left]
        return response

    def _put_off(self, fault: Fault, request: Request, entry: dict[str, Any]) -> None:
        """Store a late request until it is due."""
        late = LateRequest(request, entry, fault.options["after_requests"])
        self._late.append(late)
        if late.requests_before is None:
            late.timer = asyncio.get_running_loop().call_later(fault.options["delay"], self._apply, late)

    def _count_for_late(self, entry: dict[str, Any]) -> None:
        """After a request of an account was processed, apply the late requests that waited for it."""
        for late in list(self._late):
            if late.requests_before is not None and late.entry["account_sid"] == entry["account_sid"]:
                late.requests_before -= 1
                if late.requests_before == 0:
                    self._apply(late)

    def _apply(self, late: LateRequest) -> None:
        late.cancel()
        self._late.remove(late)
        self._note(self._process(late.request, late.entry), late.entry)
