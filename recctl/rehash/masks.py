"""What must not be in a recording any more, and what is to stand in its place."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import quote

from recctl.errors import RecctlError
from recctl.pointer import escape_pointer
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


class Masks:
    """Masks for values: as long, of the same kind character by character, and telling nothing of the value.

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
        variants: dict[str, str] = {}
        for value, mask in self._masks.items():
            variants.update(zip(_spell_variants(value), _spell_variants(mask), strict=True))
        self._variants = sorted(variants.items(), key=lambda item: (-len(item[0]), item[0]))

    def _find_mask(self, value: str, values: tuple[str, ...]) -> str:
        number = 0
        while True:
            mask = _mask(value, number)
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
        return any(value in text for value, _ in self._variants)

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

    def hide_text(self, text: str, *, keeps_length: bool = False) -> str:
        """A text with every value masked, however it is spelled; or only where that keeps the length."""
        for value, mask in self._variants:
            if value in text and not (keeps_length and len(mask) != len(value)):
                text = text.replace(value, mask)
        return text

    def _hide_across(self, chunks: list[JSON]) -> list[JSON]:
        """Chunks with what is spread over several of them masked; their texts keep their lengths."""
        places: defaultdict[tuple[str | int, ...], list[tuple[int, str]]] = defaultdict(list)
        for number, chunk in enumerate(chunks):
            for path, text in _walk_texts(chunk, ()):
                places[path].append((number, text))
        for path, texts in places.items():
            joined = "".join(text for _, text in texts)
            hidden = self.hide_text(joined, keeps_length=True)
            start = 0
            for number, text in texts if hidden != joined else ():
                end = start + len(text)
                _put(chunks, (number, *path), hidden[start:end])
                start = end
        return chunks


_MOST_OF_A_KIND = 10_000


def _is_masked(character: str) -> bool:
    return character.isalpha() or character.isdigit()


def _mask(value: str, number: int) -> str:
    """The mask of that number, counted in the last letters and digits; the first ones are all 9 and x."""
    masked = []
    for character in reversed(value):
        if character.isdigit():
            number, step = divmod(number, 10)
            masked.append(str((9 + step) % 10))
        elif character.isalpha():
            number, step = divmod(number, 26)
            letter = chr(ord("a") + (ord("x") - ord("a") + step) % 26)
            masked.append(letter.upper() if character.isupper() else letter)
        else:
            masked.append(character)
    return "".join(reversed(masked))


def _spell_variants(value: str) -> tuple[str, ...]:
    """How a value may be written: as it is, inside JSON that is itself a text, in a url, in a pointer."""
    in_json = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
    return (value, *in_json, quote(value), quote(value, safe=""), escape_pointer(value))


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
    *above, last = path
    for step in above:
        holder = holder[step]
    if isinstance(holder, dict) and last == "token" and isinstance(holder.get("bytes"), list):
        holder["bytes"] = [*text.encode("utf-8", "surrogatepass")]
    holder[last] = text
