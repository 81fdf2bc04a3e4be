# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store of a user's own, as the tests' task files use it: a JSON file a record, in clear text, and no process."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Loads the record in the file ``path``, or saves ``record`` in it where that is given."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load or save.

        :param tmp: not used any more by ansible-core.
        :param task_vars: the variables of the host.
        :returns: the result of the task, with the record, empty where there is none, and its version.
        """
        result = super().run(tmp, task_vars)
        path, record = Path(self._task.args["path"]), self._task.args.get("record")
        if record is not None:
            path.write_text(json.dumps(record, default=str), encoding="utf-8")
        text = path.read_text(encoding="utf-8") if path.exists() else "{}"
        version = hashlib.sha256(text.encode()).hexdigest()
        return {**result, "changed": record is not None, "record": json.loads(text), "version": version}
