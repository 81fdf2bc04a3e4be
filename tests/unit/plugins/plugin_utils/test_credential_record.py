# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records and variables of rotations of credentials: all versions of records are read, and invalid ones refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    AWS_CREDENTIAL,
    CREATED,
    IDLE,
    ISSUED,
    ISSUING,
    NO_KEY,
    PUBLIC_KEY,
    REVOKING,
    VERIFIED,
    AccessKey,
    CredentialRecord,
    CredentialSettings,
    Key,
    check_settings,
    first_record,
    private_key_path,
    read_keys,
    read_record,
    record_name,
    stored,
)
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError

ACCOUNT, NAME = f"AC{'0' * 32}", "recordings"
NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
AWS = CredentialSettings(NOW, 90, False, AWS_CREDENTIAL, 7, lists_keys=True)

#: Records as the first version of the roles saved them.
BASE = {"account_sid": ACCOUNT, "friendly_name": NAME, "new": None, "present": [], "verified_at": None, "lock": None}
OLD = {"fingerprint": None, "sid": "CR1", "key_id": "KOLD"}
FIRST = {"fingerprint": None, "sid": "", "key_id": ""}
NEW = {"key_id": "KNEW", "fingerprint": "1f2e3d4c5b", "sid": "CR2"}
ISSUED_KEY = {"key_id": "KNEW", "fingerprint": "1f2e3d4c5b"}
PAIR = {"private_key_path": "/keys/new.pem", "fingerprint": "1f2e3d4c5b", "sid": "CR2"}
OLD_PAIR = {"fingerprint": "0123456789", "sid": "CR1", "key_id": "", "private_key_path": "/keys/old.pem"}
AWS_RECORDS = {
    IDLE: {**BASE, "phase": "idle", "current": NEW},
    ISSUING: {**BASE, "phase": "issuing", "current": OLD, "present": ["KOLD"]},
    ISSUED: {**BASE, "phase": "issued", "current": OLD, "new": ISSUED_KEY, "present": ["KOLD"]},
    CREATED: {**BASE, "phase": "created", "current": FIRST, "new": NEW},
    VERIFIED: {**BASE, "phase": "verified", "current": OLD, "new": NEW, "verified_at": "2026-01-30T04:00:00Z"},
    REVOKING: {**BASE, "phase": "revoking", "current": OLD, "new": NEW, "verified_at": "2026-01-30T04:00:00Z"},
}
PUBLIC_KEY_RECORDS = {
    ISSUING: {**BASE, "phase": "issuing", "current": OLD_PAIR, "new": {"private_key_path": "/keys/new.pem"}},
    CREATED: {**BASE, "phase": "created", "current": OLD_PAIR, "new": PAIR},
}


def read(record, credential_type=AWS_CREDENTIAL) -> CredentialRecord:
    return read_record(record, ACCOUNT, NAME, NOW, credential_type)


@pytest.mark.parametrize(
    ("record", "credential_type"),
    [
        *[(record, AWS_CREDENTIAL) for record in AWS_RECORDS.values()],
        *[(record, PUBLIC_KEY) for record in PUBLIC_KEY_RECORDS.values()],
    ],
)
def test_a_record_is_read_as_it_was_saved(record, credential_type):
    result = read(record, credential_type)
    assert result.phase == record["phase"]
    for name in ("current", "new"):
        known = {part: value for part, value in (record[name] or {}).items() if value}
        assert getattr(result, name) == Key(**known)
        assert stored(result)[name] == (known or None)
    assert result.present == tuple(record["present"])
    assert result.verified_at == record["verified_at"]
    assert read(stored(result), credential_type) == result


def test_the_first_record_is_at_rest():
    record = first_record(ACCOUNT, NAME)
    assert (record.phase, record.current, record.new) == (IDLE, NO_KEY, NO_KEY)
    assert read(stored(record)) == record


@pytest.mark.parametrize(
    "change", [{"friendly_name": "another"}, {"account_sid": f"AC{'1' * 32}"}, {"account_sid": None}]
)
def test_a_record_of_another_rotation_is_refused(change):
    with pytest.raises(RotationError, match="The record is about .* of account .*. Nothing was done."):
        read({**AWS_RECORDS[IDLE], **change})


