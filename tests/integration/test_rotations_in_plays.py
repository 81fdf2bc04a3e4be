# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play around the role ``rotate_auth_token`` may say, and what stays so in spite of it."""

from __future__ import annotations

import json

import credential_rotations
from credential_rotations import OLD
from harness import ansible_playbook, numbered, play
from rotations import PASSWORD
from token_rotations import OTHER, PENDING, PRIMARY, Accounts, Rotation

IDLE = {"phase": "idle", "primary": PRIMARY}
STAGED = {"phase": "staged", "primary": PRIMARY, "pending": PENDING, "staged_at": "2026-01-31T04:00:00Z"}
BOTH = {"secondary_auth_token": PENDING}


def test_a_play_that_ignores_errors_goes_on_but_the_role_does_not(simulator, tmp_path):
    rotations = [
        Rotation("verify fails", record=IDLE, failing=["verify"]),
        Rotation("verify fails, back", record=IDLE, failing=["verify"], variables={"on_failure": "rollback"}),
        Rotation("locked out", account={"auth_token": OTHER}, record=IDLE),
        Rotation("wrong account", record=IDLE, variables={"account_sid": "AC1"}),
    ]
    accounts = Accounts(simulator, tmp_path, {"ignore_errors": True})
    accounts.seed(rotations)
    done = accounts.run(rotations)
    assert done["verify fails"].record["phase"] == "staged"
    assert done["verify fails"].writes == ["POST Secondary"]
    assert done["verify fails, back"].record["phase"] == "idle"
    assert done["verify fails, back"].valid == {PRIMARY}
    for name in ("locked out", "wrong account"):
        assert done[name].writes == [], name
        assert done[name].record["phase"] == "idle", name
    for name, rotated in done.items():
        assert rotated.failure, name


def test_check_mode_may_come_from_a_keyword(simulator, tmp_path):
    rotations = [
        Rotation("no record", variables={"initial_auth_token": PRIMARY}),
        Rotation("due", record=IDLE),
        Rotation("staging", account=BOTH, record={**IDLE, "phase": "staging"}),
        Rotation("staged", account=BOTH, record=STAGED),
    ]
    accounts = Accounts(simulator, tmp_path, {"check_mode": True})
    accounts.seed(rotations)
    for name, planned in accounts.run(rotations).items():
        assert planned.failure is None, name
        assert planned.writes == [], name
        assert planned.gates == [], name
        assert planned.unchanged, name
        assert planned.changed, name


def test_check_mode_by_a_keyword_plans_credentials_too(simulator, tmp_path):
    due = credential_rotations.Rotation("due", [credential_rotations.credential(OLD, None)])
    folder = {"private_key_folder": str(tmp_path / "private")}
    accounts = credential_rotations.Accounts(simulator, tmp_path, "public_key", folder, keywords={"check_mode": True})
    accounts.seed([due])
    planned = accounts.run([due])["due"]
    assert planned.failure is None
    assert planned.methods == ["GET"]
    assert planned.unchanged
    assert planned.changed
    assert planned.gates == []
    assert not (tmp_path / "private").exists()


#: A gate that loops, and so has an ``item`` of its own.
GATE = [
    {
        "name": "Write down who is meant",
        "ansible.builtin.lineinfile": {
            "path": "{{ playbook_dir }}/{{ item }}",
            "line": "{{ rotate_auth_token_account_sid }}",
            "create": True,
            "mode": "0600",
        },
        "loop": ["one", "another"],
    }
]


def test_a_loop_over_accounts_on_one_host(simulator, tmp_path):
    """Nothing of one account is left for the next."""
    parent, first, second = (numbered("AC", number) for number in (5, 6, 7))
    simulator.seed(
        {
            "accounts": [
                {"sid": parent, "auth_token": "5" * 32},
                {"sid": first, "auth_token": PRIMARY, "owner_account_sid": parent},
                {"sid": second, "auth_token": OTHER},
            ]
        }
    )
    (tmp_path / "gate.yml").write_text(json.dumps(GATE), encoding="utf-8")
    rotate = {
        "name": "rotate",
        "ansible.builtin.include_role": {"name": "community.twilio.rotate_auth_token"},
        "loop": [{"sid": first, "parent": "5" * 32, "force": True}, {"sid": second, "parent": "", "force": False}],
        "vars": {
            "rotate_auth_token_account_sid": "{{ item.sid }}",
            "rotate_auth_token_parent_account_sid": parent,
            "rotate_auth_token_parent_auth_token": "{{ item.parent }}",
            "rotate_auth_token_force": "{{ item.force }}",
            "rotate_auth_token_base_url": simulator.url,
            "rotate_auth_token_store_path": str(tmp_path / "store"),
            "rotate_auth_token_store_password": PASSWORD,
            "rotate_auth_token_settle_seconds": 0,
            "rotate_auth_token_distribute_tasks": "gate.yml",
        },
    }
    show = {"name": "result", "ansible.builtin.debug": {"var": "rotate_auth_token_result"}}
    run = ansible_playbook(tmp_path, [play([rotate, show])], TWILIO_AUTH_TOKEN=OTHER)
    assert run.status == 0, run.output
    assert run.of("result")["rotate_auth_token_result"]["rotated"] is False
    for name in ("one", "another"):
        assert (tmp_path / name).read_text(encoding="utf-8").splitlines() == [first]
    valid = {account["sid"]: account["auth_token"] for account in simulator.state()["accounts"]}
    assert valid[first] != PRIMARY
    assert valid[second] == OTHER
