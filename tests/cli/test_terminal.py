"""recctl on a real terminal: a pseudo-terminal, whose bytes are looked at."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from recctl.recordings.formats.ogx import serialise
from tests.builders import TEST_ID, chunk, delta, record
from tests.cli.conftest import CHECKOUT
from tests.names import ask, current_name, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

pty = pytest.importorskip("pty", reason="needs pseudo-terminals")

SGR = b"\x1b["
VARIABLES = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "RECCTL_PAGER", "GIT_PAGER"}


def run_on_terminal(
    cwd: Path, *arguments: str, env: dict[str, str], columns: int = 80, typed: bytes = b""
) -> bytes:
    """What `recctl` writes to a terminal of that width, when all is well; what is typed shows there, too."""
    import fcntl
    import struct
    import termios

    terminal, process_side = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    process = subprocess.Popen(
        [sys.executable, "-m", "recctl", *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", "PAGER": "cat", **env},
        stdin=process_side,
        stdout=process_side,
        stderr=process_side,
    )
    os.close(process_side)
    os.write(terminal, typed)
    written = b"".join(iter(lambda: read_some(terminal), b""))
    os.close(terminal)
    assert process.wait() == 0
    return written.replace(b"\r\n", b"\n")


def read_some(terminal: int) -> bytes:
    """The next bytes that the other side has written; none when it is closed and everything was read.

    Linux tells by an error that the other side is closed, and may do so once before it hands out what was
    written last.
    """
    for _ in range(2):
        with suppress(OSError):
            return os.read(terminal, 65536)
    return b""


def save(folder: Path, content: str) -> None:
    message = chunk(delta(role="assistant", content=content, finish_reason="stop"))
    (folder / "x.json").write_bytes(serialise(record([message])))


def test_a_terminal_gets_colours_unless_told_otherwise(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    assert b"\x1b[1;32massistant\x1b[0m" in run_on_terminal(tmp_path, "show", "x.json", env={})
    assert SGR not in run_on_terminal(tmp_path, "show", "x.json", env={"NO_COLOR": "1"})
    assert SGR not in run_on_terminal(tmp_path, "show", "x.json", env={"TERM": "dumb"})


def test_names_of_recordings_lead_to_their_files_on_a_terminal_with_colours(tmp_path: Path) -> None:
    folder = tmp_path / "a \u2028 b"
    folder.mkdir()
    save(folder, "Hello")
    address = (folder / "x.json").as_uri()
    assert address.isascii()
    for command in (("show", "x.json"), ("list", ".")):
        assert f";{address}\x1b\\".encode() in run_on_terminal(folder, *command, env={})
        assert b"file:" not in run_on_terminal(folder, *command, env={"NO_COLOR": "1"})
    assert b"file:" not in run_on_terminal(folder, "show", "x.json", "--color", "never", env={})


@pytest.mark.parametrize("width", [40, 80, 160])
def test_text_is_wrapped_to_the_width_of_the_terminal(tmp_path: Path, width: int) -> None:
    save(tmp_path, "seven words make up this whole text " * 20)
    arguments = ("show", "x.json", "--part", "response")
    written = run_on_terminal(tmp_path, *arguments, env={"NO_COLOR": "1"}, columns=width)
    lines = written.decode().splitlines()
    assert lines[1] == f"  test      {TEST_ID}", "which is for copying"
    lengths = [len(line) for line in lines if line.split()[:1] not in (["test"], ["request"])]
    assert max(lengths) <= width
    assert max(lengths) > width - 20


def test_what_is_wrapped_stays_clear_of_its_label(tmp_path: Path) -> None:
    document = record([chunk(delta(content="Hello", finish_reason="stop"))])
    document["request"]["body"] |= {"temperature": 0.5, "max_tokens": 100, "top_p": 1}
    (tmp_path / "x.json").write_bytes(serialise(document))
    written = run_on_terminal(tmp_path, "show", "x.json", env={"NO_COLOR": "1"}, columns=40)
    assert b"\n  asked for temperature 0.5, max_tokens\n            100, top_p 1\n" in written


def test_a_finding_stands_below_its_place_and_above_what_to_do(tmp_path: Path) -> None:
    document = record([chunk(delta(content="Hello", finish_reason="stop"))])
    document["request"]["headers"] = {"Authorization": f"Bearer sk-proj-{'k7Qp2ZxW9b' * 8}"}
    (tmp_path / "x.json").write_bytes(serialise(document))
    written = run_on_terminal(
        tmp_path, "validate", "--exit-zero", "--select", "secret", env={"NO_COLOR": "1"}, columns=60
    )
    place, told, *others = written.decode().splitlines()
    assert re.fullmatch(r"x\.json:\d+:\d+", place)
    assert told.startswith("  error[secret] ")
    assert any(line.startswith("  hint: ") for line in others)
    assert max(len(line) for line in others) <= 60


def test_more_findings_than_a_screen_holds_are_grouped_by_rule(tmp_path: Path) -> None:
    for number in range(13):
        (tmp_path / f"{number:012x}.json").write_text('{"request": {}, "response": ')
    written = run_on_terminal(tmp_path, "validate", "--exit-zero", env={"NO_COLOR": "1"}).decode()
    assert written.startswith("error[invalid-json] 13 findings\n")
    assert "\n  and 10 more\n--format concise lists them all\n" in written


def test_tabs_break_no_line(tmp_path: Path) -> None:
    save(tmp_path, "\tif x:\tpass")
    written = run_on_terminal(tmp_path, "show", "x.json", env={"NO_COLOR": "1"})
    assert b"\n          if x:   pass\n" in written


def test_long_texts_are_folded_on_a_terminal_and_full_unfolds_them(tmp_path: Path) -> None:
    save(tmp_path, "\n".join(f"line {number}" for number in range(100)))
    folded = run_on_terminal(tmp_path, "show", "x.json", env={"NO_COLOR": "1"})
    assert "… 80 more lines; --full shows them …".encode() in folded
    assert b"line 50" not in folded
    full = run_on_terminal(tmp_path, "show", "x.json", "--full", env={"NO_COLOR": "1"})
    assert all(f"  line {number}\n".encode() in full for number in range(100))


def test_nothing_that_was_recorded_acts_on_the_terminal(tmp_path: Path) -> None:
    hostile = (
        "\x1b]0;title\x07\x1b[2J\x9b31m\x1b]8;;https://example.org\x1b\\ \u202e\u2066 [red]red[/red]\x00"
    )
    save(tmp_path, hostile)
    written = run_on_terminal(tmp_path, "show", "x.json", env={})
    own = f"\x1b\\[[0-9;]*m|\x1b]8;(?:id=[0-9]+;{re.escape((tmp_path / 'x.json').as_uri())}|;)\x1b\\\\"
    remaining = re.sub(own, "", written.decode())  # our own colours and links
    assert remaining.replace("\n", "").isprintable()
    assert "[red]red[/red]" in remaining


def test_a_pager_gets_what_the_terminal_would(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    paged = run_on_terminal(tmp_path, "show", "x.json", env={"RECCTL_PAGER": "sed 's/^/| /'"})
    assert b"|   Hello\n" in paged
    missing = run_on_terminal(tmp_path, "show", "x.json", env={"RECCTL_PAGER": "no-such-pager"})
    assert b"\n  Hello\n" in missing


def test_diff_has_a_pager_and_its_help_says_so(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    paged = run_on_terminal(tmp_path, "diff", "x.json", "x.json", env={"PAGER": "sed 's/^/| /'"})
    assert paged == b"| 1 recording is identical\n"
    told = run_on_terminal(tmp_path, "diff", "--help", env={})
    assert b"through RECCTL_PAGER, GIT_PAGER or PAGER." in b" ".join(told.split())


def test_no_pager_reads_the_terminal_together_with_us(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    typed = (tmp_path / "x.json").read_bytes() + b"\x04"
    written = run_on_terminal(
        tmp_path, "show", "-", env={"RECCTL_PAGER": "sed 's/^/| /'", "NO_COLOR": "1"}, typed=typed
    )
    assert b"\n  Hello\n" in written


def test_a_pager_may_be_a_command_for_the_shell(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    paged = run_on_terminal(tmp_path, "show", "x.json", env={"GIT_PAGER": "tail -n 2 | sed 's/^/| /'"})
    assert paged.splitlines()[0] == b"|   Hello"
    unfinished = run_on_terminal(tmp_path, "show", "x.json", env={"RECCTL_PAGER": "cat '"})
    assert b"\n  Hello\n" in unfinished


def test_a_pager_that_has_had_enough_is_no_failure(tmp_path: Path) -> None:
    save(tmp_path, "\n".join(["many words"] * 10_000))
    assert run_on_terminal(tmp_path, "show", "x.json", "--full", env={"RECCTL_PAGER": "true"}) == b""


def test_an_interrupt_is_the_pagers_as_long_as_that_runs(tmp_path: Path) -> None:
    save(tmp_path, "Hello")
    pager = "cat > /dev/null; kill -INT $PPID; echo here"
    assert run_on_terminal(tmp_path, "show", "x.json", env={"RECCTL_PAGER": pager}) == b"here\n"


def test_pictures_are_folded_on_a_terminal(tmp_path: Path) -> None:
    data = "iVBORw0K" * 100
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "image", "source": {"type": "base64", "data": data}},
    ]
    document = record([])
    document["request"]["body"] = {"messages": [{"role": "user", "content": parts, "images": [data]}]}
    (tmp_path / "x.json").write_bytes(serialise(document))
    arguments = ("show", "x.json", "--part", "request")
    folded = run_on_terminal(tmp_path, *arguments, env={"NO_COLOR": "1"})
    assert b'"url": "[image/png, 600 bytes; --full shows them]"' in folded
    assert b'"data": "[data, 600 bytes; --full shows them]"' in folded
    assert b'images ["[data, 600 bytes; --full shows them]"]' in folded
    full = run_on_terminal(tmp_path, *arguments, "--full", env={"NO_COLOR": "1"}, columns=2000)
    assert full.count(data.encode()) == 3


def test_a_terminal_that_is_wide_enough_shows_what_a_pipe_gets(tmp_path: Path) -> None:
    save(tmp_path, "Hello\n\nworld")
    written = run_on_terminal(tmp_path, "show", "x.json", env={"NO_COLOR": "1"}, columns=200)
    piped = subprocess.run(
        [sys.executable, "-m", "recctl", "show", "x.json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"},
        check=True,
        capture_output=True,
    )
    assert written == piped.stdout


def test_arguments_of_a_call_are_folded_on_a_terminal_and_full_unfolds_them(tmp_path: Path) -> None:
    data = "iVBORw0K" * 100
    code = "\n".join(f"print({number})" for number in range(4000))
    arguments = json.dumps({"code": code, "picture": data, "rows": [*range(100)]})
    calls = [{"id": "1", "function": {"name": "run", "arguments": arguments}}]
    message = chunk(delta(role="assistant", tool_calls=calls, finish_reason="tool_calls"))
    (tmp_path / "x.json").write_bytes(serialise(record([message])))
    show = ("show", "x.json", "--part", "response")
    folded = run_on_terminal(tmp_path, *show, env={"NO_COLOR": "1"}).decode()
    assert "more characters; --full shows them" in folded.replace("\n    ", " ")
    assert '"picture": "[data, 600 bytes; --full shows them]"' in folded
    assert "… 86 more lines; --full shows them …" in folded
    assert len(folded.splitlines()) < 60
    full = run_on_terminal(tmp_path, *show, "--full", env={"NO_COLOR": "1"}).decode()
    unbroken = "".join(text.removeprefix("    ") for text in full.splitlines())
    assert "print(3998)\\nprint(3999)" in unbroken
    assert data in unbroken
    assert all(f"      {number},\n" in full for number in range(99))


def test_what_is_renamed_is_told_by_its_test_on_a_terminal(tmp_path: Path) -> None:
    document = ask("Bye", test_id="tests/test_chat.py::test_bye")
    old, new = old_name(document), current_name(document)
    write(tmp_path / "tests/recordings", document, old)
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"')
    shown = run_on_terminal(tmp_path, "rehash", env={"NO_COLOR": "1"}, columns=100).decode()
    assert f"  tests/test_chat.py::test_bye  {old[:12]} -> {new[:12]}\n" in shown
