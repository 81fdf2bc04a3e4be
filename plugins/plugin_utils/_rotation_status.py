# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a record tells of its rotation without asking Twilio: what it is about, its phase, its age, and who holds it.

What a record holds that is secret stays in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.community.twilio.plugins.plugin_utils import (
    _api_key_record,
    _credential_record,
    _token_rotation,
)
from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    CREDENTIAL_TYPES,
    CredentialType,
)
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, days_between, read_date
from ansible_collections.community.twilio.plugins.plugin_utils._lock import LockError, holder, ours
from ansible_collections.community.twilio.plugins.plugin_utils._own_files import ANYTHING, NotOwnError, own_folder
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile, path_of
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError, timestamp
from ansible_collections.community.twilio.plugins.plugin_utils._shown import visible, width

AUTH_TOKEN, API_KEY = "auth_token", "api_key"

#: What a kind is called.
NOUNS: Mapping[str, str] = {
    AUTH_TOKEN: "auth token",
    API_KEY: "API key",
    **{name: credential_type.noun for name, credential_type in CREDENTIAL_TYPES.items()},
}

_SUFFIX = ".yml"

#: How long a lock counts that was not renewed, as the roles have it where they are not told otherwise.
_LEASE_SECONDS = 3600.0

#: From a record, its account, its name and the time to its phase, and when what consumers are to use was made.
Reader = Callable[[Mapping[str, Any], str, str, datetime], "tuple[str, str | None]"]

_COLUMNS = ("NAME", "KIND", "PHASE", "AGE", "DUE", "HELD BY, OR PROBLEM")


