# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A quick run of the benchmark makes its page, and the rows are what they are named. No speed is asserted here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent


def rows(page: str, title: str) -> dict[str, list[str]]:
    """Return the cells of a page's table by their row's first one."""
    section = page.split(f"## {title}", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0]: [cell.strip() for cell in cells[1:]] for cells in lines}


def test_a_quick_run_makes_the_page(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE), "--quick", "--output", str(tmp_path)]
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
