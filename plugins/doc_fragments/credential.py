# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module about credentials, whatever a credential is made of."""

from __future__ import annotations


class ModuleDocFragment:
    """State and identity; ``INFO`` is what the ``_info`` modules take instead."""

    DOCUMENTATION = r"""
options:
  state:
    description: Whether the credential is to exist.
    type: str
    choices:
      - present
      - absent
    default: present
  sid:
    description:
      - The credential's SID. It identifies the credential; together with another O(friendly_name) it is renamed.
      - An unknown SID fails the task, since a SID can't be chosen; with O(state=absent) it is no change.
    type: str
  friendly_name:
    description:
      - The credential's name, 64 characters at most. It identifies the credential where O(sid) is not given.
      - Twilio allows several credentials with one name. Where one has to be chosen, the task fails, and lists them.
      - The name that Twilio holds may end with a fingerprint, a space, V(#) and ten hexadecimal digits; see
        O(update_secret). It is not part of the name here, and a name that itself ends this way is refused.
    type: str
  update_secret:
    description:
      - What to do about a credential that exists already. Twilio never returns a key, and can't change it in place.
      - V(on_create) sends the key only when the credential is created.
      - V(when_changed) creates a new credential when the key differs from the one in place. To detect that, the module
        signs the name of what it creates with the key's fingerprint, so it may have 52 characters at most. For a
        credential that is not signed, O(unsigned) decides.
      - V(always) creates a new, signed credential in each run.
    type: str
    choices:
      - on_create
      - when_changed
      - always
    default: on_create
  unsigned:
    description:
      - What to do under O(update_secret=when_changed) about a credential whose name is not signed, because it was made
        by hand or with O(update_secret=on_create). Whether it holds the given key can't be determined.
      - It has no effect with another O(update_secret), and none where a credential of that name is signed. If the
        signed one holds another key, a new one is made, and the unsigned one is among those that are replaced.
      - V(warn) leaves it as it is, with a warning, even if the key changes.
      - V(adopt) treats it as holding the given key, which you must know. Its name is signed, its SID stays, and a later
        change of the key is noticed.
      - V(replace) creates a new, signed credential, as if the key had changed.
      - V(fail) fails the task.
      - Where several credentials have that name and none is signed, the task fails, except with V(replace).
    type: str
    choices:
      - warn
      - adopt
      - replace
      - fail
    default: warn
  remove_replaced:
    description:
      - Whether the other credentials of that name are deleted, once the wanted one exists, also those that an earlier,
        interrupted run left behind. In diff mode, C(replaced) lists them.
      - Consumers use the SID, so point them to the new credential before the old one is deleted.
    type: bool
    default: false
"""

    INFO = r"""
options:
  sid:
    description: The SID of the credential to return.
    type: str
  friendly_name:
    description: The exact name of the credentials to return, without a fingerprint.
    type: str
"""
