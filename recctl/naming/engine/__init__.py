"""Hash schemes at work: which of the ways to name recordings gives a file its name, and how they do it.

What a scheme is, and which there are, is told in `recctl.project.schemes`.
"""

from recctl.naming.engine.names import (
    Explanation,
    explain,
    find_wanted,
    get_scheme,
    has_lost_test,
    identify,
    list_schemes,
)
from recctl.project.schemes import CURRENT, DRAFTS, RELEASED, SCHEMES, Scheme

__all__ = [
    "CURRENT",
    "DRAFTS",
    "RELEASED",
    "SCHEMES",
    "Explanation",
    "Scheme",
    "explain",
    "find_wanted",
    "get_scheme",
    "has_lost_test",
    "identify",
    "list_schemes",
]
