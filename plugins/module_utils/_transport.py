# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""HTTP as it is: one attempt at one request, over connections that are kept alive.

What an exception of the library means for the request (was it sent?) is said here and nowhere else.
"""

from __future__ import annotations

import os
import platform
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlencode

from . import _libs, _schemas
from ._clock import Clock
from ._retries import Pacer
from ._secret import Secret

if TYPE_CHECKING:
    import requests

#: The collection's version, as in galaxy.yml; it is part of the User-Agent.
VERSION = "1.0.0"

#: In the form of Twilio's own libraries: name/version (os arch) Python/version.
USER_AGENT = f"community.twilio/{VERSION} ({platform.system()} {platform.machine()}) Python/{platform.python_version()}"

#: How the standard library begins its error where a proxy refuses a tunnel, which comes before the request itself.
_NO_TUNNEL = "Tunnel connection failed"

_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


class Request(NamedTuple):
    """A request as it is sent, once. Its secrets are masked until then.

    :param method: the HTTP verb.
    :param url: scheme, host and path; with a query where ``query`` is not given.
    :param user: who authenticates: an account's SID or an API key's.
    :param password: that account's auth token, or that key's secret.
    :param query: query parameters.
    :param form: form fields.
    """

    method: str
    url: str
    user: str
    password: Secret
    query: Mapping[str, str] | None = None
    form: Mapping[str, str | Secret] | None = None


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class NoReply(Exception):
    """No HTTP answer came.

    :param reason: why, as the rest of a sentence; never an address with a password in it.
    :param sent: False where no connection was made, so that nothing can have been applied.
    :param final: True where another attempt can't end otherwise, like a certificate that is not trusted.
    """

    def __init__(self, reason: str, sent: bool, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.final = final


class Transport(Protocol):
    """What a client needs of HTTP; it may be shared by threads, and kept for further clients."""

    clock: Clock
    pacer: Pacer

    def send(self, request: Request) -> Reply:
        """Send a request once.

        :param request: what is sent, whither, and as whom.
        :raises NoReply: where no answer came.
        """


class HttpTransport:
    """Requests over the connections of one adapter of the ``requests`` library, without a session around it.

    A session would add cookies, redirects and the user's ``.netrc``, which no Twilio API uses and a client that sends
    secrets should not follow, and a quarter of a request's time. The environment's proxies are read once for each host.

    :param timeout: seconds, for connecting and for each read.
    :param validate_certs: whether TLS certificates are checked.
    :param ca_path: a file or folder of certificates, instead of the environment's or the library's.
    :param clock: time and chance for whoever waits for this transport.
    """

    def __init__(self, timeout: float, validate_certs: bool, ca_path: str | None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.pacer = Pacer(self.clock)
        self._timeout = timeout
        self._verify: bool | str = validate_certs and (
            ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        )
        self._adapter = _libs.requests.adapters.HTTPAdapter(pool_maxsize=_schemas.CONCURRENCY_LIMIT)
        self._proxies: dict[str, dict[str, str]] = {}

    def send(self, request: Request) -> Reply:
        """Send a request once.

        :param request: what is sent, whither, and as whom.
        :raises NoReply: where no answer came.
        """
        try:
            response = self._adapter.send(
                _prepared(request),
                timeout=self._timeout,
                verify=self._verify,
                proxies=self._proxies_for(request.url),
            )
            content = response.content
        except _libs.requests.exceptions.RequestException as error:
            raise self._no_reply(error) from None
        return Reply(response.status_code, response.headers, content)

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _proxies_for(self, url: str) -> dict[str, str]:
        origin = url[: url.find("/", len("https://"))]
        if origin not in self._proxies:
            self._proxies[origin] = _libs.requests.utils.get_environ_proxies(url)
        return self._proxies[origin]

    def _no_reply(self, error: requests.exceptions.RequestException) -> NoReply:
        exceptions = _libs.requests.exceptions
        causes = _causes(error)
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return NoReply(
                    f"the certificate was not trusted ({cause.verify_message}); ca_path names a bundle of your own",
                    sent=False,
                    final=True,
                )
        if isinstance(error, (exceptions.InvalidURL, exceptions.InvalidProxyURL, exceptions.InvalidSchema)):
            return NoReply("the address, or the proxy's in the environment, is not valid", sent=False, final=True)
        # A proxy's error alone says nothing: that is how an answer that was lost behind it comes, too.
        if any(str(cause).startswith(_NO_TUNNEL) for cause in causes if isinstance(cause, OSError)):
            return NoReply("the proxy made no connection", sent=False)
        not_connected = (_libs.urllib3.exceptions.NewConnectionError, socket.gaierror, ConnectionRefusedError)
        reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
        if any(isinstance(cause, not_connected) for cause in causes):
            return NoReply(f"no connection ({reason or 'unknown host or port'})", sent=False)
        if any(isinstance(cause, _libs.urllib3.exceptions.ConnectTimeoutError) for cause in causes):
            return NoReply(f"no connection within {self._timeout:g} s", sent=False)
        if isinstance(error, exceptions.Timeout):
            return NoReply(f"no answer within {self._timeout:g} s", sent=True)
        return NoReply(f"the connection broke before the whole answer came ({reason or 'closed'})", sent=True)


def _prepared(request: Request) -> requests.PreparedRequest:
    """Return a request as the library's adapter takes it; its own way of preparing one takes a fifth of the time."""
    prepared = _libs.requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = f"{request.url}?{urlencode(request.query)}" if request.query else request.url
    authentication = b64encode(f"{request.user}:{request.password.reveal()}".encode()).decode()
    headers = {**_HEADERS, "Authorization": f"Basic {authentication}"}
    if request.method == "POST" or request.form:
        fields = (request.form or {}).items()
        prepared.body = urlencode(
            {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields}
        )
        headers["Content-Length"] = str(len(prepared.body))
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    prepared.headers = _libs.requests.structures.CaseInsensitiveDict(headers)
    return prepared


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what caused it; libraries keep a cause in ``reason``, in ``args`` or in the context.

    A context that was suppressed is none: it belongs to an attempt before.
    """
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__ if cause.__suppress_context__ else cause.__context__]
            waiting += [getattr(cause, "reason", None), *cause.args]
    return found
