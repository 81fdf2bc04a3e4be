# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome of an attempt for each way in which a connection can end, with misbehaving local servers."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from simulator.certificates import write_certificate

from ansible_collections.community.twilio.plugins.module_utils import _transport
from ansible_collections.community.twilio.plugins.module_utils._clock import Cancelled
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport, NoReply, Request

OWN = "AC" + "a" * 32
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"

#: Seconds for an attempt that has to end by its timeout.
SHORT = 0.3
#: Seconds for an attempt that has to end otherwise, and for a drip that would last without a timeout.
LONG = 60.0


def request(url: str, method: str = "GET") -> Request:
    return Request(method, f"{url}/v1/Things", OWN, Secret("s" * 32))


def read_request(line: socket.socket) -> bytes:
    """Read a request without a body; empty where the client has closed."""
    read = b""
    while not read.endswith(b"\r\n\r\n"):
        part = line.recv(65536)
        if not part:
            return b""
        read += part
    return read


def answering(*parts: bytes) -> Callable[[socket.socket], None]:
    """Return a behaviour: read a request, send these bytes, and close."""

    def behave(line: socket.socket) -> None:
        read_request(line)
        for part in parts:
            line.sendall(part)

    return behave


def dripping(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Return a behaviour that sends a byte often enough that no wait for a single one is long."""

    def behave(line: socket.socket) -> None:
        line.sendall(first)
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            line.sendall(drop)
            time.sleep(0.02)

    return behave


def silent(line: socket.socket) -> None:
    """Read until the client gives up."""
    while line.recv(65536):
        pass


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Let a behaviour serve each connection in a thread of its own; returns host and port."""
    server = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def serve(line: socket.socket) -> None:
        with suppress(OSError):
            behave(line)
        line.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _address = server.accept()
                lines.append(line)
                threading.Thread(target=serve, args=(line,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        for line in [server, *lines]:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        thread.join(LONG)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the proxies and bundles of whoever runs the tests."""
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def transports() -> Iterator[Callable[..., HttpTransport]]:
    """Return what makes transports, which are closed at the end."""
    made: list[HttpTransport] = []

    def make(timeout: float = LONG, validate_certs: bool = True, ca_path: str | None = None) -> HttpTransport:
        made.append(HttpTransport(timeout, validate_certs, ca_path))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def no_reply(transport: HttpTransport, url: str) -> NoReply:
    began = time.monotonic()
    with pytest.raises(NoReply) as caught:
        transport.send(request(url))
    # Far below what a drip lasts, far above any timeout here: the machine may be busy.
    assert time.monotonic() - began < LONG / 2
    assert "s" * 32 not in caught.value.reason
    return caught.value


# The timeout is for an attempt as a whole


@pytest.mark.parametrize(
    ("scheme", "behave", "sent", "reason"),
    [
        ("http", silent, True, "no answer within 0.3 s"),
        ("http", dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), True, "no answer within 0.3 s"),
        ("http", dripping(b"", b"H"), True, "no answer within 0.3 s"),
        ("http", dripping(HEAD % 10**6, b" "), True, "no answer within 0.3 s"),
        ("http", dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "), True, "no answer within 0.3 s"),
        ("http", dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), True, "no answer"),
        ("https", silent, False, "no connection within 0.3 s"),
        ("https", dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0", b"\x00"), False, "no connection within 0.3 s"),
    ],
    ids=["silence", "headers", "status line", "body", "until the end", "chunks", "silent handshake", "handshake"],
)
def test_an_attempt_ends_at_its_timeout_whatever_drips(transports, scheme, behave, sent, reason):
    with listening(behave) as address:
        lost = no_reply(transports(SHORT), f"{scheme}://{address}")
    assert reason in lost.reason
    assert (lost.sent, lost.final) == (sent, False)


def test_an_attempt_by_a_proxy_that_never_answers_sends_nothing(transports, monkeypatch):
    with listening(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as address:
        monkeypatch.setenv("https_proxy", f"http://{address}")
        lost = no_reply(transports(SHORT), "https://accounts.twilio.invalid")
    assert "no connection within" in lost.reason
    assert lost.sent is False


def test_the_addresses_of_a_host_share_the_timeout(transports, monkeypatch):
    timeouts = []

    def connect(self, address):
        timeouts.append(self.gettimeout())
        raise socket.timeout

    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (1, 2, 3, 4)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_unused, **_named: addresses)
    monkeypatch.setattr(socket.socket, "connect", connect)
    lost = no_reply(transports(8.0), "http://several.invalid")
    assert timeouts == [2.0] * 4
    assert lost.sent is False


# Whether something was sent


def test_a_refused_connection_has_sent_nothing(transports):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    lost = no_reply(transports(), f"http://127.0.0.1:{port}")
    assert lost.reason == "no connection (Connection refused)"
    assert (lost.sent, lost.final) == (False, False)


@pytest.mark.parametrize(
    "behave",
    [
        answering(),
        answering(b"HTTP/1"),
        answering(HEAD % 10, b"{"),
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
        answering(b"\x00\xff nonsense\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
        answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
    ],
    ids=["closed", "status line", "body", "chunk", "not gzip", "nonsense", "long header", "many headers"],
)
def test_a_connection_that_broke_may_have_carried_the_request(transports, behave):
    with listening(behave) as address:
        lost = no_reply(transports(), f"http://{address}")
    assert (lost.sent, lost.final) == (True, False)


def test_a_body_longer_than_any_of_twilio_s_is_not_read_to_its_end(transports, monkeypatch):
    monkeypatch.setattr(_transport, "LONGEST_BODY", 1 << 20)

    with listening(dripping(HEAD % 10**12, b" " * 65536)) as address:
        lost = no_reply(transports(), f"http://{address}")
    assert lost.reason == "the answer was longer than 1 MiB"
    assert lost.sent is True


def test_a_body_of_just_the_longest_is_read(transports, monkeypatch):
    monkeypatch.setattr(_transport, "LONGEST_BODY", 1000)
    with listening(answering(HEAD % 1000, b"x" * 1000)) as address:
        assert transports().send(request(f"http://{address}")).content == b"x" * 1000


# Connections are kept


def counting(requests_each: int, served: list[int]) -> Callable[[socket.socket], None]:
    """Return a behaviour: answer so many requests on a connection, then close it; each adds its number."""

    def behave(line: socket.socket) -> None:
        for number in range(requests_each):
            if not read_request(line):
                return
            served.append(number)
            line.sendall(FINE)

    return behave


def test_a_connection_is_kept_for_the_next_request(transports):
    served: list[int] = []
    transport = transports()
    with listening(counting(100, served)) as address:
        for _unused in range(3):
            assert transport.send(request(f"http://{address}"))[::2] == (200, b"{}")
    assert served == [0, 1, 2]


def test_a_kept_connection_that_the_server_has_closed_is_opened_anew(transports):
    served: list[int] = []
    transport = transports()
    with listening(counting(1, served)) as address:
        for _unused in range(3):
            assert transport.send(request(f"http://{address}")).status == 200
            # The server's end reaches this side of the same machine before anything that is sent later.
            time.sleep(0.05)
    assert served == [0, 0, 0]


def test_no_redirect_is_followed_and_no_cookie_kept(transports):
    seen: list[bytes] = []

    def behave(line: socket.socket) -> None:
        while read := read_request(line):
            seen.append(read)
            line.sendall(b"HTTP/1.1 302 Found\r\nLocation: /else\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    transport = transports()
    with listening(behave) as address:
        assert [transport.send(request(f"http://{address}")).status for _unused in range(2)] == [302, 302]
    assert len(seen) == 2
    assert b"ookie" not in seen[1]
    assert b"Authorization: Basic " in seen[0]


# Cancelling


def test_cancelling_ends_all_requests_and_lets_none_begin(transports):
    transport = transports()
    arrived = threading.Semaphore(0)
    ends: list[type[BaseException] | None] = []

    def behave(line: socket.socket) -> None:
        read_request(line)
        arrived.release()
        silent(line)

    def run(address: str) -> None:
        try:
            transport.send(request(f"http://{address}"))
            ends.append(None)
        except BaseException as error:
            ends.append(type(error))

    with listening(behave) as address:
        threads = [threading.Thread(target=run, args=(address,), daemon=True) for _unused in range(4)]
        for thread in threads:
            thread.start()
        assert all(arrived.acquire(timeout=LONG) for _unused in threads)
        transport.cancel()
        for thread in threads:
            thread.join(LONG / 2)
        assert ends == [Cancelled] * 4
        with pytest.raises(Cancelled):
            transport.send(request(f"http://{address}"))
        assert not arrived.acquire(blocking=False)
    with pytest.raises(Cancelled):
        transport.clock.sleep(0)


# Certificates

#: Paths where no certificate is: how each is made, and what is said of it.
WITHOUT_CERTIFICATE = {
    "missing": "No such file or directory",
    "empty": "no certificate in it",
    "text": "no certificate in it",
    "folder": "no certificate in it",
    "nul": "",
}


def without_certificate(folder, kind: str) -> str:
    path = folder / kind
    if kind == "folder":
        path.mkdir()
        (path / "readme").touch()
    elif kind != "missing" and kind != "nul":
        path.write_text("no certificate\n" if kind == "text" else "", encoding="utf-8")
    return str(path) + ("\0x" if kind == "nul" else "")


@pytest.mark.parametrize("kind", WITHOUT_CERTIFICATE)
def test_a_ca_path_without_certificates_is_an_input_error(transports, tmp_path, kind):
    with pytest.raises(InputError) as caught:
        transports(ca_path=without_certificate(tmp_path, kind))
    assert caught.value.message.startswith("ca_path: expected a file or folder of certificates")
    assert caught.value.message.endswith(WITHOUT_CERTIFICATE[kind])


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("kind", [kind for kind in WITHOUT_CERTIFICATE if kind != "nul"])
def test_a_bundle_of_the_environment_is_named_where_it_can_t_be_loaded(transports, monkeypatch, tmp_path, name, kind):
    monkeypatch.setenv(name, without_certificate(tmp_path, kind))
    transport = transports()
    with pytest.raises(InputError, match=f"^{name}: expected"):
        transport.send(request("https://127.0.0.1:9"))
    with listening(answering(FINE)) as address:
        assert transport.send(request(f"http://{address}")).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """Return the paths of a certificate for this machine's address, and of its key."""
    return write_certificate(str(tmp_path_factory.mktemp("certificate")), "127.0.0.1")


def with_tls(certificate: tuple[str, str], behave: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Return a behaviour behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def shake(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as shaken:
            behave(shaken)

    return shake


def test_a_certificate_is_trusted_by_ca_path_by_the_environment_or_not_at_all(transports, monkeypatch, certificate):
    with listening(with_tls(certificate, answering(FINE))) as address:
        url = f"https://{address}"
        lost = no_reply(transports(), url)
        assert "certificate was not trusted" in lost.reason
        assert "ca_path" in lost.reason
        assert (lost.sent, lost.final) == (False, True)
        assert transports(ca_path=certificate[0]).send(request(url)).status == 200
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate[0])
        assert transports().send(request(url)).status == 200


def test_a_timeout_holds_behind_tls_too(transports, certificate):
    behave = with_tls(certificate, dripping(HEAD % 10**6, b" "))
    with listening(behave) as address:
        # Longer than the other timeouts: the handshake is to be over before it.
        lost = no_reply(transports(3.0, ca_path=certificate[0]), f"https://{address}")
    assert lost.reason == "no answer within 3 s"
    assert lost.sent is True


def plain_http(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("behave", "final"),
    [(plain_http, True), (lambda line: line.recv(1), False)],
    ids=["plain HTTP", "closed"],
)
def test_a_handshake_that_failed_has_sent_nothing(transports, behave, final):
    with listening(behave) as address:
        lost = no_reply(transports(), f"https://{address}")
    assert "the connection broke" not in lost.reason
    assert lost.reason.startswith(("no TLS connection (", "no connection ("))
    assert (lost.sent, lost.final) == (False, final)


def test_without_validation_nothing_is_printed(certificate):
    program = (
        "import sys; from ansible_collections.community.twilio.plugins.module_utils import _transport, _secret\n"
        "asked = _transport.Request('GET', sys.argv[1], 'AC', _secret.Secret('s'))\n"
        "assert _transport.HttpTransport(60, False, None).send(asked).status == 200\n"
    )
    with listening(with_tls(certificate, answering(FINE))) as address:
        finished = subprocess.run(
            [
                sys.executable,
                "-W",
                "default",
                "-c",
                f"import sys; sys.path[:0] = {sys.path!r}\n{program}",
                f"https://{address}/",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


# Proxies


@pytest.mark.parametrize(
    ("status", "reason", "final"),
    [
        (407, "the proxy made no connection (407 Proxy Authentication Required)", True),
        (403, "the proxy made no connection (403 Forbidden)", True),
        (502, "the proxy made no connection (502 Bad Gateway)", False),
        (799, "the proxy made no connection (799)", False),
    ],
)
def test_a_proxy_that_refuses_a_tunnel_is_reported_with_its_status(transports, monkeypatch, status, reason, final):
    with listening(answering(b"HTTP/1.1 %d Whatever\r\n\r\n" % status)) as address:
        monkeypatch.setenv("https_proxy", f"http://user:{'s' * 32}@{address}")
        lost = no_reply(transports(), "https://accounts.twilio.invalid")
    assert (lost.reason, lost.sent, lost.final) == (reason, False, final)


def test_socks_without_its_library_is_reported(transports, monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5h://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socks", None)
    lost = no_reply(transports(), "https://accounts.twilio.invalid")
    assert "PySocks" in lost.reason
    assert (lost.sent, lost.final) == (False, True)


@pytest.mark.parametrize("proxy", ["http://", "http://[", "http://a b", "nonsense://127.0.0.1:9", "http://127.0.0.1:x"])
def test_a_proxy_with_an_invalid_address_is_reported(transports, monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    lost = no_reply(transports(SHORT), "https://127.0.0.1:9")
    assert lost.sent is False


def test_a_proxy_of_the_environment_carries_plain_requests(transports, monkeypatch):
    seen: list[bytes] = []

    def behave(line: socket.socket) -> None:
        seen.append(read_request(line))
        line.sendall(FINE)

    with listening(behave) as address:
        monkeypatch.setenv("http_proxy", address)
        assert transports().send(request("http://twilio.invalid")).status == 200
    assert seen[0].startswith(b"GET http://twilio.invalid/v1/Things ")


@pytest.mark.parametrize("listed", ["127.0.0.1", "*", "example.com, 127.0.0.0/8"])
def test_no_proxy_is_honoured(transports, monkeypatch, listed):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", listed)
    with listening(answering(FINE)) as address:
        assert transports().send(request(f"http://{address}")).status == 200


def test_the_system_s_own_proxy_settings_are_never_used(transports, monkeypatch):
    def ask(*_unused):
        raise AssertionError("asked")

    monkeypatch.setattr("urllib.request.getproxies", ask)
    monkeypatch.setattr("requests.utils.getproxies", ask)
    monkeypatch.setattr("requests.utils.proxy_bypass", ask)
    with listening(answering(FINE)) as address:
        assert transports().send(request(f"http://{address}")).status == 200


# What is sent


def test_a_request_carries_its_fields_and_shows_no_secret(transports):
    seen: list[bytes] = []

    def behave(line: socket.socket) -> None:
        head = line.recv(65536)
        while b"\r\n\r\n" not in head or not head.endswith(b"c%26"):
            head += line.recv(65536)
        seen.append(head)
        line.sendall(FINE)

    sent = Request("POST", "", OWN, Secret("p" * 32), {"q": "+1 2"}, {"Name": "a b", "Secret": Secret("c&")})
    with listening(behave) as address:
        transports().send(sent._replace(url=f"http://{address}/v1"))
    assert seen[0].startswith(b"POST /v1?q=%2B1+2 HTTP/1.1\r\n")
    assert seen[0].endswith(b"\r\n\r\nName=a+b&Secret=c%26")
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in seen[0]
    assert "p" * 32 not in repr(sent)
    assert "c&" not in repr(sent)


def test_a_field_with_several_values_is_sent_once_for_each():
    prepared = _transport.prepared_request(
        request("http://host", "PATCH")._replace(form={"One": "a", "Many": ("b", Secret("c&"))})
    )
    assert prepared.body == "One=a&Many=b&Many=c%26"
    assert prepared.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert _transport.form_fields(None) == []
