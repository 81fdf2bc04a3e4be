# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module on a Python that is too old fails with a message; the test simulates such an interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ansible_collections.community.twilio.plugins.module_utils import _libs

#: Runs the file as a Python of another version would.
AS_VERSION = "import runpy, sys; sys.version_info = ({}); runpy.run_path({!r})"


@pytest.mark.parametrize(("version", "old"), [("3, 7, 16", True), ("3, 8, 18", True), ("3, 9, 0", False)])
def test_an_old_python_is_reported(version, old):
    finished = subprocess.run(
        [sys.executable, "-c", AS_VERSION.format(version, _libs.__file__)], capture_output=True, text=True, check=False
    )
    assert finished.stderr == ""
    assert (finished.returncode != 0) is old
    if old:
        result = json.loads(finished.stdout)
        assert result["failed"] is True
        assert "needs Python 3.9 or later on the target; this is" in result["msg"]
    else:
        assert finished.stdout == ""
