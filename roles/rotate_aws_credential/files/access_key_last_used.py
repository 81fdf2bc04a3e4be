# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints for each AWS access key whether it was ever used, as JSON; it runs where the modules of amazon.aws run.

It fails as a whole where that can't be determined for one of them.
"""

from __future__ import annotations

import argparse
import json

import boto3


def main() -> None:
    """Query AWS for the keys that are named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", help="of AWS's configuration")
    parser.add_argument("--region")
    parser.add_argument("--endpoint-url", help="IAM's, if it is not AWS's own")
    parser.add_argument("keys", nargs="*")
    arguments = parser.parse_args()
    session = boto3.session.Session(profile_name=arguments.profile or None, region_name=arguments.region or None)
    client = session.client("iam", endpoint_url=arguments.endpoint_url or None)
    used = {}
    for key in arguments.keys:
        # AWS omits the date for a key that was never used since 2015, when it began to record this.
        last_used = client.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
        used[key] = last_used.get("LastUsedDate") is not None
    print(json.dumps(used))


if __name__ == "__main__":
    main()
