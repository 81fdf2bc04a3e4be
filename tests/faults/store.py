# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and writes a rotation's record in a file, independently of the collection's own code."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.twilio.plugins.plugin_utils import _lock


def read(path: Path, password: str) -> dict[str, Any] | None:
    """Return the record in a file, None if there is no file.

    :param password: the ansible-vault password.
    """
    try:
        encrypted = path.read_bytes()
    except FileNotFoundError:
        return None
    return dict(_record(encrypted, password))


def write(path: Path, password: str, record: Mapping[str, Any]) -> None:
    """Write a record to a temporary file, flush it, and rename it into place."""
    temporary = path.with_name(f".{path.name}.new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(_vault(password).encrypt(yaml.safe_dump(dict(record), sort_keys=False)))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_task_files(folder: Path, role: str, path: Path, password: str) -> dict[str, str]:
    """Write the task files of a store of the user's own that keeps its record in this file.

    :returns: the role's variables for this store, without the role's prefix.
    """
    folder.mkdir()
    options = {"path": str(path), "password": f"{{{{ {role}_store_password }}}}"}
    saved = {"record": "{{ rotation_record_new }}", "version": "{{ rotation_record_version }}"}
    tasks = {
        "load": {"ansible.legacy.own_store": options, "register": "rotation_record_found"},
        "save": {"ansible.legacy.own_store": {**options, **saved}, "register": "rotation_record_saved"},
    }
    for name, task in tasks.items():
        named = [{"name": f"{name.capitalize()} the record", **task}]
        (folder / f"{name}.yml").write_text(json.dumps(named), encoding="utf-8")
    return {"store": str(folder), "store_password": password}


def dead_lock() -> dict[str, Any]:
    """Return the lock of a run that was killed: its process id now belongs to a process that started later."""
    return {**_lock.ours(datetime.now(timezone.utc), "dead").as_dict(), "start": "1"}


@functools.lru_cache
def _record(encrypted: bytes, password: str) -> dict[str, Any]:
    """Decrypt and parse a record; cached, because it is slow and needed at each point."""
    record: dict[str, Any] = yaml.safe_load(_vault(password).decrypt(encrypted))
    return record


def _vault(password: str) -> VaultLib:
    return VaultLib([("default", VaultSecret(password.encode()))])
