"""Whether a test still exists, by reading the sources of the tests: nothing is imported or run.

A test is only called gone where its file, read as Python, leaves no way for it to be there. Whatever could
make a function at run time, hide it in another file or bring it in from there is a doubt, and a doubt keeps.
"""

from __future__ import annotations

import ast
import os
import re
import stat
import warnings
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from recctl import git
from recctl.recordings.formats import ANY_MODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Fate(NamedTuple):
    """What became of a test: `gone` is the proof that it no longer exists, `doubt` why that can't be told.

    Both are None for a test that exists, and for an id that names no Python function.
    """

    gone: str | None = None
    doubt: str | None = None


class Address(NamedTuple):
    """Where a test is to be found: its id, taken apart; parameters left out."""

    path: str
    classes: tuple[str, ...]
    function: str


@cache
def parse_test_id(test_id: str) -> Address | None:
    """The parts of an id such as `tests/test_x.py::TestA::test_y[params]`.

    None for what does not name a Python function: doctests, notebooks, tables of cases.
    """
    path, _, rest = test_id.partition("::")
    *classes, function = rest.partition("[")[0].split("::")
    steps = PurePosixPath(path).parts
    is_inside = bool(steps) and not path.startswith("/") and ".." not in steps and path.isprintable()
    if not path.endswith(".py") or not is_inside or "\\" in path or ":" in path:
        return None
    if not all(name.isidentifier() for name in (*classes, function)):
        return None
    return Address(path, tuple(map(_normalise, classes)), _normalise(function))


def _normalise(name: str) -> str:
    """A name as Python knows it, however it is written."""
    return name if name.isascii() else normalize("NFKC", name)


class CodeTree:
    """The sources of the tests below the folder that test ids start at; each file is read once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._modules: dict[str, _Module | str] = {}
        self._conftests: dict[PurePosixPath, bool] = {}
        self._indexes: dict[Path, _Index] = {}

    def has_file(self, path: str) -> bool:
        """Whether a file lies there, as test ids name it; any source, for an id that names no module."""
        if PurePosixPath(path).name == ANY_MODULE:
            beside = (self._base / path).parent.glob(ANY_MODULE)
            return any(source.name != "conftest.py" for source in beside)
        return os.path.isfile(self._base / path)  # noqa: PTH113  (Path.is_file raises for a loop of links)

    def find_fate(self, test_id: str, *, is_open: bool = False) -> Fate:
        """What became of a test. Reads sources, raises nothing.

        An id that `is_open` names any module of its folder where that is `*.py`, and any class where it has
        none: the test is gone if it is in none of them, nor in any other source.
        """
        name = parse_test_id(test_id)
        if name is None:
            return Fate()
        gone = self._find_absence_anywhere(name) if is_open else self._find_absence(name)
        if gone is None:
            return Fate()
        if isinstance(gone, _Doubt):
            return Fate(doubt=gone.reason)
        if self._has_own_collector(PurePosixPath(name.path).parent):
            return Fate(doubt=f"{gone}, but a conftest.py decides what is a test there")
        plugin = self._find_index(name).plugin
        if plugin is not None:
            return Fate(doubt=f"{gone}, but {plugin} may decide what is a test")
        holder = min(self._find_index(name).binders.get(name.function, ()), default=None) if is_open else None
        if holder is not None:
            return Fate(doubt=f"{gone}, but {holder} has something of that name")
        namesake = next(self._find_namesakes(name), None)
        if namesake is not None:
            hint = f"recctl mv {_join(name)} {_join(namesake)} takes its recordings along"
            return Fate(doubt=f"{gone}, but {namesake.path} has a {name.function}: if the test moved, {hint}")
        return Fate(gone=gone)

    def _find_absence_anywhere(self, name: Address) -> str | _Doubt | None:
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
                doubt = doubt or (absence if isinstance(absence, _Doubt) else None)
        where = paths[0] if paths == [name.path] else f"no module in {folder}"
        return doubt or f"{where} has {'no' if paths == [name.path] else 'a'} function {name.function}"

    def _list_meant(self, name: Address) -> Iterator[Address]:
        """A test of a module, and if its class is open, those of that name in all classes."""
        yield name
        module = self._read_module(name.path) if not name.classes else ""
        if not isinstance(module, str):
            yield from (name._replace(classes=classes) for classes in module.list_classes())

    def _find_absence(self, name: Address) -> str | _Doubt | None:
        """The proof that a test is not in its file, a doubt, or None when it is there."""
        if not self.has_file(name.path):
            place = self._base / name.path
            if os.path.lexists(place) or os.path.isdir(place.with_suffix("")):  # noqa: PTH112  (Path.is_dir raises for long names)
                return _Doubt(f"{name.path} is no file, but something has its name")
            return f"{name.path} no longer exists"
        module = self._read_module(name.path)
        if isinstance(module, str):
            return _Doubt(f"{name.path} {module}")
        return module.find_absence(name)

    def _read_module(self, path: str) -> _Module | str:
        """A file as Python, or why it can't be read."""
        if path not in self._modules:
            self._modules[path] = _parse(self._base / path)
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
            if path != name.path and (absence is None or (path in holders and isinstance(absence, _Doubt))):
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
        return _normalise(content.decode())
    except UnicodeDecodeError:
        return _normalise(content.decode("latin-1"))


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