@pytest.mark.parametrize(
    ("record", "credential_type", "problem"),
    [
        ({**AWS_RECORDS[IDLE], "phase": "staged"}, AWS_CREDENTIAL, "its phase is 'staged'"),
        ({**AWS_RECORDS[IDLE], "phase": None}, AWS_CREDENTIAL, "its phase is 'None'"),
        (
            {**AWS_RECORDS[IDLE], "new": {"sid": "CR3"}},
            AWS_CREDENTIAL,
            "its phase is 'idle', but it holds the sid of a new",
        ),
        (
            {**AWS_RECORDS[ISSUING], "new": ISSUED_KEY},
            AWS_CREDENTIAL,
            "its phase is 'issuing', but it holds the key_id",
        ),
        ({**PUBLIC_KEY_RECORDS[ISSUING], "new": None}, PUBLIC_KEY, "holds no private_key_path of the new public key"),
        ({**AWS_RECORDS[ISSUED], "new": {"key_id": "KNEW"}}, AWS_CREDENTIAL, "holds no fingerprint of the new"),
        ({**AWS_RECORDS[ISSUED], "new": {"fingerprint": "1f2e3d4c5b"}}, AWS_CREDENTIAL, "holds no key_id"),
        ({**AWS_RECORDS[ISSUED], "new": NEW}, AWS_CREDENTIAL, "its phase is 'issued', but it holds the sid"),
        ({**AWS_RECORDS[CREATED], "new": ISSUED_KEY}, AWS_CREDENTIAL, "its phase is 'created', but it holds no sid"),
        ({**AWS_RECORDS[CREATED], "new": None}, AWS_CREDENTIAL, "its phase is 'created', but it holds no "),
        ({**AWS_RECORDS[CREATED], "new": PAIR}, AWS_CREDENTIAL, "holds no key_id of the new AWS credential"),
        ({**PUBLIC_KEY_RECORDS[CREATED], "new": NEW}, PUBLIC_KEY, "holds no private_key_path"),
        (
            {**AWS_RECORDS[VERIFIED], "verified_at": None},
            AWS_CREDENTIAL,
            "its phase is 'verified', but it holds no verified_at",
        ),
        ({**AWS_RECORDS[CREATED], "current": {"sid": "CR2"}}, AWS_CREDENTIAL, "have the same sid"),
        # Revoking the old key would revoke the new one.
        ({**AWS_RECORDS[REVOKING], "current": {"key_id": "KNEW"}}, AWS_CREDENTIAL, "have the same key_id"),
        ({**PUBLIC_KEY_RECORDS[CREATED], "current": {**PAIR, "sid": "CR1"}}, PUBLIC_KEY, "have the same fingerprint"),
        ({**AWS_RECORDS[VERIFIED], "verified_at": "2036-01-30T04:00:00Z"}, AWS_CREDENTIAL, "which is in the future"),
        ({**AWS_RECORDS[VERIFIED], "verified_at": "soon"}, AWS_CREDENTIAL, "verified_at: expected a date"),
        ({**AWS_RECORDS[IDLE], "current": "CR1"}, AWS_CREDENTIAL, "no dictionary"),
        ({**AWS_RECORDS[IDLE], "present": "KOLD"}, AWS_CREDENTIAL, "no list of texts"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(record, credential_type, problem):
    with pytest.raises(RotationError, match=f"The record can't be used: .*{problem}.* Nothing was done. To repair"):
        read(record, credential_type)


def test_another_machines_clock_may_be_a_little_ahead():
    assert read({**AWS_RECORDS[VERIFIED], "verified_at": "2026-01-31T04:04:00Z"}).phase == VERIFIED


@pytest.mark.parametrize(
    ("credential_type", "friendly_name", "expected"),
    [
        (AWS_CREDENTIAL, "recordings", f"aws_credential.{ACCOUNT}.recordings-acbb7743"),
        (PUBLIC_KEY, "recordings", f"public_key.{ACCOUNT}.recordings-acbb7743"),
        (PUBLIC_KEY, "Recordings of S3", f"public_key.{ACCOUNT}.recordings-of-s3-2952c13a"),
        (PUBLIC_KEY, "../x", f"public_key.{ACCOUNT}.---x-d6b96a97"),
        (PUBLIC_KEY, "Grüße", f"public_key.{ACCOUNT}.gr--e-f83e0397"),
    ],
)
def test_a_record_has_a_name_that_can_be_a_files(credential_type, friendly_name, expected):
    assert record_name(credential_type, ACCOUNT, friendly_name) == expected


RIGHT = {"account_sid": ACCOUNT, "friendly_name": NAME, "max_age_days": 90, "grace_days": 7}


@pytest.mark.parametrize(
    ("credential_type", "given"),
    [
        (AWS_CREDENTIAL, {"iam_user": "recordings"}),
        (AWS_CREDENTIAL, {"issue_tasks": "issue.yml", "revoke_tasks": "revoke.yml"}),
        (AWS_CREDENTIAL, {"iam_user": "recordings", "friendly_name": "n" * 52, "grace_days": 0, "max_age_days": 0.5}),
        (PUBLIC_KEY, {"private_key_folder": "/keys"}),
    ],
)
def test_right_variables_are_taken(credential_type, given):
    assert check_settings(credential_type, **{**RIGHT, **given}) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"account_sid": "AC1"}, "rotate_aws_credential_account_sid"),
        ({"account_sid": f"{ACCOUNT}\n"}, "rotate_aws_credential_account_sid"),
        ({"friendly_name": ""}, "rotate_aws_credential_friendly_name: expected 1 to 52 characters"),
        ({"friendly_name": "n" * 53}, "rotate_aws_credential_friendly_name: expected 1 to 52 characters"),
        ({"friendly_name": "recordings #0123456789"}, "don't end like a signature"),
        ({"max_age_days": -1}, "rotate_aws_credential_max_age_days: expected more than 0 days."),
        ({"max_age_days": float("nan")}, "rotate_aws_credential_max_age_days: expected more than 0 days."),
        ({"grace_days": 90}, "rotate_aws_credential_grace_days: expected fewer days than"),
        ({"grace_days": -1}, "rotate_aws_credential_grace_days: expected fewer days than"),
        ({"grace_days": float("nan")}, "rotate_aws_credential_grace_days: expected fewer days than"),
        ({"iam_user": ""}, "rotate_aws_credential_iam_user: expected the name of a dedicated IAM user"),
        ({"iam_user": "", "issue_tasks": "issue.yml"}, "rotate_aws_credential_iam_user"),
    ],
)
def test_a_wrong_variable_is_named(given, expected):
    problems = check_settings(AWS_CREDENTIAL, **{**RIGHT, "iam_user": "recordings", **given})
    assert any(expected in problem for problem in problems)


