# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``rotate_public_key``: the rows of its table, and its private keys."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from credential_rotations import NEW, OLD, OLD_FINGERPRINT, Accounts, Outcome, Rotation, credential
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from rotations import LONG_AGO

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def der(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public half."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def now(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


FINGERPRINT = hashlib.sha256(der(KEY)).hexdigest()[:10]
#: Existing files in the folder of private keys, and one that does not exist.
OLD_FILE, NEW_FILE, NO_FILE = "old.pem", "new.pem", "none.pem"
CURRENT = {"sid": OLD, "key_id": "", "fingerprint": OLD_FINGERPRINT, "private_key_path": OLD_FILE}
IDLE = {"phase": "idle", "current": CURRENT}
ISSUING = {"phase": "issuing", "current": CURRENT, "new": {"private_key_path": NEW_FILE}}
ISSUED = {**ISSUING, "phase": "issued", "new": {"private_key_path": NEW_FILE, "fingerprint": FINGERPRINT}}
CREATED = {**ISSUED, "phase": "created", "new": {**ISSUED["new"], "sid": NEW}}
VERIFIED = {**CREATED, "phase": "verified", "verified_at": LONG_AGO}
OLD_ONE = credential(OLD, OLD_FINGERPRINT)
BOTH = [OLD_ONE, credential(NEW, FINGERPRINT, now(days=80))]
AT_ONCE = {"grace_days": 0}
WITHOUT_FILE = {**CREATED, "new": {**CREATED["new"], "private_key_path": NO_FILE}}
POST = {"method": "POST", "path": "PublicKeys$"}
ROWS = [
    Rotation("first", variables=AT_ONCE),
    Rotation("not known, not due", [credential(OLD, None, now(days=80))]),
    Rotation("not due", [credential(OLD, None, now(days=80))], IDLE),
    Rotation("due", [OLD_ONE], IDLE),
    Rotation("due, at once", [OLD_ONE], IDLE, AT_ONCE),
    Rotation("re-pointing fails", [OLD_ONE], IDLE, AT_ONCE, failing=["repoint"]),
    Rotation("answer lost", [OLD_ONE], IDLE, AT_ONCE, faults=[{**POST, "kind": "reset", "applied": True}]),
    Rotation("refused", [OLD_ONE], IDLE, AT_ONCE, faults=[{**POST, "kind": "status", "code": 70102}]),
    Rotation("issuing, no file", [OLD_ONE], {**ISSUING, "new": {"private_key_path": "made.pem"}}, AT_ONCE),
    Rotation("issuing", [OLD_ONE], ISSUING, AT_ONCE),
    Rotation("issued, created", BOTH, ISSUED, AT_ONCE),
    Rotation("issued, not created", [OLD_ONE], ISSUED, AT_ONCE),
    Rotation("created, no file", BOTH, WITHOUT_FILE, AT_ONCE),
    Rotation("created, deleted", [OLD_ONE], CREATED, AT_ONCE),
    Rotation("in grace", BOTH, {**VERIFIED, "verified_at": now(days=6.9)}),
    Rotation("over", BOTH, VERIFIED),
    Rotation("revoking", BOTH[1:], {**VERIFIED, "phase": "revoking"}),
    Rotation("relative folder", variables={"private_key_folder": "keys"}),
]


def with_folder(rotation: Rotation, folder: Path) -> Rotation:
    """Return the rotation with absolute paths in its record."""
    if rotation.record is None:
        return rotation
    placed = {
        name: {**part, "private_key_path": str(folder / part["private_key_path"])}
        for name, part in rotation.record.items()
        if isinstance(part, Mapping) and "private_key_path" in part
    }
    return replace(rotation, record={**rotation.record, **placed})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("rows")
    (folder / "private").mkdir(mode=0o700)
    (folder / "private" / NEW_FILE).write_bytes(PEM)
    return folder


@pytest.fixture(scope="module")
def accounts(running_simulator, folder) -> Accounts:
    running_simulator.reset()
    accounts = Accounts(running_simulator, folder, "public_key", {"private_key_folder": str(folder / "private")})
    accounts.in_process = True
    return accounts


@pytest.fixture(scope="module")
def table(running_simulator, accounts, folder) -> dict[str, Outcome]:
    """Run the table in check mode, assert that this changed nothing anywhere, and run it for real."""
    rows = [with_folder(row, folder / "private") for row in ROWS]
    accounts.seed(rows)
    running_simulator.settings(forbid_writes=True)
    planned = accounts.run([replace(row, faults=()) for row in rows], "--check", "--diff")
    assert running_simulator.health()["forbidden_writes"] == 0
    running_simulator.settings(forbid_writes=False)
    assert [file.name for file in (folder / "private").iterdir()] == [NEW_FILE]
    for name, plan in planned.items():
        assert plan.unchanged, name
        assert plan.hooks == [], name
        assert plan.methods in ([], ["GET"]), name
    done = accounts.run(rows)
    # Check mode predicts each change; a run that fails may have been predicted to change something.
    for name, rotated in done.items():
        if rotated.failure is None:
            assert planned[name].changed == rotated.changed, name
    return done


def assert_readable(path: str, public_key: str) -> None:
    """Assert that the file holds the private half, and that its owner alone can read it."""
    file = Path(path)
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 or file.name == NEW_FILE
    held = load_pem_private_key(file.read_bytes(), password=None)
    assert held.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() == public_key


@pytest.mark.parametrize("name", ["first", "due, at once", "answer lost", "issuing, no file", "issuing"])
def test_a_rotation(table, name):
    rotated = table[name]
    old = "" if name == "first" else OLD
    sid = rotated.assert_moved(old)
    rotated.assert_finished(sid)
    assert rotated.writes == (["POST"] if name == "first" else ["POST", "DELETE"])
    path = rotated.record["current"]["private_key_path"]
    assert {hook["private_key_path"] for hook in rotated.hooks} == {path}
    assert_readable(path, rotated.credentials[0]["public_key"])
    if name in ("first", "due, at once"):
        assert Path(path).name.startswith(f"{rotated.account_sid}.recordings-of-s3-")
    if name == "issuing":
        assert Path(path).name == NEW_FILE


def test_the_old_one_stays_for_the_days_of_grace(table):
    waiting = table["due"]
    sid = waiting.assert_moved(OLD)
    assert waiting.sids == [OLD, sid]
    assert waiting.record["phase"] == waiting.result["phase"] == "verified"
    assert waiting.writes == ["POST"]
    assert_readable(waiting.record["new"]["private_key_path"], waiting.credentials[1]["public_key"])


@pytest.mark.parametrize("name", ["not known, not due", "not due", "in grace"])
def test_nothing_due_is_one_request_and_no_change(table, name):
    table[name].assert_untouched()
    assert table[name].failure is None
    assert table[name].methods == ["GET"]
    assert table[name].result["due_in_days"] == 10.0


@pytest.mark.parametrize("name", ["over", "revoking"])
def test_after_the_days_of_grace_it_goes(table, folder, name):
    over = table[name]
    over.assert_finished(NEW)
    assert over.writes == (["DELETE"] if name == "over" else [])
    assert (folder / "private" / NEW_FILE).exists()


def test_one_that_was_created_is_not_created_again(table):
    rotated = table["issued, created"]
    assert rotated.assert_moved(OLD) == NEW
    rotated.assert_finished(NEW)
    assert rotated.writes == ["DELETE"]


def test_one_that_was_not_created_is_created_from_the_same_key(table):
    rotated = table["issued, not created"]
    rotated.assert_finished(rotated.assert_moved(OLD))
    assert rotated.record["current"]["fingerprint"] == FINGERPRINT
    assert_readable(rotated.record["current"]["private_key_path"], rotated.credentials[0]["public_key"])


def test_consumers_are_not_pointed_to_a_key_that_nobody_has(table, folder):
    refused = table["created, no file"]
    refused.assert_refused(NO_FILE, NEW)
    assert refused.hooks == []
    assert refused.record["phase"] == "created"
    assert not (folder / "private" / NO_FILE).exists()


def test_a_new_credential_that_somebody_deleted_is_abandoned(table, folder):
    back = table["created, deleted"]
    assert back.failure is None
    assert back.passed == [("repoint", OLD, NEW)]
    assert back.hooks[0]["private_key_path"] == str(folder / "private" / OLD_FILE)
    assert back.record["phase"] == "idle"
    assert back.record["current"]["sid"] == OLD
    assert (folder / "private" / NEW_FILE).exists()


def test_the_next_run_uses_the_same_key(accounts, table):
    for name in ("re-pointing fails", "refused"):
        failed = table[name]
        assert failed.failure is not None
        new = failed.record["new"]
        (row,) = [row for row in ROWS if row.name == name]
        again = accounts.run([replace(row, record=None, failing=(), faults=())])[name]
        again.assert_finished(again.assert_moved(OLD))
        assert again.record["current"]["private_key_path"] == new["private_key_path"]
        assert again.record["current"]["fingerprint"] == new["fingerprint"]


def test_no_two_rotations_share_a_key(table):
    current = [rotated.record["current"] for name, rotated in table.items() if name in ("first", "due, at once")]
    assert len({each["fingerprint"] for each in current}) == len({each["private_key_path"] for each in current}) == 2


def test_a_relative_folder_is_refused(table):
    table["relative folder"].assert_refused("rotate_public_key_private_key_folder")
    assert table["relative folder"].requests == []
