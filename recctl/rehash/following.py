"""Which of the renames of tests a file follows that is named after its test."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.tests import spell_test
from recctl.project import Place
from recctl.recordings.formats import ANY_MODULE
from recctl.recordings.load import describe_test, find_defined, find_tests
from recctl.rehash.edits import rename_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.naming.facts import Facts
    from recctl.project import Rename, Settings
    from recctl.recordings.formats import Format, NamedTest


class Following(NamedTuple):
    """That a file's test, `old`, is called `new` by one of the renames.

    `stays` is another test whose file it is, too, and that keeps its name; None where there is none.
    """

    old: str
    new: str
    rename: Rename
    stays: str | None = None


def find_following(
    form: Format, facts: Facts, settings: Settings, renames: Sequence[Rename]
) -> Following | None:
    """Which rename a file follows, the most specific one; None where it follows none."""
    place = Place(facts.folder, facts.identity.name)
    told = describe_test(form, place, settings)
    following = None if told is None else _find_following(form, facts, told, settings, renames)
    if following is None or told is None or told.has_parameters or not settings.test_names:
        return following
    is_of_one = "[" in following.rename.old  # of the tests with other parameters, the name is the same
    return following._replace(stays=following.stays or following.old) if is_of_one else following


def _find_following(
    form: Format, facts: Facts, told: NamedTest, settings: Settings, renames: Sequence[Rename]
) -> Following | None:
    spelled = {_spell(form, settings, each): each for each in renames}
    if not facts.is_test_open:
        new, rename = rename_test(facts.test_id or "", spelled)
        return None if rename is None else Following(facts.test_id or "", new, spelled[rename])
    place = Place(facts.folder, facts.identity.name)
    tests = [each for each in find_tests(form, place, settings) if each != told.test_id or not _is_any(each)]
    by_name = {each._replace(old=_join(each.old, name.old)): each for name, each in spelled.items()}
    renamed = {test: rename_test(test, by_name) for test in tests}
    stays = next((test for test, (_, rename) in renamed.items() if rename is None), None)
    for old, (new, rename) in renamed.items():
        if rename is not None:
            return Following(old, new, by_name[rename], stays)
    in_doubt = find_defined(told.test_id, settings.root)
    stays = next(iter(in_doubt), None)
    new, rename = rename_test(told.test_id, spelled | by_name)
    if rename is not None:
        return Following(told.test_id, new, (spelled | by_name)[rename], stays)
    return next(_follow_modules(told.test_id, settings, renames), None) if stays is None else None


def _spell(form: Format, settings: Settings, rename: Rename) -> Rename:
    return rename._replace(old=spell_test(form, settings, rename.old))


def _is_any(test_id: str) -> bool:
    return PurePosixPath(test_id.partition("::")[0]).name == ANY_MODULE


def _join(test_id: str, spelled: str) -> str:
    """A test's id with its parameters as the name of a file tells them."""
    _, bracket, parameters = spelled.partition("[")
    return test_id.partition("[")[0] + bracket + parameters


def _follow_modules(test_id: str, settings: Settings, renames: Sequence[Rename]) -> Iterator[Following]:
    """The renames of modules of a folder, of which one had the test: that which has it under its new name."""
    path, _, rest = test_id.partition("::")
    for rename in renames if _is_any(test_id) else ():
        old, new = PurePosixPath(rename.old), f"{rename.new}::{rest}"
        is_beside = old.suffix == ".py" and old.parent == PurePosixPath(path).parent
        if is_beside and find_defined(new, settings.root):
            yield Following(test_id, new, rename)
