# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""HTTP: one attempt at one request, over connections that are kept alive.

Only this file interprets what an exception of the library means for the request (was it sent?).
"""

from __future__ import annotations

import os
import platform
import re
import ssl
import urllib.request
import warnings
from base64 import b64encode
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Protocol, Union
from urllib.parse import urlencode

from . import _libs, _schemas
from ._attempt import Attempt, Watch, watch_connections
from ._clock import Clock
from ._errors import InputError
from ._retries import Pacer
from ._secret import Secret

if TYPE_CHECKING:
    import requests

#: The collection's version, as in galaxy.yml; it is part of the User-Agent.
VERSION = "1.0.0"

#: In the form of Twilio's own libraries: name/version (os arch) Python/version.
USER_AGENT = f"community.twilio/{VERSION} ({platform.system()} {platform.machine()}) Python/{platform.python_version()}"

#: Limit of a body in bytes; the longest that Twilio sends, a page of a thousand accounts, has a fifth of it.
LONGEST_BODY = 16 * 1024 * 1024

#: The standard library's error where a proxy refuses a tunnel, with the status of its answer.
_NO_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")

#: The names by which OpenSSL finds certificates in a folder.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")

_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


#: Form fields by name; one that is sent several times has a tuple.
Form = Mapping[str, Union[str, Secret, tuple[Union[str, Secret], ...]]]


class Request(NamedTuple):
    """A request as it is sent, once. Its secrets are masked until then.

    :param method: the HTTP verb.
    :param url: scheme, host and path; with a query where ``query`` is not given.
    :param user: what authenticates: an account's SID or an API key's.
    :param password: that account's auth token, or that key's secret.
    :param query: query parameters.
    :param form: form fields.
    """

    method: str
    url: str
    user: str
    password: Secret
    query: Mapping[str, str] | None = None
    form: Form | None = None


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class NoReply(Exception):
    """No HTTP answer came.

    :param reason: why, as the rest of a sentence; never an address with a password in it.
    :param sent: False where nothing of the request was sent, so that nothing can have been applied.
    :param final: True where another attempt can't end otherwise, like a certificate that is not trusted.
    """

    def __init__(self, reason: str, sent: bool, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.final = final


class _BodyTooLong(Exception):
    """An answer's body is longer than any of Twilio's."""


class Transport(Protocol):
    """What a client needs of HTTP; it may be shared by threads, and kept for further clients."""

    clock: Clock
    pacer: Pacer

    def send(self, request: Request) -> Reply:
        """Send a request once.

        :param request: what is sent, where to, and as whom.
        :raises NoReply: where no answer came.
        :raises Cancelled: once the work was cancelled.
        """

    def cancel(self) -> None:
        """Abort the requests in progress in all threads, and prevent further ones."""


class HttpTransport:
    """Requests over the connections of one adapter of the ``requests`` library, without a session around it.

    A session would add cookies, redirects and the user's ``.netrc``, which no Twilio API needs and a client that sends
    secrets must avoid, and take a quarter of a request's time. The environment's proxies are read once for each host.

    :param timeout: seconds for each attempt as a whole, from connecting to the last byte of the answer.
    :param validate_certs: whether TLS certificates are checked.
    :param ca_path: a file or folder of certificates, instead of the environment's or the library's.
    :param clock: time, waiting and random numbers for everything that uses this transport.
    :raises InputError: where ``ca_path`` can't be loaded.
    """

    def __init__(self, timeout: float, validate_certs: bool, ca_path: str | None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.pacer = Pacer(self.clock)
        self._timeout = timeout
        self._watch = Watch(timeout)
        self._adapter = _libs.requests.adapters.HTTPAdapter(pool_maxsize=_schemas.CONCURRENCY_LIMIT)
        watch_connections(self._adapter.poolmanager)
        self._proxies: dict[str, dict[str, str]] = {}
        self._verify: bool | str | None = False
        if validate_certs:
            # The environment's bundle is read only when a certificate has to be checked.
            self._verify = _trusted("ca_path", ca_path) if ca_path else None
        else:
            warnings.simplefilter("ignore", _libs.urllib3.exceptions.InsecureRequestWarning)

    def send(self, request: Request) -> Reply:
        """Send a request once.

        :param request: what is sent, where to, and as whom.
        :raises NoReply: where no answer came.
        :raises InputError: where a bundle of certificates that the environment names can't be loaded.
        :raises Cancelled: once the work was cancelled.
        """
        prepared = prepared_request(request)
        verify = self._verified(request.url)
        with self._watch.attempt() as attempt:
            self.clock.check()
            try:
                proxies = self._proxies_for(request.url)
                response = self._adapter.send(
                    prepared, stream=True, timeout=self._timeout, verify=verify, proxies=proxies
                )
                reply = Reply(response.status_code, response.headers, _content(response))
                if attempt.expired:
                    # To the library, the end of the connection looks like the end of the headers or of the body.
                    raise TimeoutError
                return reply
            # Libraries raise all kinds of errors: their own, the standard library's, ValueError for odd headers.
            except Exception as error:
                self.clock.check()
                raise self._no_reply(error, attempt) from None

    def cancel(self) -> None:
        """Abort the requests in progress in all threads, and prevent further ones."""
        self.clock.cancel()
        self._watch.end_all()

    def close(self) -> None:
        """Close all connections, which nothing may be using."""
        self._adapter.close()
        self._watch.rest()

    def _verified(self, url: str) -> bool | str:
        if self._verify is None and url.startswith("https:"):
            named = ((name, os.environ.get(name)) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
            self._verify = next((_trusted(name, path) for name, path in named if path), True)
        return self._verify is not None and self._verify

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies that the environment, and nothing else, names for a URL's host.

        Elsewhere the library looks them up in the system's settings, which a forked process on macOS must not do.
        """
        origin = url[: url.find("/", len("https://"))]
        if origin not in self._proxies:
            utils = _libs.requests.utils
            proxies = urllib.request.getproxies_environment()
            if not proxies or utils.should_bypass_proxies(url, no_proxy=proxies.get("no")):
                proxies = {}
            elif proxy := utils.select_proxy(url, proxies):
                address = utils.prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]  # the stub has none
                watch_connections(self._adapter.proxy_manager_for(address))
            self._proxies[origin] = proxies
        return self._proxies[origin]

    def _no_reply(self, error: Exception, attempt: Attempt) -> NoReply:
        exceptions = _libs.requests.exceptions
        if attempt.expired or isinstance(error, (exceptions.Timeout, _libs.urllib3.exceptions.TimeoutError)):
            waited_for = "answer" if attempt.sent else "connection"
            return NoReply(f"no {waited_for} within {self._timeout:g} s", sent=attempt.sent)
        if isinstance(error, _BodyTooLong):
            return NoReply(f"the answer was longer than {LONGEST_BODY >> 20} MiB", sent=True)
        causes = _causes(error)
        if attempt.sent:
            return NoReply(
                f"the connection broke before the whole answer came ({_reason(causes, 'closed')})", sent=True
            )
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                reason = f"the certificate was not trusted ({cause.verify_message}); ca_path names a bundle of your own"
                return NoReply(reason, sent=False, final=True)
            if isinstance(cause, OSError) and (refusal := _NO_TUNNEL.match(str(cause))):
                return _refused_by_proxy(int(refusal[1]))
        if isinstance(error, exceptions.InvalidSchema) and "SOCKS" in str(error):
            reason = "the environment names a SOCKS proxy, which needs the Python package PySocks on this machine"
            return NoReply(reason, sent=False, final=True)
        if isinstance(error, (exceptions.InvalidURL, exceptions.InvalidSchema, ValueError)):
            return NoReply("the address, or the proxy's in the environment, is not valid", sent=False, final=True)
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                broken = isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
                reason = f"no TLS connection ({_reason(causes, 'the handshake failed')})"
                return NoReply(reason, sent=False, final=not broken)
        return NoReply(f"no connection ({_reason(causes, 'unknown host or port')})", sent=False)


