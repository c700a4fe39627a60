"""Lists of the tests that a runner has collected: read, held against doubts, and asked.

A test that is missing from a list condemns its recordings, so nothing is read with good will: a list that is
empty or cut off, or that comes from a run which did not get through, is refused with the reason.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Collected(NamedTuple):
    """The tests of a list, or of several.

    `deselected` counts those that were found but left out of it. `unvouched` names the lists in which nothing
    says how many tests there are.
    """

    names: tuple[str, ...]
    tests: frozenset[str]
    deselected: int = 0
    unvouched: tuple[str, ...] = ()

    def knows(self, test_id: str) -> bool:
        """Whether a test is listed, parameters included."""
        return _normalise(test_id) in self.tests

    def may_know(self, test_id: str, *, in_any: bool = False) -> bool:
        """Whether a test is listed whose file may tell this id of it.

        Names of files leave out all classes but the innermost, have other characters in parameters, and leave
        these out when they are too long. With `in_any`, they leave out the class or the module, too.
        """
        address, _, parameters = _normalise(test_id).partition("[")
        path, *names = (step.removesuffix(".py") for step in test_id.partition("[")[0].split("::"))
        module, tail = path.replace("/", ".") + ".", "." + ".".join(names)
        return any(
            in_any or (listed.startswith(module) and f".{listed}".endswith(tail))
            for listed in _index_loosely(self.tests).get(
                (address.rpartition(".")[2], _loosen(parameters)), ()
            )
        )


@lru_cache(maxsize=4)
def _index_loosely(tests: frozenset[str]) -> dict[tuple[str, str], list[str]]:
    """The addresses of tests, by function and parameters as names of files tell them, or without these."""
    index: dict[tuple[str, str], list[str]] = {}
    for test in tests:
        address, _, parameters = test.partition("[")
        function = address.rpartition(".")[2]
        for told in {_loosen(parameters), ""}:
            index.setdefault((function, told), []).append(address)
    return index


def _loosen(parameters: str) -> str:
    return re.sub(r"\W", "-", parameters)


class Family(NamedTuple):
    """Something that many tests have in common: a value of a parameter, or their file."""

    value: str
    members: int


def read_collected(name: str) -> Collected:
    """Read a list: what `pytest --collect-only` prints, a JUnit XML, a pytest-json-report, or plain ids.

    Raises RecctlError for anything that is visibly not a whole list of tests.
    """
    try:
        content = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecctlError(f"{name}: {reason.lower()}", _HINT) from None
    try:
        text = _decode(content)
        if text.lstrip().startswith("<?xml") or re.match(r"\s*<testsuites?\b", text):
            listed = _read_junit(content)
        elif text.lstrip().startswith("{"):
            listed = _read_json_report(text)
        elif re.search(r"^ *<(?:Module|Package|Dir|Session) ", text, re.MULTILINE):
            listed = _read_tree(text)
        else:
            listed = _read_lines(text)
        if not listed.ids:
            raise _RefusedError("lists no tests")
    except _RefusedError as refused:
        raise RecctlError(f"{name}: {refused}", refused.hint) from None
    tests, unvouched = frozenset(map(_normalise, listed.ids)), () if listed.is_vouched else (name,)
    return Collected((name,), tests, listed.deselected, unvouched)


def combine(lists: Sequence[Collected]) -> Collected:
    """Several lists as one, for CI jobs that each run a part of the tests."""
    return Collected(
        names=tuple(name for listed in lists for name in listed.names),
        tests=frozenset[str]().union(*(listed.tests for listed in lists)),
        deselected=sum(listed.deselected for listed in lists),
        unvouched=tuple(name for listed in lists for name in listed.unvouched),
    )


def find_missing_families(collected: Collected, test_ids: Iterable[str]) -> tuple[Family, ...]:
    """What the tests of recordings have in common that no listed test has, the largest families first.

    `test_ids` has an id for each recording whose test is not listed. Families whose members all belong to
    larger ones are left out.
    """
    known = {value for test in collected.tests for value in _list_values(test)}
    members: defaultdict[str, set[int]] = defaultdict(set)
    for number, test_id in enumerate(test_ids):
        file = test_id.partition("::")[0]
        for value in (*_list_values(test_id), file):
            if value not in known and not (value == file and _has_file(collected, file)):
                members[value].add(number)
    found, told = [], set[int]()
    for value, numbers in sorted(members.items(), key=lambda item: (-len(item[1]), len(item[0]), item[0])):
        if not numbers <= told:
            told |= numbers
            found.append(Family(value, len(numbers)))
    return tuple(found)


def _has_file(collected: Collected, file: str) -> bool:
    start = _normalise(file)
    return any(test.startswith(f"{start}.") for test in collected.tests)


def _normalise(test_id: str) -> str:
    """An id in the words of JUnit, which has dots for slashes and no ending."""
    address, bracket, parameters = test_id.partition("[")
    path, *names = address.split("::")
    return ".".join((path.removesuffix(".py").replace("/", "."), *names)) + bracket + parameters


def _list_values(test_id: str) -> Iterator[str]:
    """The values of a test's parameters; of `txt=azure/gpt-4o`, `txt=azure` is one, too."""
    parameters = test_id.partition("[")[2].removesuffix("]")
    for value in re.split(r"-|:(?=\w+=)", parameters):
        if value:
            yield value
            if "/" in value:
                yield value.partition("/")[0]


