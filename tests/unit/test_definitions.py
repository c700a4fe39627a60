"""Which tests a source defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recctl.base.definitions import list_tests

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """\
import pytest

if True:
    def test_a(): ...
try:
    pass
except ImportError:
    def test_b(): ...
else:
    async def test_c(): ...

class TestOuter:
    def test_d(self):
        def test_inside(): ...
    class TestInner:
        def test_e(self): ...
"""


def test_functions_are_told_with_their_classes(tmp_path: Path) -> None:
    path = tmp_path / "test_x.py"
    path.write_text(SOURCE)
    assert list_tests(path) == (
        ("TestOuter", "TestInner", "test_e"),
        ("TestOuter", "test_d"),
        ("test_a",),
        ("test_b",),
        ("test_c",),
    )


def test_a_source_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "test_x.py"
    path.write_text("def test_a(): ...\n")
    assert list_tests(path) == (("test_a",),)
    path.write_text("def test_b_c(): ...\n")
    assert list_tests(path) == (("test_b_c",),)
    path.unlink()
    assert list_tests(path) == ()


@pytest.mark.parametrize("content", [b"def test_a(", b"\0", b"\xff", b"# coding: nothing\n", b"(" * 9999])
def test_what_is_no_python_defines_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "test_x.py"
    path.write_bytes(content)
    assert list_tests(path) == ()
    assert list_tests(tmp_path) == ()
