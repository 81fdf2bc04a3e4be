# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates are read in the same way wherever they come from, and an unreadable one results in a message."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._dates import (
    CLOCK_SKEW,
    DateError,
    check_past,
    days_between,
    read_date,
)

NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)

#: Texts that name no moment which UTC has.
NONE = [
    "",
    "soon",
    "Z",
    "2026-02-30",
    "2026-01-31T25:00:00Z",
    "2026-01-31T04:00:00Z+01:00",
    "2026-01-31T04:00:00+24:00",
    "2026-01-31\n",
    "10000-01-01",
    "0000-01-01",
    "-0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9" * 5000,
    "\udcff",
    None,
    5,
    True,
    NOW,
    {},
]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T04:00:00Z", NOW),
        ("2026-01-31T04:00:00", NOW),
        ("2026-01-31 04:00", NOW),
        ("2026-01-31T05:30:00+01:30", NOW),
        ("2026-01-30T14:00:00-14:00", NOW),
        ("2026-01-31T04:00:00.000000+00:00", NOW),
        ("2026-01-31", NOW.replace(hour=0)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=timezone.utc)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
    ],
)
def test_a_moment(text, moment):
    assert read_date(text) == moment
    assert read_date(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", NONE)
def test_texts_that_name_no_moment(text):
    with pytest.raises(ValueError, match="."):
        read_date(text)
    with pytest.raises(ValueError, match="."):
        days_between(text, NOW)
    with pytest.raises(DateError) as caught:
        check_past(text, "rotated_at", NOW)
    assert str(caught.value) == f"rotated_at: expected a date such as 2026-01-31T04:00:00Z, got {text!r}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-01-30T04:00:00Z", 1),
        ("2026-01-30T16:00:00Z", 0.5),
        ("2026-02-01T04:00:00Z", -1),
        ("0001-01-01T04:00:00Z", 739646),
    ],
)
def test_days(text, days):
    assert days_between(text, NOW) == days


@pytest.mark.parametrize(
    ("text", "is_past"),
    [
        ("2026-01-31T04:00:00Z", True),
        ("2020-01-31", True),
        ("0001-01-01", True),
        ((NOW + CLOCK_SKEW).isoformat(), True),
        ((NOW + CLOCK_SKEW + timedelta(seconds=1)).isoformat(), False),
        ("2026-02-01T00:00:00Z", False),
        ("2036-01-31", False),
        ("9999-12-31", False),
    ],
)
def test_moments_in_the_future(text, is_past):
    if is_past:
        check_past(text, "rotated_at", NOW)
    else:
        with pytest.raises(DateError, match=f"rotated_at is {text[:4]}.*, which is in the future"):
            check_past(text, "rotated_at", NOW)


@pytest.mark.parametrize(("hour", "is_past"), [(10, True), (9, False)])
def test_a_date_alone_is_the_day_of_whoever_writes_it(hour, is_past):
    now = datetime(2026, 1, 31, hour, tzinfo=timezone.utc)
    if is_past:
        check_past("2026-02-01", "initial_rotated_at", now)
    else:
        with pytest.raises(DateError, match="in the future"):
            check_past("2026-02-01", "initial_rotated_at", now)
