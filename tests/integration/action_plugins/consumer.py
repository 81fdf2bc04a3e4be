# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A consumer of tokens for the tests' hooks: it logs its arguments, the hook and the time."""

from __future__ import annotations

import json
import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Appends a line of JSON to the file ``path``; with ``fail``, it fails."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Log the task's other arguments, and the time.

        :param tmp: not used any more by ansible-core.
        :param task_vars: the variables of the host.
        :returns: the result of the task.
        """
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        path, fail = arguments.pop("path"), arguments.pop("fail", False)
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({**arguments, "at": time.time()}, default=str) + "\n")
        return {**result, "changed": True, "failed": bool(fail), "msg": "The consumer was told to refuse."}
