"""What the user pointed at, as bytes: files, folders, lists of files, standard input, files of revisions."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import pytest

from recctl.base.errors import RecctlError
from recctl.input.sources import Selection, load_all, read_file_list, select
from recctl.project import Override, Place, Project, Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source, Unread
from recctl.render.kit.terminal import quote_path
from tests.builders import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HASH = "0123456789ab" * 5 + "0123"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two recordings and another file."""
    for name in ("tests/recordings/a.json", "tests/recordings/b.json", "tests/other.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Puts bytes on standard input, through a real pipe."""
    reader, writer = os.pipe()

    def feed(content: bytes) -> None:
        def write() -> None:
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(content)

        threading.Thread(target=write).start()

    with os.fdopen(reader) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield feed


def names(selection: Selection) -> list[str]:
    return [target.name for target in selection.targets]


def read_one(project: Project, word: str) -> Source | Unread:
    (read,) = select(project, [word]).read()
    return read


# --- files and folders --------------------------------------------------------------------------------------


def test_a_file_is_read_with_its_name_and_its_place(here: Path) -> None:
    place = Place((here / "tests" / "recordings").as_posix(), "a.json")
    source = Source(
        "tests/recordings/a.json", b"tests/recordings/a.json", place, Settings(root=here.as_posix())
    )
    assert read_one(Project(here), "tests/recordings/a.json") == source


def test_a_folder_stands_for_the_recordings_below_it(here: Path) -> None:
    for word in (".", "tests", str(here), "tests/", "tests/../tests"):
        selection = select(Project(here), [word])
        assert names(selection) == ["tests/recordings/a.json", "tests/recordings/b.json"]
        assert (selection.ignored, selection.unread) == (1, ())


def test_names_are_relative_to_the_current_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "tests" / "recordings")
    assert names(select(Project(here), ["."])) == ["a.json", "b.json"]
    assert names(select(Project(here), ["..", "../other.json"])) == ["../other.json", "a.json", "b.json"]


def test_a_file_that_is_named_twice_counts_once(here: Path) -> None:
    words = ["tests/recordings/b.json", "./tests//recordings/../recordings/b.json", str(here), "tests"]
    assert names(select(Project(here), words)) == ["tests/recordings/a.json", "tests/recordings/b.json"]


def test_targets_know_whether_they_were_named(here: Path) -> None:
    words = ["tests/recordings/b.json", "tests"]
    for order in (words, words[::-1]):
        named = {target.name: target.named for target in select(Project(here), order).targets}
        assert named == {"tests/recordings/a.json": False, "tests/recordings/b.json": True}


def test_the_neighbours_of_named_files_are_the_rest_of_their_folders(here: Path) -> None:
    (here / "tests" / "recordings" / "c.txt").touch()
    project = Project(here)
    beside = select(project, ["tests/recordings/a.json"]).neighbours(project)
    assert [target.name for target in beside] == ["tests/recordings/b.json"]
    assert list(select(project, ["tests"]).neighbours(project)) == []
    assert list(select(project, ["missing/x.json"]).neighbours(project)) == []


def test_a_named_file_is_looked_at_whatever_it_is_called(here: Path) -> None:
    assert names(select(Project(here), ["tests/other.json"])) == ["tests/other.json"]


def test_exclude_spares_named_files_unless_forced(here: Path) -> None:
    project = Project(here, exclude=("a.json",))
    word = "tests/recordings/a.json"
    assert names(select(project, ["tests"])) == ["tests/recordings/b.json"]
    assert names(select(project, [word])) == [word]
    assert names(select(project, [word], force_exclude=True)) == []


def test_a_file_has_the_settings_of_its_part_of_the_tree(here: Path) -> None:
    project = Project(here, overrides=(Override(("b.json",), {"scheme": "ogx-2025-07"}),))
    schemes = {target.name: target.settings.scheme for target in select(project, ["tests", "-"]).targets}
    assert schemes == {
        "<stdin>": None,
        "tests/recordings/a.json": None,
        "tests/recordings/b.json": "ogx-2025-07",
    }


