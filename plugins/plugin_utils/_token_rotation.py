# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of an account's auth token, as a table: stage, save, distribute, verify, promote, save, clean.

An account has a primary token and perhaps a secondary one; both are valid, and promoting the secondary invalidates the
primary at once. Twilio returns a token only in the answer to the request that creates it, so the record says
``staging`` before that request. What must hold whatever fails, and is explored in ``tests/unit``:

1. At every instant at least one token of the record is valid.
2. No valid token that a run created stays unknown to the record after the next run.
3. Consumers are given the new token before the old one becomes invalid.
4. A run that finds nothing due sends one request, and changes nothing.
5. A token that the record does not hold is deleted only where the record's primary is known to be the primary: of the
   two tokens, DELETE removes the secondary, whichever of them authenticates it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils._dates import check_past, days_between
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Case,
    Finish,
    Probe,
    Request,
    Row,
    RunHook,
    Save,
    Settings,
    Settle,
    Step,
    Stop,
    required,
    unusable,
)

IDLE, STAGING, STAGED, VERIFIED, CLEANING = "idle", "staging", "staged", "verified", "cleaning"
PHASES = (IDLE, STAGING, STAGED, VERIFIED, CLEANING)

DISTRIBUTE, VERIFY, CLEAN = "distribute", "verify", "clean"

#: The requests, and how each may end.
READ_OTHER, READ_PRIMARY, CREATE, PROMOTE, DELETE = "read_other", "read_primary", "create", "promote", "delete"
NOTHING, VALID, NOT_VALID = "nothing", "valid", "not valid"
CREATED, EXISTS, NOT_FOUND, REFUSED, UNKNOWN = "created", "exists", "not found", "refused", "unknown"
PROMOTED, ANOTHER_PROMOTED, SWAPPED, NOT_PROMOTED = "promoted", "another promoted", "swapped", "not promoted"
DELETED = "deleted"

#: Which token a DELETE is authenticated with.
AS_PRIMARY, AS_PENDING = "primary", "pending"

#: The notes of a run.
DELETED_UNKNOWN, DELETED_AS_PENDING, DELETED_AS_PRIMARY = "deleted unknown", "deleted as pending", "deleted as primary"
PROMOTED_BY_SOMEBODY, DELETED_BY_SOMEBODY, TRIED_AGAIN = "promoted by somebody", "deleted by somebody", "tried again"
FOUND_ELSEWHERE = "found elsewhere"

#: How often a run tries again after a promotion that was answered with 401 or 404, which may be a passing fault.
MOST_TRIES = 2
#: How many tokens a run replaces that somebody else has deleted.
MOST_REPLACEMENTS = 2


@dataclass(frozen=True)
class TokenRecord:
    """What is kept of an account's tokens.

    :param primary: the token that the account is used with.
    :param pending: the token that is to be the primary, from the answer to its POST until it is.
    :param rotated_at: when the primary was made.
    :param staged_at: when the pending token was made.
    :param primary_known: whether it is known that ``primary`` is the account's primary token: a secondary one is valid,
        too. Where the primary is not valid any more, whether that is known of the token that replaces it.
    """

    account_sid: str
    primary: Any
    pending: Any
    phase: str
    rotated_at: str
    staged_at: str | None
    primary_known: bool = False


class TokenProbe(NamedTuple):
    """Which tokens of the record are valid; a missing pending token counts as not valid."""

    primary: bool
    pending: bool


class Other(NamedTuple):
    """A token that is not from the record.

    :param token: the token.
    :param known: whether it is known to be the account's primary.
    """

    token: Any
    known: bool


@dataclass(frozen=True)
class TokenSettings(Settings):
    """The settings of the role.

    :param roll_back: whether a hook that fails before the promotion has the new token deleted.
    :param replace_unknown: whether a secondary token that is not ours may be deleted.
    :param initial_is_primary: whether the user vouches that the record's primary is the account's primary.
    :param initial_rotated_at: when the first token was made, empty where that is not known.
    """

    roll_back: bool
    replace_unknown: bool
    initial_is_primary: bool
    initial_rotated_at: str


TokenCase = Case[TokenRecord, TokenProbe, TokenSettings]

