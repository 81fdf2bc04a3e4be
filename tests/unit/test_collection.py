# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations that are repeated in several places agree: these tests fail if one of them is forgotten."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.twilio.plugins.action import baseline_file
from ansible_collections.community.twilio.plugins.module_utils import _transport
from ansible_collections.community.twilio.plugins.module_utils._definition import CONNECTION_OPTIONS
from ansible_collections.community.twilio.plugins.module_utils._resources import (
    account,
    api_key,
    credential,
    messaging_geo_permission,
    usage,
)
from ansible_collections.community.twilio.plugins.plugin_utils import _rotation_call, _security_report_call

ROOT = Path(__file__).parent.parent.parent
PACKAGE = "ansible_collections.community.twilio.plugins"
NAMES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("twilio_*.py"))
#: What runs on the controller only: an action plugin, and a module that documents it.
CONTROLLER_NAMES = sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - {*NAMES})
#: What roles consist of: they read the roles' variables, and the roles' targets are theirs.
ROLE_PARTS = {"rotation_step", "security_report_step", "baseline_comparison", "baseline_drift", "baseline_file"}
#: Of these, what takes the options of the connection among them.
CONNECTING_PARTS = {"rotation_step", "security_report_step", "baseline_file"}
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*"))
#: The variables of roles that one action plugin reads all of.
SETTINGS_OF_ROLES = {"account_export": baseline_file.SETTINGS, "security_report": _security_report_call.SETTINGS}
ROTATING_ROLES = [role for role in ROLES if role.startswith("rotate_")]
RESOURCES = sorted(
    path.stem for path in (ROOT / "plugins" / "module_utils" / "_resources").glob("*.py") if path.stem != "__init__"
)
INVENTORIES = sorted(path.stem for path in (ROOT / "plugins" / "inventory").glob("*.py"))

#: The engine's files, each of which imports only what stands before it; resources import none of each other.
ORDER = [
    "_libs",
    "_secret",
    "_errors",
    "_clock",
    "_schemas",
    "_names",
    "_retries",
    "_attempt",
    "_transport",
    "_client",
    "_resource",
    "_account_token",
    "resources",
    "_definition",
    "_module",
    "_controller_only",
]

each_module = pytest.mark.parametrize("name", NAMES)
each_controller_module = pytest.mark.parametrize("name", CONTROLLER_NAMES)
each_role = pytest.mark.parametrize("role", ROLES)


def load(path: str) -> Any:
    """Return what a YAML file of the checkout holds."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def fragment(name: str) -> dict[str, Any]:
    """Return a documentation fragment, by its full name as a module gives it."""
    _namespace, _collection, file, section = [*name.split("."), "documentation"][:4]
    document = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
    loaded: dict[str, Any] = yaml.safe_load(getattr(document, section.upper()))
    return loaded


def documented_options(documentation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options with those of the fragments merged in; what comes first wins, as in Ansible."""
    options: dict[str, dict[str, Any]] = {}
    names = [name for name in documentation["extends_documentation_fragment"] if name.startswith("community.twilio.")]
    for part in [documentation, *map(fragment, names)]:
        for option, description in part.get("options", {}).items():
            options[option] = {**description, **options.get(option, {})}
    return options


