# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation's record in HashiCorp Vault: a secret of a KV engine, replaced only where it is what was loaded.

Requests are sent by what the store is given (``_vault_lookups.py``), so that nothing here needs a network or a library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from ansible.errors import AnsibleError

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordChanged, RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._stores import DirectStore, Stored

#: The version of a record that does not exist.
NO_VERSION = "0"

#: Secrets that a gateway may repeat: tokens of Twilio, secrets of API keys, secret ids; tokens of Vault; web tokens.
_SECRETS = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:[0-9A-Za-z]{32}|[0-9a-f-]{36})(?![0-9A-Za-z])"
    r"|(?:hv)?[bsr][.][0-9A-Za-z_-]{16,}|eyJ[0-9A-Za-z_-]+(?:[.][0-9A-Za-z_-]*)+)"
)

#: The user and the password in an address, which may lack its scheme.
_USER = re.compile(r"(?<![^\s/'\"])[^\s/'\"]*@")

#: The value of an option that is of a wrong type, as Ansible repeats it.
_VALUE = re.compile(r"(?<=provided for )([\"'][^\"']*[\"']): .*")

#: How much of a reason is repeated.
_LIMIT = 500

#: What Vault answers to a save that replaces another version than the latest one.
_OTHER_VERSION = "check-and-set"


