# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messaging geo permissions: the countries that an account may send messages to.

An answer has a result for each country: a refused one doesn't prevent the others from being changed.
"""

from __future__ import annotations

from typing import Any

from ..call import Answer, Call, operation
from ..countries import COUNTRIES, HIGH_RISK, UNSUPPORTED
from ..errors import ApiError

REFUSED = 30649


def _listed(call: Call) -> list[str]:
    return [code for code in COUNTRIES if code not in UNSUPPORTED or call.settings.unsupported_countries_listed]


@operation("list_geo_permissions")
def list_geo_permissions(call: Call) -> Answer:
    """Answer 200 with the requested countries, or all."""
    asked_for = call.query["CountryCode"].split(",") if "CountryCode" in call.query else COUNTRIES
    permissions = [
        {
            "country_code": code,
            "type": "country",
            "enabled": code in call.account.enabled_countries,
            "prefix": f"+{COUNTRIES[code]}",
            "message": "High Risk Country" if code in HIGH_RISK else "",
        }
        for code in _listed(call)
        if code in asked_for
    ]
    return Answer(200, {"permissions": permissions})


@operation("update_geo_permissions")
def update_geo_permissions(call: Call) -> Answer:
    """Answer 200 with a result for each country; `enabled` is the requested value, even if it was refused."""
    changes: list[dict[str, Any]] = call.form["Permissions"]
    if len({change["country_code"] for change in changes}) != len(changes):
        raise ApiError(20001, "A country is given more than once")
    answers = []
    for change in changes:
        problem = _problem(change["country_code"])
        if problem is None and change["enabled"]:
            call.account.enabled_countries.add(change["country_code"])
        elif problem is None:
            call.account.enabled_countries.discard(change["country_code"])
        error = {"error_code": REFUSED, "error_messages": [problem]} if problem else {"error_code": 0}
        answers.append({**change, "error_messages": [], **error})
    return Answer(200, {"permissions": answers})


def _problem(code: str) -> str | None:
    if code in HIGH_RISK:
        return "High risk country permission cannot be updated"
    if code in UNSUPPORTED:
        return "Non-supported country permission cannot be updated"
    return None if code in COUNTRIES else f"Country code {code} is not valid"
