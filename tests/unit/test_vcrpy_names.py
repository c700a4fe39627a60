"""Cassettes named after tests: pytest-recording's rule and pytest-vcr's, in both directions."""

from __future__ import annotations

import hashlib
import posixpath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pytest_recording.plugin import get_default_cassette_name

from recctl.project import Place, Settings
from recctl.recordings.formats._vcrpy_names import Name, read_name
from recctl.recordings.formats.vcrpy import FORMAT

MODULE = "tests/models/cassettes/test_chat"
FLAT = "tests/models/cassettes"
USUAL = Settings()


def find_test(place: Place, settings: Settings = USUAL) -> str | None:
    told = FORMAT.find_test(place, settings, lambda _: False)
    return None if told is None else told.test_id


@pytest.mark.parametrize(
    ("test_id", "name"),
    [
        ("tests/models/test_chat.py::test_reply", "test_reply.yaml"),
        ("tests/models/test_chat.py::test_reply[a-b.c]", "test_reply[a-b.c].yaml"),
        ("tests/models/test_chat.py::TestChat::test_reply", "TestChat.test_reply.yaml"),
        ("tests/models/test_chat.py::TestChat::test_reply[a]", "TestChat.test_reply[a].yaml"),
        ("tests/models/test_chat.py::TestChat::test_reply[a.b]", "TestChat.test_reply[a.b].yaml"),
    ],
)
def test_both_directions(test_id: str, name: str) -> None:
    assert FORMAT.list_places(test_id, USUAL) == (
        Place(MODULE, name),
        Place(FLAT, name),
        Place(f"{MODULE}_sideband", name),
    )
    assert find_test(Place(MODULE, name)) == test_id


def test_of_nested_classes_the_innermost_counts() -> None:
    places = FORMAT.list_places("tests/test_x.py::TestOuter::TestInner::test_y", USUAL)
    assert places[0] == Place("tests/cassettes/test_x", "TestInner.test_y.yaml")


def test_what_a_name_of_a_file_can_not_have() -> None:
    (ours, flat, _) = FORMAT.list_places("test_x.py::test_y[a/b:c::d?e]", USUAL)
    assert ours == Place("cassettes/test_x", "test_y[a-b-c--d-e].yaml")
    assert flat == Place("cassettes/test_y[a", "b:c::d?e].yaml")  # pytest-vcr does not look
    assert find_test(ours) == "test_x.py::test_y[a-b-c--d-e]"


def test_a_name_that_is_too_long_is_cut_off() -> None:
    name = f"test_y[{'p' * 300}]"
    (place, *_) = FORMAT.list_places(f"test_x.py::{name}", USUAL)
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    assert place.name == f"test_y[{'p' * 208}...{digest}.yaml"
    assert len(place.name) == 255
    assert read_name(place) == Name(".", "test_x.py", "", "test_y", None)
    assert find_test(place) == "test_x.py::test_y"


@given(st.text(min_size=1, max_size=40), st.sampled_from([None, type("TestIt", (), {})]))
def test_names_are_those_of_pytest_recording(parameters: str, holder: type | None) -> None:
    assume("]" not in parameters)
    function = f"test_y[{parameters}]"
    address = "test_x.py::TestIt" if holder else "test_x.py"
    (place, *_) = FORMAT.list_places(f"{address}::{function}", USUAL)
    assert place.name == f"{get_default_cassette_name(holder, function)}.yaml"


@pytest.mark.parametrize(
    ("place", "test_id"),
    [
        (Place(MODULE, "test_reply.xai.yaml"), "tests/models/test_chat.py::test_reply"),
        (Place(MODULE, "test_reply[a].xai.yaml"), "tests/models/test_chat.py::test_reply[a]"),
        (Place(MODULE, "test_reply[a.b].yml"), "tests/models/test_chat.py::test_reply[a.b]"),
        (Place(f"/home/me/{MODULE}", "test_reply.json"), "/home/me/tests/models/test_chat.py::test_reply"),
        (Place(MODULE, "conversation.yaml"), None),
        (Place(MODULE, "test reply.yaml"), None),
        (Place(MODULE, "test_reply.txt"), None),
        (Place(FLAT, "test_reply.yaml"), None),
        (Place("tests/models/recordings/test_chat", "test_reply.yaml"), None),
        (Place(f"{FLAT}/gpt-4", "test_reply.yaml"), None),
        (Place(f"{FLAT}/anthropic", "test_reply.yaml"), None),
    ],
)
def test_what_a_path_tells(place: Place, test_id: str | None) -> None:
    assert find_test(place) == test_id


