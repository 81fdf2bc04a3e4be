# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for all tests, including its own, and one Vault for those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from simulator import Simulator

if TYPE_CHECKING:
    from vault_server import Vault


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """Run a simulator until the last test is over."""
    with Simulator.start() as running:
        yield running


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """Return the simulator in its initial state; afterwards, assert that its answers kept its contract."""
    running_simulator.reset()
    yield running_simulator
    assert running_simulator.health()["violations"] == []


@pytest.fixture(scope="session")
def vault() -> Iterator[Vault]:
    """Run a Vault until the last test is over."""
    # Not every nox session has the server.
    from vault_server import Vault

    with Vault() as running:
        yield running
