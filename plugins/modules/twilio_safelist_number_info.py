#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_safelist_number_info
short_description: Check which phone numbers are on a Twilio account's SafeList
version_added: 1.0.0
description:
  - Returns for each of the given phone numbers whether it is on the SafeList of a Twilio account.
  - Twilio has no call that lists the SafeList, so the numbers must be named.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.safelist
  - community.twilio.attributes.info
seealso:
  - module: community.twilio.twilio_safelist_number
"""

EXAMPLES = r"""
- name: Look up two numbers
  community.twilio.twilio_safelist_number_info:
    phone_number:
      - "+14155552671"
      - "+18001234xxx"
  register: safelist

- name: Show the numbers that are missing
  ansible.builtin.debug:
    msg: "{{ safelist.numbers | rejectattr('exists') | map(attribute='phone_number') }}"
"""

RETURN = r"""
numbers:
  description: What was found for each number, in the order given.
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
      description: The entry's SID, V(null) where the number is not on the SafeList.
      returned: always
      type: str
      sample: GNaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    exists:
      description: Whether the number is on the SafeList; V(null) where that could not be determined.
      returned: always
      type: bool
    failed:
      description: V(true) where the number could not be looked up.
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

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import safelist

DEFINITION = Definition(
    options=safelist.OPTIONS,
    checks=safelist.CHECKS,
    operation=reading(safelist.look_up),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
