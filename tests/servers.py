# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the servers beside the simulated Twilio have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from http.server import HTTPServer
from types import TracebackType
from typing import NamedTuple, TypeVar

from serving import address, serving

_Server = TypeVar("_Server", bound="LoggedServer")


class Request(NamedTuple):
    """A request that a server got.

    :param what: its verb and path, or its name.
    :param writes: whether it may have changed something.
    """

    what: str
    writes: bool


class LoggedServer:
    """A server on a port of this machine, with a log of requests; a context manager that surely ends it.

    :param server: answers the requests, and notes each of them.
    """

    name: str

    def __init__(self, server: HTTPServer) -> None:
        self._log: defaultdict[str, list[Request]] = defaultdict(list)
        self._serving = serving(server)
        #: Its address.
        self.url = address(server)

    def __enter__(self: _Server) -> _Server:
        self._serving.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, trace)

    def requests(self, caller: str) -> Sequence[Request]:
        """Return what a caller asked for.

        :param caller: whom the requests are known to be of by what they were authenticated with.
        :returns: the requests from the beginning, in order.
        """
        return tuple(self._log[caller])

    def note(self, caller: str, request: Request) -> None:
        """Add a request to the log.

        :param caller: whose it is.
        :param request: what came in.
        """
        self._log[caller].append(request)
