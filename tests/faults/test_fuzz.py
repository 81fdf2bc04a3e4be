# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With any answer and any option, a task ends with a result, and a failure has a message of the collection's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import ansible, ansible_playbook, play
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix.judge import Health, problems_of
from matrix.operations import OPERATIONS, Operation, list_things
from matrix.running import MAIN, MAIN_TOKEN, InProcess, QuickClock, TaskRun, run
from requests.structures import CaseInsensitiveDict

from ansible_collections.community.twilio.plugins.module_utils._retries import Pacer
from ansible_collections.community.twilio.plugins.module_utils._transport import HttpTransport, NoReply, Reply, Request

#: The number of examples in each test; they are the same in each run, and each operation is tried with all of them:
#: drawing one takes longer than trying it.
ANSWERS, OPTIONS = 120, 120
MOST_REQUESTS = 60

EXAMPLES = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

#: Without the operations that send the same requests as others, only with an API key.
CHOSEN = [name for name in OPERATIONS if "as subaccount" in name or "API key" not in name]

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
HOSTILE = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\ud800",
        "\r\nX-Injected: yes",
        "z" * 100_000,
        "é" * 65,
        "{{ lookup('pipe', 'id') }}",
        "@127.0.0.1:9/x",
        "../..",
        "%00",
        "?a=b#c",
        "-----BEGIN PRIVATE KEY-----",
        "١٢٣",
        "NaN",
        "1e999",
        "9" * 5000,
        "+14155550100\n",
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, HOSTILE, st.just(10**400), st.just(MAIN)
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3), max_leaves=8
)

#: Chooses one of however many there are.
ANY_NUMBER = st.integers(0, 999)


@pytest.fixture(scope="module")
def in_process() -> Iterator[InProcess]:
    """Run a simulator in this process."""
    with InProcess() as running:
        yield running


@pytest.fixture(scope="module")
def healthy(in_process: InProcess) -> dict[str, Sequence[Any]]:
    """Return the answers that each operation gets without faults."""
    return {name: Health(in_process, OPERATIONS[name]).answers for name in CHOSEN}


class Scripted:
    """HTTP that returns the given answers in order, and afterwards fails."""

    def __init__(self, replies: Sequence[Reply | None]) -> None:
        self.clock = QuickClock()
        self.pacer = Pacer(self.clock)
        self.sent = 0
        self._replies = iter(replies)

    def send(self, request: Request) -> Reply:
        """Return the next answer, or raise if it is None."""
        self.sent += 1
        reply = next(self._replies, None)
        if reply is None:
            raise NoReply("the script is over", sent=True)
        return reply

    def cancel(self) -> None:
        """Do nothing: no request is running."""

    def close(self) -> None:
        """Do nothing: there are no connections."""


