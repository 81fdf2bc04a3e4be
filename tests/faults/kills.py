# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a role, and stops it at each point where it can be killed, or kills it at one of them.

A *fixture* is what runs work on: an account, a store and consumers of its own, in a folder of its own. A run executes a
playbook, or the role alone, which takes a fraction of the time. A run has a *point* before each request is sent, before
each answer is read, before each step of a save, and at the end of each task. At a point the process stops itself (see
``shim/kill_point.py``). The test then inspects the state that a kill would leave and resumes the process, or kills it
and all its descendants with SIGKILL.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

import harness
from harness import Result, Run, ansible_playbook
from servers import Request
from simulator.client import Simulator

import roles

HERE = Path(__file__).parent
SHIM = HERE / "shim"

#: Seconds that a run may take from one point to the next.
LIMIT = 300.0

#: The same values as in ``shim/kill_point.py``.
MARK, EACH = "KILLS_FOLDER", "each"
SETTINGS, REACHED, STOPPED, PROGRAMS = "settings.json", "reached.jsonl", "stopped", "programs.jsonl"

#: The kinds of points.
TASK_END, SAVE, REQUEST, ANSWER = "task end", "save", "request", "answer"


class Server(Protocol):
    """A server that runs send requests to; each fixture is a separate caller."""

    name: str

    def requests(self, caller: str) -> Sequence[Request]:
        """Return all requests of this caller."""


class Twilio:
    """The simulator; a caller is an account's SID.

    :param others: further SIDs whose requests are the caller's: its parent's, and that of a key that never existed.
    """

    name = "Twilio"

    def __init__(self, simulator: Simulator, *others: str) -> None:
        self._simulator, self._others = simulator, others

    def requests(self, caller: str) -> Sequence[Request]:
        """Return the requests of an account and of its parent, whatever they were authenticated with."""
        # Requests with a deleted key are logged without their account.
        keys = {life["sid"] for life in self._simulator.key_history(caller)}
        return [
            Request(f"{entry['method']} {entry['path']}", entry["method"] != "GET")
            for entry in self._simulator.requests()
            if entry["account_sid"] in (caller, *self._others, *keys)
        ]


@dataclass(frozen=True)
class Point:
    """Where a run can be killed.

    :param kind: one of the kinds above.
    :param number: counts the points of one kind, from 1 on.
    :param what: the task, the request or the file, for messages.
    """

    kind: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.number} ({self.what})"


