# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: which request meets which fault, and how each fault changes an answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import ERRORS, ApiError

VARIANTS = ("list", "empty_object", "wrong_types", "deep")
PARTS = ("headers", "body")
PAGES = ("given", "same", "endless")
DEEP = 100_000
OTHER_ACCOUNT = "AC" + "0badacc0" * 4

# The kinds that put a value into the fields of the true answer whose name matches, with their defaults.
FIELDS: dict[str, dict[str, Any]] = {
    "wrong_field": {"field": ".*", "value": None, "limit": None},
    "wrong_owner": {"field": "owner_account_sid", "value": OTHER_ACCOUNT, "limit": None},
    "null_items": {"field": "credentials|keys|accounts|usage_records|permissions", "value": None, "limit": None},
    "odd_dates": {
        "field": "date_created|date_updated|as_of|start_date|end_date",
        "value": "0001-01-01T00:00:00+14:00",
        "limit": None,
    },
    "odd_numbers": {"field": "usage|count|price", "value": "1E-7", "limit": None},
}
# The kinds that change the true answer: the request is always applied.
CHANGES: dict[str, dict[str, Any]] = {
    "wrong_shape": {"variant": "list"},
    "wrong_account": {},
    "wrong_sid": {},
    **FIELDS,
    "next_page": {"value": "@127.0.0.1:9/x", "page": "given"},
}
# The further fields of each kind, with defaults.
KINDS: dict[str, dict[str, Any]] = {
    "429": {"retry_after": None},
    "500": {"applied": False, "retry_after": None},
    "502": {"applied": False, "retry_after": None},
    "503": {"applied": False, "retry_after": None},
    "504": {"applied": False, "retry_after": None},
    "reset": {"applied": False},
    "hang": {"applied": False},
    "late": {"delay": None, "after_requests": None, "status": None, "retry_after": None},
    "truncated": {"applied": True},
    "drip": {"applied": True, "part": "body", "interval": 0.05, "size": 1},
    "big_body": {"applied": True, "size": 300_000_000, "length": True},
    "html": {"applied": False, "status": 502},
    "gateway_404": {"message": "no Route matched"},
    "status": {"applied": False, "status": 400, "code": None, "message": None, "retry_after": None},
    "json": {"applied": True, "status": 200, "body": "{}", "headers": {}},
    **{kind: {"applied": True, **options} for kind, options in CHANGES.items()},
}
# These send the true answer, so the request is always applied.
ALWAYS_APPLIED = {"truncated", "drip", "big_body", *CHANGES}
SHARED = {"kind", "method", "path", "account_sid", "skip", "count", "for_seconds"}
DEFAULT_DELAY = 1.0
HTML = b"<html><head><title>%d</title></head><body><h1>%d</h1><p>The gateway could not answer.</p></body></html>\n"
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
NEXT_HEXADECIMAL = str.maketrans("0123456789abcdef", "123456789abcdef0")
NEXT_PAGE = ("next_page_url", "next_page_uri")


# -- the fields of a fault -------------------------------------------------------------------------------------------