@pytest.mark.parametrize("folder", ["", "keys"])
def test_the_folder_of_private_keys_is_absolute(folder):
    (problem,) = check_settings(PUBLIC_KEY, **RIGHT, private_key_folder=folder)
    assert problem.startswith("rotate_public_key_private_key_folder: expected the absolute path")


@pytest.mark.parametrize(
    ("handed_over", "expected"),
    [
        ([], ()),
        ([{"id": "K1"}], (AccessKey("K1"),)),
        ([{"id": "K1", "used": False, "status": "Active"}], (AccessKey("K1", False, "Active"),)),
        # A value that is no boolean means unknown.
        ([{"id": "K1", "used": "False"}], (AccessKey("K1"),)),
        ([{"id": "K1", "used": None, "status": None}], (AccessKey("K1"),)),
    ],
)
def test_keys_are_read_as_they_were_handed_over(handed_over, expected):
    assert read_keys(handed_over, AWS) == expected


@pytest.mark.parametrize("handed_over", [None, "K1", {"id": "K1"}, ["K1"], [{"used": True}], [{"id": ""}], [{"id": 1}]])
def test_what_is_no_list_of_keys_is_refused(handed_over):
    with pytest.raises(RotationError, match="rotate_aws_credential_list_tasks: expected .* rotate_aws_credential_keys"):
        read_keys(handed_over, AWS)


@pytest.mark.parametrize(
    ("status", "is_active"), [(None, True), ("Active", True), ("active", True), ("Inactive", False), ("Expired", False)]
)
def test_a_key_is_active_unless_it_is_known_not_to_be(status, is_active):
    assert AccessKey("K1", status=status).is_active is is_active


def test_two_private_keys_of_one_second_are_in_two_files():
    record, settings = first_record(ACCOUNT, NAME), replace(AWS, credential_type=PUBLIC_KEY, private_key_folder="/keys")
    later = replace(settings, now=NOW + timedelta(microseconds=1))
    assert private_key_path(record, settings).startswith(f"/keys/{ACCOUNT}.{NAME}-")
    assert private_key_path(record, settings) != private_key_path(record, later)
