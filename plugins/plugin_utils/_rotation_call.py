# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes one call of a rotation from a role's options, which are checked first; messages name the role's variables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Client
from ansible_collections.community.twilio.plugins.module_utils._clock import Clock
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_CHECKS,
    CONNECTION_OPTIONS,
    SUBACCOUNT_OPTION,
    OpenTransport,
    checked,
    connected,
    env_fallback,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.modules.rotation_step import ARGUMENT_SPEC as TASK_OPTIONS
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_driver import ApiKeyRotation
from ansible_collections.community.twilio.plugins.plugin_utils._api_key_record import ApiKeySettings
from ansible_collections.community.twilio.plugins.plugin_utils._credential_driver import CredentialRotation
from ansible_collections.community.twilio.plugins.plugin_utils._credential_record import (
    AWS_CREDENTIAL,
    CREDENTIAL_TYPES,
    PUBLIC_KEY,
    CredentialSettings,
    check_settings,
)
from ansible_collections.community.twilio.plugins.plugin_utils._dates import DateError, check_past, is_age
from ansible_collections.community.twilio.plugins.plugin_utils._driver import (
    LOAD,
    SAVE,
    Called,
    Driver,
    HookReport,
    Rotation,
    State,
)
from ansible_collections.community.twilio.plugins.plugin_utils._friendly_name import check_named
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile, path_of
from ansible_collections.community.twilio.plugins.plugin_utils._rotation import RotationError
from ansible_collections.community.twilio.plugins.plugin_utils._stores import (
    DirectStore,
    FileStore,
    Stored,
    TaskStore,
)
from ansible_collections.community.twilio.plugins.plugin_utils._token_driver import TokenRotation
from ansible_collections.community.twilio.plugins.plugin_utils._token_rotation import TokenSettings
from ansible_collections.community.twilio.plugins.plugin_utils._vault_store import Vault, VaultStore

_FILE, _VAULT = "file", "hashi_vault"

_API_KEY = "api_key"

#: Hooks that the roles ship: files of these names are not looked for beside the playbook.
_OWN_HOOKS = ("verify_webhook.yml", "verify_api_key.yml")

#: How the role's variables of task files end: rotate_auth_token_verify_tasks is the hook "verify".
HOOK_SUFFIX = "_tasks"

#: The role's variables, without their prefix, besides those of the connection and its hooks. The roles' argument specs
#: document them.
_COMMON: Mapping[str, Mapping[str, Any]] = {
    "max_age_days": {"type": "float", "default": 90.0},
    "force": {"type": "bool", "default": False},
    "settle_seconds": {"type": "float", "default": 30.0},
    "store": {"type": "str", "default": "file"},
    "store_path": {"type": "path"},
    # The store itself refuses a number.
    "store_password": {"type": "raw", "no_log": True},
    "hashi_vault_url": {"type": "str", "default": ""},
    "hashi_vault_token": {"type": "str", "default": "", "no_log": True},
    "hashi_vault_mount_point": {"type": "str", "default": "secret"},
    "hashi_vault_path": {"type": "str", "default": "twilio"},
    "lease_seconds": {"type": "float", "default": 3600.0},
}
_ON_FAILURE: Mapping[str, Mapping[str, Any]] = {
    "on_failure": {"type": "str", "choices": ["keep", "rollback"], "default": "keep"},
}
_OF_TOKENS: Mapping[str, Mapping[str, Any]] = {
    **_ON_FAILURE,
    "initial_auth_token": {"type": "str", "no_log": True},
    "initial_is_primary": {"type": "bool", "default": False},
    "initial_rotated_at": {"type": "str"},
    "parent_account_sid": {"type": "str", "fallback": (env_fallback, ["TWILIO_ACCOUNT_SID"])},
    "parent_auth_token": {"type": "str", "no_log": True},
    "parent_from_store": {"type": "bool", "default": False},
    "replace_unknown": {"type": "bool", "default": False},
    "suppress_email_notification": {"type": "bool", "default": False},
}


def _named(grace_days: float) -> Mapping[str, Mapping[str, Any]]:
    """Return the variables of what is known by a friendly name.

    :param grace_days: their default.
    """
    return {
        **SUBACCOUNT_OPTION,
        # A name that YAML reads as a number is still a name.
        "friendly_name": {"type": "str", "default": ""},
        "grace_days": {"type": "float", "default": grace_days},
    }


