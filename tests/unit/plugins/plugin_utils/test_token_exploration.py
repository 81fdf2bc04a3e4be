# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of auth tokens, explored: the rules of ``_token_rotation.py`` hold whatever happens, in any order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from functools import cache
from typing import Any, NamedTuple

import pytest
from unit.plugins.plugin_utils import exploration
from unit.plugins.plugin_utils.exploration import (
    CRASH,
    FAULT,
    HOOK,
    LOST_ANSWER,
    OVERLAP,
    RESTORE,
    Ended,
    Explored,
    Explorer,
    Outgoing,
    Violation,
    World,
)

from ansible_collections.community.twilio.plugins.plugin_utils import _token_rotation as tokens
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Finish,
    Request,
    RotationError,
    Row,
    RunHook,
    Save,
    Step,
    Stop,
    after,
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
    PROMOTE,
    PROMOTED,
    READ_OTHER,
    REFUSED,
    STAGED,
    STAGING,
    SWAPPED,
    UNKNOWN,
    VALID,
    VERIFIED,
    Other,
    TokenCase,
    TokenProbe,
    TokenRecord,
    TokenSettings,
)

ACCOUNT = "AC" + "0" * 32
NOW = datetime(2026, 10, 1, tzinfo=timezone.utc)
LONG_AGO, YESTERDAY = "2026-01-01T00:00:00Z", "2026-09-30T00:00:00Z"

#: The least number of combined disturbances, to explore more than the default; 3 takes minutes and visits six million
#: states.
MORE = int(os.environ.get("EXPLORE_DISTURBANCES", "0"))

#: The disturbances that only auth tokens know: somebody else stages, promotes or deletes a token, suspends the account,
#: or gives a consumer the account's primary alone.
FOREIGN_STAGE, FOREIGN_PROMOTE, FOREIGN_DELETE = "stage", "promote", "delete"
SUSPEND, CONSUMER = "suspend", "consumer"
EVERYTHING = (
    *(CRASH, LOST_ANSWER, FAULT, OVERLAP, HOOK, RESTORE),
    *(FOREIGN_STAGE, FOREIGN_PROMOTE, FOREIGN_DELETE, SUSPEND, CONSUMER),
)

#: The first tokens: the account's primary, and a secondary one that somebody has staged.
FIRST, STRANGE = 0, 1
#: Or one that a run has staged.
CREATED_BEFORE = 1

#: Where a token that is not in the record may come from.
FROM_CONSOLE = "from the Console"


class Account(NamedTuple):
    """The state of Twilio and the consumers. Tokens are numbers, sets of tokens are bits.

    :param primary: the account's primary token.
    :param secondary: its secondary token, None where there is none.
    :param suspended: whether Twilio refuses every token.
    :param was_suspended: whether it has done so since a run began.
    :param consumers: the tokens that consumers accept.
    :param ours: those of the account's tokens that a run created.
    :param forgotten: those of them that no record can know any more, as an old one was put back.
    """

    primary: int
    secondary: int | None = None
    suspended: bool = False
    was_suspended: bool = False
    consumers: int = 0
    ours: int = 0
    forgotten: int = 0

    @property
    def living(self) -> int:
        """The tokens that are valid unless the account is suspended."""
        return 1 << self.primary | bits(self.secondary)

    def is_valid(self, token: int | None) -> bool:
        """Whether Twilio accepts a token."""
        return not self.suspended and token is not None and token in (self.primary, self.secondary)

    def with_tokens(self, primary: int, secondary: int | None, created: int | None = None) -> Account:
        """Return the account with other tokens; tokens that are no longer valid are forgotten."""
        changed = self._replace(primary=primary, secondary=secondary)
        living = changed.living
        return changed._replace(ours=(self.ours | bits(created)) & living, forgotten=self.forgotten & living)


class Sent(NamedTuple):
    """The argument of a request.

    :param token: the token that it is sent with.
    :param primary: the record's primary.
    :param as_pending: whether ``token`` is the record's pending token.
    :param may_delete: whether it may delete somebody else's token.
    :param forgotten: whether what it creates can't be known any more.
    """

    token: int
    primary: int
    as_pending: bool
    may_delete: bool
    forgotten: bool = False


