"""Which recordings can go: the proofs, what they are worth together, what protects, what is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.errors import RecctlError
from recctl.changes.plan import undo
from recctl.input.sources import select
from recctl.naming.filters import Filter, parse_age
from recctl.project import Project
from recctl.prune import Grade, Inquiry, PruneReport, examine
from recctl.prune.removal import remove
from recctl.testsuite.collected import Collected, read_collected
from recctl.testsuite.track import Tracked
from tests.builders import chunk, delta
from tests.names import AGAIN, ask, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SCHEME = "ogx-2026-04"
FOLDER = "tests/chat/recordings"
FILE = "tests/chat/test_a.py"
EVERY = tuple(grade for grade in Grade if grade is not Grade.STRANDED)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the test `test_x` and no recordings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FILE).write_text("def test_x(): ...")
    return tmp_path


def put(root: Path, text: str, test: str = "test_x[a]", *, old: bool = False, **fields: Any) -> str:
    """Write a recording of this question for a test; gives its path."""
    document = ask(text, **{"test_id": f"{FILE}::{test}", **fields})
    path = write(root / FOLDER, document, old_name(document) if old else None)
    return path.relative_to(root).as_posix()


def look(
    root: Path,
    *,
    scheme: str | None = SCHEME,
    keep: Sequence[str] = (),
    paths: Sequence[str] = (".",),
    **asked: Any,
) -> PruneReport:
    project = Project(root).with_settings(scheme=scheme, keep=tuple(keep))
    inquiry = Inquiry(**{"max_share": 100, **asked})
    return examine(project, select(project, paths), inquiry)


def tell(report: PruneReport) -> dict[str, tuple[str | None, bool]]:
    """For each recording, its grade and whether it goes."""
    return {verdict.facts.path: (verdict.grade, verdict.stale) for verdict in report.verdicts}


def reasons(report: PruneReport) -> dict[str, str]:
    return {verdict.facts.path: verdict.reason for verdict in report.verdicts}


def listed(*tests: str) -> tuple[Collected, ...]:
    return (Collected(("list",), frozenset(f"tests.chat.test_a.{test}" for test in tests)),)


# --- the grades ---------------------------------------------------------------------------------------------


def test_a_recording_with_an_old_name_is_replaced_by_one_of_its_turn(root: Path) -> None:
    old, new = put(root, "Hello", old=True), put(root, "Hello", body=AGAIN)
    report = look(root)
    assert tell(report) == {old: (Grade.REPLACED, True), new: (None, False)}
    assert reasons(report) == {
        old: f"ogx-2025-07 gives it this name, {SCHEME} looks for another; {new} has taken its place",
        new: f"{SCHEME} gives it this name",
    }


def test_a_recording_that_nothing_replaces_is_stranded_and_never_goes(root: Path) -> None:
    stranded, other = put(root, "Hello", "test_gone", old=True), put(root, "Hello")
    report = look(root, grades=EVERY[:2], default=False)
    assert tell(report) == {stranded: (Grade.STRANDED, False), other: (None, False)}
    assert reasons(report)[stranded] == (
        f"ogx-2025-07 gives it this name, {SCHEME} looks for another, and nothing has taken its place: "
        "recctl rehash rescues it"
    )


def test_a_name_that_nothing_explains_proves_nothing(root: Path) -> None:
    document = ask("Hello", test_id=f"{FILE}::test_x")
    write(root / FOLDER, document, f"{'0' * 64}.json")
    report = look(root)
    assert tell(report) == {f"{FOLDER}/{'0' * 64}.json": (None, False)}
    assert reasons(report).popitem()[1].startswith("no scheme gives it this name, which proves nothing")


def test_a_recording_whose_test_is_gone_is_an_orphan(root: Path) -> None:
    there, gone = put(root, "1"), put(root, "2", "test_y[a]")
    report = look(root)
    assert tell(report) == {there: (None, False), gone: (Grade.ORPHAN, True)}
    assert reasons(report)[gone] == f"{FILE} has no function test_y"


def test_tests_in_a_project_below_the_root_are_found_there(root: Path) -> None:
    inner = root / "inner"
    (inner / FOLDER).mkdir(parents=True)
    (inner / FILE).write_text("def test_z(): ...")
    gone, there = put(inner, "1"), put(inner, "1", "test_z")
    assert tell(look(root)) == {f"inner/{gone}": (Grade.ORPHAN, True), f"inner/{there}": (None, False)}


def test_where_the_tests_are_not_nothing_is_an_orphan_and_that_is_said_once(root: Path) -> None:
    (root / FILE).unlink()
    put(root, "1")
    put(root, "2")
    report = look(root)
    assert {grade for grade, _ in tell(report).values()} == {None}
    assert report.remarks == (
        "the tests of 2 recordings are not below the root: whether they still exist can't be judged",
    )


def test_a_test_in_doubt_is_kept_and_told(root: Path) -> None:
    put(root, "1")
    moved = put(root, "2", "test_y")
    (root / "tests/test_b.py").write_text("def test_y(): ...")
    report = look(root)
    assert tell(report)[moved] == (None, False)
    assert reasons(report)[moved].endswith(
        f"recctl mv {FILE}::test_y tests/test_b.py::test_y takes its recordings along"
    )
    assert report.remarks == ("whether there still is a test can't be told for 1 recording: -v shows why",)


def test_a_recording_in_a_shared_folder_is_an_orphan_only_when_no_tree_has_its_test(root: Path) -> None:
    put(root, "1")
    shared = write(root / "tests/common/recordings", ask("2", test_id=f"{FILE}::test_x"))
    lost = write(root / "tests/common/recordings", ask("3", test_id=f"{FILE}::test_y"))
    verdicts = tell(look(root, include_protected=True))
    assert verdicts[shared.relative_to(root).as_posix()] == (None, False)
    assert verdicts[lost.relative_to(root).as_posix()] == (Grade.ORPHAN, True)


def test_a_test_that_is_on_no_list_is_uncollected_and_taken_only_by_name(root: Path) -> None:
    known, unknown = put(root, "1", "test_x[a]"), put(root, "2", "test_x[ab]")
    lists = listed("test_x[a]")
    assert tell(look(root, lists=lists))[unknown] == (Grade.UNCOLLECTED, False)
    report = look(root, lists=lists, grades=(Grade.UNCOLLECTED,), default=False)
    assert tell(report) == {known: (None, False), unknown: (Grade.UNCOLLECTED, True)}
    assert reasons(report)[unknown] == f"{FILE}::test_x[ab] is not in list"


def test_a_provider_that_no_list_knows_is_named_first(root: Path) -> None:
    put(root, "1", "test_x[txt=openai/gpt-4o]")
    put(root, "2", "test_x[txt=azure/gpt-4o]")
    put(root, "3", "test_x[txt=azure/gpt-5]")
    lists = (listed("test_x[txt=openai/gpt-4o]")[0]._replace(deselected=4),)
    assert look(root, lists=lists).remarks == (
        (
            "warning: txt=azure occurs in the tests of 2 recordings and in no list: "
            "was a part of the tests not collected?"
        ),
        "warning: 4 tests were deselected, and are on no list for that alone",
    )


def tracked(*opened: str, unopened: Sequence[str], passed: Sequence[str] = ("test_x[a]",)) -> Tracked:
    tests = frozenset(f"{FILE}::{test}" for test in passed)
    return Tracked(
        True, None, frozenset(opened), {}, tests, dict.fromkeys(tests, "passed"), frozenset(unopened)
    )


def test_what_a_passed_test_did_not_open_is_unused(root: Path) -> None:
    used, unused = put(root, "1"), put(root, "2")
    others = [put(root, "3", "test_x[failed]"), put(root, "4", "test_x[failed]")]
    sight = put(root, "5", "test_x[served]")
    run = tracked(
        used, others[0], unopened=[unused, others[1], sight], passed=["test_x[a]", "test_x[served]"]
    )
    report = look(root, tracked=run, grades=(Grade.UNUSED,), default=False)
    taken = {path for path, (_, stale) in tell(report).items() if stale}
    assert taken == {unused}
    assert reasons(report)[unused] == (
        f"{FILE}::test_x[a] passed, opened 1 of its recordings, and not this one"
    )


def test_what_another_test_has_opened_says_nothing_of_a_server_out_of_sight(root: Path) -> None:
    shared, own = put(root, "1"), put(root, "2")
    run = tracked(shared, unopened=[own], passed=["test_x[a]", "test_x[b]"])
    run = run._replace(by_test={f"{FILE}::test_x[b]": frozenset([shared])})
    assert not look(root, tracked=run, grades=(Grade.UNUSED,), default=False).stale


def test_what_was_added_after_the_run_is_not_unused(root: Path) -> None:
    used, _ = put(root, "1"), put(root, "2")
    assert not look(root, tracked=tracked(used, unopened=[]), grades=(Grade.UNUSED,), default=False).stale


def test_the_older_of_two_that_are_found_is_superseded(root: Path) -> None:
    old, new = put(root, "1"), put(root, "1", body=AGAIN)
    os.utime(root / old, (0, 0))
    os.utime(root / new, (7200, 7200))
    report = look(root)
    assert tell(report) == {old: (Grade.SUPERSEDED, False), new: (None, False)}
    assert reasons(report)[old] == (
        f"{new} is the same turn of 1970-01-01 02:00, this one is of 1970-01-01 00:00"
    )
    os.utime(root / new, (3600, 3600))
    assert tell(look(root))[old] == (None, False), "files of one copy differ by less"


def test_in_git_the_last_commit_tells_which_is_newer(
    root: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [put(root, "1", body={"seed": seed}) for seed in (1, 2, 3)]
    for day, path in enumerate(paths[:2], start=1):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{day}T00:00:00Z")
        git("add", path)
        git("commit", "-qm", path)
        os.utime(root / path, (0, 0))
    git("add", paths[2])
    git("commit", "-qm", paths[2])
    report = look(root)
    assert tell(report) == {
        paths[0]: (Grade.SUPERSEDED, False),
        paths[1]: (None, False),
        paths[2]: (None, False),
    }
    assert reasons(report)[paths[0]].endswith(
        " is the same turn of 2026-01-02 00:00, this one is of 2026-01-01 00:00"
    )


def test_another_file_of_the_same_request_is_a_duplicate(root: Path) -> None:
    document = ask("1", test_id=f"{FILE}::test_x")
    first, second = write(root / FOLDER, document), write(root / FOLDER, document, f"{'1' * 64}.json")
    report = look(root, grades=(Grade.DUPLICATE,), default=False)
    one, other = (path.relative_to(root).as_posix() for path in (first, second))
    assert tell(report) == {one: (None, False), other: (Grade.DUPLICATE, True)}
    assert reasons(report)[other] == (
        f"{one} records the same request, and has the name that {SCHEME} looks for"
    )


def test_the_strongest_grade_counts_and_among_those_asked_for_first(root: Path) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y")
    lists = listed("test_x[a]")
    assert tell(look(root, lists=lists))[gone] == (Grade.ORPHAN, True)
    report = look(root, lists=lists, grades=(Grade.UNCOLLECTED,), default=False)
    assert tell(report)[gone] == (Grade.UNCOLLECTED, True)


# --- what stays all the same --------------------------------------------------------------------------------


def protect(root: Path, path: Path, **asked: Any) -> str | None:
    (verdict,) = (verdict for verdict in look(root, **asked).verdicts if verdict.facts.location == path)
    assert not verdict.stale
    return verdict.protected


def test_what_names_no_test_is_protected(root: Path) -> None:
    assert protect(root, write(root / FOLDER, ask("1", test_id=None))) == "it names no test"


def test_lists_of_models_are_protected(root: Path) -> None:
    path = write(root / FOLDER, ask("1"), f"models-{'0' * 64}-{'0' * 8}.json")
    document = ask("1", test_id=f"{FILE}::test_x")
    document["request"] |= {"endpoint": "/v1/models", "url": "http://x/v1/models"}
    document["response"] = {"body": [{"__type__": "x.Model", "__data__": {"id": "m"}}], "is_streaming": False}
    path = write(root / FOLDER, document, path.name)
    assert protect(root, path) == "it is a list of models, which all tests share"


def test_what_lies_elsewhere_than_its_test_is_protected(root: Path) -> None:
    path = write(root / "tests/common/recordings", ask("1", test_id=f"{FILE}::test_x"))
    assert protect(root, path) == "it does not lie in its test's folder, so others may share it"


def test_what_the_configuration_keeps_is_protected(root: Path) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y")
    assert protect(root, root / gone, keep=["tests/chat/"]) == "the configuration keeps it"
    verdict = look(root, keep=["tests/chat/"]).verdicts[0]
    assert verdict.grade in (None, Grade.ORPHAN), "the grade is told all the same"


def test_what_git_does_not_have_as_it_is_is_protected(root: Path, git: Callable[..., str]) -> None:
    put(root, "0")
    clean, edited = put(root, "1", "test_y"), put(root, "2", "test_y")
    git("add", ".")
    git("commit", "-qm", "1")
    (root / edited).write_bytes((root / edited).read_bytes() + b"\n")
    staged, untracked = put(root, "3", "test_y"), put(root, "4", "test_y")
    git("add", staged)
    report = look(root)
    assert [verdict.facts.path for verdict in report.stale] == [clean]
    assert {verdict.facts.path: verdict.protected for verdict in report.verdicts if verdict.protected} == {
        edited: "it has changes that are not committed",
        staged: "it has changes that are not committed",
        untracked: "git does not have it",
    }


def test_before_the_first_commit_everything_is_new(root: Path, git: Callable[..., str]) -> None:
    put(root, "0")
    gone = put(root, "1", "test_y")
    git("add", ".")
    assert protect(root, root / gone) == "it has changes that are not committed"


def test_whoever_insists_gets_what_is_protected(root: Path) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y")
    report = look(root, keep=["tests/"], include_protected=True)
    assert [verdict.facts.path for verdict in report.stale] == [gone]


# --- what is refused ----------------------------------------------------------------------------------------


def refuse(root: Path, **asked: Any) -> tuple[str, str | None]:
    with pytest.raises(RecctlError) as refused:
        look(root, **asked)
    return refused.value.message, refused.value.hint


def test_without_scheme_and_list_there_is_nothing_to_judge_by(root: Path) -> None:
    put(root, "1")
    message, hint = refuse(root, scheme=None)
    assert message == "no scheme is set, and no list of tests is named"
    assert hint is not None
    assert all(word in hint for word in ("--scheme", "--collected", "--tracked", "--grade orphan"))


def test_without_a_scheme_tests_that_are_gone_can_be_asked_for(root: Path) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y", old=True)
    report = look(root, scheme=None, grades=(Grade.ORPHAN,), default=False)
    assert tell(report)[gone] == (Grade.ORPHAN, True)
    assert report.remarks == (
        "no scheme is set for 2 recordings: what was replaced among them can't be judged",
    )


@pytest.mark.parametrize("grade", [Grade.REPLACED, Grade.SUPERSEDED, Grade.DUPLICATE])
def test_without_a_scheme_nobody_knows_what_is_found(root: Path, grade: Grade) -> None:
    put(root, "1")
    message, _ = refuse(root, scheme=None, grades=(grade,), default=False)
    assert message == f"--grade {grade} needs to know the hash scheme"


def test_grades_need_what_they_go_by(root: Path) -> None:
    assert refuse(root, grades=(Grade.UNCOLLECTED,))[0] == "--grade uncollected goes by a list of tests"
    assert refuse(root, grades=(Grade.UNUSED,))[0] == "--grade unused goes by a run of the tests"
    assert refuse(root, grades=(Grade.STRANDED,))[0] == "stranded recordings are never pruned"


def test_a_list_that_knows_none_of_the_tests_is_refused(root: Path) -> None:
    put(root, "1")
    message, hint = refuse(root, lists=(*listed("test_x[a]"), *listed("test_other")))
    assert message == "list: knows none of the 1 tests that recordings name"
    assert hint == "collect the tests from the folder that test ids start at, or leave this list out"


def test_a_run_that_is_not_complete_or_of_other_tests_is_refused(root: Path) -> None:
    path = put(root, "1")
    run = tracked(path, unopened=[])
    message, _ = refuse(root, tracked=run._replace(complete=False, reason="it was interrupted"))
    assert message == "the run of the tests is not complete: it was interrupted"
    message, _ = refuse(root, tracked=tracked(path, unopened=[], passed=["test_other"]))
    assert message == "none of the tests that recordings name passed in the tracked run"


def test_when_most_would_go_the_evidence_is_doubted(root: Path) -> None:
    put(root, "1")
    put(root, "2", "test_y")
    assert len(look(root, max_share=50).stale) == 1
    put(root, "3", "test_y")
    message, hint = refuse(root, max_share=50)
    assert message == "2 of 3 recordings would go (66 %; 2 orphan), more than 50 %"
    assert hint is not None
    assert "--max-share" in hint


def test_files_of_revisions_cannot_go(root: Path, git: Callable[..., str]) -> None:
    path = put(root, "1")
    git("add", ".")
    git("commit", "-qm", "1")
    assert refuse(root, paths=[f"HEAD:{path}"])[0] == "a file of a revision can't be pruned"


def test_a_repository_that_git_cannot_read_is_no_reason_to_lose_files(root: Path) -> None:
    put(root, "1")
    (root / ".git").mkdir()
    assert refuse(root)[0].startswith("git can't tell which recordings have changed: ")


# --- conversations ------------------------------------------------------------------------------------------


def test_what_hangs_on_a_recording_is_said(root: Path) -> None:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = ask("What time is it?", test_id=f"{FILE}::test_x[a]")
    asked["response"]["body"] = [chunk(delta(tool_calls=[call], finish_reason="tool_calls"))]
    old = write(root / FOLDER, asked, old_name(asked)).relative_to(root).as_posix()
    put(root, "What time is it?", body=AGAIN)
    followed = ask("What time is it?", test_id=f"{FILE}::test_x[a]")
    followed["request"]["body"]["messages"] += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Noon"},
    ]
    later = write(root / FOLDER, followed).relative_to(root).as_posix()
    assert reasons(look(root))[old].endswith(f"; its tool calls are quoted by {later}, which stays")


@pytest.mark.parametrize("reply", ["Noon.", 'Zwölf "Uhr"', "\N{SMILING FACE WITH SMILING EYES}"])
def test_a_quoted_reply_is_told_whatever_it_says(root: Path, reply: str) -> None:
    put(root, "0")
    first = put(root, "What time is it?", "test_y", reply=reply)
    document = ask("What time is it?", test_id=f"{FILE}::test_y")
    parts = [{"type": "text", "text": reply}]
    document["request"]["body"]["messages"] += [{"role": "assistant", "content": parts}]
    later = write(root / FOLDER, document).relative_to(root).as_posix()
    told = reasons(look(root))
    assert told[first] == f"{FILE} has no function test_y; its reply is quoted by {later}, which goes, too"
    assert told[later] == f"{FILE} has no function test_y"


# --- filters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (Filter(tests=("test_y",)), True),
        (Filter(tests=("tests/chat",)), True),
        (Filter(models=("small",)), True),
        (Filter(models=("small",), endpoints=("/v1/chat/completions",)), True),
        (Filter(providers=("azure",)), True),
        (Filter(providers=("localhost",)), True),
        (Filter(min_age=3600), True),
        (Filter(min_age=10 * 365 * 86400), False),
    ],
)
def test_filters_let_through_what_they_name(root: Path, wanted: Filter, passes: bool) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y[txt=azure/gpt-4o]")
    week_ago = (root / gone).stat().st_mtime - 7 * 86400
    os.utime(root / gone, (week_ago, week_ago))
    report = look(root, filter=wanted)
    assert [verdict.facts.path for verdict in report.stale] == [gone] * passes
    assert report.examined == 2


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        (Filter(tests=("tset_x",)), "no recording is of test 'tset_x'", "did you mean 'test_x'?"),
        (Filter(models=("smal",)), "no recording is of model 'smal'", "did you mean 'small'?"),
        (Filter(models=("small", "x")), "no recording is of model 'x'", "known are small"),
        (
            Filter(endpoints=("/v1/chat/completion",)),
            "no recording is for endpoint '/v1/chat/completion'",
            "did you mean '/v1/chat/completions'?",
        ),
        (Filter(providers=("azur",)), "no recording is by provider 'azur'", "did you mean 'azure'?"),
        (
            Filter(tests=("test_x",), providers=("azure",)),
            "no recording fits all that is asked for",
            "leave one of the filters out",
        ),
    ],
)
def test_a_filter_that_matches_nothing_is_an_error(
    root: Path, wanted: Filter, message: str, hint: str
) -> None:
    put(root, "1")
    put(root, "2", "test_y[txt=azure/gpt-4o]")
    assert refuse(root, filter=wanted) == (message, hint)


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("90d", 2160), ("2 w", 336), ("1y", 8760)])
def test_ages_are_read(text: str, hours: int) -> None:
    assert parse_age(text) == hours * 3600


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 days", "9999999d"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be an age, such as"):
        parse_age(text)


# --- going --------------------------------------------------------------------------------------------------


def test_what_changed_after_it_was_judged_stays(root: Path) -> None:
    put(root, "1")
    paths = [put(root, text, "test_y") for text in ("2", "3", "4")]
    report = look(root)
    (root / paths[0]).unlink()
    (root / paths[1]).write_bytes(
        (root / paths[1]).read_bytes().replace(b"Hello", b"Hallo", 1).replace(b"3", b"9")
    )
    removed = remove(Project(root).with_settings(scheme=SCHEME), report.stale).applied
    assert len(removed.done) == 1
    assert sorted(held.refusal for held in removed.held_back) == sorted(
        zip(paths[:2], ("is gone", "has changed since"), strict=True)
    )
    assert not (root / paths[2]).exists()


def test_what_git_has_needs_no_copy_and_comes_back_all_the_same(root: Path, git: Callable[..., str]) -> None:
    put(root, "1")
    gone = put(root, "2", "test_y")
    before = (root / gone).read_bytes()
    git("add", ".")
    git("commit", "-qm", "1")
    stale = look(root, scheme=None, grades=(Grade.ORPHAN,)).stale
    removed = remove(Project(root), stale, without_copy=True).applied
    assert len(removed.done) == 1
    assert not [*(root / ".recctl").rglob("before/*")]
    undo(root)
    assert (root / gone).read_bytes() == before


def test_lists_are_read_as_they_are_used(root: Path) -> None:
    known, unknown = put(root, "1", "test_x[a]"), put(root, "2", "test_x[b]")
    (root / "list").write_text(f"{FILE}::test_x[a]\n\n1 test collected in 0.01s\n")
    report = look(root, lists=(read_collected("list"),), grades=(Grade.UNCOLLECTED,), default=False)
    assert tell(report) == {known: (None, False), unknown: (Grade.UNCOLLECTED, True)}
