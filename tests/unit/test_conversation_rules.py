"""The rules on calls that requests repeat, and their answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.checks.run import validate
from recctl.input.sources import select
from recctl.project import Project, Settings
from tests.builders import chunk, delta
from tests.names import ask, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "tests/integration/inference/recordings"
RULES = ("answered-twice", "unanswerable")


def call(call_id: str | None) -> dict[str, Any]:
    function = {"name": "f", "arguments": "{}"}
    return {"index": 0, "id": call_id, "type": "function", "function": function}


def calling(call_id: str | None, text: str = "Q") -> dict[str, Any]:
    """A recording whose reply makes a call."""
    document = ask(text)
    made = delta(tool_calls=[call(call_id)], finish_reason="tool_calls")
    document["response"]["body"] = [chunk(made)]
    return document


def repeating(call_id: str, answers: int = 1, text: str = "Q", **fields: Any) -> dict[str, Any]:
    """A recording whose request repeats a call, with so many answers."""
    document = ask(text, **fields)
    document["request"]["body"]["messages"] += [
        {"role": "assistant", "tool_calls": [call(call_id)]},
        *({"role": "tool", "tool_call_id": call_id, "content": str(number)} for number in range(answers)),
    ]
    return document


def look(root: Path, *paths: str, scheme: str | None = "ogx-2026-04") -> list[tuple[str, str, str]]:
    project = Project(root, settings=Settings(scheme=scheme, select=RULES))
    found = validate(project, select(project, paths or (".",)), jobs=1).findings
    return [(finding.rule, finding.path.rpartition("/")[2], finding.message) for finding in found]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_second_answer_to_a_call_is_told(root: Path) -> None:
    write(root / FOLDER, calling("1"))
    path = write(root / FOLDER, repeating("1", answers=2))
    assert look(root) == [("answered-twice", path.name, "2 results of tools answer the call '1'")]


def test_calls_that_share_an_id_may_have_an_answer_each(root: Path) -> None:
    write(root / FOLDER, calling("1"))
    document = repeating("1", answers=2)
    document["request"]["body"]["messages"][1]["tool_calls"] *= 2
    write(root / FOLDER, document)
    assert look(root) == []


@pytest.mark.parametrize("scheme", ["ogx-2026-04", None])
def test_a_request_that_repeats_what_no_recording_of_its_test_says_is_told(
    root: Path, scheme: str | None
) -> None:
    write(root / FOLDER, calling("1"))
    write(root / FOLDER, calling("2") | {"test_id": "tests/integration/inference/test_chat.py::test_other"})
    write(root / FOLDER, repeating("1"))
    path = write(root / FOLDER, repeating("2"))
    message = "the request repeats the call '2', which no recording of its test makes"
    assert look(root, scheme=scheme) == [("unanswerable", path.name, message)]
    named = f"{FOLDER}/{path.name}"
    assert look(root, named, scheme=scheme) == [("unanswerable", path.name, message)]


def test_a_named_file_is_judged_by_those_beside_it(root: Path) -> None:
    write(root / FOLDER, calling("1"))
    path = write(root / FOLDER, repeating("1"))
    assert look(root, f"{FOLDER}/{path.name}") == []


def test_what_the_recorder_does_not_find_is_not_judged(root: Path) -> None:
    write(root / FOLDER, calling("1"))
    document = repeating("2")
    write(root / FOLDER, document, old_name(document))
    assert look(root) == []


def test_where_calls_have_no_ids_clients_make_them_up(root: Path) -> None:
    write(root / FOLDER, calling(None))
    write(root / FOLDER, repeating("call_0"))
    assert look(root) == []


@pytest.mark.parametrize(("code", "is_told"), [(None, False), ('ID = "call_7"', False), ("ID = 7", True)])
def test_a_conversation_that_the_test_itself_begins_with_is_none_of_a_model(
    root: Path, code: str | None, is_told: bool
) -> None:
    write(root / FOLDER, repeating("call_7"))
    if code is not None:
        (root / FOLDER).with_name("test_chat.py").write_text(code)
    assert [rule for rule, *_ in look(root)] == ["unanswerable"] * is_told


def test_calls_are_known_again_without_reading(root: Path) -> None:
    from recctl.naming.facts import Calls, Facts
    from recctl.naming.survey import find_facts
    from tests.builders import read

    facts = find_facts(read(ask("Q")), root)._replace(calls=Calls(("1",), ("2", "3"), makes_nameless=True))
    assert Facts.restore(facts.path, json.loads(json.dumps(facts.dump()))) == facts
