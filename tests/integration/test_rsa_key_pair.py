# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key pairs on the controller: created once, kept, never exposed, and never overwriting another file."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from harness import Run, ansible_playbook, play

MODULE = "community.twilio.rsa_key_pair"

#: Each line of a private key but those at the ends is as long.
SHOWN = 20


def task(name: str, **more: Any) -> dict[str, Any]:
    """Return a task that is called so and may fail."""
    return {"name": name, "ignore_errors": True, **more}


def pem(key: Any, form: PrivateFormat, passphrase: bytes = b"") -> bytes:
    """Return a private key in PEM form."""
    return key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(passphrase) if passphrase else NoEncryption())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def assert_hidden(run: Run, private_key: str) -> None:
    """Assert that no part of a private key was printed, whole lines or with its line ends written out."""
    body = "".join(private_key.splitlines()[1:-1])
    assert len(body) > 1000
    parts = [body[at : at + SHOWN] for at in range(0, len(body) - SHOWN, SHOWN)]
    assert not [part for part in parts if part in run.output]
    assert "PRIVATE KEY" not in run.output


def test_a_key_pair_is_made_once(simulator, tmp_path):
    path = tmp_path / "keys" / "recordings" / "first.pem"
    pair = {MODULE: {"path": str(path)}}
    connection = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token, "base_url": simulator.url}
    public_key = {
        "friendly_name": "recordings",
        "update_secret": "when_changed",
        "public_key": "{{ made.public_key }}",
    }
    run = ansible_playbook(
        tmp_path,
        [
            play(
                [
                    task("foresee", **pair, check_mode=True),
                    task("look", **{"ansible.builtin.debug": {"msg": f"{{{{ '{path.parent.parent}' is exists }}}}"}}),
                    task("make", **pair, register="made"),
                    task("repeat", **pair),
                    task("repeat in check mode", **pair, check_mode=True),
                    task(
                        "from elsewhere",
                        **pair,
                        become=True,
                        become_user="nobody",
                        vars={"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
                    ),
                    task(
                        "send", **{"community.twilio.twilio_public_key": {**connection, **public_key}}, check_mode=True
                    ),
                ]
            )
        ],
        "-vvvv",
    )
    assert run.status == 0, run.output
    foreseen, made = run.of("foresee"), run.of("make")
    assert foreseen["changed"] is True
    assert foreseen["path"] == str(path)
    assert foreseen["public_key"] is foreseen["fingerprint"] is None
    assert run.of("look")["msg"] is False
    assert made["changed"] is True
    for name in ("repeat", "repeat in check mode", "from elsewhere"):
        assert not run.of(name).failed, run.of(name)
        assert run.of(name)["changed"] is False
        assert [run.of(name)[key] for key in ("path", "public_key", "fingerprint")] == [
            made[key] for key in ("path", "public_key", "fingerprint")
        ]
    assert run.of("send")["credential"]["fingerprint"] == made["fingerprint"]

    assert [mode(each) for each in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    text = path.read_text(encoding="ascii")
    assert text.startswith("-----BEGIN PRIVATE KEY-----\n")
    key = load_pem_private_key(text.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (key.key_size, key.public_key().public_numbers().e) == (2048, 65537)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert made["public_key"] == public.decode()
    assert_hidden(run, text)


def test_of_many_at_once_one_makes_it(tmp_path):
    path = tmp_path / "keys" / "recordings.pem"
    pair = task("make", **{MODULE: {"path": str(path)}})
    run = ansible_playbook(tmp_path, [play([pair], hosts="all")], "-i", "one,two,three,four,", "--forks", "5")
    assert run.status == 0, run.output
    assert sorted(result["changed"] for result in run.results) == [False] * 4 + [True]
    assert len({result["public_key"] for result in run.results}) == 1
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def others() -> Iterator[tuple[str, bytes]]:
    """Yield what a file may hold that is no RSA private key, each by its name."""
    yield "empty", b""
    yield "text", b"something else"
    key = rsa.generate_private_key(65537, 2048)
    yield "public", key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield "locked", pem(key, PrivateFormat.PKCS8, b"passphrase")
    yield "cut", pem(key, PrivateFormat.PKCS8)[:900]
    yield "elliptic", pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8)


#: The private folder of the job that the run below takes itself for.
PRIVATE = "runner"


@pytest.fixture(scope="module")
def others_keys() -> Mapping[str, bytes]:
    """Return private keys in another form than the module's own."""
    keys = {bits: rsa.generate_private_key(65537, bits) for bits in (2048, 3072)}
    return {f"{bits} bits": pem(key, PrivateFormat.TraditionalOpenSSL) for bits, key in keys.items()}


@pytest.fixture(scope="module")
def refused(others_keys, tmp_path_factory) -> tuple[Path, Mapping[str, bytes], Run]:
    """Return a folder with files that are no private keys, what they held, and a run that took them for such.

    Private keys of somebody else's are among them.
    """
    folder = tmp_path_factory.mktemp("refused")
    held = dict(others())
    for name, content in held.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("nowhere")
    paths = {name: str(folder / name) for name in [*held, "folder", "link"]}
    for name, content in others_keys.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o640)
        paths[name] = str(folder / name)
    paths["in a private folder"] = str(folder / PRIVATE / "project" / "keys" / "recordings.pem")
    tasks = [task(name, **{MODULE: {"path": path}}) for name, path in paths.items()]
    wrong = [
        task("relative", **{MODULE: {"path": "keys/recordings.pem"}}),
        task("below a file", **{MODULE: {"path": str(folder / "text" / "recordings.pem")}}),
        task("nameless", **{MODULE: {}}),
        task("unknown", **{MODULE: {"path": str(folder / "unknown"), "size": 1024}}),
    ]
    job = {"AWX_ISOLATED_DATA_DIR": str(folder / PRIVATE / "artifacts" / "1")}
    return folder, held, ansible_playbook(folder, [play([*tasks, *wrong])], "-vvvv", **job)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *[(name, "holds no RSA private key in PEM form") for name in ("empty", "text", "public", "locked", "cut")],
        ("elliptic", "a file that is there is never overwritten"),
        ("folder", "is no regular file"),
        ("link", "is a symbolic link, which is never followed"),
        ("relative", "path: expected an absolute path, got keys/recordings.pem"),
        ("below a file", "text is no folder"),
        ("nameless", "missing required arguments: path"),
        ("in a private folder", "private folder of this job"),
        ("unknown", f"Unsupported parameters for ({MODULE}) module: size. Supported parameters include: path."),
    ],
)
def test_what_is_refused(refused, name, words):
    _folder, _held, run = refused
    assert run.of(name).failed
    assert words in run.of(name)["msg"]
    assert "Traceback" not in run.output


def test_nothing_is_overwritten_or_shown(refused):
    folder, held, run = refused
    assert {name: (folder / name).read_bytes() for name in held} == held
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".new")]
    assert not (folder / "unknown").exists()
    assert not (folder / "nowhere").exists()
    assert not (folder / PRIVATE).exists()
    for name in ("locked", "cut"):
        body = "".join(held[name].decode().splitlines()[1:])
        assert not [at for at in range(0, len(body) - SHOWN, SHOWN) if body[at : at + SHOWN] in run.output]


def test_a_key_of_somebody_elses_is_kept_as_it_is(refused, others_keys):
    folder, _held, run = refused
    for name, content in others_keys.items():
        assert run.of(name)["changed"] is False, name
        assert run.of(name)["public_key"].startswith("-----BEGIN PUBLIC KEY-----\n"), name
        assert (folder / name).read_bytes() == content, name
        assert mode(folder / name) == 0o640, name
