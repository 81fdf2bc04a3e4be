# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loaded by each Python process of a run, through ``PYTHONPATH``: adds points before the process's external effects.

There is a point before a request is sent, and another when its answer has arrived but has not been read. In the folders
that the test names, there is a point before each flush to disk, rename and link. Each file put in place is kept for the
test, with the time, and the arguments of each program that is started are recorded.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kill_point

#: Audit events: https://docs.python.org/3/library/audit_events.html
_STARTS = ("os.exec", "os.posix_spawn", "os.system", "subprocess.Popen")
_SENDS = "http.client.send"

#: The beginning of the first bytes that are sent of a request.
_REQUEST_LINE = re.compile(rb"([A-Z]+ \S+) HTTP/1")


class _Saves:
    """Watches saves in some folders."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._folders = [Path(name) for name in settings["saves_below"]]
        self._kept = Path(settings["kept"])
        self._wanted = settings["wanted"]
        self._fsync, self._link = os.fsync, os.link

    def watch(self) -> None:
        """Replace the functions that save."""
        os.link = self._naming(os.link)
        os.rename = self._naming(os.rename)
        os.replace = self._naming(os.replace)
        os.unlink = self._removing(os.unlink)
        os.fsync = self._flush

    def _is_watched(self, path: Path) -> bool:
        return any(path == folder or folder in path.parents for folder in self._folders)

    def _naming(self, name: Callable[..., None]) -> Callable[..., None]:
        def naming(source: Any, target: Any, **more: Any) -> None:
            path = _path(target, more.get("dst_dir_fd"))
            if not self._is_watched(path):
                name(source, target, **more)
                return
            kill_point.reach_point("save", f"{path.name} gets its name", self._wanted)
            name(source, target, **more)
            self._keep(path)

        return naming

    def _removing(self, remove: Callable[..., None]) -> Callable[..., None]:
        def removing(target: Any, **more: Any) -> None:
            path = _path(target, more.get("dir_fd"))
            if path.exists() and self._is_watched(path):
                kill_point.reach_point("save", "the temporary file is removed", self._wanted)
            remove(target, **more)

        return removing

    def _flush(self, fd: Any) -> None:
        number = fd if isinstance(fd, int) else fd.fileno()
        path = Path(os.readlink(f"/proc/self/fd/{number}"))
        if self._is_watched(path):
            what = "the folder" if path.is_dir() else "the file"
            kill_point.reach_point("save", f"flush of {what}", self._wanted)
        self._fsync(fd)

    def _keep(self, path: Path) -> None:
        since = time.monotonic()
        kept = self._kept / f"{time.monotonic_ns()}"
        self._link(path, kept)
        _append(self._kept / "kept.jsonl", {"path": str(path), "kept": str(kept), "since": since})


def _path(name: Any, folder: int | None) -> Path:
    """Return the path of a name in a folder, which is given by its descriptor if it is not the current one."""
    above = os.getcwd() if folder is None else os.readlink(f"/proc/self/fd/{folder}")
    return Path(os.path.normpath(os.path.join(above, os.fsdecode(name))))


class _Events:
    """Receives Python's audit events, and watches requests and started programs."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._wanted = settings["wanted"]
        self._request = ""
        self._watches_answers = False

    def receive(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Add a point before a request is sent; record a program that is about to start."""
        if event == _SENDS:
            if isinstance(arguments[1], bytes) and (begin := _REQUEST_LINE.match(arguments[1])):
                self._request = begin[1].decode()
                kill_point.reach_point("request", self._request, self._wanted)
                self._watch_answers()
        elif event in _STARTS:
            # The program and its arguments come first; the environment after them may hold secrets.
            program = {"event": event, "arguments": repr(arguments[:2])}
            _append(kill_point.folder() / kill_point.PROGRAMS, program)

    def _watch_answers(self) -> None:
        """Watch answers from the first request on, when http.client has surely been imported."""
        if self._watches_answers:
            return
        self._watches_answers = True
        response = sys.modules["http.client"].HTTPResponse
        begin = response.begin

        def watched(answer: Any) -> None:
            # Waits for the first byte without consuming it.
            answer.fp.peek(1)
            kill_point.reach_point("answer", self._request, self._wanted)
            begin(answer)

        response.begin = watched


def _append(path: Path, line: dict[str, Any]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if kill_point.FOLDER in os.environ:
    _SETTINGS = kill_point.settings()
    _Saves(_SETTINGS).watch()
    sys.addaudithook(_Events(_SETTINGS).receive)
