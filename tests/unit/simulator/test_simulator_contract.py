# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract: it detects the simulator's own invalid answers, and is a valid document itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from simulator import Simulator

pytest.importorskip("jsonschema_rs", reason="the simulator needs jsonschema_rs")
pytest.importorskip("cryptography", reason="the simulator needs cryptography")

import yaml
from simulator.authentication import Caller
from simulator.call import HANDLERS, Answer
from simulator.contract import CONTRACT, load_contract
from simulator.seeding import PUBLIC_KEY, seed
from simulator.simulation import FORM, Request, Simulation, Start

SID = "AC" + "1" * 32


def ask(simulation: Simulation, method: str, path: str) -> Answer:
    caller = Caller(simulation.world.accounts[SID], "primary")
    return simulation.process(Request(method, path, "", b"", "", "http://host", caller))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, {"credentials": "none", "meta": {}}), "credentials"),
        (Answer(200, {"credentials": []}), "meta"),
        (Answer(201, {}), "status 201 is not in the contract"),
        (Answer(404, {"message": "x", "more_info": "https://x", "status": 404}), "status 404 is not in the contract"),
        (Answer(200, {}, "text/plain"), "text/plain"),
    ],
)
def test_a_broken_answer_is_a_violation(monkeypatch: pytest.MonkeyPatch, answer: Answer, words: str) -> None:
    simulation = Simulation(Start(SID, "2" * 32))
    assert ask(simulation, "GET", "/v1/Credentials/AWS").status == 200
    monkeypatch.setitem(HANDLERS, "list_aws_credentials", lambda _call: answer)
    broken = ask(simulation, "GET", "/v1/Credentials/AWS")
    assert broken.status == 500
    assert words in simulation.violations[0]
    assert "broke its contract" in broken.body["message"]


def test_a_bug_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(Start(SID, "2" * 32))
    monkeypatch.setitem(HANDLERS, "delete_secondary_token", lambda _call: {}["nothing"])
    assert ask(simulation, "DELETE", "/v1/AuthTokens/Secondary").status == 500
    assert "KeyError" in simulation.violations[0]


def test_a_body_where_there_should_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(Start(SID, "2" * 32))
    monkeypatch.setitem(HANDLERS, "delete_secondary_token", lambda _call: Answer(204, {}))
    assert ask(simulation, "DELETE", "/v1/AuthTokens/Secondary").status == 500


def test_violations_are_shown(simulator: Simulator, api: Any) -> None:
    # As seeded, and not as the contract wants it: a number where a string belongs.
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "usage": [{"interval": "today", "usage": 5}]}]})
    assert api("GET", f"/2010-04-01/Accounts/{simulator.account_sid}/Usage/Records/Today.json").status == 500
    assert "list_usage_today" in simulator.health()["violations"][0]
    simulator.reset()
    assert simulator.health()["violations"] == []


def test_the_document_is_valid() -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="the validator of OpenAPI documents is missing")
    validator.validate(yaml.safe_load(CONTRACT.read_text(encoding="utf-8")))


def test_the_page_names_each_part_of_the_api() -> None:
    page = (CONTRACT.parent / "README.md").read_text(encoding="utf-8")
    parts = tuple(re.findall(r"`(/[^`]+)`", page.partition("```")[0]))
    unnamed = {each.path for each in load_contract().operations.values() if not each.path.startswith(parts)}
    assert unnamed == set(), "tests/simulator/README.md: name these among the parts of Twilio's API"


