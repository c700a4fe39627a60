"""What recorders say when they have no recording for a request, read out of logs and tracebacks.

Each recorder is a row of `RECORDERS`. Its wording is that of OGX's `api_recorder.py` (and what that was
called before), vcrpy's `vcr/errors.py` (before 9.4, and since), VCR's `lib/vcr/errors.rb`, which R's vcr took
over, and go-vcr's `pkg/cassette/cassette.go`. Where an SDK wraps it in an error of its own ("Connection
error."), the recorder's message still stands somewhere in the traceback.
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_right
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from recctl.inventory.query import Query, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.recordings.recording import JSON


class RecorderMessage(NamedTuple):
    """A recorder's message: what stands before its beginning on that line, and what follows, line by line."""

    before: str
    lines: tuple[str, ...]

    def search(self, pattern: str, most: int = 40) -> re.Match[str] | None:
        """The first of the lines, up to `most`, in which a pattern is found."""
        return next(self.search_all(pattern, most), None)

    def search_all(self, pattern: str, most: int = 40) -> Iterator[re.Match[str]]:
        """What a pattern finds, once in each line."""
        return (found for line in self.lines[:most] if (found := re.search(pattern, line)))


class Recorder(NamedTuple):
    """How a recorder speaks: `name` is its format's, `title` what people call it.

    `begins` is how its messages begin, `read` makes of one what was looked for. `record_again` tells how to
    record again; {test} stands for the test, {file} for the file.
    """

    name: str
    title: str
    begins: str
    read: Callable[[RecorderMessage], Query | None]
    record_again: str


_METHOD = r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"


# --- OGX ----------------------------------------------------------------------------------------------------


def _read_ogx(message: RecorderMessage) -> Query | None:
    """A request that was looked for by its hash, or one whose hash is not told."""
    first = message.lines[0]
    named = message.search(r"(?i)request hash: ?([0-9a-f]{4,64})(?![0-9a-f])", 4)
    if named is None:
        return _read_ogx_unnamed(first)
    request = message.search(rf"Request: {_METHOD} (\S+)(?: (\{{.*))?", 4)
    model = message.search(r"Model: (.+?)(?: \| Request: .*)?\Z", 9)
    where = message.search(r"(?:Endpoint|URL): (\S+)", 9)
    test = message.search(r"Test context: (\S+::.+)", 9)
    body = _parse(request[3]) if request is not None and request[3] else None
    url = request[2] if request is not None else where[1] if where is not None else None
    return Query(
        word=named[1],
        name=named[1],
        test=test and test[1],
        method=request and request[1],
        url=url if url is not None and ":" in url else None,
        endpoint=url if url is not None and url.startswith("/") else None,
        model=None if model is None or model[1] in ("unknown", "None", "") else model[1],
        body=body,
        has_body=body is not None,
    )


def _read_ogx_unnamed(line: str) -> Query | None:
    found = re.search(rf"not found for httpx (?:stream )?{_METHOD} (\S+)", line)
    if found is not None:
        return Query(f"{found[1]} {found[2]}", method=found[1], url=found[2])
    found = re.search(r"not found for rerank request \| URL: (\S+)", line)
    if found is not None:
        return Query(f"POST {found[1]}", method="POST", url=found[1])
    found = re.search(r"not found for ([\w-]+\.[\w.-]+) \| Request: (\{.*)", line)
    if found is None:
        return None
    body = _parse(found[2])
    return Query(found[1], method="POST", url=found[1], body=body, has_body=body is not None)


