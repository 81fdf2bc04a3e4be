# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome of a call for each answer, with scripted HTTP."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from urllib.parse import quote

import pytest
from scripted import FINAL, NOT_SENT, SENT, FakeTransport, reply

from ansible_collections.community.twilio.plugins.module_utils import _client, _schemas
from ansible_collections.community.twilio.plugins.module_utils._client import Call, Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import (
    AccountMismatch,
    AmbiguousState,
    CallError,
    InputError,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

OWN = "AC" + "a" * 32
OTHER = "AC" + "b" * 32
TOKEN = "0123456789abcdef" * 2
NUMBER = "+14155550100"
ITEM = _schemas.answer(sid=_schemas.nullable(_schemas.text))
REQUEST_ID = {"Twilio_Request_Id": "RQ" + "1" * 32}
FINE = reply(200, {"sid": "X1"})
NOT_FOUND = reply(404, {"code": 20404, "message": "not found", "status": 404})


def client_of(*script, **connection) -> tuple[Client, FakeTransport]:
    transport = FakeTransport(script)
    return Client(Connection(OWN, Secret(TOKEN), **connection), transport), transport


def get(**more) -> Call:
    return Call("GET", "/v1/Things/X1", "read the thing", ITEM, **more)


def post(**more) -> Call:
    return Call("POST", "/v1/Things", "make a thing", ITEM, form={"Name": "x"}, **more)


def delete(**more) -> Call:
    return Call("DELETE", "/v1/Things/X1", "remove the thing", **more)


def methods(transport: FakeTransport) -> list[str]:
    return [request.method for request in transport.requests]


# Retries

REPEATABLE = [get(), post(repeatable=True), delete()]
UNKNOWN = [SENT, reply(500), reply(503, {"message": "later"}), reply(200, b"<html>"), reply(302), reply(404, b"<html>")]


@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("call", REPEATABLE, ids=["GET", "renaming POST", "DELETE"])
@pytest.mark.parametrize("answer", [reply(429), NOT_SENT, *UNKNOWN], ids=str)
def test_what_can_be_repeated_is_sent_max_retries_times_more(answer, call, retries):
    client, transport = client_of(*[answer] * (retries + 1), max_retries=retries)
    with pytest.raises(CallError):
        client.send(call)
    assert len(transport.requests) == retries + 1


@pytest.mark.parametrize("answer", UNKNOWN, ids=str)
def test_a_post_of_unknown_outcome_is_not_sent_again(answer):
    client, transport = client_of(answer)
    with pytest.raises(OutcomeUnknown):
        client.send(post())
    assert len(transport.requests) == 1


@pytest.mark.parametrize("answer", [reply(429), NOT_SENT], ids=["429", "not sent"])
def test_any_post_that_was_not_processed_is_sent_again(answer):
    client, transport = client_of(answer, FINE)
    assert client.send(post()) == ({"sid": "X1"}, False)
    assert len(transport.requests) == 2


@pytest.mark.parametrize("call", [get(), post(), delete()], ids=["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply(400, {"code": 20001, "message": "no"}), Rejected),
        (reply(401, {"code": 20003, "message": "who?"}), Rejected),
        (FINAL, NotSent),
        (reply(407, b"<html>"), NotSent),
        (reply(429, {"code": 20429}, Retry_After="3600"), Rejected),
    ],
    ids=["400", "401", "not trusted", "407", "429 for an hour"],
)
def test_what_can_t_end_otherwise_is_tried_once(answer, failure, call):
    client, transport = client_of(answer)
    with pytest.raises(failure):
        client.send(call)
    assert len(transport.requests) == 1
    assert transport.clock.slept == []


def test_a_proxy_that_asks_for_authentication_is_named():
    client, _transport = client_of(reply(407))
    with pytest.raises(NotSent, match="407"):
        client.send(get())


def test_retry_after_of_a_failing_server_is_waited():
    client, transport = client_of(reply(503, Retry_After="20"), FINE)
    client.send(get())
    assert sum(transport.clock.slept) == pytest.approx(20.0)


def test_a_retry_after_beyond_the_limit_is_a_failure_at_once():
    client, transport = client_of(reply(503, Retry_After="99999"))
    with pytest.raises(OutcomeUnknown, match="wait for 99999 seconds: run the task again after that"):
        client.send(get())
    assert transport.clock.slept == []


def test_pauses_double_and_are_jittered():
    client, transport = client_of(SENT, SENT, SENT, FINE)
    client.send(get())
    assert transport.clock.slept == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("script", "doubtful"),
    [([FINE], False), ([SENT, FINE], True), ([NOT_SENT, FINE], False), ([reply(429), FINE], False)],
)
def test_only_an_attempt_of_unknown_outcome_makes_an_answer_doubtful(script, doubtful):
    client, _transport = client_of(*script)
    assert client.send(get()).doubtful is doubtful


