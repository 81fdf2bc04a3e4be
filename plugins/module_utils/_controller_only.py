# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The module beside an action plugin that does everything on the controller: documentation, options, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule


def main(argument_spec: Mapping[str, Mapping[str, Any]], **rules: Any) -> None:
    """Fail, since a module runs on the target.

    :param argument_spec: the options, which the action plugin validates by the same table.
    :param rules: the rules between options, as AnsibleModule's keyword arguments.
    """
    module = AnsibleModule(
        {name: dict(option) for name, option in argument_spec.items()}, **rules, supports_check_mode=True
    )
    module.fail_json(
        msg="This runs on the controller only. Call it by its full name, so that Ansible finds the collection's action"
        " plugin and sends nothing to the target."
    )