def bits(*of: int | None) -> int:
    """Return a set of tokens."""
    found = 0
    for token in of:
        if token is not None:
            found |= 1 << token
    return found


def record_of(
    primary: int, pending: int | None = None, phase: str = IDLE, *, due: bool = True, known: bool = True
) -> TokenRecord:
    """Return a record."""
    staged_at = None if pending is None else YESTERDAY
    return TokenRecord(ACCOUNT, primary, pending, phase, LONG_AGO if due else YESTERDAY, staged_at, known)


#: The states that the role may find in its first run.
STARTS: Mapping[str, tuple[Account, TokenRecord | None]] = {
    "no record": (Account(FIRST, consumers=bits(FIRST)), None),
    "no record, a secondary exists": (Account(FIRST, STRANGE, consumers=bits(FIRST, STRANGE)), None),
    "due": (Account(FIRST, consumers=bits(FIRST)), record_of(FIRST)),
    "due, a secondary exists": (Account(FIRST, STRANGE, consumers=bits(FIRST)), record_of(FIRST)),
    "due, not known": (Account(FIRST, consumers=bits(FIRST)), record_of(FIRST, known=False)),
    "due, is the secondary": (Account(FIRST, STRANGE, consumers=bits(STRANGE)), record_of(STRANGE, known=False)),
    "not due": (Account(FIRST, consumers=bits(FIRST)), record_of(FIRST, due=False)),
    # As the versions before left them, that did not keep whether the primary is known.
    "staging": (Account(FIRST, consumers=bits(FIRST)), record_of(FIRST, phase=STAGING, known=False)),
    "staging, one is lost": (
        Account(FIRST, CREATED_BEFORE, consumers=bits(FIRST), ours=bits(CREATED_BEFORE)),
        record_of(FIRST, phase=STAGING, known=False),
    ),
    "staged": (
        Account(FIRST, CREATED_BEFORE, consumers=bits(FIRST), ours=bits(CREATED_BEFORE)),
        record_of(FIRST, CREATED_BEFORE, STAGED, known=False),
    ),
    "verified": (
        Account(FIRST, CREATED_BEFORE, consumers=bits(FIRST, CREATED_BEFORE), ours=bits(CREATED_BEFORE)),
        record_of(FIRST, CREATED_BEFORE, VERIFIED, known=False),
    ),
    "cleaning": (
        Account(CREATED_BEFORE, consumers=bits(FIRST, CREATED_BEFORE), ours=bits(CREATED_BEFORE)),
        record_of(CREATED_BEFORE, phase=CLEANING, due=False, known=False),
    ),
}


@dataclass(frozen=True)
class Scenario:
    """A scenario to explore.

    :param starts: of STARTS.
    :param initial: the token that the user gives: one of the first, or FROM_CONSOLE, the primary of the moment.
    :param parent: whether the parent's token reads the account's primary.
    :param account_reports_primary: whether the account itself returns it.
    :param enabled: whether the account may have a secondary token.
    """

    starts: Sequence[str] = ("due",)
    roll_back: bool = False
    replace_unknown: bool = False
    initial_is_primary: bool = False
    force: bool = False
    initial: int | str | None = None
    parent: bool = False
    account_reports_primary: bool = False
    enabled: bool = True
    disturbances: Sequence[str] = EVERYTHING
    budget: int = 2


