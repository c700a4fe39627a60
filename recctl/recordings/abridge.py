"""Long streams in short: a run of chunks that differ only in their texts is read as one, its texts joined.

Nine tenths of a recorded stream repeat what its first chunks say. To parse them all takes many times as long
as to see that they are the same.
"""

from __future__ import annotations

from itertools import cycle
from typing import NamedTuple

import orjson


class Run(NamedTuple):
    """Chunks in a row that differ only in the texts under `keys`, none of which stands in a chunk twice.

    `start` is the number, in the abridged body, of the one chunk that tells them all; it is never the first.
    `length` says how many they are. The text of the first of them under the first key is not empty.
    """

    start: int
    length: int
    keys: tuple[str, ...]


class Abridged(NamedTuple):
    """A file's content with the chunks of each run put into one."""

    content: bytes
    runs: tuple[Run, ...]


def abridge(content: bytes) -> Abridged | None:
    """A file's content with the chunks of each run put into one, their texts joined; None without any run.

    Takes any bytes and raises nothing. Where what comes back is what the recorder would write for a document,
    `content` is, too, and the two documents are the same but for the runs: each text of them has been seen to
    be a JSON string, and all else to be the same bytes in each chunk.
    """
    stream = content.find(_STREAM)
    if stream < 0:
        return None
    pieces: list[bytes] = []
    texts: list[bytes] = []
    runs: list[Run] = []
    done = number = 0
    end, tries = content.find(_END, stream), _TRIES
    while tries and content.startswith(_SEPARATOR, end):  # what is no object, or not of the body, ends it
        start = end + len(_SEPARATOR)
        end = content.find(_END, start)
        number, tries = number + 1, tries - 1
        told = _find_run(content, start, end)
        if told is not None:
            runs.append(Run(number, len(told.texts) // len(told.keys), told.keys))
            pieces += [content[done : told.start], *told.pieces]
            texts += told.texts
            done, tries = told.end, _TRIES
            end = content.find(_END, done)
    if not runs or not _are_texts(texts):
        return None
    return Abridged(b"".join([*pieces, content[done:]]), tuple(runs))


# In what a recorder writes, lines with these indents can't be anything else.
_STREAM = b'\n  "response": {\n    "body": [\n      {\n'
_END = b"\n      }"
_SEPARATOR = _END + b",\n      {\n"

_TEXTS = {
    key: f'"{key}": "'.encode() for key in ("content", "arguments", "text", "reasoning", "reasoning_content")
}
_PADDING, _PADDING_MARK = "obfuscation", b'"obfuscation": "'

_TRIES = 6
"""How many chunks in a row are looked at for one that others repeat; the first ones begin a reply."""

_SHORTEST = 3
"""How many chunks are worth being put into one."""


class _Told(NamedTuple):
    """A run as one chunk: `pieces` take the place of all from its first text to the end of its last one."""

    start: int
    end: int
    pieces: list[bytes]
    texts: list[bytes]
    keys: tuple[str, ...]


def _find_run(content: bytes, start: int, end: int) -> _Told | None:
    """The run that begins with the chunk from `start` to `end`; None if none does."""
    chunk = content[start:end]
    for key, mark in _TEXTS.items():
        parts = _part(chunk, mark)
        if parts is None or not parts[1]:
            continue
        head, _, tail = parts
        keys: tuple[str, ...] = (key,)
        tails = [tail]
        padded = None if _PADDING_MARK[:-1] in head else _part(tail, _PADDING_MARK)
        if padded is not None:
            keys, tails = (key, _PADDING), [padded[0], padded[2]]
        told = _read_run(content, start + len(head), keys, head, tails)
        if told is not None:
            return told
    return None


def _part(chunk: bytes, mark: bytes) -> tuple[bytes, bytes, bytes] | None:
    """A chunk up to the text after a mark, the text, and the rest; None unless its key stands there once."""
    head, found, rest = chunk.partition(mark)
    if not found or chunk.count(mark[:-1]) > 1:
        return None
    line, newline, after = rest.partition(b"\n")
    text, quote, comma = line.rpartition(b'"')
    return head + mark, text, quote + comma + newline + after


def _read_run(
    content: bytes, start: int, keys: tuple[str, ...], head: bytes, tails: list[bytes]
) -> _Told | None:
    """The run whose first text is at `start`; `head` comes before it, `tails` after each text of a chunk."""
    *inner, last = tails
    seams = [*inner, last + _SEPARATOR + head]
    find, follows = content.find, content.startswith
    at, texts = start, []
    for seam, newline, length in cycle([(seam, seam.index(b"\n"), len(seam)) for seam in seams]):
        end = find(b"\n", at) - newline
        if end < at or not follows(seam, end):
            break
        texts.append(content[at:end])
        at = end + length
    if follows(last + _END, end):  # the run's last chunk
        texts.append(content[at:end])
    width = len(seams)
    count = len(texts) // width
    del texts[count * width :]
    if count < _SHORTEST:
        return None
    end = start + sum(map(len, texts)) + count * sum(map(len, seams)) - len(seams[-1])
    pieces = texts[::width]
    for number, seam in enumerate(inner, 1):
        pieces += [seam, *texts[number::width]]
    return _Told(start, end, pieces, texts, keys)


def _are_texts(texts: list[bytes]) -> bool:
    """Whether each is what stands between the quotation marks of a JSON string, and goes no further."""
    try:
        return len(orjson.loads(b'["%b"]' % b'","'.join(texts))) == len(texts)
    except orjson.JSONDecodeError:
        return False
