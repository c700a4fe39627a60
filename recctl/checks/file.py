"""The *file* family: is this JSON, is it a recording, is it written as the recorder writes it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.checks.finding import Rule, Severity
from recctl.recordings.formats import find_format, load_format
from recctl.recordings.recording import Recording

if TYPE_CHECKING:
    from recctl.checks.finding import Finding
    from recctl.recordings.formats import Defect
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Source, Unread

INVALID_JSON = Rule(
    "invalid-json",
    Severity.ERROR,
    "The file is not JSON.",
    "A recorder that can't read a recording makes the call again, or fails the test. Merge conflicts, "
    "cut-off writes, NaN, byte order marks and encodings other than UTF-8 all count: JSON has none of them.",
    "Resolve the conflict, take the file from git's history, or record it again.",
    bad="<<<<<<< HEAD, or the first half of an object",
    good="one JSON object, whole, in UTF-8",
)
INVALID_YAML = Rule(
    "invalid-yaml",
    Severity.ERROR,
    "The file is not YAML, or more than a recorder would write.",
    "A recorder that can't read a cassette fails each of its tests. Merge conflicts, cut-off writes, tabs "
    "and encodings other than UTF-8 all count. So do aliases that repeat without end, and compressed files "
    "that are damaged or hold more than max-size.",
    "Resolve the conflict, take the file from git's history, or record it again.",
    bad="<<<<<<< HEAD, or a text in quotes that does not end",
    good="one YAML document, whole, in UTF-8",
)
UNREADABLE_TAG = Rule(
    "unreadable-tag",
    Severity.WARNING,
    "A cassette has a YAML tag that vcrpy 9 refuses.",
    "Older versions of vcrpy wrote Python objects, and build them again when they read the file. vcrpy 9 "
    "does not load such a file at all, and each of its tests will fail. recctl reads the plain value, and "
    "builds nothing.",
    "Write the plain value in its place, or record the cassette again.",
    bad="!!python/object/apply:multidict._multidict.istr [Accept]",
    good="Accept",
)
ENCODING_MISMATCH = Rule(
    "encoding-mismatch",
    Severity.WARNING,
    "A reply says that it is compressed, and is not.",
    "What was recorded was decompressed, and its header `content-encoding` was kept. httpx decompresses what "
    "vcrpy plays to it, as the header says, and fails. Clients that vcrpy plays a reply to in another way "
    "(requests, urllib3, aiohttp, boto) take it as it is: where the request names one of these, nothing is "
    "said.",
    "Delete the header, or record it again.",
    bad="content-encoding: [gzip] beside body: {string: '{\"id\": …}'}",
    good="the same body without the header",
)
NOT_A_RECORDING = Rule(
    "not-a-recording",
    Severity.ERROR,
    "The file is JSON but no recording: it lacks a request or a response.",
    "Recorders look for nothing else in a folder of recordings; what is no recording was put there by "
    "mistake, or has lost its half.",
    "Move the file elsewhere, or record it again.",
    bad='{"request": {…}}',
    good='{"request": {…}, "response": {…}}',
)
EMPTY_CASSETTE = Rule(
    "empty-cassette",
    Severity.NOTE,
    "A cassette holds no exchange.",
    "Its test sent nothing when it was recorded, or all that it sent was filtered out. Nothing is played "
    "from it, whatever the test sends today.",
    "Look whether the test still means to send something; if not, it needs no cassette.",
    bad="interactions: []",
    good="interactions: and an exchange below",
)
LARGE_FILE = Rule(
    "large-file",
    Severity.ERROR,
    "The file is larger than max-size and was not read.",
    "A recording is a few kilobytes, now and then a megabyte. Something much larger is no recording or holds "
    "what git should not hold, and reading it would take more memory than a hook may have.",
    "Remove the file, or raise max-size in the configuration.",
    bad="a log of 80 MB under recordings/",
    good="a recording of 30 KB",
)
INTERNAL_ERROR = Rule(
    "internal-error",
    Severity.ERROR,
    "recctl itself failed on the file, which was not checked.",
    "Nothing is known of the file; the others were checked all the same. The exit code is 2, no baseline "
    "takes note of it, and --select does not leave it out.",
    "Report it, with the place that is named and, if you may, the file. RECCTL_DEBUG=1 shows more.",
    bad="a recording that nobody has thought of",
    good="any other, broken or not",
)
DUPLICATE_KEY = Rule(
    "duplicate-key",
    Severity.ERROR,
    "An object has the same key twice.",
    "JSON readers keep one of the two values, and not all the same one. It comes from a merge that took both "
    "sides, or from an edit by hand.",
    "Delete the value that does not belong there.",
    bad='"is_streaming": true, "is_streaming": false',
    good='"is_streaming": true',
)
FORMATTING = Rule(
    "formatting",
    Severity.WARNING,
    "The file is not written as the recorder writes it.",
    "The next recording run would rewrite the whole file, and the diff would hide what really changed. "
    "Recorders write two spaces of indentation, ASCII only, and one newline at the end.",
    "Rewrite it as Python's json.dump(recording, file, indent=2) and a newline would.",
    bad='{"test_id":null,"request":…}, all on one line',
    good='"test_id": null and so on, a line each, indented by two spaces',
)

RULES = (
    INVALID_JSON,
    INVALID_YAML,
    NOT_A_RECORDING,
    EMPTY_CASSETTE,
    LARGE_FILE,
    INTERNAL_ERROR,
    DUPLICATE_KEY,
    UNREADABLE_TAG,
    ENCODING_MISMATCH,
    FORMATTING,
)


def find_unread(unread: Unread) -> Finding:
    """The finding for a file that was too large to be read, or on which recctl failed."""
    rule = INTERNAL_ERROR if unread.failed else LARGE_FILE
    return rule.make_finding(unread.name, unread.message, unread.hint)


def find_empty(source: Source) -> Finding:
    """The finding for a file that holds no recording, and none that is bad."""
    message = "the cassette holds no exchange"
    return EMPTY_CASSETTE.make_finding(source.name, message, "look whether its test is to send something")


def find_load_error(error: LoadError) -> Finding:
    """The finding for a file, or a place in it, that holds no recording."""
    rule = _RULES[error.rule]
    found = rule.make_finding(error.name, error.message, error.hint, position=error.position)
    return found._replace(number=error.number)


def check_file(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Finding]]:
    """What is wrong with how a file's recordings are written down, by their indexes, as `Format.inspect`."""
    first = next((item for item in items if isinstance(item, Recording)), None)
    if first is not None:
        form = load_format(first.format)
    elif items or source.place is None:
        return {}
    else:
        form = find_format(source.place.name, source.content)
    found = form.inspect(source, items)
    return {index: [_describe(source, defect) for defect in defects] for index, defects in found.items()}


def _describe(source: Source, defect: Defect) -> Finding:
    found = _RULES[defect.rule].make_finding(
        source.name,
        defect.message,
        defect.hint,
        defect.pointer,
        position=defect.position,
        fixable=defect.fixable,
    )
    return found._replace(severity=Severity.WARNING) if defect.is_read else found


_RULES = {rule.name: rule for rule in RULES}
