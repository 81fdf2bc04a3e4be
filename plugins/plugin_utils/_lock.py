# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a rotation's record: one run holds it at a time, and the next takes it over where that run is dead.

The lock is a part of the record, so every store of records stores locks, and it is taken by a save that replaces only
what was loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past, read_date

_DATE = "%Y-%m-%dT%H:%M:%SZ"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

#: https://man7.org/linux/man-pages/man5/machine-id.5.html; the second is where D-Bus had it before.
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MACHINE_ID = re.compile("[0-9a-f]{32}")

#: The namespace of a machine's own processes; containers have others. The number is the kernel's, PROC_PID_INIT_INO.
_NO_CONTAINER = "pid:[4026531836]"

#: The states of a process that has ended, but that its parent has not waited for.
_ENDED_STATES = ("Z", "X")

_WAY_OUT = "If no run is at work on it, decrypt the record, write lock: null, and encrypt it again."


@dataclass(frozen=True)
class Lock:
    """Which run holds a record.

    What can't be determined is empty, and so is what older records don't hold.

    :param run_id: new for each run of a role.
    :param host: the machine's name, for people who read the lock.
    :param machine_id: the machine's, which stays when its name changes.
    :param boot_id: changes when the machine starts, and no other machine has it; containers have their machine's.
    :param pid_namespace: the namespace of ``pid``; containers have their own.
    :param pid: the process of ``ansible-playbook``.
    :param start: when that process began, in the kernel's own unit.
    :param renewed_at: when the lock was taken or renewed, ISO 8601 in UTC.
    """

    run_id: str
    host: str
    machine_id: str
    boot_id: str
    pid_namespace: str
    pid: int
    start: str
    renewed_at: str

    def as_dict(self) -> dict[str, Any]:
        """Return the lock as a record holds it."""
        return asdict(self)

    @property
    def process(self) -> tuple[str, str, int, str]:
        """What identifies the process among all processes of all machines."""
        return self.boot_id, self.pid_namespace, self.pid, self.start


class LockError(Exception):
    """A lock that can't be right; the message is a sentence."""


def new_run_id() -> str:
    """Return an id for a run: one process may have several, since a play may run a role for several hosts."""
    return secrets.token_hex(8)


def ours(now: datetime, run_id: str) -> Lock:
    """Return a lock for a run of this process.

    :param now: the time, with its zone.
    :param run_id: the run's.
    """
    parent = multiprocessing.parent_process()
    # A task runs in a worker, which ends with it; the process that forked it lives as long as the run.
    pid = os.getpid() if parent is None or parent.pid is None else parent.pid
    return Lock(
        run_id=run_id,
        host=socket.gethostname(),
        machine_id=_machine_id(),
        boot_id=_boot_id(),
        pid_namespace=_pid_namespace(),
        pid=pid,
        start=_start_of(pid),
        renewed_at=now.astimezone(timezone.utc).strftime(_DATE),
    )


def holder(stored: Mapping[str, Any], own: Lock, lease_seconds: float, now: datetime) -> str | None:
    """Return who else holds a record, as a sentence, None where nobody does.

    :param stored: the record's lock, empty where it has none.
    :param own: the lock of this run.
    :param lease_seconds: how long a lock is valid without being renewed, where its run isn't known to be dead.
    :param now: the time, with its zone.
    :raises LockError: where the lock can't be right. It doesn't count as held, since it might never be released.
    """
    if not stored:
        return None
    lock = _read(stored, now)
    if now - read_date(lock.renewed_at) > timedelta(seconds=lease_seconds) or _is_dead(lock, own):
        return None
    if own.boot_id and lock.process == own.process:
        return (
            "This very run of ansible-playbook holds the record already: another host of this play names the same"
            " account, or a hook ended the rotation of it in the middle. Name each account once."
        )
    return (
        f"Another run holds the record: process {lock.pid} on {lock.host}, which was at work at {lock.renewed_at}. Run"
        " it again later."
    )


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _read(stored: Mapping[str, Any], now: datetime) -> Lock:
    """Return a record's lock.

    :raises LockError: where it can't be right.
    """
    texts = {each.name: stored.get(each.name) or "" for each in fields(Lock)} if isinstance(stored, Mapping) else {}
    pid = texts.pop("pid", None)
    # For Python, true is a number.
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0 or not _are_texts(texts.values()):
        raise LockError(f"The record's lock can't be read: expected what a run writes, got something else. {_WAY_OUT}")
    try:
        check_past(texts["renewed_at"], "renewed_at", now)
    except DateError as error:
        raise LockError(f"The record's lock can't be right. {error}. {_WAY_OUT}") from None
    return Lock(pid=pid, **texts)


def _is_dead(lock: Lock, own: Lock) -> bool:
    """Return whether it is certain that a lock's process has ended."""
    if not lock.boot_id or not own.boot_id:
        return False
    if lock.boot_id != own.boot_id:
        # The same machine has started since.
        return _is_same_machine(lock, own)
    return lock.pid_namespace == own.pid_namespace and _has_ended(lock)


def _is_same_machine(lock: Lock, own: Lock) -> bool:
    if not lock.machine_id or lock.machine_id != own.machine_id:
        return False
    # A container may have its image's id, which others have as well.
    return lock.pid_namespace == own.pid_namespace == _NO_CONTAINER or lock.host == own.host


def _machine_id() -> str:
    for path in _MACHINE_IDS:
        try:
            machine_id = path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
        # The file may be empty, or hold "uninitialized".
        if _MACHINE_ID.fullmatch(machine_id):
            return machine_id
    return ""


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


def _has_ended(lock: Lock) -> bool:
    """Return whether a process of this machine, started since it was booted, has ended."""
    try:
        state, start = _status(lock.pid)
    except OSError:
        return _is_not_running(lock.pid)
    return state in _ENDED_STATES or (bool(lock.start) and start != lock.start)


def _start_of(pid: int) -> str:
    """Return when a process began, empty where that can't be determined."""
    try:
        return _status(pid)[1]
    except OSError:
        return ""


def _status(pid: int) -> tuple[str, str]:
    """Return a process's state, and when it began.

    The form of the file: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html

    :raises OSError: where it can't be read.
    """
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    # The second field is the program's name in parentheses, which may hold anything.
    state, *others = status[status.rindex(")") + 1 :].split()
    return state, others[18]


def _is_not_running(pid: int) -> bool:
    """Return whether there is no process of that number; /proc may hide those of other users (hidepid)."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    return False
