# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for every combination of what is there and what is wanted: a pure function, so no request is made."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError, Undecided
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils.resources.credential import (
    AWS,
    Create,
    Credential,
    Delete,
    Rename,
)

ACCOUNT = "AC" + "a" * 32
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNATURE = hmac.new(ACCOUNT.encode(), f"{KEY_ID}:{SECRET}".encode(), hashlib.sha256).hexdigest()[:10]
OTHER = "0123456789"


def sid(number: int) -> str:
    return f"CR{number:032x}"


def there(*names: str | None) -> list[Credential]:
    """Return credentials with these stored names, numbered from 1, each a day younger than the one before."""
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
    made = plan(there(*names), **options)
    assert steps(made) == expected
    assert made.result["replaced_sids"] == [sid(number) for number in replaced]
    assert made.outcome().changed == bool(expected)


@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (["recordings", "recordings"], {}, "2 AWS credentials are called 'recordings'"),
        (["recordings", FOREIGN], {}, sid(2)),
        ([SIGNED, SIGNED], {"update_secret": "when_changed"}, sid(1)),
        (["recordings", "recordings"], {"update_secret": "when_changed"}, "Nothing was changed"),
        (["recordings", FOREIGN], {"state": "absent"}, "created 2026-01-02T00:00:00Z"),
        ([], {"sid": sid(9)}, "can't be chosen"),
        (["a", "b"], {"sid": sid(1), "friendly_name": "b"}, f"'b' is taken already, by {sid(2)}"),
        (["a", f"b #{OTHER}"], {"sid": sid(1), "friendly_name": "b"}, "Nothing was changed"),
    ],
)
def test_what_only_the_user_can_decide(names, options, sentence):
    with pytest.raises(Undecided, match=sentence.replace("(", r"\(")):
        plan(there(*names), **options)


def test_a_key_is_needed_only_to_create():
    no_key = {"aws_access_key_id": None, "aws_secret_access_key": None}
    assert steps(plan(there("recordings"), **no_key)) == []
    with pytest.raises(InputError, match="^aws_access_key_id: required"):
        plan([], **no_key)


def test_a_signed_name_has_room_for_its_signature_when_renamed():
    long_name = "n" * 53
    assert steps(plan(there("plain"), sid=sid(1), friendly_name=long_name)) == [("rename", long_name)]
    with pytest.raises(InputError, match="^friendly_name: expected 52 characters at most"):
        plan(there(SIGNED), sid=sid(1), friendly_name=long_name)


def test_an_unsigned_credential_is_left_with_a_warning():
    made = plan(there("recordings"), update_secret="when_changed")
    assert "update_secret: always" in made.warnings[0]
    assert made.result["credential"]["sid"] == sid(1)


def test_in_check_mode_every_key_is_there_and_null_where_unknown():
    made = plan(there(FOREIGN), update_secret="when_changed")
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
    assert plan(there(FOREIGN, "recordings"), update_secret="always").before["sid"] == sid(2)
