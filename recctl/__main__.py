"""The one error boundary: whatever happens, the user gets a line and an exit code.

0: all is well; 1: findings or differences; 2: usage, input or internal error; 130: interrupted.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def run() -> NoReturn:
    """The program: `main`, and out at once. What Python does at its end takes a fifth of a hook's time."""
    try:
        code = main()
    except KeyboardInterrupt:  # while it was still being loaded
        with suppress(OSError):
            sys.stderr.write("interrupted\n")
        code = _INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody is left to be told
            stream.flush()
    os._exit(code)


def main() -> int:
    """Run the command line of this process, and give its exit code."""
    gc.set_threshold(100_000)  # what recctl makes is short-lived and free of cycles
    _prepare_streams()
    from typer import Abort
    from typer.exceptions import TyperException

    from recctl.base.errors import InterruptError, RecctlError
    from recctl.cli.app import app

    told = ["interrupted"]
    try:
        code = app(prog_name="recctl", standalone_mode=False)
        with suppress(BrokenPipeError):  # a reader that has had enough
            sys.stdout.flush()
    except RecctlError as error:
        return _fail(error.message, error.hint)
    except TyperException as error:
        return _fail(error.format_message(), _find_hint(error))
    except (KeyboardInterrupt, Abort):
        code = _INTERRUPTED
    except InterruptError as error:
        code, told = _INTERRUPTED, [f"interrupted; {error}", *error.others]
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
            from recctl.base.errors import describe_os_error

            return _fail(f"standard output can't be written: {describe_os_error(error)}", None)
        if isinstance(error, OSError) and (reason := _find_fault_of_folder()):
            return _fail(f"the current folder can't be used: {reason}", "change to another one")
        if os.environ.get("RECCTL_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        return _fail(f"internal error: {what}", "please report it; RECCTL_DEBUG=1 shows where it happened")
    if code == _INTERRUPTED:
        _describe(told)
    return code if isinstance(code, int) else 0


def _find_fault_of_folder() -> str | None:
    """What is wrong with the current folder: it may be deleted, or below one that can't be entered."""
    try:
        Path.cwd().joinpath("..").stat()
    except OSError as error:
        from recctl.base.errors import describe_os_error

        return describe_os_error(error)
    return None


def _find_hint(error: TyperException) -> str:
    """What to do about a wrong command line: where the option of a command goes, else where help is."""
    from recctl.cli.app import COMMANDS

    name, option = _name_command(error), getattr(error, "option_name", None)
    words = [word for word in sys.argv[1:] if word in COMMANDS]
    if name == "recctl" and option is not None and words:
        return f"options follow the command: recctl {words[0]} {option}"
    return f"see {name} --help"


def _name_command(error: TyperException) -> str:
    """The command whose help tells more about a wrong command line."""
    from typer import Context
    from typer.core import TyperGroup
    from typer.main import get_command

    from recctl.cli.app import app

    known = getattr(error, "ctx", None)
    if known is not None:
        return str(known.command_path)
    command: Any = get_command(app)
    context = Context(command)
    words = [word for word in sys.argv[1:] if not word.startswith("-")]  # the parser does not tell
    path = ["recctl"]
    for word in words:
        command = command.get_command(context, word) if isinstance(command, TyperGroup) else None
        if command is None:
            break
        path.append(word)
    return " ".join(path)


def _prepare_streams() -> None:
    """Let no character, however strange, keep a line from being printed, and no stream be missing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _fail(message: str, hint: str | None) -> int:
    _describe([f"error: {message}", *([f"hint: {hint}"] if hint else [])])
    return 2


def _describe(lines: list[str]) -> None:
    from recctl.render.kit.log import make_line

    with suppress(OSError):  # the exit code says the rest
        for line in lines:
            sys.stderr.write(f"{make_line(line)}\n")


if __name__ == "__main__":
    run()
