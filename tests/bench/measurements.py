# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The measurements. Each alternates between what it compares (A B A B) and returns the values of all rounds.

Unless stated otherwise, all of them look up SafeList numbers that already exist, so that nothing changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from statistics import median
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret

from .playbooks import Bench, Run, Timing

#: The first of the numbers that are on the SafeList, and of those that are not, until a measurement adds them.
FIRST = 14_155_500_000
FIRST_ABSENT = 14_165_500_000

#: Seconds that the simulator waits before each answer, where a measurement is about waiting.
LATENCY = 0.05

#: How many numbers one task handles in parallel by default.
DEFAULT_CONCURRENCY = 8

#: The password of the records of rotations.
STORE_PASSWORD = "the records' password"

Task = dict[str, Any]


class Kind(Enum):
    """What a row measures."""

    OURS = "ours"
    OTHER = "other"
    FLOOR = "floor"


@dataclass(frozen=True)
class Row:
    """One thing measured.

    :param name: what it is.
    :param amount: how much of it ran, scaled or not.
    :param values: the value of each round, in the table's unit.
    :param timing: the task whose requests and connections the row also shows, if any.
    """

    name: str
    kind: Kind
    amount: str
    values: Sequence[float]
    timing: Timing | None = None

    @property
    def value(self) -> float:
        """The median."""
        return median(self.values)


