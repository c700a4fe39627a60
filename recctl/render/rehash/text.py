"""Where recordings stand and what becomes of them, as text for people."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_count
from recctl.naming.facts import NameStatus
from recctl.recordings.names import shorten_name
from recctl.rehash import Action
from recctl.rehash.proposals import NO_TEST
from recctl.render.kit.columns import shorten_test
from recctl.render.kit.terminal import Line, Span, line, render_lines
from recctl.render.rehash import list_moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.rehash import RehashedRecording, RehashReport
    from recctl.rehash.collisions import Collision
    from recctl.render.kit.view import View

MOST_LISTED = 50
"""How many lines there are, but for headings, unless more is wanted."""

_MOST_CHANGES = 3

_LEAST_TEST = 30
"""How many cells a test has at least."""


_CHUNK = re.compile(r"/response/body/[0-9]+(?=/)")


class _Section(NamedTuple):
    title: str
    style: str
    lines: list[Line]
    size: int


def render(report: RehashReport, view: View) -> Iterator[str]:
    """What has to be known first, each kind under its heading; what is long is cut short."""
    sections = [section for section in _divide(report, view) if section.size]
    left, cut = MOST_LISTED, 0
    for title, style, lines, size in sections:
        yield from render_lines([line(Span(f"{title}: {size:,}", style))], view.unbroken)
        shown = lines if view.verbose else lines[:left]
        yield from render_lines(shown, view.unbroken)
        left -= len(shown)
        cut += len(lines) - len(shown)
    if cut:
        yield from render_lines([line(Span(f"{cut:,} more lines: -v shows them", "dim"))], view)


def _divide(report: RehashReport, view: View) -> Iterator[_Section]:
    entries, verbose = report.entries, view.verbose

    def section(
        title: str,
        style: str,
        entries: list[RehashedRecording],
        tell: Callable[[RehashedRecording, View], Iterator[Line]],
    ) -> _Section:
        return _Section(title, style, [told for entry in entries for told in tell(entry, view)], len(entries))

    of_action = {action: [entry for entry in entries if entry.action is action] for action in Action}
    is_wide = verbose or not report.is_narrow
    idle = [entry for entry in entries if entry.action is None and is_wide]
    held_back = of_action[Action.HOLD_BACK]
    without_test = [entry for entry in held_back if entry.remark == NO_TEST]
    others = [entry for entry in held_back if entry.remark != NO_TEST]
    yield section("held back", "bold red", others, _describe_remark)
    lines = [told for collision in report.collisions for told in _describe_collision(collision)]
    yield _Section("names that several would get", "bold yellow", lines, len(report.collisions))
    stranded = [entry for entry in idle if entry.facts.is_stranded]
    yield section("stranded, no longer found by the recorder", "bold red", stranded, _describe_reason)
    done = "" if report.is_applied else "to be "
    yield section(f"{done}moved", "bold green", list_moved(report), _describe_move)
    yield section(f"{done}edited", "bold green", of_action[Action.EDIT], _describe_edit)
    yield section(f"{done}deleted", "bold yellow", of_action[Action.DELETE], _describe_remark)
    yield section("held back, of no test", "bold red", without_test, _describe_reason)
    ahead = [entry for entry in idle if entry.facts.status is NameStatus.AHEAD]
    yield section("ahead", "bold yellow", ahead, _describe_reason)
    unexplained = [entry for entry in idle if entry.facts.status is NameStatus.UNEXPLAINED]
    yield section("unexplained", "bold yellow", unexplained, _describe_reason)
    if verbose:
        replaced = [entry for entry in idle if entry.facts.replaced_by is not None]
        yield section("replaced", "bold", replaced, _describe_reason)
        unjudged = [entry for entry in idle if entry.facts.status is NameStatus.NOT_APPLICABLE]
        yield section("not applicable", "bold", unjudged, _describe_reason)
        contested = [
            line(f"{facts.destination.name}: {facts.path}", indent=2)
            for all_facts in report.contested.values()
            for facts in all_facts
            if facts.destination is not None
        ]
        yield _Section("names that several recordings would get", "bold", contested, len(report.contested))


def _describe_reason(entry: RehashedRecording, view: View) -> Iterator[Line]:
    rivals = len(entry.facts.conflicts_with)
    wanted = f"; {show_count(rivals, 'other')} want{'s' * (rivals == 1)} that name" if rivals else ""
    yield line(*_name(entry, view), f": {entry.reason}{wanted}", indent=2)


def _describe_remark(entry: RehashedRecording, view: View) -> Iterator[Line]:
    yield line(*_name(entry, view), f": {entry.remark}", indent=2)


def _describe_move(entry: RehashedRecording, view: View) -> Iterator[Line]:
    path, new_path = entry.facts.path, entry.new_path or ""
    folder, name = posixpath.split(new_path)
    shown = name if folder == posixpath.dirname(path) else new_path
    if view.width is not None:
        shown = posixpath.join(posixpath.dirname(shown), shorten_name(name))
    yield line(*_name(entry, view), f" -> {shown}{_list_changes(entry)}", indent=2)
    yield from (line(f"copy: {copy}", indent=4) for copy in entry.copies)
    if entry.remark:
        yield line(Span(entry.remark, "dim"), indent=4)


def _describe_edit(entry: RehashedRecording, view: View) -> Iterator[Line]:
    yield line(*_name(entry, view), _list_changes(entry), indent=2)
    if entry.remark:
        yield line(Span(entry.remark, "dim"), indent=4)


def _name(entry: RehashedRecording, view: View) -> tuple[Span, ...]:
    """What a recording is called: its path; on a terminal its test, and the beginning of its file's name."""
    key, test_id = entry.facts.key, entry.facts.shown_test_id or entry.facts.test_id
    if view.width is None or test_id is None:
        return (Span(str(key), link=str(key)),)
    name = shorten_name(posixpath.basename(key.path))
    name = name if key.number is None else f"{name}#{key.number}"
    room = max(_LEAST_TEST, view.width // 2)
    return Span(shorten_test(test_id, room), "bold"), Span("  "), Span(name, "dim", link=str(key))


def _list_changes(entry: RehashedRecording) -> str:
    """Where the content changes, in a few words: the ids of all chunks of a stream are one place."""
    places = list(dict.fromkeys(_CHUNK.sub("/response/body/*", pointer) for pointer in entry.changes))
    more = f" and {len(places) - _MOST_CHANGES} more" if len(places) > _MOST_CHANGES else ""
    return f" ({', '.join(places[:_MOST_CHANGES])}{more})" if places else ""


def _describe_collision(collision: Collision) -> Iterator[Line]:
    yield line(collision.wanted, indent=2)
    for member in collision.members:
        kept = f", kept: {collision.why}" if member is collision.kept else ""
        yield line(f"{member.path}: {member.difference}{kept}", indent=4)
