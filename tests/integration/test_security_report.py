# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security report of a fleet, by the playbook: what it says, whom it asks, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import axe, opened, violations
from harness import Run, ansible, ansible_playbook, make_sid
from simulator.client import Simulator

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import record_name
from ansible_collections.community.twilio.plugins.plugin_utils._security_report import document, problem, secret
from ansible_collections.community.twilio.plugins.plugin_utils._security_report_page import page
from ansible_collections.community.twilio.plugins.plugin_utils._shown import visible

PLAYBOOK = [{"import_playbook": "community.twilio.security_report"}]
PASSWORD = "the records' password"
HOSTILE = [
    "<script>alert(1)</script>",
    "\"quotes\" & 'more'",
    "{{ 7*7 }}",
    "{% raw %}</td></tr></table>",
    "\u202eevil",
    "עברית",
    "😀" * 64,
    "a\x1b[31mred",
]
ACCOUNTS = 30
SUSPENDED, FAILING, DAMAGED, ANOTHERS = (make_sid("AC", number) for number in (20, 21, 22, 23))
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def days_ago(days: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def name_of(number: int) -> str:
    return HOSTILE[number] if number < len(HOSTILE) else f"shop {number}"


@dataclass(frozen=True)
class Fleet:
    """An account with subaccounts that hold everything, and records of some."""

    simulator: Simulator
    folder: Path

    @property
    def page(self) -> str:
        return (self.folder / "out" / "report.html").read_text(encoding="utf-8")

    @property
    def facts(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "out" / "report.json").read_text(encoding="utf-8"))
        return loaded

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None, **changes: Any) -> Run:
        """Run the playbook at ``-vvv``; neither it nor the files may show a secret."""
        inventory = self.folder / "fleet.twilio.yml"
        own = {"account_sid": self.simulator.account_sid, "auth_token": self.simulator.auth_token}
        inventory.write_text(json.dumps({"plugin": "community.twilio.twilio_accounts", **own}), encoding="utf-8")
        variables = {
            "security_report_path": str(self.folder / "out" / "report.html"),
            "security_report_json_path": str(self.folder / "out" / "report.json"),
            "security_report_store_path": str(self.folder / "store"),
            "security_report_store_password": PASSWORD,
            "security_report_max_retries": 0,
            **changes,
        }
        file = self.folder / "variables.json"
        file.write_text(json.dumps({name: value for name, value in variables.items() if value is not None}))
        self.simulator.clear_requests()
        account = {"TWILIO_ACCOUNT_SID": own["account_sid"], "TWILIO_AUTH_TOKEN": own["auth_token"]}
        run = ansible_playbook(
            self.folder,
            PLAYBOOK,
            *("-i", str(inventory), "--extra-vars", f"@{file}", "--forks", "8", "-vvv", *arguments),
            **{"TWILIO_BASE_URL": self.simulator.url, **(account if environment is None else environment)},
        )
        told = [run.output, json.dumps([dict(result.values) for result in run.results])]
        told += [path.read_text(encoding="utf-8") for path in self.folder.glob("out/*")]
        for hidden in self.secrets():
            assert not [text for text in told if hidden in text]
        return run

    def secrets(self) -> set[str]:
        """Return every secret that there is."""
        found = {PASSWORD, AWS_SECRET}
        for account in self.simulator.state()["accounts"]:
            found |= {account["auth_token"], *(key["secret"] for key in account["api_keys"])}
        return found

    def account(self, sid: str) -> dict[str, Any]:
        """Return what the report says of an account."""
        (found,) = [account for account in self.facts["accounts"] if account["account_sid"] == sid]
        return found


def have_record(folder: Path, name: str, record: Mapping[str, Any], password: str = PASSWORD) -> None:
    RecordFile(str(folder / "store" / f"{name}.yml"), password).save(record, NO_VERSION)


def token_of(sid: str) -> str:
    """Return an account's token, which looks like no part of its SID."""
    return "f" * 24 + sid[-8:]


def token_record(sid: str, days: float, **changes: Any) -> dict[str, Any]:
    idle = {
        "account_sid": sid,
        "phase": "idle",
        "primary": token_of(sid),
        "pending": None,
        "rotated_at": days_ago(days),
    }
    return {**idle, **changes}


