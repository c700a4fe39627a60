"""Lists of collected tests: the forms that are read, and the many that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.testsuite.collected import Collected, Family, combine, find_missing_families, read_collected

IDS = (
    "tests/chat/test_a.py::test_x[txt=azure/gpt-4o]",
    "tests/chat/test_a.py::TestC::test_z[a b-c::d]",
    "tests/test_b.py::test_y",
)
QUIET = "\n".join((*IDS, "", "3 tests collected in 0.01s", ""))
TREE = """\
============================= test session starts ==============================
rootdir: /home/me/project, configfile: pyproject.toml
collected 3 items

<Dir project>
  <Package tests>
    <Dir chat>
      <Module test_a.py>
        <Function test_x[txt=azure/gpt-4o]>
          What it tests <and why>.
        <Class TestC>
          <Coroutine test_z[a b-c::d]>
    <Module test_b.py>
      <Function test_y>

========================== 3 tests collected in 0.58s ==========================
"""
OLD_TREE = """\
rootdir: /home/me/project
collected 3 items
<Module tests/chat/test_a.py>
  <Function test_x[txt=azure/gpt-4o]>
  <Class TestC>
    <Instance ()>
      <Function test_z[a b-c::d]>
<Module tests/test_b.py>
  <Function test_y>
===== 3 tests collected in 0.58s =====
"""
JUNIT = """\
<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="3">
<testcase classname="tests.chat.test_a" name="test_x[txt=azure/gpt-4o]"><skipped/></testcase>
<testcase classname="tests.chat.test_a.TestC" name="test_z[a b-c::d]"><failure message="no"/></testcase>
<testcase classname="tests.test_b" name="test_y" time="0.1"/>
</testsuite></testsuites>
"""


def report(**changes: Any) -> str:
    """What pytest-json-report writes after the tests ran."""
    tests = [{"nodeid": test_id, "outcome": "passed"} for test_id in IDS]
    summary = {"collected": 3, "total": 3}
    return json.dumps({"exitcode": 0, "summary": summary, "tests": tests, **changes})


def write(folder: Path, content: str | bytes) -> str:
    path = folder / "list"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def read_list(folder: Path, *test_ids: str) -> Collected:
    return read_collected(write(folder, "\n".join((*test_ids, f"{len(test_ids)} tests collected"))))


@pytest.mark.parametrize(
    "content",
    [
        QUIET,
        QUIET.replace("\n", "\r\n"),
        QUIET.encode("utf-16"),
        QUIET.encode("utf-8-sig"),
        f"\x1b[32m{QUIET}\x1b[0m",
        f"loading models\n{QUIET}",
        QUIET.replace("3 tests", "=== warnings summary ===\ntests/test_b.py::test_y\n  old\n3 tests"),
        TREE,
        OLD_TREE,
        JUNIT,
        report(),
        report(exitcode=1),
    ],
)
def test_every_form_gives_the_same_tests(tmp_path: Path, content: str | bytes) -> None:
    collected = read_collected(write(tmp_path, content))
    assert all(map(collected.knows, IDS))
    assert len(collected.tests) == len(IDS)
    for other in (
        "tests/test_b.py::test_y[a]",
        "tests/test_b.py::test_",
        "tests/chat/test_a.py::test_z[a b-c::d]",
    ):
        assert not collected.knows(other)


def test_deselected_tests_are_counted(tmp_path: Path) -> None:
    content = "tests/test_b.py::test_y\n\n1/14 tests collected (13 deselected) in 0.66s\n"
    collected = read_collected(write(tmp_path, content))
    assert (len(collected.tests), collected.deselected) == (1, 13)


def test_a_json_report_of_a_collection_has_the_tests_that_are_no_collectors(tmp_path: Path) -> None:
    collectors = [
        {"nodeid": "", "outcome": "passed", "result": [{"nodeid": "tests/test_b.py", "type": "Module"}]},
        {
            "nodeid": "tests/test_b.py",
            "outcome": "passed",
            "result": [
                {"nodeid": "tests/test_b.py::test_y", "type": "Function"},
                {"nodeid": "tests/test_b.py::test_z", "type": "Function", "deselected": True},
            ],
        },
    ]
    document = {"exitcode": 0, "summary": {"collected": 2, "deselected": 1}, "collectors": collectors}
    collected = read_collected(write(tmp_path, json.dumps(document)))
    assert collected.knows("tests/test_b.py::test_y")
    assert not collected.knows("tests/test_b.py::test_z")
    assert collected.deselected == 1


PLAIN = "\n".join((*IDS, ""))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "lists no tests"),
        ("\n\n", "lists no tests"),
        ("hello", "lists no tests"),
        (b"\xff\xfe\xff", "is no text"),
        (b"\x80", "is no text"),
        ("\nno tests collected in 0.01s\n", "pytest collected no tests"),
        ("no tests collected (14 deselected) in 0.75s\n", "pytest collected no tests"),
        ("=== no tests ran in 0.01s ===\n", "pytest collected no tests"),
        ("tests/test_b.py: 7\n\n", "has only how many tests each file holds, which names none"),
        (PLAIN[:-1], "ends in the middle of a line, 'tests/test_b.py::test_y': is it cut off?"),
        (QUIET[:82], "ends in the middle of a line, 'tests/chat/test_a.py::TestC::test_z': is it cut off?"),
        (QUIET[:-12], "ends in the middle of a line, '3 tests collect': is it cut off?"),
        (
            f"{PLAIN}A line of a log\n",
            "is no list of ids alone, and lacks pytest's last line: is it cut off?",
        ),
        (QUIET.replace("3 tests", "4 tests"), "has 3 test ids, and says that there are 4: parts are missing"),
        (QUIET.replace("collected", "collected, 1 error"), "the list contains errors"),
        (f"{QUIET}ERROR tests/test_c.py\n", "the list contains errors"),
        (f"_________ ERROR collecting tests/test_c.py _________\n{QUIET}", "the list contains errors"),
        (f"!!!!!! Interrupted: 1 error during collection !!!!!!\n{QUIET}", "the list contains errors"),
        (f"INTERNALERROR> Traceback\n{QUIET}", "the list contains errors"),
        (TREE[:-90], "lacks pytest's last line, which says how many tests there are: is it cut off?"),
        (TREE.replace("<Function test_y>", ""), "has 2 test ids, and says that there are 3"),
        (TREE.replace("rootdir", "root"), "a tree from which their ids can't be told"),
        (TREE.replace("me/project", "me/other"), "a tree from which their ids can't be told"),
        (JUNIT[:-40], "is cut off, or no XML (line 4)"),
        (JUNIT.replace('tests="3"', 'tests="4"'), "has 3 test ids, and says that there are 4"),
        (JUNIT.replace('tests="3"', 'tests="?"'), "is XML, but no JUnit report"),
        (JUNIT.replace('name="test_y"', ""), "is XML, but no JUnit report"),
        ('<testsuites><testsuite tests="0"/></testsuites>', "lists no tests"),
        (JUNIT.replace("<testsuites>", "<!DOCTYPE x []><testsuites>"), "declares a document type"),
        (JUNIT.replace('<failure message="no"', '<error message="collection failure"'), "it contains errors"),
        (report()[:-2], "is cut off, or no JSON"),
        (report(exitcode=2), "is of a run that did not get through: pytest ended with 2"),
        (report(exitcode=5), "is of a run that did not get through: pytest ended with 5"),
        (report(tests=[]), "has 0 test ids of 3 that were collected"),
        (report(tests=[{}]), "is JSON, but no report by pytest-json-report"),
        (report(collectors=[{"outcome": "failed"}]), "the report contains errors"),
        ('{"tests": []}', "is JSON, but no report by pytest-json-report"),
        ("{" * 10_000, "is cut off, or no JSON"),
    ],
)
def test_what_is_not_certainly_a_whole_list_is_refused(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    name = write(tmp_path, content)
    with pytest.raises(RecctlError) as refused:
        read_collected(name)
    assert refused.value.message.startswith(f"{name}: ")
    assert reason in refused.value.message
    assert refused.value.hint


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecctlError, match="nowhere: no such file or directory"):
        read_collected(str(tmp_path / "nowhere"))


def test_plain_ids_are_taken_on_trust(tmp_path: Path) -> None:
    for content in (PLAIN, "\n".join(IDS[:2])):
        name = write(tmp_path, content)
        listed = read_collected(name)
        assert all(map(listed.knows, IDS[: len(content.splitlines())]))
        assert listed.unvouched == (name,)


def test_several_lists_know_what_each_of_them_knows(tmp_path: Path) -> None:
    one, other = read_list(tmp_path, IDS[0]), read_list(tmp_path, *IDS[1:])
    both = combine([one, other])
    assert all(map(both.knows, IDS))
    assert both.names == (*one.names, *other.names)


def test_missing_families_are_named_by_what_their_tests_share(tmp_path: Path) -> None:
    collected = read_list(
        tmp_path,
        "t/a.py::test_x[client-txt=openai/gpt-4o:emb=minilm:dim=768]",
        "t/a.py::test_y[client-txt=openai/gpt-4o]",
    )
    missing = (
        "t/a.py::test_x[client-txt=azure/gpt-4o:emb=minilm:dim=768]",
        "t/a.py::test_y[client-txt=azure/gpt-4o]",
        "t/b.py::test_z[client-txt=openai/gpt-4o]",
        "t/a.py::test_z[client-txt=openai/gpt-4o]",
    )
    assert find_missing_families(collected, missing) == (Family("txt=azure", 2), Family("t/b.py", 1))


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1))
def test_every_id_that_is_listed_is_known_whatever_its_parameters(values: list[str]) -> None:
    test_ids = [f"t/a.py::test_x[{value}]" for value in values]
    with TemporaryDirectory() as folder:
        collected = read_list(Path(folder), *test_ids)
    assert all(map(collected.knows, test_ids))
    assert not collected.knows("t/a.py::test_x")


@pytest.mark.parametrize(
    ("told", "is_listed"),
    [
        ("tests/test_x.py::test_a[x-y]", True),
        ("tests/test_x.py::test_a[x-z]", False),
        ("tests/test_x.py::test_a", True),  # the parameters may have been cut off
        ("tests/test_x.py::TestInner::test_b", True),
        ("tests/test_x.py::TestOther::test_b", False),
        ("tests/test_x.py::test_b", True),
        ("tests/test_y.py::test_a[x-y]", False),
    ],
)
def test_a_file_tells_less_of_its_test_than_a_list(told: str, is_listed: bool) -> None:
    ids = ["tests/test_x.py::test_a[x/y]", "tests/test_x.py::TestOuter::TestInner::test_b"]
    tests = frozenset(test_id.replace("/test_x.py::", ".test_x.").replace("::", ".") for test_id in ids)
    assert Collected(("list",), tests).may_know(told) == is_listed
