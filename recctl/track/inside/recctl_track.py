"""Notes which files that may hold recordings a process opens, for `recctl track`.

This is loaded into processes that are not ours, by any Python from 3.8 on: it imports nothing that a Python
which starts has not loaded already, and raises nothing. A note is the id of the test that runs, or nothing,
and the path, each ended by NUL. It is written at once, by one call, to the process's own file in the folder
that the environment names: a process that is killed loses none.
"""

import os
import sys

FOLDER = "RECCTL_TRACK"
"""The variable of the environment that names the folder for the notes."""

ENDING = ".opened"
"""How the names of files with notes end."""

SUFFIXES = "suffixes"
"""The file in that folder that lists, a line each, how the names of files end of which notes are taken."""

_TOKEN = os.urandom(4).hex()  # since process ids come round again
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)

_folder = ""
_suffixes: "tuple[str, ...]" = ()
_test, _tester = "", 0
_seen: "set[tuple[str, str]]" = set()


def install() -> None:
    """Begin to take notes, unless that has been done, or no folder is named."""
    global _folder, _suffixes  # noqa: PLW0603  (an audit hook has no other place, and can't be taken away again)
    wanted = os.environ.get(FOLDER)
    if not wanted or _folder or not hasattr(sys, "addaudithook"):
        return
    try:
        with open(f"{wanted}/{SUFFIXES}", encoding="utf-8") as file:  # noqa: PTH123  (as in _note)
            _suffixes = tuple(file.read().split())
    except OSError:
        return
    _folder = wanted
    sys.addaudithook(_note)


def enter(test: str) -> None:
    """Say which test this process runs from now on, or "" for none; its children by fork run none."""
    global _test, _tester
    _test, _tester = test.replace("\0", ""), os.getpid()


def _note(event: str, arguments: "tuple[object, ...]") -> None:
    if event != "open":
        return
    try:
        path = arguments[0]
        if not isinstance(path, str):
            if not isinstance(path, (bytes, os.PathLike)):
                return
            path = os.fsdecode(path)
        if not path.endswith(_suffixes) or "\0" in path:
            return
        if not os.path.isabs(path):  # noqa: PTH117  (pathlib would have to be loaded)
            path = f"{os.getcwd()}/{path}"  # noqa: PTH109
        process = os.getpid()
        test = _test if _tester == process else ""
        if (test, path) in _seen:
            return
        note = f"{test}\0{path}\0".encode("utf-8", "surrogatepass")
        file = os.open(f"{_folder}/{process}-{_TOKEN}{ENDING}", _FLAGS, 0o600)
        try:
            os.write(file, note)
        finally:
            os.close(file)
        _seen.add((test, path))
    except Exception:  # noqa: S110  (whatever happens here, the program goes on)
        pass
