# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public keys: what differs from AWS credentials, whose file tests the states that both share."""

from __future__ import annotations

import base64
import hashlib
import textwrap

import pytest
from harness import Cell, CellRun, ansible_playbook, make_sid, play, run_cells

MODULE = "community.twilio.twilio_public_key"
INFO = "community.twilio.twilio_public_key_info"
RSA = bytes.fromhex("300d06092a864886f70d0101010500")
ED25519 = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
FIRST, SECOND = make_sid("CR", 1), make_sid("CR", 2)
NAMED = {"friendly_name": "recordings"}
ONCE = ("apply",)


def der(tag: int, content: bytes) -> bytes:
    """Return a value in DER: its tag, its length, its content."""
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag]) + (size if len(content) < 0x80 else bytes([0x80 + len(size)]) + size) + content


def numbers(*values: int) -> bytes:
    """Return a sequence of numbers in DER."""
    return der(0x30, b"".join(der(2, value.to_bytes(value.bit_length() // 8 + 1, "big")) for value in values))


def public(bits: int = 2048, exponent: int = 65537, odd: int = 1) -> bytes:
    """Return a public key in X.509 form; that its modulus is no product of primes is seen by nobody."""
    return der(0x30, RSA + der(3, b"\x00" + numbers((1 << (bits - 1)) + odd, exponent)))


def pem(content: bytes, label: str = "PUBLIC KEY") -> str:
    """Return a key in PEM form."""
    lines = textwrap.wrap(base64.b64encode(content).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


KEY, OTHER_KEY = public(), public(odd=3)
SIGNATURE, OTHER_SIGNATURE = (hashlib.sha256(key).hexdigest()[:10] for key in (KEY, OTHER_KEY))
PRIVATE = numbers(0, (1 << 2047) + 1, 65537, *[(1 << 1023) + 1] * 6)
ENCLOSED = der(0x30, der(2, b"\x00") + RSA + der(4, PRIVATE))
CREATE = {**NAMED, "public_key": pem(KEY)}
FOLLOW = {**CREATE, "update_secret": "when_changed"}
REPLACE = {**FOLLOW, "remove_replaced": True}


def account_with(*names: str):
    """Return an account that holds public keys of these names, CR…1, CR…2 and so on."""
    keys = [
        {"sid": make_sid("CR", number), "friendly_name": name, "date_created": f"2026-01-{number:02}T04:00:00Z"}
        for number, name in enumerate(names, start=1)
    ]
    return {"public_keys": keys}


SIGNED, SIGNED_OTHERWISE = f"recordings #{SIGNATURE}", f"recordings #{OTHER_SIGNATURE}"

#: One key, written otherwise.
FORMS = {
    "line ends of Windows": pem(KEY).replace("\n", "\r\n"),
    "no line end at the end": pem(KEY).strip(),
    "indented": textwrap.indent(pem(KEY), "    "),
    "in one line": base64.b64encode(KEY).decode(),
    "without BEGIN": pem(KEY).split("\n", 1)[1],
    "without END": pem(KEY).rsplit("-----END", 1)[0],
}
CELLS = [
    Cell("create", CREATE),
    Cell("create signed", FOLLOW),
    *[Cell(f"form | {name}", {**FOLLOW, "public_key": text}, account_with(SIGNED)) for name, text in FORMS.items()],
    *[Cell(f"sent | {name}", {**FOLLOW, "public_key": text}, steps=ONCE) for name, text in FORMS.items()],
    Cell("another key", {**FOLLOW, "public_key": pem(OTHER_KEY)}, account_with(SIGNED)),
    Cell("another key, removed", {**REPLACE, "public_key": pem(OTHER_KEY)}, account_with(SIGNED, "recordings")),
    Cell("not signed", FOLLOW, account_with("recordings")),
    Cell("not signed, adopted", {**FOLLOW, "unsigned": "adopt"}, account_with("recordings")),
    Cell("not signed, replaced", {**REPLACE, "unsigned": "replace"}, account_with("recordings")),
    Cell("left by a run that was cut short", REPLACE, account_with(SIGNED_OTHERWISE, SIGNED)),
    Cell("no key to create with", NAMED),
    Cell("rename", {"sid": FIRST, "friendly_name": "new"}, account_with(SIGNED)),
    Cell("absent", {**NAMED, "state": "absent"}, account_with(SIGNED)),
    Cell("look up", NAMED, account_with(SIGNED, "other", "recordings"), module=INFO),
    Cell("create | lost", FOLLOW, faults=[{"method": "POST", "kind": "reset", "applied": True}], steps=ONCE),
]


@pytest.fixture(scope="module")
def runs(running_simulator) -> dict[str, CellRun]:
    return run_cells(running_simulator, MODULE, CELLS)


def names(run: CellRun) -> list[str]:
    """Return the stored names of the keys that the account holds."""
    return [key["friendly_name"] for key in run.state["public_keys"]]


@pytest.mark.parametrize(
    ("cell", "after"),
    [
        ("create", ["recordings"]),
        ("create signed", [SIGNED]),
        ("another key", [SIGNED, SIGNED_OTHERWISE]),
        ("another key, removed", [SIGNED_OTHERWISE]),
        ("not signed, adopted", [SIGNED]),
        ("not signed, replaced", [SIGNED]),
        ("left by a run that was cut short", [SIGNED]),
        ("rename", [f"new #{SIGNATURE}"]),
        ("absent", []),
    ],
)
def test_what_changes(runs, cell, after):
    runs[cell].assert_changes_once()
    assert names(runs[cell]) == after
    assert runs[cell].state["aws_credentials"] == []


@pytest.mark.parametrize("cell", ["not signed", *[f"form | {name}" for name in FORMS]])
def test_line_ends_and_begin_and_end_change_nothing(runs, cell):
    runs[cell].assert_unchanged()
    assert ("can't be determined" in str(runs[cell].apply.get("warnings"))) == (cell == "not signed")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sent_is_the_whole_key(runs, form):
    run = runs[f"sent | {form}"]
    assert run.apply["credential"]["fingerprint"] == SIGNATURE
    assert [key["public_key"] for key in run.state["public_keys"]] == [pem(KEY)]


def replaced_entry(sid: str, signature: str | None = None) -> dict[str, str | None]:
    """Return the entry in the diff of a key that was replaced."""
    return {"sid": sid, "friendly_name": "recordings", "fingerprint": signature}


def test_what_is_adopted_keeps_its_sid_and_a_deletion_is_in_the_diff(runs):
    assert runs["not signed, adopted"].apply["credential"]["sid"] == FIRST
    diff = runs["left by a run that was cut short"].apply["diff"]
    assert (diff["before"].pop("replaced"), diff["after"].pop("replaced")) == (
        [replaced_entry(FIRST, OTHER_SIGNATURE)],
        [],
    )
    assert diff["before"] == diff["after"]


def test_what_a_replacement_returns(runs):
    run = runs["another key, removed"]
    assert sorted(run.apply["replaced_sids"]) == [FIRST, SECOND]
    assert run.methods("apply") == ["GET", "POST", "DELETE", "DELETE"]
    assert run.apply["credential"]["url"].endswith(f"/v1/Credentials/PublicKeys/{run.state['public_keys'][0]['sid']}")
    expected = [replaced_entry(SECOND), replaced_entry(FIRST, SIGNATURE)]
    assert run.apply["diff"]["before"]["replaced"] == run.results["check"]["diff"]["before"]["replaced"] == expected
    known = {key: value for key, value in run.apply["credential"].items() if value is not None}
    assert run.apply["diff"]["after"] == {**known, "replaced": []}
    runs["no key to create with"].assert_refused("public_key", "required")


def test_a_lost_answer_is_settled(runs):
    run = runs["create | lost"]
    assert run.apply["changed"] is True
    assert [key["sid"] for key in run.state["public_keys"]] == [run.apply["credential"]["sid"]]


def test_looking_up(runs):
    runs["look up"].assert_unchanged()
    found = runs["look up"].apply["credentials"]
    assert {(key["sid"], key["friendly_name"], key["fingerprint"]) for key in found} == {
        (FIRST, "recordings", SIGNATURE),
        (make_sid("CR", 3), "recordings", None),
    }


# Refused before any request.

WRONG = {
    "1024 bits": (pem(public(1024)), "2048 bits"),
    "4096 bits": (pem(public(4096)), "2048 bits"),
    "exponent 3": (pem(public(exponent=3)), "exponent 65537"),
    "another algorithm": (pem(ED25519), "RSA public key in X.509 form"),
    "PKCS #1": (pem(numbers((1 << 2047) + 1, 65537), "RSA PUBLIC KEY"), "PEM form"),
    "cut off": (pem(KEY)[:-60], "public_key: expected"),
    "empty": ("", "public_key: expected"),
}
IS_PRIVATE = "public_key: expected a public key, got a private one"
PRIVATE_KEYS = {
    "PKCS #8": pem(ENCLOSED, "PRIVATE KEY"),
    "PKCS #1": pem(PRIVATE, "RSA PRIVATE KEY"),
    "OpenSSH": pem(b"openssh-key-v1\0none", "OPENSSH PRIVATE KEY"),
    "without BEGIN": base64.b64encode(ENCLOSED).decode(),
    "called public": pem(ENCLOSED),
    "behind the public one": pem(KEY) + pem(ENCLOSED, "PRIVATE KEY"),
}


WRONG |= {f"private, {name}": (text, IS_PRIVATE) for name, text in PRIVATE_KEYS.items()}


@pytest.fixture(scope="module")
def wrong(running_simulator) -> dict[str, CellRun]:
    cells = [Cell(name, {**NAMED, "public_key": text}, steps=ONCE) for name, (text, _words) in WRONG.items()]
    return run_cells(running_simulator, MODULE, cells)


@pytest.mark.parametrize("name", WRONG)
def test_what_twilio_would_not_take_is_refused_before_any_request(wrong, name):
    assert wrong[name].apply.failed
    assert WRONG[name][1] in wrong[name].apply["msg"]
    assert wrong[name].requests["apply"] == []
    lines = [line for line in WRONG[name][0].splitlines() if not line.startswith("-----")]
    assert not [line for line in lines if line in str(wrong[name].apply.values)]


def test_a_private_key_is_neither_sent_nor_printed(simulator, tmp_path, execution):
    # From the environment, since the playbook itself could be printed.
    variables = {"ALONE": PRIVATE_KEYS["PKCS #8"], "BEHIND": PRIVATE_KEYS["behind the public one"]}
    connection = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    tasks = [
        {
            "name": variable,
            MODULE: {**connection, **NAMED, "public_key": f"{{{{ lookup('ansible.builtin.env', '{variable}') }}}}"},
            "ignore_errors": True,
        }
        for variable in variables
    ]
    run = ansible_playbook(tmp_path, [play(tasks)], "-vvvv", "--diff", **variables, **execution)
    for variable, text in variables.items():
        assert run.of(variable)["msg"].startswith(IS_PRIVATE)
        for line in text.splitlines():
            if not line.startswith("-----"):
                assert line not in run.output
    assert simulator.request_count() == 0
