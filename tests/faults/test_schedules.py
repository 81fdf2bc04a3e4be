# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two faults in each operation, at any of its requests, while a sequence of operations changes an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix.catalogue import FAULTS, LATE, ONCE, REJECTED, Fault
from matrix.judge import problems_of, secrets_of
from matrix.operations import (
    MAIN,
    MAIN_TOKEN,
    NEW,
    NEW_KEY,
    OLD_KEY,
    Operation,
    Thing,
    list_names,
    list_things,
    new_account,
    pair,
    signed_aws_name,
)
from matrix.running import InProcess, run

#: As many retries as faults, so that retries can outlast them.
MAX_RETRIES = 2

#: Faults of a single answer. The matrix covers late requests and rejections, with their reasons; a wrong SID in a list
#: can't be detected.
SINGLE = [
    fault
    for fault in FAULTS
    if fault.times == ONCE
    and fault.family not in (LATE, REJECTED)
    and fault.options.get("retry_after") != 3600
    and fault.kind not in ("wrong_sid", "wrong_owner", "big_body", "hang", "drip")
]

NAMES = ("one", "two")
KEYS = (OLD_KEY, NEW_KEY)
NUMBERS = ("+14155550101", "+14155550102")

#: Returns the operation of a step and its expected outcome, given the existing things.
Step = Callable[[Sequence[Thing]], Operation]


def _store(name: str, key: tuple[str, str]) -> Step:
    def step(there: Sequence[Thing]) -> Operation:
        wanted = ("aws", MAIN, signed_aws_name(name, key), pair(key))
        found = [thing for thing in there if thing[0] == "aws" and thing[3].startswith(f"{name} #")]
        others = [thing for thing in found if (*thing[:2], *thing[3:]) != wanted]
        made = [] if len(others) < len(found) else [("aws", MAIN, NEW, signed_aws_name(name, key), pair(key))]
        options = {
            "friendly_name": name,
            "aws_access_key_id": key[0],
            "aws_secret_access_key": key[1],
            "update_secret": "when_changed",
            "remove_replaced": True,
        }
        return Operation(f"store {name}", "aws_credential", options, gone=others, made=made)

    return step


def _remove(name: str) -> Step:
    def step(there: Sequence[Thing]) -> Operation:
        found = [thing for thing in there if thing[0] == "aws" and thing[3].startswith(f"{name} #")]
        return Operation(f"remove {name}", "aws_credential", {"friendly_name": name, "state": "absent"}, gone=found)

    return step


def _list(number: str, present: bool) -> Step:
    def step(there: Sequence[Thing]) -> Operation:
        thing = ("number", MAIN, number)
        options = {"phone_number": [number], "state": "present" if present else "absent"}
        made = [thing] if present and thing not in there else []
        return Operation("list", "safelist_number", options, gone=[] if present else [thing], made=made)

    return step


def _country(code: str, enabled: bool) -> Step:
    def step(there: Sequence[Thing]) -> Operation:
        thing = ("country", MAIN, code)
        options = {"enabled" if enabled else "disabled": [code]}
        made = [thing] if enabled and thing not in there else []
        return Operation("country", "messaging_geo_permission", options, gone=[] if enabled else [thing], made=made)

    return step


def _account(name: str, status: str) -> Step:
    def step(there: Sequence[Thing]) -> Operation:
        found = [thing for thing in there if thing[0] == "account" and thing[3] == name and thing[1] != MAIN]
        if not found:
            return Operation("create account", "account", {"friendly_name": name}, made=new_account(name))
        (account,) = found
        options = {"sid": account[1], "state": status}
        return Operation("change account", "account", options, gone=found, made=[(*account[:4], status)])

    return step


