# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side: reads requests, lets the simulation answer, and plays the faults out on the wire."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from typing import Any

from aiohttp import web

from . import faults
from .authentication import identify
from .call import Answer
from .connections import Connection, Connections, ConnectionServer, reset
from .control import PREFIX, control
from .faults import Fault
from .simulation import READING, VERSION_2010, Request, Simulation, encode, read_path

REASONS = {200: "OK", 201: "Created", 204: "No Content"}


class SimulatorServer:
    """A simulation behind a listening socket."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.connections = Connections()
        self._late: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        # aiohttp logs the connections that faults break; that is what they are for.
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)

    async def listen(
        self, host: str, port: int, context: ssl.SSLContext | None
    ) -> tuple[asyncio.Server, ConnectionServer]:
        """Accept connections."""
        handler = ConnectionServer(self._handle, self.connections)
        loop = asyncio.get_running_loop()
        return await loop.create_server(handler, host, port, ssl=context, backlog=1024), handler

    @property
    def late_requests_waiting(self) -> int:
        """How many late requests have not been applied yet."""
        return len(self._late)

    def reset(self) -> None:
        """Back to the start; late requests that wait are never applied."""
        for task in self._late:
            task.cancel()
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
        simulation, headers = self.simulation, raw.headers
        prefix = simulation.settings.path_prefix
        if prefix:
            # A gateway's prefix: it goes on the way in, and answers never knew it.
            path = path[len(prefix) :] if path.startswith(prefix + "/") else "/"
        connection: Any = raw.protocol
        self.connections.used(connection.number)
        request = Request(
            method=raw.method,
            path=path,
            query=query,
            body=body,
            content_type=headers.get("Content-Type", ""),
            origin=f"{'https' if raw.transport and raw.transport.get_extra_info('sslcontext') else 'http'}"
            f"://{headers.get('Host', 'localhost')}",
            caller=identify(simulation.world, headers.get("Authorization")),
        )
        entry = simulation.record(request, connection.number, headers.get("User-Agent"))
        fault: Fault | None = None
        if simulation.settings.forbid_writes and request.method not in READING:
            answer = simulation.forbidden()
        else:
            if simulation.faults.waiting:
                fault = simulation.faults.take(request.method, path, entry["account_sid"])
            if fault is not None:
                return await self._fail(fault, raw, request, connection, entry)
            answer = self._process(request, entry)
        await self._wait()
        return self._respond(answer, entry)

    def _process(self, request: Request, entry: dict[str, Any]) -> Answer:
        answer = self.simulation.process(request)
        entry["applied"] = answer.status < 300
        return answer

    async def _wait(self) -> None:
        if self.simulation.settings.latency_ms:
            await asyncio.sleep(self.simulation.settings.latency_ms / 1000)

    def _respond(self, answer: Answer, entry: dict[str, Any], text: str | None = None) -> web.Response:
        """An answer on its way out, noted in the log."""
        self._note(answer, entry)
        body = encode(answer) if text is None else text.encode()
        return web.Response(status=answer.status, body=body, headers=self._headers(answer, entry))

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
        """Play a fault; where it says so, after the request did its work."""
        entry["fault"] = fault.kind
        transport: Any = raw.transport
        answer = self._process(request, entry) if fault.applied else None
        await self._wait()
        if fault.kind == "hang":
            await connection.lost.wait()
            return web.Response(status=500)
        if fault.kind == "reset":
            reset(transport)
            return web.Response(status=500)
        if fault.kind == "late":
            self._apply_late(float(fault.options["delay"]), request, entry)
            if fault.options["status"] is None:
                transport.close()
                return web.Response(status=500)
        if answer is not None and fault.kind == "truncated":
            self._truncate(transport, answer, entry)
            return web.Response(status=500)
        if answer is not None and fault.kind == "wrong_shape":
            status = 200 if answer.status == 204 else answer.status
            return self._respond(Answer(status, faults.misshape(answer.body, fault.options["variant"])), entry)
        if answer is not None and fault.kind == "wrong_account":
            return self._respond(answer, entry, faults.other_account(encode(answer).decode()))
        return self._failure(fault, request, entry)

    def _failure(self, fault: Fault, request: Request, entry: dict[str, Any]) -> web.Response:
        error, html, status = faults.failure(fault)
        if error is not None:
            response = self._respond(self.simulation.refusal(error, request.path), entry)
        else:
            # A proxy's answer: none of Twilio's headers.
            entry["status"] = status
            response = web.Response(status=status, body=html, content_type="text/html")
        if fault.options.get("retry_after") is not None:
            response.headers["Retry-After"] = str(fault.options["retry_after"])
        return response

    def _truncate(self, transport: Any, answer: Answer, entry: dict[str, Any]) -> None:
        """Announce the whole body, send half of it, close."""
        body = encode(answer) or b"{}"
        self._note(answer, entry)
        status = 200 if answer.status == 204 else answer.status
        headers = {**self._headers(answer, entry), "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}", *(f"{key}: {headers[key]}" for key in headers)]
        transport.write("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
        transport.close()

    def _apply_late(self, delay: float, request: Request, entry: dict[str, Any]) -> None:
        """Apply a request when its client is long gone. Who sent it was established when it arrived."""

        async def apply() -> None:
            await asyncio.sleep(delay)
            self._note(self._process(request, entry), entry)

        task = asyncio.create_task(apply())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
