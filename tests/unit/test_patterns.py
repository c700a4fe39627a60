"""Patterns that users write: broken ones are told in a line, slow ones are stopped."""

from __future__ import annotations

import threading

import pytest

from recctl.base import patterns
from recctl.base.errors import RecctlError
from recctl.base.patterns import compile_file_patterns, compile_pattern


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_MOST_SECONDS", 0.1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a{99999999999}", "'a{99999999999}': the repetition number is too large"),
        ("(" * 5000, f"'{'(' * 59}…': it nests too deeply"),
        ("(?:" * 5000 + ")" * 5000, f"'{('(?:' * 20)[:59]}…': it nests too deeply"),
        ("(", "'(': missing ), unterminated subpattern at position 0"),
        ("[z-a]", "'[z-a]': bad character range z-a at position 1"),
        ("(?P<a>x)(?P<a>y)", "'(?P<a>x)(?P<a>y)': redefinition of group name 'a' as group 2; was group 1"),
        ("(?<=a*)b", "'(?<=a*)b': look-behind requires fixed-width pattern"),
    ],
)
def test_a_broken_expression_is_told_in_a_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^has a broken regular expression, ") as caught:
        compile_pattern(text)
    told = str(caught.value).removeprefix("has a broken regular expression, ")
    assert told.startswith(reason)
    assert len(told) < 150


@pytest.mark.parametrize("text", ["[[a]", "[a-z--x]", "[a&&b]", "[a||b]"])
def test_what_may_mean_something_else_one_day_is_no_warning(text: str) -> None:
    assert compile_pattern(text).search("ab") is not None


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("text", ["(a|aa)+$", "(?:a+)+$", "(?:.*a)*$"])
def test_a_slow_expression_is_stopped_and_named(text: str) -> None:
    pattern, long = compile_pattern(text), "a" * 60 + "b\n" * 2
    for use in (pattern.search, lambda text: [*pattern.finditer(text)], lambda text: pattern.sub("", text)):
        with pytest.raises(RecctlError) as caught:
            use(long)
        assert caught.value.message == f"the pattern {text!r} takes too long"
    assert pattern.search("aa") is not None


def test_an_expression_is_as_it_was_in_other_threads() -> None:
    found: list[str] = []
    pattern = compile_pattern("a(b)?")
    thread = threading.Thread(target=lambda: found.extend(match[0] for match in pattern.finditer("ab a")))
    thread.start()
    thread.join()
    assert found == ["ab", "a"]
    assert pattern.sub("-", "ab a") == "- -"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!", "it names nothing"),
        ("\\", "it names nothing"),
        ("a\\", "it names nothing"),
        ("[z-a]", "bad character range z-a"),
    ],
)
def test_a_broken_pattern_of_files_is_named(text: str, reason: str) -> None:
    with pytest.raises(RecctlError) as caught:
        compile_file_patterns(("x/*.json", text))
    assert caught.value.message == f"{text!r} is no pattern of files as in .gitignore: {reason}"


def test_a_pattern_of_files_may_hold_odd_sets() -> None:
    assert compile_file_patterns(("[[a]",))("a")


@pytest.mark.usefixtures("impatience")
def test_a_slow_pattern_of_files_is_stopped_and_named() -> None:
    slow = "*a" * 25 + "b"
    matches = compile_file_patterns(("x/*.json", slow, "y"))
    with pytest.raises(RecctlError) as caught:
        matches("a" * 80)
    assert caught.value.message == f"the pattern {slow!r} takes too long"
    assert matches("x/1.json")