def _trusted(option: str, path: str) -> str:
    """Return a path of certificates that can be loaded.

    :param option: what names the path, for the message.
    :raises InputError: where it can't be loaded.
    """
    reason: str | None = "no certificate in it"
    try:
        if not os.path.isdir(path):
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
            return path
        if any(_HASHED_NAME.fullmatch(name) for name in os.listdir(path)):
            return path
    except ssl.SSLError:
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
    raise InputError(option, f"expected a file or folder of certificates in PEM form; there: {reason}")


def _content(response: requests.Response) -> bytes:
    """Return an answer's body.

    :raises _BodyTooLong: where it is longer than any of Twilio's.
    """
    content = b""
    # Before its version 2, urllib3 takes a body that ends early for a whole one, if it isn't told.
    response.raw.enforce_content_length = True
    while chunk := response.raw.read(LONGEST_BODY + 1 - len(content), decode_content=True):
        content += chunk
        if len(content) > LONGEST_BODY:
            response.close()
            raise _BodyTooLong
    return content


def _refused_by_proxy(status: int) -> NoReply:
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    # A proxy's 5xx may be temporary; any other refusal is final.
    return NoReply(f"the proxy made no connection ({status}{phrase})", sent=False, final=status < 500)


def _reason(causes: Sequence[BaseException], otherwise: str) -> str:
    """Return the system's description of the error, or ``otherwise`` where there is none."""
    return next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), otherwise)


def form_fields(form: Form | None) -> list[tuple[str, str | Secret]]:
    """Return a form's fields, each name with one value, in the order in which they are sent."""
    fields: list[tuple[str, str | Secret]] = []
    for name, value in (form or {}).items():
        fields += [(name, each) for each in (value if isinstance(value, tuple) else (value,))]
    return fields


def prepared_request(request: Request) -> requests.PreparedRequest:
    """Return a request as the library's adapter takes it; its own preparation takes a fifth of a request's time."""
    prepared = _libs.requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = f"{request.url}?{urlencode(request.query)}" if request.query else request.url
    authentication = b64encode(f"{request.user}:{request.password.reveal()}".encode()).decode()
    headers = {**_HEADERS, "Authorization": f"Basic {authentication}"}
    if request.method == "POST" or request.form:
        fields = form_fields(request.form)
        prepared.body = urlencode(
            [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in fields]
        )
        headers["Content-Length"] = str(len(prepared.body))
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    prepared.headers = _libs.requests.structures.CaseInsensitiveDict(headers)
    return prepared


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and what caused it; libraries keep a cause in ``reason``, in ``args`` or in the context.

    A suppressed context is ignored: it belongs to an earlier attempt.
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
