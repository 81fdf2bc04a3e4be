# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of a list of countries, refusals, and which answers are trusted."""

from __future__ import annotations

import json

import pytest
import voluptuous
from scripted import SENT, FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError, OutcomeUnknown, PartialFailure
from ansible_collections.community.twilio.plugins.module_utils._resource import converge
from ansible_collections.community.twilio.plugins.module_utils._resources.messaging_geo_permission import (
    MessagingGeoPermissions,
    check_together,
    look_up,
)
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

THERE = {"DE": True, "FR": False, "NO": True, "PK": True, "US": True}
MESSAGE = "High risk country permission cannot be updated"


def options(**given):
    return {"enabled": None, "disabled": None, "others": "keep", **given}


def country(code, enabled, **more):
    return {"country_code": code, "type": "country", "enabled": enabled, "prefix": "+1", "message": "", **more}


def listing(*more):
    return reply(200, {"permissions": [*(country(code, enabled) for code, enabled in THERE.items()), *more]})


def result(code, enabled, error=0, **more):
    messages = [MESSAGE] if error else []
    return {
        "country_code": code,
        "type": "country",
        "enabled": enabled,
        "error_code": error,
        "error_messages": messages,
        **more,
    }


def results(*items):
    return reply(200, {"permissions": list(items)})


def run(script, dry_run=False, max_retries=0, **given):
    """Return what a task comes to, and the requests that it sent."""
    transport = FakeTransport(script)
    connection = Connection("AC" + "1" * 32, Secret("s" * 32), max_retries=max_retries)
    resource = MessagingGeoPermissions(Client(connection, transport), options(**given))
    return converge(resource, dry_run), transport.requests


def sent(request):
    return {item["country_code"]: item["enabled"] for item in map(json.loads, request.form["Permissions"])}


def planned(**given):
    connection = Connection("AC" + "1" * 32, Secret("s" * 32))
    resource = MessagingGeoPermissions(Client(connection, FakeTransport([])), options(**given))
    return resource.plan({code: country(code, enabled) for code, enabled in THERE.items()})


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({"enabled": ["DE", "US"]}, {}),
        ({"enabled": ["FR", "DE"]}, {"FR": True}),
        ({"disabled": ["FR", "NO"]}, {"NO": False}),
        ({"enabled": ["FR"], "disabled": ["DE"]}, {"FR": True, "DE": False}),
        ({"enabled": ["US", "FR"], "others": "disabled"}, {"FR": True, "DE": False, "NO": False, "PK": False}),
        ({"enabled": ["US"], "disabled": ["PK"], "others": "disabled"}, {"PK": False, "DE": False, "NO": False}),
        ({"enabled": ["DE", "NO", "PK", "US"], "others": "disabled"}, {}),
        ({"others": "disabled"}, {"DE": False, "NO": False, "PK": False, "US": False}),
        ({"enabled": [], "disabled": []}, {}),
    ],
)
def test_what_differs_is_changed(given, changes):
    plan = planned(**given)
    # Their order as well: those that are named first, as they are given.
    assert list(plan.steps) == list(changes.items())
    assert plan.before == {code: "disabled" if enabled else "enabled" for code, enabled in changes.items()}
    assert plan.after == {code: "enabled" if enabled else "disabled" for code, enabled in changes.items()}


def test_each_country_that_is_named_or_changed_is_returned():
    assert planned(enabled=["US"], disabled=["FR"], others="disabled").result["countries"] == [
        {"country_code": "US", "enabled": True, "changed": False},
        {"country_code": "FR", "enabled": False, "changed": False},
        {"country_code": "DE", "enabled": False, "changed": True},
        {"country_code": "NO", "enabled": False, "changed": True},
        {"country_code": "PK", "enabled": False, "changed": True},
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"enabled": ["US", "UK", "XX"]}, "enabled: Twilio lists no messaging geo permission for UK, XX."),
        ({"disabled": ["UK"], "others": "disabled"}, "disabled: Twilio lists no messaging geo permission for UK."),
    ],
)
def test_a_country_that_is_not_listed_is_named_and_nothing_is_written(given, message):
    with pytest.raises(InputError) as refused:
        run([listing()], **given)
    assert str(refused.value) == message


def test_a_country_cannot_be_both():
    with pytest.raises(InputError, match="^disabled: expected other countries than in enabled, which names DE, US too"):
        check_together(options(enabled=["DE", "FR", "US"], disabled=["NO", "US", "DE"]))
    check_together(options(enabled=["DE"], disabled=["NO"]))
    check_together(options(disabled=["NO"]))


@pytest.mark.parametrize(
    ("value", "quote"), [("us", False), ("USA", False), ("", False), ("ÅX", False), ("False", True)]
)
def test_invalid_country_codes(value, quote):
    with pytest.raises(voluptuous.Invalid, match="two capital letters") as refused:
        _schemas.country_codes(["DE", value])
    assert ("quote it" in str(refused.value)) is quote


def test_a_country_counts_once():
    assert _schemas.country_codes(["US", "DE", "US"]) == ["US", "DE"]


def test_without_countries_nothing_is_requested():
    outcome, requests = run([], enabled=[])
    assert (outcome.changed, outcome.result, requests) == (False, {"countries": []}, [])


