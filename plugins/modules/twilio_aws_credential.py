#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_aws_credential
short_description: Manage the AWS credentials that a Twilio account holds
version_added: 1.0.0
description:
  - Creates, renames, replaces and removes the AWS credentials with which a Twilio account writes to S3, for recordings
    and compositions.
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
  aws_access_key_id:
    description: The id of the AWS access key, 20 upper-case letters and digits. Required to create a credential.
    type: str
  aws_secret_access_key:
    description: The secret of the AWS access key, 40 characters. Required to create a credential.
    type: str
seealso:
  - module: community.twilio.twilio_aws_credential_info
"""

EXAMPLES = r"""
- name: Ensure Twilio can write recordings to S3
  community.twilio.twilio_aws_credential:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    friendly_name: recordings
    aws_access_key_id: "{{ recordings_key_id }}"
    aws_secret_access_key: "{{ recordings_key_secret }}"
  register: recordings

- name: Create a new credential when the key changes, and keep the old one until consumers have moved
  community.twilio.twilio_aws_credential:
    friendly_name: recordings
    aws_access_key_id: "{{ recordings_key_id }}"
    aws_secret_access_key: "{{ recordings_key_secret }}"
    update_secret: when_changed

- name: Adopt a credential that was created by hand, and create a new one when the key changes
  community.twilio.twilio_aws_credential:
    friendly_name: recordings
    aws_access_key_id: "{{ recordings_key_id }}"
    aws_secret_access_key: "{{ recordings_key_secret }}"
    update_secret: when_changed
    unsigned: adopt

- name: Rename a credential
  community.twilio.twilio_aws_credential:
    sid: "{{ recordings.credential.sid }}"
    friendly_name: compositions

- name: Remove a credential
  community.twilio.twilio_aws_credential:
    friendly_name: compositions
    state: absent
"""

RETURN = r"""
credential:
  description: The credential; V(null) when it is absent. In check mode, what is known of it.
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
      sample: https://accounts.twilio.com/v1/Credentials/AWS/CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
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
        "aws_access_key_id": {"type": "str", "no_log": False},
        "aws_secret_access_key": {"type": "str", "no_log": True},
    },
    checks={
        **credential.CHECKS,
        "aws_access_key_id": _schemas.aws_access_key_id,
        "aws_secret_access_key": _schemas.aws_secret_access_key,
    },
    check_together=credential.AWS.check_together,
    required_one_of=[["sid", "friendly_name"]],
    required_together=[["aws_access_key_id", "aws_secret_access_key"]],
    operation=converging(credential.AWS.state),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
