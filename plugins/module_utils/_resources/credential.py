# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Credentials: AWS key pairs and public keys, which Twilio stores but never returns.

Only the friendly name can be read, so a signature at its end identifies the key in place: " #" and ten hexadecimal
digits that depend on the secret. A name and its signed forms are the same name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from .. import _schemas
from .._client import Call, Client
from .._errors import AmbiguousState, InputError, TwilioError
from .._names import MarkedName, check_marked_length, check_not_taken, only_one, plain_name, unknown_sid
from .._resource import Outcome, Plan, Resource, add_what_was_done
from .._secret import Secret

_ANSWER = _schemas.answer(
    sid=_schemas.sid("CR"),
    account_sid=_schemas.nullable(_schemas.sid("AC")),
    friendly_name=_schemas.nullable(_schemas.text),
    date_created=_schemas.nullable(_schemas.iso_date),
    date_updated=_schemas.nullable(_schemas.iso_date),
    url=_schemas.nullable(_schemas.text),
)
_PAGE = _schemas.page(_ANSWER)


#: The options of every module that describes a credential, as the documentation fragment ``credential`` has them.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "sid": {"type": "str"},
    "friendly_name": {"type": "str"},
    "update_secret": {
        "type": "str",
        "choices": ["on_create", "when_changed", "always"],
        "default": "on_create",
        "no_log": False,
    },
    "unsigned": {"type": "str", "choices": ["warn", "adopt", "replace", "fail"], "default": "warn"},
    "remove_replaced": {"type": "bool", "default": False},
}

#: The options of their ``_info`` modules.
INFO_OPTIONS: Mapping[str, Mapping[str, Any]] = {name: OPTIONS[name] for name in ("sid", "friendly_name")}


class Material(NamedTuple):
    """What a credential is made of.

    :param form: the form fields that carry it to Twilio.
    :param fingerprint: ten hexadecimal digits that distinguish it from any other.
    """

    form: Mapping[str, Secret | str]
    fingerprint: str


@dataclass(frozen=True)
class Credential:
    """A credential, the signature removed from its name; the fields are what a task returns."""

    sid: str | None
    account_sid: str | None
    friendly_name: str | None
    fingerprint: str | None
    date_created: str | None = None
    date_updated: str | None = None
    url: str | None = None

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Credential:
        """Return the credential that an answer of Twilio's describes."""
        name = MarkedName.parse(answer["friendly_name"])
        return cls(
            sid=answer["sid"],
            account_sid=answer["account_sid"],
            friendly_name=name.plain,
            fingerprint=name.mark,
            date_created=answer["date_created"],
            date_updated=answer["date_updated"],
            url=answer["url"],
        )

    @property
    def stored_name(self) -> str:
        """The friendly name as Twilio holds it: with the signature, where there is one."""
        return MarkedName(self.friendly_name, self.fingerprint).stored


class Create(NamedTuple):
    """A step: create a credential from this material."""

    credential: Credential
    material: Material


class Rename(NamedTuple):
    """A step: give a credential the name that it has here."""

    credential: Credential


class Delete(NamedTuple):
    """A step: remove a credential."""

    credential: Credential


#: The checks of those options.
CHECKS: Mapping[str, _schemas.Check] = {"sid": _schemas.sid("CR"), "friendly_name": plain_name}


#: Why a name has a mark.
_SIGNED = "the name is signed"


def _answers(credential_type: CredentialType, client: Client) -> list[Mapping[str, Any]]:
    """Return all of an account's credentials, each once even where pages overlap."""
    call = Call("GET", credential_type.path, f"list the {credential_type.noun}s", _PAGE)
    return list({answer["sid"]: answer for answer in client.items(call)}.values())


def list_credentials(credential_type: CredentialType, client: Client) -> list[Credential]:
    """Return all credentials of the client's account."""
    return [Credential.from_answer(answer) for answer in _answers(credential_type, client)]


