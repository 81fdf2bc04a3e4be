# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several of these tests share."""

from __future__ import annotations

import os

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _own_files


@pytest.fixture
def another_user(monkeypatch):
    """Let what is there be somebody else's."""
    uid = os.geteuid()
    monkeypatch.setattr(_own_files.os, "geteuid", lambda: uid + 1)