def _parse(text: str) -> JSON:
    """A body as a message quotes it, as JSON or as Python writes it; None where it is cut off or too long."""
    if len(text) > _LONGEST_BODY:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            body = parse(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        return body if _is_json(body) else None
    return None


_LONGEST_BODY = 100_000


def _is_json(value: object) -> bool:
    """Whether a value of Python's is one of JSON's."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, (dict, list, str))


# --- vcrpy --------------------------------------------------------------------------------------------------


def _read_vcrpy(message: RecorderMessage) -> Query | None:
    """The cassette, and the request that is not in it: in the words of vcrpy before 9.4, or since."""
    is_new = "play back" in message.lines[0]
    request = message.search(
        rf"\A\s*{_METHOD} (\S+)\Z" if is_new else r"for the request \(<Request \((\w+)\) (.+?)>\)"
    )
    file = message.search(
        r"\A\s*Cassette: (.+)" if is_new else r"existing cassette \(['\"](.+?)(?:['\"]\)|\.{3}|…|\Z)"
    )
    if request is None and file is None:
        return None
    reason, differing = (_judge_new if is_new else _judge_old)(message)
    matched = message.search(r"\A\s*match_on: (.+)")
    count = message.search(r"interactions: ([0-9]{1,9}) recorded")
    body = message.search(r"\A\s*body: (.+)")
    parsed = _parse(body[1]) if body is not None else None
    return Query(
        word=f"{request[1]} {request[2]}" if request is not None else file[1] if file is not None else "",
        file=file and file[1].strip(),
        method=request and request[1],
        url=request and request[2],
        body=parsed,
        has_body=parsed is not None,
        reason=reason,
        matched=tuple(matched[1].split(", ")) if matched is not None else (),
        differing=differing,
        recorded=int(count[1]) if count is not None else None,
    )


def _judge_new(message: RecorderMessage) -> tuple[Reason | None, tuple[str, ...]]:
    told = " ".join(line.strip() for line in message.lines[:4])
    for words, reason in _REASONS:
        if words in told:
            closest = re.search(r"the closest differ in ([\w, ]+)\)", told)
            return reason, tuple(re.split(r", | and ", closest[1])) if closest is not None else ()
    return None, ()


_REASONS = (
    ("cassette doesn't exist", Reason.NO_FILE),
    ("cassette file couldn't be loaded", Reason.NO_FILE),
    ("already been played back", Reason.ALL_PLAYED),
    ("all been played back", Reason.ALL_PLAYED),
    ("no recorded interaction matches it", Reason.NO_MATCH),
    ("has nothing similar", Reason.NOTHING_SIMILAR),
)


def _judge_old(message: RecorderMessage) -> tuple[Reason | None, tuple[str, ...]]:
    if message.search(r"No similar requests, that have not been played, found"):
        return Reason.NOTHING_SIMILAR, ()
    similar = message.search(r"Found [0-9]+ similar requests with ([0-9]+) different matcher")
    if similar is None:
        return None, ()
    if int(similar[1][:9]) == 0:
        return Reason.ALL_PLAYED, ()
    failed = [found[1] for found in message.search_all(r"\A\s*(\w+) - assertion failure")]
    return Reason.NO_MATCH, tuple(dict.fromkeys(failed[: int(similar[1][:9])]))


# --- VCR for Ruby, vcr for R --------------------------------------------------------------------------------


def _read_vcr(message: RecorderMessage) -> Query | None:
    """The request, and the cassette that was in use."""
    request = message.search(rf"(?:\A|\s){_METHOD} (\S+)", 4)
    if request is None:
        return None
    file = message.search(r"\A\s*- (?!:)(\S.*\.(?:ya?ml|json)\b)")
    matched = message.search(r"match_requests_on(?: =>|:) \[?([^\]]+)")
    body = message.search(r"\A\s*Body: (.+)", 4)
    parsed = _parse(body[1]) if body is not None else None
    no_cassette = message.search(r"currently no cassette in use")
    return Query(
        word=f"{request[1]} {request[2]}",
        file=file and file[1],
        method=request[1],
        url=request[2],
        body=parsed,
        has_body=parsed is not None,
        reason=None if no_cassette is None else Reason.NO_CASSETTE_IN_USE,
        matched=tuple(word.strip(" :") for word in matched[1].split(",")) if matched is not None else (),
    )


# --- go-vcr -------------------------------------------------------------------------------------------------


def _read_go_vcr(message: RecorderMessage) -> Query | None:
    """The request as Go's client tells it before the recorder's words, or the cassette that is not there."""
    if "cassette" in message.lines[0][:20].lower():
        file = re.search(r'not found:? "?([^\s"]+)', message.lines[0], re.IGNORECASE)
        before = re.search(r'"?([^\s":]+)"?: \Z', message.before)
        told = file or before
        return Query("a cassette", file=told and told[1], reason=Reason.NO_FILE)
    request = re.search(
        r'\b(Get|Post|Put|Patch|Delete|Head|Options) "?([^\s"]+)"?: (?:[^"]*: )?\Z', message.before
    )
    if request is None:
        return Query("a request of go-vcr")
    method, url = request[1].upper(), request[2]
    return Query(f"{method} {url}", method=method, url=url)


RECORDERS = (
    Recorder(
        "ogx",
        "OGX's recorder",
        r"Recording not found(?: for (?=request hash|httpx|rerank request|[\w-]+\.[\w.-]+ \|)|!)"
        r"|No recorded response found for request hash",
        _read_ogx,
        "pytest {test} --inference-mode=record-if-missing",
    ),
    Recorder(
        "vcrpy",
        "vcrpy",
        r"Can't overwrite existing cassette|No match for the request \(<Request"
        r"|Can't play back this request:",
        _read_vcrpy,
        "pytest {test} --record-mode=rewrite",
    ),
    Recorder(
        "vcr_ruby",
        "VCR",
        "An HTTP request has been made that VCR does not know how to handle",
        _read_vcr,
        "delete {file} and run the test with record: :once",
    ),
    Recorder(
        "vcr_r",
        "R's vcr",
        "An HTTP request has been made that vcr does not know how to handle",
        _read_vcr,
        "delete {file} and run the test again",
    ),
    Recorder(
        "go_vcr",
        "go-vcr",
        r"(?i:requested (?:interaction|cassette) not found)",
        _read_go_vcr,
        "delete {file} and run the test with ModeRecordOnce",
    ),
)
"""What recorders are understood, in which words."""


def find_recorder(name: str | None) -> Recorder | None:
    """The recorder whose format has that name; None for one that is not in the table."""
    return next((recorder for recorder in RECORDERS if recorder.name == name), None)


def read_messages(text: str) -> tuple[Query, ...]:
    """What recorders say in a text that they have no recording for, in order, each miss once.

    Chained tracebacks and summaries repeat a message, often cut off: the fullest one counts. The test is that
    of the part of the log in which it stands, where that says so. Of very many messages, the first are read.
    """
    tests = [*_find_tests(text)]
    places = [place for place, _ in tests]
    found: list[Query] = []
    line, counted = 1, 0
    for start, message in islice(_find_messages(text), _MOST):
        query = RECORDERS[int((start.lastgroup or "r0")[1:])].read(message)
        if query is None:
            continue
        place = bisect_right(places, start.start()) - 1
        test = query.test or (tests[place][1] if place >= 0 else None)
        line += text.count("\n", counted, start.start())
        counted = start.start()
        recorder = RECORDERS[int((start.lastgroup or "r0")[1:])].name
        found.append(replace(query, recorder=recorder, test=test, line=line))
    return tuple(_join(found))


_ANY = re.compile("|".join(f"(?P<r{n}>{recorder.begins})" for n, recorder in enumerate(RECORDERS)))
_MOST = 1000
_REACH = 12_000
_WIDEST = 1_000
"""How many characters of a message are looked at, and how many before it on its line."""


def _find_messages(text: str) -> Iterator[tuple[re.Match[str], RecorderMessage]]:
    """Each message, with what it begins with; it goes on to the next one of any recorder."""
    end = 0
    for start in _ANY.finditer(text):
        if start.start() < end:
            continue
        window = text[start.start() : start.start() + _REACH]
        own = _SECOND if "overwrite" in start[0] else None
        following = (found for found in _ANY.finditer(window, len(start[0])) if found[0] != own)
        window = window[: next((found.start() for found in following), len(window))]
        end = start.start() + len(window)
        if "\\n" in window.partition("\n")[0]:
            window = window.replace("\\n", "\n")  # the message was quoted
        first = text.rfind("\n", max(0, start.start() - _WIDEST), start.start()) + 1
        before = text[first or max(0, start.start() - _WIDEST) : start.start()]
        lines = (_CONTINUED.sub("", _CONTROL.sub("", line)).rstrip(" │\r") for line in window.split("\n"))
        yield start, RecorderMessage(_CONTROL.sub("", before), tuple(lines))


_SECOND = "No match for the request (<Request"
"""What vcrpy says second, where it has named the cassette."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]{0,40}[ -/]?[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTINUED = re.compile(
    r"\A(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z )?(?:[\w.-]{1,40} +\| )?(?:E(?: {1,20}|\Z))?[│|>]? ?(?=.)"
)
"""What stands before lines: a time as in GitHub's logs, a container's name, pytest's E, a frame."""


