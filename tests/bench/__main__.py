# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python tests/bench`` and ``python -m bench`` both measure."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__:
    from .command import main
else:
    # Run as a folder: make its parent importable, so that the modules can import each other as one package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from bench.command import main

if __name__ == "__main__":
    main()
