# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for every combination of what is there and what is wanted: a pure function, so no request is made."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import AmbiguousState, InputError
from ansible_collections.community.twilio.plugins.module_utils._resources.credential import (
    AWS,
    Create,
    Credential,
    Delete,
    Rename,
)
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

ACCOUNT = "AC" + "a" * 32
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNATURE = hmac.new(ACCOUNT.encode(), f"{KEY_ID}:{SECRET}".encode(), hashlib.sha256).hexdigest()[:10]
OTHER = "0123456789"


def sid(number: int) -> str:
    return f"CR{number:032x}"


def make_credentials(*names: str | None) -> list[Credential]:
    """Return credentials with these stored names, make_sid from 1, each a day younger than the one before."""
    return [
        Credential.from_answer(
            {
                "sid": sid(number),
                "account_sid": ACCOUNT,
                "friendly_name": name,
                "date_created": f"2026-01-{number:02}T00:00:00Z",
                "date_updated": None,
                "url": None,
            }
        )
        for number, name in enumerate(names, start=1)
    ]


def plan(actual, **options):
    wanted = {
        "state": "present",
        "sid": None,
        "friendly_name": None if "sid" in options else "recordings",
        "update_secret": "on_create",
        "unsigned": "warn",
        "remove_replaced": False,
        "aws_access_key_id": KEY_ID,
        "aws_secret_access_key": Secret(SECRET),
        **options,
    }
    client = Client(Connection(ACCOUNT, Secret("t" * 32)), transport=None)
    return AWS.state(client, wanted).plan(actual)


def steps(made) -> list[tuple[str, str | None]]:
    """Return the steps of a plan as words, with the stored name of what is made and the SID of what goes."""
    words = {Create: "create", Rename: "rename", Delete: "delete"}
    return [
        (words[type(step)], step.credential.sid if isinstance(step, Delete) else step.credential.stored_name)
        for step in made.steps
    ]


SIGNED = f"recordings #{SIGNATURE}"
FOREIGN = f"recordings #{OTHER}"


@pytest.mark.parametrize(
    ("names", "options", "expected", "replaced"),
    [
        ([], {}, [("create", "recordings")], []),
        (["other", None], {}, [("create", "recordings")], []),
        (["recordings"], {}, [], []),
        ([SIGNED], {}, [], []),
        ([FOREIGN], {}, [], []),
        (["recordings #012345678"], {}, [("create", "recordings")], []),
        ([], {"update_secret": "when_changed"}, [("create", SIGNED)], []),
        ([SIGNED], {"update_secret": "when_changed"}, [], []),
        ([FOREIGN], {"update_secret": "when_changed"}, [("create", SIGNED)], [1]),
        (["recordings"], {"update_secret": "when_changed"}, [], []),
        (["recordings"], {"update_secret": "when_changed", "remove_replaced": True}, [], []),
        (["recordings", FOREIGN], {"update_secret": "when_changed"}, [("create", SIGNED)], [1, 2]),
        (["recordings", SIGNED], {"update_secret": "when_changed"}, [], []),
        (
            [FOREIGN, SIGNED, "recordings"],
            {"update_secret": "when_changed", "remove_replaced": True},
            [("delete", sid(1)), ("delete", sid(3))],
            [1, 3],
        ),
        (
            [FOREIGN],
            {"update_secret": "when_changed", "remove_replaced": True},
            [("create", SIGNED), ("delete", sid(1))],
            [1],
        ),
        ([], {"update_secret": "always"}, [("create", SIGNED)], []),
        ([SIGNED], {"update_secret": "always"}, [("create", SIGNED)], [1]),
        (
            [SIGNED, "recordings", "other"],
            {"update_secret": "always", "remove_replaced": True},
            [("create", SIGNED), ("delete", sid(1)), ("delete", sid(2))],
            [1, 2],
        ),
        ([], {"state": "absent"}, [], []),
        (["recordings"], {"state": "absent"}, [("delete", sid(1))], []),
        ([FOREIGN], {"state": "absent"}, [("delete", sid(1))], []),
        ([None], {"sid": sid(1)}, [], []),
        (["recordings"], {"sid": sid(1), "friendly_name": "recordings"}, [], []),
        (["recordings"], {"sid": sid(1), "friendly_name": "new"}, [("rename", "new")], []),
        ([None], {"sid": sid(1), "friendly_name": "new"}, [("rename", "new")], []),
        ([FOREIGN], {"sid": sid(1), "friendly_name": "new"}, [("rename", f"new #{OTHER}")], []),
        ([], {"sid": sid(1), "state": "absent"}, [], []),
        (["x"], {"sid": sid(1), "state": "absent"}, [("delete", sid(1))], []),
    ],
)
def test_the_table(names, options, expected, replaced):
    made = plan(make_credentials(*names), **options)
    assert steps(made) == expected
    assert made.result["replaced_sids"] == [sid(number) for number in replaced]
    assert made.outcome().changed == bool(expected)