# A POST that must not be applied twice


def test_a_post_of_unknown_outcome_is_settled_by_a_read_after_the_pause():
    client, transport = client_of(reply(503, Retry_After="7"))
    looked_at = []

    def find():
        looked_at.append(list(transport.clock.slept))
        return "found"

    assert client.send_once(post(), find) == ("found", True)
    assert looked_at == [[7.0]]


def test_a_post_that_was_not_applied_is_sent_again():
    client, transport = client_of(SENT, FINE)
    assert client.send_once(post(), lambda: None) == ({"sid": "X1"}, True)
    assert methods(transport) == ["POST", "POST"]


@pytest.mark.parametrize("retries", [0, 2])
def test_the_effect_of_a_post_is_read_after_the_last_attempt_too(retries):
    client, transport = client_of(*[SENT] * (retries + 1), max_retries=retries)
    looks = []
    with pytest.raises(OutcomeUnknown, match="make a thing"):
        client.send_once(post(), lambda: looks.append(1))
    assert len(transport.requests) == len(looks) == retries + 1


def test_if_the_read_fails_too_the_failure_is_that_of_the_post():
    client, transport = client_of(SENT, reply(401, {"code": 20003, "message": "no"}))
    with pytest.raises(OutcomeUnknown, match="make a thing"):
        client.send_once(post(), lambda: client.send(get()))
    assert methods(transport) == ["POST", "GET"]


def test_a_rejection_after_an_attempt_of_unknown_outcome_is_doubtful():
    client, _transport = client_of(SENT, reply(409, {"code": 1, "message": "there already"}))
    with pytest.raises(Rejected) as caught:
        client.send_once(post(), lambda: None)
    assert caught.value.doubtful is True


def twin(number: int) -> dict:
    return {"sid": f"X{number}", "date_created": f"2026-01-0{number}T00:00:00Z"}


def test_a_creation_without_doubt_reads_nothing():
    client, _transport = client_of(FINE)

    def look():
        raise AssertionError("looked")

    assert client.create(post(), look, "a thing") == {"sid": "X1"}


def test_a_creation_that_was_repeated_and_applied_late_names_both():
    looks = iter([[], [twin(1), twin(2)]])
    client, _transport = client_of(SENT, reply(201, twin(2)))
    with pytest.raises(AmbiguousState) as caught:
        client.create(post(), lambda: next(looks), "a thing")
    for each in (twin(1), twin(2)):
        assert f"{each['sid']} (created {each['date_created']})" in caught.value.message
    assert caught.value.result == {"changed": True}


def test_a_creation_that_was_found_is_returned():
    client, transport = client_of(SENT)
    assert client.create(post(), lambda: [twin(1)], "a thing") == twin(1)
    assert methods(transport) == ["POST"]


# What an answer is about


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (get(), {"sid": "X1", "account_sid": OTHER}),
        (get(owner="owner_account_sid"), {"sid": OTHER, "owner_account_sid": OTHER}),
        (get(about=OTHER), {"sid": "X1", "account_sid": OWN}),
        (get(identity={"sid": "X1"}), {"sid": "X2"}),
        (get(identity={"phone_number": NUMBER}), {"phone_number": "+14155550199"}),
        (get(identity={"friendly_name": "shop"}), {"friendly_name": "other"}),
        (get(known=frozenset({"X1"})), {"sid": "X1"}),
    ],
)
def test_an_answer_about_something_else_fails_a_read_at_once_and_leaves_a_write_to_be_settled(call, body):
    client, transport = client_of(reply(200, body))
    with pytest.raises(AccountMismatch):
        client.send(call)
    assert len(transport.requests) == 1
    client, transport = client_of(reply(200, body))
    written = post(owner=call.owner, about=call.about, identity=call.identity, known=call.known)
    assert client.send_once(written, lambda: "found") == ("found", True)


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (get(), {"sid": "X1", "account_sid": OWN}),
        (get(), {"sid": "X1", "account_sid": None}),
        (get(), {"sid": "X1"}),
        (get(owner="owner_account_sid"), {"sid": OWN, "owner_account_sid": OTHER}),
        (get(about=OTHER), {"sid": "X1", "account_sid": OTHER}),
        (get(identity={"friendly_name": "Cafe\u0301  Shop "}), {"friendly_name": "caf\xe9 shop"}),
        (get(identity={"friendly_name": None, "sid": "X1"}), {"friendly_name": "any", "sid": None}),
        (get(known=frozenset({"X2", None})), {"sid": "X1"}),
    ],
)
def test_an_answer_about_the_requested_thing_passes(call, body):
    client, _transport = client_of(reply(200, body))
    assert client.send(call).body.items() >= body.items()


