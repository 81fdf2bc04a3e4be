# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account beside its baseline: what is to be done, and how they differ. Nothing is asked and nothing is written.

What an item comes to is the plan of its own module, made from a list that was asked for once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.module_utils import _definition
from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import Plan
from ansible_collections.community.twilio.plugins.module_utils._resources import credential
from ansible_collections.community.twilio.plugins.module_utils._resources.credential import Credential
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.modules import twilio_aws_credential, twilio_public_key
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked
from ansible_collections.community.twilio.plugins.plugin_utils._quoted import printable

#: What the names of the role's variables begin with.
PREFIX = "account_baseline_"

#: What becomes of credentials and keys that no item names.
IGNORE, REPORT, PURGE = "ignore", "report", "purge"

_PRESENT, _ABSENT, _UNDECLARED = "present", "absent", "not declared"

_ACCOUNT_SID = re.compile("AC[0-9a-fA-F]{32}")

#: The keys of a resource in which it can differ from what is declared.
_COMPARED_KEYS = ("friendly_name", "fingerprint", "status")


class CredentialList(NamedTuple):
    """Credentials of one type, as the role has them.

    :param credential_type: which.
    :param definition: the module's.
    """

    credential_type: credential.CredentialType
    definition: Definition


#: By the role's variable, without its prefix.
CREDENTIALS: Mapping[str, CredentialList] = {
    "aws_credentials": CredentialList(credential.AWS, twilio_aws_credential.DEFINITION),
    "public_keys": CredentialList(credential.PUBLIC_KEY, twilio_public_key.DEFINITION),
}


class Difference(NamedTuple):
    """In what an account differs from its baseline.

    :param resource: what differs.
    :param before: how it is; None where that can't be told.
    :param after: how it is declared, or why that can't be told.
    """

    resource: str
    before: str | None
    after: str

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.resource}: could not be compared: {self.after}"
        return f"{self.resource}: {self.before} -> {self.after}"

    def line(self, account: str) -> str:
        """Return the difference as a line.

        :param account: the account's SID.
        """
        return f"{account}: {self}"


