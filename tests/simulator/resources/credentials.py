# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: AWS keys and public keys, which differ only in their secret and its check."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .. import paging
from ..call import HANDLERS, Answer, Call, Handler, iso8601, rfc2822
from ..errors import ApiError, not_found
from ..settings import Settings
from ..state import Account, Credential, now

BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


def check_public_key(text: str) -> None:
    """An X.509 public key in PEM, its first and last line optional: RSA of 2048 bits, exponent 65537."""
    body = text.strip()
    if body.startswith(BEGIN) != body.endswith(END):
        raise ApiError(70104)
    if body.startswith(BEGIN):
        body = body[len(BEGIN) : -len(END)]
    try:
        key = load_der_public_key(base64.b64decode(re.sub(r"\s+", "", body), validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as problem:
        raise ApiError(70104) from problem
    if not isinstance(key, RSAPublicKey):
        raise ApiError(70101)
    if key.key_size != 2048:
        raise ApiError(70102)
    if key.public_numbers().e != 65537:
        raise ApiError(70103)


def accept(_text: str) -> None:
    """Accept AWS credentials, whose form the contract has already checked."""


@dataclass(frozen=True)
class Product:
    """The differences: the list in the state, the name in paths, the form field of the secret, its check."""

    store: str
    path: str
    field: str
    check: Callable[[str], None]


AWS = Product("aws", "AWS", "Credentials", accept)
PUBLIC_KEYS = Product("public_keys", "PublicKeys", "PublicKey", check_public_key)


def describe(credential: Credential, product: Product, origin: str, settings: Settings) -> dict[str, Any]:
    """Return a credential as in an answer, without its secret."""
    date = rfc2822 if settings.dates == "rfc2822" else iso8601
    return {
        "sid": credential.sid,
        "account_sid": credential.account_sid,
        "friendly_name": credential.friendly_name,
        "date_created": date(credential.date_created),
        "date_updated": date(credential.date_updated) if credential.date_updated else None,
        "url": f"{origin}/v1/Credentials/{product.path}/{credential.sid}",
    }


def _find(call: Call, product: Product) -> Credential:
    credential: Credential | None = getattr(call.account, product.store).get(call.names["Sid"])
    if credential is None:
        raise not_found(f"/Credentials/{product.path}/{call.names['Sid']}")
    return credential


def _owner(call: Call) -> Account:
    """Return the owner of a new credential: the caller, or the subaccount that AccountSid names."""
    sid = call.form.get("AccountSid", call.account.sid)
    owner = call.world.accounts.get(sid)
    if owner is None or call.account.sid not in (owner.sid, owner.owner_sid):
        raise ApiError(70001, "AccountSid is not a subaccount of the account that authenticates")
    return owner


def _operations(product: Product) -> dict[str, Handler]:
    def create(call: Call) -> Answer:
        secret = call.form[product.field]
        product.check(secret)
        credential = call.world.add_credential(
            _owner(call), product.store, call.form.get("FriendlyName"), secret, call.settings
        )
        return Answer(201, describe(credential, product, call.origin, call.settings))

    def fetch(call: Call) -> Answer:
        return Answer(200, describe(_find(call, product), product, call.origin, call.settings))

    def update(call: Call) -> Answer:
        credential = _find(call, product)
        if "FriendlyName" in call.form:
            credential.friendly_name = call.form["FriendlyName"]
            credential.date_updated = now()
        return Answer(200, describe(credential, product, call.origin, call.settings))

    def delete(call: Call) -> Answer:
        del getattr(call.account, product.store)[_find(call, product).sid]
        return Answer(204)

    def listing(call: Call) -> Answer:
        settings = call.settings
        credentials = list(getattr(call.account, product.store).values())
        page = paging.cut(credentials, call.query, settings)
        items = [describe(each, product, call.origin, settings) for each in page.items]
        meta = paging.v1_meta(page, f"{call.origin}/v1/Credentials/{product.path}", "credentials")
        return Answer(200, {"credentials": items, "meta": meta})

    return {"create": create, "fetch": fetch, "update": update, "delete": delete, "list": listing}


for _product, _one, _many in ((AWS, "aws_credential", "aws_credentials"), (PUBLIC_KEYS, "public_key", "public_keys")):
    for _verb, _handler in _operations(_product).items():
        HANDLERS[f"{_verb}_{_many if _verb == 'list' else _one}"] = _handler
