"""Values that are redacted, however they are spelled; and which were not found or can't be masked."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.base.pointer import escape_pointer
from recctl.rehash.edits import Edits, edit
from recctl.rehash.redaction import Redaction
from recctl.wire import assemble
from tests.builders import chunk, delta, read, record
from tests.names import ask

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "proj-7Ab3-0042"  # noqa: S105  (of nobody)
QUOTED = "pa\"ss\\wörd/7&é~ \t's"
MASKED = "xx\"xx\\xxxx/9&x~ \t'x"


def redact(document: dict[str, Any], *values: str) -> dict[str, Any]:
    return edit(read(document), Edits(redaction=Redaction(values)), set())


def stream(*pieces: str) -> dict[str, Any]:
    return record([*(chunk(delta(content=piece)) for piece in pieces), chunk(delta(finish_reason="stop"))])


def quote_in_json(text: str) -> str:
    return json.dumps({"a": text})


def escape_slashes(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


@pytest.mark.parametrize("times", range(5))
@pytest.mark.parametrize(
    "spell",
    [
        quote_in_json,
        lambda text: json.dumps([text], ensure_ascii=False),
        escape_slashes,
        quote,
        quote_plus,
        lambda text: quote(text, safe=""),
        html.escape,
        escape_pointer,
        lambda text: quote_plus(json.dumps(text)),
    ],
)
def test_a_value_is_masked_however_often_it_is_quoted(spell: Callable[[str], str], times: int) -> None:
    text = QUOTED
    for _ in range(times):
        text = spell(text)
    masks = Redaction([QUOTED])
    hidden = edit(read(ask(f"It is {text}!")), Edits(redaction=masks), set())
    assert not masks.is_left_in(read(hidden))
    assert "rd" not in hidden["request"]["body"]["messages"][0]["content"]
    assert masks.list_unfound() == []


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"\\u{ord(character):04X}" for character in QUOTED),
        "".join(f"%{byte:02x}" for byte in QUOTED.encode()),
        "".join(f"&#{ord(character)};" for character in QUOTED),
        "".join(f"\\x{ord(character):02x}" for character in QUOTED),
    ],
)
def test_a_value_is_masked_where_each_character_is_escaped(text: str) -> None:
    hidden = redact(ask(text), QUOTED)["request"]["body"]["messages"][0]["content"]
    assert hidden.startswith("xx")
    assert not Redaction([QUOTED]).is_left_in(read(ask(hidden)))


@pytest.mark.parametrize("size", range(1, 12))
def test_a_value_in_json_in_json_is_masked_across_chunks(size: int) -> None:
    text = quote_in_json(quote_in_json(quote_in_json(QUOTED)))
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    hidden = redact(stream(*pieces), QUOTED)
    said = assemble(read(hidden)).choices[0].message.content or ""
    for _ in range(3):
        said = json.loads(said)["a"]
    assert said == MASKED


def test_a_value_in_the_arguments_of_a_recorded_line_is_masked() -> None:
    events = ["data: " + json.dumps({"delta": {"arguments": quote_in_json(QUOTED)}})]
    hidden = redact(record(events), QUOTED)["response"]["body"][0]
    assert json.loads(json.loads(hidden[6:])["delta"]["arguments"]) == {"a": MASKED}


@pytest.mark.parametrize("before", ["", "k", "ke", "key"])
def test_a_value_that_is_left_in_base64_is_noticed(before: str) -> None:
    masks = Redaction([SECRET])
    for encode in (b64encode, urlsafe_b64encode):
        encoded = encode(f"{before}{SECRET}?>".encode()).decode()
        assert masks.is_left_in(read(ask(f"Basic {encoded}")))
    assert masks.list_unfound() == []


def test_values_that_were_found_nowhere_are_known() -> None:
    masks = Redaction(["first-one", "second-one", "third-one"])
    edit(read(ask("the second-one")), Edits(redaction=masks), set())
    assert masks.list_unfound() == [1, 3]
    assert masks.is_left_in_file(b"the third-one")
    assert masks.list_unfound() == [1]


@pytest.mark.parametrize("unit", ["\\", '\\"', "%25", "&#0", "\\u00", "&amp;"])
def test_long_hostile_texts_are_read_to_their_ends(unit: str) -> None:
    text = unit * (400_000 // len(unit)) + " " + SECRET
    masks = Redaction([SECRET, '"quoted"', "\\word", "%word", "&word"])
    assert masks.hide_text(text).endswith("xxxx-9Xx9-9999")


@given(st.text(min_size=4, max_size=9), st.integers(0, 4), st.text(max_size=5), st.text(max_size=5))
def test_no_depth_and_no_neighbours_hide_a_value(value: str, depth: int, before: str, after: str) -> None:
    neighbours = before + after
    for _ in range(depth + 1):
        neighbours = json.dumps(neighbours)
        assume(value not in neighbours)  # an escape may read like it
    try:
        masks = Redaction([value])
    except RecctlError:
        return
    document = ask("x")
    text = before + value + after
    for _ in range(depth):
        text = quote_in_json(text)
    document["request"]["body"]["text"] = text
    hidden = edit(read(document), Edits(redaction=masks), set())
    assert not masks.is_left_in(read(hidden))
    said = hidden["request"]["body"]["text"]
    for _ in range(depth):
        said = json.loads(said)["a"]
    assert value not in said