CHOICES = ("warn", "adopt", "replace", "fail")
CREATE: list[tuple[str, str]] = [("create", SIGNED)]
ADOPT = [("rename", SIGNED)]
STAY: list[tuple[str, str]] = []
FAIL = None


@pytest.mark.parametrize("remove_replaced", [False, True])
@pytest.mark.parametrize(
    ("names", "by_choice"),
    [
        ([], [CREATE, CREATE, CREATE, CREATE]),
        (["recordings"], [STAY, ADOPT, CREATE, FAIL]),
        (["recordings", "recordings"], [FAIL, FAIL, CREATE, FAIL]),
        # A signed one tells that the key changed, so the unsigned one is only one more to replace.
        (["recordings", FOREIGN], [CREATE, CREATE, CREATE, CREATE]),
        (["recordings", "recordings", FOREIGN], [CREATE, CREATE, CREATE, CREATE]),
        (["recordings", SIGNED], [STAY, STAY, STAY, STAY]),
        (["recordings", FOREIGN, SIGNED], [STAY, STAY, STAY, STAY]),
        (["recordings", SIGNED, SIGNED], [FAIL, FAIL, FAIL, FAIL]),
    ],
)
def test_the_table_of_unsigned(names, by_choice, remove_replaced):
    for unsigned, first in zip(CHOICES, by_choice):
        options = {"update_secret": "when_changed", "unsigned": unsigned, "remove_replaced": remove_replaced}
        if first is FAIL:
            with pytest.raises(AmbiguousState, match="Nothing was changed"):
                plan(make_credentials(*names), **options)
            continue
        made = plan(make_credentials(*names), **options)
        others = [sid(number) for number, name in enumerate(names, start=1) if name != SIGNED]
        wanted_exists = first == CREATE or SIGNED in names
        removed = others if remove_replaced and wanted_exists else []
        assert steps(made) == [*first, *[("delete", other) for other in removed]], unsigned
        assert made.result["replaced_sids"] == (others if first == CREATE else removed), unsigned
        assert bool(made.warnings) == (unsigned == "warn" and names == ["recordings"]), unsigned


@pytest.mark.parametrize("unsigned", CHOICES)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"update_secret": "always"}, CREATE),
        ({"state": "absent", "update_secret": "when_changed"}, [("delete", sid(1))]),
        ({"sid": sid(1), "friendly_name": "new"}, [("rename", "new")]),
    ],
)
def test_elsewhere_unsigned_has_no_effect(options, expected, unsigned):
    made = plan(make_credentials("recordings"), unsigned=unsigned, **options)
    assert steps(made) == expected
    assert not made.warnings


def test_a_name_with_braces_is_reported_unchanged():
    named = {"friendly_name": "{0} {x}", "update_secret": "when_changed"}
    assert "'{0} {x}'" in plan(make_credentials("{0} {x}"), **named).warnings[0]
    with pytest.raises(AmbiguousState, match=r"'\{0\} \{x\}'"):
        plan(make_credentials("{0} {x}"), unsigned="fail", **named)


def test_what_is_adopted_keeps_its_sid():
    made = plan(make_credentials("recordings"), update_secret="when_changed", unsigned="adopt")
    assert made.result["credential"] == {**made.before, "fingerprint": SIGNATURE}
    assert made.before["fingerprint"] is None
    followed = plan(make_credentials(SIGNED), update_secret="when_changed", unsigned="adopt")
    assert steps(followed) == []


@pytest.mark.parametrize("unsigned", CHOICES)
def test_a_name_that_is_to_be_signed_is_measured_before_any_request(unsigned):
    options = {
        "state": "present",
        "sid": None,
        "friendly_name": "n" * 53,
        "update_secret": "when_changed",
        "unsigned": unsigned,
        "aws_access_key_id": KEY_ID,
        "aws_secret_access_key": Secret(SECRET),
    }
    with pytest.raises(InputError, match="^friendly_name: expected 52 characters at most"):
        AWS.check_together(options)


@pytest.mark.parametrize(
    ("names", "options", "ways_out"),
    [
        (["recordings"], {"unsigned": "fail"}, ["'unsigned: adopt'", "'unsigned: replace'", "a new SID"]),
        (["recordings"] * 2, {}, ["by their sid, in a task with 'state: absent'", "'unsigned: replace'"]),
        ([SIGNED] * 2, {"unsigned": "replace"}, ["by their sid, in a task with 'state: absent'"]),
    ],
)
def test_a_failure_lists_only_remedies_that_work_with_when_changed(names, options, ways_out):
    """A SID is refused beside it, and removing by one is not."""
    with pytest.raises(AmbiguousState) as caught:
        plan(make_credentials(*names), update_secret="when_changed", **options)
    for way_out in ways_out:
        assert way_out in str(caught.value)
    assert "Name one by its sid" not in str(caught.value)
    AWS.check_together({"state": "absent", "sid": sid(1), "update_secret": "when_changed"})


