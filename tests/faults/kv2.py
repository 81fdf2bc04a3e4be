# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HashiCorp Vault's KV secrets engine, version 2, as far as it is used here, and as strict.

What it answers: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import ThreadingHTTPServer
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from kills import Request
from servers import SimulatedServer
from serving import QuietHandler

LOOKUP = "/v1/auth/token/lookup-self"
DENIED = "permission denied"
MISMATCH = "check-and-set parameter did not match the current version"
REQUIRED = "check-and-set parameter required for this call"


class Answer(NamedTuple):
    """An answer: its status and its JSON, None where it has none."""

    status: int
    body: Mapping[str, Any] | None = None


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@dataclass(frozen=True)
class Version:
    """A version of a secret.

    :param since: when it was written, in seconds of the monotonic clock.
    :param data: the secret; None where the version was deleted.
    """

    since: float
    data: Mapping[str, Any] | None
    created: str = field(default_factory=_now)
    deleted: str = ""

    def metadata(self, number: int) -> dict[str, Any]:
        """Return what Vault says of it beside the secret."""
        return {
            "created_time": self.created,
            "custom_metadata": None,
            "deletion_time": self.deleted,
            "destroyed": False,
            "version": number,
        }


class Kv2(SimulatedServer):
    """A Vault with one KV engine.

    A caller is a token, so that all it asks for is known to be its own.

    :param mount: where the engine is.
    :param cas_required: whether each write has to say which version it replaces.
    """

    name = "Vault"

    def __init__(self, mount: str = "secret", cas_required: bool = False) -> None:
        super().__init__(_Server(self))
        self._lock = threading.Lock()
        self._prefix = f"/v1/{mount}/data/"
        self._cas_required = cas_required
        self._tokens: set[str] = set()
        self._secrets: dict[str, list[Version]] = {}

    def issue(self) -> str:
        """Return a new token, which may do everything."""
        token = f"hvs.{token_hex(12)}"
        self._tokens.add(token)
        return token

    def versions(self, path: str) -> list[Version]:
        """Return all versions of a secret."""
        return list(self._secrets.get(path, ()))

    def put(self, path: str, data: Mapping[str, Any]) -> None:
        """Write a secret without a request."""
        self._secrets.setdefault(path, []).append(Version(time.monotonic(), dict(data)))

    # -- answers ---------------------------------------------------------------------------------------------------

    def serve(self, method: str, target: str, token: str, body: bytes) -> Answer:
        """Do what a request asks for, one at a time."""
        with self._lock:
            self.note(token, Request(f"{method} {target}", method != "GET"))
            return self._answer(method, target, token, body)

    def _answer(self, method: str, target: str, token: str, body: bytes) -> Answer:
        address = urlsplit(target)
        path = unquote(address.path)
        if token not in self._tokens:
            return Answer(403, {"errors": [DENIED]})
        if method == "GET" and path == LOOKUP:
            return Answer(200, _envelope({"id": token, "policies": ["root"], "ttl": 0, "type": "service"}))
        if not path.startswith(self._prefix) or path == self._prefix:
            return Answer(404, {"errors": [f'no handler for route "{path[len("/v1/") :]}". route entry not found.']})
        secret = path[len(self._prefix) :]
        if method == "GET":
            return self._read(secret, int(parse_qs(address.query).get("version", ["0"])[0]))
        if method in ("POST", "PUT"):
            return self._write(secret, body)
        if method == "DELETE":
            return self._delete(secret)
        return Answer(405, {"errors": ["unsupported operation"]})

    def _read(self, path: str, number: int) -> Answer:
        versions = self._secrets.get(path, [])
        number = number or len(versions)
        if not 0 < number <= len(versions):
            return Answer(404, {"errors": []})
        version = versions[number - 1]
        found = _envelope({"data": version.data, "metadata": version.metadata(number)})
        return Answer(404 if version.data is None else 200, found)

    def _write(self, path: str, body: bytes) -> Answer:
        try:
            wanted = json.loads(body)
            options, data = wanted.get("options") or {}, wanted.get("data")
            cas = None if options.get("cas") is None else int(options["cas"])
        except (ValueError, TypeError, AttributeError):
            return Answer(400, {"errors": ["error parsing JSON"]})
        versions = self._secrets.get(path, [])
        if not isinstance(data, dict):
            return Answer(400, {"errors": ["no data provided"]})
        if cas is None and self._cas_required:
            return Answer(400, {"errors": [REQUIRED]})
        if cas is not None and cas != len(versions):
            return Answer(400, {"errors": [MISMATCH]})
        self.put(path, data)
        number = len(self._secrets[path])
        return Answer(200, _envelope(self._secrets[path][-1].metadata(number)))

    def _delete(self, path: str) -> Answer:
        """Delete the latest version; its number is not used again."""
        versions = self._secrets.get(path, [])
        if versions:
            versions[-1] = Version(versions[-1].since, None, versions[-1].created, _now())
        return Answer(204)


class _Server(ThreadingHTTPServer):
    """Answers each connection in a thread of its own."""

    def __init__(self, vault: Kv2) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vault = vault


class _Handler(QuietHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        token = self.headers.get("X-Vault-Token") or ""
        answer = self.server.vault.serve(self.command, self.path, token, self.read_body())
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve


def _envelope(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is around every answer's data."""
    return {
        "request_id": token_hex(16),
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "wrap_info": None,
        "warnings": None,
        "auth": None,
        "mount_type": "kv",
    }
