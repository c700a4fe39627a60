"""`recctl rehash` and `recctl mv`: what they show, what they change, and how they exit."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.builders import TEST_ID, interrupt
from tests.names import AGAIN, ask, current_name, hash_request, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FOLDER = "tests/integration/inference/recordings"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project held to the current scheme, with one recording that is found and one left behind."""
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    write(tmp_path / FOLDER, ask("Hello"))
    write(tmp_path / FOLDER, BYE, old_name(BYE))
    return tmp_path


BYE = ask("Bye", test_id="tests/integration/inference/test_chat.py::test_bye")
OLD, NEW = old_name(BYE), current_name(BYE)


def list_files(project: Path) -> list[str]:
    paths = (path for path in project.rglob("*.json") if ".recctl" not in path.parts)
    return sorted(path.relative_to(project).as_posix() for path in paths)


def test_a_dry_run_shows_what_would_be_done(run: Run, project: Path) -> None:
    outcome = run("rehash", cwd=project)
    assert (outcome.code, outcome.out) == (0, f"to be moved: 1\n  {FOLDER}/{OLD} -> {NEW}\n")
    assert outcome.err == (
        "2 recordings: 1 current, 1 outdated (0 replaced, 1 stranded)\nwould move 1; --apply does it\n"
    )
    assert f"{FOLDER}/{OLD}" in list_files(project)


def test_apply_does_it_and_undo_takes_it_back(run: Run, project: Path) -> None:
    before = list_files(project)
    outcome = run("rehash", "--apply", cwd=project)
    assert (outcome.code, outcome.out) == (0, f"moved: 1\n  {FOLDER}/{OLD} -> {NEW}\n")
    assert outcome.err.endswith("\ndone: move 1; recctl undo 1 takes it back\n")
    assert f"{FOLDER}/{NEW}" in list_files(project)
    assert run("undo", cwd=project).code == 0
    assert list_files(project) == before


def test_a_check_fails_for_what_is_stranded(run: Run, project: Path) -> None:
    outcome = run("rehash", "--check", cwd=project)
    given = "ogx-2025-07 gives it this name"
    title = "stranded, no longer found by the recorder: 1"
    assert outcome.out == f"{title}\n  {FOLDER}/{OLD}: {given}, ogx-2026-04 looks for {NEW}\n"
    assert outcome.code == 1
    run("rehash", "--apply", cwd=project)
    outcome = run("rehash", "--check", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "2 recordings: 2 current, 0 outdated\n")


def test_a_check_of_one_file_knows_what_replaced_it(run: Run, project: Path) -> None:
    write(project / FOLDER, ask("Bye", body=AGAIN, test_id=BYE["test_id"]))
    outcome = run("rehash", "--check", f"{FOLDER}/{OLD}", cwd=project)
    assert (outcome.code, outcome.err) == (0, "1 recording: 0 current, 1 outdated (1 replaced, 0 stranded)\n")
    assert run("rehash", f"{FOLDER}/{OLD}", cwd=project).err == (
        "1 recording: 0 current, 1 outdated (1 replaced, 0 stranded)\n"
        "what was replaced stays: recctl prune takes it, --include-replaced re-hashes it\n"
    )


def test_a_strict_check_fails_for_unexplained_names_too(run: Run, project: Path) -> None:
    write(project / FOLDER, ask("Hi"), f"{'0' * 64}.json")
    left = "what no scheme explains stays: --include-unexplained re-hashes it\n"
    assert run("rehash", "--apply", cwd=project).err.endswith(left)
    assert run("rehash", "--check", cwd=project).code == 0
    outcome = run("rehash", "--check", "--strict", cwd=project)
    assert outcome.out == f"unexplained: 1\n  {FOLDER}/{'0' * 64}.json: no hash scheme gives it this name\n"
    assert outcome.code == 1


def test_without_a_scheme_a_check_says_so_and_fails_nothing(run: Run, project: Path) -> None:
    (project / "recctl.toml").write_text("")
    outcome = run("rehash", "--check", cwd=project)
    assert outcome.code == 0
    assert outcome.err == (
        "2 recordings: 1 current, 1 outdated (0 replaced, 1 stranded)\n"
        "no scheme is set, ogx-2026-04 is taken: set scheme, or give --to, to be held to one\n"
    )
    assert run("rehash", "--check", "--to", "ogx-2026-04", cwd=project).code == 1


