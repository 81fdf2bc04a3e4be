# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is built of the collection: its artifact, and the image of the example, as far as that needs no container."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "execution-environment.yml"
PROGRAMS = Path(sys.executable).parent

#: What is in the artifact beside plugins, roles and documentation.
TOP = {
    *("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "COPYING", "LICENSES", "MAINTAINERS.md", "README.md"),
    *("REUSE.toml", "SECURITY.md", "changelogs", "docs", "meta", "playbooks", "plugins", "roles"),
    # What ansible-galaxy adds.
    *("FILES.json", "MANIFEST.json"),
}


def run(*command: str | Path, folder: Path, home: Path) -> str:
    """Run a program without anybody's settings, and return what it printed.

    :param folder: where it runs.
    :param home: where it keeps what it keeps.
    """
    environment = {"PATH": f"{PROGRAMS}:/usr/bin:/bin", "HOME": str(home), "ANSIBLE_HOME": str(home / "ansible")}
    environment.update(ANSIBLE_CONFIG=str(ROOT / "tests" / "ansible.cfg"), ANSIBLE_NOCOLOR="1", LC_ALL="C.UTF-8")
    finished = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def tracked() -> list[str]:
    """Return the names of the files that git knows, or would add."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the collection of what git knows, as a release is built."""
    folder = tmp_path_factory.mktemp("build")
    for name in tracked():
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / "checkout" / name)
    run(PROGRAMS / "ansible-galaxy", "collection", "build", folder=folder / "checkout", home=folder)
    (built,) = (folder / "checkout").glob("*.tar.gz")
    return built


def test_the_artifact_holds_what_a_user_needs_and_nothing_of_the_checkout(artifact: Path) -> None:
    with tarfile.open(artifact) as archive:
        files = {member.name for member in archive if not member.isdir()}
    assert {name.partition("/")[0] for name in files} == TOP
    kept = {name for name in tracked() if name.partition("/")[0] in TOP}
    # Built from galaxy.yml: MANIFEST.json stands for it.
    assert files == {*kept, "FILES.json", "MANIFEST.json"}


@pytest.fixture(scope="module")
def context(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the context of the example's image: all that ansible-builder does before it calls a container engine."""
    folder = tmp_path_factory.mktemp("image")
    shutil.copy2(EXAMPLE, folder)
    # By the name that the example gives it, whatever it is called: a version that it doesn't name fails here.
    shutil.copy2(artifact, folder)
    run(PROGRAMS / "ansible-builder", "create", folder=folder, home=folder)
    return folder / "context" / "_build"


def test_the_example_image_installs_the_collection_and_all_that_it_needs(context: Path) -> None:
    requirements = yaml.safe_load((context / "requirements.yml").read_text(encoding="utf-8"))
    own, *others = requirements["collections"]
    # Galaxy has the others.
    assert [each["name"] for each in others] == ["community.hashi_vault"]
    (context / "own.yml").write_text(yaml.safe_dump({"collections": [own]}), encoding="utf-8")
    install = ("collection", "install", "--offline", "-r", "own.yml", "--collections-path", "installed")
    run(PROGRAMS / "ansible-galaxy", *install, folder=context, home=context)
    introspect = ("introspect", "installed", "--user-pip", "requirements.txt", "--write-pip", "all.txt")
    run(PROGRAMS / "ansible-builder", *introspect, folder=context, home=context)
    arrived = (context / "all.txt").read_text(encoding="utf-8").splitlines()
    assert "hvac  # from collection user" in arrived
    # As pip reads them; it looks at nothing but what is installed here.
    own = "\n".join(line for line in arrived if "from collection user" not in line)
    (context / "own.txt").write_text(own, encoding="utf-8")
    pip = ("-m", "pip", "install", "--dry-run", "--no-index", "--no-deps", "--requirement", "own.txt")
    printed = run(sys.executable, *pip, folder=context, home=context)
    for name in ("requests", "voluptuous"):
        assert f"Requirement already satisfied: {name}>=" in printed
