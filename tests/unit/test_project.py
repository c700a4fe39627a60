"""The tree as recctl sees it: which configuration counts, what it says, and what a walk finds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from recctl.errors import RecctlError
from recctl.project import (
    MAX_SIZE,
    Project,
    Rename,
    SecretSettings,
    Settings,
    find_project,
    parse_size,
    read_hash,
    recordings_folder,
)
from recctl.recordings.formats.ogx import serialise
from tests.builders import record

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = "0123456789ab" * 5 + "0123"
RECORDING = serialise(record(None))


def write(path: Path, content: str | bytes = RECORDING) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(call: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(RecctlError) as caught:
        call()
    return caught.value.message, caught.value.hint


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
    assert project.settings_for(tmp_path / "a.json") == changed
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
            "leave [tool.recctl] out: its keys stand at the top",
        ),
        ("max_size = 1", "unknown key 'max_size'", "did you mean 'max-size'?"),
        ("scheme = 5", "scheme should be a string", None),
        ("paths = 'tests'", "paths should be a list of strings", None),
        ("exclude = [1]", "exclude should be a list of strings", None),
        ("ignore = {}", "ignore should be a list of strings", None),
        ("max-size = true", "max-size should be a size, such as 500kB or 64MB", None),
        ("max-size = 'big'", "max-size should be a size, such as 500kB or 64MB", None),
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


# --- walking ------------------------------------------------------------------------------------------------


def walk(folder: Path, project: Project | None = None) -> tuple[list[str], int]:
    found = (project or Project(folder)).walk(folder)
    return sorted(path.relative_to(folder).as_posix() for path in found.files), found.ignored


def test_every_json_file_below_a_folder_named_recordings_counts(tmp_path: Path) -> None:
    write(tmp_path / "tests" / "recordings" / "deep" / "anything.json", "not JSON")
    write(tmp_path / "tests" / "recordings" / "index.sqlite")
    write(tmp_path / "tests" / "other.json", "{}")
    assert walk(tmp_path) == (["tests/recordings/deep/anything.json"], 1)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (f"{HASH}.json", True),
        (f"{HASH[:12]}.json", True),
        (f"models-{HASH}-0123abcd.json", True),
        (f"models-{HASH[:12]}-0123abcd.json", True),
        (f"{HASH[:13]}.json", False),
        (f"{HASH.upper()}.json", False),
        (f"{HASH}.json.bak", None),
        ("package.json", False),
    ],
)
def test_a_file_that_is_named_like_a_hash_counts_anywhere(
    tmp_path: Path, name: str, counts: bool | None
) -> None:
    write(tmp_path / name, "{}")
    assert walk(tmp_path) == ([name] if counts else [], 1 if counts is False else 0)


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (RECORDING, True),
        (b'{"request": {', True),
        (b'\xef\xbb\xbf\r\n{ "test_id" : null ,"request":{', True),
        (b'{"test_id": "a \\" \\\\", "request": {', True),
        (b'{"test_id": 5, "request": {}}', False),
        (b'{"requests": {}}', False),
        (b'[{"request": {}}]', False),
        (b"", False),
    ],
)
def test_a_file_that_starts_like_a_recording_counts_anywhere(
    tmp_path: Path, content: bytes, counts: bool
) -> None:
    write(tmp_path / "x.json", content)
    assert walk(tmp_path) == (["x.json"] if counts else [], 0 if counts else 1)


def test_folders_with_a_dot_are_never_walked(tmp_path: Path) -> None:
    write(tmp_path / ".venv" / "recordings" / "x.json")
    write(tmp_path / "recordings" / ".recctl" / "x.json")
    write(tmp_path / "recordings" / ".x.json")
    assert walk(tmp_path) == (["recordings/.x.json"], 0)


def test_a_folder_with_a_dot_that_is_named_outright_is_walked(tmp_path: Path) -> None:
    write(tmp_path / ".cache" / "x.json")
    assert walk(tmp_path / ".cache") == (["x.json"], 0)


def test_a_checkout_below_a_folder_named_recordings_is_no_folder_of_recordings(tmp_path: Path) -> None:
    root = tmp_path / "recordings" / "checkout"
    write(root / "package.json", "{}")
    write(root / "tests" / "recordings" / "a" / "x.json", "{}")
    project = Project(root)
    assert walk(root, project) == (["tests/recordings/a/x.json"], 1)
    assert walk(root / "tests" / "recordings" / "a", project) == (["x.json"], 0)
    assert walk(root, Project(tmp_path / "elsewhere"))[0] == ["package.json", "tests/recordings/a/x.json"]


def test_exclude_takes_gits_patterns_from_the_root(tmp_path: Path) -> None:
    for name in ("a.json", "old/b.json", "new/old/c.json", "new/d.json", "new/keep.json"):
        write(tmp_path / "recordings" / name)
    project = Project(tmp_path, exclude=("/recordings/old/", "*d.json", "new/k*", "!keep.json"))
    assert walk(tmp_path, project)[0] == [
        "recordings/a.json",
        "recordings/new/keep.json",
        "recordings/new/old/c.json",
    ]
    assert walk(tmp_path / "recordings", project)[0] == ["a.json", "new/keep.json", "new/old/c.json"]
    assert not project.is_excluded(tmp_path.parent / "d.json")


def test_what_git_ignores_is_not_walked(tmp_path: Path, git: Callable[..., str]) -> None:
    for name in (
        "a.json",
        "b.json",
        "out/c.json",
        "deep/d.json",
        "deep/e.json",
        "deep/out/f.json",
        "g\u00e9 \n.json",
    ):
        write(tmp_path / "recordings" / name)
    write(tmp_path / ".gitignore", "b.json\nout/\ng*.json\n")
    write(tmp_path / "recordings" / "deep" / ".gitignore", "*.json\n!e.json\n")
    assert walk(tmp_path)[0] == ["recordings/a.json", "recordings/deep/e.json"]
    assert walk(tmp_path / "recordings")[0] == ["a.json", "deep/e.json"]
    git("add", "-f", "recordings/b.json")  # what git tracks it does not ignore
    assert walk(tmp_path)[0] == ["recordings/a.json", "recordings/b.json", "recordings/deep/e.json"]


def test_an_ignored_folder_that_is_named_outright_is_walked(tmp_path: Path, git: Callable[..., str]) -> None:
    write(tmp_path / "recordings" / "out" / "a.json")
    write(tmp_path / ".gitignore", "out/\n")
    assert git("status", "--porcelain", "--ignored").splitlines() == ["?? .gitignore", "!! recordings/"]
    assert walk(tmp_path)[0] == []
    assert walk(tmp_path / "recordings" / "out")[0] == ["a.json"]


def test_links_are_followed_to_files_inside_only(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "x.json")
    folder = tmp_path / "walked" / "recordings"
    inside = write(folder / "a.json")
    (folder / "to-a.json").symlink_to(inside)
    (folder / "to-a-and-on.json").symlink_to("to-a.json")
    (folder / "to-outside.json").symlink_to(outside)
    (folder / "to-outside-and-back.json").symlink_to("../../walked/recordings/a.json")
    (folder / "to-folder.json").symlink_to(folder)
    (folder / "to-folder").symlink_to(tmp_path / "outside")
    assert walk(tmp_path / "walked")[0] == [
        "recordings/a.json",
        "recordings/to-a-and-on.json",
        "recordings/to-a.json",
        "recordings/to-outside-and-back.json",
    ]


def test_a_link_that_leads_nowhere_is_left_for_whoever_opens_it(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "broken.json").symlink_to("nowhere.json")
    (folder / "itself.json").symlink_to("itself.json")
    (tmp_path / "broken.json").symlink_to("nowhere.json")
    assert walk(tmp_path) == (["recordings/broken.json", "recordings/itself.json"], 1)


def test_a_walk_through_a_linked_folder_stays_in_it(tmp_path: Path) -> None:
    write(tmp_path / "real" / "recordings" / "a.json")
    (tmp_path / "real" / "recordings" / "b.json").symlink_to("a.json")
    (tmp_path / "link").symlink_to("real")
    assert walk(tmp_path / "link")[0] == ["recordings/a.json", "recordings/b.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_what_is_neither_file_nor_folder_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    os.mkfifo(folder / "fifo.json")
    (folder / "to-fifo.json").symlink_to("fifo.json")
    (folder / "folder.json").mkdir()
    assert walk(tmp_path) == ([], 0)


def test_a_folder_that_is_not_there_cannot_be_walked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Project(tmp_path).walk(tmp_path / "missing")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_left_for_whoever_opens_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert walk(tmp_path)[0] == ["closed"]
    with pytest.raises(PermissionError):
        Project(tmp_path).walk(closed)


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
