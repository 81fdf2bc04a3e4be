# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``--diff`` shows, whatever the resource: of a success, of a plan, and of a failure that comes after writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._errors import AmbiguousState, TwilioError
from ansible_collections.community.twilio.plugins.module_utils._module import execute
from ansible_collections.community.twilio.plugins.module_utils._resource import (
    Outcome,
    Plan,
    Resource,
    add_what_was_done,
    converge,
)

OPTIONS = {"account_sid": "AC" + "a" * 32, "auth_token": "t" * 32, "base_url": None, "region": None, "edge": None}
CONNECTION = {"api_key_sid": None, "api_key_secret": None, "timeout": 1.0, "max_retries": 0}
TRANSPORT = {"validate_certs": True, "ca_path": None}
BEFORE = {"sid": "1", "name": "old", "note": None, "updated": "monday"}


def shown(outcome: Outcome | TwilioError, diff_mode: bool = True) -> dict[str, Any]:
    """Return the result of a module that comes to this."""

    def drive(client, options, dry_run):
        if isinstance(outcome, TwilioError):
            raise outcome
        return outcome

    definition = Definition(options={}, operation=drive)
    return execute(definition, {**OPTIONS, **CONNECTION, **TRANSPORT}, False, diff_mode, lambda *unused: None)


@pytest.mark.parametrize(
    ("before", "after", "applied", "diff"),
    [
        ({}, {}, True, ({}, {})),
        (BEFORE, {}, True, ({"sid": "1", "name": "old", "updated": "monday"}, {})),
        ({}, {**BEFORE, "sid": None}, False, ({}, {"name": "old", "updated": "monday"})),
        # What is null after is so, where it was applied.
        ({"name": "old"}, {"name": None}, True, ({"name": "old"}, {"name": None})),
        # Null before says something, if it is not null after.
        (
            {"sid": "1", "note": None},
            {"sid": "1", "note": "x"},
            True,
            ({"sid": "1", "note": None}, {"sid": "1", "note": "x"}),
        ),
        # What can't be foreseen of the same record, and of another that takes its place.
        (
            BEFORE,
            {**BEFORE, "name": "new", "updated": None},
            False,
            ({"sid": "1", "name": "old"}, {"sid": "1", "name": "new"}),
        ),
        (
            BEFORE,
            {**BEFORE, "sid": None},
            False,
            ({"sid": "1", "name": "old", "updated": "monday"}, {"name": "old", "updated": "monday"}),
        ),
    ],
)
def test_keys_that_say_nothing_are_left_out(before, after, applied, diff):
    outcome = Outcome(True, {}, before, after, applied=applied)
    assert shown(outcome)["diff"] == dict(zip(("before", "after"), diff))


def test_what_is_deleted_beside_is_listed_before_and_gone_after():
    outcome = Outcome(True, {}, {"sid": "2"}, {"sid": "2"}, replaced=[{"sid": "1", "note": None}])
    assert shown(outcome)["diff"] == {
        "before": {"sid": "2", "replaced": [{"sid": "1", "note": None}]},
        "after": {"sid": "2", "replaced": []},
    }


def test_what_only_reads_has_no_diff():
    assert "diff" not in shown(reading(lambda client, options: {"found": []})(None, {}, False))


def test_without_diff_mode_there_is_none():
    assert "diff" not in shown(Outcome(True, {}, {}, {"sid": "1"}), diff_mode=False)
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {}, {}, {"sid": "1"}))
    assert "diff" not in shown(failure, diff_mode=False)


def test_a_failure_after_writes_shows_them():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {"made": "1"}, {}, {"sid": "1"}))
    assert shown(failure) == {
        "failed": True,
        "msg": "No.",
        "changed": True,
        "made": "1",
        "diff": {"before": {}, "after": {"sid": "1"}},
    }


def test_a_failure_before_any_write_shows_nothing():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(False, {"made": "1"}, {}, {}))
    assert shown(failure) == {"failed": True, "msg": "No."}


@dataclass
class Failing(Resource[None]):
    """Fails when it is applied.

    :param failure: how.
    """

    failure: TwilioError

    def read(self) -> None:
        """Read nothing."""

    def plan(self, actual: None) -> Plan:
        """Plan one write."""
        return Plan(["write"], {"sid": None}, {}, {"sid": None, "name": "new"})

    def apply(self, actual: None, plan: Plan) -> Outcome:
        """Fail."""
        raise self.failure


@pytest.mark.parametrize(
    ("result", "diff"),
    [({"changed": True}, {"before": {}, "after": {"name": "new"}}), ({}, None), ({"changed": False}, None)],
)
def test_a_failure_that_says_that_it_changed_something_shows_the_plan_if_it_knows_no_better(result, diff):
    with pytest.raises(AmbiguousState) as caught:
        converge(Failing(AmbiguousState("No.", result)), dry_run=False)
    assert caught.value.diff == diff


def test_a_failure_that_knows_better_is_left_as_it_is():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {}, {"sid": "1"}, {}))
    with pytest.raises(AmbiguousState) as caught:
        converge(Failing(failure), dry_run=False)
    assert caught.value.diff == {"before": {"sid": "1"}, "after": {}}
