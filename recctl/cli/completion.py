"""What shells complete: names of what is recorded, as far as the index of an earlier call knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.inventory.entry import IndexEntry

_MOST = 200
"""How many words are offered at most."""


def complete_tests(incomplete: str) -> list[str]:
    """The ids of tests that begin so, or else the names of their functions and files."""
    ids = {entry.test_id for entry in _read_entries() if entry.test_id}
    return _offer(ids, incomplete) or _offer({name for each in ids for name in _list_names(each)}, incomplete)


def complete_models(incomplete: str) -> list[str]:
    """The models that were asked."""
    return _offer(_list(lambda entry: entry.model), incomplete)


def complete_endpoints(incomplete: str) -> list[str]:
    """The endpoints that were asked."""
    return _offer(_list(lambda entry: entry.endpoint), incomplete)


def complete_providers(incomplete: str) -> list[str]:
    """The providers that were asked."""
    return _offer(_list(lambda entry: entry.provider), incomplete)


def complete_recordings(incomplete: str) -> list[str]:
    """What `recctl find` may be asked for: tests, and the first digits of hashes."""
    from recctl.recordings.names import is_start, shorten_name

    found = complete_tests(incomplete)
    if is_start(incomplete):
        found += _offer({shorten_name(entry.facts.identity.name) for entry in _read_entries()}, incomplete)
    return found[:_MOST]


def complete_rules(incomplete: str) -> list[str]:
    """The names of rules, also after others and a comma."""
    from recctl.checks.run import list_rules

    before, comma, start = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _offer((rule.name for rule in list_rules()), start)]


def complete_revisions(incomplete: str) -> list[str]:
    """The branches and tags, also after another one and dots; where none fits, a shell offers files."""
    from pathlib import Path

    from recctl.git import GitError, list_names

    before, dots, start = incomplete.rpartition("..")
    try:
        names = list_names(Path.cwd())
    except GitError:
        return []
    return [f"{before}{dots}{name}" for name in _offer(("HEAD", *names), start)]


def complete_runs(incomplete: str) -> list[str]:
    """The numbers of the runs that changed anything, the last one first."""
    from pathlib import Path

    from recctl.base.errors import RecctlError
    from recctl.changes.plan import list_runs
    from recctl.project import find_project

    try:
        runs = list_runs(find_project(Path.cwd()).root)
    except (RecctlError, OSError):
        return []
    return [run.run_id for run in reversed(runs) if run.run_id.startswith(incomplete)]


def _list_names(test_id: str) -> Iterator[str]:
    """The parts of an id that mean a test, too."""
    path, _, names = test_id.partition("::")
    function = names.partition("[")[0]
    yield from (path.rpartition("/")[2], function, function.rpartition("::")[2])


def _offer(words: Iterable[str], incomplete: str) -> list[str]:
    return sorted(word for word in words if word and word.startswith(incomplete))[:_MOST]


def _list(read: Callable[[IndexEntry], str | None]) -> set[str]:
    return {value for entry in _read_entries() if (value := read(entry))}


def _read_entries() -> tuple[IndexEntry, ...]:
    """The recordings that are known; none where the configuration can't be read: a shell waits for words."""
    from pathlib import Path

    from recctl.base.errors import RecctlError
    from recctl.inventory.index import read_kept
    from recctl.project import find_project

    try:
        return tuple(read_kept(find_project(Path.cwd())))
    except (RecctlError, OSError):
        return ()
