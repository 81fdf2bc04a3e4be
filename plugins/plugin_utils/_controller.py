# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that run on the controller only: they run in the worker, whatever the host and its connection are.

A module of the same name holds the documentation and the table of options, and fails if it is ever started. The options
are defined once: the action plugin uses the module's table.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked, plain, without_secrets
from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_unsafe


class ControllerError(Exception):
    """Fails the task.

    :param message: a sentence for the user; it holds no secret.
    :param result: what the task returns besides it.
    """

    def __init__(self, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.result = dict(result or {})


class ControllerAction(ActionBase):
    """An action plugin; a subclass provides the table of options, and implements :meth:`perform`, which does the work.

    The result never holds the invocation, which Ansible would print at ``-vvv``. The texts of options that are marked
    ``no_log`` are masked in the message of a failure. What a success returns is left as it is: a short password must
    not mask parts of other values that happen to contain it.
    """

    #: The stub module's table of options.
    argument_spec: Mapping[str, Mapping[str, Any]]

    #: The rules between options, as ArgumentSpecValidator's keyword arguments.
    rules: Mapping[str, Any] = {}

    _requires_connection = False

    def given(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that count as given.

        :param arguments: as they were written, of JSON's types only.
        """
        return arguments

    @abstractmethod
    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Perform the task.

        :param options: all options with their defaults, validated, of JSON's types only.
        :param check_mode: whether nothing may be written.
        :returns: the task's result, ``changed`` included.
        :raises ControllerError: where the task fails.
        """

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task.

        :param tmp: unused.
        :param task_vars: the task's variables.
        :returns: the result, ``failed`` and ``msg`` where the options are wrong or the work failed.
        """
        super().run(tmp, task_vars)
        given = self.given(plain(self._task.args))
        arguments = checked(self.argument_spec, self.rules, given, self._task.action)
        try:
            if arguments.problem:
                raise ControllerError(arguments.problem)
            result = self.perform(arguments.options, self._task.check_mode)
        except ControllerError as error:
            result = without_secrets({**error.result, "failed": True, "msg": error.message}, arguments.secrets)
        return make_unsafe(result)
