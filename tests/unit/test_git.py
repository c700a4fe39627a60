"""git as a subprocess: what it ignores and what it remembers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recctl.base.errors import RecctlError
from recctl.base.work_tree import find_top_level
from recctl.git import (
    Blob,
    BlobReader,
    GitEntry,
    GitError,
    MissingError,
    find_merge_base,
    find_repository,
    is_shallow,
    list_commit_times,
    list_ignored,
    list_index,
    list_modified,
    list_removals,
    list_tracked,
    list_tree,
    list_work_tree,
    resolve_tree,
)
from recctl.git.together import list_changed_together

if TYPE_CHECKING:
    from collections.abc import Callable

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


def read(folder: Path, *specs: str) -> list[bytes | None]:
    with BlobReader(folder) as blobs:
        found = [blobs.read(spec, NO_LIMIT) for spec in specs]
    return [blob.content if blob else None for blob in found]


def test_files_of_revisions_are_read_in_order(history: Path) -> None:
    specs = ("HEAD:sub/a.json", "HEAD~1:sub/a.json", "v1:sub/a.json", "HEAD:empty")
    assert read(history, *specs) == [b"second\nand\0more\n", b"first", b"first", b""]


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
    with BlobReader(history) as blobs:
        found = [blobs.read(f"{revision}:sub/a.json", max_size=5) for revision in ("HEAD", "v1")]
    assert found == [Blob(None), Blob(b"first")]


def test_a_large_file_is_read_whole(tmp_path: Path, git: Callable[..., str]) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "large").write_bytes(content)
    git("add", ".")
    git("commit", "-qm", "large")
    assert read(tmp_path, "HEAD:large", "HEAD:large") == [content, content]


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


def test_a_reader_starts_no_process_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with BlobReader(tmp_path):
        pass


def test_a_reader_says_that_git_has_ended(history: Path) -> None:
    with BlobReader(history) as blobs:
        blob = blobs.read("v1:sub/a.json", NO_LIMIT)
        assert blob is not None
        assert blob.content == b"first"
        assert blobs._process is not None
        blobs._process.kill()
        with pytest.raises(OSError, match=r"Broken pipe|ended"):
            blobs.read("v1:sub/a.json", NO_LIMIT)


def test_what_a_partial_clone_lacks_is_told_and_the_rest_is_read(
    history: Path, git: Callable[..., str]
) -> None:
    git("config", "uploadpack.allowFilter", "true")
    git("clone", "-q", "--filter=blob:none", history.as_uri(), "partial")
    with BlobReader(history / "partial") as blobs:
        for _ in range(2):
            with pytest.raises(MissingError, match="partial clone"):
                blobs.read("v1:sub/a.json", NO_LIMIT)
            assert blobs.read("HEAD:empty", NO_LIMIT) == Blob(b"")
            assert blobs.read("v1:sub/b.json", NO_LIMIT) is None


# --- trees, the index, the work tree ------------------------------------------------------------------------

FIRST = GitEntry("sub/a.json", "fe4f02ad058b43f6ed467fdf65b935107529564b")


def test_a_tree_lists_its_files_from_the_top(history: Path) -> None:
    tree = resolve_tree("v1", history)
    assert tree is not None
    assert list_tree(tree, history / "sub") == (FIRST,)
    names = [entry.path for entry in list_tree("HEAD", history)]
    assert names == ["a b.json", "a blob", "empty", "g\u00e9.json", "sub/a.json"]


def test_a_folder_of_a_revision_is_a_tree_of_its_own(history: Path) -> None:
    tree = resolve_tree("v1:sub", history)
    assert tree is not None
    assert list_tree(tree, history) == (FIRST._replace(path="a.json"),)


@pytest.mark.parametrize(
    "word", ["nowhere", "", "v1:missing", "v1:sub/a.json", "--help", "v1^{blob}", "a\0b"]
)
def test_what_names_no_tree(history: Path, word: str) -> None:
    assert resolve_tree(word, history) is None


def test_links_and_submodules_are_no_files(history: Path, git: Callable[..., str]) -> None:
    (history / "link.json").symlink_to("empty")
    git("add", "link.json")
    git("update-index", "--add", "--cacheinfo", "160000", git("rev-parse", "HEAD").strip(), "module")
    git("commit", "-qm", "third")
    names = {"link.json", "module"}
    assert names.isdisjoint(entry.path for entry in list_tree("HEAD", history))
    assert names.isdisjoint(entry.path for entry in list_index(history).entries)


def test_the_index_is_that_of_the_whole_repository(history: Path) -> None:
    assert list_index(history / "sub").entries == list_tree("HEAD", history)
    assert list_index(history).unmerged == ()


def test_the_work_tree_has_ids_for_what_is_as_it_was_staged(history: Path, git: Callable[..., str]) -> None:
    (history / "sub" / "a.json").write_text("changed")
    (history / "a b.json").unlink()
    (history / "a blob").unlink()
    (history / "a blob").symlink_to("empty")
    (history / "new\n.json").write_text("new")
    (history / "link.json").symlink_to("empty")
    (history / "announced.json").write_text("announced")
    git("add", "--intent-to-add", "announced.json")
    index = list_index(history)
    assert "announced.json" not in [entry.path for entry in index.entries]
    ids = dict(index.entries)
    assert list_work_tree(index, history) == (
        GitEntry("empty", ids["empty"]),
        GitEntry("g\u00e9.json", ids["g\u00e9.json"]),
        GitEntry("sub/a.json", None),
        GitEntry("announced.json", None),
        GitEntry("new\n.json", None),
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_has_become_a_pipe_is_no_file(history: Path) -> None:
    index = list_index(history)
    path = index.entries[0].path
    (history / path).unlink()
    os.mkfifo(history / path)
    assert path not in {entry.path for entry in list_work_tree(index, history)}


def test_files_in_conflict_are_told_apart(history: Path, git: Callable[..., str]) -> None:
    git("checkout", "-q", "-b", "side", "HEAD~1")
    (history / "sub" / "a.json").write_text("other")
    git("commit", "-qam", "other")
    with pytest.raises(Exception, match="merge"):
        git("merge", "-q", "@{-1}")
    index = list_index(history)
    assert index.unmerged == ("sub/a.json",)
    assert "sub/a.json" not in [entry.path for entry in index.entries]


def test_where_two_branches_parted(history: Path, git: Callable[..., str]) -> None:
    first = git("rev-parse", "HEAD~1").strip()
    git("checkout", "-q", "-b", "side", "HEAD~1")
    git("commit", "-q", "--allow-empty", "-m", "side")
    assert find_merge_base("side", "@{-1}", history) == first
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-q", "--allow-empty", "-m", "other")
    assert find_merge_base("side", "other", history) is None


def test_a_shallow_clone_says_so(history: Path, git: Callable[..., str]) -> None:
    git("clone", "-q", "--depth", "1", history.as_uri(), "shallow")
    assert is_shallow(history / "shallow")
    assert not is_shallow(history)


def test_a_repository_has_a_top_unless_it_is_bare(history: Path, git: Callable[..., str]) -> None:
    assert find_repository(history / "sub") == history
    git("clone", "-q", "--bare", ".", "bare.git")
    assert find_repository(history / "bare.git") is None


def test_where_there_is_no_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("LC_ALL", "C")
    with pytest.raises(GitError, match="not a git repository"):
        find_repository(tmp_path)
    assert resolve_tree("HEAD", tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not installed"):
        find_repository(tmp_path)
    assert not is_shallow(tmp_path)


# --- whose repository, whose settings -----------------------------------------------------------------------


def test_a_hook_has_the_index_that_git_made_for_it(
    history: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `git commit FILE`, which leaves the rest of the index out of it."""
    (history / "new").touch()
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    git("read-tree", "v1")
    git("add", "new")
    for folder in (history, history / "sub"):
        assert [entry.path for entry in list_index(folder).entries] == ["new", "sub/a.json"]
    git("init", "-q", "inner")
    assert list_index(history / "inner").entries == ()  # it is not that repository's index
    monkeypatch.setenv("GIT_DIR", ".git")
    assert [entry.path for entry in list_index(history).entries] == ["new", "sub/a.json"]
    assert list_index(history / "inner").entries == ()


