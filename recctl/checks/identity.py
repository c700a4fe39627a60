"""The *identity* family: will the recorder find this recording under its name and in its folder?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from recctl.checks.finding import Finding, Rule, Severity
from recctl.naming.facts import NameStatus
from recctl.naming.folders import lies_as_expected
from recctl.project import recordings_folder
from recctl.project.schemes import RELEASED
from recctl.recordings.formats import load_format
from recctl.recordings.names import read_hash, shorten_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from recctl.naming.facts import Conflict, Facts
    from recctl.naming.history import Past
    from recctl.recordings.recording import Recording

OUTDATED_HASH = Rule(
    "outdated-hash",
    Severity.ERROR,
    "Only an older hash scheme gives the file this name.",
    "Recorders compute a recording's name from the request. When a new version computes it in another way, "
    "it looks for another name: today's recorder can't find this file and makes the call again.",
    "`recctl rehash` gives it the name that is looked for. Where another recording of the same turn has "
    "taken its place, this is a warning, and `recctl prune` takes it away.",
    bad="3f1c0a9be27d.json, the first 12 digits by which recorders of 2025 went",
    good="the name of 64 digits that the scheme in force gives",
)
NEWER_HASH = Rule(
    "newer-hash",
    Severity.WARNING,
    "Only a newer hash scheme than the one in force gives the file this name.",
    "A newer recorder has written the file, and one that goes by the scheme in force can't find it. To name "
    "it by that would undo what the newer one did.",
    "Set `scheme` to the one by which today's recorder goes; if that is the older one, record it again.",
    bad="a name that only ogx-2026-04 gives, where scheme is ogx-2026-03",
    good="the same file, where scheme is ogx-2026-04",
)
UNEXPLAINED_HASH = Rule(
    "unexplained-hash",
    Severity.WARNING,
    "No released hash scheme gives the file this name.",
    "The request was edited after it was recorded (a renamed test, a changed url, a redacted key), the file "
    "was renamed by hand, or a recorder wrote it that was never released. Its recorder can't find it. Where "
    "git tells that it did before an edit or a renaming, this is an error.",
    "Undo the edit, or let `recctl rehash --include-unexplained` name it after what it holds now, or record "
    "it again. `recctl rehash --explain FILE` shows what each scheme hashes.",
    bad="a request whose url was edited, under the name that it had before",
    good="the same request under the name that its hash gives",
)
MISPLACED = Rule(
    "misplaced",
    Severity.WARNING,
    "The file does not lie where the recorder looks for its test's recordings.",
    "A test's recordings belong into the folder `recordings` beside the test's file. The test has moved, "
    "or the recording has.",
    "Move the file to the folder that the message names; `recctl mv OLD NEW` does it for a test.",
    bad="recordings/x.json for the test tests/chat/test_reply.py::test_a",
    good="tests/chat/recordings/x.json",
)
DUPLICATE_RECORDING = Rule(
    "duplicate-recording",
    Severity.WARNING,
    "Another file records the same request, and is the one that the recorder finds.",
    "The recorder computes one name for both, so it never loads this one. It costs space and every reader's "
    "time. What is the same request, the scheme says; a model list's ids count as part of it.",
    "`recctl prune --grade duplicate` takes it away. Where the replies differ, `recctl diff` shows how.",
    bad="two files with the same test_id, url and body",
    good="one file for each request",
)
MISSING_TEST = Rule(
    "missing-test",
    Severity.WARNING,
    "The test that the file is named after is gone.",
    "A cassette is found by its test's name alone. When the test is renamed or deleted, nothing plays the "
    "cassette any more, and nobody notices.",
    "`recctl mv OLD NEW` lets it follow a test that was renamed; `recctl prune` takes it away, and lists "
    "what can't be judged by the sources (`--collected`).",
    bad="cassettes/test_chat/test_hello.yaml, and no test_hello in test_chat.py",
    good="def test_hello(): in test_chat.py",
)

ORPHANED_TWIN = Rule(
    "orphaned-twin",
    Severity.WARNING,
    "The file that has taken this one's place lies beside it.",
    "dd-apm-test-agent used to write YAML. When it opens such a file, it makes a JSON file of the same name "
    "of it, and deletes it. Where both are there, it opens the one that the system lists first: if that is "
    "the old one, its reply takes the place of the new one's.",
    "`recctl prune` takes the old one away. Where the replies differ, `recctl diff` shows how.",
    bad="openai_chat_completions_post_35680ba4.yaml beside a .json file of the same name",
    good="openai_chat_completions_post_35680ba4.json alone",
)

RULES = (
    OUTDATED_HASH,
    NEWER_HASH,
    UNEXPLAINED_HASH,
    MISPLACED,
    DUPLICATE_RECORDING,
    MISSING_TEST,
    ORPHANED_TWIN,
)

_EXPLAIN = "recctl rehash --explain shows why; --include-unexplained re-hashes it, or record it again"
_NONE = "no hash scheme gives it this name"


def check_place(recording: Recording) -> Iterator[Finding]:
    """Whether a recording lies in the folder of its test."""
    place = recording.source.place
    is_hashed = load_format(recording.format).is_named_by_hash
    if is_hashed and place is not None and lies_as_expected(place.folder, recording.test_id) is False:
        folder = recordings_folder(recording.test_id)
        message = f"the recorder looks for its test's recordings in {folder}"
        yield MISPLACED.make_finding(recording.source.name, message, f"move it to {folder}")


def check_names(
    all_facts: Sequence[Facts],
    neighbours: Sequence[Facts],
    pasts: Mapping[str, Past],
    have_same_reply: Callable[[Facts, Facts], bool],
    scheme: str | None,
) -> Iterator[Finding]:
    """Whether the recorder finds recordings by their names, and whether it is for the same request.

    `all_facts` tell what replaces each recording, and what is in conflict with it; `neighbours` are those
    beside them, which get no findings of their own. `pasts` tell, by path, what was found before. Whether two
    have the same reply is asked only where it matters, since they have to be read for that. `scheme` is what
    `detect_scheme` says.
    """
    by_path = {facts.path: facts for facts in (*neighbours, *all_facts)}
    comparing = _Comparing(by_path, have_same_reply)
    for facts in all_facts:
        found = (*_judge(facts, scheme, pasts.get(facts.path)), *comparing.compare(facts))
        yield from (finding._replace(test_id=facts.shown_test_id) for finding in found)


def check_missing_tests(all_facts: Sequence[Facts], root: Path) -> Iterator[Finding]:
    """Whether the tests that files are named after are still there, by the sources below the root."""
    if not any(facts.is_named_by_test for facts in all_facts):
        return
    from recctl.naming.orphans import find_missing

    shown = {facts.path: facts.shown_test_id for facts in all_facts}
    for path, reason in sorted(find_missing(all_facts, root).items()):
        hint = "recctl mv takes it along with a test that was renamed, recctl prune takes it away"
        yield MISSING_TEST.make_finding(path, reason, hint)._replace(test_id=shown[path])


def check_twins(all_facts: Sequence[Facts]) -> Iterator[Finding]:
    """Whether files lie beside those that have taken their places."""
    from recctl.naming.twins import find_twins

    shown = {facts.path: facts.shown_test_id for facts in all_facts}
    for path, name in sorted(find_twins(all_facts).items()):
        message = f"{name} has taken its place, and lies beside it"
        found = ORPHANED_TWIN.make_finding(path, message, "recctl prune takes this one away")
        yield found._replace(test_id=shown[path])


def describe_schemes(all_facts: Sequence[Facts], scheme: str | None) -> str | None:
    """A sentence on the scheme that names seem to follow, by what `detect_scheme` says.

    None where every recording has its scheme set.
    """
    unset = [facts for facts in all_facts if _is_unset(facts)]
    if not unset:
        return None
    total = f"{len(unset):,}"
    if scheme is None and len(unset) == 1:
        return "no scheme gives the recording its name; set scheme to have it checked"
    if scheme is None:
        return f"no scheme gives most of the {total} names; set scheme to have them checked"
    matching = sum(scheme in facts.identity.schemes for facts in unset)
    return f"{matching:,} of {total} names match {scheme}; set scheme to be held to it"


def detect_scheme(all_facts: Sequence[Facts]) -> str | None:
    """The newest scheme that gives most of the names, among recordings for which none is set."""
    unset = [facts for facts in all_facts if _is_unset(facts)]
    explained = Counter(scheme for facts in unset for scheme in facts.identity.schemes)
    own = sorted(explained.keys() - {scheme.name for scheme in RELEASED})
    verified = [scheme.name for scheme in RELEASED if scheme.verified]
    return next((name for name in (*own, *reversed(verified)) if 2 * explained[name] > len(unset)), None)


def _is_unset(facts: Facts) -> bool:
    return not facts.is_held and facts.status is not NameStatus.NOT_APPLICABLE


def _judge(facts: Facts, detected: str | None, past: Past | None) -> Iterator[Finding]:
    """What a name deserves; where no scheme is set, by the one that most of the others follow."""
    if facts.status is NameStatus.NOT_APPLICABLE:
        return
    identity = facts.identity
    if not identity.schemes:
        yield _report_unexplained(facts, past)
    elif facts.is_held:
        yield from _report_other_scheme(facts)
    elif detected is not None and detected not in identity.schemes and _may_name(detected, facts.format):
        message = f"{identity.given}, but not {detected}"
        hint = "recctl rehash fixes it; where another has replaced it, recctl prune takes it"
        yield OUTDATED_HASH.make_finding(facts.path, message, hint)._replace(severity=Severity.NOTE)


def _may_name(scheme: str, form: str) -> bool:
    """Whether a scheme, by its name, may be one for the files of a format."""
    return all(each.format == form for each in RELEASED if each.name == scheme)


def _report_unexplained(facts: Facts, past: Past | None) -> Finding:
    message = facts.cause or _NONE
    finding = UNEXPLAINED_HASH.make_finding(facts.path, message, _EXPLAIN)
    if not facts.is_held:
        return finding._replace(severity=Severity.NOTE)
    if past is None:
        return finding
    told = f"{message}; the recorder found it until {past.describe(facts.identity.name)}"
    return finding._replace(severity=Severity.ERROR, message=told, mark=message)


def _report_other_scheme(facts: Facts) -> Iterator[Finding]:
    """A finding where a name is not the one that the scheme in force gives, but some other scheme's."""
    given, wanted = facts.identity.given, f"{facts.scheme} looks for {facts.identity.wanted}"
    if facts.status is NameStatus.AHEAD:
        hint = f"set scheme to {facts.identity.newest} if the recorder goes by it; rehash leaves it alone"
        yield NEWER_HASH.make_finding(facts.path, f"{given}, which is newer than {facts.scheme}", hint)
    elif facts.status is NameStatus.OUTDATED and facts.replaced_by is None:
        yield OUTDATED_HASH.make_finding(facts.path, f"{given}, {wanted}", "recctl rehash gives it that name")
    elif facts.status is NameStatus.OUTDATED:
        message = f"{given}, {wanted}; {facts.replaced_by} has taken its place"
        finding = OUTDATED_HASH.make_finding(facts.path, message, "recctl prune takes it away")
        yield finding._replace(severity=Severity.WARNING, mark=f"{given}, {wanted}")


