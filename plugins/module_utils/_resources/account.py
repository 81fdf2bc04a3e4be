# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Accounts: the main one and its subaccounts, which are renamed, suspended, reactivated, closed, but never deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .. import _schemas
from .._client import Call, Client
from .._errors import AmbiguousState, InputError
from .._resource import Outcome, Plan, Resource
from .._secret import Secret

_LIST = "/2010-04-01/Accounts.json"
_CANNOT_REOPEN = 21479

#: The key of the account that an account belongs to.
_OWNER = "owner_account_sid"

_ANSWER = _schemas.answer(
    sid=_schemas.sid("AC"),
    friendly_name=_schemas.nullable(_schemas.text),
    status=_schemas.text,
    type=_schemas.nullable(_schemas.text),
    owner_account_sid=_schemas.nullable(_schemas.sid("AC")),
    auth_token=_schemas.nullable(_schemas.text),
    date_created=_schemas.nullable(_schemas.iso_date),
    date_updated=_schemas.nullable(_schemas.iso_date),
)
_PAGE = _schemas.page_of("accounts", _ANSWER)

_ADVICE = {
    21101: "A subaccount can't have subaccounts: use the main account's credentials.",
    21480: "The main account has as many subaccounts as it may: Twilio's support can raise the limit.",
}


#: The options that name an account.
OPTIONS: Mapping[str, Mapping[str, Any]] = {"sid": {"type": "str"}, "friendly_name": {"type": "str"}}

#: The checks of those options.
CHECKS: Mapping[str, _schemas.Check] = {"sid": _schemas.sid("AC"), "friendly_name": _schemas.friendly_name}


@dataclass(frozen=True)
class Account:
    """An account; the fields but the token are what a task returns."""

    sid: str | None
    friendly_name: str | None
    status: str
    type: str | None = None
    owner_account_sid: str | None = None
    date_created: str | None = None
    date_updated: str | None = None
    auth_token: Secret | None = None

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Account:
        """Return the account that an answer of Twilio's describes."""
        token = answer["auth_token"]
        fields = {name: answer[name] for name in cls.__dataclass_fields__ if name != "auth_token"}
        return cls(**fields, auth_token=Secret(token) if token else None)

    def shown(self) -> dict[str, Any]:
        """Return the account as a task returns it, without its token."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "auth_token"}


class Create(NamedTuple):
    """A step: make a subaccount."""

    account: Account


class Update(NamedTuple):
    """A step: give an account the name and the status that it has here."""

    account: Account
    form: Mapping[str, str]


def list_accounts(
    client: Client, friendly_name: str | None = None, status: str | None = None
) -> list[Mapping[str, Any]]:
    """Return the client's account and its subaccounts, each once even where pages overlap.

    :param client: the account's client.
    :param friendly_name: only those that have exactly this name.
    :param status: only those that have this status.
    :returns: Twilio's answers, which may hold tokens; see :meth:`Account.from_answer`.
    """
    query = {}
    if friendly_name is not None:
        query["FriendlyName"] = friendly_name
    if status is not None:
        query["Status"] = status
    call = Call("GET", _LIST, "list the accounts", _PAGE, product="api", query=query, owner=_OWNER)
    found = {answer["sid"]: answer for answer in client.items(call)}.values()
    return [answer for answer in found if _matches(answer, friendly_name, status)]


def _matches(answer: Mapping[str, Any], friendly_name: str | None, status: str | None) -> bool:
    return friendly_name in (None, answer["friendly_name"]) and status in (None, answer["status"])


def fetch_account(client: Client, sid: str) -> list[Mapping[str, Any]]:
    """Return the account of a SID, in a list that is empty where there is none."""
    doing = f"look up account {sid}"
    call = Call("GET", _path(sid), doing, _ANSWER, product="api", owner=_OWNER, identity={"sid": sid})
    answer: Mapping[str, Any] | None = client.find(call)
    return [] if answer is None else [answer]


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accounts that the options name; the client's account and its subaccounts where they name none."""
    name, status = options["friendly_name"], options["status"]
    if options["sid"]:
        found = [answer for answer in fetch_account(client, options["sid"]) if _matches(answer, name, status)]
    else:
        found = list_accounts(client, name, status)
    return {"accounts": [Account.from_answer(answer).shown() for answer in found]}


def check_together(options: Mapping[str, Any]) -> None:
    """Check what the options mean together, before any request.

    :raises InputError: naming the option.
    """
    if options["state"] == "closed" and not options["sid"]:
        raise InputError("sid", "required with 'state: closed', which can't be undone and is never reached by name")
    if options["return_auth_token"] and options["auth_token"] is None:
        raise InputError("return_auth_token", "needs the parent's auth_token: Twilio returns no token to an API key")


def _path(sid: str) -> str:
    return f"/2010-04-01/Accounts/{sid}.json"


