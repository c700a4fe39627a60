"""`recctl find`: where a recording is, or why it was not found."""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from recctl.cli.completion import (
    complete_endpoints,
    complete_models,
    complete_paths,
    complete_providers,
    complete_recordings,
    complete_tests,
)
from tests.builders import TEST_ID
from tests.names import ask, current_name, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FOLDER = "tests/integration/inference/recordings"
CASSETTES = "tests/cassettes/test_chat"
URL = "https://api.example.org/v1/chat/completions"
REPLY = json.dumps({"object": "chat.completion", "choices": []})


def exchange(text: str, url: str = URL) -> str:
    body = json.dumps({"model": "small", "temperature": 0.5, "messages": [{"role": "user", "content": text}]})
    return dedent(f"""\
        - request:
            body: '{body}'
            headers: {{}}
            method: POST
            uri: {url}
          response:
            body: {{string: '{REPLY}'}}
            headers: {{Content-Type: [application/json]}}
            status: {{code: 200, message: OK}}
        """)


def write_cassette(root: Path, name: str, *exchanges: str) -> None:
    path = root / CASSETTES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"interactions:\n{''.join(exchanges)}version: 1\n", encoding="utf-8")


@pytest.fixture
def cassettes(git: Callable[..., str], tmp_path: Path) -> Path:
    """A repository with two cassettes: one was removed by the second commit, one cut by the third."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_chat.py").write_text(
        "def test_replies(): ...\ndef test_greets_politely(): ...\n", encoding="utf-8"
    )
    write_cassette(tmp_path, "test_replies.yaml", exchange("Hi"), exchange("And now?"), exchange("More"))
    write_cassette(tmp_path, "test_greets.yaml", exchange("Good morning"))
    write_cassette(tmp_path, "test_old.yaml", exchange("Old"))
    git("add", ".")
    git("commit", "-qm", "Record the chat tests", "--date=2026-01-02T03:04:05Z")
    git("rm", "-q", f"{CASSETTES}/test_old.yaml")
    git("commit", "-qm", "Drop what nobody plays")
    write_cassette(tmp_path, "test_replies.yaml", exchange("Hi"), exchange("And now?"))
    git("commit", "-qam", "Play two requests only")
    return tmp_path


@pytest.fixture
def hashed(tmp_path: Path) -> Path:
    """A project with two recordings of OGX's in their places."""
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n', encoding="utf-8")
    for text in ("Hello", "Goodbye"):
        write(tmp_path / FOLDER, ask(text))
    return tmp_path


def hide_commits(text: str) -> str:
    """A text without what is other on each run."""
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2} commit [0-9a-f]{12}", "DATE commit ID", text)


def complain(name: str, url: str = URL, rest: str = "") -> str:
    """What vcrpy says of a request that its cassette on another machine has nothing for."""
    return (
        f"Can't overwrite existing cassette ('/ci/app/{CASSETTES}/{name}') in your current record mode "
        f"('none').\nNo match for the request (<Request (POST) {url}>) was found.\n{rest}"
    )


@pytest.mark.usefixtures("hashed")
def test_a_hash_finds_its_recording(run: Run) -> None:
    name = current_name(ask("Hello"))
    outcome = run("find", name[:8])
    assert outcome.code == 0
    assert outcome.out == dedent(f"""\
        found: {name[:8]}
          is        {TEST_ID}
                    {FOLDER}/{name}
                      POST /v1/chat/completions, small: Hello
        """)
    assert outcome.err == "1 recording of 2\n"


@pytest.mark.usefixtures("hashed")
def test_a_part_of_a_test_finds_all_that_was_recorded_for_it(run: Run) -> None:
    outcome = run("find", "test_chat.py::test_reply", "--format", "json")
    (answer,) = json.loads(outcome.out)["answers"]
    assert (outcome.code, answer["cause"]) == (0, "found")
    assert {each["path"] for each in answer["recordings"]} == {
        f"{FOLDER}/{current_name(ask(text))}" for text in ("Hello", "Goodbye")
    }


