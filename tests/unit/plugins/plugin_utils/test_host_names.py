# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of hosts: none that has another meaning, and none that another source uses."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.community.twilio.plugins.plugin_utils._host_names import (
    names_in_static_sources,
    problem_of,
    safe_group_name,
)


@pytest.mark.parametrize(
    "name",
    ["shop", "Head Office", "Müller & Söhne", "shop.example.com", "#1", "ALL", "shop (old)", "yml", "AC1", "meta"],
)
def test_a_name_that_means_its_host_alone(name):
    assert problem_of(name) is None


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([""], "they have no name"),
        (
            ["all", "ungrouped", "_meta", "localhost", "127.0.0.1", "::1", "AC" + "0" * 32, "ac" + "F" * 32],
            "their names mean something else to Ansible",
        ),
        (
            [
                *(
                    "{{ x }}",
                    "a{",
                    "a}",
                    "a:1",
                    "a,b",
                    "*",
                    "a?",
                    "[a]",
                    "a/b",
                    "../a",
                    ".",
                    "~a",
                    "@a",
                    "!a",
                    "&a",
                    "-a",
                ),
                *(" a", "a ", " ", "a\n", "a\x00", "a\x1b[2J", "a\u200b", "a\u2028", "a.yml", "a.YAML", "a.json"),
            ],
            "their names have characters that a host's name cannot have",
        ),
    ],
)
def test_a_name_that_means_something_else(names, problem):
    assert {name: problem_of(name) for name in names} == dict.fromkeys(names, problem)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("status_active", "status_active"),
        ("name_a b", "name_a b"),
        ("{{ 1 + 1 }}", "__ 1 + 1 __"),
        ("{%x%}", "_%x%_"),
        ("a\nb\x00", "a_b_"),
        ("all", "all_"),
        ("ungrouped", "ungrouped_"),
        ("_meta", "_meta_"),
    ],
)
def test_a_groups_name_is_made_safe(name, safe):
    assert safe_group_name(name) == safe


def test_names_in_static_sources(tmp_path):
    folder = tmp_path / "inventory"
    (folder / "more").mkdir(parents=True)
    (folder / "host_vars").mkdir()
    texts = {
        "hosts": "one ansible_host=192.0.2.1\n[racks]\ntwo\n",
        "more/hosts.yml": "web:\n  hosts:\n    three:\n",
        "other.yml": "plugin: example.example.example\nfour: true\n",
        "broken": "[web\nfive x\n",
        "hosts.bak": "six\n",
        ".hidden": "seven\n",
        "host_vars/eight": "nine: 1\n",
        "script": "#!/bin/sh\ntouch was-run\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "script").chmod(0o755)
    read = tmp_path / "read"
    read.write_text("ten\n")
    sources = [str(folder), "eleven,twelve,", str(read), str(tmp_path / "nowhere")]
    found = names_in_static_sources(DataLoader(), sources, [str(read)])
    assert {"one", "two", "racks", "three", "web", "eleven", "twelve"} <= found
    assert not found & {"four", "five", "six", "seven", "eight", "nine", "ten"}
    assert not list(tmp_path.rglob("was-run"))
