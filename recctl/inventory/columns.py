"""What can be told of a recording in a word, a number or a line: the columns of a list.

To add one, add its row to `COLUMNS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.inventory.entry import IndexEntry

Value = str | int | bool | tuple[str, ...] | None
"""What a column tells of a recording; None where there is nothing to tell."""


class Column(NamedTuple):
    """A column: what it is called, what it tells, and how that is read off an entry.

    `is_size` is for numbers of bytes.
    """

    name: str
    meaning: str
    read: Callable[[IndexEntry], Value]
    is_size: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("test", "the id of its test", lambda entry: entry.test_id),
        Column("key", "its path, with the number in its file", lambda entry: str(entry.key)),
        Column("path", "its file", lambda entry: entry.facts.path),
        Column("turn", "how many replies the conversation has, with this one", lambda entry: entry.turn),
        Column("method", "the method of its request", lambda entry: entry.method),
        Column("url", "where the request went", lambda entry: entry.url),
        Column("endpoint", "the endpoint that was asked", lambda entry: entry.endpoint),
        Column("provider", "the provider, or the host that was asked", lambda entry: entry.provider),
        Column("model", "the model that was asked", lambda entry: entry.model),
        Column("wire", "the protocol of the reply", lambda entry: entry.wire),
        Column("streamed", "whether the reply was streamed", lambda entry: entry.streamed),
        Column("status", "the HTTP status of the reply", lambda entry: entry.status),
        Column(
            "failed",
            "whether the reply is an error, or a stream that is not whole",
            lambda entry: entry.has_failed,
        ),
        Column("finish", "why the reply ends", lambda entry: entry.finish),
        Column("tool", "the tools that are called", lambda entry: entry.tool_calls),
        Column("tokens", "how many tokens it took", lambda entry: entry.tokens and entry.tokens.total),
        Column("size", "how many bytes it takes up", lambda entry: entry.size, is_size=True),
        Column("state", "whether its recorder finds it", lambda entry: entry.state.value),
        Column("asked", "how what was asked last begins", lambda entry: entry.asked or None),
        Column("answered", "how the reply begins", lambda entry: entry.answered or None),
    )
}
"""The columns by name."""

SHOWN = ("test", "model", "finish", "tool", "tokens", "size", "state", "key")
"""The columns of a list for which nobody has asked for others."""


def find_column(name: str) -> Column:
    """The column of that name. Raises RecctlError where there is none."""
    if name not in COLUMNS:
        raise RecctlError(f"there is no column {name!r}", suggest(name, [*COLUMNS]))
    return COLUMNS[name]