def test_a_hash_that_a_recording_would_have_by_the_scheme_is_under_another_name(
    run: Run, hashed: Path
) -> None:
    document = ask("Once more")
    write(hashed / FOLDER, document, old_name(document))
    name = current_name(document).removesuffix(".json")
    outcome = run("find", f"RuntimeError: Recording not found for request hash: {name}")
    assert outcome.code == 1
    assert outcome.out == dedent(f"""\
        under another name: {name}
          ogx-2026-04 gives that name to a recording that has another one: ogx-2025-07 gives it this name
          said      line 1, by ogx
          looked at {FOLDER}/{name}.json
          nearest   {TEST_ID}
                    {FOLDER}/{old_name(document)}
                      POST /v1/chat/completions, small, outdated: Once more
          try       recctl rehash {FOLDER}/{old_name(document)} --apply
        """)


@pytest.mark.usefixtures("hashed")
def test_a_request_that_has_changed_is_told_with_the_field_and_the_command(run: Run) -> None:
    request = ask("Hello", body={"temperature": 0.7})["request"]
    body = {"method": "POST", "url": request["url"], "body": request["body"], "test_id": TEST_ID}
    outcome = run("find", "--request", "-", stdin=json.dumps(body).encode())
    wanted = current_name(ask("Hello", body={"temperature": 0.7}))
    assert outcome.code == 1
    assert outcome.out == dedent(f"""\
        not there: POST http://localhost:8000/v1/v1/chat/completions
          another request is recorded
          test      {TEST_ID}
          looked at {FOLDER}/{wanted}
          nearest   {TEST_ID}
                    {FOLDER}/{current_name(ask("Hello"))}
                      POST /v1/chat/completions, small: Hello
                      temperature: added 0.7
                    {FOLDER}/{current_name(ask("Goodbye"))}
                      POST /v1/chat/completions, small: Goodbye
                      differs in message 1 (user), temperature
          try       pytest '{TEST_ID}' --inference-mode=record-if-missing
        """)


def test_what_the_scheme_makes_equal_is_told_as_such(run: Run, hashed: Path) -> None:
    document = ask("score: 0.25 for this")
    write(hashed / FOLDER, document)
    sent = ask("score: 0.75 for that")
    (hashed / "sent.json").write_text(json.dumps(sent), encoding="utf-8")
    outcome = run("find", "--request", "sent.json", "--format", "json")
    (answer,) = json.loads(outcome.out)["answers"]
    (change,) = answer["nearest"][0]["changes"]
    assert (change["where"], change["overlooked_by"]) == ("/request/body/messages/0/content", None)
    sent = ask("score: 0.75 for this", body={"temperature": 0.1})
    (hashed / "sent.json").write_text(json.dumps(sent), encoding="utf-8")
    (answer,) = json.loads(run("find", "--request", "sent.json", "--format", "json").out)["answers"]
    assert [(each["where"], each["overlooked_by"]) for each in answer["nearest"][0]["changes"]] == [
        ("/request/body/messages/0/content", "ogx-2026-04 makes it equal"),
        ("/request/body/temperature", None),
    ]


@pytest.mark.usefixtures("hashed")
def test_a_recording_finds_itself_as_a_request(run: Run) -> None:
    path = f"{FOLDER}/{current_name(ask('Hello'))}"
    outcome = run("find", "--request", path, "--format", "json")
    (answer,) = json.loads(outcome.out)["answers"]
    assert (outcome.code, [each["path"] for each in answer["recordings"]]) == (0, [path])
    assert answer["recordings"][0]["changes"] == []


@pytest.mark.usefixtures("hashed")
def test_a_body_alone_is_found_by_where_it_went(run: Run) -> None:
    body = json.dumps(ask("Hello")["request"]["body"]).encode()
    outcome = run("find", "--request", "-", "--endpoint", "/v1/chat/completions", stdin=body)
    assert (outcome.code, current_name(ask("Hello")) in outcome.out) == (0, True)
    elsewhere = run("find", "--request", "-", "--endpoint", "/v1/completions", stdin=body)
    assert (elsewhere.code, "endpoint: " in elsewhere.out) == (1, True)


def test_a_recording_that_was_removed_is_gone_since_a_commit(
    run: Run, git: Callable[..., str], tmp_path: Path
) -> None:
    path = write(tmp_path / FOLDER, ask("Hello"))
    write(tmp_path / FOLDER, ask("Goodbye"))
    git("add", ".")
    git("commit", "-qm", "Record")
    path.unlink()
    git("commit", "-qam", "Drop it")
    outcome = run("find", path.stem)
    assert outcome.code == 1
    assert hide_commits(outcome.out) == dedent(f"""\
        gone: {path.stem}
          it was removed, and git has it
          looked at {FOLDER}/{path.name}
          since     DATE commit ID removed it (Drop it)
          try       recctl restore {FOLDER}/{path.name} --apply
        """)


