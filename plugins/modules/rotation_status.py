#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_status
short_description: Print the state of rotations, read from their records, as a table
version_added: 1.0.0
description:
  - Reads all records that the roles that rotate have saved in their store V(file), and prints a row for each, with what
    is rotated, its phase, its age, when it is due, and which run is at work on it.
  - No request is sent. Nothing is written or locked, and a rotation that is under way does not hinder it.
  - A record that is damaged, encrypted with another password, or about something else than its name says, is a row that
    says so.
  - The table goes to the standard output as it is, whatever the callback plugin shows of tasks. It holds no secret.
  - It has to be run by the user whose rotations these are, since nobody else may read the records.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes.info
  - community.twilio.secret
options:
  store_path:
    description: The absolute path of the folder that the records are in, as the roles were given it.
    # Checked here: Ansible would take a relative path for one that begins in the working directory.
    type: str
    required: true
  store_password:
    description: What the records are encrypted with, as the roles were given it.
    # Checked here: Ansible would make a text of a number.
    type: raw
    required: true
  max_age_days:
    description: How many days old what is rotated may get.
    type: float
    default: 90
notes:
  - A record of an AWS credential does not say how old that is; the role P(community.twilio.security_report#role) asks
    Twilio.
seealso:
  - plugin: community.twilio.rotation_record
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show which rotations are due
  community.twilio.rotation_status:
    store_path: "{{ rotate_auth_token_store_path }}"
    store_password: "{{ rotate_auth_token_store_password }}"
  register: rotations

- name: Fail where one is overdue
  ansible.builtin.assert:
    that: rotations.overdue == 0 and rotations.unusable == 0
"""

RETURN = r"""
overdue:
  description: How many are overdue.
  returned: success
  type: int
  sample: 0
unusable:
  description: How many records can't be used.
  returned: success
  type: int
  sample: 0
records:
  description: What each record says.
  returned: success
  type: list
  elements: dict
  contains:
    record:
      description: The record's name.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    kind:
      description: What is rotated, V(auth_token), V(api_key), V(aws_credential) or V(public_key); V(null) if not known.
      returned: always
      type: str
      sample: auth_token
    account_sid:
      description: The account.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    friendly_name:
      description: The rotation's name, V(null) of an auth token.
      returned: always
      type: str
    phase:
      description: Where the rotation is, V(null) where the record can't be used.
      returned: always
      type: str
      sample: idle
    made_at:
      description: When what consumers are to use was made; V(null) where the record does not say.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    age_days:
      description: How old that is.
      returned: always
      type: float
      sample: 12.5
    due_in_days:
      description: In how many days the next one is due, negative where it is overdue.
      returned: always
      type: float
      sample: 77.5
    overdue:
      description: Whether it is due.
      returned: always
      type: bool
      sample: false
    held_by:
      description: The run that is at work on it, V(null) where none is.
      returned: always
      type: str
      sample: process 4711 on controller since 2026-01-31T04:00:00Z
    problem:
      description: Why the record can't be used, V(null) where it can.
      returned: always
      type: str
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "store_path": {"type": "str", "required": True},
    "store_password": {"type": "raw", "required": True, "no_log": True},
    "max_age_days": {"type": "float", "default": 90.0},
}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
