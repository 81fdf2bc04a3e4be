# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module about SafeList numbers."""

from __future__ import annotations


class ModuleDocFragment:
    """``phone_number`` and ``concurrency``."""

    DOCUMENTATION = r"""
options:
  phone_number:
    description:
      - The numbers, each in E.164 form such as V(+14155552671), or as a block of a thousand such as V(+18001234xxx).
      - Quote them. YAML reads an unquoted V(+14155552671) as a number, without its plus sign.
      - The same number twice counts once.
    type: list
    elements: str
    required: true
  concurrency:
    description: How many requests may be in progress at once, from 1 to 100.
    type: int
    default: 8
"""
