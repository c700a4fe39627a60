"""What a command says: results to standard output or a file, everything else to standard error."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError, describe_os_error
from recctl.cli.pager import write_to_pager
from recctl.input.sources import STDIN
from recctl.recordings.source import Unread
from recctl.render.kit.log import make_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from recctl.input.sources import Target
    from recctl.project import Project
    from recctl.recordings.recording import LoadError


def write_output(pieces: Iterable[str], output: str | None, *, page: bool = False) -> None:
    """Write results to a file, or to standard output by any name; a reader that has had enough is no error.

    With `page`, what goes to a terminal goes through the user's pager.
    """
    if output in (None, STDIN, "/dev/stdout"):
        if page and sys.stdout.isatty() and write_to_pager(pieces):
            return
        try:
            for piece in pieces:
                sys.stdout.write(piece)
            sys.stdout.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                raise RecctlError(f"standard output can't be written: {describe_os_error(error)}") from None
        return
    from recctl.changes.disk import replacing
    from recctl.cli.replacing import check_replaceable

    check_replaceable(output)
    try:
        if has_other_names(Path(output)):
            say(f"{output}: by its other names (hard links), the file stays as it was")
        with replacing(Path(output), keeps_links=False) as file:
            file.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)
    except OSError as error:
        raise RecctlError(
            f"{output}: {describe_os_error(error)}", "name a file that can be written"
        ) from None


def replace_file(path: Path, content: bytes) -> None:
    """Put a file that is read again, such as a baseline, in its place. Raises RecctlError."""
    from recctl.changes.disk import replacing

    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise RecctlError(f"{path}: {describe_os_error(error)}", "name a file that can be written") from None


def has_other_names(path: Path) -> bool:
    """Whether a file is there that has several names (hard links)."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def check_output(
    output: str | None,
    project: Project,
    targets: Iterable[Target] = (),
    *others: str | None,
    kind: str | None = None,
) -> None:
    """Raises RecctlError when results would be written over what is read, or over what is no result.

    `others` are files that options name; `kind` is that of a document that is read again.
    """
    if output is None or output == STDIN:
        return
    from recctl.cli.replacing import check_replaceable

    with suppress(OSError):
        status = os.stat(output)  # noqa: PTH116  (for an empty name, too)
        looked_at = (target.path for target in targets if not target.spec)
        for path in (project.config, *looked_at, *(Path(other) for other in others if other)):
            with suppress(OSError):
                if path is not None and os.path.samestat(path.stat(), status):
                    raise RecctlError(
                        f"{output}: is one of the files that are read", "name another file with -o"
                    )
    check_replaceable(output, kind)


def say(text: str, *, quiet: bool = False) -> None:
    """Tell the user something that is no result, on standard error."""
    if not quiet:
        with suppress(OSError):  # nobody is left to be told
            sys.stderr.write(f"{make_line(text)}\n")


def say_failure(failure: LoadError | Unread) -> None:
    """Tell, in one line, why a file was not looked at or holds no recording, and what to do."""
    if isinstance(failure, Unread):
        where = failure.name
    else:
        where = str(failure.key)
        if failure.position is not None:
            where = f"{failure.name}:{failure.position.line}:{failure.position.column}"
    say(f"error: {where}: {failure.message} ({failure.hint})")


def conclude(failures: Collection[LoadError | Unread], *, fails: bool = False) -> int:
    """Tell what a command could not read; gives its exit code.

    That is 2 for what could not be opened or is not there, 1 where something else could not be read or the
    command `fails`.
    """
    for failure in failures:
        say_failure(failure)
    for failure in failures:
        if not failure.too_large if isinstance(failure, Unread) else failure.is_unknown:
            return 2
    return int(fails or bool(failures))
