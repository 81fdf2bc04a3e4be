# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In-process execution: a task on a local connection runs inside the controller's worker.

An ordinary module is packed, started in a new interpreter, and imports everything anew, which takes half a second
whatever it does. Here the same definition runs where the task already is, and a loop's items share their connections.
A task that needs another process or another machine runs as an ordinary module.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

from ansible import constants as C
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ansible_collections.community.twilio.plugins.module_utils import _libs
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition
from ansible_collections.community.twilio.plugins.module_utils._module import execute
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import (
    Arguments,
    checked,
    plain,
    without_secrets,
)
from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_unsafe

#: Where this variable (of the task, or of the environment in capitals) is false, tasks run as ordinary modules.
IN_PROCESS = "community_twilio_in_process"

#: Seconds between two checks that ansible-playbook still runs.
_PARENT_CHECK = 0.5

#: Whether a result holds its invocation: always, until a later ansible-core made it a setting.
_INVOCATION = "INJECT_INVOCATION"
_INVOCATION_IS_A_SETTING = _INVOCATION in C.config.get_configuration_definitions()

#: The options that must be equal for a connection to be reused: nothing is shared between accounts.
_REUSED_FOR = (
    "account_sid",
    "subaccount_sid",
    "api_key_sid",
    "base_url",
    "region",
    "edge",
    "timeout",
    "validate_certs",
    "ca_path",
)


class _KeptTransport:
    """The connections of the worker's last task: a loop's items are processed one after the other in one worker."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._transport: HttpTransport | None = None

    def opener(self, options: Mapping[str, Any]) -> Any:
        """Return what opens HTTP for these options; it returns the open connections, if they are for the same ones."""
        key = (os.getpid(), *(options.get(name) for name in _REUSED_FOR))

        def open_transport(timeout: float, validate_certs: bool, ca_path: str | None) -> HttpTransport:
            if self._transport is None or key != self._key:
                if self._transport is not None:
                    self._transport.close()
                self._key, self._transport = key, HttpTransport(timeout, validate_certs, ca_path)
            return self._transport

        return open_transport


_KEPT_TRANSPORT = _KeptTransport()


class _ParentWatch:
    """Ends a worker whose ansible-playbook has ended: not every ansible-core passes a signal on to its workers.

    They would go on sending requests, and nobody would get the results.
    """

    def __init__(self) -> None:
        self._watched = 0

    def start(self) -> None:
        """Watch from now on; a repeated call changes nothing, and outside of a worker nothing is watched."""
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid is not None and self._watched != os.getpid():
            self._watched = os.getpid()
            threading.Thread(target=self._end_with, args=(parent.pid,), daemon=True).start()

    @staticmethod
    def _end_with(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK)
        # Since ansible-core 2.19 this ends the worker's whole session, and with it a module that it started.
        os.kill(os.getpid(), signal.SIGTERM)


#: The watch of this process.
PARENT = _ParentWatch()


class InProcessAction(ModuleAction):
    """Runs a definition in the worker where the task allows that, otherwise as an ordinary module."""

    definition: Definition

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task.

        :param tmp: unused.
        :param task_vars: the task's variables.
        :returns: the result, the same either way.
        """
        PARENT.start()
        variables = task_vars or {}
        if not self._runs_in_process(variables):
            return super().run(tmp, task_vars)
        definition = self.definition
        given = definition.given(plain(self._task.args))
        arguments = checked(definition.argument_spec(), definition.rules(), given, self._task.action)
        result = self._result_of(arguments)
        if not _INVOCATION_IS_A_SETTING or C.config.get_config_value(_INVOCATION, variables=variables):
            result["invocation"] = {"module_args": arguments.options}
        return make_unsafe(without_secrets(result, arguments.secrets))

    def _runs_in_process(self, task_vars: Mapping[str, Any]) -> bool:
        wanted = task_vars.get(IN_PROCESS, os.environ.get(IN_PROCESS.upper()) or True)
        return not (
            not boolean(wanted, strict=False)
            or _libs.MISSING
            or self._task.async_val
            or self._connection.transport.rpartition(".")[2] != "local"
            or self._connection.become
            or self._compute_environment_string()
        )

    def _result_of(self, arguments: Arguments) -> dict[str, Any]:
        if arguments.problem:
            return {"failed": True, "msg": arguments.problem}
        return execute(
            self.definition,
            arguments.options,
            check_mode=self._task.check_mode,
            diff_mode=self._task.diff,
            open_transport=_KEPT_TRANSPORT.opener(arguments.options),
        )


def in_process(definition: Definition) -> type[InProcessAction]:
    """Return the action plugin of a module.

    :param definition: the module's.
    """
    return type("ActionModule", (InProcessAction,), {"definition": definition})