def test_one_request_changes_all():
    outcome, requests = run(
        [listing(), results(result("FR", True), result("NO", False))], enabled=["FR"], disabled=["NO"]
    )
    assert [request.method for request in requests] == ["GET", "PATCH"]
    assert requests[1].form == {
        "Permissions": (
            '{"country_code": "FR", "type": "country", "enabled": true}',
            '{"country_code": "NO", "type": "country", "enabled": false}',
        )
    }
    assert outcome.changed
    assert outcome.diff() == {
        "before": {"FR": "disabled", "NO": "enabled"},
        "after": {"FR": "enabled", "NO": "disabled"},
    }


def test_what_is_refused_leaves_the_others_done():
    script = [listing(), results(result("PK", False, 30649), result("DE", False), result("NO", False))]
    with pytest.raises(PartialFailure) as failed:
        run(script, enabled=["US"], others="disabled")
    failure = failed.value
    assert failure.message.startswith(
        f"1 of 3 countries failed: Could not disable messages to PK: Twilio answered 30649, {MESSAGE}."
    )
    assert "Console" in failure.message
    details = failure.details()
    assert (details["status"], details["code"], details["changed"]) == (200, 30649, True)
    entries = {entry["country_code"]: entry for entry in details["countries"]}
    assert entries["PK"] == {
        "country_code": "PK",
        "enabled": True,
        "changed": False,
        "failed": True,
        "msg": failure.message.partition("failed: ")[2],
        "code": 30649,
    }
    assert entries["DE"] == {"country_code": "DE", "enabled": False, "changed": True}
    assert failure.diff == {"before": {"DE": "enabled", "NO": "enabled"}, "after": {"DE": "disabled", "NO": "disabled"}}


def test_where_all_is_refused_nothing_is_changed():
    with pytest.raises(PartialFailure) as failed:
        run([listing(), results(result("PK", False, 30649))], disabled=["PK"])
    assert failed.value.message.startswith("Could not disable messages to PK: ")
    assert failed.value.details()["changed"] is False
    assert failed.value.diff is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (results(result("FR", True)), "expected a result for NO"),
        (results(result("FR", True), result("NO", True)), "expected enabled to be false for NO, as requested"),
        (results(), "expected countries"),
        (results(result("FR", True), result("NO", False), result("NO", False)), "each of them once"),
        (results(result("FR", True), result("NO", False, type="region")), "expected a result for NO"),
        (results(result("FR", True), result("NO", False, error_code=None)), r"permissions\[1\].error_code"),
        (results(result("FR", True), result("NO", False, error_code=False)), r"permissions\[1\].error_code"),
        (results(result("FR", True), result("NO", None)), r"permissions\[1\].enabled"),
        (reply(200, {"permissions": None}), "permissions: expected a list, got nothing"),
        (SENT, "the connection broke"),
    ],
)
def test_an_answer_that_does_not_match_the_request_is_not_trusted(answer, words):
    changes = {"enabled": ["FR"], "disabled": ["NO"]}
    with pytest.raises(OutcomeUnknown, match=words) as failed:
        run([listing(), answer], **changes)
    assert "Could not change the messaging geo permissions of FR, NO: " in failed.value.message
    assert "reads the current state" in failed.value.message
    # The same request again does no harm.
    outcome, requests = run(
        [listing(), answer, results(result("FR", True), result("NO", False))], max_retries=1, **changes
    )
    assert outcome.changed
    assert requests[1] == requests[2]


def test_a_country_that_is_refused_may_be_shown_as_it_is():
    with pytest.raises(PartialFailure):
        run([listing(), results(result("PK", True, 30649))], disabled=["PK"])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(200, {"permissions": []}), "expected countries"),
        (listing(country("DE", False)), "each of them once"),
        (listing(country("SE", "false")), "enabled: expected true or false, got text"),
        (listing(country("se", False)), "country_code: expected a country code, got text"),
    ],
)
def test_an_invalid_list_is_not_trusted(answer, words):
    with pytest.raises(OutcomeUnknown, match=words):
        run([answer], enabled=["US"], others="disabled")


def test_permissions_for_something_else_are_left_alone():
    outcome, _requests = run([listing(country("NO", False, type="region"))], enabled=["NO"])
    assert not outcome.changed


def test_a_message_names_some_countries_and_counts_many():
    many = [f"A{chr(65 + number)}" for number in range(11)]
    script = [reply(200, {"permissions": [country(code, False) for code in many]}), SENT]
    with pytest.raises(OutcomeUnknown, match="permissions of 11 countries: "):
        run(script, enabled=many)


def look_up_countries(*codes):
    connection = Connection("AC" + "1" * 32, Secret("s" * 32), max_retries=0)
    return look_up(Client(connection, FakeTransport([listing()])), {"country_code": list(codes) or None})["countries"]


def test_countries_are_looked_up_in_the_order_given_or_by_their_codes():
    assert [each["country_code"] for each in look_up_countries()] == sorted(THERE)
    assert look_up_countries("US", "FR") == [
        {"country_code": "US", "enabled": True, "prefix": "+1", "message": ""},
        {"country_code": "FR", "enabled": False, "prefix": "+1", "message": ""},
    ]
    with pytest.raises(InputError, match="^country_code: Twilio lists no messaging geo permission for UK"):
        look_up_countries("US", "UK")
