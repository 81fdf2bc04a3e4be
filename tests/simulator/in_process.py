# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in a thread of the process that uses it: for tests with thousands of cases.

with InProcessSimulator() as simulator:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "safelist": ["+14155550100"]}]})
    ...  # requests to simulator.url
    requests = simulator.requests()

Requests to the API use a socket as usual; the methods of `Simulator` that use the control API work without one. It
needs the libraries of requirements.txt.
"""

from __future__ import annotations

import asyncio
import json
from secrets import token_hex
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from .client import Simulator, SimulatorError
from .control import PREFIX, control
from .server import SimulatorServer
from .simulation import Simulation, Start


class InProcessSimulator(Simulator):
    """A simulator whose server runs in a thread; a context manager that always ends it."""

    def __init__(self, account_sid: str | None = None, auth_token: str | None = None) -> None:
        """Start the thread and wait until it accepts connections on a free port."""
        super().__init__(None, "", account_sid or "AC" + token_hex(16), auth_token or token_hex(16))
        self._server = SimulatorServer(Simulation(Start(self.account_sid, self.auth_token)))
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        started = self._loop.create_future()
        run = self._server.run("127.0.0.1", 0, None, started.set_result, self._stop)
        self._running = self._loop.create_task(run)
        self._loop.run_until_complete(asyncio.wait({started, self._running}, return_when=asyncio.FIRST_COMPLETED))
        if self._running.done():
            self._loop.close()
            raise SimulatorError("the simulator did not start") from self._running.exception()
        self.url = started.result()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._running,), name="simulator")
        self._thread.start()

    def stop(self) -> None:
        """End the server and its thread; calling it twice is harmless."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop.close()

    def control(self, method: str, name: str, data: Any = None, **query: str) -> Any:
        """Process a control request between two API requests, and return a copy of its JSON."""
        body = b"" if data is None else json.dumps(data).encode()

        async def answer() -> tuple[int, str]:
            status, found = control(self._server, method, PREFIX + name, urlencode(query), body)
            return status, json.dumps(found)

        status, text = asyncio.run_coroutine_threadsafe(answer(), self._loop).result()
        found = json.loads(text)
        if status != 200:
            raise SimulatorError(f"{method} {name}: {found.get('error', found)}")
        return found
