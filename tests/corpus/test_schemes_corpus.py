"""How many of the real recordings each scheme names: the counts that RECORDINGS.md gives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from recctl.project import Place, Settings
from recctl.recording import Recording, load
from recctl.schemes import CURRENT, identify
from recctl.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.schemes import Identity

pytestmark = pytest.mark.corpus


def identities(folder: Path) -> Iterator[Identity]:
    for path in sorted(folder.rglob("*.json")):
        place = Place(path.parent.as_posix(), path.name)
        (recording,) = load(Source(path.name, path.read_bytes(), place, Settings()))
        assert isinstance(recording, Recording)
        yield identify(recording, place)


def describe(identity: Identity) -> str:
    if identity.unjudged:
        return "unjudged"
    if identity.newest is None:
        return "draft" if identity.draft else "unexplained"
    return "current" if identity.newest == CURRENT else "older"


def test_the_names_of_a_project_that_runs_the_current_scheme(shared: Path) -> None:
    counts = Counter(map(describe, identities(shared / "corpus" / "ogx")))
    assert counts == {"current": 787, "older": 167, "draft": 28, "unexplained": 28, "unjudged": 2}


def test_a_release_from_the_summer_of_2025_has_its_scheme_alone(shared: Path) -> None:
    found = Counter(identity.schemes for identity in identities(shared / "corpus" / "llama-stack-0.2.20"))
    assert found == {("ogx-2025-07",): 79}


def test_a_current_name_is_the_one_that_is_wanted(shared: Path) -> None:
    for identity in identities(shared / "corpus" / "ogx"):
        assert (identity.wanted == identity.name) == (identity.newest == CURRENT)
