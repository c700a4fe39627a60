"""The one pass over the files that applies all rules."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from recctl.checks.content import check_content
from recctl.checks.file import check_file, find_load_error, find_unread
from recctl.checks.finding import EXCERPT_REACH, Examined, Finding, Report, Rule
from recctl.checks.identity import (
    Named,
    check_identities,
    check_identity,
    describe_schemes,
    name_recording,
)
from recctl.checks.schema import check_schema
from recctl.checks.secret import SECRET, check_secrets, mask_secrets
from recctl.checks.stream import check_stream
from recctl.checks.tools import check_tools
from recctl.errors import RecctlError, suggest
from recctl.parallel import map_files
from recctl.recording import LoadError, Recording, load
from recctl.schemes import RELEASED, get_scheme
from recctl.sources import Unread, read
from recctl.standing import read_fellows
from recctl.wire import read_exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.cache import Cache
    from recctl.project import Project
    from recctl.sources import Selection, Source, Target

_FAMILIES = ("content", "file", "identity", "schema", "secret", "stream", "tools")

Watch = Callable[[int], None]


def _ignore(done: int) -> None:  # noqa: ARG001  (a Watch that does nothing)
    return


def list_rules() -> tuple[Rule, ...]:
    """All rules, by name."""
    families = (import_module(f"recctl.checks.{family}") for family in _FAMILIES)
    return tuple(sorted((rule for family in families for rule in family.RULES), key=lambda rule: rule.name))


def validate(
    project: Project,
    selection: Selection,
    *,
    jobs: int | None = None,
    cache: Cache | None = None,
    watch: Watch = _ignore,
) -> Report:
    """Check all that was selected, one file at a time; the report is the same for any number of `jobs`.

    `jobs` is how many processes to use, one a core by default. `cache` knows files that have not changed, and
    learns of the others. `watch` is told how many files are done. Raises RecctlError when the configuration
    names an unknown rule or scheme.
    """
    _check_settings(project)
    targets = selection.targets
    found = [cache.get(target) if cache else None for target in targets]
    new = [number for number, examined in enumerate(found) if examined is None]
    results = zip(new, map_files(examine, [targets[number] for number in new], jobs), strict=True)
    for done, (number, examined) in enumerate(results, len(targets) - len(new) + 1):
        found[number] = examined
        watch(done)
        if cache is not None:
            cache.put(targets[number], examined)
    examined_files = [examined for examined in found if examined is not None]
    names = [named for file in examined_files for named in file.names]
    test_ids = {test_id for file in examined_files for test_id in file.test_ids}
    fellows = map(name_recording, read_fellows(selection.neighbours(project), test_ids))
    neighbours = [named for named in fellows if named is not None]
    findings = [finding for file in examined_files for finding in file.findings]
    findings += check_identities(names, neighbours)
    settings = {target.name: target.settings for target in targets}
    errors = [*selection.unread, *(file.error for file in examined_files if file.error is not None)]
    return Report(
        checked=sum(file.error is None for file in examined_files),
        ignored=selection.ignored,
        findings=tuple(sorted((f for f in findings if settings[f.path].applies(f.rule)), key=_order)),
        errors=tuple(sorted(errors, key=lambda error: error.name)),
        remark=describe_schemes(names),
        rules=list_rules(),
    )


WORTH_CACHING = 50
"""How many files there must be for a cache to gain more than reading it costs."""


def examine(target: Target) -> Examined:
    """Read one file and apply the rules that look at one file. Raises nothing."""
    source = read(target)
    if isinstance(source, Unread):
        return Examined((find_unread(source),)) if source.too_large else Examined(error=source)
    findings: list[Finding] = []
    names: list[Named] = []
    test_ids: set[str | None] = set()
    for item in load(source):
        if isinstance(item, LoadError):
            findings += _add_excerpts(source, [find_load_error(item)])
            continue
        named = name_recording(item)
        names += [named] if named is not None else []
        test_ids.add(item.test_id)
        findings += _add_excerpts(source, _add_positions(source, [*_check_recording(item, named)]))
    return Examined(tuple(findings), tuple(names), frozenset(test_ids))


def _check_recording(recording: Recording, named: Named | None) -> Iterator[Finding]:
    exchange = read_exchange(recording)
    yield from check_file(recording)
    yield from check_schema(recording)
    yield from check_identity(recording, named)
    yield from check_stream(recording, exchange)
    yield from check_tools(recording, exchange)
    yield from check_content(recording, exchange)
    yield from check_secrets(recording, exchange, recording.source.settings.secrets)


def _add_positions(source: Source, findings: list[Finding]) -> list[Finding]:
    """The findings, with lines and columns for those that point at a value."""
    missing = {finding.pointer for finding in findings if finding.position is None} - {None}
    if not missing:
        return findings
    from recctl.syntax import locate

    positions = locate(source.content.decode(), [pointer for pointer in missing if pointer is not None])
    return [
        finding._replace(position=finding.position or positions.get(finding.pointer or ""))
        if finding.pointer is not None
        else finding
        for finding in findings
    ]


def _add_excerpts(source: Source, findings: list[Finding]) -> list[Finding]:
    """The findings, with a piece of the line for those that point at one.

    A file with a secret in it is not quoted: parts of the secret can stand on any of its lines.
    """
    if not any(finding.position for finding in findings):
        return findings
    text = source.content.decode("utf-8", "replace")
    has_secret = any(finding.rule == SECRET.name for finding in findings)
    if has_secret or mask_secrets(text, source.settings.secrets) != text:
        return findings
    lines = text.split("\n")
    return [
        finding._replace(excerpt=_cut_excerpt(lines[finding.position.line - 1], finding.position.column))
        if finding.position is not None
        else finding
        for finding in findings
    ]


def _cut_excerpt(line: str, column: int) -> str | None:
    """What a finding quotes of its line; nothing of a file that is not text."""
    start = max(0, column - 1 - EXCERPT_REACH)
    excerpt = line.removesuffix("\r")[start : column - 1 + EXCERPT_REACH]
    return None if "\0" in excerpt else excerpt


def _check_settings(project: Project) -> None:
    """Raises RecctlError when the configuration names a rule or a scheme that there is not."""
    rules = [rule.name for rule in list_rules()]
    schemes = [scheme.name for scheme in RELEASED]
    for settings in project.all_settings():
        for name in (*settings.select, *settings.ignore):
            if name not in rules:
                raise RecctlError(f"unknown rule {name!r}", suggest(name, rules))
        if settings.scheme is not None and get_scheme(settings.scheme) is None:
            raise RecctlError(f"unknown scheme {settings.scheme!r}", suggest(settings.scheme, schemes))


def _order(finding: Finding) -> tuple[str, tuple[int, int], str, str]:
    return finding.path, finding.position or (0, 0), finding.rule, finding.message
