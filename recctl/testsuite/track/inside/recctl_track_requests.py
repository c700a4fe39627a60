"""How a request that vcrpy played compares with the one that was kept, for `recctl track`.

Both are looked at as the cassette stores them: where they are not equal as they are, after they have gone
through its serializer and back. What a matcher of the test's own makes equal is told as such.
"""

from __future__ import annotations

import recctl_track

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

originals: dict[str, Any] = {}
"""vcrpy's own `serialize`, `deserialize` and `requests_match`, as they were before anything listened; its
`play_response` as it has been since."""


def compare(cassette: Any, sent: Any, kept: Any) -> dict[str, Any]:
    """What a play's record says of the request: "same", "different" with both sides, or "unseen"."""
    one, other = _read_body(sent), _read_body(kept)
    if one is None and other is None and sent.method in _CARRY_BODIES and not _says_empty(sent):
        return {
            "result": "unseen",
            "reason": "no body was seen (aiohttp's json=, with vcrpy before 9.4, has none)",
        }
    equalised = _compare_headers(sent, kept)
    for name, place in (("method", "/method"), ("uri", "/url")):
        if getattr(sent, name) != getattr(kept, name):  # it was played: a matcher made it equal
            equalised.append(place)
    if one == other or _write_compact(one) == _write_compact(other) is not None:
        return {"result": "same", "equalised": equalised}
    try:
        sent, kept = store(cassette, [sent, kept])
    except Exception as error:
        recctl_track.tell_trouble(f"vcrpy: the serializer failed: {error!r}")
        return {"result": "unseen", "reason": "the cassette's serializer failed on the request"}
    one, other = _read_body(sent), _read_body(kept)
    if one == other or _write_compact(one) == _write_compact(other) is not None:
        return {"result": "same", "equalised": equalised}
    equalised += _find_equalised(cassette, sent, kept)
    sides = {"sent": describe(sent), "kept": describe(kept)}
    return {"result": "different", "equalised": equalised, **sides}


_CARRY_BODIES = ("POST", "PUT", "PATCH")


def _says_empty(request: Any) -> bool:
    """Whether the headers of a request say that it has no body."""
    lengths = [value for name, value in request.headers.items() if _to_text(name).lower() == "content-length"]
    return [*map(_to_text, lengths)] == ["0"]


def _compare_headers(sent: Any, kept: Any) -> list[str]:
    """The headers that differ, as pointers."""
    if _hold_same(sent.headers, kept.headers):
        return []
    ours, theirs = _read_headers(sent), _read_headers(kept)
    if ours == theirs:
        return []
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [f"/headers/{name.replace('~', '~0').replace('/', '~1')}" for name in sorted(names)]


def _hold_same(ours: Any, theirs: Any) -> bool:
    """Whether two of vcrpy's mappings of headers hold the same, which is quick to see; mostly they do."""
    try:
        return bool(ours._store == theirs._store)
    except Exception:
        return False


def _read_headers(request: Any) -> dict[str, str]:
    """The headers by their names in lower case, as vcrpy's own mapping has them: to ask it takes its time."""
    store = getattr(request.headers, "_store", None)
    if type(store) is dict:
        items = [(name, value) for name, (_, value) in store.items()]
    else:
        items = request.headers.items()
    return {
        (name if type(name) is str else _to_text(name)).lower(): value
        if type(value) is str
        else _to_text(value)
        for name, value in items
    }


def _to_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _read_body(request: Any) -> Any:
    """A body as bytes, or whatever else stands for one; None for none. Nothing of the request is used up."""
    body = getattr(request, "_body", None)
    if isinstance(body, list):
        body = b"".join(piece.encode() if isinstance(piece, str) else bytes(piece) for piece in body)
    if isinstance(body, (dict, bytearray)):
        return body if isinstance(body, dict) else bytes(body)
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body


def _parse(body: Any) -> Any:
    """The JSON that a body is. Raises ValueError for one that is none."""
    import json

    if isinstance(body, dict):
        return body
    if not isinstance(body, bytes):
        raise ValueError("no JSON")
    return json.loads(body)


