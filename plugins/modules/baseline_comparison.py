#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline_comparison
short_description: Compare an account with its baseline
version_added: 1.0.0
description:
  - It is a part of the role P(community.twilio.account_baseline#role), which lists what there is. Use that role.
  - It returns which items a task has to look at, since not everything is as they say, and what is there that nothing
    declares. No request is sent to Twilio, and nothing is changed.
  - What is declared are the variables of the role. It reads these by itself. They may hold secrets, and Ansible keeps
    the arguments of a task that fails in C(ansible_failed_task).
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  check_mode:
    support: full
    details: What nothing declares makes the task changed in check mode. Otherwise it is a warning.
  diff_mode:
    support: full
    details: It shows what no other task of the role shows.
options:
  aws_credentials:
    description: The AWS credentials that there are, as M(community.twilio.twilio_aws_credential_info) returns them.
    type: list
    elements: dict
    default: []
  public_keys:
    description: The public keys that there are, as M(community.twilio.twilio_public_key_info) returns them.
    type: list
    elements: dict
    default: []
  accounts:
    description: The account and its subaccounts, as M(community.twilio.twilio_account_info) returns them.
    type: list
    elements: dict
    default: []
  fail_on_drift:
    description: Whether what differs is to be collected in check mode, instead of the first failure ending the role.
    type: bool
    default: false
seealso:
  - name: Drift
    description: How a job tells that an account has changed.
    link: https://github.com/ansible-collections/community.twilio/blob/main/docs/docsite/rst/guide_drift.rst
"""

EXAMPLES = r"""
# The role is the example; tasks of your own have no use for it.
- name: Bring the account to its baseline
  ansible.builtin.include_role:
    name: community.twilio.account_baseline
"""

RETURN = r"""
aws_credentials:
  description: What is to be done about AWS credentials.
  returned: success
  type: dict
  contains:
    to_do:
      description: The items that a task has to look at, each with its C(number) and a C(label).
      returned: always
      type: list
      elements: dict
    to_remove:
      description: What no item names and is to be removed, each with its C(sid) and C(friendly_name).
      returned: always
      type: list
      elements: dict
public_keys:
  description: Likewise about public keys.
  returned: success
  type: dict
subaccounts:
  description: The names of the subaccounts that are to be created.
  returned: success
  type: list
  elements: str
differences:
  description: What no other task shows, each with C(resource), C(before) and C(after).
  returned: success
  type: list
  elements: dict
account_sid:
  description: The account, an empty text where the controller can't tell.
  returned: success
  type: str
  sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
collects:
  description: Whether what differs is collected.
  returned: success
  type: bool
  sample: false
shows_diff:
  description: Whether the tasks that follow have to return their diffs.
  returned: success
  type: bool
  sample: false
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "aws_credentials": {"type": "list", "elements": "dict", "default": [], "no_log": False},
    "public_keys": {"type": "list", "elements": "dict", "default": [], "no_log": False},
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "fail_on_drift": {"type": "bool", "default": False},
}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
