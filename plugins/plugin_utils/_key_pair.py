# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RSA key pairs, each in a file: the private key is on the disk before its public half is returned, and stays there.

An existing file is never overwritten, and only files that nobody but the user may write to are trusted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.community.twilio.plugins.plugin_utils._durable import remove_left_overs, temporary_file
from ansible_collections.community.twilio.plugins.plugin_utils._job import refusal_in_job_folder
from ansible_collections.community.twilio.plugins.plugin_utils._own_files import (
    WRITE,
    NotOwnError,
    ensure_own_folder,
    open_own,
    own_folder,
)

# ansible-core requires the library, but the environment in which ansible-test imports plugins does not have it.
try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
    )
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

#: What Twilio accepts: https://www.twilio.com/docs/video/api/encrypted-recordings and its errors 70102 and 70103.
_BITS, _EXPONENT = 2048, 65537

#: How much of the SHA-256 of a key's DER bytes is its fingerprint, as of the credentials of twilio_public_key.
_FINGERPRINT_LENGTH = 10

#: How many bytes a file with a private key may have; one of 2048 bits has 1704.
_LIMIT = 100_000


class KeyPairError(Exception):
    """A key pair that can't be read or made; the message is a sentence that holds nothing of a private key."""


class PublicHalf(NamedTuple):
    """The public half of a key pair.

    :param pem: in PEM form, as X.509 has it.
    :param fingerprint: as of the credentials of ``twilio_public_key``.
    :param is_new: whether the key pair was made by this call.
    """

    pem: str
    fingerprint: str
    is_new: bool = False


def read_public_half(path: str | Path, option: str = "path") -> PublicHalf | None:
    """Return the public half of the key pair in a file, None where there is no file. Nothing is changed.

    :param path: absolute.
    :param option: what named it, for messages.
    :raises KeyPairError: where the file can't be read, is not the user's own, or holds anything other than an RSA
        private key.
    """
    file = _checked(path, option)
    try:
        with own_folder(file.parent, WRITE) as folder:
            return _read(file, folder)
    except FileNotFoundError:
        return None
    except (NotOwnError, OSError) as error:
        raise _failure(file, "read", error) from None


def make(path: str | Path, option: str = "path") -> PublicHalf:
    """Return the public half of the key pair in a file, which is made where there is none.

    The private key is on the disk when this returns. Temporary files of runs that were killed are removed.

    :param path: absolute; folders that are missing are made.
    :param option: what named it, for messages.
    :raises KeyPairError: as of :func:`read_public_half`, and where it can't be written.
    """
    file = _checked(path, option)
    try:
        with ensure_own_folder(file.parent, WRITE) as folder:
            remove_left_overs(folder, file.name)
            half = _read(file, folder) or _made(file, folder)
            # Also for a key that was found: a run that gave the file its name may have been killed before this.
            os.fsync(folder)
            return half
    except (NotOwnError, OSError) as error:
        raise _failure(file, "written", error) from None


def _checked(path: str | Path, option: str) -> Path:
    if not HAS_CRYPTOGRAPHY:
        raise KeyPairError(missing_required_lib("cryptography"))
    file = Path(path)
    if not file.is_absolute():
        raise KeyPairError(f"{option}: expected an absolute path, got {file}")
    if refusal := refusal_in_job_folder(file):
        raise KeyPairError(f"{option}: {refusal}")
    return file


def _failure(file: Path, what: str, error: NotOwnError | OSError) -> KeyPairError:
    reason = f"{file} can't be {what}: {error.strerror}." if isinstance(error, OSError) else str(error)
    return KeyPairError(f"{reason} Nothing was done.")


def _read(file: Path, folder: int) -> PublicHalf | None:
    """Return the public half of the key in a file, None where there is no file."""
    try:
        descriptor = open_own(file, folder, os.O_RDONLY, WRITE)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        content = opened.read(_LIMIT)
    try:
        key = load_pem_private_key(content, password=None)
    # The library's own message is not repeated: it might hold a part of the file.
    except (TypeError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyPairError(
            f"{file} holds no RSA private key in PEM form without a passphrase, and a file that is there is never"
            " overwritten. Name another path, or move the file away. Nothing was done."
        )
    return _public_half(key, is_new=False)


def _made(file: Path, folder: int) -> PublicHalf:
    """Make a key and give the file its name; return the public half of the file's key."""
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with temporary_file(folder, file.name, pem) as temporary:
            # A rename would replace a file that was created in the meantime.
            os.link(temporary, file.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        # Another process was faster, and may have returned its key already.
        existing = _read(file, folder)
        if existing is None:
            raise
        return existing
    return _public_half(key, is_new=True)


def _public_half(key: rsa.RSAPrivateKey, is_new: bool) -> PublicHalf:
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicHalf(pem.decode("ascii"), hashlib.sha256(der).hexdigest()[:_FINGERPRINT_LENGTH], is_new)
