# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: which request meets which, and what each looks like on the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .errors import ERRORS, ApiError

# What each kind may say beside what they all may, with defaults.
KINDS: dict[str, dict[str, Any]] = {
    "429": {"retry_after": None},
    "500": {"applied": False, "retry_after": None},
    "502": {"applied": False, "retry_after": None},
    "503": {"applied": False, "retry_after": None},
    "504": {"applied": False, "retry_after": None},
    "reset": {"applied": False},
    "hang": {"applied": False},
    "late": {"delay": 1.0, "status": None, "retry_after": None},
    "truncated": {"applied": True},
    "html": {"applied": False, "status": 502},
    "wrong_shape": {"applied": True, "variant": "list"},
    "wrong_account": {"applied": True},
    "status": {"applied": False, "status": 400, "code": None, "message": None, "retry_after": None},
}
VARIANTS = ("list", "empty_object", "wrong_types")
SHARED = {"kind", "method", "path", "account_sid", "skip", "count"}
HTML = b"<html><head><title>%d</title></head><body><h1>%d</h1><p>The gateway could not answer.</p></body></html>\n"
OTHER_ACCOUNT = "AC" + "0badacc0" * 4
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")


@dataclass
class Fault:
    """One fault that waits for its requests."""

    kind: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    account_sid: str | None = None
    skip: int = 0
    count: int | None = 1
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def applied(self) -> bool:
        """Whether the request does its work before the fault shows."""
        return bool(self.options.get("applied", False))

    def matches(self, method: str, path: str, account_sid: str | None) -> bool:
        """Whether a request is one of those meant."""
        return (
            (self.method is None or self.method == method)
            and (self.path is None or self.path.search(path) is not None)
            and (self.account_sid is None or self.account_sid == account_sid)
        )

    def as_dict(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return {
            "kind": self.kind,
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "account_sid": self.account_sid,
            "skip": self.skip,
            "count": self.count,
            **self.options,
        }


def read(item: Any) -> Fault:
    """A fault from the control API; ValueError says what is wrong with it."""
    if not isinstance(item, dict):
        raise ValueError("a fault is an object")
    kind = str(item.get("kind"))
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    unknown = set(item) - SHARED - set(KINDS[kind])
    if unknown:
        raise ValueError(f"a fault of kind {kind} doesn't know {', '.join(sorted(unknown))}")
    options = {name: item.get(name, default) for name, default in KINDS[kind].items()}
    if options.get("variant", "list") not in VARIANTS:
        raise ValueError(f"unknown variant {options['variant']!r}; known: {', '.join(VARIANTS)}")
    count, skip, method, path = item.get("count", 1), item.get("skip", 0), item.get("method"), item.get("path")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise ValueError("count is a number from 1 on, or null for ever")
    if not isinstance(skip, int) or skip < 0:
        raise ValueError("skip is a number from 0 on")
    try:
        pattern = re.compile(path) if path is not None else None
    except re.error as problem:
        raise ValueError(f"path is not a regular expression: {problem}") from problem
    return Fault(kind, method.upper() if method else None, pattern, item.get("account_sid"), skip, count, options)


class Faults:
    """The faults that remain, in the order they were asked for."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, method: str, path: str, account_sid: str | None) -> Fault | None:
        """The fault that this request meets.

        The first that matches and has no more requests to let pass takes it; those before it in the list count it as
        one that passed, those behind it don't see it.
        """
        for fault in self.waiting:
            if fault.matches(method, path, account_sid):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self.waiting.remove(fault)
                return fault
        return None


def failure(fault: Fault) -> tuple[ApiError | None, bytes, int]:
    """What a fault that answers by itself says: one of Twilio's errors, or the HTML of a proxy, and the status."""
    if fault.kind in ("html", "late"):
        status = int(fault.options["status"])
        return None, HTML % (status, status), status
    if fault.kind in ("502", "504"):
        status = int(fault.kind)
        return None, HTML % (status, status), status
    if fault.kind == "status":
        code, status = fault.options["code"], int(fault.options["status"])
        known = ERRORS.get(code)
        message = fault.options["message"] or (known.message if known else f"Error {status}")
        return ApiError(code, message, status), b"", status
    error = ApiError({"429": 20429, "500": 20500, "503": 20503}[fault.kind])
    return error, b"", error.status


def misshape(body: Any, variant: str) -> Any:
    """The answer's JSON in a shape that doesn't fit."""
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


def other_account(text: str) -> str:
    """An answer's text with the SID of an account that nobody asked for."""
    return ACCOUNT_SID.sub(OTHER_ACCOUNT, text)
