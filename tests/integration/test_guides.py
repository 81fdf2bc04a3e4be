# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides tell newcomers to type works as it stands: commands, playbooks and tasks."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from harness import CHECKOUT, COLLECTIONS, KEY_PAIR, ansible_playbook, make_sid, play, run_task
from simulator.client import Simulator
from simulator.seeding import PUBLIC_KEY
from webhooks import is_signed, listening

from ansible_collections.community.twilio.plugins.plugin_utils._rotation import Run

GUIDES = CHECKOUT / "docs" / "docsite" / "rst"
EXAMPLES = CHECKOUT / "docs" / "examples"
RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) .* failed=0 ", re.MULTILINE)


def section(guide: str, title: str) -> str:
    """Return a section of a guide."""
    text = (GUIDES / f"{guide}.rst").read_text(encoding="utf-8")
    _before, found, rest = text.partition(f"\n{title}\n---")
    assert found, title
    return re.split(r"\n\S.*\n---", rest)[0]


def blocks(text: str, language: str) -> list[str]:
    """Return what a text shows in a language."""
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", text, re.MULTILINE)
    return [textwrap.dedent(block).strip("\n") for block in found]


def commands(text: str) -> list[str]:
    """Return the commands of a console, without what they print; one may go over several lines."""
    return [command.replace("\\\n", "") for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE)]


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a user who has installed the collection."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    home = {"ANSIBLE_HOME": str(folder / "ansible"), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    return {**kept, **home, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", "PATH": path}


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_dry_run_against_the_simulator(tmp_path):
    start, session = blocks(section("guide_start", "A dry run against the simulator"), "console")
    port = str(free_port())
    (server,) = commands(start)
    server = server.replace(".cache/demo/bin/python", sys.executable).replace("8042", port)
    script = "\n".join(["set -e", *commands(session)]).replace("8042", port)
    with subprocess.Popen(
        ["/bin/sh", "-c", f"exec {server}"], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as simulator:
        try:
            assert simulator.stdout is not None
            assert simulator.stdout.readline() == start.splitlines()[-1].replace("8042", port) + "\n"
            command = ["/bin/sh", "-c", script]
            ran = subprocess.run(
                command, cwd=CHECKOUT, env=environment(tmp_path), capture_output=True, text=True, check=False
            )
        finally:
            simulator.terminate()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert RECAP.findall(ran.stdout) == ["2", "2", "0"]
    # No SID is hidden because the example's token happens to be a part of it.
    assert "AC*" not in ran.stdout


def typed(command: str, answers: Sequence[str], folder: Path, **variables: str) -> tuple[int, str]:
    """Run a command in a terminal, where each question for a password gets the next answer.

    :returns: its exit status, and what it printed.
    """
    terminal, ours = pty.openpty()
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**environment(folder), **variables},
        stdin=ours,
        stdout=ours,
        stderr=ours,
        start_new_session=True,
    )
    os.close(ours)
    waiting, printed = list(answers), b""
    # The end of a program that is silent for a minute, as it waits for what nobody types, is a failure below.
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        printed += part
        if waiting and printed.rstrip().lower().endswith(b"password:"):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            # The line's end that follows must not look like the question once more.
            printed += b"*\n"
    else:
        process.kill()
    os.close(terminal)
    return process.wait(), printed.decode()


def test_a_token_in_a_vault_file(simulator, tmp_path):
    page = section("guide_start", "Keep the token in a vault file")
    (session,) = blocks(page, "console")
    (secrets,) = blocks(page, "yaml")
    secrets = secrets.replace("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", simulator.account_sid)
    secrets = secrets.replace("0123456789abcdef0123456789abcdef", simulator.auth_token)
    (tmp_path / "typed.yml").write_text(secrets, encoding="utf-8")
    shutil.copy(EXAMPLES / "vaulted.yml", tmp_path / "recordings.yml")
    create, dry_run = commands(session)
    editor = {"EDITOR": f"cp {tmp_path / 'typed.yml'}"}
    status, printed = typed(create, ["secret", "secret"], tmp_path, **editor)
    assert status == 0, printed
    assert (tmp_path / "twilio.yml").read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;")
    status, printed = typed(dry_run, ["secret"], tmp_path, TWILIO_BASE_URL=simulator.url)
    assert status == 0, printed
    assert RECAP.findall(printed.replace("\r", "")) == ["1"]
    assert simulator.auth_token not in printed


