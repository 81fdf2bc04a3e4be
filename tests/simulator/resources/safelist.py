# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SafeList: look up, add and remove a number. There is no list call; a block is one entry like a number."""

from __future__ import annotations

from ..call import Answer, Call, operation
from ..errors import ApiError, not_found
from ..state import new_sid

RESOURCE = "/SafeList/Numbers"


def _absent(call: Call) -> ApiError:
    return not_found(RESOURCE, 20404 if call.settings.safelist_not_found_code else None)


@operation("fetch_number")
def fetch_number(call: Call) -> Answer:
    """Look up a number: 200, or 404 if it is absent."""
    number = call.query["PhoneNumber"]
    sid = call.account.safelist.get(number)
    if sid is None:
        raise _absent(call)
    return Answer(200, {"sid": sid, "phone_number": number})


@operation("create_number")
def create_number(call: Call) -> Answer:
    """Add a number: 201, or 400 with 60411 if it exists."""
    number = call.form["PhoneNumber"]
    if number in call.account.safelist:
        raise ApiError(60411)
    sid = call.account.safelist[number] = new_sid("GN")
    return Answer(201, {"sid": sid, "phone_number": number})


@operation("delete_number")
def delete_number(call: Call) -> Answer:
    """Remove a number: 204, or 404 if it is absent."""
    if call.account.safelist.pop(call.query["PhoneNumber"], None) is None:
        raise _absent(call)
    return Answer(204)
