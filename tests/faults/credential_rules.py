# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a rotation of an AWS credential or of a public key must keep, whatever happens to its runs.

They correspond to the rules of auth tokens, except that the record holds no secret: the credential in use always
exists; after the next run nothing exists that is not in the record; no secret is exposed; a run that finds nothing due
does nothing. In addition, a private key is on disk before Twilio encrypts with it, and is never removed.

The simulator keeps no history of credentials, so the rules are checked while a run is stopped at each of its points:
nothing changes between them.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from kills import Fixture, RunResult
from rules import (
    Store,
    describe_interrupted_save,
    find_secrets,
    list_saved_files,
    problems_of_idle_run,
    problems_of_leftover_files,
    read_journal,
)
from simulator.client import Simulator

AWS, PUBLIC_KEY = "aws_credential", "public_key"


@dataclass(frozen=True)
class CredentialInvariants:
    """The invariants of a credential's rotation.

    :param kind: AWS or PUBLIC_KEY.
    :param account_sid: the account whose credential is rotated.
    :param store: where the record is kept.
    :param journal: the file that lists the SIDs the consumer has used, in order.
    :param inputs: folders that may hold secrets because the test wrote them.
    :param secrets: secrets that must not be exposed, besides those that the runs make.
    :param private_keys: the folder of private keys.
    :param access_keys: returns the existing access keys, each with its secret; None for public keys.
    """

    kind: str
    simulator: Simulator
    account_sid: str
    fixture: Fixture
    store: Store
    journal: Path
    inputs: Sequence[Path]
    secrets: Sequence[str]
    private_keys: Path
    access_keys: Callable[[], Mapping[str, str]] | None = None
    _seen_keys: dict[Path, bytes] = field(default_factory=dict)
    _seen_secrets: set[str] = field(default_factory=set)

    def record(self) -> dict[str, Any]:
        """Return the current record."""
        return self.store.record()

    def state_for_next_run(self) -> Any:
        """Return all that the next run depends on: record, credentials, keys, the credential in use, names of files."""
        if left := describe_interrupted_save(self.fixture):
            return left
        return {
            "play": self.fixture.play,
            # The run that held the lock is dead, so only its presence matters.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "credentials": [
                [each["sid"], each["friendly_name"], each["date_created"], self._key_id(each)]
                for each in self._credentials()
            ],
            "keys": self._keys(),
            "consumer": [line["tokens"] for line in read_journal(self.journal)][-1:],
            "files": list_saved_files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def problems_at_point(self) -> list[str]:
        """Return the violations at a point of a run, which may still be cleaned up later."""
        return self.the_credential_in_use_exists() + self.private_keys_are_kept() + self.no_secret_is_exposed([])

    def problems_after(self, runs: Sequence[RunResult]) -> list[str]:
        """Return the violations after the last of several runs, which ended undisturbed."""
        return [
            *self.the_credential_in_use_exists(),
            *self.nothing_is_orphaned(),
            *self.private_keys_are_kept(),
            *self.no_secret_is_exposed(runs),
            *problems_of_leftover_files(self.fixture),
        ]

    # -- the rules -----------------------------------------------------------------------------------------------

    def the_credential_in_use_exists(self) -> list[str]:
        """Make before break: the credential that the consumer uses exists, and so does its access key."""
        lines = read_journal(self.journal)
        if not lines:
            return []
        (used,) = lines[-1]["tokens"]
        listed = {each["sid"]: each for each in self._credentials()}
        if used not in listed:
            return [f"make before break: the consumer uses {used}, which Twilio does not have"]
        key_id = self._key_id(listed[used])
        if self.access_keys and key_id not in self._keys():
            return [f"make before break: the consumer uses {used}, whose access key {key_id} does not exist"]
        return []

    def nothing_is_orphaned(self) -> list[str]:
        """Rule 2: after the next run, every credential and every access key is in the record."""
        record = self.record()
        known = [record.get("current") or {}, record.get("new") or {}]
        sids, key_ids = ({each.get(name) for each in known} for name in ("sid", "key_id"))
        orphaned = [each["sid"] for each in self._credentials() if each["sid"] not in sids]
        orphaned += [key_id for key_id in self._keys() if key_id not in key_ids]
        return [f"rule 2: {name} exists, and is not in the record" for name in orphaned]

    def private_keys_are_kept(self) -> list[str]:
        """A private key is never removed, and each public key that a run created has its private key."""
        if self.kind != PUBLIC_KEY:
            return []
        existing = {path: path.read_bytes() for path in self.private_keys.glob("*.pem")}
        problems = [
            f"{path.name} was removed or changed"
            for path, content in self._seen_keys.items()
            if existing.get(path) != content
        ]
        self._seen_keys.update(existing)
        fingerprints = {_fingerprint(content) for content in existing.values()}
        problems += [
            f"the private key of {each['sid']} does not exist"
            for each in self._credentials()
            # The names of those that the test made end with no fingerprint.
            if " #" in each["friendly_name"] and each["friendly_name"].rpartition("#")[2] not in fingerprints
        ]
        return problems

    def no_secret_is_exposed(self, runs: Sequence[RunResult]) -> list[str]:
        """Rule 4: no secret is in the output, in a program's arguments, in the record, or in an unexpected file."""
        if self.access_keys:
            self._seen_secrets.update(self.access_keys().values())
        for content in self._seen_keys.values():
            # Line by line, since output may be wrapped; without the first line, which is the same in every key.
            self._seen_secrets.update(content.decode().splitlines()[2:-1])
        secrets = {f"secret {number}": secret for number, secret in enumerate([*self.secrets, *self._seen_secrets], 1)}
        # The tests keep each file that a run puts in place, private keys included.
        allowed = (*self.inputs, self.private_keys, self.fixture.kept)
        problems = find_secrets(secrets, self.fixture.folder, allowed, runs)
        record = json.dumps(self.record(), default=str)
        return problems + [f"rule 4: {name} is in the record" for name, secret in secrets.items() if secret in record]

    def problems_of_idle_run(self, before: Mapping[str, Any], ran: RunResult) -> list[str]:
        """Rule 5: a run that finds nothing due sends at most one request, and changes nothing."""
        return problems_of_idle_run(before, self.record(), ran)

    # -- the current state -------------------------------------------------------------------------------------------

    def _credentials(self) -> list[dict[str, Any]]:
        name = "aws_credentials" if self.kind == AWS else "public_keys"
        credentials: list[dict[str, Any]] = self.simulator.state(self.account_sid)[name]
        return credentials

    def _keys(self) -> list[str]:
        return list(self.access_keys()) if self.access_keys else []

    def _key_id(self, credential: Mapping[str, Any]) -> str:
        return str(credential.get("credentials", "")).partition(":")[0]


@functools.lru_cache
def _fingerprint(private_key: bytes) -> str:
    """Return the end of a public key's friendly name, computed from its private key."""
    public = load_pem_private_key(private_key, password=None).public_key()
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:10]