def test_where_a_scheme_is_set_for_a_part_the_others_are_counted(run: Run, project: Path) -> None:
    (project / "recctl.toml").write_text(
        '[[overrides]]\npaths = ["tests/integration/inference/"]\nscheme = "ogx-2026-04"\n'
    )
    write(project / "tests/other/recordings", ask("Hi"))
    outcome = run("rehash", "--check", cwd=project)
    assert outcome.code == 1
    assert outcome.err == (
        "3 recordings: 2 current, 1 outdated (0 replaced, 1 stranded)\n"
        "no scheme is set for 1 of them, ogx-2026-04 is taken: set scheme, or give --to, to be held to one\n"
    )


def test_what_cannot_be_judged_fails_nothing(run: Run, project: Path) -> None:
    run("rehash", "--apply", cwd=project)
    write(project / FOLDER, {**ask("Hi"), "request": {"file_id": "1"}}, f"{'0' * 64}.json")
    outcome = run("rehash", "--check", "--strict", "-v", cwd=project)
    assert outcome.code == 0
    assert outcome.out.startswith(f"not applicable: 1\n  {FOLDER}/{'0' * 64}.json: a file processor's name")


def test_json_is_the_documented_shape(run: Run, project: Path) -> None:
    other = ask("Bye", "See you", test_id=BYE["test_id"])
    rival = write(project / FOLDER, other, f"{'0' * 64}.json").relative_to(project).as_posix()
    assert run("rehash", "--check", cwd=project).out == (
        f"stranded, no longer found by the recorder: 1\n  {FOLDER}/{OLD}: ogx-2025-07 gives it this name, "
        f"ogx-2026-04 looks for {NEW}; 1 other wants that name\n"
        "unexplained: 1\n"
        f"  {rival}: no hash scheme gives it this name; 1 other wants that name\n"
    )
    outcome = run("rehash", "--check", "--format", "json", cwd=project)
    document = json.loads(outcome.out)
    assert next(iter(document)) == "version"
    found = {file["path"]: file for file in document.pop("files")}
    assert document == {
        "version": "recctl.rehash.v1",
        "summary": {
            "current": 1,
            "outdated": 1,
            "ahead": 0,
            "unexplained": 1,
            "not-applicable": 0,
            "conflicts": 1,
            "replaced": 0,
            "stranded": 1,
        },
        "collisions": [],
        "deleted": [],
        "applied": False,
        "run": None,
        "errors": [],
    }
    assert found[f"{FOLDER}/{OLD}"] == {
        "path": f"{FOLDER}/{OLD}",
        "index": None,
        "test_id": "tests/integration/inference/test_chat.py::test_bye",
        "schemes": ["ogx-2025-07"],
        "status": "outdated",
        "to": "ogx-2026-04",
        "new_path": f"{FOLDER}/{NEW}",
        "replaced_by": None,
        "conflicts_with": [rival],
        "reason": f"ogx-2025-07 gives it this name, ogx-2026-04 looks for {NEW}",
        "action": None,
        "remark": None,
        "changes": [],
        "copies": [],
    }
    current = found[f"{FOLDER}/{current_name(ask('Hello'))}"]
    assert (current["status"], current["new_path"], current["conflicts_with"]) == ("current", None, [])


def collide(project: Path) -> tuple[str, str]:
    """Two recordings of one request, with different replies, that want one name."""
    paths = []
    for folder, reply in (("a", "Hello"), ("b", "Good day")):
        document = ask("Hi", reply, test_id=None)
        path = write(project / f"recordings/{folder}/responses", document, old_name(document))
        paths.append(path.relative_to(project).as_posix())
    return paths[0], paths[1]


