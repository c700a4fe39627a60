"""Cassettes on the command line: several recordings in a file, each with its number."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING

import pytest

from recctl.recordings.formats.ogx import serialise
from tests.builders import record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

KEY = "sk-" + "proj-" + "Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi"


def exchange(question: str, answer: str, *, finish: str = '"stop"', key: str = "HIDDEN") -> str:
    return f"""\
- request:
    body: '{{"model": "small", "messages": [{{"role": "user", "content": "{question}"}}]}}'
    headers:
      Authorization:
      - Bearer {key}
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: '{{"id": "chatcmpl-1", "object": "chat.completion", "model": "small", "choices":
        [{{"index": 0, "finish_reason": {finish}, "message": {{"role": "assistant", "content":
        "{answer}"}}}}]}}'
    headers: {{}}
    status:
      code: 200
      message: OK
"""


def cassette(*exchanges: str) -> str:
    return f"interactions:\n{''.join(exchanges)}version: 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one cassette, of two exchanges."""
    path = tmp_path / "tests/cassettes/test_x/test_planets.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(cassette(exchange("Which is closest?", "Mercury."), exchange("Which is best?", "Earth.")))
    return tmp_path


CASSETTE = "tests/cassettes/test_x/test_planets.yaml"

OTHER_RECORDERS = {
    "tests/cassettes/test_x/test_planets.xai.yaml": "version: 1\ninteractions:\n- request_sample: {}\n",
    "tests/cassettes/test_x_sideband/test_planets.yaml": "version: 1\ninteractions:\n- kind: message\n",
    "tests/cassettes/test_x/test_nothing.yaml": "interactions: []\nversion: 1\n",
}
"""Files of the same tests that hold no HTTP: of gRPC, of a WebSocket, and of a test that sends nothing."""


@pytest.fixture
def companions(folder: Path) -> Path:
    for path, content in OTHER_RECORDERS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(content)
    return folder


def list_cassettes(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))


def test_show_tells_a_cassette_exchange_by_exchange(run: Run, folder: Path) -> None:
    outcome = run("show", CASSETTE, "--part", "response", cwd=folder)
    assert (outcome.code, outcome.out, outcome.err) == (0, TOLD, "")


def told(number: int, answer: str) -> str:
    return f"""\
{CASSETTE}#{number}
  test      tests/test_x.py::test_planets
  request   POST https://api.openai.com/v1/chat/completions
  wire      openai-chat
  model     small

assistant replies
  {answer}
  finish     stop
"""


TOLD = "\n\n".join([told(1, "Mercury."), told(2, "Earth.")])


def test_show_takes_one_exchange_by_its_number(run: Run, folder: Path) -> None:
    assert run("show", f"{CASSETTE}#2", "--part", "response", cwd=folder).out == told(2, "Earth.")
    missing = run("show", f"{CASSETTE}#3", cwd=folder)
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == (
        f"error: {CASSETTE}: there is no recording #3: the file holds 2 recordings "
        "(name one that is there, or the whole file)\n"
    )


def test_show_says_that_a_cassette_is_empty(run: Run, folder: Path) -> None:
    (folder / CASSETTE).write_text("interactions: []\nversion: 1\n")
    outcome = run("show", CASSETTE, cwd=folder)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "there is no exchange in what was named\n")


def test_json_numbers_the_recordings(run: Run, folder: Path) -> None:
    shown = json.loads(run("show", CASSETTE, "--format", "json", cwd=folder).out)
    assert [(item["path"], item["index"]) for item in shown["recordings"]] == [(CASSETTE, 1), (CASSETTE, 2)]


def test_validate_walks_to_cassettes_and_counts_what_they_hold(run: Run, folder: Path) -> None:
    outcome = run("validate", cwd=folder)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "checked 2 recordings: all sound\n")


def test_a_finding_says_which_exchange_and_where_in_the_file_it_is(run: Run, folder: Path) -> None:
    (folder / CASSETTE).write_text(cassette(exchange("a", "b"), exchange("c", "d", key=KEY)))
    outcome = run("validate", cwd=folder)
    assert outcome.code == 1
    assert outcome.out == (
        f"{CASSETTE}:22:9: error[secret] an OpenAI API key (sk-p…, {len(KEY)} characters) in the request "
        "(revoke it, then replace it in the recording)\n"
    )
    (finding,) = json.loads(run("validate", "--format", "json", cwd=folder).out)["findings"]
    assert (finding["path"], finding["index"], finding["line"]) == (CASSETTE, 2, 22)
    assert finding["pointer"] == "/request/headers/Authorization/0"


