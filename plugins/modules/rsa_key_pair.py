#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rsa_key_pair
short_description: Create an RSA key pair on the controller, of the kind that Twilio accepts
version_added: 1.0.0
description:
  - Creates a private key where there is none, an RSA key of 2048 bits with the exponent 65537, and returns its public
    half.
  - The private key is written to a file that its owner alone can read, and is on the disk when the task ends, so that
    no crash afterwards loses a key that Twilio encrypts with. It is never returned and never logged.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.controller
  - community.twilio.attributes
attributes:
  diff_mode:
    support: none
    details: The file holds nothing that may be shown.
options:
  path:
    description:
      - The absolute path of the file with the private key, in PEM form as PKCS#8, with the mode V(0600).
      - An existing file stays as it is. The task fails where it holds anything other than an RSA private key without a
        passphrase.
      - The file and its folder have to be those of the user who runs the play, and nobody else may be allowed to write
        to them; a symbolic link is not followed. Otherwise the task fails, and changes no rights.
      - Inside an execution environment it must not be in the job's private folder, which is deleted after the job.
      - Missing folders are created with the mode V(0700).
    type: path
    required: true
notes:
  - A run that is killed while it writes the file may leave another one beside it, whose name begins with a dot and ends
    with C(.new). Nobody uses the key in it. The next run for the same path removes it, but not in check mode.
seealso:
  - module: community.twilio.twilio_public_key
"""

EXAMPLES = r"""
- name: Ensure the key pair exists
  community.twilio.rsa_key_pair:
    path: "{{ twilio_keys }}/recordings.pem"
  register: recordings

- name: Ensure Twilio encrypts recordings with it
  community.twilio.twilio_public_key:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    friendly_name: recordings
    public_key: "{{ recordings.public_key }}"
  when: recordings.public_key is not none
"""

RETURN = r"""
path:
  description: The file with the private key.
  returned: success
  type: str
  sample: /etc/twilio/recordings.pem
public_key:
  description:
    - The public half in PEM form, as X.509 has it.
    - V(null) in check mode where the key would be created.
  returned: success
  type: str
  sample: |
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA...
    -----END PUBLIC KEY-----
fingerprint:
  description:
    - What M(community.twilio.twilio_public_key) returns as the fingerprint of this key.
    - V(null) in check mode where the key would be created.
  returned: success
  type: str
  sample: 1f2e3d4c5b
"""

from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _controller_only

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
}


def main() -> None:
    """Fail, since the action plugin does the work."""
    _controller_only.main(ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
