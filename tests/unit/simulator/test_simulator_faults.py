# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of fault, as a client observes it, and its effect on the state."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from simulator import Simulator
from simulator.client import SimulatorError
from simulator.faults import Faults, read

LIST = "/v1/SafeList/Numbers"
NUMBER = {"PhoneNumber": "+14155550100"}
ODD_DATE = "0001-01-01T00:00:00+14:00"


def numbers(simulator: Simulator) -> int:
    return int(simulator.state(simulator.account_sid)["counts"]["safelist"])


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("kind", ["500", "502", "503", "504"])
def test_server_errors(simulator: Simulator, api: Any, kind: str, applied: bool) -> None:
    simulator.faults([{"kind": kind, "applied": applied, "retry_after": 2}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, reply.headers["Retry-After"]) == (int(kind), "2")
    assert numbers(simulator) == int(applied)
    if kind in ("500", "503"):
        assert reply.json["code"] == int(f"20{kind}")
    logged = simulator.requests()[0]
    assert (logged["fault"], logged["status"], logged["applied"]) == (kind, int(kind), applied)
    assert api("POST", LIST, NUMBER).status == (400 if applied else 201)


def test_too_many_requests(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "429", "retry_after": 1.5}, {"kind": 429, "method": "post"}])
    first, second, third = (api("POST", LIST, NUMBER) for _unused in range(3))
    assert (first.status, first.json["code"], first.headers["Retry-After"]) == (429, 20429, "1.5")
    assert (second.status, "Retry-After" in second.headers) == (429, False)
    assert third.status == 201


@pytest.mark.parametrize("applied", [False, True])
def test_reset(simulator: Simulator, api: Any, applied: bool) -> None:
    simulator.faults([{"kind": "reset", "applied": applied}])
    with pytest.raises(ConnectionResetError):
        api("POST", LIST, NUMBER)
    assert numbers(simulator) == int(applied)
    assert simulator.requests()[0]["status"] is None


@pytest.mark.parametrize("applied", [False, True])
def test_hang(simulator: Simulator, api: Any, applied: bool) -> None:
    simulator.faults([{"kind": "hang", "applied": applied}])
    connection = api.send("POST", LIST, NUMBER)
    assert numbers(simulator) == int(applied)
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_late(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "late", "delay": 0.001}])
    with pytest.raises(http.client.RemoteDisconnected):
        api("POST", LIST, NUMBER)
    api.wait_until(lambda: not simulator.health()["late_requests_waiting"])
    assert numbers(simulator) == 1
    assert simulator.requests()[0]["applied"] is True


def test_late_on_request(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "late", "delay": 3600, "count": 2}])
    for number in ("+14155550100", "+14155550101"):
        with pytest.raises(http.client.RemoteDisconnected):
            api("POST", LIST, {"PhoneNumber": number})
    assert (numbers(simulator), simulator.health()["late_requests_waiting"]) == (0, 2)
    simulator.apply_late()
    assert (numbers(simulator), simulator.health()["late_requests_waiting"]) == (2, 0)
    assert [each["status"] for each in simulator.requests()] == [201, 201]


def test_late_behind_other_requests(simulator: Simulator, api: Any) -> None:
    other = ("AC" + "5" * 32, "5" * 32)
    simulator.seed({"accounts": [{"sid": other[0], "auth_token": other[1]}]})
    simulator.faults([{"kind": "late", "method": "POST", "after_requests": 2}, {"kind": "500", "skip": 2}])
    with pytest.raises(http.client.RemoteDisconnected):
        api("POST", LIST, NUMBER)
    looked = f"{LIST}?{urlencode(NUMBER)}"
    statuses = []
    # Another account's requests don't count, and one that meets a fault does.
    for auth in (None, other, None, None):
        statuses.append((api("GET", looked, auth=auth).status, numbers(simulator)))
    assert statuses == [(404, 0), (404, 0), (500, 1), (200, 1)]


def test_late_behind_a_proxy(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "late", "delay": 3600, "status": 504, "retry_after": 1}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, reply.headers["Retry-After"], "<html>" in reply.text) == (504, "1", True)
    assert numbers(simulator) == 0
    simulator.apply_late()
    assert numbers(simulator) == 1


