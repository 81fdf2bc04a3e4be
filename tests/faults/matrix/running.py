# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a simulator in a thread of this process, and tasks against it, without waiting for pauses."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict
from scripted import SkippingClock
from simulator import faults, seeding
from simulator.call import Answer
from simulator.in_process import InProcessSimulator
from simulator.simulation import Request, Simulation, Start
from simulator.state import ApiKey, World

from ansible_collections.community.twilio.plugins.module_utils import _definition, _module, _transport
from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked

Value = TypeVar("Value")

#: The main account, and its API key.
MAIN, MAIN_TOKEN = "AC" + "1" * 32, "a" * 32
KEY_SID, KEY_SECRET = "SK" + "7" * 32, "b" * 32

#: Seconds of real time: the timeout for a request that will meet a slow fault, the timeout for any other, and the time
#: after which a request that timed out counts as never sent.
QUICK, PATIENT, UNSENT = 0.05, 30.0, 5.0
SLOW_KINDS = ("hang", "drip")

#: What a transport says of the faults that leave a request without a whole answer.
LOST = {
    **dict.fromkeys(SLOW_KINDS, f"no answer within {QUICK:g} s"),
    "reset": "the connection broke before the whole answer came (Connection reset by peer)",
    **dict.fromkeys(("truncated", "late"), "the connection broke before the whole answer came (closed)"),
    "big_body": f"the answer was longer than {_transport.LONGEST_BODY >> 20} MiB",
}


class ShortPages(Simulation):
    """A simulation whose pages have fewer items than requested, so that a few items fill several pages.

    :ivar answers: the bodies of all answers since the last reset, before any fault.
    """

    page_size: int | None = None

    def __init__(self, start: Start) -> None:
        self.answers: deque[Any] = deque(maxlen=1000)
        super().__init__(start)

    def process(self, request: Request) -> Answer:
        """Process a request, with pages of :attr:`page_size` items if that is set."""
        if self.page_size:
            query = re.sub(r"\bPageSize=(1000|200|50)\b", f"PageSize={self.page_size}", request.query)
            request = replace(request, query=query)
        answer = super().process(request)
        self.answers.append(answer.body)
        return answer


