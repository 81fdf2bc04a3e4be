# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation roles are killed at their points, on each scenario through them, and run again."""

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
    not other_collections.FOLDER.exists(), reason="the collections of others were not fetched"
)

ROTATED = {"phase": "idle", "pending": None}

Begin = Callable[[Tokens], Start]


def first(tokens: Tokens) -> dict[str, str]:
    """Return an account that has one token."""
    return {"auth_token": tokens.first}


def both(tokens: Tokens) -> dict[str, str]:
    """Return an account that has two."""
    return {"auth_token": tokens.first, "secondary_auth_token": tokens.second}


def second(tokens: Tokens) -> dict[str, str]:
    """Return an account whose second token was promoted."""
    return {"auth_token": tokens.second}


def now() -> str:
    """Return this moment, as records have it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(tokens: Tokens, phase: str, **more: Any) -> dict[str, Any]:
    """Return a record in a phase, which a run that was killed holds unless nothing is under way."""
    pending = {"pending": tokens.second, "staged_at": now()} if phase in ("staged", "verified") else {}
    held = {} if phase == "idle" else {"lock": store.dead_lock()}
    return {"phase": phase, "primary": tokens.first, **pending, **held, **more}


def start(tokens: Tokens, account: Mapping[str, str], phase: str | None, *consumer: str, **more: Any) -> Start:
    """Return a start with the variables that all have: what a run leaves in one scenario, it may leave in another."""
    variables = {
        "initial_auth_token": tokens.first,
        "initial_rotated_at": LONG_AGO,
        "on_failure": "rollback",
        "replace_unknown": True,
    }
    known = {} if phase is None else record(tokens, phase, primary_known=more.pop("primary_known", True))
    return Start(account, known or None, consumer, variables, **more)


def adopt(tokens: Tokens) -> Start:
    """Return a start without a record, where the first token is given."""
    return start(tokens, first(tokens), None, tokens.first)


def foreign(tokens: Tokens) -> Start:
    """Return a start with nothing under way, and a second token that no run made."""
    return start(tokens, both(tokens), "idle", tokens.first)


def not_known(tokens: Tokens) -> Start:
    """Return the same, where the record does not say which token is the primary, and the account's parent does."""
    return start(tokens, both(tokens), "idle", tokens.first, primary_known=False)


def deleted(tokens: Tokens) -> Start:
    """Return a start with a verified second token that somebody deleted at Twilio."""
    return start(tokens, first(tokens), "verified", tokens.first, tokens.second)


def promoted(tokens: Tokens) -> Start:
    """Return a start with a second token that somebody promoted before it was verified."""
    return start(tokens, second(tokens), "staged", tokens.first, tokens.second)


def cleaning(tokens: Tokens) -> Start:
    """Return a start with the first token as the only one, and consumers still to be cleaned of another."""
    return start(tokens, first(tokens), "cleaning", tokens.first)


def lost(tokens: Tokens) -> Start:
    """Return a start with a record whose token is not valid, while the account's parent reads another."""
    return start(tokens, {"auth_token": tokens.third}, "idle", tokens.third, is_locked_out=True)


def refused(tokens: Tokens) -> Start:
    """Return a start with a consumer that never passes as verified."""
    return start(tokens, first(tokens), "idle", tokens.first, verifies=False)


def by_default(tokens: Tokens) -> Start:
    """With no variable that need not be set."""
    return Start(first(tokens), record(tokens, "idle"), [tokens.first])


def all_points(_point: Point) -> bool:
    """Choose all points."""
    return True


def outside(point: Point) -> bool:
    """Choose the points at which something has happened that is not saved."""
    return point.kind not in (SAVE, REQUEST)


# -- the ways of an auth token -----------------------------------------------------------------------------------

