"""Campaigns: mutated recordings through every command, and runs that are killed while they change files.

`python -m tests.campaign --mutations 1000000 --kills 2000` takes an hour or two, the tests a small part.
All that happens follows from `--seed`. A failure is told with the number of the batch that shows it again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
import warnings
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.__main__ import main
from recctl.changes.plan import recover
from recctl.recordings.formats.ogx import serialise
from recctl.render import list_formats
from tests.builders import record
from tests.unit.test_plan import intercepted

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BATCH = 50
"""How many mutated recordings lie in one folder."""


class Failure(NamedTuple):
    """What should not have happened: in which batch, or at which kill, by which command, and what it said."""

    seed: int
    command: str
    said: str


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code of a command in this process, and what it said on either stream."""
    out, err = StringIO(), StringIO()
    before = sys.argv
    sys.argv = ["recctl", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            return main(), out.getvalue(), err.getvalue()
    finally:
        sys.argv = before


# --- mutations ----------------------------------------------------------------------------------------------

_HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 5, 1.5, 1e308, 10**30, "", "x", "{", "[", "null", "data: {}", "\ud83d", "\0"),
    *([], {}, [None], [[]], [{}], {"": ""}, {"a": {"b": []}}, "[" * 400, '{"a":' * 300 + "1" + "}" * 300),
    *({"type": "text", "text": 5}, {"$ref": "#"}, {"anyOf": [{"$ref": "#"}] * 3}, [["x"] * 3] * 3),
]
_KEYS = [
    "$ref",
    "annotations",
    "arguments",
    "audio",
    "body",
    "candidates",
    "choices",
    "content",
    "created",
    "data",
    "delta",
    "embedding",
    "error",
    "extra",
    "finish_reason",
    "function",
    "id",
    "images",
    "index",
    "input",
    "is_streaming",
    "item",
    "logprobs",
    "message",
    "messages",
    "model",
    "name",
    "object",
    "output",
    "parameters",
    "parts",
    "payload",
    "prompt",
    "reasoning",
    "refusal",
    "request",
    "response",
    "role",
    "status",
    "stop_reason",
    "stream",
    "system",
    "test_id",
    "text",
    "thinking",
    "tool_call_id",
    "tool_calls",
    "tools",
    "type",
    "url",
    "usage",
]
_PIECES = [word.encode("latin-1") for word in ("null", *'[]{}"\\\n\0\xff,:', "1e999", "- ", "!!x ", "&a *a")]


def list_examples() -> list[Path]:
    """The recordings to begin with: those of the examples that are not large."""
    found = [*EXAMPLES.rglob("*.json"), *EXAMPLES.rglob("*.yaml")]
    return sorted(path for path in found if path.stat().st_size < 20_000)


def mutate(content: bytes, chance: random.Random) -> bytes:
    """A recording with something wrong in it: in its values, where it is JSON, else in its bytes."""
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if document is None or chance.random() < 0.2:
        for _ in range(chance.randint(1, 3)):
            content = _mutate_bytes(content, chance)
        return content
    holder = {"document": document}
    for _ in range(chance.choice([1, 1, 1, 2, 3, 6])):
        _mutate_value(holder, chance)
    return serialise(holder["document"])