class AccountState(Resource[Sequence[Account]]):
    """What an account should be called, and whether it is active.

    :param client: the main account's client.
    :param options: the module's options, checked.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._client = client
        if options["return_auth_token"]:
            self._client = client.acting_as(client.account_sid, options["auth_token"])
        self._sid: str | None = options["sid"]
        self._name: str | None = options["friendly_name"]
        self._status: str = options["state"]
        self._return_auth_token: bool = options["return_auth_token"]

    def read(self) -> Sequence[Account]:
        """Return the account of the SID, or the subaccounts of the name that are not closed."""
        return [Account.from_answer(answer) for answer in self._answers()]

    def _answers(self) -> list[Mapping[str, Any]]:
        if self._sid:
            return fetch_account(self._client, self._sid)
        return [
            answer
            for answer in list_accounts(self._client, friendly_name=self._name)
            if answer["status"] != "closed" and answer["sid"] != self._client.account_sid
        ]

    def plan(self, actual: Sequence[Account]) -> Plan:
        """Decide by the identity that was given and by the state."""
        if len(actual) > 1:
            sids = ", ".join(f"{account.sid} ({account.status}, created {account.date_created})" for account in actual)
            raise AmbiguousState(
                f"friendly_name: {len(actual)} accounts are called {self._name!r}: {sids}. Nothing was changed."
                " Name one by its sid."
            )
        if not actual:
            return self._plan_without_account()
        (current,) = actual
        self._check_change_is_possible(current)
        form = {}
        if self._name is not None and self._name != current.friendly_name:
            form["FriendlyName"] = self._name
        if self._status != current.status:
            form["Status"] = self._status
        if not form:
            return self._plan([], current, current)
        wanted = replace(
            current,
            friendly_name=form.get("FriendlyName", current.friendly_name),
            status=self._status,
            date_updated=None,
        )
        return self._plan([Update(wanted, form)], current, wanted)

    def _plan_without_account(self) -> Plan:
        if self._sid:
            raise AmbiguousState(
                f"sid: {self._client.account_sid} has no account {self._sid}, and a SID can't be chosen."
            )
        if self._status != "active":
            raise AmbiguousState(
                f"friendly_name: there is no account called {self._name!r} that could be {self._status}."
            )
        wanted = Account(None, self._name, self._status, owner_account_sid=self._client.account_sid)
        return self._plan([Create(wanted)], None, wanted)

    def _check_change_is_possible(self, current: Account) -> None:
        if current.status == "closed" and self._status != "closed":
            raise AmbiguousState(
                f"state: account {current.sid} is closed, which can't be undone.",
                {"status": 400, "code": _CANNOT_REOPEN},
            )
        if current.sid == self._client.account_sid and self._status != "active":
            raise AmbiguousState(
                "state: the account that authenticates can't suspend or close itself, only be renamed."
            )

    def _plan(self, steps: Sequence[Create | Update], before: Account | None, after: Account) -> Plan:
        return Plan(
            steps,
            result=self._result(after),
            before=before.shown() if before else {},
            after=after.shown(),
        )

    def _result(self, account: Account) -> dict[str, Any]:
        shown = account.shown()
        if self._return_auth_token:
            is_self = account.sid == self._client.account_sid
            shown["auth_token"] = account.auth_token.reveal() if account.auth_token and not is_self else None
        return {"account": shown}

    def apply(self, actual: Sequence[Account], plan: Plan) -> Outcome:
        """Create or update the account."""
        (step,) = plan.steps
        account = Account.from_answer(self._send(step))
        return Outcome(True, self._result(account), plan.before, account.shown(), plan.warnings)

    def _send(self, step: Create | Update) -> Mapping[str, Any]:
        wanted = step.account
        identity = {"sid": wanted.sid, "friendly_name": wanted.friendly_name, "status": wanted.status}

        def find() -> list[Mapping[str, Any]]:
            return [
                answer
                for answer in self._answers()
                if all(expected in (None, answer[key]) for key, expected in identity.items())
            ]

        if isinstance(step, Create):
            noun = f"the subaccount {self._name!r}"
            call = self._write(_LIST, f"create {noun}", {"FriendlyName": self._name or ""}, identity)
            answer: Mapping[str, Any] = self._client.create(call, find, noun)
        else:
            call = self._write(_path(step.account.sid or ""), f"change account {step.account.sid}", step.form, identity)
            answer = self._client.send_once(call, lambda: next(iter(find()), None)).body
        return answer

    def _write(self, path: str, doing: str, form: Mapping[str, str], identity: Mapping[str, str | None]) -> Call:
        return Call(
            "POST",
            path,
            doing,
            _ANSWER,
            product="api",
            form=form,
            owner=_OWNER,
            identity=identity,
            known=frozenset() if identity["sid"] else frozenset({self._client.account_sid}),
            advice=_ADVICE,
        )
