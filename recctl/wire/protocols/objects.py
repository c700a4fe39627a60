"""Objects that say what they are: files, batches, vector stores, jobs and the like, one or a list of them.

OpenAI and those who follow it say so under `object`, Anthropic under `type`, with the keys that their API
references give each. What such an object is about is told by the facts of its row; all else is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.facts import describe, shorten
from recctl.wire.building.noise import OBJECT_NOISE
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.values import is_nothing
from recctl.wire.building.views import IDENTITY_KEYS, add_object

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "objects"


class _Kind(NamedTuple):
    """What a kind of object is called, and the keys of what a person wants to know of one, in order."""

    name: str
    told: tuple[str, ...]
    plural: str | None = None


_COUNTS = ("total_requests", "succeeded_requests", "completed_requests", "failed_requests")
_BATCH_FILES = (
    "input_file_id",
    "input_files",
    "output_file_id",
    "output_file",
    "error_file_id",
    "error_file",
)
_JOB_FILES = ("training_file", "validation_file", "result_files", "training_files")
_FILE_KEYS = (
    "filename",
    "bytes",
    "size_bytes",
    "mime_type",
    "purpose",
    "status",
    "num_lines",
    "downloadable",
)

_OBJECTS = {
    "agent": _Kind("agent", ("name", "description", "instructions", "tools", "version")),
    "assistant": _Kind("assistant", ("name", "description", "instructions", "tools")),
    "batch": _Kind(
        "batch", ("status", "request_counts", *_COUNTS, "endpoint", "errors", *_BATCH_FILES), "batches"
    ),
    "bucket": _Kind("span of time", ("start_time", "end_time", "results"), "spans of time"),
    "container": _Kind("container", ("name", "status", "expires_after", "last_active_at")),
    "container.file": _Kind("file of a container", ("path", "bytes", "source", "container_id")),
    "conversation": _Kind("conversation", ("name", "description", "metadata")),
    "eval": _Kind("eval", ("name", "data_source_config", "testing_criteria")),
    "eval.run": _Kind("run of an eval", ("name", "status", "result_counts", "report_url", "eval_id")),
    "file": _Kind("file", (*_FILE_KEYS, "status_details", "expires_at")),
    "fine_tuning.job": _Kind(
        "fine-tuning job",
        ("status", "fine_tuned_model", *_JOB_FILES, "trained_tokens", "method", "hyperparameters"),
    ),
    "fine_tuning.job.checkpoint": _Kind(
        "checkpoint of fine-tuning", ("fine_tuned_model_checkpoint", "step_number", "metrics")
    ),
    "fine_tuning.job.event": _Kind("event of fine-tuning", ("level", "message", "data")),
    "job": _Kind("job", ("status", "fine_tuned_model", *_JOB_FILES, "hyperparameters", "job_type")),
    "realtime.session": _Kind("realtime session", ("type", "voice", "modalities", "instructions", "tools")),
    "realtime.transcription_session": _Kind("transcription session", ("modalities", "input_audio_format")),
    "skill": _Kind("skill", ("name", "description", "latest_version", "default_version")),
    "skill.version": _Kind("version of a skill", ("name", "version", "description", "skill_id")),
    "thread": _Kind("thread", ("metadata", "tool_resources")),
    "upload": _Kind("upload", ("filename", "bytes", "purpose", "status", "file")),
    "upload.part": _Kind("part of an upload", ("upload_id",)),
    "vector_store": _Kind("vector store", ("name", "status", "file_counts", "usage_bytes", "last_error")),
    "vector_store.file": _Kind(
        "file of a vector store", ("status", "vector_store_id", "usage_bytes", "last_error", "attributes")
    ),
    "vector_store.file_content": _Kind("text of a file", ("text",)),
    "vector_store.file_batch": _Kind(
        "file batch of a vector store", ("status", "file_counts", "vector_store_id")
    ),
    "video": _Kind("video", ("status", "progress", "prompt", "size", "seconds", "expires_at")),
}
"""By what stands under `object`."""

_OBJECTS["vector_store.files_batch"] = _OBJECTS["vector_store.file_batch"]

_TYPES = {
    "file": _OBJECTS["file"],
    "message_batch": _Kind(
        "batch", ("processing_status", "request_counts", "ended_at", "expires_at", "results_url"), "batches"
    ),
    "skill": _Kind("skill", ("display_title", "latest_version", "source")),
    "skill_version": _Kind("version of a skill", ("name", "version", "description", "directory")),
}
"""By what stands under `type`, where there is an id and no `object`."""

_DELETIONS = ("_deleted", ".deleted")
_PAGES = ("list", "page")
_IN_LIST = 4
"""How many facts are told of each object in a list."""


def _find_kind(item: JSON) -> _Kind | None:
    """What kind an object is of; None for one that says nothing of which there is a row."""
    if not isinstance(item, dict):
        return None
    said = item.get("object")
    row = _OBJECTS.get(said) if isinstance(said, str) else None
    if said is None and isinstance(item.get("id"), str):
        said = item.get("type")
        row = _TYPES.get(said) if isinstance(said, str) else None
    if isinstance(said, str) and isinstance(item.get("id"), str):
        ending = next((each for each in _DELETIONS if said.endswith(each)), "")
        if ending or (item.get("deleted") is True and said != "model"):
            name = said.removesuffix(ending).replace("_", " ").replace(".", " ")
            return _Kind(f"deleted {name}", ("deleted",))
    return row


def _is_one(item: dict[str, JSON]) -> bool:
    listed = item.get("data")
    if isinstance(listed, list) and item.get("object", "list") in _PAGES:
        return _find_kind(listed[0]) is not None if listed else "has_more" in item
    return _find_kind(item) is not None


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    for data, pointer in builder.read(items, numbered=in_list):
        listed, kind = data.get("data"), _find_kind(data)
        if isinstance(listed, list) and kind is None:
            _add_list(builder, data, listed)
        elif kind is None:
            builder.extra.add_rest((), data, FOLDED)
        else:
            add_object(builder, data, kind.name, kind.told, pointer)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _add_list(builder: ReplyBuilder, data: dict[str, JSON], listed: list[JSON]) -> None:
    kinds = [_find_kind(item) for item in listed]
    first = kinds[0] if kinds else None
    plural = first.plural if first and {*kinds} == {first} else None
    name = first.name if first and {*kinds} == {first} else "object"
    builder.kind = show_count(len(listed), name, plural)
    for item, kind in zip(listed, kinds, strict=True):
        if isinstance(item, dict):
            told = kind.told if kind else ()
            values = [describe(item[key], key) for key in told if not is_nothing(item.get(key))]
            builder.add_fact(str(item.get("id") or ""), shorten(", ".join(values[:_IN_LIST])) or "-")
    builder.extra.add(("data",), listed)
    builder.extra.add_rest((), data, IDENTITY_KEYS | {"data"})


WIRE = Wire(
    NAME,
    by_class((), _is_one),
    _assemble,
    read_chat_request,
    shows_streaming=False,
    noise=OBJECT_NOISE,
)
