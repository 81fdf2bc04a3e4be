# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation's record in a file: encrypted, replaced as a whole or not at all, and only by whoever saw it last.

What is read after a run was killed is either the record before or the record after.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._durable import (
    flush,
    make_folder,
    remove_left_over,
    written_beside,
)
from ansible_collections.community.twilio.plugins.plugin_utils._job import goes_with_the_job

#: The version of a record that does not exist.
NO_VERSION = ""


class RecordError(Exception):
    """A record that can't be read or written; the message is a sentence that holds no secret."""


class Found(NamedTuple):
    """What a file holds.

    :param record: empty where there is no file.
    :param version: tells whether it was replaced since.
    """

    record: dict[str, Any]
    version: str


def path_of(folder: Any, name: Any) -> str:
    """Return the path of a record's file.

    :param folder: the store's.
    :param name: the record's.
    :raises RecordError: where they can't be right.
    """
    if not isinstance(folder, str) or not os.path.isabs(folder):
        raise RecordError("store_path: expected the absolute path of a folder")
    if not isinstance(name, str) or not name or name.startswith(".") or "/" in name or "\0" in name:
        raise RecordError(
            "expected the name of a record, such as an account's SID, without a / in it and a dot in front, got"
            f" {name!r}"
        )
    return str(Path(folder, f"{name}.yml"))


class RecordFile:
    """A record in a file of its own.

    :param path: absolute; its folder is made where there is none.
    :param password: what ansible-vault encrypts it with.
    :raises RecordError: where the path can't be right.
    """

    def __init__(self, path: str, password: str) -> None:
        self._path = Path(path)
        if not self._path.is_absolute():
            raise RecordError(f"path: expected an absolute path, got {path}")
        if not isinstance(password, str):
            raise RecordError("store_password: expected a text: quote it")
        if not password:
            raise RecordError("password: expected the password that the record is encrypted with, got nothing")
        if refusal := goes_with_the_job(self._path):
            raise RecordError(f"path: {refusal} A record can be kept in HashiCorp Vault as well.")
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])

    def load(self) -> Found:
        """Return the record.

        :raises RecordError: where there is one that can't be read; that never counts as none.
        """
        encrypted = self._encrypted()
        if encrypted is None:
            return Found({}, NO_VERSION)
        try:
            record = yaml.safe_load(self._vault.decrypt(encrypted))
        except (AnsibleError, yaml.YAMLError):
            raise RecordError(
                f"{self._path} can't be decrypted: another password, or a damaged file. Nothing was done."
            ) from None
        if not isinstance(record, dict) or not record:
            raise RecordError(f"{self._path} holds no record. Nothing was done.")
        # A date that somebody wrote without quotes is YAML's own kind of one.
        return Found(plain(record), _version(encrypted))

    def save(self, record: Mapping[str, Any], replaces: str) -> str:
        """Replace the record, and return its new version once it is on the disk.

        :param record: what is to be kept.
        :param replaces: the version that was loaded or saved last.
        :raises RecordError: where it is not what stands there any more, or can't be written; then nothing changed.
        """
        encrypted = self._vault.encrypt(yaml.safe_dump(dict(record), sort_keys=False))
        try:
            make_folder(self._path.parent)
            self._path.parent.chmod(0o700)
            with self._alone():
                standing = self._encrypted()
                if (NO_VERSION if standing is None else _version(standing)) != replaces:
                    raise RecordError(
                        f"{self._path} was changed by somebody else since it was read. Nothing was saved."
                    )
                remove_left_over(self._path)
                with written_beside(self._path, encrypted) as beside:
                    beside.replace(self._path)
                flush(self._path.parent)
        except OSError as error:
            raise RecordError(f"{self._path} can't be written: {error.strerror}") from None
        return _version(encrypted)

    def _encrypted(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordError(f"{self._path} can't be read: {error.strerror}. Nothing was done.") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off every other save in this folder, from the comparison to the rename."""
        lock = os.open(self._path.parent / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _version(encrypted: bytes) -> str:
    """Each encryption has a salt of its own, so that even the same record saved twice has two versions."""
    return hashlib.sha256(encrypted).hexdigest()
