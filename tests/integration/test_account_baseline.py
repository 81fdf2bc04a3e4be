# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``account_baseline``: its diff lists all that it deletes, in check mode too.

All runs of the role are in one playbook: each scenario has an account of its own, and a host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from harness import KEY_PAIR, Result, ansible_playbook, fingerprint, make_sid, play
from simulator.client import Simulator

OLD, BY_HAND, CURRENT, UNDECLARED, NAMELESS = (make_sid("CR", number) for number in range(1, 6))
FOLLOW = {**KEY_PAIR, "update_secret": "when_changed"}
SHOP, OTHER_SHOP, SUSPENDED, NO_SHOP, GEO_SHOP = (make_sid("AC", number) for number in range(1, 6))
ROLE = "community.twilio.account_baseline"
COMPARE = f"{ROLE} : Compare the account with its baseline"
ENSURE_SUBACCOUNTS = f"{ROLE} : Ensure the subaccounts exist"
SET_GEO = f"{ROLE} : Set the messaging geo permissions"
STEP, FAILED = "Begin a step", "The step failed"


@dataclass(frozen=True)
class Scenario:
    """Runs of the role, one after the other, in an account.

    :param steps: the variables of each run; ``check`` is none, but says that it is in check mode.
    :param subaccounts: their seeds.
    :param credentials: the names of the AWS credentials by their SIDs; all but CURRENT's are without a signature.
    """

    steps: Sequence[Mapping[str, Any]]
    subaccounts: Sequence[Mapping[str, Any]] = ()
    credentials: Mapping[str, str | None] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    countries: Sequence[str] = ("US",)


@dataclass(frozen=True)
class Step:
    """What came of one run."""

    results: Sequence[Result]
    requests: Sequence[Mapping[str, Any]]

    @property
    def failed(self) -> bool:
        """Whether the role failed."""
        return any(result.task == FAILED for result in self.results)

    @property
    def messages(self) -> str:
        """The messages of all failures."""
        return "\n".join(str(result.get("msg")) for result in self.results if result.failed)

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something."""
        return [result.task for result in self.results if result.get("changed")]

    @property
    def methods(self) -> list[str]:
        """The HTTP verbs of the requests."""
        return [request["method"] for request in self.requests]

    def of(self, task: str) -> Result:
        """Return the last result of a task."""
        return [result for result in self.results if result.task == task][-1]

    def deleted(self) -> set[str]:
        """Return the SIDs that the run deleted."""
        gone = [entry for entry in self.requests if entry["method"] == "DELETE" and entry["status"] == 204]
        return {entry["path"].rpartition("/")[2] for entry in gone}

    def deleted_in_diffs(self) -> set[str]:
        """Return the SIDs that the run deletes according to its diffs."""
        gone: set[str] = set()
        for result in self.results:
            diff = result.get("diff")
            if diff:
                gone |= {record["sid"] for record in diff["before"].get("replaced", [])}
                gone |= {diff["before"]["sid"]} if diff["before"] and not diff["after"] else set()
        return gone


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario.

    :param state: the account's state afterwards.
    """

    steps: Sequence[Step]
    state: Mapping[str, Any]
    subaccounts: Sequence[Mapping[str, Any]]

    @property
    def sids(self) -> set[str]:
        """The SIDs of the AWS credentials."""
        return {credential["sid"] for credential in self.state["aws_credentials"]}


THERE = {
    OLD: "recordings #0123456789",
    CURRENT: "recordings #",
    BY_HAND: "compositions",
    UNDECLARED: "left behind",
    NAMELESS: None,
}
DECLARED = {
    "account_baseline_aws_credentials": [
        {"friendly_name": "recordings", "remove_replaced": True, **FOLLOW},
        {"friendly_name": "compositions", "remove_replaced": True, "unsigned": "replace", **FOLLOW},
    ],
    "account_baseline_purge": True,
}
COMPOSITIONS = {"friendly_name": "compositions", **FOLLOW}
GEO_PERMISSIONS = {"enabled": ["NO", "US"], "others": "disabled"}
GEO = {"account_baseline_messaging_geo_permissions": GEO_PERMISSIONS}
UNNAMED = {"account_baseline_aws_credentials": [{"sid": CURRENT}], "account_baseline_unnamed": "report"}
#: As -e gives a list.
SUBACCOUNTS = {"account_baseline_subaccounts": f"{SHOP},suspended,branch"}
REFUSED = {"kind": "status", "status": 400, "code": 20001, "message": "No"}

