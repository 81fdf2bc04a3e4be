# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""SafeList numbers. Twilio has no list of them: it only answers whether a given number is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional, TypeVar

from .. import _schemas
from .._client import Call, Client
from .._errors import CallError, PartialFailure, Rejected, TwilioError
from .._resource import Outcome, Plan, Resource, add_what_was_done, converge, for_each

_PATH = "/v1/SafeList/Numbers"
_EXISTS_ALREADY = 60411
_KEYS = _schemas.answer(sid=_schemas.nullable(_schemas.text), phone_number=_schemas.nullable(_schemas.text))

Entry = Mapping[str, Any]
Value = TypeVar("Value")


def _entry(value: Any) -> Any:
    """Check the entry of a number: it is identified by its SID, or by the number."""
    entry = _KEYS(value)
    if entry["sid"] is None and entry["phone_number"] is None:
        raise _schemas.invalid("expected an entry, with sid or phone_number")
    return entry


#: The options of every module about SafeList numbers, as the documentation fragment ``safelist`` has them.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "phone_number": {"type": "list", "elements": "str", "required": True},
    "concurrency": {"type": "int", "default": 8},
}
CHECKS: Mapping[str, _schemas.Check] = {
    "phone_number": _schemas.phone_numbers,
    "concurrency": _schemas.concurrency,
}


class SafeListNumber(Resource[Optional[Entry]]):
    """One number, or a block of a thousand, on the SafeList.

    :param client: the account's client.
    :param phone_number: E.164, or a block.
    :param present: whether it is to be there.
    """

    def __init__(self, client: Client, phone_number: str, present: bool) -> None:
        self._client = client
        self._phone_number = phone_number
        self._present = present
        self._field = {"PhoneNumber": phone_number}
        self._identity = {"phone_number": phone_number}

    def read(self) -> Entry | None:
        """Return the number's entry, None where it is not on the list."""
        doing = f"look up {self._phone_number} on the SafeList"
        call = Call("GET", _PATH, doing, _entry, query=self._field, identity=self._identity)
        entry: Entry | None = self._client.find(call)
        return entry

    def plan(self, actual: Entry | None) -> Plan:
        """Add what is missing, remove what is too much."""
        before, after = actual is not None, self._present
        return Plan(
            steps=() if before == after else ("add" if after else "remove",),
            result=self._result(actual if after else None, changed=before != after),
            before=self._shown(before),
            after=self._shown(after),
        )

    def apply(self, actual: Entry | None, plan: Plan) -> Outcome:
        """Add or remove the number; what somebody else did in the meantime is no change of ours."""
        if "add" in plan.steps:
            entry, changed = self._add()
        else:
            entry, changed = None, self._remove()
        return Outcome(changed, self._result(entry, changed), plan.before if changed else plan.after, plan.after)

    def _add(self) -> tuple[Entry | None, bool]:
        doing = f"add {self._phone_number} to the SafeList"
        call = Call("POST", _PATH, doing, _entry, form=self._field, identity=self._identity)
        try:
            return self._client.send_once(call, find=self.read).body, True
        except Rejected as rejected:
            if rejected.code == _EXISTS_ALREADY:
                return self.read(), rejected.doubtful
            raise

    def _remove(self) -> bool:
        call = Call("DELETE", _PATH, f"remove {self._phone_number} from the SafeList", query=self._field)
        return self._client.delete(call)

    def _result(self, entry: Entry | None, changed: bool) -> dict[str, Any]:
        return {"phone_number": self._phone_number, "sid": entry and entry["sid"], "changed": changed}

    def _shown(self, present: bool) -> dict[str, str]:
        return {self._phone_number: "present" if present else "absent"}


