# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a rotation of an auth token must keep, whatever happens to its runs.

Each check returns the violations as sentences that contain no token. The checks compare times: the simulator records
when each token was valid, the store and the consumer record which tokens they held and since when, all on the machine's
monotonic clock.
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
from kills import Fixture, RunResult
from simulator.client import Simulator

if TYPE_CHECKING:
    from vault_server import Vault

#: The name of the server whose requests are the store's.
STORE = "Vault"

#: The lives of an account's tokens, as the simulator reports them.
Lives = Sequence[Mapping[str, Any]]


class Holding(NamedTuple):
    """The tokens that a store or a consumer holds, until the next holding begins.

    :param since: when this holding began, in seconds of the monotonic clock.
    :param tokens: the tokens held.
    """

    since: float
    tokens: frozenset[str]


class Store(Protocol):
    """Where a fixture's record is kept."""

    def holdings(self) -> Sequence[Holding]:
        """Return everything that it has held, in order."""

    def record(self) -> dict[str, Any]:
        """Return the current record, empty if there is none."""


def tokens_of(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the tokens that a record holds."""
    return frozenset(record[name] for name in ("primary", "pending") if record.get(name))


class FileStore:
    """A record in a file.

    :param path: the file.
    :param password: the ansible-vault password.
    :param kept: the folder in which the fixture's runs keep a link to each file that they rename into place.
    """

    def __init__(self, path: Path, password: str, kept: Path) -> None:
        self._path, self._password, self._kept = path, password, kept
        self._first = [Holding(time.monotonic(), tokens_of(self.record()))] if path.exists() else []

    def holdings(self) -> Sequence[Holding]:
        """Return everything that the file has held.

        :raises AssertionError: if the file is not the one that was last renamed into place.
        """
        listed = self._kept / "kept.jsonl"
        lines = [json.loads(line) for line in listed.read_text().splitlines()] if listed.exists() else []
        put = [line for line in lines if line["path"] == str(self._path)]
        assert not put or self._path.samefile(put[-1]["kept"]), f"{self._path.name} was not replaced by a rename"
        return self._first + [
            Holding(line["since"], tokens_of(store.read(Path(line["kept"]), self._password) or {})) for line in put
        ]

    def record(self) -> dict[str, Any]:
        """Return the current record."""
        return store.read(self._path, self._password) or {}


class VaultStore:
    """A record in HashiCorp Vault.

    :param vault: the server.
    :param path: the path of the record.
    """

    def __init__(self, vault: Vault, path: str) -> None:
        self._vault, self._path = vault, path

    def holdings(self) -> Sequence[Holding]:
        """Return what each version of the record held."""
        versions = self._vault.versions(self._path)
        return [Holding(version.since, tokens_of(version.data or {})) for version in versions]

    def record(self) -> dict[str, Any]:
        """Return the latest version."""
        return self._vault.get(self._path) or {}


@dataclass(frozen=True)
class TokenInvariants:
    """The invariants of an auth token's rotation.

    :param account_sid: the account whose token is rotated.
    :param store: where its record is kept.
    :param journal: the file that lists the tokens its consumer accepts, from before the first run on.
    :param inputs: files and folders that may hold tokens because the test wrote them.
    :param secrets: further secrets that must not be exposed.
    :param is_locked_out: whether the record holds no valid token at first; rule 1 then applies from the first valid one
        on.
    :param protected: tokens that no run created, and that no run may delete.
    """

    simulator: Simulator
    account_sid: str
    fixture: Fixture
    store: Store
    journal: Path
    inputs: Sequence[Path] = ()
    secrets: Sequence[str] = ()
    is_locked_out: bool = False
    protected: Sequence[str] = ()

    def lives(self) -> Lives:
        """Return the life of each token that the account ever had."""
        lives: Lives = self.simulator.history(self.account_sid)
        return lives

    def record(self) -> dict[str, Any]:
        """Return the current record."""
        return self.store.record()

    def state_for_next_run(self) -> Any:
        """Return all that the next run depends on: record, account, the consumer's tokens, names of files."""
        if left := describe_interrupted_save(self.fixture):
            return left
        account = self.simulator.state(self.account_sid)
        return {
            "play": self.fixture.play,
            # The run that held the lock is dead, so only its presence matters.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "account": [account["auth_token"], account["secondary_auth_token"]],
            "consumer": read_journal(self.journal)[-1]["tokens"],
            "files": list_saved_files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def problems_at_point(self) -> list[str]:
        """Return the violations at a point of a run, which may still be cleaned up later."""
        lives = self.lives()
        return [
            *self.store_holds_a_valid_token(lives),
            *self.consumers_accept_the_primary(lives),
            *self.no_secret_is_exposed(lives, []),
            *self.no_foreign_token_is_deleted(lives),
        ]

    def problems_after(self, runs: Sequence[RunResult]) -> list[str]:
        """Return the violations after the last of several runs, which ended undisturbed."""
        lives = self.lives()
        return [
            *self.store_holds_a_valid_token(lives),
            *self.nothing_is_orphaned(lives),
            *self.consumers_accept_the_primary(lives),
            *self.no_secret_is_exposed(lives, runs),
            *self.no_foreign_token_is_deleted(lives),
            *problems_of_leftover_files(self.fixture),
        ]

    # -- the rules ---------------------------------------------------------------------------------------------------

    def store_holds_a_valid_token(self, lives: Lives) -> list[str]:
        """Rule 1: at every moment, at least one token in the store is valid."""
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

    def nothing_is_orphaned(self, lives: Lives) -> list[str]:
        """Rule 2: after the next run, every valid token that a run created is in the store."""
        known = tokens_of(self.record()).union(self.protected)
        lost = [
            number
            for number, life in enumerate(lives, start=1)
            if life["valid_until"] is None and life["token"] not in known
        ]
        return [f"rule 2: token {number} is valid, and the store does not hold it" for number in lost]

    def consumers_accept_the_primary(self, lives: Lives) -> list[str]:
        """Rule 3: a consumer accepts a token before it becomes the primary, and for as long as it is the primary."""
        now = time.monotonic()
        holdings = self._taken()
        problems = []
        for number, life in enumerate(lives, start=1):
            if life["role"] == "primary":
                since = _time(life["promoted_at"] or life["valid_from"])
                until = min(_time(life["valid_until"]), now)
                known = [(held.since, end) for held, end in _with_ends(holdings, now) if life["token"] in held.tokens]
                if gap := _first_gap(max(since, holdings[0].since), until, known):
                    problems.append(f"rule 3: for {gap:.3f} s the consumer did not accept token {number}, the primary")
        return problems

    def no_secret_is_exposed(self, lives: Lives, runs: Iterable[RunResult]) -> list[str]:
        """Rule 4: no token is in the output, in a program's arguments, or in an unencrypted file."""
        secrets = {f"token {number}": life["token"] for number, life in enumerate(lives, start=1)}
        secrets |= {f"secret {number}": secret for number, secret in enumerate(self.secrets, start=1)}
        return find_secrets(secrets, self.fixture.folder, (self.journal, *self.inputs), runs)

    def problems_of_idle_run(self, before: Mapping[str, Any], ran: RunResult) -> list[str]:
        """Rule 5: a run that finds nothing due sends at most one request, and changes nothing.

        :param before: the record before the run.
        """
        return problems_of_idle_run(before, self.record(), ran)

    def no_foreign_token_is_deleted(self, lives: Lives) -> list[str]:
        """Rule 6: a token that is not in the record is not deleted while the record's own may be the secondary."""
        dead = [
            number
            for number, life in enumerate(lives, start=1)
            if life["token"] in self.protected and life["valid_until"] is not None
        ]
        return [f"rule 6: token {number} is not valid any more" for number in dead]

    def _taken(self) -> list[Holding]:
        return [Holding(line["since"], frozenset(line["tokens"])) for line in read_journal(self.journal)]


def start_journal(path: Path, tokens: Iterable[str]) -> None:
    """Start a consumer's journal with the tokens that it accepts before the first run."""
    path.write_text(json.dumps({"since": time.monotonic(), "tokens": list(tokens)}) + "\n", encoding="utf-8")


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a consumer's journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# -- shared by the rules of tokens, keys and credentials ---------------------------------------------------------------


def list_saved_files(fixture: Fixture) -> list[str]:
    """Return the names of all saved files, without the lock files, which are always empty."""
    found = (path for folder in fixture.saves_below for path in folder.rglob("*"))
    return sorted(str(path) for path in found if path.name != ".lock")


def list_temporary_files(fixture: Fixture) -> list[Path]:
    """Return the temporary files that an interrupted save left."""
    return [path for path in map(Path, list_saved_files(fixture)) if path.name.startswith(".")]


def describe_interrupted_save(fixture: Fixture) -> list[Any]:
    """Return a description of the temporary files that an interrupted save left, which stands for the whole state.

    Their content is never used. They matter to the next run only in its next save to that folder, which is the same in
    all roles and phases.

    :returns: for each temporary file its folder, and whether the file that it was to replace exists.
    """
    return [
        [path.parent.name, path.with_name(path.name[1:].rsplit(".", 2)[0]).exists()]
        for path in list_temporary_files(fixture)
    ]


def problems_of_leftover_files(fixture: Fixture) -> list[str]:
    """Return the temporary files that a saving run failed to remove; one may hold a private key."""
    return [f"{path.name} was left over by a run that was killed" for path in list_temporary_files(fixture)]


def find_secrets(
    secrets: Mapping[str, str], folder: Path, inputs: Sequence[Path], runs: Iterable[RunResult]
) -> list[str]:
    """Return where a secret is exposed: in a file of the fixture, or in the output of its runs.

    :param secrets: the secrets by names that may be printed.
    :param folder: the fixture's, which also records the arguments of all programs that were started.
    :param inputs: the files and folders that may hold secrets.
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


def problems_of_idle_run(before: Mapping[str, Any], after: Mapping[str, Any], ran: RunResult) -> list[str]:
    """Return the violations of rule 5.

    :param before: the record before the run.
    :param after: the record after it.
    """
    problems = []
    if ran.result.status != 0:
        problems.append(f"rule 5: the run that finds nothing due failed:\n{ran.result.output}")
    sent = [request for name, requests in ran.requests.items() if name != STORE for request in requests]
    if len(sent) > 1 or any(request.writes for request in sent):
        problems.append(f"rule 5: the run that finds nothing due sends {[request.what for request in sent]}")
    if ran.changed:
        problems.append("rule 5: the run that finds nothing due reports a change")
    if after != before:
        problems.append("rule 5: the run that finds nothing due changes the record")
    return problems


# -- times ----------------------------------------------------------------------------------------------------------


def _time(instant: Mapping[str, float] | None) -> float:
    """Return a moment of a token's history, infinity if it has not happened."""
    return math.inf if instant is None else instant["monotonic"]


def _validity(life: Mapping[str, Any]) -> tuple[float, float]:
    return _time(life["valid_from"]), _time(life["valid_until"])


def _with_ends(holdings: Sequence[Holding], now: float) -> Iterable[tuple[Holding, float]]:
    ends = [*(held.since for held in holdings), now][1:]
    return zip(holdings, ends, strict=True)


def _first_gap(since: float, until: float, covered: Sequence[tuple[float, float]]) -> float:
    """Return the length of the first gap that none of the intervals covers, 0 if there is none."""
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
    """Return the forms in which a secret may appear in a file: as it is, and its three alignments within base64."""
    forms = [secret.encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode())
        # The first and last characters depend on the neighbouring bytes.
        forms.append(encoded[4 if offset else 0 : -4])
    return forms
