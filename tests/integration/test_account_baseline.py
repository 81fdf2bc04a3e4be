# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``account_baseline``: its diff lists all that it deletes, in check mode too."""

from __future__ import annotations

from typing import Any

from harness import KEY_PAIR, Run, ansible_playbook, fingerprint, make_sid, play

OLD, BY_HAND, CURRENT, UNDECLARED, NAMELESS = (make_sid("CR", number) for number in range(1, 6))
FOLLOW = {**KEY_PAIR, "update_secret": "when_changed"}


def seed(simulator) -> None:
    signature = fingerprint(simulator.account_sid)
    stored = {
        OLD: "recordings #0123456789",
        CURRENT: f"recordings #{signature}",
        BY_HAND: "compositions",
        UNDECLARED: "left behind",
        NAMELESS: None,
    }
    credentials = [{"sid": sid, "friendly_name": name} for sid, name in stored.items()]
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "aws_credentials": credentials}]})


def run_role(simulator, folder, *arguments: str, **changes: Any) -> Run:
    variables = {
        "account_baseline_account_sid": simulator.account_sid,
        "account_baseline_auth_token": simulator.auth_token,
        "account_baseline_base_url": simulator.url,
        "account_baseline_aws_credentials": [
            {"friendly_name": "recordings", "remove_replaced": True, **FOLLOW},
            {"friendly_name": "compositions", "remove_replaced": True, "unsigned": "replace", **FOLLOW},
        ],
        "account_baseline_purge": True,
        **changes,
    }
    role = {"role": "community.twilio.account_baseline", "vars": variables}
    return ansible_playbook(folder, [play([], roles=[role])], "--diff", *arguments)


def sids_deleted_in_diffs(run: Run) -> set[str]:
    """Return the SIDs that a run deletes according to its diffs."""
    gone: set[str] = set()
    for result in run.results:
        diff = result.get("diff")
        if diff:
            gone |= {record["sid"] for record in diff["before"].get("replaced", [])}
            gone |= {diff["before"]["sid"]} if diff["before"] and not diff["after"] else set()
    return gone


def list_sids(simulator) -> set[str]:
    return {credential["sid"] for credential in simulator.state(simulator.account_sid)["aws_credentials"]}


def test_the_diff_lists_all_that_is_deleted(simulator, tmp_path):
    seed(simulator)
    before = list_sids(simulator)
    dry = run_role(simulator, tmp_path, "--check")
    assert dry.status == 0, dry.output
    assert list_sids(simulator) == before
    run = run_role(simulator, tmp_path)
    assert run.status == 0, run.output
    assert (
        sids_deleted_in_diffs(dry)
        == sids_deleted_in_diffs(run)
        == before - list_sids(simulator)
        == {OLD, BY_HAND, UNDECLARED, NAMELESS}
    )
    again = run_role(simulator, tmp_path)
    assert not [result for result in again.results if result.get("changed")]
    assert sids_deleted_in_diffs(again) == set()


def test_what_was_done_before_a_failure_is_in_the_diff_and_nothing_is_purged(simulator, tmp_path):
    seed(simulator)
    before = list_sids(simulator)
    refused = {"kind": "status", "status": 400, "code": 20001, "message": "No"}
    simulator.faults([{"method": "DELETE", "path": BY_HAND, **refused}])
    run = run_role(simulator, tmp_path)
    assert run.status == 2, run.output
    assert sids_deleted_in_diffs(run) == before - list_sids(simulator) == {OLD}
    failed = next(result for result in run.results if result.failed and result.get("diff"))
    assert failed["changed"] is True
    assert failed["diff"]["after"]["sid"] in list_sids(simulator) - before
    assert run_role(simulator, tmp_path).status == 0
    assert before & list_sids(simulator) == {CURRENT}


def test_an_item_decides_what_happens_to_an_unsigned_credential(simulator, tmp_path):
    seed(simulator)
    item = {"friendly_name": "compositions", **FOLLOW}
    for unsigned, status in (({}, 0), ({"unsigned": "fail"}, 2), ({"unsigned": "adopt"}, 0)):
        run = run_role(
            simulator,
            tmp_path,
            account_baseline_aws_credentials=[{**item, **unsigned}],
            account_baseline_purge=False,
        )
        assert run.status == status, run.output
    names = {
        entry["sid"]: entry["friendly_name"] for entry in simulator.state(simulator.account_sid)["aws_credentials"]
    }
    assert names[BY_HAND] == f"compositions #{fingerprint(simulator.account_sid)}"


def enabled(simulator) -> list[str]:
    countries: list[str] = simulator.state(simulator.account_sid)["enabled_countries"]
    return countries


GEO_PERMISSIONS = {"enabled": ["NO", "US"], "others": "disabled"}
#: The role's variables without any credentials, for geo permissions alone.
ONLY_GEO = {"account_baseline_aws_credentials": [], "account_baseline_purge": False}


def test_geo_permissions_take_two_requests_to_set_and_one_if_unchanged(simulator, tmp_path):
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "enabled_countries": ["DE", "US"]}]})
    for arguments, methods, after in (
        (["--check"], ["GET"], ["DE", "US"]),
        ([], ["GET", "PATCH"], ["NO", "US"]),
        ([], ["GET"], ["NO", "US"]),
    ):
        simulator.clear_requests()
        run = run_role(
            simulator, tmp_path, *arguments, account_baseline_messaging_geo_permissions=GEO_PERMISSIONS, **ONLY_GEO
        )
        assert run.status == 0, run.output
        assert [entry["method"] for entry in simulator.requests()] == methods
        assert enabled(simulator) == after
        result = run.of("community.twilio.account_baseline : Set the messaging geo permissions")
        assert result["changed"] is (methods == ["GET", "PATCH"] or "--check" in arguments)


