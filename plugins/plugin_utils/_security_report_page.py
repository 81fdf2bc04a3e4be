# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The security report as one HTML page: no script, nothing from elsewhere, and nothing that an API told is markup.

All text passes :func:`_text` or :func:`_name`; what else the page consists of is written in this file, or a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ansible_collections.community.twilio.plugins.plugin_utils._rotation_status import NOUNS
from ansible_collections.community.twilio.plugins.plugin_utils._security_report import (
    DUE_SOON,
    IN_TIME,
    OVERDUE,
    STATES,
    UNKNOWN,
)
from ansible_collections.community.twilio.plugins.plugin_utils._shown import visible

_HEADINGS = {
    OVERDUE: "Overdue",
    DUE_SOON: "Due soon",
    UNKNOWN: "Not all could be asked",
    IN_TIME: "In time",
}

_TOTALS = {
    "accounts": "accounts",
    "secrets": "secrets",
    OVERDUE: "overdue",
    DUE_SOON: "due soon",
    UNKNOWN: "not known",
}

#: Nothing is loaded, and no script runs.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
:root{color-scheme:light dark;--back:#fff;--text:#1b1d21;--soft:#545a63;--line:#c9cdd3;--track:#e4e6ea;--link:#0b4f9e;
--overdue:#a40e0e;--due_soon:#7a4b00;--unknown:#4d3d8f;--in_time:#1d6b3a}
@media(prefers-color-scheme:dark){:root{--back:#15171b;--text:#e8e9eb;--soft:#aeb4bd;--line:#454b54;--track:#2f343b;
--link:#8fc1ff;--overdue:#ff9d96;--due_soon:#f0c060;--unknown:#c3b6ff;--in_time:#86d9a2}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--back);color:var(--text);
font:1rem/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.25rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:0;display:inline}
code{font-size:.8rem;color:var(--soft)}
th code{display:block}
dl{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}
dl div{display:flex;flex-direction:column-reverse;border:1px solid var(--line);border-radius:.4rem;padding:.4rem .8rem}
dd{margin:0;font-size:1.5rem;font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:0;padding:0}
table,.account{width:100%;border-collapse:collapse;margin:0 0 1.5rem;table-layout:fixed}
caption{text-align:start;padding:.25rem 0}
p{margin:.25rem 0}
th,td{text-align:start;vertical-align:top;padding:.35rem .5rem .35rem 0;border-top:1px solid var(--line);
font-weight:400}
thead th{color:var(--soft);font-size:.85rem;width:28%}
thead th:first-child{width:44%}
td i{display:block;height:.5rem;margin:.4rem 0 .1rem;border:1px solid var(--soft);print-color-adjust:exact;
forced-color-adjust:none;background:linear-gradient(var(--bar),var(--bar)) 0/var(--p) 100% no-repeat var(--track)}
.overdue{--bar:var(--overdue)}.due_soon{--bar:var(--due_soon)}.in_time{--bar:var(--in_time)}
.overdue b{color:var(--overdue)}.due_soon b{color:var(--due_soon)}.unknown b{color:var(--unknown)}
.in_time b{color:var(--in_time)}
footer{border-top:1px solid var(--line);margin-top:2rem;color:var(--soft);font-size:.9rem}
@media print{:root{color-scheme:light;--back:#fff;--text:#000;--soft:#444;--line:#999;--track:#fff;--overdue:#a40e0e;
--due_soon:#7a4b00;--unknown:#4d3d8f;--in_time:#1d6b3a}body{max-width:none;padding:0;font-size:.8rem}nav{display:none}
tr,caption{break-inside:avoid}h2,caption{break-after:avoid}}
"""


def page(report: Mapping[str, Any]) -> str:
    """Return the page.

    :param report: the document of ``_security_report.document``.
    """
    groups = {state: [each for each in report["accounts"] if each["state"] == state] for state in STATES}
    shown = {state: accounts for state, accounts in groups.items() if accounts}
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n',
            '<meta name="referrer" content="no-referrer"/>\n',
            f"<title>Twilio security report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n",
            _header(report, shown),
            "<main>\n",
            *(_group(state, accounts, report["max_age_days"]) for state, accounts in shown.items()),
            "</main>\n",
            _footer(report),
            "</body>\n</html>\n",
        ]
    )


def _header(report: Mapping[str, Any], shown: Mapping[str, list[Mapping[str, Any]]]) -> str:
    now = report["generated_at"]
    written = f'<time datetime="{_text(now)}">{_text(f"{now[:10]} {now[11:16]}")} UTC</time>'
    totals = "".join(f"<div><dt>{word}</dt><dd>{report['totals'][key]}</dd></div>" for key, word in _TOTALS.items())
    links = "".join(f'<li><a href="#{state}">{_heading(state, accounts)}</a></li>' for state, accounts in shown.items())
    return (
        f"<header>\n<h1>Twilio security report</h1>\n<p>Of {written}. A secret may be"
        f" {_days(report['max_age_days'])} old, and is due soon in the last {_days(report['due_soon_days'])}.</p>"
        f'\n<dl aria-label="Totals">{totals}</dl>\n<nav aria-label="Accounts"><ul>{links}</ul></nav>\n</header>\n'
    )


def _heading(state: str, accounts: list[Mapping[str, Any]]) -> str:
    return f"{_HEADINGS[state]}: {len(accounts)} {'account' if len(accounts) == 1 else 'accounts'}"


def _group(state: str, accounts: list[Mapping[str, Any]], limit: float) -> str:
    tables = "".join(_account(each, limit) for each in accounts)
    heading = f'<h2 id="{state}">{_heading(state, accounts)}</h2>'
    return f'<section aria-labelledby="{state}">\n{heading}\n{tables}</section>\n'


def _account(account: Mapping[str, Any], limit: float) -> str:
    status = "" if account["status"] in (None, "active") else f" <b>{_text(account['status'])}</b>"
    name = f"<h3>{_name(account['friendly_name'])}</h3> {_code(account['account_sid'])}{status}"
    problems = "".join(map(_problem, account["problems"]))
    if not account["secrets"]:
        return f'<div class="account">{name}{problems}</div>\n'
    rows = "".join(_row(each, limit) for each in account["secrets"])
    return (
        f'<table><caption>{name}{problems}</caption><thead><tr><th scope="col">Secret</th><th scope="col">Age</th>'
        f'<th scope="col">Due</th></tr></thead><tbody>\n{rows}</tbody></table>\n'
    )


def _problem(problem: Mapping[str, Any]) -> str:
    what = ", ".join(f"{NOUNS[kind]}s" for kind in problem["kinds"])
    return f'<p class="unknown"><b>{what or "Secrets"} not known:</b> {_text(problem["reason"])}</p>'


def _row(secret: Mapping[str, Any], limit: float) -> str:
    name = "" if secret["kind"] == "auth_token" else f" {_name(secret['friendly_name'])} {_code(secret['sid'])}"
    return (
        f'<tr class="{secret["state"]}"><th scope="row">{NOUNS[secret["kind"]]}{name}</th>'
        f"<td>{_age(secret, limit)}</td><td>{_due(secret, limit)}</td></tr>\n"
    )


def _age(secret: Mapping[str, Any], limit: float) -> str:
    age = secret["age_days"]
    if age is None:
        return "<b>not known</b>"
    # One that a clock has made in the future is younger than nothing.
    part = 100.0 if secret["state"] == OVERDUE else 100.0 * max(0.0, age) / max(limit, 1e-9)
    return f'<i style="--p:{part:.0f}%"></i>{_number(age)} of {_days(limit)}'


def _due(secret: Mapping[str, Any], limit: float) -> str:
    lines = []
    if secret["age_days"] is not None:
        left = limit - secret["age_days"]
        said = f"overdue by {_days(max(0.0, -left))}" if secret["state"] == OVERDUE else f"due in {_days(left)}"
        lines += [f"<b>{said}</b>"]
    if secret["due_at"]:
        lines += [f"<time>{_text(secret['due_at'][:10])}</time>"]
    if secret["phase"]:
        lines += [f"rotation: {_text(secret['phase'])}"]
    if secret["note"]:
        lines += [_text(secret["note"])]
    return "<br/>".join(lines) or "not known"


def _footer(report: Mapping[str, Any]) -> str:
    return (
        "<footer>\n<p>API keys, AWS credentials and public keys are as old as Twilio says. How old an auth token is,"
        " Twilio tells nobody: it is known from the record of its rotation, where there is one.</p>\n"
        "<p>Written by the role community.twilio.security_report, which changed nothing.</p>\n</footer>\n"
    )


# -- parts -------------------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    """Return a text such that it is no markup, and nothing in it acts unseen."""
    return escape(visible(str(text)), quote=True)


def _name(name: str | None) -> str:
    """Return a name of anybody's making: the direction in which it is written stays inside of it."""
    return f"<bdi>{_text(name)}</bdi>" if name else "without a name"


def _code(sid: str | None) -> str:
    return f"<code>{_text(sid)}</code>" if sid else ""


def _number(days: float) -> str:
    return f"{days:.1f}".removesuffix(".0")


def _days(days: float) -> str:
    number = _number(days)
    return f"{number} {'day' if number == '1' else 'days'}"