@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (["recordings", "recordings"], {}, "2 AWS credentials are called 'recordings'"),
        (["recordings", FOREIGN], {}, sid(2)),
        ([SIGNED, SIGNED], {"update_secret": "when_changed"}, sid(1)),
        (["recordings", "recordings"], {"update_secret": "when_changed"}, "Nothing was changed"),
        (["recordings", FOREIGN], {"state": "absent"}, "created 2026-01-02T00:00:00Z"),
        ([FOREIGN, "recordings"], {"state": "absent", "update_secret": "when_changed"}, sid(1)),
        ([], {"sid": sid(9)}, "can't be chosen"),
        (["a", "b"], {"sid": sid(1), "friendly_name": "b"}, f"'b' is taken already, by {sid(2)}"),
        (["a", f"b #{OTHER}"], {"sid": sid(1), "friendly_name": "b"}, "Nothing was changed"),
    ],
)
def test_what_only_the_user_can_decide(names, options, sentence):
    with pytest.raises(AmbiguousState, match=sentence.replace("(", r"\(")):
        plan(make_credentials(*names), **options)


def test_a_key_is_needed_only_to_create():
    no_key = {"aws_access_key_id": None, "aws_secret_access_key": None}
    assert steps(plan(make_credentials("recordings"), **no_key)) == []
    with pytest.raises(InputError, match="^aws_access_key_id: required"):
        plan([], **no_key)


def test_a_signed_name_has_room_for_its_signature_when_renamed():
    long_name = "n" * 53
    assert steps(plan(make_credentials("plain"), sid=sid(1), friendly_name=long_name)) == [("rename", long_name)]
    with pytest.raises(InputError, match="^friendly_name: expected 52 characters at most"):
        plan(make_credentials(SIGNED), sid=sid(1), friendly_name=long_name)


def test_an_unsigned_credential_is_left_with_a_warning():
    made = plan(make_credentials("recordings"), update_secret="when_changed")
    choices = ("'unsigned: adopt'", "'unsigned: replace'", "'unsigned: fail'")
    for word in (sid(1), "can't be determined", *choices, "a new SID"):
        assert word in made.warnings[0]
    assert made.result["credential"]["sid"] == sid(1)


def test_in_check_mode_every_key_is_there_and_null_where_unknown():
    made = plan(make_credentials(FOREIGN), update_secret="when_changed")
    assert (
        made.result["credential"]
        == made.after
        == {
            "sid": None,
            "account_sid": ACCOUNT,
            "friendly_name": "recordings",
            "fingerprint": SIGNATURE,
            "date_created": None,
            "date_updated": None,
            "url": None,
        }
    )
    assert made.before["sid"] == sid(1)
    assert made.before["fingerprint"] == OTHER


def test_what_is_replaced_is_shown_by_its_youngest():
    assert plan(make_credentials(FOREIGN, "recordings"), update_secret="always").before["sid"] == sid(2)


def replaced_entry(number: int, fingerprint: str | None) -> dict[str, str | None]:
    return {"sid": sid(number), "friendly_name": "recordings", "fingerprint": fingerprint}


@pytest.mark.parametrize(
    ("names", "options", "deleted"),
    [
        ([FOREIGN, SIGNED, "recordings"], {}, [replaced_entry(1, OTHER), replaced_entry(3, None)]),
        ([FOREIGN, "recordings"], {}, [replaced_entry(1, OTHER), replaced_entry(2, None)]),
        (["recordings"], {"unsigned": "replace"}, [replaced_entry(1, None)]),
        ([SIGNED], {"update_secret": "always"}, [replaced_entry(1, SIGNATURE)]),
        ([FOREIGN, SIGNED], {"remove_replaced": False}, []),
        ([FOREIGN], {"remove_replaced": False}, []),
        (["recordings"], {"unsigned": "adopt"}, []),
        (["recordings"], {"state": "absent"}, []),
    ],
)
def test_what_is_deleted_beside_the_credential_is_in_the_diff(names, options, deleted):
    options = {"update_secret": "when_changed", "remove_replaced": True, **options}
    made = plan(make_credentials(*names), **options)
    assert made.replaced == deleted
    diff = made.outcome().diff()
    assert diff["before"].get("replaced", []) == deleted
    assert diff["after"].get("replaced") == ([] if deleted else None)


def test_the_diff_in_check_mode_of_a_replacement_and_of_a_rename():
    known = {"account_sid": ACCOUNT, "friendly_name": "recordings"}
    assert plan(make_credentials(FOREIGN), update_secret="when_changed").outcome().diff() == {
        "before": {**known, "sid": sid(1), "fingerprint": OTHER, "date_created": "2026-01-01T00:00:00Z"},
        "after": {**known, "fingerprint": SIGNATURE},
    }
    same = {"account_sid": ACCOUNT, "sid": sid(1), "date_created": "2026-01-01T00:00:00Z"}
    (current,) = make_credentials("recordings")
    renamed = plan([replace(current, date_updated="2026-01-02T00:00:00Z")], sid=sid(1), friendly_name="new")
    assert renamed.outcome().diff() == {
        "before": {**same, "friendly_name": "recordings"},
        "after": {**same, "friendly_name": "new"},
    }