@pytest.mark.parametrize("part", ["headers", "body"])
def test_drip(simulator: Simulator, api: Any, part: str) -> None:
    simulator.faults([{"kind": "drip", "part": part, "interval": 0.001, "size": 7}])
    connection = api.send("POST", LIST, NUMBER)
    assert numbers(simulator) == 1
    received = b""
    # Whatever an answer may take: it comes, and doesn't end.
    while len(received) < 3000:
        more = connection.sock.recv(7)
        assert more
        received += more
    connection.close()
    head, _blank, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 Created\r\n")
    if part == "headers":
        assert b"X-Slow: 000" in head
        assert body == b""
    else:
        assert json.loads(body)["phone_number"] == NUMBER["PhoneNumber"]
        assert body.endswith(b"   ")


@pytest.mark.parametrize("length", [False, True])
def test_a_big_body(simulator: Simulator, api: Any, length: bool) -> None:
    simulator.faults([{"kind": "big_body", "size": 1_000_000, "length": length}, {"kind": "big_body"}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, len(reply.text), reply.headers.get("Content-Length")) == (
        201,
        1_000_000,
        "1000000" if length else None,
    )
    assert reply.json["phone_number"] == NUMBER["PhoneNumber"]
    # One that nobody reads to its end stops with its client.
    connection = api.send("GET", "/v1/Credentials/AWS")
    assert connection.getresponse().length == 300_000_000
    connection.close()
    api.wait_until(lambda: simulator.connections()["open"] == 0)


def test_a_gateways_404(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "gateway_404"}])
    reply = api("DELETE", "/v1/AuthTokens/Secondary")
    assert (reply.status, reply.json) == (404, {"message": "no Route matched"})
    assert not any(name.startswith("Twilio") for name in reply.headers)


@pytest.mark.parametrize("retry_after", ["Fri, 01 Jan 99999 00:00:00 GMT", "-5", "1e400", "", "\u0663 \u00e9"])
@pytest.mark.parametrize("kind", ["429", "503"])
def test_any_retry_after(simulator: Simulator, api: Any, kind: str, retry_after: str) -> None:
    simulator.faults([{"kind": kind, "retry_after": retry_after}])
    reply = api("GET", "/v1/Credentials/AWS")
    assert reply.headers["Retry-After"].encode("latin-1").decode() == retry_after


def test_a_fault_for_a_time() -> None:
    moment = 100.0
    faults = Faults(lambda: moment)
    faults.waiting.append(read({"kind": "429", "path": "AWS", "for_seconds": 10}))
    assert faults.take("GET", "/other", None) is None
    moment = 200.0  # The time runs from the first request on.
    assert faults.take("GET", "/AWS", None)
    moment = 210.0
    assert faults.take("GET", "/AWS", None)
    moment = 210.5
    assert faults.take("GET", "/AWS", None) is None
    assert faults.waiting == []


def test_any_json(simulator: Simulator, api: Any) -> None:
    simulator.faults(
        [
            {"kind": "json", "status": 418, "body": '{"odd": NaN', "headers": {"X-Odd": "1", "Content-Type": "a/b"}},
            {"kind": "json", "body": "\udcff\u00e9", "applied": False},
        ]
    )
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, reply.text, reply.headers["X-Odd"], reply.headers["Content-Type"]) == (
        418,
        '{"odd": NaN',
        "1",
        "a/b",
    )
    assert numbers(simulator) == 1
    connection = api.send("DELETE", f"{LIST}?{urlencode(NUMBER)}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"\xff\xc3\xa9")
    connection.close()
    assert numbers(simulator) == 1


def test_truncated(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "truncated"}])
    with pytest.raises(http.client.IncompleteRead) as cut:
        api("POST", LIST, NUMBER)
    assert cut.value.partial
    assert cut.value.expected
    assert numbers(simulator) == 1


