# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that was checked is the one that is used, even if somebody swaps it in between."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _own_files
from ansible_collections.community.twilio.plugins.plugin_utils._own_files import (
    ANYTHING,
    NotOwnError,
    ensure_own_folder,
    open_own,
    own_folder,
)


def contents(path: Path, folder: int) -> bytes:
    descriptor = open_own(path, folder, os.O_RDONLY, ANYTHING)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


@pytest.fixture
def path(tmp_path):
    """Return the path of a file in a folder, both the user's own."""
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    (folder / "file").write_bytes(b"ours")
    (folder / "file").chmod(0o600)
    return folder / "file"


def test_a_folder_that_is_swapped_after_it_was_opened(path):
    with own_folder(path.parent, ANYTHING) as folder:
        path.parent.rename(path.parent.with_name("moved"))
        theirs = path.parent.with_name("theirs")
        theirs.mkdir(mode=0o700)
        (theirs / "file").write_bytes(b"theirs")
        path.parent.symlink_to(theirs)
        assert contents(path, folder) == b"ours"


def test_a_file_that_is_swapped_after_it_was_opened(path, monkeypatch):
    opened = os.open

    def and_swapped(name: str, flags: int, *rest: int, **more: int) -> int:
        descriptor = opened(name, flags, *rest, **more)
        if name == "file":
            path.unlink()
            path.symlink_to("/etc/passwd")
        return descriptor

    with own_folder(path.parent, ANYTHING) as folder:
        monkeypatch.setattr(_own_files.os, "open", and_swapped)
        assert contents(path, folder) == b"ours"
        with pytest.raises(NotOwnError, match="is a symbolic link"):
            contents(path, folder)


def test_a_file_swapped_before_it_is_opened_is_detected(path):
    with own_folder(path.parent, ANYTHING) as folder:
        assert stat.S_ISREG(os.stat("file", dir_fd=folder, follow_symlinks=False).st_mode)
        path.unlink()
        os.mkfifo(path, 0o600)
        with pytest.raises(NotOwnError, match="is no regular file"):
            contents(path, folder)


@pytest.mark.parametrize("missing", ["a", "b"])
def test_a_folder_that_somebody_puts_a_link_in_the_place_of(tmp_path, monkeypatch, missing):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    made = os.mkdir

    def too_late(name: str, *rest: int, **more: int) -> None:
        if name == missing:
            os.symlink(elsewhere, name, **more)
        made(name, *rest, **more)

    monkeypatch.setattr(_own_files.os, "mkdir", too_late)
    with (
        pytest.raises(NotOwnError, match=f"{missing} is a symbolic link"),
        ensure_own_folder(tmp_path / "a" / "b", ANYTHING),
    ):
        pass
    assert not [*elsewhere.iterdir()]


def test_a_folder_that_another_run_makes_in_the_meantime(tmp_path, monkeypatch):
    made = os.mkdir

    def twice(name: str, *rest: int, **more: int) -> None:
        made(name, *rest, **more)
        made(name, *rest, **more)

    monkeypatch.setattr(_own_files.os, "mkdir", twice)
    with ensure_own_folder(tmp_path / "a" / "b", ANYTHING) as folder:
        assert os.path.samestat(os.fstat(folder), (tmp_path / "a" / "b").stat())


def test_no_descriptor_stays_open(path, tmp_path):
    def count() -> int:
        return len(os.listdir("/dev/fd"))

    before = count()
    for attempt in (path.parent, tmp_path / "missing", path, tmp_path):
        with suppress(NotOwnError, OSError), own_folder(attempt, ANYTHING) as folder:
            path.chmod(0o644)
            contents(path, folder)
    with suppress(NotOwnError), ensure_own_folder(tmp_path / "a" / "b", ANYTHING):
        raise NotOwnError
    (tmp_path / "c").symlink_to(tmp_path)
    with suppress(NotOwnError), ensure_own_folder(tmp_path / "c", ANYTHING):
        pass
    assert count() == before
