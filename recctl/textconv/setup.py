"""How git comes to show conversations where recordings are concerned, and how it forgets about it again.

Two things are needed. A *driver* in git's configuration names the program that turns a file into text, which
git runs for `git diff`, `git log -p`, `git show` and `git blame`. Lines in an *attributes file* say for which
files: in `.gitattributes`, where they serve everybody who has the driver, or in the user's own file.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base import __version__
from recctl.base.errors import RecctlError, describe_os_error
from recctl.changes.disk import replacing
from recctl.input.walk import walk
from recctl.recordings.formats import list_places
from recctl.textconv import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.project import Project

_DRIVER = "recctl"
_COMMAND, _CACHED = f"diff.{_DRIVER}.textconv", f"diff.{_DRIVER}.cachetextconv"
_CACHE = f"refs/notes/textconv/{_DRIVER}"


class SetupState(StrEnum):
    """Whether something is as `install` would leave it."""

    INSTALLED = "installed"
    OUTDATED = "out of date"
    MISSING = "not installed"


class Site(NamedTuple):
    """Where git is set up: a repository (`scope` "local") or all repositories of a user ("global").

    `folder` is where git is asked, `attributes` the file that gets a line for each of `patterns`, `program`
    what git is to run.
    """

    scope: str
    folder: Path
    attributes: Path
    patterns: tuple[str, ...]
    program: Path


class Setup(NamedTuple):
    """How git is set up at a site."""

    driver: SetupState
    attributes: SetupState


class Reach(NamedTuple):
    """How many recordings a repository holds, and how many of them git shows as conversations."""

    recordings: int
    shown: int


def find_site(project: Project, folder: Path, program: Path) -> Site:
    """The repository that a folder belongs to. Raises RecctlError when there is none, or it is bare."""
    hint = "recctl git install --global is for all of your repositories"
    try:
        top = git.find_repository(folder)
    except git.GitError as error:
        raise RecctlError(str(error), hint) from None
    if top is None:
        raise RecctlError("a bare repository has no place for .gitattributes", f"{hint}, bare ones too")
    return Site("local", top, top / ".gitattributes", _choose_patterns(project, top), program)


def find_global_site(folder: Path, program: Path) -> Site:
    """The configuration and the attributes file of the user. Raises RecctlError when git can't tell."""
    with _explained():
        named = git.get_config("core.attributesFile", folder, "global", is_path=True)
    if named is None:
        base = os.environ.get("XDG_CONFIG_HOME")
        named = str((Path(base) if base else Path.home() / ".config") / "git" / "attributes")
    attributes = Path(os.path.realpath(folder / named))  # often a link: people share their dotfiles
    return Site("global", folder, attributes, list_patterns(), program)


def inspect(site: Site) -> Setup:
    """How git is set up at a site. Raises RecctlError when that can't be read."""
    with _explained():
        found = {key: git.get_config(key, site.folder, site.scope) for key in _settings(site)}
    driver = SetupState.INSTALLED if found == _settings(site) else SetupState.OUTDATED
    if found[_COMMAND] is None:
        driver = SetupState.MISSING
    blocks = [block["lines"].splitlines() for block in _BLOCK.finditer(_read(site.attributes))]
    attributes = SetupState.INSTALLED if blocks == [_make_lines(site.patterns)] else SetupState.OUTDATED
    return Setup(driver, attributes if blocks else SetupState.MISSING)


def install(site: Site) -> bool:
    """Set git up, and forget the texts that were kept; tell whether anything had to change.

    Raises RecctlError when git or the file system refuses.
    """
    before = inspect(site)
    others = _remove_blocks(_read(site.attributes), site.attributes)
    if before.driver is not SetupState.INSTALLED:
        with _explained():
            for key, value in _settings(site).items():
                git.set_config(key, value, site.folder, site.scope)
    if before.attributes is not SetupState.INSTALLED:
        _write(site.attributes, _add_block(others, site.patterns))
    _forget_texts(site.folder)
    return before != Setup(SetupState.INSTALLED, SetupState.INSTALLED)


def uninstall(site: Site) -> bool:
    """Take back all that `install` does, and nothing else; tell whether there was anything.

    Raises RecctlError when git or the file system refuses.
    """
    before = inspect(site)
    others = _remove_blocks(_read(site.attributes), site.attributes)
    with _explained():
        for key in _settings(site):
            if git.get_config(key, site.folder, site.scope) is not None:
                git.unset_config(key, site.folder, site.scope)
    if before.attributes is not SetupState.MISSING:
        _write(site.attributes, others)
    _forget_texts(site.folder)
    return before != Setup(SetupState.MISSING, SetupState.MISSING)


def find_program(folder: Path) -> str | None:
    """The program that git has for recordings at a folder; None when it has none, or the program is gone."""
    with _explained():
        command = git.get_config(_COMMAND, folder)
    named = _PROGRAM.search(command or "")
    if named is not None and Path(named[1]).exists():
        return named[1]
    return which("recctl") if command else None


def measure_reach(project: Project, site: Site) -> Reach:
    """How many of a project's recordings the attributes in force are for. Raises RecctlError."""
    with _explained():
        covered = git.list_with_attribute(f"diff={_DRIVER}", site.folder)
    found = {file for folder in _list_folders(project, site.folder) for file in walk(project, folder).files}
    names = [file.relative_to(site.folder).as_posix() for file in found]
    return Reach(len(names), sum(name in covered for name in names))


