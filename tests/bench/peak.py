# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and prints how long it took and how large its largest process grew, as JSON.

``python peak.py TIMEOUT LOG COMMAND...``. It is a process of its own because the kernel gives one figure for all
children of a process together, and counts what a child had of its parent's memory before it became another program.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time


def main() -> None:
    """Run the command; whatever ends this process ends the command too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    timeout, log, *command = sys.argv[1:]
    began = time.monotonic()
    with open(log, "w", encoding="utf-8") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            status = process.wait(float(timeout))
        finally:
            # Does nothing to a process that has ended.
            process.terminate()
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mebibytes": used.ru_maxrss / 1024}
    print(json.dumps({"status": status, **measured}))


if __name__ == "__main__":
    main()
