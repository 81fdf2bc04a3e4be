# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Performs the next steps of a rotation on the controller; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.loader import filter_loader, test_loader

from ansible_collections.community.twilio.plugins.module_utils._definition import (
    given,
)
from ansible_collections.community.twilio.plugins.plugin_utils._action import PARENT
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._controller import (
    ControllerAction,
    ControllerError,
    require_libraries,
)
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_call import (
    ARGUMENT_SPEC,
    FROM_INVENTORY,
    HOOK_SUFFIX,
    SETTINGS,
    call,
    handed_over,
    settings_of,
)
from ansible_collections.community.twilio.plugins.plugin_utils._vault_lookups import VaultLookups

# Ansible loads its filters and tests with the first one that is used. In the process that starts the workers, that is
# once; otherwise each worker does it.
filter_loader.get("default")
test_loader.get("defined")


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; see :meth:`ControllerAction.run`."""
        # On a failure, too: where a play ignores errors, the role's next task reads it.
        return {"has_next": False, **super().run(tmp, task_vars)}

    def given(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add the role's variables; see :meth:`ControllerAction.role_variables`."""
        rotates = str(arguments.get("rotates"))
        prefix = f"rotate_{rotates}_"
        hooks = {name.removeprefix(prefix) for name in self._variables if name.startswith(prefix)}
        hooks = {name for name in hooks if name.endswith(HOOK_SUFFIX)}
        options = settings_of(rotates)
        inherited = {name: variable for name, variable in FROM_INVENTORY.items() if name in options}
        values = self.role_variables(prefix, {*options, *hooks}, inherited)
        settings = {name: value for name, value in values.items() if name not in hooks}
        return given(
            SETTINGS,
            {
                **settings,
                **arguments,
                "handed_over": {
                    name: plain(self._templar.template(self._variables[variable]))
                    for name, variable in handed_over(rotates).items()
                    # In a run's first call, these variables are left over from another run.
                    if arguments.get("state") and variable in self._variables
                },
                "hooks": {name.removesuffix(HOOK_SUFFIX): values[name] for name in hooks.intersection(values)},
                "role_path": self._variables.get("role_path"),
                "playbook_dir": self._variables.get("playbook_dir"),
                "skip_tags": list(self._variables.get("ansible_skip_tags") or ()),
            },
        )

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Make one call of a run, and return what is next.

        :param options: see the module.
        :param check_mode: whether only to plan.
        :raises ControllerError: where the run fails.
        """
        require_libraries()
        PARENT.start()
        try:
            called = call(options, check_mode, self._open_vault, self._loader.load_from_file)
        except RotationError as error:
            raise ControllerError(str(error), {"phase": "none", "rotated": False, "due_in_days": None}) from None
        result: dict[str, Any] = {"changed": called.changed, "msg": called.message}
        if called.warnings:
            result["warnings"] = called.warnings
        result.update(called.result or {})
        if called.failed:
            raise ControllerError(called.message, result)
        if called.next is None or called.state is None:
            return {**result, "_ansible_verbose_always": True}
        result["has_next"] = True
        result["state"] = called.state.as_dict()
        result["next"] = {
            "name": called.next.name,
            "files": [{"name": name, "path": path} for name, path in called.next.files.items()],
            "label": called.label,
            "record_name": called.state.wanted,
            "is_hook": called.next.is_hook,
            "is_own": called.next.is_own,
            "variables": dict(called.next.variables),
        }
        if called.record is not None:
            # A hook or the next call needs it, and nobody has to see it.
            result.update(record=dict(called.record), _ansible_no_log=True)
        return result

    def _open_vault(self, role_options: Mapping[str, str]) -> VaultLookups:
        """Return what sends requests to Vault, with options of the role's own."""
        return VaultLookups(
            role_options, self.module_defaults, lambda names: self.role_variables("", names), self.environment()
        )
