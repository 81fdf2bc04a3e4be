# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages are true: what they show, link, name and explain is there; programs take the files of ``docs/examples``."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
#: Those that users copy; what is in folders is for contributors.
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())
GUIDES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
#: The variables of a rotation role besides its options: those for its hooks, and those that it or they set.
HANDED_OVER = {
    "rotate_api_key": ("sid", "secret", "previous_sid", "result"),
    "rotate_auth_token": ("primary", "pending", "result"),
    "rotate_aws_credential": ("sid", "old_sid", "revoke_key_id", "needs_used", "issued", "keys", "result"),
    "rotate_public_key": ("sid", "old_sid", "private_key_path", "result"),
}
PAGES = (*GUIDES, *(f"roles/{role}/README.md" for role in sorted(HANDED_OVER)))
MARKDOWN = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "roles/*/README.md", "tests/simulator/README.md")
    for path in ROOT.glob(pattern)
)
EVERY_PAGE = [*MARKDOWN, *GUIDES]
#: What ansible-doc shows.
DOCUMENTED = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("plugins/doc_fragments", "plugins/filter", "plugins/inventory", "plugins/lookup", "plugins/modules")
    for path in (ROOT / pattern).iterdir()
    if path.is_file()
) + sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
FAILURES = "docs/docsite/rst/guide_failure.rst"
LABEL = "ansible_collections.community.twilio.docsite."
#: The last line of a file's header, in two parts: licence checkers would take it for this file's own.
HEADER_END = "SPDX-License-" + "Identifier: GPL-3.0-or-later\n"

each_page = pytest.mark.parametrize("page", PAGES)
every_page = pytest.mark.parametrize("page", EVERY_PAGE)
each_guide = pytest.mark.parametrize("page", GUIDES)


