# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of operations: a task, the state before it, and the expected state after it."""

from __future__ import annotations

import hashlib
import hmac
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simulator.countries import HOME_COUNTRY
from simulator.state import World

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition

from .running import KEY_SECRET, KEY_SID, MAIN, MAIN_TOKEN

#: Stands for a SID or a token that did not exist before.
NEW = "new"

SUB, SUB_TOKEN = "AC" + "2" * 32, "c" * 32
SUSPENDED, SUSPENDED_TOKEN = "AC" + "3" * 32, "d" * 32
SECONDARY = "e" * 32

OLD_KEY, NEW_KEY = ("AKIA" + "O" * 16, "o" * 40), ("AKIA" + "N" * 16, "n" * 40)

#: An existing thing: its kind, and all that distinguishes it from others.
Thing = tuple[Any, ...]
Options = Mapping[str, Any]


def _public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = serialization.Encoding.PEM
    return key.public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


OLD_PUBLIC_KEY, NEW_PUBLIC_KEY = _public_key(), _public_key()


def sid(number: int) -> str:
    """Return the SID of a credential that exists before."""
    return f"CR{number:032x}"


def pair(key: tuple[str, str]) -> str:
    """Return an AWS key as Twilio takes it."""
    return ":".join(key)


def signed_aws_name(name: str, key: tuple[str, str], account_sid: str = MAIN) -> str:
    """Return the name of an AWS credential with its signature."""
    digits = hmac.new(account_sid.encode(), pair(key).encode(), hashlib.sha256).hexdigest()
    return f"{name} #{digits[:10]}"


def signed_public_key_name(name: str, pem: str) -> str:
    """Return the name of a public key with its signature."""
    der = serialization.load_pem_public_key(pem.encode()).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"{name} #{hashlib.sha256(der).hexdigest()[:10]}"


def list_things(world: World, known: set[str] | None = None) -> list[Thing]:
    """Return all existing things, sorted.

    :param world: the world of the simulator.
    :param known: the SIDs and tokens that existed before; NEW replaces all others. None to replace none.
    """

    def normalize(value: str | None) -> str | None:
        return value if known is None or value is None or value in known else NEW

    found: list[Thing] = []
    for account in world.accounts.values():
        found.append(("account", normalize(account.sid), account.owner_sid, account.friendly_name, account.status))
        found.append(("primary", normalize(account.sid), normalize(account.primary)))
        found.append(("secondary", normalize(account.sid), normalize(account.secondary)))
        for store in ("aws", "public_keys"):
            for each in getattr(account, store).values():
                found.append((store, account.sid, normalize(each.sid), each.friendly_name, each.secret))
        for key in account.api_keys.values():
            found.append(
                ("key", account.sid, normalize(key.sid), key.friendly_name, key.kind, *(key.permissions or []))
            )
        found += [("number", account.sid, number) for number in account.safelist]
        found += [("country", normalize(account.sid), code) for code in account.enabled_countries]
    return sorted(found, key=repr)


def list_names(world: World) -> set[str]:
    """Return all existing SIDs and tokens."""
    found: set[str] = set()
    for account in world.accounts.values():
        found |= {account.sid, account.primary, account.secondary or "", *account.aws, *account.public_keys}
        found |= {*account.safelist.values(), *account.api_keys}
        found |= {key.secret for key in [*account.api_keys.values(), *account.deleted_keys]}
    return found - {""}