class TokenWorld(World[Account]):
    """An account, its consumers, and the table of auth tokens.

    :param scenario: the scenario to explore.
    :param table: the rows.
    """

    passing = (SUSPEND,)
    distributing = DISTRIBUTE

    def __init__(
        self, scenario: Scenario, table: Sequence[Row] = tokens.TABLE, next_try: Callable[..., Any] = tokens.next_try
    ) -> None:
        self.scenario = scenario
        self.next_try = next_try
        self.table = table
        self.settings: TokenSettings = TokenSettings(
            now=NOW,
            max_age_days=90,
            force=scenario.force,
            roll_back=scenario.roll_back,
            replace_unknown=scenario.replace_unknown,
            initial_is_primary=scenario.initial_is_primary,
            initial_rotated_at=LONG_AGO,
        )

    def starts(self) -> Iterator[tuple[str, Account, TokenRecord | None]]:
        """Return the states that the role may find."""
        for name in self.scenario.starts:
            yield (name, *STARTS[name])

    def first_record(self, fields: Mapping[str, Any]) -> TokenRecord:
        """Return a first record."""
        return TokenRecord(account_sid=ACCOUNT, **fields)

    def in_words(self, record: TokenRecord) -> str:
        """Return a record in short."""
        known = "known" if record.primary_known else "not known"
        return f"{record.phase} {record.primary}/{record.pending} {known}"

    def names(self, value: Any) -> int:
        """Return the tokens that something names."""
        if isinstance(value, Account):
            # The name of a token that the user gives never changes.
            given = self.scenario.initial if isinstance(self.scenario.initial, int) else None
            return value.living | value.consumers | bits(given)
        if isinstance(value, TokenRecord):
            return bits(value.primary, value.pending)
        if isinstance(value, Outgoing):
            return bits(value.argument.token, value.argument.primary)
        if isinstance(value, Answer):
            return bits(value.value.token if isinstance(value.value, Other) else value.value)
        return 0

    # -- requests ----------------------------------------------------------------------------------------------------

    def look(self, things: Account, case: TokenCase, seen: Any) -> tuple[Any, Any]:
        """Try the next token of the record."""
        assert case.record is not None
        valid = (*(seen or ()), things.is_valid(self.next_try(case.record, seen or ())))
        following = self.next_try(case.record, valid)
        return (None, following) if isinstance(following, TokenProbe) else (valid, None)

    def read(self, things: Account, case: TokenCase, step: Request) -> Answer:
        """Return the answer of the user, the parent or the account itself."""
        if step.name == READ_OTHER:
            return self._read_other(things, case.record)
        assert case.record is not None
        read = (
            things.primary
            if self.scenario.parent or (self.scenario.account_reports_primary and not things.suspended)
            else None
        )
        if read is None:
            return Answer(NOTHING)
        return Answer(VALID if read == case.record.primary else NOT_VALID)

    def _read_other(self, things: Account, record: TokenRecord | None) -> Answer:
        known = (record.primary, record.pending) if record else ()
        # A text stands for the current primary.
        initial = things.primary if isinstance(self.scenario.initial, str) else self.scenario.initial
        given = initial is not None and initial not in known
        if given and things.is_valid(initial):
            return Answer(VALID, Other(initial, self.scenario.initial_is_primary))
        read = None
        if self.scenario.parent and (record is not None or not given):
            read = things.primary
            if read not in known and things.is_valid(read):
                return Answer(VALID, Other(read, True))
        return Answer(NOT_VALID if given or read is not None else NOTHING)

    def send(self, case: TokenCase, step: Request) -> Outgoing:
        """Return a request."""
        record = case.record
        assert record is not None
        as_pending = step.name == PROMOTE or step.argument == AS_PENDING
        may_delete = record.phase == STAGING and (case.run.resumed or case.settings.replace_unknown)
        token = record.pending if as_pending else record.primary
        return Outgoing(step.name, Sent(token, record.primary, as_pending, may_delete))

    def apply(self, things: Account, request: Outgoing, free: Callable[[], int]) -> tuple[Account, Answer]:
        """Apply a request as Twilio does."""
        sent: Sent = request.argument
        primary, secondary = things.primary, things.secondary
        if not things.is_valid(sent.token):
            return things, Answer(NOT_PROMOTED if request.name == PROMOTE else REFUSED, message=f"{request.name}: 401")
        if request.name == CREATE:
            if not self.scenario.enabled:
                return things, Answer(NOT_FOUND, message="create: 404")
            if secondary is not None:
                return things, Answer(EXISTS)
            created = free()
            then = things.with_tokens(primary, created, created)
            if sent.forgotten:
                then = then._replace(forgotten=then.forgotten | bits(created))
            return then, Answer(CREATED, created)
        if request.name == DELETE:
            return things.with_tokens(primary, None), Answer(DELETED)
        if secondary is None:
            return things, Answer(NOT_PROMOTED, message="promote: 404")
        then = things.with_tokens(secondary, None)
        if secondary == sent.token:
            return then, Answer(PROMOTED)
        return then, Answer(SWAPPED if secondary == sent.primary else ANOTHER_PROMOTED, secondary)

    def faults(self, request: Outgoing) -> Iterable[Answer]:
        """Return the answers of proxies and gateways."""
        return [Answer(NOT_PROMOTED, message="promote: a fault")] if request.name == PROMOTE else []

    def is_repeated(self, request: Outgoing) -> bool:
        """Whether the client repeats a request."""
        return request.name == DELETE

    def unknown(self, request: Outgoing) -> Answer:
        """Return the answer that a run assumes for an unanswered request."""
        return Answer(UNKNOWN, message=f"{request.name}: no answer")

    # -- hooks, and others -------------------------------------------------------------------------------------------

    def hook(self, things: Account, case: TokenCase, step: RunHook, free: Callable[[], int]) -> tuple[Account, bool]:
        """Give the consumers both tokens or the primary alone, or verify that they accept the new one."""
        assert case.record is not None
        if step.name == DISTRIBUTE:
            return things._replace(consumers=bits(case.record.primary, case.record.pending)), True
        if step.name == CLEAN:
            return things._replace(consumers=bits(case.record.primary)), True
        return things, bool(things.consumers & bits(case.record.pending))

    def others(
        self, things: Account, record: TokenRecord | None, between_runs: bool, free: Callable[[], int]
    ) -> Iterator[tuple[str, str, Account]]:
        """Return the actions of somebody else."""
        if between_runs and things.consumers != bits(things.primary):
            yield CONSUMER, "a consumer is set up anew", things._replace(consumers=bits(things.primary))
        if things.suspended:
            return
        if not things.was_suspended:
            yield SUSPEND, "the account is suspended", things._replace(suspended=True, was_suspended=True)
        if things.secondary is None:
            yield FOREIGN_STAGE, "somebody stages a token", things.with_tokens(things.primary, free())
            return
        yield FOREIGN_DELETE, "somebody deletes the secondary token", things.with_tokens(things.primary, None)
        promoted = things.with_tokens(things.secondary, None)
        if record is None or not self.names(record) & bits(things.secondary):
            # A lost token that is now in use counts as somebody else's.
            promoted = promoted._replace(ours=promoted.ours & ~bits(things.secondary))
        yield FOREIGN_PROMOTE, "somebody promotes the secondary token", promoted

    def when_run_begins(self, things: Account) -> Account:
        """Within a run, an account is suspended once."""
        return things._replace(was_suspended=things.suspended)

    def recoveries(self, things: Account, in_probes: Sequence[Any]) -> Iterator[tuple[str, Account]]:
        """A suspension ends, though not within the Probe in which it began."""
        if things.suspended and not any(map(any, in_probes)):
            yield "the account is active again", things._replace(suspended=False)

    def undisturbed(self, things: Account) -> Account:
        """Return the account when it is active."""
        return things._replace(suspended=False, was_suspended=False)

    def restored(
        self, things: Account, requests: Sequence[Outgoing], record: TokenRecord
    ) -> tuple[Account, Sequence[Outgoing]]:
        """Forget what a run created since, unless the old record says that a token may be lost."""
        if record.phase == STAGING:
            return things, requests
        unknown = things.ours & ~bits(record.primary, record.pending)
        late = [request._replace(argument=request.argument._replace(forgotten=True)) for request in requests]
        return things._replace(forgotten=things.forgotten | unknown), late

    # -- the rules ----------------------------------------------------------------------------------------------

    def check_record(self, record: TokenRecord) -> None:
        """Check that the next run can read a record."""
        fields = {name: f"token {value}" if isinstance(value, int) else value for name, value in asdict(record).items()}
        try:
            tokens.read_record({**fields, "primary_known": record.primary_known}, ACCOUNT, NOW)
        except RotationError as error:
            raise Violation(f"a record is saved that can't be read: {error}") from None

    def check_decision(self, case: TokenCase, row: Row, step: Step) -> None:
        """Check a decision on its own."""
        record, probe = case.record, case.probe
        created = case.answer if case.answered(CREATED) else None
        if created and not (isinstance(step, Save) and step.changes["pending"] == created.value):
            raise Violation(f"{row.name!r} comes before the created token is saved")
        if not isinstance(step, Request) or step.name not in (PROMOTE, DELETE):
            return
        assert record is not None
        if probe is None:
            raise Violation(f"{row.name!r} does not come directly after a look")
        if step.name == PROMOTE and (probe != (True, True) or record.phase != VERIFIED):
            raise Violation(f"{row.name!r} promotes what is not verified, or not valid")
        if step.name == DELETE and not probe.primary:
            raise Violation(f"{row.name!r} deletes, though the primary is not valid")
        if step.argument == AS_PRIMARY and not (record.primary_known or case.settings.initial_is_primary):
            raise Violation(f"rule 5: {row.name!r} deletes, though it is not known which token is the primary")

    def check_effect(self, things: Account, then: Account, request: Outgoing, excused: bool) -> None:
        """Check the effect of a request."""
        sent: Sent = request.argument
        if excused:
            return
        if request.name == PROMOTE:
            if things.secondary != sent.token:
                raise Violation("another token than the one that was verified is promoted")
            if not things.consumers & bits(sent.token):
                raise Violation("rule 3: consumers were not given the token that is promoted")
        if request.name == DELETE:
            if (things.secondary == sent.token) != sent.as_pending:
                raise Violation("rule 5: another token is deleted than the one that was meant")
            if not things.ours & bits(things.secondary) and not sent.may_delete:
                raise Violation("somebody else's token is deleted")

    def check_change(
        self,
        things: Account,
        record: TokenRecord | None,
        then: Account,
        then_record: TokenRecord | None,
        ours: bool,
        excused: bool,
    ) -> None:
        """Check a change of the account, the consumers or the record."""
        if then_record is None:
            return
        living = then.living
        known = bits(then_record.primary, then_record.pending)
        if then_record.phase != STAGING and then.ours & living & ~known & ~then.forgotten:
            raise Violation("rule 2: a valid token that a run created is not known any more")
        if then_record.primary_known and then_record.primary == then.secondary:
            raise Violation("rule 5: the record's primary is taken for the account's, which it is not")
        if not ours or excused:
            return
        before = bits(record.primary, record.pending) if record else known
        if before & things.living and not known & living:
            raise Violation("rule 1: no token of the record is valid any more")
        if before & things.living & living & ~known:
            raise Violation("a valid token leaves the record")
        if things.consumers & things.living and not then.consumers & living:
            raise Violation("rule 3: consumers have no token any more that is valid")

    def check_message(self, things: Account, case: TokenCase, message: str) -> None:
        """Check what a failure's message says about the tokens."""
        record = case.record
        valid = things.is_valid
        primary, pending = (record.primary, record.pending) if record else (None, None)
        for sentence, is_true in {
            "Both tokens are valid": valid(primary) and valid(pending),
            "The primary is valid": valid(primary),
            tokens.OLD_IS_GONE: valid(primary) and things.primary == primary,
            tokens.NEW_IS_PRIMARY: valid(pending) and things.primary == pending,
            tokens.NEW_IS_GONE: valid(primary) and not valid(pending),
            tokens.NEITHER_IS_VALID: not valid(primary) and not valid(pending),
            tokens.WAYS_OUT: not valid(primary) and not valid(pending),
            tokens.NOT_OURS: things.secondary is not None
            and not things.ours & ~things.forgotten & bits(things.secondary),
            tokens.PRIMARY_NOT_KNOWN: things.secondary is not None and record is not None and not record.primary_known,
            tokens.IS_SECONDARY: primary == things.secondary,
            tokens.STILL_THERE: things.secondary is not None,
            tokens.CANNOT_ROLL_BACK: not valid(primary) and pending is not None,
            tokens.ROLLED_BACK: valid(primary) and pending is None,
            tokens.FIRST_NOT_VALID: record is None,
            tokens.NO_FIRST_TOKEN: record is None,
        }.items():
            if sentence in message and not is_true:
                raise Violation(f"what the failure says is not true: {message}")

    #: What an undisturbed run may end with.
    USERS_TURN = (
        tokens.NO_FIRST_TOKEN,
        tokens.NOT_OURS,
        tokens.PRIMARY_NOT_KNOWN,
        tokens.IS_SECONDARY,
        tokens.WAYS_OUT,
        "create: 404",
    )

    def check_undisturbed(self, before: Ended, run: Ended) -> None:
        """Check a run that was not disturbed."""
        things: Account = before.things
        record: TokenRecord | None = before.record
        message = run.step.message if isinstance(run.step, Stop) else ""
        if things.suspended:
            if run.things != things or run.record != record or not isinstance(run.step, Stop):
                raise Violation("a run changes a suspended account, or does not fail")
            return
        if record and record.phase == IDLE and things.is_valid(record.primary):
            is_due = self.settings.force or record.rotated_at == LONG_AGO
            if not is_due and (run.step, run.requests, run.saves, run.hooks) != (Finish(), 1, 0, 0):
                raise Violation("rule 4: a run with nothing due does more than one request")
        if message and message not in self.USERS_TURN and message != tokens.FIRST_NOT_VALID:
            raise Violation(f"an undisturbed run fails: {message}")
        kept: TokenRecord | None = run.record
        if kept is None:
            return
        lost = run.things.ours & ~bits(kept.primary, kept.pending) & ~run.things.forgotten
        if lost and message not in (tokens.PRIMARY_NOT_KNOWN, tokens.WAYS_OUT):
            raise Violation("rule 2: a valid token that a run created is not known after the next run")
        if not message:
            if kept.phase != IDLE or (run.things.primary != kept.primary and kept.primary_known):
                raise Violation("a run succeeds, and its record is not as the account is")
            if not run.things.consumers & bits(kept.primary):
                raise Violation("a run succeeds, and consumers don't have the primary")
            if record and not self.settings.force and kept.rotated_at == LONG_AGO:
                raise Violation("a run succeeds, and what was due was not rotated")