def fetch_credential(credential_type: CredentialType, client: Client, sid: str) -> list[Credential]:
    """Return the credential of a SID, in a list that is empty where there is none."""
    doing = f"look up the {credential_type.noun} {sid}"
    answer = client.find(Call("GET", f"{credential_type.path}/{sid}", doing, _ANSWER, identity={"sid": sid}))
    return [] if answer is None else [Credential.from_answer(answer)]


def _plan(
    steps: Sequence[Create | Rename | Delete],
    before: Credential | None,
    after: Credential | None,
    replaced: Sequence[Credential] = (),
    warnings: Sequence[str] = (),
) -> Plan:
    deleted = [step.credential for step in steps if isinstance(step, Delete)]
    return Plan(
        steps,
        result={"credential": after and asdict(after), "replaced_sids": [credential.sid for credential in replaced]},
        before=asdict(before) if before else {},
        after=asdict(after) if after else {},
        warnings=warnings,
        replaced=[_diff_entry(credential) for credential in replaced if credential in deleted],
    )


def _diff_entry(replaced: Credential) -> dict[str, Any]:
    """Return what the diff shows of a credential that is deleted because another replaces it."""
    return {key: getattr(replaced, key) for key in ("sid", "friendly_name", "fingerprint")}


class CredentialState(Resource[Sequence[Credential]]):
    """What an account should hold under one name, or behind one SID.

    :param credential_type: the type of credential.
    :param client: the account's client.
    :param options: the module's options, checked.
    """

    def __init__(self, credential_type: CredentialType, client: Client, options: Mapping[str, Any]) -> None:
        self._type = credential_type
        self._client = client
        self._sid: str | None = options["sid"]
        self._name: str | None = options["friendly_name"]
        self._present = options["state"] == "present"
        self._update_secret: str = options["update_secret"]
        self._unsigned: str = options["unsigned"]
        self._remove_replaced: bool = options["remove_replaced"]
        self._material = (
            credential_type.material(client.account_sid, options) if credential_type.has_material(options) else None
        )

    def read(self) -> Sequence[Credential]:
        """Return the account's credentials; only the requested one where its SID is enough."""
        if self._sid and not (self._present and self._name):
            return fetch_credential(self._type, self._client, self._sid)
        return list_credentials(self._type, self._client)

    def plan(self, actual: Sequence[Credential]) -> Plan:
        """Decide by the identity that was given, the state, and ``update_secret``."""
        if self._sid:
            named = [credential for credential in actual if credential.sid == self._sid]
        else:
            named = [credential for credential in actual if credential.friendly_name == self._name]
        if not self._present:
            return self._plan_absent(named)
        if self._sid:
            return self._plan_by_sid(named, actual)
        if self._update_secret == "on_create":
            return self._plan_on_create(named)
        if self._update_secret == "when_changed":
            return self._plan_when_changed(named)
        return self._plan_replacement(named)

    def _plan_absent(self, named: Sequence[Credential]) -> Plan:
        found = only_one(named, self._type.noun, self._name)
        return _plan([Delete(found)] if found else [], found, None)

    def _plan_by_sid(self, found: Sequence[Credential], actual: Sequence[Credential]) -> Plan:
        if not found:
            raise unknown_sid(self._client.account_sid, self._type.noun, self._sid or "")
        (current,) = found
        if self._name in (None, current.friendly_name):
            return _plan([], current, current)
        check_not_taken([credential for credential in actual if credential.friendly_name == self._name], self._name)
        renamed = replace(current, friendly_name=self._name, date_updated=None)
        if renamed.fingerprint:
            check_marked_length(self._name or "", _SIGNED)
        return _plan([Rename(renamed)], current, renamed)

    def _plan_on_create(self, named: Sequence[Credential]) -> Plan:
        found = only_one(named, self._type.noun, self._name)
        if found:
            return _plan([], found, found)
        creation = self._creation(signed=False)
        return _plan([creation], None, creation.credential)

    def _plan_when_changed(self, named: Sequence[Credential]) -> Plan:
        wanted = self._creation(signed=True).credential
        current = only_one(
            [credential for credential in named if credential.fingerprint == wanted.fingerprint],
            self._type.noun,
            self._name,
            "Remove all but one by their sid, in a task with 'state: absent'.",
        )
        if current:
            others = [credential for credential in named if credential is not current] if self._remove_replaced else []
            return _plan([Delete(other) for other in others], current, current, replaced=others)
        signed_otherwise = any(credential.fingerprint for credential in named)
        if signed_otherwise or self._unsigned == "replace":
            return self._plan_replacement(named)
        unsigned = only_one(
            named,
            self._type.noun,
            self._name,
            "None of them is signed, so which one holds the given key can't be determined. Remove all but one by their"
            " sid, in a task with 'state: absent'; or have a new one created with 'unsigned: replace'.",
        )
        return self._plan_unsigned(unsigned, wanted) if unsigned else self._plan_replacement([])

    def _plan_unsigned(self, unsigned: Credential, wanted: Credential) -> Plan:
        if self._unsigned == "adopt":
            adopted = replace(unsigned, fingerprint=wanted.fingerprint, date_updated=None)
            return _plan([Rename(adopted)], unsigned, adopted)
        sentence = (
            f"Whether the {self._type.noun} {self._name!r} ({unsigned.sid}) holds the given key can't be determined,"
            " because its name is not signed. Nothing was changed. If it does, 'unsigned: adopt' signs its name: it"
            " keeps its SID, and a later change of the key is noticed. Otherwise 'unsigned: replace' creates a new one."
            " A new key means a new SID, now or later, so whatever uses the SID has to be pointed to the new one."
        )
        if self._unsigned == "fail":
            raise AmbiguousState(f"unsigned: {sentence}")
        return _plan(
            [], unsigned, unsigned, warnings=[f"{sentence} 'unsigned: fail' turns this warning into a failure."]
        )

    def _plan_replacement(self, others: Sequence[Credential]) -> Plan:
        creation = self._creation(signed=True)
        newest = max(others, key=lambda credential: credential.date_created or "", default=None)
        removals = [Delete(other) for other in others] if self._remove_replaced else []
        return _plan([creation, *removals], newest, creation.credential, replaced=others)

    def _creation(self, signed: bool) -> Create:
        if self._material is None:
            raise InputError(
                self._type.options[0],
                f"required, because account {self._client.account_sid} has no {self._type.noun} {self._name!r} yet.",
            )
        fingerprint = self._material.fingerprint if signed else None
        return Create(Credential(None, self._client.account_sid, self._name, fingerprint), self._material)

    def apply(self, actual: Sequence[Credential], plan: Plan) -> Outcome:
        """Perform the steps in order: consumers use the SID, so the old one stays until the new one exists."""
        done = Outcome(False, plan.result, plan.after, plan.after, plan.warnings)
        for step in plan.steps:
            try:
                done = self._perform(step, actual, plan, done)
            except TwilioError as error:
                add_what_was_done(error, done)
                raise
        return done

    def _perform(
        self, step: Create | Rename | Delete, actual: Sequence[Credential], plan: Plan, done: Outcome
    ) -> Outcome:
        """Perform a step, and return what was done up to and including it."""
        if isinstance(step, Delete):
            if not self._delete(step.credential):
                return done
            deleted = [record for record in plan.replaced if record["sid"] == step.credential.sid]
            return replace(done, changed=True, before=plan.before, replaced=[*done.replaced, *deleted])
        answer = self._create(step, actual) if isinstance(step, Create) else self._rename(step)
        shown = asdict(Credential.from_answer(answer))
        return replace(done, changed=True, result={**done.result, "credential": shown}, before=plan.before, after=shown)

    def _create(self, step: Create, actual: Sequence[Credential]) -> Mapping[str, Any]:
        stored_name = step.credential.stored_name
        known = frozenset(credential.sid for credential in actual)

        def created() -> list[Mapping[str, Any]]:
            answers = _answers(self._type, self._client)
            return [
                answer for answer in answers if answer["sid"] not in known and answer["friendly_name"] == stored_name
            ]

        call = Call(
            "POST",
            self._type.path,
            f"create the {self._type.noun} {self._name!r}",
            _ANSWER,
            form={**step.material.form, "FriendlyName": stored_name},
            identity={"friendly_name": stored_name},
            known=known,
        )
        answer: Mapping[str, Any] = self._client.create(call, created, f"the {self._type.noun} {self._name!r}")
        return answer

    def _rename(self, step: Rename) -> Mapping[str, Any]:
        call = Call(
            "POST",
            f"{self._type.path}/{step.credential.sid}",
            f"rename the {self._type.noun} {step.credential.sid}",
            _ANSWER,
            form={"FriendlyName": step.credential.stored_name},
            repeatable=True,
            identity={"sid": self._sid, "friendly_name": step.credential.stored_name},
        )
        answer: Mapping[str, Any] = self._client.send(call).body
        return answer

    def _delete(self, credential: Credential) -> bool:
        path = f"{self._type.path}/{credential.sid}"
        return self._client.delete(Call("DELETE", path, f"delete the {self._type.noun} {credential.sid}"))