WAYS_OUT = (
    "Twilio accepts no token that is known here. Either none is valid, so that this account is locked out, or the"
    " account is suspended or closed. Nothing was changed. Ways out: check in the Twilio Console that the account is"
    " active; a valid token as rotate_auth_token_initial_auth_token, from the Console, where an owner can read it; for"
    " a subaccount, rotate_auth_token_parent_auth_token (with rotate_auth_token_parent_account_sid) or"
    " rotate_auth_token_parent_from_store, with which its token is read."
)
NO_FIRST_TOKEN = (
    "rotate_auth_token_initial_auth_token: expected the account's auth token, since there is no record of it yet. For a"
    " subaccount it can be read with its parent's token: give rotate_auth_token_parent_auth_token, or"
    " 'rotate_auth_token_parent_from_store: true' where the parent has a record in the same store."
)
FIRST_NOT_VALID = (
    "rotate_auth_token_initial_auth_token: expected a valid auth token of this account. Twilio does not accept this"
    " one: it is not valid, or the account is suspended or closed. Nothing was saved."
)
AGE_UNKNOWN = (
    "The age of the first token can't be read, so it counts from now. If you know when the token was created, set"
    " rotate_auth_token_initial_rotated_at."
)
NOT_OURS = (
    "Somebody else staged a secondary auth token, which can't be read and may be in use. No token was changed. If"
    " nobody needs it, have it deleted with 'rotate_auth_token_replace_unknown: true'."
)
PRIMARY_NOT_KNOWN = (
    "A secondary auth token exists that this record does not hold, and it was not deleted: whether the record's token"
    " is the account's primary is not known, and if it were the secondary, the request would delete it. If you know"
    " that it is the primary, say so once with 'rotate_auth_token_initial_is_primary: true'."
)
IS_SECONDARY = (
    "The token that the record holds is valid, but it is the account's secondary token, so that deleting the secondary"
    " would delete it. No token was changed. Give the account's primary token as rotate_auth_token_initial_auth_token,"
    " and delete the record."
)
STILL_THERE = (
    "A secondary token was deleted, and there is another one already: somebody else stages tokens, too. Nothing else"
    " was changed."
)
ANOTHER_WAS_PROMOTED = (
    "Somebody staged another token in the meantime, and that one was promoted. It was saved, and is given to the"
    " consumers."
)
SOMEBODY_DELETED = (
    "Somebody deleted the token that was staged. The consumers go back to the primary, and another token is staged."
)
DELETED_AGAIN = "Somebody deletes each token that is staged, so this run ends. The primary is valid."
CANNOT_ROLL_BACK = (
    "Twilio does not accept the primary any more, so that nothing can be rolled back: it is not valid, or the account"
    " is suspended or closed. No token was removed, and the record holds both."
)
NOT_ROLLED_BACK = "The new token could not be deleted. Both tokens are valid; the next run continues from here."
ROLLED_BACK = "The new token was deleted again, and the primary is as it was."
BOTH_ARE_VALID = "Both tokens are valid: none was removed. The next run continues from here."
NEW_IS_PRIMARY = "Somebody promoted the new token, so it alone is valid. The next run continues from here."
NEW_IS_GONE = "The primary is valid, and somebody deleted the new token. The next run continues from here."
NEITHER_IS_VALID = (
    "Twilio accepts neither token any more: none is valid, or the account is suspended or closed. No token was removed,"
    " and the record holds both."
)
#: Before the promotion.
WHAT_IS_VALID = {
    TokenProbe(primary=True, pending=True): BOTH_ARE_VALID,
    TokenProbe(primary=True, pending=False): NEW_IS_GONE,
    TokenProbe(primary=False, pending=True): NEW_IS_PRIMARY,
    TokenProbe(primary=False, pending=False): NEITHER_IS_VALID,
}
OLD_IS_GONE = "The new token is the primary, and the old one is not valid any more. The next run continues from here."


