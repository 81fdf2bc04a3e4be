# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command: measure, print the page, and write it with its plot."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from simulator import Simulator

from .measurements import MEASUREMENTS
from .playbooks import CHECKOUT, FULL, QUICK, Bench
from .report import Machine, Work, page, plot


def main() -> None:
    """Run the selected measurements."""
    parser = argparse.ArgumentParser(prog="tests/bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run: small sizes, one round, figures mean nothing"
    )
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="this measurement alone; repeatable")
    parser.add_argument("--output", type=Path, help="folder of the page and the plot; a run of everything writes docs/")
    options = parser.parse_args()
    complete = not (options.quick or options.only)
    output = options.output or (CHECKOUT / "docs" if complete else None)
    # On SIGTERM, end the simulator too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine, work, results = Machine.here(), Work(), []
    for name in options.only or MEASUREMENTS:
        print(f"Measuring: {name}", file=sys.stderr, flush=True)
        # A new simulator for each measurement, so that none depends on another.
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, Simulator.start(tls=True) as simulator:
            results.append(MEASUREMENTS[name](Bench(simulator, Path(folder), QUICK if options.quick else FULL)))
            if violations := simulator.health()["violations"]:
                sys.exit(f"The simulator broke its own contract: {violations[0]}")
    text = page(machine, results, work)
    print(text)
    if output:
        (output / "benchmark.md").write_text(text, encoding="utf-8")
        (output / "benchmark.svg").write_text(plot(results), encoding="utf-8")
