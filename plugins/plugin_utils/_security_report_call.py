# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the role's variables to what a report is made of, and from that to its files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_CHECKS,
    CONNECTION_OPTIONS,
    SUBACCOUNT_OPTION,
    OpenTransport,
    checked,
    connected,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import CallError, InputError, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import for_each
from ansible_collections.community.twilio.plugins.module_utils._resources import api_key, credential
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._dates import is_age
from ansible_collections.community.twilio.plugins.plugin_utils._durable import replace_file
from ansible_collections.community.twilio.plugins.plugin_utils._job import refusal_in_job_folder
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import (
    API_KEY,
    AUTH_TOKEN,
    Status,
    Store,
    record_name,
)
from ansible_collections.community.twilio.plugins.plugin_utils._security_report import document, problem, secret
from ansible_collections.community.twilio.plugins.plugin_utils._security_report_page import page

PREFIX = "security_report_"

#: The role's variables, without their prefix.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    **CONNECTION_OPTIONS,
    # Without it, it is the account of the inventory, or the one that this belongs to.
    "account_sid": {**CONNECTION_OPTIONS["account_sid"], "required": False},
    **SUBACCOUNT_OPTION,
    "path": {"type": "path", "required": True},
    "json_path": {"type": "path"},
    "mode": {"type": "str", "default": "0600"},
    "max_age_days": {"type": "float", "default": 90.0},
    "fail_when_overdue": {"type": "bool", "default": False},
    "store_path": {"type": "path"},
    # A number is told from a text by the store itself.
    "store_password": {"type": "raw", "no_log": True},
}

RULES: Mapping[str, Any] = {"required_together": [["api_key_sid", "api_key_secret"]]}

#: What the inventory plugin says of an account, and an answer is told by.
INVENTORY = ("sid", "owner_account_sid", "friendly_name", "status")

_SECRETS = frozenset(name for name, option in SETTINGS.items() if option.get("no_log")) - {"store_password"}

#: What is read from Twilio: kind to what lists it.
_LISTS: Mapping[str, Callable[[Client], Sequence[Any]]] = {
    API_KEY: api_key.list_keys,
    "aws_credential": lambda client: credential.list_credentials(credential.AWS, client),
    "public_key": lambda client: credential.list_credentials(credential.PUBLIC_KEY, client),
}


class ReportError(Exception):
    """Fails the task; the message is a sentence that holds no secret."""


# -- collect -----------------------------------------------------------------------------------------------------------


class _Record(NamedTuple):
    """A record as it was read.

    :param status: what it tells, None where there is none.
    :param token: of an auth token's record that can be used, the token; otherwise None.
    """

    status: Status | None
    token: Secret | None = None


class _Records:
    """The records of a store, or of none."""

    def __init__(self, options: Mapping[str, Any], now: datetime) -> None:
        self._now = now
        self._store = Store(options["store_path"], options["store_password"], PREFIX) if options["store_path"] else None
        if self._store:
            self._store.check()

    def __bool__(self) -> bool:
        return self._store is not None

    def of(self, kind: str, account_sid: str, friendly_name: str = "") -> _Record:
        """Return the record of a rotation."""
        if self._store is None:
            return _Record(None)
        status, stored = self._store.read(record_name(kind, account_sid, friendly_name), self._now)
        return _Record(status, Secret(stored["primary"]) if stored and kind == AUTH_TOKEN else None)


