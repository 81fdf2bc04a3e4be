# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a request is sent again, and when; how all requests are paced is in ``test_pacing.py``."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.module_utils._retries import (
    AttemptOutcome,
    backoff,
    may_repeat,
    retry_after,
)


@pytest.mark.parametrize(
    ("outcome", "repeatable", "attempts_left", "expected"),
    [
        (AttemptOutcome.ANSWERED, True, 5, False),
        (AttemptOutcome.REFUSED, False, 1, True),
        (AttemptOutcome.REFUSED, False, 0, False),
        (AttemptOutcome.NOT_SENT, False, 1, True),
        (AttemptOutcome.UNKNOWN, False, 5, False),
        (AttemptOutcome.UNKNOWN, True, 1, True),
        (AttemptOutcome.UNKNOWN, True, 0, False),
    ],
)
def test_what_a_request_means_decides_whether_it_is_repeated(outcome, repeatable, attempts_left, expected):
    assert may_repeat(outcome, repeatable, attempts_left) is expected


def test_backoff_is_exponential_with_full_jitter_and_bounded():
    assert [backoff(attempt, 1.0) for attempt in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff(3, 0.0) == 0.0
    assert backoff(2000, 1.0) == 30.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("NaN", None),
        ("1e9", None),
        ("\u0663", None),
        ("9" * 5000, 365 * 86400.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 365 * 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 -1400", 365 * 86400.0),
        ("Mon, 01 Jan 0001 00:00:00 +1400", 0.0),
        ("Fri, 01 Jan 99999 00:00:00 GMT", None),
        (f"Fri, 01 Jan {'9' * 400} 00:00:00 GMT", None),
        (f"Fri, 01 Jan 2026 00:00:00 +{'9' * 400}", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, expected):
    assert retry_after({"Retry-After": value}) == expected
