# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fails where an account differs from its baseline; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.modules.baseline_drift import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import (
    PREFIX,
    RESULTS,
    Difference,
    differences_in,
)
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return that nothing differs.

        :param options: none.
        :param check_mode: nothing is written anyway.
        :raises ControllerError: where something differs, with a line for each difference.
        """
        compared = self._registered("compared")
        differences = [Difference(**each) for each in compared["differences"]]
        for name in RESULTS:
            differences += differences_in(name, self._registered(f"{name}_result"))
        if not differences:
            return {"changed": False, "drift": []}
        account = compared["account_sid"] or str(self._variables.get("inventory_hostname"))
        lines = [difference.line(account) for difference in differences]
        count = f"{len(lines)} difference{'s' if len(lines) > 1 else ''} from the baseline"
        raise ControllerError(
            "\n".join([f"{account}: {count}:", *lines]), {"drift": lines, "_ansible_verbose_always": True}
        )

    def _registered(self, name: str) -> dict[str, Any]:
        """Return what a task of the role has registered. It is no template, so nothing is made of it."""
        registered: dict[str, Any] = plain(self._variables[f"{PREFIX}{name}"])
        return registered
