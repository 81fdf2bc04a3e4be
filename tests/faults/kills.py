# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a role, stands still at each point at which it can be killed, and kills it at one of them.

A *fixture* is what a run works on: an account, a store and consumers of its own, in a folder of its own. Its runs are
those of a playbook, or of a role alone, which takes a fraction of the time. The points of a run are each request before
it is sent, each answer before it is read, each step of a save, and the end of each task. At a point the process stops
itself, see ``shim/kill_point.py``. Then the test looks at what a kill would leave, and lets it go on; or it kills the
process and all its descendants, by SIGKILL.
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

#: How long a run may take from one point to the next, in seconds.
LIMIT = 300.0

#: The names that ``shim/kill_point.py`` has for these.
MARK, EACH = "KILLS_FOLDER", "each"
SETTINGS, PASSED, STANDING, PROGRAMS = "settings.json", "passed.jsonl", "standing", "programs.jsonl"

#: The kinds of points.
TASK_END, SAVE, REQUEST, ANSWER = "task end", "save", "request", "answer"


class Server(Protocol):
    """What runs send requests to; each fixture is a caller of its own."""

    name: str

    def requests(self, caller: str) -> Sequence[Request]:
        """Return what this caller has asked for, from the beginning."""


class Twilio:
    """The simulator; the caller is an account's SID.

    :param others: the SIDs of what asks for no other account than the caller: its parent, a key that there never was.
    """

    name = "Twilio"

    def __init__(self, simulator: Simulator, *others: str) -> None:
        self._simulator, self._others = simulator, others

    def requests(self, caller: str) -> Sequence[Request]:
        """Return an account's requests, and those of its parent, whatever they were authenticated with."""
        # Whose key was deleted, the log does not tell.
        keys = {life["sid"] for life in self._simulator.key_history(caller)}
        return [
            Request(f"{entry['method']} {entry['path']}", entry["method"] != "GET")
            for entry in self._simulator.requests()
            if entry["account_sid"] in (caller, *self._others, *keys)
        ]


@dataclass(frozen=True)
class Point:
    """Where a run can be killed.

    :param kind: one of the kinds.
    :param number: which of its kind, from 1 on.
    :param what: the task, the request or the file, for the reader.
    """

    kind: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.number} ({self.what})"


@dataclass(frozen=True)
class Fixture:
    """What runs work on, one after the other.

    :param folder: holds all that they write.
    :param play: what they do.
    :param callers: the servers, each with what it knows this fixture by.
    :param saves_below: in which folders a save is a point, and what is put in place is kept.
    :param environment: further environment variables.
    :param role: which role is run without ``ansible-playbook``, and the file of its variables; None for the play.
    """

    folder: Path
    play: Mapping[str, Any]
    callers: Sequence[tuple[Server, str]]
    saves_below: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    role: tuple[str, Path] | None = None

    @property
    def kept(self) -> Path:
        """The folder of what renames and links put in place."""
        return self.folder / "kept"


