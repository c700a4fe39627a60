"""The index: what is known of recordings without reading them again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.amounts import Tokens
from recctl.input import cache
from recctl.input.sources import select
from recctl.inventory import index as module
from recctl.inventory.entry import Findability, IndexEntry
from recctl.inventory.index import RecordingIndex, read_index, read_kept
from recctl.inventory.likeness import Likeness, measure_likeness, read_likeness, restore_likeness
from recctl.project import Project, Settings
from recctl.recordings.recording import Key
from tests.builders import TEST_ID, chunk, delta, record
from tests.names import old_name, write

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "tests/integration/inference/recordings"
CALL = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": "{}"},
}
CASSETTE = """\
interactions:
- request:
    body: '{"model": "small", "messages": [{"role": "user", "content": "Hi"}]}'
    headers: {}
    method: POST
    uri: https://api.example.org/v1/chat/completions
  response:
    body:
      string: '{"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hello!"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2}}'
    headers: {Content-Type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the current folder. Files are remembered however new they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "WORTH_KEEPING", 1)
    monkeypatch.setattr(cache, "_CLOCK_TICK", -(1 << 60))
    return tmp_path


def look(root: Path, *paths: str, **options: Any) -> RecordingIndex:
    project = Project(root, settings=Settings(scheme="ogx-2026-04"))
    return read_index(project, select(project, paths or (".",)), **options)


def ask_for_weather() -> dict[str, Any]:
    said = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "What can I do?"},
        {"role": "user", "content": "What is the weather?"},
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    document = record([chunk(delta(tool_calls=[CALL], finish_reason="tool_calls")), chunk(usage=usage)])
    document["request"]["body"]["messages"] = said
    return document


def test_an_entry_says_what_was_asked_and_answered(root: Path) -> None:
    path = write(root / FOLDER, ask_for_weather())
    (entry,) = look(root).entries
    assert (entry.key, entry.location) == (Key(f"{FOLDER}/{path.name}"), f"{FOLDER}/{path.name}")
    assert (entry.test_id, entry.turn, entry.state) == (TEST_ID, 2, Findability.CURRENT)
    assert (entry.endpoint, entry.model, entry.provider) == ("/v1/chat/completions", "small", "localhost")
    assert (entry.method, entry.url) == ("POST", "http://localhost:8000/v1/v1/chat/completions")
    assert (entry.streamed, entry.finish, entry.tool_calls) == (True, "tool_calls", ("get_weather",))
    assert (entry.tokens, entry.has_failed) == (Tokens(9, 4), False)
    assert (entry.asked, entry.answered) == ("What is the weather?", "calls get_weather {}")


def test_each_exchange_of_a_cassette_has_an_entry(root: Path) -> None:
    path = root / "tests/cassettes/test_chat/test_hi.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CASSETTE, encoding="utf-8")
    (entry,) = look(root).entries
    assert str(entry.key) == "tests/cassettes/test_chat/test_hi.yaml#1"
    assert (entry.test_id, entry.state) == ("tests/test_chat.py::test_hi", Findability.BY_TEST)
    assert (entry.status, entry.finish, entry.tokens) == (200, "stop", Tokens(3, 2))
    assert entry.tokens is not None
    assert entry.tokens.total == 5
    assert 0 < entry.size < len(CASSETTE) == entry.facts.size


def test_what_is_still_being_worked_on_has_not_failed(root: Path) -> None:
    path = root / "tests/cassettes/test_chat/test_hi.yaml"
    path.parent.mkdir(parents=True)
    reply = CASSETTE.index('\'{"object"'), CASSETTE.index("    headers: {Content-Type")
    for said, has_failed in (
        ('{"name": "models/m/operations/1", "metadata": {"@type": "t"}, "done": false}', False),
        ('{"error": {"message": "No such model.", "type": "invalid_request_error"}}', True),
    ):
        path.write_text(f"{CASSETTE[: reply[0]]}'{said}'\n{CASSETTE[reply[1] :]}", encoding="utf-8")
        (entry,) = look(root).entries
        assert (entry.complete, entry.has_failed) == (False, has_failed)


def test_what_is_known_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root / FOLDER, ask_for_weather())
    write(root / FOLDER, ask_for_weather(), old_name(ask_for_weather()))
    before = look(root)
    assert {entry.state for entry in before.entries} == {Findability.REPLACED, Findability.CURRENT}
    monkeypatch.setattr(module, "_read_file", pytest.fail)
    assert look(root).entries == before.entries


