"""How files hold recordings: each module of this package is one format and holds one `Format`.

A new file is a new format; there is no list to add it to.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.recordings.recording import DEFAULT_FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.base.syntax import Position
    from recctl.project import Place, Settings
    from recctl.recordings.recording import JSON, LoadError, Recording
    from recctl.recordings.source import Source


class Defect(NamedTuple):
    """What is wrong with how a recording is written down: the rule that this breaks, and where.

    `is_read` says that its recorder reads it all the same: it is worth a look, and breaks no test.
    """

    rule: str
    message: str
    hint: str
    pointer: str | None = None
    position: Position | None = None
    fixable: bool = False
    is_read: bool = False


class Matching(NamedTuple):
    """How a replay finds the exchange for a request, unless the test's own settings say otherwise.

    `parts` are those of the request that must be equal; the first exchange in the file that has them is
    played, `in_order` and `once` each.
    """

    parts: tuple[str, ...]
    in_order: bool
    once: bool


class NamedTest(NamedTuple):
    """The test that a file's name tells; `is_open` says that it may be one of several.

    Then its module, if the name tells none, is `ANY_MODULE`, and its class, if it has none, may be any.
    `has_parameters` is false for a name that does not tell them, whether there are any or not.
    """

    test_id: str
    is_open: bool = False
    has_parameters: bool = True


ANY_MODULE = "*.py"
"""What stands for the module in an id that leaves it open."""


class Format(NamedTuple):
    """A format.

    `folder` is the name of the folders that its recorder writes to, "" for one that tells nothing, since
    others keep other files in it; `suffixes` are the endings of its files' names. `start` is how those names
    begin, or those of folders below it, where others keep their files in folders of that name, too.
    `claims` tells whether a walk takes a file for one of its own: by its name, the names of the folders that
    it lies in, from the root on, and, where these do not decide it, by the beginning of its content
    (`HEAD_SIZE` bytes or more), which its last argument gives.
    `read` gives a file's recordings, in order, with a `LoadError` in place of each bad one, which may be the
    same for many of them. It raises nothing.
    `inspect` finds what is wrong with how a file's recordings are written down, beyond what they say, given
    all that was read: by the index of the recording, from 0. What is in none counts to the first, if there is
    one or not.
    `locate` gives the positions of JSON pointers into a recording, which is given by the source and its
    index, from 0; what has no place of its own has that of what it is stored in.
    `edit` gives the bytes of a file whose recordings, by index, have become these documents, or have gone
    (None). All that need not change stays as it is, and the result was read again; None where that fails.
    `measure` gives how many bytes each of a file's recordings takes up in it, before it is compressed.
    `is_companion` tells whether a file that it does not claim is one that goes with the same tests' files, by
    its name, the names of the folders that it lies in, the settings and the beginning of its content.
    `find_test` gives the test that a file is named after, as far as its place tells, the settings, and what
    it can ask whether a file is there; `list_places` where a test's files may lie, the likeliest first. The
    ids start where the places' folders do. Both know of none where files are not named after tests.
    `find_successor` gives the name of the file that takes the place of one beside it, by the name of that,
    where its recorder has left it behind.
    `matching` is for files that hold several recordings.
    `schema` is the name of the JSON Schema that its recordings' documents are held to.
    `is_named_by_hash` says that files are named after a hash of the request, by a scheme;
    `is_named_at_run_time` that they are named after what a test is called when it runs, so that a file's name
    begins as that does, and nothing more is known of the test.
    """

    name: str
    folder: str
    suffixes: tuple[str, ...]
    claims: Callable[[str, tuple[str, ...], Callable[[], bytes]], bool]
    read: Callable[[Source], tuple[Recording | LoadError, ...]]
    inspect: Callable[[Source, tuple[Recording | LoadError, ...]], dict[int, list[Defect]]]
    locate: Callable[[Source, int, list[str]], dict[str, Position]]
    edit: Callable[[Source, dict[int, dict[str, JSON] | None]], bytes | None] = lambda *_: None
    measure: Callable[[Source], tuple[int, ...]] = lambda source: (len(source.content),)
    is_companion: Callable[[str, tuple[str, ...], Settings, Callable[[], bytes]], bool] = lambda *_: False
    find_test: Callable[[Place, Settings, Callable[[str], bool]], NamedTest | None] = lambda *_: None
    list_places: Callable[[str, Settings], tuple[Place, ...]] = lambda *_: ()
    find_successor: Callable[[str], str | None] = lambda _: None
    matching: Matching | None = None
    schema: str = "exchange"
    is_named_by_hash: bool = False
    is_named_at_run_time: bool = False
    start: str = ""


HEAD_SIZE = 4096
"""How many bytes a walk looks at, of files whose names do not decide what they are."""

_FIRST = (DEFAULT_FORMAT, "ddapm", "vcrpy")
"""The formats that are asked first. The names of the second's files tell them from others of its layouts."""

