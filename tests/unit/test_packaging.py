# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is built of the collection: its artifact, and the image of the example, as far as that needs no container.

And what needs the network only is at least whole: workflows, the changelog.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import ROOT, copy_to, tracked

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


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the collection of what git knows, as a release is built."""
    folder = tmp_path_factory.mktemp("build")
    copy_to(folder / "checkout")
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


def workflow(name: str) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    jobs: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))["jobs"]
    return jobs


def test_continuous_integration_tests_each_release_of_ansible_core() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    released = {each["version"] for each in re.finditer(r'Core\("(?P<version>[\d.]+)"(?!.*coming)', noxfile)}
    base = re.findall(r'^BASE = "(.*)"$', noxfile, re.MULTILINE)
    (oldest,) = re.findall(r"[\d.]+", yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"])
    assert min(released) == oldest.removesuffix(".0")
    on_each_change = {each["core"] for each in workflow("test.yml")["cores"]["strategy"]["matrix"]["include"]}
    # make test runs all of BASE's.
    assert {*on_each_change, *base} == released
    assert {*workflow("weekly.yml")["everything"]["strategy"]["matrix"]["core"]} == released


def test_what_workflows_ask_nox_for_is_there() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    named = {*re.findall(r"^def (\w+)\(session", noxfile, re.MULTILINE)}
    named |= {*re.findall(r'^@nox.session\(name="([\w-]+)"', noxfile, re.MULTILINE)}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        asked = {*re.findall(r"nox -s ([\w-]+)", path.read_text(encoding="utf-8"))}
        asked |= {*re.findall(r'"(\w+)\(\$', path.read_text(encoding="utf-8"))}
        assert asked <= named, path.name


def test_the_changelog_will_name_each_role_and_filter() -> None:
    """antsibull-changelog finds what is new of modules and most plugins by itself, but not of these."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "changelogs" / "fragments").glob("*.yml")]
    text = "\n".join([*texts, (ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8")])
    for folder, section in (("roles", "object.role"), ("plugins/filter", "plugin.filter")):
        for name in sorted({path.stem for path in (ROOT / folder).iterdir() if not path.stem.startswith("_")}):
            wanted = f"changelogs/fragments: add {name}, with its description, under add {section}"
            assert re.search(rf"name: {name}$", text, re.MULTILINE), wanted