def documentation_of(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(module(name).DOCUMENTATION)
    return loaded


def comparable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an option's documentation and its argument spec have in common."""
    return {
        "type": spec.get("type", "str"),
        "elements": spec.get("elements"),
        "required": spec.get("required", False),
        "default": spec.get("default"),
        "choices": spec.get("choices"),
    }


def mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in a YAML document, the outer ones first."""
    if isinstance(node, Mapping):
        yield node
    for child in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from mappings(child)


# Modules


def test_the_action_group_names_every_module():
    group = load("meta/runtime.yml")["action_groups"]["all"]
    assert group == NAMES, "meta/runtime.yml: action_groups.all names each of plugins/modules/twilio_*.py, sorted"


@each_module
def test_everything_that_can_be_changed_has_an_info_module(name):
    missing = f"plugins/modules/{name}_info.py"
    assert name.endswith("_info") or f"{name}_info" in NAMES, f"write {missing}: what can be changed can be read"


@pytest.mark.parametrize("name", [*NAMES, *CONTROLLER_NAMES, *ROLES, *INVENTORIES])
def test_the_readme_names_everything(name):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`{name}`" in readme, f"README.md: add a row for `{name}`, with what it does in a few words"


@each_module
def test_every_module_has_a_table_of_cells(name):
    subject = f"community.twilio.{name}"
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").glob("test_*.py")]
    tables = [text for text in texts if "run_cells(" in text and f'"{subject}"' in text]
    assert tables, f"no tests/integration/test_*.py calls run_cells and has a cell of {subject}: write one"
    faulty = any('"kind": "' in table for table in tables)
    assert faulty, f"{subject}: its table of cells has none with faults, add some"


@each_module
def test_every_module_is_met_by_each_fault(name):
    text = (ROOT / "tests" / "faults" / "matrix" / "operations.py").read_text(encoding="utf-8")
    short = name.removeprefix("twilio_")
    wanted = f"tests/faults/matrix/operations.py: OPERATIONS has an Operation of {short} for each way that it can go"
    assert f'"{short}",' in text, wanted


@each_module
def test_every_module_is_compared_both_ways(name):
    text = (ROOT / "tests" / "integration" / "test_in_process.py").read_text(encoding="utf-8")
    short = name.removeprefix("twilio_")
    wanted = f"tests/integration/test_in_process.py: TASKS has tasks of {short}, one that succeeds and one that fails"
    assert text.count(f'    ("{short}", {{') >= 2, wanted


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_has_a_unit_test(name):
    path = f"tests/unit/plugins/module_utils/_resources/test_{name}.py"
    text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
    assert "\ndef test_" in text, f"write {path}: what is planned, what is sent, and which answers are not believed"


TARGETS = {*NAMES, *CONTROLLER_NAMES, *ROLES, *(f"inventory_{name}" for name in INVENTORIES)} - ROLE_PARTS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_everything_has_an_integration_target(target):
    path = f"tests/integration/targets/{target}/tasks/main.yml"
    assert (ROOT / path).is_file(), f"write {path}: its life in a playbook, each step first in check mode"


@each_module
def test_every_module_documents_the_connection_and_its_promises(name):
    documentation = documentation_of(name)
    kind = ".info" if name.endswith("_info") else ""
    assert documentation["module"] == name
    assert {
        "community.twilio.auth",
        "community.twilio.auth.module",
        f"community.twilio.attributes{kind}",
    } <= {*documentation["extends_documentation_fragment"]}
    assert documentation["seealso"], "name what belongs together: a module and its _info module, at least"


@pytest.mark.parametrize("name", [*NAMES, *CONTROLLER_NAMES])
def test_every_module_says_what_it_is_and_since_when(name):
    documentation = documentation_of(name)
    # antsibull-changelog finds a new module by its version, and lists it by its short description.
    released = load("changelogs/changelog.yaml")["releases"]
    versions = [*released, load("galaxy.yml")["version"]]
    assert str(documentation.get("version_added")) in versions, f"{name}: version_added is one of {versions}"
    for key in ("short_description", "description", "author"):
        assert documentation.get(key), f"{name}: DOCUMENTATION has no {key}"


@each_module
def test_the_argument_spec_is_what_is_documented(name):
    documented = {option: comparable(spec) for option, spec in documented_options(documentation_of(name)).items()}
    taken = {option: comparable(spec) for option, spec in module(name).DEFINITION.argument_spec().items()}
    assert taken == documented, "DOCUMENTATION and DEFINITION say different things of an option"


@each_module
def test_every_option_that_looks_secret_declares_no_log(name):
    for option, spec in module(name).DEFINITION.argument_spec().items():
        if re.search("token|secret|key", option):
            assert "no_log" in spec, f"{option}: say no_log=True, or no_log=False where it is no secret"


@each_module
def test_checks_name_existing_options(name):
    definition = module(name).DEFINITION
    assert {*definition.checks, *definition.required_of_connection} <= {*definition.argument_spec()}


@each_module
def test_examples_use_full_names_and_documented_options(name):
    own = f"community.twilio.{name}"
    used = []
    for task in yaml.safe_load(module(name).EXAMPLES):
        (action,) = [key for key in task if "." in key]
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+){2}", action)
        used.append(action)
        if action.startswith("community.twilio."):
            options = documented_options(documentation_of(action.rpartition(".")[2]))
            assert {*task[action]} <= {*options}
    assert own in used, f"EXAMPLES shows no task of {own}"


@each_module
def test_an_example_whose_result_may_hold_a_secret_is_not_logged(name):
    for task in yaml.safe_load(module(name).EXAMPLES):
        arguments = task.get("community.twilio.twilio_account", {})
        key = task.get("community.twilio.twilio_api_key", {"state": "absent"})
        creates_key = "sid" not in key and key.get("state") != "absent"
        if "community.twilio.twilio_auth_token" in task or creates_key or arguments.get("return_auth_token"):
            assert task["no_log"] is True


RECORDS = {
    "credential": {*credential.Credential.__dataclass_fields__},
    "api_key": {*api_key.ApiKey.__dataclass_fields__},
    "account": {*account.Account.__dataclass_fields__},
    "record": {*usage._RECORD_KEYS},
    "country": {*messaging_geo_permission._COUNTRY_KEYS},
}


@pytest.mark.parametrize(
    ("name", "key", "record", "beside"),
    [
        ("twilio_aws_credential", "credential", "credential", set()),
        ("twilio_aws_credential_info", "credentials", "credential", set()),
        ("twilio_public_key", "credential", "credential", set()),
        ("twilio_public_key_info", "credentials", "credential", set()),
        ("twilio_api_key", "api_key", "api_key", {"mark"}),
        ("twilio_api_key_info", "api_keys", "api_key", {"mark"}),
        ("twilio_account", "account", "account", set()),
        ("twilio_account_info", "accounts", "account", {"auth_token"}),
        ("twilio_usage_info", "records", "record", set()),
        ("twilio_messaging_geo_permission_info", "countries", "country", set()),
    ],
)
def test_every_key_that_is_returned_is_documented(name, key, record, beside):
    assert {*yaml.safe_load(module(name).RETURN)[key]["contains"]} == RECORDS[record] - beside


# What runs on the controller only


@each_controller_module
def test_what_runs_on_the_controller_documents_its_options(name):
    documented = {option: comparable(spec) for option, spec in documented_options(documentation_of(name)).items()}
    assert {option: comparable(spec) for option, spec in module(name).ARGUMENT_SPEC.items()} == documented
    action = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule
    if name not in CONNECTING_PARTS:
        assert action.argument_spec is module(name).ARGUMENT_SPEC


# Secrets


@pytest.mark.parametrize("name", [*NAMES, *CONTROLLER_NAMES])
def test_every_module_with_a_secret_documents_what_a_loop_prints(name):
    spec = module(name).DEFINITION.argument_spec() if name in NAMES else module(name).ARGUMENT_SPEC
    takes_secret = any(option.get("no_log") for option in spec.values())
    assert ("community.twilio.secret" in documentation_of(name)["extends_documentation_fragment"]) is takes_secret


# The connection


def environment_names() -> dict[str, list[str]]:
    return {option: spec["fallback"][1] for option, spec in CONNECTION_OPTIONS.items() if "fallback" in spec}


def test_environment_names_are_documented_for_modules():
    for option, spec in fragment("community.twilio.auth")["options"].items():
        text = " ".join([spec["description"]] if isinstance(spec["description"], str) else spec["description"])
        assert re.findall(r"E\((TWILIO_\w+)\)", text) == environment_names().get(option, [])


def test_environment_names_are_documented_for_plugins():
    options = fragment("community.twilio.auth.plugin")["options"]
    # A dump of settings would show a secret, so plugins read those themselves.
    shown = {name: names for name, names in environment_names().items() if not CONNECTION_OPTIONS[name].get("no_log")}
    assert {option: [entry["name"] for entry in spec["env"]] for option, spec in options.items()} == shown


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_plugins_secrets_are_checked_by_itself(name):
    options = documented_options(yaml.safe_load(importlib.import_module(f"{PACKAGE}.inventory.{name}").DOCUMENTATION))
    secrets = {option for option, spec in CONNECTION_OPTIONS.items() if spec.get("no_log")}
    assert {option for option, spec in options.items() if spec.get("type") == "raw"} == secrets


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_plugin_takes_the_connections_options(name):
    documentation = yaml.safe_load(importlib.import_module(f"{PACKAGE}.inventory.{name}").DOCUMENTATION)
    fragments = {*documentation["extends_documentation_fragment"]}
    assert {"community.twilio.auth", "community.twilio.auth.plugin"} <= fragments
    # What is documented about tasks and their results does not apply to it.
    assert "community.twilio.auth.module" not in fragments
    assert {*CONNECTION_OPTIONS} <= {*documented_options(documentation)}


# Roles


def argument_specs(role: str) -> dict[str, Any]:
    options: dict[str, Any] = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


def role_files(role: str) -> list[Path]:
    return [
        path
        for folder in ("tasks", "handlers", "templates", "vars")
        for path in (ROOT / "roles" / role / folder).rglob("*.*")
    ]


def used_variables(role: str) -> set[str]:
    """Return the variables of a role's name that it uses, without those that it alone sets."""
    used: set[str] = set()
    own: set[str] = set()
    for path in role_files(role):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(rf"(?<![\w.]){role}_\w+", text))
        for node in mappings(yaml.safe_load(text)) if path.suffix == ".yml" else ():
            own |= {*node.get("ansible.builtin.set_fact", {}), *(node.get("vars") or {})}
            own |= {name for key in ("register", "loop_var", "index_var") if isinstance(name := node.get(key), str)}
    return used - (own - {*argument_specs(role)})


