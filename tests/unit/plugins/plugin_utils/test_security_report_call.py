# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a report asks as whom, what it refuses before any request, and how its files are written."""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timezone
from typing import Any

import pytest
from scripted import FakeTransport, reply

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile
from ansible_collections.community.twilio.plugins.plugin_utils._security_report_call import (
    SETTINGS,
    ReportError,
    account_of,
    collect,
    write,
)

NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
PARENT, OWN = "AC" + "1" * 32, "AC" + "2" * 32
KEY = "SK" + "1" * 32
#: Tokens: those given, those of the records, and what Twilio tells the parent.
GIVEN, PARENTS, OWNS, TOLD = ("0123456789abcdef" + str(number) * 16 for number in range(4))
BY_KEY = {"api_key_sid": KEY, "api_key_secret": GIVEN}
PASSWORD = "the records' password"
LISTS = ("/v1/Keys", "/v1/Credentials/AWS", "/v1/Credentials/PublicKeys")
FLEET = {"sid": OWN, "owner_account_sid": PARENT, "friendly_name": "shop", "status": "active"}


class Twilio(FakeTransport):
    """Answers by path; ``asked`` holds who asked for what.

    :param answers: paths to what is answered instead of an empty list.
    """

    def __init__(self, answers: Any = None) -> None:
        super().__init__(())
        self.asked: set[tuple[str, str, str]] = set()
        self._answers = answers or {}
        self._lock = threading.Lock()

    def send(self, request: Any) -> Any:
        """Return what is to be answered."""
        path = re.sub("^https?://[^/]+|[?].*$", "", request.url)
        with self._lock:
            self.asked.add((path, request.user, request.password.reveal()))
        if path.startswith("/2010-04-01"):
            return reply(200, {"sid": OWN, "owner_account_sid": PARENT, "auth_token": TOLD})
        return self._answers.get(path) or listing()


def listing(*items: Any) -> Any:
    return reply(200, {"items": [*items], "meta": {"key": "items", "next_page_url": None}})


def lists_as(user: str, password: str) -> set[tuple[str, str, str]]:
    return {(path, user, password) for path in LISTS}


def settings(**changes: Any) -> dict[str, Any]:
    return {**{name: option.get("default") for name, option in SETTINGS.items()}, "max_retries": 0, **changes}


def asked(twilio: Twilio, inventory: Any, **changes: Any) -> dict[str, Any]:
    return collect(settings(**changes), inventory, NOW, lambda timeout, validate_certs, ca_path: twilio)


def record_of(store: Any, sid: str, token: str) -> dict[str, Any]:
    record = {"account_sid": sid, "phase": "idle", "primary": token, "pending": None}
    RecordFile(f"{store}/{sid}.yml", PASSWORD).save({**record, "rotated_at": "2026-01-01T04:00:00Z"}, NO_VERSION)
    return {"store_path": str(store), "store_password": PASSWORD}


#: The request that tells a subaccount's token, by whom.
READ = f"/2010-04-01/Accounts/{OWN}.json"


@pytest.mark.parametrize(
    ("inventory", "given", "sid", "requests"),
    [
        ({}, {"account_sid": OWN, "auth_token": GIVEN}, OWN, lists_as(OWN, GIVEN)),
        ({}, {"account_sid": OWN, **BY_KEY}, OWN, lists_as(KEY, GIVEN)),
        (FLEET, {"auth_token": GIVEN}, OWN, {(READ, PARENT, GIVEN), *lists_as(OWN, TOLD)}),
        (FLEET, {"account_sid": PARENT, "auth_token": GIVEN}, OWN, {(READ, PARENT, GIVEN), *lists_as(OWN, TOLD)}),
        (FLEET, {"account_sid": OWN, "auth_token": GIVEN}, OWN, lists_as(OWN, GIVEN)),
        ({**FLEET, "sid": PARENT}, {"auth_token": GIVEN}, PARENT, lists_as(PARENT, GIVEN)),
        (
            {**FLEET, "sid": PARENT},
            {"subaccount_sid": OWN, "auth_token": GIVEN},
            OWN,
            {(READ, PARENT, GIVEN), *lists_as(OWN, TOLD)},
        ),
    ],
)
def test_an_account_is_asked_as_itself(inventory, given, sid, requests):
    twilio = Twilio()
    found = asked(twilio, inventory, **given)
    assert (found["account_sid"], found["problems"], twilio.asked) == (sid, [], requests)


