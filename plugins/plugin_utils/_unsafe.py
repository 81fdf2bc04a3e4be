# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marks strings for Ansible: external values are never templates, and our own templates are trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    # Since ansible-core 2.19 a string is a template only where it is marked as trusted.
    from ansible.template import trust_as_template as _trust
except ImportError:
    # Before, any string that looked like a template was one, unless it was marked as unsafe.
    from ansible.utils.unsafe_proxy import wrap_var as _wrap

    def make_unsafe(value: Any) -> Any:
        """Return a value such that Ansible takes no string in it for a template.

        Only the strings that could be taken for one are marked: a dump of an inventory shows the mark, and AWX imports
        it as a value.
        """
        if isinstance(value, Mapping):
            return {make_unsafe(key): make_unsafe(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [make_unsafe(item) for item in value]
        if isinstance(value, str):
            # A first line "#jinja2:" sets other delimiters for what follows.
            return _wrap(value) if "{" in value or "}" in value or value.startswith("#jinja2:") else value
        return _wrap(value)

    def make_trusted(template: str) -> str:
        """Return a template of our own such that Ansible evaluates it where it is used."""
        return template
else:

    def make_unsafe(value: Any) -> Any:
        """Return a value such that Ansible takes no string in it for a template."""
        return value

    def make_trusted(template: str) -> str:
        """Return a template of our own such that Ansible evaluates it where it is used."""
        trusted: str = _trust(template)
        return trusted
