# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of a store of the user's own (task files), which keeps a record in a file as the role's own store does."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.append(str(Path(__file__).parent.parent))

import store


class ActionModule(ActionBase):
    """Options: ``path`` and ``password``; to save, also ``record`` and the ``version`` that it replaces."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the record, empty if there is none, and its version; a save fails if the version is another one."""
        arguments, result = self._task.args, super().run(tmp, task_vars)
        path, password = Path(str(arguments["path"])), str(arguments["password"])
        if "record" in arguments:
            if _version(path) != str(arguments["version"]):
                return {**result, "failed": True, "msg": "The record has another version."}
            store.write(path, password, dict(arguments["record"]))
        return {**result, "record": store.read(path, password) or {}, "version": _version(path)}


def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "none"
