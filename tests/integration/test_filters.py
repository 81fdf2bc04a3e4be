# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters accept vaulted values, which some releases pass as objects; their examples are correct."""

from __future__ import annotations

import json
from typing import Any

import yaml
from harness import CHECKOUT, ansible_playbook, encrypt, play
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


def results(folder, values: dict[str, Any], *arguments: str) -> dict[str, Any]:
    variables = {
        **values,
        "form": {"Body": [values["value"]]},
    }
    tasks = [
        {"name": name, "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}}
        for name, expression in EXPRESSIONS.items()
    ]
    run = ansible_playbook(folder, [play(tasks, vars=variables)], *arguments)
    assert run.status == 0, run.output
    return {name: run.of(name)["msg"] for name in EXPRESSIONS}


def test_vaulted_values_are_opened(tmp_path):
    password = tmp_path / "password"
    password.write_text("only for this test", encoding="utf-8")
    plain = results(tmp_path, VALUES)
    assert plain["signature"] == RequestValidator(TOKEN).compute_signature(URL, {"Body": "a"})
    hidden = {name: encrypt(value, password) for name, value in VALUES.items()}
    assert results(tmp_path, hidden, "--vault-password-file", str(password)) == plain


def test_the_example_for_json_is_signed_as_the_sdk_checks_it(tmp_path):
    documented = yaml.safe_load((CHECKOUT / "plugins" / "filter" / "webhook_signature.yml").read_text(encoding="utf-8"))
    (example,) = [task for task in yaml.safe_load(documented["EXAMPLES"]) if "JSON" in task["name"]]
    request = example["ansible.builtin.uri"]
    shown = {"address": request["url"], "signature": request["headers"]["X-Twilio-Signature"]}
    assert request["body_format"] == "json"
    task = {"name": "show", "ansible.builtin.debug": {"msg": shown}}
    run = ansible_playbook(
        tmp_path, [play([task], vars={**example["vars"], "webhook_url": URL, "twilio_auth_token": TOKEN})]
    )
    made = run.of("show")["msg"]
    # What the module sends: it makes the body by json.dumps.
    body = json.dumps(example["vars"]["sample"])
    assert made["address"].startswith(f"{URL}&bodySHA256=")
    assert RequestValidator(TOKEN).validate(made["address"], body, made["signature"])