def list_patterns() -> tuple[str, ...]:
    """Where recorders write to, whatever the project."""
    return tuple(
        f"**/{place.folder}/**/{name}"
        for place in list_places()
        for name in dict.fromkeys(_list_names(place.start, place.suffix))
    )


def _list_names(start: str, suffix: str) -> tuple[str, str]:
    """How files are called that begin so, or lie in folders that do."""
    return f"{start}*{suffix}", f"{start}*/**/*{suffix}" if start else f"*{suffix}"


def _choose_patterns(project: Project, top: Path) -> tuple[str, ...]:
    """Where recorders write to, and the configured folders that hold recordings elsewhere."""
    patterns = [*list_patterns()]
    places = [*list_places()]
    for folder in _list_folders(project, top) if project.paths else ():
        names = [file.relative_to(top) for file in walk(project, folder).files]
        below = _SPECIAL.sub(r"\\\g<0>", folder.relative_to(top).as_posix())
        start = "" if below == "." else f"/{below}/"
        for suffix in dict.fromkeys(place.suffix for place in places):
            usual = {place.folder for place in places if place.suffix == suffix and not place.start}
            if any(name.name.endswith(suffix) and usual.isdisjoint(name.parts) for name in names):
                patterns.append(f"{start}**/*{suffix}")
    return tuple(patterns)


_SPECIAL = re.compile(r"[*?\[\\]")


def _list_folders(project: Project, top: Path) -> list[Path]:
    """The folders of a work tree that the project looks at."""
    named = [Path(os.path.abspath(project.root / path)) for path in project.paths or (".",)]  # noqa: PTH100  (as in sources.select)
    inside = [folder for folder in named if folder.is_dir() and folder.is_relative_to(top)]
    return inside if project.paths or inside else [top]


def _settings(site: Site) -> dict[str, str]:
    """What `install` sets in git's configuration.

    Where the interpreter is gone, a recctl on the PATH serves; without one, git shows what it would show
    without a driver. git itself keeps no texts, whatever an earlier recctl has set elsewhere: it would do so
    in a commit, and end without a diff where it does not know who makes it.
    """
    own = shlex.join([sys.executable, "-P", "-S", str(site.program)])
    ways = f'{own} "$1" 2>/dev/null || recctl git textconv "$1" 2>/dev/null || cat "$1"'
    return {_COMMAND: f": recctl {__version__}; show() {{ {ways}; }}; show", _CACHED: "false"}


_PROGRAM = re.compile(r"show\(\) \{ '?(.+?)'? -P -[mS] ")


_BLOCK = re.compile(
    rb"^# recctl git install(?P<joined>, below a line without an end)?(?P<end>\r?\n)"
    rb"(?P<lines>(?:.*\n)*?)# recctl git install ends here(?:\r?\n|\Z)",
    re.MULTILINE,
)


def _make_lines(patterns: tuple[str, ...]) -> list[bytes]:
    return [os.fsencode(f"{_quote(pattern)} diff={_DRIVER}") for pattern in patterns]


def _quote(pattern: str) -> str:
    """A pattern as an attributes file wants it."""
    if not re.search(r'[\s"]', pattern):
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _add_block(content: bytes, patterns: tuple[str, ...]) -> bytes:
    """Attributes with our lines behind them, since later lines overrule earlier ones."""
    is_joined = content != b"" and not content.endswith(b"\n")
    end = b"\r\n" if content.partition(b"\n")[0].endswith(b"\r") else b"\n"
    begin = b"# recctl git install" + (b", below a line without an end" if is_joined else b"")
    lines = [begin, *_make_lines(patterns), b"# recctl git install ends here"]
    return content + (end if is_joined else b"") + b"".join(line + end for line in lines)


def _remove_blocks(content: bytes, path: Path) -> bytes:
    """Attributes without our lines. Raises RecctlError when it can't be told where they end."""
    while block := _BLOCK.search(content):
        before, after = content[: block.start()], content[block.end() :]
        if block["joined"] and not after:
            before = before.removesuffix(block["end"])
        content = before + after
    if re.search(rb"^# recctl git install", content, re.MULTILINE):
        raise RecctlError(f"{path}: the lines of recctl have been edited", "delete them, then try again")
    return content


def _read(path: Path) -> bytes:
    """The content of an attributes file, empty where there is none. Raises RecctlError."""
    if path.is_symlink():
        raise RecctlError(f"{path}: is a link, which git does not follow", "put a file in its place")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise RecctlError(f"{path}: {describe_os_error(error)}", "make it a file that can be read") from None


def _write(path: Path, content: bytes) -> None:
    """Put an attributes file in place, in one step; an empty one is none. Raises RecctlError."""
    try:
        if not content:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise RecctlError(f"{path}: {describe_os_error(error)}", "put that right and try again") from None


def _forget_texts(folder: Path) -> None:
    """Have all texts made anew, and let git forget those that it kept for earlier versions."""
    texts.forget_texts()
    with suppress(git.GitError):  # there may be no repository here
        git.delete_ref(_CACHE, folder)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what git has to say as a RecctlError."""
    try:
        yield
    except git.GitError as error:
        raise RecctlError(f"git: {error}", "put that right and try again") from None
