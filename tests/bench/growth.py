"""What more files, longer streams and larger files cost, in time and in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.recordings.formats.ogx import serialise
from tests.bench.measure import CORPUS, Ratio, recctl, time_calls
from tests.builders import chunk, delta, record
from tests.names import ask, write

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEAK = (
    "import resource, subprocess, sys\n"
    "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def measure_growth() -> Iterator[Ratio]:
    """Ten times the files, ten times the chunks, start-up apart; and the memory that each command takes."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_write_files(Path(folder) / f"{count}/recordings", count) for count in (400, 4_000))
        short, long = (_write_stream(Path(folder) / f"{length}.json", length) for length in (2_000, 20_000))
        start, *times = time_calls(
            recctl("--version"),
            recctl("validate", "--no-cache", few),
            recctl("validate", "--no-cache", many),
            recctl("show", short),
            recctl("show", long),
            rounds=3,
        )
        less, more, shorter, longer = (seconds - start for seconds in times)
        yield Ratio("validate 4,000 files / 400 files, net", more / less, 11)
        yield from _measure_renames(Path(folder))
        yield Ratio("show 20,000 chunks / 2,000 chunks, net", longer / shorter, 11)
        yield _weigh("show a stream of 20,000 chunks", Path(long), "show", "--raw", long)
    if CORPUS.exists():
        for command in ("validate", "show"):
            flags = ("--jobs", "1", "--no-cache") if command == "validate" else ()
            yield _weigh(f"{command} the corpus", CORPUS, command, *flags, str(CORPUS))


def _measure_renames(folder: Path) -> Iterator[Ratio]:
    """Ten times the recordings of a folder of tests that is renamed, and of those that want one name."""
    roots = []
    for count in (400, 4_000):
        root = folder / f"renamed-{count}"
        for number in range(count):
            test_id = f"tests/chat/test_chat.py::test_{number}"
            write(root / "tests/chat/recordings", ask(f"Question {number}", test_id=test_id))
            write(root / "tests/same/recordings", ask("Question", str(number)), f"{number:012x}.json")
        roots.append(root)
    start, *times = time_calls(
        recctl("--version"),
        *(recctl("mv", "tests/chat", "tests/talk", "tests/chat", folder=root) for root in roots),
        *(recctl("rehash", "--include-unexplained", "tests/same", folder=root) for root in roots),
        rounds=3,
    )
    few, many, few_alike, many_alike = (seconds - start for seconds in times)
    yield Ratio("mv of a test folder, 4,000 recordings / 400, net", many / few, 11)
    yield Ratio("rehash of 4,000 that want one name / 400, net", many_alike / few_alike, 11)


def _weigh(what: str, path: Path, *command: str) -> Ratio:
    """The most memory that a process held, beside 60 MB and twelve times the largest file."""
    program = str(Path(sys.executable).with_name("recctl"))
    measured = subprocess.run(
        [sys.executable, "-c", _PEAK, program, *command], capture_output=True, check=True
    )
    sizes = [file.stat().st_size for file in (path.rglob("*.json") if path.is_dir() else [path])]
    peak = int(measured.stdout) * (1 if sys.platform == "darwin" else 1024)
    return Ratio(f"{what}: memory / (60 MB + 12 x the largest file)", peak / (60e6 + 12 * max(sizes)), 1)


def _write_files(folder: Path, count: int) -> str:
    """That many recordings of twenty chunks, each of a question of its own."""
    folder.mkdir(parents=True)
    words = [chunk(delta(content=f"word {number} ")) for number in range(20)]
    for number in range(count):
        messages = [{"role": "user", "content": f"Question {number}"}]
        reply = [*words, chunk(delta(finish_reason="stop"))]
        document = record(reply)
        document["request"]["body"] = {"model": "small", "messages": messages, "stream": True}
        (folder / f"{number:064x}.json").write_bytes(serialise(document))
    return str(folder)


def _write_stream(path: Path, length: int) -> str:
    chunks = [chunk(delta(content=f"word {number} ")) for number in range(length)]
    path.write_text(json.dumps(record([*chunks, chunk(delta(finish_reason="stop"))]), indent=2))
    return str(path)
