# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and usage of the 2010-04-01 API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from simulator import Simulator

ACCOUNTS = "/2010-04-01/Accounts.json"


def address(sid: str) -> str:
    return f"/2010-04-01/Accounts/{sid}.json"


def refusal(reply: Any) -> tuple[int, int]:
    return reply.status, reply.json["code"]


def test_a_subaccount(simulator: Simulator, api: Any) -> None:
    made = api("POST", ACCOUNTS)
    assert made.status == 201
    assert made.headers["Content-Type"] == "application/json;charset=utf-8"
    assert made.json["friendly_name"].startswith("SubAccount Created at ")
    assert made.json["owner_account_sid"] == simulator.account_sid
    assert made.json["date_created"].endswith(" +0000")
    sub = (made.json["sid"], made.json["auth_token"])

    listed = {each["sid"]: each for each in api("GET", ACCOUNTS).json["accounts"]}
    assert set(listed) == {simulator.account_sid, sub[0]}
    assert listed[sub[0]]["auth_token"] == sub[1]
    assert "auth_token" not in listed[simulator.account_sid]

    theirs = api("GET", ACCOUNTS, auth=sub).json["accounts"]
    assert [each["sid"] for each in theirs] == [sub[0]]
    assert "auth_token" not in theirs[0]
    assert api("GET", address(simulator.account_sid), auth=sub).status == 404
    assert refusal(api("POST", ACCOUNTS, auth=sub)) == (400, 21101)
    for status in ("suspended", "closed"):
        assert refusal(api("POST", address(sub[0]), {"Status": status}, auth=sub)) == (400, 21477)


def test_tokens_are_for_the_parents_token_only(simulator: Simulator, api: Any) -> None:
    key = ("SK" + "7" * 32, "s")
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": [{"sid": key[0], "secret": "s"}]}]})
    sid = api("POST", ACCOUNTS).json["sid"]
    assert "auth_token" in api("GET", address(sid)).json
    assert "auth_token" not in api("GET", address(sid), auth=key).json
    simulator.settings(hidden_auth_token="null", own_auth_token=True)
    assert api("GET", address(sid), auth=key).json["auth_token"] is None
    assert api("GET", address(simulator.account_sid)).json["auth_token"] == simulator.auth_token
    assert refusal(api("POST", ACCOUNTS, {"FriendlyName": "x"}, auth=key)) == (401, 20003)


def test_statuses(simulator: Simulator, api: Any) -> None:
    made = api("POST", ACCOUNTS, {"FriendlyName": "x"}).json
    sub, sid = (made["sid"], made["auth_token"]), made["sid"]
    assert api("POST", address(sid), {"Status": "suspended"}).json["status"] == "suspended"
    for status in (403, 401):
        simulator.settings(suspended_status=status)
        assert refusal(api("GET", "/v1/Credentials/AWS", auth=sub)) == (status, 20005)
        assert refusal(api("GET", address(sid), auth=sub)) == (status, 20005)
    assert api("POST", address(sid), {"Status": "active"}).status == 200
    assert api("GET", "/v1/Credentials/AWS", auth=sub).status == 200
    assert api("POST", address(sid), {"Status": "closed"}).status == 200
    assert api("POST", address(sid), {"Status": "closed"}).status == 200
    for status in ("active", "suspended"):
        refused = api("POST", address(sid), {"Status": status, "FriendlyName": "new"})
        assert refusal(refused) == (400, 21479)
    assert api("GET", address(sid)).json["friendly_name"] == "x"
    assert refusal(api("POST", address(simulator.account_sid), {"Status": "closed"})) == (400, 21477)
    assert refusal(api("POST", address(sid), {"Status": "gone"})) == (400, 20001)
    assert [each["sid"] for each in api("GET", f"{ACCOUNTS}?Status=closed").json["accounts"]] == [sid]


def test_limits(simulator: Simulator, api: Any) -> None:
    simulator.settings(subaccount_limit=1)
    assert refusal(api("POST", ACCOUNTS, {"FriendlyName": "x" * 65})) == (400, 70001)
    sid = api("POST", ACCOUNTS).json["sid"]
    assert refusal(api("POST", ACCOUNTS)) == (400, 21480)
    api("POST", address(sid), {"Status": "closed"})
    assert api("POST", ACCOUNTS).status == 201
    assert refusal(api("GET", address("AC12"))) == (404, 20404)
    assert refusal(api("GET", address("AC" + "9" * 32))) == (404, 20404)


def test_a_parents_token_does_not_reach_products_of_a_subaccount(simulator: Simulator, api: Any) -> None:
    made = api("POST", ACCOUNTS).json
    api("POST", "/v1/SafeList/Numbers", {"PhoneNumber": "+14155550100"})
    sub = (made["sid"], made["auth_token"])
    assert api("GET", "/v1/SafeList/Numbers?PhoneNumber=%2B14155550100", auth=sub).status == 404
    assert api("GET", "/v1/Credentials/AWS", auth=(made["sid"], simulator.auth_token)).status == 401


@pytest.mark.parametrize(
    "interval",
    ["", "/Daily", "/Monthly", "/Yearly", "/AllTime", "/Today", "/Yesterday", "/ThisMonth", "/LastMonth"],
)
def test_each_interval_answers(simulator: Simulator, api: Any, interval: str) -> None:
    page = api("GET", f"/2010-04-01/Accounts/{simulator.account_sid}/Usage/Records{interval}.json").json
    categories = [record["category"] for record in page["usage_records"]]
    assert set(categories) == {"calls", "sms", "totalprice"}
    for record in page["usage_records"]:
        assert Decimal(record["usage"]) > 0
        assert isinstance(record["price"], str)
        assert (record["count"] is None) == (record["category"] == "totalprice")
        assert record["start_date"] <= record["end_date"]


def test_seeded_usage(simulator: Simulator, api: Any) -> None:
    main, sub = simulator.account_sid, "AC" + "5" * 32
    day = {"category": "fax", "usage": 2, "count": 1, "price": "0.5"}
    simulator.seed(
        {
            "accounts": [
                {"sid": main, "usage": [{**day, "date": "2026-01-01"}, {**day, "date": "2026-02-01"}]},
                {"sid": sub, "owner_account_sid": main, "usage": [{**day, "date": "2026-02-02"}]},
            ]
        }
    )
    records = f"/2010-04-01/Accounts/{main}/Usage/Records"
    total = api("GET", f"{records}.json").json["usage_records"]
    assert [(each["usage"], each["count"], each["price"]) for each in total] == [("6", "3", "1.5")]
    alone = api("GET", f"{records}.json?IncludeSubaccounts=false&StartDate=2026-02-01").json["usage_records"]
    assert [each["usage"] for each in alone] == ["2"]
    monthly = api("GET", f"{records}/Monthly.json?EndDate=2026-02-28").json["usage_records"]
    assert [(each["start_date"], each["end_date"], each["usage"]) for each in monthly] == [
        ("2026-02-01", "2026-02-28", "4"),
        ("2026-01-01", "2026-01-31", "2"),
    ]
    for wrong in ("StartDate=2026-13-01", "StartDate=soon", "StartDate=2026-02-01&EndDate=2026-01-01"):
        assert refusal(api("GET", f"{records}.json?{wrong}")) == (400, 20001), wrong
    assert api("GET", f"{records}.json?StartDate=-30days").status == 200
    assert api("GET", f"/2010-04-01/Accounts/{sub}/Usage/Records.json").status == 200
