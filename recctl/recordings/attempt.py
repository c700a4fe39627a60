"""A boundary around the work on one file: what recctl gets wrong about it stops no work on others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from recctl.base.errors import InterruptError, RecctlError
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

REPORT_HINT = "please report it; RECCTL_DEBUG=1 shows where it happened"
"""What to do about an error of recctl's own."""


def attempt(name: str, function: Callable[..., _Result], *given: object) -> _Result | Unread:
    """What a function gives for what it is given or, where recctl itself fails in it, an `Unread` of `name`.

    What the user can put right (RecctlError) and Ctrl-C are raised as ever; with RECCTL_DEBUG in the
    environment, everything is.
    """
    try:
        return function(*given)
    except (RecctlError, InterruptError):
        raise
    except Exception as error:
        if os.environ.get("RECCTL_DEBUG"):
            raise
        return Unread(name, f"recctl itself failed on it: {locate_error(error)}", REPORT_HINT, failed=True)


def locate_error(error: Exception) -> str:
    """The kind of an error, and the last line of recctl on the way to it; no word of what was looked at."""
    package, place = Path(__file__).parents[1], ""
    step = error.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if path.is_relative_to(package):
            place = f" at {path.relative_to(package.parent).as_posix()}:{step.tb_lineno}"
        step = step.tb_next
    return f"{type(error).__name__}{place}"
