# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Messaging geo permissions: the countries that an account may send messages to. Twilio has one list of all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import _schemas
from .._client import Call, Client
from .._errors import InputError, PartialFailure, Rejected
from .._resource import Outcome, Plan, Resource, add_what_was_done

_PATH = "/v1/Messaging/GeoPermissions"

#: How many countries a message names; of more it gives the number.
_NAMED_AT_MOST = 10

#: The keys of a country that are returned by the ``_info`` module, and how each must look.
_COUNTRY_KEYS: Mapping[str, _schemas.Check] = {
    "country_code": _schemas.country_code,
    "enabled": _schemas.flag,
    "prefix": _schemas.nullable(_schemas.text),
    "message": _schemas.nullable(_schemas.text),
}
_RESULT_KEYS: Mapping[str, _schemas.Check] = {
    "country_code": _schemas.country_code,
    "enabled": _schemas.flag,
    "error_code": _schemas.error_code,
    "error_messages": _schemas.nullable(_schemas.list_of(_schemas.text)),
}

#: An answer's items by their country codes.
Countries = Mapping[str, Mapping[str, Any]]


def _by_code(keys: Mapping[str, _schemas.Check]) -> _schemas.Check:
    """Return a check for an answer, which makes it :data:`Countries`.

    :param keys: the keys of an item, and their checks.
    """
    item = _schemas.answer(type=_schemas.text, **keys)
    envelope = _schemas.answer(permissions=_schemas.list_of(item))

    def check(value: Any) -> Countries:
        items = [each for each in envelope(value)["permissions"] if each["type"] == "country"]
        countries = {each["country_code"]: each for each in items}
        # An empty list would look as if there were nothing to change.
        if not countries or len(countries) < len(items):
            raise _schemas.invalid("expected countries, each of them once")
        return countries

    return check


def _results_of(changes: Mapping[str, bool]) -> _schemas.Check:
    """Return a check for the answer to a change, which must hold a result for each country.

    :param changes: country code to the requested state.
    """
    check_items = _by_code(_RESULT_KEYS)

    def check(value: Any) -> Countries:
        results: Countries = check_items(value)
        for code, enabled in changes.items():
            if code not in results:
                raise _schemas.invalid(f"expected a result for {code}")
            if results[code]["error_code"] == 0 and results[code]["enabled"] is not enabled:
                raise _schemas.invalid(f"expected enabled to be {str(enabled).lower()} for {code}, as requested")
        return results

    return check


def _countries(client: Client) -> Countries:
    # All of them: Twilio's answer to a request for a code that it does not list is not known.
    call = Call("GET", _PATH, "list the messaging geo permissions", _by_code(_COUNTRY_KEYS))
    countries: Countries = client.send(call).body
    return countries


def _check_listed(option: str, codes: Iterable[str], countries: Countries) -> None:
    """Check that Twilio lists the countries that an option names.

    :raises InputError: naming those that it doesn't.
    """
    unlisted = [code for code in codes if code not in countries]
    if unlisted:
        raise InputError(option, f"Twilio lists no messaging geo permission for {_listing(unlisted)}.")


def check_together(options: Mapping[str, Any]) -> None:
    """Check what the options mean together, before any request.

    :raises InputError: naming the option.
    """
    both = [code for code in options["enabled"] or () if code in (options["disabled"] or ())]
    if both:
        raise InputError("disabled", f"expected other countries than in enabled, which names {_listing(both)} too")


class MessagingGeoPermissions(Resource[Countries]):
    """An account's messaging geo permissions, those that are named and perhaps all others.

    :param client: the account's client.
    :param options: ``enabled``, ``disabled``, ``others``.
    """

    def __init__(self, client: Client, options: Mapping[str, Any]) -> None:
        self._client = client
        self._named = {option: options[option] or [] for option in ("enabled", "disabled")}
        self._wanted = {code: option == "enabled" for option, codes in self._named.items() for code in codes}
        self._others_disabled = options["others"] == "disabled"

    def read(self) -> Countries:
        """Return all countries; none where the task is about none."""
        return _countries(self._client) if self._wanted or self._others_disabled else {}

    def plan(self, actual: Countries) -> Plan:
        """Change what differs, and nothing else."""
        for option, codes in self._named.items():
            _check_listed(option, codes, actual)
        others = sorted({*actual} - {*self._wanted}) if self._others_disabled else []
        wanted = {**self._wanted, **dict.fromkeys(others, False)}
        changes = {code: enabled for code, enabled in wanted.items() if actual[code]["enabled"] is not enabled}
        done = self._outcome(actual, changes, {})
        return Plan(tuple(changes.items()), done.result, done.before or {}, done.after or {})

    def apply(self, actual: Countries, plan: Plan) -> Outcome:
        """Send all changes at once; Twilio may refuse some of them."""
        changes: dict[str, bool] = dict(plan.steps)
        items = [{"country_code": code, "type": "country", "enabled": enabled} for code, enabled in changes.items()]
        call = Call(
            "PATCH",
            _PATH,
            f"change the messaging geo permissions of {_listing(changes)}",
            _results_of(changes),
            form={"Permissions": tuple(map(json.dumps, items))},
        )
        results: Countries = self._client.send(call).body
        refused = {
            code: self._client.refusal(
                call,
                f"{'enable' if enabled else 'disable'} messages to {code}",
                results[code]["error_code"],
                "; ".join(results[code]["error_messages"] or ()),
            )
            for code, enabled in changes.items()
            if results[code]["error_code"] != 0
        }
        done = self._outcome(actual, changes, refused)
        if not refused:
            return done
        first = next(iter(refused.values()))
        counted = f"{len(refused)} of {len(changes)} countries failed: " if len(changes) > 1 else ""
        failure = PartialFailure(f"{counted}{first}", first, {**done.result, "changed": done.changed})
        add_what_was_done(failure, done)
        raise failure

    def _outcome(self, actual: Countries, changes: Mapping[str, bool], refused: Mapping[str, Rejected]) -> Outcome:
        """Return the outcome of changes, without those that were refused."""
        done = {code: enabled for code, enabled in changes.items() if code not in refused}
        entries = []
        for code in dict.fromkeys([*self._wanted, *changes]):
            enabled = done.get(code, actual[code]["enabled"])
            entries.append({"country_code": code, "enabled": enabled, "changed": code in done})
            if code in refused:
                entries[-1].update(failed=True, msg=str(refused[code]), code=refused[code].code)
        return Outcome(
            bool(done),
            {"countries": entries},
            before={code: _shown(not enabled) for code, enabled in done.items()},
            after={code: _shown(enabled) for code, enabled in done.items()},
        )


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the countries that ``country_code`` names, in the order given; all by their codes, where it is not given.

    :raises InputError: where Twilio doesn't list one of them.
    """
    countries = _countries(client)
    codes: Sequence[str] = sorted(countries) if options["country_code"] is None else options["country_code"]
    _check_listed("country_code", codes, countries)
    return {"countries": [{key: countries[code][key] for key in _COUNTRY_KEYS} for code in codes]}


def _shown(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"


def _listing(codes: Iterable[str]) -> str:
    codes = list(codes)
    return ", ".join(codes) if len(codes) <= _NAMED_AT_MOST else f"{len(codes)} countries"
