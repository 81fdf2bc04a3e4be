# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which links of the documentation site lead nowhere."""

from __future__ import annotations

import pytest
from docs_site import REPOSITORY, broken_links


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("other.html", None),
        ("other.html#there", None),
        ("other.html#an%20anchor", None),
        ("#here", None),
        ("picture.svg", None),
        ("https://example.com/nothing/is/fetched", None),
        (f"{REPOSITORY}blob/main/README.md#next", None),
        (f"{REPOSITORY}issues/new", None),
        ("gone.html", "does not exist"),
        ("other.html#gone", "has no such section"),
        ("#gone", "has no such section"),
        (f"{REPOSITORY}blob/main/GONE.md", "is not in this checkout"),
        (f"{REPOSITORY}tree/main/gone", "is not in this checkout"),
    ],
)
def test_a_link_that_leads_nowhere_is_reported(tmp_path, link, problem):
    checkout, site = tmp_path / "checkout", tmp_path / "site"
    for folder in (checkout, site):
        folder.mkdir()
    (checkout / "README.md").touch()
    (site / "picture.svg").touch()
    (site / "other.html").write_text('<p id="there"><a name="an anchor"></a>', encoding="utf-8")
    (site / "index.html").write_text(f'<p id="here"><a href="{link}">', encoding="utf-8")
    expected = [f"index.html: {link} {problem}"] if problem else []
    assert list(broken_links(site, checkout)) == expected
