# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to Twilio: identities, subaccounts, pages, TLS, proxies, the environment, and secrecy."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from harness import KEY_PAIR, KEY_SECRET, Result, ansible_playbook, make_sid, play, run_task
from serving import QuietHandler, address, serving
from simulator.client import Simulator

CREDENTIAL = "community.twilio.twilio_aws_credential"
INFO = "community.twilio.twilio_aws_credential_info"
KEY = {"sid": make_sid("SK", 1), "secret": "5" * 32, "kind": "main"}
SUBACCOUNT, SUBACCOUNT_TOKEN = make_sid("AC", 7), "7" * 32


def connection(simulator: Simulator, **more) -> dict:
    return {
        "account_sid": simulator.account_sid,
        "auth_token": simulator.auth_token,
        "base_url": simulator.url,
        **more,
    }


def test_an_api_key_is_used_before_the_token(simulator):
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": [KEY]}]})
    options = connection(simulator, auth_token="f" * 32, api_key_sid=KEY["sid"], api_key_secret=KEY["secret"])
    result = run_task(INFO, options)
    assert not result.failed
    assert [entry["authenticated_with"] for entry in simulator.requests()] == ["api_key"]


def test_two_thousand_three_hundred_credentials_take_three_requests(simulator):
    last = {"friendly_name": "recordings", "date_created": "2020-01-01T00:00:00Z"}
    for credentials in ([last], {"count": 2299, "prefix": "other "}):
        simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": credentials}]})
    result = run_task(INFO, connection(simulator, friendly_name="recordings"))
    assert [credential["friendly_name"] for credential in result["credentials"]] == ["recordings"]
    log = simulator.requests()
    assert len(log) == 3
    assert "PageToken" in str(log[2]["query"])


def test_a_gateway_may_have_a_path_of_its_own(simulator):
    simulator.settings(path_prefix="/gateway/twilio")
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": {"count": 1001, "prefix": "x"}}]})
    options = connection(simulator, base_url=f"{simulator.url}/gateway/twilio/")
    result = run_task(INFO, options)
    assert len(result["credentials"]) == 1001


def test_dates_are_iso_8601_whatever_twilio_sends(simulator):
    simulator.settings(dates="rfc2822")
    seed = {"friendly_name": "x", "date_created": "2026-01-31T04:00:00Z"}
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": [seed]}]})
    result = run_task(INFO, connection(simulator))
    assert result["credentials"][0]["date_created"] == "2026-01-31T04:00:00Z"


@pytest.fixture
def family(simulator):
    """Return a simulator whose account has a subaccount."""
    subaccount = {"sid": SUBACCOUNT, "auth_token": SUBACCOUNT_TOKEN, "owner_account_sid": simulator.account_sid}
    simulator.seed({"accounts": [subaccount, {"sid": simulator.account_sid, "api_keys": [KEY]}]})
    return simulator


def test_acting_as_a_subaccount_by_the_action_groups_defaults(family, tmp_path):
    # The token is the parent's even where a key is given, since no key may read a subaccount's token.
    options = connection(family, subaccount_sid=SUBACCOUNT, api_key_sid=KEY["sid"], api_key_secret=KEY["secret"])
    task = {"name": "task", CREDENTIAL: {"friendly_name": "recordings", **KEY_PAIR}}
    defaults = {"group/community.twilio.all": options}
    finished = ansible_playbook(tmp_path, [play([task], module_defaults=defaults)], "-vvvv")
    assert finished.of("task")["credential"]["account_sid"] == SUBACCOUNT
    assert [(entry["method"], entry["account_sid"]) for entry in family.requests()] == [
        ("GET", family.account_sid),
        ("GET", SUBACCOUNT),
        ("POST", SUBACCOUNT),
    ]
    assert len(family.state(SUBACCOUNT)["aws_credentials"]) == 1
    assert SUBACCOUNT_TOKEN not in finished.output


def test_a_key_alone_cannot_act_as_a_subaccount(family):
    options = connection(family, subaccount_sid=SUBACCOUNT, api_key_sid=KEY["sid"], api_key_secret=KEY["secret"])
    del options["auth_token"]
    result = run_task(INFO, options)
    assert result["msg"].startswith("subaccount_sid: needs the parent's auth_token")
    assert family.requests() == []


def test_the_account_itself_needs_no_token_of_its_own(family):
    options = connection(
        family, subaccount_sid=family.account_sid, api_key_sid=KEY["sid"], api_key_secret=KEY["secret"]
    )
    result = run_task(INFO, {name: value for name, value in options.items() if name != "auth_token"})
    assert not result.failed, result
    assert len(family.requests()) == 1


def test_an_unrelated_account_is_no_subaccount(family):
    result = run_task(INFO, connection(family, subaccount_sid=make_sid("AC", 8)))
    assert result.failed
    assert result["status"] == 404
    assert make_sid("AC", 8) in result["msg"]


def test_no_secret_is_shown_at_any_verbosity(simulator, tmp_path, execution):
    options = connection(simulator, friendly_name="recordings", update_secret="when_changed", **KEY_PAIR)
    options["aws_secret_access_key"] = "{{ lookup('env', 'KEY_SECRET') }}"
    del options["auth_token"]
    secrets = {"TWILIO_AUTH_TOKEN": simulator.auth_token, "TWILIO_API_SECRET": "4" * 32, "KEY_SECRET": KEY_SECRET}
    simulator.faults(
        [{"method": "POST", "kind": "status", "status": 400, "code": 70106, "message": f"No: {KEY_SECRET}"}]
    )
    environment = {**secrets, "TWILIO_API_KEY": KEY["sid"], **execution}
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "api_keys": [{**KEY, "secret": "4" * 32}]}]})
    tasks = [
        {"name": "foresee", CREDENTIAL: options, "check_mode": True, "diff": True},
        {"name": "try", CREDENTIAL: options, "ignore_errors": True},
    ]
    finished = ansible_playbook(tmp_path, [play(tasks)], "-vvvv", **environment)
    assert finished.of("foresee")["changed"] is True
    assert "No: ****" in finished.of("try")["msg"]
    assert not [name for name, secret in secrets.items() if secret in finished.output]


