"""Notes which files that may hold recordings a process opens, and what recorders do, for `recctl track`.

This is loaded into processes that are not ours, by any Python from 3.8 on: it imports nothing that a Python
which starts has not loaded already, and raises nothing. Of a file that is opened it notes the id of the test
that runs, or nothing, and the path, each ended by NUL; what a recorder does is JSON, a line each or several
in a list. A note is written at once, by one call, to the process's own file in the folder that the
environment names: a process that is killed loses none. Where pytest runs tests, the last few are held back,
and the notes say so until these are there, too.

A recorder is listened to by a module of its own beside this one, as soon as it is imported: `LISTENERS`.
"""

import os
import sys
from _thread import _local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = "RECCTL_TRACK"
"""The variable of the environment that names the folder for the notes."""

ENDING = ".opened"
"""How the names of files with notes end."""

ENDING_OF_PLAYS = ".played"
"""How the names of files end that say what recorders did."""

LISTENERS = {
    "vcr.cassette": "recctl_track_vcrpy",
    "vcr.errors": "recctl_track_vcrpy",
    "vcr.serialize": "recctl_track_vcrpy",
    "llama_stack.testing.api_recorder": "recctl_track_ogx",
    "llama_stack.testing.inference_recorder": "recctl_track_ogx",
    "ogx.testing.api_recorder": "recctl_track_ogx",
}
"""The modules of recorders, each with the module whose `listen` is given it once it has been loaded."""

_OF_VCRPY = [name for name in LISTENERS if name.startswith("vcr.")]

SUFFIXES = "suffixes"
"""The file in that folder that lists, a line each, how the names of files end of which notes are taken."""

_TOKEN = os.urandom(4).hex()  # since process ids come round again
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)

_folder = ""
_suffixes: "tuple[str, ...]" = ()
_test, _tester = "", 0
_seen: "set[tuple[str, str]]" = set()
_told: "set[str]" = set()
_untold: "list[str]" = []
_numbers = iter(range(1, sys.maxsize))
_loads: "dict[int, tuple[int, dict[str, object]]]" = {}  # by number, with the process that wrote it down
_thread = _local()
_listened: "set[str]" = set()
_holder = 0  # the process that holds notes back
_held_opened: "list[bytes]" = []
_held: "list[dict[str, object]]" = []
_MOST_HELD = 64


def install() -> bool:
    """Begin to take notes, unless that has been done, or no folder is named: whether they are taken."""
    global _folder, _suffixes  # noqa: PLW0603  (an audit hook has no other place, and can't be taken away again)
    wanted = os.environ.get(FOLDER)
    if not wanted or _folder or not hasattr(sys, "addaudithook"):
        return bool(_folder)
    try:
        with open(f"{wanted}/{SUFFIXES}", encoding="utf-8") as file:  # noqa: PTH123  (as in _note)
            _suffixes = tuple(file.read().split())
    except OSError:
        return False
    _folder = wanted
    sys.addaudithook(_note)
    finder: Any = _Finder  # a class does as well as an object
    sys.meta_path.insert(0, finder)
    for name in [name for name in LISTENERS if name in sys.modules]:
        _listen(sys.modules[name])
    return True


def enter(test: str) -> None:
    """Say which test this process runs from now on, or "" for none; its children by fork run none."""
    global _test, _tester
    _test, _tester = test.replace("\0", ""), os.getpid()
    if test:
        _look_round()


def _look_round() -> None:
    """Listen to what was loaded without being found by us; no longer look for more once vcrpy is there.

    It asks for ten clients with each cassette, most of which are not there: each takes its time to be missed.
    """
    for name in LISTENERS:
        if name in sys.modules and name not in _listened:
            _listen(sys.modules[name])
    finder: Any = _Finder
    if finder in sys.meta_path and _listened.issuperset(_OF_VCRPY):
        sys.meta_path.remove(finder)


def hold() -> None:
    """From now on hold notes back, up to some, until `release`; a process that is forked holds none back."""
    global _holder  # noqa: PLW0603  (what is one for a process has no other place)
    if _folder and _try_to_write(b'{"event": "hold"}\n'):
        _holder = os.getpid()