def test_what_is_compressed_hides_nothing(run: Run, folder: Path) -> None:
    content = cassette(exchange("a", "b", key=KEY))
    (folder / "packed.yaml.gz").write_bytes(gzip.compress(content.encode(), mtime=0))
    outcome = run("validate", "packed.yaml.gz", cwd=folder)
    assert outcome.out.startswith("packed.yaml.gz:6:9: error[secret] an OpenAI API key")


def test_a_bad_exchange_is_told_and_the_others_are_looked_at(run: Run, folder: Path) -> None:
    bad = "- request:\n    uri: https://example.org\n  response: {}\n"
    (folder / CASSETTE).write_text(cassette(exchange("a", "b"), bad, exchange("c", "d", key=KEY)))
    outcome = run("validate", "--format", "concise", cwd=folder)
    assert [line.split(": ")[0].removeprefix(CASSETTE) for line in outcome.out.splitlines()] == [
        ":18:3",
        ":25:9",
    ]
    assert "checked 3 recordings: 2 errors\n" in outcome.err
    assert run("show", f"{CASSETTE}#3", cwd=folder).out.startswith(f"{CASSETTE}#3\n")


def test_a_cassette_without_exchanges_is_worth_a_note(run: Run, folder: Path) -> None:
    (folder / CASSETTE).write_text("interactions: []\nversion: 1\n")
    outcome = run("validate", "-v", cwd=folder)
    assert (outcome.code, outcome.out) == (
        0,
        (
            f"{CASSETTE}: note[empty-cassette] the cassette holds no exchange "
            "(look whether its test is to send something)\n"
        ),
    )


# --- diff ---------------------------------------------------------------------------------------------------


def test_diff_finds_the_exchange_that_changed(run: Run, folder: Path) -> None:
    exchanges = [exchange(f"Question {number}?", f"Answer {number}.") for number in range(1, 6)]
    (folder / "old.yaml").write_text(cassette(*exchanges))
    exchanges[4] = exchange("Question 5?", "Another answer.")
    (folder / "new.yaml").write_text(cassette(*exchanges))
    outcome = run("diff", "old.yaml", "new.yaml", "--format", "json", cwd=folder)
    assert outcome.code == 1
    document = json.loads(outcome.out)
    (pair,) = document["pairs"]
    assert (pair["left"], pair["right"], pair["verdict"]) == ("old.yaml#5", "new.yaml#5", "wording")
    assert [change["right"] for change in pair["changes"]] == ["Another answer."]
    assert document["summary"]["identical"] == 4


def test_diff_tells_exchanges_that_came_or_went_though_all_others_have_other_numbers(
    run: Run, folder: Path
) -> None:
    kept = [exchange(f"Question {number}?", f"Answer {number}.") for number in range(3)]
    (folder / "old.yaml").write_text(cassette(*kept))
    (folder / "new.yaml").write_text(cassette(exchange("A new one?", "Yes."), *kept))
    pairs = json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json", cwd=folder).out)["pairs"]
    assert [(pair["left"], pair["right"], pair["verdict"]) for pair in pairs] == [
        (None, "new.yaml#1", "added")
    ]


def test_diff_takes_exchanges_that_ask_the_same_in_their_order(
    run: Run, folder: Path, git: Callable[..., str]
) -> None:
    def poll(status: str, cookie: str) -> str:
        return f"""\
- request:
    body: null
    headers: {{}}
    method: GET
    uri: https://api.openai.com/v1/threads/thread_1/runs/run_1
  response:
    body:
      string: '{{"id": "run_1", "object": "thread.run", "status": "{status}"}}'
    headers:
      Set-Cookie:
      - {cookie}
    status:
      code: 200
      message: OK
"""

    statuses = ("queued", "in_progress", "completed")
    (folder / CASSETTE).write_text(cassette(*(poll(status, f"a={status}") for status in statuses)))
    git("add", ".")
    git("commit", "-qm", "one")
    (folder / CASSETTE).write_text(cassette(*(poll(status, "HIDDEN") for status in statuses)))
    pairs = json.loads(run("diff", "--format", "json", cwd=folder).out)["pairs"]
    assert [(pair["left"], pair["right"], pair["verdict"]) for pair in pairs] == [
        (f"{CASSETTE}#{number}", f"{CASSETTE}#{number}", "noise") for number in (1, 2, 3)
    ]


def test_diff_compares_two_exchanges_of_a_cassette(run: Run, folder: Path) -> None:
    outcome = run("diff", f"{CASSETTE}#1", f"{CASSETTE}#2", "--format", "json", cwd=folder)
    (pair,) = json.loads(outcome.out)["pairs"]
    assert (pair["left"], pair["right"]) == (f"{CASSETTE}#1", f"{CASSETTE}#2")