def test_a_file_whose_name_is_no_text_is_a_file(here: Path) -> None:
    name = os.fsdecode(b"\xff.json")
    (here / "tests" / "recordings" / name).touch()
    assert names(select(Project(here), ["tests"]))[-1] == f"tests/recordings/{name}"


# --- what can't be read -------------------------------------------------------------------------------------

CHECK = "check the path and its permissions"
NO_FILE = "no revision has such a file, either; its files can be named, its folders can't"


def test_a_missing_file_is_told_in_a_line(here: Path) -> None:
    unread = Unread("missing.json", "can't be opened: no such file or directory", CHECK)
    assert read_one(Project(here), "missing.json") == unread


def test_a_link_to_itself_is_told_in_a_line(here: Path) -> None:
    (here / "x.json").symlink_to("x.json")
    unread = Unread("x.json", "can't be opened: too many levels of symbolic links", CHECK)
    assert read_one(Project(here), "x.json") == unread


@pytest.mark.parametrize(
    "word",
    ["x" * 300 + ".json", "tests/other.json/x.json", "a\0b.json", "no/such/folder", "tests/x.py::test_y"],
)
def test_a_path_that_can_name_no_file_is_told_in_a_line(here: Path, word: str) -> None:
    read = read_one(Project(here), word)
    assert isinstance(read, Unread)
    assert read.message.startswith("can't be opened: ")
    assert read.hint == CHECK


def test_a_file_that_becomes_a_folder_is_told_in_a_line(here: Path) -> None:
    selection = select(Project(here), ["tests/other.json"])
    (here / "tests" / "other.json").unlink()
    (here / "tests" / "other.json").mkdir()
    assert list(selection.read()) == [Unread("tests/other.json", "can't be opened: is a directory", CHECK)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_without_permission_are_told_in_a_line(here: Path) -> None:
    (here / "tests" / "other.json").chmod(0)
    denied = "can't be opened: permission denied"
    assert read_one(Project(here), "tests/other.json") == Unread("tests/other.json", denied, CHECK)
    (here / "tests").chmod(0)
    try:
        selection = select(Project(here), ["tests", "tests/recordings/a.json"])
        assert selection.unread == (Unread("tests", denied, CHECK),)
        assert list(selection.read()) == [Unread("tests/recordings/a.json", denied, CHECK)]
    finally:
        (here / "tests").chmod(0o755)


def test_a_file_over_the_size_is_not_read(here: Path) -> None:
    (here / "x.json").write_bytes(b"12345")
    assert isinstance(read_one(Project(here, settings=Settings(max_size=5)), "x.json"), Source)
    hint = "a recording this large is hardly one; if it is, raise max-size"
    unread = Unread("x.json", "the file is larger than 4 B and was not read", hint, too_large=True)
    assert read_one(Project(here, settings=Settings(max_size=4)), "x.json") == unread


@pytest.mark.parametrize(
    ("size", "shown"), [(1, "1 B"), (2000, "2 kB"), (64_000_000, "64 MB"), (1_500_000_000, "1.5 GB")]
)
def test_sizes_are_shown_in_units(here: Path, size: int, shown: str) -> None:
    with (here / "x.json").open("wb") as file:
        file.truncate(size + 1)
    unread = read_one(Project(here, settings=Settings(max_size=size)), "x.json")
    assert isinstance(unread, Unread)
    assert unread.message == f"the file is larger than {shown} and was not read"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_an_endless_file_is_too_large() -> None:
    unread = read_one(Project(Path.cwd()), "/dev/zero")
    assert isinstance(unread, Unread)
    assert unread.too_large


# --- standard input and lists of files ----------------------------------------------------------------------


def test_standard_input_is_read_to_its_end(here: Path, piped: Callable[[bytes], None]) -> None:
    piped(b"x" * 200_000)
    assert read_one(Project(here), "-") == Source(
        "<stdin>", b"x" * 200_000, None, Settings(root=here.as_posix())
    )


def test_standard_input_over_the_size_is_refused(here: Path, piped: Callable[[bytes], None]) -> None:
    piped(b"12345")
    read = read_one(Project(here, settings=Settings(max_size=4)), "-")
    assert isinstance(read, Unread)
    assert (read.name, read.too_large) == ("<stdin>", True)


def test_a_file_called_dash_needs_its_folder(here: Path) -> None:
    (here / "-").write_text("{}")
    assert names(select(Project(here), ["./-"])) == ["-"]
    assert names(select(Project(here), ["-"])) == ["<stdin>"]


def test_a_list_of_files_has_one_a_line(here: Path, piped: Callable[[bytes], None]) -> None:
    content = "a.json\r\n\nb c.json\nd\u2028e\x0c.json".encode()
    listed = ["a.json", "b c.json", "d\u2028e\x0c.json"]
    (here / "list").write_bytes(content)
    assert read_file_list("list", nul=False) == listed
    piped(content)
    assert read_file_list("-", nul=False) == listed


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (rb'"a\tb\\c\"d\303\244.json"', 'a\tb\\c"dä.json'),
        (rb'"\a\b\n\v\f\r \377"', "\a\b\n\v\f\r \udcff"),
        (b'"plain.json"', "plain.json"),
        (b'"', '"'),
        (b'""', '""'),
        (b'"a"b"', '"a"b"'),
        (rb'"a\"', '"a\\"'),
        (rb'"a\x"', '"a\\x"'),
        (rb'"\777"', '"\\777"'),
        (rb"a\tb", "a\\tb"),
    ],
)
def test_a_list_of_files_may_quote_them_as_git_does(here: Path, line: bytes, path: str) -> None:
    (here / "list").write_bytes(line + b"\r\n")
    assert read_file_list("list", nul=False) == [path]
    (here / "list").write_bytes(line + b"\0")
    assert read_file_list("list", nul=True) == [os.fsdecode(line)]


