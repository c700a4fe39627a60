"""The rule `secret` on real recordings: silent, until a secret is put in or a project looks for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recctl.checks.secret import check_secrets
from recctl.project import SecretSettings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import read_exchange
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.checks.finding import Finding

pytestmark = pytest.mark.corpus

KEY = "-".join(["sk", "proj", "".join(map("".join, zip("QwErTyUiOp", "5802739164", strict=True)))])


def read_all(shared: Path) -> Iterator[Recording]:
    for path in sorted([*shared.glob("corpus/**/*.json"), *shared.glob("seeds/*.json")]):
        for item in load(source(path.read_bytes(), path.name)):
            assert isinstance(item, Recording)
            yield item


def check(recording: Recording, settings: SecretSettings) -> list[Finding]:
    return check_secrets(recording, read_exchange(recording), settings)[0]


def test_no_real_recording_holds_a_secret(shared: Path) -> None:
    findings = [check(recording, SecretSettings()) for recording in read_all(shared)]
    assert len(findings) == 1096
    assert not any(findings)


def test_the_real_project_ids_are_found_by_a_pattern(shared: Path) -> None:
    settings = SecretSettings(
        patterns=(("project id", r"(?<=^project_id\n)[0-9a-f]{8}(?:-[0-9a-f]{4,12}){4}$"),)
    )
    found = [finding for recording in read_all(shared) for finding in check(recording, settings)]
    places = {finding.pointer for finding in found}
    assert places == {f"/request/body/extra_{part}/project_id" for part in ("body", "query")}
    assert len(found) == 31
    assert len({finding.message for finding in found}) == 2


def test_a_secret_is_found_in_any_real_request_and_response(shared: Path) -> None:
    some = list(read_all(shared))[::10]
    assert len(some) == 110
    for recording in some:
        document = recording.document
        request = {**recording.request, "headers": {"authorization": f"Bearer {KEY}"}}
        response = {**recording.response, "note": KEY}
        (item,) = load(source(serialise({**document, "request": request, "response": response})))
        assert isinstance(item, Recording)
        pointers = [finding.pointer for finding in check(item, SecretSettings())]
        assert pointers == ["/request/headers/authorization", "/response/note"]
