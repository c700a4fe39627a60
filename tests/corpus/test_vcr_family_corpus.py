"""Public cassettes of VCR for Ruby, vcr for R and go-vcr: all are read, and changed where they must be."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from recctl.project import Place, Settings
from recctl.recordings.bodies import is_described
from recctl.recordings.formats import find_format
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.wire import recognise
from tests.depth import take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus


class Loader(yaml.CSafeLoader):
    """PyYAML's, with the tag of Psych's, and times as they are written."""


Loader.add_constructor("!binary", lambda _, node: base64.b64decode(node.value))
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def load(content: bytes) -> Any:
    """What PyYAML reads in a file."""
    return Loader(content).get_single_data()


def list_differences(old: Any, new: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The steps to all that differs in two values, without lengths, which follow from the rest."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key, value in old.items():
            if key.lower() not in ("content-length", "content_length"):
                yield from list_differences(value, new[key], (*steps, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from list_differences(*pair, (*steps, str(index)))
    elif old != new:
        yield steps


def change_text(value: Any) -> bool:
    """Change the first text in a value that is not very short; false where it has none."""
    for step, item in [*(value.items() if isinstance(value, dict) else enumerate(value))]:
        if isinstance(item, str) and len(item) > 2 and str(step).lower() != "content-length":
            value[step] = f"{item[:2]}<it's — \\ \"{item[3:]}"
            return True
        if isinstance(item, (dict, list)) and str(step).lower() != "content-length" and change_text(item):
            return True
    return False


@pytest.mark.parametrize(
    ("folder", "name", "files", "exchanges", "streams", "known"),
    [
        ("vcr-ruby", "vcr_ruby", 169, 331, 39, 277),
        ("vcr-r", "vcr_r", 27, 74, 0, 64),
        ("go-vcr", "go_vcr", 107, 170, 90, 170),
    ],
)
def test_all_files_are_read_and_changed_in_one_place(
    shared: Path, folder: str, name: str, files: int, exchanges: int, streams: int, known: int
) -> None:
    paths = sorted((shared / "foreign" / folder).rglob("*.y*ml"))
    changed = {*take(paths, every=5)}
    read: list[Recording] = []
    for path in paths:
        content = path.read_bytes()
        source = Source(path.as_posix(), content, Place(path.parent.as_posix(), path.name), Settings())
        form = find_format(path.name, content)
        assert form.name == name
        items = form.read(source)
        recordings = [item for item in items if isinstance(item, Recording)]
        assert len(recordings) == len(items) > 0, path.name
        read += recordings
        if path not in changed:
            continue
        before, last = load(content), recordings[-1]
        for side, part in (("response", "headers"), ("request", "body"), ("response", "body")):
            document = copy.deepcopy(last.document)
            value = document[side][part]
            if not isinstance(value, (dict, list)) or is_described(value) or not change_text(value):
                continue
            written = form.edit(source, {last.index: document})
            assert written is not None, (path.name, side, part)
            (steps,) = list_differences(before, load(written))
            assert steps[1:4] == (str(last.index), side, part), path.name
    assert len(paths) == files
    assert len(read) == exchanges
    assert sum(recording.is_streaming for recording in read) == streams
    assert sum(recognise(recording).name != "unknown" for recording in read) >= known
