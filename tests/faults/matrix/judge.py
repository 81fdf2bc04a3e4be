# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges a case: whether it was survived at once, by the next run, or not, and which problems it had."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.state import World

from .catalogue import FAULTS, FOREIGN, LASTING, LATE, OUTAGE, PAGES, REJECTED, TWICE, Fault
from .operations import NEW, Operation, Thing, list_names, list_things
from .running import KEY_SECRET, MAIN_TOKEN, InProcess, TaskRun, run

AT_ONCE, NEXT_RUN, NOT_SURVIVED = "at once", "next run", "not"
MAX_RETRIES = 2

#: The beginning of a failed task's message: what was attempted, or the option that is wrong.
_BEGINNING = re.compile(
    r"Could not [a-z]|[a-z_]+: |[0-9]+ of [0-9]+ (?:numbers|countries) failed: |Neither auth_token nor"
    r"|Twilio applied a request"
)
_SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")
_SID_OR_TOKEN = re.compile(r"\b(?:[A-Z]{2})?[0-9a-f]{32}\b")
#: Keys of a result whose values may differ between two runs that do the same.
_VARYING = {"date_created", "date_updated", "as_of", "warnings"}
#: Keys of a result that hold a secret which the run created and has to return.
_MADE_SECRETS = ("secondary_auth_token", "secret")


@dataclass(frozen=True)
class Problem:
    """A problem of a case.

    :param kind: one of the kinds below; a reason permits some of them.
    :param detail: what exactly is wrong.
    """

    kind: str
    detail: str


# The kinds of problems. The first two decide the outcome of a case; the others are wrong whatever the outcome.
FIRST_RUN, LATER_RUN = "the first run", "the next run"
TRACEBACK, SECRET, SENTENCE, ATTEMPTS, CLAIMED, SILENT_CHANGE, SIDS, NOT_IDEMPOTENT = (
    "an exception came out",
    "a secret is exposed",
    "the message is no sentence",
    "too many attempts",
    "changed is reported without a change",
    "a change is not reported",
    "returned SIDs do not exist",
    "the next run is not idempotent",
)
UNKNOWN_SECRET = "an API key whose secret nobody knows"


@dataclass(frozen=True)
class Case:
    """One fault at one request of one operation, with its outcome."""

    operation: Operation
    fault: Fault
    position: int
    request: str
    outcome: str
    problems: Sequence[Problem]
    first: TaskRun
    second: TaskRun

    def __str__(self) -> str:
        """Return all that a person needs to reproduce it."""
        found = "; ".join(f"{problem.kind}: {problem.detail}" for problem in self.problems)
        message = self.first.exception or self.first.message or "ok"
        return (
            f"{self.operation.module}: {self.operation.name} | request {self.position} ({self.request})"
            f" | {self.fault.name} | {self.outcome} | {found} | {message[:200]}"
        )


class Health:
    """What an operation does without faults, for comparison with each of its cases."""

    def __init__(self, simulator: InProcess, operation: Operation) -> None:
        world = _start(simulator, operation)
        self.before = list_things(world)
        self.known = list_names(world)
        self.wanted = operation.wanted(list_things(world, self.known))
        self.ran = _run(simulator, operation, operation.options)
        self.requests = self.ran.log
        self.answers = list(simulator.simulation.answers)
        after = simulator.call(lambda: list_things(world, self.known))
        self.problems = [*_difference(self.wanted, after)]
        if self.ran.failed:
            self.problems.append(f"it failed: {self.ran.message or self.ran.exception}")
        self.result = _comparable_result(self.ran, self.known)


def _start(simulator: InProcess, operation: Operation) -> World:
    return simulator.reset_to(operation.accounts(), operation.settings, operation.page_size)


def _run(simulator: InProcess, operation: Operation, options: Mapping[str, Any]) -> TaskRun:
    return run(simulator, operation.definition, options, operation.check_mode, MAX_RETRIES)


def _difference(wanted: Sequence[Thing], found: Sequence[Thing]) -> list[str]:
    missing, more = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return [f"missing {thing}" for thing in missing] + [f"too much {thing}" for thing in more]


