"""Nothing is lost: every value of every recorded reply is in its completion, or knowingly folded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import assemble
from tests.builders import chunk, delta, read, record, source
from tests.corpus.ledger import find_losses
from tests.corpus.values import find_missing
from tests.depth import take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.wire.completion import Completion


@pytest.mark.corpus
def test_nothing_of_any_real_recording_is_lost(shared: Path) -> None:
    paths = sorted(shared.glob("corpus/**/*.json"))
    losses = {}
    for path in take(paths, every=5):
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        losses[path.name] = find_losses(_read_reply(recording), assemble(recording))
    assert paths
    assert {name: lost for name, lost in losses.items() if lost} == {}


@pytest.mark.corpus
def test_every_value_of_any_public_cassette_is_told(shared: Path) -> None:
    """By all protocols, of all recorders whose files are read."""
    paths = sorted(path for path in shared.glob("foreign/**/*") if path.is_file())
    missing, exchanges = {}, 0
    paths = take(paths, every=5)
    for path in paths:
        for item in load(source(path.read_bytes(), path.name, path.parent.as_posix())):
            if isinstance(item, Recording):
                exchanges += 1
                missing[str(item.key)] = find_missing(item.body, assemble(item))
    assert exchanges > len(paths)
    assert {name: values for name, values in missing.items() if values} == {}


def _read_reply(recording: Recording) -> Any:
    """The body of a reply, or the exception that is in its place."""
    response = recording.response
    if not response.get("is_exception"):
        return recording.body
    return {"error": {"message": response["exception_message"], "data": response["exception_data"]}}


# The ledger itself: what it has to notice


def _call(index: int, call_id: str | None, arguments: str) -> dict[str, Any]:
    function = {"name": "now" if call_id else None, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function" if call_id else None, "function": function}


_CHAT: Any = [
    chunk(delta(role="assistant", content="Hel"), system_fingerprint="fp1"),
    chunk({**delta(content="lo"), "logprobs": {"content": [{"token": "lo"}]}}, system_fingerprint="fp2"),
    chunk({**delta(reasoning="Hm"), "logprobs": {"content": [{"token": "Hm"}]}}),
    chunk(delta(tool_calls=[_call(0, "c0", '{"a"'), _call(1, "c1", "{}")])),
    chunk(delta(tool_calls=[_call(0, None, ": 1}")])),
    chunk(delta(1, content="Hi", finish_reason="length")),
    chunk(delta(finish_reason="stop"), usage={"total_tokens": 9}),
]
_VECTORS: Any = {"data": [{"embedding": [0.5, 0.25]}], "model": "small"}
_MODELS: Any = [{"id": name, "object": "model", "owned_by": "us"} for name in "ab"]


_PICTURE: Any = [
    {
        "candidates": [
            {
                "content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "AAAA"}}]},
                "finish_reason": "STOP",
            }
        ]
    }
]


@pytest.mark.parametrize("body", [_CHAT, _VECTORS, _MODELS, _PICTURE])
def test_a_completion_that_has_everything_has_no_losses(body: Any) -> None:
    assert find_losses(body, assemble(read(record(body)))) == []


def _say(completion: Completion, **changes: Any) -> Completion:
    """The completion with another message in its first choice."""
    first, *others = completion.choices
    return completion._replace(choices=(replace(first, message=first.message._replace(**changes)), *others))


def _choose(completion: Completion, **changes: Any) -> Completion:
    """The completion with another first choice."""
    first, *others = completion.choices
    return completion._replace(choices=(replace(first, **changes), *others))


_DAMAGE: dict[str, Callable[[Completion], Completion]] = {
    "a key of its own": lambda whole: whole._replace(extra={}),
    "a value that was replaced later": lambda whole: whole._replace(extra={"system_fingerprint": "fp2"}),
    "the model": lambda whole: whole._replace(model=None),
    "the usage": lambda whole: whole._replace(usage=None),
    "a count": lambda whole: whole._replace(usage={"total_tokens": 8}),
    "the end of a text": lambda whole: _say(whole, content="Hel"),
    "the start of a text": lambda whole: _say(whole, content="lo"),
    "the order of a text": lambda whole: _say(whole, content="loHel"),
    "a text's channel": lambda whole: _say(whole, content="HelloHm", reasoning=None),
    "nothing, but a text has more": lambda whole: _say(whole, content="Hello!"),
    "the role": lambda whole: _say(whole, role=None),
    "a finish reason": lambda whole: _choose(whole, finish_reason="length"),
    "log probabilities": lambda whole: _choose(whole, logprobs={"content": [{"token": "lo"}]}),
    "the second choice": lambda whole: whole._replace(choices=whole.choices[:1]),
    "all calls": lambda whole: _say(whole, tool_calls=()),
    "the second call": lambda whole: _say(whole, tool_calls=whole.choices[0].message.tool_calls[:1]),
    "which call arguments are of": lambda whole: _say(
        whole,
        tool_calls=tuple(
            call._replace(arguments=other.arguments)
            for call, other in zip(
                whole.choices[0].message.tool_calls, whole.choices[0].message.tool_calls[::-1], strict=True
            )
        ),
    ),
}


@pytest.mark.parametrize("damage", _DAMAGE.values(), ids=_DAMAGE)
def test_what_a_completion_loses_is_noticed(damage: Callable[[Completion], Completion]) -> None:
    assert find_losses(_CHAT, damage(assemble(read(record(_CHAT))))) != []


@pytest.mark.parametrize("change", [{"dimension": 3}, {"vectors": [{"first": [0.25]}]}, {"vectors": []}])
def test_a_vector_that_is_told_wrongly_is_noticed(change: dict[str, Any]) -> None:
    whole = assemble(read(record(_VECTORS)))
    assert find_losses(_VECTORS, whole._replace(extra={**whole.extra, **change})) != []


def test_a_picture_that_is_told_wrongly_is_noticed() -> None:
    whole = assemble(read(record(_PICTURE)))
    parts = [{"inline_data": {"mime_type": "image/png", "size": 4}}]
    assert find_losses(_PICTURE, whole._replace(extra={"choices": {"0": {"parts": parts}}})) != []


@pytest.mark.parametrize("change", [{"ids": ["a"]}, {"models": {"a": {"owned_by": "us"}}}])
def test_a_model_that_is_left_out_is_noticed(change: dict[str, Any]) -> None:
    whole = assemble(read(record(_MODELS)))
    assert find_losses(_MODELS, whole._replace(extra={**whole.extra, **change})) != []


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (
            {"id": "batch_1", "object": "batch", "status": "completed", "request_counts": {"total": 12}},
            "status",
        ),
        ({"id": "batch_1", "object": "batch", "request_counts": {"total": 12}}, "request_counts"),
        ({"jsonrpc": "2.0", "result": {"tools": [{"name": "now", "inputSchema": {"a": "bc"}}]}}, "result"),
        ({"text": "Hello", "language": "english", "duration": 6.25}, "language"),
    ],
)
def test_a_value_that_is_not_told_is_noticed(body: Any, key: str) -> None:
    completion = assemble(read(record(body)))
    assert find_missing(body, completion) == []
    kept = {name: value for name, value in completion.extra.items() if name != key}
    missing = find_missing(body, completion._replace(extra=kept))
    assert {pointer.split("/")[1] for pointer in missing} == {key}
