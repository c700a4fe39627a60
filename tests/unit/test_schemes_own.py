"""Hash schemes of other recorders, as the configuration says them."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.naming.engine import CURRENT, RELEASED, explain, get_scheme, identify, list_schemes
from recctl.project import Place, Settings, find_project
from recctl.project.schemes import describe_scheme, parse_schemes
from tests.builders import TEST_ID, chunk, delta, read, record

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.naming.engine import Scheme
    from recctl.naming.facts import Identity
    from recctl.recordings.recording import Recording

BODY = "/request/body"


def scheme(**keys: Any) -> Scheme:
    table = {key.replace("_", "-"): value for key, value in {"fields": BODY, **keys}.items()}
    (own,) = parse_schemes({"acme": table}, "recctl.toml")
    return own


def asking(body: Any, url: str = "http://x/v1/v1/chat/completions") -> dict[str, Any]:
    """The document of a recorded request with that body."""
    document = record({}, url=url)
    document["request"]["body"] = body
    return document


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def with_schemes(document: Any, *own: Scheme) -> Recording:
    """The recording of a document in a project that has these schemes."""
    recording = read(document)
    return replace(recording, source=recording.source._replace(settings=Settings(schemes=own)))


def identify_as(document: Any, own: Scheme, name: str = "x.json") -> Identity:
    return identify(with_schemes(document, own), Place("tests/recordings", name), own)


def hashed_text(own: Scheme, body: Any) -> str | None:
    """What a scheme hashes of a request with that body."""
    recording = with_schemes(asking(body), own)
    (explanation, *_) = explain(recording, Place("", "x.json"), Settings(schemes=(own,)))
    assert explanation.scheme == own
    return explanation.text


# --- what is hashed -----------------------------------------------------------------------------------------


def test_fields_have_the_keys_that_they_are_given() -> None:
    own = scheme(
        fields={
            "verb": "/request/method | upper",
            "where": "/request/url | path",
            "what": BODY,
            "first": "/request/body/messages/0/role",
            "who": "/request/user | or-null",
        }
    )
    body = {"messages": [{"role": "user"}]}
    assert hashed_text(own, body) == (
        '{"first": "user", "verb": "POST", "what": {"messages": [{"role": "user"}]}, '
        '"where": "/v1/v1/chat/completions", "who": null}'
    )


def test_a_single_field_is_hashed_as_it_stands() -> None:
    assert hashed_text(scheme(), {"b": 1, "a": [True]}) == '{"a": [true], "b": 1}'


def test_steps_of_pointers_may_hold_slashes_and_tildes() -> None:
    assert hashed_text(scheme(fields={"a/~": "/request/body/b~1~0"}), {"b/~": 5}) == '{"a/~": 5}'


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({}, '{"body": {"b": [1, "\\u00e9"], "a": null}}'),
        ({"compact": True}, '{"body":{"b":[1,"\\u00e9"],"a":null}}'),
        ({"ascii": False}, '{"body": {"b": [1, "é"], "a": null}}'),
    ],
)
def test_the_text_is_what_jsons_dumps_makes(keys: dict[str, Any], text: str) -> None:
    own = scheme(fields={"body": BODY}, sort=False, **keys)
    assert hashed_text(own, {"b": [1, "é"], "a": None}) == text


def test_unsorted_fields_keep_the_order_of_the_table() -> None:
    assert hashed_text(scheme(fields={"b": BODY, "a": BODY}, sort=False), 1) == '{"b": 1, "a": 1}'


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        ("/body/id", {"a": [{"id": 2}, {"b": {"id": 3}}], "0": {"id": 4}}),
        ("/body/*/id", {"id": 1, "a": [{"id": 2}, {"b": {"id": 3}}], "0": {}}),
        ("/body/a/0", {"id": 1, "a": [{"b": {"id": 3}}], "0": {"id": 4}}),
        ("/body/a/*/b", {"id": 1, "a": [{"id": 2}, {}], "0": {"id": 4}}),
        ("/body/a/[*]/*/id", {"id": 1, "a": [{"id": 2}, {"b": {}}], "0": {"id": 4}}),
        ("/body/[*]", {"id": 1, "a": [{"id": 2}, {"b": {"id": 3}}], "0": {"id": 4}}),
        ("/body/**/id", {"a": [{}, {"b": {}}], "0": {}}),
        ("/*/id", {"a": [{"id": 2}, {"b": {"id": 3}}], "0": {"id": 4}}),
        ("/body/a/*", {"id": 1, "a": [], "0": {"id": 4}}),
    ],
)
def test_drop_leaves_out_what_its_pointers_name(drop: str, left: Any) -> None:
    body = {"id": 1, "a": [{"id": 2}, {"b": {"id": 3}}], "0": {"id": 4}}
    text = hashed_text(scheme(fields={"body": BODY}, drop=[drop]), body)
    assert text == json.dumps({"body": left}, sort_keys=True)


def test_drop_begins_at_the_value_itself_when_it_is_all_that_is_hashed() -> None:
    assert hashed_text(scheme(drop=["/id"]), {"id": 1, "a": 2}) == '{"a": 2}'


def test_strings_are_replaced_in_order_and_then_rounded() -> None:
    own = scheme(replace=[["a", "b"], ["b+", r"<\g<0>>"]], round=1, round_in_strings=2)
    body = {"ab": "ab 1.23456 1.234", "x": 1.26, "y": [2.74], "z": 3}
    assert hashed_text(own, body) == '{"ab": "<bb> 1.23 1.234", "x": 1.3, "y": [2.7], "z": 3}'


def test_rounding_to_few_digits_needs_no_decimals_to_be_seen() -> None:
    assert hashed_text(scheme(round=0), {"a": 1.5}) == '{"a": 2.0}'


def test_of_a_reply_every_chunk_is_hashed() -> None:
    document, own = record([chunk(delta(content=text)) for text in "abcdef"]), scheme(fields="/response/body")
    recording = with_schemes(document, own)
    (explanation, *_) = explain(recording, Place("", "x.json"), Settings(schemes=(own,)))
    assert json.loads(explanation.text or "") == document["response"]["body"]


def test_changes_can_be_held_to_some_fields() -> None:
    fields = {"test": "/test_id", "body": BODY}
    own = scheme(fields=fields, replace=[["test", "?"]], within=["body"])
    assert hashed_text(own, "test") == json.dumps({"body": "?", "test": TEST_ID})


def test_the_name_is_made_of_the_hash() -> None:
    own = scheme(name="call-{hash}.json", length=8)
    name = f"call-{sha256('{}')[:8]}.json"
    document = asking({})
    assert identify_as(document, own).wanted == name
    assert identify_as(document, own, name).schemes == ("acme",)
    assert identify_as(document, own, f"{sha256('{}')}.json").schemes == ()


# --- beside the built-in ones -------------------------------------------------------------------------------


def test_a_scheme_of_ones_own_counts_as_released_and_as_the_newest() -> None:
    own = scheme()
    document = asking({})
    recording = with_schemes(document, own)
    identity = identify(recording, Place("", f"{sha256('{}')}.json"), CURRENT)
    assert (identity.schemes, identity.oldest, identity.newest) == (("acme",), "acme", "acme")
    assert identity.wanted == identify(read(document), Place("", "x.json")).wanted
    assert identify(read(document), Place("", f"{sha256('{}')}.json")).schemes == ()
    assert list_schemes(Settings(schemes=(own,))) == (*RELEASED, own)
    assert get_scheme("acme", Settings(schemes=(own,))) == own
    assert get_scheme("acme") is None


def test_the_current_scheme_can_be_said_in_the_same_words_where_its_rules_are_plain() -> None:
    own = scheme(
        fields={
            "test_id": "/test_id | or-null",
            "method": "/request/method | upper",
            "endpoint": "/request/url | path",
            "body": BODY,
        },
        replace=[[r"score:\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", "score: __NORMALIZED__"]],
        round=5,
        round_in_strings=5,
        within=["body"],
    )
    document = asking({"a": "score: .5 and 1.23456789", "b": 0.1234567})
    assert identify_as(document, own).wanted == identify(read(document), Place("", "x.json")).wanted


@pytest.mark.parametrize("field", ["/request/nothing", "/request/body/5", "/request/body | upper"])
def test_a_recording_without_a_field_cannot_be_judged(field: str) -> None:
    own = scheme(fields={"a": field})
    where = field.partition(" ")[0]
    identity = identify_as(asking([1]), own)
    assert identity.unjudged == f"acme hashes {where}, and there is no such value"
    recording = with_schemes(asking([1]), own)
    copy = pickle.loads(pickle.dumps(own))  # noqa: S301  (as another process gets it)
    assert identify(recording, Place("", "x.json"), copy) == identity
    assert identify(recording, Place("", "x.json")).unjudged is None  # the built-in schemes go on


def test_a_request_of_no_built_in_kind_can_be_named_by_a_scheme_of_ones_own() -> None:
    own = scheme(fields="/request")
    document = {"request": {"question": "why?"}, "response": {}}
    name = f"{sha256(json.dumps(document['request']))}.json"
    identity = identify_as(document, own, name)
    assert (identity.wanted, identity.schemes, identity.unjudged) == (name, ("acme",), None)


def test_a_url_that_cannot_be_read_has_no_path() -> None:
    own = scheme(fields={"a": "/request/url | path"})
    identity = identify_as(record({}, url="http://[::1/v1"), own)
    assert identity.unjudged == "acme hashes /request/url, and there is no such value"


def test_a_changed_document_has_a_name_of_its_own() -> None:
    recording, place = read(record({})), Place("", "x.json")
    before = identify(recording, place).wanted
    changed = recording.with_document({**recording.document, "test_id": "tests/test_other.py::test_a"})
    after = identify(changed, place)
    assert after.wanted not in (None, before)
    tool = recording.with_document({"request": {"tool_name": "search"}, "response": {}})
    assert recording.kind is not tool.kind


def test_settings_with_schemes_can_be_sent_to_another_process() -> None:
    settings = Settings(schemes=(scheme(replace=[["a", "b"]], drop=["/a"]),))
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301  (our own)


# --- how it is written --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ("", " lacks 'fields'", "say which values of a recording are hashed"),
        ("field = '/a'", ": unknown key 'field'", "did you mean 'fields'?"),
        ("fields = 'body'", ": fields should name values by JSON pointers, and 'body' is none", None),
        (
            "fields = '/a | lower'",
            ": fields knows json, or-null, path, route, upper after a bar, not 'lower'",
            None,
        ),
        ("fields = {}", ": fields should be a table of keys and JSON pointers", None),
        ("fields = ['/a']", ": fields should be a table of keys and JSON pointers", None),
        ("fields = {a = 1}", ": fields should be a string", None),
        ("drop = ['a']", ": drop should be JSON pointers, and 'a' is none", None),
        ("drop = '/a'", ": drop should be a list of strings", None),
        (
            "fields = {body = '/a'}\ndrop = ['/bodi/a']",
            ": 'bodi' is no key of 'fields'",
            "did you mean 'body'?",
        ),
        ("fields = {a = '/a'}\nwithin = ['bb']", ": 'bb' is no key of 'fields'", None),
        ("fields = '/a'\nwithin = ['a']", ": 'a' is no key of 'fields'", None),
        ("fields = {a = '/a'}\ndrop = ['/a']", ": drop names a whole field", "leave it out of 'fields'"),
        (
            "replace = ['a']",
            ": replace should be a list of pairs: a regular expression, a replacement",
            None,
        ),
        (
            "replace = {a = 'b'}",
            ": replace should be a list of pairs: a regular expression, a replacement",
            None,
        ),
        (
            "replace = [['a{2', ''], ['*', '']]",
            ": replace has a broken regular expression, '*': nothing to repeat at position 0",
            None,
        ),
        (
            r"replace = [['(?i)(a)  # b', '\2']]",
            r": replace has a broken replacement, '\\2': invalid group reference 2 at position 1",
            None,
        ),
        (
            r"replace = [['a', '\g<b>']]",
            r": replace has a broken replacement, '\\g<b>': unknown group name 'b'",
            None,
        ),
        ("round = 16", ": round should be a whole number from 0 to 15", None),
        ("round = true", ": round should be a whole number from 0 to 15", None),
        ("length = 0", ": length should be a whole number from 1 to 64", None),
        ("compact = 1", ": compact should be true or false", None),
        *(
            (
                f"name = '{name}'",
                ": name should be a file's name that ends with .json and holds {hash} once",
                None,
            )
            for name in ("a.json", "{hash}", "../{hash}.json", "{hash}{hash}.json")
        ),
    ],
)
def test_what_can_be_no_scheme_is_told_with_its_place(
    tmp_path: Path, table: str, message: str, hint: str | None
) -> None:
    config = tmp_path / "recctl.toml"
    config.write_text(f"[schemes.acme]\n{table}\n")
    with pytest.raises(RecctlError) as caught:
        find_project(tmp_path)
    told = re.sub(r"(\.toml):\d+:", r"\1:", caught.value.message)
    assert (told, caught.value.hint) == (f"{config}: schemes.acme{message}", hint)


@pytest.mark.parametrize("name", [scheme.name for scheme in RELEASED] + ["draft-floats6"])
def test_the_names_of_the_built_in_schemes_are_taken(tmp_path: Path, name: str) -> None:
    config = tmp_path / "recctl.toml"
    config.write_text(f"[schemes.{name}]\nfields = '/request'\n")
    with pytest.raises(RecctlError) as caught:
        find_project(tmp_path)
    assert caught.value.message == f"{config}: schemes.{name}: recctl has a scheme of that name"


@pytest.mark.parametrize("value", ["[]", "'a'", "{acme = 1}"])
def test_schemes_are_tables(tmp_path: Path, value: str) -> None:
    config = tmp_path / "recctl.toml"
    config.write_text(f"schemes = {value}")
    with pytest.raises(RecctlError) as caught:
        find_project(tmp_path)
    assert caught.value.message == f"{config}:1: schemes should be tables, each with the name of a scheme"


def test_every_file_of_a_project_has_its_schemes(tmp_path: Path) -> None:
    (tmp_path / "recctl.toml").write_text(
        "scheme = 'acme'\n[schemes.acme]\nfields = '/request/body'\n"
        "[[overrides]]\npaths = ['a/']\nscheme = 'b'\n"
    )
    project = find_project(tmp_path)
    for path in (tmp_path / "x.json", tmp_path / "a" / "x.json"):
        assert project.settings_for(path).schemes == (scheme(),)


# --- what extends another -----------------------------------------------------------------------------------


def extend(document: str) -> tuple[Scheme, ...]:
    return parse_schemes(tomllib.loads(document)["schemes"], "recctl.toml")


def test_a_scheme_that_adds_nothing_gives_the_names_of_the_one_it_extends() -> None:
    (own,) = extend("[schemes.mine]\nextends = 'ogx-2026-04'")
    for document in (record({}), asking({"a": "score: .5 and 1.23456789", "b": 0.1234567})):
        assert identify_as(document, own).wanted == identify(read(document), Place("", "x.json")).wanted


def test_drops_replacements_and_fields_are_added_to_those_of_the_extended_scheme() -> None:
    (own,) = extend(
        """
        [schemes.mine]
        extends = "ogx-2026-04"
        fields = { tenant = "/request/tenant | or-null" }
        drop = ["/body/metadata"]
        replace = [["run-[0-9]+", "run-N"]]
        """
    )
    body = {"a": "score: .5 of run-17", "metadata": {"run": 1}, "extra_body": {"project_id": "p", "k": 1}}
    assert hashed_text(own, body) == json.dumps(
        {
            "body": {"a": "score: __NORMALIZED__ of run-N", "extra_body": {"k": 1}},
            "endpoint": "/v1/v1/chat/completions",
            "method": "POST",
            "tenant": None,
            "test_id": TEST_ID,
        }
    )


def test_every_other_key_takes_the_place_of_the_extended_schemes() -> None:
    (own,) = extend("[schemes.mine]\nextends = 'ogx-2026-04'\nround = 1\nlength = 16\ncompact = true")
    assert json.loads(hashed_text(own, {"b": 0.26}) or "")["body"] == {"b": 0.3}
    assert len(identify_as(asking({}), own).wanted or "") == len("0123456789abcdef.json")


def test_requests_of_other_kinds_are_named_as_the_extended_scheme_names_them() -> None:
    (own,) = extend("[schemes.mine]\nextends = 'ogx-2026-04'\nfields = { tenant = '/request/tenant' }")
    tool = {"request": {"tool_name": "search", "provider": "p", "kwargs": {}}, "response": {}}
    assert identify_as(tool, own).wanted == identify(read(tool), Place("", "x.json")).wanted


def test_schemes_extend_each_other_in_whatever_order_they_are_written() -> None:
    schemes = extend(
        """
        [schemes.c]
        extends = "b"
        replace = [["z", "3"]]
        [schemes.a]
        fields = "/request/body"
        replace = [["x", "1"]]
        [schemes.b]
        extends = "a"
        replace = [["y", "2"]]
        """
    )
    assert [scheme.name for scheme in schemes] == ["c", "a", "b"]
    assert hashed_text(schemes[0], "xyz") == '"123"'


@pytest.mark.parametrize(
    ("tables", "message", "hint"),
    [
        ("[schemes.a]\nextends = 'ogx-2026-4'", "a: extends an unknown scheme, 'ogx-2026-4'", "2026-04"),
        ("[schemes.a]\nextends = 'draft-floats6'", "a: extends an unknown scheme, 'draft-floats6'", ""),
        ("[schemes.a]\nextends = 'a'", "a: extends a scheme that extends it", "name another one"),
        (
            "[schemes.a]\nextends = 'b'\n[schemes.b]\nextends = 'a'",
            "b: extends a scheme that extends it",
            "name another one",
        ),
        ("[schemes.a]\nextends = 1", "a: extends should be a string", ""),
        (
            "[schemes.a]\nextends = 'ogx-2026-04'\nfields = '/request'",
            "a: a single field can't be added to",
            "extend a scheme that has a table",
        ),
        (
            "[schemes.a]\nextends = 'ogx-2026-04'\ndrop = ['/test_id']",
            "a: drop names a whole field",
            "name what lies in it",
        ),
        (
            "[schemes.a]\nextends = 'ogx-2026-04'\ndrop = ['/bodi/a']",
            "a: 'bodi' is no key of 'fields'",
            "did you mean 'body'?",
        ),
    ],
)
def test_what_cannot_be_extended_is_told(tables: str, message: str, hint: str) -> None:
    with pytest.raises(RecctlError) as caught:
        extend(tables)
    assert caught.value.message == f"recctl.toml: schemes.{message}"
    assert hint in (caught.value.hint or "")


def test_an_extending_scheme_is_described_by_what_it_says() -> None:
    table = {
        "extends": "ogx-2026-04",
        "fields": {"tenant": "/request/tenant | or-null"},
        "drop": ["/body/metadata"],
        "replace": [["a", "b"]],
        "within": ["body"],
        "round": 3,
        "length": 16,
    }
    (own,) = parse_schemes({"mine": table}, "")
    assert describe_scheme(own) == table


pointers = st.lists(st.text("ab/~*0", min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda steps: "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
)
tables = st.fixed_dictionaries(
    {
        "fields": pointers
        | st.dictionaries(
            st.just("body") | st.text(max_size=3),
            st.tuples(pointers, st.sampled_from(["", " | upper", " | path", " | or-null"])).map("".join),
            min_size=1,
        )
    },
    optional={
        "replace": st.lists(st.lists(st.text("ab", min_size=1), min_size=2, max_size=2), min_size=1),
        "round": st.integers(0, 15),
        "round-in-strings": st.integers(0, 15),
        "compact": st.just(True),
        "ascii": st.just(False),
        "sort": st.just(False),
        "name": st.just("a-{hash}.json"),
        "length": st.integers(1, 63),
    },
)


@given(tables, st.lists(pointers, min_size=1))
def test_a_scheme_is_described_as_it_was_written(table: dict[str, Any], drops: list[str]) -> None:
    if isinstance(table["fields"], str):
        table["drop"] = drops
    elif "body" in table["fields"]:
        table |= {"within": ["body"], "drop": [f"/body{drop}" for drop in drops]}
    (own,) = parse_schemes({"acme": table}, "")
    assert describe_scheme(own) == table
