# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to a new resource is true: its example, put into a copy of the collection, passes the tests of both."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, copy_to

EXAMPLE = ROOT / "docs" / "examples" / "resource"
LINES = "lines.yml"
FILES = sorted(
    str(path.relative_to(EXAMPLE))
    for path in EXAMPLE.rglob("*.*")
    if path.is_file() and path.name != LINES and path.suffix != ".pyc"
)
#: What a contributor runs; the example's own tests are among them.
TESTS = (
    "tests/unit/test_collection.py",
    "tests/unit/plugins/module_utils/_resources/test_voice_settings.py",
    "tests/unit/simulator/test_simulator_sdk.py",
    "tests/unit/simulator/test_simulator_contract.py",
    "tests/integration/test_voice_settings.py",
)
#: Each part of the example, and the test that misses it, which says so in these words.
MISSED = {
    "plugins/modules/twilio_voice_settings_info.py": "plugins/modules/twilio_voice_settings_info.py",
    "plugins/action/twilio_voice_settings.py": "plugins/action/twilio_voice_settings.py",
    "tests/integration/targets/twilio_voice_settings/tasks/main.yml": "tests/integration/targets/twilio_voice_settings",
    "tests/integration/test_voice_settings.py": "run_cells",
    "tests/unit/plugins/module_utils/_resources/test_voice_settings.py": "_resources/test_voice_settings.py",
    "meta/runtime.yml": "meta/runtime.yml",
    "README.md": "README.md",
    "tests/integration/test_in_process.py": "tests/integration/test_in_process.py",
    "tests/faults/matrix/operations.py": "tests/faults/matrix/operations.py",
}


@pytest.fixture
def copy_with(tmp_path: Path) -> Callable[..., Path]:
    """Return what copies the collection and puts the example into the copy, but for the parts that are named."""

    def make(*left_out: str) -> Path:
        copy = tmp_path / "ansible_collections" / "community" / "twilio"
        copy_to(copy)
        for name in FILES:
            if name not in left_out:
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(EXAMPLE / name, copy / name)
        for addition in yaml.safe_load((EXAMPLE / LINES).read_text(encoding="utf-8")):
            if addition["file"] not in left_out:
                behind(copy / addition["file"], addition["behind"], addition["lines"])
        # As the noxfile links a checkout.
        link = copy / ".cache" / "collections" / "ansible_collections"
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "ansible_collections")
        return copy

    return make


def test_the_guide_names_every_file_and_shows_those_that_differ() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "contributing_resource.rst").read_text(encoding="utf-8")
    assert [name for name in FILES if name not in guide] == []
    shown = {name for name in [*FILES, LINES] if f"literalinclude:: ../../examples/resource/{name}\n" in guide}
    # The second of these two are like the first.
    alike = {"plugins/action/twilio_voice_settings_info.py"}
    alike.add("tests/integration/targets/twilio_voice_settings_info/tasks/main.yml")
    assert {*FILES, LINES} - shown == alike


def test_what_the_guide_names_is_there() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "contributing_resource.rst").read_text(encoding="utf-8")
    paths = [path for folder in ("changelogs", "docs", "plugins", "tests") for path in (ROOT / folder).rglob("*.*")]
    files = {path.name for path in paths}
    sources = [path for path in paths if path.suffix in (".py", ".yaml", ".yml")]
    known = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in sources)))
    named = set(re.findall(r"``([\w.]+)``", guide))
    assert [name for name in sorted(named) if name not in files and name.rpartition(".")[2] not in known] == []


def behind(file: Path, line: str, lines: str) -> None:
    """Put lines behind a line of a file, which has to be there once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(f"\n{line}\n") == 1, f"{file.name} has no line {line!r}, or several: mend {EXAMPLE / LINES}"
    file.write_text(text.replace(f"\n{line}\n", f"\n{line}\n{lines}"), encoding="utf-8")


def python_in(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, as it would run in a checkout."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "ANSIBLE_"))},
        "ANSIBLE_CONFIG": str(copy / "tests" / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(copy / ".cache" / "collections"),
        "ANSIBLE_HOME": str(copy / ".cache" / "ansible"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=copy, env=environment, check=False, capture_output=True, text=True)


def pytest_in(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy."""
    # A resource brings no role, and changes none.
    return python_in(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not role", *arguments)


def test_the_example_passes_the_tests(copy_with: Callable[..., Path]) -> None:
    finished = pytest_in(copy_with(), *TESTS)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_example_survives_each_fault(copy_with: Callable[..., Path]) -> None:
    finished = python_in(copy_with(), "tests/faults/matrix", "--only", "voice_settings")
    assert finished.returncode == 0, finished.stderr
    assert "| voice_settings: change |" in finished.stdout


def test_what_is_forgotten_is_missed_by_name(copy_with: Callable[..., Path]) -> None:
    finished = pytest_in(copy_with(*MISSED), TESTS[0])
    assert finished.returncode == 1, finished.stdout + finished.stderr
    told = [line for line in finished.stdout.splitlines() if line.startswith("E  ")]
    assert [words for words in MISSED.values() if not any(words in line for line in told)] == [], "\n".join(told)
