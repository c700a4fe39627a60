"""What a walk of a folder finds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from recctl.input.walk import walk
from recctl.project import Project
from tests.builders import RECORDING, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HASH = "0123456789ab" * 5 + "0123"


def walked(folder: Path, project: Project | None = None) -> tuple[list[str], int]:
    found = walk(project or Project(folder), folder)
    return sorted(path.relative_to(folder).as_posix() for path in found.files), found.ignored


def test_every_json_file_below_a_folder_named_recordings_counts(tmp_path: Path) -> None:
    write(tmp_path / "tests" / "recordings" / "deep" / "anything.json", "not JSON")
    write(tmp_path / "tests" / "recordings" / "index.sqlite")
    write(tmp_path / "tests" / "other.json", "{}")
    assert walked(tmp_path) == (["tests/recordings/deep/anything.json"], 1)


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
    assert walked(tmp_path) == ([name] if counts else [], 1 if counts is False else 0)


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (RECORDING, True),
        (b'{"request": {', True),
        (b'{\n  "request": {\n    "body": {\n      "body": "Hi"', True),
        (b'{\n  "request": {\n    "headers": {},\n    "body": "{\\"model\\"', False),
        (b'\xef\xbb\xbf\r\n{ "test_id" : null ,"request":{', True),
        (b'{"test_id": "a \\" \\\\", "request": {', True),
        (b'{"test_id": 5, "request": {}}', False),
        (b'{"requests": {}}', False),
        (b'{\n  "request": {\n    "method": "GET",\n    "url": "http://localhost/v1"', True),
        (b'{\n  "request": {\n    "method": "GET",\n    "url": "/some/thing"\n  },\n  "response"', False),
        (b'{"request": {"urlPathPattern": "/a/.*", "method": "POST"}', False),
        (b'[{"request": {}}]', False),
        (b"", False),
    ],
)
def test_a_file_that_starts_like_a_recording_counts_anywhere(
    tmp_path: Path, content: bytes, counts: bool
) -> None:
    write(tmp_path / "x.json", content)
    assert walked(tmp_path) == (["x.json"] if counts else [], 0 if counts else 1)


def test_folders_with_a_dot_are_never_walked(tmp_path: Path) -> None:
    write(tmp_path / ".venv" / "recordings" / "x.json")
    write(tmp_path / "recordings" / ".recctl" / "x.json")
    write(tmp_path / "recordings" / ".x.json")
    assert walked(tmp_path) == (["recordings/.x.json"], 0)


def test_a_folder_with_a_dot_that_is_named_outright_is_walked(tmp_path: Path) -> None:
    write(tmp_path / ".cache" / "x.json")
    assert walked(tmp_path / ".cache") == (["x.json"], 0)


def test_a_checkout_below_a_folder_named_recordings_is_no_folder_of_recordings(tmp_path: Path) -> None:
    root = tmp_path / "recordings" / "checkout"
    write(root / "package.json", "{}")
    write(root / "tests" / "recordings" / "a" / "x.json", "{}")
    project = Project(root)
    assert walked(root, project) == (["tests/recordings/a/x.json"], 1)
    assert walked(root / "tests" / "recordings" / "a", project) == (["x.json"], 0)
    assert walked(root, Project(tmp_path / "elsewhere"))[0] == ["package.json", "tests/recordings/a/x.json"]


def test_exclude_takes_gits_patterns_from_the_root(tmp_path: Path) -> None:
    for name in ("a.json", "old/b.json", "new/old/c.json", "new/d.json", "new/keep.json"):
        write(tmp_path / "recordings" / name)
    project = Project(tmp_path, exclude=("/recordings/old/", "*d.json", "new/k*", "!keep.json"))
    assert walked(tmp_path, project)[0] == [
        "recordings/a.json",
        "recordings/new/keep.json",
        "recordings/new/old/c.json",
    ]
    assert walked(tmp_path / "recordings", project)[0] == ["a.json", "new/keep.json", "new/old/c.json"]
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
    assert walked(tmp_path)[0] == ["recordings/a.json", "recordings/deep/e.json"]
    assert walked(tmp_path / "recordings")[0] == ["a.json", "deep/e.json"]
    git("add", "-f", "recordings/b.json")  # what git tracks it does not ignore
    assert walked(tmp_path)[0] == ["recordings/a.json", "recordings/b.json", "recordings/deep/e.json"]


def test_an_ignored_folder_that_is_named_outright_is_walked(tmp_path: Path, git: Callable[..., str]) -> None:
    write(tmp_path / "recordings" / "out" / "a.json")
    write(tmp_path / ".gitignore", "out/\n")
    assert git("status", "--porcelain", "--ignored").splitlines() == ["?? .gitignore", "!! recordings/"]
    assert walked(tmp_path)[0] == []
    assert walked(tmp_path / "recordings" / "out")[0] == ["a.json"]


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
    assert walked(tmp_path / "walked")[0] == [
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
    assert walked(tmp_path) == (["recordings/broken.json", "recordings/itself.json"], 1)


def test_a_walk_through_a_linked_folder_stays_in_it(tmp_path: Path) -> None:
    write(tmp_path / "real" / "recordings" / "a.json")
    (tmp_path / "real" / "recordings" / "b.json").symlink_to("a.json")
    (tmp_path / "link").symlink_to("real")
    assert walked(tmp_path / "link")[0] == ["recordings/a.json", "recordings/b.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_what_is_neither_file_nor_folder_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    os.mkfifo(folder / "fifo.json")
    (folder / "to-fifo.json").symlink_to("fifo.json")
    (folder / "folder.json").mkdir()
    assert walked(tmp_path) == ([], 0)


def test_a_folder_that_is_not_there_cannot_be_walked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        walk(Project(tmp_path), tmp_path / "missing")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_left_for_whoever_opens_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert walked(tmp_path)[0] == ["closed"]
    with pytest.raises(PermissionError):
        walk(Project(tmp_path), closed)
