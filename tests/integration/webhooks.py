# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhook servers that check signatures with the official SDK, as consumers of Twilio's requests do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs

from serving import QuietHandler, serving
from twilio.request_validator import RequestValidator

#: The fields of a form, each with its values.
Form = Mapping[str, Sequence[str]]

#: Returns the status of the answer to a request, given its URL, form and signature.
Decide = Callable[[str, Form, str], int]


class _Fields(dict[str, Sequence[str]]):
    """Form fields as web frameworks pass them to the SDK."""

    def getlist(self, name: str) -> Sequence[str]:
        return self[name]


def is_signed(tokens: Iterable[str], url: str, form: Form, signature: str) -> bool:
    """Check a request's signature.

    :param tokens: the tokens that are accepted.
    :param url: the URL of the request.
    :param form: the form of the request.
    :param signature: the signature of the request.
    :returns: whether the signature was made with one of these tokens.
    """
    return any(RequestValidator(token).validate(url, _Fields(form), signature) for token in tokens)


def listening(decide: Decide) -> AbstractContextManager[str]:
    """Answer POST requests until a block ends.

    :param decide: returns the status of each answer; the signature is empty if the request has none.
    :returns: a context manager that gives the webhook's URL, without a path.
    """

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.read_body().decode(), keep_blank_values=True)
            url = f"http://{self.headers['Host']}{self.path}"
            self.send_response(decide(url, form, self.headers.get("X-Twilio-Signature", "")))
            self.end_headers()

    return serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
