"""Imports point down only: the map in recctl/README.md, held against the sources.

Imports inside functions and for type checking count like any other.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from recctl.wire.recognition import each_wire
from tests.layers import LAYERS, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

EXTERNAL = {
    "jsonschema": {"checks"},
    "jsonschema_rs": {"checks"},
    "deepdiff": {"diff"},
    "yaml": {"base"},
    "rich": {"render"},
    "typer": {"cli", "__main__"},
}
"""Libraries that only these parts may import."""


class Import(NamedTuple):
    """That one part imports a name from a module; `module` is absolute."""

    part: str
    module: str
    name: str
    place: str


@cache
def list_imports() -> tuple[Import, ...]:
    """What the modules of the package import."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        name = path.relative_to(PACKAGE.parent).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [Import(part, alias.name, "", f"{name}:{node.lineno}") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                place = f"{name}:{node.lineno}"
                assert node.level == 0, f"{place}: a relative import"
                assert node.module is not None
                found += [Import(part, node.module, alias.name, place) for alias in node.names]
    return tuple(found)


@cache
def list_own() -> tuple[Import, ...]:
    """Those of modules of the package itself."""
    return tuple(found for found in list_imports() if found.module.split(".")[0] == "recctl")


def imported_part(found: Import) -> str:
    """The part of our package that is imported; `from recctl import wire` gives wire as well."""
    steps = [*found.module.split("."), found.name]
    return steps[1] if (PACKAGE / steps[1]).is_dir() or (PACKAGE / f"{steps[1]}.py").is_file() else "__init__"


def layer(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def test_every_part_has_a_layer() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert parts == {part for parts in LAYERS for part in parts}


def test_imports_point_down() -> None:
    upwards = [
        f"{found.place}: {found.part} imports {imported_part(found)}"
        for found in list_own()
        if found.part != imported_part(found) and layer(found.part) >= layer(imported_part(found))
    ]
    assert upwards == []


def test_the_package_is_no_more_tangled_than_it_was() -> None:
    """What raises a figure lies in the wrong place, or should be handed in as a value."""
    arrows = {(found.part, imported_part(found)) for found in list_own()}
    parts = {part for parts in LAYERS for part in parts}
    assert len(parts) <= 22
    assert len(LAYERS) <= 12
    assert sum(part != imported for part, imported in arrows) <= 117


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Those that import none of the others, or that none imports, are taken away until none is left."""
    modules = {_name_module(path): path for path in PACKAGE.rglob("*.py")}
    imported = {name: set(_list_imported(name, path, modules)) for name, path in modules.items()}
    while free := {
        name
        for name, others in imported.items()
        if others.isdisjoint(imported) or not any(name in each for each in imported.values())
    }:
        imported = {name: others for name, others in imported.items() if name not in free}
    assert {name: others & imported.keys() for name, others in imported.items()} == {}


def _name_module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def _list_imported(importing: str, path: Path, modules: Collection[str]) -> Iterator[str]:
    """The modules of the package that a module imports from, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found = submodule if submodule in modules else node.module
                if found in modules and found != importing:
                    yield found


def test_classes_have_names_of_their_own() -> None:
    """Who reads one name in two places would have to know which class is meant."""
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: found for name, found in places.items() if found[1:]} == {
        "CommandClass": [
            "cli/diff.py",
            "cli/track.py",
        ]  # which `cli/app.py` looks for in each command
    }


def test_the_package_itself_hands_on_its_library_and_its_version() -> None:
    taken = {
        imported_part(found)
        for found in list_imports()
        if found.part == "__init__" and "recctl" in found.module
    }
    assert taken == {"library", "base"}


def test_completion_knows_of_recordings_only_what_a_json_value_is() -> None:
    taken = {(found.module, found.name) for found in list_own() if "/wire/completion.py" in found.place}
    assert taken - {("recctl.base.values", "NamedTuple")} == {("recctl.recordings.recording", "JSON")}


def test_render_imports_values_and_never_work() -> None:
    """Classes and constants; functions only to word something, to take two texts apart, or as a boundary."""
    functions = {
        found.name
        for found in list_own()
        if found.part == "render" and imported_part(found) != "render" and found.name[0].islower()
    }
    words = {"join_pointer", "shorten_name", "show_count", "show_size", "show_value", "suggest"}
    assert functions == {"attempt", "compare_words", *words}


@pytest.mark.parametrize("library", EXTERNAL)
def test_a_heavy_library_has_its_own_place(library: str) -> None:
    users = {found.part for found in list_imports() if found.module.split(".")[0] == library}
    assert users <= EXTERNAL[library]


def test_modules_of_a_protocol_do_not_know_each_other() -> None:
    """What protocols share is in `wire/building/`."""
    protocols = {path.stem for path in (PACKAGE / "wire/protocols").glob("[a-z]*.py")}
    assert "chat" in protocols
    taken = {
        f"{found.place}: {found.module}"
        for found in list_own()
        if found.module.startswith("recctl.wire.protocols")
    }
    assert taken == set()


def test_only_a_protocol_knows_its_name() -> None:
    """What its words come to is told by its `Wire`; elsewhere, no table is by protocol."""
    names = {wire.name for wire in each_wire()} - {"models", "objects", "file-processor"}  # other things, too
    assert "openai-chat" in names
    known = {
        f"{path.relative_to(PACKAGE.parent).as_posix()}:{node.lineno}: {node.value}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if "wire" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    }
    assert known == set()


RENDERERS = sorted((PACKAGE / "render").glob("*/[!_]*.py"))


@pytest.mark.parametrize(
    "path",
    [path for path in RENDERERS if path.parent.name not in ("kit", "changes", "page")],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_a_format_is_given_what_its_folder_says(path: Path) -> None:
    """Formats are loaded by name, where no type checker looks."""
    package = ast.parse((path.parent / "__init__.py").read_text(encoding="utf-8"))
    (finder,) = (node for node in package.body if getattr(node, "name", "") == "find_renderer")
    assert isinstance(finder, ast.FunctionDef)
    (given,) = re.findall(r"Callable\[\[(.*)\], Iterator\[str\]\]", ast.unparse(finder.returns or finder))
    module = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "render"]
    taken = [", ".join(ast.unparse(arg.annotation or arg) for arg in node.args.args) for node in functions]
    assert taken == [given] or (not functions and "import render" in path.read_text(encoding="utf-8"))


STARTERS = {
    "recctl/base/limited.py": "Python, for what may never come to an end",
    "recctl/cli/pager.py": "the pager that the user has chosen",
    "recctl/git/command.py": "git, so that no repository has a say in what runs",
    "recctl/testsuite/track/run.py": "the command that the user has named",
}
"""The modules that start other programs, and which."""


def test_programs_are_started_in_few_places() -> None:
    found = {
        found.place.partition(":")[0]
        for found in list_imports()
        if {found.module, f"{found.module}.{found.name}"} & {"subprocess", "pty", "asyncio.subprocess"}
    }
    assert found == {*STARTERS, "recctl/git/__init__.py"}  # which has what it was started for from there
    calls = {"system", "popen", "execv", "execve", "execvp", "spawnv", "posix_spawn", "startfile"}
    named = {
        f"{path.relative_to(PACKAGE.parent).as_posix()}: {node.attr}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in calls
    }
    assert named == set()
