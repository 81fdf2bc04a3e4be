# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What records tell without a request: one row each, whatever is in them, and never a secret."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.plugin_utils import _lock
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordError, RecordFile
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import (
    Status,
    Store,
    aged,
    record_name,
    status_of,
    table,
)
from ansible_collections.community.twilio.plugins.plugin_utils._shown import width

NOW = datetime(2026, 1, 31, 4, tzinfo=timezone.utc)
ONE, TWO = "AC" + "1" * 32, "AC" + "2" * 32
TOKEN, SECRET, PASSWORD = "a" * 32, "b" * 32, "the records' password"


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def token(**changes: Any) -> dict[str, Any]:
    idle = {"account_sid": ONE, "phase": "idle", "primary": TOKEN, "pending": None, "rotated_at": days_ago(10)}
    return {**idle, **changes}


def named(name: str = "shop", **changes: Any) -> dict[str, Any]:
    return {"account_sid": ONE, "friendly_name": name, "phase": "idle", **changes}


KEY = {"sid": "SK" + "1" * 32, "secret": SECRET, "created_at": days_ago(20)}
NEW_KEY = {"sid": "SK" + "2" * 32, "secret": SECRET, "created_at": days_ago(1)}
MADE = {"sid": "CR" + "1" * 32, "fingerprint": "0123456789"}


@pytest.mark.parametrize(
    ("kind", "record", "phase", "made_at"),
    [
        ("auth_token", token(), "idle", days_ago(10)),
        ("auth_token", token(phase="staged", pending=SECRET, staged_at=days_ago(0)), "staged", days_ago(10)),
        ("api_key", named(**KEY), "idle", days_ago(20)),
        ("api_key", named(**{**KEY, "phase": "created", "mark": "0" * 10, "new": NEW_KEY}), "created", days_ago(1)),
        ("api_key", named(), "idle", None),
        ("aws_credential", named(current={**MADE, "key_id": "AKIA"}), "idle", None),
        (
            "public_key",
            named(current={**MADE, "private_key_path": "/keys/shop-1234-20260101T040000.123456Z.pem"}),
            "idle",
            "2026-01-01T04:00:00Z",
        ),
        ("public_key", named(current={**MADE, "private_key_path": "/keys/by hand.pem"}), "idle", None),
    ],
)
def test_a_record_tells_its_phase_and_when_what_is_used_was_made(kind, record, phase, made_at):
    name = record_name(kind, ONE, record.get("friendly_name", ""))
    told = status_of(name, record, NOW)
    assert told == Status(name, kind, ONE, record.get("friendly_name", ""), phase, made_at)
    assert TOKEN not in repr(told)
    assert SECRET not in repr(told)


@pytest.mark.parametrize(
    ("name", "record", "problem"),
    [
        (TWO, token(), f"The record is about account {ONE}, as its name is not."),
        (record_name("api_key", ONE, "other"), named(**KEY), "The record is about 'shop' of account"),
        (record_name("api_key", TWO, "shop"), named(**KEY), "The record is about 'shop' of account"),
        (ONE, {"phase": "idle"}, "The record is about no account"),
        ("notes", token(), f"The record is about account {ONE}"),
        ("auth_token." + ONE, token(), f"The record is about account {ONE}"),
        (ONE, token(phase="asleep"), "The record can't be used: its phase is 'asleep'"),
        (ONE, token(rotated_at="2027-01-01"), "which is in the future"),
        (ONE, token(lock={"pid": "x"}), "The record's lock can't be read"),
        (ONE, token(lock="x"), "The record's lock can't be read"),
        (ONE, {"account_sid": [ONE]}, "The record is about account"),
        (record_name("public_key", ONE, "shop"), named(current="x"), "current or new is no dictionary"),
    ],
)
def test_a_record_that_is_wrong_says_in_what(name, record, problem):
    told = status_of(name, record, NOW)
    assert problem in told.problem
    assert TOKEN not in repr(told)
    assert SECRET not in repr(told)


