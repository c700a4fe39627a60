"""Files of one name, of which the recorder has left one behind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from recctl.input.walk import read_head
from recctl.recordings.formats import load_format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.naming.facts import Facts


def find_twins(all_facts: Iterable[Facts]) -> dict[str, str]:
    """The files that their recorder has left behind, by path: the names of those that took their places."""
    files = {facts.path: facts for facts in all_facts}
    found = {path: _find_successor(facts) for path, facts in files.items()}
    return {path: name for path, name in found.items() if name is not None}


def _find_successor(facts: Facts) -> str | None:
    """The name of a file beside another one that has taken its place; None where there is none."""
    form = load_format(facts.format)
    name = form.find_successor(facts.identity.name)
    if name is None:
        return None
    place = facts.location
    other = place.with_name(name)
    is_one = form.claims(name, (place.parent.name,), partial(read_head, other)) and other.is_file()
    return name if is_one else None
