# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Calls to Twilio's API: authentication, retries, paging, JSON, errors. Nothing here is about one resource."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from . import _libs
from ._errors import AccountMismatch, AmbiguousState, CallError, InputError, NotSent, OutcomeUnknown, Rejected
from ._retries import LONGEST_RETRY_AFTER, AttemptOutcome, GivenUp, backoff, may_repeat, retry_after
from ._schemas import Check, Page
from ._secret import Secret
from ._transport import Form, NoReply, Reply, Request, Transport, form_fields

#: Page sizes of a list: the largest that Twilio allows, and those that are tried where it fails with a larger one.
_PAGE_SIZES = (1000, 200, 50)

#: A list with more pages than this is taken for endless: an account can't hold a million of anything listed here.
_MOST_PAGES = 1000

#: The header that each of Twilio's own answers has, and the form of its value.
_REQUEST_ID_HEADER = "Twilio-Request-Id"
_REQUEST_ID = re.compile("[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class Connection:
    """Where requests go, and what they authenticate with.

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
    """A request, however often it is sent.

    :param method: the HTTP verb.
    :param path: path on the product's host, with a query where it is a list's next page.
    :param doing: what it attempts on what, to follow "Could not".
    :param schema: check of the answer's body; None where none is expected (204).
    :param product: the product's host label.
    :param query: query parameters.
    :param form: form fields.
    :param repeatable: whether sending it twice leaves what sending it once does; by default all but POST.
    :param about: the account that the answer, and each item of a list, must belong to; by default the client's.
    :param owner: the key that names that account; in the account's own record it may have any value.
    :param identity: other keys of the answer and the values they must have, such as the requested SID. Case, white
        space and Unicode forms are ignored: Twilio may store a name differently from how it was sent.
    :param known: SIDs that existed before, which the answer to a creation can't have.
    :param advice: Twilio's error code to what the user can do about it here.
    :param statuses: those of the answer that the schema is of.
    """

    method: str
    path: str
    doing: str
    schema: Check | None = None
    product: str = "accounts"
    query: Mapping[str, str] | None = None
    form: Form | None = None
    repeatable: bool | None = None
    about: str | None = None
    owner: str = "account_sid"
    identity: Mapping[str, str | None] = field(default_factory=dict)
    known: frozenset[str | None] = frozenset()
    advice: Mapping[int, str] | None = None
    statuses: frozenset[int] = frozenset((200, 201))

    @property
    def can_repeat(self) -> bool:
        """Whether the request may be sent again after an attempt of unknown outcome."""
        return self.method != "POST" if self.repeatable is None else self.repeatable

    def with_smaller_page(self) -> Call:
        """Return the call with the next smaller page size; unchanged where it has none, or the smallest."""
        size = int((self.query or {}).get("PageSize", 0))
        smaller = next((each for each in _PAGE_SIZES if each < size), None)
        return replace(self, query={**(self.query or {}), "PageSize": str(smaller)}) if smaller else self


class Answer(NamedTuple):
    """Twilio's answer to a call that succeeded.

    ``doubtful``: an earlier attempt at it was of unknown outcome.
    """

    body: Any
    doubtful: bool


class _Attempt(NamedTuple):
    """How one attempt ended: with a body, or with a failure that another attempt may mend.

    ``paced``: the pacer holds all threads back, so that this one need not wait by itself.
    """

    outcome: AttemptOutcome
    body: Any = None
    failure: CallError | None = None
    wait: float = 0.0
    final: bool = False
    paced: bool = False


class Client:
    """Sends calls until they are answered, and raises every failure as an exception of one tree.

    Several threads may use it at once.

    :param connection: where requests go, and what they authenticate with.
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

    def with_api_key(self, sid: str, secret: Secret) -> Client:
        """Return a client that acts as the same account, and authenticates with an API key.

        It shares this client's transport, as :meth:`acting_as` does.

        :param sid: the key's SID.
        :param secret: its secret.
        """
        return Client(replace(self.connection, api_key_sid=sid, api_key_secret=secret), self._transport)

    def cancel(self) -> None:
        """Abort the requests in progress in all threads, and prevent further ones."""
        self._transport.cancel()

    def send(self, call: Call) -> Answer:
        """Send a call, retry it where that is safe, and return its answer.

        :raises NotSent: no connection could be made.
        :raises Rejected: Twilio refused the request.
        :raises OutcomeUnknown: no answer that can be trusted, and no further attempt is allowed.
        :raises AccountMismatch: the answer is about another account.
        """
        return self._send(call, itertools.count())

    def _send(self, call: Call, attempts: Iterator[int]) -> Answer:
        doubtful = False
        for attempt in attempts:
            attempts_left = self.connection.max_retries - attempt
            ended = self._attempt(call, attempts_left + 1)
            if ended.failure is None:
                return Answer(ended.body, doubtful)
            ended.failure.doubtful = doubtful
            ended.failure.wait = ended.wait
            ended.failure.attempts_left = 0 if ended.final else attempts_left
            if not may_repeat(ended.outcome, call.can_repeat, ended.failure.attempts_left):
                raise ended.failure
            doubtful = doubtful or ended.outcome is AttemptOutcome.UNKNOWN
            if not ended.paced:
                if (ended.failure.status or 0) >= 500:
                    call = call.with_smaller_page()
                self._pause(ended.wait, attempt)
        raise AssertionError("unreachable")

    def send_once(self, call: Call, find: Callable[[], Any], attempts: Iterator[int] | None = None) -> Answer:
        """Send a call that must not be applied twice, and settle an attempt of unknown outcome by reading.

        :param call: the call.
        :param find: reads, and returns what the call should have created or changed, None where it is not there.
        :param attempts: yields the numbers of the attempts; by default from 0 on.
        :returns: the answer, or what ``find`` found in its place; ``doubtful`` where one attempt's outcome was unknown.
        :raises CallError: as :meth:`send`; ``doubtful`` where the outcome of an attempt before it is unknown. Where
            ``find`` fails too, the failure is that of the call.
        """
        doubtful = False
        attempts = attempts or itertools.count()
        for reading in itertools.count():
            try:
                return Answer(self._send(call, attempts).body, doubtful)
            except OutcomeUnknown as failure:
                # The request may still be on its way, so the wait comes before the reading.
                self._pause(failure.wait, reading)
                found = self._settled(failure, find)
                if found is not None:
                    return Answer(found, True)
                if failure.attempts_left <= 0:
                    raise
                doubtful = True
            except CallError as failure:
                failure.doubtful = doubtful
                raise
        raise AssertionError("unreachable")

    @staticmethod
    def _settled(failure: OutcomeUnknown, find: Callable[[], Any]) -> Any:
        try:
            return find()
        except CallError:
            raise failure from None

    def create(self, call: Call, find_created: Callable[[], Sequence[Any]], noun: str) -> Any:
        """Send a call that must create exactly one thing, and return its answer.

        A request that timed out may be applied late, after it was repeated. So after an attempt of unknown outcome
        the list is read once more.

        :param call: the call.
        :param find_created: reads, and returns what the call may have created, as answers that have ``sid`` and
            ``date_created``.
        :param noun: what is created, for the message.
        :raises CallError: as :meth:`send_once`.
        :raises AmbiguousState: where several were created.
        """
        answer = self.send_once(call, lambda: next(iter(find_created()), None))
        if answer.doubtful:
            created = find_created()
            if len(created) > 1:
                listing = ", ".join(f"{each['sid']} (created {each['date_created']})" for each in created)
                raise AmbiguousState(
                    f"Twilio applied a request for {noun} late, after it had been repeated, so that there are"
                    f" {len(created)}: {listing}. Keep one, and remove the others by their sid.",
                    {"changed": True},
                )
        return answer.body

    def refusal(self, call: Call, doing: str, code: int, message: str) -> Rejected:
        """Return the failure of one part of a call that succeeded as a whole: Twilio's answer refused only this part.

        :param call: the call.
        :param doing: what this part attempts on what, to follow "Could not".
        :param code: Twilio's error code for it.
        :param message: Twilio's message.
        """
        return Rejected(doing, f"Twilio answered {code}, {self._plain(call, message) or 'without a reason'}", 200, code)

    def find(self, call: Call) -> Any:
        """Send a call that reads one thing, and return its body, None where it does not exist (404).

        :raises CallError: as :meth:`send`.
        """
        try:
            return self.send(call).body
        except Rejected as rejected:
            if rejected.status == 404:
                return None
            raise

    def delete(self, call: Call) -> bool:
        """Send a call that removes something, and return whether this call removed it.

        A 404 to the first attempt is no change: somebody else removed it. After an attempt of unknown outcome, that
        attempt is taken to have removed it.

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

        Further pages are requested from the first one's host, whatever host their addresses name.

        :param call: the call, without a page's size.
        :raises CallError: as :meth:`send`; OutcomeUnknown where the list has no end.
        """
        call = replace(call, query={**(call.query or {}), "PageSize": str(_PAGE_SIZES[0])})
        seen = {_place_in_list(f"{call.path}?{urlencode(call.query or {})}")}
        while len(seen) <= _MOST_PAGES:
            page: Page = self.send(call).body
            yield from page.items
            if page.next is None:
                return
            following = self._without_prefix(page.next)
            place = _place_in_list(following)
            if place in seen:
                raise OutcomeUnknown(call.doing, "the list's pages lead in a circle")
            seen.add(place)
            call = replace(call, path=following, query=None)
        raise OutcomeUnknown(call.doing, f"the list has more than {_MOST_PAGES} pages")

    def _without_prefix(self, path: str) -> str:
        prefix = urlsplit(self.connection.base_url or "").path
        return path[len(prefix) :] if prefix and path.startswith(prefix + "/") else path

    def _pause(self, wait: float, attempt: int) -> None:
        clock = self._transport.clock
        clock.sleep(max(wait, backoff(attempt, clock.random())))

    def _attempt(self, call: Call, tries: int) -> _Attempt:
        user, password = self.connection.credentials()
        request = Request(
            call.method,
            self.connection.host(call.product) + call.path,
            user,
            password,
            query=call.query,
            form=call.form,
        )
        pacer = self._transport.pacer
        try:
            turn = pacer.wait(tries)
        except GivenUp as given_up:
            unsent: CallError = Rejected(call.doing, "it was not sent", advice=str(given_up))
            unsent.given_up = True
            return _Attempt(AttemptOutcome.REFUSED, failure=unsent, final=True)
        with turn:
            try:
                reply = self._transport.send(request)
            except NoReply as lost:
                if lost.sent:
                    return _Attempt(
                        AttemptOutcome.UNKNOWN, failure=OutcomeUnknown(call.doing, lost.reason), final=lost.final
                    )
                return _Attempt(AttemptOutcome.NOT_SENT, failure=NotSent(call.doing, lost.reason), final=lost.final)
            if reply.status == 407:
                unsent = NotSent(call.doing, "the proxy asked for authentication (407)")
                return _Attempt(AttemptOutcome.NOT_SENT, failure=unsent, final=True)
            wait = retry_after(reply.headers)
            if reply.status == 429 or (reply.status >= 500 and wait is not None):
                return self._refused(call, reply, wait, pacer.refused(turn, wait))
            pacer.accepted(turn)
        try:
            return _Attempt(AttemptOutcome.ANSWERED, body=self._read(call, reply))
        except OutcomeUnknown as failure:
            # A write is settled by reading. A read isn't repeated: where answers get mixed up, any may be wrong.
            final = isinstance(failure, AccountMismatch) and call.method == "GET"
            return _Attempt(
                AttemptOutcome.UNKNOWN, failure=failure, wait=min(wait or 0.0, LONGEST_RETRY_AFTER), final=final
            )
        except CallError as failure:
            return _Attempt(AttemptOutcome.ANSWERED, failure=failure)

    def _refused(self, call: Call, reply: Reply, wait: float | None, given_up: str | None) -> _Attempt:
        """Return how an attempt ended that Twilio refused for now; only a 429 means that nothing was applied."""
        outcome, kind = (
            (AttemptOutcome.REFUSED, Rejected) if reply.status == 429 else (AttemptOutcome.UNKNOWN, OutcomeUnknown)
        )
        failure = self._failure(kind, call, reply, advice=given_up)
        if given_up:
            failure.given_up = True
            return _Attempt(outcome, failure=failure, final=True)
        return _Attempt(outcome, failure=failure, wait=wait or 0.0, paced=True)

    def _read(self, call: Call, reply: Reply) -> Any:
        """Return the answer's body as its schema makes it.

        :raises CallError: where it is not the expected answer.
        """
        if reply.status >= 500:
            raise self._failure(OutcomeUnknown, call, reply)
        if reply.status >= 400:
            raise self._failure(Rejected if _is_twilios(reply) else OutcomeUnknown, call, reply)
        if call.schema is None and reply.status == 204:
            return None
        if call.schema is None or reply.status not in call.statuses:
            raise self._failure(OutcomeUnknown, call, reply)
        # An answer that can't be read, for whatever reason, leaves open what became of the request.
        raw = None
        try:
            raw = json.loads(reply.content)
            body = call.schema(raw)
        except _libs.voluptuous.Invalid as error:
            raise self._failure(OutcomeUnknown, call, reply, _misfit(raw, error)) from None
        except Exception:
            raise self._failure(OutcomeUnknown, call, reply) from None
        self._check_identity(call, body)
        return body

    def _check_identity(self, call: Call, body: Page | Mapping[str, Any]) -> None:
        """Check that an answer, or each item of a list, is about what was requested.

        :raises AccountMismatch: where it is about something else.
        """

        def mismatch(subject: str) -> AccountMismatch:
            advice = AccountMismatch.default_advice
            if call.method != "GET":
                advice += " The request may have been applied: run the task again, it reads the current state first."
            return AccountMismatch(call.doing, self._plain(call, f"the answer is about {subject}"), advice=advice)

        account = call.about or self.account_sid
        for item in body.items if isinstance(body, Page) else [body]:
            for key, wanted in call.identity.items():
                found = item.get(key)
                if wanted is not None and found is not None and _folded(found) != _folded(wanted):
                    raise mismatch(f"{found!r}, not {wanted!r}")
            if item.get("sid") in call.known:
                raise mismatch(f"{item['sid']}, which was there before")
            owner = item.get(call.owner)
            if owner not in (None, account) and item.get("sid") != account:
                raise mismatch(f"account {owner}, not {account}")

    def _failure(
        self,
        kind: type[CallError],
        call: Call,
        reply: Reply,
        misfit: str | None = None,
        advice: str | None = None,
    ) -> CallError:
        problem = _problem(reply)
        code = _code_of(problem)
        message = _text_of(problem)
        if misfit is not None:
            message = f"an answer that can't be read ({misfit})"
        elif message is None or reply.status < 400:
            message = f"an answer that is incomplete or not from Twilio ({_media_type(reply)})"
        more_info = problem.get("more_info") or problem.get("type")
        request_id = self._plain(call, reply.headers.get(_REQUEST_ID_HEADER) or "")
        return kind(
            call.doing,
            f"Twilio answered {reply.status}{f'/{code}' if code else ''}, {self._plain(call, message)}",
            status=reply.status,
            code=code,
            more_info=self._plain(call, more_info) if isinstance(more_info, str) else None,
            request_id=request_id if _REQUEST_ID.fullmatch(request_id) else None,
            advice=advice or (call.advice.get(code) if call.advice and code else None),
        )

    def _plain(self, call: Call, message: str) -> str:
        """Return an external text as one short, printable line without any secret of this call."""
        user, password = self.connection.credentials()
        sent = [password, *(value for _name, value in form_fields(call.form))]
        secrets = [part for secret in sent if isinstance(secret, Secret) for part in _forms(secret.reveal())]
        secrets.append(b64encode(f"{user}:{password.reveal()}".encode()).decode())
        for secret in sorted(secrets, key=len, reverse=True):
            message = message.replace(secret, Secret.MASK)
        # Shortened only after the masking: part of a secret would not be recognized.
        printable = "".join(character if character.isprintable() else " " for character in message[:10_000])
        return " ".join(printable.split()).rstrip(".")[:300]


def _place_in_list(address: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return what identifies a page of a list, whatever its size; the first page's address may omit its number."""
    path, _mark, query = address.partition("?")
    parameters = {"Page": "0", **dict(parse_qsl(query))}
    return path, frozenset((name, value) for name, value in parameters.items() if name != "PageSize")


def _folded(value: Any) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(value)).split()).casefold()


