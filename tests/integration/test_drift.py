# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that tells where accounts differ from their baselines: a line each, exit status 2, and no change."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from harness import CHECKOUT, KEY_PAIR, KEY_SECRET, Run, ansible, ansible_playbook, fingerprint, make_sid

PLAYBOOK = "community.twilio.drift"
FAIL = "community.twilio.account_baseline : Fail where the account differs from its baseline"
RENAMED, LEFT_OVER, ROGUE, NAMELESS, OLD = (make_sid("CR", number) for number in range(1, 6))
SHOP, ROGUE_SHOP, LOST_SHOP = (make_sid("AC", number) for number in range(1, 4))
HOSTILE = "<script>{{ 1 / 0 }}\n::error::\u202e"


def variables(simulator) -> dict[str, Any]:
    return {
        "account_baseline_account_sid": simulator.account_sid,
        "account_baseline_auth_token": simulator.auth_token,
        "account_baseline_base_url": simulator.url,
        "account_baseline_unnamed": "report",
        "ansible_python_interpreter": sys.executable,
    }


def compare(simulator, folder, *arguments: str, **more: Any) -> Run:
    playbook = [{"import_playbook": PLAYBOOK, "vars": {**variables(simulator), **more}}]
    return ansible_playbook(folder, playbook, *arguments)


def drift(run: Run, host: str = "localhost") -> Sequence[str]:
    """Return the lines of a run that a host fails with."""
    (failed,) = [result for result in run.results if result.failed and result.task == FAIL and result.host == host]
    lines: Sequence[str] = failed["drift"]
    assert all(line in failed["msg"].splitlines() for line in lines)
    # Each is on a line of its own, as JSON shows it.
    assert all(f"        {json.dumps(line, ensure_ascii=False)}" in run.output for line in lines)
    return lines


def test_each_kind_of_drift_is_a_line(simulator, tmp_path):
    sid = simulator.account_sid
    own = {
        "sid": sid,
        "enabled_countries": ["DE", "US"],
        "aws_credentials": [
            {"sid": RENAMED, "friendly_name": HOSTILE},
            {"sid": LEFT_OVER, "friendly_name": "compositions"},
            {"sid": NAMELESS, "friendly_name": None},
            {"sid": OLD, "friendly_name": "recordings #0123456789"},
        ],
        "public_keys": [{"sid": ROGUE, "friendly_name": "rogue"}],
    }
    subaccounts = [
        {"sid": SHOP, "owner_account_sid": sid, "friendly_name": "shop"},
        {"sid": ROGUE_SHOP, "owner_account_sid": sid, "friendly_name": "rogue", "status": "suspended"},
    ]
    simulator.seed({"accounts": [own, *subaccounts]})
    simulator.settings(forbid_writes=True)
    run = compare(
        simulator,
        tmp_path,
        account_baseline_aws_credentials=[
            {"friendly_name": "recordings", **KEY_PAIR, "update_secret": "when_changed"},
            # Somebody has renamed it, and what was left over bears its name.
            {"friendly_name": "compositions"},
            {"friendly_name": "deleted"},
            {"friendly_name": "new", **KEY_PAIR},
        ],
        account_baseline_safelist_numbers=["+14155552671"],
        account_baseline_messaging_geo_permissions={"enabled": ["NO", "US"], "others": "disabled"},
        account_baseline_subaccounts=["shop", "branch", LOST_SHOP],
    )
    assert run.status == 2, run.output
    missing = f"aws_access_key_id: required, because account {sid} has no AWS credential 'deleted' yet."
    assert {*drift(run)} == {
        f"{sid}: AWS credential '<script>{{{{ 1 / 0 }}}}\\n::error::\\u202e' ({RENAMED}): present -> not declared",
        f"{sid}: AWS credential {NAMELESS}: present -> not declared",
        f"{sid}: AWS credential 'deleted': absent -> present: {missing}",
        f"{sid}: AWS credential 'new': absent -> present",
        f"{sid}: AWS credential 'recordings' ({OLD}): fingerprint '0123456789'"
        f" -> another with fingerprint '{fingerprint(sid)}'",
        f"{sid}: public key 'rogue' ({ROGUE}): present -> not declared",
        f"{sid}: SafeList number +14155552671: absent -> present",
        f"{sid}: messaging geo permission DE: enabled -> disabled",
        f"{sid}: messaging geo permission NO: disabled -> enabled",
        f"{sid}: subaccount 'rogue' ({ROGUE_SHOP}): suspended -> not declared",
        f"{sid}: subaccount 'branch': absent -> present",
        f"{sid}: subaccount {LOST_SHOP}: absent -> present",
    }
    compared = run.of("community.twilio.account_baseline : Compare the account with its baseline")
    assert compared["changed"] is True
    assert f"AWS credential {NAMELESS}" in compared["diff"]["before"]
    assert simulator.health()["forbidden_writes"] == 0
    for secret in (simulator.auth_token, KEY_SECRET):
        assert secret not in run.output
        assert secret not in json.dumps([result.values for result in run.results])


