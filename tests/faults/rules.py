# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that hold of a rotation of an auth token, whatever happens to the runs.

Each function returns what is wrong, as sentences without a token in them. What is judged are times: the simulator tells
when each token was valid, a store and a consumer tell what they held since when, all by the machine's monotonic clock.
"""

from __future__ import annotations

import base64
import functools
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import store
from kills import Fixture, Ran
from simulator.client import Simulator

if TYPE_CHECKING:
    from vault_server import Vault

#: The name of the server whose requests are the store's.
STORE = "Vault"

#: The lives of an account's tokens, as the simulator tells them.
Lives = Sequence[Mapping[str, Any]]


class Holding(NamedTuple):
    """What a store or a consumer holds, until the next holding begins.

    :param since: when it began, in seconds of the monotonic clock.
    :param tokens: the tokens that it holds.
    """

    since: float
    tokens: frozenset[str]


class Store(Protocol):
    """Where a fixture's record is kept."""

    def holdings(self) -> Sequence[Holding]:
        """Return all that it has held, in order."""

    def record(self) -> dict[str, Any]:
        """Return the record that is there now, empty if there is none."""


def tokens_of(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the tokens that a record holds."""
    return frozenset(record[name] for name in ("primary", "pending") if record.get(name))


class FileStore:
    """A record in a file.

    :param path: the file.
    :param password: what ansible-vault encrypts it with.
    :param kept: the folder in which the fixture's runs keep what they put in place.
    """

    def __init__(self, path: Path, password: str, kept: Path) -> None:
        self._path, self._password, self._kept = path, password, kept
        self._first = [Holding(time.monotonic(), tokens_of(self.record()))] if path.exists() else []

    def holdings(self) -> Sequence[Holding]:
        """Return all that the file has held.

        :raises AssertionError: where the file is not what was put in its place last.
        """
        listed = self._kept / "kept.jsonl"
        lines = [json.loads(line) for line in listed.read_text().splitlines()] if listed.exists() else []
        put = [line for line in lines if line["path"] == str(self._path)]
        assert not put or self._path.samefile(put[-1]["kept"]), f"{self._path.name} was not replaced by a rename"
        return self._first + [
            Holding(line["since"], tokens_of(store.read(Path(line["kept"]), self._password) or {})) for line in put
        ]

    def record(self) -> dict[str, Any]:
        """Return the record that is there now."""
        return store.read(self._path, self._password) or {}


class VaultStore:
    """A record in HashiCorp Vault.

    :param vault: the server.
    :param path: the record's.
    """

    def __init__(self, vault: Vault, path: str) -> None:
        self._vault, self._path = vault, path

    def holdings(self) -> Sequence[Holding]:
        """Return all versions of it."""
        versions = self._vault.versions(self._path)
        return [Holding(version.since, tokens_of(version.data or {})) for version in versions]

    def record(self) -> dict[str, Any]:
        """Return the last version."""
        versions = self._vault.versions(self._path)
        return dict(versions[-1].data or {}) if versions else {}


@dataclass(frozen=True)
class TokenWitness:
    """What must hold in a token's rotation.

    :param account_sid: the account whose token is rotated.
    :param store: its record.
    :param journal: the file of what its consumer takes; what was there before the first run included.
    :param inputs: files and folders that hold tokens because the test put them there.
    :param secrets: what must not be shown beside the tokens.
    :param is_locked_out: whether the record holds no valid token to begin with, so that rule 1 holds from the first
        one on.
    :param stay: the tokens that no run minted, and that nobody may delete.
    """

    simulator: Simulator
    account_sid: str
    fixture: Fixture
    store: Store
    journal: Path
    inputs: Sequence[Path] = ()
    secrets: Sequence[str] = ()
    is_locked_out: bool = False
    stay: Sequence[str] = ()

    def lives(self) -> Lives:
        """Return the life of each token that the account ever had."""
        lives: Lives = self.simulator.history(self.account_sid)
        return lives

    def record(self) -> dict[str, Any]:
        """Return the record that is there now."""
        return self.store.record()

    def left_behind(self) -> Any:
        """Return all that the next run can find: the record, the account, what the consumer takes, names of files."""
        if left := half_saved(self.fixture):
            return left
        account = self.simulator.state(self.account_sid)
        return {
            "play": self.fixture.play,
            # Who held it is dead, whoever it was.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "account": [account["auth_token"], account["secondary_auth_token"]],
            "consumer": taken(self.journal)[-1]["tokens"],
            "files": files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def so_far(self) -> list[str]:
        """Return what is wrong while a run stands still; it, or the next one, may clear away what there is now."""
        lives = self.lives()
        return [
            *self.store_can_get_in(lives),
            *self.consumers_are_served(lives),
            *self.nothing_is_shown(lives, []),
            *self.nothing_foreign_is_deleted(lives),
        ]

    def at_the_end(self, runs: Sequence[Ran]) -> list[str]:
        """Return what is wrong after the last of some runs, which got to the end."""
        lives = self.lives()
        return [
            *self.store_can_get_in(lives),
            *self.nothing_is_lost(lives),
            *self.consumers_are_served(lives),
            *self.nothing_is_shown(lives, runs),
            *self.nothing_foreign_is_deleted(lives),
            *left_over(self.fixture),
        ]

    # -- the rules ---------------------------------------------------------------------------------------------------

    def store_can_get_in(self, lives: Lives) -> list[str]:
        """Rule 1: at every instant at least one token that the store holds is valid."""
        now = time.monotonic()
        problems = []
        is_excused = self.is_locked_out
        for held, until in _with_ends(self.store.holdings(), now):
            valid = [_validity(life) for life in lives if life["token"] in held.tokens]
            is_excused = is_excused and all(end <= held.since for _begin, end in valid)
            gap = _first_gap(held.since, until, valid)
            if gap and not is_excused:
                problems.append(
                    f"rule 1: for {gap:.3f} s no token was valid that the store held ({_named(held, lives)})"
                )
        return problems

    def nothing_is_lost(self, lives: Lives) -> list[str]:
        """Rule 2: after the next run, no token is valid that a run minted and the store does not know."""
        known = tokens_of(self.record()).union(self.stay)
        lost = [
            number
            for number, life in enumerate(lives, start=1)
            if life["valid_until"] is None and life["token"] not in known
        ]
        return [f"rule 2: token {number} is valid, and the store does not know it" for number in lost]

    def consumers_are_served(self, lives: Lives) -> list[str]:
        """Rule 3: a consumer takes a token before that is the primary, and as long as it is."""
        now = time.monotonic()
        holdings = self._taken()
        problems = []
        for number, life in enumerate(lives, start=1):
            if life["role"] == "primary":
                since = _time(life["promoted_at"] or life["valid_from"])
                until = min(_time(life["valid_until"]), now)
                known = [(held.since, end) for held, end in _with_ends(holdings, now) if life["token"] in held.tokens]
                if gap := _first_gap(max(since, holdings[0].since), until, known):
                    problems.append(f"rule 3: for {gap:.3f} s the consumer did not take token {number}, the primary")
        return problems

    def nothing_is_shown(self, lives: Lives, runs: Iterable[Ran]) -> list[str]:
        """Rule 4: no token is in what was printed, in an argument of a program, or in a file that nobody encrypted."""
        secrets = {f"token {number}": life["token"] for number, life in enumerate(lives, start=1)}
        secrets |= {f"secret {number}": secret for number, secret in enumerate(self.secrets, start=1)}
        return shown(secrets, self.fixture.folder, (self.journal, *self.inputs), runs)

    def is_idle(self, before: Mapping[str, Any], ran: Ran) -> list[str]:
        """Rule 5: a run that finds nothing due sends one request at most, and changes nothing.

        :param before: the record before the run.
        """
        return idle(before, self.record(), ran)

    def nothing_foreign_is_deleted(self, lives: Lives) -> list[str]:
        """Rule 6: no token that the record does not hold is deleted where its own may be the secondary."""
        dead = [
            number
            for number, life in enumerate(lives, start=1)
            if life["token"] in self.stay and life["valid_until"] is not None
        ]
        return [f"rule 6: token {number} is not valid any more" for number in dead]

    def _taken(self) -> list[Holding]:
        return [Holding(line["since"], frozenset(line["tokens"])) for line in taken(self.journal)]


def journal(path: Path, tokens: Iterable[str]) -> None:
    """Begin a consumer's journal with the tokens that it takes before the first run."""
    path.write_text(json.dumps({"since": time.monotonic(), "tokens": list(tokens)}) + "\n", encoding="utf-8")


def taken(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a consumer's journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# -- what rules of tokens and of credentials share ---------------------------------------------------------------


def files(fixture: Fixture) -> list[str]:
    """Return the names of what was saved; the file that all saves in a folder lock is always empty."""
    found = (path for folder in fixture.saves_below for path in folder.rglob("*"))
    return sorted(str(path) for path in found if path.name != ".lock")


def files_beside(fixture: Fixture) -> list[Path]:
    """Return what a save that was killed half-way left."""
    return [path for path in map(Path, files(fixture)) if path.name.startswith(".")]


def half_saved(fixture: Fixture) -> list[Any]:
    """Return what can be found where a save was killed half-way: a file beside, as if there were nothing else but that.

    What is in that file counts for nothing, so that the next run does what it does without it, but for its next save in
    that folder, which is the same in all roles and phases.

    :returns: for each file beside, in which folder it is, and whether there is the one that it was to replace.
    """
    return [
        [path.parent.name, path.with_name(path.name[1:].rsplit(".", 2)[0]).exists()] for path in files_beside(fixture)
    ]


def left_over(fixture: Fixture) -> list[str]:
    """Return what is wrong after a run that saved: a private key may be in what another was writing when killed."""
    return [f"{path.name} was left over by a run that was killed" for path in files_beside(fixture)]


def shown(secrets: Mapping[str, str], folder: Path, inputs: Sequence[Path], runs: Iterable[Ran]) -> list[str]:
    """Return where a secret can be seen: in a file of a fixture, or in what its runs printed.

    :param secrets: by how they may be called.
    :param folder: the fixture's; the arguments of all programs that were started are in it.
    :param inputs: the files and folders in which secrets belong.
    """
    places = [(f"the output of run {number}", ran.result.output.encode()) for number, ran in enumerate(runs, start=1)]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path == known or known in path.parents for known in inputs):
            places.append((str(path.relative_to(folder)), path.read_bytes()))
    return [
        f"rule 4: {name} is in {place}"
        for name, secret in secrets.items()
        for place, content in places
        if any(form in content for form in _forms(secret))
    ]


def idle(before: Mapping[str, Any], after: Mapping[str, Any], ran: Ran) -> list[str]:
    """Return what is wrong with a run that finds nothing due.

    :param before: the record before the run.
    :param after: the record after it.
    """
    problems = []
    if ran.result.status != 0:
        problems.append(f"rule 5: the run that finds nothing due failed:\n{ran.result.output}")
    asked = [request for name, requests in ran.requests.items() if name != STORE for request in requests]
    if len(asked) > 1 or any(request.writes for request in asked):
        problems.append(f"rule 5: the run that finds nothing due sends {[request.what for request in asked]}")
    if ran.changed:
        problems.append("rule 5: the run that finds nothing due reports a change")
    if after != before:
        problems.append("rule 5: the run that finds nothing due changes the record")
    return problems


# -- times ----------------------------------------------------------------------------------------------------------


def _time(instant: Mapping[str, float] | None) -> float:
    """Return an instant of a token's history; what has not happened never does."""
    return math.inf if instant is None else instant["monotonic"]


def _validity(life: Mapping[str, Any]) -> tuple[float, float]:
    return _time(life["valid_from"]), _time(life["valid_until"])


def _with_ends(holdings: Sequence[Holding], now: float) -> Iterable[tuple[Holding, float]]:
    ends = [*(held.since for held in holdings), now][1:]
    return zip(holdings, ends, strict=True)


def _first_gap(since: float, until: float, covered: Sequence[tuple[float, float]]) -> float:
    """Return how long the first time is that none of the intervals covers; 0 if there is none."""
    for begin, end in sorted(covered):
        if begin > since:
            break
        since = max(since, end)
    later = [begin for begin, _end in covered if begin > since]
    return max(0.0, min([until, *later]) - since)


def _named(held: Holding, lives: Lives) -> str:
    numbers = [str(number) for number, life in enumerate(lives, start=1) if life["token"] in held.tokens]
    return "tokens " + ", ".join(numbers) if numbers else "none"


@functools.lru_cache
def _forms(secret: str) -> list[bytes]:
    """Return how a secret may look in a file: as it is, and the three ways it looks within something in base64."""
    forms = [secret.encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode())
        # The ends depend on what stands beside it.
        forms.append(encoded[4 if offset else 0 : -4])
    return forms
