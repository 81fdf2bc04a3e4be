#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_messaging_geo_permission
short_description: Manage the countries to which a Twilio account may send messages
version_added: 1.0.0
description:
  - Enables or disables messages to countries, which Twilio calls messaging geo permissions.
  - An account that may send messages only where its customers are limits what SMS pumping and stolen credentials can
    cost.
  - All differences are changed by one request. A country that is already in its wanted state is left out of it.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes
options:
  enabled:
    description:
      - The countries that messages may be sent to, as ISO 3166 alpha-2 codes in capitals, such as V(DE).
      - Quote them. YAML reads an unquoted V(NO), which is Norway, as false.
      - The same country twice counts once. A country that Twilio doesn't list fails the task before anything is
        changed.
    type: list
    elements: str
  disabled:
    description: The countries that no messages may be sent to, likewise. None may be in O(enabled) too.
    type: list
    elements: str
  others:
    description:
      - What to do about all countries that neither O(enabled) nor O(disabled) names.
      - V(keep) leaves them as they are.
      - V(disabled) disables them, so that messages may be sent to no other country than those in O(enabled). Without
        any in O(enabled), no messages may be sent at all.
    type: str
    choices:
      - keep
      - disabled
    default: keep
notes:
  - >-
    Twilio lets the countries that it counts as high-risk be changed in its Console only, and answers 30649 here:
    Algeria, Azerbaijan, Bangladesh, Israel, Nigeria, Oman, Pakistan, the Palestinian
    Territories, Sri Lanka, Tajikistan and Tunisia. One that is already in its wanted state is not sent.
seealso:
  - module: community.twilio.twilio_messaging_geo_permission_info
  - name: Twilio's error 30649
    description: Which countries can't be changed here.
    link: https://www.twilio.com/docs/api/errors/30649
"""

EXAMPLES = r"""
- name: Ensure messages go to these countries and to no others
  community.twilio.twilio_messaging_geo_permission:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    enabled: ["DE", "NO", "US"]
    others: disabled

- name: Stop messages to two countries, and leave all others as they are
  community.twilio.twilio_messaging_geo_permission:
    disabled:
      - "ID"
      - "UZ"
"""

RETURN = r"""
countries:
  description:
    - The outcome for each country that was named or changed, those that were named first, in the order given.
    - If Twilio refuses a country, the task fails after all the others were changed; running it again does only what is
      left.
  returned: success, and where Twilio refused a country
  type: list
  elements: dict
  contains:
    country_code:
      description: The country's ISO 3166 alpha-2 code.
      returned: always
      type: str
      sample: DE
    enabled:
      description: Whether messages may be sent to it now; in check mode, whether they could be afterwards.
      returned: always
      type: bool
    changed:
      description: Whether that was changed.
      returned: always
      type: bool
    failed:
      description: V(true) where Twilio refused to change it.
      returned: when the country failed
      type: bool
    msg:
      description: Why it failed.
      returned: when the country failed
      type: str
    code:
      description: Twilio's error code.
      returned: when the country failed
      type: int
      sample: 30649
"""

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, converging
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import messaging_geo_permission

DEFINITION = Definition(
    options={
        "enabled": {"type": "list", "elements": "str"},
        "disabled": {"type": "list", "elements": "str"},
        "others": {"type": "str", "choices": ["keep", "disabled"], "default": "keep"},
    },
    checks=dict.fromkeys(("enabled", "disabled"), _schemas.country_codes),
    check_together=messaging_geo_permission.check_together,
    operation=converging(messaging_geo_permission.MessagingGeoPermissions),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
