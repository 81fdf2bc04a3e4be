# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proves the rules for one scenario through a role: what a kill leaves at each of its points, and what comes after."""

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

from kills import Fixture, Point, Ran, run
from simulator.client import Simulator

#: How many points are tried at once, all workers of pytest together: a little more than there are cores.
AT_ONCE = max(1, ((os.cpu_count() or 1) + 2) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


class Invariants(Protocol):
    """What must hold in a scenario, judged from what its servers, store and consumers recorded."""

    @property
    def fixture(self) -> Fixture:
        """The fixture."""

    def record(self) -> dict[str, Any]:
        """Return the record that is there now."""

    def left_behind(self) -> Any:
        """Return all that the next run depends on, what it runs included, as JSON gives it."""

    def so_far(self) -> list[str]:
        """Return what is wrong while a run stands still, or was killed."""

    def at_the_end(self, runs: Sequence[Ran]) -> list[str]:
        """Return what is wrong after the last of some runs, which got to the end."""

    def is_idle(self, before: Mapping[str, Any], ran: Ran) -> list[str]:
        """Return what is wrong with a run that finds nothing due, by the record before it."""


@dataclass(frozen=True)
class Scenario:
    """One scenario through a role.

    :param name: what it is called.
    :param prepare: makes a fixture for it in a folder, the same each time.
    :param ends_with: what the record says when it is over.
    :param ends_well: whether a run that gets to the end succeeds, and one after it has nothing to do.
    :param chooses: at which points a run is killed, where they leave something new; the others are another way's.
    :param first: where a first run is killed, whose other points are another way's.
    """

    name: str
    prepare: Callable[[Simulator, Path], Invariants]
    ends_with: Mapping[str, Any] = field(default_factory=dict)
    ends_well: bool = True
    chooses: Callable[[Point], bool] = lambda _point: True
    first: Point | None = None


class Kill(NamedTuple):
    """Where a run is killed.

    :param point: the point.
    :param left: what was seen to be there while a run stood still at it; None where none did.
    """

    point: Point
    left: str | None


#: Runs that are killed, one after the other.
Kills = tuple[Kill, ...]


class Proof:
    """The runs of one scenario.

    One run stands still at each point, and what a kill would leave there is judged. What the next run does depends on
    what it finds. So for each different thing that a kill would leave, but for SIDs, tokens and the time of day, a run
    is killed at the first such point, and a next one stands still at each of its own: where that would leave something
    else, it is killed there, too, and so on.

    :param folder: where the fixtures are; one that had no problem is removed.
    :param seen: a folder that says what was found in other ways.
    :param everywhere: whether a run that begins undisturbed is killed at each point, whatever it leaves.
    """

    def __init__(
        self, scenario: Scenario, simulator: Simulator, folder: Path, seen: Path, everywhere: bool = False
    ) -> None:
        self._scenario, self._simulator, self._folder = scenario, simulator, folder
        self._seen, self._everywhere = seen, everywhere
        #: All points at which a run stood still.
        self.points: list[Point] = []
        #: Where a last run was killed, with those that were killed before it.
        self.killed: list[Kills] = [(Kill(scenario.first, None),)] if scenario.first else []

    def problems(self) -> list[str]:
        """Return what is wrong."""
        problems: list[str] = []
        following: list[Kills] = list(self.killed) or [()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while following and not problems:
                found: list[Kills] = []
                for kills, (points, wrong, more) in zip(following, pool.map(self._go_on, following), strict=True):
                    self.points += points
                    where = ", ".join(str(kill.point) for kill in kills) or "undisturbed"
                    problems += [f"{where}: {problem}" for problem in wrong]
                    found += more
                self.killed += found
                following = found
        return problems

    def _go_on(self, kills: Kills) -> tuple[Sequence[Point], list[str], list[Kills]]:
        """Kill a run at each of some points, and let the next one come to its end.

        :returns: the points of the last run, what is wrong, and where else runs are to be killed.
        """
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        invariants = self._scenario.prepare(self._simulator, folder)
        problems: list[str] = []
        found: list[Kills] = []
        # A run that is killed before it does anything leaves what this one begins with.
        self._is_new(_left(invariants))

        def look(point: Point) -> None:
            problems.extend(f"{point}: {problem}" for problem in invariants.so_far())
            left = _left(invariants)
            everywhere = self._everywhere and not kills
            if everywhere or (self._scenario.chooses(point) and self._is_new(left)):
                found.append((*kills, Kill(point, left)))

        try:
            runs = []
            for number, kill in enumerate(kills, start=1):
                killed = run(invariants.fixture, f"killed {number}", kill.point)
                runs.append(killed)
                problems += invariants.so_far()
                if kill.left is None:
                    # It was named beforehand, and not seen.
                    assert killed.points[-1].what.startswith(kill.point.what), f"this is {killed.points[-1]}"
                elif kill.left != _left(invariants):
                    problems.append("what was left is not what was seen while a run stood still here")
            runs.append(run(invariants.fixture, "undisturbed", look=look))
            problems += self._judge_end(invariants, runs)
        except AssertionError as error:
            # One point's failure is not to hide the others'.
            return [], [str(error)], []
        if not problems:
            shutil.rmtree(folder)
        return runs[-1].points, problems, found

    def _judge_end(self, invariants: Invariants, runs: Sequence[Ran]) -> list[str]:
        """Return what is wrong after the last of some runs, which was to get to the end."""
        last = runs[-1]
        record = invariants.record()
        problems = []
        if (last.result.status == 0) != self._scenario.ends_well:
            problems.append(f"the run ended with status {last.result.status}:\n{last.result.output}")
        problems += [
            f"the record's {name} is {record.get(name)!r}, not {value!r}"
            for name, value in self._scenario.ends_with.items()
            if record.get(name) != value
        ]
        problems += invariants.at_the_end(runs)
        if self._scenario.ends_well and self._is_new(f"at the end: {_left(invariants)}"):
            idle = run(invariants.fixture, "idle")
            problems += invariants.is_idle(record, idle)
            problems += invariants.at_the_end([*runs, idle])
        return problems

    def _is_new(self, found: str) -> bool:
        """Tell whether this was found for the first time, by any thread or process of the tests."""
        try:
            (self._seen / hashlib.sha256(found.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


# -- what is alike ------------------------------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)")

#: SIDs, tokens (those of Vault, too), fingerprints, the ids of AWS, times in names of files, and the ports of servers.
_NAME = re.compile(
    r"\b(?:[A-Z]{2}[0-9a-f]{32}|[0-9a-f]{8,}|s\.[0-9A-Za-z]{24}|A[A-Z]{3}[A-Z0-9]{12,}|\d{8}T\d{6}(?:\.\d+)?Z)\b"
    r"|(?<=127\.0\.0\.1:)\d+"
)


def _left(invariants: Invariants) -> str:
    """Return what a fixture's next run depends on."""
    return alike(invariants.left_behind(), invariants.fixture.folder)


def alike(left: Any, folder: Path) -> str:
    """Return a text that is the same for what different fixtures left behind alike.

    Names are numbered as they come, and a date is told apart only from one long ago.

    :param folder: the fixture's.
    """
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"<{len(numbers)}>")

    text = json.dumps(left, sort_keys=True, default=str).replace(str(folder), "")
    return _NAME.sub(number, _DATE.sub(_age, text))


def _age(found: re.Match[str]) -> str:
    moment = datetime.fromisoformat(found[0].replace("Z", "+00:00"))
    return "<now>" if datetime.now(timezone.utc) - moment < timedelta(hours=1) else found[0]
