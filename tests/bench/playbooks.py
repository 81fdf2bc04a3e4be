# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks as users run them, and measures the time and the requests of each task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import Simulator

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent

#: The timeout of a playbook in seconds, several times what the longest one takes.
TIMEOUT = 240


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    :param rounds: the most rounds of a measurement, of which the median counts.
    :param budget: seconds that a measurement may take; no round begins that would exceed them.
    :param loop_seconds: the intended duration of a loop, which determines its number of items.
    :param loop_items: the most items of a loop.
    :param numbers: numbers of one task.
    :param serial_numbers: numbers of one task that handles one at a time.
    :param sdk_numbers: numbers of the official SDK's loop.
    :param uri_numbers: items of the loop over ``ansible.builtin.uri``.
    :param hosts: accounts of the inventory.
    :param slow_hosts: the part of them for which modules run.
    :param growth: numbers of one task, from few to many.
    :param rotations: accounts whose rotation is not due, from few to many.
    :param forced: accounts that are rotated, few and more.
    """

    rounds: int
    budget: float
    loop_seconds: float
    loop_items: int
    numbers: int
    serial_numbers: int
    sdk_numbers: int
    uri_numbers: int
    hosts: int
    slow_hosts: int
    growth: tuple[int, int, int]
    rotations: tuple[int, int]
    forced: tuple[int, int]


FULL = Sizes(5, 110, 3.0, 1000, 1000, 100, 100, 8, 200, 20, (100, 1000, 10_000), (200, 1000), (20, 40))
QUICK = Sizes(1, 0, 0.1, 3, 20, 5, 5, 2, 6, 2, (20, 30, 40), (3, 4), (2, 5))


@dataclass(frozen=True)
class Timing:
    """The cost of a task.

    :param seconds: from its start to its last result.
    :param requests: the number of its requests.
    :param connections: the number of connections for them.
    """

    seconds: float
    requests: int
    connections: int


@dataclass(frozen=True)
class Run:
    """The cost of a playbook.

    :param seconds: of the whole process.
    :param cpu: seconds of CPU that all of its processes took.
    :param mebibytes: the peak memory of its largest process, shared memory included.
    :param tasks: the cost of each task by name.
    """

    seconds: float
    cpu: float
    mebibytes: float
    tasks: Mapping[str, Timing]


class Bench:
    """A simulator with TLS, and the playbooks that run against it.

    :param simulator: the simulator.
    :param folder: where playbooks are written.
    :param sizes: how much is measured.
    """

    def __init__(self, simulator: Simulator, folder: Path, sizes: Sizes) -> None:
        self.simulator = simulator
        self.sizes = sizes
        self.folder = folder

    def rounds(self) -> Iterator[int]:
        """Yield the number of each round: at least one round, and as many as the time budget allows."""
        began, longest = time.monotonic(), 0.0
        for number in range(self.sizes.rounds):
            before = time.monotonic()
            if number and before - began + longest > self.sizes.budget:
                return
            print(f"  round {number + 1}", file=sys.stderr, flush=True)
            yield number
            longest = max(longest, time.monotonic() - before)

    def write(self, name: str, content: Any) -> Path:
        """Write a file of JSON, which is YAML too, and return its path."""
        path = self.folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def run(
        self,
        tasks: Mapping[str, Mapping[str, Any]],
        hosts: str = "localhost",
        inventory: Path | str = "localhost,",
        variables: Mapping[str, Any] | None = None,
        forks: int = 5,
    ) -> Run:
        """Run a playbook in a process of its own.

        :param tasks: name to task.
        :param hosts: the play's pattern.
        :param inventory: the inventory.
        :param variables: further variables, beside those that say where the simulator is.
        :param forks: hosts at once.
        """
        play = {
            "hosts": hosts,
            "connection": "local",
            "gather_facts": False,
            "tasks": [{**task, "name": name} for name, task in tasks.items()],
        }
        connection = {
            "ansible_python_interpreter": sys.executable,
            "account_sid": self.simulator.account_sid,
            "auth_token": self.simulator.auth_token,
            "base_url": self.simulator.url,
            "ca_path": self.simulator.ca_path,
        }
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        extra = self.write("variables.json", {**connection, **(variables or {})})
        command = [program, "--inventory", str(inventory), "--extra-vars", f"@{extra}", "--forks", str(forks)]
        command += [str(self.write("playbook.yml", [play]))]
        timings = self.folder / "timings.json"
        timings.unlink(missing_ok=True)
        self.simulator.clear_requests()
        measured = self._measure(command, {**self._environment(), "TIMINGS_FILE": str(timings)})
        log = self.simulator.requests()
        return Run(
            measured["seconds"],
            measured["cpu"],
            measured["mebibytes"],
            {
                task["name"]: _timing(
                    task["ended"] - task["began"],
                    [entry for entry in log if task["began"] <= entry["monotonic"] <= task["ended"]],
                )
                for task in json.loads(timings.read_text(encoding="utf-8"))
            },
        )

    def run_program(self, name: str, *arguments: str) -> Timing:
        """Run a program of this folder that prints the seconds it took, and count all its requests.

        :param name: the name of its file.
        :param arguments: its arguments.
        """
        variables = {**self._environment(), "REQUESTS_CA_BUNDLE": str(self.simulator.ca_path)}
        command = [sys.executable, str(HERE / name), *arguments]
        self.simulator.clear_requests()
        finished = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        return _timing(float(finished.stdout), self.simulator.requests())

    def _measure(self, command: Sequence[str], environment: Mapping[str, str]) -> dict[str, float]:
        log = self.folder / "output.txt"
        whole = [sys.executable, str(HERE / "peak.py"), str(TIMEOUT), str(log), *command]
        with subprocess.Popen(
            whole, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                printed, _nothing = process.communicate()
            except BaseException:
                process.terminate()
                raise
        measured: dict[str, float] = json.loads(printed) if process.returncode == 0 else {"status": 1}
        if measured["status"]:
            sys.exit(f"A playbook failed:\n{log.read_text(encoding='utf-8')[-5000:]}")
        return measured

    def _environment(self) -> dict[str, str]:
        """Return the environment without settings of Ansible, Twilio and proxies."""
        removed = ("ANSIBLE_", "TWILIO_", "COMMUNITY_TWILIO_", "PYTHONDONTWRITEBYTECODE")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(removed) and not name.lower().endswith("_proxy")
        }
        return {
            **kept,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "timings",
            "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".cache" / "collections"),
            "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            # Bytecode is kept, as on any machine, but not in the checkout.
            "PYTHONPYCACHEPREFIX": str(CHECKOUT / ".cache" / "bench"),
        }


def _timing(seconds: float, log: Sequence[Mapping[str, Any]]) -> Timing:
    return Timing(seconds, len(log), len({entry["connection"] for entry in log}))
