"""git, as a subprocess: what it tracks, ignores and remembers. Nothing here changes a repository."""

from __future__ import annotations

import os
import re
import subprocess
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Blob(NamedTuple):
    """A file of some revision: `content` is None when it is over the size that was asked for."""

    spec: str
    size: int
    content: bytes | None


def find_top_level(start: Path) -> Path | None:
    """The work tree that a folder belongs to: its nearest ancestor (or itself) that holds a `.git`."""
    candidates = (start, *start.parents)
    return next((folder for folder in candidates if os.path.exists(folder / ".git")), None)  # noqa: PTH110  (which raises where it may not look)


def list_ignored(folder: Path) -> frozenset[str]:
    """What git ignores below a folder, relative to it; folders end with "/" and stand for all they hold.

    Empty where there is no repository, or no git that could tell.
    """
    if find_top_level(folder) is None:
        return frozenset()
    command = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    try:
        listed = _run(command, folder)
    except (OSError, subprocess.CalledProcessError):
        return frozenset()
    names = listed.decode("utf-8", "surrogateescape").split("\0")
    return frozenset(name for name in names if name not in ("", "./"))


def read_blobs(specs: Iterable[str], folder: Path, max_size: int) -> Iterator[Blob | None]:
    """The files that specs like `HEAD~1:tests/x.json` name, in order, from one `git cat-file --batch`.

    Paths in specs count from the top of the repository, with `./` from `folder`. None stands for a spec that
    names no file. Raises OSError when git can't be started, or ends since there is no repository.
    """
    command = [*_GIT, "cat-file", "--batch"]
    with subprocess.Popen(  # noqa: S603  (the command is ours, specs go through its stdin)
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None  # noqa: S101  (both are pipes, as asked above)
        assert process.stdout is not None  # noqa: S101
        for spec in specs:
            if "\n" in spec:
                yield None
                continue
            process.stdin.write(spec.encode("utf-8", "surrogateescape") + b"\n")
            process.stdin.flush()
            header = _FOUND.fullmatch(process.stdout.readline())
            if header is None:
                yield None
                continue
            size = int(header["size"])
            is_wanted = header["type"] == b"blob" and size <= max_size
            content = _read(process.stdout, size, keep=is_wanted)
            yield Blob(spec, size, content if is_wanted else None) if header["type"] == b"blob" else None


_FOUND = re.compile(rb"[0-9a-f]+ (?P<type>[a-z]+) (?P<size>[0-9]+)\n")  # else the spec, and what is wrong
_GIT = ("git", "--no-pager", "-c", "core.quotePath=false")


def _run(arguments: list[str], folder: Path) -> bytes:
    finished = subprocess.run(  # noqa: S603  (a fixed command without a shell)
        [*_GIT, *arguments], cwd=folder, check=True, capture_output=True
    )
    return finished.stdout


def _read(stream: IO[bytes], size: int, *, keep: bool) -> bytes:
    """Read an object and the newline behind it, all of it even when nobody wants to keep it."""
    content = bytearray()
    left = size + 1
    while left and (part := stream.read(min(left, 1 << 20))):
        left -= len(part)
        if keep:
            content += part
    return bytes(content[:size])
