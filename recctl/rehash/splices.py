"""What is to become of a file that holds several recordings: one change of it, for all that change in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recctl.base.digests import sha256
from recctl.naming.tests import follow_test
from recctl.project import Place
from recctl.recordings.formats import load_format
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.rehash.edits import edit, find_changes
from recctl.rehash.following import find_following
from recctl.rehash.proposals import NOT_MASKED, Proposal, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.input.sources import OpenedFile
    from recctl.naming.facts import Facts
    from recctl.project import Rename, Settings
    from recctl.recordings.formats import Format
    from recctl.recordings.recording import JSON
    from recctl.rehash.edits import Edits, Setting
    from recctl.rehash.following import Following
    from recctl.rehash.orders import Orders


def propose_splice(
    root: Path, opened: OpenedFile, facts: Facts, orders: Orders, met: set[Rename | Setting]
) -> Proposal | None:
    """What the orders make of a file that holds several recordings; None for nothing.

    `facts` are those about any of them. `met` learns what fits them. A file that is named after its test gets
    another name with it.
    """
    edits = orders.edits._replace(test_id=None, test_ids={})  # these files are found by their tests' names
    form = load_format(facts.format)
    following = find_following(form, facts, opened.target.settings, edits.renames)
    if following is None and not edits.may_fit(facts.test_id):
        return None
    source, target = opened.source, opened.target
    if not isinstance(source, Source):
        return refuse(facts, "can't be read any more")
    source = source._replace(number=None)
    recordings = [item for item in opened.whole if isinstance(item, Recording)]
    wanted = [item for item in recordings if target.number in (None, item.key.number)]
    own = edits._replace(tests=(), moved_files=None)
    edited = {item.index: item.with_document(edit(item, own, met)) for item in wanted}
    if edits.redaction is not None and any(map(edits.redaction.is_left_in, edited.values())):
        return refuse(facts, NOT_MASKED)
    changes = {item.index: find_changes(item.document, edited[item.index].document) for item in wanted}
    pointers = {index: tuple(change.pointer for change in found) for index, found in changes.items()}
    changed = {index: item for index, item in edited.items() if pointers[index]}
    if not changed and following is None:
        return None
    if target.spec is not None:
        return refuse(facts, "is a file of a revision, and can't be changed")
    if following is not None:
        met.add(following.rename)
    location = _follow(root, form, facts, target.settings, following)
    if isinstance(location, str):
        return refuse(facts, location)
    content = _splice(form, source, changed) if changed else None
    if changed and content is None:
        return refuse(facts, _NO_SPLICE)
    if edits.redaction is not None and content is not None and edits.redaction.is_left_in_file(content):
        return refuse(facts, NOT_MASKED)
    told = {index + 1: _hide(pointers[index], edits) for index in changed}
    return Proposal(facts, location, sha256(source.content), content, edited=told)


def _splice(form: Format, source: Source, changed: dict[int, Recording]) -> bytes | None:
    """The file with these of its recordings changed; the test's id is in its name, and not in it."""
    documents: dict[int, dict[str, JSON] | None] = {
        index: {key: value for key, value in item.document.items() if key != "test_id"}
        for index, item in changed.items()
    }
    return form.edit(source, documents)


def _follow(
    root: Path, form: Format, facts: Facts, settings: Settings, following: Following | None
) -> Path | str:
    """Where a file goes with its test, or why it can't."""
    if following is None:
        return facts.location
    folder = os.path.relpath(facts.folder, root).replace(os.sep, "/")
    place = Place(folder, facts.identity.name)
    found = follow_test(place, form, settings, following.old, following.new)
    if found is None:
        return _NO_NAME
    if following.stays is not None and found != place:
        return f"is {following.stays}'s, too, by its name: copy it by hand"
    return root / found.folder / found.name


_NO_NAME = "its name was made of its test's by no rule that recctl knows: rename it by hand"


def _hide(pointers: tuple[str, ...], edits: Edits) -> tuple[str, ...]:
    return pointers if edits.redaction is None else tuple(map(edits.redaction.hide_text, pointers))


_NO_SPLICE = "can't be changed without changing more than is meant: edit it by hand, or record it again"