# Lists


def listing() -> Call:
    return Call("GET", "/v1/Things", "list the things", _schemas.page(ITEM))


def page(*sids: str, following: str | None = None, status: int = 200, **item):
    meta = {"key": "things", "next_page_url": following}
    return reply(status, {"things": [{"sid": sid, **item} for sid in sids], "meta": meta})


@pytest.mark.parametrize(
    ("following", "asked"),
    [
        ("https://accounts.twilio.com/v1/Things?PageToken=2", "/v1/Things?PageToken=2"),
        ("https://evil.example/v1/x?y", "/v1/x?y"),
        ("//evil/x", "/x"),
        ("/v1/Things?Page=1", "/v1/Things?Page=1"),
    ],
)
@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:8080/twilio"])
def test_a_further_page_is_requested_from_the_same_host(following, asked, base_url):
    client, transport = client_of(page("X1", following=following), page("X2"), base_url=base_url)
    assert [item["sid"] for item in client.items(listing())] == ["X1", "X2"]
    host = base_url or "https://accounts.twilio.com"
    assert [request.url for request in transport.requests] == [f"{host}/v1/Things", f"{host}{asked}"]
    assert transport.requests[1].query is None


def test_a_gateway_s_prefix_is_not_doubled():
    base_url = "http://127.0.0.1:8080/twilio"
    client, transport = client_of(page(following=f"{base_url}/v1/Things?Page=1"), page(), base_url=base_url)
    list(client.items(listing()))
    assert transport.requests[1].url == f"{base_url}/v1/Things?Page=1"


@pytest.mark.parametrize(
    "following", ["@127.0.0.1:9/x", ".evil.example/x", "http://[", "x", "", "/a b", "/\r\nX: y", 7]
)
def test_an_address_that_could_change_the_host_is_never_followed(following):
    client, transport = client_of(page("X1", following=following), max_retries=0)
    with pytest.raises(OutcomeUnknown):
        list(client.items(listing()))
    assert len(transport.requests) == 1


def test_a_cycle_of_pages_ends():
    client, transport = client_of(page(following="/a"), page(following="/b"), page(following="/a"))
    with pytest.raises(OutcomeUnknown, match="circle"):
        list(client.items(listing()))
    assert len(transport.requests) == 3


def test_a_list_without_end_ends(monkeypatch):
    monkeypatch.setattr(_client, "_MOST_PAGES", 4)
    client, transport = client_of(*(page(following=f"/{number}") for number in range(100)))
    with pytest.raises(OutcomeUnknown, match="more than 4 pages"):
        list(client.items(listing()))
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        {"things": None, "meta": {"key": "things", "next_page_url": None}},
        {"meta": {"key": "things"}},
        {"things": [], "meta": None},
        {"things": [], "meta": {"key": ["things"]}},
        {"things": {"sid": "X1"}, "meta": {"key": "things"}},
        {"things": ["X1"], "meta": {"key": "things"}},
        {"things": [None], "meta": {"key": "things"}},
        [],
        None,
        "x",
    ],
    ids=str,
)
def test_an_invalid_page_is_a_failure_with_a_message(body):
    client, _transport = client_of(reply(200, body if body is not None else b"null"), max_retries=0)
    with pytest.raises(OutcomeUnknown, match="can't be read"):
        list(client.items(listing()))


def test_each_item_of_a_list_is_checked_for_its_account():
    client, _transport = client_of(page("X1", account_sid=OWN, following="/2"), page("X2", account_sid=OTHER))
    with pytest.raises(AccountMismatch):
        list(client.items(listing()))


def test_an_answer_may_hold_keys_that_a_page_has():
    body = {"sid": "X1", "items": "x", "meta": 1, "next": [], "account_sid": OWN}
    client, _transport = client_of(reply(200, body))
    assert client.send(get()).body == body


def test_a_page_at_which_the_server_fails_is_requested_with_fewer_items():
    client, transport = client_of(reply(500), NOT_SENT, reply(503), reply(500), page("X1"))
    assert [item["sid"] for item in client.items(listing())] == ["X1"]
    sizes = [(request.query or {})["PageSize"] for request in transport.requests]
    assert sizes == ["1000", "200", "200", "50", "50"]


