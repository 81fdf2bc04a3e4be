#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_file
short_description: Keep the record of a rotation in an encrypted file on the controller
version_added: 1.0.0
description:
  - Loads a record, or replaces it, such that a crash at any moment leaves either the one before or the one after.
  - It is how the roles that rotate secrets keep their records, where they are told to keep them in files.
  - Everything is done on the controller, by the user who runs the play, whatever the task's host, connection and
    C(become) are.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.secret
  - community.twilio.attributes
attributes:
  diff_mode:
    support: none
    details: A record holds secrets.
  idempotent:
    support: partial
    details: Each replacement makes another version, since it is encrypted anew.
  platform:
    platforms: posix
options:
  path:
    description:
      - The absolute path of the file, which is written with the mode V(0600). Its folder gets the mode V(0700), and is
        made where it is missing.
      - Inside an execution environment it must not be in the job's private folder, which goes when the job is over.
    type: path
    required: true
  password:
    description: What the file is encrypted with, as C(ansible-vault) does.
    type: str
    required: true
  content:
    description: The record that is to be kept. If not given, the record is loaded.
    type: dict
  replaces:
    description:
      - The RV(version) that the content replaces, as it was loaded or saved last; empty where there was none.
      - The task fails, and nothing is changed, where another one stands there by now.
    type: str
    default: ""
notes:
  - Set C(no_log=true) on the task, since a record holds secrets.
seealso:
  - module: community.twilio.rotation_lock
"""

EXAMPLES = r"""
- name: Load a record
  community.twilio.rotation_file:
    path: "{{ twilio_records }}/recordings.yml"
    password: "{{ records_password }}"
  register: loaded
  no_log: true

- name: Replace it, unless somebody else has
  community.twilio.rotation_file:
    path: "{{ twilio_records }}/recordings.yml"
    password: "{{ records_password }}"
    content: "{{ loaded.record | combine({'phase': 'idle'}) }}"
    replaces: "{{ loaded.version }}"
  no_log: true
"""

RETURN = r"""
record:
  description: The record as it was loaded, empty where there is none; V(null) where it was replaced.
  returned: success
  type: dict
  sample: {}
version:
  description: Tells one state of the file from every other; empty where there is none.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "content": {"type": "dict"},
    "replaces": {"type": "str", "default": ""},
}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
