# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""API keys. AccountSid:AuthToken and main keys manage them; a key's secret is returned once, at its creation.

Main keys are listed like others, but can't be created here. A restricted key's policy is a set of permissions.
"""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any

from .. import paging
from ..call import Answer, Call, operation, rfc2822
from ..errors import ApiError, not_found
from ..state import Account, ApiKey, new_sid, now

RESOURCE = "/Keys"
MOST_PERMISSIONS = 100


def _may_manage(call: Call, account: Account) -> bool:
    """Return whether the caller may manage the keys: its own; depending on a setting, those of a subaccount."""
    return account is call.account or (call.settings.parent_keys and account.owner_sid == call.account.sid)


def _check_caller(call: Call) -> None:
    if not (call.caller.has_token or call.caller.has_main_key):
        raise ApiError(20003)


def _account(call: Call, sid: str) -> Account:
    _check_caller(call)
    account = call.world.accounts.get(sid)
    if account is None or not _may_manage(call, account):
        raise not_found(RESOURCE)
    return account


def _find(call: Call) -> tuple[Account, ApiKey]:
    _check_caller(call)
    sid = call.names["Sid"]
    for account in (call.account, *call.world.subaccounts(call.account)):
        if sid in account.api_keys and _may_manage(call, account):
            return account, account.api_keys[sid]
    raise not_found(f"{RESOURCE}/{sid}")


def _read_policy(text: str) -> list[str]:
    """`{"allow": ["/twilio/messaging/messages/read"]}`: 100 permissions at most, each once."""
    try:
        policy = json.loads(text)
    except ValueError:
        raise ApiError(20001, "Policy is not JSON") from None
    allow = policy.get("allow") if isinstance(policy, dict) and set(policy) == {"allow"} else None
    if not isinstance(allow, list) or not all(isinstance(each, str) and each.startswith("/twilio/") for each in allow):
        raise ApiError(20001, "Policy is an object with 'allow', a list of permissions")
    if len(allow) > MOST_PERMISSIONS or len(set(allow)) != len(allow):
        raise ApiError(20001, f"Policy has {MOST_PERMISSIONS} permissions at most, each once")
    return allow


def _basics(key: ApiKey) -> dict[str, Any]:
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc2822(key.date_created),
        "date_updated": rfc2822(key.date_updated),
    }


def _list_item(key: ApiKey) -> dict[str, Any]:
    """Return a key as in the list, without its policy."""
    return {**_basics(key), "flags": ["rest_api"] if key.kind == "restricted" else ["rest_api", "signing"]}


def _describe(key: ApiKey) -> dict[str, Any]:
    return {**_basics(key), "policy": None if key.permissions is None else {"allow": key.permissions}}


@operation("list_keys")
def list_keys(call: Call) -> Answer:
    """List the keys of an account, main ones included."""
    account = _account(call, call.query["AccountSid"])
    page = paging.cut(list(account.api_keys.values()), call.query, call.settings)
    meta = paging.v1_meta(page, f"{call.origin}/v1{RESOURCE}", "keys", {"AccountSid": account.sid})
    return Answer(200, {"keys": [_list_item(key) for key in page.items], "meta": meta})


@operation("create_key")
def create_key(call: Call) -> Answer:
    """Create a standard key, or a restricted one with its policy; answer 201 with the secret."""
    account = _account(call, call.form["AccountSid"])
    restricted = "KeyType" in call.form
    if restricted != ("Policy" in call.form):
        raise ApiError(20001, "KeyType 'restricted' and Policy belong together")
    permissions = _read_policy(call.form["Policy"]) if restricted else None
    kind = "restricted" if restricted else "standard"
    key = ApiKey(new_sid("SK"), token_hex(16), kind, call.form.get("FriendlyName"), permissions)
    call.world.add_key(account, key)
    return Answer(201, {**_describe(key), "secret": key.secret})


@operation("fetch_key")
def fetch_key(call: Call) -> Answer:
    """Fetch one key with its policy, without its secret."""
    return Answer(200, _describe(_find(call)[1]))


@operation("update_key")
def update_key(call: Call) -> Answer:
    """Change the name or the policy, whichever is given. A standard key can't get a policy."""
    _owner, key = _find(call)
    permissions = key.permissions
    if "Policy" in call.form:
        if permissions is None:
            raise ApiError(20001, "The type of a key can't be changed: this one has no policy")
        permissions = _read_policy(call.form["Policy"])
    key.permissions = permissions
    key.friendly_name = call.form.get("FriendlyName", key.friendly_name)
    key.date_updated = now()
    return Answer(200, _describe(key))


@operation("delete_key")
def delete_key(call: Call) -> Answer:
    """Delete a key, which is invalid from now on; answer 204."""
    call.world.delete_key(*_find(call))
    return Answer(204)
