"""Gemini's generate-content: replies made of `candidates`, as its SDK dumps them or its REST API sends them.

The SDK writes `finish_reason` where the API writes `finishReason`: both are read, and told as the former.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from recctl.wire import Attachments, Ending, RequestForm, UsageKeys, Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.json_paths import put_together
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.noise import GEMINI_NOISE
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.sse import read_events
from recctl.wire.building.values import decode_base64, is_bare_error, is_nothing, write_text
from recctl.wire.completion import Request, RequestMessage, Tool, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.message import ChoiceBuilder
    from recctl.wire.completion import Completion

NAME = "gemini"
_MARKS = frozenset({"candidates", "usage_metadata", "usageMetadata", "prompt_feedback", "promptFeedback"})
_CHUNK_KEYS = frozenset(
    {"candidates", "usage_metadata", "model_version", "response_id", "prompt_feedback", "error"}
)
_CANDIDATE_KEYS = frozenset({"index", "content", "finish_reason", "logprobs_result"})
_CONTENT_KEYS = frozenset({"role", "parts"})
_CALL_KEYS = frozenset({"id", "name", "args", "partial_args", "will_continue"})
_FINISH_REASONS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}
_BLOCK_REASONS = {1: "SAFETY", 2: "OTHER", 3: "BLOCKLIST", 4: "PROHIBITED_CONTENT"}
"""Numbers that mean the same in both of Google's APIs; from the next on they differ."""

_VALUES = ("string_value", "number_value", "bool_value", "null_value")
_PIECE_KEYS = frozenset({"json_path", "will_continue", *_VALUES})


def _is_one(item: dict[str, JSON]) -> bool:
    return not _MARKS.isdisjoint(item) and "name" not in item  # a resource with a name counts tokens, too


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    assembly = _Assembly()
    for _, data, pointer in read_events(items, assembly.builder, streamed=streamed):
        assembly.add_chunk(_snake_keys(data), pointer)
    assembly.finish()
    return assembly.builder.build(NAME, streamed=streamed, chunks=len(items))


@lru_cache(maxsize=1024)
def _snake(key: str) -> str:
    return re.sub("(?<=[a-z0-9])[A-Z]", lambda letter: f"_{letter[0].lower()}", key)


def _snake_keys(value: dict[str, JSON]) -> dict[str, JSON]:
    """An object with its keys as the SDK writes them; a key that stands there in both forms keeps both."""
    return {key if _snake(key) in value else _snake(key): inner for key, inner in value.items()}