def read_record(stored: Mapping[str, Any], account_sid: str, now: datetime) -> TokenRecord:
    """Return the record that a store holds.

    :param stored: as it was loaded; other keys are ignored.
    :param account_sid: the account that it must be about.
    :raises RotationError: where it is another account's, or contradicts itself.
    :raises DateError: where one of its dates can't be read, or is in the future.
    """
    record = TokenRecord(
        account_sid=account_sid,
        primary=_secret(stored.get("primary")),
        pending=_secret(stored.get("pending")),
        phase=str(stored.get("phase")),
        rotated_at=str(stored.get("rotated_at")),
        staged_at=str(stored["staged_at"]) if stored.get("staged_at") else None,
        # Older records don't have this key.
        primary_known=stored.get("primary_known") is True,
    )
    problem = ""
    if not stored.get("account_sid"):
        problem = "it names no account"
    elif stored["account_sid"] != account_sid:
        problem = f"it is about account {stored['account_sid']}"
    elif record.phase not in PHASES:
        problem = f"its phase is {record.phase!r}, which does not exist"
    elif record.primary is None:
        problem = "it holds no primary token"
    elif record.phase in (STAGED, VERIFIED) and record.pending is None:
        problem = f"its phase is {record.phase!r}, but it holds no pending token"
    elif record.phase not in (STAGED, VERIFIED) and record.pending is not None:
        problem = f"its phase is {record.phase!r}, but it holds a pending token"
    elif record.pending == record.primary:
        problem = "its primary and its pending token are the same"
    if problem:
        raise unusable(problem)
    check_past(record.rotated_at, "rotated_at", now)
    if record.staged_at:
        check_past(record.staged_at, "staged_at", now)
    return record


def _secret(value: Any) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def next_try(record: TokenRecord, valid: Sequence[bool]) -> Any:
    """Return the token that a Probe tries next, or, once nothing more is to be tried, the :class:`TokenProbe`.

    :param valid: whether those that were tried so far are valid, in order.
    """
    if not valid:
        return record.primary
    if record.pending is None:
        return TokenProbe(valid[0], False)
    if len(valid) == 1:
        return record.pending
    primary, pending = valid[:2]
    if primary != pending and len(valid) == 2:
        # A suspension that began or ended between the two tries would look like a token that became invalid.
        return record.primary
    return TokenProbe(valid[-1] if primary != pending else primary, pending)


def age_in_days(record: TokenRecord, now: datetime) -> float:
    """Return how many days ago the record's primary was made."""
    return days_between(record.rotated_at, now)


def _is_due(case: TokenCase) -> bool:
    settings = case.settings
    age = age_in_days(required(case.record), settings.now)
    return not case.run.rotated and (settings.force or age >= settings.max_age_days)


def _phase(*phases: str) -> Callable[[TokenCase], bool]:
    return lambda case: case.record is not None and case.record.phase in phases


def _valid(case: TokenCase, primary: bool, pending: bool | None = None) -> bool:
    return case.probe is not None and case.probe.primary is primary and pending in (None, case.probe.pending)


def _primary_is_known(case: TokenCase) -> bool:
    return required(case.record).primary_known or case.settings.initial_is_primary


def _may_delete_unknown(case: TokenCase) -> bool:
    """Whether a secondary token that exists may be deleted: lost by an earlier run, or given up by the user."""
    return case.run.resumed or case.settings.replace_unknown


def _hook_failed(case: TokenCase) -> str:
    valid = WHAT_IS_VALID[required(case.probe)] if _phase(STAGED, VERIFIED)(case) else OLD_IS_GONE
    return f"{case.run.failed_hook} {valid}"


def _can_roll_back(case: TokenCase) -> bool:
    return (
        case.settings.roll_back
        and _phase(STAGED, VERIFIED)(case)
        and case.run.failed in (DISTRIBUTE, VERIFY)
        and not case.noted(PROMOTED_BY_SOMEBODY)
    )


def _first_record(case: TokenCase) -> Step:
    other: Other = required(case.answer).value
    given = case.settings.initial_rotated_at
    return Save(
        {
            "primary": other.token,
            "pending": None,
            "phase": IDLE,
            "rotated_at": given or case.settings.today,
            "staged_at": None,
            "primary_known": other.known,
        },
        event="adopted the first token",
        warning="" if given else AGE_UNKNOWN,
        probe=TokenProbe(True, False),
    )


def _save_other(case: TokenCase) -> Step:
    other: Other = required(case.answer).value
    return Save(
        {
            "phase": STAGED,
            "pending": other.token,
            "staged_at": case.settings.today,
            "primary_known": other.known,
        },
        event="took another valid token, since none of the record was valid",
    )


def _save_created(case: TokenCase) -> Step:
    return Save(
        {
            "phase": STAGED,
            "pending": required(case.answer).value,
            "staged_at": case.settings.today,
            # There was no secondary token, or the answer would have been a refusal.
            "primary_known": True,
        },
        event="staged a new token",
    )


def _save_promoted(case: TokenCase) -> Step:
    record = required(case.record)
    return Save(
        {
            "phase": CLEANING,
            "primary": record.pending,
            "pending": None,
            "rotated_at": record.staged_at or case.settings.today,
            "staged_at": None,
            "primary_known": record.primary_known or case.answered(PROMOTED),
        },
        event="the new token is the primary",
        rotated=True,
    )