@dataclass(frozen=True)
class Ran:
    """What came of a run.

    :param result: as of any run of the tests; the status is negative if it was killed.
    :param points: the points that it came to, in order.
    :param requests: of each server, by its name.
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


def run(fixture: Fixture, name: str, kill_at: Point | None = None, look: Callable[[Point], None] | None = None) -> Ran:
    """Run a fixture's play.

    :param name: of this run; no other in the fixture has it.
    :param kill_at: where to kill it, if anywhere.
    :param look: is called at each point, while the run stands still.
    :raises AssertionError: where the point was not reached, or the time is over, or a server got other requests than
        the points say.
    """
    wanted = [kill_at.kind, kill_at.number] if kill_at else EACH if look else None
    place = _prepare(fixture, name, wanted)
    before = {server.name: len(server.requests(caller)) for server, caller in fixture.callers}
    # Also open to be written to: so it never ends.
    with ThreadPoolExecutor(1) as pool, open(place / STANDING, "r+b", buffering=0) as standing:
        finish = _start_role(fixture, place) if fixture.role else _start_playbook(fixture, place, standing, pool)
        try:
            killed = _attend(place, standing, look)
        finally:
            # Whatever was left, be it that the test is interrupted; otherwise nothing.
            kill_all(place)
        result = finish()
    assert killed == bool(kill_at), f"the run never came to {kill_at}:\n{result.output}"
    points = _points(place)
    requests = {server.name: server.requests(caller)[before[server.name] :] for server, caller in fixture.callers}
    if not killed:
        sent = sum(point.kind == REQUEST for point in points)
        assert sent == sum(map(len, requests.values())), f"{sent} requests were points, but these were sent: {requests}"
    return Ran(result, points, requests, (place / PROGRAMS).read_text(encoding="utf-8"))


def _start_playbook(fixture: Fixture, place: Path, standing: FileIO, pool: ThreadPoolExecutor) -> Callable[[], Run]:
    """Start a run, and return what returns what came of it once it is over."""
    future = pool.submit(ansible_playbook, fixture.folder, [fixture.play], "-vvvv", **_environment(fixture, place))
    future.add_done_callback(lambda _future: standing.write(b"\n"))
    return future.result


def _start_role(fixture: Fixture, place: Path) -> Callable[[], Run]:
    assert fixture.role
    role, variables = fixture.role
    wanted = {"role": role, "variables": str(variables), "folder": str(fixture.folder), "place": str(place)}
    environment = _environment(fixture, place)
    roles.roles().start({**wanted, "standing": str(place / STANDING), "environment": environment})

    def finish() -> Run:
        told = place / roles.OUTCOME
        if not told.exists():
            return Run(-signal.SIGKILL, "", [])
        outcome = json.loads(told.read_text(encoding="utf-8"))
        results = [Result(kind, "localhost", task, values, 0) for kind, task, values in outcome["results"]]
        return Run(outcome["status"], outcome["output"], results)

    return finish


def _prepare(fixture: Fixture, name: str, wanted: Any) -> Path:
    """Make the folder of a run's points."""
    place = fixture.folder / "runs" / name
    for folder in (place, fixture.kept, *(fixture.folder / name for name in ("home", "tmp", "remote"))):
        folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place / STANDING)
    for file in (PASSED, PROGRAMS):
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


def _attend(place: Path, standing: FileIO, look: Callable[[Point], None] | None) -> bool:
    """Wait until a run is over; look at it wherever it stands still, or kill it there. Return whether it was killed.

    :param standing: tells the number of each process that stands still, each on a line; an empty one is the end.
    """
    while select.select([standing], [], [], LIMIT)[0]:
        number = standing.readline().strip()
        if not number:
            return False
        process = int(number)
        _wait_for_states({process}, "T")
        if look is None:
            kill_all(place)
            return True
        look(_points(place)[-1])
        os.kill(process, signal.SIGCONT)
    raise AssertionError("the run took too long")


def _points(place: Path) -> list[Point]:
    lines = (place / PASSED).read_text(encoding="utf-8").splitlines()
    return [Point(line["kind"], line["number"], line["what"]) for line in map(json.loads, lines)]


# -- processes --------------------------------------------------------------------------------------------------


def kill_all(place: Path) -> None:
    """Kill a run with all its descendants, and return when none of them runs any more.

    They are told by what all of them have in their environment, since Ansible's workers leave the process group, and a
    process whose parent has ended is nobody's descendant. All are stopped first, so that none starts another meanwhile.
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
    """Wait until each process is in one of the states that proc(5) names, or gone."""
    end = time.monotonic() + 60
    while any(_state(process) not in states for process in processes):
        assert time.monotonic() < end, "a process does not stop"
        time.sleep(0.001)


def _state(process: int) -> str:
    """Return a process's state; one that is gone counts as dead."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "X"
    # Behind the name in parentheses, which may hold anything.
    return status[status.rindex(")") + 2]
