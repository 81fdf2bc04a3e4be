# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record's file: replaced atomically, only in its last known version, never assumed empty, and private."""

from __future__ import annotations

import os
import random
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.twilio.plugins.plugin_utils import _own_files
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import (
    NO_VERSION,
    RecordError,
    RecordFile,
    path_of,
)

PASSWORD = "only for this test"
TOKEN = "0123456789abcdef0123456789abcdef"
RECORD = {"phase": "idle", "primary": TOKEN, "pending": None}
PREFIX = "rotate_auth_token_"


@pytest.fixture
def path(tmp_path):
    """Return the path of a record that is not there, in a folder that is."""
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    return folder / "record.yml"


@pytest.fixture
def saved(path):
    """Return the path of a record that is there."""
    record_file(path).save(RECORD, NO_VERSION)
    return path


def record_file(path: Path, password: object = PASSWORD) -> RecordFile:
    return RecordFile(str(path), password, PREFIX)


def write_encrypted(text: str | bytes, path: Path, secret: str = PASSWORD) -> None:
    """Write what ansible-vault would, by hand."""
    path.write_bytes(VaultLib().encrypt(text, secret=VaultSecret(secret.encode())))
    path.chmod(0o600)


def refusals(path: Path) -> list[str]:
    """Return the sentences with which loading, telling the version and saving are refused; nothing is changed."""

    def snapshot() -> list[Any]:
        return [
            (str(each), each.lstat().st_mode, each.lstat().st_ino, each.lstat().st_mtime_ns)
            for each in [path.parent, *path.parent.parent.rglob("*")]
        ]

    before = snapshot()
    file = record_file(path)
    message = []
    for attempt in (file.load, file.version, lambda: file.save({"phase": "other"}, NO_VERSION)):
        with pytest.raises(RecordError) as caught:
            attempt()
        assert TOKEN not in str(caught.value)
        assert PASSWORD not in str(caught.value)
        message.append(str(caught.value))
    # Saving makes the file by which it holds off others before it looks at the record.
    after = [each for each in snapshot() if not each[0].endswith("/.lock")]
    assert [each[:3] for each in after] == [each[:3] for each in before if not each[0].endswith("/.lock")]
    return message


def only(sentences: list[str]) -> str:
    """Return the one message of all attempts, apart from its end."""
    (message,) = {sentence.replace("Nothing was saved.", "Nothing was done.") for sentence in sentences}
    return message


# What is saved


def test_what_is_saved_is_loaded(path):
    file = record_file(path)
    assert file.load() == ({}, NO_VERSION)
    assert file.version() == NO_VERSION
    version = file.save(RECORD, NO_VERSION)
    assert record_file(path).load() == (RECORD, version)
    assert record_file(path).version() == version


def test_a_version_is_replaced_once(path):
    file = record_file(path)
    version = file.save(RECORD, NO_VERSION)
    file.save(RECORD, version)
    standing = path.read_bytes()
    for seen in (version, NO_VERSION):
        with pytest.raises(RecordError, match="changed by somebody else"):
            file.save({}, seen)
    assert path.read_bytes() == standing


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        # Two records with one salt would be encrypted with one key stream, and have one version if they are alike.
        ("VAULT_ENCRYPT_SALT", "salt"),
        ("DEFAULT_VAULT_ID_MATCH", True),
        ("DEFAULT_VAULT_IDENTITY", "prod"),
    ],
)
def test_a_configuration_of_ansible_vault_makes_no_difference(monkeypatch, path, setting, value):
    original = constants.config.get_config_value

    def configured(name: str, *rest: Any, **more: Any) -> Any:
        return value if name == setting else original(name, *rest, **more)

    monkeypatch.setattr(constants.config, "get_config_value", configured)
    monkeypatch.setattr(constants, setting, value, raising=False)
    file = record_file(path)
    version = file.save(RECORD, NO_VERSION)
    assert file.save(RECORD, version) != version
    assert file.load().record == RECORD


def test_a_file_with_an_id_is_read_whatever_ids_are_to_match(monkeypatch, path):
    secret = VaultSecret(PASSWORD.encode())
    path.write_bytes(VaultLib().encrypt("phase: idle", secret=secret, vault_id="prod"))
    path.chmod(0o600)
    monkeypatch.setattr(constants, "DEFAULT_VAULT_ID_MATCH", True)
    assert record_file(path).load().record == {"phase": "idle"}


