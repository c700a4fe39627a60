"""Looking for secrets in a text: the quick ways, beside the plain ones that they stand for."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from recctl.checks import secret_decoding
from recctl.checks.secret_finder import Finder, is_plainly_free, may_hold_secret
from recctl.checks.secret_kinds import KINDS
from recctl.project import SecretSettings

# what is in a text in which something is encoded, and what nearly does
PIECES = (
    *(
        "%41",
        "%",
        "%4",
        "%C3%A9",
        "\\",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u00",
        "u0041",
        "&amp;",
        "&#65;",
        "&#x41;",
    ),
    *("&", "&amp", ";", "\u00ad", "\u200b", "\ufeff", "\uff21", "\uff5e", "\U000e0041", "/", "-", "_", "+"),
    *("=", ".", " ", "\n", "é", "A", "aGVsbG8gdGhlcmU", "c2VjcmV0IHRva2Vu", "QUFB" * 5, "QUFB" * 2001),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)

ESCAPE = (
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<slash>\\{1,64}/)|\\{1,64}u(?P<code>[0-9A-Fa-f]{4})"
    r"|(?P<entity>&(?:amp|quot|apos|lt|gt|#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5});)"
    "|(?P<invisible>[\u00ad\u034f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef])"
    "|(?P<wide>[\uff01-\uff5e])"
)
BASE64 = r"(?<![A-Za-z0-9+/_.-])[A-Za-z0-9+/_-]{20,8000}+={0,2}(?!\.?[A-Za-z0-9+/_=-])"


@given(TEXTS)
def test_each_escape_is_found_that_a_plain_pattern_finds(text: str) -> None:
    found = [(each.span(), each.lastgroup, each["code"]) for each in secret_decoding.find_escapes(text)]
    assert found == [(each.span(), each.lastgroup, each["code"]) for each in re.finditer(ESCAPE, text)]


@given(TEXTS)
def test_all_base64_is_found_that_a_plain_pattern_finds(text: str) -> None:
    found = [each.span() for each in secret_decoding.find_base64(text)]
    assert found == [each.span() for each in re.finditer(BASE64, text)]


SAID = (
    *("", "key", "Content-Type\napplication/json", "x-api-key\nsk-ant-api03-q7Rz2LmX9vK4tB8nW1sD6fHj5pQ0"),
    *(
        "Set-Cookie\nsession=q7Rz2LmX9vK4tB8nW1sD6fHj",
        "c2stYW50LWFwaTAzLXE3UnoyTG1YOXZLNHRCOG5XMXNENmZIag==",
        "é",
    ),
    *(
        "a word " * 100,
        "a word " * 100 + "ghp_q7Rz2LmX9vK4tB8nW1sD6fHjQ7rZ2lMx9Vk4",
        "-us1",
        "d" * 32 + "-us1",
    ),
)

PLAIN = {
    "x-api-key: a UUID": "(?:(?i:api[-_ ]?(?:key|token)|subscription[-_]token|server[-_]token)"
    "|(?<![A-Za-z])(?i:authorization))",
    '"auth": "…"': "(?<![A-Za-z])(?i:_?auth|authorization)",
    "Authorization: Token …": "(?<![A-Za-z])(?i:authorization)",
}
_REST = re.compile("[(][?][:=]\\[[\"'].*")  # of a pattern: from what stands after the name
NAMED = [
    (re.compile(kind.pattern), re.compile(PLAIN[kind.example] + "".join(_REST.findall(kind.pattern))))
    for kind in KINDS
    if kind.example in PLAIN
]
NAMES = (
    *("api", "API", "_key", "-Token", "token", "Subscription", "\u017fubscription", "server", "_", "-"),
    *("auth", "_Auth", "Authorization", "AUTHORIZATION", "a", "é", "9", " ", ": ", '": "', "=", "Token "),
    *("Zm9vOmJhcmJheg", "12345678-90ab-cdef-1234-567890abcdef", "q7Rz2LmX9vK4tB8nW1sD6fHj"),
)


@given(st.lists(st.sampled_from(NAMES), max_size=8).map("".join))
def test_a_name_before_a_secret_is_found_that_a_plain_pattern_finds(text: str) -> None:
    for pattern, plain in NAMED:
        assert [*map(str, pattern.finditer(text))] == [*map(str, plain.finditer(text))]


@given(st.lists(st.lists(st.sampled_from(SAID), max_size=9), max_size=4))
def test_of_many_texts_those_are_picked_that_one_by_one_may_hold_a_secret(asked: list[list[str]]) -> None:
    finder = Finder(SecretSettings())
    for texts in asked:
        assert finder.pick(texts) == [place for place, text in enumerate(texts) if may_hold_secret(text)]


@given(st.lists(st.sampled_from((*SAID, *PIECES, *NAMES)), max_size=12).map("".join))
def test_a_text_in_which_words_show_nothing_has_no_secret(text: str) -> None:
    assert not (is_plainly_free(text) and [*Finder(SecretSettings()).find(text)])


def test_a_text_that_comes_again_is_told_as_before_and_by_each_finder_for_itself() -> None:
    text = "api_key\nq7Rz2LmX9vK4tB8nW1sD6fHj"
    finder, other = Finder(SecretSettings()), Finder(SecretSettings(allow=("q7Rz",)))
    first = list(finder.find(text))
    assert [hit.secret for hit in first] == ["q7Rz2LmX9vK4tB8nW1sD6fHj"]
    assert list(finder.find(text)) == first
    assert not list(other.find(text))
