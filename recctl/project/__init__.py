"""The tree as recctl sees it: its root, its configuration with hash schemes, where recordings belong.

Configuration is the table `[tool.recctl]` of a `pyproject.toml`, or a whole `recctl.toml`. The nearest one,
from the current folder upward, counts; no other does.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recctl.base.errors import RecctlError, did_you_mean
from recctl.base.patterns import compile_file_patterns, compile_pattern
from recctl.base.tables import TableKeyError, parse_table, parse_text, parse_texts
from recctl.base.values import NamedTuple
from recctl.base.work_tree import find_top_level

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path, PurePath

    from recctl.project.schemes import Scheme

MAX_SIZE = 64_000_000
"""How many bytes a file may have unless the configuration says otherwise."""

RECORDINGS = "recordings"
"""The name of the folders that recorders write to."""


class Place(NamedTuple):
    """Where a recording lies: the folder, with `/`, as far up as it is known, and the file's name."""

    folder: str
    name: str

    @classmethod
    def of(cls, path: PurePath) -> Place:
        """The place of a file, as far up as its path goes."""
        return cls(path.parent.as_posix(), path.name)


class SecretSettings(NamedTuple):
    """What counts as a secret beside the built-in kinds, and what does not.

    `allow` are regular expressions that silence a hit, `patterns` names with regular expressions.
    """

    allow: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()


class Rename(NamedTuple):
    """A name that was changed all over the project, recordings included."""

    old: str
    new: str


class Settings(NamedTuple):
    """What is in force for one file.

    `scheme` is the name of the hash scheme that its recorder uses. `keep` are patterns of files that are
    never pruned, `noise` the keys and JSON pointers whose differences don't matter. `test_names` are
    templates of the names that files get from tests (the recorder's own, if there are none), `companions`
    patterns of the names of files that go with them. `schemes` are those that the configuration adds to the
    built-in ones, `renames` names that were changed all over the project after
    recordings had been hashed; both are the same for all files. `root` is the project's folder, with `/`,
    from which the ids of tests start that files are named after; "" where there is no project.
    """

    scheme: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    max_size: int = MAX_SIZE
    secrets: SecretSettings = SecretSettings()
    keep: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    test_names: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    renames: tuple[Rename, ...] = ()
    root: str = ""

    def applies(self, rule: str) -> bool:
        """Whether a rule is in force: selected (all are when none is), and not ignored."""
        return rule not in self.ignore and (not self.select or rule in self.select)


_DEFAULTS = Settings()


class ConfigValue(NamedTuple):
    """What is in force under one key of the configuration; `origin` says where it comes from."""

    key: str
    value: Any
    origin: str


class Override(NamedTuple):
    """Settings for a part of the tree: `changes` are field names of `Settings` with their values."""

    paths: tuple[str, ...]
    changes: dict[str, Any]


