# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks up SafeList numbers with the official SDK in a plain loop, and prints the seconds that it took.

``python sdk.py URL ACCOUNT_SID AUTH_TOKEN FIRST COUNT``; the certificate to trust comes from ``REQUESTS_CA_BUNDLE``.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client


class OtherHost(TwilioHttpClient):
    """The SDK's own HTTP client, sent to another host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._address = urlsplit(url)

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        """Send a request."""
        parts = urlsplit(url)._replace(scheme=self._address.scheme, netloc=self._address.netloc)
        return super().request(method, urlunsplit(parts), *arguments, **options)


def main() -> None:
    """Time the loop, without start-up: the first look-up opens the connection and is not counted."""
    url, account_sid, auth_token, first, count = sys.argv[1:]
    safelist = Client(account_sid, auth_token, http_client=OtherHost(url)).accounts.v1.safelist
    safelist.fetch(phone_number=f"+{first}")
    began = time.monotonic()
    for number in range(int(first), int(first) + int(count)):
        safelist.fetch(phone_number=f"+{number}")
    print(time.monotonic() - began)


if __name__ == "__main__":
    main()
