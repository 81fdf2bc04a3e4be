# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record's file: replaced as a whole, by whoever saw it last, and never taken for empty."""

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordError, RecordFile

RECORD = {"phase": "idle", "primary": "0" * 32, "pending": None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "record.yml"


def test_what_is_saved_is_loaded(path):
    file = RecordFile(str(path), "password")
    assert file.load() == ({}, NO_VERSION)
    version = file.save(RECORD, NO_VERSION)
    assert RecordFile(str(path), "password").load() == (RECORD, version)


def test_a_version_is_replaced_once(path):
    file = RecordFile(str(path), "password")
    version = file.save(RECORD, NO_VERSION)
    file.save(RECORD, version)
    standing = path.read_bytes()
    for seen in (version, NO_VERSION):
        with pytest.raises(RecordError, match="changed by somebody else"):
            file.save({}, seen)
    assert path.read_bytes() == standing


@pytest.mark.parametrize("content", [b"", b"phase: idle", b"$ANSIBLE_VAULT;1.1;AES256\n6162"])
def test_what_can_not_be_read_is_not_nothing(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RecordError, match="can't be decrypted"):
        RecordFile(str(path), "password").load()


def test_what_is_no_record(path):
    file = RecordFile(str(path), "password")
    path.parent.mkdir()
    path.write_bytes(file._vault.encrypt("- a list"))
    with pytest.raises(RecordError, match="holds no record"):
        file.load()


def test_a_folder_in_its_place(path):
    path.mkdir(parents=True)
    with pytest.raises(RecordError, match="can't be read"):
        RecordFile(str(path), "password").load()


def test_what_a_killed_save_left_is_removed_by_the_next(path):
    file = RecordFile(str(path), "password")
    version = file.save(RECORD, NO_VERSION)
    left = path.parent / f".{path.name}.0123abcd.new"
    left.write_bytes(b"half")
    others = [path.parent / name for name in (".other.yml.0123abcd.new", f".{path.name}.swp")]
    for other in others:
        other.write_bytes(b"half")
    file.save(RECORD, version)
    assert not left.exists()
    assert all(other.exists() for other in others)


def test_the_folders_are_their_owners_alone(path):
    below = path.parent / "a" / "b" / "c.yml"
    RecordFile(str(below), "password").save(RECORD, NO_VERSION)
    assert [folder.stat().st_mode & 0o777 for folder in (below.parent, below.parent.parent)] == [0o700, 0o700]


def test_a_date_that_somebody_wrote_is_a_text(path):
    path.parent.mkdir()
    vault = VaultLib([("default", VaultSecret(b"password"))])
    path.write_bytes(vault.encrypt("rotated_at: 2026-01-31\n"))
    assert RecordFile(str(path), "password").load().record == {"rotated_at": "2026-01-31"}


def test_the_private_folder_of_a_job_is_refused(tmp_path, monkeypatch):
    private = tmp_path / "runner"
    monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", str(private / "artifacts" / "1"))
    with pytest.raises(RecordError, match="private folder of this job"):
        RecordFile(str(private / "project" / "store" / "record.yml"), "password")
    RecordFile(str(tmp_path / "mounted" / "record.yml"), "password")


@pytest.mark.parametrize(("path", "password"), [("store/record.yml", "password"), ("/store/record.yml", "")])
def test_what_can_not_be_right(path, password):
    with pytest.raises(RecordError, match="expected"):
        RecordFile(path, password)