@pytest.mark.parametrize(
    "name", ["a b.json", "ä.json", 'say "x".json', "a\nb\\.json", "\udcff\t.json", '"x"']
)
def test_git_and_recctl_quote_what_a_list_reads(here: Path, git: Callable[..., str], name: str) -> None:
    (here / name).write_text("{}")
    git("add", name)
    (here / "list").write_text(f"{quote_path(name)}\n{git('ls-files', name)}\n")
    assert read_file_list("list", nul=False) == [name, name]


def test_a_list_of_files_may_end_them_with_nul(here: Path) -> None:
    (here / "list").write_bytes(b"a\nb.json\0\xff.json\0\0")
    assert read_file_list("list", nul=True) == ["a\nb.json", os.fsdecode(b"\xff.json")]


def test_a_list_that_cannot_be_read_is_the_users_to_put_right(here: Path) -> None:
    for name, reason in (("missing", "No such file or directory"), ("tests", "Is a directory")):
        with pytest.raises(RecctlError) as caught:
            read_file_list(name, nul=False)
        assert caught.value.message == f"{name}: {reason}"
        assert caught.value.hint == "name a file that lists paths"
    assert here.is_dir()


# --- files of revisions -------------------------------------------------------------------------------------


@pytest.fixture
def committed(here: Path, git: Callable[..., str]) -> Path:
    """The current folder, committed; then one recording was changed and another deleted."""
    git("add", ".")
    git("commit", "-qm", "x")
    (here / "tests" / "recordings" / "a.json").write_text("changed")
    (here / "tests" / "recordings" / "b.json").unlink()
    return here


def test_a_file_of_a_revision_is_read_as_it_was(committed: Path) -> None:
    project = Project(committed, overrides=(Override(("tests/recordings/",), {"scheme": "ogx-2025-07"}),))
    folder = (committed / "tests" / "recordings").as_posix()
    for name in ("a.json", "b.json"):
        word = f"HEAD:tests/recordings/{name}"
        content, place = f"tests/recordings/{name}".encode(), Place(folder, name)
        assert read_one(project, word) == Source(
            word, content, place, Settings("ogx-2025-07", root=committed.as_posix())
        )