class _Assembly:
    """A reply under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._is_of_other = False
        self._parts: dict[int, list[JSON]] = {}
        self._open: dict[int, CallBuilder] = {}
        self._pieces: dict[CallBuilder, tuple[tuple[str, ...], dict[str, list[JSON]]]] = {}

    def add_chunk(self, data: dict[str, JSON], pointer: str) -> None:
        """Add what one chunk says."""
        builder = self.builder
        if is_bare_error(data):
            builder.fail(data, pointer)
            return
        self._is_of_other = builder.identify("id", data.get("response_id"))
        builder.identify("model", data.get("model_version"))
        builder.extra.add_rest((), data, _CHUNK_KEYS)
        if data.get("error"):
            builder.fail(data["error"], pointer)
        self._add_feedback(data.get("prompt_feedback"), pointer)
        self._add_usage(data.get("usage_metadata"))
        candidates = data.get("candidates")
        if not isinstance(candidates, list):
            builder.extra.add(("odd_candidates",), candidates)
            return
        are_numbered = any(isinstance(each, dict) and type(each.get("index")) is int for each in candidates)
        for position, candidate in enumerate(candidates):
            if isinstance(candidate, dict):
                index = candidate.get("index")
                unnumbered = 0 if are_numbered else position
                choice = builder.choice(index if type(index) is int else unnumbered)
                self._add_candidate(choice, _snake_keys(candidate), f"{pointer}/candidates/{position}")
            else:
                builder.extra.add(("odd_candidates",), candidate)

    def finish(self) -> None:
        """Add what can only be told when all chunks are there."""
        for index, parts in self._parts.items():
            self.builder.extra.add(("choices", str(index), "parts"), parts)
        for call, (path, pieces) in self._pieces.items():
            arguments, misfits = put_together(pieces)
            call.add_arguments(arguments or None)
            self.builder.extra.add((*path, "odd_partial_args"), misfits)

    def _add_usage(self, usage: JSON) -> None:
        """Take counts in place of those known so far: each chunk has all that are true by then.

        Where the provider runs tools, those of one call are followed by fewer of the next.
        """
        builder, known = self.builder, self.builder.usage or {}
        if isinstance(usage, dict) and any(value is not None for value in usage.values()):
            builder.usage = None
            if any(usage.get(key) is None for key in known):
                builder.extra.append(("earlier_usage",), known)
        builder.merge_usage(usage)

    def _add_feedback(self, feedback: JSON, pointer: str) -> None:
        """Take what the provider says of the prompt; a prompt that it blocks gets no reply."""
        told = _snake_keys(feedback) if isinstance(feedback, dict) else {}
        reason = told.get("block_reason")
        if type(reason) is int and reason in _BLOCK_REASONS:
            reason = told["block_reason"] = _BLOCK_REASONS[reason]
        if not reason:
            self.builder.extra.add(("prompt_feedback",), feedback)
            return
        message = f"the provider blocked the prompt: {told.get('block_reason_message') or reason}"
        self.builder.note_once("blocked-prompt", message, pointer)
        if self.builder.error is None:
            self.builder.error = {"prompt_feedback": told}
        elif self.builder.error != {"prompt_feedback": told}:
            self.builder.extra.add(("prompt_feedback",), told)

    def _add_candidate(self, choice: ChoiceBuilder, candidate: dict[str, JSON], pointer: str) -> None:
        had_ended, said = choice.has_ended, self._add_content(choice, candidate.get("content"), pointer)
        if had_ended and said:
            message = "the reply goes on after its finish reason"
            self.builder.note_once("chunk-after-finish", message, pointer)
            if self._is_of_other:
                self.builder.note_other_reply(pointer)
        reason = candidate.get("finish_reason")
        if type(reason) is int:  # the API with `enum-encoding=int`
            reason = _FINISH_REASONS.get(reason, str(reason)) if reason else None
        if isinstance(reason, str) and reason:
            if choice.finish_reason not in (None, reason):
                self._keep(choice, "earlier_finish_reason", choice.finish_reason)
            choice.finish_reason = reason
        elif reason:
            choice.ended = True
            self._keep(choice, "odd_finish_reason", reason)
        self._keep(choice, "earlier_logprobs", choice.add_logprobs(candidate.get("logprobs_result")))
        self.builder.extra.add_rest(("choices", str(choice.index)), candidate, _CANDIDATE_KEYS)

    def _keep(self, choice: ChoiceBuilder, key: str, value: JSON) -> None:
        self.builder.extra.add(("choices", str(choice.index), key), value)

    def _add_content(self, choice: ChoiceBuilder, content: JSON, pointer: str) -> bool:
        """Add a candidate's content to its choice; true when it says anything beyond the role."""
        if not isinstance(content, dict):
            self._keep(choice, "odd_content", content)
            return not is_nothing(content)
        content = _snake_keys(content)
        role, parts = content.get("role"), content.get("parts")
        if choice.role is None and isinstance(role, str):
            choice.role = role or None
        elif role != choice.role:
            self._keep(choice, "other_roles", role)
        self.builder.extra.add_rest(("choices", str(choice.index), "content"), content, _CONTENT_KEYS)
        said = False
        for position, part in enumerate(parts if isinstance(parts, list) else [parts]):
            if isinstance(part, dict):
                said |= self._add_part(choice, _snake_keys(part), f"{pointer}/content/parts/{position}")
            else:
                self._keep(choice, "odd_parts", part)
        return said

    def _add_part(self, choice: ChoiceBuilder, part: dict[str, JSON], pointer: str) -> bool:
        """Add a part: text, thinking, a call; whatever else it holds is kept, in the order of the parts."""
        text, thought, function = part.get("text"), part.get("thought"), part.get("function_call")
        told = set()
        if isinstance(text, str):
            told = {"text", "thought"} if isinstance(thought, bool) else {"text"}
            if text:
                choice.say("reasoning" if thought is True else "content", text)
        if isinstance(function, dict):
            told.add("function_call")
        rest = {key: value for key, value in part.items() if key not in told and not is_nothing(value)}
        if "inline_data" in rest:
            rest["inline_data"] = _measure_data(rest["inline_data"])
        if isinstance(function, dict):
            self._add_call(choice, _snake_keys(function), rest, pointer)
        elif rest:
            parts = self._parts.setdefault(choice.index, [])
            if rest.keys() - {"thought", "thought_signature"}:
                choice.add_other(("choices", str(choice.index), "parts", str(len(parts))))
            parts.append(rest)
        return bool(text or function or rest)

    def _add_call(
        self, choice: ChoiceBuilder, function: dict[str, JSON], rest: dict[str, JSON], pointer: str
    ) -> None:
        """Add a call. It comes whole; or in pieces, when the request asks for arguments to be streamed."""
        name, call_id = text_or_none(function.get("name")), text_or_none(function.get("id"))
        arguments, pieces = function.get("args"), function.get("partial_args")
        goes_on = function.get("will_continue") is True
        call = self._open.pop(choice.index, None)
        continues = call is not None and name in (None, "", call.name)
        if call is None or not continues:
            if not (name or call_id or arguments or pieces):
                self._keep(choice, "odd_function_calls", {**function, **rest})
                return
            call = CallBuilder(pointer, len(choice.calls))
            choice.add_call(call)
        call.id = call.id or call_id or None
        call.name = call.name or name or None
        if arguments or not (continues or goes_on or pieces):
            call.add_arguments(arguments)
        path = ("choices", str(choice.index), "tool_calls", call.id or str(call.key))
        for piece in pieces if isinstance(pieces, list) else [pieces]:
            self._add_piece(call, piece, path)
        if goes_on:
            self._open[choice.index] = call
        self.builder.extra.add_rest(path, function, _CALL_KEYS)
        self.builder.extra.add_rest(path, rest, ())

    def _add_piece(self, call: CallBuilder, piece: JSON, path: tuple[str, ...]) -> None:
        """Add a piece of a call's arguments: a JSON path, and a value or the next bit of a text."""
        told = _snake_keys(piece) if isinstance(piece, dict) else {}
        values = [None if key == "null_value" else told[key] for key in _VALUES if told.get(key) is not None]
        if not isinstance(told.get("json_path"), str):
            self.builder.extra.add((*path, "odd_partial_args"), piece)
            return
        if values:
            _, pieces = self._pieces.setdefault(call, (path, {}))
            pieces.setdefault(told["json_path"], []).extend(values)
        self.builder.extra.add_rest((*path, "partial_args"), told, _PIECE_KEYS)


