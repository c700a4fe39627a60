"""What hangs on a recording: later requests of the same test that quote what it says."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.parallel import map_files
from recctl.input.sources import read
from recctl.recordings.attempt import attempt
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.wire.completion import SPEAKERS, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from recctl.input.sources import Target
    from recctl.naming.facts import Facts
    from recctl.project import Project
    from recctl.recordings.recording import JSON


class Words(NamedTuple):
    """What of a recording can be quoted, or is: ids of tool calls, and replies."""

    calls: frozenset[str] = frozenset()
    replies: frozenset[str] = frozenset()


class Quote(NamedTuple):
    """That a later request repeats a tool call (or else the text) of a reply; `path` is its recording."""

    path: str
    is_call: bool


def find_quotes(
    paths: Collection[str], all_facts: Sequence[Facts], project: Project
) -> dict[str, tuple[Quote, ...]]:
    """Which recordings of the same tests quote the recordings at some paths, sorted; others are left out."""
    speakers = [facts for facts in all_facts if facts.path in paths and facts.test_id is not None]
    spoken_by = map_files(_read_said, [speaker.target(project) for speaker in speakers])
    said: defaultdict[str | None, dict[str, Words]] = defaultdict(dict)
    for speaker, words in zip(speakers, spoken_by, strict=True):
        said[speaker.test_id][speaker.path] = words
    others = [facts for facts in all_facts if facts.test_id in said and _may_quote(facts)]
    signs = {test_id: _list_signs(spoken.values()) for test_id, spoken in said.items()}
    looked_for = [(other.target(project), signs[other.test_id]) for other in others]
    quoted = map_files(_read_quoted, looked_for)
    by_call, by_reply = _index(others, quoted)
    found = {}
    for test_id, spoken in said.items():
        for path, words in spoken.items():
            calls = {other for call in words.calls for other in by_call[test_id, call]} - {path}
            replies = {other for reply in words.replies for other in by_reply[test_id, reply]} - {path}
            if calls or replies:
                found[path] = tuple(Quote(other, other in calls) for other in sorted(calls | replies))
    return found


_Index = defaultdict[tuple[str | None, str], list[str]]


def _index(others: Sequence[Facts], quoted: Iterable[Words]) -> tuple[_Index, _Index]:
    """By test and word: the recordings that repeat a call, and those that repeat a reply."""
    by_call, by_reply = _Index(list), _Index(list)
    for other, repeated in zip(others, quoted, strict=True):
        for index, words in ((by_call, repeated.calls), (by_reply, repeated.replies)):
            for word in words:
                index[other.test_id, word].append(other.path)
    return by_call, by_reply


def _may_quote(facts: Facts) -> bool:
    """Whether a request has room for the words of an earlier reply, going by the roles of its messages."""
    roles = facts.turn.roles if facts.turn is not None and not facts.holds_several else ()
    return not roles or any(SPEAKERS.get(role) not in (Speaker.USER, Speaker.SYSTEM) for role in roles)


def _list_signs(said: Iterable[Words]) -> re.Pattern[bytes] | None:
    """What a file must hold, however it is escaped, to quote any of these words; None when there are none."""
    words = {word for spoken in said for word in (*spoken.calls, *spoken.replies)}
    signs = {max(_PLAIN.findall(word), key=len, default="")[:_SIGN].encode() for word in words}
    return re.compile(b"|".join(map(re.escape, sorted(signs)))) if signs else None


_PLAIN = re.compile(r"[ !#-.0-\[\]-~]+")  # what JSON has no other way to write than as it is, or none in use
_SIGN = 40  # characters tell a text from others nearly as well as all of it


def _read_said(target: Target) -> Words:
    """What can be quoted of a file's recordings."""
    return _collect(read(target), _list_said)


def _collect(source: Source | Unread, list_words: Callable[[Recording], Words]) -> Words:
    """The words of all recordings that a file holds; of one on which recctl fails, none."""
    items = load(source) if isinstance(source, Source) else ()
    found = [attempt(item.source.name, list_words, item) for item in items if isinstance(item, Recording)]
    known = [words for words in found if isinstance(words, Words)]
    return Words(
        frozenset().union(*(words.calls for words in known)),
        frozenset().union(*(words.replies for words in known)),
    )


def _read_quoted(looked_for: tuple[Target, re.Pattern[bytes] | None]) -> Words:
    """What the requests of a file repeat; nothing where the file holds none of the signs."""
    target, signs = looked_for
    source = read(target)
    if signs is None or not isinstance(source, Source) or not signs.search(source.content):
        return Words()
    return _collect(source, _list_quoted)


def _list_said(recording: Recording) -> Words:
    from recctl.wire import assemble

    messages = [choice.message for choice in assemble(recording).choices]
    calls = {call.id for message in messages for call in message.tool_calls if call.id}
    return Words(frozenset(calls), frozenset(filter(None, (_clean(message.content) for message in messages))))


def _list_quoted(recording: Recording) -> Words:
    from recctl.wire import read_request

    messages = read_request(recording).messages
    calls = {call.id for message in messages for call in message.tool_calls if call.id}
    calls |= {message.tool_call_id for message in messages if message.tool_call_id}
    replies = {_clean(_join(message.content)) for message in messages if message.speaker is Speaker.MODEL}
    return Words(frozenset(calls), frozenset(filter(None, replies)))


def _clean(text: str | None) -> str:
    return (text or "").strip()


def _join(content: JSON) -> str:
    """The text of a message, which may come in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))
