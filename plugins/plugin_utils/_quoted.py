# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts that anybody may have typed, on one line, such that a reader sees what they are and YAML gives them back."""

from __future__ import annotations

_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """Return a text in double quotes, as YAML reads it.

    What can't be printed is written as its number, and so is what changes how the rest is read, such as the marks that
    turn its direction.

    :param text: without halves of surrogate pairs, which neither YAML nor UTF-8 can hold.
    """
    return f'"{"".join(map(_escaped, text))}"'


def printable(text: str) -> str:
    """Return a text without quotes, on one line of what can be printed."""
    return "".join(character if character.isprintable() else " " for character in text)


def _escaped(character: str) -> str:
    escaped = _ESCAPED.get(character)
    if escaped is not None:
        return escaped
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
