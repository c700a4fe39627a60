"""Whole commands, as processes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.recordings.formats.ogx import serialise
from tests.bench.measure import CHECKOUT, CORPUS, Ratio, Unmeasured, process, python, recctl, time_calls
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HASH = "a969023fd4367b0fb303b6b225812d96c21c6bae06f40aca1d5a7fe1c970c6d7"
_SMALL = f"examples/good/tests/inference/recordings/{_HASH}.json"
_FLOOR = (
    "import json, pathlib\n"
    "for path in pathlib.Path({folder!r}).rglob('*.json'): json.loads(path.read_bytes())"
)


def measure_startup() -> Iterator[Ratio]:
    """What a hook pays before it does anything."""
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "broken.json"
        broken.write_bytes((CHECKOUT / _SMALL).read_bytes()[:500])
        typer, version, sound, finding = time_calls(
            python("import typer"),
            recctl("--version"),
            recctl("validate", _SMALL),
            recctl("validate", str(broken)),
            rounds=15,
        )
    yield Ratio("recctl --version / import typer", version / typer, 1.0)
    yield Ratio("validate a small sound file / import typer", sound / typer, 1.6)
    yield Ratio("validate a file with one finding, as text / import typer", finding / typer, 2.0)


def measure_validate() -> Iterator[Ratio | Unmeasured]:
    """What it costs to check every recording of the corpus, start-up apart, beside only reading them."""
    if not CORPUS.exists():
        return
    nothing, floor, version, cold, warm, reference = time_calls(
        python("pass"),
        python(_FLOOR.format(folder=str(CORPUS))),
        recctl("--version"),
        recctl("validate", "--no-cache", str(CORPUS)),
        recctl("validate", str(CORPUS)),
        _check_jsonschema(),
        rounds=5,
    )
    read = floor - nothing
    yield Ratio("validate the corpus, net / json.loads of every file", (cold - version) / read, 2.2)
    yield Ratio("validate it again, net / json.loads of every file", (warm - version) / read, 0.25)
    what = "check-jsonschema / validate the corpus"
    if _CHECKER.exists():
        yield Ratio(what, reference / cold, 40, at_least=True)
    else:
        yield Unmeasured(what, "pip install check-jsonschema")


_CHECKER = Path(sys.executable).with_name("check-jsonschema")


def _check_jsonschema() -> Callable[[], object]:
    """check-jsonschema with the same schema on the same files; nothing where it is not installed."""
    if not _CHECKER.exists():
        return lambda: None
    schema = CHECKOUT / "schemas/recording.schema.json"
    files = [str(path) for path in sorted(CORPUS.rglob("*.json"))]
    return process(str(_CHECKER), "--base-uri", schema.as_uri(), "--schemafile", str(schema), *files)


def measure_diff() -> Iterator[Ratio | Unmeasured]:
    """A folder against itself, beside reading it; two large recordings, beside DeepDiff's own tool."""
    if CORPUS.exists():
        nothing, floor, version, same = time_calls(
            python("pass"),
            python(_FLOOR.format(folder=str(CORPUS))),
            recctl("--version"),
            recctl("diff", str(CORPUS), str(CORPUS)),
            rounds=5,
        )
        ratio = (same - version) / (floor - nothing)
        yield Ratio("diff the corpus with itself, net / json.loads of every file", ratio, 2.5)
        yield _measure_commit()
    what = "diff two recordings of 1 MB / deep diff"
    deep = Path(sys.executable).with_name("deep")
    with tempfile.TemporaryDirectory() as folder:
        files = [str(_write_large(Path(folder) / f"{side}.json", side)) for side in ("left", "right")]
        if not _runs(str(deep), "diff", *files):
            yield Unmeasured(what, "pip install 'deepdiff[cli]'")
            return
        ours, theirs = time_calls(
            recctl("diff", *files, "--exit-zero"), process(str(deep), "diff", *files), rounds=3
        )
    yield Ratio(what, ours / theirs, 1)


def _measure_commit() -> Ratio:
    """A commit that rewords the reply of each recording of the corpus, beside what git makes of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(CORPUS / "ogx", folder, dirs_exist_ok=True)
        git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
        for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "before")):
            process(*git, *command, folder=folder)()
        count = 0
        for path in folder.rglob("*.json"):
            content = path.read_bytes()
            changed = re.sub(rb'("content": ")(?=[^"])', rb"\1Well, ", content, count=1)
            path.write_bytes(changed)
            count += changed != content
        process(*git, "commit", "-qam", "after", folder=folder)()
        ours, theirs = time_calls(
            recctl("diff", "HEAD~1", "HEAD", folder=folder),
            process("git", "diff", "--stat", "HEAD~1", "HEAD", folder=folder),
            rounds=3,
        )
    return Ratio(f"diff a commit that changes {count:,} recordings / git diff --stat", ours / theirs, 10)


def _runs(*command: str) -> bool:
    """Whether a program is there, with all that it needs."""
    return (
        Path(command[0]).exists() and not subprocess.run(command, capture_output=True, check=False).returncode
    )


def _write_large(path: Path, side: str) -> Path:
    """The recording of a stream of about 1 MB, of which one word in fifty depends on the side."""
    words = (side if number % 50 == 0 else f"word{number % 97}" for number in range(2200))
    chunks = [chunk(delta(content=f"{word} "), system_fingerprint=f"fp_{side}") for word in words]
    path.write_bytes(serialise(record([*chunks, chunk(delta(finish_reason="stop"))])))
    return path
