# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Usage records: daily amounts, derived from the date or seeded, summed over an interval.

A seeded item with a `date` is one day's amount of a category and is summed; one with an `interval` is returned
unchanged in that interval's list. An account without seeded items has the same small amounts for each day from
2025-01-01 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from .. import paging
from ..call import HANDLERS, Answer, Call, Handler
from ..errors import ApiError
from ..state import Account, now
from .accounts import find

FIRST_DAY = date(2025, 1, 1)
INTERVALS = {
    "range": "",
    "daily": "/Daily",
    "monthly": "/Monthly",
    "yearly": "/Yearly",
    "all_time": "/AllTime",
    "today": "/Today",
    "yesterday": "/Yesterday",
    "this_month": "/ThisMonth",
    "last_month": "/LastMonth",
}
Period = tuple[date, date]


@dataclass(frozen=True)
class Category:
    """The words of a category."""

    description: str
    usage_unit: str
    count_unit: str


CATEGORIES = {
    "calls": Category("Voice Minutes", "minutes", "calls"),
    "sms": Category("SMS", "messages", "messages"),
    "totalprice": Category("Total Price", "usd", ""),
}


@dataclass
class Amount:
    """One category's amount on a day, or the sum over days."""

    usage: Decimal = Decimal(0)
    count: Decimal | None = None
    price: Decimal = Decimal(0)

    def add(self, other: Amount) -> None:
        """Add another day's amount."""
        self.usage += other.usage
        self.price += other.price
        if other.count is not None:
            self.count = (self.count or Decimal(0)) + other.count


@dataclass
class Record:
    """A record with its place in the list; its body is created for its page."""

    sequence: int
    body: Callable[[], dict[str, Any]]


def _made_up(day: date) -> dict[str, Amount]:
    weekday = day.toordinal() % 7
    calls, messages = Decimal(10 + weekday), Decimal(20 + 2 * weekday)
    price = calls * Decimal("0.0140") + messages * Decimal("0.0075")
    return {
        "calls": Amount(calls, Decimal(5 + weekday), calls * Decimal("0.0140")),
        "sms": Amount(messages, messages, messages * Decimal("0.0075")),
        "totalprice": Amount(price, None, price),
    }


def _days(account: Account, start: date, end: date, today: date) -> Iterator[tuple[date, dict[str, Amount]]]:
    """Return an account's amounts between two days; derived amounts end today."""
    if account.usage:
        for item in account.usage:
            if "date" in item and start <= date.fromisoformat(item["date"]) <= end:
                count = Decimal(str(item["count"])) if item.get("count") is not None else None
                amount = Amount(Decimal(str(item.get("usage", 0))), count, Decimal(str(item.get("price", 0))))
                yield date.fromisoformat(item["date"]), {item["category"]: amount}
        return
    day = max(FIRST_DAY, start)
    while day <= min(end, today):
        yield day, _made_up(day)
        day += timedelta(days=1)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _one_day(day: date) -> Period:
    return day, day


def _month(day: date) -> Period:
    return day.replace(day=1), _month_end(day)


def _year(day: date) -> Period:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


SPLITS: dict[str, Callable[[date], Period]] = {"daily": _one_day, "monthly": _month, "yearly": _year}


def _read_date(text: str, name: str, today: date) -> date:
    """Return a date that is given as `2026-01-31` or relative to today as `-30days`."""
    try:
        if text.endswith("days"):
            return today + timedelta(days=int(text[:-4]))
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as problem:
        raise ApiError(20001, f"Parameter {name} is not a date") from problem


def _bounds(interval: str, query: dict[str, Any], today: date) -> Period:
    """Return the first and last day of an interval; intervals with fixed days ignore the dates of the query."""
    if interval == "today":
        return today, today
    if interval == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if interval == "this_month":
        return today.replace(day=1), today
    if interval == "last_month":
        return _month(today.replace(day=1) - timedelta(days=1))
    if interval == "all_time":
        return FIRST_DAY, today
    start = _read_date(query["StartDate"], "StartDate", today) if "StartDate" in query else FIRST_DAY
    end = _read_date(query["EndDate"], "EndDate", today) if "EndDate" in query else today
    if start > end:
        raise ApiError(20001, "StartDate is after EndDate")
    return start, end


