#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_lock
short_description: Tell whether a run may hold the record of a rotation
version_added: 1.0.0
description:
  - Returns a lock, to be saved with the record that it is about. It fails where another run holds that record.
  - A lock counts no longer where its run is dead, which can be told on the same machine, or where it was not renewed
    for O(lease_seconds).
  - It is how the roles that rotate secrets keep out of each other's way. Whoever saves the record must see to it that
    the save replaces only what was loaded.
  - Everything is done on the controller, by the user who runs the play, whatever the task's host, connection and
    C(become) are.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.attributes.info
attributes:
  platform:
    platforms: posix
options:
  lock:
    description: The lock of the record as it was loaded, empty where it has none.
    type: dict
    default: {}
  lease_seconds:
    description: How many seconds a lock counts that was not renewed, where nothing tells that its run is dead.
    type: int
    default: 3600
seealso:
  - module: community.twilio.rotation_file
"""

EXAMPLES = r"""
- name: Hold a record, if nobody else does
  community.twilio.rotation_lock:
    lock: "{{ loaded.record.lock | default({}) }}"
  register: held
"""

RETURN = r"""
check_mode:
  description:
    - Whether the task ran in check mode, be it by the command line or by a keyword of the play, a block or the task.
    - No variable tells that, since C(ansible_check_mode) is about the command line alone.
  returned: success
  type: bool
lock:
  description: The lock of this run.
  returned: success
  type: dict
  contains:
    run_id:
      description: Tells this run from every other.
      type: str
      sample: 1f2e3d4c5b6a7988
    host:
      description: The name of the machine.
      type: str
      sample: controller
    boot_id:
      description: Changes when the machine starts; empty where that can't be told.
      type: str
      sample: 2f8a6b1c-93b4-4f5e-8a55-3c1b6de0f7aa
    pid_namespace:
      description: Where that number is a process's; containers have their own. Empty where that can't be told.
      type: str
      sample: "pid:[4026531836]"
    pid:
      description: The process of C(ansible-playbook).
      type: int
      sample: 4711
    start:
      description: When that process began, in the kernel's own unit; empty where that can't be told.
      type: str
      sample: "194372"
    renewed_at:
      description: When the lock was taken, or renewed by a save.
      type: str
      sample: "2026-01-31T04:00:00Z"
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "lock": {"type": "dict", "default": {}},
    "lease_seconds": {"type": "int", "default": 3600},
}


def main() -> None:
    """Say that the action plugin is what does it."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
