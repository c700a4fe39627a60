"""Files of one name in two formats, of which the recorder has left one behind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from recctl.input.walk import read_head
from recctl.recordings.formats import list_successors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recctl.naming.facts import Facts


def find_twins(all_facts: Iterable[Facts]) -> dict[str, str]:
    """The files that their recorder has left behind, by path: the names of those that took their places.

    Only files that may hold several recordings are left behind so, when their recorder turns to one a file.
    """
    places = {facts.path: facts.location for facts in all_facts if facts.holds_several}
    found = {path: _find_successor(place) for path, place in places.items()}
    return {path: name for path, name in found.items() if name is not None}


def _find_successor(place: Path) -> str | None:
    """The name of a file beside another one that has taken its place; None where there is none."""
    for form, name in list_successors(place.name):
        other = place.with_name(name)
        if form.claims(name, (place.parent.name,), partial(read_head, other)) and other.is_file():
            return name
    return None
