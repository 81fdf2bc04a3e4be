# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of auth tokens, row by row; test_token_exploration.py checks that the rows together keep the rules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils import _token_rotation as tokens
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Finish,
    Probe,
    Request,
    RotationError,
    Run,
    RunHook,
    Save,
    Settle,
    Stop,
    after,
    decide,
)
from ansible_collections.community.twilio.plugins.plugin_utils._token_rotation import (
    ANOTHER_PROMOTED,
    AS_PENDING,
    AS_PRIMARY,
    CLEAN,
    CLEANING,
    CREATE,
    CREATED,
    DELETE,
    DELETED,
    DISTRIBUTE,
    EXISTS,
    IDLE,
    NOT_FOUND,
    NOT_PROMOTED,
    NOT_VALID,
    NOTHING,
    PHASES,
    PROMOTE,
    PROMOTED,
    READ_OTHER,
    READ_PRIMARY,
    REFUSED,
    STAGED,
    STAGING,
    TABLE,
    UNKNOWN,
    VALID,
    VERIFIED,
    VERIFY,
    Other,
    TokenCase,
    TokenProbe,
    TokenRecord,
    TokenSettings,
    next_try,
    read_record,
)

ACCOUNT = "AC" + "0" * 32
NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
TODAY, YESTERDAY, LONG_AGO = "2026-10-01T12:00:00Z", "2026-09-30T12:00:00Z", "2026-01-01T00:00:00Z"
PRIMARY, PENDING, STRANGE = Secret("1" * 32), Secret("2" * 32), Secret("3" * 32)

SETTINGS = TokenSettings(
    now=NOW,
    max_age_days=90,
    force=False,
    roll_back=False,
    replace_unknown=False,
    initial_is_primary=False,
    initial_rotated_at="",
)

#: What a Probe shows.
BOTH, PRIMARY_ALONE, PENDING_ALONE, NEITHER = (
    TokenProbe(True, True),
    TokenProbe(True, False),
    TokenProbe(False, True),
    TokenProbe(False, False),
)

#: What a run has done that goes on with a phase of another, and one that saved the phase itself.
VERIFYING = RunHook(VERIFY, reads=True)
RESUMED = Run(locked=True, settled=True)
OWN = Run(locked=True, saved=True)

#: The kinds of settings that roll back, and that delete what is not ours.
ROLL_BACK = replace(SETTINGS, roll_back=True)
REPLACE = replace(SETTINGS, replace_unknown=True)


def record(phase: str = IDLE, *, rotated_at: str = LONG_AGO, known: bool = True) -> TokenRecord:
    """Return a record in a phase."""
    pending = PENDING if phase in (STAGED, VERIFIED) else None
    return TokenRecord(ACCOUNT, PRIMARY, pending, phase, rotated_at, YESTERDAY if pending else None, known)


def case(
    found: TokenRecord | str | None,
    run: Run = RESUMED,
    probe: TokenProbe | None = None,
    answer: Answer | None = None,
    settings: TokenSettings = SETTINGS,
) -> TokenCase:
    """Return a case; a phase stands for a record in it."""
    return TokenCase(record(found) if isinstance(found, str) else found, run, settings, probe, answer)


def back_to(phase: str, **more: Any) -> Save:
    """Return the Save that leaves a rotation without a new token."""
    return Save({"phase": phase}, **more)


#: The Saves that begin a rotation, and that end one.
STAGING_AGAIN: Mapping[str, Any] = {"phase": STAGING, "pending": None, "staged_at": None}
PROMOTED_SAVED = Save(
    {
        "phase": CLEANING,
        "primary": PENDING,
        "pending": None,
        "rotated_at": YESTERDAY,
        "staged_at": None,
        "primary_known": True,
    },
    event="the new token is the primary",
    rotated=True,
)
FAILED = "The hook 'verify' failed."


def staged_save(token: Secret, known: bool = True, **more: Any) -> Save:
    """Return the Save that keeps a token as the pending one."""
    return Save({"phase": STAGED, "pending": token, "staged_at": TODAY, "primary_known": known}, **more)


