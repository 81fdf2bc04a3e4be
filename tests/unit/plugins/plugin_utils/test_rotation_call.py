# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests for what a call of a rotation is told by the role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.community.twilio.plugins.plugin_utils._rotation_call import _hook_with, _own

ASK = {"name": "Ask", "ansible.builtin.fail": {}}
GIVE = {"name": "Give", "ansible.builtin.copy": {}}


@pytest.mark.parametrize(
    ("distribute", "verify", "hook"),
    [
        ([GIVE], [ASK], "verify"),
        ([ASK], [GIVE], "distribute"),
        ([GIVE], [{"block": [GIVE], "rescue": [ASK]}], "verify"),
        ([ASK], [ASK], ""),
        ([GIVE], [GIVE], ""),
        ([], [ASK], "verify"),
        # What is included, or a handler, may have the same name.
        ([{"ansible.builtin.include_tasks": "more.yml"}], [ASK], ""),
        ([{"block": [{"import_role": {"name": "consumer"}}]}], [ASK], ""),
        ([{"action": "include_tasks more.yml"}], [ASK], ""),
        ([{"ansible.builtin.meta": "flush_handlers"}], [ASK], ""),
        ([ASK], [{"ansible.builtin.include_role": {"name": "consumer"}}], ""),
        ([ASK, {"ansible.builtin.include_tasks": "more.yml"}], [GIVE], "distribute"),
        # A task without a name is named by its action.
        ([{"Ask": {}}], [ASK], ""),
        ([{"name": "{{ verb }}", "ansible.builtin.copy": {}}], [ASK], ""),
    ],
)
def test_a_failed_task_is_of_a_hook_only_where_no_other_can_have_it(
    tmp_path: Path, distribute: list[Mapping[str, Any]], verify: list[Mapping[str, Any]], hook: str
) -> None:
    paths = {}
    for name, tasks in {"distribute": distribute, "verify": verify}.items():
        path = tmp_path / f"{name}.yml"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        paths[name] = str(path)
    assert _hook_with("Ask", paths, DataLoader().load_from_file) == hook


def test_a_hook_that_can_not_be_read_may_have_any_task(tmp_path: Path) -> None:
    encrypted = tmp_path / "encrypted.yml"
    encrypted.write_text("$ANSIBLE_VAULT;1.1;AES256\n00\n", encoding="utf-8")
    verify = tmp_path / "verify.yml"
    verify.write_text(json.dumps([ASK]), encoding="utf-8")
    paths = {"distribute": str(encrypted), "verify": str(verify)}
    assert _hook_with("Ask", paths, DataLoader().load_from_file) == ""


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/c/roles/rotate_auth_token/tasks/verify_webhook.yml", True),
        ("/c/roles/rotate_auth_token/tasks/../../../hooks/verify.yml", False),
        ("/c/roles/rotate_auth_token/files/verify.yml", False),
        ("/c/hooks/verify.yml", False),
    ],
)
def test_only_a_file_among_the_roles_tasks_is_its_own(path: str, is_own: bool) -> None:
    """The message of one of its tasks is repeated, and that of a user's task may hold a secret."""
    assert _own({"verify": path}, "/c/roles/rotate_auth_token") == [path] * is_own