def test_what_would_be_purged_or_cannot_be_compared_is_a_line_too(simulator, tmp_path):
    sid = simulator.account_sid
    credentials = [{"sid": OLD, "friendly_name": "recordings"}, {"sid": ROGUE, "friendly_name": "rogue"}]
    simulator.seed({"accounts": [{"sid": sid, "aws_credentials": credentials}]})
    run = compare(
        simulator,
        tmp_path,
        account_baseline_unnamed="purge",
        account_baseline_aws_credentials=[
            {"friendly_name": "recordings", **KEY_PAIR, "update_secret": "when_changed", "unsigned": "fail"}
        ],
        account_baseline_messaging_geo_permissions={"enabled": ["XX"]},
    )
    assert run.status == 2, run.output
    lines = sorted(line.removeprefix(f"{sid}: ") for line in drift(run))
    assert [line.partition(":")[0] for line in lines] == [
        "AWS credential 'recordings'",
        f"AWS credential 'rogue' ({ROGUE})",
        "messaging geo permission",
    ]
    assert "could not be compared: unsigned: " in lines[0]
    assert lines[1].endswith(": present -> absent")
    assert "could not be compared: enabled: Twilio lists no" in lines[2]


def test_no_drift_is_status_0_and_one_account_stops_no_other(simulator, tmp_path):
    sid = simulator.account_sid
    simulator.seed(
        {
            "accounts": [
                {"sid": number, "owner_account_sid": sid, "aws_credentials": [{"friendly_name": "recordings"}]}
                for number in (SHOP, ROGUE_SHOP)
            ]
        }
    )
    hosts = {"as_declared": SHOP, "other": ROGUE_SHOP, "lost": LOST_SHOP}
    fleet = {
        "account_baseline_subaccount_sid": "{{ hosts_of_the_test[inventory_hostname] }}",
        "hosts_of_the_test": hosts,
        "account_baseline_aws_credentials": "{{ [] if inventory_hostname == 'other' else [{'friendly_name': name}] }}",
        "name": "recordings",
    }
    run = compare(simulator, tmp_path, "-i", f"{','.join(hosts)},", "--limit", ",".join(hosts), **fleet)
    assert run.status == 2, run.output
    (line,) = drift(run, "other")
    assert line.startswith(f"{ROGUE_SHOP}: AWS credential 'recordings' (")
    failed = {result.host for result in run.results if result.failed}
    assert failed == {"other", "lost"}
    alike = compare(simulator, tmp_path, "-i", "as_declared,", "--limit", "as_declared", **fleet)
    assert alike.status == 0, alike.output
    assert alike.of(FAIL)["drift"] == []


def test_the_guides_exports_are_a_fleets_baselines(simulator, tmp_path):
    sid = simulator.account_sid
    simulator.seed(
        {
            "accounts": [
                {"sid": sid, "aws_credentials": [{"sid": OLD, "friendly_name": HOSTILE}]},
                {"sid": SHOP, "owner_account_sid": sid, "aws_credentials": [{"sid": ROGUE, "friendly_name": "NO"}]},
            ]
        }
    )
    for example, name in (
        ("drift-accounts.twilio.yml", "accounts.twilio.yml"),
        ("drift-all.yml", "group_vars/all.yml"),
        ("export.yml", "export.yml"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / "docs" / "examples" / example, tmp_path / name)
    environment = {
        "TWILIO_ACCOUNT_SID": sid,
        "TWILIO_AUTH_TOKEN": simulator.auth_token,
        "TWILIO_BASE_URL": simulator.url,
    }

    def run(playbook: str) -> subprocess.CompletedProcess[str]:
        return ansible(
            tmp_path, "ansible-playbook", "-i", str(tmp_path / "accounts.twilio.yml"), playbook, **environment
        )

    simulator.settings(forbid_writes=True)
    exported = run(str(tmp_path / "export.yml"))
    assert exported.returncode == 0, exported.stdout + exported.stderr
    shutil.copytree(tmp_path / "exported", tmp_path / "host_vars")
    simulator.settings(forbid_writes=False)
    simulator.seed({"accounts": [{"sid": SHOP, "public_keys": [{"sid": RENAMED, "friendly_name": "rogue"}]}]})
    drifted = run(PLAYBOOK)
    assert drifted.returncode == 2, drifted.stdout + drifted.stderr
    # That is all: the other account and the other credential are as they were exported.
    assert re.findall(r"^ +\"(AC.*)\",?$", drifted.stdout, re.MULTILINE) == [
        f"{SHOP}: public key 'rogue' ({RENAMED}): present -> not declared"
    ]
    assert len(re.findall(r"failed=0 ", drifted.stdout)) == 2


def test_an_empty_inventory_is_no_success(tmp_path):
    run = ansible(tmp_path, "ansible-playbook", PLAYBOOK)
    assert run.returncode == 2
    assert "The inventory holds no account." in run.stdout