def adopted(rotated_at: str, known: bool, warning: str) -> Save:
    """Return the Save of a first record."""
    fields = {
        "primary": STRANGE,
        "pending": None,
        "phase": IDLE,
        "rotated_at": rotated_at,
        "staged_at": None,
        "primary_known": known,
    }
    return Save(fields, event="adopted the first token", warning=warning, probe=PRIMARY_ALONE)


#: The table's cases: the case in words, the case, the step.
ROWS = [
    # no record
    ("no record: the first token is tried", case(None, Run()), Request(READ_OTHER, reads=True)),
    ("no record, none is given", case(None, Run(), answer=Answer(NOTHING)), Stop(tokens.NO_FIRST_TOKEN)),
    ("no record, not valid", case(None, Run(), answer=Answer(NOT_VALID)), Stop(tokens.FIRST_NOT_VALID)),
    (
        "no record, valid",
        case(None, Run(), answer=Answer(VALID, Other(STRANGE, False))),
        adopted(TODAY, False, tokens.AGE_UNKNOWN),
    ),
    (
        "no record, read by the parent, its age is given",
        case(
            None,
            Run(),
            answer=Answer(VALID, Other(STRANGE, True)),
            settings=replace(SETTINGS, initial_rotated_at=YESTERDAY),
        ),
        adopted(YESTERDAY, True, ""),
    ),
    # idle
    ("idle: the primary is tried", case(IDLE, Run()), Probe()),
    ("idle, not due", case(record(rotated_at=YESTERDAY), Run(), PRIMARY_ALONE), Finish()),
    ("idle, due, this run has rotated", case(IDLE, replace(OWN, rotated=True), PRIMARY_ALONE), Finish()),
    (
        "idle, forced, this run has rotated",
        case(IDLE, replace(OWN, rotated=True), PRIMARY_ALONE, settings=replace(SETTINGS, force=True)),
        Finish(),
    ),
    ("idle, due", case(IDLE, Run(), PRIMARY_ALONE), Save(STAGING_AGAIN)),
    (
        "idle, forced",
        case(record(rotated_at=YESTERDAY), Run(), PRIMARY_ALONE, settings=replace(SETTINGS, force=True)),
        Save(STAGING_AGAIN),
    ),
    # staging, saved by this run
    ("staging, own", case(STAGING, OWN, PRIMARY_ALONE), Request(CREATE)),
    (
        "staging, created",
        case(record(STAGING, known=False), OWN, answer=Answer(CREATED, PENDING)),
        staged_save(PENDING, event="staged a new token"),
    ),
    (
        "staging, own, one exists",
        case(STAGING, OWN, PRIMARY_ALONE, Answer(EXISTS)),
        back_to(IDLE, failure=tokens.NOT_OURS),
    ),
    (
        "staging, own, one exists, replace_unknown",
        case(STAGING, OWN, PRIMARY_ALONE, Answer(EXISTS), REPLACE),
        Request(DELETE, AS_PRIMARY),
    ),
    (
        "staging, deleted",
        case(STAGING, OWN, PRIMARY_ALONE, Answer(DELETED), REPLACE),
        Request(CREATE, note=tokens.DELETED_UNKNOWN),
    ),
    (
        "staging, one exists again",
        case(STAGING, replace(OWN, notes=(tokens.DELETED_UNKNOWN,)), PRIMARY_ALONE, Answer(EXISTS), REPLACE),
        back_to(IDLE, failure=tokens.STILL_THERE),
    ),
    (
        "staging, not enabled",
        case(STAGING, OWN, answer=Answer(NOT_FOUND, message="not enabled")),
        back_to(IDLE, failure="not enabled"),
    ),
    (
        "staging, own, refused",
        case(STAGING, OWN, answer=Answer(REFUSED, message="refused")),
        back_to(IDLE, failure="refused"),
    ),
    ("staging, no answer", case(STAGING, OWN, answer=Answer(UNKNOWN, message="no answer")), Stop("no answer")),
    # staging, resumed
    ("staging, resumed: lock", case(STAGING, Run()), Save()),
    ("staging, resumed: settle", case(STAGING, Run(locked=True)), Settle()),
    ("staging, resumed: look", case(STAGING), Probe()),
    ("staging, resumed", case(STAGING, probe=PRIMARY_ALONE), Request(CREATE)),
    (
        "staging, resumed, one exists",
        case(STAGING, probe=PRIMARY_ALONE, answer=Answer(EXISTS)),
        Request(DELETE, AS_PRIMARY),
    ),
    (
        "staging, resumed, refused: what is lost stays known",
        case(STAGING, answer=Answer(REFUSED, message="refused")),
        Stop("refused"),
    ),
    (
        "staging, resumed, refused after a deletion",
        case(STAGING, replace(RESUMED, notes=(tokens.DELETED_UNKNOWN,)), answer=Answer(REFUSED, message="refused")),
        back_to(IDLE, failure="refused"),
    ),
    # staging, and it is not known which token is the primary
    (
        "not known which: read it",
        case(record(STAGING, known=False), probe=PRIMARY_ALONE, answer=Answer(EXISTS)),
        Request(READ_PRIMARY, reads=True),
    ),
    (
        "not known which: the user's word",
        case(
            record(STAGING, known=False),
            probe=PRIMARY_ALONE,
            answer=Answer(EXISTS),
            settings=replace(SETTINGS, initial_is_primary=True),
        ),
        Request(DELETE, AS_PRIMARY),
    ),
    (
        "not known which: it is the primary",
        case(record(STAGING, known=False), probe=PRIMARY_ALONE, answer=Answer(VALID)),
        Save({"primary_known": True}),
    ),
    (
        "not known which: it is the secondary, resumed",
        case(record(STAGING, known=False), probe=PRIMARY_ALONE, answer=Answer(NOT_VALID)),
        Stop(tokens.IS_SECONDARY),
    ),
    (
        "not known which: it is the secondary, own",
        case(record(STAGING, known=False), OWN, PRIMARY_ALONE, Answer(NOT_VALID), REPLACE),
        back_to(IDLE, failure=tokens.IS_SECONDARY),
    ),
    (
        "not known which: nothing tells, resumed",
        case(record(STAGING, known=False), probe=PRIMARY_ALONE, answer=Answer(NOTHING)),
        Stop(tokens.PRIMARY_NOT_KNOWN),
    ),
    (
        "not known which: nothing tells, own",
        case(record(STAGING, known=False), OWN, PRIMARY_ALONE, Answer(NOTHING), REPLACE),
        back_to(IDLE, failure=tokens.PRIMARY_NOT_KNOWN),
    ),
    # staged, or verified by another run
    ("staged, resumed: lock", case(STAGED, Run()), Save()),
    ("staged, resumed: settle", case(STAGED, Run(locked=True)), Settle()),
    ("staged", case(STAGED, OWN, BOTH), RunHook(DISTRIBUTE)),
    ("verified, resumed", case(VERIFIED, probe=BOTH), RunHook(DISTRIBUTE)),
    ("distributed", case(STAGED, replace(OWN, passed=DISTRIBUTE), BOTH), VERIFYING),
    ("distributed, not tried", case(STAGED, replace(OWN, passed=DISTRIBUTE)), VERIFYING),
    ("verified, resumed, distributed", case(VERIFIED, replace(RESUMED, passed=DISTRIBUTE), BOTH), VERIFYING),
    (
        "accepted",
        case(STAGED, replace(OWN, passed=VERIFY), BOTH),
        Save({"phase": VERIFIED}, event="consumers accept both tokens", shown_by=VERIFY),
    ),
    # somebody deleted it
    (
        "staged, deleted by somebody",
        case(STAGED, OWN, PRIMARY_ALONE),
        RunHook(CLEAN, warning=tokens.SOMEBODY_DELETED),
    ),
    (
        "verified, deleted by somebody",
        case(VERIFIED, OWN, PRIMARY_ALONE),
        RunHook(CLEAN, warning=tokens.SOMEBODY_DELETED),
    ),
    (
        "deleted by somebody, cleaned",
        case(VERIFIED, replace(OWN, passed=CLEAN), PRIMARY_ALONE),
        Save(STAGING_AGAIN, note=tokens.DELETED_BY_SOMEBODY),
    ),
    (
        "deleted by somebody again and again",
        case(STAGED, replace(OWN, notes=(tokens.DELETED_BY_SOMEBODY,) * 2), PRIMARY_ALONE),
        Stop(tokens.DELETED_AGAIN),
    ),
    # somebody promoted it
    (
        "staged, promoted by somebody",
        case(STAGED, OWN, PENDING_ALONE),
        RunHook(DISTRIBUTE, note=tokens.PROMOTED_BY_SOMEBODY),
    ),
    (
        "staged, promoted by somebody, distributed",
        case(STAGED, replace(OWN, passed=DISTRIBUTE), PENDING_ALONE),
        VERIFYING,
    ),
    (
        "staged, promoted by somebody, accepted",
        case(STAGED, replace(OWN, passed=VERIFY), PENDING_ALONE),
        PROMOTED_SAVED,
    ),
    (
        "staged, promoted by somebody, a hook fails: no roll-back",
        case(
            STAGED, replace(OWN, failed=VERIFY, notes=(tokens.PROMOTED_BY_SOMEBODY,)), PENDING_ALONE, settings=ROLL_BACK
        ),
        Stop(f"{FAILED} {tokens.NEW_IS_PRIMARY}"),
    ),
    # verified by this run
    ("verified, own: look", case(VERIFIED, OWN), Probe()),
    ("verified, own", case(VERIFIED, OWN, BOTH), Request(PROMOTE)),
    ("promoted", case(VERIFIED, OWN, answer=Answer(PROMOTED)), PROMOTED_SAVED),
    (
        "another token was promoted",
        case(VERIFIED, OWN, answer=Answer(ANOTHER_PROMOTED, STRANGE)),
        staged_save(STRANGE, warning=tokens.ANOTHER_WAS_PROMOTED),
    ),
    ("not promoted: look", case(VERIFIED, OWN, answer=Answer(NOT_PROMOTED)), Probe()),
    (
        "not promoted, both are valid",
        case(VERIFIED, OWN, BOTH, Answer(NOT_PROMOTED)),
        Request(PROMOTE, note=tokens.TRIED_AGAIN),
    ),
    (
        "not promoted again and again",
        case(VERIFIED, replace(OWN, notes=(tokens.TRIED_AGAIN,) * 2), BOTH, Answer(NOT_PROMOTED, message="not found")),
        Stop("not found"),
    ),
    ("promotion, no answer: look", case(VERIFIED, OWN, answer=Answer(UNKNOWN)), Probe()),
    (
        "promotion, no answer, not promoted",
        case(VERIFIED, OWN, BOTH, Answer(UNKNOWN, message="no answer")),
        Stop("no answer"),
    ),
    ("promotion, no answer, promoted: settle", case(VERIFIED, OWN, PENDING_ALONE, Answer(UNKNOWN)), Settle()),
    ("promotion, settled, promoted", case(VERIFIED, replace(OWN, settled=True), PENDING_ALONE), PROMOTED_SAVED),
    ("verified, resumed, promoted already", case(VERIFIED, probe=PENDING_ALONE), PROMOTED_SAVED),
    # cleaning
    ("cleaning, resumed: lock", case(CLEANING, Run()), Save()),
    ("cleaning, resumed: look", case(CLEANING, Run(locked=True)), Probe()),
    ("cleaning", case(CLEANING, probe=PRIMARY_ALONE), RunHook(CLEAN)),
    ("cleaned", case(CLEANING, replace(OWN, passed=CLEAN), PRIMARY_ALONE), back_to(IDLE, release=True)),
    (
        "cleaning, the hook fails",
        case(CLEANING, replace(OWN, failed=CLEAN), settings=ROLL_BACK),
        Stop(f"The hook 'clean' failed. {tokens.OLD_IS_GONE}"),
    ),
    # none is valid
    *[(f"{phase}, none valid", case(phase, OWN, NEITHER), Request(READ_OTHER, reads=True)) for phase in PHASES],
    *[
        (
            f"{phase}, none valid, another is: settle",
            case(phase, OWN, NEITHER, Answer(VALID, Other(STRANGE, False))),
            Settle(note=tokens.FOUND_ELSEWHERE),
        )
        for phase in PHASES
    ],
    *[
        (
            f"{phase}, none valid, another is, still",
            case(phase, replace(OWN, notes=(tokens.FOUND_ELSEWHERE,)), NEITHER, Answer(VALID, Other(STRANGE, known))),
            staged_save(STRANGE, known, event="took another valid token, since none of the record was valid"),
        )
        for phase, known in zip(PHASES, itertools.cycle([True, False]))
    ],
    *[
        (f"{phase}, none valid, {answer}", case(phase, OWN, NEITHER, Answer(answer)), Stop(tokens.WAYS_OUT))
        for phase in PHASES
        for answer in (NOTHING, NOT_VALID)
    ],
    # a hook fails: keep
    (
        "staged, a hook fails",
        case(STAGED, replace(OWN, failed=VERIFY), BOTH),
        Stop(f"{FAILED} {tokens.BOTH_ARE_VALID}"),
    ),
    *[
        (f"{phase}, a hook fails: look", case(phase, replace(OWN, failed=hook)), Probe())
        for phase in (STAGED, VERIFIED)
        for hook in (DISTRIBUTE, VERIFY, CLEAN)
    ],
    *[
        (f"staged, a hook fails, {says}", case(STAGED, replace(OWN, failed=VERIFY), probe), Stop(f"{FAILED} {says}"))
        for probe, says in (
            (PENDING_ALONE, tokens.NEW_IS_PRIMARY),
            (PRIMARY_ALONE, tokens.NEW_IS_GONE),
            (NEITHER, tokens.NEITHER_IS_VALID),
        )
    ],
    (
        "deleted by somebody, the clean hook fails",
        case(STAGED, replace(OWN, failed=CLEAN), PRIMARY_ALONE),
        Stop(f"The hook 'clean' failed. {tokens.NEW_IS_GONE}"),
    ),
    # a hook fails: roll back
    (
        "roll back, verified",
        case(VERIFIED, replace(RESUMED, failed=VERIFY), settings=ROLL_BACK),
        back_to(STAGED),
    ),
    ("roll back: look", case(STAGED, replace(OWN, failed=VERIFY), settings=ROLL_BACK), Probe()),
    (
        "roll back, the primary is not valid",
        case(STAGED, replace(OWN, failed=VERIFY), PENDING_ALONE, settings=ROLL_BACK),
        Stop(f"{FAILED} {tokens.CANNOT_ROLL_BACK}"),
    ),
    ("roll back: clean", case(STAGED, replace(OWN, failed=VERIFY), BOTH, settings=ROLL_BACK), RunHook(CLEAN)),
    (
        "roll back, cleaned",
        case(STAGED, replace(OWN, failed=VERIFY, passed=CLEAN), BOTH, settings=ROLL_BACK),
        Request(DELETE, AS_PENDING, note=tokens.DELETED_AS_PENDING),
    ),
    (
        "roll back, it could not delete itself",
        case(
            STAGED,
            replace(OWN, failed=VERIFY, passed=CLEAN, notes=(tokens.DELETED_AS_PENDING,)),
            BOTH,
            Answer(UNKNOWN),
            ROLL_BACK,
        ),
        Request(DELETE, AS_PRIMARY, note=tokens.DELETED_AS_PRIMARY),
    ),
    (
        "roll back, it could not delete itself, and nothing tells which is the primary",
        case(
            record(STAGED, known=False),
            replace(OWN, failed=VERIFY, passed=CLEAN, notes=(tokens.DELETED_AS_PENDING,)),
            BOTH,
            Answer(UNKNOWN),
            ROLL_BACK,
        ),
        Stop(f"{FAILED} {tokens.NOT_ROLLED_BACK}"),
    ),
    (
        "roll back, deleted",
        case(
            STAGED,
            replace(OWN, failed=VERIFY, passed=CLEAN, notes=(tokens.DELETED_AS_PENDING,)),
            PRIMARY_ALONE,
            Answer(DELETED),
            ROLL_BACK,
        ),
        Save(
            {"phase": IDLE, "pending": None, "staged_at": None},
            failure=f"{FAILED} {tokens.ROLLED_BACK}",
        ),
    ),
    (
        "roll back, the clean hook fails",
        case(STAGED, replace(OWN, failed=CLEAN), BOTH, settings=ROLL_BACK),
        Stop(f"The hook 'clean' failed. {tokens.BOTH_ARE_VALID}"),
    ),
    ("the run has failed", case(IDLE, replace(OWN, failure="Why.")), Stop("Why.")),
]


