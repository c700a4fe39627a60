"""Whether a test in Go still exists, by the functions in its package's sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recctl.testsuite.code import CodeTree, FateOfTest, is_in_code, is_in_python
from recctl.testsuite.code.go import is_go_test

if TYPE_CHECKING:
    from pathlib import Path

CHAT = """\
package llm

func TestChat(t *testing.T) {
	t.Run("says hi", func(t *testing.T) {})
}

func TestMain(m *testing.M) {}

func (s *Suite) TestMethod() {}
// func TestCommented(t *testing.T) {}
func helper() {}
"""


@pytest.fixture
def tree(tmp_path: Path) -> CodeTree:
    for path, text in {
        "llm/chat_test.go": CHAT,
        "llm/chat.go": "package llm\n\nfunc TestInNoTest(t *testing.T) {}\n",
        "far/away/x_test.go": "package away\n\nfunc TestFar (t *testing.T) {}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return CodeTree(tmp_path)


@pytest.mark.parametrize("name", ["TestChat", "TestChat/says_hi", "TestChat/gone/too", "TestMain"])
def test_a_function_is_a_test_and_its_subtests_are_not_looked_for(tree: CodeTree, name: str) -> None:
    assert tree.has_file("llm")
    assert tree.find_fate(f"llm::{name}") == FateOfTest()


@pytest.mark.parametrize("name", ["TestGone", "TestChat2/a", "TestMethod", "TestCommented", "TestInNoTest"])
def test_a_test_without_a_function_is_gone(tree: CodeTree, name: str) -> None:
    function = name.partition("/")[0]
    expected = f"no source of tests in llm has a function {function}"
    assert tree.find_fate(f"llm::{name}") == FateOfTest(gone=expected)


def test_what_stands_elsewhere_is_a_doubt(tree: CodeTree) -> None:
    assert tree.find_fate("llm::TestFar/a") == FateOfTest(
        doubt="no source of tests in llm has a function TestFar, but far/away/x_test.go has one"
    )
    assert not tree.has_file("none")
    assert tree.find_fate("none::TestChat") == FateOfTest(
        doubt="no source of tests in none has a function TestChat, but none has no tests in Go"
    )


@pytest.mark.parametrize(
    ("test_id", "is_one"),
    [
        ("llm::TestChat", True),
        (".::Test_x/a b", True),
        ("a/b::Test/x", True),
        ("llm::Testing", False),
        ("llm::helper", False),
        ("llm/chat.py::TestChat", False),
        ("/llm::TestChat", False),
        ("../llm::TestChat", False),
        ("TestChat", False),
    ],
)
def test_which_ids_are_of_gos_tests(test_id: str, is_one: bool) -> None:
    assert is_go_test(test_id) == is_one
    assert not is_one or (is_in_code(test_id) and not is_in_python(test_id))
