# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note on loops for every module that takes a secret."""

from __future__ import annotations


class ModuleDocFragment:
    """One note."""

    DOCUMENTATION = r"""
options: {}
notes:
  - >-
    Before ansible-core 2.22, Ansible itself prints the C(item) of a loop, with every secret in it, whatever the module
    hides. Loop over names and look the secrets up by them, as with C(loop: "{{ accounts | list }}") and
    C(auth_token: "{{ accounts[item].auth_token }}"), or set C(no_log=true) on the task. C(loop_control.label) is not
    enough: the whole item is printed where it fails, and with C(-v).
"""