@pytest.mark.parametrize(("given", "step"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_table(given: TokenCase, step: Any) -> None:
    """What is next."""
    assert decide(TABLE, given)[1] == step


def test_each_row_has_an_example() -> None:
    """What is not shown here is not read."""
    shown = {decide(TABLE, given)[0].name for _words, given, _step in ROWS}
    assert [row.name for row in TABLE if row.name not in shown] == []


@pytest.mark.parametrize(("known", "answer"), [(True, None), (False, None), (False, Answer(PROMOTED))])
def test_a_promotion_shows_which_token_is_the_primary(known: bool, answer: Answer | None) -> None:
    """One that was found does so where the old primary was known to be it."""
    probe = None if answer else PENDING_ALONE
    _row, step = decide(TABLE, case(record(VERIFIED, known=known), OWN, probe, answer))
    assert isinstance(step, Save)
    assert step.changes["primary_known"] is (known or answer is not None)


def test_a_token_without_a_date_was_made_when_it_was_promoted() -> None:
    """A record that somebody mended by hand may have none."""
    found = replace(record(VERIFIED), staged_at=None)
    _row, step = decide(TABLE, case(found, OWN, answer=Answer(PROMOTED)))
    assert isinstance(step, Save)
    assert step.changes["rotated_at"] == TODAY


# -- a Probe -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "valid", "expected"),
    [
        (IDLE, (), PRIMARY),
        (IDLE, (True,), PRIMARY_ALONE),
        (IDLE, (False,), NEITHER),
        (STAGED, (), PRIMARY),
        (STAGED, (True,), PENDING),
        (STAGED, (True, True), BOTH),
        (STAGED, (False, False), NEITHER),
        # One is valid: the account may have been suspended for one of the two.
        (STAGED, (True, False), PRIMARY),
        (STAGED, (True, False, True), PRIMARY_ALONE),
        (STAGED, (True, False, False), NEITHER),
        (STAGED, (False, True), PRIMARY),
        (STAGED, (False, True, False), PENDING_ALONE),
        (STAGED, (False, True, True), BOTH),
    ],
)
def test_what_is_tried(phase: str, valid: tuple[bool, ...], expected: Any) -> None:
    """The primary is tried again where the two differ."""
    assert next_try(record(phase), valid) == expected


# -- check mode --------------------------------------------------------------------------------------------------------


def planned(given: TokenCase, probe: TokenProbe, *answers: Answer) -> str:
    """Return the plan of check mode: steps that read are done, and the first row that would write describes the rest.

    :param answers: to the requests that read.
    """
    left = list(answers)
    found: Any
    while True:
        row, step = decide(TABLE, given)
        if isinstance(step, Probe):
            found = probe
        elif isinstance(step, Request) and step.reads:
            found = left.pop(0)
        elif isinstance(step, Save) and given.record is None:
            found = TokenRecord(account_sid=ACCOUNT, **step.changes)
        else:
            return step.message if isinstance(step, Stop) else row.plan
        given = after(given, step, found)
        given = replace(given, run=replace(given.run, locked=True))


@pytest.mark.parametrize(
    ("phase", "probe", "plan"),
    [
        (IDLE, PRIMARY_ALONE, "Due: stage a token, save it, distribute it, verify, promote it, save, clean"),
        (
            STAGING,
            PRIMARY_ALONE,
            "A run ended while it staged a token. Replace what it may have lost: stage a token, save it, distribute it,"
            " verify, promote it, save, clean",
        ),
        (
            STAGED,
            BOTH,
            "Go on with the token that is staged: distribute the token that is staged, verify, promote it, save, clean",
        ),
        (
            VERIFIED,
            BOTH,
            "Go on with the token that is staged: distribute the token that is staged, verify, promote it, save, clean",
        ),
        (
            STAGED,
            PRIMARY_ALONE,
            "Somebody deleted the token that was staged. Clean, then stage a token, save it, distribute it, verify,"
            " promote it, save, clean",
        ),
        (STAGED, PENDING_ALONE, "Somebody promoted the new token: distribute it, verify, save, clean"),
        (VERIFIED, PENDING_ALONE, "The new token was promoted already: save, clean"),
        (CLEANING, PRIMARY_ALONE, "Clean, as a run ended before it did"),
        (
            IDLE,
            NEITHER,
            "No token of the record is valid, but another one is: save it, distribute it, verify, clean",
        ),
    ],
)
def test_the_plan(phase: str, probe: TokenProbe, plan: str) -> None:
    """A sentence of the table's own."""
    assert planned(case(phase), probe, Answer(VALID, Other(STRANGE, True))) == plan


def test_the_plan_where_nothing_is_due() -> None:
    """Nothing is a plan, too."""
    assert planned(case(record(rotated_at=YESTERDAY)), PRIMARY_ALONE) == "Nothing is due."


def test_the_plan_of_a_first_run() -> None:
    """The first token is taken as if it had been saved."""
    given = case(None, settings=replace(SETTINGS, initial_rotated_at=LONG_AGO))
    assert planned(given, PRIMARY_ALONE, Answer(VALID, Other(STRANGE, True))).startswith("Due: ")
    given = case(None, settings=replace(SETTINGS, initial_rotated_at=YESTERDAY))
    assert planned(given, PRIMARY_ALONE, Answer(VALID, Other(STRANGE, True))) == "Nothing is due."


def situations() -> Iterator[tuple[TokenCase, TokenProbe, Answer]]:
    """Return every case that check mode can begin with, what a Probe shows, and what is known elsewhere."""
    answers = [Answer(NOTHING), Answer(NOT_VALID), Answer(VALID, Other(STRANGE, True))]
    for phase, rotated_at, known, force in itertools.product(
        [None, *PHASES], (LONG_AGO, YESTERDAY), (True, False), (True, False)
    ):
        found = record(phase, rotated_at=rotated_at, known=known) if phase else None
        for probe, answer in itertools.product([BOTH, PRIMARY_ALONE, PENDING_ALONE, NEITHER], answers):
            if probe.pending and (found is None or found.pending is None):
                continue
            yield case(found, settings=replace(SETTINGS, force=force)), probe, answer


def test_there_is_a_plan_for_every_situation() -> None:
    """No row that check mode ends at is without one."""
    assert all(planned(given, probe, answer) for given, probe, answer in situations())


# -- records -----------------------------------------------------------------------------------------------------------

STORED: Mapping[str, Any] = {
    "account_sid": ACCOUNT,
    "primary": "1" * 32,
    "pending": None,
    "phase": IDLE,
    "rotated_at": LONG_AGO,
    "staged_at": None,
    "primary_known": True,
}
STORED_STAGED: Mapping[str, Any] = {**STORED, "pending": "2" * 32, "phase": STAGED, "staged_at": YESTERDAY}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (STORED, record()),
        ({**STORED, "phase": STAGING}, record(STAGING)),
        (STORED_STAGED, record(STAGED)),
        ({**STORED_STAGED, "phase": VERIFIED}, record(VERIFIED)),
        ({**STORED, "phase": CLEANING}, record(CLEANING)),
        ({**STORED, "pending": ""}, record()),
        ({**STORED, "lock": {"pid": 1}, "more": "things"}, record()),
        # The clocks of two machines differ.
        ({**STORED, "rotated_at": "2026-10-01T12:04:59Z"}, record(rotated_at="2026-10-01T12:04:59Z")),
        # Somebody who mends a record by hand may write only the day.
        ({**STORED, "rotated_at": "2026-01-01"}, record(rotated_at="2026-01-01")),
    ],
)
def test_a_record_is_read(stored: Mapping[str, Any], expected: TokenRecord) -> None:
    """Each phase, and what it goes with."""
    assert read_record(stored, ACCOUNT, NOW) == expected


