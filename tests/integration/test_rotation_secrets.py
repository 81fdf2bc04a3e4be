# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left of a secret once a role that rotates has ended: nothing, however it ended.

Variables of all hosts are looked at as ``debug: var=hostvars`` shows them, and so are the fact cache and Ansible's own
folders for temporary files. What the user gives as a variable is the user's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import credential_rotations
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
TOKENS = [
    Rotation("rotated", record=IDLE, variables=only("distribute")),
    Rotation("not due", record=IDLE, variables={"max_age_days": 36500}),
    Rotation("distribute fails", record=IDLE, variables=only("distribute"), failing=["distribute"]),
    Rotation("verify fails, back", record=IDLE, variables={**only("verify"), **BACK}, failing=["verify"]),
    Rotation("clean fails", record=CLEANING, failing=["clean"]),
    Rotation("locked out", account={"auth_token": OTHER}, record=IDLE),
    Rotation("refused", BOTH, IDLE),
]

CURRENT = {"sid": OLD, "key_id": "AKIA" + "O" * 16, "fingerprint": OLD_FINGERPRINT}
FILES = HERE / "targets" / "rotate_aws_credential" / "files"
#: What each role for credentials is given, and what its record says of the current one.
CREDENTIALS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws_credential": ({f"{what}_tasks": str(FILES / f"{what}.yml") for what in ("issue", "list", "revoke")}, CURRENT),
    "public_key": ({"private_key_folder": "{folder}/private"}, {**CURRENT, "key_id": "", "private_key_path": ""}),
}
POST = {"method": "POST", "path": "Credentials/(AWS|PublicKeys)$"}


@dataclass(frozen=True)
class Left:
    """What a run left.

    :param secrets: every secret there ever was, but for those that the user gave as variables.
    :param variables: of all hosts, at the end and where a role was rescued: place, host, name, and value.
    :param files: what the fact cache and the folders for temporary files hold.
    """

    secrets: set[str]
    variables: list[tuple[str, str, str, str]]
    files: list[tuple[Path, str]]

    def assert_nothing(self) -> None:
        """Assert that no secret is left."""
        assert self.secrets
        held = [where for *where, value in self.variables if any(secret in value for secret in self.secrets)]
        assert held == []
        assert [path for path, text in self.files if any(secret in text for secret in self.secrets)] == []


def texts(folders: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return what the files in some folders hold."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files]


def left(accounts: AnyAccounts[Any, Any], rotations: list[Any], rescued: bool, given: set[str] = frozenset()) -> Left:
    """Run the role for all, imported, as the examples do, and return what is left.

    :param rescued: whether the play rescues the role; otherwise its host has failed.
    :param given: secrets that the user gives as variables.
    """
    folder = accounts.folder
    cache, remote = folder / "cache", folder / "remote"
    dumps = [("at the end", folder / "end.json")]
    accounts.includes = "import_role"
    if rescued:
        dumped = {"path": f"{folder}/rescued.{{{{ inventory_hostname }}}}.json"}
        accounts.rescue = [
            {"name": "dump", "ansible.legacy.dump_variables": dumped},
            # So that there is a cache to look at.
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
    assert not rescued or (len(dumps) > 1 and [*cache.iterdir()])
    variables = [
        (place, host, name, value)
        for place, path in dumps
        for host, values in json.loads(path.read_text(encoding="utf-8")).items()
        for name, value in values.items()
    ]
    # Without these nothing would have been seen.
    seen = {name for place, _host, name, _value in variables if place == "at the end"}
    assert {f"{accounts.role}_result", "rotation_record_found"} <= seen
    assert not rescued or "ansible_failed_result" in {name for place, _h, name, _v in variables if place == "rescued"}
    secrets = accounts.secrets(accounts.simulator.state()["accounts"]) - given
    return Left(secrets, variables, texts([cache, remote, folder / "ansible"]))


@pytest.mark.parametrize("rescued", [False, True])
def test_no_variable_and_no_file_holds_an_auth_token(simulator: Simulator, tmp_path: Path, rescued: bool):
    accounts = Accounts(simulator, tmp_path)
    store = {"store": accounts.have_own_store()}
    own = [replace(each, name=f"{each.name}, own store", variables={**each.variables, **store}) for each in TOKENS]
    found = left(accounts, [*TOKENS, *own], rescued)
    assert {PRIMARY, PENDING, OTHER} < found.secrets
    found.assert_nothing()