def test_a_file_of_a_revision_may_be_named_from_the_current_folder(
    committed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(committed / "tests" / "recordings")
    for word in ("HEAD:./b.json", "HEAD:../recordings/b.json", "HEAD:tests/recordings/b.json"):
        source = read_one(Project(committed), word)
        assert isinstance(source, Source)
        assert source.content == b"tests/recordings/b.json"
        assert source.place == Place((committed / "tests" / "recordings").as_posix(), "b.json")


@pytest.mark.parametrize("word", [":tests/recordings/a.json", ":0:tests/recordings/a.json"])
def test_after_a_bare_colon_stands_a_file_of_the_index(committed: Path, word: str) -> None:
    source = read_one(Project(committed), word)
    assert isinstance(source, Source)
    assert source.content == b"tests/recordings/a.json"
    assert source.place == Place((committed / "tests" / "recordings").as_posix(), "a.json")


def test_both_sides_of_a_conflict_can_be_named(committed: Path, git: Callable[..., str]) -> None:
    path = committed / "tests" / "recordings" / "a.json"
    for branch, text in (("theirs", "they"), ("ours", "we")):
        git("checkout", "-qfb", branch, "HEAD" if branch == "theirs" else "HEAD~1")
        path.write_text(text)
        git("commit", "-qam", text)
    with pytest.raises(CalledProcessError):
        git("merge", "theirs")
    sides = [read_one(Project(committed), f":{stage}:tests/recordings/a.json") for stage in (1, 2, 3)]
    assert [side.content for side in sides if isinstance(side, Source)] == [
        b"tests/recordings/a.json",
        b"we",
        b"they",
    ]
    none = read_one(Project(committed), ":tests/recordings/a.json")
    assert isinstance(none, Unread)
    assert none.hint == (
        "a merge has left it in conflict: "
        ":2:tests/recordings/a.json is ours, :3:tests/recordings/a.json theirs"
    )


def test_a_file_of_a_revision_has_no_neighbours_and_hides_none(committed: Path) -> None:
    (committed / "tests" / "recordings" / "c.json").touch()
    project = Project(committed)
    assert list(select(project, ["HEAD:tests/recordings/a.json"]).neighbours(project)) == []
    both = select(project, ["HEAD:tests/recordings/a.json", "tests/recordings/c.json"])
    assert [target.name for target in both.neighbours(project)] == ["tests/recordings/a.json"]


def test_a_file_of_a_revision_over_the_size_is_not_read(committed: Path) -> None:
    read = read_one(Project(committed, settings=Settings(max_size=4)), "HEAD:tests/recordings/a.json")
    assert isinstance(read, Unread)
    assert read.too_large


@pytest.mark.parametrize(
    "word",
    ["HEAD:missing.json", "nowhere:tests/other.json", "HEAD:", "HEAD:tests", "a:b", ":", ":x.json", ":2:a"],
)
def test_a_word_that_names_nothing_in_a_revision_is_a_path(committed: Path, word: str) -> None:
    unread = Unread(word, "can't be opened: no such file or directory", NO_FILE)
    assert read_one(Project(committed), word) == unread


def test_a_file_whose_name_has_a_colon_is_a_file(committed: Path) -> None:
    (committed / "HEAD:x.json").write_text("{}")
    source = read_one(Project(committed), "HEAD:x.json")
    assert isinstance(source, Source)
    assert source.content == b"{}"


def test_a_word_that_names_a_file_here_and_in_a_revision_is_refused(committed: Path) -> None:
    word = "HEAD:tests/other.json"
    (committed / "HEAD:tests").mkdir()
    (committed / word).write_text("here")
    with pytest.raises(RecctlError) as caught:
        select(Project(committed), [word])
    assert caught.value.message == f"{word!r} is a file here and a file of a revision"
    assert caught.value.hint == f"write './{word}' for the one that is here"
    source = read_one(Project(committed), f"./{word}")
    assert isinstance(source, Source)
    assert source.content == b"here"


def test_a_file_of_a_revision_that_vanishes_is_told_in_a_line(
    committed: Path, git: Callable[..., str]
) -> None:
    git("tag", "v1")
    selection = select(Project(committed), ["v1:tests/other.json"])
    git("tag", "-d", "v1")
    unread = Unread("v1:tests/other.json", "can't be opened: no such file or directory", NO_FILE)
    assert list(selection.read()) == [unread]


def test_where_there_is_no_git_a_word_with_a_colon_is_a_path(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here))
    assert isinstance(read_one(Project(here), "HEAD:tests/other.json"), Unread)


