# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where these tests find what they share, and how modules run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

HERE = Path(__file__).parent

sys.path.append(str(HERE))

# Before anything of the collection is imported: roles that run in this process find its plugins so.
init_plugin_loader([str(HERE.parent.parent / ".cache" / "collections")])


@pytest.fixture(scope="session", autouse=True)
def no_account_of_whoever_runs_the_tests() -> Iterator[None]:
    """Take the variables that stand in for options out of the environment, for what runs in this process."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("TWILIO_")]:
            environment.delenv(name)
        yield


@pytest.fixture(params=["true", "false"], ids=["in process", "as a module"])
def way(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment that makes modules run in process, then as modules."""
    return {"COMMUNITY_TWILIO_IN_PROCESS": request.param}