def read_variables(role: str) -> dict[str, Mapping[str, Any]]:
    """Return the variables of a role that its action plugin reads, and as what."""
    if role in SETTINGS_OF_ROLES:
        return {f"{role}_{name}": option for name, option in SETTINGS_OF_ROLES[role].items()}
    if role not in ROTATING_ROLES:
        return {}
    options = _rotation_call.settings_of(role.removeprefix("rotate_"))
    return {f"{role}_{name}": option for name, option in options.items()}


@each_role
def test_a_roles_options_are_those_that_it_uses(role):
    options = {*argument_specs(role)}
    hooks = {name for name in options if role in ROTATING_ROLES and name.endswith(_rotation_call.HOOK_SUFFIX)}
    assert options - hooks <= used_variables(role) | {*read_variables(role)}
    # It reads the same options of the connection for all roles.
    assert used_variables(role) | {*read_variables(role)} - {f"{role}_{name}" for name in CONNECTION_OPTIONS} <= options


@each_role
def test_a_roles_defaults_are_those_that_are_documented(role):
    documented = {name: spec["default"] for name, spec in argument_specs(role).items() if "default" in spec}
    defaults = load(f"roles/{role}/defaults/main.yml") or {}
    # What is looked up is described in words.
    assert {name: value for name, value in defaults.items() if "{{" not in str(value)} == documented
    assert not [name for name in defaults if argument_specs(role)[name].get("required")]


