"""Every git that recctl starts is started here, so that no repository has a say in what runs.

A repository may be a stranger's: its configuration, hooks and attributes can name programs for git to run,
and its folders can look like repositories of their own. So git is told which repository is meant and where
that has its work tree, instead of looking for one; that nothing which a repository names is to be run; and
that nothing is to be fetched.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError
from recctl.base.values import NamedTuple
from recctl.base.work_tree import find_top_level

if TYPE_CHECKING:
    import subprocess


class GitError(RecctlError):
    """That git could not do what it was asked; the message is the first that it said."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "git says so: put that right and try again")


class Repository(NamedTuple):
    """A repository that git is told about.

    `folder` is where git keeps it (or the file that leads there), `top` the top of its work tree, None where
    it has none. `is_of_environment` says that variables such as GIT_INDEX_FILE are about this one.
    """

    folder: Path
    top: Path | None
    is_of_environment: bool = False


def locate(start: Path) -> Repository:
    """The repository that a folder belongs to. Raises GitError where there is none, or no git.

    `GIT_DIR` can name another one than lies there. A bare repository counts for its own folder, unless its
    files are files of the repository around it: then it came with that.
    """
    folder, here = Path(os.path.realpath(start)), Path(os.path.realpath(os.curdir))
    top, home, named = find_top_level(folder), find_top_level(here), os.environ.get("GIT_DIR")
    if named and not (home and _follow(home / ".git") == _follow(here / named)):
        home = None
        work_tree = _find_work_tree(here, here / named)
        if work_tree is None or folder.is_relative_to(work_tree):
            return Repository(here / named, work_tree, is_of_environment=True)
    bare = _find_bare(folder, top)
    if bare is not None:
        return Repository(bare, None)
    if top is None:
        raise GitError("not a git repository (or any of the parent directories): .git")
    return Repository(top / ".git", top, is_of_environment=top == home)


def run(arguments: list[str], folder: Path, *, anywhere: bool = False, reads_files: bool = False) -> bytes:
    """What git answers in a folder. Raises GitError.

    `anywhere` is for what needs no repository, `reads_files` for what looks into the files of a work tree.
    """
    find_program()
    try:
        repository = locate(folder)
    except GitError:
        if not anywhere:
            raise
        repository = _NOWHERE
    else:
        _check_owner(repository)
    settings = _switch_filters_off(repository) if reads_files else ()
    return _run(arguments, repository, folder, settings)


def start(arguments: list[str], folder: Path, *, asks: bool = False) -> subprocess.Popen[bytes]:
    """A git that answers bit by bit, to questions when it `asks` for them. Raises GitError."""
    import subprocess

    find_program()
    repository = locate(folder)
    _check_owner(repository)
    try:
        return subprocess.Popen(  # noqa: S603  (no shell, and the arguments are ours)
            _write_command(arguments),
            cwd=folder,
            env=_make_environment(repository),
            stdin=subprocess.PIPE if asks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be started: {error}") from None


def find_program() -> str:
    """The path of git. Raises GitError when it is not installed.

    Only whole paths on the PATH count: no folder that recctl happens to be started in is looked into.
    """
    name = "git.exe" if sys.platform == "win32" else "git"
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)  # noqa: PTH118  (they are texts)
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113, PTH117
            return path
    raise GitError("git is not installed")


_NOWHERE = Repository(Path(os.devnull), None)

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "diff.ignoreSubmodules=all",  # git would start another one in each, which asks their configuration
    "diff.orderFile=/dev/null",
    "diff.relative=false",
    "log.follow=false",
    "log.mailmap=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
)
"""What holds whatever a repository's configuration says."""