@pytest.fixture
def fleet(simulator, tmp_path) -> Fleet:
    accounts: list[dict[str, Any]] = [{"sid": simulator.account_sid, "friendly_name": "main"}]
    for number in range(ACCOUNTS - 1):
        sid, name = make_sid("AC", number), name_of(number)
        accounts.append(
            {
                "sid": sid,
                "owner_account_sid": simulator.account_sid,
                "friendly_name": name,
                "auth_token": token_of(sid),
                "status": "suspended" if sid == SUSPENDED else "active",
                "api_keys": [
                    {"friendly_name": name[:52], "date_created": days_ago(number)},
                    {"friendly_name": "reader", "date_created": days_ago(80 + number), "permissions": ["/a"]},
                ],
                "aws_credentials": [
                    {"friendly_name": name[:52], "date_created": days_ago(5), "credentials": f"AKIA:{AWS_SECRET}"}
                ],
                "public_keys": [{"friendly_name": None, "date_created": days_ago(70)}],
            }
        )
        if number % 2 and sid not in (DAMAGED, ANOTHERS):
            have_record(tmp_path, sid, token_record(sid, number * 2))
    have_record(tmp_path, DAMAGED, token_record(DAMAGED, 1), "another password")
    have_record(tmp_path, ANOTHERS, token_record(FAILING, 1))
    key = {"sid": make_sid("SK", 1), "secret": "5" * 32, "created_at": days_ago(9)}
    owned = {"account_sid": make_sid("AC", 9), "friendly_name": "shop 9"}
    have_record(tmp_path, record_name("api_key", *owned.values()), {**owned, "phase": "idle", **key})
    simulator.seed({"accounts": accounts})
    refused = {"kind": "status", "status": 503, "message": "Overloaded"}
    simulator.faults([{"method": "GET", "path": "/v1/Keys", "account_sid": FAILING, **refused}])
    return Fleet(simulator, tmp_path)


def page_rows(text: str) -> dict[str, list[str]]:
    """Return what a page says of each account: the words of its heading and of each of its rows."""
    elements = ElementTree.fromstring(text.partition("\n")[2])
    rows = {}
    for table in elements.iter("table"):
        sid = "".join(table.find("caption/code").itertext())
        rows[sid] = [" ".join(" ".join(row.itertext()).split()) for row in table.findall("tbody/tr")]
        rows[sid].append(" ".join("".join(table.find("caption").itertext()).split()))
    return rows


def check_page_says_what_the_facts_say(text: str, facts: Mapping[str, Any]) -> None:
    """Check each account, each secret and the totals."""
    rows = page_rows(text)
    assert list(rows) == [account["account_sid"] for account in facts["accounts"]]
    for account in facts["accounts"]:
        *said, heading = rows[account["account_sid"]]
        name = " ".join(visible(account["friendly_name"]).split())
        assert heading.startswith(name)
        assert all(each["reason"] in heading for each in account["problems"])
        assert len(said) == len(account["secrets"])
        for row, fact in zip(said, account["secrets"]):
            assert (fact["sid"] or "auth token") in row
            assert " ".join(visible(fact["friendly_name"] or "").split()) in row
            words = {"overdue": "overdue by", "due_soon": "due in", "in_time": "due in", "unknown": "not known"}
            assert words[fact["state"]] in row
            assert (fact["due_at"] or "")[:10] in row
            assert (fact["phase"] or "") in row
            assert (fact["note"] or "") in row
    numbers = [f">{word}</dt><dd>{facts['totals'][key]}<" for key, word in TOTALS.items()]
    assert all(number in text for number in numbers)


TOTALS = {
    "accounts": "accounts",
    "secrets": "secrets",
    "overdue": "overdue",
    "due_soon": "due soon",
    "unknown": "not known",
}