@pytest.mark.parametrize("role", [*ROTATING_ROLES, *SETTINGS_OF_ROLES])
def test_the_plugin_takes_a_roles_variables_as_the_role_documents_them(role):
    taken = read_variables(role)
    for name, documented in argument_specs(role).items():
        if name in taken:
            # What the plugin checks by itself.
            assert taken[name]["type"] in (documented["type"], "raw"), name
            assert taken[name].get("choices") == documented.get("choices"), name
            assert taken[name].get("no_log", False) is documented.get("no_log", False), name
            # Those of the connection are the modules'.
            if name.removeprefix(f"{role}_") not in CONNECTION_OPTIONS:
                assert (taken[name].get("default") or "") == (documented.get("default") or ""), name


@each_role
def test_a_role_takes_the_connections_options_as_modules_do(role):
    for option, spec in CONNECTION_OPTIONS.items():
        if (taken := argument_specs(role).get(f"{role}_{option}")) is not None:
            assert taken.get("type", "str") == spec["type"]
            assert taken.get("no_log", False) is spec.get("no_log", False)


def test_an_export_takes_all_of_the_connections_options():
    assert {f"account_export_{option}" for option in [*CONNECTION_OPTIONS, "subaccount_sid"]} <= {
        *argument_specs("account_export")
    }


