# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for every combination of what is there and what is wanted, and what says that a key is valid."""

from __future__ import annotations

import json

import pytest
from scripted import FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import AmbiguousState, InputError, Rejected
from ansible_collections.community.twilio.plugins.module_utils._resources.api_key import (
    ApiKey,
    ApiKeyState,
    Create,
    Delete,
    Update,
    check_together,
    creation,
    deletion,
    is_valid,
)
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

ACCOUNT = "AC" + "a" * 32
READ, SEND = "/twilio/messaging/messages/read", "/twilio/messaging/messages/create"
MARKED = "service #0123456789"


def sid(number: int) -> str:
    return f"SK{number:032x}"


def key(number: int, name: str | None, *permissions: str, **more) -> ApiKey:
    """Return a key of this stored name, restricted where permissions are given."""
    answer = {"sid": sid(number), "friendly_name": name, "date_created": "2026-01-01T00:00:00Z", "date_updated": None}
    return ApiKey.from_answer(
        ACCOUNT, {**answer, "policy": {"allow": list(permissions)} if permissions else None, **more}
    )


def make_options(**options):
    return {
        "state": "present",
        "sid": None,
        "friendly_name": None if "sid" in options else "service",
        "permissions": None,
        "api_key_sid": None,
        **options,
    }


def plan(actual, **options):
    client = Client(Connection(ACCOUNT, Secret("t" * 32)), transport=None)
    return ApiKeyState(client, make_options(**options)).plan(actual)


CREATED = Create(ApiKey(None, ACCOUNT, "service"))
RESTRICTED = key(1, "service", READ)


@pytest.mark.parametrize(
    ("actual", "options", "step"),
    [
        ([], {}, CREATED),
        ([], {"permissions": [READ]}, Create(ApiKey(None, ACCOUNT, "service", [READ]))),
        ([], {"permissions": []}, Create(ApiKey(None, ACCOUNT, "service", []))),
        ([key(1, "other"), key(2, None)], {}, CREATED),
        ([key(1, "service")], {}, None),
        ([key(1, MARKED)], {}, None),
        ([RESTRICTED], {}, None),
        ([key(1, "service", SEND, READ)], {"permissions": sorted([READ, SEND])}, None),
        ([key(1, "service", policy={"allow": [READ, READ]})], {"permissions": [READ]}, None),
        ([key(1, "service", policy={"allow": []})], {"permissions": []}, None),
        (
            [RESTRICTED],
            {"permissions": [SEND]},
            Update(key(1, "service", SEND), {"Policy": f'{{"allow": ["{SEND}"]}}'}),
        ),
        (
            [RESTRICTED],
            {"permissions": []},
            Update(key(1, "service", policy={"allow": []}), {"Policy": '{"allow": []}'}),
        ),
        ([key(1, "service")], {"sid": sid(1)}, None),
        ([key(1, "service")], {"sid": sid(1), "friendly_name": "service"}, None),
        (
            [key(1, "service")],
            {"sid": sid(1), "friendly_name": "new"},
            Update(key(1, "new"), {"FriendlyName": "new"}),
        ),
        (
            [key(1, MARKED), key(2, "other")],
            {"sid": sid(1), "friendly_name": "new"},
            Update(key(1, "new #0123456789"), {"FriendlyName": "new #0123456789"}),
        ),
        (
            [RESTRICTED],
            {"sid": sid(1), "friendly_name": "new", "permissions": [SEND]},
            Update(key(1, "new", SEND), {"FriendlyName": "new", "Policy": f'{{"allow": ["{SEND}"]}}'}),
        ),
        ([], {"state": "absent"}, None),
        ([key(1, "other")], {"state": "absent"}, None),
        ([key(1, MARKED)], {"state": "absent"}, Delete(key(1, MARKED))),
        ([RESTRICTED], {"state": "absent", "permissions": [SEND]}, Delete(RESTRICTED)),
        ([], {"sid": sid(1), "state": "absent"}, None),
        ([key(1, "service")], {"sid": sid(1), "state": "absent"}, Delete(key(1, "service"))),
        ([key(1, "service")], {"state": "absent", "api_key_sid": sid(2)}, Delete(key(1, "service"))),
    ],
)
def test_what_is_planned(actual, options, step):
    made = plan(actual, **options)
    assert list(made.steps) == ([step] if step else [])
    assert made.result["secret"] is None


