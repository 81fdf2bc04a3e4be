# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds thousands of numbers while one request in fifty fails: all succeed, with few requests and bounded memory."""

from __future__ import annotations

import os
import random
import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from matrix.operations import OPERATIONS
from matrix.running import MAIN, MAIN_TOKEN, InProcess, MatrixTransport, QuickClock
from simulator.faults import Fault, Faults, read

from ansible_collections.community.twilio.plugins.module_utils._module import execute
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked

#: How many numbers are added without sockets, and how many with them, which takes ten times as long for each.
NUMBERS, WITH_SOCKETS = 10_000, 1_000
#: The share of requests that fail, and the kinds of faults.
FAILING = 0.02
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "500", "applied": True},
    {"kind": "503", "applied": False},
    {"kind": "reset", "applied": False},
    {"kind": "reset", "applied": True},
    {"kind": "truncated"},
    {"kind": "html", "applied": True},
)
#: Limits of the task: all requests in relation to the fewest possible, and additional memory in bytes.
MOST_REQUESTS = 1.05
MOST_MEMORY = 60 * 1024 * 1024


class RandomFaults(Faults):
    """Faults at random requests, with the same random numbers in each run."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(1)
        # The server calls take() only if a fault is waiting.
        self.waiting = [read({"kind": "500"})]

    def take(self, method: str, path: str, account_sid: str | None) -> Fault | None:
        """Return a fault at random, whatever the request."""
        return read(self._random.choice(KINDS)) if self._random.random() < FAILING else None


class Memory:
    """A context manager whose thread samples the memory of this process.

    :ivar grown: by how many bytes its maximum exceeded the start; 0 where the system does not report it.
    """

    def __init__(self) -> None:
        self.grown = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._first = self._resident()

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.05):
            self.grown = max(self.grown, self._resident() - self._first)

    @staticmethod
    def _resident() -> int:
        statistics = Path("/proc/self/statm")
        pages = int(statistics.read_text(encoding="ascii").split()[1]) if statistics.exists() else 0
        return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("count", "sockets"), [(NUMBERS, False), (WITH_SOCKETS, True)])
def test_thousands_of_numbers_are_added_while_one_request_in_fifty_fails(count: int, sockets: bool) -> None:
    numbers = [f"+1415{number:07d}" for number in range(count)]
    definition = OPERATIONS["safelist_number: add"].definition
    with InProcess(sockets) as simulator:
        world = simulator.reset_to({"accounts": []}, {}, None)
        simulator.simulation.faults = RandomFaults()
        # The simulator's log must not count as the task's memory.
        simulator.simulation.log = deque(maxlen=100)
        given = {
            "account_sid": MAIN,
            "auth_token": MAIN_TOKEN,
            "base_url": simulator.url,
            "phone_number": numbers,
            "concurrency": 8,
        }
        options = checked(definition.argument_spec(), definition.rules(), given, "twilio_safelist_number").options
        transports: list[HttpTransport | MatrixTransport] = []

        def open_transport(
            timeout: float, validate_certs: bool, ca_path: str | None
        ) -> HttpTransport | MatrixTransport:
            transports.append(
                HttpTransport(timeout, validate_certs, ca_path, clock=QuickClock())
                if sockets
                else MatrixTransport(simulator, QuickClock())
            )
            return transports[-1]

        try:
            with Memory() as memory:
                result = execute(definition, options, False, False, open_transport)
        finally:
            for transport in transports:
                transport.close()
        assert not result.get("failed"), result["msg"]
        assert result["changed"]
        assert [entry["phone_number"] for entry in result["numbers"]] == numbers
        assert all(entry["changed"] for entry in result["numbers"])
        found = world.accounts[MAIN].safelist
        assert {entry["phone_number"]: entry["sid"] for entry in result["numbers"]} == found
        # At best, one read and one write for each number.
        sent = simulator.simulation.count
        print(f"{sent / (2 * count):.3f} times the least requests, {memory.grown / 1024 / 1024:.0f} MiB of memory")
        assert sent <= MOST_REQUESTS * 2 * count
        assert memory.grown <= MOST_MEMORY * count / NUMBERS
