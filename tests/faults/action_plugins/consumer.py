# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A toy consumer of tokens that runs on the controller, so that they are in no file but its own."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: ``journal``, the consumer's file, and ``tokens``, those that it accepts from now on.

    With ``verify`` it changes nothing, and fails unless it accepts exactly these tokens.
    """

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add a line to the journal: which tokens the consumer accepts, and since when."""
        arguments = self._task.args
        # A template without a token results in an empty text.
        tokens = [str(token) for token in arguments["tokens"] if token]
        result = super().run(tmp, task_vars)
        with open(str(arguments["journal"]), "a+", encoding="utf-8") as journal:
            if arguments.get("verify"):
                journal.seek(0)
                accepted = json.loads(journal.readlines()[-1])["tokens"]
                return {**result, "failed": accepted != tokens, "msg": "It accepts other tokens."}
            journal.write(json.dumps({"since": time.monotonic(), "tokens": tokens}) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        return {**result, "changed": True}
