# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of credentials, row by row; test_credential_exploration.py checks that the rows together keep the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    AWS_CREDENTIAL,
    CREATED,
    IDLE,
    ISSUED,
    ISSUING,
    NO_KEY,
    PUBLIC_KEY,
    REVOKING,
    VERIFIED,
    AccessKey,
    CredentialRecord,
    CredentialSettings,
    Key,
    Listed,
    first_record,
)
from ansible_collections.community.twilio.plugins.plugin_utils._credential_rotation import (
    CREATE,
    DELETE,
    DELETED,
    ISSUE,
    LIST,
    MAKE_PAIR,
    PAIR,
    POINTED_TO_NEW,
    POINTED_TO_OLD,
    POSTED,
    READ_PAIR,
    REFUSED,
    REPOINT,
    REVOKE,
    SEVERAL,
    TABLE,
    UNKNOWN,
    VERIFIED_AGAIN,
    VERIFY,
    CredentialCase,
    after,
    due_in_days,
    table,
    used_sid,
)
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Finish,
    Probe,
    Request,
    Run,
    RunHook,
    Save,
    Settle,
    Step,
    Stop,
    decide,
)

ACCOUNT, NAME = f"AC{'0' * 32}", "recordings"
NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
TODAY, YESTERDAY, LONG_AGO, TOMORROW = (
    f"{day}T04:00:00Z" for day in ("2026-01-31", "2026-01-30", "2025-06-01", "2026-02-01")
)

OLD = Key("CR1", "KOLD", "0123456789")
NEW = Key("CR2", "KNEW", "1f2e3d4c5b")
ISSUED_KEY = replace(NEW, sid="")
OLD_PAIR = Key("CR1", "", "0123456789", "/keys/old.pem")
NEW_PAIR = Key("CR2", "", "1f2e3d4c5b", "/keys/new.pem")
MADE_PATH = f"/keys/{ACCOUNT}.recordings-acbb7743-20260131T040000.000000Z.pem"

AWS = CredentialSettings(NOW, 90, False, AWS_CREDENTIAL, 7, lists_keys=True)
AWS_AT_ONCE = replace(AWS, grace_days=0)
NO_LIST = replace(AWS, lists_keys=False)
PAIRS = CredentialSettings(NOW, 90, False, PUBLIC_KEY, 7, private_key_folder="/keys")

NOTHING_YET = first_record(ACCOUNT, NAME)
AT_REST = replace(NOTHING_YET, current=OLD)
ISSUES = replace(AT_REST, phase=ISSUING, present=("KOLD",))
HAS_ISSUED = replace(ISSUES, phase=ISSUED, new=ISSUED_KEY)
HAS_CREATED = replace(HAS_ISSUED, phase=CREATED, new=NEW)
HAS_VERIFIED = replace(HAS_CREATED, phase=VERIFIED, verified_at=LONG_AGO)
WAITS = replace(HAS_VERIFIED, verified_at=YESTERDAY)
REVOKES = replace(HAS_VERIFIED, phase=REVOKING)


def with_pairs(record: CredentialRecord) -> CredentialRecord:
    """Return a record of public keys."""
    new = {NEW: NEW_PAIR, ISSUED_KEY: replace(NEW_PAIR, sid=""), NO_KEY: Key(private_key_path="/keys/new.pem")}
    return replace(record, current=OLD_PAIR, new=new[record.new], present=())


OLD_ONE, NEW_ONE = Listed("CR1", OLD.fingerprint, LONG_AGO), Listed("CR2", NEW.fingerprint, YESTERDAY)
TWIN, OLD_TWIN = Listed("CR3", NEW.fingerprint, TODAY), Listed("CR4", OLD.fingerprint, TODAY)
UNSIGNED = Listed("CR5", None, YESTERDAY)
BOTH = (OLD_ONE, NEW_ONE)
KEYS = (AccessKey("KOLD", True, "Active"), AccessKey("KNEW", True, "Active"))
OLD_KEYS, INACTIVE = KEYS[:1], (KEYS[0], AccessKey("KNEW", True, "Inactive"))
LOST, USED = AccessKey("KLOST", False, "Active"), AccessKey("KLOST", True, "Active")

#: A run that goes on where another ended, and has the lock and has waited; and one that saved the phase itself.
RESUMED = {"locked": True, "settled": True}
OWN = {"locked": True, "saved": True}


def case(
    record: CredentialRecord,
    probe: tuple[Listed, ...] | None = None,
    settings: CredentialSettings = AWS,
    *,
    keys: tuple[AccessKey, ...] | None = None,
    answer: Answer | None = None,
    **run: Any,
) -> CredentialCase:
    return CredentialCase(record, Run(**run), settings, probe, answer, keys)


