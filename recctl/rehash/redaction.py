"""Values that must not be in a recording any more, and the masks that take their places."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError
from recctl.base.masking import make_mask
from recctl.base.pointer import find_holder
from recctl.recordings.splicing import apply_edits
from recctl.recordings.splicing.json_text import splice_json
from recctl.wire import assemble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON, Recording

_SHORTEST = 4  # what is shorter would be found in words and numbers that have nothing to do with it

# What recordings are made of: without these words, nothing could read them any more.
_WORDS = """
    __data__ __type__ api arguments body choices content delta endpoint exception_data exception_message false
    file_id finish_reason function headers id_normalization_mapping is_exception is_streaming kwargs message
    messages method model null payload provider provider_metadata request response role status test_id
    tool_calls tool_name true usage
"""


class Redaction:
    """Values to redact, each with a mask: as long, of the same kind, and telling nothing of the value.

    Letters become x, digits 9, all else stays. Values that would so get the same mask are counted on, in the
    order in which they were given. Raises RecctlError for a value that can't be masked.
    """

    def __init__(self, values: Iterable[str]) -> None:
        values = tuple(dict.fromkeys(values))
        self._masks: dict[str, str] = {}
        for number, value in enumerate(values, 1):
            if len(value) < _SHORTEST or not any(map(_is_masked, value)):
                message = f"value {number} of those to redact is shorter than {_SHORTEST} letters and digits"
                raise RecctlError(message, "it would be found everywhere; name more of its surroundings")
            if value in _WORDS:
                message = f"value {number} of those to redact is part of a word that all recordings hold"
                raise RecctlError(message, "name more of its surroundings")
            self._masks[value] = self._find_mask(value, values)
        masked = sorted(self._masks.items(), key=lambda item: (-len(item[0]), item[0]))
        self._values = [_prepare(value, mask) for value, mask in masked]
        self.found: frozenset[str] = frozenset()
        """The values that a recording held which was hidden or looked through so far."""

    def list_unfound(self) -> list[int]:
        """Which of the values, counted from 1, no recording held that was hidden or looked through so far."""
        return [number for number, value in enumerate(self._masks, 1) if value not in self.found]

    def _find_mask(self, value: str, values: tuple[str, ...]) -> str:
        number = 0
        while True:
            mask = make_mask(value, number)
            if mask not in self._masks.values() and not any(other in mask for other in values):
                return mask
            number += 1
            if number > _MOST_OF_A_KIND:
                raise RecctlError("too many values to redact look alike", "redact them in several runs")

    def hide(self, document: dict[str, JSON]) -> dict[str, JSON]:
        """The document with every value masked, also where it is spread over the chunks of a stream."""
        hidden: dict[str, JSON] = self._hide(document)
        body = hidden["response"].get("body")
        if isinstance(body, list):
            hidden["response"]["body"] = self._hide_across(body)
        return hidden

    def is_left_in(self, recording: Recording) -> bool:
        """Whether a value can still be read in a recording, if only by putting its reply together."""
        texts = [json.dumps(recording.document), json.dumps(recording.document, ensure_ascii=False)]
        completion = assemble(recording)
        for choice in completion.choices:
            message = choice.message
            texts += filter(None, (message.content, message.reasoning, message.refusal))
            texts += [f"{call.name}\n{call.arguments}" for call in message.tool_calls]
        texts.append(json.dumps(completion.extra, ensure_ascii=False))
        return any(map(self._stands_in, texts))

    def is_left_in_file(self, content: bytes) -> bool:
        """Whether a value can be read in a file, which holds more than is loaded where a key is repeated."""
        return self._stands_in(content.decode("utf-8", "surrogateescape"))

    def _stands_in(self, text: str) -> bool:
        is_escaped = _holds_escaped_letters(text)
        left = [value for value in self._values if value.stands_in(text, is_escaped=is_escaped)]
        self.found |= {value.value for value in left}
        return bool(left)

    def _hide(self, value: JSON) -> JSON:
        if isinstance(value, str):
            return self.hide_text(value)
        if isinstance(value, list):
            return [self._hide(item) for item in value]
        if isinstance(value, dict):
            hidden = {self.hide_text(key): self._hide(item) for key, item in value.items()}
            token, codes = hidden.get("token"), hidden.get("bytes")
            if token != value.get("token") and isinstance(codes, list):  # a log probability spells its token
                hidden["bytes"] = [*str(token).encode("utf-8", "surrogatepass")]
            return hidden if len(hidden) == len(value) else value
        if isinstance(value, int) and not isinstance(value, bool):
            mask = self._masks.get(str(value))
            return value if mask is None else int(mask)
        return value

    def hide_text(self, text: str) -> str:
        """A text with every value masked, however it is spelled."""
        return "".join(self._hide_texts([text]))

    def _hide_texts(self, texts: list[str]) -> list[str]:
        """Texts in which every value is masked that they hold together, each with its part of the mask."""
        whole = "".join(texts)
        is_escaped = _holds_escaped_letters(whole)
        for value in self._values:
            if not (is_escaped or value.core in whole):
                continue
            cells = [*whole]
            for match in value.pattern.finditer(whole):
                self.found |= {value.value}
                for number, (character, mask) in enumerate(zip(value.value, value.mask, strict=True), 1):
                    if _is_masked(character):
                        start, end = match.span(number)
                        cells[start:end] = [_respell(match[number], mask), *[""] * (end - start - 1)]
            texts = [*_cut(cells, map(len, texts))]
            whole = "".join(texts)
        return texts

    def _hide_across(self, chunks: list[JSON]) -> list[JSON]:
        """Chunks with what is spread over several of them masked, also over events in lines."""
        events = [_open_event(chunk) for chunk in chunks]
        values = [
            chunk if event is None else event.value for chunk, event in zip(chunks, events, strict=True)
        ]
        places: defaultdict[tuple[str | int, ...], list[tuple[int, str]]] = defaultdict(list)
        for number, value in enumerate(values):
            for path, text in _walk_texts(value, ()):
                places[path].append((number, text))
        changed: set[int] = set()
        for path, texts in places.items():
            hidden = self._hide_texts([text for _, text in texts])
            for (number, text), masked in zip(texts, hidden, strict=True):
                if masked != text:
                    _put(values, (number, *path), masked)
                    changed.add(number)
        for number in changed:
            event = events[number]
            chunks[number] = values[number] if event is None else event.write()
        return chunks


class _Event(NamedTuple):
    """A line of an event stream: what stands before its JSON, the JSON as text, and its value."""

    head: str
    text: str
    value: JSON

    def write(self) -> str:
        """The line for the value that it has now; all that has not changed stays as it is."""
        written = apply_edits(self.text, splice_json(self.text, json.loads(self.text), self.value))
        return self.head + (self.text if written is None else written)


def _open_event(chunk: JSON) -> _Event | None:
    """The event in a line; None for what is none, or holds no JSON object."""
    found = _DATA.match(chunk) if isinstance(chunk, str) else None
    if found is None:
        return None
    try:
        return _Event(found[0], chunk[found.end() :], json.loads(chunk[found.end() :]))
    except (ValueError, RecursionError):
        return None


_DATA = re.compile(r"data: ?(?=\{)")


_MOST_OF_A_KIND = 10_000


def _is_masked(character: str) -> bool:
    return character.isalpha() or character.isdigit()


def _respell(spelled: str, mask: str) -> str:
    """A character of a mask, in place of one so spelled: what follows a backslash stays an escape."""
    if len(spelled) == 1 or spelled[0] not in "ux":
        return mask
    return f"{spelled[0]}{ord(mask):04x}" if spelled[0] == "u" else f"x{ord(mask):02x}"


class _Value(NamedTuple):
    """A value, its mask, and what shows that it is in a text: any spelling, `core` unless it is escaped.

    `pattern` has a group for each character of the value.
    """

    value: str
    mask: str
    core: str
    pattern: re.Pattern[str]
    encoded: tuple[str, ...]

    def stands_in(self, text: str, *, is_escaped: bool) -> bool:
        """Whether it can be read in a text, in base64, too."""
        is_there = (is_escaped or self.core in text) and self.pattern.search(text) is not None
        return is_there or any(encoded in text for encoded in self.encoded)


def _holds_escaped_letters(text: str) -> bool:
    """Whether a text may hold ASCII letters or digits that are not written as themselves; few do."""
    return _ESCAPED_LETTER.search(text) is not None


_ESCAPED_LETTER = re.compile(r"\\(?:u00|x)[3-7]|%(?:25)*[3-7][0-9A-Fa-f]|&#")


def _prepare(value: str, mask: str) -> _Value:
    core = max(re.findall("[A-Za-z0-9]+", value), key=len, default="")
    units = [f"({_spell(value, place)})" for place in range(len(value))]
    # no match starts inside a row of backslashes, which would be read to its end from each of them
    starts = rf"(?:(?<!\\)(?<!%5[cC])(?<!255[cC])|(?!{_BACKSLASH}))"
    pattern = re.compile(starts + "".join(units))
    return _Value(value, mask, core, pattern, (*_encode(value),))


_BACKSLASH = r"(?:\\|%(?:25)*5[cC])"
_ESCAPE = f"{_BACKSLASH}++"
_AMPERSAND = rf"(?:&|{_ESCAPE}u0026)(?:amp;)*"


def _spell(value: str, place: int) -> str:
    """How a character of a value may be written, as a regular expression.

    As it is; in JSON that is itself a text, however often; in a url, a pointer, HTML, or one in another.
    """
    character = value[place]
    follows_row = value[place - 1 : place] == "\\"
    if character == "\\":  # a row of them only gets longer
        if follows_row:
            return ""
        row = re.match(r"\\+", value[place:])
        length = len(row[0]) if row is not None else 1
        ways = (f"(?:{way}){{{length}}}" for way in _escape(character, _ESCAPE))
        return "|".join((f"{_BACKSLASH}{{{length},}}+", *ways))
    # the row that stands before it has taken all backslashes
    escape = f"{_BACKSLASH}*+" if follows_row else _ESCAPE
    return "|".join((re.escape(character), *_escape(character, escape)))


def _escape(character: str, escape: str) -> Iterator[str]:
    code = ord(character)
    halves = re.findall("....", character.encode("utf-16-be", "surrogatepass").hex())
    yield "".join(f"{escape if number == 0 else _ESCAPE}u(?i:{half})" for number, half in enumerate(halves))
    yield f"{_AMPERSAND}#(?i:0*{code}|x0*{code:x});"
    yield "".join(f"%(?:25)*(?i:{part:02x})" for part in character.encode("utf-8", "surrogatepass"))
    if code < 0x100:
        yield f"{escape}x(?i:{code:02x})"
    if character in _IN_JSON:
        yield f"{escape}(?:{_IN_JSON[character]}|%(?:25)*{code:02x})"
    if character in _IN_HTML:
        yield f"{_AMPERSAND}{_IN_HTML[character]};"
    if character in _IN_OTHERS:
        yield _IN_OTHERS[character]


_IN_JSON = {'"': '"', "'": "'", "/": "/", "\t": "t", "\n": "n", "\r": "r", "\b": "b", "\f": "f"}
_IN_HTML = {'"': "quot", "'": "apos", "<": "lt", ">": "gt"}
_IN_OTHERS = {"&": "&(?:amp;)+", "/": "~0*1", "~": "~0+", " ": r"(?:\+|%(?:25)*2[bB])"}


def _encode(value: str) -> Iterator[str]:
    """What the value becomes in base64, without what depends on its neighbours."""
    content = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        encoded = b64encode(bytes(before) + content)
        inner = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6].decode()
        if len(inner) >= _SHORTEST_ENCODED:
            yield inner
            if "+" in inner or "/" in inner:
                yield inner.replace("+", "-").replace("/", "_")


_SHORTEST_ENCODED = 6  # in data, fewer are met by accident


def _cut(cells: list[str], lengths: Iterable[int]) -> Iterator[str]:
    start = 0
    for length in lengths:
        yield "".join(cells[start : start + length])
        start += length


def _walk_texts(value: JSON, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk_texts(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk_texts(item, (*path, number))


def _put(holder: JSON, path: tuple[str | int, ...], text: str) -> None:
    holder, last = find_holder(holder, path)
    if isinstance(holder, dict) and last == "token" and isinstance(holder.get("bytes"), list):
        holder["bytes"] = [*text.encode("utf-8", "surrogatepass")]
    holder[last] = text
