# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of an API key, as a table: create, save, distribute, verify; after days of grace delete the old one.

Twilio returns a key's secret only in the answer to the request that creates it, so the record says ``creating`` before
that request, with a mark that the key's name ends in. A key with that mark that the record does not hold was lost by a
run. It is deleted once the consumers have another: after an old record was restored, they may be using it. What must
hold whatever fails, and is explored in ``tests/unit``:

1. At every instant at least one key of the record is valid, once there was one.
2. No key that a run created stays unknown to the record after the next run that succeeds.
3. Consumers are given the new key before the old one is deleted.
4. A run that finds nothing due sends one request, and changes nothing.
5. Only the record's keys and those with its mark are deleted; one that was adopted, only where the user wants that;
   never the key that the run authenticates with, and never the last one that is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ansible_collections.community.twilio.plugins.plugin_utils._api_key_record import (
    CREATED,
    CREATING,
    IDLE,
    NO_KEY,
    VERIFIED,
    ApiKey,
    ApiKeyProbe,
    ApiKeyRecord,
    ApiKeySettings,
    Listed,
)
from ansible_collections.community.twilio.plugins.plugin_utils._dates import days_between
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
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

#: The hooks. DISTRIBUTE_CURRENT is the task file of DISTRIBUTE with the current key: the consumers go back to it.
DISTRIBUTE, DISTRIBUTE_CURRENT, VERIFY = "distribute", "distribute_current", "verify"

#: The requests. CREATE ends as MADE with an :class:`ApiKey`; DELETE as DELETED, also where the key is not there.
#: Either may end as REFUSED or UNKNOWN, with a message.
CREATE, DELETE = "create", "delete"
MADE, DELETED, REFUSED, UNKNOWN = "made", "deleted", "refused", "unknown"

#: Which key a Probe tries.
NEW, CURRENT = "new", "current"

#: The notes of a run; a SID follows those that end in a space.
POSTED, GIVEN_UP, VERIFIED_AGAIN, REMOVED = "posted", "given up", "verified again", "removed "

#: How many new keys a run replaces that somebody else has deleted.
MOST_REPLACEMENTS = 2

ApiKeyCase = Case[ApiKeyRecord, ApiKeyProbe, ApiKeySettings]


# -- what follows from a case ------------------------------------------------------------------------------------------


def next_try(case: ApiKeyCase, read: ApiKeyProbe) -> str | None:
    """Return which key a Probe tries next: NEW, CURRENT, or None at its end.

    :param read: what the Probe has read so far, the list first.
    """
    record = _record(case)
    if record.phase not in (CREATED, VERIFIED):
        return None
    if case.run.failed:
        return CURRENT if read.current is None else None
    if read.new is None:
        return None if is_in_grace(case) and _is_listed(read, record.new.sid) else NEW
    return CURRENT if not read.new and read.current is None and record.current.secret else None


def used(case: ApiKeyCase) -> ApiKey:
    """Return the key that the consumers are to use; one without a SID where there is none."""
    record = _record(case)
    return record.new if record.phase in (CREATED, VERIFIED) else record.current


def due_in_days(case: ApiKeyCase) -> float | None:
    """Return in how many days the key that the consumers use is due, 0 where there is none; None: it was not read."""
    if case.probe is None:
        return None
    key = used(case)
    if not _is_listed(case.probe, key.sid):
        return 0.0
    return case.settings.max_age_days - days_between(key.created_at, case.settings.now)


def others(case: ApiKeyCase) -> list[str]:
    """Return the SIDs of the keys of the name that the record does not hold, which stay as they are."""
    record, keys = _record(case), case.probe.keys if case.probe else ()
    recorded = {record.current.sid, record.new.sid, *_lost_keys(case)}
    return [key.sid for key in keys if key.sid not in recorded and not _was_removed(case, key.sid)]


def _record(case: ApiKeyCase) -> ApiKeyRecord:
    return required(case.record)


def _is_listed(probe: ApiKeyProbe, sid: str) -> bool:
    return any(key.sid == sid for key in probe.keys)


def _phase(*phases: str) -> Callable[[ApiKeyCase], bool]:
    return lambda case: _record(case).phase in phases


def _was_removed(case: ApiKeyCase, sid: str) -> bool:
    return case.noted(REMOVED + sid) > 0


def _is_due(case: ApiKeyCase) -> bool:
    return case.settings.force or required(due_in_days(case)) <= 0


def _of_the_name(case: ApiKeyCase) -> list[Listed]:
    """Return the keys of the name, one of which the consumers may use, where the record does not name it."""
    return [] if _record(case).current.sid else list(required(case.probe).keys)


