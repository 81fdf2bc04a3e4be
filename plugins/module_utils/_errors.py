# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Every failure that is reported to a user, as one tree.

::

    TwilioError
    ├── InputError               a value that can't be right, or is missing; nothing was changed
    ├── AmbiguousState           the actual state leaves a choice that only the user can make
    ├── PartialFailure           several were requested and some failed; the others are done
    └── CallError                a request failed
        ├── NotSent              no connection could be made, so nothing was applied
        ├── Rejected             Twilio refused the request, so nothing was applied
        └── OutcomeUnknown       no answer, or none that can be trusted: it may have been applied or not
            └── AccountMismatch  the answer is about something else, such as another account

The engine only raises these; they become a failed task in one place, ``_module.execute``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Twilio's error code to what the user can do about it. Codes: https://www.twilio.com/docs/api/errors
ADVICE: Mapping[int, str] = {
    20003: (
        "Check account_sid with auth_token, or api_key_sid with api_key_secret, and the region they belong to. A"
        " suspended or closed account may get this answer, too."
    ),
    20005: "The account is suspended or closed: the parent account, or Twilio's support, can reactivate it.",
    20404: "It does not exist in this account, or the account may not use it.",
    20429: "Too many requests at once: lower the concurrency, or raise max_retries.",
    30649: (
        "Twilio lets high-risk countries be changed in its Console alone (Messaging, Settings, Geo permissions), and"
        " delivers nothing to Cuba, Iran and Syria."
    ),
    70001: "Check the length of friendly_name: 64 characters at most.",
    70005: "Twilio blocks requests after repeated failures: fix the cause, and wait some minutes.",
    70106: "Check aws_access_key_id and aws_secret_access_key.",
}

_ADVICE_BY_STATUS: Mapping[int, str] = {
    401: ADVICE[20003],
    403: "These credentials may not do this: use the account's auth token or a main API key.",
    429: ADVICE[20429],
}


class TwilioError(Exception):
    """Any failure that is reported to a user.

    :param message: a sentence for the user; it never holds a secret.
    :param result: what the task returns besides the message, e.g. what was done before the failure.
    :ivar diff: what was changed before the failure, as ``--diff`` shows it; None where nothing was.
    """

    diff: Mapping[str, Any] | None = None

    def __init__(self, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.result: dict[str, Any] = dict(result or {})

    def details(self) -> dict[str, Any]:
        """Return the failed task's keys besides ``msg``."""
        return dict(self.result)


class InputError(TwilioError):
    """A value that can't be right, found before any request; or one that is missing in the actual state.

    :param option: the option's name.
    :param expected: what was expected, as the rest of a sentence.
    """

    def __init__(self, option: str, expected: str) -> None:
        super().__init__(f"{option}: {expected}")


class AmbiguousState(TwilioError):
    """The actual state leaves a choice that only the user can make; its result has ``changed`` if anything was done."""


class PartialFailure(TwilioError):
    """Several were requested and some failed; the others are done.

    :param message: how many failed, and the message of the first failure.
    :param first: the first failure, whose status, code and the like are the task's.
    :param result: the results of all.
    """

    def __init__(self, message: str, first: TwilioError, result: Mapping[str, Any]) -> None:
        super().__init__(message, {**first.details(), **result})


class CallError(TwilioError):
    """A request failed.

    :param doing: what was attempted on what, to follow "Could not".
    :param problem: what came instead of success, as a sentence without its full stop.
    :param status: HTTP status, None where there was no answer.
    :param code: Twilio's error code, None where it gave none.
    :param more_info: the address that Twilio gave for more.
    :param request_id: Twilio's id of the request (``Twilio-Request-Id``), which its support asks for.
    :param advice: what to do about it, where that doesn't follow from the code alone.
    :ivar doubtful: an earlier attempt at the same call was of unknown outcome, so that this failure may follow from it.
    :ivar wait: seconds that Twilio asked to wait for.
    :ivar attempts_left: how many further attempts the call had.
    :ivar given_up: Twilio has refused everything for so long that no further request is to be sent at all.
    """

    doubtful = False
    wait = 0.0
    attempts_left = 0
    given_up = False
    default_advice = ""

    def __init__(
        self,
        doing: str,
        problem: str,
        status: int | None = None,
        code: int | None = None,
        more_info: str | None = None,
        request_id: str | None = None,
        advice: str | None = None,
    ) -> None:
        advice = advice or ADVICE.get(code or 0) or _ADVICE_BY_STATUS.get(status or 0) or self.default_advice
        super().__init__(" ".join(filter(None, [f"Could not {doing}: {problem}.", advice])))
        self.doing = doing
        self.status = status
        self.code = code
        self.more_info = more_info
        self.request_id = request_id

    def details(self) -> dict[str, Any]:
        """Return the failed task's keys besides ``msg``: the call's own, and what was done before it."""
        return {
            "status": self.status,
            "code": self.code,
            "more_info": self.more_info,
            "request_id": self.request_id,
            **self.result,
        }


class NotSent(CallError):
    """No connection could be made, so nothing was applied."""

    default_advice = (
        "Check the network, the proxy settings of the environment, and base_url, region and edge if they are set."
    )


class Rejected(CallError):
    """Twilio refused the request, so this attempt applied nothing."""


class OutcomeUnknown(CallError):
    """No answer, or none that can be trusted: the request may have been applied or not."""

    default_advice = "Run the task again: it reads the current state before it writes."


class AccountMismatch(OutcomeUnknown):
    """The answer is about something other than what was requested, such as another account."""

    default_advice = "Check the gateways and proxies on the way to Twilio (base_url): answers get mixed up."
