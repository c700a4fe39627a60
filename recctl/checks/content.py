"""The *content* family: is what was recorded worth replaying?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.checks.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.completion import Choice
    from recctl.recording import JSON, Recording
    from recctl.wire import Exchange

RECORDED_ERROR = Rule(
    "recorded-error",
    Severity.NOTE,
    "The recording is of a failed request.",
    "Sometimes the failure is the point of the test, sometimes it is an abandoned attempt.",
    "Look whether the test expects the failure; else delete the recording, or record it again.",
)
EMPTY_RESPONSE = Rule(
    "empty-response",
    Severity.WARNING,
    "The reply says nothing: no text, no refusal, no tool call.",
    "A test that replays an empty reply proves little, and hides that the model had nothing to say.",
    "Look whether the test means it; else record it again.",
)
USAGE_MISMATCH = Rule(
    "usage-mismatch",
    Severity.WARNING,
    "The counters in `usage` do not add up.",
    "Prompt and completion tokens together are the total. Where they are not, the reply was edited or joined "
    "from two, or the provider counts in a way of its own.",
    "Record it again, unless the provider is known to count so.",
)

RULES = (RECORDED_ERROR, EMPTY_RESPONSE, USAGE_MISMATCH)


def check_content(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    """What deserves a look in what was said. Raises nothing."""
    name, completion = recording.source.name, exchange.completion
    if completion.error is not None and not completion.streamed:
        note = next((note for note in completion.notes if note.code == "error"), None)
        message = note.message if note else "the request failed"
        pointer = note.pointer if note else "/response"
        hint = "look whether the test expects it"
        yield Finding(RECORDED_ERROR.name, RECORDED_ERROR.severity, name, message, hint, pointer)
    if completion.complete and completion.choices and all(map(_says_nothing, completion.choices)):
        message = "the reply says nothing: no text, no refusal, no tool call"
        hint = "look whether the test means it; else record it again"
        yield Finding(EMPTY_RESPONSE.name, EMPTY_RESPONSE.severity, name, message, hint, "/response/body")
    problem = _check_usage(completion.usage or {})
    if problem is not None:
        hint = "record it again, unless the provider counts so"
        yield Finding(USAGE_MISMATCH.name, USAGE_MISMATCH.severity, name, problem, hint, "/response/body")


def _says_nothing(choice: Choice) -> bool:
    message = choice.message
    return not (message.content or message.refusal or message.reasoning or message.tool_calls)


def _check_usage(usage: dict[str, JSON]) -> str | None:
    """Why OpenAI's three counters do not add up; None when they do or are not all there."""
    prompt, completion, total = (usage.get(f"{key}_tokens") for key in ("prompt", "completion", "total"))
    if not (type(prompt) is type(completion) is type(total) is int):
        return None
    if prompt + completion == total:
        return None
    return f"{prompt:,} prompt and {completion:,} completion tokens are not {total:,} in total"
