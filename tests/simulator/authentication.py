# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identifies the sender of a request: HTTP Basic with `AccountSid:AuthToken` or `ApiKeySid:ApiKeySecret`."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from .errors import ApiError
from .settings import Settings
from .state import Account, ApiKey, World


@dataclass(frozen=True)
class Caller:
    """The sender of a request. `method` is primary, secondary, api_key, none or invalid."""

    account: Account | None
    method: str
    key: ApiKey | None = None
    username: str | None = None

    @property
    def has_token(self) -> bool:
        """Whether it is AccountSid:AuthToken, which has all rights."""
        return self.method in ("primary", "secondary")

    @property
    def has_main_key(self) -> bool:
        """Whether it is a main API key, which has most rights of a token."""
        return self.key is not None and self.key.kind == "main"


NOBODY = Caller(None, "none")


def identify(world: World, header: str | None) -> Caller:
    """Read an Authorization header. As at Twilio, it does not matter which part is wrong."""
    if not header:
        return NOBODY
    scheme, _space, value = header.partition(" ")
    if scheme.lower() != "basic":
        return Caller(None, "invalid")
    try:
        username, colon, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Caller(None, "invalid")
    if not colon:
        return Caller(None, "invalid")
    account = world.accounts.get(username)
    if account is not None:
        if _same(password, account.primary):
            return Caller(account, "primary", username=username)
        if account.secondary is not None and _same(password, account.secondary):
            return Caller(account, "secondary", username=username)
    elif username in world.keys:
        owner, key = world.keys[username]
        if _same(password, key.secret):
            return Caller(owner, "api_key", key, username)
    return Caller(None, "invalid", username=username)


def require(caller: Caller, settings: Settings) -> Account:
    """Return the account of a caller, or refuse it: with 20003, or if it is not active, with 20005 or 20003."""
    account = caller.account
    if account is None:
        raise ApiError(20003)
    if account.status != "active":
        code = settings.suspended_code
        raise ApiError(code, status=settings.suspended_status if code == 20005 else None)
    return account


def check_permission(caller: Caller, operation: str, settings: Settings) -> None:
    """Refuse an operation for which a restricted key lacks the permission.

    Twilio publishes no permissions for these endpoints, so the simulator's are made up: `/twilio/simulated/` and the
    operation's name in the contract.
    """
    if caller.key is None or caller.key.kind != "restricted":
        return
    if f"/twilio/simulated/{operation}" not in (caller.key.permissions or []):
        raise ApiError(70051, status=settings.missing_permission_status)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