def _save_another(case: TokenCase) -> Step:
    return Save(
        {
            "phase": STAGED,
            "pending": required(case.answer).value,
            "staged_at": case.settings.today,
            "primary_known": True,
        },
        warning=ANOTHER_WAS_PROMOTED,
    )


def _save_nothing_created(message: str = "") -> Callable[[TokenCase], Step]:
    return lambda case: Save({"phase": IDLE}, failure=message or required(case.answer).message)


def _nothing_deleted(case: TokenCase, message: str) -> Step:
    """End without a new token; that an earlier run may have lost one stays in the record."""
    return Stop(message) if case.run.resumed else Save({"phase": IDLE}, failure=message)


def _save_staging(note: str = "") -> Callable[[TokenCase], Step]:
    return lambda case: Save({"phase": STAGING, "pending": None, "staged_at": None}, note=note)


def _stop_with_answer(case: TokenCase) -> Step:
    return Stop(required(case.answer).message)


_ROTATE = "stage a token, save it, distribute it, verify, promote it, save, clean"
_TAKE_OTHER = "No token of the record is valid, but another one is: save it, distribute it, verify, clean"
_GO_ON = "distribute the token that is staged, verify, promote it, save, clean"

#: A run that has failed, and the roll-back after a failed hook.
_FAILED: Sequence[Row] = (
    Row("the run has failed", lambda c: bool(c.run.failure), lambda c: Stop(c.run.failure)),
    Row(
        # While the hook ran, somebody may have promoted or deleted a token.
        "hook failed, not tried",
        lambda c: c.run.failed and _phase(STAGED, VERIFIED)(c) and not _can_roll_back(c) and c.probe is None,
        lambda c: Probe(),
    ),
    Row(
        "hook failed, both tokens are kept",
        lambda c: c.run.failed and not _can_roll_back(c),
        lambda c: Stop(_hook_failed(c)),
    ),
    Row(
        "roll back, verified",
        lambda c: c.run.failed and _phase(VERIFIED)(c),
        lambda c: Save({"phase": STAGED}),
    ),
    Row("roll back, not tried", lambda c: c.run.failed and c.probe is None, lambda c: Probe()),
    Row(
        "roll back, the primary is not valid",
        lambda c: c.run.failed and not c.probe.primary,
        lambda c: Stop(f"{c.run.failed_hook} {CANNOT_ROLL_BACK}"),
    ),
    Row(
        "roll back, consumers have both",
        lambda c: c.run.failed and c.run.passed != CLEAN,
        lambda c: RunHook(CLEAN),
    ),
    Row(
        "roll back, the new token is deleted",
        lambda c: c.run.failed and not c.probe.pending,
        lambda c: Save(
            {"phase": IDLE, "pending": None, "staged_at": None},
            failure=f"{c.run.failed_hook} {ROLLED_BACK}",
        ),
    ),
    Row(
        # Authenticated with the new token: had it been promoted in the meantime, there would be nothing to delete.
        "roll back, both are valid",
        lambda c: c.run.failed and not c.noted(DELETED_AS_PENDING),
        lambda c: Request(DELETE, AS_PENDING, note=DELETED_AS_PENDING),
    ),
    Row(
        "roll back, the new token could not delete itself",
        lambda c: c.run.failed and not c.noted(DELETED_AS_PRIMARY) and _primary_is_known(c),
        lambda c: Request(DELETE, AS_PRIMARY, note=DELETED_AS_PRIMARY),
    ),
    Row(
        "roll back, not deleted",
        lambda c: bool(c.run.failed),
        lambda c: Stop(f"{c.run.failed_hook} {NOT_ROLLED_BACK}"),
    ),
)

_NO_RECORD: Sequence[Row] = (
    Row(
        "no record",
        lambda c: c.record is None and c.answer is None,
        lambda c: Request(READ_OTHER, reads=True),
    ),
    Row("no record, no token", lambda c: c.record is None and c.answered(NOTHING), lambda c: Stop(NO_FIRST_TOKEN)),
    Row(
        "no record, the token is not valid",
        lambda c: c.record is None and c.answered(NOT_VALID),
        lambda c: Stop(FIRST_NOT_VALID),
    ),
    Row("no record, the token is valid", lambda c: c.record is None, _first_record, plan="Adopt the first token."),
)

