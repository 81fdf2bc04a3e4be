# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names a host may have, and which are taken by hosts and groups of sources that are still to be read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ansible import constants
from ansible.inventory.data import InventoryData
from ansible.plugins.loader import inventory_loader
from ansible.utils.path import unfrackpath

#: Names of groups that are Ansible's own, and a key of a dump besides its groups.
NO_GROUP = frozenset({"all", "ungrouped", "_meta"})

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}", re.IGNORECASE)

# Templates, patterns and ports (``:``, which AWX cuts a name at), and paths: ``host_vars/<name>`` is looked for.
_NOT_IN_A_NAME = re.compile(r"[{}\[\]*?:,/]|^[!&~@.-]|\.(yml|yaml|json)$", re.IGNORECASE)

#: The plugins that read the inventories that are files, in the order in which Ansible tries them.
_STATIC_PLUGINS = ("host_list", "yaml", "ini", "toml")


def problem_of(name: str) -> str | None:
    """Return why a name that somebody typed can't be a host's, as the end of a sentence; None where it can.

    It must mean that host and nothing else in a pattern, in a dump that AWX imports, and as a file's name.
    """
    if not name:
        return "they have no name"
    if name in NO_GROUP or name in constants.LOCALHOST or _ACCOUNT_SID.fullmatch(name):
        return "their names mean something else to Ansible"
    if not name.isprintable() or name != name.strip() or _NOT_IN_A_NAME.search(name):
        return "their names have characters that a host's name cannot have"
    return None


def safe_group_name(name: str) -> str:
    """Return a group's name such that it can't be taken for a template, for a key of a dump or for one of Ansible's."""
    safe = "".join("_" if character in "{}" or not character.isprintable() else character for character in name)
    return f"{safe}_" if safe in NO_GROUP else safe


def names_in_static_sources(loader: Any, sources: Iterable[str], read_already: Iterable[str]) -> set[str]:
    """Return the names of the hosts and groups of those sources that are lists of hosts or files in INI, YAML or TOML.

    Ansible reads one source after the other, and a host that two of them name is one host.

    :param loader: reads files, vaulted ones too.
    :param sources: of the inventory, as given to Ansible: files, folders, lists of hosts.
    :param read_already: paths of those that the inventory holds.
    """
    skipped = set(read_already)
    names: set[str] = set()
    for source in _files(sources):
        if source not in skipped:
            found = _read(loader, source)
            names.update(found.hosts, found.groups)
    return names


def _files(sources: Iterable[str]) -> Iterator[str]:
    """Yield lists of hosts as they are, and the paths of files, those in folders as well."""
    for source in sources:
        if "," in source:
            yield source
            continue
        path = unfrackpath(source, follow=False)
        if os.path.isdir(path):
            yield from _files(os.path.join(path, entry) for entry in sorted(os.listdir(path)) if not _is_ignored(entry))
        elif os.path.exists(path):
            yield path


def _is_ignored(entry: str) -> bool:
    """Return whether Ansible ignores an entry of a folder of inventories."""
    return (
        entry.startswith(".")
        or entry in ("host_vars", "group_vars", "vars_plugins")
        or entry.endswith(tuple(constants.INVENTORY_IGNORE_EXTS))
        or any(re.search(pattern, entry) for pattern in constants.INVENTORY_IGNORE_PATTERNS)
    )


def _read(loader: Any, source: str) -> InventoryData:
    """Read a source as Ansible will, without running it; what isn't a static one is empty."""
    for name in _STATIC_PLUGINS:
        plugin = inventory_loader.get(name)
        inventory = InventoryData()
        try:
            if plugin.verify_file(source):
                plugin.parse(inventory, loader, source, cache=False)
                return inventory
        except Exception:
            # Ansible itself reports what is wrong with a source when it reads it.
            continue
    return InventoryData()
