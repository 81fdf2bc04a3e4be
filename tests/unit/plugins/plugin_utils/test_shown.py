# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names from outside are shown as they are, but for what acts without being seen."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._shown import visible, width

#: Of several scripts; the last one is Persian, and a joiner is a part of it.
SEEN = [
    "",
    "shop",
    "Übung",
    "עברית",
    "日本語",
    "👩\u200d👧",
    "{{ 7 * 7 }}",
    "<b>",
    "\u0645\u06cc\u200c\u062e\u0648\u0627",
]


@pytest.mark.parametrize("text", SEEN)
def test_what_is_seen_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a[U+001B][31mb"),
        ("a\nb\rc\td", "a[U+000A]b[U+000D]c[U+0009]d"),
        ("\u202eevil", "[U+202E]evil"),
        ("a\u2028b", "a[U+2028]b"),
        ("\u2066a\u2069", "[U+2066]a[U+2069]"),
        ("\ud83d", "[U+D83D]"),
        ("a\u200bb\ufeff", "a[U+200B]b[U+FEFF]"),
        ("\x85\x00", "[U+0085][U+0000]"),
    ],
)
def test_what_acts_unseen_is_shown_as_its_code(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(("text", "columns"), [("shop", 4), ("日本", 4), ("😀" * 3, 6), ("e\u0301", 1)])
def test_a_terminal_gives_a_text_so_many_columns(text, columns):
    assert width(text) == columns
