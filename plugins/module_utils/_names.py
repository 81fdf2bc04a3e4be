# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Records that are found by their friendly names, which several may share, and which may end in a mark.

A mark is " #" and ten hexadecimal digits. A name and its marked forms are the same name. A credential's mark is its
signature, which depends on its secret; an API key's is chosen by the rotation that makes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from . import _schemas
from ._errors import AmbiguousState, InputError

_MARKED = re.compile(r"(?P<plain>.*) #(?P<mark>[0-9a-f]{10})", re.DOTALL)

#: The length of a friendly name to which a mark can still be added.
PLAIN_NAME_LENGTH = _schemas.FRIENDLY_NAME_LENGTH - len(" #0123456789")


class Record(Protocol):
    """A record that can be found by its name."""

    @property
    def sid(self) -> str | None:
        """Its SID."""

    @property
    def date_created(self) -> str | None:
        """When it was created."""


AnyRecord = TypeVar("AnyRecord", bound=Record)


class MarkedName(NamedTuple):
    """A friendly name as Twilio holds it, split into name and mark.

    :param plain: the name that a user gave; None where there is none.
    :param mark: the digits of its mark; None where it has none.
    """

    plain: str | None
    mark: str | None = None

    @classmethod
    def parse(cls, stored: str | None) -> MarkedName:
        """Return a friendly name of Twilio's, split into name and mark."""
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


def check_marked_length(name: str, reason: str) -> None:
    """Check that a mark can be added to a name.

    :param reason: why the name gets one, to follow "since".
    :raises InputError: where it can't.
    """
    if len(name) > PLAIN_NAME_LENGTH:
        raise InputError(
            "friendly_name", f"expected {PLAIN_NAME_LENGTH} characters at most, since {reason}; got {len(name)}"
        )


def list_records(records: Sequence[Record]) -> str:
    """Return SIDs and dates, as a part of a sentence."""
    return ", ".join(f"{record.sid} (created {record.date_created})" for record in records)


def only_one(
    named: Sequence[AnyRecord],
    noun: str,
    name: str | None,
    advice: str = "Name one by its sid, and remove or rename the others.",
) -> AnyRecord | None:
    """Return the one record of a name, None where there is none.

    :param named: those that have it.
    :param noun: what one of them is called.
    :param advice: what to do about several, as a sentence.
    :raises AmbiguousState: where there are several.
    """
    if len(named) > 1:
        raise AmbiguousState(
            f"friendly_name: {len(named)} {noun}s are called {name!r}: {list_records(named)}. Nothing was changed."
            f" {advice}"
        )
    return named[0] if named else None


def check_not_taken(same_name: Sequence[Record], name: str | None) -> None:
    """Check that a new name is free.

    :raises AmbiguousState: where a record has it already.
    """
    if same_name:
        raise AmbiguousState(
            f"friendly_name: {name!r} is taken already, by {list_records(same_name)}. Nothing was changed."
        )


def unknown_sid(account_sid: str, noun: str, sid: str) -> AmbiguousState:
    """Return the failure for a SID that is to be present and doesn't exist."""
    return AmbiguousState(
        f"sid: account {account_sid} has no {noun} {sid}, and a SID can't be chosen. Leave sid out to create one by its"
        " friendly_name."
    )
