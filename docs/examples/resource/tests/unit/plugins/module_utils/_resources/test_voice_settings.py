# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is changed of the voice settings, and which answers are believed."""

from __future__ import annotations

import pytest
from scripted import SENT, FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import OutcomeUnknown, Rejected
from ansible_collections.community.twilio.plugins.module_utils._resource import converge
from ansible_collections.community.twilio.plugins.module_utils._resources.voice_settings import VoiceSettings, look_up
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

KEY = "dialing_permissions_inheritance"


def settings(inherits, status=200):
    return reply(status, {KEY: inherits, "url": "https://voice.twilio.com/v1/Settings"})


def client_of(*script, max_retries=0):
    transport = FakeTransport(script)
    return Client(Connection("AC" + "1" * 32, Secret("s" * 32), max_retries=max_retries), transport), transport


def run(*script, wanted=False, dry_run=False, max_retries=0):
    """Return what a task comes to, and the requests that it sent."""
    client, transport = client_of(*script, max_retries=max_retries)
    return converge(VoiceSettings(client, {KEY: wanted}), dry_run), transport.requests


def test_a_change_takes_two_requests():
    outcome, (_read, write) = run(settings(True), settings(False, 202))
    assert outcome.changed
    assert outcome.result == {"settings": {KEY: False}}
    assert outcome.diff() == {"before": {KEY: True}, "after": {KEY: False}}
    assert (write.method, write.url) == ("POST", "https://voice.twilio.com/v1/Settings")
    assert write.form == {"DialingPermissionsInheritance": "false"}


def test_check_mode_foresees_it():
    outcome, requests = run(settings(True), dry_run=True)
    assert outcome.changed
    assert outcome.diff() == {"before": {KEY: True}, "after": {KEY: False}}
    assert len(requests) == 1


def test_what_is_as_wanted_is_not_sent():
    outcome, requests = run(settings(True), wanted=True)
    assert not outcome.changed
    assert len(requests) == 1


def test_a_change_whose_answer_was_lost_is_sent_again():
    outcome, requests = run(settings(True), SENT, settings(False, 202), max_retries=1)
    assert outcome.changed
    assert [request.method for request in requests] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("answer", [settings(True, 202), settings(None, 202), settings(False, 200), reply(202, [])])
def test_an_answer_that_does_not_say_what_was_asked_for_is_not_believed(answer):
    with pytest.raises(OutcomeUnknown):
        run(settings(True), answer)


def test_a_refusal_fails_with_twilios_words():
    with pytest.raises(Rejected, match="Could not change the voice settings: Twilio answered 400/20001, Bad request"):
        run(settings(True), reply(400, {"code": 20001, "message": "Bad request", "status": 400}))


def test_they_are_looked_up():
    client, _transport = client_of(settings(True))
    assert look_up(client, {}) == {"settings": {KEY: True}}
