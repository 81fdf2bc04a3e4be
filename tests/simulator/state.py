# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of the simulator (accounts, tokens with their lives, credentials, numbers), and the rules of changing it
that don't depend on the form of a request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from secrets import token_hex
from typing import Any

from .countries import HOME_COUNTRY
from .errors import ApiError, not_found
from .settings import Settings


def new_sid(prefix: str) -> str:
    """Return a random SID: two letters and 32 lower-case hexadecimal characters."""
    return prefix + token_hex(16)


def now() -> datetime:
    """Return the current time in UTC, to the second, as Twilio does."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def instant() -> dict[str, float]:
    """Return the current time of both clocks; on Linux, all processes of a machine share the monotonic one."""
    return {"monotonic": time.monotonic(), "wall": time.time()}


@dataclass
class TokenLife:
    """When a token was valid, and what began and ended that."""

    token: str
    role: str
    valid_from: dict[str, float]
    valid_by: str
    promoted_at: dict[str, float] | None = None
    valid_until: dict[str, float] | None = None
    invalid_by: str | None = None


@dataclass
class ApiKey:
    """An API key; `kind` is main, standard or restricted, and only a restricted one has permissions."""

    sid: str
    secret: str
    kind: str
    friendly_name: str | None = None
    permissions: list[str] | None = None
    date_created: datetime = field(default_factory=now)
    date_updated: datetime = field(default_factory=now)
    sequence: int = 0
    valid_from: dict[str, float] = field(default_factory=instant)
    valid_until: dict[str, float] | None = None


@dataclass
class Credential:
    """An AWS credential or a public key. `sequence` only grows, so that list cursors survive any change."""

    sid: str
    account_sid: str
    friendly_name: str | None
    secret: str
    date_created: datetime
    date_updated: datetime | None
    sequence: int


@dataclass
class Account:
    """An account; a main account is its own owner."""

    sid: str
    owner_sid: str
    friendly_name: str
    primary: str
    sequence: int
    status: str = "active"
    type: str = "Full"
    date_created: datetime = field(default_factory=now)
    date_updated: datetime = field(default_factory=now)
    secondary: str | None = None
    secondary_created: datetime | None = None
    secondary_enabled: bool = True
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    deleted_keys: list[ApiKey] = field(default_factory=list)
    aws: dict[str, Credential] = field(default_factory=dict)
    public_keys: dict[str, Credential] = field(default_factory=dict)
    safelist: dict[str, str] = field(default_factory=dict)
    enabled_countries: set[str] = field(default_factory=lambda: {HOME_COUNTRY})
    usage: list[dict[str, Any]] = field(default_factory=list)
    history: list[TokenLife] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history.append(TokenLife(self.primary, "primary", instant(), "creation"))

    @property
    def is_main(self) -> bool:
        """Whether this is a main account."""
        return self.owner_sid == self.sid

    # -- tokens --------------------------------------------------------------------------------------------------

    def set_primary(self, token: str, by: str) -> None:
        """Replace the primary token at once."""
        if token != self.primary:
            self._end(self.primary, by)
            self.primary = token
            self.history.append(TokenLife(token, "primary", instant(), by))

    def set_secondary(self, token: str | None, by: str) -> None:
        """Replace the secondary token, if any; None removes it."""
        if token == self.secondary:
            return
        if self.secondary is not None:
            self._end(self.secondary, by)
        self.secondary = token
        self.secondary_created = now() if token else None
        if token is not None:
            self.history.append(TokenLife(token, "secondary", instant(), by))

    def promote(self) -> datetime:
        """Replace the primary by the secondary at once, and return the date when the secondary was created."""
        token, created = self.secondary, self.secondary_created
        if token is None or created is None:
            raise not_found("/AuthTokens/Promote")
        self._end(self.primary, "promote")
        for life in self.history:
            if life.token == token and life.valid_until is None:
                life.role, life.promoted_at = "primary", instant()
        self.primary, self.secondary, self.secondary_created = token, None, None
        return created

    def _end(self, token: str, by: str) -> None:
        for life in self.history:
            if life.token == token and life.valid_until is None:
                life.valid_until, life.invalid_by = instant(), by


class World:
    """All accounts, and the indices for looking up requests."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, tuple[Account, ApiKey]] = {}
        self._sequence = 0

    def next_sequence(self) -> int:
        """Return the next number in the order of creation."""
        self._sequence += 1
        return self._sequence

    def add_account(
        self, sid: str | None, token: str | None, friendly_name: str | None, owner_sid: str | None
    ) -> Account:
        """Create an account, without an owner a main account."""
        sid = sid or new_sid("AC")
        if not friendly_name:
            moment = now().strftime("%Y-%m-%d %I:%M %p").lower()
            friendly_name = f"SubAccount Created at {moment}" if owner_sid else "Main account"
        account = Account(sid, owner_sid or sid, friendly_name, token or token_hex(16), self.next_sequence())
        self.accounts[sid] = account
        return account

    def create_subaccount(self, parent: Account, friendly_name: str | None, limit: int) -> Account:
        """Create a subaccount: only of a main account (21101), and only up to the limit (21480)."""
        if not parent.is_main:
            raise ApiError(21101)
        if sum(1 for account in self.subaccounts(parent) if account.status != "closed") >= limit:
            raise ApiError(21480)
        return self.add_account(None, None, friendly_name, parent.sid)

    def subaccounts(self, parent: Account) -> list[Account]:
        """Return the subaccounts of an account, in order of creation."""
        return [each for each in self.accounts.values() if each.owner_sid == parent.sid and each is not parent]

    def add_key(self, account: Account, key: ApiKey) -> None:
        """Add an API key to an account."""
        key.sequence = self.next_sequence()
        account.api_keys[key.sid] = key
        self.keys[key.sid] = (account, key)

    def delete_key(self, account: Account, key: ApiKey) -> None:
        """Delete an API key of an account, which is invalid from now on."""
        key.valid_until = instant()
        account.deleted_keys.append(key)
        del account.api_keys[key.sid]
        # Seeds may give keys of several accounts the same SID, which then authenticates the last one.
        if self.keys.get(key.sid, (None, None))[1] is key:
            del self.keys[key.sid]

    def add_credential(
        self,
        account: Account,
        product: str,
        friendly_name: str | None,
        secret: str,
        settings: Settings,
        sid: str | None = None,
        date_created: datetime | None = None,
    ) -> Credential:
        """Add an AWS credential (`aws`) or a public key (`public_keys`) to an account's list."""
        created = date_created or now()
        updated = created if settings.new_date_updated == "date" else None
        credential = Credential(
            sid or new_sid("CR"), account.sid, friendly_name, secret, created, updated, self.next_sequence()
        )
        getattr(account, product)[credential.sid] = credential
        return credential
