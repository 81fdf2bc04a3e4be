# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a rotation role for many accounts at once, each of them a host with its own variables.

A *rotation* is an account at Twilio, a record in the store, and variables of the role. The rotations of a table run in
this process, or in one ``ansible-playbook`` with ``-vvvv``. The output is searched for every secret.
"""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import pytest
from harness import HERE, Result, Run, ansible_playbook, make_sid
from role_in_process import RoleInProcess
from simulator.client import Simulator

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

PASSWORD = "the records' password"
#: The date of a token or a credential that is due for rotation.
LONG_AGO = "2020-01-31T04:00:00Z"


class AnyRotation(Protocol):
    """One case of a table, for any role.

    :param name: its name.
    :param record: the initial record without the fields that all have in common; None for no record.
    :param variables: the role's variables without its prefix.
    :param faults: the simulator's faults, for this account alone.
    :param failing: the hooks that fail.
    """

    @property
    def name(self) -> str: ...
    @property
    def record(self) -> Mapping[str, Any] | None: ...
    @property
    def variables(self) -> Mapping[str, Any]: ...
    @property
    def faults(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def failing(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class AnyOutcome:
    """The outcome of a rotation, for any role.

    :param record: the record in the store afterwards.
    :param unchanged: whether the record's file is the same, byte for byte.
    :param requests: the simulator's log.
    :param hooks: the variables that the hooks received, in order.
    :param failure: the message of the failed role, None if it succeeded.
    :param result: the fact that the role sets.
    :param changed: whether a task reported a change.
    """

    account_sid: str
    record: Mapping[str, Any]
    unchanged: bool
    requests: Sequence[Mapping[str, Any]]
    hooks: Sequence[Mapping[str, Any]]
    failure: str | None
    result: Mapping[str, Any]
    changed: bool


def value_of(variable: str, results: Sequence[Result]) -> Any:
    """Return a variable's value after the role, as the play printed it."""
    (shown,) = [result for result in results if result.task == variable]
    return shown[variable]


#: The task files of a store of the user's own, which keeps its records in the folder ``own_store``.
OWN_STORE = {
    "load.yml": [
        {
            "name": "Load the record",
            "ansible.legacy.own_store": {"path": "{{ own_store }}/{{ rotation_record_name }}.json"},
            "register": "rotation_record_found",
        }
    ],
    "save.yml": [
        {
            "name": "Save the record",
            "ansible.legacy.own_store": {
                "path": "{{ own_store }}/{{ rotation_record_name }}.json",
                "record": "{{ rotation_record_new }}",
            },
            "register": "rotation_record_saved",
        }
    ],
}


Case = TypeVar("Case", bound=AnyRotation)
Outcome = TypeVar("Outcome", bound=AnyOutcome)


