# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults that are tried at every request of an operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.faults import ALWAYS_APPLIED, CHANGES, changed, read

#: How often a fault occurs: once; at two consecutive requests; at each attempt of one request; at all further requests.
ONCE, TWICE, LASTING, OUTAGE = "once", "twice", "lasting", "outage"


@dataclass(frozen=True)
class Fault:
    """A kind of fault with its options.

    :param family: the column of the table in which it is counted.
    :param kind: the simulator's kind of fault.
    :param options: the options of that kind.
    :param times: how often it occurs.
    """

    family: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    times: str = ONCE

    @property
    def name(self) -> str:
        """The name of the fault in the description of a case."""
        options = "".join(f" {name}={value}" for name, value in self.options.items())
        return f"{self.kind}{options} {self.times}"

    @property
    def alters(self) -> bool:
        """Whether the changed answer is still plausible, so that a task returns other values than without the fault."""
        return self.kind == "odd_numbers"

    @property
    def applied(self) -> bool:
        """Whether the request is applied in spite of the fault."""
        return self.kind in ALWAYS_APPLIED or bool(self.options.get("applied", self.kind == "late"))

    def can_differ(self, request: Mapping[str, Any], answer: Any) -> bool:
        """Return whether the case can differ from all others.

        A read applies nothing, so it makes no difference whether its answer is lost before or after, or whether it is
        applied late. A fault that alters answers must actually alter this one.

        :param request: the request that meets the fault.
        :param answer: its answer without the fault.
        """
        if request["method"] == "GET":
            lost = self.applied and {**self.options, "applied": False} in _LOST_EITHER_WAY
            if self.kind == "late" or (lost and self.times in (ONCE, LASTING)):
                return False
        if self.kind in CHANGES and self.kind != "wrong_shape":
            fault = read({"kind": self.kind, **self.options})
            return changed(fault, answer, "/", 0) not in (None, json.dumps(answer).encode())
        return True

    def plan_fault(self, healthy: Sequence[Mapping[str, Any]], position: int) -> dict[str, Any]:
        """Return the fault as the simulator accepts it.

        :param healthy: the requests that the operation sends without faults.
        :param position: the position of the first request that meets the fault.
        """
        planned = {"kind": self.kind, **self.options, "count": {ONCE: 1, TWICE: 2}.get(self.times)}
        if self.times != LASTING:
            return {**planned, "skip": position}
        request = healthy[position]
        same = [each for each in healthy[:position] if _of(each) == _of(request)]
        return {
            **planned,
            "skip": len(same),
            "method": request["method"],
            "path": f"^{re.escape(request['path'])}$",
        }


def _of(request: Mapping[str, Any]) -> tuple[str, str]:
    return request["method"], request["path"]


REFUSED, SERVER, BROKEN, SILENT, LATE = "429", "5xx", "broken", "no answer", "late"
NOT_TWILIO, UNREADABLE, FOREIGN, REJECTED = "not Twilio's", "unreadable", "another's", "4xx"
PAGES = "next page"
FAMILIES = (REFUSED, SERVER, BROKEN, SILENT, LATE, NOT_TWILIO, UNREADABLE, PAGES, FOREIGN, REJECTED)

_EITHER = ({"applied": False}, {"applied": True})


def _kinds() -> Iterator[Fault]:
    for retry_after in (None, 1):
        yield Fault(REFUSED, "429", {"retry_after": retry_after})
    for applied in _EITHER:
        yield Fault(SERVER, "500", applied)
        yield Fault(SERVER, "502", applied)
        yield Fault(SERVER, "503", {**applied, "retry_after": 1})
        yield Fault(BROKEN, "reset", applied)
        yield Fault(SILENT, "hang", applied)
        yield Fault(NOT_TWILIO, "html", {**applied, "status": 200})
        yield Fault(NOT_TWILIO, "html", {**applied, "status": 404})
        yield Fault(UNREADABLE, "json", {**applied, "body": "null"})
    yield Fault(BROKEN, "truncated")
    yield Fault(SILENT, "drip", {"part": "headers"})
    yield Fault(SILENT, "drip", {"part": "body"})
    yield Fault(NOT_TWILIO, "gateway_404")
    for variant in ("list", "empty_object", "wrong_types", "deep"):
        yield Fault(UNREADABLE, "wrong_shape", {"variant": variant})
    yield Fault(UNREADABLE, "odd_dates")
    for value in ("1E-7", ".25"):
        yield Fault(UNREADABLE, "odd_numbers", {"value": value})
    yield Fault(UNREADABLE, "odd_numbers", {"value": {}})
    yield Fault(UNREADABLE, "null_items")
    yield Fault(FOREIGN, "wrong_account")
    yield Fault(FOREIGN, "wrong_sid")
    yield Fault(FOREIGN, "wrong_owner")
    for value in ("@127.0.0.1:9/x", ".invalid/x", "http://["):
        yield Fault(PAGES, "next_page", {"value": value})
    yield Fault(PAGES, "next_page", {"page": "same"})


#: Faults that are tried only once: those that differ from another one in their status alone, a Retry-After that is too
#: long, rejections, and those that take long or never end.
_ONLY_ONCE = (
    *(Fault(SERVER, kind, applied) for kind in ("503", "504") for applied in _EITHER),
    Fault(REFUSED, "429", {"retry_after": 3600}),
    *(
        Fault(REJECTED, "status", {"status": status, "code": code})
        for status, code in ((400, 20001), (401, 20003), (403, 20005), (403, None), (404, 20404), (409, None))
    ),
    Fault(REJECTED, "json", {"status": 403, "body": '{"message": "Forbidden"}', "applied": False}),
    *(
        Fault(LATE, "late", {"after_requests": after, "status": status})
        for after in (1, 2, 3)
        for status in (None, 503)
    ),
    Fault(UNREADABLE, "big_body", {"size": 17_000_000}),
    Fault(UNREADABLE, "json", {"body": '{"sid": "', "applied": True}),
    Fault(UNREADABLE, "json", {"body": "\udcff\udcfe", "applied": True}),
    Fault(NOT_TWILIO, "json", {"status": 202, "applied": True}),
    Fault(NOT_TWILIO, "json", {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "applied": False}),
    Fault(PAGES, "next_page", {"page": "endless"}),
)


def faults() -> tuple[Fault, ...]:
    """Return all faults."""
    often = [replace(fault, times=times) for fault in _kinds() for times in (ONCE, TWICE, LASTING, OUTAGE)]
    return (*often, *_ONLY_ONCE)


FAULTS = faults()
_LOST_EITHER_WAY = [fault.options for fault in FAULTS if fault.options.get("applied") is False]