def test_a_fleet_is_reported_whole(fleet):
    run = fleet.run()
    assert run.status == 0, run.output
    assert not [result for result in run.results if result.failed]
    facts = fleet.facts
    check_page_says_what_the_facts_say(fleet.page, facts)
    states = [each["state"] for account in facts["accounts"] for each in account["secrets"]]
    # Of the suspended account nothing is listed, of the failing one no API keys.
    unread = 3 + 1
    assert facts["totals"] == {
        "accounts": ACCOUNTS,
        "secrets": len(states),
        "overdue": states.count("overdue"),
        "due_soon": states.count("due_soon"),
        "unknown": states.count("unknown") + unread,
    }
    assert len(states) == 1 + (ACCOUNTS - 1) * 5 - 4 - 2
    urgencies = ["overdue", "due_soon", "unknown", "in_time"]
    order = [urgencies.index(account["state"]) for account in facts["accounts"]]
    assert order == sorted(order)
    names = {account["account_sid"]: account["friendly_name"] for account in facts["accounts"]}
    assert [names[make_sid("AC", number)] for number in range(len(HOSTILE))] == HOSTILE
    assert names[fleet.simulator.account_sid] == "main"
    (suspended,) = fleet.account(SUSPENDED)["problems"]
    assert suspended["kinds"] == ["api_key", "aws_credential", "public_key"]
    assert "403/20005" in suspended["reason"]
    assert fleet.account(SUSPENDED)["status"] == "suspended"
    (failing,) = fleet.account(FAILING)["problems"]
    assert failing["kinds"] == ["api_key"]
    assert "503" in failing["reason"]
    tokens = {
        account["account_sid"]: next(each for each in account["secrets"] if each["kind"] == "auth_token")
        for account in facts["accounts"]
    }
    assert "encrypted with another password" in tokens[DAMAGED]["note"]
    assert f"is about account {FAILING}" in tokens[ANOTHERS]["note"]
    assert tokens[make_sid("AC", 2)]["note"] == "no record in the store"
    assert (tokens[make_sid("AC", 9)]["age_days"], tokens[make_sid("AC", 9)]["phase"]) == (18.0, "idle")
    phases = {
        (each["kind"], each["friendly_name"]): each["phase"] for each in fleet.account(make_sid("AC", 9))["secrets"]
    }
    assert phases.pop(("auth_token", None)) == phases.pop(("api_key", "shop 9")) == "idle"
    assert {*phases.values()} == {None}
    for path in fleet.folder.glob("out/*"):
        assert path.stat().st_mode & 0o777 == 0o600
    requests = fleet.simulator.requests()
    assert {entry["method"] for entry in requests} == {"GET"}
    # A subaccount's own token, and three lists.
    of_one = [entry for entry in requests if entry["account_sid"] == make_sid("AC", 9)]
    assert sorted(entry["path"] for entry in of_one) == [
        "/v1/Credentials/AWS",
        "/v1/Credentials/PublicKeys",
        "/v1/Keys",
    ]


def test_a_report_by_records_alone_in_check_mode_and_one_that_fails(fleet):
    """Without any token given, each account is asked with its own record's, or with the main account's record."""
    main = fleet.simulator.account_sid
    own = token_record(main, 1, primary=fleet.simulator.auth_token)
    have_record(fleet.folder, main, own)
    foreseen = fleet.run("--check", "--limit", "main,shop 9,shop 10", environment={})
    assert foreseen.status == 0, foreseen.output
    assert not (fleet.folder / "out").exists()
    run = fleet.run(
        *("--limit", "main,shop 9,shop 10"),
        environment={},
        security_report_fail_when_overdue=True,
        security_report_max_age_days=9,
        security_report_mode="0640",
    )
    assert run.status == 2, run.output
    facts = fleet.facts
    assert facts["totals"]["accounts"] == 3
    assert [account["problems"] for account in facts["accounts"]] == [[], [], []]
    (told,) = [result["msg"] for result in run.results if result.failed and result.get("totals")]
    assert told.startswith(f"Accounts: 3, secrets: 11, of which {facts['totals']['overdue']} overdue")
    assert {path.stat().st_mode & 0o777 for path in fleet.folder.glob("out/*")} == {0o640}
    with_parents = [entry for entry in fleet.simulator.requests() if "/2010-04-01/" in entry["path"]]
    # The inventory asks once; then the token of the one account that has no record is read.
    assert [entry["path"].rpartition("/")[2] for entry in with_parents] == [
        "Accounts.json",
        f"{make_sid('AC', 10)}.json",
    ]


