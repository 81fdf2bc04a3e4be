# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that shows all rotations at a glance: one table, an exit status, and no secret."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from harness import CHECKOUT, Run, ansible, make_sid

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import record_name

PASSWORD = "the records' {{ password }}"
TOKEN, SECRET = "c0ffee" * 5, "5ec7e7" * 5
ONE, TWO, THREE = (make_sid("AC", number) for number in (1, 2, 3))
HOSTILE = "shop\n\x1b[2J\u202e{{ 7*7 }}"


def days_ago(days: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def save(store: Path, name: str, password: str = PASSWORD, **record: Any) -> None:
    RecordFile(str(store / f"{name}.yml"), password).save(record, NO_VERSION)


def status_of(folder: Path, *arguments: str) -> Run:
    """Run the playbook with the example's configuration."""
    variables = folder / "variables.yml"
    variables.write_text(f'rotation_status_store_password: !unsafe "{PASSWORD}"\n', encoding="utf-8")
    finished = ansible(
        folder,
        "ansible-playbook",
        *(
            "community.twilio.rotation_status",
            "-e",
            f"@{variables}",
            "-e",
            f"rotation_status_store_path={folder}/store",
        ),
        *arguments,
        ANSIBLE_CONFIG=str(CHECKOUT / "docs" / "examples" / "ansible.cfg"),
    )
    for secret in (PASSWORD, TOKEN, SECRET):
        assert secret not in finished.stdout + finished.stderr
    return Run(finished.returncode, finished.stdout + finished.stderr, [])


def rows(run: Run) -> list[list[str]]:
    """Return the cells of the table's rows."""
    lines = run.output.splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("NAME "))
    end = next(number for number in range(header, len(lines)) if not lines[number])
    return [re.split(" {2,}", line) for line in lines[header + 1 : end]]


def test_all_rotations_at_a_glance(tmp_path):
    store = tmp_path / "store"
    tokens = {"primary": TOKEN, "pending": None, "phase": "idle"}
    save(store, ONE, account_sid=ONE, rotated_at=days_ago(10), **tokens)
    key = {"sid": make_sid("SK", 1), "secret": SECRET, "created_at": days_ago(1.5)}
    named = {"account_sid": ONE, "friendly_name": HOSTILE}
    save(store, record_name("api_key", *named.values()), phase="idle", **named, **key)
    fine = status_of(tmp_path, "-vvv")
    assert fine.status == 0, fine.output
    shown = "shop[U+000A][U+001B][2J[U+202E]{{ 7*7 }}"
    assert rows(fine) == [
        [ONE, "auth token", "idle", "10.0 days", "in 80.0 days", "-"],
        [f"{shown} ({ONE})", "API key", "idle", "1.5 days", "in 88.5 days", "-"],
    ]

    save(store, TWO, "another password", account_sid=TWO, rotated_at=days_ago(1), **tokens)
    save(store, THREE, account_sid=ONE, rotated_at=days_ago(1), **tokens)
    bad = status_of(tmp_path, "-e", "rotation_status_max_age_days=7")
    assert bad.status == 2
    assert "1 of 4 overdue, 2 not usable." in bad.output
    second, third, first, _key = rows(bad)
    assert second[:3] == [TWO, "auth token", "unusable"]
    assert "encrypted with another password" in second[-1]
    assert third[:3] == [THREE, "auth token", "unusable"]
    assert f"is about account {ONE}" in third[-1]
    assert first == [ONE, "auth token", "idle", "10.0 days", "overdue by 3.0 days", "-"]
    endless = status_of(tmp_path, "-e", '{"rotation_status_max_age_days": .nan}')
    assert (endless.status, "max_age_days: expected 0" in endless.output) == (2, True)
    # Of what Ansible prints by itself, nothing is left but the play's name, the failure and the summary.
    tasks = re.findall(r"^TASK \[(.*)\] \**$", bad.output, re.MULTILINE)
    assert tasks == ["Fail where one is overdue or a record can't be used"]
    assert "WARNING" not in bad.output


def test_a_store_that_is_not_there_is_not_a_good_night(tmp_path):
    run = status_of(tmp_path)
    assert run.status == 2
    assert "No such file or directory" in run.output