def test_what_stands_in_two_places_is_written_twice(path):
    key = {"sid": "CR1"}
    file = record_file(path)
    file.save({"phase": "idle", "old": key, "new": key}, NO_VERSION)
    assert file.load().record == {"phase": "idle", "old": key, "new": key}


def test_a_date_that_somebody_wrote_is_a_text(path):
    write_encrypted("rotated_at: 2026-01-31\n", path)
    assert record_file(path).load().record == {"rotated_at": "2026-01-31"}


# What can't be read is not nothing


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"phase: idle", "is not encrypted"),
        (b"\xff\xfe", "is not encrypted"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162", "is damaged"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "is damaged"),
        (b"$ANSIBLE_VAULT;1.1;ROT13\n6162\n", "is damaged"),
        (b"$ANSIBLE_VAULT", "is damaged"),
        (b"$ANSIBLE_VAULT;\xff;\xff\n\xff", "is damaged"),
        (b"0" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_invalid_encrypted_files(path, content, message):
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RecordError, match=message):
        record_file(path).load()


def test_another_password(saved):
    with pytest.raises(RecordError, match="encrypted with another password than rotate_auth_token_store_password"):
        record_file(saved, "another one").load()


def test_a_file_that_was_changed_anywhere_is_never_read(saved):
    whole = saved.read_bytes()
    chosen = random.Random(11)
    for _time in range(30):
        at = chosen.randrange(len(whole))
        changed = bytearray(whole)
        changed[at] = chosen.choice([byte for byte in b"0123456789abcdef;$\n\xff" if byte != whole[at]])
        for content in (bytes(changed), whole[:at]):
            saved.write_bytes(content)
            try:
                record = record_file(saved).load().record
            except RecordError:
                continue
            # A byte that does not count: a line's end, or the format's version.
            assert record == RECORD


@pytest.mark.parametrize(
    "text",
    [
        b"- a list",
        b"a text",
        b"",
        b"{}",
        b"phase: [",
        b"phase: idle\nphase: staged",
        b"old: &key {sid: CR1}\nnew: *key",
        b"phase: &phase [*phase]",
        b"phase: 2026-13-45",
        b"phase: !!timestamp soon",
        b"phase: !!bool maybe",
        b"phase: !!int ''",
        b"phase: !!float _",
        b"phase: " + b"1:" * 400 + b"1.5",
        b"phase: 0x" + b"f" * 5000,
        b"phase: !!binary aWRsZQ==",
        b"phase: .inf",
        b"phase: !!python/object/apply:os.getcwd []",
        b"? [a]\n: b",
        b"phase: \xff",
        b"[" * 1000,
    ],
)
def test_invalid_records(path, text):
    write_encrypted(text, path)
    with pytest.raises(RecordError, match="holds no record"):
        record_file(path).load()


# Whose the folder and the file are


def test_missing_folders_are_made_for_their_owner_alone(tmp_path):
    below = tmp_path / "a" / "b" / "c.yml"
    previous = os.umask(0)
    try:
        record_file(below).save(RECORD, NO_VERSION)
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (below.parent.parent, below.parent, below)]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o1777, 0o770, 0o710])
def test_a_folder_that_others_can_reach_into_is_refused(saved, mode):
    saved.parent.chmod(mode)
    message = only(refusals(saved))
    assert message.startswith(f"rotate_auth_token_store_path: {saved.parent} has the mode {mode:04o}")
    assert stat.S_IMODE(saved.parent.stat().st_mode) == mode


def test_a_folder_of_somebody_else_is_refused(saved, another_user):
    assert f"{saved.parent} belongs to the user" in only(refusals(saved))


def test_a_record_of_somebody_else_is_refused(saved, monkeypatch):
    checked = os.fstat

    def of_another_user(descriptor: int) -> os.stat_result:
        status = checked(descriptor)
        return status if stat.S_ISDIR(status.st_mode) else os.stat_result([*status[:4], status.st_uid + 1, *status[5:]])

    monkeypatch.setattr(_own_files.os, "fstat", of_another_user)
    with pytest.raises(RecordError, match="record.yml belongs to the user"):
        record_file(saved).load()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_record_that_others_can_read_or_write_is_refused(saved, mode):
    saved.chmod(mode)
    assert f"{saved} has the mode {mode:04o}" in only(refusals(saved))


