"""What the user pointed at, as bytes with a name: files, folders, standard input, files of git revisions."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from recctl import git
from recctl.base.errors import RecctlError
from recctl.base.values import NamedTuple
from recctl.base.work_tree import find_top_level
from recctl.input.walk import is_walked, read_head, walk
from recctl.project import Place
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import may_be_named_by_hash
from recctl.recordings.load import load
from recctl.recordings.names import is_hash_prefix, is_named_by, is_start
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.project import Project, Settings
    from recctl.recordings.recording import LoadError

STDIN = "-"
"""What stands for standard input on the command line."""


class Target(NamedTuple):
    """Something to read: a file of a revision (`spec`), a file (`path`), or else standard input.

    For a file of a revision, `path` is where it would lie. `named` is true for what the user named outright,
    false for what a folder was walked for. `blob` is git's id of the content, where that is known. `key` is
    the path below the folder or the repository that a side of a comparison begins at: files of two sides that
    have the same key are the same file. `number` is the one of the file's recordings that is wanted, from 1.
    """

    name: str
    settings: Settings
    path: Path | None = None
    spec: str | None = None
    named: bool = True
    blob: str | None = None
    key: str = ""
    number: int | None = None

    @property
    def file(self) -> str:
        """The name of the file, without the number of a recording in it."""
        return self.name if self.number is None else self.name.removesuffix(f"#{self.number}")


class Selection(NamedTuple):
    """What the user pointed at: targets sorted by name, and what can't be looked at.

    `ignored` counts the JSON files in folders that are no recordings. `folders` are those that were walked,
    `gone` is how many recordings of a list of files are not there. `companions` are files of these folders
    that hold no recording, and belong to the tests of those that do.
    """

    targets: tuple[Target, ...]
    ignored: int = 0
    unread: tuple[Unread, ...] = ()
    folders: tuple[str, ...] = ()
    gone: int = 0
    companions: tuple[Target, ...] = ()

    def read(self) -> Iterator[Source | Unread]:
        """Read the targets, one at a time, in order."""
        for target in self.targets:
            yield read(target)

    def neighbours(
        self, project: Project, may_matter: Callable[[str], bool] | None = None
    ) -> Iterator[Target]:
        """The files beside those that were named outright, unless they are targets themselves.

        For rules that look across files: a pre-commit hook names three files of a folder that holds hundreds.
        Only files of formats that name them after a hash have to do with each other: what a test has recorded
        in any other format is in one file. `may_matter` is asked of each path before more is done.
        """
        files = [(target.path, target.named) for target in self.targets if target.path and not target.spec]
        selected = {path for path, _ in files}
        folders = {path.parent for path, named in files if named}
        for folder in map(str, sorted(folders)):
            for name in _list_hashed(folder):
                place = os.path.join(folder, name)  # noqa: PTH118  (of thousands, few become a Path)
                if may_matter is None or may_matter(place):
                    path = Path(place)
                    if path not in selected:
                        yield Target(show_path(path), project.settings_for(path), path=path)


def _list_hashed(folder: str) -> list[str]:
    """The files in a folder that may be named after a hash, by name; none where it can't be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name for entry in entries if may_be_named_by_hash(entry.name) and entry.is_file()
            )
    except OSError:
        return []


def select(project: Project, paths: Sequence[str], *, force_exclude: bool = False) -> Selection:
    """Find what paths stand for: files, folders (walked), `REV:path`, the start of a hash, or `-`.

    A `#3` behind all but folders asks for the third recording of a file, where no file has that very name.
    A hash is looked for below the configured paths, or else the current folder. `force_exclude` applies the
    configuration's `exclude` to files that were named, too. Reads no file whole and raises nothing for files
    that can't be opened: they are in `unread`.
    Raises RecctlError for a word that names both a file and a revision's file, and for an ambiguous hash.
    """
    targets: dict[str, Target] = {}
    companions: dict[str, Target] = {}
    unread: dict[str, Unread] = {}
    folders: dict[str, None] = {}
    ignored = 0
    for word in paths:
        path = Path(os.path.abspath(word))  # noqa: PTH100  (Path.absolute keeps "..", resolve follows links)
        if word == STDIN or not os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises when it may not look)
            target = _find_target(project, word, path)
            if not (force_exclude and target.path is not None and _is_passed_over(project, target.path)):
                targets[target.name] = target
            continue
        name = show_path(path)
        try:
            found = walk(project, path)
        except OSError as error:
            unread[name] = _refuse(name, error)
            continue
        folders[name] = None
        ignored += found.ignored
        base = "" if name == "." else f"{name}/"
        start = len(path.as_posix().rstrip("/")) + 1
        is_above = name != "." and Path.cwd().is_relative_to(path)  # then "../here/x" is another word for "x"
        for kind, files in ((targets, found.files), (companions, found.companions)):
            for file in files:
                shown = show_path(file) if is_above else f"{base}{file.as_posix()[start:]}"
                named = shown in targets and targets[shown].named
                kind[shown] = Target(shown, project.settings_for(file), path=file, named=named)
    return Selection(
        tuple(targets[name] for name in sorted(targets)),
        ignored,
        tuple(unread[name] for name in sorted(unread)),
        tuple(folders),
        companions=tuple(companions[name] for name in sorted(companions.keys() - targets.keys())),
    )


