# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""API keys. Twilio returns a key's secret once, in the answer to its creation, and lists keys without permissions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .. import _schemas
from .._account_token import NOT_VALID, refusal_of
from .._client import Call, Client
from .._errors import ADVICE, AmbiguousState, CallError, InputError, OutcomeUnknown, Rejected, TwilioError
from .._names import (
    MarkedName,
    check_marked_length,
    check_not_taken,
    list_records,
    only_one,
    plain_name,
    unknown_sid,
)
from .._resource import Outcome, Plan, Resource, add_what_was_done, for_each
from .._secret import Secret

_PATH = "/v1/Keys"
#: A restricted key lacks the permission for a request, so its secret is valid.
_MISSING_PERMISSION = 70051
#: Keys that are looked up at once.
_CONCURRENCY = 8

_BASICS = {
    "sid": _schemas.sid("SK"),
    "friendly_name": _schemas.nullable(_schemas.text),
    "date_created": _schemas.nullable(_schemas.iso_date),
    "date_updated": _schemas.nullable(_schemas.iso_date),
}
_PAGE = _schemas.page(_schemas.answer(**_BASICS))
_DETAILS = {**_BASICS, "policy": _schemas.nullable(_schemas.answer(allow=_schemas.list_of(_schemas.text)))}
_ANSWER = _schemas.answer(**_DETAILS)
_CREATED = _schemas.answer(**_DETAILS, secret=_schemas.secret_text)

_ADVICE = {
    NOT_VALID: (
        "API keys are managed with the account's auth token or with a Main API key; a Standard or Restricted key gets"
        f" this answer. {ADVICE[NOT_VALID]}"
    )
}

#: The options that name a key.
INFO_OPTIONS: Mapping[str, Mapping[str, Any]] = {"sid": {"type": "str"}, "friendly_name": {"type": "str"}}

#: The options of the module that describes a key.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **INFO_OPTIONS,
    "permissions": {"type": "list", "elements": "str"},
}

#: The checks of those options.
INFO_CHECKS: Mapping[str, _schemas.Check] = {"sid": _schemas.sid("SK"), "friendly_name": plain_name}
CHECKS: Mapping[str, _schemas.Check] = {**INFO_CHECKS, "permissions": _schemas.permissions}


@dataclass(frozen=True)
class ApiKey:
    """An API key; the fields but the mark are what a task returns, and none of them holds the secret.

    :param permissions: those of a restricted key, sorted; None for others, and where they were not requested.
    :param mark: the mark of its name, where a rotation has made it.
    """

    sid: str | None
    account_sid: str
    friendly_name: str | None
    permissions: Sequence[str] | None = None
    date_created: str | None = None
    date_updated: str | None = None
    mark: str | None = None

    @classmethod
    def from_answer(cls, account_sid: str, answer: Mapping[str, Any]) -> ApiKey:
        """Return the key of an account that an answer of Twilio's describes."""
        policy = answer.get("policy")
        name = MarkedName.parse(answer["friendly_name"])
        return cls(
            sid=answer["sid"],
            account_sid=account_sid,
            friendly_name=name.plain,
            permissions=None if policy is None else sorted({*policy["allow"]}),
            date_created=answer["date_created"],
            date_updated=answer["date_updated"],
            mark=name.mark,
        )

    @property
    def stored_name(self) -> str:
        """The friendly name as Twilio holds it: with the mark, where there is one."""
        return MarkedName(self.friendly_name, self.mark).stored

    def shown(self) -> dict[str, Any]:
        """Return the key as a task returns it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "mark"}


class Create(NamedTuple):
    """A step: make a key."""

    key: ApiKey


class Update(NamedTuple):
    """A step: give a key the name and the permissions that it has here."""

    key: ApiKey
    form: Mapping[str, str]


class Delete(NamedTuple):
    """A step: remove a key."""

    key: ApiKey


def _call(method: str, path: str, doing: str, schema: _schemas.Check | None = None, **more: Any) -> Call:
    return Call(method, path, doing, schema, product="iam", advice=_ADVICE, **more)


def creation(key: ApiKey, known: frozenset[str | None] = frozenset()) -> Call:
    """Return the call that makes a key, restricted where it has permissions. Its answer holds ``secret``.

    :param key: its account, name (with its mark, if any) and permissions.
    :param known: the SIDs that existed before.
    """
    form = {"AccountSid": key.account_sid, "FriendlyName": key.stored_name}
    if key.permissions is not None:
        form.update(KeyType="restricted", Policy=_policy(key.permissions))
    identity = {"friendly_name": key.stored_name}
    doing = f"create the API key {key.friendly_name!r}"
    return _call("POST", _PATH, doing, _CREATED, form=form, identity=identity, known=known)


def deletion(sid: str | None) -> Call:
    """Return the call that removes a key; see :meth:`Client.delete`."""
    return _call("DELETE", f"{_PATH}/{sid}", f"delete the API key {sid}")


def list_keys(client: Client) -> list[ApiKey]:
    """Return all keys of the client's account, each once even where pages overlap, without permissions."""
    call = _call("GET", _PATH, "list the API keys", _PAGE, query={"AccountSid": client.account_sid})
    answers = {answer["sid"]: answer for answer in client.items(call)}.values()
    return [ApiKey.from_answer(client.account_sid, answer) for answer in answers]


