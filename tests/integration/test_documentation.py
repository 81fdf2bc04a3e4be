# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation is correct: its examples run, in check mode and for real, and return what RETURN documents."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import CHECKOUT, KEY_PAIR, Run, ansible_playbook, make_sid, play
from simulator.client import Simulator
from simulator.seeding import PUBLIC_KEY

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))

#: Its examples replace the token that the environment has.
LAST = "rotation_step"
STAGED = "5" * 32
FAILED = "An example failed"

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


def account_of(simulator: Simulator, module: str) -> dict[str, str]:
    """Return the connection to the account of one module's examples.

    The roles in the examples of the modules that run on the controller have theirs from the environment.
    """
    sid = make_sid("AC", 100 + MODULES.index(module)) if module.startswith("twilio_") else simulator.account_sid
    staged = {"secondary_auth_token": STAGED} if module == "twilio_auth_token_info" else {}
    (account,) = simulator.seed({"accounts": [{"sid": sid, **staged}]})["accounts"]
    return {"account_sid": sid, "auth_token": account["auth_token"], "base_url": simulator.url}


def examples_of(simulator: Simulator, module: str, folder: Path) -> dict[str, Any]:
    """Return the play that runs a module's examples, on a host of its name; after a failure the other plays run."""
    account, subaccount = account_of(simulator, module), make_sid("AC", 200 + MODULES.index(module))
    simulator.seed({"accounts": [{"sid": subaccount, "owner_account_sid": account["account_sid"]}]})
    folder.mkdir()
    variables = {
        "shop": {"account": {"sid": subaccount}},
        "twilio_account_sid": account["account_sid"],
        "twilio_auth_token": account["auth_token"],
        "twilio_staged_auth_token": STAGED,
        "recordings_key_id": KEY_PAIR["aws_access_key_id"],
        "recordings_key_secret": KEY_PAIR["aws_secret_access_key"],
        "recordings_public_key": PUBLIC_KEY,
        "recordings": {"public_key": PUBLIC_KEY},
        "billing_environment_file": str(folder / "billing.env"),
        "twilio_keys": str(folder / "keys"),
        "rotate_auth_token_account_sid": account["account_sid"],
        "rotate_auth_token_initial_auth_token": account["auth_token"],
        "rotate_auth_token_initial_rotated_at": "2020-01-31",
        "rotate_auth_token_base_url": account["base_url"],
        "rotate_auth_token_store_path": str(folder / "records"),
        "rotate_auth_token_store_password": "only for this test",
        "rotate_auth_token_distribute_tasks": str(folder / "hook.yml"),
        "security_report_path": str(folder / "report.html"),
    }
    if module == "rotation_status":
        today = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {"account_sid": subaccount, "primary": STAGED, "phase": "idle", "rotated_at": today}
        file = folder / "records" / f"{subaccount}.yml"
        RecordFile(str(file), variables["rotate_auth_token_store_password"]).save(record, NO_VERSION)
    (folder / "hook.yml").write_text("- ansible.builtin.meta: noop\n", encoding="utf-8")
    failure = {"name": FAILED, "ansible.builtin.debug": {"msg": "{{ ansible_failed_task.name }}"}}
    tasks = [{"block": list(each_twice(documented(module, "EXAMPLES"))), "rescue": [failure]}]
    examples = play(tasks, hosts=module, module_defaults={"group/community.twilio.all": account})
    examples["vars"].update(variables)
    return examples


@pytest.fixture(scope="module")
def ran(running_simulator, tmp_path_factory) -> Run:
    """Return the one run of all examples."""
    running_simulator.reset()
    running_simulator.settings(own_auth_token=True)
    folder = tmp_path_factory.mktemp("examples")
    plays = [examples_of(running_simulator, module, folder / module) for module in sorted(MODULES, key=LAST.__eq__)]
    # What examples of roles connect with.
    environment = {
        "TWILIO_ACCOUNT_SID": running_simulator.account_sid,
        "TWILIO_AUTH_TOKEN": running_simulator.auth_token,
        "TWILIO_BASE_URL": running_simulator.url,
    }
    return ansible_playbook(folder, plays, "-i", f"{','.join(MODULES)},", **environment)


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_and_return_what_is_documented(ran, module):
    assert ran.status == 0, ran.output
    assert [result["msg"] for result in ran.results if result.host == module and result.task == FAILED] == []
    own = f"community.twilio.{module}"
    results = [
        result.values for result in ran.results if (result.host, result.action, result.kind) == (module, own, "ok")
    ]
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
    run = ansible_playbook(tmp_path, plays * 2, *local, **environment)
    assert run.status == 0, run.output
    changed = [result.get("changed") for result in run.results]
    assert changed == [*(result.get("changed") for result in dry.results), False, False]
