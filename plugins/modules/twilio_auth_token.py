#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_auth_token
short_description: Stage, promote and remove the secondary auth token of a Twilio account
version_added: 1.0.0
description:
  - An account has a primary auth token and perhaps a secondary one, which is valid, too. Promoting makes the secondary
    one the primary, and the old primary stops working at once.
  - So a token is rotated without a gap. Stage a secondary one, give it to everything that uses the token, and promote
    it.
  - Twilio generates the tokens, and returns each only once, in the answer to the request that creates it.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth_token
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.attributes
attributes:
  check_mode:
    support: full
    details: With O(state=absent), whether a secondary token exists can only be determined where
      O(secondary_auth_token) is given. Otherwise check mode predicts a change, with a warning.
  idempotent:
    support: partial
    details: With O(state=present), the token that one run returned has to be given to the next as
      O(secondary_auth_token).
options:
  state:
    description:
      - V(present) makes sure that there is a secondary token that the caller knows. Where O(secondary_auth_token) is
        not given, or not valid, one is created and returned.
      - V(promoted) makes sure that O(secondary_auth_token), which is required then, is the primary token.
      - V(absent) makes sure that there is no secondary token.
    type: str
    choices:
      - present
      - promoted
      - absent
    default: present
  replace_unknown:
    description:
      - What to do with O(state=present) about a secondary token that exists, but is not O(secondary_auth_token). It
        can't be read, and somebody may be using it.
      - V(false) fails the task. V(true) deletes it and creates a new one.
    type: bool
    default: false
  suppress_email_notification:
    description: Whether Twilio sends no email about the change to the account's owners and administrators.
    type: bool
    default: false
notes:
  - Set C(no_log=true) on the task, since its result holds a token where it created one.
  - Twilio signs its webhooks with the primary token only, until the moment of promotion. So receivers must accept both
    tokens before.
seealso:
  - module: community.twilio.twilio_auth_token_info
"""

EXAMPLES = r"""
- name: Stage a secondary token
  community.twilio.twilio_auth_token:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
  register: staged
  no_log: true

- name: Promote the secondary token, once everything that uses the old one knows it
  community.twilio.twilio_auth_token:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    secondary_auth_token: "{{ staged.secondary_auth_token }}"
    state: promoted
  no_log: true

- name: Ensure there is no secondary token, whoever staged one
  community.twilio.twilio_auth_token:
    auth_token: "{{ staged.secondary_auth_token }}"
    state: absent
  no_log: true
"""

RETURN = r"""
account_sid:
  description: The account.
  returned: success
  type: str
  sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
date_created:
  description: When the token that this run created or promoted was created; V(null) otherwise.
  returned: success
  type: str
  sample: "2026-01-31T04:00:00Z"
date_updated:
  description: When it was last changed.
  returned: success
  type: str
  sample: "2026-01-31T04:00:00Z"
secondary_auth_token:
  description:
    - The token that this run created, V(null) otherwise. It can't be read again, so store it.
    - A promotion fails where somebody staged another token in the meantime. Then this is that token, which is the
      primary now.
  returned: success, and where a promotion made another token the primary
  type: str
  sample: 0123456789abcdef0123456789abcdef
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import auth_token

DEFINITION = Definition(
    options={
        **auth_token.OPTIONS,
        "state": {"type": "str", "choices": ["present", "promoted", "absent"], "default": "present"},
        "replace_unknown": {"type": "bool", "default": False},
        "suppress_email_notification": {"type": "bool", "default": False},
    },
    checks=auth_token.CHECKS,
    check_together=auth_token.check_together,
    required_if=[("state", "promoted", ["secondary_auth_token"])],
    required_of_connection=["auth_token"],
    operation=converging(auth_token.AuthTokenState),
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