# --- the forms that lists come in ---------------------------------------------------------------------------

_HINT = "pytest --collect-only -q > FILE makes such a list"


class _RefusedError(Exception):
    def __init__(self, reason: str, hint: str = _HINT) -> None:
        super().__init__(reason)
        self.hint = hint


class _Listed(NamedTuple):
    ids: list[str]
    deselected: int = 0
    is_vouched: bool = True


def _decode(content: bytes) -> str:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as PowerShell's > writes it
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise _RefusedError("is no text") from None


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FAILURE = re.compile(r"ERROR |E  |INTERNALERROR|!!!|=+ ERRORS =+|_+ ERROR collecting ")
_TOTAL = re.compile(
    r"=* ?(?:(?P<some>\d+)/(?P<all>\d+)|(?P<total>\d+)) tests? collected"
    r"(?: \((?P<deselected>\d+) deselected\))?(?P<errors>, \d+ errors?)?(?: in .*)?"
)
_COUNTED = re.compile(r"[^\s:]+\.\w+: \d+")
_ID = re.compile(r"[^\s:][^:]*\.\w+::\S.*")


class _Total(NamedTuple):
    tests: int
    deselected: int


def _read_total(lines: list[str]) -> _Total | None:
    """What pytest says at the end; None when it does not. Refuses what did not get through."""
    found = None
    for line in lines:
        if _FAILURE.match(line):
            raise _RefusedError("pytest could not collect all tests: the list contains errors", _MEND)
        if line.lstrip("= ").startswith(("no tests collected", "no tests ran")):
            raise _RefusedError("pytest collected no tests")
        if total := _TOTAL.fullmatch(line.rstrip(" =")):
            if total["errors"]:
                raise _RefusedError("pytest could not collect all tests: the list contains errors", _MEND)
            found = _Total(int(total["some"] or total["total"]), int(total["deselected"] or 0))
    return found


_MEND = "put the errors right and collect the tests again"


def _split_lines(text: str) -> list[str]:
    return [_COLOUR.sub("", line).rstrip("\r") for line in text.split("\n")]


def _read_lines(text: str) -> _Listed:
    """Ids, one a line: what pytest prints with -q, or somebody has written."""
    lines = _split_lines(text)
    total = _read_total(lines)
    warnings = next((number for number, line in enumerate(lines) if "= warnings summary =" in line), None)
    ids = [line.rstrip() for line in lines[:warnings] if _ID.fullmatch(line)]
    if not ids:
        if any(_COUNTED.fullmatch(line) for line in lines):
            raise _RefusedError(
                "has only how many tests each file holds, which names none", f"one -q: {_HINT}"
            )
        return _Listed([])
    if total is None:
        if any(line and not _ID.fullmatch(line) for line in lines[:-1]):
            raise _RefusedError("is no list of ids alone, and lacks pytest's last line: is it cut off?")
        if lines[-1] and not lines[-1].endswith("]"):
            raise _RefusedError(f"ends in the middle of a line, {lines[-1]!r}: is it cut off?")
        return _Listed(ids, is_vouched=False)
    _hold_against(total, ids)
    return _Listed(ids, total.deselected)


def _hold_against(total: _Total, ids: list[str]) -> None:
    if len(ids) != total.tests:
        listed = show_count(len(ids), "test id")
        raise _RefusedError(f"has {listed}, and says that there are {total.tests:,}: parts are missing")