def _measure_data(blob: JSON) -> JSON:
    """A blob with the size of its data in place of the data."""
    told = _snake_keys(blob) if isinstance(blob, dict) else {}
    data = decode_base64(told.get("data"))
    if data is None:
        return blob
    return {key: value for key, value in told.items() if key != "data"} | {"size": len(data)}


_REQUEST_KEYS = frozenset({"model", "contents", "system_instruction", "tools"})


def _read_request(asked: dict[str, JSON]) -> Request:
    asked = _snake_keys(asked)
    parameters = {key: value for key, value in asked.items() if key not in _REQUEST_KEYS}
    holders = [asked]
    if isinstance(asked.get("config"), dict):
        config = _snake_keys(asked["config"])
        parameters["config"] = {key: value for key, value in config.items() if key not in _REQUEST_KEYS}
        holders.append(config)
    messages: list[RequestMessage] = []
    for holder in holders:
        system = _read_contents(holder.get("system_instruction"))
        messages += (message._replace(role="system") for message in system)
    return Request(
        model=text_or_none(asked.get("model")),
        messages=(*messages, *_read_contents(asked.get("contents"))),
        tools=tuple(
            offered
            for holder in holders
            for tool in _as_list(holder.get("tools"))
            for offered in _read_tools(tool)
        ),
        parameters=parameters,
    )


def _as_list(value: JSON) -> list[JSON]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _read_contents(contents: JSON) -> Iterator[RequestMessage]:
    """Contents as messages: texts, parts, or objects with parts. Those without a role are the user's."""
    for content in _as_list(contents):
        if not isinstance(content, dict):
            yield RequestMessage("user", content)
            continue
        told = _snake_keys(content)
        yield from _read_content(told if "parts" in told else {"parts": [content]})


def _read_content(content: dict[str, JSON]) -> Iterator[RequestMessage]:
    """A content as a message, after one message for each result of a call that is in it."""
    parts: list[JSON] = []
    calls: list[ToolCall] = []
    leftovers: list[JSON] = []
    results: list[RequestMessage] = []
    for part in _as_list(content.get("parts")):
        told = _snake_keys(part) if isinstance(part, dict) else {}
        call, result = told.get("function_call"), told.get("function_response")
        if isinstance(call, dict):
            name, call_id = text_or_none(call.get("name")), text_or_none(call.get("id"))
            calls.append(ToolCall(call_id, None, name, write_text(call.get("args"))))
            leftovers.append(_leave_out(told, "function_call") | _leave_out(call, "id", "name", "args"))
        elif isinstance(result, dict):
            name, call_id = text_or_none(result.get("name")), text_or_none(result.get("id"))
            rest = _leave_out(told, "function_response") | _leave_out(result, "id", "name", "response")
            results.append(RequestMessage("tool", result.get("response"), (), call_id, name, rest))
        else:
            parts.append(part)
    yield from results
    if parts or calls or not results:
        extra = _leave_out(content, "role", "parts")
        if any(leftovers):
            extra["tool_calls"] = leftovers
        role = text_or_none(content.get("role")) or "user"
        yield RequestMessage(role, _simplify(parts), tuple(calls), extra=extra)


