# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Usage records: what an account used, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _schemas
from .._client import Call, Client
from .._errors import InputError

#: Interval to the last part of the path: those that dates apply to, and the others.
_DATED_INTERVALS = {"range": "", "daily": "/Daily", "monthly": "/Monthly", "yearly": "/Yearly"}
_FIXED_INTERVALS = {
    "all_time": "/AllTime",
    "today": "/Today",
    "yesterday": "/Yesterday",
    "this_month": "/ThisMonth",
    "last_month": "/LastMonth",
}
INTERVALS: Mapping[str, str] = {**_DATED_INTERVALS, **_FIXED_INTERVALS}

#: The options' checks.
CHECKS: Mapping[str, _schemas.Check] = {
    "start_date": _schemas.date,
    "end_date": _schemas.date,
    "sid": _schemas.sid("AC"),
}

#: The keys of a record that are returned, and how each must look.
_RECORD_KEYS: Mapping[str, _schemas.Check] = {
    "category": _schemas.nullable(_schemas.text),
    "description": _schemas.nullable(_schemas.text),
    "account_sid": _schemas.nullable(_schemas.sid("AC")),
    "start_date": _schemas.nullable(_schemas.text),
    "end_date": _schemas.nullable(_schemas.text),
    "as_of": _schemas.nullable(_schemas.iso_date),
    "usage": _schemas.nullable(_schemas.number),
    "usage_unit": _schemas.nullable(_schemas.text),
    "count": _schemas.nullable(_schemas.number),
    "count_unit": _schemas.nullable(_schemas.text),
    "price": _schemas.nullable(_schemas.number),
    "price_unit": _schemas.nullable(_schemas.text),
}
_PAGE = _schemas.page_of("usage_records", _schemas.answer(**_RECORD_KEYS))


def check_together(options: Mapping[str, Any]) -> None:
    """Check what the options mean together, before any request.

    :raises InputError: naming the option.
    """
    start, end = options["start_date"], options["end_date"]
    if options["interval"] in _FIXED_INTERVALS:
        for name in ("start_date", "end_date"):
            if options[name]:
                raise InputError(
                    name, f"can't be given with 'interval: {options['interval']}', which has its own dates"
                )
    if start and end and end < start:
        raise InputError("end_date", f"expected {start} (start_date) or later, got {end}")


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usage records that the options select."""
    account_sid = options["sid"] or client.account_sid
    query = {
        "Category": options["category"],
        "StartDate": options["start_date"],
        "EndDate": options["end_date"],
        "IncludeSubaccounts": str(options["include_subaccounts"]).lower(),
    }
    call = Call(
        "GET",
        f"/2010-04-01/Accounts/{account_sid}/Usage/Records{INTERVALS[options['interval']]}.json",
        f"list the usage of account {account_sid}",
        _PAGE,
        product="api",
        query={name: value for name, value in query.items() if value},
        about=account_sid,
    )
    return {"records": [{key: record[key] for key in _RECORD_KEYS} for record in client.items(call)]}
