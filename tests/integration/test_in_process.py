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


def ends(position: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the first task of each module, which succeeds, or the last one, which fails."""
    of_each = {module: [task for task in TASKS if task[0] == module] for module, _options in TASKS}
    return [tasks[position] for tasks in of_each.values()]


#: How a failure is returned doesn't depend on the module: one of each origin. They are an option that is missing,
#: one that holds a secret, several options together, what is there, and the answer to a request.
FAILURES = [
    ("account_info", {"account_sid": None}),
    ("aws_credential_info", {"sid": "hunter22", "auth_token": "hunter2", "api_key_secret": "hunter22"}),
    ("usage_info", {"start_date": "2026-12-31", "end_date": "2026-01-01"}),
    ("aws_credential", {"sid": make_sid("CR", 99)}),
    ("auth_token", {"state": "promoted"}),
]

#: Each task takes a process of its own where it runs as a module. A success of each module is compared, and each kind
#: of failure. At night all tasks are, and two of each module in check mode.
EVERYTHING = bool(os.environ.get("EVERY_TASK_BOTH_WAYS"))
RUNS = [([*ends(0), *FAILURES], ["--diff"])]
if EVERYTHING:
    RUNS = [(TASKS, ["--diff"]), ([*ends(0), *ends(-1)], ["--check", "--diff"])]


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
        value = re.sub(r"([A-Z]{2})[0-9a-f]{32}", r"\1", value)
        value = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "date", value)
        return re.sub(r"[0-9a-f]{32}", "token", value)
    return value


def results_by(simulator, folder, environment, tested, *arguments) -> tuple[list[Result], int]:
    """Return the results of tasks, and how many connections a loop that follows them took."""
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
    run = ansible_playbook(folder, [play([*tasks, look(simulator, LAST)])], *arguments, **environment)
    assert run.status == 0, run.output
    # Of all releases of ansible-core that the two ways are compared on, none announces the end of what is used here.
    assert "[DEPRECATION WARNING]" not in run.output
    results = [result for result in run.results if result.task != "look"]
    assert len(results) == len(tested)
    return results, connections(simulator.requests(), LAST)


#: The modules that run either execution, without the part of their names that all have.
MODULES = sorted(path.stem.removeprefix("twilio_") for path in (CHECKOUT / "plugins" / "action").glob("twilio_*.py"))


def test_each_module_has_a_task_that_succeeds_and_one_that_fails():
    few = [module for module in MODULES if [name for name, _options in TASKS].count(module) < 2]
    assert not few, f"{few} need two tasks in TASKS, of which the first succeeds and the last fails"


@pytest.mark.parametrize(("tested", "arguments"), RUNS, ids=["applied", "with_check_mode"][: len(RUNS)])
def test_results_are_the_same_either_way_and_hold_no_secret(simulator, tmp_path, tested, arguments):
    here, shared = results_by(simulator, tmp_path, IN_PROCESS, tested, *arguments)
    there, opened = results_by(simulator, tmp_path, AS_MODULE, tested, *arguments)
    assert (shared, opened) == (SHARED, ONE_EACH)
    kinds: dict[str, set[str]] = {module: set() for module in MODULES}
    for (module, options), one, other in zip(tested, here, there):
        assert (one.kind, comparable(one.values)) == (other.kind, comparable(other.values)), (module, options)
        kinds[module].add(one.kind)
        if options == {"account_sid": None}:
            assert "TWILIO_ACCOUNT_SID" in one.values["msg"]
        for secret in (KEY_SECRET, "hunter2", simulator.auth_token):
            assert secret not in str(one.values), (module, options)
            assert secret not in str(other.values), (module, options)
    assert not [module for module, found in kinds.items() if "ok" not in found]
    assert EVERYTHING or [one.failed for one in here] == [False] * len(MODULES) + [True] * len(FAILURES)
    assert not EVERYTHING or kinds == {module: {"ok", "failed"} for module in MODULES}


KEY_PAIRS = {"one": KEY_PAIR}


#: How a loop over key pairs is documented, with the expression of an item's.
LOOPS = [
    ("{{ key_pairs[item] }}", {"loop": "{{ key_pairs | list }}"}),
    ("{{ item }}", {"loop": "{{ key_pairs.values() | list }}", "no_log": True}),
]


def test_a_loop_as_documented_prints_no_secret(simulator, tmp_path):
    tasks = [
        {
            "name": f"{number} {name} {here}",
            f"{NAMES}aws_credential": {
                **connection(simulator),
                **{option: f"{item[:-3]}.{option} }}}}" for option in KEY_PAIR},
                "friendly_name": f"{number} {here}",
                **more,
            },
            "ignore_errors": True,
            **how,
            "vars": {"community_twilio_in_process": here},
        }
        for number, (item, how) in enumerate(LOOPS)
        for here in (True, False)
        for name, more in (("held", {}), ("refused", {"sid": "CR1"}))
    ]
    # Beside the playbook: where a task fails, the lines around it are printed.
    variables = tmp_path / "variables.yml"
    variables.write_text(json.dumps({"key_pairs": KEY_PAIRS}), encoding="utf-8")
    run = ansible_playbook(tmp_path, [play(tasks, vars_files=[str(variables)])], "-vvv")
    assert run.status == 0, run.output
    of_items = [result.failed for result in run.results if result.kind.startswith("item")]
    assert of_items == [False, True] * (len(tasks) // 2)
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


#: Modules that import different parts of the collection.
IMPORTING = ("account_info", "public_key", "safelist_number", "usage_info")


@pytest.mark.parametrize("version", OLD_PYTHONS)
def test_an_old_python_on_the_target_is_reported_in_a_sentence(simulator, tmp_path, version):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version[0]}.{version[1]} is not on this machine")
    tasks = [{"name": name, f"{NAMES}{name}": connection(simulator), "ignore_errors": True} for name in IMPORTING]
    run = ansible_playbook(tmp_path, [play(tasks, vars={"ansible_python_interpreter": python})], **AS_MODULE)
    wanted = f"community.twilio needs Python 3.9 or later on the target; this is {version[0]}.{version[1]}."
    assert [wanted in run.of(name)["msg"] for name in IMPORTING] == [True] * len(IMPORTING)
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
        else:
            hosts[name] = {"ansible_python_interpreter": python, "ansible_connection": "local"}
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    task = look(running_simulator, ONE, environment={"PYTHONPATH": str(libraries)})
    del task["loop"]
    wide = play([task], hosts="all", vars={})
    run = ansible_playbook(folder, [wide], "-i", str(inventory), "--limit", "all:!localhost", **AS_MODULE)
    results = {result.host: result for result in run.results}
    for version in TARGET_PYTHONS:
        if version not in found:
            name = f"python{version[0]}.{version[1]}"
            found[version] = results[name]
            # Only then, since it takes longer than the module.
            if results[name].failed and not imports(hosts[name]["ansible_python_interpreter"], libraries):
                found[version] = f"{name} can't import the libraries that this Python has"
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


#: How many items loops have; as a module, each takes a process.
LOOKS = 2
#: The connections of a loop in the worker, and of one whose items have a process each.
SHARED, ONE_EACH = 1, LOOKS
#: The number that the last task of a comparison looks up.
LAST = "+14155550000"
LOOK = f"{NAMES}safelist_number_info"


def look(simulator, number, **more) -> dict[str, Any]:
    """Return a task that looks a number up as often as it has items."""
    looking = {LOOK: {**connection(simulator), "phone_number": number}, "loop": [*range(LOOKS)]}
    return {"name": "look", **looking, "register": "looked", **more}


def requests_about(log, number) -> list[dict[str, Any]]:
    """Return the requests that look a number up: each task has its own."""
    return [entry for entry in log if number in str(entry["query"]) + entry["path"]]


def connections(log, number) -> int:
    """Return how many connections the requests about a number came over."""
    return len({entry["connection"] for entry in requests_about(log, number)})


#: An account of which each request but the third fails.
UNSTEADY = {"sid": make_sid("AC", 6), "auth_token": "8" * 32}
OTHER = {"sid": make_sid("AC", 5), "auth_token": "7" * 32}
BECOME = {"ansible_become_method": "su", "ansible_become_user": "root"}
ELSEWHERE = {"delegate_to": "elsewhere", "ignore_unreachable": True}
AWAY = {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_common_args": "-o ConnectTimeout=1"}
ACCOUNT = {option: f"{{{{ {option} }}}}" for option in ("account_sid", "auth_token", "base_url")}
OF_ITEM = {**ACCOUNT, "account_sid": "{{ item.sid }}", "auth_token": "{{ item.auth_token }}"}
OWN_ACCOUNT = {"sid": "{{ account_sid }}", "auth_token": "{{ auth_token }}"}

#: Loops by what makes them differ from the first one: their keywords, those of their block, their connection, and how
#: many connections they take.
LOOPS_OF_A_PLAY: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], int]] = {
    "as it is": ({}, {}, ACCOUNT, SHARED),
    "in check mode": ({"check_mode": True}, {}, ACCOUNT, SHARED),
    "of two accounts": ({"loop": [OWN_ACCOUNT, OTHER, OTHER]}, {}, OF_ITEM, 2),
    "by a short name": ({}, {"collections": ["community.twilio"]}, ACCOUNT, SHARED),
    "with defaults of the group": ({}, {"module_defaults": {"group/community.twilio.all": ACCOUNT}}, {}, SHARED),
    "with defaults of the module": ({}, {"module_defaults": {LOOK: ACCOUNT}}, {}, SHARED),
    "with an unsafe item": (
        {"loop": "{{ numbers }}", "vars": {"numbers": "{{ ['x'] * 2 | int }}"}},
        {},
        ACCOUNT,
        SHARED,
    ),
    "vaulted": ({}, {}, {**ACCOUNT, "auth_token": "vaulted"}, SHARED),
    "tried until it succeeds": (
        {"loop": [UNSTEADY], "until": "looked is success", "retries": 5, "delay": 0},
        {},
        OF_ITEM,
        SHARED,
    ),
    "delegated": ({**ELSEWHERE, "vars": {"ansible_connection": "local"}}, {}, ACCOUNT, SHARED),
    "delegated to another machine": ({**ELSEWHERE, "vars": {**AWAY, "ansible_connection": "ssh"}}, {}, ACCOUNT, 0),
    "turned off": ({"vars": {"community_twilio_in_process": False}}, {}, ACCOUNT, ONE_EACH),
    "async": ({"async": 30, "poll": 1}, {}, ACCOUNT, ONE_EACH),
    # The environment alone has the account: it reaches the module.
    "with an environment": (
        {"environment": {f"TWILIO_{option.upper()}": value for option, value in ACCOUNT.items()}},
        {},
        {},
        ONE_EACH,
    ),
    "by another user": ({"become": True, "vars": BECOME}, {}, ACCOUNT, ONE_EACH),
    "by another user of a variable": ({"vars": {**BECOME, "ansible_become": True}}, {}, ACCOUNT, ONE_EACH),
}
NUMBERS = {name: f"+1415555{number}" for number, name in enumerate(LOOPS_OF_A_PLAY, start=1000)}


@pytest.fixture(scope="module")
def loops(running_simulator, tmp_path_factory) -> tuple[list[dict[str, Any]], set[str]]:
    """Run all loops in one play, and return the requests that came, and the loops that failed."""
    simulator, folder = running_simulator, tmp_path_factory.mktemp("loops")
    simulator.reset()
    simulator.seed({"accounts": [OTHER, UNSTEADY]})
    not_yet = {"kind": "status", "status": 400, "code": 1, "message": "Not yet", "count": 2}
    simulator.faults([{"method": "GET", "account_sid": UNSTEADY["sid"], **not_yet}])
    password = folder / "password"
    password.write_text("only for this test", encoding="utf-8")
    vaulted = encrypt(simulator.auth_token, password)
    tasks = []
    for name, (keywords, of_block, account, _wanted) in LOOPS_OF_A_PLAY.items():
        if "by another user" in name and not shutil.which("su"):
            continue
        module = LOOK.rpartition(".")[2] if "collections" in of_block else LOOK
        options = {**account, "phone_number": NUMBERS[name]}
        if name == "vaulted":
            options["auth_token"] = vaulted
        task = {"name": name, module: options, "loop": [*range(LOOKS)], "register": "looked", **keywords}
        tasks.append({"block": [task], "ignore_errors": True, **of_block})
    variables = {**connection(simulator), "ansible_python_interpreter": sys.executable}
    arguments = ("--vault-password-file", str(password), "--diff", "-vvvv", "--forks", "50")
    run = ansible_playbook(folder, [play(tasks, vars=variables)], *arguments, **IN_PROCESS)
    assert run.status == 0, run.output
    return simulator.requests(), {result.task for result in run.results if result.kind == "failed"}


@pytest.mark.parametrize("name", LOOPS_OF_A_PLAY)
def test_a_loop_shares_a_connection_in_the_worker_and_none_where_it_needs_other_processes(loops, name):
    if "by another user" in name and not shutil.which("su"):
        pytest.skip("su, to become another user with, is not on this machine")
    _keywords, _of_block, _account, wanted = LOOPS_OF_A_PLAY[name]
    log, failed = loops
    assert name not in failed
    assert connections(log, NUMBERS[name]) == wanted


def test_nothing_is_shared_between_accounts(loops):
    used: dict[int, set[str]] = {}
    for entry in requests_about(loops[0], NUMBERS["of two accounts"]):
        used.setdefault(entry["connection"], set()).add(entry["account_sid"])
    assert [len(accounts) for accounts in used.values()] == [1, 1]


def test_a_registered_result_is_tried_until_it_is_right(loops):
    tried = requests_about(loops[0], NUMBERS["tried until it succeeds"])
    assert [entry["status"] for entry in tried] == [400, 400, 404]


def test_a_vaulted_argument_is_decrypted(loops):
    entries = requests_about(loops[0], NUMBERS["vaulted"])
    assert [entry["status"] for entry in entries] == [404] * LOOKS


#: At night many hosts at once, otherwise as many as show that hosts share nothing.
HOSTS = 50 if EVERYTHING else 8


def test_strategies_and_many_hosts(simulator, tmp_path):
    """What is registered belongs to each host."""
    hosts = "".join(f"host{number}\n" for number in range(HOSTS))
    inventory = tmp_path / "hosts"
    inventory.write_text(f"{hosts}[all:vars]\nansible_connection=local\n", encoding="utf-8")
    alike = [f"looked.results | length == {LOOKS}", "looked is not changed"]
    check = {"name": "check", "ansible.builtin.assert": {"that": alike}}
    tasks = [look(simulator, ONE), check]
    once = look(simulator, ONE, throttle=1, run_once=True)
    plays = [
        play([tasks[0], once, check], hosts="all:!localhost", strategy="linear"),
        play(tasks, hosts="all:!localhost", strategy="free"),
    ]
    run = ansible_playbook(tmp_path, plays, "-i", str(inventory), "--forks", str(HOSTS), **IN_PROCESS)
    assert run.status == 0, run.output
    assert sum(result.task == "check" for result in run.results) == 2 * HOSTS