@dataclass(frozen=True)
class Project:
    """A tree of recordings with one configuration.

    `config` is the file it came from, if any; `given` are the fields, of this and of the settings, that stand
    there. `baseline` and `drift_baseline` are files with what `validate` and `drift` know, from the root on.
    """

    root: Path
    config: Path | None = None
    given: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    drift_baseline: str | None = None
    settings: Settings = _DEFAULTS
    overrides: tuple[Override, ...] = ()

    @property
    def config_files(self) -> tuple[Path, ...]:
        """The files at its root that may configure it, the one that wins first."""
        return tuple(self.root / name for name in _CONFIG_NAMES)

    @property
    def renames(self) -> tuple[Rename, ...]:
        """The names that were changed all over the project."""
        return self.settings.renames

    def settings_for(self, path: Path | None) -> Settings:
        """The settings for a file, all overrides that match it applied in order; None is standard input."""
        settings = self._rooted
        for override in self.overrides_for(path) if self.overrides else ():
            settings = _apply(settings, override.changes)
        return settings

    def overrides_for(self, path: Path | None) -> Iterator[Override]:
        """The overrides that match a file, in order."""
        relative = self._relative(path)
        if relative is not None:
            yield from (each for each in self.overrides if compile_file_patterns(each.paths)(relative))

    def all_settings(self) -> tuple[Settings, ...]:
        """The settings of the project, and as each override alone would change them."""
        changed = (_apply(self.settings, override.changes) for override in self.overrides)
        return (self.settings, *changed)

    def secrets_anywhere(self) -> SecretSettings:
        """What counts as a secret in any part of the tree, and what in none."""
        first, *others = (settings.secrets for settings in self.all_settings())
        return SecretSettings(
            tuple(word for word in first.allow if all(word in other.allow for other in others)),
            tuple({pattern: None for each in (first, *others) for pattern in each.patterns}),
        )

    def with_settings(self, **changes: Any) -> Project:
        """This project with settings that hold for all of it, whatever the overrides say."""
        overrides = tuple(
            override._replace(changes={**override.changes, **changes}) for override in self.overrides
        )
        return replace(self, settings=self.settings._replace(**changes), overrides=overrides)

    def with_ignored(self, rules: tuple[str, ...]) -> Project:
        """This project with rules ignored in all of it, beside those that are ignored already."""
        return replace(self, settings=_apply(self.settings, {"ignore": rules}))

    def is_excluded(self, path: Path) -> bool:
        """Whether `exclude` leaves a file out; files outside the root never are."""
        if not self.exclude:
            return False
        relative = self._relative(path)
        return relative is not None and compile_file_patterns(self.exclude)(relative)

    def is_kept(self, path: Path) -> bool:
        """Whether `keep` says that a file is never pruned; files outside the root never are."""
        keep = self.settings_for(path).keep
        relative = self._relative(path) if keep else None
        return relative is not None and compile_file_patterns(keep)(relative)

    def _relative(self, path: Path | None) -> str | None:
        if path is None:
            return None
        text, prefix = path.as_posix(), self._prefix  # pathlib's own way takes ten times as long
        return text[len(prefix) :] if text.startswith(prefix) else None

    @cached_property
    def _rooted(self) -> Settings:
        return self.settings._replace(root=self.root.as_posix())

    @cached_property
    def _prefix(self) -> str:
        return f"{self.root.as_posix().rstrip('/')}/"


