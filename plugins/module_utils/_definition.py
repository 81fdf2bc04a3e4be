# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A module as data: its options, how they are checked, and what the module does."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound

from . import _schemas
from ._account_token import acting_as_subaccount
from ._client import Client, Connection
from ._resource import Outcome, Resource, converge
from ._schemas import Check
from ._secret import Secret
from ._transport import Transport

Options = Mapping[str, Any]

#: What a module does: it gets the client, the checked options with secrets masked, and whether it is check mode.
Operation = Callable[[Client, Options, bool], Outcome]

#: Opens HTTP, given ``timeout``, ``validate_certs`` and ``ca_path``; in-process execution returns an open one again.
OpenTransport = Callable[[float, bool, "str | None"], Transport]


def env_fallback(name: str) -> str:
    """Return an environment variable's value, unless it is empty: CI systems set what was left blank to ``""``.

    :raises AnsibleFallbackNotFound: where it is empty or not set.
    """
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


#: How Ansible's own sentences about options that are missing begin.
_MISSING = ("missing required arguments: ", "one of the following is required: ", "parameters are required together: ")


def with_environment_names(problem: str, argument_spec: Mapping[str, Any]) -> str:
    """Return a sentence about missing options that says which environment variable each may come from instead.

    :param problem: Ansible's sentence; one about anything else is returned as it is.
    :param argument_spec: the options.
    """
    if not problem.startswith(_MISSING):
        return problem
    variables = {name: option["fallback"][1][0] for name, option in argument_spec.items() if "fallback" in option}

    def named(match: re.Match[str]) -> str:
        name = match[0]
        return f"{name} (environment variable {variables[name]})" if name in variables else name

    opening = next(text for text in _MISSING if problem.startswith(text))
    return opening + re.sub(r"\w+", named, problem[len(opening) :])


#: The options that every module takes to reach Twilio, as the documentation fragment ``auth`` has them.
CONNECTION_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "account_sid": {"type": "str", "required": True, "fallback": (env_fallback, ["TWILIO_ACCOUNT_SID"])},
    "auth_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["TWILIO_AUTH_TOKEN"])},
    "api_key_sid": {"type": "str", "no_log": False, "fallback": (env_fallback, ["TWILIO_API_KEY"])},
    "api_key_secret": {"type": "str", "no_log": True, "fallback": (env_fallback, ["TWILIO_API_SECRET"])},
    "region": {"type": "str", "fallback": (env_fallback, ["TWILIO_REGION"])},
    "edge": {"type": "str", "fallback": (env_fallback, ["TWILIO_EDGE"])},
    "base_url": {"type": "str", "fallback": (env_fallback, ["TWILIO_BASE_URL"])},
    "timeout": {"type": "float", "default": 30.0},
    "max_retries": {"type": "int", "default": 5},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}

#: The option of those modules that may act as a subaccount, as the documentation fragment ``subaccount`` has it.
SUBACCOUNT_OPTION: Mapping[str, Mapping[str, Any]] = {"subaccount_sid": {"type": "str"}}

#: The checks of those options.
CONNECTION_CHECKS: Mapping[str, Check] = {
    "account_sid": _schemas.sid("AC"),
    "auth_token": _schemas.secret_text,
    "api_key_sid": _schemas.sid("SK"),
    "api_key_secret": _schemas.secret_text,
    "region": _schemas.host_label,
    "edge": _schemas.host_label,
    "base_url": _schemas.base_url,
    "timeout": _schemas.seconds,
    "max_retries": _schemas.not_negative,
    "subaccount_sid": _schemas.sid("AC"),
}


