# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs HTTP servers of the tests in threads, each for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


def address(server: HTTPServer) -> str:
    """Return the URL of a server.

    :param server: a server that listens on a port of this machine.
    :returns: the URL without a path.
    """
    return f"http://127.0.0.1:{server.server_port}"


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """Answer requests until the block ends, and close the server.

    :param server: a server that listens on a port of this machine.
    :returns: a context manager that gives the server's URL, without a path.
    """
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield address(server)
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(BaseHTTPRequestHandler):
    """Answers requests, and prints nothing: a failing test's output is long enough."""

    def read_body(self) -> bytes:
        """Read the body of a request.

        :returns: the body, empty if there is none.
        """
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing.

        :param format: the format of the message.
        :param arguments: the values for the format.
        """