#: What only an answer holds is saved before anything else happens.
_ANSWERED: Sequence[Row] = (
    Row("created", lambda c: c.answered(CREATED), _save_created),
    Row("promoted", lambda c: c.answered(PROMOTED), _save_promoted),
    Row("another token was promoted", lambda c: c.answered(ANOTHER_PROMOTED), _save_another),
    Row(
        # This run created nothing; where an earlier run may have lost a token, the record must keep saying so.
        "not created",
        lambda c: (
            _phase(STAGING)(c)
            and (c.answered(NOT_FOUND) or (c.answered(REFUSED) and (c.run.saved or c.noted(DELETED_UNKNOWN) > 0)))
        ),
        _save_nothing_created(),
    ),
    Row(
        "staging, no answer, or an inconclusive one",
        lambda c: _phase(STAGING)(c) and c.answered(UNKNOWN, REFUSED),
        _stop_with_answer,
    ),
)

#: After a run that ended in the middle: its lock is taken over, and its last request waited for.
_RESUMED: Sequence[Row] = (
    Row(
        "resumed, not locked",
        lambda c: c.run.resumed and not _phase(IDLE)(c) and not c.run.locked,
        lambda c: Save(),
    ),
    Row(
        "resumed, a request may be on its way",
        lambda c: c.run.resumed and _phase(STAGING, STAGED, VERIFIED)(c) and not c.run.settled,
        lambda c: Settle(),
    ),
    Row(
        # At once: what somebody has changed in the meantime is found after it.
        "staged, distributed",
        lambda c: _phase(STAGED, VERIFIED)(c) and c.run.passed == DISTRIBUTE,
        lambda c: RunHook(VERIFY, reads=True),
    ),
    Row("not tried", lambda c: c.probe is None, lambda c: Probe()),
)

_NONE_VALID: Sequence[Row] = (
    Row(
        "no token valid",
        lambda c: _valid(c, False, False) and not c.answered(NOTHING, NOT_VALID, VALID),
        lambda c: Request(READ_OTHER, reads=True),
    ),
    Row(
        # A suspension that ended in between would look like this, too: then the tokens of the record are valid now.
        "no token valid, but one from elsewhere, at first",
        lambda c: _valid(c, False, False) and c.answered(VALID) and not c.noted(FOUND_ELSEWHERE),
        lambda c: Settle(note=FOUND_ELSEWHERE),
        plan=_TAKE_OTHER,
    ),
    Row(
        "no token valid, but one from elsewhere",
        lambda c: _valid(c, False, False) and c.answered(VALID),
        _save_other,
    ),
    Row("locked out", lambda c: _valid(c, False, False), lambda c: Stop(WAYS_OUT)),
)

_IDLE: Sequence[Row] = (
    Row("idle, due", lambda c: _phase(IDLE)(c) and _is_due(c), _save_staging(), plan=f"Due: {_ROTATE}"),
    Row("idle, nothing due", _phase(IDLE), lambda c: Finish(), plan="Nothing is due."),
)

_STAGING: Sequence[Row] = (
    Row(
        "staging",
        lambda c: _phase(STAGING)(c) and c.answer is None,
        lambda c: Request(CREATE),
        plan=f"A run ended while it staged a token. Replace what it may have lost: {_ROTATE}",
    ),
    Row(
        "staging, deleted what was there",
        lambda c: _phase(STAGING)(c) and c.answered(DELETED),
        lambda c: Request(CREATE, note=DELETED_UNKNOWN),
    ),
    Row(
        "staging, one exists that is not ours",
        lambda c: _phase(STAGING)(c) and c.answered(EXISTS) and not _may_delete_unknown(c),
        _save_nothing_created(NOT_OURS),
    ),
    Row(
        "staging, one exists again after one was deleted",
        lambda c: _phase(STAGING)(c) and c.answered(EXISTS) and c.noted(DELETED_UNKNOWN) > 0,
        _save_nothing_created(STILL_THERE),
    ),
    Row(
        "staging, one exists that may be deleted",
        lambda c: _phase(STAGING)(c) and c.answered(EXISTS) and _primary_is_known(c),
        lambda c: Request(DELETE, AS_PRIMARY),
    ),
    Row(
        "staging, one exists, and the record's token may be the secondary itself",
        lambda c: _phase(STAGING)(c) and c.answered(EXISTS),
        lambda c: Request(READ_PRIMARY, reads=True),
    ),
    Row(
        "staging, the record's token is the primary",
        lambda c: _phase(STAGING)(c) and c.answered(VALID),
        lambda c: Save({"primary_known": True}),
    ),
    Row(
        "staging, the record's token is not the primary",
        lambda c: _phase(STAGING)(c) and c.answered(NOT_VALID),
        lambda c: _nothing_deleted(c, IS_SECONDARY),
    ),
    Row(
        "staging, which token is the primary can't be determined",
        _phase(STAGING),
        lambda c: _nothing_deleted(c, PRIMARY_NOT_KNOWN),
    ),
)

