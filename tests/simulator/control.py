# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API under `/_simulator/`, for tests: data, faults and logs as JSON, without authentication."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from . import faults, seeding

if TYPE_CHECKING:
    from .server import SimulatorServer

PREFIX = "/_simulator/"


def control(server: SimulatorServer, method: str, path: str, query: str, body: bytes) -> tuple[int, Any]:
    """Answer a control request with a status and JSON."""
    name = path[len(PREFIX) :].strip("/")
    handler = HANDLERS.get((method, name))
    if handler is None:
        return 404, {"error": f"no {method} {path} here"}
    try:
        data = json.loads(body) if body else None
        return 200, handler(server, dict(parse_qsl(query)), data)
    except (ValueError, TypeError, AttributeError, KeyError) as problem:
        return 400, {"error": f"{type(problem).__name__}: {problem}"}


def _reset(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    server.reset()
    return {}


def _seed(server: SimulatorServer, _query: dict[str, str], data: Any) -> Any:
    return seeding.seed(server.simulation.world, server.simulation.settings, data)


def _state(server: SimulatorServer, query: dict[str, str], _data: Any) -> Any:
    accounts = server.simulation.world.accounts
    if "account_sid" in query:
        return seeding.view(accounts[query["account_sid"]])
    return {"accounts": [seeding.view(account) for account in accounts.values()]}


def _requests(server: SimulatorServer, query: dict[str, str], _data: Any) -> Any:
    if query.get("count") == "true":
        return {"count": server.simulation.count}
    return list(server.simulation.log)


def _clear_requests(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    server.simulation.log.clear()
    server.simulation.count = 0
    return {}


def _connections(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    return server.connections.as_dict()


def _clear_connections(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    server.connections.clear()
    return {}


def _faults(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    return [fault.as_dict() for fault in server.simulation.faults.waiting]


def _add_faults(server: SimulatorServer, query: dict[str, str], data: Any) -> Any:
    items = data if isinstance(data, list) else [data]
    server.simulation.faults.waiting += [faults.read(item) for item in items]
    return _faults(server, query, None)


def _clear_faults(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    server.simulation.faults.waiting.clear()
    return []


def _settings(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    return server.simulation.settings.as_dict()


def _change_settings(server: SimulatorServer, query: dict[str, str], data: Any) -> Any:
    server.simulation.settings.change(data)
    return _settings(server, query, None)


def _health(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    simulation = server.simulation
    return {
        "violations": simulation.violations,
        "forbidden_writes": simulation.forbidden_writes,
        "requests": simulation.count,
        "operations": simulation.operations_seen,
        "late_requests_waiting": server.late_requests_waiting,
    }


def _apply_late(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    server.apply_late()
    return {}


def _history(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    return {
        account.sid: [asdict(life) for life in account.history] for account in server.simulation.world.accounts.values()
    }


def _key_history(server: SimulatorServer, _query: dict[str, str], _data: Any) -> Any:
    return {
        account.sid: [seeding.view_key_life(key) for key in [*account.deleted_keys, *account.api_keys.values()]]
        for account in server.simulation.world.accounts.values()
    }


HANDLERS = {
    ("POST", "reset"): _reset,
    ("POST", "seed"): _seed,
    ("GET", "state"): _state,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _clear_requests,
    ("GET", "connections"): _connections,
    ("DELETE", "connections"): _clear_connections,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "settings"): _settings,
    ("PUT", "settings"): _change_settings,
    ("GET", "health"): _health,
    ("POST", "late"): _apply_late,
    ("GET", "history"): _history,
    ("GET", "key_history"): _key_history,
}
