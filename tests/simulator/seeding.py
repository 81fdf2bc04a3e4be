# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates data before a test (`POST /_simulator/seed`), and shows it (`GET /_simulator/state`)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from secrets import token_hex
from typing import Any

from .countries import COUNTRIES
from .settings import Settings
from .state import Account, ApiKey, Credential, World, new_sid, now

KNOWN = {
    "sid",
    "auth_token",
    "secondary_auth_token",
    "friendly_name",
    "status",
    "type",
    "owner_account_sid",
    "secondary_enabled",
    "api_keys",
    "aws_credentials",
    "public_keys",
    "safelist",
    "enabled_countries",
    "usage",
    "date_created",
}
# Otherwise, an invalid SID or token would break the contract later.
FORMS = {
    "sid": re.compile(r"AC[0-9a-fA-F]{32}"),
    "auth_token": re.compile(r"[0-9a-f]{32}"),
    "secondary_auth_token": re.compile(r"[0-9a-f]{32}"),
}
STATUSES = ("active", "suspended", "closed")
# A valid public key for seeds without one; its private half was discarded.
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo/WRLhTIJ0mzt6IRbz9x
gHgM/jlTWPdwXySTH+mc088/tqxobWKofujvm/34TqUmcnpub3cHJPKeJ2/HTXhP
cvHW8KwdKmLvr21x2KTnZpV+K9ObRdyUHj1OgGrqwX9UzkHdcTjzP6w5gqH/jFOh
NYazXpQ17S3ahIr34KrlQOQ/qjQKqGzpwV8U0K5KLK27Ylv1fV9s+S7Nv61tYqvE
XbXQxPA7BWT2E81Rf9JpRSLbO57exIP25x3nxxmKG3VY/pj4UPXgIyxugYNLnYGj
LxKDm1xOPChILl46tO3csgkP6amCmu10mt2lklQLYXjfNObk9UxCOlODxiAzBa82
9wIDAQAB
-----END PUBLIC KEY-----
"""
SECRET_FIELDS = {"aws": "credentials", "public_keys": "public_key"}


def seed(world: World, settings: Settings, data: Any) -> dict[str, Any]:
    """Create or update accounts and their content; raise ValueError if the seed is invalid."""
    if not isinstance(data, dict) or set(data) != {"accounts"} or not isinstance(data["accounts"], list):
        raise ValueError('expected {"accounts": [...]}')
    for item in data["accounts"]:
        if not isinstance(item, dict):
            raise ValueError("an account is an object")
        unknown = set(item) - KNOWN
        if unknown:
            raise ValueError(f"an account doesn't know {', '.join(sorted(unknown))}")
        if item.get("status", "active") not in STATUSES:
            raise ValueError(f"status is one of {', '.join(STATUSES)}")
        for name, form in FORMS.items():
            if item.get(name) and not form.fullmatch(item[name]):
                raise ValueError(f"{name} must be {form.pattern}")
        if not set(item.get("enabled_countries", [])) <= set(COUNTRIES):
            raise ValueError("enabled_countries is a list of ISO 3166 alpha-2 codes")
    return {"accounts": [_seed_account(world, settings, item) for item in data["accounts"]]}


def _seed_account(world: World, settings: Settings, item: dict[str, Any]) -> dict[str, Any]:
    account = world.accounts.get(item.get("sid") or "")
    if account is None:
        owner = item.get("owner_account_sid")
        if owner and owner not in world.accounts and owner != item.get("sid"):
            raise ValueError(f"owner_account_sid {owner} is no account")
        account = world.add_account(item.get("sid"), item.get("auth_token"), item.get("friendly_name"), owner)
    else:
        if item.get("auth_token"):
            account.set_primary(item["auth_token"], "seed")
        if item.get("owner_account_sid"):
            account.owner_sid = item["owner_account_sid"]
        if item.get("friendly_name"):
            account.friendly_name = item["friendly_name"]
    if "secondary_auth_token" in item:
        account.set_secondary(item["secondary_auth_token"], "seed")
    account.status = item.get("status", account.status)
    account.type = item.get("type", account.type)
    account.secondary_enabled = bool(item.get("secondary_enabled", account.secondary_enabled))
    account.usage += item.get("usage", [])
    if "date_created" in item:
        account.date_created = _date(item["date_created"])
    keys = [_key(each) for each in _items(item.get("api_keys", []), "api_keys")]
    for key in keys:
        world.add_key(account, key)
    numbers = {number: account.safelist.get(number) or new_sid("GN") for number in item.get("safelist", [])}
    account.safelist.update(numbers)
    account.enabled_countries = set(item.get("enabled_countries", account.enabled_countries))
    made: dict[str, Any] = {
        "sid": account.sid,
        "auth_token": account.primary,
        "secondary_auth_token": account.secondary,
        "friendly_name": account.friendly_name,
        "status": account.status,
        "owner_account_sid": account.owner_sid,
        "api_keys": [view_key(key) for key in keys],
        "safelist": [{"phone_number": number, "sid": sid} for number, sid in numbers.items()],
    }
    for store, field in (("aws", "aws_credentials"), ("public_keys", "public_keys")):
        items = _items(item.get(field, []), field)
        made[field] = [view_credential(_credential(world, account, store, each, settings), store) for each in items]
    return made


def _items(value: Any, field: str) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        unknown = set(value) - {"count", "prefix"}
        if unknown or not isinstance(value.get("count"), int):
            raise ValueError(f'{field} in bulk is {{"count": 2300, "prefix": "bulk "}}')
        return [{"friendly_name": f"{value.get('prefix', '')}{number}"} for number in range(value["count"])]
    if not isinstance(value, list):
        raise ValueError(f"{field} is a list, or a count and a prefix")
    return value


def _credential(world: World, account: Account, store: str, item: dict[str, Any], settings: Settings) -> Credential:
    known = {"sid", "friendly_name", "date_created", SECRET_FIELDS[store]}
    unknown = set(item) - known
    if unknown:
        raise ValueError(f"a credential doesn't know {', '.join(sorted(unknown))}")
    secret = item.get(SECRET_FIELDS[store])
    if not secret:
        secret = PUBLIC_KEY if store == "public_keys" else f"AKIA{token_hex(8).upper()}:{token_hex(20)}"
    created = _date(item["date_created"]) if item.get("date_created") else None
    return world.add_credential(account, store, item.get("friendly_name"), secret, settings, item.get("sid"), created)


def _key(item: dict[str, Any]) -> ApiKey:
    known = {"sid", "secret", "kind", "friendly_name", "permissions", "date_created"}
    unknown = set(item) - known
    if unknown:
        raise ValueError(f"an API key doesn't know {', '.join(sorted(unknown))}")
    permissions = item.get("permissions")
    kind = item.get("kind", "standard" if permissions is None else "restricted")
    if kind not in ("main", "standard", "restricted"):
        raise ValueError("the kind of an API key is main, standard or restricted")
    if (kind == "restricted") != (permissions is not None):
        raise ValueError("a restricted API key has permissions, and no other has")
    created = _date(item["date_created"]) if item.get("date_created") else now()
    sid, secret = item.get("sid") or new_sid("SK"), item.get("secret") or token_hex(16)
    return ApiKey(sid, secret, kind, item.get("friendly_name"), permissions, created, created)


def _date(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def view_credential(credential: Credential, store: str) -> dict[str, Any]:
    """Return a credential with its secret."""
    return {
        "sid": credential.sid,
        "account_sid": credential.account_sid,
        "friendly_name": credential.friendly_name,
        SECRET_FIELDS[store]: credential.secret,
        "date_created": credential.date_created.isoformat(),
        "date_updated": credential.date_updated.isoformat() if credential.date_updated else None,
    }


def view_key(key: ApiKey) -> dict[str, Any]:
    """Return an API key with its secret."""
    return {
        "sid": key.sid,
        "secret": key.secret,
        "kind": key.kind,
        "friendly_name": key.friendly_name,
        "permissions": key.permissions,
        "date_created": key.date_created.isoformat(),
        "date_updated": key.date_updated.isoformat(),
    }


def view_key_life(key: ApiKey) -> dict[str, Any]:
    """Return an API key, and when it was valid."""
    return {**view_key(key), "valid_from": key.valid_from, "valid_until": key.valid_until}


def view(account: Account) -> dict[str, Any]:
    """Return all of an account, secrets included."""
    return {
        "sid": account.sid,
        "auth_token": account.primary,
        "secondary_auth_token": account.secondary,
        "secondary_enabled": account.secondary_enabled,
        "friendly_name": account.friendly_name,
        "status": account.status,
        "type": account.type,
        "owner_account_sid": account.owner_sid,
        "api_keys": [view_key(key) for key in account.api_keys.values()],
        "aws_credentials": [view_credential(each, "aws") for each in account.aws.values()],
        "public_keys": [view_credential(each, "public_keys") for each in account.public_keys.values()],
        "safelist": [{"phone_number": number, "sid": sid} for number, sid in account.safelist.items()],
        "enabled_countries": sorted(account.enabled_countries),
        "usage": account.usage,
        "emails": account.emails,
        "counts": {
            "aws_credentials": len(account.aws),
            "public_keys": len(account.public_keys),
            "safelist": len(account.safelist),
            "api_keys": len(account.api_keys),
        },
        "time": now().isoformat(),
    }
