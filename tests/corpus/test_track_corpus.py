"""Public cassettes, played by vcrpy: each request that is altered on its way has drifted, and no other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

PLAYER = '''\
import json
import pathlib

import vcr
import yaml
from vcr.request import Request
from vcr.serializers import yamlserializer


class ParsedBodies:
    """A serializer that keeps bodies of JSON as values, as that of pydantic-ai does."""

    @staticmethod
    def deserialize(text):
        cassette = yamlserializer.deserialize(text)
        for exchange in cassette["interactions"]:
            for side in ("request", "response"):
                if "parsed_body" in exchange[side]:
                    body = json.dumps(exchange[side].pop("parsed_body"))
                    exchange[side]["body"] = body if side == "request" else {"string": body}
        return cassette

    @staticmethod
    def serialize(cassette):
        for exchange in cassette["interactions"]:
            try:
                exchange["request"]["parsed_body"] = json.loads(exchange["request"]["body"])
                del exchange["request"]["body"]
            except (TypeError, ValueError):
                pass
        return yamlserializer.serialize(cassette)


def alter(value):
    """Add a word to the first text of a message in what is sent; whether there was one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("text", "content", "input", "prompt", "instructions") and isinstance(item, str):
                value[key] = f"{item} Zebra."
                return True
    items = value.values() if isinstance(value, dict) else value
    return isinstance(value, (dict, list)) and any(map(alter, items))


def alter_body(body):
    """A body with another word in it, as bytes; None where it has no messages."""
    try:
        value = json.loads(body)
    except (TypeError, ValueError):
        return None
    return json.dumps(value).encode() if alter(value) else None


recorder = vcr.VCR(serializer="parsed", record_mode="none")
recorder.register_serializer("parsed", ParsedBodies)
played, altered = 0, []
for path in sorted(pathlib.Path("cassettes").rglob("*.yaml")):
    with recorder.use_cassette(str(path)) as cassette:
        for number, (kept, _) in enumerate(cassette.data, 1):
            other = alter_body(kept.body) if played % 2 else None
            if other is not None:
                altered.append(f"{path}#{number}")
            body = kept.body if other is None else other
            cassette.play_response(Request(kept.method, kept.uri, body, dict(kept.headers)))
            played += 1
pathlib.Path("altered").write_text(json.dumps(altered))
'''
_TAKEN = 4  # every fourth cassette


@pytest.fixture(scope="module")
def judged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], set[str]]:
    """What drift says of each recording of the cassettes that were played, and which ones were altered."""
    root = tmp_path_factory.mktemp("played")
    public = shared / "foreign/vcrpy"
    for path in [*sorted(public.rglob("*.yaml"))][::_TAKEN]:
        if b"\ninteractions:\n- request:" in b"\n" + path.read_bytes():  # and no messages of a web socket
            place = root / "cassettes" / path.relative_to(public)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    (root / "recctl.toml").touch()
    (root / "play.py").write_text(PLAYER)
    recctl = [sys.executable, "-m", "recctl"]
    subprocess.run([*recctl, "track", "-q", "--", sys.executable, "play.py"], cwd=root, check=True)
    command = [*recctl, "drift", "cassettes", "--format", "json", "--exit-zero", "-q"]
    answer = json.loads(subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout)
    found = {f"{each['path']}#{each['index'] or 1}": each for each in answer["recordings"]}
    return found, set(json.loads((root / "altered").read_text()))


def test_what_was_altered_has_drifted_and_nothing_else(judged: tuple[dict[str, Any], set[str]]) -> None:
    found, altered = judged
    assert len(altered) > 100
    assert {key for key, each in found.items() if each["status"] == "drifted"} == altered
    others = [each for key, each in found.items() if key not in altered]
    assert len(others) > 100
    assert [each for each in others if each["status"] != "same"] == []


def test_each_change_is_told_once_with_its_words(judged: tuple[dict[str, Any], set[str]]) -> None:
    found, altered = judged
    for key in altered:
        (change,) = (each for each in found[key]["changes"] if each["kind"] != "noise")
        assert "Zebra." in json.dumps(change["right"]), key
        assert "Zebra." not in json.dumps(change["left"]), key
