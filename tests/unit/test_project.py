"""The tree as recctl sees it: which configuration counts, what it says, and what a walk finds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from recctl.base.errors import RecctlError
from recctl.project import (
    MAX_SIZE,
    Project,
    Rename,
    SecretSettings,
    Settings,
    find_project,
    parse_size,
    recordings_folder,
)
from recctl.recordings.names import read_hash
from tests.builders import write

if TYPE_CHECKING:
    from collections.abc import Callable


def complaint(call: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(RecctlError) as caught:
        call()
    return re.sub(r"(\.toml):\d+:", r"\1:", caught.value.message), caught.value.hint  # lines: tests/cli


# --- which configuration counts -----------------------------------------------------------------------------


def test_without_configuration_or_git_the_folder_is_the_root(tmp_path: Path) -> None:
    assert find_project(tmp_path) == Project(tmp_path)


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])  # a work tree that belongs elsewhere has a file
def test_without_configuration_the_root_is_gits_top_level(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / ".git")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_project(tmp_path / "a" / "b") == Project(tmp_path)


def test_the_nearest_configuration_counts_and_no_other(tmp_path: Path) -> None:
    write(tmp_path / "recctl.toml", 'scheme = "ogx-2026-04"\nexclude = ["x"]')
    config = write(tmp_path / "a" / "pyproject.toml", '[tool.recctl]\npaths = ["tests"]')
    (tmp_path / "a" / "b").mkdir()
    found = Project(tmp_path / "a", config, frozenset({"paths"}), paths=("tests",))
    assert find_project(tmp_path / "a" / "b") == found


def test_a_file_of_its_own_comes_before_a_table_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.recctl]\nmax-size = 1")
    config = write(tmp_path / "recctl.toml", "")
    assert find_project(tmp_path) == Project(tmp_path, config)


@pytest.mark.parametrize(
    "content",
    ["[project]\nname = 'recctl'", "[tool.other]\nrecctl = 1", "not TOML at all", "", "tool = 'recctl'"],
)
def test_a_pyproject_without_our_table_is_passed_over(tmp_path: Path, content: str) -> None:
    config = write(tmp_path / "recctl.toml", "max-size = 5")
    write(tmp_path / "a" / "pyproject.toml", content)
    assert find_project(tmp_path / "a").config == config


def test_a_folder_named_like_a_configuration_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "recctl.toml").mkdir()
    assert find_project(tmp_path).config is None


def test_a_relative_start_is_looked_up_from_all_the_way_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(tmp_path / "recctl.toml", "")
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert find_project(Path()).config == config


def test_isolated_looks_at_no_configuration(tmp_path: Path) -> None:
    write(tmp_path / "recctl.toml", "not TOML")
    assert find_project(tmp_path, isolated=True) == Project(tmp_path)


def test_a_named_configuration_is_the_only_one_and_its_folder_the_root(tmp_path: Path) -> None:
    write(tmp_path / "recctl.toml", "not TOML")
    config = write(tmp_path / "other" / "strict.toml", "max-size = 7")
    project = find_project(tmp_path, config)
    assert (project.root, project.config, project.settings.max_size) == (tmp_path / "other", config, 7)


def test_a_named_configuration_must_be_there_and_hold_a_table(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    message = complaint(lambda: find_project(tmp_path, missing))
    assert message == (f"{missing}: No such file or directory", "name a configuration file that can be read")
    empty = write(tmp_path / "pyproject.toml", "")
    message = complaint(lambda: find_project(tmp_path, empty))
    assert message == (f"{empty}: there is no table [tool.recctl]", "name a file that has one")


# --- what it says -------------------------------------------------------------------------------------------


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "recctl.toml",
        """
        paths = ["tests", "more"]
        exclude = ["tests/old/"]
        scheme = "ogx-2026-04"
        ignore = ["formatting"]
        max-size = "2MB"

        [[overrides]]
        paths = ["tests/legacy/"]
        scheme = "ogx-2025-07"
        ignore = ["large-file"]

        [[overrides]]
        paths = ["*-big.json", "!small-big.json"]
        max-size = "1GB"
        """,
    )
    project = find_project(tmp_path)
    assert (project.paths, project.exclude) == (("tests", "more"), ("tests/old/",))
    general = Settings(scheme="ogx-2026-04", ignore=("formatting",), max_size=2_000_000)
    legacy = Settings(scheme="ogx-2025-07", ignore=("formatting", "large-file"), max_size=2_000_000)
    general, legacy = (each._replace(root=tmp_path.as_posix()) for each in (general, legacy))
    assert project.settings_for(tmp_path / "tests" / "a.json") == general
    assert project.settings_for(tmp_path / "tests" / "legacy" / "deep" / "a.json") == legacy
    both = project.settings_for(tmp_path / "tests" / "legacy" / "a-big.json")
    assert both == legacy._replace(max_size=1_000_000_000)
    assert project.settings_for(tmp_path / "small-big.json") == general
    assert project.settings_for(tmp_path.parent / "a-big.json") == general  # outside the root
    assert project.settings_for(None) == general


def test_renames_hold_for_every_file(tmp_path: Path) -> None:
    write(
        tmp_path / "recctl.toml", "[[renames]]\nold = 'a'\nnew = 'b'\n[[overrides]]\npaths = ['x']\nkeep = []"
    )
    project = find_project(tmp_path)
    assert project.renames == (Rename("a", "b"),)
    assert project.settings_for(tmp_path / "x").renames == (Rename("a", "b"),)


def test_of_overrides_that_match_the_last_one_wins(tmp_path: Path) -> None:
    tables = "".join(f"[[overrides]]\npaths = ['a.json']\nmax-size = {size}\n" for size in (1, 2, 3))
    write(tmp_path / "recctl.toml", tables)
    assert find_project(tmp_path).settings_for(tmp_path / "a.json").max_size == 3


def test_settings_can_be_set_over_all_overrides(tmp_path: Path) -> None:
    write(tmp_path / "recctl.toml", "[[overrides]]\npaths = ['a.json']\nmax-size = 1\nscheme = 'a'\n")
    project = find_project(tmp_path).with_settings(scheme="b")
    changed = Settings(scheme="b", max_size=1)
    assert project.settings_for(tmp_path / "a.json") == changed._replace(root=tmp_path.as_posix())
    assert project.all_settings() == (Settings(scheme="b"), changed)


def test_what_is_secret_in_one_part_is_secret_and_what_all_parts_allow_is_not(tmp_path: Path) -> None:
    write(
        tmp_path / "recctl.toml",
        """
        secrets = {allow = ["a", "b"], patterns = {one = "1"}}
        [[overrides]]
        paths = ["tests/"]
        secrets = {allow = ["b"], patterns = {two = "2", one = "1"}}
        """,
    )
    found = find_project(tmp_path).secrets_anywhere()
    assert found == SecretSettings(("b",), (("one", "1"), ("two", "2")))


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("shceme = 'a'", "unknown key 'shceme'", "did you mean 'scheme'?"),
        ("zzz = 'a'", "unknown key 'zzz'", None),
        (
            "[tool.recctl]\nscheme = 'a'",
            "there is a table [tool]",
            "leave [tool.recctl] out: its keys go to the top of the file",
        ),
        ("max_size = 1", "unknown key 'max_size'", "did you mean 'max-size'?"),
        ("scheme = 5", "scheme should be a string", None),
        ("paths = 'tests'", "paths should be a list of strings", None),
        ("exclude = [1]", "exclude should be a list of strings", None),
        ("ignore = {}", "ignore should be a list of strings", None),
        ("max-size = true", "max-size should be a size, such as 500kB or 64MB", None),
        ("max-size = 'big'", "max-size should be a size, such as 500kB or 64MB", None),
        ("max-size = '1001GB'", "max-size should be a size of 1000GB at most", None),
        ("max-size = 1" + "0" * 4000, "max-size should be a size of 1000GB at most", None),
        ("max-size = 1" + "0" * 5000, "a number has too many digits to be read", "put the file right"),
        ("a = " + "[" * 3000, "its values nest too deeply to be read", "put the file right"),
        ("overrides = 'a'", "overrides should be a list of tables", None),
        ("renames = 'a'", "renames should be a list of tables", None),
        ("renames = [{old = 'a'}]", "renames should be tables with 'old' and 'new'", None),
        ("renames = [{old = 'a', new = 1}]", "renames should be a string", None),
        (
            "renames = [{old = 'a', new = ''}]",
            "renames should be tables whose 'old' and 'new' are not empty",
            None,
        ),
    ],
)
def test_a_wrong_key_or_value_is_told(tmp_path: Path, content: str, message: str, hint: str | None) -> None:
    config = write(tmp_path / "recctl.toml", content)
    assert complaint(lambda: find_project(tmp_path)) == (f"{config}: {message}", hint)


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ("paths = ['a']\nexclude = ['b']", ": unknown key 'exclude'", None),
        ("paths = ['a']\nscheme = 1", ": scheme should be a string", None),
        ("scheme = 'a'", " lacks 'paths'", "say which part of the tree it is for"),
        ("paths = []", " lacks 'paths'", "say which part of the tree it is for"),
    ],
)
def test_a_wrong_override_is_told_with_its_number(
    tmp_path: Path, table: str, message: str, hint: str | None
) -> None:
    config = write(tmp_path / "recctl.toml", f"[[overrides]]\npaths = ['x']\n[[overrides]]\n{table}")
    assert complaint(lambda: find_project(tmp_path)) == (f"{config}: overrides[1]{message}", hint)


def test_an_override_must_be_a_table(tmp_path: Path) -> None:
    config = write(tmp_path / "recctl.toml", "overrides = [1]")
    message = (f"{config}: overrides[0] should be a table", "write it as [[overrides]]")
    assert complaint(lambda: find_project(tmp_path)) == message


def test_our_table_must_be_a_table(tmp_path: Path) -> None:
    config = write(tmp_path / "pyproject.toml", "[tool]\nrecctl = 5")
    message = (f"{config}: tool.recctl should be a table", "write it as [tool.recctl]")
    assert complaint(lambda: find_project(tmp_path)) == message


@pytest.mark.parametrize("content", [b"scheme = ", b"scheme = 'a'\nscheme = 'b'", b"\xff"])
def test_broken_toml_is_told_with_its_place(tmp_path: Path, content: bytes) -> None:
    config = write(tmp_path / "recctl.toml", content)
    message, hint = complaint(lambda: find_project(tmp_path))
    assert message.startswith(f"{config}: not TOML: ")
    assert hint == "put the file right"


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500kB", 500_000), ("64MB", 64_000_000), ("2 G", 2_000_000_000), ("7B", 7), (12, 12)],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", 0, -1, True, "1.5MB", "-1", "64mb", "64 MB ", "9" * 16, "٣MB"])
def test_what_is_no_size(text: str | int) -> None:
    with pytest.raises(ValueError, match="should be a size, such as 500kB or 64MB"):
        parse_size(text)


def test_the_largest_file_that_is_read_by_default() -> None:
    assert Settings().max_size == MAX_SIZE == parse_size("64MB")


@pytest.mark.parametrize(
    ("test_id", "folder"),
    [
        ("tests/a/test_x.py::test_y[a/b::c]", "tests/a/recordings"),
        ("test_x.py::test_y", "recordings"),
        ("tests/a/test_x.py", None),
        ("::test_y", None),
        ("", None),
        (None, None),
    ],
)
def test_where_a_tests_recordings_belong(test_id: str | None, folder: str | None) -> None:
    assert recordings_folder(test_id) == folder


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        (f"{'0a' * 32}.json", "0a" * 32),
        ("0123456789ab.json", "0123456789ab"),
        (f"models-{'0a' * 32}-01234567.json", "0a" * 32),
        ("0123456789ab-copy.json", "0123456789ab"),
        ("0123456789ab_copy.json", "0123456789ab"),
        ("0123456789a.json", ""),
        (f"{'0' * 65}.json", ""),
        ("0123456789abx.json", ""),
        ("notes.json", ""),
    ],
)
def test_the_hash_in_a_name(name: str, hashed: str) -> None:
    assert read_hash(name) == hashed


_folders = st.lists(st.sampled_from(["a", "b", "a.b", "-"]), min_size=1, max_size=3).map(
    lambda names: f"{'/'.join(names)}/"
)


@given(
    st.lists(_folders | _folders.map(lambda folder: f"/{folder}"), min_size=1, max_size=3),
    st.lists(st.sampled_from(["a", "b", "a.b", "ab", "-"]), min_size=1, max_size=4),
)
def test_names_of_folders_match_what_they_match_in_a_gitignore(patterns: list[str], steps: list[str]) -> None:
    path = "/".join([*steps, "x.json"])
    expected = GitIgnoreSpec.from_lines(patterns).match_file(path)
    assert Project(Path("/root"), exclude=tuple(patterns)).is_excluded(Path("/root") / path) == expected
