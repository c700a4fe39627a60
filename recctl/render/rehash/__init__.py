"""What becomes of recordings that move or are edited, and what that comes to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.naming.facts import NameStatus
from recctl.rehash import Action
from recctl.rehash.proposals import NO_TEST
from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.rehash import RehashedRecording, RehashReport
    from recctl.rehash.leaving import LeftBehind
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[RehashReport, View], Iterator[str]]:
    """What shows a re-hashing in a format. Raises RecctlError where there is no such format."""
    return load_renderer("rehash", name)


def summarise_rehash(report: RehashReport) -> Iterator[str]:
    """What it comes to, in a line or a few."""
    replaced = sum(entry.facts.replaced_by is not None for entry in report.entries)
    outdated = report.count(NameStatus.OUTDATED)
    counts = [f"{report.count(NameStatus.CURRENT):,} current", f"{outdated:,} outdated"]
    if outdated:
        counts[-1] += f" ({replaced:,} replaced, {outdated - replaced:,} stranded)"
    counts += [
        f"{report.count(status):,} {status.replace('-', ' ')}"
        for status in (NameStatus.AHEAD, NameStatus.UNEXPLAINED, NameStatus.NOT_APPLICABLE)
        if report.count(status)
    ]
    total = len(report.entries)
    yield f"{show_count(total, 'recording')}: {', '.join(counts)}"
    contested = report.contested
    if contested and not report.is_narrow:
        files = sum(map(len, contested.values()))
        yield f"{show_count(len(contested), 'name')} wanted by {files:,} recordings"
    hashed = [entry.facts for entry in report.entries if entry.facts.is_named_by_hash]
    unheld = Counter(facts.scheme for facts in hashed if not facts.is_held)
    for scheme, count in sorted(unheld.items()):
        where = f" for {count:,} of them" if count < total else ""
        yield f"no scheme is set{where}, {scheme} is taken: set scheme, or give --to, to be held to one"
    yield from _summarise_actions(report)


def describe_left(report: RehashReport) -> Iterator[str]:
    """What stays as it is because nobody asked for it, and who would take it."""
    left = [entry.facts for entry in report.entries if entry.action is None and not report.is_narrow]
    if any(facts.replaced_by is not None for facts in left):
        yield "what was replaced stays: recctl prune takes it, --include-replaced re-hashes it"
    if any(facts.status is NameStatus.UNEXPLAINED for facts in left):
        yield "what no scheme explains stays: --include-unexplained re-hashes it"
    without_test = sum(entry.remark == NO_TEST for entry in report.entries)
    if without_test:
        count = show_count(without_test, "recording")
        yield (
            f"{count} of no test held back: --test-ids FILE gives them their tests, "
            "--include-without-test moves them all the same"
        )


def describe_left_behind(left: Sequence[LeftBehind]) -> Iterator[str]:
    """The recordings that a commit leaves behind, by test file, and the commands that follow."""
    for each in left[:_MOST_FILES]:
        verb = "belongs" if each.recordings == 1 else "belong"
        became = "is staged as deleted" if each.new_file is None else f"is staged as {each.new_file}"
        yield f"{show_count(each.recordings, 'recording')} {verb} to {each.file}, which {became}"
    if len(left) > _MOST_FILES:
        yield f"... and to {show_count(len(left) - _MOST_FILES, 'more file')}"
    if any(each.new_file is not None for each in left):
        yield "to let them follow: recctl mv --staged --apply"
    if any(each.new_file is None for each in left):
        yield "to see what can go: recctl prune --grade orphan"


_MOST_FILES = 12


def _summarise_actions(report: RehashReport) -> Iterator[str]:
    counts = Counter(entry.action for entry in report.entries)
    counts[Action.MOVE] = len(list_moved(report))
    counts[Action.DELETE] += len(report.deleted)
    words = {Action.MOVE: "move", Action.EDIT: "edit", Action.DELETE: "delete"}
    told = [f"{word} {counts[action]:,}" for action, word in words.items() if counts[action]]
    if told and report.is_applied:
        yield f"done: {', '.join(told)}; recctl undo {report.run_id} takes it back"
    elif told:
        yield f"would {', '.join(told)}; --apply does it"
    if any(collision.kept is None for collision in report.collisions):
        hint = "--prefer newest, --prefer PATH or --merge-identical settles it"
        yield f"what would get the same name as another is held back: {hint}"
    for index in report.old_indexes:
        yield f"{index} is an older recorder's index, which today's does not read: it can go"


def list_moved(report: RehashReport) -> list[RehashedRecording]:
    """What is moved, with the first recording of a file for all of them: a file goes as a whole."""
    moved = [entry for entry in report.entries if entry.action is Action.MOVE]
    first = {entry.facts.path: entry for entry in reversed(moved)}
    return [entry for entry in moved if first[entry.facts.path] is entry]