def _lost_keys(case: ApiKeyCase) -> list[str]:
    """Return the SIDs of the keys that runs have lost: they have the record's mark, and their secret is not known."""
    record = _record(case)
    if not record.mark or case.probe is None:
        return []
    return [
        key.sid
        for key in case.probe.keys
        if key.mark == record.mark and key.sid != record.new.sid and not _was_removed(case, key.sid)
    ]


def _deletes_current(case: ApiKeyCase) -> bool:
    """Whether the current key is to be deleted at the end: an adopted one, only if the user wants that."""
    current = _record(case).current
    return bool(current.sid) and (current.secret is not None or case.settings.delete_adopted)


def is_in_grace(case: ApiKeyCase) -> bool:
    """Whether the days of grace are not over."""
    record, settings = _record(case), case.settings
    if record.phase != VERIFIED or not _deletes_current(case):
        return False
    return days_between(required(record.verified_at), settings.now) < settings.grace_days


def _authenticates(case: ApiKeyCase) -> bool:
    """Whether the key that is to be deleted is the one that this run authenticates with."""
    return _deletes_current(case) and _record(case).current.sid.lower() == case.settings.authenticates.lower()


def _needs_probe(case: ApiKeyCase) -> bool:
    """Whether the next row depends on the actual state: not where a key is created, nor just after that."""
    if _phase(CREATED)(case):
        just_created = case.noted(POSTED) > 0 and case.run.passed is None
        return not just_created and case.run.passed != DISTRIBUTE
    return not _phase(CREATING)(case)


def _is_not_valid(case: ApiKeyCase) -> bool:
    return _phase(CREATED, VERIFIED)(case) and case.probe is not None and case.probe.new is False


def _can_roll_back(case: ApiKeyCase) -> bool:
    return (
        case.settings.roll_back
        and case.run.failed in (DISTRIBUTE, VERIFY)
        and _phase(CREATED, VERIFIED)(case)
        and _record(case).current.secret is not None
    )


def _created_here(case: ApiKeyCase) -> list[str]:
    """Return the SIDs of what a roll-back deletes: the new key, and what was lost before it."""
    new = _record(case).new.sid
    return [*([] if _was_removed(case, new) else [new]), *_lost_keys(case)]


# -- sentences ---------------------------------------------------------------------------------------------------------


def _what_is_valid(case: ApiKeyCase) -> str:
    """Return what is certain, and what the next run does."""
    record = _record(case)
    if record.phase == CREATING:
        place = f"{record.current.sid} was left as it is." if record.current.sid else "Consumers were given no key."
        return f"{place} The next run tries again, and deletes what may have been created without being known."
    if _was_removed(case, record.current.sid):
        return f"Consumers use {record.new.sid}. The next run deletes {record.current.sid}, if it is still there."
    kept = f"{record.current.sid or 'an old key'} was not deleted. " if record.current.sid else ""
    return f"{kept}The next run continues from here with {record.new.sid}."


def _hook_failed(case: ApiKeyCase) -> str:
    return f"{case.run.failed_hook} {_what_is_valid(case)}"


def _not_answered(case: ApiKeyCase) -> str:
    return f"{required(case.answer).message} {_what_is_valid(case)}".strip()


def _several(case: ApiKeyCase) -> str:
    sids = " and ".join(sorted(key.sid for key in _of_the_name(case)))
    return (
        f"There are several API keys of the name {_record(case).friendly_name!r}, {sids}, and no record says which of"
        " them is in use. Nothing was changed. Rename or delete all but that one, or give this rotation another name."
    )


def _is_own_key(case: ApiKeyCase) -> str:
    return (
        f"{_record(case).current.sid} is to be deleted, and is the API key that this run authenticates with. It was not"
        " deleted. Authenticate with the account's auth token or another Main key, or keep it: without"
        " rotate_api_key_delete_adopted, a key that was there before the first run is never deleted."
    )


def _unusable(case: ApiKeyCase) -> str:
    sid = _record(case).new.sid
    return (
        f"Twilio lists {sid}, but does not accept it with the secret that the record holds. No key was deleted. Run the"
        f" role again, or delete {sid} at Twilio, and the next run makes another."
    )


def _given_up(case: ApiKeyCase) -> str:
    record = _record(case)
    back = f" Consumers go back to {record.current.sid}." if required(case.probe).current else ""
    return f"The new API key, {record.new.sid}, was deleted by somebody.{back}"


def _rolled_back(case: ApiKeyCase) -> str:
    record = _record(case)
    return f"{case.run.failed_hook} {record.new.sid} was deleted again, and consumers have {record.current.sid}."


def _cannot_roll_back(case: ApiKeyCase) -> str:
    return (
        f"{case.run.failed_hook} {_record(case).current.sid} is not valid any more, so that nothing can be rolled back."
        " No key was deleted."
    )


# -- steps -------------------------------------------------------------------------------------------------------------


