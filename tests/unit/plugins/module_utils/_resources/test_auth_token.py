# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for every combination of the state and of which tokens are valid: no request is made."""

from __future__ import annotations

import pytest

from ansible_collections.community.twilio.plugins.module_utils._client import Client, Connection
from ansible_collections.community.twilio.plugins.module_utils._errors import (
    AmbiguousState,
    InputError,
    Rejected,
    TwilioError,
)
from ansible_collections.community.twilio.plugins.module_utils._resources import auth_token
from ansible_collections.community.twilio.plugins.module_utils._resources.auth_token import (
    AuthTokenState,
    Create,
    Delete,
    Promote,
    Tried,
)
from ansible_collections.community.twilio.plugins.module_utils._secret import Secret

ACCOUNT = "AC" + "a" * 32
PRIMARY = Secret("a" * 32)
SECONDARY = Secret("b" * 32)
NOT_VALID = Rejected("try an auth token", "Twilio answered 401/20003, Authenticate", status=401, code=20003)

SHOWN = {"account_sid": ACCOUNT, "date_created": None, "date_updated": None}


def make_tried(primary: bool, secondary: bool | None) -> Tried:
    return Tried(None if primary else NOT_VALID, secondary)


def options(state, secondary=SECONDARY, **more):
    return {
        "auth_token": PRIMARY,
        "secondary_auth_token": secondary,
        "state": state,
        "replace_unknown": False,
        "suppress_email_notification": False,
        **more,
    }


def plan(state, primary: bool, secondary: bool | None, token=SECONDARY):
    """Return what is planned; ``secondary`` None means that none is given."""
    given = None if secondary is None else token
    client = Client(
        Connection(ACCOUNT, PRIMARY, api_key_sid="SK" + "1" * 32, api_key_secret=Secret("s")), transport=None
    )
    return AuthTokenState(client, options(state, given)).plan(make_tried(primary, secondary))


@pytest.mark.parametrize(
    ("state", "primary", "secondary", "token", "steps", "changed"),
    [
        ("present", True, True, SECONDARY, (), False),
        ("present", True, None, None, (Create(),), True),
        ("present", True, False, SECONDARY, (Create(),), True),
        ("promoted", True, True, SECONDARY, (Promote(SECONDARY),), True),
        ("promoted", False, True, SECONDARY, (), False),
        ("promoted", True, True, PRIMARY, (), False),
        ("absent", True, None, None, (Delete(),), True),
        ("absent", True, True, SECONDARY, (Delete(),), True),
        # It is deleted all the same: there may be another one than the one given. In check mode, the given one tells.
        ("absent", True, False, SECONDARY, (Delete(),), False),
        ("absent", True, True, PRIMARY, (Delete(),), True),
    ],
)
def test_the_table(state, primary, secondary, token, steps, changed):
    made = plan(state, primary, secondary, token)
    assert made.steps == steps
    assert made.outcome().changed is changed
    assert made.result == {**SHOWN, "secondary_auth_token": None}


@pytest.mark.parametrize(
    ("state", "primary", "secondary", "error", "sentence"),
    [
        ("present", False, True, AmbiguousState, "promoted already. Pass it as auth_token"),
        ("present", False, False, AmbiguousState, "locked out here, or it is suspended or closed"),
        ("present", False, None, Rejected, "401/20003"),
        ("promoted", True, False, AmbiguousState, "never staged, or was deleted"),
        ("promoted", False, False, AmbiguousState, "locked out here, or it is suspended or closed"),
        ("absent", False, True, AmbiguousState, "promoted already. Pass it as auth_token"),
        ("absent", False, False, AmbiguousState, "locked out here, or it is suspended or closed"),
        ("absent", False, None, Rejected, "401/20003"),
    ],
)
def test_what_only_the_user_can_decide(state, primary, secondary, error, sentence):
    with pytest.raises(error, match=sentence):
        plan(state, primary, secondary)


def test_being_locked_out_is_reported_as_a_refusal():
    with pytest.raises(TwilioError) as caught:
        plan("promoted", False, False)
    assert caught.value.details() == {"status": 401, "code": 20003}


def test_the_primary_given_as_secondary_is_refused_before_any_request():
    with pytest.raises(InputError, match="^secondary_auth_token: .*that is the primary"):
        auth_token.check_together(options("present", Secret("a" * 32)))
    auth_token.check_together(options("promoted", Secret("a" * 32)))
    auth_token.check_together(options("present", None))


@pytest.mark.parametrize(("secondary", "token"), [(None, None), (True, PRIMARY)])
def test_a_deletion_that_may_find_nothing_is_marked_as_a_guess(secondary, token):
    assert "prediction" in plan("absent", True, secondary, token).warnings[0]


@pytest.mark.parametrize("secondary", [True, False])
def test_a_deletion_of_a_known_token_is_no_guess(secondary):
    assert not plan("absent", True, secondary).warnings


@pytest.mark.parametrize(
    ("state", "primary", "secondary", "before", "after"),
    [
        ("present", True, True, SHOWN, SHOWN),
        ("present", True, None, {}, SHOWN),
        ("promoted", True, True, SHOWN, {}),
        ("promoted", False, True, {}, {}),
        ("absent", True, True, SHOWN, {}),
        ("absent", True, False, {}, {}),
    ],
)
def test_the_diff_shows_the_secondary_token_without_the_token(state, primary, secondary, before, after):
    made = plan(state, primary, secondary)
    assert (made.before, made.after) == (before, after)


@pytest.mark.parametrize(
    ("primary", "secondary", "token", "phase"),
    [
        (True, None, None, "single"),
        (True, False, SECONDARY, "single"),
        (True, True, PRIMARY, "single"),
        (True, True, SECONDARY, "staged"),
        (False, True, SECONDARY, "promoted"),
        (False, False, SECONDARY, "locked_out"),
        (False, None, None, "locked_out"),
        (False, False, PRIMARY, "locked_out"),
    ],
)
def test_the_phases(monkeypatch, primary, secondary, token, phase):
    monkeypatch.setattr(auth_token, "try_tokens", lambda *_given: make_tried(primary, secondary))
    assert auth_token.look_up(None, {"auth_token": PRIMARY, "secondary_auth_token": token}) == {
        "auth_token_valid": primary,
        "secondary_auth_token_valid": secondary,
        "phase": phase,
    }
