# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names from outside, as a person may be shown them: nothing in them moves, hides or breaks what stands around them."""

from __future__ import annotations

import unicodedata

#: Joiners belong to emoji, and to the scripts of several languages.
_KEPT = "\u200c\u200d"

#: Controls, what formats without being seen (bidirectional overrides among them), halves of characters, line breaks.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return a text in which each character that is not seen, but acts, stands as its code, such as ``[U+202E]``.

    :param text: of anybody's making.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"[U+{ord(each):04X}]" if _acts(each) else each for each in text)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN and character not in _KEPT


def width(text: str) -> int:
    """Return how many columns a terminal gives a text, as far as Unicode tells.

    :param text: one that :func:`visible` returned.
    """
    return sum(_columns(each) for each in text)


def _columns(character: str) -> int:
    if character in _KEPT or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
