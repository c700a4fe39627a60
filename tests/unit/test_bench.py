"""The bench: it does not keep quiet about what it could not measure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from recctl.recordings.formats.ogx import serialise
from tests.bench import assembly
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_takes_a_library_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = [chunk(delta(content="Hi")), chunk(delta(finish_reason="stop"))]
    (tmp_path / "x.json").write_bytes(serialise(record(stream)))
    monkeypatch.setattr(assembly, "CORPUS", tmp_path)
    monkeypatch.setitem(sys.modules, "openai", None)
    _, line = assembly.measure_assembly()
    assert " ".join(str(line).split()) == (
        "loaded chat streams: the OpenAI SDK's accumulator / assembly not measured: pip install openai"
    )
