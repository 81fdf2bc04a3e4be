# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: twilio_accounts
short_description: Twilio accounts as hosts
version_added: 1.0.0
description:
  - Makes a host of a Twilio account and of each of its subaccounts that is not closed, so that a play can be run for
    all.
  - The hosts are set to be reached on the controller that runs the play, with its own Python, since accounts can't be
    logged in to.
  - The configuration is a YAML file whose name ends with C(.twilio.yml) or C(.twilio.yaml).
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.plugin
  - constructed
  - inventory_cache
options:
  account_sid:
    # It may be in the environment instead; where it is in neither, a module's sentence names both.
    required: false
  auth_token:
    # Ansible shows a value that has not the option's type; this one is checked here, and never shown.
    type: raw
  api_key_secret:
    type: raw
  plugin:
    description: The name of this plugin, which distinguishes its files from those of others.
    type: str
    required: true
    choices:
      - community.twilio.twilio_accounts
  hostname:
    description:
      - Which field of an account is the host's name.
      - With V(friendly_name), an account is named by its SID all the same, with a warning, if its name is also that of
        another account, of a group, or of a host of another source; if it is one of Ansible's own, such as V(all) or
        V(localhost), or looks like a SID; or if it has characters with another meaning in a pattern, a template or the
        name of a file, such as V(*), V({), V(:) or V(/).
      - Hosts and groups of other sources are known if Ansible reads these before this file, or if they are lists of
        hosts or files in INI, YAML or TOML. So name sources whose hosts come from a script or another plugin before
        this one.
    type: str
    choices:
      - friendly_name
      - sid
    default: friendly_name
  filters:
    description: Only the accounts that meet every condition given become hosts.
    type: dict
    default: {}
    suboptions:
      status:
        description: The status. Closed accounts never become hosts.
        type: str
        choices:
          - active
          - suspended
      friendly_name:
        description: The exact name.
        type: str
notes:
  - Each host has the variables C(twilio_sid), C(twilio_friendly_name), C(twilio_status), C(twilio_type),
    C(twilio_owner_account_sid), C(twilio_date_created) and C(twilio_date_updated). None of them holds a token, and
    neither does the cache.
  - Options of the connection may be templates, for example with a lookup. Keep secrets out of the file so, or with
    Ansible Vault. If a file can't be read, Ansible shows lines of it.
  - Braces and control characters in the names of groups become V(_).
seealso:
  - module: community.twilio.twilio_account_info
"""

EXAMPLES = r"""
# accounts.twilio.yml; account and token come from the environment
plugin: community.twilio.twilio_accounts

---
# active.twilio.yml
plugin: community.twilio.twilio_accounts
hostname: sid
filters:
  status: active
keyed_groups:
  - prefix: type
    key: twilio_type
groups:
  shops: twilio_friendly_name.startswith('shop')
compose:
  owner: twilio_owner_account_sid
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/community.twilio
cache_timeout: 3600
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from datetime import date
from typing import Any

from ansible import context
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.community.twilio.plugins.module_utils import _libs
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_OPTIONS,
    Definition,
    reading,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resources import account
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked, plain
from ansible_collections.community.twilio.plugins.plugin_utils._host_names import (
    NO_GROUP,
    names_in_static_sources,
    problem_of,
    safe_group_name,
)
from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_trusted, make_unsafe

SUFFIXES = (".twilio.yml", ".twilio.yaml")

FILTERS: Mapping[str, Mapping[str, Any]] = {
    "status": {"type": "str", "choices": ["active", "suspended"]},
    "friendly_name": {"type": "str"},
}

#: The query, defined like a module, with the same checks, messages and client.
DEFINITION = Definition(
    options={**account.OPTIONS, **FILTERS},
    checks=account.CHECKS,
    operation=reading(account.look_up),
)

#: The tasks of an account run on the controller that runs the play, which may not be the one that lists the accounts.
CONNECTION_VARIABLES = {
    "ansible_connection": "local",
    "ansible_python_interpreter": make_trusted("{{ ansible_playbook_python }}"),
}

#: The variables that Ansible sets itself, where a host is added.
SOURCE_VARIABLES = ("inventory_file", "inventory_dir")

#: How many names a warning shows.
SHOWN = 10

OF_A_GROUP = "a group has their name"
OF_ANOTHER = "another source has a host or a group of their name"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Makes hosts of accounts."""

    NAME = "community.twilio.twilio_accounts"

    #: Where hosts are added: the inventory that Ansible has, or one that is being made.
    inventory: Any

    @staticmethod
    def _sanitize_group_name(name: str) -> str:
        return safe_group_name(to_safe_group_name(name))

    def verify_file(self, path: str) -> bool:
        """Return whether a file may be this plugin's, by its name."""
        return bool(super().verify_file(path)) and path.endswith(SUFFIXES)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts that a configuration file describes.

        :param cache: whether what is cached may be used.
        :raises AnsibleParserError: with the message that a module would fail with.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        accounts = [found for found in self._accounts(path, cache) if found["status"] != "closed"]
        try:
            made = self._construct_all({found["sid"]: found for found in accounts})
        except AnsibleError as error:
            # Without its cause: Ansible would show the lines of the file around it, and one may hold a secret.
            raise AnsibleParserError(error.message) from None
        self._add(made)

    # The accounts

    def _accounts(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """Return the accounts, without tokens: the cached ones, where they may be used."""
        if not self.get_option("cache"):
            return self._fetch()
        # Another account, or another filter, has a cache entry of its own.
        query = [path, *(self._given(name) for name in ("account_sid", "base_url")), self.get_option("filters")]
        key = self.get_cache_key(repr(query))
        if not (cache and key in self.cache):
            self.cache[key] = self._fetch()
        return [plain(found) for found in self.cache[key]]

    def _fetch(self) -> list[dict[str, Any]]:
        for library in _libs.MISSING:
            raise AnsibleParserError(missing_required_lib(library))
        filters = self.get_option("filters") or {}
        for name in filters:
            if name not in FILTERS:
                raise AnsibleParserError(f"filters: expected {' and '.join(FILTERS)}, got {name}")
        given = {**{name: self._given(name) for name in CONNECTION_OPTIONS}, **filters}
        given = {name: value for name, value in given.items() if value is not None}
        arguments = checked(DEFINITION.argument_spec(), DEFINITION.rules(), given, self.NAME)
        if arguments.problem:
            raise AnsibleParserError(arguments.problem)
        try:
            outcome = DEFINITION.run(arguments.options, True, HttpTransport)
        except TwilioError as error:
            raise AnsibleParserError(error.message) from None
        return list(outcome.result["accounts"])

    def _given(self, option: str) -> Any:
        """Return an option of the connection, which may be a template or a vaulted text.

        Ansible's own errors show the value or the lines around it, which may be or hold a secret.
        """
        value = self._checked(option, self.get_option(option))
        try:
            value = plain(self.templar.template(value))
        except Exception as error:
            raise AnsibleParserError(
                f"{option}: its value can't be evaluated ({type(error).__name__}); it is not shown, since it may "
                "hold a secret"
            ) from None
        return self._checked(option, value)

    @staticmethod
    def _checked(option: str, value: Any) -> Any:
        """Return a value; a secret's is checked to be a text, or a number, as YAML reads a text of digits."""
        is_wrong = isinstance(value, (bool, float, bytes, date, Mapping, Set, list, tuple))
        if is_wrong and option in DEFINITION.secret_options:
            raise AnsibleParserError(f"{option}: expected a text; in YAML, a text may need quotes")
        return value

    # Their names

    def _names(self, accounts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Return the names of those accounts that are not named by their SIDs.

        :param accounts: by SID, and so are the names.
        """
        if self.get_option("hostname") == "sid":
            return {}
        names = {sid: found["friendly_name"] or "" for sid, found in accounts.items()}
        counts = Counter(names.values())
        for name, count in counts.items():
            if count > 1 and not problem_of(name):
                self.display.warning(f"{count} Twilio accounts are called {name!r}: they are named by their SIDs.")
        names = {sid: name for sid, name in names.items() if problem_of(name) or counts[name] == 1}
        groups = {*self.inventory.groups, *map(self._sanitize_group_name, self.get_option("groups") or ())}
        others = names_in_static_sources(
            self.loader, context.CLIARGS.get("inventory") or (), self.inventory.processed_sources
        )
        problems = {
            sid: problem_of(name)
            or (OF_A_GROUP if name in groups else None)
            or (OF_ANOTHER if name in others or not self._is_free(name, sid) else None)
            for sid, name in names.items()
        }
        for problem in dict.fromkeys(filter(None, problems.values())):
            self._warn(problem, (sid for sid in names if problems[sid] == problem), names)
        return {sid: name for sid, name in names.items() if not problems[sid]}

    def _is_free(self, name: str, sid: str) -> bool:
        """Return whether no host has a name, except one of the same account from another file that lists it, too."""
        host = self.inventory.hosts.get(name)
        if host is None:
            return True
        return host.vars.get("twilio_sid") == sid and str(host.vars.get("inventory_file")).endswith(SUFFIXES)

    def _warn(self, problem: str, sids: Iterable[str], names: Mapping[str, str]) -> None:
        shown = [f"{names[sid]!r} ({sid})" for sid in sids]
        more = [f"and {len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
        self.display.warning(
            f"Twilio accounts are named by their SIDs, because {problem}: {', '.join(shown[:SHOWN] + more)}."
        )

    # What becomes of it

    def _construct_all(self, accounts: Mapping[str, Mapping[str, Any]]) -> InventoryData:
        """Return an inventory of accounts, given by their SIDs, and of nothing else.

        Which groups ``keyed_groups`` makes is known only then; an account with the name of one is named by its SID.
        """
        names = self._names(accounts)
        while True:
            made = self._construct({names.get(sid, sid): found for sid, found in accounts.items()})
            clashing = [sid for sid, name in names.items() if name in made.groups]
            if not clashing:
                return made
            self._warn(OF_A_GROUP, clashing, names)
            names = {sid: name for sid, name in names.items() if sid not in clashing}

    def _construct(self, accounts: Mapping[str, Mapping[str, Any]]) -> InventoryData:
        """Return an inventory of accounts, given by their hosts' names."""
        made = InventoryData()
        made.current_source = self.inventory.current_source
        strict = self.get_option("strict")
        # Constructable adds to this one.
        inventory, self.inventory = self.inventory, made
        try:
            for name, found in accounts.items():
                variables = self._variables(found)
                made.add_host(name)
                for key, value in variables.items():
                    made.set_variable(name, key, value)
                self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
            for add, option in (
                (self._add_host_to_composed_groups, "groups"),
                (self._add_host_to_keyed_groups, "keyed_groups"),
            ):
                for name, found in accounts.items():
                    try:
                        add(self.get_option(option), self._variables(found), name, strict=strict)
                    except AnsibleParserError:
                        raise
                    except Exception as error:
                        # A name that makes a group its own parent, for example; Ansible has no class for that.
                        if strict:
                            raise AnsibleParserError(f"Could not add host {name} to its groups: {error}") from None
                        self.display.warning(f"The account {name!r} is not in all its groups: {error}")
        finally:
            self.inventory = inventory
        return made

    @staticmethod
    def _variables(found: Mapping[str, Any]) -> dict[str, Any]:
        return {**make_unsafe({f"twilio_{key}": value for key, value in found.items()}), **CONNECTION_VARIABLES}

    def _compose(self, template: str, variables: Any, *arguments: Any, **options: Any) -> Any:
        # A filter's result may look like a template where its input did not.
        return make_unsafe(super()._compose(template, variables, *arguments, **options))

    def _add(self, made: InventoryData) -> None:
        """Add all of an inventory to the one that Ansible has."""
        for host in made.hosts.values():
            self.inventory.add_host(host.name)
            for key, value in host.vars.items():
                if key not in SOURCE_VARIABLES:
                    # The inventory's own method would prefer a group of that name.
                    self.inventory.hosts[host.name].set_variable(key, value)
        groups = [group for group in made.groups.values() if group.name not in NO_GROUP]
        for group in groups:
            self.inventory.add_group(group.name)
            for host in group.hosts:
                self.inventory.add_host(host.name, group.name)
        for group in groups:
            for child in group.child_groups:
                try:
                    self.inventory.add_child(group.name, child.name)
                except AnsibleError as error:
                    # Another source has them the other way round.
                    if self.get_option("strict"):
                        raise
                    self.display.warning(f"The group {child.name!r} is not made one of {group.name!r}: {error.message}")
