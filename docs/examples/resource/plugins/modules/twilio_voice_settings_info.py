# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_voice_settings_info
short_description: Look up whether a subaccount has its main account's voice dialing permissions
version_added: 1.0.0
description:
  - Returns whether a subaccount may call the countries that its main account may call, or has voice dialing permissions
    of its own.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes.info
options: {}
seealso:
  - module: community.twilio.twilio_voice_settings
"""

EXAMPLES = r"""
- name: Look up a subaccount's voice settings
  community.twilio.twilio_voice_settings_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    subaccount_sid: "{{ shop.account.sid }}"
  register: voice
"""

RETURN = r"""
settings:
  description: The settings.
  returned: success
  type: dict
  contains:
    dialing_permissions_inheritance:
      description: Whether the subaccount has the voice dialing permissions of its main account.
      returned: always
      type: bool
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import voice_settings

DEFINITION = Definition(
    options={},
    operation=reading(voice_settings.look_up),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
