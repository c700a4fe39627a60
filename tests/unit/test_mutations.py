"""Break one thing at a time in a sound recording, and the right rule says so; unbroken ones are silent."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recctl.checks.run import validate
from recctl.input.sources import select
from recctl.project import Project, Settings
from recctl.recordings.formats.ogx import serialise

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/good/tests/inference/recordings"


def load_example(test: str) -> tuple[str, Any]:
    """The good example that a test of this name recorded, and its file's name."""
    for path in EXAMPLES.glob("*.json"):
        document = json.loads(path.read_bytes())
        if (document["test_id"] or "").endswith(f"::{test}"):
            return path.name, document
    raise LookupError(test)


def check(folder: Path, name: str, content: bytes) -> set[str]:
    """The rules that a file breaks, notes left out."""
    path = folder / "tests/inference/recordings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    project = Project(folder, settings=Settings(scheme="ogx-2026-04"))
    report = validate(project, select(project, [str(folder)]))
    return {finding.rule for finding in report.findings}


def chunks(document: Any) -> list[Any]:
    body: list[Any] = document["response"]["body"]
    return body


def choice(document: Any, number: int) -> Any:
    return chunks(document)[number]["__data__"]["choices"][0]


def cut_the_stream(document: Any) -> None:
    del chunks(document)[2:]


def drop_the_finish_reason(document: Any) -> None:
    for chunk in chunks(document):
        for one in chunk["__data__"]["choices"]:
            one["finish_reason"] = None


def empty_the_stream(document: Any) -> None:
    chunks(document).clear()


def move_the_finish_forward(document: Any) -> None:
    choice(document, 0)["finish_reason"] = "stop"


def put_an_error_into_the_stream(document: Any) -> None:
    chunks(document)[2:] = [{"error": {"message": "overloaded"}}]


def mix_two_replies(document: Any) -> None:
    other = copy.deepcopy(chunks(document)[0])
    other["__data__"]["id"] = "rec-ffffffffffff"
    chunks(document).insert(2, other)


def flip_is_streaming(document: Any) -> None:
    document["response"]["is_streaming"] = not document["response"]["is_streaming"]


def store_one_chunk_for_the_stream(document: Any) -> None:
    document["response"]["body"] = chunks(document)[0]


def make_content_a_number(document: Any) -> None:
    choice(document, 0)["delta"]["content"] = 5


def make_choices_text(document: Any) -> None:
    chunks(document)[0]["__data__"]["choices"] = "none"


def make_the_url_a_list(document: Any) -> None:
    document["request"]["url"] = ["http://localhost"]


def restore_a_time(document: Any) -> None:
    chunks(document)[0]["__data__"]["created"] = 1754088894


def rename_the_test(document: Any) -> None:
    document["test_id"] = document["test_id"].replace("test_reply", "test_answer")


def change_the_model(document: Any) -> None:
    document["request"]["body"]["model"] = "large"


def move_the_test(document: Any) -> None:
    document["test_id"] = document["test_id"].replace("tests/inference", "tests/agents")


def lose_the_request(document: Any) -> None:
    del document["request"]


def lose_the_response(document: Any) -> None:
    del document["response"]


def garble_the_arguments(document: Any) -> None:
    choice(document, 1)["delta"]["tool_calls"][0]["function"]["arguments"] = '{"location": Ber'


def drop_a_fragment_of_the_arguments(document: Any) -> None:
    del chunks(document)[2]


def rename_the_called_tool(document: Any) -> None:
    choice(document, 0)["delta"]["tool_calls"][0]["function"]["name"] = "get_whether"


def use_an_unknown_unit(document: Any) -> None:
    function = choice(document, 2)["delta"]["tool_calls"][0]["function"]
    function["arguments"] = function["arguments"].replace("celsius", "kelvin")


