# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the steps of an auth token's rotation are performed: by the engine's own requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils._account_token import read_token
from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._errors import CallError, Rejected
from ansible_collections.community.twilio.plugins.module_utils._resources import auth_token
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils import _token_rotation as table
from ansible_collections.community.twilio.plugins.plugin_utils._driver import Rotation
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import Answer, Request, required
from ansible_collections.community.twilio.plugins.plugin_utils._stores import Store
from ansible_collections.community.twilio.plugins.plugin_utils._token_rotation import (
    Other,
    TokenCase,
    TokenProbe,
    TokenRecord,
    TokenSettings,
)


class TokenRotation(Rotation[TokenRecord, TokenProbe, TokenSettings]):
    """The rotation of one account's auth token.

    :param client: for requests; each names the token that authenticates it.
    :param settings: what the table depends on.
    :param hooks: hook to its task file.
    :param options: the role's options, checked, with secrets masked.
    :param environment_token: the token of the environment, for a first record; None where there is none.
    :param store: where the parent's record may be.
    """

    table = table.TABLE

    def __init__(
        self,
        client: Client,
        settings: TokenSettings,
        hooks: Mapping[str, str],
        options: Mapping[str, Any],
        environment_token: Secret | None,
        store: Store,
    ) -> None:
        self.name = self.label = client.account_sid
        self.settings = settings
        self.hooks = hooks
        self._client = client
        self._account_sid = client.account_sid
        self._suppress: bool = options["suppress_email_notification"]
        self._initial: Secret | None = options["initial_auth_token"]
        self._parent_sid: str | None = options["parent_account_sid"]
        self._parent_token: Secret | None = options["parent_auth_token"]
        self._parent_from_store: bool = options["parent_from_store"]
        self._environment_token = environment_token
        self._store = store

    # -- the record --------------------------------------------------------------------------------------------------

    def read(self, stored: Mapping[str, Any]) -> TokenRecord:
        """Return a record as it was loaded."""
        return table.read_record(stored, self._account_sid, self.settings.now)

    def new(self, fields: Mapping[str, Any]) -> TokenRecord:
        """Return a first record."""
        return TokenRecord(account_sid=self._account_sid, **fields)

    def stored(self, record: TokenRecord) -> dict[str, Any]:
        """Return a record as it is kept, tokens included."""
        fields = {name: getattr(record, name) for name in TokenRecord.__dataclass_fields__}
        return {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}

    def result(self, case: TokenCase, failed: bool) -> dict[str, Any]:
        """Return ``rotate_auth_token_result``."""
        record = case.record
        known = record is not None and not failed
        days = self.settings.max_age_days - table.age_in_days(record, self.settings.now) if record and known else None
        return {
            "phase": record.phase if record else "none",
            "rotated": case.run.rotated,
            "due_in_days": days,
        }

    # -- the requests ------------------------------------------------------------------------------------------------

    def _as(self, token: Secret) -> Client:
        return self._client.acting_as(self._account_sid, token)

    def probe(self, case: TokenCase) -> TokenProbe:
        """Try the tokens of the record."""
        record = required(case.record)
        valid: list[bool] = []
        while not isinstance(following := table.next_try(record, valid), TokenProbe):
            valid.append(self._is_valid(following))
        return following

    def request(self, case: TokenCase, step: Request) -> Answer:
        """Send the request of a step."""
        if step.name == table.READ_OTHER:
            return self._read_other(case.record)
        record = required(case.record)
        if step.name == table.READ_PRIMARY:
            return self._read_primary(record)
        if step.name == table.CREATE:
            return self._create(record)
        if step.name == table.PROMOTE:
            return self._promote(record)
        return self._delete(record, as_pending=step.argument == table.AS_PENDING)

    def _create(self, record: TokenRecord) -> Answer:
        try:
            # Not repeated after an attempt of unknown outcome, which may have created a token: the next run settles it.
            created = self._as(record.primary).send(auth_token.creation(self._suppress)).body
        except Rejected as rejected:
            kinds = {auth_token.EXISTS_ALREADY: table.EXISTS, auth_token.NOT_FOUND: table.NOT_FOUND}
            return Answer(kinds.get(rejected.code or 0) or _refusal(rejected), message=rejected.message)
        except CallError as error:
            return Answer(table.UNKNOWN, message=error.message)
        return Answer(table.CREATED, Secret(created["secondary_auth_token"]))

    def _promote(self, record: TokenRecord) -> Answer:
        """Promote, authenticated with the pending token: it is valid before, and it alone is valid after."""
        try:
            promoted = self._as(record.pending).send(auth_token.promotion(self._suppress)).body
        except Rejected as rejected:
            passing = rejected.status in (401, 404)
            return Answer(table.NOT_PROMOTED if passing else _refusal(rejected), message=rejected.message)
        except CallError as error:
            return Answer(table.UNKNOWN, message=error.message)
        token = Secret(promoted["auth_token"])
        if token == record.pending:
            return Answer(table.PROMOTED)
        return Answer(table.SWAPPED if token == record.primary else table.ANOTHER_PROMOTED, token)

    def _delete(self, record: TokenRecord, as_pending: bool) -> Answer:
        client = self._as(record.pending if as_pending else record.primary)
        try:
            client.delete(auth_token.deletion(self._suppress))
        except Rejected as rejected:
            return Answer(_refusal(rejected), message=rejected.message)
        except CallError as error:
            return Answer(table.UNKNOWN, message=error.message)
        return Answer(table.DELETED)

    # -- tokens from outside of the record ---------------------------------------------------------------------------

    def _read_other(self, record: TokenRecord | None) -> Answer:
        """Find a valid token that is not in the record: the one that was given, else the one read with the parent's."""
        known = [record.primary, record.pending] if record else []
        given = self._initial not in (None, *known)
        if given and self._is_valid(self._initial):
            return Answer(table.VALID, Other(self._initial, self.settings.initial_is_primary))
        read = None
        # A first token that is given but not valid is a mistake, which must be reported.
        if record is not None or not given:
            read = self._read_with_parent()
            if read not in (None, *known) and self._is_valid(read):
                return Answer(table.VALID, Other(read, True))
        if record is None and not given and read is None and self._environment_token is not None:
            if self._is_valid(self._environment_token):
                return Answer(table.VALID, Other(self._environment_token, self.settings.initial_is_primary))
            return Answer(table.NOT_VALID)
        return Answer(table.NOT_VALID if given or read is not None else table.NOTHING)

    def _is_valid(self, token: Secret | None) -> bool:
        return auth_token.try_tokens(self._client, required(token), None).primary

    def _read_primary(self, record: TokenRecord) -> Answer:
        """Read whether the record's token is the primary, as the account itself or as its parent."""
        read = read_token(self._as(record.primary), self._account_sid) or self._read_with_parent()
        if read is None:
            return Answer(table.NOTHING)
        return Answer(table.VALID if read == record.primary else table.NOT_VALID)

    def _read_with_parent(self) -> Secret | None:
        """Read the account's token with its parent's, None where the parent has none or Twilio returns none.

        :raises NeedsRecord: where the role has to load the parent's record.
        """
        if not self._parent_sid or self._parent_sid == self._account_sid:
            return None
        token = self._parent_token
        if token is None and self._parent_from_store:
            stored = self._store.load(self._parent_sid).record
            token = table.read_record(stored, self._parent_sid, self.settings.now).primary if stored else None
        return read_token(self._client.acting_as(self._parent_sid, token), self._account_sid) if token else None


def _refusal(rejected: Rejected) -> str:
    """Return whether Twilio itself refused: an error code distinguishes its answers from those of proxies."""
    return table.REFUSED if rejected.code else table.UNKNOWN
