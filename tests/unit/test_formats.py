"""The output formats of `recctl validate`: what each looks like, and that others can read it.

Text that was recorded can be quoted in a message; every format has to survive it.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from recctl import __version__
from recctl.base.syntax import Position
from recctl.checks.finding import EXCERPT_REACH, CheckReport, Finding, Rule, Severity
from recctl.recordings.source import Unread
from recctl.render import list_formats
from recctl.render.findings import FindingsView, find_renderer
from recctl.render.kit.terminal import escape, quote_path

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "tests/recordings"
RULES = (
    Rule("formatting", Severity.WARNING, "It is laid out oddly.", "Diffs grow.", "Lay it out.", "[ ]", "[]"),
    Rule("outdated-hash", Severity.ERROR, "Its name is old.", "It is not found.", "Re-hash it.", "[ ]", "[]"),
    Rule("schema", Severity.ERROR, "A type is wrong.", "It is not read.", "Record it again.", "[ ]", "[]"),
)
SCHEMA = Finding(
    "schema",
    Severity.ERROR,
    f"{FOLDER}/a.json",
    '"content" should be a string, but is 7',
    "record it again",
    "/request/body/messages/0/content",
    Position(12, 22),
    excerpt='          "content": 7,',
)
FORMATTING = Finding(
    "formatting", Severity.WARNING, f"{FOLDER}/a.json", "not as the recorder writes it", fixable=True
)
OUTDATED = Finding("outdated-hash", Severity.NOTE, f"{FOLDER}/b.json", "only ogx-2025-07 gives this name")
UNREAD = Unread("c.json", "can't be opened: permission denied", "check the path")
REPORT = CheckReport(4, 1, (SCHEMA, FORMATTING, OUTDATED), (UNREAD,))


def render(
    output_format: str,
    report: CheckReport = REPORT,
    *,
    verbose: bool = False,
    rules: tuple[Rule, ...] = RULES,
) -> str:
    return "".join(
        find_renderer(output_format)(report, FindingsView(verbose=verbose, list_rules=lambda: rules))
    )


def report_on(*findings: Finding) -> CheckReport:
    return CheckReport(len({finding.path for finding in findings}), 0, findings, ())


def finding_with(message: str, path: str = "x.json") -> Finding:
    return Finding("schema", Severity.ERROR, path, message)


def test_the_formats_and_their_order() -> None:
    assert list_formats("findings") == ("text", "concise", "github", "json", "jsonl", "junit", "sarif")


# Text that a message may quote: anything at all, and what some format has a meaning for.
QUOTED = st.lists(
    st.text(st.characters())
    | st.sampled_from(
        ["::", "%0A", "%", "\r\n", "\t", "\0", "\x1b[2J", "]]>", "&lt;", "](", "\ud83d", "\ufffe", "😀"]
    )
).map("".join)


# text


def test_text_shows_the_line_with_a_caret_below_the_place() -> None:
    assert render("text") == (
        'tests/recordings/a.json:12:22: error[schema] "content" should be a string, but is 7 '
        "(record it again)\n"
        '  12 |           "content": 7,\n'
        "     |                      ^\n"
        "tests/recordings/a.json: warning[formatting] not as the recorder writes it\n"
    )


def test_concise_and_json_do_without_the_line() -> None:
    concise = render("concise", report_on(SCHEMA))
    assert concise == (
        'tests/recordings/a.json:12:22: error[schema] "content" should be a string, but is 7\n'
    )
    assert "excerpt" not in json.loads(render("json"))["findings"][0]


def point_at(text_line: str, column: int) -> list[str]:
    """What text shows below a finding: the line, and the line with the caret."""
    start = max(0, column - 1 - EXCERPT_REACH)
    excerpt = text_line[start : column - 1 + EXCERPT_REACH]
    finding = finding_with("bad")._replace(position=Position(3, column), excerpt=excerpt)
    return render("text", report_on(finding)).splitlines()[1:]


LONG = "".join(f"{number:04}" for number in range(100))


@pytest.mark.parametrize(
    ("text_line", "column", "shown", "caret"),
    [
        ("{}", 1, "{}", 0),
        ("{", 2, "{", 1),
        ("x" * 100, 100, "x" * 100, 99),
        (LONG, 1, LONG[:99] + "…", 0),
        (LONG, 51, LONG[:99] + "…", 50),
        (LONG, 201, "…" + LONG[151:249] + "…", 50),
        (LONG, 400, "…" + LONG[301:], 99),
        (LONG, 401, "…" + LONG[301:], 100),
        ("\t\tx", 3, "  x", 2),
        ("\x1b[2J\0", 6, r"\x1b[2J\x00", 11),
        ("中文 😀", 3, r"\u4e2d\u6587 \U0001f600", 12),
        ("e\u0301é", 3, r"e\u0301é", 7),
    ],
)
def test_the_line_is_cut_to_100_characters_around_the_place(
    text_line: str, column: int, shown: str, caret: int
) -> None:
    assert point_at(text_line, column) == [f"  3 | {shown}", f"    | {' ' * caret}^"]


@pytest.mark.parametrize("blank", ["", "    "])
def test_a_blank_line_is_not_shown(blank: str) -> None:
    assert point_at(blank, len(blank) + 1) == []


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=400), st.data())
def test_the_caret_stands_below_the_character(text_line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(text_line)))
    shown, caret = point_at(text_line, column)
    assert shown[caret.index("^")] == text_line[column - 1]
    assert len(shown) <= len("  3 | ") + 100


@given(QUOTED, st.integers(1, 200))
def test_no_line_acts_on_the_terminal(quoted: str, column: int) -> None:
    shown = point_at(quoted, column)
    assert [escape(part) for part in shown] == shown


# jsonl


def test_jsonl_is_the_report_and_then_a_finding_a_line() -> None:
    assert render("jsonl") == (
        '{"version": "recctl.validate.v1", "checked": 4, "ignored": 1, '
        '"summary": {"error": 1, "warning": 1, "note": 1}, '
        '"errors": [{"path": "c.json", "message": "can\'t be opened: permission denied"}]}\n'
        '{"rule": "schema", "severity": "error", "path": "tests/recordings/a.json", '
        '"index": null, "test_id": null, "line": 12, '
        '"column": 22, "pointer": "/request/body/messages/0/content", '
        '"message": "\\"content\\" should be a string, but is 7", "hint": "record it again", '
        '"fixable": false}\n'
        '{"rule": "formatting", "severity": "warning", "path": "tests/recordings/a.json", '
        '"index": null, "test_id": null, "line": null, '
        '"column": null, "pointer": null, "message": "not as the recorder writes it", "hint": null, '
        '"fixable": true}\n'
        '{"rule": "outdated-hash", "severity": "note", "path": "tests/recordings/b.json", '
        '"index": null, "test_id": null, "line": null, '
        '"column": null, "pointer": null, "message": "only ogx-2025-07 gives this name", "hint": null, '
        '"fixable": false}\n'
    )


def test_jsonl_says_what_json_says() -> None:
    head, *findings = map(json.loads, render("jsonl").splitlines())
    assert {**head, "findings": findings} == json.loads(render("json"))


@given(QUOTED)
def test_jsonl_gives_every_message_back(quoted: str) -> None:
    _, line = render("jsonl", report_on(finding_with(quoted))).removesuffix("\n").split("\n")
    assert json.loads(line)["message"] == quoted


# github


def test_github_gets_a_command_a_finding_and_one_for_each_unread_file() -> None:
    assert render("github") == (
        "::error file=tests/recordings/a.json,line=12,col=22,title=recctl (schema)::"
        '"content" should be a string, but is 7 (record it again)\n'
        "::warning file=tests/recordings/a.json,title=recctl (formatting)::not as the recorder writes it\n"
        "::error file=c.json,title=recctl::can't be opened: permission denied (check the path)\n"
    )


def test_github_gets_notes_when_verbose() -> None:
    notice = (
        "::notice file=tests/recordings/b.json,title=recctl (outdated-hash)::"
        "only ogx-2025-07 gives this name\n"
    )
    assert notice in render("github", verbose=True)
    assert notice not in render("github")


def test_github_escapes_what_its_commands_are_made_of() -> None:
    finding = finding_with("50%, a: b::c\r\n::error::x\x1b[2J", "a,b:c%.json")
    assert render("github", report_on(finding)) == (
        "::error file=a%2Cb%3Ac%25.json,title=recctl (schema)::"
        "50%25, a: b::c%0D%0A::error::x\\x1b[2J\n"
    )  # fmt: skip


def read_command(command: str) -> tuple[str, dict[str, str], str]:
    """A workflow command's name, properties and message, as GitHub's documentation has it."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)\n", command)
    assert match is not None
    properties = dict(pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {key: unquote(value) for key, value in properties.items()}, unquote(match[3])


def escape_all_but_newlines(text: str) -> str:
    return "".join(part if part in ("\r", "\n") else escape(part) for part in text)


@given(QUOTED, QUOTED)
def test_github_reads_every_message_and_path_back(quoted: str, path: str) -> None:
    name, properties, message = read_command(render("github", report_on(finding_with(quoted, path))))
    assert (name, message) == ("error", escape_all_but_newlines(quoted))
    assert properties == {"file": escape_all_but_newlines(path), "title": "recctl (schema)"}


# sarif

SARIF = Draft4Validator(json.loads((Path(__file__).parent / "data/sarif-2.1.0-rtm.4.json").read_text()))


def render_sarif(
    report: CheckReport = REPORT, *, verbose: bool = False, rules: tuple[Rule, ...] = RULES
) -> dict[str, Any]:
    """The one run of a SARIF log, which fits the published schema."""
    log = json.loads(render("sarif", report, verbose=verbose, rules=rules))
    SARIF.validate(log)
    assert (log.pop("version"), log.pop("$schema").rpartition("/")[2]) == ("2.1.0", "sarif-schema-2.1.0.json")
    ((key, (run,)),) = log.items()
    assert key == "runs"
    return dict(run)


def test_sarif_is_one_run_with_rules_results_and_what_was_not_looked_at() -> None:
    def locate(path: str) -> dict[str, Any]:
        return {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}}

    pointed = b"schema\0tests/recordings/a.json\0/request/body/messages/0/content"
    worded = b"formatting\0tests/recordings/a.json\0not as the recorder writes it"
    assert render_sarif(rules=RULES[1:]) == {
        "tool": {
            "driver": {
                "name": "recctl",
                "semanticVersion": __version__,
                "informationUri": "https://github.com/recctl/recctl",
                "rules": [
                    {
                        "id": "outdated-hash",
                        "shortDescription": {"text": "Its name is old."},
                        "fullDescription": {"text": "It is not found."},
                        "help": {"text": "Re-hash it."},
                        "defaultConfiguration": {"level": "error"},
                    },
                    {
                        "id": "schema",
                        "shortDescription": {"text": "A type is wrong."},
                        "fullDescription": {"text": "It is not read."},
                        "help": {"text": "Record it again."},
                        "defaultConfiguration": {"level": "error"},
                    },
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": False,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": "can't be opened: permission denied (check the path)"},
                        "locations": [{"physicalLocation": locate("c.json")}],
                    }
                ],
            }
        ],
        "results": [
            {
                "ruleId": "schema",
                "ruleIndex": 1,
                "level": "error",
                "message": {"text": '"content" should be a string, but is 7 (record it again)'},
                "locations": [
                    {
                        "physicalLocation": {
                            **locate("tests/recordings/a.json"),
                            "region": {"startLine": 12, "startColumn": 22},
                        }
                    }
                ],
                "partialFingerprints": {"recctlFinding/v1": sha256(pointed).hexdigest()},
            },
            {
                "ruleId": "formatting",
                "ruleIndex": -1,
                "level": "warning",
                "message": {"text": "not as the recorder writes it"},
                "locations": [{"physicalLocation": locate("tests/recordings/a.json")}],
                "partialFingerprints": {"recctlFinding/v1": sha256(worded).hexdigest()},
            },
        ],
    }