def point(hook: str, to: Key, away: Key, note: str = "") -> RunHook:
    variables = {"sid": to.sid, "old_sid": away.sid, "private_key_path": to.private_key_path}
    return RunHook(hook, variables, note=note, reads=hook == VERIFY)


def revoke(key_id: str) -> RunHook:
    return RunHook(REVOKE, {"key_id": key_id}, note=f"revoked {key_id}")


def delete(sid: str) -> Request:
    return Request(DELETE, sid, note=f"removed {sid}")


LISTING, LISTING_WITH_USE = (RunHook(LIST, {"needs_used": used}, reads=True) for used in ("", "true"))
GIVES_UP = {"phase": IDLE, "new": NO_KEY, "present": (), "verified_at": None}
GIVEN_UP = Save(
    GIVES_UP,
    release=True,
    warning="Somebody deleted the new AWS credential, CR2. It was given up, and the old one, CR1, stays.",
    probe=(OLD_ONE,),
)
FAILURE = (
    "The hook 'verify' failed. No credential was removed: CR1 and CR2 both exist. The next run continues from here."
)

#: Row, a case that it decides, and its step; of a failure, words of its message.
Decision = tuple[str, CredentialCase, "Step | Sequence[str]"]
DECISIONS: Sequence[Decision] = (
    ("the run has failed", case(HAS_CREATED, failure="why", failed=VERIFY, **OWN), Stop("why")),
    (
        "verified, and consumers don't work any more",
        case(HAS_VERIFIED, failed=VERIFY, notes=(VERIFIED_AGAIN,), **RESUMED),
        Save({"phase": CREATED, "verified_at": None}, failure=FAILURE),
    ),
    ("hook failed", case(HAS_CREATED, failed=VERIFY, **OWN), Stop(FAILURE)),
    (
        "issuing, not a new key",
        case(ISSUES, answer=Answer(ISSUED), **OWN),
        ("rotate_aws_credential_issue_tasks", "rotate_aws_credential_issued", "Nothing was given to Twilio"),
    ),
    (
        "issuing, not a new key",
        case(ISSUES, answer=Answer(ISSUED, Key(key_id="KOLD", fingerprint="another"))),
        ("a key that was not there before",),
    ),
    (
        "issuing, not a new key",
        case(replace(ISSUES, current=NO_KEY), answer=Answer(ISSUED, Key(key_id="KOLD", fingerprint="another"))),
        ("a key that was not there before",),
    ),
    (
        "issuing, not a new key",
        case(ISSUES, answer=Answer(ISSUED, Key(key_id="KNEW", fingerprint=OLD.fingerprint))),
        ("a key that was not there before",),
    ),
    (
        "issuing, not a new key",
        case(with_pairs(ISSUES), settings=PAIRS, answer=Answer(PAIR, OLD_PAIR.fingerprint)),
        ("/keys/new.pem holds the key pair of CR1",),
    ),
    (
        "issuing, made",
        case(ISSUES, answer=Answer(ISSUED, ISSUED_KEY), **OWN),
        Save({"phase": ISSUED, "new": ISSUED_KEY}, event="made access key KNEW"),
    ),
    (
        "issuing, made",
        case(with_pairs(ISSUES), settings=PAIRS, answer=Answer(PAIR, NEW_PAIR.fingerprint), **OWN),
        Save({"phase": ISSUED, "new": replace(NEW_PAIR, sid="")}, event="made a key pair in /keys/new.pem"),
    ),
    (
        "issued, created",
        case(HAS_ISSUED, answer=Answer(CREATED, "CR2"), **OWN),
        Save({"phase": CREATED, "new": NEW}, event="created CR2"),
    ),
    (
        "verified, the old one was deleted",
        case(HAS_VERIFIED, answer=Answer(DELETED), notes=("removed CR1",), **OWN),
        Save({"phase": REVOKING}, event="CR1 is deleted"),
    ),
    (
        "no answer, or a refusal",
        case(HAS_ISSUED, answer=Answer(REFUSED, message="Twilio refused."), notes=(POSTED,), **OWN),
        Stop(
            "Twilio refused. Consumers use what they used. Unless Twilio has the new access key KNEW, the next run"
            " deletes it and makes another."
        ),
    ),
    (
        "no answer, or a refusal",
        case(HAS_VERIFIED, answer=Answer(UNKNOWN, message="No answer."), notes=("removed CR1",), **OWN),
        Stop("No answer. Consumers use CR2. The next run checks that CR1 is deleted, and continues from here."),
    ),
    ("in grace, not read", case(WAITS), Probe()),
    ("in grace", case(WAITS, BOTH), Finish()),
    ("in grace", case(WAITS, BOTH, replace(AWS, force=True)), Finish()),
    ("resumed, not locked", case(WAITS, (OLD_ONE,)), Save()),
    ("resumed, not locked", case(WAITS, (*BOTH, TWIN)), Save()),
    *[
        ("resumed, not locked", case(record), Save())
        for record in (ISSUES, HAS_ISSUED, HAS_CREATED, HAS_VERIFIED, REVOKES)
    ],
    *[("resumed, a request may be on its way", case(each, locked=True), Settle()) for each in (ISSUES, HAS_ISSUED)],
    *[
        ("not read", case(each, **RESUMED), Probe())
        for each in (NOTHING_YET, AT_REST, ISSUES, HAS_ISSUED, HAS_CREATED, HAS_VERIFIED, REVOKES)
    ],
    ("not read", case(ISSUES, settings=NO_LIST, locked=True), Probe()),
    ("not read", case(with_pairs(ISSUES), settings=PAIRS, locked=True), Probe()),
    ("idle, saved by this run", case(AT_REST, (OLD_ONE,), saved=True), Finish()),
    ("idle, age not known", case(AT_REST, (OLD_ONE._replace(date_created=TOMORROW),)), ("CR1", "in the future")),
    ("idle, age not known", case(AT_REST, (OLD_ONE._replace(date_created=None),)), ("does not report", "CR1")),
    ("idle, nothing due", case(AT_REST, (OLD_ONE._replace(date_created=YESTERDAY),)), Finish()),
    ("idle, nothing due", case(NOTHING_YET, (UNSIGNED,)), Finish()),
    ("idle, due, keys not listed", case(NOTHING_YET, ()), LISTING),
    ("idle, due, keys not listed", case(AT_REST, (OLD_ONE,)), LISTING),
    ("idle, due, keys not listed", case(AT_REST, (NEW_ONE,), replace(AWS, force=True)), LISTING),
    (
        "idle, due, a key that nobody knows",
        case(AT_REST, (OLD_ONE,), keys=KEYS),
        ("KNEW and KOLD", "KNEW is not known here", "IAM allows two", "Nothing was changed"),
    ),
    (
        "idle, due, a key that nobody knows",
        case(NOTHING_YET, (OLD_ONE,), keys=KEYS),
        ("KNEW and KOLD", "which of them the current AWS credential holds is not known"),
    ),
    (
        "idle, due, a key that nobody knows",
        # The record's key is not that of the credential that somebody made instead.
        case(AT_REST, (Listed("CR9", None, LONG_AGO),), keys=KEYS),
        ("which of them the current AWS credential holds is not known",),
    ),
    (
        "idle, due",
        case(AT_REST, (OLD_ONE,), keys=OLD_KEYS, passed=LIST),
        Save({"phase": ISSUING, "current": OLD, "new": NO_KEY, "present": ("KOLD",), "verified_at": None}),
    ),
    (
        "idle, due",
        # A single key is the current one's where no record says; of several credentials the newest is in place.
        case(NOTHING_YET, (OLD_ONE, UNSIGNED), replace(AWS, max_age_days=1), keys=OLD_KEYS),
        Save(
            {
                "phase": ISSUING,
                "current": Key("CR5", "KOLD"),
                "new": NO_KEY,
                "present": ("KOLD",),
                "verified_at": None,
            }
        ),
    ),
    (
        "idle, due",
        # Somebody deleted the current one: its key is still to be revoked.
        case(AT_REST, (), keys=OLD_KEYS),
        Save(
            {
                "phase": ISSUING,
                "current": replace(OLD, sid=""),
                "new": NO_KEY,
                "present": ("KOLD",),
                "verified_at": None,
            }
        ),
    ),
    (
        "idle, due",
        case(NOTHING_YET, (OLD_ONE,), PAIRS),
        Save(
            {
                "phase": ISSUING,
                "current": Key("CR1", fingerprint=OLD.fingerprint),
                "new": Key(private_key_path=MADE_PATH),
                "present": (),
                "verified_at": None,
            }
        ),
    ),
    ("issuing, keys not listed", case(ISSUES, (OLD_ONE,), **RESUMED), LISTING_WITH_USE),
    (
        "issuing, a new key that may be in use",
        case(ISSUES, (OLD_ONE,), keys=(*OLD_KEYS, USED), **RESUMED),
        ("KLOST", "was used", "not deleted"),
    ),
    (
        "issuing, a new key that may be in use",
        case(ISSUES, (OLD_ONE,), keys=(*OLD_KEYS, USED._replace(used=None)), **RESUMED),
        ("KLOST", "may have been used"),
    ),
    ("issuing, a new key, not read", case(ISSUES, keys=(*OLD_KEYS, LOST), **OWN), Probe()),
    (
        # The record may be an old one: what came since is what the consumers use.
        "issuing, a new key that a credential may hold",
        case(ISSUES, (NEW_ONE,), keys=(*OLD_KEYS, LOST), **RESUMED),
        ("KLOST", "CR2", "an old one that was restored"),
    ),
    ("issuing, a key was lost", case(ISSUES, (OLD_ONE,), keys=(*OLD_KEYS, LOST), **RESUMED), revoke("KLOST")),
    ("issuing, AWS", case(ISSUES, keys=OLD_KEYS, **OWN), RunHook(ISSUE)),
    ("issuing, AWS", case(ISSUES, (OLD_ONE,), keys=OLD_KEYS, **RESUMED), RunHook(ISSUE)),
    ("issuing, AWS", case(ISSUES, (OLD_ONE,), NO_LIST, **RESUMED), RunHook(ISSUE)),
    (
        # What was deleted just now may still be listed.
        "issuing, AWS",
        case(ISSUES, (OLD_ONE,), keys=(*OLD_KEYS, LOST), notes=("revoked KLOST",), **RESUMED),
        RunHook(ISSUE),
    ),
    (
        "issuing, public key",
        case(with_pairs(ISSUES), settings=PAIRS, **OWN),
        Request(MAKE_PAIR, "/keys/new.pem"),
    ),
    (
        # Without a list of keys, only the fingerprint shows it.
        "issued, not a new key",
        case(HAS_ISSUED, (OLD_ONE, UNSIGNED._replace(fingerprint=NEW.fingerprint)), NO_LIST, **OWN),
        Save(
            {"phase": ISSUING, "new": NO_KEY},
            failure="rotate_aws_credential_issue_tasks: expected them to set the fact rotate_aws_credential_issued,"
            " with aws_access_key_id and aws_secret_access_key of a key that was not there before. Nothing was given to"
            " Twilio.",
        ),
    ),
    (
        "issued, found",
        case(HAS_ISSUED, BOTH, **RESUMED),
        Save({"phase": CREATED, "new": NEW}, event="created CR2", probe=BOTH),
    ),
    (
        # Of several the oldest; the others go next.
        "issued, found",
        case(HAS_ISSUED, (TWIN, *BOTH), answer=Answer(SEVERAL), notes=(POSTED,), **OWN),
        Save({"phase": CREATED, "new": NEW}, event="created CR2", probe=(TWIN, *BOTH)),
    ),
    (
        "issued by this run, several were created, but are not listed",
        case(HAS_ISSUED, (OLD_ONE,), answer=Answer(SEVERAL, message="There are two."), notes=(POSTED,), **OWN),
        ("There are two.", "KNEW"),
    ),
    ("issued by this run", case(HAS_ISSUED, (OLD_ONE,), **OWN), Request(CREATE, note=POSTED)),
    ("issued, not created, AWS", case(HAS_ISSUED, (OLD_ONE,), **RESUMED), revoke("KNEW")),
    (
        "issued, not created",
        case(HAS_ISSUED, (OLD_ONE,), notes=("revoked KNEW",), **RESUMED),
        Save({"phase": ISSUING, "new": NO_KEY}),
    ),
    (
        "issued, not created",
        case(with_pairs(HAS_ISSUED), (OLD_ONE,), PAIRS, **RESUMED),
        Save({"phase": ISSUING, "new": Key(private_key_path="/keys/new.pem")}),
    ),
    ("created once more, late", case(HAS_CREATED, (*BOTH, TWIN), **RESUMED), delete("CR3")),
    ("created once more, late", case(WAITS, (*BOTH, TWIN), **RESUMED), delete("CR3")),
    (
        # It came after the new key was deleted.
        "created once more, late",
        case(HAS_CREATED, (OLD_ONE, TWIN), notes=(POINTED_TO_OLD, "revoked KNEW"), **RESUMED),
        delete("CR3"),
    ),
    *[
        (
            "new one missing, but another one holds its key",
            case(each, (OLD_ONE, TWIN), **RESUMED),
            Save(
                {"phase": CREATED, "new": replace(NEW, sid="CR3"), "verified_at": None},
                event="CR2 is missing, and CR3 holds the same key",
                probe=(OLD_ONE, TWIN),
            ),
        )
        for each in (HAS_CREATED, WAITS)
    ],
    *[("new one missing, not certain", case(each, (OLD_ONE,), locked=True), Settle()) for each in (HAS_CREATED, WAITS)],
    ("new one missing, not certain", case(HAS_CREATED, (OLD_ONE,), **OWN), Settle()),
    *[
        (
            "new one missing, consumers may use it",
            case(each, (OLD_ONE,), **RESUMED),
            point(REPOINT, OLD, NEW, POINTED_TO_OLD),
        )
        for each in (HAS_CREATED, WAITS, HAS_VERIFIED)
    ],
    (
        "new one missing, AWS",
        case(HAS_CREATED, (OLD_ONE,), notes=(POINTED_TO_OLD,), passed=REPOINT, **RESUMED),
        revoke("KNEW"),
    ),
    ("new one missing, AWS", case(HAS_CREATED, (), **RESUMED), revoke("KNEW")),
    ("new one missing", case(HAS_CREATED, (OLD_ONE,), notes=(POINTED_TO_OLD, "revoked KNEW"), **RESUMED), GIVEN_UP),
    (
        "new one missing",
        case(with_pairs(HAS_CREATED), (), PAIRS, **RESUMED),
        Save(
            GIVES_UP,
            release=True,
            warning="Somebody deleted the new public key, CR2. It was given up, and there is no old one.",
            probe=(),
        ),
    ),
    (
        "verified, grace over, not verified again",
        case(HAS_VERIFIED, BOTH, **RESUMED),
        point(VERIFY, NEW, OLD, VERIFIED_AGAIN),
    ),
    ("created or verified, keys not listed", case(HAS_CREATED, BOTH, **RESUMED), LISTING),
    (
        "created or verified, keys not listed",
        case(HAS_VERIFIED, BOTH, passed=VERIFY, notes=(VERIFIED_AGAIN,), **RESUMED),
        LISTING,
    ),
    ("created or verified, keys not listed", case(HAS_VERIFIED, BOTH, AWS_AT_ONCE, **OWN), LISTING),
    (
        "created or verified, the new access key can't be used",
        case(HAS_VERIFIED, BOTH, keys=OLD_KEYS, passed=LIST, notes=(VERIFIED_AGAIN,), **RESUMED),
        ("KNEW is not among those of the user", "KOLD, was left as it is", "delete CR2"),
    ),
    (
        "created or verified, the new access key can't be used",
        case(HAS_VERIFIED, BOTH, keys=INACTIVE, passed=LIST, notes=(VERIFIED_AGAIN,), **RESUMED),
        ("KNEW is Inactive in IAM", "CR2 can't be used", "Activate the new one", "delete CR2"),
    ),
    (
        "created or verified, the new access key can't be used",
        case(HAS_CREATED, BOTH, keys=INACTIVE, passed=LIST, **RESUMED),
        ("KNEW is Inactive in IAM",),
    ),
    (
        "created or verified, private key not read",
        case(with_pairs(HAS_CREATED), BOTH, PAIRS, **OWN),
        Request(READ_PAIR, "/keys/new.pem", reads=True),
    ),
    (
        # Again just before the old one goes, though it was read before the consumers were pointed to it.
        "created or verified, private key not read",
        case(with_pairs(HAS_VERIFIED), BOTH, PAIRS, notes=(VERIFIED_AGAIN,), **RESUMED),
        Request(READ_PAIR, "/keys/new.pem", reads=True),
    ),
    (
        "created or verified, private key not in place",
        case(with_pairs(HAS_CREATED), BOTH, PAIRS, answer=Answer(PAIR), **OWN),
        ("/keys/new.pem does not hold the private key of CR2", "consumers were left as they are"),
    ),
    (
        "created or verified, private key not in place",
        case(with_pairs(HAS_VERIFIED), BOTH, PAIRS, answer=Answer(PAIR, "another"), notes=(VERIFIED_AGAIN,), **RESUMED),
        ("/keys/new.pem does not hold the private key of CR2", "the old public key was not deleted"),
    ),
    (
        "created, consumers work",
        case(HAS_CREATED, BOTH, passed=VERIFY, notes=(POINTED_TO_NEW,), **OWN),
        Save(
            {"phase": VERIFIED, "verified_at": TODAY},
            event="consumers work with CR2",
            shown_by=VERIFY,
            rotated=True,
            probe=BOTH,
        ),
    ),
    (
        "created, consumers were pointed to it",
        case(HAS_CREATED, BOTH, passed=REPOINT, notes=(POINTED_TO_NEW,), **OWN),
        point(VERIFY, NEW, OLD),
    ),
    (
        # A key that was made just now may not be listed yet.
        "created",
        case(HAS_CREATED, BOTH, notes=(POSTED,), **OWN),
        point(REPOINT, NEW, OLD, POINTED_TO_NEW),
    ),
    (
        "created",
        case(HAS_CREATED, BOTH, keys=KEYS, passed=LIST, **RESUMED),
        point(REPOINT, NEW, OLD, POINTED_TO_NEW),
    ),
    (
        # The hook that passed pointed them to the old one.
        "created",
        case(HAS_CREATED, BOTH, NO_LIST, passed=REPOINT, notes=(POINTED_TO_NEW, POINTED_TO_OLD), **RESUMED),
        point(REPOINT, NEW, OLD, POINTED_TO_NEW),
    ),
    (
        "created",
        case(with_pairs(HAS_CREATED), BOTH, PAIRS, answer=Answer(PAIR, NEW_PAIR.fingerprint), **RESUMED),
        point(REPOINT, NEW_PAIR, OLD_PAIR, POINTED_TO_NEW),
    ),
    (
        "verified",
        case(HAS_VERIFIED, BOTH, keys=KEYS, passed=LIST, notes=(VERIFIED_AGAIN,), **RESUMED),
        delete("CR1"),
    ),
    (
        # Its access key is revoked next.
        "verified",
        case(HAS_VERIFIED, (*BOTH, OLD_TWIN), keys=KEYS, passed=LIST, notes=(VERIFIED_AGAIN,), **RESUMED),
        delete("CR4"),
    ),
    ("verified", case(HAS_VERIFIED, BOTH, replace(NO_LIST, grace_days=0), **OWN), delete("CR1")),
    (
        # Nothing is revoked, so another one with the old key pair stays.
        "verified",
        case(
            with_pairs(HAS_VERIFIED),
            (*BOTH, OLD_TWIN),
            PAIRS,
            answer=Answer(PAIR, NEW_PAIR.fingerprint),
            notes=(VERIFIED_AGAIN,),
            **RESUMED,
        ),
        delete("CR1"),
    ),
    (
        "verified, the old one is deleted",
        case(HAS_VERIFIED, (NEW_ONE,), keys=KEYS, passed=LIST, notes=(VERIFIED_AGAIN,), **RESUMED),
        Save({"phase": REVOKING}, event="CR1 is deleted"),
    ),
    (
        "revoking, nothing left to revoke",
        case(REVOKES, notes=("revoked KOLD",), **OWN),
        Save({**GIVES_UP, "current": NEW}, event="access key KOLD is deleted", release=True),
    ),
    (
        "revoking, nothing left to revoke",
        case(replace(REVOKES, current=replace(OLD, key_id="")), **OWN),
        Save({**GIVES_UP, "current": NEW}, release=True),
    ),
    (
        "revoking, nothing left to revoke",
        case(with_pairs(REVOKES), settings=PAIRS, **OWN),
        Save({**GIVES_UP, "current": NEW_PAIR}, release=True),
    ),
    ("revoking, keys not listed", case(REVOKES, (NEW_ONE,), **RESUMED), LISTING),
    # They were listed before the old credential was deleted.
    ("revoking, keys not listed", case(REVOKES, keys=KEYS, **OWN), LISTING),
    ("revoking, not read", case(REVOKES, keys=KEYS, passed=LIST, **OWN), Probe()),
    (
        "revoking, the new one is missing",
        case(REVOKES, (), keys=KEYS, passed=LIST, **RESUMED),
        ("Twilio does not list CR2 any more", "KOLD was not deleted"),
    ),
    (
        "revoking, the new access key can't be used",
        case(REVOKES, (NEW_ONE,), keys=OLD_KEYS, passed=LIST, **RESUMED),
        ("KNEW is not among", "KOLD", "delete CR2 at Twilio and the record of this rotation"),
    ),
    (
        "revoking, the new access key can't be used",
        case(REVOKES, (NEW_ONE,), keys=INACTIVE, passed=LIST, **RESUMED),
        ("KNEW is Inactive",),
    ),
    (
        "revoking, a credential holds the old access key",
        case(REVOKES, (NEW_ONE, OLD_TWIN), keys=KEYS, passed=LIST, **RESUMED),
        delete("CR4"),
    ),
    ("revoking", case(REVOKES, (NEW_ONE,), keys=KEYS, passed=LIST, **RESUMED), revoke("KOLD")),
    ("revoking", case(REVOKES, (NEW_ONE,), NO_LIST, **RESUMED), revoke("KOLD")),
)


