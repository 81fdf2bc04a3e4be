# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials, public keys and SafeList: what is accepted, what is refused and with which code."""

from __future__ import annotations

from typing import Any

import pytest
from simulator import Simulator

pytest.importorskip("cryptography", reason="the simulator needs cryptography")

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AWS = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SUBACCOUNT = "AC" + "5" * 32
STRANGER = "AC" + "6" * 32


def pem(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, form).decode())


@pytest.fixture(scope="module")
def good_key() -> str:
    return pem(rsa.generate_private_key(65537, 2048))


def test_a_credential_never_shows_its_secret(simulator: Simulator, api: Any) -> None:
    made = api("POST", "/v1/Credentials/AWS", {"Credentials": AWS})
    assert made.status == 201
    assert set(made.json) == {"sid", "account_sid", "friendly_name", "date_created", "date_updated", "url"}
    assert (made.json["friendly_name"], made.json["date_updated"]) == (None, None)
    assert made.headers["Twilio-Request-Id"].startswith("RQ")
    assert made.headers["Content-Type"] == "application/json"
    assert simulator.state(simulator.account_sid)["aws_credentials"][0]["credentials"] == AWS
    assert simulator.requests()[0]["form"] == {"Credentials": "***"}


def test_only_the_name_can_change(simulator: Simulator, api: Any) -> None:
    sid = api("POST", "/v1/Credentials/AWS", {"Credentials": AWS}).json["sid"]
    changed = api("POST", f"/v1/Credentials/AWS/{sid}", {"FriendlyName": "new"})
    assert (changed.status, changed.json["friendly_name"]) == (200, "new")
    assert changed.json["date_updated"]
    refused = api("POST", f"/v1/Credentials/AWS/{sid}", {"Credentials": AWS})
    assert (refused.status, refused.json["code"]) == (400, 20001)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 20001),
        ({"FriendlyName": "x"}, 20001),
        ({"Credentials": AWS, "FriendlyName": "x" * 65}, 70001),
        ({"Credentials": AWS.lower()}, 70106),
        ({"Credentials": AWS[:-1]}, 70106),
        ({"Credentials": AWS, "AccountSid": "AC12"}, 70002),
        ({"Credentials": AWS, "AccountSid": STRANGER}, 70001),
        ({"Credentials": AWS, "Colour": "red"}, 20001),
    ],
)
def test_refused_aws_credentials(simulator: Simulator, api: Any, form: dict[str, str], code: int) -> None:
    simulator.seed({"accounts": [{"sid": STRANGER}]})
    refused = api("POST", "/v1/Credentials/AWS", form)
    assert (refused.status, refused.json["status"], refused.json["code"]) == (400, 400, code)
    assert AWS not in refused.text
    assert simulator.state(simulator.account_sid)["counts"]["aws_credentials"] == 0


def test_sids(api: Any) -> None:
    assert api("GET", "/v1/Credentials/AWS/CRxyz").json["code"] == 70002
    assert api("GET", "/v1/Credentials/AWS/CR" + "0" * 32).json["code"] == 20404
    assert api("DELETE", "/v1/Credentials/PublicKeys/CR" + "0" * 32).status == 404


def test_accepted_public_keys(api: Any, good_key: str) -> None:
    bare = "".join(good_key.splitlines()[1:-1])
    for key in (good_key, good_key.strip(), bare, good_key.replace("\n", "\r\n")):
        assert api("POST", "/v1/Credentials/PublicKeys", {"PublicKey": key}).status == 201


def test_refused_public_keys(api: Any, good_key: str) -> None:
    half = good_key.replace("-----END PUBLIC KEY-----", "")
    for key, code in (
        ("rubbish", 70104),
        ("", 70104),
        (half, 70104),
        (pem(rsa.generate_private_key(65537, 2048), PublicFormat.PKCS1), 70104),
        (pem(ec.generate_private_key(ec.SECP256R1())), 70101),
        (pem(rsa.generate_private_key(65537, 1024)), 70102),
        (pem(rsa.generate_private_key(3, 2048)), 70103),
    ):
        refused = api("POST", "/v1/Credentials/PublicKeys", {"PublicKey": key})
        assert (refused.status, refused.json["code"]) == (400, code), key


def test_a_credential_for_a_subaccount_goes_to_its_list(simulator: Simulator, api: Any) -> None:
    simulator.seed(
        {"accounts": [{"sid": SUBACCOUNT, "auth_token": "5" * 32, "owner_account_sid": simulator.account_sid}]}
    )
    made = api("POST", "/v1/Credentials/AWS", {"Credentials": AWS, "AccountSid": SUBACCOUNT}).json
    assert made["account_sid"] == SUBACCOUNT
    assert api("GET", "/v1/Credentials/AWS").json["credentials"] == []
    theirs = api("GET", "/v1/Credentials/AWS", auth=(SUBACCOUNT, "5" * 32)).json["credentials"]
    assert [each["sid"] for each in theirs] == [made["sid"]]
    assert api("GET", f"/v1/Credentials/AWS/{made['sid']}").status == 404


def test_safelist(simulator: Simulator, api: Any) -> None:
    address = "/v1/SafeList/Numbers"
    for number in ("+14155550100", "+18001234xxx"):
        query = f"{address}?PhoneNumber={number.replace('+', '%2B')}"
        assert (api("GET", query).status, api("GET", query).json["code"]) == (404, 20404)
        made = api("POST", address, {"PhoneNumber": number})
        assert (made.status, set(made.json)) == (201, {"sid", "phone_number"})
        again = api("POST", address, {"PhoneNumber": number})
        assert (again.status, again.json["code"]) == (400, 60411)
        assert api("GET", query).json == made.json
        assert api("DELETE", query).status == 204
        assert api("DELETE", query).status == 404
    for number in ("14155550100", "+0415555", "+1800xxx", "+18001234XXX", "", "+1 415 555 0100"):
        refused = api("POST", address, {"PhoneNumber": number})
        assert (refused.status, refused.json["code"]) == (400, 20001), number
    assert api("GET", f"{address}?PhoneNumber=+14155550100").status == 400  # an unescaped + is a blank
    assert api("GET", address).status == 400
    simulator.settings(safelist_not_found_code=False)
    assert "code" not in api("GET", f"{address}?PhoneNumber=%2B14155550100").json


def test_safelist_rate(simulator: Simulator, api: Any) -> None:
    simulator.settings(safelist_rate=3, safelist_retry_after=1)
    target = "/v1/SafeList/Numbers?PhoneNumber=%2B14155550100"
    replies = [api("GET", target) for _unused in range(8)]
    assert [reply.status for reply in replies[:3]] == [404] * 3
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert (refused[0].json["code"], refused[0].headers["Retry-After"]) == (20429, "1")
    assert api("GET", "/v1/Credentials/AWS").status == 200