def _sum(accounts: Iterable[Account], bounds: Period, interval: str, today: date) -> dict[tuple[Period, str], Amount]:
    start, end = bounds
    split = SPLITS.get(interval)
    sums: dict[tuple[Period, str], Amount] = {}
    for account in accounts:
        for day, amounts in _days(account, start, end, today):
            first, last = split(day) if split else bounds
            period = (max(first, start), min(last, end))
            for category, amount in amounts.items():
                sums.setdefault((period, category), Amount()).add(amount)
    return sums


def _body(account: Account, interval: str, category: str, period: Period, amount: Amount) -> dict[str, Any]:
    base = f"/2010-04-01/Accounts/{account.sid}/Usage/Records"
    words = CATEGORIES.get(category, Category(category, "", ""))
    dates = {"Category": category, "StartDate": period[0].isoformat(), "EndDate": period[1].isoformat()}
    return {
        "account_sid": account.sid,
        "api_version": "2010-04-01",
        "as_of": now().strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "category": category,
        "count": None if amount.count is None else format(amount.count, "f"),
        "count_unit": words.count_unit,
        "description": words.description,
        "end_date": period[1].isoformat(),
        "price": format(amount.price, "f"),
        "price_unit": "usd",
        "start_date": period[0].isoformat(),
        "subresource_uris": {
            name: f"{base}{path}.json?{urlencode({'Category': category})}"
            for name, path in INTERVALS.items()
            if name != "range"
        },
        "uri": f"{base}{INTERVALS[interval]}.json?{urlencode(dates)}",
        "usage": format(amount.usage, "f"),
        "usage_unit": words.usage_unit,
    }


def _as_seeded(account: Account, interval: str, today: date) -> Iterator[dict[str, Any]]:
    for item in account.usage:
        if item.get("interval") == interval:
            category = item.get("category", "totalprice")
            given = {key: value for key, value in item.items() if key != "interval"}
            yield {**_body(account, interval, category, (today, today), Amount()), **given}


def _operation(interval: str) -> Handler:
    def listing(call: Call) -> Answer:
        account, today = find(call), now().date()
        accounts = [account]
        if call.query.get("IncludeSubaccounts", True):
            accounts += call.world.subaccounts(account)
        sums = _sum(accounts, _bounds(interval, call.query, today), interval, today)
        seeded = list(_as_seeded(account, interval, today))
        # Newest period first, then by category.
        keys = sorted(sums, key=lambda key: (-key[0][0].toordinal(), key[1]))
        if "Category" in call.query:
            seeded = [body for body in seeded if body["category"] == call.query["Category"]]
            keys = [key for key in keys if key[1] == call.query["Category"]]

        def sum_of(period: Period, category: str) -> dict[str, Any]:
            return _body(account, interval, category, period, sums[period, category])

        bodies: list[Callable[[], dict[str, Any]]] = [partial(dict, body) for body in seeded]
        bodies += [partial(sum_of, *key) for key in keys]
        records = [Record(number, body) for number, body in enumerate(bodies)]
        page = paging.cut(records, call.query, call.settings, "oldest_first")
        filters: dict[str, str] = {
            name: str(call.query[name]) for name in ("Category", "StartDate", "EndDate") if name in call.query
        }
        if "IncludeSubaccounts" in call.query:
            filters["IncludeSubaccounts"] = str(call.query["IncludeSubaccounts"]).lower()
        path = f"/2010-04-01/Accounts/{account.sid}/Usage/Records{INTERVALS[interval]}.json"
        envelope = paging.v2010_envelope(page, path, filters)
        return Answer(200, {**envelope, "usage_records": [record.body() for record in page.items]})

    return listing


for _interval in INTERVALS:
    HANDLERS["list_usage" if _interval == "range" else f"list_usage_{_interval}"] = _operation(_interval)
