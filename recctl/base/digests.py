"""Hash functions without OpenSSL, which takes longer to load than all hashes of a small file.

Python has its own beside it: BLAKE2b, which `hashlib` gives in any case, and a slower SHA-256.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

try:
    from _blake2 import blake2b
except ImportError:  # a Python that lacks its own
    from hashlib import blake2b

__all__ = ["blake2b", "sha256"]

_LARGE = 1 << 13
"""From how many bytes on OpenSSL is worth being loaded: there will be more of such texts."""

_MUCH = 1 << 17
"""So is it after that many bytes: of so many texts there will be more, too."""

_hashed = 0

_OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    global _hashed  # noqa: PLW0603  (what a process has hashed has no other place)
    own = _load_own() if _hashed < _MUCH and len(content) < _LARGE and "hashlib" not in sys.modules else None
    if own is not None:
        _hashed += len(content)
        return str(own(content).hexdigest())
    from hashlib import sha256 as hash_any

    return hash_any(content).hexdigest()


@cache
def _load_own() -> Callable[[bytes], Any] | None:
    """Python's own SHA-256; None in a Python that lacks it."""
    try:
        return import_module(_OWN).sha256  # type: ignore[no-any-return]
    except ImportError:
        return None
