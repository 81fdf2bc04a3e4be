# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What anybody typed stands on one line, and YAML gives it back."""

from __future__ import annotations

import pytest
import yaml
from names_of_credentials import NAMES

from ansible_collections.community.twilio.plugins.plugin_utils._quoted import printable, quoted


@pytest.mark.parametrize("text", [*NAMES, "", "\U0010ffff", "\u200f", "\ufeff"], ids=ascii)
def test_yaml_gives_back_what_was_quoted(text):
    shown = quoted(text)
    assert shown.isprintable()
    assert yaml.safe_load(f'- {shown}  # "comment"') == [text]


def test_a_message_stays_on_one_line():
    assert printable("a\nb\u202e") == "a b "
