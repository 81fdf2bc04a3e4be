# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of an AWS credential or a public key, as a table.

Issue a key, create the credential, re-point the consumers, verify; after days of grace delete the old one, revoke its
key.

Twilio stores the key of a credential but never returns it, and a new key means a new credential with a new SID. So the
new one is created first, and the old one is deleted last. The record holds no secret: a credential is recognized by its
fingerprint, with which its name is signed. What must hold whatever fails, and is explored in ``tests/unit``:

1. What the consumers use exists at Twilio, and so does its key: an access key in IAM, or a private key on the disk.
2. Nothing old is removed unless the new one was found usable just before, in the same run.
3. No credential and no access key that a run made stays unknown to the record after the next run.
4. A run that finds nothing due sends one request, and changes nothing.
5. No access key is deleted that somebody else may use, and none that a listed credential may hold.
6. A private key is never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.community.twilio.plugins.plugin_utils import _rotation
from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    CREATED,
    IDLE,
    ISSUED,
    ISSUING,
    NO_KEY,
    REVOKING,
    VERIFIED,
    AccessKey,
    CredentialProbe,
    CredentialRecord,
    CredentialSettings,
    Key,
    Listed,
    private_key_path,
)
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past, days_between
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Case,
    Finish,
    Probe,
    Request,
    Row,
    RunHook,
    Save,
    Settle,
    Step,
    Stop,
    required,
)

ISSUE, LIST, REVOKE, REPOINT, VERIFY = "issue", "list", "revoke", "repoint", "verify"

#: The requests. CREATE ends as CREATED with the SID, or as SEVERAL; DELETE as DELETED, also where the credential is not
#: there; MAKE_PAIR and READ_PAIR as PAIR with the fingerprint, None where there is none. The hook ``issue`` ends as
#: ISSUED with a :class:`Key`. Any may end as REFUSED or UNKNOWN, with a message.
CREATE, DELETE, MAKE_PAIR, READ_PAIR = "create", "delete", "make_pair", "read_pair"
SEVERAL, DELETED, PAIR, REFUSED, UNKNOWN = "several", "deleted", "pair", "refused", "unknown"

#: The notes of a run; a SID or a key's id follows those that end in a space.
POSTED, POINTED_TO_NEW, POINTED_TO_OLD, VERIFIED_AGAIN = "posted", "pointed to new", "pointed to old", "verified again"
REVOKED, REMOVED = "revoked ", "removed "


@dataclass(frozen=True)
class CredentialCase(Case[CredentialRecord, CredentialProbe, CredentialSettings]):
    """All that a decision depends on; there is always a record, see :func:`first_record`.

    :param keys: the access keys as just listed; None where they were not, or where something took time since.
    """

    keys: tuple[AccessKey, ...] | None = None


# -- what follows from a case ------------------------------------------------------------------------------------------


def after(case: CredentialCase, step: Step, result: Any = None) -> CredentialCase:
    """Return the case that a step leads to, once it was performed; see :func:`_rotation.after`.

    :param result: of the hook ``list``, the keys, see :func:`read_keys`; of ``issue``, an :class:`Answer` ISSUED, whose
        value is a :class:`Key` with key_id and fingerprint, None where the hook handed over no valid one. Of any hook
        that failed, False.
    """
    if not isinstance(step, RunHook):
        return _rotation.after(case, step, result)
    ended = _rotation.after(case, step, result is not False)
    keys = result if step.name == LIST and result is not False else None
    return replace(ended, keys=keys, answer=result if isinstance(result, Answer) else None)


def due_in_days(case: CredentialCase) -> float | None:
    """Return in how many days the credential that the consumers use is due; None where that was not read.

    Where Twilio lists none, it is due now.
    """
    if case.probe is None:
        return None
    used = _find(case, used_sid(case))
    if used is None:
        return 0.0
    if used.date_created is None:
        return None
    return case.settings.max_age_days - days_between(used.date_created, case.settings.now)


def used_sid(case: CredentialCase) -> str:
    """Return the SID that the consumers are to use; empty where there is none."""
    record = _record(case)
    if record.phase in (CREATED, VERIFIED, REVOKING):
        return record.new.sid
    return record.current.sid if case.probe is None else _current(case).sid


def _record(case: CredentialCase) -> CredentialRecord:
    return required(case.record)