@dataclass(frozen=True)
class Operation:
    """A task that sends requests.

    :param name: its name in the tables.
    :param module: the module's name without ``twilio_``.
    :param options: its arguments.
    :param seed: further fields of the main account in the seed.
    :param sub_seed: further fields of the subaccount in the seed.
    :param gone: the things that must not exist afterwards.
    :param made: the things that must exist afterwards, besides the earlier ones that are not gone.
    :param next_options: returns the arguments of the next run, given those of this one and its result.
    :param page_size: the number of items on a page, for lists with several pages.
    :param check_mode: whether it runs in check mode.
    :param settings: settings of the simulator.
    """

    name: str
    module: str
    options: Options
    seed: Options = field(default_factory=dict)
    sub_seed: Options = field(default_factory=dict)
    gone: Sequence[Thing] = ()
    made: Sequence[Thing] = ()
    next_options: Callable[[Options, Mapping[str, Any]], Options] = lambda options, _result: options
    page_size: int | None = None
    check_mode: bool = False
    settings: Options = field(default_factory=dict)

    @cached_property
    def definition(self) -> Definition:
        """The module's definition."""
        name = f"ansible_collections.community.twilio.plugins.modules.twilio_{self.module}"
        definition: Definition = importlib.import_module(name).DEFINITION
        return definition

    def accounts(self) -> dict[str, Any]:
        """Return the seed: the main account, a subaccount, and one that is suspended."""
        main = {"sid": MAIN, "auth_token": MAIN_TOKEN, "friendly_name": "Main"}
        sub = {"sid": SUB, "auth_token": SUB_TOKEN, "friendly_name": "shop", "owner_account_sid": MAIN}
        suspended = {"sid": SUSPENDED, "auth_token": SUSPENDED_TOKEN, "friendly_name": "asleep", "status": "suspended"}
        suspended["owner_account_sid"] = MAIN
        return {"accounts": [{**main, **self.seed}, {**sub, **self.sub_seed}, suspended]}

    def wanted(self, before: Sequence[Thing]) -> list[Thing]:
        """Return the expected things after it, given those before."""
        return sorted([*(thing for thing in before if thing not in self.gone), *self.made], key=repr)


def _aws(number: int, name: str, key: tuple[str, str] = OLD_KEY) -> dict[str, Any]:
    return {
        "sid": sid(number),
        "friendly_name": name,
        "credentials": pair(key),
        "date_created": f"2026-01-{number:02d}T00:00:00Z",
    }


def _key(number: int, name: str, pem: str = OLD_PUBLIC_KEY) -> dict[str, Any]:
    return {
        "sid": sid(number),
        "friendly_name": name,
        "public_key": pem,
        "date_created": f"2026-01-{number:02d}T00:00:00Z",
    }


def _is_aws(number: int | str, name: str, key: tuple[str, str] = OLD_KEY, account_sid: str = MAIN) -> Thing:
    return ("aws", account_sid, sid(number) if isinstance(number, int) else number, name, pair(key))


def _is_key(number: int | str, name: str, pem: str = OLD_PUBLIC_KEY, account_sid: str = MAIN) -> Thing:
    return ("public_keys", account_sid, sid(number) if isinstance(number, int) else number, name, pem)


_OTHERS = [_aws(21, "other"), _aws(22, "another")]
_GIVEN = {"aws_access_key_id": NEW_KEY[0], "aws_secret_access_key": NEW_KEY[1]}
_SHOP = {"friendly_name": "shop", **_GIVEN}
_WHEN_CHANGED = {**_SHOP, "update_secret": "when_changed"}
_MANY = [_aws(number, f"credential {number}") for number in range(1, 6)]
_AS_SUB = {"subaccount_sid": SUB}

