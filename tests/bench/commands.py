"""Whole commands, as processes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import CHECKOUT, CORPUS, Ratio, python, recctl, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_HASH = "a969023fd4367b0fb303b6b225812d96c21c6bae06f40aca1d5a7fe1c970c6d7"
_SMALL = f"examples/good/tests/inference/recordings/{_HASH}.json"
_FLOOR = (
    "import json, pathlib\n"
    "for path in pathlib.Path({folder!r}).rglob('*.json'): json.loads(path.read_bytes())"
)


def measure_startup() -> Iterator[Ratio]:
    """What a hook pays before it does anything."""
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "broken.json"
        broken.write_bytes((CHECKOUT / _SMALL).read_bytes()[:500])
        typer, version, sound, finding = time_calls(
            python("import typer"),
            recctl("--version"),
            recctl("validate", _SMALL),
            recctl("validate", str(broken)),
            rounds=15,
        )
    yield Ratio("recctl --version / import typer", version / typer, 1.2)
    yield Ratio("validate a small sound file / import typer", sound / typer, 1.7)
    yield Ratio("validate a file with one finding, as text / import typer", finding / typer, 2.5)


def measure_validate() -> Iterator[Ratio]:
    """What it costs to check every recording of the corpus, start-up apart, beside only reading them."""
    if not CORPUS.exists():
        return
    nothing, floor, version, validate = time_calls(
        python("pass"),
        python(_FLOOR.format(folder=str(CORPUS))),
        recctl("--version"),
        recctl("validate", str(CORPUS)),
        rounds=5,
    )
    yield Ratio(
        "validate the corpus, net / json.loads of every file", (validate - version) / (floor - nothing), 2.5
    )