def _walk_sources(start: Path) -> Iterator[Path]:
    """The Python files below a folder that git does not ignore; hidden folders and environments left out."""
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
        yield from (Path(folder, file) for file in files if file.endswith(".py"))


def read_source(path: Path) -> bytes | None:
    """A source, unless it can't be read, is no file (a pipe would be waited for) or too large to be one."""
    try:
        status = path.stat()
        is_source = stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_SOURCE
        return path.read_bytes() if is_source else None
    except (OSError, ValueError):
        return None


_MAX_SOURCE = 4_000_000


def _parse(path: Path) -> _Module | str:
    content = read_source(path)
    if content is None:
        return "can't be read"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the sources, which are not ours
            return _Module(ast.parse(content))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "is no Python that this version can read"


class _Doubt(NamedTuple):
    reason: str


_Scope = dict[str, list[ast.stmt | None]]
"""What each name of a scope stands for: functions and classes; None is anything else."""


class _Module:
    """What a module binds, and what it does that could bind more."""

    def __init__(self, tree: ast.Module) -> None:
        self._names = _list_bindings(tree.body)
        self._origins = _list_origins(tree)
        self._assigned: set[str] = set()
        self._decorated: set[str] = set()
        self._doubt = _find_doubt(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    self._names.setdefault(name, []).append(None)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self._assigned.add(node.attr)
            elif isinstance(node, _DEFINITIONS) and not all(map(_is_mark, node.decorator_list)):
                self._decorated.add(node.name)

    def find_absence(self, name: Address) -> str | _Doubt | None:
        """The proof that a test is not there, a doubt, or None when it is."""
        names, place = self._names, name.path
        for number, step in enumerate(name.classes):
            if step not in names:
                return self._prove(f"{place} has no class {step}", step)
            classes = [node for node in names[step] if isinstance(node, ast.ClassDef)]
            if len(classes) != 1 or len(names[step]) != 1:
                return _Doubt(f"{place} has several things that are called {step}, or imports it")
            names, place = _list_own(classes[0]), f"{step} in {name.path}"
            wanted = (*name.classes, name.function)[number + 1]
            if wanted in names:
                continue
            inherited = self._list_members(classes[0], frozenset())
            if inherited is None:
                return _Doubt(f"{place} has no {wanted} of its own, but may inherit or be given one")
            if wanted in inherited:
                return None
        if name.function in names:
            return None
        absence = f"{place} has no function {name.function}"
        if not name.classes and name.function == PurePosixPath(name.path).stem:
            return _Doubt(f"{absence}, but may have doctests")
        return self._prove(absence, name.function)

    def list_classes(self) -> Iterator[tuple[str, ...]]:
        """The classes, each as the names that lead to it; what was imported and may be one of tests, too."""
        yield from _list_classes(self._names)
        yield from ((name,) for name in self._origins if name.startswith("Test") and name in self._names)

    def find_holders(self, function: str) -> Iterator[tuple[str, ...]]:
        """The classes, outermost first, in whose bodies a function of that name stands; () is the module."""
        yield from _find_holders(self._names, function)

    def _prove(self, absence: str, name: str) -> str | _Doubt:
        """A proof, or the doubt that something may yet give that name to a class or a function."""
        if self._doubt is not None:
            return _Doubt(f"{absence}, but {self._doubt}")
        if name in self._assigned:
            return _Doubt(f"{absence}, but it assigns to one of something else")
        for decorated in sorted(self._decorated):
            if name.startswith(f"{decorated}_"):
                return _Doubt(f"{absence}, but what decorates {decorated} may make several of it")
        return absence

    def _list_members(self, node: ast.ClassDef, seen: frozenset[str]) -> set[str] | None:
        """The names that a class has or inherits; None when they can't all be told."""
        if node.keywords or node.name in seen or not all(map(_is_mark, node.decorator_list)):
            return None
        members = set(_list_own(node))
        if "__init_subclass__" in members:
            return None
        for base in node.bases:
            text = ast.unparse(base)
            bound = self._names.get(text, [])
            if self._is_plain(text):
                continue
            if len(bound) != 1 or not isinstance(bound[0], ast.ClassDef):
                return None
            inherited = self._list_members(bound[0], seen | {node.name})
            if inherited is None:
                return None
            members |= inherited
        return members

    def _is_plain(self, base: str) -> bool:
        """Whether a class is one of the standard library's that bring no tests along."""
        first = base.partition(".")[0]
        return base in _PLAIN_BASES and self._origins.get(first, set()) == _PLAIN_BASES[base]


def _find_holders(scope: _Scope, function: str) -> Iterator[tuple[str, ...]]:
    if function in scope:
        yield ()
    for name, bound in scope.items():
        for node in bound:
            if isinstance(node, ast.ClassDef):
                inner = _find_holders(_list_own(node), function)
                yield from ((name, *classes) for classes in inner)


def _list_classes(scope: _Scope) -> Iterator[tuple[str, ...]]:
    for name, bound in scope.items():
        for node in bound:
            if isinstance(node, ast.ClassDef):
                yield (name,)
                yield from ((name, *inner) for inner in _list_classes(_list_own(node)))


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_PLAIN_BASES: dict[str, set[str]] = {
    "object": set(),
    "ABC": {"abc"},
    "abc.ABC": {"abc"},
    "TestCase": {"unittest"},
    "unittest.TestCase": {"unittest"},
    "IsolatedAsyncioTestCase": {"unittest"},
    "unittest.IsolatedAsyncioTestCase": {"unittest"},
}
"""Classes that bring no tests along, with the module that their first name must come from."""


def _list_origins(tree: ast.Module) -> dict[str, set[str]]:
    """By name, the modules that it is, or is imported from; a name that is bound here comes from "here"."""
    origins: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = f"{'.' * node.level}{node.module or ''}"
                origin = module if alias.asname in (None, alias.name) else f"{module}.{alias.name}"
                origins.setdefault(alias.asname or alias.name, set()).add(origin)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                origins.setdefault(bound, set()).add(alias.name if alias.asname else bound)
        elif isinstance(node, _DEFINITIONS):
            origins.setdefault(node.name, set()).add("here")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            origins.setdefault(node.id, set()).add("here")
    return origins


def _is_mark(decorator: ast.expr) -> bool:
    """Whether a decorator makes nothing new: it marks for pytest or unittest, or is one of Python's own."""
    text = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return text.startswith(_MARKS) or text in _PLAIN_DECORATORS


_MARKS = ("pytest.mark.", "mark.", "unittest.skip", "patch.", "mock.patch.", "unittest.mock.patch.")
_PLAIN_DECORATORS = {
    "pytest.fixture",
    "staticmethod",
    "classmethod",
    "property",
    "patch",
    "mock.patch",
    "unittest.mock.patch",
}


@cache
def _list_own(node: ast.ClassDef) -> _Scope:
    """What the body of a class binds."""
    return _list_bindings(node.body)


def _list_bindings(body: Iterable[ast.AST]) -> _Scope:
    """What a scope binds: names with the functions and classes, or None where it is something else."""
    found: _Scope = {}
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.setdefault(node.name, []).append(node)
            continue
        if isinstance(node, ast.alias):
            found.setdefault((node.asname or node.name).partition(".")[0], []).append(None)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, []).append(None)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            found.setdefault(node.name, []).append(None)
        pending.extend(ast.iter_child_nodes(node))
    return found


