"""How cassettes are named after tests: pytest-recording's rule and pytest-vcr's, in both directions.

Mirrors `vcr_cassette_dir`, `get_default_cassette_name` and `use_cassette` of pytest-recording 0.14 and the
fixtures `vcr_cassette_dir` and `vcr_cassette_name` of pytest-vcr 1.0. What a project's own fixtures and marks
say instead (`default_cassette`, `vcr_cassette_name` ...) no path tells.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl.project import Place

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "cassettes"
_SUFFIX = ".yaml"
_ENDINGS = (".yaml", ".yml", ".yaml.gz", ".yml.gz", ".json")
_LONGEST = 255
"""How long a file's name may be, as most file systems have it (`PC_NAME_MAX`)."""

_ASIDE = "_sideband"
"""What the name of a folder ends in that another recorder keeps beside that of a module's cassettes."""

_REPLACED = str.maketrans(dict.fromkeys("<>?%*:|\"'/\\", "-"))


class Name(NamedTuple):
    """What a cassette's path tells of its test.

    `folder` is where the test's module lies, `module` its file's name; "" where all modules of the folder
    share their cassettes, as by pytest-vcr's rule. `parameters` have their brackets, or are "". A `-` in them
    may stand for any character that file names can't have; None is for those of a name that was cut off.
    """

    folder: str
    module: str
    holder: str
    function: str
    parameters: str | None

    @property
    def test_id(self) -> str | None:
        """The test's id, or that of its function where the parameters were cut off; None without a module."""
        if not self.module:
            return None
        path = (PurePosixPath(self.folder) / self.module).as_posix()
        holder = f"{self.holder}::" if self.holder else ""
        return f"{path}::{holder}{self.function}{self.parameters or ''}"


def read_name(place: Place) -> Name | None:
    """What the path of a cassette tells of its test; None where it is not named after one.

    Paths of the test start where the place's folder does. A companion (`test_x.more.yaml`, which another
    recorder writes beside `test_x.yaml`) is its test's.
    """
    folder = PurePosixPath(place.folder)
    ending = next((ending for ending in _ENDINGS if place.name.endswith(ending)), None)
    found = _NAME.fullmatch(place.name.removesuffix(ending)) if ending else None
    if found is None:
        return None
    parameters = None if found["digest"] else found["parameters"] or ""
    if folder.name == FOLDER:
        return Name(folder.parent.as_posix(), "", found["holder"] or "", found["function"], parameters)
    if folder.parent.name != FOLDER or not _MODULE.fullmatch(folder.name):
        return None
    above = folder.parent.parent.as_posix()
    return Name(above, f"{folder.name}.py", found["holder"] or "", found["function"], parameters)


_MODULE = re.compile(r"test_?\w*|\w+_tests?")
"""How modules of tests are called; a folder of another name may be one of a project's own making."""

_NAME = re.compile(
    r"(?:(?P<holder>[A-Za-z_][A-Za-z0-9_]*)\.)?(?P<function>test[A-Za-z0-9_]*)"
    r"(?:\[.*(?P<digest>\.\.\.[0-9a-f]{32})|(?P<parameters>\[.*\]))?(?:\.[a-z][a-z0-9_]*)?",
    re.DOTALL,
)


def find_test(place: Place, exists: Callable[[str], bool]) -> str | None:
    """The id of the test that a cassette is named after, as its path tells it; None for no test's name.

    The folder `test_x_sideband` is the module `test_x`'s, unless a module of that very name `exists`.
    """
    name = read_name(place)
    if name is None:
        return None
    module = name.module.removesuffix(f"{_ASIDE}.py")
    if module != name.module and not exists((PurePosixPath(name.folder) / name.module).as_posix()):
        name = name._replace(module=f"{module}.py")
    return name.test_id


def is_companion(folders: tuple[str, ...], head: bytes) -> bool:
    """Whether a file that is no cassette is one of another recorder's, by its folders and its beginning."""
    return FOLDER in folders and _INTERACTIONS.search(head) is not None


_INTERACTIONS = re.compile(rb"^\w*interactions:", re.MULTILINE)


def list_places(test_id: str) -> tuple[Place, ...]:
    """Where a test's cassette lies: by pytest-recording's rule, then by pytest-vcr's; none for no test's id.

    Last comes where its companions lie that have a folder of their own. The folders start where the id does.
    """
    address, bracket, parameters = test_id.partition("[")
    path, *names = address.split("::")
    module = PurePosixPath(path)
    if not names or module.suffix != ".py":
        return ()
    *holders, function = names
    holder = f"{holders[-1]}." if holders else ""
    name = f"{holder}{function}{bracket}{parameters}"
    folder = module.parent / FOLDER
    flat = folder / f"{name}{_SUFFIX}"
    own = f"{_shorten(name.translate(_REPLACED))}{_SUFFIX}"
    return (
        Place((folder / module.stem).as_posix(), own),
        Place(flat.parent.as_posix(), flat.name),
        Place((folder / f"{module.stem}{_ASIDE}").as_posix(), own),
    )


def _shorten(name: str) -> str:
    """A name as pytest-recording cuts it off when it is too long for a file's."""
    if len(name) + len(_SUFFIX) <= _LONGEST:
        return name
    import hashlib  # which takes longer than all else that a walk loads of this format

    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _LONGEST - len(_SUFFIX) - len(digest) - 3]}...{digest}"
