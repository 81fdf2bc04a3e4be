# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of those modules that may act as a subaccount."""

from __future__ import annotations


class ModuleDocFragment:
    """``subaccount_sid``."""

    DOCUMENTATION = r"""
options:
  subaccount_sid:
    description:
      - The SID of a subaccount to act as.
      - Twilio lets only the subaccount's own token reach these resources, so it is read first, with one more request.
        That needs the parent's O(auth_token); an API key is not enough. It is kept in memory and never returned.
      - O(account_sid) itself may be given. Then it is as if this were not given.
    type: str
"""
