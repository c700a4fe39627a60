"""The parts of the README that a program writes: `python -m tests.docs --write`.

Each stands between `<!-- generated: NAME -->` and `<!-- /generated -->`, and says what the code says. Blank
lines keep the comments apart from what they enclose: on GitHub, a comment inside a table would end it.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.checks.run import list_rules
from recctl.compare.noise import NOISE
from recctl.completion import NOTE_CODES
from recctl.hashing import KEY_MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

README = Path(__file__).resolve().parents[1] / "README.md"
_WIDTH = 110


def _write_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [(cell.replace("|", r"\|") for cell in row) for row in (head, *rows)]
    first, *others = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join((first, "|---" * len(head) + "|", *others))


def _write_rules() -> str:
    rows = ((f"`{rule.name}`", rule.severity.label, rule.summary) for rule in list_rules())
    return _write_table(("rule", "severity", "what it finds"), rows)


def _write_notes() -> str:
    return _write_table(
        ("note", "what it says"), ((f"`{code}`", meaning) for code, meaning in NOTE_CODES.items())
    )


def _write_scheme_keys() -> str:
    return _write_table(
        ("key", "what it says"), ((f"`{key}`", meaning) for key, meaning in KEY_MEANINGS.items())
    )


def _write_noise() -> str:
    return textwrap.fill(", ".join(f"`{key}`" for key in sorted(NOISE)), _WIDTH)


PARTS: dict[str, Callable[[], str]] = {
    "rules": _write_rules,
    "notes": _write_notes,
    "noise": _write_noise,
    "keys of a scheme": _write_scheme_keys,
}
"""What writes each generated part, by its name."""

PART = re.compile(r"(<!-- generated: ([^>]+) -->\n\n).*?(\n\n<!-- /generated -->)", re.DOTALL)


def write_parts(text: str) -> str:
    """The text with its generated parts as they should be. Raises KeyError for one that nothing writes."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", text)


def main(words: list[str]) -> int:
    """Write the README's generated parts with `--write`, else say whether they are as they should be."""
    before = README.read_text(encoding="utf-8")
    after = write_parts(before)
    if words == ["--write"]:
        README.write_text(after, encoding="utf-8")
        return 0
    if before != after:
        sys.stdout.write("the README's generated parts are old: python -m tests.docs --write\n")
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
