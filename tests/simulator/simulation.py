# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Twilio without the network: it turns requests into answers, and holds all state."""

from __future__ import annotations

import copy
import json
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import resources  # registers the operations
from .authentication import Caller, check_permission, require
from .call import HANDLERS, Answer, Call
from .contract import Contract, Operation, load_contract
from .errors import ApiError, error_body
from .faults import Faults
from .settings import Settings
from .state import ApiKey, World

READING = ("GET", "HEAD")
LOG_LIMIT = 100_000
VERSION_2010 = "/2010-04-01/"
# Paths without permissions: they refuse all keys but main ones themselves.
TOKENS_ONLY = ("/v1/AuthTokens/", "/v1/Keys")
FORM = "application/x-www-form-urlencoded"


@dataclass
class Start:
    """The initial state of the simulator, which a reset restores."""

    account_sid: str
    auth_token: str
    api_keys: list[ApiKey] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)


@dataclass
class Request:
    """An API request as it was received."""

    method: str
    path: str
    query: str
    body: bytes
    content_type: str
    origin: str
    caller: Caller


class Simulation:
    """The whole simulation except the network."""

    def __init__(self, start: Start, contract: Contract | None = None) -> None:
        self.contract = contract or load_contract()
        if set(self.contract.operations) != set(HANDLERS):
            odd = set(self.contract.operations) ^ set(HANDLERS)
            raise RuntimeError(f"contract and {resources.__name__} differ in {', '.join(sorted(odd))}")
        self._start = start
        self.reset()

    def reset(self) -> None:
        """Restore the initial state: data, settings, faults, log, counters."""
        self.world = World()
        self.settings = copy.copy(self._start.settings)
        self.faults = Faults()
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LIMIT)
        self.count = 0
        self.violations: list[str] = []
        self.forbidden_writes = 0
        self.operations_seen: dict[str, int] = {}
        self._allowance: dict[str, tuple[float, float]] = {}
        account = self.world.add_account(self._start.account_sid, self._start.auth_token, None, None)
        for key in self._start.api_keys:
            self.world.add_key(account, copy.copy(key))

    # -- one request ---------------------------------------------------------------------------------------------

    def process(self, request: Request) -> Answer:
        """Process a request, and return an answer that was checked against the contract."""
        operation: Operation | None = None
        try:
            found = self.contract.find(request.path)
            if found is None:
                raise ApiError(20404, f"The requested resource {request.path} was not found")
            methods, names = found
            operation = methods.get(request.method)
            if operation is None:
                raise ApiError(20004)
            self.operations_seen[operation.name] = self.operations_seen.get(operation.name, 0) + 1
            answer = HANDLERS[operation.name](self._call(request, operation, names))
        except ApiError as error:
            answer = self.refusal(error, request.path)
        except Exception:
            # A bug in the simulator is reported as a violation instead of ending the connection.
            return self._violation(f"{request.method} {request.path}: {traceback.format_exc()}", request.path)
        problem = self.contract.check_answer(operation, answer.status, answer.content_type, answer.body)
        if problem:
            return self._violation(problem, request.path)
        return answer

    def refusal(self, error: ApiError, path: str) -> Answer:
        """Return an error as an answer, in the format that the settings and the API's version require."""
        body, content_type = error_body(error, self.settings.error_format, path.startswith(VERSION_2010))
        return Answer(error.status, body, content_type)

    def forbidden(self) -> Answer:
        """Return the refusal of a forbidden write. Twilio never uses this status, so it can't go unnoticed."""
        self.forbidden_writes += 1
        return Answer(418, {"message": "The simulator is set to forbid writes", "status": 418})

    def _violation(self, problem: str, path: str) -> Answer:
        self.violations.append(problem)
        return self.refusal(ApiError(20500, f"The simulator broke its contract: {problem}"), path)

    def _call(self, request: Request, operation: Operation, names: dict[str, str]) -> Call:
        settings = self.settings
        account = require(request.caller, settings)
        if operation.path.startswith("/v1/SafeList/"):
            self._keep_rate(account.sid)
        if not operation.path.startswith(TOKENS_ONLY):
            check_permission(request.caller, operation.name, settings)
        operation.path_part.read(list(names.items()), strict=True)
        strict = settings.strict
        if strict and request.body and request.content_type.partition(";")[0].strip().lower() != FORM:
            raise ApiError(20001, f"The body's content type must be {FORM}")
        return Call(
            world=self.world,
            settings=settings,
            caller=request.caller,
            account=account,
            origin=request.origin,
            path=request.path,
            names=names,
            query=operation.query.read(read_pairs(request.query), strict),
            form=operation.form.read(read_pairs(_text(request.body)), strict),
        )

    def _keep_rate(self, account_sid: str) -> None:
        """Limit the rate of an account with a token bucket that holds one second's worth."""
        rate = self.settings.safelist_rate
        if rate is None:
            return
        capacity, moment = max(1.0, rate), time.monotonic()
        left, since = self._allowance.get(account_sid, (capacity, moment))
        left = min(capacity, left + (moment - since) * rate)
        self._allowance[account_sid] = (left - 1 if left >= 1 else left, moment)
        if left < 1:
            raise ApiError(20429)

    # -- the log -------------------------------------------------------------------------------------------------

    def record(self, request: Request, connection: int, user_agent: str | None) -> dict[str, Any]:
        """Begin the log entry of a request, which the server completes later."""
        self.count += 1
        account = request.caller.account
        entry = {
            "number": self.count,
            "time": time.time(),
            "monotonic": time.monotonic(),
            "method": request.method,
            "path": request.path,
            "query": self._shown(read_pairs(request.query)),
            "form": self._shown(read_pairs(request.body.decode("utf-8", "replace"))),
            "account_sid": account.sid if account else request.caller.username,
            "authenticated_with": request.caller.method,
            "status": None,
            "code": None,
            "fault": None,
            "connection": connection,
            "user_agent": user_agent,
            "applied": False,
            "request_id": "RQ" + token_hex(16),
        }
        self.log.append(entry)
        return entry

    def _shown(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the parameters without secrets, and arrays as lists."""
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in self.contract.array_fields:
                values.setdefault(name, []).append(value)
            else:
                values[name] = "***" if name in self.contract.secret_fields else value
        return values


def encode(answer: Answer) -> bytes:
    """Encode the body of an answer."""
    return b"" if answer.body is None else json.dumps(answer.body).encode()


def read_path(raw: str) -> tuple[str, str]:
    """Split a request target into path and query."""
    path, _mark, query = raw.partition("?")
    return (unquote(path) if "%" in path else path), query


def read_pairs(text: str) -> list[tuple[str, str]]:
    """Return the parameters of a query or a form as pairs of name and value, repeated ones included."""
    return parse_qsl(text, keep_blank_values=True) if text else []


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ApiError(20001, "The body is not UTF-8") from problem
