"""Hash functions without OpenSSL, which takes longer to load than all hashes of a small file.

Python has its own beside it: BLAKE2b, which `hashlib` gives in any case, and a slower SHA-256.
"""

from __future__ import annotations

import sys
from importlib import import_module

try:
    from _blake2 import blake2b
except ImportError:  # a Python that lacks its own
    from hashlib import blake2b

__all__ = ["blake2b", "sha256"]

_LARGE = 1 << 13
"""From how many bytes on OpenSSL is worth being loaded: there will be more of such texts."""

_OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    if len(content) < _LARGE and "hashlib" not in sys.modules:
        try:
            return str(import_module(_OWN).sha256(content).hexdigest())
        except ImportError:  # as above
            pass
    from hashlib import sha256 as hash_any

    return hash_any(content).hexdigest()
