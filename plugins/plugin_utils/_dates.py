# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates as records and users write them: ISO 8601, a date alone or with a time, UTC where no offset is given."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: How far two machines' clocks may be apart.
CLOCK_SKEW = timedelta(minutes=5)


class DateError(Exception):
    """A date that can't be right; the message is a sentence."""


def read_date(text: str) -> datetime:
    """Return the moment that a text names.

    :raises ValueError: where it names none.
    """
    if not isinstance(text, str):
        raise ValueError
    # Python before 3.11 does not read the Z.
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def days_between(text: str, now: datetime) -> float:
    """Return how many days have passed since a moment.

    :raises ValueError: where the text names none.
    """
    return (now - read_date(text)).total_seconds() / 86400


def check_past(text: str, field: str, now: datetime) -> None:
    """Check a record's date.

    :param field: the record's field, for the message.
    :raises DateError: where it can't be read, or is in the future.
    """
    try:
        ahead = read_date(text) - now
    except (ValueError, OverflowError):
        raise DateError(f"{field}: expected a date such as 2026-01-31T04:00:00Z, got {text!r}") from None
    if ahead > CLOCK_SKEW:
        raise DateError(
            f"{field} is {text}, which is in the future: the clock of this machine is wrong, or that of the one that"
            " wrote the record was"
        )
