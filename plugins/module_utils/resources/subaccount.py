# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A subaccount as whom to act: its own token is read with the parent's, and kept in memory only."""

from __future__ import annotations

from .. import _schemas
from .._client import Call, Client
from .._errors import InputError, Undecided
from .._secret import Secret

_ANSWER = _schemas.answer(sid=_schemas.sid("AC"), auth_token=_schemas.nullable(_schemas.text))


def acting_as_subaccount(client: Client, subaccount_sid: str) -> Client:
    """Return a client that acts as a subaccount.

    Product endpoints act on the account that authenticates, so the subaccount's own token is needed; Twilio gives it to
    the parent's auth token only, not to an API key.

    :param client: the parent's client.
    :param subaccount_sid: the subaccount's SID.
    :raises InputError: before any request, where the parent's auth token is not known.
    :raises Undecided: where Twilio answers without a token.
    :raises CallError: where the request fails.
    """
    connection = client.connection
    if connection.auth_token is None:
        raise InputError(
            "subaccount_sid", "needs the parent's auth_token: Twilio gives a subaccount's token to no API key"
        )
    parent = client.acting_as(connection.account_sid, connection.auth_token)
    doing = f"read the token of subaccount {subaccount_sid}"
    path = f"/2010-04-01/Accounts/{subaccount_sid}.json"
    identity = {"sid": subaccount_sid}
    call = Call("GET", path, doing, _ANSWER, product="api", owner="owner_account_sid", identity=identity)
    account = parent.send(call).body
    if not account["auth_token"]:
        raise Undecided(
            f"subaccount_sid: Twilio gives {client.account_sid} no token of {subaccount_sid}: is it the parent?"
        )
    return client.acting_as(subaccount_sid, Secret(account["auth_token"]))