def _find_tests(text: str) -> Iterator[tuple[int, str | None]]:
    """Where a log comes to another test, and what it calls it; None where it leaves it."""
    header = None
    for found in _TEST.finditer(text):
        if found["header"]:
            name, bracket, parameters = found["header"].partition("[")
            header = name.replace(".", "::") + bracket + parameters
            yield found.start(), header
        elif found["location"]:
            if header is not None:
                yield found.start(), f"{found['location']}::{header}"
            header = None
        else:
            yield found.start(), found["summary"] or found["go"]
            end = text.find("\n", found.end())
            if found["summary"] and end >= 0:
                yield end, None


_TEST = re.compile(
    r"^(?:[0-9-]{10}T[0-9:.]{8,20}Z )?(?:"
    r"_{3,} (?:ERROR at \w+ of )?(?P<header>[^\s_](?:[^\n]{0,400}?)) _{3,}$"
    r"|(?P<location>[\w./-]{1,300}\.py):[0-9]{1,7}: "
    r"|(?:FAILED|ERROR) (?P<summary>[\w./-]{1,300}\.py::[^\n]{1,400}?)(?= - |$)"
    r"|[ \t]{0,8}(?:=== RUN|--- FAIL:)[ \t]{1,4}(?P<go>\S{1,400})"
    r"|={3,} "
    r")",
    re.MULTILINE,
)
"""Lines by which logs of pytest and of Go's tests tell a test, and a line that begins another section."""


