#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_auth_token_info
short_description: Check which auth tokens of a Twilio account are valid
version_added: 1.0.0
description:
  - Returns whether the given tokens are valid, and so which phase a rotation is in.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth_token
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.attributes.info
seealso:
  - module: community.twilio.twilio_auth_token
"""

EXAMPLES = r"""
- name: Read which phase the rotation is in
  community.twilio.twilio_auth_token_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    secondary_auth_token: "{{ twilio_staged_auth_token }}"
  register: tokens
  no_log: true

- name: Show the phase of the rotation
  ansible.builtin.debug:
    var: tokens.phase
"""

RETURN = r"""
auth_token_valid:
  description: Whether O(auth_token) is valid.
  returned: success
  type: bool
secondary_auth_token_valid:
  description: Whether O(secondary_auth_token) is valid, V(null) where it is not given.
  returned: success
  type: bool
phase:
  description:
    - V(single) where O(auth_token) is valid, and O(secondary_auth_token) is not given, not valid or the same token.
    - V(staged) where both are valid.
    - V(promoted) where only O(secondary_auth_token) is valid, so that it is the primary by now.
    - V(locked_out) where none of those given is valid. Twilio may give the same answer for a suspended or closed
      account.
  returned: success
  type: str
  sample: staged
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import auth_token

DEFINITION = Definition(
    options=auth_token.OPTIONS,
    checks=auth_token.CHECKS,
    required_of_connection=["auth_token"],
    operation=reading(auth_token.look_up),
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
