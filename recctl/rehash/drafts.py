"""What is to become of a file, drafted while it is open: before it is known what the others are to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.facts import Facts, NameStatus
from recctl.recordings.attempt import attempt
from recctl.rehash.proposals import Proposal, explain_leftover, propose
from recctl.rehash.splices import propose_splice

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.input.sources import OpenedFile
    from recctl.project import Rename
    from recctl.recordings.source import Unread
    from recctl.rehash.edits import Setting
    from recctl.rehash.orders import Orders


class Draft(NamedTuple):
    """What the orders make of a file, by itself, and if another recording has replaced it.

    `met` are the edits that fit it, `hidden` the values to redact that it, or one before it, holds.
    """

    alone: Proposal | Unread | None
    replaced: Proposal | Unread | None
    met: frozenset[Rename | Setting]
    hidden: frozenset[str]

    def settle(self, facts: Facts) -> Proposal | Unread | None:
        """What becomes of the file, now that it is known what replaces it."""
        proposal = self.alone if facts.replaced_by is None else self.replaced
        if not isinstance(proposal, Proposal):
            return proposal
        remark = explain_leftover(facts) if proposal.is_leftover else proposal.remark
        return proposal._replace(facts=facts, remark=remark)


def draft(opened: OpenedFile, facts: Facts, *, root: Path, orders: Orders, keeps_content: bool) -> Draft:
    """What the orders make of a file of the project at `root`.

    Without `keeps_content`, that content changes is all that is kept of it.
    """
    function = propose_splice if facts.holds_several else propose
    met: set[Rename | Setting] = set()

    def make(facts: Facts) -> Proposal | Unread | None:
        proposal = attempt(facts.path, function, root, opened, facts, orders, met)
        if keeps_content or not isinstance(proposal, Proposal) or proposal.content is None:
            return proposal
        return proposal._replace(content=b"")

    alone = replaced = make(facts)
    if facts.status is NameStatus.OUTDATED and not orders.include_replaced:
        replaced = make(facts._replace(replaced_by=facts.path))
    redaction = orders.edits.redaction
    return Draft(alone, replaced, frozenset(met), frozenset() if redaction is None else redaction.found)
