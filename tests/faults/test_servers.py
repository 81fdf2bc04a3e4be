# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Vault and IAM by themselves, and under the modules of the collections that call them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import harness
import hvac
import other_collections
import pytest
from harness import play
from iam import Iam
from kills import ANSWER, REQUEST, Point, Ran, Scene, Server, run
from kv2 import MISMATCH, REQUIRED, Kv2

needs_other_collections = pytest.mark.skipif(
    not other_collections.FOLDER.exists(),
    reason="tests/faults/other_collections.py did not fetch the collections of others",
)

PATH = "twilio/AC1"


@pytest.fixture
def vault() -> Iterator[Kv2]:
    with Kv2() as running:
        yield running


@pytest.fixture(scope="module")
def iam() -> Iterator[Iam]:
    with Iam() as running:
        yield running


def scene(
    folder: Path, server: Server, caller: str, tasks: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> Scene:
    """Return a scene that calls modules of the collections of others."""
    folder.mkdir()
    collections = os.pathsep.join(map(str, (harness.COLLECTIONS, other_collections.FOLDER)))
    return Scene(
        folder,
        play(tasks),
        callers=[(server, caller)],
        environment={"ANSIBLE_COLLECTIONS_PATH": collections, **environment},
    )


def asked(ran: Ran) -> list[tuple[Point, int]]:
    """Return the points of a run that are requests or answers, each with the number of requests done by then."""
    points = [point for point in ran.points if point.kind in (REQUEST, ANSWER)]
    return [(point, point.number if point.kind == ANSWER else point.number - 1) for point in points]


# -- Vault ----------------------------------------------------------------------------------------------------------


def client(vault: Kv2, token: str = "") -> Any:
    """Return a client with a token, a new one if none is given."""
    return hvac.Client(vault.url, token or vault.issue())


def read(vault: Kv2, path: str = PATH) -> Any:
    """Read a secret."""
    return client(vault).secrets.kv.v2.read_secret_version(path, raise_on_deleted_version=True)["data"]


def test_secret(vault: Kv2) -> None:
    kv2 = client(vault).secrets.kv.v2
    kv2.create_or_update_secret(PATH, {"phase": "idle"}, cas=0)
    written = kv2.create_or_update_secret(PATH, {"phase": "staging"}, cas=1)["data"]

    found = read(vault)

    assert found["data"] == {"phase": "staging"}
    assert found["metadata"] == written
    assert found["metadata"]["version"] == 2
    assert [version.data for version in vault.versions(PATH)] == [{"phase": "idle"}, {"phase": "staging"}]


@pytest.mark.parametrize("cas", [0, 2])
def test_another_version(vault: Kv2, cas: int) -> None:
    vault.put(PATH, {"phase": "idle"})

    with pytest.raises(hvac.exceptions.InvalidRequest, match=MISMATCH):
        client(vault).secrets.kv.v2.create_or_update_secret(PATH, {"phase": "staging"}, cas=cas)

    assert read(vault)["data"] == {"phase": "idle"}


def test_no_version() -> None:
    with Kv2(cas_required=True) as vault, pytest.raises(hvac.exceptions.InvalidRequest, match=REQUIRED):
        client(vault).secrets.kv.v2.create_or_update_secret(PATH, {"phase": "staging"})


def test_absent(vault: Kv2) -> None:
    with pytest.raises(hvac.exceptions.InvalidPath) as caught:
        read(vault)

    assert caught.value.errors == []


def test_deleted(vault: Kv2) -> None:
    vault.put(PATH, {"phase": "idle"})
    client(vault).secrets.kv.v2.delete_latest_version_of_secret(PATH)

    with pytest.raises(hvac.exceptions.InvalidPath) as caught:
        read(vault)

    assert caught.value.json["data"]["metadata"]["deletion_time"]


def test_another_token(vault: Kv2) -> None:
    stranger = client(vault, "hvs.unknown")

    with pytest.raises(hvac.exceptions.Forbidden, match="permission denied"):
        stranger.secrets.kv.v2.read_secret_version(PATH, raise_on_deleted_version=True)

    assert not stranger.is_authenticated()
    assert client(vault).is_authenticated()


@needs_other_collections
def test_vault_killed(vault: Kv2, tmp_path: Path) -> None:
    def prepare(name: str) -> tuple[Scene, str]:
        path, token = f"twilio/{name}", vault.issue()
        options = {"url": vault.url, "token": token, "token_validate": True, "path": path}
        get = {"community.hashi_vault.vault_kv2_get": options}
        tasks = [
            {
                "name": "Find nothing",
                **get,
                "register": "found",
                "failed_when": "'Invalid or missing' not in found.msg",
            },
            {
                "name": "Write",
                "community.hashi_vault.vault_kv2_write": {**options, "cas": 0, "data": {"phase": "idle"}},
            },
            {"name": "Read", **get, "register": "found"},
            {"name": "Check", "ansible.builtin.assert": {"that": "found.secret.phase == 'idle'"}},
        ]
        return scene(tmp_path / name, vault, token, tasks, {}), path

    undisturbed, _path = prepare("undisturbed")
    ran = run(undisturbed, "undisturbed")
    assert ran.result.status == 0, ran.result.output
    data = "/v1/secret/data/twilio/undisturbed"
    look, get, write = "GET /v1/auth/token/lookup-self", f"GET {data}", f"POST {data}"
    assert [request.what for request in ran.requests[vault.name]] == [look, get, look, write, look, get]

    for point, done in asked(ran):
        killed, path = prepare(f"{point.kind}-{point.number}")
        run(killed, "killed", point)
        assert bool(vault.versions(path)) == (done >= 4), point


# -- IAM ------------------------------------------------------------------------------------------------------------


@needs_other_collections
def test_iam_killed(iam: Iam, tmp_path: Path) -> None:
    def prepare(name: str) -> tuple[Scene, str, str]:
        user, caller = f"user-{token_hex(4)}", iam.caller()
        iam.add_user(user)
        old, _secret = iam.add_key(user)
        tasks: list[dict[str, Any]] = [
            {"name": "Create", "amazon.aws.iam_access_key": {"user_name": user}, "no_log": True},
            {"name": "Delete", "amazon.aws.iam_access_key": {"user_name": user, "id": old, "state": "absent"}},
        ]
        return scene(tmp_path / name, iam, caller, tasks, iam.environment(caller)), user, old

    undisturbed, user, old = prepare("undisturbed")
    ran = run(undisturbed, "undisturbed")
    assert ran.result.status == 0, ran.result.output
    assert len(iam.keys(user)) == 1
    assert old not in iam.keys(user)
    create, delete, listing = "CreateAccessKey", "DeleteAccessKey", "ListAccessKeys"
    assert [request.what for request in ran.requests[iam.name]] == [listing, create, listing, delete]

    for point, done in asked(ran):
        killed, user, old = prepare(f"{point.kind}-{point.number}")
        run(killed, "killed", point)
        assert len(iam.keys(user)) == 1 + (done >= 2) - (done >= 4), point
        assert (old in iam.keys(user)) == (done < 4), point
