# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each operation with each fault at each of its requests, and ``docs/faults.md``, which reports the outcomes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from matrix.judge import is_excused, run_cases
from matrix.operations import OPERATIONS
from matrix.report import PAGE, Row, page, rows_of
from matrix.running import InProcess


@pytest.fixture(scope="module")
def in_process() -> Iterator[InProcess]:
    """Run a simulator in this process, and assert that its answers kept its contract."""
    with InProcess() as running:
        yield running
        assert running.simulation.violations == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_survives_each_fault_at_each_of_its_requests(name: str, in_process: InProcess) -> None:
    row, defects = Row(name), []
    for case in run_cases(in_process, OPERATIONS[name]):
        row.add(case)
        if not is_excused(case):
            defects.append(str(case))
    assert not defects, "\n".join([f"{len(defects)} cases:", *defects])
    # `nox -s matrix` writes the page.
    assert row.line() in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_lists_all_operations_and_their_sums() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = rows_of(text)
    assert list(rows) == list(OPERATIONS)
    assert page(rows.values()) == text


def test_nine_tenths_of_the_cases_that_can_be_survived_at_once_are_survived() -> None:
    rows = rows_of(PAGE.read_text(encoding="utf-8")).values()
    assert sum(row.survived for row in rows) >= 0.9 * sum(row.possible for row in rows)
