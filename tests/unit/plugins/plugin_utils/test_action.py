# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In-process execution: which tasks run in the worker, with whose connections, and what their results show."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from types import SimpleNamespace

import pytest

from ansible_collections.community.twilio.plugins.module_utils import _libs
from ansible_collections.community.twilio.plugins.module_utils._definition import Definition
from ansible_collections.community.twilio.plugins.module_utils._errors import TwilioError
from ansible_collections.community.twilio.plugins.module_utils._resource import Outcome
from ansible_collections.community.twilio.plugins.plugin_utils import _action

OWN = "AC" + "a" * 32
TOKEN = "t0ken" * 8
#: Seconds after which a process is taken for one that never ends.
AT_LAST = 60.0


def action(operation=None, environment="", **given):
    """Return an action plugin as ansible-core makes it, as far as it looks at its surroundings."""
    options = {"name": {"type": "str"}, "secret": {"type": "str", "no_log": True}}
    plugin = _action.in_process(Definition(options, operation))
    made = object.__new__(plugin)
    task = {"async_val": 0, "check_mode": False, "diff": False, "action": "thing", "args": {}}
    made._task = SimpleNamespace(**{**task, **{name: given[name] for name in task if name in given}})
    made._connection = SimpleNamespace(transport=given.get("transport", "local"), become=given.get("become"))
    made._compute_environment_string = lambda: environment
    return made


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the environment's settings, and keep no connection between tests."""
    monkeypatch.delenv("COMMUNITY_TWILIO_IN_PROCESS", raising=False)
    monkeypatch.setattr(_action, "_KEPT_TRANSPORT", _action._KeptTransport())


@pytest.mark.parametrize(
    ("given", "variables", "here"),
    [
        ({}, {}, True),
        ({"transport": "ansible.builtin.local"}, {}, True),
        ({"transport": "ssh"}, {}, False),
        ({"transport": "community.docker.docker"}, {}, False),
        ({"transport": "other.local.ssh"}, {}, False),
        ({"become": object()}, {}, False),
        ({"async_val": 10}, {}, False),
        ({"environment": "A=b"}, {}, False),
        ({}, {"community_twilio_in_process": False}, False),
        ({}, {"community_twilio_in_process": True}, True),
    ],
)
def test_a_task_that_needs_another_process_or_machine_runs_as_a_module(given, variables, here):
    assert action(**given)._runs_in_process(variables) is here


def test_a_variable_takes_precedence_over_the_environment(monkeypatch):
    monkeypatch.setenv("COMMUNITY_TWILIO_IN_PROCESS", "false")
    assert action()._runs_in_process({}) is False
    assert action()._runs_in_process({"community_twilio_in_process": True}) is True


def test_a_library_missing_on_the_controller_may_exist_on_the_target(monkeypatch):
    monkeypatch.setitem(_libs.MISSING, "requests", "Traceback")
    assert action()._runs_in_process({}) is False


def test_a_task_that_can_t_run_here_runs_as_an_ordinary_module(monkeypatch):
    monkeypatch.setattr(_action.ModuleAction, "run", lambda self, tmp=None, task_vars=None: {"by": "module"})
    assert action(transport="ssh").run(task_vars={}) == {"by": "module"}


def run(drive, variables=None, **given):
    args = {"account_sid": OWN, "auth_token": TOKEN, **given.pop("args", {})}
    return action(drive, args=args, **given).run(task_vars=variables or {})


def test_secrets_are_masked_in_whatever_a_result_holds():
    def drive(client, options, dry_run):
        shown = f"it was {options['secret'].reveal()}"
        return Outcome(True, {"text": shown, "list": [shown], "token": TOKEN})

    result = run(drive, args={"secret": "s3cret" * 4})
    assert "s3cret" not in str(result)
    assert TOKEN not in str(result)
    assert result["changed"] is True


def test_the_message_of_a_failure_is_masked_too():
    def drive(client, options, dry_run):
        raise TwilioError(f"not with {TOKEN}")

    result = run(drive)
    assert result["failed"] is True
    assert TOKEN not in str(result)


def test_options_that_are_empty_are_not_given_and_a_problem_opens_nothing():
    def drive(client, options, dry_run):
        return Outcome(False, {"region": options["region"], "name": options["name"], "dry_run": dry_run})

    result = run(drive, args={"region": "", "name": ""}, check_mode=True)
    assert (result["region"], result["name"], result["dry_run"]) == (None, "", True)
    assert "Unsupported parameters for (thing) module" in run(drive, args={"nmae": "x"})["msg"]
    assert run(drive, args={"timeout": "soon"})["failed"] is True


def test_the_invocation_is_returned_without_secrets_unless_a_setting_disables_it(monkeypatch):
    def drive(client, options, dry_run):
        return Outcome(False, {})

    monkeypatch.setattr(_action, "_INVOCATION_IS_A_SETTING", False)
    arguments = run(drive, args={"name": "x"})["invocation"]["module_args"]
    assert (arguments["name"], arguments["max_retries"]) == ("x", 5)
    assert arguments["auth_token"] != TOKEN
    monkeypatch.setattr(_action, "_INVOCATION_IS_A_SETTING", True)
    for setting in (True, False):
        monkeypatch.setattr(_action.C.config, "get_config_value", lambda name, variables, value=setting: value)
        assert ("invocation" in run(drive)) is setting


def test_connections_are_kept_for_the_same_account_and_settings_alone():
    kept = _action._KeptTransport()
    options = {"account_sid": OWN, "timeout": 7.0, "validate_certs": True}

    def transport(**changed):
        return kept.opener({**options, **changed})(7.0, True, None)

    first = transport()
    assert transport() is first
    assert transport(name="another") is first
    for name in _action._REUSED_FOR:
        assert transport(**{name: "another"}) is not transport()


def test_connections_are_not_shared_with_a_process_that_was_forked(monkeypatch):
    kept = _action._KeptTransport()
    first = kept.opener({})(7.0, True, None)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert kept.opener({})(7.0, True, None) is not first


# A worker whose ansible-playbook has ended


def worker(pid_of_worker) -> None:
    _action.PARENT.start()
    _action.PARENT.start()
    pid_of_worker.send(os.getpid())
    time.sleep(2 * AT_LAST)


def playbook(pid_of_worker) -> None:
    process = multiprocessing.get_context("fork").Process(target=worker, args=(pid_of_worker,))
    process.start()
    process.join()


def test_a_worker_ends_with_its_parent():
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    parent = context.Process(target=playbook, args=(sender,))
    parent.start()
    sender.close()
    assert receiver.poll(AT_LAST)
    pid = receiver.recv()
    try:
        os.kill(parent.pid, signal.SIGKILL)
        parent.join(AT_LAST)
        # The worker holds the pipe's other end, so that it is closed when the worker has ended.
        assert receiver.poll(AT_LAST), "the worker is still there"
        with pytest.raises(EOFError):
            receiver.recv()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_no_thread_watches_the_parent_outside_of_a_worker():
    watch = _action._ParentWatch()
    watch.start()
    assert watch._watched == 0
