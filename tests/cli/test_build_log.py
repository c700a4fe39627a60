"""In a build: what recctl prints goes to a log that is read for commands, and nothing recorded is one."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir
from typing import TYPE_CHECKING

import pytest

from recctl.__main__ import main
from recctl.recordings.formats.ogx import serialise
from recctl.render import list_formats
from tests.builders import chunk, delta, record
from tests.unit.test_log import RUNNERS, find_orders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "::error file=x::y"
NAME = "##[add-mask]x ##vso[task.x]y ##teamcity[x].json"
SAID = (
    "\n::set-output name=a::b\n##[stop-commands]x\n \t::add-mask::y\n\r::debug::z\n##vso[task.setvariable]x"
)


def make_recording(said: str) -> bytes:
    chunks = [chunk(delta(content=said)), chunk(delta(content="\n::group::z"))]
    document = record(chunks, model=said)
    document["request"]["body"] = {
        "model": said,
        "messages": [{"role": said, "content": said}],
        said: said,
    }
    document["test_id"] = f"{FOLDER}/{SAID}.py::{said}"
    return serialise(document)


@pytest.fixture
def repository(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository in which all that a stranger can name or say would be an order."""
    recordings = tmp_path / FOLDER / "recordings"
    recordings.mkdir(parents=True)
    for number in range(3):
        (recordings / NAME.replace("x", f"{number}")).write_bytes(make_recording(f"{SAID} {number}"))
    (recordings / "::notice::.json").write_bytes(b'{\n::add-mask::x\n##[error]"')
    git("add", ".")
    git("commit", "-qm", "x")
    for path in recordings.glob("##*"):
        path.write_bytes(path.read_bytes().replace(b"::set-output", b"::save-state"))
    git("add", ".")
    git("commit", "-qm", "y")
    shutil.copytree(tmp_path / FOLDER, tmp_path / "::warning ::")
    (recordings / NAME.replace("x", "0")).unlink()
    git("add", "-u")
    return tmp_path


def list_commands() -> list[list[str]]:
    """Commands in each format that they have; `;` stands between words, as names have blanks."""
    told = {
        "validate": "findings",
        f"validate;{FOLDER};::no::such;##[file]": "findings",
        "show;.": "conversation",
        f"show;::warning ::;::no::such;HEAD:{FOLDER}/recordings/::notice::.json": "conversation",
        "diff;HEAD~1": "comparison",
        "diff;--staged": "comparison",
        f"diff;{FOLDER};::warning ::": "comparison",
        "rehash;--to;ogx-2026-04": "rehash",
        "rehash;--to;ogx-2026-04;--explain": "explanations",
        "prune;--scheme;ogx-2026-04;--grade;superseded;--grade;duplicate;--grade;orphan": "prune",
        f"restore;{FOLDER};::x": "restoration",
        "config": "config",
    }
    commands = [
        [*command.split(";"), "--format", name]
        for command, kind in told.items()
        for name in list_formats(kind)
    ]
    plain = [
        "validate;-v;--color;always",
        "validate;--statistics",
        "validate;--fix;--diff",
        "show;--raw;.",
        "show;--chunks;.",
        f"git;textconv;{FOLDER}/recordings/{NAME.replace('x', '1')}",
        "git;textconv;::nothing",
        "git;status",
        "validate;--select;::x",
        "::error::x",
        "validate;--config;::x",
        "diff;::x..##[y]",
        "show;0123;::error::",
        f"restore;--apply;{FOLDER}",
        "undo;--list",
        "undo",
        "track;-o;-;--;true",
        "track;--;::error::",
    ]
    return [*commands, *(command.split(";") for command in plain)]


@pytest.mark.parametrize("runner", RUNNERS)
def test_nothing_that_is_recorded_or_named_is_an_order(
    runner: str, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(runner, RUNNERS[runner])
    obeyed, printed = {}, 0
    with chdir(repository):
        for command in list_commands():
            monkeypatch.setattr("sys.argv", ["recctl", *command])
            main()
            lines = capsys.readouterr()
            printed += len(lines.out) > 0
            own = ("::error file=", "::warning file=", "::notice file=") if "github" in command else ("\0",)
            orders = [line for line in find_orders(lines.out) if not line.startswith(own)]
            orders += find_orders(lines.err)
            if orders:
                obeyed[" ".join(command)] = orders
    assert obeyed == {}
    assert printed > 30


def test_what_programs_read_says_the_same_as_elsewhere(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["recctl", "show", "--format", "json", FOLDER])
    with chdir(repository):
        main()
        elsewhere = capsys.readouterr().out
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        main()
    here = capsys.readouterr().out
    assert find_orders(elsewhere)
    assert here != elsewhere
    assert json.loads(here) == json.loads(elsewhere)


def test_a_file_is_written_as_elsewhere(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr("sys.argv", ["recctl", "diff", "HEAD~1", "--format", "name-only", "-o", "paths"])
    with chdir(repository):
        main()
    assert "::error file=x::y/recordings/##[add-mask]1" in (repository / "paths").read_text()