def release() -> None:
    """Write down what is held back, and hold back nothing more."""
    global _holder  # noqa: PLW0603  (as above)
    if _holder == os.getpid():
        _flush()
    if _holder == os.getpid():
        _try_to_write(b'{"event": "release"}\n')
    _holder = 0


def _try_to_write(note: bytes) -> bool:
    try:
        _write_notes(ENDING_OF_PLAYS, note)
    except OSError:
        return False
    return True


def _flush() -> None:
    """Write down what is held back. Where that fails it is lost, and no release will say otherwise."""
    global _holder  # noqa: PLW0603  (as above)
    import json

    opened, held = _held_opened[:], _held[:]
    del _held_opened[: len(opened)]  # other threads may have added more
    del _held[: len(held)]
    try:
        if opened:
            _write_notes(ENDING, b"".join(opened))
        if held:
            _write_notes(ENDING_OF_PLAYS, f"{json.dumps(held)}\n".encode("ascii"))
    except Exception:
        _holder = 0


def get_test() -> str:
    """The id of the test that this process runs, "" for none."""
    return _test if _tester == os.getpid() else ""


def gather_opened(opened: "list[str] | None") -> "list[str] | None":
    """From now on, add to a list which files this thread opens, or to none; returns the list up to now."""
    before: list[str] | None = getattr(_thread, "opened", None)
    _thread.opened = opened
    return before


def count() -> int:
    """A number that nothing else in this process has, in whichever thread."""
    return next(_numbers)


def write_load(path: str, digest: "str | None", size: int) -> int:
    """Write down that a file was loaded that gave so many exchanges; returns the load's number."""
    number = count()
    record = {"event": "load", "load": number, "path": path, "digest": digest, "count": size}
    _loads[number] = os.getpid(), record
    write({**record, "test": get_test()})
    return number


def repeat_load(number: int) -> None:
    """Write a load down again in a process that was forked after it: its notes are read by themselves."""
    writer, record = _loads[number]
    if writer != os.getpid():
        _loads[number] = os.getpid(), record
        write({**record, "test": get_test()})


def write(record: "dict[str, object]") -> None:
    """Write down what a recorder did; before it, what could not be told when it was time."""
    import json

    while _untold:
        trouble = {"event": "trouble", "message": _untold[-1]}
        _write_notes(ENDING_OF_PLAYS, f"{json.dumps(trouble)}\n".encode("ascii"))
        _untold.pop()
    if _holder != os.getpid():
        _write_notes(ENDING_OF_PLAYS, f"{json.dumps(record)}\n".encode("ascii"))
        return
    _held.append(record)
    if len(_held) >= _MOST_HELD:
        _flush()


def tell_trouble(message: str) -> None:
    """Write down what can't be seen, once; where that fails, too, when something next is written."""
    if message in _told:
        return
    _told.add(message)
    try:
        write({"event": "trouble", "message": message})
    except Exception:
        _untold.append(message)


class _Finder:
    """Lets the modules of recorders be found as always, and has them listened to once they are loaded.

    It also finds what lies beside this file. A folder more in `sys.path` would be looked at for each module
    that a program asks for and does not have, and vcrpy asks for ten clients with each cassette.
    """

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> object:
        """As `importlib.abc.MetaPathFinder` has it."""
        if name not in LISTENERS:
            return _find_own(name) if name.startswith("recctl_track") else None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            is_own = getattr(finder, "__name__", "") == cls.__name__
            spec = None if find is None or is_own else find(name, path, target)
            if spec is not None:
                _watch(name, spec.loader)
                return spec
        return None

    @classmethod
    def find_distributions(cls, context: "Any") -> "Any":
        """As `importlib.metadata.DistributionFinder` has it: what tells pytest of our plugin."""
        if "path" in vars(context):
            return ()
        from importlib.metadata import MetadataPathFinder

        return MetadataPathFinder.find_distributions(type(context)(name=context.name, path=[_HERE]))


def _find_own(name: str) -> object:
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name, [_HERE])


_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (pathlib would have to be loaded)


