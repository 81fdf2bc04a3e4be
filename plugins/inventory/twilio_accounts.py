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
  - The hosts are set to be reached on the controller itself, with the controller's own Python, since accounts can't be
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
  plugin:
    description: The name of this plugin, so that a file of another's is not taken for one of its own.
    type: str
    required: true
    choices:
      - community.twilio.twilio_accounts
  hostname:
    description:
      - What names a host. With V(friendly_name), accounts that bear one name, or none, are named by their SIDs, with a
        warning.
      - Names are taken as they are. Twilio allows any character in them, Ansible's patterns and limits do not.
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
  - Options of the connection may be templates, for example with a lookup.
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

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.community.twilio.plugins.module_utils import _libs
from ansible_collections.community.twilio.plugins.module_utils._definition import (
    CONNECTION_OPTIONS,
    Definition,
    ask,
)
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport
from ansible_collections.community.twilio.plugins.module_utils.resources import account
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked
from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_unsafe

FILTERS: Mapping[str, Mapping[str, Any]] = {
    "status": {"type": "str", "choices": ["active", "suspended"]},
    "friendly_name": {"type": "str"},
}

#: What it asks, as a module would: the same checks, the same sentences, the same client.
DEFINITION = Definition(
    options={**account.OPTIONS, **FILTERS},
    checks=account.CHECKS,
    drive=ask(account.look_up),
)


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Makes hosts of accounts."""

    NAME = "community.twilio.twilio_accounts"

    def verify_file(self, path: str) -> bool:
        """Tell whether a file may be this plugin's, by its name."""
        return bool(super().verify_file(path)) and path.endswith((".twilio.yml", ".twilio.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts that a configuration file asks for.

        :param cache: whether what is cached may be used.
        :raises AnsibleParserError: with the sentence that a module would fail with.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        accounts = [found for found in self._accounts(path, cache) if found["status"] != "closed"]
        for name, found in self._named(accounts):
            self._add(make_unsafe(name), make_unsafe(found))

    def _accounts(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """Return the accounts, without tokens: the cached ones, where they may be used."""
        if not self.get_option("cache"):
            return self._ask()
        # Another account, or another filter, is another question.
        asked = [path, *(self._templated(name) for name in ("account_sid", "base_url")), self.get_option("filters")]
        key = self.get_cache_key(repr(asked))
        if cache and key in self.cache:
            return list(self.cache[key])
        self.cache[key] = self._ask()
        return list(self.cache[key])

    def _ask(self) -> list[dict[str, Any]]:
        for library in _libs.MISSING:
            raise AnsibleParserError(missing_required_lib(library))
        filters = self.get_option("filters") or {}
        for name in filters:
            if name not in FILTERS:
                raise AnsibleParserError(f"filters: expected {' and '.join(FILTERS)}, got {name}")
        given = {**{name: self._templated(name) for name in CONNECTION_OPTIONS}, **filters}
        given = {name: value for name, value in given.items() if value is not None}
        arguments = checked(DEFINITION.argument_spec(), DEFINITION.rules(), given, self.NAME)
        if arguments.problem:
            raise AnsibleParserError(arguments.problem)
        try:
            outcome = DEFINITION.run(arguments.options, True, HttpTransport)
        except TwilioError as error:
            raise AnsibleParserError(error.message) from None
        return list(outcome.result["accounts"])

    def _templated(self, option: str) -> Any:
        value = self.get_option(option)
        return self.templar.template(value) if isinstance(value, str) else value

    def _named(self, accounts: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        """Return the accounts, each with its host's name."""
        by = self.get_option("hostname")
        bearers = Counter(found[by] for found in accounts)
        for name, count in bearers.items():
            if count > 1 or not name:
                self.display.warning(f"{count} Twilio accounts are called {name!r}: they are named by their SIDs.")
        return [(found["sid"] if bearers[found[by]] > 1 or not found[by] else found[by], found) for found in accounts]

    def _add(self, name: str, found: Mapping[str, Any]) -> None:
        variables = {
            **{f"twilio_{key}": value for key, value in found.items()},
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
        }
        self.inventory.add_host(name)
        for key, value in variables.items():
            self.inventory.set_variable(name, key, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
