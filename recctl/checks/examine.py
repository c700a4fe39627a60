"""One file under all rules that look at one file."""

from __future__ import annotations

from functools import cache, lru_cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.checks import account, content, schema, stream, tools
from recctl.checks.conversation import MOVED_CACHE_PREFIX, check_prefixes, list_calls
from recctl.checks.file import check_file, find_empty, find_load_error, find_unread
from recctl.checks.finding import EXCERPT_REACH, Examined, Finding, Severity
from recctl.checks.identity import MISPLACED, check_place
from recctl.checks.secret import (
    SECRET,
    check_secrets,
    find_secrets_outside,
    hide_secrets,
    list_secrets_of_text,
)
from recctl.input.sources import read
from recctl.naming.survey import find_facts
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.load import load, read_text
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Unread
from recctl.wire import read_exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from recctl.checks.finding import Rule
    from recctl.input.sources import Target
    from recctl.naming.facts import Calls, Facts
    from recctl.project import Settings
    from recctl.recordings.source import Source
    from recctl.wire import Exchange

    _Check = Callable[[Exchange], Iterable[Finding]]


def examine(target: Target, root: Path, *, with_facts: bool = True, with_turn: bool = True) -> Examined:
    """Read one file of the project at `root` and apply the rules that look at one file. Raises nothing.

    What goes wrong in recctl itself is a finding, too. `with_facts` asks for what is known of names and
    places, and `with_turn` is as in `find_facts`.
    """
    examined = attempt(target.file, _examine, target, root, with_facts, with_turn)
    return Examined((find_unread(examined),)) if isinstance(examined, Unread) else examined


def _examine(target: Target, root: Path, with_facts: bool, with_turn: bool) -> Examined:
    source = read(target)
    if isinstance(source, Unread):
        return Examined((find_unread(source),)) if source.too_large else Examined(error=source, recordings=0)
    findings: list[Finding] = []
    all_facts: list[Facts] = []
    secrets: set[str] = set()
    items, text = load(source), partial(read_text, source)
    of_file = _check_together(source, items)
    if any(isinstance(item, LoadError) and item.is_other for item in items):
        return Examined((), recordings=0)
    if not items:
        findings += [*of_file.get(0, ()), find_empty(source)]
    for item in items:
        if isinstance(item, LoadError):
            findings.append(find_load_error(item))
            continue
        checked = check_recording(item, of_file.get(item.index, ()))
        findings += _add_positions(item, checked.findings)
        secrets |= checked.secrets
        if with_facts and source.place is not None:
            facts = find_facts(item, root, with_turn=with_turn)
            all_facts.append(facts._replace(shown_test_id=checked.test_id, calls=checked.calls))
    if not items or any(isinstance(item, LoadError) or not _is_all(item) for item in items):
        told, spelled = find_secrets_outside(source, text(), secrets)
        if spelled:
            findings = [*hide_secrets(findings, spelled, source.settings.secrets), *told]
    findings = _add_excerpts(source, text, findings)
    count = sum(item.total if isinstance(item, LoadError) else 1 for item in items)
    return Examined(tuple(findings), tuple(all_facts), recordings=count)


def _check_together(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Finding]]:
    """What is wrong with a file's recordings beside what each says, by their indexes."""
    found = check_file(source, items)
    if len(items) > 1 and MOVED_CACHE_PREFIX.is_in_force(source.settings):
        for recording, finding in check_prefixes([item for item in items if isinstance(item, Recording)]):
            found.setdefault(recording.index, []).append(finding)
    return found


def _is_all(recording: Recording) -> bool:
    """Whether a file holds nothing that its recordings, or else the rules for this one, do not know of."""
    return recording.is_alone or recording.as_written


class Checked(NamedTuple):
    """What all rules find in one recording, its test, its tool calls, and its secrets as spelled."""

    findings: list[Finding]
    test_id: str | None
    calls: Calls
    secrets: set[str]


