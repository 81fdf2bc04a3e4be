# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the contract, one file for each product. Importing this package registers them all."""

from __future__ import annotations

from . import accounts, api_keys, auth_tokens, credentials, safelist, usage

__all__ = ["accounts", "api_keys", "auth_tokens", "credentials", "safelist", "usage"]
