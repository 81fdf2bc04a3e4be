# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An account's own token, as Twilio tells it: a subaccount's to its parent, and perhaps an account's to itself."""

from __future__ import annotations

from . import _schemas
from ._client import Call, Client
from ._errors import InputError, Rejected, Undecided
from ._secret import Secret

_ANSWER = _schemas.answer(sid=_schemas.sid("AC"), auth_token=_schemas.nullable(_schemas.text))


def _reading(sid: str, doing: str) -> Call:
    path = f"/2010-04-01/Accounts/{sid}.json"
    return Call("GET", path, doing, _ANSWER, product="api", owner="owner_account_sid", identity={"sid": sid})


def read_token(client: Client, sid: str) -> Secret | None:
    """Return the primary auth token of an account, None where Twilio does not tell it.

    :param client: the account's own client, or its parent's; neither with an API key.
    :param sid: the account.
    :raises NotSent: no connection could be made.
    :raises FateUnknown: no answer that can be believed.
    """
    try:
        token = client.send(_reading(sid, f"read the token of account {sid}")).body["auth_token"]
    except Rejected:
        return None
    return Secret(token) if token else None


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
    account = parent.send(_reading(subaccount_sid, f"read the token of subaccount {subaccount_sid}")).body
    if not account["auth_token"]:
        raise Undecided(
            f"subaccount_sid: Twilio gives {client.account_sid} no token of {subaccount_sid}: is it the parent?"
        )
    return client.acting_as(subaccount_sid, Secret(account["auth_token"]))
