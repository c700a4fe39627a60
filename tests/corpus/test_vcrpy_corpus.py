"""Public cassettes: all are read, as vcrpy reads them, and changed where they must be and nowhere else."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import vcr.serialize
from vcr.serializers import yamlserializer

from recctl.base.syntax import Fault
from recctl.base.yaml_text import read_documents
from recctl.checks.schema import read_schema
from recctl.project import Place, Settings
from recctl.recordings.bodies import write_bytes
from recctl.recordings.formats.vcrpy import FORMAT
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source
from recctl.wire import recognise
from tests.depth import IS_WHOLE, take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus


class ParsedBodies:
    """vcrpy's serializer with bodies that pydantic-ai's own one keeps as values."""

    @staticmethod
    def deserialize(text: str) -> Any:
        cassette = yamlserializer.deserialize(text)
        for exchange in cassette["interactions"]:
            request, response = exchange["request"], exchange["response"]
            if "parsed_body" in request:
                request["body"] = json.dumps(request.pop("parsed_body"))
            if "parsed_body" in response:
                response["body"] = {"string": json.dumps(response.pop("parsed_body"))}
        return cassette


@pytest.fixture(scope="module")
def sources(shared: Path) -> list[Source]:
    paths = sorted((shared / "foreign/vcrpy").rglob("*.yaml"))
    return [
        Source(path.as_posix(), path.read_bytes(), Place(path.parent.as_posix(), path.name), Settings())
        for path in paths
    ]


@pytest.fixture(scope="module")
def cassettes(sources: list[Source]) -> list[tuple[Source, list[Recording]]]:
    """The files that hold exchanges, with these."""
    read = [(source, FORMAT.read(source)) for source in sources]
    return [
        (source, [item for item in found if isinstance(item, Recording)])
        for source, found in read
        if found and isinstance(found[0], Recording)
    ]


def test_every_file_is_read_or_told_why(sources: list[Source]) -> None:
    known = 0
    found: Counter[str] = Counter()
    for source in sources:
        items = FORMAT.read(source)
        is_claimed = FORMAT.claims("x.yaml", (), partial(bytes, source.content))
        found["claimed"] += is_claimed
        found["empty"] += not items
        for item in items:
            if isinstance(item, LoadError):
                assert not is_claimed
                assert item.message.startswith("no HTTP was recorded here")
                found["not HTTP"] += 1
            else:
                found["exchanges"] += 1
                found["streams"] += item.is_streaming
                known += recognise(item).name != "unknown"
    assert found == {
        "claimed": 696,
        "empty": 2,
        "not HTTP": 35,
        "exchanges": 1256,
        "streams": 162,
    }
    assert known >= 1193


def test_the_schema_holds_for_the_files_that_are_cassettes_and_for_no_other(sources: list[Source]) -> None:
    validator = jsonschema_rs.validator_for(json.loads(read_schema("vcrpy")))
    for source in sources:
        documents = read_documents(source.content, max_size=source.settings.max_size)
        assert not isinstance(documents, Fault)
        is_one = FORMAT.claims("x.yaml", (), partial(bytes, source.content))
        assert validator.is_valid(write_bytes(documents[0].value)) == is_one, source.name


def test_vcrpy_reads_the_same_exchanges(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    for source, recordings in cassettes:
        requests, responses = vcr.serialize.deserialize(source.content.decode(), ParsedBodies)
        ours = [(item.request["method"], item.url, item.response["status"]) for item in recordings]
        theirs = [
            (request.method, request.uri, response["status"]["code"])
            for request, response in zip(requests, responses, strict=True)
        ]
        assert ours == theirs, source.name
        for item, request in zip(recordings, requests, strict=True):
            if item.asked and item.asked.keys() != {"bytes", "type"} and isinstance(request.body, bytes):
                assert item.asked == json.loads(request.body), source.name


def find_changed_lines(before: bytes, after: bytes) -> range:
    """The lines of the one text, from 1, that a run in the other replaces."""
    old, new = before.split(b"\n"), after.split(b"\n")
    shared = min(len(old), len(new))
    left = next((index for index in range(shared) if old[index] != new[index]), shared)
    right = next((index for index in range(shared - left) if old[~index] != new[~index]), shared - left)
    return range(left + 1, len(old) - right + 1)


def hide_lengths(content: bytes) -> bytes:
    """A text in which all content-lengths are alike: they follow bodies."""
    return _LENGTH.sub(rb"\1", content)


_LENGTH = re.compile(rb"(?i)(content-length:\s*(?:-\s*)?)['\"]?\d+['\"]?")


def change_text(value: Any) -> bool:
    """Change the last text in a value; false where it has none."""
    steps = reversed([*(value.items() if isinstance(value, dict) else enumerate(value))])
    for step, item in steps:
        if isinstance(item, str) and item:
            value[step] = f"{item[: len(item) // 2]}<it's — \\ \"{item[len(item) // 2 + 1 :]}"
            return True
        if isinstance(item, (dict, list)) and change_text(item):
            return True
    return False


def test_a_header_and_both_bodies_are_changed_where_they_stand(
    cassettes: list[tuple[Source, list[Recording]]],
) -> None:
    found: Counter[tuple[str, int]] = Counter()
    for source, recordings in take(cassettes, every=5):
        last = recordings[-1]
        document, edited = copy.deepcopy(last.document), source
        for pointer, value in find_places(document):
            if not change_text(value):
                continue
            content = FORMAT.edit(edited, {last.index: document})
            assert content is not None, source.name
            side = pointer.split("/")[1]
            if pointer.endswith("/body") and b"parsed_body" in content:
                after = FORMAT.read(edited._replace(content=content))[last.index]
                assert isinstance(after, Recording)
                found["content-length", 1] += after.document[side]["headers"] != document[side]["headers"]
                document[side]["headers"] = after.document[side]["headers"]
            lines = find_changed_lines(*map(hide_lengths, (edited.content, content)))
            start = FORMAT.locate(edited, last.index, [pointer])[pointer].line
            assert lines.start >= start, source.name
            is_base64 = b"!!binary" in edited.content.split(b"\n")[start - 1]
            found[pointer.split("/")[2], -1 if is_base64 else len(lines)] += 1
            edited = edited._replace(content=content)
        check_with_vcrpy(source, edited, document, last.index)
    if IS_WHOLE:
        assert found == {
            ("headers", 1): 690,
            ("headers", 4): 4,  # a policy that is folded
            ("body", 1): 1244,
            ("body", -1): 91,
            ("content-length", 1): 505,
        }
    assert min(found["headers", 1], found["body", 1]) > 130


def find_places(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A header and the two bodies, where there are texts in them, with pointers to what is changed."""
    headers = document["response"]["headers"]
    name = next((name for name, values in headers.items() if isinstance(values, list) and values), None)
    if name is not None:
        yield f"/response/headers/{name}/{len(headers[name]) - 1}", headers[name]
    for side in ("request", "response"):
        body = document[side]["body"]
        is_described = isinstance(body, dict) and body.keys() == {"bytes", "type"}
        if isinstance(body, (dict, list)) and not is_described:
            yield f"/{side}/body", body


