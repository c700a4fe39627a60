"""Where a recorder looks for a recording, as seen from the folder in which it lies."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from recctl.project import RECORDINGS, recordings_folder

if TYPE_CHECKING:
    from recctl.project.schemes import Scheme

_OLD_FOLDER = "responses"


def find_expected_folder(
    folder: str, root: Path, scheme: Scheme | None, test_id: str | None, was: str | None = None
) -> str:
    """The folder in which a scheme's recorder looks for a recording that lies in `folder`.

    `was` is the id of the recording's test when it was put there, if that was another. Where test ids start,
    above the folder, is told from it; when it can't be, or leads out of the root, the folder stays the same.
    Without a scheme so does that of what belongs to no test: layouts differ.
    """
    wanted = recordings_folder(test_id)
    if wanted is None:
        is_old_layout = scheme is not None and scheme.hashes_test_id and folder.endswith(f"/{_OLD_FOLDER}")
        return _find_common_folder(Path(folder), root) if is_old_layout else folder
    return _place_in_project(folder, root, wanted, recordings_folder(was) or wanted)


@lru_cache(maxsize=256)  # a folder holds many files of one test module
def _place_in_project(folder: str, root: Path, wanted: str, of_test: str) -> str:
    """The folder `wanted` of a test, in the project that `folder` is in, where `of_test` was its folder."""
    if find_base(folder, wanted) is not None:
        return folder
    base = _guess_base(folder, of_test)
    if base is None:
        return folder
    expected = posixpath.normpath(base / wanted)
    return expected if Path(expected).is_relative_to(root) else folder


def find_base(folder: str, of_test: str | None) -> str | None:
    """The folder at which test ids start, if a recording lies where its test's recordings do; else None.

    `of_test` is what `recordings_folder` says of the test.
    """
    if of_test is None or not f"/{folder}".endswith(f"/{of_test}"):
        return None
    return folder[: -len(of_test)]


def lies_as_expected(folder: str, test_id: str | None) -> bool | None:
    """Whether a test's recordings lie in a folder; None where the test is not known."""
    of_test = recordings_folder(test_id)
    return None if of_test is None else find_base(folder, of_test) is not None


def find_start(folder: str, root: Path, test_id: str | None) -> str:
    """The folder at which the id of a recording's test starts, as seen from the root; "" is the root."""
    of_test = recordings_folder(test_id)
    base = _guess_base(folder, of_test) if of_test is not None else None
    if base is None or not base.is_relative_to(root.as_posix()):
        return ""
    return base.relative_to(root.as_posix()).as_posix().removeprefix(".")


def _guess_base(folder: str, of_test: str) -> PurePosixPath | None:
    """The folder at which test ids start: above that part of the path which fits the test's best."""
    parts, wanted_parts = PurePosixPath(folder).parts, PurePosixPath(of_test).parts
    found, longest = None, 0
    for number in range(len(parts)):
        fitting = 0
        for part, wanted in zip(parts[number:], wanted_parts, strict=False):
            if part != wanted:
                break
            fitting += 1
        if fitting > longest:
            found, longest = PurePosixPath(*parts[:number]), fitting
    return found


def _find_common_folder(folder: Path, root: Path) -> str:
    """Where what belongs to no test goes, as seen from `…/recordings/…/responses` of the old layout."""
    if not folder.is_relative_to(root) or RECORDINGS not in folder.relative_to(root).parts:
        return folder.as_posix()
    top = next(parent for parent in folder.parents if parent.name == RECORDINGS)
    return (top.parent / "common" / RECORDINGS).as_posix()