WAYS: Mapping[str, Begin] = {
    "no record": adopt,
    "cleaning": cleaning,
    "somebody promoted the staged token": promoted,
    "somebody deleted the staged token": deleted,
    "a foreign token is there": foreign,
    "the primary is not known, and the parent tells": not_known,
    "locked out, the parent tells another token": lost,
    "verifying fails, rolled back": refused,
}


@pytest.mark.parametrize("name", WAYS)
def test_auth_token(name: str, prove: Callable[[Scenario], Proof]) -> None:
    begin = WAYS[name]
    is_refused = begin is refused
    chooses = outside if is_refused else all_points

    prepare = partial(token_fixtures.fixture, begin=begin)
    prove(Scenario(name, prepare, ROTATED, ends_well=not is_refused, chooses=chooses))


@pytest.mark.parametrize("phase", ["idle", "staging"])
def test_a_token_that_may_be_the_primary_is_not_deleted(phase: str, prove: Callable[[Scenario], Proof]) -> None:
    def begin(tokens: Tokens) -> Start:
        swapped = {"auth_token": tokens.second, "secondary_auth_token": tokens.first}
        nobody_tells = {"primary_known": False, "parent_tells": False, "stay": (tokens.first, tokens.second)}
        return start(tokens, swapped, phase, tokens.first, tokens.second, **nobody_tells)

    # A run that goes on after a kill leaves `staging`, so that what may have been lost stays known.
    prove(Scenario(phase, partial(token_fixtures.fixture, begin=begin), {"pending": None}, ends_well=False))


# -- the ways of credentials ---------------------------------------------------------------------------------------

FINISHED: Mapping[str, Any] = {"phase": "idle", "new": None, "present": []}

#: What somebody deleted at Twilio: the new one, as the record has it.
NEW = {"sid": "CR" + "9" * 32, "key_id": "AKIA" + "9" * 16, "private_key_path": "/new.pem", "fingerprint": "9" * 10}


def credential_due(_old: credential_fixtures.Old) -> credential_fixtures.Start:
    """Return a start without a record, where the credential is due if there is one."""
    return credential_fixtures.Start()


def credential_gone(old: credential_fixtures.Old) -> credential_fixtures.Start:
    """Return a start with a new credential that is recorded, and that somebody deleted at Twilio."""
    current = {"sid": old.sid, "key_id": old.key_id, "fingerprint": None}
    # Not due any more when it is over, so that nothing else begins.
    record = {"phase": "created", "current": current, "new": NEW, "lock": store.dead_lock()}
    return credential_fixtures.Start(record, {"max_age_days": 100000})


@pytest.mark.parametrize(
    ("kind", "begin", "has_old"),
    [
        pytest.param(PUBLIC_KEY, credential_due, True, id="public key, due"),
        pytest.param(PUBLIC_KEY, credential_due, False, id="public key, the first"),
        pytest.param(PUBLIC_KEY, credential_gone, True, id="public key, somebody deleted the new one"),
        pytest.param(AWS, credential_due, True, id="AWS, due"),
        pytest.param(AWS, credential_gone, True, id="AWS, somebody deleted the new one"),
    ],
)
def test_credential(
    kind: str,
    begin: Callable[[credential_fixtures.Old], credential_fixtures.Start],
    has_old: bool,
    request: pytest.FixtureRequest,
    prove: Callable[[Scenario], Proof],
) -> None:
    prepare = partial(credential_fixtures.fixture, kind=kind, begin=begin, has_old=has_old)

    # The saves of a public key are those of an access key.
    prove(Scenario(request.node.name, prepare, FINISHED, chooses=all_points if kind == AWS else outside))


