# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which dates and numbers of usage pass."""

from __future__ import annotations

import pytest
import voluptuous

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError
from ansible_collections.community.twilio.plugins.module_utils._resources import usage

FIXED = ["all_time", "today", "yesterday", "this_month", "last_month"]
DATED = ["range", "daily", "monthly", "yearly"]


def options(**given):
    return {"interval": "range", "start_date": None, "end_date": None, **given}


def test_every_interval_is_one_or_the_other():
    assert set(usage.INTERVALS) == {*FIXED, *DATED}


@pytest.mark.parametrize("interval", FIXED)
@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_an_interval_with_its_own_dates_takes_none(interval, name):
    with pytest.raises(InputError, match=f"^{name}: can't be given with 'interval: {interval}'"):
        usage.check_together(options(interval=interval, **{name: "2026-01-01"}))
    usage.check_together(options(interval=interval))


@pytest.mark.parametrize("interval", DATED)
def test_the_end_does_not_come_before_the_start(interval):
    with pytest.raises(InputError, match="^end_date: expected 2026-01-31"):
        usage.check_together(options(interval=interval, start_date="2026-01-31", end_date="2026-01-30"))
    usage.check_together(options(interval=interval, start_date="2026-01-31", end_date="2026-01-31"))
    usage.check_together(options(interval=interval, start_date="2026-01-31"))
    usage.check_together(options(interval=interval, end_date="2026-01-31"))


@pytest.mark.parametrize("value", ["2026-01-31", "2024-02-29"])
def test_days(value):
    assert _schemas.date(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-29",
        "2026-1-31",
        "20260131",
        "31.01.2026",
        "2026-01-31T00:00:00Z",
        "-30days",
        "",
        "\uff12\uff10\uff12\uff16-01-31",
    ],
)
def test_invalid_days(value):
    with pytest.raises(voluptuous.Invalid, match="expected a date like 2026-01-31"):
        _schemas.date(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1040", 1040),
        ("7.80", 7.8),
        ("-0.5", -0.5),
        ("0", 0),
        ("0.0", 0.0),
        (12, 12),
        (1.5, 1.5),
        ("1E-7", 1e-7),
        (".25", 0.25),
    ],
)
def test_numbers_come_as_text_and_go_out_as_numbers(value, expected):
    number = _schemas.number(value)
    assert number == expected
    assert type(number) is type(expected)


@pytest.mark.parametrize("value", ["many", "1,5", "nan", "inf", float("nan"), float("inf"), True, None, []])
def test_invalid_numbers(value):
    with pytest.raises(voluptuous.Invalid, match="expected"):
        _schemas.number(value)
