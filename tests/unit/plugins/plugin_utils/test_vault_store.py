# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the store makes of each answer of Vault; tests/integration/test_rotation_vault.py shows that they are such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordChanged, RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._vault_store import VaultStore

NAME = "AC" + "1" * 32
PATH = f"twilio/{NAME}"
TOKEN, VAULT_TOKEN = "2" * 32, "s.abcdefghijklmnopqrstuvwx"
SECRET_ID = "00000000-1111-2222-3333-444444444444"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaG9wIn0.c2ln-bmF0dXJl_"
RECORD = {"phase": "idle", "primary": TOKEN}
#: How sentences begin.
SERVER = "HashiCorp Vault at http://vault:8200"
ENGINE = {"data": {"options": {"version": "2"}, "type": "kv"}}


class VaultError(Exception):
    """An error of hvac's; the test has no hvac."""

    def __init__(self, message: str, json: Any = None) -> None:
        super().__init__(message)
        self.json = json


class InvalidPath(VaultError):
    """404."""


class InvalidRequest(VaultError):
    """400."""


class Forbidden(VaultError):
    """403."""


class VaultDown(VaultError):
    """503."""


class InternalServerError(VaultError):
    """500."""


class MaxRetryError(Exception):
    """urllib3's, which requests' error was raised because of."""


class InvalidHeader(ValueError):
    """requests'."""


class HashiVaultValueError(ValueError):
    """community.hashi_vault's."""


def caused(message: str, cause: Exception) -> AnsibleError:
    """Return an error of a lookup that has a cause."""
    error = AnsibleError(message)
    error.__cause__ = cause
    return error


def within(cause: Exception) -> AnsibleError:
    """Return an error of a lookup that was raised while another one was handled."""
    error = AnsibleError(str(cause))
    error.__context__ = cause
    return error


def refused(path: str) -> Exception:
    """Return the error of requests where nobody listens."""
    error = OSError(f"Max retries exceeded with url: /v1/{path}: Connection refused")
    error.__context__ = MaxRetryError()
    return error


NOT_FOUND = caused("Invalid or missing path", InvalidPath("None"))


def gone(**metadata: Any) -> AnsibleError:
    """Return the error about a version that is gone, which has Vault's answer."""
    return caused("Invalid or missing path", InvalidPath("{}", {"data": {"data": None, "metadata": metadata}}))


class Answers:
    """A Vault that has one answer for each kind of request, and lists what was sent."""

    def __init__(self, get: Any = NOT_FOUND, read: Any = None, write: Any = None) -> None:
        self._get, self._read, self._write = get, ENGINE if read is None else read, write
        self.sent: list[tuple[Any, ...]] = []

    def get(self, mount_point: str, path: str) -> Any:
        return self._answer(self._get, "get", mount_point, path)

    def read(self, path: str) -> Any:
        return self._answer(self._read, "read", path)

    def write(self, path: str, data: Mapping[str, Any]) -> Any:
        return self._answer(self._write, "write", path, data)

    def _answer(self, answer: Any, *sent: Any) -> Any:
        self.sent.append(sent)
        if isinstance(answer, Exception):
            raise answer
        return answer


def store(answers: Answers, url: str = "http://vault:8200", mount_point: str = "secret") -> VaultStore:
    return VaultStore(answers, url, mount_point, "twilio")


def test_a_record_is_loaded_by_one_request():
    answers = Answers(get={"secret": RECORD, "metadata": {"version": 7}})

    assert store(answers).load(NAME) == (RECORD, "7")
    assert answers.sent == [("get", "secret", PATH)]
    assert store(answers).load(NAME).version == "7"


@pytest.mark.parametrize("answer", [NOT_FOUND, gone()])
def test_no_record_is_the_version_0_once_the_engine_is_known_to_keep_versions(answer):
    answers = Answers(get=answer)

    assert store(answers).load(NAME) == ({}, "0")
    assert answers.sent == [("get", "secret", PATH), ("read", "sys/internal/ui/mounts/secret")]


def test_a_save_names_the_version_that_it_replaces():
    answers = Answers(write={"data": {"version": 8}})

    assert store(answers, mount_point="with a space").save(NAME, RECORD, "7") == "8"
    assert answers.sent == [("write", f"with%20a%20space/data/{PATH}", {"data": RECORD, "options": {"cas": 7}})]


