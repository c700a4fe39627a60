"""How cassetter's files are told from vcrpy's, which begin alike and lie in the same folders."""

from __future__ import annotations

import re

CALLS = ("grpc_interactions", "ws_interactions")
"""The keys under which a file has what was not sent over HTTP."""


def is_typed(head: bytes) -> bool:
    """Whether a file's beginning has a body that says what it is, or what was not sent over HTTP."""
    return re.search(_TYPED, head, re.MULTILINE) is not None


_TYPED = (
    rb"^ +body:[ \t]*\n +type: (?:none|(?:json|text|binary)\n +content:)"
    rb"|^(?:grpc|ws)_interactions:"
)
