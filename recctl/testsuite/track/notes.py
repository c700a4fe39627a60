"""What processes noted of loads, plays and misses, held against the files and made into values.

A process's notes are JSON, a line each; `inside/recctl_track.py` writes them. They come from programs that
are not ours: what is not as it should be makes them damaged, and no more.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.digests import sha256
from recctl.input.sources import Target, read
from recctl.recordings.bodies import read_body
from recctl.recordings.compression import Room
from recctl.recordings.http import SentRequest
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.testsuite.track.plays import DIFFERENT, SAME, UNSEEN, Miss, Play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recctl.project import Project
    from recctl.recordings.recording import JSON


class Heard(NamedTuple):
    """What recorders did in all processes, as `Tracked` has it; `is_whole` if no notes are damaged.

    `by_process` has the files that each process loaded.
    """

    plays: list[Play]
    missed: list[Miss]
    loaded: dict[str, str]
    loaded_by_test: dict[str, set[str]]
    troubles: set[str]
    recorders: set[str]
    is_whole: bool
    unheard_tests: set[str]
    by_process: tuple[frozenset[str], ...] = ()


class _Load(NamedTuple):
    """A file that a process loaded, and why what was loaded is not what the file holds now, if so.

    `is_numbered` says that which recording was played is taken from their order, which a program may change.
    """

    path: str
    file: _File
    doubt: str | None
    is_numbered: bool


_Loads = dict[int, _Load | None]
"""What a process loaded, by the numbers that it gave; None for what is no file of ours."""


def read_notes(processes: Iterable[bytes], project: Project, find: Callable[[str], str | None]) -> Heard:
    """The notes of processes. `find` gives a file's path from the root on, None for no recording of ours."""
    reader = _Reader(project, find)
    loaded = tuple(map(reader.read_process, processes))
    return reader.heard._replace(by_process=loaded)


class _Reader:
    def __init__(self, project: Project, find: Callable[[str], str | None]) -> None:
        self._project, self._find = project, find
        self._files: dict[str, _File] = {}
        self._is_whole = True
        self._held = 0
        self._heard = Heard([], [], {}, {}, set(), set(), True, set())

    @property
    def heard(self) -> Heard:
        return self._heard._replace(is_whole=self._is_whole)

    def read_process(self, content: bytes) -> frozenset[str]:
        """Take in the notes of a process; gives the files that it loaded."""
        loads: _Loads = {}
        misses: dict[int, int] = {}
        *lines, rest = content.split(b"\n")
        self._is_whole &= not rest
        self._held = 0
        for line in lines:
            try:
                told = json.loads(line)
                for note in told if isinstance(told, list) and told else (told,):
                    self._read_note(note, loads, misses)
            except (ValueError, KeyError, TypeError, RecursionError):
                self._is_whole = False
        self._is_whole &= self._held == 0  # else it has ended, and what it held back is lost
        return frozenset(load.path for load in loads.values() if load is not None)

    def _read_note(self, note: dict[str, Any], loads: _Loads, misses: dict[int, int]) -> None:
        match note["event"]:
            case "hold":
                self._held += 1
            case "release":
                self._held -= 1
            case "listen":
                self._heard.recorders.add(_text(note["recorder"]))
            case "unheard":
                self._heard.unheard_tests.add(_text(note["test"]))
                self._heard.troubles.add(f"{_text(note['program'])} was started, which can't be heard")
            case "trouble":
                self._heard.troubles.add(_text(note["message"]))
            case "load":
                self._read_load(note, loads)
            case "play":
                self._read_play(note, loads)
            case "miss":
                misses[note["miss"]] = len(self._heard.missed)
                self._read_miss(note)
            case "reason":
                place = misses[note["miss"]]
                self._heard.missed[place] = replace(self._heard.missed[place], reason=_text(note["reason"]))
            case _:
                raise ValueError("no such event")

    def _read_load(self, note: dict[str, Any], loads: _Loads) -> None:
        path = self._find(_text(note["path"]))
        if path is None:
            loads[note["load"]] = None
            return
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = _File(self._project, path)
        doubt = file.find_doubt(note["digest"], note["count"])
        loads[note["load"]] = _Load(path, file, doubt, note["digest"] is None)
        known = self._heard.loaded.setdefault(path, "" if doubt else file.digest)
        if doubt is not None and known:
            self._heard.loaded[path] = ""
        if test := _text(note["test"]):
            self._heard.loaded_by_test.setdefault(test, set()).add(path)

    def _read_play(self, note: dict[str, Any], loads: _Loads) -> None:
        test, index, result = _text(note["test"]), _index(note["index"]), note["result"]
        if note["load"] is None:
            path = None if note["path"] is None else self._find(_text(note["path"]))
            if path is not None:
                self._heard.plays.append(Play(path, None, test, 1, UNSEEN, _text(note["reason"])))
            return
        if note["load"] not in loads:  # before the process came of another one by a fork
            self._heard.troubles.add("a process played recordings that another one had loaded")
            return
        loaded = loads[note["load"]]
        if loaded is None:  # of a file that is none of ours
            return
        path, file, doubt, is_numbered = loaded
        if doubt is not None or result == UNSEEN or index is None:
            reason = doubt or _text(note.get("reason") or "which of its recordings was played is not known")
            number = None if index is None or doubt is not None else index + 1
            self._heard.plays.append(Play(path, number, test, 1, UNSEEN, reason))
            return
        number, equalised = index + 1, tuple(map(_text, note.get("equalised", ())))
        max_size = file.settings.max_size
        if is_numbered and not file.holds(number, _read_request(note["kept"], max_size)):
            reason = "which of its recordings was played is not known"
            self._heard.plays.append(Play(path, None, test, 1, UNSEEN, reason))
            return
        if result == SAME:
            self._heard.plays.append(Play(path, number, test, 1, SAME, equalised=equalised))
            return
        if result != DIFFERENT:
            raise ValueError("no such result")
        sent, kept = (_read_request(note[side], max_size) for side in ("sent", "kept"))
        told = None if file.holds(number, kept) else kept
        self._heard.plays.append(
            Play(path, number, test, 1, DIFFERENT, sent=sent, kept=told, equalised=equalised)
        )

    def _read_miss(self, note: dict[str, Any]) -> None:
        cassette = note["cassette"]
        sent = _read_request(note["sent"], self._project.settings_for(None).max_size)
        path = None if cassette is None else self._find(_text(cassette)) or self._shorten(_text(cassette))
        self._heard.missed.append(Miss(_text(note["test"]), path, sent, None, 1, _text(note["recorder"])))

    def _shorten(self, path: str) -> str:
        """The path of a file that is not there, from the root on."""
        return path.removeprefix(f"{self._project.root.as_posix()}/")