_FIXED = {
    "GIT_ALLOW_PROTOCOL": ":",  # a list of none, so that no missing object is fetched
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Variables that git gets in any case."""

_KEPT = ("GIT_ATTR_", "GIT_CONFIG", "GIT_EXEC_PATH", "GIT_TRACE")
"""How the names of those begin that are the user's to set. Of the others of git's own, git gets none."""

_ABOUT_ONE_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
)
"""Those that git itself sets, for hooks."""


def _run(
    arguments: list[str], repository: Repository | None, folder: Path, settings: tuple[str, ...] = ()
) -> bytes:
    import subprocess

    try:
        finished = subprocess.run(  # noqa: S603  (no shell, and the arguments are ours)
            _write_command(arguments, settings),
            cwd=folder,
            env=_make_environment(repository),
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except (OSError, ValueError) as error:  # a ValueError for a NUL in an argument
        raise GitError(f"git could not be started: {error}") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise GitError(said.removeprefix("fatal: ") or "git failed") from None
    return finished.stdout


def _write_command(arguments: list[str], settings: tuple[str, ...] = ()) -> list[str]:
    given = (word for setting in (*_SETTINGS, *settings) for word in ("-c", setting))
    return [find_program(), "--no-pager", *given, *arguments]


def _make_environment(repository: Repository | None) -> dict[str, str]:
    """What git is to know of the environment; None stands for whatever git finds in the current folder."""
    is_of_environment = repository is not None and repository.is_of_environment
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_")
        or name.startswith(_KEPT)
        or (is_of_environment and name in _ABOUT_ONE_REPOSITORY)
    } | _FIXED
    if repository is not None:
        environment |= {"GIT_DIR": str(repository.folder), "GIT_IMPLICIT_WORK_TREE": "0"}
        if repository.top is not None:
            environment["GIT_WORK_TREE"] = str(repository.top)
    return environment


def _find_work_tree(here: Path, named: Path) -> Path | None:
    """The work tree of the repository that GIT_DIR names: the current folder, where nothing else is said."""
    told = os.environ.get("GIT_WORK_TREE")
    if told:
        return Path(os.path.realpath(here / told))
    try:
        is_bare = _run(["config", "--type=bool", "core.bare"], Repository(named, None), here) == b"true\n"
    except GitError:
        is_bare = False
    return None if is_bare else here


def _find_bare(folder: Path, top: Path | None) -> Path | None:
    """The bare repository that a folder belongs to; `top` is that of the work tree around it, if any."""
    if top is None:
        return next((place for place in (folder, *folder.parents) if _is_bare(place)), None)
    if not _is_bare(folder) or folder == top:
        return None
    around = Repository(top / ".git", top)
    _check_owner(around)
    return None if _run(["ls-files", "-z", "--", "."], around, folder) else folder


def _is_bare(folder: Path) -> bool:
    """Whether a folder looks to git like a repository."""
    return all(os.path.exists(folder / name) for name in ("HEAD", "objects", "refs"))  # noqa: PTH110  (as above)


def _follow(path: Path) -> str:
    """Where git keeps a repository that a `.git` leads to, be that a folder, a link or a file."""
    content = b""
    if os.path.isfile(path):  # noqa: PTH113  (as above)
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST)
        except OSError:
            pass
    if content.startswith(_LEADS) and b"\0" not in content:
        path = path.parent / os.fsdecode(content.removeprefix(_LEADS).rstrip(b"\r\n"))
    return os.path.realpath(path)


_LEADS, _LONGEST = b"gitdir: ", 1 << 16


@cache
def _check_owner(repository: Repository) -> None:
    """Raises GitError for a repository of another user, unless git's `safe.directory` says that it is safe.

    git looks at that only where it finds a repository by itself.
    """
    if repository.is_of_environment and os.environ.get("GIT_DIR"):
        return
    places = [repository.folder, Path(_follow(repository.folder)), repository.top or repository.folder]
    if sys.platform != "win32":
        user = os.environ.get("SUDO_UID", "") if os.geteuid() == 0 else ""
        trusted = {os.geteuid(), *([int(user)] if user.isdecimal() else [])}
        try:
            if all(os.stat(place).st_uid in trusted for place in places):  # noqa: PTH116
                return
        except OSError:
            pass
    _run(["rev-parse", "--git-dir"], None, repository.top or repository.folder, ("safe.bareRepository=all",))


@cache
def _switch_filters_off(repository: Repository) -> tuple[str, ...]:
    """Settings without the programs that would make of files what git stores. Raises GitError."""
    wanted = ["config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|smudge)$"]
    try:
        found = _run(wanted, repository, repository.top or repository.folder)
    except GitError:  # there are none
        return ()
    filters = sorted({os.fsdecode(key).rpartition(".")[0] for key in found.split(b"\0") if key})
    if any("=" in name for name in filters):
        raise GitError("a filter with an equals sign in its name can't be switched off")
    return tuple(f"{name}.{end}" for name in filters for end in ("clean=", "process=", "required=false"))
