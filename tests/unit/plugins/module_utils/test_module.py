# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A definition's outcome as a task's result, its diff, and the end of a module whose result nobody reads."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest
from scripted import FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils import _libs, _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Call
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition, reading
from ansible_collections.community.twilio.plugins.module_utils._errors import (
    AmbiguousState,
    InputError,
    PartialFailure,
    TwilioError,
)
from ansible_collections.community.twilio.plugins.module_utils._module import execute
from ansible_collections.community.twilio.plugins.module_utils._resource import (
    Outcome,
    Plan,
    Resource,
    add_what_was_done,
    converge,
)

OWN = "AC" + "a" * 32
#: Seconds after which a process is taken for one that never ends.
AT_LAST = 60.0


def result_of(drive, *script, diff_mode=False, check_mode=False, **given):
    definition = Definition({}, drive)
    defaults = {name: spec.get("default") for name, spec in definition.argument_spec().items()}
    options = {**defaults, "account_sid": OWN, "auth_token": "t" * 32, **given}
    return execute(definition, options, check_mode, diff_mode, lambda *_unused: FakeTransport(script))


def ends_in(outcome):
    def drive(client, options, dry_run):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return drive


def test_an_outcome_is_the_result():
    outcome = Outcome(True, {"a": 1}, {"x": 1}, {"x": 2}, ["mind"])
    assert result_of(ends_in(outcome)) == {"changed": True, "a": 1, "warnings": ["mind"]}
    assert result_of(ends_in(outcome), diff_mode=True)["diff"] == {"before": {"x": 1}, "after": {"x": 2}}
    assert result_of(ends_in(Outcome(False, {}))) == {"changed": False}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InputError("timeout", "no"), {"msg": "timeout: no"}),
        (AmbiguousState("which?", {"changed": True}), {"msg": "which?", "changed": True}),
        (TwilioError("no", {"done": 1}), {"msg": "no", "done": 1}),
        (PartialFailure("some", InputError("a", "b"), {"numbers": []}), {"msg": "some", "numbers": []}),
    ],
)
def test_every_error_of_the_collection_is_a_failed_task(error, expected):
    assert result_of(ends_in(error)) == {"failed": True, **expected}


def test_the_failure_of_a_call_returns_its_details():
    call = Call("GET", "/", "read it", _schemas.answer())
    body = {"code": 20003, "message": "who?", "more_info": "https://www.twilio.com/docs/errors/20003"}
    result = result_of(
        reading(lambda client, options: client.send(call).body), reply(401, body, Twilio_Request_Id="RQ" + "1" * 32)
    )
    assert result.pop("msg").startswith("Could not read it: Twilio answered 401/20003, who?. Check account_sid")
    assert result == {
        "failed": True,
        "status": 401,
        "code": 20003,
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "request_id": "RQ" + "1" * 32,
    }


def test_a_value_that_can_t_be_right_is_a_failed_task():
    assert result_of(ends_in(Outcome(False, {})), timeout=1e12)["msg"].startswith("timeout: ")


def test_a_bug_is_not_reported_as_a_failed_task():
    with pytest.raises(ZeroDivisionError):
        result_of(ends_in(ZeroDivisionError()))


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(_libs.MISSING, "voluptuous", "Traceback")
    result = result_of(ends_in(Outcome(False, {})))
    assert result["failed"] is True
    assert "voluptuous" in result["msg"]


WAITS = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from ansible_collections.community.twilio.plugins.module_utils._module import end_without_reader
end_without_reader(1)
print("begun", flush=True)
time.sleep(float(sys.argv[1]))
"""


def test_a_module_whose_result_nobody_can_read_ends():
    # Standard error is no pipe here, so that only the result's can tell.
    process = subprocess.Popen([sys.executable, "-c", WAITS, "600"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout.readline() == b"begun\n"
        process.stdout.close()
        assert process.wait(AT_LAST) != 0
    finally:
        process.kill()
        process.wait()


def test_a_module_whose_result_goes_into_a_file_or_is_read_runs_to_its_end(tmp_path):
    command = [sys.executable, "-c", WAITS, "0.5"]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=AT_LAST).returncode == 0
    with (tmp_path / "result").open("wb") as file:
        assert subprocess.run(command, stdout=file, check=False, timeout=AT_LAST).returncode == 0
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=AT_LAST).returncode == 0


# The diff

BEFORE = {"sid": "1", "name": "old", "note": None, "updated": "monday"}


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
def test_keys_without_information_are_left_out_of_the_diff(before, after, applied, diff):
    outcome = Outcome(True, {}, before, after, applied=applied)
    assert result_of(ends_in(outcome), diff_mode=True)["diff"] == dict(zip(("before", "after"), diff))


def test_what_is_deleted_beside_is_listed_before_and_gone_after():
    outcome = Outcome(True, {}, {"sid": "2"}, {"sid": "2"}, replaced=[{"sid": "1", "note": None}])
    assert result_of(ends_in(outcome), diff_mode=True)["diff"] == {
        "before": {"sid": "2", "replaced": [{"sid": "1", "note": None}]},
        "after": {"sid": "2", "replaced": []},
    }


def test_what_only_reads_has_no_diff():
    assert "diff" not in result_of(reading(lambda client, options: {"found": []}), diff_mode=True)


def test_without_diff_mode_there_is_none():
    assert "diff" not in result_of(ends_in(Outcome(True, {}, {}, {"sid": "1"})))
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {}, {}, {"sid": "1"}))
    assert "diff" not in result_of(ends_in(failure))


def test_a_failure_after_writes_shows_them():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {"made": "1"}, {}, {"sid": "1"}))
    assert result_of(ends_in(failure), diff_mode=True) == {
        "failed": True,
        "msg": "No.",
        "changed": True,
        "made": "1",
        "diff": {"before": {}, "after": {"sid": "1"}},
    }


def test_a_failure_before_any_write_shows_nothing():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(False, {"made": "1"}, {}, {}))
    assert result_of(ends_in(failure), diff_mode=True) == {"failed": True, "msg": "No."}


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
def test_a_failure_that_changed_something_shows_the_plan_without_a_diff_of_its_own(result, diff):
    with pytest.raises(AmbiguousState) as caught:
        converge(Failing(AmbiguousState("No.", result)), dry_run=False)
    assert caught.value.diff == diff


def test_a_failure_with_a_diff_of_its_own_shows_that():
    failure = AmbiguousState("No.")
    add_what_was_done(failure, Outcome(True, {}, {"sid": "1"}, {}))
    with pytest.raises(AmbiguousState) as caught:
        converge(Failing(failure), dry_run=False)
    assert caught.value.diff == {"before": {"sid": "1"}, "after": {}}