def test_sarif_of_nothing_is_a_success_without_results() -> None:
    run = render_sarif(CheckReport(0, 0, (), ()))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_has_notes_when_verbose() -> None:
    assert [result["level"] for result in render_sarif()["results"]] == ["error", "warning"]
    assert [result["level"] for result in render_sarif(verbose=True)["results"]] == [
        "error",
        "warning",
        "note",
    ]


def fingerprint(finding: Finding) -> str:
    (result,) = render_sarif(report_on(finding))["results"]
    (value,) = result["partialFingerprints"].values()
    assert isinstance(value, str)
    return value


def test_a_fingerprint_stays_when_lines_and_words_change() -> None:
    moved = SCHEMA._replace(position=Position(40, 3), message="other words", hint=None, excerpt=None)
    assert fingerprint(moved) == fingerprint(SCHEMA)


@pytest.mark.parametrize(
    "other",
    [
        SCHEMA._replace(pointer="/request/body/messages/1/content"),
        SCHEMA._replace(path="tests/recordings/b.json"),
        SCHEMA._replace(rule="formatting"),
        SCHEMA._replace(pointer=None),
        SCHEMA._replace(mark="ghp_…[40] 17ab"),
    ],
)
def test_a_fingerprint_is_of_a_rule_a_file_and_a_place(other: Finding) -> None:
    assert fingerprint(other) != fingerprint(SCHEMA)


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_sarif_names_every_file_by_a_relative_uri(name: bytes) -> None:
    (result,) = render_sarif(report_on(finding_with("bad", os.fsdecode(name))))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
    assert unquote_to_bytes(uri) == name