_MAKERS = {"exec", "eval", "setattr", "globals", "locals", "vars", "type", "__import__", "make_dataclass"}
"""Functions that can make names appear."""


def _find_doubt(tree: ast.Module) -> str | None:
    """What in a module could bind names that don't stand in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return f"it imports all of {'.' * node.level}{node.module or ''}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MAKERS:
            if node.func.id == "type" and len(node.args) == 1:
                continue
            return f"it makes names with {node.func.id}()"
        if isinstance(node, ast.Attribute) and node.attr == "modules" and ast.unparse(node) == "sys.modules":
            return "it uses sys.modules"
        if isinstance(node, ast.Attribute) and node.attr in ("f_globals", "f_locals", "__dict__"):
            return f"it uses {node.attr}"
        if isinstance(node, ast.FunctionDef) and node.name in ("load_tests", "pytest_generate_tests"):
            return f"its {node.name} makes tests"
    call = next(_list_calls(tree.body), None)
    return None if call is None else f"it calls {call}(), which may make tests"


def _list_calls(body: Iterable[ast.stmt]) -> Iterator[str]:
    """What a module calls for its effect when it is imported, except for what is known to make no tests."""
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func)
            if name.partition(".")[0] not in _KNOWN and name.rpartition(".")[2] not in _KNOWN_METHODS:
                yield name
        elif isinstance(node, ast.If) and ast.unparse(node.test).startswith("__name__ =="):
            continue
        elif not isinstance(node, _DEFINITIONS):
            for field in ("body", "orelse", "handlers", "finalbody"):
                yield from _list_calls(getattr(node, field, ()))


_KNOWN = {"logging", "logger", "log", "os", "print", "pytest", "random", "sys", "unittest", "warnings"}
_KNOWN_METHODS = {"add", "append", "extend", "insert", "load_dotenv", "setdefault"}
