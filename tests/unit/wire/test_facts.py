"""What a person wants to know of a reply that is no message: values in words, and secrets in none."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given

from recctl.wire import read_request
from recctl.wire.building.facts import describe, describe_data, shorten, summarise_data
from recctl.wire.building.forms import read_form
from recctl.wire.building.secrets import hide_secrets
from recctl.wire.completion import Request
from tests.builders import read, record
from tests.unit.wire.hostile import json_values

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x02\0" + bytes(200)


@pytest.mark.parametrize(
    ("value", "key", "told"),
    [
        ("completed", "status", "completed"),
        (True, "downloadable", "yes"),
        (False, "deleted", "no"),
        (1536, "count", "1,536"),
        (0.25, "score", "0.25"),
        (None, "model", "null"),
        (1_700_000_000, "created_at", "2023-11-14 22:13:20 UTC"),
        (1_700_000_000, "seed", "1,700,000,000"),
        (0, "created", "0"),
        (298, "bytes", "298 B"),
        (12_345, "size_bytes", "12.3 kB"),
        ({"total": 2, "failed": 0, "note": None}, "request_counts", "total 2, failed 0"),
        (["a", "b"], "ids", "a, b"),
        ([{"type": "file"}, {"type": "code"}], "parts", "type file; type code"),
        (
            [{"type": "function", "function": {"name": "add"}}, {"name": "now"}, {"type": "code"}, 5],
            "tools",
            "add, now, code, ?",
        ),
        ({"usage": {"input": 1, "output": 2}, "id": {"a": 1}}, "x", "usage (input 1, output 2), id a 1"),
    ],
)
def test_values_in_words(value: Any, key: str, told: str) -> None:
    assert describe(value, key) == told


def test_what_nests_deep_is_told_as_json() -> None:
    value: Any = "end"
    for _ in range(12):
        value = [value]
    assert describe(value) == '[[[["end"]]]]'


@given(json_values)
def test_any_value_is_told_in_words(value: Any) -> None:
    assert isinstance(describe(value), str)
    assert isinstance(hide_secrets({"token": value}), dict)
    summarise_data(value)


def test_data_are_told_by_type_and_size() -> None:
    text = base64.b64encode(PNG).decode()
    assert describe_data(text) == "image/png of 1024 x 512, 224 B"
    assert describe_data(f"data:audio/wav;base64,{text}") == "audio/wav, 224 B"
    assert describe_data(base64.b64encode(bytes(300)).decode()) == "data, 300 B"
    assert describe_data("a word " * 50) is None
    assert describe_data("short") is None


def test_data_inside_of_a_value_are_told_apart_by_a_digest() -> None:
    told = [summarise_data({"images": [base64.b64encode(bytes([byte]) * 300).decode()]}) for byte in (0, 1)]
    assert told[0]["images"][0].startswith("[data, 300 B, ")
    assert told[0] != told[1]
    assert summarise_data({"a": ["text", 5, None]}) == {"a": ["text", 5, None]}


def test_a_long_text_loses_its_end() -> None:
    assert shorten("a" * 300) == "a" * 300
    assert shorten("a" * 301) == "a" * 299 + "…"


# Secrets


@pytest.mark.parametrize(
    "name",
    ["access_token", "refresh_token", "client_secret", "password", "assertion", "accessToken", "api_key"],
)
def test_what_is_secret_by_its_name_is_told_by_its_length(name: str) -> None:
    assert hide_secrets({name: "ya29.c0ffee" * 3, "expires_in": 3599}) == {
        name: "[a secret of 33 characters]",
        "expires_in": 3599,
    }


@pytest.mark.parametrize(
    "masked", ["<ACCESS_TOKEN>", "REDACTED", "xxxxxxxx", "[FILTERED]", "", "not_supported"]
)
def test_what_stands_in_the_place_of_a_secret_is_shown(masked: str) -> None:
    assert hide_secrets({"access_token": masked}) == {"access_token": masked}


def test_what_only_sounds_secret_is_shown() -> None:
    told = {"token_type": "Bearer", "max_tokens": 9, "tokens": "many", "tokenizer": "cl100k"}
    assert hide_secrets(told) == told


def test_secrets_are_hidden_wherever_they_are() -> None:
    assert hide_secrets({"a": {"secret": "hush-hush"}, "b": [{"token": "hush"}], "c": {"d": 1}}) == {
        "a": {"secret": "[a secret of 9 characters]"},
        "b": [{"token": "[a secret of 4 characters]"}],
        "c": {"d": 1},
    }


# Forms


def test_a_form_is_read_by_its_fields() -> None:
    assert read_form("grant_type=refresh_token&refresh_token=1%2F%2Fabc&scope=a+b&scope=c") == {
        "grant_type": "refresh_token",
        "refresh_token": "[a secret of 6 characters]",
        "scope": ["a b", "c"],
    }


def test_files_of_a_form_are_told_by_name_and_size() -> None:
    body = (
        '--b1\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        '--b1\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n'
        'Content-Type: application/jsonl\r\n\r\n{"custom_id": "0"}\r\n--b1--\r\n'
    )
    assert read_form(body) == {"purpose": "batch", "file": "in.jsonl, 18 B"}


@pytest.mark.parametrize("text", ["", "so it goes", "{}", "v=0\r\no=- 1", "--b1\r\nno form", "a=b c"])
def test_any_other_text_is_no_form(text: str) -> None:
    assert read_form(text) == {}


def test_what_was_asked_by_a_form_or_a_list_is_read() -> None:
    for body, parameters in (
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ([{"spans": 1}], {"body": [{"spans": 1}]}),
        ("so it goes", {}),
    ):
        document = record({"choices": []})
        document["request"]["body"] = body
        assert read_request(read(document)) == Request("small", parameters=parameters)
