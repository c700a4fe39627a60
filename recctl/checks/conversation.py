"""The *conversation* family: do the recordings of a test follow from one another?"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.checks.finding import Rule, Severity
from recctl.naming.facts import Calls
from recctl.naming.folders import find_base
from recctl.project import recordings_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from recctl.checks.finding import Finding
    from recctl.naming.facts import Facts
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

RULES = (UNANSWERABLE,)


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