def _listed(case: CredentialCase) -> CredentialProbe:
    return required(case.probe)


def _find(case: CredentialCase, sid: str) -> Listed | None:
    return next((each for each in _listed(case) if each.sid == sid), None)


def _current(case: CredentialCase) -> Key:
    """Return the credential in place: the record's, unless somebody removed it; of several others the newest."""
    recorded = _record(case).current
    in_place = _find(case, recorded.sid)
    if in_place is not None:
        return replace(recorded, fingerprint=recorded.fingerprint or in_place.fingerprint or "")
    newest = max(_listed(case), key=lambda each: (each.date_created or "", each.sid), default=None)
    if newest is None:
        # Its access key is still to be revoked.
        return replace(recorded, sid="")
    return Key(sid=newest.sid, fingerprint=newest.fingerprint or "")


def _is_aws(case: CredentialCase) -> bool:
    return case.settings.credential_type.has_access_key


def _lists_keys(case: CredentialCase) -> bool:
    return _is_aws(case) and case.settings.lists_keys


def _phase(*phases: str) -> Callable[[CredentialCase], bool]:
    return lambda case: _record(case).phase in phases


def _in(phase: str, *conditions: Callable[[Any], Any]) -> Callable[[CredentialCase], bool]:
    """Return whether a record is in a phase and conditions hold, each evaluated only where those before it do."""
    return lambda case: _record(case).phase == phase and all(condition(case) for condition in conditions)


def _keys_not_listed(case: CredentialCase) -> bool:
    return _lists_keys(case) and case.keys is None


def _is_due(case: CredentialCase) -> bool:
    days = due_in_days(case)
    return case.settings.force or (days is not None and days <= 0)


def _age_problem(case: CredentialCase) -> str:
    """Return why the age of the credential in place can't be determined; empty where it can."""
    used = _find(case, used_sid(case))
    if used is None:
        return ""
    if used.date_created is None:
        return "" if case.settings.force else f"Twilio does not report when {used.sid} was created. Nothing was done."
    try:
        check_past(used.date_created, f"date_created of {used.sid}", case.settings.now)
    except DateError as error:
        return f"{error}. Nothing was done."
    return ""


def is_in_grace(case: CredentialCase) -> bool:
    """Whether the days of grace are not over."""
    record, settings = _record(case), case.settings
    if record.phase != VERIFIED:
        return False
    return days_between(required(record.verified_at), settings.now) < settings.grace_days


def _was_noted(case: CredentialCase, note: str, what: str) -> bool:
    return case.noted(note + what) > 0


def _new_is_listed(case: CredentialCase) -> bool:
    return _find(case, _record(case).new.sid) is not None


def _new_was_deleted(case: CredentialCase) -> bool:
    return _phase(CREATED, VERIFIED)(case) and not _new_is_listed(case)


def _with_new_key(case: CredentialCase) -> list[str]:
    """Return the SIDs of the credentials that hold the new key, the oldest first, without the current one's."""
    record = _record(case)
    holding = [each for each in _listed(case) if each.fingerprint == record.new.fingerprint]
    holding.sort(key=lambda each: (each.date_created or "", each.sid))
    return [each.sid for each in holding if each.sid != record.current.sid and not _was_noted(case, REMOVED, each.sid)]


def _created_late(case: CredentialCase) -> list[str]:
    """Return the SIDs of the credentials whose creation was never reported, since the request was applied late."""
    return [sid for sid in _with_new_key(case) if sid != _record(case).new.sid]


def _old_ones(case: CredentialCase) -> list[str]:
    """Return the SIDs of the credentials to delete at the end: those with the old one's access key, then the old one.

    With the old access key revoked, they would not work any more.
    """
    current = _record(case).current
    same_key = [
        each.sid
        for each in _listed(case)
        if _is_aws(case) and current.fingerprint and each.fingerprint == current.fingerprint and each.sid != current.sid
    ]
    old = [current.sid] if _find(case, current.sid) else []
    return [sid for sid in [*same_key, *old] if not _was_noted(case, REMOVED, sid)]


def _key_ids(case: CredentialCase) -> list[str]:
    return [key.id for key in case.keys or ()]


def _current_key_id(case: CredentialCase) -> str:
    """Return the id of the access key in place; where it was not recorded, the only one there is."""
    key_ids = _key_ids(case)
    return _current(case).key_id or (key_ids[0] if len(key_ids) == 1 else "")


