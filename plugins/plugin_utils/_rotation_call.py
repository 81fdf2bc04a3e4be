# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a role's options to one call of its rotation: they are checked before any request, and named as the role's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_CHECKS,
    OpenTransport,
    checked,
    connected,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.modules.rotation_step import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past
from ansible_collections.community.twilio.plugins.plugin_utils._driver import (
    LOAD,
    SAVE,
    Called,
    Driver,
    FileStore,
    Outcome,
    Rotation,
    State,
    Stored,
    TaskStore,
)
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile, path_of
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError
from ansible_collections.community.twilio.plugins.plugin_utils._token_driver import TokenRotation
from ansible_collections.community.twilio.plugins.plugin_utils._token_rotation import TokenSettings

_FILE, _VAULT = "file", "hashi_vault"

#: The hook that a role brings along, and where it looks for it.
_OWN_HOOK = "verify_webhook.yml"

_SECRETS = frozenset(name for name, option in ARGUMENT_SPEC.items() if option.get("no_log"))
_CHECKS = {
    **CONNECTION_CHECKS,
    "initial_auth_token": _schemas.secret_text,
    "parent_auth_token": _schemas.secret_text,
    "parent_account_sid": _schemas.sid("AC"),
}


def call(options: Mapping[str, Any], check_mode: bool, open_transport: OpenTransport = HttpTransport) -> Called:
    """Make one call of a run.

    :param options: those of the module ``rotation_step``, validated by Ansible.
    :param check_mode: whether only to plan.
    :param open_transport: opens HTTP.
    :raises RotationError: where an option can't be right, before any request; the sentence names the role's variable.
    """
    prefix = f"rotate_{options['rotates']}_"
    now = datetime.now(timezone.utc)
    hooks = _hook_files(options)
    problems = [f"{prefix}{problem}" for problem in _problems(options, now)] + list(_missing(hooks))
    checked_options: Mapping[str, Any] = {}
    try:
        checked_options = _checked(options)
    except InputError as error:
        problems.insert(0, f"{prefix}{error.message}.")
    if problems:
        raise RotationError(" ".join(problems))
    state = State.from_dict(options["state"]) if options["state"] else None
    try:
        store = _store(options, state, prefix)
        client = connected(checked_options, open_transport)
    except (RecordError, TwilioError) as error:
        raise RotationError(str(error)) from None
    rotation: Rotation[Any, Any, Any] = TokenRotation(
        client,
        TokenSettings(
            now=now,
            max_age_days=options["max_age_days"],
            force=options["force"],
            roll_back=options["on_failure"] == "rollback",
            replace_unknown=options["replace_unknown"],
            initial_is_primary=options["initial_is_primary"],
            initial_rotated_at=options["initial_rotated_at"] or "",
        ),
        hooks,
        checked_options,
        checked_options["auth_token"],
        store,
    )
    rotation.own_files = [path for path in hooks.values() if Path(path).is_relative_to(options["role_path"])]
    driver = Driver(
        rotation,
        store,
        clock=Clock(),
        now=now,
        settle_seconds=options["settle_seconds"],
        lease_seconds=options["lease_seconds"],
        check_mode=check_mode,
    )
    return driver.call(state, _outcome(options, state), options["record"] or None)


def _checked(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with secrets masked.

    :raises InputError: naming the option.
    """
    texts = {name: value or None for name, value in options.items() if name in _CHECKS and value in (None, "")}
    return checked(_CHECKS, {**options, **texts}, _SECRETS - {"store_password"})


def _problems(options: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield what is wrong with the options, each as a sentence that begins with the option."""
    if options["max_age_days"] < 0:
        yield "max_age_days: expected 0, which is due in every run, or more."
    if options["settle_seconds"] < 0:
        yield "settle_seconds: expected 0 or more."
    if options["lease_seconds"] <= 0:
        yield "lease_seconds: expected more than 0."
    if options["store"] not in (_FILE, _VAULT) and not os.path.isabs(options["store"]):
        yield "store: expected file, hashi_vault, or the absolute path of a folder with load.yml and save.yml."
    if options["store"] == _FILE and not os.path.isabs(options["store_path"] or ""):
        yield "store_path: expected the absolute path of the folder in which records are kept."
    if options["parent_auth_token"] and not options["parent_account_sid"]:
        yield "parent_account_sid: expected the account that the token belongs to, AC and 32 hexadecimal digits."
    if options["initial_rotated_at"]:
        try:
            check_past(options["initial_rotated_at"], "initial_rotated_at", now)
        except DateError as error:
            yield f"{error}."


def _hook_files(options: Mapping[str, Any]) -> dict[str, str]:
    """Return hook to its task file; a path that is not absolute is resolved relative to the playbook's directory."""
    own = Path(options["role_path"], "tasks", _OWN_HOOK)
    return {
        name: str(own if path == _OWN_HOOK and own.exists() else Path(options["playbook_dir"], path))
        for name, path in options["hooks"].items()
        if path
    }


def _missing(hooks: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence where a file is missing: Ansible would end the whole play, and only once its turn comes."""
    missing = [path for path in hooks.values() if not os.path.isfile(path)]
    if missing:
        yield f"Expected a task file, but there is no {', '.join(missing)}."


def _store(options: Mapping[str, Any], state: State | None, prefix: str) -> FileStore | TaskStore:
    """Return where records are kept.

    :raises RecordError: where its options can't be right.
    """
    store = options["store"]
    if store == _FILE:

        def open_file(name: str) -> RecordFile:
            return RecordFile(path_of(options["store_path"], name, prefix), options["store_password"], prefix)

        return FileStore(open_file)
    if store == _VAULT:
        folder, pattern = str(Path(options["role_path"], "..", "rotate_auth_token", "tasks")), "hashi_vault_{}.yml"
    else:
        folder, pattern = store, "{}.yml"
    files = {name: os.path.join(folder, pattern.format(name)) for name in (LOAD, SAVE)}
    for problem in _missing(files):
        raise RecordError(f"{prefix}store: {problem}")
    loaded: dict[str, Stored] = {}
    found = options["outcome"].get("found")
    if state is not None and state.waits_for == LOAD and found is not None:
        if not isinstance(found.get("record"), dict) or "version" not in found:
            raise RecordError(
                f"{files[LOAD]}: expected it to set the fact rotation_record_found, with a record, which is empty where"
                " there is none, and its version."
            )
        loaded[state.wanted] = Stored(found["record"], found["version"])
    return TaskStore(files, store == _VAULT, loaded)


def _outcome(options: Mapping[str, Any], state: State | None) -> Outcome:
    """Return what the role reports, if it is about the step that the call before told of."""
    told = options["outcome"]
    failed = state is not None and told.get("failed_step") == state.step
    return Outcome(
        failed_task=(told.get("failed_task") or "") if failed else None,
        message=(told.get("message") or "") if failed else "",
        found=told.get("found"),
        saved=told.get("saved"),
        handed_over={"issued": told.get("issued") or {}, "keys": told.get("keys")},
    )
