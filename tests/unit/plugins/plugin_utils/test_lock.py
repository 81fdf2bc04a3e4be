# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a record: the lock of a live run counts until its lease ends, that of a dead run does not count."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _lock
from ansible_collections.community.twilio.plugins.plugin_utils._dates import CLOCK_SKEW
from ansible_collections.community.twilio.plugins.plugin_utils._lock import Lock, LockError, holder, new_run_id, ours

LEASE = 3600.0
NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
CONTAINER = "pid:[4026532000]"

#: The run that checks the lock, on a machine whose ids are all known.
OWN = Lock(
    run_id="own",
    host="here",
    machine_id="a" * 32,
    boot_id="boot",
    pid_namespace="pid:[4026531836]",
    pid=os.getpid(),
    start=_lock._start_of(os.getpid()),
    renewed_at="2026-01-31T04:00:00Z",
)
#: Another run on that machine, which lives: the process that started this one.
OTHER = replace(OWN, run_id="other", pid=os.getppid(), start=_lock._start_of(os.getppid()))


def held(lock: Lock | dict[str, Any], own: Lock = OWN, now: datetime = NOW) -> str | None:
    return holder(lock.as_dict() if isinstance(lock, Lock) else lock, own, LEASE, now)


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# The own lock


def test_the_own_lock_holds_everything_that_identifies_the_run():
    own = ours(NOW.astimezone(timezone(timedelta(hours=5))), "run")
    assert own.renewed_at == "2026-01-31T04:00:00Z"
    assert own.pid == os.getpid()
    assert own.boot_id
    assert own.start
    assert held(own, own=replace(own, run_id="another")) is not None


def test_each_run_has_a_lock_of_its_own():
    assert new_run_id() != new_run_id()


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([f"{'0' * 32}\n"], "0" * 32),
        ([None, "1" * 32], "1" * 32),
        (["", "1" * 32], "1" * 32),
        (["uninitialized\n", None], ""),
        (["\xff", None], ""),
        ([None, None], ""),
    ],
)
def test_the_machine_id(monkeypatch, tmp_path, contents, expected):
    paths = [tmp_path / str(number) for number, _content in enumerate(contents)]
    for path, content in zip(paths, contents):
        if content is not None:
            path.write_text(content, encoding="latin-1")
    monkeypatch.setattr(_lock, "_MACHINE_IDS", paths)
    assert ours(NOW, "run").machine_id == expected


# Which runs are alive


def test_a_record_without_a_lock_is_free():
    assert held({}) is None


def test_a_run_that_lives_holds_its_record():
    message = held(OTHER)
    assert message == (
        f"Another run holds the record: process {os.getppid()} on here, which was at work at 2026-01-31T04:00:00Z. Run"
        " it again later."
    )


def test_this_process_for_another_host_of_the_play():
    message = held(replace(OWN, run_id="other"))
    assert message is not None
    assert "another host of this play names the same account" in message
    assert "Run it again" not in message


@pytest.mark.parametrize("changes", [{"start": "1"}, {"boot_id": ""}, {"pid_namespace": CONTAINER}])
def test_another_process_is_not_reported_as_this_one(changes):
    assert "another host of this play" not in str(held(replace(OWN, run_id="other", **changes)))