@dataclass(frozen=True)
class Status:
    """What a record tells.

    :param record: its name.
    :param kind: what is rotated; empty where that can't be told.
    :param account_sid: the account that it is about; empty where that can't be told.
    :param friendly_name: of the rotation; empty for an auth token.
    :param made_at: when what consumers are to use was made, ISO 8601 in UTC; None where the record does not tell.
    :param held_by: the run that is at work on it, in words; empty where none is.
    :param problem: why the record can't be used, as a sentence; all but its name is then what its name tells.
    :param age_days: how many days ago that was; see :func:`aged`.
    :param due_in_days: in how many days the next one is due, negative where that is over.
    :param overdue: whether it is due.
    """

    record: str
    kind: str
    account_sid: str = ""
    friendly_name: str = ""
    phase: str = ""
    made_at: str | None = None
    held_by: str = ""
    problem: str = ""
    age_days: float | None = None
    due_in_days: float | None = None
    overdue: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as a task returns it: null where nothing is known."""
        return {name: None if value == "" else value for name, value in asdict(self).items()}


# -- one record --------------------------------------------------------------------------------------------------------


def kind_of(name: str) -> str:
    """Return the kind of what a record of this name is about, empty where no role names one so."""
    kind, dot, _rest = name.partition(".")
    if not dot:
        return AUTH_TOKEN if name.startswith("AC") else ""
    return kind if kind in NOUNS and kind != AUTH_TOKEN else ""


def status_of(name: str, stored: Mapping[str, Any], now: datetime) -> Status:
    """Return what a record tells.

    :param name: the record's, as the store has it.
    :param stored: what it holds.
    :param now: the time, with its zone.
    :returns: with a ``problem``, where it contradicts itself or its name.
    """
    kind = kind_of(name)
    account_sid, friendly_name = (str(stored.get(key) or "") for key in ("account_sid", "friendly_name"))
    try:
        if not kind or record_name(kind, account_sid, friendly_name) != name:
            about = f"{friendly_name!r} of account {account_sid}" if friendly_name else f"account {account_sid}"
            raise RotationError(f"The record is about {about if account_sid else 'no account'}, as its name is not.")
        phase, made_at = _READERS[kind](stored, account_sid, friendly_name, now)
        held_by = _holder(stored.get("lock") or {}, now)
    except (RotationError, DateError, LockError) as error:
        return unusable_status(name, str(error))
    return Status(name, kind, account_sid, friendly_name, phase, made_at, held_by)


def unusable_status(name: str, problem: str) -> Status:
    """Return the status of a record that can't be used.

    :param name: the record's.
    :param problem: why, as a sentence.
    """
    kind = kind_of(name)
    account_sid = name.split(".")[1 if "." in name else 0] if kind else ""
    return Status(name, kind, account_sid, problem=problem)


def record_name(kind: str, account_sid: str, friendly_name: str) -> str:
    """Return the name that a rotation's record has in a store.

    :param kind: what is rotated.
    :param friendly_name: of the rotation; unused for an auth token.
    """
    if kind == AUTH_TOKEN:
        return account_sid
    if kind == API_KEY:
        return _api_key_record.record_name(account_sid, friendly_name)
    return _credential_record.record_name(CREDENTIAL_TYPES[kind], account_sid, friendly_name)


def _token(stored: Mapping[str, Any], account_sid: str, _name: str, now: datetime) -> tuple[str, str | None]:
    record = _token_rotation.read_record(stored, account_sid, now)
    return record.phase, _utc(record.rotated_at)


def _api_key(stored: Mapping[str, Any], account_sid: str, name: str, now: datetime) -> tuple[str, str | None]:
    record = _api_key_record.read_record(stored, account_sid, name, now)
    used = record.new if record.new.sid else record.current
    return record.phase, _utc(used.created_at)


def _credential(kind: CredentialType) -> Reader:
    def read(stored: Mapping[str, Any], account_sid: str, name: str, now: datetime) -> tuple[str, str | None]:
        record = _credential_record.read_record(stored, account_sid, name, now, kind)
        used = record.new if record.new.sid else record.current
        return record.phase, _utc(_credential_record.made_at(used))

    return read


_READERS: Mapping[str, Reader] = {
    AUTH_TOKEN: _token,
    API_KEY: _api_key,
    **{name: _credential(kind) for name, kind in CREDENTIAL_TYPES.items()},
}


def _utc(text: str | None) -> str | None:
    return timestamp(read_date(text)) if text else None


def _holder(lock: Mapping[str, Any], now: datetime) -> str:
    """Return which run is at work on a record, in words, empty where none is."""
    if holder(lock, ours(now, ""), _LEASE_SECONDS, now) is None:
        return ""
    return f"process {lock['pid']} on {lock['host']} since {lock['renewed_at']}"


def aged(status: Status, max_age_days: float, now: datetime) -> Status:
    """Return a status with the age of what it is about.

    :param max_age_days: how old that may get.
    :param now: the time, with its zone.
    """
    if status.made_at is None:
        return status
    age = days_between(status.made_at, now)
    due = max_age_days - age
    return replace(status, age_days=round(age, 1), due_in_days=round(due, 1), overdue=due <= 0)


# -- a table -----------------------------------------------------------------------------------------------------------


def table(statuses: Sequence[Status]) -> list[str]:
    """Return the lines of a table: what can't be used first, then what is due first, at last what isn't known.

    :param statuses: with their ages.
    """
    rows = [_COLUMNS, *map(_row, sorted(statuses, key=_urgency))]
    widths = [max(width(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]


def _urgency(status: Status) -> tuple[int, float, str]:
    if status.problem:
        return 0, 0.0, status.record
    if status.due_in_days is None:
        return 2, 0.0, status.record
    return 1, status.due_in_days, status.record


def _row(status: Status) -> tuple[str, ...]:
    kind = NOUNS.get(status.kind, "not known")
    if status.problem:
        return (visible(status.record), kind, "unusable", "-", "-", visible(status.problem))
    name = f"{visible(status.friendly_name)} ({status.account_sid})" if status.friendly_name else status.account_sid
    age = "not known" if status.age_days is None else _days(status.age_days)
    return (name, kind, status.phase, age, _due(status.due_in_days), visible(status.held_by) or "-")


def _days(days: float) -> str:
    return f"{days:.1f} days"


def _due(days: float | None) -> str:
    if days is None:
        return "not known"
    return f"in {_days(days)}" if days > 0 else f"overdue by {_days(-days or 0.0)}"


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


# -- a store -----------------------------------------------------------------------------------------------------------


class Store:
    """A folder of records, which are read and neither written nor locked.

    :param path: the folder's.
    :param password: what the records are encrypted with.
    :param option_prefix: what the options' names begin with, for messages.
    """

    def __init__(self, path: str, password: object, option_prefix: str = "") -> None:
        self._path = path
        self._password = password
        self._prefix = option_prefix

    def check(self) -> None:
        """Pass where the path and the password can be right; nothing is read.

        :raises RecordError: where they can't.
        """
        self._file("name")

    def _file(self, name: str) -> RecordFile:
        return RecordFile(path_of(self._path, name, self._prefix), self._password, self._prefix)

    def load(self, name: str) -> dict[str, Any]:
        """Return a record, empty where there is none.

        :raises RecordError: where it can't be read.
        """
        # To look is much cheaper than to prepare for decrypting.
        if not os.path.lexists(path_of(self._path, name, self._prefix)):
            return {}
        return self._file(name).load().record

    def names(self) -> list[str]:
        """Return the names of all records.

        :raises RecordError: where the folder is not there, or not the user's own.
        """
        self.check()
        try:
            with own_folder(Path(self._path), ANYTHING) as folder:
                found = os.listdir(folder)
        except NotOwnError as error:
            raise RecordError(f"{self._prefix}store_path: {error}") from None
        except OSError as error:
            raise RecordError(f"{self._prefix}store_path: {self._path} can't be read: {error.strerror}.") from None
        return sorted(
            name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX) and not name.startswith(".")
        )

    def read(self, name: str, now: datetime) -> tuple[Status | None, Mapping[str, Any]]:
        """Return the status of a record, None where there is none, and the record, empty where it can't be used.

        :param now: the time, with its zone.
        """
        try:
            stored = self.load(name)
        except RecordError as error:
            return unusable_status(name, str(error).removesuffix(" Nothing was done.")), {}
        if not stored:
            return None, {}
        status = status_of(name, stored, now)
        return status, {} if status.problem else stored
