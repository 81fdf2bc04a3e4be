# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's IAM, as moto simulates it, with a log of requests."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from servers import LoggedServer, Request
from werkzeug.serving import make_server

REGION = "us-east-1"

#: Finds the access key that a request was signed with.
_SIGNED_WITH = re.compile(r"Credential=([^/]+)/")

#: The names of calls that change nothing begin with one of these.
_READING = ("Get", "List", "Simulate")


class Iam(LoggedServer):
    """IAM on a port of this machine.

    A caller is an access key id. Moto accepts any, so each fixture calls with one of its own.
    """

    name = "IAM"

    def __init__(self) -> None:
        self._simulated = DomainDispatcherApplication(create_backend_app)
        super().__init__(make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_Handler))

    def caller(self) -> str:
        """Return a new access key id to call with."""
        return f"AKIA{token_hex(8).upper()}"

    def environment(self, caller: str) -> dict[str, str]:
        """Return the environment variables that make Ansible's modules call this server as that caller."""
        return {
            "AWS_ACCESS_KEY_ID": caller,
            "AWS_SECRET_ACCESS_KEY": "the secret of the caller",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }

    def add_user(self, name: str) -> None:
        """Create a user, without a request."""
        self._backend.create_user(REGION, name)

    def add_key(self, user: str) -> tuple[str, str]:
        """Create an access key, without a request, and return its id and its secret."""
        key = self._backend.create_access_key(user)
        return key.access_key_id, key.secret_access_key

    def keys(self, user: str) -> dict[str, str]:
        """Return a user's access keys, each with its secret, which IAM itself returns only once."""
        return {key.access_key_id: key.secret_access_key for key in self._backend.users[user].access_keys}

    @property
    def _backend(self) -> Any:
        return iam_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def _serve(self, environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Log a request, and pass it on to moto."""
        body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        environment["wsgi.input"] = io.BytesIO(body)
        signed = _SIGNED_WITH.search(environment.get("HTTP_AUTHORIZATION", ""))
        action = parse_qs(body.decode()).get("Action", [""])[0]
        self.note(signed[1] if signed else "", Request(action, not action.startswith(_READING)))
        answer: Iterable[bytes] = self._simulated(environment, start_response)
        return answer


class _Handler(MotoRequestHandler):
    """One connection."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Print nothing: a failing test's output is long enough."""