def read(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(page: str, language: str = r"[\w+]+") -> list[str]:
    """Return what a page shows as code, by itself: what it includes is a file."""
    if page.endswith(".md"):
        return re.findall(rf"^```{language}\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL)
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", read(page), re.MULTILINE)
    return [textwrap.dedent(text).strip("\n") + "\n" for text in found]


def titles(page: str) -> list[str]:
    """Return the titles of a page and of its sections, in order."""
    if page.endswith(".md"):
        return re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return re.findall(r"^(\S.*)\n[=~-]{3,}$", read(page), re.MULTILINE)


class Loader(yaml.SafeLoader):
    """Takes Ansible's tag for text that is no template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_shows_each_example_or_links_it(name):
    header, end, _text = read(f"docs/examples/{name}").partition(HEADER_END)
    assert all(line.startswith(("#", "---")) for line in header.splitlines())
    assert end
    guides = "".join(map(read, GUIDES))
    assert f"literalinclude:: ../../examples/{name}\n" in guides or f"/main/docs/examples/{name}>`" in guides


@pytest.mark.parametrize(
    ("name", "first"),
    [
        found
        for guide in GUIDES
        for found in re.findall(r"literalinclude:: \.\./\.\./examples/(\S+)\n.*\n   :lines: (\d+)-\n", read(guide))
    ],
)
def test_what_a_guide_shows_of_an_example_begins_after_its_header(name, first):
    lines = read(f"docs/examples/{name}").splitlines(keepends=True)
    before, shown = lines[: int(first) - 1], lines[int(first) - 1 :]
    assert [line for line in before if line.strip()][-1] == f"# {HEADER_END}"
    assert shown[0].strip()


@pytest.mark.parametrize(
    ("page", "name"), [("README.md", "first"), ("roles/rotate_auth_token/README.md", "rotate-one-account")]
)
def test_a_readme_which_can_include_nothing_shows_an_example_that_is_tested(page, name):
    assert read(f"docs/examples/{name}.yml").endswith("\n\n" + blocks(page, "yaml")[0])


@pytest.mark.parametrize("folder", ["module_utils", "plugin_utils"])
def test_the_map_of_the_design_names_each_file_that_there_is(folder):
    (drawn,) = blocks("docs/design.md", "text")
    (part,) = re.findall(rf"^plugins/{folder}/ .*\n((?: .*\n)+)", drawn, re.MULTILINE)
    lines = re.findall(r"^    ((?:_\w+\.py,? ?)+)", part, re.MULTILINE)
    named = [name for line in lines for name in re.findall(r"\w+\.py", line)]
    assert sorted(named) == sorted(path.name for path in (ROOT / "plugins" / folder).glob("_*.py"))


@pytest.mark.parametrize("answer", re.findall(r"^\| .*\? \| (.*) \|$", read("docs/design.md"), re.MULTILINE))
def test_what_the_design_says_where_to_find_is_there(answer):
    for name in re.findall(r"`([\w.]+)`", answer):
        if name.endswith((".py", ".yml")):
            assert [path for folder in ("plugins", "roles", "tests") for path in (ROOT / folder).rglob(name)], name
        else:
            assert re.search(rf"\b{name.rpartition('.')[2]}\b", sentences()), name


def anchors(page: str) -> set[str]:
    """Return what the headings of a page can be linked by, as GitHub makes it of them."""
    if page.endswith(".md"):
        return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles(page)}
    return {re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") for title in titles(page)}


@pytest.mark.parametrize("page", MARKDOWN)
def test_what_is_linked_is_there(page):
    for target in re.findall(r"\]\(([^)]+)\)", read(page)):
        if "://" in target:
            continue
        name, _hash, anchor = target.partition("#")
        linked = (ROOT / page).parent / name if name else ROOT / page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(str(linked.resolve().relative_to(ROOT.resolve()))), target


@every_page
def test_a_page_ends_with_what_is_next(page):
    assert titles(page)[-1] == "Next"


def test_the_index_lists_every_guide_once():
    sections = yaml.safe_load(read("docs/docsite/extra-docs.yml"))["sections"]
    listed = [f"docs/docsite/rst/{name}.rst" for section in sections for name in section["toctree"]]
    assert sorted(listed) == GUIDES


@each_guide
def test_a_guide_s_labels_begin_with_its_name(page):
    labels = re.findall(r"^\.\. _(\S+):$", read(page), re.MULTILINE)
    assert labels[0] == LABEL + Path(page).stem
    assert all(label.startswith(labels[0]) for label in labels)


@pytest.mark.parametrize("role", sorted(HANDED_OVER))
@pytest.mark.parametrize("text", [*PAGES, *(f"docs/examples/{name}" for name in NAMES)])
def test_variables_of_a_role_are_ones_that_it_has(text, role):
    specs = yaml.safe_load(read(f"roles/{role}/meta/argument_specs.yml"))
    known = {*specs["argument_specs"]["main"]["options"], *(f"{role}_{name}" for name in HANDED_OVER[role])}
    # The roles are also named by their labels.
    assert {*re.findall(rf"\b{role}_\w+", read(text))} - {f"{role}_role"} <= known


@pytest.mark.parametrize("role", ["account_baseline", "account_export"])
def test_guides_and_examples_give_these_roles_variables_that_they_have(role):
    specs = yaml.safe_load(read(f"roles/{role}/meta/argument_specs.yml"))
    pages = [*(f"docs/examples/{name}" for name in NAMES), *GUIDES, f"roles/{role}/README.md"]
    # The roles are also named by their labels.
    used = {name for page in pages for name in re.findall(rf"\b{role}_\w+", read(page))} - {f"{role}_role"}
    assert used
    assert used <= {*specs["argument_specs"]["main"]["options"]}


@pytest.mark.parametrize("name", ["drift-github.yml", "drift-gitlab.yml"])
def test_a_job_runs_a_playbook_that_there_is(name):
    text = read(f"docs/examples/{name}")
    assert yaml.safe_load(text)
    (playbook,) = re.findall(r"ansible-playbook\S* .* community\.twilio\.(\w+)$", text, re.MULTILINE)
    assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()


@pytest.mark.parametrize("page", [*EVERY_PAGE, *DOCUMENTED, *(f"docs/examples/{name}" for name in NAMES)])
def test_records_are_in_the_same_folder_everywhere(page):
    assert {*re.findall(r"/var/lib/twilio[\w-]*", read(page))} <= {"/var/lib/twilio-rotation"}


@each_page
def test_yaml_is_yaml(page):
    for block in blocks(page, "yaml"):
        assert yaml.load(block, Loader)


def commands(page: str) -> list[str]:
    """Return the commands that a page shows, each with the lines that it goes on over, which are indented."""
    return re.findall(r"^\$ (.*(?:\n    .*)*)$", "".join(blocks(page, "console")), re.MULTILINE)


@every_page
def test_commands_are_commands_of_a_shell(page):
    for command in commands(page):
        finished = subprocess.run(["sh", "-n"], input=command, check=False, capture_output=True, text=True)
        assert finished.returncode == 0, command


@every_page
def test_files_that_commands_name_are_there(page):
    saved = re.findall(r"[Ss]ave (?:this|it) as\s+`+([\w.-]+)`", "".join(map(read, EVERY_PAGE)))
    for command in commands(page):
        for name in re.findall(r"(?<![\w/.-])docs/[\w/.*-]+", command):
            assert list(ROOT.glob(name)), command
        for name in re.findall(r"ansible-playbook (?:[^|;&]* )?([\w-]+\.yml)(?= |$)", command):
            assert name in NAMES or name in saved, command


@functools.cache
def sentences(plugins: str = "**") -> str:
    """Return the source text of plugins and of the roles, with texts that are split over lines joined."""
    paths = [*ROOT.glob(f"plugins/{plugins}/*.py"), *ROOT.glob("roles/*/tasks/*.yml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r"\s+", " ", re.sub(r"[\"']\s*\n\s*f?[\"']", "", text))


def refusals() -> list[str]:
    """Return the parts of messages in the table of what a rotation refuses."""
    table = read(FAILURES).partition("What a rotation refuses\n---")[2].partition(".. _")[0]
    firsts = re.findall(r"^   \* - (.*)\n", table, re.MULTILINE)[1:]
    return [part for first in firsts for part in first.split("; ")]


@pytest.mark.parametrize("part", refusals())
def test_the_messages_that_the_guide_explains_are_the_code_s(part):
    assert part in sentences()


def test_every_error_code_of_a_message_is_explained():
    """Those of Twilio have five digits and begin with 1 to 7; only the engine knows them, and the roles' own hooks."""
    code = r"(?<![\d.])[1-7]\d{4}(?![\d.])"
    named = set(re.findall(code, sentences("module_utils/**"))) - {"65537"}
    assert len(named) > 10
    assert named <= set(re.findall(code, read(FAILURES)))


def test_figures_of_the_guide_to_scale_are_those_that_were_measured():
    _before, _title, text = read("docs/docsite/rst/guide_scale.rst").partition("What is measured\n---")
    figures = re.findall(r"\d+\.\d+", text.partition("\n---")[0])
    assert len(figures) == 7
    outdated = [figure for figure in figures if f" {figure} |" not in read("docs/benchmark.md")]
    assert outdated == [], "docs/benchmark.md was measured anew: copy the figures into guide_scale.rst"


def terms() -> list[str]:
    """Return the terms of the glossary."""
    return re.findall(r"^   (\S.*)\n      \S", read("docs/docsite/rst/glossary.rst"), re.MULTILINE)


def test_the_glossary_s_terms_are_used():
    assert len(terms()) >= 12
    texts = [read(page).lower() for page in EVERY_PAGE if not page.endswith("glossary.rst")]
    for term in terms():
        assert any(re.search(rf"\b{term.lower().replace('-', '[- ]')}", text) for text in texts), term


@pytest.mark.parametrize("page", [*EVERY_PAGE, *DOCUMENTED])
@pytest.mark.parametrize("word", ["door", "gate", "whither", "mint", "mints", "minted", "let go"])
def test_a_guide_uses_the_field_s_words(page, word):
    assert not re.search(rf"\b{word}\b", read(page).lower())


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
