"""Requests that are forms: their fields as parameters, files by name and size, secrets by their length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.wire.building.secrets import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON

_FIELD = re.compile(r"[\w.\[\]%+-]+=[^&\s]*(?:&[\w.\[\]%+-]+=[^&\s]*)*\s*\Z")
_BOUNDARY = re.compile(r"--([^\r\n]{1,200})\r?\n(?=Content-)", re.IGNORECASE)
_NAME = re.compile(r'\bname="?([^";\r\n]*)"?', re.IGNORECASE)
_FILE = re.compile(r'\bfilename="?([^";\r\n]*)"?', re.IGNORECASE)
_LONGEST = 200


def read_form(text: str) -> dict[str, JSON]:
    """The fields of a form, of either kind that HTML has; empty for any other text."""
    if _FIELD.match(text):
        from urllib.parse import parse_qsl

        return hide_secrets(_gather(parse_qsl(text.strip(), keep_blank_values=True)))
    boundary = _BOUNDARY.match(text)
    return {} if boundary is None else hide_secrets(_gather(_list_parts(text, boundary[1])))


def _gather(fields: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, JSON]:
    """Fields by their names; of one that is there several times, the list of its values."""
    gathered: dict[str, list[JSON]] = {}
    for name, value in fields:
        gathered.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in gathered.items()}


def _list_parts(text: str, boundary: str) -> Iterator[tuple[str, str]]:
    for part in text.split(f"--{boundary}"):
        head, _, body = part.replace("\r\n", "\n").strip("\n").partition("\n\n")
        name, file = _NAME.search(head), _FILE.search(head)
        if name is None:
            continue
        if file is not None or len(body) > _LONGEST:
            size = show_size(len(body.encode("utf-8", "surrogatepass")))
            yield name[1], f"{file[1] if file else 'a text'}, {size}"
        else:
            yield name[1], body
