# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Geo permissions: what is listed, what is changed, what is refused of a country and what of the whole request."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

ADDRESS = "/v1/Messaging/GeoPermissions"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SUBACCOUNT = "AC" + "5" * 32


def change(code: str, enabled: Any = True, **more: Any) -> tuple[str, str]:
    return "Permissions", json.dumps({"country_code": code, "type": "country", "enabled": enabled, **more})


def enabled(api: Any, **more: Any) -> list[str]:
    return [each["country_code"] for each in api("GET", ADDRESS, **more).json["permissions"] if each["enabled"]]


def test_all_countries_or_the_requested_ones(simulator: Simulator, api: Any) -> None:
    everything = api("GET", ADDRESS)
    assert (everything.status, set(everything.json)) == (200, {"permissions"})
    assert len(everything.json["permissions"]) > 200
    assert enabled(api) == ["US"]
    assert api("GET", f"{ADDRESS}?CountryCode=US,PK,XX").json["permissions"] == [
        {"country_code": "PK", "type": "country", "enabled": False, "prefix": "+92", "message": "High Risk Country"},
        {"country_code": "US", "type": "country", "enabled": True, "prefix": "+1", "message": ""},
    ]
    for query in ("us", "US,", "US DE", ""):
        assert api("GET", f"{ADDRESS}?CountryCode={query.replace(' ', '%20')}").status == 400, query
    assert [each["country_code"] for each in api("GET", f"{ADDRESS}?CountryCode=CU").json["permissions"]] == ["CU"]
    simulator.settings(unsupported_countries_listed=False)
    assert api("GET", f"{ADDRESS}?CountryCode=CU").json["permissions"] == []


def test_each_country_has_an_answer_of_its_own(simulator: Simulator, api: Any) -> None:
    changed = api("PATCH", ADDRESS, [change("DE"), change("PK"), change("US", False), change("IR", False)])
    assert changed.status == 200
    results = {each["country_code"]: each for each in changed.json["permissions"]}
    assert results["DE"] == {
        "country_code": "DE",
        "type": "country",
        "enabled": True,
        "error_code": 0,
        "error_messages": [],
    }
    # The requested value, not the current one.
    assert results["PK"]["enabled"] is True
    assert {code: each["error_code"] for code, each in results.items()} == {"DE": 0, "PK": 30649, "US": 0, "IR": 30649}
    assert results["PK"]["error_messages"] == ["High risk country permission cannot be updated"]
    assert results["IR"]["error_messages"] == ["Non-supported country permission cannot be updated"]
    assert enabled(api) == ["DE"]
    assert simulator.state(simulator.account_sid)["enabled_countries"] == ["DE"]


@pytest.mark.parametrize(
    "form",
    [
        [],
        [("Permissions", "DE")],
        [("Permissions", "[]")],
        [change("de")],
        [change("DE", "true")],
        [change("DE", more=1)],
        [change("DE", type="region")],
        [change("DE"), change("DE", False)],
        [change("DE"), ("CountryCode", "DE")],
    ],
)
def test_refusals_of_the_whole_request(api: Any, form: list[tuple[str, str]]) -> None:
    refused = api("PATCH", ADDRESS, form, headers=FORM)
    assert (refused.status, refused.json["code"]) == (400, 20001)
    assert enabled(api) == ["US"]


def test_each_account_has_its_own(simulator: Simulator, api: Any) -> None:
    account = {"sid": SUBACCOUNT, "auth_token": "5" * 32, "owner_account_sid": simulator.account_sid}
    simulator.seed({"accounts": [{**account, "enabled_countries": ["PK", "FR"]}]})
    auth = (SUBACCOUNT, "5" * 32)
    assert enabled(api, auth=auth) == ["FR", "PK"]
    assert api("PATCH", ADDRESS, [change("FR", False)], auth=auth).status == 200
    assert (enabled(api, auth=auth), enabled(api)) == (["PK"], ["US"])
    with pytest.raises(SimulatorError, match="enabled_countries"):
        simulator.seed({"accounts": [{**account, "enabled_countries": ["XX"]}]})


def test_the_log_has_all_that_was_sent(simulator: Simulator, api: Any) -> None:
    form = [change("DE"), change("FR")]
    api("PATCH", ADDRESS, form)
    api("PATCH", ADDRESS, form[:1])
    logged = [entry["form"] for entry in simulator.requests()]
    assert logged == [{"Permissions": [value for _name, value in sent]} for sent in (form, form[:1])]


def test_a_field_that_is_no_list_is_given_once(simulator: Simulator, api: Any) -> None:
    form = parse_qsl("PhoneNumber=%2B14155550100&PhoneNumber=%2B14155550101")
    refused = api("POST", "/v1/SafeList/Numbers", form)
    assert (refused.status, refused.json["code"]) == (400, 20001)
    assert "more than once" in refused.json["message"]
