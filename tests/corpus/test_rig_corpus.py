"""Public cassettes of rig's: all are read, told from all others, and changed in one line each."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from recctl.base.syntax import Fault
from recctl.base.yaml_text import read_documents
from recctl.checks.schema import read_schema
from recctl.project import Place, Settings
from recctl.recordings.bodies import is_described
from recctl.recordings.formats.rig import FORMAT
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.wire import recognise
from tests.corpus.test_vcrpy_corpus import change_text, find_changed_lines
from tests.depth import IS_WHOLE, take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def cassettes(shared: Path) -> list[tuple[Source, list[Recording]]]:
    found = []
    for path in sorted((shared / "foreign/rig").rglob("*.yaml")):
        place = Place(path.parent.as_posix(), path.name)
        source = Source(path.as_posix(), path.read_bytes(), place, Settings())
        items = FORMAT.read(source)
        recordings = [item for item in items if isinstance(item, Recording)]
        assert len(recordings) == len(items) > 0, path.name
        found.append((source, recordings))
    return found


def test_every_exchange_is_read_and_known(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    read = [recording for _, recordings in cassettes for recording in recordings]
    assert (len(cassettes), len(read)) == (530, 696)
    assert sum(recording.is_streaming for recording in read) == 244
    assert [recording.url for recording in read if recognise(recording).name == "unknown"] == []
    assert all(recording.as_written for recording in read)


def test_they_are_told_from_all_others(shared: Path) -> None:
    claimed = {
        path.relative_to(shared / "foreign").parts[0]
        for path in (shared / "foreign").rglob("*.y*ml")
        if FORMAT.claims(path.name, (), partial(bytes, path.read_bytes()))
    }
    assert claimed == {"rig"}


def test_the_schema_holds(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    validator = jsonschema_rs.validator_for(read_schema("rig"))
    for source, _ in cassettes:
        documents = read_documents(source.content, max_size=source.settings.max_size)
        assert not isinstance(documents, Fault)
        assert all(validator.is_valid(document.value) for document in documents), source.name


def test_an_edit_changes_one_line_and_one_value(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    count = 0
    for source, recordings in take(cassettes, every=5):
        for side, part, document in change_parts(recordings[-1]):
            content = FORMAT.edit(source, {recordings[-1].index: document})
            assert content is not None, (source.name, side, part)
            before, after = ([*yaml.load_all(each, yaml.CSafeLoader)] for each in (source.content, content))
            lines = len(find_changed_lines(source.content, content))
            old, new = before.pop(recordings[-1].index), after.pop(recordings[-1].index)
            kept = {"request": "when", "response": "then"}[side]
            changed = {key for key in old[kept] if old[kept][key] != new[kept][key]}
            assert (lines, before, len(changed)) == (1, after, 1), (source.name, side, part)
            count += 1
    assert count == (3153 if IS_WHOLE else 631)


def change_parts(recording: Recording) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A recording's document with one thing changed, for each thing that can be."""
    for side in ("request", "response"):
        for part in ("url", "status", "headers", "body"):
            document = copy.deepcopy(recording.document)
            value = document[side].get(part)
            if isinstance(value, str) and value:
                document[side][part] = f"{value}-x"
            elif isinstance(value, int):
                document[side][part] = value + 1
            elif not isinstance(value, (dict, list)) or is_described(value) or not change_text(value):
                continue
            yield side, part, document


def test_an_exchange_goes_and_leaves_the_others(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    for source, recordings in cassettes:
        documents = source.content.split(b"---\n")
        for index in range(len(recordings)) if len(recordings) > 1 else ():
            rest = b"---\n".join(documents[:index] + documents[index + 1 :])
            assert FORMAT.edit(source, {index: None}) == rest, source.name