def _token(there: Sequence[Thing]) -> Operation:
    """Return the operation that stages a token, or that removes the staged one."""
    primary = next(thing[2] for thing in there if thing[:2] == ("primary", MAIN))
    secondary = next(thing for thing in there if thing[:2] == ("secondary", MAIN))
    if secondary[2] is None:
        options = {"auth_token": primary, "replace_unknown": True}
        return Operation("stage", "auth_token", options, gone=[secondary], made=[("secondary", MAIN, NEW)])
    options = {"auth_token": primary, "secondary_auth_token": secondary[2], "state": "absent"}
    return Operation("unstage", "auth_token", options, gone=[secondary], made=[("secondary", MAIN, None)])


STEPS: Mapping[str, Step] = {
    **{f"store {name} {number}": _store(name, key) for name in NAMES for number, key in enumerate(KEYS)},
    **{f"remove {name}": _remove(name) for name in NAMES},
    **{f"list {number}": _list(number, True) for number in NUMBERS},
    **{f"unlist {number}": _list(number, False) for number in NUMBERS},
    **{f"country {code} {enabled}": _country(code, enabled) for code in ("NO", "US") for enabled in (True, False)},
    **{f"account {name} {status}": _account(name, status) for name in NAMES for status in ("active", "suspended")},
    "token": _token,
}

#: A fault, and the number of requests before it.
PLANNED = st.tuples(st.sampled_from(SINGLE), st.integers(0, 3))
SCHEDULES = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), PLANNED, PLANNED), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def in_process() -> Iterator[InProcess]:
    """Run a simulator in this process."""
    with InProcess(sockets=False) as running:
        yield running


def _plan_fault(fault: Fault, skip: int) -> dict[str, Any]:
    return {"kind": fault.kind, **fault.options, "skip": skip}


def problems_in(
    in_process: InProcess, schedule: Sequence[tuple[str, tuple[Fault, int], tuple[Fault, int]]]
) -> list[str]:
    """Run a schedule, each step once with its faults and once without, and return the problems."""
    seed = {"accounts": [{"sid": MAIN, "auth_token": MAIN_TOKEN, "friendly_name": "Main"}]}
    world = in_process.reset_to(seed, {}, None)
    problems: list[str] = []
    for name, *faults in schedule:
        before, known = list_things(world), list_names(world)
        operation = STEPS[name](before)
        wanted = operation.wanted(before)
        in_process.set_faults(*(_plan_fault(*fault) for fault in faults))
        first = run(in_process, operation.definition, operation.options, max_retries=MAX_RETRIES)
        in_process.set_faults()
        options = dict(operation.options)
        if first.result.get("secondary_auth_token"):
            # Pass on the returned token, which `replace_unknown` would otherwise replace.
            options = {**options, "secondary_auth_token": first.result["secondary_auth_token"]}
        between = in_process.call(lambda: list_things(world))
        second = run(in_process, operation.definition, options, max_retries=MAX_RETRIES)
        after = in_process.call(lambda: list_things(world))
        exist = known | list_names(world)
        found = [*problems_of(first, secrets_of(exist), None), *problems_of(second, secrets_of(exist), exist)]
        problems += [f"{name}: {problem.kind}: {problem.detail}" for problem in found]
        reached = in_process.call(lambda known=known: list_things(world, known))
        if second.failed:
            problems.append(f"{name}: without faults it failed: {second.message or second.exception}")
        if reached != sorted(wanted, key=repr):
            problems.append(f"{name}: {reached} instead of {wanted}")
        if (first.changed and before == between) or (second.changed and between == after):
            problems.append(f"{name}: changed is reported without a change")
        if before != after and not (first.changed or second.changed or first.failed):
            problems.append(f"{name}: a change is not reported")
        if problems:
            break
    return problems


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(schedule=SCHEDULES)
def test_after_two_faults_the_next_run_reaches_the_wanted_state(
    schedule: list[tuple[str, tuple[Fault, int], tuple[Fault, int]]], in_process: InProcess
) -> None:
    assert problems_in(in_process, schedule) == []
