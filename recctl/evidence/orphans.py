"""Recordings whose tests no longer exist, as far as the sources of the tests tell."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.homes import find_base
from recctl.project import recordings_folder
from recctl.testcode import CodeTree, Fate, parse_test_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.standing import Standing


class Orphans(NamedTuple):
    """By path: the proof that a test is gone, or why that can't be told.

    `unjudged` counts the recordings of tests whose sources are not here.
    """

    proofs: dict[str, str]
    doubts: dict[str, str]
    unjudged: int = 0


def find_test_base(standing: Standing) -> Path | None:
    """The folder that a recording's test id starts at; None where it does not lie in its test's folder."""
    base = find_base(standing.folder, recordings_folder(standing.test_id))
    return None if base is None else Path(base)


def find_orphans(standings: Sequence[Standing], root: Path) -> Orphans:
    """Look for the tests of recordings in the sources below the root.

    A recording that lies elsewhere than its test's folder is an orphan when its test is in none of the trees.
    Where none of the recordings' test files exists, these are not the tests' sources, and nothing is judged.
    """
    by_base: defaultdict[Path, list[Standing]] = defaultdict(list, {root: []})
    elsewhere: list[Standing] = []
    for standing in standings:
        if standing.test_id is None or parse_test_id(standing.test_id) is None:
            continue
        base = find_test_base(standing)
        (elsewhere if base is None or not base.is_relative_to(root) else by_base[base]).append(standing)
    trees = {}
    for base, members in by_base.items():
        tree = CodeTree(base)
        if any(map(tree.has_file, {_file_of(standing) for standing in members or elsewhere})):
            trees[base] = tree
    proofs: dict[str, str] = {}
    doubts: dict[str, str] = {}
    for base, tree in trees.items():
        for standing in by_base[base]:
            _note(standing, [tree], proofs, doubts)
    for standing in elsewhere if trees else ():
        _note(standing, list(trees.values()), proofs, doubts)
    unjudged = sum(len(members) for base, members in by_base.items() if base not in trees)
    return Orphans(proofs, doubts, unjudged + (0 if trees else len(elsewhere)))


def _file_of(standing: Standing) -> str:
    return (standing.test_id or "").partition("::")[0]


def _note(
    standing: Standing, trees: Sequence[CodeTree], proofs: dict[str, str], doubts: dict[str, str]
) -> None:
    """Write down what became of a recording's test: it is gone when it is gone from every tree."""
    fates = [tree.find_fate(standing.test_id or "") for tree in trees]
    doubt = next((fate.doubt for fate in fates if fate.doubt), None)
    if Fate() in fates:
        return
    if doubt is not None:
        doubts[standing.path] = doubt
    elif fates and fates[0].gone is not None:
        proofs[standing.path] = fates[0].gone