@pytest.mark.parametrize("applied", [False, True])
def test_html(simulator: Simulator, api: Any, applied: bool) -> None:
    simulator.faults([{"kind": "html", "status": 200, "applied": applied}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, reply.text[:6]) == (200, "<html>")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "Twilio-Request-Id" not in reply.headers
    assert numbers(simulator) == int(applied)


@pytest.mark.parametrize(("variant", "kind"), [("list", list), ("empty_object", dict), ("wrong_types", dict)])
def test_wrong_shape(simulator: Simulator, api: Any, variant: str, kind: type) -> None:
    simulator.faults([{"kind": "wrong_shape", "variant": variant, "count": 2}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, type(reply.json), numbers(simulator)) == (201, kind, 1)
    if variant == "wrong_types":
        assert not any(isinstance(value, str) for value in reply.json.values())
    listed = api("GET", "/v1/Credentials/AWS").json
    assert not isinstance(listed, dict) or not isinstance(listed.get("credentials"), list)


def test_a_deep_answer(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "wrong_shape", "variant": "deep"}])
    reply = api("GET", "/v1/Credentials/AWS")
    assert (reply.status, reply.text) == (200, "[" * 100_000 + "]" * 100_000)


ACCOUNTS = "/2010-04-01/Accounts.json"
CREDENTIALS = "/v1/Credentials/AWS"
USAGE = "/2010-04-01/Accounts/{}/Usage/Records/Today.json"


@pytest.mark.parametrize(
    ("fault", "path", "fields"),
    [
        ({"kind": "wrong_sid"}, CREDENTIALS, {"sid": "CR" + "2" * 32}),
        ({"kind": "wrong_owner"}, ACCOUNTS, {"owner_account_sid": "AC" + "0badacc0" * 4}),
        ({"kind": "odd_dates"}, CREDENTIALS, dict.fromkeys(["date_created", "date_updated"], ODD_DATE)),
        ({"kind": "odd_dates", "value": 5}, USAGE, dict.fromkeys(["as_of", "start_date", "end_date"], 5)),
        ({"kind": "odd_numbers"}, USAGE, dict.fromkeys(["usage", "count", "price"], "1E-7")),
        ({"kind": "odd_numbers", "value": ".25", "limit": 1}, USAGE, {"count": ".25"}),
        ({"kind": "wrong_field", "field": "category", "limit": 2}, USAGE, {"category": None}),
        ({"kind": "wrong_field", "field": "friendly_.*", "value": "\ud800"}, ACCOUNTS, {"friendly_name": "\ud800"}),
    ],
)
def test_changed_fields(simulator: Simulator, api: Any, fault: Any, path: str, fields: dict[str, Any]) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": [{"sid": "CR" + "1" * 32}]}]})
    path = path.format(simulator.account_sid)
    true = api("GET", path).json
    simulator.faults([fault])
    shown = api("GET", path).json
    (items,) = (name for name, value in true.items() if isinstance(value, list))
    for number, item in enumerate(true[items]):
        if number < fault.get("limit", number + 1):
            item.update(fields)
    assert shown == true
    # A fault on request is no violation.
    assert simulator.health()["violations"] == []


def test_the_sid_of_what_was_just_made_is_another(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "wrong_sid"}])
    shown = api("POST", LIST, NUMBER).json["sid"]
    (number,) = simulator.state(simulator.account_sid)["safelist"]
    assert shown.startswith("GN")
    assert (len(shown), shown == number["sid"]) == (34, False)


@pytest.mark.parametrize(
    ("path", "items"), [(CREDENTIALS, "credentials"), (ACCOUNTS, "accounts"), (USAGE, "usage_records")]
)
def test_null_items(simulator: Simulator, api: Any, path: str, items: str) -> None:
    simulator.faults([{"kind": "null_items"}])
    assert api("GET", path.format(simulator.account_sid)).json[items] is None


