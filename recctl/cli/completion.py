"""What shells complete: names of what is recorded, by the index of an earlier call where files are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.input.sources import Selection
    from recctl.inventory.entry import IndexEntry
    from recctl.project import Project

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
    return [*complete_tests(incomplete), *_list_digits(incomplete)][:_MOST]


def complete_paths(incomplete: str) -> list[str]:
    """The first digits of hashes, unless a file's name begins so: where none fits, a shell offers files."""
    from pathlib import Path

    is_path = any(Path.cwd().glob(f"{incomplete}*")) if incomplete.isalnum() else True
    return [] if is_path else _list_digits(incomplete)


def _list_digits(incomplete: str) -> list[str]:
    """The first digits of the hashes that begin so, by the names of files."""
    from recctl.recordings.names import is_start, read_hash, shorten_name

    if not is_start(incomplete):
        return []
    names = [target.path.name for target in _select()[1].targets if target.path is not None]
    return _offer({shorten_name(name) for name in names if read_hash(name)}, incomplete.lower())


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
    """The recordings that are known or quickly read: a shell waits for words."""
    from recctl.inventory.index import WORTH_KEEPING, read_index, read_kept

    project, selection = _select()
    if project is None:
        return ()
    if len(selection.targets) < WORTH_KEEPING:
        return read_index(project, selection, jobs=1, is_kept=False).entries
    return tuple(read_kept(project))


def _select() -> tuple[Project | None, Selection]:
    """What a command without paths looks at; nothing where the configuration can't be read."""
    from pathlib import Path

    from recctl.base.errors import RecctlError
    from recctl.input.sources import Selection, select
    from recctl.project import find_project

    try:
        project = find_project(Path.cwd())
        return project, select(project, [str(project.root / path) for path in project.paths] or ["."])
    except (RecctlError, OSError):
        return None, Selection(())
