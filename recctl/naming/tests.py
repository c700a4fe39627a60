"""Files that are named after their tests: what they are called when a test gets another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.project import Place

if TYPE_CHECKING:
    from recctl.project import Settings
    from recctl.recordings.formats import Format


def follow_test(place: Place, form: Format, settings: Settings, old: str, new: str) -> Place | None:
    """Where a file goes when its test, `old`, is called `new`, by the rule that gave it its name.

    All folders start where the ids do. What a companion's name has behind the test's, it keeps. None where no
    rule has given the name, as when it was cut off.
    """
    places = zip(form.list_places(old, settings), form.list_places(new, settings), strict=False)
    for before, after in places:
        stem, new_stem = (each.name.rpartition(".")[0] for each in (before, after))
        rest = place.name.removeprefix(stem)
        if place.folder == before.folder and place.name.startswith(stem) and rest.startswith("."):
            return Place(after.folder, new_stem + rest)
    return None


def spell_test(form: Format, settings: Settings, test_id: str) -> str:
    """A test's id as the name of its file tells it: some of it can't be in one, or is in none."""
    places = form.list_places(test_id, settings) if "[" in test_id or settings.test_names else ()
    told = form.find_test(places[0], settings, lambda _: True) if places else None
    return told.test_id if told is not None else test_id
