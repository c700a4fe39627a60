"""Whatever a run's notes say, the answer is an answer: in every format, and with any baseline."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.drift import DriftReport, examine_drift
from recctl.drift.baseline import dump_known, leave_out_known
from recctl.input.sources import select
from recctl.project import find_project
from recctl.recordings.http import SentRequest
from recctl.render import list_formats
from recctl.render.drift import DriftView, find_renderer
from recctl.testsuite.track import Miss, Play, Tracked, dump_tracked, read_tracked
from tests.depth import EXAMPLES
from tests.tracking import Suite, ask, send
from tests.unit.wire.hostile import json_values, spoil

BODIES = (
    json_values | st.just(ask("Hello")) | st.builds(lambda value: ask("Hello", messages=value), json_values)
)
TEXTS = st.text() | st.sampled_from(
    ["", "tests/test_chat.py::test_one", "tests/cassettes/test_chat/test_one.yaml"]
)
REQUESTS = st.builds(SentRequest, TEXTS, TEXTS, st.lists(TEXTS).map(tuple), BODIES)
PLAYS = st.builds(
    Play,
    path=TEXTS,
    number=st.none() | st.integers(-1, 3),
    test_id=TEXTS,
    times=st.integers(1, 9),
    result=st.sampled_from(["same", "different", "unseen"]),
    reason=st.none() | TEXTS,
    sent=st.none() | REQUESTS,
    kept=st.none() | REQUESTS,
    equalised=st.lists(TEXTS | st.sampled_from(["/body", "/url", "/body/messages/0"])).map(tuple),
)
ITEMS = st.fixed_dictionaries(
    {
        key: json_values | TEXTS | st.just("a\0b")
        for key in ("test", "path", "index", "where", "before", "now")
    }
)
VERSION = "recctl.drift_baseline.v1"
MISSED = st.builds(Miss, TEXTS, st.none() | TEXTS, REQUESTS, st.none() | TEXTS, st.integers(1, 9), TEXTS)


def can_be_kept(body: Any) -> bool:
    """Whether YAML has a way to write a body: it has none for half of a surrogate pair."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return body is not None


@settings(max_examples=EXAMPLES)
@given(
    body=BODIES.filter(can_be_kept),
    plays=st.lists(PLAYS, max_size=5),
    missed=st.lists(MISSED, max_size=3),
    complete=st.booleans(),
)
def test_any_run_gets_an_answer_in_every_format(
    body: Any, plays: list[Play], missed: list[Miss], complete: bool
) -> None:
    with TemporaryDirectory() as name:
        suite = Suite(Path(name))
        suite.record("one", body, "no JSON", None)
        suite.plays, suite.missed = plays, missed
        tracked = suite.end(None if complete else "it was stopped")
        with chdir(name):
            show_everywhere(suite.root, tracked)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_track_file_gets_an_answer_or_is_refused(data: st.DataObject) -> None:
    with TemporaryDirectory() as name, chdir(name):
        suite = Suite(Path(name))
        suite.record("one", ask("Hello"), "no JSON", None)
        suite.play("one", 1, ask("Goodbye"), kept=send(ask("Hello")), equalised=("/url",))
        suite.miss("one", ask("Who?"))
        document = data.draw(spoil(json.loads(dump_tracked(suite.end()))))
        (suite.root / "track.json").write_text(json.dumps(document))
        try:
            show_everywhere(suite.root, read_tracked(suite.root / "track.json"))
        except RecctlError as error:
            told = error.message
            assert any(
                reason in told for reason in ("is not what recctl track writes", "no recorder was heard")
            )


@settings(max_examples=EXAMPLES)
@given(document=json_values | st.fixed_dictionaries({"version": st.just(VERSION), "drift": st.lists(ITEMS)}))
def test_any_document_is_a_baseline_or_none(document: Any) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "known.json"
        path.write_text(json.dumps(document))
        try:
            known = leave_out_known(DriftReport((), ()), path)
        except RecctlError as error:
            told = error.message
            assert told == f"{path}: not a baseline of drift"
        else:
            assert known.gone <= len(document["drift"])


def show_everywhere(root: Path, tracked: Tracked) -> None:
    report = examine_drift(find_project(root), select(find_project(root), ["."]), tracked, mask=lambda it: it)
    assert report.errors == ()
    assert len(report.recordings) == 3
    for output_format in list_formats("drift"):
        text = "".join(find_renderer(output_format)(report, DriftView(verbose=True)))
        if output_format == "json":
            json.loads(text)
    (root / "known.json").write_bytes(dump_known(report, root)[0])
    known = leave_out_known(report, root / "known.json")
    assert (known.drifted, known.new_missed) == ((), ())