def collect(
    settings: Mapping[str, Any],
    inventory: Mapping[str, Any],
    now: datetime,
    open_transport: OpenTransport = HttpTransport,
) -> dict[str, Any]:
    """Return what there is to be known about the secrets of one account. Nothing is written.

    :param settings: the role's variables, as Ansible has validated them.
    :param inventory: what the inventory says of the account, by the names in INVENTORY; None or missing: nothing.
    :param now: the time, with its zone.
    :param open_transport: opens HTTP.
    :returns: what ``_security_report.document`` takes, but for the host. What an account answers is never a failure.
    :raises ReportError: where a variable can't be right; before any request.
    """
    options = _checked(_identified(settings, inventory))
    sid: str = options["subaccount_sid"] or options["account_sid"]
    try:
        records = _Records(settings, now)
    except RecordError as error:
        raise ReportError(str(error)) from None
    token = records.of(AUTH_TOKEN, sid)
    secrets = [_token_of(token.status, bool(records))]
    problems = []
    for kind, found in _listed(options, sid, token.token, records, open_transport).items():
        if isinstance(found, TwilioError):
            problems.append((kind, found))
        else:
            secrets += [_listed_secret(kind, sid, each, records) for each in found]
    return {
        "account_sid": sid,
        "friendly_name": inventory.get("friendly_name"),
        "status": inventory.get("status"),
        "secrets": secrets,
        "problems": _grouped(problems),
    }


