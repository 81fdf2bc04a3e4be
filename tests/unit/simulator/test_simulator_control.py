# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API, the command, and the client that starts it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

AWS = "/v1/Credentials/AWS"
KEYS = "/v1/Keys?AccountSid={}"
USAGE = "/2010-04-01/Accounts/{}/Usage/Records/Today.json"


def test_a_seed_is_merged_and_what_was_created_is_returned(simulator: Simulator, api: Any) -> None:
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
def test_invalid_seeds_are_refused(simulator: Simulator, data: dict[str, Any]) -> None:
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
    for wrong in (
        {"latency_ms": -1},
        {"dates": "odd"},
        {"strict": 1},
        {"suspended_code": 1},
        {"page_size_limit": 0},
        {"odd": 1},
    ):
        with pytest.raises(SimulatorError):
            simulator.settings(**wrong)
    before = simulator.settings()
    simulator.settings(latency_ms=20)
    start = time.monotonic()
    api("GET", AWS)
    assert time.monotonic() - start >= 0.02
    simulator.reset()
    assert simulator.settings() == before


def test_latency_is_the_apis_alone_and_comes_after_the_work(simulator: Simulator, api: Any) -> None:
    # As good as no answer ever.
    simulator.settings(latency_ms=3_600_000)
    connection = api.send("POST", "/v1/SafeList/Numbers", {"PhoneNumber": "+14155550100"})
    assert simulator.state(simulator.account_sid)["counts"]["safelist"] == 1
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    # It ends with the client.
    api.wait_until(lambda: simulator.connections()["open"] == 0)
    simulator.settings(latency_ms=0)
    assert api("GET", AWS).headers["Twilio-Concurrent-Requests"] == "1"


@pytest.mark.parametrize("path", [AWS, "/v1/Credentials/PublicKeys", KEYS, "/2010-04-01/Accounts.json", USAGE])
def test_lists_that_fail_above_a_page_size(simulator: Simulator, api: Any, path: str) -> None:
    path = path.format(simulator.account_sid)
    sized = f"{path}{'&' if '?' in path else '?'}PageSize="
    simulator.settings(page_size_limit=100)
    failed = api("GET", f"{sized}101")
    assert (failed.status, failed.json["code"]) == (500, 20500)
    assert api("GET", f"{sized}100").status == 200
    assert api("GET", path).status == 200
    simulator.settings(page_size_limit=None)
    assert api("GET", f"{sized}1000").status == 200


@pytest.mark.parametrize(("code", "status", "answered"), [(20005, 403, 403), (20005, 401, 401), (20003, 403, 401)])
def test_an_account_that_is_not_active(simulator: Simulator, api: Any, code: int, status: int, answered: int) -> None:
    simulator.settings(suspended_code=code, suspended_status=status)
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "status": "suspended"}]})
    for path in (AWS, "/2010-04-01/Accounts.json"):
        refused = api("GET", path)
        assert (refused.status, refused.json["code"]) == (answered, code)


def test_path_prefix(simulator: Simulator, api: Any) -> None:
    simulator.settings(path_prefix="/gateway")
    assert api("GET", AWS).status == 404
    answer = api("GET", "/gateway" + AWS)
    assert answer.json["meta"]["url"].startswith(simulator.url + AWS)


def test_many_connections_at_once(simulator: Simulator, api: Any) -> None:
    # Each is open until the last has been used.
    connections = [api.connect() for _unused in range(64)]
    for expected in (201, 400):
        for number, connection in enumerate(connections):
            form = {"PhoneNumber": f"+1415555{number:04}"}
            assert api("POST", "/v1/SafeList/Numbers", form, connection=connection).status == expected
    counts = simulator.connections()
    assert (counts["total"], counts["open"], counts["maximum_open"]) == (64, 64, 64)
    for connection in connections:
        connection.close()
    api.wait_until(lambda: simulator.connections()["open"] == 0)
    assert simulator.connections()["maximum_open"] == 64


def test_many_requests_at_once(simulator: Simulator, api: Any) -> None:
    simulator.faults([{"kind": "hang", "count": 64}])
    connections = [api.send("GET", AWS) for _unused in range(64)]
    # All of them wait, and another is answered.
    assert api("GET", AWS).headers["Twilio-Concurrent-Requests"] == "65"
    for connection in connections:
        connection.close()


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
        assert [(each["sid"], each["secret"], each["kind"]) for each in keys] == [(key, "s", "main")]
        process = secure.process_id
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_the_readme_names_everything() -> None:
    from simulator import control, faults, settings

    text = (Path(control.__file__).parent / "README.md").read_text(encoding="utf-8")
    kinds = {name for options in faults.KINDS.values() for name in options} | set(faults.KINDS) | faults.SHARED
    choices = {*faults.VARIANTS, *faults.PARTS, *faults.PAGES}
    for name in kinds | choices | set(settings.CHECKS):
        assert f"`{name}`" in text, name
    for method, name in control.HANDLERS:
        assert f"`{method} {name}" in text, name


@pytest.mark.parametrize(
    ("host", "printed"), [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("::", "http://[::]:80")]
)
def test_the_url_that_is_printed(host: str, printed: str) -> None:
    from simulator.server import url

    assert url("http", host, 80) == printed
    assert urlsplit(printed).hostname == host


def test_a_start_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SimulatorError):
        Simulator.start(account_sid="nonsense")
    assert "AC and 32" in capfd.readouterr().err
