"""YAML text: what it says, in what way it is none, where its values stand."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from recctl.base.syntax import Fault, Position
from recctl.base.yaml_places import compose, find_places
from recctl.base.yaml_text import Document, YamlOddity, decode_yaml, read_documents

MAX_SIZE = 1_000_000

PRINTABLE = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t\x85\u2028")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(PRINTABLE) | st.binary(),
    lambda values: st.lists(values) | st.dictionaries(st.text(PRINTABLE), values),
    max_leaves=20,
)  # fmt: skip


def read(text: str | bytes) -> Any:
    documents = read_documents(text if isinstance(text, bytes) else text.encode(), max_size=MAX_SIZE)
    assert not isinstance(documents, Fault), documents
    (document,) = documents
    return document.value


def fault(text: str | bytes) -> tuple[Position, str]:
    found = read_documents(text if isinstance(text, bytes) else text.encode(), max_size=MAX_SIZE)
    assert isinstance(found, Fault), found
    return found.position, found.message


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(("no", "no"), ("Yes", "Yes"), ("3:45", "3:45"), ("012", "012"), ("1_000", "1_000"), ("0b1", "0b1")),
        *(("~", None), ("Null", None), ("nULL", "nULL"), ("TRUE", True), ("tRUE", "tRUE"), ("false", False)),
        *(("0x1F", 31), ("0o17", 15), ("+7", 7), ("-0", 0), ("1.10", 1.1), (".5", 0.5), ("1e3", 1000.0)),
        *((".inf", ".inf"), ("1e999", "1e999"), ("2026-12-01", "2026-12-01"), ("=", "="), ("<<", "<<")),
    ],
)
def test_words_of_yaml_1_2_are_those_of_its_core_schema(word: str, value: Any) -> None:
    found = read_documents(f"[{word}]".encode(), max_size=MAX_SIZE, is_newer=True)
    assert not isinstance(found, Fault)
    assert (found[0].value, type(found[0].value[0])) == ([value], type(value))


@given(VALUES, st.booleans(), st.sampled_from([None, "|", '"']))
def test_what_pyyaml_writes_is_read(value: Any, allow_unicode: bool, style: str | None) -> None:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=allow_unicode, default_style=style)
    assert read(text) == value


@given(st.text("0123456789.-+_e~") | st.text("truefalsn~", max_size=5) | st.integers().map(str))
@example("-0")
@example("1." + "5" * 1000)
@example("9" * 101)
def test_a_plain_word_is_the_value_that_pyyaml_takes_it_for(word: str) -> None:
    found = read_documents(f"[{word}, end]".encode(), max_size=MAX_SIZE)
    try:
        value, *_ = yaml.load(f"[{word}, end]", Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        assert isinstance(found, Fault)
        return
    if isinstance(found, Fault):
        assert len(word) > 1000
        return
    has_own = isinstance(value, (dict, date)) or (isinstance(value, float) and not isfinite(value))
    assert repr(found[0].value) == repr([word if has_own else value, "end"])


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """With PyYAML as the judge, but for what it can't make a value of, and we can."""
    found = read_documents(content, max_size=MAX_SIZE)
    try:
        tuple(yaml.load_all(content, Loader=yaml.CSafeLoader))
    except yaml.constructor.ConstructorError:
        return
    except (yaml.YAMLError, ValueError):
        assert isinstance(found, Fault)
    else:
        is_odd = not content.strip() or content.startswith((b"\xff\xfe", b"\xfe\xff"))
        assert isinstance(found, Fault) == is_odd


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 0x1f, 1.5, yes, ~, 1:30]", [1, 31, 1.5, True, None, 90]),
        ("- 2020-01-01\n- .inf\n- .nan\n- =", ["2020-01-01", ".inf", ".nan", "="]),
        ("1: a\nnull: b\n", {"1": "a", "null": "b"}),
        ("!!str 1", "1"),
        ("! 1", 1),
        ("!!int '1'", 1),
        ("!!set {a, b}", {"a": None, "b": None}),
        ("!!binary aGVsbG8=", b"hello"),
        ("? &k a\n: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("- &x {a: 1, b: 1}\n- {<<: *x, b: 2}", [{"a": 1, "b": 1}, {"a": 1, "b": 2}]),
        ("{<<: [{a: 1, b: 1}, {a: 2, c: 3}]}", {"a": 1, "b": 1, "c": 3}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("'<<': 1", {"<<": 1}),
    ],
)  # fmt: skip
def test_values(text: str, value: Any) -> None:
    assert read(text) == value


