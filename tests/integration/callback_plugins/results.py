# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes each task's result to a file, as one JSON object a line, for the tests to read."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: results
type: aggregate
short_description: Write each result as a line of JSON
description:
  - Writes each task's or item's result into the file that E(RESULTS_FILE) names.
"""


class CallbackModule(CallbackBase):
    """One line for each result; for a loop one for each item, then one for the task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"

    def _write(self, kind, result):
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        values = dict(getattr(result, "result", None) or result._result)
        line = {
            "kind": kind,
            "host": host.get_name(),
            "task": task.get_name(),
            "action": task.action,
            "result": values,
            "ended": time.time(),
        }
        with open(os.environ["RESULTS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_skipped(self, result):
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._write("unreachable", result)

    def v2_runner_item_on_ok(self, result):
        self._write("item_ok", result)

    def v2_runner_item_on_failed(self, result):
        self._write("item_failed", result)
