# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible evaluates the plugins' own strings, and none from outside."""

from __future__ import annotations

import json

import pytest
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.community.twilio.plugins.plugin_utils._unsafe import make_trusted, make_unsafe

TEXTS = [
    "{{ 1 + 1 }}",
    "{% raw %}",
    "{# x",
    "}}",
    "#jinja2:variable_start_string:'<',variable_end_string:'>'\n<3>",
    "plain",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_from_outside_is_evaluated(text):
    variables = {"outside": make_unsafe({"in": [text, None, 1]})}
    templar = Templar(loader=DataLoader(), variables=variables)
    assert templar.template(make_trusted("{{ outside['in'][0] }}")) == text
    assert templar.template(variables["outside"]) == {"in": [text, None, 1]}


def test_a_template_of_our_own_is_evaluated():
    templar = Templar(loader=DataLoader(), variables={"inner": make_trusted("{{ 1 + 1 }}")})
    assert str(templar.template(make_trusted("{{ inner }}"))) == "2"


def test_a_text_that_is_no_template_is_not_marked():
    value = {"sid": "AC1", "names": ["shop", "#1"], "none": None, "number": 1}
    assert json.loads(json.dumps(make_unsafe(value), cls=AnsibleJSONEncoder)) == value
    assert make_unsafe("shop").__class__ is str
