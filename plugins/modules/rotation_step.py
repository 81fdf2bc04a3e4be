#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_step
short_description: Perform the next steps of a rotation, up to the next hook
version_added: 1.0.0
description:
  - Does the work of the roles P(community.twilio.rotate_auth_token#role), P(community.twilio.rotate_api_key#role),
    P(community.twilio.rotate_aws_credential#role) and P(community.twilio.rotate_public_key#role), except for the task
    files that they include. Use these roles.
  - A call reads the record and the actual state at Twilio, performs the step that the rotation's table decides, and
    saves, repeatedly, until a task file is to be included, or nothing is due any more. Then the role includes that
    file, and calls again with RV(state).
  - It also depends on the variables of these roles, and on what the task files hand over, such as
    C(rotation_record_found). It reads these by itself. They may hold secrets, and Ansible keeps the arguments of a task
    that fails in C(ansible_failed_task).
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  check_mode:
    support: full
    details: It sends only requests that read, and returns what a run would do.
  diff_mode:
    support: none
    details: A record may hold secrets.
  idempotent:
    support: full
    details: Where nothing is due, nothing is changed.
options:
  rotates:
    description: What is rotated.
    type: str
    choices:
      - auth_token
      - api_key
      - aws_credential
      - public_key
    required: true
  state:
    description: RV(state) of the call before; not given in a run's first call.
    type: dict
seealso:
  - name: Rotate on a schedule
    description: How the roles are run.
    link: https://github.com/ansible-collections/community.twilio/blob/main/docs/docsite/rst/guide_schedule.rst
"""

EXAMPLES = r"""
# The roles that rotate are the examples; tasks of your own have no use for it.
- name: Rotate the auth token where that is due
  ansible.builtin.include_role:
    name: community.twilio.rotate_auth_token
"""

RETURN = r"""
msg:
  description: What was done, in one line.
  returned: always
  type: str
  sample: "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: not rotated; due in 83.2 days"
has_next:
  description: Whether something is to be included next. At the end it is V(false).
  returned: always
  type: bool
next:
  description: What is to be included next; not there at the end.
  returned: where a task file is to be included
  type: dict
  contains:
    name:
      description: The names of the hooks, separated by commas, or V(load) or V(save).
      returned: always
      type: str
    files:
      description: The task files, in the order in which they are included.
      returned: always
      type: list
      elements: dict
      contains:
        name:
          description: The hook, or V(load) or V(save).
          returned: always
          type: str
        path:
          description: The task file's path.
          returned: always
          type: str
    label:
      description: What is rotated, in words for the names of tasks.
      returned: always
      type: str
    is_hook:
      description: Whether it is a hook, and not the store's.
      returned: always
      type: bool
    is_own:
      description: Whether it is a hook of this collection's, so that its messages may be repeated.
      returned: always
      type: bool
    record_name:
      description: The name of the record that is to be loaded or saved.
      returned: always
      type: str
    variables:
      description: The variables of the hook.
      returned: always
      type: dict
state:
  description: What has to be passed to the next call. It holds no secret.
  returned: where a task file is to be included
  type: dict
record:
  description:
    - The record, for a hook whose variables can't read it from the store, and for a store that is task files. It may
      hold secrets, and the result is censored.
  returned: where a task file is to be included, and the records are not in encrypted files
  type: dict
phase:
  description: Where the rotation is, V(none) where there is no record, or none was read.
  returned: at the end, and where it failed
  type: str
  sample: idle
rotated:
  description: Whether this run has put a new secret in place.
  returned: at the end, and where it failed
  type: bool
  sample: false
due_in_days:
  description: Days until the next rotation, V(null) where the run failed.
  returned: at the end, and where it failed
  type: float
  sample: 83.2
sid:
  description: The credential or the API key that consumers are to use.
  returned: at the end, and where it failed, of a credential or an API key
  type: str
  sample: CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
kept:
  description: The API keys of the name that the rotation does not touch, such as one that it has taken over.
  returned: at the end, and where it failed, of an API key
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "rotates": {"type": "str", "choices": ["auth_token", "api_key", "aws_credential", "public_key"], "required": True},
    "state": {"type": "dict"},
}


def main() -> None:
    """Fail, since the action plugin does the work."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
