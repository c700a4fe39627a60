"""What the rules find in a file, whether its stream is read in runs or chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recctl import recording as module
from recctl.checks.examine import check_recording, examine
from recctl.project import Settings
from recctl.recording import serialise
from recctl.schemes import identify
from recctl.sources import Target
from tests.builders import chunk, delta, read, record
from tests.unit.wire.hostile import spoil

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.checks.finding import Examined

KEY = "sk-" + "proj-" + "Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi"
NAME = f"{'0' * 64}.json"


def stream(texts: Any, **fields: Any) -> dict[str, Any]:
    said = [chunk(delta(content=text), **{"id": f"rec-{'0' * 12}", **fields}) for text in texts]
    ends = [
        chunk(choice, id=f"rec-{'0' * 12}")
        for choice in (delta(role="assistant"), delta(finish_reason="stop"))
    ]
    return record([ends[0], *said, ends[1]])


def check(folder: Path, document: Any, *, abridging: bool = True) -> Examined:
    path = folder / "tests" / "integration" / "inference" / "recordings" / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialise(document))
    with pytest.MonkeyPatch.context() as patch:
        if not abridging:
            patch.setattr(module, "abridge", lambda _: None)
        return examine(Target("x.json", Settings(), path), folder)


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        (stream("abcd"), []),
        (stream([KEY[start : start + 9] for start in range(0, len(KEY), 9)]), ["secret"]),
        (stream(["a", KEY, "b", "c"]), ["secret"]),
        (stream("abcd", created=5), ["volatile-field"]),
        (stream("abcd", object=5), ["schema"]),
    ],
)
def test_a_run_hides_nothing(tmp_path: Path, document: dict[str, Any], rules: list[str]) -> None:
    examined = check(tmp_path, document)
    assert examined == check(tmp_path, document, abridging=False)
    assert [finding.rule for finding in examined.findings] == rules


def test_of_a_sound_stream_the_whole_is_not_parsed() -> None:
    recording = read(stream("abcd"), NAME, "tests/integration/inference/recordings")
    assert recording.runs
    assert recording.source.place is not None
    assert identify(recording, recording.source.place).wanted is not None
    assert check_recording(recording, None) == []
    assert "document" not in vars(recording)
    assert recording.document == stream("abcd")


@given(spoil(stream("abcdef", obfuscation="x")), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_json_in_any_place_is_found_the_same(tmp_path: Path, document: Any, is_list: bool) -> None:
    document = [document] if is_list else document
    assert check(tmp_path, document) == check(tmp_path, document, abridging=False)
