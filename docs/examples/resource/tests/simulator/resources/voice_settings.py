# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Voice settings: whether a subaccount has its main account's voice dialing permissions."""

from __future__ import annotations

from ..call import Answer, Call, operation


@operation("fetch_voice_settings")
def fetch_voice_settings(call: Call) -> Answer:
    """200 with the settings."""
    return Answer(200, _view(call))


@operation("update_voice_settings")
def update_voice_settings(call: Call) -> Answer:
    """202 with the settings as they are now; what is not given stays."""
    inherits = call.form.get("DialingPermissionsInheritance", call.account.inherits_dialing_permissions)
    call.account.inherits_dialing_permissions = inherits
    return Answer(202, _view(call))


def _view(call: Call) -> dict[str, object]:
    return {
        "dialing_permissions_inheritance": call.account.inherits_dialing_permissions,
        "url": f"{call.origin}/v1/Settings",
    }
