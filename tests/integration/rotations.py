# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a role for many accounts at once: each is a host with variables of its own, and all records are in one folder.

A *rotation* is an account as Twilio has it, a record as the store has it, and variables. All rotations of a table run
in one ``ansible-playbook`` at ``-vvvv``, so that what it prints can be searched for every token there ever was.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import HERE, Run, ansible_playbook, numbered
from simulator.client import Simulator

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

ROLE = "rotate_auth_token"
PASSWORD = "the records' password"
GATES = ("distribute", "verify", "clean")
LONG_AGO = "2020-01-31T04:00:00Z"
PRIMARY, PENDING, OTHER = "1" * 32, "2" * 32, "3" * 32


@dataclass(frozen=True)
class Rotation:
    """One case of a table.

    :param name: what it is called.
    :param account: how the account is seeded; its primary is PRIMARY if nothing else is said.
    :param record: the record to begin with, beside ``account_sid``; None for none.
    :param variables: the role's variables without its prefix.
    :param faults: what goes wrong in this account alone, as the simulator takes it.
    :param failing: gates that fail.
    """

    name: str
    account: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[str] = ()


@dataclass(frozen=True)
class Rotated:
    """What came of a rotation.

    :param record: as the store holds it afterwards.
    :param unchanged: whether the store holds the very bytes that it held before.
    :param state: the account, as the simulator holds it.
    :param requests: what was asked of the simulator.
    :param gates: what the gates were given, in their order.
    :param failure: the role's last words, None where it did not fail.
    :param result: ``rotate_auth_token_result``, or the like.
    """

    account_sid: str
    record: Mapping[str, Any]
    unchanged: bool
    state: Mapping[str, Any]
    requests: Sequence[Mapping[str, Any]]
    gates: Sequence[Mapping[str, Any]]
    failure: str | None
    result: Mapping[str, Any]
    changed: bool

    @property
    def sent(self) -> list[str]:
        """The requests, as verb and the last part of the path."""
        return [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in self.requests]

    @property
    def writes(self) -> list[str]:
        """Those that are no GET."""
        return [sent for sent in self.sent if not sent.startswith("GET")]

    @property
    def passed(self) -> list[str]:
        """The gates that were passed."""
        return [gate["gate"] for gate in self.gates]

    @property
    def valid(self) -> set[str]:
        """The tokens that Twilio takes."""
        return {token for token in (self.state["auth_token"], self.state["secondary_auth_token"]) if token}

    def assert_rotated(self, *gates: str) -> None:
        """Assert that a new token is the primary, that no other is valid, and which gates were passed."""
        assert self.failure is None
        assert self.record["phase"] == "idle"
        assert self.record["pending"] is None
        assert self.record.get("lock") is None
        assert self.valid == {self.record["primary"]}
        assert self.record["primary"] != PRIMARY
        assert self.result["rotated"] is True
        assert self.passed == list(gates)


