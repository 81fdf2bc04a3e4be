# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes toy access keys on the controller; amazon.aws takes ten times as long, and is tested separately."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: ``path``, the file of all keys; ``delete``, the id of a key to delete; ``make``, to make a key."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the key that was made, if any, and all existing keys without their secrets."""
        arguments, result = self._task.args, super().run(tmp, task_vars)
        path = Path(str(arguments["path"]))
        keys: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if arguments.get("make"):
            key_id, secret = f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)
            keys[key_id] = secret
            result["made"] = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
        elif arguments.get("delete"):
            keys.pop(str(arguments["delete"]), None)
        path.write_text(json.dumps(keys), encoding="utf-8")
        return {**result, "existing": [{"id": key_id, "used": False} for key_id in keys]}
