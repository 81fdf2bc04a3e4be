# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record, the settings and the names of a rotation of AWS credentials or public keys.

The record holds no secret. A credential is recognized by its fingerprint, with which its name is signed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past
from ansible_collections.community.twilio.plugins.plugin_utils._friendly_name import (
    check_about,
    check_named,
    safe_name,
)
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    RotationError,
    Settings,
    timestamp,
    unusable,
)

IDLE, ISSUING, ISSUED, CREATED, VERIFIED, REVOKING = "idle", "issuing", "issued", "created", "verified", "revoking"
PHASES = (IDLE, ISSUING, ISSUED, CREATED, VERIFIED, REVOKING)

#: How the path of a private key tells when it was made.
_MADE_FORMAT = "%Y%m%dT%H%M%S.%fZ"
_MADE = re.compile(r"-(\d{8}T\d{6}\.\d+Z)\.pem$")


@dataclass(frozen=True)
class CredentialType:
    """What distinguishes the two types of credentials.

    :param name: the first part of a record's name.
    :param role: the role that rotates it, which is also the prefix of its variables.
    :param noun: what a user calls one.
    :param key: what a credential is made of.
    :param has_access_key: whether that is an access key, which hooks issue, list and revoke. Otherwise it is a key
        pair, which is made here and kept.
    """

    name: str
    role: str
    noun: str
    key: str
    has_access_key: bool


AWS_CREDENTIAL = CredentialType("aws_credential", "rotate_aws_credential", "AWS credential", "an access key", True)
PUBLIC_KEY = CredentialType("public_key", "rotate_public_key", "public key", "a key pair", False)
#: By their names.
CREDENTIAL_TYPES: Mapping[str, CredentialType] = {each.name: each for each in (AWS_CREDENTIAL, PUBLIC_KEY)}


@dataclass(frozen=True)
class Key:
    """What a record holds of a credential; what is not known is empty.

    :param sid: Twilio's.
    :param key_id: of an AWS credential, the id of its access key.
    :param fingerprint: what its name is signed with.
    :param private_key_path: of a public key, the file of its private half.
    """

    sid: str = ""
    key_id: str = ""
    fingerprint: str = ""
    private_key_path: str = ""

    @classmethod
    def from_stored(cls, stored: Any) -> Key:
        """Return what a record holds; None and an empty text are the same.

        :raises ValueError: where it is no dictionary.
        """
        if stored is not None and not isinstance(stored, Mapping):
            raise ValueError("not a dictionary")
        return cls(**{name: str((stored or {}).get(name) or "") for name in cls.__dataclass_fields__})

    def stored(self) -> dict[str, str] | None:
        """Return it as records hold it: what is known; None where nothing is."""
        return {name: value for name, value in asdict(self).items() if value} or None


NO_KEY = Key()


@dataclass(frozen=True)
class CredentialRecord:
    """What is kept of the credentials of one name.

    :param current: the credential that is replaced, or was made last.
    :param new: the one that is to replace it.
    :param present: the ids of the access keys that there were when issuing began.
    :param verified_at: when the consumers were verified with the new one.
    """

    account_sid: str
    friendly_name: str
    phase: str = IDLE
    current: Key = NO_KEY
    new: Key = NO_KEY
    present: tuple[str, ...] = ()
    verified_at: str | None = None


class Listed(NamedTuple):
    """A credential of the rotation's name, as Twilio lists it."""

    sid: str
    fingerprint: str | None
    date_created: str | None


#: What Twilio lists under the name.
CredentialProbe = tuple[Listed, ...]


class AccessKey(NamedTuple):
    """An access key, as the hook ``list`` reports it.

    :param used: False where it is certain that nobody ever used it.
    :param status: None where the hook doesn't report it, which counts as active.
    """

    id: str
    used: bool | None = None
    status: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether AWS accepts it."""
        return self.status is None or self.status.lower() == "active"


@dataclass(frozen=True)
class CredentialSettings(Settings):
    """The settings of a role.

    :param credential_type: the type.
    :param grace_days: how long the old one stays after the consumers were moved.
    :param lists_keys: whether there is a hook that lists access keys.
    :param private_key_folder: where private keys are kept.
    """

    credential_type: CredentialType
    grace_days: float
    lists_keys: bool = False
    private_key_folder: str = ""


# -- names, settings, records ------------------------------------------------------------------------------------------


def record_name(credential_type: CredentialType, account_sid: str, friendly_name: str) -> str:
    """Return the name of a rotation's record."""
    return f"{credential_type.name}.{safe_name(account_sid, friendly_name)}"


def private_key_path(record: CredentialRecord, settings: CredentialSettings) -> str:
    """Return the path for a private key that is made now: a file of its own, even if two are made in one second."""
    made = settings.now.strftime(_MADE_FORMAT)
    return f"{settings.private_key_folder}/{safe_name(record.account_sid, record.friendly_name)}-{made}.pem"


def made_at(key: Key) -> str | None:
    """Return when a key pair was made, which its private key's path tells; None where nothing does.

    Of an access key, Twilio and AWS know.
    """
    made = _MADE.search(key.private_key_path)
    if made is None:
        return None
    try:
        return timestamp(datetime.strptime(made[1], _MADE_FORMAT))
    except ValueError:
        return None


