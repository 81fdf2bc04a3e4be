# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations that are known by a friendly name: the names of their records, and checks of their roles' variables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils._names import PLAIN_NAME_LENGTH, MarkedName
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError

_ACCOUNT_SID = re.compile("AC[0-9a-fA-F]{32}")


def safe_name(account_sid: str, friendly_name: str) -> str:
    """Return a name that can be a file's, and that no other friendly name of an account has."""
    safe = re.sub("[^a-z0-9_-]", "-", friendly_name.lower())
    return f"{account_sid}.{safe}-{hashlib.sha256(friendly_name.encode()).hexdigest()[:8]}"


def check_about(stored: Mapping[str, Any], account_sid: str, friendly_name: str) -> None:
    """Check that a record is about this friendly name of this account.

    :param stored: the record as it was loaded.
    :raises RotationError: where it is about another.
    """
    if (stored.get("account_sid"), stored.get("friendly_name")) != (account_sid, friendly_name):
        raise RotationError(
            f"The record is about {stored.get('friendly_name') or '(nothing)'} of account"
            f" {stored.get('account_sid') or '(none)'}. Nothing was done."
        )


def check_named(
    prefix: str, account_sid: str, friendly_name: str, max_age_days: float, grace_days: float
) -> list[tuple[object, str]]:
    """Return the checks of these variables of a role: whether each passes, and its message where it doesn't.

    :param prefix: the role's name, with which its variables begin.
    """
    return [
        (
            _ACCOUNT_SID.fullmatch(account_sid),
            f"{prefix}_account_sid (or TWILIO_ACCOUNT_SID) or {prefix}_subaccount_sid: expected AC and 32 hexadecimal"
            " digits.",
        ),
        (
            1 <= len(friendly_name) <= PLAIN_NAME_LENGTH and not MarkedName.parse(friendly_name).mark,
            f"{prefix}_friendly_name: expected 1 to {PLAIN_NAME_LENGTH} characters that don't end like a signature,"
            " which is a space, a hash and ten hexadecimal digits.",
        ),
        (max_age_days > 0, f"{prefix}_max_age_days: expected more than 0 days."),
        (
            0 <= grace_days < max_age_days or max_age_days <= 0,
            f"{prefix}_grace_days: expected fewer days than {prefix}_max_age_days, and none below 0.",
        ),
    ]
