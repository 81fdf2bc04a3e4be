# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of option values and of answers."""

from __future__ import annotations

import pytest
import voluptuous
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError
from ansible_collections.community.twilio.plugins.module_utils._resources import credential
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret


@given(st.text())
def test_a_number_that_passes_is_e164_or_a_block(value):
    try:
        assert _schemas.phone_numbers([value]) == [value]
    except voluptuous.Invalid:
        return
    digits = value[1:-3] if value.endswith("xxx") else value[1:]
    assert value[0] == "+"
    assert set(digits) <= set("0123456789")
    assert digits[0] != "0"
    assert len(value) <= 16


@given(first=st.sampled_from("123456789"), rest=st.text("0123456789", min_size=1, max_size=14))
def test_every_e164_number_passes(first, rest):
    assert _schemas.phone_numbers([f"+{first}{rest}"])


@pytest.mark.parametrize(
    "value",
    [
        "4155552671",
        "+0123456",
        "+1 415 555 2671",
        "tel:+14155552671",
        "+" + "1" * 17,
        "+" + "1" * 16,
        "+14155552671\n",
        "+1800xxx",
        "+18001234XXX",
        "+18001234xx",
        "",
        "+",
        "+١٤١٥",
    ],
)
def test_invalid_numbers(value):
    with pytest.raises(voluptuous.Invalid, match="E.164"):
        _schemas.phone_numbers([value])


def test_a_number_without_plus_sign_is_refused_with_a_hint_about_quotes():
    with pytest.raises(voluptuous.Invalid, match="quote it"):
        _schemas.phone_numbers(["14155552671"])


def test_a_number_counts_once_in_its_first_place():
    assert _schemas.phone_numbers(["+12", "+13", "+12"]) == ["+12", "+13"]


@pytest.mark.parametrize("value", ["+18001234xxx", "+180012xxx", "+123456789012xxx"])
def test_blocks(value):
    assert _schemas.phone_numbers([value]) == [value]


@pytest.mark.parametrize("value", ["+18001xxx", "+1234567890123xxx"])
def test_blocks_that_are_too_short_or_too_long(value):
    with pytest.raises(voluptuous.Invalid):
        _schemas.phone_numbers([value])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2015-07-31T04:00:00Z", "2015-07-31T04:00:00Z"),
        ("2019-06-24T22:32:49+00:00", "2019-06-24T22:32:49Z"),
        ("2019-06-24T22:32:49+02:00", "2019-06-24T20:32:49Z"),
        ("Thu, 30 Jul 2015 20:00:00 +0000", "2015-07-30T20:00:00Z"),
        ("Thu, 30 Jul 2015 20:00:00 GMT", "2015-07-30T20:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("", None),
        (None, None),
    ],
)
def test_dates_come_in_two_forms_and_go_out_in_one(value, expected):
    assert _schemas.iso_date(value) == expected


@pytest.mark.parametrize("value", ["soon", 17, "0001-01-01T00:00:00+14:00", "Mon, 01 Jan 99999 00:00:00 +0000"])
def test_invalid_dates(value):
    with pytest.raises(voluptuous.Invalid):
        _schemas.iso_date(value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (_schemas.sid("CR"), "CR" + "g" * 32),
        (_schemas.sid("CR"), "AC" + "a" * 32),
        (_schemas.sid("CR"), "CR" + "a" * 32 + "\n"),
        (_schemas.sid("CR"), None),
        (_schemas.secret_text, "with white space"),
        (_schemas.secret_text, "line end\n"),
        (_schemas.aws_access_key_id, "akiaiosfodnn7example"),
        (_schemas.aws_access_key_id, "AKIAIOSFODNN7EXAMPL"),
        (_schemas.aws_secret_access_key, "short"),
        (_schemas.aws_secret_access_key, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE!"),
        (_schemas.friendly_name, "x" * 65),
        (_schemas.friendly_name, " "),
        (_schemas.permissions, ["messages"]),
        (_schemas.permissions, ["/twilio/messaging/messages /read"]),
        (_schemas.permissions, [f"/twilio/{number}" for number in range(101)]),
        (_schemas.concurrency, 0),
        (_schemas.concurrency, 101),
        (_schemas.seconds, 0.0),
        (_schemas.seconds, float("nan")),
        (_schemas.seconds, float("inf")),
        (_schemas.not_negative, -1),
        (_schemas.host_label, "evil.example.com/"),
        (_schemas.base_url, "accounts.twilio.com"),
        (_schemas.base_url, "ftp://x"),
        (_schemas.base_url, "https://"),
        (_schemas.base_url, "https://user:password@host"),
        (_schemas.base_url, "https://host:port"),
        (_schemas.base_url, "https://host/?query"),
        (_schemas.base_url, "https://host..example"),
        (_schemas.base_url, f"https://{'h' * 64}"),
        (_schemas.host_label, "h" * 64),
    ],
)
def test_a_refusal_says_what_is_expected(check, value):
    with pytest.raises(voluptuous.Invalid, match="expected"):
        check(value)


@pytest.mark.parametrize("check", [_schemas.secret_text, _schemas.aws_secret_access_key])
def test_the_refusal_of_a_secret_does_not_repeat_it(check):
    with pytest.raises(voluptuous.Invalid) as caught:
        check("hunter2 hunter2")
    assert "hunter2" not in str(caught.value)


def test_permissions_are_a_set():
    assert _schemas.permissions(["/b", "/a", "/b"]) == ["/a", "/b"]
    assert len(_schemas.permissions([f"/twilio/{number % 100}" for number in range(200)])) == 100


def test_the_first_wrong_option_is_named():
    with pytest.raises(InputError, match="^friendly_name: expected 64 characters at most, got 65$"):
        _schemas.check_options({"friendly_name": _schemas.friendly_name}, {"friendly_name": "x" * 65, "other": 1})


@pytest.mark.parametrize("item", [None, [], "text", {"sid": "CR1"}, {"sid": "CR" + "a" * 32, "account_sid": 5}])
def test_an_answer_of_another_form_is_not_taken(item):
    page = _schemas.page(credential._ANSWER)
    with pytest.raises(voluptuous.Invalid):
        page({"credentials": [item], "meta": {"key": "credentials", "next_page_url": None}})


@pytest.mark.parametrize(
    "body", [None, [], {}, {"meta": None}, {"meta": {"key": "x"}}, {"x": {}, "meta": {"key": "x"}}]
)
def test_a_page_of_another_form_is_not_taken(body):
    with pytest.raises(voluptuous.Invalid):
        _schemas.page(credential._ANSWER)(body)


def test_a_secret_is_only_revealed_explicitly():
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {vars(type(secret))}"
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2") != Secret("hunter3")
