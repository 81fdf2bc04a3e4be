# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A toy rotation to test the machinery with: a correct one, and several flawed ones that the rules must detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import store
from harness import play
from kills import Fixture, Twilio
from rules import FileStore, TokenInvariants, start_journal
from simulator.client import Simulator

PASSWORD = "the password of the toy's records"

Task = dict[str, Any]


def prepare(simulator: Simulator, folder: Path, flaw: str = "") -> TokenInvariants:
    """Prepare an account whose token is due, its record and its consumer, and return the invariants of the rotation.

    :param flaw: the flaw of the rotation, if any; ``test_machinery.py`` lists all flaws.
    """
    account_sid, token = "AC" + token_hex(16), token_hex(16)
    simulator.seed({"accounts": [{"sid": account_sid, "auth_token": token}]})
    records, taken = folder / "records", folder / "consumer.jsonl"
    record = records / f"{account_sid}.yml"
    store.write(record, PASSWORD, {"account_sid": account_sid, "primary": token, "pending": None, "phase": "due"})
    start_journal(taken, [token])
    connection = {"account_sid": account_sid, "base_url": simulator.url}
    variables = {"record_path": str(record), "record_password": PASSWORD, "journal": str(taken)}
    variables["record"] = "{{ loaded.record }}"
    base = play(_tasks(connection, flaw))
    fixture = Fixture(
        folder,
        {**base, "vars": {**base["vars"], **variables}},
        callers=[(Twilio(simulator), account_sid)],
        saves_below=[records],
    )
    return TokenInvariants(simulator, account_sid, fixture, FileStore(record, PASSWORD, fixture.kept), taken)


def _tasks(connection: Mapping[str, str], flaw: str) -> Sequence[Task]:
    stage = _module("Stage", connection, replace_unknown=flaw != "loses tokens", register="staged")
    # A token that was promoted already can't be staged again.
    stage["when"] = "record.phase == 'due'"
    save_staged = _save("Save the token", phase="staged", pending=_STAGED)
    distribute = _consumer("Distribute", ["{{ record.primary }}", _STAGED])
    promote = _module("Promote", connection, state="promoted", secondary_auth_token=_STAGED)
    orders = {
        "saves late": [stage, distribute, promote, save_staged],
        "distributes late": [stage, save_staged, promote, distribute],
    }
    rotate = [
        *_LEAKS.get(flaw, ()),
        *orders.get(flaw, [stage, save_staged, distribute, promote]),
        _save("Save the promotion", phase="cleaning", primary=_STAGED, pending=None),
    ]
    clean = [_consumer("Clean", ["{{ record.primary }}"]), _save("Save the end", phase="idle")]
    return [
        _load("Load"),
        *([_save("Save without need", phase="{{ record.phase }}")] if flaw == "is never idle" else ()),
        {"name": "Rotate", "when": "record.phase in ['due', 'staged']", "block": rotate},
        _load("Load again"),
        {"name": "End", "when": "record.phase == 'cleaning'", "block": clean},
    ]


_RECORD = {"path": "{{ record_path }}", "password": "{{ record_password }}"}
_STAGED = "{{ record.pending or staged.secondary_auth_token }}"

#: Tasks that expose the token.
_LEAKS: Mapping[str, Sequence[Task]] = {
    "prints": [{"name": "Print", "ansible.builtin.debug": {"msg": "{{ record.primary }}"}}],
    "passes as an argument": [
        {"name": "Pass", "ansible.builtin.command": {"argv": ["true", "{{ record.primary }}"]}, "no_log": True}
    ],
}


def _module(name: str, connection: Mapping[str, str], register: str = "ignored", **options: Any) -> Task:
    return {
        "name": name,
        "community.twilio.twilio_auth_token": {**connection, "auth_token": "{{ record.primary }}", **options},
        "register": register,
        "no_log": True,
    }


def _load(name: str) -> Task:
    return {"name": name, "toy_record": _RECORD, "register": "loaded", "no_log": True}


def _save(name: str, **changes: Any) -> Task:
    return {"name": name, "toy_record": {**_RECORD, "changes": changes}, "no_log": True}


def _consumer(name: str, tokens: Sequence[str]) -> Task:
    return {"name": name, "consumer": {"journal": "{{ journal }}", "tokens": list(tokens)}, "no_log": True}
