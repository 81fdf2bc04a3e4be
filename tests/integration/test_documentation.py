# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation is correct: its examples run, in check mode and for real, and return what RETURN documents."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import pytest
import yaml
from harness import CHECKOUT, KEY_PAIR, ansible_playbook, make_sid, play
from simulator.seeding import PUBLIC_KEY

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))

SUBACCOUNT = make_sid("AC", 7)

#: What every result may hold beside what RETURN names.
ALWAYS = {"changed", "invocation", "diff", "warnings", "failed"}


def documented(module: str, name: str) -> Any:
    """Return the content of DOCUMENTATION, EXAMPLES or RETURN in a module's file."""
    source = (CHECKOUT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return yaml.safe_load(ast.literal_eval(statement.value))
    raise AssertionError(f"{module} has no {name}")


def each_twice(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each task in check mode, then for real, since later examples use what earlier ones created."""
    for task in tasks:
        if "ansible.builtin.include_role" in task:
            # It takes no such keyword.
            yield {"name": "Foresee", "check_mode": True, "block": [task]}
        else:
            yield {**{key: value for key, value in task.items() if key != "register"}, "check_mode": True}
        yield task


def differences(documentation: Mapping[str, Any], result: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield undocumented keys of a result, and missing keys that are documented as always returned."""
    for key in sorted(set(result) - set(documentation)):
        yield f"{place}{key} is not documented"
    for key, entry in documentation.items():
        if key not in result:
            if entry["returned"] in ("always", "success"):
                yield f"{place}{key} is not returned"
            continue
        for item in result[key] if isinstance(result[key], list) else [result[key]]:
            if isinstance(item, dict) and "contains" in entry:
                yield from differences(entry["contains"], item, f"{place}{key}.")


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_and_return_what_is_documented(simulator, tmp_path, module):
    simulator.settings(own_auth_token=True)
    staged = "5" * 32
    if module == "twilio_auth_token_info":
        simulator.seed({"accounts": [{"sid": simulator.account_sid, "secondary_auth_token": staged}]})
    simulator.seed({"accounts": [{"sid": SUBACCOUNT, "owner_account_sid": simulator.account_sid}]})
    variables = {
        "shop": {"account": {"sid": SUBACCOUNT}},
        "twilio_account_sid": simulator.account_sid,
        "twilio_auth_token": simulator.auth_token,
        "twilio_staged_auth_token": staged,
        "recordings_key_id": KEY_PAIR["aws_access_key_id"],
        "recordings_key_secret": KEY_PAIR["aws_secret_access_key"],
        "recordings_public_key": PUBLIC_KEY,
        "recordings": {"public_key": PUBLIC_KEY},
        "billing_environment_file": str(tmp_path / "billing.env"),
        "twilio_keys": str(tmp_path / "keys"),
        "rotate_auth_token_account_sid": simulator.account_sid,
        "rotate_auth_token_initial_auth_token": simulator.auth_token,
        "rotate_auth_token_initial_rotated_at": "2020-01-31",
        "rotate_auth_token_base_url": simulator.url,
        "rotate_auth_token_store_path": str(tmp_path / "records"),
        "rotate_auth_token_store_password": "only for this test",
        "rotate_auth_token_distribute_tasks": str(tmp_path / "hook.yml"),
        "security_report_path": str(tmp_path / "report.html"),
    }
    if module == "rotation_status":
        today = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {"account_sid": SUBACCOUNT, "primary": staged, "phase": "idle", "rotated_at": today}
        file = tmp_path / "records" / f"{SUBACCOUNT}.yml"
        RecordFile(str(file), variables["rotate_auth_token_store_password"]).save(record, NO_VERSION)
    (tmp_path / "hook.yml").write_text("- ansible.builtin.meta: noop\n", encoding="utf-8")
    connection = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    tasks = list(each_twice(documented(module, "EXAMPLES")))
    examples = play(tasks, module_defaults={"group/community.twilio.all": connection})
    examples["vars"].update(variables)
    # What examples of roles connect with.
    environment = {f"TWILIO_{option.upper()}": value for option, value in connection.items()}
    run = ansible_playbook(tmp_path, [examples], **environment)
    assert run.status == 0, run.output
    own = f"community.twilio.{module}"
    results = [result.values for result in run.results if result.action == own and result.kind == "ok"]
    assert results
    documentation = documented(module, "RETURN")
    for result in results:
        kept = {key: value for key, value in result.items() if key not in ALWAYS and not key.startswith("_ansible")}
        if "censored" not in kept:
            assert list(differences(documentation, kept, "")) == []


def test_the_first_playbook_of_the_readme_runs_as_it_stands(simulator, tmp_path):
    plays = yaml.safe_load((CHECKOUT / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0])
    account = {"ACCOUNT_SID": simulator.account_sid, "AUTH_TOKEN": simulator.auth_token, "BASE_URL": simulator.url}
    environment = {f"TWILIO_{name}": value for name, value in account.items()}
    simulator.settings(forbid_writes=True)
    # The tests' inventory names localhost, which without one is reached so.
    local = ("--connection", "local")
    dry = ansible_playbook(tmp_path, plays, "--check", "--diff", *local, **environment)
    assert dry.status == 0, dry.output
    assert simulator.health()["forbidden_writes"] == 0
    simulator.settings(forbid_writes=False)
    changed = []
    for _time in range(2):
        run = ansible_playbook(tmp_path, plays, *local, **environment)
        assert run.status == 0, run.output
        changed.append([result.get("changed") for result in run.results])
    assert changed == [[result.get("changed") for result in dry.results], [False, False]]