@pytest.mark.parametrize("known", [None, False, "yes", "true", 1])
def test_only_true_is_known(known: Any) -> None:
    """Records of the versions before say nothing of it, and nothing else counts as yes."""
    stored = {name: value for name, value in STORED.items() if name != "primary_known"}
    assert read_record(stored, ACCOUNT, NOW).primary_known is False
    assert read_record({**stored, "primary_known": known}, ACCOUNT, NOW).primary_known is False


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ({**STORED, "account_sid": "AC" + "9" * 32}, f"it is about account AC{'9' * 32}"),
        ({**STORED, "account_sid": None}, "it names no account"),
        ({**STORED, "phase": "issuing"}, "its phase is 'issuing', which does not exist"),
        ({**STORED, "phase": None}, "its phase is 'None', which does not exist"),
        ({**STORED, "primary": None}, "it holds no primary token"),
        ({**STORED, "primary": 11111111}, "it holds no primary token"),
        ({**STORED_STAGED, "pending": None}, "its phase is 'staged', but it holds no pending token"),
        ({**STORED_STAGED, "pending": "", "phase": VERIFIED}, "its phase is 'verified', but it holds no pending token"),
        ({**STORED_STAGED, "phase": IDLE}, "its phase is 'idle', but it holds a pending token"),
        ({**STORED_STAGED, "phase": STAGING}, "its phase is 'staging', but it holds a pending token"),
        ({**STORED_STAGED, "phase": CLEANING}, "its phase is 'cleaning', but it holds a pending token"),
        ({**STORED_STAGED, "pending": "1" * 32}, "its primary and its pending token are the same"),
    ],
)
def test_a_record_that_contradicts_itself_is_not_used(stored: Mapping[str, Any], problem: str) -> None:
    """The sentence names the contradiction, and no token."""
    with pytest.raises(RotationError) as raised:
        read_record(stored, ACCOUNT, NOW)
    message = str(raised.value)
    assert message.startswith(f"The record can't be used: {problem}. Nothing was done.")
    assert "1" * 32 not in message
    assert "2" * 32 not in message


@pytest.mark.parametrize("field", ["rotated_at", "staged_at"])
@pytest.mark.parametrize("date", ["2036-10-01T12:00:00Z", "2026-10-01T12:06:00Z", "yesterday", "2026-13-01"])
def test_a_date_that_cannot_be_right_is_not_used(field: str, date: str) -> None:
    """A date in the future would be due in ten years."""
    with pytest.raises(DateError, match=field):
        read_record({**STORED_STAGED, field: date}, ACCOUNT, NOW)


def test_a_record_without_its_date_is_not_used() -> None:
    """It is not taken for new."""
    stored = {name: value for name, value in STORED.items() if name != "rotated_at"}
    with pytest.raises(DateError, match="rotated_at"):
        read_record(stored, ACCOUNT, NOW)
