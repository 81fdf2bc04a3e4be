# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark runs, and its rows measure what they claim. Speed is not asserted here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("twilio", reason="the official SDK is not installed")
pytest.importorskip("aiohttp", reason="the simulator's libraries are not installed")

from bench.measurements import Kind, Ratio, Result, Row, Table
from bench.report import digits, plot

ROOT = Path(__file__).parent.parent.parent


def rows(page: str, title: str) -> dict[str, list[str]]:
    """Return the cells of a page's table by their row's first one."""
    section = page.split(f"## {title}", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0]: [cell.strip() for cell in cells[1:]] for cells in lines}


def test_a_quick_run_makes_the_page(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests" / "bench"), "--quick", "--output", str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    page = (tmp_path / "benchmark.md").read_text(encoding="utf-8")
    assert page.strip() == finished.stdout.strip()

    loop = rows(page, "One item of a loop")
    # Three items: three requests, over one connection in the controller and over three by modules.
    assert [loop[name][-2:] for name in loop if name.startswith("this collection")] == [["3", "1"], ["3", "3"]]
    assert loop["`ansible.builtin.uri`"][-2:] == ["3", "3"]
    assert loop["`ansible.builtin.debug`: the floor"][-2:] == ["0", "0"]

    present = rows(page, "20 numbers that are there")
    assert present["this collection, 8 at once"][-2:] == ["20", "8"]
    assert present["this collection, 1 at once"][-3:] == ["5 numbers, scaled", "5", "1"]
    assert present["official SDK, a plain loop"][-1] == "1"
    assert rows(page, "20 numbers to add")["this collection, 32 at once"][-2] == "40"

    hosts = rows(page, "One task for 6 accounts")
    assert hosts["this collection, in the controller"][-2:] == ["6", "6"]
    assert hosts["`ansible.builtin.uri`"][-2:] == ["2", "2"]

    memory = rows(page, "Growth: memory")
    assert all(10 < float(cells[0]) < 1000 for name, cells in memory.items() if name.startswith("this collection"))
    nightly = rows(page, "The nightly run")
    assert nightly["rotated, role included"][-1] == "2 accounts"
    ElementTree.parse(tmp_path / "benchmark.svg")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.04567, "0.0457"), (0.2, "0.200"), (1.234, "1.23"), (28.04, "28.0"), (558.2, "558"), (-0.5, "-0.500")],
)
def test_three_digits(value: float, text: str) -> None:
    assert digits(value) == text


def test_ratios_are_held_against_targets_by_their_medians() -> None:
    assert Ratio("", [1.0, 1.1, 9.0], 1.15).reached
    assert not Ratio("", [1.0, 1.2, 1.3], 1.15).reached
    assert Ratio("", [39.0, 41.0, 42.0], 40, at_least=True).reached


def test_the_plot_can_show_any_name() -> None:
    table = Table("a & b", "ms", "", [Row("<`none`>", Kind.OURS, "", [0.0])])
    assert "&lt;none&gt;" in plot([Result([], [table])])