def _unknown_key_ids(case: CredentialCase) -> list[str]:
    return sorted(key_id for key_id in _key_ids(case) if key_id != _current_key_id(case))


def _unrecorded_keys(case: CredentialCase) -> list[AccessKey]:
    """Return the access keys that are new since issuing began: lost by a run, or made by somebody else."""
    record = _record(case)
    return [
        key
        for key in case.keys or ()
        # What was deleted may still be listed for some seconds.
        if key.id not in (*record.present, record.current.key_id) and not _was_noted(case, REVOKED, key.id)
    ]


def _is_newer(each: Listed, current: Listed | None) -> bool:
    return current is None or (each.date_created or "") > (current.date_created or "")


def _newer_sids(case: CredentialCase) -> list[str]:
    """Return the SIDs of the credentials that are newer than the current one; one may hold an access key as new."""
    current = _find(case, _record(case).current.sid)
    return [each.sid for each in _listed(case) if each != current and _is_newer(each, current)]


def _issued(case: CredentialCase) -> Key:
    """Return the key that was issued, without what is not known of it."""
    answer = required(case.answer)
    if answer.kind == PAIR:
        return replace(_existing_pair(case), fingerprint=answer.value or "")
    return answer.value or NO_KEY


def _is_not_new(case: CredentialCase) -> bool:
    """Whether what was issued is a key that was there before, or none at all."""
    record, issued = _record(case), _issued(case)
    if _is_aws(case) and issued.key_id in ("", record.current.key_id, *record.present):
        return True
    return issued.fingerprint in ("", record.current.fingerprint)


def _was_there_before(case: CredentialCase) -> bool:
    """Whether a credential with the issued key was there before it could be created by this rotation."""
    record = _record(case)
    with_key = [each.sid for each in _listed(case) if each.fingerprint == record.new.fingerprint]
    not_created = _is_aws(case) and not case.run.resumed and not case.noted(POSTED)
    return record.current.sid in with_key or (not_created and bool(with_key))


def _points_to_new(case: CredentialCase) -> bool:
    """Whether the consumers were pointed to the new one in this run, and not back since."""
    pointed = [note for note in case.run.notes if note in (POINTED_TO_NEW, POINTED_TO_OLD)]
    return pointed[-1:] == [POINTED_TO_NEW] and case.run.passed in (REPOINT, VERIFY)


def _needs_key_check(case: CredentialCase) -> bool:
    """Whether the new one's key has to be checked: before consumers depend on it, and before the old one is deleted.

    An access key that was made just now may not be listed yet.
    """
    if _phase(CREATED)(case):
        return not _points_to_new(case) and not (_is_aws(case) and case.noted(POSTED))
    return _phase(VERIFIED)(case)


def _needs_keys(case: CredentialCase) -> bool:
    """Whether access keys have to be listed just before an old one is deleted; after a save they have to be again."""
    return _lists_keys(case) and (case.keys is None or case.run.passed != LIST)


def _new_key_problem(case: CredentialCase) -> str:
    """Return why the new access key may not be usable; empty where it is, or can't be listed."""
    if not _lists_keys(case):
        return ""
    record = _record(case)
    new = next((key for key in case.keys or () if key.id == record.new.key_id), None)
    if new is None:
        return (
            f"The new access key {record.new.key_id} is not among those of the user, so the old one,"
            f" {record.current.key_id or 'which is not known'}, was left as it is. Look at them in IAM."
            f" {_alternative(record)}"
        )
    if not new.is_active:
        return (
            f"The new access key {record.new.key_id} is {new.status} in IAM, so that {record.new.sid} can't be used."
            f" The old one, {record.current.key_id or 'which is not known'}, was left as it is. Activate the new one,"
            f" and run the role again. {_alternative(record)}"
        )
    return ""


def _alternative(record: CredentialRecord) -> str:
    if record.phase == REVOKING:
        return f"To have another one made, delete {record.new.sid} at Twilio and the record of this rotation."
    return f"To go back to the old one, delete {record.new.sid} at Twilio."


def _nothing_to_revoke(case: CredentialCase) -> bool:
    key_id = _record(case).current.key_id
    return not _is_aws(case) or not key_id or _was_noted(case, REVOKED, key_id)


