# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet's auth tokens, rotated with the playbook of ``docs/examples``: account by account, by cron, and by a job."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import CHECKOUT, COLLECTIONS, Run, ansible, ansible_playbook, make_sid
from rotations import LONG_AGO, PASSWORD
from simulator.client import Simulator
from token_rotations import PRIMARY
from webhooks import Decide, Form, is_signed, listening

from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

EXAMPLES = CHECKOUT / "docs" / "examples"
KEY = {"sid": make_sid("SK", 1), "secret": "5" * 32, "kind": "main"}
#: Where the examples write what consumers read.
TOKENS_FOLDER = "/etc/shop/twilio"
HOOKS = ("distribute", "verify", "clean")
#: A hook that costs nothing, and fails for the accounts named so.
HOOK = """\
- name: Consumer
  ansible.builtin.assert:
    that: twilio_friendly_name not in failing
    quiet: true
"""


def days_ago(days: float) -> str:
    """Return a time in the format of records."""
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def example(name: str) -> str:
    """Return an example's text."""
    return (EXAMPLES / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Fleet:
    """An account with subaccounts, the examples, and a store.

    :param sids: the accounts' by their names.
    """

    simulator: Simulator
    folder: Path
    sids: Mapping[str, str]

    @property
    def store(self) -> Path:
        """Where records are kept."""
        return self.folder / "store"

    @property
    def secrets(self) -> Path:
        """The folder of the files that hold secrets."""
        return self.folder / "secrets"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that the page requires."""
        return {"CREDENTIALS_DIRECTORY": str(self.secrets), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}

    def path(self, name: str) -> Path:
        """Return where the record of an account is."""
        return self.store / f"{self.sids[name]}.yml"

    def file(self, name: str) -> RecordFile:
        """Return the record file of an account."""
        return RecordFile(str(self.path(name)), PASSWORD)

    def record(self, name: str) -> Mapping[str, Any]:
        """Return the record of an account."""
        return self.file(name).load().record

    def put_record(self, name: str, **changes: Any) -> None:
        """Save a record that is due."""
        record = {"account_sid": self.sids[name], "phase": "idle", "primary": PRIMARY, "pending": None}
        self.file(name).save({**record, "rotated_at": LONG_AGO, "staged_at": None, **changes}, NO_VERSION)

    def requests(self, name: str) -> list[str]:
        """Return the requests as an account, as verb and the last part of the path."""
        log = [entry for entry in self.simulator.requests() if entry["account_sid"] == self.sids[name]]
        return [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in log]

    def valid(self, name: str) -> set[str]:
        """Return the valid tokens of an account."""
        state = self.simulator.state(self.sids[name])
        return {token for token in (state["auth_token"], state["secondary_auth_token"]) if token}

    def is_settled(self, name: str) -> bool:
        """Return whether the record is idle and holds the only valid token."""
        record = self.record(name)
        settled = record["phase"] == "idle" and not record["pending"] and not record.get("lock")
        return settled and self.valid(name) == {record["primary"]}

    def tokens(self) -> set[str]:
        """Return every secret that ever existed."""
        lives = [life["token"] for lives in self.simulator.history().values() for life in lives]
        return {*lives, PASSWORD, KEY["secret"]}

    def inventory(self, folder: Path, **changes: Any) -> Path:
        """Write the example's inventory with the names at its top set."""
        options = yaml.safe_load(example("accounts.twilio.yml"))
        connection = {"account_sid": self.simulator.account_sid, "base_url": self.simulator.url}
        file = folder / "accounts.twilio.yml"
        file.write_text(yaml.safe_dump({**options, **connection, "api_key_sid": KEY["sid"], **changes}))
        return file

    def variables(self, **changes: Any) -> dict[str, Any]:
        """Return the playbook's variables, with hooks that cost nothing."""
        hook = self.folder / "hook.yml"
        hook.write_text(HOOK, encoding="utf-8")
        return {
            "rotate_auth_token_base_url": self.simulator.url,
            "rotate_auth_token_settle_seconds": 0,
            "rotate_auth_token_store_path": str(self.store),
            **{f"rotate_auth_token_{name}_tasks": str(hook) for name in HOOKS},
            "failing": [],
            **changes,
        }

    def run(self, *arguments: str, serial: int = 10, inventory: Mapping[str, Any] | None = None, **changes: Any) -> Run:
        """Run the example's playbook at ``-vvvv``; it may print no secret."""
        plays = yaml.safe_load(example("rotate.yml"))
        plays[0]["serial"] = serial
        file = self.folder / "variables.json"
        file.write_text(json.dumps(self.variables(**changes)), encoding="utf-8")
        self.simulator.clear_requests()
        run = ansible_playbook(
            self.folder,
            plays,
            *("-i", str(self.inventory(self.folder, **(inventory or {}))), "--extra-vars", f"@{file}"),
            *("--forks", "8", "-vvvv", *arguments),
            **self.environment,
        )
        assert not [secret for secret in self.tokens() if secret in run.output]
        return run


def said(run: Run, sid: str) -> list[str]:
    """Return the last message of the role about an account."""
    messages = [str(result.get("msg")) for result in run.results if result.get("phase")]
    return [message for message in messages if message.startswith(sid)]


def failures(run: Run) -> dict[str, str]:
    """Return the messages of the last play by host."""
    return {
        result.host: result["msg"]
        for result in run.results
        if result.task.startswith("Report the failure") and result.failed
    }


def fleet_of(simulator: Simulator, folder: Path, names: Sequence[str]) -> Fleet:
    """Return a fleet whose accounts have the same token; the main account is called ``main``."""
    sids = {name: make_sid("AC", number) for number, name in enumerate(names, start=1)}
    owned = {"owner_account_sid": simulator.account_sid, "auth_token": PRIMARY}
    main = {"sid": simulator.account_sid, "friendly_name": "main", "api_keys": [KEY]}
    subaccounts = [{"sid": sid, "friendly_name": name, **owned} for name, sid in sids.items()]
    simulator.seed({"accounts": [main, *subaccounts]})
    fleet = Fleet(simulator, folder, {**sids, "main": simulator.account_sid})
    fleet.secrets.mkdir()
    (fleet.secrets / "store-password").write_text(PASSWORD + "\n", encoding="utf-8")
    (fleet.secrets / "api-key-secret").write_text(KEY["secret"] + "\n", encoding="utf-8")
    return fleet


def test_an_account_that_fails_leaves_the_others_alone(simulator, tmp_path):
    """Even where all of a batch fail, the next one runs; the run after it goes on where the reasons are gone."""
    fine = ["one", "two"]
    broken = ["suspended", "lost", "refusing", "new"]
    fleet = fleet_of(simulator, tmp_path, [*fine, *broken])
    for name in (*fine, "suspended", "refusing"):
        fleet.put_record(name)
    fleet.put_record("main", primary=simulator.auth_token)
    fleet.put_record("lost", primary="4" * 32)
    simulator.seed({"accounts": [{"sid": fleet.sids["suspended"], "status": "suspended"}]})
    all_of_them = {"filters": {}}

    alone = {"rotate_auth_token_parent_from_store": False}
    first = fleet.run(serial=3, inventory=all_of_them, failing=["refusing"], **alone)
    assert first.status == 2
    messages = failures(first)
    assert messages.keys() == {*broken}
    assert "suspended" in messages["suspended"]
    assert "locked out" in messages["lost"]
    for way_out in ("rotate_auth_token_initial_auth_token", "rotate_auth_token_parent_auth_token"):
        assert way_out in messages["lost"]
    assert "The hook 'distribute' or 'verify' failed in its task 'Consumer'" in messages["refusing"]
    assert "no record of it yet" in messages["new"]
    for name in (*fine, "main"):
        assert fleet.is_settled(name)
        assert said(first, fleet.sids[name]) == [f"{fleet.sids[name]}: rotated; due in 90.0 days"]
    assert fleet.record("refusing")["phase"] == "staged"
    assert fleet.requests("suspended") == ["GET AWS"]

    simulator.seed({"accounts": [{"sid": fleet.sids["suspended"], "status": "active"}]})
    stored = {name: fleet.path(name).read_bytes() for name in (*fine, "main")}
    second = fleet.run(inventory=all_of_them)
    assert second.status == 0, second.output
    for name in fleet.sids:
        assert fleet.is_settled(name)
        rotated = name in ("suspended", "refusing", "lost")
        words = {"new": "not rotated; adopted the first token"}.get(name, "rotated" if rotated else "not rotated")
        assert said(second, fleet.sids[name]) == [f"{fleet.sids[name]}: {words}; due in 90.0 days"]
    for name in fine:
        assert fleet.requests(name) == ["GET AWS"]
    for name, held in stored.items():
        assert fleet.path(name).read_bytes() == held
    assert {result.host for result in second.results if result.get("changed")} == {*broken}


def accepting_tokens_in(folder: Path) -> Decide:
    """Return how a webhook decides that accepts a request signed with any of the tokens in its account's file.

    :param folder: where these files are.
    """

    def decide(url: str, form: Form, signature: str) -> int:
        (account_sid,) = form["AccountSid"]
        tokens = json.loads((folder / f"{account_sid}.json").read_text(encoding="utf-8"))
        return 204 if is_signed(tokens, url, form, signature) else 403

    return decide


def scheduled_command(name: str) -> str:
    """Return what a schedule runs, as a shell takes it, environment included, with its folders as the page has them."""
    text = example(name)
    if name == "crontab":
        settings = re.findall(r"^([A-Z_]+=.*)$", text, re.MULTILINE)
        command = re.findall(r"^17 4 \* \* \* twilio-rotation (.*)$", text, re.MULTILINE)
    else:
        # The folder that systemd makes for the service of this name.
        text = text.replace("%t", "/run").replace("%N", Path(name).stem)
        settings = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
        (folder,) = re.findall(r"^WorkingDirectory=(.*)$", text, re.MULTILINE)
        command = [f"cd {folder} && {start}" for start in re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)]
    assert len(command) == 1
    return f"export {' '.join(settings)}; {command[0]}"