@pytest.mark.parametrize("path", [CREDENTIALS, ACCOUNTS, USAGE])
def test_next_pages(simulator: Simulator, api: Any, path: str) -> None:
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 3}}]})
    path = path.format(simulator.account_sid) + "?PageSize=2"

    def following(target: str) -> Any:
        page = api("GET", target).json
        return page["meta"]["next_page_url"] if "meta" in page else page["next_page_uri"]

    values = ["@127.0.0.1:9/x", ".evil.example/x", "http://[", 5, None]
    simulator.faults([{"kind": "next_page", "value": value} for value in values])
    assert [following(path) for _value in values] == values
    simulator.faults([{"kind": "next_page", "page": "same"}])
    assert following(path).removeprefix(simulator.url) == path
    simulator.faults([{"kind": "next_page", "page": "endless", "count": 5}])
    seen = {path}
    for _unused in range(5):
        path = following(path).removeprefix(simulator.url)
        assert path not in seen
        seen.add(path)


def test_wrong_account(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "wrong_account", "count": 2}])
    answer = api("POST", "/v1/AuthTokens/Secondary").json
    assert answer["account_sid"].startswith("AC")
    assert answer["account_sid"] != simulator.account_sid
    account = api("GET", f"/2010-04-01/Accounts/{simulator.account_sid}.json").json
    assert account["sid"] != simulator.account_sid


def test_any_status(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "status", "status": 403, "code": 70005, "message": "Slow down"}])
    reply = api("GET", "/v1/Credentials/AWS")
    assert (reply.status, reply.json["code"], reply.json["message"]) == (403, 70005, "Slow down")


def test_which_requests_meet_a_fault(simulator: Simulator, api: Any) -> None:
    other = "AC" + "5" * 32
    simulator.seed({"accounts": [{"sid": other, "auth_token": "5" * 32}]})
    simulator.faults([{"kind": "500", "method": "GET", "path": "AWS$", "skip": 1, "count": 2, "account_sid": other}])
    auth = (other, "5" * 32)
    assert api("GET", "/v1/Credentials/AWS").status == 200
    assert api("GET", "/v1/Credentials/PublicKeys", auth=auth).status == 200
    assert [api("GET", "/v1/Credentials/AWS", auth=auth).status for _unused in range(4)] == [200, 500, 500, 200]
    simulator.faults([{"kind": "503", "count": None}])
    assert [api("GET", "/v1/Credentials/AWS").status for _unused in range(3)] == [503] * 3
    assert simulator.faults()[0]["kind"] == "503"
    simulator.clear_faults()
    assert api("GET", "/v1/Credentials/AWS").status == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "odd"},
        {"kind": "429", "applied": True},
        {"kind": "429", "retry_after": "1\r\nX: 2"},
        {"kind": "429", "retry_after": None, "for_seconds": -1},
        {"kind": "429", "for_seconds": 1, "count": 2},
        {"kind": "500", "path": "("},
        {"kind": "500", "count": 0},
        {"kind": "500", "applied": 1},
        {"kind": "late", "delay": 1, "after_requests": 1},
        {"kind": "late", "after_requests": 0},
        {"kind": "truncated", "applied": False},
        {"kind": "wrong_shape", "variant": "odd"},
        {"kind": "wrong_sid", "applied": False},
        {"kind": "wrong_sid", "value": "x"},
        {"kind": "wrong_field", "field": "("},
        {"kind": "wrong_field", "limit": 0},
        {"kind": "next_page", "page": "odd"},
        {"kind": "json", "body": {}},
        {"kind": "json", "body": "\ud800"},
        {"kind": "json", "status": 99},
        {"kind": "json", "headers": {"X: Y": "1"}},
        {"kind": "html", "status": None},
        {"kind": "drip", "part": "odd"},
        {"kind": "drip", "interval": 0},
        {"kind": "big_body", "size": 0},
    ],
)
def test_invalid_faults_are_refused(simulator: Simulator, fault: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError):
        simulator.faults([fault])


def test_connections_survive_what_does_not_break_them(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "429"}, {"kind": "500"}, {"kind": "html"}])
    connection = api.connect()
    statuses = [api("GET", "/v1/Credentials/AWS", connection=connection).status for _unused in range(4)]
    connection.close()
    assert statuses == [429, 500, 502, 200]
    assert simulator.connections()["total"] == 1
    assert len({each["connection"] for each in simulator.requests()}) == 1
    assert json.dumps(simulator.settings())
