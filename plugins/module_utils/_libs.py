# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The only place that imports third-party libraries.

A machine that lacks one must still be able to import every file of the collection: the failure is kept here and told
by whoever runs a module (``MISSING``), with the name of the package to install.
"""

from __future__ import annotations

import traceback

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
