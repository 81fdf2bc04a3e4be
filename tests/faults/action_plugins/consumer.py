# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A toy consumer of tokens, in the controller, so that they are in no packed module and in no file but its own."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: ``journal``, the consumer's file, and ``tokens``, those that it is to take from now on.

    With ``look`` it takes what it took before, and fails if that is not these tokens.
    """

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add a line to the journal: which tokens the consumer takes, and since when."""
        arguments = self._task.args
        # Templates leave an empty text where there is no token.
        tokens = [str(token) for token in arguments["tokens"] if token]
        result = super().run(tmp, task_vars)
        with open(str(arguments["journal"]), "a+", encoding="utf-8") as journal:
            if arguments.get("look"):
                journal.seek(0)
                taken = json.loads(journal.readlines()[-1])["tokens"]
                return {**result, "failed": taken != tokens, "msg": "It takes other tokens."}
            journal.write(json.dumps({"since": time.monotonic(), "tokens": tokens}) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        return {**result, "changed": True}
