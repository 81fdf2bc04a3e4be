# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for every combination of what accounts there are and what is wanted: no request is made."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import AmbiguousState, InputError
from ansible_collections.community.twilio.plugins.module_utils._resources import account
from ansible_collections.community.twilio.plugins.module_utils._resources.account import Account, AccountState, Create
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

OWN = "AC" + "a" * 32
TOKEN = "t" * 32


def sid(number: int) -> str:
    return f"AC{number:032x}"


def make_subaccounts(*statuses: str) -> list[Account]:
    """Return subaccounts called "shop" with these statuses, make_sid from 1."""
    return [
        Account(sid(number), "shop", status, "Full", OWN, f"2026-01-{number:02}T00:00:00Z", None, Secret(TOKEN))
        for number, status in enumerate(statuses, start=1)
    ]


def options(**given):
    return {
        "sid": None,
        "friendly_name": None if "sid" in given else "shop",
        "state": "active",
        "return_auth_token": False,
        "auth_token": Secret("p" * 32),
        **given,
    }


def plan(actual, **given):
    client = Client(Connection(OWN, Secret("p" * 32)), transport=None)
    return AccountState(client, options(**given)).plan(actual)


@pytest.mark.parametrize(
    ("statuses", "given", "expected"),
    [
        ([], {}, ["create"]),
        (["active"], {}, []),
        (["suspended"], {}, [{"Status": "active"}]),
        (["active"], {"state": "suspended"}, [{"Status": "suspended"}]),
        (["suspended"], {"state": "suspended"}, []),
        (["active"], {"sid": sid(1)}, []),
        (["active"], {"sid": sid(1), "friendly_name": "shop"}, []),
        (["active"], {"sid": sid(1), "friendly_name": "new"}, [{"FriendlyName": "new"}]),
        (
            ["suspended"],
            {"sid": sid(1), "friendly_name": "new"},
            [{"FriendlyName": "new", "Status": "active"}],
        ),
        (["active"], {"sid": sid(1), "state": "closed"}, [{"Status": "closed"}]),
        (["suspended"], {"sid": sid(1), "state": "closed"}, [{"Status": "closed"}]),
        (["closed"], {"sid": sid(1), "state": "closed"}, []),
    ],
)
def test_the_table(statuses, given, expected):
    made = plan(make_subaccounts(*statuses), **given)
    assert ["create" if isinstance(step, Create) else step.form for step in made.steps] == expected
    assert made.outcome().changed == bool(expected)
    assert made.result["account"]["status"] == given.get("state", "active")


@pytest.mark.parametrize(
    ("statuses", "given", "sentence"),
    [
        ([], {"state": "suspended"}, "no account called 'shop'"),
        ([], {"sid": sid(9)}, "can't be chosen"),
        ([], {"sid": sid(9), "state": "closed"}, f"no account {sid(9)}"),
        (["active", "suspended"], {}, f"{sid(2)} .suspended, created 2026-01-02T00:00:00Z"),
        (["active", "active"], {"state": "suspended"}, "Nothing was changed"),
        (["closed"], {"sid": sid(1)}, "can't be undone"),
        (["closed"], {"sid": sid(1), "state": "suspended"}, "can't be undone"),
    ],
)
def test_what_only_the_user_can_decide(statuses, given, sentence):
    with pytest.raises(AmbiguousState, match=sentence):
        plan(make_subaccounts(*statuses), **given)


def test_reopening_a_closed_account_fails_with_twilios_code():
    with pytest.raises(AmbiguousState) as caught:
        plan(make_subaccounts("closed"), sid=sid(1))
    assert caught.value.details() == {"status": 400, "code": 21479}


def test_the_own_account_can_only_be_renamed():
    own = [Account(OWN, "head", "active", "Full", OWN)]
    assert [step.form for step in plan(own, sid=OWN, friendly_name="new").steps] == [{"FriendlyName": "new"}]
    for state in ("suspended", "closed"):
        with pytest.raises(AmbiguousState, match="only be renamed"):
            plan(own, sid=OWN, state=state)


def test_closing_takes_a_sid():
    with pytest.raises(InputError, match="^sid: required with 'state: closed'"):
        account.check_together(options(state="closed"))
    account.check_together(options(state="closed", sid=sid(1)))


def test_a_token_takes_the_parents_token():
    with pytest.raises(InputError, match="^return_auth_token: needs the parent's auth_token"):
        account.check_together(options(return_auth_token=True, auth_token=None))


def test_a_token_is_returned_on_request_for_a_subaccount_and_never_shown_in_the_diff():
    silent = plan(make_subaccounts("active"))
    assert "auth_token" not in silent.result["account"]
    requested = plan(make_subaccounts("suspended"), return_auth_token=True)
    assert requested.result["account"]["auth_token"] == TOKEN
    assert "auth_token" not in {**requested.before, **requested.after}
    own = plan([Account(OWN, "head", "active", auth_token=Secret(TOKEN))], sid=OWN, return_auth_token=True)
    assert own.result["account"]["auth_token"] is None


def test_in_check_mode_every_key_is_there_and_null_where_unknown():
    made = plan([], return_auth_token=True)
    assert made.before == {}
    assert made.after == {
        "sid": None,
        "friendly_name": "shop",
        "status": "active",
        "type": None,
        "owner_account_sid": OWN,
        "date_created": None,
        "date_updated": None,
    }
    assert made.result == {"account": {**made.after, "auth_token": None}}


def test_a_new_token_is_masked_at_once():
    keys = dict.fromkeys(Account.__dataclass_fields__)
    assert TOKEN not in repr(Account.from_answer({**keys, "auth_token": TOKEN}))
