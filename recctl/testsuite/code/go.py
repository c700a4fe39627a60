"""Tests in Go, as far as their sources say which there are: by their functions, and not by their subtests."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from recctl.testsuite.code.module import read_source
from recctl.testsuite.code.rust import Absence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_SUFFIX = "_test.go"


def is_go_test(test_id: str) -> bool:
    """Whether an id is that of a test in Go: the folder of its package, and `t.Name()`."""
    path, _, name = test_id.partition("::")
    steps = PurePosixPath(path).parts
    is_inside = not path.startswith("/") and ".." not in steps and "\\" not in path
    return re.match(_TEST, name) is not None and is_inside and not path.endswith((".py", ".rs"))


_TEST = r"Test(?![a-z])\w*(?:/|\Z)"
_DEFINITION = re.compile(rb"^func[ \t]+(Test\w*)[ \t]*\(", re.MULTILINE)


class GoTree:
    """The functions of tests that packages below a folder define; each is read once."""

    def __init__(self, base: Path, walk: Callable[[Path, str], Iterable[Path]]) -> None:
        self._base = base
        self._walk = walk
        self._packages: dict[str, dict[str, str]] = {}

    def has_sources(self, path: str) -> bool:
        """Whether a package has any source of tests."""
        return any((self._base / path).glob(f"*{_SUFFIX}"))

    def find_absence(self, test_id: str) -> Absence | None:
        """That a test is gone, and what speaks against that; None for one whose function is there."""
        path, _, name = test_id.partition("::")
        function = name.partition("/")[0]
        if function in self._list_functions(path):
            return None
        reason = f"no source of tests in {path} has a function {function}"
        if not self.has_sources(path):
            return Absence(reason, f"{path} has no tests in Go")
        holder = self._list_functions(None).get(function)
        return Absence(reason, holder and f"{holder} has one")

    def _list_functions(self, package: str | None) -> dict[str, str]:
        """By its name, where each function of a test stands: of a package, or of all below the folder."""
        key = "" if package is None else package
        if key not in self._packages:
            sources = (
                self._walk(self._base, _SUFFIX)
                if package is None
                else (self._base / package).glob(f"*{_SUFFIX}")
            )
            self._packages[key] = {
                name.decode(): source.relative_to(self._base).as_posix()
                for source in sorted(sources, reverse=True)
                for name in _DEFINITION.findall(read_source(source) or b"")
            }
        return self._packages[key]
