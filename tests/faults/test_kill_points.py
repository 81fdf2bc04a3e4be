# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills the rotation roles at their points, in each of their scenarios, and runs them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import credential_fixtures
import key_fixtures
import other_collections
import pytest
import store
import token_fixtures
from credential_rules import AWS, PUBLIC_KEY
from kills import ANSWER, REQUEST, SAVE, Point
from proofs import Proof, Scenario
from rotations import LONG_AGO
from token_fixtures import Start, Tokens

if TYPE_CHECKING:
    from iam import Iam
    from vault_server import Vault

needs_other_collections = pytest.mark.skipif(
    not other_collections.FOLDER.exists(), reason="the other collections were not fetched"
)

TOKEN_ROTATED = {"phase": "idle", "pending": None}

Begin = Callable[[Tokens], Start]


def first(tokens: Tokens) -> dict[str, str]:
    """Return an account with the first token alone."""
    return {"auth_token": tokens.first}


def both(tokens: Tokens) -> dict[str, str]:
    """Return an account with the first and the second token."""
    return {"auth_token": tokens.first, "secondary_auth_token": tokens.second}


def second(tokens: Tokens) -> dict[str, str]:
    """Return an account with the second token alone, which was promoted."""
    return {"auth_token": tokens.second}


def now() -> str:
    """Return the current time in the format of records."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(tokens: Tokens, phase: str, **more: Any) -> dict[str, Any]:
    """Return a record in a phase; a killed run holds its lock unless it is idle."""
    pending = {"pending": tokens.second, "staged_at": now()} if phase in ("staged", "verified") else {}
    held = {} if phase == "idle" else {"lock": store.dead_lock()}
    return {"phase": phase, "primary": tokens.first, **pending, **held, **more}


def start(tokens: Tokens, account: Mapping[str, str], phase: str | None, *consumer: str, **more: Any) -> Start:
    """Return a start with the same variables in all scenarios, so that a state found in one counts in all."""
    variables = {
        "initial_auth_token": tokens.first,
        "initial_rotated_at": LONG_AGO,
        "on_failure": "rollback",
        "replace_unknown": True,
    }
    known = {} if phase is None else record(tokens, phase, primary_known=more.pop("primary_known", True))
    return Start(account, known or None, consumer, variables, **more)


def adopt(tokens: Tokens) -> Start:
    """Return a start without a record, with the first token as a variable."""
    return start(tokens, first(tokens), None, tokens.first)


def foreign(tokens: Tokens) -> Start:
    """Return an idle start, and a second token that no run made."""
    return start(tokens, both(tokens), "idle", tokens.first)


def not_known(tokens: Tokens) -> Start:
    """Return the same, where only the parent account can read which token is the primary."""
    return start(tokens, both(tokens), "idle", tokens.first, primary_known=False)


def deleted(tokens: Tokens) -> Start:
    """Return a start with a verified second token that was deleted at Twilio."""
    return start(tokens, first(tokens), "verified", tokens.first, tokens.second)


def promoted(tokens: Tokens) -> Start:
    """Return a start with a second token that was promoted at Twilio before it was verified."""
    return start(tokens, second(tokens), "staged", tokens.first, tokens.second)


def cleaning(tokens: Tokens) -> Start:
    """Return a start with the first token alone, where the clean hook has not yet run."""
    return start(tokens, first(tokens), "cleaning", tokens.first)


def lost(tokens: Tokens) -> Start:
    """Return a start whose record holds no valid token, where the parent account can read the primary."""
    return start(tokens, {"auth_token": tokens.third}, "idle", tokens.third, is_locked_out=True)


def refused(tokens: Tokens) -> Start:
    """Return a start whose verify hook always fails."""
    return start(tokens, first(tokens), "idle", tokens.first, verifies=False)


def by_default(tokens: Tokens) -> Start:
    """Return a start without any optional variable."""
    return Start(first(tokens), record(tokens, "idle"), [tokens.first])


def all_points(_point: Point) -> bool:
    """Select all points."""
    return True


def vaults_saves(point: Point) -> bool:
    """Select the points before and after Vault saves a record."""
    return point.what.startswith("POST /v1/secret/")


def unsaved_effect(point: Point) -> bool:
    """Select the points after an effect that is not saved yet."""
    return point.kind not in (SAVE, REQUEST)


# -- the scenarios of an auth token -------------------------------------------------------------------------------

TOKEN_SCENARIOS: Mapping[str, Begin] = {
    "no record": adopt,
    "cleaning": cleaning,
    "somebody promoted the staged token": promoted,
    "somebody deleted the staged token": deleted,
    "a foreign token is there": foreign,
    "the primary is not known, and the parent reads it": not_known,
    "locked out, the parent reads another token": lost,
    "verifying fails, rolled back": refused,
}


@pytest.mark.parametrize("name", TOKEN_SCENARIOS)
def test_auth_token(name: str, prove: Callable[[Scenario], Proof]) -> None:
    begin = TOKEN_SCENARIOS[name]
    is_refused = begin is refused
    kills_at = unsaved_effect if is_refused else all_points

    prepare = partial(token_fixtures.prepare, begin=begin)
    prove(Scenario(name, prepare, TOKEN_ROTATED, succeeds=not is_refused, kills_at=kills_at))


@pytest.mark.parametrize("phase", ["idle", "staging"])
def test_a_token_that_may_be_the_primary_is_not_deleted(phase: str, prove: Callable[[Scenario], Proof]) -> None:
    def begin(tokens: Tokens) -> Start:
        swapped = {"auth_token": tokens.second, "secondary_auth_token": tokens.first}
        unknown_primary = {
            "primary_known": False,
            "has_parent_token": False,
            "protected": (tokens.first, tokens.second),
        }
        return start(tokens, swapped, phase, tokens.first, tokens.second, **unknown_primary)

    # A run that resumes after a kill leaves the phase `staging`, which records that a token may have been lost.
    prove(Scenario(phase, partial(token_fixtures.prepare, begin=begin), {"pending": None}, succeeds=False))


# -- the scenarios of credentials ---------------------------------------------------------------------------------

CREDENTIAL_ROTATED: Mapping[str, Any] = {"phase": "idle", "new": None, "present": []}

#: The new credential in the record, which was deleted at Twilio.
NEW = {"sid": "CR" + "9" * 32, "key_id": "AKIA" + "9" * 16, "private_key_path": "/new.pem", "fingerprint": "9" * 10}


def credential_due(_old: credential_fixtures.Old) -> credential_fixtures.Start:
    """Return a start without a record, where an existing credential is due."""
    return credential_fixtures.Start()


def new_credential_deleted(old: credential_fixtures.Old) -> credential_fixtures.Start:
    """Return a start with a new credential in the record that was deleted at Twilio."""
    current = {"sid": old.sid, "key_id": old.key_id, "fingerprint": None}
    # Not due afterwards, so that no further rotation begins.
    record = {"phase": "created", "current": current, "new": NEW, "lock": store.dead_lock()}
    return credential_fixtures.Start(record, {"max_age_days": 100000})


@pytest.mark.parametrize(
    ("kind", "begin", "has_old"),
    [
        pytest.param(PUBLIC_KEY, credential_due, True, id="public key, due"),
        pytest.param(PUBLIC_KEY, credential_due, False, id="public key, the first"),
        pytest.param(PUBLIC_KEY, new_credential_deleted, True, id="public key, somebody deleted the new one"),
        pytest.param(AWS, credential_due, True, id="AWS, due"),
        pytest.param(AWS, new_credential_deleted, True, id="AWS, somebody deleted the new one"),
    ],
)
def test_credential(
    kind: str,
    begin: Callable[[credential_fixtures.Old], credential_fixtures.Start],
    has_old: bool,
    request: pytest.FixtureRequest,
    prove: Callable[[Scenario], Proof],
) -> None:
    prepare = partial(credential_fixtures.prepare, kind=kind, begin=begin, has_old=has_old)

    # A public key is saved at the same points as an access key.
    prove(
        Scenario(request.node.name, prepare, CREDENTIAL_ROTATED, kills_at=all_points if kind == AWS else unsaved_effect)
    )


def test_a_token_in_a_store_of_task_files(prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(token_fixtures.prepare, begin=adopt, own_store=True)

    prove(Scenario("task files", prepare, TOKEN_ROTATED, kills_at=unsaved_effect))


def test_a_credential_in_a_store_of_task_files(prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(credential_fixtures.prepare, kind=AWS, begin=credential_due, own_store=True)

    prove(Scenario("task files", prepare, CREDENTIAL_ROTATED, kills_at=unsaved_effect))


# -- the scenarios of an API key ----------------------------------------------------------------------------------

KEY_ROTATED: Mapping[str, Any] = {"phase": "idle", "new": None, "mark": None}

KEY_SCENARIOS: Mapping[str, key_fixtures.Start] = {
    "due": key_fixtures.Start(),
    "a key was lost": key_fixtures.Start("creating", has_marked_key=True),
    "somebody deleted the new one": key_fixtures.Start("created", has_new_key=True),
    "verifying fails, rolled back": key_fixtures.Start(verifies=False, variables={"on_failure": "rollback"}),
}


@pytest.mark.parametrize("name", KEY_SCENARIOS)
def test_api_key(name: str, prove: Callable[[Scenario], Proof]) -> None:
    start = KEY_SCENARIOS[name]
    prepare = partial(key_fixtures.prepare, start=start)
    prove(Scenario(name, prepare, KEY_ROTATED, succeeds=start.verifies, kills_at=unsaved_effect))


# -- one kill -----------------------------------------------------------------------------------------------------

# With slow stores and keys, and on other releases of ansible-core. The tests above cover all other points.


@pytest.fixture(scope="module")
def iam() -> Iterator[Iam]:
    """Run a simulated IAM."""
    # Not every nox session has its libraries.
    from iam import Iam

    with Iam() as running:
        yield running


def kill_once(
    name: str, prepare: Callable[..., Any], final_record: Mapping[str, Any], answer: int, what: str
) -> Scenario:
    """Return a scenario whose first run is killed when the answer to its nth request has arrived."""
    return Scenario(name, prepare, final_record, kills_at=lambda _point: False, first_kill=Point(ANSWER, answer, what))


CREDENTIAL_DUE = partial(credential_fixtures.prepare, begin=credential_due)


@pytest.mark.parametrize(
    ("prepare", "final_record", "answer", "what"),
    [
        pytest.param(
            partial(token_fixtures.prepare, begin=by_default),
            TOKEN_ROTATED,
            3,
            "POST /v1/AuthTokens/Secondary",
            id="auth token",
        ),
        pytest.param(key_fixtures.prepare, KEY_ROTATED, 2, "POST /v1/Keys", id="API key"),
        pytest.param(partial(CREDENTIAL_DUE, kind=AWS), CREDENTIAL_ROTATED, 5, "POST /v1/Credentials/AWS", id="AWS"),
        pytest.param(
            partial(CREDENTIAL_DUE, kind=PUBLIC_KEY),
            CREDENTIAL_ROTATED,
            4,
            "POST /v1/Credentials/PublicKeys",
            id="public key",
        ),
    ],
)
def test_on_each_core(
    prepare: Callable[..., Any],
    final_record: Mapping[str, Any],
    answer: int,
    what: str,
    prove: Callable[[Scenario], Proof],
) -> None:
    prove(kill_once(what, partial(prepare, in_playbook=True), final_record, answer, what))


@needs_other_collections
def test_auth_token_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(token_fixtures.prepare, begin=by_default, vault=vault)

    # Not one kill, but one before and after each save. The other roles use the same store.
    prove(Scenario("in Vault", prepare, TOKEN_ROTATED, kills_at=vaults_saves))


@needs_other_collections
def test_api_key_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(key_fixtures.prepare, vault=vault)

    prove(kill_once("in Vault", prepare, KEY_ROTATED, 4, "POST /v1/Keys"))


@needs_other_collections
def test_credential_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(credential_fixtures.prepare, kind=AWS, begin=credential_due, vault=vault)

    prove(kill_once("AWS in Vault", prepare, CREDENTIAL_ROTATED, 9, "POST /v1/secret/"))


@needs_other_collections
def test_an_access_key_that_amazon_aws_created_before_the_run_was_killed(
    iam: Iam, prove: Callable[[Scenario], Proof]
) -> None:
    prepare = partial(credential_fixtures.prepare, kind=AWS, begin=credential_due, iam=iam)

    prove(kill_once("amazon.aws", prepare, CREDENTIAL_ROTATED, 5, "POST /"))
