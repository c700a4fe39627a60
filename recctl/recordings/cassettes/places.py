"""Where in a cassette's text things stand. Asked only when there is something to say."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from recctl.base.pointer import join_pointer, split_pointer
from recctl.base.syntax import Fault, Position, find_duplicate_keys, find_positions
from recctl.base.syntax import locate as locate_in_json
from recctl.base.yaml_places import find_places
from recctl.base.yaml_text import decode_yaml, read_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from recctl.base.yaml_places import YamlPlace
    from recctl.recordings.cassettes.layout import CassetteLayout, Raw, Side, Steps, Stored


class CassetteOddity(NamedTuple):
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
    lists: dict[str, list[YamlPlace]]
    position_of: Callable[[int], Position]


_DOCUMENTS = ""
"""What stands for the key of a list where the file's documents are the exchanges."""


@lru_cache(maxsize=1)
def _index(content: bytes, names: tuple[str, ...], numbers: tuple[int, ...]) -> _Index:
    """Where the exchanges of a text stand: in lists of these names, or as the documents of these numbers."""
    _, text = decode_yaml(content)
    if not names:
        documents = find_places(text, [(None,)], is_stream=True)
        places = [documents[str(number),] for number in numbers if (str(number),) in documents]
        return _Index(text, {_DOCUMENTS: places}, find_positions(text))
    lists: dict[str, list[YamlPlace]] = {name: [] for name in names}
    for steps, place in find_places(text, [(name, None) for name in names]).items():
        lists[steps[0]].append(place)
    return _Index(text, lists, find_positions(text))


def locate_items(
    layout: CassetteLayout, content: bytes, numbers: Sequence[int], indexes: Iterable[int], *, is_json: bool
) -> dict[int, Position]:
    """Where some exchanges begin; of the others, which may be very many, nothing is kept."""
    if is_json:
        return _locate_items_in_json(layout, content, indexes)
    _, text = decode_yaml(content)
    if layout.items:
        ways: dict[int, list[Steps]] = {
            index: [(name, str(index)) for name in layout.lists] for index in indexes
        }
    else:
        ways = {index: [(str(numbers[index]),)] for index in indexes}
    paths = [path for each in ways.values() for path in each]
    found = find_places(text, paths, is_stream=not layout.items)
    position_of = find_positions(text)
    return {
        index: position_of(found[path].start)
        for index, each in ways.items()
        for path in reversed(each)
        if path in found and found[path].depth == len(path)
    }


def _locate_items_in_json(
    layout: CassetteLayout, content: bytes, indexes: Iterable[int]
) -> dict[int, Position]:
    ways = {index: [f"/{name}/{index}" for name in layout.lists] for index in indexes}
    return dict(_find_first(content, ways))


def measure(layout: CassetteLayout, content: bytes, numbers: tuple[int, ...], total: int) -> tuple[int, ...]:
    """How many bytes each exchange takes up: what stands between its ends, wherever its parts lie."""
    known = _index(content, layout.lists, numbers)
    parts = [places for places in known.lists.values() if len(places) == total]
    return (
        tuple(
            sum(len(known.text[place.start : place.end].encode()) for place in places)
            for places in zip(*parts, strict=True)
        )
        or (0,) * total
    )


def locate(
    layout: CassetteLayout,
    content: bytes,
    index: int,
    pointers: Iterable[str],
    load: Callable[[], Raw],
    *,
    is_json: bool,
) -> dict[str, Position]:
    """Where values of an exchange stand, or what they are stored in. "" is the exchange itself.

    `load` reads the file, which is done only where a layout asks for what is stored.
    """
    numbers = () if layout.items else load().numbers
    start = _locate_item(layout, content, index, numbers, is_json=is_json)
    positions: dict[str, Position] = {}
    steps_of = {pointer: split_pointer(pointer) for pointer in pointers}
    for name, side in layout.sides:
        load_side = partial(_load_side, load, index, side)
        wanted = {
            pointer: [*_list_ways(side, steps[1:], load_side)]
            for pointer, steps in steps_of.items()
            if steps[:1] == (name,)
        }
        if wanted and is_json:
            positions.update(_locate_in_json(layout, content, index, wanted))
        elif wanted:
            positions.update(_locate_in_yaml(layout, content, index, numbers, side.key, wanted))
    return {pointer: positions.get(pointer, start) for pointer in pointers}


def _load_side(load: Callable[[], Raw], index: int, side: Side) -> Stored:
    stored: Stored = load().items[index][side.key]
    return stored


