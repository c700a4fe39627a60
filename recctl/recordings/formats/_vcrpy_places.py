"""Where in a cassette's text things stand. Asked only when there is something to say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from recctl.recordings.formats._vcrpy_tags import CONSTRUCTORS
from recctl.text.pointer import join_pointer, split_pointer
from recctl.text.syntax import Fault, Position, find_duplicate_keys, find_positions
from recctl.text.syntax import locate as locate_in_json
from recctl.text.yaml_places import find_places
from recctl.text.yaml_text import decode_yaml, read_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from recctl.text.yaml_places import Place

_ITEMS = "interactions"
_LISTS = {"request": "requests", "response": "responses"}


class Oddity(NamedTuple):
    """What is odd about a cassette's text, as `yaml_text.Oddity` has it, in which exchange, and where.

    `is_on_top` is true for a key of the cassette itself.
    """

    exchange: int
    kind: str
    word: str
    position: Position
    is_on_top: bool


class _Index(NamedTuple):
    """A text, where its exchanges stand, by the lists that hold them, and how its characters are counted."""

    text: str
    lists: dict[str, list[Place]]
    position_of: Callable[[int], Position]


@lru_cache(maxsize=1)
def _index(content: bytes) -> _Index:
    _, text = decode_yaml(content)
    lists: dict[str, list[Place]] = {name: [] for name in (_ITEMS, *_LISTS.values())}
    for (name, _), place in find_places(text, [(name, "*") for name in lists]).items():
        lists[name].append(place)
    return _Index(text, lists, find_positions(text))


def locate_items(content: bytes, indexes: Iterable[int], *, is_json: bool) -> dict[int, Position]:
    """Where some exchanges begin; of the others, which may be very many, nothing is kept."""
    if is_json:
        return _locate_items_in_json(content, indexes)
    _, text = decode_yaml(content)
    names = (_ITEMS, *_LISTS.values())
    found = find_places(text, [(name, str(index)) for name in names for index in indexes])
    position_of = find_positions(text)
    return {
        index: position_of(found[name, str(index)].start)
        for index in indexes
        for name in reversed(names)
        if (name, str(index)) in found and found[name, str(index)].depth == _ITEM_DEPTH
    }


_ITEM_DEPTH = 2


def _locate_items_in_json(content: bytes, indexes: Iterable[int]) -> dict[int, Position]:
    ways = {index: [f"/{name}/{index}" for name in (_ITEMS, *_LISTS.values())] for index in indexes}
    return dict(_find_first(content, ways))


def _locate_item(content: bytes, index: int, *, is_json: bool) -> Position:
    """Where an exchange begins, for those who look at others of the file, too."""
    if is_json:
        return _locate_items_in_json(content, [index])[index]
    known = _index(content)
    lists = [known.lists[_ITEMS]] if known.lists[_ITEMS] else [known.lists[name] for name in _LISTS.values()]
    place = next(places[index] for places in lists if index < len(places))
    return known.position_of(place.start)


def measure(content: bytes, total: int) -> tuple[int, ...]:
    """How many bytes each exchange takes up: what stands between its ends, wherever its parts lie."""
    known = _index(content)
    parts = [places for places in known.lists.values() if len(places) == total]
    return (
        tuple(
            sum(len(known.text[place.start : place.end].encode()) for place in places)
            for places in zip(*parts, strict=True)
        )
        or (0,) * total
    )


def locate(content: bytes, index: int, pointers: Iterable[str], *, is_json: bool) -> dict[str, Position]:
    """Where values of an exchange stand, or what they are stored in. "" is the exchange itself."""
    start = _locate_item(content, index, is_json=is_json)
    positions: dict[str, Position] = {}
    for side in _LISTS:
        wanted = {
            pointer: [*_list_candidates(side, split_pointer(pointer)[1:])]
            for pointer in pointers
            if split_pointer(pointer)[:1] == (side,)
        }
        if wanted and is_json:
            positions.update(_locate_in_json(content, index, wanted))
        elif wanted:
            positions.update(_locate_in_yaml(content, index, side, wanted))
    return {pointer: positions.get(pointer, start) for pointer in pointers}


def _list_candidates(side: str, steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a value may be stored, the first that is there; steps are from the exchange on."""
    name, inner = (steps[0], steps[1:]) if steps else ("", ())
    if name == "model":
        name, inner = "body", ("model",)
    if name in ("body", "is_streaming"):
        yield (side, "parsed_body", *inner)
        yield (side, "body", "string", *inner) if side == "response" else (side, "body", *inner)
        yield (side, "body")
    elif name:
        yield (side, *_STORED.get(name, (name,)), *inner)
    yield (side,)


