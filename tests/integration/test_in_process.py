# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In-process execution: its results equal those of a module, and tasks that need another process get one.

Connections show how a loop ran: in process, its items share one connection; modules open one each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from harness import CHECKOUT, KEY_PAIR, KEY_SECRET, Result, ansible_playbook, encrypt, make_sid, play
from simulator.seeding import PUBLIC_KEY

AS_MODULE = {"COMMUNITY_TWILIO_IN_PROCESS": "false"}
IN_PROCESS = {"COMMUNITY_TWILIO_IN_PROCESS": "true"}
NAMES = "community.twilio.twilio_"
ONE, TWO = "+14155552671", "+14155552672"
SECONDARY = "5" * 32
OWN = make_sid("SK", 7)

REPLACE = {"update_secret": "when_changed", "remove_replaced": True, **KEY_PAIR}

#: Tasks, one after the other; each module's successes and failures, what changes and what stays.
TASKS: list[tuple[str, dict[str, Any]]] = [
    ("aws_credential", {"friendly_name": "recordings", "update_secret": "when_changed", **KEY_PAIR}),
    ("aws_credential", {"friendly_name": "recordings", "update_secret": "when_changed", **KEY_PAIR}),
    ("aws_credential", {"friendly_name": "unsigned", "update_secret": "when_changed", **KEY_PAIR}),
    ("aws_credential", {"friendly_name": "unsigned", "update_secret": "when_changed", "unsigned": "fail", **KEY_PAIR}),
    ("aws_credential", {"friendly_name": "unsigned", "update_secret": "when_changed", "unsigned": "adopt", **KEY_PAIR}),
    ("aws_credential", {"friendly_name": "unsigned", "state": "absent"}),
    ("aws_credential", {"friendly_name": "twice", **REPLACE}),
    ("aws_credential", {"friendly_name": "twice", "unsigned": "replace", **REPLACE}),
    ("aws_credential", {"friendly_name": "nothing to make it of"}),
    ("aws_credential", {"friendly_name": "x", "aws_access_key_id": "wrong", "aws_secret_access_key": "hunter2"}),
    ("aws_credential", {"friendly_name": "x", "aws_access_key_id": KEY_PAIR["aws_access_key_id"]}),
    ("aws_credential", {"friendly_name": "x", "state": "gone"}),
    ("aws_credential", {"friendly_name": "x", "colour": "blue"}),
    ("aws_credential", {"sid": make_sid("CR", 99)}),
    ("aws_credential_info", {}),
    ("aws_credential_info", {"friendly_name": "recordings", "timeout": "7.5", "validate_certs": "no"}),
    ("aws_credential_info", {"sid": "CR1"}),
    ("aws_credential_info", {"sid": "CR1", "auth_token": "7.5", "timeout": 7.5, "friendly_name": "7.5 and 17.55"}),
    ("aws_credential_info", {"sid": "hunter22", "auth_token": "hunter2", "api_key_secret": "hunter22"}),
    ("aws_credential_info", {"auth_token": "f" * 32}),
    ("public_key", {"friendly_name": "recordings", "public_key": PUBLIC_KEY}),
    ("public_key", {"friendly_name": "recordings", "public_key": "PRIVATE"}),
    ("public_key_info", {}),
    ("public_key_info", {"sid": "CR1"}),
    ("api_key", {"friendly_name": "service", "permissions": ["/twilio/b", "/twilio/a"]}),
    ("api_key", {"friendly_name": "service", "permissions": ["/twilio/a", "/twilio/b"]}),
    ("api_key", {"friendly_name": "service", "permissions": "/twilio/a"}),
    ("api_key", {"friendly_name": "standard", "permissions": ["/twilio/a"]}),
    ("api_key", {"friendly_name": "own", "state": "absent", "api_key_sid": OWN, "api_key_secret": "hunter2hunter2"}),
    ("api_key", {"sid": OWN, "state": "absent", "api_key_sid": OWN, "api_key_secret": "hunter2hunter2"}),
    ("api_key", {"friendly_name": "standard", "state": "absent"}),
    ("api_key", {"friendly_name": "service", "permissions": ["messages"]}),
    ("api_key_info", {"with_permissions": "yes"}),
    ("api_key_info", {"sid": "SK1"}),
    ("safelist_number", {"phone_number": [ONE, TWO]}),
    ("safelist_number", {"phone_number": ONE}),
    ("safelist_number", {"phone_number": [ONE], "state": "absent"}),
    ("safelist_number", {"phone_number": 14155552671}),
    ("safelist_number", {"phone_number": [ONE], "auth_token": "f" * 32}),
    ("safelist_number_info", {"phone_number": [ONE, TWO]}),
    ("safelist_number_info", {"phone_number": "4155552671"}),
    ("messaging_geo_permission", {"enabled": ["NO"], "disabled": ["US"]}),
    ("messaging_geo_permission", {"enabled": ["DE", "NO"], "others": "disabled"}),
    ("messaging_geo_permission", {"enabled": ["PK", "SE"]}),
    ("messaging_geo_permission", {"enabled": ["DE", False]}),
    ("messaging_geo_permission", {"enabled": False}),
    ("messaging_geo_permission", {"enabled": ["DE"], "disabled": ["DE"]}),
    ("messaging_geo_permission", {"enabled": "UK"}),
    ("messaging_geo_permission_info", {"country_code": "DE,NO"}),
    ("messaging_geo_permission_info", {}),
    ("messaging_geo_permission_info", {"country_code": [False]}),
    ("account", {"friendly_name": "shop"}),
    ("account", {"friendly_name": "shop", "state": "suspended"}),
    ("account", {"friendly_name": "shop", "state": "closed"}),
    ("account_info", {}),
    ("account_info", {"auth_token": None}),
    ("account_info", {"account_sid": None}),
    ("usage_info", {"category": "sms"}),
    ("usage_info", {"start_date": "2026-02-01", "end_date": "2026-01-01"}),
    ("auth_token_info", {"secondary_auth_token": SECONDARY}),
    ("auth_token_info", {"secondary_auth_token": ""}),
    ("auth_token", {"secondary_auth_token": SECONDARY}),
    ("auth_token", {"state": "absent"}),
    ("auth_token", {"secondary_auth_token": "f" * 32}),
    ("auth_token", {"state": "promoted"}),
]


