# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loaded by each Python process of a run, since its folder is in ``PYTHONPATH``: makes points of what it does outside.

A request is a point before anything of it is sent, and an answer when it is there, but none of it was read. Below the
folders that the test names, each flush to the disk is a point, and each rename and link, just before it happens.
What was put in place is kept for the test, with its time, and so are the arguments of each program that is started.
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

#: How what is sent of a request begins.
_REQUEST_LINE = re.compile(rb"([A-Z]+ \S+) HTTP/1")


class _Saves:
    """Watches what is saved below some folders."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._folders = [Path(name) for name in settings["saves_below"]]
        self._kept = Path(settings["kept"])
        self._wanted = settings["wanted"]
        self._fsync, self._link = os.fsync, os.link

    def watch(self) -> None:
        """Put this in place of the functions that save."""
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
            kill_point.come_to("save", f"{path.name} gets its name", self._wanted)
            name(source, target, **more)
            self._keep(path)

        return naming

    def _removing(self, remove: Callable[..., None]) -> Callable[..., None]:
        def removing(target: Any, **more: Any) -> None:
            path = _path(target, more.get("dir_fd"))
            if path.exists() and self._is_watched(path):
                kill_point.come_to("save", "the file beside is removed", self._wanted)
            remove(target, **more)

        return removing

    def _flush(self, fd: Any) -> None:
        number = fd if isinstance(fd, int) else fd.fileno()
        path = Path(os.readlink(f"/proc/self/fd/{number}"))
        if self._is_watched(path):
            what = "the folder" if path.is_dir() else "the file"
            kill_point.come_to("save", f"flush of {what}", self._wanted)
        self._fsync(fd)

    def _keep(self, path: Path) -> None:
        since = time.monotonic()
        kept = self._kept / f"{time.monotonic_ns()}"
        self._link(path, kept)
        _append(self._kept / "kept.jsonl", {"path": str(path), "kept": str(kept), "since": since})


def _path(name: Any, folder: int | None) -> Path:
    """Return the path of a file that is named in a folder, which may be told by its descriptor."""
    above = os.getcwd() if folder is None else os.readlink(f"/proc/self/fd/{folder}")
    return Path(os.path.normpath(os.path.join(above, os.fsdecode(name))))


class _Events:
    """Hears of what Python does, and watches requests and starts of programs."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._wanted = settings["wanted"]
        self._asked = ""
        self._hears_answers = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Make a point of a request that is about to be sent; note a program that is about to start."""
        if event == _SENDS:
            if isinstance(arguments[1], bytes) and (begin := _REQUEST_LINE.match(arguments[1])):
                self._asked = begin[1].decode()
                kill_point.come_to("request", self._asked, self._wanted)
                self._hear_answers()
        elif event in _STARTS:
            # The program and its arguments come first; the environment, which may hold what it likes, behind them.
            program = {"event": event, "arguments": repr(arguments[:2])}
            _append(kill_point.folder() / kill_point.PROGRAMS, program)

    def _hear_answers(self) -> None:
        """Once there was a request, its library is loaded, and can be watched."""
        if self._hears_answers:
            return
        self._hears_answers = True
        response = sys.modules["http.client"].HTTPResponse
        begin = response.begin

        def watched(answer: Any) -> None:
            # Waits for the first byte, and leaves it to be read.
            answer.fp.peek(1)
            kill_point.come_to("answer", self._asked, self._wanted)
            begin(answer)

        response.begin = watched


def _append(path: Path, line: dict[str, Any]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if kill_point.FOLDER in os.environ:
    _SETTINGS = kill_point.settings()
    _Saves(_SETTINGS).watch()
    sys.addaudithook(_Events(_SETTINGS).hear)
