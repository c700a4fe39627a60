"""Hash schemes at work: which of the ways to name recordings gives a file its name, and how they do it.

What a scheme is, and which there are, is told in `recctl.hashing`.
"""

from recctl.hashing import CURRENT, DRAFTS, RELEASED, SCHEMES, Identity, Scheme
from recctl.schemes.names import (
    Explanation,
    explain,
    explain_name,
    find_held,
    get_scheme,
    has_lost_test,
    identify,
    list_schemes,
)

__all__ = [
    "CURRENT",
    "DRAFTS",
    "RELEASED",
    "SCHEMES",
    "Explanation",
    "Identity",
    "Scheme",
    "explain",
    "explain_name",
    "find_held",
    "get_scheme",
    "has_lost_test",
    "identify",
    "list_schemes",
]
