"""In a stranger's repository: whatever it names for git to run, no command of recctl has it run."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import chdir
from typing import TYPE_CHECKING

import pytest

from recctl.__main__ import main
from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "tests/recordings/0123456789ab.json"

HOOKS = ("post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout", "fsmonitor-watchman")


def reply(*words: str) -> bytes:
    chunks = [chunk(delta(content=word)) for word in words]
    return serialise(record([*chunks, chunk(delta(finish_reason="stop"))]))


def put(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


class Traps:
    """Programs that leave a mark when they are run."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._marks = folder / "programs", folder / "marks"
        self._marks.mkdir()

    def lay(self, name: str) -> str:
        """The path of such a program, which otherwise does what a filter, a hook or a driver would."""
        path = self._programs / name
        put(path, f'#!/bin/sh\n: > "{self._marks}/{name}"\n[ "$1" = "" ] && cat || cat "$1" 2>&1\n')
        path.chmod(0o755)
        return str(path)

    def sprung(self) -> set[str]:
        """The names of those that were run since the last time."""
        marks = [*self._marks.iterdir()]
        for mark in marks:
            mark.unlink()
        return {mark.name for mark in marks}


@pytest.fixture
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("traps"))


def make_bare(folder: Path, program: str) -> None:
    """Make a folder look like a repository whose work tree is itself."""
    put(folder / "HEAD", "ref: refs/heads/main\n")
    put(folder / "objects/.keep", "")
    put(folder / "refs/.keep", "")
    settings = f'[core]\n\tworktree = .\n\tfsmonitor = "{program}"\n'
    put(folder / "config", f"{settings}\trepositoryformatversion = 0\n\tbare = false\n")