class Accounts:
    """The accounts of a table, kept from run to run.

    :param simulator: the simulated Twilio.
    :param folder: where everything is written; the store is in it.
    :param keywords: what stands on the block around the role.
    """

    def __init__(self, simulator: Simulator, folder: Path, keywords: Mapping[str, Any] | None = None) -> None:
        self._simulator = simulator
        self._folder = folder
        self._keywords = dict(keywords or {})
        self._sids: dict[str, str] = {}
        self.store = folder / "store"

    def file(self, name: str) -> RecordFile:
        """Return the record file of a rotation."""
        return RecordFile(str(self.path(name)), PASSWORD)

    def path(self, name: str) -> Path:
        """Return its path."""
        return self.store / f"{self._sids[name]}.yml"

    def seed(self, rotations: Sequence[Rotation]) -> None:
        """Put accounts and records in place."""
        for rotation in rotations:
            sid = self._sids.setdefault(rotation.name, numbered("AC", 1000 + len(self._sids)))
            account = {"auth_token": PRIMARY, **rotation.account}
            self._simulator.seed({"accounts": [{"sid": sid, **account}]})
            if rotation.record is not None:
                known = {"account_sid": sid, "pending": None, "rotated_at": LONG_AGO, "staged_at": None}
                self.file(rotation.name).save({**known, **rotation.record}, NO_VERSION)

    def run(self, rotations: Sequence[Rotation], *arguments: str, **environment: str) -> dict[str, Rotated]:
        """Run the role for all, and return what came of each by its name; no secret may have been printed."""
        for rotation in rotations:
            if rotation.faults:
                self._simulator.faults(
                    [{**fault, "account_sid": self._sids[rotation.name]} for fault in rotation.faults]
                )
        self._simulator.clear_requests()
        before = {
            rotation.name: self.path(rotation.name).read_bytes() if self.path(rotation.name).exists() else None
            for rotation in rotations
        }
        run = self._run(rotations, arguments, environment)
        log, states = self._simulator.requests(), self._simulator.state()["accounts"]
        tokens = {life["token"] for lives in self._simulator.history().values() for life in lives}
        assert not [secret for secret in (*tokens, PASSWORD) if secret in run.output]
        assert self._simulator.health()["violations"] == []
        return {
            rotation.name: self._told(self._sids[rotation.name], run, log, states, before[rotation.name], rotation.name)
            for rotation in rotations
        }

    def _run(self, rotations: Sequence[Rotation], arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
        hosts = {}
        for rotation in rotations:
            sid = self._sids[rotation.name]
            (self._folder / f"{sid}.gates").unlink(missing_ok=True)
            variables = {
                "account_sid": sid,
                "base_url": self._simulator.url,
                "settle_seconds": 0,
                "store_path": str(self.store),
                "store_password": PASSWORD,
                **{f"{gate}_tasks": str(self._gate(gate, gate in rotation.failing)) for gate in GATES},
                **rotation.variables,
            }
            hosts[sid] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "gates_file": str(self._folder / f"{sid}.gates"),
                **{f"{ROLE}_{name}": value for name, value in variables.items()},
            }
        inventory = self._folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        show = {"name": "result", "ansible.builtin.debug": {"var": f"{ROLE}_result"}}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "role",
                    "block": [{"name": "run", "ansible.builtin.include_role": {"name": f"community.twilio.{ROLE}"}}],
                    "always": [show],
                    **self._keywords,
                }
            ],
        }
        return ansible_playbook(
            self._folder,
            [play],
            *("-i", str(inventory), "--limit", "!localhost", "--forks", "8", "-vvvv", *arguments),
            ANSIBLE_ACTION_PLUGINS=str(HERE / "action_plugins"),
            **environment,
        )

    def _gate(self, gate: str, fails: bool) -> Path:
        path = self._folder / f"{gate}{'_fails' if fails else ''}.yml"
        arguments = {
            "path": "{{ gates_file }}",
            "gate": gate,
            "primary": f"{{{{ {ROLE}_primary | default('') }}}}",
            "pending": f"{{{{ {ROLE}_pending | default('') }}}}",
            "fail": fails,
        }
        path.write_text(
            json.dumps([{"name": f"Consumer: {gate}", "ansible.legacy.consumer": arguments}]), encoding="utf-8"
        )
        return path

    def _told(
        self,
        sid: str,
        run: Run,
        log: Sequence[Mapping[str, Any]],
        states: Sequence[Mapping[str, Any]],
        before: bytes | None,
        name: str,
    ) -> Rotated:
        gates_file, path = self._folder / f"{sid}.gates", self.path(name)
        lines = gates_file.read_text(encoding="utf-8").splitlines() if gates_file.exists() else []
        mine = [result for result in run.results if result.host == sid]
        # The last is the role's own; others were rescued.
        failures = [result["msg"] for result in mine if result.failed and result.get("msg")]
        shown = [result for result in mine if result.task == "result"]
        return Rotated(
            account_sid=sid,
            record=self.file(name).load().record,
            unchanged=before == (path.read_bytes() if path.exists() else None),
            state=next(state for state in states if state["sid"] == sid),
            requests=[entry for entry in log if entry["account_sid"] == sid],
            gates=[json.loads(line) for line in lines],
            failure=failures[-1] if failures else None,
            result=shown[-1][f"{ROLE}_result"] if shown else {},
            changed=any(result.kind == "ok" and result.get("changed") for result in mine),
        )