def test_a_second_work_tree_is_a_place_of_its_own(
    history: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("worktree", "add", "-q", "second", "v1")
    second = history / "second"
    assert find_repository(second / "sub") == second
    assert list_tracked(second) == {"sub/a.json"}
    monkeypatch.chdir(second)
    monkeypatch.setenv("GIT_DIR", str(history / ".git/worktrees/second"))
    assert find_repository(second) == second
    assert list_tracked(second) == {"sub/a.json"}


@pytest.mark.usefixtures("history")
def test_git_dir_names_a_repository_that_lies_elsewhere(
    git: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path_factory.mktemp("home")
    git("clone", "-q", "--bare", ".", str(home / "dotfiles"))
    monkeypatch.chdir(home)
    monkeypatch.setenv("GIT_DIR", "dotfiles")
    assert find_repository(home) is None
    assert read(home, "v1:sub/a.json") == [b"first"]
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    assert find_repository(home) == home
    subprocess.run(["git", "read-tree", "v1"], check=True)
    assert list_tracked(home) == {"sub/a.json"}


def test_the_work_tree_is_where_dot_git_lies(
    history: Path, git: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    victim = tmp_path_factory.mktemp("victim")
    (victim / "private.json").touch()
    git("config", "core.worktree", str(victim))
    assert find_repository(history / "sub") == history
    assert "private.json" not in {entry.path for entry in list_work_tree(list_index(history), history)}
    git("config", "core.bare", "true")
    assert list_modified(history) == frozenset()


def test_a_bare_repository_of_ones_own_is_used_and_one_that_came_with_another_is_not(
    history: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("clone", "-q", "--bare", ".", "mine.git")
    monkeypatch.chdir(history / "mine.git")
    assert find_repository(Path.cwd()) is None
    assert read(Path.cwd(), "v1:sub/a.json") == [b"first"]
    (history / "mine.git/refs/.keep").touch()
    git("add", "-f", "mine.git/HEAD")
    assert find_repository(Path.cwd()) == history


def test_paths_that_lead_out_of_the_work_tree_are_no_files(history: Path, git: Callable[..., str]) -> None:
    inner = git("rev-parse", "HEAD:sub").strip()
    tree = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        input=b"40000 ..\0" + bytes.fromhex(inner),
        check=True,
        capture_output=True,
    )
    assert "../a.json" in git("ls-tree", "-r", "--name-only", tree.stdout.decode().strip())
    assert list_tree(tree.stdout.decode().strip(), history) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_somebody_else_is_not_trusted(
    history: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    os.chown(history / ".git", 12345, -1)
    monkeypatch.setenv("LC_ALL", "C")
    with pytest.raises(GitError, match="dubious ownership"):
        list_tracked(history)
    assert list_ignored(history) == frozenset()
    settings = tmp_path_factory.mktemp("home") / "gitconfig"
    settings.write_text(f"[safe]\n\tdirectory = {history}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert "sub/a.json" in list_tracked(history)


@pytest.mark.parametrize("content", [b"gitdir: nowhere", b"gitdir: .", b"gitdir: \0", b"\xff", b""])
def test_a_file_that_leads_to_no_repository_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(content)
    with pytest.raises(RecctlError):
        find_repository(tmp_path)
    assert list_ignored(tmp_path) == frozenset()


SETTINGS = [
    "i18n.logOutputEncoding=UTF-16",
    "i18n.commitEncoding=UTF-16",
    "log.follow=true",
    "log.showRoot=false",
    "log.diffMerges=off",
    "log.date=relative",
    "log.decorate=full",
    "log.abbrevCommit=true",
    "log.mailmap=true",
    "diff.orderFile=/no/such/file",
    "diff.relative=true",
    "diff.renames=false",
    "diff.noPrefix=true",
    "diff.external=false",
    "color.ui=always",
    "core.abbrev=4",
    "core.quotePath=true",
    "core.pager=false",
    "format.pretty=oneline",
    "notes.displayRef=*",
    "submodule.recurse=true",
]


def look_around(folder: Path) -> list[object]:
    """All that git is asked for whose answer a configuration could change."""
    removals = [removal._replace(time=0, commit="") for removal in list_removals(folder, ["sub/a.json"])]
    times = list_commit_times(folder, ["a b.json", "sub/b.json", "first only"])
    modified, together = list_modified(folder), list(list_changed_together(b"staged", folder / "sub"))
    return [removals, sorted(times), modified, together, list_work_tree(list_index(folder), folder)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_how_a_repository_wants_things_shown_makes_no_difference(
    setting: str, history: Path, git: Callable[..., str]
) -> None:
    git("rm", "-q", "sub/a.json")
    git("commit", "-qm", "third")
    git("checkout", "-q", "--orphan", "other")
    (history / "first only").write_bytes(b"x")
    git("add", ".")
    git("commit", "-qm", "root")
    git("merge", "-q", "--allow-unrelated-histories", "-m", "merge", "master")
    (history / "sub").mkdir()
    (history / "sub/b.json").write_bytes(b"staged")
    git("add", ".")
    (history / "a b.json").write_bytes(b"changed")
    before = look_around(history)
    assert len(before[1]) == 2  # type: ignore[arg-type]
    git("config", *setting.split("=", 1))
    assert look_around(history) == before


def test_git_is_not_looked_for_in_folders_that_one_happens_to_be_in(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = history / "git"
    program.write_text("#!/bin/sh\ntouch was-run\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert "sub/a.json" in list_tracked(history)
    assert not (history / "was-run").exists()


def test_a_filter_that_cannot_be_switched_off_is_told(history: Path, git: Callable[..., str]) -> None:
    git("config", "filter.a=b.clean", "touch was-run")
    with pytest.raises(RecctlError, match="a filter with an equals sign"):
        list_modified(history)
    assert "sub/a.json" in list_tracked(history)


# --- what was changed together ------------------------------------------------------------------------------


def together(folder: Path, content: bytes) -> list[tuple[str, bool]]:
    return [(entry.path, entry.blob is None) for entry in list_changed_together(content, folder)]


def test_what_was_changed_with_a_file_and_before_that(history: Path, git: Callable[..., str]) -> None:
    second = [
        (name, False) for name in ("a b.json", "a blob", "empty", "g\u00e9.json", "sub/a.json", "sub/a.json")
    ]
    assert together(history, b"second\nand\0more\n") == second
    assert together(history / "sub", b"first") == second
    (history / "sub/a.json").write_bytes(b"third")
    (history / "empty").write_bytes(b"staged")
    git("add", "empty")
    changed = [("sub/a.json", False), ("sub/a.json", True), ("empty", False), ("empty", False)]
    assert together(history, b"staged")[:4] == changed
    assert together(history, b"never seen") == []


def test_what_was_changed_long_ago_is_found(history: Path, git: Callable[..., str]) -> None:
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-qm", "third")
    git("rm", "-q", "--cached", "a blob")
    git("commit", "-qm", "fourth")
    assert together(history, b"first")[0] == ("a b.json", False)


def test_where_there_is_no_commit_nothing_was_changed(tmp_path: Path, git: Callable[..., str]) -> None:
    git("status")
    assert together(tmp_path, b"x") == []
