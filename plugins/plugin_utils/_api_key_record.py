# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record, the settings and the names of a rotation of API keys.

The record holds the keys' secrets, which Twilio returns only once.
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
    :param secret: None for a key that was adopted, since Twilio does not return it again.
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
    :param mark: the end of the names of the keys that this rotation creates: ten hexadecimal digits.
    :param verified_at: when the consumers were verified with the new one.
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

    :param mark: the mark that its name ends in, empty where there is none.
    """

    sid: str
    mark: str
    date_created: str | None


class ApiKeyProbe(NamedTuple):
    """The actual state.

    :param keys: the keys of the rotation's name, and those of the record even if they have another name.
    :param new: whether the record's new key is valid; None where it was not tried.
    :param current: whether its current one is, likewise.
    """

    keys: tuple[Listed, ...]
    new: bool | None = None
    current: bool | None = None


@dataclass(frozen=True)
class ApiKeySettings(Settings):
    """The settings of the role.

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

    :param stored: as it was loaded; other keys are ignored.
    :param account_sid: the account that it must be about.
    :param friendly_name: the name that it must be about.
    :raises RotationError: where it is of another rotation, contradicts itself, or holds a date in the future.
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
        f"its phase is {phase!r}, which does not exist": phase not in PHASES,
        f"its phase is {phase!r}, but it holds no mark": phase != IDLE and not _MARK.fullmatch(record.mark),
        f"its phase is {phase!r}, but it holds no new key with its secret": has_new and not (new.sid and new.secret),
        f"its phase is {phase!r}, but it holds a new key": not has_new and bool(new.sid or new.secret),
        "its current and its new key are the same": bool(new.sid) and new.sid == current.sid,
        "it holds a secret of no key": current.secret is not None and not current.sid,
        "it holds a key, but not when that was created": any(key.sid and not key.created_at for key in (current, new)),
        f"its phase is {phase!r}, but it holds no verified_at": phase == VERIFIED and not record.verified_at,
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")
