"""What was renamed from one recording to the next, in as few words as tell it."""

from __future__ import annotations

import pytest

from recctl.diff import Change, ComparedPair, ComparedSide, FoundRename, PairVerdict
from recctl.diff.renames import find_rename


def side(test_id: str | None, model: str | None = "small") -> ComparedSide:
    return ComparedSide("x.json", test_id, "/v1/chat/completions", model, found=True)


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ("tests/a/test_x.py::test_y[p]", "tests/a/test_z.py::test_y[p]", ("test_x.py", "test_z.py")),
        ("tests/a/test_x.py::test_y[p]", "tests/b/test_x.py::test_y[p]", ("tests/a/", "tests/b/")),
        ("tests/test_x.py::test_y", "tests/b/test_z.py::test_y", ("tests/test_x.py", "tests/b/test_z.py")),
        ("t.py::test_y[p]", "t.py::test_z[p]", ("test_y", "test_z")),
        ("t.py::TestA::test_y", "t.py::TestB::test_y", ("TestA::test_y", "TestB::test_y")),
        ("a/t.py::test_y[p]", "a/t.py::test_z", ("test_y[p]", "test_z")),
        ("t.py::test_y", "u.py::test_z", ("t.py::test_y", "u.py::test_z")),
        ("test_x.py::test_y", "test_z.py::test_y", ("test_x.py", "test_z.py")),
    ],
)
def test_a_test_that_was_renamed(left: str, right: str, told: tuple[str, str]) -> None:
    assert find_rename(side(left), side(right)) == FoundRename(*told, is_other_model=False)


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ("[txt=openai/gpt-4o-saturn]", "[txt=azure/gpt-4o-saturn]", ("openai", "azure")),
        ("[a-temperature=0.5-b]", "[a-temperature=0.7-b]", ("0.5", "0.7")),
        ("[a]", "[b]", ("a", "b")),
        ("[]", "[b]", ("]", "b]")),
        ("", "[b]", ("", "[b]")),
    ],
)
def test_a_parameter_that_was_renamed(left: str, right: str, told: tuple[str, str]) -> None:
    found = find_rename(side(f"t.py::test_y{left}"), side(f"t.py::test_y{right}"))
    assert found == FoundRename(*told, is_other_model=True)


def test_a_model_in_a_parameter_is_told_as_the_model_that_it_is() -> None:
    left, right = side("t.py::t[txt=x/gpt-4o-a]", "gpt-4o"), side("t.py::t[txt=x/gpt-4.1-a]", "gpt-4.1")
    assert find_rename(left, right) == FoundRename("gpt-4o", "gpt-4.1", is_other_model=True)
    assert find_rename(side("t.py::t", "gpt-4o"), side("t.py::t", "gpt-4.1")) == FoundRename(
        "gpt-4o", "gpt-4.1", True
    )


def test_what_is_the_same_or_knows_no_test_was_not_renamed() -> None:
    for left, right in (("t.py::t", "t.py::t"), (None, "t.py::t"), ("t.py::t", None), (None, None)):
        assert find_rename(side(left), side(right)) is None
    assert find_rename(side(None, "a"), side(None, "b")) is None


def test_changes_that_come_to_the_rename_are_told_with_it() -> None:
    left, right = side("t.py::t[a]", "gpt-4o"), side("t.py::t[b]", "gpt-4.1")
    follows = find_rename(left, right)
    pair = ComparedPair(
        left, right, PairVerdict.REQUEST, "changed", "same", "kept", "x", (), 0, follows=follows
    )
    for where, one, other, is_told in (
        ("/test_id", "t.py::t[a]", "t.py::t[b]", True),
        ("/request/body/model", "gpt-4o", "gpt-4.1", True),
        ("/request/url", "http://x/models/gpt-4o:run", "http://x/models/gpt-4.1:run", True),
        ("/request/body/model", "gpt-4o", "gpt-5", False),
        ("/request/body/n", 1, 2, False),
    ):
        assert pair.is_renaming(Change(where, "request", one, other)) is is_told
    assert not pair.is_renaming(Change("/response/x", "wording", "gpt-4o", "gpt-4.1"))
    assert not pair._replace(follows=None).is_renaming(Change("/test_id", "request", "a", "b"))
