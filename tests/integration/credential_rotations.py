# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the roles that rotate credentials for many accounts at once, each of them a host with variables of its own.

All rotations of a table run in one ``ansible-playbook`` at ``-vvvv``, so that what it prints can be searched for every
secret that the simulator and the folder of private keys hold afterwards.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import HERE, Run, ansible_playbook, numbered
from simulator.client import Simulator

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

PASSWORD = "the records' password"
NAME = "Recordings of S3"
LONG_AGO = "2020-01-31T04:00:00Z"
GATES = ("repoint", "verify")
OLD, NEW = numbered("CR", 1), numbered("CR", 2)
OLD_FINGERPRINT, NEW_FINGERPRINT = "0123456789", "1f2e3d4c5b"


def record_name(kind: str, account_sid: str, friendly_name: str = NAME) -> str:
    """Return the name of a rotation's record."""
    safe = re.sub("[^a-z0-9_-]", "-", friendly_name.lower())
    return f"{kind}.{account_sid}.{safe}-{hashlib.sha256(friendly_name.encode()).hexdigest()[:8]}"


def credential(sid: str, fingerprint: str | None, date_created: str = LONG_AGO, name: str = NAME) -> dict[str, str]:
    """Return a credential as the simulator is seeded with it."""
    signed = f"{name} #{fingerprint}" if fingerprint else name
    return {"sid": sid, "friendly_name": signed, "date_created": date_created}


@dataclass(frozen=True)
class Rotation:
    """One case of a table.

    :param name: what it is called.
    :param credentials: what Twilio has.
    :param record: the record to begin with, beside what is said of every account; None for none.
    :param variables: the role's variables without its prefix.
    :param keys: the AWS access keys that there are, as the role's list of them.
    :param faults: what goes wrong in this account alone, as the simulator takes it.
    :param failing: gates that fail.
    """

    name: str
    credentials: Sequence[Mapping[str, str]] = ()
    record: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    keys: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[str] = ()


@dataclass(frozen=True)
class Rotated:
    """What came of a rotation.

    :param record: as the store holds it afterwards.
    :param unchanged: whether the store holds the very bytes that it held before.
    :param credentials: what Twilio has, the oldest first.
    :param keys: the ids of the AWS access keys that there are.
    :param requests: what was asked of the simulator.
    :param gates: what the gates were given, in their order.
    :param failure: the role's last words, None where it did not fail.
    :param result: the fact that the role sets.
    """

    account_sid: str
    record: Mapping[str, Any]
    unchanged: bool
    credentials: Sequence[Mapping[str, Any]]
    keys: Sequence[str]
    requests: Sequence[Mapping[str, Any]]
    gates: Sequence[Mapping[str, Any]]
    failure: str | None
    result: Mapping[str, Any]
    changed: bool

    @property
    def methods(self) -> list[str]:
        """The HTTP verbs of the requests."""
        return [entry["method"] for entry in self.requests]

    @property
    def writes(self) -> list[str]:
        """Those that write."""
        return [method for method in self.methods if method != "GET"]

    @property
    def sids(self) -> list[str]:
        """The SIDs of what Twilio has."""
        return [each["sid"] for each in self.credentials]

    @property
    def passed(self) -> list[tuple[str, str, str]]:
        """The gates that were passed: which, the SID to use, and the SID to use no longer."""
        return [(gate["gate"], gate["sid"], gate["old_sid"]) for gate in self.gates]

    def assert_untouched(self) -> None:
        """Assert that nothing was written anywhere, with one request at most."""
        assert self.methods in ([], ["GET"])
        assert self.unchanged
        assert not self.changed
        assert self.gates == []

    def assert_refused(self, *words: str) -> None:
        """Assert that the role failed with a message that holds these words, and changed nothing but its record."""
        assert self.failure is not None
        for word in words:
            assert word in self.failure
        assert self.writes == []
        assert self.record.get("lock") is None

    def assert_moved(self, old: str = "") -> str:
        """Assert that the consumers were moved to a new credential in this run; return its SID."""
        assert self.failure is None
        assert self.record.get("lock") is None
        assert self.result["rotated"] is True
        sid = str(self.result["sid"])
        assert sid in self.sids
        assert self.passed[:2] == [("repoint", sid, old), ("verify", sid, old)]
        return sid

    def assert_finished(self, sid: str) -> None:
        """Assert that this one is left, and that the record is at rest."""
        assert self.failure is None
        assert self.sids == [sid]
        assert self.record["phase"] == self.result["phase"] == "idle"
        assert self.record["current"]["sid"] == self.result["sid"] == sid
        assert self.record["new"] is None
        assert self.record["present"] == []
        assert self.record.get("lock") is None


