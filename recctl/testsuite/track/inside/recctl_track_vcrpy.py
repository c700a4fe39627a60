"""Notes what vcrpy (from 5 on) loads, plays and misses, for `recctl track`.

It listens to vcrpy's own calls: no filter is run a second time, nothing is changed that vcrpy or a test sees,
and what goes wrong here is told and raises nothing.
"""

from __future__ import annotations

import functools
import os
import sys
from _thread import _local
from hashlib import sha256
from weakref import WeakKeyDictionary

import recctl_track
from recctl_track_requests import compare, describe, originals, store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_RECORDER = "vcrpy"
_thread = _local()
_loaded: WeakKeyDictionary[Any, _Loading] = WeakKeyDictionary()


def listen(module: Any) -> None:
    """Listen to a module of vcrpy's that has been loaded."""
    {
        "vcr.serialize": _listen_to_serialize,
        "vcr.cassette": _listen_to_cassette,
        "vcr.errors": _listen_to_errors,
    }[module.__name__](module)


def _guard(function: Callable[..., None], *arguments: Any) -> None:
    """Call something of ours; whatever it raises is told."""
    try:
        function(*arguments)
    except Exception as error:
        recctl_track.tell_trouble(f"vcrpy: {function.__name__.strip('_')} failed: {error!r}")


# --- loads --------------------------------------------------------------------------------------------------


class _Loading:
    """A cassette that is being loaded.

    `sources` tells, by the identity of requests and replies, which exchange of which load they are; `kept`
    holds these so that no identity is taken twice. `origins` tells the same by the place in the cassette, of
    which `size` have come out of files; `stored` are the requests there. `test` is the one that loaded it.
    `is_numbered` says that no text was seen, and which exchange is which goes by their order.
    """

    def __init__(self, cassette: Any) -> None:
        self.cassette = cassette
        self.opened: list[str] = []
        self.sources: dict[int, tuple[int, int]] = {}
        self.kept: list[Any] = []
        self.origins: dict[int, tuple[int, int]] = {}
        self.stored: dict[int, Any] = {}
        self.test = recctl_track.get_test()
        self.is_numbered = False
        self.handed_out = 0
        self.current: tuple[int, int] | None = None
        self.is_taken = False
        self.size = 0

    def find_origin(self, position: int, request: Any) -> tuple[int, int] | None:
        """Which exchange of which load a request of the cassette is; its place may have changed since."""
        if self.stored.get(position) is not request:
            places = [place for place, stored in self.stored.items() if stored is request]
            position = places[0] if len(places) == 1 else -1
        return self.origins.get(position)


def _listen_to_serialize(module: Any) -> None:
    deserialize = module.deserialize

    @functools.wraps(deserialize)
    def deserialize_and_note(*arguments: Any, **options: Any) -> Any:
        result = deserialize(*arguments, **options)
        loading = getattr(_thread, "loading", None)
        if loading is not None:
            text = arguments[0] if arguments else options.get("cassette_string")
            _guard(_note_load, loading, text, result)
        return result

    originals["serialize"], originals["deserialize"] = module.serialize, deserialize
    module.deserialize = deserialize_and_note
    for name in ("vcr.persisters.filesystem", "pytest_recording._vcr"):  # which have it by name
        other = sys.modules.get(name)
        if other is not None and getattr(other, "deserialize", None) is deserialize:
            other.deserialize = deserialize_and_note  # type: ignore[attr-defined]


def _note_load(loading: _Loading, text: Any, result: Any) -> None:
    """Note that the file that was opened last was loaded, and which exchange of it each request is."""
    requests, responses = result[0], result[1]
    if not loading.opened:
        recctl_track.tell_trouble("vcrpy: a cassette was loaded of which no file was opened")
        return
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    number = recctl_track.write_load(loading.opened[-1], sha256(data).hexdigest(), len(requests))
    loading.kept.append(result)
    for index, request in enumerate(requests):
        for value in (request, *responses[index : index + 1]):
            loading.sources[id(value)] = (number, index)


def _listen_to_cassette(module: Any) -> None:
    """All of it, or nothing: where a part is lacking, AttributeError is raised before any is replaced."""
    cassette = module.Cassette
    parts = [
        (module, "requests_match", _wrap_match),
        (cassette, "_load", _wrap_load),
        (cassette, "append", _wrap_append),
        (cassette, "play_response", _wrap_play),
        (cassette, "filter_request", _wrap_filter),
        (cassette, "responses_of", _wrap_responses_of),
        (cassette, "_save", _wrap_save),
    ]
    if hasattr(module, "_run_hooks"):
        parts.append((module, "_run_hooks", _wrap_hooks))
    originals["requests_match"] = module.requests_match
    for owner, name, replacement in [
        (owner, name, wrap(getattr(owner, name))) for owner, name, wrap in parts
    ]:
        setattr(owner, name, replacement)
    originals["play_response"] = cassette.play_response
    recctl_track.write({"event": "listen", "recorder": _RECORDER})


