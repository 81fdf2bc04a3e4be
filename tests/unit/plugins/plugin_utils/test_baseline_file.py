# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account's file, as Ansible reads it, against the comparison that the role makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from names_of_credentials import NAMES

from ansible_collections.community.twilio.plugins.module_utils._resources.credential import Credential
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import (
    CREDENTIALS,
    REPORT,
    Comparison,
    compare_credentials,
    compare_subaccounts,
)
from ansible_collections.community.twilio.plugins.plugin_utils._baseline_file import Facts, exported, is_unedited

ACCOUNT = "AC" + "a" * 32


def credentials(names: Sequence[str | None]) -> list[Credential]:
    """Return credentials as Twilio's answers give them."""
    answers: list[dict[str, Any]] = [
        {
            "sid": f"CR{number:032x}",
            "account_sid": ACCOUNT,
            "friendly_name": name,
            **dict.fromkeys(["date_created", "date_updated", "url"]),
        }
        for number, name in enumerate(names)
    ]
    return [Credential.from_answer(answer) for answer in answers]


def subaccounts(names: Sequence[str | None], status: str = "active") -> list[dict[str, Any]]:
    return [
        {"sid": f"AC{number:032x}", "friendly_name": name, "status": status, "owner_account_sid": ACCOUNT}
        for number, name in enumerate(names)
    ]


def facts(**changes: Any) -> Facts:
    empty: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "aws_credentials": [],
        "public_keys": [],
        "subaccounts": [],
        "enabled_countries": [],
        "numbers": {},
    }
    return Facts(**{**empty, **changes})


def loaded(text: str) -> dict[str, Any]:
    """Return the variables of a file, as Ansible reads it."""
    return {key.removeprefix("account_baseline_"): value for key, value in plain(DataLoader().load(text)).items()}


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        [None, None, "one", "two", "two", "two #0123456789", "three #0123456789", ""],
        [f"of {number % 2000}" for number in range(2300)],
        [],
    ],
    ids=["every name", "nameless and alike", "2300", "none"],
)
def test_given_back_nothing_is_to_be_done(names):
    there = credentials(names)
    variables = loaded(exported(facts(aws_credentials=there, public_keys=there[::-1])))
    for variable, kind in CREDENTIALS.items():
        items, records = variables[variable], [asdict(each) for each in there]
        comparison = compare_credentials(kind, items, records, ACCOUNT, unnamed=REPORT, collects=True)
        assert comparison == Comparison()
        # Each item is about one of them, so that a change of any shows.
        assert len(items) == len(names)


@pytest.mark.parametrize("text", ["{{ 1 / 0 }}", "{% raw %}", "#jinja2:variable_start_string:'[%'", "{{ x", "}"])
def test_what_could_be_a_template_is_marked(text):
    file = exported(facts(aws_credentials=credentials([text]), subaccounts=subaccounts([text])))
    assert file.count('!unsafe "') == 2


@pytest.mark.parametrize("names", [NAMES, [None, "", "twice", "twice", f"AC{9:032x}"], []])
def test_given_back_the_subaccounts_are_those_that_there_are(names):
    there = subaccounts(names)
    declared = loaded(exported(facts(subaccounts=there)))["subaccounts"]
    own = {"sid": ACCOUNT, "friendly_name": "main", "status": "active", "owner_account_sid": ACCOUNT}
    assert compare_subaccounts(declared, [own, *there]) == ([], [], [])
    assert len(declared) == len(names)


def test_a_subaccounts_file_says_nothing_of_subaccounts():
    file = exported(facts(subaccounts=None))
    assert "subaccounts" not in loaded(file)
    assert "# It is a subaccount" in file


def test_countries_are_texts_on_lines_of_bearable_length():
    codes = [f"{first}{second}" for first in "ABN" for second in "ABCDEFGHIJKLMNO"]
    file = exported(facts(enabled_countries=codes))
    assert loaded(file)["messaging_geo_permissions"] == {"enabled": sorted(codes), "others": "disabled"}
    assert max(map(len, file.splitlines())) <= 120
    assert loaded(exported(facts()))["messaging_geo_permissions"] == {"enabled": [], "others": "disabled"}


def test_numbers_that_cannot_be_known_are_not_guessed():
    assert "safelist_numbers" not in loaded(exported(facts()))
    file = exported(facts(numbers={"+14155552671": True, "+14155552672": False}))
    assert loaded(file)["safelist_numbers"] == ["+14155552671"]
    assert '# on it. Not on it: "+14155552672".' in file


def test_the_order_of_twilios_answers_is_no_change():
    there = credentials(NAMES)
    assert exported(facts(aws_credentials=there)) == exported(facts(aws_credentials=there[::-1]))


def test_a_file_that_was_edited_is_told():
    file = exported(facts(aws_credentials=credentials(NAMES)))
    assert is_unedited(file)
    for edited in (
        file.replace("recordings", "other"),
        file + "secret: x\n",
        "",
        "# Checksum: \n",
        "\n# Checksum: x\n",
    ):
        assert not is_unedited(edited)