def _hook(name: str, note: str = "") -> Callable[[ApiKeyCase], RunHook]:
    """Return a step that runs a hook with the key that the consumers are to use from now on."""

    def step(case: ApiKeyCase) -> RunHook:
        record = _record(case)
        wanted, other = (record.current, record.new) if name == DISTRIBUTE_CURRENT else (record.new, record.current)
        variables = {"sid": wanted.sid, "previous_sid": other.sid}
        return RunHook(name, variables, note=note, reads=name == VERIFY)

    return step


def _delete(sid: str) -> Step:
    return Request(DELETE, sid, note=REMOVED + sid)


def _save_creating(case: ApiKeyCase) -> Step:
    record, found = _record(case), _of_the_name(case)
    adopted = found[0] if found else None
    changes: dict[str, object] = {"phase": CREATING, "mark": case.settings.mark}
    if adopted:
        changes["current"] = ApiKey(adopted.sid, None, adopted.date_created or case.settings.today)
    event = f"{adopted.sid} is replaced, whose secret is not known" if adopted else ""
    return Save({**changes, "new": record.new}, event=event)


def _save_made(case: ApiKeyCase) -> Step:
    made: ApiKey = required(case.answer).value
    new = replace(made, created_at=case.settings.today)
    return Save({"phase": CREATED, "new": new}, event=f"created {made.sid}")


def _save_verified(case: ApiKeyCase) -> Step:
    return Save(
        {"phase": VERIFIED, "verified_at": case.settings.today},
        event=f"consumers work with {_record(case).new.sid}",
        shown_by=VERIFY,
        rotated=True,
        probe=case.probe,
    )


def _save_over(case: ApiKeyCase) -> Step:
    record = _record(case)
    deleted = _was_removed(case, record.current.sid)
    return Save(
        {"phase": IDLE, "current": record.new, "new": NO_KEY, "mark": "", "verified_at": None},
        event=f"{record.current.sid} is deleted" if deleted else "",
        release=True,
        probe=case.probe,
    )


def _save_given_up(case: ApiKeyCase) -> Step:
    # The mark stays: lost keys are found by it.
    has_warned = case.run.passed == DISTRIBUTE_CURRENT
    return Save(
        {"phase": CREATING, "new": NO_KEY, "verified_at": None},
        note=GIVEN_UP,
        warning="" if has_warned else _given_up(case),
    )


def _save_rolled_back(case: ApiKeyCase) -> Step:
    return Save({"phase": IDLE, "new": NO_KEY, "mark": "", "verified_at": None}, failure=_rolled_back(case))


def _save_created_again(case: ApiKeyCase) -> Step:
    # Consumers that don't work with the new key are given it again.
    failure = "" if _can_roll_back(case) else _hook_failed(case)
    return Save({"phase": CREATED, "verified_at": None}, failure=failure)


# -- the table ---------------------------------------------------------------------------------------------------------

_REST = "distribute it, verify, after the days of grace verify again and delete the old one."

#: A run that has failed, and the roll-back after a failed hook.
_FAILED: Sequence[Row] = (
    Row("the run has failed", lambda c: bool(c.run.failure), lambda c: Stop(c.run.failure)),
    Row(
        "verified, and consumers don't work any more",
        lambda c: c.run.failed == VERIFY and _phase(VERIFIED)(c),
        _save_created_again,
    ),
    Row("hook failed", lambda c: c.run.failed and not _can_roll_back(c), lambda c: Stop(_hook_failed(c))),
    Row(
        "roll back, not deleted",
        lambda c: c.run.failed and c.answered(REFUSED, UNKNOWN),
        lambda c: Stop(f"{c.run.failed_hook} {_not_answered(c)}"),
    ),
    Row(
        # One of an earlier run, which deletes the current key.
        "roll back, a request may be on its way",
        lambda c: c.run.failed and c.noted(VERIFIED_AGAIN) and not c.run.settled,
        lambda c: Settle(),
    ),
    Row("roll back, not read", lambda c: c.run.failed and c.probe is None, lambda c: Probe()),
    Row(
        "roll back, the current one is not valid",
        lambda c: c.run.failed and not c.probe.current,
        lambda c: Stop(_cannot_roll_back(c)),
    ),
    Row(
        "roll back, consumers may have the new one",
        lambda c: c.run.failed and c.run.passed != DISTRIBUTE_CURRENT,
        _hook(DISTRIBUTE_CURRENT),
    ),
    Row(
        "roll back",
        lambda c: c.run.failed and bool(_created_here(c)),
        lambda c: _delete(_created_here(c)[0]),
    ),
    Row("roll back, the new one is deleted", lambda c: bool(c.run.failed), _save_rolled_back),
)

