# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store ``hashi_vault`` against a real server: its two task files by themselves, as the roles include them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from harness import CHECKOUT, COLLECTIONS, Run, ansible_playbook, play
from vault_server import MOUNT, Answer, Vault

TASKS = CHECKOUT / "roles" / "rotate_auth_token" / "tasks"
OTHERS = CHECKOUT / ".cache" / "collections-of-others"
PATHS = os.pathsep.join(map(str, (COLLECTIONS, OTHERS)))

POLICY = (CHECKOUT / "docs" / "examples" / "vault-policy.hcl").read_text(encoding="utf-8")
#: What of it a rotation can't do without.
LEAST = f'path "{MOUNT}/data/twilio/*" {{ capabilities = ["create", "read", "update"] }}'

pytestmark = pytest.mark.skipif(not OTHERS.exists(), reason="the collections of others were not fetched")


@dataclass(frozen=True)
class Step:
    """A task file to run.

    :param name: of the task.
    :param file: ``load`` or ``save``.
    :param variables: those that are not as in all steps, without their prefix.
    :param defaults: the ``module_defaults`` of the modules of community.hashi_vault.
    """

    name: str
    file: str
    variables: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)


class Played:
    """The results of steps that ran one after the other in one playbook."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.output = run.output

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Return the fact that a step set, or ``{"failure": ...}`` with its message if it failed."""
        message: dict[str, Any] = self._run.of(f"Tell | {name}")["msg"]
        return message

    def failure(self, name: str) -> str:
        """Return the message of a failed step."""
        failure: str = self[name]["failure"]
        return failure


def load(name: str, record_name: str, defaults: Mapping[str, Any] | None = None, **variables: Any) -> Step:
    """Return a step that loads a record."""
    return Step(name, "load", {"name": record_name, **variables}, defaults or {})


def save(
    name: str,
    record_name: str,
    record: Mapping[str, Any],
    version: Any,
    defaults: Mapping[str, Any] | None = None,
    **variables: Any,
) -> Step:
    """Return a step that saves a record in the place of a version."""
    return Step(name, "save", {"name": record_name, "new": record, "version": version, **variables}, defaults or {})


def variables_of(step: Step, vault: Vault, token: str) -> dict[str, Any]:
    """Return the variables that a step's file is included with."""
    variables = {"hashi_vault_url": vault.url, "hashi_vault_token": token, "hashi_vault_mount_point": MOUNT}
    variables |= {"hashi_vault_path": "twilio", **step.variables}
    return {f"rotation_record_{name}": value for name, value in variables.items()}


def played(folder: Path, vault: Vault, token: str, steps: Sequence[Step], **environment: str) -> Played:
    """Run steps, each of them regardless of failures of the others.

    :param token: for Vault, where a step has no other.
    """
    tasks = []
    for step in steps:
        fact = {"load": "rotation_record_found", "save": "rotation_record_saved"}[step.file]
        tasks += [
            {
                "name": f"Play | {step.name}",
                "module_defaults": {"group/community.hashi_vault.vault": step.defaults},
                "block": [
                    {
                        "name": f"Include | {step.name}",
                        "ansible.builtin.include_tasks": {"file": str(TASKS / f"hashi_vault_{step.file}.yml")},
                        "vars": variables_of(step, vault, token),
                    },
                    {"name": f"Tell | {step.name}", "ansible.builtin.debug": {"msg": f"{{{{ {fact} }}}}"}},
                ],
                "rescue": [
                    {
                        "name": f"Tell | {step.name}",
                        "ansible.builtin.debug": {"msg": {"failure": "{{ ansible_failed_result.msg }}"}},
                    }
                ],
            }
        ]
    run = ansible_playbook(folder, [play(tasks)], ANSIBLE_COLLECTIONS_PATH=PATHS, ANSIBLE_PIPELINING="1", **environment)
    assert run.status == 0, run.output
    return Played(run)


@pytest.fixture(scope="module")
def sealed() -> Iterator[Vault]:
    """Run another server, which is sealed."""
    with Vault() as running:
        running.request_as_root("PUT", "sys/seal")
        yield running


#: Digits alone, so that something may take it for a number; and the number of the version that it is saved as.
TOKEN = "12345678901234567890123456789012"
RECORD = {"account_sid": f"AC{'1' * 32}", "phase": "idle", "primary": TOKEN, "pending": None, "primary_known": True}


