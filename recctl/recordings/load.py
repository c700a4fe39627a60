"""From what was read to recordings, by the format of the file."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.base.values import NamedTuple
from recctl.project import Place, is_of_test
from recctl.recordings.compression import GZIP, InflationError, inflate
from recctl.recordings.formats import ANY_MODULE, HEAD_SIZE, find_format, find_owner, list_suffixes
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.project import Settings
    from recctl.recordings.formats import Format, NamedTest


def load(source: Source) -> tuple[Recording | LoadError, ...]:
    """Read what a source holds: its recordings, in order, or one `LoadError` in place of each bad one.

    One that stands for several bad ones is there once, in place of the first of them.
    Of a source with a number, the one of them that it asks for. Raises nothing.
    """
    place, content = source.place, source.content
    form = find_format("" if place is None else place.name, content)
    found = form.read(source)
    if place is not None and not form.is_named_by_hash:
        _name_test(found, find_test(form, place, source.settings))
    if source.number is None or (len(found) == 1 and found[0].key.number is None):
        return _join(found) if source.number in (None, 1) else (_miss(source, 1),)
    return found[source.number - 1 : source.number] or (_miss(source, len(found)),)


def _join(items: tuple[Recording | LoadError, ...]) -> tuple[Recording | LoadError, ...]:
    """What a file holds, with each error that stands for several places only in the first of them."""
    more = next((item for item in items if isinstance(item, LoadError) and item.total > 1), None)
    if more is None:
        return items
    first = items.index(more)
    return (*items[: first + 1], *(item for item in items[first + 1 :] if item is not more))


def find_test(form: Format, place: Place, settings: Settings) -> str | None:
    """The id of the test that a file is named after, the first if it may be several; None for none."""
    return next(iter(find_tests(form, place, settings)), None)


def find_tests(form: Format, place: Place, settings: Settings) -> tuple[str, ...]:
    """The ids of the tests that a file is named after, by its path.

    Where that leaves open which class or module is meant, they are those that the sources define; where these
    define none, the one id is what the path tells.
    """
    told = describe_test(form, place, settings)
    if told is None:
        return ()
    return (find_defined(told.test_id, settings.root) if told.is_open else ()) or (told.test_id,)


class FileTests(NamedTuple):
    """What a file's name tells: its format, the tests that it may be of, and whether parameters are told."""

    format: Format
    test_ids: tuple[str, ...]
    has_parameters: bool

    def may_be_of(self, word: str) -> bool:
        """Whether a word means one of the tests (`is_of_test`), but for parameters that are not told."""
        told = word if self.has_parameters else word.partition("[")[0]
        return any(is_of_test(test_id, told) for test_id in self.test_ids)


def find_file_tests(path: Path, settings: Settings) -> FileTests | None:
    """The tests that a file is named after, whether it holds recordings or not; None for no test's name."""
    place = Place.of(path)
    form: Format | None = find_format(path.name, _read_head(path))
    if form is None or form.is_named_by_hash:
        form = find_owner(path.name, PurePosixPath(place.folder).parts, settings, lambda: _read_head(path))
    told = None if form is None else describe_test(form, place, settings)
    if form is None or told is None:
        return None
    return FileTests(form, find_tests(form, place, settings), told.has_parameters)


def begins_like(path: Path, word: str) -> bool:
    """Whether a file is named after what its test is called when it runs, and that begins with a word.

    Names of files have other signs in place of those that no name may have; upper and lower case are one.
    """
    wanted = _spell_name(word)
    if not wanted or not path.name.endswith(list_suffixes()):
        return False
    form = find_format(path.name, _read_head(path))
    if not form.is_named_at_run_time:
        return False
    parts = path.parts
    below = parts.index(form.folder) + 1 if form.folder in parts[:-1] else len(parts) - 1
    return any(_spell_name("/".join(parts[start:])).startswith(wanted) for start in {below, len(parts) - 1})


def _spell_name(text: str) -> str:
    return re.sub(r"[^\w/]+", "_", text.lower()).strip("_")


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_SIZE)
    except OSError:
        return b""


def is_configured(place: Place, settings: Settings) -> bool:
    """Whether the configuration says that a file goes with those of a test, whatever it holds."""
    folders = PurePosixPath(place.folder).parts
    return bool(settings.companions) and find_owner(place.name, folders, settings, bytes) is not None


def describe_test(form: Format, place: Place, settings: Settings) -> NamedTest | None:
    """The test that a file is named after, as far as its path alone tells; None for no test's name."""
    root = settings.root
    told = form.find_test(
        _start_at_root(place, root),
        settings,
        lambda path: os.path.isfile(os.path.join(root, path)),  # noqa: PTH113, PTH118  (one for each file)
    )
    return None if told is None or told.test_id.startswith("/") else told


def find_defined(test_id: str, root: str) -> tuple[str, ...]:
    """The tests in the sources below a root that an id may mean which leaves its module or class open."""
    from recctl.base.definitions import list_tests

    address, bracket, parameters = test_id.partition("[")
    path, *wanted = address.split("::")
    whole = Path(root, path)
    sources = sorted(whole.parent.glob(ANY_MODULE)) if whole.name == ANY_MODULE else [whole]
    return tuple(
        "::".join(((PurePosixPath(path).parent / source.name).as_posix(), *names)) + bracket + parameters
        for source in sources
        for names in list_tests(source)
        if names[-len(wanted) :] == tuple(wanted)
    )


def read_text(source: Source) -> str:
    """The text of a file as lines and columns count it: inflated where it is compressed, "" if that fails."""
    content = source.content
    if content.startswith(GZIP):
        try:
            content = inflate(content, source.settings.max_size)
        except InflationError:
            content = b""
    return content.decode("utf-8", "replace")


def _start_at_root(place: Place, root: str) -> Place:
    """A place as seen from the root of its project."""
    if place.folder == root:
        return place._replace(folder=".")
    return place._replace(folder=place.folder.removeprefix(f"{root.rstrip('/')}/") if root else place.folder)


def _name_test(items: Iterable[Recording | LoadError], test_id: str | None) -> None:
    """Give recordings the id of the test that their file is named after."""
    for item in items:
        if isinstance(item, Recording) and test_id is not None:
            item.document["test_id"] = test_id


def _miss(source: Source, count: int) -> LoadError:
    message = f"there is no recording #{source.number}: the file holds {show_count(count, 'recording')}"
    hint = "name one that is there, or the whole file"
    return LoadError(source, "not-a-recording", message, hint, is_unknown=True)


def load_one(source: Source | Unread) -> Recording | None:
    """The recording that a source asks for by its number, or that its file holds alone.

    None where there is none, or several, or where nothing could be read. Who looks at several recordings of a
    file loads it once.
    """
    items = load(source) if isinstance(source, Source) else ()
    return items[0] if len(items) == 1 and isinstance(items[0], Recording) else None
