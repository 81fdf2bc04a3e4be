# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares an account with its baseline, on the controller; the module of the same name documents it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.validation import check_type_list

from ansible_collections.community.twilio.plugins.modules.baseline_comparison import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import (
    CREDENTIALS,
    PREFIX,
    Difference,
    compare_credentials,
    compare_subaccounts,
    main_account_of,
    unknown_subaccount,
)
from ansible_collections.community.twilio.plugins.plugin_utils._controller import (
    ControllerAction,
    ControllerError,
    require_libraries,
)

#: The role's variables that are read, without the prefix.
VARIABLES = (*CREDENTIALS, "subaccounts", "unnamed", "fail_on_drift", "account_sid", "subaccount_sid")

#: How many differences a warning names; of more it gives the number.
_NAMED_AT_MOST = 20


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return what the tasks that follow have to do, and what no task does anything about.

        :param options: see the module.
        :param check_mode: whether nothing is to be changed.
        :raises ControllerError: where what is declared can't be brought about by anybody.
        """
        require_libraries()
        variables = self.role_variables(PREFIX, VARIABLES)
        omitted = str(self._variables.get("omit"))
        collects = check_mode and options["fail_on_drift"]
        account_sid = _account_sid(variables, options)
        differences: list[Difference] = []
        result: dict[str, Any] = {}
        for name, kind in CREDENTIALS.items():
            comparison = compare_credentials(
                kind,
                [{key: value for key, value in item.items() if value != omitted} for item in variables.get(name) or ()],
                options[name],
                account_sid,
                unnamed=variables["unnamed"],
                collects=collects,
            )
            differences += comparison.differences
            result[name] = comparison.result()
        result["subaccounts"] = []
        if variables.get("subaccounts") is not None:
            result["subaccounts"], found = self._subaccounts(variables, options["accounts"], check_mode)
            differences += found
        if differences and not check_mode:
            result["warnings"] = [_warning(account_sid, differences)]
        return {
            **result,
            "changed": bool(differences) and check_mode,
            "account_sid": account_sid,
            "collects": collects,
            "shows_diff": bool(self._task.diff) or collects,
            "differences": [difference._asdict() for difference in differences],
            "diff": {
                "before": {each.resource: each.before or "could not be compared" for each in differences},
                "after": {each.resource: each.after for each in differences},
            },
        }

    @staticmethod
    def _subaccounts(
        variables: Mapping[str, Any], accounts: Sequence[Mapping[str, Any]], check_mode: bool
    ) -> tuple[list[str], list[Difference]]:
        """Return the names of the subaccounts that are to be created, and what else differs."""
        main = main_account_of(accounts)
        if main is None or variables.get("subaccount_sid") not in (None, "", main):
            raise ControllerError(
                f"{PREFIX}subaccounts: expected it for a main account alone, since a subaccount has no subaccounts."
            )
        # As the role's own check takes it, which does not change the variable.
        declared = check_type_list(variables["subaccounts"])
        missing, unknown, differences = compare_subaccounts(declared, accounts)
        if unknown and not check_mode:
            raise ControllerError(
                f"{PREFIX}subaccounts: account {main} has no subaccount {', '.join(unknown)}, and a SID can't be"
                " chosen. Name one to create by its friendly name. Nothing was changed."
            )
        return missing, [*differences, *map(unknown_subaccount, unknown)]


def _account_sid(variables: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Return the SID of the account that the role acts on, as far as the controller can tell."""
    recorded = (record.get("account_sid") for name in CREDENTIALS for record in options[name])
    candidates = (
        variables.get("subaccount_sid"),
        variables.get("account_sid"),
        *recorded,
        os.environ.get("TWILIO_ACCOUNT_SID"),
    )
    return next((str(candidate) for candidate in candidates if candidate), "")


def _warning(account_sid: str, differences: Sequence[Difference]) -> str:
    listed = [*map(str, differences[:_NAMED_AT_MOST])]
    if len(differences) > _NAMED_AT_MOST:
        listed.append(f"and {len(differences) - _NAMED_AT_MOST} more")
    return f"{account_sid or 'The account'} differs from its baseline, and is left as it is: {'; '.join(listed)}."
