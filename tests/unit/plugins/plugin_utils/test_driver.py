# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says at its end; what it does is explored, and run in playbooks."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._driver import due_in_words, in_tenths


@pytest.mark.parametrize(
    ("days", "rounded", "words"),
    [
        (83.24, "83.2", "due in 83.2 days"),
        (0.05, "0.1", "due in 0.1 days"),
        (0.049, "0.0", "due now"),
        (-0.04, "0.0", "due now"),
        (-0.06, "-0.1", "overdue by 0.1 days"),
        (-2129, "-2129", "overdue by 2129.0 days"),
        (None, "None", "when it is due is not known"),
    ],
)
def test_when_it_is_due_is_told_in_days(days, rounded, words):
    assert str(in_tenths(days)) == rounded
    assert due_in_words(in_tenths(days)) == words
