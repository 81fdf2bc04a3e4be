# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``days_since``."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.community.twilio.plugins.filter.days_since import days_since

YESTERDAY = datetime.now(timezone.utc) - timedelta(days=1)


@pytest.mark.parametrize(
    "moment",
    [
        YESTERDAY,
        YESTERDAY.isoformat(),
        YESTERDAY.strftime("%Y-%m-%dT%H:%M:%SZ"),
        YESTERDAY.strftime("%Y-%m-%dT%H:%M:%S"),
        YESTERDAY.astimezone(timezone(timedelta(hours=5))).isoformat(),
    ],
    # Not by the moment, which every process that collects tests would call otherwise.
    ids=["datetime", "offset", "Z", "naive", "elsewhere"],
)
def test_a_moment(moment):
    assert days_since(moment) == pytest.approx(1, abs=0.01)


def test_a_date():
    assert 1 <= days_since(YESTERDAY.date()) < 2
    assert days_since(date.fromisoformat("2222-01-31")) < 0


@pytest.mark.parametrize("moment", ["", "yesterday", None, 5, "0001-01-01T00:00:00+14:00"])
def test_what_is_none(moment):
    with pytest.raises(AnsibleFilterError, match="expected a date"):
        days_since(moment)
