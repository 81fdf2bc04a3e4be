# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run playbooks/demo.yml three times against a simulated Twilio, and report on what is there (``make demo``).

The three are predicted, for real, and once more.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
COLLECTIONS = CACHE / "collections"
#: The description of each run, and its further options.
RUNS = (
    ("1. What would change", ("--check", "--diff")),
    ("2. For real", ()),
    ("3. The same again", ()),
)
#: Where the report is written, and the inventory that it is of.
REPORT = CACHE / "demo-report"
CHANGED = re.compile(r"^\S.* : ok=\d+ +changed=(\d+) ", re.MULTILINE)


def link_collection() -> None:
    """Make the checkout importable as ansible_collections.community.twilio."""
    link = COLLECTIONS / "ansible_collections" / "community" / "twilio"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)


def environment(base_url: str, account_sid: str, auth_token: str) -> dict[str, str]:
    """Return the environment with this account, without other Ansible and Twilio settings and without proxies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TWILIO_"))}
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "NO_PROXY": "127.0.0.1",
        "TWILIO_ACCOUNT_SID": account_sid,
        "TWILIO_AUTH_TOKEN": auth_token,
        "TWILIO_BASE_URL": base_url,
    }


def run_playbook(name: str, options: tuple[str, ...], variables: dict[str, str], inventory: str = "localhost,") -> int:
    """Run a playbook of the collection, print its output, and return how many tasks changed something."""
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "--inventory", inventory, f"community.twilio.{name}", *options]
    command += ["--extra-vars", f"ansible_python_interpreter={sys.executable}"]
    finished = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=False)
    print(finished.stdout, flush=True)
    recap = CHANGED.search(finished.stdout)
    if finished.returncode or recap is None:
        sys.exit("The playbook failed.")
    return int(recap.group(1))


def write_report(variables: dict[str, str]) -> Path:
    """Report on the account and its subaccount, as on any fleet, and return where the page is."""
    REPORT.mkdir(parents=True, exist_ok=True)
    inventory, page = REPORT / "accounts.twilio.yml", REPORT / "report.html"
    inventory.write_text("plugin: community.twilio.twilio_accounts\n", encoding="utf-8")
    print("==== 4. A report: ansible-playbook community.twilio.security_report", flush=True)
    run_playbook("security_report", ("--extra-vars", f"security_report_path={page}"), variables, str(inventory))
    return page


def main() -> None:
    """Run the playbook three times, then the report; exit with a reason if a run changed what was not predicted."""
    # On SIGTERM, end the simulator too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    link_collection()
    account_sid, auth_token = f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
    command = [sys.executable, str(ROOT / "tests" / "simulator"), "--port", "0", "--account-sid", account_sid]
    with subprocess.Popen([*command, "--auth-token", auth_token], stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            greeting = simulator.stdout.readline()
            listening = re.search(r"listening on (http://\S+)", greeting)
            if listening is None:
                sys.exit(f"The simulator did not start: {greeting}")
            variables = environment(listening.group(1), account_sid, auth_token)
            changes = []
            for title, options in RUNS:
                print(f"==== {title}: ansible-playbook community.twilio.demo {' '.join(options)}", flush=True)
                changes.append(run_playbook("demo", options, variables))
            page = write_report(variables)
        finally:
            simulator.terminate()
    predicted, done, repeated = changes
    print("A simulated Twilio on this machine was asked for what playbooks/demo.yml declares, three times:")
    print(f"  check mode: {predicted} task(s) would change something; nothing was written")
    print(f"  for real:   {done} task(s) changed something")
    print(f"  once more:  {repeated} task(s) changed something")
    print(f"Which secrets there are now, and how old they are: {page}")
    if predicted != done or not done or repeated:
        sys.exit("Expected: as many changes as predicted, then none.")


if __name__ == "__main__":
    main()