def _join(queries: Iterable[Query]) -> Iterator[Query]:
    """The misses, each once: what is cut off is left out where the whole is there, too."""
    kept: list[Query] = []
    for query in queries:
        alike = next((other for other in kept if _is_same(query, other)), None)
        if alike is None:
            kept.append(query)
        elif _count_known(query) > _count_known(alike):
            kept[kept.index(alike)] = replace(
                query, line=alike.line, test=_choose_test(query.test, alike.test)
            )
        else:
            kept[kept.index(alike)] = replace(alike, test=_choose_test(alike.test, query.test))
    yield from kept


def _choose_test(one: str | None, other: str | None) -> str | None:
    """The one of two names of a test that says more."""
    return max((one or "", other or ""), key=len) or None


def _is_same(one: Query, other: Query) -> bool:
    if one.recorder != other.recorder:
        return False
    if one.name is not None and other.name is not None:
        return one.name.startswith(other.name) or other.name.startswith(one.name)
    if (one.name is None) != (other.name is None) or not _agree(one.test, other.test, ends=True):
        return False
    pairs = ((one.file, other.file), (one.method, other.method), (one.url, other.url))
    return all(_agree(*pair) for pair in pairs)


def _agree(one: str | None, other: str | None, *, ends: bool = False) -> bool:
    """Whether two texts may be the same, one of which may not be known, or be cut off."""
    if one is None or other is None:
        return True
    if ends:
        return one.endswith(other) or other.endswith(one)
    return one.startswith(other) or other.startswith(one)


def _count_known(query: Query) -> tuple[int, int]:
    told = (query.name, query.test, query.file, query.method, query.url, query.model, query.reason)
    return sum(each is not None for each in told) + query.has_body, len(query.name or query.file or "")