def given(own_options: Mapping[str, Mapping[str, Any]], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's arguments without options that are not given; see :meth:`Definition.given`.

    :param own_options: the options besides those of the connection, as in an argument spec.
    :param arguments: as they were written.
    """
    connecting = {*CONNECTION_OPTIONS, *SUBACCOUNT_OPTION}
    defaults = {name for name, option in own_options.items() if "default" in option}
    return {
        name: value
        for name, value in arguments.items()
        if not (value in (None, "") if name in connecting else value is None and name not in defaults)
    }


def _nothing_to_check(options: Options) -> None:
    """Accept any options."""


@dataclass(frozen=True)
class Definition:
    """What a module's file declares besides its documentation.

    :param options: its own options, as in an argument spec.
    :param operation: what it does with them; see :func:`converging` and :func:`reading`.
    :param checks: option to the check of a value that an argument spec can't express.
    :param check_together: checks what options mean together, and raises InputError.
    :param required_one_of: as in an argument spec; likewise ``required_together`` and ``mutually_exclusive``.
    :param required_if: as in an argument spec: an option, its value, and the options that are then required.
    :param required_of_connection: the options of the connection that this module can't do without.
    :param acts_as_subaccount: whether it takes ``subaccount_sid``.
    """

    options: Mapping[str, Mapping[str, Any]]
    operation: Operation
    checks: Mapping[str, Check] = field(default_factory=dict)
    check_together: Callable[[Options], None] = _nothing_to_check
    required_one_of: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_if: Sequence[tuple[str, Any, Sequence[str]]] = ()
    required_of_connection: Sequence[str] = ()
    acts_as_subaccount: bool = False

    def argument_spec(self) -> dict[str, dict[str, Any]]:
        """Return all options, those of the connection included, as Ansible takes them."""
        subaccount = SUBACCOUNT_OPTION if self.acts_as_subaccount else {}
        required = {name: {**CONNECTION_OPTIONS[name], "required": True} for name in self.required_of_connection}
        options = {**CONNECTION_OPTIONS, **required, **subaccount, **self.options}
        return {name: dict(spec) for name, spec in options.items()}

    def given(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return a task's arguments without options that are not given: null, or an empty one of the connection.

        Ansible's own rules between options treat null as given. Null for an option that has a default stays, so that
        Ansible refuses it: whoever writes null doesn't mean the default.

        :param arguments: as they were written, before Ansible validates them.
        """
        return given(self.options, arguments)

    @functools.cached_property
    def secret_options(self) -> frozenset[str]:
        """The names of the options whose values must not be shown."""
        return frozenset(name for name, option in self.argument_spec().items() if option.get("no_log"))

    def rules(self) -> dict[str, list[list[Any]]]:
        """Return the rules between options, as Ansible's keyword arguments."""
        return {
            "required_one_of": [["auth_token", "api_key_sid"], *map(list, self.required_one_of)],
            "required_together": [["api_key_sid", "api_key_secret"], *map(list, self.required_together)],
            "mutually_exclusive": [*map(list, self.mutually_exclusive)],
            "required_if": [[option, value, list(options)] for option, value, options in self.required_if],
        }

    def run(self, options: Options, dry_run: bool, open_transport: OpenTransport) -> Outcome:
        """Check the options, connect, and do what the module does.

        :param options: all options, as Ansible has validated them.
        :param dry_run: check mode: nothing is written.
        :param open_transport: opens HTTP.
        :raises TwilioError: anything that stops it; an InputError comes before any request.
        """
        options = checked({**CONNECTION_CHECKS, **self.checks}, options, self.secret_options)
        self.check_together(options)
        return self.operation(connected(options, open_transport), options, dry_run)


def checked(checks: Mapping[str, Check], options: Options, secret_options: Collection[str]) -> Options:
    """Return options after their values were checked, with secrets masked.

    :param checks: option to its check.
    :param options: as Ansible has validated them.
    :param secret_options: the names of those that are secrets.
    :raises InputError: naming the option, and what is expected.
    """
    return {
        name: Secret(value) if name in secret_options and value is not None else value
        for name, value in _schemas.check_options(checks, options).items()
    }


def connected(options: Options, open_transport: OpenTransport) -> Client:
    """Return the client that options describe, as the subaccount if they name one.

    :param options: those of the connection, checked, and perhaps ``subaccount_sid``.
    :param open_transport: opens HTTP.
    :raises TwilioError: where the subaccount's token can't be read.
    """
    connection = Connection(**{name: options[name] for name in Connection.__dataclass_fields__})
    client = Client(connection, open_transport(options["timeout"], options["validate_certs"], options["ca_path"]))
    # An inventory of accounts names the account itself as it names the others.
    if options.get("subaccount_sid") not in (None, "", client.account_sid):
        client = acting_as_subaccount(client, options["subaccount_sid"])
    return client


def converging(resource: Callable[[Client, Options], Resource[Any]]) -> Operation:
    """Return the operation of a module that describes one resource: bring it to its wanted state.

    :param resource: makes the resource from the client and the options.
    """

    def operation(client: Client, options: Options, dry_run: bool) -> Outcome:
        return converge(resource(client, options), dry_run)

    return operation


def reading(look_up: Callable[[Client, Options], Mapping[str, Any]]) -> Operation:
    """Return the operation of an ``_info`` module: read, in check mode too.

    :param look_up: reads, and returns the module's keys.
    """

    def operation(client: Client, options: Options, dry_run: bool) -> Outcome:
        return Outcome(changed=False, result=look_up(client, options))

    return operation
