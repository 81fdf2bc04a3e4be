# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the page with the outcomes of all cases, ``docs/faults.md``, with a line for each operation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .catalogue import FAMILIES
from .judge import AT_ONCE, NEXT_RUN, NOT_SURVIVED, REASONS, Case, can_be_survived, reasons_for

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"

_OUTCOMES = (AT_ONCE, NEXT_RUN, NOT_SURVIVED)
#: The letter of cases that no reason explains; the tests fail for them.
UNEXPLAINED = "?"
_LETTERS = {reason.name: chr(ord("a") + number) for number, reason in enumerate(REASONS)}

#: The licence header of this file, which is also the page's.
_HEADER = [line.removeprefix("# ") for line in Path(__file__).read_text(encoding="utf-8").splitlines()[:3]]

_BEGINNING = (
    "\n".join(["<!--", *_HEADER, "-->"])
    + """

# What a fault does

Each operation below runs against the simulator while one of its requests meets a fault, and then once more in health.
That is done for each request that it sends and for each fault that the simulator knows: once, twice in a row, for each
attempt at that request, and for all that is asked from then on; where it can be both, once with the request applied and
once without. `max_retries` is 2. The simulator's own state is the judge: exactly what was wanted is there, nothing is
doubled or lost, no request is sent more often than `max_retries` allows, `changed` is told if and only if something was
changed, each SID that is returned exists, a failure is a sentence, and no secret is in it.

`.venv/bin/nox -s matrix` writes this page; `tests/faults/test_matrix.py` compares it, line by line.
"""
)

_ENDING = """\

## Next

Read [the design](design.md): what a request means decides whether it is sent again.
"""


@dataclass
class Row:
    """The counts of one operation's cases.

    :param operation: its name.
    :param requests: the number of requests that it sends without faults.
    :param outcomes: the number of cases for each family and outcome.
    :param reasons: the number of cases that were not survived at once, for each letter of a reason.
    :param possible: the number of cases that can be survived at once.
    :param survived: the number of these that were.
    """

    operation: str
    requests: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    possible: int = 0
    survived: int = 0

    def add(self, case: Case) -> None:
        """Count a case."""
        self.requests = max(self.requests, case.position + 1)
        self.outcomes[case.fault.family, case.outcome] += 1
        if can_be_survived(case):
            self.possible += 1
            self.survived += case.outcome == AT_ONCE
        if case.outcome != AT_ONCE:
            reasons = [_LETTERS[reason.name] for reason in reasons_for(case) if reason in REASONS]
            self.reasons[reasons[0] if reasons else UNEXPLAINED] += 1

    def line(self) -> str:
        """Return the row as a line of the page's table."""
        cells = [self._cell(family) for family in FAMILIES]
        reasons = " ".join(f"{letter}{count}" for letter, count in sorted(self.reasons.items()))
        columns = [self.operation, str(self.requests), *cells, f"{self.survived} of {self.possible}", reasons]
        return f"| {' | '.join(columns)} |"

    def _cell(self, family: str) -> str:
        counts = [self.outcomes[family, outcome] for outcome in _OUTCOMES]
        while len(counts) > 1 and not counts[-1]:
            counts.pop()
        return " + ".join(map(str, counts))

    @classmethod
    def read(cls, line: str) -> Row:
        """Return the row that a line of the page shows."""
        operation, requests, *cells, survived, reasons = (cell.strip() for cell in line.strip().strip("|").split("|"))
        row = cls(operation, int(requests))
        for family, cell in zip(FAMILIES, cells):
            for outcome, count in zip(_OUTCOMES, cell.split("+")):
                row.outcomes[family, outcome] = int(count)
        row.survived, row.possible = map(int, survived.split(" of "))
        row.reasons.update({each[0]: int(each[1:]) for each in reasons.split()})
        return row


def rows_of(page: str) -> dict[str, Row]:
    """Return the rows of a page by their operations."""
    lines = re.findall(r"^\| [a-z_]+: .*\|$", page, re.MULTILINE)
    return {row.operation: row for row in map(Row.read, lines)}


def page(rows: Iterable[Row]) -> str:
    """Return the page that shows these rows."""
    rows = list(rows)
    total = Row("all", sum(row.requests for row in rows))
    for row in rows:
        total.outcomes.update(row.outcomes)
        total.reasons.update(row.reasons)
        total.possible += row.possible
        total.survived += row.survived
    return "\n".join([_BEGINNING, *_summary(total), *_table([*rows, total]), *_reasons(total.reasons), _ENDING])


def _summary(total: Row) -> list[str]:
    count = {each: sum(n for (_family, outcome), n in total.outcomes.items() if outcome == each) for each in _OUTCOMES}
    cases = sum(count.values())
    return [
        "| cases | survived at once | by the next run | not | of those that can be survived at once, survived |",
        "|--:|--:|--:|--:|--:|",
        f"| {cases} | {count[AT_ONCE]} | {count[NEXT_RUN]} | {count[NOT_SURVIVED]}"
        f" | {total.survived} of {total.possible} ({100 * total.survived / max(1, total.possible):.1f} %) |",
        "",
        "At once: the task ends right. By the next run: the task fails and says so, and the same task ends right in",
        "health. What can't be survived at once: what lasts, a 4xx other than 429, an answer to a read about another",
        "account, and a server that asks for an hour.",
        "",
    ]


def _table(rows: Iterable[Row]) -> list[str]:
    head = ["operation", "requests", *FAMILIES, "survived at once, of those that can be", "why not"]
    return [
        "## Operations and faults",
        "",
        "A cell: how many cases were survived at once + by the next run + not; the letters are those of the reasons.",
        "",
        f"| {' | '.join(head)} |",
        "|---|" + "--:|" * (len(head) - 2) + "---|",
        *(row.line() for row in rows),
        "",
    ]


def _reasons(counts: Mapping[str, int]) -> list[str]:
    lines = ["## Reasons", "", "| | reason | cases |", "|---|---|--:|"]
    for reason in REASONS:
        letter = _LETTERS[reason.name]
        lines.append(f"| {letter} | {reason.name}: {reason.text} | {counts.get(letter, 0)} |")
    if counts.get(UNEXPLAINED):
        lines.append(f"| {UNEXPLAINED} | none: a defect | {counts[UNEXPLAINED]} |")
    return lines