def name_of_record() -> str:
    """Return an account's SID that no other test has."""
    return f"AC{token_hex(16)}"


def test_a_record_is_saved_and_loaded_with_the_least_rights(vault: Vault, tmp_path: Path) -> None:
    token, name = vault.token_with(LEAST), name_of_record()
    # The module masks the version that it returns where the record holds the same number.
    first, second = {**RECORD, "lock": {"pid": 1}}, {**RECORD, "lock": {"pid": 2}, "pending": "{{ no template }}"}

    steps = [
        load("none", name),
        save("first", name, first, 0),
        load("one", name),
        save("second", name, {**second, "pending": "{% raw %}{{ no template }}{% endraw %}"}, "1"),
        load("two", name),
    ]
    results = played(tmp_path, vault, token, steps)

    assert results["none"] == {"record": {}, "version": "0"}
    assert results["first"] == {"version": "1"}
    assert results["one"] == {"record": first, "version": "1"}
    assert results["second"] == {"version": "2"}
    assert results["two"] == {"record": second, "version": "2"}
    assert [version.data for version in vault.versions(f"twilio/{name}")] == [first, second]
    data, metadata = f"/v1/{MOUNT}/data/twilio/{name}", f"/v1/{MOUNT}/metadata/twilio/{name}"
    read, engine = f"GET {data}", f"GET /v1/sys/internal/ui/mounts/{MOUNT}"
    sent = [request.what for request in vault.requests(token)]
    assert sent == [read, engine, f"GET {metadata}", f"POST {data}", read, f"POST {data}", read]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{MOUNT}/data/twilio/some"),
        ("POST", f"{MOUNT}/undelete/twilio/some"),
        ("POST", f"{MOUNT}/destroy/twilio/some"),
        ("DELETE", f"{MOUNT}/metadata/twilio/some"),
        ("POST", f"{MOUNT}/metadata/twilio/some"),
        ("GET", f"{MOUNT}/metadata/twilio?list=true"),
        ("GET", f"{MOUNT}/data/others/some"),
        ("GET", "auth/token/lookup-self"),
    ],
)
def test_the_documented_policy_allows_nothing_else(vault: Vault, method: str, path: str) -> None:
    answer = vault.try_request(method, path, {}, token=vault.token_with(POLICY))

    assert answer.status == 403


class Gateway:
    """Answers for some records: always, or once. As some gateways do, it repeats what it was sent."""

    def __init__(self) -> None:
        self._answered: set[str] = set()

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Answer, or leave it to the server."""
        name = target.rpartition("/")[2]
        if not name.startswith(("broken", "flaky")) or name in self._answered:
            return None
        if name.startswith("flaky"):
            self._answered.add(name)
        message = f"out of order: {body.decode()} {dict(headers)}"
        return Answer(500, json.dumps({"errors": [message]}).encode())


class Loads:
    """Records that can't be loaded, each with its message."""

    def __init__(self, vault: Vault, sealed: Vault, folder: Path) -> None:
        self.names = {
            name: name_of_record() for name in ("deleted", "hidden", "destroyed", "none", "expired", "denied")
        }
        self.tokens = {"policy": vault.token_with(POLICY), "least": vault.token_with(LEAST), "expired": vault.issue()}
        self.tokens["elsewhere"] = vault.token_with(f'path "{MOUNT}/data/elsewhere/*" {{ capabilities = ["read"] }}')
        vault.revoke(self.tokens["expired"])
        vault.put("twilio/flaky", RECORD)
        for name in ("deleted", "hidden", "destroyed"):
            vault.put(f"twilio/{self.names[name]}", {})
            vault.put(f"twilio/{self.names[name]}", RECORD)
        vault.delete(f"twilio/{self.names['deleted']}")
        vault.delete(f"twilio/{self.names['hidden']}")
        vault.destroy(f"twilio/{self.names['destroyed']}", 2)
        vault.request_as_root("POST", "sys/mounts/first-version", {"type": "kv", "options": {"version": "1"}})
        steps = [
            load("deleted", self.names["deleted"]),
            load("hidden", self.names["hidden"], hashi_vault_token=self.tokens["least"]),
            load("destroyed", self.names["destroyed"]),
            load("wrong mount", self.names["none"], hashi_vault_token=vault.root, hashi_vault_mount_point="wrong"),
            load("mount without rights", self.names["none"], hashi_vault_mount_point="wrong"),
            load(
                "version 1", self.names["none"], hashi_vault_token=vault.root, hashi_vault_mount_point="first-version"
            ),
            load("expired", self.names["none"], hashi_vault_token=self.tokens["expired"]),
            load("denied", self.names["none"], hashi_vault_token=self.tokens["elsewhere"]),
            load("no token", self.names["none"], hashi_vault_token=""),
            load("no address", self.names["none"], hashi_vault_url=""),
            load("sealed", self.names["none"], hashi_vault_url=sealed.url),
            load("unreachable", self.names["none"], hashi_vault_url="http://127.0.0.1:1"),
            load("broken", "broken"),
            load("flaky", "flaky"),
            load("flaky, no record", "flaky-none"),
        ]
        with vault.interfering(Gateway()):
            self.played = played(folder, vault, self.tokens["policy"], steps)


