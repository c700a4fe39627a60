"""Requests that somebody has in a file: as recordings, in parts, or as bodies alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base import strict_json
from recctl.base.errors import RecctlError
from recctl.diff.sent import find_kept
from recctl.input.sources import STDIN, Target, read
from recctl.inventory.query import Query
from recctl.project import Settings
from recctl.recordings.http import find_endpoint
from recctl.recordings.load import load
from recctl.recordings.recording import DEFAULT_FORMAT, JSON, Recording, RequestKind
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from recctl.project import Project

_HINT = 'write {"method": "POST", "url": "https://…", "body": {…}, "test_id": "…"}, or name a recording'


def read_requests(
    project: Project, name: str, *, endpoint: str | None = None, test: str | None = None
) -> list[tuple[Query, Recording]]:
    """The requests in a file (`-` for standard input), each with the recording that it would be of.

    It holds recordings, or one request as a JSON object: with `method`, `url`, `body` and `test_id`, or the
    body alone, which `endpoint` then belongs to: a path or a url. `test` is what sends them.
    Raises RecctlError for what can't be read.
    """
    target = _find_target(project, name)
    source = read(target)
    if isinstance(source, Unread):
        raise RecctlError(f"{source.name}: {source.message}", source.hint)
    items = load(source)
    recordings = [item for item in items if isinstance(item, Recording)]
    if not recordings:
        recordings = [_read_parts(source, endpoint)]
    elif endpoint is not None:
        raise RecctlError("--endpoint is for a body alone", "leave it out: the recording has a url")
    return [(describe_request(recording, test), recording) for recording in recordings]


def _find_target(project: Project, name: str) -> Target:
    if name == STDIN:
        return Target("<stdin>", project.settings_for(None))
    whole, mark, number = name.rpartition("#")
    path = Path.cwd() / name
    if mark and number.isdecimal() and int(number) and not path.exists():
        path = Path.cwd() / whole
        return Target(name, project.settings_for(path), path=path, number=int(number))
    return Target(name, project.settings_for(path), path=path)


def _read_parts(source: Source, endpoint: str | None) -> Recording:
    """A request that is told in parts, or a body alone, as a recording without a reply."""
    try:
        document = strict_json.decode(source.content.decode())
    except (ValueError, RecursionError):
        raise RecctlError(f"{source.name}: holds no recording, and is no JSON", _HINT) from None
    if not isinstance(document, dict):
        raise RecctlError(f"{source.name}: holds no recording, and no object", _HINT)
    if isinstance(document.get("request"), dict):
        document = {"test_id": document.get("test_id"), **document["request"]}
    if "tool_name" in document:
        request = document
    elif any(key in document for key in ("url", "uri", "method")):
        url = document.get("url", document.get("uri"))
        if not isinstance(url, str):
            raise RecctlError(f"{source.name}: the request has no url", _HINT)
        request = _make_request(str(document.get("method", "POST")), url, document)
    elif endpoint is not None:
        request = _make_request("POST", endpoint, {"body": document})
    else:
        raise RecctlError(f"{source.name}: has neither url nor method", "say with --endpoint where it went")
    test_id = document.get("test_id")
    return Recording(source, {"test_id": test_id, "request": request, "response": {}}, as_written=False)


def _make_request(method: str, url: str, parts: dict[str, JSON]) -> dict[str, JSON]:
    body = next((parts[key] for key in ("body", "payload", "json") if key in parts), None)
    model = body.get("model") if isinstance(body, dict) else None
    request = {"method": method.upper(), "url": url, "headers": {}}
    if "payload" in parts:
        return {"test_id": parts.get("test_id"), **request, "payload": body}
    endpoint = parts.get("endpoint", find_endpoint(url))
    return {**request, "body": body, "endpoint": endpoint, "model": parts.get("model", model)}


def describe_request(recording: Recording, test: str | None = None) -> Query:
    """What is known of the request of a recording that is looked for."""
    kept = find_kept(recording)
    is_whole = "://" in kept.url or recording.kind is RequestKind.TOOL or recording.format != DEFAULT_FORMAT
    where = kept.url or recording.endpoint
    query = Query(
        word=f"{kept.method} {where}",
        test=test or recording.test_id,
        method=kept.method,
        model=recording.model if isinstance(recording.model, str) else None,
        body=kept.body,
        has_body=True,
    )
    return replace(query, url=kept.url) if is_whole else replace(query, endpoint=where or None)


def make_recording(query: Query) -> Recording:
    """The recording, without a reply, of a request that is known by its method, its url and its body."""
    request = _make_request(query.method or "POST", query.url or "", {"body": query.body})
    source = Source(query.word, b"", None, Settings())
    document = {"test_id": query.test, "request": request, "response": {}}
    return Recording(source, document, as_written=False)