@given(QUOTED)
def test_sarif_gives_every_message_back_without_links(quoted: str) -> None:
    (result,) = render_sarif(report_on(finding_with(quoted)))["results"]
    assert result["message"]["text"] == escape(quoted).replace("](", r"\](")


# junit


def test_junit_has_a_test_for_each_file_with_findings_and_one_for_the_sound_ones() -> None:
    second = OUTDATED._replace(severity=Severity.ERROR, path=SCHEMA.path)
    assert render("junit", REPORT._replace(findings=(SCHEMA, second, FORMATTING, OUTDATED))) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<testsuites>\n"
        '  <testsuite name="recctl validate" tests="3" failures="1" errors="1" skipped="0">\n'
        '    <testcase classname="recctl.validate" name="tests/recordings/a.json">\n'
        '      <failure type="schema" '
        'message="&quot;content&quot; should be a string, but is 7 (and 1 more)">'
        "tests/recordings/a.json:12:22: error[schema] &quot;content&quot; should be a string, but is 7 "
        "(record it again)\n"
        "tests/recordings/a.json: error[outdated-hash] only ogx-2025-07 gives this name</failure>\n"
        "      <system-out>tests/recordings/a.json: warning[formatting] not as the recorder writes it"
        "</system-out>\n"
        "    </testcase>\n"
        '    <testcase classname="recctl.validate" name="c.json">\n'
        '      <error type="unread" message="can\'t be opened: permission denied">'
        "can't be opened: permission denied (check the path)</error>\n"
        "    </testcase>\n"
        '    <testcase classname="recctl.validate" name="3 sound recordings"/>\n'
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def read_junit(report: CheckReport, *, verbose: bool = False) -> TestSuite:
    """The one suite of a JUnit report, whose counts are those of its tests."""
    (suite,) = JUnitXml.fromstring(render("junit", report, verbose=verbose).encode("ascii"))
    results = [result for case in suite for result in case.result]
    assert suite.tests == len(list(suite))
    assert suite.failures == sum(isinstance(result, Failure) for result in results)
    assert suite.errors == sum(isinstance(result, Error) for result in results)
    assert isinstance(suite, TestSuite)
    return suite