def test_the_examples_run_as_they_stand(simulator, tmp_path):
    """The files of the page, with the names at their tops set, by the commands of the service and of cron."""
    fleet = fleet_of(simulator, tmp_path, ["shop"])
    home, consumers = tmp_path / "home", tmp_path / "tokens"
    (home / "venv").mkdir(parents=True)
    consumers.mkdir()
    (home / "venv" / "bin").symlink_to(Path(sys.executable).parent)
    key_secret = f"{{{{ lookup('ansible.builtin.file', '{fleet.secrets}/api-key-secret') }}}}"
    fleet.inventory(home, api_key_secret=key_secret)
    places = {
        "/var/lib/twilio-rotation/records": str(fleet.store),
        "/etc/twilio-rotation": str(fleet.secrets),
        "/opt/twilio-rotation": str(home),
        "/run/twilio-rotate": str(tmp_path / "run"),
        TOKENS_FOLDER: str(consumers),
        "- shop.example.com": "- localhost",
    }

    def placed(text: str) -> str:
        for place, here in places.items():
            text = text.replace(place, here)
        return text

    def run(schedule: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))
        }
        return subprocess.run(
            ["/bin/sh", "-c", placed(f"{scheduled_command(schedule)} {shlex.join(arguments)}")],
            env={
                **environment,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_HOME": str(tmp_path / "ansible"),
                "TWILIO_BASE_URL": simulator.url,
            },
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )

    with listening(accepting_tokens_in(consumers)) as address:
        places["https://shop.example.com/twilio"] = f"{address}/twilio"
        for name in ("rotate.yml", "tokens.yml"):
            (home / name).write_text(placed(example(name)), encoding="utf-8")
        (fleet.secrets / "main-auth-token").write_text(simulator.auth_token + "\n", encoding="utf-8")
        foreseen = run("crontab", "--check")
        assert foreseen.returncode == 0, foreseen.stdout + foreseen.stderr
        assert foreseen.stdout.count("Adopt the first token.") == 2
        assert not fleet.store.exists()
        adopted = run("twilio-rotate.service")
        assert adopted.returncode == 0, adopted.stdout + adopted.stderr
        assert adopted.stdout.count("not rotated; adopted the first token; due in 90.0 days") == 2
        for name in fleet.sids:
            found = fleet.file(name).load()
            fleet.file(name).save({**found.record, "rotated_at": LONG_AGO}, found.version)
        (fleet.secrets / "main-auth-token").unlink()
        rotated = run("crontab")
    assert rotated.returncode == 0, rotated.stdout + rotated.stderr
    assert rotated.stdout.count(": rotated; due in 90.0 days") == 2
    for name, sid in fleet.sids.items():
        assert fleet.is_settled(name)
        assert json.loads((consumers / f"{sid}.json").read_text(encoding="utf-8")) == [fleet.record(name)["primary"]]
    for finished in (foreseen, adopted, rotated):
        assert not [secret for secret in fleet.tokens() if secret in finished.stdout + finished.stderr]
    password_file = ("--vault-password-file", str(fleet.secrets / "store-password"))
    shown = ansible(tmp_path, "ansible-vault", "view", *password_file, str(fleet.store / f"{fleet.sids['shop']}.yml"))
    assert yaml.safe_load(shown.stdout) == fleet.record("shop")
    (fleet.secrets / "api-key-secret").write_text("6" * 32, encoding="utf-8")
    assert run("crontab").returncode not in (0, 2, 4)


