# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation site and check its links (``nox -s docs-site``): guides, and the pages of all plugins.

Without ``--external`` nothing is fetched: of links to other sites, those into this repository are looked up in the
checkout.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
REPOSITORY = "https://github.com/ansible-collections/community.twilio/"


class Page(HTMLParser):
    """What a page links to, and what in it can be linked to.

    :param text: the page's HTML.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what one tag says."""
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.links.add(value)
            elif value and (name == "id" or (tag, name) == ("a", "name")):
                self.anchors.add(value)


def broken_links(site: Path, checkout: Path = ROOT) -> Iterator[str]:
    """Yield each link that leads nowhere, with the page that it is on.

    :param site: the folder of HTML pages.
    :param checkout: this repository, which links to its branch main lead into.
    """
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in sorted(page.links):
            address = urlsplit(link)
            if address.scheme or address.netloc:
                kind, _slash, name = link.removeprefix(REPOSITORY).partition("/main/")
                is_ours = link.startswith(REPOSITORY) and kind in ("blob", "tree", "edit")
                if is_ours and not (checkout / urlsplit(name).path).exists():
                    yield f"{path.name}: {link} is not in this checkout"
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.exists():
                yield f"{path.name}: {link} does not exist"
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].anchors:
                yield f"{path.name}: {link} has no such section"


def write_sources(sources: Path) -> None:
    """Write the pages as Sphinx reads them: the guides, and what antsibull-docs makes of each plugin's documentation.

    :param sources: a folder of its own, which is emptied.
    """
    shutil.rmtree(sources, ignore_errors=True)
    sources.mkdir(parents=True)
    # antsibull-docs refuses a folder that others may write to.
    sources.chmod(0o755)
    options = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--cleanup", "everything"]
    command = [str(PROGRAMS / "antsibull-docs"), "collection", *options, "--dest-dir", str(sources), "community.twilio"]
    # It calls ansible-doc, and would write a log into the user's home.
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    subprocess.run(command, check=True, env={**os.environ, "HOME": str(sources.parent), "PATH": path})
    # It copies pages alone. What they show lies as it does in the checkout, seen from the guides.
    shutil.copytree(ROOT / "docs" / "docsite" / "rst" / "images", sources / "docsite" / "images")
    shutil.copytree(ROOT / "docs" / "examples", sources.parent / "examples", dirs_exist_ok=True)


def main() -> None:
    """Build, check, and exit with what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the site is built")
    parser.add_argument("--external", action="store_true", help="fetch the links to other sites instead, to check them")
    arguments = parser.parse_args()
    folder: Path = arguments.folder.resolve()
    write_sources(folder / "rst")
    builder = "linkcheck" if arguments.external else "html"
    command = [str(PROGRAMS / "sphinx-build"), "-q", "--fail-on-warning", "--keep-going", "--builder", builder]
    command += ["--conf-dir", str(ROOT / "docs" / "docsite"), str(folder / "rst"), str(folder / builder)]
    # Pages that are gone must not be found.
    shutil.rmtree(folder / builder, ignore_errors=True)
    if subprocess.run(command, check=False).returncode:
        sys.exit("The site could not be built without warnings.")
    if not arguments.external and (broken := list(broken_links(folder / builder))):
        sys.exit("\n".join(broken))
    print(f"The site: {folder / builder / 'index.html'}")


if __name__ == "__main__":
    main()