def list_tests(suite: TestSuite) -> list[tuple[str, bool]]:
    """The tests' names, and whether they passed."""
    return [(case.name, case.is_passed) for case in suite]


def test_junit_fails_for_errors_only() -> None:
    assert list_tests(read_junit(REPORT)) == [
        ("tests/recordings/a.json", False),
        ("c.json", False),
        ("3 sound recordings", True),
    ]
    assert list_tests(read_junit(report_on(FORMATTING))) == [("tests/recordings/a.json", True)]


def test_junit_has_notes_when_verbose() -> None:
    _, noted, *_ = read_junit(REPORT, verbose=True)
    assert (noted.name, noted.is_passed) == ("tests/recordings/b.json", True)
    assert noted.system_out == "tests/recordings/b.json: note[outdated-hash] only ogx-2025-07 gives this name"


def test_junit_counts_sound_files_as_one_test() -> None:
    assert list_tests(read_junit(CheckReport(1, 0, (), ()))) == [("1 sound recording", True)]
    assert list_tests(read_junit(CheckReport(1012, 0, (), ()))) == [("1,012 sound recordings", True)]
    assert list_tests(read_junit(CheckReport(0, 0, (), ()))) == []


def escape_for_xml(text: str) -> str:
    return escape(text).replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")


@given(QUOTED, QUOTED)
def test_junit_gives_every_message_and_path_back(quoted: str, path: str) -> None:
    (case,) = read_junit(report_on(finding_with(quoted, path)))
    assert isinstance(case, TestCase)
    (failure,) = case.result
    assert case.name == escape_for_xml(path)
    assert failure.message == escape_for_xml(quoted)
    assert failure.text == escape_for_xml(f"{path}: error[schema] {quoted}")


def test_a_finding_is_known_by_its_place_or_its_message_or_its_mark() -> None:
    found = SCHEMA._replace(pointer=None)
    assert (found.at, found._replace(mark="").at) == (found.message, "")
    placed = SCHEMA._replace(pointer="/a")
    assert (placed.at, placed._replace(mark="7 long").at) == ("/a", "/a 7 long")


# --- lists of paths -----------------------------------------------------------------------------------------


def test_git_reads_every_path_of_a_list(tmp_path: Path, git: Callable[..., str]) -> None:
    plain = ["a.json", "a b.json", "\u00e9.json", "it's.json"]
    quoted = [
        'a".json',
        "a\\b.json",
        "a\tb.json",
        "a\nb.json",
        "\x1b[2J.json",
        "\u202e.json",
        os.fsdecode(b"\xff.json"),
    ]
    names = [*plain, *quoted]
    for name in names:
        (tmp_path / name).touch()
    listed = [quote_path(name) for name in names]
    assert listed[: len(plain)] == plain
    assert all(text.isprintable() for text in listed)
    git("add", "--pathspec-from-file=-", stdin="".join(f"{text}\n" for text in listed))
    assert sorted(git("ls-files", "-z").split("\0")[:-1]) == sorted(names)
