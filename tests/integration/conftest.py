# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared setup of these tests: import paths, the environment, and the two ways to run modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultAES256
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


@pytest.fixture(scope="session", autouse=True)
def few_salts() -> Iterator[None]:
    """Encrypt with a few salts in this process, since Ansible derives a key once for each, which takes 20 ms.

    Still, a record that is saved again differs. Records of playbooks have salts of their own.
    """
    salts, encrypt = cycle([os.urandom(32) for _salt in range(8)]), VaultAES256.encrypt

    def encrypt_with_next(_cls: type, text: bytes, secret: Any, salt: bytes | None = None) -> bytes:
        encrypted: bytes = encrypt(text, secret, next(salts))
        return encrypted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VaultAES256, "encrypt", classmethod(encrypt_with_next))
        yield


@pytest.fixture(params=["true", "false"], ids=["in process", "as a module"])
def execution(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment in which modules run in process, then that in which they run as modules."""
    return {"COMMUNITY_TWILIO_IN_PROCESS": request.param}
