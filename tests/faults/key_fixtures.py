# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenes for the role ``rotate_api_key``, and the rules that hold of them, whatever happens to the runs.

Like credentials, keys are judged while a run stands still at each of its points: in between nothing happens.
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
from kills import Fixture, Ran, Server, Twilio
from rotations import LONG_AGO
from rules import FileStore, Store, VaultStore, files, half_saved, idle, journal, left_over, shown, taken
from simulator.client import Simulator

if TYPE_CHECKING:
    from vault_server import Vault

NAME = "shop"


@dataclass(frozen=True)
class Start:
    """How a fixture begins: with a current key that is due, and what is said here.

    :param phase: the record's.
    :param marked: whether there is another key at Twilio, of the record's mark.
    :param knows: whether the record holds that key as the new one.
    :param verifies: whether the hook that verifies ever succeeds.
    :param variables: the role's, without its prefix.
    """

    phase: str = "idle"
    marked: bool = False
    knows: bool = False
    verifies: bool = True
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class KeyWitness:
    """What must hold in an API key's rotation.

    :param account_sid: the account whose key it is.
    :param store: the record.
    :param journal: the file of the SIDs that the consumer uses, one after the other.
    :param inputs: folders that hold secrets because the test put them there.
    :param secrets: what must not be shown, beside the secrets of keys.
    """

    simulator: Simulator
    account_sid: str
    fixture: Fixture
    store: Store
    journal: Path
    inputs: Sequence[Path]
    secrets: Sequence[str]

    def record(self) -> dict[str, Any]:
        """Return the record that is there now."""
        return self.store.record()

    def left_behind(self) -> Any:
        """Return all that the next run can find: the record, the keys, what the consumer uses, names of files."""
        if left := half_saved(self.fixture):
            return left
        lost = {sid for sid, _name in self._lost()}
        return {
            "play": self.fixture.play,
            # Who held it is dead, whoever it was.
            "record": {**self.record(), "lock": bool(self.record().get("lock"))},
            "keys": [[each["sid"], each["friendly_name"]] for each in self._keys() if each["sid"] not in lost],
            # One more than one is deleted in the same scenario.
            "lost": bool(lost),
            "consumer": taken(self.journal)[-1]["tokens"],
            "files": files(self.fixture),
            "inputs": [path.read_text(encoding="utf-8") for folder in self.inputs for path in sorted(folder.iterdir())],
        }

    def so_far(self) -> list[str]:
        """Return what is wrong while a run stands still; it, or the next one, may clear away what there is now."""
        return self.keys_are_valid() + self.nothing_is_unknown() + self.nothing_is_shown([])

    def at_the_end(self, runs: Sequence[Ran]) -> list[str]:
        """Return what is wrong after the last of some runs, which got to the end."""
        return [
            *self.keys_are_valid(),
            *self.nothing_is_lost(),
            *self.nothing_is_shown(runs),
            *left_over(self.fixture),
        ]

    # -- the rules -----------------------------------------------------------------------------------------------

    def keys_are_valid(self) -> list[str]:
        """Rules 1 and 3: a key of the record is valid with its secret, and so is the one that the consumer uses."""
        secrets = {each["sid"]: each["secret"] for each in self._keys()}
        record = self.record()
        problems = []
        if not any(secrets.get(each.get("sid")) == each.get("secret") for each in (record, record.get("new") or {})):
            problems.append("rule 1: no key of the record is valid")
        (used,) = taken(self.journal)[-1]["tokens"]
        if used not in secrets:
            problems.append(f"rule 3: the consumer uses {used}, which is not valid")
        return problems

    def nothing_is_unknown(self) -> list[str]:
        """Rule 2: whatever a run has created is in the record, or bears its mark."""
        mark = self.record().get("mark")
        return [f"rule 2: {sid} is unknown" for sid, name in self._lost() if not mark or not name.endswith(mark)]

    def nothing_is_lost(self) -> list[str]:
        """Rule 2: after the next run, nothing is left that the record does not know."""
        return [f"rule 2: {sid} is there, and the record does not know it" for sid, _name in self._lost()]

    def nothing_is_shown(self, runs: Sequence[Ran]) -> list[str]:
        """Rule 4: no secret is in what was printed, in an argument, or in a file where none belongs."""
        lives = self.simulator.key_history(self.account_sid)
        seen = [*self.secrets, *(life["secret"] for life in lives)]
        secrets = {f"secret {number}": secret for number, secret in enumerate(seen, 1)}
        return shown(secrets, self.fixture.folder, (self.journal, *self.inputs), runs)

    def is_idle(self, before: Mapping[str, Any], ran: Ran) -> list[str]:
        """Rule 5: a run that finds nothing due sends one request at most, and changes nothing."""
        return idle(before, self.record(), ran)

    # -- what there is -------------------------------------------------------------------------------------------

    def _keys(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self.simulator.state(self.account_sid)["api_keys"]
        return keys

    def _lost(self) -> list[tuple[str, str]]:
        record = self.record()
        known = (record["sid"], (record["new"] or {}).get("sid"))
        return [(each["sid"], each["friendly_name"]) for each in self._keys() if each["sid"] not in known]


def fixture(
    simulator: Simulator,
    folder: Path,
    start: Start = Start(),
    vault: Vault | None = None,
    in_playbook: bool = False,
) -> KeyWitness:
    """Prepare an account, its record and its consumer.

    :param start: how it begins.
    :param vault: where the record is kept; in a file if there is none.
    :param in_playbook: whether the role is run by ``ansible-playbook``, as it is with Vault.
    """
    account_sid, auth_token, password = f"AC{token_hex(16)}", token_hex(16), token_hex(16)
    inputs, records = folder / "inputs", folder / "records"
    inputs.mkdir()
    old, new = ({"sid": f"SK{token_hex(16)}", "secret": token_hex(16)} for _key in range(2))
    keys = [{**old, "friendly_name": f"{NAME} #{ANOTHER_MARK}"}]
    if start.marked:
        keys.append({**new, "friendly_name": f"{NAME} #{MARK}"})
    simulator.seed({"accounts": [{"sid": account_sid, "auth_token": auth_token, "api_keys": keys}]})
    used = folder / "consumer.jsonl"
    journal(used, [old["sid"]])
    servers: list[tuple[Server, str]] = [(Twilio(simulator, new["sid"]), account_sid)]
    token = ""
    if vault:
        token = vault.issue()
        servers.append((vault, token))
        where = {"store": "hashi_vault", "hashi_vault_url": vault.url, "hashi_vault_token": token}
    else:
        where = {"store": "file", "store_path": str(records), "store_password": password}
    use = {"journal": str(used), "tokens": ["{{ rotate_api_key_sid if rotate_api_key_secret | length == 32 }}"]}
    verify = {"name": "Verify", "ansible.legacy.consumer": {**use, "look": True}}
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
    made = Fixture(
        folder,
        play([role], vars_files=[str(file)]),
        callers=servers,
        saves_below=[records],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections},
        role=None if vault or in_playbook else ("rotate_api_key", file),
    )
    record: dict[str, Any] = {**KNOWN, **old, "created_at": LONG_AGO, "phase": start.phase}
    if start.phase != "idle":
        record.update(mark=MARK, lock=store.dead_lock())
    if start.knows:
        record["new"] = {**new, "created_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    name = record_name("api_key", account_sid, NAME)
    path = records / f"{name}.yml"
    content = {"account_sid": account_sid, "friendly_name": NAME, **record}
    if vault:
        vault.put(f"twilio/{name}", content)
    else:
        store.write(path, password, content)
    return KeyWitness(
        simulator,
        account_sid,
        made,
        VaultStore(vault, f"twilio/{name}") if vault else FileStore(path, password, made.kept),
        used,
        [inputs],
        [secret for secret in (auth_token, password, token) if secret],
    )
