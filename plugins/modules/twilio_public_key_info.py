#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_public_key_info
short_description: Look up the public keys that a Twilio account holds
version_added: 1.0.0
description:
  - Returns the public keys of a Twilio account, all of them, those of one name, or one by its SID.
  - Twilio never returns the key itself, so none is returned here.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.credential.info
  - community.twilio.attributes.info
seealso:
  - module: community.twilio.twilio_public_key
"""

EXAMPLES = r"""
- name: Find all public keys
  community.twilio.twilio_public_key_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
  register: public_keys

- name: Show the names of the public keys
  ansible.builtin.debug:
    msg: "{{ public_keys.credentials | map(attribute='friendly_name') }}"
"""

RETURN = r"""
credentials:
  description: The credentials found, an empty list where there is none.
  returned: success
  type: list
  elements: dict
  contains:
    sid:
      description: Its SID.
      returned: always
      type: str
      sample: CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    account_sid:
      description: The account that holds it.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    friendly_name:
      description: Its name, without the fingerprint.
      returned: always
      type: str
      sample: recordings
    fingerprint:
      description: The fingerprint of the key, which the name at Twilio ends with; V(null) where there is none.
      returned: always
      type: str
      sample: 1f2e3d4c5b
    date_created:
      description: When it was created.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    date_updated:
      description: When it was last renamed.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    url:
      description: Its address at Twilio.
      returned: always
      type: str
      sample: https://accounts.twilio.com/v1/Credentials/PublicKeys/CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import credential

DEFINITION = Definition(
    options=credential.INFO_OPTIONS,
    checks=credential.CHECKS,
    mutually_exclusive=[["sid", "friendly_name"]],
    operation=reading(credential.PUBLIC_KEY.look_up),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