def _comparable_result(ran: TaskRun, known: set[str]) -> Any:
    """Return a task's result without what may differ between two runs that do the same."""

    def normalize_name(match: re.Match[str]) -> str:
        if match[0] not in known:
            return NEW
        # The simulator chooses the SID of a number, even of one that existed before.
        return "GN" if match[0].startswith("GN") else match[0]

    def normalize(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: normalize(item) for key, item in value.items() if key not in _VARYING}
        if isinstance(value, list):
            return [normalize(item) for item in value]
        if isinstance(value, str):
            return _SID_OR_TOKEN.sub(normalize_name, value)
        return value

    return normalize({key: value for key, value in ran.result.items() if key not in ("diff", *_MADE_SECRETS)})


def judge_case(simulator: InProcess, operation: Operation, health: Health, fault: Fault, position: int) -> Case:
    """Run an operation with a fault at one of its requests, run it again without faults, and judge both runs."""
    world = _start(simulator, operation)
    before, known = list_things(world), list_names(world)
    simulator.set_faults(fault.plan_fault(health.requests, position))
    first = _run(simulator, operation, operation.options)
    simulator.set_faults()
    between, names_between = simulator.call(lambda: (list_things(world), list_names(world)))
    wanted_now = simulator.call(lambda: _difference(health.wanted, list_things(world, known)))
    options = operation.next_options(operation.options, first.result)
    second = _run(simulator, operation, options)
    after, names_after = simulator.call(lambda: (list_things(world), list_names(world)))
    wanted_then = simulator.call(lambda: _difference(health.wanted, list_things(world, known)))

    problems = [
        *problems_of(first, secrets_of(known | names_between), known | names_between),
        *problems_of(second, secrets_of(known | names_after), known | names_between | names_after),
    ]
    problems += simulator.call(lambda: list(_problems_of_secrets(world, known, first, second)))
    if not operation.check_mode:
        problems += _problems_of_changed(first, second, before, between, after)
    at_once = list(wanted_now)
    if first.failed:
        at_once.append(first.exception or "it failed")
    elif not at_once and not fault.alters and _comparable_result(first, known) != health.result:
        at_once.append(f"it returned {_comparable_result(first, known)}")
    if not at_once and (second.changed > operation.check_mode or second.failed or after != between):
        problems.append(Problem(NOT_IDEMPOTENT, "failed" if second.failed else "changed"))
    later = list(wanted_then)
    if second.failed:
        later.append(second.exception or second.message)
    if later:
        problems.append(Problem(LATER_RUN, ", ".join(later)))
        outcome = NOT_SURVIVED
    elif at_once:
        outcome = NEXT_RUN
        if not first.failed:
            problems.append(Problem(FIRST_RUN, ", ".join(at_once)))
    else:
        outcome = AT_ONCE
    request = health.requests[position]
    return Case(operation, fault, position, f"{request['method']} {request['path']}", outcome, problems, first, second)


def problems_of(ran: TaskRun, secrets: set[str], known: set[str] | None) -> Iterator[Problem]:
    """Yield the problems that a run has regardless of its purpose.

    :param secrets: what must not be in the result.
    :param known: the SIDs that exist or existed, None to allow any.
    """
    if ran.exception:
        yield Problem(TRACEBACK, ran.exception)
    result = {key: value for key, value in ran.result.items() if key not in _MADE_SECRETS}
    if isinstance(result.get("account"), Mapping):
        result["account"] = {key: value for key, value in result["account"].items() if key != "auth_token"}
    text = json.dumps(result)
    # A token may have the same digits as a SID, which has letters in front.
    if any(re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}", text) for secret in secrets):
        yield Problem(SECRET, "")
    if ran.result.get("failed"):
        message = ran.message
        # Without a request, it may be Ansible's own message about an option, which repeats the value.
        whole = not ran.log or (_BEGINNING.match(message) and message.endswith(".") and len(message) < 1500)
        plain = not ran.log or message.isprintable()
        if not (plain and whole) or "Traceback" in message:
            yield Problem(SENTENCE, message)
    yield from _attempts(ran)
    if known is not None and not ran.failed:
        returned = set(_SID.findall(text))
        if returned - known:
            yield Problem(SIDS, ", ".join(sorted(returned - known)))


