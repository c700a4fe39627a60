"""Where recordings stand: found, left behind, replaced, in each other's way."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from recctl.input.sources import select
from recctl.naming.engine import CURRENT, get_scheme, identify
from recctl.naming.facts import Facts, NameStatus
from recctl.naming.folders import find_expected_folder
from recctl.naming.history import Past, find_pasts
from recctl.naming.survey import survey
from recctl.naming.turns import find_turn, read_question
from recctl.project import Place, Project, Rename, Settings
from recctl.project.schemes import RELEASED, Changes, Scheme, Substitution
from recctl.recordings.formats.ogx import serialise
from tests.builders import read
from tests.names import AGAIN, ask, current_name, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.naming.survey import Survey

SCHEME = "ogx-2026-04"
FOLDER = "tests/integration/inference/recordings"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def look(root: Path, *paths: str, scheme: str | None = SCHEME, **settings: Any) -> Survey:
    project = Project(root, settings=Settings(scheme=scheme, **settings))
    return survey(project, select(project, paths or (".",)))


def survey_one(root: Path, path: Path, **settings: Any) -> Facts:
    (facts,) = look(root, path.relative_to(root).as_posix(), **settings).all_facts
    return facts


def test_a_recording_that_its_recorder_finds_is_current(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    facts = survey_one(root, path)
    assert (facts.status, facts.destination, facts.is_held) == (NameStatus.CURRENT, path, True)


def test_a_recording_with_an_older_name_is_stranded_until_one_of_its_turn_is_found(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    assert survey_one(root, old).status is NameStatus.OUTDATED
    assert survey_one(root, old).is_stranded
    again = write(root / FOLDER, ask("Hello", body=AGAIN))
    facts = survey_one(root, old)
    assert facts.replaced_by == again.relative_to(root).as_posix()
    assert not facts.is_stranded


@pytest.mark.parametrize(("field", "value"), [("model", "large"), ("endpoint", "/v1/completions")])
def test_another_model_or_endpoint_makes_another_turn(root: Path, field: str, value: str) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    again = ask("Hello, again")
    again["request"][field] = value
    write(root / FOLDER, again)
    assert survey_one(root, old).is_stranded


def test_another_test_takes_no_turn_over(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    write(root / FOLDER, ask("Hello", test_id="tests/integration/inference/test_chat.py::test_other"))
    assert survey_one(root, old).is_stranded


def test_without_a_test_there_is_no_turn_and_nothing_is_replaced(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello", test_id=None), old_name(ask("Hello")))
    write(root / FOLDER, ask("Hello, again", test_id=None))
    assert survey_one(root, old).replaced_by is None


def test_recordings_that_want_one_name_name_each_other(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    other = write(root / FOLDER, ask("Hello"), f"{'0' * 64}.json")
    apart = write(root / FOLDER, ask("Bye"))
    found = {facts.location: facts.conflicts_with for facts in look(root).all_facts}
    assert found == {
        old: (other.relative_to(root).as_posix(),),
        other: (old.relative_to(root).as_posix(),),
        apart: (),
    }


def test_what_cannot_be_read_is_told_apart_from_what_is_no_recording(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    (root / FOLDER / "x.json").write_text("{")
    found = look(root, ".", "gone.json")
    assert [type(error).__name__ for error in found.errors] == ["Unread", "LoadError"]
    assert len(found.all_facts) == 1


def test_a_request_of_no_known_kind_is_not_judged(root: Path) -> None:
    path = write(root / FOLDER, {**ask("Hello"), "request": {"file_id": "1"}}, f"{'0' * 64}.json")
    facts = survey_one(root, path)
    assert (facts.status, facts.destination) == (NameStatus.NOT_APPLICABLE, None)


def test_an_unexplained_name_comes_with_its_likely_cause(root: Path) -> None:
    before = ask("Hello", test_id="tests/llama_stack/test_x.py::test_y")
    after = ask("Hello", test_id="tests/ogx/test_x.py::test_y")
    path = write(root / "tests/ogx/recordings", after, current_name(before))
    assert survey_one(root, path).cause is None
    facts = survey_one(root, path, renames=(Rename("llama_stack", "ogx"),))
    assert facts.status is NameStatus.UNEXPLAINED
    assert facts.cause is not None
    assert "llama_stack became ogx" in facts.cause


def test_without_a_scheme_the_newest_is_taken_and_nobody_is_held_to_it(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    facts = survey_one(root, old, scheme=None)
    assert (facts.scheme, facts.is_held, facts.status) == (CURRENT.name, False, NameStatus.OUTDATED)


TEST = "tests/integration/inference/test_chat.py::test_reply"


@pytest.mark.parametrize(
    ("folder", "test_id", "was", "home"),
    [
        ("tests/integration/inference/recordings", TEST, TEST, "tests/integration/inference/recordings"),
        ("tests/integration/recordings/responses", TEST, TEST, "tests/integration/inference/recordings"),
        ("sub/tests/integration/agents/recordings", TEST, TEST, "sub/tests/integration/inference/recordings"),
        ("tests/tests/integration/recordings", TEST, TEST, "tests/tests/integration/inference/recordings"),
        ("elsewhere", TEST, TEST, "elsewhere"),
        ("tests/recordings", "no test", TEST, "tests/recordings"),
        ("tests/integration/inference/recordings", "checks/x/test_y.py::t", TEST, "checks/x/recordings"),
        ("tests/integration/recordings/responses", None, None, "tests/integration/common/recordings"),
        ("tests/integration/recordings/vision/responses", None, None, "tests/integration/common/recordings"),
        ("tests/integration/inference/recordings", None, None, "tests/integration/inference/recordings"),
        ("responses", None, None, "responses"),
        ("tests/integration/inference/recordings", "../../x/test_y.py::t", TEST, None),
    ],
)
def test_where_a_recorder_looks(folder: str, test_id: str | None, was: str | None, home: str | None) -> None:
    root = "/here/tests/root"  # what the root itself lies in does not matter
    assert (
        find_expected_folder(f"{root}/{folder}", Path(root), CURRENT, test_id, was)
        == f"{root}/{home or folder}"
    )


def test_the_first_recorder_keeps_to_its_folder() -> None:
    first = get_scheme("ogx-2025-07")
    assert first is not None
    folder = "/project/tests/recordings/responses"
    assert find_expected_folder(folder, Path("/project"), first, None, None) == folder


# --- turns --------------------------------------------------------------------------------------------------


def ask_with(messages: list[Any] | None = None, **body: Any) -> dict[str, Any]:
    """A recorded request with these messages, or with whatever the body holds."""
    document = ask("")
    document["request"]["body"] = {"model": "small", **({"messages": messages} if messages else {}), **body}
    return document


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


CALL = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}


def answer(text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": "1", "content": text}


def replaces(root: Path, one: dict[str, Any], other: dict[str, Any], **settings: Any) -> bool:
    """Whether a recording that is found takes the place of one with a name of 2025."""
    old = write(root / FOLDER, one, old_name(one))
    name = identify(read(other), Place("", ""), CURRENT).wanted
    write(root / FOLDER, {**other, "id_normalization_mapping": {"x": "y"}}, name)
    found = survey_one(root, old, **settings)
    assert found.status is NameStatus.OUTDATED
    return found.replaced_by is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([user("Which is best? score: 0.912345")], [user("Name a planet.")]),
        ([user("A.")], [user("A. B.")]),
        ([user("Q"), CALL, answer("x"), user("A")], [user("Q"), CALL, answer("x"), user("B")]),
        ([user("A"), CALL, answer("x")], [user("B"), CALL, answer("x")]),
        (
            [user([{"type": "image_url", "image_url": "a"}])],
            [user([{"type": "image_url", "image_url": "b"}])],
        ),
        ([{"role": "system", "content": "A"}], [{"role": "system", "content": "B"}]),
        (
            [{"role": "system", "content": "Say it in French."}, user("Q")],
            [{"role": "system", "content": "Say it in German."}, user("Q")],
        ),
    ],
)
def test_another_question_makes_another_turn(root: Path, one: Any, other: Any) -> None:
    assert not replaces(root, ask_with(one), ask_with(other))
    assert not replaces(root, ask_with(contents=one), ask_with(contents=other))
    assert not replaces(root, ask_with(input=one), ask_with(input=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"input": "A"}, {"input": "B"}),
        ({"input": ["A"]}, {"input": ["A", "B"]}),
        ({"prompt": "A"}, {"prompt": "A B"}),
        ({"query": "A", "documents": ["x"]}, {"query": "A", "documents": ["y"]}),
        ({"contents": "A"}, {"contents": "B"}),
        ({"contents": [{"parts": [{"text": "A"}]}]}, {"contents": [{"parts": [{"text": "B"}]}]}),
        ({"input": [{"type": "text", "text": "A"}]}, {"input": [{"type": "text", "text": "B"}]}),
    ],
)
def test_requests_without_messages_ask_something_as_well(root: Path, one: Any, other: Any) -> None:
    assert not replaces(root, ask_with(**one, seed=1), ask_with(**other, seed=2))
    assert replaces(root, ask_with(**one, temperature=1), ask_with(**one, temperature=2)) is (
        "query" not in one
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([user("Q score: 0.91")], [user("Q score: 0.92")]),
        ([user("at 0.123456789")], [user("at 0.123456781")]),
        ([user("see <|0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a|>")], [user("see <|__NORMALIZED__|>")]),
        ([user("Q")], [user([{"type": "text", "text": "Q"}])]),
        ([user("Q"), CALL, answer("found 2 chunks")], [user("Q"), CALL, answer("found 3 chunks")]),
        (
            [{"role": "system", "content": "Be kind. score: 1"}, user("Q")],
            [{"role": "system", "content": "Be kind. score: 2"}, user("Q")],
        ),
    ],
)
def test_what_the_scheme_makes_equal_and_what_tools_answer_make_no_other_turn(
    root: Path, one: Any, other: Any
) -> None:
    assert replaces(root, ask_with(one, seed=1), ask_with(other, seed=2))


@pytest.mark.parametrize(
    "make",
    [
        lambda text: {"url": "http://x", "method": "POST", "payload": {"messages": [user(text)]}},
        lambda text: {"url": "http://x", "method": "POST", "payload": {"input": text}},
        lambda text: {
            "url": "http://x",
            "method": "POST",
            "payload": {"contents": [{"parts": [{"text": text}]}]},
        },
        lambda text: {"provider": "x", "tool_name": "search", "kwargs": {"query": text}},
        lambda text: {"url": "http://x", "method": "POST", "body": [text]},
        lambda text: {"api": "file_processors", "file_id": text},
    ],
)
def test_requests_of_every_kind_ask_something(make: Callable[[str], dict[str, Any]]) -> None:
    one, same, other = (
        find_turn(read({**ask(""), "request": make(text)}), CURRENT, None) for text in ("A", "A", "A B")
    )
    assert one == same
    assert one != other


def test_what_another_scheme_makes_equal_is_not_equal() -> None:
    own = Scheme("acme", CURRENT.forms, changes=Changes((Substitution("[0-9]", "0"),)), within=("endpoint",))
    one, other = (read(ask_with([user(text)])) for text in ("1", "2"))
    assert find_turn(one, own, None) != find_turn(other, own, None)
    everywhere = own._replace(within=())
    assert find_turn(one, everywhere, None) == find_turn(other, everywhere, None)


@pytest.mark.parametrize("key", ["system", "instructions", "system_instruction", "systemInstruction"])
def test_instructions_beside_the_messages_are_part_of_the_turn(root: Path, key: str) -> None:
    def instruct(language: str, **body: Any) -> dict[str, Any]:
        document = ask_with([user("Q")], **{key: f"Say it in {language}.", **body})
        document["request"]["url"] = "http://localhost:8000/gateway"  # which may speak any protocol
        return document

    assert not replaces(root, instruct("French"), instruct("German"))
    assert replaces(root, instruct("English", seed=1), instruct("English", seed=2))


def test_answers_of_tools_and_instructions_are_not_asked() -> None:
    asked = [
        {"role": "system", "content": "Be kind."},
        user("Q"),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
        user([{"type": "tool_result", "tool_use_id": "1", "content": "x"}]),
    ]
    question = read_question(read(ask_with(asked)))
    assert question.roles == ("system", "user", "assistant", "tool")
    assert question.asked == [["Q"]]
    assert question.instructed == [["Be kind."]]
    assert question.answered == [{"type": "tool_result", "tool_use_id": "1", "content": "x"}]
    items = [
        {"type": "message", "role": "user", "content": "Q"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "x"},
    ]
    question = read_question(read(ask_with(input=items)))
    assert question.roles == ("user", "function_call", "function_call_output")
    assert question.asked == [["Q"]]


def test_lists_of_models_replace_each_other_only_where_they_are_the_same(root: Path) -> None:
    document = ask("")
    model = {"__type__": "openai.types.model.Model", "__data__": {"id": "small"}}
    document["request"].update(url="http://x/v1/v1/models", body={}, endpoint="/v1/models", model="")
    document["response"] = {"body": [model], "is_streaming": False}
    old = identify(read(document), Place("", ""), RELEASED[0]).wanted
    path = write(root / FOLDER, document, old)
    more = deepcopy(document)
    more["response"]["body"].append({**model, "__data__": {"id": "large"}})
    write(root / FOLDER, more, identify(read(more), Place("", ""), CURRENT).wanted)
    assert survey_one(root, path).is_stranded
    write(root / FOLDER, document, identify(read(document), Place("", ""), CURRENT).wanted)
    assert not survey_one(root, path).is_stranded


# --- other schemes ------------------------------------------------------------------------------------------


def test_a_name_that_only_a_newer_scheme_gives_is_ahead(root: Path) -> None:
    document = ask_with([user("score: 0.5")])
    new = write(root / FOLDER, document, identify(read(document), Place("", ""), CURRENT).wanted)
    facts = survey_one(root, new, scheme="ogx-2026-03")
    assert (facts.status, facts.is_stranded, facts.has_right_name) == (
        NameStatus.AHEAD,
        False,
        False,
    )
    assert survey_one(root, new).status is NameStatus.CURRENT


def test_what_lacks_the_id_of_its_test_may_be_found_or_not(root: Path) -> None:
    document = ask("Hello")
    path = write(
        root / FOLDER, {key: document[key] for key in ("request", "response")}, current_name(document)
    )
    assert survey_one(root, path).has_right_name is None
    assert survey_one(root, path, scheme=None).has_right_name is None
    wrong = write(root / FOLDER, document, f"{'0' * 64}.json")
    assert survey_one(root, wrong).has_right_name is False


def test_facts_come_back_from_json_as_they_were(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    facts = survey_one(root, path)
    assert Facts.restore(facts.path, orjson.loads(orjson.dumps(facts.dump()))) == facts


# --- what was found before ----------------------------------------------------------------------------------


def find_past(root: Path, path: Path) -> Past | None:
    project = Project(root, settings=Settings(scheme=SCHEME))
    all_facts = survey(project, select(project, ["."])).all_facts
    unexplained = [facts for facts in all_facts if facts.status is NameStatus.UNEXPLAINED]
    return find_pasts(project, unexplained).get(path.relative_to(root).as_posix())


def test_git_tells_which_commit_edited_or_renamed_what_was_found(root: Path, git: Callable[..., str]) -> None:
    never = write(root / FOLDER, ask("Never"), f"{'1' * 64}.json")
    edited, renamed = write(root / FOLDER, ask("1")), write(root / FOLDER, ask("2"))
    git("add", ".")
    git("commit", "-qm", "1")
    assert find_past(root, edited) is None
    edited.write_bytes(serialise(ask("1!")))
    assert find_past(root, edited) == Past(None)
    new = renamed.rename(root / FOLDER / f"{'2' * 64}.json")
    git("add", ".")
    old_path = renamed.relative_to(root).as_posix()
    assert find_past(root, new) == Past(None, old_path)
    git("commit", "-qm", "2")
    head = git("rev-parse", "HEAD").strip()
    edited.write_bytes(serialise(ask("1!!")))
    git("commit", "-qam", "3")
    assert find_past(root, edited) == Past(head), "the commit that took the name away, not the last one"
    assert find_past(root, new) == Past(head, old_path)
    assert find_past(root, never) is None
    assert Past(head, old_path).describe(new.name) == f"commit {head[:12]} renamed it from {renamed.name}"
    assert Past(None).describe("x") == "a change that is not committed edited it"


def test_without_git_nothing_is_known_of_the_past(root: Path) -> None:
    assert find_past(root, write(root / FOLDER, ask("1"), f"{'1' * 64}.json")) is None
