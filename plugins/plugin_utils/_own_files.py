# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders and files that are the user's own; others' are refused, and the rights of existing ones are never changed.

The check is made on the opened descriptor, which is then used: a name may lead elsewhere a moment later. So a folder is
opened once, and what is in it is reached by that descriptor.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: What others than the owner must not do, as bits of a mode.
WRITE, ANYTHING = 0o022, 0o077

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Otherwise, opening a named pipe would wait for its writer.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK


class NotOwnError(Exception):
    """A folder or a file that is refused; the message is a sentence."""


@contextmanager
def own_folder(path: Path, forbidden: int) -> Iterator[int]:
    """Open a folder until the block ends.

    :param path: absolute. Only its last part is checked: what is above may be a link, and anybody's.
    :param forbidden: what others must not do, WRITE or ANYTHING.
    :raises NotOwnError: where it is not the user's own.
    :raises OSError: where it can't be opened, FileNotFoundError where it is not there.
    """
    descriptor = _opened(path, str(path), _FOLDER, None, forbidden)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def ensure_own_folder(path: Path, forbidden: int) -> Iterator[int]:
    """Open a folder as :func:`own_folder` does, but first create it where it is missing, and what is missing above it.

    What is created is for its owner alone, and is on the disk.

    :raises NotOwnError: where it is not the user's own, or what was missing has become somebody else's.
    :raises OSError: where it can't be created or opened.
    """
    missing: list[str] = []
    above = path
    while not os.path.lexists(above):
        missing.insert(0, above.name)
        above = above.parent
    if not missing:
        with own_folder(path, forbidden) as folder:
            yield folder
        return
    descriptor = os.open(above, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in missing:
            above = above / name
            # Another run may have created it in the meantime, or somebody else, which its owner shows.
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=descriptor)
            os.fsync(descriptor)
            below = _opened(above, name, _FOLDER, descriptor, forbidden)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def open_own(path: Path, folder: int, flags: int, forbidden: int) -> int:
    """Open a file of the user's own, and return its descriptor.

    :param path: where it is, for messages; its name is what is opened.
    :param folder: the descriptor of its folder.
    :param flags: how to open it; where it is made, it is for its owner alone.
    :param forbidden: what others must not do, WRITE or ANYTHING.
    :raises NotOwnError: where it is not the user's own, or no regular file.
    :raises OSError: where it can't be opened, FileNotFoundError where it is not there.
    """
    return _opened(path, path.name, flags | _FILE, folder, forbidden)


def _opened(path: Path, name: str, flags: int, folder: int | None, forbidden: int) -> int:
    wanted = stat.S_IFDIR if flags & os.O_DIRECTORY else stat.S_IFREG
    try:
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError:
        # Why it is refused explains more than that it can't be opened.
        _check(path, os.stat(name, dir_fd=folder, follow_symlinks=False), wanted, forbidden)
        raise
    try:
        _check(path, os.fstat(descriptor), wanted, forbidden)
    except NotOwnError:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, status: os.stat_result, wanted: int, forbidden: int) -> None:
    """Check what a path leads to.

    :raises NotOwnError: where it is of another kind than is wanted, or not the user's own.
    """
    is_folder = wanted == stat.S_IFDIR
    kind = "folder" if is_folder else "file"
    if stat.S_ISLNK(status.st_mode):
        raise NotOwnError(f"{path} is a symbolic link, which is never followed. Name the {kind} itself.")
    if stat.S_IFMT(status.st_mode) != wanted:
        raise NotOwnError(f"{path} is no {'folder' if is_folder else 'regular file'}.")
    mode = stat.S_IMODE(status.st_mode)
    if mode & forbidden:
        what = "write to it" if forbidden == WRITE else "reach what is in it" if is_folder else "read or write it"
        raise NotOwnError(
            f"{path} has the mode {mode:04o}, so that others than its owner may {what}."
            + (" Name a folder of its own for this; a missing one is created." if is_folder else "")
            + f" An existing {kind} is never changed: if it is for nothing else, its owner may run chmod"
            f" {'go-w' if forbidden == WRITE else 'go-rwx'}."
        )
    if status.st_uid != os.geteuid():
        owner, user = _user(status.st_uid), _user(os.geteuid())
        raise NotOwnError(
            f"{path} belongs to the user {owner}, and this is run by {user}. Run it as {owner}, or give the {kind}"
            f" to {user}{', with all that is in it' if is_folder else ''} (chown)."
        )


def _user(uid: int) -> str:
    """Return a user's name, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
