# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Auth tokens. Twilio never returns an existing one: the only way to know whether a token is valid is to try it.

An account has a primary token and perhaps a secondary one, which is valid, too. Promoting makes the secondary the
primary, and the old primary is invalid at once. ``docs/design.md`` has the table of the decisions made here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import _schemas
from .._account_token import NOT_VALID, read_token, refusal_of
from .._client import Call, Client
from .._errors import AmbiguousState, InputError, OutcomeUnknown, Rejected, TwilioError
from .._resource import Outcome, Plan, Resource, add_what_was_done
from .._secret import Secret

#: The codes that refuse a creation: there is a secondary token already, or the account may not have one.
EXISTS_ALREADY, NOT_FOUND = 70002, 20404

_SECONDARY = "/v1/AuthTokens/Secondary"
_PROMOTE = "/v1/AuthTokens/Promote"

_DATED = {
    "account_sid": _schemas.nullable(_schemas.sid("AC")),
    "date_created": _schemas.nullable(_schemas.iso_date),
    "date_updated": _schemas.nullable(_schemas.iso_date),
}
_CREATED = _schemas.answer(secondary_auth_token=_schemas.secret_text, **_DATED)
_PROMOTED = _schemas.answer(auth_token=_schemas.secret_text, **_DATED)

_NOT_ENABLED = "Secondary auth tokens are not enabled for this account: ask Twilio's support."

_ADVICE_TO_CREATE = {
    EXISTS_ALREADY: (
        "A secondary token exists that this task does not know; it can't be read back, and somebody may be using it."
        " Pass it as secondary_auth_token, or delete it and make a new one with 'replace_unknown: true'."
    ),
    NOT_FOUND: _NOT_ENABLED,
}
_ADVICE_TO_PROMOTE = {NOT_FOUND: f"Both tokens are valid, so one of them is staged. {_NOT_ENABLED}"}

_WAYS_OUT = (
    "Neither auth_token nor secondary_auth_token is valid: this account is locked out here, or it is suspended or"
    " closed, which Twilio may answer alike. Ways out: another copy of the token; the Twilio Console, where an owner"
    " can read it and see the account's status; for a subaccount, twilio_account with return_auth_token and the"
    " parent's credentials."
)


_IS_SECONDARY = (
    "auth_token: this token is the account's secondary one, so that replace_unknown would delete it. Nothing was"
    " changed. Pass the primary token as auth_token."
)
_DELETED_ITSELF = (
    "auth_token: this token was the account's secondary one. It was deleted with replace_unknown, and is not valid any"
    " more. Pass the account's primary token as auth_token; the Twilio Console shows it to an owner."
)

#: The options that carry the tokens, as the documentation fragment ``auth_token`` has them; ``auth_token`` itself
#: is one of the connection's, and required.
OPTIONS: Mapping[str, Mapping[str, Any]] = {"secondary_auth_token": {"type": "str", "no_log": True}}

#: The checks of those options.
CHECKS: Mapping[str, _schemas.Check] = {"secondary_auth_token": _schemas.secret_text}


class Tried(NamedTuple):
    """Which of the given tokens are valid.

    :param refusal: of the primary; None where it is valid.
    :param secondary: whether the secondary is valid; None where none was given.
    """

    refusal: Rejected | None
    secondary: bool | None

    @property
    def primary(self) -> bool:
        """Whether the primary is valid."""
        return self.refusal is None


def _notification(suppress: bool) -> Mapping[str, str] | None:
    return {"SuppressEmailNotification": "true"} if suppress else None


def creation(suppress_email_notification: bool) -> Call:
    """Return the call that creates a secondary token. Its answer holds ``secondary_auth_token``."""
    form = _notification(suppress_email_notification)
    return Call("POST", _SECONDARY, "create a secondary auth token", _CREATED, form=form, advice=_ADVICE_TO_CREATE)


def promotion(suppress_email_notification: bool) -> Call:
    """Return the call that makes the secondary token the primary. Its answer holds ``auth_token``, which is that."""
    form = _notification(suppress_email_notification)
    return Call("POST", _PROMOTE, "promote the secondary auth token", _PROMOTED, form=form, advice=_ADVICE_TO_PROMOTE)


def deletion(suppress_email_notification: bool) -> Call:
    """Return the call that removes the secondary token, even where that token authenticates it."""
    query = _notification(suppress_email_notification)
    return Call("DELETE", _SECONDARY, "delete the secondary auth token", query=query)


def _refusal(client: Client, token: Secret) -> Rejected | None:
    return refusal_of(client.acting_as(client.account_sid, token), "an auth token")


