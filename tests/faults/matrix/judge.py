# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of a case: survived at once, by the next run, or not; and what was wrong with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.state import World

from .catalogue import FAULTS, FOREIGN, LASTING, LATE, OUTAGE, PAGES, REJECTED, TWICE, Fault
from .operations import NEW, Operation, Thing, names, things
from .running import KEY_SECRET, MAIN_TOKEN, InProcess, Ran, run

AT_ONCE, NEXT_RUN, NOT = "at once", "next run", "not"
MAX_RETRIES = 2

#: How a failed task's message begins: what was attempted, or the option that it is about.
_BEGINNING = re.compile(
    r"Could not [a-z]|[a-z_]+: |[0-9]+ of [0-9]+ (?:numbers|countries) failed: |Neither auth_token nor"
    r"|Twilio applied a request"
)
_SID = re.compile(r"\b(?:AC|CR|SK|GN)[0-9a-f]{32}\b")
_SID_OR_TOKEN = re.compile(r"\b(?:AC|CR|SK|GN)?[0-9a-f]{32}\b")
#: What two runs that do the same need not have in common.
_VARYING = {"date_created", "date_updated", "as_of", "warnings"}
#: The keys of a result that hold a secret which a run has made, and is to return.
_MADE_SECRETS = ("secondary_auth_token", "secret")


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a case.

    :param kind: what kind of thing; a reason permits kinds.
    :param detail: what exactly.
    """

    kind: str
    detail: str


# The kinds of problems. The first two are what the classes are about; any other is wrong in each class.
FIRST_RUN, LATER_RUN = "the first run", "the next run"
TRACEBACK, SECRET, SENTENCE, ATTEMPTS, CLAIMED, SILENT_CHANGE, SIDS, UNSTEADY = (
    "an exception came out",
    "a secret is told",
    "no sentence",
    "too many attempts",
    "changed is claimed",
    "changed is not told",
    "SIDs that do not exist",
    "the next run is not the last",
)
NOBODY_KNOWS = "an API key whose secret nobody knows"


@dataclass(frozen=True)
class Case:
    """One fault at one request of one operation, and what came of it."""

    operation: Operation
    fault: Fault
    position: int
    request: str
    outcome: str
    problems: Sequence[Problem]
    first: Ran
    second: Ran

    def __str__(self) -> str:
        """Tell all that a person needs to try it again."""
        found = "; ".join(f"{problem.kind}: {problem.detail}" for problem in self.problems)
        said = self.first.exception or self.first.message or "ok"
        return (
            f"{self.operation.module}: {self.operation.name} | request {self.position} ({self.request})"
            f" | {self.fault.name} | {self.outcome} | {found} | {said[:200]}"
        )


class Health:
    """What an operation does without faults, which each of its cases is compared with."""

    def __init__(self, simulator: InProcess, operation: Operation) -> None:
        world = _start(simulator, operation)
        self.before = things(world)
        self.known = names(world)
        self.wanted = operation.wanted(things(world, self.known))
        self.ran = _run(simulator, operation, operation.options)
        self.requests = self.ran.log
        self.answers = list(simulator.simulation.answers)
        after = simulator.call(lambda: things(world, self.known))
        self.problems = [*_difference(self.wanted, after)]
        if self.ran.failed:
            self.problems.append(f"it failed: {self.ran.message or self.ran.exception}")
        self.shown = _shown(self.ran, self.known)


def _start(simulator: InProcess, operation: Operation) -> World:
    return simulator.start_over(operation.accounts(), operation.settings, operation.page_size)


def _run(simulator: InProcess, operation: Operation, options: Mapping[str, Any]) -> Ran:
    return run(simulator, operation.definition, options, operation.check_mode, MAX_RETRIES)


def _difference(wanted: Sequence[Thing], found: Sequence[Thing]) -> list[str]:
    missing, more = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return [f"missing {thing}" for thing in missing] + [f"too much {thing}" for thing in more]


def _shown(ran: Ran, known: set[str]) -> Any:
    """What a task returned, less what two runs that do the same need not have in common."""

    def called(match: re.Match[str]) -> str:
        if match[0] not in known:
            return NEW
        # A number's SID is the simulator's choice even where it was there before.
        return "GN" if match[0].startswith("GN") else match[0]

    def shown(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: shown(item) for key, item in value.items() if key not in _VARYING}
        if isinstance(value, list):
            return [shown(item) for item in value]
        if isinstance(value, str):
            return _SID_OR_TOKEN.sub(called, value)
        return value

    return shown({key: value for key, value in ran.result.items() if key not in ("diff", *_MADE_SECRETS)})


def judged(simulator: InProcess, operation: Operation, health: Health, fault: Fault, position: int) -> Case:
    """Run an operation while a request of it meets a fault, run it again in health, and judge both runs."""
    world = _start(simulator, operation)
    before, known = things(world), names(world)
    simulator.expect(fault.planned(health.requests, position))
    first = _run(simulator, operation, operation.options)
    simulator.expect()
    between, names_between = simulator.call(lambda: (things(world), names(world)))
    wanted_now = simulator.call(lambda: _difference(health.wanted, things(world, known)))
    options = operation.next_options(operation.options, first.result)
    second = _run(simulator, operation, options)
    after, names_after = simulator.call(lambda: (things(world), names(world)))
    wanted_then = simulator.call(lambda: _difference(health.wanted, things(world, known)))

    problems = [
        *problems_of(first, secrets_of(known | names_between), known | names_between),
        *problems_of(second, secrets_of(known | names_after), known | names_between | names_after),
    ]
    problems += simulator.call(lambda: list(_about_secrets(world, known, first, second)))
    if not operation.check_mode:
        problems += _about_changed(first, second, before, between, after)
    at_once = list(wanted_now)
    if first.failed:
        at_once.append(first.exception or "it failed")
    elif not at_once and not fault.alters and _shown(first, known) != health.shown:
        at_once.append(f"it returned {_shown(first, known)}")
    if not at_once and (second.changed > operation.check_mode or second.failed or after != between):
        problems.append(Problem(UNSTEADY, "failed" if second.failed else "changed"))
    later = list(wanted_then)
    if second.failed:
        later.append(second.exception or second.message)
    if later:
        problems.append(Problem(LATER_RUN, ", ".join(later)))
        outcome = NOT
    elif at_once:
        outcome = NEXT_RUN
        if not first.failed:
            problems.append(Problem(FIRST_RUN, ", ".join(at_once)))
    else:
        outcome = AT_ONCE
    request = health.requests[position]
    return Case(operation, fault, position, f"{request['method']} {request['path']}", outcome, problems, first, second)


def problems_of(ran: Ran, secrets: set[str], known: set[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with a run whatever was wanted.

    :param secrets: what must not be told.
    :param known: the SIDs that exist or existed; None: any may.
    """
    if ran.exception:
        yield Problem(TRACEBACK, ran.exception)
    result = {key: value for key, value in ran.result.items() if key not in _MADE_SECRETS}
    if isinstance(result.get("account"), Mapping):
        result["account"] = {key: value for key, value in result["account"].items() if key != "auth_token"}
    text = json.dumps(result)
    # A token may have the digits of a SID, which has letters in front.
    if any(re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}", text) for secret in secrets):
        yield Problem(SECRET, "")
    if ran.result.get("failed"):
        message = ran.message
        # Without a request it may be Ansible's own sentence about an option, which repeats the value.
        whole = not ran.log or (_BEGINNING.match(message) and message.endswith(".") and len(message) < 1500)
        plain = not ran.log or message.isprintable()
        if not (plain and whole) or "Traceback" in message:
            yield Problem(SENTENCE, message)
    yield from _attempts(ran)
    if known is not None and not ran.failed:
        told = set(_SID.findall(text))
        if told - known:
            yield Problem(SIDS, ", ".join(sorted(told - known)))


