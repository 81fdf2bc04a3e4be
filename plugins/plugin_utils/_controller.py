# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that run on the controller only: they run in the worker, whatever the host and its connection are.

A module of the same name holds the documentation and the table of options, and fails if it is ever started. The options
are defined once: the action plugin uses the module's table.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase

from ansible_collections.community.twilio.plugins.module_utils import _libs
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


def require_libraries() -> None:
    """Pass where the libraries of the engine are there.

    :raises ControllerError: naming one that is not.
    """
    for library in _libs.MISSING:
        raise ControllerError(missing_required_lib(library))


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

    #: The task's variables, while it runs.
    _variables: Mapping[str, Any] = {}

    def given(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that count as given.

        :param arguments: as they were written, of JSON's types only.
        """
        return arguments

    def role_variables(
        self, prefix: str, names: Iterable[str], inherited: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return variables of the role that the task is in, by their names without the prefix; only those that are set.

        They may hold secrets, so they are no arguments of the task: Ansible keeps those of one that fails, as
        ``ansible_failed_task``. And to have it make an argument of each would take half of a task's time.

        :param prefix: what the variables' names begin with.
        :param names: the rest of the names.
        :param inherited: of some of them, the variable that stands for it where it is not set.
        """
        found = {name: self._variables.get(f"{prefix}{name}") for name in names}
        for name, variable in (inherited or {}).items():
            found[name] = self._variables.get(variable) if found[name] is None else found[name]
        return self._templated({name: value for name, value in found.items() if value is not None})

    def _templated(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values without those that are omitted."""
        omitted = plain(self._variables.get("omit"))
        # Of a dictionary, what is omitted is left out; before ansible-core 2.19 a text stands for it.
        templated = plain(self._templar.template(dict(values)))
        return {name: value for name, value in templated.items() if value != omitted}

    def module_defaults(self, module: str) -> dict[str, Any]:
        """Return the ``module_defaults`` in force for a module of another name than the task's, its groups' included.

        :param module: its full name.
        """
        given = {name: values for each in self._task.module_defaults or () for name, values in each.items()}
        if not given:
            return {}
        # As the actions of ansible-core do it that start other modules; what they call differs between its releases.
        groups = self._task._parent._play._action_groups.get(module) or ()
        named = [name for name in given if name.startswith("group/") and name.removeprefix("group/") in groups]
        merged: dict[str, Any] = {}
        for name in (*named, module):
            merged.update(self._templated(given.get(name) or {}))
        return merged

    def environment(self) -> dict[str, str]:
        """Return the variables of the environment that the play sets for the task."""
        # Ansible has templated what the levels of the play set, and merged it into a list of one.
        levels = plain(self._task.environment or [])
        return {name: str(value) for level in levels for name, value in (level or {}).items()}

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
        self._variables = task_vars or {}
        given = self.given(plain(self._task.args))
        arguments = checked(self.argument_spec, self.rules, given, self._task.action)
        try:
            if arguments.problem:
                raise ControllerError(arguments.problem)
            result = self.perform(arguments.options, self._task.check_mode)
        except ControllerError as error:
            result = without_secrets({**error.result, "failed": True, "msg": error.message}, arguments.secrets)
        return make_unsafe(result)