class Vault(Protocol):
    """Sends requests to Vault.

    An error is raised as community.hashi_vault's lookups raise it: as hvac's or requests' own, or as an AnsibleError
    that has it as its cause or context.
    """

    def get(self, mount_point: str, path: str) -> Mapping[str, Any]:
        """Return the latest version of a secret: ``secret``, None where it was deleted, and ``metadata``."""

    def read(self, path: str) -> Mapping[str, Any]:
        """Return Vault's answer to a GET."""

    def write(self, path: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return Vault's answer to a POST."""


class VaultStore(DirectStore):
    """Records in HashiCorp Vault.

    :param vault: sends the requests.
    :param url: Vault's address, for messages; empty where it is not given by the role.
    :param mount_point: the engine's.
    :param path: the folder of the records in it.
    """

    def __init__(self, vault: Vault, url: str, mount_point: str, path: str) -> None:
        self._vault = vault
        self._server = f"HashiCorp Vault at {_USER.sub('', url)}" if url else "HashiCorp Vault"
        self._mount_point = mount_point.strip("/")
        self._folder = path.strip("/")

    def load(self, name: str) -> Stored:
        """Return a record.

        :raises RecordError: where there is one that can't be read, and where the latest version is gone; neither counts
            as none.
        """
        try:
            return self._load(self._path(name))
        except _Failure as failure:
            raise RecordError(f"The record could not be read. {self._sentence(failure, name)}") from None
        except RecordError as error:
            raise RecordError(f"The record could not be read. {error}") from None

    def save(self, name: str, record: Mapping[str, Any], replaces: str) -> str:
        """Replace a record, and return its new version.

        :param record: what is to be kept.
        :param replaces: the version that was loaded or saved last.
        :raises RecordChanged: where the record was replaced since.
        :raises RecordError: where it can't be written, or where that is not known.
        """
        path, number = self._path(name), int(replaces)
        data = {"data": dict(record), "options": {"cas": number}}
        refused: RecordError
        try:
            answer = _ask(self._vault.write, quote(f"{self._mount_point}/data/{path}"), data)
        except _Failure as failure:
            if failure.is_a("InvalidRequest") and _OTHER_VERSION in failure.text:
                refused = RecordChanged(self._changed(path, number))
            else:
                refused = RecordError(self._sentence(failure, name))
        else:
            if _version(_within(answer, "data")) == number + 1:
                return str(number + 1)
            refused = RecordError(f"{self._server} failed. Its answer to the save names no version {number + 1}.")
        # A save may have been carried out though its answer was lost; then Vault refuses what a library repeats.
        if not self._holds(path, number + 1, record):
            raise refused
        return str(number + 1)

    # -- what there is -----------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        """Return a record's path in the engine."""
        return f"{self._folder}/{name}".lstrip("/")

    def _holds(self, path: str, number: int, record: Mapping[str, Any]) -> bool:
        """Return whether the latest version is known to have this number and to be this record."""
        try:
            found = _ask(self._vault.get, self._mount_point, path)
        except (_Failure, RecordError):
            return False
        held = json.loads(json.dumps(dict(record)))
        return _version(_within(found, "metadata")) == number and _within(found, "secret") == held

    def _load(self, path: str) -> Stored:
        try:
            found: Mapping[str, Any] | None = _ask(self._vault.get, self._mount_point, path)
        except _Failure as failure:
            if not failure.is_missing:
                raise
            # Vault's answer about a version that is gone has its metadata; hvac 3 returns that answer.
            latest = _within(failure.answer, "data", "metadata")
            found = {"secret": None, "metadata": latest} if _version(latest) else None
        if found is None:
            self._check_engine()
            return Stored({}, NO_VERSION)
        secret, latest = found["secret"], found["metadata"]
        number = _version(latest)
        if not number or not isinstance(secret, (Mapping, type(None))):
            raise RecordError(f"{self._server} failed. Its answer is no version of a secret.")
        if secret is None:
            raise RecordError(self._gone(path, latest))
        if not secret:
            raise RecordError(
                f"Version {number} of {path} in HashiCorp Vault, the latest one, is empty. That does not count as no"
                f" record. {self._ways_back(path)}"
            )
        return Stored(secret, str(number))

    def _check_engine(self) -> None:
        """Pass where the engine is one that keeps versions: in any other there seems to be no record.

        :raises RecordError: where there is no such engine.
        """
        try:
            # Vault answers this to each token that may do anything in the engine.
            answer = _ask(self._vault.read, quote(f"sys/internal/ui/mounts/{self._mount_point}"))
        except _Failure as failure:
            if failure.is_a("Forbidden"):
                raise RecordError(self._no_engine("HashiCorp Vault")) from None
            raise
        if str(_within(answer, "data", "options", "version")) != "2":
            raise RecordError(
                f"The engine at {self._mount_point}/ of HashiCorp Vault is no KV engine of version 2, and others can't"
                " compare before they write. Upgrade it (`vault kv enable-versioning"
                f" {self._mount_point}`), or use another one."
            )

    # -- sentences ---------------------------------------------------------------------------------------------------

    def _gone(self, path: str, latest: Mapping[str, Any]) -> str:
        """Return what to do about a latest version that was deleted or destroyed."""
        number, mount = latest["version"], f"-mount={self._mount_point}"
        if latest.get("destroyed"):
            what, ways = "was destroyed", self._ways_back(path)
        else:
            what = f"was deleted at {latest.get('deletion_time')}"
            ways = self._ways_back(path, f"To have it back, use `vault kv undelete {mount} -versions={number} {path}`")
        return (
            f"Version {number} of {path} in HashiCorp Vault, the latest one, {what}. That does not count as no record."
            f" {ways}"
        )

    def _ways_back(self, path: str, first: str = "") -> str:
        """Return what to do about a latest version that is no record.

        :param first: the first way; without one, it is to go back to an older version.
        """
        mount = f"-mount={self._mount_point}"
        first = first or f"To go back to an older version, use `vault kv rollback {mount} -version=N {path}`"
        return f"{first}; to begin anew, `vault kv metadata delete {mount} {path}`."

    def _changed(self, path: str, number: int) -> str:
        """Return why a save was refused that replaces another version than the latest one."""
        if number:
            return (
                f"Nothing was saved. Version {number} of {path} in HashiCorp Vault is not the latest one any more: it"
                " was changed by somebody else. If that was another run, it has taken over."
            )
        mount = f"-mount={self._mount_point}"
        return (
            f"Nothing was saved. HashiCorp Vault showed no version of {path}, and yet there is one. Either the latest"
            f" version was deleted, and comes back with `vault kv undelete {mount} -versions=N {path}`, or it was"
            " destroyed, or another run has saved the first version meanwhile. `vault kv metadata get"
            f" {mount} {path}` shows which."
        )

    def _no_engine(self, server: str) -> str:
        return (
            f"{server} has no KV engine at {self._mount_point}/. Check the mount point and, if there are any, the"
            " namespace (`vault secrets list`)."
        )

    def _sentence(self, failure: _Failure, name: str) -> str:
        """Return why a request failed, and what to do."""
        if failure.is_a("VaultDown") and "sealed" in failure.text:
            return f"{self._server} is sealed (503). Unseal it (`vault operator unseal`), and run this again."
        if failure.is_a("MaxRetryError"):
            return f"{self._server} can't be reached. {failure.reason}"
        if failure.is_a("InvalidHeader"):
            # The reason would repeat the token.
            return (
                "The token or the namespace for HashiCorp Vault can't be sent: it begins with white space, or has the"
                " end of a line in it."
            )
        if failure.is_a("Forbidden"):
            data = f"{self._mount_point}/data/{self._path(name)}"
            return (
                f"{self._server} denies the request (403). Either the token is not valid or has expired (`vault token"
                " lookup`), or it is for another namespace, or it has no policy that allows `create`, `read` and"
                f" `update` on {data} (`vault token capabilities {data}`)."
            )
        if failure.is_missing:
            return self._no_engine(self._server)
        if failure.is_a("HashiVaultValueError") and "No Vault Token" in failure.text:
            return (
                "No token for HashiCorp Vault is given. Set the role's `hashi_vault_token`, or authenticate in another"
                " way by `module_defaults` of the group `community.hashi_vault.vault`."
            )
        if failure.is_a("HashiVaultValueError") and "option url" in failure.text:
            return (
                "The address of HashiCorp Vault is not given. Set the role's `hashi_vault_url`, or `VAULT_ADDR`, or"
                " `url` by `module_defaults` of the group `community.hashi_vault.vault`."
            )
        return f"{self._server} failed. {failure.reason}"


class _Failure(Exception):
    """A request that failed.

    :param error: what was raised.
    :ivar text: its message, secrets included.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._errors = list(causes(error))
        # hvac may not be there, so its types are known by their names.
        self._kinds = {kind.__name__ for each in self._errors for kind in type(each).__mro__}
        self.text = str(error)

    def is_a(self, kind: str) -> bool:
        """Return whether this is an error of a class, or was caused by one."""
        return kind in self._kinds

    @property
    def is_missing(self) -> bool:
        """Whether the path of the request does not exist. Where it is that of a login, the lookups leave it to hvac."""
        return isinstance(self._errors[0], AnsibleError) and self.is_a("InvalidPath")

    @property
    def answer(self) -> Any:
        """Vault's answer, None where it is not known."""
        return next(filter(None, (getattr(each, "json", None) for each in self._errors)), None)

    @property
    def reason(self) -> str:
        """Its message on one line, without secrets."""
        kind = "" if isinstance(self._errors[0], AnsibleError) else f"{type(self._errors[0]).__name__}: "
        text = _USER.sub("", _VALUE.sub(r"\1", " ".join(self.text.split())))
        reason = _SECRETS.sub("********", kind + text)
        return reason if len(reason) <= _LIMIT else f"{reason[:_LIMIT]}..."


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and what it was raised because of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _ask(request: Callable[..., Mapping[str, Any]], *arguments: Any) -> Mapping[str, Any]:
    """Send a request, and return its answer.

    :raises RecordError: as it was raised.
    :raises _Failure: where anything else was raised.
    """
    try:
        return request(*arguments)
    except RecordError:
        raise
    except Exception as error:
        failure = _Failure(error)
    # Outside of the handler: as a context, the error would keep what the request holds.
    raise failure


def _version(metadata: Any) -> int:
    """Return the number of a version from its metadata, 0 where there is none."""
    number = _within(metadata, "version")
    # For Python, true is a number.
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number and number > 0 else 0


def _within(value: Any, *keys: str) -> Any:
    """Return a value within dictionaries, None where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
