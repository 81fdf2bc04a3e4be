# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What proves the rules, and a word on how many points there were."""

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

#: The properties of a test's report: how many points there were, and at how many of them runs were killed.
POINTS, KILLED = "kill points", "killed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for those who have hours."""
    parser.addoption(
        "--kill-everywhere", action="store_true", help="kill a run at each point, even if it leaves nothing new"
    )


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of the tests share, to say what was found."""
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
    """Return a function that proves the rules for a scenario, and counts its points."""
    from proofs import Proof

    # Not the test's own, which has its name: ansible-core has sockets below, whose paths must not be long.
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
    """Say how many points there were, and at how many of them runs were killed."""
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
        terminalreporter.write_line(f"kill points: {points}; different things left behind, and runs killed: {killed}")