def objects(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each schema of an object, with its place in the document."""
    if isinstance(node, dict):
        if "properties" in node and "object" in str(node.get("type")):
            yield place, node
        for key, child in node.items():
            yield from objects(child, f"{place}/{key}")


def test_an_answer_holds_nothing_that_the_contract_does_not_name() -> None:
    schemas = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["components"]["schemas"]
    lax = [place for place, schema in objects(schemas) if "additionalProperties" not in schema]
    assert lax == [], "contract.yaml: give these schemas additionalProperties: false"


def test_methods_and_paths(api: Any) -> None:
    for method, path, status, code in (
        ("PUT", "/v1/Credentials/AWS", 405, 20004),
        ("GET", "/v1/AuthTokens/Secondary", 405, 20004),
        ("DELETE", "/2010-04-01/Accounts.json", 405, 20004),
        ("GET", "/v1/Nothing", 404, 20404),
        ("GET", "/v1/Credentials/AWS/", 404, 20404),
        ("GET", "/", 404, 20404),
    ):
        refused = api(method, path)
        assert (refused.status, refused.json["code"]) == (status, code), path


PAGES = ("PageSize", "Page", "PageToken")
USAGE = ("Category", "StartDate", "EndDate", "IncludeSubaccounts", *PAGES)
# Operation: names in the query, names in the form, and those of either that are required. As Twilio's specification
# has them, but that a number to look up or to remove is required here.
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "promote_token": ((), ("SuppressEmailNotification",), ()),
    "create_secondary_token": ((), ("SuppressEmailNotification",), ()),
    "delete_secondary_token": (("SuppressEmailNotification",), (), ()),
    "list_aws_credentials": (PAGES, (), ()),
    "create_aws_credential": ((), ("Credentials", "FriendlyName", "AccountSid"), ("Credentials",)),
    "fetch_aws_credential": ((), (), ()),
    "update_aws_credential": ((), ("FriendlyName",), ()),
    "delete_aws_credential": ((), (), ()),
    "list_public_keys": (PAGES, (), ()),
    "create_public_key": ((), ("PublicKey", "FriendlyName", "AccountSid"), ("PublicKey",)),
    "fetch_public_key": ((), (), ()),
    "update_public_key": ((), ("FriendlyName",), ()),
    "delete_public_key": ((), (), ()),
    "list_keys": (("AccountSid", *PAGES), (), ("AccountSid",)),
    "create_key": ((), ("AccountSid", "FriendlyName", "KeyType", "Policy"), ("AccountSid",)),
    "fetch_key": ((), (), ()),
    "update_key": ((), ("FriendlyName", "Policy"), ()),
    "delete_key": ((), (), ()),
    "fetch_number": (("PhoneNumber",), (), ("PhoneNumber",)),
    "create_number": ((), ("PhoneNumber",), ("PhoneNumber",)),
    "delete_number": (("PhoneNumber",), (), ("PhoneNumber",)),
    "list_geo_permissions": (("CountryCode",), (), ()),
    "update_geo_permissions": ((), ("Permissions",), ("Permissions",)),
    "list_accounts": (("FriendlyName", "Status", *PAGES), (), ()),
    "create_account": ((), ("FriendlyName",), ()),
    "fetch_account": ((), (), ()),
    "update_account": ((), ("FriendlyName", "Status"), ()),
    **{name: (USAGE, (), ()) for name in HANDLERS if name.startswith("list_usage")},
}
VALUES = {
    "SuppressEmailNotification": "true",
    "PageSize": "10",
    "Page": "0",
    "PageToken": "PA1",
    "Credentials": "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "PublicKey": PUBLIC_KEY,
    "FriendlyName": "name",
    "AccountSid": SID,
    "KeyType": "restricted",
    "Policy": '{"allow": ["/twilio/messaging/messages/read"]}',
    "PhoneNumber": "+14155550100",
    "CountryCode": "DE,US",
    "Permissions": '{"country_code": "DE", "type": "country", "enabled": true}',
    "Status": "active",
    "Category": "calls",
    "StartDate": "2026-01-01",
    "EndDate": "2026-01-02",
    "IncludeSubaccounts": "true",
}
# Those that go with another one only: a page's number with its token, a restricted key's policy with its type.
IN_PAIRS = {"PageToken", "KeyType", "Policy"}


def test_where_parameters_are() -> None:
    assert {
        name: (
            tuple(operation.query.properties),
            tuple(operation.form.properties),
            tuple(operation.query.required + operation.form.required),
        )
        for name, operation in load_contract().operations.items()
    } == PLACES, "PLACES: name each operation of contract.yaml, with its parameters"
    named = {each for places in PLACES.values() for names in places for each in names}
    assert named == {*VALUES}, "VALUES: give each parameter that PLACES names a value that its operations accept"


def send(name: str, query: dict[str, str], form: dict[str, str]) -> Answer:
    """Send an operation's request to a simulation of its own, about something that is there."""
    simulation = Simulation(Start(SID, "2" * 32))
    sid = ("SK" if name.endswith("_key") and "public" not in name else "CR") + "3" * 32
    account = {"sid": SID, "secondary_auth_token": None if name.startswith("create") else "4" * 32}
    account["api_keys"] = [{"sid": "SK" + "3" * 32, "permissions": []}]
    for credentials in ("aws_credentials", "public_keys"):
        account[credentials] = [{"sid": sid}]
    if not name.startswith("create"):
        account["safelist"] = ["+14155550100"]
    seed(simulation.world, simulation.settings, {"accounts": [account]})
    operation = load_contract().operations[name]
    (method,) = (
        method for method, each in (load_contract().find(operation.path) or ({}, {}))[0].items() if each is operation
    )
    path = operation.path.replace("{Sid}", SID if operation.path.startswith("/2010") else sid)
    caller = Caller(simulation.world.accounts[SID], "primary")
    body = urlencode(form).encode()
    answer = simulation.process(Request(method, path, urlencode(query), body, FORM, "http://host", caller))
    assert simulation.violations == []
    return answer


@pytest.mark.parametrize("name", PLACES)
def test_parameters_in_the_wrong_place_are_refused(name: str) -> None:
    in_query, in_form, required = PLACES[name]
    query, form = ({each: VALUES[each] for each in names} for names in (in_query, in_form))
    answer = send(name, query, form)
    assert answer.status < 300, f"send() seeds what {name} is about, and fills in its path; it got {answer.body}"
    for each in VALUES:
        if each not in query:
            refused = send(name, {**query, each: VALUES[each]}, form)
            assert (refused.status, refused.body["code"]) == (400, 20001), each
        if each not in form:
            refused = send(name, query, {**form, each: VALUES[each]})
            assert (refused.status, refused.body["code"]) == (400, 20001), each
    for each in (*in_query, *in_form):
        query_without, form_without = ({k: v for k, v in part.items() if k != each} for part in (query, form))
        if each not in IN_PAIRS or name == "update_key":
            assert (send(name, query_without, form_without).status == 400) is (each in required), each


def test_strictness(simulator: Simulator, api: Any) -> None:
    cases = (
        ("GET", "/v1/Credentials/AWS?Foo=1", None, {}),
        ("GET", "/v1/Credentials/AWS?PageSize=1&PageSize=2", None, {}),
        ("POST", "/v1/SafeList/Numbers", {"PhoneNumber": "+14155550100", "Foo": "1"}, {}),
        ("POST", "/v1/SafeList/Numbers", {"PhoneNumber": "+14155550101"}, {"Content-Type": "text/plain"}),
    )
    for method, path, form, headers in cases:
        refused = api(method, path, form, headers=headers)
        assert (refused.status, refused.json["code"]) == (400, 20001), path
    simulator.settings(strict=False)
    for method, path, form, headers in cases:
        assert api(method, path, form, headers=headers).status < 300, path


def test_problem_details(simulator: Simulator, api: Any) -> None:
    simulator.settings(error_format="rfc9457")
    refused = api("GET", "/v1/Credentials/AWS/CR" + "0" * 32)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(refused.json)
    assert (refused.status, refused.json["status"]) == (404, 404)
    older = api("GET", "/2010-04-01/Accounts/AC" + "0" * 32 + ".json")
    assert older.json["more_info"]