def _is_giving_up(case: CredentialCase) -> bool:
    """Whether this run has begun to go back to the old one."""
    return case.noted(POINTED_TO_OLD) > 0 or _was_noted(case, REVOKED, _record(case).new.key_id)


# -- sentences ---------------------------------------------------------------------------------------------------------


def _what_is_valid(case: CredentialCase) -> str:
    """Return what is valid now, and what the next run does."""
    record, credential_type = _record(case), case.settings.credential_type
    new, old = record.new, record.current.sid
    if record.phase == IDLE:
        return "Nothing was changed."
    if record.phase == ISSUING:
        place = f"{old} is as it was" if old else "Nothing was given to Twilio"
        lost = ""
        if credential_type.has_access_key:
            lost = (
                " An access key that was made and never used is deleted by the next run."
                if case.settings.lists_keys
                else " Access keys can't be listed here: if one was made, delete it where it was made."
            )
        return f"{place}. The next run tries again.{lost}"
    if record.phase == ISSUED:
        key = f"access key {new.key_id}" if credential_type.has_access_key else f"key pair in {new.private_key_path}"
        again = "deletes it and makes another" if credential_type.has_access_key else "uses it"
        return f"Consumers use what they used. Unless Twilio has the new {key}, the next run {again}."
    if record.phase == REVOKING:
        return (
            f"Consumers use {new.sid}. The old access key {record.current.key_id} may still be there; the next run"
            " tries again."
        )
    if _is_giving_up(case):
        left = f" {old} is there." if case.noted(POINTED_TO_OLD) else ""
        return f"Somebody deleted the new {credential_type.noun}, {new.sid}.{left} The next run continues from here."
    if _was_noted(case, REMOVED, old):
        return f"Consumers use {new.sid}. The next run checks that {old} is deleted, and continues from here."
    both = f"{old} and {new.sid} both exist" if old else f"{new.sid} exists"
    return f"No credential was removed: {both}. The next run continues from here."


def _hook_failed(case: CredentialCase) -> str:
    return f"{case.run.failed_hook} {_what_is_valid(case)}"


def _not_answered(case: CredentialCase) -> str:
    return f"{required(case.answer).message} {_what_is_valid(case)}".strip()


def _not_new(case: CredentialCase) -> str:
    role, record = case.settings.credential_type.role, _record(case)
    if _is_aws(case):
        return (
            f"{role}_issue_tasks: expected them to set the fact {role}_issued, with aws_access_key_id and"
            " aws_secret_access_key of a key that was not there before. Nothing was given to Twilio."
        )
    return (
        f"{record.new.private_key_path} holds the key pair of {record.current.sid or 'the current public key'}, which"
        " is to be replaced. Nothing was given to Twilio. Move the file away, and run the role again."
    )


def _unknown_keys(case: CredentialCase) -> str:
    current, unknown = _current_key_id(case), " and ".join(_unknown_key_ids(case))
    problem = (
        f"of which {unknown} is not known here"
        if current
        else "and which of them the current AWS credential holds is not known here"
    )
    return (
        f"The access keys are {' and '.join(sorted(_key_ids(case)))}, {problem}. IAM allows two for a user, who must be"
        " a dedicated one. Nothing was changed. Delete what nobody uses, and run the role again."
    )


def _may_be_used(case: CredentialCase) -> str:
    keys = [key for key in _unrecorded_keys(case) if key.used is not False]
    used = "was used" if keys[0].used else "may have been used"
    return (
        f"Since a run ended while it made an access key, there is {' and '.join(key.id for key in keys)}, which {used},"
        " so it was not deleted. Look at it in IAM, delete it if nobody uses it, and run the role again."
    )


def _may_be_held(case: CredentialCase) -> str:
    keys, sids = (" and ".join(each) for each in ([key.id for key in _unrecorded_keys(case)], _newer_sids(case)))
    return (
        f"Since a run ended while it made an access key, there is {keys}, and at Twilio there is {sids}, which may hold"
        " it, so it was not deleted. The record may be an old one that was restored. If nobody uses that access key,"
        " delete it in IAM; if somebody does, delete the record. Then run the role again."
    )


def _no_private_key(case: CredentialCase) -> str:
    record = _record(case)
    left = "the consumers were left as they are" if record.phase == CREATED else "the old public key was not deleted"
    return (
        f"{record.new.private_key_path} does not hold the private key of {record.new.sid}, so what is encrypted with it"
        f" could not be read; {left}. Restore the file; or delete {record.new.sid} at Twilio, and the next run gives it"
        " up."
    )