@pytest.mark.parametrize(
    ("name", "decided", "expected"), DECISIONS, ids=[f"{number} {each[0]}" for number, each in enumerate(DECISIONS)]
)
def test_a_case_is_decided(name, decided, expected):
    row, step = decide(TABLE, decided)
    assert row.name == name
    if isinstance(expected, Step):
        assert step == expected
    else:
        assert isinstance(step, Stop)
        for words in expected:
            assert words in step.message


def test_every_row_decides():
    assert {name for name, *_decision in DECISIONS} == {row.name for row in TABLE}
    assert len({row.name for row in TABLE}) == len(TABLE)


# -- check mode --------------------------------------------------------------------------------------------------------

REST = (
    "re-point the consumers, verify, after 7 days verify again and delete the old AWS credential, revoke its access key"
)
WAY = f"make an access key, create the AWS credential, {REST}"
PAIR_REST = "re-point the consumers, verify, after 7 days verify again and delete the old public key"
PAIR_WAY = f"make a key pair, create the public key, {PAIR_REST}"
YOUNG = OLD_ONE._replace(date_created=YESTERDAY)
PLANS = [
    (AT_REST, (YOUNG,), AWS, "Nothing is due."),
    (NOTHING_YET, (), AWS, f"Due: {WAY}."),
    (AT_REST, (OLD_ONE,), NO_LIST, f"Due: {WAY}."),
    (ISSUES, (OLD_ONE,), AWS, f"A run ended while it made an access key. Delete what it may have lost; {WAY}."),
    (ISSUES, (OLD_ONE,), NO_LIST, f"A run ended while it made an access key: {WAY}."),
    (HAS_ISSUED, BOTH, AWS, f"A run ended after it created the AWS credential: save its SID, {REST}."),
    (HAS_ISSUED, (OLD_ONE,), AWS, f"A run ended before it created the AWS credential: delete its access key, {WAY}."),
    (HAS_CREATED, BOTH, AWS, f"Go on with the new AWS credential: {REST}."),
    (HAS_CREATED, BOTH, NO_LIST, f"Go on with the new AWS credential: {REST}."),
    (
        HAS_CREATED,
        (*BOTH, TWIN),
        AWS,
        f"Delete AWS credentials that hold the new key, too, since a request was applied late; then go on: {REST}.",
    ),
    (
        HAS_CREATED,
        (OLD_ONE,),
        AWS,
        "Somebody deleted the new AWS credential. Re-point the consumers to the old one, delete the new access key.",
    ),
    (
        HAS_CREATED,
        (OLD_ONE, TWIN),
        AWS,
        f"Somebody deleted the new AWS credential, but there is another one with its key: {REST}.",
    ),
    (
        HAS_CREATED,
        (),
        AWS,
        "Somebody deleted the new AWS credential, and there is no old one: delete the new access key.",
    ),
    (WAITS, BOTH, AWS, "In its days of grace: nothing is due."),
    (
        HAS_VERIFIED,
        BOTH,
        AWS,
        "The days of grace are over: verify again, delete the old AWS credential, revoke its access key.",
    ),
    (REVOKES, (NEW_ONE,), AWS, "Delete the old access key."),
    (REVOKES, (NEW_ONE,), NO_LIST, "Delete the old access key."),
    (with_pairs(AT_REST), (OLD_ONE,), PAIRS, f"Due: {PAIR_WAY}."),
    (with_pairs(ISSUES), (OLD_ONE,), PAIRS, f"A run ended while it made a key pair: {PAIR_WAY}."),
    (with_pairs(HAS_ISSUED), (OLD_ONE,), PAIRS, f"A run ended before it created the public key: {PAIR_WAY}."),
    (with_pairs(HAS_CREATED), BOTH, PAIRS, f"Go on with the new public key: {PAIR_REST}."),
    (
        with_pairs(HAS_CREATED),
        (OLD_ONE,),
        PAIRS,
        "Somebody deleted the new public key. Re-point the consumers to the old one.",
    ),
    (
        with_pairs(HAS_CREATED),
        (),
        PAIRS,
        "Somebody deleted the new public key, and there is no old one: give it up.",
    ),
    (with_pairs(HAS_VERIFIED), BOTH, PAIRS, "The days of grace are over: verify again, delete the old public key."),
    (with_pairs(REVOKES), (NEW_ONE,), PAIRS, "Save that the rotation is over."),
]


