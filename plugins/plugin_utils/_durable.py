# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are on the disk, whole, before anything depends on them: a run may be killed at any instruction.

The content is written to a temporary file beside and flushed, the file gets its name, and its folder is flushed
(os.fsync). A folder is given by its descriptor; see ``_own_files.py``. All functions raise OSError.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SUFFIX = ".new"


@contextmanager
def temporary_file(folder: int, name: str, content: bytes) -> Iterator[str]:
    """Write a content to the disk, in a temporary file that its owner alone can read, until the block ends.

    :param folder: where.
    :param name: of the file that is to hold the content; the block gives it that name.
    :returns: the name of the temporary file.
    """
    temporary, descriptor = _create_temporary(folder, name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


def replace_file(folder: int, name: str, content: bytes, mode: int = 0o600) -> None:
    """Have a file hold a content, as a whole or not at all, and on the disk; what killed runs left of it is removed.

    :param folder: where.
    :param name: the file's; an existing one is replaced.
    :param mode: the file's.
    """
    remove_left_overs(folder, name)
    with temporary_file(folder, name, content) as temporary:
        os.chmod(temporary, mode, dir_fd=folder)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def _create_temporary(folder: int, name: str) -> tuple[str, int]:
    """Return the name and the descriptor of a new file, which is locked, so that it isn't taken for a left-over."""
    while True:
        temporary = f".{name}.{secrets.token_hex(4)}{_SUFFIX}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return temporary, descriptor
        # Before it was locked, another run took it for a left-over.
        os.close(descriptor)


def remove_left_overs(folder: int, name: str) -> None:
    """Remove what :func:`temporary_file` left of a file where its run was killed, and nothing else.

    :param folder: where.
    :param name: the file's.
    """
    pattern = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}{re.escape(_SUFFIX)}")
    for found in filter(pattern.fullmatch, os.listdir(folder)):
        try:
            descriptor = os.open(found, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError:
            continue
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(found, dir_fd=folder)
        except (BlockingIOError, FileNotFoundError):
            # It is being written, or somebody else has removed it.
            continue
        finally:
            os.close(descriptor)
