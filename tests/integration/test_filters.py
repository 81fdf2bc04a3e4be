# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters accept vaulted values, which some releases pass as objects; their examples are correct."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from harness import CHECKOUT, Run, ansible_playbook, encrypt, play
from twilio.request_validator import RequestValidator

TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://shop.example.com/sms?shop=1"

#: Every argument of every filter, each vaulted in turn and within what it is a part of.
VALUES = {
    "url": URL,
    "token": TOKEN,
    "value": "a",
}
EXPRESSIONS = {
    "signature": "url | community.twilio.webhook_signature(auth_token=token, parameters={'Body': value})",
    "signature of a list": "url | community.twilio.webhook_signature(auth_token=token, parameters={'Body': [value]})",
    "signature of a variable": "url | community.twilio.webhook_signature(auth_token=token, parameters=form)",
}


def play_of(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a play that shows each expression's value for these values."""
    tasks = [
        {"name": f"{name} | {shown}", "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}}
        for shown, expression in EXPRESSIONS.items()
    ]
    return play(tasks, vars={**values, "form": {"Body": [values["value"]]}})


@pytest.fixture(scope="module")
def example() -> Mapping[str, Any]:
    """Return the documented task that sends JSON."""
    documented = yaml.safe_load((CHECKOUT / "plugins" / "filter" / "webhook_signature.yml").read_text(encoding="utf-8"))
    (found,) = [task for task in yaml.safe_load(documented["EXAMPLES"]) if "JSON" in task["name"]]
    assert found["ansible.builtin.uri"]["body_format"] == "json"
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory, example) -> Run:
    """Run the filters with plain values, with vaulted ones, and as in the example."""
    folder = tmp_path_factory.mktemp("filters")
    password = folder / "password"
    password.write_text("only for this test", encoding="utf-8")
    hidden = {name: encrypt(value, password) for name, value in VALUES.items()}
    request = example["ansible.builtin.uri"]
    shown = {"address": request["url"], "signature": request["headers"]["X-Twilio-Signature"]}
    variables = {**example["vars"], "webhook_url": URL, "twilio_auth_token": TOKEN}
    plays = [
        play_of("plain", VALUES),
        play_of("vaulted", hidden),
        play([{"name": "example", "ansible.builtin.debug": {"msg": shown}}], vars=variables),
    ]
    finished = ansible_playbook(folder, plays, "--vault-password-file", str(password))
    assert finished.status == 0, finished.output
    return finished


@pytest.mark.parametrize("shown", EXPRESSIONS)
def test_vaulted_values_are_opened(run, shown):
    signature = RequestValidator(TOKEN).compute_signature(URL, {"Body": "a"})
    assert run.of(f"plain | {shown}")["msg"] == run.of(f"vaulted | {shown}")["msg"] == signature


def test_the_example_for_json_is_signed_as_the_sdk_checks_it(run, example):
    made = run.of("example")["msg"]
    # What the module sends: it makes the body by json.dumps.
    body = json.dumps(example["vars"]["sample"])
    assert made["address"].startswith(f"{URL}&bodySHA256=")
    assert RequestValidator(TOKEN).validate(made["address"], body, made["signature"])