def test_hosts_that_took_no_part_are_on_the_page(simulator, tmp_path):
    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "serial": 3,
        "vars": {
            "security_report_path": str(tmp_path / "report.html"),
            "security_report_json_path": str(tmp_path / "report.json"),
            "security_report_account_sid": "{{ sids[inventory_hostname] | default(omit) }}",
            "security_report_auth_token": simulator.auth_token,
            "security_report_base_url": simulator.url,
            "sids": {"mine": simulator.account_sid, "wrong": "AC", "again": simulator.account_sid},
        },
        "tasks": [
            {"name": "Break", "ansible.builtin.fail": {}, "when": "inventory_hostname == 'broken'"},
            {"name": "Report", "ansible.builtin.include_role": {"name": "community.twilio.security_report"}},
        ],
    }
    run = ansible_playbook(tmp_path, [play], "-i", "mine,broken,wrong,nameless,again,")
    assert run.status == 2, run.output
    # The second batch writes all of it again.
    assert len([result for result in run.results if result.get("totals")]) == 2
    accounts = {each["host"]: each for each in json.loads((tmp_path / "report.json").read_text())["accounts"]}
    reasons = {host: [each["reason"] for each in account["problems"]] for host, account in accounts.items()}
    assert reasons["mine"] == []
    assert reasons["broken"][0].startswith("The host took no part")
    assert reasons["wrong"][0].startswith("security_report_account_sid: expected a SID, AC and")
    assert reasons["nameless"][0].startswith("security_report_account_sid (or TWILIO_ACCOUNT_SID): expected")
    ElementTree.fromstring((tmp_path / "report.html").read_text(encoding="utf-8").partition("\n")[2])


def test_the_page_in_a_browser(tmp_path):
    """What a reader is given: nothing is loaded, it fits on a phone, and axe-core finds nothing, light or dark."""
    kinds = ("api_key", "aws_credential", "public_key")
    secrets = [
        secret(kind, age and days_ago(age), sid=make_sid("SK", 1), friendly_name=name, phase="idle", note=name)
        for kind, age, name in zip((*kinds, "auth_token"), (100, 80, 1, None), HOSTILE)
    ]
    accounts = [
        {
            "account_sid": make_sid("AC", number),
            "friendly_name": name,
            "status": "suspended",
            "host": name,
            # Each state has an account, and one has no secrets.
            "secrets": secrets[number % 5 : number % 5 + 2],
            "problems": [problem(kinds, name)] if number % 5 > 2 else [],
        }
        for number, name in enumerate(HOSTILE)
    ]
    path = tmp_path / "report.html"
    path.write_text(page(document(accounts, 90, datetime.now(timezone.utc))), encoding="utf-8")
    with opened(tmp_path) as browser:
        for width, scheme in ((1000, "light"), (1000, "dark"), (320, "light")):
            browser.open(path, width, prefers_color_scheme=scheme)
            assert browser.requests == [path.as_uri()]
            assert browser.value("document.scripts.length + document.images.length") == 0
            assert browser.value("document.documentElement.scrollWidth") <= width
            assert browser.value("document.querySelectorAll('h3').length") == len(HOSTILE)
            assert browser.value("document.querySelectorAll('h2').length") == 4
        source = axe(tmp_path)
        for scheme in ("light", "dark"):
            browser.open(path, prefers_color_scheme=scheme)
            assert violations(browser, source) == []


@pytest.mark.parametrize(
    ("hosts", "status"),
    [({}, 2), ({"security_report_hosts": "localhost"}, 0)],
)
def test_a_run_without_an_account_does_not_succeed(simulator, tmp_path, hosts, status):
    given = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    variables = {f"security_report_{name}": value for name, value in given.items()}
    file = tmp_path / "variables.json"
    file.write_text(json.dumps({**variables, **hosts, "security_report_path": str(tmp_path / "report.html")}))
    finished = ansible(tmp_path, "ansible-playbook", "community.twilio.security_report", "-e", f"@{file}")
    assert finished.returncode == status, finished.stdout + finished.stderr
    assert (tmp_path / "report.html").exists() == (status == 0)
    assert ("The inventory holds no account to report on" in finished.stdout) == (status == 2)
