# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup ``rotation_record``: it returns a record or fails with a message, and changes nothing in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.community.twilio.plugins.lookup.rotation_record import LookupModule
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import NO_VERSION, RecordFile

NAME = f"AC{'0' * 32}"
TOKEN = "0123456789abcdef0123456789abcdef"
PASSWORD = "only for this test"
RECORD = {"account_sid": NAME, "phase": "idle", "primary": TOKEN, "pending": None, "lock": None}


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    RecordFile(str(folder / f"{NAME}.yml"), PASSWORD).save(RECORD, NO_VERSION)
    return folder


def look_up(*names: Any, **options: Any) -> list[dict[str, Any]]:
    return LookupModule().run(list(names), {}, **options)


def failure(*names: Any, **options: Any) -> str:
    """Return the sentence with which a lookup fails; it holds no secret."""
    with pytest.raises(AnsibleLookupError) as caught:
        look_up(*names, **options)
    message = str(caught.value)
    assert TOKEN not in message
    assert str(options["store_password"]) not in message
    assert caught.value.__cause__ is None
    return message


def contents(folder: Path) -> dict[str, Any]:
    """Return the content of a folder, with everything that changes on access."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def test_a_record_for_each_name(store):
    other = {"phase": "idle", "sid": "CR"}
    RecordFile(str(store / "other.yml"), PASSWORD).save(other, NO_VERSION)
    assert look_up(NAME, "other", store_path=str(store), store_password=PASSWORD) == [RECORD, other]


def test_nothing_is_written_or_locked(store, tmp_path):
    (store / ".lock").unlink()
    before = contents(store)
    look_up(NAME, store_path=str(store), store_password=PASSWORD)
    failure("missing", store_path=str(store), store_password=PASSWORD)
    failure("missing", store_path=str(tmp_path / "missing"), store_password=PASSWORD)
    assert contents(store) == before
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize("name", ["missing", NAME.lower()])
def test_no_record_is_no_empty_value(store, name):
    message = failure(name, store_path=str(store), store_password=PASSWORD)
    assert f"There is no record of {name} in {store}." in message


def test_another_password_and_a_damaged_file(store):
    assert "password" in failure(NAME, store_path=str(store), store_password="wrong-one")
    path = store / f"{NAME}.yml"
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in failure(NAME, store_path=str(store), store_password=PASSWORD)


def test_an_option_that_there_is_not(store):
    assert "got password" in failure(NAME, store_path=str(store), store_password=PASSWORD, password=PASSWORD)


@pytest.mark.parametrize("name", ["", ".", "..", f"../store/{NAME}", f"/{NAME}", f".{NAME}", "a/b", "a\0b", None, 5])
def test_a_name_with_a_path_is_refused(store, name):
    assert "Expected the name of a record" in failure(name, store_path=str(store), store_password=PASSWORD)


def test_a_folder_that_others_can_access(store):
    store.chmod(0o755)
    assert f"store_path: {store} has the mode 0755" in failure(NAME, store_path=str(store), store_password=PASSWORD)


@pytest.mark.parametrize("folder", ["~/store", "$HOME/store", "${HOME}/store"])
def test_a_folder_is_named_as_for_the_role(monkeypatch, store, folder):
    monkeypatch.setenv("HOME", str(store.parent))
    assert look_up(NAME, store_path=folder, store_password=PASSWORD) == [RECORD]


def test_a_link_to_a_store(store):
    link = store.with_name("link")
    link.symlink_to(store)
    assert f"store_path: {link} is a symbolic link" in failure(NAME, store_path=str(link), store_password=PASSWORD)


@pytest.mark.parametrize("folder", ["", "store", "./store", 5, None, ["/store"]])
def test_a_folder_that_is_no_absolute_path(monkeypatch, store, folder):
    monkeypatch.chdir(store.parent)
    assert "store_path: expected" in failure(NAME, store_path=folder, store_password=PASSWORD)


def test_a_text_that_looks_like_a_template_is_not_evaluated(store):
    odd = {"phase": "idle", "primary": "{{ 1 + 1 }}"}
    RecordFile(str(store / "odd.yml"), PASSWORD).save(odd, NO_VERSION)
    ((found),) = look_up("odd", store_path=str(store), store_password=PASSWORD)
    assert found == odd