def _locate_item(
    layout: CassetteLayout, content: bytes, index: int, numbers: tuple[int, ...], *, is_json: bool
) -> Position:
    """Where an exchange begins, for those who look at others of the file, too."""
    if is_json:
        return _locate_items_in_json(layout, content, [index])[index]
    known = _index(content, layout.lists, numbers)
    whole = known.lists[layout.items or _DOCUMENTS]
    lists = [whole] if whole else [known.lists[name] for name in layout.apart.values()]
    place = next(places[index] for places in lists if index < len(places))
    return known.position_of(place.start)


_Way = tuple["Steps", "Steps"]
"""Steps from an exchange to a value, in two pieces: all of the first have to lead somewhere."""


def _list_ways(side: Side, steps: Steps, load: Callable[[], Stored]) -> Iterator[_Way]:
    """Where a value may be stored, the first that is there; steps are from the request or reply on."""
    name, inner = (steps[0], steps[1:]) if steps else ("", ())
    if name == "model":
        name, inner = "body", ("model",)
    if name in ("body", "is_streaming"):
        yield from (((side.key, *way), inner) for way in side.body_ways)
    part = side.parts.get("url" if name == "endpoint" else name)
    if part is not None:
        yield from (((side.key, *way), rest) for way, rest in part.find_ways(inner, load))
    yield (side.key,), ()


_Key = TypeVar("_Key", str, int)
_Wanted = dict[str, list[_Way]]


def _locate_in_yaml(
    layout: CassetteLayout, content: bytes, index: int, numbers: tuple[int, ...], side: str, wanted: _Wanted
) -> Iterator[tuple[str, Position]]:
    known = _index(content, layout.lists, numbers)
    whole = known.lists[layout.items or _DOCUMENTS]
    places = whole or known.lists[layout.apart[side]]
    if index >= len(places):
        return
    start, end = places[index].start, places[index].end
    margin = start - (known.text.rfind("\n", 0, start) + 1)
    above = 0 if whole else 1
    paths = [(*way, *inner)[above:] for ways in wanted.values() for way, inner in ways]
    found = find_places(" " * margin + known.text[start:end], paths)
    for pointer, ways in wanted.items():
        tries = ((found.get((*way, *inner)[above:]), len(way) - above) for way, inner in ways)
        place = next((place for place, depth in tries if place is not None and place.depth >= depth), None)
        if place is not None:
            yield pointer, known.position_of(start + place.start - margin)


def _locate_in_json(
    layout: CassetteLayout, content: bytes, index: int, wanted: _Wanted
) -> Iterator[tuple[str, Position]]:
    def list_pointers(way: Steps, inner: Steps) -> Iterator[str]:
        path = (*way, *inner)
        for length in range(len(path), len(way) - 1, -1):
            yield join_pointer((layout.items, index, *path[:length]))
            if path[0] in layout.apart:
                yield join_pointer((layout.apart[path[0]], index, *path[1:length]))

    tries = {
        pointer: [each for way in ways for each in list_pointers(*way)] for pointer, ways in wanted.items()
    }
    return _find_first(content, tries)


def _find_first(content: bytes, ways: Mapping[_Key, Iterable[str]]) -> Iterator[tuple[_Key, Position]]:
    """Of several pointers for each key the first that leads to something in a JSON text."""
    found = locate_in_json(content.decode(), {place for places in ways.values() for place in places})
    for key, places in ways.items():
        place = next((place for place in places if place in found), None)
        if place is not None:
            yield key, found[place]


def find_oddities(
    layout: CassetteLayout, content: bytes, numbers: tuple[int, ...], max_size: int, *, is_json: bool
) -> Iterator[CassetteOddity]:
    """What is odd in a text that was read; what is in none of the exchanges counts to the first one."""
    if is_json:
        for steps, position in find_duplicate_keys(content.decode()):
            is_inside = len(steps) > 1 and steps[0] == layout.items and steps[1].isdecimal()
            yield CassetteOddity(
                int(steps[1]) if is_inside else 0, "duplicate-key", steps[-1], position, len(steps) == 1
            )
        return
    documents = read_documents(content, max_size=max_size, constructors=layout.constructors)
    oddities = () if isinstance(documents, Fault) else [each for one in documents for each in one.oddities]
    if not oddities:
        return
    known = _index(content, layout.lists, numbers)
    for each in oddities:
        spans = enumerate(known.lists[layout.items or _DOCUMENTS])
        index = next((index for index, span in spans if span.start <= each.offset < span.end), 0)
        is_on_top = each.depth == 1 and bool(layout.items)
        yield CassetteOddity(index, each.kind, each.word, known.position_of(each.offset), is_on_top)
