# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and their marks: parsing and formatting."""

from __future__ import annotations

import pytest
import voluptuous
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.twilio.plugins.module_utils._names import PLAIN_NAME_LENGTH, MarkedName, plain_name


@given(name=st.text(min_size=1, max_size=PLAIN_NAME_LENGTH).filter(str.strip), mark=st.from_regex(r"\A[0-9a-f]{10}\Z"))
def test_a_mark_can_always_be_taken_off_again(name, mark):
    marked = MarkedName(name, mark)
    assert MarkedName.parse(marked.stored) == marked
    assert len(marked.stored) <= 64


@pytest.mark.parametrize(
    "stored",
    ["recordings", "recordings #1f2e3d4c5", "recordings #1F2E3D4C5B", "recordings#1f2e3d4c5b", "a #1f2e3d4c5b\n", None],
)
def test_names_without_a_mark(stored):
    assert MarkedName.parse(stored) == MarkedName(stored)


def test_a_wanted_name_bears_no_mark():
    assert plain_name("recordings #1") == "recordings #1"
    with pytest.raises(voluptuous.Invalid, match="ten hexadecimal digits"):
        plain_name("recordings #1f2e3d4c5b")
