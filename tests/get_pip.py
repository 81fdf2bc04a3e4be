# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in for the get-pip script that ansible-test would download for each of its virtual environments.

The pip that comes with every interpreter is sufficient, whatever version ansible-test requests; so the same command
works on an open network, behind a mirror and behind a proxy, and faster.
"""

from __future__ import annotations

import ensurepip

if __name__ == "__main__":
    ensurepip.bootstrap()
