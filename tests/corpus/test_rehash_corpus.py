"""Names of real recordings: the field guide's counts, and a release that moves to today's names and back."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pytest

from recctl.changes.plan import undo
from recctl.checks.finding import Severity
from recctl.checks.run import validate
from recctl.input.sources import select
from recctl.naming.engine import CURRENT
from recctl.project import Project, Rename, Settings
from recctl.rehash import Action, report
from recctl.rehash.edits import Edits
from recctl.rehash.moving import rehash
from recctl.rehash.orders import NEWEST, Orders
from tests.depth import take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.rehash import RehashReport

pytestmark = pytest.mark.corpus

SETTINGS = Settings(scheme="ogx-2026-04")


def carry_out(root: Path, edits: Edits = Edits(), **orders: Any) -> RehashReport:  # noqa: B008  (a value)
    project = Project(root, settings=SETTINGS)
    return rehash(project, select(project, [str(root)]), Orders(edits=edits, **orders), applied=True)


def look(root: Path) -> RehashReport:
    project = Project(root, settings=SETTINGS)
    return report(project, select(project, [str(root)]), Orders())


def count(found: RehashReport) -> dict[str | None, int]:
    return dict(Counter(entry.action and entry.action.value for entry in found.entries))


def test_where_the_recordings_of_a_project_stand(shared: Path) -> None:
    found = look(shared / "corpus" / "ogx")
    states = Counter((entry.facts.status.value, entry.facts.is_stranded) for entry in found.entries)
    assert states == {
        ("current", False): 787,
        ("outdated", False): 158,
        ("outdated", True): 9,
        ("unexplained", False): 56,
        ("not-applicable", False): 2,
    }
    assert sum("was never released" in entry.reason for entry in found.entries) == 28
    assert len(found.contested) == 49
    assert sum(map(len, found.contested.values())) == 134


def test_the_contested_names_are_those_that_counting_finds(shared: Path) -> None:
    found = look(shared / "corpus" / "ogx")
    names = Counter(entry.facts.identity.wanted for entry in found.entries)
    assert sum(number for name, number in names.items() if name and number > 1) == 134


def test_a_release_of_2025_moves_to_the_names_of_today_and_back(
    shared: Path, tmp_path: Path, git: Callable[..., str]
) -> None:
    root = tmp_path
    shutil.copytree(shared / "corpus" / "llama-stack-0.2.20", root, dirs_exist_ok=True)
    git("add", ".")
    git("commit", "-qm", "x")
    tree = git("write-tree")
    before = describe_findings(root)

    assert count(carry_out(root)) == {"hold-back": 79}, "no test would look for the names"

    found = carry_out(root, include_without_test=True)
    assert count(found) == {"move": 77, "hold-back": 2}
    (collision,) = found.collisions
    assert {member.location.name for member in collision.members} == {"4096743baf8e.json"}
    git("add", ".")
    assert set(re.findall("^(.[0-9]*)", git("diff", "--cached", "--name-status", "-M"), re.MULTILINE)) == {
        "R100"
    }

    assert count(carry_out(root, prefer=(NEWEST,), include_without_test=True)) == {
        None: 77,
        "move": 1,
        "delete": 1,
    }
    assert [entry for entry in look(root).entries if entry.facts.status.value != "current"] == []
    assert describe_findings(root) == before

    for _ in range(2):
        assert undo(root).refusals == ()
    git("add", ".")
    assert git("write-tree") == tree
    assert git("status", "--porcelain", "--ignored") == "!! .recctl/\n"


def describe_findings(root: Path) -> Counter[str]:
    """The findings by rule, but for those on names, which are the point."""
    project = Project(root)
    found = validate(project, select(project, [str(root)])).findings
    return Counter(finding.rule for finding in found if finding.severity is not Severity.NOTE)


def test_renamed_tests_give_names_that_the_recorders_rule_gives(shared: Path, tmp_path: Path) -> None:
    root = tmp_path / "ogx"
    shutil.copytree(shared / "corpus" / "ogx" / "tests", root / "tests")
    old, new = "tests/integration/inference/test_openai_completion.py", "tests/chat/test_completion.py"
    found = carry_out(root, Edits(tests=(Rename(old, new),)))
    moved = [entry for entry in found.entries if entry.action is Action.MOVE]
    assert len(moved) > 40
    checked = 0
    for path in (root / "tests/chat/recordings").iterdir():
        document = json.loads(path.read_bytes())
        assert document["test_id"].startswith(f"{new}::")
        name = path.name.removeprefix("models-").partition(".")[0].partition("-")[0]
        body = document["request"]["body"]
        if re.search(r"\.\d{4}|\d[eE]|score:|attributes:|document_id:|<\||project_id", json.dumps(body)):
            continue  # what the scheme makes equal is another test's matter
        hashed = {
            "test_id": document["test_id"],
            "method": document["request"]["method"].upper(),
            "endpoint": urlparse(document["request"]["url"]).path,
            "body": body,
        }
        assert sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest() == name
        checked += 1
    assert checked > 30
    assert undo(root).refusals == ()


def test_no_real_recording_changes_but_for_its_test_and_its_reply_s_id(shared: Path, tmp_path: Path) -> None:
    root = tmp_path / "ogx"
    shutil.copytree(shared / "corpus" / "ogx" / "tests", root / "tests")
    before = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.json")}
    project = Project(root, settings=SETTINGS)
    edits = Edits(tests=(Rename("tests", "t"),))
    orders = Orders(to=CURRENT, edits=edits, include_replaced=True, include_unexplained=True)
    found = rehash(project, select(project, [str(root)]), orders, applied=True)
    moved = {
        entry.new_path: entry.facts.location
        for entry in found.entries
        if entry.action is Action.MOVE and entry.new_path is not None
    }
    assert len(moved) > 800
    for new_path, location in take(moved.items(), every=5):
        (path,) = root.rglob(new_path.rpartition("/")[2])
        old = before[location.relative_to(root).as_posix()].replace('"test_id": "tests/', '"test_id": "t/')
        digits = [name.removeprefix("models-")[:12] for name in (location.name, path.name)]
        assert path.read_text() == old.replace(f'"id": "rec-{digits[0]}"', f'"id": "rec-{digits[1]}"')