def test_of_many_that_want_one_name_each_names_a_few(run: Run, project: Path) -> None:
    for number in range(120):
        write(project / FOLDER, ask("Hi", f"Reply {number}"), f"{number:012}.json")
    outcome = run("rehash", "--include-unexplained", "--format", "json", cwd=project)
    document = json.loads(outcome.out)
    held = [file for file in document["files"] if file["action"] == "hold-back"]
    first = ", ".join(f"{FOLDER}/{number:012}.json" for number in (1, 2, 3))
    assert held[0]["remark"] == f"would get the same name as {first} and 116 more recordings"
    assert {len(file["conflicts_with"]) for file in held} == {100}
    assert [len(collision["members"]) for collision in document["collisions"]] == [120]


def test_a_collision_holds_back_its_own_and_nothing_else(run: Run, project: Path) -> None:
    one, two = collide(project)
    outcome = run("rehash", "--apply", cwd=project)
    name = current_name(ask("Hi", test_id=None))
    assert outcome.out == (
        "held back: 2\n"
        f"  {one}: would get the same name as {two}\n"
        f"  {two}: would get the same name as {one}\n"
        "names that several would get: 1\n"
        f"  common/recordings/{name}\n"
        f"    {one}: the first of them\n"
        f"    {two}: other wording\n"
        "moved: 1\n"
        f"  {FOLDER}/{OLD} -> {NEW}\n"
    )
    assert outcome.code == 1
    assert outcome.err.endswith(
        "what would get the same name as another is held back: "
        "--prefer newest, --prefer PATH or --merge-identical settles it\n"
    )
    assert run("rehash", "--apply", "--merge-identical", cwd=project).code == 1
    settled = run("rehash", "--apply", "--prefer", f"./{two}", cwd=project)
    assert settled.code == 0
    assert settled.err.endswith("\ndone: move 1, delete 1; recctl undo 2 takes it back\n")
    assert run("rehash", "--check", cwd=project).code == 0


