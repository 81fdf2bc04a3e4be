#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_account_info
short_description: Look up a Twilio account and its subaccounts
version_added: 1.0.0
description:
  - Returns a Twilio account and its subaccounts, all of them or those that meet every condition given. Tokens are never
    returned.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.attributes.info
options:
  sid:
    description: The SID of the account to return.
    type: str
  friendly_name:
    description: The exact name of the accounts to return.
    type: str
  status:
    description: The status of the accounts to return.
    type: str
    choices:
      - active
      - suspended
      - closed
seealso:
  - module: community.twilio.twilio_account
  - plugin: community.twilio.twilio_accounts
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Find the suspended subaccounts
  community.twilio.twilio_account_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    status: suspended
  register: suspended

- name: Show the names of the suspended subaccounts
  ansible.builtin.debug:
    msg: "{{ suspended.accounts | map(attribute='friendly_name') }}"
"""

RETURN = r"""
accounts:
  description: The accounts found, an empty list where there is none.
  returned: success
  type: list
  elements: dict
  contains:
    sid:
      description: Its SID.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    friendly_name:
      description: Its name.
      returned: always
      type: str
      sample: shop
    status:
      description: V(active), V(suspended) or V(closed).
      returned: always
      type: str
      sample: active
    type:
      description: V(Trial) or V(Full).
      returned: always
      type: str
      sample: Full
    owner_account_sid:
      description: The SID of the main account, which for the main account is its own.
      returned: always
      type: str
      sample: ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    date_created:
      description: When it was created.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    date_updated:
      description: When it was last changed.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import account

DEFINITION = Definition(
    options={
        **account.OPTIONS,
        "status": {"type": "str", "choices": ["active", "suspended", "closed"]},
    },
    checks=account.CHECKS,
    operation=reading(account.look_up),
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
