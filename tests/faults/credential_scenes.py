# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenes for the roles ``rotate_aws_credential`` and ``rotate_public_key``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import harness
import other_collections
import store
from credential_rotations import KNOWN, record_name
from credential_rules import AWS, CredentialWitness
from harness import play
from iam import Iam
from kills import Scene, Server, Twilio
from rotations import LONG_AGO
from rules import FileStore, journal
from simulator.client import Simulator

NAME = "recordings"


@dataclass(frozen=True)
class Old:
    """What there is when a scene begins.

    :param sid: the old credential's.
    :param key_id: of the access key in it.
    """

    sid: str
    key_id: str


@dataclass(frozen=True)
class Start:
    """How a scene begins.

    :param record: the record, without what all have; None for none.
    :param variables: the role's, without its prefix.
    """

    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


def scene(
    simulator: Simulator,
    folder: Path,
    kind: str,
    begin: Callable[[Old], Start],
    iam: Iam | None = None,
    has_old: bool = True,
) -> CredentialWitness:
    """Prepare an account, its record and its consumer.

    :param kind: AWS or PUBLIC_KEY.
    :param begin: tells how, by what is old in this scene.
    :param iam: with AWS, where the access keys are.
    :param has_old: whether there is a credential, with an access key in it.
    """
    account_sid, auth_token, password = f"AC{token_hex(16)}", token_hex(16), token_hex(16)
    user = f"user-{token_hex(8)}"
    servers: list[tuple[Server, str]] = [(Twilio(simulator), account_sid)]
    environment: dict[str, str] = {}
    key_id = key_secret = ""
    if iam:
        caller = iam.caller()
        servers.append((iam, caller))
        environment = iam.environment(caller)
        iam.add_user(user)
        if has_old:
            key_id, key_secret = iam.add_key(user)
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
    inputs, records, private_keys = (folder / name for name in ("inputs", "records", "private_keys"))
    inputs.mkdir()
    used = folder / "consumer.jsonl"
    used.touch()
    if has_old:
        journal(used, [old_sid])
    role = f"rotate_{kind}"
    variables = {
        "account_sid": account_sid,
        "auth_token": auth_token,
        "base_url": simulator.url,
        "friendly_name": NAME,
        "grace_days": 0,
        "store_path": str(records),
        "store_password": password,
        **({"iam_user": user} if kind == AWS else {"private_key_folder": str(private_keys)}),
        "settle_seconds": 0,
        **_hooks(inputs, used, role),
        **start.variables,
    }
    file = inputs / "variables.json"
    file.write_text(json.dumps({f"{role}_{name}": value for name, value in variables.items()}), encoding="utf-8")
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    made = Scene(
        folder,
        play(
            [{"name": "Rotate", "ansible.builtin.include_role": {"name": f"community.twilio.{role}"}}],
            vars_files=[str(file)],
        ),
        callers=servers,
        saves_below=[records, private_keys],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections, **environment},
    )
    record = records / f"{record_name(kind, account_sid, NAME)}.yml"
    if start.record is not None:
        store.write(record, password, {"account_sid": account_sid, "friendly_name": NAME, **KNOWN, **start.record})
    return CredentialWitness(
        kind,
        simulator,
        account_sid,
        made,
        FileStore(record, password, made.kept),
        used,
        [inputs],
        [secret for secret in (auth_token, password, key_secret) if secret],
        private_keys,
        iam,
        user,
    )


def _hooks(inputs: Path, used: Path, role: str) -> dict[str, str]:
    """Write the task files of the hooks."""
    use = {"journal": str(used), "tokens": [f"{{{{ {role}_sid }}}}"]}
    hooks = {
        "repoint": {"name": "Repoint", "ansible.legacy.consumer": use},
        "verify": {"name": "Verify", "ansible.legacy.consumer": {**use, "look": True}},
    }
    for hook, task in hooks.items():
        (inputs / f"{hook}.yml").write_text(json.dumps([task]), encoding="utf-8")
    return {f"{hook}_tasks": str(inputs / f"{hook}.yml") for hook in hooks}