def first_and_last() -> list[tuple[str, dict[str, Any]]]:
    """Return two tasks of each module, one that succeeds and one that fails."""
    ends = {module: [task for task in TASKS if task[0] == module] for module, _options in TASKS}
    return [task for tasks in ends.values() for task in (tasks[0], tasks[-1])]


#: Each task takes a process of its own where it runs as a module. Two of each module are compared. At night all are,
#: and two of each in check mode.
FEW = first_and_last()
RUNS = [(FEW, ["--diff"])]
if os.environ.get("EVERY_TASK_BOTH_WAYS"):
    RUNS = [(TASKS, ["--diff"]), (FEW, ["--check", "--diff"])]


def connection(simulator) -> dict[str, str]:
    return {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}


def comparable(value: Any) -> Any:
    """Return values without what differs from run to run: SIDs and dates that are made anew, addresses, ports."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if not key.startswith("_ansible") and key != "ansible_facts"}
        return {key: comparable(item) for key, item in kept.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"(CR|SK|GN|RQ|AC)[0-9a-f]{32}", r"\1", value)
        value = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "date", value)
        return re.sub(r"[0-9a-f]{32}", "token", value)
    return value


def results_by(simulator, folder, environment, tested, *arguments) -> list[Result]:
    simulator.reset()
    there = [{"friendly_name": name} for name in ("unsigned", "twice", "twice")]
    keys = [
        {"friendly_name": "standard"},
        {"sid": OWN, "secret": "hunter2hunter2", "kind": "main", "friendly_name": "own"},
    ]
    seed = {"secondary_auth_token": SECONDARY, "aws_credentials": there, "api_keys": keys}
    simulator.seed({"accounts": [{"sid": simulator.account_sid, **seed}]})
    tasks = [
        {
            "name": f"{number} {module} {sorted(options)}",
            f"{NAMES}{module}": {**connection(simulator), **options},
            "ignore_errors": True,
        }
        for number, (module, options) in enumerate(tested)
    ]
    run = ansible_playbook(folder, [play(tasks)], *arguments, **environment)
    assert run.status == 0, run.output
    # Of all releases of ansible-core that the two ways are compared on, none announces the end of what is used here.
    assert "[DEPRECATION WARNING]" not in run.output
    assert len(run.results) == len(tested)
    return list(run.results)


#: The modules that run either execution, without the part of their names that all have.
MODULES = sorted(path.stem.removeprefix("twilio_") for path in (CHECKOUT / "plugins" / "action").glob("twilio_*.py"))


@pytest.mark.parametrize(("tested", "arguments"), RUNS, ids=["applied", "with_check_mode"][: len(RUNS)])
def test_results_are_the_same_either_way_and_hold_no_secret(simulator, tmp_path, tested, arguments):
    here = results_by(simulator, tmp_path, IN_PROCESS, tested, *arguments)
    there = results_by(simulator, tmp_path, AS_MODULE, tested, *arguments)
    kinds: dict[str, set[str]] = {module: set() for module in MODULES}
    for (module, options), one, other in zip(tested, here, there):
        assert (one.kind, comparable(one.values)) == (other.kind, comparable(other.values)), (module, options)
        kinds[module].add(one.kind)
        if options == {"account_sid": None}:
            assert "TWILIO_ACCOUNT_SID" in one.values["msg"]
        for secret in (KEY_SECRET, "hunter2", simulator.auth_token):
            assert secret not in str(one.values), (module, options)
            assert secret not in str(other.values), (module, options)
    assert kinds == {module: {"ok", "failed"} for module in MODULES}


KEY_PAIRS = {"one": KEY_PAIR}


@pytest.mark.parametrize("environment", [IN_PROCESS, AS_MODULE])
@pytest.mark.parametrize(
    ("item", "how"),
    [
        ("{{ key_pairs[item] }}", {"loop": "{{ key_pairs | list }}"}),
        ("{{ item }}", {"loop": "{{ key_pairs.values() | list }}", "no_log": True}),
    ],
    ids=["names", "no_log"],
)
def test_a_loop_as_documented_prints_no_secret(simulator, tmp_path, environment, item, how):
    options = {name: f"{item[:-3]}.{name} }}}}" for name in KEY_PAIR}
    tasks = [
        {
            "name": name,
            f"{NAMES}aws_credential": {**connection(simulator), "friendly_name": name, **options, **more},
            "ignore_errors": True,
            **how,
        }
        for name, more in (("held", {}), ("refused", {"sid": "CR1"}))
    ]
    # Beside the playbook: where a task fails, the lines around it are printed.
    variables = tmp_path / "variables.yml"
    variables.write_text(json.dumps({"key_pairs": KEY_PAIRS}), encoding="utf-8")
    run = ansible_playbook(tmp_path, [play(tasks, vars_files=[str(variables)])], "-vvv", **environment)
    assert run.status == 0, run.output
    assert [result.failed for result in run.results if result.kind.startswith("item")] == [False, True]
    assert KEY_SECRET not in run.output


#: Pythons that are too old for the collection, and that this release of ansible-core still runs modules with.
OLD_PYTHONS = [version for version in ((3, 7), (3, 8)) if version >= basic._PY_MIN]


def interpreter(version: tuple[int, int]) -> str | None:
    """Return the path of a Python of that version, None where there is none; pyenv's shims may stand for none."""
    name = ".".join(map(str, version))
    known = [shutil.which(f"python{name}"), *map(str, Path.home().glob(f".pyenv/versions/{name}.*/bin/python"))]
    for path in filter(None, known):
        if subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