@pytest.fixture(scope="module")
def loads(vault: Vault, sealed: Vault, tmp_path_factory: pytest.TempPathFactory) -> Loads:
    """Return what came of all that can't be loaded."""
    return Loads(vault, sealed, tmp_path_factory.mktemp("loads"))


def test_a_deleted_version_is_no_missing_record(loads: Loads) -> None:
    path = f"twilio/{loads.names['deleted']}"

    failure = loads.played.failure("deleted")

    assert failure.startswith(f"Version 2 of {path} in HashiCorp Vault, the latest one, was deleted at 20")
    assert f"`vault kv undelete -mount=secret -versions=2 {path}`" in failure
    assert f"`vault kv metadata delete -mount=secret {path}`" in failure


def test_a_destroyed_version_is_no_missing_record(loads: Loads) -> None:
    path = f"twilio/{loads.names['destroyed']}"

    failure = loads.played.failure("destroyed")

    assert failure.startswith(f"Version 2 of {path} in HashiCorp Vault, the latest one, was destroyed.")
    assert f"`vault kv rollback -mount=secret -version=N {path}`" in failure


def test_a_deleted_version_is_not_seen_without_the_metadata(loads: Loads) -> None:
    assert loads.played["hidden"] == {"record": {}, "version": "0"}


NO_ENGINE = "has no KV engine at wrong/. Check the mount point"