def _not_listed_any_more(case: CredentialCase) -> str:
    record = _record(case)
    return (
        f"Twilio does not list {record.new.sid} any more, so the old access key {record.current.key_id} was not"
        " deleted. Look at both. To have another one made, delete the access keys that nobody uses, and the record of"
        " this rotation."
    )


def _given_up(case: CredentialCase) -> str:
    record, noun = _record(case), case.settings.credential_type.noun
    is_there = _find(case, record.current.sid) is not None
    stays = f"the old one, {record.current.sid}, stays" if is_there else "there is no old one"
    return f"Somebody deleted the new {noun}, {record.new.sid}. It was given up, and {stays}."


# -- steps -------------------------------------------------------------------------------------------------------------


def _point(to_new: bool, hook: str = REPOINT, note: str = "") -> Callable[[CredentialCase], Step]:
    """Return a step that runs a hook with the SID that the consumers are to use from now on."""

    def step(case: CredentialCase) -> Step:
        record = _record(case)
        wanted, other = (record.new, record.current) if to_new else (record.current, record.new)
        variables = {"sid": wanted.sid, "old_sid": other.sid, "private_key_path": wanted.private_key_path}
        return RunHook(hook, variables, note=note, reads=hook == VERIFY)

    return step


def _list_keys(case: CredentialCase) -> Step:
    # Whether a key was ever used takes a request for each, and is only needed where a run may have lost one.
    return RunHook(LIST, {"needs_used": "true" if _phase(ISSUING)(case) else ""}, reads=True)


def _revoke(key_id: str) -> Step:
    return RunHook(REVOKE, {"key_id": key_id}, note=REVOKED + key_id)


def _delete(sid: str) -> Step:
    return Request(DELETE, sid, note=REMOVED + sid)


def _existing_pair(case: CredentialCase) -> Key:
    """Return the key that a second attempt begins with: a key pair that was made is used again."""
    return Key(private_key_path=_record(case).new.private_key_path)


def _save_issuing(case: CredentialCase) -> Step:
    record, settings = _record(case), case.settings
    current = _current(case)
    return Save(
        {
            "phase": ISSUING,
            "current": replace(current, key_id=_current_key_id(case)) if _is_aws(case) else current,
            "new": NO_KEY if _is_aws(case) else Key(private_key_path=private_key_path(record, settings)),
            "present": tuple(_key_ids(case)),
            "verified_at": None,
        }
    )


def _save_issued(case: CredentialCase) -> Step:
    issued = _issued(case)
    made = f"access key {issued.key_id}" if _is_aws(case) else f"a key pair in {issued.private_key_path}"
    return Save({"phase": ISSUED, "new": issued}, event=f"made {made}")


def _save_created(case: CredentialCase, sid: str) -> Step:
    return Save(
        {"phase": CREATED, "new": replace(_record(case).new, sid=sid)}, event=f"created {sid}", probe=case.probe
    )


def _save_verified(case: CredentialCase) -> Step:
    return Save(
        {"phase": VERIFIED, "verified_at": case.settings.today},
        event=f"consumers work with {_record(case).new.sid}",
        shown_by=VERIFY,
        rotated=True,
        probe=case.probe,
    )


def _save_again(failure: str = "") -> Callable[[CredentialCase], Step]:
    return lambda case: Save({"phase": ISSUING, "new": _existing_pair(case)}, failure=failure and _not_new(case))


def _save_revoking(case: CredentialCase) -> Step:
    old = _record(case).current.sid
    return Save({"phase": REVOKING}, event=f"{old} is deleted" if old else "")


def _save_over(case: CredentialCase) -> Step:
    record = _record(case)
    revoked = _is_aws(case) and record.current.key_id
    return Save(
        {"phase": IDLE, "current": record.new, "new": NO_KEY, "present": (), "verified_at": None},
        event=f"access key {record.current.key_id} is deleted" if revoked else "",
        release=True,
        probe=case.probe,
    )


def _save_other(case: CredentialCase) -> Step:
    new, other = _record(case).new, _with_new_key(case)[0]
    return Save(
        {"phase": CREATED, "new": replace(new, sid=other), "verified_at": None},
        event=f"{new.sid} is missing, and {other} holds the same key",
        probe=case.probe,
    )


