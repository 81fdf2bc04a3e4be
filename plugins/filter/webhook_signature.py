# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs a request as Twilio does; documented in the file of the same name beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._webhook import signature


def webhook_signature(url: Any, *, auth_token: Any, parameters: Any = None) -> str:
    """Return the value of the header X-Twilio-Signature.

    :param url: the whole address as configured at Twilio; its fragment is ignored.
    :param auth_token: the account's primary token.
    :param parameters: the form fields of a POST; none where it is left out.
    :raises AnsibleFilterError: naming the option that holds something other than text, and repeating no value.
    """
    return signature(_text("the URL", plain(url)), _text("auth_token", plain(auth_token)), _fields(plain(parameters)))


def _text(option: str, text: Any) -> str:
    if not isinstance(text, str):
        raise _wrong(option, "a text", text)
    if not text:
        raise AnsibleFilterError(f"webhook_signature: {option}: expected a text, got an empty one")
    return text


def _fields(parameters: Any) -> dict[str, str | list[str]]:
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        raise _wrong("parameters", "a dictionary", parameters)
    for name, value in parameters.items():
        if not isinstance(name, str):
            raise _wrong("parameters", "names that are texts", name)
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, str):
                raise _wrong(f"parameters: {name}", "a text or a list of texts", each)
    return dict(parameters)


def _wrong(option: str, expected: str, got: Any) -> AnsibleFilterError:
    hint = " (quote it, so that YAML reads it as a text)" if isinstance(got, (bool, int, float)) else ""
    return AnsibleFilterError(f"webhook_signature: {option}: expected {expected}, got {type(got).__name__}{hint}")


class FilterModule:
    """The filter, as Ansible loads it."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file by their names."""
        return {"webhook_signature": webhook_signature}