class _Comparing:
    """Recordings that want one name: all of them by path, and whether two of them have the same reply."""

    def __init__(self, by_path: Mapping[str, Facts], have_same_reply: Callable[[Facts, Facts], bool]) -> None:
        self._by_path = by_path
        self._have_same_reply = have_same_reply

    def compare(self, facts: Facts) -> Iterator[Finding]:
        """What is to be said of a recording of whose request there are others."""
        conflict = facts.conflict
        if conflict is None:
            return
        if facts.duplicate_of is not None:
            yield self._report_duplicate(facts, self._by_path[facts.duplicate_of])
        elif not facts.is_held:
            yield from self._report_same_request(facts, conflict)

    def _report_duplicate(self, facts: Facts, found: Facts) -> Finding:
        message = f"{self._describe_likeness(facts, found)}, and has the name that the recorder looks for"
        hint = f"{_compare_command(facts, found)} shows how they differ; recctl prune --grade duplicate takes"
        hint += " this, never played"
        if self._are_equal(facts, found):
            hint = "keep that one: recctl prune --grade duplicate takes this one"
        return _find_duplicate(facts, message, hint)

    def _report_same_request(self, facts: Facts, conflict: Conflict) -> Iterator[Finding]:
        """Where no scheme is set, only requests that are the same as they stand are the same for certain."""
        members = [self._by_path[path] for path in conflict.members]
        same = [
            other for other in members if other.folder == facts.folder and _have_same_request(facts, other)
        ]
        first = min(same, key=lambda other: (not other.is_found, other.path), default=facts)
        if first.path != facts.path:
            hint = f"{_compare_command(first, facts)} shows how they differ; set scheme to be told which one"
            hint = "keep one of them" if self._are_equal(facts, first) else f"{hint} the recorder finds"
            yield _find_duplicate(facts, self._describe_likeness(facts, first), hint)

    def _describe_likeness(self, facts: Facts, other: Facts) -> str:
        """How much two recordings that want one name have in common."""
        request = "the same request"
        if not _have_same_request(facts, other):
            request = f"a request that is the same to {facts.scheme}"
        reply = "the same reply" if self._have_same_reply(facts, other) else "another reply"
        return f"{other.path} records {request} with {reply}"

    def _are_equal(self, one: Facts, other: Facts) -> bool:
        return _have_same_request(one, other) and self._have_same_reply(one, other)


def _compare_command(one: Facts, other: Facts) -> str:
    """The command that sets two recordings against each other, by digits where their names have them."""
    import shlex

    names = [(facts.path, facts.path.rpartition("/")[2]) for facts in (one, other)]
    words = [shorten_name(name) if read_hash(name) else path for path, name in names]
    if words[0] == words[1]:
        words = [path for path, _ in names]
    return f"recctl diff {' '.join(map(shlex.quote, words))}"


def _find_duplicate(facts: Facts, message: str, hint: str) -> Finding:
    """The finding, known by no message: that names a file as it is seen from the current folder."""
    return DUPLICATE_RECORDING.make_finding(facts.path, message, hint)._replace(mark="")


def _have_same_request(one: Facts, other: Facts) -> bool:
    """Whether two requests are the same as they stand."""
    return one.identity.plain == other.identity.plain is not None