def fetch_key(client: Client, sid: str | None) -> ApiKey | None:
    """Return the key of a SID with its permissions, None where there is none."""
    call = _call("GET", f"{_PATH}/{sid}", f"look up the API key {sid}", _ANSWER, identity={"sid": sid})
    answer = client.find(call)
    return None if answer is None else ApiKey.from_answer(client.account_sid, answer)


def is_valid(client: Client, sid: str, secret: Secret) -> bool:
    """Try a key, and return whether it is valid, which it is also where it lacks the permission for this request.

    :raises CallError: for any other answer than "valid" and "not valid": a suspended account, a fault.
    """
    try:
        return refusal_of(client.with_api_key(sid, secret), f"the API key {sid}") is None
    except Rejected as rejected:
        if rejected.code == _MISSING_PERMISSION:
            return True
        raise


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that ``sid`` or ``friendly_name`` names; all, where neither is given."""
    if options["sid"]:
        found: Sequence[ApiKey | None] = [fetch_key(client, options["sid"])]
    else:
        name = options["friendly_name"]
        found = named = [key for key in list_keys(client) if name in (None, key.friendly_name)]
        if options["with_permissions"]:
            found = _fetch_all(client, named)
    return {"api_keys": [key.shown() for key in found if key]}


def _fetch_all(client: Client, keys: Sequence[ApiKey]) -> list[ApiKey | None]:
    ends = for_each(keys, lambda key: fetch_key(client, key.sid), _CONCURRENCY, lambda error: True, client.cancel)
    for end in ends:
        if isinstance(end, TwilioError):
            raise end
    return [end for end in ends if isinstance(end, ApiKey)]


def check_together(options: Mapping[str, Any]) -> None:
    """Check what the options mean together, before any request.

    :raises InputError: naming the option.
    """
    if options["state"] == "absent" and _authenticates(options["sid"], options):
        raise InputError("sid", _AUTHENTICATES)


_AUTHENTICATES = (
    "this is the key that authenticates the task (api_key_sid), and a key must not delete itself. Use the account's"
    " auth_token, or another Main key"
)


def _authenticates(sid: str | None, options: Mapping[str, Any]) -> bool:
    key_sid = options["api_key_sid"]
    return sid is not None and key_sid is not None and sid.lower() == key_sid.lower()


def _policy(permissions: Sequence[str]) -> str:
    return json.dumps({"allow": list(permissions)})


class ApiKeyState(Resource[Sequence[ApiKey]]):
    """What API key an account should have under one name, or behind one SID.

    :param client: the account's client.
    :param options: the module's options, checked.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._client = client
        self._options = options
        self._sid: str | None = options["sid"]
        self._name: str | None = options["friendly_name"]
        self._present = options["state"] == "present"
        self._permissions: Sequence[str] | None = options["permissions"]

    def read(self) -> Sequence[ApiKey]:
        """Return the account's keys, the named one with its permissions where these are wanted, or only the SID's."""
        if self._sid and not (self._present and self._name):
            found = fetch_key(self._client, self._sid)
            return [found] if found else []
        keys = list_keys(self._client)
        named = self._named(keys)
        if not (self._present and self._permissions is not None and len(named) == 1):
            return keys
        found = fetch_key(self._client, named[0].sid)
        if found is None:
            raise AmbiguousState(
                f"friendly_name: the API key {named[0].sid} is listed, but was not found when it was looked up:"
                " somebody removed it, or answers get mixed up. Nothing was changed. Run the task again."
            )
        return [*(key for key in keys if key not in named), found]

    def _named(self, keys: Sequence[ApiKey]) -> list[ApiKey]:
        if self._sid:
            return [key for key in keys if key.sid == self._sid]
        return [key for key in keys if key.friendly_name == self._name]

    def plan(self, actual: Sequence[ApiKey]) -> Plan:
        """Decide by the identity that was given, the state, and the permissions."""
        found = only_one(self._named(actual), "API key", self._name)
        if not self._present:
            return self._plan_absent(found)
        if found:
            return self._plan_update(found, actual)
        if self._sid:
            raise unknown_sid(self._client.account_sid, "API key", self._sid)
        wanted = ApiKey(None, self._client.account_sid, self._name, self._permissions)
        return _plan(Create(wanted), None, wanted)

    def _plan_absent(self, found: ApiKey | None) -> Plan:
        if found and _authenticates(found.sid, self._options):
            raise AmbiguousState(
                f"friendly_name: {self._name!r} is {found.sid}: {_AUTHENTICATES}. Nothing was changed."
            )
        return _plan(Delete(found) if found else None, found, None)

    def _plan_update(self, current: ApiKey, actual: Sequence[ApiKey]) -> Plan:
        wanted, form = current, {}
        if self._name not in (None, current.friendly_name):
            check_not_taken([key for key in actual if key.friendly_name == self._name], self._name)
            if current.mark:
                check_marked_length(self._name or "", "a rotation has marked the name")
            wanted = replace(wanted, friendly_name=self._name, date_updated=None)
            form["FriendlyName"] = wanted.stored_name
        if self._permissions is not None and current.permissions is None:
            raise AmbiguousState(
                f"permissions: the API key {current.sid} is not a restricted one, and the type of a key can't be"
                " changed. Nothing was changed. Create a key with another friendly_name, or remove this one first."
            )
        if self._permissions is not None and self._permissions != current.permissions:
            wanted = replace(wanted, permissions=self._permissions, date_updated=None)
            form["Policy"] = _policy(self._permissions)
        return _plan(Update(wanted, form) if form else None, current, wanted)

    def apply(self, actual: Sequence[ApiKey], plan: Plan) -> Outcome:
        """Create, update or delete the key."""
        (step,) = plan.steps
        if isinstance(step, Delete):
            changed = self._client.delete(deletion(step.key.sid))
            return Outcome(changed, plan.result, plan.before if changed else {}, {})
        if isinstance(step, Create):
            return self._create(step.key, actual)
        return self._done(self._update(step), plan.before)

    def _done(self, answer: Mapping[str, Any], before: Mapping[str, Any], secret: str | None = None) -> Outcome:
        shown = ApiKey.from_answer(self._client.account_sid, answer).shown()
        return Outcome(True, {"api_key": shown, "secret": secret}, before, shown)

    def _update(self, step: Update) -> Mapping[str, Any]:
        path, doing = f"{_PATH}/{step.key.sid}", f"change the API key {step.key.sid}"
        identity = {"sid": step.key.sid, "friendly_name": step.key.stored_name or None}
        call = _call("POST", path, doing, _ANSWER, form=step.form, repeatable=True, identity=identity)
        answer: Mapping[str, Any] = self._client.send(call).body
        return answer

    def _create(self, wanted: ApiKey, actual: Sequence[ApiKey]) -> Outcome:
        """Create a key whose secret is known: one whose answer was lost is deleted before another is created."""
        known = frozenset(key.sid for key in actual)
        call = creation(wanted, known)
        try:
            answer = self._client.send_once(call, lambda: self._delete_orphan(wanted, known))
        except CallError as failure:
            if failure.doubtful or isinstance(failure, OutcomeUnknown):
                failure.message += (
                    " An API key of that name may exist now whose secret nobody knows: where the next run finds it, and"
                    " so returns no secret, remove it with 'state: absent'."
                )
            raise
        done = self._done(answer.body, {}, answer.body["secret"])
        if answer.doubtful:
            try:
                # A request that timed out may have been applied late, after it was repeated.
                self._delete_orphan(wanted, known | {answer.body["sid"]})
            except TwilioError as error:
                add_what_was_done(error, done)
                raise
        return done

    def _delete_orphan(self, wanted: ApiKey, known: frozenset[str | None]) -> None:
        """Delete the key that an attempt of unknown outcome has created: nobody has received its secret.

        :param wanted: the name and the permissions that it has.
        :param known: the SIDs that existed before, or are known.
        :raises AmbiguousState: where it can't be distinguished from one that somebody else has created meanwhile.
        """
        alike = [
            key for key in list_keys(self._client) if key.sid not in known and key.stored_name == wanted.stored_name
        ]
        fetched = [fetch_key(self._client, key.sid) for key in alike]
        orphans = [key for key in fetched if key and key.permissions == wanted.permissions]
        if len(orphans) > 1:
            raise AmbiguousState(
                f"friendly_name: {len(orphans)} API keys called {self._name!r} appeared while this task created one,"
                " and an answer of Twilio's was lost, so which of them is its own can't be determined:"
                f" {list_records(orphans)}. None of them was deleted. Remove by their sid those that nobody uses.",
                {"changed": True},
            )
        for key in orphans:
            self._client.delete(deletion(key.sid))


def _plan(step: Create | Update | Delete | None, before: ApiKey | None, after: ApiKey | None) -> Plan:
    return Plan(
        [step] if step else [],
        result={"api_key": after and after.shown(), "secret": None},
        before=before.shown() if before else {},
        after=after.shown() if after else {},
    )
