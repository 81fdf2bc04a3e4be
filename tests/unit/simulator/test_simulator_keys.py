# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API keys: who may manage them, what is accepted and refused, and what a key opens."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

KEYS = "/v1/Keys"
PROBE = "/v1/Credentials/AWS?PageSize=1"
SUBACCOUNT = "AC" + "5" * 32
READ = "/twilio/messaging/messages/read"
ABSENT = f"{KEYS}/SK{'0' * 32}"


def policy(*permissions: str) -> str:
    return json.dumps({"allow": permissions})


def restricted(account: str, *permissions: str) -> dict[str, str]:
    return {"AccountSid": account, "KeyType": "restricted", "Policy": policy(*permissions)}


def test_a_secret_is_returned_once(simulator: Simulator, api: Any) -> None:
    sid = simulator.account_sid
    made = api("POST", KEYS, {"AccountSid": sid, "FriendlyName": "one"})
    assert made.status == 201
    assert set(made.json) == {"sid", "friendly_name", "date_created", "date_updated", "secret", "policy"}
    assert (made.json["friendly_name"], made.json["policy"]) == ("one", None)
    assert made.json["date_created"].endswith("+0000")
    (item,) = api("GET", f"{KEYS}?AccountSid={sid}").json["keys"]
    assert set(item) == {"sid", "friendly_name", "date_created", "date_updated", "flags"}
    one = api("GET", f"{KEYS}/{made.json['sid']}").json
    assert set(one) == {"sid", "friendly_name", "date_created", "date_updated", "policy"}
    key = (made.json["sid"], made.json["secret"])
    assert api("GET", PROBE, auth=key).status == 200
    assert api("DELETE", f"{KEYS}/{key[0]}").status == 204
    assert api("GET", PROBE, auth=key).status == 401
    (life,) = simulator.key_history(sid)
    assert (life["secret"], life["valid_from"] != life["valid_until"]) == (key[1], True)


def test_a_restricted_key(simulator: Simulator, api: Any) -> None:
    made = api("POST", KEYS, restricted(simulator.account_sid, READ)).json
    assert (made["policy"], made["friendly_name"]) == ({"allow": [READ]}, None)
    changed = api("POST", f"{KEYS}/{made['sid']}", {"Policy": policy("/twilio/simulated/list_aws_credentials", READ)})
    assert (changed.status, len(changed.json["policy"]["allow"])) == (200, 2)
    assert "secret" not in changed.json
    key = (made["sid"], made["secret"])
    assert api("GET", PROBE, auth=key).status == 200
    renamed = api("POST", f"{KEYS}/{made['sid']}", {"FriendlyName": "two"}).json
    assert (renamed["friendly_name"], renamed["policy"]) == ("two", changed.json["policy"])
    api("POST", f"{KEYS}/{made['sid']}", {"Policy": policy(READ)})
    for status in (403, 401):
        simulator.settings(missing_permission_status=status)
        refused = api("GET", PROBE, auth=key)
        assert (refused.status, refused.json["code"]) == (status, 70051)


def test_who_may_manage_keys(simulator: Simulator, api: Any) -> None:
    kinds = [{"kind": "main"}, {"kind": "standard"}, {"permissions": ["/twilio/simulated/list_keys"]}]
    seeded = simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": kinds}]})
    main, standard, limited = ((key["sid"], key["secret"]) for key in seeded["accounts"][0]["api_keys"])
    mine = f"{KEYS}?AccountSid={simulator.account_sid}"
    assert len(api("GET", mine, auth=main).json["keys"]) == 3
    assert api("POST", KEYS, {"AccountSid": simulator.account_sid}, auth=main).status == 201
    for auth in (standard, limited, (main[0], "wrong")):
        for method, target, form in (
            ("GET", mine, None),
            ("POST", KEYS, {"AccountSid": simulator.account_sid}),
            ("GET", f"{KEYS}/{standard[0]}", None),
            ("POST", f"{KEYS}/{standard[0]}", {"FriendlyName": "x"}),
            ("DELETE", f"{KEYS}/{standard[0]}", None),
            ("POST", "/v1/AuthTokens/Secondary", None),
        ):
            refused = api(method, target, form, auth=auth)
            assert (refused.status, refused.json["code"]) == (401, 20003), (auth, method, target)
    assert api("POST", "/2010-04-01/Accounts.json", auth=standard).status == 401
    assert api("DELETE", f"{KEYS}/{main[0]}", auth=main).status == 204


