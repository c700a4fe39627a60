"""recctl: look after recorded LLM API traffic that is kept in git.

For programs: `load` gives the recordings of a file, `assemble` what the model said in one.
"""

from __future__ import annotations

from recctl.base import __version__

TYPE_CHECKING = False  # as type checkers take it, without what it takes to load typing

if TYPE_CHECKING:
    from recctl.library import Completion, RecctlError, Recording, assemble, load

__all__ = ["Completion", "RecctlError", "Recording", "__version__", "assemble", "load"]


def __getattr__(name: str) -> object:
    """What programs import is loaded when they do: the command line starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from recctl import library

    return getattr(library, name)