def _is_passed_over(project: Project, path: Path) -> bool:
    """Whether a walk would not take a file for a recording; who reads it tells of one that is gone."""
    is_file = os.path.isfile(path)  # noqa: PTH113  (as in select)
    return project.is_excluded(path) or (is_file and not is_walked(project, path, partial(read_head, path)))


def _find_target(project: Project, word: str, path: Path) -> Target:
    """What a word that names no folder stands for; `path` is the path that it would be."""
    numbered = "#" in word and re.fullmatch(_NUMBERED, word, re.DOTALL)
    if numbered and not os.path.lexists(path):
        number = int(numbered["number"])
        whole = numbered["word"]
        of_file = _find_target(project, whole, Path(os.path.abspath(whole)))  # noqa: PTH100  (as in select)
        return of_file._replace(name=f"{of_file.name}#{number}", number=number)
    if word == STDIN:
        return Target("<stdin>", project.settings_for(None))
    if _is_revision_file(word):
        if os.path.lexists(path):
            message = f"{word!r} is a file here and a file of a revision"
            raise RecctlError(message, f"write './{word}' for the one that is here")
        path = find_place(word)
        return Target(word, project.settings_for(path), path=path, spec=word)
    if not os.path.lexists(path) and is_hash_prefix(word):
        path = _find_by_hash(project, word) or path
    return Target(show_path(path), project.settings_for(path), path=path)


_NUMBERED = r"(?P<word>.+)#(?P<number>[1-9][0-9]{0,8})"


def _find_by_hash(project: Project, prefix: str) -> Path | None:
    """The one recording below the configured folders whose hash, or name, starts so; None for none."""
    folders = [project.root / path for path in project.paths] or [Path.cwd()]
    known = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112  (as in select)
    files = {file for folder in known for file in walk(project, folder).files}
    found = sorted(file for file in files if is_named_by(prefix, file.name))
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise RecctlError(
            f"{prefix} is the start of {len(found)} recordings: {names}{more}", "give more digits"
        )
    return found[0] if found else None


_NAMED = 3


def read_file_list(name: str, *, nul: bool) -> list[str]:
    """The paths that a file lists (`-` for standard input), one a line, or ended by NUL with `nul`.

    A line may be quoted as git does it; one that is no such quotation is a path as it stands.
    Raises RecctlError when the list can't be read.
    """
    try:
        content = _open_stdin().read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        raise RecctlError(f"{name}: {error.strerror}", "name a file that lists paths") from None
    if nul:
        lines = content.split(b"\0")
    else:
        lines = [_unquote(line.removesuffix(b"\r")) for line in content.split(b"\n")]
    return [os.fsdecode(line) for line in lines if line]


def sift_list(project: Project, paths: Sequence[str]) -> tuple[list[str], int]:
    """Pass over what a list holds beside recordings, as `git diff --name-only` does: sources, deleted files.

    A file stays that a walk would look at, and so does what is no file: a folder, `REV:path`, the start of a
    hash. Counted is what is named like a recording and not there.
    """
    kept, gone = [], 0
    for word in paths:
        path = Path(os.path.abspath(word))  # noqa: PTH100  (as in select)
        if os.path.isdir(path) or word == STDIN:  # noqa: PTH112  (as in select)
            kept.append(word)
        elif os.path.lexists(path):
            if is_walked(project, path, partial(read_head, path)):
                kept.append(word)
        elif is_hash_prefix(word) or _is_revision_file(word):
            kept.append(word)
        else:
            gone += is_walked(project, path, bytes)
    return kept, gone


LOOKED_FOR = (
    "in a folder, recordings are files that lie, are named or start like those of a recorder (recctl help "
    "formats), and that neither git nor `exclude` leaves out; a file that you name is always looked at"
)
"""What a walk looks for, for those who find nothing."""


def _unquote(line: bytes) -> bytes:
    if not re.fullmatch(_QUOTATION, line):
        return line
    return re.sub(_ESCAPE, lambda found: _ESCAPED.get(found[1]) or bytes([int(found[1], 8)]), line[1:-1])


