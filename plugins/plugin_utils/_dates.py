# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates as records and users write them: ISO 8601, a date alone or with a time, UTC where no offset is given."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone

#: How far two machines' clocks may be apart.
CLOCK_SKEW = timedelta(minutes=5)

#: How much earlier than in UTC a day begins in the first time zone; a date alone means a day in local time.
_FIRST_ZONE = timedelta(hours=14)
_DATE_ALONE = re.compile(r"\d{4}-\d\d-\d\d")


class DateError(Exception):
    """A date that can't be right; the message is a sentence."""


def read_date(text: object) -> datetime:
    """Return the moment that a text names, in UTC.

    :raises ValueError: where it is no text, names no moment, or one before the year 1 or after 9999 in UTC.
    """
    if not isinstance(text, str):
        raise ValueError("no text")
    # Python before 3.11 does not read the Z.
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    try:
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError("out of range") from None


def days_between(text: object, now: datetime) -> float:
    """Return how many days have passed since a moment, negative where it is yet to come.

    :raises ValueError: where the text names none.
    """
    return (now - read_date(text)).total_seconds() / 86400


def is_age(days: float) -> bool:
    """Return whether a number of days can be the age that something may reach: 0 or more, and no endless one."""
    return 0 <= days < math.inf


def check_past(text: object, field: str, now: datetime) -> None:
    """Check a record's date.

    :param field: the record's field, for the message.
    :raises DateError: where it can't be read, or is in the future.
    """
    try:
        ahead = read_date(text) - now
    except ValueError:
        raise DateError(f"{field}: expected a date such as 2026-01-31T04:00:00Z, got {text!r}") from None
    if ahead > (_FIRST_ZONE if _DATE_ALONE.fullmatch(str(text)) else CLOCK_SKEW):
        raise DateError(
            f"{field} is {text}, which is in the future: the clock of this machine is wrong, or that of the one that"
            " wrote the record was"
        )
