# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes an account as variables of the role ``account_baseline``; the module of the same name documents it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _definition, _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_CHECKS,
    CONNECTION_OPTIONS,
    SUBACCOUNT_OPTION,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import for_each
from ansible_collections.community.twilio.plugins.module_utils._resources import (
    account,
    credential,
    messaging_geo_permission,
    safelist,
)
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._action import PARENT
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import main_account_of, subaccounts_of
from ansible_collections.community.twilio.plugins.plugin_utils._baseline_file import Facts, exported, is_unedited
from ansible_collections.community.twilio.plugins.plugin_utils._controller import (
    ControllerAction,
    ControllerError,
    require_libraries,
)
from ansible_collections.community.twilio.plugins.plugin_utils._durable import replace_file
from ansible_collections.community.twilio.plugins.plugin_utils._job import refusal_in_job_folder
from ansible_collections.community.twilio.plugins.plugin_utils._own_files import (
    WRITE,
    NotOwnError,
    ensure_own_folder,
    open_own,
    own_folder,
)

PREFIX = "account_export_"

#: The role's variables beside those of the connection, without their prefix.
_OWN: Mapping[str, Mapping[str, Any]] = {
    "path": {"type": "path"},
    "safelist_numbers": {"type": "list", "elements": "str", "default": []},
}
#: All of them.
SETTINGS: Mapping[str, Mapping[str, Any]] = {**CONNECTION_OPTIONS, **SUBACCOUNT_OPTION, **_OWN}

_CHECKS = {**CONNECTION_CHECKS, "safelist_numbers": _schemas.phone_numbers}
_SECRETS = frozenset(name for name, option in SETTINGS.items() if option.get("no_log"))

_MODE = 0o600

#: In place of a file in a diff.
_NOT_SHOWN = "It is not as an export left it, so it may hold secrets, and is not shown.\n"


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = SETTINGS
    rules: Mapping[str, Any] = {
        "required_one_of": [["auth_token", "api_key_sid"]],
        "required_together": [["api_key_sid", "api_key_secret"]],
    }

    def given(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the role's variables; there is nothing else."""
        return {**_definition.given(_OWN, self.role_variables(PREFIX, SETTINGS)), **arguments}

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Ask what there is, and write it where it is not written already.

        :param options: SETTINGS.
        :param check_mode: whether nothing may be written.
        :raises ControllerError: where something can't be asked for, or can't be written.
        """
        require_libraries()
        PARENT.start()
        folder = _folder(options["path"])
        try:
            checked = _definition.checked(_CHECKS, options, _SECRETS)
            facts = _read_account(_definition.connected(checked, HttpTransport), checked)
        except InputError as error:
            raise ControllerError(f"{PREFIX}{error.message}.") from None
        except TwilioError as error:
            raise ControllerError(error.message, error.details()) from None
        file = folder / f"{facts.account_sid}.yml"
        text = exported(facts)
        try:
            before, changed = _write(file, text, check_mode)
        except (NotOwnError, OSError) as error:
            said = f"{file} can't be written: {error.strerror}." if isinstance(error, OSError) else str(error)
            raise ControllerError(f"{said} Nothing was written.") from None
        result = {"changed": changed, "path": str(file), "account_sid": facts.account_sid}
        if self._task.diff:
            shown = before if before in ("", text) or is_unedited(before) else _NOT_SHOWN
            header = {"before_header": str(file), "after_header": str(file)}
            result["diff"] = {**header, "before": shown, "after": text}
        return result


def _folder(path: str | None) -> Path:
    """Return the folder to write to.

    :raises ControllerError: where it can't be right.
    """
    if not path or not os.path.isabs(path):
        raise ControllerError(f"{PREFIX}path: expected the absolute path of a folder.")
    if refusal := refusal_in_job_folder(Path(path, "account.yml")):
        raise ControllerError(f"{PREFIX}path: {refusal}")
    return Path(path)


def _read_account(client: Client, options: Mapping[str, Any]) -> Facts:
    """Return the account as it is; its lists are read concurrently.

    :raises TwilioError: where one of them can't be read.
    """
    lists: dict[str, Callable[[], Any]] = {
        "aws_credentials": lambda: credential.list_credentials(credential.AWS, client),
        "public_keys": lambda: credential.list_credentials(credential.PUBLIC_KEY, client),
        "countries": lambda: messaging_geo_permission.look_up(client, {"country_code": None})["countries"],
    }
    if client.account_sid == options["account_sid"]:
        lists["accounts"] = lambda: account.look_up(client, {"sid": None, "friendly_name": None, "status": None})[
            "accounts"
        ]
    if options["safelist_numbers"]:
        numbers = {
            "phone_number": options["safelist_numbers"],
            "concurrency": safelist.OPTIONS["concurrency"]["default"],
        }
        lists["numbers"] = lambda: safelist.look_up(client, numbers)["numbers"]
    ends = for_each([*lists.values()], lambda read: read(), len(lists), lambda _error: True, client.cancel)
    failures = [end for end in ends if isinstance(end, TwilioError)]
    if failures:
        raise failures[0]
    answers: dict[str, Any] = dict(zip(lists, ends))
    accounts = answers.get("accounts")
    return Facts(
        account_sid=client.account_sid,
        aws_credentials=answers["aws_credentials"],
        public_keys=answers["public_keys"],
        subaccounts=None if accounts is None or main_account_of(accounts) is None else subaccounts_of(accounts),
        enabled_countries=[each["country_code"] for each in answers["countries"] if each["enabled"]],
        numbers={each["phone_number"]: each["exists"] for each in answers.get("numbers", ())},
    )


def _write(file: Path, text: str, check_mode: bool) -> tuple[str, bool]:
    """Have a text in a file that its owner alone can read.

    :returns: what the file held before, nothing where there was none; and whether the text or the mode was another.
    :raises NotOwnError: where the folder or the file is not the user's own.
    :raises OSError: where it can't be read or written.
    """
    try:
        with own_folder(file.parent, WRITE) as folder:
            before, mode = _read(file, folder)
    except FileNotFoundError:
        before, mode = "", _MODE
    if before == text and mode == _MODE:
        return before, False
    if not check_mode:
        with ensure_own_folder(file.parent, WRITE) as folder:
            replace_file(folder, file.name, text.encode(), _MODE)
    return before, True


def _read(file: Path, folder: int) -> tuple[str, int]:
    """Return what a file holds, and its mode."""
    descriptor = open_own(file, folder, os.O_RDONLY, WRITE)
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read().decode("utf-8", "replace"), stat.S_IMODE(os.fstat(descriptor).st_mode)
