"""How a recorder lays out the exchanges in its files: what a format's module says, and all that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.base.values import NamedTuple
from recctl.recordings.recording import name_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from recctl.base.yaml_text import YAML
    from recctl.recordings.compression import Room
    from recctl.recordings.formats import Defect
    from recctl.recordings.recording import JSON

Steps = tuple[str, ...]
"""The keys that lead to a value, and numbers from 0 where it is in a list."""

Stored = dict[str, Any]
"""A request or a reply as a file has it: a mapping of YAML's values."""


class StoredPart:
    """Where and how a request or a reply keeps one of its values: its method, URL, status or headers.

    The steps that a part gets and gives start at the request or reply.
    """

    def read(self, side: Stored) -> YAML:
        """The value as a recording has it, of a request or reply as stored."""
        raise NotImplementedError

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:
        """What is stored with `new` in place of `old`, all else as it is; None if it can't be kept so."""
        raise NotImplementedError

    def strip(self, side: Stored) -> Stored:
        """What is stored without what `read` makes the value of."""
        raise NotImplementedError

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterable[tuple[Steps, Steps]]:
        """Where something in the value may stand, given the steps to it from there; the likeliest first.

        Each way is in two pieces, of which all of the first have to lead somewhere. `load` reads what is
        stored, for those who have to know.
        """
        raise NotImplementedError


class KeptBody(NamedTuple):
    """Where a body is kept, by the steps from the request or reply, and in which form.

    "stored" is a text, bytes (`!!binary`), or nothing; a mapping or a list is JSON that was written as YAML.
    "base64" and "hex" are texts that stand for data. "parsed" is the value that a serializer made of JSON,
    whatever it is.
    """

    steps: Steps
    form: str = "stored"


class Side(NamedTuple):
    """How a file has the requests, or the replies: the key in an exchange, and the parts below it.

    `find_body` tells where one, as stored, has its body, or would have it, if it has none. `body_ways` are
    all the steps to where a body may stand, the likeliest first.
    `parts` are named as in a recording's document: "method", "url" and "headers" of a request, "status" and
    "headers" of a reply.
    """

    key: str
    parts: Mapping[str, StoredPart]
    find_body: Callable[[Stored], KeptBody]
    body_ways: tuple[Steps, ...]


class Reader(NamedTuple):
    """The program that plays the files, as messages name it, and what it makes of what is odd.

    `takes_last` says that it reads a file in which a key occurs twice. `tags` names who refuses a file with
    tags that YAML does not know; "" where nobody is known to.
    """

    name: str
    takes_last: bool
    tags: str = ""


class CassetteLayout(NamedTuple):
    """How a recorder lays out a file: where the exchanges are, and what of each is where.

    `items` is the key of the list of exchanges; "" where each of the file's documents is an exchange.
    `apart` are the keys of lists that hold the requests and the replies, by the sides' own keys, in files
    which keep them apart from each other.
    `refuse_item` tells what keeps an item, whatever it is, from being an exchange of which the parts can be
    read, as in "it has no 'request'"; None if nothing does.
    `hint` is what to do about a file that is none of the recorder's, `item_hint` about an item that is no
    exchange.
    `constructors` make values of tags that the recorder's own reader knows beside YAML's; see
    `yaml_text.read_documents`. They get plain values, and construct no object.
    `refuse` may tell more exactly why the value of a file is none: a message and a hint. `name_others` may
    tell what the value of a file holds in which there is no exchange of HTTP.
    `find_defects` tells what is wrong with how an exchange is stored, beyond what it says. It is asked of
    every exchange that is read, and has to be quick.
    `complete` is for what follows from a change: it gets an exchange as stored before and after it, and gives
    what is to be stored.
    `is_newer` says that the recorder goes by YAML 1.2; see `read_documents`.
    `may_be_json` says that the recorder can write the same values as JSON, in files named so.
    """

    name: str
    request: Side
    response: Side
    refuse_item: Callable[[YAML], str | None]
    hint: str
    item_hint: str
    reader: Reader
    items: str = ""
    apart: Mapping[str, str] = {}
    constructors: Mapping[str, Callable[[YAML], YAML]] = {}
    refuse: Callable[[YAML], tuple[str, str] | None] = lambda _: None
    name_others: Callable[[Stored], str | None] = lambda _: None
    find_defects: Callable[[Stored], tuple[Defect, ...]] = lambda _: ()
    complete: Callable[[Stored, Stored], Stored] = lambda _, after: after
    may_be_json: bool = False
    is_newer: bool = False

    @property
    def sides(self) -> tuple[tuple[str, Side], ...]:
        """Both sides, by their names in a recording's document."""
        return (("request", self.request), ("response", self.response))

    @property
    def lists(self) -> tuple[str, ...]:
        """The keys under which a file may have lists of exchanges, or of parts of them."""
        return (self.items, *self.apart.values()) if self.items else ()


def require(*keys: str) -> Callable[[YAML], str | None]:
    """A `refuse_item` for exchanges with a "request", which has texts under these keys, and a "response"."""

    def refuse_item(item: YAML) -> str | None:
        if not isinstance(item, dict):
            return f"it is {name_type(item)}, and no mapping"
        for side in ("request", "response"):
            if side not in item:
                return f"it has no {side!r}"
            if not isinstance(item[side], dict):
                return f"its {side!r} is {name_type(item[side])}, and no mapping"
        missing = next((key for key in keys if not isinstance(item["request"].get(key), str)), None)
        return None if missing is None else f"its request has no {missing!r}"

    return refuse_item


def at(*steps: str) -> StoredPart:
    """The part that stands where the steps lead.

    Where a mapping should be on the way and something else is, that is the value: `at("status", "code")`
    reads `status: {code: 200}` and `status: 200` alike.
    """
    return _At(steps)