def test_smaller_pages_take_no_further_attempts():
    client, transport = client_of(reply(500), reply(500), max_retries=1)
    with pytest.raises(OutcomeUnknown):
        list(client.items(listing()))
    assert len(transport.requests) == 2


# Answers that can't be read

DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, DEEP),
        reply(200, b'{"sid":' * 100_000),
        reply(200, b'{"sid": "\xff\xfe"}'),
        reply(200, b""),
        reply(200, b"NaN"),
        reply(200, b"1" * 10_000),
        reply(200, b"[]"),
        reply(200, b'{"sid": 7}'),
        reply(200, b"<html>"),
        reply(204),
        reply(202, {"sid": "X1"}),
        reply(301, {"sid": "X1"}, Location="https://evil.example/"),
        reply(304),
        reply(500, DEEP),
        reply(400, DEEP),
        reply(418, b"<html>"),
        reply(999, b""),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[:20]!r}",
)
@pytest.mark.parametrize("call", [get(), post()], ids=["GET", "POST"])
def test_an_unreadable_answer_means_an_unknown_outcome(answer, call):
    client, _transport = client_of(answer, max_retries=0)
    with pytest.raises(OutcomeUnknown, match="Could not"):
        client.send(call)


def test_a_call_may_have_another_status_for_its_success():
    client, _transport = client_of(reply(202, {"sid": "X1"}), reply(200, {"sid": "X1"}), max_retries=0)
    call = replace(get(), statuses=frozenset((202,)))
    assert client.send(call).body == {"sid": "X1"}
    with pytest.raises(OutcomeUnknown):
        client.send(call)


@pytest.mark.parametrize(
    "date",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", "Thu, 99 Foo 99999999999 00:00:00 GMT", 5, []],
)
def test_an_answer_with_an_invalid_date_means_an_unknown_outcome(date):
    schema = _schemas.answer(date_created=_schemas.iso_date)
    client, _transport = client_of(reply(200, {"date_created": date}), max_retries=0)
    with pytest.raises(OutcomeUnknown, match="date_created: expected"):
        client.send(Call("GET", "/", "read", schema))


def test_a_misfit_names_the_field_and_the_kind_of_what_is_there():
    record = _schemas.answer(usage=_schemas.number)
    call = Call("GET", "/", "read usage", _schemas.page_of("usage_records", record))
    records = [{"usage": "1"}] * 3 + [{"usage": "lots"}]
    client, _transport = client_of(reply(200, {"usage_records": records}), max_retries=0)
    with pytest.raises(OutcomeUnknown) as caught:
        client.send(call)
    assert "usage_records[3].usage: expected a number, got text" in caught.value.message
    assert "lots" not in caught.value.message


@pytest.mark.parametrize(
    ("answer", "is_twilios"),
    [
        (NOT_FOUND, True),
        (reply(404, {"code": 20404}), True),
        (reply(404, b"", **REQUEST_ID), True),
        (reply(404, {"message": "no route", "status": 404}), False),
        (reply(404, {"code": "20404"}), False),
        (reply(404, {"code": True, "message": "no"}), False),
        (reply(404, b"<html>"), False),
        (reply(404, b""), False),
    ],
    ids=lambda each: str(each)[:90],
)
def test_only_twilio_s_own_404_means_that_the_thing_is_not_there(answer, is_twilios):
    if is_twilios:
        client, transport = client_of(answer, answer)
        assert client.find(get()) is None
        assert client.delete(delete()) is False
        assert len(transport.requests) == 2
    else:
        client, transport = client_of(*[answer] * 4, max_retries=1)
        with pytest.raises(OutcomeUnknown):
            client.find(get())
        with pytest.raises(OutcomeUnknown):
            client.delete(delete())
        assert methods(transport) == ["GET", "GET", "DELETE", "DELETE"]


def test_a_deletion_answered_404_after_an_attempt_of_unknown_outcome_succeeded():
    client, _transport = client_of(SENT, NOT_FOUND)
    assert client.delete(delete()) is True
    client, _transport = client_of(NOT_SENT, NOT_FOUND)
    assert client.delete(delete()) is False
    client, _transport = client_of(reply(204))
    assert client.delete(delete()) is True


# Messages


def failure_of(answer, call=None, **connection) -> CallError:
    client, _transport = client_of(answer, max_retries=0, **connection)
    with pytest.raises(CallError) as caught:
        client.send(call or get())
    return caught.value


