# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the records of rotations are kept: in stores that a call uses itself, or that are task files of the user's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordFile


class Stored(NamedTuple):
    """What a store holds.

    :param record: empty where there is none.
    :param version: another one means that the record was replaced.
    """

    record: Mapping[str, Any]
    version: Any


class NeedsRecord(Exception):
    """Another record is needed, which the role has to load.

    :param name: its name in the store.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Store(ABC):
    """Where records are kept. A store that is task files is left to the role; see :class:`TaskStore`.

    :cvar read_by_hooks: whether a hook's variables read the record there; otherwise the call hands it to the role.
    """

    read_by_hooks: ClassVar[bool] = False

    @abstractmethod
    def load(self, name: str) -> Stored:
        """Return a record.

        :raises RecordError: where there is one that can't be read.
        :raises NeedsRecord: where the role has to load it.
        """


class DirectStore(Store):
    """A store that a call reads and writes itself."""

    @abstractmethod
    def save(self, name: str, record: Mapping[str, Any], replaces: str) -> str:
        """Replace a record, and return its new version.

        :param replaces: the version that was loaded or saved last.
        :raises RecordChanged: where it was replaced since.
        :raises RecordError: where it can't be written.
        """


class FileStore(DirectStore):
    """Records in encrypted files.

    :param open_file: returns the file of a record by its name.
    """

    read_by_hooks = True

    def __init__(self, open_file: Callable[[str], RecordFile]) -> None:
        self._open_file = open_file

    def load(self, name: str) -> Stored:
        """Return a record."""
        return Stored(*self._open_file(name).load())

    def version(self, name: str) -> str:
        """Return a record's version, which is faster than loading the record.

        :raises RecordError: where there is a record that can't be read.
        """
        return self._open_file(name).version()

    def save(self, name: str, record: Mapping[str, Any], replaces: str) -> str:
        """Replace a record, and return its new version."""
        return self._open_file(name).save(record, replaces)


class TaskStore(Store):
    """Records in a store that is two task files of the user's, which the role includes.

    :param files: ``load`` and ``save`` to the files.
    :param loaded: the records that the role has loaded for this call, by name.
    """

    def __init__(self, files: Mapping[str, str], loaded: Mapping[str, Stored]) -> None:
        self.files = files
        self._loaded = loaded

    def load(self, name: str) -> Stored:
        """Return a record that the role has loaded."""
        if name not in self._loaded:
            raise NeedsRecord(name)
        return self._loaded[name]
