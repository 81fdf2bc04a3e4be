# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator in a thread of this process, and a task that is run against it without waiting."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

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

#: The main account, and keys of it.
MAIN, MAIN_TOKEN = "AC" + "1" * 32, "a" * 32
KEY_SID, KEY_SECRET = "SK" + "7" * 32, "b" * 32

#: Seconds (real ones) until a client gives up on a server that was told to be slow, and on any other; and until a
#: request that it gave up on was not even sent.
QUICK, PATIENT, UNSENT = 0.05, 30.0, 5.0
SLOW_KINDS = ("hang", "drip")


class ShortPages(Simulation):
    """A simulation that gives fewer items to a page than it is asked for, so that few items make several pages.

    :ivar answers: the bodies of all answers since the last reset, before any fault.
    """

    page_size: int | None = None

    def __init__(self, start: Start) -> None:
        self.answers: deque[Any] = deque(maxlen=1000)
        super().__init__(start)

    def process(self, request: Request) -> Answer:
        """Do what a request asks for, on shorter pages where :attr:`page_size` says so."""
        if self.page_size:
            query = re.sub(r"\bPageSize=(1000|200|50)\b", f"PageSize={self.page_size}", request.query)
            request = replace(request, query=query)
        answer = super().process(request)
        self.answers.append(answer.body)
        return answer


class InProcess(InProcessSimulator):
    """A simulator in this process, whose data is looked at and changed as it is, between two requests."""

    def __init__(self) -> None:
        super().__init__(MAIN, MAIN_TOKEN)
        self.simulation = ShortPages(Start(MAIN, MAIN_TOKEN, [ApiKey(KEY_SID, KEY_SECRET, "main")]))
        self._server.simulation = self.simulation

    def call(self, function: Callable[[], Value]) -> Value:
        """Call a function in the server's thread, so between two requests, and return what it returns."""

        async def called() -> Value:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result()

    def start_over(self, seed: Mapping[str, Any], settings: Mapping[str, Any], page_size: int | None) -> World:
        """Put a seed in place of all that is there, and return the world that it makes."""

        def prepared() -> World:
            self._server.reset()
            self.simulation.answers.clear()
            self.simulation.page_size = page_size
            self.simulation.settings.change(dict(settings))
            seeding.seed(self.simulation.world, self.simulation.settings, dict(seed))
            return self.simulation.world

        return self.call(prepared)

    def expect(self, *planned: Mapping[str, Any]) -> None:
        """Let these faults wait, and none but these."""

        def put() -> None:
            self.simulation.faults.waiting = [faults.read(dict(each)) for each in planned]

        self.call(put)

    def take_log(self) -> list[dict[str, Any]]:
        """Return the log's entries since this was called last."""

        def taken() -> list[dict[str, Any]]:
            entries = list(self.simulation.log)
            self.simulation.log.clear()
            return entries

        return self.call(taken)


class QuickClock(SkippingClock):
    """A clock that is set forward where others wait; chance is always the same."""

    def random(self) -> float:
        """Return one half."""
        return 0.5


class Watched:
    """HTTP that gives up soon on a server that was told to be slow, and is patient with any other.

    So no case depends on how busy this machine is.
    """

    def __init__(self, simulator: InProcess, clock: Clock) -> None:
        self.clock = clock
        self._simulator = simulator
        self._patient = _transport.HttpTransport(PATIENT, True, None, clock=clock)
        self._quick = _transport.HttpTransport(QUICK, True, None, clock=clock)
        self.pacer = self._patient.pacer

    def send(self, request: _transport.Request) -> _transport.Reply:
        """Send a request once."""
        if not self._will_be_slow(request.method, urlsplit(request.url).path):
            return self._patient.send(request)
        before = self._simulator.simulation.count
        while True:
            try:
                return self._quick.send(request)
            except _transport.NoReply:
                # What follows comes after the request; on a busy machine it may not have been sent in time.
                end = time.monotonic() + UNSENT
                while self._simulator.simulation.count == before and time.monotonic() < end:
                    time.sleep(0.001)
                if self._simulator.simulation.count != before:
                    raise

    def _will_be_slow(self, method: str, path: str) -> bool:
        for fault in list(self._simulator.simulation.faults.waiting):
            if fault.matches(method, path, None):
                return fault.skip == 0 and fault.kind in SLOW_KINDS
        return False

    def cancel(self) -> None:
        """End what is under scenario."""
        self._patient.cancel()
        self._quick.cancel()

    def close(self) -> None:
        """Close all connections."""
        self._patient.close()
        self._quick.close()


@dataclass(frozen=True)
class Ran:
    """What came of a task.

    :param result: as Ansible would get it; empty where an exception came out.
    :param exception: that exception's text.
    :param log: the requests that the simulator saw.
    :param slept: seconds that the engine would have waited.
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
        """Whether the task says that it changed something."""
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        """What the failed task says."""
        return str(self.result.get("msg", ""))


def run(
    simulator: InProcess | None,
    definition: _definition.Definition,
    options: Mapping[str, Any],
    check_mode: bool = False,
    max_retries: int = 2,
    open_transport: _definition.OpenTransport | None = None,
) -> Ran:
    """Run a module's definition as a task does, in this process and without waiting.

    :param simulator: answers it; None where the transport does.
    :param definition: the module's.
    :param options: the task's arguments, beside those that say where the simulator is.
    :param check_mode: whether nothing may be written.
    :param max_retries: as the module's option.
    :param open_transport: opens HTTP; by default to the simulator.
    """
    clock = QuickClock()
    opened: list[Any] = []

    def open_once(timeout: float, validate_certs: bool, ca_path: str | None) -> Any:
        if open_transport is not None:
            opened.append(open_transport(timeout, validate_certs, ca_path))
        elif simulator is not None:
            opened.append(Watched(simulator, clock))
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
    return Ran(result, exception, simulator.take_log() if simulator else [], clock.slept)
