"""What is hashed, told for every scheme: the text, its digest, the names."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given

from recctl.naming.engine import SCHEMES, explain, identify
from recctl.project import Place, Settings
from tests.builders import TEST_ID, read, record
from tests.unit.test_schemes import TABLE, http, inference, names_by, tool


def test_the_text_of_a_request_by_two_schemes() -> None:
    document = record({}, url="https://my.bedrock.example/v1/chat")
    document["request"]["body"] = {"stream_options": None, "a": [0.1234567, "é"]}
    recording = read(document)
    name = identify(recording, Place("", "x.json")).wanted
    assert name is not None
    explained = {item.scheme.name: item for item in explain(recording, Place("", name), Settings())}
    assert [*explained] == [scheme.name for scheme in SCHEMES if scheme.format == "ogx"]
    oldest, current = explained["ogx-2025-07"], explained["ogx-2026-04"]
    assert oldest.text == (
        '{"body": {"a": [0.1234567, "\\u00e9"], "stream_options": null}, '
        '"endpoint": "/v1/chat", "method": "POST"}'
    )
    assert (oldest.matches, [len(name) for name in oldest.names]) == (False, [17])
    assert current.text == (
        '{"body": {"a": [0.12346, "\\u00e9"]}, '
        f'"endpoint": "/v1/chat", "method": "POST", "test_id": "{TEST_ID}"}}'
    )
    assert (current.matches, current.names) == (True, (name,))


@given(inference() | http() | tool())
def test_a_digest_is_that_of_the_text(document: dict[str, Any]) -> None:
    recording = read(document)
    for explanation in explain(recording, Place("", "x.json"), Settings()):
        assert explanation.text is not None
        assert explanation.digest == hashlib.sha256(explanation.text.encode()).hexdigest()
        names = names_by(explanation.scheme.name, document)
        assert [*explanation.names] == names
        for name in names:
            again = explain(recording, Place("", name), Settings())
            assert again[SCHEMES.index(explanation.scheme)].matches
        assert not explanation.matches


def test_of_a_recording_that_cannot_be_judged_there_is_a_reason_for_each_scheme() -> None:
    recording = read({"request": {"url": "http://x/y", "body": {}}, "response": {}})
    explanations = explain(recording, Place("", "x.json"), Settings())
    assert {(item.text, item.names, item.unjudged) for item in explanations} == {
        (None, (), "the request has no method")
    }
    assert len(explanations) == len(TABLE)
