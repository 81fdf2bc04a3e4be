# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input and output of a resource's code (a checked call and an answer), and the table of operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from .authentication import Caller
from .settings import Settings
from .state import Account, World


@dataclass
class Call:
    """An authenticated request whose parameters fit the contract."""

    world: World
    settings: Settings
    caller: Caller
    account: Account
    origin: str
    path: str
    names: dict[str, str]
    query: dict[str, Any]
    form: dict[str, Any]


@dataclass
class Answer:
    """An answer before it is encoded; `body` is None if the status has none."""

    status: int
    body: Any = None
    content_type: str = "application/json"


Handler = Callable[[Call], Answer]
HANDLERS: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register the function of an operation of the contract."""

    def register(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return register


def iso8601(moment: datetime) -> str:
    """`2026-01-31T04:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc2822(moment: datetime) -> str:
    """`Sat, 31 Jan 2026 04:00:00 +0000`."""
    return format_datetime(moment)
