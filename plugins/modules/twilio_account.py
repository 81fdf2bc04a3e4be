#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_account
short_description: Manage the subaccounts of a Twilio account
version_added: 1.0.0
description:
  - Creates, renames, suspends, reactivates and closes the subaccounts of a Twilio account, and renames the account
    itself.
  - Twilio deletes no account. One that is closed disappears by itself after 30 days.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.attributes
options:
  state:
    description:
      - V(active) creates the subaccount where there is none of that name, and reactivates one that is suspended.
      - V(suspended) keeps everything, but nothing can be used. There has to be such an account.
      - V(closed) can't be undone, so it is reached by O(sid) alone, never by name.
    type: str
    choices:
      - active
      - suspended
      - closed
    default: active
  sid:
    description:
      - The account's SID. It identifies the account; together with another O(friendly_name) it is renamed.
      - An unknown SID fails the task, since a SID can't be chosen.
      - The account of O(account_sid) itself is only found by its SID, and can only be renamed.
    type: str
  friendly_name:
    description:
      - The subaccount's name, 64 characters at most. It identifies the subaccount where O(sid) is not given; closed
        ones don't count.
      - Twilio allows several accounts with one name. The task fails then, and lists them.
    type: str
  return_auth_token:
    description:
      - Whether a subaccount's auth token is returned. Set C(no_log=true) on such a task.
      - This needs the main account's O(auth_token); an API key is not enough.
    type: bool
    default: false
seealso:
  - module: community.twilio.twilio_account_info
"""

EXAMPLES = r"""
- name: Ensure the subaccount exists
  community.twilio.twilio_account:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    friendly_name: shop
  register: shop

- name: Suspend the subaccount
  community.twilio.twilio_account:
    friendly_name: shop
    state: suspended

- name: Rename the subaccount and return its token
  community.twilio.twilio_account:
    sid: "{{ shop.account.sid }}"
    friendly_name: former shop
    return_auth_token: true
  register: former_shop
  no_log: true

- name: Close the subaccount for good
  community.twilio.twilio_account:
    sid: "{{ shop.account.sid }}"
    state: closed
"""

RETURN = r"""
account:
  description: The account. In check mode, what is known of it.
  returned: success
  type: dict
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
    auth_token:
      description: The subaccount's auth token. V(null) for the main account, and in check mode where it would be
        created.
      returned: when O(return_auth_token=true)
      type: str
      sample: 0123456789abcdef0123456789abcdef
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import account

DEFINITION = Definition(
    options={
        **account.OPTIONS,
        "state": {"type": "str", "choices": ["active", "suspended", "closed"], "default": "active"},
        "return_auth_token": {"type": "bool", "default": False, "no_log": False},
    },
    checks=account.CHECKS,
    check_together=account.check_together,
    required_one_of=[["sid", "friendly_name"]],
    operation=converging(account.AccountState),
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
