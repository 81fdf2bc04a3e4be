# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account as variables of the role ``account_baseline``, which change nothing where they are given back to it.

What can't be known is said in a comment. The text depends on the account alone, so that a second export is the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.community.twilio.plugins.module_utils import _schemas
from ansible_collections.community.twilio.plugins.module_utils._errors import InputError
from ansible_collections.community.twilio.plugins.module_utils._resources import credential
from ansible_collections.community.twilio.plugins.module_utils._resources.credential import Credential
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import PREFIX, is_account_sid
from ansible_collections.community.twilio.plugins.plugin_utils._quoted import quoted

#: How the last line of a file begins, whose rest tells whether somebody has edited what is above it.
_CHECKSUM = "# Checksum: "

#: How long a line with countries may be.
_WIDTH = 120


class Facts(NamedTuple):
    """An account as it is.

    :param account_sid: its SID.
    :param aws_credentials: its AWS credentials.
    :param public_keys: its public keys.
    :param subaccounts: its subaccounts that are not closed, as the info module returns them; None where it is one.
    :param enabled_countries: the countries that it may send messages to.
    :param numbers: SafeList number to whether it is there, of those that were asked for.
    """

    account_sid: str
    aws_credentials: Sequence[Credential]
    public_keys: Sequence[Credential]
    subaccounts: Sequence[Mapping[str, Any]] | None
    enabled_countries: Sequence[str]
    numbers: Mapping[str, bool]


def exported(facts: Facts) -> str:
    """Return the file of an account."""
    parts = (
        _heading(facts),
        _credentials(
            "aws_credentials",
            facts.aws_credentials,
            "Twilio gives back no key. An item follows its key with aws_access_key_id, aws_secret_access_key,",
        ),
        _credentials(
            "public_keys",
            facts.public_keys,
            "Twilio gives back no key. An item follows its key with public_key,",
        ),
        _subaccounts(facts.subaccounts),
        _countries(facts.enabled_countries),
        _numbers(facts.numbers),
    )
    text = "\n".join("".join(f"{line}\n" for line in part) for part in parts)
    return f"{text}\n{_CHECKSUM}{_checksum(text)}\n"


def is_unedited(content: str) -> bool:
    """Return whether a file is as an export wrote it. One that was edited may hold secrets."""
    text, _mark, checksum = content.rpartition(f"\n{_CHECKSUM}")
    return checksum == f"{_checksum(text)}\n"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _heading(facts: Facts) -> Iterator[str]:
    yield "---"
    yield f"# The account {facts.account_sid} as variables of the role community.twilio.account_baseline."
    yield "# Given back to it, they change nothing. The role community.twilio.account_export writes this file anew:"
    yield "# edit a copy. The connection and API keys are not in it."


def _credentials(variable: str, records: Sequence[Credential], how_to_follow: str) -> Iterator[str]:
    """Yield the lines of credentials of one kind: by their names, by their SIDs where names don't tell."""
    if not records:
        yield f"{PREFIX}{variable}: []"
        return
    yield f"# {how_to_follow}"
    yield "# 'update_secret: when_changed', 'unsigned: adopt', and without sid."
    yield f"{PREFIX}{variable}:"
    same_name = Counter(record.friendly_name for record in records)
    for record in sorted(records, key=lambda each: (each.friendly_name or "", each.sid or "")):
        sid, name = str(record.sid), record.friendly_name
        if name is None:
            yield f"  - sid: {quoted(sid)}  # It has no name."
        elif not _can_be_given(name):
            yield f"  - sid: {quoted(sid)}  # Its name is one that no item can give: {quoted(name)}"
        elif same_name[name] > 1:
            yield f"  - sid: {quoted(sid)}  # One of {same_name[name]} of its name."
            yield f"    friendly_name: {_text(name)}"
        else:
            yield f"  - friendly_name: {_text(name)}  # {sid}"


def _can_be_given(name: str) -> bool:
    """Return whether an item may have this name."""
    try:
        _schemas.check_options(credential.CHECKS, {"friendly_name": name})
    except InputError:
        return False
    return True


def _subaccounts(subaccounts: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    if subaccounts is None:
        yield f"# It is a subaccount, so it has no {PREFIX}subaccounts."
        return
    if not subaccounts:
        yield f"{PREFIX}subaccounts: []"
        return
    yield f"{PREFIX}subaccounts:"
    same_name = Counter(account["friendly_name"] for account in subaccounts)
    for account in sorted(subaccounts, key=lambda each: (each["friendly_name"] or "", each["sid"])):
        sid, name, status = account["sid"], account["friendly_name"], account["status"]
        if not name or is_account_sid(name) or same_name[name] > 1:
            yield f"  - {quoted(sid)}  # {quoted(name or '')}, {quoted(status)}"
        else:
            yield f"  - {_text(name)}  # {sid}, {quoted(status)}"


def _countries(codes: Sequence[str]) -> Iterator[str]:
    yield f"{PREFIX}messaging_geo_permissions:"
    yield from _flow("  enabled:", map(quoted, sorted(codes)))
    yield '  others: "disabled"'


def _numbers(numbers: Mapping[str, bool]) -> Iterator[str]:
    if not numbers:
        yield "# Twilio can't list the numbers on the SafeList. account_export_safelist_numbers names those to ask for."
        return
    absent = [quoted(number) for number, exists in numbers.items() if not exists]
    yield "# Twilio can't list the numbers on the SafeList: these are those of account_export_safelist_numbers that are"
    yield f"# on it. Not on it: {', '.join(absent) or 'none'}."
    yield from _flow(f"{PREFIX}safelist_numbers:", (quoted(number) for number, exists in numbers.items() if exists))


def _flow(key: str, items: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a list within brackets."""
    line, indent = f"{key} [", " " * (len(key) - len(key.lstrip()) + 2)
    first = True
    for item in items:
        piece = item if first else f", {item}"
        if len(line) + len(piece) >= _WIDTH:
            yield f"{line},"
            piece, line = item, indent
        line, first = line + piece, False
    yield f"{line}]"


def _text(text: str) -> str:
    """Return a text as a value that Ansible takes for no template."""
    is_template = "{" in text or "}" in text or text.startswith("#jinja2:")
    return f"!unsafe {quoted(text)}" if is_template else quoted(text)
