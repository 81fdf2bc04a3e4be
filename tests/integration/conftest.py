# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared setup of these tests: import paths, the environment, and the two ways to run modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

HERE = Path(__file__).parent

sys.path.append(str(HERE))

# Before the collection is imported, so that roles in this process find its plugins, and those of others where they are.
init_plugin_loader([str(HERE.parent.parent / ".cache" / name) for name in ("collections", "collections-of-others")])


@pytest.fixture(scope="session", autouse=True)
def no_twilio_variables() -> Iterator[None]:
    """Remove the variables that set options from the environment of this process."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("TWILIO_")]:
            environment.delenv(name)
        yield


@pytest.fixture(params=["true", "false"], ids=["in process", "as a module"])
def execution(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment in which modules run in process, then that in which they run as modules."""
    return {"COMMUNITY_TWILIO_IN_PROCESS": request.param}
