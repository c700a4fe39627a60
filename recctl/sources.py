"""What the user pointed at, as bytes with a name: files, folders, standard input, files of git revisions."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from recctl import git
from recctl.errors import RecctlError
from recctl.project import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.project import Project, Settings

STDIN = "-"
"""What stands for standard input on the command line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes to look at. `name` is how to show it, `place` where it lies (None for standard input)."""

    name: str
    content: bytes
    place: Place | None
    settings: Settings


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not looked at, and why. `too_large` is true when only its size stood in the way."""

    name: str
    message: str
    hint: str
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Something to read: a file (`path`), a file of a revision (`spec`), or else standard input."""

    name: str
    settings: Settings
    path: Path | None = None
    spec: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user pointed at: targets sorted by name, and what can't be looked at.

    `ignored` counts the JSON files in folders that are no recordings.
    """

    targets: tuple[Target, ...]
    ignored: int = 0
    unread: tuple[Unread, ...] = ()

    def read(self) -> Iterator[Source | Unread]:
        """Read the targets, one at a time, in order."""
        for target in self.targets:
            yield _read(target)


def select(project: Project, paths: Sequence[str], *, force_exclude: bool = False) -> Selection:
    """Find what paths stand for: files, folders (walked), `REV:path`, or `-` for standard input.

    `force_exclude` applies the configuration's `exclude` to files that were named, too. Reads no file whole
    and raises nothing for files that can't be opened: they are in `unread`.
    Raises RecctlError for a word that names both a file and a revision's file.
    """
    targets: dict[str, Target] = {}
    unread: dict[str, Unread] = {}
    ignored = 0

    def add(path: Path, name: str) -> None:
        targets[name] = Target(name, project.settings_for(path), path=path)

    for word in paths:
        path = Path(os.path.abspath(word))  # noqa: PTH100  (Path.absolute keeps "..", resolve follows links)
        name = _show(path)
        if word == STDIN:
            targets["<stdin>"] = Target("<stdin>", project.settings_for(None))
        elif _is_revision_file(word):
            if os.path.lexists(word):
                raise RecctlError(
                    f"{word!r} is a file here and a file of a revision",
                    f"write './{word}' for the one that is here",
                )
            targets[word] = Target(word, project.settings_for(None), spec=word)
        elif path.is_dir():
            try:
                walk = project.walk(path)
            except OSError as error:
                unread[name] = _refuse(name, error)
                continue
            ignored += walk.ignored
            base = "" if name == "." else f"{name}/"
            for file in walk.files:
                add(file, f"{base}{file.relative_to(path).as_posix()}")
        elif not (force_exclude and project.is_excluded(path)):
            add(path, name)
    ordered = tuple(targets[name] for name in sorted(targets))
    return Selection(ordered, ignored, tuple(unread[name] for name in sorted(unread)))


def read_file_list(name: str, *, nul: bool = False) -> list[str]:
    """The paths that a file lists (`-` for standard input), one a line, or ended by NUL with `nul`.

    Raises RecctlError when the list can't be read.
    """
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        raise RecctlError(f"{name}: {error.strerror}", "name a file that lists paths") from None
    text = os.fsdecode(content)
    return [path for path in (text.split("\0") if nul else text.splitlines()) if path]


def _show(path: Path) -> str:
    """A path as people read it: relative to the current folder, with `/`."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _is_revision_file(word: str) -> bool:
    revision, colon, path = word.partition(":")
    if not colon or not path or revision.startswith((".", "/")) or len(revision) < 2:
        return False
    try:
        return next(git.read_blobs([word], Path.cwd(), max_size=0)) is not None
    except OSError:
        return False


def _read(target: Target) -> Source | Unread:
    limit = target.settings.max_size
    place = None
    try:
        if target.spec is not None:
            blob = next(git.read_blobs([target.spec], Path.cwd(), limit))
            content = blob.content if blob else b""
            folder, _, file_name = target.spec.partition(":")[2].rpartition("/")
            place = Place(folder, file_name)
        elif target.path is not None:
            with target.path.open("rb") as file:
                content = _read_up_to(file, limit)
            place = Place(target.path.parent.as_posix(), target.path.name)
        else:
            content = _read_up_to(sys.stdin.buffer, limit)
    except OSError as error:
        return _refuse(target.name, error)
    if content is None:
        return Unread(
            target.name,
            f"the file is larger than {_show_size(limit)} and was not read",
            "a recording this large is hardly one; if it is, raise max-size",
            too_large=True,
        )
    return Source(target.name, content, place, target.settings)


def _read_up_to(file: BinaryIO, limit: int) -> bytes | None:
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        return file.read() if status.st_size <= limit else None
    content = file.read(limit + 1)
    return content if len(content) <= limit else None


def _refuse(name: str, error: OSError) -> Unread:
    reason = (error.strerror or str(error)).lower()
    return Unread(name, f"can't be opened: {reason}", "check the path and its permissions")


def _show_size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