def split_a_key_over_three_chunks(document: Any) -> None:
    parts = ("sk-", "proj-", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d", "T3BlbkFJ", "k5Lm7Np9Qr1St3Uv5Wx7Yz")
    key = "".join(parts)
    for number, part in enumerate((key[:10], key[10:30], key[30:])):
        choice(document, number)["delta"]["content"] = part


def answer_another_call(document: Any) -> None:
    document["request"]["body"]["messages"][2]["tool_call_id"] = "call_weather_9"


def say_nothing(document: Any) -> None:
    document["response"]["body"]["__data__"]["choices"][0]["message"]["content"] = ""


def miscount(document: Any) -> None:
    document["response"]["body"]["__data__"]["usage"]["total_tokens"] += 1


STREAM, CALL, RESULT = (
    "test_reply[stream=True]",
    "test_tool_call[stream=True]",
    "test_tool_result[stream=False]",
)
BROKEN: list[tuple[str, Callable[[Any], None], set[str]]] = [
    (STREAM, cut_the_stream, {"incomplete-stream"}),
    (STREAM, drop_the_finish_reason, {"incomplete-stream"}),
    (STREAM, empty_the_stream, {"incomplete-stream"}),
    (STREAM, move_the_finish_forward, {"chunk-after-finish"}),
    (STREAM, put_an_error_into_the_stream, {"stream-error"}),
    (STREAM, mix_two_replies, {"mixed-ids", "volatile-field"}),
    (STREAM, flip_is_streaming, {"stream-mismatch"}),
    (RESULT, flip_is_streaming, {"stream-mismatch"}),
    (STREAM, store_one_chunk_for_the_stream, {"stream-mismatch"}),
    (STREAM, make_content_a_number, {"schema"}),
    (STREAM, make_choices_text, {"schema"}),
    (STREAM, make_the_url_a_list, {"schema", "unexplained-hash"}),
    (STREAM, restore_a_time, {"volatile-field"}),
    (STREAM, rename_the_test, {"unexplained-hash"}),
    (STREAM, change_the_model, {"unexplained-hash"}),
    (STREAM, move_the_test, {"unexplained-hash", "misplaced"}),
    (STREAM, lose_the_request, {"not-a-recording"}),
    (STREAM, lose_the_response, {"not-a-recording"}),
    (CALL, garble_the_arguments, {"tool-arguments-json"}),
    (CALL, drop_a_fragment_of_the_arguments, {"tool-arguments-json"}),
    (CALL, rename_the_called_tool, {"unknown-tool"}),
    (CALL, use_an_unknown_unit, {"tool-arguments-schema"}),
    (STREAM, split_a_key_over_three_chunks, {"secret"}),
    (RESULT, answer_another_call, {"dangling-tool-result", "unexplained-hash"}),
    (RESULT, say_nothing, {"empty-response"}),
    (RESULT, miscount, {"usage-mismatch"}),
]


@pytest.mark.parametrize(
    ("test", "mutate", "rules"), BROKEN, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_broken_recording_breaks_its_rule(
    tmp_path: Path, test: str, mutate: Callable[[Any], None], rules: set[str]
) -> None:
    name, document = load_example(test)
    assert check(tmp_path / "sound", name, serialise(document)) == set()
    mutated = copy.deepcopy(document)
    mutate(mutated)
    assert check(tmp_path / "broken", name, serialise(mutated)) == rules


def indent_otherwise(content: bytes) -> bytes:
    return json.dumps(json.loads(content), indent=4).encode()


def write_beyond_ascii(content: bytes) -> bytes:
    return content.replace(b"Mercury", "Mercur\u00fd".encode())


BROKEN_BYTES: list[tuple[Callable[[bytes], bytes], str]] = [
    (indent_otherwise, "formatting"),
    (lambda content: content.rstrip(), "formatting"),
    (lambda content: content.replace(b"\n", b"\r\n"), "formatting"),
    (write_beyond_ascii, "formatting"),
    (
        lambda content: content.replace(b'"is_streaming"', b'"body": null,\n    "is_streaming"'),
        "duplicate-key",
    ),
    (lambda content: content[: len(content) // 2], "invalid-json"),
    (lambda content: content.decode().encode("utf-16"), "invalid-json"),
    (lambda content: b"\xef\xbb\xbf" + content, "invalid-json"),
    (lambda content: b"<<<<<<< HEAD\n" + content, "invalid-json"),
    (lambda content: content.replace(b'"created": 0', b'"created": NaN', 1), "invalid-json"),
    (lambda _: b"", "invalid-json"),
]


@pytest.mark.parametrize(("break_bytes", "rule"), BROKEN_BYTES)
def test_broken_bytes_break_their_rule(
    tmp_path: Path, break_bytes: Callable[[bytes], bytes], rule: str
) -> None:
    name, document = load_example(STREAM)
    assert rule in check(tmp_path, name, break_bytes(serialise(document)))


def test_swapped_names_break_both(tmp_path: Path) -> None:
    (one, first), (other, second) = load_example(STREAM), load_example(CALL)
    assert check(tmp_path / "one", one, serialise(second)) >= {"unexplained-hash"}
    assert check(tmp_path / "other", other, serialise(first)) >= {"unexplained-hash"}
