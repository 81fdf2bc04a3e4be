# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx builds the site (``nox -s docs-site``)."""

from __future__ import annotations

from typing import Any

from docutils import nodes

project = "community.twilio"
copyright = "community.twilio contributors"
html_title = "community.twilio"
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "topbar_links": {
        "Repository": "https://github.com/ansible-collections/community.twilio",
        "Ansible forum": "https://forum.ansible.com/tag/twilio",
    },
    "documentation_home_url": "https://github.com/ansible-collections/community.twilio#readme",
    "show_extranav": False,
    "show_rtd_ethical_ads": False,
}
html_show_sphinx = False
html_copy_source = False
html_use_index = False
pygments_style = "ansible"
highlight_language = "yaml+jinja"
default_role = "any"
nitpicky = True
# Pygments takes the second line of a quoted argument for output, and colours the block less precisely.
suppress_warnings = ["misc.highlighting_failure"]

ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
CONFIGURATION = f"{ANSIBLE}reference_appendices/config.html"
#: Labels of Ansible's own documentation that generated pages refer to. Its inventory of labels is on the network.
ANSIBLE_LABELS = {
    "action_plugins": f"{ANSIBLE}plugins/action.html#action-plugins",
    "ansible_configuration_settings": f"{CONFIGURATION}#ansible-configuration-settings",
    "common_return_values": f"{ANSIBLE}reference_appendices/common_return_values.html#common-return-values",
}


def link_to_ansible(_app: Any, _env: Any, node: Any, content: nodes.Node) -> nodes.Node | None:
    """Return a link where a reference is to Ansible's own documentation."""
    target = node["reftarget"]
    address = ANSIBLE_LABELS.get(target)
    if node["reftype"] == "envvar" and target.startswith("ANSIBLE_"):
        address = f"{CONFIGURATION}#envvar-{target}"
    return nodes.reference("", "", content, internal=False, refuri=address) if address else None


def setup(app: Any) -> None:
    """Have references that Sphinx doesn't find looked up there."""
    app.connect("missing-reference", link_to_ansible)