def _forms(secret: str) -> Iterator[str]:
    """Yield the forms in which an answer may repeat a secret: as it is, as a form's field, and each half of a pair."""
    for part in {secret, *(part for part in secret.split(":") if len(part) > 16)}:
        yield part
        yield quote(part, safe="")


def _problem(reply: Reply) -> dict[str, Any]:
    """Return the object that an error's body holds, empty where it holds none that can be read."""
    try:
        problem = json.loads(reply.content)
    except Exception:
        return {}
    return problem if isinstance(problem, dict) else {}


def _code_of(problem: Mapping[str, Any]) -> int | None:
    """Return Twilio's code of an error, None where it has none; JSON's true is an int to Python, and no code."""
    code = problem.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _text_of(problem: Mapping[str, Any]) -> str | None:
    """Return an error's text, None where it has none; the first key is Twilio's own, the others are RFC 9457's."""
    texts = (problem.get(key) for key in ("message", "detail", "title"))
    return next((text for text in texts if isinstance(text, str)), None)


def _is_twilios(reply: Reply) -> bool:
    """Return whether an error is Twilio's own, as far as that can be determined.

    A gateway's 404 can look like Twilio's, but is about the address, not the resource. Twilio's has an error code or
    the id of the request.
    """
    problem = _problem(reply)
    if reply.status == 404:
        return _code_of(problem) is not None or _REQUEST_ID_HEADER in reply.headers
    return _code_of(problem) is not None or _text_of(problem) is not None


def _misfit(raw: Any, error: Any) -> str:
    """Return where an answer doesn't fit its schema: the field, what was expected, and the kind of what is there.

    :param raw: the answer.
    :param error: voluptuous' exception.
    """
    first = error.errors[0] if isinstance(error, _libs.voluptuous.MultipleInvalid) else error
    place, value = "", raw
    for step in first.path:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
        try:
            value = value[step]
        except (LookupError, TypeError):
            value = None
    where = place.lstrip(".") or "the whole"
    return f"{where}: {first.msg}, got {_kind(value)}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "an empty text" if value == "" else kinds[type(value)]


def _media_type(reply: Reply) -> str:
    return str(reply.headers.get("Content-Type", "no content type")).partition(";")[0]