def test_a_consumer_that_is_not_reached_stops_the_rotation_at_the_hook(simulator, tmp_path):
    """With ``--limit``, only the named account is rotated, even if its name contains a space."""
    fleet = fleet_of(simulator, tmp_path, ["shop 1", "shop 2"])
    for name in ("shop 1", "shop 2"):
        fleet.put_record(name)
    hook = tmp_path / "tokens.yml"
    hook.write_text(example("tokens.yml").replace(TOKENS_FOLDER, str(tmp_path)), encoding="utf-8")
    hosts = tmp_path / "consumers.yml"
    # Nothing listens there.
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts.write_text(yaml.safe_dump({"consumers": {"hosts": {"away": away}}}), encoding="utf-8")
    variables = {"rotate_auth_token_distribute_tasks": str(hook), "token_consumers": ["away"]}
    run = fleet.run("-i", str(hosts), "--limit", "shop?1", **variables)
    assert run.status == 2
    assert "'distribute' failed in its task 'Fail where a host was not reached'" in failures(run)["shop 1"]
    record = fleet.record("shop 1")
    assert (record["phase"], record["lock"]) == ("staged", None)
    assert fleet.requests("shop 2") == []
    assert fleet.valid("shop 1") == {PRIMARY, record["pending"]}


RUNNER = (sys.executable, "-m", "ansible_runner")


