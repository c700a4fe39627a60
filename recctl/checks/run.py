"""The one pass over the files that applies all rules."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from recctl.checks.file import check_file, find_load_error, find_unread
from recctl.checks.finding import Finding, Report, Rule
from recctl.checks.identity import (
    Named,
    check_identities,
    check_identity,
    describe_schemes,
    name_recording,
)
from recctl.checks.schema import check_schema
from recctl.errors import RecctlError, did_you_mean
from recctl.recording import LoadError, Recording, load, locate
from recctl.schemes import RELEASED, get_scheme
from recctl.sources import Source, Unread, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.project import Project
    from recctl.sources import Selection, Target

_FAMILIES = ("file", "identity", "schema")


def list_rules() -> tuple[Rule, ...]:
    """All rules, by name."""
    families = (import_module(f"recctl.checks.{family}") for family in _FAMILIES)
    return tuple(sorted((rule for family in families for rule in family.RULES), key=lambda rule: rule.name))


class Examined(NamedTuple):
    """What one file gave, looked at by itself: findings, the facts for rules across files, or an error."""

    findings: tuple[Finding, ...] = ()
    names: tuple[Named, ...] = ()
    test_ids: frozenset[str | None] = frozenset()
    error: Unread | None = None


def validate(project: Project, selection: Selection) -> Report:
    """Check all that was selected, one file at a time.

    Raises RecctlError when the configuration names an unknown rule or scheme.
    """
    _check_settings(project)
    examined = [examine(target) for target in selection.targets]
    names = [named for file in examined for named in file.names]
    test_ids = {test_id for file in examined for test_id in file.test_ids}
    neighbours = list(_name_neighbours(selection.neighbours(project), test_ids))
    findings = [finding for file in examined for finding in file.findings]
    findings += check_identities(names, neighbours)
    ignored = {target.name: target.settings.ignore for target in selection.targets}
    errors = [*selection.unread, *(file.error for file in examined if file.error is not None)]
    return Report(
        checked=sum(file.error is None for file in examined),
        ignored=selection.ignored,
        findings=tuple(sorted((f for f in findings if f.rule not in ignored[f.path]), key=_order)),
        errors=tuple(sorted(errors, key=lambda error: error.name)),
        remark=describe_schemes(names),
    )


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
            findings.append(find_load_error(item))
            continue
        named = name_recording(item)
        names += [named] if named is not None else []
        test_ids.add(item.test_id)
        found = [*check_file(item), *check_schema(item), *check_identity(item, named)]
        findings += _add_positions(source, found)
    return Examined(tuple(findings), tuple(names), frozenset(test_ids))


def _add_positions(source: Source, findings: list[Finding]) -> list[Finding]:
    """The findings, with lines and columns for those that point at a value."""
    missing = {finding.pointer for finding in findings if finding.position is None} - {None}
    if not missing:
        return findings
    positions = locate(source.content.decode(), [pointer for pointer in missing if pointer is not None])
    return [
        finding._replace(position=finding.position or positions.get(finding.pointer or ""))
        if finding.pointer is not None
        else finding
        for finding in findings
    ]


_TEST_ID = re.compile(rb'\s*\{\s*"test_id"\s*:\s*("(?:[^"\\]|\\.)*"|null)')
_HEAD_SIZE = 2048


def _name_neighbours(targets: Iterable[Target], test_ids: set[str | None]) -> Iterator[Named]:
    """The names of the recordings beside the named ones that may be of the same tests."""
    for target in targets:
        assert target.path is not None  # noqa: S101  (neighbours are files)
        try:
            with target.path.open("rb") as file:
                head = _TEST_ID.match(file.read(_HEAD_SIZE))
            if head is not None and json.loads(head[1]) not in test_ids:
                continue
        except (OSError, ValueError):
            continue
        source = read(target)
        for item in load(source) if isinstance(source, Source) else ():
            named = name_recording(item) if isinstance(item, Recording) else None
            if named is not None:
                yield named


def _check_settings(project: Project) -> None:
    rules = [rule.name for rule in list_rules()]
    schemes = [scheme.name for scheme in RELEASED]
    for settings in project.all_settings():
        for name in settings.ignore:
            if name not in rules:
                raise RecctlError(f"unknown rule {name!r}", _suggest(name, rules))
        if settings.scheme is not None and get_scheme(settings.scheme) is None:
            raise RecctlError(f"unknown scheme {settings.scheme!r}", _suggest(settings.scheme, schemes))


def _suggest(word: str, known: list[str]) -> str:
    return did_you_mean(word, known) or f"known are {', '.join(known)}"


def _order(finding: Finding) -> tuple[str, tuple[int, int], str, str]:
    return finding.path, finding.position or (0, 0), finding.rule, finding.message