def test_who_holds_a_record_is_told_while_that_run_lives():
    lock = _lock.ours(NOW, "run").as_dict()
    elsewhere = {**lock, "boot_id": "another", "machine_id": "another", "host": "elsewhere", "pid": 12}
    held = status_of(ONE, token(lock=elsewhere), NOW).held_by
    assert held == f"process 12 on elsewhere since {lock['renewed_at']}"
    assert status_of(ONE, token(lock={**elsewhere, "renewed_at": days_ago(1)}), NOW).held_by == ""
    assert status_of(ONE, token(), NOW).held_by == ""


@pytest.mark.parametrize(
    ("made", "limit", "due", "overdue"),
    [(10, 90, 80.0, False), (100, 90, -10.0, True), (90, 90, 0.0, True), (0, 0, 0.0, True), (0.5, 90, 89.5, False)],
)
def test_what_is_as_old_as_it_may_get_is_overdue(made, limit, due, overdue):
    told = aged(status_of(ONE, token(rotated_at=days_ago(made)), NOW), limit, NOW)
    assert (told.age_days, told.due_in_days, told.overdue) == (made, due, overdue)


def test_an_age_that_is_not_known_is_not_overdue():
    told = aged(Status("x", "aws_credential", ONE, "shop", "idle"), 0, NOW)
    assert (told.age_days, told.due_in_days, told.overdue) == (None, None, False)


def test_the_table_shows_first_what_is_worst_and_no_name_can_break_it():
    hostile = "<b>\n\x1b[2J\u202e日本 | {{ 7 * 7 }}"
    statuses = [
        Status("c", "aws_credential", ONE, "recordings", "idle"),
        aged(Status("b", "api_key", ONE, hostile, "idle", days_ago(1)), 90, NOW),
        aged(Status(TWO, "auth_token", TWO, "", "staged", days_ago(95), "process 1 on a\nb since"), 90, NOW),
        Status("x\ny", "", problem="It is\ndamaged."),
    ]
    shown = "<b>[U+000A][U+001B][2J[U+202E]日本 | {{ 7 * 7 }}"
    lines = table(statuses)
    assert [re.split(" {2,}", line) for line in lines] == [
        ["NAME", "KIND", "PHASE", "AGE", "DUE", "HELD BY, OR PROBLEM"],
        ["x[U+000A]y", "not known", "unusable", "-", "-", "It is[U+000A]damaged."],
        [TWO, "auth token", "staged", "95.0 days", "overdue by 5.0 days", "process 1 on a[U+000A]b since"],
        [f"{shown} ({ONE})", "API key", "idle", "1.0 days", "in 89.0 days", "-"],
        [f"recordings ({ONE})", "AWS credential", "idle", "not known", "not known", "-"],
    ]
    kinds = ("KIND", "not known", "auth token", "API key", "AWS credential")
    assert len({width(line[: line.index(kind)]) for line, kind in zip(lines, kinds)}) == 1


def test_a_store_is_read_and_what_is_damaged_is_told(tmp_path):
    folder = tmp_path / "store"
    for name, password in ((ONE, PASSWORD), (TWO, "another")):
        RecordFile(str(folder / f"{name}.yml"), password).save(token(), NO_VERSION)
    (folder / "broken.yml").write_text("nothing", encoding="utf-8")
    (folder / "broken.yml").chmod(0o600)
    (folder / "readme.txt").write_text("no record", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    store = Store(str(folder), PASSWORD)
    assert store.names() == [ONE, TWO, "broken"]
    told = {name: store.read(name, NOW)[0] for name in [*store.names(), "missing"]}
    assert told["missing"] is None
    assert told[ONE].phase == "idle"
    assert "encrypted with another password" in told[TWO].problem
    assert "is not encrypted by ansible-vault" in told["broken"].problem
    assert PASSWORD not in repr(told)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("path", "password", "problem"),
    [
        ("relative", PASSWORD, "store_path: expected the absolute path"),
        ("/missing for certain", PASSWORD, "store_path: /missing for certain can't be read"),
        ("/missing for certain", None, "store_password: expected what records are encrypted with"),
        ("/missing for certain", 123, "store_password: expected a text"),
    ],
)
def test_a_store_that_can_not_be_right_is_refused(path, password, problem):
    with pytest.raises(RecordError, match=problem):
        Store(path, password).names()