def _checked(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the variables with secrets masked.

    :raises ReportError: naming the one that can't be right.
    """
    if not is_age(settings["max_age_days"]):
        raise ReportError(f"{PREFIX}max_age_days: expected 0, which is due at once, or more.")
    # They are used at the end, when all has been collected.
    _mode(settings["mode"])
    _paths(settings)
    empty = {name: None for name in CONNECTION_CHECKS if settings.get(name) == ""}
    try:
        return checked(CONNECTION_CHECKS, {**settings, **empty}, _SECRETS)
    except InputError as error:
        raise ReportError(f"{PREFIX}{error.message}.") from None


def _identified(options: Mapping[str, Any], inventory: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with the account that they are about: the inventory's, unless they name a subaccount.

    :raises ReportError: where nothing says which account that is.
    """
    own = inventory.get("sid")
    account_sid = options["account_sid"] or inventory.get("owner_account_sid") or own
    if not account_sid:
        raise ReportError(
            f"{PREFIX}account_sid (or TWILIO_ACCOUNT_SID): expected the account's SID, AC and 32 hexadecimal digits,"
            " unless the hosts are those of the inventory plugin twilio_accounts."
        )
    subaccount_sid = options["subaccount_sid"] or (own if own != account_sid else None)
    return {**options, "account_sid": account_sid, "subaccount_sid": subaccount_sid}


def _token_of(status: Status | None, has_store: bool) -> dict[str, Any]:
    if status is None:
        return secret(AUTH_TOKEN, None, note="no record in the store" if has_store else "no store is named")
    if status.problem:
        return secret(AUTH_TOKEN, None, note=status.problem)
    return secret(AUTH_TOKEN, status.made_at, phase=status.phase)


def _listed_secret(kind: str, account_sid: str, found: Any, records: _Records) -> dict[str, Any]:
    status = records.of(kind, account_sid, found.friendly_name).status if found.friendly_name else None
    return secret(
        kind,
        found.date_created,
        sid=found.sid,
        friendly_name=found.friendly_name,
        phase=status.phase or None if status else None,
        note=status.problem or None if status else None,
    )


def _listed(
    options: Mapping[str, Any], sid: str, own_token: Secret | None, records: _Records, open_transport: OpenTransport
) -> Mapping[str, Sequence[Any] | TwilioError]:
    """Return what Twilio lists, by kind, or why it doesn't; the lists are read at once."""
    try:
        client = connected(_authenticated(options, sid, own_token, records), open_transport)
    except TwilioError as error:
        return dict.fromkeys(_LISTS, error)
    kinds = list(_LISTS)
    ends = for_each(kinds, lambda kind: _LISTS[kind](client), len(kinds), lambda error: False, client.cancel)
    return {kind: [] if end is None else end for kind, end in zip(kinds, ends)}


def _authenticated(
    options: Mapping[str, Any], sid: str, own_token: Secret | None, records: _Records
) -> Mapping[str, Any]:
    """Return the options with what authenticates: as they say, otherwise by the account's record, or its parent's.

    :raises InputError: where there is nothing.
    """
    subaccount_sid = options["subaccount_sid"]
    if options["auth_token"] or (options["api_key_sid"] and not subaccount_sid):
        return options
    by_token = {**options, "api_key_sid": None, "api_key_secret": None}
    if own_token:
        return {**by_token, "account_sid": sid, "auth_token": own_token, "subaccount_sid": None}
    parents_token = records.of(AUTH_TOKEN, options["account_sid"]).token if subaccount_sid else None
    if parents_token:
        return {**by_token, "auth_token": parents_token}
    whose = f"{sid} or its parent {options['account_sid']}" if subaccount_sid else sid
    raise InputError(f"{PREFIX}auth_token", f"not given, and there is no record of the token of {whose}.")


def _grouped(problems: Sequence[tuple[str, TwilioError]]) -> list[dict[str, Any]]:
    """Return what could not be read; what failed for one reason, such as a suspended account, is said once."""
    groups: dict[Any, tuple[list[str], str]] = {}
    for kind, error in problems:
        is_answer = isinstance(error, CallError) and error.status is not None
        reason = (error.status, error.code) if isinstance(error, CallError) and is_answer else error.message
        groups.setdefault(reason, ([], error.message))[0].append(kind)
    return [problem(kinds, reason) for kinds, reason in groups.values()]


# -- write -------------------------------------------------------------------------------------------------------------


def account_of(host: str, variables: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a report holds of a host.

    :param host: its name.
    :param variables: the host's, as they were set.
    :param result: what :func:`collect` returned in its task, or that task's failure; None where the host had none.
    """
    told = {name: variables.get(f"twilio_{name}") for name in INVENTORY}
    known = {name: value if isinstance(value, str) else None for name, value in told.items()}
    account: dict[str, Any] = {
        "account_sid": known["sid"],
        "friendly_name": known["friendly_name"] or host,
        "status": known["status"],
        "secrets": [],
        "problems": [],
    }
    if result is None:
        reason = "The host took no part: it was unreachable, a task before had failed, or its turn is yet to come."
        return {**account, "host": host, "problems": [problem((), reason)]}
    if "account" not in result:
        return {**account, "host": host, "problems": [problem((), str(result.get("msg") or "Its task failed."))]}
    found = result["account"]
    return {**found, "host": host, "friendly_name": found["friendly_name"] or account["friendly_name"]}


def write(
    settings: Mapping[str, Any], accounts: Iterable[Mapping[str, Any]], now: datetime, check_mode: bool
) -> dict[str, int]:
    """Write the report's files, each as a whole or not at all, and return the totals.

    :param settings: the role's variables, as Ansible has validated them.
    :param accounts: see :func:`account_of`.
    :param now: the time, with its zone.
    :param check_mode: whether nothing may be written.
    :raises ReportError: where a variable can't be right, or a file can't be written.
    """
    mode = _mode(settings["mode"])
    paths = _paths(settings)
    report = document(accounts, settings["max_age_days"], now)
    contents = [page(report), json.dumps(report, indent=1) + "\n"]
    if not check_mode:
        for path, content in zip(paths, contents):
            _write(path, content.encode(), mode)
    totals: dict[str, int] = report["totals"]
    return totals


def _mode(text: str) -> int:
    """Return a file's mode.

    :raises ReportError: where it is none.
    """
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0o400 <= mode <= 0o777:
        raise ReportError(f'{PREFIX}mode: expected an octal number in quotes, such as "0600".')
    return mode


def _paths(settings: Mapping[str, Any]) -> list[Path]:
    """Return the paths of the files.

    :raises ReportError: where they can't be right.
    """
    given = {name: settings[name] for name in ("path", "json_path") if settings[name]}
    if len({*map(os.path.normpath, given.values())}) != len(given):
        raise ReportError(f"{PREFIX}json_path: expected another file than {PREFIX}path.")
    for name, path in given.items():
        if not os.path.isabs(path):
            raise ReportError(f"{PREFIX}{name}: expected the absolute path of a file.")
        if refusal := refusal_in_job_folder(Path(path)):
            raise ReportError(f"{PREFIX}{name}: {refusal}")
    return [Path(path) for path in given.values()]


def _write(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            replace_file(folder, path.name, content, mode)
        finally:
            os.close(folder)
    except OSError as error:
        raise ReportError(f"{path} can't be written: {error.strerror}.") from None