@pytest.mark.parametrize(
    ("actual", "options", "words"),
    [
        ([key(1, "service"), key(2, MARKED)], {}, [sid(1), sid(2), "2026-01-01T00:00:00Z"]),
        ([key(1, "service"), key(2, "service")], {"state": "absent"}, [sid(1), sid(2)]),
        ([key(1, "service")], {"permissions": [READ]}, ["permissions", sid(1), "type"]),
        ([key(1, "service")], {"permissions": []}, ["permissions", sid(1), "type"]),
        ([], {"sid": sid(1)}, ["sid", sid(1)]),
        ([key(1, "old"), key(2, "new #0123456789")], {"sid": sid(1), "friendly_name": "new"}, [sid(2)]),
        ([key(1, "service")], {"state": "absent", "api_key_sid": sid(1)}, ["api_key_sid", sid(1)]),
    ],
)
def test_what_only_the_user_can_decide(actual, options, words):
    with pytest.raises(AmbiguousState) as caught:
        plan(actual, **options)
    for word in words:
        assert word in caught.value.message


def test_a_marked_name_leaves_less_room():
    with pytest.raises(InputError, match="52 characters at most"):
        plan([key(1, MARKED)], sid=sid(1), friendly_name="n" * 53)
    assert plan([key(1, MARKED)], sid=sid(1), friendly_name="n" * 52).steps
    assert plan([key(1, "service")], sid=sid(1), friendly_name="n" * 64).steps


def test_the_key_that_authenticates_is_not_removed():
    own = "SK" + "aB" * 16
    with pytest.raises(InputError, match="^sid: .*api_key_sid"):
        check_together(make_options(state="absent", sid=own.replace("B", "b"), api_key_sid=own))
    check_together(make_options(state="absent", sid=sid(1), api_key_sid=own))
    check_together(make_options(state="absent", sid=sid(1)))
    check_together(make_options(sid=own, api_key_sid=own))


def test_what_is_shown_is_the_plain_name_and_no_mark():
    assert key(1, MARKED, READ).shown() == {
        "sid": sid(1),
        "account_sid": ACCOUNT,
        "friendly_name": "service",
        "permissions": [READ],
        "date_created": "2026-01-01T00:00:00Z",
        "date_updated": None,
    }


def test_the_calls_of_a_rotation():
    """A key's own name with its mark is sent, and no call goes to another host than that of keys."""
    made = creation(ApiKey(None, ACCOUNT, "service", [READ], mark="0123456789"))
    assert (made.product, made.can_repeat) == ("iam", False)
    policy = json.dumps({"allow": [READ]})
    assert made.form == {"AccountSid": ACCOUNT, "FriendlyName": MARKED, "KeyType": "restricted", "Policy": policy}
    assert creation(ApiKey(None, ACCOUNT, "service")).form == {"AccountSid": ACCOUNT, "FriendlyName": "service"}
    gone = deletion(sid(1))
    assert (gone.method, gone.product, gone.path, gone.can_repeat) == ("DELETE", "iam", f"/v1/Keys/{sid(1)}", True)


PAGE = {"meta": {"key": "credentials", "next_page_url": None}, "credentials": []}


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        (reply(200, PAGE), True),
        (reply(401, {"code": 20003, "message": "Authenticate"}), False),
        (reply(401, {"code": 70051, "message": "No permission"}), True),
        (reply(403, {"code": 70051, "message": "No permission"}), True),
    ],
)
def test_whether_a_key_is_valid(answer, valid):
    transport = FakeTransport([answer])
    client = Client(Connection(ACCOUNT, Secret("t" * 32)), transport)
    assert is_valid(client, sid(1), Secret("s" * 32)) is valid
    (request,) = transport.requests
    assert (request.user, request.password) == (sid(1), Secret("s" * 32))


@pytest.mark.parametrize(("status", "code"), [(403, 20005), (401, 20005), (403, 20003), (400, 70005)])
def test_an_answer_that_shows_neither_is_raised(status, code):
    client = Client(Connection(ACCOUNT, Secret("t" * 32)), FakeTransport([reply(status, {"code": code})]))
    with pytest.raises(Rejected) as caught:
        is_valid(client, sid(1), Secret("s" * 32))
    assert caught.value.code == code
    assert sid(1) in caught.value.message
