# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: whole, without anything from elsewhere, and nothing in a name is markup."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._security_report import document, problem, secret
from ansible_collections.community.twilio.plugins.plugin_utils._security_report_page import page

NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
HOSTILE = [
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    "\"quotes\" & 'more' &amp; &lt;",
    "{{ 7*7 }} {% raw %}",
    "\u202eevil",
    "שלום",
    "😀" * 64,
    "a\x00\x1b[31m\ud83d",
    "--></style><style>*{display:none}",
]


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def account(number: int, name: str | None, **changes: Any) -> dict[str, Any]:
    secrets = [
        secret("auth_token", None, note=name),
        secret("api_key", days_ago(100), sid=f"SK{number:032x}", friendly_name=name, phase="verified"),
        secret("aws_credential", days_ago(80), sid=f"CR{number:032x}", friendly_name=name),
        secret("public_key", days_ago(1), sid=f"CR{number + 1:032x}", note=name),
    ]
    named = {"account_sid": f"AC{number:032x}", "friendly_name": name, "status": "active", "host": name or "host"}
    return {**named, "secrets": secrets, "problems": [], **changes}


def shown(*accounts: dict[str, Any]) -> tuple[str, ElementTree.Element]:
    """Return a page, and its elements: it is XML as well, so that nothing is left open."""
    text = page(document(accounts, 90, NOW))
    return text, ElementTree.fromstring(text.partition("\n")[2])


def texts(element: ElementTree.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_markup(name):
    harmless, elements = shown(account(1, "harmless"))
    text, hostile_elements = shown(account(1, name, status=name, problems=[problem(["api_key"], name)]))
    assert {each.tag for each in hostile_elements.iter()} == {each.tag for each in elements.iter()} | {"p"}
    assert len(hostile_elements.findall(".//tr")) == len(elements.findall(".//tr"))
    assert not re.search("<script|<img|[\x00-\x09\x0b-\x1f\u202e]|[\ud800-\udfff]", text)
    assert harmless.count("<style") == text.count("<style") == 1


def test_a_name_is_shown_as_it_is_and_apart_from_what_is_beside_it():
    _text, elements = shown(account(1, "{{ 7*7 }} <b> 'שלום'"))
    names = [each.text for each in elements.iter("bdi")]
    assert names == ["{{ 7*7 }} <b> 'שלום'"] * 3


def test_nothing_is_loaded_and_no_script_runs():
    text, elements = shown(*(account(number, name) for number, name in enumerate(HOSTILE)))
    assert not re.search("https?:|//|url\\(|@import|javascript", text)
    assert not elements.findall(".//script")
    (policy,) = (each for each in elements.iter("meta") if each.get("http-equiv"))
    assert policy.get("content") == "default-src 'none'; style-src 'unsafe-inline'"
    attributes = {name for each in elements.iter() for name in each.attrib}
    assert not [name for name in attributes if name.startswith("on") or name in ("src", "action", "formaction")]
    assert all(each.get("href", "").startswith("#") for each in elements.iter("a"))


def test_a_reader_finds_the_way():
    _text, elements = shown(account(1, "one"), account(2, "two", secrets=[], problems=[problem((), "No.")]))
    assert elements.get("lang") == "en"
    for landmark in ("header", "main", "footer", "nav"):
        assert len(elements.findall(f".//{landmark}")) == 1
    assert [texts(each) for each in elements.iter("h1")] == ["Twilio security report"]
    identifiers = {each.get("id") for each in elements.iter() if each.get("id")}
    assert {each.get("href", "").removeprefix("#") for each in elements.iter("a")} == identifiers
    for table in elements.iter("table"):
        assert table.find("caption/h3") is not None
        assert [each.get("scope") for each in table.findall("thead/tr/th")] == ["col"] * 3
        for row in table.findall("tbody/tr"):
            assert [each.get("scope") for each in row] == ["row", None, None]


def test_each_state_is_said_in_words():
    _text, elements = shown(account(1, "shop"))
    rows = {each.get("class"): [texts(cell) for cell in each] for each in elements.findall(".//tbody/tr")}
    assert rows == {
        "overdue": [f"API key shop SK{1:032x}", "100 of 90 days", "overdue by 10 days2026-01-21rotation: verified"],
        "due_soon": [f"AWS credential shop CR{1:032x}", "80 of 90 days", "due in 10 days2026-02-10"],
        "unknown": ["auth token", "not known", "shop"],
        "in_time": [f"public key without a name CR{2:032x}", "1 of 90 days", "due in 89 days2026-04-30shop"],
    }


def test_the_bar_shows_the_age_against_its_limit():
    text, _elements = shown(account(1, "shop"))
    assert re.findall("--p:([0-9]+)%", text) == ["100", "89", "1"]


@pytest.mark.parametrize(("days", "limit", "part"), [(0, 0, "100"), (-1, 0, "0"), (-1, 90, "0"), (500, 90, "100")])
def test_no_age_is_outside_of_the_bar(days, limit, part):
    made = account(1, "shop", secrets=[secret("api_key", days_ago(days))])
    assert re.findall("--p:([0-9]+)%", page(document([made], limit, NOW))) == [part]


def test_what_could_not_be_asked_says_why_and_what_is_not_active():
    problems = [problem(["api_key", "public_key"], "Twilio answered 503.")]
    _text, elements = shown(account(1, "shop", status="suspended", problems=problems))
    said = "API keys, public keys not known: Twilio answered 503."
    assert texts(elements.find(".//caption")) == f"shop AC{1:032x} suspended{said}"


def test_a_thousand_accounts_are_less_than_two_megabytes():
    text = page(document([account(number, "shop " * 4) for number in range(1000)], 90, NOW))
    assert len(text.encode()) < 2_000_000
