"""Exchanges as a page of HTML: each conversation on a click, a single one at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.recordings.attempt import attempt
from recctl.recordings.source import Unread
from recctl.render.page import Conversation, Row, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.render.conversation import ConversationView
    from recctl.wire import Exchange


def render(items: Iterable[Exchange | LoadError | Unread], view: ConversationView) -> Iterator[str]:
    """One page, with nothing to fetch; failures are left out."""
    from recctl.render.page.conversation import describe_conversation
    from recctl.wire import Exchange

    rows: list[Row] = []
    conversations: list[Conversation] = []
    for item in items:
        if not isinstance(item, Exchange):
            continue
        told = attempt(str(item.recording.key), describe_conversation, item, view.mask)
        if isinstance(told, Unread):
            view.refuse(told)
            continue
        rows.append(_make_row(item, view))
        conversations.append(told)
    title = rows[0].key if len(rows) == 1 else "Recordings"
    yield from write_page(title, show_count(len(rows), "recording"), rows, conversations)


def _make_row(exchange: Exchange, view: ConversationView) -> Row:
    recording, completion, mask = exchange.recording, exchange.completion, view.mask
    asked, answered = exchange.read_lines()
    model = exchange.request.model or completion.model
    calls = [call.name or "?" for choice in completion.choices for call in choice.message.tool_calls]
    return Row(
        key=mask(str(recording.key)),
        test=recording.test_id and mask(recording.test_id),
        model=model and mask(model),
        provider=None,
        endpoint=mask(recording.endpoint),
        finish=completion.choices[0].finish_reason if completion.choices else None,
        failed=not completion.complete,
        tools=" ".join(calls),
        tokens=None,
        size=len(recording.source.content),
        state="",
        asked=mask(asked),
        answered=mask(answered),
    )