def test_a_refused_connection_is_reported(simulator):
    options = connection(simulator, base_url="http://127.0.0.1:9", max_retries=1)
    result = run_task(INFO, options)
    assert "no connection (Connection refused)" in result["msg"]
    assert result["status"] is None


@pytest.fixture(scope="module")
def with_tls():
    with Simulator.start(tls=True) as simulator:
        yield simulator


def test_a_ca_bundle_of_the_users_own_is_trusted(with_tls):
    result = run_task(INFO, connection(with_tls, ca_path=with_tls.ca_path))
    assert not result.failed, result


def test_a_certificate_that_is_not_trusted_is_not_tried_again(with_tls):
    with_tls.clear_requests()
    result = run_task(INFO, connection(with_tls))
    assert "the certificate was not trusted" in result["msg"]
    assert "ca_path" in result["msg"]
    assert with_tls.requests() == []


# The library warns in this process, as it should.
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_certificates_can_be_left_unchecked(with_tls):
    result = run_task(INFO, connection(with_tls, validate_certs=False))
    assert not result.failed, result


class Proxy(ThreadingHTTPServer):
    """A proxy that sends every request to one place, whatever host is requested.

    :param place: it, as ``host:port``.
    :param makes_tunnels: whether it does so for TLS, too.
    """

    def __init__(self, place: str, makes_tunnels: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), Forwarder)
        self.place = place
        self.makes_tunnels = makes_tunnels
        #: The paths that were requested.
        self.requested: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which it is used."""
        url = address(self)
        return {"http_proxy": url, "https_proxy": url, "no_proxy": ""}


class Forwarder(QuietHandler):
    """Answers one client of a proxy; if it gets no answer itself, it closes the connection."""

    server: Proxy

    def do_GET(self):
        self.server.requested.append(self.path)
        parts = urlsplit(self.path)
        upstream = HTTPConnection(self.server.place)
        self.close_connection = True
        with closing(upstream), suppress(ConnectionError, HTTPException):
            upstream.request(self.command, f"{parts.path}?{parts.query}", self.read_body(), dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_POST = do_GET

    def do_CONNECT(self):
        self.server.requested.append(self.path)
        if not self.server.makes_tunnels:
            self.send_error(403)
            return
        host, _colon, port = self.server.place.partition(":")
        with socket.create_connection((host, int(port))) as upstream:
            self.send_response(200)
            self.end_headers()
            back = Thread(target=pump, args=(upstream, self.connection))
            back.start()
            pump(self.connection, upstream)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Forward all data, and close the connection at its end."""
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(simulator: Simulator, makes_tunnels: bool = True) -> Iterator[Proxy]:
    """Run a proxy until the block ends.

    :param simulator: where it takes every request.
    :param makes_tunnels: whether it does so for TLS, too.
    :returns: a context manager that gives the proxy.
    """
    proxy = Proxy(urlsplit(simulator.url).netloc, makes_tunnels)
    with serving(proxy):
        yield proxy


def test_the_environment_stands_in_for_options_and_names_a_proxy(simulator, tmp_path, execution):
    options = {
        "TWILIO_ACCOUNT_SID": simulator.account_sid,
        "TWILIO_AUTH_TOKEN": simulator.auth_token,
        "TWILIO_BASE_URL": "http://twilio.example.invalid",
    }
    with proxy_to(simulator) as proxy:
        environment = {**options, **proxy.environment, **execution}
        finished = ansible_playbook(tmp_path, [play([{"name": "task", INFO: {}}])], **environment)
    assert finished.of("task")["credentials"] == [], finished.output
    assert proxy.requested == ["http://twilio.example.invalid/v1/Credentials/AWS?PageSize=1000"]


def run_behind(proxy: Proxy, module: str, options: Mapping[str, Any]) -> Result:
    """Run a task in this process, with the environment that names a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in proxy.environment.items():
            patch.setenv(name, value)
        return run_task(module, options)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_creation_whose_answer_is_lost_behind_a_proxy_is_not_repeated(scheme, simulator, with_tls):
    there = with_tls if scheme == "https" else simulator
    there.clear_requests()
    there.faults([{"kind": "reset", "applied": True, "method": "POST"}])
    more = {"ca_path": there.ca_path} if scheme == "https" else {}
    options = connection(there, friendly_name="recordings", **KEY_PAIR, **more)
    with proxy_to(there) as proxy:
        result = run_behind(proxy, CREDENTIAL, options)
    assert proxy.requested, "the proxy was not used"
    assert result["changed"], result
    # Settled by a read; sending it again would have created a second one.
    assert [entry["method"] for entry in there.requests()].count("POST") == 1


def test_a_tunnel_that_a_proxy_refuses_is_no_request(with_tls):
    with_tls.clear_requests()
    options = connection(with_tls, ca_path=with_tls.ca_path, max_retries=1)
    with proxy_to(with_tls, makes_tunnels=False) as proxy:
        result = run_behind(proxy, INFO, options)
    assert "the proxy made no connection (403 Forbidden)" in result["msg"]
    # A proxy that refuses once would refuse again.
    assert len(proxy.requested) == 1
    assert with_tls.requests() == []