_USUAL = (DEFAULT_FORMAT, "vcrpy")
"""Which have the word about a file that is like those of none, if theirs are named so."""


def find_format(name: str, content: bytes) -> Format:
    """The format of a file, by its name, and by its content where the name fits several or none.

    What is named like the default's files may be another's.
    """
    others: list[Format] = []
    for found in _each_format():  # each is loaded when it is asked; most files are of the first
        if name.endswith(found.suffixes):
            if found.claims("" if found.name == DEFAULT_FORMAT else name, (), lambda: content):
                return found
            others.append(found)
    if others:
        return next((found for found in others if found.name in _USUAL), others[0])
    by_content = (found for found in _each_format() if found.claims("", (), lambda: content))
    return next(by_content, load_format(DEFAULT_FORMAT))


def may_hold_several(path: str) -> bool:
    """Whether a file that nobody reads is likely of a format of several recordings a file: by its path."""
    fitting = [found for found in _each_format() if path.endswith(found.suffixes)]
    folders = path.split("/")[:-1]
    among = (found for found in fitting if found.folder in folders)
    likely = next(among, fitting[0] if fitting else load_format(DEFAULT_FORMAT))
    return likely.matching is not None


def may_be_named_by_hash(name: str) -> bool:
    """Whether a file's name is one of a format that names its files after a hash, by its ending."""
    return _ends_as_usual(name) or name.endswith(_list_hashed_suffixes())


@cache
def _list_hashed_suffixes() -> tuple[str, ...]:
    return tuple(suffix for found in _each_format() if found.is_named_by_hash for suffix in found.suffixes)


def may_hold_recordings(name: str) -> bool:
    """Whether a file's name ends as those of any format do."""
    return _ends_as_usual(name) or name.endswith(list_suffixes())


def _ends_as_usual(name: str) -> bool:
    """Whether a name ends as the default's files do: for most files, no other format has to be loaded."""
    return name.endswith(load_format(DEFAULT_FORMAT).suffixes)


def is_claimed(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:
    """Whether a format claims a file; the arguments are those of `Format.claims`."""
    return any(
        name.endswith(found.suffixes) and found.claims(name, folders, read) for found in _each_format()
    )


def find_owner(
    name: str, folders: tuple[str, ...], settings: Settings, read: Callable[[], bytes]
) -> Format | None:
    """The format to whose files one belongs that no format claims, as `Format.is_companion` has it."""
    return next(
        (
            found
            for found in _each_format()
            if found.folder in folders and found.is_companion(name, folders, settings, read)
        ),
        None,
    )


@cache
def list_suffixes() -> tuple[str, ...]:
    """The endings of the names of all formats' files."""
    return tuple(suffix for found in _each_format() for suffix in found.suffixes)


class FilePlace(NamedTuple):
    """Where a recorder writes to: the values of `Format` by these names, with one of its suffixes."""

    folder: str
    start: str
    suffix: str


def list_places(*, only_hashed: bool = False) -> Iterator[FilePlace]:
    """Where recorders write to. With `only_hashed`, those of formats whose files are named after a hash."""
    among = (found for found in _each_format() if found.is_named_by_hash or not only_hashed)
    yield from dict.fromkeys(
        FilePlace(found.folder, found.start, suffix)
        for found in among
        if found.folder
        for suffix in found.suffixes
    )


def _each_format() -> Iterator[Format]:
    return map(load_format, _list_formats())


@cache
def _list_formats() -> tuple[str, ...]:
    names = (path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return (*_FIRST, *sorted({*names} - {*_FIRST}))


@cache
def load_format(name: str) -> Format:
    """The format of that name."""
    found: Format = import_module(f"{__name__}.{name}").FORMAT
    return found
