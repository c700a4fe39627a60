"""Where recordings stand: found, left behind, replaced, in each other's way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recctl.naming.folders import find_expected_folder
from recctl.naming.survey import Status, survey
from recctl.project import Project, Rename, Settings
from recctl.schemes import CURRENT, get_scheme
from recctl.sources import select
from tests.names import ask, current_name, old_name, write

if TYPE_CHECKING:
    from recctl.naming.survey import Facts, Survey

SCHEME = "ogx-2026-04"
FOLDER = "tests/integration/inference/recordings"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def look(root: Path, *paths: str, scheme: str | None = SCHEME, **settings: Any) -> Survey:
    project = Project(root, settings=Settings(scheme=scheme, **settings))
    return survey(project, select(project, paths or (".",)))


def stand(root: Path, path: Path, **settings: Any) -> Facts:
    (facts,) = look(root, path.relative_to(root).as_posix(), **settings).all_facts
    return facts


def test_a_recording_that_its_recorder_finds_is_current(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    facts = stand(root, path)
    assert (facts.status, facts.destination, facts.is_held) == (Status.CURRENT, path, True)


def test_a_recording_with_an_older_name_is_stranded_until_one_of_its_turn_is_found(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    assert stand(root, old).status is Status.OUTDATED
    assert stand(root, old).is_stranded
    again = write(root / FOLDER, ask("Hello, again"))
    facts = stand(root, old)
    assert facts.replaced_by == again.relative_to(root).as_posix()
    assert not facts.is_stranded


@pytest.mark.parametrize(("field", "value"), [("model", "large"), ("endpoint", "/v1/completions")])
def test_another_model_or_endpoint_makes_another_turn(root: Path, field: str, value: str) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    again = ask("Hello, again")
    again["request"][field] = value
    write(root / FOLDER, again)
    assert stand(root, old).is_stranded


def test_another_test_takes_no_turn_over(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    write(root / FOLDER, ask("Hello", test_id="tests/integration/inference/test_chat.py::test_other"))
    assert stand(root, old).is_stranded


def test_without_a_test_there_is_no_turn_and_nothing_is_replaced(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello", test_id=None), old_name(ask("Hello")))
    write(root / FOLDER, ask("Hello, again", test_id=None))
    assert stand(root, old).replaced_by is None


def test_recordings_that_want_one_name_name_each_other(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    other = write(root / FOLDER, ask("Hello"), f"{'0' * 64}.json")
    apart = write(root / FOLDER, ask("Bye"))
    found = {facts.location: facts.conflicts_with for facts in look(root).all_facts}
    assert found == {
        old: (other.relative_to(root).as_posix(),),
        other: (old.relative_to(root).as_posix(),),
        apart: (),
    }


def test_what_cannot_be_read_is_told_apart_from_what_is_no_recording(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    (root / FOLDER / "x.json").write_text("{")
    found = look(root, ".", "gone.json")
    assert [type(error).__name__ for error in found.errors] == ["Unread", "LoadError"]
    assert len(found.all_facts) == 1


def test_a_request_of_no_known_kind_is_not_judged(root: Path) -> None:
    path = write(root / FOLDER, {**ask("Hello"), "request": {"file_id": "1"}}, f"{'0' * 64}.json")
    facts = stand(root, path)
    assert (facts.status, facts.destination) == (Status.NOT_APPLICABLE, None)


def test_an_unexplained_name_comes_with_its_likely_cause(root: Path) -> None:
    before = ask("Hello", test_id="tests/llama_stack/test_x.py::test_y")
    after = ask("Hello", test_id="tests/ogx/test_x.py::test_y")
    path = write(root / "tests/ogx/recordings", after, current_name(before))
    assert stand(root, path).cause is None
    facts = stand(root, path, renames=(Rename("llama_stack", "ogx"),))
    assert facts.status is Status.UNEXPLAINED
    assert facts.cause is not None
    assert "llama_stack became ogx" in facts.cause


def test_without_a_scheme_the_newest_is_taken_and_nobody_is_held_to_it(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    facts = stand(root, old, scheme=None)
    assert (facts.scheme, facts.is_held, facts.status) == (CURRENT.name, False, Status.OUTDATED)


TEST = "tests/integration/inference/test_chat.py::test_reply"


@pytest.mark.parametrize(
    ("folder", "test_id", "was", "home"),
    [
        ("tests/integration/inference/recordings", TEST, TEST, "tests/integration/inference/recordings"),
        ("tests/integration/recordings/responses", TEST, TEST, "tests/integration/inference/recordings"),
        ("sub/tests/integration/agents/recordings", TEST, TEST, "sub/tests/integration/inference/recordings"),
        ("tests/tests/integration/recordings", TEST, TEST, "tests/tests/integration/inference/recordings"),
        ("elsewhere", TEST, TEST, "elsewhere"),
        ("tests/recordings", "no test", TEST, "tests/recordings"),
        ("tests/integration/inference/recordings", "checks/x/test_y.py::t", TEST, "checks/x/recordings"),
        ("tests/integration/recordings/responses", None, None, "tests/integration/common/recordings"),
        ("tests/integration/recordings/vision/responses", None, None, "tests/integration/common/recordings"),
        ("tests/integration/inference/recordings", None, None, "tests/integration/inference/recordings"),
        ("responses", None, None, "responses"),
        ("tests/integration/inference/recordings", "../../x/test_y.py::t", TEST, None),
    ],
)
def test_where_a_recorder_looks(folder: str, test_id: str | None, was: str | None, home: str | None) -> None:
    root = "/here/tests/root"  # what the root itself lies in does not matter
    assert (
        find_expected_folder(f"{root}/{folder}", Path(root), CURRENT, test_id, was)
        == f"{root}/{home or folder}"
    )


def test_the_first_recorder_keeps_to_its_folder() -> None:
    first = get_scheme("ogx-2025-07")
    assert first is not None
    folder = "/project/tests/recordings/responses"
    assert find_expected_folder(folder, Path("/project"), first, None, None) == folder
