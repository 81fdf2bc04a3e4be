# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task's arguments on the controller, checked as a module checks them, and its result without their secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.community.twilio.plugins.module_utils._definition import with_environment_names

try:
    # Since ansible-core 2.22 the checks register secrets, and every output hides what is registered; a module's result
    # holds them. The function is one of those that came with it.
    from ansible.module_utils.secrets import register_secrets as _register_secrets
except ImportError:
    CORE_HIDES_SECRETS = False
else:
    del _register_secrets
    CORE_HIDES_SECRETS = True

#: What replaces a value of a result that is a secret, and a secret within a value.
_IS_SECRET, _HOLDS_SECRET = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********"


class Arguments(NamedTuple):
    """Arguments after the checks.

    :param options: all options with their defaults.
    :param problem: what is wrong, as a sentence; None where nothing is.
    :param secrets: the texts of options that are marked ``no_log``, as given and as checked; none is empty.
    """

    options: dict[str, Any]
    problem: str | None
    secrets: set[str]


def checked(
    argument_spec: Mapping[str, Any], rules: Mapping[str, Any], given: Mapping[str, Any], action: str
) -> Arguments:
    """Check arguments against a module's table of options.

    :param argument_spec: the table.
    :param rules: the rules between options, as ArgumentSpecValidator's keyword arguments.
    :param given: the arguments; they may hold Ansible's own kinds of text.
    :param action: the task's, for the message about an unknown option.
    """
    arguments = plain(given)
    marked = [name for name, option in argument_spec.items() if option.get("no_log")]
    try:
        validated = ArgumentSpecValidator(argument_spec, **rules).validate(arguments)
    except OverflowError as error:
        # An integer that no float can hold: Ansible's conversion has no message for it.
        return Arguments(arguments, f"a number is too large: {error}", _secrets(marked, arguments))
    options: dict[str, Any] = validated.validated_parameters
    problem: str | None = validated.errors.msg if validated.error_messages else None
    if problem and isinstance(validated.errors[0], UnsupportedError):
        # The message that a module has for it.
        problem = f"Unsupported parameters for ({action}) module: {problem}"
    if problem:
        problem = with_environment_names(problem, argument_spec)
    return Arguments(options, problem, _secrets(marked, arguments, options))


def _secrets(marked: Sequence[str], *values: Mapping[str, Any]) -> set[str]:
    return {text for each in values for name in marked for text in _texts(each.get(name))}


def plain(value: Any) -> Any:
    """Return a value as a module would get it: of JSON's types only, without tags, marks or vaults.

    Bytes stay what they are, so that a check can refuse them.

    :param value: a task's or a filter's argument, or a part of one.
    """
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, bytes)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, date):
        return value.isoformat()
    # What is left is a vaulted text of ansible-core before 2.19, which str() opens.
    return str(value)


def without_secrets(result: Any, secrets: Collection[str]) -> Any:
    """Return a task's result as a module returns it, with secrets masked as this release of ansible-core masks them.

    A text that is a secret, and a number that holds one, is replaced as a whole; within a text each secret is. Keys are
    the module's own, and stay.

    :param result: of JSON's types only.
    :param secrets: the texts to hide; none is empty.
    :raises TypeError: where the result holds a value of another type.
    """
    if CORE_HIDES_SECRETS:
        return result
    # The longer ones first: otherwise one that begins another would leave the rest of that one visible.
    return _hidden(result, sorted(secrets, key=lambda secret: (-len(secret), secret)))


def _hidden(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(item, secrets) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in secrets:
            return _IS_SECRET
        for secret in secrets:
            value = value.replace(secret, _HOLDS_SECRET)
        return value
    if isinstance(value, (int, float)):
        return _IS_SECRET if any(secret in str(value) for secret in secrets) else value
    raise TypeError(f"a result can't hold a {type(value).__name__}")


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value, but none that is empty: it would be found everywhere."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
