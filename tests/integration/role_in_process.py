# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a role's task files in this process, several times as fast as ``ansible-playbook`` does.

The task files, their action plugin, lookup and templates are the real ones. What Ansible does around them is
reimplemented here in a few lines, for the keywords that these files use; any other keyword is an error. Playbooks test
what depends on Ansible itself: strategies, tags, includes, ignored errors, output.
"""

from __future__ import annotations

import functools
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import ansible.template
from ansible.module_utils import basic
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader, lookup_loader
from harness import CHECKOUT, HERE, Result

ROLES = CHECKOUT / "roles"

#: The keywords of a task, besides its module.
_KEYWORDS = {"name", "vars", "when", "register", "block", "rescue", "always", "no_log", "changed_when", "failed_when"}
#: Those of an include, too.
_INCLUDES = {"ansible.builtin.import_tasks", "ansible.builtin.include_tasks"}
_LOOP = {"loop", "loop_control"}
#: Modules whose action plugin does no more than run them.
_PASSED_ON = {"ansible.builtin.command"}
#: The value of the variable ``omit``.
_OMIT = "__omit_place_holder__"


class TaskFailed(Exception):
    """A task failed.

    :param task: its name.
    :param result: what it returned.
    """

    def __init__(self, task: str, result: Mapping[str, Any]) -> None:
        super().__init__(task)
        self.task, self.result = task, result


@functools.lru_cache
def _add_action_plugins(action_plugins: Path) -> None:
    """Let Ansible find the action plugins in a folder."""
    action_loader.add_directory(str(action_plugins))


#: Only releases of ansible-core that distinguish trusted texts have these.
_TRUSTED = {"trusted_as_template": True} if hasattr(ansible.template, "trust_as_template") else {}
_trusted = getattr(ansible.template, "trust_as_template", str)


@functools.lru_cache
def _load_yaml(path: Path) -> Any:
    """Return the content of a YAML file of a role or a test."""
    return DataLoader().load_from_file(str(path), **_TRUSTED)


def load_all() -> None:
    """Load what every run needs, before a process forks."""
    action_loader.get("community.twilio.rotation_step", class_only=True)
    lookup_loader.get("community.twilio.rotation_record")
    for path in ROLES.glob("rotate_*/*/*.yml"):
        _load_yaml(path)


def _run_module(module: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a module that has no action plugin in this process, as it runs in one of its own, and return its result."""
    collection, _dot, name = module.rpartition(".")
    package = "ansible.modules"
    if collection != "ansible.builtin":
        package = f"ansible_collections.{collection}.plugins.modules"
    given, output = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode(), io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(patch.object(basic, "_ANSIBLE_ARGS", given))
        # Only releases of ansible-core that distinguish trusted texts have it.
        stack.enter_context(patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True))
        stack.enter_context(redirect_stdout(output))
        stack.enter_context(suppress(SystemExit))
        import_module(f"{package}.{name}").main()
    result: dict[str, Any] = json.loads(output.getvalue())
    return result