def try_tokens(client: Client, primary: Secret, secondary: Secret | None) -> Tried:
    """Try one token or two.

    :raises CallError: for any other answer than "valid" and "not valid": a suspended account, a fault.
    """
    refusal = _refusal(client, primary)
    if secondary is None:
        return Tried(refusal, None)
    if secondary == primary:
        return Tried(refusal, refusal is None)
    return Tried(refusal, _refusal(client, secondary) is None)


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return which of the given tokens are valid, and so in which phase of a rotation the account is."""
    primary, secondary = options["auth_token"], options["secondary_auth_token"]
    tried = try_tokens(client, primary, secondary)
    if tried.primary:
        phase = "staged" if tried.secondary and secondary != primary else "single"
    else:
        phase = "promoted" if tried.secondary else "locked_out"
    return {"auth_token_valid": tried.primary, "secondary_auth_token_valid": tried.secondary, "phase": phase}


def check_together(options: Mapping[str, Any]) -> None:
    """Check what the options mean together, before any request.

    :raises InputError: naming the option.
    """
    if options["state"] == "present" and options["secondary_auth_token"] == options["auth_token"]:
        raise InputError("secondary_auth_token", "expected another token than auth_token: that is the primary")


@dataclass(frozen=True)
class Create:
    """A step: make a secondary token."""


@dataclass(frozen=True)
class Promote:
    """A step: make the secondary token the primary."""

    secondary: Secret


@dataclass(frozen=True)
class Delete:
    """A step: remove the secondary token."""


class AuthTokenState(Resource[Tried]):
    """What an account's secondary token should be: there and known, promoted, or absent.

    :param client: the account's client; only its auth token is used.
    :param options: the module's options, checked.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._primary: Secret = options["auth_token"]
        self._secondary: Secret | None = options["secondary_auth_token"]
        self._state: str = options["state"]
        self._replace_unknown: bool = options["replace_unknown"]
        self._client = client.acting_as(client.account_sid, self._primary)
        self._suppress_email_notification: bool = options["suppress_email_notification"]

    def read(self) -> Tried:
        """Try the tokens that were given."""
        return try_tokens(self._client, self._primary, self._secondary)

    def plan(self, actual: Tried) -> Plan:
        """Decide by the state and by which tokens are valid."""
        if not actual.primary:
            return self._plan_without_primary(actual)
        if self._state == "present":
            return self._plan(Create() if not actual.secondary else None)
        if self._state == "absent":
            return self._plan_absent(actual)
        if self._secondary is None or not actual.secondary:
            raise AmbiguousState(
                "secondary_auth_token: this token was never staged, or was deleted. Stage one: 'state: present'."
            )
        return self._plan(Promote(self._secondary) if self._secondary != self._primary else None)

    def _plan_without_primary(self, actual: Tried) -> Plan:
        if actual.refusal and actual.secondary is None:
            raise actual.refusal
        if not actual.secondary:
            raise AmbiguousState(_WAYS_OUT, {"status": 401, "code": NOT_VALID})
        if self._state != "promoted":
            raise AmbiguousState("secondary_auth_token: this token was promoted already. Pass it as auth_token.")
        return self._plan(None)

    def _plan_absent(self, actual: Tried) -> Plan:
        if actual.secondary is None or self._secondary == self._primary:
            warning = (
                "Whether a secondary token exists can't be determined, so its deletion is only a prediction. Pass"
                " secondary_auth_token to have it tried."
            )
            return self._plan(Delete(), warnings=[warning])
        return self._plan(Delete(), foreseen=actual.secondary)

    def _plan(
        self, step: Create | Promote | Delete | None, foreseen: bool = True, warnings: Sequence[str] = ()
    ) -> Plan:
        unchanged = step is None
        secondary_before = self._state == "present" if unchanged else foreseen and not isinstance(step, Create)
        secondary_after = self._state == "present"
        return Plan(
            steps=() if unchanged else (step,),
            result={**self._shown(), "secondary_auth_token": None},
            before=self._shown() if secondary_before else {},
            after=self._shown() if secondary_after else {},
            warnings=warnings,
            foreseen=foreseen,
        )

    def _shown(self, answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
        known = answer or {}
        return {
            "account_sid": self._client.account_sid,
            "date_created": known.get("date_created"),
            "date_updated": known.get("date_updated"),
        }

    def apply(self, actual: Tried, plan: Plan) -> Outcome:
        """Create, promote or delete the secondary token."""
        token: str | None = None
        shown = self._shown()
        replaced: Sequence[Mapping[str, Any]] = ()
        (step,) = plan.steps
        if isinstance(step, Create):
            created, replaced = self._create()
            changed, shown, token = True, self._shown(created), created["secondary_auth_token"]
        elif isinstance(step, Promote):
            promoted, changed = self._promote(step.secondary)
            shown = self._shown(promoted)
        else:
            changed = self._delete()
        after = shown if self._state == "present" else {}
        # A DELETE that changed something deleted a token, even where the plan expected none.
        before = self._shown() if isinstance(step, Delete) else plan.before
        return Outcome(
            changed,
            {**shown, "secondary_auth_token": token},
            before if changed else after,
            after,
            replaced=replaced,
        )

    def _create(self) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        """Create a token; with ``replace_unknown``, in place of one that nobody knows.

        The unknown one may be this run's own, whose answer was lost, so more than one replacement may be needed.

        :returns: the answer, and what was deleted for it, as the diff shows it.
        """
        unknown = {"account_sid": self._client.account_sid}
        attempts = itertools.count()
        changed = False
        try:
            for replaced in itertools.count():
                try:
                    return self._send_creation(attempts), [unknown] if changed else []
                except Rejected as rejected:
                    if changed and rejected.status == 401 and rejected.code == NOT_VALID:
                        raise AmbiguousState(_DELETED_ITSELF, rejected.details()) from None
                    may_replace = rejected.attempts_left > 0 if rejected.doubtful else not replaced
                    if rejected.code != EXISTS_ALREADY or not self._replace_unknown or not may_replace:
                        raise
                    if not rejected.doubtful:
                        # This was the first attempt's answer, so all attempts are left.
                        attempts = itertools.count()
                    if not changed:
                        self._check_is_primary()
                changed = self._delete() or changed
        except TwilioError as error:
            add_what_was_done(error, Outcome(changed, {}, {}, {}, replaced=[unknown]))
            raise
        raise AssertionError("unreachable")

    def _check_is_primary(self) -> None:
        """Check that a deletion does not remove the token that authenticates it, as far as Twilio returns the primary.

        :raises AmbiguousState: where another token is the primary.
        """
        primary = read_token(self._client, self._client.account_sid)
        if primary is not None and primary != self._primary:
            raise AmbiguousState(_IS_SECONDARY)

    def _send_creation(self, attempts: Iterator[int]) -> Mapping[str, Any]:
        call = creation(self._suppress_email_notification)
        try:
            created: Mapping[str, Any] = self._client.send_once(call, lambda: None, attempts).body
        except OutcomeUnknown as failure:
            failure.message += " A token that nobody knows may exist now; 'replace_unknown: true' deletes it."
            raise
        return created

    def _promote(self, secondary: Secret) -> tuple[Mapping[str, Any] | None, bool]:
        """Promote, authenticated with the secondary: it is valid before, and it alone is valid after.

        :returns: the answer, None where there was none, and whether this run promoted.
        """
        call = promotion(self._suppress_email_notification)
        client = self._client.acting_as(self._client.account_sid, secondary)
        try:
            answer = client.send_once(call, find=lambda: self._find_promoted(secondary))
        except Rejected as rejected:
            if rejected.status in (401, 404) and self._find_promoted(secondary):
                return None, rejected.doubtful
            raise
        primary_now = Secret(answer.body["auth_token"])
        if primary_now == self._primary:
            raise self._swapped()
        if primary_now != secondary:
            raise AmbiguousState(
                "secondary_auth_token: another token was staged in the meantime, and that one is the primary now. It is"
                " returned as secondary_auth_token of this failed task: keep it, no other token is valid.",
                {"changed": True, "secondary_auth_token": primary_now.reveal()},
            )
        return answer.body, True

    def _find_promoted(self, secondary: Secret) -> Mapping[str, Any] | None:
        """Return a substitute for the answer where the secondary is the primary by now, None where both are valid.

        :raises AmbiguousState: where the secondary is not valid any more.
        """
        tried = try_tokens(self._client, self._primary, secondary)
        if not tried.secondary and tried.primary:
            raise AmbiguousState(
                "secondary_auth_token: this token became invalid while it was to be promoted: it was deleted, or the"
                " two tokens were swapped. Either way, what was given as auth_token is the primary now."
            )
        if not tried.secondary:
            raise AmbiguousState(_WAYS_OUT, {"status": 401, "code": NOT_VALID})
        if tried.primary:
            return None
        return {**self._shown(), "auth_token": secondary.reveal()}

    def _swapped(self) -> AmbiguousState:
        return AmbiguousState(
            "secondary_auth_token: the two tokens were swapped. What was given as secondary_auth_token was the primary:"
            " it is not valid any more, and what was given as auth_token is the primary now.",
            {"changed": True},
        )

    def _delete(self) -> bool:
        return self._client.delete(deletion(self._suppress_email_notification))
