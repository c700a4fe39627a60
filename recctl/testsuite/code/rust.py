"""Scenarios that tests in Rust name, as rig's do: text in the sources, which nobody has to read as Rust.

A scenario is a literal in the source of its test, and in the id as its file's name has it: with a `_` for
what files are not called. It is gone where no source has it, nor anything that it could be made of.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl.testsuite.code.module import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SUFFIX = ".rs"


def is_scenario(test_id: str) -> bool:
    """Whether an id is that of a scenario: `tests/openai.rs::agent/smoke`."""
    path, _, scenario = test_id.partition("::")
    steps = PurePosixPath(path).parts
    is_inside = not path.startswith("/") and ".." not in steps and "\\" not in path
    return bool(scenario) and path.endswith(SUFFIX) and is_inside


class Absence(NamedTuple):
    """That no source names a scenario; `doubt` is what may make it all the same, None if nothing does."""

    reason: str
    doubt: str | None = None


class ScenarioTree:
    """The sources below the folder of a program of tests; each is read once."""

    def __init__(self, base: Path, walk: Callable[[Path, str], Iterable[Path]]) -> None:
        self._base = base
        self._walk = walk
        self._sources: dict[str, tuple[_Source, ...]] = {}

    def has_sources(self, path: str) -> bool:
        """Whether there is any source below the folder that a program of tests lies in."""
        return bool(self._list_sources(path))

    def find_absence(self, test_id: str) -> Absence | None:
        """That a scenario is gone, and what speaks against that; None for one that is there.

        One that another provider's tests name is in doubt: two may have scenarios of one name.
        """
        path, _, scenario = test_id.partition("::")
        folder = PurePosixPath(path).parent.as_posix()
        sources = self._list_sources(path)
        reason = f"no source in {folder} names the scenario {scenario!r}"
        if not sources:
            return Absence(reason, f"{folder} has no sources in Rust")
        others = _list_others(path, sources)
        own = [source for source in sources if others.isdisjoint(source.folders)]
        if any(scenario in source.texts for source in own):
            return None
        holder = next((source.path for source in sources if scenario in source.texts), None)
        if holder is not None:
            return Absence(reason, f"{holder}, of another provider's tests, names one that is called so")
        elsewhere = (source for source in self._list_sources(SUFFIX) if source.names(scenario))
        doubts = chain(_list_doubts(scenario, own), (f"{source.path} has it" for source in elsewhere))
        return Absence(reason, next(doubts, None))

    def _list_sources(self, path: str) -> tuple[_Source, ...]:
        folder = PurePosixPath(path).parent
        key = folder.as_posix()
        if key not in self._sources:
            found = sorted(self._walk(self._base / folder, SUFFIX))
            self._sources[key] = tuple(
                _Source(source.relative_to(self._base).as_posix(), content.decode("utf-8", "replace"))
                for source in found
                if (content := read_source(source)) is not None
            )
        return self._sources[key]


class _Source:
    """A source, and what in it may be a scenario, or a part of one; texts as files are called."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._text = text

    @cached_property
    def folders(self) -> frozenset[str]:
        """The names of the folders that the file lies in, and its own."""
        return frozenset(PurePosixPath(self.path).with_suffix("").parts)

    @cached_property
    def texts(self) -> frozenset[str]:
        """All that stands between two quotation marks on a line; literals are among it."""
        return frozenset(map(_name, _BETWEEN.findall(self._text)))

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers, and the segments of texts."""
        return frozenset(_WORD.findall(self._text)).union(*(text.split("/") for text in self.texts))

    def names(self, scenario: str) -> bool:
        """Whether it has a scenario, or something of its last name."""
        return scenario in self.texts or scenario.rpartition("/")[2] in self.words

    @cached_property
    def templates(self) -> dict[tuple[str, ...], str]:
        """Texts to which something is added: the pieces that are there, and how each text is written.

        They have gaps (`matrix/{case}`), or begin or end where a name goes on.
        """
        found: dict[tuple[str, ...], str] = {}
        for text in _BETWEEN.findall(self._text):
            pieces = tuple(map(_name, _GAP.split(text)))
            if len(pieces) == 1:
                pieces = (*pieces, "") if text.endswith(_JOINTS) else ("", *pieces)
                if not text.startswith(_JOINTS) and not text.endswith(_JOINTS):
                    continue
            if "".join(pieces).strip("_/-"):
                found[pieces] = text
        return found


_BETWEEN = re.compile(r'(?<=")[^"\n]{1,200}(?=")')
_WORD = re.compile(r"[A-Za-z0-9_]+")
_GAP = re.compile(r"\{[^{}]*\}")
_JOINTS = ("/", "_", "-")
_ODD = re.compile(r"\\u\{[0-9A-Fa-f]+\}|\\.|[^A-Za-z0-9_/-]")


def _name(text: str) -> str:
    return _ODD.sub("_", text)


def _list_others(path: str, sources: Iterable[_Source]) -> frozenset[str]:
    """What the programs beside one are called: each has sources of its own in folders of its name."""
    program = PurePosixPath(path)
    beside = (PurePosixPath(source.path) for source in sources)
    return frozenset(each.stem for each in beside if each.parent == program.parent) - {program.stem}


def _list_doubts(scenario: str, sources: Iterable[_Source]) -> Iterator[str]:
    """What a scenario may be made of: something of its last name, or a text to which the rest is added."""
    last = scenario.rpartition("/")[2]
    for source in sources:
        if last in source.words:
            yield f"{source.path} has something that is called {last}"
        for pieces, text in source.templates.items():
            if _fits(pieces, scenario) or _fits(pieces, last):
                yield f"{source.path} has {text!r}, which may be a part of it"


def _fits(pieces: tuple[str, ...], name: str) -> bool:
    """Whether a name consists of pieces, in their order, and of anything between them."""
    first, *others, last = pieces
    position, end = len(first), len(name) - len(last)
    if not name.startswith(first) or not name.endswith(last) or position > end:
        return False
    for piece in others:
        found = name.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
