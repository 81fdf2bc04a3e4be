# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes points of where a task starts and ends, in the process that is ``ansible-playbook``."""

from __future__ import annotations

from typing import Any

import kill_point
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_points
type: aggregate
short_description: Make points of where a task starts and ends, at which a test can kill the run
description:
  - Counts the tasks into the folder that E(KILLS_FOLDER) names, whose settings say where to stop.
"""


class CallbackModule(CallbackBase):
    """Two points for each task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_points"

    def __init__(self) -> None:
        super().__init__()
        self._wanted = kill_point.settings()["wanted"]

    def _come_to(self, kind: str, task: Any) -> None:
        # The name alone, and not as the user sees it, with the role before it.
        kill_point.come_to(kind, task.name, self._wanted)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._come_to("task start", task)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._come_to("task end", _task_of(result))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._come_to("task end", _task_of(result))

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._come_to("task end", _task_of(result))


def _task_of(result: Any) -> Any:
    return getattr(result, "task", None) or result._task
