#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_safelist_number
short_description: Keep phone numbers on a Twilio account's SafeList, or off it
version_added: 1.0.0
description:
  - Adds phone numbers to the SafeList of a Twilio account, or removes them.
  - Numbers on the SafeList are never blocked by Twilio's fraud protection.
  - One task handles any number of phone numbers, several at once. When Twilio asks to slow down, all requests of the
    task do so together.
  - Twilio has no call that lists the SafeList, so numbers that no task names can't be found.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.safelist
  - community.twilio.attributes
options:
  state:
    description: Whether the numbers are to be on the SafeList.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: community.twilio.twilio_safelist_number_info
  - name: Twilio's SafeList
    description: What the SafeList is for.
    link: https://www.twilio.com/docs/verify/preventing-toll-fraud/sms-fraud-safe-list
"""

EXAMPLES = r"""
- name: Ensure the numbers of the test team are on the SafeList
  community.twilio.twilio_safelist_number:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    phone_number:
      - "+14155552671"
      - "+18001234xxx"

- name: Remove a number
  community.twilio.twilio_safelist_number:
    phone_number: "+14155552671"
    state: absent
"""

RETURN = r"""
numbers:
  description:
    - The outcome for each number, in the order given.
    - If a number failed, the task fails after all the others were done; running it again does only what is left.
  returned: success, and where a number failed
  type: list
  elements: dict
  contains:
    phone_number:
      description: The number.
      returned: always
      type: str
      sample: "+14155552671"
    sid:
      description: The entry's SID. V(null) where the number is not on the SafeList, and in check mode where it is not
        yet.
      returned: always
      type: str
      sample: GNaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    changed:
      description: Whether the number was added or removed.
      returned: always
      type: bool
    failed:
      description: V(true) where the number failed, or was not tried because another's failure holds for all.
      returned: when the number failed
      type: bool
    msg:
      description: Why it failed.
      returned: when the number failed
      type: str
    code:
      description: Twilio's error code.
      returned: when the number failed
      type: int
    status:
      description: The HTTP status.
      returned: when the number failed
      type: int
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import safelist

DEFINITION = Definition(
    options={
        **safelist.OPTIONS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    checks=safelist.CHECKS,
    operation=safelist.reconcile,
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
