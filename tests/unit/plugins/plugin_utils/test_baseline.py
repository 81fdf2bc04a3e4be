# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a comparison says is to be done, and what it says differs, from lists alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.module_utils._resources.credential import AWS
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret
from ansible_collections.community.twilio.plugins.plugin_utils._baseline import (
    CREDENTIALS,
    IGNORE,
    PURGE,
    REPORT,
    Comparison,
    compare_credentials,
    compare_subaccounts,
    differences_in,
    main_account_of,
)

ACCOUNT = "AC" + "a" * 32
PAIR = {"aws_access_key_id": "A" * 20, "aws_secret_access_key": "s" * 40}
SIGNATURE = AWS.material(ACCOUNT, {**PAIR, "aws_secret_access_key": Secret("s" * 40)}).fingerprint
OTHER_SIGNATURE = "0123456789"


def sid(number: int, prefix: str = "CR") -> str:
    return f"{prefix}{number:032x}"


def record(number: int, name: str | None, fingerprint: str | None = None) -> dict[str, Any]:
    """Return a credential as the info module returns it."""
    unknown = dict.fromkeys(["date_created", "date_updated", "url"])
    return {
        **unknown,
        "sid": sid(number),
        "account_sid": ACCOUNT,
        "friendly_name": name,
        "fingerprint": fingerprint,
    }


def compared(
    items: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    unnamed: str = IGNORE,
    collects: bool = False,
) -> Comparison:
    kind = CREDENTIALS["aws_credentials"]
    return compare_credentials(kind, items, records, ACCOUNT, unnamed=unnamed, collects=collects)


FOLLOWS = {**PAIR, "update_secret": "when_changed"}


@pytest.mark.parametrize(
    ("item", "records", "has_work"),
    [
        ({"friendly_name": "a"}, [record(1, "a")], False),
        ({"friendly_name": "a"}, [record(1, "a", OTHER_SIGNATURE)], False),
        ({"friendly_name": "a"}, [record(1, "b")], True),
        ({"friendly_name": "a"}, [record(1, "a"), record(2, "a")], True),
        ({"friendly_name": 2024}, [record(1, "2024")], False),
        ({"sid": sid(1)}, [record(1, None)], False),
        ({"sid": sid(2)}, [record(1, None)], True),
        ({"sid": sid(1), "friendly_name": "a"}, [record(1, "a"), record(2, "a")], False),
        ({"sid": sid(1), "friendly_name": "a"}, [record(1, "b")], True),
        ({"friendly_name": "a", "state": "absent"}, [record(1, "b")], False),
        ({"friendly_name": "a", "state": "absent"}, [record(1, "a")], True),
        ({"friendly_name": "a", **FOLLOWS}, [record(1, "a", SIGNATURE)], False),
        ({"friendly_name": "a", **FOLLOWS}, [record(1, "a", OTHER_SIGNATURE)], True),
        # Its module has a warning to give.
        ({"friendly_name": "a", **FOLLOWS}, [record(1, "a")], True),
        ({"friendly_name": "a", **PAIR, "update_secret": "always"}, [record(1, "a", SIGNATURE)], True),
        ({"friendly_name": "a", "update_secret": None}, [record(1, "a")], True),
        ({"friendly_name": "a", "state": "there"}, [record(1, "a")], True),
        ({"friendly_name": "a", "aws_access_key_id": "A" * 20}, [record(1, "a")], True),
        ({}, [record(1, "a")], True),
    ],
)
def test_a_task_looks_at_an_item_that_is_not_as_it_says(item, records, has_work):
    assert bool(compared([item], records).to_do) is has_work


def test_an_entry_names_its_item_and_holds_no_secret():
    items = [{"friendly_name": "there"}, {"friendly_name": "new", **PAIR}, {"sid": sid(9)}, {**PAIR}]
    assert compared(items, [record(1, "there")]).to_do == [
        {"number": 1, "label": "new"},
        {"number": 2, "label": sid(9)},
        {"number": 3, "label": "nameless"},
    ]


LEFT = [record(1, "a"), record(2, "left"), record(3, None), record(4, "a"), record(5, "by sid")]
ITEMS = [{"sid": sid(1), "friendly_name": "a"}, {"sid": sid(5)}]


def lines(comparison: Comparison) -> list[str]:
    return [str(difference) for difference in comparison.differences]


def test_what_no_item_names_is_ignored_removed_or_reported():
    assert compared(ITEMS, LEFT) == Comparison()
    removed = compared(ITEMS, LEFT, PURGE)
    assert removed.to_remove == [{"sid": sid(2), "friendly_name": "left"}, {"sid": sid(3), "friendly_name": None}]
    assert lines(removed) == []
    assert lines(compared(ITEMS, LEFT, REPORT)) == [
        f"AWS credential 'left' ({sid(2)}): present -> not declared",
        f"AWS credential {sid(3)}: present -> not declared",
        f"AWS credential 'a' ({sid(4)}): present -> not declared: one of 2 of an item's name",
    ]