class Accounts:
    """The accounts of a table, kept from run to run.

    :param simulator: the simulated Twilio.
    :param folder: where everything is written; the store is in it.
    :param kind: ``aws_credential`` or ``public_key``.
    :param variables: the role's variables of all rotations, without its prefix; {} stands for the account's SID.
    :param keys: tells the access keys of an account by its SID, where they are not those of the target's task files.
    """

    def __init__(
        self,
        simulator: Simulator,
        folder: Path,
        kind: str,
        variables: Mapping[str, Any],
        keys: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self._simulator = simulator
        self.folder = folder
        self._kind = kind
        self._role = f"rotate_{kind}"
        self._variables = variables
        self._sids: dict[str, str] = {}
        self._there: dict[str, list[Mapping[str, Any]]] = {}
        self._keys = keys
        self.store = folder / "store"

    def sid(self, name: str) -> str:
        """Return the account's SID of a rotation."""
        return self._sids.setdefault(name, numbered("AC", 2000 + len(self._sids)))

    def path(self, rotation: Rotation) -> Path:
        """Return the path of its record."""
        friendly_name = str(rotation.variables.get("friendly_name", NAME))
        return self.store / f"{record_name(self._kind, self.sid(rotation.name), friendly_name)}.yml"

    def file(self, rotation: Rotation) -> RecordFile:
        """Return its record."""
        return RecordFile(str(self.path(rotation)), PASSWORD)

    def seed(self, rotations: Sequence[Rotation]) -> None:
        """Put accounts, keys and records in place."""
        field = "aws_credentials" if self._kind == "aws_credential" else "public_keys"
        for rotation in rotations:
            sid = self.sid(rotation.name)
            self._simulator.seed({"accounts": [{"sid": sid, field: list(rotation.credentials)}]})
            self._there[sid] = list(rotation.keys)
            if rotation.record is not None:
                known = {"account_sid": sid, "friendly_name": NAME, "new": None, "present": [], "verified_at": None}
                self.file(rotation).save({**known, **rotation.record}, NO_VERSION)

    def run(self, rotations: Sequence[Rotation], *arguments: str, **environment: str) -> dict[str, Rotated]:
        """Run the role for all, and return what came of each by its name; no secret may have been printed or kept."""
        for rotation in rotations:
            if rotation.faults:
                self._simulator.faults([{**fault, "account_sid": self.sid(rotation.name)} for fault in rotation.faults])
        self._simulator.clear_requests()
        before = {rotation.name: self._bytes(rotation) for rotation in rotations}
        run = self._run(rotations, arguments, environment)
        log = self._simulator.requests()
        states = {state["sid"]: state for state in self._simulator.state()["accounts"]}
        rotated = {
            rotation.name: self._told(rotation, run, log, states[self.sid(rotation.name)], before[rotation.name])
            for rotation in rotations
        }
        assert self._simulator.health()["violations"] == []
        secrets = set(self._secrets(states.values()))
        assert not [secret for secret in secrets if secret in run.output], "a secret was printed"
        for each in rotated.values():
            assert not [secret for secret in secrets if secret in json.dumps(each.record)], "a record holds a secret"
        return rotated

    def _secrets(self, states: Sequence[Mapping[str, Any]] | Any) -> Iterator[str]:
        yield PASSWORD
        for state in states:
            yield state["auth_token"]
            for each in state["aws_credentials"]:
                yield each["credentials"].partition(":")[2]
        for file in (self.folder / "private").glob("*.pem"):
            # The lines, since what is printed may be broken otherwise; but for the first, which tells nothing.
            yield from file.read_text(encoding="ascii").splitlines()[2:-1]

    def _run(self, rotations: Sequence[Rotation], arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
        states = {state["sid"]: state for state in self._simulator.state()["accounts"]}
        hosts = {}
        for rotation in rotations:
            sid = self.sid(rotation.name)
            (self.folder / f"{sid}.gates").unlink(missing_ok=True)
            variables = {
                "friendly_name": NAME,
                "account_sid": sid,
                "auth_token": states[sid]["auth_token"],
                "base_url": self._simulator.url,
                "store_path": str(self.store),
                "store_password": PASSWORD,
                **{f"{gate}_tasks": str(self._gate(gate, gate in rotation.failing)) for gate in GATES},
                **{
                    name: value.format(sid) if isinstance(value, str) else value
                    for name, value in self._variables.items()
                },
                **rotation.variables,
            }
            hosts[sid] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "gates_file": str(self.folder / f"{sid}.gates"),
                "there": self._there[sid],
                **{f"{self._role}_{name}": value for name, value in variables.items()},
            }
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        show = {"name": "result", "ansible.builtin.debug": {"var": f"{self._role}_result"}}
        show_keys = {"name": "keys", "ansible.builtin.debug": {"var": "test_rotate_aws_credential_there"}}
        role = {"name": "run", "ansible.builtin.include_role": {"name": f"community.twilio.{self._role}"}}
        play = {
            "hosts": "all",
            "gather_facts": False,
            # Of the play, so that the facts of the task files come before it.
            "vars": {"test_rotate_aws_credential_there": "{{ there }}"},
            "tasks": [{"name": "role", "block": [role], "always": [show, show_keys]}],
        }
        return ansible_playbook(
            self.folder,
            [play],
            *("-i", str(inventory), "--limit", "!localhost", "--forks", "8", "-vvvv", *arguments),
            ANSIBLE_ACTION_PLUGINS=str(HERE / "action_plugins"),
            **environment,
        )

    def _gate(self, gate: str, fails: bool) -> Path:
        path = self.folder / f"{gate}{'_fails' if fails else ''}.yml"
        told = ["sid", "old_sid", *(["private_key_path"] if self._kind == "public_key" else [])]
        arguments = {
            "path": "{{ gates_file }}",
            "gate": gate,
            "fail": fails,
            **{name: f"{{{{ {self._role}_{name} }}}}" for name in told},
        }
        tasks = [{"name": f"Consumer: {gate}", "ansible.legacy.consumer": arguments}]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    def forget_keys(self) -> None:
        """Have no access keys, as if each rotation had a user of its own."""
        self._there = {sid: [] for sid in self._there}

    def _bytes(self, rotation: Rotation) -> bytes | None:
        path = self.path(rotation)
        return path.read_bytes() if path.exists() else None

    def _told(
        self,
        rotation: Rotation,
        run: Run,
        log: Sequence[Mapping[str, Any]],
        state: Mapping[str, Any],
        before: bytes | None,
    ) -> Rotated:
        sid = self.sid(rotation.name)
        gates_file = self.folder / f"{sid}.gates"
        lines = gates_file.read_text(encoding="utf-8").splitlines() if gates_file.exists() else []
        mine = [result for result in run.results if result.host == sid]
        # The last is the role's own; others were rescued.
        failures = [result["msg"] for result in mine if result.failed and result.get("msg")]
        shown = [result for result in mine if result.task == "result"]
        assert shown, run.output
        self._there[sid] = [result for result in mine if result.task == "keys"][-1]["test_rotate_aws_credential_there"]
        field = "aws_credentials" if self._kind == "aws_credential" else "public_keys"
        return Rotated(
            account_sid=sid,
            record=self.file(rotation).load().record,
            unchanged=before == self._bytes(rotation),
            credentials=sorted(state[field], key=lambda each: each["date_created"]),
            keys=self._keys(sid) if self._keys else [key["id"] for key in self._there[sid]],
            requests=[entry for entry in log if entry["account_sid"] == sid],
            gates=[json.loads(line) for line in lines],
            failure=failures[-1] if failures else None,
            result=shown[-1].get(f"{self._role}_result") or {},
            changed=any(result.kind == "ok" and result.get("changed") for result in mine),
        )
