"""What is to become of a file that holds several recordings: one change of it, for all that change in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.journal import digest
from recctl.recordings.formats import load_format
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.rehash.edits import edit, find_changes
from recctl.rehash.proposals import NOT_MASKED, Proposal, refuse
from recctl.sources import read

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.project import Rename
    from recctl.rehash.edits import Edits, Setting
    from recctl.rehash.orders import Orders
    from recctl.sources import Target


def propose_splice(
    target: Target, facts: Facts, orders: Orders, met: set[Rename | Setting]
) -> Proposal | None:
    """What the orders make of a file that holds several recordings; None for nothing.

    `facts` are those about any of them. `met` learns what fits them.
    """
    edits = orders.edits._replace(test_id=None, test_ids={})  # these files are found by their tests' names
    if not edits.may_fit(facts.test_id):
        return None
    source = read(target._replace(number=None))
    if not isinstance(source, Source):
        return refuse(facts, "can't be read any more")
    recordings = [item for item in load(source) if isinstance(item, Recording)]
    wanted = [item for item in recordings if target.number in (None, item.key.number)]
    edited = {item.index: item.with_document(edit(item, edits, met)) for item in wanted}
    if edits.masks is not None and any(map(edits.masks.is_left_in, edited.values())):
        return refuse(facts, NOT_MASKED)
    changes = {item.index: find_changes(item.document, edited[item.index].document) for item in wanted}
    pointers = {index: tuple(change.pointer for change in found) for index, found in changes.items()}
    documents = {index: item.document for index, item in edited.items() if pointers[index]}
    if not documents:
        return None
    if target.spec is not None:
        return refuse(facts, "is a file of a revision, and can't be changed")
    content = load_format(recordings[0].format).edit(source, {**documents})
    if content is None:
        return refuse(facts, _NO_SPLICE)
    if edits.masks is not None and edits.masks.is_left_in_file(content):
        return refuse(facts, NOT_MASKED)
    told = {index + 1: _hide(pointers[index], edits) for index in documents}
    return Proposal(facts, facts.location, digest(source.content), content, edited=told)


def _hide(pointers: tuple[str, ...], edits: Edits) -> tuple[str, ...]:
    return pointers if edits.masks is None else tuple(map(edits.masks.hide_text, pointers))


_NO_SPLICE = "can't be changed without changing more than is meant: edit it by hand, or record it again"