def _apply(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Settings with an override's changes; what it ignores, keeps, calls noise or companions is added."""
    added = {key: (*getattr(settings, key), *changes.get(key, ())) for key in _ADDED}
    return settings._replace(**{**changes, **added})


_ADDED = ("ignore", "keep", "noise", "companions")


def recordings_folder(test_id: str | None) -> str | None:
    """Where a recorder puts and looks for a test's recordings, below the folder that its test ids start at.

    None when no test is known, or its id does not name a test file, as `path/test_x.py::test_y` does.
    """
    path, separator, _ = (test_id or "").partition("::")
    return posixpath.join(posixpath.dirname(path), RECORDINGS) if separator and path else None


def is_of_test(test_id: str | None, word: str) -> bool:
    """Whether a word means a test: it is the test's id, or a part of it that ends at `/`, `::` or `[`.

    A part begins where a name of the path, a class or a function does.
    """
    if test_id is None or not word:
        return False
    end = "" if word.endswith(_TEST_ENDS) else r"(?=/|::|\[|\Z)"
    found = re.search(rf"(?:\A|/|::){re.escape(word)}{end}", test_id)
    return found is not None and "[" not in test_id[: found.start()]


_TEST_ENDS = ("/", "::", "[")


def check_tests(words: Iterable[str], test_ids: Collection[str]) -> None:
    """Raises RecctlError for a word that means none of the tests, with the nearest of what would."""
    for word in words:
        if any(is_of_test(test_id, word) for test_id in test_ids):
            continue
        parts: dict[str, None] = {}
        for test_id in sorted(test_ids):
            path, _, names = test_id.partition("::")
            name = names.partition("[")[0]
            parts |= dict.fromkeys((test_id, path, path.rpartition("/")[2], name, name.rpartition("::")[2]))
        hint = did_you_mean(word, [*parts]) or "name its id, or a part of it that ends at /, :: or ["
        raise RecctlError(f"no recording is of test {word!r}", hint)


def find_project(start: Path, config: Path | None = None, *, isolated: bool = False) -> Project:
    """The project that a folder belongs to.

    `config` names the configuration file instead of looking for one, `isolated` does without any.
    Raises RecctlError when the configuration can't be read or says something unknown.
    """
    if isolated:
        return Project(_find_root(start))
    if config is not None:
        table = _read_table(config)
        if table is None:
            raise RecctlError(f"{config}: there is no table [tool.recctl]", "name a file that has one")
        return _parse_located(table, config)
    for folder in (start.absolute(), *start.absolute().parents):
        for name in _CONFIG_NAMES:
            path = folder / name
            table = _read_table(path) if path.is_file() else None
            if table is not None:
                return _parse_located(table, path)
    return Project(_find_root(start))


def _parse_located(table: dict[str, Any], path: Path) -> Project:
    """The project of a configuration; what is wrong with a key of it is told with the key's line."""
    try:
        return _parse_config(table, path)
    except TableKeyError as problem:
        line = _find_line(path.read_text(encoding="utf-8"), problem.key)
        message = problem.message if line is None else problem.message.replace(f"{path}", f"{path}:{line}", 1)
        raise RecctlError(message, problem.hint) from None


def _find_line(text: str, key: str) -> int | None:
    """The line on which a key stands, if that is one line alone: as a key, or as the name of a table."""
    spelt = rf"[\"']?{re.escape(key)}[\"']?"
    found = [*re.finditer(rf"^[ \t]*(?:{spelt}[ \t]*[=.]|\[+[^\]\n]*\b{spelt}\]+)", text, re.MULTILINE)]
    return text.count("\n", 0, found[0].start()) + 1 if len(found) == 1 else None


_CONFIG_NAMES = ("recctl.toml", "pyproject.toml")


def find_past_project(project: Project, read: Callable[[Path], bytes | None]) -> Project | None:
    """The project as another state of its files had it; None where that can't be read.

    `read` gives what a file was in that state, None where there was none.
    """
    for path in project.config_files:
        content = read(path)
        try:
            table = None if content is None else _parse_table(content, path)
            past = None if table is None else _parse_config(table, path)
        except RecctlError:
            return None
        if past is not None:
            return past
    return Project(project.root)


def _find_root(start: Path) -> Path:
    return find_top_level(start) or start


def _read_table(path: Path) -> dict[str, Any] | None:
    """recctl's table of a TOML file; None for a `pyproject.toml` that has none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", "name a configuration file that can be read") from None
    return _parse_table(content, path)


def _parse_table(content: bytes, path: Path) -> dict[str, Any] | None:
    """recctl's table in the content of a TOML file."""
    is_shared = path.name == "pyproject.toml"
    if is_shared and b"recctl" not in content:
        return None
    import tomllib

    try:
        document = tomllib.loads(content.decode())
    except RecursionError:
        raise RecctlError(f"{path}: its values nest too deeply to be read", "put the file right") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecctlError(f"{path}: not TOML: {error}", "put the file right") from None
    except ValueError:
        raise RecctlError(f"{path}: a number has too many digits to be read", "put the file right") from None
    if not is_shared:
        if "tool" in document:
            hint = "leave [tool.recctl] out: its keys go to the top of the file"
            raise RecctlError(f"{path}: there is a table [tool]", hint)
        return document
    tool = document.get("tool")
    table = tool.get("recctl") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise RecctlError(f"{path}: tool.recctl should be a table", "write it as [tool.recctl]")
    return table


def _parse_config(table: dict[str, Any], path: Path) -> Project:
    values = parse_table(table, _PROJECT_KEYS | _SETTINGS_KEYS, str(path))
    if "schemes" in values:
        from recctl.project.schemes import parse_schemes

        values["schemes"] = parse_schemes(values["schemes"], str(path))
    given = frozenset(values)
    settings = {key: values.pop(key) for key in tuple(values) if key in Settings._fields}
    overrides = [
        _parse_override(override, f"{path}: overrides[{number}]")
        for number, override in enumerate(values.pop("overrides", ()))
    ]
    return Project(
        root=path.parent.absolute(),
        config=path,
        given=given,
        settings=Settings(**settings),
        overrides=tuple(overrides),
        **values,
    )


def _parse_override(table: Any, where: str) -> Override:
    if not isinstance(table, dict):
        raise RecctlError(f"{where} should be a table", "write it as [[overrides]]")
    values = parse_table(table, _SETTINGS_KEYS | {"paths": parse_texts}, where)
    paths = values.pop("paths", None)
    if not paths:
        raise RecctlError(f"{where} lacks 'paths'", "say which part of the tree it is for")
    return Override(paths, values)


def _parse_tables(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError("should be a list of tables")
    return tuple(value)


def _parse_renames(value: Any) -> tuple[Rename, ...]:
    """The tables `renames`, each with `old` and `new`."""
    tables = _parse_tables(value)
    for table in tables:
        if not isinstance(table, dict) or table.keys() != {"old", "new"}:
            raise ValueError("should be tables with 'old' and 'new'")
    renames = tuple(Rename(parse_text(table["old"]), parse_text(table["new"])) for table in tables)
    if not all(rename.old and rename.new for rename in renames):
        raise ValueError("should be tables whose 'old' and 'new' are not empty")
    return renames


def _parse_schemes(value: Any) -> dict[str, dict[str, Any]]:
    """The tables `schemes`, by name; what is in them is read later."""
    if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
        raise ValueError("should be tables, each with the name of a scheme")
    return value


def parse_size(value: str | int) -> int:
    """A size in bytes, from a number or a text like "64MB" (units of 1000). Raises ValueError."""
    size = value if isinstance(value, int) and not isinstance(value, bool) else 0
    match = re.fullmatch(r"([0-9]{1,15}) ?([kMG]?)B?", value) if isinstance(value, str) else None
    if match is not None:
        size = int(match[1]) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[match[2]]
    if size <= 0:
        raise ValueError("should be a size, such as 500kB or 64MB")
    if size > _LARGEST:
        raise ValueError("should be a size of 1000GB at most")
    return size


_LARGEST = 10**12


def _parse_test_names(value: Any) -> tuple[str, ...]:
    """A template of the names of files, or several."""
    from recctl.base.templates import compile_template

    if not isinstance(value, (str, list)):
        raise ValueError("should be a string, or a list of strings")
    templates = (value,) if isinstance(value, str) else parse_texts(value)
    for template in templates:
        compile_template(template)
    return templates


def _parse_companions(value: Any) -> tuple[str, ...]:
    """Patterns of the names of files that go with those of a test."""
    from recctl.base.templates import compile_companion

    patterns = parse_texts(value)
    for pattern in patterns:
        compile_companion(pattern, "{function}")
    return patterns


def _parse_secrets(value: Any) -> SecretSettings:
    """The table `secrets`: `allow` is a list of regular expressions, `patterns` a table of named ones."""
    if not isinstance(value, dict) or not value.keys() <= {"allow", "patterns"}:
        raise ValueError("should be a table with 'allow' and 'patterns'")
    patterns = value.get("patterns", {})
    if not isinstance(patterns, dict):
        raise ValueError("should have a table of names with regular expressions as 'patterns'")
    allow = parse_texts(value.get("allow", []))
    named = tuple(zip(patterns, parse_texts([*patterns.values()]), strict=True))
    for pattern in (*allow, *(pattern for _, pattern in named)):
        compile_pattern(pattern)
    return SecretSettings(allow, named)


_SETTINGS_KEYS: dict[str, Callable[[Any], Any]] = {
    "scheme": parse_text,
    "select": parse_texts,
    "secrets": _parse_secrets,
    "ignore": parse_texts,
    "max-size": parse_size,
    "keep": parse_texts,
    "noise": parse_texts,
    "test-names": _parse_test_names,
    "companions": _parse_companions,
}
_PROJECT_KEYS: dict[str, Callable[[Any], Any]] = {
    "paths": parse_texts,
    "exclude": parse_texts,
    "baseline": parse_text,
    "drift-baseline": parse_text,
    "overrides": _parse_tables,
    "renames": _parse_renames,
    "schemes": _parse_schemes,
}
