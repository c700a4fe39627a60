"""What is secret by its name, told by its length: in what login endpoints reply, and are asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from recctl.recordings.recording import JSON

_NAMES = re.compile(
    r"(?:.*[_.-])?(?:token|secret|password|passwd|assertion|api_?key|private_key|client_assertion|code|"
    r"code_verifier|signature)|.*(?:Token|Secret|Password|ApiKey|AccessKey|Assertion)",
)
_HARMLESS = frozenset(
    {"token_type", "subject_token_type", "requested_token_type", "status_code", "error_code"}
)
_MASKED = re.compile(
    r"<[^<>]*>|\[[A-Z_ ]+\]|(.)\1*|not_supported"
    r"|.*(?:redacted|scrubbed|filtered|masked|\*\*\*|placeholder).*",
    re.IGNORECASE | re.DOTALL,
)


_DEEPEST = 32


def hide_secrets(data: dict[str, JSON], keys: Collection[str] = (), depth: int = 0) -> dict[str, JSON]:
    """An object with its secrets told by their length: what stands under `keys`, or under a secret's name.

    What a recorder has put in a secret's place is shown.
    """
    return {key: _hide(key, value, keys, depth + 1) for key, value in data.items()}


def _hide(key: str, value: JSON, keys: Collection[str], depth: int) -> JSON:
    if isinstance(value, dict) and depth < _DEEPEST:
        return hide_secrets(value, (), depth)
    if isinstance(value, list) and depth < _DEEPEST:
        return [_hide(key, item, keys, depth + 1) for item in value]
    is_secret = key in keys or (key not in _HARMLESS and _NAMES.fullmatch(key) is not None)
    if not (is_secret and isinstance(value, str) and value) or _MASKED.fullmatch(value):
        return value
    return f"[a secret of {len(value):,} characters]"