class _At(StoredPart):
    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def read(self, side: Stored) -> YAML:
        value: YAML = side
        for step in self.steps:
            if not isinstance(value, dict):
                break
            value = value.get(step)
        return value

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:
        return _put(side, self.steps, store_like(self.read(side), old, new))

    def strip(self, side: Stored) -> Stored:
        return leave_out(side, self.steps)

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:  # noqa: ARG002
        for length in range(len(self.steps), 0, -1):
            yield self.steps[:length], inner


def upper(key: str) -> StoredPart:
    """The part for a method, which some recorders write in lower case."""
    return _Upper(key)


class _Upper(StoredPart):
    def __init__(self, key: str) -> None:
        self.key = key

    def read(self, side: Stored) -> YAML:
        value = side.get(self.key)
        return value.upper() if isinstance(value, str) else value

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:  # noqa: ARG002
        stored = side.get(self.key)
        is_lower = isinstance(stored, str) and stored.islower() and isinstance(new, str)
        return {**side, self.key: new.lower() if is_lower else new}

    def strip(self, side: Stored) -> Stored:
        return leave_out(side, (self.key,))

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:  # noqa: ARG002
        yield (self.key,), inner


def either(first: StoredPart, other: StoredPart) -> StoredPart:
    """The first part where it has a value, else the other: where a recorder has kept it once."""
    return _Either(first, other)


class _Either(StoredPart):
    def __init__(self, first: StoredPart, other: StoredPart) -> None:
        self.first = first
        self.other = other

    def read(self, side: Stored) -> YAML:
        return self._choose(side).read(side)

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:
        return self._choose(side).write(side, old, new)

    def strip(self, side: Stored) -> Stored:
        return self._choose(side).strip(side)

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:
        yield from self.first.find_ways(inner, load)
        yield from self.other.find_ways(inner, load)

    def _choose(self, side: Stored) -> StoredPart:
        return (
            self.other if self.first.read(side) is None and self.other.read(side) is not None else self.first
        )


def pairs(key: str) -> StoredPart:
    """The part for headers that are kept as a list under a key: `[{name: accept, value: "*/*"}, ...]`.

    They are read as a mapping of names, each with its value, or a list of its values where it has several.
    """
    return _Pairs(key)


class _Pairs(StoredPart):
    def __init__(self, key: str) -> None:
        self.key = key

    def read(self, side: Stored) -> YAML:
        found: dict[str, list[YAML]] = {}
        for pair in self._list(side):
            if _is_pair(pair):
                found.setdefault(pair["name"], []).append(pair.get("value"))
        return {name: values if len(values) > 1 else values[0] for name, values in found.items()}

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:  # noqa: ARG002
        if not isinstance(new, dict):
            return None
        rest = {name: [*values] if isinstance(values, list) else [values] for name, values in new.items()}
        written: list[YAML] = []
        for pair in self._list(side):
            if not _is_pair(pair):
                written.append(pair)
            elif rest.get(pair["name"]):
                written.append({**pair, "value": rest[pair["name"]].pop(0)})
        written += [{"name": name, "value": value} for name, values in rest.items() for value in values]
        return {**side, self.key: written}

    def strip(self, side: Stored) -> Stored:
        rest = [
            {key: value for key, value in pair.items() if key not in ("name", "value")}
            if _is_pair(pair)
            else pair
            for pair in self._list(side)
        ]
        return {**side, self.key: [each for each in rest if each]}

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:
        name, *number = inner or ("",)
        found = [
            index for index, pair in enumerate(self._list(load())) if _is_pair(pair) and pair["name"] == name
        ]
        which = int(number[0]) if number and number[0].isdecimal() else 0
        if which < len(found):
            yield (self.key, str(found[which]), "value"), ()
        yield (self.key,), ()

    def _list(self, side: Stored) -> list[YAML]:
        stored = side.get(self.key)
        return stored if isinstance(stored, list) else []


def _is_pair(value: YAML) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def leave_out(side: Stored, steps: Steps) -> Stored:
    """What is stored without what steps lead to, as `at` reads it."""
    first, *more = steps
    inner = side.get(first)
    if more and isinstance(inner, dict):
        return {**side, first: leave_out(inner, tuple(more))}
    return {key: value for key, value in side.items() if key != first}


def _put(side: Stored, steps: Steps, value: YAML) -> Stored:
    """What is stored with another value where steps lead; what is no mapping on the way gives way to it."""
    first, *more = steps
    inner = side.get(first)
    if more and isinstance(inner, dict):
        value = _put(inner, tuple(more), value)
    return {**side, first: value}


def store_like(stored: YAML, old: JSON, new: JSON) -> YAML:
    """A value as stored, which was read as `old`, for one that is to be read as `new`; bytes stay bytes."""
    if old == new:
        return stored
    if isinstance(stored, bytes) and isinstance(new, str):
        return new.encode()
    if isinstance(stored, dict) and isinstance(new, dict):
        return {
            key: store_like(stored[key], old[key], value) if key in stored else value
            for key, value in new.items()
        }
    if isinstance(stored, list) and isinstance(new, list) and len(stored) == len(new):
        return [store_like(*each) for each in zip(stored, old, new, strict=True)]
    if isinstance(stored, list) and isinstance(new, list):
        known = [(was, kept) for was, kept in zip(old, stored, strict=True)]
        return [next((kept for was, kept in known if was == value), value) for value in new]
    return new


class Raw(NamedTuple):
    """What a file says: its exchanges as stored; of a file whose documents are these, which each of them is.

    `is_sound` says that there is nothing odd in how it is written, `room` what its bodies may become.
    """

    items: list[YAML]
    numbers: tuple[int, ...]
    has_bytes: bool
    is_sound: bool
    room: Room
