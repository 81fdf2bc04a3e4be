# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in a thread of the tests' process."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from simulator import Simulator
from simulator.client import SimulatorError

LIST = "/v1/SafeList/Numbers"
AWS = "/v1/Credentials/AWS"


def test_it_is_used_as_the_process_is(simulator_in_process: Simulator, api_in_process: Any) -> None:
    simulator, api = simulator_in_process, api_in_process
    sid = simulator.account_sid
    made = simulator.seed({"accounts": [{"sid": sid, "safelist": ["+14155550100"]}]})
    assert made["accounts"][0]["auth_token"] == simulator.auth_token
    assert api("GET", f"{LIST}?PhoneNumber=%2B14155550100").status == 200
    assert simulator.faults([{"kind": "500"}])[0]["kind"] == "500"
    before = simulator.requests()
    assert api("GET", AWS).status == 500
    # What was returned is a copy.
    assert (len(before), len(simulator.requests()), simulator.request_count()) == (1, 2, 2)
    assert simulator.settings(list_order="oldest_first")["list_order"] == "oldest_first"
    simulator.clear_requests()
    assert simulator.requests() == []
    assert simulator.connections()["total"] == 2
    assert simulator.history(sid)[0]["role"] == "primary"
    with pytest.raises(SimulatorError, match="unknown setting 'odd'"):
        simulator.settings(odd=1)
    simulator.reset()
    assert simulator.state(sid)["counts"]["safelist"] == 0
    assert simulator.health()["violations"] == []


def test_it_ends_with_its_block(simulator_in_process: Simulator, api_in_process: Any) -> None:
    simulator_in_process.faults([{"kind": "hang"}])
    waiting = api_in_process.send("GET", AWS)
    simulator_in_process.stop()
    simulator_in_process.stop()
    assert not any(thread.name == "simulator" for thread in threading.enumerate())
    with pytest.raises(ConnectionRefusedError):
        api_in_process("GET", AWS)
    waiting.close()
