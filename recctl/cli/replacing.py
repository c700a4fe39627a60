"""What a file of results may replace."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from recctl.base.errors import RecctlError

_HINT = "name another file with -o"
_RESULT = (  # compiled where it is needed, which is seldom
    rb"\s*(?:"
    rb'\{\s*"version":\s*"recctl\.(?P<kind>\w+)\.v\d+"'
    rb'|\{\s*"\$schema":[^{}]{,200}"runs":\s*\[\s*\{\s*"tool":\s*\{\s*"driver":\s*\{\s*"name":\s*"recctl"'
    rb'|\{\s*"\$schema":[^{}]{,200}"\$id":\s*"https://recctl\.dev/schemas/'
    rb'|<\?xml[^<>]*>\s*<testsuites>\s*<testsuite name="recctl '
    rb")"
)
"""How results begin that are written for programs: JSON, JSON lines, SARIF, JSON Schemas, JUnit XML."""

_INPUTS = ("baseline", "drift_baseline", "track")
"""The kinds of documents that are read as well: only who writes such a one replaces it."""

_NO_RESULTS = (".py", ".pyi", ".ipynb", ".toml", ".cfg", ".ini", ".lock", ".json", ".jsonl", ".sarif", ".xml")
"""The endings of files that are code, configuration or data, unless they begin as results do."""

_HEAD = 1000


def check_replaceable(output: str | None, kind: str | None = None) -> None:
    """Raises RecctlError where a file of results would take the place of what is no such file.

    A name that is free is fine, and so is an empty file, a pipe, or results of an earlier run: for programs,
    they are known by how they begin. What begins otherwise is not replaced when its name says that it is
    code, configuration or data, nor when it holds a recording. A link is not written through: it may have
    come with the repository. `kind` is that of a document that is read again: it replaces only its own kind.
    """
    if output is None:
        return
    if not output:
        raise RecctlError("no file is named for what is to be written", "name one that can be written")
    path = Path(output)
    if path.is_symlink() and not _is_system(path) and not _leads_to_device(path):
        raise RecctlError(f"{output}: is a link", "name the file that it leads to")
    if not _PRIVATE.isdisjoint(part.casefold() for part in Path(os.path.realpath(path)).parts):
        raise RecctlError(f"{output}: belongs to git or to recctl itself", _HINT)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:  # it is not there, or can't be read; what can't be written will be told
        return
    found = re.match(_RESULT, head)
    known = found["kind"].decode() if found and found["kind"] else None
    if kind is not None:
        if known == kind:
            return
        what = f"is no {_spell(kind)} file"
    else:
        if known not in _INPUTS and (found or not (_is_data(path) or _holds_recording(path, status.st_size))):
            return
        is_input = known is not None and known in _INPUTS
        what = (
            f"is a {known.replace('_', ' ')} file" if known and is_input else "is no earlier result of recctl"
        )
    raise RecctlError(f"{output}: is there already, and {what}", "remove it, or name another file")


def _spell(kind: str | None) -> str:
    return (kind or "").replace("_", " ")


_PRIVATE = {".git", ".recctl"}


def _is_system(path: Path) -> bool:
    """Whether a link is one of the system's own, such as /dev/stderr."""
    return Path(os.path.abspath(path)).is_relative_to("/dev")  # noqa: PTH100  (links are not to be followed)


def _leads_to_device(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _is_data(path: Path) -> bool:
    from recctl.recordings.formats import list_suffixes

    name = path.name.lower()
    return name.endswith((*_NO_RESULTS, *list_suffixes())) or name.startswith(".git")


def _holds_recording(path: Path, size: int) -> bool:
    """Whether a file is a recording by what is in it, whatever its name says."""
    from recctl.project import Settings
    from recctl.recordings.load import load
    from recctl.recordings.recording import Recording
    from recctl.recordings.source import Source

    settings = Settings()
    if size > settings.max_size:
        return False
    source = Source(path.name, path.read_bytes(), None, settings)
    return any(isinstance(item, Recording) for item in load(source))
