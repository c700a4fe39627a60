"""What is gone from the tree and how it comes back: out of the trash, or out of git's history."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.digests import sha256
from recctl.base.errors import RecctlError
from recctl.changes.plan import Delete, Move, Plan, apply, empty_trash, undo
from recctl.inventory.restore import Lost, Restoration, RestoreStatus, restore
from recctl.project import Project, Settings, is_of_test
from recctl.recordings.formats.ogx import serialise
from tests.builders import record

if TYPE_CHECKING:
    from collections.abc import Callable

    Git = Callable[..., str]

FOLDER = "tests/recordings"
ONE, TWO, OTHER = "tests/test_x.py::test_y[one]", "tests/test_x.py::test_y[two]", "tests/test_x.py::test_z"


def content(test_id: str | None = ONE, text: str = "Hi") -> bytes:
    return serialise({**record({"text": text}), "test_id": test_id})


def write(name: str, data: bytes | None = None, folder: str = FOLDER) -> str:
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content() if data is None else data)
    return path.as_posix()


def commit(git: Git, message: str = "x", date: str | None = None) -> str:
    if date is not None:
        os.environ["GIT_COMMITTER_DATE"] = date
    git("add", "-A", "--", ":!.recctl")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD").strip()


@pytest.fixture(autouse=True)
def dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits are made in the past, so that runs are newer; a test may move that date."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")


def find(*words: str, tests: tuple[str, ...] = (), write: bool = False) -> Restoration:
    return restore(Project(Path.cwd()), words, tests, write=write)


def tell(restoration: Restoration) -> list[tuple[str, str, str | None]]:
    return [(lost.path, lost.status.value, lost.origin) for lost in restoration.files]


def prune(*paths: str) -> None:
    steps = tuple((Delete(path, sha256(Path(path).read_bytes())),) for path in paths)
    apply(Path.cwd(), Plan("prune", steps))


# --- git's history ------------------------------------------------------------------------------------------


def test_a_file_comes_back_as_it_was_before_the_commit_that_removed_it(git: Git) -> None:
    path = write("a.json", content(text="old"))
    commit(git)
    write("a.json", content(text="new"))
    Path(path).chmod(0o755)
    commit(git)
    Path(path).unlink()
    removed = commit(git)
    size = len(content(text="new"))
    assert find(path).files == (Lost(path, RestoreStatus.RESTORABLE, removed, size, ONE),)
    assert not Path(path).exists()
    restoration = find(path, write=True)
    assert restoration.files == (Lost(path, RestoreStatus.RESTORED, removed, size, ONE),)
    assert Path(path).read_bytes() == content(text="new")
    assert Path(path).stat().st_mode & 0o777 == 0o755
    assert undo(Path.cwd(), restoration.run_id).refusals == ()
    assert not Path(path).exists()


def test_of_several_removals_the_newest_counts(git: Git) -> None:
    path = Path(write("a.json", content(text="first")))
    commit(git)
    path.unlink()
    commit(git)
    write("a.json", content(text="second"))
    commit(git)
    path.unlink()
    removed = commit(git)
    assert tell(find(str(path), write=True)) == [(str(path), "restored", removed)]
    assert path.read_bytes() == content(text="second")


def test_a_folder_gives_back_every_recording_that_is_gone_from_below_it(git: Git) -> None:
    write("a.json")
    write("b.json")
    write("broken.json", b"{")
    write("notes.txt", b"no recording")
    write("settings.json", b'{"request": 1}', folder="tests")
    write("loose.json", content(TWO), folder="tests/deep/down")
    write("elsewhere.json", folder="docs/recordings")
    commit(git)
    shutil.rmtree("tests")
    shutil.rmtree("docs")
    write("b.json", b"recorded again")
    removed = commit(git)
    expected = ["tests/deep/down/loose.json", f"{FOLDER}/a.json", f"{FOLDER}/broken.json"]
    assert tell(find("tests")) == [(path, "restorable", removed) for path in expected]
    assert [path for path, _, _ in tell(find("."))] == ["docs/recordings/elsewhere.json", *expected]
    assert find(f"{FOLDER}/notes.txt").files[0].status is RestoreStatus.RESTORABLE


def test_what_is_only_missing_in_the_work_tree_comes_from_head(git: Git) -> None:
    paths = [write("a.json"), write("b.json")]
    commit(git)
    Path(paths[0]).unlink()
    git("rm", "-q", paths[1])
    assert tell(find("tests")) == [(path, "restorable", "HEAD") for path in paths]


@pytest.mark.parametrize("word", ["3fa9", "3fa9c0", "3fa9c0ffee00.json", "models-3fa9"])
def test_a_name_or_its_start_is_enough_wherever_the_file_was(git: Git, word: str) -> None:
    name = "models-3fa9c0ffee00-01234567.json" if word.startswith("models") else "3fa9c0ffee00.json"
    path = write(name)
    write("9999999999999.json")
    commit(git)
    git("rm", "-rq", "tests")
    removed = commit(git)
    assert tell(find(word)) == [(path, "restorable", removed)]


def test_a_name_with_several_owners_must_be_more_precise(git: Git) -> None:
    paths = [write("3fa9c0ffee00.json"), write("3fa9c0ffee11.json")]
    commit(git)
    git("rm", "-rq", "tests")
    commit(git)
    with pytest.raises(RecctlError) as caught:
        find("3fa9")
    assert caught.value.message == f"3fa9 is the start of 2 recordings that are gone: {', '.join(paths)}"
    assert tell(find("3fa9c0ffee0"))[0][0] == paths[0]


def test_what_a_merge_brought_is_put_down_to_the_commit_that_removed_it(git: Git) -> None:
    path = write("a.json")
    commit(git)
    git("checkout", "-qb", "side")
    git("rm", "-q", path)
    removed = commit(git)
    git("checkout", "-q", "-")
    write("b.json")
    commit(git, date="2026-01-02T00:00:00Z")
    git("merge", "-q", "--no-edit", "side")
    assert tell(find("tests")) == [(path, "restorable", removed)]


@pytest.mark.parametrize("word", ["tests", f"{FOLDER}/late.json", "."])
def test_what_a_merge_itself_dropped_is_found(git: Git, word: str) -> None:
    write("a.json")
    commit(git)
    git("checkout", "-qb", "side")
    path = write("late.json")
    commit(git)
    git("checkout", "-q", "-")
    git("merge", "-q", "-s", "ours", "--no-edit", "side")
    merge = git("rev-parse", "HEAD").strip()
    assert tell(find(word)) == [(path, "restorable", merge)]


def test_what_got_another_name_is_not_gone_unless_its_old_name_is_asked_for(git: Git) -> None:
    old = write("aaaa00000000.json", content(text="same"))
    commit(git)
    git("mv", old, f"{FOLDER}/bbbb00000000.json")
    moved = commit(git)
    assert tell(find("tests")) == [("tests", "not-found", None)]
    assert tell(find(old)) == tell(find("aaaa")) == [(old, "restorable", moved)]


def test_settings_of_the_user_do_not_matter(git: Git) -> None:
    path = write("a.json")
    commit(git)
    git("rm", "-q", path)
    removed = commit(git)
    for setting in ("log.showSignature", "log.follow", "diff.noprefix", "log.decorate", "color.ui"):
        git("config", setting, "always" if setting == "color.ui" else "true")
    for setting, value in (("log.diffMerges", "off"), ("diff.renames", "copies"), ("log.date", "relative")):
        git("config", setting, value)
    assert tell(find("tests")) == [(path, "restorable", removed)]


def test_names_may_hold_anything_that_git_takes(git: Git) -> None:
    names = ["new\nline.json", ":100644 D.json", "é*?[x].json", os.fsdecode(b"\xff.json")]
    paths = [write(name) for name in names]
    commit(git)
    git("rm", "-rq", "tests")
    removed = commit(git)
    assert tell(find(*paths)) == [(path, "restorable", removed) for path in sorted(paths)]
    assert tell(find("tests", write=True)) == [(path, "restored", removed) for path in sorted(paths)]


def test_the_project_may_be_a_part_of_the_repository(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.json", folder="recordings")
    write("a.json", folder="sub/recordings")
    commit(git)
    shutil.rmtree("recordings")
    shutil.rmtree("sub/recordings")
    Path("sub/deep").mkdir()
    removed = commit(git)
    root = Path.cwd() / "sub"
    monkeypatch.chdir(root / "deep")
    restoration = restore(Project(root), [".."], [], write=True)
    assert tell(restoration) == [("../recordings/a.json", "restored", removed)]
    assert (root / "recordings/a.json").exists()
    assert not (root.parent / "recordings").exists()
    with pytest.raises(RecctlError, match=r"\.\./\.\./recordings: is no path below"):
        restore(Project(root), ["../../recordings"], [], write=True)


def test_a_shallow_clone_says_so_and_gives_what_it_has(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write("a.json"), write("b.json")]
    commit(git)
    git("rm", "-q", paths[0])
    commit(git)
    git("rm", "-q", paths[1])
    removed = commit(git)
    assert not find("tests").is_shallow
    git("clone", "-q", "--depth", "2", f"file://{Path.cwd()}", "clone")
    monkeypatch.chdir("clone")
    restoration = find("tests")
    assert (tell(restoration), restoration.is_shallow) == ([(paths[1], "restorable", removed)], True)


@pytest.mark.usefixtures("git")
def test_before_the_first_commit_and_outside_git_there_is_only_the_trash() -> None:
    path = write("a.json")
    prune(path)
    assert tell(find("tests")) == [(path, "restorable", "trash")]
    shutil.rmtree(".git")
    assert tell(find("tests", write=True)) == [(path, "restored", "trash")]


def test_many_words_are_found_like_few(git: Git) -> None:
    paths = [write(f"{number:03}.json") for number in range(120)]
    commit(git)
    git("rm", "-rq", "tests")
    removed = commit(git)
    assert tell(find(*paths[1:])) == [(path, "restorable", removed) for path in paths[1:]]


# --- the trash ----------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_a_run_deleted_comes_back_from_its_copy_byte_by_byte(here: Path) -> None:
    path = write("a.json", b"not even JSON")
    Path(path).chmod(0o600)
    prune(path)
    restoration = find(path, write=True)
    assert restoration.files == (Lost(path, RestoreStatus.RESTORED, "trash", 13),)
    assert (here / path).read_bytes() == b"not even JSON"
    assert (here / path).stat().st_mode & 0o777 == 0o600
    undo(here)
    assert tell(find(path)) == [(path, "restorable", "trash")]
    undo(here)
    assert tell(find(path)) == [(path, "exists", None)]


def test_the_newest_of_trash_and_history_counts(git: Git) -> None:
    path = write("a.json", content(text="pruned"))
    prune(path)
    write("a.json", content(text="committed"))
    commit(git)
    git("rm", "-q", path)
    commit(git)
    assert tell(find(path)) == [(path, "restorable", "trash")]
    git("commit", "-q", "--allow-empty", "-m", "x")
    write("a.json", content(text="committed"))
    commit(git, date="2099-01-01T00:00:00Z")
    git("rm", "-q", path)
    removed = commit(git, date="2099-01-02T00:00:00Z")
    assert tell(find(path, write=True)) == [(path, "restored", removed)]
    assert Path(path).read_bytes() == content(text="committed")


def test_what_a_run_moved_is_not_gone(here: Path) -> None:
    old, stays = write("aaaa00000000.json"), write("b.json")
    step = Move(old, sha256(content()), f"{FOLDER}/bbbb00000000.json")
    apply(here, Plan("rehash", ((step,), (Delete(stays, sha256(content())),))))
    assert tell(find("tests")) == [(stays, "restorable", "trash")]
    assert tell(find("aaaa")) == [(old, "restorable", "trash")]


@pytest.mark.usefixtures("here")
def test_a_hash_that_a_file_has_again_brings_nothing_back() -> None:
    old = write("aaaa00000000.json", folder="old/recordings")
    new = f"{FOLDER}/aaaa00000000.json"
    apply(Path.cwd(), Plan("rehash", ((Move(old, sha256(content()), new),),)))
    assert tell(find("aaaa")) == [(new, "exists", None)]


def test_what_was_undone_or_thrown_away_is_in_the_trash_no_more(here: Path) -> None:
    path = write("a.json")
    prune(path)
    empty_trash(here)
    assert tell(find(path)) == [(path, "not-found", None)]


def test_a_damaged_copy_is_an_error_with_its_name(here: Path) -> None:
    path = write("a.json")
    prune(path)
    (here / ".recctl/runs/1/before" / sha256(content())).write_bytes(b"damaged")
    restoration = find("tests", write=True)
    assert restoration.files == ()
    assert [(error.name, error.message) for error in restoration.errors] == [(path, "its copy is damaged")]


def test_what_is_too_large_is_not_read(here: Path) -> None:
    path = write("a.json")
    prune(path)
    project = Project(here, settings=Settings(max_size=10))
    restoration = restore(project, [path], [], write=True)
    assert [(error.name, error.message) for error in restoration.errors] == [
        (path, "it is larger than max-size")
    ]
    assert not (here / path).exists()


# --- tests, and what is in the way --------------------------------------------------------------------------


def test_a_test_gets_its_own_recordings_back_and_no_others(git: Git) -> None:
    one, two, other = write("1.json"), write("2.json", content(TWO)), write("3.json", content(OTHER))
    write("4.json", content(None))
    elsewhere = write("5.json", folder="elsewhere/recordings")
    commit(git)
    shutil.rmtree("tests")
    shutil.rmtree("elsewhere")
    commit(git)

    def names(*tests: str, words: tuple[str, ...] = ()) -> list[str]:
        return [path for path, _, _ in tell(find(*words, tests=tests))]

    assert names(ONE) == [one]
    assert names("tests/test_x.py::test_y") == [one, two]
    assert names("tests/test_x.py") == [elsewhere, one, two, other]
    assert names(TWO, OTHER) == [two, other]
    assert names(ONE, words=("elsewhere",)) == [elsewhere]
    assert tell(find(tests=("tests/test_x.py::test",))) == [("tests/test_x.py::test", "not-found", None)]


@pytest.mark.parametrize(
    ("word", "is_meant"),
    [
        ("a/b/test_x.py::TestX::test_y[k=v-w/x]", True),
        ("a/b/test_x.py::TestX::test_y", True),
        ("a/b/test_x.py::TestX::test_y[", True),
        ("a/b/test_x.py::TestX", True),
        ("a/b/test_x.py::", True),
        ("a/b/", True),
        ("a", True),
        ("test_x.py", True),
        ("test_y", True),
        ("TestX::test_y", True),
        ("a/b/test_x.py::TestX::test_y[k=v-w/", True),
        ("a/b/test_x.py::TestX::test_y[k=v", False),
        ("a/b/test_x", False),
        ("est_y", False),
        ("x]", False),
        ("a/.", False),
        ("", False),
    ],
)
def test_a_test_is_meant_by_its_id_or_by_a_part_that_ends_where_something_ends(
    word: str, is_meant: bool
) -> None:
    assert is_of_test("a/b/test_x.py::TestX::test_y[k=v-w/x]", word) == is_meant
    assert not is_of_test(None, word)


def test_what_is_there_is_never_overwritten(git: Git) -> None:
    path = write("a.json")
    commit(git)
    git("rm", "-q", path)
    commit(git)
    write("a.json", b"mine")
    assert find(path, write=True).files == (
        Lost(path, RestoreStatus.EXISTS, reason="is there, and is never overwritten"),
    )
    assert Path(path).read_bytes() == b"mine"


@pytest.mark.parametrize("write_back", [False, True])
def test_what_stands_in_the_way_holds_back_one_file_and_no_other(here: Path, write_back: bool) -> None:
    path, other = write("a.json", folder="x/recordings"), write("b.json")
    prune(path, other)
    shutil.rmtree("x")
    (here / "outside").mkdir()
    (here / "x").symlink_to("outside")
    restoration = find(path, other, write=write_back)
    assert [(lost.path, lost.status, lost.reason) for lost in restoration.files] == [
        (other, RestoreStatus.RESTORED if write_back else RestoreStatus.RESTORABLE, None),
        (path, RestoreStatus.HELD_BACK, "x is a link or no folder"),
    ]
    assert list((here / "outside").iterdir()) == []


@pytest.mark.usefixtures("here")
def test_to_name_nothing_is_an_error() -> None:
    with pytest.raises(RecctlError, match="nothing was named"):
        find()


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("gone.json", "is neither in the trash nor in git's history"),
        ("abcd", "is neither in the trash nor in git's history"),
        ("tests", "nothing is gone from it"),
    ],
)
def test_what_is_not_found_is_told_with_the_word_that_asked_for_it(git: Git, word: str, reason: str) -> None:
    write("a.json")
    commit(git)
    assert find(word).files == (Lost(word, RestoreStatus.NOT_FOUND, reason=reason),)


FILE_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
)
TREES = st.dictionaries(FILE_NAMES.map(lambda name: f"{name}.json"), st.binary(max_size=20), min_size=1)


@given(TREES)
def test_whatever_was_pruned_comes_back_under_any_name(tree: dict[str, bytes]) -> None:
    names = {unicodedata.normalize("NFC", name).casefold(): name for name in tree}
    with TemporaryDirectory() as folder:
        root = Path(folder)
        paths = [root / "recordings" / name for name in names.values()]
        paths[0].parent.mkdir()
        for path in paths:
            path.write_bytes(tree[path.name])
        steps = (Delete(f"recordings/{path.name}", sha256(tree[path.name])) for path in paths)
        apply(root, Plan("prune", tuple((step,) for step in steps)))
        restoration = restore(Project(root), [folder], [], write=True)
        assert {lost.status for lost in restoration.files} == {RestoreStatus.RESTORED}
        assert {path: path.read_bytes() for path in paths} == {path: tree[path.name] for path in paths}
