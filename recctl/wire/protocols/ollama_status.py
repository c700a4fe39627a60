"""What Ollama says of its models: which run (`ps`), which are there (`tags`), how far a `pull` has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Entries, Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.views import add_models, has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "ollama-status"
_CLASSES = (".ProcessResponse", ".ListResponse", ".ProgressResponse")
_STEPS = ("pulling", "verifying", "writing", "removing", "success")
_PROGRESS_KEYS = frozenset({"status", "digest", "total", "completed"})
_PLACED = frozenset({"models", "total", "completed", "error"})


def _recognises(item: JSON) -> bool:
    if isinstance(item, str):
        item = peek(item).data
    if not isinstance(item, dict):
        return False
    if "__type__" in item:
        return "ollama" in str(item["__type__"]) and str(item["__type__"]).endswith(_CLASSES)
    if item == {"models": []} or has_entries(item.get("models"), "digest", "size"):
        return True
    return bool(item) and item.keys() <= _PROGRESS_KEYS and str(item.get("status")).startswith(_STEPS)


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    completed: dict[tuple[str, ...], JSON] = {}
    status = None
    for _, data, pointer in read_events(items, builder, streamed=streamed):
        if data.get("error"):
            builder.fail(data["error"], pointer)
        if isinstance(data.get("models"), list):
            add_models(builder, data["models"], "model", "name")
        else:
            builder.extra.add(("odd_models",), data.get("models"))
        status = data.get("status", status)
        digest = data.get("digest")
        path: tuple[str, ...] = ("layers", digest) if isinstance(digest, str) and digest else ()
        if data.get("completed") is not None:
            completed[path] = data["completed"]
        builder.extra.add((*path, "total"), data.get("total"))
        builder.extra.add_rest((), data, _PLACED | {"digest"} if path else _PLACED)
    for path, last in completed.items():
        builder.extra.add((*path, "completed"), last)
    is_cut_off = streamed and builder.error is None and status not in (None, "success")
    if is_cut_off:
        builder.note("incomplete-stream", "the stream ends before the pull has succeeded: it is cut off")
    completion = builder.build(NAME, streamed=streamed, chunks=len(items), has_choices=False)
    return completion._replace(complete=False) if is_cut_off else completion


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    read_chat_request,
    noise={"size_vram": "how much of a model lay in graphics memory"},
    entries=Entries(derived=("count",)),
)
