# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Twilio signs the requests that it sends to webhooks.

The rule: https://www.twilio.com/docs/usage/security#validating-requests
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def signature(url: str, auth_token: str, parameters: Mapping[str, str | Sequence[str]]) -> str:
    """Return the value of the header X-Twilio-Signature.

    A name that was sent more than once counts with each of its values once, in order, as the official SDK's
    ``RequestValidator`` has it.

    :param url: the whole address as configured at Twilio, its query included. A fragment holds connection overrides,
        which are for Twilio alone: it is neither sent nor signed.
    :param auth_token: the account's primary token.
    :param parameters: the form fields of a POST, each with its value or its values.
    """
    message = url.partition("#")[0]
    for name in sorted(parameters):
        value = parameters[name]
        values = {value} if isinstance(value, str) else set(value)
        message += "".join(name + each for each in sorted(values))
    # SHA-1 is Twilio's choice; as the hash of an HMAC it is not broken.
    digest = hmac.new(auth_token.encode(), message.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")
