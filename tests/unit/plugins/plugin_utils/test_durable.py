# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A temporary file is complete, and no other run removes it while it is being written."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _durable
from ansible_collections.community.twilio.plugins.plugin_utils._durable import (
    remove_left_overs,
    replace_file,
    temporary_file,
)


@pytest.fixture
def folder(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_what_is_beside_is_whole_and_goes(folder, tmp_path):
    with temporary_file(folder, "file", b"content") as beside:
        assert (tmp_path / beside).read_bytes() == b"content"
        assert stat.S_IMODE((tmp_path / beside).stat().st_mode) == 0o600
        remove_left_overs(folder, "file")
        assert [path.name for path in tmp_path.iterdir()] == [beside]
    assert not [*tmp_path.iterdir()]


def test_what_gets_its_name_stays(folder, tmp_path):
    with temporary_file(folder, "file", b"content") as beside:
        os.replace(beside, "file", src_dir_fd=folder, dst_dir_fd=folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_another_run_removes_before_it_is_locked_is_written_again(folder, tmp_path, monkeypatch):
    locked = _durable.fcntl.flock
    removed = []

    def too_late(descriptor: int, how: int) -> None:
        if not removed:
            (path,) = tmp_path.iterdir()
            removed.append(path.name)
            path.unlink()
        locked(descriptor, how)

    monkeypatch.setattr(_durable.fcntl, "flock", too_late)
    with temporary_file(folder, "file", b"content") as beside:
        assert (tmp_path / beside).read_bytes() == b"content"
        assert beside not in removed


def test_a_name_that_is_a_pattern_is_a_name(folder, tmp_path):
    other = tmp_path / ".fi1e.0123abcd.new"
    other.touch()
    (tmp_path / ".fi.e.0123abcd.new").touch()
    remove_left_overs(folder, "fi.e")
    assert [*tmp_path.iterdir()] == [other]


def test_a_file_is_replaced_as_a_whole_with_its_mode_and_without_left_overs(folder, tmp_path):
    (tmp_path / "file").write_text("before")
    (tmp_path / ".file.0123abcd.new").write_text("left over")
    replace_file(folder, "file", b"after", 0o640)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"after"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
