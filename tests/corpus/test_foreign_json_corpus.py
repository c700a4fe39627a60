"""The public recordings of dd-apm-test-agent and httprr: all are read, named, and changed in their places."""

from __future__ import annotations

import copy
import gzip
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from recctl.naming.engine import identify
from recctl.recordings.formats import load_format
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.wire import recognise
from tests.builders import source as make_source
from tests.depth import IS_WHOLE, take

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.recordings.source import Source

pytestmark = pytest.mark.corpus

FORMATS = ("ddapm", "httprr")


@pytest.fixture(scope="module")
def files(shared: Path) -> list[tuple[Source, tuple[Recording | LoadError, ...]]]:
    """The files of both, with what they hold."""
    folders = [shared / "foreign/dd-test-agent", shared / "foreign/httprr"]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    sources = [make_source(path.read_bytes(), path.name, path.parent.as_posix()) for path in paths]
    assert sources
    return [(source, load(source)) for source in sources]


@pytest.fixture(scope="module")
def recordings(files: list[tuple[Source, tuple[Recording | LoadError, ...]]]) -> list[Recording]:
    """The exchanges in files of these formats."""
    items = [item for _, found in files for item in found]
    return [item for item in items if isinstance(item, Recording) and item.format in FORMATS]


def test_every_file_is_read(files: list[tuple[Source, tuple[Recording | LoadError, ...]]]) -> None:
    found: Counter[str] = Counter()
    for source, items in files:
        assert not any(isinstance(item, LoadError) for item in items)
        found["empty"] += not items
        found.update(item.format for item in items if isinstance(item, Recording))
        assert items or source.name.endswith(".httprr")
    assert found == {"empty": 7, "ddapm": 140, "vcrpy": 90, "httprr": 80}


def test_every_exchange_is_on_a_known_wire(recordings: list[Recording]) -> None:
    assert [item.url for item in recordings if recognise(item).name == "unknown"] == []


def test_the_scheme_explains_all_names_but_that_of_a_file_that_was_edited(
    recordings: list[Recording],
) -> None:
    named = [item for item in recordings if item.format == "ddapm"]
    unexplained = [
        item.source.place.name
        for item in named
        if item.source.place is not None and "ddapm" not in identify(item, item.source.place).schemes
    ]
    assert unexplained == ["openai_completions_post_585b2ba8.yaml"]


MARK = "zqMASKEDqz"


def test_a_header_and_a_body_are_changed_where_they_stand(recordings: list[Recording]) -> None:
    done: Counter[str] = Counter()
    for recording in take(recordings, every=5):
        for side in ("request", "response"):
            for change in (change_header, change_body):
                document = copy.deepcopy(recording.document)
                if change(document[side]):
                    check_splice(recording, document)
                    done[change.__name__] += 1
    assert done == (
        {"change_header": 440, "change_body": 415} if IS_WHOLE else {"change_header": 88, "change_body": 83}
    )


def change_header(side: dict[str, Any]) -> bool:
    """Put the mark into the first header that is not about the body; false where there is none."""
    for name, value in side["headers"].items():
        if name.lower() not in (
            "content-length",
            "content-type",
            "content-encoding",
            "host",
            "transfer-encoding",
        ):
            side["headers"][name] = [MARK, *value[1:]] if isinstance(value, list) else MARK
            return True
    return False


def change_body(side: dict[str, Any]) -> bool:
    """Put the mark into the first text of a body; false where there is none."""
    if isinstance(side["body"], str) and side["body"]:
        side["body"] += MARK
        return True
    return change_text(side["body"])


def change_text(value: Any) -> bool:
    entries = (
        [*value.items()]
        if isinstance(value, dict)
        else [*enumerate(value)]
        if isinstance(value, list)
        else []
    )
    for key, item in entries:
        if isinstance(item, str) and len(item) > 3:
            value[key] = item + MARK
            return True
        if change_text(item):
            return True
    return False


def check_splice(recording: Recording, document: dict[str, Any]) -> None:
    """Hold that a changed file is what it was before and behind the mark, but for the lengths of httprr's."""
    form = load_format(recording.format)
    edited = form.edit(recording.source, {recording.index: document})
    assert edited is not None, recording.key
    before, after = (
        blank_lengths(content, recording.format) for content in (recording.source.content, edited)
    )
    assert after.count(MARK.encode()) == 1
    start = after.index(MARK.encode())
    assert before.startswith(after[:start]), recording.key
    assert before.endswith(after[start + len(MARK) :]), recording.key


def blank_lengths(content: bytes, form: str) -> bytes:
    """A trace, inflated, without what follows from a change: the lengths of sides, bodies and chunks."""
    if form != "httprr":
        return content
    text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    text = re.sub(rb"[0-9]+ [0-9]+(\r?\n[A-Z]+ http)", rb"\1", text)
    text = re.sub(rb"(?im)^(content-length: )[0-9]+", rb"\1", text)
    return re.sub(rb"(?m)^[0-9a-f]+\r\n", b"\r\n", text)
