# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the roles ``rotate_aws_credential`` and ``rotate_public_key``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import harness
import other_collections
import store
from credential_rotations import KNOWN, record_name
from credential_rules import AWS, CredentialInvariants
from harness import play
from kills import Fixture, Server, Twilio
from rotations import LONG_AGO
from rules import FileStore, VaultStore, start_journal
from simulator.client import Simulator

if TYPE_CHECKING:
    from iam import Iam
    from vault_server import Vault

NAME = "recordings"


@dataclass(frozen=True)
class Old:
    """The credential that exists at first.

    :param sid: its SID.
    :param key_id: the id of the access key in it.
    """

    sid: str
    key_id: str


@dataclass(frozen=True)
class Start:
    """The initial state of a fixture.

    :param record: the record without the fields that all have in common; None for no record.
    :param variables: variables of the role, without its prefix.
    """

    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


def prepare(
    simulator: Simulator,
    folder: Path,
    kind: str,
    begin: Callable[[Old], Start],
    has_old: bool = True,
    iam: Iam | None = None,
    vault: Vault | None = None,
    in_playbook: bool = False,
    own_store: bool = False,
) -> CredentialInvariants:
    """Prepare an account, its record and its consumer, and return the invariants of their rotation.

    :param kind: AWS or PUBLIC_KEY.
    :param begin: returns the initial state, given the credential that exists at first.
    :param has_old: whether there is a credential, with an access key in it.
    :param iam: has the access keys of AWS; without it, a toy makes them.
    :param vault: keeps the record; without it, the record is in a file.
    :param in_playbook: whether the role is run by ``ansible-playbook``, as it is with an IAM.
    :param own_store: whether the record is kept by task files of the user's own.
    """
    account_sid, auth_token, password = f"AC{token_hex(16)}", token_hex(16), token_hex(16)
    inputs, records, private_keys = (folder / name for name in ("inputs", "records", "private_keys"))
    inputs.mkdir()
    role = f"rotate_{kind}"
    servers: list[tuple[Server, str]] = [(Twilio(simulator), account_sid)]
    environment: dict[str, str] = {}
    making: dict[str, str] = {"private_key_folder": str(private_keys)}
    access_keys: Callable[[], Mapping[str, str]] | None = None
    key_id, key_secret = f"AKIA{token_hex(8).upper()}", token_hex(20)
    if iam:
        user, caller = f"user-{token_hex(8)}", iam.caller()
        servers.append((iam, caller))
        environment = iam.environment(caller)
        iam.add_user(user)
        if has_old:
            key_id, key_secret = iam.add_key(user)
        access_keys, making = partial(iam.keys, user), {"iam_user": user}
    elif kind == AWS:
        key_file = inputs / "access_keys.json"
        key_file.write_text(json.dumps({key_id: key_secret} if has_old else {}), encoding="utf-8")
        access_keys, making = partial(_read_access_keys, key_file), _write_key_hooks(inputs, key_file)
    old_sid = f"CR{token_hex(16)}"
    start = begin(Old(old_sid, key_id))
    seed: dict[str, Any] = {"sid": account_sid, "auth_token": auth_token}
    if has_old:
        old = {"sid": old_sid, "friendly_name": NAME, "date_created": LONG_AGO}
        if kind == AWS:
            seed["aws_credentials"] = [{**old, "credentials": f"{key_id}:{key_secret}"}]
        else:
            seed["public_keys"] = [old]
    simulator.seed({"accounts": [seed]})
    used = folder / "consumer.jsonl"
    used.touch()
    if has_old:
        start_journal(used, [old_sid])
    if vault:
        token = vault.issue()
        servers.append((vault, token))
        where = {"store": "hashi_vault", "hashi_vault_url": vault.url, "hashi_vault_token": token}
    elif own_store:
        token = ""
        path = records / f"{record_name(kind, account_sid, NAME)}.yml"
        where = store.write_task_files(folder / "store", role, path, password)
    else:
        token = ""
        where = {"store": "file", "store_path": str(records), "store_password": password}
    variables = {
        "account_sid": account_sid,
        "auth_token": auth_token,
        "base_url": simulator.url,
        "friendly_name": NAME,
        "grace_days": 0,
        "settle_seconds": 0,
        **where,
        **making,
        **_write_hooks(inputs, used, role),
        **start.variables,
    }
    file = inputs / "variables.json"
    file.write_text(json.dumps({f"{role}_{name}": value for name, value in variables.items()}), encoding="utf-8")
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    fixture = Fixture(
        folder,
        play(
            [{"name": "Rotate", "ansible.builtin.include_role": {"name": f"community.twilio.{role}"}}],
            vars_files=[str(file)],
        ),
        callers=servers,
        saves_below=[records, private_keys],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections, **environment},
        role=None if iam or in_playbook else (role, file),
    )
    name = record_name(kind, account_sid, NAME)
    path = records / f"{name}.yml"
    if start.record is not None:
        store.write(path, password, {"account_sid": account_sid, "friendly_name": NAME, **KNOWN, **start.record})
    return CredentialInvariants(
        kind,
        simulator,
        account_sid,
        fixture,
        VaultStore(vault, f"twilio/{name}") if vault else FileStore(path, password, fixture.kept),
        used,
        [inputs],
        [secret for secret in (auth_token, password, token, key_secret) if secret],
        private_keys,
        access_keys,
    )


def _read_access_keys(path: Path) -> Mapping[str, str]:
    """Return the toy's access keys."""
    keys: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return keys


def _write_key_hooks(inputs: Path, key_file: Path) -> dict[str, str]:
    """Write the task files of the toy that makes access keys."""
    toy = {"name": "Call the toy", "register": "toy"}
    handed_over = {"issue": ("issued", "made"), "list": ("keys", "existing")}
    options = {"issue": {"make": True}, "list": {}, "revoke": {"delete": "{{ rotate_aws_credential_revoke_key_id }}"}}
    for hook, more in options.items():
        tasks: list[dict[str, Any]] = [{**toy, "ansible.legacy.access_keys": {"path": str(key_file), **more}}]
        if hook in handed_over:
            fact, result = handed_over[hook]
            facts = {f"rotate_aws_credential_{fact}": f"{{{{ toy.{result} }}}}"}
            tasks.append({"name": "Hand over", "ansible.builtin.set_fact": facts})
        (inputs / f"{hook}.yml").write_text(json.dumps(tasks), encoding="utf-8")
    return {f"{hook}_tasks": str(inputs / f"{hook}.yml") for hook in options}


def _write_hooks(inputs: Path, used: Path, role: str) -> dict[str, str]:
    """Write the task files of the hooks."""
    use = {"journal": str(used), "tokens": [f"{{{{ {role}_sid }}}}"]}
    hooks = {
        "repoint": {"name": "Repoint", "ansible.legacy.consumer": use},
        "verify": {"name": "Verify", "ansible.legacy.consumer": {**use, "verify": True}},
    }
    for hook, task in hooks.items():
        (inputs / f"{hook}.yml").write_text(json.dumps([task]), encoding="utf-8")
    return {f"{hook}_tasks": str(inputs / f"{hook}.yml") for hook in hooks}
