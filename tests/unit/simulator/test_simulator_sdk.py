# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The official SDK, driven through every operation of the contract."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from simulator import Simulator

pytest.importorskip("twilio", reason="the official SDK is not installed")
pytest.importorskip("jsonschema_rs", reason="the simulator needs jsonschema_rs")

from simulator.contract import load_contract
from simulator.seeding import PUBLIC_KEY
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

AWS = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class OtherHost(TwilioHttpClient):
    """The SDK's own HTTP client, sent to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.address = urlsplit(url)

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        parts = urlsplit(url)._replace(scheme=self.address.scheme, netloc=self.address.netloc)
        return super().request(method, urlunsplit(parts), *arguments, **options)


def connect(simulator: Simulator, sid: str | None = None, token: str | None = None) -> Client:
    return Client(sid or simulator.account_sid, token or simulator.auth_token, http_client=OtherHost(simulator.url))


@pytest.mark.parametrize("dates", ["iso8601", "rfc2822"])
def test_every_operation(simulator: Simulator, dates: str) -> None:
    simulator.settings(dates=dates, new_date_updated="date")
    client = connect(simulator)
    for products, secret in (
        (client.accounts.v1.credentials.aws, {"credentials": AWS}),
        (client.accounts.v1.credentials.public_key, {"public_key": PUBLIC_KEY}),
    ):
        account = {"account_sid": simulator.account_sid}
        made = [products.create(friendly_name=f"name {number}", **account, **secret) for number in range(5)]
        assert made[0].account_sid == simulator.account_sid
        assert {each.sid for each in products.list(page_size=2)} == {each.sid for each in made}
        assert products(made[0].sid).fetch().friendly_name == "name 0"
        assert products(made[0].sid).update(friendly_name="other").friendly_name == "other"
        assert products(made[0].sid).delete()
        with pytest.raises(TwilioRestException) as refused:
            products(made[0].sid).fetch()
        assert (refused.value.status, refused.value.code) == (404, 20404)
        if dates == "iso8601":
            assert isinstance(made[0].date_created, datetime)

    policy = {"allow": ["/twilio/messaging/messages/read"]}
    new_key, keys = client.iam.v1.new_api_key, client.iam.v1.get_api_keys
    standard = new_key.create(account_sid=simulator.account_sid, friendly_name="standard")
    limited = new_key.create(account_sid=simulator.account_sid, key_type="restricted", policy=policy)
    assert (standard.policy, limited.policy, len(standard.secret)) == (None, policy, 32)
    assert {each.sid for each in keys.list(account_sid=simulator.account_sid, page_size=1)} == {
        standard.sid,
        limited.sid,
    }
    key = client.iam.v1.api_key(limited.sid)
    wider = {"allow": [*policy["allow"], "/twilio/messaging/messages/update"]}
    assert key.update(friendly_name="other", policy=wider).policy == wider
    assert (key.fetch().friendly_name, key.fetch().policy) == ("other", wider)
    assert key.delete()
    connected = Client(standard.sid, standard.secret, simulator.account_sid, http_client=OtherHost(simulator.url))
    assert len(connected.accounts.v1.credentials.aws.list(limit=1)) == 1

    safelist = client.accounts.v1.safelist
    sid = safelist.create(phone_number="+14155550100").sid
    assert safelist.fetch(phone_number="+14155550100").sid == sid
    assert safelist.delete(phone_number="+14155550100")

    geo_permissions = client.accounts.v1.messaging_geopermissions
    changes = [{"country_code": code, "type": "country", "enabled": True} for code in ("DE", "PK")]
    results = geo_permissions.update(changes).permissions
    assert [(each["country_code"], each["error_code"]) for each in results] == [("DE", 0), ("PK", 30649)]
    permissions = geo_permissions.fetch(country_code="DE,PK").permissions
    assert {each["country_code"]: each["enabled"] for each in permissions} == {"DE": True, "PK": False}

    tokens = client.accounts.v1.secondary_auth_token()
    tokens.create()
    assert tokens.delete(suppress_email_notification=True)
    secondary = tokens.create(suppress_email_notification=True).secondary_auth_token
    promotion = connect(simulator, token=secondary).accounts.v1.auth_token_promotion()
    promoted = promotion.update(suppress_email_notification=True)
    assert promoted.auth_token == secondary
    client = connect(simulator, token=secondary)

    subaccount = client.api.v2010.accounts.create(friendly_name="sub")
    assert client.api.v2010.accounts(subaccount.sid).fetch().auth_token
    changed = client.api.v2010.accounts(subaccount.sid).update(status="suspended", friendly_name="other")
    assert (changed.status, changed.friendly_name) == ("suspended", "other")
    assert len(client.api.v2010.accounts.list(page_size=1)) == 2
    (found,) = client.api.v2010.accounts.list(status="suspended", friendly_name="other")
    assert found.sid == subaccount.sid

    records = client.api.v2010.account.usage.records
    for interval in (
        records,
        records.daily,
        records.monthly,
        records.yearly,
        records.all_time,
        records.today,
        records.yesterday,
        records.this_month,
        records.last_month,
    ):
        dates = {"start_date": date(2026, 1, 1), "end_date": date(2026, 1, 2)}
        found = interval.list(category="calls", include_subaccounts=True, **dates, limit=3)
        assert found, interval
        assert all(record.category == "calls" and float(record.usage) >= 0 for record in found)
        assert len(interval.list(limit=3, page_size=2)) == 3
    assert simulator.state(simulator.account_sid)["emails"] == ["create"]

    # Each parameter of the contract was sent, in the place that the contract defines.
    contract = load_contract()
    sent: dict[str, tuple[set[str], set[str]]] = {}
    for entry in simulator.requests():
        methods, _names = contract.find(entry["path"]) or ({}, {})
        query, form = sent.setdefault(methods[entry["method"]].name, (set(), set()))
        query.update(entry["query"])
        form.update(entry["form"])
    assert sent == {
        name: (set(operation.query.properties), set(operation.form.properties))
        for name, operation in contract.operations.items()
    }, "call each operation of contract.yaml above, by the SDK, and with each of its parameters"


def test_errors_as_the_sdk_reads_them(simulator: Simulator) -> None:
    with pytest.raises(TwilioRestException) as refused:
        connect(simulator, token="0" * 32).accounts.v1.credentials.aws("CR" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert "Authenticate" in refused.value.msg
