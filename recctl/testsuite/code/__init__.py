"""Whether a test still exists, by reading the sources of the tests: nothing is imported or run.

A test is only called gone where its file, read as Python, leaves no way for it to be there. Whatever could
make a function at run time, hide it in another file or bring it in from there is a doubt, and a doubt keeps.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.recordings.formats import ANY_MODULE
from recctl.testsuite.code.go import GoTree, is_go_test
from recctl.testsuite.code.module import Doubt, Module, read_module, read_source
from recctl.testsuite.code.names import Address, normalise, parse_test_id
from recctl.testsuite.code.rust import SUFFIX, ScenarioTree, is_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["Address", "CodeTree", "FateOfTest", "is_in_code", "is_in_python", "parse_test_id", "read_source"]


class FateOfTest(NamedTuple):
    """What became of a test: `gone` is the proof that it no longer exists, `doubt` why that can't be told.

    Both are None for a test that exists, and for an id that names nothing in a source.
    """

    gone: str | None = None
    doubt: str | None = None


def is_in_code(test_id: str) -> bool:
    """Whether an id names something in a source: a function in Python or Go, a scenario of tests in Rust."""
    return parse_test_id(test_id) is not None or is_scenario(test_id) or is_go_test(test_id)


def is_in_python(test_id: str) -> bool:
    """Whether an id names something in a source in Python, if it does so at all."""
    return not (is_scenario(test_id) or is_go_test(test_id))


class CodeTree:
    """The sources of the tests below the folder that test ids start at; each file is read once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._modules: dict[str, Module | str] = {}
        self._conftests: dict[PurePosixPath, bool] = {}
        self._indexes: dict[Path, _Index] = {}
        self._scenarios = ScenarioTree(base, _walk_sources)
        self._go = GoTree(base, _walk_sources)

    def has_file(self, path: str) -> bool:
        """Whether a file lies there, as test ids name it; any source, for an id that names no module.

        Scenarios may be in any source below the folder of their program, Go's tests in any of a package.
        """
        if path.endswith(SUFFIX):
            return self._scenarios.has_sources(path)
        if not path.endswith(".py") and self._go.has_sources(path):
            return True
        if PurePosixPath(path).name == ANY_MODULE:
            beside = (self._base / path).parent.glob(ANY_MODULE)
            return any(source.name != "conftest.py" for source in beside)
        return os.path.isfile(self._base / path)  # noqa: PTH113  (Path.is_file raises for a loop of links)

    def find_fate(self, test_id: str, *, is_open: bool = False) -> FateOfTest:
        """What became of a test. Reads sources, raises nothing.

        An id that `is_open` names any module of its folder where that is `*.py`, and any class where it has
        none: the test is gone if it is in none of them, nor in any other source.
        """
        if not is_in_python(test_id):
            tree = self._scenarios if is_scenario(test_id) else self._go
            absence = tree.find_absence(test_id)
            doubt = absence and absence.doubt
            reason = absence and absence.reason
            return FateOfTest(doubt=f"{reason}, but {doubt}") if doubt else FateOfTest(gone=reason)
        name = parse_test_id(test_id)
        if name is None:
            return FateOfTest()
        gone = self._find_absence_anywhere(name) if is_open else self._find_absence(name)
        if gone is None:
            return FateOfTest()
        if isinstance(gone, Doubt):
            return FateOfTest(doubt=gone.reason)
        if self._has_own_collector(PurePosixPath(name.path).parent):
            return FateOfTest(doubt=f"{gone}, but a conftest.py decides what is a test there")
        plugin = self._find_index(name).plugin
        if plugin is not None:
            return FateOfTest(doubt=f"{gone}, but {plugin} may decide what is a test")
        holder = min(self._find_index(name).binders.get(name.function, ()), default=None) if is_open else None
        if holder is not None:
            return FateOfTest(doubt=f"{gone}, but {holder} has something of that name")
        namesake = next(self._find_namesakes(name), None)
        if namesake is not None:
            hint = f"recctl mv {_join(name)} {_join(namesake)} takes its recordings along"
            return FateOfTest(
                doubt=f"{gone}, but {namesake.path} has a {name.function}: if the test moved, {hint}"
            )
        return FateOfTest(gone=gone)

    def _find_absence_anywhere(self, name: Address) -> str | Doubt | None:
        """The same as below, for an id that leaves open the module or the class."""
        folder = PurePosixPath(name.path).parent
        paths = [name.path]
        if PurePosixPath(name.path).name == ANY_MODULE:
            found = sorted(path.name for path in (self._base / folder).glob(ANY_MODULE))
            paths = [(folder / file).as_posix() for file in found if file != "conftest.py"]
        elif not self.has_file(name.path):
            return self._find_absence(name)
        doubt = None
        for path in paths:
            for meant in self._list_meant(name._replace(path=path)):
                absence = self._find_absence(meant)
                if absence is None:
                    return None
                doubt = doubt or (absence if isinstance(absence, Doubt) else None)
        where = paths[0] if paths == [name.path] else f"no module in {folder}"
        return doubt or f"{where} has {'no' if paths == [name.path] else 'a'} function {name.function}"

    def _list_meant(self, name: Address) -> Iterator[Address]:
        """A test of a module, and if its class is open, those of that name in all classes."""
        yield name
        module = self._read_module(name.path) if not name.classes else ""
        if not isinstance(module, str):
            yield from (name._replace(classes=classes) for classes in module.list_classes())

    def _find_absence(self, name: Address) -> str | Doubt | None:
        """The proof that a test is not in its file, a doubt, or None when it is there."""
        if not self.has_file(name.path):
            place = self._base / name.path
            if os.path.lexists(place) or os.path.isdir(place.with_suffix("")):  # noqa: PTH112  (Path.is_dir raises for long names)
                return Doubt(f"{name.path} is no file, but something has its name")
            return f"{name.path} no longer exists"
        module = self._read_module(name.path)
        if isinstance(module, str):
            return Doubt(f"{name.path} {module}")
        return module.find_absence(name)

    def _read_module(self, path: str) -> Module | str:
        """A file as Python, or why it can't be read."""
        if path not in self._modules:
            self._modules[path] = read_module(self._base / path)
        return self._modules[path]

    def _has_own_collector(self, folder: PurePosixPath) -> bool:
        """Whether a conftest.py there or above makes tests out of something else, or under other names."""
        if folder not in self._conftests:
            content = read_source(self._base / folder / "conftest.py") or b""
            is_above = folder.parent != folder and self._has_own_collector(folder.parent)
            self._conftests[folder] = is_above or _OWN_COLLECTOR.search(content) is not None
        return self._conftests[folder]

    def _find_namesakes(self, name: Address) -> Iterator[Address]:
        """Where else a test of that name may be.

        In its own file, or another one that is called like it: anywhere. In others: in a class of that name.
        """
        file = PurePosixPath(name.path).name
        binders = self._find_index(name).binders
        holders = binders.get(name.classes[0], set()) if name.classes else set()
        paths = holders | binders.get(name.function, set())
        for path in sorted(paths, key=lambda path: (PurePosixPath(path).name != file, path)):
            moved = name._replace(path=path)
            module = self._read_module(path)
            if isinstance(module, str):
                yield moved
                continue
            is_like_it = PurePosixPath(path).name == file
            for classes in module.find_holders(name.function):
                if classes == name.classes or is_like_it:
                    yield Address(path, classes, name.function)
            absence = module.find_absence(moved)
            if path != name.path and (absence is None or (path in holders and isinstance(absence, Doubt))):
                yield moved

    def _find_index(self, name: Address) -> _Index:
        """What is known of the sources where a test may be: all, or those that its top folder links to."""
        top = self._base / PurePosixPath(name.path).parts[0]
        start = top if top.is_symlink() and top.is_dir() else self._base
        if start not in self._indexes:
            self._indexes[start] = self._make_index(start)
        return self._indexes[start]

    def _make_index(self, start: Path) -> _Index:
        """What the sources below a folder bind, as far as that shows without parsing them."""
        binders: dict[str, set[str]] = {}
        plugin = None
        for source in sorted(_walk_sources(start)):
            content = read_source(source) or b""
            path = source.relative_to(self._base).as_posix()
            for groups in _BINDING.findall(content):
                binders.setdefault(_read_name(groups[0] or groups[1]), set()).add(path)
            is_other = source.name == "conftest.py" or source.name.startswith("test_")
            if plugin is None and not is_other and _OWN_COLLECTOR.search(content):
                plugin = path
        return _Index(binders, plugin)


