# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of rotations of the role ``rotate_auth_token``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import Result
from rotations import LONG_AGO, AnyAccounts, AnyOutcome
from simulator.client import Simulator

HOOKS = ("distribute", "verify", "clean")
#: The fields of every record, besides its account's SID, its phase and its primary.
KNOWN: Mapping[str, Any] = {"pending": None, "rotated_at": LONG_AGO, "staged_at": None, "primary_known": True}

PRIMARY, PENDING, OTHER = "1" * 32, "2" * 32, "3" * 32


def only(*hooks: str) -> dict[str, str]:
    """Return the variables of a rotation with only these hooks, since each costs five tasks."""
    return {f"{hook}_tasks": "" for hook in HOOKS if hook not in hooks}


@dataclass(frozen=True)
class Rotation:
    """One case of a table, see AnyRotation.

    :param account: further fields of the account's seed; its primary is PRIMARY by default.
    """

    name: str
    account: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome(AnyOutcome):
    """The outcome of a rotation.

    :param state: the account's state in the simulator.
    """

    state: Mapping[str, Any]

    @property
    def sent(self) -> list[str]:
        """The requests, as verb and the last part of the path."""
        return [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in self.requests]

    @property
    def writes(self) -> list[str]:
        """The requests that are no GET."""
        return [sent for sent in self.sent if not sent.startswith("GET")]

    @property
    def passed(self) -> list[str]:
        """The hooks that succeeded."""
        return [hook["hook"] for hook in self.hooks]

    @property
    def valid(self) -> set[str]:
        """The valid tokens."""
        return {token for token in (self.state["auth_token"], self.state["secondary_auth_token"]) if token}

    def assert_rotated(self, *hooks: str) -> None:
        """Assert that a new token is the only valid one, and that all hooks succeeded."""
        assert self.failure is None
        assert self.record["phase"] == "idle"
        assert self.record["pending"] is None
        assert self.record.get("lock") is None
        assert self.valid == {self.record["primary"]}
        assert self.record["primary"] != PRIMARY
        assert self.result["rotated"] is True
        assert self.passed == list(hooks)


class Accounts(AnyAccounts[Rotation, Outcome]):
    """The accounts of a table, which keep their state from run to run.

    :param simulator: the simulated Twilio.
    :param folder: everything is written here, the store included.
    :param keywords: keywords of the block around the role.
    """

    def __init__(self, simulator: Simulator, folder: Path, keywords: Mapping[str, Any] | None = None) -> None:
        super().__init__(simulator, folder, "rotate_auth_token", HOOKS, ("primary", "pending"), keywords)

    def account_seed(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the simulator's seed of an account, without its SID."""
        return {"auth_token": PRIMARY, **rotation.account}

    def common_fields(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the fields that all records have in common."""
        return KNOWN

    def record_name(self, rotation: Rotation) -> str:
        """Return the name of a rotation's record."""
        return self.sid(rotation.name)

    def variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the role's variables that all rotations have in common."""
        return {"settle_seconds": 0}

    def secrets(self, states: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return every token that ever existed."""
        return {life["token"] for lives in self.simulator.history().values() for life in lives}

    def outcome_of(
        self, rotation: Rotation, results: Sequence[Result], state: Mapping[str, Any], common: Any
    ) -> Outcome:
        """Return the outcome of a rotation."""
        return Outcome(**common, state=state)
