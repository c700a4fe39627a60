"""Output formats: each is one module, named as `--format` names it, in the folder of what it shows.

A folder's package has what its formats share, and a function `find_renderer` that says what they are given.
A new file in a folder, with a function `render` that takes the same, is a new format: there is no list to add
it to. One that programs read says as what by `READ_AS` ("json", "paths") where its name does not. What begins
with an underscore is no format; `kit`, `changes` and `page` hold what several need.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recctl.base.errors import RecctlError, suggest
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.recordings.source import Unread

DEFAULT = "text"


_View = TypeVar("_View", bound=View)


def extend_view(view: View, kind: type[_View], **more: Any) -> _View:
    """A view of a kind that has more to it, which `more` gives."""
    return kind(**{**vars(view), **more})


def ignore(_unread: Unread) -> None:
    """What is told of a failure that nobody wants to know of."""


def render_whole(
    name: str,
    refuse: Callable[[Unread], object],
    render: Callable[..., Iterable[str]],
    *given: object,
) -> list[str]:
    """The pieces in which something of that name is shown; none, and `refuse` told, where that fails."""
    from recctl.recordings.attempt import attempt
    from recctl.recordings.source import Unread

    pieces = attempt(name, lambda: [*render(*given)])
    if isinstance(pieces, Unread):
        refuse(pieces)
        return []
    return pieces


@cache
def list_formats(kind: str) -> tuple[str, ...]:
    """The formats that show a kind of result, by the name of its folder; the default first."""
    names = (path.stem for path in (Path(__file__).parent / kind).glob("[!_]*.py"))
    return tuple(sorted((name.replace("_", "-") for name in names), key=lambda name: (name != DEFAULT, name)))


def load_renderer(kind: str, name: str) -> Callable[..., Iterator[str]]:
    """What shows a kind of result in a format; it takes the results and a `View`.

    Raises RecctlError where there is no such format.
    """
    formats = list_formats(kind)
    if name not in formats:
        raise RecctlError(f"unknown format {name!r}", suggest(name, [*formats]))
    module = import_module(f"{__name__}.{kind}.{name.replace('-', '_')}")

    def render(results: object, view: View) -> Iterator[str]:
        pieces: Iterator[str] = module.render(results, view)
        if not view.is_log:
            return pieces
        from recctl.render.kit.log import disarm_pieces

        return disarm_pieces(pieces, getattr(module, "READ_AS", name))

    return render