def _save_given_up(case: CredentialCase) -> Step:
    return Save(
        {"phase": IDLE, "new": NO_KEY, "present": (), "verified_at": None},
        release=True,
        warning=_given_up(case),
        probe=case.probe,
    )


def _request_pair(name: str, reads: bool = False) -> Callable[[CredentialCase], Step]:
    return lambda case: Request(name, _record(case).new.private_key_path, reads=reads)


# -- the table ---------------------------------------------------------------------------------------------------------

#: A run that has failed.
_FAILED: Sequence[Row] = (
    Row("the run has failed", lambda c: bool(c.run.failure), lambda c: Stop(c.run.failure)),
    Row(
        # Consumers that don't work with the new one are pointed to it again.
        "verified, and consumers don't work any more",
        lambda c: c.run.failed == VERIFY and _phase(VERIFIED)(c),
        lambda c: Save({"phase": CREATED, "verified_at": None}, failure=_hook_failed(c)),
    ),
    Row("hook failed", lambda c: bool(c.run.failed), lambda c: Stop(_hook_failed(c))),
)

#: What is known from an answer alone is saved before anything else happens.
_ANSWERED: Sequence[Row] = (
    Row(
        "issuing, not a new key",
        _in(ISSUING, lambda c: c.answered(ISSUED, PAIR), _is_not_new),
        lambda c: Stop(_not_new(c)),
    ),
    Row("issuing, made", _in(ISSUING, lambda c: c.answered(ISSUED, PAIR)), _save_issued),
    Row(
        "issued, created",
        _in(ISSUED, lambda c: c.answered(CREATED)),
        lambda c: _save_created(c, c.answer.value),
    ),
    Row(
        "verified, the old one was deleted",
        _in(VERIFIED, lambda c: c.answered(DELETED) and _was_noted(c, REMOVED, c.record.current.sid)),
        _save_revoking,
    ),
    Row("no answer, or a refusal", lambda c: c.answered(REFUSED, UNKNOWN), lambda c: Stop(_not_answered(c))),
)

#: A run that is resumed, and one that has to read first.
_RESUMED: Sequence[Row] = (
    Row("in grace, not read", lambda c: is_in_grace(c) and c.probe is None, lambda c: Probe()),
    Row(
        "in grace",
        lambda c: is_in_grace(c) and not _new_was_deleted(c) and not _created_late(c),
        lambda c: Finish(),
        plan="In its days of grace: nothing is due.",
    ),
    Row(
        "resumed, not locked",
        lambda c: c.run.resumed and not _phase(IDLE)(c) and not c.run.locked,
        lambda c: Save(),
    ),
    Row(
        "resumed, a request may be on its way",
        lambda c: (
            c.run.resumed and not c.run.settled and (_phase(ISSUED)(c) or (_phase(ISSUING)(c) and _lists_keys(c)))
        ),
        lambda c: Settle(),
    ),
    Row(
        # At once: what somebody has changed in the meantime is found after it.
        "created, consumers were pointed to it",
        _in(CREATED, _points_to_new, lambda c: c.run.passed == REPOINT),
        _point(to_new=True, hook=VERIFY),
    ),
    Row(
        # A run that makes or revokes a key depends on the keys; one that may delete credentials reads these, too.
        "not read",
        lambda c: c.probe is None and (c.run.resumed or not _phase(ISSUING, REVOKING)(c)),
        lambda c: Probe(),
    ),
)

_IDLE: Sequence[Row] = (
    Row("idle, saved by this run", _in(IDLE, lambda c: c.run.saved), lambda c: Finish()),
    Row("idle, age not known", _in(IDLE, _age_problem), lambda c: Stop(_age_problem(c))),
    Row("idle, nothing due", _in(IDLE, lambda c: not _is_due(c)), lambda c: Finish(), plan="Nothing is due."),
    Row(
        "idle, due, keys not listed",
        _in(IDLE, _keys_not_listed),
        _list_keys,
        plan="Due: {steps}.",
    ),
    Row(
        "idle, due, a key that nobody knows",
        _in(IDLE, _unknown_key_ids),
        lambda c: Stop(_unknown_keys(c)),
    ),
    Row("idle, due", _phase(IDLE), _save_issuing, plan="Due: {steps}."),
)

