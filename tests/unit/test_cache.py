"""What `validate` remembers of files that have not changed: only what it found itself, by the same rules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.changes.state import StateFolder
from recctl.checks.cache import Cache
from recctl.checks.finding import Examined, Finding, Severity
from recctl.input import cache as module
from recctl.input.sources import Target
from recctl.naming.facts import Facts, Identity, NameStatus, Turn
from recctl.project import Settings

if TYPE_CHECKING:
    from pathlib import Path

NAME = "cache/validate"
USUAL = Settings()


def make_target(root: Path, settings: Settings = USUAL) -> Target:
    path = root / "1.json"
    path.touch()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return Target("1.json", settings, path=path)


def remember(root: Path, examined: Examined, settings: Settings = USUAL) -> Target:
    """Have a file's result remembered, though it is new."""
    target = make_target(root, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CLOCK_TICK", -(1 << 60))
        cache = Cache(root, "basis")
        cache.put(target, examined)
        cache.save()
    return target


FOUND = Examined(
    (Finding("rule", Severity.ERROR, "1.json", "wrong", "mend it"),),
    (
        Facts(
            path="1.json",
            folder="tests",
            expected_folder="tests/recordings",
            size=1,
            scheme="ogx-2026-04",
            is_held=True,
            identity=Identity(
                "1.json", "2.json", ("ogx-2025-10", "ogx-2025-11"), "ogx-2025-10", "ogx-2025-11"
            ),
            status=NameStatus.OUTDATED,
            test_id="tests/test_x.py::test_x",
            turn=Turn("tests/test_x.py::test_x", "/v1/chat", "small", ("user", "tool"), "0a", "", "1b"),
        ),
    ),
)


def test_what_was_found_is_known_again(tmp_path: Path) -> None:
    target = remember(tmp_path, FOUND)
    assert Cache(tmp_path, "basis").get(target) == FOUND
    assert Cache(tmp_path, "other settings").get(target) is None


def test_a_file_whose_test_the_sources_decide_is_looked_at_each_time(tmp_path: Path) -> None:
    target = remember(tmp_path, FOUND, Settings(test_names=("{function}",)))
    assert Cache(tmp_path, "basis").get(target) is None


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Target, bytes]:
    """A file whose result is known, and the cache that knows it."""
    root = tmp_path_factory.mktemp("known")
    return remember(root, FOUND), StateFolder(root).read(NAME)


@given(data=st.data())
def test_a_cache_of_which_a_byte_is_other_or_missing_knows_nothing(
    known: tuple[Target, bytes], data: st.DataObject
) -> None:
    target, content = known
    start = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 2))
    put = data.draw(st.binary(max_size=2))
    changed = content[:start] + put + content[start + length :]
    assert target.path is not None
    StateFolder(target.path.parent).write(NAME, changed, sync=False)
    expected = FOUND if changed == content else None
    assert Cache(target.path.parent, "basis").get(target) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 62), 1 << 62) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(document=JSON | st.fixed_dictionaries({"basis": st.just("basis"), "files": JSON}))
def test_a_cache_that_somebody_else_has_written_knows_nothing(
    known: tuple[Target, bytes], document: object
) -> None:
    target, _ = known
    assert target.path is not None
    StateFolder(target.path.parent).write(NAME, orjson.dumps(document), sync=False)
    assert Cache(target.path.parent, "basis").get(target) is None


def test_a_changed_rule_makes_all_results_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package/recctl"
    (package / "checks").mkdir(parents=True)
    (package.parent / "schemas").mkdir()
    rule, schema = package / "checks/rule.py", package.parent / "schemas/chat.json"
    rule.touch()
    schema.touch()
    monkeypatch.setattr(module, "__file__", str(package / "input/cache.py"))
    target = remember(tmp_path, FOUND)
    assert Cache(tmp_path, "basis").get(target) == FOUND
    for path in (rule, schema, package / "checks/new.py"):
        path.write_text("# another rule")
        assert Cache(tmp_path, "basis").get(target) is None
        remember(tmp_path, FOUND)
    (package / "checks/__pycache__").mkdir()
    (package / "checks/__pycache__/x.py").touch()
    assert Cache(tmp_path, "basis").get(target) == FOUND


def test_a_reply_is_known_again_until_its_file_changes(tmp_path: Path) -> None:
    target = remember(tmp_path, FOUND)
    cache = Cache(tmp_path, "basis")
    assert cache.get_reply(target) is None
    cache.put_reply(target, "0a1b")
    cache.save()
    known = Cache(tmp_path, "basis")
    assert (known.get(target), known.get_reply(target)) == (FOUND, "0a1b")
    assert target.path is not None
    target.path.write_text("changed", encoding="utf-8")
    assert known.get_reply(target) is None


def test_a_reply_in_a_file_that_is_not_known_is_not_remembered(tmp_path: Path) -> None:
    target = make_target(tmp_path)
    cache = Cache(tmp_path, "basis")
    cache.put_reply(target, "0a1b")
    assert cache.get_reply(target) is None
