# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the records of a store and prints what they tell as a table; the module of the same name documents it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.utils.display import Display

from ansible_collections.community.twilio.plugins.modules.rotation_status import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError
from ansible_collections.community.twilio.plugins.plugin_utils._dates import is_age
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import Store, aged, table


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Print the table, and return its rows.

        :param options: see the module.
        :param check_mode: no difference, since nothing is written.
        :raises ControllerError: where an option can't be right, the store can't be read, or there is no record in it.
        """
        if not is_age(options["max_age_days"]):
            raise ControllerError("max_age_days: expected 0, which is due in every run, or more.")
        now = datetime.now(timezone.utc)
        store = Store(os.path.expanduser(os.path.expandvars(options["store_path"])), options["store_password"])
        try:
            read = [store.read(name, now)[0] for name in store.names()]
        except RecordError as error:
            raise ControllerError(str(error)) from None
        statuses = [aged(status, options["max_age_days"], now) for status in read if status]
        if not statuses:
            raise ControllerError(f"There is no record in {options['store_path']}.")
        for line in table(statuses):
            Display().display(line)
        return {
            "changed": False,
            "records": [status.as_dict() for status in statuses],
            "overdue": sum(status.overdue for status in statuses),
            "unusable": sum(bool(status.problem) for status in statuses),
        }
