#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_api_key_info
short_description: Look up the API keys of a Twilio account
version_added: 1.0.0
description:
  - Returns the API keys of a Twilio account, all of them, those of one name, or one by its SID.
  - Twilio never returns the secret of an existing key, so none is returned.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes.info
options:
  sid:
    description: The SID of the key to return.
    type: str
  friendly_name:
    description: The exact name of the keys to return, without a rotation's mark.
    type: str
  with_permissions:
    description:
      - Whether the permissions of restricted keys are looked up, too. Twilio lists keys without them, so that takes one
        more request for each key, some of them at once.
      - Those of the key that O(sid) names are returned in any case.
    type: bool
    default: false
notes:
  - API keys can only be looked up with the account's auth token or a Main API key.
seealso:
  - module: community.twilio.twilio_api_key
"""

EXAMPLES = r"""
- name: Find all API keys
  community.twilio.twilio_api_key_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
  register: keys

- name: Show the API keys that are older than 90 days
  ansible.builtin.debug:
    msg: "{{ keys.api_keys | selectattr('date_created', 'lt', limit) | map(attribute='friendly_name') }}"
  vars:
    limit: "{{ '%Y-%m-%dT%H:%M:%SZ' | strftime(now(utc=true).timestamp() - 90 * 86400, utc=true) }}"
"""

RETURN = r"""
api_keys:
  description: The API keys found, an empty list where there is none.
  returned: success
  type: list
  elements: dict
  contains:
    sid:
      description: Its SID.
      returned: always
      type: str
      sample: SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    account_sid:
      description: The account that it belongs to.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    friendly_name:
      description: Its name, without a rotation's mark.
      returned: always
      type: str
      sample: billing service
    permissions:
      description:
        - The permissions of a restricted key, sorted. V(null) for a key of another type, and where they were not read;
          see O(with_permissions).
      returned: always
      type: list
      elements: str
      sample: [/twilio/messaging/messages/read]
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
from ansible_collections.community.twilio.plugins.module_utils._resources import api_key

DEFINITION = Definition(
    options={**api_key.INFO_OPTIONS, "with_permissions": {"type": "bool", "default": False}},
    checks=api_key.INFO_CHECKS,
    mutually_exclusive=[["sid", "friendly_name"]],
    operation=reading(api_key.look_up),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
