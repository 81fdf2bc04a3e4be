# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from outside, which must never be taken for templates."""

from __future__ import annotations

from typing import Any

try:
    # Since ansible-core 2.19 a string is a template only where it is marked as trusted, so there is nothing to do.
    from ansible.template import trust_as_template as _trust_as_template
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var as _wrap
else:
    del _trust_as_template

    def _wrap(value: Any) -> Any:
        return value


def make_unsafe(value: Any) -> Any:
    """Return a value, and all in it, such that Ansible takes no string of it for a template."""
    return _wrap(value)
