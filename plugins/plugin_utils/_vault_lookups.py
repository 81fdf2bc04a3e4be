# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to HashiCorp Vault by the lookup plugins of community.hashi_vault, in this process.

That collection knows every way to authenticate. It and its library are optional, so both are loaded where a request is
sent, and nothing here imports them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.plugins.loader import lookup_loader

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError
from ansible_collections.community.twilio.plugins.plugin_utils._vault_store import causes

_COLLECTION = "community.hashi_vault"

#: The lookup that has no other options than those of the connection and the authentication.
_READ = "vault_read"

#: The ways to authenticate that need none: where there is a token, and where an agent of Vault's adds it.
_NO_LOGIN = ("token", "none")


def _nothing(_names: Any) -> Mapping[str, Any]:
    return {}


class VaultLookups:
    """A :class:`_vault_store.Vault`. All requests use the token of one login.

    :param role_options: options of the connection that the role was given.
    :param module_defaults: returns those that the play has for a module; they count where the role was given nothing.
    :param variables: returns the host's variables of these names; the lookups have some options from there.
    :param environment: variables of the environment that the play sets.
    """

    def __init__(
        self,
        role_options: Mapping[str, str],
        module_defaults: Callable[[str], Mapping[str, Any]] = _nothing,
        variables: Callable[[Collection[str]], Mapping[str, Any]] = _nothing,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._role_options = role_options
        self._module_defaults = module_defaults
        self._find_variables = variables
        self._environment = environment or {}
        self._token: Mapping[str, Any] | None = None

    def get(self, mount_point: str, path: str) -> Mapping[str, Any]:
        """Return the latest version of a secret."""
        return self._answer("vault_kv2_get", "vault_kv2_get", path, engine_mount_point=mount_point)

    def read(self, path: str) -> Mapping[str, Any]:
        """Return the answer to a GET."""
        return self._answer(_READ, "vault_read", path)

    def write(self, path: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a POST."""
        return self._answer("vault_write", "vault_kv2_write", path, data=dict(data))

    def _answer(self, lookup: str, module: str, path: str, **options: Any) -> Any:
        """Send a request.

        :param module: whose defaults count: the one that a task would use.
        """
        with _environment(self._environment):
            connection = self._connection_options(module)
            return self._run(lookup, [path], {**self._logged_in(connection), **options})

    def _logged_in(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return options that need no further login."""
        if self._token is None:
            plugin = _plugin(_READ)
            plugin.set_options(direct=dict(options), var_options=self._variables(plugin))
            if plugin.get_option("auth_method") in _NO_LOGIN:
                self._token = {}
            else:
                login = self._run("vault_login", [], options)
                self._token = {"auth_method": "token", "token": login["auth"]["client_token"]}
        return {**options, **self._token}

    def _connection_options(self, module: str) -> dict[str, Any]:
        """Return the options of the connection and the authentication, without those that only a module has."""
        known = _plugin(_READ).option_definitions
        names = {name for option, definition in known.items() for name in (option, *definition.get("aliases", ()))}
        given = {**self._module_defaults(f"{_COLLECTION}.{module}"), **self._role_options}
        return {name: plain(value) for name, value in given.items() if name in names - {"_terms"}}

    def _run(self, lookup: str, terms: list[str], options: Mapping[str, Any]) -> Any:
        plugin = _plugin(lookup)
        (answer,) = plugin.run(terms, variables=self._variables(plugin), **options)
        return answer

    def _variables(self, plugin: Any) -> dict[str, Any]:
        """Return the host's variables that a lookup has options from."""
        definitions = plugin.option_definitions.values()
        names = [variable["name"] for definition in definitions for variable in definition.get("vars", ())]
        return dict(self._find_variables(names))


def _plugin(name: str) -> Any:
    """Return a lookup plugin.

    :raises RecordError: where it, or its library, is not installed.
    """
    try:
        plugin = lookup_loader.get(f"{_COLLECTION}.{name}")
    except Exception as error:
        if not any(isinstance(cause, ImportError) for cause in causes(error)):
            raise
        raise RecordError(
            "The store hashi_vault needs the Python library hvac, which Ansible's Python does not have"
            f" (`{sys.executable} -m pip install hvac`)."
        ) from None
    if plugin is None:
        raise RecordError(
            f"The store hashi_vault needs the collection {_COLLECTION}, which is not installed (`ansible-galaxy"
            f" collection install {_COLLECTION}`)."
        )
    return plugin


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a while, as a module's process would have them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
