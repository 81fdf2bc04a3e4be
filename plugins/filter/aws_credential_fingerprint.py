# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells the fingerprint of an AWS credential before it exists; documented in the file of the same name beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils.resources.credential import AWS
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain


def aws_credential_fingerprint(pair: Any, *, account_sid: Any) -> str:
    """Return the ten hexadecimal digits by which a credential's stored name is signed.

    :param pair: ``aws_access_key_id`` and ``aws_secret_access_key``, as the module's options of these names.
    :param account_sid: the account that the credential belongs to.
    :raises AnsibleFilterError: naming the part that is missing or empty, and repeating no value.
    """
    key_pair = plain(pair)
    if not isinstance(key_pair, Mapping):
        raise AnsibleFilterError(f"aws_credential_fingerprint: expected a dictionary with {' and '.join(AWS.options)}")
    given = {**{name: key_pair.get(name) for name in AWS.options}, "account_sid": plain(account_sid)}
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise AnsibleFilterError(f"aws_credential_fingerprint: {name}: expected a text that is not empty")
    options = {**given, "aws_secret_access_key": Secret(given["aws_secret_access_key"])}
    return AWS.material(given["account_sid"], options).fingerprint


class FilterModule:
    """The filter, as Ansible asks for it."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file by their names."""
        return {"aws_credential_fingerprint": aws_credential_fingerprint}