def test_without_items_everything_is_unnamed():
    assert len(compared([], LEFT, REPORT).differences) == len(compared([], LEFT, PURGE).to_remove) == len(LEFT)


def test_a_rename_does_not_hide_behind_a_left_over_of_the_name():
    renamed = [record(1, "elsewhere", SIGNATURE), record(2, "recordings", OTHER_SIGNATURE)]
    # By its name alone, the item is content with what was left over.
    comparison = compared([{"friendly_name": "recordings"}], renamed, REPORT)
    assert comparison.to_do == []
    assert lines(comparison) == [f"AWS credential 'elsewhere' ({sid(1)}): present -> not declared"]


def test_one_of_an_items_name_beside_the_signed_one_is_reported():
    standing = [record(1, "a", SIGNATURE), record(2, "a"), record(3, "a", OTHER_SIGNATURE)]
    comparison = compared([{"friendly_name": "a", **FOLLOWS}], standing, REPORT)
    assert [difference.resource for difference in comparison.differences] == [
        f"AWS credential 'a' ({sid(2)})",
        f"AWS credential 'a' ({sid(3)})",
    ]


@pytest.mark.parametrize(
    "item", [{"friendly_name": "a", **FOLLOWS, "remove_replaced": True}, {"friendly_name": "a", "state": "absent"}]
)
def test_what_an_item_is_about_to_remove_is_not_reported_too(item):
    assert compared([item], [record(1, "a", OTHER_SIGNATURE)], REPORT).differences == []


def test_what_a_new_one_takes_the_place_of_is_not_reported_too():
    standing = [record(1, "a", OTHER_SIGNATURE), record(2, "a")]
    assert compared([{"friendly_name": "a", **FOLLOWS}], standing, REPORT).differences == []


def test_where_drift_is_collected_an_item_that_cannot_be_brought_about_is_a_difference():
    new = {"friendly_name": "new", **PAIR}
    items = [
        {"friendly_name": "gone"},
        {"friendly_name": "twice"},
        {"sid": sid(9)},
        new,
        {"sid": "x", "state": "absent"},
    ]
    comparison = compared(items, [record(1, "twice"), record(2, "twice")], REPORT, collects=True)
    assert comparison.to_do == [{"number": 3, "label": "new"}]
    gone, twice, unknown, wrong = lines(comparison)
    assert gone.startswith("AWS credential 'gone': absent -> present: aws_access_key_id: required")
    assert twice.startswith("AWS credential 'twice': could not be compared: friendly_name: 2 AWS credentials are")
    assert unknown.startswith(f"AWS credential '{sid(9)}': absent -> present: sid: account {ACCOUNT} has no")
    assert wrong.startswith("AWS credential 'x': could not be compared: sid: expected a SID")
    assert "s" * 40 not in "".join(lines(comparison))


def test_what_bears_the_name_of_an_item_about_another_is_reported():
    item = {"sid": sid(1), "friendly_name": "a"}
    _renamed, left_over = lines(compared([item], [record(1, "b"), record(2, "a")], REPORT, collects=True))
    assert left_over == (
        f"AWS credential 'a' ({sid(2)}): present -> not declared: an item's name, but not what the item is about"
    )


def test_names_that_were_swapped_are_differences_of_the_names():
    items = [{"sid": sid(1), "friendly_name": "a"}, {"sid": sid(2), "friendly_name": "b"}]
    first, second = compared(items, [record(1, "b"), record(2, "a")], REPORT, collects=True).differences
    assert first[:2] == (f"AWS credential 'b' ({sid(1)})", "friendly_name 'b'")
    assert first.after.startswith("'a', which can't be brought about: friendly_name: 'a' is taken already")
    assert second[:2] == (f"AWS credential 'a' ({sid(2)})", "friendly_name 'a'")


def account(number: int, name: str | None, status: str = "active", owner: int = 0) -> dict[str, Any]:
    """Return an account as the info module returns it."""
    return {
        "sid": sid(number, "AC"),
        "friendly_name": name,
        "status": status,
        "owner_account_sid": sid(owner, "AC"),
    }


MAIN = account(0, "main")


