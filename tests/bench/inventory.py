"""What is asked of folders that were seen before: find, list and stats, by the index."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import CORPUS, Ratio, python, recctl, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON_FLOOR = (
    "import json, pathlib\nfor path in pathlib.Path('.').rglob('*.json'): json.loads(path.read_bytes())"
)
_YAML_FLOOR = (
    "import pathlib, yaml\n"
    "for path in pathlib.Path('.').rglob('*.yaml'): yaml.load(path.read_bytes(), yaml.CSafeLoader)"
)
_CASSETTES = CORPUS.parent / "foreign/vcrpy/pydantic-ai"
_BODY = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the capital of France?"}]}'


def measure_inventory() -> Iterator[Ratio]:
    """Each command, start-up apart, beside reading every file."""
    for kind, stored, floor, budget in (
        ("JSON", CORPUS / "ogx", _JSON_FLOOR, 0.3),
        ("YAML", _CASSETTES, _YAML_FLOOR, 0.05),
    ):
        if stored.exists():
            yield from _measure_store(kind, stored, floor, budget)


def _measure_store(kind: str, stored: Path, floor: str, budget: float) -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "store")
        shutil.copytree(stored, folder)
        Path(name, "body.json").write_text(_BODY, encoding="utf-8")
        request = ("--request", "../body.json", "--endpoint", "/v1/chat/completions")
        questions = {
            "find a name": ("find", "0123456789ab"),
            "find a request": ("find", *request),
            "list": ("list",),
            "stats": ("stats",),
        }
        recctl("list", folder=folder)()
        nothing, read, version, *asked = time_calls(
            python("pass"),
            python(floor, folder=folder),
            recctl("--version"),
            *(recctl(*arguments, folder=folder) for arguments in questions.values()),
            rounds=5,
        )
        for question, took in zip(questions, asked, strict=True):
            told = f"{question} in a folder seen before, net / reading its {kind}"
            yield Ratio(told, (took - version) / (read - nothing), budget)
