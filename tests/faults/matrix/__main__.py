# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python tests/faults/matrix`` runs the cases."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Run as a folder: the package itself, the simulator, and the collection.
sys.path[:1] = [str(HERE.parent), str(HERE.parents[1]), str(HERE.parents[2] / ".cache" / "collections")]

from matrix.command import main  # noqa: E402 - it is found only now

if __name__ == "__main__":
    main()
