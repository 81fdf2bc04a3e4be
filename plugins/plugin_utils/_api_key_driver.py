# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the steps of an API key's rotation are performed: by the engine's own requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._errors import CallError, Rejected
from ansible_collections.community.twilio.plugins.module_utils._resources import api_key
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils import _api_key_record as records
from ansible_collections.community.twilio.plugins.plugin_utils import _api_key_rotation as table
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_record import (
    ApiKey,
    ApiKeyProbe,
    ApiKeyRecord,
    ApiKeySettings,
    Listed,
)
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_rotation import ApiKeyCase
from ansible_collections.community.twilio.plugins.plugin_utils._driver import Rotation
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import Answer, Request, required, stays


class ApiKeyRotation(Rotation[ApiKeyRecord, ApiKeyProbe, ApiKeySettings]):
    """The rotation of the API keys of one name.

    :param client: acts as the account that they belong to.
    :param settings: what the table depends on.
    :param friendly_name: their name.
    :param permissions: of the keys that are created; None for standard keys.
    :param hooks: hook to its task file.
    """

    table = table.TABLE

    def __init__(
        self,
        client: Client,
        settings: ApiKeySettings,
        friendly_name: str,
        permissions: Sequence[str] | None,
        hooks: Mapping[str, str],
    ) -> None:
        self.name = records.record_name(client.account_sid, friendly_name)
        self.label = f"{friendly_name}, {client.account_sid}"
        self.first_record = records.first_record(client.account_sid, friendly_name)
        self.settings = settings
        self.hooks = {**hooks, table.DISTRIBUTE_CURRENT: hooks.get(table.DISTRIBUTE, "")}
        self._client = client
        self._friendly_name = friendly_name
        self._permissions = permissions

    # -- the record --------------------------------------------------------------------------------------------------

    def read(self, stored: Mapping[str, Any]) -> ApiKeyRecord:
        """Return a record as it was loaded."""
        return records.read_record(stored, self._client.account_sid, self._friendly_name, self.settings.now)

    def stored(self, record: ApiKeyRecord) -> dict[str, Any]:
        """Return a record as it is kept, secrets included."""
        return records.stored(record)

    def result(self, case: ApiKeyCase, failed: bool) -> dict[str, Any]:
        """Return ``rotate_api_key_result``."""
        return {
            "phase": required(case.record).phase,
            "rotated": case.run.rotated,
            "due_in_days": None if failed else table.due_in_days(case),
            "sid": table.used(case).sid,
            "kept": table.others(case),
        }

    def remarks(self, case: ApiKeyCase) -> list[str]:
        """Return what a run's message reports besides what was done: the keys of the name that stay."""
        kept = table.others(case)
        remarks = [f"left as it is: {', '.join(kept)}"] if kept else []
        return [*remarks, stays(required(case.record).current.sid)] if table.is_in_grace(case) else remarks

    # -- the requests ------------------------------------------------------------------------------------------------

    def probe(self, case: ApiKeyCase) -> ApiKeyProbe:
        """List the keys of the name and of the record, and try those of the record that the table depends on."""
        record = required(case.record)
        recorded = {table.NEW: record.new, table.CURRENT: record.current}
        sids = {key.sid for key in recorded.values()}
        keys = [
            key
            for key in api_key.list_keys(self._client)
            if key.friendly_name == self._friendly_name or key.sid in sids
        ]
        probe = ApiKeyProbe(tuple(Listed(str(key.sid), self._mark_of(key), key.date_created) for key in keys))
        while which := table.next_try(case, probe):
            key = recorded[which]
            valid = api_key.is_valid(self._client, key.sid, required(key.secret))
            probe = probe._replace(new=valid) if which == table.NEW else probe._replace(current=valid)
        return probe

    def _mark_of(self, key: api_key.ApiKey) -> str:
        """Return the mark of a key's name; one of another name is not this rotation's."""
        return (key.mark or "") if key.friendly_name == self._friendly_name else ""

    def request(self, case: ApiKeyCase, step: Request) -> Answer:
        """Send the request of a step."""
        try:
            if step.name == table.CREATE:
                return self._create(required(case.record).mark)
            self._client.delete(api_key.deletion(step.argument))
            return Answer(table.DELETED)
        except Rejected as rejected:
            return Answer(table.REFUSED, message=rejected.message)
        except CallError as error:
            return Answer(table.UNKNOWN, message=error.message)

    def _create(self, mark: str) -> Answer:
        wanted = api_key.ApiKey(None, self._client.account_sid, self._friendly_name, self._permissions, mark=mark)
        # Not repeated after an attempt of unknown outcome, which may have created a key: the next run settles that.
        created = self._client.send(api_key.creation(wanted)).body
        return Answer(table.MADE, ApiKey(created["sid"], Secret(created["secret"])))