class _File:
    """A file of ours, as it is after the run."""

    def __init__(self, project: Project, path: str) -> None:
        self.settings = project.settings_for(project.root / path if project.overrides else None)
        self._place = f"{project.root.as_posix()}/{path}"

    @cached_property
    def _content(self) -> bytes | None:
        """Its bytes; None where it can't be read, or is larger than recordings are."""
        limit = self.settings.max_size
        try:
            with open(self._place, "rb") as file:  # noqa: PTH123  (a Path for each of thousands takes its time)
                return file.read() if os.fstat(file.fileno()).st_size <= limit else None
        except OSError:
            return None

    @cached_property
    def digest(self) -> str:
        return "" if self._content is None else sha256(self._content)

    @cached_property
    def _text_digest(self) -> str:
        """That of its text, read as Python reads text: whatever ends its lines is one character."""
        return sha256((self._content or b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n"))

    @cached_property
    def _items(self) -> tuple[object, ...]:
        path = Path(self._place)
        source = read(Target(path.name, self.settings, path))
        return load(source) if isinstance(source, Source) else ()

    def find_doubt(self, digest: str | None, count: int) -> str | None:
        """Why what a process loaded may not be what the file holds: it has changed, or can't be told."""
        if self._content is None:
            return "the file can't be read any more"
        if digest is None:
            return None if len(self._items) == count else "the file holds another number of recordings now"
        is_same = digest == self.digest or digest == self._text_digest
        return None if is_same else "the file has changed since it was loaded"

    def holds(self, number: int, request: SentRequest) -> bool:
        """Whether that is the request of one of its recordings."""
        item = self._items[number - 1] if number <= len(self._items) else None
        if not isinstance(item, Recording):
            return False
        kept: tuple[JSON, ...] = (item.request.get("method"), item.url, item.request.get("body"))
        return kept == (request.method, request.url, request.body)


def _read_request(told: dict[str, Any], max_size: int) -> SentRequest:
    body = told["body"]
    if body is not None:
        stored: str | bytes = b64decode(body) if told.get("base64") else _text(body)
        body = read_body(stored, "", Room(max_size)).value
    return SentRequest(
        _text(told["method"]), _text(told["url"]), tuple(sorted({*map(_text, told["headers"])})), body
    )


def _index(value: Any) -> int | None:
    if value is not None and not (type(value) is int and 0 <= value < _MOST):
        raise ValueError("not a number of a recording")
    return value


_MOST = 10**9


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
