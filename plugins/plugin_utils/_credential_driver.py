# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the steps of the rotation of an AWS credential or a public key are performed: by the engine's own resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._errors import AmbiguousState, Rejected, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import Outcome, converge
from ansible_collections.community.twilio.plugins.module_utils._resources import credential
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils import _credential_record as records
from ansible_collections.community.twilio.plugins.plugin_utils import _credential_rotation as table
from ansible_collections.community.twilio.plugins.plugin_utils import _key_pair
from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    CredentialProbe,
    CredentialRecord,
    CredentialSettings,
    Key,
    Listed,
)
from ansible_collections.community.twilio.plugins.plugin_utils._credential_rotation import CredentialCase
from ansible_collections.community.twilio.plugins.plugin_utils._driver import HookReport, Rotation
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import (
    Answer,
    Request,
    Run,
    RunHook,
    Step,
    required,
    stays,
)

#: Type of credential to the engine's resource.
_RESOURCES = {records.AWS_CREDENTIAL: credential.AWS, records.PUBLIC_KEY: credential.PUBLIC_KEY}


class CredentialRotation(Rotation[CredentialRecord, CredentialProbe, CredentialSettings]):
    """The rotation of the credentials of one name.

    :param client: acts as the account that they belong to.
    :param settings: what the table depends on.
    :param friendly_name: their name.
    :param hooks: hook to its task file.
    :param issued: the key pair that the hook ``issue`` handed over in this run; empty where it did not.
    """

    handing_hooks = (table.LIST, table.ISSUE)

    def __init__(
        self,
        client: Client,
        settings: CredentialSettings,
        friendly_name: str,
        hooks: Mapping[str, str],
        issued: Mapping[str, Any],
    ) -> None:
        self.table = table.table(settings)
        self.name = records.record_name(settings.credential_type, client.account_sid, friendly_name)
        self.label = f"{friendly_name}, {client.account_sid}"
        self.first_record = records.first_record(client.account_sid, friendly_name)
        self.settings = settings
        self.hooks = hooks
        self._client = client
        self._friendly_name = friendly_name
        self._issued = issued
        self._resource = _RESOURCES[settings.credential_type]

    # -- the case ----------------------------------------------------------------------------------------------------

    def first_case(self, record: CredentialRecord | None, run: Run) -> CredentialCase:
        """Return the case that a call begins with; where nothing is stored yet, with a new record."""
        return CredentialCase(record or self.first_record, run, self.settings)

    def after(self, case: CredentialCase, step: Step, result: Any = None) -> CredentialCase:
        """Return the case that a step leads to."""
        return table.after(case, step, result)

    def hook_result(self, step: RunHook, report: HookReport) -> Any:
        """Return the result of a hook that succeeded."""
        if step.name == table.LIST:
            return records.read_keys(self._named_keys(report), self.settings)
        if step.name == table.ISSUE:
            return Answer(records.ISSUED, self._issued_key())
        return True

    @staticmethod
    def _named_keys(report: HookReport) -> Any:
        """Return the keys that task files hand over, with amazon.aws's names replaced by those of users' files."""
        keys, used = report.handed_over.get("keys"), report.handed_over.get("used") or {}
        if not isinstance(keys, list):
            return keys
        named = [{"id": key.get("access_key_id"), **key} for key in keys]
        return [{"used": used.get(key["id"]), **key} for key in named]

    def _issued_key(self) -> Key | None:
        """Return what a record may hold of the access key that was handed over; None where that is not valid."""
        material = self._material_of_access_key()
        if material is None:
            return None
        fingerprint = self._resource.material(self._client.account_sid, material).fingerprint
        return Key(key_id=material["aws_access_key_id"], fingerprint=fingerprint)

    def _material_of_access_key(self) -> dict[str, Any] | None:
        key_id, secret = (self._issued.get(name) for name in self._resource.options)
        if not (isinstance(key_id, str) and key_id and isinstance(secret, str) and secret):
            return None
        return dict(zip(self._resource.options, (key_id, Secret(secret))))

    # -- the record --------------------------------------------------------------------------------------------------

    def read(self, stored: Mapping[str, Any]) -> CredentialRecord:
        """Return a record as it was loaded."""
        account_sid, settings = self._client.account_sid, self.settings
        return records.read_record(stored, account_sid, self._friendly_name, settings.now, settings.credential_type)

    def stored(self, record: CredentialRecord) -> dict[str, Any]:
        """Return a record as it is kept."""
        return records.stored(record)

    def remarks(self, case: CredentialCase) -> list[str]:
        """Return what a run's message reports besides what was done: the old one that stays for its days of grace."""
        old = required(case.record).current.sid
        return [stays(old)] if old and table.is_in_grace(case) else []

    def result(self, case: CredentialCase, failed: bool) -> dict[str, Any]:
        """Return the role's result."""
        return {
            "phase": required(case.record).phase,
            "rotated": case.run.rotated,
            "due_in_days": None if failed else table.due_in_days(case),
            "sid": table.used_sid(case),
        }

    # -- the requests ------------------------------------------------------------------------------------------------

    def probe(self, case: CredentialCase) -> CredentialProbe:
        """Return what Twilio lists under the name."""
        found = self._resource.look_up(self._client, {"sid": None, "friendly_name": self._friendly_name})
        return tuple(Listed(each["sid"], each["fingerprint"], each["date_created"]) for each in found["credentials"])

    def request(self, case: CredentialCase, step: Request) -> Answer:
        """Perform the request of a step."""
        try:
            if step.name == table.CREATE:
                return self._create(case)
            if step.name == table.DELETE:
                self._converge(state="absent", sid=step.argument)
                return Answer(table.DELETED)
            if step.name == table.MAKE_PAIR:
                return Answer(table.PAIR, _key_pair.make(step.argument).fingerprint)
            half = _key_pair.read_public_half(step.argument)
            return Answer(table.PAIR, half.fingerprint if half else None)
        except (Rejected, _key_pair.KeyPairError) as refused:
            return Answer(table.REFUSED, message=str(refused))
        except AmbiguousState as several:
            return Answer(table.SEVERAL, message=several.message)
        except TwilioError as error:
            return Answer(table.UNKNOWN, message=error.message)

    def _create(self, case: CredentialCase) -> Answer:
        record = required(case.record)
        if self.settings.credential_type.has_access_key:
            material = self._material_of_access_key()
        else:
            half = _key_pair.read_public_half(record.new.private_key_path)
            material = {"public_key": Secret(_schemas.public_key(half.pem))} if half else None
        if material is None:
            return Answer(table.REFUSED, message=f"The secret of the new {self.settings.credential_type.noun} is lost.")
        created = self._converge(friendly_name=self._friendly_name, update_secret="always", **material)
        return Answer(records.CREATED, created.result["credential"]["sid"])

    def _converge(self, **options: Any) -> Outcome:
        """Bring a credential to the state that a task of the module with these options describes."""
        defaults = {name: option.get("default") for name, option in credential.OPTIONS.items()}
        unset = dict.fromkeys(self._resource.options)
        return converge(self._resource.state(self._client, {**defaults, **unset, **options}), False)