_ESCAPED = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
}
_ESCAPE = rb'\\([0-3][0-7]{2}|["\\abtnvfr])'
_QUOTATION = rb'"(?:[^"\\]|%b)+"' % _ESCAPE


def show_path(path: Path) -> str:
    """A path as people read it: relative to the current folder, with `/`."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _is_revision_file(word: str) -> bool:
    """Whether a word is a file of a revision, or, after a bare colon, of any stage of git's index."""
    revision, colon, path = word.partition(":")
    if not colon or not path or revision.startswith((".", "/")) or len(revision) == 1:  # a drive
        return False
    try:
        with git.BlobReader(Path.cwd()) as blobs:
            return blobs.read(word, max_size=0) is not None
    except git.MissingError:
        return True
    except OSError:
        return False


def find_place(spec: str) -> Path:
    """Where a file of a revision, or of git's index, would lie in the work tree."""
    here = Path.cwd()
    path = re.sub(_STAGE, "", spec) if spec.startswith(":") else spec.partition(":")[2]
    top = here if path.startswith(("./", "../")) else find_top_level(here) or here
    return Path(os.path.abspath(top / path))  # noqa: PTH100  (as above)


_STAGE = "^:(?:[0-3]:)?"


def read(target: Target, blobs: git.BlobReader | None = None) -> Source | Unread:
    """Read a target, or say why it can't be. Raises nothing.

    `blobs` reads files of revisions; whoever reads many passes the same one each time.
    """
    limit, path = target.settings.max_size, target.path
    try:
        if target.spec is not None:
            with git.BlobReader(Path.cwd()) if blobs is None else nullcontext(blobs) as reader:
                blob = reader.read(target.spec, limit)
            if blob is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            content = blob.content
        elif path is not None:
            with path.open("rb") as file:
                content = _read_up_to(file, limit)
        else:
            content = _read_up_to(_open_stdin(), limit)
    except (OSError, ValueError) as error:  # a ValueError for a NUL in a path
        return _refuse(target.name, error)
    if content is None:
        from recctl.base.amounts import show_size

        return Unread(
            target.name,
            f"the file is larger than {show_size(limit)} and was not read",
            "a recording this large is hardly one; if it is, raise max-size",
            too_large=True,
        )
    place = Place.of(path) if path else None
    return Source(target.file, content, place, target.settings, target.number)


class OpenedFile:
    """A file to look at, which is read when that is first asked for, and not again."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @cached_property
    def source(self) -> Source | Unread:
        """What was read, or why it can't be."""
        return read(self.target)

    @cached_property
    def items(self) -> tuple[Recording | LoadError, ...]:
        """What it holds, as `load` gives it; nothing where it can't be read."""
        return load(self.source) if isinstance(self.source, Source) else ()

    @property
    def whole(self) -> tuple[Recording | LoadError, ...]:
        """What it holds, whichever of its recordings the target asks for."""
        source = self.source
        if isinstance(source, Unread) or source.number is None:
            return self.items
        return load(source._replace(number=None))

    @property
    def recording(self) -> Recording | None:
        """The first recording in it."""
        return next((item for item in self.items if isinstance(item, Recording)), None)


def load_all(selection: Selection) -> Iterator[Recording | LoadError | Unread]:
    """What a selection holds, one after the other, and what of it can't be read or holds no recording."""
    yield from selection.unread
    for source in selection.read():
        items = source if isinstance(source, Unread) else attempt(source.name, load, source)
        yield from (items,) if isinstance(items, Unread) else items


def _open_stdin() -> BinaryIO:
    """Standard input. Raises OSError where there is none."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer


def _read_up_to(file: BinaryIO, limit: int) -> bytes | None:
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        return file.read() if status.st_size <= limit else None
    pieces, size, wanted = [b""], 0, 0
    while len(pieces[-1]) == wanted and size <= limit:  # less is the end, which a terminal tells only once
        wanted = min(_PIECE, limit + 1 - size)
        pieces.append(file.read(wanted))
        size += len(pieces[-1])
    return b"".join(pieces) if size <= limit else None


_PIECE = 1 << 20  # Python makes room for all that it is to read at most


def _refuse(name: str, error: OSError | ValueError) -> Unread:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    hint = "check the path and its permissions"
    if isinstance(error, FileNotFoundError):
        if is_start(name):
            hint = "no recording's hash starts so, or these are fewer than four of its digits"
        elif name.startswith(":") and _is_revision_file(f":2{name}"):
            hint = f"a merge has left it in conflict: :2{name} is ours, :3{name} theirs"
        elif ":" in name and "::" not in name:  # that is in test ids
            hint = "no revision has such a file, either; its files can be named, its folders can't"
    return Unread(name, f"can't be opened: {reason}", hint)
