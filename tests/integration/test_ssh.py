# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A target that is reached by ssh: modules run there, in processes of their own, and come to the same."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import ansible_playbook, play

ONE = "+14155552671"
NAME = "community.twilio.twilio_safelist_number"
#: Seconds that a server has to begin to listen in.
PATIENCE = 20.0

#: Most systems have it in a folder that a user's PATH hasn't; it wants to be called by its whole path.
SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]))

CONFIGURATION = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
"""


def why_there_is_no_server() -> str | None:
    """Return what this machine lacks, None where it lacks nothing."""
    if SSHD is None or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        return "OpenSSH's server and client are not on this machine"
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        return "sshd, as root, needs the folder /run/sshd"
    if os.geteuid() == 0 and "sshd" not in {user.pw_name for user in pwd.getpwall()}:
        return "sshd, as root, needs the user sshd"
    return None


def a_free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@pytest.fixture
def target(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Run an sshd that lets this user in, and return the variables of a host that is reached by it."""
    if reason := why_there_is_no_server():
        pytest.skip(reason)
    assert SSHD is not None
    for name in ("host_key", "user_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    port = a_free_port()
    configuration = tmp_path / "sshd_config"
    configuration.write_text(CONFIGURATION.format(port=port, folder=tmp_path), encoding="utf-8")
    log = tmp_path / "sshd.log"
    with subprocess.Popen([SSHD, "-D", "-f", str(configuration), "-E", str(log)]) as server:
        try:
            wait_for(server, port, log)
            yield {
                "ansible_connection": "ssh",
                "ansible_host": "127.0.0.1",
                "ansible_port": port,
                "ansible_user": getpass.getuser(),
                "ansible_ssh_private_key_file": str(tmp_path / "user_key"),
                # Neither the user's files nor a connection that outlives the test.
                "ansible_ssh_common_args": "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
                " -o IdentitiesOnly=yes -o IdentityAgent=none",
                "ansible_ssh_args": "-o ControlMaster=no",
                "ansible_python_interpreter": sys.executable,
                "ansible_remote_tmp": str(tmp_path / "remote"),
            }
        finally:
            server.terminate()


def wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server listens."""
    last = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < last, "sshd does not listen"
            time.sleep(0.05)


def test_a_module_runs_on_a_target_that_ssh_reaches(simulator, tmp_path, target):
    options = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    first = {"name": "first", NAME: {**options, "phone_number": ONE}}
    # Without pipelining the module goes over as a file, with it as the input of a Python.
    again = {**first, "name": "again", "vars": {"ansible_pipelining": True}}
    run = ansible_playbook(
        tmp_path,
        [play([first, again], connection="ssh", vars=target)],
        "--diff",
        # That it would run in process, if it could.
        COMMUNITY_TWILIO_IN_PROCESS="true",
    )
    assert run.status == 0, run.output
    assert [run.of(name)["changed"] for name in ("first", "again")] == [True, False]
    assert [number["phone_number"] for number in simulator.state(simulator.account_sid)["safelist"]] == [ONE]
    # Each ran in a process of its own, on the target: in process, they would share a connection.
    assert len({entry["connection"] for entry in simulator.requests()}) == 2
    assert simulator.auth_token not in run.output
