# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stateful simulator of Twilio's accounts API and of the accounts part of its 2010-04-01 API.

Importing this package needs the standard library only. It provides the client, which starts the server as a process.
"""

from __future__ import annotations

from .client import Simulator

__all__ = ["Simulator"]
