# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A point at which a run can be killed: the process that reaches it stops, and the test resumes or kills it.

Because a process stops itself, it stops at exactly this point, whichever process of the run it is, and the test need
not catch it in time. Points are counted in a file, since a run consists of several processes.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

#: The environment variable with the folder of a run's points; its value also identifies the run's processes.
FOLDER = "KILLS_FOLDER"

#: Files in that folder: the settings of the run, the points that were reached, and a named pipe that gets the id of
#: each process that stops.
SETTINGS, REACHED, STOPPED = "settings.json", "reached.jsonl", "stopped"

#: Another file in that folder: the programs that were started, with their arguments.
PROGRAMS = "programs.jsonl"

#: The setting of a run that is to stop at each point.
EACH = "each"


def folder() -> Path:
    """Return the folder of this run's points."""
    return Path(os.environ[FOLDER])


def settings() -> dict[str, Any]:
    """Return the settings of this run."""
    read: dict[str, Any] = json.loads((folder() / SETTINGS).read_text(encoding="utf-8"))
    return read


def reach_point(kind: str, what: str, wanted: Any) -> None:
    """Record a point, and stop here if the settings say so, until the test resumes the process.

    :param kind: points are numbered within their kind, from 1 on.
    :param what: what is about to happen, or has just happened, for messages.
    :param wanted: the kind and number of the point to stop at; EACH; or None.
    """
    with open(folder() / REACHED, "a+", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.seek(0)
        number = 1 + sum(json.loads(line)["kind"] == kind for line in log)
        log.write(json.dumps({"kind": kind, "number": number, "what": what, "at": time.monotonic()}) + "\n")
    if wanted in (EACH, [kind, number]):
        with open(folder() / STOPPED, "w", encoding="ascii") as pipe:
            pipe.write(f"{os.getpid()}\n")
        os.kill(os.getpid(), signal.SIGSTOP)
