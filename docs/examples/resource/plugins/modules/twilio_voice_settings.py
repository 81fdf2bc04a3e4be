# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_voice_settings
short_description: Decide whether a subaccount has its main account's voice dialing permissions
version_added: 1.0.0
description:
  - Decides whether a subaccount may call the countries that its main account may call, or has voice dialing permissions
    of its own.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes
options:
  dialing_permissions_inheritance:
    description: Whether the subaccount has the voice dialing permissions of its main account.
    type: bool
    required: true
seealso:
  - module: community.twilio.twilio_voice_settings_info
"""

EXAMPLES = r"""
- name: Give a subaccount voice dialing permissions of its own
  community.twilio.twilio_voice_settings:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    subaccount_sid: "{{ shop.account.sid }}"
    dialing_permissions_inheritance: false
"""

RETURN = r"""
settings:
  description: The settings as they are now; in check mode, as they would be.
  returned: success
  type: dict
  contains:
    dialing_permissions_inheritance:
      description: Whether the subaccount has the voice dialing permissions of its main account.
      returned: always
      type: bool
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import voice_settings

DEFINITION = Definition(
    options={"dialing_permissions_inheritance": {"type": "bool", "required": True}},
    operation=converging(voice_settings.VoiceSettings),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
