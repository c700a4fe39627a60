"""An HTTP exchange as the document that rules, renderers and comparisons read, whatever file it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recctl.base.values import NamedTuple
from recctl.recordings.bodies import read_body

if TYPE_CHECKING:
    from recctl.recordings.compression import Room
    from recctl.recordings.recording import JSON


class HttpMessage(NamedTuple):
    """A request's or a reply's headers (JSON) and body as a file stores them; the body may be bytes."""

    headers: JSON
    body: Any


@dataclass(frozen=True)
class SentRequest:
    """A request as its recorder would store it.

    `headers` are names alone. `body` is JSON where it can be read as such, else text, and None where there is
    none.
    """

    method: str
    url: str
    headers: tuple[str, ...] = ()
    body: JSON = None


def make_document(
    method: str, url: str, request: HttpMessage, status: JSON, response: HttpMessage, *, room: Room
) -> dict[str, JSON]:
    """The document of an exchange; its bodies are decoded, and inflated as far as there is room.

    Of what is not as HTTP has it, such as headers that are a list, all is kept as it is stored.
    """
    asked, reply = (
        read_body(
            message.body,
            find_header(message.headers, "content-type"),
            room,
            find_header(message.headers, "content-encoding"),
        )
        for message in (request, response)
    )
    endpoint = find_endpoint(url)
    streams_json = isinstance(reply.value, list) and endpoint.endswith(_STREAMED_JSON)
    return {
        "request": {
            "method": method,
            "url": url,
            "headers": request.headers,
            "body": asked.value,
            "endpoint": endpoint,
            "model": _find_model(asked.value, endpoint),
        },
        "response": {
            "status": status,
            "headers": response.headers,
            "body": reply.value,
            "is_streaming": reply.is_streaming or streams_json,
        },
    }


_STREAMED_JSON = ":streamGenerateContent"
"""How the path of a request ends whose reply is sent piece by piece and is one JSON array in the end."""


def find_endpoint(url: str) -> str:
    """The path of a URL."""
    from urllib.parse import urlsplit  # which a walk needs not

    try:
        return urlsplit(url).path
    except ValueError:
        return url


def _find_model(asked: JSON, endpoint: str) -> str | None:
    """The model that a request asks: by its body, or by its path where the protocol has it there."""
    for key in ("model", "modelId"):
        model = asked.get(key) if isinstance(asked, dict) else None
        if isinstance(model, str):
            return model
    found = re.search(_MODEL_IN_PATH, endpoint)
    if found is None:
        return None
    from urllib.parse import unquote

    return unquote(found[1] or found[2] or found[3])


_MODEL_IN_PATH = (  # compiled where no body names a model
    r"/models/([^/:]+):[A-Za-z]+\Z"  # Gemini, Vertex AI
    r"|/model/([^/]+)/(?:invoke|converse)[a-z-]*\Z"  # Bedrock
    r"|/deployments/([^/]+)/"  # Azure
)


def find_header(headers: JSON, name: str) -> str:
    """The first value of a header, whatever the case of its name; "" where there is none."""
    for key, value in headers.items() if isinstance(headers, dict) else ():
        if key.lower() == name:
            first = value[0] if isinstance(value, list) and value else value
            return first if isinstance(first, str) else ""
    return ""
