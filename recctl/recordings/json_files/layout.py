"""How a recorder lays out the exchanges in its JSON files: what a format's module says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.base.pointer import read_at
from recctl.base.values import NamedTuple
from recctl.recordings.recording import JSON, name_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.splicing.bodies import Stored

Steps = tuple[str, ...]
"""The keys that lead to a value."""


class StoredBody(NamedTuple):
    """Where an exchange keeps a body, and how.

    `read` makes a text, bytes or a JSON value of what is stored under `steps`. `write` gives what is to be
    stored there for another one, from what was. `copies` are other places in which the same body may be kept,
    as a JSON value or its text.
    """

    steps: Steps
    read: Callable[[JSON], Any] = lambda stored: stored
    write: Callable[[JSON, Stored], JSON] = lambda _, body: body.value
    copies: tuple[Steps, ...] = ()


class JsonLayout(NamedTuple):
    """How a format lays out its exchanges.

    `noun` is what a file of it is called. `find_items` gives the keys that lead to the list of exchanges in a
    file, None for a file that is one exchange, or says why a file's value is none of it.
    `find_defect` says why an item is no exchange, with the keys that lead to what is wrong.
    `places` are the keys under which an exchange keeps its parts, by those of a recording's document, and
    `find_body` tells how one side of it keeps its body.
    `read_headers` makes an object of headers as stored, `write_headers` what is stored for another one.
    `find_sent` gives the body of an exchange's request as it was sent, where files are named after that,
    `find_test_id` the id of the test that a file says it is of.
    `complete` is for what follows from a change: it gets an item as stored before and after it, and gives
    what is to be stored. `known` are the keys of more in which no secret stands: dates, hashes.
    """

    name: str
    noun: str
    find_items: Callable[[JSON], Steps | str | None]
    find_defect: Callable[[JSON], tuple[str, Steps] | None]
    places: dict[Steps, Steps]
    find_body: Callable[[JSON, str], StoredBody]
    read_headers: Callable[[JSON], JSON] = lambda stored: stored
    write_headers: Callable[[JSON, JSON], JSON] = lambda _, headers: headers
    find_sent: Callable[[JSON], str | None] = lambda _: None
    find_test_id: Callable[[JSON], str | None] = lambda _: None
    complete: Callable[[JSON, JSON], JSON] = lambda _, after: after
    known: tuple[Steps, ...] = ()
    hint: str = "put it right, or record it again"


SIDES = ("request", "response")
METHOD, URL, STATUS = ("request", "method"), ("request", "url"), ("response", "status")
HEADERS = {side: (side, "headers") for side in SIDES}
PLACES: dict[Steps, Steps] = {place: place for place in (METHOD, URL, STATUS, *HEADERS.values())}
"""Where exchanges keep their parts that do so as a recording's document does."""


def find_missing(item: JSON, wanted: dict[Steps, type]) -> tuple[str, Steps] | None:
    """Which of some values an exchange lacks, or has of another type, as `JsonLayout.find_defect` tells it.

    What holds a value comes before it.
    """
    if not isinstance(item, dict):
        return f"it is {name_type(item)}, and not an object", ()
    for steps, kind in wanted.items():
        *above, key = steps
        holder = read_at(item, tuple(above))
        name = " ".join(above)
        if key not in holder:
            return f"{f'its {name}' if name else 'it'} has no {key!r}", tuple(above)
        if not isinstance(holder[key], kind) or isinstance(holder[key], bool):
            return f"its {' '.join(steps)} is {name_type(holder[key])}, and not {_NAMES[kind]}", steps
    return None


_NAMES = {dict: "an object", list: "an array", str: "a string", int: "a whole number"}