@dataclass(frozen=True)
class Table:
    """Rows that are compared, all in one unit."""

    title: str
    unit: str
    how: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Ratio:
    """A comparison, made in each round by itself.

    :param name: what is compared.
    :param values: the ratio in each round.
    :param target: the target value.
    :param at_least: whether the target is a minimum.
    """

    name: str
    values: Sequence[float]
    target: float
    at_least: bool = False

    @property
    def value(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the median reaches the target."""
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True)
class Result:
    """The result of a measurement."""

    ratios: Sequence[Ratio]
    tables: Sequence[Table]


def safelist(phone_number: str, **more: Any) -> Task:
    """Return a task of this collection that ensures numbers are on the SafeList."""
    connection = {name: f"{{{{ {name} }}}}" for name in ("account_sid", "auth_token", "base_url", "ca_path")}
    return {"community.twilio.twilio_safelist_number": {**connection, "phone_number": phone_number, **more}}


def uri(number: str, user: str = "{{ account_sid }}", password: str = "{{ auth_token }}") -> Task:
    """Return the look-up of one number as people write it without a collection."""
    return {
        "ansible.builtin.uri": {
            "url": "{{ base_url }}/v1/SafeList/Numbers?PhoneNumber=%2B" + number,
            "url_username": user,
            "url_password": password,
            "force_basic_auth": True,
            "ca_path": "{{ ca_path }}",
        }
    }


def by_module(task: Task) -> Task:
    """Return a task of this collection that runs as an ordinary module."""
    return {**task, "vars": {"community_twilio_in_process": False}}


def loop_over(task: Task, count: int) -> Task:
    """Return a task in a loop over the first numbers."""
    return {**task, "loop": f"{{{{ range({FIRST}, {FIRST + count}) | list }}}}"}


def phone_numbers(first: int, count: int) -> list[str]:
    """Return phone numbers with consecutive digits."""
    return [f"+{number}" for number in range(first, first + count)]


def rotate(tasks: Mapping[str, Task], places: int) -> dict[str, Task]:
    """Rotate the order of the tasks, so that none always comes first."""
    names = list(tasks)
    places %= len(names)
    return {name: tasks[name] for name in names[places:] + names[:places]}


def seed(bench: Bench, count: int) -> None:
    """Put numbers on the main account's SafeList."""
    bench.simulator.seed({"accounts": [{"sid": bench.simulator.account_sid, "safelist": phone_numbers(FIRST, count)}]})


def ratios(values: Sequence[float], by: Sequence[float]) -> list[float]:
    """Return the ratio of each round."""
    return [value / other for value, other in zip(values, by)]


def loop(bench: Bench) -> Result:
    """Measure what a loop's item costs."""
    sizes = bench.sizes
    seed(bench, sizes.loop_items)
    variants: dict[str, tuple[str, Kind, Task]] = {
        "debug": ("`ansible.builtin.debug`: the floor", Kind.FLOOR, {"ansible.builtin.debug": {"msg": "{{ item }}"}}),
        "ours": ("this collection, in the controller", Kind.OURS, safelist("+{{ item }}")),
        "module": ("this collection, as a module", Kind.OURS, by_module(safelist("+{{ item }}"))),
        "uri": ("`ansible.builtin.uri`", Kind.OTHER, uri("{{ item }}")),
    }
    # Warm up, and find the number of items for a loop that is long enough.
    trial = {
        f"{variant} {count}": loop_over(task, count)
        for variant, (_name, _kind, task) in variants.items()
        for count in (1, 3)
    }
    tried = bench.run(trial).tasks
    counts = {}
    for variant in variants:
        cost = max((tried[f"{variant} 3"].seconds - tried[f"{variant} 1"].seconds) / 2, 0.001)
        counts[variant] = 1 + max(2, min(sizes.loop_items - 1, round(sizes.loop_seconds / cost)))
    costs: dict[str, list[float]] = {variant: [] for variant in variants}
    timings: dict[str, Timing] = {}
    for number in bench.rounds():
        tasks = {
            f"{variant} {count}": loop_over(task, count)
            for variant, (_name, _kind, task) in variants.items()
            for count in (1, counts[variant])
        }
        # The first task also pays for what happens once in a playbook.
        ran = bench.run({"warm-up": loop_over(variants["ours"][2], 1), **rotate(tasks, 2 * number)}).tasks
        for variant, count in counts.items():
            timings[variant] = ran[f"{variant} {count}"]
            costs[variant].append((timings[variant].seconds - ran[f"{variant} 1"].seconds) / (count - 1) * 1000)
    return Result(
        [
            Ratio("a loop's item, `uri` ÷ this collection", ratios(costs["uri"], costs["ours"]), 40, at_least=True),
            Ratio("a loop's item, this collection ÷ `debug`", ratios(costs["ours"], costs["debug"]), 4),
            Ratio("a loop's item, this collection as a module ÷ `uri`", ratios(costs["module"], costs["uri"]), 1.15),
        ],
        [
            Table(
                "One item of a loop",
                "ms",
                "A loop over one number after the other, each an item of its own: the time of the loop less that of a"
                " loop of one item, divided by the items between, so that start-up cancels.",
                [
                    Row(name, kind, f"{counts[variant]} items", costs[variant], timings[variant])
                    for variant, (name, kind, _task) in variants.items()
                ],
            )
        ],
    )


def numbers(bench: Bench) -> Result:
    """Measure one task with many numbers, where each answer takes a while."""
    sizes = bench.sizes
    seed(bench, max(sizes.numbers, sizes.serial_numbers, sizes.sdk_numbers))
    bench.simulator.settings(latency_ms=LATENCY * 1000)
    arguments = (bench.simulator.url, bench.simulator.account_sid, bench.simulator.auth_token)
    concurrencies = {1: sizes.serial_numbers, 8: sizes.numbers, 32: sizes.numbers}
    tasks = {
        **{
            f"check {at_once}": safelist(f"{{{{ numbers[:{count}] }}}}", concurrency=at_once)
            for at_once, count in concurrencies.items()
        },
        "add 32": safelist("{{ absent }}", concurrency=32),
        "uri 1": loop_over(uri("{{ item }}"), 1),
        "uri": loop_over(uri("{{ item }}"), 1 + sizes.uri_numbers),
    }
    one = safelist("{{ numbers[:1] }}")
    times: dict[str, list[float]] = {name: [] for name in (*tasks, "sdk")}
    timings: dict[str, Timing] = {}
    for number in bench.rounds():
        variables = {
            "numbers": phone_numbers(FIRST, sizes.numbers),
            "absent": phone_numbers(FIRST_ABSENT + number * sizes.numbers, sizes.numbers),
        }
        order = rotate(tasks, number)
        # Start-up is measured before and after.
        timings = dict(bench.run({"warm-up": one, "before": one, **order, "after": one}, variables=variables).tasks)
        # What one number's answer takes is not start-up.
        start_up = (timings["before"].seconds + timings["after"].seconds) / 2 - LATENCY
        for at_once, count in concurrencies.items():
            passed = timings[f"check {at_once}"].seconds - start_up
            times[f"check {at_once}"].append(passed * sizes.numbers / count)
        times["add 32"].append(timings["add 32"].seconds - start_up)
        looping = timings["uri"].seconds - timings["uri 1"].seconds
        times["uri"].append(looping * sizes.numbers / sizes.uri_numbers)
        timings["sdk"] = bench.run_program("sdk.py", *arguments, str(FIRST), str(sizes.sdk_numbers))
        times["sdk"].append(timings["sdk"].seconds * sizes.numbers / sizes.sdk_numbers)

    def ideal(requests: int, at_once: int) -> float:
        return requests * LATENCY / at_once

    def ratio(name: str, what: str, requests: int) -> Ratio:
        return Ratio(
            f"{sizes.numbers} numbers {what}, 32 at once, this collection ÷ ideal",
            [passed / ideal(requests, 32) for passed in times[name]],
            1.15,
        )

    def scaled(count: int) -> str:
        return f"{count} numbers" + ("" if count == sizes.numbers else ", scaled")

    whole = f"{sizes.numbers} numbers"
    rows = [Row(f"ideal, {each} at once", Kind.FLOOR, whole, [ideal(sizes.numbers, each)]) for each in (32, 8, 1)]
    rows += [
        Row(f"this collection, {at_once} at once", Kind.OURS, scaled(count), times[name], timings[name])
        for at_once, count in reversed(concurrencies.items())
        for name in [f"check {at_once}"]
    ]
    rows += [
        Row("official SDK, a plain loop", Kind.OTHER, scaled(sizes.sdk_numbers), times["sdk"], timings["sdk"]),
        Row("`ansible.builtin.uri`, a loop", Kind.OTHER, scaled(1 + sizes.uri_numbers), times["uri"], timings["uri"]),
    ]
    added = [
        Row("ideal, 32 at once", Kind.FLOOR, whole, [ideal(2 * sizes.numbers, 32)]),
        Row("this collection, 32 at once", Kind.OURS, whole, times["add 32"], timings["add 32"]),
    ]
    return Result(
        [
            ratio("check 32", "that are there", sizes.numbers),
            ratio("add 32", "to add", 2 * sizes.numbers),
        ],
        [
            Table(
                f"{sizes.numbers} numbers that are there, {LATENCY * 1000:.0f} ms for each answer",
                "s",
                "One task with all numbers, over start-up: the time of the task less that of the same task with a"
                " single number (but for that number's answer). Ideal: the requests' latencies together, divided by how"
                " many are under way at once. What is slow was measured with fewer numbers and multiplied.",
                rows,
            ),
            Table(
                f"{sizes.numbers} numbers to add, {LATENCY * 1000:.0f} ms for each answer",
                "s",
                "The same with numbers that are not there yet: each takes two requests, one to look and one to add.",
                added,
            ),
        ],
    )


def hosts(bench: Bench) -> Result:
    """Measure one task for each account of an inventory."""
    sizes = bench.sizes
    owner = bench.simulator.account_sid
    seeded = [
        {"friendly_name": f"shop {number}", "owner_account_sid": owner, "safelist": phone_numbers(FIRST, 1)}
        for number in range(sizes.hosts)
    ]
    made = bench.simulator.seed({"accounts": seeded})["accounts"]
    variables = {"tokens": {account["sid"]: account["auth_token"] for account in made}}
    inventory = bench.write(
        "fleet.twilio.yml",
        {
            "plugin": "community.twilio.twilio_accounts",
            "hostname": "sid",
            "account_sid": owner,
            "auth_token": bench.simulator.auth_token,
            "base_url": bench.simulator.url,
            "ca_path": bench.simulator.ca_path,
            "groups": {"subaccounts": "twilio_sid != twilio_owner_account_sid"},
        },
    )
    token = "{{ tokens[twilio_sid] }}"
    checked = safelist(f"+{FIRST}")
    next(iter(checked.values())).update(account_sid="{{ twilio_sid }}", auth_token=token)
    variants: dict[str, Task] = {
        "debug": {"ansible.builtin.debug": {"msg": "{{ twilio_sid }}"}},
        "ours": checked,
        "module": by_module(checked),
        "uri": uri(str(FIRST), "{{ twilio_sid }}", token),
    }

    def run(variant: str, pattern: str = "subaccounts") -> Run:
        return bench.run({variant: variants[variant]}, pattern, inventory, variables, forks=20)

    for variant in variants:
        run(variant, "subaccounts[0]")
    whole: dict[str, list[float]] = {variant: [] for variant in ("debug", "ours")}
    alone: dict[str, list[float]] = {variant: [] for variant in variants}
    timings: dict[str, Timing] = {}
    for number in bench.rounds():
        for variant in ("debug", "ours") if number % 2 else ("ours", "debug"):
            ran = run(variant)
            timings[variant] = ran.tasks[variant]
            whole[variant].append(ran.seconds)
            alone[variant].append(timings[variant].seconds)
        for variant in ("module", "uri"):
            timings[variant] = run(variant, f"subaccounts[0:{sizes.slow_hosts - 1}]").tasks[variant]
            alone[variant].append(timings[variant].seconds * sizes.hosts / sizes.slow_hosts)

    all_hosts, some_hosts = f"{sizes.hosts} hosts", f"{sizes.slow_hosts} hosts, scaled"
    return Result(
        [
            Ratio(
                f"{sizes.hosts} hosts, the task by itself, this collection ÷ `debug`",
                ratios(alone["ours"], alone["debug"]),
                2,
            ),
            Ratio(
                f"{sizes.hosts} hosts, the whole of `ansible-playbook`, this collection ÷ `debug`",
                ratios(whole["ours"], whole["debug"]),
                2,
            ),
        ],
        [
            Table(
                f"One task for {sizes.hosts} accounts of the inventory, 20 forks",
                "s",
                "Hosts by `community.twilio.twilio_accounts`, each an account with its own token and a connection of"
                " its own. The time of the task by itself, from its start to the last host's result. Modules ran for"
                " fewer hosts, and their time is multiplied.",
                [
                    Row("`ansible.builtin.debug`: the floor", Kind.FLOOR, all_hosts, alone["debug"], timings["debug"]),
                    Row("this collection, in the controller", Kind.OURS, all_hosts, alone["ours"], timings["ours"]),
                    Row("this collection, as a module", Kind.OURS, some_hosts, alone["module"], timings["module"]),
                    Row("`ansible.builtin.uri`", Kind.OTHER, some_hosts, alone["uri"], timings["uri"]),
                ],
            ),
            Table(
                "The same, the whole of `ansible-playbook`",
                "s",
                "With its start, and the inventory.",
                [
                    Row("`ansible.builtin.debug`: the floor", Kind.FLOOR, all_hosts, whole["debug"]),
                    Row("this collection, in the controller", Kind.OURS, all_hosts, whole["ours"]),
                ],
            ),
        ],
    )


def growth(bench: Bench) -> Result:
    """Measure how time and memory grow with the numbers of one task."""
    counts = bench.sizes.growth
    few, many = counts[0], counts[-1]
    seed(bench, many)
    # Start-up is a task in which each thread has one number, so that opening connections counts as start-up as well.
    base = safelist(f"{{{{ numbers[:{DEFAULT_CONCURRENCY}] }}}}")
    each = safelist("{{ numbers }}")
    # Short runs are measured several times.
    repeats = {count: max(1, min(5, 1000 // count)) for count in counts}
    costs: dict[int, list[float]] = {count: [] for count in counts}
    memory: dict[int, list[float]] = {count: [] for count in counts}
    timings: dict[int, Timing] = {}
    for number in bench.rounds():
        for count in counts if number % 2 else reversed(counts):
            tasks = {"warm-up": base}
            for repeat in range(repeats[count]):
                tasks |= {f"base {repeat}": base, f"each {repeat}": each}
            ran = bench.run(tasks, variables={"numbers": phone_numbers(FIRST, count)})
            passed = [
                ran.tasks[f"each {repeat}"].seconds - ran.tasks[f"base {repeat}"].seconds
                for repeat in range(repeats[count])
            ]
            costs[count].append(median(passed) / (count - DEFAULT_CONCURRENCY) * 1000)
            memory[count].append(ran.mebibytes)
            timings[count] = ran.tasks["each 0"]
    return Result(
        [
            Ratio(f"time for each number, {many} numbers ÷ {few}", ratios(costs[many], costs[few]), 1.3),
            Ratio(f"memory, {many} numbers ÷ {few}", ratios(memory[many], memory[few]), 1.5),
        ],
        [
            Table(
                "Growth: time for each number of one task, no latency",
                "ms",
                f"One task with all numbers, {DEFAULT_CONCURRENCY} at once, less the time of the same task with"
                f" {DEFAULT_CONCURRENCY} numbers.",
                [
                    Row(
                        f"this collection, {count} numbers", Kind.OURS, f"{count} numbers", costs[count], timings[count]
                    )
                    for count in counts
                ],
            ),
            Table(
                "Growth: memory",
                "MiB",
                "The largest process of `ansible-playbook` at its largest, with the interpreter and what it shares with"
                " others.",
                [
                    Row(f"this collection, {count} numbers", Kind.OURS, f"{count} numbers", memory[count])
                    for count in counts
                ],
            ),
        ],
    )


#: Name to measurement.
def record(account: Mapping[str, Any], store: Path) -> None:
    """Write the record of an account whose token is new, as ``rotate_auth_token`` keeps it."""
    content = {
        "account_sid": account["sid"],
        "primary": account["auth_token"],
        "pending": None,
        "phase": "idle",
        "rotated_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "staged_at": None,
        "primary_known": True,
    }
    vault = VaultLib([("default", VaultSecret(STORE_PASSWORD.encode()))])
    path = store / f"{account['sid']}.yml"
    path.touch(mode=0o600)
    path.write_bytes(vault.encrypt(json.dumps(content)))


def rotations(bench: Bench) -> Result:
    """Measure the nightly run over a fleet: nothing is due; and a rotation of each account, with three hooks."""
    few, many = bench.sizes.rotations
    store = bench.folder / "store"
    store.mkdir(mode=0o700)
    owner = bench.simulator.account_sid
    seeded = [{"friendly_name": f"shop {number}", "owner_account_sid": owner} for number in range(many)]
    made = bench.simulator.seed({"accounts": seeded})["accounts"]
    for account in made:
        record(account, store)
    inventory = bench.write("inventory.json", {"all": {"hosts": {account["sid"]: {} for account in made}}})
    hook = str(bench.write("hook.yml", [{"name": "Run a hook", "ansible.builtin.debug": {"msg": "a hook"}}]))
    variables = {
        "rotate_auth_token_account_sid": "{{ inventory_hostname }}",
        "rotate_auth_token_base_url": bench.simulator.url,
        "rotate_auth_token_ca_path": bench.simulator.ca_path,
        "rotate_auth_token_store_path": str(store),
        "rotate_auth_token_store_password": STORE_PASSWORD,
        **{f"rotate_auth_token_{name}_tasks": hook for name in ("distribute", "verify", "clean")},
    }
    role = {"name": "community.twilio.rotate_auth_token"}
    included: Task = {"ansible.builtin.include_role": role}
    imported: Task = {"ansible.builtin.import_role": {**role, "rolespec_validate": False}}
    forced = {"rotate_auth_token_force": True}
    floor: Task = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }}"}}
    variants: dict[str, tuple[Task, int, Mapping[str, Any]]] = {
        "debug": (floor, few, {}),
        "included": (included, few, {}),
        "imported": (imported, few, {}),
        "debug, many": (floor, many, {}),
        "imported, many": (imported, many, {}),
        "debug, forced": (floor, bench.sizes.forced[0], {}),
        "included, forced": (included, bench.sizes.forced[0], forced),
        "imported, forced": (imported, bench.sizes.forced[0], forced),
        "debug, more forced": (floor, bench.sizes.forced[1], {}),
        "imported, more forced": (imported, bench.sizes.forced[1], forced),
    }

    def cpu(variant: str) -> float:
        task, count, more = variants[variant]
        return bench.run({variant: task}, f"all[0:{count - 1}]", inventory, {**variables, **more}, forks=20).cpu

    cpu("debug")
    used: dict[str, list[float]] = {variant: [] for variant in variants}
    # What takes a short time has rounds of its own, and so more of them.
    for size in sorted({accounts for _task, accounts, _more in variants.values()}):
        compared = [variant for variant in variants if variants[variant][1] == size]
        for number in bench.rounds():
            for variant in compared if number % 2 else reversed(compared):
                used[variant].append(cpu(variant))

    def row(name: str, variant: str) -> Row:
        return Row(
            name,
            Kind.FLOOR if variant.startswith("debug") else Kind.OURS,
            f"{variants[variant][1]} accounts",
            used[variant],
        )

    def ratio(variant: str, compared_with: str, what: str, target: float) -> Ratio:
        title = f"{variants[variant][1]} accounts{what}, CPU, role ÷ `debug`"
        if variant.startswith("imported"):
            title = title.replace("role", "role imported without validation")
        return Ratio(title, ratios(used[variant], used[compared_with]), target)

    return Result(
        [
            ratio("included", "debug", ", no rotation due", 3),
            ratio("imported", "debug", ", no rotation due", 3),
            ratio("imported, many", "debug, many", ", no rotation due", 3),
            ratio("included, forced", "debug, forced", " rotated", 12),
            ratio("imported, forced", "debug, forced", " rotated", 12),
            ratio("imported, more forced", "debug, more forced", " rotated", 12),
        ],
        [
            Table(
                "The nightly run: `rotate_auth_token` for each account, 20 forks",
                "s of CPU",
                "The whole of `ansible-playbook` with all its processes. Where nothing is due, each account takes one"
                " request. A rotation runs three hooks of one task. To include a role and to have Ansible validate its"
                " arguments costs more than one `debug` task each, whatever the role does.",
                [
                    row("`ansible.builtin.debug`: the floor", "debug"),
                    row("nothing due, role included", "included"),
                    row("nothing due, role imported, `rolespec_validate: false`", "imported"),
                    row("`ansible.builtin.debug`: the floor, many", "debug, many"),
                    row("nothing due, role imported, many", "imported, many"),
                    row("`ansible.builtin.debug`: the floor, few", "debug, forced"),
                    row("rotated, role included", "included, forced"),
                    row("rotated, role imported, `rolespec_validate: false`", "imported, forced"),
                    row("`ansible.builtin.debug`: the floor, more", "debug, more forced"),
                    row("rotated, role imported, more", "imported, more forced"),
                ],
            )
        ],
    )


MEASUREMENTS: dict[str, Callable[[Bench], Result]] = {
    "loop": loop,
    "numbers": numbers,
    "hosts": hosts,
    "growth": growth,
    "rotations": rotations,
}