def test_keys_are_an_accounts_own(simulator: Simulator, api: Any) -> None:
    parent = simulator.account_sid
    seeded = simulator.seed({"accounts": [{"sid": SUBACCOUNT, "owner_account_sid": parent, "api_keys": [{}]}]})
    (key,) = seeded["accounts"][0]["api_keys"]
    theirs = f"{KEYS}?AccountSid={SUBACCOUNT}"
    for method, target, form in (
        ("GET", theirs, None),
        ("POST", KEYS, {"AccountSid": SUBACCOUNT}),
        ("GET", f"{KEYS}/{key['sid']}", None),
        ("DELETE", f"{KEYS}/{key['sid']}", None),
    ):
        refused = api(method, target, form)
        assert (refused.status, refused.json["code"]) == (404, 20404)
    own = (SUBACCOUNT, simulator.state(SUBACCOUNT)["auth_token"])
    assert [each["sid"] for each in api("GET", theirs, auth=own).json["keys"]] == [key["sid"]]
    assert api("GET", f"{KEYS}?AccountSid={parent}").json["keys"] == []
    simulator.settings(parent_keys=True)
    assert len(api("GET", theirs).json["keys"]) == 1
    assert api("GET", f"{KEYS}?AccountSid={parent}", auth=own).status == 404


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"AccountSid": None}, 20001),
        ({"AccountSid": "AC1"}, 70002),
        ({"FriendlyName": "x" * 65}, 70001),
        ({"KeyType": "restricted"}, 20001),
        ({"KeyType": "standard"}, 20001),
        ({"Policy": policy(READ)}, 20001),
        ({"KeyType": "restricted", "Policy": "[]"}, 20001),
        ({"KeyType": "restricted", "Policy": "{"}, 20001),
        ({"KeyType": "restricted", "Policy": '{"allow": [1]}'}, 20001),
        ({"KeyType": "restricted", "Policy": '{"allow": [], "deny": []}'}, 20001),
        ({"KeyType": "restricted", "Policy": policy("messages")}, 20001),
        ({"KeyType": "restricted", "Policy": policy(READ, READ)}, 20001),
        ({"KeyType": "restricted", "Policy": policy(*(f"/twilio/{number}" for number in range(101)))}, 20001),
        ({"Secret": "x"}, 20001),
    ],
)
def test_what_is_refused(simulator: Simulator, api: Any, form: dict[str, str | None], code: int) -> None:
    sent = {"AccountSid": simulator.account_sid, **form}
    refused = api("POST", KEYS, {name: value for name, value in sent.items() if value is not None})
    assert (refused.status, refused.json["code"]) == (400, code)
    assert simulator.state(simulator.account_sid)["api_keys"] == []


def test_updates_that_are_refused(simulator: Simulator, api: Any) -> None:
    made = api("POST", KEYS, {"AccountSid": simulator.account_sid, "FriendlyName": "one"}).json["sid"]
    for form, code in (
        ({"Policy": policy(READ)}, 20001),
        ({"FriendlyName": "x" * 65}, 70001),
        ({"KeyType": "restricted"}, 20001),
        ({"AccountSid": simulator.account_sid}, 20001),
    ):
        refused = api("POST", f"{KEYS}/{made}", form)
        assert (refused.status, refused.json["code"]) == (400, code)
    for method in ("GET", "POST", "DELETE"):
        refused = api(method, ABSENT)
        assert (refused.status, refused.json["code"]) == (404, 20404)
        assert api(method, f"{KEYS}/SK1").status == 404
    for query in ("", "?AccountSid=AC1", f"?AccountSid={simulator.account_sid}&FriendlyName=one"):
        assert api("GET", KEYS + query).status == 400


def test_a_hundred_permissions_are_not_too_many(simulator: Simulator, api: Any) -> None:
    form = restricted(simulator.account_sid, *(f"/twilio/{number}" for number in range(100)))
    assert api("POST", KEYS, form).status == 201


def test_pages(simulator: Simulator, api: Any) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": {"count": 1100, "prefix": "b "}}]})
    first = api("GET", f"{KEYS}?AccountSid={simulator.account_sid}&PageSize=1000").json
    assert (len(first["keys"]), first["meta"]["key"]) == (1000, "keys")
    following = urlsplit(first["meta"]["next_page_url"])
    assert following.query.startswith(f"AccountSid={simulator.account_sid}&PageSize=1000&Page=1&PageToken=")
    last = api("GET", f"{following.path}?{following.query}").json
    assert (len(last["keys"]), last["meta"]["next_page_url"]) == (100, None)


@pytest.mark.parametrize(
    "key", [{"kind": "odd"}, {"colour": 1}, {"kind": "main", "permissions": []}, {"kind": "restricted"}]
)
def test_invalid_seeds(simulator: Simulator, key: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError):
        simulator.seed({"accounts": [{"api_keys": [key]}]})