def explore(scenario: Scenario, table: Sequence[Row] = tokens.TABLE) -> Explored:
    """Explore a scenario."""
    return Explorer(TokenWorld(scenario, table), scenario.disturbances, scenario.budget).explore()


#: By name, so that together all settings, starts and sources of a token are there, most of them in pairs.
SCENARIOS: Mapping[str, Scenario] = {
    "nothing but the record": Scenario(starts=("due", "due, a secondary exists", "not due")),
    "the first token is given": Scenario(
        starts=("no record", "no record, a secondary exists", "due, not known"),
        initial=FIRST,
        roll_back=True,
        account_reports_primary=True,
    ),
    "the first token is given, with the user's word": Scenario(
        starts=("no record", "no record, a secondary exists", "due, not known"),
        initial=FIRST,
        initial_is_primary=True,
        replace_unknown=True,
    ),
    "the first token is the secondary": Scenario(
        starts=("no record, a secondary exists", "due, is the secondary"),
        initial=STRANGE,
        replace_unknown=True,
        roll_back=True,
        account_reports_primary=True,
    ),
    "the first token is the secondary, and nothing tells": Scenario(
        starts=("due, is the secondary", "due, not known"), replace_unknown=True
    ),
    "the parent reads": Scenario(
        starts=("no record", "no record, a secondary exists", "due, is the secondary", "due, a secondary exists"),
        parent=True,
        replace_unknown=True,
    ),
    "records of the versions before": Scenario(
        starts=("staging", "staging, one is lost", "staged", "verified", "cleaning"),
        roll_back=True,
        account_reports_primary=True,
    ),
    "records of the versions before, and nothing tells": Scenario(
        starts=("staging", "staging, one is lost", "staged", "verified"), replace_unknown=True
    ),
    "each run rotates, and rolls back": Scenario(force=True, roll_back=True, initial=FROM_CONSOLE),
    "no secondary token may be had": Scenario(starts=("due", "no record"), initial=FIRST, enabled=False),
    "no token is given": Scenario(starts=("no record",)),
    "runs that die and overlap": Scenario(disturbances=(CRASH, LOST_ANSWER, OVERLAP), budget=3),
    "hooks that fail": Scenario(disturbances=(HOOK, CRASH, LOST_ANSWER, RESTORE), roll_back=True, force=True, budget=3),
    "somebody deletes": Scenario(disturbances=(FOREIGN_DELETE, FOREIGN_STAGE, HOOK), roll_back=True, budget=3),
    "promotions that are refused": Scenario(disturbances=(FAULT, LOST_ANSWER, FOREIGN_PROMOTE), force=True, budget=3),
}