def _write_compact(body: Any) -> str | None:
    """JSON in one way of writing, its keys in their order; None for what is none."""
    import json

    try:
        return json.dumps(_parse(body))
    except (ValueError, TypeError, RecursionError):
        return None


def store(cassette: Any, requests: list[Any]) -> list[Any]:
    """Requests as they come back out of a file of the cassette's. Its serializer may change what it gets."""
    import copy

    requests = copy.deepcopy(requests)
    serializer = cassette._serializer

    def make_replies() -> list[Any]:
        return [
            {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b""}}
            for _ in requests
        ]

    try:
        text = originals["serialize"]({"requests": requests, "responses": make_replies()}, serializer)
        return list(originals["deserialize"](text, serializer)[0])
    except Exception as error:
        try:  # one that its own persister calls, with requests and not with what vcrpy makes of them
            text = serializer.serialize({"requests": requests, "responses": make_replies()})
            return list(serializer.deserialize(text)["requests"])
        except Exception:
            raise error from None


def describe(request: Any) -> dict[str, Any]:
    """A request as notes tell it; of headers the names alone."""
    import base64
    import json

    body = _read_body(request)
    told: dict[str, Any] = {
        "method": str(request.method),
        "url": str(request.uri),
        "headers": sorted({_to_text(name).lower() for name in request.headers}),
        "body": body,
    }
    if isinstance(body, bytes):
        try:
            told["body"] = body.decode("utf-8")
        except UnicodeDecodeError:
            told.update({"body": base64.b64encode(body).decode("ascii"), "base64": True})
    elif body is not None:
        told["body"] = json.dumps(body)
    return told


# --- what the test's own matchers make equal ----------------------------------------------------------------

_BLIND = ("method", "uri", "scheme", "host", "port", "path", "query", "headers")
"""vcrpy's own matchers that see no body."""

_MOST_PROBES = 50
_OTHER = "another value"


def _find_equalised(cassette: Any, sent: Any, kept: Any) -> list[str]:
    """Where in the body the two differ and a matcher, which found them equal, does look.

    It looks there if it finds another value in that place to be a difference.
    """
    import copy
    import json

    matchers = [each for each in cassette._match_on if not _is_blind(each)]
    if not matchers:
        return []

    def sees(body: bytes) -> bool:
        probe = copy.copy(kept)
        probe.body = body
        try:
            return not originals["requests_match"](probe, kept, matchers)
        except Exception:
            return False  # whatever it does there, it does not say that it finds a difference

    try:
        ours, theirs = _parse(_read_body(sent)), _parse(_read_body(kept))
    except ValueError:
        return ["/body"] if sees(b"another body") else []
    found = []
    for number, steps in enumerate(_differ(ours, theirs, ())):
        if number == _MOST_PROBES:
            break
        if sees(json.dumps(_put(theirs, steps)).encode()):
            found.append("/body" + "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in steps))
    return found


def _is_blind(matcher: Any) -> bool:
    name, module = getattr(matcher, "__name__", ""), getattr(matcher, "__module__", "")
    return module == "vcr.matchers" and name in _BLIND


def _differ(one: Any, other: Any, steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The steps to what differs between two values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key in one and key in other:
                yield from _differ(one[key], other[key], (*steps, key))
            else:
                yield (*steps, key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index in range(len(one)):
            yield from _differ(one[index], other[index], (*steps, index))
    elif one != other:
        yield steps


def _put(value: Any, steps: tuple[Any, ...]) -> Any:
    """A value with another one of the same type in some place."""
    if not steps:
        return _make_other(value)
    step, *rest = steps
    copied: Any = list(value) if isinstance(value, list) else dict(value)
    inner = value[step] if isinstance(value, list) else value.get(step)
    copied[step] = _put(inner, tuple(rest))
    return copied


def _make_other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, list):
        return [*value, _OTHER]
    return {**value, _OTHER: _OTHER} if isinstance(value, dict) else _OTHER