@pytest.mark.parametrize(("record", "listed", "settings", "expected"), PLANS)
def test_check_mode_reads_and_returns_what_would_be_done(record, listed, settings, expected):
    # In check mode nothing is locked, and nothing is waited for.
    planned = case(record, None, settings, locked=True, settled=True)
    while True:
        row, step = decide(table(settings), planned)
        if isinstance(step, Probe):
            planned = after(planned, step, listed)
        elif isinstance(step, Request) and step.reads:
            planned = after(planned, step, Answer(PAIR, record.new.fingerprint))
        else:
            break
    assert row.plan == expected
    assert planned.probe is not None, "the result says when it is due"


# -- messages of failures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed", "says"),
    [
        (case(AT_REST, failed=LIST), "The hook 'list' failed. Nothing was changed."),
        (
            case(ISSUES, failed=ISSUE, **OWN),
            "The hook 'issue' failed. CR1 is as it was. The next run tries again. An access key that was made and never"
            " used is deleted by the next run.",
        ),
        (
            case(replace(ISSUES, current=NO_KEY), settings=NO_LIST, failed=ISSUE, **OWN),
            "The hook 'issue' failed. Nothing was given to Twilio. The next run tries again. Access keys can't be"
            " listed here: if one was made, delete it where it was made.",
        ),
        (
            case(HAS_ISSUED, failed=REVOKE, notes=("revoked KNEW",), **RESUMED),
            "The hook 'revoke' failed. Consumers use what they used. Unless Twilio has the new access key KNEW, the"
            " next run deletes it and makes another.",
        ),
        (
            case(HAS_CREATED, failed=REPOINT, notes=(POINTED_TO_NEW,), **OWN),
            "The hook 'repoint' failed. No credential was removed: CR1 and CR2 both exist. The next run continues"
            " from here.",
        ),
        (
            case(replace(HAS_CREATED, current=NO_KEY), failed=VERIFY, notes=(POINTED_TO_NEW,), **OWN),
            "The hook 'verify' failed. No credential was removed: CR2 exists. The next run continues from here.",
        ),
        (
            case(HAS_CREATED, failed=REPOINT, notes=(POINTED_TO_OLD,), **RESUMED),
            "The hook 'repoint' failed. Somebody deleted the new AWS credential, CR2. CR1 is there. The next run"
            " continues from here.",
        ),
        (
            case(HAS_CREATED, failed=REVOKE, notes=("revoked KNEW",), **RESUMED),
            "The hook 'revoke' failed. Somebody deleted the new AWS credential, CR2. The next run continues from here.",
        ),
        (
            case(REVOKES, failed=REVOKE, notes=("revoked KOLD",), **OWN),
            "The hook 'revoke' failed. Consumers use CR2. The old access key KOLD may still be there; the next run"
            " tries again.",
        ),
    ],
)
def test_the_message_of_a_failed_hook_names_what_is_valid(failed, says):
    row, step = decide(TABLE, failed)
    assert row.name == "hook failed"
    assert step == Stop(says)


