#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: security_report_step
short_description: Collect what a security report is made of, and write it
version_added: 1.0.0
description:
  - It is what the role P(community.twilio.security_report#role) consists of. Use this role.
  - What else it depends on are the variables of the role, and those that the inventory plugin
    P(community.twilio.twilio_accounts#inventory) sets. It reads these by itself. Some hold secrets, and Ansible keeps
    the arguments of a task that fails in C(ansible_failed_task).
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  check_mode:
    support: full
    details: It reads as always, and writes no file.
  diff_mode:
    support: none
    details: The report contains the time, so that each one differs.
  idempotent:
    support: none
    details: Each run writes a report of its own time. At Twilio nothing is ever changed.
options:
  does:
    description:
      - V(collect) looks up what secrets the host's account has, and how old they are.
      - V(write) writes the report about the accounts of all hosts of the play, once.
    type: str
    choices:
      - collect
      - write
    required: true
seealso:
  - module: community.twilio.rotation_status
"""

EXAMPLES = r"""
# The role is the example; tasks of your own have no use for it.
- name: Report on all accounts
  ansible.builtin.include_role:
    name: community.twilio.security_report
"""

RETURN = r"""
account:
  description: What was collected about the host's account, as the report in JSON has it, without ages.
  returned: where it collected
  type: dict
msg:
  description: What the report says, in one line.
  returned: where it wrote, and where it failed
  type: str
  sample: "Accounts: 60, secrets: 240, of which 12 overdue, 8 due soon, 3 not known. See /srv/reports/twilio.html"
totals:
  description: The report's totals.
  returned: where it wrote
  type: dict
  contains:
    accounts:
      description: How many accounts there are.
      returned: always
      type: int
    secrets:
      description: How many auth tokens, API keys, AWS credentials and public keys are known of.
      returned: always
      type: int
    overdue:
      description: How many are older than they may get.
      returned: always
      type: int
    due_soon:
      description: How many are in the last sixth of their time.
      returned: always
      type: int
    unknown:
      description: How many have an age that is not known, and how many lists could not be read.
      returned: always
      type: int
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "does": {"type": "str", "choices": ["collect", "write"], "required": True},
}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
