# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks for what a security report is made of, and writes it; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils._definition import given
from ansible_collections.community.twilio.plugins.modules.security_report_step import ARGUMENT_SPEC as TASK_OPTIONS
from ansible_collections.community.twilio.plugins.plugin_utils._action import PARENT
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._controller import (
    ControllerAction,
    ControllerError,
    require_libraries,
)
from ansible_collections.community.twilio.plugins.plugin_utils._security_report_call import (
    INVENTORY,
    PREFIX,
    RULES,
    SETTINGS,
    ReportError,
    account_of,
    collect,
    write,
)

#: Where the role keeps what is found out about an account.
_RESULT = f"{PREFIX}result"

#: Everything that a task is given.
OPTIONS = {**SETTINGS, **TASK_OPTIONS}


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = OPTIONS
    rules = RULES

    def given(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add the role's variables; see :meth:`ControllerAction.role_variables`."""
        return given(SETTINGS, {**self.role_variables(PREFIX, SETTINGS), **arguments})

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Ask about one account, or write what was found out about all.

        :param options: the role's variables, and what to do.
        :param check_mode: whether nothing may be written.
        :raises ControllerError: where a variable can't be right, or a file can't be written.
        """
        require_libraries()
        now = datetime.now(timezone.utc)
        try:
            if options["does"] == "collect":
                PARENT.start()
                return {"changed": False, "account": collect(options, self._inventory(), now)}
            totals = write(options, self._accounts(), now, check_mode)
        except ReportError as error:
            raise ControllerError(str(error)) from None
        said = _said(totals, options["path"])
        result = {"changed": True, "msg": said, "totals": totals}
        if options["fail_when_overdue"] and totals["overdue"]:
            raise ControllerError(said, result)
        return {**result, "_ansible_verbose_always": True}

    def _inventory(self) -> dict[str, str]:
        """Return what the inventory says of the host's account."""
        told = {name: plain(self._variables.get(f"twilio_{name}")) for name in INVENTORY}
        return {name: value for name, value in told.items() if isinstance(value, str) and value}

    def _accounts(self) -> Iterator[dict[str, Any]]:
        """Yield what is known of each host of the play; no string of it is taken for a template."""
        for host in self._variables["ansible_play_hosts_all"]:
            variables = self._variables["hostvars"].raw_get(host)
            names = [f"twilio_{name}" for name in INVENTORY]
            own = {name: plain(variables[name]) for name in names if name in variables}
            yield account_of(plain(host), own, plain(variables.get(_RESULT)))


def _said(totals: Mapping[str, int], path: str) -> str:
    return (
        f"Accounts: {totals['accounts']}, secrets: {totals['secrets']}, of which {totals['overdue']} overdue,"
        f" {totals['due_soon']} due soon, {totals['unknown']} not known. See {path}"
    )
