# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a record: the lock of a run that lives counts, that of a dead one does not."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.community.twilio.plugins.plugin_utils._lock import holder, ours

LEASE = 3600.0


def ago(seconds: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_record_without_a_lock_is_free():
    assert holder({}, ours(), LEASE) is None


def test_a_run_that_lives_holds_its_record():
    first = ours()
    assert str(first.pid) in str(holder(asdict(first), ours(), LEASE))


def test_each_run_has_a_lock_of_its_own():
    assert ours().run_id != ours().run_id


def status(pid: int) -> list[str]:
    """Return the fields of a process's status from its state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def test_a_process_that_ended_holds_nothing_even_where_nobody_has_asked_how():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    found = {**asdict(ours()), "pid": process.pid, "start": status(process.pid)[19]}
    assert holder(found, ours(), LEASE) is not None
    process.stdin.close()
    # Ended, but not yet waited for: a zombie.
    while status(process.pid)[0] != "Z":
        time.sleep(0.01)
    assert holder(found, ours(), LEASE) is None
    process.wait()
    assert holder(found, ours(), LEASE) is None


def test_another_process_with_the_same_number_is_another():
    assert holder(asdict(replace(ours(), start="1")), ours(), LEASE) is None


def test_a_restart_ends_every_run():
    assert holder(asdict(replace(ours(), boot_id="another")), ours(), LEASE) is None


def test_a_process_of_another_container_can_not_be_seen():
    assert holder(asdict(replace(ours(), pid_namespace="pid:[1]", start="1")), ours(), LEASE) is not None


def test_another_machines_lock_counts_until_its_lease_runs_out():
    elsewhere = replace(ours(), host="elsewhere", boot_id="another", start="1")
    for seconds, held in ((LEASE - 60, True), (LEASE + 60, False)):
        found = asdict(replace(elsewhere, renewed_at=ago(seconds)))
        assert (holder(found, ours(), LEASE) is not None) is held


def test_a_lock_without_a_date_that_can_be_read_never_runs_out():
    assert holder({**asdict(ours()), "host": "elsewhere", "renewed_at": "soon"}, ours(), LEASE) is not None
