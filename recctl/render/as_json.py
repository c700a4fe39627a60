"""JSON documents for scripts. Their shapes are promises: a change to one is a change to its version."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.checks.finding import Severity
from recctl.render import render_whole
from recctl.text.pointer import join_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Finding, Report, Rule
    from recctl.project import ConfigValue
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render import View
    from recctl.wire import Exchange
    from recctl.wire.completion import Completion, Part, Request, ToolCall


def render_findings(report: Report, view: View) -> Iterator[str]:  # noqa: ARG001  (JSON looks the same in every view)
    """`recctl.validate.v1`."""
    yield dump_document(describe_report(report))


def describe_report(report: Report) -> dict[str, Any]:
    """A report as a `recctl.validate.v1` document."""
    return {
        "version": "recctl.validate.v1",
        "checked": report.checked,
        "ignored": report.ignored,
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {severity.label: report.tally(severity) for severity in Severity},
        "errors": [describe_error(error) for error in report.errors],
    }


def render_rules(rules: Iterable[Rule], view: View) -> Iterator[str]:  # noqa: ARG001
    """`recctl.rules.v1`."""
    described = [
        {
            "name": rule.name,
            "severity": rule.severity.label,
            "summary": rule.summary,
            "why": rule.why,
            "fix": rule.fix,
            "bad": rule.bad,
            "good": rule.good,
            "kinds": [{"name": name, "example": example} for name, example in rule.kinds],
        }
        for rule in rules
    ]
    yield dump_document({"version": "recctl.rules.v1", "rules": described, "errors": []})


def render_config(values: Iterable[ConfigValue], view: View) -> Iterator[str]:  # noqa: ARG001
    """`recctl.config.v1`."""
    described = [{"key": key, "value": value, "from": origin} for key, value, origin in values]
    yield dump_document({"version": "recctl.config.v1", "values": described, "errors": []})


def render_exchanges(items: Iterable[Exchange | LoadError | Unread], view: View) -> Iterator[str]:
    """`recctl.show.v1`, one recording at a time."""
    from recctl.wire import Exchange

    errors: list[LoadError | Unread] = []
    view = view._replace(refuse=partial(_refuse, errors, view))
    yield '{\n  "version": "recctl.show.v1",\n  "recordings": ['
    separator = "\n"
    for item in items:
        if isinstance(item, Exchange):
            pieces = render_whole(str(item.recording.key), view, _render_exchange, item, view)
            yield from (separator, *pieces) if pieces else ()
            separator = ",\n" if pieces else separator
        else:
            errors.append(item)
    closing = "]" if separator == "\n" else "\n  ]"
    told = dump_document([describe_error(error) for error in errors])
    yield f'{closing},\n  "errors": {_indent(told, 2).lstrip()}\n}}\n'


def _render_exchange(exchange: Exchange, view: View) -> Iterator[str]:
    yield _indent(dump_document(_exchange(exchange, view)), 4)


def _refuse(errors: list[LoadError | Unread], view: View, unread: Unread) -> None:
    errors.append(unread)
    view.refuse(unread)


def dump_document(document: Any) -> str:
    """A document as every command writes it."""
    return json.dumps(document, indent=2) + "\n"


def _indent(text: str, width: int) -> str:
    """JSON text further to the right; only its own line breaks are real ones."""
    return "\n".join(" " * width + line for line in text.rstrip("\n").split("\n"))


def describe_error(error: LoadError | Unread) -> dict[str, str]:
    """A file that could not be looked at, or holds no recording, as every document tells it."""
    return {"path": error.name, "message": error.message}


def _finding(finding: Finding) -> dict[str, Any]:
    line, column = finding.position or (None, None)
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "path": finding.path,
        "index": finding.number,
        "test_id": finding.test_id,
        "line": line,
        "column": column,
        "pointer": finding.pointer,
        "message": finding.message,
        "hint": finding.hint,
        "fixable": finding.fixable,
    }


def _exchange(exchange: Exchange, view: View) -> dict[str, Any]:
    recording, completion = exchange.recording, exchange.completion
    return {
        "path": recording.source.name,
        "index": recording.key.number,
        "test_id": recording.test_id,
        "endpoint": recording.endpoint,
        "url": recording.url or None,
        "wire": completion.wire,
        "streamed": completion.streamed,
        "chunks": completion.chunks,
        "complete": completion.complete,
        "request": _request(exchange.request) if view.shows("request") else None,
        "response": _response(completion) if view.shows("response") else None,
        "notes": [
            {"code": note.code, "message": note.message, "pointer": note.pointer} for note in completion.notes
        ],
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "model": request.model,
        "messages": [
            {
                "role": message.role,
                "content": message.content,
                "tool_calls": [_tool_call(call) for call in message.tool_calls],
                "tool_call_id": message.tool_call_id,
                "name": message.name,
                "extra": message.extra,
            }
            for message in request.messages
        ],
        "prompt": request.prompt,
        "tools": [
            {
                "type": tool.type,
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
                "extra": tool.extra,
            }
            for tool in request.tools
        ],
        "parameters": request.parameters,
    }


def _response(completion: Completion) -> dict[str, Any]:
    return {
        "id": completion.id,
        "model": completion.model,
        "choices": [
            {
                "index": choice.index,
                "message": {
                    "role": choice.message.role,
                    "content": choice.message.content,
                    "reasoning": choice.message.reasoning,
                    "refusal": choice.message.refusal,
                    "tool_calls": [_tool_call(call) for call in choice.message.tool_calls],
                    "parts": [_part(part) for part in choice.message.parts],
                },
                "finish_reason": choice.finish_reason,
                "logprobs": choice.logprobs,
            }
            for choice in completion.choices
        ],
        "usage": completion.usage,
        "error": completion.error,
        "extra": completion.extra,
    }


def _part(part: Part) -> dict[str, Any]:
    """A part of a message: its text, its call, or a JSON pointer to its place in `extra`."""
    if part.call is not None:
        return {"type": part.kind, "tool_call": _tool_call(part.call)}
    if part.place:
        return {"type": part.kind, "extra": join_pointer(part.place)}
    return {"type": part.kind, "text": part.text}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": call.type, "function": {"name": call.name, "arguments": call.arguments}}