def test_the_baseline_takes_all_of_the_connections_options_and_those_of_the_modules():
    options = argument_specs("account_baseline")
    assert {f"account_baseline_{option}" for option in [*CONNECTION_OPTIONS, "subaccount_sid"]} <= {*options}
    shared = {*CONNECTION_OPTIONS, "subaccount_sid"}
    for variable, name in (("aws_credentials", "twilio_aws_credential"), ("public_keys", "twilio_public_key")):
        spec = module(name).DEFINITION.argument_spec()
        taken = options[f"account_baseline_{variable}"]["options"]
        assert {*taken} == {*spec} - shared
        for option, described in taken.items():
            assert described.get("type", "str") == spec[option]["type"]
            assert described.get("choices") == spec[option].get("choices")
            assert described.get("no_log", False) is spec[option].get("no_log", False)


# Files


def test_the_version_is_the_collections():
    assert load("galaxy.yml")["version"] == _transport.VERSION


#: Where tools keep what they make.
MADE = {".git", ".cache", ".nox", ".venv", ".ansible", ".hypothesis", "__pycache__", "output"}


def files_to_license() -> Iterator[Path]:
    """Yield the files that can bear a comment; REUSE.toml speaks for those that can't."""
    elsewhere = re.findall(
        r'"([^"]+)"', (ROOT / "REUSE.toml").read_text(encoding="utf-8").split("path =")[1].split("\n")[0]
    )
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT)
        made = MADE.intersection(name.parts) or any(part.endswith("_cache") for part in name.parts)
        if made or name.parts[0] in ("LICENSES", "COPYING") or not path.is_file() or not path.stat().st_size:
            continue
        if name.suffix in (".tar.gz", ".gz") or any(fnmatch.fnmatch(str(name), pattern) for pattern in elsewhere):
            continue
        yield path


ACTION = """\
from __future__ import annotations

from ansible_collections.community.twilio.plugins.modules.{name} import DEFINITION
from ansible_collections.community.twilio.plugins.plugin_utils._action import in_process

ActionModule = in_process(DEFINITION)
"""


@each_module
def test_the_action_plugin_of_a_module_is_two_lines(name):
    path = ROOT / "plugins" / "action" / f"{name}.py"
    wanted = ACTION.format(name=name)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text.partition("\n\n")[2] == wanted, f"write plugins/action/{name}.py, below the header:\n{wanted}"


def test_there_is_no_action_plugin_without_a_module():
    plugins = {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")}
    assert plugins <= {*NAMES, *CONTROLLER_NAMES}


#: In two parts, or this file would seem to name two licences.
IDENTIFIER = "SPDX-License-" + "Identifier:"


def test_every_file_names_its_licence():
    bare = [str(path) for path in files_to_license() if IDENTIFIER not in path.read_text(encoding="utf-8")]
    assert bare == [], "begin these files with the header that their neighbours have"


def test_the_engine_has_the_licence_that_modules_elsewhere_may_include():
    for path in (ROOT / "plugins" / "module_utils").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not text or f"{IDENTIFIER} BSD-2-Clause" in text, f"{path}: what goes to targets is under BSD-2-Clause"


ENGINE = ROOT / "plugins" / "module_utils"


def imported(path: Path) -> Iterator[str]:
    """Yield the names of the engine's files that one of them imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        # Above a file's own folder is the engine's; a resource's own folder holds the others.
        if path.parent != ENGINE and node.level == 1:
            yield "resources"
        elif node.module:
            yield node.module.split(".")[0]
        else:
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: str(path.relative_to(ENGINE)))
def test_each_file_of_the_engine_imports_only_those_before_it(path):
    place = "resources" if path.parent != ENGINE else path.stem
    later = {*imported(path)} - {*ORDER[: ORDER.index(place)]}
    assert not later, (
        f"{path.name} imports {later}, which stand behind it in ORDER; resources import none of each other"
    )


def test_only_the_edges_import_ansible():
    for path in ENGINE.rglob("*.py"):
        knows = re.search(r"^\s*(from|import) ansible\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert not knows or path.stem in ("_definition", "_module", "_controller_only"), path
