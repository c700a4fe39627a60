"""What a page of HTML shows of an exchange: what the text for people says, block by block."""

from __future__ import annotations

from itertools import islice
from textwrap import dedent
from typing import TYPE_CHECKING

from recctl.render.conversation import ConversationView
from recctl.render.conversation.text import describe_exchange
from recctl.render.kit.masking import mask_texts
from recctl.render.kit.terminal import escape
from recctl.render.kit.values import compact
from recctl.render.page import Conversation, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.render.kit.terminal import Line
    from recctl.wire import Exchange

_MOST_CHUNKS = 400
_LONGEST_CHUNK = 300


def describe_conversation(exchange: Exchange, mask: Callable[[str], str]) -> Conversation:
    """The facts, all that was said, and what each chunk added, with `mask` for all texts."""
    request, completion = mask_texts(exchange.request, mask), mask_texts(exchange.completion, mask)
    masked = exchange._replace(request=request, completion=completion)
    facts: list[str] = []
    said: list[Said] = []
    who, is_reply, is_told = "", False, False
    for line in islice(describe_exchange(masked, ConversationView()), 1, None):
        text = mask(_join(line))
        if line.indent == 0:
            if text:
                opens_reply = text == completion.kind or _opens_reply(text)
                who, is_reply, is_told = text, is_reply or opens_reply, False
        elif not who:
            facts += [text] if not text.startswith("test ") else []
        else:
            kind = _find_kind(line)
            if said and is_told and said[-1].kind == kind:
                said[-1] = said[-1]._replace(text=f"{said[-1].text}\n{text}")
            else:
                said.append(Said("" if is_told else who, text, kind, is_reply))
                is_told = True
    told = [each._replace(text=dedent(each.text).strip("\n")) for each in said]
    kept = [each for each in told if each.text or each.who]
    return Conversation(facts, kept, chunks=[*_describe_chunks(masked, mask)], streamed=completion.chunks)


def _join(line: Line) -> str:
    text = "".join(span.text for span in line.spans)
    return " " * max(0, line.indent - 2) + escape(text)


def _opens_reply(heading: str) -> bool:
    return heading.endswith(" replies") or heading.startswith(("reply", "error"))


def _find_kind(line: Line) -> str:
    styles = {span.style for span in line.spans if span.text.strip()}
    if "json" in styles:
        return "code"
    return "aside" if styles == {"dim"} else "text"


def _describe_chunks(exchange: Exchange, mask: Callable[[str], str]) -> Iterator[str]:
    steps = exchange.read_steps()
    for step in islice(steps, _MOST_CHUNKS):
        added = "; ".join(f"{name} {compact(value)}" for name, value in step.added)
        told = escape(mask(added))
        yield f"{step.number:>5} {step.size:>6} B  {told[:_LONGEST_CHUNK]}"
    rest = sum(1 for _ in steps)
    if rest:
        yield f"and {rest:,} more"
