# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of tokens, and which token may do what."""

from __future__ import annotations

from typing import Any

import pytest
from simulator import Simulator

SECONDARY = "/v1/AuthTokens/Secondary"
PROMOTE = "/v1/AuthTokens/Promote"
PROBE = "/v1/Credentials/AWS?PageSize=1"
KEY = "SK" + "7" * 32


def works(api: Any, token: str) -> bool:
    reply = api("GET", PROBE, auth=(api.simulator.account_sid, token))
    if reply.status != 200:
        assert (reply.status, reply.json["code"]) == (401, 20003)
    return bool(reply.status == 200)


def test_a_rotation(simulator: Simulator, api: Any) -> None:
    sid, primary = api.token
    made = api("POST", SECONDARY)
    assert made.status == 201
    assert set(made.json) == {"account_sid", "secondary_auth_token", "date_created", "date_updated", "url"}
    secondary = made.json["secondary_auth_token"]
    assert works(api, primary)
    assert works(api, secondary)
    promoted = api("POST", PROMOTE, auth=(sid, secondary))
    assert (promoted.status, promoted.json["auth_token"]) == (200, secondary)
    assert works(api, secondary)
    assert not works(api, primary)
    again = api("POST", PROMOTE, auth=(sid, secondary))
    assert (again.status, again.json["code"]) == (404, 20404)

    first, second = simulator.history(sid)
    assert (first["token"], first["valid_by"], first["invalid_by"]) == (primary, "creation", "promote")
    assert (second["token"], second["role"], second["valid_by"]) == (secondary, "primary", "create")
    assert second["valid_until"] is None
    assert second["valid_from"]["monotonic"] < second["promoted_at"]["monotonic"]
    assert second["promoted_at"]["monotonic"] >= first["valid_until"]["monotonic"]
    assert simulator.state(sid)["emails"] == ["create", "promote"]


def test_a_second_secondary(simulator: Simulator, api: Any) -> None:
    first = api("POST", SECONDARY).json["secondary_auth_token"]
    refused = api("POST", SECONDARY)
    assert (refused.status, refused.json["code"]) == (400, 70002)
    simulator.settings(secondary_exists="replace")
    second = api("POST", SECONDARY).json["secondary_auth_token"]
    assert not works(api, first)
    assert works(api, second)


@pytest.mark.parametrize("by", ["primary", "secondary"])
def test_deletion(simulator: Simulator, api: Any, by: str) -> None:
    sid, primary = api.token
    absent = api("DELETE", SECONDARY)
    assert (absent.status, absent.json["code"]) == (404, 20404)
    assert absent.json["message"] == "The requested resource /AuthTokens/Secondary was not found"
    secondary = api("POST", SECONDARY, {"SuppressEmailNotification": "true"}).json["secondary_auth_token"]
    deleted = api("DELETE", SECONDARY, auth=(sid, primary if by == "primary" else secondary))
    assert (deleted.status, deleted.text) == (204, "")
    assert not works(api, secondary)
    assert works(api, primary)
    assert simulator.state(sid)["emails"] == ["delete"]


def test_the_feature_may_be_missing(simulator: Simulator, api: Any) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "secondary_enabled": False}]})
    for method, path in (("POST", SECONDARY), ("DELETE", SECONDARY), ("POST", PROMOTE)):
        refused = api(method, path)
        assert (refused.status, refused.json["code"]) == (404, 20404)


def test_api_keys(simulator: Simulator, api: Any) -> None:
    simulator.seed(
        {
            "accounts": [
                {
                    "sid": simulator.account_sid,
                    "api_keys": [{"sid": KEY, "secret": "s"}, {"sid": KEY[:-1] + "8", "secret": "m", "kind": "main"}],
                }
            ]
        }
    )
    standard, main = (KEY, "s"), (KEY[:-1] + "8", "m")
    for key in (standard, main):
        assert api("GET", PROBE, auth=key).status == 200
        refused = api("POST", SECONDARY, auth=key)
        assert (refused.status, refused.json["code"]) == (401, 20003)
    assert api("GET", PROBE, auth=(KEY, "wrong")).status == 401
    simulator.settings(main_key_auth_tokens=True)
    assert api("POST", SECONDARY, auth=standard).status == 401
    assert api("POST", SECONDARY, auth=main).status == 201
    assert [each["authenticated_with"] for each in simulator.requests()][-1] == "api_key"


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer x", "Basic QUM="])
def test_headers_that_authenticate_nobody(api: Any, header: str) -> None:
    refused = api("GET", PROBE, headers={"Authorization": header} if header else {}, anonymous=True)
    assert refused.status == 401
    assert refused.json == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    older = api("GET", "/2010-04-01/Accounts.json", anonymous=True)
    assert (older.status, older.json["code"], "detail" in older.json) == (401, 20003, True)
