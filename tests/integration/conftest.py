# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for all playbooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulator.client import Simulator

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """Run a simulator until the last test is over."""
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    """Return the simulator as it is when started; none of its answers may break its own contract."""
    running_simulator.reset()
    return running_simulator
