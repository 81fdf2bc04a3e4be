#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline_drift
short_description: Fail where an account differs from its baseline
version_added: 1.0.0
description:
  - It is the end of a dry run of the role P(community.twilio.account_baseline#role), where
    C(account_baseline_fail_on_drift) is true. Use that role.
  - It makes a line of each difference in what the role's tasks have registered, and fails where there is any.
  - No request is sent to Twilio, and nothing is changed.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  diff_mode:
    support: none
    details: The tasks before have shown it.
options: {}
seealso:
  - name: Drift
    description: How a job tells that an account has changed.
    link: https://github.com/ansible-collections/community.twilio/blob/main/docs/docsite/rst/guide_drift.rst
"""

EXAMPLES = r"""
# The role is the example; tasks of your own have no use for it.
- name: Check that the account is as declared
  ansible.builtin.include_role:
    name: community.twilio.account_baseline
    apply:
      check_mode: true
  vars:
    account_baseline_fail_on_drift: true
"""

RETURN = r"""
drift:
  description: A line for each difference, with the account, what differs, how it is, and how it is declared.
  returned: always
  type: list
  elements: str
  sample:
    - "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: SafeList number +14155552671: absent -> present"
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