SCENARIOS = {
    "deletes": Scenario([{**DECLARED, "check": True}, DECLARED, DECLARED], credentials=THERE),
    "fails": Scenario(
        [DECLARED, DECLARED],
        credentials=THERE,
        faults=[{"method": "DELETE", "path": BY_HAND, "count": 1, **REFUSED}],
    ),
    "unsigned": Scenario(
        [
            {"account_baseline_aws_credentials": [{**COMPOSITIONS, **unsigned}]}
            for unsigned in ({}, {"unsigned": "fail"}, {"unsigned": "adopt"})
        ],
        credentials=THERE,
    ),
    "geo": Scenario([{**GEO, "check": True}, GEO, GEO], countries=["DE", "US"]),
    "nothing": Scenario([{}]),
    "norway": Scenario([{"account_baseline_messaging_geo_permissions": {"enabled": ["US", False]}}]),
    "subaccount": Scenario([{**GEO, "account_baseline_subaccount_sid": GEO_SHOP}], subaccounts=[{"sid": GEO_SHOP}]),
    "unnamed": Scenario([{**UNNAMED, "check": True}, UNNAMED], credentials=THERE),
    "contradiction": Scenario(
        [
            {"account_baseline_purge": purge, "account_baseline_unnamed": unnamed}
            for purge, unnamed in ((True, "report"), (True, "ignore"), ("false", "purge"))
        ]
    ),
    "subaccounts": Scenario(
        # The main account may be named as if it were one, as an inventory of accounts does.
        [{**SUBACCOUNTS, "account_baseline_subaccount_sid": "{{ account_baseline_account_sid }}"}, SUBACCOUNTS],
        subaccounts=[
            {"sid": SHOP, "friendly_name": "shop"},
            {"sid": OTHER_SHOP, "friendly_name": "other"},
            {"sid": SUSPENDED, "friendly_name": "suspended", "status": "suspended"},
        ],
    ),
    "refused": Scenario(
        [
            {"account_baseline_subaccounts": ["new", make_sid("AC", 99)]},
            {"account_baseline_subaccounts": [], "account_baseline_subaccount_sid": NO_SHOP},
        ],
        subaccounts=[{"sid": NO_SHOP}],
    ),
    "many": Scenario([{"account_baseline_aws_credentials": [{"sid": sid} for sid in THERE]}], credentials=THERE),
}
ACCOUNTS = {name: make_sid("AC", number) for number, name in enumerate(SCENARIOS, start=100)}


def seeded(simulator: Simulator, name: str) -> dict[str, str]:
    """Seed a scenario's account, and return how the role connects to it."""
    scenario, sid = SCENARIOS[name], ACCOUNTS[name]
    names = {**scenario.credentials}
    if CURRENT in names:
        names[CURRENT] = f"{names[CURRENT]}{fingerprint(sid)}"
    credentials = [{"sid": credential, "friendly_name": friendly} for credential, friendly in names.items()]
    own = {"sid": sid, "aws_credentials": credentials, "enabled_countries": [*scenario.countries]}
    others = [{**subaccount, "owner_account_sid": sid} for subaccount in scenario.subaccounts]
    (account, *_others) = simulator.seed({"accounts": [own, *others]})["accounts"]
    if scenario.faults:
        simulator.faults([{**fault, "account_sid": sid} for fault in scenario.faults])
    connection = {"account_sid": sid, "auth_token": account["auth_token"], "base_url": simulator.url}
    return {f"account_baseline_{option}": value for option, value in connection.items()}


def play_of(name: str, connection: Mapping[str, str]) -> dict[str, Any]:
    """Return a scenario's play; after a failure, what follows runs all the same."""
    tasks: list[dict[str, Any]] = []
    for step in SCENARIOS[name].steps:
        variables = {variable: value for variable, value in step.items() if variable != "check"}
        role = {"name": ROLE, "apply": {"check_mode": "check" in step}}
        tasks += [
            {"name": STEP, "ansible.builtin.debug": {"msg": ""}},
            {
                "block": [{"ansible.builtin.include_role": role, "vars": variables}],
                "rescue": [{"name": FAILED, "ansible.builtin.debug": {"msg": ""}}],
            },
        ]
    tested = play(tasks, hosts=name)
    return {**tested, "vars": {**tested["vars"], **connection}}


