"""Replies in cassettes that say that they are compressed, and are not.

As vcrpy 9.4 was seen to play them: httpx 0.28 gets the stored body and headers, decompresses by these (gzip
and deflate; others with libraries that may not be there) and fails. requests, urllib3 (and so botocore) and
aiohttp take the body as it is.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from recctl.base.pointer import join_pointer
from recctl.recordings.compression import GZIP
from recctl.recordings.formats import Defect
from recctl.recordings.http import find_header

if TYPE_CHECKING:
    from recctl.base.yaml_text import YAML


def find_mismatch(request: dict[str, YAML], response: dict[str, YAML]) -> Defect | None:
    """What is wrong with what a reply says of its compression, as both are stored, if httpx fails on it.

    None as well where the request comes from a client that does not care, or a project's own serializer has
    parsed the body.
    """
    headers: dict[str, YAML] = response.get("headers") or {}
    encoding = find_header(headers, _HEADER).strip().lower()
    body = response.get("body")
    stored = body.get("string") if isinstance(body, dict) else body
    if encoding not in _KNOWN or not isinstance(stored, (str, bytes)) or "parsed_body" in response:
        return None
    data = stored.encode("utf-8", "replace") if isinstance(stored, str) else stored
    if not data or _OTHER_CLIENT.match(find_header(request.get("headers"), "user-agent")):
        return None
    if data.startswith(GZIP) if encoding == "gzip" else _is_deflated(data):
        return None
    name = next(key for key in headers if key.lower() == _HEADER)
    message = f"the reply is not {encoding}, as its header says: httpx can't read it"
    pointer = join_pointer(("response", "headers", name))
    return Defect("encoding-mismatch", message, "delete the header, or record it again", pointer)


_HEADER = "content-encoding"
_KNOWN = ("gzip", "deflate")
_OTHER_CLIENT = re.compile("python-requests|python-urllib3|boto|.*aiohttp", re.IGNORECASE)


def _is_deflated(data: bytes) -> bool:
    """Whether data may be what HTTP calls deflate, with or without zlib's header."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            zlib.decompressobj(window).decompress(data, _ENOUGH)
        except zlib.error:
            continue
        return True
    return False


_ENOUGH = 4096
"""How many bytes of what was compressed prove that it was."""