DENIED = (
    f"{SERVER} denies the request (403). Either the token is not valid or has expired (`vault"
    " token lookup`), or it is for another namespace, or it has no policy that allows `create`, `read` and `update` on"
    f" secret/data/{PATH} (`vault token capabilities secret/data/{PATH}`)."
)
NO_ENGINE = (
    "has no KV engine at secret/. Check the mount point and, if there are any, the namespace (`vault secrets list`)."
)
DELETED = (
    f"Version 2 of {PATH} in HashiCorp Vault, the latest one, was deleted at 2026-01-31T04:00:00Z. That does not count"
    f" as no record. To have it back, use `vault kv undelete -mount=secret -versions=2 {PATH}`; to begin anew, `vault"
    f" kv metadata delete -mount=secret {PATH}`."
)
DELETION = {"version": 2, "deletion_time": "2026-01-31T04:00:00Z", "destroyed": False}
#: What any request may end with, and the sentence of it.
FAILURES = {
    "sealed": (
        VaultDown("Vault is sealed, on get http://vault:8200"),
        f"{SERVER} is sealed (503). Unseal it (`vault operator unseal`), and run this again.",
    ),
    "unreachable": (
        refused("x"),
        f"{SERVER} can't be reached. OSError: Max retries exceeded with url: /v1/x: Connection refused",
    ),
    "denied": (caused("Forbidden", Forbidden("permission denied")), DENIED),
    "denied, without a cause": (within(Forbidden("permission denied")), DENIED),
    "the login is denied": (Forbidden("permission denied"), DENIED),
    "no token": (
        within(HashiVaultValueError("No Vault Token specified or discovered.")),
        "No token for HashiCorp Vault is given. Set the role's `hashi_vault_token`, or authenticate in another way by"
        " `module_defaults` of the group `community.hashi_vault.vault`.",
    ),
    "no address": (
        HashiVaultValueError("Required option url was not set."),
        "The address of HashiCorp Vault is not given. Set the role's `hashi_vault_url`, or `VAULT_ADDR`, or `url` by"
        " `module_defaults` of the group `community.hashi_vault.vault`.",
    ),
    "another option": (
        within(HashiVaultValueError("Authentication method approle requires options")),
        f"{SERVER} failed. Authentication method approle requires options",
    ),
    "no sealed server": (
        VaultDown("no healthy upstream"),
        f"{SERVER} failed. VaultDown: no healthy upstream",
    ),
    "the login is refused": (
        InvalidRequest("invalid role or secret ID"),
        f"{SERVER} failed. InvalidRequest: invalid role or secret ID",
    ),
    # Neither a missing record nor a missing engine.
    "the login's path is missing": (
        InvalidPath("no handler for route"),
        f"{SERVER} failed. InvalidPath: no handler for route",
    ),
    "a gateway repeats secrets": (
        InternalServerError(f"out of\norder: {TOKEN} {VAULT_TOKEN} hvs.{'x' * 20} {SECRET_ID} {JWT}"),
        f"{SERVER} failed. InternalServerError: out of order: ******** ******** ******** ******** ********",
    ),
    "an address with a password": (
        InternalServerError("out of order, on get http://user:p@ss@vault:8200/v1/x"),
        f"{SERVER} failed. InternalServerError: out of order, on get http://vault:8200/v1/x",
    ),
    "an address without a scheme": (
        OSError("No connection adapters were found for 'user:p@ss@vault:8200/v1/x'"),
        f"{SERVER} failed. OSError: No connection adapters were found for 'vault:8200/v1/x'",
    ),
    "a token with the end of a line": (
        InvalidHeader("return character(s) in header value: 'some token\\n'"),
        "The token or the namespace for HashiCorp Vault can't be sent: it begins with white space, or has the end of a"
        " line in it.",
    ),
    "a token of a wrong type": (
        AnsibleError("Config 'token' has an invalid value: Invalid value provided for 'str': {'a': 'some: token'}"),
        f"{SERVER} failed. Config 'token' has an invalid value: Invalid value provided for 'str'",
    ),
    "a token of a wrong type, before ansible-core 2.19": (
        AnsibleError("setting: token : Invalid type provided for \"str\": {'a': 'some token'}"),
        f'{SERVER} failed. setting: token : Invalid type provided for "str"',
    ),
    "a long message": (
        AnsibleError("x y " * 1000),
        f"{SERVER} failed. {('x y ' * 1000)[:500]}...",
    ),
    "no answer of Vault's": (TypeError("no dict"), f"{SERVER} failed. TypeError: no dict"),
    "not installed": (RecordError("Install it."), "Install it."),
}
LOADS = {
    **{name: (Answers(get=error), sentence) for name, (error, sentence) in FAILURES.items()},
    "the engine's version can't be read": (
        Answers(read=FAILURES["sealed"][0]),
        FAILURES["sealed"][1],
    ),
    "a gateway knows no path": (
        Answers(read=AnsibleError("The path doesn't seem to exist.")),
        f"{SERVER} failed. The path doesn't seem to exist.",
    ),
    "no engine": (Answers(read=within(Forbidden("permission denied"))), f"HashiCorp Vault {NO_ENGINE}"),
    "version 1": (
        Answers(read={"data": {"options": {"version": "1"}}}),
        "The engine at secret/ of HashiCorp Vault is no KV engine of version 2, and others can't compare before they"
        " write. Upgrade it (`vault kv enable-versioning secret`), or use another one.",
    ),
    "no options": (
        Answers(read={"data": {"options": None}}),
        "The engine at secret/ of HashiCorp Vault is no KV engine of version 2, and others can't compare before they"
        " write. Upgrade it (`vault kv enable-versioning secret`), or use another one.",
    ),
    "a secret without a version": (
        Answers(get={"secret": RECORD, "metadata": None}),
        f"{SERVER} failed. Its answer is no version of a secret.",
    ),
    "neither": (
        Answers(get={"secret": None, "metadata": None}),
        f"{SERVER} failed. Its answer is no version of a secret.",
    ),
    **{
        f"the version {version!r}": (
            Answers(get={"secret": RECORD, "metadata": {"version": version}}),
            f"{SERVER} failed. Its answer is no version of a secret.",
        )
        for version in ("7", 7.0, True, -1, 0, [7])
    },
    "empty": (
        Answers(get={"secret": {}, "metadata": {"version": 3}}),
        f"Version 3 of {PATH} in HashiCorp Vault, the latest one, is empty. That does not count as no record. To go"
        f" back to an older version, use `vault kv rollback -mount=secret -version=N {PATH}`; to begin anew, `vault kv"
        f" metadata delete -mount=secret {PATH}`.",
    ),
    "a text": (
        Answers(get={"secret": "text", "metadata": {"version": 1}}),
        f"{SERVER} failed. Its answer is no version of a secret.",
    ),
    "deleted": (Answers(get=gone(**DELETION)), DELETED),
    "deleted, hvac 3": (Answers(get={"secret": None, "metadata": DELETION}), DELETED),
    "destroyed": (
        Answers(get=gone(version=3, deletion_time="", destroyed=True)),
        f"Version 3 of {PATH} in HashiCorp Vault, the latest one, was destroyed. That does not count as no record. To"
        f" go back to an older version, use `vault kv rollback -mount=secret -version=N {PATH}`; to begin anew, `vault"
        f" kv metadata delete -mount=secret {PATH}`.",
    ),
}
SAVES = {
    **FAILURES,
    "no engine": (caused("no such path", InvalidPath("")), f"{SERVER} {NO_ENGINE}"),
    "no answer of Vault's": (
        b"<html>",
        f"{SERVER} failed. Its answer to the save names no version 8.",
    ),
    **{
        f"the version {version!r}": (
            {"data": {"version": version}},
            f"{SERVER} failed. Its answer to the save names no version 8.",
        )
        for version in (7, "8", 8.0, None)
    },
    "another bad request": (
        InvalidRequest("no data provided"),
        f"{SERVER} failed. InvalidRequest: no data provided",
    ),
}


