# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: options, TLS, start and end of the process."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import ssl
from collections.abc import Sequence

from .client import GREETING
from .settings import Settings
from .state import ApiKey

SID = re.compile(r"(AC|SK)[0-9a-fA-F]{32}")


def _account_sid(text: str) -> str:
    if not SID.fullmatch(text) or not text.startswith("AC"):
        raise argparse.ArgumentTypeError("expected AC and 32 hexadecimal characters")
    return text


def _api_key(text: str) -> ApiKey:
    sid, secret, kind = (*text.split(":"), "", "")[:3]
    key = ApiKey(sid, secret, kind or "standard")
    if not (SID.fullmatch(sid) and sid.startswith("SK") and secret) or key.kind not in ("main", "standard"):
        raise argparse.ArgumentTypeError("expected SK...:secret or SK...:secret:main")
    return key


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    options = argparse.ArgumentParser(prog="simulator", description="Simulates Twilio's accounts API.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0, help="0 takes any free one")
    options.add_argument("--account-sid", type=_account_sid, required=True, help="the main account")
    options.add_argument("--auth-token", required=True, help="its primary auth token")
    options.add_argument(
        "--api-key", type=_api_key, action="append", default=[], metavar="SK:SECRET[:KIND]", help="repeatable"
    )
    options.add_argument("--latency-ms", type=float, default=0)
    options.add_argument("--safelist-rate", type=float, help="requests a second; default: no limit")
    options.add_argument("--secondary-exists", choices=("conflict", "replace"), default="conflict")
    options.add_argument("--tls-cert", help="PEM file; with --tls-key the server speaks TLS")
    options.add_argument("--tls-key", help="PEM file")
    options.add_argument("--tls-folder", help="make a certificate for this host, and write it to certificate.pem there")
    return options


def _context(options: argparse.Namespace) -> ssl.SSLContext | None:
    certificate, key = options.tls_cert, options.tls_key
    if options.tls_folder:
        from .certificates import write_certificate

        certificate, key = write_certificate(options.tls_folder, options.host)
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def serve(options: argparse.Namespace) -> None:
    """Listen until a signal comes."""
    # Imported here, so that parsing options does not need these libraries.
    from .server import SimulatorServer
    from .simulation import Simulation, Start

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = Settings()
    settings.change(
        {
            "latency_ms": options.latency_ms,
            "safelist_rate": options.safelist_rate,
            "secondary_exists": options.secondary_exists,
        }
    )
    start = Start(options.account_sid, options.auth_token, options.api_key, settings)
    server = SimulatorServer(Simulation(start))
    await server.run(
        options.host, options.port, _context(options), lambda url: print(f"{GREETING}{url}", flush=True), stop
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server, and return the exit code."""
    options = parser().parse_args(arguments)
    if bool(options.tls_cert) != bool(options.tls_key):
        parser().error("--tls-cert and --tls-key belong together")
    asyncio.run(serve(options))
    return 0