@dataclass(frozen=True)
class CredentialType:
    """All that differs between AWS credentials and public keys.

    :param noun: what a user calls one.
    :param path: its list's path.
    :param options: the options that carry the material.
    :param material: makes the material from the account's SID and the options.
    """

    noun: str
    path: str
    options: Sequence[str]
    material: Callable[[str, Mapping[str, Any]], Material]

    def has_material(self, options: Mapping[str, Any]) -> bool:
        """Return whether the options carry the material."""
        return all(options[option] is not None for option in self.options)

    def check_together(self, options: Mapping[str, Any]) -> None:
        """Check what a module's options mean together, before any request.

        :raises InputError: naming the option.
        """
        if options["state"] == "absent" or options["update_secret"] == "on_create":
            return
        update_secret = f"'update_secret: {options['update_secret']}'"
        if options["sid"]:
            raise InputError(
                "sid", f"can't be given with {update_secret}: a new key means a new SID. Use friendly_name"
            )
        if not self.has_material(options):
            raise InputError(self.options[0], f"required with {update_secret}")
        check_marked_length(options["friendly_name"], _SIGNED)

    def state(self, client: Client, options: Mapping[str, Any]) -> CredentialState:
        """Return the resource that a module's options describe."""
        return CredentialState(self, client, options)

    def look_up(self, client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the credentials that ``sid`` or ``friendly_name`` names; all, where neither is given."""
        if options["sid"]:
            found = fetch_credential(self, client, options["sid"])
        else:
            name = options["friendly_name"]
            found = [
                credential for credential in list_credentials(self, client) if name in (None, credential.friendly_name)
            ]
        return {"credentials": [asdict(credential) for credential in found]}


def _aws_material(account_sid: str, options: Mapping[str, Any]) -> Material:
    pair = f"{options['aws_access_key_id']}:{options['aws_secret_access_key'].reveal()}"
    signature = hmac.new(account_sid.encode(), pair.encode(), hashlib.sha256)
    return Material({"Credentials": Secret(pair)}, signature.hexdigest()[:10])


AWS = CredentialType(
    noun="AWS credential",
    path="/v1/Credentials/AWS",
    options=("aws_access_key_id", "aws_secret_access_key"),
    material=_aws_material,
)


def _public_key_material(account_sid: str, options: Mapping[str, Any]) -> Material:
    der = base64.b64decode(options["public_key"].reveal())
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
    return Material({"PublicKey": pem}, hashlib.sha256(der).hexdigest()[:10])


PUBLIC_KEY = CredentialType(
    noun="public key",
    path="/v1/Credentials/PublicKeys",
    options=("public_key",),
    material=_public_key_material,
)
