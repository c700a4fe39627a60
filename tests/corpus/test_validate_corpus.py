"""`validate` on real recordings: no false alarm, and the counts that the field guide gives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from recctl.checks.finding import Severity
from recctl.checks.run import validate
from recctl.input.sources import select
from recctl.project import Project, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.checks.finding import CheckReport

pytestmark = pytest.mark.corpus


def check(*paths: Path, scheme: str | None = None) -> CheckReport:
    project = Project(paths[0], settings=Settings(scheme=scheme))
    return validate(project, select(project, [str(path) for path in paths]))


def test_no_real_recording_has_an_error(shared: Path) -> None:
    report = check(shared / "corpus", *sorted((shared / "seeds").glob("*.json")))
    assert report.checked == 1096
    assert report.errors == ()
    assert [finding for finding in report.findings if finding.severity is Severity.ERROR] == []


def test_names_are_judged_as_the_field_guide_counts_them(shared: Path) -> None:
    report = check(shared / "corpus" / "ogx", scheme="ogx-2026-04")
    of_names = [finding for finding in report.findings if finding.rule.endswith("-hash")]
    assert Counter((finding.severity.label, finding.rule) for finding in of_names) == {
        ("error", "outdated-hash"): 9,
        ("warning", "outdated-hash"): 158,
        ("warning", "unexplained-hash"): 56,
    }
    assert sum("draft-" in finding.message for finding in of_names) == 28
    assert report.tally(Severity.ERROR) == 9, "what is stranded, and nothing else"


def test_conversations_are_sound(shared: Path) -> None:
    for scheme in (None, "ogx-2026-04"):
        found = check(shared / "corpus" / "ogx", scheme=scheme).findings
        assert {finding.rule for finding in found}.isdisjoint({"answered-twice", "unanswerable"})


def test_the_scheme_is_detected_where_none_is_set(shared: Path) -> None:
    report = check(shared / "corpus" / "ogx")
    assert report.remark == "787 of 1,010 names match ogx-2026-04; set scheme to be held to it"
    report = check(shared / "corpus" / "llama-stack-0.2.20")
    assert report.remark == "79 of 79 names match ogx-2025-07; set scheme to be held to it"


def test_every_unread_web_page_is_told_in_one_line(shared: Path) -> None:
    report = check(shared / "seeds" / "11d0a2173aefbf3a.web-view.txt")
    (finding,) = report.findings
    assert (finding.rule, finding.position) == ("invalid-json", (1, 1))