def test_diff_of_the_work_tree_sees_cassettes(run: Run, folder: Path, git: Callable[..., str]) -> None:
    git("add", ".")
    git("commit", "-qm", "one")
    question = exchange("Which is closest?", "Mercury.")
    (folder / CASSETTE).write_text(cassette(question, exchange("Which is biggest?", "Jupiter.")))
    pairs = json.loads(run("diff", "--format", "json", cwd=folder).out)["pairs"]
    assert [(pair["left"], pair["right"], pair["paired_by"]) for pair in pairs] == [
        (f"{CASSETTE}#2", f"{CASSETTE}#2", "the same step of the test, asked something else")
    ]


def test_files_that_nobody_looked_into_count_as_files(
    run: Run, folder: Path, git: Callable[..., str]
) -> None:
    (folder / CASSETTE).with_name("test_moons.yaml").write_text(cassette(exchange("a", "b")))
    git("add", ".")
    git("commit", "-qm", "one")
    assert run("diff", cwd=folder).out == "2 files are identical\n"
    closest = exchange("Which is closest?", "Mercury.")
    (folder / CASSETTE).write_text(cassette(closest, exchange("Which is best?", "The Earth.")))
    changed = run("diff", cwd=folder).out.splitlines()
    assert [line.strip() for line in changed[:3]] == [
        "1 reply is worded differently",
        "1 recording is identical",
        "1 file is identical",
    ]
    summary = json.loads(run("diff", "--format", "json", cwd=folder).out)["summary"]
    assert (summary["identical"], summary["identical_files"]) == (1, 1)


def test_where_a_cassette_lies_is_no_part_of_what_it_asks(run: Run, folder: Path) -> None:
    (folder / "copy.yaml").write_text((folder / CASSETTE).read_text())
    outcome = run("diff", "copy.yaml", CASSETTE, cwd=folder)
    assert (outcome.code, outcome.out) == (0, "2 recordings are identical\n")


def test_diff_tells_of_a_cassette_that_has_lost_its_exchanges(run: Run, folder: Path) -> None:
    (folder / "empty.yaml").write_text("interactions: []\nversion: 1\n")
    outcome = run("diff", CASSETTE, "empty.yaml", cwd=folder)
    assert (outcome.code, outcome.out.splitlines()[0]) == (1, "2 recordings removed")


# --- edits --------------------------------------------------------------------------------------------------


def test_rehash_sets_a_value_in_every_exchange_that_has_it_and_changes_nothing_else(
    run: Run, folder: Path
) -> None:
    before = (folder / CASSETTE).read_text()
    shown = run("rehash", CASSETTE, "--set", "/request/body/model", "large", cwd=folder)
    assert shown.code == 0
    assert shown.out.count("/request/body/model") == 2
    assert (folder / CASSETTE).read_text() == before
    applied = run("rehash", CASSETTE, "--set", "/request/body/model", "large", "--apply", cwd=folder)
    assert applied.code == 0
    after = (folder / CASSETTE).read_text()
    assert after == before.replace('{"model": "small", "messages', '{"model": "large", "messages')
    assert run("undo", cwd=folder).code == 0
    assert (folder / CASSETTE).read_text() == before


def test_rehash_edits_the_one_exchange_that_is_named(run: Run, folder: Path) -> None:
    run("rehash", f"{CASSETTE}#2", "--set", "/request/body/model", "large", "--apply", cwd=folder)
    shown = json.loads(run("show", CASSETTE, "--format", "json", cwd=folder).out)["recordings"]
    assert [recording["request"]["model"] for recording in shown] == ["small", "large"]