def test_the_token_of_one_account_is_rotated(simulator, tmp_path):
    secrets = "".join(
        f"{block}\n"
        for guide, title in (
            ("guide_start", "Keep the token in a vault file"),
            ("guide_rotate", "Rotate one account"),
        )
        for block in blocks(section(guide, title), "yaml")
    )
    secrets = secrets.replace("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", simulator.account_sid)
    secrets = secrets.replace("0123456789abcdef0123456789abcdef", simulator.auth_token)
    (tmp_path / "twilio.yml").write_text(secrets, encoding="utf-8")
    for name in ("rotate-one-account.yml", "tokens.yml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    tried, forced = map(commands, blocks(section("guide_rotate", "Rotate one account"), "console"))
    # Asking for a vault file's password is tested above.
    lines = [line.replace(" --ask-vault-pass", "") for line in (*tried, *forced) if not line.startswith("export ")]
    assert RECAP.findall(session(simulator, tmp_path, lines)) == ["1", "1", "1"]
    state = simulator.state(simulator.account_sid)
    assert state["auth_token"] != simulator.auth_token
    assert state["secondary_auth_token"] is None


def secrets_of(simulator: Simulator) -> str:
    """Return the content of ``twilio.yml``, not encrypted."""
    account = {"twilio_account_sid": simulator.account_sid, "twilio_auth_token": simulator.auth_token}
    return yaml.safe_dump({**account, "twilio_store_password": "only for this test"})


def test_a_rotation_prints_what_the_guide_shows(simulator, tmp_path):
    """With the guide's playbook, then with a task file of the user's in place of ``verify_webhook.yml``."""
    shop = tmp_path / f"{simulator.account_sid}.json"

    def decide(url, form, signature):
        return 200 if is_signed(json.loads(shop.read_text(encoding="utf-8")), url, form, signature) else 403

    (tmp_path / "twilio.yml").write_text(secrets_of(simulator), encoding="utf-8")
    hook = (EXAMPLES / "tokens.yml").read_text(encoding="utf-8").replace("/etc/shop/twilio", str(tmp_path))
    (tmp_path / "tokens.yml").write_text(hook, encoding="utf-8")
    ask = {"name": "Ask the shop", "ansible.builtin.fail": {}, "when": "refuses | default(false)"}
    (tmp_path / "verify.yml").write_text(json.dumps([ask]), encoding="utf-8")
    text = (EXAMPLES / "rotate-one-account.yml").read_text(encoding="utf-8")
    text = text.replace("- shop.example.com", "- localhost")
    run = "ansible-playbook rotate.yml -e rotate_auth_token_settle_seconds=0"
    forced = f"{run} -e rotate_auth_token_force=true"
    refused = f"{forced} -e '{{\"refuses\": true}}' -e rotate_auth_token_verify_tasks=verify.yml || true"
    with listening(decide) as url:
        (tmp_path / "rotate.yml").write_text(text.replace("https://shop.example.com", url), encoding="utf-8")
        printed = session(simulator, tmp_path, [run, forced, refused])

    page = re.sub(r"AC0{31}1", simulator.account_sid, section("guide_rotate", "What a run prints"))
    nothing_due, rotated, failed = blocks(page, "text")
    shown = re.findall(r'"msg": "(.*)"', rotated)
    _adopted, *messages, together, one = re.findall(r'"msg": "(.*?)"', printed)
    assert messages == shown
    assert re.search(r"``(staged a new token; next: .*)``, if", page)[1] in together
    assert one == " ".join(failed.split())
    either = Run(failed="distribute", failed_or=("verify",), failed_in=" in its task 'Ask the shop'.").failed_hook
    assert re.search(r"``(The hook .* or .*)``", page)[1] in either
    result = re.findall(r"=> (\{\n.*?^\})", printed, re.MULTILINE | re.DOTALL)[0]
    assert [*json.loads(result)] == [*json.loads(nothing_due.partition("=> ")[2])]


def test_the_api_key_of_one_service_is_rotated(simulator, tmp_path):
    """The role's page shows two files: the playbook, and the hook that distributes."""
    page = (CHECKOUT / "roles" / "rotate_api_key" / "README.md").read_text(encoding="utf-8")
    playbook, hook = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    hook = hook.replace("/etc/shop", str(tmp_path)).replace("shop.example.com", "localhost")
    for name, text in {
        "twilio.yml": secrets_of(simulator),
        "rotate.yml": playbook,
        "api-key.yml": hook,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    run = "ansible-playbook rotate.yml"
    assert RECAP.findall(session(simulator, tmp_path, [f"{run} --check", run, run]))[::2] == ["1", "0"]
    (key,) = simulator.state(simulator.account_sid)["api_keys"]
    written = dict(line.split("=") for line in (tmp_path / "twilio.env").read_text(encoding="utf-8").splitlines())
    assert written == {"TWILIO_API_KEY": key["sid"], "TWILIO_API_SECRET": key["secret"]}


def test_the_message_about_a_missing_account_is_the_one_that_the_guide_shows():
    (shown,) = re.findall(r"``(missing required arguments: .*)``", section("guide_start", "When something fails"))
    plays = yaml.safe_load((EXAMPLES / "first.yml").read_text(encoding="utf-8"))
    ((module, options),) = ((key, value) for key, value in plays[0]["tasks"][0].items() if "." in key)
    assert run_task(module, {**options, "auth_token": "0" * 32})["msg"] == shown


def tasks_of(*guides: str) -> Iterator[list[dict[str, Any]]]:
    """Yield each list of tasks that guides show."""
    for guide in guides:
        for block in blocks((GUIDES / f"{guide}.rst").read_text(encoding="utf-8"), "yaml"):
            content = yaml.safe_load(block)
            if isinstance(content, list) and "hosts" not in content[0]:
                yield content


def test_tasks_of_the_guides_change_nothing_the_second_time(simulator, tmp_path):
    (tmp_path / "recordings.pub.pem").write_text(PUBLIC_KEY, encoding="utf-8")
    connection = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    lists = list(tasks_of("guide_declare", "guide_api_keys", "guide_speed"))
    tasks = yaml.safe_load(yaml.safe_dump([*chain(*lists)]).replace("/etc/archive", str(tmp_path)))
    tested = play(tasks, module_defaults={"group/community.twilio.all": connection})
    tested["vars"].update(key_pairs={"recordings": KEY_PAIR}, numbers=["+14155550100"])
    run = ansible_playbook(tmp_path, [{**tested, "name": "first"}, {**tested, "name": "second"}])
    assert run.status == 0, run.output
    half = len(run.results) // 2
    for results, changes in ((run.results[:half], True), (run.results[half:], False)):
        for shown in lists:
            names = [task["name"] for task in shown]
            assert any(result.get("changed") for result in results if result.task in names) is changes, names


def test_a_token_is_staged_and_promoted_by_hand(simulator, tmp_path):
    connection = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    stage, promote = (
        yaml.safe_load(text) for text in blocks(section("guide_rotate", "Rotate an auth token by hand"), "yaml")
    )
    keep = {"ansible.builtin.set_fact": {"staged_auth_token": "{{ staged.secondary_auth_token }}"}, "no_log": True}
    # The second time it is staged already.
    tasks = [*stage, keep, *stage, *promote]
    run = ansible_playbook(tmp_path, [play(tasks, module_defaults={"group/community.twilio.all": connection})])
    assert run.status == 0, run.output
    state = simulator.state(simulator.account_sid)
    assert state["auth_token"] != simulator.auth_token
    assert state["secondary_auth_token"] is None


def saved(folder: Path, guide: str, title: str) -> None:
    """Save what a section shows under the name that it gives it."""
    for name, text in re.findall(
        r"Save this as ``(\S+)``:\n\n\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", section(guide, title)
    ):
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")


def session(simulator: Simulator, folder: Path, lines: Sequence[str]) -> str:
    """Run commands as they stand, and return what they print."""
    account = {"TWILIO_ACCOUNT_SID": simulator.account_sid, "TWILIO_AUTH_TOKEN": simulator.auth_token}
    variables = {**environment(folder), **account, "TWILIO_BASE_URL": simulator.url}
    command = ["/bin/sh", "-c", "\n".join(["set -e", *lines])]
    ran = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_baseline_of_one_account(simulator, tmp_path):
    title = "One role for all of it"
    saved(tmp_path, "guide_declare", title)
    lines = commands(blocks(section("guide_declare", title), "console")[0])
    first, second, third = RECAP.findall(session(simulator, tmp_path, [*lines, lines[-1]]))
    assert first == second != "0"
    assert third == "0"


def test_the_baseline_of_all_accounts(simulator, tmp_path):
    names = {"shop 01": make_sid("AC", 1), "shop 02": make_sid("AC", 2)}
    simulator.seed(
        {
            "accounts": [
                {"sid": sid, "friendly_name": name, "owner_account_sid": simulator.account_sid}
                for name, sid in names.items()
            ]
        }
    )
    (tmp_path / "recordings.pub.pem").write_text(PUBLIC_KEY, encoding="utf-8")
    for title in ("All accounts as an inventory", "One baseline for all subaccounts"):
        saved(tmp_path, "guide_fleet", title)
    (graph,) = commands(blocks(section("guide_fleet", "All accounts as an inventory"), "console")[0])
    assert "shop 01" in session(simulator, tmp_path, [graph])
    dry_run, one = commands(blocks(section("guide_fleet", "One baseline for all subaccounts"), "console")[0])
    printed = session(simulator, tmp_path, [dry_run, one])
    changed = re.findall(r"^shop (\d+) +: ok=\d+ +changed=(\d+)", printed, re.MULTILINE)
    assert [name for name, count in changed if count != "0"] == ["01", "02", "01"]
    assert simulator.state(names["shop 02"])["public_keys"] == []