@dataclass(frozen=True)
class Job:
    """What came of a job: the playbook's exit status as it was sent back, what was printed, and all that was kept."""

    status: int
    output: str
    kept: str


def run_as_job(fleet: Fleet, *arguments: str, **variables: Any) -> Job:
    """Run the example's playbook as an automation controller does: sent to a worker, whose events come back."""
    pytest.importorskip("ansible_runner")
    sent, worker, received = (fleet.folder / name for name in ("sent", "worker", "received"))
    for folder in (sent, worker, received):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("env", "inventory", "project"):
        (sent / name).mkdir(parents=True)
    fleet.inventory(sent / "inventory")
    (sent / "project" / "rotate.yml").write_text(example("rotate.yml"), encoding="utf-8")
    (sent / "env" / "extravars").write_text(json.dumps(fleet.variables(**variables)), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "ansible.cfg"),
        "ANSIBLE_HOME": str(fleet.folder / "ansible"),
        **fleet.environment,
    }
    commands = [
        ("transmit", str(sent), "--playbook", "rotate.yml", "--ident", "job", *arguments),
        ("worker", "--private-data-dir", str(worker)),
        ("process", str(received), "--ident", "job"),
    ]
    processes: list[subprocess.Popen[bytes]] = []
    for command in commands:
        before = processes[-1].stdout if processes else subprocess.DEVNULL
        process = subprocess.Popen([*RUNNER, *command], env=environment, stdin=before, stdout=subprocess.PIPE)
        if processes:
            # So that the writer gets an error when the reader has ended.
            processes[-1].stdout.close()
        processes.append(process)
    output = processes[-1].communicate()[0].decode()
    statuses = [process.wait() for process in processes]
    assert statuses[0] == 0, output
    kept = {path: path.read_text(encoding="utf-8") for path in (received / "artifacts").rglob("*") if path.is_file()}
    status = int(kept[received / "artifacts" / "job" / "rc"])
    assert statuses[1] == status, output
    return Job(status, output, "".join(kept.values()))


def test_a_fleet_by_a_job(simulator, tmp_path):
    """In two batches; the accounts' names have a space in them."""
    names = [f"shop {number}" for number in range(12)]
    fleet = fleet_of(simulator, tmp_path, names)
    due = names[::6]
    for name in names:
        fleet.put_record(name, **({} if name in due else {"rotated_at": days_ago(80)}))
    without_hooks = {f"rotate_auth_token_{hook}_tasks": "" for hook in HOOKS}
    job = run_as_job(fleet, "--limit", "!main", "--forks", "8", **without_hooks)
    assert job.status == 0, job.output
    assert job.output.count(": rotated; ") == len(due)
    assert job.output.count(": not rotated; due in 10.0 days") == len(names) - len(due)
    assert not [name for name in names if not fleet.is_settled(name)]
    assert [name for name in names if fleet.valid(name) != {PRIMARY}] == due
    assert not [secret for secret in fleet.tokens() if secret in job.output + job.kept]


def test_a_job_refuses_to_keep_records_in_its_own_folder(simulator, tmp_path):
    fleet = fleet_of(simulator, tmp_path, ["shop"])
    inside = tmp_path / "worker" / "store"
    job = run_as_job(fleet, "--limit", "shop", rotate_auth_token_store_path=str(inside))
    assert job.status == 2, job.output
    assert "is in the private folder of this job" in " ".join(job.output.split())
    assert not inside.exists()
    assert fleet.requests("shop") == []