@pytest.mark.parametrize(
    ("records", "given", "requests"),
    [
        ({OWN: OWNS, PARENT: PARENTS}, {}, lists_as(OWN, OWNS)),
        ({PARENT: PARENTS}, {}, {(READ, PARENT, PARENTS), *lists_as(OWN, TOLD)}),
        ({OWN: OWNS}, {"auth_token": GIVEN}, {(READ, PARENT, GIVEN), *lists_as(OWN, TOLD)}),
        # No key is told a subaccount's token.
        ({OWN: OWNS}, BY_KEY, lists_as(OWN, OWNS)),
        (
            {PARENT: PARENTS},
            {"api_key_sid": KEY, "api_key_secret": GIVEN},
            {(READ, PARENT, PARENTS), *lists_as(OWN, TOLD)},
        ),
    ],
)
def test_where_no_token_is_given_that_of_a_record_authenticates(tmp_path, records, given, requests):
    for sid, token in records.items():
        store = record_of(tmp_path / "store", sid, token)
    twilio = Twilio()
    found = asked(twilio, FLEET, **store, **given)
    assert (found["problems"], twilio.asked) == ([], requests)
    (token,) = found["secrets"]
    assert token["created_at"] == ("2026-01-01T04:00:00Z" if OWN in records else None)
    assert not [secret for secret in (OWNS, PARENTS, TOLD, GIVEN) if secret in repr(found)]


def test_an_account_with_nothing_to_authenticate_says_so(tmp_path):
    twilio = Twilio()
    found = asked(twilio, FLEET, **record_of(tmp_path / "store", "AC" + "3" * 32, OWNS))
    assert [each["kinds"] for each in found["problems"]] == [["api_key", "aws_credential", "public_key"]]
    assert f"no record of the token of {OWN} or its parent {PARENT}" in found["problems"][0]["reason"]
    assert not twilio.asked


def test_what_is_listed_is_reported_and_what_fails_is_said():
    key = {
        "sid": KEY,
        "friendly_name": "shop #0123456789",
        "date_created": "2026-01-02T04:00:00Z",
        "date_updated": None,
    }
    answers = {"/v1/Keys": listing(key), "/v1/Credentials/AWS": reply(503), "/v1/Credentials/PublicKeys": reply(502)}
    found = asked(Twilio(answers), {}, account_sid=OWN, auth_token=GIVEN)
    token, listed = found["secrets"]
    assert (token["kind"], token["note"]) == ("auth_token", "no store is named")
    assert (listed["kind"], listed["sid"], listed["friendly_name"]) == ("api_key", KEY, "shop")
    assert [(each["kinds"], each["reason"][:40]) for each in found["problems"]] == [
        (["aws_credential"], "Could not list the AWS credentials: Twil"),
        (["public_key"], "Could not list the public keys: Twilio a"),
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "security_report_account_sid (or TWILIO_ACCOUNT_SID): expected the account's SID"),
        ({"account_sid": "AC1"}, "security_report_account_sid: expected a SID, AC and 32 hexadecimal digits."),
        ({"account_sid": OWN, "subaccount_sid": "../x"}, "security_report_subaccount_sid: expected a SID"),
        ({"account_sid": OWN, "base_url": "ftp://x"}, "security_report_base_url: expected"),
        ({"account_sid": OWN, "max_age_days": -1.0}, "security_report_max_age_days: expected 0"),
        ({"account_sid": OWN, "max_age_days": float("nan")}, "security_report_max_age_days: expected 0"),
        ({"account_sid": OWN, "max_age_days": float("inf")}, "security_report_max_age_days: expected 0"),
        ({"account_sid": OWN, "path": "report.html"}, "security_report_path: expected the absolute path"),
        ({"account_sid": OWN, "mode": "rw"}, "security_report_mode: expected an octal number"),
        ({"account_sid": OWN, "store_path": "/x"}, "security_report_store_password: expected what records"),
        (
            {"account_sid": OWN, "store_path": "x", "store_password": "y"},
            "security_report_store_path: expected the abs",
        ),
    ],
)
def test_what_can_not_be_right_is_refused_before_any_request(given, problem):
    twilio = Twilio()
    with pytest.raises(ReportError) as refused:
        asked(twilio, {}, auth_token=GIVEN, **given)
    assert str(refused.value).startswith(problem)
    assert not twilio.asked


