"""The arguments of tool calls, laid out to be read, and still what was recorded."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from recctl.render.kit.values import LINE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def format_arguments(arguments: str, name_data: Callable[[str], str] = str) -> tuple[str, bool]:
    """A call's arguments, laid out where they are JSON, and whether they are.

    Numbers keep their spelling, and keys that stand there twice do. `name_data` may put names in the place of
    data, in the texts among them.
    """
    try:
        json.loads(arguments, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return name_data(arguments), False
    tokens = [_respell(token, name_data) for token in _TOKEN.findall(arguments)]
    text = "".join(_SPACED.get(token, token) for token in tokens)
    return text if len(text) <= LINE_WIDTH else "".join(_indent(tokens)), True


_SPACED = {",": ", ", ":": ": "}


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _respell(token: str, name_data: Callable[[str], str]) -> str:
    """A text with no more escapes than it needs; any other token as it is."""
    if not token.startswith('"'):
        return token
    return json.dumps(name_data(json.loads(token)), ensure_ascii=False)


def _indent(tokens: list[str]) -> Iterator[str]:
    """The pieces of a JSON text, an item to a line."""
    depth = 0
    for mark, following in zip(tokens, [*tokens[1:], ""], strict=True):
        opens, closes = mark in _OPENING, following in _CLOSING
        depth += opens - closes
        yield ": " if mark == ":" else mark
        if mark == "," or opens is not closes:
            yield f"\n{'  ' * depth}"


_OPENING, _CLOSING = ("{", "["), ("}", "]")