@pytest.mark.parametrize(
    ("declared", "accounts", "missing", "unknown", "reported"),
    [
        ([], [MAIN], [], [], []),
        ([], [MAIN, account(1, "a")], [], [], [1]),
        (["a"], [MAIN, account(1, "a", "suspended")], [], [], []),
        (["a"], [MAIN, account(1, "a", "closed")], ["a"], [], []),
        ([], [MAIN, account(1, "a", "closed")], [], [], []),
        (["a"], [MAIN, account(1, "b")], ["a"], [], [1]),
        ([sid(1, "AC")], [MAIN, account(1, "a")], [], [], []),
        ([sid(1, "AC")], [MAIN, account(1, "a", "closed")], [], [sid(1, "AC")], []),
        # The account itself is none of its subaccounts.
        ([sid(0, "AC"), "main"], [MAIN], ["main"], [sid(0, "AC")], []),
        (["a"], [MAIN, account(1, "a"), account(2, "a")], [], [], [1, 2]),
        (["a", sid(2, "AC")], [MAIN, account(1, "a"), account(2, "a")], [], [], []),
        (["a", "a"], [MAIN], ["a"], [], []),
        # A SID is nobody's name.
        ([sid(1, "AC")], [MAIN, account(1, "a"), account(2, sid(1, "AC"))], [], [], [2]),
        ([2024], [MAIN, account(1, "2024"), account(2, None)], [], [], [2]),
    ],
)
def test_subaccounts_are_those_that_are_declared(declared, accounts, missing, unknown, reported):
    created, unknown_sids, differences = compare_subaccounts(declared, accounts)
    assert (created, unknown_sids) == (missing, unknown)
    assert [difference.resource.rpartition(" ")[2].strip("()") for difference in differences] == [
        sid(number, "AC") for number in reported
    ]


def test_a_subaccount_has_no_main_account_among_those_that_it_sees():
    assert main_account_of([MAIN, account(1, "a")]) == MAIN["sid"]
    assert main_account_of([account(1, "a")]) is None


def loop(*results: Mapping[str, Any]) -> dict[str, Any]:
    return {"results": [*results]}


def changed(before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"changed": True, "diff": {"before": before, "after": after}, **more}


OLD = {"sid": sid(1), "friendly_name": "a", "fingerprint": None}


@pytest.mark.parametrize(
    ("name", "registered", "expected"),
    [
        ("aws_credentials", loop(), []),
        ("aws_credentials", {"skipped": True}, []),
        ("aws_credentials", loop(changed(OLD, OLD)), []),
        ("aws_credentials", loop(changed({}, {"friendly_name": "a"})), ["AWS credential 'a': absent -> present"]),
        ("public_keys", loop(changed(OLD, {})), [f"public key 'a' ({sid(1)}): present -> absent"]),
        (
            "aws_credentials",
            loop(changed(OLD, {**OLD, "friendly_name": "b", "fingerprint": "0123456789"})),
            [
                f"AWS credential 'a' ({sid(1)}): friendly_name 'a' -> 'b'",
                f"AWS credential 'a' ({sid(1)}): fingerprint none -> '0123456789'",
            ],
        ),
        (
            "aws_credentials",
            loop(
                changed(
                    {**OLD, "replaced": [OLD, {**OLD, "sid": sid(2)}]},
                    {"friendly_name": "a", "fingerprint": "0123456789", "replaced": []},
                )
            ),
            [
                f"AWS credential 'a' ({sid(1)}): fingerprint none -> another with fingerprint '0123456789'",
                f"AWS credential 'a' ({sid(2)}): present -> absent: another takes its place",
            ],
        ),
        (
            "public_keys",
            loop({"failed": True, "msg": "Could\nnot", "account_baseline_entry": {"number": 0, "label": "a"}}),
            ["public key 'a': could not be compared: Could not"],
        ),
        (
            "removed_public_keys",
            loop({"failed": True, "msg": "No", "account_baseline_entry": {"sid": sid(3), "friendly_name": None}}),
            [f"public key '{sid(3)}': could not be compared: No"],
        ),
        (
            "subaccounts",
            loop(changed({}, {"friendly_name": "a\n\u202e", "status": "active"})),
            ["subaccount 'a\\n\\u202e': absent -> present"],
        ),
        (
            "safelist_numbers",
            changed({"+1415": "absent", "+1416": "present"}, {"+1415": "present", "+1416": "present"}),
            ["SafeList number +1415: absent -> present"],
        ),
        (
            "messaging_geo_permissions",
            changed({"NO": "disabled"}, {"NO": "enabled"}, failed=True, msg="XX"),
            [
                "messaging geo permission NO: disabled -> enabled",
                "messaging geo permission: could not be compared: XX",
            ],
        ),
    ],
)
def test_what_a_task_registered_becomes_lines(name, registered, expected):
    assert [str(difference) for difference in differences_in(name, registered)] == expected


def test_a_line_begins_with_the_account():
    (difference,) = differences_in("public_keys", loop(changed(OLD, {})))
    assert difference.line(ACCOUNT) == f"{ACCOUNT}: public key 'a' ({sid(1)}): present -> absent"