def _whole(value: Any, least: int, most: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def _header(value: Any) -> bool:
    """Whether a value can be sent as a header: any text in one line."""
    text = str(value)
    return isinstance(value, (str, int, float)) and _encodes(text, "strict") and not set(text) & {"\r", "\n", "\0"}


def _headers(value: Any) -> bool:
    return isinstance(value, dict) and all(re.fullmatch(r"[\w-]+", name) and _header(value[name]) for name in value)


def _encodes(text: str, errors: str) -> bool:
    try:
        text.encode("utf-8", errors)
    except UnicodeEncodeError:
        return False
    return True


# What each field accepts, besides null where that is its default.
CHECKS: dict[str, Callable[[Any], bool]] = {
    "applied": lambda value: isinstance(value, bool),
    "retry_after": _header,
    "delay": _seconds,
    "after_requests": lambda value: _whole(value, 1),
    "status": lambda value: _whole(value, 200, 599),
    "variant": lambda value: value in VARIANTS,
    "page": lambda value: value in PAGES,
    "part": lambda value: value in PARTS,
    "interval": lambda value: _seconds(value) and value > 0,
    "size": lambda value: _whole(value, 1),
    "length": lambda value: isinstance(value, bool),
    "code": lambda value: _whole(value, 0),
    "message": lambda value: isinstance(value, str),
    "body": lambda value: isinstance(value, str) and _encodes(value, "surrogateescape"),
    "headers": _headers,
    "field": _pattern,
    "value": lambda _value: True,
    "limit": lambda value: _whole(value, 1),
    "method": lambda value: isinstance(value, str),
    "path": _pattern,
    "account_sid": lambda value: isinstance(value, str),
    "skip": lambda value: _whole(value, 0),
    "count": lambda value: _whole(value, 1),
    "for_seconds": _seconds,
}


@dataclass
class Fault:
    """One fault that waits for its requests."""

    kind: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    account_sid: str | None = None
    skip: int = 0
    count: int | None = 1
    for_seconds: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    #: When a fault with `for_seconds` ends, on the monotonic clock; set by the first request that meets it.
    ends: float | None = None

    @property
    def applied(self) -> bool:
        """Whether the request is applied in spite of the fault."""
        return bool(self.options.get("applied", False))

    def matches(self, method: str, path: str, account_sid: str | None) -> bool:
        """Return whether the fault is for this request."""
        return (
            (self.method is None or self.method == method)
            and (self.path is None or self.path.search(path) is not None)
            and (self.account_sid is None or self.account_sid == account_sid)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as the control API shows it."""
        return {
            "kind": self.kind,
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "account_sid": self.account_sid,
            "skip": self.skip,
            "count": self.count,
            "for_seconds": self.for_seconds,
            **self.options,
        }


def read(item: Any) -> Fault:
    """Return the fault in a control request; raise ValueError if it is invalid."""
    if not isinstance(item, dict):
        raise ValueError("a fault is an object")
    kind = str(item.get("kind"))
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    unknown = set(item) - SHARED - set(KINDS[kind])
    if unknown:
        raise ValueError(f"a fault of kind {kind} doesn't know {', '.join(sorted(unknown))}")
    shared = {"method": None, "path": None, "account_sid": None, "skip": 0, "count": None, "for_seconds": None}
    for name, default in {**shared, **KINDS[kind]}.items():
        value = item.get(name, default)
        if not (value is None and default is None) and not CHECKS[name](value):
            raise ValueError(f"{name} of a fault of kind {kind} can't be {value!r}")
    options = {name: item.get(name, default) for name, default in KINDS[kind].items()}
    if kind in ALWAYS_APPLIED and not options["applied"]:
        raise ValueError(f"a fault of kind {kind} shows the true answer: applied can't be false")
    if kind == "late":
        if options["delay"] is not None and options["after_requests"] is not None:
            raise ValueError("late has a delay or after_requests, not both")
        if options["after_requests"] is None and options["delay"] is None:
            options["delay"] = DEFAULT_DELAY
    method, path, seconds = item.get("method"), item.get("path"), item.get("for_seconds")
    if seconds is not None and item.get("count") is not None:
        raise ValueError("a fault has a count or for_seconds, not both")
    return Fault(
        kind,
        method.upper() if method else None,
        re.compile(path) if path is not None else None,
        item.get("account_sid"),
        item.get("skip", 0),
        None if seconds is not None else item.get("count", 1),
        seconds,
        options,
    )


class Faults:
    """The waiting faults, in the order in which they were added."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.waiting: list[Fault] = []
        self._clock = clock

    def take(self, method: str, path: str, account_sid: str | None) -> Fault | None:
        """Return the fault that this request meets.

        That is the first one that matches and has no more requests to skip. Matching faults before it count the request
        as skipped; those after it are not affected.
        """
        for fault in list(self.waiting):
            if fault.matches(method, path, account_sid):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.for_seconds is not None:
                    moment = self._clock()
                    fault.ends = moment + fault.for_seconds if fault.ends is None else fault.ends
                    if moment > fault.ends:
                        self.waiting.remove(fault)
                        continue
                elif fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self.waiting.remove(fault)
                return fault
        return None


# -- answers in place of the true one -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Foreign:
    """An answer of a proxy or gateway, without Twilio's headers."""

    status: int
    body: bytes
    content_type: str


def failure(fault: Fault) -> ApiError | Foreign:
    """Return the answer of a fault that replaces the true one: one of Twilio's errors, or a gateway's answer."""
    options = fault.options
    if fault.kind == "gateway_404":
        return Foreign(404, json.dumps({"message": options["message"]}).encode(), "application/json")
    if fault.kind in ("html", "late", "502", "504"):
        status = int(options.get("status", fault.kind))
        return Foreign(status, HTML % (status, status), "text/html")
    if fault.kind == "status":
        code, status = options["code"], options["status"]
        known = ERRORS.get(code)
        return ApiError(code, options["message"] or (known.message if known else f"Error {status}"), status)
    return ApiError({"429": 20429, "500": 20500, "503": 20503}[fault.kind])


# -- changes of the true answer -------------------------------------------------------------------------------------


def changed(fault: Fault, body: Any, address: str, number: int) -> bytes | None:
    """Return the true answer as the fault changes it, None if it has no body and gets none.

    `address` is the address of the request, in the form that answers use; `number` is the number of the request, for
    values that must differ each time.
    """
    kind, options = fault.kind, fault.options
    if kind == "json":
        return str(options["body"]).encode("utf-8", "surrogateescape")
    if kind == "wrong_shape":
        if options["variant"] == "deep":
            return b"[" * DEEP + b"]" * DEEP
        return json.dumps(_misshape(body, options["variant"])).encode()
    if body is None:
        return None
    if kind == "wrong_account":
        return ACCOUNT_SID.sub(OTHER_ACCOUNT, json.dumps(body)).encode()
    if kind == "wrong_sid":
        body = _replace(body, "sid", lambda sid: sid[:2] + sid[2:].lower().translate(NEXT_HEXADECIMAL))
    elif kind == "next_page":
        page = options["value"] if options["page"] == "given" else _page(address, options["page"], number)
        body = _replace(body, "|".join(NEXT_PAGE), lambda _value: page)
    else:
        body = _replace(body, options["field"], lambda _value: options["value"], options["limit"])
    return json.dumps(body).encode()


def _page(address: str, page: str, number: int) -> str:
    """Return the request's own address, or one with a new cursor that starts the list again."""
    if page == "same":
        return address
    path, _mark, query = address.partition("?")
    kept = [pair for pair in query.split("&") if pair and not re.match(r"(Page|PageToken)=", pair)]
    return f"{path}?{'&'.join([*kept, f'Page={number}', f'PageToken=PA{0xFFFFFFFF + number:x}'])}"


def _replace(body: Any, field: str, new: Callable[[Any], Any], limit: int | None = None) -> Any:
    """Return a copy with a new value in each field whose name matches, or in the first `limit` of them."""
    pattern = re.compile(field)
    left = float("inf") if limit is None else limit

    def walk(value: Any) -> Any:
        nonlocal left
        if isinstance(value, list):
            return [walk(each) for each in value]
        if not isinstance(value, dict):
            return value
        copy = {}
        for name, each in value.items():
            if left > 0 and pattern.fullmatch(name):
                left -= 1
                copy[name] = new(each)
            else:
                copy[name] = walk(each)
        return copy

    return walk(body)


def _misshape(body: Any, variant: str) -> Any:
    """Return the answer's JSON in a shape that doesn't fit the contract."""
    if variant == "list":
        return [1, "two", None]
    if variant == "empty_object":
        return {}
    return _wrong_types(body)


def _wrong_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wrong_types(each) for key, each in value.items()} or {"unexpected": True}
    if isinstance(value, list):
        return "not a list"
    if isinstance(value, str):
        return 12345
    return {"unexpected": True} if value is None else [value]