def test_in_a_flat_folder_the_module_is_not_told() -> None:
    name = read_name(Place(FLAT, "TestChat.test_reply[a].yaml"))
    assert name == Name("tests/models", "", "TestChat", "test_reply", "[a]")


@pytest.mark.parametrize("test_id", ["", "test_x.py", "a test", "x.feature::step"])
def test_what_is_no_test_has_no_place(test_id: str) -> None:
    assert FORMAT.list_places(test_id, USUAL) == ()


# --- names of a project's own making ------------------------------------------------------------------------

OWN = Settings(
    test_names=("{module}/{class}.{function}[{params}]", "by/{function}-{params}", "{function}"),
    companions=("{name}.wav", "{module}_notes/{name}.md"),
)


def test_a_test_has_a_place_by_each_template_and_each_companion() -> None:
    assert FORMAT.list_places("tests/test_x.py::TestA::test_y[a/b]", OWN) == (
        Place("tests/cassettes/test_x", "TestA.test_y[a-b].yaml"),
        Place("tests/cassettes/by", "test_y-a-b.yaml"),
        Place("tests/cassettes", "test_y.yaml"),
        Place("tests/cassettes/test_x_sideband", "TestA.test_y[a-b].yaml"),
        Place("tests/cassettes/test_x", "TestA.test_y[a-b].wav"),
        Place("tests/cassettes/by", "test_y-a-b.wav"),
        Place("tests/cassettes", "test_y.wav"),
        Place("tests/cassettes/test_x_notes", "TestA.test_y[a-b].md"),
        Place("tests/cassettes/test_x_notes", "test_y-a-b.md"),
        Place("tests/cassettes/test_x_notes", "test_y.md"),
    )


@pytest.mark.parametrize(
    ("folder", "name", "test_id"),
    [
        ("test_x", "TestA.test_y[a].yaml", "tests/test_x.py::TestA::test_y[a]"),
        ("test_x", "TestA.test_y[a].xai.yaml", "tests/test_x.py::TestA::test_y[a]"),
        ("test_x_sideband", "test_y.yaml", "tests/test_x.py::test_y"),
        ("test_x", "test_y.wav", "tests/test_x.py::test_y"),
        ("test_x_notes", "TestA.test_y.md", "tests/test_x.py::TestA::test_y"),
        (".", "test_y.yml", "tests/*.py::test_y"),
        ("by", "test_y-a.yaml.gz", "tests/*.py::test_y[a]"),
        (".", "conversation.yaml", None),
        ("a/b", "test_y.yaml", None),
        ("test_x", "test_y.txt", None),
        ("..", "test_y.yaml", None),
    ],
)
def test_what_a_path_tells_by_templates(folder: str, name: str, test_id: str | None) -> None:
    place = Place(posixpath.normpath(f"tests/cassettes/{folder}"), name)
    assert find_test(place, OWN) == test_id


CHARACTERS = st.characters(exclude_characters="/", exclude_categories=["Cs"])


@given(
    st.sampled_from(["{module}/{class}.{function}[{params}]", "{function}", "{class}/{function}({params})"]),
    st.from_regex(r"(TestA::)?test\w{0,5}", fullmatch=True),
    st.none() | st.text(CHARACTERS, min_size=1, max_size=9),
)
def test_a_test_is_told_by_its_own_place_as_far_as_the_template_goes(
    template: str, address: str, parameters: str | None
) -> None:
    settings = Settings(test_names=(template,))
    test_id = f"tests/test_x.py::{address}" + ("" if parameters is None else f"[{parameters}]")
    place, *_ = FORMAT.list_places(test_id, settings)
    told = find_test(place, settings)
    assert told is not None
    assert FORMAT.list_places(told, settings)[0] == place


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_place_tells_a_test_or_none(folder: str, name: str) -> None:
    told = FORMAT.find_test(Place(f"tests/cassettes/{folder}", name), OWN, lambda _: False)
    assert told is None or "::test" in told.test_id
