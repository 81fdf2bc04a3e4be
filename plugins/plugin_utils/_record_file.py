# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation's record in a file: encrypted, and replaced as a whole or not at all, only where it is what was loaded.

After a run was killed, the file holds either the record before or the record after.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.yaml import SafeDumper, SafeLoader
from ansible.parsing.vault import (
    CIPHER_ALLOWLIST,
    AnsibleVaultFormatError,
    VaultLib,
    VaultSecret,
    b_HEADER,
    parse_vaulttext_envelope,
)

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._durable import replace_file
from ansible_collections.community.twilio.plugins.plugin_utils._job import refusal_in_job_folder
from ansible_collections.community.twilio.plugins.plugin_utils._own_files import (
    ANYTHING,
    NotOwnError,
    ensure_own_folder,
    open_own,
    own_folder,
)

#: The version of a record that does not exist.
NO_VERSION = ""

#: How many bytes an encrypted record may have; one of two tokens has about 2000.
_LIMIT = 1_000_000

#: What the encryption needs besides the password: see RFC 8018, section 4.1.
_SALT_LENGTH = 32


class RecordError(Exception):
    """A record that can't be read or written; the message is a sentence that holds no secret."""


class RecordChanged(RecordError):
    """A record that is not what was loaded any more, so that it was not replaced."""


class Found(NamedTuple):
    """What a file holds.

    :param record: empty where there is no file.
    :param version: another one means that the file was replaced.
    """

    record: dict[str, Any]
    version: str


def path_of(folder: object, name: object, option_prefix: str = "") -> str:
    """Return the path of a record's file.

    :param folder: the store's.
    :param name: the record's.
    :param option_prefix: see :class:`RecordFile`.
    :raises RecordError: where they can't be right.
    """
    if not isinstance(folder, str) or not os.path.isabs(folder):
        raise RecordError(
            f"{option_prefix}store_path: expected the absolute path of the folder in which records are kept."
        )
    if not isinstance(name, str) or not name or name.startswith(".") or "/" in name or not name.isprintable():
        raise RecordError(
            "Expected the name of a record, such as an account's SID, without a / in it and a dot in front, got"
            f" {name!r}."
        )
    return str(Path(folder, f"{name}.yml"))


