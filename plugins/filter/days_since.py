# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``days_since``; its documentation is in the file beside this one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._dates import days_between


def days_since(moment: Any) -> float:
    """Return how many days have passed since a moment, negative where it is yet to come.

    :param moment: ISO 8601, a date alone or with a time; without an offset it is UTC.
    :raises AnsibleFilterError: where it can't be read.
    """
    text = str(plain(moment))
    try:
        return days_between(text, datetime.now(timezone.utc))
    except ValueError:
        raise AnsibleFilterError(
            f"days_since: expected a date such as 2026-01-31 or 2026-01-31T04:00:00Z, got {text!r}"
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return name to filter."""
        return {"days_since": days_since}