def check_with_vcrpy(before: Source, after: Source, document: dict[str, Any], index: int) -> None:
    """Whether vcrpy reads of a changed exchange what was meant, and of the others what they were."""
    (old, kept), (new, changed) = (
        vcr.serialize.deserialize(each.content.decode(), ParsedBodies) for each in (before, after)
    )
    assert changed[index]["headers"] == document["response"]["headers"]
    body = document["request"]["body"]
    if isinstance(body, dict) and body.keys() != {"bytes", "type"} and isinstance(new[index].body, bytes):
        assert json.loads(new[index].body) == body, before.name
    for exchanges in (old, kept, new, changed):
        del exchanges[index]
    assert kept == changed, before.name
    assert [each._to_dict() for each in old] == [each._to_dict() for each in new], before.name


def test_an_exchange_is_removed_without_a_trace(cassettes: list[tuple[Source, list[Recording]]]) -> None:
    for source, recordings in take(cassettes, every=5):
        index = len(recordings) // 2
        edited = FORMAT.edit(source, {index: None})
        assert edited is not None, source.name
        sizes = FORMAT.measure(source)
        assert len(sizes) == len(recordings)
        if len(recordings) > 1:
            gone = find_changed_lines(source.content, edited)
            assert source.content.count(b"\n") - edited.count(b"\n") == len(gone), source.name
            dash = len("- ")  # which each of an exchange's parts has in front of it, and a list its indent
            assert 0 <= len(source.content) - len(edited) - sizes[index] <= 4 * dash, source.name
