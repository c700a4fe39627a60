"""What can be changed in a recorded request before its recording is named anew."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError
from recctl.base.pointer import escape_pointer, split_pointer
from recctl.base.strict_json import TooDeepError, TooLargeError, decode
from recctl.project import Rename
from recctl.recordings.recording import name_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from recctl.recordings.recording import JSON, Recording
    from recctl.rehash.redaction import Redaction

_NOTHING: Mapping[str, tuple[str, ...]] = {}


class Setting(NamedTuple):
    """A value of the request that is to be another one, given as JSON `text`, or (None) to go.

    `steps` lead to it. One that `adds` puts it also where there is none yet.
    """

    pointer: str
    steps: tuple[str, ...]
    text: str | None = None
    adds: bool = False


class Edits(NamedTuple):
    """What to change in recordings.

    `tests` are renamed tests, or the beginnings of their ids, `moved_files` files of which some may hold
    tests (None: nobody has asked for them), `urls` the beginnings of urls. `test_id` is for recordings that
    have none; `test_ids` holds those of each of some of them, by path or by name: of several, each gets a
    recording of its own.
    """

    tests: tuple[Rename, ...] = ()
    moved_files: tuple[Rename, ...] | None = None
    urls: tuple[Rename, ...] = ()
    settings: tuple[Setting, ...] = ()
    test_id: str | None = None
    test_ids: Mapping[str, tuple[str, ...]] = _NOTHING
    redaction: Redaction | None = None

    @property
    def changes_requests(self) -> bool:
        """Whether more is changed than that recordings get the id of their test, which they lack."""
        return bool(self.tests) or self.moved_files is not None or self._goes_anywhere

    @property
    def renames(self) -> tuple[Rename, ...]:
        """What tests are called now."""
        return (*self.tests, *(self.moved_files or ()))

    @property
    def _goes_anywhere(self) -> bool:
        return bool(self.urls or self.settings) or self.redaction is not None

    def below(self, folder: str) -> Edits:
        """The same edits where the ids of tests begin at a folder, and not at the root, as moved files do."""
        beginning = f"{folder}/"
        inside = (
            Rename(*(name.removeprefix(beginning) for name in rename))
            for rename in self.moved_files or ()
            if all(name.startswith(beginning) for name in rename)
        )
        return self._replace(moved_files=tuple(inside)) if folder and self.moved_files else self

    def find_tests(self, path: str, name: str) -> tuple[str, ...]:
        """The tests that a recording of that path and name is given, if it has none."""
        given = () if self.test_id is None else (self.test_id,)
        return self.test_ids.get(path) or self.test_ids.get(name) or given

    def may_fit(self, test_id: str | None) -> bool:
        """Whether a recording of this test could be changed."""
        if test_id is None and (self.test_id is not None or self.test_ids):
            return True
        is_renamed = test_id is not None and rename_test(test_id, self.renames)[1] is not None
        return is_renamed or self._goes_anywhere


class PlaceChange(NamedTuple):
    """One place in which two documents differ; `old` or `new` is None where there is nothing."""

    pointer: str
    old: JSON
    new: JSON


def parse_setting(pointer: str, text: str | None, *, adds: bool = False) -> Setting:
    """A pointer with the value that a text stands for: JSON, else the text itself; None removes.

    Raises RecctlError for a pointer that is none, or does not lead into the request.
    """
    steps = split_pointer(pointer)
    is_request = len(steps) > 1 and steps[0] == "request"
    if not pointer.startswith("/") or not (is_request or steps == ("test_id",)):
        message = f"{pointer!r} does not lead to a part of the request"
        raise RecctlError(message, "write it like /request/body/model, or /test_id")
    if text is None:
        return Setting(pointer, steps)
    try:
        decode(text)
    except TooDeepError:
        raise RecctlError(f"the value for {pointer} nests too deeply", "no recorder could read it") from None
    except TooLargeError as number:
        raise RecctlError(f"{number} is too large a number", f"for the text, write '\"{number}\"'") from None
    except ValueError:
        text = json.dumps(text)
    return Setting(pointer, steps, text, adds)


def edit(recording: Recording, edits: Edits, met: set[Rename | Setting]) -> dict[str, JSON]:
    """The document of a recording with all edits made that fit it; the recording stays as it is.

    `met` learns of the edits that fit. Raises RecctlError for an edit that would leave no recording, or one
    of a test that there can't be.
    """
    document: dict[str, JSON] = deepcopy(recording.document)
    _rename_test(document, edits, met)
    _give_test_id(document, recording, edits)
    request = document["request"]
    url = request.get("url")
    fitting = [rename for rename in edits.urls if isinstance(url, str) and _begins(url, rename.old)]
    if fitting:
        met.update(fitting)
        longest = max(fitting, key=lambda rename: len(rename.old))
        request["url"] = longest.new + request["url"].removeprefix(longest.old)
    met.update(setting for setting in edits.settings if _apply_setting(document, setting))
    _check_types(recording, document)
    _check_test_id(recording.test_id, recording.with_document(document).test_id)
    return document if edits.redaction is None else edits.redaction.hide(document)


def _begins(url: str, beginning: str) -> bool:
    """Whether a url begins so, and what was begun ends there: `http://host:80` is no beginning of `:8000`."""
    rest = url.removeprefix(beginning)
    return url.startswith(beginning) and (not rest or beginning.endswith(_MARKS) or rest.startswith(_MARKS))


_MARKS = ("/", ":", "?", "#")


def rename_test(test_id: str, renames: Iterable[Rename]) -> tuple[str, Rename | None]:
    """A test's id after the most specific of the renames that fits it, and which one that is.

    A beginning fits where it ends with the id, or at `/`, `::` or `[`.
    """
    for rename in sorted(renames, key=lambda rename: -len(rename.old)):
        beginning = rename.old.rstrip("/")
        rest = test_id.removeprefix(beginning)
        is_beginning = bool(beginning) and test_id.startswith(beginning)
        if is_beginning and (not rest or rest.startswith(("/", "::", "["))):
            return rename.new.rstrip("/") + rest, rename
    return test_id, None


def _rename_test(document: dict[str, JSON], edits: Edits, met: set[Rename | Setting]) -> None:
    for holder in (document, document["request"]):
        test_id = holder.get("test_id")
        if isinstance(test_id, str):
            holder["test_id"], rename = rename_test(test_id, edits.renames)
            met |= {rename} if rename is not None else set()


def _give_test_id(document: dict[str, JSON], recording: Recording, edits: Edits) -> None:
    """Put the id of its test into a document that has none, at the top, where the recorder has it."""
    if recording.test_id is not None:
        return
    source = recording.source
    given = edits.find_tests(source.name, source.place.name if source.place else "")
    if not given:
        return
    test_id, *_ = given
    rest = {key: value for key, value in document.items() if key != "test_id"}
    document.clear()
    document.update({"test_id": test_id, **rest})
    if "test_id" in document["request"]:
        document["request"]["test_id"] = test_id


_TYPED = ("method", "url", "body", "payload", "provider", "tool_name", "kwargs")


def _check_types(recording: Recording, document: dict[str, JSON]) -> None:
    """Raise RecctlError where edits leave a request that its recorder could not have made."""
    name, request = recording.source.name, document["request"]
    for key in _TYPED:
        old = recording.request.get(key)
        if old is not None and type(request.get(key)) is not type(old):
            raise RecctlError(f"{name}: /request/{key} has to stay {name_type(old)}", "nothing was changed")
    for holder in (document, request):
        if not isinstance(holder.get("test_id"), str | None):
            raise RecctlError(f"{name}: a test's id is a string, or null", "nothing was changed")


def _check_test_id(old: str | None, new: str | None) -> None:
    """Raise RecctlError for a new id that leads out of the root, or names no file where the old one did."""
    if new is None or new == old:
        return
    file, colons, _ = new.partition("::")
    old_file, old_colons, _ = (old or "").partition("::")
    hint = "write it as pytest does, from the root on: tests/test_a.py::test_b"
    if {"", ".", ".."} & {*file.split("/")} or not file.isprintable():
        raise RecctlError(f"{new!r} is no test below the root", hint)
    if (old_colons and not colons) or (old_file.endswith(".py") and not file.endswith(".py")):
        raise RecctlError(f"{new!r} names no test of a file, as {old!r} does", hint)


def _apply_setting(document: dict[str, JSON], setting: Setting) -> bool:
    """Set or remove a value, if there is an object or a list that has it, or may get it."""
    holder: JSON = document
    *above, last = setting.steps
    for step in above:
        if isinstance(holder, dict) and step in holder:
            holder = holder[step]
        elif isinstance(holder, list) and _is_index(step, holder):
            holder = holder[int(step)]
        else:
            return False
    key: JSON = last
    if isinstance(holder, list) and _is_index(last, holder):
        key = int(last)
    elif not isinstance(holder, dict) or not (setting.adds or last in holder):
        return False
    if setting.text is None:
        del holder[key]
    else:
        holder[key] = json.loads(setting.text)
    return True


def _is_index(step: str, values: list[JSON]) -> bool:
    return step.isdecimal() and step.isascii() and int(step) < len(values)


def find_changes(old: JSON, new: JSON, pointer: str = "") -> Iterator[PlaceChange]:
    """Where two documents differ, as deep down as that can be said."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            inner = f"{pointer}/{escape_pointer(key)}"
            yield from find_changes(old.get(key, _ABSENT), new.get(key, _ABSENT), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from find_changes(before, after, f"{pointer}/{number}")
    elif type(old) is not type(new) or old != new:
        yield PlaceChange(pointer, _or_none(old), _or_none(new))


class _Absent:
    """What stands where there is no value."""


_ABSENT = _Absent()


def _or_none(value: JSON) -> JSON:
    return None if value is _ABSENT else value
