# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signature is the one that the official SDK computes; what can't be signed is refused without repeating it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ansible_collections.community.twilio.plugins.filter.webhook_signature import FilterModule

sign = FilterModule().filters()["webhook_signature"]

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TOKEN = "0123456789abcdef0123456789abcdef"

texts = st.text(max_size=8)
values = texts | st.lists(texts, max_size=4)


class Form(dict[str, Any]):
    """Form fields as a web framework gives them to the SDK, which knows lists by this method only."""

    def getlist(self, name: str) -> list[str]:
        value = self[name]
        return value if isinstance(value, list) else [value]


@given(url=st.text(min_size=1), token=st.text(min_size=1), parameters=st.dictionaries(texts, values, max_size=5))
def test_the_signature_is_the_sdks(url, token, parameters):
    expected = RequestValidator(token).compute_signature(url.partition("#")[0], Form(parameters))
    assert sign(url, auth_token=token, parameters=parameters) == expected


@pytest.mark.parametrize("parameters", [{}, None])
def test_a_request_without_fields(parameters):
    expected = RequestValidator(TOKEN).compute_signature(URL, {})
    assert sign(URL, auth_token=TOKEN, parameters=parameters) == sign(URL, auth_token=TOKEN) == expected


def test_the_documented_example():
    caller = "+14158675309"
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": caller,
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
    }
    assert sign(URL, auth_token="12345", parameters=parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_fragment_is_not_signed():
    assert sign(f"{URL}#rc=2&rp=all", auth_token=TOKEN) == sign(URL, auth_token=TOKEN)


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        (None, {}, "the URL: expected a text, got NoneType"),
        ("", {}, "the URL: expected a text, got an empty one"),
        (URL, {"auth_token": None}, "auth_token: expected a text, got NoneType"),
        (URL, {"auth_token": ""}, "auth_token: expected a text, got an empty one"),
        (URL, {"auth_token": [TOKEN]}, "auth_token: expected a text, got list"),
        (URL, {"auth_token": TOKEN.encode()}, "auth_token: expected a text, got bytes"),
        (URL, {"auth_token": int(TOKEN, 16)}, "auth_token: expected a text, got int (quote it"),
        (URL, {"parameters": [TOKEN]}, "parameters: expected a dictionary, got list"),
        (URL, {"parameters": {1: "a"}}, "parameters: expected names that are texts, got int (quote it"),
        (URL, {"parameters": {"Digits": 12}}, "parameters: Digits: expected a text or a list of texts, got int"),
        (URL, {"parameters": {"Media": ["a", None]}}, "parameters: Media: expected a text or a list of texts, got"),
    ],
)
def test_what_can_not_be_signed_is_refused(url, options, words):
    with pytest.raises(AnsibleFilterError) as refused:
        sign(url, **{"auth_token": TOKEN, **options})
    assert f"webhook_signature: {words}" in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert str(int(TOKEN, 16)) not in str(refused.value)
