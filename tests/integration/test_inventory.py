# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts as hosts: their selection, names and variables, none of which is a token."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.utils.display import Display
from harness import ansible, ansible_playbook, make_sid, run_task
from simulator.client import Simulator

INFO = "community.twilio.twilio_account_info"
SHOP, SHOP_TOO, CLOSED, TEMPLATE, OTHER = (make_sid("AC", number) for number in range(1, 6))
TEXT = "{{ 1 + 1 }}"
KEY = {"sid": make_sid("SK", 1), "secret": "5" * 32, "kind": "main"}


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    """Return a simulator whose account has subaccounts, and which returns tokens wherever Twilio might."""
    subaccounts = [
        {"sid": SHOP, "friendly_name": "shop"},
        {"sid": SHOP_TOO, "friendly_name": "shop", "status": "suspended"},
        {"sid": CLOSED, "friendly_name": "former shop", "status": "closed"},
        {"sid": TEMPLATE, "friendly_name": TEXT},
        {"sid": OTHER, "friendly_name": "other", "status": "suspended"},
    ]
    owned = [{**subaccount, "owner_account_sid": simulator.account_sid} for subaccount in subaccounts]
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "friendly_name": "head office"}, *owned]})
    simulator.settings(own_auth_token=True)
    return simulator


@dataclass(frozen=True)
class Listing:
    """The result of ``ansible-inventory --list``."""

    status: int
    output: str
    stderr: str

    def _read(self) -> Any:
        assert self.status == 0, self.stderr
        # A text that looks like a template and is none is marked so.
        return json.loads(self.output, object_hook=lambda found: found.get("__ansible_unsafe", found))

    def dump(self) -> dict[str, Any]:
        """Return the printed inventory unchanged."""
        assert self.status == 0, self.stderr
        dump: dict[str, Any] = json.loads(self.output)
        return dump

    @property
    def hosts(self) -> Mapping[str, Mapping[str, Any]]:
        """The variables of each host."""
        hosts: Mapping[str, Mapping[str, Any]] = self._read()["_meta"]["hostvars"]
        return hosts

    def group(self, name: str) -> set[str]:
        """Return the hosts of a group."""
        return set(self._read().get(name, {}).get("hosts", ()))

    def prints(self, words: str) -> bool:
        """Return whether words were printed, regardless of line breaks."""
        return "".join(words.split()) in "".join(self.stderr.split())


def connection(simulator: Simulator) -> dict[str, Any]:
    return {
        "account_sid": simulator.account_sid,
        "auth_token": simulator.auth_token,
        "base_url": simulator.url,
    }


def write(folder: Path, options: Mapping[str, Any], name: str = "accounts.twilio.yml") -> str:
    """Write an inventory's configuration, and return its path."""
    file = folder / name
    configuration = {"plugin": "community.twilio.twilio_accounts", **options}
    file.write_text(yaml.safe_dump({key: value for key, value in configuration.items() if value is not None}))
    return str(file)


