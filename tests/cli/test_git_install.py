"""`recctl git`: git diff, git log -p and git show with conversations in them, and without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recctl.cli import git_program
from recctl.recordings.formats.ogx import serialise
from recctl.textconv import setup
from recctl.textconv.setup import _add_block, _remove_blocks
from tests.builders import chunk, delta, record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Run

PATTERNS = setup.list_patterns()
LINES = "".join(
    f"{line}\n"
    for line in (
        "# recctl git install",
        *(f"{pattern} diff=recctl" for pattern in PATTERNS),
        "# recctl git install ends here",
    )
).encode()

NAME = "tests/recordings/0123456789ab.json"


def reply(*words: str) -> bytes:
    """A recording of a reply that came in as many chunks as there are words."""
    chunks = [chunk(delta(content=word)) for word in words]
    return serialise(record([*chunks, chunk(delta(finish_reason="stop"))]))


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_the_attributes_are_for_the_folders_of_all_recorders() -> None:
    expected = {
        "**/recordings/**/*.json",
        "**/cassettes/**/*.yaml.gz",
        "**/testdata/**/Test*.yaml",
        "**/testdata/**/Test*/**/*.yaml",
        "**/vcr_cassettes/**/*.yml",
    }
    assert expected <= {*PATTERNS}
    assert "**/testdata/**/*.yaml" not in PATTERNS, "most of these are no recordings"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, and in it the only configuration of theirs that git reads."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return folder


@pytest.fixture
def repository(tmp_path: Path, git: Callable[..., str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which the last commit has changed one word of a reply, and `git` runs."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    for content in (reply("Good", " morning", "!"), reply("Good", " evening", "!")):
        put(tmp_path / NAME, content)
        git("add", ".")
        git("commit", "-qm", "x")
    return tmp_path


def lose_recctl(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have recctl gone from the interpreter, and from the PATH."""
    broken = tmp_path_factory.mktemp("broken")
    put(broken / "recctl" / "__init__.py", b"raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    monkeypatch.setenv("PATH", os.defpath)


def changed_lines(diff: str) -> list[str]:
    lines = diff.partition("\n+++ ")[2].splitlines()[1:]
    return [line for line in lines if line.startswith(("+", "-"))]


CONVERSATION = f"""\
diff --git a/{NAME} b/{NAME}
--- a/{NAME}
+++ b/{NAME}
@@ -7,5 +7,5 @@ user
   Hello
{" "}
 reply
-  Good morning!
+  Good evening!
   finish     stop
"""


@pytest.mark.parametrize(
    "command", [("diff", "HEAD~1"), ("log", "-1", "-p", "--format="), ("show", "--format=")]
)
def test_git_prints_conversations_instead_of_chunks(
    command: tuple[str, ...], repository: Path, git: Callable[..., str], run: Run
) -> None:
    raw = git(*command)
    assert changed_lines(raw) == [
        '-                "content": " morning"',
        '+                "content": " evening"',
    ]
    assert run("git", "install").code == 0
    text = "".join(line for line in git(*command).splitlines(keepends=True) if not line.startswith("index "))
    assert text == CONVERSATION
    assert git(*command, "--no-textconv") == raw
    assert run("git", "uninstall").code == 0
    assert git(*command) == raw
    assert not (repository / ".gitattributes").exists()


def test_the_work_tree_and_names_of_tests_are_shown_too(
    repository: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    put(repository / NAME, reply("Good", " night", "!"))
    assert changed_lines(git("diff")) == ["-  Good evening!", "+  Good night!"]
    assert "  test      tests/integration/inference/test_chat.py::test_reply[model=small]\n" in git(
        "show", "-U99"
    )


def test_what_only_the_stream_knows_makes_no_difference(
    repository: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    content = (repository / NAME).read_bytes()
    put(repository / NAME, content.replace(b'"created": 0', b'"created": 17'))
    assert git("diff") == ""
    assert git("diff", "--stat") != ""


def test_installing_says_what_it_does_and_doing_it_twice_does_nothing(repository: Path, run: Run) -> None:
    first = run("git", "install")
    told = "diff.recctl in the repository's configuration, lines in .gitattributes\n"
    assert (first.code, first.out, first.err) == (0, "", f"git shows recordings as conversations now: {told}")
    files = [repository / ".gitattributes", repository / ".git/config"]
    contents = [file.read_bytes() for file in files]
    assert contents[0] == LINES
    second = run("git", "install")
    assert (second.code, second.err) == (0, f"git was set up already: {told}")
    assert [file.read_bytes() for file in files] == contents
    assert run("git", "install", "-q").err == ""


def test_uninstalling_takes_back_just_that(repository: Path, git: Callable[..., str], run: Run) -> None:
    before = (repository / ".git/config").read_bytes()
    run("git", "install")
    first = run("git", "uninstall")
    assert (first.code, first.out) == (0, "")
    assert first.err == (
        "git shows recordings as it did before: diff.recctl is gone from the repository's configuration, "
        "recctl's lines from .gitattributes\n"
    )
    assert (repository / ".git/config").read_bytes() == before
    assert run("git", "uninstall").err == (
        "git was not set up: there is no diff.recctl in the repository's configuration, "
        "and no line of recctl's in .gitattributes\n"
    )
    git("config", "diff.recctl.wordRegex", ".")
    run("git", "install")
    run("git", "uninstall")
    assert git("config", "--get-regexp", "diff.*") == "diff.recctl.wordregex .\n"


@pytest.mark.parametrize(
    "before",
    [
        b"*.txt text\n",
        b"*.txt text",
        b"*.txt text\r\n*.png -text",
        b"*.txt text\r\n",
        b"# caf\xe9\n\n",
        b"\n",
    ],
)
def test_other_attributes_stay_as_they_are(before: bytes, repository: Path, run: Run) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_bytes(before)
    attributes.chmod(0o640)
    run("git", "install")
    assert attributes.read_bytes().startswith(before)
    assert run("git", "status").code == 0
    run("git", "install")
    assert attributes.read_bytes().count(b"diff=recctl") == len(PATTERNS)
    run("git", "uninstall")
    assert attributes.read_bytes() == before
    assert attributes.stat().st_mode & 0o777 == 0o640


@given(st.binary(max_size=40) | st.text("a \r\n#", max_size=12).map(str.encode))
def test_lines_go_as_they_came(content: bytes) -> None:
    assume(b"# recctl git install" not in content)  # else they are not touched, see below
    added = _add_block(content, ("**/*.json",))
    assert added.startswith(content)
    assert _remove_blocks(added, Path("x")) == content


def test_lines_that_came_later_stay_lines(repository: Path, run: Run) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_bytes(b"*.txt text")
    run("git", "install")
    with attributes.open("ab") as file:
        file.write(b"*.png binary\n")
    run("git", "uninstall")
    assert attributes.read_bytes() == b"*.txt text\n*.png binary\n"


def test_lines_of_an_earlier_recctl_are_replaced(repository: Path, run: Run) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_bytes(b"a text\n" + LINES.replace(b"/**/", b"/") + b"b text\n" + LINES)
    run("git", "install")
    assert attributes.read_bytes() == b"a text\nb text\n" + LINES


def test_lines_whose_end_is_gone_are_left_alone(repository: Path, run: Run) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_bytes(LINES.replace(b" ends here", b""))
    before = (repository / ".git/config").read_bytes()
    for command in ("install", "uninstall"):
        outcome = run("git", command)
        assert (outcome.code, outcome.err) == (
            2,
            f"error: {attributes}: the lines of recctl have been edited\nhint: delete them, then try again\n",
        )
    assert attributes.read_bytes() == LINES.replace(b" ends here", b"")
    assert (repository / ".git/config").read_bytes() == before


@pytest.mark.usefixtures("repository")
def test_without_recctl_git_shows_what_it_would_show_anyway(
    git: Callable[..., str],
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = git("show")
    run("git", "install")
    with monkeypatch.context() as without:
        lose_recctl(tmp_path_factory, without)
        assert git("show") == raw
    assert changed_lines(git("show")) == ["-  Good morning!", "+  Good evening!"]


@pytest.mark.usefixtures("repository")
def test_a_recctl_on_the_path_serves_where_the_interpreter_is_gone(
    git: Callable[..., str],
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("git", "install")
    command = git("config", "diff.recctl.textconv").strip()
    assert sys.executable in command
    git("config", "diff.recctl.textconv", command.replace(sys.executable, "/nowhere/python"))
    folder = tmp_path_factory.mktemp("bin")
    put(folder / "recctl", f'#!/bin/sh\nexec "{sys.executable}" -m recctl "$@"\n'.encode())
    (folder / "recctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert changed_lines(git("show")) == ["-  Good morning!", "+  Good evening!"]
    status = run("git", "status")
    assert f"recctl       {folder}/recctl\n" in status.out
    assert "driver       out of date in the repository's configuration\n" in status.out


def list_texts(home: Path) -> list[Path]:
    return [text for text in (home / ".local/state/recctl/texts").glob("*") if text.name != "misses"]


@pytest.mark.usefixtures("repository")
def test_texts_are_kept_until_recctl_is_installed_again_or_uninstalled(
    home: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    shown = git("show")
    assert len(list_texts(home)) == 2
    for text in list_texts(home):
        text.write_bytes(text.read_bytes().replace(b"Good", b"Kept"))
    assert git("show") == shown.replace("Good", "Kept")
    for command in ("install", "uninstall"):
        run("git", "install")
        git("show")
        assert len(list_texts(home)) == 2
        run("git", command)
        assert list_texts(home) == []


@pytest.mark.parametrize("scope", ["--local", "--global"])
@pytest.mark.usefixtures("repository")
def test_who_has_no_name_for_commits_sees_conversations_too(
    scope: str, git: Callable[..., str], run: Run
) -> None:
    """git would keep texts in a commit, as an earlier recctl has told it to."""
    for key, value in (("textconv", "cat"), ("cachetextconv", "true")):
        git("config", scope, f"diff.recctl.{key}", value)
    git("show")
    git("notes", "--ref=textconv/recctl", "add", "-m", "x")
    assert run("git", "install").code == 0
    assert "refs/notes" not in git("for-each-ref")
    nobody = ("-c", "user.useConfigOnly=true", "-c", "user.name=", "-c", "user.email=")
    assert changed_lines(git(*nobody, "show")) == ["-  Good morning!", "+  Good evening!"]
    assert "refs/notes" not in git("for-each-ref")
    run("git", "uninstall", *(["--global"] if scope == "--global" else []))
    assert "cachetextconv" not in git("config", scope, "--list")


@pytest.mark.usefixtures("repository")
def test_where_no_text_can_be_kept_each_is_made_anew(
    home: Path, git: Callable[..., str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("git", "install")
    shown = git("show")
    folder = home / ".local/state/recctl/texts"
    folder.chmod(0o755)  # others could look into it
    for text in list_texts(home):
        text.write_bytes(b"not to be believed\n")
    assert git("show") == shown
    put(home / "file", b"")
    for name, value in (("HOME", str(home / "file")), ("HOME", ""), ("XDG_STATE_HOME", "/dev/null")):
        monkeypatch.setenv(name, value)
        assert git("show") == shown


def test_a_text_that_came_with_a_repository_is_not_believed(
    repository: Path, git: Callable[..., str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody has a repository as home folder, as a job in a container may."""
    run("git", "install")
    shown = git("show")
    monkeypatch.setenv("HOME", str(repository.parent))
    git("show")
    (text, *_) = list_texts(repository.parent)
    monkeypatch.setenv("HOME", str(repository))
    folder = repository / ".local/state/recctl/texts"
    folder.mkdir(parents=True, mode=0o700)
    put(folder / text.name, b"not to be believed\n")
    (folder / text.name).chmod(0o600)
    assert git("show") == shown


def test_where_many_are_asked_for_others_are_made_ahead(
    repository: Path, home: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    for number in range(9):
        put(repository / f"tests/recordings/{number:012}.json", reply("number", f" {number}"))
    put(repository / "tests/recordings/other.txt", b"x")
    git("add", ".")
    git("commit", "-qm", "y")
    ask = [sys.executable, "-P", "-S", git_program.__file__]
    for number, kept in ((0, 1), (1, 2), (2, 11)):
        file = f"tests/recordings/{number:012}.json"
        printed = subprocess.run([*ask, file], cwd=repository, capture_output=True, check=True).stdout
        assert f"number {number}\n".encode() in printed
        assert len(list_texts(home)) == kept  # with the two of the commit before
    assert changed_lines(git("show", "--format=", "--", file))[-2:] == ["+  number 2", "+  finish     stop"]


@pytest.mark.usefixtures("repository")
def test_a_text_that_is_kept_gives_no_orders_in_a_build(
    home: Path, git: Callable[..., str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("git", "install")
    put(tmp_path / NAME, reply("Hello", "\n::set-output name=x::y"))
    assert "+  ::set-output name=x::y\n" in git("diff")
    assert len(list_texts(home)) == 2
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "+  \\x3a:set-output name=x::y\n" in git("diff")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b'{"request": {"a"\n<<<<<<< ours\n', '+{"request": {"a"\n+<<<<<<< ours\n'),
        (b'{"name": "x"}', '+{"name": "x"}\n'),
        (b"\x1b[31m\0\xff\r\n", "+\\x1b[31m\\x00\\xff\\x0d\n"),
    ],
    ids=["not JSON", "no recording", "not even text"],
)
def test_what_is_no_recording_is_shown_as_it_is(
    content: bytes, shown: str, repository: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    put(repository / "tests/recordings/broken.json", content)
    git("add", "-N", ".")
    diff = git("diff", "--", "tests/recordings")
    assert "".join(f"{line}\n" for line in changed_lines(diff)) == shown


def test_nothing_that_lies_in_the_repository_is_run(
    repository: Path, git: Callable[..., str], run: Run
) -> None:
    run("git", "install")
    for name in ("recctl/__init__.py", "json.py", "sitecustomize.py"):
        put(repository / name, b"from pathlib import Path; Path(__file__).with_suffix('.was-run').touch()")
    assert changed_lines(git("show")) == ["-  Good morning!", "+  Good evening!"]
    assert [*repository.rglob("*.was-run")] == []


STATUS = """\
driver       {0} in the repository's configuration
attributes   {0} in .gitattributes
driver       {1} in the user's configuration
attributes   {1} in {2}/.config/git/attributes
recctl       {3}
recordings   {4} of 1 are shown as conversations
"""


@pytest.mark.usefixtures("repository")
def test_status_tells_what_is_installed_where(home: Path, run: Run) -> None:
    outcome = run("git", "status")
    nothing = STATUS.format("not installed", "not installed", home, "not set up", 0)
    assert (outcome.code, outcome.out, outcome.err) == (1, nothing, "")
    run("git", "install")
    outcome = run("git", "status")
    here = STATUS.format("installed", "not installed", home, sys.executable, 1)
    assert (outcome.code, outcome.out, outcome.err) == (0, here, "")
    run("git", "uninstall")
    run("git", "install", "--global")
    outcome = run("git", "status")
    everywhere = STATUS.format("not installed", "installed", home, sys.executable, 1)
    assert (outcome.code, outcome.out, outcome.err) == (0, everywhere, "")


def test_status_sees_what_overrules_the_lines(repository: Path, run: Run) -> None:
    run("git", "install")
    put(repository / "tests/.gitattributes", b"*.json -diff\n")
    outcome = run("git", "status")
    assert outcome.code == 1
    assert outcome.out.endswith("recordings   0 of 1 are shown as conversations\n")


def test_recordings_that_the_configuration_points_to_get_a_line(
    repository: Path, git: Callable[..., str], run: Run
) -> None:
    put(repository / "recctl.toml", b'paths = ["tests", "tape [old]/a"]')
    put(repository / "tape [old]/a/b/0123456789ab.json", reply("Good"))
    run("git", "install")
    assert (repository / ".gitattributes").read_text().splitlines()[1:-1] == [
        *(f"{pattern} diff=recctl" for pattern in PATTERNS),
        r'"/tape \\[old]/a/**/*.json" diff=recctl',
    ]
    git("add", "-N", ".")
    assert "+  Good" in changed_lines(git("diff", "tape [old]"))
    assert run("git", "status").out.endswith("recordings   2 of 2 are shown as conversations\n")


def test_globally_the_users_own_attributes_are_used(
    repository: Path, home: Path, git: Callable[..., str], run: Run
) -> None:
    put(home / "dotfiles/attributes", b"*.txt text\n")
    (home / "attributes").symlink_to("dotfiles/attributes")
    git("config", "--global", "core.attributesFile", "~/attributes")
    before = (home / ".gitconfig").read_bytes()
    outcome = run("git", "install", "--global", cwd=home)
    assert outcome.err == (
        "git shows recordings as conversations now: diff.recctl in the user's configuration, "
        f"lines in {home}/dotfiles/attributes\n"
    )
    assert (home / "dotfiles/attributes").read_bytes() == b"*.txt text\n" + LINES
    assert changed_lines(git("show")) == ["-  Good morning!", "+  Good evening!"]
    assert not (repository / ".gitattributes").exists()
    run("git", "uninstall", "--global")
    assert (home / ".gitconfig").read_bytes() == before
    assert (home / "dotfiles/attributes").read_bytes() == b"*.txt text\n"
    assert (home / "attributes").is_symlink()


def test_a_global_installation_serves_bare_clones(
    repository: Path, home: Path, git: Callable[..., str], run: Run
) -> None:
    git("clone", "-q", "--bare", str(repository), str(home / "bare.git"))
    bare = run("git", "install", cwd=home / "bare.git")
    assert bare.code == 2
    assert bare.err == (
        "error: a bare repository has no place for .gitattributes\n"
        "hint: recctl git install --global is for all of your repositories, bare ones too\n"
    )
    run("git", "install", "--global", cwd=home)
    assert changed_lines(git("-C", str(home / "bare.git"), "show")) == [
        "-  Good morning!",
        "+  Good evening!",
    ]


def test_a_folder_of_a_repository_and_a_second_work_tree_will_do(
    repository: Path, home: Path, git: Callable[..., str], run: Run
) -> None:
    assert run("git", "install", cwd=repository / "tests").err.endswith("lines in ../.gitattributes\n")
    assert (repository / ".gitattributes").read_bytes() == LINES
    git("worktree", "add", "-q", str(home / "second"))
    assert run("git", "install", cwd=home / "second").code == 0
    assert (home / "second" / ".gitattributes").read_bytes() == LINES
    assert changed_lines(git("-C", str(home / "second"), "show")) == ["-  Good morning!", "+  Good evening!"]


def test_outside_a_repository_there_is_nothing_to_set_up(home: Path, run: Run) -> None:
    for command in ("install", "uninstall", "status"):
        outcome = run("git", command, cwd=home)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            "error: not a git repository (or any of the parent directories): .git\n"
            "hint: recctl git install --global is for all of your repositories\n"
        )


def test_what_cannot_be_written_is_told_and_left_as_it_is(repository: Path, run: Run) -> None:
    attributes = repository / ".gitattributes"
    attributes.symlink_to("elsewhere")
    outcome = run("git", "install")
    assert outcome.code == 2
    assert outcome.err == (
        f"error: {attributes}: is a link, which git does not follow\nhint: put a file in its place\n"
    )
    attributes.unlink()
    attributes.mkdir()
    outcome = run("git", "install")
    assert outcome.err.startswith(f"error: {attributes}: is a directory\n")
    attributes.rmdir()
    (repository / ".git/config.lock").touch()
    outcome = run("git", "install")
    assert outcome.code == 2
    assert outcome.err.startswith("error: git: ")
    assert "config" in outcome.err
    assert sorted(path.name for path in repository.iterdir()) == [".git", "tests"]
    assert "recctl" not in (repository / ".git/config").read_text()


def test_textconv_shows_a_file_without_its_name(tmp_path: Path, run: Run) -> None:
    put(tmp_path / "x.json", reply("Good"))
    outcome = run("git", "textconv", "x.json")
    shown = run("show", "x.json")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"x.json\n{outcome.out}" == shown.out
    assert run("git", "textconv", "y.json").err == (
        "error: y.json: No such file or directory\nhint: name a file that can be read\n"
    )
    command = [sys.executable, "-P", "-m", "recctl.cli.textconv", "y.json"]
    lost = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, check=False
    )
    assert (lost.returncode, lost.stdout) == (1, b"")


def test_the_group_alone_says_what_it_can_do(run: Run) -> None:
    outcome = run("git")
    assert outcome.code == 2
    assert "install" in outcome.err
    assert "textconv" not in outcome.err


def test_cassettes_are_shown_as_conversations(repository: Path, git: Callable[..., str], run: Run) -> None:
    path = repository / "tests/cassettes/test_x/test_y.yaml"
    put(path, CASSETTE.format("Sunny.").encode())
    run("git", "install")
    git("add", ".")
    git("commit", "-qm", "two")
    put(path, CASSETTE.format("Rain.").encode())
    assert changed_lines(git("diff")) == ["-  Sunny.", "+  Rain."]


CASSETTE = """\
interactions:
- request:
    body: '{{"model": "small", "messages": [{{"role": "user", "content": "What is the weather?"}}]}}'
    headers: {{}}
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: '{{"object": "chat.completion", "choices": [{{"index": 0, "finish_reason": "stop",
        "message": {{"role": "assistant", "content": "{}"}}}}]}}'
    headers: {{}}
    status: {{code: 200, message: OK}}
version: 1
"""
