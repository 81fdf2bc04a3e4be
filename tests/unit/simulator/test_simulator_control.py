# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API, the command, and the client that starts it."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

AWS = "/v1/Credentials/AWS"


def test_seed_merges_and_says_what_it_made(simulator: Simulator, api: Any) -> None:
    sid = simulator.account_sid
    item = {
        "sid": sid,
        "secondary_auth_token": "3" * 32,
        "aws_credentials": [{"friendly_name": "one", "date_created": "2020-02-03T04:05:06Z"}, {"sid": "CR" + "1" * 32}],
        "public_keys": {"count": 3, "prefix": "key "},
        "safelist": ["+14155550100"],
        "api_keys": [{}],
    }
    made = simulator.seed({"accounts": [item, {"owner_account_sid": sid, "friendly_name": "sub"}]})["accounts"]
    assert (made[0]["sid"], made[0]["auth_token"]) == (sid, simulator.auth_token)
    assert [each["friendly_name"] for each in made[0]["public_keys"]] == ["key 0", "key 1", "key 2"]
    assert made[0]["api_keys"][0]["sid"].startswith("SK")
    assert made[1]["owner_account_sid"] == sid
    listed = {each["sid"]: each for each in api("GET", AWS, auth=(sid, "3" * 32)).json["credentials"]}
    assert listed[made[0]["aws_credentials"][0]["sid"]]["date_created"] == "2020-02-03T04:05:06Z"
    assert listed["CR" + "1" * 32]["friendly_name"] is None
    assert (
        simulator.seed({"accounts": [{"sid": sid, "safelist": ["+14155550100"]}]})["accounts"][0]["safelist"]
        == (made[0]["safelist"])
    )
    simulator.seed({"accounts": [{"sid": sid, "auth_token": "4" * 32, "secondary_auth_token": None}]})
    assert simulator.state(sid)["auth_token"] == "4" * 32
    assert simulator.state(sid)["secondary_auth_token"] is None
    simulator.reset()
    assert simulator.state(sid)["counts"] == {"aws_credentials": 0, "public_keys": 0, "safelist": 0, "api_keys": 0}
    assert len(simulator.state()["accounts"]) == 1
    assert api("GET", AWS).status == 200


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"accounts": [{"colour": 1}]},
        {"accounts": [{"status": "odd"}]},
        {"accounts": [{"sid": "AC1"}]},
        {"accounts": [{"auth_token": "short"}]},
        {"accounts": [{"aws_credentials": [{"name": "x"}]}]},
        {"accounts": [{"owner_account_sid": "AC" + "0" * 32}]},
    ],
)
def test_seeds_that_mean_nothing_are_refused(simulator: Simulator, data: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError):
        simulator.seed(data)


def test_the_log(simulator: Simulator, api: Any) -> None:
    api("GET", f"{AWS}?PageSize=1", headers={"User-Agent": "me/1"})
    api("GET", AWS, auth=(simulator.account_sid, "wrong"))
    api("GET", AWS, anonymous=True)
    log = simulator.requests()
    assert [each["authenticated_with"] for each in log] == ["primary", "invalid", "none"]
    assert [(each["status"], each["code"], each["applied"]) for each in log] == [
        (200, None, True),
        (401, 20003, False),
        (401, 20003, False),
    ]
    assert (log[0]["query"], log[0]["user_agent"], log[0]["number"]) == ({"PageSize": "1"}, "me/1", 1)
    assert log[1]["account_sid"] == simulator.account_sid
    assert simulator.request_count() == 3
    simulator.clear_requests()
    assert (simulator.requests(), simulator.request_count()) == ([], 0)


def test_forbidden_writes(simulator: Simulator, api: Any) -> None:
    simulator.settings(forbid_writes=True)
    assert api("GET", AWS).status == 200
    assert api("POST", "/v1/AuthTokens/Secondary").status == 418
    assert api("DELETE", "/v1/AuthTokens/Secondary").status == 418
    assert simulator.health()["forbidden_writes"] == 2
    assert simulator.state(simulator.account_sid)["secondary_auth_token"] is None


def test_settings(simulator: Simulator, api: Any) -> None:
    for wrong in ({"latency_ms": -1}, {"dates": "odd"}, {"strict": 1}, {"suspended_status": 404}, {"odd": 1}):
        with pytest.raises(SimulatorError):
            simulator.settings(**wrong)
    before = simulator.settings()
    simulator.settings(latency_ms=150)
    start = time.monotonic()
    simulator.settings()
    assert time.monotonic() - start < 0.1
    start = time.monotonic()
    api("GET", AWS)
    assert time.monotonic() - start >= 0.15
    simulator.reset()
    assert simulator.settings() == before


def test_path_prefix(simulator: Simulator, api: Any) -> None:
    simulator.settings(path_prefix="/gateway")
    assert api("GET", AWS).status == 404
    answer = api("GET", "/gateway" + AWS)
    assert answer.json["meta"]["url"].startswith(simulator.url + AWS)


def test_many_connections_at_once(simulator: Simulator, api: Any) -> None:
    simulator.settings(latency_ms=200)

    def ask(number: int) -> list[int]:
        connection = api.connect()
        try:
            form = {"PhoneNumber": f"+1415555{number:04}"}
            return [api(verb, "/v1/SafeList/Numbers", form, connection=connection).status for verb in ("POST", "POST")]
        finally:
            connection.close()

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(ask, range(64))) == [[201, 400]] * 64
    counts = simulator.connections()
    assert (counts["total"], counts["maximum_open"]) == (64, 64)


def test_tls_and_options() -> None:
    key = "SK" + "7" * 32
    arguments = [
        "--latency-ms",
        "5",
        "--safelist-rate",
        "9",
        "--secondary-exists",
        "replace",
        "--api-key",
        f"{key}:s:main",
    ]
    with Simulator.start(tls=True, arguments=arguments) as secure:
        assert secure.url.startswith("https://")
        settings = secure.settings()
        assert (settings["latency_ms"], settings["safelist_rate"], settings["secondary_exists"]) == (5, 9, "replace")
        keys = secure.state(secure.account_sid)["api_keys"]
        assert keys == [{"sid": key, "secret": "s", "kind": "main"}]
        process = secure.process_id
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_start_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SimulatorError):
        Simulator.start(account_sid="nonsense")
    assert "AC and 32" in capfd.readouterr().err
