"""What is made to be shared: no secret in it, wherever it was recorded."""

from __future__ import annotations

import hashlib
import json
import string
from typing import Any

import pytest

from recctl.checks.secret import mask_secrets
from recctl.diff import Comparison, compare_recordings
from recctl.project import SecretSettings, Settings
from recctl.render.comparison import ComparisonView
from recctl.render.comparison import find_renderer as find_comparison
from recctl.render.conversation import ConversationView, find_renderer
from recctl.render.kit.masking import mask_texts
from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record


def mask(text: str) -> str:
    return mask_secrets(text, SecretSettings())


def draw(length: int) -> str:
    """Characters as if drawn by lot, but always the same ones."""
    lots = hashlib.shake_256(b"1").digest(length)
    return "".join((string.ascii_letters + string.digits)[lot % 62] for lot in lots)


SECRETS = [
    "ya" + "29." + draw(60),
    "SG" + "." + draw(22) + "." + draw(43),
    "sk" + "-proj-" + draw(40),
    "http://robot:" + draw(12) + "&b;@db.internal/x",
]
PASSAGES = [draw(60)[:12], draw(12)]
"""What each of them has in common with one of these."""


def hide_everywhere(secret: str) -> dict[str, Any]:
    """A recording with a secret in every place that a renderer may show."""
    call = {"index": 0, "id": secret, "type": secret, "function": {"name": secret, "arguments": secret}}
    told = {
        "index": 1,
        "id": "1",
        "function": {"name": "log_in", "arguments": json.dumps({secret: [secret]})},
    }
    document = record(
        [
            chunk(
                delta(role=secret, content=secret, reasoning=secret, refusal=secret, tool_calls=[call, told]),
                model=secret,
                id=secret,
            ),
            chunk(delta(1, role="assistant", annotations=[{"type": secret, secret: secret}])),
            chunk(delta(finish_reason=secret), usage={secret: secret}),
            {"error": {"message": secret, secret: 1}},
        ],
        model=secret,
    )
    message = {"role": secret, "name": secret, "tool_call_id": secret, "content": secret, secret: secret}
    part = {"role": "user", "content": [{"type": secret, secret: {"api_key": secret}}]}
    tools = [{"type": "function", "function": {"name": secret}}, {"type": secret}]
    body = {
        "model": secret,
        "messages": [message, part],
        "tools": tools,
        secret: secret,
        "stop": [secret] * 9,
    }
    document["request"]["body"] = body
    return {**document, "test_id": f"tests/test_x.py::test[{secret}]"}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_place_of_an_exchange_shows_a_secret_in_markdown(secret: str) -> None:
    recording = read(hide_everywhere(secret), name="x.json" if "/" in secret else f"{secret}.json")
    text = "".join(find_renderer("markdown")([read_exchange(recording)], ConversationView(mask=mask)))
    assert text.count("characters") > 20
    assert not any(passage in text for passage in PASSAGES)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_place_of_a_comparison_shows_a_secret_in_markdown(secret: str) -> None:
    plain = record([chunk(delta(content="Hello", finish_reason="stop"))])
    sides = [read(document) for document in (plain, hide_everywhere(secret))]
    for left, right in (sides, sides[::-1]):
        pair = compare_recordings(left, right, settings=Settings(), keep_noise=True)
        text = "".join(find_comparison("markdown")(Comparison((pair,), 0, ()), ComparisonView(mask=mask)))
        assert text.count("characters") > 5
        assert not any(passage in text for passage in PASSAGES)


def test_a_value_is_masked_as_what_its_key_names() -> None:
    value = {"api_key": draw(40), "plain": draw(40), "list": (draw(5),)}
    assert mask_texts(value, mask) == {**value, "api_key": f"{draw(4)}…[40 characters]"}


def test_of_keys_that_look_alike_none_is_lost() -> None:
    keys = ["sk" + "-proj-" + draw(40), "sk" + "-proj-" + draw(41)[1:]]
    masked = mask_texts(dict.fromkeys(keys, 1), mask)
    assert [*masked] == ["sk-p…[48 characters]", "sk-p…[48 characters]\u2032"]
