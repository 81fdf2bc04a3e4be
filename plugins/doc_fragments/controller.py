# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the same for every module that only documents an action plugin; it goes before the attributes' fragment."""

from __future__ import annotations


class ModuleDocFragment:
    """One note, and the platform."""

    DOCUMENTATION = r"""
options: {}
notes:
  - Everything is done on the controller, by the user who runs the play, whatever the task's host, connection and
    C(become) are.
attributes:
  platform:
    description: Where the module can run.
    platforms: posix
    support: full
"""
