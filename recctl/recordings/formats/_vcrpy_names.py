"""How cassettes are named after tests: pytest-recording's rule and pytest-vcr's, in both directions.

Mirrors `vcr_cassette_dir`, `get_default_cassette_name` and `use_cassette` of pytest-recording 0.14 and the
fixtures `vcr_cassette_dir` and `vcr_cassette_name` of pytest-vcr 1.0. What a project's own fixtures make of
that, `test-names` in the configuration tells; what its marks say (`default_cassette` ...) no path tells.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.project import Place
from recctl.recordings.formats import ANY_MODULE, NamedTest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.base.templates import Template
    from recctl.project import Settings

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
    share their cassettes, as by pytest-vcr's rule. `holder` is the class, "" for none, None where names don't
    tell it. `parameters` have their brackets, or are "". A `-` in them may stand for any character that file
    names can't have; None is for those of a name that was cut off, or never has them.
    """

    folder: str
    module: str
    holder: str | None
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
    found = re.fullmatch(_NAME, place.name.removesuffix(ending)) if ending else None
    if found is None:
        return None
    parameters = None if found["digest"] else found["parameters"] or ""
    if folder.name == FOLDER:
        return Name(folder.parent.as_posix(), "", found["holder"] or "", found["function"], parameters)
    if folder.parent.name != FOLDER or not re.fullmatch(_MODULE, folder.name):
        return None
    above = folder.parent.parent.as_posix()
    return Name(above, f"{folder.name}.py", found["holder"] or "", found["function"], parameters)


_MODULE = r"test_?\w*|\w+_tests?"
"""How modules of tests are called; a folder of another name may be one of a project's own making."""

_NAME = (
    r"(?s)(?:(?P<holder>[A-Za-z_][A-Za-z0-9_]*)\.)?(?P<function>test[A-Za-z0-9_]*)"
    r"(?:\[.*(?P<digest>\.\.\.[0-9a-f]{32})|(?P<parameters>\[.*\]))?(?:\.[a-z][a-z0-9_]*)?"
)


def find_test(place: Place, settings: Settings, exists: Callable[[str], bool]) -> NamedTest | None:
    """The test that a cassette, or its companion, is named after, as its path tells it; None for none.

    The folder `test_x_sideband` is the module `test_x`'s, unless a module of that very name `exists`.
    """
    name, is_open = _read_by_templates(place, settings), bool(settings.test_names)
    if name is None and not settings.test_names:
        name = read_name(place)
    if name is None or not (name.module or is_open):
        return None
    module = name.module.removesuffix(f"{_ASIDE}.py")
    if module != name.module and not exists((PurePosixPath(name.folder) / name.module).as_posix()):
        name = name._replace(module=f"{module}.py")
    is_open = is_open and (not name.module or name.holder is None)
    name = name._replace(module=name.module or ANY_MODULE)
    return None if name.test_id is None else NamedTest(name.test_id, is_open, name.parameters is not None)


def _read_by_templates(place: Place, settings: Settings) -> Name | None:
    """What the path of a file tells of its test by the configured names of companions and of cassettes."""
    parts = PurePosixPath(place.folder).parts
    if FOLDER not in parts or not (settings.test_names or settings.companions):
        return None
    from recctl.base.templates import compile_template

    start = len(parts) - parts[::-1].index(FOLDER)
    folder = PurePosixPath(*parts[: start - 1]).as_posix()
    name = "/".join((*parts[start:], place.name))
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), None)
    tries = [(template, name) for template in _compile_companions(settings)]
    for text in settings.test_names if ending is not None else ():
        stem = name.removesuffix(ending or "")
        tries += [(compile_template(text), each) for each in (stem, re.sub(_WORD, "", stem))]
    for template, text in tries:
        found = template.read(text)
        if found is not None and (settings.test_names or re.fullmatch(_MODULE, found.module or "")):
            module = f"{found.module}.py" if found.module else ""
            parameters = f"[{found.parameters}]" if found.parameters else found.parameters
            return Name(folder, module, found.holder, found.function, parameters)
    return None


_WORD = r"\.[a-z][a-z0-9_]*\Z"
"""What the name of a companion has more than its cassette's."""

_USUAL = ("{module}/{class}.{function}[{params}]", "{class}.{function}[{params}]")
"""pytest-recording's rule, and pytest-vcr's, as templates."""


def _compile_companions(settings: Settings) -> Iterator[Template]:
    """The templates of the configured companions, of those names that they can go with."""
    if not settings.companions:
        return
    from recctl.base.templates import compile_companion

    for pattern in settings.companions:
        for text in settings.test_names or _USUAL:
            with suppress(ValueError):  # such as {module} in both
                yield compile_companion(pattern, text)


def is_companion(name: str, folders: tuple[str, ...], settings: Settings, read: Callable[[], bytes]) -> bool:
    """Whether a file that is no cassette goes with one: by a configured name, or as another recorder's.

    Those are known by their folders and their beginning.
    """
    if settings.companions and _read_by_templates(Place("/".join(folders), name), settings) is not None:
        return True
    return FOLDER in folders and name.endswith(_ENDINGS) and re.search(_INTERACTIONS, read()) is not None


_INTERACTIONS = rb"(?m)^\w*interactions:"


def list_places(test_id: str, settings: Settings) -> tuple[Place, ...]:
    """Where a test's cassette lies: by the configured names, or by pytest-recording's rule and pytest-vcr's.

    Next comes where its companions lie that have a folder of their own, then those that are configured. None
    for no test's id. The folders start where the id does.
    """
    address, bracket, parameters = test_id.partition("[")
    path, *names = address.split("::")
    module = PurePosixPath(path)
    if not names or module.suffix != ".py":
        return ()
    *holders, function = names
    holder, inner = holders[-1] if holders else "", parameters.removesuffix("]").translate(_REPLACED)
    folder = module.parent / FOLDER

    def write(template: Template, stem: str = module.stem, ending: str = "") -> Place:
        whole = folder / (template.write(stem, holder, function, inner) + ending)
        return Place.of(whole)

    companions = [write(template) for template in _compile_companions(settings)]
    if settings.test_names:
        from recctl.base.templates import compile_template

        templates = [compile_template(text) for text in settings.test_names]
        own = [write(template, ending=_SUFFIX) for template in templates]
        aside = f"{module.stem}{_ASIDE}"
        beside = [write(each, aside, _SUFFIX) for each in templates if "module" in each.fields]
        return (*own, *beside, *companions)
    name = f"{holder}{'.' if holder else ''}{function}{bracket}{parameters}"
    flat = folder / f"{name}{_SUFFIX}"
    told = f"{_shorten(name.translate(_REPLACED))}{_SUFFIX}"
    return (
        Place((folder / module.stem).as_posix(), told),
        Place.of(flat),
        Place((folder / f"{module.stem}{_ASIDE}").as_posix(), told),
        *companions,
    )


def _shorten(name: str) -> str:
    """A name as pytest-recording cuts it off when it is too long for a file's."""
    if len(name) + len(_SUFFIX) <= _LONGEST:
        return name
    import hashlib  # which takes longer than all else that a walk loads of this format

    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _LONGEST - len(_SUFFIX) - len(digest) - 3]}...{digest}"
