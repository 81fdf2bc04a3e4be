#!/usr/bin/python
# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: twilio_usage_info
short_description: Look up what a Twilio account used and what that cost
version_added: 1.0.0
description:
  - Returns the usage records of a Twilio account, for a span of time and by category.
author:
  - community.twilio contributors (@ansible-collections)
extends_documentation_fragment:
  - community.twilio.auth
  - community.twilio.auth.module
  - community.twilio.secret
  - community.twilio.attributes.info
options:
  category:
    description: The category of usage to return, such as V(sms) or V(totalprice). If not given, all are.
    type: str
  interval:
    description:
      - What one record covers.
      - V(range) gives one record a category, from O(start_date) to O(end_date).
      - V(daily), V(monthly) and V(yearly) give one a category for each day, month or year of these dates.
      - The others have their own dates and give one record a category.
    type: str
    choices:
      - range
      - daily
      - monthly
      - yearly
      - all_time
      - today
      - yesterday
      - this_month
      - last_month
    default: range
  start_date:
    description: The first day, such as V(2026-01-01), in GMT.
    type: str
  end_date:
    description: The last day, such as V(2026-01-31), in GMT. Not before O(start_date).
    type: str
  include_subaccounts:
    description: Whether the usage of subaccounts counts too.
    type: bool
    default: true
  sid:
    description: The SID of a subaccount, to return its usage instead of that of O(account_sid).
    type: str
seealso:
  - module: community.twilio.twilio_account_info
  - name: Twilio's usage records
    description: The categories that there are.
    link: https://www.twilio.com/docs/usage/api/usage-record
"""

EXAMPLES = r"""
- name: Look up what January cost
  community.twilio.twilio_usage_info:
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    category: totalprice
    start_date: "2026-01-01"
    end_date: "2026-01-31"
  register: january

- name: Show what January cost
  ansible.builtin.debug:
    msg: "{{ january.records | map(attribute='price') | sum }}"

- name: Look up how many messages a subaccount sent on each day of this month
  community.twilio.twilio_usage_info:
    sid: "{{ shop.account.sid }}"
    category: sms
    interval: daily
    start_date: "{{ now(utc=true, fmt='%Y-%m-01') }}"
"""

RETURN = r"""
records:
  description: The records found, an empty list where there is none.
  returned: success
  type: list
  elements: dict
  contains:
    category:
      description: The category.
      returned: always
      type: str
      sample: sms
    description:
      description: The category, in words.
      returned: always
      type: str
      sample: SMS
    account_sid:
      description: The account.
      returned: always
      type: str
      sample: ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    start_date:
      description: The first day that the record covers.
      returned: always
      type: str
      sample: "2026-01-01"
    end_date:
      description: The last day that the record covers.
      returned: always
      type: str
      sample: "2026-01-31"
    as_of:
      description: When the numbers were brought up to date.
      returned: always
      type: str
      sample: "2026-01-31T04:00:00Z"
    usage:
      description: How much was used, a number, in RV(records[].usage_unit).
      returned: always
      type: float
      sample: 1040
    usage_unit:
      description: The unit of RV(records[].usage).
      returned: always
      type: str
      sample: messages
    count:
      description: How often something was used, a number; V(null) where that makes no sense.
      returned: always
      type: float
      sample: 1040
    count_unit:
      description: The unit of RV(records[].count).
      returned: always
      type: str
      sample: messages
    price:
      description: What it cost, a number, in RV(records[].price_unit).
      returned: always
      type: float
      sample: 7.8
    price_unit:
      description: The currency of RV(records[].price).
      returned: always
      type: str
      sample: usd
"""

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._module import main as run
from ansible_collections.community.twilio.plugins.module_utils._resources import usage

DEFINITION = Definition(
    options={
        "category": {"type": "str"},
        "interval": {"type": "str", "choices": list(usage.INTERVALS), "default": "range"},
        "start_date": {"type": "str"},
        "end_date": {"type": "str"},
        "include_subaccounts": {"type": "bool", "default": True},
        "sid": {"type": "str"},
    },
    checks=usage.CHECKS,
    check_together=usage.check_together,
    operation=reading(usage.look_up),
)


def main() -> None:
    """Run the module."""
    run(DEFINITION)


if __name__ == "__main__":
    main()