def secrets_of(names: set[str]) -> set[str]:
    """Return those of the names that are secret, and all other secrets."""
    return {name for name in names if re.fullmatch("[0-9a-f]{32}", name)} | {MAIN_TOKEN, KEY_SECRET, "n" * 40}


def _attempts(ran: TaskRun) -> Iterator[Problem]:
    """Yield requests with too many attempts.

    Those of a write are counted until it is answered, those of a read until another request is sent.
    """
    attempts: Counter[str] = Counter()
    last = ""
    for entry in ran.log:
        key = json.dumps([entry[name] for name in ("method", "path", "query", "form", "authenticated_with")])
        if entry["method"] == "GET" and key != last:
            attempts[key] = 0
        last = key
        attempts[key] += 1
        if attempts[key] > MAX_RETRIES + 1:
            yield Problem(ATTEMPTS, f"{attempts[key]} of {entry['method']} {entry['path']}")
        if entry["fault"] in (None, "status"):
            attempts[key] = 0


def _problems_of_changed(
    first: TaskRun, second: TaskRun, before: Sequence[Thing], between: Sequence[Thing], after: Sequence[Thing]
) -> Iterator[Problem]:
    for which, ran, one, other in (("first", first, before, between), ("second", second, between, after)):
        if ran.changed and one == other:
            yield Problem(CLAIMED, f"{which}: nothing was changed")
    if before != after and not (first.changed or second.changed):
        yield Problem(SILENT_CHANGE, "in neither run")


def _problems_of_secrets(world: World, known: set[str], *runs: TaskRun) -> Iterator[Problem]:
    """Yield the API keys that the runs created without returning their secrets."""
    returned = {ran.result.get("secret") for ran in runs}
    for account in world.accounts.values():
        for key in account.api_keys.values():
            if key.sid not in known and key.secret not in returned:
                yield Problem(UNKNOWN_SECRET, key.sid)


@dataclass(frozen=True)
class Reason:
    """A reason why a case need not be survived at once.

    :param name: its name in the table.
    :param text: its description in the table.
    :param holds: whether it applies to a case.
    :param permits: the kinds of problems that it permits.
    """

    name: str
    text: str
    holds: Callable[[Case], bool]
    permits: Sequence[str] = ()


#: Kinds of faults that nothing in the request could reveal.
_UNDETECTABLE = ("wrong_sid", "wrong_owner")


def _reads(case: Case) -> bool:
    return case.request.startswith("GET")


def can_be_survived(case: Case) -> bool:
    """Return whether a task can survive the case at once."""
    fault = case.fault
    return not (
        fault.times in (LASTING, OUTAGE)
        or fault.family == REJECTED
        or fault.options.get("retry_after") == 3600
        or (fault.family == FOREIGN and _reads(case))
    )


def _says_that_outcome_is_unknown(case: Case) -> bool:
    return any(each in case.first.message for each in ("reads the current state", "replace_unknown"))


