# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An interrupted run ends: it sends no further request, and no process remains."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from harness import COLLECTIONS, play
from simulator import Simulator

#: The environment variable that identifies the processes of one run.
MARK = "COMMUNITY_TWILIO_TEST_RUN"

#: Seconds before each answer, so that the task has minutes of work left when it is interrupted.
LATENCY = 0.5
NUMBERS = [f"+1415555{number:04d}" for number in range(4000)]

#: Seconds within which everything must end; an interrupt takes about one, the rest of the task would take minutes.
PATIENCE = 20.0
#: Seconds to wait for something that is certain to happen, on the slowest machine.
AT_LAST = 120.0


def wait_for(condition: Callable[[], object], seconds: float = AT_LAST) -> bool:
    """Wait for a condition, and return whether it became true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def processes_of(mark: str) -> list[int]:
    """Return the running processes with a mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={mark}".encode() in environment.split(b"\0"):
                found.append(int(folder.name))
    return found


@contextmanager
def running(folder: Path, simulator: Simulator, execution: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a playbook in a process group of its own, as a terminal does, and kill what remains at the end."""
    task = {
        "community.twilio.twilio_safelist_number": {
            "account_sid": simulator.account_sid,
            "auth_token": simulator.auth_token,
            "base_url": simulator.url,
            "phone_number": NUMBERS,
            "concurrency": 8,
            "timeout": 600,
        },
    }
    playbook = folder / "playbook.yml"
    playbook.write_text(yaml.safe_dump([play([task])]), encoding="utf-8")
    mark = uuid4().hex
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))},
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "COMMUNITY_TWILIO_IN_PROCESS": execution,
        MARK: mark,
    }
    output = (folder / "output").open("wb")
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(playbook)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process, mark
    finally:
        for left in processes_of(mark):
            os.kill(left, signal.SIGKILL)
        process.wait()
        output.close()


@pytest.mark.parametrize("execution", ["true", "false"], ids=["in process", "as a module"])
@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(lambda process: os.killpg(process.pid, signal.SIGINT), id="ctrl-c"),
        pytest.param(lambda process: process.terminate(), id="terminated"),
    ],
)
def test_an_interrupted_run_ends_at_once(simulator: Simulator, tmp_path: Path, execution: str, interrupt) -> None:
    # One request hangs for the whole timeout of the task.
    simulator.faults([{"kind": "hang", "method": "GET", "skip": 11}])
    simulator.settings(latency_ms=LATENCY * 1000)
    with running(tmp_path, simulator, execution) as (process, mark):
        assert wait_for(lambda: simulator.request_count() > 20), (tmp_path / "output").read_text()
        interrupt(process)
        interrupted = time.time()
        wait_for(lambda: not processes_of(mark), PATIENCE)
        left = processes_of(mark)
        late = [entry for entry in simulator.requests() if entry["time"] > interrupted + PATIENCE / 2]
        assert left == []
        assert late == []
        assert process.wait() != 0
