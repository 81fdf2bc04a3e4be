# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module, plugin and role shares to reach Twilio."""

from __future__ import annotations


class ModuleDocFragment:
    """The connection's options; ``MODULE`` adds notes for modules alone, ``PLUGIN`` what only plugins may declare.

    ``PLUGIN`` has no secrets: ``ansible-config dump`` shows what Ansible reads from the environment for a plugin, so
    plugins read them themselves.
    """

    DOCUMENTATION = r"""
options:
  account_sid:
    description:
      - The account's SID, V(AC) and 32 hexadecimal digits.
      - If not given, the environment variable E(TWILIO_ACCOUNT_SID) is used.
    type: str
    required: true
  auth_token:
    description:
      - The account's auth token.
      - If not given, the environment variable E(TWILIO_AUTH_TOKEN) is used.
    type: str
  api_key_sid:
    description:
      - The SID of an API key, V(SK) and 32 hexadecimal digits; needs O(api_key_secret), and is used before
        O(auth_token).
      - If not given, the environment variable E(TWILIO_API_KEY) is used.
    type: str
  api_key_secret:
    description:
      - The API key's secret.
      - If not given, the environment variable E(TWILIO_API_SECRET) is used.
    type: str
  region:
    description:
      - The Twilio region to use, such as V(ie1). Credentials belong to one region.
      - If not given, the environment variable E(TWILIO_REGION) is used.
    type: str
  edge:
    description:
      - The Twilio edge to connect to, such as V(dublin). Without O(region), the region is V(us1).
      - If not given, the environment variable E(TWILIO_EDGE) is used.
    type: str
  base_url:
    description:
      - Scheme and host, with a path prefix if need be, to use instead of every Twilio host; for a gateway or a
        simulator.
      - Used before O(region) and O(edge).
      - If not given, the environment variable E(TWILIO_BASE_URL) is used.
    type: str
  timeout:
    description:
      - How many seconds each attempt at a request may take as a whole, from connecting to the last byte of the answer;
        3600 at most.
      - The lookup of a host name can't be ended, so it may add to that.
    type: float
    default: 30.0
  max_retries:
    description:
      - How many further attempts may follow the first.
      - A request that Twilio may have applied already is only repeated where that does no harm; otherwise the module
        first checks whether it was applied.
    type: int
    default: 5
  validate_certs:
    description: Whether TLS certificates are checked.
    type: bool
    default: true
  ca_path:
    description: A file or folder with the certificates to trust instead of the default ones.
    type: path
notes:
  - Proxies are taken from the usual environment variables, such as E(HTTPS_PROXY) and E(NO_PROXY).
requirements:
  - python >= 3.9
  - requests >= 2.28
  - voluptuous >= 0.13
"""

    MODULE = r"""
options: {}
notes:
  - On a local connection, without C(become), C(async) or C(environment), the task runs inside the controller's worker,
    which takes a few milliseconds instead of half a second, and a loop's items share their connections. Results are the
    same. Set the variable C(community_twilio_in_process) to V(false), or the environment variable
    E(COMMUNITY_TWILIO_IN_PROCESS), to run it as an ordinary module all the same.
  - A failed request fails the task with C(msg), C(status) (HTTP), C(code) (Twilio's), C(more_info) and C(request_id),
    which Twilio's support asks for.
"""

    PLUGIN = r"""
options:
  account_sid:
    env:
      - name: TWILIO_ACCOUNT_SID
  api_key_sid:
    env:
      - name: TWILIO_API_KEY
  region:
    env:
      - name: TWILIO_REGION
  edge:
    env:
      - name: TWILIO_EDGE
  base_url:
    env:
      - name: TWILIO_BASE_URL
"""
