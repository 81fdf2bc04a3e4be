# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a point of the end of each task, in the process that is ``ansible-playbook``."""

from __future__ import annotations

from typing import Any

import kill_point
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_points
type: aggregate
short_description: Make a point of the end of each task, at which a test can kill the run
description:
  - Counts the tasks into the folder that E(KILLS_FOLDER) names, whose settings say where to stop.
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
        # The name alone, and not as the user sees it, with the role before it.
        kill_point.come_to("task end", task.name, self._wanted)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.v2_runner_on_ok(result)
