# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of several of these tests."""

from __future__ import annotations

import os

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _own_files


@pytest.fixture
def another_user(monkeypatch):
    """Let existing files belong to another user."""
    uid = os.geteuid()
    monkeypatch.setattr(_own_files.os, "geteuid", lambda: uid + 1)