def secrets_of(names: set[str]) -> set[str]:
    """Return those of some names that are secret, and all other secrets."""
    return {name for name in names if re.fullmatch("[0-9a-f]{32}", name)} | {MAIN_TOKEN, KEY_SECRET, "n" * 40}


def _attempts(ran: Ran) -> Iterator[Problem]:
    """Count attempts: those of a write until it is answered, those of a read as long as nothing else is asked."""
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


def _about_changed(
    first: Ran, second: Ran, before: Sequence[Thing], between: Sequence[Thing], after: Sequence[Thing]
) -> Iterator[Problem]:
    for which, ran, one, other in (("first", first, before, between), ("second", second, between, after)):
        if ran.changed and one == other:
            yield Problem(CLAIMED, f"{which}: nothing was changed")
    if before != after and not (first.changed or second.changed):
        yield Problem(SILENT_CHANGE, "in neither run")


def _about_secrets(world: World, known: set[str], *runs: Ran) -> Iterator[Problem]:
    """Yield the API keys that the runs have made, and whose secrets none of them has returned."""
    returned = {ran.result.get("secret") for ran in runs}
    for account in world.accounts.values():
        for key in account.api_keys.values():
            if key.sid not in known and key.secret not in returned:
                yield Problem(NOBODY_KNOWS, key.sid)


