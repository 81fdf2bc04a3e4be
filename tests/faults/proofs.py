# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the invariants of one scenario: the state that a kill leaves at each point of a run, and the runs after it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from kills import Fixture, Point, RunResult, run
from simulator.client import Simulator

#: How many runs each pytest worker has in parallel; over all workers, a little more than there are cores.
AT_ONCE = max(1, ((os.cpu_count() or 1) + 2) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


class Invariants(Protocol):
    """What must hold in a scenario, judged by the records of its servers, store and consumers."""

    @property
    def fixture(self) -> Fixture:
        """The fixture."""

    def record(self) -> dict[str, Any]:
        """Return the current record."""

    def state_for_next_run(self) -> Any:
        """Return all that the next run depends on, the play included, as JSON values."""

    def problems_at_point(self) -> list[str]:
        """Return the violations while a run is stopped at a point, or after it was killed there."""

    def problems_after(self, runs: Sequence[RunResult]) -> list[str]:
        """Return the violations after the last of several runs, which ended undisturbed."""

    def problems_of_idle_run(self, before: Mapping[str, Any], ran: RunResult) -> list[str]:
        """Return the violations of a run that finds nothing due, given the record before it."""


@dataclass(frozen=True)
class Scenario:
    """One scenario of a role.

    :param name: its name.
    :param prepare: makes an equal fixture in a new folder each time, and returns its invariants.
    :param final_record: fields of the record after the last run.
    :param succeeds: whether an undisturbed run succeeds, after which the next one has nothing to do.
    :param kills_at: whether to kill a run at this point if that leaves a new state; other scenarios cover the rest.
    :param first_kill: where to kill the first run; other scenarios cover its other points.
    """

    name: str
    prepare: Callable[[Simulator, Path], Invariants]
    final_record: Mapping[str, Any] = field(default_factory=dict)
    succeeds: bool = True
    kills_at: Callable[[Point], bool] = lambda _point: True
    first_kill: Point | None = None


class Kill(NamedTuple):
    """Where a run is killed.

    :param point: the point.
    :param state: the state that was observed while a run was stopped there, None if none was.
    """

    point: Point
    state: str | None


#: Where consecutive runs are killed.
Kills = tuple[Kill, ...]


class Proof:
    """The runs of one scenario.

    One run is stopped at each of its points, and the state that a kill would leave there is checked. The next run
    depends on that state alone. So for each new state (apart from SIDs, tokens and the time of day), another run is
    killed at the first point that leaves it, and the run after that is stopped at each of its own points. Where that
    finds further new states, it is killed as well, and so on.

    :param folder: where fixtures are made; those without a violation are removed.
    :param seen: the folder that lists the states found so far, in all scenarios.
    :param everywhere: whether to kill the first run at each point, whatever state that leaves.
    """

    def __init__(
        self, scenario: Scenario, simulator: Simulator, folder: Path, seen: Path, everywhere: bool = False
    ) -> None:
        self._scenario, self._simulator, self._folder = scenario, simulator, folder
        self._seen, self._everywhere = seen, everywhere
        #: All points at which a run was stopped.
        self.points: list[Point] = []
        #: The sequences of kills that were tried.
        self.killed: list[Kills] = [(Kill(scenario.first_kill, None),)] if scenario.first_kill else []

    def problems(self) -> list[str]:
        """Run everything, and return the violations."""
        problems: list[str] = []
        following: list[Kills] = list(self.killed) or [()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while following and not problems:
                found: list[Kills] = []
                for kills, (points, wrong, more) in zip(
                    following, pool.map(self._run_after_kills, following), strict=True
                ):
                    self.points += points
                    where = ", ".join(str(kill.point) for kill in kills) or "undisturbed"
                    problems += [f"{where}: {problem}" for problem in wrong]
                    found += more
                self.killed += found
                following = found
        return problems

    def _run_after_kills(self, kills: Kills) -> tuple[Sequence[Point], list[str], list[Kills]]:
        """Kill one run after the other, and let the last one end.

        :returns: the points of the last run, the violations, and further sequences of kills to try.
        """
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        invariants = self._scenario.prepare(self._simulator, folder)
        problems: list[str] = []
        found: list[Kills] = []
        # The initial state is the one that a kill before the first point leaves.
        self._is_first_seen(_normalized_state(invariants))

        def check_point(point: Point) -> None:
            problems.extend(f"{point}: {problem}" for problem in invariants.problems_at_point())
            state = _normalized_state(invariants)
            everywhere = self._everywhere and not kills
            if everywhere or (self._scenario.kills_at(point) and self._is_first_seen(state)):
                found.append((*kills, Kill(point, state)))

        try:
            runs = []
            for number, kill in enumerate(kills, start=1):
                killed = run(invariants.fixture, f"killed {number}", kill.point)
                runs.append(killed)
                problems += invariants.problems_at_point()
                if kill.state is None:
                    # The scenario names this point; no run was stopped there before.
                    assert killed.points[-1].what.startswith(kill.point.what), f"this is {killed.points[-1]}"
                elif kill.state != _normalized_state(invariants):
                    problems.append("the kill left another state than was observed while a run was stopped here")
            runs.append(run(invariants.fixture, "undisturbed", at_point=check_point))
            problems += self._judge_end(invariants, runs)
        except AssertionError as error:
            # One failed run must not hide the violations of others.
            return [], [str(error)], []
        if not problems:
            shutil.rmtree(folder)
        return runs[-1].points, problems, found

    def _judge_end(self, invariants: Invariants, runs: Sequence[RunResult]) -> list[str]:
        """Return the violations after the last of several runs, which was not killed."""
        last = runs[-1]
        record = invariants.record()
        problems = []
        if (last.result.status == 0) != self._scenario.succeeds:
            problems.append(f"the run ended with status {last.result.status}:\n{last.result.output}")
        problems += [
            f"the record's {name} is {record.get(name)!r}, not {value!r}"
            for name, value in self._scenario.final_record.items()
            if record.get(name) != value
        ]
        problems += invariants.problems_after(runs)
        if self._scenario.succeeds and self._is_first_seen(f"at the end: {_normalized_state(invariants)}"):
            idle = run(invariants.fixture, "idle")
            problems += invariants.problems_of_idle_run(record, idle)
            problems += invariants.problems_after([*runs, idle])
        return problems

    def _is_first_seen(self, state: str) -> bool:
        """Return whether no thread and no process of the tests has seen this state before."""
        try:
            (self._seen / hashlib.sha256(state.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


# -- comparing states ------------------------------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)")

#: SIDs, tokens (Vault's included), fingerprints, AWS's ids, times in file names, and server ports.
_NAME = re.compile(
    r"\b(?:[A-Z]{2}[0-9a-f]{32}|[0-9a-f]{8,}|s\.[0-9A-Za-z]{24}|A[A-Z]{3}[A-Z0-9]{12,}|\d{8}T\d{6}(?:\.\d+)?Z)\b"
    r"|(?<=127\.0\.0\.1:)\d+"
)


def _normalized_state(invariants: Invariants) -> str:
    """Return the state that a fixture's next run depends on, comparable with that of other fixtures."""
    return normalize(invariants.state_for_next_run(), invariants.fixture.folder)


def normalize(state: Any, folder: Path) -> str:
    """Return a text that is equal for equivalent states of different fixtures.

    Names are replaced by numbers in order of appearance, and recent dates by one word.

    :param folder: the folder of the fixture.
    """
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"<{len(numbers)}>")

    text = json.dumps(state, sort_keys=True, default=str).replace(str(folder), "")
    return _NAME.sub(number, _DATE.sub(_age, text))


def _age(found: re.Match[str]) -> str:
    moment = datetime.fromisoformat(found[0].replace("Z", "+00:00"))
    return "<now>" if datetime.now(timezone.utc) - moment < timedelta(hours=1) else found[0]
