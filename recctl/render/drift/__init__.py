"""What a report on drift comes to, in a few lines, and the words for what changed in many places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.drift import DriftStatus
from recctl.render import load_renderer
from recctl.render.changes.text import needs_lines
from recctl.render.kit.remarks import Remark, name_recordings
from recctl.render.kit.values import shorten
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.diff import Change
    from recctl.drift import DriftGroup, DriftReport, DriftTopic


@dataclass(frozen=True, kw_only=True)
class DriftView(View):
    """How drift is looked at: `mask` takes secrets out of what is made to be shared."""

    mask: Callable[[str], str] = str


def find_renderer(name: str) -> Callable[[DriftReport, DriftView], Iterator[str]]:
    """What shows drift in a format. Raises RecctlError where there is no such format."""
    return load_renderer("drift", name)


STATUS_STYLES = {
    DriftStatus.DRIFTED: "bold red",
    DriftStatus.UNSEEN: "bold magenta",
    DriftStatus.UNPLAYED: "bold yellow",
    DriftStatus.IDLE: "bold yellow",
    DriftStatus.UNOPENED: "bold yellow",
}

MEANINGS = {
    DriftStatus.NOISE: ("differs in noise only", "differ in noise only"),
    DriftStatus.UNPLAYED: (
        "was not played, though others of its file were",
        "were not played, though others of their files were",
    ),
    DriftStatus.IDLE: (
        "lies in a file of which nothing was played",
        "lie in files of which nothing was played",
    ),
    DriftStatus.UNOPENED: ("lies in a file that nothing opened", "lie in files that nothing opened"),
    DriftStatus.UNSEEN: ("can't be judged", "can't be judged"),
}
"""What is said of a recording of a status, and of several."""


def summarise_drift(report: DriftReport) -> Iterator[Remark]:
    """The remarks that a report calls for."""
    if drifted := report.drifted:
        tests = {test for recording in drifted for test in recording.all_tests}
        text = "recording has drifted" if len(drifted) == 1 else "recordings have drifted"
        yield Remark(len(drifted), text + _of_tests(len(tests), ", in"), STATUS_STYLES[DriftStatus.DRIFTED])
    if missed := report.new_missed:
        tests = {miss.test_id for miss in missed} - {""}
        text = "request" if len(missed) == 1 else "requests"
        yield Remark(len(missed), f"{text}{_of_tests(len(tests), ' of')} found no recording", "bold red")
    if report.known:
        others = "more " if drifted or missed else ""
        yield Remark(report.known, f"{others}known to the baseline")
    noise, same = len(report.select(DriftStatus.NOISE)), len(report.select(DriftStatus.SAME))
    if noise:
        text = f"{name_recordings(noise)} {MEANINGS[DriftStatus.NOISE][noise > 1]}"
        yield Remark(noise, f"{text}, {same:,} {_are(same)} the same" if same else text)
    elif same:
        yield Remark(same, f"{name_recordings(same)} {_are(same)} the same")
    for status in _NOT_JUDGED_BY_CHANGES:
        if found := len(report.select(status)):
            text = f"{name_recordings(found)} {MEANINGS[status][found > 1]}"
            yield Remark(found, text, STATUS_STYLES[status])


_NOT_JUDGED_BY_CHANGES = (
    DriftStatus.UNPLAYED,
    DriftStatus.IDLE,
    DriftStatus.UNOPENED,
    DriftStatus.UNSEEN,
)


def word_group(group: DriftGroup, quote: Callable[[str], str] = str) -> str:
    """What happened in a group, and in how much: the headline."""
    is_missed = group.cases[0].missed is not None
    count = show_count(len(group.cases), "request" if is_missed else "recording")
    where = count + _of_tests(len(group.tests), " of")
    if not group.topics:
        return f"{where} found no recording"
    told = word_topic(*group.topics[0], quote)
    return f"{told} in {where}{' that found no recording' if is_missed else ''}"


def word_topic(topic: DriftTopic, change: Change, quote: Callable[[str], str] = str) -> str:
    """What happened to what, with its values where they are short."""
    left, right = change.left, change.right
    told = topic.spell(quote)
    if topic.tells_all or needs_lines(left, right):
        return told
    if left is None or right is None:
        return f"{told} ({quote(shorten(right if left is None else left, _SHORT))})"
    return f"{told} from {quote(shorten(left, _SHORT))} to {quote(shorten(right, _SHORT))}"


_SHORT = 60


def has_lines(topic: DriftTopic, change: Change) -> bool:
    """Whether the values of a change are yet to be told below its headline."""
    return not topic.tells_all and needs_lines(change.left, change.right)


def _of_tests(count: int, word: str) -> str:
    return f"{word} {show_count(count, 'test')}" if count else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
