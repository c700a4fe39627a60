"""What is compared with what: recordings, folders, revisions, what is staged, what is in the work tree."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base.errors import RecctlError
from recctl.input.sources import STDIN, Target, find_place, select, show_path
from recctl.input.walk import is_walked, read_head
from recctl.project import find_past_project
from recctl.recordings.names import is_hash_prefix, is_named_by
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recctl.project import Project, Settings

_NOTHING: Mapping[str, Settings] = {}


class ComparedTargets(NamedTuple):
    """What is compared with what.

    `outright` is true for two recordings that the user set against each other, whatever they are; all others
    have to be paired first. `unread` is what can't be looked at, `unmatched` are words that were to narrow it
    down and match no file. Each target has the hash scheme of the configuration on its side; `past_settings`
    are, by key, the settings that files of the right side had by the configuration of the left one, where
    that named another scheme for them. `is_unstaged` says that nothing at all is staged, so that no file was
    looked at.
    """

    left: tuple[Target, ...]
    right: tuple[Target, ...]
    outright: bool = False
    unread: tuple[Unread, ...] = ()
    unmatched: tuple[str, ...] = ()
    past_settings: Mapping[str, Settings] = _NOTHING
    is_unstaged: bool = False

    @property
    def are_equal(self) -> bool:
        """Whether git knows both sides to be the same, file by file, and their scheme is."""
        if self.outright or self.past_settings or len(self.left) != len(self.right):
            return False
        ours, theirs = ({target.key: target.blob for target in side} for side in (self.left, self.right))
        return ours == theirs and None not in ours.values()


def find_compared_targets(
    project: Project,
    words: Sequence[str],
    paths: Sequence[str] | None = None,
    *,
    staged: bool = False,
    follow_config: bool = False,
) -> ComparedTargets:
    """Find out what the words of a command line set against each other.

    `words` are two recordings or folders; or none, one or two revisions, or a range of them, and after these
    paths, or the first digits of hashes, that narrow it down. `paths` is what follows `--`; None says that no
    `--` stands there, else `words` are revisions. `staged` sets the index against a revision. Files that git
    neither knows nor ignores are part of the work tree, as recordings are that were made a minute ago. With
    `follow_config`, the hash scheme of each side is that of the configuration as it was there.
    Raises RecctlError for words that mean nothing, two things at once, or nothing together.
    """
    meanings = [_read_word(project, word, is_revision=paths is not None) for word in words]
    revisions = [meaning for meaning in meanings if isinstance(meaning, _Revisions)]
    others = [meaning for meaning in meanings[len(revisions) :] if not isinstance(meaning, _Revisions)]
    if len(revisions) + len(others) < len(meanings):
        raise RecctlError("a revision comes after a path", "revisions come first, paths follow `--`")
    if not revisions and len(others) == _PAIR and not staged:
        return _set_against(project, others[0], others[1])
    if not revisions and len(others) > _PAIR:
        raise RecctlError(f"{len(others)} paths are named, and two can be compared", _USAGE)
    for word, other in zip(words[len(revisions) :], others, strict=True):
        if not _is_path(other):
            raise RecctlError(f"{word!r} is alone: name what to compare it with", _USAGE)
    trees = [tree for revision in revisions for tree in revision.trees]
    most = 1 if staged else _PAIR
    if len(trees) > most:
        raise RecctlError(f"{len(trees)} revisions are named, and at most {most} can be", _USAGE)
    limits = [*words[len(revisions) :], *(paths or ())]
    repository = _Repository(project, limits, staged=staged)
    sides = repository.compare(trees)
    return repository.follow_config(sides, trees) if follow_config and (sides.left or sides.right) else sides


_PAIR = 2
_DOTS = re.compile(r"\.\.\.?")
_USAGE = "name two recordings, two folders, or revisions; paths that narrow it down follow `--`"


class _Revisions(NamedTuple):
    """The trees that a revision (one), or a range of them (two), stands for."""

    trees: tuple[str, ...]


class _Folder(NamedTuple):
    """A folder as the user named it; `tree` is its id in a revision, None for one that is here."""

    word: str
    tree: str | None = None


_Meaning = _Revisions | _Folder | Target


def _is_path(meaning: _Folder | Target) -> bool:
    """Whether a word stands for a path that is here."""
    if isinstance(meaning, _Folder):
        return meaning.tree is None
    return meaning.path is not None and meaning.spec is None


def _read_word(project: Project, word: str, *, is_revision: bool) -> _Meaning:
    """What a word stands for; `is_revision` says that it is no path."""
    here = Path.cwd()
    revisions = _find_revisions(word, here)
    if is_revision:
        if revisions is None:
            raise RecctlError(f"unknown revision {word!r}", _explain_missing(here, word))
        return revisions
    if "\0" in word:
        raise RecctlError(f"{word!r} is neither a path nor a revision")
    other = _find_recordings(project, word, here)
    if revisions is None and other is None:
        raise RecctlError(f"{word!r} is neither a path nor a revision", _explain_missing(here, word))
    is_path = os.path.lexists(word)
    if revisions is not None and is_path and git.find_repository(here) is None:
        return revisions  # a bare clone's own files, HEAD among them, are no recordings
    if revisions is not None and other is not None:
        what = "a path" if is_path else "the start of a recording's name"
        hint = f"'./{word}' for the path" if is_path else "more digits for the recording"
        raise RecctlError(f"{word!r} is a revision and {what}", f"write '{word} --' for the revision, {hint}")
    return revisions or other  # type: ignore[return-value]  # one of them is there


def _find_recordings(project: Project, word: str, here: Path) -> _Folder | Target | None:
    """The folder or the recording that a word names, here or in a revision."""
    if word != STDIN and os.path.isdir(word):  # noqa: PTH112  (Path.is_dir raises when it may not look)
        return _Folder(word)
    target = select(project, [word]).targets[0]
    if target.path is None or target.spec is not None or os.path.lexists(target.path):
        return target
    tree = git.resolve_tree(word, here) if ":" in word else None
    return _Folder(word, tree) if tree else None


def _explain_missing(here: Path, word: str = "") -> str:
    """What to do about a word that should be a revision, or where there are none."""
    try:
        git.find_repository(here)
    except git.GitError:
        return "there is no git repository here: name two recordings or two folders"
    if git.find_head(here) is None:
        return "there is no commit here yet; --staged shows what is to become one"
    for name in _DOTS.split(word):
        remote = f"origin/{name}"
        if name and git.resolve_tree(name, here) is None and git.resolve_tree(remote, here) is not None:
            return f"there is no {name!r} here, but {remote!r}"
    if git.is_shallow(here):
        return "this clone is shallow: `git fetch --unshallow` brings the rest of its history"
    return _USAGE


def _find_revisions(word: str, here: Path) -> _Revisions | None:
    """The revision or range (`A..B`, or `A...B` since they parted) that a word stands for, if any."""
    if ":" in word or word == os.pardir:
        return None
    tree = git.resolve_tree(word, here)
    if tree is not None:
        return _Revisions((tree,))
    dots = _DOTS.search(word)
    if dots is None:
        return None
    left, right = word[: dots.start()] or "HEAD", word[dots.end() :] or "HEAD"
    one, other = git.resolve_tree(left, here), git.resolve_tree(right, here)
    if one is None or other is None:
        return None
    if dots[0] == "...":
        base = git.find_merge_base(left, right, here)
        one = git.resolve_tree(base, here) if base else None
        if one is None:
            raise RecctlError(f"{left} and {right} have no common ancestor here", _explain_missing(here))
    return _Revisions((one, other))


def _set_against(project: Project, left: _Folder | Target, right: _Folder | Target) -> ComparedTargets:
    """Two recordings, or two folders."""
    if isinstance(left, Target) and isinstance(right, Target):
        if left.path is right.path is None:
            raise RecctlError("standard input can be one side only", "name a recording for the other")
        return ComparedTargets((left,), (right,), outright=True)
    if isinstance(left, Target) or isinstance(right, Target):
        raise RecctlError("a recording can't be compared with a folder", "name two of a kind")
    (before, unread), (after, unread_too) = _list_folder(project, left), _list_folder(project, right)
    return ComparedTargets(before, after, unread=unread + unread_too)


def _list_folder(project: Project, folder: _Folder) -> tuple[tuple[Target, ...], tuple[Unread, ...]]:
    """The recordings below a folder, and what can't be looked at."""
    if folder.tree is None:
        top = os.path.abspath(folder.word)  # noqa: PTH100  (as in sources.select)
        walk = select(project, [folder.word])
        keyed = (
            target._replace(key=os.path.relpath(target.path, top)) for target in walk.targets if target.path
        )
        return tuple(keyed), walk.unread
    base, separator = find_place(folder.word), "" if folder.word.endswith((":", "/")) else "/"
    targets = []
    with git.BlobReader(Path.cwd()) as blobs:
        for entry in git.list_tree(folder.tree, Path.cwd()):
            target = _find_target(project, base, entry, blobs)
            if target is not None:
                targets.append(target._replace(name=f"{folder.word}{separator}{entry.path}"))
    return tuple(targets), ()