@pytest.mark.parametrize("version", OLD_PYTHONS)
@pytest.mark.parametrize("module", ["account_info", "public_key", "safelist_number", "usage_info"])
def test_an_old_python_on_the_target_is_reported_in_a_sentence(simulator, tmp_path, version, module):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version[0]}.{version[1]} is not on this machine")
    task = {"name": "run", f"{NAMES}{module}": connection(simulator), "ignore_errors": True}
    run = ansible_playbook(tmp_path, [play([task], vars={"ansible_python_interpreter": python})], **AS_MODULE)
    wanted = f"community.twilio needs Python 3.9 or later on the target; this is {version[0]}.{version[1]}."
    assert wanted in run.of("run")["msg"]
    assert simulator.requests() == []


#: Pythons that targets may have, as far as this release of ansible-core runs modules with them.
TARGET_PYTHONS = [version for version in ((3, minor) for minor in range(9, 15)) if version >= basic._PY_MIN]
#: What modules import beside the standard library; all of it is pure Python.
LIBRARIES = ("requests", "urllib3", "idna", "certifi", "charset_normalizer", "voluptuous")


@pytest.fixture(scope="module")
def looked_by(running_simulator, tmp_path_factory) -> dict[tuple[int, int], Result | str]:
    """Return what a module came to on a target of each Python, or why there is no such target."""
    running_simulator.reset()
    folder = tmp_path_factory.mktemp("targets")
    libraries = folder / "libraries"
    libraries.mkdir()
    for name in LIBRARIES:
        (libraries / name).symlink_to(Path(import_module(name).__file__ or "").parent)
    found: dict[tuple[int, int], Result | str] = {}
    hosts: dict[str, dict[str, str]] = {}
    for version in TARGET_PYTHONS:
        python, name = interpreter(version), f"python{version[0]}.{version[1]}"
        if python is None:
            found[version] = f"{name} is not on this machine"
        elif imports(python, libraries):
            hosts[name] = {"ansible_python_interpreter": python, "ansible_connection": "local"}
        else:
            found[version] = f"{name} can't import the libraries that this Python has"
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    task = look(running_simulator, environment={"PYTHONPATH": str(libraries)})
    del task["loop"]
    task[f"{NAMES}safelist_number_info"]["phone_number"] = ONE
    wide = play([task], hosts="all", vars={})
    run = ansible_playbook(folder, [wide], "-i", str(inventory), "--limit", "all:!localhost", **AS_MODULE)
    results = {result.host: result for result in run.results}
    for version in TARGET_PYTHONS:
        if version not in found:
            found[version] = results[f"python{version[0]}.{version[1]}"]
    return found


