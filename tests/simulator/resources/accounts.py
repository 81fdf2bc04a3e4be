# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts of the 2010-04-01 API: a main account and its subaccounts, one level deep."""

from __future__ import annotations

from typing import Any

from .. import paging
from ..call import Answer, Call, operation, rfc2822
from ..errors import ApiError, not_found
from ..state import Account, now

SUBRESOURCES = {
    "addresses": "Addresses",
    "applications": "Applications",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "available_phone_numbers": "AvailablePhoneNumbers",
    "balance": "Balance",
    "calls": "Calls",
    "conferences": "Conferences",
    "connect_apps": "ConnectApps",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "queues": "Queues",
    "recordings": "Recordings",
    "short_codes": "SMS/ShortCodes",
    "signing_keys": "SigningKeys",
    "sip": "SIP",
    "transcriptions": "Transcriptions",
    "usage": "Usage",
}


def _may_see_token(call: Call, account: Account) -> bool:
    """Return whether the caller gets the token: a parent with its token or, by a setting, the account itself."""
    if not call.caller.has_token:
        return False
    if account is call.account:
        return call.settings.own_auth_token
    return account.owner_sid == call.account.sid


def describe(call: Call, account: Account) -> dict[str, Any]:
    """Return an account as this caller may see it."""
    base = f"/2010-04-01/Accounts/{account.sid}"
    body: dict[str, Any] = {
        "sid": account.sid,
        "friendly_name": account.friendly_name,
        "status": account.status,
        "type": account.type,
        "owner_account_sid": account.owner_sid,
        "date_created": rfc2822(account.date_created),
        "date_updated": rfc2822(account.date_updated),
        "subresource_uris": {name: f"{base}/{path}.json" for name, path in SUBRESOURCES.items()},
        "uri": f"{base}.json",
    }
    if _may_see_token(call, account):
        body["auth_token"] = account.primary
    elif call.settings.hidden_auth_token == "null":
        body["auth_token"] = None
    return body


def find(call: Call) -> Account:
    """Return the account in the path if the caller may see it: its own, or a subaccount."""
    account = call.world.accounts.get(call.names["Sid"])
    if account is None or (account is not call.account and account.owner_sid != call.account.sid):
        raise not_found(call.path)
    return account


@operation("list_accounts")
def list_accounts(call: Call) -> Answer:
    """List the caller's account and its subaccounts; names are compared exactly."""
    accounts = [call.account, *call.world.subaccounts(call.account)]
    accounts.sort(key=lambda account: account.sequence)
    filters: dict[str, str] = {}
    for parameter, attribute in (("FriendlyName", "friendly_name"), ("Status", "status")):
        if parameter in call.query:
            wanted = filters[parameter] = call.query[parameter]
            accounts = [account for account in accounts if getattr(account, attribute) == wanted]
    page = paging.cut(accounts, call.query, call.settings)
    envelope = paging.v2010_envelope(page, "/2010-04-01/Accounts.json", filters)
    return Answer(200, {**envelope, "accounts": [describe(call, account) for account in page.items]})


@operation("create_account")
def create_account(call: Call) -> Answer:
    """Create a subaccount of the caller; a standard API key may not manage accounts."""
    _refuse_limited_key(call)
    limit = call.settings.subaccount_limit
    account = call.world.create_subaccount(call.account, call.form.get("FriendlyName"), limit)
    return Answer(201, describe(call, account))


@operation("fetch_account")
def fetch_account(call: Call) -> Answer:
    """Fetch one account."""
    return Answer(200, describe(call, find(call)))


@operation("update_account")
def update_account(call: Call) -> Answer:
    """Rename, suspend, reactivate or close. A refusal changes nothing, not even the name."""
    _refuse_limited_key(call)
    account = find(call)
    status = call.form.get("Status", account.status)
    if status != account.status:
        if account is call.account:
            raise ApiError(21477)
        if account.status == "closed":
            raise ApiError(21479)
    name = call.form.get("FriendlyName", account.friendly_name)
    if (name, status) != (account.friendly_name, account.status):
        account.friendly_name, account.status, account.date_updated = name, status, now()
    return Answer(200, describe(call, account))


def _refuse_limited_key(call: Call) -> None:
    if not (call.caller.has_token or call.caller.has_main_key):
        raise ApiError(20003)
