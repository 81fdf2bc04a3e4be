# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that anybody may give a credential or an account: of every script, and such as YAML or Ansible would change."""

from __future__ import annotations

NAMES = (
    "recordings",
    "NO",
    "true",
    "~",
    "1e3",
    "2026-01-01",
    "[1,2]",
    "{'a':1}",
    "{{ 1 / 0 }}",
    "{% raw %}",
    "#jinja2:variable_start_string:'[%'",
    "!unsafe",
    "- x",
    "# c",
    "x: y",
    "'\"quoted\"'",
    "back\\slash",
    "two\nlines\r\t\x07\x85\u2028",
    "NUL\x00",
    "<script>alert(1)</script>",
    " before",
    "after ",
    "   ",
    "x" * 64,
    "Zürich Ærø",
    "e\u0301",
    "日本語",
    "עברית",
    "\u202eturned",
    "हिन्दी",
    "👩\u200d👧" * 8,
    "signed #0123456789",
    "signed twice #0123456789 #abcdef0123",
)
