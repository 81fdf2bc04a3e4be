# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Friendly names that end in a mark: " #" and ten hexadecimal digits. A name and its marked forms are the same name.

A credential's mark is its signature, which depends on its secret; an API key's is chosen by the rotation that makes it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import _schemas

_MARKED = re.compile(r"(?P<plain>.*) #(?P<mark>[0-9a-f]{10})", re.DOTALL)

#: What a mark leaves of a friendly name's 64 characters.
PLAIN_NAME_LENGTH = _schemas.FRIENDLY_NAME_LENGTH - len(" #0123456789")


class MarkedName(NamedTuple):
    """A friendly name as Twilio holds it, taken apart.

    :param plain: what a user calls it; None where it has no name.
    :param mark: the digits of its mark; None where it bears none.
    """

    plain: str | None
    mark: str | None = None

    @classmethod
    def parse(cls, stored: str | None) -> MarkedName:
        """Return a friendly name of Twilio's, taken apart."""
        marked = _MARKED.fullmatch(stored or "")
        return cls(marked["plain"], marked["mark"]) if marked else cls(stored)

    @property
    def stored(self) -> str:
        """The friendly name as Twilio holds it: with the mark, where there is one."""
        return f"{self.plain} #{self.mark}" if self.mark else self.plain or ""


def plain_name(value: str) -> str:
    """Check a wanted name: a friendly name that doesn't look marked, since marks are the collection's own."""
    if MarkedName.parse(value).mark:
        raise _schemas.invalid("expected a name that doesn't end like a signature, ' #' and ten hexadecimal digits")
    return _schemas.friendly_name(value)