@dataclass
class Comparison:
    """What came of a comparison.

    :param to_do: the items that a task has to look at, each as its ``number`` and a ``label``.
    :param to_remove: what is to be removed, each as ``sid`` and ``friendly_name``.
    :param differences: those that no other task of the role shows.
    """

    to_do: list[dict[str, Any]] = field(default_factory=list)
    to_remove: list[dict[str, Any]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def result(self) -> dict[str, Any]:
        """Return what the tasks that follow need."""
        return {"to_do": self.to_do, "to_remove": self.to_remove}


# Credentials


def compare_credentials(
    credentials: CredentialList,
    items: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    account_sid: str,
    *,
    unnamed: str,
    collects: bool,
) -> Comparison:
    """Compare the credentials of an account with the items that declare them.

    :param credentials: which type.
    :param items: what the module of the type takes, each.
    :param records: the credentials of the account, as the info module returns them.
    :param account_sid: the account.
    :param unnamed: IGNORE, REPORT or PURGE.
    :param collects: whether an item that can't be brought about is a difference, and not left for its task to fail.
    """
    # Nothing is sent by it.
    client = Client(Connection(account_sid), HttpTransport(1.0, True, None))
    found = [Credential(**{name: record[name] for name in Credential.__dataclass_fields__}) for record in records]
    comparison = Comparison()
    accounted_for: set[str | None] = set()
    sids = {item.get("sid") for item in items} - {None, ""}
    names = {str(item["friendly_name"]) for item in items if item.get("friendly_name") is not None}
    same_name = Counter(each.friendly_name for each in found)
    for number, item in enumerate(items):
        try:
            plan = _plan(credentials, item, found, client)
        except TwilioError as error:
            matches = [*_matches(item, found)]
            accounted_for.update(each.sid for each in matches)
            if collects:
                comparison.differences.append(_difference_of_failure(credentials, item, matches, error))
            else:
                comparison.to_do.append(_entry(number, item))
            continue
        after = plan.result["credential"] or {}
        accounted_for.update([after.get("sid"), plan.before.get("sid"), *plan.result["replaced_sids"]])
        if plan.steps or plan.warnings:
            comparison.to_do.append(_entry(number, item))
    undeclared = [each for each in found if each.sid not in sids and each.friendly_name not in names]
    if unnamed == PURGE:
        comparison.to_remove = [{"sid": each.sid, "friendly_name": each.friendly_name} for each in undeclared]
    if unnamed == REPORT:
        comparison.differences += [Difference(_title(credentials, each), _PRESENT, _UNDECLARED) for each in undeclared]
        seen = {each.sid for each in undeclared} | accounted_for
        comparison.differences += [
            Difference(
                _title(credentials, each),
                _PRESENT,
                f"{_UNDECLARED}: {_one_of(same_name[each.friendly_name])}",
            )
            for each in found
            if each.sid not in seen
        ]
    return comparison


def _one_of(same_name: int) -> str:
    if same_name > 1:
        return f"one of {same_name} of an item's name"
    return "an item's name, but not what the item is about"


def _plan(credentials: CredentialList, item: Mapping[str, Any], found: Sequence[Credential], client: Client) -> Plan:
    """Return the plan that the item's module would make.

    :raises TwilioError: where it would fail.
    """
    definition = credentials.definition
    rules = {
        "required_one_of": [*map(list, definition.required_one_of)],
        "required_together": [*map(list, definition.required_together)],
    }
    given = _definition.given(definition.options, item)
    arguments = checked(definition.options, rules, given, credentials.credential_type.noun)
    if arguments.problem:
        raise TwilioError(arguments.problem)
    options = _definition.checked(definition.checks, arguments.options, definition.secret_options)
    definition.check_together(options)
    return credentials.credential_type.state(client, options).plan(found)


def _matches(item: Mapping[str, Any], found: Sequence[Credential]) -> Iterator[Credential]:
    """Yield the credentials that an item names."""
    for each in found:
        if each.sid == item["sid"] if item.get("sid") else each.friendly_name == str(item.get("friendly_name")):
            yield each


def _entry(number: int, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": number, "label": _label(item)}


def _label(item: Mapping[str, Any]) -> str:
    """Return what an item is called in the output, which is nothing secret."""
    named = [str(item[key]) for key in ("friendly_name", "sid") if item.get(key) not in (None, "")]
    return named[0] if named else "nameless"


def _difference_of_failure(
    credentials: CredentialList, item: Mapping[str, Any], matches: Sequence[Credential], error: TwilioError
) -> Difference:
    why = printable(error.message)
    is_absent = item.get("state") == "absent"
    name = item.get("friendly_name")
    if item.get("sid") and matches and not is_absent and name not in (None, matches[0].friendly_name):
        title, now = _title(credentials, matches[0]), _shown(matches[0].friendly_name)
        return Difference(title, f"friendly_name {now}", f"{_shown(name)}, which can't be brought about: {why}")
    resource = f"{credentials.credential_type.noun} {_label(item)!r}"
    if matches or is_absent:
        return Difference(resource, None, why)
    return Difference(resource, _ABSENT, f"{_PRESENT}: {why}")


def _title(credentials: CredentialList, record: Credential) -> str:
    return _titled(credentials.credential_type.noun, asdict(record))


def _titled(noun: str, record: Mapping[str, Any]) -> str:
    """Return what a record is called in a difference."""
    sid, name = record.get("sid"), record.get("friendly_name")
    parts = [noun]
    if name is not None:
        parts.append(repr(str(name)))
    if sid is not None:
        parts.append(f"({sid})" if name is not None else str(sid))
    return " ".join(parts)


# Subaccounts


def compare_subaccounts(
    declared: Sequence[Any], accounts: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[str], list[Difference]]:
    """Compare the subaccounts that there are with those that are declared; a closed one isn't there any more.

    A SID names one. A name names one that no SID names; where several bear it, which one is meant can't be told.

    :param declared: names and SIDs.
    :param accounts: the account and its subaccounts, as the info module returns them.
    :returns: the names for which there is none; the SIDs for which there is none; what there is beside, as differences.
    """
    subaccounts = {account["sid"]: account for account in subaccounts_of(accounts)}
    wanted = list(dict.fromkeys(map(str, declared)))
    sids = [each for each in wanted if is_account_sid(each)]
    # Not all that is wanted: nobody hides a subaccount by giving it another's SID for a name.
    names = [each for each in wanted if not is_account_sid(each)]
    left = [account for sid, account in subaccounts.items() if sid not in sids]
    same_name = Counter(account["friendly_name"] for account in left)
    missing = [name for name in names if not same_name[name]]
    differences = []
    for account in left:
        name, count = account["friendly_name"], same_name[account["friendly_name"]]
        if name not in names:
            differences.append(Difference(_titled("subaccount", account), account["status"], _UNDECLARED))
        elif count > 1:
            after = f"{_UNDECLARED}: one of {count} of a declared name, of which one is to be named by its SID"
            differences.append(Difference(_titled("subaccount", account), account["status"], after))
    return missing, [sid for sid in sids if sid not in subaccounts], differences


def is_account_sid(text: str) -> bool:
    """Return whether a text is an account's SID."""
    return _ACCOUNT_SID.fullmatch(text) is not None


def main_account_of(accounts: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the SID of the account that owns the others, None where a subaccount asked."""
    return next((account["sid"] for account in accounts if account["sid"] == account["owner_account_sid"]), None)


def subaccounts_of(accounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the subaccounts among accounts; a closed one isn't there any more."""
    return [each for each in accounts if each["status"] != "closed" and each["sid"] != each["owner_account_sid"]]


def unknown_subaccount(sid: str) -> Difference:
    """Return the difference that a declared SID is, for which there is no subaccount."""
    return Difference(f"subaccount {sid}", _ABSENT, _PRESENT)


# What the role's tasks returned

#: What each result that the role hands on is about.
_RECORDS: Mapping[str, str] = {
    "subaccounts": "subaccount",
    "aws_credentials": credential.AWS.noun,
    "removed_aws_credentials": credential.AWS.noun,
    "public_keys": credential.PUBLIC_KEY.noun,
    "removed_public_keys": credential.PUBLIC_KEY.noun,
}

#: Likewise of those whose diffs map what there is to how it is.
_MAPS: Mapping[str, str] = {
    "safelist_numbers": "SafeList number",
    "messaging_geo_permissions": "messaging geo permission",
}

#: The names of the results that :func:`differences_in` knows.
RESULTS = (*_RECORDS, *_MAPS)


def differences_in(name: str, registered: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the differences in what a task returned in check mode.

    :param name: one of RESULTS.
    :param registered: the task's result, or that of its loop.
    """
    results = registered.get("results")
    for result in results if isinstance(results, list) else [registered]:
        diff = result.get("diff") or {}
        before, after = diff.get("before") or {}, diff.get("after") or {}
        if name in _MAPS:
            yield from _differences_of_map(_MAPS[name], before, after)
        else:
            yield from _differences_of_record(_RECORDS[name], before, after)
        if result.get("failed"):
            yield _failure(name, result)


def _failure(name: str, result: Mapping[str, Any]) -> Difference:
    resource = _MAPS.get(name) or _RECORDS[name]
    entry = result.get("account_baseline_entry")
    if isinstance(entry, Mapping):
        entry = entry.get("label") or entry.get("sid")
    if entry is not None:
        resource += f" {str(entry)!r}"
    return Difference(resource, None, printable(str(result.get("msg"))))


def _differences_of_map(noun: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in before.items():
        if value != after.get(key):
            yield Difference(f"{noun} {key}", str(value), str(after.get(key)))


def _differences_of_record(noun: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    resource = _titled(noun, before or after)
    if bool(before) != bool(after):
        yield Difference(resource, _PRESENT if before else _ABSENT, _PRESENT if after else _ABSENT)
    elif before.get("sid") != after.get("sid"):
        yield Difference(
            resource,
            f"fingerprint {_shown(before.get('fingerprint'))}",
            f"another with fingerprint {_shown(after.get('fingerprint'))}",
        )
    else:
        for key in _COMPARED_KEYS:
            if before.get(key) != after.get(key):
                yield Difference(resource, f"{key} {_shown(before.get(key))}", _shown(after.get(key)))
    for record in before.get("replaced") or ():
        if record.get("sid") != before.get("sid"):
            yield Difference(_titled(noun, record), _PRESENT, f"{_ABSENT}: another takes its place")


def _shown(value: Any) -> str:
    return "none" if value is None else repr(str(value))
