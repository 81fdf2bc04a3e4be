# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the benchmark shows what it measured; a quick run of it is in tests/bench."""

from __future__ import annotations

import pytest

pytest.importorskip("twilio", reason="the official SDK is not installed")
pytest.importorskip("aiohttp", reason="the simulator's libraries are not installed")

from bench.measurements import Kind, Ratio, Result, Row, Table
from bench.report import digits, plot


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
