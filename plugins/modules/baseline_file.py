#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline_file
short_description: Write an account as variables of the role account_baseline
version_added: 1.0.0
description:
  - It is what the role P(community.twilio.account_export#role) does. Use that role.
  - It reads from Twilio what the account holds, with several requests at once, and writes a file that its owner alone
    can read. Nothing is changed at Twilio.
  - All that it depends on are the variables of that role. It reads these by itself. They may hold secrets, and Ansible
    keeps the arguments of a task that fails in C(ansible_failed_task).
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  check_mode:
    support: full
    details: It reads from Twilio, and writes nothing.
  diff_mode:
    support: full
    details: A file that somebody has edited may hold secrets, and is not shown.
  idempotent:
    support: full
    details: The file depends on the account alone.
options: {}
seealso:
  - name: Existing credentials
    description: How what has grown for years comes under management.
    link: https://github.com/ansible-collections/community.twilio/blob/main/docs/docsite/rst/guide_existing.rst
"""

EXAMPLES = r"""
# The role is the example; tasks of your own have no use for it.
- name: Write the account as variables
  ansible.builtin.include_role:
    name: community.twilio.account_export
  vars:
    account_export_path: "{{ playbook_dir }}/exported"
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /home/me/twilio/exported/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.yml
account_sid:
  description: The account that it describes.
  returned: success
  type: str
  sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