FAILURES = {
    "wrong mount": (f"HashiCorp Vault {NO_ENGINE}", "`vault secrets list`"),
    "mount without rights": ("denies the request (403)", "wrong/data/twilio/AC", "another namespace"),
    "version 1": (
        "at first-version/ of HashiCorp Vault is no KV engine of version 2",
        "enable-versioning first-version",
    ),
    "expired": ("denies the request (403). Either the token is not valid or has expired (`vault token lookup`)",),
    "denied": (
        "denies the request (403)",
        "no policy that allows `create`, `read` and `update` on secret/data/twilio/AC",
    ),
    "no token": ("No token for HashiCorp Vault is given. Set the role's `hashi_vault_token`",),
    "no address": ("The address of HashiCorp Vault is not given. Set the role's `hashi_vault_url`",),
    "sealed": ("is sealed (503). Unseal it (`vault operator unseal`)",),
    "unreachable": ("HashiCorp Vault at http://127.0.0.1:1 can't be reached.", "Connection refused"),
    "broken": ("failed.", "out of order", "********"),
    "flaky": ("failed. It answered only the second request.",),
    "flaky, no record": ("failed. It answered only the second request.",),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_record_that_can_not_be_loaded_fails_with_a_reason(name: str, loads: Loads) -> None:
    failure = loads.played.failure(name)

    assert all(words in failure for words in FAILURES[name]), failure
    assert not any(token in failure for token in (*loads.tokens.values(), TOKEN))


class Saves:
    """Records that can't be saved, each with its message."""

    def __init__(self, vault: Vault, sealed: Vault, folder: Path) -> None:
        self.vault = vault
        self.names = {name: name_of_record() for name in ("changed", "deleted", "none")}
        self.token = vault.token_with(POLICY)
        reader = vault.token_with(f'path "{MOUNT}/data/*" {{ capabilities = ["read"] }}')
        vault.put(f"twilio/{self.names['changed']}", {"phase": "idle"})
        vault.put(f"twilio/{self.names['changed']}", {"phase": "staging"})
        vault.put(f"twilio/{self.names['deleted']}", {"phase": "idle"})
        vault.delete(f"twilio/{self.names['deleted']}")
        steps = [
            save("changed", self.names["changed"], RECORD, 1),
            save("deleted", self.names["deleted"], RECORD, 0),
            save(
                "wrong mount",
                self.names["none"],
                RECORD,
                0,
                hashi_vault_token=vault.root,
                hashi_vault_mount_point="wrong",
            ),
            save("denied", self.names["none"], RECORD, 0, hashi_vault_token=reader),
            save("sealed", self.names["none"], RECORD, 0, hashi_vault_url=sealed.url),
            save("unreachable", self.names["none"], RECORD, 0, hashi_vault_url="http://127.0.0.1:1"),
            save("broken", "broken", RECORD, 0),
        ]
        with vault.interfering(Gateway()):
            self.played = played(folder, vault, self.token, steps)


@pytest.fixture(scope="module")
def saves(vault: Vault, sealed: Vault, tmp_path_factory: pytest.TempPathFactory) -> Saves:
    """Return what came of all that can't be saved."""
    return Saves(vault, sealed, tmp_path_factory.mktemp("saves"))


def test_what_was_changed_meanwhile_is_not_replaced(saves: Saves) -> None:
    path = f"twilio/{saves.names['changed']}"

    failure = saves.played.failure("changed")

    assert failure.startswith(
        f"Nothing was saved. Version 1 of {path} in HashiCorp Vault is not the latest one any more"
    )
    assert "changed by somebody else" in failure
    assert "another run, it has taken over" in failure
    assert saves.vault.get(path) == {"phase": "staging"}


def test_what_was_deleted_is_not_replaced_by_a_first_save(saves: Saves) -> None:
    path = f"twilio/{saves.names['deleted']}"

    failure = saves.played.failure("deleted")

    assert failure.startswith(f"Nothing was saved. HashiCorp Vault showed no version of {path}, and yet there is one.")
    assert f"deleted, and comes back with `vault kv undelete -mount=secret -versions=N {path}`" in failure
    assert "destroyed" in failure
    assert "another run has saved the first version" in failure
    assert [version.data for version in saves.vault.versions(path)] == [None]


@pytest.mark.parametrize("name", ["wrong mount", "denied", "sealed", "unreachable", "broken"])
def test_a_record_that_can_not_be_saved_fails_with_a_reason(name: str, saves: Saves) -> None:
    failure = saves.played.failure(name)

    words = (NO_ENGINE,) if name == "wrong mount" else FAILURES[name]
    assert all(word in failure for word in words), failure
    assert TOKEN not in failure
    assert saves.token not in failure
    assert saves.vault.get(f"twilio/{saves.names['none']}") is None


# -- other servers, other clients ---------------------------------------------------------------------------------


def test_hvac_3_hands_over_that_a_version_was_deleted(vault: Vault, tmp_path: Path) -> None:
    token, name = vault.token_with(LEAST), name_of_record()
    vault.put(f"twilio/{name}", RECORD)
    vault.delete(f"twilio/{name}")
    # What it announces for its version 3.
    (tmp_path / "sitecustomize.py").write_text(
        "import hvac.api.secrets_engines.kv_v2 as kv_v2\n"
        "kv_v2.KvV2.read_secret_version.__defaults__ = (None, 'secret', False)\n",
        encoding="utf-8",
    )
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))

    results = played(tmp_path, vault, token, [load("deleted", name)], PYTHONPATH=path)

    assert f"Version 1 of twilio/{name} in HashiCorp Vault" in results.failure("deleted")
    assert f"`vault kv undelete -mount=secret -versions=1 twilio/{name}`" in results.failure("deleted")


