# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation of API keys keeps, and is told: its record, its settings, its names.

The record holds the keys' secrets, which Twilio tells once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past
from ansible_collections.community.twilio.plugins.plugin_utils._friendly_name import check_about, safe_name
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import Settings, unusable

IDLE, CREATING, CREATED, VERIFIED = "idle", "creating", "created", "verified"
PHASES = (IDLE, CREATING, CREATED, VERIFIED)

_MARK = re.compile("[0-9a-f]{10}")


@dataclass(frozen=True)
class ApiKey:
    """What a record holds of a key.

    :param sid: empty where there is no key.
    :param secret: None of a key that was adopted, since Twilio tells it nobody again.
    :param created_at: when it was created.
    """

    sid: str = ""
    secret: Any = None
    created_at: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as records hold it, its secret included."""
        secret = self.secret.reveal() if isinstance(self.secret, Secret) else self.secret
        return {"sid": self.sid or None, "secret": secret, "created_at": self.created_at or None}


NO_KEY = ApiKey()


@dataclass(frozen=True)
class ApiKeyRecord:
    """What is kept of the API keys of one name.

    :param current: the key that is replaced, or was made last.
    :param new: the one that is to replace it.
    :param mark: what the names of keys end in that this rotation creates: ten hexadecimal digits.
    :param verified_at: when the consumers were seen to work with the new one.
    """

    account_sid: str
    friendly_name: str
    phase: str = IDLE
    current: ApiKey = NO_KEY
    new: ApiKey = NO_KEY
    mark: str = ""
    verified_at: str | None = None


class Listed(NamedTuple):
    """A key, as Twilio lists it.

    :param mark: what its name ends in, empty where that is the name alone.
    """

    sid: str
    mark: str
    date_created: str | None


class ApiKeyProbe(NamedTuple):
    """What there is.

    :param keys: the keys of the rotation's name, and those of the record though they are called otherwise.
    :param new: whether the record's new key is valid; None where it was not tried.
    :param current: likewise of its current one.
    """

    keys: tuple[Listed, ...]
    new: bool | None = None
    current: bool | None = None


@dataclass(frozen=True)
class ApiKeySettings(Settings):
    """What the role is told.

    :param grace_days: how long the old key stays after the consumers were moved.
    :param roll_back: whether a hook that fails has the new key deleted.
    :param delete_adopted: whether a key that was there before the first run is deleted like any other.
    :param authenticates: the SID of the API key that this run authenticates with, empty where it is a token.
    :param mark: the mark of what this call may create: ten random hexadecimal digits.
    """

    grace_days: float
    roll_back: bool
    delete_adopted: bool
    authenticates: str
    mark: str


def record_name(account_sid: str, friendly_name: str) -> str:
    """Return the name of a rotation's record."""
    return f"api_key.{safe_name(account_sid, friendly_name)}"


def first_record(account_sid: str, friendly_name: str) -> ApiKeyRecord:
    """Return the record of a rotation that has none yet."""
    return ApiKeyRecord(account_sid, friendly_name)


def stored(record: ApiKeyRecord) -> dict[str, Any]:
    """Return a record as it is kept, secrets included."""
    return {
        "account_sid": record.account_sid,
        "friendly_name": record.friendly_name,
        "phase": record.phase,
        **record.current.stored(),
        "new": record.new.stored() if record.new.sid else None,
        "mark": record.mark or None,
        "verified_at": record.verified_at,
    }


def read_record(stored: Mapping[str, Any], account_sid: str, friendly_name: str, now: datetime) -> ApiKeyRecord:
    """Return the record that a store holds.

    :param stored: as it was loaded; what else it holds is not looked at.
    :param account_sid: the account that it must be about.
    :param friendly_name: the name that it must be about.
    :raises RotationError: where it is of another rotation, contradicts itself, or is of the future.
    """
    check_about(stored, account_sid, friendly_name)
    new = stored.get("new") or {}
    if not isinstance(new, Mapping):
        raise unusable("new is no dictionary")
    record = ApiKeyRecord(
        account_sid=account_sid,
        friendly_name=friendly_name,
        phase=str(stored.get("phase")),
        current=_key(stored),
        new=_key(new),
        mark=str(stored.get("mark") or ""),
        verified_at=str(stored["verified_at"]) if stored.get("verified_at") else None,
    )
    problem = _contradiction(record)
    dates = {"created_at": record.current.created_at, "new.created_at": record.new.created_at}
    try:
        for field, date in {**dates, "verified_at": record.verified_at}.items():
            if date:
                check_past(date, field, now)
    except DateError as error:
        problem = problem or str(error)
    if problem:
        raise unusable(problem)
    return record


def _key(stored: Mapping[str, Any]) -> ApiKey:
    secret = stored.get("secret")
    return ApiKey(
        sid=str(stored.get("sid") or ""),
        secret=Secret(secret) if isinstance(secret, str) and secret else None,
        created_at=str(stored.get("created_at") or ""),
    )


def _contradiction(record: ApiKeyRecord) -> str:
    """Return what a record contradicts itself in, as a part of a sentence; empty where it doesn't."""
    current, new, phase = record.current, record.new, record.phase
    has_new = phase in (CREATED, VERIFIED)
    problems = {
        f"its phase is {phase!r}, which there is not": phase not in PHASES,
        f"it says {phase!r}, but holds no mark": phase != IDLE and not _MARK.fullmatch(record.mark),
        f"it says {phase!r}, but holds no new key with its secret": has_new and not (new.sid and new.secret),
        f"it says {phase!r}, but holds a new key": not has_new and bool(new.sid or new.secret),
        "its current and its new key are the same": bool(new.sid) and new.sid == current.sid,
        "it holds a secret of no key": current.secret is not None and not current.sid,
        "it holds a key, but not when that was created": any(key.sid and not key.created_at for key in (current, new)),
        f"it says {phase!r}, but not since when": phase == VERIFIED and not record.verified_at,
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")