def test_a_recording_that_was_renamed_is_told_with_its_new_name(
    run: Run, git: Callable[..., str], tmp_path: Path
) -> None:
    path = write(tmp_path / FOLDER, ask("Hello"), "0123456789ab.json")
    git("add", ".")
    git("commit", "-qm", "Record")
    path.rename(path.with_name(current_name(ask("Hello"))))
    git("add", ".")
    git("commit", "-qm", "Go by the new scheme")
    outcome = run("find", "0123456789ab")
    assert outcome.code == 1
    assert hide_commits(outcome.out) == dedent(f"""\
        under another name: 0123456789ab
          it is called {current_name(ask("Hello"))} now
          looked at {FOLDER}/0123456789ab.json
          nearest   {TEST_ID}
                    {FOLDER}/{current_name(ask("Hello"))}
                      POST /v1/chat/completions, small: Hello
          since     DATE commit ID renamed it (Go by the new scheme)
        """)


CALLS: dict[str, tuple[str, str]] = {
    "all were played": (
        complain("test_replies.yaml", rest="Found 2 similar requests with 0 different matcher(s) :"),
        f"""\
        all played: POST {URL}
          all that match it were played: this is call 3, and 2 are recorded
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_replies.yaml
          nearest   tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
                    {CASSETTES}/test_replies.yaml#2
                      POST /v1/chat/completions, small: And now?
          since     DATE commit ID changed it (Play two requests only)
          try       pytest tests/test_chat.py::test_replies --record-mode=rewrite
        """,
    ),
    "another path": (
        complain("test_replies.yaml", "https://api.example.org/v2/chat/completions"),
        f"""\
        another url: POST https://api.example.org/v2/chat/completions
          nothing in the file went there: another path
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_replies.yaml
          nearest   tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
                      url: "{URL}" → "https://api.example.org/v2/chat/completions"
                    {CASSETTES}/test_replies.yaml#2
                      POST /v1/chat/completions, small: And now?
                      differs in url
          try       pytest tests/test_chat.py::test_replies --record-mode=rewrite
        """,
    ),
    "a cassette that was removed": (
        complain("test_old.yaml"),
        f"""\
        gone: POST {URL}
          it was removed, and git has it
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_old.yaml
          since     DATE commit ID removed it (Drop what nobody plays)
          try       recctl restore {CASSETTES}/test_old.yaml --apply
        """,
    ),
    "a test that was renamed": (
        complain("test_greets_politely.yaml"),
        f"""\
        no file: POST {URL}
          there is no such file; one beside it is of a test that is gone, which may be this one
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_greets_politely.yaml
          nearest   tests/test_chat.py::test_greets
                    {CASSETTES}/test_greets.yaml#1
                      POST /v1/chat/completions, small: Good morning
                    tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
          try       recctl mv tests/test_chat.py::test_greets tests/test_chat.py::test_greets_politely --apply
        """,
    ),
    "a cassette that never was": (
        complain("test_unlike.yaml"),
        f"""\
        no file: POST {URL}
          there is no such file
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_unlike.yaml
          nearest   tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
                    tests/test_chat.py::test_greets
                    {CASSETTES}/test_greets.yaml#1
                      POST /v1/chat/completions, small: Good morning
          try       pytest tests/test_chat.py::test_unlike --record-mode=rewrite
        """,
    ),
    "another matcher": (
        complain(
            "test_replies.yaml",
            rest="Found 1 similar requests with 1 different matcher(s) :\nMatchers failed :\n"
            "body - assertion failure :\n",
        ),
        f"""\
        does not match: POST {URL}
          the closest differ in body, which vcrpy matches here
          said      line 1, by vcrpy
          looked at {CASSETTES}/test_replies.yaml
          nearest   tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
                    {CASSETTES}/test_replies.yaml#2
                      POST /v1/chat/completions, small: And now?
          try       pytest tests/test_chat.py::test_replies --record-mode=rewrite
        """,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_why_a_cassette_had_nothing_for_a_request_is_told_first(run: Run, cassettes: Path, name: str) -> None:
    log, expected = CALLS[name]
    outcome = run("find", "-", stdin=log.encode(), cwd=cassettes)
    assert outcome.code == 1
    assert hide_commits(outcome.out) == dedent(expected)
    assert outcome.err == "not found among 3 recordings\n"


def describe(text: str, **more: Any) -> bytes:
    body = {"model": "small", "temperature": 0.7, "messages": [{"role": "user", "content": text}]}
    request = {"method": "POST", "url": URL, "body": body, "test_id": "tests/test_chat.py::test_replies"}
    return json.dumps({**request, **more}).encode()


@pytest.mark.usefixtures("cassettes")
def test_a_body_that_is_not_matched_is_told_and_found_all_the_same(run: Run) -> None:
    outcome = run("find", "--request", "-", stdin=describe("And now?"))
    assert outcome.code == 0
    assert outcome.out == dedent(f"""\
        found: POST {URL}
          2 of the file match it: the first that was not played yet is played
          test      tests/test_chat.py::test_replies
          is        tests/test_chat.py::test_replies
                    {CASSETTES}/test_replies.yaml#2
                      POST /v1/chat/completions, small: And now?
                      vcrpy does not match the body:
                      temperature: 0.5 → 0.7
                    {CASSETTES}/test_replies.yaml#1
                      POST /v1/chat/completions, small: Hi
                      differs in temperature, message 1 (user)
        """)


@pytest.mark.usefixtures("cassettes")
def test_each_exchange_and_each_cassette_can_be_named(run: Run) -> None:
    one = run("find", f"{CASSETTES}/test_replies.yaml#2")
    assert (one.code, one.err) == (0, "1 recording of 3\n")
    assert "test_replies.yaml#2" in one.out
    assert run("find", f"{CASSETTES}/test_replies.yaml").err == "2 recordings of 3\n"
    assert run("find", f"{CASSETTES}/test_replies.yaml#7").code == 1


@pytest.mark.usefixtures("cassettes")
def test_a_test_that_nothing_was_recorded_for_is_told_with_those_that_are_called_alike(run: Run) -> None:
    outcome = run("find", "tests/test_chat.py::test_repliez")
    assert outcome.code == 1
    assert "looked at tests/cassettes/test_chat/test_repliez.yaml" in outcome.out
    assert "nearest   tests/test_chat.py::test_replies" in outcome.out


def test_the_misses_of_a_run_are_looked_for(run: Run, cassettes: Path) -> None:
    sent = {"method": "POST", "url": URL, "body": json.loads(describe("And now?"))["body"]}
    miss = {
        "test_id": "tests/test_chat.py::test_replies",
        "cassette": f"{CASSETTES}/test_replies.yaml",
        "sent": sent,
        "reason": "no_match",
        "times": 1,
        "recorder": "vcrpy",
    }
    tracked = {
        "version": "recctl.track.v2",
        "complete": True,
        "reason": None,
        "opened": [],
        "unopened": [],
        "tests": {},
        "missed": [miss],
    }
    (cassettes / "run.json").write_text(json.dumps(tracked), encoding="utf-8")
    outcome = run("find", "run.json", "--format", "json")
    (answer,) = json.loads(outcome.out)["answers"]
    assert (outcome.code, answer["cause"], answer["nearest"][0]["index"]) == (1, "other-matcher", 2)
    (change,) = answer["nearest"][0]["changes"]
    assert (change["where"], change["overlooked_by"]) == ("/request/body/temperature", None)


@pytest.mark.usefixtures("cassettes")
def test_json_has_what_scripts_need(run: Run) -> None:
    log = complain("test_replies.yaml", "https://api.example.org/v2/chat/completions")
    document = json.loads(run("find", log, "--format", "json").out)
    assert document["version"] == "recctl.find.v1"
    assert document["summary"] == {"found": 0, "not_found": 1, "recordings": 3}
    (answer,) = document["answers"]
    assert answer["query"] == {
        "word": "POST https://api.example.org/v2/chat/completions",
        "hash": None,
        "test_id": None,
        "file": f"/ci/app/{CASSETTES}/test_replies.yaml",
        "method": "POST",
        "url": "https://api.example.org/v2/chat/completions",
        "endpoint": None,
        "model": None,
        "recorder": "vcrpy",
        "reason": None,
        "line": 1,
    }
    assert answer["expected"] == [f"{CASSETTES}/test_replies.yaml"]
    assert answer["command"] == "pytest tests/test_chat.py::test_replies --record-mode=rewrite"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing is looked for"),
        (("",), "nothing is looked for"),
        (("--endpoint", "/v1"), "--endpoint is for the body that --request names"),
        (("--request", "missing.json"), "missing.json: can't be opened: no such file or directory"),
        (("--request", "list.json"), "list.json: holds no recording, and no object"),
        (("--request", "body.json"), "body.json: has neither url nor method"),
        (("quiet.log",), "quiet.log: no recorder misses a recording there"),
        (("-",), "standard input: no recorder misses a recording there"),
    ],
)
def test_what_nobody_can_mean_is_a_usage_error(
    run: Run, hashed: Path, arguments: tuple[str, ...], message: str
) -> None:
    (hashed / "list.json").write_text("[1]", encoding="utf-8")
    (hashed / "body.json").write_text('{"model": "small"}', encoding="utf-8")
    (hashed / "quiet.log").write_text("all is well\n", encoding="utf-8")
    outcome = run("find", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


@pytest.mark.usefixtures("hashed")
@pytest.mark.parametrize("word", ["\x1b[31mred", "a" * 100_000, "x\0y", "::[", "é" * 5000, "../../passwd"])
def test_a_hostile_word_ends_well(run: Run, word: str) -> None:
    outcome = run("find", word)
    assert outcome.code == 1
    assert "\x1b" not in outcome.out
    assert "\0" not in outcome.out


def test_shells_complete_tests_and_models_of_many_files_once_an_index_knows_them(
    run: Run, hashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recctl.inventory.index.WORTH_KEEPING", 1)
    monkeypatch.setattr("recctl.input.cache._CLOCK_TICK", -(1 << 60))
    monkeypatch.chdir(hashed)
    assert complete_tests("tests/") == []
    run("list")
    assert complete_tests("tests/") == [TEST_ID]


def test_shells_complete_tests_hashes_and_models(hashed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hashed)
    digits = current_name(ask("Hello"))[:12]
    assert complete_recordings("tests/") == [TEST_ID]
    assert complete_recordings("test_re") == ["test_reply"]
    assert complete_recordings(digits[:4]) == [digits]
    assert complete_paths(digits[:4]) == [digits]
    (hashed / f"{digits[:4]}.txt").touch()
    assert complete_paths(digits[:4]) == []  # so that the shell offers the file
    assert complete_tests("test_c") == ["test_chat.py"]
    assert (complete_models("s"), complete_endpoints("/"), complete_providers("")) == (
        ["small"],
        ["/v1/chat/completions"],
        ["localhost"],
    )


def test_a_file_of_tests_and_a_folder_stand_for_what_was_recorded_for_them(run: Run, cassettes: Path) -> None:
    assert run("find", "tests/test_chat.py", cwd=cassettes).err == "3 recordings of 3\n"
    assert run("find", "tests/", cwd=cassettes).err == "3 recordings of 3\n"


def test_a_file_that_cannot_be_read_is_mentioned(run: Run, hashed: Path) -> None:
    (hashed / FOLDER / "broken.json").write_text("{", encoding="utf-8")
    name = current_name(ask("Hello"))
    outcome = run("find", name)
    assert (outcome.code, outcome.err) == (
        0,
        "1 file could not be looked into; -v says why\n1 recording of 2\n",
    )
    assert f"error: {FOLDER}/broken.json:1:2: the file ends" in run("find", name, "-v").err


def test_a_request_that_nests_deeply_ends_well(run: Run, hashed: Path) -> None:
    body: Any = "deep"
    for _ in range(300):
        body = [body]
    request = {"method": "POST", "url": ask("Hello")["request"]["url"], "body": {"input": body}}
    (hashed / "deep.txt").write_text(json.dumps(request), encoding="utf-8")
    assert run("find", "--request", "deep.txt").code in (1, 2)


def test_an_empty_folder_has_nothing(run: Run) -> None:
    outcome = run("find", "3f9a01b2")
    assert outcome.code == 1
    assert outcome.out == "not there: 3f9a01b2\n  nothing that is recorded is like it\n"


@pytest.mark.usefixtures("hashed")
def test_a_hash_that_nobody_knows_gets_a_next_step(run: Run) -> None:
    outcome = run("find", "3f9a01b2")
    assert outcome.code == 1
    assert outcome.out == (
        "not there: 3f9a01b2\n"
        "  nothing has that name; what was sent tells more, and a log of the run has it\n"
        "  try       pytest 2>&1 | recctl find -\n"
    )