REASONS = (
    Reason(
        "a lasting fault",
        "The fault comes as often as the request is sent: the task fails, and the next one, in health, ends right.",
        lambda case: case.fault.times in (LASTING, OUTAGE) and case.first.failed,
    ),
    Reason(
        "Twilio says no",
        "A 4xx other than 429 is Twilio's answer, and the task fails with it.",
        lambda case: case.fault.family == REJECTED and case.first.failed,
    ),
    Reason(
        "Twilio says that it is not there, or not valid",
        "A 404 with Twilio's code is believed, and that a token is not valid, whatever is so.",
        lambda case: case.fault.options.get("code") in (20404, 20003),
        permits=(FIRST_RUN,),
    ),
    Reason(
        "Twilio asks for an hour",
        "A Retry-After above 300 seconds ends the task.",
        lambda case: case.fault.options.get("retry_after") == 3600 and case.first.failed,
    ),
    Reason(
        "about something else",
        "An answer to a read that is about something else fails the task, a look at what came of a write included: what"
        " stands between mixes answers up.",
        lambda case: case.fault.family == FOREIGN and case.first.failed and (_reads(case) or case.fault.times == TWICE),
    ),
    Reason(
        "can't be told from the right one",
        "The SIDs in a list, that of something new, and the owner of the own account are believed, and so is a list"
        " that begins again at a new address: there is nothing to compare them with.",
        lambda case: case.fault.kind in _UNDETECTABLE or case.fault.options.get("page") == "endless",
        permits=(FIRST_RUN, SIDS, CLAIMED, NOT_IDEMPOTENT),
    ),
    Reason(
        "pages in a circle",
        "A list whose pages lead in a circle is not whole, and the task fails.",
        lambda case: case.fault.family == PAGES and case.first.failed,
    ),
    Reason(
        "applied after it was repeated",
        "A request that was given up is applied late, after a look did not find it and it was sent again. What is there"
        " twice then is named by this task, or by the next one, for somebody to decide.",
        lambda case: case.fault.family == LATE and (case.first.failed or case.second.failed),
        permits=(LATER_RUN, NOT_IDEMPOTENT, CLAIMED, SILENT_CHANGE, UNKNOWN_SECRET),
    ),
    Reason(
        "deleted after it was replaced",
        "A deletion of the secondary token that was given up is applied late, and meets the token that was made since:"
        " Twilio's deletion does not say which one it means.",
        lambda case: case.fault.family == LATE and case.request == "DELETE /v1/AuthTokens/Secondary",
        permits=(FIRST_RUN, NOT_IDEMPOTENT),
    ),
    Reason(
        "a token that nobody knows",
        "Twilio returns a new token only once. If that answer is lost, the task fails and names `replace_unknown`,"
        " which makes the next run end right.",
        lambda case: case.request == "POST /v1/AuthTokens/Secondary" and "replace_unknown" in case.first.message,
    ),
    Reason(
        "a key that nobody knows",
        "An API key's secret is told once. Where that answer is lost, and so are the looks at what came of it, the task"
        " fails and says that the key is to be removed.",
        lambda case: case.first.failed and "whose secret nobody knows" in case.first.message,
        permits=(UNKNOWN_SECRET,),
    ),
)

#: Concerns only `changed`: a run that fails and says that the outcome is unknown can't report it.
OUTCOME_UNKNOWN = Reason(
    "applied, and not known to be",
    "A request was applied, its answer was lost, and so were the looks at what came of it: the failed task says that it"
    " can't tell, and the next one finds what was wanted, unchanged.",
    lambda case: case.first.failed and case.fault.applied and _says_that_outcome_is_unknown(case),
    permits=(SILENT_CHANGE,),
)


def reasons_for(case: Case) -> list[Reason]:
    """Return the reasons that apply to a case."""
    return [reason for reason in (*REASONS, OUTCOME_UNKNOWN) if reason.holds(case)]


def is_excused(case: Case) -> bool:
    """Return whether the reasons that apply to a case permit all its problems."""
    if case.outcome == AT_ONCE and not case.problems:
        return True
    reasons = reasons_for(case)
    permitted = {kind for reason in reasons for kind in reason.permits}
    if case.outcome != AT_ONCE and not any(reason in REASONS for reason in reasons):
        return False
    return all(problem.kind in permitted for problem in case.problems)


def run_cases(simulator: InProcess, operation: Operation, faults: Sequence[Fault] = FAULTS) -> Iterator[Case]:
    """Run each case of an operation."""
    health = Health(simulator, operation)
    assert not health.problems, f"{operation.module}: {operation.name}: {health.problems}"
    for position, request in enumerate(health.requests):
        for fault in faults:
            if fault.can_differ(request, health.answers[position]):
                yield judge_case(simulator, operation, health, fault, position)