@pytest.mark.parametrize("case", LOADS)
def test_a_record_that_can_not_be_loaded(case):
    answers, sentence = LOADS[case]

    with pytest.raises(RecordError) as failed:
        store(answers).load(NAME)
    assert str(failed.value) == f"The record could not be read. {sentence}"


@pytest.mark.parametrize("case", SAVES)
def test_a_record_that_can_not_be_saved(case):
    answer, sentence = SAVES[case]

    with pytest.raises(RecordError) as failed:
        store(Answers(write=answer)).save(NAME, RECORD, "7")

    assert str(failed.value) == sentence
    assert not isinstance(failed.value, RecordChanged)


@pytest.mark.parametrize("url", ["http://user:p@ss@vault:8200", "http://token@vault:8200"])
def test_a_password_in_the_address_is_not_repeated(url):
    with pytest.raises(RecordError) as failed:
        store(Answers(write=FAILURES["sealed"][0]), url).save(NAME, RECORD, "7")

    assert str(failed.value) == FAILURES["sealed"][1]


def test_slashes_around_paths_do_not_matter():
    answers = Answers(get={"secret": RECORD, "metadata": {"version": 7}}, write={"data": {"version": 8}})

    for path, expected in (("/twilio/", PATH), ("", NAME), ("/", NAME)):
        answers.sent.clear()
        records = VaultStore(answers, "", "/secret/", path)
        records.load(NAME)
        records.save(NAME, RECORD, "7")
        assert [sent[:3] for sent in answers.sent] == [
            ("get", "secret", expected),
            ("write", f"secret/data/{expected}", {"data": RECORD, "options": {"cas": 7}}),
        ]


