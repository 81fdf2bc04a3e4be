# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready-made hook against webhooks that check signatures with the official SDK and accept different tokens."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from harness import Run, ansible_playbook, make_sid, play
from webhooks import Form, is_signed, listening

HOOK = {"name": "community.twilio.rotate_auth_token", "tasks_from": "verify_webhook", "rolespec_validate": False}
PRIMARY, PENDING = "1" * 8 + "a" * 24, "2" * 8 + "b" * 24
TOKENS = {"rotate_auth_token_primary": PRIMARY, "rotate_auth_token_pending": PENDING}
BOTH = (PRIMARY, PENDING)

STOPS = "Ensure that only the two tokens are accepted"
SENDS = [
    "Send a request signed with the primary token",
    "Send a request signed with the new token",
    "Send a request signed with a random key",
]


@dataclass(frozen=True)
class Consumer:
    """A webhook.

    :param tokens: the tokens that it accepts; without any, it accepts every request.
    :param status: its answer to requests that it accepts.
    :param forms: the forms of the received requests, in order.
    """

    tokens: Sequence[str]
    status: int = 200
    forms: list[Form] = field(default_factory=list)

    def decide(self, url: str, form: Form, signature: str) -> int:
        """Store a request's form, and decide whether to accept the request.

        :param url: the URL of the request.
        :param form: the form of the request.
        :param signature: the signature of the request.
        :returns: the status of the answer.
        """
        self.forms.append(form)
        accepted = not self.tokens or is_signed(self.tokens, url, form, signature)
        return self.status if accepted else 403


@dataclass(frozen=True)
class Case:
    """A consumer, and how the hook calls it.

    :param variables: the hook's variables, besides the tokens and the address.
    :param here: whether the consumer is running.
    :param check_mode: whether the hook runs in check mode.
    :param fragment: the end of its address.
    """

    consumer: Consumer
    variables: Mapping[str, Any] = field(default_factory=dict)
    here: bool = True
    check_mode: bool = False
    fragment: str = ""


PARAMETERS = {"Body": "Grüße & more = ?", "MediaUrl": ["b", "a", "b"], "Empty": ""}
ASKED = {
    "rotate_auth_token_webhook_parameters": {},
    "rotate_auth_token_webhook_status": [202],
    "rotate_auth_token_webhook_timeout": 5,
    "rotate_auth_token_webhook_check_refusal": False,
}
CASES = {
    "with parameters and connection overrides, no content": Case(
        Consumer(BOTH, 204), {"rotate_auth_token_webhook_parameters": PARAMETERS}, fragment="#rc=2&rp=all"
    ),
    "without parameters, accepted, refusal unasked": Case(Consumer(BOTH, 202), ASKED),
    "another status": Case(Consumer(BOTH, 302)),
    "primary only": Case(Consumer((PRIMARY,))),
    "everything": Case(Consumer(())),
    "nobody": Case(Consumer(BOTH), here=False),
    "no address": Case(Consumer(BOTH), {"rotate_auth_token_webhook_url": "sms"}),
    "no new token": Case(Consumer(BOTH), {"rotate_auth_token_pending": ""}),
    "check mode": Case(Consumer(BOTH), check_mode=True),
}
WITH_PARAMETERS, WITHOUT_PARAMETERS = [name for name in CASES if "parameters" in name]
ACCOUNTS = {name: make_sid("AC", number) for number, name in enumerate(CASES, start=1)}


def block_of(name: str, url: str) -> dict[str, Any]:
    """Return a block that runs the hook in a case."""
    case = CASES[name]
    variables = {"rotate_auth_token_account_sid": ACCOUNTS[name], "rotate_auth_token_webhook_url": url, **TOKENS}
    return {
        "name": name,
        "block": [{"name": f"hook of {name}", "ansible.builtin.include_role": HOOK}],
        "rescue": [{"name": f"{name} | failed", "ansible.builtin.debug": {"var": "ansible_failed_task.name"}}],
        "vars": {**variables, **case.variables},
        "check_mode": case.check_mode,
    }


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """Run the hook in every case, in one playbook, with the most verbose output."""
    blocks = []
    with ExitStack() as stack:
        for name, case in CASES.items():
            if case.here:
                url = f"{stack.enter_context(listening(case.consumer.decide))}/sms?shop=1&lang=en{case.fragment}"
            else:
                url = f"http://127.0.0.1:{free_port()}/sms"
            blocks.append(block_of(name, url))
        return ansible_playbook(tmp_path_factory.mktemp("webhook"), [play(blocks)], "-vvvv")


def failed_tasks(run: Run, name: str) -> list[tuple[str, str]]:
    """Return the messages of the failed tasks of a case, by task name."""
    ending = f" | {ACCOUNTS[name]}"
    return [
        (result.task.removesuffix(ending).rpartition(" : ")[2], result["msg"])
        for result in run.results
        if result.task.endswith(ending) and result.failed
    ]


def test_the_playbook_ran(run):
    assert run.status == 0, run.output
    assert len([result for result in run.results if result.task.endswith("| failed")]) == 6


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        (WITH_PARAMETERS, 3),
        (WITHOUT_PARAMETERS, 2),
        ("check mode", 0),
    ],
)
def test_a_consumer_that_accepts_both_and_nothing_else_passes(run, name, requests):
    assert failed_tasks(run, name) == []
    assert len(CASES[name].consumer.forms) == requests


@pytest.mark.parametrize(
    ("name", "task", "words", "requests"),
    [
        (
            "primary only",
            STOPS,
            "the new token. To a request signed with it, it answered with the HTTP status 403, and only 200 or 204",
            2,
        ),
        (
            "another status",
            STOPS,
            "the primary token. To a request signed with it, it answered with the HTTP status 302, and only 200 or 204",
            1,
        ),
        (
            "nobody",
            STOPS,
            "it gave no answer (Request failed: <urlopen error [Errno ",
            0,
        ),
        (
            "everything",
            STOPS,
            "proves nothing. To that request, it answered with the HTTP status 200, and only 200 or 204",
            3,
        ),
        ("no address", "Check the webhook's address and the tokens", "needs rotate_auth_token_webhook_url", 0),
        ("no new token", "Check the webhook's address and the tokens", "two tokens: the primary and the new one", 0),
    ],
)
def test_any_other_consumer_fails_with_a_reason(run, name, task, words, requests):
    ((said_by, message),) = failed_tasks(run, name)
    assert said_by == task
    assert words in message
    assert len(CASES[name].consumer.forms) == requests


def test_what_is_sent(run):
    assert run.status == 0
    # The first of these was accepted with the status 200, so that its signature was right.
    (sample,) = {repr(form): form for form in CASES["primary only"].consumer.forms}.values()
    assert sample["AccountSid"] == [ACCOUNTS["primary only"]]
    assert sample["Body"]
    expected = {name: value if isinstance(value, list) else [value] for name, value in PARAMETERS.items()}
    assert CASES[WITH_PARAMETERS].consumer.forms == [expected] * 3
    assert CASES[WITHOUT_PARAMETERS].consumer.forms == [{}] * 2


def test_no_token_and_no_signature_is_shown(run):
    assert not [token for token in BOTH if token in run.output]
    assert "X-Twilio-Signature'" not in run.output
    assert '"X-Twilio-Signature"' not in run.output
    for name in SENDS:
        result = run.of(f"community.twilio.rotate_auth_token : {name} | {ACCOUNTS[WITH_PARAMETERS]}")
        assert {key for key in result.values if not key.startswith("_ansible")} <= {"censored", "changed"}
