#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_public_key
short_description: Manage the public keys that a Twilio account holds
version_added: 1.0.0
description:
  - Creates, renames, replaces and removes the public keys with which a Twilio account encrypts recordings, or checks
    the signatures of its clients' requests.
  - A changed key means a new credential with a new SID, since Twilio can't change one in place. The new one is created
    before the old one is removed.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.credential
  - community.twilio.attributes
attributes:
  idempotent:
    support: partial
    details: Not with O(update_secret=always), which creates a new credential in each run.
options:
  public_key:
    description:
      - The public key in PEM form, an RSA key of 2048 bits with the exponent 65537. Required to create a credential.
      - Line breaks, and the lines with C(BEGIN) and C(END), make no difference.
      - A private key given by mistake is refused before any request. So that it isn't printed then, at any verbosity,
        this option is treated as a secret.
    type: str
notes:
  - If a key that is in use is removed, Twilio falls back to the one that was added last. Where there is none,
    recordings that are to be encrypted are not stored. So point the consumers to the new key first.
seealso:
  - module: community.twilio.twilio_public_key_info
"""

EXAMPLES = r"""
- name: Ensure Twilio can encrypt recordings
  community.twilio.twilio_public_key:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    friendly_name: recordings
    public_key: "{{ recordings_public_key }}"
  register: recordings

- name: Create a new public key when the key changes, and keep the old one until consumers have moved
  community.twilio.twilio_public_key:
    friendly_name: recordings
    public_key: "{{ recordings_public_key }}"
    update_secret: when_changed

- name: Adopt a public key that was created by hand, and create a new one when the key changes
  community.twilio.twilio_public_key:
    friendly_name: recordings
    public_key: "{{ recordings_public_key }}"
    update_secret: when_changed
    unsigned: adopt

- name: Rename a public key
  community.twilio.twilio_public_key:
    sid: "{{ recordings.credential.sid }}"
    friendly_name: encryption

- name: Remove a public key
  community.twilio.twilio_public_key:
    friendly_name: encryption
    state: absent
"""

RETURN = r"""
credential:
  description: The public key as a credential; V(null) when it is absent. In check mode, what is known of it.
  returned: success
  type: dict
  contains:
    sid:
      description: Its SID.
      returned: always
      type: str
      sample: CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    account_sid:
      description: The account that holds it.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    friendly_name:
      description: Its name, without the fingerprint.
      returned: always
      type: str
      sample: recordings
    fingerprint:
      description: The fingerprint of the key, with which the name at Twilio ends; V(null) without one, see O(unsigned).
      returned: always
      type: str
      sample: 1f2e3d4c5b
    date_created:
      description: When it was created.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    date_updated:
      description: When it was last renamed; V(null) where that is not known.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    url:
      description: Its address at Twilio.
      returned: always
      type: str
      sample: https://accounts.twilio.com/v1/Credentials/PublicKeys/CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
replaced_sids:
  description:
    - The SIDs of the credentials that this run replaced. They were deleted where O(remove_replaced=true).
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import credential

DEFINITION = Definition(
    options={
        **credential.OPTIONS,
        # Not a secret, but a private key given by mistake would be one.
        "public_key": {"type": "str", "no_log": True},
    },
    checks={
        **credential.CHECKS,
        "public_key": _schemas.public_key,
    },
    check_together=credential.PUBLIC_KEY.check_together,
    required_one_of=[["sid", "friendly_name"]],
    operation=converging(credential.PUBLIC_KEY.state),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