_AWS = [
    Operation("create", "aws_credential", _SHOP, {"aws_credentials": _OTHERS}, made=[_is_aws(NEW, "shop", NEW_KEY)]),
    Operation("create, check mode", "aws_credential", _SHOP, check_mode=True),
    Operation(
        "create, list of three pages",
        "aws_credential",
        _SHOP,
        {"aws_credentials": _MANY},
        made=[_is_aws(NEW, "shop", NEW_KEY)],
        page_size=2,
    ),
    Operation("create, there already", "aws_credential", _SHOP, {"aws_credentials": [_aws(1, "shop")]}),
    Operation(
        "create, signed",
        "aws_credential",
        _WHEN_CHANGED,
        made=[_is_aws(NEW, signed_aws_name("shop", NEW_KEY), NEW_KEY)],
    ),
    Operation(
        "create, API key",
        "aws_credential",
        {**_SHOP, "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET},
        made=[_is_aws(NEW, "shop", NEW_KEY)],
    ),
    Operation(
        "create, as subaccount",
        "aws_credential",
        {**_SHOP, **_AS_SUB},
        {"aws_credentials": [_aws(1, "shop")]},
        made=[_is_aws(NEW, "shop", NEW_KEY, SUB)],
    ),
    Operation(
        "replace, keep",
        "aws_credential",
        _WHEN_CHANGED,
        {"aws_credentials": [_aws(1, signed_aws_name("shop", OLD_KEY)), *_OTHERS]},
        made=[_is_aws(NEW, signed_aws_name("shop", NEW_KEY), NEW_KEY)],
    ),
    Operation(
        "replace, remove",
        "aws_credential",
        {**_WHEN_CHANGED, "remove_replaced": True},
        {"aws_credentials": [_aws(1, signed_aws_name("shop", OLD_KEY)), *_OTHERS]},
        gone=[_is_aws(1, signed_aws_name("shop", OLD_KEY))],
        made=[_is_aws(NEW, signed_aws_name("shop", NEW_KEY), NEW_KEY)],
    ),
    Operation(
        "replace, remove two, as subaccount",
        "aws_credential",
        {**_WHEN_CHANGED, **_AS_SUB, "remove_replaced": True},
        sub_seed={
            "aws_credentials": [
                _aws(1, signed_aws_name("shop", OLD_KEY, SUB)),
                _aws(2, signed_aws_name("shop", ("A" * 20, "a" * 40))),
            ]
        },
        gone=[
            _is_aws(1, signed_aws_name("shop", OLD_KEY, SUB), account_sid=SUB),
            _is_aws(2, signed_aws_name("shop", ("A" * 20, "a" * 40)), account_sid=SUB),
        ],
        made=[_is_aws(NEW, signed_aws_name("shop", NEW_KEY, SUB), NEW_KEY, SUB)],
    ),
    Operation(
        "remove what was replaced",
        "aws_credential",
        {**_WHEN_CHANGED, "remove_replaced": True},
        {
            "aws_credentials": [
                _aws(1, signed_aws_name("shop", OLD_KEY)),
                _aws(2, signed_aws_name("shop", NEW_KEY), NEW_KEY),
            ]
        },
        gone=[_is_aws(1, signed_aws_name("shop", OLD_KEY))],
    ),
    Operation(
        "rename",
        "aws_credential",
        {"sid": sid(1), "friendly_name": "shop"},
        {"aws_credentials": [_aws(1, "old"), *_OTHERS]},
        gone=[_is_aws(1, "old")],
        made=[_is_aws(1, "shop")],
    ),
    Operation(
        "present, by SID",
        "aws_credential",
        {"sid": sid(1)},
        {"aws_credentials": [_aws(1, "shop"), *_OTHERS]},
    ),
    Operation(
        "absent, by name",
        "aws_credential",
        {"friendly_name": "shop", "state": "absent"},
        {"aws_credentials": [_aws(1, "shop"), *_OTHERS]},
        gone=[_is_aws(1, "shop")],
    ),
    Operation(
        "absent, by SID",
        "aws_credential",
        {"sid": sid(1), "state": "absent"},
        {"aws_credentials": [_aws(1, "shop"), *_OTHERS]},
        gone=[_is_aws(1, "shop")],
    ),
    Operation("all, three pages", "aws_credential_info", {}, {"aws_credentials": _MANY}, page_size=2),
    Operation("by SID", "aws_credential_info", {"sid": sid(2)}, {"aws_credentials": _MANY}),
    Operation(
        "by name, as subaccount",
        "aws_credential_info",
        {"friendly_name": "credential 2", **_AS_SUB},
        sub_seed={"aws_credentials": _MANY},
    ),
]

_KEY_SHOP = {"friendly_name": "shop", "public_key": NEW_PUBLIC_KEY}
_OTHER_KEYS = [_key(21, "other"), _key(22, "another")]

_PUBLIC_KEYS = [
    Operation("create", "public_key", _KEY_SHOP, made=[_is_key(NEW, "shop", NEW_PUBLIC_KEY)]),
    Operation(
        "replace, remove",
        "public_key",
        {**_KEY_SHOP, "update_secret": "always", "remove_replaced": True},
        {"public_keys": [_key(1, "shop"), *_OTHER_KEYS]},
        gone=[_is_key(1, "shop")],
        made=[_is_key(NEW, signed_public_key_name("shop", NEW_PUBLIC_KEY), NEW_PUBLIC_KEY)],
        # The next run has nothing left to do; 'always' would create another one all the same.
        next_options=lambda options, result: {
            **options,
            "update_secret": "when_changed" if result.get("changed") else "always",
        },
    ),
    Operation(
        "rename",
        "public_key",
        {"sid": sid(1), "friendly_name": "shop"},
        {"public_keys": [_key(1, "old"), *_OTHER_KEYS]},
        gone=[_is_key(1, "old")],
        made=[_is_key(1, "shop")],
    ),
    Operation(
        "absent, as subaccount",
        "public_key",
        {"friendly_name": "shop", "state": "absent", **_AS_SUB},
        {"public_keys": [_key(1, "shop")]},
        {"public_keys": [_key(2, "shop"), *_OTHER_KEYS]},
        gone=[_is_key(2, "shop", account_sid=SUB)],
    ),
    Operation("by name", "public_key_info", {"friendly_name": "other"}, {"public_keys": _OTHER_KEYS}),
]

_READ, _SEND = "/twilio/messaging/messages/read", "/twilio/messaging/messages/create"


def _api_key(number: int, name: str, *permissions: str) -> dict[str, Any]:
    key = {"sid": f"SK{number:032x}", "secret": f"{number:032x}", "friendly_name": name}
    return {**key, "permissions": list(permissions)} if permissions else key


def _is_api_key(number: int | None, name: str, *permissions: str, account_sid: str = MAIN) -> Thing:
    key_sid = NEW if number is None else f"SK{number:032x}"
    return ("key", account_sid, key_sid, name, "restricted" if permissions else "standard", *permissions)


_OTHER_API_KEYS = [_api_key(21, "other"), _api_key(22, "another", _READ)]
_API_KEY = {"friendly_name": "shop"}
_LIMITED = {**_API_KEY, "permissions": [_SEND, _READ]}

_API_KEYS = [
    Operation("create", "api_key", _API_KEY, {"api_keys": _OTHER_API_KEYS}, made=[_is_api_key(None, "shop")]),
    Operation("create, check mode", "api_key", _API_KEY, check_mode=True),
    Operation(
        "create restricted, list of two pages",
        "api_key",
        _LIMITED,
        {"api_keys": _OTHER_API_KEYS},
        made=[_is_api_key(None, "shop", _SEND, _READ)],
        page_size=2,
    ),
    Operation(
        "create, main API key",
        "api_key",
        {**_API_KEY, "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET},
        made=[_is_api_key(None, "shop")],
    ),
    Operation(
        "create, as subaccount",
        "api_key",
        {**_API_KEY, **_AS_SUB},
        {"api_keys": [_api_key(1, "shop")]},
        made=[_is_api_key(None, "shop", account_sid=SUB)],
    ),
    Operation("there already", "api_key", _LIMITED, {"api_keys": [_api_key(1, "shop", _READ, _SEND)]}),
    Operation(
        "other permissions",
        "api_key",
        _LIMITED,
        {"api_keys": [_api_key(1, "shop", _READ), *_OTHER_API_KEYS]},
        gone=[_is_api_key(1, "shop", _READ)],
        made=[_is_api_key(1, "shop", _SEND, _READ)],
    ),
    Operation(
        "rename",
        "api_key",
        {"sid": f"SK{1:032x}", "friendly_name": "shop"},
        {"api_keys": [_api_key(1, "old"), *_OTHER_API_KEYS]},
        gone=[_is_api_key(1, "old")],
        made=[_is_api_key(1, "shop")],
    ),
    Operation(
        "absent, by name",
        "api_key",
        {**_API_KEY, "state": "absent"},
        {"api_keys": [_api_key(1, "shop"), *_OTHER_API_KEYS]},
        gone=[_is_api_key(1, "shop")],
    ),
    Operation(
        "absent, by SID",
        "api_key",
        {"sid": f"SK{1:032x}", "state": "absent"},
        {"api_keys": [_api_key(1, "shop"), *_OTHER_API_KEYS]},
        gone=[_is_api_key(1, "shop")],
    ),
    Operation("all, two pages", "api_key_info", {}, {"api_keys": _OTHER_API_KEYS}, page_size=2),
    # One key: which request meets the fault must not depend on which thread is first.
    Operation(
        "by name, with permissions",
        "api_key_info",
        {"friendly_name": "another", "with_permissions": True},
        {"api_keys": _OTHER_API_KEYS},
    ),
    Operation("by SID", "api_key_info", {"sid": f"SK{22:032x}"}, {"api_keys": _OTHER_API_KEYS}),
]

_NUMBERS = ["+14155550101", "+14155550102", "+14155550103"]


def _number(number: str, account_sid: str = MAIN) -> Thing:
    return ("number", account_sid, number)


# One request at a time: which request meets the fault must not depend on which thread is first.
_SEVERAL = {"phone_number": _NUMBERS, "concurrency": 1}
_ONE = {"phone_number": _NUMBERS[:1]}

_SAFELIST = [
    Operation("add", "safelist_number", _ONE, made=[_number(_NUMBERS[0])]),
    Operation("add, there already", "safelist_number", _ONE, {"safelist": _NUMBERS}),
    Operation(
        "add three, one is there",
        "safelist_number",
        _SEVERAL,
        {"safelist": [_NUMBERS[1], "+14155550199"]},
        made=[_number(_NUMBERS[0]), _number(_NUMBERS[2])],
    ),
    Operation("add, as subaccount", "safelist_number", {**_ONE, **_AS_SUB}, made=[_number(_NUMBERS[0], SUB)]),
    Operation(
        "add, API key",
        "safelist_number",
        {**_ONE, "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET},
        made=[_number(_NUMBERS[0])],
    ),
    Operation(
        "remove",
        "safelist_number",
        {**_ONE, "state": "absent"},
        {"safelist": [_NUMBERS[0], "+14155550199"]},
        gone=[_number(_NUMBERS[0])],
    ),
    Operation(
        "remove three, one is gone",
        "safelist_number",
        {**_SEVERAL, "state": "absent"},
        {"safelist": [_NUMBERS[0], _NUMBERS[2], "+14155550199"]},
        gone=[_number(_NUMBERS[0]), _number(_NUMBERS[2])],
    ),
    Operation("look up", "safelist_number_info", _ONE, {"safelist": _NUMBERS}),
    Operation("look up three", "safelist_number_info", _SEVERAL, {"safelist": _NUMBERS[1:]}),
]


def _country(code: str, account_sid: str = MAIN) -> Thing:
    return ("country", account_sid, code)


_ENABLED = {"enabled_countries": ["DE", "FR", "PK", "US"]}
_ONLY = {"enabled": ["NO", "US"], "disabled": ["DE"]}

_COUNTRIES = [
    Operation(
        "change two",
        "messaging_geo_permission",
        _ONLY,
        _ENABLED,
        gone=[_country("DE")],
        made=[_country("NO")],
    ),
    Operation("change two, check mode", "messaging_geo_permission", _ONLY, _ENABLED, check_mode=True),
    Operation("as wanted", "messaging_geo_permission", {"enabled": ["FR", "US"], "disabled": ["NO"]}, _ENABLED),
    Operation(
        "disable all others",
        "messaging_geo_permission",
        {"enabled": ["NO", "PK", "US"], "others": "disabled", "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET},
        _ENABLED,
        gone=[_country("DE"), _country("FR")],
        made=[_country("NO")],
    ),
    Operation("all", "messaging_geo_permission_info", {}, _ENABLED),
    Operation("some", "messaging_geo_permission_info", {"country_code": ["NO", "US"]}, _ENABLED),
]


def _with_token(options: Options, result: Mapping[str, Any]) -> Options:
    """Return the options with the token that the run returned, or else with the advice of its failure followed."""
    if result.get("secondary_auth_token"):
        return {**options, "secondary_auth_token": result["secondary_auth_token"]}
    if "replace_unknown" in result.get("msg", ""):
        return {**options, "replace_unknown": True}
    return options


def _tokens(primary: str, secondary: str | None) -> list[Thing]:
    return [("primary", MAIN, primary), ("secondary", MAIN, secondary)]


_STAGED = {"secondary_auth_token": SECONDARY}
_PROMOTED = {"auth_token": SECONDARY}

_AUTH_TOKENS = [
    Operation(
        "present",
        "auth_token",
        {},
        gone=_tokens(MAIN_TOKEN, None)[1:],
        made=_tokens(MAIN_TOKEN, NEW)[1:],
        next_options=_with_token,
    ),
    Operation(
        "present, replace unknown",
        "auth_token",
        {"replace_unknown": True, "suppress_email_notification": True},
        _STAGED,
        gone=_tokens(MAIN_TOKEN, SECONDARY)[1:],
        made=_tokens(MAIN_TOKEN, NEW)[1:],
        next_options=_with_token,
    ),
    Operation("present, known", "auth_token", _STAGED, _STAGED),
    Operation(
        "promoted",
        "auth_token",
        {**_STAGED, "state": "promoted"},
        _STAGED,
        gone=_tokens(MAIN_TOKEN, SECONDARY),
        made=_tokens(SECONDARY, None),
    ),
    Operation("promoted already", "auth_token", {"auth_token": MAIN_TOKEN, **_STAGED, "state": "promoted"}, _PROMOTED),
    Operation(
        "absent",
        "auth_token",
        {"state": "absent"},
        _STAGED,
        gone=_tokens(MAIN_TOKEN, SECONDARY)[1:],
        made=_tokens(MAIN_TOKEN, None)[1:],
    ),
    Operation(
        "absent, known",
        "auth_token",
        {**_STAGED, "state": "absent", "suppress_email_notification": True},
        _STAGED,
        gone=_tokens(MAIN_TOKEN, SECONDARY)[1:],
        made=_tokens(MAIN_TOKEN, None)[1:],
    ),
    Operation("one", "auth_token_info", {}),
    Operation("two", "auth_token_info", _STAGED, _STAGED),
]


def _account(sid: str, name: str, status: str = "active") -> Thing:
    return ("account", sid, MAIN, name, status)


def new_account(name: str) -> list[Thing]:
    """Return the things of a subaccount that was just created."""
    return [_account(NEW, name), ("primary", NEW, NEW), ("secondary", NEW, None), _country(HOME_COUNTRY, NEW)]


_ACCOUNTS = [
    Operation("create", "account", {"friendly_name": "branch"}, made=new_account("branch")),
    Operation(
        "create, return token",
        "account",
        {"friendly_name": "branch", "return_auth_token": True},
        made=new_account("branch"),
        page_size=2,
    ),
    Operation("there already", "account", {"friendly_name": "shop", "return_auth_token": True}),
    Operation(
        "rename",
        "account",
        {"sid": SUB, "friendly_name": "store"},
        gone=[_account(SUB, "shop")],
        made=[_account(SUB, "store")],
    ),
    Operation(
        "rename the own one",
        "account",
        {"sid": MAIN, "friendly_name": "Headquarters"},
        gone=[_account(MAIN, "Main")],
        made=[_account(MAIN, "Headquarters")],
    ),
    Operation(
        "suspend, by name",
        "account",
        {"friendly_name": "shop", "state": "suspended"},
        gone=[_account(SUB, "shop")],
        made=[_account(SUB, "shop", "suspended")],
    ),
    Operation(
        "reactivate, by SID",
        "account",
        {"sid": SUSPENDED, "state": "active"},
        gone=[_account(SUSPENDED, "asleep", "suspended")],
        made=[_account(SUSPENDED, "asleep")],
    ),
    Operation(
        "close",
        "account",
        {"sid": SUB, "state": "closed"},
        gone=[_account(SUB, "shop")],
        made=[_account(SUB, "shop", "closed")],
    ),
    Operation("all, two pages", "account_info", {}, page_size=2),
    Operation("by name", "account_info", {"friendly_name": "shop"}),
    Operation("by SID", "account_info", {"sid": SUB}),
]

_USED = [
    {"date": f"2026-01-{day:02d}", "category": "calls", "usage": day, "count": 1, "price": "0.05"}
    for day in (1, 2, 3, 4, 5)
]
_DAYS = {"start_date": "2026-01-01", "end_date": "2026-01-31"}

_USAGE = [
    Operation("one page", "usage_info", _DAYS, {"usage": _USED}),
    Operation(
        "daily, three pages",
        "usage_info",
        {**_DAYS, "interval": "daily", "include_subaccounts": False},
        {"usage": _USED},
        page_size=2,
    ),
    Operation("of a subaccount", "usage_info", {**_DAYS, "sid": SUB}, sub_seed={"usage": _USED}),
]

OPERATIONS: Mapping[str, Operation] = {
    f"{operation.module}: {operation.name}": operation
    for operation in (
        *_AWS,
        *_PUBLIC_KEYS,
        *_API_KEYS,
        *_SAFELIST,
        *_COUNTRIES,
        *_AUTH_TOKENS,
        *_ACCOUNTS,
        *_USAGE,
    )
}
