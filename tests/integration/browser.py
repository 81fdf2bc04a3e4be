# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium, where one is on the machine, spoken to over its pipe.

The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "headless_shell")
#: What a Chromium asks for by itself is no concern of a page. A container has no sandbox for it.
OPTIONS = ("--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-background-networking")
#: Starts a program that has two descriptors as 3 and 4, where it looks for its pipe.
AS_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
AXE = "axe-core@4"


class Page:
    """A page that is open in a browser.

    :ivar requests: the addresses that it asked for.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = os.read(self._from, 1 << 20)
            assert read, "the browser has ended"
            self._buffer += read
        message, _end, self._buffer = self._buffer.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed

    def open(self, path: Path, width: int = 1000, **media: str) -> None:
        """Open a file.

        :param width: the window's.
        :param media: features of the medium, with _ for -.
        """
        if not self._session:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Network", "Page"):
                self.call(f"{domain}.enable")
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.requests.clear()
        self.call("Page.navigate", url=path.as_uri())
        while self.value("document.readyState + location.href") != f"complete{path.as_uri()}":
            pass

    def value(self, expression: str) -> Any:
        """Return what an expression of JavaScript comes to. The page's policy does not hinder whoever looks into it."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")


@contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Start a browser, until the block ends; skip the test where there is none.

    :param folder: where it keeps its profile.
    """
    named = [os.environ.get("CHROMIUM"), *map(shutil.which, PROGRAMS)]
    program = next(filter(None, named), None)
    if program is None:
        pytest.skip(f"no Chromium is on this machine ({', '.join(PROGRAMS)}, or what CHROMIUM names)")
    browser_reads, we_write = os.pipe()
    we_read, browser_writes = os.pipe()
    # Its ends must not be 3 and 4 already.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (browser_reads, browser_writes)]
    command = [program, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe", "about:blank"]
    with subprocess.Popen(
        [sys.executable, "-c", AS_3_AND_4, *map(str, ends), *command],
        pass_fds=ends,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        for end in (browser_reads, browser_writes, *ends):
            os.close(end)
        try:
            yield Page(we_write, we_read)
        finally:
            process.kill()
            for end in (we_write, we_read):
                os.close(end)


def axe(folder: Path) -> str:
    """Return axe-core's source, by npm; skip the test where it can't be got.

    :param folder: where npm works.
    """
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on this machine")
    command = [npm, "pack", "--silent", "--pack-destination", str(folder), AXE]
    finished = subprocess.run(command, capture_output=True, cwd=folder, text=True, check=False)
    if finished.returncode:
        pytest.skip("axe-core can't be got by npm")
    with tarfile.open(folder / finished.stdout.strip()) as package:
        source = package.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


def violations(page: Page, source: str) -> list[Mapping[str, Any]]:
    """Return what axe-core finds wrong with a page, contrast included.

    :param source: axe-core's.
    """
    page.value(source + "; 0")
    found: list[Mapping[str, Any]] = page.value("axe.run().then(found => [...found.violations, ...found.incomplete])")
    return found
