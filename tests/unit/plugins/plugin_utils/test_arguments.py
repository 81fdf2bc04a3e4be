# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments and results in process equal those of a module."""

from __future__ import annotations

from datetime import date

import pytest
from ansible.module_utils.common.parameters import remove_values
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.twilio.plugins.plugin_utils import _arguments
from ansible_collections.community.twilio.plugins.plugin_utils._arguments import checked, plain, without_secrets

WHOLE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


@pytest.fixture(autouse=True)
def _the_core_hides_nothing(monkeypatch):
    monkeypatch.setattr(_arguments, "CORE_HIDES_SECRETS", False)


@pytest.mark.parametrize(
    ("value", "secrets", "expected"),
    [
        ("hunter2", {"hunter2"}, WHOLE),
        ("it is hunter2, hunter2!", {"hunter2"}, "it is ********, ********!"),
        # A secret that begins another leaves nothing of that to be read.
        ("it is hunter22", {"hunter2", "hunter22"}, "it is ********"),
        (["a", ("hunter2",)], {"hunter2"}, ["a", [WHOLE]]),
        ({"hunter2": {"msg": "hunter2"}}, {"hunter2"}, {"hunter2": {"msg": WHOLE}}),
        ({"changed": True, "failed": False, "diff": None}, {"True", "False", "None", "e"}, None),
        ({"port": 4711, "timeout": 7.5}, {"71", ".5"}, {"port": WHOLE, "timeout": WHOLE}),
        ({"port": 4711, "text": "x"}, set(), None),
    ],
)
def test_a_secret_is_hidden_wherever_it_is(value, secrets, expected):
    assert without_secrets(value, secrets) == (value if expected is None else expected)


texts = st.text("abc ", max_size=6)
results = st.recursive(
    texts | st.integers(0, 999) | st.floats(0, 9), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)


@given(result=results, secrets=st.sets(st.text("abc19.", min_size=1, max_size=4), max_size=4))
def test_what_is_hidden_is_what_a_module_hides(result, secrets):
    """In a module, all releases before 2.22 do it by this function; some take the secrets in the order they get."""
    longest_first = sorted(secrets, key=lambda secret: (-len(secret), secret))
    assert without_secrets(result, secrets) == remove_values(result, longest_first)


def test_a_release_that_hides_secrets_itself_gets_the_result_as_it_is(monkeypatch):
    monkeypatch.setattr(_arguments, "CORE_HIDES_SECRETS", True)
    result = {"msg": "hunter2"}
    assert without_secrets(result, {"hunter2"}) is result


def test_a_result_that_json_can_not_hold_is_refused():
    with pytest.raises(TypeError, match="can't hold a bytes"):
        without_secrets({"msg": b"hunter2"}, {"hunter2"})


class Vaulted:
    """A vaulted text of ansible-core before 2.19."""

    def __str__(self) -> str:
        return "opened"


def test_arguments_are_converted_to_json_types():
    given = {"a": Vaulted(), "b": [Vaulted(), ("c", date(2026, 1, 31))], "d": [None, True, 1, 1.5]}
    assert plain(given) == {"a": "opened", "b": ["opened", ["c", "2026-01-31"]], "d": [None, True, 1, 1.5]}
    assert plain(b"bytes") == b"bytes"


def test_a_number_too_large_for_a_float_is_reported_and_raises_nothing():
    spec = {"timeout": {"type": "float"}, "auth_token": {"no_log": True}}
    arguments = checked(spec, {}, {"timeout": 10**400, "auth_token": "hunter2"}, "any")
    assert arguments.problem is not None
    assert "too large" in arguments.problem
    assert arguments.secrets == {"hunter2"}
