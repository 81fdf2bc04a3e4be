# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fails where an account differs from its baseline; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.modules.baseline_drift import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import RESULTS, Difference, differences_in
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return that nothing differs.

        :param options: see the module.
        :param check_mode: nothing is written anyway.
        :raises ControllerError: where something differs, with a line for each difference.
        """
        differences = [Difference(**each) for each in options["differences"]]
        for name in RESULTS:
            differences += differences_in(name, options["results"].get(name) or {})
        if not differences:
            return {"changed": False, "drift": []}
        account = options["account_sid"] or "the account"
        count = f"{len(differences)} difference{'s' if len(differences) > 1 else ''} from the baseline"
        lines = [difference.line(account) for difference in differences]
        raise ControllerError(
            "\n".join([f"{account}: {count}:", *lines]), {"drift": lines, "_ansible_verbose_always": True}
        )