def test_one_version_is_enough(vault: Vault, tmp_path: Path) -> None:
    mount, name = f"single-{token_hex(4)}", name_of_record()
    vault.request_as_root("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "2"}})
    vault.request_as_root("POST", f"{mount}/config", {"max_versions": 1})
    token = vault.token_with(POLICY.replace("secret/", f"{mount}/"))
    # Metadata without a version are no record either.
    vault.request_as_root("POST", f"{mount}/metadata/twilio/{name}", {"custom_metadata": {"owner": "telephony"}})

    steps = [
        load("none", name, hashi_vault_mount_point=mount),
        save("first", name, {"phase": "staging"}, "0", hashi_vault_mount_point=mount),
        save("second", name, RECORD, "1", hashi_vault_mount_point=mount),
        load("last", name, hashi_vault_mount_point=mount),
    ]
    results = played(tmp_path, vault, token, steps)

    assert results["none"] == {"record": {}, "version": "0"}
    assert results["last"] == {"record": RECORD, "version": "2"}
    assert list(vault.request_as_root("GET", f"{mount}/metadata/twilio/{name}")["data"]["versions"]) == ["2"]


def test_the_namespace_and_the_way_to_authenticate_come_from_module_defaults(vault: Vault, tmp_path: Path) -> None:
    name, team, policy = name_of_record(), f"team-{token_hex(4)}", {"policy": POLICY}
    vault.request_as_root("POST", f"sys/namespaces/{team}")
    vault.request_as_root("POST", f"sys/mounts/{MOUNT}", {"type": "kv", "options": {"version": "2"}}, team)
    vault.request_as_root("POST", "sys/auth/approle", {"type": "approle"}, team)
    vault.request_as_root("PUT", "sys/policies/acl/rotation", policy, team)
    role = "auth/approle/role/rotation"
    vault.request_as_root("POST", role, {"token_policies": ["rotation"], "token_no_default_policy": True}, team)
    role_id = vault.request_as_root("GET", f"{role}/role-id", None, team)["data"]["role_id"]
    secret_id = vault.request_as_root("POST", f"{role}/secret-id", None, team)["data"]["secret_id"]
    login = {"namespace": team, "auth_method": "approle", "role_id": role_id, "secret_id": secret_id}
    token = vault.token_with(POLICY, team)

    steps = [
        load("none", name, {"namespace": team}),
        save("first", name, {"phase": "staging"}, "0", {"namespace": team}),
        save("second", name, RECORD, "1", login, hashi_vault_token=""),
        load("last", name, login, hashi_vault_token=""),
        load("another namespace", name),
        load("wrong secret", name, {**login, "secret_id": "wrong"}, hashi_vault_token=""),
    ]
    results = played(tmp_path, vault, token, steps)

    assert results["none"] == {"record": {}, "version": "0"}
    assert results["last"] == {"record": RECORD, "version": "2"}
    assert "it is for another namespace" in results.failure("another namespace")
    assert "failed." in results.failure("wrong secret")
    assert "invalid role or secret ID" in results.failure("wrong secret")
    assert vault.get(f"twilio/{name}") is None
    assert vault.request_as_root("GET", f"{MOUNT}/data/twilio/{name}", None, team)["data"]["data"] == RECORD


def test_another_role_includes_the_files_and_their_messages_are_printed(vault: Vault, tmp_path: Path) -> None:
    """By an absolute path, for a host that can't be reached, as a user that can't be become, and without a log."""
    token, name = vault.token_with(POLICY), name_of_record()
    vault.put(f"twilio/{name}", RECORD)
    vault.delete(f"twilio/{name}")
    step = load("deleted", name)
    variables = variables_of(step, vault, token)
    role = tmp_path / "roles" / "another" / "tasks"
    role.mkdir(parents=True)
    include = {
        "name": "Load",
        "ansible.builtin.include_tasks": {"file": "{{ found_by_the_plugin }}", "apply": {"no_log": True}},
        "vars": variables,
    }
    (role / "main.yml").write_text(json.dumps([include]), encoding="utf-8")
    task = {
        "name": "Rotate",
        "ansible.builtin.include_role": {"name": "another"},
        "vars": {"found_by_the_plugin": str(TASKS / "hashi_vault_load.yml")},
    }
    inventory = tmp_path / "inventory"
    inventory.write_text("shop.invalid ansible_connection=ssh", encoding="utf-8")

    run = ansible_playbook(
        tmp_path,
        [play([task], hosts="shop.invalid", become=True, become_user="nobody-at-all")],
        *("-i", str(inventory)),
        ANSIBLE_COLLECTIONS_PATH=PATHS,
        ANSIBLE_ROLES_PATH=str(tmp_path / "roles"),
    )

    assert run.status == 2
    assert f"Version 1 of twilio/{name} in HashiCorp Vault, the latest one, was deleted at" in run.output
    assert token not in run.output
