# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of fault, as a client sees it on the wire, and what it did to the state."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

LIST = "/v1/SafeList/Numbers"
NUMBER = {"PhoneNumber": "+14155550100"}


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
    connection = api.connect()
    connection.timeout = 0.3
    with pytest.raises(TimeoutError):
        api("POST", LIST, NUMBER, connection=connection)
    connection.close()
    assert numbers(simulator) == int(applied)


def test_late(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "late", "delay": 0.3}])
    with pytest.raises(http.client.RemoteDisconnected):
        api("POST", LIST, NUMBER)
    assert numbers(simulator) == 0
    assert simulator.health()["late_requests_waiting"] == 1
    time.sleep(0.5)
    assert numbers(simulator) == 1
    assert simulator.requests()[0]["applied"] is True


def test_late_behind_a_proxy(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "late", "delay": 0.3, "status": 504, "retry_after": 1}])
    reply = api("POST", LIST, NUMBER)
    assert (reply.status, reply.headers["Retry-After"], "<html>" in reply.text) == (504, "1", True)
    assert numbers(simulator) == 0
    time.sleep(0.5)
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
    [{"kind": "odd"}, {"kind": "429", "applied": True}, {"kind": "500", "path": "("}, {"kind": "500", "count": 0}],
)
def test_faults_that_mean_nothing_are_refused(simulator: Simulator, fault: dict[str, Any]) -> None:
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