class RoleInProcess:
    """One host, in one run of a role.

    :param role: the role's short name.
    :param host: the host's name.
    :param variables: the host's variables.
    :param playbook_folder: the folder that relative paths of hooks are resolved in.
    :param check_mode: whether the role runs in check mode.
    :param diff: whether it runs with a diff.
    :param action_plugins: folders with the action plugins of the hooks.
    :param task_end: called at the end of each task, with its untemplated name.
    :ivar results: the result of each task, as a callback plugin would get it.
    :ivar shown: the results as they are printed.
    """

    def __init__(
        self,
        role: str,
        host: str,
        variables: Mapping[str, Any],
        playbook_folder: Path,
        check_mode: bool = False,
        action_plugins: Sequence[Path] = (HERE / "action_plugins",),
        task_end: Callable[[str], None] = lambda _name: None,
        diff: bool = False,
    ) -> None:
        for folder in action_plugins:
            _add_action_plugins(folder)
        self._role, self._host, self._check_mode, self._diff = role, host, check_mode, diff
        self._task_end = task_end
        self._connection = connection_loader.get("ansible.builtin.local", PlayContext())
        self.variables: dict[str, Any] = {
            **_load_yaml(ROLES / role / "defaults" / "main.yml"),
            **variables,
            "inventory_hostname": host,
            "omit": _OMIT,
            "playbook_dir": str(playbook_folder),
            "role_path": str(ROLES / role),
        }
        self.results: list[Result] = []
        self.shown: list[str] = []

    def run(self, show: Sequence[str] = ()) -> bool:
        """Run the role, print variables, and return whether the role succeeded."""
        try:
            self._validate()
            self._run_file(ROLES / self._role / "tasks" / "main.yml", {})
        except TaskFailed:
            return False
        finally:
            for name in show:
                if name in self.variables:
                    self._add_result(name, {name: self._template({}, self.variables[name])})
        return True

    def _validate(self) -> None:
        specs = _load_yaml(ROLES / self._role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
        arguments = {"argument_spec": specs, "validate_args_context": {"name": self._role, "type": "role"}}
        name = "Validate the role's variables"
        result = self._act("ansible.builtin.validate_argument_spec", arguments, {})
        self._add_result(name, result)
        if result.get("failed"):
            raise TaskFailed(name, result)

    # -- tasks -------------------------------------------------------------------------------------------------------

    def _run_file(self, path: Path, more: Mapping[str, Any]) -> None:
        for task in _load_yaml(path):
            self._run_task(task, more, path.parent)

    def _run_task(self, task: Mapping[str, Any], more: Mapping[str, Any], folder: Path) -> None:
        more = {**more, **task.get("vars", {})}
        if "when" in task and not self._is_true(more, task["when"]):
            if "register" in task:
                self.variables[task["register"]] = {"changed": False, "skipped": True}
            return
        if "block" in task:
            self._run_block(task, more, folder)
            return
        if _INCLUDES.intersection(task):
            self._include(task, more, folder)
            return
        (module,) = set(task) - _KEYWORDS
        name = str(self._template(more, task.get("name", module)))
        arguments = self._template(more, task.get(module) or {})
        given = {option: value for option, value in arguments.items() if value != _OMIT}
        with self._hiding(bool(task.get("no_log"))):
            result = self._act(module, given, more)
            if "changed_when" in task:
                result["changed"] = self._is_true(more, task["changed_when"])
            if "failed_when" in task:
                result["failed"] = self._is_true(more, task["failed_when"])
            self._add_result(name, result)
        if "register" in task:
            self.variables[task["register"]] = result
        self._task_end(str(task.get("name", module)))
        if result.get("failed"):
            raise TaskFailed(name, result)

    def _include(self, task: Mapping[str, Any], more: Mapping[str, Any], folder: Path) -> None:
        (module,) = set(task) - _KEYWORDS - _LOOP
        included = task[module] if isinstance(task[module], Mapping) else {"file": task[module]}
        hides = bool(dict(included.get("apply", {})).get("no_log"))
        loop_var = task.get("loop_control", {}).get("loop_var", "item")
        rounds = [{loop_var: item} for item in self._template(more, task["loop"])] if "loop" in task else [{}]
        # Ansible includes all of them before it runs the first one's tasks.
        files = [folder / str(self._template({**more, **each}, included["file"])) for each in rounds]
        for file, each in zip(files, rounds, strict=True):
            with self._hiding(hides):
                self._run_file(file, {**more, **each})

    def _run_block(self, task: Mapping[str, Any], more: Mapping[str, Any], folder: Path) -> None:
        try:
            for each in task["block"]:
                self._run_task(each, more, folder)
        except TaskFailed as failed:
            if "rescue" not in task:
                raise
            self.variables["ansible_failed_task"] = {"name": failed.task}
            self.variables["ansible_failed_result"] = dict(failed.result)
            for each in task["rescue"]:
                self._run_task(each, more, folder)
        finally:
            for each in task.get("always", ()):
                self._run_task(each, more, folder)

    def _act(self, module: str, arguments: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
        """Run an action plugin, and return its result."""
        if module == "ansible.builtin.set_fact":
            result: dict[str, Any] = {"changed": False}
            self.variables.update(arguments)
        elif module == "ansible.builtin.debug":
            result = {"changed": False, **arguments}
        elif module in _PASSED_ON or not action_loader.has_plugin(module):
            result = _run_module(module, {**arguments, "_ansible_check_mode": self._check_mode})
        else:
            task = Task()
            task.action, task.args, task.check_mode = module, dict(arguments), self._check_mode
            task.diff = self._diff
            variables = {**self.variables, **more}
            plugin = action_loader.get(
                module,
                task=task,
                connection=self._connection,
                play_context=PlayContext(),
                loader=DataLoader(),
                templar=self._templar(more),
                shared_loader_obj=SimpleNamespace(),
            )
            result = plugin.run(task_vars=variables)
        return result

    # -- output -----------------------------------------------------------------------------------------------

    _hidden = False

    @contextmanager
    def _hiding(self, hides: bool) -> Iterator[None]:
        before, self._hidden = self._hidden, self._hidden or hides
        try:
            yield
        finally:
            self._hidden = before

    def _add_result(self, task: str, result: Mapping[str, Any]) -> None:
        kind, values = "failed" if result.get("failed") else "ok", dict(result)
        if self._hidden or result.get("_ansible_no_log"):
            values = {"censored": "hidden", "changed": bool(result.get("changed"))}
        self.results.append(Result(kind, self._host, task, values, time.time()))
        self.shown.append(json.dumps([task, values], default=str))

    # -- templates ---------------------------------------------------------------------------------------------------

    def _templar(self, more: Mapping[str, Any]) -> Any:
        return ansible.template.Templar(loader=DataLoader(), variables={**self.variables, **more})

    def _template(self, more: Mapping[str, Any], value: Any) -> Any:
        return self._templar(more).template(value)

    def _is_true(self, more: Mapping[str, Any], condition: Any) -> bool:
        conditions = condition if isinstance(condition, list) else [condition]
        return all(self._template(more, _trusted(f"{{{{ {each} }}}}")) for each in conditions)
