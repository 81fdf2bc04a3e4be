# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security report as data: ages, states and totals, and what is most urgent comes first."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._security_report import document, problem, secret

NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def account(number: int, *secrets: dict[str, Any], problems: Any = (), **changes: Any) -> dict[str, Any]:
    named = {"account_sid": f"AC{number:032x}", "friendly_name": f"shop {number}", "status": "active", "host": "a"}
    return {**named, "secrets": [*secrets], "problems": [*problems], **changes}


def aged(days: float | None) -> dict[str, Any]:
    return secret("api_key", None if days is None else days_ago(days), sid="SK")


@pytest.mark.parametrize(
    ("days", "limit", "state"),
    [
        (0, 90, "in_time"),
        (-1, 90, "in_time"),
        (74.9, 90, "in_time"),
        (75, 90, "due_soon"),
        (89.99, 90, "due_soon"),
        (90, 90, "overdue"),
        (5000, 90, "overdue"),
        (None, 90, "unknown"),
        (0, 0, "overdue"),
        (None, 0, "unknown"),
    ],
)
def test_a_secret_is_by_its_age(days, limit, state):
    (reported,) = document([account(1, aged(days))], limit, NOW)["accounts"]
    assert reported["secrets"][0]["state"] == state
    assert reported["state"] == ("in_time" if state == "unknown" else state)


def test_ages_and_dates_are_told():
    report = document([account(1, aged(100.04))], 90, NOW)
    (told,) = report["accounts"][0]["secrets"]
    assert (told["age_days"], told["created_at"], told["due_at"]) == (100.0, days_ago(100.04), days_ago(10.04))
    assert (report["generated_at"], report["max_age_days"], report["due_soon_days"]) == (days_ago(0), 90, 15.0)


def test_a_limit_beyond_all_dates_has_no_date():
    (reported,) = document([account(1, aged(1))], 1e9, NOW)["accounts"]
    assert reported["secrets"][0]["due_at"] is None
    assert reported["secrets"][0]["state"] == "in_time"


def test_what_is_most_urgent_comes_first():
    failing = [problem(["api_key"], "No.")]
    accounts = [
        account(1, aged(1)),
        account(2, aged(None), problems=failing),
        account(3, aged(80)),
        account(4, aged(1), aged(95)),
        account(5, aged(200), aged(1), aged(None), problems=failing),
        account(6, aged(None)),
    ]
    report = document(accounts, 90, NOW)
    assert [each["friendly_name"] for each in report["accounts"]] == [f"shop {n}" for n in (5, 4, 3, 2, 1, 6)]
    assert [each["age_days"] for each in report["accounts"][0]["secrets"]] == [200.0, None, 1.0]
    assert report["totals"] == {"accounts": 6, "secrets": 9, "overdue": 2, "due_soon": 1, "unknown": 5}


def test_an_account_of_several_hosts_is_reported_once_and_as_it_could_be_asked():
    failed = account(1, problems=[problem((), "It was unreachable.")], host="a")
    report = document([failed, account(1, aged(1), host="b"), account(1, aged(1), host="c")], 90, NOW)
    assert [each["host"] for each in report["accounts"]] == ["b"]
    unknown = [account(1, problems=[problem((), "No.")], account_sid=None, host=host) for host in "ab"]
    assert document(unknown, 90, NOW)["totals"] == {
        "accounts": 2,
        "secrets": 0,
        "overdue": 0,
        "due_soon": 0,
        "unknown": 2,
    }


def test_nothing_is_a_report_too():
    assert document([], 90, NOW)["totals"]["accounts"] == 0
