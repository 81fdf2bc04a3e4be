# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what ``debug: var=hostvars`` prints to a file, since it may hold secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


def value_of(variables: Mapping[str, Any], name: str) -> str:
    """Return a variable's value as it is printed, or why it has none."""
    try:
        value = variables[name]
        return json.dumps(value, default=str)
    except Exception as error:  # whatever a template of a user's may raise
        return repr(error)


class ActionModule(ActionBase):
    """Writes the variables of some ``hosts``, by default all, by host and name, into the file ``path``."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the file.

        :param tmp: not used any more by ansible-core.
        :param task_vars: the variables of the host.
        :returns: the result of the task.
        """
        result = super().run(tmp, task_vars)
        hosts = (task_vars or {})["hostvars"]
        # A host's variables are computed at each access.
        of_hosts = {host: hosts[host] for host in self._task.args.get("hosts", hosts)}
        dumped = {host: {name: value_of(variables, name) for name in variables} for host, variables in of_hosts.items()}
        Path(self._task.args["path"]).write_text(json.dumps(dumped), encoding="utf-8")
        return result