def test_a_token_in_a_store_of_task_files(prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(token_fixtures.fixture, begin=adopt, own_store=True)

    prove(Scenario("task files", prepare, ROTATED, chooses=outside))


def test_a_credential_in_a_store_of_task_files(prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(credential_fixtures.fixture, kind=AWS, begin=credential_due, own_store=True)

    prove(Scenario("task files", prepare, FINISHED, chooses=outside))


# -- the ways of an API key ----------------------------------------------------------------------------------------

KEY_OVER: Mapping[str, Any] = {"phase": "idle", "new": None, "mark": None}

KEY_WAYS: Mapping[str, key_fixtures.Start] = {
    "due": key_fixtures.Start(),
    "a key was lost": key_fixtures.Start("creating", marked=True),
    "somebody deleted the new one": key_fixtures.Start("created", knows=True),
    "verifying fails, rolled back": key_fixtures.Start(verifies=False, variables={"on_failure": "rollback"}),
}


@pytest.mark.parametrize("name", KEY_WAYS)
def test_api_key(name: str, prove: Callable[[Scenario], Proof]) -> None:
    start = KEY_WAYS[name]
    prepare = partial(key_fixtures.fixture, start=start)
    prove(Scenario(name, prepare, KEY_OVER, ends_well=start.verifies, chooses=outside))


# -- one kill ------------------------------------------------------------------------------------------------------

# With a store or with keys that take long, and on other releases of ansible-core: what stands between is proved above.


@pytest.fixture(scope="module")
def iam() -> Iterator[Iam]:
    """Run an IAM."""
    # Not every session of nox has the server.
    from iam import Iam

    with Iam() as running:
        yield running


def kill_once(name: str, prepare: Callable[..., Any], ends_with: Mapping[str, Any], answer: int, what: str) -> Scenario:
    """Return a scenario whose first run is killed when it has an answer to a request of that number."""
    return Scenario(name, prepare, ends_with, chooses=lambda _point: False, first=Point(ANSWER, answer, what))


CREDENTIAL_DUE = partial(credential_fixtures.fixture, begin=credential_due)


@pytest.mark.parametrize(
    ("prepare", "ends_with", "answer", "what"),
    [
        pytest.param(
            partial(token_fixtures.fixture, begin=by_default),
            ROTATED,
            3,
            "POST /v1/AuthTokens/Secondary",
            id="auth token",
        ),
        pytest.param(key_fixtures.fixture, KEY_OVER, 2, "POST /v1/Keys", id="API key"),
        pytest.param(partial(CREDENTIAL_DUE, kind=AWS), FINISHED, 5, "POST /v1/Credentials/AWS", id="AWS"),
        pytest.param(
            partial(CREDENTIAL_DUE, kind=PUBLIC_KEY), FINISHED, 4, "POST /v1/Credentials/PublicKeys", id="public key"
        ),
    ],
)
def test_on_each_core(
    prepare: Callable[..., Any],
    ends_with: Mapping[str, Any],
    answer: int,
    what: str,
    prove: Callable[[Scenario], Proof],
) -> None:
    prove(kill_once(what, partial(prepare, in_playbook=True), ends_with, answer, what))


@needs_other_collections
def test_auth_token_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(token_fixtures.fixture, begin=by_default, vault=vault)

    # The token is minted, and not saved.
    prove(kill_once("in Vault", prepare, ROTATED, 5, "POST /v1/AuthTokens/Secondary"))


@needs_other_collections
def test_api_key_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(key_fixtures.fixture, vault=vault)

    prove(kill_once("in Vault", prepare, KEY_OVER, 4, "POST /v1/Keys"))


@needs_other_collections
def test_credential_in_vault(vault: Vault, prove: Callable[[Scenario], Proof]) -> None:
    prepare = partial(credential_fixtures.fixture, kind=AWS, begin=credential_due, vault=vault)

    prove(kill_once("AWS in Vault", prepare, FINISHED, 8, "POST /v1/secret/"))


@needs_other_collections
def test_an_access_key_that_amazon_aws_made_and_nobody_was_told_of(
    iam: Iam, prove: Callable[[Scenario], Proof]
) -> None:
    prepare = partial(credential_fixtures.fixture, kind=AWS, begin=credential_due, iam=iam)

    prove(kill_once("amazon.aws", prepare, FINISHED, 5, "POST /"))