def status(pid: int) -> list[str]:
    """Return the fields of a process's status from its state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


@pytest.mark.parametrize("start_is_told", [True, False])
def test_a_process_that_ended_holds_nothing_even_as_a_zombie(start_is_told):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    found = replace(OWN, pid=process.pid, start=status(process.pid)[19] if start_is_told else "")
    assert held(found) is not None
    process.stdin.close()
    # Ended, but not yet waited for: a zombie.
    while status(process.pid)[0] != "Z":
        time.sleep(0.01)
    assert held(found) is None
    process.wait()
    assert held(found) is None


def test_another_process_with_the_same_number_is_another():
    assert held(replace(OTHER, start="1")) is None


def test_a_process_that_the_kernel_hides_may_live(monkeypatch):
    def hidden(pid: int) -> tuple[str, str]:
        raise FileNotFoundError

    def not_ours(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(_lock, "_status", hidden)
    monkeypatch.setattr(_lock.os, "kill", not_ours)
    assert held(OTHER) is not None


def test_a_number_that_no_process_can_have():
    assert held(replace(OTHER, pid=10**30)) is None


# Which machine held it


@pytest.mark.parametrize("host", ["here", "renamed"])
def test_a_restart_ends_every_run(host):
    assert held(replace(OTHER, host=host, boot_id="another")) is None


def test_another_machine_of_the_same_name_has_not_started_again():
    assert held(replace(OTHER, machine_id="b" * 32, boot_id="another")) is not None


@pytest.mark.parametrize(("own", "found"), [("", ""), ("a" * 32, ""), ("", "a" * 32)])
def test_a_machine_that_can_not_be_identified_may_be_another(own, found):
    lock = replace(OTHER, machine_id=found, boot_id="another")
    assert held(lock, own=replace(OWN, machine_id=own)) is not None


@pytest.mark.parametrize("boot_id", ["", "boot"])
def test_a_boot_that_can_not_be_identified_may_be_this_one(boot_id):
    assert held(replace(OTHER, boot_id="", start="1"), own=replace(OWN, boot_id=boot_id)) is not None


def test_the_machine_id_of_an_image_is_not_one_machines():
    own = replace(OWN, pid_namespace=CONTAINER)
    lock = replace(OTHER, pid_namespace="pid:[4026532111]", boot_id="another")
    assert held(replace(lock, host="there"), own=own) is not None
    assert held(replace(lock, host="there"), own=OWN) is not None
    assert held(lock, own=own) is None


def test_a_process_of_another_container_can_not_be_seen():
    assert held(replace(OTHER, pid_namespace=CONTAINER, start="1")) is not None


def test_a_lock_of_before_there_were_machine_ids():
    lock = OTHER.as_dict()
    del lock["machine_id"]
    assert held(lock) is not None
    # The same start of the same machine, whatever its name.
    assert held({**lock, "host": "renamed", "start": "1"}) is None
    # Another start, of this machine or of another one: only the lease ends it.
    assert held({**lock, "boot_id": "another"}) is not None
    assert held({**lock, "boot_id": "another"}, now=NOW + timedelta(seconds=LEASE + 1)) is None


# When it ends


@pytest.mark.parametrize(("seconds", "is_held"), [(-60, True), (LEASE, True), (LEASE + 1, False)])
def test_a_lock_counts_until_its_lease_runs_out(seconds, is_held):
    elsewhere = replace(OTHER, host="elsewhere", machine_id="b" * 32, boot_id="another")
    assert (held(elsewhere, now=NOW + timedelta(seconds=seconds)) is not None) is is_held


@pytest.mark.parametrize("lock", [OTHER, replace(OTHER, start="1"), replace(OTHER, boot_id="another")])
def test_a_lock_of_the_future_is_a_failure_with_a_reason(lock):
    assert held(replace(OTHER, renewed_at=at(NOW + CLOCK_SKEW))) is not None
    with pytest.raises(LockError, match="renewed_at is 2036-.*in the future.*write lock: null"):
        held(replace(lock, renewed_at="2036-01-31T04:00:00Z"))


@pytest.mark.parametrize("renewed_at", ["", "soon", None, 5, "2026-01-31T25:00:00Z", "9" * 5000])
def test_a_lock_without_a_readable_date_is_a_failure_with_a_reason(renewed_at):
    with pytest.raises(LockError, match="The record's lock can't be.*write lock: null"):
        held({**OTHER.as_dict(), "renewed_at": renewed_at})


@pytest.mark.parametrize(
    "lock",
    [
        "a text",
        ["a list"],
        {"run_id": "other"},
        {**OTHER.as_dict(), "pid": "../../etc/passwd"},
        {**OTHER.as_dict(), "pid": None},
        {**OTHER.as_dict(), "pid": True},
        {**OTHER.as_dict(), "pid": -1},
        {**OTHER.as_dict(), "host": {}, "start": ["1"]},
    ],
)
def test_an_invalid_lock_is_a_failure_with_a_reason(lock):
    with pytest.raises(LockError, match="The record's lock can't be read.*write lock: null"):
        holder(lock, OWN, LEASE, NOW)


@pytest.mark.parametrize(
    ("renewed_at", "message"),
    [
        ("0001-01-01T00:00:00+14:00", "expected a date"),
        ("9999-12-31T23:59:59-14:00", "expected a date"),
        ("9999-12-31T23:59:59Z", "in the future"),
    ],
)
def test_an_extreme_date_is_a_failure_with_a_reason(renewed_at, message):
    with pytest.raises(LockError, match=message):
        held(replace(OTHER, renewed_at=renewed_at))
    assert held(replace(OTHER, renewed_at="0001-01-01T00:00:00Z")) is None
