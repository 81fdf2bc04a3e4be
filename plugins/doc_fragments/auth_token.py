# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module about auth tokens."""

from __future__ import annotations


class ModuleDocFragment:
    """The two tokens that an account may have. It comes before ``auth``, where the primary one may be left out."""

    DOCUMENTATION = r"""
options:
  auth_token:
    description:
      - The account's primary auth token, as far as known.
      - Required, because only an auth token can manage auth tokens. O(api_key_sid) and O(api_key_secret) are accepted,
        so that C(module_defaults) can set them for all modules, but not used.
      - If not given, the environment variable E(TWILIO_AUTH_TOKEN) is used.
    required: true
  secondary_auth_token:
    description: The account's secondary auth token, as far as known.
    type: str
notes:
  - Twilio never returns an existing token, so the given ones are tried, each with one request that changes nothing.
"""
