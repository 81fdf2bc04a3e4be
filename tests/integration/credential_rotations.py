# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of rotations of the roles that rotate credentials, ``rotate_aws_credential`` and ``rotate_public_key``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import Result, make_sid
from rotations import LONG_AGO, AnyAccounts, AnyOutcome, value_of
from simulator.client import Simulator

NAME = "Recordings of S3"
OLD, NEW = make_sid("CR", 1), make_sid("CR", 2)
OLD_FINGERPRINT, NEW_FINGERPRINT = "0123456789", "1f2e3d4c5b"

#: The target's task files keep the access keys that they made in this fact.
_THERE = "test_rotate_aws_credential_there"

#: The fields of every record, besides its account's SID and the name.
KNOWN: Mapping[str, Any] = {"new": None, "present": [], "verified_at": None}


def record_name(kind: str, account_sid: str, friendly_name: str = NAME) -> str:
    """Return the name of a rotation's record."""
    safe = re.sub("[^a-z0-9_-]", "-", friendly_name.lower())
    return f"{kind}.{account_sid}.{safe}-{hashlib.sha256(friendly_name.encode()).hexdigest()[:8]}"


def credential(sid: str, fingerprint: str | None, date_created: str = LONG_AGO, name: str = NAME) -> dict[str, str]:
    """Return a credential as the simulator is seeded with it."""
    signed = f"{name} #{fingerprint}" if fingerprint else name
    return {"sid": sid, "friendly_name": signed, "date_created": date_created}


@dataclass(frozen=True)
class Rotation:
    """One case of a table, see AnyRotation.

    :param credentials: the credentials at Twilio.
    :param keys: the AWS access keys that there are, as the role's list of them.
    """

    name: str
    credentials: Sequence[Mapping[str, str]] = ()
    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    keys: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome(AnyOutcome):
    """The outcome of a rotation.

    :param credentials: the credentials at Twilio, the oldest first.
    :param keys: the ids of the AWS access keys that there are.
    """

    credentials: Sequence[Mapping[str, Any]]
    keys: Sequence[str]

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
        return [each["sid"] for each in self.credentials]

    @property
    def passed(self) -> list[tuple[str, str, str]]:
        """The hooks that succeeded, each with the SID to use and the SID to use no longer."""
        return [(hook["hook"], hook["sid"], hook["old_sid"]) for hook in self.hooks]

    def assert_untouched(self) -> None:
        """Assert that nothing was written anywhere, with at most one request."""
        assert self.methods in ([], ["GET"])
        assert self.unchanged
        assert not self.changed
        assert self.hooks == []

    def assert_refused(self, *words: str) -> None:
        """Assert that the role failed with a message that contains these words, and changed only its record."""
        assert self.failure is not None
        for word in words:
            assert word in self.failure
        assert self.writes == []
        assert self.record.get("lock") is None

    def assert_moved(self, old: str = "") -> str:
        """Assert that the consumers were moved to a new credential in this run; return its SID."""
        assert self.failure is None
        assert self.record.get("lock") is None
        assert self.result["rotated"] is True
        sid = str(self.result["sid"])
        assert sid in self.sids
        assert self.passed[:2] == [("repoint", sid, old), ("verify", sid, old)]
        return sid

    def assert_finished(self, sid: str) -> None:
        """Assert that this one is left, and that the record is at rest."""
        assert self.failure is None
        assert self.sids == [sid]
        assert self.record["phase"] == self.result["phase"] == "idle"
        assert self.record["current"]["sid"] == self.result["sid"] == sid
        assert self.record["new"] is None
        assert self.record["present"] == []
        assert self.record.get("lock") is None


class Accounts(AnyAccounts[Rotation, Outcome]):
    """The accounts of a table, which keep their state from run to run.

    :param simulator: the simulated Twilio.
    :param folder: everything is written here, the store included.
    :param kind: ``aws_credential`` or ``public_key``.
    :param variables: the role's variables of all rotations, without its prefix; {} stands for the account's SID.
    :param keys: returns the access keys of an account by its SID; by default, the target's task files keep them.
    :param keywords: keywords of the block around the role.
    """

    shown = (_THERE,)
    result_keys = ("phase", "rotated", "due_in_days", "sid")

    def __init__(
        self,
        simulator: Simulator,
        folder: Path,
        kind: str,
        variables: Mapping[str, Any],
        keys: Callable[[str], Sequence[str]] | None = None,
        keywords: Mapping[str, Any] | None = None,
    ) -> None:
        given = ["sid", "old_sid", *(["private_key_path"] if kind == "public_key" else [])]
        super().__init__(simulator, folder, f"rotate_{kind}", ("repoint", "verify"), given, keywords)
        self._kind = kind
        self._field = f"{kind}s"
        self._variables = variables
        self._there: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._keys = keys

    def account_seed(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return an account as the simulator is seeded with it, but for its SID; its access keys are there, too."""
        self._there[self.sid(rotation.name)] = rotation.keys
        return {self._field: list(rotation.credentials)}

    def common_fields(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the fields that all records have in common."""
        return {"friendly_name": NAME, **KNOWN}

    def record_name(self, rotation: Rotation) -> str:
        """Return the name of a rotation's record."""
        return record_name(self._kind, self.sid(rotation.name), str(rotation.variables.get("friendly_name", NAME)))

    def variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the role's variables that all rotations have in common or that the account needs."""
        sid = self.sid(rotation.name)
        (auth_token,) = (state["auth_token"] for state in self.simulator.state()["accounts"] if state["sid"] == sid)
        given = self._variables.items()
        return {
            "friendly_name": NAME,
            "auth_token": auth_token,
            "settle_seconds": 0,
            **{name: value.format(sid) if isinstance(value, str) else value for name, value in given},
        }

    def host_variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the access keys that there are; the facts of the target's task files come before these."""
        return {_THERE: list(self._there[self.sid(rotation.name)])}

    def secrets(self, states: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return all auth tokens, AWS secrets and the lines of private keys."""
        secrets = set()
        for state in states:
            secrets.add(state["auth_token"])
            secrets |= {each["credentials"].partition(":")[2] for each in state["aws_credentials"]}
        for file in (self.folder / "private").glob("*.pem"):
            # Line by line, since output may be wrapped; without the first line, which is the same in every key.
            secrets |= {*file.read_text(encoding="ascii").splitlines()[2:-1]}
        return secrets

    def outcome_of(
        self, rotation: Rotation, results: Sequence[Result], state: Mapping[str, Any], common: Any
    ) -> Outcome:
        """Return the outcome of a rotation; assert that its record holds no secret."""
        sid = self.sid(rotation.name)
        self._there[sid] = value_of(_THERE, results)
        held = str(common["record"])
        assert not [secret for secret in self.secrets([state]) if secret in held], "a record holds a secret"
        return Outcome(
            **common,
            credentials=sorted(state[self._field], key=lambda each: each["date_created"]),
            keys=self._keys(sid) if self._keys else [key["id"] for key in self._there[sid]],
        )

    def forget_keys(self) -> None:
        """Remove all access keys, as if each rotation had a user of its own."""
        self._there = {sid: [] for sid in self._there}
