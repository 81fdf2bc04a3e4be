# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: sizes, addresses, and cursors that neither repeat nor lose items while the list changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from simulator import Simulator

AWS = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
LIST = "/v1/Credentials/AWS"


def target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_sizes(simulator: Simulator, api: Any) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 1100, "prefix": "b "}}]})
    first = api("GET", LIST).json
    assert (len(first["credentials"]), first["meta"]["page_size"], first["meta"]["key"]) == (50, 50, "credentials")
    assert first["meta"]["next_page_url"].startswith(simulator.url + LIST)
    large = api("GET", f"{LIST}?PageSize=1000").json
    assert len(large["credentials"]) == 1000
    last = api("GET", target(large["meta"]["next_page_url"])).json
    assert (len(last["credentials"]), last["meta"]["next_page_url"], last["meta"]["page"]) == (100, None, 1)
    for wrong in ("PageSize=1001", "PageSize=0", "PageSize=x", "PageToken=zz", "Page=-1", "Page=1", "Size=3"):
        refused = api("GET", f"{LIST}?{wrong}")
        assert (refused.status, refused.json["code"]) == (400, 20001), wrong


def test_addresses_are_on_the_host_the_client_used(simulator: Simulator, api: Any) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 2}}]})
    page = api("GET", f"{LIST}?PageSize=1", headers={"Host": "accounts.example:81"}).json
    assert page["meta"]["next_page_url"].startswith("http://accounts.example:81/v1/Credentials/AWS?")
    assert page["credentials"][0]["url"].startswith("http://accounts.example:81/")


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
def test_changes_between_pages(simulator: Simulator, api: Any, order: str) -> None:
    simulator.settings(list_order=order)
    made = simulator.seed(
        {"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 20, "prefix": ""}}]}
    )
    sids = [each["sid"] for each in made["accounts"][0]["aws_credentials"]]
    seen: list[str] = []
    address: str | None = f"{LIST}?PageSize=5"
    while address:
        page = api("GET", address).json
        seen += [each["sid"] for each in page["credentials"]]
        # What was seen last goes away, and another comes.
        if page["credentials"]:
            api("DELETE", f"{LIST}/{page['credentials'][-1]['sid']}")
        if len(seen) <= 15:
            api("POST", LIST, {"Credentials": AWS})
        address = page["meta"]["next_page_url"] and target(page["meta"]["next_page_url"])
    assert len(seen) == len(set(seen))
    assert set(sids) <= set(seen)


def test_there_and_back(simulator: Simulator, api: Any) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 9}}]})
    first = api("GET", f"{LIST}?PageSize=3").json
    second = api("GET", target(first["meta"]["next_page_url"])).json
    back = api("GET", target(second["meta"]["previous_page_url"])).json
    assert back["credentials"] == first["credentials"]
    assert (back["meta"]["page"], back["meta"]["previous_page_url"]) == (0, None)


def test_accounts_have_relative_addresses(simulator: Simulator, api: Any) -> None:
    for number in range(4):
        api("POST", "/2010-04-01/Accounts.json", {"FriendlyName": "same" if number < 3 else "other"})
    page = api("GET", "/2010-04-01/Accounts.json?PageSize=2&FriendlyName=same").json
    assert (page["start"], page["end"], page["page"], page["previous_page_uri"]) == (0, 1, 0, None)
    assert page["next_page_uri"].startswith("/2010-04-01/Accounts.json?FriendlyName=same&")
    rest = api("GET", page["next_page_uri"]).json
    assert (len(rest["accounts"]), rest["start"], rest["end"], rest["next_page_uri"]) == (1, 2, 2, None)
    empty = api("GET", "/2010-04-01/Accounts.json?FriendlyName=nobody").json
    assert (empty["accounts"], empty["start"], empty["end"]) == ([], 0, 0)


def test_usage_pages(api: Any, simulator: Simulator) -> None:
    address: str | None = (
        f"/2010-04-01/Accounts/{simulator.account_sid}/Usage/Records/Daily.json"
        "?Category=sms&StartDate=2026-01-01&EndDate=2026-01-10&PageSize=4"
    )
    days: list[str] = []
    while address:
        page = api("GET", address).json
        days += [record["start_date"] for record in page["usage_records"]]
        address = page["next_page_uri"]
    assert days == [f"2026-01-{day:02}" for day in range(10, 0, -1)]
