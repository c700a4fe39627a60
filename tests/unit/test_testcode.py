"""Whether tests still exist: what proves that one is gone, and the many things that leave it in doubt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.testsuite.code import Address, CodeTree, FateOfTest, parse_test_id

FILE = "tests/test_x.py"


def find_fate(base: Path, test_id: str, source: str | None = "", **others: str) -> FateOfTest:
    """What became of a test whose file holds this; `others` are modules beside it."""
    (base / "tests").mkdir()
    if source is not None:
        (base / FILE).write_text(source)
    for name, content in others.items():
        (base / "tests" / f"{name}.py").write_text(content)
    return CodeTree(base).find_fate(test_id)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def test_y(): ...", "test_y[txt=a/b::c-d]"),
        ("async def test_y(): ...", "test_y"),
        ("if True:\n  def test_y(): ...", "test_y"),
        ("try:\n  import gpu\nexcept ImportError:\n  pass\nelse:\n  def test_y(): ...", "test_y"),
        ("@mark\ndef test_y(): ...", "test_y"),
        ("class TestA:\n  def test_y(self): ...", "TestA::test_y[a]"),
        ("class TestA:\n  class TestB:\n    def test_y(self): ...", "TestA::TestB::test_y"),
        ("class Base:\n  def test_y(self): ...\nclass TestA(Base): ...", "TestA::test_y"),
        ("test_y = make_test()", "test_y"),
        ("test_y, test_z = make_tests()", "test_y"),
        ("from base import test_y", "test_y"),
        ("from base import check as test_y", "test_y"),
        ("for test_y in tests(): ...", "test_y"),
        ("def make():\n  global test_y\n  test_y = 1", "test_y"),
        ("class TestA:\n  test_y = make_test()", "TestA::test_y"),
    ],
)
def test_a_test_exists_however_it_is_bound(tmp_path: Path, source: str, name: str) -> None:
    assert find_fate(tmp_path, f"{FILE}::{name}", source) == FateOfTest()


@pytest.mark.parametrize(
    ("source", "name", "gone"),
    [
        (None, "test_y", "tests/test_x.py no longer exists"),
        ("", "test_y[a]", "tests/test_x.py has no function test_y"),
        ("def test_y2(): ...", "test_y", "tests/test_x.py has no function test_y"),
        ("# def test_y(): ...", "test_y", "tests/test_x.py has no function test_y"),
        ("def helper():\n  def test_y(): ...", "test_y", "tests/test_x.py has no function test_y"),
        ("print(type(1))", "test_y", "tests/test_x.py has no function test_y"),
        ("sys.path.insert(0, '.')\npaths.append(1)", "test_y", "tests/test_x.py has no function test_y"),
        (
            "if __name__ == '__main__':\n  main()\nelse:\n  logging.disable()",
            "test_y",
            "tests/test_x.py has no function test_y",
        ),
        (
            "class TestA:\n  @pytest.mark.slow\n  def test_y(self): ...",
            "TestA::test_y_0",
            "TestA in tests/test_x.py has no function test_y_0",
        ),
        ("", "TestA::test_y", "tests/test_x.py has no class TestA"),
        ("class TestA:\n  pass", "TestA::test_y", "TestA in tests/test_x.py has no function test_y"),
        (
            "import unittest\nclass TestA(unittest.TestCase): ...",
            "TestA::test_y",
            "TestA in tests/test_x.py has no function test_y",
        ),
        (
            "class Base:\n  def test_z(self): ...\n@pytest.mark.slow\nclass TestA(Base): ...",
            "TestA::test_y",
            "TestA in tests/test_x.py has no function test_y",
        ),
        ("class TestA:\n  pass", "TestA::TestB::test_y", "TestA in tests/test_x.py has no class TestB"),
    ],
)
def test_a_test_is_gone_when_its_source_leaves_no_way_for_it(
    tmp_path: Path, source: str | None, name: str, gone: str
) -> None:
    assert find_fate(tmp_path, f"{FILE}::{name}", source) == FateOfTest(gone=gone)


@pytest.mark.parametrize(
    ("source", "name", "doubt"),
    [
        ("from base import *", "test_y", "has no function test_y, but it imports all of base"),
        ("from .base import *", "TestA::test_y", "has no class TestA, but it imports all of .base"),
        (
            "globals()['test_' + 'y'] = 1",
            "test_y",
            "has no function test_y, but it makes names with globals()",
        ),
        ("setattr(module, name, f)", "test_y", "has no function test_y, but it makes names with setattr()"),
        ("exec('def test_y(): ...')", "test_y", "has no function test_y, but it makes names with exec()"),
        ("T = type('T', (), {})", "T2::test_y", "has no class T2, but it makes names with type()"),
        ("sys.modules[__name__].test_y = 1", "test_y", "has no function test_y, but it uses sys.modules"),
        ("def load_tests(): ...", "test_y", "has no function test_y, but its load_tests makes tests"),
        ("def pytest_generate_tests(): ...", "test_y", "but its pytest_generate_tests makes tests"),
        ("class TestA(Elsewhere): ...", "TestA::test_y", "has no test_y of its own, but may inherit"),
        ("class A(B): ...\nclass TestA(A): ...", "TestA::test_y", "has no test_y of its own"),
        ("class TestA(TestA): ...", "TestA::test_y", "has no test_y of its own"),
        ("class TestA(metaclass=M): ...", "TestA::test_y", "has no test_y of its own"),
        ("@with_tests\nclass TestA: ...", "TestA::test_y", "or be given one"),
        ("class A:\n  def __init_subclass__(cls): ...\nclass TestA(A): ...", "TestA::test_y", "be given one"),
        (
            "from base import TestCase\nclass TestA(TestCase): ...",
            "TestA::test_y",
            "has no test_y of its own, but may inherit",
        ),
        (
            "from django import test as unittest\nclass TestA(unittest.TestCase): ...",
            "TestA::test_y",
            "has no test_y of its own, but may inherit",
        ),
        (
            "class TestA: ...\nTestA.test_y = make_test()",
            "TestA::test_y",
            "has no function test_y, but it assigns to one of something else",
        ),
        (
            "class TestA:\n  @parameterized.expand(cases)\n  def test_y(self, case): ...",
            "TestA::test_y_0_small",
            "has no function test_y_0_small, but what decorates test_y may make several of it",
        ),
        (
            "@parameterized_class(cases)\nclass TestA:\n  def test_y(self): ...",
            "TestA_0::test_y",
            "has no class TestA_0, but what decorates TestA may make several of it",
        ),
        (
            "scenarios('features')",
            "test_y",
            "has no function test_y, but it calls scenarios(), which may make",
        ),
        (
            "class TestA: ...\nif torch:\n  instantiate_tests(TestA)",
            "TestA::test_y",
            "has no function test_y, but it calls instantiate_tests(), which may make tests",
        ),
        ("frame().f_globals['test_y'] = 1", "test_y", "has no function test_y, but it uses f_globals"),
        ('"""\n>>> 1\n1\n"""', "test_x", "has no function test_x, but may have doctests"),
        ("class TestA: ...\nclass TestA: ...", "TestA::test_y", "several things that are called TestA"),
        ("from base import TestA", "TestA::test_y", "several things that are called TestA, or imports it"),
        ("def test_y(:", "test_y", "is no Python that this version can read"),
        ("\0", "test_y", "is no Python that this version can read"),
        ("(" * 1000, "test_y", "is no Python that this version can read"),
        ("# -*- coding: nonsense -*-", "test_y", "is no Python that this version can read"),
    ],
)
def test_what_could_make_a_test_is_a_doubt(tmp_path: Path, source: str, name: str, doubt: str) -> None:
    fate = find_fate(tmp_path, f"{FILE}::{name}", source)
    assert fate.gone is None
    assert doubt in (fate.doubt or "")


def test_a_test_that_moved_to_another_file_is_a_doubt(tmp_path: Path) -> None:
    fate = find_fate(tmp_path, f"{FILE}::test_y[a]", None, test_new="def test_y(): ...")
    assert fate.doubt == (
        "tests/test_x.py no longer exists, but tests/test_new.py has a test_y: if the test moved, "
        "recctl mv tests/test_x.py::test_y tests/test_new.py::test_y takes its recordings along"
    )


def test_a_test_that_moved_into_a_class_of_its_file_is_a_doubt(tmp_path: Path) -> None:
    fate = find_fate(tmp_path, f"{FILE}::TestA::test_y", "class TestB:\n  def test_y(self): ...")
    assert fate.doubt == (
        "tests/test_x.py has no class TestA, but tests/test_x.py has a test_y: if the test moved, "
        "recctl mv tests/test_x.py::TestA::test_y tests/test_x.py::TestB::test_y takes its recordings along"
    )


def test_a_file_that_moved_is_recognised_by_its_name_first(tmp_path: Path) -> None:
    (tmp_path / "tests/new").mkdir(parents=True)
    for place in ("tests/a.py", "tests/new/test_x.py"):
        (tmp_path / place).write_text("def test_y(): ...")
    doubt = CodeTree(tmp_path).find_fate(f"{FILE}::test_y").doubt or ""
    assert "but tests/new/test_x.py has a test_y" in doubt


def test_a_namesake_in_another_class_of_another_file_is_another_test(tmp_path: Path) -> None:
    others = {"test_new": "class TestB:\n  def test_y(self): ..."}
    fate = find_fate(tmp_path, f"{FILE}::TestA::test_y", "", **others)
    assert fate == FateOfTest(gone="tests/test_x.py has no class TestA")


def test_a_namesake_in_a_file_that_cannot_be_read_is_a_doubt(tmp_path: Path) -> None:
    fate = find_fate(tmp_path, f"{FILE}::test_y", None, test_new="def test_y(:")
    assert "but tests/test_new.py has a test_y" in (fate.doubt or "")


def test_namesakes_in_hidden_folders_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "tests/.old").mkdir(parents=True)
    (tmp_path / "tests/.old/test_x.py").write_text("def test_y(): ...")
    assert CodeTree(tmp_path).find_fate(f"{FILE}::test_y").gone == "tests/test_x.py no longer exists"


def test_a_test_that_moved_out_of_its_top_folder_is_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/test_x.py").write_text("test_y = make_test()")
    doubt = find_fate(tmp_path, f"{FILE}::test_y", None).doubt or ""
    assert "recctl mv tests/test_x.py::test_y other/test_x.py::test_y takes its recordings along" in doubt


@pytest.mark.parametrize("body", ["(SharedTests): ...", ":\n  test_y = make_test()"])
def test_a_class_that_moved_with_tests_that_it_inherits_or_makes_is_a_doubt(
    tmp_path: Path, body: str
) -> None:
    others = {
        "shared": "class SharedTests:\n  def test_y(self): ...",
        "test_new": f"from shared import SharedTests\nclass TestA{body}",
    }
    fate = find_fate(tmp_path, f"{FILE}::TestA::test_y", None, **others)
    assert "but tests/test_new.py has a test_y" in (fate.doubt or "")


def test_a_test_that_moved_in_a_folder_behind_a_link_is_a_doubt(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "base", tmp_path / "elsewhere"
    base.mkdir()
    elsewhere.mkdir()
    (base / "tests").symlink_to(elsewhere)
    (elsewhere / "test_new.py").write_text("def test_y(): ...")
    fate = CodeTree(base).find_fate(f"{FILE}::test_y")
    assert "but tests/test_new.py has a test_y" in (fate.doubt or "")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("def test_é(): ...", "utf-8"),
        ("def test_é(): ...", "latin-1"),
        ("test_é = make_test()", "utf-8"),
        ("test_é = make_test()", "latin-1"),
        ("def test_e\N{COMBINING ACUTE ACCENT}(): ...", "utf-8"),
    ],
)
def test_names_are_the_same_however_they_are_written(tmp_path: Path, content: str, encoding: str) -> None:
    source = f"# -*- coding: {encoding} -*-\n{content}\n".encode(encoding)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_new.py").write_bytes(source)
    tree = CodeTree(tmp_path)
    for name in ("test_é", "test_e\N{COMBINING ACUTE ACCENT}"):
        assert tree.find_fate(f"tests/test_new.py::{name}") == FateOfTest()
        assert tree.find_fate(f"{FILE}::{name}").doubt is not None


def test_a_class_that_moved_without_the_test_leaves_no_doubt(tmp_path: Path) -> None:
    others = {"test_new": "class TestA:\n  def test_z(self): ..."}
    fate = find_fate(tmp_path, f"{FILE}::TestA::test_y", None, **others)
    assert fate == FateOfTest(gone="tests/test_x.py no longer exists")


def test_namesakes_in_virtual_environments_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "venv/lib").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (tmp_path / "venv/lib/test_x.py").write_text("def test_y(): ...")
    assert find_fate(tmp_path, f"{FILE}::test_y", None).gone == "tests/test_x.py no longer exists"


def test_a_file_that_became_a_package_is_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "tests/test_x").mkdir(parents=True)
    fate = CodeTree(tmp_path).find_fate(f"{FILE}::test_y")
    assert fate == FateOfTest(doubt="tests/test_x.py is no file, but something has its name")


def test_a_file_too_large_to_have_been_written_is_a_doubt(tmp_path: Path) -> None:
    fate = find_fate(tmp_path, f"{FILE}::test_y", "#" * 4_000_001)
    assert fate == FateOfTest(doubt="tests/test_x.py can't be read")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_source_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / FILE).touch()
    for name in ("conftest.py", "test_namesake.py", "x.py"):
        os.mkfifo(tmp_path / "tests" / name)
    assert CodeTree(tmp_path).find_fate(f"{FILE}::test_y").gone


def test_where_a_conftest_collects_in_its_own_way_nothing_is_gone(tmp_path: Path) -> None:
    fate = find_fate(tmp_path, f"{FILE}::test_y", "", conftest="def pytest_pycollect_makeitem(): ...")
    assert fate == FateOfTest(
        doubt="tests/test_x.py has no function test_y, but a conftest.py decides what is a test there"
    )


@pytest.mark.parametrize("content", ["def pytest_collect_file(): ...", "item._nodeid = name"])
def test_where_a_plugin_among_the_sources_may_make_tests_nothing_is_gone(
    tmp_path: Path, content: str
) -> None:
    fate = find_fate(tmp_path, f"{FILE}::test_y", "", plugin=content)
    assert fate == FateOfTest(
        doubt="tests/test_x.py has no function test_y, but tests/plugin.py may decide what is a test"
    )


@pytest.mark.parametrize(
    "test_id",
    [
        "",
        "tests/test_x.py",
        "tests/cases.yaml::case 1",
        "tests/notes.ipynb::Cell 0",
        "tests/test_x.py::test_x.function",
        "tests/test_x.py::",
        "/etc/test_x.py::test_y",
        "../test_x.py::test_y",
        "tests/../../test_x.py::test_y",
        "C:/tests/test_x.py::test_y",
        "tests\\test_x.py::test_y",
        "tests/\0test_x.py::test_y",
    ],
)
def test_ids_that_name_no_function_below_the_base_are_not_judged(tmp_path: Path, test_id: str) -> None:
    assert parse_test_id(test_id) is None
    assert CodeTree(tmp_path).find_fate(test_id) == FateOfTest()


def test_an_id_is_taken_apart_whatever_its_parameters_hold() -> None:
    assert parse_test_id("a/t.py::A::test_y[b::c[d]-e/f]") == Address("a/t.py", ("A",), "test_y")


HERE = CodeTree(Path(__file__).parent)


@given(st.text(), st.text(min_size=1))
def test_no_test_of_any_name_is_gone_from_a_file_that_has_it_or_breaks_the_search(
    path: str, name: str
) -> None:
    assert HERE.find_fate(f"test_testcode.py::{find_fate.__name__}[{name}]") == FateOfTest()
    fate = HERE.find_fate(f"{path}.py::{name}")
    assert fate == FateOfTest() or fate.gone or fate.doubt