@pytest.fixture
def repository(tmp_path: Path, git: Callable[..., str], traps: Traps) -> Path:
    """A repository full of traps: some came with a clone, some can only come in an archive."""
    put(tmp_path / "tests/test_x.py", "def test_reply(): ...\n")
    for words in (("old",), ("Good", " morning"), ("Good", " evening")):
        put(tmp_path / NAME, reply(*words))
        put(tmp_path / "tests/recordings/abcdef012345.json", reply("gone", *words))
        git("add", ".")
        git("commit", "-qm", "x")
    (tmp_path / "tests/recordings/abcdef012345.json").unlink()
    put(tmp_path / ".gitattributes", "* filter=trap diff=trap\n*.py filter=b.y\n")
    make_bare(tmp_path / "tests/recordings/inner", traps.lay("committed-bare-repository"))
    make_bare(tmp_path / "tests/unit/recordings", traps.lay("bare-with-recordings"))
    put(tmp_path / "tests/unit/recordings/111111111111.json", reply("x"))
    git("add", "-f", "tests/unit", "tests/recordings/inner", ".gitattributes")
    git("mv", "tests/test_x.py", "tests/test_y.py")
    lost = git("rev-parse", f"HEAD~2:{NAME}").strip()
    (tmp_path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    lay_in_submodule(tmp_path, git, traps)
    lay_in_configuration(tmp_path / ".git", traps)
    lay_in_nested(tmp_path / "tests/nested", git, traps)
    return tmp_path


def lay_in_submodule(top: Path, git: Callable[..., str], traps: Traps) -> None:
    git("init", "-q", "sub")
    put(top / "sub/file", "x")
    git("-C", "sub", "add", ".")
    git("-C", "sub", "commit", "-qm", "x")
    git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
    git("-C", "sub", "config", "core.fsmonitor", traps.lay("submodule"))
    put(top / "sub/file", "y")


def lay_in_nested(folder: Path, git: Callable[..., str], traps: Traps) -> None:
    put(folder / "recordings/222222222222.json", reply("x"))
    git("init", "-q", str(folder))
    git("-C", str(folder), "config", "core.fsmonitor", traps.lay("nested-repository"))
    put(folder.parent / "linked/recordings/333333333333.json", reply("x"))
    put(folder.parent / "linked/.git", "gitdir: ../recordings/inner\n")


def lay_in_configuration(folder: Path, traps: Traps) -> None:
    for hook in HOOKS:
        shutil.copy(traps.lay(hook), folder / "hooks" / hook)
    keys = {
        "core.fsmonitor": "fsmonitor",
        "filter.trap.clean": "clean",
        "filter.trap.smudge": "smudge",
        "diff.external": "external-diff",
        "diff.trap.textconv": "textconv",
        "remote.origin.uploadpack": "uploadpack",
        "core.pager": "pager",
        "core.editor": "editor",
        "core.sshCommand": "ssh",
        "core.askPass": "askpass",
        "core.alternateRefsCommand": "alternates",
        "credential.helper": "credentials",
        "gpg.program": "gpg",
    }
    included = f'[filter "b.y"]\n\tprocess = "{traps.lay("process")}"\n'
    put(folder / "included", included)
    others = {
        "include.path": "included",
        "protocol.allow": "always",
        "filter.trap.required": "true",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(folder.parent),
        "log.showSignature": "true",
    }
    for key, value in {**{key: traps.lay(name) for key, name in keys.items()}, **others}.items():
        subprocess.run(["git", "config", "-f", folder / "config", key, value], check=True)


BAITS = [
    ("fsmonitor", ("status",)),
    ("clean", ("hash-object", "--path=x", "tests/test_y.py")),
    ("process", ("hash-object", "--path=x.py", "tests/test_y.py")),
    ("external-diff", ("diff", "HEAD")),
    ("textconv", ("log", "-p", "-1")),
    ("uploadpack", ("show", f"HEAD~2:{NAME}")),
    ("reference-transaction", ("update-ref", "refs/heads/x", "HEAD")),
    ("post-index-change", ("add", "tests/test_y.py")),
    ("submodule", ("diff", "HEAD")),
    ("nested-repository", ("-C", "tests/nested", "status")),
    ("committed-bare-repository", ("-C", "tests/recordings/inner", "ls-files", "--others")),
    ("committed-bare-repository", ("-C", "tests/linked", "status")),
    ("bare-with-recordings", ("-C", "tests/unit/recordings", "ls-files", "--others")),
]


def test_the_traps_work(repository: Path, traps: Traps) -> None:
    """Whoever runs git by itself is caught."""
    missed = []
    for name, arguments in BAITS:
        traps.sprung()
        subprocess.run(["git", *arguments], cwd=repository, capture_output=True, check=False)
        if name not in traps.sprung():
            missed.append((name, arguments))
    assert missed == []


COMMANDS = [
    "validate",
    "validate --no-cache tests/recordings tests/unit tests/nested tests/linked sub",
    f"validate {NAME} HEAD~1:{NAME} HEAD~2:{NAME}",
    "validate --fix --diff",
    "validate --format github",
    f"show {NAME}",
    f"show HEAD~1:./{NAME}",
    f"show HEAD~2:{NAME}",
    "show 0123",
    "diff",
    "diff --staged",
    "diff HEAD~1",
    "diff HEAD~2",
    "diff HEAD~1..HEAD",
    "diff HEAD~1...HEAD tests",
    "diff HEAD~1:tests tests",
    "rehash --to ogx-2026-04",
    "rehash --to ogx-2026-04 --check",
    "rehash --to ogx-2026-04 --rename-tests-from-git",
    "rehash --to ogx-2026-04 --prefer newest --include-unexplained",
    "mv tests/test_x.py tests/test_y.py",
    "prune",
    "prune --older-than 1d --grade duplicate --grade superseded --grade orphan",
    "restore tests",
    "restore --test test_reply",
    "restore abcdef012345",
    "restore --apply tests",
    "undo --list",
    "undo",
    "git install",
    "git status",
    "git uninstall",
    "config",
]


@pytest.mark.parametrize(
    "folder", [".", "tests/recordings/inner", "tests/unit/recordings", "tests/nested", "tests/linked", "sub"]
)
def test_no_command_is_caught(
    folder: str, repository: Path, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught = {}
    traps.sprung()
    with chdir(repository / folder):
        for command in COMMANDS:
            monkeypatch.setattr("sys.argv", ["recctl", *command.split()])
            main()
            if sprung := traps.sprung():
                caught[command] = sprung
    assert caught == {}