def test_an_inventorys_account_is_checked_too():
    with pytest.raises(ReportError, match="security_report_subaccount_sid: expected a SID"):
        asked(Twilio(), {**FLEET, "sid": "../../x"}, auth_token=GIVEN)


@pytest.mark.parametrize(
    ("result", "name", "reason"),
    [
        (None, "shop", "The host took no part"),
        ({"failed": True, "msg": "It broke."}, "shop", "It broke."),
        ({"failed": True}, "shop", "Its task failed."),
    ],
)
def test_a_host_without_a_result_is_reported_with_what_the_inventory_says(result, name, reason):
    variables = {f"twilio_{key}": value for key, value in FLEET.items()}
    account = account_of("host", variables, result)
    assert (account["account_sid"], account["friendly_name"], account["status"]) == (OWN, name, "active")
    assert account["problems"][0]["reason"].startswith(reason)
    assert account_of("host", {"twilio_sid": ["x"]}, None)["account_sid"] is None


def accounts() -> list[dict[str, Any]]:
    return [account_of("host", {}, None)]


def test_the_files_are_written_whole_and_for_their_owner(tmp_path):
    page, facts = tmp_path / "made" / "report.html", tmp_path / "made" / "report.json"
    given = settings(path=str(page), json_path=str(facts))
    totals = write(given, accounts(), NOW, check_mode=True)
    assert not page.parent.exists()
    assert write(given, accounts(), NOW, check_mode=False) == totals == json.loads(facts.read_text())["totals"]
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert {path.stat().st_mode & 0o777 for path in (page, facts)} == {0o600}
    assert page.parent.stat().st_mode & 0o777 == 0o700
    write({**given, "mode": "0644"}, accounts(), NOW, check_mode=False)
    assert {path.stat().st_mode & 0o777 for path in (page, facts)} == {0o644}
    assert {*page.parent.iterdir()} == {page, facts}


def test_what_a_link_leads_to_is_not_overwritten(tmp_path):
    other, page = tmp_path / "other", tmp_path / "report.html"
    other.write_text("mine", encoding="utf-8")
    page.symlink_to(other)
    write(settings(path=str(page)), accounts(), NOW, check_mode=False)
    assert other.read_text(encoding="utf-8") == "mine"
    assert not page.is_symlink()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": "report.html"}, "security_report_path: expected the absolute path"),
        ({"path": "/x/a", "json_path": "b"}, "security_report_json_path: expected the absolute path"),
        ({"path": "/x/a", "json_path": "/x/a"}, "security_report_json_path: expected another file"),
        ({"path": "/x/a", "json_path": "/x/y/../a"}, "security_report_json_path: expected another file"),
        ({"path": "/x/a", "mode": "rw"}, "security_report_mode: expected an octal number"),
        ({"path": "/x/a", "mode": "1777"}, "security_report_mode: expected an octal number"),
        ({"path": "/x/a", "mode": "0044"}, "security_report_mode: expected an octal number"),
    ],
)
def test_files_that_can_not_be_right_are_refused_in_check_mode_too(given, problem):
    with pytest.raises(ReportError, match=problem):
        write(settings(**given), accounts(), NOW, check_mode=True)


def test_a_file_that_can_not_be_written_is_said(tmp_path):
    with pytest.raises(ReportError, match="can't be written: Is a directory"):
        write(settings(path=str(tmp_path)), accounts(), NOW, check_mode=False)
