# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages of lists: the `meta` block of /v1 and the flat one of 2010-04-01, over cursors that survive any change.

A cursor contains the creation number of an item, not a position, so items that are inserted or deleted between two
pages neither repeat nor hide others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from .errors import ApiError
from .settings import Settings

DEFAULT_PAGE_SIZE = 50
# PA: after the item; PB: before it.
TOKEN = re.compile(r"(PA|PB)([0-9a-f]{1,16})")


class Ordered(Protocol):
    """An item of a list, with its place in the order of creation."""

    sequence: int


Item = TypeVar("Item", bound=Ordered)


@dataclass
class Page(Generic[Item]):
    """One page, and the cursors of its neighbours."""

    items: Sequence[Item]
    number: int
    size: int
    start: int
    next_token: str | None
    previous_token: str | None


def cut(items: Sequence[Item], query: dict[str, Any], settings: Settings, list_order: str | None = None) -> Page[Item]:
    """Return the page that a query requests; items are in order of creation, the page in the order of the list.

    `list_order` is the order of a list for which the settings don't apply.
    """
    descending = (list_order or settings.list_order) == "newest_first"
    if descending:
        items = items[::-1]
    size = query.get("PageSize", DEFAULT_PAGE_SIZE)
    if settings.page_size_limit is not None and size > settings.page_size_limit:
        raise ApiError(20500)
    number = query.get("Page", 0)
    token = query.get("PageToken")
    start, end = 0, size
    if token is not None:
        match = TOKEN.fullmatch(token)
        if not match:
            raise ApiError(20001, "PageToken is not one that this API gave")
        mark = int(match.group(2), 16)
        if match.group(1) == "PA":
            start = _first(items, mark, descending, include_mark=False)
            end = start + size
        else:
            end = _first(items, mark, descending, include_mark=True)
            start = max(0, end - size)
    elif number and settings.strict:
        raise ApiError(20001, "Page is client state: give the PageToken that came with it")
    chosen = items[start:end]
    return Page(
        items=chosen,
        number=number,
        size=size,
        start=number * size,
        next_token=f"PA{chosen[-1].sequence:x}" if chosen and end < len(items) else None,
        previous_token=f"PB{chosen[0].sequence:x}" if chosen and start > 0 else None,
    )


def _first(items: Sequence[Ordered], mark: int, descending: bool, include_mark: bool) -> int:
    """Return the index of the first item after the mark (or of the mark itself)."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        sequence = items[middle].sequence
        before = sequence > mark if descending else sequence < mark
        if before or (sequence == mark and not include_mark):
            low = middle + 1
        else:
            high = middle
    return low


def _address(path: str, filters: dict[str, str], size: int, number: int, token: str | None) -> str:
    parameters = {**filters, "PageSize": str(size), "Page": str(number)}
    if token is not None:
        parameters["PageToken"] = token
    return f"{path}?{urlencode(parameters)}"


def v1_meta(page: Page[Any], url: str, key: str, filters: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the `meta` of a /v1 list; `url` is absolute, with the host that the client used."""
    filters = filters or {}
    following, preceding = page.next_token, page.previous_token
    return {
        "first_page_url": _address(url, filters, page.size, 0, None),
        "key": key,
        "next_page_url": _address(url, filters, page.size, page.number + 1, following) if following else None,
        "page": page.number,
        "page_size": page.size,
        "previous_page_url": _address(url, filters, page.size, max(0, page.number - 1), preceding)
        if preceding
        else None,
        "url": _address(url, filters, page.size, page.number, None),
    }


def v2010_envelope(page: Page[Any], path: str, filters: dict[str, str]) -> dict[str, Any]:
    """Return the fields around the items of a 2010-04-01 list; their addresses are relative."""
    following, preceding = page.next_token, page.previous_token
    return {
        "end": page.start + len(page.items) - 1 if page.items else page.start,
        "first_page_uri": _address(path, filters, page.size, 0, None),
        "next_page_uri": _address(path, filters, page.size, page.number + 1, following) if following else None,
        "page": page.number,
        "page_size": page.size,
        "previous_page_uri": _address(path, filters, page.size, max(0, page.number - 1), preceding)
        if preceding
        else None,
        "start": page.start,
        "uri": _address(path, filters, page.size, page.number, None),
    }
