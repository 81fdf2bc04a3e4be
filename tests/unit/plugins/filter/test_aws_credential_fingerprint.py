# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``aws_credential_fingerprint``; that it is the module's fingerprint, the role's rotations show."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.community.twilio.plugins.filter.aws_credential_fingerprint import aws_credential_fingerprint

ACCOUNT = "AC" + "0" * 32
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PAIR = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": SECRET}


def test_each_part_counts():
    others = [({**PAIR, "aws_access_key_id": "AKIA2"}, ACCOUNT), ({**PAIR, "aws_secret_access_key": "x"}, ACCOUNT)]
    pairs = [(PAIR, ACCOUNT), (PAIR, "AC" + "1" * 32), *others]
    assert len({aws_credential_fingerprint(pair, account_sid=account) for pair, account in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("pair", "account", "named"),
    [
        (None, ACCOUNT, "a dictionary with aws_access_key_id"),
        (SECRET, ACCOUNT, "a dictionary with aws_access_key_id"),
        ({**PAIR, "aws_access_key_id": ""}, ACCOUNT, "aws_access_key_id: "),
        ({"aws_access_key_id": "AKIA"}, ACCOUNT, "aws_secret_access_key: "),
        (PAIR, None, "account_sid: "),
    ],
)
def test_what_is_missing_is_named_and_no_secret_told(pair, account, named):
    with pytest.raises(AnsibleFilterError) as refused:
        aws_credential_fingerprint(pair, account_sid=account)
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)
