# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options on their way into a module: what counts as given, what is refused before any request, what is masked."""

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound
from scripted import FakeTransport

from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_OPTIONS,
    Definition,
    env_fallback,
    reading,
    with_environment_names,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError
from ansible_collections.community.twilio.plugins.module_utils._resource import Outcome
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

OWN = "AC" + "a" * 32
TOKEN = "t" * 32
KEY = "k" * 40


def definition(operation=None, **more) -> Definition:
    options = {
        "friendly_name": {"type": "str"},
        "phone_number": {"type": "list", "elements": "str"},
        "secret": {"type": "str", "no_log": True},
    }
    return Definition(options, operation or reading(lambda client, options: {}), acts_as_subaccount=True, **more)


def options(**given):
    defaults = {name: spec.get("default") for name, spec in definition().argument_spec().items()}
    return {**defaults, "account_sid": OWN, "auth_token": TOKEN, **given}


def no_http(*_unused):
    raise AssertionError("HTTP was opened")


@pytest.mark.parametrize("name", [*CONNECTION_OPTIONS, "subaccount_sid"])
@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_option_of_the_connection_is_not_given(name, empty):
    assert definition().given({name: empty, "friendly_name": "shop"}) == {"friendly_name": "shop"}


@pytest.mark.parametrize("value", ["", [], 0, False])
def test_other_options_are_given_however_empty(value):
    assert definition().given({"friendly_name": value}) == {"friendly_name": value}


def test_an_option_that_is_null_is_not_given():
    assert definition().given({"friendly_name": None}) == {}


@pytest.mark.parametrize("value", [0, False, 0.0])
def test_nought_and_no_are_given(value):
    assert definition().given({"max_retries": value}) == {"max_retries": value}


def test_an_environment_variable_that_is_empty_holds_nothing(monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "")
    with pytest.raises(AnsibleFallbackNotFound):
        env_fallback("TWILIO_REGION")
    monkeypatch.delenv("TWILIO_REGION")
    with pytest.raises(AnsibleFallbackNotFound):
        env_fallback("TWILIO_REGION")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    assert env_fallback("TWILIO_REGION") == "ie1"


def test_every_option_that_the_environment_may_hold_takes_an_empty_one_for_none():
    fallbacks = {spec["fallback"][0] for spec in CONNECTION_OPTIONS.values() if "fallback" in spec}
    assert fallbacks == {env_fallback}


BASE_URLS = [
    "http://a b/",
    "http://a\x00/",
    "http://a/\n",
    "http://a\r\nb/",
    "http://a\\b/",
    "http://ex\xe4mple/",
    "http://user@a/",
    "http://user:pw@a/",
    "http://@a/?q",
    "http://a/#f",
    "http://a:x/",
    "http://a:99999/",
    "http://[",
    "http://",
    "http://a..b/",
    "http://" + "a" * 64 + ".example/",
    "ftp://a/",
    "a",
    " http://a/",
    "//a/",
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("timeout", value) for value in (0.0, -1.0, 1e12, float("nan"), float("inf"), -float("inf"), 3600.1)),
        *(("base_url", value) for value in BASE_URLS),
        *((name, "a\udce4b") for name in ("friendly_name", "secret", "ca_path", "auth_token", "region", "account_sid")),
        *((name, "a\x00b") for name in ("friendly_name", "secret", "ca_path", "auth_token")),
        ("phone_number", ["+14155550100", "+1\ud800"]),
        ("max_retries", -1),
        ("account_sid", "AC1"),
        ("account_sid", OWN + "\n"),
        ("subaccount_sid", "SK" + "a" * 32),
        ("auth_token", TOKEN + "\n"),
        ("region", "ie1.evil.example/"),
        ("edge", "a" * 64),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_value_that_can_t_be_right_is_refused_by_name_before_any_request(name, value):
    with pytest.raises(InputError) as caught:
        definition().run(options(**{name: value}), False, no_http)
    assert caught.value.message.startswith(f"{name}: ")
    caught.value.message.encode()
    assert TOKEN not in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", 0.001),
        ("timeout", 3600.0),
        ("base_url", "http://[::1]:8080/twilio"),
        ("base_url", "https://gateway.example.com:443"),
        ("max_retries", 0),
        ("friendly_name", "\U0001f600 \xe4"),
    ],
)
def test_a_value_that_can_be_right_passes(name, value):
    definition().run(options(**{name: value}), False, lambda *_unused: FakeTransport([]))


def test_secrets_are_masked_and_shown_on_demand():
    seen = {}

    def drive(client, given, dry_run):
        seen.update(given=given, client=client, dry_run=dry_run)
        return Outcome(False, {})

    given = options(api_key_sid="SK" + "a" * 32, api_key_secret=KEY, secret="v" * 20)
    definition(drive).run(given, True, lambda *_unused: FakeTransport([]))
    for secret in (TOKEN, KEY, "v" * 20):
        assert secret not in repr(seen["given"])
        assert secret not in repr(seen["client"].connection)
        assert secret not in f"{seen['given']}"
    assert seen["given"]["secret"].reveal() == "v" * 20
    assert isinstance(seen["given"]["auth_token"], Secret)
    assert seen["dry_run"] is True


def test_options_are_checked_together_before_http_is_opened():
    def check(given):
        raise InputError("secret", "not with friendly_name")

    with pytest.raises(InputError, match="not with friendly_name"):
        definition(check_together=check).run(options(), False, no_http)


def test_http_is_opened_with_the_options_of_the_connection():
    opened = []

    def open_transport(*given):
        opened.append(given)
        return FakeTransport([])

    definition().run(options(timeout=7.0, validate_certs=False, ca_path="/x"), False, open_transport)
    assert opened == [(7.0, False, "/x")]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            "missing required arguments: account_sid, path",
            "missing required arguments: account_sid (environment variable TWILIO_ACCOUNT_SID), path",
        ),
        (
            "one of the following is required: auth_token, api_key_sid",
            "one of the following is required: auth_token (environment variable TWILIO_AUTH_TOKEN),"
            " api_key_sid (environment variable TWILIO_API_KEY)",
        ),
        ("Could not read account_sid", "Could not read account_sid"),
    ],
)
def test_a_sentence_about_missing_options_names_their_environment_variables(problem, expected):
    assert with_environment_names(problem, {**CONNECTION_OPTIONS, "path": {}}) == expected