def _places(body: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield from _places(value, (*place, key))


def _put(body: Any, place: Sequence[Any], value: Any) -> Any:
    """Return a copy of a body with another value at a place, or the value itself if the place is the root."""
    if not place:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[place[0]] = _put(body[place[0]], place[1:], value)
    return copy


class Body(NamedTuple):
    """The body of an answer: these bytes, or a genuine body, some of whose fields are changed.

    :param number: which of an operation's genuine bodies.
    :param changes: which place in it, and the value that is put there.
    """

    fixed: bytes | None
    number: int = 0
    changes: Sequence[tuple[int, Any]] = ()

    def content(self, healthy: Sequence[Any]) -> bytes:
        """Return the body, given those that an operation gets without faults."""
        if self.fixed is not None:
            return self.fixed
        genuine = [each for each in healthy if each is not None] or [{}]
        body = genuine[self.number % len(genuine)]
        for place, value in self.changes:
            places = list(_places(body))
            body = _put(body, places[place % len(places)], value)
            if not isinstance(body, (dict, list)):
                break
        return _encoded(body)


def _encoded(body: Any) -> bytes:
    return json.dumps(body).encode("utf-8", "surrogatepass")


@st.composite
def bodies(draw: Any) -> Body:
    """Draw a body: a genuine one, one with some fields changed, any JSON, or any bytes."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return Body(draw(st.binary(max_size=50)))
    if kind == 1:
        return Body(draw(st.sampled_from([b"", b"[" * 100_000, b'{"a":' * 50_000, b"NaN", b'"\\ud800"', b"1" * 5000])))
    if kind == 2:
        return Body(_encoded(draw(ANYTHING)))
    return Body(None, draw(ANY_NUMBER), draw(st.lists(st.tuples(ANY_NUMBER, ANYTHING), max_size=3)))


HEADER_TEXT = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": HEADER_TEXT,
        "Retry-After": st.one_of(
            HEADER_TEXT,
            st.integers(-5, 10**30).map(str),
            st.sampled_from(["Fri, 31 Dec 99999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +1400", "²", "1e3", "nan"]),
        ),
        "Twilio-Request-Id": HEADER_TEXT,
        "Location": st.just("http://127.0.0.1:9/"),
    },
)
STATUSES = st.one_of(
    st.sampled_from([200, 200, 200, 201, 201, 204, 202, 301, 400, 401, 403, 404, 409, 429, 500, 503]),
    st.integers(100, 999),
)


ANSWER = st.tuples(STATUSES, HEADERS, bodies())


def _check(name: str, ran: TaskRun, secrets: set[str]) -> None:
    assert ran.exception is None, name
    # The result survives a round trip through JSON.
    json.loads(json.dumps(ran.result))
    found = [str(problem) for problem in problems_of(ran, secrets, None)]
    assert not found, (name, found, ran.result)


@settings(EXAMPLES, max_examples=ANSWERS)
@given(answers=st.lists(st.none() | ANSWER | ANSWER | ANSWER, max_size=6))
def test_any_answer_ends_in_a_result(
    answers: list[tuple[int, dict[str, str], Body] | None], healthy: dict[str, Sequence[Any]]
) -> None:
    for name in CHOSEN:
        operation = OPERATIONS[name]
        scripted = Scripted(
            [
                answer and Reply(answer[0], CaseInsensitiveDict(answer[1]), answer[2].content(healthy[name]))
                for answer in answers
            ]
        )
        ran = run(
            None, operation.definition, operation.options, operation.check_mode, 1, lambda *_given, to=scripted: to
        )
        assert scripted.sent <= MOST_REQUESTS, name
        _check(name, ran, {MAIN_TOKEN})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _secrets_in(operation: Operation, options: Mapping[str, Any]) -> set[str]:
    """Return the texts of an operation's secret options that can be distinguished from other text."""
    secret = operation.definition.secret_options
    others = {name: value for name, value in options.items() if name not in secret}
    shown = " ".join([MAIN, *_texts(others)])
    texts = {text for name in secret for text in _texts(options.get(name))}
    return {text for text in texts if len(text) >= 8 and text.isalnum() and text not in shown} | {MAIN_TOKEN}


@settings(EXAMPLES, max_examples=OPTIONS)
@given(changes=st.lists(st.tuples(ANY_NUMBER, ANYTHING), min_size=1, max_size=3))
def test_any_option_ends_in_a_result(changes: list[tuple[int, Any]], in_process: InProcess) -> None:
    for name in CHOSEN:
        operation = OPERATIONS[name]
        # The base URL is never replaced: nothing may leave this machine.
        names = [each for each in operation.definition.argument_spec() if each != "base_url"] + ["no_such_option"]
        options = {**operation.options, **{names[number % len(names)]: value for number, value in changes}}
        in_process.reset_to(operation.accounts(), operation.settings, operation.page_size)
        clock = QuickClock()
        ran = run(
            in_process,
            operation.definition,
            options,
            operation.check_mode,
            1,
            lambda timeout, validate, path, clock=clock: HttpTransport(timeout, validate, path, clock=clock),
        )
        _check(name, ran, _secrets_in(operation, options))


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("aws_credential", {"state": "absent"}),
        (
            "aws_credential",
            {"update_secret": "always", "aws_access_key_id": "A" * 20, "aws_secret_access_key": "a" * 40},
        ),
        ("account", {"state": "suspended"}),
        ("account", {}),
    ],
)
def test_a_name_that_is_null_selects_nothing(module: str, options: dict[str, Any], in_process: InProcess) -> None:
    seed = {"sid": MAIN, "auth_token": MAIN_TOKEN, "aws_credentials": [{"sid": "CR" + "1" * 32}]}
    only = {"sid": "AC" + "2" * 32, "owner_account_sid": MAIN, "friendly_name": "shop"}
    world = in_process.reset_to({"accounts": [seed, only]}, {}, None)
    before = list_things(world)
    ran = run(in_process, Operation("", module, {}).definition, {"friendly_name": None, **options})
    assert ran.message == "one of the following is required: sid, friendly_name"
    assert ran.log == []
    assert list_things(world) == before


#: Arguments of a module process, and what its failure must name.
HOSTILE_TASKS = {
    "NUL": ("twilio_safelist_number", {"phone_number": ["+1\0415"]}, "phone_number"),
    "nested": ("twilio_safelist_number", {"phone_number": [[["+14155550100"]]]}, "phone_number"),
    "long": ("twilio_aws_credential", {"friendly_name": "z" * 50_000}, "friendly_name"),
    "line end": ("twilio_account_info", {"sid": MAIN + "\r\nX: y"}, "sid"),
    "private key": ("twilio_public_key", {"friendly_name": "k", "public_key": "-----BEGIN PRIVATE KEY-----"}, "public"),
    "timeout": ("twilio_usage_info", {"timeout": 1e308}, "timeout"),
}
CONNECTION = {"account_sid": MAIN, "auth_token": MAIN_TOKEN, "max_retries": 0}


def test_a_module_process_says_what_is_wrong_with_an_option(in_process: InProcess, tmp_path: Path) -> None:
    connection = {**CONNECTION, "base_url": in_process.url}
    tasks = [
        {"name": case, f"community.twilio.{module}": {**connection, **options}, "ignore_errors": True}
        for case, (module, options, _named) in HOSTILE_TASKS.items()
    ]

    ran = ansible_playbook(tmp_path, [play(tasks)], COMMUNITY_TWILIO_IN_PROCESS="false")

    assert ran.status == 0, ran.output
    assert "Traceback" not in ran.output
    assert MAIN_TOKEN not in ran.output
    for case, (_module, _options, named) in HOSTILE_TASKS.items():
        failed = ran.of(case)
        assert failed.failed, case
        assert named in failed["msg"]
        assert "Traceback" not in json.dumps(failed.values), case
        assert MAIN_TOKEN not in json.dumps(failed.values), case


def test_ansible_refuses_an_option_that_is_no_text(in_process: InProcess, tmp_path: Path) -> None:
    arguments = {**CONNECTION, "base_url": in_process.url, "friendly_name": "\ud800"}

    ran = ansible(
        tmp_path,
        "ansible",
        *("localhost", "-m", "community.twilio.twilio_account", "-a", json.dumps(arguments)),
        COMMUNITY_TWILIO_IN_PROCESS="false",
    )

    output = ran.stdout + ran.stderr
    assert "Traceback" not in output
    assert MAIN_TOKEN not in output
    assert ran.returncode != 0
    assert "surrogates not allowed" in output
