"""`rehash --check`: what it costs to see whether every recording would be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.measure import CORPUS, Ratio, python, recctl, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_OGX = CORPUS / "ogx"
_FLOOR = (
    "import json, pathlib\n"
    f"for path in pathlib.Path({str(_OGX)!r}).rglob('*.json'): json.loads(path.read_bytes())"
)


def measure_rehash() -> Iterator[Ratio]:
    """A check of the corpus, start-up apart, beside only reading it."""
    if not _OGX.exists():
        return
    nothing, floor, version, check = time_calls(
        python("pass"),
        python(_FLOOR),
        recctl("--version"),
        recctl("rehash", "--check", "--to", "ogx-2026-04", str(_OGX)),
        rounds=9,
    )
    read = floor - nothing
    yield Ratio("rehash --check of the corpus, net / json.loads of every file", (check - version) / read, 1.6)
