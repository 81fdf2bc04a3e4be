# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Twilio's API as calls: authentication, retries, paging, JSON, errors. It knows no resource."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import _libs
from ._errors import CallError, FateUnknown, ForeignAnswer, InputError, NotSent, Rejected
from ._retries import LONGEST_RETRY_AFTER, Outcome, backoff, may_repeat, retry_after
from ._schemas import Check
from ._secret import Secret
from ._transport import NoReply, Reply, Request, Transport

#: The largest page that Twilio gives.
PAGE_SIZE = 1000

#: What Twilio's errors hold: one of these at least, classic or by RFC 9457. Anything else is not Twilio's answer.
_ERROR_KEYS = {"code", "message", "status", "title", "detail"}


@dataclass(frozen=True)
class Connection:
    """Whom to ask, as whom.

    :param account_sid: the account that product endpoints act on, and that the auth token belongs to.
    :param auth_token: its auth token, None where only an API key is known.
    :param api_key_sid: an API key's SID; used before the auth token.
    :param api_key_secret: the API key's secret.
    :param region: Twilio region, e.g. ``ie1``.
    :param edge: Twilio edge, e.g. ``dublin``.
    :param base_url: scheme, host and path prefix instead of every Twilio host.
    :param max_retries: further attempts after the first.
    """

    account_sid: str
    auth_token: Secret | None = None
    api_key_sid: str | None = None
    api_key_secret: Secret | None = None
    region: str | None = None
    edge: str | None = None
    base_url: str | None = None
    max_retries: int = 5

    def host(self, product: str) -> str:
        """Return scheme and host (and path prefix) of a product, by Twilio's rule for regions and edges.

        :param product: the host's first label, e.g. ``accounts`` or ``api``.
        """
        if self.base_url:
            return self.base_url
        region = self.region or ("us1" if self.edge else None)
        return "https://" + ".".join(filter(None, [product, self.edge, region, "twilio.com"]))

    def credentials(self) -> tuple[str, Secret]:
        """Return user and password: the API key where there is one, otherwise the account and its token.

        :raises InputError: where there is neither.
        """
        if self.api_key_sid and self.api_key_secret:
            return self.api_key_sid, self.api_key_secret
        if self.auth_token is None:
            raise InputError("auth_token", "required, because this can't be done with an API key")
        return self.account_sid, self.auth_token


@dataclass(frozen=True)
class Call:
    """A request as it is meant.

    :param method: the HTTP verb.
    :param path: path on the product's host, with a query where it is a list's next page.
    :param doing: what it attempts on what, to follow "Could not".
    :param schema: check of the answer's body; None where none is expected (204).
    :param product: the product's host label.
    :param query: query parameters.
    :param form: form fields.
    :param repeatable: whether sending it twice leaves what sending it once does; by default all but POST.
    :param about: the account that the answer must be about; by default the client's.
    :param advice: Twilio's error code to what the user can do about it here.
    """

    method: str
    path: str
    doing: str
    schema: Check | None = None
    product: str = "accounts"
    query: Mapping[str, str] | None = None
    form: Mapping[str, str | Secret] | None = None
    repeatable: bool | None = None
    about: str | None = None
    advice: Mapping[int, str] | None = None

    @property
    def can_repeat(self) -> bool:
        """Whether the request may be sent again after an attempt of unknown fate."""
        return self.method != "POST" if self.repeatable is None else self.repeatable


class Answer(NamedTuple):
    """What Twilio answered to a call that went well.

    ``doubtful``: an earlier attempt at it was of unknown fate.
    """

    body: Any
    doubtful: bool


class _Attempt(NamedTuple):
    """How one attempt ended: with a body, or with a failure that another attempt may mend."""

    outcome: Outcome
    body: Any = None
    failure: CallError | None = None
    wait: float = 0.0
    final: bool = False


