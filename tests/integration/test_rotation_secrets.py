# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret remains after a rotation role has ended, however it ended.

The tests search the variables of all hosts as ``debug: var=hostvars`` prints them, the fact cache, and Ansible's
folders for temporary files. Variables that the user set may hold their secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import credential_rotations
import key_rotations
import pytest
from credential_rotations import OLD, OLD_FINGERPRINT, credential
from harness import HERE
from rotations import AnyAccounts
from simulator.client import Simulator
from token_rotations import OTHER, PENDING, PRIMARY, Accounts, Rotation, only

IDLE = {"phase": "idle", "primary": PRIMARY}
CLEANING = {"phase": "cleaning", "primary": PRIMARY}
BOTH = {"secondary_auth_token": PENDING}
BACK = {"on_failure": "rollback"}
ROTATED = Rotation("rotated", record=IDLE, variables=only("distribute"))
#: A hook whose task fails, and which goes on.
RESCUING = [
    {
        "block": [
            {"name": "Push", "ansible.builtin.uri": {"url": "http://127.0.0.1:1/{{ rotate_auth_token_pending }}"}}
        ],
        "rescue": [{"name": "Give up", "ansible.builtin.debug": {"msg": ""}}],
    }
]
FAILING = Rotation("distribute fails", record=IDLE, variables=only("distribute"), failing=["distribute"])
#: With a store of the user's own, where the record passes through variables.
OWN = [
    ROTATED,
    Rotation("verify fails, back", record=IDLE, variables={**only("verify"), **BACK}, failing=["verify"]),
    Rotation("clean fails", record=CLEANING, failing=["clean"]),
    Rotation("locked out", account={"auth_token": OTHER}, record=IDLE),
]

CURRENT = {"sid": OLD, "key_id": "AKIA" + "O" * 16, "fingerprint": OLD_FINGERPRINT}
DUE = [credential(OLD, OLD_FINGERPRINT)]
KEYS = [{"id": CURRENT["key_id"], "used": True}]
POST = {"method": "POST", "path": "Credentials/(AWS|PublicKeys)$", "kind": "status", "code": 70106}
FILES = HERE / "targets" / "rotate_aws_credential" / "files"
KEY_ID, SECRET = "AKIA" + "N" * 16, "w" * 40
ISSUE = {
    "name": "Make a key",
    "ansible.builtin.set_fact": {
        "rotate_aws_credential_issued": {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET},
        "test_rotate_aws_credential_there": f"{{{{ test_rotate_aws_credential_there + [{{'id': '{KEY_ID}'}}] }}}}",
    },
}
#: The variables of each role for credentials, and further fields of the current one in its record.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws_credential": (
        {
            "issue_tasks": "{folder}/issue.yml",
            "list_tasks": str(FILES / "list.yml"),
            "revoke_tasks": str(FILES / "revoke.yml"),
        },
        {},
    ),
    "public_key": ({"private_key_folder": "{folder}/private"}, {"key_id": "", "private_key_path": ""}),
}


@dataclass(frozen=True)
class Remains:
    """What remains after a run.

    :param secrets: every secret that ever existed, except those that the user set as variables.
    :param variables: all variables at the end and after a rescue: place, host, name and value.
    :param files: the files of the fact cache and of the folders for temporary files, with their texts.
    """

    secrets: set[str]
    variables: list[tuple[str, str, str, str]]
    files: list[tuple[Path, str]]

    def assert_nothing(self) -> None:
        """Assert that no secret remains."""
        assert self.secrets
        held = [where for *where, value in self.variables if any(secret in value for secret in self.secrets)]
        assert held == []
        assert [path for path, text in self.files if any(secret in text for secret in self.secrets)] == []


