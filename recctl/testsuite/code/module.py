"""One source of tests, read as Python: what it binds, and what it does that could bind more."""

from __future__ import annotations

import ast
import stat
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.definitions import MAX_SOURCE, UNREADABLE, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from recctl.testsuite.code.names import Address


def read_source(path: Path) -> bytes | None:
    """A source, unless it can't be read, is no file (a pipe would be waited for) or too large to be one."""
    try:
        status = path.stat()
        is_source = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_SOURCE
        return path.read_bytes() if is_source else None
    except (OSError, ValueError):
        return None


def read_module(path: Path) -> Module | str:
    """A source as Python, or why it can't be read."""
    content = read_source(path)
    if content is None:
        return "can't be read"
    try:
        return Module(parse_source(content))
    except UNREADABLE:
        return "is no Python that this version can read"


class Doubt(NamedTuple):
    """Why it can't be told whether a test is there."""

    reason: str


_Scope = dict[str, list[ast.stmt | None]]
"""What each name of a scope stands for: functions and classes; None is anything else."""


class Module:
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

    def find_absence(self, name: Address) -> str | Doubt | None:
        """The proof that a test is not there, a doubt, or None when it is."""
        names, place = self._names, name.path
        for number, step in enumerate(name.classes):
            if step not in names:
                return self._prove(f"{place} has no class {step}", step)
            classes = [node for node in names[step] if isinstance(node, ast.ClassDef)]
            if len(classes) != 1 or len(names[step]) != 1:
                return Doubt(f"{place} has several things that are called {step}, or imports it")
            names, place = _list_own(classes[0]), f"{step} in {name.path}"
            wanted = (*name.classes, name.function)[number + 1]
            if wanted in names:
                continue
            inherited = self._list_members(classes[0], frozenset())
            if inherited is None:
                return Doubt(f"{place} has no {wanted} of its own, but may inherit or be given one")
            if wanted in inherited:
                return None
        if name.function in names:
            return None
        absence = f"{place} has no function {name.function}"
        if not name.classes and name.function == PurePosixPath(name.path).stem:
            return Doubt(f"{absence}, but may have doctests")
        return self._prove(absence, name.function)

    def list_classes(self) -> Iterator[tuple[str, ...]]:
        """The classes, each as the names that lead to it; what was imported and may be one of tests, too."""
        yield from _list_classes(self._names)
        yield from ((name,) for name in self._origins if name.startswith("Test") and name in self._names)

    def find_holders(self, function: str) -> Iterator[tuple[str, ...]]:
        """The classes, outermost first, in whose bodies a function of that name stands; () is the module."""
        yield from _find_holders(self._names, function)

    def _prove(self, absence: str, name: str) -> str | Doubt:
        """A proof, or the doubt that something may yet give that name to a class or a function."""
        if self._doubt is not None:
            return Doubt(f"{absence}, but {self._doubt}")
        if name in self._assigned:
            return Doubt(f"{absence}, but it assigns to one of something else")
        for decorated in sorted(self._decorated):
            if name.startswith(f"{decorated}_"):
                return Doubt(f"{absence}, but what decorates {decorated} may make several of it")
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
    """What in a module could bind names that are not in it."""
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