class Client:
    """Sends calls until they are answered, and turns everything else into one exception tree.

    Several threads may use it at once.

    :param connection: whom to ask, as whom.
    :param transport: HTTP, with the pacing of what goes over it.
    """

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection
        self._transport = transport

    @property
    def account_sid(self) -> str:
        """The account that this client acts as."""
        return self.connection.account_sid

    def acting_as(self, account_sid: str, auth_token: Secret | None) -> Client:
        """Return a client that acts as an account with that account's own token, never with an API key.

        It shares this client's transport, and with it the connections and the pace.

        :param account_sid: the account.
        :param auth_token: its token; None where it is not known, so that every call raises InputError.
        """
        connection = replace(
            self.connection, account_sid=account_sid, auth_token=auth_token, api_key_sid=None, api_key_secret=None
        )
        return Client(connection, self._transport)

    def send(self, call: Call) -> Answer:
        """Send a call, again where that is right, and return its answer.

        :raises NotSent: no connection could be made.
        :raises Rejected: Twilio answered no.
        :raises FateUnknown: no answer that can be believed, and no further attempt is right.
        :raises ForeignAnswer: the answer is about another account.
        """
        doubtful = False
        for attempt in itertools.count():
            ended = self._attempt(call)
            if ended.failure is None:
                break
            ended.failure.doubtful = doubtful
            ended.failure.wait = ended.wait
            attempts_left = 0 if ended.final else self.connection.max_retries - attempt
            if not may_repeat(ended.outcome, call.can_repeat, attempts_left):
                raise ended.failure
            doubtful = doubtful or ended.outcome is Outcome.UNKNOWN
            # After a 429 the pacer holds all threads back, not this one alone.
            if ended.outcome is not Outcome.REFUSED:
                self._pause(ended.wait, attempt)
        return Answer(ended.body, doubtful)

    def send_once(self, call: Call, find: Callable[[], Any]) -> Answer:
        """Send a call that must not be applied twice, and settle an attempt of unknown fate by looking.

        :param call: the call.
        :param find: reads, and returns what the call should have brought about, None where it is not there.
        :returns: the answer, or what ``find`` found in its place; ``doubtful`` where one attempt's fate was unknown.
        :raises CallError: as :meth:`send`; ``doubtful`` where an attempt before it was of unknown fate.
        """
        doubtful = False
        for attempt in itertools.count():
            try:
                return Answer(self.send(call).body, doubtful)
            except FateUnknown as failure:
                # What was sent may still be on its way, so the look comes after the wait.
                self._pause(failure.wait, attempt)
                found = find()
                if found is not None:
                    return Answer(found, True)
                if attempt >= self.connection.max_retries:
                    raise
                doubtful = True
            except CallError as failure:
                failure.doubtful = doubtful
                raise
        raise AssertionError("unreachable")

    def find(self, call: Call) -> Any:
        """Send a call that asks for one thing, and return its body, None where Twilio says that it is not there (404).

        :raises CallError: as :meth:`send`.
        """
        try:
            return self.send(call).body
        except Rejected as rejected:
            if rejected.status == 404:
                return None
            raise

    def delete(self, call: Call) -> bool:
        """Send a call that removes something, and return whether that removed it.

        Nothing there (404) is no change where the first attempt is told so: somebody else removed it. After an attempt
        of unknown fate it is that attempt's work.

        :raises CallError: as :meth:`send`.
        """
        try:
            self.send(call)
        except Rejected as rejected:
            if rejected.status == 404:
                return rejected.doubtful
            raise
        return True

    def items(self, call: Call) -> Iterator[Any]:
        """Send a list's call and those of its further pages, and yield all items.

        Further pages are asked where the first was, whatever host their addresses name.

        :raises CallError: as :meth:`send`.
        """
        seen: set[str] = set()
        following: str | None = None
        while following is None or following not in seen:
            page = self.send(call).body
            yield from page["items"]
            if page["next"] is None:
                return
            if following is not None:
                seen.add(following)
            following = self._path_of(page["next"])
            call = replace(call, path=following, query=None)
        raise FateUnknown(call.doing, "the list's pages lead in a circle")

    def _path_of(self, address: str) -> str:
        parts = urlsplit(address)
        prefix = urlsplit(self.connection.base_url or "").path
        path = parts.path[len(prefix) :] if prefix and parts.path.startswith(prefix + "/") else parts.path
        return f"{path}?{parts.query}" if parts.query else path

    def _pause(self, wait: float, attempt: int) -> None:
        clock = self._transport.clock
        clock.sleep(max(wait, backoff(attempt, clock.random())))

    def _attempt(self, call: Call) -> _Attempt:
        user, password = self.connection.credentials()
        sent_at = self._transport.pacer.wait()
        try:
            reply = self._transport.send(
                Request(
                    call.method,
                    self.connection.host(call.product) + call.path,
                    user,
                    password,
                    query=call.query,
                    form=call.form,
                )
            )
        except NoReply as lost:
            if lost.sent:
                return _Attempt(Outcome.UNKNOWN, failure=FateUnknown(call.doing, lost.reason), final=lost.final)
            return _Attempt(Outcome.NOT_SENT, failure=NotSent(call.doing, lost.reason), final=lost.final)
        wait = retry_after(reply.headers)
        if reply.status == 429:
            too_long = (wait or 0.0) > LONGEST_RETRY_AFTER
            if not too_long:
                self._transport.pacer.refused(sent_at, wait)
            return _Attempt(Outcome.REFUSED, failure=self._failure(Rejected, call, reply), final=too_long)
        self._transport.pacer.accepted()
        try:
            return _Attempt(Outcome.ANSWERED, body=self._read(call, reply))
        except FateUnknown as failure:
            return _Attempt(Outcome.UNKNOWN, failure=failure, wait=min(wait or 0.0, LONGEST_RETRY_AFTER))
        except CallError as failure:
            return _Attempt(Outcome.ANSWERED, failure=failure)

    def _read(self, call: Call, reply: Reply) -> Any:
        """Return the answer's body as its schema makes it.

        :raises CallError: where it is anything but what was asked for.
        """
        if reply.status >= 500:
            raise self._failure(FateUnknown, call, reply)
        if reply.status >= 400:
            raise self._failure(Rejected if _ERROR_KEYS & _problem(reply).keys() else FateUnknown, call, reply)
        if call.schema is None and reply.status == 204:
            return None
        if call.schema is None or reply.status not in (200, 201):
            raise self._failure(FateUnknown, call, reply)
        try:
            body = call.schema(json.loads(reply.content))
        except (ValueError, _libs.voluptuous.Invalid):
            raise self._failure(FateUnknown, call, reply) from None
        self._check_owner(call, body)
        return body

    def _check_owner(self, call: Call, body: Mapping[str, Any]) -> None:
        wanted = call.about or self.account_sid
        for item in [body, *body.get("items", [])]:
            owner = item.get("account_sid")
            if owner is not None and owner != wanted:
                raise ForeignAnswer(call.doing, f"the answer is about account {owner}, not {wanted}")

    def _failure(self, kind: type[CallError], call: Call, reply: Reply) -> CallError:
        problem = _problem(reply)
        code = problem["code"] if isinstance(problem.get("code"), int) else None
        message = problem.get("message") or problem.get("detail") or problem.get("title")
        if message is None:
            message = f"an answer that is not Twilio's or not whole ({_media_type(reply)})"
        more_info = problem.get("more_info") or problem.get("type")
        return kind(
            call.doing,
            f"Twilio answered {reply.status}{f'/{code}' if code else ''}, {self._without_secrets(call, str(message))}",
            status=reply.status,
            code=code,
            more_info=more_info if isinstance(more_info, str) else None,
            request_id=reply.headers.get("Twilio-Request-Id"),
            advice=call.advice.get(code) if call.advice and code else None,
        )

    def _without_secrets(self, call: Call, message: str) -> str:
        """Return Twilio's message as one short line in which no secret of this call is repeated."""
        secrets = [self.connection.credentials()[1], *(call.form or {}).values()]
        for secret in secrets:
            if isinstance(secret, Secret):
                message = message.replace(secret.reveal(), Secret.MASK)
        return " ".join(message.split()).rstrip(".")[:300]


def _problem(reply: Reply) -> dict[str, Any]:
    """Return the object that an error's body holds, empty where it holds none."""
    try:
        problem = json.loads(reply.content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _media_type(reply: Reply) -> str:
    return reply.headers.get("Content-Type", "no content type").split(";")[0]