_ISSUING: Sequence[Row] = (
    Row(
        "issuing, keys not listed",
        _in(ISSUING, _keys_not_listed),
        _list_keys,
        plan="A run ended while it made {key}. Delete what it may have lost; {steps}.",
    ),
    Row(
        "issuing, a new key that may be in use",
        _in(ISSUING, lambda c: any(key.used is not False for key in _unrecorded_keys(c))),
        lambda c: Stop(_may_be_used(c)),
    ),
    Row(
        "issuing, a new key, not read",
        _in(ISSUING, _unrecorded_keys, lambda c: c.probe is None),
        lambda c: Probe(),
    ),
    Row(
        "issuing, a new key that a credential may hold",
        _in(ISSUING, _unrecorded_keys, _newer_sids),
        lambda c: Stop(_may_be_held(c)),
    ),
    Row(
        # Its secret is lost with the run that made it.
        "issuing, a key was lost",
        _in(ISSUING, _unrecorded_keys),
        lambda c: _revoke(_unrecorded_keys(c)[0].id),
    ),
    Row(
        "issuing, AWS",
        _in(ISSUING, _is_aws),
        lambda c: RunHook(ISSUE),
        plan="A run ended while it made {key}: {steps}.",
    ),
    Row(
        "issuing, public key",
        _phase(ISSUING),
        _request_pair(MAKE_PAIR),
        plan="A run ended while it made {key}: {steps}.",
    ),
)

_ISSUED: Sequence[Row] = (
    Row(
        "issued, not a new key",
        _in(ISSUED, _was_there_before),
        _save_again("not new"),
        plan="What was issued is not new: begin again, and {steps}.",
    ),
    Row(
        "issued, found",
        _in(ISSUED, _with_new_key),
        lambda c: _save_created(c, _with_new_key(c)[0]),
        plan="A run ended after it created the {noun}: save its SID, {rest}.",
    ),
    Row(
        "issued by this run, several were created, but are not listed",
        _in(ISSUED, lambda c: not c.run.resumed and c.noted(POSTED)),
        lambda c: Stop(_not_answered(c)),
    ),
    Row(
        "issued by this run",
        _in(ISSUED, lambda c: not c.run.resumed),
        lambda c: Request(CREATE, note=POSTED),
    ),
    Row(
        # Its secret is lost with the run that made it.
        "issued, not created, AWS",
        _in(ISSUED, _is_aws, lambda c: not _was_noted(c, REVOKED, c.record.new.key_id)),
        lambda c: _revoke(c.record.new.key_id),
        plan="A run ended before it created the {noun}: delete its access key, {steps}.",
    ),
    Row(
        "issued, not created",
        _phase(ISSUED),
        _save_again(),
        plan="A run ended before it created the {noun}: {steps}.",
    ),
)

#: Somebody deleted the new one: back to the old one, unless there is another one with its key.
_NEW_DELETED: Sequence[Row] = (
    Row(
        # What was created just now may not be listed yet, and the old one may be about to be deleted.
        "new one missing, not certain",
        lambda c: _new_was_deleted(c) and not c.run.settled,
        lambda c: Settle(),
    ),
    Row(
        # The record may be an old one that was restored, and consumers may use this one.
        "new one missing, but another one holds its key",
        lambda c: _new_was_deleted(c) and bool(_with_new_key(c)) and not _was_noted(c, REVOKED, c.record.new.key_id),
        _save_other,
        plan="Somebody deleted the new {noun}, but there is another one with its key: {rest}.",
    ),
    Row(
        "created once more, late",
        lambda c: _phase(CREATED, VERIFIED)(c) and bool(_created_late(c)),
        lambda c: _delete(_created_late(c)[0]),
        plan="Delete {noun}s that hold the new key, too, since a request was applied late; then go on: {rest}.",
    ),
    Row(
        "new one missing, consumers may use it",
        lambda c: _new_was_deleted(c) and not c.noted(POINTED_TO_OLD) and _find(c, c.record.current.sid) is not None,
        _point(to_new=False, note=POINTED_TO_OLD),
        plan="Somebody deleted the new {noun}. Re-point the consumers to the old one{drop}.",
    ),
    Row(
        "new one missing, AWS",
        lambda c: _new_was_deleted(c) and _is_aws(c) and not _was_noted(c, REVOKED, c.record.new.key_id),
        lambda c: _revoke(c.record.new.key_id),
        plan="Somebody deleted the new {noun}, and there is no old one: delete the new access key.",
    ),
    Row(
        "new one missing",
        _new_was_deleted,
        _save_given_up,
        plan="Somebody deleted the new {noun}, and there is no old one: give it up.",
    ),
)

