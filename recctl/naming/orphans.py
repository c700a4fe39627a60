"""Recordings whose tests no longer exist, as far as the sources of the tests tell."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.folders import find_base
from recctl.project import recordings_folder
from recctl.testsuite.code import CodeTree, FateOfTest, is_in_code, is_in_python, parse_test_id, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from recctl.naming.facts import Facts


class Orphans(NamedTuple):
    """By path: the proof that a test is gone, or why that can't be told.

    `unjudged` counts the recordings of tests whose sources are not here.
    """

    proofs: dict[str, str]
    doubts: dict[str, str]
    unjudged: int = 0


def find_test_base(facts: Facts, root: Path) -> Path | None:
    """The folder that a recording's test id starts at; None where it does not lie in its test's folder.

    A file that is named after its test lies where its test's files do.
    """
    if facts.is_named_by_test:
        return root
    base = find_base(facts.folder, recordings_folder(facts.test_id))
    return None if base is None else Path(base)


def find_missing(all_facts: Sequence[Facts], root: Path) -> dict[str, str]:
    """The files named after tests that are gone, by path, with the proof of each.

    A test whose name is defined somewhere in its file is taken to be there without a closer look, so that a
    sound tree costs no more than a search.
    """
    named = [facts for facts in all_facts if facts.is_named_by_test]
    read = lru_cache(maxsize=_KEPT)(read_source)
    suspects = {facts.path for facts in named if not _is_defined(facts.test_id or "", root, read)}
    return find_orphans(named, root, suspects).proofs if suspects else {}


_KEPT = 64
"""How many sources are kept while tests are looked for in them: those of one file come in a row."""


def _is_defined(test_id: str, root: Path, read: Callable[[Path], bytes | None]) -> bool:
    """Whether a test's file defines something of its name, and of its class's; beside Python that is open."""
    if not is_in_python(test_id):
        return False
    address = parse_test_id(test_id)
    if address is None:
        return True
    source = read(root / address.path) or b""
    kinds = ((b"class", address.classes[-1:]), (b"def", (address.function,)))
    return all(
        re.search(rb"\b%b\s+%b\b" % (kind, re.escape(name.encode())), source) is not None
        for kind, names in kinds
        for name in names
    )


def find_orphans(all_facts: Sequence[Facts], root: Path, wanted: Container[str] | None = None) -> Orphans:
    """Look for the tests of recordings in the sources below the root; those of the files that are wanted.

    A recording that lies elsewhere than its test's folder is an orphan when its test is in none of the trees.
    Where none of the recordings' test files exists, these are not the tests' sources, and nothing is judged.
    """
    by_base: defaultdict[Path, list[Facts]] = defaultdict(list, {root: []})
    elsewhere: list[Facts] = []
    for facts in all_facts:
        if facts.test_id is None or not is_in_code(facts.test_id):
            continue
        base = find_test_base(facts, root)
        (elsewhere if base is None or not base.is_relative_to(root) else by_base[base]).append(facts)
    trees = {}
    for base, members in by_base.items():
        tree = CodeTree(base)
        if any(map(tree.has_file, {_file_of(facts) for facts in members or elsewhere})):
            trees[base] = tree
    proofs: dict[str, str] = {}
    doubts: dict[str, str] = {}
    for base, tree in trees.items():
        for facts in by_base[base]:
            if wanted is None or facts.path in wanted:
                _note(facts, [tree], proofs, doubts)
    for facts in elsewhere if trees else ():
        if wanted is None or facts.path in wanted:
            _note(facts, list(trees.values()), proofs, doubts)
    unjudged = sum(len(members) for base, members in by_base.items() if base not in trees)
    return Orphans(proofs, doubts, unjudged + (0 if trees else len(elsewhere)))


def _file_of(facts: Facts) -> str:
    return (facts.test_id or "").partition("::")[0]


def _note(facts: Facts, trees: Sequence[CodeTree], proofs: dict[str, str], doubts: dict[str, str]) -> None:
    """Write down what became of a recording's test: it is gone when it is gone from every tree."""
    fates = [tree.find_fate(facts.test_id or "", is_open=facts.is_test_open) for tree in trees]
    doubt = next((fate.doubt for fate in fates if fate.doubt), None)
    if FateOfTest() in fates:
        return
    if doubt is not None:
        doubts[facts.path] = doubt
    elif fates and fates[0].gone is not None:
        proofs[facts.path] = fates[0].gone
