# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds a point at the end of each task, in the process of ``ansible-playbook``."""

from __future__ import annotations

from typing import Any

import kill_point
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_points
type: aggregate
short_description: Add a point at the end of each task, where a test can kill the run
description:
  - Counts the tasks in the folder that E(KILLS_FOLDER) names, whose settings say where to stop.
"""


class CallbackModule(CallbackBase):
    """A point for each task that was not skipped."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_points"

    def __init__(self) -> None:
        super().__init__()
        self._wanted = kill_point.settings()["wanted"]

    def v2_runner_on_ok(self, result: Any) -> None:
        task = getattr(result, "task", None) or result._task
        # Not result.task_name, which begins with the name of the role.
        kill_point.reach_point("task end", task.name, self._wanted)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.v2_runner_on_ok(result)