def _wrap_load(load: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(load)
    def load_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        outer = getattr(_thread, "loading", None)
        loading = _Loading(self)
        _thread.loading = loading
        gathered = recctl_track.gather_opened(loading.opened)
        try:
            return load(self, *arguments, **options)
        finally:
            _thread.loading = outer
            recctl_track.gather_opened(gathered)
            _guard(_end_load, self, loading)

    return load_and_note


def _end_load(cassette: Any, loading: _Loading) -> None:
    """Keep what is known of a cassette's exchanges; where no text was seen, as far as its one file tells."""
    _loaded[cassette] = loading
    loading.size = len(cassette.data)
    if loading.handed_out and not loading.kept:
        origins, loading.origins = loading.origins, {}
        files = sorted(set(loading.opened))
        if len(files) == 1:
            number = recctl_track.write_load(files[0], None, loading.handed_out)
            loading.origins = {position: (number, index) for position, (_, index) in origins.items()}
            loading.is_numbered = True
    if not _is_played_by_vcrpy(cassette):
        _note_doubt(cassette, "it was played in a way of its own")
    if getattr(cassette.record_mode, "value", cassette.record_mode) == "all":
        _note_doubt(cassette, "what is recorded again is not played")
    loading.cassette, loading.sources, loading.kept = None, {}, []  # so that a cassette can go


def _wrap_hooks(run: Callable[..., Any]) -> Callable[..., Any]:
    """vcrpy 9 calls this for each exchange of a file, in order, and may get others, or none, from it."""

    @functools.wraps(run)
    def run_and_note(*arguments: Any, **options: Any) -> Any:
        loading = getattr(_thread, "loading", None)
        if loading is not None:
            _guard(_take_next, loading, *arguments[1:3])
            loading.is_taken = True
        return run(*arguments, **options)

    return run_and_note


def _wrap_append(append: Callable[..., Any]) -> Callable[..., Any]:
    """Called for each exchange of a file, in order; also for those that this run records."""

    @functools.wraps(append)
    def append_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        loading = getattr(_thread, "loading", None)
        if loading is None or loading.cassette is not self:
            return append(self, *arguments, **options)
        if not loading.is_taken:
            _guard(_take_next, loading, *arguments)
        loading.is_taken = False
        position = _measure(self)
        result = append(self, *arguments, **options)
        if loading.current is not None and _measure(self) == position + 1:
            loading.origins[position] = loading.current
            loading.stored[position] = self.data[position][0]
        return result

    return append_and_note


def _measure(cassette: Any) -> int:
    return len(getattr(cassette, "data", ()))


def _take_next(loading: _Loading, request: Any, response: Any) -> None:
    """Find out which exchange of which load it is that a persister has handed out next."""
    loading.current = _find_source(loading, request, response)
    loading.handed_out += 1


def _find_source(loading: _Loading, request: Any, response: Any) -> tuple[int, int] | None:
    if not loading.kept:  # no text was seen: they are in the order of the file, whichever that is
        return (0, loading.handed_out)
    return loading.sources.get(id(request)) or loading.sources.get(id(response))


# --- plays --------------------------------------------------------------------------------------------------


class _Playing:
    """A request for which vcrpy looks for an exchange: it as filtered, the last one it was held against."""

    def __init__(self) -> None:
        self.sent: Any = None
        self.stored: Any = None
        self.position = -1


def _wrap_match(match: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(match)
    def match_and_note(*arguments: Any, **options: Any) -> Any:
        playing = getattr(_thread, "playing", None)
        if playing is not None:
            playing.sent, playing.stored = arguments[:2] if len(arguments) > 1 else (None, None)
            playing.position += 1
        return match(*arguments, **options)

    return match_and_note


def _wrap_play(play: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(play)
    def play_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        outer = getattr(_thread, "playing", None)
        playing = _thread.playing = _Playing()
        try:
            response = play(self, *arguments, **options)
        finally:
            _thread.playing = outer
        _guard(_note_play, self, playing)
        return response

    return play_and_note


def _note_play(cassette: Any, playing: _Playing) -> None:
    loading, position = _loaded.get(cassette), playing.position
    if loading is None:  # it is a copy, or was made by hand
        _note_doubt(cassette, "which recording of the file was played is not known")
        return
    is_found = 0 <= position < len(cassette.data) and cassette.data[position][0] is playing.stored
    origin = loading.find_origin(position, playing.stored) if is_found else None
    if origin is None:
        if loading.size and not (is_found and position >= loading.size):  # else it was recorded in this run
            _note_doubt(cassette, "which recording of the file was played is not known")
        return
    record = {"event": "play", "test": recctl_track.get_test(), "load": origin[0], "index": origin[1]}
    recctl_track.repeat_load(origin[0])
    try:
        record.update(compare(cassette, playing.sent, playing.stored))
        if loading.is_numbered:
            record.setdefault("kept", describe(playing.stored))
    except Exception as error:
        reason = "what was sent can't be compared"
        recctl_track.tell_trouble(f"vcrpy: {reason}: {error!r}")
        record.update({"result": "unseen", "reason": reason})
    recctl_track.write(record)


def _find_path(cassette: Any) -> str | None:
    path = getattr(cassette, "_path", None)
    return os.path.abspath(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else None  # noqa: PTH100


# --- what may have been played unheard ----------------------------------------------------------------------


def _is_played_by_vcrpy(cassette: Any) -> bool:
    """Whether a cassette is played by the function that is listened to."""
    return getattr(getattr(cassette, "play_response", None), "__func__", None) is originals["play_response"]


def _note_doubt(cassette: Any, reason: str) -> None:
    """Note that some recording of a cassette's files may have been played, and it is not known which."""
    loading = _loaded.get(cassette)
    files = loading.opened if loading is not None and loading.opened else [_find_path(cassette)]
    for path in sorted({path for path in files if path is not None}):
        told = {"path": path, "load": None, "index": None, "result": "unseen", "reason": reason}
        recctl_track.write({"event": "play", "test": recctl_track.get_test(), **told})


def _wrap_save(save: Callable[..., Any]) -> Callable[..., Any]:
    """Called when a cassette is no longer used. One that other tests had, too, is theirs as well."""

    @functools.wraps(save)
    def save_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        _guard(_end_use, self)
        return save(self, *arguments, **options)

    return save_and_note


def _end_use(cassette: Any) -> None:
    loading = _loaded.get(cassette)
    if loading is None or not loading.size:
        return
    if loading.test != recctl_track.get_test():
        _note_doubt(cassette, "the cassette was open for several tests")
    if not _is_played_by_vcrpy(cassette):
        _note_doubt(cassette, "it was played in a way of its own")


def _wrap_responses_of(find: Callable[..., Any]) -> Callable[..., Any]:
    """Not called by vcrpy itself: a test asks for what is kept, and plays nothing."""

    @functools.wraps(find)
    def find_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        _guard(_note_doubt, self, "a test took recordings out of the cassette without playing them")
        return find(self, *arguments, **options)

    return find_and_note


# --- misses -------------------------------------------------------------------------------------------------


def _wrap_filter(apply: Callable[..., Any]) -> Callable[..., Any]:
    """vcrpy asks this of a request that it can't play, once it is not to record: what is left is a miss."""

    @functools.wraps(apply)
    def filter_and_note(self: Any, *arguments: Any, **options: Any) -> Any:
        result = apply(self, *arguments, **options)
        if result:
            _guard(_note_miss, self, result)
        return result

    return filter_and_note


def _note_miss(cassette: Any, request: Any) -> None:
    if not cassette.write_protected:
        return
    try:
        (stored,) = store(cassette, [request])
    except Exception:
        stored = request
    number = recctl_track.count()
    _thread.missed = (cassette, number)
    recctl_track.write(
        {
            "event": "miss",
            "miss": number,
            "test": recctl_track.get_test(),
            "cassette": _find_path(cassette),
            "sent": describe(stored),
            "recorder": _RECORDER,
        }
    )


def _listen_to_errors(module: Any) -> None:
    error = module.CannotOverwriteExistingCassetteException
    begin = error.__init__

    @functools.wraps(begin)
    def begin_and_note(self: Any, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        _guard(_note_reason, self, options.get("cassette"))

    error.__init__ = begin_and_note


def _note_reason(error: Any, cassette: Any) -> None:
    """Note vcrpy's own word for why the last request was missed; it has one from 9 on."""
    missed, reason = getattr(_thread, "missed", (None, 0)), getattr(error, "reason", None)
    if missed[0] is cassette and isinstance(reason, str):
        recctl_track.write({"event": "reason", "miss": missed[1], "reason": reason})
    _thread.missed = (None, 0)
