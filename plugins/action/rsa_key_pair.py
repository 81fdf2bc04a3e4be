# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes RSA key pairs on the controller; the module of the same name documents it.

A private key must be on the disk before anybody encrypts with its public half.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.community.twilio.plugins.modules.rsa_key_pair import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError
from ansible_collections.community.twilio.plugins.plugin_utils._durable import flush, make_folder, written_beside
from ansible_collections.community.twilio.plugins.plugin_utils._job import goes_with_the_job

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

#: What Twilio takes: https://www.twilio.com/docs/video/api/encrypted-recordings and its errors 70102 and 70103.
_BITS, _EXPONENT = 2048, 65537

#: How much of the SHA-256 of a key's DER bytes is its fingerprint, as of the credentials of twilio_public_key.
_FINGERPRINT_LENGTH = 10


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return the public half of the key pair, which is made where there is none.

        :param options: ``path``.
        :param check_mode: whether nothing may be written.
        :raises ControllerError: where the path is no absolute one, can't be read or written, or holds something else.
        """
        if not HAS_CRYPTOGRAPHY:
            raise ControllerError(missing_required_lib("cryptography"))
        path = Path(options["path"])
        if not path.is_absolute():
            raise ControllerError(f"path: expected an absolute path, got {path}")
        if refusal := goes_with_the_job(path):
            raise ControllerError(f"path: {refusal}")
        key = _read(path)
        changed = key is None
        if not check_mode:
            if key is None:
                key, changed = _make(path)
            try:
                # Also for a key that was found: a run that gave the file its name may have been killed before this.
                flush(path.parent)
            except OSError as error:
                raise ControllerError(f"{path.parent} can't be written to the disk: {error.strerror}") from None
        return {"changed": changed, "path": str(path), **_public_half(key)}


def _public_half(key: rsa.RSAPrivateKey | None) -> dict[str, str | None]:
    """Return the parts of the result that depend on the key, each None where there is none yet."""
    if key is None:
        return {"public_key": None, "fingerprint": None}
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"public_key": pem.decode("ascii"), "fingerprint": hashlib.sha256(der).hexdigest()[:_FINGERPRINT_LENGTH]}


def _read(path: Path) -> rsa.RSAPrivateKey | None:
    """Return the key in a file, None where there is no file.

    :raises ControllerError: where the file can't be read, or holds anything else than an RSA private key.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ControllerError(f"{path} can't be read: {error.strerror}. Nothing was done.") from None
    # The library's own words are not repeated: nobody promises that they hold nothing of the file.
    except (TypeError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ControllerError(
            f"{path} holds no RSA private key in PEM form without a passphrase, and a file that is there is never"
            " overwritten. Name another path, or move the file away. Nothing was done."
        )
    return key


def _make(path: Path) -> tuple[rsa.RSAPrivateKey, bool]:
    """Make a key and give the file its name; return the file's key, and whether it is the one that was made here.

    :raises ControllerError: where it can't be written.
    """
    key = rsa.generate_private_key(_EXPONENT, _BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        make_folder(path.parent)
        with written_beside(path, pem) as beside:
            # A rename would replace a file that has come in the meantime.
            os.link(beside, path)
    except FileExistsError:
        # Somebody else was faster, and may hand out the key already.
        standing = _read(path)
        if standing is None:
            raise ControllerError(f"{path} is a link to a file that is not there. Nothing was done.") from None
        return standing, False
    except OSError as error:
        raise ControllerError(f"{path} can't be written: {error.strerror}") from None
    return key, True
