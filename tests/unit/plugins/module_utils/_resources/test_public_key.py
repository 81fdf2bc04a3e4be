# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which public keys are accepted, and that no message repeats a key."""

from __future__ import annotations

import base64
import hashlib
import textwrap

import pytest
import voluptuous

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._resources.credential import PUBLIC_KEY
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

RSA = bytes.fromhex("300d06092a864886f70d0101010500")
ED25519 = bytes.fromhex("300506032b6570")


def der(tag: int, *contents: bytes) -> bytes:
    """Return a value in DER: its tag, its length, its contents."""
    content = b"".join(contents)
    size = len(content)
    length = (
        bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")
    )
    return bytes([tag]) + length + content


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def sequence(*contents: bytes) -> bytes:
    return der(0x30, *contents)


def public(bits: int = 2048, exponent: int = 65537, algorithm: bytes = RSA) -> bytes:
    """Return a public key in X.509 form; its modulus is no product of primes, which no check looks at."""
    modulus = (1 << (bits - 1)) + 1
    return sequence(algorithm, der(3, b"\x00", sequence(integer(modulus), integer(exponent))))


def private(bits: int = 2048) -> bytes:
    """Return what has the form of an RSA private key in PKCS #1."""
    half = (1 << (bits // 2 - 1)) + 1
    return sequence(integer(0), integer((1 << (bits - 1)) + 1), integer(65537), *[integer(half)] * 6)


def pem(content: bytes, label: str = "PUBLIC KEY", line_end: str = "\n") -> str:
    lines = textwrap.wrap(base64.b64encode(content).decode(), 64)
    return line_end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


KEY = public()


@pytest.mark.parametrize(
    "value",
    [
        pem(KEY),
        pem(KEY, line_end="\r\n"),
        pem(KEY).strip(),
        "\n  " + pem(KEY).replace("\n", "\n  "),
        base64.b64encode(KEY).decode(),
        pem(KEY).replace("-----BEGIN PUBLIC KEY-----\n", ""),
        pem(KEY).replace("-----END PUBLIC KEY-----\n", ""),
        pem(KEY).replace("\n", " "),
    ],
)
def test_line_ends_and_begin_and_end_make_no_difference(value):
    assert _schemas.public_key(value) == base64.b64encode(KEY).decode()


def test_the_fingerprint_is_that_of_the_key_and_what_is_sent_is_pem():
    material = PUBLIC_KEY.material("AC" + "a" * 32, {"public_key": Secret(_schemas.public_key(pem(KEY)))})
    assert material.fingerprint == hashlib.sha256(KEY).hexdigest()[:10]
    assert material.form == {"PublicKey": pem(KEY)}


ENCLOSED = sequence(integer(0), RSA, der(4, private()))


@pytest.mark.parametrize(
    "value",
    [
        pem(private(), "RSA PRIVATE KEY"),
        pem(ENCLOSED, "PRIVATE KEY"),
        pem(b"openssh-key-v1\0none", "OPENSSH PRIVATE KEY"),
        pem(KEY) + pem(ENCLOSED, "PRIVATE KEY"),
        base64.b64encode(private()).decode(),
        base64.b64encode(private(1024)).decode(),
        base64.b64encode(ENCLOSED).decode(),
        base64.b64encode(sequence(integer(1), der(4, bytes(32)))).decode(),
        base64.b64encode(b"openssh-key-v1\0none").decode(),
        pem(ENCLOSED),
    ],
)
def test_a_private_key_is_refused_and_not_repeated(value):
    with pytest.raises(voluptuous.Invalid, match="got a private one, which was not sent") as caught:
        _schemas.public_key(value)
    assert not any(line in str(caught.value) for line in value.split())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pem(public(1024)), "2048 bits"),
        (pem(public(4096)), "2048 bits"),
        (pem(public(2047)), "2048 bits"),
        (pem(public(exponent=3)), "exponent 65537"),
        (pem(sequence(ED25519, der(3, bytes(33)))), "X.509 form"),
        (pem(sequence(integer((1 << 2047) + 1), integer(65537)), "RSA PUBLIC KEY"), "PEM form"),
        (base64.b64encode(sequence(integer((1 << 2047) + 1), integer(65537))).decode(), "X.509 form"),
        (pem(KEY[:-5]), "exponent 65537"),
        (pem(KEY)[:-60], "expected"),
        ("ssh-rsa AAAAB3NzaC1yc2E= somebody@somewhere", "PEM form"),
        ("ключ", "PEM form"),
        ("", "X.509 form"),
    ],
)
def test_what_twilio_would_not_take_is_refused(value, sentence):
    with pytest.raises(voluptuous.Invalid, match=sentence):
        _schemas.public_key(value)
