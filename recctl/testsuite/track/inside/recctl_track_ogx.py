"""Notes what the recorder of OGX (formerly Llama Stack) plays and misses, for `recctl track`.

Its `api_recorder` (before October 2025 `inference_recorder`) makes a hash of a request and looks for the file
that is named after it: `ResponseStorage.find_recording`, or for lists of models `_model_list_responses`. What
was sent is what it was told to make a hash of. Requests to tools have no URL: theirs is the tool's name.
"""

from __future__ import annotations

import functools
import inspect
from _thread import _local
from hashlib import sha256

import recctl_track

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_RECORDER = "ogx"
_HASHES = (
    "normalize_request",
    "normalize_inference_request",
    "normalize_http_request",
    "normalize_tool_request",
)
_LOOKS = ("find_recording", "_model_list_responses")
_thread = _local()


class _Sent:
    """A request of which a hash was made: it as the recorder has it, and the function that made the hash."""

    def __init__(self, make: Callable[..., Any], told: dict[str, Any], name: str) -> None:
        self.make, self.told, self.name = make, told, name


def listen(module: Any) -> None:
    """Listen to the recorder, which has been loaded. Raises AttributeError where it is another one."""
    storage = module.ResponseStorage
    _ = storage.find_recording
    for name in _HASHES:
        if hasattr(module, name):
            setattr(module, name, _wrap_hash(getattr(module, name)))
    for name in _LOOKS:
        if hasattr(storage, name):
            setattr(storage, name, _wrap_look(getattr(storage, name), module))
    recctl_track.write({"event": "listen", "recorder": _RECORDER})


def _wrap_hash(make: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(make)

    @functools.wraps(make)
    def make_and_keep(*arguments: Any, **named: Any) -> Any:
        name = make(*arguments, **named)
        try:
            _thread.sent = _Sent(make, dict(signature.bind(*arguments, **named).arguments), name)
        except Exception as error:
            recctl_track.tell_trouble(f"ogx: a request was not understood: {error!r}")
        return name

    return make_and_keep


def _wrap_look(look: Callable[..., Any], module: Any) -> Callable[..., Any]:
    @functools.wraps(look)
    def look_and_note(self: Any, *arguments: Any, **named: Any) -> Any:
        opened: list[str] = []
        gathered = recctl_track.gather_opened(opened)
        try:
            found = look(self, *arguments, **named)
        finally:
            recctl_track.gather_opened(gathered)
        try:
            (name,) = (*arguments, *named.values())
            _note(found, str(name), opened, module)
        except Exception as error:
            recctl_track.tell_trouble(f"ogx: what was looked up is not known: {error!r}")
        return found

    return look_and_note


def _note(found: Any, name: str, opened: list[str], module: Any) -> None:
    sent: _Sent | None = getattr(_thread, "sent", None)
    if sent is not None and not sent.name.startswith(name):
        sent = None
    test = recctl_track.get_test() or _find_test(module)
    recordings = found if isinstance(found, list) else [found] if found else []
    files = list(dict.fromkeys(opened))
    if len(files) == len(recordings):
        for path, recording in zip(files, recordings):  # noqa: B905  (Python 3.8 has no `strict`)
            _note_play(path, recording, sent, test)
    else:
        recctl_track.tell_trouble("ogx: which file was looked up is not known")
    if recordings or not _is_replaying(module):  # what is not found is recorded then
        return
    if sent is None:
        recctl_track.tell_trouble("ogx: a request was missed that is not known")
        return
    record = {"event": "miss", "miss": recctl_track.count(), "test": test, "cassette": None}
    recctl_track.write({**record, "sent": _describe(sent.told), "recorder": _RECORDER})


def _is_replaying(module: Any) -> bool:
    mode = getattr(module, "_current_mode", None)
    return str(getattr(mode, "value", mode)) == "replay"


def _note_play(path: str, recording: Any, sent: _Sent | None, test: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123  (pathlib need not be there)
        digest = sha256(file.read()).hexdigest()
    load = recctl_track.write_load(path, digest, 1)
    told: dict[str, object] = {"result": "unseen", "reason": "what was sent is not known"}
    if sent is not None:
        try:
            told = _compare(sent, recording["request"])
        except Exception as error:
            told["reason"] = f"what was sent can't be compared: {error!r}"
    recctl_track.write({"event": "play", "load": load, "index": 0, "test": test, **told})


def _find_test(module: Any) -> str:
    """The test for which the recorder works, which a server below the tests is told with each request."""
    find = getattr(module, "get_test_context", None)
    test = find() if find is not None else None
    return test if isinstance(test, str) else ""


def _compare(sent: _Sent, request: dict[str, Any]) -> dict[str, object]:
    """How a request is other than the one in the file. What does not change the hash counts as equal."""
    kept = {key: request[key] for key in sent.told if key in request}
    if "provider_name" in sent.told:
        kept["provider_name"] = request["provider"]
    if "headers" in sent.told:
        kept["headers"] = {}
    ours, theirs = _describe(sent.told), _describe(kept)
    other = [key for key in ("method", "url", "body") if ours[key] != theirs[key]]
    if not other:
        return {"result": "same"}
    is_equal = sent.make(**kept) == sent.name
    equalised = [f"/{key}" for key in other] if is_equal else []
    return {"result": "different", "sent": ours, "kept": theirs, "equalised": equalised}


def _describe(told: dict[str, Any]) -> dict[str, object]:
    """A request as notes tell it. Nothing is known of its headers: the recorder keeps none."""
    import json

    body = next(told[key] for key in ("body", "payload", "kwargs") if key in told)
    url = told["url"] if "url" in told else f"{told['provider_name']}.{told['tool_name']}"
    method = str(told.get("method", "POST")).upper()
    return {"method": method, "url": str(url), "headers": [], "body": json.dumps(body, sort_keys=True)}
