"""Cassettes whose names a project makes in its own way, and the files that go with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from recctl.testsuite.track import Tracked, dump_tracked
from tests.cli.test_cassettes import cassette, exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FLAT = "tests/cassettes/test_planets.yaml"
IN_MODULE = "tests/cassettes/test_x/test_planets.yaml"
IN_CLASS = "class TestAll:\n    def test_planets(self): ...\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def configure(folder: Path, text: str) -> None:
    (folder / "recctl.toml").write_text(text)


def list_files(folder: Path) -> list[str]:
    found = (path for path in (folder / "tests").rglob("*") if path.is_file() and path.suffix != ".py")
    return sorted(path.relative_to(folder).as_posix() for path in found)


def list_tests(run: Run, folder: Path, *words: str) -> list[str | None]:
    shown = json.loads(run("show", "tests", *words, "--format", "json", cwd=folder).out)["recordings"]
    return [recording["test_id"] for recording in shown]


def list_stale(run: Run, folder: Path) -> list[str]:
    found = json.loads(run("prune", "--max-share", "100", "--format", "json", cwd=folder).out)
    return [file["path"] for file in found["files"] if file["stale"]]


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A folder of cassettes for all its modules, whose names have no parameters; a test in a class."""
    configure(tmp_path, 'test-names = "{function}"\n')
    write(tmp_path, {FLAT: cassette(exchange("a", "b")), "tests/test_x.py": IN_CLASS})
    return tmp_path


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A cassette whose name leaves open in which class of a module its test is."""
    configure(tmp_path, 'test-names = "{module}/{function}[{params}]"\n')
    write(tmp_path, {IN_MODULE: cassette(exchange("a", "b")), "tests/test_x.py": IN_CLASS})
    return tmp_path


# --- what a name means --------------------------------------------------------------------------------------


def test_what_a_name_leaves_open_is_looked_up_in_the_sources(run: Run, flat: Path) -> None:
    assert list_tests(run, flat) == ["tests/test_x.py::TestAll::test_planets"]
    (flat / "tests/test_x.py").unlink()
    assert list_tests(run, flat) == ["tests/*.py::test_planets"]


def test_without_a_template_nobody_knows_whose_a_flat_cassette_is(run: Run, flat: Path) -> None:
    configure(flat, "")
    assert list_tests(run, flat) == [None]


@pytest.mark.parametrize("word", ["test_planets", "TestAll", "tests/test_x.py", "tests/"])
def test_a_test_is_found_whatever_its_cassette_leaves_out(run: Run, flat: Path, word: str) -> None:
    assert list_tests(run, flat, "--test", word) == ["tests/test_x.py::TestAll::test_planets"]


@pytest.mark.parametrize("word", ["TestB", "test_x.py::TestB::test_planets", "TestAll::test_planets[a]"])
def test_all_tests_that_share_a_cassette_find_it(run: Run, flat: Path, word: str) -> None:
    (flat / "tests/test_x.py").write_text(IN_CLASS + IN_CLASS.replace("All", "B"))
    assert list_tests(run, flat, "--test", word) == ["tests/test_x.py::TestAll::test_planets"]
    outcome = run("prune", "--test", word, "--format", "json", cwd=flat)
    assert [file["path"] for file in json.loads(outcome.out)["files"]] == [FLAT]
    unknown = run("show", "tests", "--test", "TestC", cwd=flat)
    assert (unknown.code, unknown.err.splitlines()[0]) == (2, "error: no recording is of test 'TestC'")


def test_parameters_that_were_cut_off_with_a_name_find_it(run: Run, named: Path) -> None:
    configure(named, "")
    name = f"test_planets[{'p' * 200}...{'0' * 32}.yaml"
    write(named, {f"tests/cassettes/test_x/{name}": cassette(exchange("a", "b"))})
    assert list_tests(run, named, "--test", f"test_planets[{'p' * 300}]") == ["tests/test_x.py::test_planets"]


def test_of_several_modules_that_is_meant_which_has_the_class(run: Run, flat: Path) -> None:
    configure(flat, 'test-names = "{class}.{function}"\n')
    (flat / FLAT).rename((flat / FLAT).with_name("TestB.test_planets.yaml"))
    (flat / "tests/test_y.py").write_text(IN_CLASS.replace("All", "B"))
    assert list_tests(run, flat) == ["tests/test_y.py::TestB::test_planets"]


def test_templates_are_tried_in_order_and_hold_for_a_part_of_the_tree(run: Run, flat: Path) -> None:
    configure(
        flat,
        '[[overrides]]\npaths = ["tests/"]\n'
        'test-names = ["{module}/{class}.{function}[{params}]", "{class}.{function}[{params}]"]\n',
    )
    write(flat, {"tests/cassettes/test_x/TestAll.test_a[p].yaml": cassette(exchange("a", "b"))})
    assert list_tests(run, flat) == [
        "tests/test_x.py::TestAll::test_planets",
        "tests/test_x.py::TestAll::test_a[p]",
    ]


def test_the_configuration_in_force_is_shown(run: Run, named: Path) -> None:
    with (named / "recctl.toml").open("a") as file:
        file.write(
            'companions = ["{name}.wav"]\n[[overrides]]\npaths = ["a/"]\ncompanions = ["{name}.txt"]\n'
        )
    lines = run("config", "a/x.yaml", cwd=named).out.splitlines()
    assert 'test-names     = ["{module}/{function}[{params}]"]  (recctl.toml)' in lines
    assert 'companions     = ["{name}.wav", "{name}.txt"]  (recctl.toml, overrides)' in lines


def test_a_broken_template_is_refused_in_a_line(run: Run, named: Path) -> None:
    configure(named, 'test-names = "{modul}/{function}"\n')
    outcome = run("validate", cwd=named)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {named / 'recctl.toml'}:1: test-names has an unknown placeholder, {{modul}}, in "
        "'{modul}/{function}': did you mean 'module'?\n"
    )
    configure(named, 'companions = ["x.json"]\n')
    outcome = run("validate", cwd=named)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {named / 'recctl.toml'}:1: companions should have {{name}} once, and beside it no more than "
        "{module}, in 'x.json'\n"
    )


# --- tests that are gone ------------------------------------------------------------------------------------

ELSEWHERE = [
    "class TestOther:\n    def test_planets(self): ...\n",
    "def test_planets(): ...\n",
    "class TestAll:\n    class TestInner:\n        async def test_planets(self): ...\n",
    "import pytest\n\n@pytest.mark.parametrize('a', [1, 2])\ndef test_planets(a): ...\n",
    "import base\n\nclass ChatSuite(base.Suite): ...\n",
    "from base import TestBase\n",
    "from base import *\n",
    "def test_x(",
]
"""Sources after which there is, or may be, a test of that name."""


@pytest.mark.parametrize("source", ELSEWHERE)
@pytest.mark.parametrize("layout", ["flat", "named"])
def test_a_file_is_no_orphan_while_any_test_may_be_meant(
    run: Run, request: pytest.FixtureRequest, layout: str, source: str
) -> None:
    folder: Path = request.getfixturevalue(layout)
    (folder / "tests/test_x.py").write_text(source)
    assert run("validate", "--select", "missing-test", cwd=folder).out == ""
    assert list_stale(run, folder) == []


def test_validate_and_prune_tell_of_tests_that_are_nowhere(run: Run, flat: Path, named: Path) -> None:
    assert flat == named
    configure(flat, 'test-names = ["{module}/{function}", "{function}"]\n')
    assert run("validate", "--select", "missing-test", cwd=flat).out == ""
    (flat / "tests/test_x.py").write_text("class TestAll:\n    def test_worlds(self): ...\n")
    outcome = run("validate", "--select", "missing-test", "--format", "concise", cwd=flat)
    assert outcome.out.splitlines() == [
        f"{FLAT}: warning[missing-test] no module in tests has a function test_planets",
        f"{IN_MODULE}: warning[missing-test] tests/test_x.py has no function test_planets",
    ]
    assert list_stale(run, flat) == [FLAT, IN_MODULE]
    (flat / "tests/other").mkdir()
    (flat / "tests/other/test_z.py").write_text(IN_CLASS)
    assert list_stale(run, flat) == []  # it may have moved


def test_a_source_that_changes_between_two_runs_is_looked_at_again(run: Run, named: Path) -> None:
    (named / "tests/test_z.py").write_text("")
    for number, source in enumerate(["def test_worlds(): ...\n", IN_CLASS, "class TestNo: ...\n", IN_CLASS]):
        (named / "tests/test_x.py").write_text(source)
        found = run("validate", "--select", "missing-test", cwd=named).out
        assert ("missing-test" in found) == (number % 2 == 0)


@pytest.mark.parametrize(
    ("listed", "grade"), [("TestOther::test_planets", None), ("TestAll::test_worlds", "uncollected")]
)
def test_a_listed_test_of_any_class_keeps_the_cassette(
    run: Run, named: Path, git: Callable[..., str], listed: str, grade: str | None
) -> None:
    write(named, {IN_MODULE.replace("planets", "moons"): cassette(exchange("a", "b"))})
    (named / "listed").write_text(f"tests/test_x.py::{listed}\ntests/test_x.py::TestAll::test_moons\n")
    git("add", ".")
    git("commit", "-qm", "one")
    outcome = run("prune", "--collected", "listed", "--grade", "uncollected", "--format", "json", cwd=named)
    grades = {file["path"]: file["grade"] for file in json.loads(outcome.out)["files"]}
    assert grades[IN_MODULE] == grade
    assert grades[IN_MODULE.replace("planets", "moons")] != "uncollected"


def test_a_cassette_that_may_be_of_a_test_that_did_not_run_is_not_unused(
    run: Run, named: Path, git: Callable[..., str]
) -> None:
    configure(named, 'test-names = ["{module}/{function}", "{module}/{class}.{function}"]\n')
    played = IN_MODULE.replace("test_planets", "TestAll.test_planets")
    test_id = "tests/test_x.py::TestAll::test_planets"
    write(named, {played: cassette(exchange("a", "b"))})
    git("add", ".")
    git("commit", "-qm", "one")
    opened, passed = frozenset([played]), frozenset([test_id])
    outcomes = dict.fromkeys(passed, "passed")
    tracked = Tracked(True, None, opened, {test_id: opened}, passed, outcomes, frozenset([IN_MODULE]))
    (named / "run").write_text(dump_tracked(tracked))
    outcome = run("prune", "--tracked", "run", "--grade", "unused", "--format", "paths", cwd=named)
    assert (outcome.code, outcome.out) == (0, "")


# --- tests that are renamed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_renamed", [False, True])
@pytest.mark.parametrize(("layout", "path"), [("flat", FLAT), ("named", IN_MODULE)])
def test_a_cassette_follows_its_test(
    run: Run, request: pytest.FixtureRequest, layout: str, path: str, is_renamed: bool
) -> None:
    folder: Path = request.getfixturevalue(layout)
    if is_renamed:
        (folder / "tests/test_x.py").write_text("class TestAll:\n    def test_worlds(self): ...\n")
    names = "tests/test_x.py::TestAll::test_planets", "tests/test_x.py::TestAll::test_worlds"
    assert run("mv", *names, "--apply", cwd=folder).code == 0
    assert list_files(folder) == [path.replace("planets", "worlds")]


def test_parameters_that_a_name_leaves_out_change_nothing(run: Run, flat: Path) -> None:
    outcome = run(
        "mv",
        "tests/test_x.py::TestAll::test_planets[a]",
        "tests/test_x.py::TestAll::test_planets[b]",
        "--apply",
        cwd=flat,
    )
    assert "moved" not in outcome.out
    assert list_files(flat) == [FLAT]


def test_a_cassette_of_all_parameters_is_not_renamed_with_one_of_them(run: Run, flat: Path) -> None:
    names = "tests/test_x.py::TestAll::test_planets[a]", "tests/test_x.py::TestAll::test_worlds[a]"
    outcome = run("mv", *names, "--apply", cwd=flat)
    assert outcome.code == 1
    assert "is tests/test_x.py::TestAll::test_planets's, too, by its name: copy it by hand" in outcome.out
    assert list_files(flat) == [FLAT]


@pytest.mark.parametrize("source", [IN_CLASS.replace("All", "B"), IN_CLASS + IN_CLASS.replace("All", "B")])
def test_a_cassette_stays_with_another_test_that_has_it(run: Run, named: Path, source: str) -> None:
    (named / "tests/test_x.py").write_text(source)
    names = "tests/test_x.py::TestAll::test_planets", "tests/test_x.py::TestAll::test_worlds"
    outcome = run("mv", *names, "--apply", cwd=named)
    assert outcome.code == 1
    assert "is tests/test_x.py::TestB::test_planets's, too, by its name: copy it by hand" in outcome.out
    assert list_files(named) == [IN_MODULE]


def test_what_does_not_hang_on_a_class_stays_where_the_class_is_renamed(run: Run, named: Path) -> None:
    (named / "tests/test_x.py").write_text(IN_CLASS + IN_CLASS.replace("All", "B"))
    outcome = run("mv", "tests/test_x.py::TestAll", "tests/test_x.py::TestC", "--apply", cwd=named)
    assert outcome.code == 0, outcome.out
    assert list_files(named) == [IN_MODULE]


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ("flat", "tests/new/cassettes/test_planets.yaml"),
        ("named", "tests/new/cassettes/test_y/test_planets.yaml"),
    ],
)
def test_cassettes_follow_files_of_tests_that_git_sees_renamed(
    run: Run, request: pytest.FixtureRequest, git: Callable[..., str], layout: str, path: str
) -> None:
    folder: Path = request.getfixturevalue(layout)
    git("add", ".")
    git("commit", "-qm", "one")
    (folder / "tests/new").mkdir()
    git("mv", "tests/test_x.py", "tests/new/test_y.py")
    outcome = run("rehash", "--rename-tests-from-git", "--apply", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert list_files(folder) == [path]
    assert run("validate", "--select", "missing-test", cwd=folder).out == ""


# --- companions ---------------------------------------------------------------------------------------------

COMPANIONS = {
    "tests/cassettes/test_x/test_planets.wav": "RIFF",
    "tests/cassettes/test_x_notes/test_planets.md": "# Planets\n",
    "tests/cassettes/test_x/test_planets.json": '{"voice": "alloy"}\n',
}
NOBODYS = "tests/cassettes/test_x/test_planets.txt"


@pytest.fixture
def accompanied(named: Path) -> Path:
    configure(named, 'companions = ["{name}.wav", "{name}.json", "{module}_notes/{name}.md"]\n')
    write(named, {**COMPANIONS, NOBODYS: "", "tests/test_x.py": "def test_planets(): ...\n"})
    return named


@pytest.mark.parametrize("settings", ["", 'test-names = "{module}/{function}"\n'])
def test_companions_move_with_their_cassette(run: Run, accompanied: Path, settings: str) -> None:
    with (accompanied / "recctl.toml").open("a") as file:
        file.write(settings)
    outcome = run("mv", "tests/test_x.py", "tests/test_y.py", "--apply", cwd=accompanied)
    assert outcome.code == 0, outcome.err
    moved = sorted(path.replace("test_x", "test_y") for path in (*COMPANIONS, IN_MODULE))
    assert list_files(accompanied) == [NOBODYS, *moved]
    names = "tests/test_y.py::test_planets", "tests/test_y.py::test_worlds"
    assert run("mv", *names, "--apply", cwd=accompanied).code == 0
    assert list_files(accompanied) == [NOBODYS, *(path.replace("planets", "worlds") for path in moved)]


@pytest.mark.parametrize("content", [b"RIFF\0\xff", b"{", b"", b"{}"])
def test_a_companion_that_is_named_outright_moves_whatever_it_holds(
    run: Run, accompanied: Path, content: bytes
) -> None:
    path = "tests/cassettes/test_x/test_planets.wav"
    (accompanied / path).write_bytes(content)
    outcome = run("mv", "tests/test_x.py", "tests/test_y.py", path, "--apply", cwd=accompanied)
    assert outcome.code == 0, outcome.err
    assert "error" not in outcome.err
    assert (accompanied / path.replace("test_x", "test_y")).read_bytes() == content


def test_companions_are_gone_with_their_test(run: Run, accompanied: Path) -> None:
    assert run("validate", "--select", "missing-test", cwd=accompanied).out == ""
    (accompanied / "tests/test_x.py").write_text("def test_worlds(): ...\n")
    outcome = run("validate", "--select", "missing-test", "--format", "concise", cwd=accompanied)
    assert [line.partition(":")[0] for line in outcome.out.splitlines()] == sorted((*COMPANIONS, IN_MODULE))
    assert list_stale(run, accompanied) == sorted((*COMPANIONS, IN_MODULE))


def test_a_test_is_found_with_its_companions(run: Run, accompanied: Path) -> None:
    write(accompanied, {IN_MODULE.replace("planets", "moons"): cassette(exchange("a", "b"))})
    write(accompanied, {"tests/cassettes/test_x/test_moons.wav": "RIFF"})
    (accompanied / "tests/test_x.py").write_text("def test_worlds(): ...\n")
    outcome = run("prune", "--test", "test_moons", "--max-share", "100", "--format", "json", cwd=accompanied)
    assert [file["path"] for file in json.loads(outcome.out)["files"]] == [
        "tests/cassettes/test_x/test_moons.wav",
        "tests/cassettes/test_x/test_moons.yaml",
    ]


def test_what_no_pattern_names_is_left_alone(run: Run, accompanied: Path) -> None:
    configure(accompanied, "")
    run("mv", "tests/test_x.py", "tests/test_y.py", "--apply", cwd=accompanied)
    assert list_files(accompanied) == sorted((*COMPANIONS, NOBODYS, IN_MODULE.replace("test_x", "test_y")))


def test_validate_looks_for_the_tests_of_what_other_recorders_wrote(run: Run, named: Path) -> None:
    configure(named, "")
    write(named, {"tests/cassettes/test_x_sideband/test_gone.yaml": "interactions:\n- kind: message\n"})
    (named / "tests/test_x.py").write_text("def test_planets(): ...\n")
    outcome = run("validate", "--select", "missing-test", "--format", "concise", cwd=named)
    assert outcome.out == (
        "tests/cassettes/test_x_sideband/test_gone.yaml: warning[missing-test] "
        "tests/test_x.py has no function test_gone\n"
    )
