# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs a definition: parameters in, result out. Here, and only here, a failure becomes a failed task."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import _libs
from ._definition import Definition, OpenTransport, with_environment_names
from ._errors import TwilioError
from ._transport import HttpTransport


def execute(
    definition: Definition,
    options: Mapping[str, Any],
    check_mode: bool,
    diff_mode: bool,
    open_transport: OpenTransport = HttpTransport,
) -> dict[str, Any]:
    """Run a module's definition, and return the task's result, ``failed`` and ``warnings`` included.

    :param definition: the module.
    :param options: its options, as Ansible has validated them.
    :param check_mode: whether nothing may be written.
    :param diff_mode: whether the result holds a ``diff``.
    :param open_transport: opens HTTP.
    """
    for library, failure in _libs.MISSING.items():
        return {"failed": True, "msg": missing_required_lib(library), "exception": failure}
    try:
        outcome = definition.run(options, check_mode, open_transport)
    except TwilioError as error:
        result: dict[str, Any] = {"failed": True, "msg": error.message, **error.details()}
        diff = error.diff
    else:
        result = {"changed": outcome.changed, **outcome.result}
        diff = outcome.diff()
        if outcome.warnings:
            result["warnings"] = list(outcome.warnings)
    if diff_mode and diff is not None:
        result["diff"] = diff
    return result


def end_without_reader(descriptor: int) -> None:
    """End this process as soon as nobody can read its result any more.

    An interrupt on the controller ends the reader there, not the module, which runs on another machine or in a shell
    that isn't notified.

    :param descriptor: where the result is going to be written. Only a pipe or a socket shows whether it has a reader;
        to a file, as of an async task, the result is always written.
    """

    def watch() -> None:
        # poll doesn't exist everywhere, and not everything can be polled; then the module runs to its end.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            poll = select.poll()
            poll.register(descriptor, 0)
            if any(event & (select.POLLERR | select.POLLHUP) for _unused, event in poll.poll()):
                os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main(definition: Definition) -> None:
    """Run a definition as an ordinary module, on whatever machine the task runs."""
    end_without_reader(1)

    class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
        params: Mapping[str, Any]

        def _load_params(self) -> None:
            super()._load_params()
            self.params = definition.given(self.params)

        def fail_json(self, msg: str, **kwargs: Any) -> NoReturn:
            # ansible-core fails by itself where an option is missing.
            super().fail_json(with_environment_names(msg, self.argument_spec), **kwargs)
            raise AssertionError("fail_json ends the process")

    module = Module(definition.argument_spec(), supports_check_mode=True, **definition.rules())
    result = execute(definition, module.params, module.check_mode, module._diff)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
