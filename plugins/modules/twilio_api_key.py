#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_api_key
short_description: Manage the API keys of a Twilio account
version_added: 1.0.0
description:
  - Creates, renames and removes API keys, and sets the permissions of restricted ones. Twilio recommends that services
    authenticate with API keys, and not with the account's auth token.
  - A key's secret is returned once, by the run that creates the key.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes
options:
  state:
    description:
      - Whether the key is to exist. Whatever authenticates with a key fails from the moment that the key is removed.
      - The key that authenticates the task, O(api_key_sid), is never removed.
    type: str
    choices:
      - present
      - absent
    default: present
  sid:
    description:
      - The key's SID, V(SK) and 32 hexadecimal digits. It identifies the key; together with another O(friendly_name) it
        is renamed.
      - An unknown SID fails the task, since a SID can't be chosen; with O(state=absent) it is no change.
    type: str
  friendly_name:
    description:
      - The key's name, 64 characters at most. It identifies the key where O(sid) is not given.
      - Twilio allows several keys with one name. The task fails then, and lists them.
      - The name that Twilio holds may end with a mark, a space, V(#) and ten hexadecimal digits, where a rotation has
        created the key. It is not part of the name here, and a name that itself ends this way is refused.
    type: str
  permissions:
    description:
      - The permissions of a restricted key, such as V(/twilio/messaging/messages/read), 100 at most. The key is to have
        exactly these; their order makes no difference. An empty list is a key that may do nothing.
      - Where they differ from those of a key that exists, that key is updated, and keeps its SID and its secret.
      - If not given, a new key is a standard one, and one that exists is left as it is.
      - The type of a key can't be changed, so the task fails where the key exists and is not restricted.
    type: list
    elements: str
notes:
  - API keys can only be managed with the account's auth token or a Main API key. A Main key can't be created here, only
    in the Twilio Console.
  - Restricted keys work in the region V(us1) only, and can't make access tokens for Twilio's client-side SDKs.
  - If Twilio's answer to a creation is lost, the key that it reported is deleted, since nobody knows its secret, and
    another one is created. It is found by its name and permissions, among those that were not there before. So don't
    let two tasks create keys of one name in one account at the same time.
  - A run that is killed while it creates a key may leave one behind whose secret nobody knows. The next run finds it,
    and returns no RV(secret). Remove it with O(state=absent), and run the task again.
seealso:
  - module: community.twilio.twilio_api_key_info
  - name: Restricted API keys
    description: The permissions that there are.
    link: https://www.twilio.com/docs/iam/api-keys/restricted-api-keys
"""

EXAMPLES = r"""
- name: Create a standard key for a service
  community.twilio.twilio_api_key:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    friendly_name: billing service
  register: billing_key
  no_log: true

- name: Store the key's secret, which is returned only once
  ansible.builtin.copy:
    content: "TWILIO_API_KEY={{ billing_key.api_key.sid }}\nTWILIO_API_SECRET={{ billing_key.secret }}\n"
    dest: "{{ billing_environment_file }}"
    mode: "0600"
  when: billing_key.secret is not none
  no_log: true

- name: Ensure that a restricted key has exactly these permissions
  community.twilio.twilio_api_key:
    friendly_name: message archive
    permissions:
      - /twilio/messaging/messages/read
      - /twilio/messaging/messages/update
  register: archive_key
  no_log: true

- name: Rename a key
  community.twilio.twilio_api_key:
    sid: "{{ archive_key.api_key.sid }}"
    friendly_name: archive

- name: Remove a key
  community.twilio.twilio_api_key:
    friendly_name: archive
    state: absent
"""

RETURN = r"""
api_key:
  description: The API key; V(null) when it is absent. In check mode, what is known of it.
  returned: success
  type: dict
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
        - The permissions of a restricted key, sorted. V(null) for a key of another type, and where they were not read,
          as for a key that is found by its O(friendly_name) without O(permissions).
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
secret:
  description:
    - The secret of the key that this run created, V(null) otherwise. It can't be read again, so store it.
    - Set C(no_log=true) on the task, or Ansible prints it with C(-v).
  returned: success, and where a key was created before the task failed
  type: str
  sample: 0123456789abcdefghijklmnopqrstuv
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import api_key

DEFINITION = Definition(
    options=api_key.OPTIONS,
    checks=api_key.CHECKS,
    check_together=api_key.check_together,
    required_one_of=[["sid", "friendly_name"]],
    operation=converging(api_key.ApiKeyState),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
