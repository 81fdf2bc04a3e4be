# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Voice settings: whether a subaccount has the voice dialing permissions of its main account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _schemas
from .._client import Call, Client
from .._resource import Outcome, Plan, Resource

_PATH = "/v1/Settings"

#: Twilio's name of the one setting that there is.
_KEY = "dialing_permissions_inheritance"

_check_settings = _schemas.answer(**{_KEY: _schemas.flag})


def _settings_with(wanted: bool) -> _schemas.Check:
    """Return a check for the answer to a change: Twilio must say that the setting is what was asked for."""

    def check(value: Any) -> Mapping[str, bool]:
        settings: Mapping[str, bool] = _check_settings(value)
        if settings[_KEY] is not wanted:
            raise _schemas.invalid(f"expected {_KEY} to be {str(wanted).lower()}, as was asked")
        return settings

    return check


def _read(client: Client) -> bool:
    """Ask what the setting is."""
    settings: Mapping[str, bool] = client.send(
        Call("GET", _PATH, "read the voice settings", _check_settings, product="voice")
    ).body
    return settings[_KEY]


class VoiceSettings(Resource[bool]):
    """An account's voice settings.

    :param client: the account's client.
    :param options: ``dialing_permissions_inheritance``.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._client = client
        self._wanted: bool = options[_KEY]

    def read(self) -> bool:
        """Return what the setting is."""
        return _read(self._client)

    def plan(self, actual: bool) -> Plan:
        """Change it where it differs."""
        steps = () if actual is self._wanted else (self._wanted,)
        after = {_KEY: self._wanted}
        return Plan(steps, {"settings": after}, {_KEY: actual}, after)

    def apply(self, actual: bool, plan: Plan) -> Outcome:
        """Send the change."""
        call = Call(
            "POST",
            _PATH,
            "change the voice settings",
            _settings_with(self._wanted),
            product="voice",
            form={"DialingPermissionsInheritance": str(self._wanted).lower()},
            # Sent twice, it leaves what sending it once does.
            repeatable=True,
            statuses=frozenset((202,)),
        )
        self._client.send(call)
        return Outcome(True, plan.result, plan.before, plan.after)


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings."""
    return {"settings": {_KEY: _read(client)}}