class RecordFile:
    """A record in a file of its own, in a folder that nobody but the user can access.

    :param path: absolute; its folder is made where there is none.
    :param password: the password that ansible-vault encrypts it with.
    :param option_prefix: what the options' names begin with, for messages: ``store_path`` and ``store_password``.
    :raises RecordError: where the path or the password can't be right.
    """

    def __init__(self, path: str, password: object, option_prefix: str = "") -> None:
        self._path = Path(path)
        self._path_option = f"{option_prefix}store_path"
        self._password_option = f"{option_prefix}store_password"
        if not self._path.is_absolute():
            raise RecordError(f"{self._path_option}: expected an absolute path, got {path}.")
        if refusal := refusal_in_job_folder(self._path):
            raise RecordError(f"{self._path_option}: {refusal} A record can be kept in HashiCorp Vault as well.")
        self._secret = VaultSecret(self._checked(password))

    def load(self) -> Found:
        """Return the record.

        :raises RecordError: where there is one that can't be read; that never counts as none.
        """
        encrypted = self._encrypted()
        if encrypted is None:
            return Found({}, NO_VERSION)
        return Found(self._parsed(self._decrypted(encrypted)), _version(encrypted))

    def version(self) -> str:
        """Return the version of the record, without decrypting it.

        :raises RecordError: where there is one that can't be read.
        """
        return _version(self._encrypted())

    def save(self, record: Mapping[str, Any], replaces: str) -> str:
        """Replace the record, and return its new version once it is on the disk.

        :param record: what is to be kept.
        :param replaces: the version that was loaded or saved last.
        :raises RecordChanged: where the record was replaced since.
        :raises RecordError: where it can't be written; then nothing changed, unless the disk failed just when the
            record had been replaced.
        """
        text = yaml.dump(dict(record), Dumper=_Dumper, sort_keys=False)
        # Each encryption has a salt of its own, whatever the configuration says, so that even the same record saved
        # twice has two versions.
        encrypted = VaultLib().encrypt(text, secret=self._secret, salt=os.urandom(_SALT_LENGTH))
        name = self._path.name
        try:
            with ensure_own_folder(self._path.parent, ANYTHING) as folder, self._exclusive(folder):
                if _version(self._read(folder)) != replaces:
                    raise RecordChanged(
                        f"{self._path} was changed by somebody else since it was read. Nothing was saved."
                    )
                replace_file(folder, name, encrypted)
        except NotOwnError as error:
            raise RecordError(f"{self._path_option}: {error} Nothing was saved.") from None
        except OSError as error:
            raise RecordError(f"{self._path} can't be written: {error.strerror}.") from None
        return _version(encrypted)

    def _checked(self, password: object) -> bytes:
        """Return a password's bytes.

        :raises RecordError: where ansible-vault would not use it as it is.
        """
        if password is None or password == "":
            problem = "expected what records are encrypted with, got nothing"
        elif isinstance(password, (bool, int, float)):
            problem = "expected a text, got what YAML takes for a number or a truth value: quote it"
        elif not isinstance(password, str):
            problem = "expected a text"
        elif password != password.strip():
            problem = (
                "there is white space at an end, such as the end of a line, which ansible-vault would not take for a"
                " part of it, so that nothing but this collection could read the records: remove it, for example with"
                " the filter trim"
            )
        else:
            try:
                return password.encode()
            except UnicodeEncodeError:
                problem = "expected a text that can be written in UTF-8"
        raise RecordError(f"{self._password_option}: {problem}.")

    def _encrypted(self) -> bytes | None:
        """Return what the file holds, None where there is none.

        :raises RecordError: where it can't be read.
        """
        try:
            with own_folder(self._path.parent, ANYTHING) as folder:
                return self._read(folder)
        except FileNotFoundError:
            return None
        except NotOwnError as error:
            raise RecordError(f"{self._path_option}: {error} Nothing was done.") from None
        except OSError as error:
            raise RecordError(f"{self._path} can't be read: {error.strerror}. Nothing was done.") from None

    def _read(self, folder: int) -> bytes | None:
        try:
            descriptor = open_own(self._path, folder, os.O_RDONLY, ANYTHING)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            encrypted = file.read(_LIMIT + 1)
        if len(encrypted) > _LIMIT:
            raise RecordError(f"{self._path} has more than {_LIMIT} bytes, so it holds no record. Nothing was done.")
        return encrypted

    def _decrypted(self, encrypted: bytes) -> bytes:
        if not encrypted:
            raise RecordError(f"{self._path} is empty. Nothing was done.")
        if not encrypted.startswith(b_HEADER):
            raise RecordError(f"{self._path} is not encrypted by ansible-vault. Nothing was done.")
        try:
            _text, _version, cipher, vault_id = parse_vaulttext_envelope(encrypted)
            if cipher not in CIPHER_ALLOWLIST or not VaultLib.is_encrypted(encrypted):
                raise AnsibleVaultFormatError
            # With the vault id that the file has: a configuration may forbid to try any other.
            decrypted: bytes = VaultLib([(vault_id, self._secret)]).decrypt(encrypted)
        except AnsibleVaultFormatError:
            raise RecordError(
                f"{self._path} is damaged: it is not as ansible-vault writes it. Nothing was done."
            ) from None
        except AnsibleError:
            raise RecordError(
                f"{self._path} can't be decrypted: it was encrypted with another password than"
                f" {self._password_option}, or its content was changed. Nothing was done."
            ) from None
        return decrypted

    def _parsed(self, text: bytes) -> dict[str, Any]:
        try:
            if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
                raise yaml.YAMLError
            # YAML reads a date without quotes as a date, not as text.
            record = plain(yaml.load(text, Loader=_Loader))
            # What can't be written again, such as bytes or a number of 5000 digits, is in no record.
            json.dumps(record, allow_nan=False)
        # What the parser raises besides its own errors, for content such as a date of the 13th month.
        except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
            record = None
        if not isinstance(record, dict) or not record:
            raise RecordError(
                f"{self._path} was decrypted, but it holds no record: what is in it is no YAML dictionary of texts."
                " Nothing was done."
            )
        return record

    @contextmanager
    def _exclusive(self, folder: int) -> Iterator[None]:
        """Keep out every other save in this folder, from the comparison to the rename."""
        lock = open_own(self._path.with_name(".lock"), folder, os.O_RDWR | os.O_CREAT, ANYTHING)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class _Dumper(SafeDumper):
    """Writes a value that occurs twice in full each time, without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(SafeLoader):
    """Reads only what is unambiguous: no key twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        constructed: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(constructed) != len(node.value):
            raise yaml.YAMLError
        return constructed


def _version(encrypted: bytes | None) -> str:
    return NO_VERSION if encrypted is None else hashlib.sha256(encrypted).hexdigest()
