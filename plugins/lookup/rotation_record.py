# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_record
short_description: The record of a rotation, such as the auth token that is valid now
version_added: 1.0.0
description:
  - Returns what a role that rotates, such as P(community.twilio.rotate_auth_token#role) or
    P(community.twilio.rotate_api_key#role), has saved in its store V(file), so that other plays use the auth token or
    the API key that is valid now.
  - It only reads, on the controller. Nothing is written or locked, and it works while a rotation is running.
  - Where there is no record, where it can't be decrypted, and where the folder or the file is not the user's alone, the
    lookup fails with a sentence that holds no secret. Unless C(errors) says otherwise, it never returns an empty
    value.
  - Look the record up where it is used, since the next rotation replaces the token. Where it is kept in a fact, the
    fact cache may keep the token on the disk.
author:
  - community.twilio contributors (@ansible-collections)
options:
  _terms:
    description:
      - The names of records, as the store has them. The record of an account's auth token has the account's SID. That
        of an API key begins with C(api_key.) and the SID.
      - A name is that of a file without C(.yml), so it has no C(/) in it, and no dot in front.
    type: list
    elements: str
    required: true
  store_path:
    description:
      - The absolute path of the folder that the records are in, as the role was given it. It may begin with C(~), and
        hold environment variables.
    # Checked here: Ansible would resolve a relative path against the working directory, and follow links.
    type: raw
    required: true
  store_password:
    description: What the records are encrypted with, as the role was given it.
    # Checked here: Ansible would convert a number to text.
    type: raw
    required: true
seealso:
  - name: Rotate credentials
    description: How the roles that write records are run.
    link: https://github.com/ansible-collections/community.twilio/blob/main/docs/docsite/rst/guide_rotate.rst
"""

EXAMPLES = r"""
- name: Read usage with the auth token that is valid now
  community.twilio.twilio_usage_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ record.primary }}"
  vars:
    record: >-
      {{ lookup('community.twilio.rotation_record', twilio_account_sid,
      store_path='/var/lib/twilio-rotation/records', store_password=twilio_store_password) }}
"""

RETURN = r"""
_raw:
  description:
    - A dictionary for each name.
    - No text in a record is taken for a template.
  type: list
  elements: dict
  contains:
    account_sid:
      description: The account.
      returned: always
      type: str
    phase:
      description: Where the rotation is, V(idle) between two rotations.
      returned: always
      type: str
      sample: idle
    primary:
      description:
        - The auth token to use. In every phase it is the one that consumers are to have.
        - If a run was killed between the promotion and the save after it, V(pending) is the valid one, until the
          next run.
      returned: where an auth token is rotated
      type: str
    pending:
      description: The auth token that is to become the primary one, V(null) where there is none.
      returned: where an auth token is rotated
      type: str
    rotated_at:
      description: When the primary token was created.
      returned: where an auth token is rotated
      type: str
      sample: "2026-01-31T04:00:00Z"
    sid:
      description: The API key that is in use. Where C(new) is there, that is the one to use.
      returned: where an API key is rotated
      type: str
    secret:
      description: Its secret, V(null) where the key was there before the role.
      returned: where an API key is rotated
      type: str
    new:
      description: The API key that replaces it, with C(sid) and C(secret). V(null) where there is none.
      returned: where an API key is rotated
      type: dict
    lock:
      description: The run that is at work on the record, V(null) where none is.
      returned: always
      type: dict
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile, path_of
from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_unsafe


class LookupModule(LookupBase):
    """The lookup plugin."""

    def run(
        self,
        terms: Sequence[Any],
        variables: Mapping[str, Any] | None = None,
        *,
        store_path: Any = None,
        store_password: Any = None,
        **others: Any,
    ) -> list[dict[str, Any]]:
        """Return the records of these names.

        :param terms: the names.
        :param variables: unused: the caller passes every option.
        :param others: unknown options.
        :raises AnsibleLookupError: where a record can't be read, or there is none.
        """
        try:
            if others:
                raise RecordError(f"Expected store_path and store_password, got {', '.join(others)}.")
            return [make_unsafe(_record(plain(name), plain(store_path), plain(store_password))) for name in terms]
        except RecordError as error:
            raise AnsibleLookupError(str(error)) from None


def _record(name: Any, folder: Any, password: Any) -> dict[str, Any]:
    """Return one record.

    :raises RecordError: where there is none, or it can't be read.
    """
    if isinstance(folder, str):
        # As Ansible does for the role's option, which has the type path.
        folder = os.path.expanduser(os.path.expandvars(folder))
    loaded = RecordFile(path_of(folder, name), password).load()
    if not loaded.version:
        raise RecordError(f"There is no record of {name} in {folder}.")
    return loaded.record
