"""git as a subprocess: what it ignores and what it remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recctl.git import Blob, find_top_level, list_ignored, read_blobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_LIMIT = 10**9


@pytest.fixture
def history(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository with two revisions of one file, and files with names that are hard to ask for."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json").write_bytes(b"first")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "-am", "x", "v1")
    for name in ("sub/a.json", "a b.json", "g\u00e9.json", "a blob", "empty"):
        (tmp_path / name).write_bytes(b"" if name == "empty" else b"second\nand\0more\n")
    git("add", ".")
    git("commit", "-qm", "second")
    return tmp_path


def read(folder: Path, *specs: str, max_size: int = NO_LIMIT) -> list[bytes | None]:
    return [blob.content if blob else None for blob in read_blobs(specs, folder, max_size)]


def test_files_of_revisions_are_read_in_order(history: Path) -> None:
    specs = ("HEAD:sub/a.json", "HEAD~1:sub/a.json", "v1:sub/a.json", "HEAD:empty")
    assert read(history, *specs) == [b"second\nand\0more\n", b"first", b"first", b""]


def test_a_blob_knows_its_spec_and_its_size(history: Path) -> None:
    assert list(read_blobs(["v1:sub/a.json"], history, NO_LIMIT)) == [Blob("v1:sub/a.json", 5, b"first")]


def test_paths_count_from_the_top_or_with_a_dot_from_the_folder(history: Path) -> None:
    specs = ("v1:sub/a.json", "v1:./a.json", "v1:a.json", "v1:../sub/a.json")
    assert read(history / "sub", *specs) == [b"first", b"first", None, b"first"]


def test_names_with_spaces_and_without_ascii(history: Path) -> None:
    assert read(history, "HEAD:a b.json", "HEAD:g\u00e9.json", "HEAD:a blob") == [b"second\nand\0more\n"] * 3


def test_what_names_no_file_is_none_and_the_rest_is_read(history: Path) -> None:
    nothing = (
        "HEAD:missing",
        "nowhere:a",
        "HEAD:a blob missing",
        "v1:a blob",
        "x blob 3",
        "",
        "HEAD:sub",
        "v1",
        "HEAD",
    )
    with_newlines = ("HEAD:empty\nHEAD:empty", "\n")
    assert read(history, *nothing, *with_newlines, "v1:sub/a.json") == [None] * 11 + [b"first"]


def test_a_file_over_the_size_is_told_without_its_content(history: Path) -> None:
    blobs = list(read_blobs(["HEAD:sub/a.json", "v1:sub/a.json"], history, max_size=5))
    assert blobs == [Blob("HEAD:sub/a.json", 16, None), Blob("v1:sub/a.json", 5, b"first")]


def test_a_large_file_is_read_whole(tmp_path: Path, git: Callable[..., str]) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "large").write_bytes(content)
    git("add", ".")
    git("commit", "-qm", "large")
    assert read(tmp_path, "HEAD:large", "HEAD:large") == [content, content]


def test_reading_can_stop_in_the_middle(history: Path) -> None:
    blobs = read_blobs(["HEAD:sub/a.json"] * 1000, history, NO_LIMIT)
    assert next(blobs) is not None
    del blobs  # a warning would be an error


def test_without_a_repository_there_are_no_files(tmp_path: Path) -> None:
    try:
        contents = read(tmp_path, "HEAD:a", "HEAD:b")
    except OSError:  # git had gone before it was asked
        contents = [None, None]
    assert contents == [None, None]


def test_without_git_an_os_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="git"):
        read(tmp_path, "HEAD:a")


def test_the_top_level_is_the_nearest_folder_with_a_dot_git(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_top_level(tmp_path / "a" / "b") is None
    (tmp_path / ".git").mkdir()
    assert find_top_level(tmp_path / "a" / "b") == tmp_path
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert find_top_level(tmp_path / "a" / "b") == tmp_path / "a"
    assert find_top_level(tmp_path) == tmp_path


def test_ignored_files_are_listed_relative_to_the_folder(tmp_path: Path, git: Callable[..., str]) -> None:
    for name in ("sub/out/a.json", "sub/b.json", "sub/g\u00e9 \n.json", "sub/kept.json", "c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("out/\n*.json\n!kept.json\n")
    assert list_ignored(tmp_path) == {"c.json", "sub/b.json", "sub/g\u00e9 \n.json", "sub/out/"}
    assert list_ignored(tmp_path / "sub") == {"b.json", "g\u00e9 \n.json", "out/"}
    git("add", "-f", "sub/b.json")
    assert "b.json" not in list_ignored(tmp_path / "sub")


def test_nothing_is_ignored_where_git_cannot_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_ignored(tmp_path) == frozenset()
    (tmp_path / ".git").mkdir()  # looks like a repository and is none
    assert list_ignored(tmp_path) == frozenset()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list_ignored(tmp_path) == frozenset()