def test_the_newest_is_what_git_has_last(
    run: Run, project: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = collide(project)
    for number, path in enumerate((two, one), 1):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{number}T12:00:00")
        git("add", path)
        git("commit", "-qm", "x")
    os.utime(project / two, (2_000_000_000, 2_000_000_000))
    found = json.loads(run("rehash", "--prefer", "newest", "--format", "json", cwd=project).out)
    (collision,) = found["collisions"]
    assert (collision["kept"], collision["why"]) == (one, "the newest")


def test_mv_lets_recordings_follow_their_tests(run: Run, project: Path) -> None:
    outcome = run(
        "mv", "tests/integration/inference/test_chat.py::test_reply", "tests/x/test_y.py::t", cwd=project
    )
    document = ask("Hello", test_id="tests/x/test_y.py::t[model=small]")
    name = f"{hash_request(document)}.json"
    assert outcome.out == (
        f"to be moved: 1\n  {FOLDER}/{current_name(ask('Hello'))} -> tests/x/recordings/{name} (/test_id)\n"
    )
    assert outcome.code == 0
    again = run(
        *(
            "rehash",
            "--rename-test",
            "tests/integration/inference/test_chat.py::test_reply",
            "tests/x/test_y.py::t",
        ),
        "--apply",
        cwd=project,
    )
    assert again.out == outcome.out.replace("to be moved", "moved")
    assert list_files(project) == sorted([f"{FOLDER}/{OLD}", f"tests/x/recordings/{name}"])


def test_renamed_test_files_are_followed_as_git_has_them_staged(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    test = project / "tests/integration/inference/test_chat.py"
    test.write_text("def test_reply():\n    assert True\n" * 5)
    git("add", ".")
    git("commit", "-qm", "x")
    git("mv", test.relative_to(project).as_posix(), "tests/integration/test_talk.py")
    outcome = run("rehash", "--rename-tests-from-git", "--apply", cwd=project)
    assert outcome.code == 0
    moved = ask("Hello", test_id=TEST_ID.replace("inference/test_chat.py", "test_talk.py"))
    assert f"tests/integration/recordings/{current_name(moved)}" in list_files(project)
    git("add", ".")
    assert "R" in git("status", "--porcelain", "-M", "--", "tests").split("\n")[0]


def test_where_git_sees_no_renamed_test_nothing_is_done(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    git("add", ".")
    git("commit", "-qm", "x")
    outcome = run("rehash", "--rename-tests-from-git", "--apply", cwd=project)
    assert (outcome.code, outcome.out) == (0, "")
    assert f"{FOLDER}/{OLD}" in list_files(project)


def test_a_commit_that_leaves_recordings_behind_is_told_so_and_what_follows(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    check = ("mv", "--staged", "--check")
    write(project / "tests/old/recordings", ask("Hi", test_id="tests/old/test_gone.py::test_hi"))
    for file in ("tests/integration/inference/test_chat.py", "tests/old/test_gone.py", "tests/test_other.py"):
        (project / file).write_text(f"def test_it():\n    assert {file!r}\n" * 5)
    git("add", ".")
    git("commit", "-qm", "x")
    assert run(*check, cwd=project).code == 0
    git("rm", "-q", "tests/old/test_gone.py", "tests/test_other.py")
    (project / "tests/talk").mkdir()
    git("mv", "tests/integration/inference/test_chat.py", "tests/talk/test_talk.py")
    outcome = run(*check, cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (1, LEFT_BEHIND, "")
    assert run("mv", "--staged", "--apply", cwd=project).code == 0
    outcome = run(*check, cwd=project)
    assert (outcome.code, outcome.out.split("\n")[0]) == (1, LEFT_BEHIND.split("\n")[1])
    run("prune", "--grade", "orphan", "--apply", cwd=project)
    assert run(*check, cwd=project).code == 0


def test_recordings_are_left_behind_where_ids_of_tests_begin_below_the_root_too(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    test_id = "tests/chat/test_talk.py::test_hi"
    write(project / "packages/one/tests/chat/recordings", ask("Hi", test_id=test_id))
    file = project / "packages/one/tests/chat/test_talk.py"
    file.write_text("def test_hi():\n    assert True\n" * 5)
    git("add", ".")
    git("commit", "-qm", "x")
    git("mv", "packages/one/tests/chat/test_talk.py", "packages/one/tests/chat/test_speak.py")
    outcome = run("mv", "--staged", "--check", cwd=project)
    told = outcome.out.replace("packages/one/tests/chat", "CHAT").split("\n")[0]
    assert (outcome.code, told) == (
        1,
        "1 recording belongs to CHAT/test_talk.py, which is staged as CHAT/test_speak.py",
    )
    assert run("mv", "--staged", "--apply", cwd=project).code == 0
    assert run("mv", "--staged", "--check", cwd=project).code == 0


LEFT_BEHIND = """\
2 recordings belong to tests/integration/inference/test_chat.py, which is staged as tests/talk/test_talk.py
1 recording belongs to tests/old/test_gone.py, which is staged as deleted
to let them follow: recctl mv --staged --apply
to see what can go: recctl prune --grade orphan
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "what is renamed is not clear\nhint: name OLD and NEW, or --staged"),
        (["--staged", "a", "b"], "what is renamed is not clear\nhint: name OLD and NEW, or --staged"),
        (["a"], "there is no new name for a\nhint: name OLD and NEW"),
        (["a", "b", "--check"], "--check looks at what is staged\nhint: write recctl mv --staged --check"),
        (["--staged"], "git can't tell what is staged: there is no repository\nhint: run it in a repository"),
    ],
)
def test_what_is_renamed_has_to_be_clear(run: Run, project: Path, arguments: list[str], message: str) -> None:
    outcome = run("mv", *arguments, cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n")


def test_nothing_that_is_redacted_is_printed(run: Run, project: Path) -> None:
    secret = "sk-verySecret42"  # noqa: S105  (of nobody)
    write(project / FOLDER, ask(f"my key is {secret}", f"Is it {secret}?"))
    (project / "values").write_text(f"{secret}\r\n\n")
    outcome = run("rehash", "--redact-from", "values", "--apply", "-v", cwd=project)
    assert outcome.code == 0
    assert secret not in outcome.out + outcome.err
    assert "and in .recctl/ until recctl prune --empty-trash" in outcome.err
    masked = ask("my key is xx-xxxxXxxxxx99", "Is it xx-xxxxXxxxxx99?")
    assert f"{FOLDER}/{current_name(masked)}" in list_files(project)
    again = run("rehash", "--redact-from", "values", "--apply", cwd=project)
    assert (again.code, again.out) == (0, "")
    assert again.err.endswith("\nno recording that was looked at holds what is to be redacted\n")


def test_a_redacted_value_that_no_recording_holds_is_told_by_its_number(run: Run, project: Path) -> None:
    write(project / FOLDER, ask('the arguments {"password": "{\\"p\\": \\"7\\\\\\"secret\\"}"}'))
    (project / "values").write_text('not-there\n7"secret\n')
    outcome = run("rehash", "--redact-from", "values", cwd=project)
    assert outcome.out.startswith("to be moved: 1\n")
    assert outcome.err.splitlines()[-1] == "value 1 of those to redact is in no recording that was looked at"


def test_tests_of_old_recordings_are_read_from_a_file(run: Run, project: Path) -> None:
    document = ask("Hi")
    del document["test_id"]
    path = write(project / "tests/integration/recordings/responses", document, old_name(document))
    named = f"{FOLDER}/{current_name({'test_id': TEST_ID, **document})}"
    (project / "ids.tsv").write_text(f"{path.name}\t{TEST_ID}\n")
    (project / "ids.map").write_text(json.dumps({path.relative_to(project).as_posix(): TEST_ID}))
    for ids in ("ids.tsv", "ids.map"):
        assert f" -> {named} (/test_id)\n" in run("rehash", "--test-ids", ids, cwd=project).out


HASHED = (
    '{"body": {"messages": [{"content": "Bye", "role": "user"}], "model": "small"}, '
    '"endpoint": "/v1/v1/chat/completions", "method": "POST"}'
)


def test_explain_prints_what_is_hashed(run: Run, project: Path) -> None:
    outcome = run("rehash", "--explain", f"{FOLDER}/{OLD}", cwd=project)
    lines = outcome.out.split("\n")
    assert outcome.code == 0
    assert lines[:4] == [
        f"{FOLDER}/{OLD}",
        "  ogx-2025-07",
        f"    hashes  {HASHED}",
        f"    name    {OLD}, as the file is called",
    ]
    assert f"    name    {NEW}" in lines
    explained = json.loads(run("rehash", "--explain", f"{FOLDER}/{OLD}", "--format", "json", cwd=project).out)
    (file,) = explained["files"]
    assert explained["version"] == "recctl.explain.v1"
    assert [scheme["scheme"] for scheme in file["schemes"] if scheme["matches"]] == ["ogx-2025-07"]
    missing = run("rehash", "--explain", "gone.json", "--format", "json", cwd=project)
    message = "can't be opened: no such file or directory"
    assert json.loads(missing.out)["errors"] == [{"path": "gone.json", "message": message}]
    assert missing.code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--check --apply", "--check only looks\nhint: leave out what changes recordings"),
        ("--explain --rename-test a b", "--explain only looks\nhint: leave out what changes recordings"),
        ("--check --explain", "--check and --explain can't be combined\nhint: leave one of them out"),
        ("--strict", "--strict says when --check fails\nhint: add --check"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    run: Run, project: Path, options: str, message: str
) -> None:
    outcome = run("rehash", *options.split(), cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n")


def test_long_lists_are_cut_and_shown_on_demand(run: Run, project: Path) -> None:
    for number in range(60):
        document = ask("Hi", test_id=f"tests/integration/inference/test_x.py::test_{number}")
        write(project / FOLDER, document, f"{number:064x}.json")
    outcome = run("rehash", cwd=project)
    lines = outcome.out.splitlines()
    assert (len(lines), lines[-1]) == (53, "11 more lines: -v shows them")
    assert len(run("rehash", "-v", cwd=project).out.splitlines()) == 63


def test_what_is_no_recording_is_told_and_the_rest_is_done(run: Run, project: Path) -> None:
    (project / FOLDER / "x.json").write_text("{")
    outcome = run("rehash", "--apply", cwd=project)
    assert outcome.code == 1
    assert f"{FOLDER}/{NEW}" in list_files(project)
    assert f"error: {FOLDER}/x.json:1:2: the file ends before its value does: it is cut off" in outcome.err
    assert run("rehash", "gone.json", cwd=project).code == 2


def test_what_cannot_be_written_is_refused_before_anything_moves(run: Run, project: Path) -> None:
    (project / "tests/x").write_text("a file, where a folder should be")
    before = list_files(project)
    outcome = run("mv", TEST_ID, "tests/x/test_y.py::t", "--apply", cwd=project)
    assert (outcome.code, list_files(project)) == (1, before)
    new_path = f"tests/x/recordings/{current_name(ask('Hello', test_id='tests/x/test_y.py::t'))}"
    old_path = f"{FOLDER}/{current_name(ask('Hello'))}"
    assert outcome.out == f"held back: 1\n  {old_path}: {new_path} x is a link or no folder\n"


def test_a_file_of_a_revision_is_only_looked_at(run: Run, project: Path, git: Callable[..., str]) -> None:
    git("add", ".")
    git("commit", "-qm", "x")
    outcome = run("rehash", "--apply", f"HEAD:{FOLDER}/{OLD}", cwd=project)
    assert outcome.code == 1
    assert outcome.out == (
        f"held back: 1\n  HEAD:{FOLDER}/{OLD}: is a file of a revision, and can't be changed\n"
    )


def test_standard_input_cannot_be_moved(run: Run, project: Path) -> None:
    content = (project / FOLDER / OLD).read_bytes()
    outcome = run("rehash", "--rename-test", "tests", "t", "-", cwd=project, stdin=content)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "0 recordings: 0 current, 0 outdated\n"
        "error: <stdin>: standard input has no name "
        "(name the file: where it lies decides what it is called)\n"
    )


def test_what_a_killed_run_left_is_taken_back_first(run: Run, project: Path) -> None:
    run("rehash", "--apply", cwd=project)
    interrupt(project)
    outcome = run("rehash", "--apply", cwd=project)
    assert outcome.code == 0
    assert "run 1" in outcome.err.split("\n")[0]
    assert f"{FOLDER}/{NEW}" in list_files(project)


NOTHING = "names nothing in the recordings that were looked at"
ADD = "--add in place of --set gives them what they do not have"
LOOK_FIRST = "look at them without --apply first"


def test_a_part_that_no_request_has_is_added_only_when_that_is_meant(run: Run, project: Path) -> None:
    outcome = run("rehash", "--set", "/request/body/seed", "7", cwd=project)
    assert (outcome.code, outcome.err) == (
        2,
        f"error: /request/body/seed {NOTHING}\nhint: {ADD}\n",
    )
    outcome = run("rehash", "--add", "/request/body/seed", "7", "--apply", cwd=project)
    assert (outcome.code, outcome.err.split("\n")[-2]) == (0, "done: move 2; recctl undo 1 takes it back")
    seeds = [
        json.loads((project / file).read_text())["request"]["body"]["seed"] for file in list_files(project)
    ]
    assert seeds == [7, 7]


def test_what_filters_let_through_is_changed_and_nothing_else(run: Run, project: Path) -> None:
    other = ask("Hello", test_id="tests/integration/inference/test_chat.py::test_other")
    other["request"]["body"]["model"] = other["request"]["model"] = "large"
    path = write(project / FOLDER, other)
    edit = ("rehash", "--set", "/request/body/model", "tiny")
    outcome = run(*edit, "--model", "larger", cwd=project)
    assert (outcome.code, outcome.err) == (
        2,
        "error: no recording is of model 'larger'\nhint: did you mean 'large'?\n",
    )
    outcome = run(*edit, "--model", "large", cwd=project)
    assert [line.split(" -> ")[0] for line in outcome.out.split("\n")] == [
        "to be moved: 1",
        f"  {FOLDER}/{path.name}",
        "",
    ]
    assert run("rehash", "--explain", "--model", "large", cwd=project).err == (
        "error: --explain takes no filter but --test\nhint: name the recordings\n"
    )


def test_more_is_not_changed_than_a_user_allows(run: Run, project: Path) -> None:
    before = list_files(project)
    edit = ("rehash", "--set", "/request/body/model", "tiny", "--apply")
    outcome = run(*edit, "--max-share", "60", cwd=project)
    assert (outcome.code, outcome.err) == (
        2,
        f"error: 2 of 2 files would change (100 %), more than 60 %\nhint: {LOOK_FIRST}\n",
    )
    assert list_files(project) == before
    assert run(*edit, cwd=project).code == 0


def test_what_to_change_in_the_configuration_is_told_after_a_move_to_another_scheme(
    run: Run, project: Path
) -> None:
    outcome = run("rehash", "--to", "ogx-2025-10", "--apply", cwd=project)
    assert outcome.err.endswith('\nset scheme = "ogx-2025-10" in recctl.toml, by which they are found now\n')
    run("undo", cwd=project)
    outcome = run("rehash", "--to", "ogx-2026-04", "--apply", cwd=project)
    assert outcome.err.endswith("\ndone: move 1; recctl undo 3 takes it back\n")


NO_POINTER = "does not lead to a part of the request"
IDS_HINT = "write a JSON object, or lines of a path, a tab and an id"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "ogx-2026-4"], "error: unknown scheme 'ogx-2026-4'\nhint: did you mean 'ogx-2026-04'?\n"),
        (
            ["--check", "--apply"],
            "error: --check only looks\nhint: leave out what changes recordings\n",
        ),
        (
            ["--set", "/response/body", "1"],
            f"error: '/response/body' {NO_POINTER}\nhint: write it like /request/body/model, or /test_id\n",
        ),
        (
            ["--redact-from", "gone"],
            "error: gone: No such file or directory\nhint: name a file that can be read\n",
        ),
        (
            ["--redact-from", "empty"],
            "error: empty: lists nothing\nhint: write the values to redact into it, one a line\n",
        ),
        (
            ["--test-ids", "ids"],
            f"error: ids: there is no test id for 'a'\nhint: {IDS_HINT}\n",
        ),
        (
            ["--rename-tests-from-git"],
            "error: git can't tell what is staged: there is no repository\nhint: run it in a repository\n",
        ),
        (["--format", "jsn", "--apply"], "error: unknown format 'jsn'\nhint: did you mean 'json'?\n"),
    ],
)
def test_what_cannot_be_meant_is_an_error(
    run: Run, project: Path, arguments: list[str], message: str
) -> None:
    (project / "empty").write_text("\n")
    (project / "ids").write_text("a\t\n")
    before = list_files(project)
    outcome = run("rehash", *arguments, cwd=project, env={"GIT_CEILING_DIRECTORIES": str(project.parent)})
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message)
    assert list_files(project) == before


def test_a_test_that_nothing_is_of_is_an_error(run: Run, project: Path) -> None:
    outcome = run("mv", "tests/integration/inf", "x", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: no recording that was looked at is of a test tests/integration/inf\n"
        "hint: give the id from its beginning, up to a /, a :: or a [\n"
    )


def test_what_names_no_test_waits_until_somebody_says_whose_it_is(run: Run, project: Path) -> None:
    document = ask("Hi")
    del document["test_id"]
    path = write(project / FOLDER, document, old_name(document))
    outcome = run("rehash", "--apply", cwd=project)
    assert (outcome.code, path.exists()) == (1, True)
    assert outcome.out == (
        f"moved: 1\n  {FOLDER}/{OLD} -> {NEW}\n"
        f"held back, of no test: 1\n  {path.relative_to(project)}: ogx-2025-07 gives it this name, "
        f"ogx-2026-04 looks for {current_name({**document, 'test_id': None})}\n"
    )
    assert outcome.err.endswith(
        "1 recording of no test held back: --test-ids FILE gives them their tests, "
        "--include-without-test moves them all the same\n"
    )
    tests = [TEST_ID, f"{TEST_ID}[again]"]
    names = [current_name({"test_id": test, **document}) for test in tests]
    for content in (json.dumps({path.name: tests}), "".join(f"{path.name}\t{test}\n" for test in tests)):
        (project / "ids").write_text(content)
        outcome = run("rehash", "--test-ids", "ids", cwd=project)
        assert outcome.code == 0
        assert outcome.out == (
            f"to be moved: 1\n  {path.relative_to(project)} -> {names[0]} (/test_id)\n"
            f"    copy: {FOLDER}/{names[1]}\n"
        )
    run("rehash", "--test-ids", "ids", "--apply", cwd=project)
    assert all((project / FOLDER / name).exists() for name in names)
    assert run("rehash", "--check", "--strict", cwd=project).code == 0
