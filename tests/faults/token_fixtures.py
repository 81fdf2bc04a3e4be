# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the role ``rotate_auth_token``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import harness
import other_collections
import store
from harness import play
from kills import Fixture, Server, Twilio
from rules import FileStore, Store, TokenInvariants, VaultStore, start_journal
from simulator.client import Simulator
from token_rotations import KNOWN

if TYPE_CHECKING:
    from vault_server import Vault

ROLE = "rotate_auth_token"

PATH = "twilio"


@dataclass(frozen=True)
class Tokens:
    """Three random tokens of a fixture."""

    first: str = field(default_factory=lambda: token_hex(16))
    second: str = field(default_factory=lambda: token_hex(16))
    third: str = field(default_factory=lambda: token_hex(16))


@dataclass(frozen=True)
class Start:
    """The initial state of a fixture.

    :param account: the account's tokens, as fields of the simulator's seed.
    :param record: the record without the fields that all have in common; None for no record.
    :param consumer: the tokens that the consumer accepts.
    :param variables: variables of the role, without its prefix.
    :param verifies: whether the verify hook succeeds.
    :param is_locked_out: whether no token of the record is valid.
    :param has_parent_token: whether the role has the parent account's token, with which it can read the primary.
    :param protected: the tokens that no run may delete.
    """

    account: Mapping[str, Any]
    record: Mapping[str, Any] | None
    consumer: Sequence[str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    verifies: bool = True
    is_locked_out: bool = False
    has_parent_token: bool = True
    protected: Sequence[str] = ()


def prepare(
    simulator: Simulator,
    folder: Path,
    begin: Callable[[Tokens], Start],
    vault: Vault | None = None,
    in_playbook: bool = False,
    own_store: bool = False,
) -> TokenInvariants:
    """Prepare an account, its record and its consumer, and return the invariants of their rotation.

    :param begin: returns the initial state, given tokens of this fixture's own.
    :param vault: keeps the record; without it, the record is in a file.
    :param in_playbook: whether the role is run by ``ansible-playbook``.
    :param own_store: whether the record is kept by task files of the user's own.
    """
    start = begin(Tokens())
    account_sid = f"AC{token_hex(16)}"
    parent_sid, parent_token = f"AC{token_hex(16)}", token_hex(16)
    account = {"sid": account_sid, "owner_account_sid": parent_sid, **start.account}
    simulator.seed({"accounts": [{"sid": parent_sid, "auth_token": parent_token}, account]})
    inputs, records, taken = folder / "inputs", folder / "records", folder / "consumer.jsonl"
    inputs.mkdir()
    start_journal(taken, start.consumer)
    servers: list[tuple[Server, str]] = [(Twilio(simulator, parent_sid), account_sid)]
    if vault:
        secret = vault.issue()
        servers.append((vault, secret))
        where = {"store": "hashi_vault", "hashi_vault_url": vault.url, "hashi_vault_token": secret}
    elif own_store:
        secret = token_hex(16)
        where = store.write_task_files(folder / "store", ROLE, records / f"{account_sid}.yml", secret)
    else:
        secret = token_hex(16)
        where = {"store": "file", "store_path": str(records), "store_password": secret}
    parent = {"parent_account_sid": parent_sid, "parent_auth_token": parent_token}
    variables = {
        "account_sid": account_sid,
        "base_url": simulator.url,
        "settle_seconds": 0,
        **(parent if start.has_parent_token else {}),
        **where,
        **_write_hooks(inputs, taken, start.verifies),
        **start.variables,
    }
    secrets_file = inputs / "variables.json"
    secrets_file.write_text(json.dumps({f"{ROLE}_{name}": value for name, value in variables.items()}), "utf-8")
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    role = {"name": "Rotate", "ansible.builtin.include_role": {"name": f"community.twilio.{ROLE}"}}
    fixture = Fixture(
        folder,
        play([role], vars_files=[str(secrets_file)]),
        callers=servers,
        saves_below=[records],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections},
        role=None if in_playbook else (ROLE, secrets_file),
    )
    record_store: Store
    record = None if start.record is None else {"account_sid": account_sid, **KNOWN, **start.record}
    if vault:
        path = f"{PATH}/{account_sid}"
        if record is not None:
            vault.put(path, record)
        record_store = VaultStore(vault, path)
    else:
        file = records / f"{account_sid}.yml"
        if record is not None:
            store.write(file, secret, record)
        record_store = FileStore(file, secret, fixture.kept)
    return TokenInvariants(
        simulator,
        account_sid,
        fixture,
        record_store,
        taken,
        [inputs],
        [secret, parent_token],
        is_locked_out=start.is_locked_out,
        protected=start.protected,
    )


def _write_hooks(inputs: Path, taken: Path, verifies: bool) -> dict[str, str]:
    """Write the task files of the hooks."""
    both = {"journal": str(taken), "tokens": [f"{{{{ {ROLE}_primary }}}}", f"{{{{ {ROLE}_pending | default('') }}}}"]}
    verify = (
        {"ansible.legacy.consumer": {**both, "verify": True}}
        if verifies
        else {"ansible.builtin.fail": {"msg": "It accepts no token."}}
    )
    hooks: dict[str, Mapping[str, Any]] = {
        "distribute": {"name": "Distribute", "ansible.legacy.consumer": both},
        "verify": {"name": "Verify", **verify},
        "clean": {"name": "Clean", "ansible.legacy.consumer": {**both, "tokens": both["tokens"][:1]}},
    }
    for hook, task in hooks.items():
        (inputs / f"{hook}.yml").write_text(json.dumps([task]), encoding="utf-8")
    return {f"{hook}_tasks": str(inputs / f"{hook}.yml") for hook in hooks}