def _mutate_bytes(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    end = min(len(content), start + chance.choice([0, 1, 1, 2, 20, 500]))
    copies = content[end : end + 40], content[max(0, start - 40) : start]
    put: bytes = chance.choice([b"", b"", chance.choice(_PIECES), *copies])
    return content[:start] + put + content[end:]


def _mutate_value(holder: dict[str, Any], chance: random.Random) -> None:
    """Change one value anywhere in a document: replace, remove, repeat, rename, wrap or swap it."""
    places = list(_list_places(holder))
    parent, key = chance.choice(places)
    match chance.choice(["replace", "replace", "add", "add", "swap", "remove", "repeat", "rename", "wrap"]):
        case "replace":
            parent[key] = deepcopy(chance.choice(_HOSTILE))
        case "add" if isinstance(parent, dict) and parent is not holder:
            parent[chance.choice(_KEYS)] = deepcopy(chance.choice(_HOSTILE))
        case "swap":
            other, name = chance.choice(places)
            parent[key] = deepcopy(other[name])
        case "remove" if parent is not holder:
            del parent[key]
        case "repeat" if isinstance(parent, list):
            parent.insert(key, deepcopy(parent[key]))
        case "rename" if isinstance(parent, dict) and parent is not holder:
            parent[chance.choice(_KEYS)] = parent.pop(key)
        case "wrap":
            value = parent[key]
            for _ in range(chance.choice([1, 1, 2, 50, 120])):
                value = [value] if chance.random() < 0.5 else {chance.choice(_KEYS): value}
            parent[key] = value


def _list_places(value: Any) -> Iterator[tuple[Any, Any]]:
    rest = [value]
    while rest:
        value = rest.pop()
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            if isinstance(value[key], (dict, list)):
                rest.append(value[key])


def _choose_command(chance: random.Random, number: int) -> tuple[str, ...]:
    """A command that looks at recordings, each in its turn, in one of its formats."""
    match number % 5:
        case 0:
            return ("validate", "--format", chance.choice([*list_formats("findings")]), "--no-cache", "-j1")
        case 1:
            more = [
                (),
                ("--raw",),
                ("--chunks",),
                *(("--format", name) for name in list_formats("conversation")),
            ]
            return ("show", *chance.choice(more))
        case 2:
            more = [("--noise",), *(("--format", name) for name in list_formats("comparison"))]
            return ("diff", *chance.choice(more), "before")
        case 3:
            edit = [(), ("--set", "/request/body/model", "big"), ("--explain",), ("--check",)]
            return ("rehash", "--to", "ogx-2026-04", *chance.choice(edit))
        case _:
            grades = [grade for name in ("orphan", "duplicate", "superseded") for grade in ("--grade", name)]
            return ("prune", "--scheme", "ogx-2026-04", "--max-share", "100", *grades, "-v")


def run_batch(seed: int) -> Iterator[Failure]:
    """Have a folder of mutated recordings looked at by one command; what it fails on."""
    chance = random.Random(seed)  # noqa: S311  (nothing is secret)
    examples = list_examples()
    with TemporaryDirectory() as folder, chdir(folder):
        for side in ("before", "after"):
            Path(side, "recordings").mkdir(parents=True)
        Path("recctl.toml").touch()
        for number in range(BATCH):
            path = chance.choice(examples)
            name = f"{path.stem[:-5]}{number:05}{path.suffix}"
            content = path.read_bytes()
            Path("before/recordings", name).write_bytes(content)
            Path("after/recordings", name).write_bytes(mutate(content, chance))
        command = (*_choose_command(chance, seed), "after")
        try:
            code, out, err = run(*command)
        except BaseException as error:
            yield Failure(seed, " ".join(command), repr(error))
            return
        for line in (*err.splitlines(), *out.splitlines()):
            if "recctl itself failed on it" in line or "internal error" in line[:30]:
                yield Failure(seed, " ".join(command), line[:300])
        if code not in ((0, 1) if command[0] == "validate" else (0, 1, 2)):
            yield Failure(seed, " ".join(command), f"exit code {code}")


# --- kills --------------------------------------------------------------------------------------------------

_CHANGES = (
    ("rehash", "--set", "/request/body/model", "big", "--include-unexplained", "--apply", "-q"),
    ("prune", "--grade", "orphan", "--max-share", "100", "--include-protected", "--apply", "-q"),
    ("validate", "--fix", "--no-cache", "-q"),
    ("undo", "-q"),
)


def run_kill(seed: int) -> Iterator[Failure]:
    """Kill a run that changes files before one of its calls to the system; what is not taken back then."""
    chance = random.Random(seed)  # noqa: S311
    command = _CHANGES[seed % len(_CHANGES)]
    earlier = chance.choice(_CHANGES[:-1]) if command[0] == "undo" else None
    calls = _count_calls(command, earlier)
    number = chance.randrange(calls)
    with _project(earlier) as root:
        started = _read_all(root)
        _wait(_fork(command, lambda call: os.kill(os.getpid(), signal.SIGKILL) if call == number else None))
        recover(root)
        now = _read_all(root)
        if command[0] == "undo":
            is_whole = now in (_FILES, started)
        else:
            is_whole = now == _FILES or (run("undo", "-q")[0] == 0 and _read_all(root) == _FILES)
    if not is_whole:
        what = f"{' '.join(command)}, killed at call {number} of {calls}"
        yield Failure(seed, what, "it is neither done nor taken back")


@contextmanager
def _project(earlier: tuple[str, ...] | None) -> Iterator[Path]:
    """A folder with recordings, which is the current one; with `earlier`, that command has changed them."""
    with TemporaryDirectory() as folder, chdir(folder):
        root = Path(folder).resolve()
        (root / "tests/recordings").mkdir(parents=True)
        for name, content in _FILES.items():
            (root / name).write_bytes(content)
        if earlier is not None:
            run(*earlier)
            assert _read_all(root) != _FILES, earlier
        yield root


def _make_files() -> dict[str, bytes]:
    files = {"recctl.toml": b'scheme = "ogx-2026-04"\n', "tests/test_here.py": b"def test_here(): ...\n"}
    for number in range(3):
        document = record({"text": f"reply {number}"}, url=f"http://host/v1/{number}")
        document["test_id"] = "tests/test_here.py::test_gone"
        files[f"tests/recordings/{number:064x}.json"] = json.dumps(document, indent=1).encode()
    return files


_FILES = _make_files()


def _read_all(root: Path) -> dict[str, bytes]:
    """What lies below a folder, without what recctl keeps for itself."""
    files = (path for path in root.rglob("*") if path.is_file())
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
    return {path: content for path, content in found.items() if not path.startswith(".recctl/")}


@cache
def _count_calls(command: tuple[str, ...], earlier: tuple[str, ...] | None) -> int:
    """How many calls to the system a run makes that is left alone."""
    reader, writer = os.pipe()
    with _project(earlier) as root:
        before = _read_all(root)
        _wait(_fork(command, lambda _: os.write(writer, b".")))
        assert _read_all(root) != before, command
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123  (a descriptor)
        return len(pipe.read())


def _wait(pid: int) -> None:
    os.waitpid(pid, 0)


def _fork(command: tuple[str, ...], watch: Any) -> int:
    """Run a command in a child of this process, which watches its calls; gives the child's id."""
    with warnings.catch_warnings(action="ignore"):  # of threads: this one alone is needed
        pid = os.fork()
    if pid:
        return pid
    try:
        with intercepted(lambda call: watch(call.number)):
            run(*command)
    finally:
        os._exit(0)


# --- the long run -------------------------------------------------------------------------------------------


def _main() -> int:
    parser = argparse.ArgumentParser(description="Mutate recordings and kill runs, in search of what fails.")
    parser.add_argument("--mutations", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first batch, and kill")
    given = parser.parse_args()
    state = TemporaryDirectory()
    os.environ["XDG_STATE_HOME"] = state.name  # not the user's own
    start, failures = time.monotonic(), 0
    batches = -(-given.mutations // BATCH)
    parts = (("mutations", batches, run_batch, BATCH), ("kills", given.kills, run_kill, 1))
    for name, count, each, size in parts:
        for number in range(count):
            for failure in each(given.seed + number):
                failures += 1
                sys.stdout.write(f"{name}: {failure}\n")
            if number % 100 == 99 or number == count - 1:
                done, seconds = (number + 1) * size, time.monotonic() - start
                sys.stdout.write(f"{name}: {done:,} done, {failures:,} failures, {seconds:.0f} s\n")
                sys.stdout.flush()
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(_main())
