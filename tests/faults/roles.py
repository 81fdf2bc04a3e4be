# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs roles without ``ansible-playbook``, each run in a process of its own that can be killed.

This file is also the program of the process that starts the runs. It loads Ansible and the collection once and forks
for each run, which therefore begins at once. It has no threads, so forking is safe.
"""

from __future__ import annotations

import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

HERE = Path(__file__).parent
INTEGRATION = HERE.parent / "integration"
SHIM = HERE / "shim"

#: Files in the folder of a run: its process id while it runs, and its result.
PROCESS, OUTCOME = "process", "outcome.json"


class Roles:
    """The process that starts the runs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lock = Lock()

    def start(self, wanted: Mapping[str, Any]) -> None:
        """Start a run, and return as soon as it has begun.

        :param wanted: the arguments of :func:`run`.
        """
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            print(json.dumps(dict(wanted)), file=self._process.stdin, flush=True)
            assert self._process.stdout.readline() == "started\n", "the process that starts runs has ended"


@functools.lru_cache
def roles() -> Roles:
    """Return the process that starts runs, one for this process; it ends with it."""
    return Roles()


def run(role: str, variables: str, folder: str, place: str, stopped_pipe: str, environment: Mapping[str, str]) -> None:
    """Run a role once, in this process.

    :param role: the role's short name.
    :param variables: a JSON file with the host's variables.
    :param folder: the folder that relative paths of hooks are resolved in.
    :param place: the folder of this run.
    :param stopped_pipe: the named pipe that gets an empty line when the run has ended.
    :param environment: further environment variables.
    """
    from role_in_process import RoleInProcess

    os.environ.update(environment)
    tempfile.tempdir = None
    sys.path.insert(0, str(SHIM))
    runpy.run_path(str(SHIM / "sitecustomize.py"))
    import kill_point

    wanted = kill_point.settings()["wanted"]
    outcome: dict[str, Any] = {"status": 1, "results": []}
    try:
        host = RoleInProcess(
            role,
            "localhost",
            json.loads(Path(variables).read_text(encoding="utf-8")),
            Path(folder),
            action_plugins=[HERE / "action_plugins"],
            task_end=lambda name: kill_point.reach_point("task end", name, wanted),
        )
        succeeded = host.run()
        results = [[each.kind, each.task, dict(each.values)] for each in host.results]
        outcome = {"status": 0 if succeeded else 2, "output": "\n".join(host.shown), "results": results}
    except Exception:
        outcome["output"] = traceback.format_exc()
    Path(place, OUTCOME).write_text(json.dumps(outcome, default=str), encoding="utf-8")
    Path(place, PROCESS).unlink()
    with open(stopped_pipe, "w", encoding="ascii") as pipe:
        pipe.write("\n")


def main() -> None:
    """Fork for each line of standard input."""
    sys.path[:0] = [str(HERE.parent), str(INTEGRATION)]
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(HERE.parent.parent / ".cache" / name) for name in ("collections", "collections-of-others")])
    import role_in_process

    role_in_process.load_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wanted = json.loads(line)
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            Path(wanted["place"], PROCESS).write_text(str(os.getpid()), encoding="ascii")
            print("started", flush=True)
            try:
                run(**wanted)
            finally:
                os._exit(0)


if __name__ == "__main__":
    main()
