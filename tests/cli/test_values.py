"""Values of another part are read by the names of their fields: a field that is added breaks nobody.

They are named tuples, since those are defined in a tenth of the time that frozen dataclasses take, and a run
defines more than a hundred. So nothing but this keeps a part from unpacking another one's.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.layers import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.cli.conftest import Run

COMMANDS = (
    ("validate", "bad", "good", "-v"),
    ("validate", "bad", "--format", "json"),
    ("validate", "bad", "--format", "sarif"),
    ("validate", "good", "--baseline", "known.json"),
    ("show", "good"),
    ("show", "good", "--format", "json"),
    ("show", "good", "--format", "markdown"),
    ("diff", "diff/before", "diff/after"),
    ("diff", "diff/before", "diff/after", "--format", "markdown"),
    ("diff", "diff/before", "diff/after", "--format", "json"),
    ("diff", "bad", "good"),
    ("rehash", "bad", "--check"),
    ("rehash", "bad", "--set", "/request/body/model", '"other"'),
    ("prune", "bad", "--grade", "replaced", "--scheme", "ogx-2026-04"),
    ("list", "bad", "good"),
    ("list", "good", "--test", "tests", "--format", "csv"),
    ("list", "good", "--format", "html"),
    ("stats", "bad", "good"),
    ("list", "good", "--where", "asked~weather"),
    ("find", "0806aef47037"),
    ("config",),
    ("rules",),
    ("restore", "bad"),
)
EXEMPT = {"Position"}
"""Pairs by nature: a line and a column."""


def watch_named_tuples(patch: pytest.MonkeyPatch) -> set[str]:
    """Note, from now on, where a part goes through a value of another one by position."""
    found: set[str] = set()

    def note(value: tuple[Any, ...]) -> None:
        caller = Path(sys._getframe(2).f_code.co_filename)
        defined = type(value).__module__.split(".")[1]
        is_ours = caller.is_relative_to(PACKAGE) and caller != PACKAGE / "render/kit/masking.py"
        if is_ours and caller.relative_to(PACKAGE).parts[0] != defined:
            found.add(f"{caller.relative_to(PACKAGE).as_posix()}: {type(value).__name__}")

    def make_noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: tuple[Any, ...], *given: Any) -> Any:
            note(self)
            return method(self, *given)

        return call

    for kind in tuple.__subclasses__():
        if kind.__module__.startswith("recctl.") and kind.__name__ not in EXEMPT:
            patch.setattr(kind, "__iter__", make_noting(tuple.__iter__), raising=False)
            patch.setattr(kind, "__getitem__", make_noting(tuple.__getitem__), raising=False)
    return found


def test_no_part_unpacks_values_of_another(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bad", "good", "diff"):
        shutil.copytree(PACKAGE.parent / "examples" / name, tmp_path / name)
    assert run("validate", "good", "--write-baseline", "known.json").code == 0
    for command in COMMANDS:
        assert run(*command).code in (0, 1), command
    found = watch_named_tuples(monkeypatch)
    for command in COMMANDS:
        run(*command)
    assert found == set()
