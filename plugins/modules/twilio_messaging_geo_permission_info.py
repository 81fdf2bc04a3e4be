#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_messaging_geo_permission_info
short_description: Look up the countries to which a Twilio account may send messages
version_added: 1.0.0
description:
  - Returns the messaging geo permissions of a Twilio account, of all countries or of some.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.subaccount
  - community.twilio.attributes.info
options:
  country_code:
    description:
      - The countries to return, as ISO 3166 alpha-2 codes in capitals, such as V(DE). If not given, all are returned.
      - Quote them. YAML reads an unquoted V(NO), which is Norway, as false.
      - The same country twice counts once. A country that Twilio doesn't list fails the task, so that none is taken for
        disabled because its code is wrong.
    type: list
    elements: str
seealso:
  - module: community.twilio.twilio_messaging_geo_permission
"""

EXAMPLES = r"""
- name: Look up all countries
  community.twilio.twilio_messaging_geo_permission_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
  register: geo_permissions

- name: Show the countries that messages may be sent to
  ansible.builtin.debug:
    msg: "{{ geo_permissions.countries | selectattr('enabled') | map(attribute='country_code') }}"

- name: Look up two countries
  community.twilio.twilio_messaging_geo_permission_info:
    country_code: ["NO", "PK"]
"""

RETURN = r"""
countries:
  description: The countries, in the order given; where O(country_code) is not given, by their codes.
  returned: success
  type: list
  elements: dict
  contains:
    country_code:
      description: The country's ISO 3166 alpha-2 code.
      returned: always
      type: str
      sample: PK
    enabled:
      description: Whether messages may be sent to it.
      returned: always
      type: bool
    prefix:
      description: What its phone numbers begin with.
      returned: always
      type: str
      sample: "+92"
    message:
      description: Twilio's remark about it, such as that it is a high-risk country; often empty.
      returned: always
      type: str
      sample: High Risk Country
"""

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import messaging_geo_permission

DEFINITION = Definition(
    options={"country_code": {"type": "list", "elements": "str"}},
    checks={"country_code": _schemas.country_codes},
    operation=reading(messaging_geo_permission.look_up),
    acts_as_subaccount=True,
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
