# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup ``rotation_record`` in a play: vaulted options, tokens that look like templates, and its sentences."""

from __future__ import annotations

from typing import Any

from harness import ansible_playbook, encrypt, make_sid, play

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

ACCOUNT = make_sid("AC", 1)
TOKEN = "0123456789abcdef0123456789abcdef"
TEMPLATE = "{{ 1 + 1 }}"
PASSWORD = "only for {{ this }} test"
RECORD = {"account_sid": ACCOUNT, "phase": "idle", "primary": TOKEN, "pending": TEMPLATE}


def expression(name: str = "account", password: str = "password", more: str = "") -> str:
    return f"lookup('community.twilio.rotation_record', {name}, store_path=store, store_password={password}{more})"


def show(name: str, expression: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}, "ignore_errors": True, **more}


def test_a_record_in_a_play(tmp_path):
    store = tmp_path / "store"
    RecordFile(str(store / f"{ACCOUNT}.yml"), PASSWORD).save(RECORD, NO_VERSION)
    vault_password = tmp_path / "password"
    vault_password.write_text("another one", encoding="utf-8")
    tasks = [
        show("whole", expression()),
        show("token", f"{expression()}.primary"),
        show("variable", "record.pending"),
        show("vaulted", f"{expression(password='hidden')}.primary"),
        show("list", f"query{expression().removeprefix('lookup')} | map(attribute='phase') | first"),
        show("missing", expression(name="'missing'")),
        show("relative", expression(name="'../' ~ account")),
        show("another password", expression(password="'another'")),
        show("a number", expression(password="123456")),
    ]
    variables = {
        "account": ACCOUNT,
        "store": str(store),
        "hidden": encrypt(PASSWORD, vault_password),
        "record": f"{{{{ {expression()} }}}}",
    }
    passwords = tmp_path / "passwords.yml"
    passwords.write_text(f"password: !unsafe '{PASSWORD}'\n", encoding="utf-8")
    run = ansible_playbook(
        tmp_path,
        [play(tasks, vars=variables, vars_files=[str(passwords)])],
        "--vault-password-file",
        str(vault_password),
    )
    assert run.status == 0, run.output
    assert run.of("whole")["msg"] == RECORD
    assert run.of("token")["msg"] == run.of("vaulted")["msg"] == TOKEN
    assert run.of("variable")["msg"] == TEMPLATE
    assert run.of("list")["msg"] == "idle"
    for name, message in {
        "missing": f"There is no record of missing in {store}.",
        "relative": "Expected the name of a record",
        "another password": "another password",
        "a number": "expected a text",
    }.items():
        assert run.of(name).failed
        assert message in run.of(name)["msg"]
    assert PASSWORD not in run.output