_OF_KIND: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "auth_token": _OF_TOKENS,
    AWS_CREDENTIAL.name: {**_named(7.0), "iam_user": {"type": "str", "default": ""}},
    PUBLIC_KEY.name: {**_named(7.0), "private_key_folder": {"type": "path", "no_log": False}},
    _API_KEY: {
        **_named(1.0),
        **_ON_FAILURE,
        "permissions": {"type": "list", "elements": "str"},
        "delete_adopted": {"type": "bool", "default": False},
    },
}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    **{name: option for options in (_COMMON, *_OF_KIND.values()) for name, option in options.items()},
    # Each role has a default of its own.
    "grace_days": {"type": "float"},
}


def settings_of(rotates: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the variables, without their prefix, of the role that rotates this, besides its hooks.

    :param rotates: the task's option of that name, not checked yet.
    """
    return {**CONNECTION_OPTIONS, **_COMMON, **_OF_KIND.get(rotates, {})}


#: Option to the inventory plugin's variable that is used where the option is not given.
FROM_INVENTORY: Mapping[str, str] = {"parent_account_sid": "twilio_owner_account_sid"}

#: Keys of tasks that may run others, which their file does not list: meta runs handlers.
_RUN_OTHERS = ("include_tasks", "import_tasks", "include_role", "import_role", "meta", "action", "local_action")

_RECORD_FOUND, _RECORD_SAVED = "rotation_record_found", "rotation_record_saved"
_HANDED_OVER: Mapping[str, Mapping[str, Any]] = {
    "result": {"type": "dict"},
    # Of the task that failed, in the state's step of that number; in another step, it is of an earlier run.
    "failure": {
        "type": "dict",
        "options": {"step": {"type": "int"}, "task": {"type": "str"}, "message": {"type": "str"}},
    },
    "found": {"type": "dict"},
    "saved": {"type": "dict"},
    "issued": {"type": "dict"},
    "keys": {"type": "list", "elements": "dict", "no_log": False},
    "used": {"type": "dict"},
}


def handed_over(rotates: str) -> Mapping[str, str]:
    """Return the names of what task files and the call before hand over, with the variables that hold it.

    It may be secret, so it is never an argument: Ansible keeps those of a task that fails, as ``ansible_failed_task``.

    :param rotates: the task's option of that name, not checked yet.
    """
    others = {"found": _RECORD_FOUND, "saved": _RECORD_SAVED, "failure": f"__rotate_{rotates}_failure"}
    return {name: others.get(name, f"rotate_{rotates}_{name}") for name in _HANDED_OVER}


#: Everything that a call is given.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    name: dict(option)
    for name, option in {
        **CONNECTION_OPTIONS,
        **SUBACCOUNT_OPTION,
        **SETTINGS,
        **TASK_OPTIONS,
        "hooks": {"type": "dict", "default": {}},
        "handed_over": {"type": "dict", "options": _HANDED_OVER, "required": True},
        "role_path": {"type": "path", "required": True},
        "playbook_dir": {"type": "path", "required": True},
        "skip_tags": {"type": "list", "elements": "str", "default": []},
    }.items()
}

_SECRETS = frozenset(name for name, option in ARGUMENT_SPEC.items() if option.get("no_log"))
_CHECKS = {
    **CONNECTION_CHECKS,
    "initial_auth_token": _schemas.secret_text,
    "parent_auth_token": _schemas.secret_text,
    "parent_account_sid": _schemas.sid("AC"),
    "permissions": _schemas.permissions,
}


#: Returns what sends requests to Vault, with these options of the connection; those that are not given are left out.
OpenVault = Callable[[Mapping[str, str]], Vault]

#: Returns what a YAML file holds, which may be encrypted by ansible-vault. It raises AnsibleError.
LoadTasks = Callable[[str], Any]


def call(
    options: Mapping[str, Any],
    check_mode: bool,
    open_vault: OpenVault,
    load_tasks: LoadTasks,
    open_transport: OpenTransport = HttpTransport,
) -> Called:
    """Make one call of a run.

    :param options: those of the module ``rotation_step``, validated by Ansible.
    :param check_mode: whether only to plan.
    :param open_vault: used where the store is HashiCorp Vault.
    :param load_tasks: reads task files.
    :param open_transport: opens HTTP.
    :raises RotationError: where an option can't be right, before any request; the sentence names the role's variable.
    """
    prefix = f"rotate_{options['rotates']}_"
    now = datetime.now(timezone.utc)
    if options["grace_days"] is None:
        options = {**options, "grace_days": settings_of(options["rotates"]).get("grace_days", {}).get("default")}
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
        store = _store(options, state, prefix, open_vault)
        client = connected(checked_options, open_transport)
    except (RecordError, TwilioError) as error:
        raise RotationError(str(error)) from None
    files = {**hooks, **(store.files if isinstance(store, TaskStore) else {})}
    skipped = [*_skipped(files, options["skip_tags"], load_tasks)]
    if skipped:
        raise RotationError(" ".join(skipped))
    rotation = _rotation(options, checked_options, now, client, store, hooks)
    rotation.own_files = _own(hooks, options["role_path"])
    driver = Driver(
        rotation,
        store,
        clock=Clock(),
        now=now,
        settle_seconds=options["settle_seconds"],
        lease_seconds=options["lease_seconds"],
        check_mode=check_mode,
    )
    record = (options["handed_over"]["result"] or {}).get("record") if state is not None else None
    return driver.call(state, _hook_report(options, state, hooks, load_tasks), record or None)


def _rotation(
    options: Mapping[str, Any],
    checked_options: Mapping[str, Any],
    now: datetime,
    client: Client,
    store: DirectStore | TaskStore,
    hooks: Mapping[str, str],
) -> Rotation[Any, Any, Any]:
    """Return what is rotated."""
    common: dict[str, Any] = {"now": now, "max_age_days": options["max_age_days"], "force": options["force"]}
    if options["rotates"] == "auth_token":
        token_settings = TokenSettings(
            **common,
            roll_back=options["on_failure"] == "rollback",
            replace_unknown=options["replace_unknown"],
            initial_is_primary=options["initial_is_primary"],
            initial_rotated_at=options["initial_rotated_at"] or "",
        )
        environment_token = checked_options["auth_token"]
        return TokenRotation(client, token_settings, hooks, checked_options, environment_token, store)
    if options["rotates"] == _API_KEY:
        key_settings = ApiKeySettings(
            **common,
            grace_days=options["grace_days"],
            roll_back=options["on_failure"] == "rollback",
            delete_adopted=options["delete_adopted"],
            authenticates=client.connection.api_key_sid or "",
            mark=secrets.token_hex(5),
        )
        return ApiKeyRotation(client, key_settings, options["friendly_name"], checked_options["permissions"], hooks)
    settings = CredentialSettings(
        **common,
        credential_type=CREDENTIAL_TYPES[options["rotates"]],
        grace_days=options["grace_days"],
        lists_keys="list" in hooks,
        private_key_folder=options["private_key_folder"] or "",
    )
    issued = options["handed_over"]["issued"] or {}
    return CredentialRotation(client, settings, options["friendly_name"], hooks, issued)


def _checked(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with secrets masked.

    :raises InputError: naming the option.
    """
    texts = {name: value or None for name, value in options.items() if name in _CHECKS and value in (None, "")}
    return checked(_CHECKS, {**options, **texts}, _SECRETS - {"store_password", "hashi_vault_token"})


def _problems(options: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield what is wrong with the options, each as a sentence that begins with the option."""
    if not is_age(options["max_age_days"]):
        yield "max_age_days: expected 0, which is due in every run, or more."
    if options["rotates"] in CREDENTIAL_TYPES:
        yield from _problems_of_credential(options)
    if options["rotates"] == _API_KEY:
        yield from _problems_of_api_key(options)
    if options["rotates"] != "auth_token" and not (options["auth_token"] or options["api_key_sid"]):
        yield "auth_token: expected the account's auth token, or api_key_sid and api_key_secret."
    if bool(options["api_key_sid"]) != bool(options["api_key_secret"]):
        yield "api_key_sid: expected together with api_key_secret."
    if options["settle_seconds"] < 0:
        yield "settle_seconds: expected 0 or more."
    if options["lease_seconds"] <= 0:
        yield "lease_seconds: expected more than 0."
    if options["store"] not in (_FILE, _VAULT) and not os.path.isabs(options["store"]):
        yield "store: expected file, hashi_vault, or the absolute path of a folder with load.yml and save.yml."
    if options["store"] == _FILE and not os.path.isabs(options["store_path"] or ""):
        yield "store_path: expected the absolute path of the folder in which records are kept."
    if options["store"] == _VAULT:
        for option in ("hashi_vault_mount_point", "hashi_vault_path"):
            if {".", ".."}.intersection(options[option].split("/")):
                # Where these are resolved, the request is for another path.
                yield f"{option}: expected a path without . and .. in it."
        if not options["hashi_vault_mount_point"].strip("/"):
            yield "hashi_vault_mount_point: expected the path of a KV engine."
    if options["parent_auth_token"] and not options["parent_account_sid"]:
        yield "parent_account_sid: expected the account that the token belongs to, AC and 32 hexadecimal digits."
    if options["initial_rotated_at"]:
        try:
            check_past(options["initial_rotated_at"], "initial_rotated_at", now)
        except DateError as error:
            yield f"{error}."


def _problems_of_credential(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the options of a credential."""
    credential_type = CREDENTIAL_TYPES[options["rotates"]]
    messages = check_settings(
        credential_type,
        account_sid=options["subaccount_sid"] or options["account_sid"],
        friendly_name=options["friendly_name"],
        max_age_days=options["max_age_days"],
        grace_days=options["grace_days"],
        private_key_folder=options["private_key_folder"] or "",
        iam_user=options["iam_user"],
        issue_tasks=options["hooks"].get("issue") or "",
        revoke_tasks=options["hooks"].get("revoke") or "",
    )
    for message in messages:
        yield message.removeprefix(f"{credential_type.role}_")


def _problems_of_api_key(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the options of an API key."""
    prefix = f"rotate_{_API_KEY}"
    account_sid = options["subaccount_sid"] or options["account_sid"]
    given = (options["friendly_name"], options["max_age_days"], options["grace_days"])
    for passes, message in check_named(prefix, account_sid, *given):
        if not passes:
            yield message.removeprefix(f"{prefix}_")


def _hook_files(options: Mapping[str, Any]) -> dict[str, str]:
    """Return hook to its task file; a path that is not absolute is resolved relative to the playbook's directory."""
    role_tasks = Path(options["role_path"], "tasks")
    named = {name: path for name, path in options["hooks"].items() if path}
    files = {name: str(Path(options["playbook_dir"], path)) for name, path in named.items()}
    shipped = {path for path in _OWN_HOOKS if (role_tasks / path).exists()}
    files.update({name: str(role_tasks / path) for name, path in named.items() if path in shipped})
    if options["rotates"] == AWS_CREDENTIAL.name:
        # Where the user's tasks issue keys, only the user's tasks can list them.
        defaults = ("revoke",) if "issue" in files else ("issue", "list", "revoke")
        files = {**{name: str(role_tasks / f"{name}.yml") for name in defaults}, **files}
    return files


def _missing(hooks: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence where a file is missing: Ansible would end the whole play, and only when including it."""
    missing = [path for path in hooks.values() if not os.path.isfile(path)]
    if missing:
        yield f"Expected a task file, but there is no {', '.join(missing)}."


def _own(hooks: Mapping[str, str], role_path: str) -> list[str]:
    """Return the files of hooks that are this collection's own: a user's may be beside its roles."""
    role_tasks = os.path.join(os.path.normpath(role_path), "tasks")
    return [path for path in hooks.values() if os.path.dirname(os.path.normpath(path)) == role_tasks]


def _skipped(files: Mapping[str, str], skip_tags: Collection[str], load_tasks: LoadTasks) -> Iterator[str]:
    """Yield a sentence for each task file with tasks that would be skipped: it would pass, though nothing was done.

    :param files: of the hooks and the store, by their names.
    :param skip_tags: those of ``--skip-tags``.
    """
    for name, path in files.items() if skip_tags else ():
        tags = {*_tags_of(load_tasks(path))}
        left_out = tags if {"all", "tagged"}.intersection(skip_tags) else tags.intersection(skip_tags)
        if left_out:
            yield (
                f"--skip-tags would skip tasks of '{name}' ({path}), which would count as done:"
                f" {', '.join(sorted(left_out))}. Remove these tags from its tasks, or from --skip-tags."
            )


def _tags_of(tasks: Any) -> Iterator[str]:
    """Yield the tags in a task file."""
    for task in _tasks_in(tasks):
        tags = task.get("tags") or ()
        yield from map(str, tags if isinstance(tags, list) else str(tags).split(","))


def _tasks_in(tasks: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the tasks and blocks in a task file; what can't be read as tasks is left to Ansible."""
    for task in tasks if isinstance(tasks, list) else ():
        if isinstance(task, dict):
            yield task
            for part in ("block", "rescue", "always"):
                yield from _tasks_in(task.get(part))


def _store(
    options: Mapping[str, Any], state: State | None, prefix: str, open_vault: OpenVault
) -> DirectStore | TaskStore:
    """Return where records are kept.

    :raises RecordError: where its options can't be right.
    """
    store = options["store"]
    if store == _FILE:

        def open_file(name: str) -> RecordFile:
            return RecordFile(path_of(options["store_path"], name, prefix), options["store_password"], prefix)

        return FileStore(open_file)
    if store == _VAULT:
        url, mount_point, path = (options[f"hashi_vault_{name}"] for name in ("url", "mount_point", "path"))
        given = {"url": url, "token": options["hashi_vault_token"]}
        return VaultStore(open_vault({name: value for name, value in given.items() if value}), url, mount_point, path)
    files = {name: os.path.join(store, f"{name}.yml") for name in (LOAD, SAVE)}
    for problem in _missing(files):
        raise RecordError(f"{prefix}store: {problem}")
    loaded: dict[str, Stored] = {}
    if state is not None and state.waits_for == LOAD and _failure(options, state) is None:
        result = options["handed_over"]["found"] or {}
        if not isinstance(result.get("record"), dict) or "version" not in result:
            raise RecordError(
                f"{files[LOAD]}: expected it to set the fact {_RECORD_FOUND}, with a record, which is empty where"
                " there is none, and its version."
            )
        loaded[state.wanted] = Stored(result["record"], result["version"])
    return TaskStore(files, loaded)


def _failure(options: Mapping[str, Any], state: State | None) -> Mapping[str, Any] | None:
    """Return which task failed in the file that the call before named; None where none did."""
    failure: Mapping[str, Any] = options["handed_over"]["failure"] or {}
    return failure if state is not None and failure.get("step") == state.step else None


def _hook_with(task: str, hooks: Mapping[str, str], load_tasks: LoadTasks) -> str:
    """Return the hook that has a task of this name; empty where that is not known to be exactly one."""
    having = []
    for name, path in hooks.items():
        try:
            tasks = [*_tasks_in(load_tasks(path))]
        except AnsibleError:
            return ""
        if any(each.get("name") == task for each in tasks):
            having.append(name)
        elif any(_may_be(task, each) for each in tasks):
            return ""
    return having[0] if len(having) == 1 else ""


def _may_be(task: str, listed: Mapping[str, Any]) -> bool:
    """Return whether a task may be named so when it runs, or run one that is.

    :param task: the name, or the action of a task that has none.
    :param listed: the task, as its file has it.
    """
    return task in listed or "{{" in str(listed.get("name")) or any(key.split(".")[-1] in _RUN_OTHERS for key in listed)


def _hook_report(
    options: Mapping[str, Any], state: State | None, hooks: Mapping[str, str], load_tasks: LoadTasks
) -> HookReport:
    """Return what the role reports."""
    failure, handed = _failure(options, state), options["handed_over"]
    task = None if failure is None else failure.get("task") or ""
    ran = {name: hooks[name] for name, _note in state.hooks if name in hooks} if state else {}
    return HookReport(
        failed_task=task,
        failed_hook=_hook_with(task, ran, load_tasks) if task and len(ran) > 1 else "",
        message=(failure or {}).get("message") or "",
        saved=handed["saved"],
        handed_over={"keys": handed["keys"], "used": handed["used"] or {}},
    )