_STAGED: Sequence[Row] = (
    Row(
        "staged, deleted by somebody again and again",
        lambda c: (
            _phase(STAGED, VERIFIED)(c) and _valid(c, True, False) and c.noted(DELETED_BY_SOMEBODY) >= MOST_REPLACEMENTS
        ),
        lambda c: Stop(DELETED_AGAIN),
    ),
    Row(
        "staged, deleted by somebody, consumers have it",
        lambda c: _phase(STAGED, VERIFIED)(c) and _valid(c, True, False) and c.run.passed != CLEAN,
        lambda c: RunHook(CLEAN, warning=SOMEBODY_DELETED),
        plan=f"Somebody deleted the token that was staged. Clean, then {_ROTATE}",
    ),
    Row(
        "staged, deleted by somebody",
        lambda c: _phase(STAGED, VERIFIED)(c) and _valid(c, True, False),
        _save_staging(DELETED_BY_SOMEBODY),
    ),
    Row(
        # Somebody else may have promoted it, and this run's request, still on its way, would promote the next token.
        "verified, promoted, but no answer came",
        lambda c: _phase(VERIFIED)(c) and _valid(c, False, True) and c.answered(UNKNOWN),
        lambda c: Settle(),
    ),
    Row(
        "verified, promoted already",
        lambda c: _phase(VERIFIED)(c) and _valid(c, False, True),
        _save_promoted,
        plan="The new token was promoted already: save, clean",
    ),
    Row(
        "verified by this run, not promoted because of a passing fault",
        lambda c: (
            _phase(VERIFIED)(c) and c.run.saved and c.answered(NOT_PROMOTED) and c.noted(TRIED_AGAIN) < MOST_TRIES
        ),
        lambda c: Request(PROMOTE, note=TRIED_AGAIN),
    ),
    Row(
        "verified by this run, not promoted",
        lambda c: _phase(VERIFIED)(c) and c.run.saved and c.answer is not None,
        _stop_with_answer,
    ),
    Row("verified by this run", lambda c: _phase(VERIFIED)(c) and c.run.saved, lambda c: Request(PROMOTE)),
    Row(
        "staged, verified by consumers, promoted by somebody",
        lambda c: _phase(STAGED)(c) and _valid(c, False, True) and c.run.passed == VERIFY,
        _save_promoted,
    ),
    Row(
        "staged, promoted by somebody",
        lambda c: _phase(STAGED)(c) and _valid(c, False, True),
        lambda c: RunHook(DISTRIBUTE, note=PROMOTED_BY_SOMEBODY),
        plan="Somebody promoted the new token: distribute it, verify, save, clean",
    ),
    Row(
        "staged, verified by consumers",
        lambda c: _phase(STAGED, VERIFIED)(c) and c.run.passed == VERIFY,
        lambda c: Save({"phase": VERIFIED}, event="consumers accept both tokens", shown_by=VERIFY),
    ),
    Row(
        "staged",
        _phase(STAGED, VERIFIED),
        lambda c: RunHook(DISTRIBUTE),
        plan=f"Go on with the token that is staged: {_GO_ON}",
    ),
)

_CLEANING: Sequence[Row] = (
    Row(
        "cleaning, consumers have the primary alone",
        lambda c: _phase(CLEANING)(c) and c.run.passed == CLEAN,
        lambda c: Save({"phase": IDLE}, release=True),
    ),
    Row("cleaning", _phase(CLEANING), lambda c: RunHook(CLEAN), plan="Clean, as a run ended before it did"),
)

#: The first row that fits decides.
TABLE: Sequence[Row] = (
    *_FAILED,
    *_NO_RECORD,
    *_ANSWERED,
    *_RESUMED,
    *_NONE_VALID,
    *_IDLE,
    *_STAGING,
    *_STAGED,
    *_CLEANING,
)