#: What is known from an answer alone is saved before anything else happens.
_ANSWERED: Sequence[Row] = (
    Row("creating, created", lambda c: c.answered(MADE), _save_made),
    Row(
        "verified, the old one was deleted",
        lambda c: _phase(VERIFIED)(c) and c.answered(DELETED) and _was_removed(c, c.record.current.sid),
        _save_over,
    ),
    Row("no answer, or a refusal", lambda c: c.answered(REFUSED, UNKNOWN), lambda c: Stop(_not_answered(c))),
)

#: A run that is resumed, and one that has to read first.
_RESUMED: Sequence[Row] = (
    Row("in grace, not read", lambda c: is_in_grace(c) and c.probe is None, lambda c: Probe()),
    Row(
        "in grace",
        lambda c: is_in_grace(c) and _is_listed(c.probe, c.record.new.sid),
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
        lambda c: c.run.resumed and _phase(CREATING, CREATED)(c) and not c.run.settled,
        lambda c: Settle(),
    ),
    Row("not read", lambda c: c.probe is None and _needs_probe(c), lambda c: Probe()),
)

_IDLE: Sequence[Row] = (
    Row("idle, saved by this run", lambda c: _phase(IDLE)(c) and c.run.saved, lambda c: Finish()),
    Row(
        "idle, no record, several of the name",
        lambda c: _phase(IDLE)(c) and len(_of_the_name(c)) > 1,
        lambda c: Stop(_several(c)),
    ),
    Row(
        "idle, nothing due",
        lambda c: _phase(IDLE)(c) and not _is_due(c),
        lambda c: Finish(),
        plan="Nothing is due.",
    ),
    Row("idle, due", _phase(IDLE), _save_creating, plan=f"Due: create an API key, {_REST}"),
)

_CREATING: Sequence[Row] = (
    Row(
        "creating",
        _phase(CREATING),
        lambda c: Request(CREATE, note=POSTED),
        plan=f"A run ended while it created an API key: create another, {_REST} What was lost is deleted, too.",
    ),
)

#: The new one is not valid: back to the current one, and another one is made.
_NEW_NOT_VALID: Sequence[Row] = (
    Row(
        # A key that was created just now may not be valid everywhere yet.
        "not valid, not certain",
        lambda c: _is_not_valid(c) and not c.run.settled,
        lambda c: Settle(),
    ),
    Row(
        "not valid, but listed",
        lambda c: _is_not_valid(c) and _is_listed(c.probe, c.record.new.sid),
        lambda c: Stop(_unusable(c)),
    ),
    Row(
        "deleted, consumers may have it",
        lambda c: _is_not_valid(c) and c.probe.current and c.run.passed != DISTRIBUTE_CURRENT,
        lambda c: replace(_hook(DISTRIBUTE_CURRENT)(c), warning=_given_up(c)),
        plan=f"Somebody deleted the new API key: distribute the current one, create another, {_REST}",
    ),
    Row(
        "deleted again and again",
        lambda c: _is_not_valid(c) and c.noted(GIVEN_UP) >= MOST_REPLACEMENTS,
        lambda c: Stop(f"Somebody deletes each API key that is created. {_what_is_valid(c)}"),
    ),
    Row(
        "deleted",
        _is_not_valid,
        _save_given_up,
        plan=f"Somebody deleted the new API key: create another, {_REST}",
    ),
)

_CREATED: Sequence[Row] = (
    Row(
        # Not earlier: where an old record was restored, consumers may have used this key until this run.
        "created, consumers work, a key was lost",
        lambda c: _phase(CREATED)(c) and c.run.passed == VERIFY and bool(_lost_keys(c)),
        lambda c: _delete(_lost_keys(c)[0]),
    ),
    Row("created, consumers work", lambda c: _phase(CREATED)(c) and c.run.passed == VERIFY, _save_verified),
    Row("created, distributed", lambda c: _phase(CREATED)(c) and c.run.passed == DISTRIBUTE, _hook(VERIFY)),
    Row("created", _phase(CREATED), _hook(DISTRIBUTE), plan=f"Go on with the new API key: {_REST}"),
)

_VERIFIED: Sequence[Row] = (
    Row(
        "verified, grace over, not verified again",
        lambda c: c.run.resumed and not c.noted(VERIFIED_AGAIN),
        _hook(VERIFY, note=VERIFIED_AGAIN),
        plan="The days of grace are over: verify again, delete the old API key.",
    ),
    Row("verified, the old one authenticates", _authenticates, lambda c: Stop(_is_own_key(c))),
    Row("verified, the old one is to be deleted", _deletes_current, lambda c: _delete(c.record.current.sid)),
    Row("verified, nothing to delete", _phase(VERIFIED), _save_over, plan="Save that the rotation is over."),
)

#: The first row that fits decides.
TABLE: Sequence[Row] = (
    *_FAILED,
    *_ANSWERED,
    *_RESUMED,
    *_IDLE,
    *_CREATING,
    *_NEW_NOT_VALID,
    *_CREATED,
    *_VERIFIED,
)
