# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the collection needs on a machine: a recent Python, and third-party libraries, which are imported only here.

Every module imports this file before anything that an older Python can't import, so on such a target the module ends
here. A machine that lacks a library must still be able to import every file of the collection: the failure is kept in
``MISSING`` and reported when a module runs, with the name of the package to install.
"""

from __future__ import annotations

import json
import platform
import sys
import traceback

OLDEST_PYTHON = (3, 9)

if sys.version_info < OLDEST_PYTHON:
    # Written as a module's result here, since this Python can't import the code that builds one.
    sys.stdout.write(
        json.dumps(
            {
                "failed": True,
                "msg": f"community.twilio needs Python {'.'.join(map(str, OLDEST_PYTHON))} or later on the target; this"
                f" is {platform.python_version()}.",
            }
        )
    )
    raise SystemExit(1)

#: Package name to the traceback of its failed import.
MISSING: dict[str, str] = {}

try:
    import requests
    import requests.adapters
    import urllib3.exceptions
except ImportError:
    MISSING["requests"] = traceback.format_exc()

try:
    import voluptuous
except ImportError:
    MISSING["voluptuous"] = traceback.format_exc()

__all__ = ["MISSING", "requests", "urllib3", "voluptuous"]
