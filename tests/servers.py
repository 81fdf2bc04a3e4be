# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the servers besides the simulated Twilio."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from http.server import HTTPServer
from types import TracebackType
from typing import NamedTuple, TypeVar

from serving import address, serving

_Server = TypeVar("_Server", bound="LoggedServer")


class Request(NamedTuple):
    """A request that a server received.

    :param what: its verb and path, or its name.
    :param writes: whether it may change something.
    """

    what: str
    writes: bool


class LoggedServer:
    """A server on a port of this machine, with a log of requests; a context manager that always ends it.

    :param server: answers the requests, and calls :meth:`note` for each.
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
        """Return the requests of a caller.

        :param caller: what the requests were authenticated with.
        :returns: all its requests, in order.
        """
        return tuple(self._log[caller])

    def note(self, caller: str, request: Request) -> None:
        """Add a request to the log.

        :param caller: what the request was authenticated with.
        :param request: the request.
        """
        self._log[caller].append(request)