def read_files(folders: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return the files in some folders with their texts."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files]


def run_and_collect(accounts: AnyAccounts[Any, Any], rotations: list[Any]) -> Remains:
    """Run the role for all with import_role, as the examples do, and return what remains.

    A play rescues the role, except where its host is to fail.
    """
    folder = accounts.folder
    cache, remote = folder / "cache", folder / "remote"
    dumps = [("at the end", folder / "end.json")]
    accounts.includes = "import_role"
    dumped = {"path": f"{folder}/rescued.{{{{ inventory_hostname }}}}.json", "hosts": ["{{ inventory_hostname }}"]}
    accounts.rescue = [
        {"name": "dump", "ansible.legacy.dump_variables": dumped},
        # So that the fact cache has a file.
        {"name": "cache", "ansible.builtin.set_fact": {"cached": True, "cacheable": True}},
    ]
    end = {"name": "dump", "ansible.legacy.dump_variables": {"path": f"{folder}/end.json"}, "run_once": True}
    accounts.afterwards = [{"hosts": "all", "gather_facts": False, "tasks": [end]}]
    accounts.seed(rotations)
    accounts.run(
        rotations,
        ANSIBLE_CACHE_PLUGIN="jsonfile",
        ANSIBLE_CACHE_PLUGIN_CONNECTION=str(cache),
        ANSIBLE_REMOTE_TEMP=str(remote),
    )
    dumps += [("rescued", path) for path in folder.glob("rescued.*.json")]
    assert len(dumps) > 1
    assert [*cache.iterdir()]
    variables = [
        (place, host, name, value)
        for place, path in dumps
        for host, values in json.loads(path.read_text(encoding="utf-8")).items()
        for name, value in values.items()
    ]
    # Assert that the dump is complete.
    seen = {name for place, _host, name, _value in variables if place == "at the end"}
    assert {f"{accounts.role}_result", "rotation_record_found"} <= seen
    assert "ansible_failed_result" in {name for place, _host, name, _value in variables if place == "rescued"}
    states = accounts.simulator.state()["accounts"]
    # The roles for credentials get the auth token as a variable.
    given = set() if accounts.role == "rotate_auth_token" else {state["auth_token"] for state in states}
    secrets = accounts.secrets(states) - given
    return Remains(secrets, variables, read_files([cache, remote, folder / "ansible"]))


def test_no_variable_and_no_file_holds_an_auth_token(simulator: Simulator, tmp_path: Path):
    accounts = Accounts(simulator, tmp_path)
    store = {"store": accounts.make_own_store()}

    def with_own_store(rotation: Rotation, name: str) -> Rotation:
        return replace(rotation, name=f"{name}, own store", variables={**rotation.variables, **store})

    hook = tmp_path / "rescuing.yml"
    hook.write_text(json.dumps(RESCUING), encoding="utf-8")
    rescuing = Rotation("hook rescues", record=IDLE, variables={**only(), "distribute_tasks": str(hook)})
    unanswered = {**POST, "path": "Promote$"}
    rescued = [with_own_store(each, each.name) for each in OWN]
    rescued += [rescuing, replace(rescuing, name="hook rescues, not promoted", faults=[unanswered])]
    # The one that does not fail goes on.
    ended = [ROTATED, replace(FAILING, name="ends the host"), with_own_store(FAILING, "ends the host")]
    accounts.not_rescued = [each.name for each in ended]
    accounts.plays = [({}, accounts.not_rescued), ({}, [each.name for each in rescued])]
    found = run_and_collect(accounts, [*rescued, *ended])
    assert PRIMARY in found.secrets
    found.assert_nothing()


def test_no_variable_and_no_file_holds_the_secret_of_an_api_key(simulator: Simulator, tmp_path: Path):
    accounts = key_rotations.Accounts(simulator, tmp_path)
    store = {"store": accounts.make_own_store()}
    rotations = [
        key_rotations.Rotation("rotated", variables={"grace_days": 0, "verify_tasks": "verify_api_key.yml"}),
        key_rotations.Rotation("rotated, own store", variables={"grace_days": 0, **store}),
        key_rotations.Rotation("distribute fails", failing=["distribute"]),
        key_rotations.Rotation("verify fails, own store", variables=store, failing=["verify"]),
    ]
    found = run_and_collect(accounts, rotations)
    assert len(found.secrets) == len(rotations)
    found.assert_nothing()


@pytest.mark.parametrize("kind", KINDS)
def test_no_variable_and_no_file_holds_what_was_issued(simulator: Simulator, tmp_path: Path, kind: str):
    given, known = KINDS[kind]
    given = {name: value.format(folder=tmp_path) for name, value in given.items()}
    accounts = credential_rotations.Accounts(simulator, tmp_path, kind, given)
    record = {"phase": "idle", "current": {**CURRENT, **known}}
    variables = {"grace_days": 0}
    rotations = [
        credential_rotations.Rotation("rotated", DUE, record, variables, KEYS),
        credential_rotations.Rotation("repoint fails", DUE, record, variables, KEYS, failing=["repoint"]),
        credential_rotations.Rotation("refused", DUE, record, variables, KEYS, faults=[POST]),
    ]
    issue = tmp_path / "issue.yml"
    issue.write_text(json.dumps([ISSUE]), encoding="utf-8")
    found = run_and_collect(accounts, rotations)
    if kind == "aws_credential":
        # Twilio refused one, so that not all are there.
        found.secrets.add(SECRET)
    found.assert_nothing()
