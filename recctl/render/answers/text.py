"""Answers of find as text for people: what was looked for, why it is not there, what is nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.inventory.answer import Cause
from recctl.recordings.names import shorten_name
from recctl.render.kit.columns import cut_end, cut_start, shorten_test
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.inventory.answer import Answer, FieldChange, Findings, Nearby, Since
    from recctl.inventory.entry import IndexEntry
    from recctl.render.kit.view import View

_TITLES = {
    Cause.FOUND: ("found", "bold green"),
    Cause.OTHER_NAME: ("under another name", "bold yellow"),
    Cause.GONE: ("gone", "bold red"),
    Cause.NO_FILE: ("no file", "bold red"),
    Cause.EMPTY_FILE: ("not in the file", "bold red"),
    Cause.ALL_PLAYED: ("all played", "bold yellow"),
    Cause.OTHER_URL: ("another url", "bold red"),
    Cause.OTHER_MATCHER: ("does not match", "bold red"),
    Cause.CHANGED: ("not there", "bold red"),
    Cause.UNKNOWN: ("not there", "bold red"),
}
_LISTED = 20
_CHANGES = 12
_WORD = 200
_LABEL = 10
"""Cells: what comes before each line of an answer."""


def render(findings: Findings, view: View) -> Iterator[str]:
    """The answers, one after the other; with -v, all recordings and all changes."""
    for number, answer in enumerate(findings.answers):
        separator = [line()] if number else []
        yield from render_lines((*separator, *_describe_answer(answer, view)), view)


def _describe_answer(answer: Answer, view: View) -> Iterator[Line]:
    query = answer.query
    title, style = _TITLES[answer.cause]
    word = query.word if len(query.word) <= _WORD else f"{query.word[: _WORD - 1]}…"
    yield line(Span(f"{title}: ", style), Span(word, "bold"), hang=0)
    if answer.told:
        yield line(answer.told, indent=2)
    if query.line is not None:
        yield from _describe_field("said", f"line {query.line:,}, by {query.recorder}")
    if query.test is not None and query.test != query.word:
        yield from _describe_field("test", _show_test(query.test, view), "cyan", is_whole=True)
    if not answer.is_found:
        for place in answer.expected:
            yield from _describe_field("looked at", place, is_whole=True)
    yield from _describe_recordings("is", answer.found, view)
    yield from _describe_recordings("nearest", answer.nearest, view)
    if answer.since is not None:
        yield from _describe_since(answer.since)
    if answer.command is not None:
        yield from _describe_field("try", answer.command, "bold", is_whole=True)


def _describe_field(label: str, text: str, style: str = "", *, is_whole: bool = False) -> Iterator[Line]:
    spans = (Span(f"{label:<{_LABEL}}", "dim"), Span(text, style))
    yield line(*spans, indent=2, hang=_LABEL, is_whole=is_whole)


def _describe_since(since: Since) -> Iterator[Line]:
    if since.commit is None:
        yield from _describe_field("since", f"a change that is not committed: it {since.what}")
        return
    subject = f" ({since.subject})" if since.subject else ""
    told = f"{since.date} commit {since.commit[:_DIGITS]} {since.what}{subject}".strip()
    yield from _describe_field("since", told)


_DIGITS = 12


def _list_labels(nearby: Nearby) -> str:
    """The names of what differs, each once."""
    every = (each.change.label or each.change.where for each in nearby.differing)
    labels = dict.fromkeys(label.partition(": ")[0] for label in every)
    return ", ".join([*labels][:_CHANGES]) + (", …" if len(labels) > _CHANGES else "")


def _describe_recordings(label: str, found: Sequence[Nearby], view: View) -> Iterator[Line]:
    """Recordings, each with what differs; those of one test are told below it."""
    most = len(found) if view.verbose else _LISTED
    test = None
    for number, nearby in enumerate(found[:most]):
        entry = nearby.entry
        if number == 0 or entry.test_id != test:
            test = entry.test_id
            shown = _show_test(test, view)
            yield from _describe_field(label if number == 0 else "", shown, "cyan", is_whole=True)
        yield line(Span(_show_key(entry, view), link=entry.facts.path), indent=2 + _LABEL, is_whole=True)
        told = _describe(entry)
        if view.width is not None:
            told = cut_end(told, max(_ROOM, view.width - 4 - _LABEL))
        yield line(Span(told, "dim"), indent=4 + _LABEL)
        if number and nearby.changes and not view.verbose:
            yield line(Span("differs in ", "dim"), _list_labels(nearby), indent=4 + _LABEL)
        else:
            yield from _describe_changes(nearby, view)
    if len(found) > most:
        yield line(Span(f"and {len(found) - most:,} more; -v lists them", "dim"), indent=2 + _LABEL)


def _show_key(entry: IndexEntry, view: View) -> str:
    """A recording's key: whole where it may be copied, on a terminal no longer than that is wide."""
    if view.width is None:
        return str(entry.key)
    folder, slash, name = entry.key.path.rpartition("/")
    number = "" if entry.key.number is None else f"#{entry.key.number}"
    return cut_start(f"{folder}{slash}{shorten_name(name)}{number}", max(_ROOM, view.width - 2 - _LABEL))


def _show_test(test: str | None, view: View) -> str:
    """A test's id, as long as there is room for it."""
    if test is None or view.width is None:
        return test or "of no test"
    return shorten_test(test, max(_ROOM, view.width - 2 - _LABEL))


_ROOM = 20


def _describe(entry: IndexEntry) -> str:
    """What a recording is, in a line."""
    told = [f"{entry.method} {entry.endpoint}"]
    if entry.model and entry.model not in entry.endpoint:
        told.append(entry.model)
    if entry.turn > 1:
        told.append(f"turn {entry.turn}")
    if entry.state not in ("current", "by-test", "not-applicable"):
        told.append(entry.state.value)
    what = ", ".join(told)
    return f"{what}: {entry.asked}" if entry.asked else what


def _describe_changes(nearby: Nearby, view: View) -> Iterator[Line]:
    if not nearby.changes:
        return
    told = nearby.differing
    seen = [each for each in told if each.overlooked_by is None]
    most = len(seen) if view.verbose else _CHANGES
    for each in seen[:most]:
        yield from _describe_change(each, view)
    if len(seen) > most:
        yield line(Span(f"and {len(seen) - most:,} more fields; -v shows them", "dim"), indent=4 + _LABEL)
    overlooked: dict[str, list[FieldChange]] = {}
    for each in told:
        if each.overlooked_by is not None:
            overlooked.setdefault(each.overlooked_by, []).append(each)
    for reason, changes in overlooked.items():
        yield line(Span(f"{reason}:", "dim"), indent=4 + _LABEL)
        for each in changes[: len(changes) if view.verbose else _CHANGES]:
            yield from _describe_change(each, view)


def _describe_change(told: FieldChange, view: View) -> Iterator[Line]:
    from recctl.render.changes.text import describe_long, needs_lines, spell_short

    change = told.change
    label = change.label or change.where
    indent = 4 + _LABEL
    if needs_lines(change.left, change.right) and change.left is not None and change.right is not None:
        yield line(Span(f"{label}:", "bold"), indent=indent)
        for each in describe_long(change.left, change.right, view):
            yield each._replace(indent=indent + 2)
        return
    yield line(Span(f"{label}: ", "bold"), *spell_short(change.left, change.right), indent=indent)