@dataclass(frozen=True)
class Reason:
    """Why a case may not be survived at once.

    :param name: how the table calls it.
    :param text: a sentence for the table.
    :param holds: whether a case is one of these.
    :param permits: the kinds of problems that it explains.
    """

    name: str
    text: str
    holds: Callable[[Case], bool]
    permits: Sequence[str] = ()


#: Kinds of faults in what there is nothing to compare with.
_UNTOLD = ("wrong_sid", "wrong_owner")


def _reads(case: Case) -> bool:
    return case.request.startswith("GET")


def can_be_survived(case: Case) -> bool:
    """Return whether a case can be survived at once at all."""
    fault = case.fault
    return not (
        fault.times in (LASTING, OUTAGE)
        or fault.family == REJECTED
        or fault.options.get("retry_after") == 3600
        or (fault.family == FOREIGN and _reads(case))
    )


def _fate_is_told(case: Case) -> bool:
    return any(each in case.first.message for each in ("looks at what is there", "replace_unknown"))


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
        lambda case: case.fault.kind in _UNTOLD or case.fault.options.get("page") == "endless",
        permits=(FIRST_RUN, SIDS, CLAIMED, UNSTEADY),
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
        permits=(LATER_RUN, UNSTEADY, CLAIMED, SILENT_CHANGE, NOBODY_KNOWS),
    ),
    Reason(
        "deleted after it was replaced",
        "A deletion of the secondary token that was given up is applied late, and meets the token that was made since:"
        " Twilio's deletion does not say which one it means.",
        lambda case: case.fault.family == LATE and case.request == "DELETE /v1/AuthTokens/Secondary",
        permits=(FIRST_RUN, UNSTEADY),
    ),
    Reason(
        "a token that nobody knows",
        "A minted token is told once. Where that answer is lost the task fails and names `replace_unknown`, which makes"
        " the next run end right.",
        lambda case: case.request == "POST /v1/AuthTokens/Secondary" and "replace_unknown" in case.first.message,
    ),
    Reason(
        "a key that nobody knows",
        "An API key's secret is told once. Where that answer is lost, and so are the looks at what came of it, the task"
        " fails and says that the key is to be removed.",
        lambda case: case.first.failed and "whose secret nobody knows" in case.first.message,
        permits=(NOBODY_KNOWS,),
    ),
)

#: What a fault does to `changed`: a failed run whose request's outcome is unknown, and that says so, can't tell it.
FATE_UNKNOWN = Reason(
    "applied, and not known to be",
    "A request was applied, its answer was lost, and so were the looks at what came of it: the failed task says that it"
    " can't tell, and the next one finds what was wanted, unchanged.",
    lambda case: case.first.failed and case.fault.applied and _fate_is_told(case),
    permits=(SILENT_CHANGE,),
)


def reasons_for(case: Case) -> list[Reason]:
    """Return the reasons that hold for a case."""
    return [reason for reason in (*REASONS, FATE_UNKNOWN) if reason.holds(case)]


def excused(case: Case) -> bool:
    """Return whether all that is wrong with a case has a reason that is allowed."""
    if case.outcome == AT_ONCE and not case.problems:
        return True
    reasons = reasons_for(case)
    permitted = {kind for reason in reasons for kind in reason.permits}
    if case.outcome != AT_ONCE and not any(reason in REASONS for reason in reasons):
        return False
    return all(problem.kind in permitted for problem in case.problems)


def cases(simulator: InProcess, operation: Operation, faults: Sequence[Fault] = FAULTS) -> Iterator[Case]:
    """Run each case of an operation."""
    health = Health(simulator, operation)
    assert not health.problems, f"{operation.module}: {operation.name}: {health.problems}"
    for position, request in enumerate(health.requests):
        for fault in faults:
            if fault.can_differ(request, health.answers[position]):
                yield judged(simulator, operation, health, fault, position)