def test_an_alias_is_a_value_of_its_own() -> None:
    value = read("a: &x {b: [1]}\nc: *x\n")
    assert value["a"] == value["c"]
    assert value["a"]["b"] is not value["c"]["b"]


CONFLICT = "the file contains the markers of a merge conflict"
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the file is empty"),
        (" \n\n", 1, 1, "the file is empty"),
        ("a: 1\n\tb: 2\n", 2, 1, "not YAML: there is a tab where only spaces may be"),
        ("a: 'x\n", 1, 4, "not YAML: the text that begins here does not end; the file may be cut off"),
        ("a: 1\n b: 2\n", 2, 3, "not YAML: mapping values are not allowed in this context"),
        ("é: \x07\n", 1, 4, "the character U+0007 may not be in YAML"),
        (b"a: 1\nb: \xff\n", 2, 4, "byte 0xff is not UTF-8 text"),
        ("a: 1".encode("utf-16"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("a: 1".encode("utf-16-le"), 1, 2, "the file is binary: a NUL byte is in it"),
        ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n", 2, 1, CONFLICT),
        ("a: 'b\n<<<<<<< HEAD\n=======\n>>>>>>> x\n'\n", 2, 1, CONFLICT),
        ("[" * 300 + "]" * 300, 1, 251, "values nest more than 250 deep"),
        ("- " * 300, 1, 501, "values nest more than 250 deep"),
        ("a: &x [*x]", 1, 8, "the alias *x is part of what it refers to"),
        ("a: *x", 1, 4, "the alias *x refers to nothing that came before"),
        ("a: &x 1\nb: &x 2\n", 2, 4, "the anchor &x is set a second time"),
        (LAUGHS, 5, 10, "the aliases up to here repeat more than a recording can hold"),
        ("a: !!binary x", 1, 4, "what follows !!binary is not base64"),
        ("a: 0b_", 1, 4, "this number can't be read"),
        ("a: " + "7" * 5000, 1, 4, "this number can't be read"),
        ("a: 0x" + "f" * 5000, 1, 4, "this number can't be read"),
        ("a: 0b" + "1" * 20_000, 1, 4, "this number can't be read"),
        ("a: 1" + ":59" * 1_000_000, 1, 4, "this number can't be read"),
        ("a: 1" + ":59" * 1_000_000 + ".5", 1, 4, "this number can't be read"),
        ("? [a, b]\n: 1", 1, 3, "this key is not a text"),
    ],
    ids=lambda value: None if isinstance(value, int) else "",
)  # fmt: skip
def test_what_is_no_yaml_is_refused_in_one_line_with_its_place(
    text: str | bytes, line: int, column: int, message: str
) -> None:
    assert fault(text) == ((line, column), message)


def test_lines_are_what_editors_take_for_lines() -> None:
    """libyaml counts two more characters as ends of lines."""
    assert fault('a: "\u2028\x85"\nb: *x\n')[0] == (2, 4)


def test_what_is_odd_is_read_and_told() -> None:
    text = b"a: 1\nb: {c: !!python/object/apply:os.system [ls]}\na: !x 2\n? !!python/object/new:y [d]\n: 3\n"
    documents = read_documents(text, max_size=MAX_SIZE)
    assert documents == (
        Document(
            {"a": "2", "b": {"c": ["ls"]}, "d": 3},
            0,
            oddities=(
                YamlOddity("unreadable-tag", "tag:yaml.org,2002:python/object/apply:os.system", 12),
                YamlOddity("duplicate-key", "a", 50, 1),
                YamlOddity("unreadable-tag", "!x", 53),
                YamlOddity("unreadable-tag", "tag:yaml.org,2002:python/object/new:y", 60),
            ),
        ),
    )


