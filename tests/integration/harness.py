# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tasks against the simulator: as users run them, in a playbook, or in this process.

A test file has a table of *cells*. A cell is an initial account and a task, which runs in check mode, for real, and
once more. Each cell has an account of its own. Cells run in this process, since starting Ansible takes longer than most
tests: arguments are checked as Ansible checks them, and the module's definition sends its requests over a socket. What
Ansible adds to a task is tested in playbooks, mainly by test_in_process.py and the targets.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Union

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from scripted import SkippingClock
from simulator.client import Simulator

from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition
from ansible_collections.community.twilio.plugins.module_utils._module import execute
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
COLLECTIONS = CHECKOUT / ".cache" / "collections"

#: The runs of a cell's task, in order.
STEPS = ("check", "apply", "repeat")

#: How many cells of a table run in parallel; some only wait for an answer that never comes.
CELLS_AT_ONCE = 8

#: The value of an argument in a cell that removes an argument of the connection.
OMIT = "{{ omit }}"

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
KEY_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY_PAIR = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": KEY_SECRET}


def make_sid(prefix: str, number: int) -> str:
    """Return the SID with this prefix and number."""
    return f"{prefix}{number:032x}"


def fingerprint(account_sid: str, pair: Mapping[str, str] | None = None) -> str:
    """Return the signature of a key pair in an account; the default is KEY_PAIR."""
    pair = pair or KEY_PAIR
    message = f"{pair['aws_access_key_id']}:{pair['aws_secret_access_key']}"
    return hmac.new(account_sid.encode(), message.encode(), hashlib.sha256).hexdigest()[:10]


@dataclass(frozen=True)
class Result:
    """A task's result as a callback plugin gets it; in this process, before secrets are masked."""

    kind: str
    host: str
    task: str
    values: Mapping[str, Any]
    ended: float
    action: str = ""

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return self.kind.endswith("failed")

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str) -> Any:
        """Return one of the result's values, None if it is missing."""
        return self.values.get(key)


@dataclass(frozen=True)
class Run:
    """What a playbook did: its exit status, its output, and each task's or item's result."""

    status: int
    output: str
    results: Sequence[Result]

    def of(self, task: str) -> Result:
        """Return the last result of the task of this name; a loop's own result follows those of its items."""
        found = [result for result in self.results if result.task == task]
        assert found, f"no result of task {task!r} in:\n{self.output}"
        return found[-1]


def ansible(folder: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs, independently of the environment's settings.

    :param folder: where Ansible keeps its files.
    :param program: the program's name, such as ``ansible-inventory``.
    :param environment: further environment variables.
    """
    return subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "ansible.cfg"),
            "ANSIBLE_ASYNC_DIR": str(folder / "async"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        },
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )


def ansible_playbook(folder: Path, plays: Sequence[Mapping[str, Any]], *arguments: str, **environment: str) -> Run:
    """Write a playbook, run it, and return its output and results.

    :param folder: where the playbook and its results are written.
    :param plays: the plays of the playbook.
    :param arguments: further arguments of ``ansible-playbook``.
    :param environment: further environment variables.
    """
    playbook = folder / "playbook.yml"
    playbook.write_text(yaml.safe_dump(list(plays), sort_keys=False, width=1000), encoding="utf-8")
    results = folder / "results.jsonl"
    results.write_text("", encoding="utf-8")
    finished = ansible(
        folder,
        "ansible-playbook",
        *("-i", "localhost,", str(playbook), *arguments),
        **{
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "RESULTS_FILE": str(results),
            **environment,
        },
    )
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return Run(
        finished.returncode,
        finished.stdout + finished.stderr,
        [
            Result(line["kind"], line["host"], line["task"], line["result"], line["ended"], line["action"])
            for line in lines
        ],
    )


class VaultedText(str):
    """A text that is written to a playbook with the tag !vault."""


yaml.SafeDumper.add_representer(
    VaultedText, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|")
)


def encrypt(text: str, password_file: Path) -> VaultedText:
    """Encrypt a text for use in a playbook, as ``ansible-vault encrypt`` does.

    :param password_file: the file with the password.
    """
    secret = VaultSecret(password_file.read_bytes().strip())
    return VaultedText(VaultLib().encrypt(text, secret).decode("ascii"))


def play(tasks: Iterable[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a play on the local host, whose modules run with this Python."""
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        **more,
        "tasks": list(tasks),
    }


#: A value of a cell, or a function that computes it from the account's SID.
CellValue = Union[Mapping[str, Any], Callable[[str], Mapping[str, Any]]]


@dataclass(frozen=True)
class Cell:
    """One case of a table.

    :param name: its name.
    :param arguments: the module's options without those of the connection, which are added.
    :param account: the seed of the account, with ``subaccounts`` if it has any.
    :param faults: the simulator's faults, for this account alone.
    :param steps: the runs of the task.
    :param module: the module, if it is not that of the table.
    """

    name: str
    arguments: CellValue
    account: CellValue = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    steps: Sequence[str] = STEPS
    module: str | None = None


