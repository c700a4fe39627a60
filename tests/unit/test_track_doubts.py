"""Cassettes of which more may have been played than was heard, or something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.test_track_vcrpy_corners import keep, list_plays, run

if TYPE_CHECKING:
    from pathlib import Path

CHANGED_PLACES = {
    "the recordings are put in another order": ("cassette.data.reverse()", 1),
    "some are taken out": ("cassette.data = cassette.data[1:]", 2),
    "all are made anew": (
        "cassette.data = [(copy.deepcopy(one), other) for one, other in cassette.data]",
        None,
    ),
}


@pytest.mark.parametrize("case", CHANGED_PLACES)
def test_what_was_played_is_found_by_identity(tmp_path: Path, case: str) -> None:
    change, number = CHANGED_PLACES[case]
    keep(tmp_path, "a.yaml", {"q": 1}, {"q": 2})
    tracked = run(
        tmp_path,
        f"""
import copy
with vcr.use_cassette("a.yaml", record_mode="none", match_on=["body"]) as cassette:
    {change}
    post({{"q": {number or 1}}})
""",
    )
    assert list_plays(tracked) == [("a.yaml", number, 1, "unseen" if number is None else "same")]
    assert tracked.troubles == ()


UNHEARD = {
    "a copy is played": (
        "copy.copy(cassette).play_response(cassette.requests[0])",
        "which recording of the file was played is not known",
    ),
    "it is played by something else": (
        "cassette.play_response = lambda request: cassette.responses[1]; post({'q': 2})",
        "it was played in a way of its own",
    ),
    "replies are taken out": (
        "cassette.responses_of(cassette.requests[1])",
        "a test took recordings out of the cassette without playing them",
    ),
    "it is recorded again": (
        "cassette.record_mode = vcr.mode.ALL; cassette._load()",
        "what is recorded again is not played",
    ),
}


@pytest.mark.parametrize("case", UNHEARD)
def test_what_may_have_been_played_unheard_is_in_doubt(tmp_path: Path, case: str) -> None:
    act, reason = UNHEARD[case]
    keep(tmp_path, "a.yaml", {"q": 1}, {"q": 2})
    tracked = run(tmp_path, f'import copy\nwith recorder.use_cassette("a.yaml") as cassette:\n    {act}\n')
    (play,) = tracked.plays
    assert (play.path, play.number, play.result, play.reason) == ("a.yaml", None, "unseen", reason)
    assert tracked.troubles == ()


PERSISTER = """
import yaml
from vcr.request import Request

class Persister:
    def load_cassette(path, serializer):
        with open(path) as file:
            kept = yaml.safe_load(file)["interactions"]
        kept.sort(key=lambda each: each["request"]["body"], reverse=REVERSE)
        for each in kept:
            each["response"]["body"]["string"] = b"{}"
        return [Request._from_dict(each["request"]) for each in kept], [each["response"] for each in kept]

recorder.register_persister(Persister)
with recorder.use_cassette("a.yaml"):
    post({"q": 1})
"""


def test_a_persister_may_give_recordings_in_another_order_than_the_file_has(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1}, {"q": 2})
    in_order = run(tmp_path, PERSISTER.replace("REVERSE", "False"))
    assert list_plays(in_order) == [("a.yaml", 1, 1, "same")]
    turned = run(tmp_path, PERSISTER.replace("REVERSE", "True"))
    assert [(play.number, play.reason) for play in turned.plays] == [
        (None, "which of its recordings was played is not known")
    ]


def test_a_play_that_could_not_be_written_down_is_told_later(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1}, {"q": 2})
    tracked = run(
        tmp_path,
        """
from unittest import mock
with recorder.use_cassette("a.yaml"):
    with mock.patch("os.write", side_effect=OSError("no space left")):
        post({"q": 1})
    post({"q": 2})
""",
    )
    assert list_plays(tracked) == [("a.yaml", 2, 1, "same")]
    assert tracked.troubles == ("vcrpy: note_play failed: OSError('no space left')",)