@dataclass(frozen=True)
class Fixture:
    """What runs work on, one after the other.

    :param folder: everything that they write is in it.
    :param play: the play that they execute.
    :param callers: the servers, each with the name of this fixture as a caller.
    :param saves_below: the folders in which a save has points, and in which each saved file is kept.
    :param environment: further environment variables.
    :param role: the role to run without ``ansible-playbook``, and the file of its variables; None to run the play.
    """

    folder: Path
    play: Mapping[str, Any]
    callers: Sequence[tuple[Server, str]]
    saves_below: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    role: tuple[str, Path] | None = None

    @property
    def kept(self) -> Path:
        """The folder that keeps each file that a rename or link put in place."""
        return self.folder / "kept"


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    :param result: its tasks' results and exit status, which is negative if it was killed.
    :param points: the points that it reached, in order.
    :param requests: the requests to each server, by the server's name.
    :param programs: the programs it started, with their arguments.
    """

    result: Run
    points: Sequence[Point]
    requests: Mapping[str, Sequence[Request]]
    programs: str

    @property
    def changed(self) -> bool:
        """Whether a task reported a change."""
        return any(result.get("changed") for result in self.result.results)


def run(
    fixture: Fixture, name: str, kill_at: Point | None = None, at_point: Callable[[Point], None] | None = None
) -> RunResult:
    """Run a fixture's play or role.

    :param name: the name of this run, unique in the fixture.
    :param kill_at: where to kill it, if anywhere.
    :param at_point: called at each point, while the run is stopped.
    :raises AssertionError: if the point was not reached, the time limit was exceeded, or a server got other requests
        than those that were points.
    """
    wanted = [kill_at.kind, kill_at.number] if kill_at else EACH if at_point else None
    place = _prepare(fixture, name, wanted)
    before = {server.name: len(server.requests(caller)) for server, caller in fixture.callers}
    # Opened for writing as well, so that reading never meets the end of the file.
    with ThreadPoolExecutor(1) as pool, open(place / STOPPED, "r+b", buffering=0) as stopped_pipe:
        finish = _start_role(fixture, place) if fixture.role else _start_playbook(fixture, place, stopped_pipe, pool)
        try:
            killed = _supervise(place, stopped_pipe, at_point)
        finally:
            # Finds nothing unless the run was cut short, for example by an interrupted test.
            kill_all(place)
        result = finish()
    assert killed == bool(kill_at), f"the run never came to {kill_at}:\n{result.output}"
    points = _points(place)
    requests = {server.name: server.requests(caller)[before[server.name] :] for server, caller in fixture.callers}
    if not killed:
        sent = sum(point.kind == REQUEST for point in points)
        assert sent == sum(map(len, requests.values())), f"{sent} requests were points, but these were sent: {requests}"
    return RunResult(result, points, requests, (place / PROGRAMS).read_text(encoding="utf-8"))


def _start_playbook(fixture: Fixture, place: Path, stopped_pipe: FileIO, pool: ThreadPoolExecutor) -> Callable[[], Run]:
    """Start a run, and return a function that waits for its result."""
    future = pool.submit(ansible_playbook, fixture.folder, [fixture.play], "-vvvv", **_environment(fixture, place))
    future.add_done_callback(lambda _future: stopped_pipe.write(b"\n"))
    return future.result


def _start_role(fixture: Fixture, place: Path) -> Callable[[], Run]:
    assert fixture.role
    role, variables = fixture.role
    wanted = {"role": role, "variables": str(variables), "folder": str(fixture.folder), "place": str(place)}
    environment = _environment(fixture, place)
    roles.roles().start({**wanted, "stopped_pipe": str(place / STOPPED), "environment": environment})

    def finish() -> Run:
        outcome_file = place / roles.OUTCOME
        if not outcome_file.exists():
            return Run(-signal.SIGKILL, "", [])
        outcome = json.loads(outcome_file.read_text(encoding="utf-8"))
        results = [Result(kind, "localhost", task, values, 0) for kind, task, values in outcome["results"]]
        return Run(outcome["status"], outcome["output"], results)

    return finish


def _prepare(fixture: Fixture, name: str, wanted: Any) -> Path:
    """Make the folder of a run's points."""
    place = fixture.folder / "runs" / name
    for folder in (place, fixture.kept, *(fixture.folder / name for name in ("home", "tmp", "remote"))):
        folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place / STOPPED)
    for file in (REACHED, PROGRAMS):
        (place / file).touch()
    settings = {
        "wanted": wanted,
        "saves_below": [str(folder) for folder in fixture.saves_below],
        "kept": str(fixture.kept),
    }
    (place / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    return place


def _environment(fixture: Fixture, place: Path) -> dict[str, str]:
    plugins = os.pathsep.join(str(folder / "callback_plugins") for folder in (harness.HERE, HERE))
    return {
        MARK: str(place),
        "PYTHONPATH": str(SHIM),
        "HOME": str(fixture.folder / "home"),
        "TMPDIR": str(fixture.folder / "tmp"),
        "ANSIBLE_REMOTE_TMP": str(fixture.folder / "remote"),
        "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
        "ANSIBLE_CALLBACK_PLUGINS": plugins,
        "ANSIBLE_CALLBACKS_ENABLED": "results,task_points",
        **fixture.environment,
    }


def _supervise(place: Path, stopped_pipe: FileIO, at_point: Callable[[Point], None] | None) -> bool:
    """Wait until a run ends; wherever it stops, call ``at_point``, or kill it if there is none.

    :param stopped_pipe: yields the id of each process that has stopped, one a line; an empty line means the end.
    :returns: whether the run was killed.
    """
    while select.select([stopped_pipe], [], [], LIMIT)[0]:
        number = stopped_pipe.readline().strip()
        if not number:
            return False
        process = int(number)
        _wait_for_states({process}, "T")
        if at_point is None:
            kill_all(place)
            return True
        at_point(_points(place)[-1])
        os.kill(process, signal.SIGCONT)
    raise AssertionError("the run took too long")


def _points(place: Path) -> list[Point]:
    lines = (place / REACHED).read_text(encoding="utf-8").splitlines()
    return [Point(line["kind"], line["number"], line["what"]) for line in map(json.loads, lines)]


# -- processes --------------------------------------------------------------------------------------------------


def kill_all(place: Path) -> None:
    """Kill a run and all its descendants, and return when none of them is running.

    They are found by a variable in their environment: Ansible's workers leave the process group, and orphaned processes
    have no ancestor to be found by. All are stopped first, so that none starts another one meanwhile.
    """
    stopped: set[int] = set()
    while found := set(_processes(place)) - stopped:
        _signal(found, signal.SIGSTOP)
        _wait_for_states(found, "tTXZ")
        stopped |= found
    _signal(stopped, signal.SIGKILL)
    _wait_for_states(stopped, "XZ")


def _processes(place: Path) -> Iterator[int]:
    mark = f"{MARK}={place}".encode()
    forked = place / roles.PROCESS
    if forked.exists():
        yield int(forked.read_text(encoding="ascii"))
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                environment = Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if mark in environment.split(b"\0"):
                yield int(name)


def _signal(processes: set[int], number: int) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def _wait_for_states(processes: set[int], states: str) -> None:
    """Wait until each process is in one of these states of proc(5), or gone."""
    end = time.monotonic() + 60
    while any(_state(process) not in states for process in processes):
        assert time.monotonic() < end, "a process does not stop"
        time.sleep(0.001)


def _state(process: int) -> str:
    """Return a process's state; a process that is gone counts as dead."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "X"
    # The state follows the name in parentheses, which may itself hold parentheses.
    return status[status.rindex(")") + 2]
