"""Baselines: the findings that a project has taken note of, so that only new ones fail.

A finding is known by its rule, its file and what it points at (the JSON pointer, or the message where there
is none; for a secret, what it looks like as well): lines may move, and the finding stays known. The file is
JSON, sorted, made to be committed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.errors import RecctlError, describe_os_error
from recctl.checks.file import INTERNAL_ERROR
from recctl.checks.secret import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.checks.finding import CheckReport, Finding
    from recctl.input.sources import Target

_VERSION = "recctl.baseline.v2"
_OLD_VERSION = "recctl.baseline.v1"
"""In it, secrets were known by their places alone: any other one there would pass for them."""


class Known(NamedTuple):
    """What a baseline remembers of a finding. `path` is relative to the baseline's folder."""

    path: str
    rule: str
    at: str


class Compared(NamedTuple):
    """A report without the findings that a baseline knows; how many it knew; what it could now forget."""

    report: CheckReport
    known: int
    fixed: tuple[Known, ...]


def read_baseline(path: Path) -> frozenset[Known]:
    """The findings that a baseline remembers. Raises RecctlError for a file that is none."""
    try:
        document = json.loads(path.read_bytes())
        if document["version"] not in (_VERSION, _OLD_VERSION):
            raise ValueError(document["version"])
        known = frozenset(map(_parse, document["findings"]))
        if not all(isinstance(word, str) for item in known for word in item):
            raise ValueError("these are no findings")
        if document["version"] == _OLD_VERSION:
            known = frozenset(item for item in known if item.rule != SECRET.name)
        return known
    except OSError as error:
        hint = f"write one: {_name_command(path)}"
        raise RecctlError(f"{path}: {describe_os_error(error)}", hint) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RecctlError(f"{path}: not a baseline", f"write it anew: {_name_command(path)}") from None


def _name_command(path: Path) -> str:
    import shlex

    return f"recctl validate --write-baseline {shlex.quote(str(path))}"


def dump_baseline(findings: Iterable[Finding], folder: Path) -> tuple[bytes, int]:
    """The content of a baseline in a folder that knows these findings, and how many those are.

    That a file was not checked is never among them.
    """
    remembered = (finding for finding in findings if finding.rule != INTERNAL_ERROR.name)
    known = sorted({_remember(finding, folder) for finding in remembered})
    document = {"version": _VERSION, "findings": [item._asdict() for item in known]}
    return json.dumps(document, indent=2).encode() + b"\n", len(known)


def compare_with_baseline(report: CheckReport, path: Path, looked_at: Iterable[Target]) -> Compared:
    """Take out of a report what the baseline knows.

    `looked_at` are the files that were to be checked: only of the rules in force for those that could be, and
    of files that are no longer there, can it be said that a finding is gone.
    """
    known = frozenset(item for item in read_baseline(path) if item.rule != INTERNAL_ERROR.name)
    remembered = [(finding, _remember(finding, path.parent)) for finding in report.findings]
    found = {item for _, item in remembered}
    new = tuple(finding for finding, item in remembered if item not in known)
    unread = {_relative(error.name, path.parent) for error in report.errors}
    checked = {_relative(target.file, path.parent): target.settings for target in looked_at}

    def is_gone(item: Known) -> bool:
        if item.path in unread:
            return False
        settings = checked.get(item.path)
        return settings.applies(item.rule) if settings else not os.path.exists(path.parent / item.path)  # noqa: PTH110  (Path.exists raises for names that are too long)

    fixed = tuple(sorted(filter(is_gone, known - found)))
    return Compared(report._replace(findings=new), len(report.findings) - len(new), fixed)


def _parse(item: dict[str, Any]) -> Known:
    known = Known(item["path"], item["rule"], item["at"])
    if not all(isinstance(part, str) for part in known):
        raise TypeError("not texts")
    return known


def _remember(finding: Finding, folder: Path) -> Known:
    return Known(_relative(finding.path, folder), finding.rule, finding.at)


def _relative(name: str, folder: Path) -> str:
    return Path(os.path.relpath(name, folder)).as_posix()
