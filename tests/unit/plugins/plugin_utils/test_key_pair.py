# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key pairs in files: created once, complete, and never where somebody else could substitute a key.

tests/integration/test_rsa_key_pair.py tests the module in a play.
"""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.community.twilio.plugins.plugin_utils import _key_pair, _own_files
from ansible_collections.community.twilio.plugins.plugin_utils._key_pair import KeyPairError, make, read_public_half

#: Generated only once, since that takes longest.
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(autouse=True)
def one_key(monkeypatch):
    monkeypatch.setattr(_key_pair.rsa, "generate_private_key", lambda exponent, bits: KEY)


@pytest.fixture
def path(tmp_path):
    """Return the path of a key that is not there, in a folder that is."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o755)
    return folder / "k.pem"


def list_files(folder: Path) -> dict[str, Any]:
    return {
        each.name: (each.lstat().st_mode, each.read_bytes() if stat.S_ISREG(each.lstat().st_mode) else None)
        for each in folder.iterdir()
    }


def refusal(path: Path) -> str:
    """Return the message with which reading and making are refused; assert that nothing is changed."""
    before = list_files(path.parent)
    message = set()
    for attempt in (read_public_half, make):
        with pytest.raises(KeyPairError) as caught:
            attempt(path)
        message.add(str(caught.value))
    assert list_files(path.parent) == before
    (sentence,) = message
    assert "PRIVATE KEY" not in sentence
    return sentence


def test_a_key_pair_is_made_once(path):
    assert read_public_half(path) is None
    made = make(path)
    assert made.is_new
    assert made.pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert read_public_half(path) == make(path) == made._replace(is_new=False)
    assert list_files(path.parent) == {"k.pem": (stat.S_IFREG | 0o600, PEM)}


def test_a_folder_that_is_not_there_holds_no_key(tmp_path):
    assert read_public_half(tmp_path / "keys" / "k.pem") is None
    assert not (tmp_path / "keys").exists()
    assert make(str(tmp_path / "keys" / "below" / "k.pem")).is_new
    for folder in (tmp_path / "keys", tmp_path / "keys" / "below"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("standing", [True, False])
def test_files_left_by_a_killed_run_are_removed_by_the_next(path, standing):
    left = path.with_name(".k.pem.0123abcd.new")
    left.write_bytes(PEM)
    if standing:
        # Killed between giving it its name and removing the other one.
        os.link(left, path)
    others = [
        path.with_name(name) for name in (".k.pem.new", ".k.pem.old.new", ".other.pem.0123abcd.new", ".k.pem.swp")
    ]
    for other in others:
        other.write_bytes(PEM)
    read_public_half(path)
    assert left.exists()
    assert make(path).is_new is not standing
    assert not left.exists()
    assert all(other.exists() for other in others)
    assert path.read_bytes() == PEM


def test_a_file_that_is_being_written_is_not_removed(path):
    beside = path.with_name(".k.pem.0123abcd.new")
    with beside.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        make(path)
        assert beside.exists()
    make(path)
    assert not beside.exists()


@pytest.mark.parametrize("kind", [lambda left: left.symlink_to("k.pem"), os.mkfifo, os.mkdir])
def test_only_regular_files_are_removed_as_left_over(path, kind):
    left = path.with_name(".k.pem.0123abcd.new")
    kind(left)
    make(path)
    make(path)
    assert os.path.lexists(left)


def test_of_two_at_once_the_first_makes_it(path, monkeypatch):
    other = rsa.generate_private_key(65537, 2048)

    def slowly(exponent: int, bits: int) -> Any:
        make_first()
        return other

    def make_first() -> None:
        path.write_bytes(PEM)
        path.chmod(0o600)

    monkeypatch.setattr(_key_pair.rsa, "generate_private_key", slowly)
    made = make(path)
    assert made == read_public_half(path)
    assert list_files(path.parent) == {"k.pem": (stat.S_IFREG | 0o600, PEM)}


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(path, mode):
    path.parent.chmod(mode)
    assert f"{path.parent} has the mode {mode:04o}" in refusal(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == mode


def test_a_folder_of_somebody_else_is_refused(path, another_user):
    assert f"{path.parent} belongs to the user" in refusal(path)


def test_a_key_of_somebody_else_is_refused(path, monkeypatch):
    make(path)
    checked = os.fstat

    def of_another_user(descriptor: int) -> os.stat_result:
        status = checked(descriptor)
        return status if stat.S_ISDIR(status.st_mode) else os.stat_result([*status[:4], status.st_uid + 1, *status[5:]])

    monkeypatch.setattr(_own_files.os, "fstat", of_another_user)
    with pytest.raises(KeyPairError, match="k.pem belongs to the user"):
        read_public_half(path)


@pytest.mark.parametrize(("mode", "is_refused"), [(0o660, True), (0o602, True), (0o640, False), (0o400, False)])
def test_a_key_that_others_can_write_is_refused(path, mode, is_refused):
    made = make(path)
    path.chmod(mode)
    if is_refused:
        assert f"{path} has the mode {mode:04o}" in refusal(path)
    else:
        assert read_public_half(path) == made._replace(is_new=False)


@pytest.mark.parametrize("target", ["standing.pem", "missing.pem"])
def test_a_link_is_refused(path, target):
    path.with_name("standing.pem").write_bytes(PEM)
    path.symlink_to(target)
    assert f"{path} is a symbolic link" in refusal(path)


def test_a_link_in_the_place_of_the_folder_is_refused(path):
    link = path.parent.with_name("link")
    link.symlink_to(path.parent)
    assert f"{link} is a symbolic link" in refusal(link / path.name)


@pytest.mark.parametrize("kind", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused(path, kind):
    kind(path, 0o600)
    assert f"{path} is no regular file" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"something else", PEM[:900], PEM.replace(b"A", b"B"), b"0" * 200_000])
def test_what_is_no_private_key_is_refused(path, content):
    path.write_bytes(content)
    assert "holds no RSA private key" in refusal(path)


def test_a_path_that_can_not_be_right(tmp_path, monkeypatch):
    with pytest.raises(KeyPairError, match="private_key_folder: expected an absolute path, got keys/k.pem"):
        make("keys/k.pem", option="private_key_folder")
    monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", str(tmp_path / "artifacts" / "1"))
    with pytest.raises(KeyPairError, match="path: .*private folder of this job"):
        read_public_half(tmp_path / "keys" / "k.pem")
