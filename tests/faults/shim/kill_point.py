# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A point at which a run can be killed: the process that comes to it stops, and the test does what it is to do.

A process that stops itself stops exactly there, whichever process of the run it is; to be killed from outside it need
not be caught in time. The points that were passed are counted in a file, since the processes of a run come and go.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

#: The variable that names the folder of a run's points; its value marks the run's processes.
FOLDER = "KILLS_FOLDER"

#: What the folder holds: how the test wants the run, the points that were passed, and a named pipe that is told which
#: process stands still.
SETTINGS, PASSED, STANDING = "settings.json", "passed.jsonl", "standing"

#: Likewise: the programs that were started, with their arguments.
PROGRAMS = "programs.jsonl"

#: The setting of a run that is to stand still at each point.
EACH = "each"


def folder() -> Path:
    """Return the folder of this run's points."""
    return Path(os.environ[FOLDER])


def settings() -> dict[str, Any]:
    """Return how the test wants this run."""
    read: dict[str, Any] = json.loads((folder() / SETTINGS).read_text(encoding="utf-8"))
    return read


def come_to(kind: str, what: str, wanted: Any) -> None:
    """Count a point; where the test wants it, stop here until it lets the process go on.

    :param kind: points are numbered within their kind, from 1 on.
    :param what: what is about to happen, or has happened, for the reader.
    :param wanted: the kind and the number of the point to stop at, EACH, or None.
    """
    with open(folder() / PASSED, "a+", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.seek(0)
        number = 1 + sum(json.loads(line)["kind"] == kind for line in log)
        log.write(json.dumps({"kind": kind, "number": number, "what": what, "at": time.monotonic()}) + "\n")
    if wanted in (EACH, [kind, number]):
        with open(folder() / STANDING, "w", encoding="ascii") as pipe:
            pipe.write(f"{os.getpid()}\n")
        os.kill(os.getpid(), signal.SIGSTOP)