def test_an_address_that_the_role_is_not_given_is_not_named():
    with pytest.raises(RecordError, match="^HashiCorp Vault is sealed"):
        store(Answers(write=FAILURES["sealed"][0]), url="").save(NAME, RECORD, "7")


OTHER_VERSION = InvalidRequest("check-and-set parameter did not match the current version, on post http://vault:8200")


@pytest.mark.parametrize(
    ("replaces", "sentence"),
    [
        (
            "7",
            f"Nothing was saved. Version 7 of {PATH} in HashiCorp Vault is not the latest one any more: it was changed"
            " by somebody else. If that was another run, it has taken over.",
        ),
        (
            "0",
            f"Nothing was saved. HashiCorp Vault showed no version of {PATH}, and yet there is one. Either the latest"
            f" version was deleted, and comes back with `vault kv undelete -mount=secret -versions=N {PATH}`, or it was"
            " destroyed, or another run has saved the first version meanwhile. `vault kv metadata get -mount=secret"
            f" {PATH}` shows which.",
        ),
    ],
)
def test_what_was_changed_meanwhile_is_not_replaced(replaces, sentence):
    with pytest.raises(RecordChanged) as failed:
        store(Answers(write=OTHER_VERSION)).save(NAME, RECORD, replaces)

    assert str(failed.value) == sentence


#: How a save may seem to fail although it was carried out.
LOST = {
    "no answer": OSError("Read timed out."),
    "a gateway's answer": InternalServerError("out of order"),
    "a gateway's page": b"<html>",
    "no answer to what hvac then repeats": OTHER_VERSION,
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_a_save_was_carried_out_where_the_latest_version_is_what_was_saved(answer):
    held = {**RECORD, "list": ["x"]}
    answers = Answers(write=answer, get={"secret": held, "metadata": {"version": 8}})

    assert store(answers).save(NAME, {**RECORD, "list": ("x",)}, "7") == "8"
    assert [sent[0] for sent in answers.sent] == ["write", "get"]


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
@pytest.mark.parametrize(
    "found",
    [
        {"secret": RECORD, "metadata": {"version": 7}},
        {"secret": RECORD, "metadata": {"version": 9}},
        {"secret": {**RECORD, "lock": "another run's"}, "metadata": {"version": 8}},
        {"secret": None, "metadata": {"version": 8}},
        [],
        NOT_FOUND,
        RecordError("Install it."),
    ],
)
def test_otherwise_it_counts_as_failed(answer, found):
    with pytest.raises(RecordError) as failed:
        store(Answers(write=answer, get=found)).save(NAME, RECORD, "7")

    assert isinstance(failed.value, RecordChanged) == (answer is OTHER_VERSION)