def reconcile(client: Client, options: Mapping[str, Any], dry_run: bool) -> Outcome:
    """Bring all given numbers to the wanted state, some at once.

    :param client: the account's client.
    :param options: ``phone_number``, ``state``, ``concurrency``.
    :param dry_run: check mode: nothing is written.
    :returns: ``numbers``, an entry for each in the order given; before and after hold ``present`` or ``absent`` for
        each.
    :raises PartialFailure: where any failed; the others are done, or were not tried because they would fail as it did.
    """
    present = options["state"] == "present"
    numbers = options["phone_number"]
    ends = _for_each_number(
        client,
        numbers,
        lambda number: converge(SafeListNumber(client, number, present), dry_run),
        options["concurrency"],
    )
    done = [end for end in ends if isinstance(end, Outcome)]
    results = [
        end.result if isinstance(end, Outcome) else _failed_entry(number, end, changed=False)
        for number, end in zip(numbers, ends)
    ]
    changed = any(outcome.changed for outcome in done)
    reconciled = Outcome(
        changed,
        {"numbers": results},
        before={number: state for outcome in done for number, state in (outcome.before or {}).items()},
        after={number: state for outcome in done for number, state in (outcome.after or {}).items()},
    )
    try:
        _raise_first(ends, {"numbers": results, "changed": changed})
    except PartialFailure as failure:
        add_what_was_done(failure, reconciled)
        raise
    return reconciled


def look_up(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return which of the given numbers are on the SafeList.

    :param client: the account's client.
    :param options: ``phone_number``, ``concurrency``.
    :returns: ``numbers``, an entry for each in the order given.
    :raises PartialFailure: where any could not be looked up; the others are in its result.
    """
    numbers = options["phone_number"]

    def read(number: str) -> dict[str, Any]:
        entry = SafeListNumber(client, number, present=True).read()
        return {"phone_number": number, "sid": entry and entry["sid"], "exists": entry is not None}

    ends = _for_each_number(client, numbers, read, options["concurrency"])
    results = [
        end if isinstance(end, dict) else _failed_entry(number, end, exists=None) for number, end in zip(numbers, ends)
    ]
    _raise_first(ends, {"numbers": results})
    return {"numbers": results}


def _for_each_number(
    client: Client, numbers: Sequence[str], work: Callable[[str], Value], concurrency: int
) -> list[Value | TwilioError]:
    """Do the work for all numbers; one that was not tried ends with an error that says why."""
    ends = for_each(numbers, work, concurrency, lambda error: _why_stop(error) is not None, client.cancel)
    reasons = [_why_stop(end) for end in ends if isinstance(end, TwilioError)]
    reason = next(filter(None, reasons), None)
    return [TwilioError(f"Not tried, because {reason}.") if end is None else end for end in ends]


def _why_stop(error: TwilioError) -> str | None:
    """Return why an error holds for every further number too, None where it does not."""
    if isinstance(error, CallError) and error.given_up:
        return "Twilio refuses all requests for now"
    if isinstance(error, CallError) and error.status in (401, 403):
        return "the credentials were refused for another number"
    return None


def _stopped_all(error: TwilioError) -> bool:
    return isinstance(error, CallError) and error.status is not None and _why_stop(error) is not None


def _failed_entry(number: str, error: object, **known: Any) -> dict[str, Any]:
    return {
        "phone_number": number,
        "sid": None,
        **known,
        "failed": True,
        "msg": str(error),
        "code": getattr(error, "code", None),
        "status": getattr(error, "status", None),
    }


def _raise_first(ends: Sequence[object], result: Mapping[str, Any]) -> None:
    errors = [end for end in ends if isinstance(end, TwilioError)]
    if errors:
        # The error that stopped everything explains more than one before it, or than one that was not sent.
        first = next((error for error in errors if _stopped_all(error)), errors[0])
        message = str(first)
        if len(ends) > 1:
            message = (
                f"{sum(not isinstance(end, (Outcome, dict)) for end in ends)} of {len(ends)} numbers failed: {message}"
            )
        raise PartialFailure(message, first, result)