# --- the start of a hash ------------------------------------------------------------------------------------


def test_the_start_of_a_hash_names_the_recording_that_begins_so(here: Path) -> None:
    hashed = here / "tests" / "recordings" / f"{HASH}.json"
    hashed.write_text("{}")
    (here / "tests" / "recordings" / "models-fedcba987654-01234567.json").write_text("[]")
    assert names(select(Project(here), ["01234"])) == [f"tests/recordings/{HASH}.json"]
    assert names(select(Project(here), ["fedcba"])) == ["tests/recordings/models-fedcba987654-01234567.json"]
    assert names(select(Project(here, paths=("tests",)), [HASH])) == [f"tests/recordings/{HASH}.json"]
    for word in ("012", "0124", "01234x", f"{HASH}0"):  # too short, other, no hash, too long
        assert names(select(Project(here), [word])) == [word]
    (here / "01234").write_text("a file comes first")
    assert names(select(Project(here), ["01234"])) == ["01234"]


@pytest.mark.parametrize(
    "word", ["models-fedcba", "MODELS-FEDCBA987654-", "models-fedcba987654-0123", "FedC"]
)
def test_a_list_of_models_is_named_by_the_start_of_its_name_too(here: Path, word: str) -> None:
    folder = here / "tests" / "recordings"
    (folder / "models-fedcba987654-01234567.json").write_text("[]")
    (folder / "models.json").write_text("[]")
    assert names(select(Project(here), [word])) == ["tests/recordings/models-fedcba987654-01234567.json"]


def test_a_hash_may_be_written_in_capitals(here: Path) -> None:
    (here / "tests" / "recordings" / f"{HASH}.json").write_text("{}")
    assert names(select(Project(here), [HASH.upper()])) == [f"tests/recordings/{HASH}.json"]


@pytest.mark.parametrize("word", ["FFFF", "models-ffff", "models-ffff-01"])
def test_a_start_that_none_has_is_called_that(here: Path, word: str) -> None:
    unread = read_one(Project(here), word)
    assert isinstance(unread, Unread)
    assert unread.hint.startswith("no recording's hash starts so")


def test_the_start_of_several_hashes_is_refused(here: Path) -> None:
    for digit in "456789":
        (here / "tests" / "recordings" / f"{HASH[:-1]}{digit}.json").touch()
    with pytest.raises(RecctlError) as caught:
        select(Project(here), ["0123"])
    shown = ", ".join(f"{HASH[:-1]}{digit}.json" for digit in "456")
    assert caught.value.message == f"0123 is the start of 6 recordings: {shown} and 3 more"
    assert caught.value.hint == "give more digits"


# --- one of a file's recordings -----------------------------------------------------------------------------


def test_a_number_behind_a_name_asks_for_one_of_the_files_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_bytes(serialise(record(None)))
    (target,) = select(Project(tmp_path), ["x.json#1"]).targets
    assert (target.name, target.file, target.number) == ("x.json#1", "x.json", 1)
    (loaded,) = load_all(select(Project(tmp_path), ["x.json#1"]))
    assert isinstance(loaded, Recording)
    assert str(loaded.key) == "x.json"
    (missing,) = load_all(select(Project(tmp_path), ["x.json#2"]))
    assert isinstance(missing, LoadError)
    assert missing.message == "there is no recording #2: the file holds 1 recording"


def test_a_file_that_has_a_number_in_its_name_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json#2").write_bytes(serialise(record(None)))
    (target,) = select(Project(tmp_path), ["x.json#2"]).targets
    assert (target.file, target.number) == ("x.json#2", None)


def test_hooks_pass_over_what_is_like_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes/other.yaml").write_text("interactions:\n- kind: frame\n")
    (tmp_path / "cassettes/empty.yaml").write_text("")
    (tmp_path / "cassettes/merging.yaml").write_text("<<<<<<< HEAD\n")
    words = [f"cassettes/{name}.yaml" for name in ("empty", "merging", "missing", "other")]
    assert names(select(Project(tmp_path), words, force_exclude=True)) == words[:3]
    assert names(select(Project(tmp_path), words)) == words
