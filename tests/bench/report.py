# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page and the plot."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from math import floor, log10
from pathlib import Path

from .measurements import Ratio, Result, Row, Table

#: The page is under the licence of this file, and says so in the same three lines.
HEADER = [line.removeprefix("# ") for line in Path(__file__).read_text(encoding="utf-8").splitlines()[:3]]
LICENCE = "\n".join(["<!--", *HEADER, "-->", ""])

PAGE = """\
{licence}
# How fast it is

Measured on one machine by `make bench`, which writes this page. Compare ratios; times are this machine's.

{ratios}

![The medians of the tables below, as bars](benchmark.svg)

## How it was measured

- {machine}
- Meanwhile other processes took {others:.0%} of the machine's cores: the more, the less the figures mean.
- Everything is on this machine: a simulated Twilio (`tests/simulator`) speaks TLS, and each task trusts its certificate
  and sends basic authentication, as with the real one.
- What is compared ran in turns in the same {minutes:.1f} minutes, after a warm-up. The value is the median of the
  rounds, beside it the smallest and the largest; a ratio is made in each round by itself, then their median is taken.
- Times are those of a task, from its start to its last result, as a callback plugin sees them.
- Requests and connections are those of one task of the amount named, counted by the simulator.

{tables}
## Next

Run `make bench` on the machine that your playbooks run on, and compare its ratios with these.
"""

#: Pixels.
WIDTH, LABEL, BAR, LINE, TEXT = 860, 330, 400, 24, 13
STYLE = """\
text { font: 13px sans-serif; fill: #24292f } .title { font-weight: bold } .value { fill: #57606a }
.ours { fill: #d6336c } .other { fill: #868e96 } .floor { fill: #ced4da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .value { fill: #adb5bd } .ours { fill: #f06595 } .floor { fill: #495057 }
}"""


@dataclass(frozen=True)
class Machine:
    """Where it was measured."""

    cores: int
    system: str
    versions: str

    @classmethod
    def here(cls) -> Machine:
        """Return this machine."""
        packages = ("ansible-core", "requests", "twilio")
        return cls(
            len(os.sched_getaffinity(0)),
            f"{platform.system()} {platform.machine()}",
            ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]),
        )

    def __str__(self) -> str:
        return f"{self.cores} cores, {self.system}, {self.versions}."


class Work:
    """How busy the machine is with other things than the benchmark, from when this is made (Linux)."""

    def __init__(self) -> None:
        self._at_first = self._now()

    def seconds(self) -> float:
        """Return the seconds that have passed."""
        return self._now()[0] - self._at_first[0]

    def others(self) -> float:
        """Return the share of all cores that other processes took; own ones count once they have ended."""
        passed, busy, own = (now - then for now, then in zip(self._now(), self._at_first))
        return max(0.0, busy - own) / (passed * (os.cpu_count() or 1))

    @staticmethod
    def _now() -> tuple[float, float, float]:
        ticks = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
        user, nice, system = (int(tick) / os.sysconf("SC_CLK_TCK") for tick in ticks[:3])
        return time.monotonic(), user + nice + system, sum(os.times()[:4])


def page(machine: Machine, results: Sequence[Result], work: Work) -> str:
    """Return the page.

    :param work: what the machine did while it was measured.
    """
    return PAGE.format(
        licence=LICENCE,
        ratios=_ratios([ratio for result in results for ratio in result.ratios]),
        machine=machine,
        minutes=work.seconds() / 60,
        others=work.others(),
        tables="\n".join(_table(table) for result in results for table in result.tables),
    )


def digits(value: float) -> str:
    """Return a value with three digits that mean something."""
    return f"{value:.{max(0, 2 - floor(log10(abs(value))))}f}" if value else "0"


def _spread(values: Sequence[float]) -> str:
    return f"{digits(min(values))} to {digits(max(values))}" if len(values) > 1 else ""


def _ratios(ratios: Sequence[Ratio]) -> str:
    lines = ["| ratio | measured | smallest to largest | target | |", "|---|--:|--:|--:|---|"]
    for ratio in ratios:
        target = f"{'≥' if ratio.at_least else '≤'} {ratio.target:g}"
        reached = "reached" if ratio.reached else "**not reached**"
        lines.append(f"| {ratio.name} | {digits(ratio.value)} | {_spread(ratio.values)} | {target} | {reached} |")
    return "\n".join(lines)


def _table(table: Table) -> str:
    counted = any(row.timing for row in table.rows)
    heads = ["", table.unit, "smallest to largest", "rounds", "measured with"]
    heads += ["requests", "connections"] if counted else []
    lines = [f"## {table.title}", "", *_wrapped(table.how), "", f"| {' | '.join(heads)} |"]
    lines.append("|---|--:|--:|--:|---|" + ("--:|--:|" if counted else ""))
    lines += [f"| {' | '.join(_cells(row, counted))} |" for row in table.rows]
    return "\n".join([*lines, ""])


def _cells(row: Row, counted: bool) -> list[str]:
    cells = [row.name, digits(row.value), _spread(row.values), str(len(row.values)), row.amount]
    if counted:
        cells += [str(row.timing.requests), str(row.timing.connections)] if row.timing else ["", ""]
    return cells


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= 120:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def plot(results: Sequence[Result]) -> str:
    """Return the medians as bars, a panel for each table, each with a scale of its own that begins at zero."""
    lines = [line for result in results for table in result.tables for line in _panel(table)]
    height = LINE * (len(lines) + 1)
    shapes = "\n".join(line.replace("{y}", str(LINE * number)) for number, line in enumerate(lines, start=1))
    return (
        f"{LICENCE}"
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="Medians of the benchmark">\n<style>{STYLE}</style>\n{shapes}\n</svg>\n'
    )


def _panel(table: Table) -> Iterator[str]:
    """Yield a panel's lines, ``{y}`` in place of where they are."""
    yield f'<text class="title" x="0" y="{{y}}">{_plain(table.title)} ({table.unit})</text>'
    largest = max(row.value for row in table.rows)
    for row in table.rows:
        width = max(1.0, BAR * row.value / (largest or 1))
        yield (
            f'<g transform="translate(0 {{y}})"><text x="{LABEL - 10}" text-anchor="end">{_plain(row.name)}</text>'
            f'<rect class="{row.kind.value}" x="{LABEL}" y="-{TEXT - 1}" width="{width:.1f}" height="16"/>'
            f'<text class="value" x="{LABEL + width + 6:.1f}">{digits(row.value)}</text></g>'
        )
    yield ""


def _plain(markdown: str) -> str:
    return escape(markdown.replace("`", ""))
