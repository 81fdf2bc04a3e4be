# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the simulator as a process, and calls its control API. Standard library only.

with Simulator.start(account_sid="AC...", auth_token="...") as simulator:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "safelist": ["+14155550100"]}]})
    ...  # requests to simulator.url
    requests = simulator.requests()
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

FOLDER = Path(__file__).resolve().parent
GREETING = "listening on "


class SimulatorError(Exception):
    """The simulator didn't start, or refused a control request."""


class Simulator:
    """A running simulator; a context manager that always ends the process."""

    def __init__(
        self,
        process: subprocess.Popen[str] | None,
        url: str,
        account_sid: str,
        auth_token: str,
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self._process = process
        self._folder = folder
        self.url = url
        self.account_sid = account_sid
        self.auth_token = auth_token

    @classmethod
    def start(
        cls,
        account_sid: str | None = None,
        auth_token: str | None = None,
        *,
        tls: bool = False,
        arguments: Sequence[str] = (),
        python: str = sys.executable,
    ) -> Simulator:
        """Start a process on a free port and wait until it accepts connections.

        With `tls` it creates a certificate of its own, see `ca_path`. `arguments` are further options of the command;
        `python` is an interpreter that has the libraries of requirements.txt.
        """
        account_sid = account_sid or "AC" + token_hex(16)
        auth_token = auth_token or token_hex(16)
        folder = tempfile.TemporaryDirectory(prefix="simulator-") if tls else None
        command = [python, str(FOLDER), "--port", "0", "--account-sid", account_sid, "--auth-token", auth_token]
        command += ["--tls-folder", folder.name] if folder else []
        process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
        simulator = cls(process, "", account_sid, auth_token, folder)
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith(GREETING):
            simulator.stop()
            raise SimulatorError(f"the simulator did not start: {python} ended with {process.returncode}")
        simulator.url = line[len(GREETING) :].strip()
        return simulator

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; calling it twice is harmless."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def ca_path(self) -> str | None:
        """The file of the certificate to trust, with TLS."""
        return str(Path(self._folder.name) / "certificate.pem") if self._folder else None

    @property
    def process_id(self) -> int | None:
        """The process that runs the server."""
        return self._process.pid if self._process else None

    # -- the control API -----------------------------------------------------------------------------------------

    def control(self, method: str, name: str, data: Any = None, **query: str) -> Any:
        """Send a control request, and return its JSON."""
        address = urlsplit(self.url)
        connection = self._connect(address.hostname or "", address.port or 0, address.scheme == "https")
        try:
            target = f"/_simulator/{name}" + (f"?{urlencode(query)}" if query else "")
            body = None if data is None else json.dumps(data)
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise SimulatorError(f"{method} {name}: {answer.get('error', answer)}")
        return answer

    def _connect(self, host: str, port: int, tls: bool) -> http.client.HTTPConnection:
        if not tls:
            return http.client.HTTPConnection(host, port, timeout=30)
        context = ssl.create_default_context(cafile=self.ca_path)
        return http.client.HTTPSConnection(host, port, timeout=30, context=context)

    def reset(self) -> None:
        """Restore the initial state."""
        self.control("POST", "reset")

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Create or update data, and return what was created, SIDs included."""
        made: dict[str, Any] = self.control("POST", "seed", data)
        return made

    def state(self, account_sid: str | None = None) -> dict[str, Any]:
        """Return all accounts under `accounts`, or one account; secrets included."""
        query = {"account_sid": account_sid} if account_sid else {}
        state: dict[str, Any] = self.control("GET", "state", **query)
        return state

    def requests(self) -> list[dict[str, Any]]:
        """Return the log of API requests."""
        log: list[dict[str, Any]] = self.control("GET", "requests")
        return log

    def request_count(self) -> int:
        """Return the number of API requests since the log was cleared."""
        return int(self.control("GET", "requests", count="true")["count"])

    def clear_requests(self) -> None:
        """Empty the log."""
        self.control("DELETE", "requests")

    def connections(self) -> dict[str, int]:
        """Return `total`, `open` and `maximum_open` of the connections that carried API requests."""
        counts: dict[str, int] = self.control("GET", "connections")
        return counts

    def faults(self, faults: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Add faults, if any are given, and return the waiting ones."""
        method = "POST" if faults else "GET"
        waiting: list[dict[str, Any]] = self.control(method, "faults", faults or None)
        return waiting

    def clear_faults(self) -> None:
        """Remove all waiting faults."""
        self.control("DELETE", "faults")

    def apply_late(self) -> None:
        """Apply all waiting late requests now."""
        self.control("POST", "late")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings, if any are given, and return all of them."""
        settings: dict[str, Any] = self.control("PUT" if changes else "GET", "settings", changes or None)
        return settings

    def health(self) -> dict[str, Any]:
        """Return `violations` of the contract, `forbidden_writes`, and counts."""
        health: dict[str, Any] = self.control("GET", "health")
        return health

    def history(self, account_sid: str | None = None) -> Any:
        """Return the lives of tokens by account, or of one account."""
        history = self.control("GET", "history")
        return history[account_sid] if account_sid else history

    def key_history(self, account_sid: str | None = None) -> Any:
        """Return the lives of API keys by account, or of one account."""
        history = self.control("GET", "key_history")
        return history[account_sid] if account_sid else history
