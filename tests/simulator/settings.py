# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings, which select Twilio's behaviour where it varies or is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _optional_number(value: Any) -> bool:
    return value is None or (_number(value) and value > 0)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _prefix(value: Any) -> bool:
    return isinstance(value, str) and (not value or (value.startswith("/") and not value.endswith("/")))


def _one_of(*allowed: Any) -> Callable[[Any], bool]:
    # `type` beside equality: True == 1 in Python, and is not meant here.
    return lambda value: any(value == each and type(value) is type(each) for each in allowed)


@dataclass
class Settings:
    """All settings with their defaults. `CHECKS` defines what each accepts."""

    #: Milliseconds before each answer of the API.
    latency_ms: float = 0
    #: Refuse each POST, PUT, PATCH and DELETE to the API with 418 and count it.
    forbid_writes: bool = False
    #: Requests a second that each account may send to the SafeList; None for no limit.
    safelist_rate: float | None = None
    #: The `Retry-After` of the answer to a request above that rate; None for no such header.
    safelist_retry_after: float | None = None
    #: The answer to POST Secondary while a token exists: refuse it (70002), or replace the token.
    secondary_exists: str = "conflict"
    #: The dates of credentials. Those of tokens are always ISO 8601, those of 2010-04-01 always RFC 2822.
    dates: str = "iso8601"
    #: The code of the answer to an account that is not active; 20003 always has the status 401.
    suspended_code: int = 20005
    #: The status of the code 20005.
    suspended_status: int = 403
    #: The format of errors of /v1.
    error_format: str = "classic"
    #: Whether the 404 of an absent SafeList number has the code 20404, or none.
    safelist_not_found_code: bool = True
    #: Whether the list of geo permissions contains the countries that Twilio delivers nothing to.
    unsupported_countries_listed: bool = True
    #: `date_updated` of a new credential: null, or the date of its creation.
    new_date_updated: str = "null"
    #: Whether an account that reads itself gets its own `auth_token`.
    own_auth_token: bool = False
    #: How an `auth_token` is withheld: the key is absent, or its value null.
    hidden_auth_token: str = "absent"
    #: Whether a main API key may use AuthTokens/*. A standard one never may.
    main_key_auth_tokens: bool = False
    #: The status of the code 70051, for a restricted API key that lacks a permission.
    missing_permission_status: int = 403
    #: Whether a parent may manage the API keys of its subaccounts, by their AccountSid.
    parent_keys: bool = False
    #: Whether the secondary token may authenticate its own deletion.
    secondary_may_delete: bool = True
    #: The order of lists.
    list_order: str = "newest_first"
    #: Requests for larger pages than this fail with 500; None for no limit.
    page_size_limit: int | None = None
    #: How many subaccounts (closed ones not counted) an account may have.
    subaccount_limit: int = 1000
    #: A prefix of all API paths, as behind a gateway: `/twilio`. Addresses in answers are without it.
    path_prefix: str = ""
    #: Refuse query and form parameters that the contract doesn't know, and `Page` without its `PageToken`.
    strict: bool = True

    def change(self, changes: dict[str, Any]) -> None:
        """Apply a partial change, or raise ValueError and change nothing."""
        for name, value in changes.items():
            check = CHECKS.get(name)
            if check is None:
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(sorted(CHECKS))}")
            if not check(value):
                raise ValueError(f"setting {name!r} can't be {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All settings, as the control API shows them."""
        return asdict(self)


CHECKS: dict[str, Callable[[Any], bool]] = {
    "latency_ms": _number,
    "forbid_writes": _flag,
    "safelist_rate": _optional_number,
    "safelist_retry_after": _optional_number,
    "secondary_exists": _one_of("conflict", "replace"),
    "dates": _one_of("iso8601", "rfc2822"),
    "suspended_code": _one_of(20003, 20005),
    "suspended_status": _one_of(401, 403),
    "error_format": _one_of("classic", "rfc9457"),
    "safelist_not_found_code": _flag,
    "unsupported_countries_listed": _flag,
    "new_date_updated": _one_of("null", "date"),
    "own_auth_token": _flag,
    "hidden_auth_token": _one_of("absent", "null"),
    "main_key_auth_tokens": _flag,
    "missing_permission_status": _one_of(401, 403),
    "parent_keys": _flag,
    "secondary_may_delete": _flag,
    "list_order": _one_of("newest_first", "oldest_first"),
    "page_size_limit": lambda value: value is None or (_whole_number(value) and value > 0),
    "subaccount_limit": _whole_number,
    "path_prefix": _prefix,
    "strict": _flag,
}

if {field.name for field in fields(Settings)} != set(CHECKS):
    raise RuntimeError("each setting needs its check")