class AnyAccounts(ABC, Generic[Case, Outcome]):
    """The accounts of a table, which keep their state from run to run; subclasses define what depends on the role.

    :param simulator: the simulated Twilio.
    :param folder: everything is written here, the store included.
    :param role: the role's short name.
    :param hooks: the names of the role's hooks.
    :param given: the variables, without the role's prefix, that each hook writes to a file.
    :param keywords: keywords of the block around the role.
    :ivar plays: for each play its keywords and the names of its rotations; empty for one play with all of them.
    :ivar includes: the keyword with which the play runs the role.
    :ivar rescue: tasks that run if the role fails.
    :ivar not_rescued: the names of rotations in whose plays they do not.
    :ivar afterwards: further plays.
    :ivar in_process: whether the role's task files run in this process.
    :ivar last: the last run.
    """

    plays: Sequence[tuple[Mapping[str, Any], Sequence[str]]] = ()
    includes: str = "include_role"
    rescue: Sequence[Mapping[str, Any]] = ()
    not_rescued: Sequence[str] = ()
    afterwards: Sequence[Mapping[str, Any]] = ()
    in_process: bool = False
    last: Run

    #: The variables that the play prints after the role, besides its result.
    shown: Sequence[str] = ()
    #: The keys of the role's own in its result.
    result_keys: Sequence[str] = ("phase", "rotated", "due_in_days")

    def __init__(
        self,
        simulator: Simulator,
        folder: Path,
        role: str,
        hooks: Sequence[str],
        given: Sequence[str],
        keywords: Mapping[str, Any] | None = None,
    ) -> None:
        self.simulator = simulator
        self.folder = folder
        self.store = folder / "store"
        self.own_store = folder / "own_store"
        self.role = role
        self._hooks = hooks
        self._given = given
        self._keywords = dict(keywords or {})
        self._sids: dict[str, str] = {}

    # -- what depends on the role --------------------------------------------------------------------------------

    @abstractmethod
    def account_seed(self, rotation: Case) -> Mapping[str, Any]:
        """Return the simulator's seed of an account, without its SID."""

    @abstractmethod
    def common_fields(self, rotation: Case) -> Mapping[str, Any]:
        """Return the fields that all records have in common."""

    @abstractmethod
    def record_name(self, rotation: Case) -> str:
        """Return the name of a rotation's record."""

    @abstractmethod
    def variables(self, rotation: Case) -> Mapping[str, Any]:
        """Return the variables, without the role's prefix, that all have in common or that the account needs."""

    @abstractmethod
    def secrets(self, states: Iterable[Mapping[str, Any]]) -> set[str]:
        """Return what must never be printed, given the state of all accounts in the simulator."""

    @abstractmethod
    def outcome_of(self, rotation: Case, results: Sequence[Result], state: Mapping[str, Any], common: Any) -> Outcome:
        """Return the outcome of a rotation.

        :param results: the results of the account's tasks.
        :param state: the account's state in the simulator.
        :param common: the values of the fields of AnyOutcome.
        """

    def host_variables(self, rotation: Case) -> Mapping[str, Any]:
        """Return further variables of the host."""
        return {}

    # -- what all roles have in common ---------------------------------------------------------------------------

    def sid(self, name: str) -> str:
        """Return the SID of a rotation's account."""
        return self._sids.setdefault(name, make_sid("AC", 1000 + len(self._sids)))

    def put_record(self, rotation: Case, record: Mapping[str, Any]) -> None:
        """Save a record in the store that the rotation's variables name."""
        if "store" in rotation.variables:
            path = self.own_store / f"{self.record_name(rotation)}.json"
            path.write_text(json.dumps(record), encoding="utf-8")
        else:
            self.file(rotation).save(record, NO_VERSION)

    def record(self, rotation: Case) -> Mapping[str, Any]:
        """Return the record in the store, empty if there is none."""
        if "store" not in rotation.variables:
            return self.file(rotation).load().record
        path = self.own_store / f"{self.record_name(rotation)}.json"
        held: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return held

    def make_own_store(self) -> str:
        """Create a store of the user's own, and return the value of the variable ``store`` for it."""
        folder = self.folder / "tasks"
        for path in (folder, self.own_store):
            path.mkdir()
        for name, tasks in OWN_STORE.items():
            (folder / name).write_text(json.dumps(tasks), encoding="utf-8")
        return str(folder)

    def path(self, rotation: Case) -> Path:
        """Return the path of the rotation's record."""
        return self.store / f"{self.record_name(rotation)}.yml"

    def file(self, rotation: Case) -> RecordFile:
        """Return the file of the rotation's record."""
        return RecordFile(str(self.path(rotation)), PASSWORD)

    def seed(self, rotations: Sequence[Case]) -> None:
        """Create accounts and records."""
        for rotation in rotations:
            account = {"sid": self.sid(rotation.name), **self.account_seed(rotation)}
            self.simulator.seed({"accounts": [account]})
            if rotation.record is not None:
                known = {"account_sid": account["sid"], **self.common_fields(rotation)}
                self.put_record(rotation, {**known, **rotation.record})

    def run(self, rotations: Sequence[Case], *arguments: str, **environment: str) -> dict[str, Outcome]:
        """Run the role for all rotations, assert that no secret is printed, and return the outcomes by name."""
        for rotation in rotations:
            if rotation.faults:
                self.simulator.faults([{**fault, "account_sid": self.sid(rotation.name)} for fault in rotation.faults])
        self.simulator.clear_requests()
        before = {rotation.name: self._bytes(rotation) for rotation in rotations}
        run_all = self._run_in_process if self.in_process else self._run
        run = self.last = run_all(rotations, arguments, environment)
        log = self.simulator.requests()
        states = {state["sid"]: state for state in self.simulator.state()["accounts"]}
        assert self.simulator.health()["violations"] == []
        secrets = {PASSWORD, *self.secrets(states.values())}
        assert not [secret for secret in secrets if secret in run.output], "a secret was printed"
        outcomes = {}
        for rotation in rotations:
            sid = self.sid(rotation.name)
            results = [result for result in run.results if result.host == sid]
            common = self._common(rotation, results, log, before[rotation.name])
            outcomes[rotation.name] = self.outcome_of(rotation, results, states[sid], common)
        return outcomes

    def _run(self, rotations: Sequence[Case], arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
        inventory = self.folder / "inventory.json"
        hosts = {self.sid(rotation.name): self._host(rotation) for rotation in rotations}
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
        role = {"name": "run", f"ansible.builtin.{self.includes}": {"name": f"community.twilio.{self.role}"}}
        shown = (f"{self.role}_result", *self.shown)
        show = [{"name": name, "ansible.builtin.debug": {"var": name}} for name in shown]
        block = {"name": "role", "block": [role], "always": show, **self._keywords}
        rescued = {**block, "rescue": list(self.rescue)} if self.rescue else block
        names = [rotation.name for rotation in rotations]
        plays = [
            {
                "hosts": [self.sid(name) for name in which if name in names],
                "gather_facts": False,
                **more,
                "tasks": [block if {*which} & {*self.not_rescued} else rescued],
            }
            for more, which in self.plays or [({}, names)]
        ]
        return ansible_playbook(
            self.folder,
            [*plays, *self.afterwards],
            *("-i", str(inventory), "--limit", "!localhost", "--forks", "8", "-vvvv", *arguments),
            ANSIBLE_ACTION_PLUGINS=str(HERE / "action_plugins"),
            **environment,
        )

    def _run_in_process(
        self, rotations: Sequence[Case], arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Run:
        roles = [
            RoleInProcess(self.role, sid, self._host(rotation), self.folder, "--check" in arguments)
            for rotation, sid in ((rotation, self.sid(rotation.name)) for rotation in rotations)
        ]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            succeeded = [role.run((f"{self.role}_result", *self.shown)) for role in roles]
        return Run(
            0 if all(succeeded) else 2,
            "\n".join(line for role in roles for line in role.shown),
            [result for role in roles for result in role.results],
        )

    def _host(self, rotation: Case) -> dict[str, Any]:
        sid = self.sid(rotation.name)
        hooks_file = self._hooks_file(rotation)
        hooks_file.unlink(missing_ok=True)
        variables = {
            "account_sid": sid,
            "base_url": self.simulator.url,
            "store_path": str(self.store),
            "store_password": PASSWORD,
            **{f"{hook}_tasks": str(self._hook(hook, hook in rotation.failing)) for hook in self._hooks},
            **self.variables(rotation),
            **rotation.variables,
        }
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "hooks_file": str(hooks_file),
            "own_store": str(self.own_store),
            **self.host_variables(rotation),
            **{f"{self.role}_{name}": value for name, value in variables.items()},
        }

    def _hook(self, hook: str, fails: bool) -> Path:
        path = self.folder / f"{hook}{'_fails' if fails else ''}.yml"
        arguments = {
            "path": "{{ hooks_file }}",
            "hook": hook,
            "fail": fails,
            **{name: f"{{{{ {self.role}_{name} }}}}" for name in self._given},
        }
        tasks = [{"name": f"Consumer: {hook}", "ansible.legacy.consumer": arguments}]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    def _hooks_file(self, rotation: Case) -> Path:
        return self.folder / f"{self.sid(rotation.name)}.hooks"

    def _bytes(self, rotation: Case) -> bytes | None:
        path = self.path(rotation)
        return path.read_bytes() if path.exists() else None

    def _common(
        self, rotation: Case, results: Sequence[Result], log: Sequence[Mapping[str, Any]], before: bytes | None
    ) -> dict[str, Any]:
        sid, hooks_file = self.sid(rotation.name), self._hooks_file(rotation)
        lines = hooks_file.read_text(encoding="utf-8").splitlines() if hooks_file.exists() else []
        # The last failure is the role's own; earlier ones were rescued.
        failures = [result["msg"] for result in results if result.failed and result.get("msg")]
        # The result is not printed if something ended the host or the play.
        shown = f"{self.role}_result"
        result = value_of(shown, results) if shown in [result.task for result in results] else {}
        return {
            "account_sid": sid,
            "record": self.record(rotation),
            "unchanged": before == self._bytes(rotation),
            "requests": [entry for entry in log if entry["account_sid"] == sid],
            "hooks": [json.loads(line) for line in lines],
            "failure": failures[-1] if failures else None,
            "result": {key: value for key, value in result.items() if key in self.result_keys},
            "changed": any(result.kind == "ok" and result.get("changed") for result in results),
        }