_STORED = {"url": ("uri",), "endpoint": ("uri",), "status": ("status", "code")}
"""Under which keys a file stores what has other names in a recording."""

_Key = TypeVar("_Key", str, int)
_Wanted = dict[str, list[tuple[str, ...]]]


def _locate_in_yaml(content: bytes, index: int, side: str, wanted: _Wanted) -> Iterator[tuple[str, Position]]:
    known = _index(content)
    is_whole = bool(known.lists[_ITEMS])
    places = known.lists[_ITEMS if is_whole else _LISTS[side]]
    if index >= len(places):
        return
    start, end, _ = places[index]
    margin = start - (known.text.rfind("\n", 0, start) + 1)
    above = 0 if is_whole else 1
    paths = [path[above:] for candidates in wanted.values() for path in candidates]
    found = find_places(" " * margin + known.text[start:end], paths)
    for pointer, candidates in wanted.items():
        place = next(
            (
                found[path[above:]]
                for path in candidates
                if path[above:] in found and found[path[above:]].depth >= min(len(path), 2) - above
            ),
            None,
        )
        if place is not None:
            yield pointer, known.position_of(start + place.start - margin)


def _locate_in_json(content: bytes, index: int, wanted: _Wanted) -> Iterator[tuple[str, Position]]:
    def list_ways(path: tuple[str, ...]) -> Iterator[str]:
        for length in range(len(path), min(len(path), 2) - 1, -1):
            yield join_pointer((_ITEMS, index, *path[:length]))
            yield join_pointer((_LISTS[path[0]], index, *path[1:length]))

    ways = {
        pointer: [place for path in candidates for place in list_ways(path)]
        for pointer, candidates in wanted.items()
    }
    return _find_first(content, ways)


def _find_first(content: bytes, ways: Mapping[_Key, Iterable[str]]) -> Iterator[tuple[_Key, Position]]:
    """Of several pointers for each key the first that leads to something in a JSON text."""
    found = locate_in_json(content.decode(), {place for places in ways.values() for place in places})
    for key, places in ways.items():
        place = next((place for place in places if place in found), None)
        if place is not None:
            yield key, found[place]


def find_oddities(content: bytes, max_size: int, *, is_json: bool) -> Iterator[Oddity]:
    """What is odd in a text that was read; what is in none of the exchanges counts to the first one."""
    if is_json:
        for steps, position in find_duplicate_keys(content.decode()):
            index = int(steps[1]) if len(steps) > 1 and steps[0] == _ITEMS and steps[1].isdecimal() else 0
            yield Oddity(index, "duplicate-key", steps[-1], position, len(steps) == 1)
        return
    documents = read_documents(content, max_size=max_size, constructors=CONSTRUCTORS)
    if isinstance(documents, Fault) or not documents[0].oddities:
        return
    known = _index(content)
    for kind, word, offset, depth in documents[0].oddities:
        spans = enumerate(known.lists[_ITEMS])
        index = next((index for index, (start, end, _) in spans if start <= offset < end), 0)
        yield Oddity(index, kind, word, known.position_of(offset), depth == 1)
