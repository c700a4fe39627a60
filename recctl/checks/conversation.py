"""The *conversation* family: do the recordings of a test follow from one another?"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.checks.finding import Rule, Severity
from recctl.naming.facts import Calls
from recctl.naming.folders import find_base
from recctl.project import recordings_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from recctl.checks.finding import Finding
    from recctl.naming.facts import Facts
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire import Exchange

UNANSWERABLE = Rule(
    "unanswerable",
    Severity.WARNING,
    "The request repeats a tool call that no recording of its test makes.",
    "The reply that made the call was recorded again, or is gone. When the recordings are played, the model "
    "makes another call, so that this request is never sent, and the one that is has no recording.",
    "Record the whole test again; `recctl track` shows whether anything still opens the file.",
    bad="a request that repeats call_2, where the only reply of its test calls call_1",
    good="a request that repeats call_1",
)

MOVED_CACHE_PREFIX = Rule(
    "moved-cache-prefix",
    Severity.WARNING,
    "A later request of a conversation does not begin as the one before it did.",
    "Providers keep what a request begins with (tools, instructions, messages), and charge a tenth for it "
    "when the next one begins in the same way. A tool that comes or goes, instructions that hold the time, "
    "or a message that is worded anew makes each turn cost the whole again. New conversations, compacted "
    "ones, tools that are left out when a user speaks again, and deferred tools are none. The rule is in "
    "force only where it is selected.",
    "Send what is new after what was sent before, and record the test again.",
    bad="turn 2 offers a tool that turn 1 did not",
    good="turn 2 offers the tools of turn 1, and adds messages at the end",
    always=False,
)

RULES = (UNANSWERABLE, MOVED_CACHE_PREFIX)


def list_calls(exchange: Exchange) -> Calls:
    """The ids of the tool calls that a reply makes and those that its request repeats."""
    made = [call.id for choice in exchange.completion.choices for call in choice.message.tool_calls]
    repeated = [call.id for message in exchange.request.messages for call in message.tool_calls]
    return Calls(
        made=tuple(call_id for call_id in made if call_id is not None),
        repeated=tuple(dict.fromkeys(call_id for call_id in repeated if call_id is not None)),
        makes_nameless=None in made,
    )


def check_repeated_calls(
    all_facts: Sequence[Facts],
    scheme: str | None,
    read_others: Callable[[set[str | None]], Iterable[tuple[str | None, Calls]]],
) -> Iterator[Finding]:
    """Whether some recording of its test makes each call that a request repeats.

    Only what the recorder finds matters: by the scheme in force or, where none is set, by `scheme`. Nothing
    is told where calls have no ids, so that clients make some up, nor of ids that the test's own code writes.
    `read_others` gives the calls of the recordings of some tests that are beside those.
    """
    by_test: defaultdict[str | None, list[Calls]] = defaultdict(list)
    for facts in all_facts:
        if facts.calls is not None:
            by_test[facts.test_id].append(facts.calls)
    suspects = {test_id for test_id, calls in by_test.items() if test_id and _find_missing(calls)}
    for test_id, calls in read_others({*suspects}) if suspects else ():
        by_test[test_id].append(calls)
    for facts in all_facts:
        if facts.test_id in suspects and _is_found(facts, scheme):
            yield from _check_recording(facts, by_test[facts.test_id])


def _check_recording(facts: Facts, of_test: Sequence[Calls]) -> Iterator[Finding]:
    repeated = facts.calls.repeated if facts.calls is not None else ()
    missing = _find_missing(of_test).intersection(repeated)
    if not missing:
        return
    code = _read_code(facts)
    if code is None and not any(calls.made for calls in of_test):
        return  # as likely as not the test begins with a conversation of its own
    for call_id in repeated:
        if call_id in missing and call_id not in (code or ""):
            message = f"the request repeats the call {call_id!r}, which no recording of its test makes"
            finding = UNANSWERABLE.make_finding(
                facts.path, message, "record the whole test again", "/request"
            )
            yield finding._replace(mark=call_id, test_id=facts.shown_test_id)


def _find_missing(of_test: Iterable[Calls]) -> set[str]:
    """The calls that requests of a test repeat and no reply makes; none where calls have no ids."""
    made: set[str] = set()
    repeated: set[str] = set()
    for calls in of_test:
        if calls.makes_nameless:
            return set()
        made.update(calls.made)
        repeated.update(calls.repeated)
    return repeated - made


def _is_found(facts: Facts, scheme: str | None) -> bool:
    return facts.is_found if facts.is_held else scheme in facts.identity.schemes


def _read_code(facts: Facts) -> str | None:
    """The file of a recording's test; None where it can't be read, or is not where its recordings say."""
    base = find_base(facts.folder, recordings_folder(facts.test_id))
    if base is None:
        return None
    try:
        return Path(base, (facts.test_id or "").partition("::")[0]).read_text("utf-8", "replace")
    except (OSError, ValueError):  # a NUL in the path
        return None


class _Beginning(NamedTuple):
    """What a provider may keep of a request: tools and messages, as JSON, in their order.

    `said` counts the messages that are no instructions, `opening` is the first of these.
    """

    number: int
    place: tuple[str, str | None]
    tools: list[JSON]
    messages: list[JSON]
    said: int
    opening: JSON


def check_prefixes(recordings: Sequence[Recording]) -> Iterator[tuple[Recording, Finding]]:
    """Each recording of a file that does not begin as an earlier turn of its conversation did.

    A turn is set against the last one before it that went to the same url and model, begins with the same
    message, and says less. What a provider has kept under an id is not looked at.
    """
    seen: list[_Beginning] = []
    for recording in recordings:
        beginning = _read_beginning(recording)
        if beginning is None:
            continue
        former = next((each for each in reversed(seen) if _goes_on(beginning, each)), None)
        seen.append(beginning)
        what = None if former is None else _find_moved(former, beginning)
        if former is not None and what is not None:
            message = f"{what}: the request does not begin as #{former.number} did, an earlier turn"
            hint = "send what is new after what was sent before"
            yield (
                recording,
                MOVED_CACHE_PREFIX.make_finding(recording.source.name, message, hint, "/request/body"),
            )


def _read_beginning(recording: Recording) -> _Beginning | None:
    from recctl.wire import read_exchange  # which those who know what the files hold can do without
    from recctl.wire.completion import Speaker

    exchange = read_exchange(recording)
    messages = exchange.request.messages
    said = [message for message in messages if message.speaker is not Speaker.SYSTEM]
    if not said or exchange.earlier_ids:
        return None
    tools = [tool for tool in exchange.request.tools if not tool.extra.get("defer_loading")]
    return _Beginning(
        recording.index + 1,
        (recording.url, exchange.request.model),
        [_leave_out_marks([*tool]) for tool in tools],
        [_leave_out_marks([*message]) for message in messages],
        len(said),
        _leave_out_marks([*said[0]]),
    )


def _goes_on(later: _Beginning, earlier: _Beginning) -> bool:
    return later.place == earlier.place and later.opening == earlier.opening and later.said > earlier.said


def _find_moved(earlier: _Beginning, later: _Beginning) -> str | None:
    """What has changed of all that a later turn repeats; None for nothing."""
    added = later.messages[len(earlier.messages) :]
    if earlier.tools != later.tools and (later.tools or not any(map(_is_users, added))):
        return "other tools are offered"
    same = zip(earlier.messages, later.messages, strict=False)
    changed = next((number for number, (one, other) in enumerate(same, 1) if one != other), None)
    return None if changed is None else f"message {changed} is another one"


def _is_users(message: JSON) -> bool:
    return bool(message[0] == "user")


def _leave_out_marks(value: JSON) -> JSON:
    """A value without the marks that say up to where a provider is to keep it: these may move."""
    if isinstance(value, dict):
        return {key: _leave_out_marks(item) for key, item in value.items() if key not in _MARKS}
    if isinstance(value, (list, tuple)):
        return [
            _leave_out_marks(item)
            for item in value
            if not (isinstance(item, dict) and item.keys() == {_MARK})
        ]
    return value


_MARK = "cachePoint"
_MARKS = ("cache_control", _MARK)