# -- what follows a step -----------------------------------------------------------------------------------------------


def test_an_empty_list_of_keys_is_no_failure():
    listed = after(case(AT_REST, (OLD_ONE,)), LISTING, ())
    assert listed.keys == ()
    assert (listed.run.passed, listed.run.failed) == (LIST, None)
    assert listed.probe is None


def test_a_list_that_failed_is_one():
    failed = after(case(AT_REST, (OLD_ONE,)), LISTING, False)
    assert failed.keys is None
    assert failed.run.failed == LIST


def test_what_takes_time_makes_the_list_of_keys_an_old_one():
    listed = case(HAS_CREATED, BOTH, keys=KEYS, **OWN)
    assert after(listed, point(VERIFY, NEW, OLD), True).keys is None
    assert after(listed, Save({"phase": VERIFIED})).keys == KEYS
    assert after(listed, Probe(), BOTH).keys == KEYS


def test_what_was_issued_is_an_answer():
    issued = after(case(ISSUES, keys=OLD_KEYS, **OWN), RunHook(ISSUE), Answer(ISSUED, ISSUED_KEY))
    assert issued.answer == Answer(ISSUED, ISSUED_KEY)
    assert issued.run.passed == ISSUE


@pytest.mark.parametrize(
    ("of", "days", "sid"),
    [
        (case(NOTHING_YET), None, ""),
        (case(NOTHING_YET, ()), 0, ""),
        (case(AT_REST), None, "CR1"),
        (case(AT_REST, (OLD_ONE, NEW_ONE)), -154, "CR1"),
        (case(AT_REST, (NEW_ONE,)), 89, "CR2"),
        (case(HAS_ISSUED, (OLD_ONE, NEW_ONE)), -154, "CR1"),
        (case(HAS_CREATED, (OLD_ONE, NEW_ONE)), 89, "CR2"),
        (case(REVOKES, (NEW_ONE,)), 89, "CR2"),
        (case(REVOKES, (NEW_ONE._replace(date_created=None),)), None, "CR2"),
    ],
)
def test_the_one_that_consumers_use_is_due(of, days, sid):
    assert due_in_days(of) == days
    assert used_sid(of) == sid
