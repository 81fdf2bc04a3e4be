# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An attempt that is cancelled between the steps of its connection."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.community.twilio.plugins.module_utils._attempt import Watch, WatchedConnection

#: Seconds after which a thread is taken for one that never ends.
AT_LAST = 60.0


class Plain:
    """A connection that opens nothing; what is called is noted."""

    def __init__(self, during_connect=lambda: None) -> None:
        self.sock = None
        self.called = []
        self._during_connect = during_connect

    def connect(self) -> None:
        self._during_connect()
        self.sock = object()

    def putrequest(self, method: str) -> None:
        self.called.append(method)


class Connection(WatchedConnection, Plain):
    """It, watched."""


def test_a_request_on_a_new_connection_is_sent_from_when_it_stands():
    with Watch(AT_LAST).attempt() as attempt:
        connection = Connection(lambda: sent_before.append(attempt.sent))
        sent_before = []
        connection.connect()
        assert sent_before == [False]
        assert attempt.sent is True


def test_a_request_on_a_kept_connection_is_sent_from_its_first_byte():
    watch = Watch(AT_LAST)
    with watch.attempt():
        connection = Connection()
        connection.connect()
    with watch.attempt() as attempt:
        assert attempt.sent is False
        connection.putrequest("GET")
        assert attempt.sent is True


def test_an_attempt_that_is_ended_while_it_connects_sends_nothing():
    watch = Watch(AT_LAST)
    with watch.attempt() as attempt:
        connection = Connection(watch.end_all)
        with pytest.raises(TimeoutError):
            connection.connect()
        assert (attempt.sent, attempt.expired) == (False, False)


def test_an_attempt_that_was_ended_begins_no_request():
    watch = Watch(AT_LAST)
    with watch.attempt():
        connection = Connection()
        connection.connect()
    with watch.attempt() as attempt:
        watch.end_all()
        with pytest.raises(TimeoutError):
            connection.putrequest("POST")
        assert attempt.sent is False
    assert connection.called == []


def test_an_attempt_expires_at_its_deadline_and_the_watching_thread_ends_with_the_last():
    before = set(threading.enumerate())
    watch = Watch(0.05)
    with watch.attempt() as attempt:
        end = time.monotonic() + AT_LAST
        while not attempt.expired and time.monotonic() < end:
            time.sleep(0.01)
        assert attempt.expired
        assert attempt.ended
        watching = set(threading.enumerate()) - before
    assert len(watching) == 1
    for thread in watching:
        thread.join(AT_LAST)
        assert not thread.is_alive()
    with watch.attempt() as another:
        assert not another.ended


def test_a_watch_that_rests_leaves_no_thread():
    before = set(threading.enumerate())
    watch = Watch(3600.0)
    with watch.attempt():
        (thread,) = set(threading.enumerate()) - before
    watch.rest()
    thread.join(AT_LAST)
    assert not thread.is_alive()