def check_settings(
    credential_type: CredentialType,
    *,
    account_sid: str,
    friendly_name: str,
    max_age_days: float,
    grace_days: float,
    private_key_folder: str = "",
    iam_user: str = "",
    issue_tasks: str = "",
    revoke_tasks: str = "",
) -> list[str]:
    """Return what is wrong with a role's variables beyond what an argument spec can check, a sentence for each."""
    prefix = credential_type.role
    checks = [
        *check_named(prefix, account_sid, friendly_name, max_age_days, grace_days),
        (
            credential_type.has_access_key or os.path.isabs(private_key_folder),
            f"{prefix}_private_key_folder: expected the absolute path of the folder in which private keys are kept.",
        ),
        (
            not credential_type.has_access_key or iam_user or (issue_tasks and revoke_tasks),
            f"{prefix}_iam_user: expected the name of a dedicated IAM user, unless {prefix}_issue_tasks and"
            f" {prefix}_revoke_tasks are both given.",
        ),
    ]
    return [message for passes, message in checks if not passes]


def read_keys(handed_over: Any, settings: CredentialSettings) -> tuple[AccessKey, ...]:
    """Return the access keys that the hook ``list`` handed over.

    :param handed_over: the fact that it sets.
    :raises RotationError: where that is not valid; the message does not repeat it.
    """
    role = settings.credential_type.role
    problem = RotationError(
        f"{role}_list_tasks: expected them to set the fact {role}_keys, a list of dictionaries with id, used and"
        " status. Nothing was removed."
    )
    if isinstance(handed_over, (str, bytes, Mapping)) or not isinstance(handed_over, Sequence):
        raise problem
    keys = []
    for key in handed_over:
        if not isinstance(key, Mapping) or not isinstance(key.get("id"), str) or not key["id"]:
            raise problem
        used, status = key.get("used"), key.get("status")
        keys.append(
            AccessKey(str(key["id"]), used if isinstance(used, bool) else None, str(status) if status else None)
        )
    return tuple(keys)


def first_record(account_sid: str, friendly_name: str) -> CredentialRecord:
    """Return the record of a rotation that has none yet."""
    return CredentialRecord(account_sid, friendly_name)


def stored(record: CredentialRecord) -> dict[str, Any]:
    """Return a record as it is kept. It holds no secret."""
    return {
        **{name: getattr(record, name) for name in CredentialRecord.__dataclass_fields__},
        "current": record.current.stored(),
        "new": record.new.stored(),
        "present": list(record.present),
    }


def read_record(
    stored: Mapping[str, Any], account_sid: str, friendly_name: str, now: datetime, credential_type: CredentialType
) -> CredentialRecord:
    """Return the record that a store holds.

    :param stored: as it was loaded; other keys are ignored.
    :param account_sid: the account that it must be about.
    :param friendly_name: the name that it must be about.
    :raises RotationError: where it is of another rotation, contradicts itself, or holds a date in the future.
    """
    check_about(stored, account_sid, friendly_name)
    try:
        record = CredentialRecord(
            account_sid=account_sid,
            friendly_name=friendly_name,
            phase=str(stored.get("phase")),
            current=Key.from_stored(stored.get("current")),
            new=Key.from_stored(stored.get("new")),
            present=_texts(stored.get("present")),
            verified_at=str(stored["verified_at"]) if stored.get("verified_at") else None,
        )
        problem = _contradiction(record, credential_type)
        if record.verified_at:
            check_past(record.verified_at, "verified_at", now)
    except DateError as error:
        problem = str(error)
    except ValueError:
        problem = "current or new is no dictionary, or present no list of texts"
    if problem:
        raise unusable(problem)
    return record


def _texts(stored: Any) -> tuple[str, ...]:
    if stored is None:
        return ()
    if not isinstance(stored, (list, tuple)) or not all(isinstance(each, str) for each in stored):
        raise ValueError("not a list of texts")
    return tuple(stored)


def _contradiction(record: CredentialRecord, credential_type: CredentialType) -> str:
    """Return what a record contradicts itself in, as a part of a sentence; empty where it doesn't."""
    if record.phase not in PHASES:
        return f"its phase is {record.phase!r}, which does not exist"
    held = "key_id" if credential_type.has_access_key else "private_key_path"
    needed = {
        IDLE: (),
        ISSUING: () if credential_type.has_access_key else (held,),
        ISSUED: (held, "fingerprint"),
    }.get(record.phase, (held, "fingerprint", "sid"))
    for name in Key.__dataclass_fields__:
        value = getattr(record.new, name)
        if name in needed and not value:
            return f"its phase is {record.phase!r}, but it holds no {name} of the new {credential_type.noun}"
        if record.phase in (IDLE, ISSUING, ISSUED) and value and name not in needed:
            return f"its phase is {record.phase!r}, but it holds the {name} of a new {credential_type.noun}"
        if value and value == getattr(record.current, name):
            return f"its current and its new {credential_type.noun} have the same {name}"
    if record.phase == VERIFIED and not record.verified_at:
        return "its phase is 'verified', but it holds no verified_at"
    return ""
