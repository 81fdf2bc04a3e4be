# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are on the disk, whole, before anything depends on them: a run may be killed at any instruction.

A file is written beside and flushed, gets its name, and its folder is flushed. All functions raise OSError.
"""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".new"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for their owner alone.

    Path.mkdir would give those above it the umask's mode, and would flush none.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        flush(folder.parent)


def flush(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Have a content on the disk in a file beside, that its owner alone can read, until the block ends.

    :param path: the file that is to hold the content; the block gives it its name.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def remove_left_over(path: Path) -> None:
    """Remove what :func:`written_beside` left of a file where its run was killed; nobody else may be writing it."""
    for left_over in path.parent.glob(f".{glob.escape(path.name)}.*{_SUFFIX}"):
        left_over.unlink(missing_ok=True)
