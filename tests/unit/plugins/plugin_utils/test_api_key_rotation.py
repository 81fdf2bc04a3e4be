# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of an API key's rotation, what is due, and messages; test_api_key_exploration.py explores the table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils import _api_key_rotation as api_keys
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_record import (
    ApiKeyProbe,
    ApiKeyRecord,
    ApiKeySettings,
    Listed,
    first_record,
    read_record,
    record_name,
    stored,
)
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Case,
    Finish,
    RotationError,
    Run,
    Save,
    Stop,
    decide,
)

ACCOUNT, NAME, MARK = "AC" + "0" * 32, "shop", "0123456789"
NOW = datetime(2026, 10, 1, tzinfo=timezone.utc)
SETTINGS = ApiKeySettings(
    NOW, 90, False, grace_days=1, roll_back=False, delete_adopted=False, authenticates="", mark="f" * 10
)
CURRENT = {"sid": "SK1", "secret": "first secret", "created_at": "2026-09-01T00:00:00Z"}
NEW = {"sid": "SK2", "secret": "second secret", "created_at": "2026-09-30T00:00:00Z"}
RECORDS: dict[str, dict[str, Any]] = {
    "idle": {"phase": "idle", **CURRENT},
    "creating": {"phase": "creating", **CURRENT, "mark": MARK},
    "creating, the first": {"phase": "creating", "mark": MARK},
    "creating, adopted": {"phase": "creating", **CURRENT, "secret": None, "mark": MARK},
    "created": {"phase": "created", **CURRENT, "mark": MARK, "new": NEW},
    "verified": {"phase": "verified", **CURRENT, "mark": MARK, "new": NEW, "verified_at": "2026-09-30T00:00:00Z"},
}


def read(record: dict[str, Any]) -> ApiKeyRecord:
    return read_record({"account_sid": ACCOUNT, "friendly_name": NAME, **record}, ACCOUNT, NAME, NOW)


def case(record: str, *sids: str, **settings: Any) -> Case[ApiKeyRecord, ApiKeyProbe, ApiKeySettings]:
    """Return the case of a record, where Twilio lists these keys."""
    probe = ApiKeyProbe(tuple(Listed(sid, "", None) for sid in sids))
    found = read(RECORDS[record]) if record else first_record(ACCOUNT, NAME)
    return Case(found, Run(), replace(SETTINGS, **settings), probe)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_kept_as_it_was_read(name):
    found = read(RECORDS[name])
    nothing = dict.fromkeys(("sid", "secret", "created_at", "new", "mark", "verified_at"))
    assert stored(found) == {"account_sid": ACCOUNT, "friendly_name": NAME, **nothing, **RECORDS[name]}
    assert found.current.secret is None or isinstance(found.current.secret, Secret)
    assert "secret" not in str(found).replace("secret=********", "").replace("secret=None", "")
    assert json.dumps(stored(found))


@pytest.mark.parametrize(
    ("record", "changes", "problem"),
    [
        ("idle", {"phase": "staged"}, "its phase is 'staged'"),
        ("idle", {"phase": None}, "its phase is 'None'"),
        ("idle", {"new": NEW}, "holds a new key"),
        ("idle", {"created_at": None}, "not when that was created"),
        ("idle", {"sid": None}, "a secret of no key"),
        ("idle", {"created_at": "2026-12-01T00:00:00Z"}, "created_at is 2026-12-01T00:00:00Z, which is in the future"),
        ("creating", {"mark": None}, "holds no mark"),
        ("creating", {"mark": "shop"}, "holds no mark"),
        ("created", {"new": None}, "holds no new key"),
        ("created", {"new": {**NEW, "secret": ""}}, "holds no new key with its secret"),
        ("created", {"new": "SK2"}, "new is no dictionary"),
        ("created", {"new": {**NEW, "sid": "SK1"}}, "are the same"),
        ("created", {"new": {**NEW, "created_at": "soon"}}, "new.created_at: expected a date"),
        ("verified", {"verified_at": None}, "no verified_at"),
        ("verified", {"verified_at": "2027-01-01T00:00:00Z"}, "in the future"),
    ],
)
def test_a_record_that_contradicts_itself_is_not_used(record, changes, problem):
    with pytest.raises(RotationError) as refused:
        read({**RECORDS[record], **changes})
    assert problem in str(refused.value)
    assert "Nothing was done." in str(refused.value)
    assert "first secret" not in str(refused.value)
    assert "second secret" not in str(refused.value)


@pytest.mark.parametrize("changes", [{"account_sid": "AC" + "1" * 32}, {"friendly_name": "Shop"}])
def test_a_record_of_another_rotation_is_not_used(changes):
    with pytest.raises(RotationError, match="The record is about"):
        read({**RECORDS["idle"], **changes})


def test_a_record_is_named_by_account_and_name():
    name = record_name(ACCOUNT, "Shop: 1/2")
    assert name.startswith(f"api_key.{ACCOUNT}.shop--1-2-")
    assert name != record_name(ACCOUNT, "shop: 1/2")


@pytest.mark.parametrize(
    ("record", "sids", "days"),
    [
        ("idle", ["SK1"], 60.0),
        ("idle", [], 0.0),
        ("idle", ["SK2"], 0.0),
        ("", [], 0.0),
        ("verified", ["SK1", "SK2"], 89.0),
    ],
)
def test_what_is_due_counts_from_the_key_that_consumers_use(record, sids, days):
    assert api_keys.due_in_days(case(record, *sids)) == days


def test_what_was_not_listed_is_not_known_to_be_due():
    assert api_keys.due_in_days(replace(case("idle"), probe=None)) is None


def test_other_keys_of_the_name_are_named():
    assert api_keys.others(case("idle", "SK1", "SK7", "SK8")) == ["SK7", "SK8"]
    assert api_keys.others(case("verified", "SK1", "SK2", "SK7")) == ["SK7"]


def test_nothing_is_decided_by_the_age_of_a_key_that_is_forced():
    assert isinstance(decide(api_keys.TABLE, case("idle", "SK1"))[1], Finish)
    assert isinstance(decide(api_keys.TABLE, case("idle", "SK1", force=True))[1], Save)


def test_several_keys_without_a_record_are_named():
    _row, step = decide(api_keys.TABLE, case("", "SK7", "SK8"))
    assert isinstance(step, Stop)
    assert "SK7 and SK8" in step.message


def test_one_key_without_a_record_is_adopted():
    _row, step = decide(api_keys.TABLE, case("", "SK7"))
    assert isinstance(step, Save)
    assert step.changes["current"].sid == "SK7"
    assert step.changes["current"].secret is None
    assert step.changes["mark"] == SETTINGS.mark
