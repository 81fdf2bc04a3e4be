# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a rotation's record: one run at a time, and the next one where that run is dead.

The lock is a part of the record, so whatever stores records stores locks, and a save that replaces only what was loaded
is what takes it.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

_DATE = "%Y-%m-%dT%H:%M:%SZ"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

#: A process that has ended, but whose parent has not asked how.
_ENDED_STATES = ("Z", "X")


@dataclass(frozen=True)
class Lock:
    """Which run holds a record.

    :param run_id: told anew for each run of a role.
    :param host: the machine's name.
    :param boot_id: changes when the machine starts; empty where that can't be told.
    :param pid_namespace: where that number is a process's; containers have their own. Empty where that can't be told.
    :param pid: the process of ``ansible-playbook``.
    :param start: when that process began, in the kernel's own unit; empty where that can't be told.
    :param renewed_at: when the lock was taken or renewed, ISO 8601 in UTC.
    """

    run_id: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    start: str
    renewed_at: str

    def as_dict(self) -> dict[str, Any]:
        """Return the lock as a record holds it."""
        return asdict(self)


class LockError(Exception):
    """A lock that can't be right; the message is a sentence."""


def ours(now: datetime) -> Lock:
    """Return a lock for this run, with an id of its own: a play may run a role for several hosts.

    :param now: the time, with its zone.
    """
    parent = multiprocessing.parent_process()
    # A task runs in a worker, which ends with it; the process that forked it lives as long as the run.
    pid = os.getpid() if parent is None or parent.pid is None else parent.pid
    return Lock(
        run_id=secrets.token_hex(8),
        host=socket.gethostname(),
        boot_id=_boot_id(),
        pid_namespace=_pid_namespace(),
        pid=pid,
        start=_start_of(pid) or "",
        renewed_at=now.strftime(_DATE),
    )


def holder(found: Mapping[str, Any], own: Lock, lease_seconds: float, now: datetime) -> str | None:
    """Return who else holds a record, as a part of a sentence, None where nobody does.

    :param found: the record's lock, empty where it has none.
    :param own: the lock of the run that asks.
    :param lease_seconds: how long a lock counts that was not renewed, where nothing says that its run is dead.
    """
    if not found or _is_dead(found, own):
        return None
    renewed_at = str(found.get("renewed_at"))
    try:
        renewed = datetime.strptime(renewed_at, _DATE).replace(tzinfo=timezone.utc)
    except ValueError:
        renewed = None
    if renewed and now - renewed > timedelta(seconds=lease_seconds):
        return None
    return f"process {found.get('pid')} on {found.get('host')}, which was at work at {renewed_at}"


def _is_dead(found: Mapping[str, Any], own: Lock) -> bool:
    if found.get("host") != own.host or not own.boot_id:
        return False
    if found.get("boot_id") != own.boot_id:
        return True
    if found.get("pid_namespace") != own.pid_namespace:
        return False
    return _start_of(found.get("pid")) != found.get("start")


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _start_of(pid: object) -> str | None:
    """Return when a process began, None where it is not there or has ended.

    The form of the file: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may hold anything.
    state, *others = status[status.rindex(")") + 1 :].split()
    return None if state in _ENDED_STATES else others[18]
