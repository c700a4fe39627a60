"""How many of the real recordings each scheme names: the counts that RECORDINGS.md gives."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from recctl.naming.engine import CURRENT, SCHEMES, explain, identify
from recctl.naming.engine.causes import explain_name
from recctl.project import Place, Rename, Settings
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from tests.unit.test_schemes import hashed_by

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.naming.facts import Identity

pytestmark = pytest.mark.corpus


def recordings(folder: Path) -> Iterator[tuple[Recording, Place]]:
    for path in sorted(folder.rglob("*.json")):
        place = Place(path.parent.as_posix(), path.name)
        (recording,) = load(Source(path.name, path.read_bytes(), place, Settings()))
        assert isinstance(recording, Recording)
        yield recording, place


def identities(folder: Path) -> Iterator[Identity]:
    for recording, place in recordings(folder):
        yield identify(recording, place)


def describe(identity: Identity) -> str:
    if identity.unjudged:
        return "unjudged"
    if identity.newest is None:
        return "draft" if identity.draft else "unexplained"
    return "current" if identity.newest == CURRENT.name else "older"


def test_the_names_of_a_project_that_runs_the_current_scheme(shared: Path) -> None:
    counts = Counter(map(describe, identities(shared / "corpus" / "ogx")))
    assert counts == {"current": 787, "older": 167, "draft": 28, "unexplained": 28, "unjudged": 2}


def test_a_release_from_the_summer_of_2025_has_its_scheme_alone(shared: Path) -> None:
    found = Counter(identity.schemes for identity in identities(shared / "corpus" / "llama-stack-0.2.20"))
    assert found == {("ogx-2025-07",): 79}


def test_a_current_name_is_the_one_that_is_wanted(shared: Path) -> None:
    found = [*identities(shared / "corpus" / "ogx")]
    named = [identity for identity in found if identity.wanted == identity.name]
    assert named == [identity for identity in found if identity.newest == CURRENT.name]
    assert len(named) == 787


def test_what_is_hashed_is_what_the_field_guide_says(shared: Path) -> None:
    explained = 0
    for recording, place in recordings(shared / "corpus"):
        if identify(recording, place).unjudged is not None:
            continue
        explanations = explain(recording, place, Settings())
        fitting = [scheme for scheme in SCHEMES if scheme.format in (None, recording.format)]
        assert [explanation.scheme for explanation in explanations] == fitting
        for scheme, text, digest, names, matches, unjudged in explanations:
            assert text == hashed_by(scheme.name, recording.document)
            assert digest == hashlib.sha256(text.encode("ascii")).hexdigest()
            assert all(digest[: scheme.name_length] in name for name in names)
            assert matches == (place.name in names)
            assert unjudged is None
        explained += 1
    assert explained == 1089


def test_nearly_every_name_that_is_not_explained_has_a_cause(shared: Path) -> None:
    """A rename all over the repository, drafts, test ids that were lost; one was edited otherwise."""
    renames = (Rename("llama_stack", "ogx"), Rename("Llama Stack", "OGX"), Rename("LlamaStack", "OGX"))
    causes: Counter[str] = Counter()
    for recording, place in recordings(shared / "corpus" / "ogx"):
        identity = identify(recording, place)
        if identity.unjudged is None and not identity.schemes:
            causes[(explain_name(recording, place, renames) or "unknown").partition(" ")[0]] += 1
    drafts = {"draft-score-attributes,": 15, "draft-floats6,": 7, "draft-file-ids,": 6}
    assert causes == {**drafts, "before": 24, "its": 3, "unknown": 1}
