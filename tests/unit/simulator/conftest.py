# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requirements of the simulator, and a plain HTTP client for its API."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Union
from urllib.parse import urlencode, urlsplit

import pytest
from simulator import Simulator

#: Form fields; as pairs, where one is repeated.
Form = Union[dict[str, str], list[tuple[str, str]]]


@dataclass
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Api:
    """Sends API requests, each on a connection of its own unless one is given."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.token = (simulator.account_sid, simulator.auth_token)

    def connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.simulator.url)
        return http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)

    def send(
        self, method: str, target: str, form: Form | None = None, auth: tuple[str, str] | None = None
    ) -> http.client.HTTPConnection:
        """Send a request, and wait until the simulator has received it, without reading the answer."""
        connection = self.connect()
        count = self.simulator.request_count()
        token = base64.b64encode(":".join(auth or self.token).encode()).decode()
        headers = {"Authorization": f"Basic {token}"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, target, urlencode(form) if form is not None else None, headers)
        self.wait_until(lambda: self.simulator.request_count() > count)
        return connection

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, for at most a minute."""
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end

    def __call__(
        self,
        method: str,
        target: str,
        form: Form | None = None,
        auth: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
        connection: http.client.HTTPConnection | None = None,
        anonymous: bool = False,
    ) -> Reply:
        used = connection or self.connect()
        sent = dict(headers or {})
        if not anonymous:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth or self.token).encode()).decode()
        body = None
        if form is not None:
            body = urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            used.request(method, target, body, sent)
            response = used.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            if connection is None:
                used.close()


@pytest.fixture(scope="session", autouse=True)
def libraries() -> None:
    """Skip all these tests where the simulator can't be started."""
    for library in ("aiohttp", "cryptography", "jsonschema_rs", "yaml"):
        pytest.importorskip(library, reason=f"the simulator needs {library}")


@pytest.fixture
def api(simulator: Simulator) -> Api:
    return Api(simulator)


@pytest.fixture
def simulator_in_process() -> Iterator[Simulator]:
    """Return a simulator that runs in a thread."""
    from simulator.in_process import InProcessSimulator

    with InProcessSimulator() as running:
        yield running


@pytest.fixture
def api_in_process(simulator_in_process: Simulator) -> Api:
    return Api(simulator_in_process)