@cache
def explore_once(name: str) -> Explored:
    """Explore a scenario, once."""
    scenario = SCENARIOS[name]
    return explore(replace(scenario, budget=max(scenario.budget, MORE)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_rules_hold_in_every_state(name: str) -> None:
    """The exploration checks the rules; a broken one raises an error with the events that led to it."""
    came_to = explore_once(name)
    print(f"{name}: {came_to.states} states, {came_to.transitions} transitions, {came_to.quiet} ends")
    assert came_to.quiet


def test_each_row_decides_somewhere() -> None:
    """A row that never decides is superfluous."""
    every = [explore_once(name) for name in SCENARIOS]
    print(f"all: {sum(came_to.states for came_to in every)} states")
    used = set().union(*(came_to.rows for came_to in every))
    assert [row.name for row in tokens.TABLE if row.name not in used] == []


# -- tables with one rule removed ------------------------------------------------------------------------------


def table_without(*names: str) -> list[Row]:
    """Return the table without some rows."""
    assert set(names) <= {row.name for row in tokens.TABLE}
    return [row for row in tokens.TABLE if row.name not in names]


def table_with(name: str, **changes: Any) -> list[Row]:
    """Return the table with another condition, or another step, in one row."""
    assert name in {row.name for row in tokens.TABLE}
    return [row._replace(**changes) if row.name == name else row for row in tokens.TABLE]


def phase_is(case: TokenCase, *phases: str) -> bool:
    """Whether the record's phase is one of these."""
    return case.record is not None and case.record.phase in phases


def without_intent(case: TokenCase) -> Step:
    """Stage a token without announcing it in the record first."""
    return Request(CREATE) if case.run.locked else Save()


def creating_first(case: TokenCase) -> Step:
    """Create a token before the record is saved."""
    return Request(CREATE)


class Mutation(NamedTuple):
    """A table with a rule removed.

    :param table: the rows without the rule.
    :param caught: a part of the expected violation.
    :param scenario: the scenario in which it occurs.
    """

    table: Sequence[Row]
    caught: str
    scenario: Scenario


MUTATIONS: Mapping[str, Mutation] = {
    "a run that takes over does not settle": Mutation(
        table_without("resumed, a request may be on its way"),
        "rule 2: a valid token",
        Scenario(disturbances=(CRASH, LOST_ANSWER)),
    ),
    "a run that takes over does not lock": Mutation(
        table_without("resumed, not locked"), "without the record's lock", Scenario(disturbances=(CRASH,))
    ),
    "staging is not saved before": Mutation(
        table_with("idle, due", step=without_intent), "rule 2: a valid token", Scenario(disturbances=(CRASH,))
    ),
    "staging is not saved again after a deletion": Mutation(
        table_with("staged, deleted by somebody", step=creating_first),
        "rule 2: a valid token",
        Scenario(disturbances=(FOREIGN_DELETE, CRASH)),
    ),
    "a token is created again where no answer came": Mutation(
        table_with("staging, no answer, or an inconclusive one", step=creating_first),
        "rule 2: a valid token",
        Scenario(disturbances=(LOST_ANSWER,)),
    ),
    "a token that may be lost is forgotten where creating is refused": Mutation(
        table_with("not created", fits=lambda c: phase_is(c, STAGING) and c.answered(NOT_FOUND, REFUSED)),
        "rule 2: a valid token",
        Scenario(disturbances=(CRASH, SUSPEND)),
    ),
    "the answer is not saved first": Mutation(
        [*table_without("created"), *(row for row in tokens.TABLE if row.name == "created")],
        "before the created token is saved",
        Scenario(),
    ),
    "whatever exists is taken for ours": Mutation(
        table_without("staging, one exists that is not ours"),
        "somebody else's token is deleted",
        Scenario(starts=("due, a secondary exists",), disturbances=()),
    ),
    "a token is deleted, whichever is the primary": Mutation(
        table_with(
            "staging, one exists that may be deleted", fits=lambda c: phase_is(c, STAGING) and c.answered(EXISTS)
        ),
        "rule 5",
        Scenario(starts=("due, is the secondary",), replace_unknown=True, disturbances=()),
    ),
    "the token is promoted without a look": Mutation(
        table_with("not tried", fits=lambda c: c.probe is None and not (phase_is(c, VERIFIED) and c.run.saved)),
        "does not come directly after a look",
        Scenario(disturbances=()),
    ),
    "the token is promoted, and verified is not saved": Mutation(
        table_with("staged, verified by consumers", step=lambda c: Request(PROMOTE)),
        "not verified",
        Scenario(disturbances=()),
    ),
    "the token is promoted unverified": Mutation(
        table_with("staged, distributed", step=lambda c: Save({"phase": VERIFIED})),
        "rule 3: consumers were not given",
        Scenario(disturbances=(HOOK,)),
    ),
    "the hooks of the run before are trusted": Mutation(
        table_with("verified by this run", fits=lambda c: phase_is(c, VERIFIED)),
        "rule 3: consumers were not given",
        Scenario(disturbances=(CRASH, CONSUMER)),
    ),
    "a token that was promoted is rolled back": Mutation(
        [
            row._replace(fits=lambda c: bool(c.run.failed) and not phase_is(c, STAGED, VERIFIED))
            if row.name == "hook failed, both tokens are kept"
            else row
            for row in table_without("roll back, the primary is not valid")
        ],
        "rule 3: consumers have no token",
        Scenario(roll_back=True, disturbances=(FOREIGN_PROMOTE, HOOK)),
    ),
    "a run rotates more than once": Mutation(
        table_with("idle, due", fits=lambda c: phase_is(c, IDLE)),
        "more than",
        Scenario(force=True, disturbances=()),
    ),
    "what is not due is rotated": Mutation(
        table_with("idle, due", fits=lambda c: phase_is(c, IDLE) and not c.run.rotated),
        "rule 4",
        Scenario(starts=("not due",), disturbances=()),
    ),
    "another token is taken at once": Mutation(
        table_without("no token valid, but one from elsewhere, at first"),
        "rule 5: the record's primary is taken for the account's",
        Scenario(starts=("due, is the secondary",), parent=True, disturbances=(SUSPEND,)),
    ),
    "a promotion without an answer is not waited for": Mutation(
        table_without("verified, promoted, but no answer came"),
        "rule 3",
        Scenario(force=True, roll_back=True, disturbances=(LOST_ANSWER, FOREIGN_PROMOTE, HOOK), budget=3),
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_removing_a_rule_is_detected(name: str) -> None:
    """Each rule prevents something that can happen."""
    table, caught, scenario = MUTATIONS[name]
    with pytest.raises(Violation, match=caught):
        explore(scenario, table)


def test_a_primary_that_is_tried_once_may_be_taken_for_dead() -> None:
    """A suspension that ends between two tries is no promotion."""

    def once(record: TokenRecord, valid: Sequence[bool]) -> Any:
        if len(valid) == 2:
            return TokenProbe(*valid)
        return tokens.next_try(record, valid)

    world = TokenWorld(Scenario(), next_try=once)
    with pytest.raises(Violation, match="rule 5: the record's primary is taken for the account's"):
        Explorer(world, (SUSPEND,), 1).explore()


def test_a_lock_that_is_not_looked_at_again_after_a_request_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request may take as long as a lease."""

    def held_on(case: TokenCase, step: Step, result: Any = None) -> TokenCase:
        then = after(case, step, result)
        return replace(then, run=replace(then.run, held=case.run.held)) if isinstance(step, Request) else then

    monkeypatch.setattr(exploration, "after", held_on)
    with pytest.raises(Violation, match="rule 2: a valid token"):
        explore(Scenario(starts=("due, a secondary exists",), replace_unknown=True, disturbances=(OVERLAP,), budget=1))
