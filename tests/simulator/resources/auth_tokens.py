# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AuthTokens: the secondary token, and its promotion.

Both tokens authenticate both operations. A standard API key is refused; a setting decides about a main one, since
Twilio's behaviour is not known.
"""

from __future__ import annotations

from secrets import token_hex

from ..call import Answer, Call, iso8601, operation
from ..errors import ApiError, not_found
from ..state import now

SECONDARY = "/AuthTokens/Secondary"
PROMOTE = "/AuthTokens/Promote"


def _check(call: Call, resource: str) -> None:
    caller = call.caller
    if not caller.has_token and not (caller.has_main_key and call.settings.main_key_auth_tokens):
        raise ApiError(20003)
    if not call.account.secondary_enabled:
        raise not_found(resource)


def _notify(call: Call, what: str) -> None:
    parameters = {**call.query, **call.form}
    if not parameters.get("SuppressEmailNotification", False):
        call.account.emails.append(what)


@operation("create_secondary_token")
def create_secondary_token(call: Call) -> Answer:
    """Create a token: 201; an existing one is a conflict (70002) or is replaced, depending on a setting."""
    _check(call, SECONDARY)
    account = call.account
    if account.secondary is not None and call.settings.secondary_exists == "conflict":
        raise ApiError(70002, "A secondary auth token already exists")
    by = "create" if account.secondary is None else "replace"
    account.set_secondary(token_hex(16), by)
    _notify(call, by)
    date = iso8601(account.secondary_created or now())
    return Answer(
        201,
        {
            "account_sid": account.sid,
            "secondary_auth_token": account.secondary,
            "date_created": date,
            "date_updated": date,
            "url": f"{call.origin}/v1{SECONDARY}",
        },
    )


@operation("delete_secondary_token")
def delete_secondary_token(call: Call) -> Answer:
    """Delete the secondary token: 204, or 404 if there is none."""
    _check(call, SECONDARY)
    if call.account.secondary is None:
        raise not_found(SECONDARY)
    if call.caller.method == "secondary" and not call.settings.secondary_may_delete:
        raise ApiError(20003)
    call.account.set_secondary(None, "delete")
    _notify(call, "delete")
    return Answer(204)


@operation("promote_token")
def promote_token(call: Call) -> Answer:
    """Promote the secondary token: 200; the old primary is invalid from now on."""
    _check(call, PROMOTE)
    created = call.account.promote()
    _notify(call, "promote")
    return Answer(
        200,
        {
            "account_sid": call.account.sid,
            "auth_token": call.account.primary,
            "date_created": iso8601(created),
            "date_updated": iso8601(now()),
            "url": f"{call.origin}/v1{PROMOTE}",
        },
    )