def _leave_out(value: dict[str, JSON], *keys: str) -> dict[str, JSON]:
    return {key: inner for key, inner in value.items() if key not in keys and not is_nothing(inner)}


def _simplify(parts: list[JSON]) -> JSON:
    """Parts as a message's content: none as None, one that is only text as that text."""
    if len(parts) == 1 and isinstance(parts[0], dict):
        told = _leave_out(parts[0])
        if set(told) == {"text"}:
            return told["text"]
    return parts or None


def _read_tools(tool: JSON) -> Iterator[Tool]:
    """The functions that a tool declares, and a tool of its own for each that the provider runs."""
    if not isinstance(tool, dict):
        yield Tool(name=None, extra={"tool": tool})
        return
    for kind, value in _snake_keys(tool).items():
        if kind == "function_declarations":
            yield from map(_read_declaration, _as_list(value))
        elif value is not None:
            yield Tool(name=None, type=kind, extra=value if isinstance(value, dict) else {kind: value})


def _read_declaration(declaration: JSON) -> Tool:
    if not isinstance(declaration, dict):
        return Tool(name=None, extra={"tool": declaration})
    told = _leave_out(_snake_keys(declaration))
    schema = "parameters" if "parameters" in told else "parameters_json_schema"
    return Tool(
        name=text_or_none(told.get("name")),
        description=text_or_none(told.get("description")),
        parameters=told.get(schema),
        extra=_leave_out(told, "name", "description", schema),
    )


def _list_data(value: JSON) -> Iterator[str]:
    """The data of pictures and other media, in either spelling of its key."""
    if isinstance(value, dict):
        for key in ("inline_data", "inlineData"):
            data = value.get(key)
            if isinstance(data, dict) and isinstance(data.get("data"), str):
                yield data["data"]
        value = [*value.values()]
    for item in value if isinstance(value, list) else ():
        yield from _list_data(item)


_REFUSALS = (
    *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION", "SPII", "LANGUAGE", "MODEL_ARMOR"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
)
_ENDINGS = {
    "STOP": Ending.WHOLE,
    "MAX_TOKENS": Ending.CUT_SHORT,
    **dict.fromkeys(_REFUSALS, Ending.REFUSED),
}
_ATTACHMENTS = Attachments(
    media=("parts",), quiet=frozenset({"avg_logprobs", "safety_ratings", "token_count"})
)


def _is_request(path: str, asked: JSON) -> bool:
    return "contents" in asked and path.endswith(_PLACES)


_PLACES = (
    *("enerateContent", ":countTokens"),
    *("/generate_content", "/generate_content_stream"),  # methods of the SDK
)


_FORM = RequestForm(
    messages=("contents",),
    contents=("parts",),
    result_keys=("function_response", "functionResponse"),
    instructions=("system_instruction", "systemInstruction"),
    tools=("tools", "functionDeclarations", "function_declarations"),
    tool_lists=("functionDeclarations", "function_declarations"),
    defaults={
        "generationConfig": {"responseModalities": ["TEXT"]},
        "generationConfig.responseModalities": ["TEXT"],
        "generationConfig.candidateCount": 1,
        "generationConfig.responseMimeType": "text/plain",
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "systemInstruction.role": "user",  # it has no meaning there
        "contents.*.role": "user",
    },
    schemas=("parameters", "parametersJsonSchema", "parameters_json_schema"),
    links=("contents.*.parts.*.functionCall.id", "contents.*.parts.*.functionResponse.id"),
    is_protobuf=True,
    settings=("generationConfig",),
)


_USAGE = UsageKeys(
    ("promptTokenCount", "prompt_token_count"),
    ("candidatesTokenCount", "candidates_token_count"),
    ("thoughtsTokenCount", "thoughts_token_count"),
)

WIRE = Wire(
    NAME,
    by_class("GenerateContentResponse", _is_one, in_events=True),
    _assemble,
    _read_request,
    endings=_ENDINGS,
    attachments=_ATTACHMENTS,
    noise={**GEMINI_NOISE, "avg_logprobs": "numbers that no two runs share"},
    list_data=_list_data,
    recognises_request=_is_request,
    form=_FORM,
    usage=_USAGE,
)
