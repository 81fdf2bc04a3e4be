# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of rotations of the role ``rotate_api_key``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import credential_rotations
from harness import Result
from rotations import LONG_AGO, AnyAccounts, AnyOutcome
from simulator.client import Simulator

NAME = "Shop of Ann"
MARK, ANOTHER_MARK = "0123456789", "abcdef0123"
TOKEN = "1" * 32

#: The fields of every record, besides its account's SID and the name.
KNOWN: Mapping[str, Any] = {
    "sid": None,
    "secret": None,
    "created_at": None,
    "new": None,
    "mark": None,
    "verified_at": None,
}


def key(number: int, mark: str = "", **more: Any) -> dict[str, Any]:
    """Return a key as the simulator is seeded with it; numbers are unique in a table, since SIDs are in the world."""
    name = f"{NAME} #{mark}" if mark else NAME
    secret = hashlib.sha256(f"secret {number}".encode()).hexdigest()[:32]
    return {"sid": f"SK{number:032x}", "secret": secret, "friendly_name": name, **more}


def key_record(key: Mapping[str, Any], created_at: str = LONG_AGO, adopted: bool = False) -> dict[str, Any]:
    """Return what a record holds of a key."""
    return {"sid": key["sid"], "secret": None if adopted else key["secret"], "created_at": created_at}


@dataclass(frozen=True)
class Rotation:
    """One case of a table, see AnyRotation.

    :param keys: the keys at Twilio.
    :param account: how the account is seeded beside.
    """

    name: str
    keys: Sequence[Mapping[str, Any]] = ()
    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome(AnyOutcome):
    """The outcome of a rotation.

    :param keys: the keys at Twilio.
    :param secrets: of each key there ever was, by its SID.
    """

    keys: Sequence[Mapping[str, Any]]
    secrets: Mapping[str, str]

    @property
    def methods(self) -> list[str]:
        """The HTTP verbs of the requests."""
        return [entry["method"] for entry in self.requests]

    @property
    def writes(self) -> list[str]:
        """The requests that write."""
        return [method for method in self.methods if method != "GET"]

    @property
    def sids(self) -> list[str]:
        """The SIDs of what exists at Twilio."""
        return [each["sid"] for each in self.keys]

    @property
    def passed(self) -> list[tuple[str, str, str]]:
        """The hooks that succeeded, each with the SID to use and the SID to use no longer."""
        return [(hook["hook"], hook["sid"], hook["previous_sid"]) for hook in self.hooks]

    def assert_given(self) -> None:
        """Assert that each hook was given a secret that belongs to its SID."""
        for hook in self.hooks:
            assert hook["secret"] == self.secrets[hook["sid"]]

    def assert_untouched(self) -> None:
        """Assert that nothing was written anywhere, with at most one request."""
        assert self.methods in ([], ["GET"])
        assert self.unchanged
        assert not self.changed
        assert self.hooks == []

    def assert_finished(self, *others: str) -> str:
        """Assert that the consumers have a new key, alone but for others of the name, and return its SID."""
        assert self.failure is None
        assert self.result["rotated"] is True
        assert self.record["phase"] == self.result["phase"] == "idle"
        assert (self.record["new"], self.record["mark"], self.record.get("lock")) == (None, None, None)
        sid = str(self.result["sid"])
        assert self.record["sid"] == sid
        assert sorted(self.sids) == sorted([sid, *others])
        assert self.result["kept"] == [*others]
        (made,) = [each for each in self.keys if each["sid"] == sid]
        assert made["secret"] == self.record["secret"]
        self.assert_given()
        return sid


class Accounts(AnyAccounts[Rotation, Outcome]):
    """The accounts of a table, which keep their state from run to run.

    :param simulator: the simulated Twilio.
    :param folder: everything is written here, the store included.
    """

    result_keys = ("phase", "rotated", "due_in_days", "sid", "kept", "msg")

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        given = ("sid", "secret", "previous_sid")
        super().__init__(simulator, folder, "rotate_api_key", ("distribute", "verify"), given)

    def account_seed(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the simulator's seed of an account, without its SID."""
        return {"auth_token": TOKEN, "api_keys": list(rotation.keys), **rotation.account}

    def common_fields(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the fields that all records have in common."""
        return {"friendly_name": NAME, **KNOWN}

    def record_name(self, rotation: Rotation) -> str:
        """Return the name of a rotation's record."""
        return credential_rotations.record_name("api_key", self.sid(rotation.name), NAME)

    def variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the role's variables that all rotations have in common."""
        return {"friendly_name": NAME, "auth_token": TOKEN, "settle_seconds": 0}

    def secrets(self, states: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return all auth tokens, and the secret of every key that there ever was."""
        tokens = {state["auth_token"] for state in states}
        return tokens | {life["secret"] for lives in self.simulator.key_history().values() for life in lives}

    def outcome_of(
        self, rotation: Rotation, results: Sequence[Result], state: Mapping[str, Any], common: Any
    ) -> Outcome:
        """Return the outcome of a rotation."""
        lives = self.simulator.key_history(self.sid(rotation.name))
        return Outcome(**common, keys=state["api_keys"], secrets={life["sid"]: life["secret"] for life in lives})
