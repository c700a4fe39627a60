"""`prune`: what it costs to see which recordings can go, without lists of tests."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import CORPUS, Ratio, python, recctl, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_OGX = CORPUS / "ogx"
_FLOOR = (
    "import json, pathlib\n"
    "for path in pathlib.Path({folder!r}).rglob('*.json'): json.loads(path.read_bytes())"
)


def measure_prune() -> Iterator[Ratio]:
    """A dry run on a copy of the corpus, start-up apart, beside only reading it."""
    if not _OGX.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(_OGX, folder, dirs_exist_ok=True)
        config = Path(folder) / "recctl.toml"
        config.write_text('scheme = "ogx-2026-04"\n')
        nothing, floor, version, prune = time_calls(
            python("pass"),
            python(_FLOOR.format(folder=folder)),
            recctl("--version"),
            recctl("prune", "--config", str(config), folder),
            rounds=9,
        )
    read = floor - nothing
    yield Ratio("prune the corpus, dry run, net / json.loads of every file", (prune - version) / read, 1.6)