def _find_target(
    project: Project, top: Path, entry: git.GitEntry, blobs: git.BlobReader | None
) -> Target | None:
    """A file below `top` as a target; None for what is no recording. Without `blobs`, its name decides."""
    path = top / entry.path

    def read() -> bytes:
        if blobs is None:
            return b""
        try:
            if entry.blob is None:
                return read_head(path)
            blob = blobs.read(entry.blob, project.settings.max_size)
        except OSError:
            return b""
        return (blob and blob.content) or b""

    if not is_walked(project, path, read):
        return None
    settings = project.settings_for(path)
    return Target(show_path(path), settings, path, entry.blob, named=False, blob=entry.blob, key=entry.path)


class _Repository:
    """A repository, looked at through a project and some of its paths."""

    def __init__(self, project: Project, words: list[str], *, staged: bool) -> None:
        self._project, self._here = project, Path.cwd()
        try:
            top = git.find_repository(self._here)
        except git.GitError as error:
            hint = "--staged is for what is staged in a git repository" if staged else _USAGE
            raise RecctlError(f"git can't help here: {error}", hint) from None
        self._staged, self._has_work_tree = staged, top is not None
        self._top = top or self._here
        root = project.root
        folders = [root / path for path in project.paths] or (
            [root] if root.is_relative_to(self._top) else []
        )
        self._folders = () if words else tuple(self._find_limit(folder) for folder in folders)
        self._words = {word: self._find_limit(self._here / word) for word in words}
        self._keeps_config = False
        self._hashes = {word for word in words if is_hash_prefix(word) and not os.path.lexists(word)}

    def _find_limit(self, path: Path) -> str:
        """A path that it is narrowed down to, from the top of the repository on."""
        limit = os.path.relpath(path, self._top).replace(os.sep, "/")
        if limit == ".." or limit.startswith("../"):
            raise RecctlError(f"{show_path(self._top / limit)} is outside the repository", _USAGE)
        return limit

    def compare(self, trees: list[str]) -> ComparedTargets:
        """Two trees; or a tree or the index and the work tree; or a tree or HEAD and the index."""
        if len(trees) == _PAIR:
            left, right = (git.list_tree(tree, self._here) for tree in trees)
            unmatched = self._list_unmatched((*left, *right))
            return ComparedTargets(*self._find_targets(left, right), unmatched=unmatched)
        if not self._has_work_tree:
            raise RecctlError("there is no work tree here: the clone is bare", "name two revisions")
        head = trees[0] if trees else self._staged and git.resolve_tree("HEAD", self._here)
        if self._staged and head and not self._words and not git.is_staged(head, self._here):
            return ComparedTargets((), (), is_unstaged=True)
        index = git.list_index(self._here)
        if self._staged:
            left, right = git.list_tree(head, self._here) if head else (), index.entries
        else:
            left = git.list_tree(trees[0], self._here) if trees else index.entries
            right = git.list_work_tree(index, self._top)
        self._keeps_config = not index.unmerged and self._find_config(left) == self._find_config(right)
        unmerged = frozenset(index.unmerged)
        in_conflict = [git.GitEntry(path, None) for path in index.unmerged]
        unmatched = self._list_unmatched((*left, *right, *in_conflict))
        left, right = (tuple(entry for entry in side if entry.path not in unmerged) for side in (left, right))
        return ComparedTargets(
            *self._find_targets(left, right), unread=self._list_conflicts(in_conflict), unmatched=unmatched
        )

    def follow_config(self, sides: ComparedTargets, trees: list[str]) -> ComparedTargets:
        """The same sides, with the hash scheme that the configuration of either names for each file.

        The state of the right side is a tree, the index, or (None) the work tree, where the project is right.
        Nothing is asked where neither a file nor the configuration has changed.
        """
        if self._keeps_config and sides.are_equal:
            return sides
        if len(trees) == _PAIR:
            before, now = f"{trees[0]}:", f"{trees[1]}:"
        elif self._staged:
            before, now = f"{trees[0] if trees else 'HEAD'}:", ":"
        else:
            before, now = f"{trees[0]}:" if trees else ":", ""
        with git.BlobReader(self._here) as blobs:
            old, new = (self._find_project(state, blobs) for state in (before, now))
        right = tuple(_with_scheme(target, new) for target in sides.right)
        past = {}
        for target in right:
            settings = _with_scheme(target, old).settings
            if settings.scheme != target.settings.scheme:
                past[target.key] = settings
        return sides._replace(
            left=tuple(_with_scheme(target, old) for target in sides.left), right=right, past_settings=past
        )

    def _find_config(self, entries: Sequence[git.GitEntry]) -> set[git.GitEntry]:
        """What of a side's files may configure the project."""
        files = self._project.config_files
        places = {os.path.relpath(file, self._top).replace(os.sep, "/") for file in files}
        return {entry for entry in entries if entry.path in places}

    def _find_project(self, state: str, blobs: git.BlobReader) -> Project:
        """The project by the configuration of a state of the repository; as it is where none can be read."""
        project, top = self._project, self._top
        if not state or not project.root.is_relative_to(top):
            return project

        def read(path: Path) -> bytes | None:
            blob = blobs.read(f"{state}{path.relative_to(top).as_posix()}", _LARGEST_CONFIG)
            return blob and blob.content

        try:
            return find_past_project(project, read) or project
        except OSError:
            return project

    def _list_conflicts(self, entries: list[git.GitEntry]) -> tuple[Unread, ...]:
        targets, _ = self._find_targets(entries, ())
        why, what_to_do = "a merge has left it in conflict", "resolve it, then `git add` it"
        return tuple(Unread(target.name, why, what_to_do) for target in targets)

    def _list_unmatched(self, entries: tuple[git.GitEntry, ...]) -> tuple[str, ...]:
        """The words that no file matches, be it a recording or not."""
        paths = [entry.path for entry in entries]
        return tuple(word for word in self._words if not any(self._matches(word, path) for path in paths))

    def _find_targets(
        self, left: Sequence[git.GitEntry], right: Sequence[git.GitEntry]
    ) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
        """The recordings among the files of two sides.

        Whether a file that is named like any other is a recording is only looked up where it has changed.
        """
        same = {entry for entry in left if entry.blob is not None} & set(right)
        targets: dict[git.GitEntry, Target | None] = {}
        with git.BlobReader(self._here) as blobs:
            for entry in (*left, *right):
                if entry not in targets and self._is_within(entry.path):
                    reader = None if entry in same else blobs
                    targets[entry] = _find_target(self._project, self._top, entry, reader)
        found_left, found_right = (
            tuple(target for entry in side if (target := targets.get(entry))) for side in (left, right)
        )
        return found_left, found_right

    def _is_within(self, path: str) -> bool:
        if self._words:
            return any(self._matches(word, path) for word in self._words)
        return not self._folders or any(_is_below(path, folder) for folder in self._folders)

    def _matches(self, word: str, path: str) -> bool:
        """Whether a file lies where a word says, or its name begins with the digits that the word is."""
        is_named = word in self._hashes and is_named_by(word, path.rpartition("/")[2])
        return is_named or _is_below(path, self._words[word])


_LARGEST_CONFIG = 4_000_000


def _with_scheme(target: Target, project: Project) -> Target:
    """A target with the hash scheme that a project names for it; all else is as it was."""
    found = project.settings_for(target.path)
    settings = target.settings._replace(scheme=found.scheme, schemes=found.schemes, renames=found.renames)
    return target if settings == target.settings else target._replace(settings=settings)


def _is_below(path: str, limit: str) -> bool:
    return limit == "." or path == limit or path.startswith(f"{limit}/")