def imports(python: str, libraries: Path) -> bool:
    """Return whether a Python can import the libraries, of which another one has the newest releases for itself."""
    command = [python, "-c", f"import {', '.join(LIBRARIES)}"]
    environment = {"PYTHONPATH": str(libraries), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("version", TARGET_PYTHONS, ids=lambda version: f"{version[0]}.{version[1]}")
def test_a_module_runs_with_each_python_of_a_target(looked_by, version):
    looked = looked_by[version]
    if isinstance(looked, str):
        pytest.skip(looked)
    assert not looked.failed, looked.values
    assert [number["exists"] for number in looked["numbers"]] == [False]


LOOKS = 3


def look(simulator, **more) -> dict[str, Any]:
    """Return a task that looks a number up three times."""
    return {
        "name": "look",
        f"{NAMES}safelist_number_info": {**connection(simulator), "phone_number": "{{ item }}"},
        "loop": [ONE] * LOOKS,
        "register": "looked",
        **more,
    }


def connections(simulator, folder, tasks, *arguments, environment=None, **more) -> int:
    """Run tasks that look, and return how many connections they took."""
    simulator.control("DELETE", "connections")
    run = ansible_playbook(folder, [play(tasks, **more)], *arguments, **{**IN_PROCESS, **(environment or {})})
    assert run.status == 0, run.output
    return simulator.connections()["total"]


def test_a_loop_shares_one_connection_in_the_worker(simulator, tmp_path):
    assert connections(simulator, tmp_path, [look(simulator)]) == 1
    assert simulator.request_count() == LOOKS


@pytest.mark.parametrize("arguments", [("--check",), ("--diff",), ("-vvvv",), ("--forks", "50")])
def test_it_stays_in_the_worker(simulator, tmp_path, arguments):
    assert connections(simulator, tmp_path, [look(simulator)], *arguments) == 1


def test_nothing_is_shared_between_accounts(simulator, tmp_path):
    other = {"sid": make_sid("AC", 5), "auth_token": "7" * 32}
    simulator.seed({"accounts": [other]})
    both = [connection(simulator), {**connection(simulator), "account_sid": other["sid"], "auth_token": "7" * 32}]
    task = {
        "name": "look",
        f"{NAMES}safelist_number_info": {
            "account_sid": "{{ item.account_sid }}",
            "auth_token": "{{ item.auth_token }}",
            "base_url": simulator.url,
            "phone_number": ONE,
        },
        "loop": [*both, both[1]],
    }
    assert connections(simulator, tmp_path, [task]) == 2
    used: dict[int, set[str]] = {}
    for entry in simulator.requests():
        used.setdefault(entry["connection"], set()).add(entry["account_sid"])
    assert [len(accounts) for accounts in used.values()] == [1, 1]


def test_it_can_be_turned_off(simulator, tmp_path):
    assert connections(simulator, tmp_path, [look(simulator)], environment=AS_MODULE) == LOOKS
    by_variable = look(simulator, vars={"community_twilio_in_process": False})
    assert connections(simulator, tmp_path, [by_variable]) == LOOKS


def test_a_task_that_needs_another_process_gets_one(simulator, tmp_path):
    assert connections(simulator, tmp_path, [look(simulator, **{"async": 30, "poll": 1})]) == LOOKS
    assert connections(simulator, tmp_path, [look(simulator, environment={"ANY": "thing"})]) == LOOKS


def test_an_environment_reaches_the_module(simulator, tmp_path):
    environment = {"TWILIO_ACCOUNT_SID": simulator.account_sid, "TWILIO_AUTH_TOKEN": simulator.auth_token}
    task = look(simulator, environment={**environment, "TWILIO_BASE_URL": simulator.url})
    task[f"{NAMES}safelist_number_info"] = {"phone_number": ONE}
    assert connections(simulator, tmp_path, [task]) == LOOKS


@pytest.mark.skipif(not shutil.which("su"), reason="su, to become another user with, is not on this machine")
@pytest.mark.parametrize("how", [{"become": True}, {"vars": {"ansible_become": True}}])
def test_become_runs_the_ordinary_module(simulator, tmp_path, how):
    how = {**how, "vars": {**how.get("vars", {}), "ansible_become_method": "su", "ansible_become_user": "root"}}
    assert connections(simulator, tmp_path, [look(simulator, **how)]) == LOOKS


def test_delegation_follows_the_other_hosts_connection(simulator, tmp_path):
    local = look(simulator, delegate_to="elsewhere", vars={"ansible_connection": "local"})
    assert connections(simulator, tmp_path, [local]) == 1
    foreign = look(simulator, delegate_to="elsewhere", ignore_unreachable=True, vars={"ansible_connection": "ssh"})
    foreign["vars"].update(ansible_host="127.0.0.1", ansible_port=9, ansible_ssh_common_args="-o ConnectTimeout=1")
    simulator.clear_requests()
    ansible_playbook(tmp_path, [play([foreign])], **IN_PROCESS)
    assert simulator.requests() == []


def test_a_short_name_is_the_same_module(simulator, tmp_path):
    task = look(simulator)
    task["twilio_safelist_number_info"] = task.pop(f"{NAMES}safelist_number_info")
    assert connections(simulator, tmp_path, [task], collections=["community.twilio"]) == 1


def test_defaults_of_the_group_and_of_the_module(simulator, tmp_path):
    task = look(simulator)
    task[f"{NAMES}safelist_number_info"] = {"phone_number": ONE}
    for name in ("group/community.twilio.all", f"{NAMES}safelist_number_info"):
        assert connections(simulator, tmp_path, [task], module_defaults={name: connection(simulator)}) == 1


def test_vaulted_and_unsafe_arguments(simulator, tmp_path):
    password = tmp_path / "password"
    password.write_text("only for this test", encoding="utf-8")
    task = look(simulator, loop="{{ numbers }}")
    task[f"{NAMES}safelist_number_info"]["auth_token"] = encrypt(simulator.auth_token, password)
    variables = {"numbers": "{{ ['" + ONE + "'] * 3 | int }}", "ansible_python_interpreter": sys.executable}
    assert connections(simulator, tmp_path, [task], "--vault-password-file", str(password), vars=variables) == 1
    assert {entry["status"] for entry in simulator.requests()} == {404}


def test_a_registered_result_is_tried_until_it_is_right(simulator, tmp_path):
    simulator.faults([{"method": "GET", "kind": "status", "status": 400, "code": 1, "message": "Not yet", "count": 2}])
    task = look(simulator, until="looked is success", retries=5, delay=0)
    del task["loop"]
    task[f"{NAMES}safelist_number_info"]["phone_number"] = ONE
    assert connections(simulator, tmp_path, [task]) == 1
    assert simulator.request_count() == 3


def test_strategies_and_many_hosts(simulator, tmp_path):
    """200 tasks on 50 hosts at once; what is registered belongs to each."""
    hosts = "".join(f"host{number}\n" for number in range(50))
    inventory = tmp_path / "hosts"
    inventory.write_text(f"{hosts}[all:vars]\nansible_connection=local\n", encoding="utf-8")
    tasks = [
        look(simulator),
        look(simulator, throttle=1, run_once=True),
        {
            "name": "check",
            "ansible.builtin.assert": {"that": ["looked.results | length == 3", "looked is not changed"]},
        },
    ]
    for strategy in ("linear", "free"):
        wide = [task for task in tasks if strategy == "linear" or "run_once" not in task]
        run = ansible_playbook(
            tmp_path,
            [play(wide, hosts="all", strategy=strategy)],
            "-i",
            str(inventory),
            "--forks",
            "50",
            **IN_PROCESS,
        )
        assert run.status == 0, run.output
