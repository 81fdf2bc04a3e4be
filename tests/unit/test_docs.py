# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages show is what the files of ``docs/examples`` hold, and the programs that read these files take them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir())
#: The variables of a rotation role besides its options: those for its hooks, and those that it or they set.
HANDED_OVER = {
    "rotate_api_key": ("sid", "secret", "previous_sid", "result"),
    "rotate_auth_token": ("primary", "pending", "result"),
    "rotate_aws_credential": ("sid", "old_sid", "revoke_key_id", "needs_used", "issued", "keys", "result"),
    "rotate_public_key": ("sid", "old_sid", "private_key_path", "result"),
}
PAGES = ("docs/rotation.md", *(f"roles/{role}/README.md" for role in sorted(HANDED_OVER)))
EVERY_PAGE = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "roles/*/README.md", "tests/simulator/README.md")
    for path in ROOT.glob(pattern)
)
#: The last line of a file's header, in two parts: licence checkers would take it for this file's own.
HEADER_END = "SPDX-License-" + "Identifier: GPL-3.0-or-later\n"

each_page = pytest.mark.parametrize("page", PAGES)
every_page = pytest.mark.parametrize("page", EVERY_PAGE)


def read(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(page: str, language: str = r"[\w+]+") -> list[str]:
    """Return what a page shows as code."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL)


class Loader(yaml.SafeLoader):
    """Takes Ansible's tag for text that is no template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_each_example_as_it_is_or_links_it(name):
    header, end, text = read(f"docs/examples/{name}").partition(HEADER_END)
    assert all(line.startswith(("#", "---")) for line in header.splitlines())
    assert end
    shown = text.lstrip("\n") in blocks("docs/rotation.md")
    assert shown or f"](examples/{name})" in read("docs/rotation.md")


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page can be linked by, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_what_is_linked_is_there(page):
    for target in re.findall(r"\]\(([^)]+)\)", read(page)):
        if "://" in target:
            continue
        name, _hash, anchor = target.partition("#")
        linked = (ROOT / page).parent / name if name else ROOT / page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@every_page
def test_a_page_ends_with_what_is_next(page):
    assert re.findall(r"^## (.*)$", read(page), re.MULTILINE)[-1] == "Next"


@pytest.mark.parametrize("role", sorted(HANDED_OVER))
@pytest.mark.parametrize("text", [*PAGES, *(f"docs/examples/{name}" for name in NAMES)])
def test_variables_of_a_role_are_ones_that_it_has(text, role):
    specs = yaml.safe_load(read(f"roles/{role}/meta/argument_specs.yml"))
    known = {*specs["argument_specs"]["main"]["options"], *(f"{role}_{name}" for name in HANDED_OVER[role])}
    assert {*re.findall(rf"\b{role}_\w+", read(text))} <= known


@each_page
def test_yaml_is_yaml(page):
    for block in blocks(page, "yaml"):
        assert yaml.load(block, Loader)


def test_the_units_are_taken_by_systemd(tmp_path):
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("systemd-analyze is not on this machine")
    for name in ("twilio-rotate.service", "twilio-rotate.timer"):
        text = read(f"docs/examples/{name}")
        # The program has to be there.
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [systemd, "--man=no", "verify", *map(str, tmp_path.iterdir())]
    finished = subprocess.run(command, check=False, capture_output=True, text=True)
    # Of units of the machine it may have a word to say as well.
    assert "twilio-rotate" not in finished.stderr
    assert finished.returncode == 0, finished.stderr


RANGES = {"minute": (0, 59), "hour": (0, 23), "day of month": (1, 31), "month": (1, 12), "day of week": (0, 7)}


def test_the_crontab_is_one_of_cron_d():
    """Of https://manpages.debian.org/bookworm/cron/crontab.5.en.html: settings, then five fields, a user, a command."""
    lines = [line for line in read("docs/examples/crontab").splitlines() if line and not line.startswith("#")]
    *settings, entry = lines
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in settings)
    *fields, user, command = entry.split(maxsplit=6)
    for (name, (low, high)), field in zip(RANGES.items(), fields):
        assert field == "*" or low <= int(field) <= high, name
    assert user == "twilio-rotation"
    # Cron makes a new line of a per cent sign.
    assert "%" not in command


def test_the_controllers_schedule_is_a_rule():
    rrule = pytest.importorskip("dateutil.rrule", reason="dateutil is not on this machine")
    play: dict[str, Any] = yaml.load(read("docs/examples/controller.yml"), Loader)[0]
    first, second = rrule.rrulestr(play["vars"]["rrule"])[:2]
    assert (second - first).days == 1
