# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security report as data: from what was asked about each account to one document, with ages, totals and an order.

Everything here is pure. ``_security_report_page.py`` makes a page of the document, and JSON is the document itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.community.twilio.plugins.plugin_utils._dates import days_between, read_date
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import timestamp

#: What a secret is, by its age, the most urgent first.
OVERDUE, DUE_SOON, UNKNOWN, IN_TIME = "overdue", "due_soon", "unknown", "in_time"
STATES = (OVERDUE, DUE_SOON, UNKNOWN, IN_TIME)

#: The part of its time, at the end of it, in which a secret is due soon: of 90 days the last 15.
_SOON = 1 / 6


def secret(
    kind: str,
    created_at: str | None,
    *,
    sid: str | None = None,
    friendly_name: str | None = None,
    phase: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    """Return what was found out about a secret.

    :param kind: what it is, such as ``api_key``.
    :param created_at: when it was made, None where that is not known.
    :param sid: Twilio's, None of an auth token.
    :param friendly_name: its name, None where it has none.
    :param phase: where its rotation is, None where no record is known.
    :param note: a sentence, such as why something is not known.
    """
    return {
        "kind": kind,
        "sid": sid,
        "friendly_name": friendly_name,
        "created_at": created_at,
        "phase": phase,
        "note": note,
    }


def problem(kinds: Sequence[str], reason: str) -> dict[str, Any]:
    """Return what could not be asked.

    :param kinds: of which secrets; none where nothing was asked about the account.
    :param reason: why, as a sentence.
    """
    return {"kinds": [*kinds], "reason": reason}


def document(accounts: Iterable[Mapping[str, Any]], max_age_days: float, now: datetime) -> dict[str, Any]:
    """Return the report.

    :param accounts: what was found out about each, with ``account_sid``, ``friendly_name``, ``status``, ``host``,
        ``secrets`` and ``problems``. Of those with one SID that counts of which most is known.
    :param max_age_days: how old a secret may get.
    :param now: the time, with its zone.
    :returns: what JSON knows; what is most urgent comes first.
    """
    reported = sorted((_account(each, max_age_days, now) for each in _once(accounts)), key=_account_urgency)
    states = [each["state"] for account in reported for each in account["secrets"]]
    unread = sum(max(1, len(each["kinds"])) for account in reported for each in account["problems"])
    return {
        "generated_at": timestamp(now),
        "max_age_days": max_age_days,
        "due_soon_days": round(max_age_days * _SOON, 1),
        "totals": {
            "accounts": len(reported),
            "secrets": len(states),
            OVERDUE: states.count(OVERDUE),
            DUE_SOON: states.count(DUE_SOON),
            UNKNOWN: states.count(UNKNOWN) + unread,
        },
        "accounts": reported,
    }


def _once(accounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return each account once: several hosts may stand for one, such as machines beside the fleet."""
    found: dict[Any, Mapping[str, Any]] = {}
    for account in accounts:
        key = account["account_sid"] or (account["host"],)
        if key not in found or _knowledge(account) > _knowledge(found[key]):
            found[key] = account
    return [*found.values()]


def _knowledge(account: Mapping[str, Any]) -> tuple[bool, bool]:
    return not account["problems"], account["status"] is not None


def _account(account: Mapping[str, Any], max_age_days: float, now: datetime) -> dict[str, Any]:
    secrets = sorted((_aged(each, max_age_days, now) for each in account["secrets"]), key=_urgency)
    states = {each["state"] for each in secrets}
    # A token that nobody keeps a record of is the usual case, and no reason to look at an account first.
    not_asked = {UNKNOWN} if account["problems"] else set()
    worst = next((state for state in STATES if state in (states - {UNKNOWN}) | not_asked), IN_TIME)
    return {**account, "state": worst, "secrets": secrets}


def _aged(found: Mapping[str, Any], max_age_days: float, now: datetime) -> dict[str, Any]:
    created_at = found["created_at"]
    if created_at is None:
        return {**found, "age_days": None, "due_at": None, "state": UNKNOWN}
    age = days_between(created_at, now)
    left = max_age_days - age
    state = OVERDUE if left <= 0 else DUE_SOON if left <= max_age_days * _SOON else IN_TIME
    try:
        due_at = timestamp(read_date(created_at) + timedelta(days=max_age_days))
    except OverflowError:
        due_at = None
    return {**found, "age_days": round(age, 1) or 0.0, "due_at": due_at, "state": state}


def _urgency(aged: Mapping[str, Any]) -> tuple[int, float, str]:
    return STATES.index(aged["state"]), -(aged["age_days"] or 0.0), aged["kind"]


def _account_urgency(account: Mapping[str, Any]) -> tuple[int, float, str, str]:
    oldest = max((each["age_days"] or 0.0 for each in account["secrets"]), default=0.0)
    return STATES.index(account["state"]), -oldest, account["friendly_name"] or "", account["account_sid"] or ""