class InProcess(InProcessSimulator):
    """A simulator in this process, whose state can be read and changed directly, between two requests.

    :param sockets: whether a request near a fault uses a socket in :func:`run`, instead of none.
    """

    def __init__(self, sockets: bool = True) -> None:
        super().__init__(MAIN, MAIN_TOKEN)
        self.sockets = sockets
        self._lock = Lock()
        self.simulation = ShortPages(Start(MAIN, MAIN_TOKEN, [ApiKey(KEY_SID, KEY_SECRET, "main")]))
        self._server.simulation = self.simulation

    def call(self, function: Callable[[], Value]) -> Value:
        """Call a function between two requests, and return its result."""
        if not self.sockets:
            with self._lock:
                return function()

        async def call_function() -> Value:
            return function()

        return asyncio.run_coroutine_threadsafe(call_function(), self._loop).result()

    def reply_directly(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> _transport.Reply:
        """Answer a request without a socket.

        :raises NoReply: where it meets a fault that leaves it without a whole answer.
        """

        def reply() -> _transport.Reply:
            answer = self._server.answer_directly(method, target, headers, body)
            if answer is None:
                raise _transport.NoReply(LOST[self.simulation.log[-1]["fault"]], sent=True)
            status, answered, content = answer
            return _transport.Reply(status, CaseInsensitiveDict(answered), content)

        return self.call(reply)

    def reset_to(self, seed: Mapping[str, Any], settings: Mapping[str, Any], page_size: int | None) -> World:
        """Replace the whole state by a seed, and return the resulting world."""

        def reset() -> World:
            self._server.reset()
            self.simulation.answers.clear()
            self.simulation.page_size = page_size
            self.simulation.settings.change(dict(settings))
            seeding.seed(self.simulation.world, self.simulation.settings, dict(seed))
            return self.simulation.world

        return self.call(reset)

    def set_faults(self, *planned: Mapping[str, Any]) -> None:
        """Replace all waiting faults by these."""

        def replace_faults() -> None:
            self.simulation.faults.waiting = [faults.read(dict(each)) for each in planned]

        self.call(replace_faults)

    def take_log(self) -> list[dict[str, Any]]:
        """Return the log's entries since the last call."""

        def take() -> list[dict[str, Any]]:
            entries = list(self.simulation.log)
            self.simulation.log.clear()
            return entries

        return self.call(take)


class QuickClock(SkippingClock):
    """A clock that jumps forward instead of waiting, with constant random numbers."""

    def random(self) -> float:
        """Return one half."""
        return 0.5


class MatrixTransport:
    """Hands a request to the simulator directly, which takes a tenth of the time that a socket does.

    Where the simulator's ``sockets`` says so, a request that meets a fault uses a socket, and so do those just before
    and after it: they share its connection. One that will meet a slow fault has a short timeout, and all others a long
    one, so that no case depends on how busy this machine is.
    """

    def __init__(self, simulator: InProcess, clock: Clock) -> None:
        self.clock = clock
        self.pacer = _transport.Pacer(clock)
        self._simulator = simulator
        self._after_fault = False

    @functools.cached_property
    def _patient(self) -> _transport.HttpTransport:
        return _transport.HttpTransport(PATIENT, True, None, clock=self.clock)

    @functools.cached_property
    def _quick(self) -> _transport.HttpTransport:
        return _transport.HttpTransport(QUICK, True, None, clock=self.clock)

    def send(self, request: _transport.Request) -> _transport.Reply:
        """Send a request once."""
        waiting = list(self._simulator.simulation.faults.waiting) if self._simulator.sockets else []
        faults_near = any(fault.skip <= 1 for fault in waiting)
        if not (faults_near or self._after_fault):
            return self._send_directly(request)
        self._after_fault = faults_near
        if not self._will_be_slow(request.method, urlsplit(request.url).path):
            return self._patient.send(request)
        before = self._simulator.simulation.count
        while True:
            try:
                return self._quick.send(request)
            except _transport.NoReply:
                # Wait for the request to arrive; on a busy machine it may not have been sent before the timeout.
                end = time.monotonic() + UNSENT
                while self._simulator.simulation.count == before and time.monotonic() < end:
                    time.sleep(0.001)
                if self._simulator.simulation.count != before:
                    raise

    def _send_directly(self, request: _transport.Request) -> _transport.Reply:
        self.clock.check()
        prepared = _transport.prepared_request(request)
        target = prepared.path_url
        headers = {**prepared.headers, "Host": urlsplit(self._simulator.url).netloc}
        body = (prepared.body or "").encode()
        return self._simulator.reply_directly(request.method, target, headers, body)

    def _will_be_slow(self, method: str, path: str) -> bool:
        for fault in list(self._simulator.simulation.faults.waiting):
            if fault.matches(method, path, None):
                return fault.skip == 0 and fault.kind in SLOW_KINDS
        return False

    def cancel(self) -> None:
        """End all running requests."""
        self.clock.cancel()
        for transport in self._opened():
            transport.cancel()

    def close(self) -> None:
        """Close all connections."""
        for transport in self._opened():
            transport.close()

    def _opened(self) -> list[_transport.HttpTransport]:
        return [vars(self)[name] for name in ("_patient", "_quick") if name in vars(self)]


@dataclass(frozen=True)
class TaskRun:
    """What a task did.

    :param result: its result as Ansible would get it, empty if an exception was raised.
    :param exception: the text of that exception.
    :param log: the requests that the simulator received.
    :param slept: the seconds that the engine would have waited.
    """

    result: dict[str, Any]
    exception: str | None
    log: list[dict[str, Any]]
    slept: float

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return self.exception is not None or bool(self.result.get("failed"))

    @property
    def changed(self) -> bool:
        """Whether the task reports a change."""
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        """The message of the failed task."""
        return str(self.result.get("msg", ""))


def run(
    simulator: InProcess | None,
    definition: _definition.Definition,
    options: Mapping[str, Any],
    check_mode: bool = False,
    max_retries: int = 2,
    open_transport: _definition.OpenTransport | None = None,
) -> TaskRun:
    """Run a module's definition as a task does, in this process and without waiting.

    :param simulator: answers the requests; None if the transport does.
    :param definition: the module's definition.
    :param options: the task's arguments, besides those of the connection.
    :param check_mode: whether the task runs in check mode.
    :param max_retries: the module's option of that name.
    :param open_transport: opens HTTP, by default to the simulator.
    """
    clock = QuickClock()
    opened: list[Any] = []

    def open_once(timeout: float, validate_certs: bool, ca_path: str | None) -> Any:
        if open_transport is not None:
            opened.append(open_transport(timeout, validate_certs, ca_path))
        elif simulator is not None:
            opened.append(MatrixTransport(simulator, clock))
        return opened[-1]

    base_url = simulator.url if simulator else "http://127.0.0.1:9"
    given = {"account_sid": MAIN, "base_url": base_url, "max_retries": max_retries, **options}
    if "api_key_sid" not in given:
        given.setdefault("auth_token", MAIN_TOKEN)
    if simulator:
        simulator.take_log()
    result: dict[str, Any] = {}
    exception = None
    try:
        arguments = checked(definition.argument_spec(), definition.rules(), definition.given(given), "twilio")
        if arguments.problem:
            result = {"failed": True, "msg": arguments.problem}
        else:
            result = _module.execute(definition, arguments.options, check_mode, True, open_once)
    except Exception as error:
        exception = f"{type(error).__name__}: {error}"
    finally:
        for transport in opened:
            transport.close()
    return TaskRun(result, exception, simulator.take_log() if simulator else [], clock.slept)
