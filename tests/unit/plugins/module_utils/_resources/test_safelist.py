# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent for each number, what counts as a change, and what stops the rest."""

from __future__ import annotations

import pytest
from scripted import SENT, FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import PartialFailure
from ansible_collections.community.twilio.plugins.module_utils._resources.safelist import look_up, reconcile
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

ONE, TWO, THREE = "+14155552671", "+14155552672", "+14155552673"
ABSENT = reply(404, {"code": 20404, "message": "not found", "status": 404})
THERE_ALREADY = reply(400, {"code": 60411, "message": "Phone number already exists in SafeList", "status": 400})
REFUSED = reply(401, {"code": 20003, "message": "Authenticate", "status": 401})


def entry(number, status=200):
    return reply(status, {"sid": f"GN{number[-4:]}", "phone_number": number})


def client_of(*script, max_retries=0):
    transport = FakeTransport(script)
    return Client(Connection("AC" + "1" * 32, Secret("s" * 32), max_retries=max_retries), transport), transport


def options(*numbers, state="present"):
    # One at a time, so that the answers come in their order.
    return {"phone_number": list(numbers), "state": state, "concurrency": 1}


def run(*script, numbers=(ONE,), state="present", dry_run=False, max_retries=0):
    """Return what a task comes to, and the methods of its requests."""
    client, transport = client_of(*script, max_retries=max_retries)
    outcome = reconcile(client, options(*numbers, state=state), dry_run)
    return outcome, [request.method for request in transport.requests]


@pytest.mark.parametrize(
    ("state", "script", "changed", "methods"),
    [
        ("present", [ABSENT, entry(ONE, 201)], True, ["GET", "POST"]),
        ("present", [entry(ONE)], False, ["GET"]),
        ("absent", [entry(ONE), reply(204)], True, ["GET", "DELETE"]),
        ("absent", [ABSENT], False, ["GET"]),
    ],
)
def test_what_differs_is_changed_and_nothing_else(state, script, changed, methods):
    outcome, sent = run(*script, state=state)
    assert (outcome.changed, sent) == (changed, methods)
    assert outcome.after == {ONE: state}


def test_check_mode_writes_nothing():
    outcome, sent = run(ABSENT, dry_run=True)
    assert (outcome.changed, sent) == (True, ["GET"])
    assert outcome.diff() == {"before": {ONE: "absent"}, "after": {ONE: "present"}}


def test_what_somebody_else_did_in_the_meantime_is_no_change():
    outcome, sent = run(ABSENT, THERE_ALREADY, entry(ONE))
    assert (outcome.changed, sent) == (False, ["GET", "POST", "GET"])
    outcome, sent = run(entry(ONE), ABSENT, state="absent")
    assert (outcome.changed, sent) == (False, ["GET", "DELETE"])


def test_a_lost_answer_is_settled_by_reading():
    outcome, sent = run(ABSENT, SENT, entry(ONE), max_retries=2)
    assert (outcome.changed, sent) == (True, ["GET", "POST", "GET"])


def test_numbers_that_fail_leave_the_others_done():
    broken = reply(400, {"code": 20001, "message": "Bad request", "status": 400})
    with pytest.raises(PartialFailure, match="1 of 2 numbers failed: Could not add") as caught:
        run(ABSENT, broken, ABSENT, entry(TWO, 201), numbers=(ONE, TWO))
    failed, done = caught.value.result["numbers"]
    assert (failed["code"], failed["failed"], done["changed"]) == (20001, True, True)
    assert caught.value.diff == {"before": {TWO: "absent"}, "after": {TWO: "present"}}


def test_refused_credentials_stop_the_rest():
    with pytest.raises(PartialFailure, match="3 of 3 numbers failed") as caught:
        run(REFUSED, numbers=(ONE, TWO, THREE))
    words = [number["msg"] for number in caught.value.result["numbers"]]
    assert words[1:] == ["Not tried, because the credentials were refused for another number."] * 2


@pytest.mark.parametrize("body", [{}, {"sid": None}, {"sid": "GN1", "phone_number": TWO}, []])
def test_an_answer_that_is_about_no_number_or_another_is_not_believed(body):
    with pytest.raises(PartialFailure):
        run(reply(200, body))


def test_they_are_looked_up():
    client, _transport = client_of(entry(ONE), ABSENT)
    found = look_up(client, options(ONE, TWO))["numbers"]
    assert [(each["phone_number"], each["exists"]) for each in found] == [(ONE, True), (TWO, False)]
