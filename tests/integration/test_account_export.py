# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An existing account as variables: given back to the baseline they change nothing, whatever the names."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import Result, ansible_playbook, make_sid, play
from names_of_credentials import NAMES
from role_in_process import RoleInProcess

EXPORT, BASELINE = "community.twilio.account_export", "community.twilio.account_baseline"
WRITE = "Write the account as variables of account_baseline"
NUMBERS = ["+14155552671", "+14155552672"]
COUNTRIES = ["DE", "NO", "US"]


def connection(simulator, role: str) -> dict[str, Any]:
    return {
        f"{role}_account_sid": simulator.account_sid,
        f"{role}_auth_token": simulator.auth_token,
        f"{role}_base_url": simulator.url,
    }


def variables_of(simulator, folder: Path, **changes: Any) -> dict[str, Any]:
    return {**connection(simulator, "account_export"), "account_export_path": str(folder / "out"), **changes}


def export(simulator, folder: Path, check_mode: bool = False, **changes: Any) -> Result:
    """Export the account to the folder "out" in this process, and return what came of it."""
    variables = variables_of(simulator, folder, **changes)
    role = RoleInProcess("account_export", "localhost", variables, folder, check_mode, diff=True)
    role.run()
    assert simulator.auth_token not in "".join(role.shown)
    return role.results[-1]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def seed(simulator, names: Sequence[str | None], subaccounts: Sequence[str | None], many: Sequence[str] = ()) -> None:
    own = {
        "sid": simulator.account_sid,
        "enabled_countries": COUNTRIES,
        "safelist": NUMBERS[:1],
        "aws_credentials": [
            {"sid": make_sid("CR", number), "friendly_name": name} for number, name in enumerate([*names, *many])
        ],
        "public_keys": [
            {"sid": make_sid("CR", 10_000 + number), "friendly_name": name} for number, name in enumerate(names)
        ],
    }
    others = [
        {"sid": make_sid("AC", number), "friendly_name": name, "owner_account_sid": simulator.account_sid}
        for number, name in enumerate(subaccounts, start=1)
    ]
    closed = {"sid": make_sid("AC", 0), "owner_account_sid": simulator.account_sid, "status": "closed"}
    simulator.seed({"accounts": [own, closed, *others]})


def test_given_back_the_variables_change_nothing(simulator, tmp_path):
    many = [f"number {number % 900}" for number in range(1100)]
    seed(simulator, [*NAMES, None, None], [*NAMES, None, "twice", "twice", make_sid("AC", 1)], many)
    file = tmp_path / "out" / f"{simulator.account_sid}.yml"
    simulator.settings(forbid_writes=True)
    variables = variables_of(simulator, tmp_path, account_export_safelist_numbers=NUMBERS)
    tasks = [
        {"ansible.builtin.include_role": {"name": EXPORT, "apply": keywords}, "vars": variables}
        for keywords in ({"check_mode": True}, {}, {})
    ]
    exported = ansible_playbook(tmp_path, [play(tasks)], "--diff")
    dry, run, again = [result for result in exported.results if result.task == f"{EXPORT} : {WRITE}"]
    assert [result["changed"] for result in (dry, run, again)] == [True, True, False]
    assert run["path"] == str(file)
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700
    text = file.read_text(encoding="utf-8")
    assert dry["diff"]["after"] == text
    assert simulator.auth_token not in text
    simulator.clear_requests()
    given_back = {
        **connection(simulator, "account_baseline"),
        "account_baseline_unnamed": "report",
        "account_baseline_fail_on_drift": True,
    }
    role = {"role": BASELINE, "vars": given_back}
    found = ansible_playbook(tmp_path, [play([], roles=[role], vars_files=[str(file)])])
    assert found.status == 0, found.output
    assert not [result for result in found.results if result.get("changed")]
    assert "[WARNING]" not in found.output
    assert simulator.health()["forbidden_writes"] == 0
    # Two pages of credentials, and one of keys, the accounts, a number, the countries.
    assert len(simulator.requests()) == 6


def test_a_dry_run_writes_nothing(simulator, tmp_path):
    dry = export(simulator, tmp_path, check_mode=True)
    assert dry["diff"]["before"] == ""
    assert not (tmp_path / "out").exists()


def test_a_subaccount_has_a_file_of_its_own(simulator, tmp_path):
    seed(simulator, [], ["shop"])
    result = export(simulator, tmp_path, account_export_subaccount_sid=make_sid("AC", 1))
    assert result["account_sid"] == make_sid("AC", 1)
    text = (tmp_path / "out" / f"{make_sid('AC', 1)}.yml").read_text(encoding="utf-8")
    assert "It is a subaccount" in text
    state = simulator.state(make_sid("AC", 1))
    assert state["auth_token"] not in str(result.values) + text


def test_what_is_there_is_replaced_only_where_it_is_the_users_own(simulator, tmp_path):
    seed(simulator, ["recordings"], [])
    export(simulator, tmp_path)
    file = tmp_path / "out" / f"{simulator.account_sid}.yml"
    text = file.read_text(encoding="utf-8")

    file.chmod(0o644)
    narrowed, again = export(simulator, tmp_path), export(simulator, tmp_path)
    assert (narrowed["changed"], again["changed"]) == (True, False)
    assert narrowed["diff"]["before"] == narrowed["diff"]["after"] == text
    assert mode(file) == 0o600

    file.write_text(f"{text}aws_secret_access_key: {'s' * 40}\n", encoding="utf-8")
    edited = export(simulator, tmp_path)
    assert "s" * 40 not in str(edited.values)
    assert edited["changed"] is True
    assert file.read_text(encoding="utf-8") == text

    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept", encoding="utf-8")
    file.unlink()
    file.symlink_to(elsewhere)
    refused = export(simulator, tmp_path)
    assert "symbolic link" in refused["msg"]
    assert elsewhere.read_text(encoding="utf-8") == "kept"

    file.unlink()
    file.parent.chmod(0o777)
    refused = export(simulator, tmp_path)
    assert "others than its owner may write to it" in refused["msg"]
    assert [*file.parent.iterdir()] == []


def test_what_cannot_be_asked_for_leaves_no_file(simulator, tmp_path):
    refused = {"kind": "status", "status": 403, "code": 20003, "message": "No"}
    simulator.faults([{"method": "GET", "path": "PublicKeys", **refused}])
    failed = export(simulator, tmp_path)
    assert "Could not list the public keys" in failed["msg"]
    assert not (tmp_path / "out").exists()


def test_a_wrong_option_is_named_as_the_roles_before_any_request(simulator, tmp_path):
    for changes, words in (
        ({"account_export_path": "relative"}, "account_export_path: expected the absolute path"),
        ({"account_export_safelist_numbers": ["x"]}, "account_export_safelist_numbers: expected E.164"),
    ):
        failed = export(simulator, tmp_path, **changes)
        assert failed.task == WRITE
        assert words in failed["msg"]
    assert simulator.requests() == []