def _watch(name: str, loader: "Any") -> None:
    """Have a module listened to when its loader has run it. What else the loader loads is not touched."""
    try:
        run = loader.exec_module

        def exec_module(module: "Any") -> None:
            run(module)
            if module.__name__ == name:
                vars(loader).pop("exec_module", None)
                _listen(module)

        loader.exec_module = exec_module
    except Exception as error:
        tell_trouble(f"{name} can't be listened to: {error!r}")


def _listen(module: "Any") -> None:
    _listened.add(module.__name__)
    finder: Any = _Finder
    is_gone = finder not in sys.meta_path
    try:
        if is_gone:
            sys.meta_path.insert(0, finder)
        __import__(LISTENERS[module.__name__])
        sys.modules[LISTENERS[module.__name__]].listen(module)
    except Exception as error:
        lacking = getattr(error, "name", None)  # of an attribute, from Python 3.10 on
        is_lacking = isinstance(error, AttributeError) and lacking
        why = f"it has no {lacking}" if is_lacking else repr(error)
        tell_trouble(f"{module.__name__} can't be listened to: {why}")
    finally:
        if is_gone:
            sys.meta_path.remove(finder)


def _write_notes(ending: str, notes: bytes) -> None:
    os.write(_open_notes(ending), notes)


def _open_notes(ending: str) -> int:
    """The descriptor of this process's file with notes of a kind.

    It stays open, which is quicker. Some programs close whatever is open, and open something else then.
    """
    process, file, identity = _files.get(ending, (0, -1, (0, 0)))
    if process == os.getpid():
        try:
            status = os.fstat(file)
            if (status.st_dev, status.st_ino) == identity:
                return file
        except OSError:
            pass
    process = os.getpid()
    file = os.open(f"{_folder}/{process}-{_TOKEN}{ending}", _FLAGS, 0o600)
    status = os.fstat(file)
    _files[ending] = process, file, (status.st_dev, status.st_ino)
    return file


_files: "dict[str, tuple[int, int, tuple[int, int]]]" = {}


def _note_program(program: object, words: object, _: object, environment: object) -> None:
    """Note that a Python is started which can't be heard, while a test runs or not."""
    try:
        name = _name_unheard(program, words, environment)
        if name is not None:
            write({"event": "unheard", "test": get_test(), "program": name})
    except Exception:  # noqa: S110  (as in _note)
        pass


def _name_unheard(program: "Any", words: "Any", environment: "Any") -> "str | None":
    """What a Python is called that heeds no environment, or is not given ours; None for any other program."""
    texts = [os.fsdecode(word) for word in ([words] if isinstance(words, (str, bytes)) else words)]
    name = os.path.basename(texts[0] if texts else os.fsdecode(program))  # noqa: PTH119  (as above)
    if not name.startswith("python"):
        return None
    options = iter(texts[1:])
    for text in options:
        if text[:1] != "-" or text[:2] in ("-", "-c", "-m", "--"):
            break
        if text[1] in "WX":
            next(options if len(text) == 2 else iter(" "), "")
            continue
        for letter in text[1:]:
            if letter in "IES":
                return f"{name} -{letter}"
            if letter in "cm":
                break
    if environment is None or FOLDER in environment or FOLDER.encode() in environment:
        return None
    return f"{name} without {FOLDER} in its environment"


def _take_down(note: bytes) -> None:
    """Write a note of what was opened, or hold it back."""
    if _holder != os.getpid():
        _write_notes(ENDING, note)
        return
    _held_opened.append(note)
    if len(_held_opened) >= _MOST_HELD:
        _flush()


def _note(event: str, arguments: "tuple[object, ...]") -> None:
    if event != "open":
        if event == "subprocess.Popen":
            _note_program(*arguments)
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
        opened = getattr(_thread, "opened", None)
        if opened is not None:
            opened.append(path)
        test = get_test()
        if (test, path) in _seen:
            return
        note = f"{test}\0{path}\0".encode("utf-8", "surrogatepass")
        _take_down(note)
        _seen.add((test, path))
    except Exception:  # noqa: S110  (whatever happens here, the program goes on)
        pass