def test_a_tag_that_the_reader_of_the_text_knows() -> None:
    constructors = {"tag:yaml.org,2002:python/tuple": lambda value: value[0]}
    documents = read_documents(b"a: !!python/tuple [b]\n", max_size=MAX_SIZE, constructors=constructors)
    assert documents == (Document({"a": "b"}, 0),)


def test_documents_of_one_text() -> None:
    assert read_documents(b"a: &x 1\n---\n# nothing\n--- !!binary aaaa\n", max_size=MAX_SIZE) == (
        Document({"a": 1}, 0),
        Document(None, 8),
        Document(b"i\xa6\x9a", 22, has_bytes=True),
    )
    assert read_documents(b"# nothing\n", max_size=MAX_SIZE) == ()


def test_where_values_stand() -> None:
    _, text = decode_yaml(
        "\ufeff# é\na:\n- b: 'x'\n  c: {d: [1, 2]}\n- ? [e]\n  : 1\n  e: &x !!int 2\n".encode()
    )

    def find(*path: str) -> tuple[str, int]:
        start, end, depth = find_places(text, [path])[path]
        return text[start:end], depth

    assert find("a", "0", "b") == ("'x'", 3)
    assert find("a", "0", "c", "d", "1") == ("2", 5)
    assert find("a", "0", "b", "0", "more") == find("a", "0", "b")
    assert find("a", "1", "e") == ("&x !!int 2", 3)
    assert find("a", "7") == (text[text.index("- b") :], 1)
    assert find_places("'*': [1]", [("*", "*")])["*", "*"].depth == 1
    assert find("x") == (text[text.index("a:") :], 0)
    assert find_places(text, [("a", None)]).keys() == {("a", "0"), ("a", "1")}


@given(VALUES, st.lists(st.text(PRINTABLE, max_size=3) | st.sampled_from("0123"), max_size=4).map(tuple))
def test_a_place_holds_what_it_is_a_place_of(value: Any, path: tuple[str, ...]) -> None:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=True)
    (place,) = find_places(text, [path]).values()
    for step in path[: place.depth]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    assert read(text[place.start : place.end]) == value


def test_nodes_are_made_of_what_changes_and_of_where_the_rest_ends() -> None:
    text = "stays: [1, 2, 3]\nlist:\n- {a: b}\n- a: &anchor old\n  also: [x, y]\n- *anchor\n"
    stays, also = [1, 2, 3], ["x", "y"]
    old = {"stays": stays, "list": [{"a": "b"}, {"a": "old", "also": also}, "old"]}
    root = compose(text, old, {"stays": stays, "list": [{"a": "b"}, {"a": "new", "also": also}, "old"]})
    assert [key.word for key in root.keys] == ["stays", "list"]
    kept, changed = root.parts
    assert [text[part.start : part.end] for part in kept.parts] == ["3"]
    assert [(part.kind, [key.word for key in part.keys], len(part.parts)) for part in changed.parts] == [
        ("mapping", [], 1),
        ("mapping", ["a", "also"], 2),
        ("alias", [], 0),
    ]
    found = changed.parts[1].find("a")
    assert found is not None
    assert (found.text, text[found.start : found.end]) == ("old", "&anchor old")
    assert changed.parts[1].find("b") is None


def test_what_nests_without_end_is_refused_by_libyaml_or_by_us() -> None:
    """Newer versions of libyaml have a bound of their own, and may come to it first."""
    position, message = fault("[" * 100_000)
    assert (position, message) in (
        (Position(1, 251), "values nest more than 250 deep"),
        (Position(1, 1001), "not YAML: exceeded maximum nesting depth"),
    )