@dataclass(frozen=True)
class CellRun:
    """The outcome of a cell.

    :param results: the result of each step.
    :param requests: the simulator's log of each step.
    :param state: the account's final state in the simulator.
    :param subaccounts: the final states of its subaccounts.
    """

    account_sid: str
    results: Mapping[str, Result]
    requests: Mapping[str, Sequence[Mapping[str, Any]]]
    state: Mapping[str, Any]
    subaccounts: Sequence[Mapping[str, Any]]

    @property
    def apply(self) -> Result:
        """The result of the run that is not in check mode."""
        return self.results["apply"]

    def methods(self, step: str) -> list[str]:
        """Return the HTTP verbs of a step's requests."""
        return [request["method"] for request in self.requests[step]]

    def assert_changes_once(self) -> None:
        """Assert that check mode predicts the change without a write, and that it is made exactly once."""
        assert not any(result.failed for result in self.results.values()), self.results
        assert [self.results[step]["changed"] for step in STEPS] == [True, True, False]
        assert set(self.methods("check")) == {"GET"}
        assert set(self.methods("repeat")) == {"GET"}

    def assert_unchanged(self) -> None:
        """Assert that no step reported a change or sent a write."""
        for step, result in self.results.items():
            assert not result.failed, result
            assert result["changed"] is False
            assert set(self.methods(step)) <= {"GET"}

    def assert_refused(self, *words: str) -> None:
        """Assert that each step failed with a message that contains these words, without a write."""
        for step, result in self.results.items():
            assert result.failed, result
            assert set(self.methods(step)) <= {"GET"}
            for word in words:
                assert word in result["msg"]


def run_cells(
    simulator: Simulator,
    module: str,
    cells: Sequence[Cell],
    settings: Mapping[str, Any] | None = None,
) -> dict[str, CellRun]:
    """Run the cells of a table, and return their outcomes by name.

    :param module: the module of the cells that name none.
    :param settings: the simulator's settings that differ from the defaults.
    """
    simulator.reset()
    if settings:
        simulator.settings(**settings)
    account_sids = {cell.name: make_sid("AC", number) for number, cell in enumerate(cells, start=1)}
    assert len(account_sids) == len(cells), "two cells have the same name"

    def run(cell: Cell) -> dict[str, Result]:
        return _run_cell(simulator, module, cell, account_sids[cell.name])

    with ThreadPoolExecutor(CELLS_AT_ONCE) as pool:
        results_of = dict(zip(account_sids, pool.map(run, cells)))
    log = simulator.requests()
    states = simulator.state()["accounts"]
    runs = {}
    for name, sid in account_sids.items():
        requests, began = {}, 0.0
        for step, result in results_of[name].items():
            ended = result.ended
            requests[step] = [entry for entry in log if entry["account_sid"] == sid and began < entry["time"] <= ended]
            began = ended
        (state,) = [state for state in states if state["sid"] == sid]
        subaccounts = [other for other in states if other["owner_account_sid"] == sid and other is not state]
        runs[name] = CellRun(sid, results_of[name], requests, state, subaccounts)
    assert simulator.health()["violations"] == []
    return runs


def _resolve(value: CellValue, account_sid: str) -> Mapping[str, Any]:
    return value(account_sid) if callable(value) else value


def _run_cell(simulator: Simulator, module: str, cell: Cell, sid: str) -> dict[str, Result]:
    """Seed a cell's account, run its task, and return each step's result."""
    account = {"subaccounts": (), **_resolve(cell.account, sid), "sid": sid}
    subaccounts = [{**subaccount, "owner_account_sid": sid} for subaccount in account.pop("subaccounts")]
    seeded = simulator.seed({"accounts": [account, *subaccounts]})["accounts"][0]
    if cell.faults:
        simulator.faults([{**fault, "account_sid": sid} for fault in cell.faults])
    connection = {"account_sid": sid, "auth_token": seeded["auth_token"], "base_url": simulator.url}
    arguments = {**connection, **_resolve(cell.arguments, sid)}
    arguments = {name: value for name, value in arguments.items() if value != OMIT}
    # The simulator applies late requests in real time.
    make_clock = Clock if any(fault["kind"] == "late" for fault in cell.faults) else SkippingClock
    return {
        step: run_task(
            cell.module or module,
            arguments,
            name=f"{cell.name} | {step}",
            check_mode=step == "check",
            clock=make_clock(),
        )
        for step in cell.steps
    }


def run_task(
    module: str,
    given: Mapping[str, Any],
    *,
    name: str = "task",
    check_mode: bool = False,
    clock: Clock | None = None,
) -> Result:
    """Run a module's definition in this process as the module and the action plugin do, with a diff.

    Secrets are not masked, so that a test can assert which values a result holds before masking.

    :param module: the module's full name.
    :param given: the arguments, without templates.
    :param name: the name of the task.
    :param clock: the engine's clock, by default one in real time.
    :returns: the task's result.
    """
    result = _result_of(module, given, check_mode, clock)
    # As Ansible passes it on.
    values = json.loads(json.dumps({"changed": False, **result}))
    return Result("failed" if values.get("failed") else "ok", "localhost", name, values, time.time())


def _result_of(module: str, given: Mapping[str, Any], check_mode: bool, clock: Clock | None) -> dict[str, Any]:
    collection, _dot, name = module.rpartition(".")
    definition: Definition = import_module(f"ansible_collections.{collection}.plugins.modules.{name}").DEFINITION
    arguments = checked(definition.argument_spec(), definition.rules(), given, module)
    if arguments.problem:
        return {"failed": True, "msg": arguments.problem}
    with ExitStack() as opened:

        def open_transport(timeout: float, validate_certs: bool, ca_path: str | None) -> HttpTransport:
            return opened.enter_context(closing(HttpTransport(timeout, validate_certs, ca_path, clock)))

        return execute(definition, arguments.options, check_mode, True, open_transport)