def _read_name(content: bytes) -> str:
    """A name in a source of one of the usual encodings."""
    try:
        return normalise(content.decode())
    except UnicodeDecodeError:
        return normalise(content.decode("latin-1"))


class _Index(NamedTuple):
    """Which sources hold something of a name; the first that collects tests in its own way, if one does."""

    binders: dict[str, set[str]]
    plugin: str | None


def _join(name: Address) -> str:
    return "::".join((name.path, *name.classes, name.function))


_OWN_COLLECTOR = re.compile(
    rb"\bdef\s+pytest_(?:pycollect_|collect_file|collect_directory|itemcollected)|\._nodeid\s*="
)
_BINDING = re.compile(rb"\b(?:def|class)\s+([^\s(:\[]+)|^[ \t]*([^\s=#.,()\[\]]+)[ \t]*=(?!=)", re.MULTILINE)


def _walk_sources(start: Path, suffix: str = ".py") -> Iterator[Path]:
    """The sources below a folder that git does not ignore; hidden folders and environments left out."""
    ignored = git.list_ignored(start)
    for folder, names, files in os.walk(start):
        inner = Path(folder).relative_to(start)
        names[:] = [
            name
            for name in names
            if not name.startswith(".") and f"{(inner / name).as_posix()}/" not in ignored
        ]
        if "pyvenv.cfg" in files:
            names.clear()
        yield from (Path(folder, file) for file in files if file.endswith(suffix))