def test_an_edit_of_what_an_alias_repeats_is_made_in_one_exchange(run: Run, folder: Path) -> None:
    def write(headers: str) -> str:
        request = f"- request: {{method: GET, uri: 'http://x/y', body: null, headers: {headers}}}\n"
        return f"{request}  response: {{body: {{}}, headers: {{}}, status: {{code: 204, message: ''}}}}\n"

    first = write("&sent {X: [a]}")
    (folder / CASSETTE).write_text(cassette(first, write("*sent")))
    outcome = run("rehash", f"{CASSETTE}#2", "--set", "/request/headers/X", '["b"]', "--apply", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert (folder / CASSETTE).read_text() == cassette(first, write("{'X': ['b']}"))


def test_redaction_reaches_into_cassettes(run: Run, folder: Path) -> None:
    (folder / CASSETTE).write_text(cassette(exchange("a", "b"), exchange("c", "d", key=KEY)))
    (folder / "values").write_text(f"{KEY}\n")
    outcome = run("rehash", CASSETTE, "--redact-from", "values", "--apply", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert KEY not in (folder / CASSETTE).read_text()
    assert run("validate", cwd=folder).code == 0


def test_check_has_nothing_to_say_of_cassettes(run: Run, folder: Path) -> None:
    outcome = run("rehash", "--check", "--to", "ogx-2026-04", cwd=folder)
    assert outcome.code == 0
    assert "2 recordings: 0 current, 0 outdated, 2 not applicable" in outcome.err
    assert "no scheme is set" not in run("rehash", "--check", cwd=folder).err


def test_explain_says_that_no_scheme_names_a_cassette(run: Run, folder: Path) -> None:
    why = "no scheme names it: files of its format are not named after a hash"
    outcome = run("rehash", "--explain", f"{CASSETTE}#2", cwd=folder)
    assert outcome.out == f"{CASSETTE}#2\n  {why}\n"
    document = json.loads(run("rehash", "--explain", CASSETTE, "--format", "json", cwd=folder).out)
    assert [(file["index"], file["schemes"], file["cause"]) for file in document["files"]] == [
        (1, [], why),
        (2, [], why),
    ]


# --- names --------------------------------------------------------------------------------------------------

MOVED = "tests/cassettes/test_y/test_worlds.yaml"


def test_a_cassette_follows_its_test(run: Run, folder: Path) -> None:
    before = (folder / CASSETTE).read_bytes()
    companion = (folder / CASSETTE).with_suffix(".more.yaml")
    companion.write_bytes(before)
    names = "tests/test_x.py::test_planets", "tests/test_y.py::test_worlds"
    outcome = run("mv", *names, "--apply", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("moved: 2\n")
    assert "done: move 2; recctl undo 1 takes it back" in outcome.err
    assert (folder / MOVED).read_bytes() == before
    assert (folder / MOVED).with_suffix(".more.yaml").read_bytes() == before
    assert not (folder / CASSETTE).exists()
    shown = json.loads(run("show", MOVED, "--format", "json", cwd=folder).out)["recordings"]
    assert {recording["test_id"] for recording in shown} == {names[1]}
    assert run("undo", cwd=folder).code == 0
    assert (folder / CASSETTE).read_bytes() == before


def test_cassettes_follow_a_file_of_tests_with_classes_and_parameters(run: Run, folder: Path) -> None:
    place = (folder / CASSETTE).with_name("TestAll.test_a[x-y].yaml")
    (folder / CASSETTE).rename(place)
    run("mv", "tests/test_x.py", "tests/new/test_z.py", "--apply", cwd=folder)
    assert (folder / "tests/new/cassettes/test_z/TestAll.test_a[x-y].yaml").exists()


def test_parameters_that_no_file_can_be_named_after_are_understood(run: Run, folder: Path) -> None:
    (folder / CASSETTE).rename((folder / CASSETTE).with_name("test_a[x-y].yaml"))
    run("mv", "tests/test_x.py::test_a[x/y]", "tests/test_x.py::test_a[x:z]", "--apply", cwd=folder)
    assert (folder / "tests/cassettes/test_x/test_a[x-z].yaml").exists()


def test_cassettes_follow_files_of_tests_that_git_sees_renamed(
    run: Run, companions: Path, git: Callable[..., str]
) -> None:
    (companions / "tests/test_x.py").write_text("def test_planets(): ...\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (companions / "tests/new").mkdir()
    git("mv", "tests/test_x.py", "tests/new/test_y.py")
    before = list_cassettes(companions)
    outcome = run("rehash", "--rename-tests-from-git", "--apply", cwd=companions)
    assert outcome.code == 0, outcome.err
    assert list_cassettes(companions) == [
        "tests/new/cassettes/test_y/test_nothing.yaml",
        "tests/new/cassettes/test_y/test_planets.xai.yaml",
        "tests/new/cassettes/test_y/test_planets.yaml",
        "tests/new/cassettes/test_y_sideband/test_planets.yaml",
    ]
    assert run("validate", "--select", "missing-test", cwd=companions).out == ""
    again = run("rehash", "--rename-tests-from-git", "--apply", cwd=companions)
    assert (again.code, again.out) == (0, "")
    assert run("undo", cwd=companions).code == 0
    assert list_cassettes(companions) == before


def test_diff_says_that_a_cassette_followed_its_test(run: Run, folder: Path, git: Callable[..., str]) -> None:
    git("add", ".")
    git("commit", "-qm", "one")
    run("mv", "tests/test_x.py", "tests/test_y.py", "--apply", cwd=folder)
    outcome = run("diff", "HEAD", "--stat", cwd=folder)
    assert "follow" in outcome.out, outcome.out


def test_commands_keep_to_a_test(run: Run, folder: Path) -> None:
    other = (folder / CASSETTE).with_name("test_moons.yaml")
    other.write_text(cassette(exchange("a", "b", key=KEY)))
    assert run("validate", "--test", "test_planets", cwd=folder).code == 0
    assert run("validate", "--test", "test_x.py::test_moons", cwd=folder).code == 1
    shown = run("show", "tests", "--test", "test_moons", "--format", "json", cwd=folder)
    assert [recording["index"] for recording in json.loads(shown.out)["recordings"]] == [1]
    unknown = run("show", "tests", "--test", "test_moon", cwd=folder)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "error: no recording is of test 'test_moon'\nhint: did you mean 'test_moons'?\n"


def test_prune_takes_the_cassettes_of_tests_that_are_gone_as_whole_files(
    run: Run, folder: Path, git: Callable[..., str]
) -> None:
    (folder / "tests/test_x.py").write_text("def test_planets(): ...\n")
    gone = (folder / CASSETTE).with_name("test_gone.yaml")
    gone.write_bytes((folder / CASSETTE).read_bytes())
    git("add", ".")
    git("commit", "-qm", "one")
    found = json.loads(run("prune", "--format", "json", cwd=folder).out)
    assert [(file["path"], file["grade"]) for file in found["files"] if file["stale"]] == [
        ("tests/cassettes/test_x/test_gone.yaml", "orphan")
    ]
    assert [file["path"] for file in found["files"]] == [
        "tests/cassettes/test_x/test_gone.yaml",
        "tests/cassettes/test_x/test_planets.yaml",
    ]
    assert run("prune", cwd=folder).err.startswith("examined 2 files: 1 can go (")
    too_many = run("prune", "--max-share", "10", cwd=folder).err
    assert too_many.startswith("error: 1 of 2 files would go (50 %; 1 orphan), more than 10 %\n")
    applied = run("prune", "--apply", cwd=folder)
    assert (applied.code, applied.err) == (0, "moved 1 file to the trash; `recctl undo 1` takes it back\n")
    assert [path.name for path in gone.parent.iterdir()] == ["test_planets.yaml"]
    assert run("restore", str(gone), cwd=folder).err.startswith("1 file (")
    assert run("undo", cwd=folder).code == 0
    assert gone.exists()


# --- companions ---------------------------------------------------------------------------------------------


def test_what_other_recorders_wrote_of_a_test_goes_where_its_cassette_goes(
    run: Run, companions: Path
) -> None:
    before = list_cassettes(companions)
    outcome = run("mv", "tests/test_x.py", "tests/test_y.py", "--apply", cwd=companions)
    assert outcome.code == 0, outcome.err
    assert list_cassettes(companions) == [
        "tests/cassettes/test_y/test_nothing.yaml",
        "tests/cassettes/test_y/test_planets.xai.yaml",
        "tests/cassettes/test_y/test_planets.yaml",
        "tests/cassettes/test_y_sideband/test_planets.yaml",
    ]
    for path, content in OTHER_RECORDERS.items():
        assert (companions / path.replace("test_x", "test_y")).read_text() == content
    assert run("undo", cwd=companions).code == 0
    assert list_cassettes(companions) == before


def test_a_test_that_only_another_recorder_knows_takes_its_file_along(run: Run, companions: Path) -> None:
    (companions / CASSETTE).unlink()
    names = "tests/test_x.py::test_planets", "tests/test_x.py::test_worlds"
    assert run("mv", *names, "--apply", cwd=companions).code == 0
    assert list_cassettes(companions) == [
        "tests/cassettes/test_x/test_nothing.yaml",
        "tests/cassettes/test_x/test_worlds.xai.yaml",
        "tests/cassettes/test_x_sideband/test_worlds.yaml",
    ]


def test_a_hook_that_names_another_recorders_file_finds_nothing_in_it(run: Run, folder: Path) -> None:
    path = "tests/cassettes/test_x/test_planets_ws.yaml"
    (folder / path).write_text(
        "version: 1\ninteractions:\n- {kind: message, direction: sent, data: {text: hi}}\n"
    )
    assert run("validate", "--force-exclude", path, CASSETTE, cwd=folder).code == 0
    told = f"error: {path}: no HTTP was recorded here: it holds a session over a WebSocket, 1 message "
    assert run("show", path, cwd=folder).err == f"{told}(no rule has anything to say of it)\n"


def test_where_there_is_nothing_but_a_companion_it_goes_with_its_test(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tests/cassettes/test_x/test_planets.xai.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(OTHER_RECORDERS[path.relative_to(tmp_path).as_posix()])
    for place in (".", "tests/cassettes/test_x/test_planets.xai.yaml"):
        outcome = run("mv", "tests/test_x.py", "tests/test_y.py", place, cwd=tmp_path)
        assert outcome.code == 0
        assert outcome.out == (
            "to be moved: 1\n  tests/cassettes/test_x/test_planets.xai.yaml -> "
            "tests/cassettes/test_y/test_planets.xai.yaml\n"
        )
        assert "no recording" not in outcome.err
        assert "error" not in outcome.err
    assert run("validate", cwd=tmp_path).err.startswith("no recordings found in .\n")


def test_a_companion_takes_no_name_that_another_file_has(run: Run, companions: Path) -> None:
    (companions / "tests/cassettes/test_x/test_worlds.xai.yaml").write_text("mine")
    names = "tests/test_x.py::test_planets", "tests/test_x.py::test_worlds"
    outcome = run("mv", *names, "--apply", cwd=companions)
    assert outcome.code == 1
    assert (companions / "tests/cassettes/test_x/test_worlds.xai.yaml").read_text() == "mine"
    assert (companions / "tests/cassettes/test_x/test_planets.xai.yaml").exists()


def test_a_module_whose_name_ends_like_a_companions_folder_keeps_its_own_cassettes(
    run: Run, companions: Path
) -> None:
    (companions / "tests/test_x_sideband.py").write_text("def test_planets(): ...\n")
    run("mv", "tests/test_x.py", "tests/test_y.py", "--apply", cwd=companions)
    assert (companions / "tests/cassettes/test_x_sideband/test_planets.yaml").exists()
    run("mv", "tests/test_x_sideband.py", "tests/test_z.py", "--apply", cwd=companions)
    assert (companions / "tests/cassettes/test_z/test_planets.yaml").exists()


def test_companions_go_with_their_test_and_stay_with_it(
    run: Run, companions: Path, git: Callable[..., str]
) -> None:
    (companions / "tests/test_x.py").write_text("def test_planets(): ...\n")
    for path in ("test_x/test_gone.xai.yaml", "test_x_sideband/test_gone.yaml"):
        (companions / "tests/cassettes" / path).write_text("interactions:\n- kind: message\n")
    (companions / "tests/cassettes/test_x/test_data.yaml").write_text(
        "answers:\n- 42\n"
    )  # nobody's recording
    git("add", ".")
    git("commit", "-qm", "one")
    before = list_cassettes(companions)
    outcome = run("prune", "--apply", "--max-share", "90", cwd=companions)
    assert outcome.code == 0, outcome.err
    assert [path for path in before if path not in list_cassettes(companions)] == [
        "tests/cassettes/test_x/test_gone.xai.yaml",
        "tests/cassettes/test_x/test_nothing.yaml",
        "tests/cassettes/test_x_sideband/test_gone.yaml",
    ]
    assert run("undo", cwd=companions).code == 0
    assert list_cassettes(companions) == before


def test_a_list_of_tests_tells_which_cassettes_are_not_collected(
    run: Run, folder: Path, git: Callable[..., str]
) -> None:
    other = (folder / CASSETTE).with_name("test_moons.yaml")
    other.write_bytes((folder / CASSETTE).read_bytes())
    git("add", ".")
    git("commit", "-qm", "one")
    (folder / "listed").write_text("tests/test_x.py::test_planets\n")
    found = json.loads(run("prune", "--collected", "listed", "--format", "json", cwd=folder).out)
    assert [file["path"] for file in found["files"] if file["grade"] == "uncollected"] == [
        "tests/cassettes/test_x/test_moons.yaml"
    ]


def test_validate_tells_of_cassettes_whose_test_is_gone(run: Run, folder: Path) -> None:
    source = folder / "tests/test_x.py"
    source.write_text("class TestAll:\n    def test_planets(self): ...\ndef test_planets(): ...\n")
    assert run("validate", cwd=folder).err == "checked 2 recordings: all sound\n"
    source.write_text("def test_worlds(): ...\n")
    outcome = run("validate", cwd=folder)
    assert (outcome.code, outcome.out) == (
        0,
        (
            f"{CASSETTE}: warning[missing-test] tests/test_x.py has no function test_planets "
            "(recctl mv takes it along with a test that was renamed, recctl prune takes it away)\n"
        ),
    )
    assert run("validate", "--ignore", "missing-test", cwd=folder).out == ""
    source.unlink()
    assert run("validate", cwd=folder).out == ""  # the sources are not here: nothing can be told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_where_a_test_should_be_is_not_waited_for(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "tests/test_x.py")
    assert run("validate", "--select", "missing-test", cwd=folder).code == 0


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_fix_leaves_a_cassette_that_has_a_name_like_a_hash(run: Run, tmp_path: Path, suffix: str) -> None:
    reply = {"id": "rec-bbbbbbbbbbbb", "created": 0, "object": "chat.completion", "model": "m", "choices": []}
    dumped = {"__type__": "openai.types.chat.chat_completion.ChatCompletion", "__data__": reply}
    item = {
        "request": {"method": "POST", "uri": "http://x/v1/chat/completions", "body": "{}", "headers": {}},
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": json.dumps(dumped)}},
    }
    path = tmp_path / f"cassettes/{'0123456789abcdef' * 4}{suffix}"
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "interactions": [item, item]}))
    before = path.read_text()
    outcome = run("validate", "--fix", cwd=tmp_path)
    assert path.read_text() == before
    assert "fixed" not in outcome.err
    assert "volatile-field" not in outcome.out


def test_exchanges_in_another_order_are_played_in_another_order(run: Run, folder: Path) -> None:
    exchanges = [exchange(f"Question {number}?", f"Answer {number}.") for number in range(5)]
    (folder / "old.yaml").write_text(cassette(*exchanges))
    (folder / "new.yaml").write_text(cassette(*exchanges[1:4], exchanges[0], exchanges[4]))
    outcome = run("diff", "old.yaml", "new.yaml", "--format", "json", cwd=folder)
    assert outcome.code == 1
    document = json.loads(outcome.out)
    (pair,) = document["pairs"]
    assert (pair["left"], pair["right"], pair["request"], pair["reply"]) == (
        "old.yaml#1",
        "new.yaml#4",
        "changed",
        "same",
    )
    assert [(change["left"], change["right"]) for change in pair["changes"]] == [(1, 4)]
    assert document["summary"]["identical"] == 4
    told = run("diff", "old.yaml", "new.yaml", cwd=folder).out
    assert "place among the exchanges" in told


def test_cassettes_of_two_folders_of_tests_follow_them_into_one(run: Run, folder: Path) -> None:
    (folder / "more/cassettes/test_z").mkdir(parents=True)
    (folder / "more/cassettes/test_z/test_a.yaml").write_bytes((folder / CASSETTE).read_bytes())
    renames = ("--rename-test", "tests", "all", "--rename-test", "more", "all")
    outcome = run("rehash", *renames, "--apply", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert (folder / "all/cassettes/test_x/test_planets.yaml").exists()
    assert (folder / "all/cassettes/test_z/test_a.yaml").exists()


@pytest.mark.parametrize(
    ("answer", "code", "difference"),
    [("Earth.", 0, "the same exchanges"), ("Mars.", 1, "other exchanges")],
)
def test_cassettes_that_want_one_name_are_compared_as_a_whole(
    run: Run, folder: Path, answer: str, code: int, difference: str
) -> None:
    other = folder / "tests/cassettes/test_x/test_moons.yaml"
    first, second = exchange("Which is closest?", "Mercury."), exchange("Which is best?", answer)
    other.write_text(cassette(first, second))
    moved = ("tests/test_x.py::test_planets", "tests/test_x.py::test_moons")
    outcome = run("mv", *moved, "--merge-identical", "--apply")
    assert (outcome.code, difference in outcome.out) == (code, True)
    assert (folder / CASSETTE).exists() == (code == 1)
    assert other.read_text() == cassette(first, second)


def test_files_that_are_named_at_run_time_are_named_by_how_their_names_begin(
    tmp_path: Path, run: Run
) -> None:
    content = (
        CHECKOUT / "examples/good/spec/fixtures/vcr_cassettes/chat_streams_a_greeting.yml"
    ).read_bytes()
    for name in ("chat_streams_a_greeting.yml", "Chat/with_tools/calls_it.yml", "models_are_listed.yml"):
        path = tmp_path / "spec/fixtures/vcr_cassettes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def find(word: str) -> list[str]:
        outcome = run("show", "spec", "--test", word, "--format", "json", cwd=tmp_path)
        return [told["path"].rpartition("/")[2] for told in json.loads(outcome.out)["recordings"]]

    assert find("chat streams") == ["chat_streams_a_greeting.yml"]
    assert sorted(find("chat")) == ["calls_it.yml", "chat_streams_a_greeting.yml"]
    assert find("Chat/with tools") == ["calls_it.yml"]
    assert find("calls_it") == ["calls_it.yml"]
    unknown = run("show", "spec", "--test", "greeting", cwd=tmp_path)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.startswith("error: no recording is of test 'greeting'\n")


def test_ids_of_accounts_are_masked_alike_in_all_files(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "spec/fixtures/vcr_cassettes"
    folder.mkdir(parents=True)
    example = CHECKOUT / "examples/bad/account-id/spec/fixtures/vcr_cassettes/chat_streams_a_greeting.yml"
    text = example.read_text()
    (folder / "a.yml").write_text(text)
    (folder / "b.yml").write_text(
        text.replace("https://api.openai.com/v1", "https://x/v1/projects/teapots-9/locations/a")
    )

    found = run("validate", cwd=tmp_path)
    assert found.out.splitlines() == [
        (
            "spec/fixtures/vcr_cassettes/a.yml:23:9: warning[account-id] an organisation "
            "(blu…, 15 characters) in 2 files (recctl validate --fix redacts it)"
        ),
        (
            "spec/fixtures/vcr_cassettes/b.yml:5:32: warning[account-id] a project (te…, 9 characters) "
            "(it is part of the url, by which a replay finds it, and so --fix leaves it)"
        ),
    ]
    shown = run("validate", "--diff", cwd=tmp_path)
    assert [line for line in shown.out.splitlines() if line.startswith(("-  ", "+  "))] == [
        "-      - blue-teapots-42",
        "+      - xxxx-xxxxxxx-99",
    ] * 2
    fixed = run("validate", "--fix", cwd=tmp_path)
    assert fixed.code == 0
    assert fixed.err.splitlines()[:2] == [
        "redacted an organisation (blu…, 15 characters) in 2 files",
        "fixed 2 files; `recctl undo 1` takes it back",
    ]
    assert (folder / "a.yml").read_text() == text.replace("blue-teapots-42", "xxxx-xxxxxxx-99")
    assert (
        run("validate", "--select", "account-id", "spec/fixtures/vcr_cassettes/a.yml", cwd=tmp_path).out == ""
    )
    run("undo", cwd=tmp_path)
    assert (folder / "a.yml").read_text() == text


def test_cassettes_of_go_follow_their_tests(tmp_path: Path, run: Run) -> None:
    content = (CHECKOUT / "examples/good/providertests/testdata/TestChat/greeting.yaml").read_bytes()
    for name in ("TestChat/gpt/hi.yaml", "TestChat/gpt/bye.yaml", "TestGone.yaml"):
        path = tmp_path / "llm/testdata" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "llm/chat_test.go").write_text("package llm\n\nfunc TestChat(t *testing.T) {}\n")

    assert run("validate", cwd=tmp_path).out == (
        "llm/testdata/TestGone.yaml: warning[missing-test] no source of tests in llm has a function TestGone "
        "(recctl mv takes it along with a test that was renamed, recctl prune takes it away)\n"
    )
    shown = run("show", "--test", "TestChat/gpt/hi", "--format", "json", cwd=tmp_path)
    assert [told["test_id"] for told in json.loads(shown.out)["recordings"]] == ["llm::TestChat/gpt/hi"]
    assert run("mv", "llm::TestChat", "llm::TestTalk", "--apply", cwd=tmp_path).code == 0
    moved = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml"))
    assert moved == [
        "llm/testdata/TestGone.yaml",
        "llm/testdata/TestTalk/gpt/bye.yaml",
        "llm/testdata/TestTalk/gpt/hi.yaml",
    ]


def test_a_name_that_is_a_hash_of_the_request_leaves_replies_to_be_masked(tmp_path: Path, run: Run) -> None:
    (example,) = (CHECKOUT / "examples/good/tests/vcr-cassettes").rglob("*.json")
    proxied = tmp_path / "vcr-cassettes" / example.parent.name / example.name
    proxied.parent.mkdir(parents=True)
    text = example.read_text().replace('"openai-organization"', '"x"')
    proxied.write_text(text.replace('"headers": {', '"headers": {\n      "x-org-id": "blue-teapots-42",'))
    stored = tmp_path / "recordings/x.json"
    stored.parent.mkdir()
    reply = {"error": {"message": "no such model", "organization_id": "blue-teapots-42"}}
    document = record(reply)
    document["request"]["body"]["project_id"] = "blue-teapots-43"
    stored.write_bytes(serialise(document))

    found = run("validate", "--select", "account-id", "--format", "json", cwd=tmp_path)
    assert [
        (finding["path"], finding["pointer"], finding["fixable"])
        for finding in json.loads(found.out)["findings"]
    ] == [
        ("recordings/x.json", "/request/body/project_id", False),
        ("recordings/x.json", "/response/body/error/organization_id", True),
    ]
    run("validate", "--select", "account-id", "--fix", cwd=tmp_path)
    asked, replied = proxied.read_text().split('"response"')
    assert '"x-org-id": "blue-teapots-42"' in asked
    assert '"x-org-id": "xxxx-xxxxxxx-99"' in replied
    fixed = json.loads(stored.read_bytes())
    assert fixed["request"]["body"]["project_id"] == "blue-teapots-43"
    assert fixed["response"]["body"]["error"]["organization_id"] == "xxxx-xxxxxxx-99"
