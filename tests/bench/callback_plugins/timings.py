# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes when each task began and ended into a file, for the benchmark to read."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: timings
type: aggregate
short_description: Write when each task began and ended
description:
  - At the end of a playbook, writes the name, the beginning and the end of each task as JSON into the file that
    E(TIMINGS_FILE) names, in seconds of the machine's monotonic clock.
  - A task ends with its last host's result.
"""


class CallbackModule(CallbackBase):
    """Notes three things for each task, so that it costs next to nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "timings"

    def __init__(self) -> None:
        super().__init__()
        self._tasks: list[dict[str, Any]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._tasks.append({"name": task.get_name(), "began": time.monotonic(), "ended": None})

    def v2_runner_on_ok(self, result: Any) -> None:
        self._tasks[-1]["ended"] = time.monotonic()

    v2_runner_on_skipped = v2_runner_on_ok

    def v2_playbook_on_stats(self, stats: Any) -> None:
        with open(os.environ["TIMINGS_FILE"], "w", encoding="utf-8") as file:
            json.dump(self._tasks, file)
