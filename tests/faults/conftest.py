# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the fault tests, and a summary that counts their kill points."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulator.client import Simulator

HERE = Path(__file__).parent

sys.path += [str(HERE), str(HERE.parent / "integration")]

#: Properties of a test's report: the number of points, and of the kills among them.
POINTS, KILLED = "kill points", "killed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for an exhaustive run, which takes hours."""
    parser.addoption(
        "--kill-everywhere", action="store_true", help="kill a run at each point, even if that leaves no new state"
    )


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of the tests share, to list the states found."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "seen"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def prove(
    simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
    seen: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> Callable[[Any], Any]:
    """Return a function that checks the rules in a scenario, and counts its points."""
    from proofs import Proof

    # Not tmp_path, which contains the test's name: paths of ansible-core's sockets must be short.
    folder = tmp_path_factory.mktemp("k")

    def prove(scenario: Any) -> Any:
        proof = Proof(scenario, simulator, folder, seen, request.config.getoption("--kill-everywhere"))
        problems = proof.problems()
        record_property(POINTS, len(proof.points))
        record_property(KILLED, len(proof.killed))
        assert not problems, "\n".join(problems)
        return proof

    return prove


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of points, and of the kills among them."""
    counts: dict[str, dict[str, Any]] = {
        report.nodeid: dict(report.user_properties)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and POINTS in dict(report.user_properties)
    }
    if counts:
        terminalreporter.section("kill points")
        for test, properties in sorted(counts.items()):
            terminalreporter.write_line(f"{properties[POINTS]:6} {properties[KILLED]:4}  {test}")
        points, killed = (sum(properties[name] for properties in counts.values()) for name in (POINTS, KILLED))
        terminalreporter.write_line(f"kill points: {points}; distinct states, each with a killed run: {killed}")
