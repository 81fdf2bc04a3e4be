# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loads and saves the record of the toy rotation, which tests the machinery."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.append(str(Path(__file__).parent.parent))

import store


class ActionModule(ActionBase):
    """Options: ``path`` and ``password``; to save, also ``changes`` to the record."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the record."""
        arguments = self._task.args
        path, password = Path(str(arguments["path"])), str(arguments["password"])
        record = store.read(path, password) or {}
        changes = arguments.get("changes")
        if changes:
            record |= {str(name): value if value is None else str(value) for name, value in changes.items()}
            store.write(path, password, record)
        return {**super().run(tmp, task_vars), "changed": bool(changes), "record": record}
