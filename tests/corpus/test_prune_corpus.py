"""`prune` on real recordings: what goes, what stays, and that it can be taken back."""

from __future__ import annotations

import json
import os
import re
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.errors import RecctlError
from recctl.changes.plan import undo
from recctl.input.sources import select
from recctl.input.walk import walk
from recctl.naming.survey import survey
from recctl.project import Project
from recctl.prune import Grade, Inquiry, PruneReport, examine
from recctl.prune.conversations import find_quotes
from recctl.prune.removal import remove
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.testsuite.collected import Collected, read_collected
from recctl.wire import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus

SCHEME = "ogx-2026-04"


@pytest.fixture
def project(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the larger corpus as a project of its own."""
    shutil.copytree(shared / "corpus/ogx", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path).with_settings(scheme=SCHEME)


def look(project: Project, inquiry: Inquiry | None = None) -> PruneReport:
    return examine(project, select(project, ["."]), inquiry or Inquiry())


def read_tree(project: Project) -> dict[str, str]:
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in walk(project, project.root).files}


def count(report: PruneReport, grade: Grade) -> int:
    return sum(verdict.grade is grade for verdict in report.verdicts)


@pytest.mark.parametrize("in_git", [False, True])
def test_replaced_ones_go_stranded_ones_stay_and_all_come_back(
    project: Project, in_git: bool, request: pytest.FixtureRequest
) -> None:
    if in_git:
        git: Callable[..., str] = request.getfixturevalue("git")
        git("add", ".")
        git("commit", "-qm", "1")
    before, report = read_tree(project), look(project)
    assert (len(report.stale), count(report, Grade.REPLACED), count(report, Grade.STRANDED)) == (158, 158, 9)
    removed = remove(project, report.stale, without_copy=in_git).applied
    assert (len(removed.done), removed.held_back) == (158, ())
    left = survey(project, select(project, ["."])).all_facts
    assert sum(facts.is_stranded for facts in left) == 9
    assert not any(facts.replaced_by for facts in left)
    assert len(left) == len(before) - 158
    undo(project.root)
    assert read_tree(project) == before


def test_what_is_superseded_asks_what_its_successor_asks(project: Project) -> None:
    """Whichever of them are the older ones."""
    paths = sorted(project.root.rglob("*.json"))
    for number, path in enumerate(sorted(paths, key=lambda path: path.name[::-1])):
        os.utime(path, (7200 * number, 7200 * number))
    inquiry = Inquiry((Grade.SUPERSEDED,), include_protected=True, default=False, max_share=100)
    stale = look(project, inquiry).stale
    assert len(stale) == 106
    for verdict in stale:
        successor = verdict.reason.partition(" is the same turn")[0]
        assert read_question(project.root / successor) == read_question(verdict.facts.location)


def read_question(path: Path) -> tuple[str, str]:
    """What the user says in a recorded request, and how it ends, without what the scheme makes equal."""
    request = json.loads(path.read_bytes())["request"]
    asked = request.get("body") or request.get("payload") or request.get("kwargs")
    messages = asked.get("messages")
    if messages is None:
        key = next((key for key in ("input", "prompt", "contents") if key in asked), None)
        return read_text(asked if key is None else asked[key]), ""
    said = [message["content"] for message in messages if message["role"] == "user"]
    last = messages[-1] if messages[-1]["role"] != "assistant" else {"content": ""}
    return read_text(said), read_text(last["content"])


def read_text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(map(read_text, content))
    if isinstance(content, dict):
        content = content.get("text") or json.dumps(content)
    text = re.sub(r"score: [\d.e-]+", "score", content)
    text = re.sub(r",? ?attributes: \{[^}]*\}", "", text)
    return re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid", text)


def listing(*test_ids: str) -> str:
    return "\n".join((*test_ids, "", f"{len(test_ids)} tests collected in 0.10s", ""))


def list_test_ids(project: Project) -> list[str]:
    all_facts = survey(project, select(project, ["."])).all_facts
    return sorted({facts.test_id for facts in all_facts if facts.test_id is not None})


def read_listing(project: Project, *test_ids: str) -> Collected:
    (project.root / "list").write_text(listing(*test_ids))
    return read_collected("list")


def test_a_list_condemns_the_recordings_of_exactly_what_it_lacks(project: Project) -> None:
    test_ids = list_test_ids(project)
    lacking = set(test_ids[::10])
    known = [test_id for test_id in test_ids if test_id not in lacking]
    inquiry = Inquiry((Grade.UNCOLLECTED,), lists=(read_listing(project, *known),), default=False)
    report = look(project, inquiry)
    condemned = {verdict.facts.path for verdict in report.stale}
    theirs = {
        verdict.facts.path
        for verdict in report.verdicts
        if verdict.facts.test_id in lacking
        and verdict.protected is None
        and verdict.grade is not Grade.STRANDED
    }
    assert condemned == theirs
    assert condemned


def test_a_provider_that_was_forgotten_is_named_first(project: Project) -> None:
    known = [test_id for test_id in list_test_ids(project) if "azure/" not in test_id]
    inquiry = Inquiry((Grade.UNCOLLECTED,), lists=(read_listing(project, *known),), default=False)
    first = look(project, inquiry).remarks[0]
    assert first.startswith("warning: txt=azure occurs in the tests of 158 recordings and in no list")


def test_a_list_cut_off_in_a_line_is_refused(project: Project) -> None:
    """Cut off between two lines it looks like plain ids, which are taken on trust."""
    whole = listing(*list_test_ids(project))
    cut = [length for length in range(0, len(whole) - 40, 997) if whole[length - 1] not in "]\n"]
    assert len(cut) > 40
    for length in cut:
        (project.root / "list").write_text(whole[:length])
        with pytest.raises(RecctlError):
            read_collected("list")


def test_most_tool_calls_are_quoted_by_later_requests(project: Project) -> None:
    selection = select(project, ["."])
    all_facts = survey(project, selection).all_facts
    quotes = find_quotes({facts.path for facts in all_facts}, all_facts, project)
    speakers = {name for name, calls in read_calls(project) if calls}
    quoted = {path for path, found in quotes.items() if any(quote.is_call for quote in found)}
    assert quoted <= speakers
    assert (len(quoted), len(speakers)) == (122, 140)


def read_calls(project: Project) -> Iterator[tuple[str, list[str]]]:
    """The ids of the tool calls in each recording's reply."""
    for source in select(project, ["."]).read():
        for recording in load(source) if isinstance(source, Source) else ():
            if isinstance(recording, Recording):
                choices = assemble(recording).choices
                yield (
                    source.name,
                    [call.id for choice in choices for call in choice.message.tool_calls if call.id],
                )
