# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an account authenticates with: whether Twilio accepts it, and an account's token where Twilio returns it.

Twilio returns a subaccount's token to the parent, and perhaps an account's to itself; only trying a token shows whether
it is valid.
"""

from __future__ import annotations

from . import _schemas
from ._client import Call, Client
from ._errors import AmbiguousState, InputError, Rejected
from ._secret import Secret

#: Twilio's code for credentials that are not valid.
NOT_VALID = 20003

#: The answer that shows that credentials are valid: a page of a list, whatever is in it.
_ANY_PAGE = _schemas.page(_schemas.answer())
_ANSWER = _schemas.answer(sid=_schemas.sid("AC"), auth_token=_schemas.nullable(_schemas.text))


def refusal_of(client: Client, noun: str) -> Rejected | None:
    """Try what a client authenticates with, and return Twilio's refusal, None where it is valid.

    :param client: the client.
    :param noun: what it authenticates with, for the message.
    :raises CallError: for any other failure than "not valid": a suspended account, a missing permission, a fault.
    """
    call = Call("GET", "/v1/Credentials/AWS", f"try {noun}", _ANY_PAGE, query={"PageSize": "1"})
    try:
        client.send(call)
    except Rejected as rejected:
        if rejected.status == 401 and rejected.code == NOT_VALID:
            return rejected
        raise
    return None


def _reading(sid: str, doing: str) -> Call:
    path = f"/2010-04-01/Accounts/{sid}.json"
    return Call("GET", path, doing, _ANSWER, product="api", owner="owner_account_sid", identity={"sid": sid})


def read_token(client: Client, sid: str) -> Secret | None:
    """Return the primary auth token of an account, None where Twilio does not return it.

    :param client: the account's own client, or its parent's; neither with an API key.
    :param sid: the account.
    :raises NotSent: no connection could be made.
    :raises OutcomeUnknown: no answer that can be trusted.
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
    :raises AmbiguousState: where Twilio answers without a token.
    :raises CallError: where the request fails.
    """
    connection = client.connection
    if connection.auth_token is None:
        raise InputError(
            "subaccount_sid", "needs the parent's auth_token: Twilio returns no subaccount's token to an API key"
        )
    parent = client.acting_as(connection.account_sid, connection.auth_token)
    account = parent.send(_reading(subaccount_sid, f"read the token of subaccount {subaccount_sid}")).body
    if not account["auth_token"]:
        raise AmbiguousState(
            f"subaccount_sid: Twilio returns no token of {subaccount_sid} to {client.account_sid}: is it the parent?"
        )
    return client.acting_as(subaccount_sid, Secret(account["auth_token"]))
