# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says whether this run may hold a rotation's record; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.modules.rotation_lock import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils import _lock
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return the lock that is to be saved with the record.

        :param options: ``lock``, ``lease_seconds``.
        :param check_mode: is told; nothing is written here anyway.
        :raises ControllerError: where another run holds the record.
        """
        own = _lock.ours()
        other = _lock.holder(options["lock"], own, options["lease_seconds"])
        if other:
            raise ControllerError(f"Another run holds the record: {other}. Nothing was done; run it again later.")
        return {"changed": False, "lock": own.as_dict(), "check_mode": check_mode}