def test_a_link_in_the_place_of_the_folder_is_refused(saved):
    link = saved.parent.with_name("link")
    link.symlink_to(saved.parent)
    assert f"{link} is a symbolic link" in only(refusals(link / saved.name))


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    with pytest.raises(RecordError, match="is a symbolic link"):
        record_file(link / "record.yml").save(RECORD, NO_VERSION)
    with pytest.raises(RecordError, match="can't be written"):
        record_file(link / "below" / "record.yml").save(RECORD, NO_VERSION)
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_place_of_the_record_is_refused(saved):
    link = saved.with_name("other.yml")
    link.symlink_to(saved)
    assert f"{link} is a symbolic link" in only(refusals(link))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused(path, make):
    make(path, 0o600)
    assert f"{path} is no regular file" in only(refusals(path))


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "store").write_text("", encoding="utf-8")
    assert "store is no folder" in only(refusals(tmp_path / "store" / "record.yml"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda lock: lock.symlink_to("elsewhere"), "symbolic link"),
        (os.mkfifo, "no regular file"),
        (lambda lock: lock.touch(mode=0o644), "has the mode 0644"),
    ],
)
def test_a_lock_that_is_not_ours_is_refused(saved, make, message):
    (saved.parent / ".lock").unlink()
    make(saved.parent / ".lock")
    file = record_file(saved)
    with pytest.raises(RecordError, match=message):
        file.save({}, file.version())
    assert not (saved.parent / "elsewhere").exists()
    assert file.load().record == RECORD


# What is left over


def test_files_left_by_a_killed_save_are_removed_by_the_next(saved):
    folder = saved.parent
    left = folder / f".{saved.name}.0123abcd.new"
    left.write_bytes(b"half")
    others = [folder / name for name in (".other.yml.0123abcd.new", f".{saved.name}.swp", f".{saved.name}.notes.new")]
    for other in others:
        other.write_bytes(b"half")
    link = folder / f".{saved.name}.0123abce.new"
    link.symlink_to(others[0])
    file = record_file(saved)
    file.save(RECORD, file.version())
    assert not left.exists()
    assert link.is_symlink()
    assert all(other.exists() for other in others)


def test_a_save_that_fails_leaves_nothing(saved, monkeypatch):
    def full(*_arguments: Any, **_more: Any) -> None:
        raise OSError(28, "No space left on device")

    file = record_file(saved)
    version = file.version()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(RecordError, match="can't be written: No space left on device"):
        file.save({"phase": "other"}, version)
    assert file.load() == (RECORD, version)
    assert sorted(each.name for each in saved.parent.iterdir()) == [".lock", saved.name]


# What is given


def test_the_private_folder_of_a_job_is_refused(tmp_path, monkeypatch):
    private = tmp_path / "runner"
    monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", str(private / "artifacts" / "1"))
    with pytest.raises(RecordError, match="rotate_auth_token_store_path: .*private folder of this job"):
        record_file(private / "project" / "store" / "record.yml")
    record_file(tmp_path / "mounted" / "record.yml")


@pytest.mark.parametrize("folder", ["", "store", None, 5, ["/store"]])
def test_a_folder_that_is_no_absolute_path(folder):
    with pytest.raises(RecordError, match="rotate_auth_token_store_path: expected the absolute path"):
        path_of(folder, "record", PREFIX)


@pytest.mark.parametrize("name", ["", ".record", "..", "a/b", "/record", "a\0b", "a\nb", None, 5])
def test_a_name_with_a_path_is_refused(name):
    with pytest.raises(RecordError, match="Expected the name of a record"):
        path_of("/store", name)


def test_the_path_of_a_record():
    assert path_of("/store", "AC0") == "/store/AC0.yml"


@pytest.mark.parametrize(
    ("password", "message"),
    [
        (None, "got nothing"),
        ("", "got nothing"),
        (123456, "quote it"),
        (1.5, "quote it"),
        (True, "quote it"),
        (["a", "b"], "expected a text"),
        (b"bytes", "expected a text"),
        ("secret\n", "white space"),
        (" secret", "white space"),
        ("secret\t", "white space"),
        ("   ", "white space"),
        ("secret\udcff", "UTF-8"),
    ],
)
def test_a_password_that_can_not_be_right(path, password, message):
    with pytest.raises(RecordError, match=f"rotate_auth_token_store_password: .*{message}") as caught:
        record_file(path, password)
    assert "123456" not in str(caught.value)
    assert "secret" not in str(caught.value)