_NODE = re.compile(r"(?P<indent> *)<(?P<kind>[A-Z]\w*) (?P<name>.+)>")
_FOLDERS, _FILES = ("Session", "Dir", "Package"), ("Module", "DoctestModule", "DoctestTextfile")
_CLASSES = ("Class", "UnitTestCase", "Instance")


def _read_tree(text: str) -> _Listed:
    """The tree that pytest prints without -q; what lies in the root folder has no folder in its ids."""
    lines = _split_lines(text)
    total = _read_total(lines)
    if total is None:
        raise _RefusedError("lacks pytest's last line, which says how many tests there are: is it cut off?")
    roots = [line.partition(": ")[2] for line in lines if line.startswith("rootdir: ")]
    root = re.split(r"[\\/]", roots[0].partition(",")[0])[-1] if roots else None
    ids: list[str] = []
    path: list[tuple[int, str, str]] = []
    for node in filter(None, map(_NODE.fullmatch, lines)):
        indent, kind = len(node["indent"]), node["kind"]
        while path and path[-1][0] >= indent:
            path.pop()
        if kind in (*_FOLDERS, *_FILES, *_CLASSES):
            path.append((indent, kind, node["name"]))
        else:
            ids.append(_join_nodes(path, node["name"], root))
    _hold_against(total, ids)
    return _Listed(ids, total.deselected)


def _join_nodes(path: list[tuple[int, str, str]], function: str, root: str | None) -> str:
    folders = [name for _, kind, name in path if kind in _FOLDERS]
    files = [name for _, kind, name in path if kind in _FILES]
    classes = [name for _, kind, name in path if kind in _CLASSES and name != "()"]
    is_whole = "/" in (files or [""])[0]  # older pytests name the file's whole path
    if len(files) != 1 or (folders and not is_whole and folders[0] != root):
        raise _RefusedError("shows the tests as a tree from which their ids can't be told")
    steps = files if is_whole else [*folders[1:], *files]
    return "::".join(("/".join(steps), *classes, function))


def _read_json_report(text: str) -> _Listed:
    """What the plugin pytest-json-report writes: the tests that ran, or what was collected."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        raise _RefusedError("is cut off, or no JSON") from None
    try:
        if report["exitcode"] not in (0, 1):
            raise _RefusedError(
                f"is of a run that did not get through: pytest ended with {report['exitcode']}"
            )
        collectors = report.get("collectors", [])
        if any(collector["outcome"] != "passed" for collector in collectors):
            raise _RefusedError("pytest could not collect all tests: the report contains errors", _MEND)
        return _list_reported(report, collectors)
    except (KeyError, TypeError, AttributeError):
        raise _RefusedError("is JSON, but no report by pytest-json-report") from None


def _list_reported(report: dict[str, Any], collectors: list[dict[str, Any]]) -> _Listed:
    inner = {collector["nodeid"] for collector in collectors}
    found = [node for collector in collectors for node in collector["result"] if node["nodeid"] not in inner]
    ids = {str(test["nodeid"]) for test in report.get("tests", [])}
    ids |= {str(node["nodeid"]) for node in found if not node.get("deselected")}
    summary = report["summary"]
    deselected = int(summary.get("deselected", 0))
    if len(ids) < int(summary.get("collected", 0)) - deselected:
        raise _RefusedError(
            f"has {show_count(len(ids), 'test id')} of {summary['collected']:,} that were collected"
        )
    return _Listed([*ids], deselected)


def _read_junit(content: bytes) -> _Listed:
    """The test cases of a JUnit XML. A document type is refused: what it declares could grow without end."""
    from xml.parsers.expat import ExpatError, ParserCreate

    ids: list[str] = []
    promised = 0
    parser = ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal promised
        if tag == "testsuite":
            promised += int(attributes.get("tests") or 0)
        elif tag == "testcase":
            place, name = attributes.get("classname", ""), attributes["name"]
            ids.append(f"{place}.{name}" if place else name)
        elif tag == "error" and attributes.get("message") == "collection failure":
            raise _RefusedError("pytest could not collect all tests: it contains errors", _MEND)

    def refuse(*_: object) -> None:
        raise _RefusedError("declares a document type, which no test runner does")

    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, refuse
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        raise _RefusedError(f"is cut off, or no XML (line {error.lineno})") from None
    except (KeyError, ValueError):
        raise _RefusedError("is XML, but no JUnit report") from None
    if len(ids) < promised:
        raise _RefusedError(
            f"has {show_count(len(ids), 'test id')}, and says that there are {promised:,}: parts are missing"
        )
    return _Listed(ids)
