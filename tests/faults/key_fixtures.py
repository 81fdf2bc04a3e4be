# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the role ``rotate_api_key``, and the rules that its rotations must keep, whatever happens to the runs.

Like those of credentials, the rules are checked while a run is stopped at each of its points: nothing changes between.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import harness
import other_collections
import store
from credential_rotations import record_name
from harness import play
from key_rotations import ANOTHER_MARK, KNOWN, MARK
from kills import Fixture, RunResult, Server, Twilio
from rotations import LONG_AGO
from rules import (
    FileStore,
    Store,
    VaultStore,
    describe_interrupted_save,
    find_secrets,
    list_saved_files,
    problems_of_idle_run,
    problems_of_leftover_files,
    read_journal,
    start_journal,
)
from simulator.client import Simulator

if TYPE_CHECKING:
    from vault_server import Vault

NAME = "shop"


@dataclass(frozen=True)
class Start:
    """The initial state of a fixture, besides a current key that is due.

    :param phase: the phase of the record.
    :param has_marked_key: whether Twilio has another key, with the record's mark.
    :param has_new_key: whether the record holds that key as the new one.
    :param verifies: whether the verify hook succeeds.
    :param variables: variables of the role, without its prefix.
    """

    phase: str = "idle"
    has_marked_key: bool = False
    has_new_key: bool = False
    verifies: bool = True
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KeyInvariants:
    """The invariants of an API key's rotation.

    :param account_sid: the account whose key is rotated.
    :param store: where the record is kept.
    :param journal: the file that lists the SIDs the consumer has used, in order.
    :param inputs: folders that may hold secrets because the test wrote them.
    :param secrets: secrets that must not be exposed, besides those of keys.
    """

    simulator: Simulator
    account_sid: str
    fixture: Fixture
    store: Store
    journal: Path
    inputs: Sequence[Path]
    secrets: Sequence[str]

    def record(self) -> dict[str, Any]:
        """Return the current record."""
        return self.store.record()

    def state_for_next_run(self) -> Any:
        """Return all that the next run depends on: record, keys, the consumer's key, names of files."""
        if left := describe_interrupted_save(self.fixture):
            return left
        orphaned = {sid for sid, _name in self._orphaned()}
        return {
            "play": self.fixture.play,
            # The run that held the lock is dead, so only its presence matters.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "keys": [[each["sid"], each["friendly_name"]] for each in self._keys() if each["sid"] not in orphaned],
            # Any number of orphaned keys is handled alike.
            "orphaned": bool(orphaned),
            "consumer": read_journal(self.journal)[-1]["tokens"],
            "files": list_saved_files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def problems_at_point(self) -> list[str]:
        """Return the violations at a point of a run, which may still be cleaned up later."""
        return self.keys_are_valid() + self.new_keys_are_recorded_or_marked() + self.no_secret_is_exposed([])

    def problems_after(self, runs: Sequence[RunResult]) -> list[str]:
        """Return the violations after the last of several runs, which ended undisturbed."""
        return [
            *self.keys_are_valid(),
            *self.nothing_is_orphaned(),
            *self.no_secret_is_exposed(runs),
            *problems_of_leftover_files(self.fixture),
        ]

    # -- the rules -----------------------------------------------------------------------------------------------

    def keys_are_valid(self) -> list[str]:
        """Rules 1 and 3: a key of the record is valid, with its secret, and so is the key that the consumer uses."""
        secrets = {each["sid"]: each["secret"] for each in self._keys()}
        record = self.record()
        problems = []
        if not any(secrets.get(each.get("sid")) == each.get("secret") for each in (record, record.get("new") or {})):
            problems.append("rule 1: no key of the record is valid")
        (used,) = read_journal(self.journal)[-1]["tokens"]
        if used not in secrets:
            problems.append(f"rule 3: the consumer uses {used}, which is not valid")
        return problems

    def new_keys_are_recorded_or_marked(self) -> list[str]:
        """Rule 2: every key that a run created is in the record, or bears the record's mark."""
        mark = self.record().get("mark")
        return [
            f"rule 2: {sid} is neither in the record nor marked"
            for sid, name in self._orphaned()
            if not mark or not name.endswith(mark)
        ]

    def nothing_is_orphaned(self) -> list[str]:
        """Rule 2: after the next run, every key is in the record."""
        return [f"rule 2: {sid} exists, and is not in the record" for sid, _name in self._orphaned()]

    def no_secret_is_exposed(self, runs: Sequence[RunResult]) -> list[str]:
        """Rule 4: no secret is in the output, in a program's arguments, or in an unexpected file."""
        lives = self.simulator.key_history(self.account_sid)
        seen = [*self.secrets, *(life["secret"] for life in lives)]
        secrets = {f"secret {number}": secret for number, secret in enumerate(seen, 1)}
        return find_secrets(secrets, self.fixture.folder, (self.journal, *self.inputs), runs)

    def problems_of_idle_run(self, before: Mapping[str, Any], ran: RunResult) -> list[str]:
        """Rule 5: a run that finds nothing due sends at most one request, and changes nothing."""
        return problems_of_idle_run(before, self.record(), ran)

    # -- the current state -------------------------------------------------------------------------------------------

    def _keys(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self.simulator.state(self.account_sid)["api_keys"]
        return keys

    def _orphaned(self) -> list[tuple[str, str]]:
        record = self.record()
        known = (record["sid"], (record["new"] or {}).get("sid"))
        return [(each["sid"], each["friendly_name"]) for each in self._keys() if each["sid"] not in known]


def prepare(
    simulator: Simulator,
    folder: Path,
    start: Start = Start(),
    vault: Vault | None = None,
    in_playbook: bool = False,
) -> KeyInvariants:
    """Prepare an account, its record and its consumer, and return the invariants of their rotation.

    :param start: the initial state.
    :param vault: keeps the record; without it, the record is in a file.
    :param in_playbook: whether the role is run by ``ansible-playbook``.
    """
    account_sid, auth_token, password = f"AC{token_hex(16)}", token_hex(16), token_hex(16)
    inputs, records = folder / "inputs", folder / "records"
    inputs.mkdir()
    old, new = ({"sid": f"SK{token_hex(16)}", "secret": token_hex(16)} for _key in range(2))
    keys = [{**old, "friendly_name": f"{NAME} #{ANOTHER_MARK}"}]
    if start.has_marked_key:
        keys.append({**new, "friendly_name": f"{NAME} #{MARK}"})
    simulator.seed({"accounts": [{"sid": account_sid, "auth_token": auth_token, "api_keys": keys}]})
    used = folder / "consumer.jsonl"
    start_journal(used, [old["sid"]])
    servers: list[tuple[Server, str]] = [(Twilio(simulator, new["sid"]), account_sid)]
    token = ""
    if vault:
        token = vault.issue()
        servers.append((vault, token))
        where = {"store": "hashi_vault", "hashi_vault_url": vault.url, "hashi_vault_token": token}
    else:
        where = {"store": "file", "store_path": str(records), "store_password": password}
    use = {"journal": str(used), "tokens": ["{{ rotate_api_key_sid if rotate_api_key_secret | length == 32 }}"]}
    verify = {"name": "Verify", "ansible.legacy.consumer": {**use, "verify": True}}
    refuse = {"name": "Refuse", "ansible.builtin.fail": {"msg": "It does not work."}}
    tasks = {
        "distribute": [{"name": "Distribute", "ansible.legacy.consumer": use}],
        "verify": [verify if start.verifies else refuse],
    }
    for hook, written in tasks.items():
        (inputs / f"{hook}.yml").write_text(json.dumps(written), encoding="utf-8")
    variables = {
        "account_sid": account_sid,
        "auth_token": auth_token,
        "base_url": simulator.url,
        "friendly_name": NAME,
        "grace_days": 0,
        "settle_seconds": 0,
        **where,
        **{f"{hook}_tasks": str(inputs / f"{hook}.yml") for hook in tasks},
        **start.variables,
    }
    file = inputs / "variables.json"
    file.write_text(
        json.dumps({f"rotate_api_key_{name}": value for name, value in variables.items()}), encoding="utf-8"
    )
    role = {"name": "Rotate", "ansible.builtin.include_role": {"name": "community.twilio.rotate_api_key"}}
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    fixture = Fixture(
        folder,
        play([role], vars_files=[str(file)]),
        callers=servers,
        saves_below=[records],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections},
        role=None if in_playbook else ("rotate_api_key", file),
    )
    record: dict[str, Any] = {**KNOWN, **old, "created_at": LONG_AGO, "phase": start.phase}
    if start.phase != "idle":
        record.update(mark=MARK, lock=store.dead_lock())
    if start.has_new_key:
        record["new"] = {**new, "created_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    name = record_name("api_key", account_sid, NAME)
    path = records / f"{name}.yml"
    content = {"account_sid": account_sid, "friendly_name": NAME, **record}
    if vault:
        vault.put(f"twilio/{name}", content)
    else:
        store.write(path, password, content)
    return KeyInvariants(
        simulator,
        account_sid,
        fixture,
        VaultStore(vault, f"twilio/{name}") if vault else FileStore(path, password, fixture.kept),
        used,
        [inputs],
        [secret for secret in (auth_token, password, token) if secret],
    )