def listing(
    simulator: Simulator,
    folder: Path,
    options: Mapping[str, Any] | None = None,
    *arguments: str,
    name: str = "accounts.twilio.yml",
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Listing:
    """List the inventory of a configuration; the connection is added, where it doesn't say otherwise.

    :param before: other sources, which Ansible reads first.
    """
    finished = ansible(
        folder,
        "ansible-inventory",
        *(argument for source in before for argument in ("-i", source)),
        *("-i", write(folder, {**connection(simulator), **(options or {})}, name), "--list", *arguments),
        **{"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **(environment or {})},
    )
    return Listing(finished.returncode, finished.stdout, finished.stderr)


@dataclass(frozen=True)
class Read:
    """What the plugin makes of a configuration, in this process: hosts and groups, or why there are none."""

    hosts: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, set[str]]
    problem: str | None


def read(
    simulator: Simulator, folder: Path, options: Mapping[str, Any] | None = None, name: str = "accounts.twilio.yml"
) -> Read:
    """Read an inventory's configuration; the connection is added, where it doesn't say otherwise."""
    plugin = inventory_loader.get("community.twilio.twilio_accounts")
    file = write(folder, {**connection(simulator), **(options or {})}, name)
    assert plugin.verify_file(file)
    inventory = InventoryData()
    try:
        plugin.parse(inventory, DataLoader(), file)
    except AnsibleError as error:
        return Read({}, {}, str(error))
    groups = {name: {host.name for host in group.get_hosts()} for name, group in inventory.groups.items()}
    return Read({name: host.vars for name, host in inventory.hosts.items()}, groups, None)


def test_each_account_that_is_not_closed_is_a_host(fleet, tmp_path):
    found = listing(fleet, tmp_path, name="x.twilio.yaml")
    assert found.hosts.keys() == {"head office", SHOP, SHOP_TOO, TEMPLATE, "other"}
    variables = found.hosts[SHOP_TOO]
    assert variables["ansible_connection"] == "local"
    assert variables["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    assert {key: value for key, value in variables.items() if not key.startswith("ansible_")} == {
        "twilio_sid": SHOP_TOO,
        "twilio_friendly_name": "shop",
        "twilio_status": "suspended",
        "twilio_type": "Full",
        "twilio_owner_account_sid": fleet.account_sid,
        "twilio_date_created": variables["twilio_date_created"],
        "twilio_date_updated": variables["twilio_date_updated"],
    }
    assert variables["twilio_date_created"].endswith("Z")
    assert found.hosts["head office"]["twilio_owner_account_sid"] == fleet.account_sid


def test_a_file_of_another_name_is_left_to_others(tmp_path):
    plugin = inventory_loader.get("community.twilio.twilio_accounts")
    files = {name: write(tmp_path, {}, name) for name in ("twilio.yml", "x.twilio.yml", "x.twilio.yaml")}
    assert [name for name, file in files.items() if plugin.verify_file(file)] == ["x.twilio.yml", "x.twilio.yaml"]


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the warnings of what is read in this process."""
    messages: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_more, **_named: messages.append(message))
    return messages


def test_accounts_of_one_name_are_named_by_their_sids_with_a_warning(fleet, tmp_path, warned):
    assert {SHOP, SHOP_TOO} < read(fleet, tmp_path).hosts.keys()
    assert warned[0] == "2 Twilio accounts are called 'shop': they are named by their SIDs."


def test_accounts_that_are_named_by_their_sids_need_no_warning(fleet, tmp_path, warned):
    found = read(fleet, tmp_path, {"hostname": "sid"})
    assert found.hosts.keys() == {fleet.account_sid, SHOP, SHOP_TOO, TEMPLATE, OTHER}
    assert warned == []


@pytest.mark.parametrize(
    ("filters", "hosts"),
    [
        ({"status": "suspended"}, {"shop", "other"}),
        ({"status": "active"}, {"head office", "shop", TEMPLATE}),
        ({"friendly_name": "shop"}, {SHOP, SHOP_TOO}),
        ({"friendly_name": "shop", "status": "suspended"}, {"shop"}),
        ({"friendly_name": "former shop"}, set()),
        ({}, {"head office", SHOP, SHOP_TOO, TEMPLATE, "other"}),
    ],
)
def test_filters(fleet, tmp_path, filters, hosts):
    found = read(fleet, tmp_path, {"filters": filters})
    assert found.problem is None
    assert found.hosts.keys() == hosts


#: Names that mean something other than a host to Ansible, or contain characters that do.
UNFIT = {
    "mean something else": ["all", "ungrouped", "_meta", "localhost", "::1", "127.0.0.1", "AC" + "9" * 32],
    "have characters": [
        *("{{ x }}", "{%x", "a\nb", "a\u202eb", " web3", "x,y", "web3:22", "*", "web[12]", "!web3", "&web3", "~web3"),
        *("@web3", "-web3", "..", "../host_vars/web3", "web3.yml", "web3.JSON"),
    ],
    "a group has their name": ["twilio", "status_active"],
    "another source has": ["web2", "racks"],
}
FIT = ["Web2", "Ok Name", "Müller & Söhne", "shop.example.com", "#1", "active"]
MACHINES = "web2 ansible_host=192.0.2.1\n[racks]\nweb3\n"


@pytest.fixture
def typed(simulator: Simulator) -> Simulator:
    """Return a simulator whose main account has a subaccount of each of those names."""
    names = [*FIT, *(name for names in UNFIT.values() for name in names)]
    seeds = [{"friendly_name": name, "owner_account_sid": simulator.account_sid} for name in names]
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "friendly_name": "twilio main"}, *seeds]})
    return simulator


@pytest.mark.parametrize("first", [True, False])
def test_no_friendly_name_stops_the_fleet_or_becomes_a_machine(typed, tmp_path, first):
    machines = tmp_path / "machines"
    machines.write_text(MACHINES)
    options = {
        "groups": {"twilio": "true"},
        "keyed_groups": [{"key": "twilio_status", "prefix": "status"}],
    }
    arguments = ("--export",) if first else ("--export", "-i", str(machines))
    found = listing(typed, tmp_path, options, *arguments, before=[str(machines)] if first else [])
    assert found.hosts["web2"] == {"ansible_host": "192.0.2.1"}
    accounts = {host: variables for host, variables in found.hosts.items() if "twilio_sid" in variables}
    by_name = {variables["twilio_friendly_name"]: host for host, variables in accounts.items()}
    assert len(accounts) == len(by_name) == 1 + len(FIT) + sum(map(len, UNFIT.values()))
    assert all(by_name[name] == name for name in ["twilio main", *FIT])
    for problem, names in UNFIT.items():
        assert all(by_name[name] == accounts[by_name[name]]["twilio_sid"] for name in names)
        assert found.prints(problem)
    assert found.group("twilio") == found.group("status_active") == {*accounts}
    assert found.group("racks") == {"web3"}


def test_accounts_of_one_name_in_two_files(simulator, tmp_path):
    simulator.seed({"accounts": [{"sid": simulator.account_sid, "friendly_name": "main"}]})
    with Simulator.start() as other:
        other.seed({"accounts": [{"sid": other.account_sid, "friendly_name": "main"}]})
        # The third lists the first's account again, in a group of its own.
        again = {**connection(simulator), "groups": {"again": "true"}}
        files = [
            write(tmp_path, connection(simulator), "1.twilio.yml"),
            write(tmp_path, again, "3.twilio.yml"),
        ]
        found = listing(other, tmp_path, {}, name="2.twilio.yml", before=files)
    assert {host: variables["twilio_sid"] for host, variables in found.hosts.items()} == {
        "main": simulator.account_sid,
        other.account_sid: other.account_sid,
    }
    assert found.group("again") == {"main"}
    assert found.prints(f"another source has a host or a group of their name: 'main' ({other.account_sid}).")


def test_a_group_that_would_be_its_own_parent_is_left_out_with_a_warning(simulator, tmp_path, warned):
    names = ["main", "names", "all"]
    simulator.seed(
        {"accounts": [{"friendly_name": name, "owner_account_sid": simulator.account_sid} for name in names]}
    )
    keyed = {"key": "twilio_friendly_name", "prefix": "", "separator": "", "parent_group": "names"}
    assert len(read(simulator, tmp_path, {"keyed_groups": [keyed]}).hosts) == 4
    assert [message for message in warned if "is not in all its groups" in message]
    assert read(simulator, tmp_path, {"keyed_groups": [keyed], "strict": True}).problem is not None


def test_a_dumped_inventory_can_be_imported_and_used_elsewhere(fleet, tmp_path):
    options = {"groups": {"subaccounts": "twilio_sid != twilio_owner_account_sid"}}
    dump = listing(fleet, tmp_path, options, "--export").dump()
    variables = dump["_meta"]["hostvars"]
    assert sys.executable not in json.dumps(dump)
    # As AWX imports it: hosts by their names, then their variables; and as it hands both to a job.
    groups = {name: group for name, group in dump.items() if name != "_meta"}
    hosts = {host for group in groups.values() for host in group.get("hosts", ())}
    assert hosts == variables.keys() == {"head office", SHOP, SHOP_TOO, TEMPLATE, "other"}
    kept = {**groups, "_meta": {"hostvars": {host: variables[host] for host in hosts}}}
    script = tmp_path / "imported"
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(kept))})\n")
    script.chmod(0o755)
    # One host shows that a module finds its Python.
    one = {"when": "inventory_hostname == 'other'"}
    tasks = [
        {"name": "look", INFO: {**connection(fleet), "sid": "{{ twilio_sid }}"}, **one},
        {"name": "say", "ansible.builtin.debug": {"msg": "{{ [twilio_friendly_name, ansible_python_interpreter] }}"}},
    ]
    over_all = {"hosts": "subaccounts", "gather_facts": False, "tasks": tasks}
    run = ansible_playbook(tmp_path, [over_all], "-i", str(script), COMMUNITY_TWILIO_IN_PROCESS="false")
    assert run.status == 0, run.output
    printed = [result["msg"] for result in run.results if result.task == "say"]
    assert sorted(name for name, _path in printed) == sorted(["shop", "shop", TEXT, "other"])
    assert len({interpreter for _name, interpreter in printed}) == 1
    assert Path(printed[0][1]).resolve() == Path(sys.executable).resolve()


def test_groups_and_variables_are_composed(fleet, tmp_path):
    options = {
        "strict": True,
        "keyed_groups": [
            {"key": "twilio_status", "prefix": "status"},
            {"key": "twilio_friendly_name", "prefix": "name"},
        ],
        "groups": {"subaccounts": "twilio_sid != twilio_owner_account_sid"},
        "compose": {"called": "twilio_friendly_name", "shouted": "twilio_friendly_name | upper"},
    }
    found = read(fleet, tmp_path, options)
    assert found.groups["status_suspended"] == {SHOP_TOO, "other"}
    assert found.groups["status_active"] == {"head office", SHOP, TEMPLATE}
    assert found.groups["subaccounts"] == {SHOP, SHOP_TOO, TEMPLATE, "other"}
    assert found.groups["name_other"] == {"other"}
    # The name of a group is a variable of its hosts, and nothing can mark it as no template.
    assert found.groups["name___ 1 + 1 __"] == {TEMPLATE}
    assert found.hosts["other"]["shouted"] == "OTHER"
    assert found.hosts[TEMPLATE]["called"] == TEXT
    assert found.hosts[TEMPLATE]["twilio_friendly_name"] == TEXT


@pytest.mark.parametrize(
    "options",
    [
        {"compose": {"x": "nowhere"}},
        {"groups": {"x": "nowhere == 1"}},
        {"keyed_groups": [{"key": "nowhere", "prefix": "x"}]},
    ],
)
def test_what_cannot_be_composed_is_an_error_where_that_is_strict(fleet, tmp_path, options):
    assert len(read(fleet, tmp_path, options).hosts) == 5
    assert "nowhere" in str(read(fleet, tmp_path, {**options, "strict": True}).problem)


#: Texts that hold a template once they are decoded, or that ansible-core before 2.19 takes for one without braces.
ENCODED = "%7B%7B 2 - 3 %7D%7D"
HEADED = "#jinja2:variable_start_string:'<',variable_end_string:'>'\n<3>"


def test_no_friendly_name_is_evaluated_as_a_template(simulator, tmp_path):
    names = [TEXT, ENCODED, HEADED, "{% raw %}", "{# x"]
    simulator.seed(
        {"accounts": [{"friendly_name": name, "owner_account_sid": simulator.account_sid} for name in names]}
    )
    options = {
        "strict": True,
        "groups": {"subaccounts": "twilio_sid != twilio_owner_account_sid"},
        "keyed_groups": [{"key": "twilio_friendly_name | urldecode", "prefix": "name"}],
        "compose": {"decoded": "twilio_friendly_name | urldecode", "nested": "{'in': [twilio_friendly_name]}"},
    }
    printed = "{{ [twilio_friendly_name, decoded, nested['in'][0], inventory_hostname, group_names | sort] }}"
    over_all = {
        "hosts": "subaccounts",
        "gather_facts": False,
        "tasks": [{"name": "say", "ansible.builtin.debug": {"msg": printed}}],
    }
    run = ansible_playbook(tmp_path, [over_all], "-i", write(tmp_path, {**connection(simulator), **options}))
    assert run.status == 0, run.output
    messages = [result["msg"] for result in run.results if result.task == "say"]
    assert sorted(name for name, *_others in messages) == sorted(names)
    for name, decoded, nested, host, groups in messages:
        assert nested == name
        assert decoded == unquote_plus(name)
        assert host.startswith("AC") or host == ENCODED
        safe = "".join("_" if character in "{}\n" else character for character in decoded)
        assert groups == sorted([f"name_{safe}", "subaccounts"])


def test_a_play_over_the_fleet_runs_at_once_and_no_name_is_a_template(fleet, tmp_path):
    options = {"name": "look", INFO: {**connection(fleet), "friendly_name": "{{ twilio_friendly_name }}"}}
    tasks = [options, {"name": "say", "ansible.builtin.debug": {"msg": "{{ twilio_friendly_name }}"}}]
    over_all = {"hosts": "all:!localhost", "gather_facts": False, "tasks": tasks}
    run = ansible_playbook(tmp_path, [over_all], "-i", write(tmp_path, connection(fleet)))
    assert run.status == 0, run.output
    printed = sorted(result["msg"] for result in run.results if result.task == "say")
    assert printed == sorted(["head office", "shop", "shop", TEXT, "other"])
    found = [result["accounts"] for result in run.results if result.task == "look"]
    assert sorted(len(accounts) for accounts in found) == [1, 1, 1, 2, 2]


def test_cached_accounts_are_not_requested_again_and_hold_no_token(fleet, tmp_path):
    cache = tmp_path / "cache"
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(cache)}
    first = listing(fleet, tmp_path, options)
    assert fleet.request_count() == 1
    again = listing(fleet, tmp_path, options)
    assert again.hosts == first.hosts
    assert fleet.request_count() == 1
    assert len(read(fleet, tmp_path, {**options, "filters": {"status": "suspended"}}).hosts) == 2
    assert fleet.request_count() == 2
    file = write(tmp_path, {**connection(fleet), **options})
    run = ansible_playbook(tmp_path, [{"hosts": "other", "gather_facts": False}], "-i", file, "--flush-cache")
    assert run.status == 0, run.output
    assert fleet.request_count() == 3
    kept = "".join(file.read_text() for file in cache.iterdir())
    assert OTHER in kept
    assert not [account for account in fleet.state()["accounts"] if account["auth_token"] in kept]


def test_no_token_is_shown(fleet, tmp_path):
    finished = listing(fleet, tmp_path, {}, "-vvvv")
    assert finished.status == 0
    assert OTHER in finished.output
    for account in fleet.state()["accounts"]:
        assert account["auth_token"] not in finished.output + finished.stderr


def test_an_account_that_is_not_given_is_asked_for_with_its_environment_variable(fleet, tmp_path):
    found = read(fleet, tmp_path, {"account_sid": None})
    assert "missing required arguments: account_sid (environment variable TWILIO_ACCOUNT_SID)" in str(found.problem)


SECRET = "hunter2hunter2"

#: Mistakes that somebody may make in an option with a secret, or beside one.
SLIPS = [
    *([SECRET], {"x": SECRET}, {SECRET: "x"}, [[SECRET]], {SECRET}, 12345.678, True, f"{SECRET} x"),
    *(f"{SECRET}{{{{", f"{{{{ {SECRET} }}}}", f"{{{{ '{SECRET}' | no_such_filter }}}}", f"{{{{ ['{SECRET}'] }}}}"),
    f"{{{{ {{'x': '{SECRET}'}} }}}}",
]
BESIDE = [{"timeout": "x"}, {"region": "{{ nowhere }}"}, {"region": "{{"}, {"region": ["x"]}, {"hostname": "x"}]


def test_no_mistake_makes_ansible_show_a_secret(simulator, tmp_path):
    unknown = {"account_sid": simulator.account_sid, "base_url": simulator.url}
    wrong = [
        {**unknown, **more, **mistake}
        for option, more in (("auth_token", {}), ("api_key_secret", {"api_key_sid": KEY["sid"]}))
        for mistake in [{option: value} for value in SLIPS] + [{option: SECRET, **beside} for beside in BESIDE]
    ]
    files = [write(tmp_path, options, f"{number}.twilio.yml") for number, options in enumerate(wrong)]
    finished = ansible(
        tmp_path,
        "ansible-inventory",
        *(argument for file in files for argument in ("-i", file)),
        *("--list", "-vvvv"),
    )
    printed = "".join((finished.stdout + finished.stderr).split())
    assert "hunter2" not in printed
    assert "12345.678" not in printed
    for option in ("auth_token", "api_key_secret"):
        assert printed.count(f"{option}:expectedatext") >= 9
        assert printed.count(f"{option}:itsvaluecan'tbeevaluated") >= 3
    assert simulator.request_count() == 0


def test_what_cannot_be_composed_shows_no_secret_beside_it(fleet, tmp_path):
    options = {"plugin": "community.twilio.twilio_accounts", "strict": True, **connection(fleet)}
    sources = []
    wishes = [{"compose": {"x": "nowhere"}}, {"groups": {"x": "nowhere"}}, {"keyed_groups": [{"key": "nowhere"}]}]
    for number, wish in enumerate(wishes):
        file = tmp_path / f"{number}.twilio.yml"
        # The token is the last line before the wish.
        options["auth_token"] = options.pop("auth_token")
        lines = [json.dumps({key: value})[1:-1] for key, value in {**options, **wish}.items()]
        file.write_text("\n".join(line.replace('": ', '" : ', 1) for line in lines))
        sources += ["-i", str(file)]
    finished = ansible(tmp_path, "ansible-inventory", *sources, "--list", "-vvvv")
    printed = finished.stdout + finished.stderr
    assert fleet.request_count() == len(wishes)
    assert printed.count("nowhere") >= len(wishes)
    assert fleet.auth_token not in printed


def test_a_dump_of_settings_shows_no_secret_of_the_environment(tmp_path):
    secrets = {"TWILIO_AUTH_TOKEN": "a" * 31 + "1", "TWILIO_API_SECRET": "a" * 31 + "2"}
    arguments = ("dump", "-t", "inventory", "community.twilio.twilio_accounts")
    finished = ansible(tmp_path, "ansible-config", *arguments, TWILIO_ACCOUNT_SID=SHOP, **secrets)
    assert SHOP in finished.stdout, finished.stderr
    assert "a" * 31 not in finished.stdout + finished.stderr


@pytest.mark.parametrize(("count", "requests"), [(120, 1), (1205, 2)])
def test_all_accounts_are_listed_in_pages(simulator, tmp_path, count, requests):
    seeds = [{"friendly_name": f"shop {number}", "owner_account_sid": simulator.account_sid} for number in range(count)]
    simulator.seed({"accounts": seeds})
    assert len(read(simulator, tmp_path).hosts) == count + 1
    assert simulator.request_count() == requests


def test_the_environment_stands_in_for_options(fleet, tmp_path, monkeypatch):
    for option, value in connection(fleet).items():
        monkeypatch.setenv(f"TWILIO_{option.upper()}", value)
    assert len(read(fleet, tmp_path, dict.fromkeys(connection(fleet))).hosts) == 5


def test_options_of_the_connection_may_be_templates(fleet, tmp_path, monkeypatch):
    options = {"auth_token": "{{ lookup('ansible.builtin.env', 'KEPT_ELSEWHERE') }}"}
    monkeypatch.setenv("KEPT_ELSEWHERE", fleet.auth_token)
    assert len(read(fleet, tmp_path, options).hosts) == 5


def test_an_api_key_is_used_before_the_token(fleet, tmp_path):
    fleet.seed({"accounts": [{"sid": fleet.account_sid, "api_keys": [KEY]}]})
    options = {"auth_token": "f" * 32, "api_key_sid": KEY["sid"], "api_key_secret": KEY["secret"]}
    assert len(read(fleet, tmp_path, options).hosts) == 5
    assert [entry["authenticated_with"] for entry in fleet.requests()] == ["api_key"]


def test_a_request_whose_answer_is_lost_is_repeated(fleet, tmp_path):
    fleet.faults([{"kind": "reset"}, {"kind": "500"}, {"kind": "429", "retry_after": 0}])
    assert len(read(fleet, tmp_path).hosts) == 5


WRONG = {
    "account_sid": {"account_sid": "AC1"},
    "auth_token": {"auth_token": "hunter2 hunter2"},
    "half a key": {"api_key_sid": KEY["sid"]},
    "api_key_sid": {"api_key_sid": "SK1", "api_key_secret": "hunter2hunter2"},
    "nothing to authenticate with": {"auth_token": None},
    "base_url": {"base_url": "accounts.twilio.com"},
    "region": {"region": "ie1/"},
    "timeout": {"timeout": 0},
    "max_retries": {"max_retries": -1},
    "not let in": {"auth_token": "f" * 32},
}


@pytest.mark.parametrize("options", WRONG.values(), ids=WRONG)
def test_wrong_options_get_the_same_messages_as_in_modules(fleet, tmp_path, options):
    given = {key: value for key, value in {**connection(fleet), **options}.items() if value is not None}
    module = run_task(INFO, given)
    requests = fleet.request_count()
    found = read(fleet, tmp_path, options)
    assert module.failed
    assert module["msg"] in str(found.problem)
    assert "hunter2" not in str(found.problem)
    assert fleet.request_count() == 2 * requests == (2 if "f" * 32 in options.values() else 0)


def test_a_wrong_option_ends_ansible_with_its_message(fleet, tmp_path):
    found = listing(fleet, tmp_path, WRONG["region"])
    assert found.status != 0
    assert found.prints(str(read(fleet, tmp_path, WRONG["region"]).problem))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filters": {"colour": "red"}}, "filters: expected status and friendly_name, got colour"),
        ({"filters": {"status": "closed"}}, "value of status must be one of: active, suspended, got: closed"),
        ({"hostname": "colour"}, "colour"),
    ],
)
def test_wrong_wishes_are_refused_before_any_request(fleet, tmp_path, options, words):
    assert words in str(read(fleet, tmp_path, options).problem)
    assert fleet.request_count() == 0
