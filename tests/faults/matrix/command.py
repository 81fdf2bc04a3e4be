# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command: run all cases over sockets, on two cores, print the page, and write it."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from .judge import is_excused, run_cases
from .operations import OPERATIONS
from .report import PAGE, Row, page
from .running import InProcess


def run_operation(name: str) -> tuple[Row, list[str]]:
    """Run all cases of an operation, and return its row and the cases that no reason explains."""
    row, defects = Row(name), []
    with InProcess() as simulator:
        for case in run_cases(simulator, OPERATIONS[name]):
            row.add(case)
            if not is_excused(case):
                defects.append(str(case))
        defects += simulator.simulation.violations
    return row, defects


def main() -> None:
    """Run the selected cases."""
    parser = argparse.ArgumentParser(prog="tests/faults/matrix", description=__doc__)
    parser.add_argument(
        "--only", default="", help="run only operations whose name contains this, and do not write the page"
    )
    parser.add_argument(
        "--processes", type=int, default=4, help="may exceed the number of cores, since each waits most of the time"
    )
    options = parser.parse_args()
    chosen = [name for name in OPERATIONS if options.only in name]
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        rows, defects = [], 0
        for row, found in pool.imap(run_operation, chosen, chunksize=1):
            rows.append(row)
            defects += len(found)
            print(row.line(), *found, sep="\n", file=sys.stderr, flush=True)
    text = page(rows)
    print(text)
    print(f"{time.monotonic() - began:.0f} s; {defects} cases that no reason allows", file=sys.stderr)
    if not options.only:
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(1 if defects else 0)
