"""The *content* family: is what was recorded worth replaying?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.checks.finding import Rule, Severity
from recctl.recordings.bodies import is_described
from recctl.wire import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import Finding
    from recctl.recordings.recording import Recording
    from recctl.wire import Exchange
    from recctl.wire.completion import Choice

RECORDED_ERROR = Rule(
    "recorded-error",
    Severity.NOTE,
    "The recording is of a failed request.",
    "Sometimes the failure is the point of the test, sometimes it is an abandoned attempt.",
    "Look whether the test expects the failure; else delete the recording, or record it again.",
    bad='{"error": {"message": "model not found"}}',
    good="a reply",
)
EMPTY_RESPONSE = Rule(
    "empty-response",
    Severity.WARNING,
    "The reply says nothing: no text, no refusal, no tool call.",
    "A test that replays an empty reply proves little, and hides that the model had nothing to say.",
    "Look whether the test means it; else record it again.",
    bad='"content": "" and no tool call',
    good='"content": "Hello"',
)
USAGE_MISMATCH = Rule(
    "usage-mismatch",
    Severity.WARNING,
    "The counters in `usage` do not add up.",
    "Prompt and completion tokens together are the total. Where they are not, the reply was edited or joined "
    "from two, or the provider counts in a way of its own.",
    "Record it again, unless the provider is known to count so.",
    bad="3 prompt and 4 completion tokens, 9 in total",
    good="3 prompt and 4 completion tokens, 7 in total",
)
UNREADABLE_BODY = Rule(
    "unreadable-body",
    Severity.WARNING,
    "A compressed body can't be read: it is damaged, cut off, or too large.",
    "Neither recctl nor the client that it is played to can tell what it says, and nobody knows whether a "
    "secret is in it. Data are inflated up to max-size, all bodies of a file together. Where only a library "
    "is missing, that is a note.",
    "Record it again, or take it from git's history; for br and zstd install `recctl[brotli]` or "
    "`recctl[zstandard]`.",
    bad="the first half of what gzip made of a reply",
    good="all of it",
)

RULES = (RECORDED_ERROR, EMPTY_RESPONSE, USAGE_MISMATCH, UNREADABLE_BODY)


def check_content(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    """What deserves a look in what was said. Raises nothing."""
    name, completion = recording.source.name, exchange.completion
    yield from _check_readable(recording)
    if completion.error is not None and not completion.streamed:
        note = next((note for note in completion.notes if note.code == "error"), None)
        message = note.message if note else "the request failed"
        pointer = note.pointer if note else "/response"
        hint = "look whether the test expects it"
        yield RECORDED_ERROR.make_finding(name, message, hint, pointer)
    emptiness = _find_emptiness(recording, exchange)
    if emptiness is not None:
        hint = "look whether the test means it; else record it again"
        yield EMPTY_RESPONSE.make_finding(name, emptiness, hint, "/response/body")
    problem = exchange.find_usage_gap()
    if problem is not None:
        hint = "record it again, unless the provider counts so"
        yield USAGE_MISMATCH.make_finding(name, problem, hint, "/response/body")


def _check_readable(recording: Recording) -> Iterator[Finding]:
    """The bodies that could not be inflated."""
    for side, word in (("request", "request"), ("response", "reply")):
        body = recording.document[side].get("body")
        if not is_described(body):
            continue
        name, pointer = recording.source.name, f"/{side}/body"
        if "damage" in body:
            message = f"the {word}'s body can't be read: {body['damage']}"
            yield UNREADABLE_BODY.make_finding(name, message, "record it again", pointer)
        elif "needs" in body:
            message = f"the {word}'s body can't be read without a library that is not installed"
            finding = UNREADABLE_BODY.make_finding(name, message, body["needs"], pointer)
            yield finding._replace(severity=Severity.NOTE)


def _find_emptiness(recording: Recording, exchange: Exchange) -> str | None:
    """In what way a reply says nothing; None when it says something, or was not meant to."""
    if recording.body is None:
        has_reason = recording.response.get("is_exception") or recording.response.get("status") is not None
        is_call = "method" in recording.request and "body" in recording.response
        return "there is no reply: the body is null" if is_call and not has_reason else None
    completion = exchange.completion
    if not (completion.complete and completion.choices and all(map(_says_nothing, completion.choices))):
        return None
    endings = {exchange.find_ending(choice) for choice in completion.choices}
    if not endings.isdisjoint((Ending.REFUSED, Ending.SILENT)) or exchange.says_otherwise:
        return None
    if endings == {Ending.CUT_SHORT}:
        return "the token limit ended the reply before it said anything"
    return "the reply says nothing: no text, no refusal, no tool call"


def _says_nothing(choice: Choice) -> bool:
    message = choice.message
    return not (message.content or message.refusal or message.reasoning or message.tool_calls)