def check_recording(recording: Recording, of_file: Sequence[Finding] = ()) -> Checked:
    """What the rules in force find in one recording. What they quote of a secret is hidden.

    `of_file` are the findings on how it is written down.
    """
    exchange = read_exchange(recording)
    found = [*of_file]
    for check in _list_checks(recording.source.settings):
        found += check(exchange)
    settings = recording.source.settings.secrets
    told, secrets = check_secrets(recording, exchange, settings)
    number, test_id = recording.key.number, recording.test_id
    if secrets:
        named = Finding("", Severity.NOTE, "", "", test_id=test_id)
        *found, named = hide_secrets([*found, named], secrets, settings)
        test_id = named.test_id
    found = [finding._replace(number=number, test_id=test_id) for finding in (*found, *told)]
    return Checked(found, test_id, list_calls(exchange), secrets)


_CHECKS: tuple[tuple[tuple[Rule, ...], _Check], ...] = (
    ((MISPLACED,), lambda exchange: check_place(exchange.recording)),
    (schema.RULES, lambda exchange: schema.check_schema(exchange.recording)),
    (schema.RULES, lambda exchange: schema.check_events(exchange.recording, exchange.completion)),
    (stream.RULES, lambda exchange: stream.check_stream(exchange.recording, exchange)),
    (content.RULES, lambda exchange: content.check_content(exchange.recording, exchange)),
    (tools.RULES, lambda exchange: tools.check_tools(exchange.recording, exchange)),
    (account.RULES, lambda exchange: account.check_accounts(exchange.recording)),
)
"""The rules, with what checks them. Secrets are not among these: they are hidden in what others quote."""


@lru_cache(maxsize=64)
def _list_checks(settings: Settings) -> tuple[_Check, ...]:
    """What checks the rules that are in force."""
    return tuple(check for rules, check in _CHECKS if any(rule.is_in_force(settings) for rule in rules))


def _add_positions(recording: Recording, findings: list[Finding]) -> list[Finding]:
    """The findings, with lines and columns for those that point at a value."""
    missing = {finding.pointer for finding in findings if finding.position is None} - {None}
    if not missing:
        return findings
    wanted = [pointer for pointer in missing if pointer is not None]
    positions = load_format(recording.format).locate(recording.source, recording.index, wanted)
    return [
        finding._replace(position=finding.position or positions.get(finding.pointer or ""))
        if finding.pointer is not None
        else finding
        for finding in findings
    ]


def _add_excerpts(source: Source, read: Callable[[], str], findings: list[Finding]) -> list[Finding]:
    """The findings, with a piece of the line for those that point at one.

    A file with a secret in it is not quoted: parts of the secret can stand on any of its lines. Of a long one
    whose recordings hold none, only what surrounds a quotation is looked at again: comments, for example.
    Nor is what tells of an account.
    """
    has_secret = any(finding.rule == SECRET.name for finding in findings)
    if has_secret or not any(finding.position for finding in findings):
        return findings
    text = read()
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    @cache
    def may_quote(part: int) -> bool:
        around = text[max(0, part - 1) * _PART : (part + 2) * _PART]
        return not list_secrets_of_text(around, source.settings.secrets)

    def quote(line: int, column: int) -> str | None:
        is_safe = may_quote((starts[line - 1] + column - 1) // _PART)
        return _cut_excerpt(lines[line - 1], column) if is_safe else None

    return [
        finding._replace(excerpt=quote(*finding.position))
        if finding.position is not None and finding.rule != account.ACCOUNT_ID.name
        else finding
        for finding in findings
    ]


_PART = 32_768
"""Characters: more than the longest secret with its name and what is quoted."""


def _cut_excerpt(line: str, column: int) -> str | None:
    """What a finding quotes of its line; nothing of a file that is not text."""
    start = max(0, column - 1 - EXCERPT_REACH)
    excerpt = line.removesuffix("\r")[start : column - 1 + EXCERPT_REACH]
    return None if "\0" in excerpt else excerpt
