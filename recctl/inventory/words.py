"""What the word means by which somebody looks for a recording."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.base.errors import RecctlError, describe_os_error
from recctl.input.sources import STDIN
from recctl.input.walk import is_walked, read_head
from recctl.inventory.query import Query, Reason
from recctl.recordings.names import read_name

if TYPE_CHECKING:
    from recctl.project import Project
    from recctl.recordings.recording import Recording
    from recctl.testsuite.track import Miss

_NOTHING_READ = "the messages of OGX's recorder, vcrpy, VCR and go-vcr are understood"
Wish = tuple[Query, "Recording | None"]
"""A query, with the recording whose request it is, where there is one."""


def read_word(project: Project, word: str, test: str | None = None) -> list[Wish]:
    """What a word asks for: a hash or its first digits, a test, a file, an error message, a log, a run.

    `-` is a log on standard input; a file that is there is a recording, what `recctl track` wrote, or a log.
    `test` is what sent the requests, where they don't say. Raises RecctlError for what can't be read.
    """
    if word == STDIN:
        return _read_log(sys.stdin.buffer.read(_LARGEST + 1), "standard input", test)
    if " " in word:
        from recctl.inventory.messages import read_messages  # which a name has no use for

        messages = read_messages(word)
        if messages:
            return [(_add_test(query, test), None) for query in messages]
    path = Path.cwd() / word
    if _is_file(path) and not word.endswith(_SOURCES):
        return _read_file(project, path, word, test)
    whole, mark, number = word.rpartition("#")
    if mark and number.isdecimal() and len(number) < _DIGITS and _is_file(Path.cwd() / whole):
        return [(Query(word, file=_find_place(project, whole), number=int(number)), None)]
    base = word.rpartition("/")[2]
    name = read_name(base.lower())
    if name is not None:
        return [(Query(word, name=name, test=test), None)]
    if base.endswith(_ENDINGS):
        return [(Query(word, file=word, test=test), None)]
    return [(Query(word, test=word), None)]


_LARGEST = 64_000_000
_DIGITS = 10
_SOURCES = (".py", ".rb", ".go", ".rs", ".R", ".ts", ".js")
"""How files of tests are called, whose ids begin with their paths."""

_ENDINGS = (".yaml", ".yml", ".json", ".yaml.gz")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a NUL in it
        return False


def _find_place(project: Project, word: str) -> str:
    """The path of a file from the root, if it lies below that."""
    path = (Path.cwd() / word).resolve()
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else word


def _read_file(project: Project, path: Path, word: str, test: str | None) -> list[Wish]:
    if is_walked(project, path.absolute(), partial(read_head, path)):
        return [(Query(word, file=_find_place(project, word)), None)]
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise RecctlError(f"{word}: {describe_os_error(error)}", "name a file that can be read") from None
    if _TRACKED in content[:_HEAD]:
        return _read_run(path, word)
    return _read_log(content, word, test)


_TRACKED = b'"recctl.track.v'
_HEAD = 200


def _read_log(content: bytes, name: str, test: str | None) -> list[Wish]:
    from recctl.inventory.messages import read_messages

    if len(content) > _LARGEST:
        raise RecctlError(f"{name}: is larger than {show_size(_LARGEST)}", "cut out the part that matters")
    messages = read_messages(content.decode("utf-8", "replace").replace("\r\n", "\n"))
    if not messages:
        raise RecctlError(f"{name}: no recorder misses a recording there", _NOTHING_READ)
    return [(_add_test(query, test), None) for query in messages]


def _add_test(query: Query, test: str | None) -> Query:
    return query if test is None else replace(query, test=test)


def _read_run(path: Path, word: str) -> list[Wish]:
    """The requests that found no recording in a run that was tracked."""
    from recctl.testsuite.track import read_tracked

    missed = read_tracked(path).missed
    if not missed:
        raise RecctlError(f"{word}: nothing was missed in that run", "name another one, or what to look for")
    return [_read_miss(miss) for miss in missed]


def _read_miss(miss: Miss) -> Wish:
    from recctl.inventory.requests import make_recording

    sent = miss.sent
    query = Query(
        word=f"{sent.method} {sent.url}",
        test=miss.test_id or None,
        file=miss.cassette,
        method=sent.method,
        url=sent.url,
        body=sent.body,
        has_body=True,
        recorder=miss.recorder,
        reason=_REASONS.get(miss.reason or ""),
        is_masked=True,
    )
    return query, make_recording(query)


_REASONS = {
    "already_played": Reason.ALL_PLAYED,
    "no_match": Reason.NO_MATCH,
    "nothing_similar": Reason.NOTHING_SIMILAR,
    "cassette_not_found": Reason.NO_FILE,
}
"""What vcrpy 9.4 gives as reasons (`vcr/errors.py`)."""