PAIR = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BASIC = b64encode(f"{OWN}:{TOKEN}".encode()).decode()
LEAKS = [TOKEN, BASIC, PAIR, quote(PAIR, safe=""), PAIR.split(":")[1], quote(PAIR.split(":")[1], safe="")]


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("key", ["message", "more_info", "detail", "title", "type"])
def test_a_secret_that_the_server_repeats_is_not_reported(leak, key):
    call = Call("POST", "/", "make", ITEM, form={"Credentials": Secret(PAIR)})
    body = {"code": 1, key: f"https://x/?q={leak}&r=1"}
    told = failure_of(reply(400, body, Twilio_Request_Id=leak, Content_Type=leak), call)
    for secret in LEAKS:
        assert secret not in told.message
        assert secret not in str(told.details())


def test_a_refused_part_is_a_failure_that_reveals_no_secret_of_any_field():
    call = Call("PATCH", "/", "change things", ITEM, form={"Things": ("a", Secret(PAIR))})
    client = Client(Connection(OWN, Secret(TOKEN)), FakeTransport([]))
    told = client.refusal(call, "change a thing", 30649, " ".join(["no\r\n", *LEAKS]))
    assert told.message.startswith("Could not change a thing: Twilio answered 30649, no ")
    assert (told.code, told.status) == (30649, 200)
    assert "Console" in told.message
    assert not [secret for secret in LEAKS if secret in told.message]
    assert "without a reason" in client.refusal(call, "change a thing", 1, "").message


@pytest.mark.parametrize("leak", LEAKS)
def test_a_secret_in_the_type_or_the_sid_of_an_answer_is_not_reported(leak):
    call = Call("POST", "/", "make", ITEM, form={"C": Secret(PAIR)}, identity={"sid": "X1"})
    for answer in (
        reply(200, b"<html>", Content_Type=leak),
        reply(200, {"sid": leak}),
        reply(200, {"sid": "X1", "account_sid": leak}),
        reply(400, b"<html>", Content_Type=leak),
    ):
        told = failure_of(answer, call)
        assert leak not in told.message
        assert leak not in str(told.details())


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\x1b[0m", "a\r\nb\x00c", "\u202eback", "\ud800", "x" * 10**6, ["a"], {"b": 1}, 7]
)
def test_a_message_is_one_short_line_that_can_be_printed(text):
    told = failure_of(reply(400, {"code": 7, "message": text, "more_info": text}))
    for value in (told.message, told.more_info or ""):
        assert len(value) < 600
        assert value.isprintable()
        value.encode()


@pytest.mark.parametrize(
    ("code", "expected"),
    [(20404, 20404), (True, None), ("20404", None), (None, None), (1.5, None), ([], None), ({}, None)],
)
def test_a_code_is_a_number_or_none(code, expected):
    assert failure_of(reply(400, {"code": code, "message": "no"})).code == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("RQ1-a", "RQ1-a"), ("RQ 1", None), ("RQ\n1", None), ("R" * 65, None), ("", None)]
)
def test_a_valid_request_id_is_reported(value, expected):
    assert failure_of(reply(400, {"code": 1, "message": "no"}, Twilio_Request_Id=value)).request_id == expected


def test_advice_goes_by_the_call_then_by_the_code():
    answer = reply(403, {"code": 20005, "message": "no"})
    assert "reactivate" in failure_of(answer).message
    assert failure_of(answer, get(advice={20005: "Do that."})).message.endswith("Do that.")


# Hosts and credentials


@pytest.mark.parametrize(
    ("connection", "host"),
    [
        ({}, "https://accounts.twilio.com"),
        ({"region": "ie1"}, "https://accounts.ie1.twilio.com"),
        ({"edge": "dublin"}, "https://accounts.dublin.us1.twilio.com"),
        ({"region": "ie1", "edge": "dublin"}, "https://accounts.dublin.ie1.twilio.com"),
        ({"base_url": "http://h:1/p", "region": "ie1", "edge": "dublin"}, "http://h:1/p"),
    ],
)
def test_the_host_goes_by_region_and_edge(connection, host):
    client, transport = client_of(FINE, **connection)
    client.send(get())
    assert transport.requests[0].url == f"{host}/v1/Things/X1"


def test_an_api_key_is_used_before_the_token_and_never_for_another_account():
    key = {"api_key_sid": "SK1", "api_key_secret": Secret("s" * 32)}
    client, transport = client_of(FINE, FINE, **key)
    client.send(get())
    client.acting_as(OTHER, Secret("u" * 32)).send(get())
    assert [(request.user, request.password.reveal()) for request in transport.requests] == [
        ("SK1", "s" * 32),
        (OTHER, "u" * 32),
    ]
    with pytest.raises(InputError, match="auth_token"):
        client.acting_as(OTHER, None).send(get())
