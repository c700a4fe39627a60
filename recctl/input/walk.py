"""Which files of a tree are recordings: those that a format claims."""

from __future__ import annotations

import os
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from recctl import git
from recctl.base.values import NamedTuple
from recctl.recordings.formats import HEAD_SIZE, find_owner, is_claimed, may_hold_recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.project import Project


class Walk(NamedTuple):
    """The recordings below a folder, in no order, and how many other JSON files were passed over.

    `companions` are files that hold no recording, and belong to the same tests as the recordings beside them.
    """

    files: tuple[Path, ...]
    ignored: int
    companions: tuple[Path, ...] = ()


def walk(project: Project, folder: Path) -> Walk:
    """Find the recordings below a folder.

    Left out: folders whose name starts with a dot, what git ignores, what `exclude` matches, and links that
    lead out of the folder or to another folder. Raises OSError when the folder itself can't be read.
    """
    files, companions, ignored = [], [], 0
    for path, is_recording, belongs_to_one in _walk(folder, project):
        if project.is_excluded(path):
            continue
        if is_recording:
            files.append(path)
        else:
            ignored += path.suffix == ".json"
            companions += [path] if belongs_to_one else []
    return Walk(tuple(files), ignored, tuple(companions))


def is_walked(project: Project, path: Path, read: Callable[[], bytes]) -> bool:
    """Whether a walk of the root would take a file for a recording; `read` gives its content.

    For files of revisions, which do not lie anywhere. What git ignores is the caller's to leave out.
    """
    if not may_hold_recordings(path.name):
        return False
    folders = _list_folders(path.parent, project.root)
    if any(part.startswith(".") for part in folders) or project.is_excluded(path):
        return False
    return is_claimed(path.name, folders, read)


def _walk(folder: Path, project: Project) -> Iterator[tuple[Path, bool, bool]]:
    """Every file below a folder with the suffix of a format, whether one claims it, or it is a companion.

    Companions that the configuration names may have any suffix.
    What the root itself lies in does not matter: a checkout may lie below a folder named `recordings`.
    """
    ignored, root = git.list_ignored(folder), project.root
    names_companions = any(settings.companions for settings in project.all_settings())
    top = str(folder)
    read_last = lru_cache(maxsize=1)(read_head)  # formats ask for the same one after another
    pending = [top]
    while pending:
        current = pending.pop()
        try:
            entries = list(os.scandir(current))
        except OSError:
            if current == top:
                raise
            yield Path(current), True, False  # a folder that can't be read: whoever opens it says so
            continue
        here = Path(current)
        folders = _list_folders(here, root)
        for entry in entries:
            relative = entry.path[len(top) :].replace(os.sep, "/").lstrip("/") if ignored else ""
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and f"{relative}/" not in ignored:
                    pending.append(entry.path)
            elif (
                (names_companions or may_hold_recordings(entry.name))
                and relative not in ignored
                and _leads_inside(entry, folder)
            ):
                path, read = here / entry.name, partial(read_last, entry.path)
                is_recording = is_claimed(entry.name, folders, read)
                settings = project.settings_for(path) if names_companions else project.settings
                yield (
                    path,
                    is_recording,
                    not is_recording and find_owner(entry.name, folders, settings, read) is not None,
                )


def _list_folders(folder: Path, root: Path) -> tuple[str, ...]:
    """The names of the folders that a file lies in, from the root on."""
    return folder.relative_to(root).parts if folder.is_relative_to(root) else folder.parts


def read_head(path: str | Path) -> bytes:
    """The beginning of a file; nothing of one that can't be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (a Path for each file of a tree takes its time)
            return file.read(HEAD_SIZE)
    except OSError:
        return b""


def _leads_inside(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether a directory entry is a file of the folder, or a link to one; broken links count as files."""
    if not entry.is_symlink():
        return entry.is_file()
    try:
        target = Path(os.path.realpath(entry.path, strict=True))  # Path.resolve has other errors for loops
    except OSError:
        return True
    return target.is_file() and target.is_relative_to(folder.resolve())