def test_the_same_is_known_from_every_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(root / FOLDER, ask_for_weather())
    look(root)
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr(module, "_read_file", pytest.fail)
    (entry,) = look(root).entries
    assert (entry.key.path, entry.location) == (path.name, f"{FOLDER}/{path.name}")


def test_a_file_that_was_only_written_again_is_not_read_into_recordings(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(root / FOLDER, ask_for_weather())
    before = look(root)
    path.write_bytes(path.read_bytes())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    monkeypatch.setattr("recctl.recordings.load.load", pytest.fail)
    assert look(root).entries == before.entries


def test_a_file_that_has_changed_is_read(root: Path) -> None:
    path = write(root / FOLDER, ask_for_weather())
    assert look(root).entries[0].model == "small"
    path.write_bytes(path.read_bytes().replace(b'"small"', b'"large"'))
    assert look(root).entries[0].model == "large"


def test_which_test_a_file_is_of_is_told_by_the_sources_each_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "tests/cassettes/test_hi.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CASSETTE, encoding="utf-8")
    source = root / "tests/test_chat.py"
    source.write_text("def test_hi(): ...\n", encoding="utf-8")
    project = Project(root, settings=Settings(test_names=("{function}",)))
    selection = select(project, ["."])
    assert read_index(project, selection).entries[0].test_id == "tests/test_chat.py::test_hi"
    source.rename(root / "tests/test_talk.py")
    monkeypatch.setattr(module, "_read_file", pytest.fail)
    assert read_index(project, selection).entries[0].test_id == "tests/test_talk.py::test_hi"


def test_what_was_known_is_told_without_a_look_at_the_files(root: Path) -> None:
    path = write(root / FOLDER, ask_for_weather())
    project = Project(root, settings=Settings(scheme="ogx-2026-04"))
    assert [*read_kept(project)] == []
    look(root)
    path.unlink()
    (entry,) = read_kept(project)
    assert (entry.test_id, entry.key.path) == (TEST_ID, f"{FOLDER}/{path.name}")


def test_what_cannot_be_read_is_told_each_time(root: Path) -> None:
    (root / FOLDER).mkdir(parents=True)
    (root / FOLDER / "x.json").write_bytes(b"{")
    for _ in range(2):
        (error,) = look(root).errors
        assert error.name == f"{FOLDER}/x.json"


def test_an_index_that_came_with_a_clone_is_not_believed(root: Path) -> None:
    write(root / FOLDER, ask_for_weather())
    look(root)
    kept = root / ".recctl/cache/index"
    kept.write_bytes(kept.read_bytes().replace(b"What is the weather?", b"Delete everything !!"))
    assert look(root).entries[0].asked == "What is the weather?"


def test_nothing_is_kept_where_that_is_not_wanted(root: Path) -> None:
    write(root / FOLDER, ask_for_weather())
    assert len(look(root, is_kept=False).entries) == 1
    assert not (root / ".recctl").exists()


def test_an_entry_is_the_same_after_it_was_written_down(root: Path) -> None:
    write(root / FOLDER, ask_for_weather())
    write(root / FOLDER, ask_for_weather(), old_name(ask_for_weather()))
    for entry in look(root).entries:
        assert entry.facts.turn is not None
        written = entry.dump()
        restored = IndexEntry.restore(entry.facts.path, entry.location, written).restore_turn(written)
        assert restored.with_facts(restored.facts._replace(replaced_by=entry.facts.replaced_by)) == (
            entry.with_facts(entry.facts._replace(conflict=None))
        )


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(one=BODIES, other=BODIES)
def test_likeness_is_a_share_and_equal_for_equals(one: Any, other: Any) -> None:
    left, right = read_likeness(one), read_likeness(other)
    assert measure_likeness(left, left) == 1
    assert 0 <= measure_likeness(left, right) == measure_likeness(right, left) <= 1
    assert restore_likeness(left.dump()) == left


def test_a_word_more_leaves_two_long_texts_alike() -> None:
    text = " ".join(f"word{number}" for number in range(2000))
    one, more, other = (read_likeness({"input": each}) for each in (text, f"{text} more", "something else"))
    assert measure_likeness(one, more) > 0.4 > measure_likeness(one, other)
    assert Likeness() == restore_likeness(" ")
