# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each operation with each fault at each of its requests, and ``docs/faults.md``, which reports the outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from matrix.catalogue import FAULTS
from matrix.judge import is_excused, run_cases
from matrix.operations import OLD_KEY, OPERATIONS, list_things, pair
from matrix.report import PAGE, Row, page, rows_of
from matrix.running import MAIN, MAIN_TOKEN, InProcess, MatrixTransport, QuickClock

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils._transport import NoReply, Request

#: What a message over a socket has besides those without one, and what differs from one request to the next.
OF_SOCKETS = {"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Transfer-Encoding"}
VARYING = {"Twilio-Concurrent-Requests", "Twilio-Request-Id", "connection", "monotonic", "request_id", "time"}

CREDENTIAL = "CR" + "1" * 32
KEY = {"sid": CREDENTIAL, "friendly_name": "one", "credentials": pair(OLD_KEY)}
SEED = {"sid": MAIN, "auth_token": MAIN_TOKEN, "aws_credentials": [KEY]}
REQUESTS = {
    "GET": ("", None),
    "POST": (f"/{CREDENTIAL}", {"FriendlyName": "two"}),
    "DELETE": (f"/{CREDENTIAL}", None),
}


@pytest.fixture(scope="module")
def in_process() -> Iterator[InProcess]:
    """Run a simulator in this process, and assert that its answers kept its contract."""
    with InProcess(sockets=False) as running:
        yield running
        assert running.simulation.violations == []


def _without(varying: set[str], values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in varying}


def _outcomes(simulator: InProcess, method: str, planned: dict[str, Any]) -> list[Any]:
    """Return what a client sees of a fault and of the requests before and after it, and what they did."""
    world = simulator.reset_to({"accounts": [SEED]}, {}, None)
    simulator.set_faults(planned)
    transport = MatrixTransport(simulator, QuickClock())
    outcomes: list[Any] = []
    for each in ("GET", method, "GET", "GET"):
        path, form = REQUESTS[each]
        url = f"{simulator.url}/v1/Credentials/AWS{path}"
        try:
            reply = transport.send(Request(each, url, MAIN, Secret(MAIN_TOKEN), form=form))
        except NoReply as lost:
            outcomes.append((lost.reason, lost.sent, lost.final))
        else:
            body = re.sub(rb'"date_(created|updated)": "2[^"]*"', b"", reply.content)
            outcomes.append((reply.status, _without(OF_SOCKETS | VARYING, reply.headers), body))
    transport.close()
    return [*outcomes, *(_without(VARYING, entry) for entry in simulator.take_log()), list_things(world)]


@pytest.mark.parametrize("method", REQUESTS)
def test_a_fault_is_the_same_without_a_socket(method: str) -> None:
    # `nox -s matrix` uses sockets, the test below does not.
    with InProcess() as simulator:
        for fault in {fault.name.rpartition(" ")[0]: fault for fault in FAULTS}.values():
            planned = {"kind": fault.kind, **fault.options, "skip": 1}
            simulator.sockets = True
            over_a_socket = _outcomes(simulator, method, planned)
            simulator.sockets = False
            assert _outcomes(simulator, method, planned) == over_a_socket, fault.name


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_survives_each_fault_at_each_of_its_requests(name: str, in_process: InProcess) -> None:
    row, defects = Row(name), []
    for case in run_cases(in_process, OPERATIONS[name]):
        row.add(case)
        if not is_excused(case):
            defects.append(str(case))
    assert not defects, "\n".join([f"{len(defects)} cases:", *defects])
    # `nox -s matrix` writes the page.
    assert row.line() in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_lists_all_operations_and_their_sums() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = rows_of(text)
    assert list(rows) == list(OPERATIONS)
    assert page(rows.values()) == text


def test_nine_tenths_of_the_cases_that_can_be_survived_at_once_are_survived() -> None:
    rows = rows_of(PAGE.read_text(encoding="utf-8")).values()
    assert sum(row.survived for row in rows) >= 0.9 * sum(row.possible for row in rows)