def test_without_geo_permissions_none_are_requested(simulator, tmp_path):
    assert run_role(simulator, tmp_path, **ONLY_GEO).status == 0
    assert simulator.requests() == []


def test_an_unquoted_norway_is_refused(simulator, tmp_path):
    geo_permissions = {"enabled": ["US", False]}
    run = run_role(simulator, tmp_path, account_baseline_messaging_geo_permissions=geo_permissions, **ONLY_GEO)
    assert run.status == 2, run.output
    assert "YAML reads an unquoted NO as false: quote it" in run.output
    assert simulator.requests() == []


def test_geo_permissions_of_a_subaccount(simulator, tmp_path):
    subaccount = make_sid("AC", 9)
    simulator.seed({"accounts": [{"sid": subaccount, "owner_account_sid": simulator.account_sid}]})
    run = run_role(
        simulator,
        tmp_path,
        account_baseline_messaging_geo_permissions=GEO_PERMISSIONS,
        account_baseline_subaccount_sid=subaccount,
        **ONLY_GEO,
    )
    assert run.status == 0, run.output
    assert simulator.state(subaccount)["enabled_countries"] == ["NO", "US"]
    assert enabled(simulator) == ["US"]


COMPARE = "community.twilio.account_baseline : Compare the account with its baseline"


def test_what_no_item_names_is_reported_and_left(simulator, tmp_path):
    seed(simulator)
    settings: dict[str, Any] = {
        "account_baseline_aws_credentials": [{"sid": CURRENT}],
        "account_baseline_unnamed": "report",
        "account_baseline_purge": False,
    }
    before = list_sids(simulator)
    dry = run_role(simulator, tmp_path, "--check", **settings)
    run = run_role(simulator, tmp_path, **settings)
    assert dry.status == run.status == 0, run.output
    assert list_sids(simulator) == before
    assert [dry.of(COMPARE)["changed"], run.of(COMPARE)["changed"]] == [True, False]
    assert len(dry.of(COMPARE)["diff"]["before"]) == len(before) - 1
    (warning,) = run.of(COMPARE)["warnings"]
    for sid in before - {CURRENT}:
        assert sid in warning
    assert CURRENT not in warning
    assert {request["method"] for request in simulator.requests()} == {"GET"}


def test_two_settings_that_contradict_each_other_fail_before_any_request(simulator, tmp_path):
    for purge, unnamed in ((True, "report"), (True, "ignore"), ("false", "purge")):
        run = run_role(simulator, tmp_path, account_baseline_purge=purge, account_baseline_unnamed=unnamed)
        assert run.status == 2, run.output
        assert "contradicts account_baseline_unnamed" in run.output
    assert simulator.requests() == []


SHOP, OTHER_SHOP, SUSPENDED = (make_sid("AC", number) for number in range(1, 4))
ENSURE_SUBACCOUNTS = "community.twilio.account_baseline : Ensure the subaccounts exist"


def statuses(simulator) -> dict[str, str]:
    accounts = simulator.state()["accounts"]
    return {each["friendly_name"]: each["status"] for each in accounts if each["sid"] != each["owner_account_sid"]}


def test_subaccounts_are_created_by_name_and_others_reported_and_left(simulator, tmp_path):
    owned = {"owner_account_sid": simulator.account_sid}
    simulator.seed(
        {
            "accounts": [
                {"sid": SHOP, "friendly_name": "shop", **owned},
                {"sid": OTHER_SHOP, "friendly_name": "other", **owned},
                {"sid": SUSPENDED, "friendly_name": "suspended", "status": "suspended", **owned},
            ]
        }
    )
    # As -e gives a list.
    settings = {**ONLY_GEO, "account_baseline_subaccounts": f"{SHOP},suspended,branch"}
    # The main account may be named as if it were one, as an inventory of accounts does.
    first = run_role(simulator, tmp_path, **settings, account_baseline_subaccount_sid=simulator.account_sid)
    assert first.status == 0, first.output
    after = {"shop": "active", "other": "active", "suspended": "suspended", "branch": "active"}
    assert statuses(simulator) == after
    assert first.of(ENSURE_SUBACCOUNTS)["changed"] is True
    assert f"subaccount 'other' ({OTHER_SHOP}): active -> not declared" in first.of(COMPARE)["warnings"][0]
    again = run_role(simulator, tmp_path, **settings)
    assert not [result for result in again.results if result.get("changed")]
    assert statuses(simulator) == after


def test_subaccounts_that_cannot_be_are_refused_before_anything_is_written(simulator, tmp_path):
    simulator.seed({"accounts": [{"sid": SHOP, "owner_account_sid": simulator.account_sid}]})
    for changes, words in (
        ({"account_baseline_subaccounts": ["new", OTHER_SHOP]}, f"has no subaccount {OTHER_SHOP}"),
        (
            {"account_baseline_subaccounts": [], "account_baseline_subaccount_sid": SHOP},
            "a subaccount has no subaccounts",
        ),
    ):
        run = run_role(simulator, tmp_path, **{**ONLY_GEO, **changes})
        assert run.status == 2, run.output
        assert words in run.of(COMPARE)["msg"]
    assert {request["method"] for request in simulator.requests()} == {"GET"}


def test_many_items_are_compared_by_one_list(simulator, tmp_path):
    seed(simulator)
    items = [{"sid": sid} for sid in (OLD, BY_HAND, CURRENT, UNDECLARED, NAMELESS)]
    run = run_role(simulator, tmp_path, account_baseline_aws_credentials=items, account_baseline_purge=False)
    assert run.status == 0, run.output
    assert [request["path"] for request in simulator.requests()] == ["/v1/Credentials/AWS"]
