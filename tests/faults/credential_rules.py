# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that hold of a rotation of an AWS credential or of a public key, whatever happens to the runs.

They are the rules of auth tokens, but for the record, which holds no secret: consumers can always work with what they
use; after the next run nothing is left that the record does not know; nothing is shown; a run that finds nothing due
does nothing. A private key is on the disk before Twilio encrypts with it, and is never taken away.

The simulator keeps no history of credentials, so that these are judged while a run stands still at each of its points:
in between nothing happens.
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
from kills import Fixture, Ran
from rules import Store, files, half_saved, idle, left_over, shown, taken
from simulator.client import Simulator

AWS, PUBLIC_KEY = "aws_credential", "public_key"


@dataclass(frozen=True)
class CredentialWitness:
    """What must hold in a credential's rotation.

    :param kind: AWS or PUBLIC_KEY.
    :param account_sid: the account whose credential it is.
    :param store: the record.
    :param journal: the file of the SIDs that the consumer uses, one after the other.
    :param inputs: folders that hold secrets because the test put them there.
    :param secrets: what must not be shown, beside what is made.
    :param private_keys: the folder of private keys.
    :param access_keys: returns the access keys that there are, each with its secret; None for public keys.
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
        """Return the record that is there now."""
        return self.store.record()

    def left_behind(self) -> Any:
        """Return all that the next run can find: record, credentials, keys, what the consumer uses, names of files."""
        if left := half_saved(self.fixture):
            return left
        return {
            "play": self.fixture.play,
            # Who held it is dead, whoever it was.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "credentials": [
                [each["sid"], each["friendly_name"], each["date_created"], self._key_id(each)]
                for each in self._credentials()
            ],
            "keys": self._keys(),
            "consumer": [line["tokens"] for line in taken(self.journal)][-1:],
            "files": files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def so_far(self) -> list[str]:
        """Return what is wrong while a run stands still; it, or the next one, may clear away what there is now."""
        return self.consumers_can_work() + self.private_keys_are_kept() + self.nothing_is_shown([])

    def at_the_end(self, runs: Sequence[Ran]) -> list[str]:
        """Return what is wrong after the last of some runs, which got to the end."""
        return [
            *self.consumers_can_work(),
            *self.nothing_is_lost(),
            *self.private_keys_are_kept(),
            *self.nothing_is_shown(runs),
            *left_over(self.fixture),
        ]

    # -- the rules -----------------------------------------------------------------------------------------------

    def consumers_can_work(self) -> list[str]:
        """What the consumer uses is there, and so is the access key in it: make before break."""
        lines = taken(self.journal)
        if not lines:
            return []
        (used,) = lines[-1]["tokens"]
        listed = {each["sid"]: each for each in self._credentials()}
        if used not in listed:
            return [f"make before break: the consumer uses {used}, which Twilio does not have"]
        key_id = self._key_id(listed[used])
        if self.access_keys and key_id not in self._keys():
            return [f"make before break: the consumer uses {used}, whose access key {key_id} is not there"]
        return []

    def nothing_is_lost(self) -> list[str]:
        """After the next run, nothing is left at Twilio or of access keys that the record does not know."""
        record = self.record()
        known = [record.get("current") or {}, record.get("new") or {}]
        sids, key_ids = ({each.get(name) for each in known} for name in ("sid", "key_id"))
        lost = [each["sid"] for each in self._credentials() if each["sid"] not in sids]
        lost += [key_id for key_id in self._keys() if key_id not in key_ids]
        return [f"rule 2: {name} is there, and the record does not know it" for name in lost]

    def private_keys_are_kept(self) -> list[str]:
        """A private key that was once there stays, and Twilio has no public key of ours without one."""
        if self.kind != PUBLIC_KEY:
            return []
        there = {path: path.read_bytes() for path in self.private_keys.glob("*.pem")}
        problems = [
            f"{path.name} was taken away or changed"
            for path, content in self._seen_keys.items()
            if there.get(path) != content
        ]
        self._seen_keys.update(there)
        fingerprints = {_fingerprint(content) for content in there.values()}
        problems += [
            f"the private key of {each['sid']} is not there"
            for each in self._credentials()
            # Those that the test made bear no fingerprint.
            if " #" in each["friendly_name"] and each["friendly_name"].rpartition("#")[2] not in fingerprints
        ]
        return problems

    def nothing_is_shown(self, runs: Sequence[Ran]) -> list[str]:
        """Rule 4: no secret is in what was printed, in an argument, in the record, or in a file where none belongs."""
        if self.access_keys:
            self._seen_secrets.update(self.access_keys().values())
        for content in self._seen_keys.values():
            # The lines, since what is printed may be broken otherwise; but for the first, which is the same in all.
            self._seen_secrets.update(content.decode().splitlines()[2:-1])
        secrets = {f"secret {number}": secret for number, secret in enumerate([*self.secrets, *self._seen_secrets], 1)}
        # What runs put in place, private keys among it, is kept by the tests.
        where_they_belong = (*self.inputs, self.private_keys, self.fixture.kept)
        problems = shown(secrets, self.fixture.folder, where_they_belong, runs)
        record = json.dumps(self.record(), default=str)
        return problems + [f"rule 4: {name} is in the record" for name, secret in secrets.items() if secret in record]

    def is_idle(self, before: Mapping[str, Any], ran: Ran) -> list[str]:
        """Rule 5: a run that finds nothing due sends one request at most, and changes nothing."""
        return idle(before, self.record(), ran)

    # -- what there is -------------------------------------------------------------------------------------------

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
    """Return what a public key's friendly name ends with, by its private key."""
    public = load_pem_private_key(private_key, password=None).public_key()
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:10]