_CREATED: Sequence[Row] = (
    *_NEW_DELETED,
    Row(
        "verified, grace over, not verified again",
        _in(VERIFIED, lambda c: c.run.resumed and not c.noted(VERIFIED_AGAIN)),
        _point(to_new=True, hook=VERIFY, note=VERIFIED_AGAIN),
        plan="The days of grace are over: verify again, delete the old {noun}{revoke}.",
    ),
    Row(
        "created or verified, keys not listed",
        lambda c: _needs_key_check(c) and _needs_keys(c),
        _list_keys,
        plan="Go on with the new {noun}: {rest}.",
    ),
    Row(
        "created or verified, the new access key can't be used",
        lambda c: _needs_key_check(c) and bool(_new_key_problem(c)),
        lambda c: Stop(_new_key_problem(c)),
    ),
    Row(
        "created or verified, private key not read",
        lambda c: _needs_key_check(c) and not _is_aws(c) and not c.answered(PAIR),
        _request_pair(READ_PAIR, reads=True),
    ),
    Row(
        "created or verified, private key not in place",
        lambda c: _needs_key_check(c) and not _is_aws(c) and c.answer.value != c.record.new.fingerprint,
        lambda c: Stop(_no_private_key(c)),
    ),
    Row(
        "created, consumers work",
        _in(CREATED, _points_to_new),
        _save_verified,
    ),
    Row(
        "created",
        _phase(CREATED),
        _point(to_new=True, note=POINTED_TO_NEW),
        plan="Go on with the new {noun}: {rest}.",
    ),
    Row("verified", _in(VERIFIED, _old_ones), lambda c: _delete(_old_ones(c)[0])),
    Row("verified, the old one is deleted", _phase(VERIFIED), _save_revoking),
)

_REVOKING: Sequence[Row] = (
    Row(
        "revoking, nothing left to revoke",
        _in(REVOKING, _nothing_to_revoke),
        _save_over,
        plan="Save that the rotation is over.",
    ),
    Row("revoking, keys not listed", _in(REVOKING, _needs_keys), _list_keys, plan="Delete the old access key."),
    Row("revoking, not read", _in(REVOKING, lambda c: c.probe is None), lambda c: Probe()),
    Row(
        "revoking, the new one is missing",
        _in(REVOKING, lambda c: not _new_is_listed(c)),
        lambda c: Stop(_not_listed_any_more(c)),
    ),
    Row(
        "revoking, the new access key can't be used",
        _in(REVOKING, _new_key_problem),
        lambda c: Stop(_new_key_problem(c)),
    ),
    Row(
        # It was created after the old one was deleted.
        "revoking, a credential holds the old access key",
        _in(REVOKING, _old_ones),
        lambda c: _delete(_old_ones(c)[0]),
    ),
    Row(
        "revoking",
        _phase(REVOKING),
        lambda c: _revoke(c.record.current.key_id),
        plan="Delete the old access key.",
    ),
)

#: The first row that fits decides. The words in braces in its plans are filled in by :func:`table`.
TABLE: Sequence[Row] = (
    *_FAILED,
    *_ANSWERED,
    *_RESUMED,
    *_IDLE,
    *_ISSUING,
    *_ISSUED,
    *_CREATED,
    *_REVOKING,
)


def table(settings: CredentialSettings) -> Sequence[Row]:
    """Return the table, with the words of a type of credential in its plans."""
    credential_type = settings.credential_type
    revoke = ", revoke its access key" if credential_type.has_access_key else ""
    rest = (
        f"re-point the consumers, verify, after {settings.grace_days:g} days verify again and delete the old"
        f" {credential_type.noun}{revoke}"
    )
    words = {
        "noun": credential_type.noun,
        "key": credential_type.key,
        "revoke": revoke,
        "drop": ", delete the new access key" if credential_type.has_access_key else "",
        "rest": rest,
        "steps": f"make {credential_type.key}, create the {credential_type.noun}, {rest}",
    }
    return tuple(row._replace(plan=row.plan.format(**words)) for row in TABLE)