def steps_of(results: Sequence[Result], log: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    """Yield the results and the requests of each step of a scenario."""
    begins = [number for number, result in enumerate(results) if result.task == STEP]
    for begin, end in zip(begins, [*begins[1:], len(results)]):
        began = results[begin].ended
        ended = results[end].ended if end < len(results) else float("inf")
        yield Step(results[begin:end], [entry for entry in log if began < entry["time"] <= ended])


@pytest.fixture(scope="module")
def ran(running_simulator, tmp_path_factory) -> dict[str, Outcome]:
    """Return what came of the scenarios."""
    simulator = running_simulator
    simulator.reset()
    plays = [play_of(name, seeded(simulator, name)) for name in SCENARIOS]
    folder = tmp_path_factory.mktemp("baselines")
    run = ansible_playbook(folder, plays, "-i", f"{','.join(SCENARIOS)},", "--diff")
    assert run.status == 0, run.output
    states, log = simulator.state()["accounts"], simulator.requests()
    outcomes: dict[str, Outcome] = {}
    for name, sid in ACCOUNTS.items():
        (state,) = [each for each in states if each["sid"] == sid]
        subaccounts = [each for each in states if each["owner_account_sid"] == sid and each is not state]
        own = {sid, *(subaccount["sid"] for subaccount in subaccounts)}
        steps = steps_of(
            [result for result in run.results if result.host == name],
            [entry for entry in log if entry["account_sid"] in own],
        )
        outcomes[name] = Outcome([*steps], state, subaccounts)
        assert len(outcomes[name].steps) == len(SCENARIOS[name].steps)
    assert simulator.health()["violations"] == []
    return outcomes


def test_the_diff_lists_all_that_is_deleted(ran):
    outcome = ran["deletes"]
    dry, run, again = outcome.steps
    assert not [step for step in outcome.steps if step.failed]
    assert {*dry.methods} == {"GET"}
    gone = {OLD, BY_HAND, UNDECLARED, NAMELESS}
    assert dry.deleted_in_diffs() == run.deleted_in_diffs() == run.deleted() == gone
    assert outcome.sids & {*THERE} == {CURRENT}
    assert again.changed == []
    assert again.deleted_in_diffs() == set()


def test_what_was_done_before_a_failure_is_in_the_diff_and_nothing_is_purged(ran):
    outcome = ran["fails"]
    run, again = outcome.steps
    assert run.failed
    assert run.deleted_in_diffs() == run.deleted() == {OLD}
    failed = next(result for result in run.results if result.failed and result.get("diff"))
    assert failed["changed"] is True
    assert failed["diff"]["after"]["sid"] in outcome.sids - {*THERE}
    assert not again.failed
    assert outcome.sids & {*THERE} == {CURRENT}


def test_an_item_decides_what_happens_to_an_unsigned_credential(ran):
    outcome = ran["unsigned"]
    assert [step.failed for step in outcome.steps] == [False, True, False]
    names = {entry["sid"]: entry["friendly_name"] for entry in outcome.state["aws_credentials"]}
    assert names[BY_HAND] == f"compositions #{fingerprint(ACCOUNTS['unsigned'])}"


def test_geo_permissions_take_two_requests_to_set_and_one_if_unchanged(ran):
    outcome = ran["geo"]
    assert [step.failed for step in outcome.steps] == [False, False, False]
    assert [step.methods for step in outcome.steps] == [["GET"], ["GET", "PATCH"], ["GET"]]
    assert [step.of(SET_GEO)["changed"] for step in outcome.steps] == [True, True, False]
    assert outcome.state["enabled_countries"] == ["NO", "US"]


def test_without_geo_permissions_none_are_requested(ran):
    (step,) = ran["nothing"].steps
    assert not step.failed
    assert step.requests == []


def test_an_unquoted_norway_is_refused(ran):
    (step,) = ran["norway"].steps
    assert step.failed
    assert "YAML reads an unquoted NO as false: quote it" in step.messages
    assert step.requests == []


def test_geo_permissions_of_a_subaccount(ran):
    outcome = ran["subaccount"]
    assert not outcome.steps[0].failed
    assert [state["enabled_countries"] for state in outcome.subaccounts] == [["NO", "US"]]
    assert outcome.state["enabled_countries"] == ["US"]


def test_what_no_item_names_is_reported_and_left(ran):
    dry, run = ran["unnamed"].steps
    assert not dry.failed
    assert not run.failed
    assert ran["unnamed"].sids == {*THERE}
    assert [dry.of(COMPARE)["changed"], run.of(COMPARE)["changed"]] == [True, False]
    assert len(dry.of(COMPARE)["diff"]["before"]) == len(THERE) - 1
    (warning,) = run.of(COMPARE)["warnings"]
    for sid in {*THERE} - {CURRENT}:
        assert sid in warning
    assert CURRENT not in warning
    assert {*dry.methods, *run.methods} == {"GET"}


def test_two_settings_that_contradict_each_other_fail_before_any_request(ran):
    for step in ran["contradiction"].steps:
        assert step.failed
        assert "contradicts account_baseline_unnamed" in step.messages
        assert step.requests == []


def test_subaccounts_are_created_by_name_and_others_reported_and_left(ran):
    outcome = ran["subaccounts"]
    first, again = outcome.steps
    assert not first.failed
    assert first.of(ENSURE_SUBACCOUNTS)["changed"] is True
    assert f"subaccount 'other' ({OTHER_SHOP}): active -> not declared" in first.of(COMPARE)["warnings"][0]
    assert not again.failed
    assert again.changed == []
    assert {each["friendly_name"]: each["status"] for each in outcome.subaccounts} == {
        "shop": "active",
        "other": "active",
        "suspended": "suspended",
        "branch": "active",
    }


def test_subaccounts_that_cannot_be_are_refused_before_anything_is_written(ran):
    words = (f"has no subaccount {make_sid('AC', 99)}", "a subaccount has no subaccounts")
    for step, wanted in zip(ran["refused"].steps, words):
        assert step.failed
        assert wanted in step.of(COMPARE)["msg"]
        assert {*step.methods} == {"GET"}


def test_many_items_are_compared_by_one_list(ran):
    (step,) = ran["many"].steps
    assert not step.failed
    assert [request["path"] for request in step.requests] == ["/v1/Credentials/AWS"]
